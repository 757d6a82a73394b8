"""The reader of Word documents: what people and programs put into them, and what attackers would."""

import io
import time
import zipfile

import pytest
from build_ooxml import cell, package, paragraph, row, run

from intake.config import ReadLimits
from intake.readers import Unreadable, word
from rules.document import EMPTY, TICKED, UNSURE, Paragraph, Table

LIMITS = ReadLimits()


def read(body: str, **parts):
    return word.read(package(body, **parts), LIMITS)


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def cells(document) -> dict[tuple[int, int], str]:
    return {(c.row, c.column): c.text for block in document.blocks if isinstance(block, Table) for c in block.cells}


def texts(document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


@pytest.mark.parametrize(("font", "char", "box"), [
    ("Wingdings", "F0FE", TICKED), ("Wingdings", "F0FD", TICKED), ("Wingdings", "F0FC", TICKED),
    ("Wingdings", "F0A8", EMPTY),
    ("Wingdings", "F06F", EMPTY), ("Wingdings 2", "F052", TICKED), ("Wingdings 2", "F053", TICKED),
    ("Wingdings 2", "F050", TICKED),
    ("Wingdings 2", "F0A3", EMPTY), ("Webdings", "F061", TICKED), ("Webdings", "F063", EMPTY),
])  # fmt: skip
def test_symbols_of_every_font_are_boxes(font, char, box):
    """w:sym of Wingdings and its kin."""
    body = f"<w:p><w:r><w:sym w:font='{font}' w:char='{char}'/></w:r>{run('是')}</w:p>"
    assert texts(read(body)) == [f"{box}是"]


@pytest.mark.parametrize(("written", "expected"), [
    ("☒是 ☐否", "☑是 □否"), ("✓是 □否", "☑是 □否"), ("√是 ○否", "☑是 □否"), ("■是 □否", "☑是 □否"), ("●是 ○否", "☑是 □否"),
    ("(√)是 ( )否", "☑是 □否"), ("[x]是 [ ]否", "☑是 □否"), ("【√】是", "☑是"), ("\uf052是 \uf0a3否", "☑是 □否"), ("□√是", "☑是"),
])  # fmt: skip
def test_typed_ticks_are_boxes(written, expected):
    """Characters that people type or paste as ticks."""
    assert texts(read(paragraph(written))) == [expected]


def test_a_content_control_is_its_state_and_a_placeholder_is_nothing():
    """w14:checkbox by its state, whatever its glyph; «单击此处输入文字» is no value."""
    control = ("<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='{}'/></w14:checkbox></w:sdtPr>"
               "<w:sdtContent><w:r><w:t>☐</w:t></w:r></w:sdtContent></w:sdt>")
    prompt = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run('单击此处输入文字')}</w:sdtContent></w:sdt>"
    document = read(f"<w:p>{control.format(1)}{run('是')}{control.format(0)}{run('否')}</w:p><w:p>{prompt}</w:p>")
    assert texts(document) == ["☑是□否", ""]


def test_legacy_check_boxes_lists_and_fields_are_read():
    """ffData by `checked`, else `default`; a drop-down by its result; FORMTEXT by what was typed, not its code."""
    def field(data: str, result: str = "") -> str:
        return (f"<w:r><w:fldChar w:fldCharType='begin'><w:ffData>{data}</w:ffData></w:fldChar></w:r>"
                "<w:r><w:instrText>FORM</w:instrText></w:r>"
                + (f"<w:r><w:fldChar w:fldCharType='separate'/></w:r>{run(result)}" if result else "")
                + "<w:r><w:fldChar w:fldCharType='end'/></w:r>")  # fmt: skip

    body = (field("<w:checkBox><w:default w:val='1'/></w:checkBox>")
            + field("<w:checkBox><w:default w:val='1'/><w:checked w:val='0'/></w:checkBox>")
            + field("<w:ddList><w:result w:val='1'/><w:listEntry w:val='机关'/><w:listEntry w:val='企业'/></w:ddList>")
            + field("<w:textInput/>", "衡东发布"))  # fmt: skip
    assert texts(read(f"<w:p>{body}</w:p>")) == ["☑□企业衡东发布"]


def test_insertions_are_kept_and_deletions_dropped():
    """Tracked changes as the writer wants them; struck-out and hidden text is gone too."""
    body = ("<w:p><w:ins><w:r><w:t>新</w:t></w:r></w:ins><w:del><w:r><w:delText>旧</w:delText></w:r></w:del>"
            "<w:moveFrom><w:r><w:t>走</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>来</w:t></w:r></w:moveTo>"
            "<w:r><w:rPr><w:strike/></w:rPr><w:t>划</w:t></w:r>"
            "<w:r><w:rPr><w:strike w:val='0'/></w:rPr><w:t>留</w:t></w:r>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>藏</w:t></w:r></w:p>")  # fmt: skip
    assert texts(read(body)) == ["新来留"]


