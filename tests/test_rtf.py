r"""The reader of RTF: files of LibreOffice, and files as Word, WPS, WordPad and others write them."""

import io
import json
import time
from pathlib import Path

import build_rtf
import pytest
from build_docx import individual_labels, paragraphs_form, unit_labels
from build_forms import differences, individual_fields, unit_fields
from build_rtf import PROGRAMS, nested_table, paragraph, run, table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.config import ReadLimits
from intake.readers import Unreadable, rtf
from intake.reading.filetype import kind_of
from rules.document import EMPTY, TICKED, UNSURE, Paragraph, Table
from rules.form import read_forms
from rules.survey import load_survey

LIMITS = ReadLimits()
FILES = Path(__file__).parent / "files" / "legacy"
TRUTH = json.loads((FILES / "truth.json").read_text(encoding="utf-8"))
SURVEY = load_survey(Path(__file__).parent.parent / "rules" / "survey.yaml")


def read(body: str, **head):
    return rtf.read(build_rtf.rtf(body, **head), LIMITS)


def texts(document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def shapes(document) -> list[tuple]:
    return [(c.text, c.row, c.column, c.row_span, c.column_span)
            for block in document.blocks if isinstance(block, Table) for c in block.cells]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in TRUTH if name.endswith(".rtf")])
def test_forms_saved_by_libreoffice_are_read_like_the_word_file(name):
    """The same fields as in the .docx that the .rtf was made from, and its pictures."""
    document = rtf.read((FILES / name).read_bytes(), LIMITS)
    (form,) = read_forms(document, SURVEY)
    truth = {key: tuple(value) if isinstance(value, list) else value for key, value in TRUTH[name]["fields"].items()}
    assert (form.kind, differences(form, truth)) == (TRUTH[name]["kind"], [])
    assert [item.media_type for item in document.embedded] == ["image/jpeg"] * TRUTH[name]["pictures"]
    assert document.method == "rtf"


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("kind", ["unit_form", "individual_form"])
def test_every_program_gives_the_same_form(program, kind):
    """Word's three ways to say one character, bytes of GBK, numbers alone; tables with and without their marks."""
    labels, fields = (
        (unit_labels(), unit_fields()) if kind == "unit_form" else (individual_labels(), individual_fields())
    )
    pairs = [(label, paragraphs_form(name, fields[name])) for name, label in labels]
    (form,) = read_forms(rtf.read(build_rtf.form(kind, pairs, program), LIMITS), SURVEY)
    assert differences(form, fields) == []


@pytest.mark.parametrize(("written", "expected"), [
    (r"{\f5\'fe}\f13 \'ca\'c7{\f5\'a8}\'b7\'f1", f"{TICKED}是{EMPTY}否"),
    (r"{\f6 R}\f13 \'ca\'c7 {\f6\'a3}\'b7\'f1", f"{TICKED}是 {EMPTY}否"),
    (r"{\f5\uc1\u-3842?}\f13 \'ca\'c7", f"{TICKED}是"),
    (r'{\field{\*\fldinst SYMBOL 254 \\f "Wingdings" \\s 10}{\fldrslt\f5\fs20}}x', f"{TICKED}x"),
    (r"{\field{\*\fldinst { eq \\o\\ac(\u9633\'a1\'f5,\u8730\'a1\'cc)}}{\fldrslt }}x", f"{TICKED}x"),
])  # fmt: skip
def test_ticks_of_every_way_are_boxes(written, expected):
    """Symbol fonts by byte, by letter and by number; SYMBOL and EQ fields."""
    assert texts(read(rf"\pard {written}\par ")) == [expected]


def test_form_fields_show_their_state():
    """A check box by its result, else by its default; a box whose state was not written is unsure; a list by its entry."""

    def box(state: str) -> str:
        return (r"{\field{\*\fldinst { FORMCHECKBOX }{{\*\formfield{\fftype1" + state + r"\ffhps20{\*\ffname Check1}}}}}"
                r"{\fldrslt }}")  # fmt: skip

    listed = (
        r"{\field{\*\fldinst { FORMDROPDOWN }{\*\formfield{\fftype2\ffres1{\*\ffl \'bb\'fa\'b9\'d8}{\*\ffl \'c6\'f3\'d2\'b5}}}}"
        r"{\fldrslt }}"
    )
    lost = r"{\field{\*\fldinst { FORMCHECKBOX }}{\fldrslt {}}}"
    body = "a".join([box(r"\ffres1\ffdefres0"), box(r"\ffres0\ffdefres1"), box(r"\ffres25\ffdefres1"), listed, lost])
    assert texts(read(rf"\pard {body}\par ")) == [f"{TICKED}a{EMPTY}a{TICKED}a企业a{UNSURE}"]


