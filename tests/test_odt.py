"""The reader of OpenDocument texts: files of LibreOffice, and what other programs and attackers write."""

import base64
import io
import json
import time
import zipfile
from pathlib import Path

import pytest
from build_forms import differences
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.config import ReadLimits
from intake.readers import Unreadable, odt
from intake.reading.filetype import kind_of
from rules.document import EMPTY, TICKED, Paragraph, Table
from rules.form import read_forms
from rules.survey import load_survey

LIMITS = ReadLimits()
FILES = Path(__file__).parent / "files" / "legacy"
TRUTH = json.loads((FILES / "truth.json").read_text(encoding="utf-8"))
SURVEY = load_survey(Path(__file__).parent.parent / "rules" / "survey.yaml")
SPACES = " ".join(f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for prefix, name in (
    ("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"), ("draw", "drawing"), ("form", "form"),
    ("fo", "xsl-fo-compatible"), ("manifest", "manifest"))) + (' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:loext="urn:lo"'
    ' xmlns:field="urn:openoffice:names:experimental:ooo-ms-interop-xmlns:field:1.0"')  # fmt: skip
MIME = "application/vnd.oasis.opendocument.text"
STYLES = ("<style:style style:name='del'><style:text-properties style:text-line-through-style='solid'/></style:style>"
          "<style:style style:name='hid'><style:text-properties text:display='none'/></style:style>"
          "<style:style style:name='w2'><style:text-properties style:font-name='Wingdings 2'/></style:style>"
          "<style:style style:name='child' style:parent-style-name='w2'/>")  # fmt: skip


def package(body: str, parts: dict[str, bytes] | None = None, automatic: str = STYLES) -> bytes:
    content = (f"<?xml version='1.0'?><office:document-content {SPACES}><office:automatic-styles>{automatic}</office:automatic-styles>"
               f"<office:body><office:text>{body}</office:text></office:body></office:document-content>")  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", MIME, zipfile.ZIP_STORED)
        for name, data in {"content.xml": content.encode(), **(parts or {})}.items():
            file.writestr(name, data)
    return buffer.getvalue()


def read(body: str, **parts):
    return odt.read(package(body, **parts), LIMITS)


