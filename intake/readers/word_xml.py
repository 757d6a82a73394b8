"""Word documents in one XML file: Word 2003 XML, which Chinese office systems export under the name .doc, and Flat OPC.

Both are brought into the form of a .docx package in memory and read by `intake.readers.word`.
"""

import base64
import binascii
import io
import zipfile
from dataclasses import replace

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable, office_art, word
from intake.readers.package import MAX_XML_BYTES, parse_xml
from intake.readers.pictures import is_picture
from intake.readers.word_text import local
from rules.document import TICKED, Document, Embedded

_TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp", "gif": "image/gif",
          "tif": "image/tiff", "tiff": "image/tiff"}  # fmt: skip
#: elements of Word 2003 that only wrap others
_WRAPPERS = ("{*}sect", "{*}sub-section", "{*}annotation", "{*}content", "{*}pBdrGroup")


def read(data: bytes, limits: ReadLimits) -> Document:
    """The document as `word.read` returns it; method `docx` for Flat OPC, `doc` for Word 2003.

    Raises Unreadable: empty, too_large, encrypted, corrupt, unsupported (no Word document).
    """
    if not data:
        raise Unreadable("empty", "文件是空的,没有任何内容")
    if len(data) > min(limits.max_file_bytes, MAX_XML_BYTES):
        raise Unreadable("too_large", "文件过大")
    root = parse_xml(data)
    if local(root) == "package":
        return word.read(_package({name: content for name, content in _parts(root)}), limits)
    if local(root) != "wordDocument":
        raise Unreadable("unsupported", "不是 Word 文档")
    pictures = _pictures(root, limits)
    _mend(root)
    document = word.read(_package({"word/document.xml": etree.tostring(root)}), limits)
    return replace(document, method="doc", embedded=pictures)


def _parts(root: etree._Element):
    """Parts of a Flat OPC file by name."""
    for part in root:
        name = next((found for key, found in part.attrib.items() if key.endswith("}name")), "").lstrip("/")
        for content in part:
            if name and local(content) == "xmlData" and len(content):
                yield name, etree.tostring(content[0])
            elif name and local(content) == "binaryData":
                yield name, _decoded(content.text)


def _package(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


def _mend(root: etree._Element) -> None:
    """What Word 2003 writes otherwise: tracked changes as annotations, data of form fields in their binary form."""
    for note in list(root.iter("{*}annotation")):
        kind = next((found for key, found in note.attrib.items() if key.endswith("}type")), "")
        if kind != "Word.Insertion" and note.getparent() is not None:
            _remove(note)
    for data in list(root.iter("{*}fldData")):
        shown = office_art.form_field_data(_decoded(data.text))
        parent = data.getparent()
        if len(shown) == 1 and parent is not None:
            box = etree.SubElement(etree.SubElement(parent, "ffData"), "checkBox")
            etree.SubElement(box, "checked").set("val", "1" if shown == TICKED else "0")
    etree.strip_tags(root, *_WRAPPERS)


def _remove(element: etree._Element) -> None:
    parent, before = element.getparent(), element.getprevious()
    tail = element.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def _pictures(root: etree._Element, limits: ReadLimits) -> tuple[Embedded, ...]:
    found: list[Embedded] = []
    for item in root.iter("{*}binData"):
        name = next((value for key, value in item.attrib.items() if key.endswith("}name")), "").rpartition("/")[2]
        content = _decoded(item.text)
        media_type = _TYPES.get(name.rpartition(".")[2].lower())
        if media_type and is_picture(content) and len(found) < limits.max_files:
            found.append(Embedded(name, content, media_type))
    return tuple(found)


def _decoded(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "")
    except (binascii.Error, ValueError):
        return b""