def test_fields_show_their_result_and_not_their_code():
    """Hyperlinks and fields in fields."""
    link = (
        r'{\field{\*\fldinst { HYPERLINK "http://example.cn" }{{\*\datafield 00d0c9ea}}}{\fldrslt {\ul '
        + run("链接")
        + r"{\field{\*\fldinst PAGE}{\fldrslt 3}}}}}"
    )
    assert texts(read(rf"\pard {link}\par ")) == ["链接3"]


def test_insertions_are_kept_and_deletions_dropped():
    """Tracked changes; struck-out and hidden text; a deleted mark joins paragraphs; a deleted row is gone."""
    body = (
        r"\pard "
        + run("新", extra=r"\revised\revauth1 ")
        + run("旧", extra=r"\deleted ")
        + run("划", extra=r"\strike ")
        + run("藏", extra=r"\v ")
        + r"{\strike\strike0 "
        + run("留")
        + r"}{\deleted\par}"
        + run("来")
        + r"\par "
        + r"\trowd\cellx3000\pard\intbl "
        + run("旧行", extra=r"\deleted ")
        + r"\cell{\deleted\row}"
        + r"\trowd\cldel\cellx3000\pard\intbl \cell\row\trowd\cellx3000\pard\intbl "
        + run("新行")
        + r"\cell\row\pard\par "
    )
    document = read(body)
    assert (texts(document), shapes(document)) == (["新留来", ""], [("新行", 0, 0, 1, 1)])


def test_merged_cells_stand_once_with_their_spans():
    """clmgf, clmrg, clvmgf, clvmrg, and wide cells by their edges."""
    first = table([["标题", "", "高"]], [-108, 2000, 4000, 6000], flags=[[r"\clmgf", r"\clmrg", r"\clvmgf"]])
    second = table([["甲", "乙", ""]], [-108, 2030, 4000, 6000], flags=[["", "", r"\clvmrg"]])
    third = table([["宽", "尾"]], [-108, 3990, 6000])
    assert shapes(read(first + second + third)) == [("标题", 0, 0, 1, 2), ("高", 0, 2, 2, 1), ("甲", 1, 0, 1, 1),
                                                    ("乙", 1, 1, 1, 1), ("宽", 2, 0, 1, 2), ("尾", 2, 2, 1, 1)]  # fmt: skip


def test_nested_tables_are_tables_of_their_own():
    """nestcell and nestrow; what is written for readers that know no nested tables is dropped."""
    rows = [[f"标{number}", f"值{number}"] for number in range(3)]
    tables = [block for block in read(nested_table(rows, [0, 2000, 5000])).blocks if isinstance(block, Table)]
    assert [cell.text for cell in tables[1].cells] == [text for row in rows for text in row]


def test_text_boxes_headers_and_footers_are_read_once():
    """A box stands behind its paragraph or in its cell; its rendering for old readers is dropped."""
    box = (
        r"{\shp{\*\shpinst\shpleft0{\sp{\sn shapeType}{\sv 202}}{\shptxt "
        + paragraph("框内")
        + r"}}{\shprslt{\*\do\dptxbx"
        r"{\dptxbxtext " + paragraph("框内") + "}}}}"
    )
    body = (
        r"{\header "
        + paragraph("登记表")
        + "}"
        + r"{\footer "
        + paragraph("页脚")
        + r"}\pard "
        + run("外")
        + box
        + r"\par "
        + r"\trowd\cellx3000\pard\intbl "
        + run("格")
        + box
        + r"\cell\row "
    )
    document = read(body)
    assert (texts(document), shapes(document)) == (["登记表", "外", "框内", "页脚"], [("格\n框内", 0, 0, 1, 1)])