def test_deleted_rows_are_gone_and_wrapped_rows_and_cells_are_there():
    """Rows and cells inside content controls, tracked row deletions."""
    gone = "<w:tr><w:trPr><w:del/></w:trPr>" + cell(paragraph("旧")) + "</w:tr>"
    control = "<w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>"
    wrapped = control.format(row(control.format(cell(paragraph("甲"))), cell(paragraph("乙"))))
    assert cells(read(table(gone, wrapped))) == {(0, 0): "甲", (0, 1): "乙"}


def test_merged_cells_stand_once_with_their_spans():
    """gridSpan, vMerge and the old hMerge."""
    first = row(cell(paragraph("标题"), 3))
    second = row(cell(paragraph("高"), merge="restart"), cell(paragraph("甲")), cell(paragraph("乙")))
    third = row(cell(paragraph(""), merge="continue"), cell(paragraph("丙"), 2))
    found = next(block for block in read(table(first, second, third)).blocks if isinstance(block, Table)).cells
    shape = [(c.text, c.row, c.column, c.row_span, c.column_span) for c in found]
    assert shape == [("标题", 0, 0, 1, 3), ("高", 1, 0, 2, 1), ("甲", 1, 1, 1, 1), ("乙", 1, 2, 1, 1), ("丙", 2, 1, 1, 2)]


def test_irregular_rows_keep_their_own_width():
    """Rows of different lengths, gridBefore."""
    late = "<w:tr><w:trPr><w:gridBefore w:val='2'/></w:trPr>" + cell(paragraph("后")) + "</w:tr>"
    assert cells(read(table(row(cell(paragraph("甲"))), late))) == {(0, 0): "甲", (1, 2): "后"}


