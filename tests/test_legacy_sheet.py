"""Excel 97-2003 workbooks: BIFF8 of xlwt and LibreOffice, BIFF5 by hand, and what is broken or hostile."""

import io
import json
import struct
import time
from datetime import date
from pathlib import Path

import pytest
from build_forms import differences, individual_fields, invented_id, unit_fields
from build_sheets import LAYOUTS, Day, Sheet, accounts_sheet, laid_out, xlwt_book
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.config import ReadLimits
from intake.readers import Unreadable, legacy_sheet
from intake.readers.biff import rk_number
from intake.reading.filetype import kind_of
from rules.document import Table
from rules.form import is_blank, read_forms
from rules.survey import load_survey

xlwt = pytest.importorskip("xlwt")
SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
FILES = Path(__file__).parent / "files" / "sheets"
LIMITS = ReadLimits()
UNIT, PERSON = unit_fields(), individual_fields()


def cells(document) -> dict[tuple[int, int], str]:
    return {(c.row, c.column): c.text for block in document.blocks if isinstance(block, Table) for c in block.cells}


def saved(book) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """An OLE file with one stream, by xlwt's own writer (which pads it to whole sectors)."""
    from xlwt.CompoundDoc import XlsDoc

    buffer = io.BytesIO()
    XlsDoc().save(buffer, stream)
    data = buffer.getvalue()
    old, new = "Workbook".encode("utf-16-le"), name.encode("utf-16-le")
    at = data.rindex(old)
    directory = bytearray(data)
    directory[at : at + 64] = new.ljust(64, b"\0")
    directory[at + 64 : at + 66] = struct.pack("<H", len(new) + 2)
    return bytes(directory)


def workbook(sheet_records: bytes, global_records: bytes = b"", version: int = 0x600, name: str = "Workbook") -> bytes:
    """A workbook of one sheet from raw records."""
    bof = struct.pack("<HHHH", version, 5, 0, 0) + (bytes(8) if version == 0x600 else b"")
    title = b"\x06\x00Sheet1" if version == 0x600 else b"\x06Sheet1"
    head = record(0x809, bof) + global_records
    start = len(head) + 4 + 6 + len(title) + 4
    top = head + record(0x85, struct.pack("<IBB", start, 0, 0) + title) + record(0x0A)
    page = record(0x809, bof[:2] + b"\x10\x00" + bof[4:]) + sheet_records + record(0x0A)
    return compound(top + page, name)