def test_code_pages_are_found_where_none_is_named():
    """GBK bytes without any code page, Western ones with theirs, surrogates in two numbers."""
    chinese = "".join(f"\\'{byte:02x}" for byte in "衡东发布".encode("gbk"))
    assert texts(read(rf"\pard\f0 {chinese}\par ", page=1252)) == ["衡东发布"]
    assert texts(read(r"\pard\f0 na\'efve\par ", page=1252)) == ["naïve"]
    assert texts(read(r"\pard\uc1 \u-10176?\u-8265?\u28339?\par ")) == ["\U000203b7\u6eb3"]


def test_what_is_no_text_is_dropped():
    """Style sheets, lists' numbers, notes, unknown destinations."""
    body = (
        r"\pard{\*\unknown "
        + run("甲")
        + r"}{\listtext 1.\tab}{\footnote "
        + run("注")
        + r"}{\pntext 2}{\upr{?}{\*\ud "
        + run("乙")
        + r"}}{\*\bkmkstart x}"
        + run("丙\t丁\n戊")
        + r"\~\_\{\}\\\par "
    )
    assert texts(read(body)) == ["乙丙\t丁\n戊\xa0-{}\\"]


@pytest.mark.parametrize("binary", [False, True])
def test_pictures_come_out_once(binary):
    """Hexadecimal and raw; the metafile beside it is for older readers."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(buffer, "PNG")
    document = rtf.read(build_rtf.picture(buffer.getvalue(), binary), LIMITS)
    assert [(item.filename, item.data) for item in document.embedded] == [("image1.png", buffer.getvalue())]
    assert document.notes == ()


def problem(data: bytes, limits: ReadLimits = LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        rtf.read(data, limits)
    assert caught.value.detail and not caught.value.detail.isascii()
    return caught.value.problem


def test_what_cannot_be_read_says_why():
    """Empty, other formats, cut off, too large."""
    data = build_rtf.rtf(paragraph("登记表"))
    assert problem(b"") == "empty"
    assert problem(b"PK\x03\x04") == "corrupt"
    assert {problem(data[: len(data) - cut]) for cut in (1, 2, 40, len(data) // 2)} == {"corrupt"}
    assert problem(data, ReadLimits(max_file_bytes=100)) == "too_large"
    assert texts(rtf.read(data + b"\r\n\x00", LIMITS)) == ["登记表"]


def test_an_rtf_that_is_named_doc_is_an_rtf():
    """Common: the content decides."""
    assert kind_of(build_rtf.rtf(paragraph("登记表")), "登记表.doc") == "rtf"


def test_hostile_files_end_soon():
    """Groups without end, absurd numbers, endless rows."""
    started = time.monotonic()
    assert problem(rb"{\rtf1" + b"{" * 3_000_000) == "corrupt"
    read(r"\trowd\cellx99999999999\cell\row" * 30_000)
    read(r"\u99999999 x\uc-5\f-3\itap99999\nestcell\fs" * 2000)
    assert "cut-short" in rtf.read(b"{\\rtf1 " + b"{}\\'41" * 3_000_000 + b"}", ReadLimits(seconds=4)).notes
    assert time.monotonic() - started < 20


BASE = build_rtf.rtf(
    table([["账号名称", "衡东发布"]], [0, 2000, 5000]) + nested_table([["a", "b"]] * 3, [0, 9, 99])
).decode()
WORDS = [
    "{",
    "}",
    "\\cell",
    "\\row",
    "\\trowd",
    "\\nestrow",
    "\\nestcell",
    "\\itap3 ",
    "\\intbl ",
    "\\fldrslt ",
    "\\field ",
    "\\pict",
    "\\shptxt ",
    "\\header ",
    "\\u-1 ",
    "\\'",
    "\\bin5 ",
    "\\*",
    "\\fonttbl",
    "\\formfield",
    "\\par ",
    "\\f6 ",
    "\\pngblip 89",
    "\\uc9",
]


@settings(max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(BASE)), st.sampled_from(WORDS)), max_size=30))
def test_damaged_files_raise_nothing_but_unreadable(changes):
    """Words and braces anywhere."""
    text = BASE
    for place, word in changes:
        text = text[:place] + word + text[place:]
    try:
        assert rtf.read(text.encode("latin-1"), LIMITS).method == "rtf"
    except Unreadable as error:
        assert error.problem == "corrupt"