def test_a_text_box_is_read_once():
    """mc:AlternateContent holds it twice."""
    box = f"<w:txbxContent>{paragraph('框内')}</w:txbxContent>"
    body = (f"<w:p>{run('外')}<w:r><mc:AlternateContent>"
            f"<mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></mc:Choice>"
            f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>")  # fmt: skip
    assert texts(read(body)) == ["外", "框内"]
    assert cells(read(table(row(cell(body))))) == {(0, 0): "外\n框内"}


def test_small_nested_tables_are_text_and_large_ones_tables():
    """Options arranged in a table belong to their cell; a form in a layout table is a table of its own."""
    small = table(row(cell(paragraph("☑文字")), cell(paragraph("□图片"))))
    large = table(*(row(cell(paragraph(f"标{n}")), cell(paragraph(f"值{n}"))) for n in range(4)))
    document = read(table(row(cell(small), cell(large))))
    tables = [block for block in document.blocks if isinstance(block, Table)]
    assert tables[0].cells[0].text == "☑文字  □图片" and len(tables) == 2 and tables[1].cells[7].text == "值3"


def test_links_tabs_breaks_and_smart_tags_are_text():
    """Everything that only wraps runs."""
    body = (f"<w:p><w:hyperlink>{run('链接')}</w:hyperlink><w:smartTag>{run('标签')}</w:smartTag>"
            "<w:r><w:tab/><w:t>表</w:t><w:br/><w:t>行</w:t><w:noBreakHyphen/></w:r>"
            f"<w:fldSimple w:instr='DATE'>{run('今天')}</w:fldSimple></w:p>")  # fmt: skip
    assert texts(read(body)) == ["链接标签\t表\n行-今天"]


def test_a_pictured_document_comes_with_its_pictures_but_not_its_icons():
    """Scans pasted into a document are files of their own; a small logo is not."""
    from PIL import Image

    def png(side: int) -> bytes:
        buffer = io.BytesIO()
        Image.effect_noise((side, side), 80).save(buffer, "PNG")
        return buffer.getvalue()

    document = word.read(package(paragraph("证件"), [png(300), png(60), png(300)]), LIMITS)
    assert [(item.filename, item.media_type) for item in document.embedded] == [
        ("image1.png", "image/png"), ("image3.png", "image/png")]  # fmt: skip
    assert document.embedded[0].data == png(300) or len(document.embedded[0].data) > 2000


def test_headers_and_footers_are_read_once():
    """The title of a form often stands in the header."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    links = (b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
             b'<Relationship Id="h1" Type="x/header" Target="header1.xml"/>'
             b'<Relationship Id="h2" Type="x/header" Target="header2.xml"/>'
             b'</Relationships>')  # fmt: skip
    header = f"<w:hdr {space}>{paragraph('登记表')}</w:hdr>".encode()
    data = _with(package(paragraph("正文")), {"word/_rels/document.xml.rels": links, "word/header1.xml": header,
        "word/header2.xml": header})
    assert texts(word.read(data, LIMITS)) == ["登记表", "正文"]


def _with(data: bytes, parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in parts:
                target.writestr(name, source.read(name))
        for name, content in parts.items():
            target.writestr(name, content)
    return buffer.getvalue()


def problem(data: bytes, limits: ReadLimits = LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        word.read(data, limits)
    assert caught.value.detail and not caught.value.detail.isascii()
    return caught.value.problem


def test_what_cannot_be_read_says_why():
    """Empty, damaged, encrypted, other formats."""
    good = package(paragraph("正文"))
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert problem(b"") == "empty"
    assert problem(b"no zip at all") == "corrupt"
    assert problem(good[: len(good) // 2]) == "corrupt"
    assert problem(_with(good, {"word/document.xml": b"<w:document"})) == "corrupt"
    assert problem(ole + "EncryptedPackage".encode("utf-16-le")) == "encrypted"
    assert problem(ole) == "unsupported"
    assert problem(good, ReadLimits(max_file_bytes=100)) == "too_large"


def test_a_damaged_byte_inside_is_noticed():
    """The checksum of a part does not fit."""
    good = bytearray(package(paragraph("正文" * 500)))
    middle = good.find(b"word/document.xml") + 60
    good[middle] ^= 0xFF
    assert problem(bytes(good)) == "corrupt"


def test_entities_and_bombs_are_refused_at_once():
    """No entity is expanded, nothing unpacks beyond the limits, no nesting goes on for ever."""
    good = package(paragraph("正文"))
    space = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    laughs = (b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 50 + b'">]>'
              b"<w:document " + space + b"><w:body>&b;</w:body></w:document>")  # fmt: skip
    deep = b"<w:document " + space + b"><w:body>" + b"<w:tbl><w:tr><w:tc>" * 20000
    bomb = b"<w:document " + space + b"><w:body>" + b" " * (40 << 20) + b"</w:body></w:document>"
    started = time.monotonic()
    assert problem(_with(good, {"word/document.xml": laughs})) == "corrupt"
    assert problem(_with(good, {"word/document.xml": deep})) == "corrupt"
    assert problem(_with(good, {"word/document.xml": bomb})) == "too_large"
    assert time.monotonic() - started < 5


def test_deep_but_legal_nesting_is_read():
    """Just within libxml2's bound: no recursion error."""
    depth = 70
    body = "<w:tbl><w:tr><w:tc>" * depth + paragraph("底") + "</w:tc></w:tr></w:tbl>" * depth
    assert "底" in read(body).text


def test_a_huge_table_is_bounded():
    """Hundreds of thousands of cells and absurd spans cost seconds at most."""
    wide = row(*(cell(paragraph("x"), 400) for _ in range(60)))
    started = time.monotonic()
    document = word.read(package(table(*[wide] * 900)), ReadLimits(max_ratio=100_000))
    assert sum(len(block.cells) for block in document.blocks if isinstance(block, Table)) <= 21_000
    assert time.monotonic() - started < 10


def test_active_x_boxes_are_unsure():
    """Their state lies in a binary part: a person must look."""
    body = "<w:p><w:r><w:object><w:control w:name='CheckBox1'/></w:object></w:r></w:p>"
    assert texts(read(body)) == [UNSURE]


def _complex_field(*instructions: str, data: str = "", result: str | None = None) -> str:
    """A field; each part of its instructions a run of its own, as Word writes them."""
    parts = "".join(f"<w:r><w:instrText xml:space='preserve'>{part}</w:instrText></w:r>" for part in instructions)
    shown = "" if result is None else f"<w:r><w:fldChar w:fldCharType='separate'/></w:r>{run(result)}"
    return f"<w:r><w:fldChar w:fldCharType='begin'>{data}</w:fldChar></w:r>{parts}{shown}<w:r><w:fldChar w:fldCharType='end'/></w:r>"


def test_enclosed_characters_and_symbol_fields_are_ticks():
    """带圈字符 draws √ over □ by a field without a result; other fields show their results alone."""
    body = ("<w:p>" + _complex_field(" eq \\o\\ac(", "□", ",√) ") + run("是 ") + _complex_field("eq \\o\\ac(□, )") + run("否 ")
            + _complex_field("SYMBOL 82 \\f \"Wingdings 2\"") + run("文字") + _complex_field(" MERGEFIELD x ", result="已填")
            + "<w:fldSimple w:instr=' eq \\o(□,√) '/>" + run("图片") + "<w:fldSimple w:instr=' DATE '><w:r><w:t>今日</w:t></w:r></w:fldSimple></w:p>")
    assert texts(read(body)) == ["☑是 □否 ☑文字已填☑图片今日"]


def test_a_check_box_whose_state_was_lost_is_unsure():
    lost = _complex_field(" FORMCHECKBOX ")
    kept = _complex_field(" FORMCHECKBOX ", data="<w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>")
    assert texts(read(f"<w:p>{lost}{run('是')}{kept}{run('否')}</w:p>")) == ["▣是☑否"]
