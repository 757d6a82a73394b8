"""The reader of Word 97–2003 documents and .wps: files of LibreOffice, and what only Word writes."""

import io
import json
import struct
import time
from pathlib import Path

import pytest
from build_docx import individual_labels, paragraphs_form, unit_labels
from build_forms import differences, individual_fields, unit_fields
from build_legacy import (
    DELETED,
    HIDDEN,
    IN_TABLE,
    INSERTED,
    ROW_END,
    SPECIAL,
    STRUCK,
    LegacyDoc,
    compound,
    font,
    row_shape,
    sprm,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.config import ReadLimits
from intake.readers import Unreadable, legacy_word, libreoffice
from intake.reading.filetype import kind_of
from rules.document import EMPTY, TICKED, UNSURE, Paragraph, Table
from rules.form import read_forms
from rules.survey import load_survey

LIMITS = ReadLimits()
FILES = Path(__file__).parent / "files" / "legacy"
TRUTH = json.loads((FILES / "truth.json").read_text(encoding="utf-8"))
SURVEY = load_survey(Path(__file__).parent.parent / "rules" / "survey.yaml")
EDGES = [-108, 2200, 5000]


def read(document: LegacyDoc, **head):
    return legacy_word.read(document.build(**head), LIMITS)


def texts(document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def cells(document) -> dict[tuple[int, int], str]:
    return {(c.row, c.column): c.text for block in document.blocks if isinstance(block, Table) for c in block.cells}


def shapes(document) -> list[tuple]:
    return [(c.text, c.row, c.column, c.row_span, c.column_span)
            for block in document.blocks if isinstance(block, Table) for c in block.cells]  # fmt: skip


def truth_of(name: str) -> dict:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in TRUTH[name]["fields"].items()}


@pytest.mark.parametrize("name", [name for name in TRUTH if name.endswith(".doc")])
def test_forms_saved_by_libreoffice_are_read_like_the_word_file(name):
    """The same fields as in the .docx that the .doc was made from, and its pictures."""
    document = legacy_word.read((FILES / name).read_bytes(), LIMITS)
    (form,) = read_forms(document, SURVEY)
    assert (form.kind, differences(form, truth_of(name))) == (TRUTH[name]["kind"], [])
    assert [item.media_type for item in document.embedded] == ["image/jpeg"] * TRUTH[name]["pictures"]
    assert document.method == "doc" and document.notes == ()


@pytest.mark.parametrize("how", [{}, {"packed": True}, {"packed": True, "scattered": True}, {"huge": True}])
@pytest.mark.parametrize("kind", ["unit_form", "individual_form"])
def test_every_layout_of_text_gives_the_same_form(how, kind):
    """8-bit and 16-bit pieces, pieces in any order, table properties kept in the Data stream."""
    labels, fields = (
        (unit_labels(), unit_fields()) if kind == "unit_form" else (individual_labels(), individual_fields())
    )
    made = LegacyDoc(**how)
    made.paragraph("衡东县新媒体账号调查摸底登记表")
    made.table([[label, paragraphs_form(name, fields[name])] for name, label in labels], EDGES)
    (form,) = read_forms(read(made), SURVEY)
    assert differences(form, fields) == []


@pytest.mark.parametrize(("name", "code", "box"), [
    ("Wingdings", 0xF0FE, TICKED), ("Wingdings", 0xF0A8, EMPTY), ("Wingdings 2", 0xF052, TICKED), ("Wingdings 2", 0xF0A3, EMPTY),
])  # fmt: skip
def test_inserted_symbols_are_boxes(name, code, box):
    """sprmCSymbol: the character in the text is only a bracket."""
    made = LegacyDoc()
    made.symbol(name, code)
    made.run("是")
    made.symbol(name, code, SPECIAL)
    made.paragraph("否")
    assert texts(read(made)) == [f"{box}是{box}否"]


def test_letters_of_a_symbol_font_are_boxes():
    """R and £ in Wingdings 2, also in 8-bit pieces."""
    made = LegacyDoc(packed=True)
    number = made.font("Wingdings 2")
    made.run("R", font(number))
    made.run("yes ")
    made.run("£", font(number))
    made.paragraph("no")
    assert texts(read(made)) == ["☑yes □no"]


def test_check_boxes_and_lists_of_forms_show_their_state():
    """FFData by its result, else by its default; a list by its chosen entry; a box whose data is lost is unsure."""
    made = LegacyDoc()
    for checked, by_default in ((True, False), (False, False), (True, True)):
        made.check_box(checked, by_default=by_default)
        made.run("甲")
    made.drop_down(["机关", "企业"], 1)
    made.field(" FORMCHECKBOX ", None, 0xFFFFFF)
    made.mark()
    assert texts(read(made)) == [f"☑甲□甲☑甲企业{UNSURE}"]


def test_fields_show_their_result_and_enclosed_characters_what_they_draw():
    """Hyperlinks, nested fields, and 带圈字符, by which people tick boxes."""
    made = LegacyDoc()
    made.field(' HYPERLINK "http://example.cn" ', "链接")
    made.field(" eq \\o\\ac(□,√) ")
    made.run("是")
    made.field(" eq \\o\\ac(○,1) ")
    made.field(' SYMBOL 254 \\f "Wingdings" \\s 10 ')
    made.mark()
    assert texts(read(made)) == ["链接☑是1☑"]


def test_insertions_are_kept_and_deletions_dropped():
    """Tracked changes as the writer wants them; struck-out and hidden text is gone, and a deleted row too."""
    made = LegacyDoc()
    made.run("新", INSERTED)
    made.run("旧", DELETED)
    made.run("划", STRUCK)
    made.run("藏", HIDDEN)
    made.mark("\r", b"", DELETED)
    made.paragraph("来")
    made.run("旧行", DELETED)
    made.cell()
    made.row([0, 3000], None, DELETED)
    made.cell("新行")
    made.row([0, 3000])
    document = read(made)
    assert (texts(document), cells(document)) == (["新来"], {(0, 0): "新行"})


@pytest.mark.parametrize("first", [1, 2])
def test_merged_cells_stand_once_with_their_spans(first):
    """Merge flags of sprmTDefTable (documents differ in which flag opens a horizontal set), edges that nearly meet."""
    made = LegacyDoc()
    for text in ("标题", "不显示", "高"):
        made.cell(text)
    made.row([0, 2000, 4000, 6000], [first, 3 - first, 0x60])
    for text in ("甲", "乙", ""):
        made.cell(text)
    made.row([0, 2040, 3980, 6000], [0, 0, 0x20])
    for text in ("宽", "尾"):
        made.cell(text)
    made.row([-60, 4010, 6100])
    assert shapes(read(made)) == [("标题", 0, 0, 1, 2), ("高", 0, 2, 2, 1), ("甲", 1, 0, 1, 1), ("乙", 1, 1, 1, 1),
                                  ("宽", 2, 0, 1, 2), ("尾", 2, 2, 1, 1)]  # fmt: skip


def test_nested_tables_are_tables_of_their_own():
    """Marks of inner cells and rows; the cell around them keeps its other text."""
    inner = sprm(0x2416, 1) + sprm(0x6649, 2)
    made = LegacyDoc()
    made.run("外")
    made.mark("\r", IN_TABLE + sprm(0x6649, 1))
    for number in range(3):
        for text in (f"标{number}", f"值{number}"):
            made.run(text)
            made.mark("\r", inner + sprm(0x244B, 1))
        made.mark("\r", inner + sprm(0x244C, 1) + sprm(0x2417, 1) + row_shape([0, 1000, 2000]))
    made.mark("\x07", IN_TABLE + sprm(0x6649, 1))
    made.mark("\x07", ROW_END + sprm(0x6649, 1) + row_shape([0, 5000]))
    tables = [block for block in read(made).blocks if isinstance(block, Table)]
    assert [cell.text for cell in tables[0].cells] == ["外"]
    assert [cell.text for cell in tables[1].cells] == ["标0", "值0", "标1", "值1", "标2", "值2"]


def test_pictures_come_out_and_icons_do_not():
    """PICF and blips of the Data stream, each picture once."""
    from PIL import Image

    def picture(side: int, kind: str) -> bytes:
        buffer = io.BytesIO()
        Image.effect_noise((side, side), 80).save(buffer, kind)
        return buffer.getvalue()

    made = LegacyDoc()
    photo = picture(300, "JPEG")
    for data in (photo, picture(60, "PNG"), picture(200, "PNG"), photo):
        made.picture(data)
    made.mark()
    found = read(made).embedded
    assert [(item.filename, item.media_type) for item in found] == [
        ("image1.jpg", "image/jpeg"),
        ("image2.png", "image/png"),
    ]
    assert found[0].data == photo


def test_files_dropped_into_a_document_come_out():
    """ObjectPool and Ole10Native; the icon beside it is no picture that was left out, another object is noted."""
    made = LegacyDoc()
    made.package("证书.pdf", b"%PDF-1.4 x")
    made.mark()
    found = read(made)
    assert [(item.filename, item.data) for item in found.embedded] == [("证书.pdf", b"%PDF-1.4 x")]
    assert (found.notes, texts(found)) == ((), [""])
    made._objects["_2"] = {"\x01CompObj": b"x"}
    assert read(made).notes == ("embedded-object",)


def test_breaks_tabs_and_rare_characters_are_text():
    """Line breaks, protected hyphens, characters beyond the first plane."""
    made = LegacyDoc()
    made.paragraph("甲\x0b乙\t丙\x1e丁\x1f𠮷")
    assert texts(read(made)) == ["甲\n乙\t丙-丁𠮷"]


def problem(data: bytes, limits: ReadLimits = LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        legacy_word.read(data, limits)
    assert caught.value.detail and not caught.value.detail.isascii()
    return caught.value.problem


def good() -> LegacyDoc:
    made = LegacyDoc()
    made.paragraph("登记表" * 2000)
    return made


def test_what_cannot_be_read_says_why():
    """Empty, encrypted, cut off, other things inside."""
    data = good().build()
    assert problem(b"") == "empty"
    assert problem(b"no compound file at all") == "corrupt"
    assert problem(data, ReadLimits(max_file_bytes=100)) == "too_large"
    assert problem(good().build(flags=0x0100)) == "encrypted"
    assert problem(compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"})) == "encrypted"
    assert problem(good().build(stream="Contents")) == "corrupt"
    assert problem(good().build(magic=0x1234)) == "corrupt"


def test_a_file_that_was_cut_off_is_never_read_in_part():
    """Half a form would look like a form half filled in."""
    data = good().build()
    assert {problem(data[: len(data) * part // 20]) for part in range(1, 20)} == {"corrupt"}


def test_word_95_is_unsupported_where_libreoffice_may_not_run(monkeypatch):
    """As in the confined children, which may write no files."""
    monkeypatch.setattr(libreoffice, "can_run", lambda: False)
    assert problem(good().build(magic=0xA5DC, version=0x68)) == "unsupported"
    with pytest.raises(Unreadable, match="unsupported"):
        libreoffice.to_docx(good().build(), "doc", LIMITS)


def test_libreoffice_may_not_run_where_no_file_can_be_written(monkeypatch):
    """RLIMIT_FSIZE of the confined child."""
    monkeypatch.setattr(libreoffice.resource, "getrlimit", lambda _: (0, 0))
    assert not libreoffice.can_run()


def test_a_wps_file_is_the_same_format():
    """Kingsoft's extension, told by content."""
    data = good().build()
    assert (kind_of(data, "登记表.wps"), kind_of(data, "登记表.doc"), kind_of(data, "登记表.docx")) == (
        "wps",
        "doc",
        "doc",
    )


def test_absurd_tables_of_sectors_are_refused_at_once():
    """Heads that promise thousands of millions of sectors."""
    data = bytearray(good().build())
    for place in (44, 64, 72):
        forged = bytearray(data)
        struct.pack_into("<I", forged, place, 0x7FFFFFFF)
        started = time.monotonic()
        assert problem(bytes(forged)) == "corrupt"
        assert time.monotonic() - started < 1


def test_chains_of_sectors_that_run_in_circles_end():
    """Every entry of the table of sectors points to the first sector."""
    data = bytearray(good().build())
    table = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<100I", data, 512 * (table + 1), *[0] * 100)
    started = time.monotonic()
    assert problem(bytes(data)) == "corrupt"
    assert time.monotonic() - started < 2


def test_a_directory_like_a_rope_ends():
    """Thousands of entries, each the right neighbour of the one before."""
    data = compound({f"stream{number:05}": b"" for number in range(1500)})
    started = time.monotonic()
    assert problem(data) == "corrupt"
    assert time.monotonic() - started < 5


BASE = (FILES / "legacy.doc").read_bytes()


@settings(max_examples=120, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=12))
def test_damaged_files_raise_nothing_but_unreadable(changes):
    """Any bytes changed anywhere."""
    data = bytearray(BASE)
    for place, content in changes:
        data[place : place + len(content)] = content
    try:
        assert legacy_word.read(bytes(data), LIMITS).method == "doc"
    except Unreadable as error:
        assert error.detail
