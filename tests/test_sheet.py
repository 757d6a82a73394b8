"""Excel workbooks of many writers, tables as text and XML: what people see in the cells, and what attackers put there."""

import importlib
import io
import json
import time
from datetime import date
from pathlib import Path

import pytest
from build_forms import differences, individual_fields, invented_id, unit_fields
from build_sheets import (
    LAYOUTS,
    WRITERS,
    Day,
    Sheet,
    accounts_sheet,
    csv_text,
    laid_out,
    openpyxl_book,
    relationships,
    xml_book,
    xmlss_book,
    zipped,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.config import ReadLimits
from intake.readers import Unreadable, ods, sheet, sheet_xml, text_table
from intake.readers.number_format import digits_as_written, formatted
from intake.readers.sheet_drawing import morph_data
from intake.reading.documents import READERS
from intake.reading.filetype import kind_of
from rules.document import EMPTY, TICKED, Paragraph, Table
from rules.form import is_blank, read_forms
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
FILES = Path(__file__).parent / "files" / "sheets"
LIMITS = ReadLimits()
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="r">'
UNIT, PERSON = unit_fields(), individual_fields()


def cells(document) -> dict[tuple[int, int], str]:
    return {(c.row, c.column): c.text for block in document.blocks if isinstance(block, Table) for c in block.cells}


def of(values: dict, **how) -> dict[tuple[int, int], str]:
    return cells(sheet.read(xml_book(Sheet(cells=values), **how), LIMITS))


def with_part(content: str, name: str = "xl/worksheets/sheet1.xml", **how) -> bytes:
    return xml_book(Sheet(cells={(0, 0): "账号"}), parts={name: content}, **how)


def rows(content: str) -> bytes:
    return with_part(f"{HEAD}<sheetData>{content}</sheetData></worksheet>")


def problem(data: bytes, limits=LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        sheet.read(data, limits)
    return caught.value.problem


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


# ------------------------------------------------------------------------------------------------- whole forms


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("writer", WRITERS)
def test_a_form_gives_the_same_fields_whoever_wrote_it(writer, layout):
    """Every layout by every writer, as unit and as individual, full and with empty fields."""
    for kind, truth in (
        ("unit_form", UNIT), ("individual_form", PERSON),
        ("unit_form", unit_fields(introduction=None, admin_email=None, address=None, news_license=True)),
        ("individual_form", individual_fields(followers=None, owner_wechat=None, employer=None)),
    ):  # fmt: skip
        document = sheet.read(WRITERS[writer](laid_out(truth, kind, layout)), LIMITS)
        (form,) = read_forms(document, SURVEY)
        assert (form.kind, differences(form, truth), document.method) == (kind, [], "xlsx")


def test_the_content_tells_a_workbook_whatever_its_name():
    """.xlsm, .et, .xls, .docx, no extension."""
    data = xml_book(Sheet(cells={(0, 0): "甲"}), parts={"xl/vbaProject.bin": b"x"})
    assert {kind_of(data, name) for name in ("a.xlsx", "a.xlsm", "a.et", "a.xls", "a.docx", "a")} == {"xlsx"}


def test_an_open_document_sheet_has_its_boxes_and_leaves_hidden_sheets_out():
    """Check boxes over the cells; a single XML file; a sheet that nobody sees."""
    data = (FILES / "boxes.fods").read_bytes()
    assert kind_of(data, "boxes.fods") == kind_of(data, "登记表.ods") == "ods"
    text = ods.read(data, LIMITS).text
    assert f"{TICKED}新闻发布" in text and f"{EMPTY}政策法规" in text and f"{EMPTY}是" in text and f"{TICKED}否" in text
    hidden = data.replace(b"<table:table ", b'<table:table table:style-name="h" ', 1).replace(
        b"<office:body>", b'<office:automatic-styles xmlns:style="s"><style:style style:name="h"><style:table-properties '
        b'table:display="false"/></style:style></office:automatic-styles><office:body>', 1)
    document = ods.read(hidden, LIMITS)
    assert document.notes == ("hidden-sheet",) and not document.blocks


def test_a_sheet_of_absurd_size_is_read_in_no_time():
    """A million rows that repeat one, a thousand columns, a cell merged over all of them."""
    cell = '<t:table-cell t:number-columns-repeated="1000000" t:number-rows-spanned="900000"><x:p>甲</x:p></t:table-cell>'
    row = f'<t:table-row t:number-rows-repeated="1000000">{cell}</t:table-row>'
    data = ('<?xml version="1.0"?><o:document xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:t="t" xmlns:x="x">'
            f"<!-- opendocument.spreadsheet --><o:body><o:spreadsheet><t:table>{row * 300}</t:table></o:spreadsheet></o:body></o:document>")
    start = time.perf_counter()
    document = ods.read(data.encode(), LIMITS)
    assert time.perf_counter() - start < 5 and "cut-short" in document.notes


@pytest.mark.parametrize("name", sorted(json.loads((FILES / "truth.json").read_text("utf-8"))))
def test_files_of_libreoffice_are_read_whole(name):
    """Real files (tests/files/sheets/make.py), their kind told by their content."""
    data, truth = (FILES / name).read_bytes(), json.loads((FILES / "truth.json").read_text("utf-8"))[name]
    reader = importlib.import_module(f"intake.readers.{READERS[kind_of(data, name)]}")
    forms = read_forms(reader.read(data, LIMITS), SURVEY)
    wanted = [{key: tuple(item) if isinstance(item, list) else item for key, item in form.items()} for form in truth["forms"]]
    assert [form.kind for form in forms] == [truth["kind"]] * len(wanted)
    assert [differences(form, fields) for form, fields in zip(forms, wanted, strict=True)] == [[] for _ in wanted]


def test_several_accounts_under_one_head_row_are_several_forms():
    """As a unit's summary table has them."""
    accounts = [UNIT, unit_fields(name="衡东文旅", handle="hdwl", registered_on="2019-01-15"), unit_fields(name="衡东医保", handle="hdyb")]
    forms = read_forms(sheet.read(openpyxl_book(accounts_sheet(accounts)), LIMITS), SURVEY)
    assert [differences(form, truth) for form, truth in zip(forms, accounts, strict=True)] == [[], [], []]


def test_each_sheet_is_a_table_and_hidden_ones_are_noted():
    """A unit's and an individual's form on two sheets; a third is hidden."""
    sheets = [laid_out(UNIT, "unit_form", "two_columns"), laid_out(PERSON, "individual_form", "four_columns"),
              Sheet(cells={(0, 0): "机关,企业"})]  # fmt: skip
    document = sheet.read(xml_book(*sheets, states=("", "", "hidden")), LIMITS)
    first, second = read_forms(document, SURVEY)
    assert (differences(first, UNIT), differences(second, PERSON), document.pages) == ([], [], 2)
    assert document.notes == ("hidden-sheet",) and second.get("name").location.startswith("第2页 表2")


@pytest.mark.parametrize("layout", ["two_columns", "four_columns", "above"])
def test_a_blank_form_is_blank(layout):
    """Nobody filled it in: no label becomes a value."""
    (form,) = read_forms(sheet.read(openpyxl_book(laid_out({}, "unit_form", layout)), LIMITS), SURVEY)
    assert is_blank(form) and form.kind == "unit_form"


@pytest.mark.parametrize("code", [
    "yyyy/m/d", "yyyy-mm-dd", "m/d/yyyy", "d/m/yy", "mmmm d, yyyy", '[$-804]yyyy"年"m"月"d"日";@', "yyyy.mm.dd", "yy-m-d",
    '[DBNum1][$-804]yyyy"年"m"月"d"日"', "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "yyyy/m/d h:mm;@", "e\"年\"m\"月\"d\"日\"",
    "[Red]yyyy\\-m\\-d",
])  # fmt: skip
def test_a_day_is_a_day_in_every_number_format(code):
    """The serial number is certain, whatever the format; day and month never change places."""
    truth = unit_fields(registered_on="2018-03-05")
    (form,) = read_forms(sheet.read(xml_book(laid_out(truth, "unit_form", "typed", code)), LIMITS), SURVEY)
    assert differences(form, truth) == []


def test_an_id_number_that_a_sheet_has_rounded_is_never_an_id_number():
    """Excel keeps 15 digits: what is shown fails every check. Digits that a program wrote out exactly stay."""
    number = invented_id(9)
    assert number.isdigit()
    for written, valid in ((float(number), False), (int(number[:15] + "000"), False), (int(number), True)):
        laid = laid_out(individual_fields(owner_id_number=None), "individual_form", "two_columns")
        place = next(place for place, text in laid.cells.items() if text == "身份证号")
        laid.cells[place[0], 1] = written
        (form,) = read_forms(sheet.read(xml_book(laid), LIMITS), SURVEY)
        found = form.get("owner_id_number")
        assert found.valid is valid and (found.value == number if valid else "E+17" in found.raw)


@given(st.integers(min_value=10**15, max_value=10**19))
@settings(max_examples=200, deadline=None)
def test_no_digits_are_invented(number):
    """Beyond 15 digits a number is shown as digits only where the file itself holds exactly these digits."""
    assert "E+" in formatted(float(number), "0") and "E+" in formatted(float(number), "General")
    assert digits_as_written(repr(float(number)).replace(".0", "")) is None
    assert digits_as_written(str(number)) in (None, str(number))


# ------------------------------------------------------------------------------------------------------- cells


@pytest.mark.parametrize(("value", "code", "shown"), [
    (13807340001, "General", "13807340001"), (13807340001, "000\\-0000\\-0000", "138-0734-0001"),
    (430424900817123, "General", "430424900817123"), (12000, "#,##0", "12,000"), (0.125, "0.0%", "12.5%"),
    (12345, '0!.0,"万"', "1.2万"), (7, "00000", "00007"), (5, '0"人"', "5人"), (-5, "0;(0)", "(5)"), (0, '0;-0;"无"', "无"),
    (2018.3, "General", "2018.3"), (0.1 + 0.2, "General", "0.3"), (1234.5, "_ * #,##0.00_ ;_ * \\-#,##0.00_ ", "1,234.50"),
    (7341234567, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "(734) 123-4567"), (43164, 'yyyy"年"m"月"', "2018年3月"),
    (43164, 'm"月"d"日"', "3月5日"), (43164.75, "yyyy/m/d h:mm AM/PM", "2018/3/5 6:00 下午"), (0.5, "h:mm", "12:00"),
    (1, "yyyy/m/d", "1900/1/1"), (61, "yyyy/m/d", "1900/3/1"), (1, ";;;", ""), (43164, "mmm-yy", "2018-03"),
    (3, "@", "3"), (12, "0.00E+00", "1.20E+01"), (float("nan"), "0", ""), (float("inf"), "yyyy", ""),
])  # fmt: skip
def test_numbers_are_shown_as_people_see_them(value, code, shown):
    """Number formats, with sections, conditions, scaling and literals."""
    assert formatted(value, code) == shown


@given(st.floats(allow_nan=True, allow_infinity=True), st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_format_breaks_the_reader(value, code):
    """Any number in any format is text."""
    assert isinstance(formatted(value, code), str)


def test_the_calendar_of_1904_is_heeded():
    """Workbooks of old Macintoshes count from another day."""
    day = Day(date(2018, 3, 5), "yyyy/m/d")
    assert of({(0, 0): "日", (0, 1): day})[0, 1] == "2018/3/5"
    assert of({(0, 0): "日", (0, 1): day}, from_1904=True)[0, 1] == "2022/3/6"


def test_cells_of_every_type_are_read():
    """Truth values, errors, formulas by their cached value, days as text (strict), escapes; a formula never computed is noted."""
    content = ('<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="e"><v>#N/A</v></c><c r="C1" t="str"><f>A1</f><v>值</v></c>'
               '<c r="D1" t="d"><v>2018-03-05T00:00:00Z</v></c><c r="E1"><f>1+1</f></c><c r="F1" t="inlineStr"><is><t>甲_x000A_乙</t></is></c>'
               '<c r="G1" t="e" vm="1"><v>#VALUE!</v></c><c r="H1" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>'
               '<c r="I1" t="s"><v>99</v></c><c r="J1"><v>x</v></c></row>')  # fmt: skip
    document = sheet.read(rows(content), LIMITS)
    shown = ["TRUE", "#N/A", "值", "2018/3/5", "", "甲\n乙", "", "", "", "x"]
    assert [cells(document)[0, column] for column in range(10)] == shown and "formula-without-value" in document.notes


def test_ticks_of_symbol_fonts_are_boxes_and_struck_words_are_gone():
    """R and £ in Wingdings 2 in a run; a struck-out option is no option."""
    def font(name: str, text: str) -> str:
        return f'<r><rPr><rFont val="{name}"/></rPr><t>{text}</t></r>'

    rich = font("Wingdings 2", "R") + font("宋体", "是") + font("Wingdings 2", "£") + "<r><rPr><strike/></rPr><t>未知</t></r><r><t>否</t></r>"
    assert of({(0, 0): rich})[0, 0] == "☑是□否"


def test_merged_cells_stand_once_with_their_spans_and_empty_places_are_cells():
    """What a merged range covers is not seen; the places between are empty fields."""
    made = Sheet(cells={(0, 0): "标题", (0, 1): "盖住", (1, 0): "高", (1, 2): "乙", (2, 1): "丙"}, merges=[(0, 0, 0, 2), (1, 0, 2, 0)])
    (table,) = [block for block in sheet.read(xml_book(made), LIMITS).blocks if isinstance(block, Table)]
    shape = [(c.text, c.row, c.column, c.row_span, c.column_span) for c in table.cells]
    assert shape == [("标题", 0, 0, 1, 3), ("高", 1, 0, 2, 1), ("", 1, 1, 1, 1), ("乙", 1, 2, 1, 1), ("丙", 2, 1, 1, 1), ("", 2, 2, 1, 1)]


def test_hidden_rows_and_columns_are_left_out_with_a_note():
    """Nobody sees them; a merged cell that is partly seen stays."""
    content = (f'{HEAD}<cols><col min="2" max="2" hidden="1" width="9"/></cols><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c>'
               '<c r="C1"><v>3</v></c></row><row r="2" hidden="1"><c r="A2"><v>4</v></c></row><row r="3"><c r="B3"><v>5</v></c></row></sheetData>'
               '<mergeCells><mergeCell ref="B3:C3"/></mergeCells></worksheet>')  # fmt: skip
    document = sheet.read(with_part(content), LIMITS)
    assert [text for text in cells(document).values() if text] == ["1", "3", "5"] and document.notes == ("hidden-cells",)


def test_full_width_punctuation_comes_through():
    """Labels with a full-width colon and brackets."""
    assert of({(0, 0): "单位\uff08章\uff09\uff1a衡东县\uff0c洣水镇"})[0, 0] == "单位\uff08章\uff09\uff1a衡东县\uff0c洣水镇"


# --------------------------------------------------------------------------------------------- what floats above


def _control(number: int, words: str, row: int, column: int, state: str, link: str = "") -> tuple[str, str, str]:
    """(VML shape, control element, ctrlProp part) as Excel 2010 and newer write a check box."""
    shape = (f'<v:shape id="Check_x0020_Box_x0020_{number}" o:spid="_x0000_s{1024 + number}" type="#_x0000_t201"><v:textbox><div><font>{words}</font></div></v:textbox>'
             f'<x:ClientData ObjectType="Checkbox"><x:Anchor>{column}, 5, {row}, 2, {column}, 60, {row}, 18</x:Anchor>'
             f'<x:Checked>{int(state == "Checked")}</x:Checked></x:ClientData></v:shape>')  # fmt: skip
    element = f'<control shapeId="{1024 + number}" r:id="k{number}" name="Check Box {number}"/>'
    checked = f' checked="{state}"' if state else ""
    return shape, element, f'<formControlPr objectType="CheckBox"{checked}{f" fmlaLink={chr(34)}{link}{chr(34)}" if link else ""}/>'


def _with_controls(base: Sheet, controls: list[tuple[str, str, str]]) -> bytes:
    vml = ('<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
           f'xmlns:x="urn:schemas-microsoft-com:office:excel">{"".join(shape for shape, _, _ in controls)}<br></xml>')  # fmt: skip
    links = [("v1", "vmlDrawing", "../drawings/vmlDrawing1.vml")]
    parts = {"xl/drawings/vmlDrawing1.vml": vml}
    for number, (_, _, part) in enumerate(controls, 1):
        links.append((f"k{number}", "ctrlProp", f"../ctrlProps/ctrlProp{number}.xml"))
        parts[f"xl/ctrlProps/ctrlProp{number}.xml"] = part
    inner = relationships(*links).partition(">")[2].rpartition("</")[0]
    return xml_book(base, extras=f"<controls>{''.join(element for _, element, _ in controls)}</controls>", links=inner, parts=parts)


def test_check_boxes_lie_in_their_cells_and_their_linked_cells_are_silent():
    """Form controls by VML and ctrlProps: state, words, place; TRUE in a linked cell is no value."""
    base = Sheet(cells={(0, 0): "资质", (0, 1): True, (1, 0): "形式", (1, 1): "文字   图片"})
    controls = [_control(1, "是", 0, 1, "Checked", "$B$1"), _control(2, "否", 0, 2, ""), _control(3, "", 1, 1, ""), _control(4, "", 1, 1, "Checked")]
    found = cells(sheet.read(_with_controls(base, controls), LIMITS))
    assert {place: text for place, text in found.items() if place[0] < 2} == {(0, 0): "资质", (0, 1): f"{TICKED}是", (0, 2): f"{EMPTY}否", (1, 0): "形式", (1, 1): f"{EMPTY}文字 {TICKED}图片", (1, 2): ""}


def test_boxes_and_shapes_of_libreoffice_lie_in_their_cells():
    """Real files with check boxes and a shape with text."""
    found = cells(sheet.read((FILES / "boxes.xlsx").read_bytes(), LIMITS))
    assert (found[1, 1], found[1, 2], found[3, 1]) == ("☑新闻发布", "□政策法规", "衡东县教育局")


def test_text_boxes_are_text_of_their_cell_or_stand_beside():
    """A shape over a cell is what is written there; one far away is a paragraph."""
    def shape(row: int, text: str) -> str:
        corners = "".join(f"<xdr:{end}><xdr:col>1</xdr:col><xdr:colOff>9</xdr:colOff><xdr:row>{row}</xdr:row><xdr:rowOff>9</xdr:rowOff></xdr:{end}>"
                          for end in ("from", "to"))  # fmt: skip
        return f"<xdr:twoCellAnchor>{corners}<xdr:sp><xdr:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:twoCellAnchor>"

    drawing = f'<xdr:wsDr xmlns:xdr="x" xmlns:a="a">{shape(0, "衡东县教育局")}{shape(90, "远处")}</xdr:wsDr>'
    link = relationships(("d1", "drawing", "../drawings/drawing1.xml")).partition(">")[2].rpartition("</")[0]
    data = xml_book(Sheet(cells={(0, 0): "单位", (0, 1): ""}), links=link, parts={"xl/drawings/drawing1.xml": drawing})
    document = sheet.read(data, LIMITS)
    assert cells(document)[0, 1] == "衡东县教育局" and document.blocks[-1] == Paragraph("远处")


def test_the_state_of_an_active_x_box_is_read_from_its_binary_part():
    """[MS-OFORMS] MorphData: value and caption behind the data block."""
    value, caption = "1".encode("utf-16-le"), "是".encode("utf-16-le")
    mask = 1 << 0 | 1 << 8 | 1 << 22 | 1 << 23
    block = (0x2C80081B).to_bytes(4, "little") + len(value).to_bytes(4, "little") + len(caption).to_bytes(4, "little")
    extra = bytes(8) + value + bytes(2) + caption + bytes(2)
    data = b"\x00\x02" + (8 + len(block) + len(extra)).to_bytes(2, "little") + mask.to_bytes(8, "little") + block + extra
    assert morph_data(data) == ("1", "是") and morph_data(b"\x00\x02") == (None, "")


def test_pictures_on_and_in_cells_are_files_of_their_own():
    """A drawing's picture, and one that WPS keeps in cellimages.xml; each once."""
    data = picture()
    drawing = '<xdr:wsDr xmlns:xdr="x" xmlns:a="a" xmlns:r="r"><xdr:oneCellAnchor><xdr:pic><a:blip r:embed="i1"/></xdr:pic></xdr:oneCellAnchor></xdr:wsDr>'
    link = relationships(("d1", "drawing", "../drawings/drawing1.xml")).partition(">")[2].rpartition("</")[0]
    parts = {"xl/drawings/drawing1.xml": drawing, "xl/drawings/_rels/drawing1.xml.rels": relationships(("i1", "image", "../media/a.png")),
             "xl/_rels/cellimages.xml.rels": relationships(("rId1", "image", "media/b.png")), "xl/media/a.png": data, "xl/media/b.png": data + b"\0"}  # fmt: skip
    document = sheet.read(xml_book(Sheet(cells={(0, 0): "照片"}), links=link, parts=parts), LIMITS)
    assert [(item.filename, item.data[:4]) for item in document.embedded] == [("a.png", b"\x89PNG"), ("b.png", b"\x89PNG")]


# ------------------------------------------------------------------------------------------ tables as XML and text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_xml_spreadsheets_of_2003_are_read_whole(layout):
    """What web programs export as .xls."""
    data = xmlss_book(laid_out(UNIT, "unit_form", layout))
    (form,) = read_forms(sheet_xml.read(data, LIMITS), SURVEY)
    assert (differences(form, UNIT), kind_of(data, "登记表.xls"), kind_of(data, "登记表.xml")) == ([], "xmlss", "xmlss")


@pytest.mark.parametrize("layout", ["two_columns", "four_columns", "above", "typed", "after", "colons", "words"])
@pytest.mark.parametrize(("separator", "codec"), [(",", "gb18030"), (",", "utf-8-sig"), ("\t", "utf-16"), (";", "utf-8")])
def test_tables_as_text_are_read_whole(layout, separator, codec):
    """CSV and TSV, by whatever program and in whatever charset, also when they are named .xls."""
    data = csv_text(laid_out(PERSON, "individual_form", layout), separator, codec)
    (form,) = read_forms(text_table.read(data, LIMITS), SURVEY)
    assert (differences(form, PERSON), kind_of(data, "a.csv"), kind_of(data, "a.xls")) == ([], "csv", "csv")


def test_digits_that_a_csv_protects_stay_digits():
    """`="430424…"`, a leading apostrophe, a trailing tab."""
    assert list(cells(text_table.read(b'="0123",\'456,"789\t"\n1,2,3', LIMITS)).values())[:3] == ["0123", "456", "789"]


# ----------------------------------------------------------------------------------------------- hostile, broken


def test_damaged_locked_and_foreign_files_are_told_apart():
    """Each with the problem that the person must hear of."""
    good, ole = xml_book(Sheet(cells={(0, 0): "甲"})), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    assert problem(b"") == "empty" and problem(good[:-200]) == "corrupt" and problem(good, ReadLimits(max_file_bytes=99)) == "too_large"
    assert problem(ole + "EncryptedPackage".encode("utf-16-le")) == "encrypted" and problem(zipped({"a.txt": "x"})) == "corrupt"
    assert problem(zipped({"xl/workbook.bin": b"x"})) == "unsupported"
    assert problem(with_part("<not-closed>")) == "corrupt" and problem(with_part("", "xl/workbook.xml")) == "corrupt"


def test_entities_and_bombs_are_refused_at_once():
    """In the sheet, in the strings, deep, or unpacking without end."""
    laughs = '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 50 + '">]>'
    inner = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    started = time.monotonic()
    assert problem(with_part(laughs + HEAD + inner)) == "corrupt"
    assert problem(with_part(laughs + "<sst><si><t>&b;</t></si></sst>", "xl/sharedStrings.xml")) == "corrupt"
    assert problem(rows("<row>" * 20_000)) == "corrupt" and problem(rows(" " * (80 << 20))) == "too_large"
    assert time.monotonic() - started < 5


def test_huge_empty_sheets_cost_seconds_at_most_and_lose_nothing():
    """A whole column that was only coloured; a cell in the last corner; a merged sheet."""
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    wide = f'{HEAD}<sheetData>{corner}</sheetData><mergeCells><mergeCell ref="B1:XFD1048576"/></mergeCells></worksheet>'
    started = time.monotonic()
    assert sum(len(block.cells) for block in sheet.read(with_part(wide), LIMITS).blocks if isinstance(block, Table)) < 100
    coloured = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(1, 200_000)) + '<row r="200001"><c r="A200001"><v>7</v></c></row>'
    document = sheet.read(rows(coloured), ReadLimits(max_ratio=10_000))
    assert list(cells(document).values()) == ["7"] and document.notes == ()
    many = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c><c r="C{n}"><v>2</v></c></row>' for n in range(1, 60_000))
    cut = sheet.read(rows(many), ReadLimits(max_ratio=10_000))
    assert cut.notes == ("cut-short",) and len(cells(cut)) <= 61_000
    assert time.monotonic() - started < 20


@given(st.dictionaries(st.tuples(st.integers(0, 30), st.integers(0, 12)), st.text(max_size=30), max_size=20),
       st.lists(st.tuples(*[st.integers(0, 12)] * 4), max_size=4))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_text_in_any_cells_comes_back_once(values, ranges):
    """Cells never overlap, whatever is merged; what no merge covers is there."""
    import openpyxl.cell.cell

    values = {place: openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", text) for place, text in values.items()}
    values = {place: "".join(c for c in text if not 0xD800 <= ord(c) < 0xE000 and c not in "\ufffe\uffff\r") for place, text in values.items()}
    values = {place: text for place, text in values.items() if text and not text.startswith("<") and "_x" not in text}
    merges = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in ranges]
    if not values:
        return
    document = sheet.read(xml_book(Sheet(cells=values, merges=merges)), LIMITS)
    covered = {(r, c) for t, le, b, ri in merges for r in range(t, b + 1) for c in range(le, ri + 1)}
    shown = cells(document)
    for place, text in values.items():
        if place not in covered and text.strip():
            assert place in shown
    for block in document.blocks:
        if isinstance(block, Table):
            assert len({(c.row, c.column) for c in block.cells}) == len(block.cells)