def problem(data: bytes, limits=LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        legacy_sheet.read(data, limits)
    return caught.value.problem


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_form_gives_the_same_fields_as_in_any_format(layout):
    """Every layout, unit and individual, full and with empty fields."""
    for kind, truth in (
        ("unit_form", UNIT), ("individual_form", PERSON),
        ("unit_form", unit_fields(introduction=None, admin_email=None, address=None, news_license=True)),
        ("individual_form", individual_fields(followers=None, owner_wechat=None, employer=None)),
    ):  # fmt: skip
        data = xlwt_book(laid_out(truth, kind, layout))
        document = legacy_sheet.read(data, LIMITS)
        (form,) = read_forms(document, SURVEY)
        assert (form.kind, differences(form, truth), document.method) == (kind, [], "xls")
        assert {kind_of(data, name) for name in ("a.xls", "a.et", "a.doc", "a")} == {"xls"}


def test_several_accounts_and_several_sheets():
    """Rows under one head row; a second sheet with a form of its own."""
    accounts = [UNIT, unit_fields(name="衡东文旅", handle="hdwl", registered_on="2019-01-15")]
    document = legacy_sheet.read(xlwt_book(accounts_sheet(accounts), laid_out(PERSON, "individual_form", "four_columns")), LIMITS)
    forms = read_forms(document, SURVEY)
    assert [differences(form, truth) for form, truth in zip(forms, [*accounts, PERSON], strict=True)] == [[], [], []]


def test_a_blank_form_is_blank():
    """Nobody filled it in."""
    (form,) = read_forms(legacy_sheet.read(xlwt_book(laid_out({}, "unit_form", "four_columns")), LIMITS), SURVEY)
    assert is_blank(form)


@pytest.mark.parametrize("code", ["yyyy/m/d", "m/d/yy", 'yyyy"年"m"月"d"日"', '[DBNum1][$-804]yyyy"年"m"月"d"日"'])
def test_a_day_is_a_day_in_every_number_format(code):
    """The serial number is certain, whatever the format."""
    (form,) = read_forms(legacy_sheet.read(xlwt_book(laid_out(UNIT, "unit_form", "typed", code)), LIMITS), SURVEY)
    assert differences(form, UNIT) == []


def test_an_id_number_that_a_sheet_has_rounded_is_never_an_id_number():
    """This format keeps 15 digits and no more."""
    laid = laid_out(individual_fields(owner_id_number=None), "individual_form", "two_columns")
    place = next(place for place, text in laid.cells.items() if text == "身份证号")
    laid.cells[place[0], 1] = float(invented_id(9))
    (form,) = read_forms(legacy_sheet.read(xlwt_book(laid), LIMITS), SURVEY)
    assert not form.get("owner_id_number").valid and "E+17" in form.get("owner_id_number").raw


def test_rich_text_symbol_fonts_and_struck_words():
    """Ticks by font in a run; a struck-out option is no option."""
    book = xlwt.Workbook()
    page = book.add_sheet("表")
    ticks, struck = xlwt.easyfont("name Wingdings 2"), xlwt.easyfont("struck_out true")
    page.write_rich_text(0, 0, [("R", ticks), "是", ("£", ticks), ("未知", struck), "否"])
    page.write(0, 1, "R", xlwt.easyxf("font: name Wingdings 2"))
    assert cells(legacy_sheet.read(saved(book), LIMITS)) == {(0, 0): "☑是□否", (0, 1): "☑", (1, 0): "", (1, 1): ""}


def test_values_of_formulas_truth_values_and_empty_ruled_cells():
    """Booleans, and a ruled empty cell beside the last written one is a field."""
    book = xlwt.Workbook()
    page = book.add_sheet("表")
    page.write(0, 0, True)
    page.write(0, 1, "", xlwt.easyxf("borders: left thin, right thin, top thin, bottom thin"))
    assert cells(legacy_sheet.read(saved(book), LIMITS)) == {(0, 0): "TRUE", (0, 1): ""}


def test_cached_values_of_formulas_are_kept():
    """FORMULA with a number, with a text that follows in a STRING record, and with an error."""
    head = struct.pack("<HHH", 0, 0, 0)
    made = (record(0x6, head + struct.pack("<d", 3.5) + bytes(8))
            + record(0x6, struct.pack("<HHH", 0, 1, 0) + b"\x00" + bytes(5) + b"\xff\xff" + bytes(8)) + record(0x207, b"\x01\x00\x01\x32\x75")
            + record(0x6, struct.pack("<HHH", 0, 2, 0) + b"\x02\x00\x2a" + bytes(3) + b"\xff\xff" + bytes(8)))  # fmt: skip
    shown = cells(legacy_sheet.read(workbook(made), LIMITS))
    assert [shown[0, column] for column in range(3)] == ["3.5", "\u7532", "#N/A"]


def test_hidden_rows_and_sheets_are_left_out_with_a_note():
    """Nobody sees them."""
    book = xlwt.Workbook()
    page, other = book.add_sheet("甲"), book.add_sheet("乙")
    page.write(0, 0, "见")
    page.write(1, 0, "不见")
    page.row(1).hidden = True
    other.write(0, 0, "隐")
    other.visibility = 1
    document = legacy_sheet.read(saved(book), LIMITS)
    assert "".join(cells(document).values()) == "见" and document.notes == ("hidden-cells", "hidden-sheet")


def test_boxes_of_libreoffice_lie_in_their_cells():
    """A real file with check boxes, option buttons and a shape with text."""
    found = cells(legacy_sheet.read((FILES / "boxes.xls").read_bytes(), LIMITS))
    assert (found[1, 1], found[1, 2], found[2, 1], found[3, 1]) == ("☑新闻发布", "□政策法规", "□是  ☑否", "衡东县教育局")


def test_the_calendar_of_1904_is_heeded():
    """Workbooks of old Macintoshes count from another day."""
    book = xlwt.Workbook()
    book.dates_1904 = True
    book.add_sheet("表").write(0, 0, Day(date(2018, 3, 5)).serial - 1462, xlwt.easyxf(num_format_str="yyyy/m/d"))
    assert cells(legacy_sheet.read(saved(book), LIMITS))[0, 0] == "2018/3/5"


def test_excel_95_workbooks_are_read():
    """BIFF5: texts in the code page, numbers, the stream `Book`."""
    text = "账号名称".encode("gbk")
    label = record(0x204, struct.pack("<HHHH", 0, 0, 0, len(text)) + text)
    value = "衡东发布".encode("gbk")
    rich = record(0xD6, struct.pack("<HHHH", 0, 1, 0, len(value)) + value + b"\x00")
    number = record(0x203, struct.pack("<HHHd", 1, 0, 0, 12000.0))
    data = workbook(label + rich + number, record(0x42, struct.pack("<H", 936)), 0x500, "Book")
    assert kind_of(data, "表.xls") == "xls"
    found = cells(legacy_sheet.read(data, LIMITS))
    assert (found[0, 0], found[0, 1], found[1, 0]) == ("账号名称", "衡东发布", "12000")


def test_pictures_are_files_of_their_own():
    """A blip of the drawing group, as Excel keeps pictures."""
    buffer = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(buffer, "PNG")
    blip = struct.pack("<HHI", 0x6E00, 0xF01E, 17 + len(buffer.getvalue())) + bytes(17) + buffer.getvalue()
    entry = struct.pack("<HHI", 0x62, 0xF007, 36 + len(blip)) + bytes(24) + struct.pack("<II", 1, 0) + bytes(4) + blip
    group = struct.pack("<HHI", 0x0F, 0xF000, len(entry)) + entry
    parts = [group[at : at + 8000] for at in range(0, len(group), 8000)]
    drawing = record(0xEB, parts[0]) + b"".join(record(0x3C, part) for part in parts[1:])
    document = legacy_sheet.read(workbook(record(0x203, struct.pack("<HHHd", 0, 0, 0, 1.0)), drawing), LIMITS)
    assert [(item.filename, item.media_type, item.data) for item in document.embedded] == [("image1.png", "image/png", buffer.getvalue())]


@pytest.mark.parametrize(("value", "number"), [(0x3FF00000, 1.0), (0x3FF00001, 0.01), (1000 << 2 | 2, 1000.0), (0xFFFFFFFE, -1.0), (12345 << 2 | 3, 123.45)])
def test_packed_numbers_are_unpacked(value, number):
    """[MS-XLS] 2.5.232 RkNumber."""
    assert rk_number(value) == number


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=2_000), min_size=1, max_size=25))
@settings(max_examples=40, deadline=None)
def test_texts_that_go_on_in_the_next_record_come_back_whole(texts):
    """Shared strings are cut every 8,224 bytes, anywhere, and change their width there."""
    book = xlwt.Workbook()
    page = book.add_sheet("表")
    for row, text in enumerate(texts):
        page.write(row, 0, f"甲{text}乙" if row % 2 else text)
    (block,) = legacy_sheet.read(saved(book), LIMITS).blocks
    shown = {cell.row: cell.text for cell in block.cells}
    kept = {row: f"甲{text}乙" if row % 2 else text for row, text in enumerate(texts)}
    for row, text in kept.items():
        letters = [char for char in text if "\u4e00" <= char < "\u9fff" or char.isalnum() and char.isascii()]
        assert [char for char in shown.get(row, "") if "\u4e00" <= char < "\u9fff" or char.isalnum() and char.isascii()] == letters