def texts(document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def p(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def cell(content: str, extra: str = "") -> str:
    return f"<table:table-cell {extra}>{content}</table:table-cell>"


def table(*rows: str) -> str:
    return "<table:table>" + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows) + "</table:table>"


@pytest.mark.parametrize("name", [name for name in TRUTH if name.endswith(".odt")])
def test_forms_saved_by_libreoffice_are_read_like_the_word_file(name):
    """The same fields as in the .docx that the .odt was made from, and its pictures."""
    document = odt.read((FILES / name).read_bytes(), LIMITS)
    (form,) = read_forms(document, SURVEY)
    truth = {key: tuple(value) if isinstance(value, list) else value for key, value in TRUTH[name]["fields"].items()}
    assert (form.kind, differences(form, truth)) == (TRUTH[name]["kind"], [])
    assert [item.media_type for item in document.embedded] == ["image/jpeg"] * TRUTH[name]["pictures"]
    assert document.method == "odt"


def test_merged_and_repeated_cells_have_their_places():
    """Spans, covered cells, repeated cells, rows of a head."""
    covered = "<table:covered-table-cell/>"
    rows = (cell(p("标题"), "table:number-columns-spanned='2'") + covered + cell(p("高"), "table:number-rows-spanned='2'"),
            cell(p("同"), "table:number-columns-repeated='2'") + covered)  # fmt: skip
    head = (
        "<table:table-header-rows>"
        + table(cell(p("头"))).removeprefix("<table:table>").removesuffix("</table:table>")
        + "</table:table-header-rows>"
    )
    document = read(table(*rows).replace("<table:table>", "<table:table>" + head))
    (found,) = (block for block in document.blocks if isinstance(block, Table))
    assert [(c.text, c.row, c.column, c.row_span, c.column_span) for c in found.cells] == [
        ("头", 0, 0, 1, 1), ("标题", 1, 0, 1, 2), ("高", 1, 2, 2, 1), ("同", 2, 0, 1, 1), ("同", 2, 1, 1, 1)]  # fmt: skip


def test_boxes_of_every_kind_are_boxes():
    """Symbol fonts by style, content controls, field marks, controls of a form."""
    checkbox = (
        "<field:fieldmark text:name='x' field:type='vnd.oasis.opendocument.field.FORMCHECKBOX'>"
        "<field:param field:name='Checkbox_Checked' field:value='{}'/></field:fieldmark>"
    )
    body = ("<office:forms><form:form><form:checkbox form:id='c1' form:current-state='checked' form:label='网站'/>"
            "<form:checkbox form:id='c2'/></form:form></office:forms>"
            + p("<text:span text:style-name='w2'>R</text:span>甲<text:span text:style-name='child'>£</text:span>乙")
            + p("<loext:content-control loext:checkbox='true' loext:checked='true'>☐</loext:content-control>甲")
            + p(checkbox.format("true") + "甲" + checkbox.format("false") + "乙")
            + p("<draw:control draw:control='c1'/><draw:control draw:control='c2'/>乙"))  # fmt: skip
    assert texts(read(body)) == [
        f"{TICKED}甲{EMPTY}乙",
        f"{TICKED}甲",
        f"{TICKED}甲{EMPTY}乙",
        f"{TICKED}网站{EMPTY}乙",
    ]


def test_insertions_are_kept_and_deletions_dropped():
    """Deleted text stands apart from the text; struck-out and hidden text, notes and comments are gone."""
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion>"
        + p("旧")
        + "</text:deletion></text:changed-region>"
        "</text:tracked-changes>"
        + p(
            "<text:change-start/>新<text:change-end/><text:change/><text:span text:style-name='del'>划</text:span>"
            "<text:span text:style-name='hid'>藏<text:s/></text:span><text:note><text:note-body>注</text:note-body></text:note>来"
        )
    )
    assert texts(read(body)) == ["新来"]


def test_spaces_tabs_and_breaks_are_text():
    """White space has elements of its own; breaks of the file are none."""
    assert texts(read(p("账<text:s text:c='2'/>号<text:tab/>甲<text:line-break/>乙\n   丙"))) == ["账  号\t甲\n乙 丙"]


def test_text_boxes_lists_and_nested_tables_are_read():
    """A box in a cell belongs to it; a large table in a cell is one of its own."""
    box = "<draw:frame><draw:text-box>" + p("框内") + "</draw:text-box></draw:frame>"
    large = table(*(cell(p(f"标{n}")) + cell(p(f"值{n}")) for n in range(3)))
    small = table(cell(p("☑文字")) + cell(p("□图片")))
    body = (
        p("外" + box)
        + "<text:list><text:list-item>"
        + p("项")
        + "</text:list-item></text:list>"
        + table(cell(p("格" + box) + small) + cell(large))
    )
    document = read(body)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    assert texts(document) == ["外", "框内", "项"]
    assert tables[0].cells[0].text == "格\n框内\n☑文字  □图片" and tables[1].cells[5].text == "值2"


