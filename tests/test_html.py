"""HTML files as attachments: exports of web programs, pages saved by Word and Excel, .mht, and hostile pages."""

import base64
import io
import time
from pathlib import Path

import pytest
from build_forms import differences, individual_fields, unit_fields
from build_sheets import Sheet, html_page, laid_out
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.config import ReadLimits
from intake.readers import Unreadable, html
from intake.reading.filetype import kind_of
from intake.reading.parse import parse
from intake.reading.read_files import Reader
from intake.reading.unpack import unpack
from rules.document import Paragraph, Table
from rules.form import read_forms
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
LIMITS = ReadLimits()
UNIT, PERSON = unit_fields(), individual_fields()
LAYOUTS = ("two_columns", "four_columns", "typed", "after", "option_cells", "colons", "words")


def read(text: str):
    return html.read(text.encode(), LIMITS)


def cells(document) -> dict[tuple[int, int], str]:
    return {(c.row, c.column): c.text for block in document.blocks if isinstance(block, Table) for c in block.cells}


def texts(document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph) and block.text]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("how", [{}, {"charset": "utf-8"}, {"controls": True}, {"charset": "gbk", "controls": True}], ids=str)
def test_a_form_gives_the_same_fields_as_in_any_format(layout, how):
    """Charsets, boxes as characters and as form controls; also when the file is named .xls or .doc."""
    for kind, truth in (("unit_form", UNIT), ("individual_form", PERSON)):
        data = html_page(laid_out(truth, kind, layout), **how)
        (form,) = read_forms(html.read(data, LIMITS), SURVEY)
        assert (form.kind, differences(form, truth)) == (kind, [])
        assert {kind_of(data, name) for name in ("a.html", "a.htm", "a.xls", "a.xlsx", "a.doc")} == {"html"}


def test_spans_place_the_cells():
    """rowspan and colspan, rows in groups, a nested table that is a form of its own, a small one that is text."""
    inner = "<table>" + "".join(f"<tr><td>标{n}<td>值{n}" for n in range(4)) + "</table>"
    page = (f"<table><thead><tr><th colspan=3>题</thead><tbody><tr><td rowspan=2>高<td>甲<td>乙<tr><td colspan='2'>丙</tbody>"
            f"<tr><td>框<td colspan=2><table><tr><td>☑文字<td>□图片</table><tr><td colspan=3>{inner}</table>")  # fmt: skip
    first, second = [block for block in read(page).blocks if isinstance(block, Table)]
    shape = [(c.text, c.row, c.column, c.row_span, c.column_span) for c in first.cells]
    assert shape == [("题", 0, 0, 1, 3), ("高", 1, 0, 2, 1), ("甲", 1, 1, 1, 1), ("乙", 1, 2, 1, 1), ("丙", 2, 1, 1, 2), ("框", 3, 0, 1, 1),
                     ("☑文字  □图片", 3, 1, 1, 2), ("", 4, 0, 1, 3)]  # fmt: skip
    assert [c.text for c in second.cells][-2:] == ["标3", "值3"]


def test_form_controls_show_their_state():
    """Inputs, lists, text areas; buttons, passwords and hidden fields show nothing."""
    page = ("<p><input type=radio checked>是<input type=radio>否 <input value='衡东发布'> <input type=hidden value=x><input type=password value=y>"
            "<input type=submit value=提交><select><option>请选择<option selected>机关<option>企业</select><textarea>第一行\n第二行</textarea>")  # fmt: skip
    assert texts(read(page)) == ["☑是□否 衡东发布 机关第一行", "第二行"]


def test_only_what_is_seen_is_read():
    """Scripts, styles, comments, hidden and struck-out elements are no text; entities and symbol fonts are."""
    page = ("<style>p{}</style><script>document.write('坏')</script><!-- 注 --><p hidden>隐</p><p style='display: none'>藏</p><p>"
            "<s>旧</s><del>删</del>&#x8861;&#19996;&nbsp;&amp;<span style=\"font-family:'Wingdings 2'\">R</span><font face='Wingdings 2'>&pound;</font></p>")
    assert texts(read(page)) == ["衡东 &☑□"]


def test_pictures_in_the_page_itself_are_files_and_links_are_not_fetched():
    """data: URLs; others stay alone."""
    buffer = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(buffer, "PNG")
    coded = base64.b64encode(buffer.getvalue()).decode()
    long = "A" * 5_000_000
    document = read(f"<img src='data:image/png;base64,{long}'><img src='data:image/png;base64,{coded}'><img src='http://127.0.0.1:9/a.png'><img src='data:image/png;base64,@@'>")
    assert [(item.filename, item.media_type) for item in document.embedded] == [("image1.png", "image/png"), ("image2.png", "image/png")]
    assert document.embedded[1].data == buffer.getvalue() and document.notes == ()