def test_locked_damaged_and_old_files_are_told_apart():
    """Each with the problem that the person must hear of."""
    good = xlwt_book(Sheet(cells={(0, 0): "甲"}))
    assert problem(b"") == "empty" and problem(good, ReadLimits(max_file_bytes=99)) == "too_large"
    assert problem(workbook(b"", record(0x2F, bytes(6)))) == "encrypted"
    assert problem(workbook(b"", version=0x400)) == "unsupported"
    assert problem(good[:600]) == "corrupt" and problem(compound(b"\0" * 5000)) == "corrupt"


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12), st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_damage_is_survived(changes, cut):
    """Whatever bytes are changed or missing: a Document or Unreadable, at once."""
    data = bytearray((FILES / "boxes.xls").read_bytes())
    for place, byte in changes:
        data[place % len(data)] = byte
    started = time.monotonic()
    try:
        legacy_sheet.read(bytes(data[: cut or None]), LIMITS)
    except Unreadable:
        pass
    assert time.monotonic() - started < 3


def test_forged_counts_cost_nothing():
    """A million merged cells, a string of four billion characters, records without end."""
    merges = record(0xE5, struct.pack("<H", 1027) + struct.pack("<4H", 0, 65535, 0, 255) * 1027)
    cell = record(0x203, struct.pack("<HHHd", 65535, 255, 0, 1.0)) + record(0x203, struct.pack("<HHHd", 0, 0, 0, 1.0))
    strings = record(0xFC, struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF) + b"\xff\xff\x0d\xff\xff\xff\xff\xff\xff" + bytes(50))
    started = time.monotonic()
    document = legacy_sheet.read(workbook(cell + merges * 300, strings), LIMITS)
    assert len(cells(document)) < 1_000 and time.monotonic() - started < 5


def test_the_truth_of_the_kept_files_has_old_workbooks():
    """The files of LibreOffice are read in test_sheet; here only that there are some of this format."""
    assert sum(name.endswith(".xls") for name in json.loads((FILES / "truth.json").read_text("utf-8"))) >= 4