def test_headers_are_read_once_and_pictures_come_out():
    """Master pages of styles.xml; pictures of the package, without those that only are linked."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(buffer, "PNG")
    styles = (
        f"<office:document-styles {SPACES}><office:master-styles><style:master-page><style:header>{p('登记表')}</style:header>"
        f"<style:footer>{p('页脚')}</style:footer></style:master-page></office:master-styles></office:document-styles>"
    )
    frame = "<draw:frame><draw:image xlink:href='{}'/></draw:frame>"
    body = p("正文" + frame.format("Pictures/a.png") * 2 + frame.format("http://example.cn/b.png"))
    document = read(body, parts={"styles.xml": styles.encode(), "Pictures/a.png": buffer.getvalue()})
    assert texts(document) == ["登记表", "正文", "页脚"]
    assert [(item.filename, item.data) for item in document.embedded] == [("a.png", buffer.getvalue())]
    assert document.notes == ("linked-picture",)


def test_a_document_in_a_single_file_is_read():
    """.fodt: everything in one XML file, pictures as base64."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(buffer, "PNG")
    frame = f"<draw:frame><draw:image><office:binary-data>{base64.b64encode(buffer.getvalue()).decode()}</office:binary-data></draw:image></draw:frame>"
    data = (
        f"<?xml version='1.0'?><office:document {SPACES} office:mimetype='{MIME}'><office:body><office:text>{p('正文' + frame)}"
        "</office:text></office:body></office:document>"
    ).encode()
    document = odt.read(data, LIMITS)
    assert kind_of(data, "登记表.fodt") == "odt"
    assert texts(document) == ["正文"] and document.embedded[0].data == buffer.getvalue()


def problem(data: bytes, limits: ReadLimits = LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        odt.read(data, limits)
    assert caught.value.detail and not caught.value.detail.isascii()
    return caught.value.problem


def test_what_cannot_be_read_says_why():
    """Empty, damaged, encrypted, other kinds of documents."""
    good = package(p("正文"))
    manifest = (
        f"<manifest:manifest {SPACES}><manifest:file-entry manifest:full-path='content.xml'><manifest:encryption-data/>"
        "</manifest:file-entry></manifest:manifest>"
    ).encode()
    sheet = f"<office:document-content {SPACES}><office:body><office:spreadsheet/></office:body></office:document-content>".encode()
    assert problem(b"") == "empty"
    assert problem(good[: len(good) // 2]) == "corrupt"
    assert problem(package("", {"META-INF/manifest.xml": manifest})) == "encrypted"
    assert problem(b"<?xml version='1.0'?><a/>") == "corrupt"
    assert problem(sheet) == "unsupported"
    assert problem(good, ReadLimits(max_file_bytes=100)) == "too_large"


def test_bombs_and_entities_are_refused_and_absurd_tables_bounded():
    """Repetitions by the million, entities, deep nesting."""
    started = time.monotonic()
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha">]><office:document xmlns:office="urn"><office:body>&a;</office:body></office:document>'
    assert problem(b"<?xml version='1.0'?>" + laughs) == "corrupt"
    wide = cell(p("x"), "table:number-columns-repeated='9999999' table:number-rows-spanned='9999999'")
    row = f"<table:table-row table:number-rows-repeated='9999999'>{wide}</table:table-row>"
    document = read(f"<table:table>{row * 500}</table:table>")
    assert sum(len(block.cells) for block in document.blocks if isinstance(block, Table)) <= 21_000
    deep = "<text:section>" * 200 + p("底") + "</text:section>" * 200
    assert texts(read(deep)) == ["底"]
    read(p("<text:span>" * 200 + "x" + "</text:span>" * 200))
    assert time.monotonic() - started < 5


WORDS = [
    "table:number-columns-repeated='-1'",
    "table:number-rows-spanned='0'",
    "text:c='x'",
    "text:style-name='nowhere'",
]


@settings(max_examples=80, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(st.text("甲□R£ \n", max_size=6), lambda inner: st.tuples(
    st.sampled_from(["text:p", "text:span", "table:table", "table:table-row", "table:table-cell", "draw:frame", "draw:text-box", "text:s"]),
    st.sampled_from(WORDS), st.lists(inner, max_size=4)), max_leaves=30))  # fmt: skip
def test_any_nesting_of_elements_is_read(tree):
    """Elements where they do not belong, attributes without sense."""

    def written(node) -> str:
        if isinstance(node, str):
            return node
        return f"<{node[0]} {node[1]}>{''.join(map(written, node[2]))}</{node[0]}>"

    assert read(p("始") + written(tree)).blocks[0] == Paragraph("始")
