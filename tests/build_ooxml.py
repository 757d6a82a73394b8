"""WordprocessingML written by hand (ECMA-376): runs, boxes of every kind, cells, and the package around them."""

import io
import re
import zipfile
from xml.sax.saxutils import escape

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_STRICT = {
    _W: "http://purl.oclc.org/ooxml/wordprocessingml/main",
    f"{_OFFICE}/relationships": "http://purl.oclc.org/ooxml/officeDocument/relationships",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "http://purl.oclc.org/ooxml/drawingml/main",
}
_SPACES = {
    "w": _W, "r": f"{_OFFICE}/relationships", "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006", "v": "urn:schemas-microsoft-com:vml",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
}  # fmt: skip



def run(text: str) -> str:
    """One run; private characters stand for boxes that need XML of their own."""
    parts = []
    for piece in re.split("([\ue000-\ue007\n\t])", text):
        if piece in _SPECIAL:
            parts.append(_SPECIAL[piece])
        elif piece:
            text = f"<w:t xml:space='preserve'>{escape(piece)}</w:t>"
            parts.append(f"<w:r><w:rPr><w:rFonts w:eastAsia='宋体'/></w:rPr>{text}</w:r>")
    return "".join(parts)


def _check_box(checked: bool) -> str:
    glyph = "☒" if checked else "☐"
    return (f"<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='{int(checked)}'/></w14:checkbox></w:sdtPr>"
            f"<w:sdtContent><w:r><w:t>{glyph}</w:t></w:r></w:sdtContent></w:sdt>")  # fmt: skip


def _legacy_box(checked: bool) -> str:
    state = "<w:checked/>" if checked else "<w:checked w:val='0'/>"
    data = f"<w:ffData><w:checkBox><w:default w:val='0'/>{state}</w:checkBox></w:ffData>"
    return (f"<w:r><w:fldChar w:fldCharType='begin'>{data}</w:fldChar></w:r>"
            "<w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='end'/></w:r>")  # fmt: skip


def field(text: str) -> str:
    """A FORMTEXT field with this result."""
    return ("<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:textInput/></w:ffData></w:fldChar></w:r>"
            "<w:r><w:instrText> FORMTEXT </w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r>"
            f"{run(text)}<w:r><w:fldChar w:fldCharType='end'/></w:r>")  # fmt: skip


_SPECIAL = {
    "\n": "<w:r><w:br/></w:r>",
    "\t": "<w:r><w:tab/></w:r>",
    "\ue000": "<w:r><w:sym w:font='Wingdings' w:char='F0A8'/></w:r>",
    "\ue001": "<w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r>",
    "\ue002": "<w:r><w:rPr><w:rFonts w:ascii='Wingdings 2' w:hAnsi='Wingdings 2'/></w:rPr><w:t>£</w:t></w:r>",
    "\ue003": "<w:r><w:rPr><w:rFonts w:ascii='Wingdings 2' w:hAnsi='Wingdings 2'/></w:rPr><w:t>R</w:t></w:r>",
    "\ue004": _check_box(False),
    "\ue005": _check_box(True),
    "\ue006": _legacy_box(False),
    "\ue007": _legacy_box(True),
}


def paragraph(text: str) -> str:
    """One paragraph."""
    return f"<w:p>{run(text)}</w:p>"


def cell(content: str, span: int = 1, merge: str | None = None) -> str:
    """One cell of a table."""
    properties = f"<w:gridSpan w:val='{span}'/>" if span > 1 else ""
    properties += {"restart": "<w:vMerge w:val='restart'/>", "continue": "<w:vMerge/>"}.get(merge or "", "")
    tail = "" if content.endswith(("</w:p>", "</w:sdt>")) else "<w:p/>"
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}{tail}</w:tc>"


def row(*cells: str) -> str:
    """One row of a table."""
    return f"<w:tr>{''.join(cells)}</w:tr>"


def text_box(content: str) -> str:
    return (
        "<w:p><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wp:inline><a:graphic><a:graphicData>"
        f"<wps:wsp><wps:txbx><w:txbxContent>{content}</w:txbxContent></wps:txbx></wps:wsp>"
        "</a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>{content}</w:txbxContent></v:textbox>"
        "</v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )


def package(body: str, pictures=(), *, strict: bool = False, parts: dict[str, bytes] | None = None) -> bytes:
    """A .docx file with this body; `pictures` follow it, `parts` are put in as they are (name → bytes)."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links, media = [], []
    for number, data in enumerate(pictures, 1):
        suffix = "png" if data.startswith(b"\x89PNG") else "jpeg"
        links.append(f'<Relationship Id="p{number}" Type="{office}/image" Target="media/image{number}.{suffix}"/>')
        media.append((f"word/media/image{number}.{suffix}", data))
        blip = f"<pic:pic><pic:blipFill><a:blip r:embed='p{number}'/></pic:blipFill></pic:pic>"
        graphic = f"<a:graphic><a:graphicData>{blip}</a:graphicData></a:graphic>"
        body += f"<w:p><w:r><w:drawing><wp:inline>{graphic}</wp:inline></w:drawing></w:r></w:p>"
    names = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in _SPACES.items())
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    document = f"{head}<w:document {names}><w:body>{body}<w:sectPr/></w:body></w:document>"
    package_ns = "http://schemas.openxmlformats.org/package/2006/relationships"
    link = f'<Relationship Id="r1" Type="{office}/officeDocument" Target="word/document.xml"/>'
    top = f'<Relationships xmlns="{package_ns}">{link}</Relationships>'
    if strict:
        for old, new in _STRICT.items():
            document, top = document.replace(old, new), top.replace(old, new)
    types = ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
             '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
             '<Default Extension="xml" ContentType="application/xml"/>'
             '<Default Extension="png" ContentType="image/png"/>'
             '<Default Extension="jpeg" ContentType="image/jpeg"/><Override PartName="/word/document.xml" ContentType='
             '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
             "</Types>")  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        own = {"[Content_Types].xml": types, "_rels/.rels": top, "word/document.xml": document, **dict(media),
               "word/_rels/document.xml.rels": f'<Relationships xmlns="{package_ns}">{"".join(links)}</Relationships>'}
        for name, content in (own | (parts or {})).items():
            file.writestr(zipfile.ZipInfo(name, (2019, 8, 1, 9, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
