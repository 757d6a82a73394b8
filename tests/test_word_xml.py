"""Word documents in one XML file, as office systems export them under the name .doc."""

import base64
import functools
import io
import zipfile

import pytest
from build_docx import cell, package, paragraph, row, run
from build_forms import differences, unit_docx, unit_fields

from intake.config import ReadLimits
from intake.readers import Unreadable, word_xml
from intake.reading.filetype import kind_of
from rules.document import Paragraph, Table
from rules.form import read_forms

LIMITS = ReadLimits()
HEAD = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?><?mso-application progid=\"Word.Document\"?>"
SPACES = ("xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml' xmlns:wx='http://schemas.microsoft.com/office/word/2003/auxHint'"
          " xmlns:aml='http://schemas.microsoft.com/aml/2001/core' xmlns:v='urn:schemas-microsoft-com:vml'")  # fmt: skip


def word_2003(body: str) -> bytes:
    return f"{HEAD}<w:wordDocument {SPACES}><w:body><wx:sect>{body}<w:sectPr/></wx:sect></w:body></w:wordDocument>".encode()


def flat(data: bytes) -> bytes:
    parts = []
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for name in file.namelist():
            content = file.read(name)
            if name.endswith((".xml", ".rels")):
                inner = (
                    "<pkg:xmlData>" + content.decode().partition("?>")[2]
                    if content.startswith(b"<?xml")
                    else "<pkg:xmlData>" + content.decode()
                )
                parts.append(f"<pkg:part pkg:name='/{name}'>{inner}</pkg:xmlData></pkg:part>")
            else:
                parts.append(
                    f"<pkg:part pkg:name='/{name}'><pkg:binaryData>{base64.b64encode(content).decode()}</pkg:binaryData></pkg:part>"
                )
    return f"{HEAD}<pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/xmlPackage'>{''.join(parts)}</pkg:package>".encode()


@functools.cache
def noise() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(buffer, "PNG")
    return buffer.getvalue()


def test_word_2003_xml_is_read_like_a_docx():
    """Sections and sub-sections around the text, tables, symbols, a picture."""
    picture = f"<w:pict><w:binData w:name='wordml://01.png'>{base64.b64encode(noise()).decode()}</w:binData></w:pict>"
    body = (paragraph("登记表") + "<wx:sub-section>" + "<w:tbl>" + row(cell(paragraph("账号名称")), cell(paragraph("衡东发布"))) + "</w:tbl>"
            + f"<w:p><w:r><w:sym w:font='Wingdings 2' w:char='F052'/></w:r>{run('是')}<w:r>{picture}</w:r></w:p></wx:sub-section>")  # fmt: skip
    data = word_2003(body)
    document = word_xml.read(data, LIMITS)
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["登记表", "☑是"]
    assert [c.text for block in document.blocks if isinstance(block, Table) for c in block.cells] == [
        "账号名称",
        "衡东发布",
    ]
    assert [(item.filename, item.data) for item in document.embedded] == [("01.png", noise())]
    assert (kind_of(data, "登记表.doc"), document.method) == ("wordml", "doc")


def test_changes_and_check_boxes_of_word_2003_are_understood():
    """Annotations for insertions, deletions and comments; the binary data of form fields."""

    def note(kind: str, text: str) -> str:
        return (
            f"<aml:annotation aml:id='0' w:type='Word.{kind}'><aml:content>{run(text)}</aml:content></aml:annotation>"
        )

    def box(checked: int) -> str:
        data = base64.b64encode(b"\xff\xff\xff\xff" + bytes((1 | checked << 2, 0)) + bytes(4) + bytes(6)).decode()
        return (f"<w:r><w:fldChar w:fldCharType='begin'><w:fldData>{data}</w:fldData></w:fldChar></w:r><w:r><w:instrText> FORMCHECKBOX "
                "</w:instrText></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>")  # fmt: skip

    body = f"<w:p>{note('Insertion', '新')}{note('Deletion', '旧')}{note('Comment', '批注')}{box(1)}{run('是')}{box(0)}{run('否')}</w:p>"
    assert [block.text for block in word_xml.read(word_2003(body), LIMITS).blocks] == ["新☑是□否"]


def test_a_docx_in_one_file_is_read_like_a_docx():
    """Flat OPC: every part in one XML file."""
    from build_facts import SURVEY

    fields = unit_fields()
    data = flat(unit_docx(fields, "official", [noise()]))
    document = word_xml.read(data, LIMITS)
    (form,) = read_forms(document, SURVEY)
    assert differences(form, fields) == [] and document.embedded[0].data == noise()
    assert kind_of(data, "登记表.doc") == "wordml"


@pytest.mark.parametrize(("data", "expected"), [
    (b"", "empty"), (b"<?xml version='1.0'?><a/>", "unsupported"), (word_2003("")[:-30], "corrupt"), (flat(package(""))[:-9], "corrupt"),
])  # fmt: skip
def test_what_cannot_be_read_says_why(data, expected):
    """Empty, other XML, cut off."""
    with pytest.raises(Unreadable) as caught:
        word_xml.read(data, LIMITS)
    assert caught.value.problem == expected