def test_full_width_labels_are_read():
    """Full-width colon and brackets in one cell with the value."""
    rows = ["账号名称\uff1a衡东发布", "账号\uff08ID\uff09\uff1ahdfb2019", "服务类型\uff1a微信公众号", "单位\uff08章\uff09\uff1a衡东县教育局", "法人代表\uff1a谭志强"]
    (form,) = read_forms(read("<table>" + "".join(f"<tr><td>{row}</td></tr>" for row in rows) + "</table>"), SURVEY)
    assert (form.value("name"), form.value("handle"), form.value("unit_name")) == ("衡东发布", "hdfb2019", "衡东县教育局")


@pytest.mark.parametrize("name", ["登记表.html", "登记表.xls", "登记表.xlsx", "登记表.doc"])
def test_a_mail_with_a_page_attached_gives_the_form(name):
    """Through the whole reading of a mail, whatever the page is named."""
    data = html_page(laid_out(UNIT, "unit_form", "four_columns"))
    coded = base64.encodebytes(data).decode()
    mail = ("From: a@example.cn\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=UTF-8''{_quoted(name)}"
            f"\r\n\r\n{coded}\r\n--b--\r\n")  # fmt: skip
    (reading,) = Reader(SURVEY, LIMITS, frozenset(), lambda sha256: None).read_all(unpack(parse(mail.encode(), LIMITS), LIMITS))
    assert (reading.role, reading.problem) == ("unit_form", None) and differences(reading.forms[0], UNIT) == []


def test_an_mht_file_gives_the_form():
    """A page that Word or Excel saved as a single file (.mht): MIME, quoted-printable, GBK."""
    page = base64.encodebytes(html_page(laid_out(PERSON, "individual_form", "four_columns"))).decode()
    mht = ("MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"n\"\r\n\r\n--n\r\nContent-Location: file:///C:/1.htm\r\n"
           f"Content-Transfer-Encoding: base64\r\nContent-Type: text/html; charset=\"gb2312\"\r\n\r\n{page}\r\n--n--\r\n")  # fmt: skip
    coded = base64.encodebytes(mht.encode()).decode()
    mail = ("From: a@example.cn\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.mht\r\n\r\n{coded}\r\n--b--\r\n")
    readings = Reader(SURVEY, LIMITS, frozenset(), lambda sha256: None).read_all(unpack(parse(mail.encode(), LIMITS), LIMITS))
    forms = [form for reading in readings for form in reading.forms]
    assert [differences(form, PERSON) for form in forms] == [[]]


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name)


def test_empty_files_are_told():
    """Nothing but blanks."""
    with pytest.raises(Unreadable) as caught:
        html.read(b" \r\n", LIMITS)
    assert caught.value.problem == "empty"


def test_hostile_pages_cost_seconds_at_most():
    """Nesting without end, spans over everything, a million cells; what is left out is noted."""
    started = time.monotonic()
    deep = html.read(b"<table><tr><td>" * 100_000 + "账号".encode(), LIMITS)
    assert deep.notes == ("cut-short",)
    assert html.read(b"<table><tr>" + b"<td colspan=500 rowspan=500>x" * 50_000, LIMITS).notes == ("cut-short",)
    many = html.read(b"<table>" + b"<tr><td>x<td>y" * 200_000, LIMITS)
    assert many.notes == ("cut-short",) and len(cells(many)) <= 20_000
    html.read(b"<p>x" * 900_000, LIMITS)
    assert time.monotonic() - started < 20


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_document(text):
    """No markup breaks the reader."""
    if text.strip():
        try:
            assert html.read(text.encode("utf-8", "replace"), LIMITS).method == "html"
        except Unreadable as error:
            assert error.problem == "empty"


@given(st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.text("甲乙丙ab12", min_size=1, max_size=6), min_size=1, max_size=12),
       st.tuples(*[st.integers(0, 6)] * 4))  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_cells_stand_where_the_browser_puts_them(values, area):
    """One merged range anywhere: every cell that it does not cover keeps its place."""
    top, left, bottom, right = min(area[0], area[2]), min(area[1], area[3]), max(area[0], area[2]), max(area[1], area[3])
    made = Sheet(cells={**values, (0, 0): "甲", (6, 6): "乙"}, merges=[(top, left, bottom, right)])
    shown = cells(html.read(html_page(made), LIMITS))
    for (row, column), text in made.cells.items():
        if (row, column) == (top, left) or not (top <= row <= bottom and left <= column <= right):
            assert shown[row, column] == text
