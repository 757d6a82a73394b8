"""Workbooks in the hands of different offices and programs: a layout (LAYOUTS) of the truth, written by a writer (WRITERS).

Layouts make a Sheet: cells by place with values as a spreadsheet keeps them (text, numbers, days with a number format),
and merged ranges. Writers make a file of Sheets: openpyxl, xlwt, XML by hand (transitional, strict, as WPS writes), XML
spreadsheets of 2003, HTML as web programs export it, text with commas or tabs.
"""

import csv
import io
import zipfile
from dataclasses import dataclass, field
from datetime import date
from html import escape

from build_docx import _FORMATS, _SCOPE, _TITLES, _Words, individual_labels, unit_labels

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_STRICT = {
    _MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
    _OFFICE: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
#: how an office lays its form out
LAYOUTS = {
    "two_columns": "label and value side by side, title merged over both",
    "four_columns": "two fields in a row, wide values merged over three columns, ☑ typed over □",
    "above": "labels above their values, in rows of four",
    "offset": "the form begins in C4, a narrow empty column between label and value",
    "typed": "telephone, ID and followers typed as numbers where they are exact, the day as a day",
    "after": "ticks behind the options, date in Chinese numerals, 1.2万",
    "option_cells": "each option in a cell of its own",
    "colons": "label and value in one merged cell, parted by a colon",
    "words": "only the chosen words are left of the options; rows between the blocks are empty",
}
_WIDE = ("name", "handle", "service_type", "scope", "formats", "introduction", "followers", "employer")


@dataclass(frozen=True)
class Day:
    """A day as a spreadsheet keeps it: a serial number with a number format."""

    day: date
    format: str = 'yyyy"年"m"月"d"日"'

    @property
    def serial(self) -> int:
        return (self.day - date(1899, 12, 30)).days


@dataclass
class Sheet:
    """One sheet as its writer thinks of it."""

    name: str = "Sheet1"
    cells: dict[tuple[int, int], object] = field(default_factory=dict)
    #: (top, left, bottom, right)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    #: number formats of numbers
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)

    def put(self, row: int, column: int, value, wide: int = 1, tall: int = 1) -> None:
        """Write a value; merge when it is wider or taller than a cell."""
        self.cells[row, column] = value
        if wide > 1 or tall > 1:
            self.merges.append((row, column, row + tall - 1, column + wide - 1))


def laid_out(fields: dict, kind: str, layout: str, day_format: str = 'yyyy"年"m"月"d"日"') -> Sheet:
    """The form as a sheet in one of LAYOUTS."""
    labels = unit_labels() if kind == "unit_form" else individual_labels()
    style = {"after": "after", "words": "words"}.get(layout, "plain")
    words = _Words("√" if style == "after" else "☑", "" if style == "after" else "□", style)
    rows = [(name, label, words.text(name, fields.get(name))) for name, label in labels]
    sheet = Sheet()
    if layout == "above":
        for number, (_, label, text) in enumerate(rows):
            wide = 4 if number % 4 == 0 and number == len(rows) - 1 else 1
            sheet.put(2 * (number // 4), number % 4, label, wide)
            sheet.put(2 * (number // 4) + 1, number % 4, text, wide)
    elif layout == "four_columns":
        _four_columns(sheet, rows, kind)
    elif layout == "option_cells":
        _option_cells(sheet, rows, fields, kind)
    else:
        _side_by_side(sheet, rows, fields, kind, layout, day_format)
    return sheet


def accounts_sheet(accounts: list[dict], kind: str = "unit_form") -> Sheet:
    """Several accounts as rows under one head row."""
    labels = unit_labels() if kind == "unit_form" else individual_labels()
    words = _Words("☑", "□")
    sheet = Sheet()
    sheet.put(0, 0, _TITLES[kind], len(labels) + 1)
    sheet.put(1, 0, "序号")
    for column, (_, label) in enumerate(labels, 1):
        sheet.put(1, column, label)
    for number, account in enumerate(accounts):
        sheet.put(2 + number, 0, number + 1)
        for column, (name, _) in enumerate(labels, 1):
            sheet.put(2 + number, column, words.text(name, account.get(name)))
    return sheet


def _side_by_side(sheet: Sheet, rows, fields: dict, kind: str, layout: str, day_format: str) -> None:
    top, left = (3, 2) if layout == "offset" else (0, 0)
    gap = 2 if layout == "offset" else 1
    if layout == "offset":
        sheet.widths = {0: 2.0, 1: 8.4, left + 1: 1.5}
    sheet.put(top, left, _TITLES[kind], gap + 1)
    row = top + 1
    for number, (name, label, text) in enumerate(rows):
        if layout == "words" and number in (3, 9):
            row += 2
        if layout == "colons":
            sheet.put(row, left, f"{label}:{text}", 2)
        else:
            sheet.put(row, left, label)
            sheet.put(row, left + gap, _typed(name, text, fields.get(name), day_format) if layout == "typed" else text)
        row += 1


def _typed(name: str, text: str, value, day_format: str):
    """The value as a spreadsheet takes what people type."""
    if name == "registered_on" and value and len(value) == 10:
        return Day(date.fromisoformat(value), day_format)
    if name in ("followers", "admin_phone", "owner_phone") and value is not None and str(value).isdigit():
        return int(value)
    return text


def _four_columns(sheet: Sheet, rows, kind: str) -> None:
    sheet.put(0, 0, _TITLES[kind], 4)
    row, pair = 1, False
    for name, label, text in rows:
        if name in _WIDE:
            row += pair
            sheet.put(row, 0, label)
            sheet.put(row, 1, text, 3)
            row, pair = row + 1, False
        else:
            sheet.put(row, 2 * pair, label)
            sheet.put(row, 2 * pair + 1, text)
            row, pair = row + pair, not pair


def _option_cells(sheet: Sheet, rows, fields: dict, kind: str) -> None:
    sheet.put(0, 0, _TITLES[kind], 6)
    row = 1
    for name, label, text in rows:
        options = {"scope": _SCOPE, "formats": _FORMATS, "news_license": ("是", "否")}.get(name)
        if not options:
            sheet.put(row, 0, label)
            sheet.put(row, 1, text, 5)
            row += 1
            continue
        value = fields.get(name)
        chosen = value if isinstance(value, tuple) else {True: ("是",), False: ("否",)}.get(value, ())
        tall = -(-len(options) // 5)
        sheet.put(row, 0, label, tall=tall)
        for number, option in enumerate(options):
            sheet.put(row + number // 5, 1 + number % 5, ("☑" if option in chosen else "□") + option)
        row += tall


# ---------------------------------------------------------------------------------------------------- writers


def openpyxl_book(*sheets: Sheet) -> bytes:
    """The workbook as openpyxl writes it."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, sheet in enumerate(sheets, 1):
        page = book.create_sheet(sheet.name if len(sheets) == 1 else f"Sheet{number}")
        for (row, column), value in sheet.cells.items():
            cell = page.cell(row + 1, column + 1)
            cell.value = value.day if isinstance(value, Day) else value
            if isinstance(value, Day):
                cell.number_format = value.format
            elif (row, column) in sheet.formats:
                cell.number_format = sheet.formats[row, column]
        for top, left, bottom, right in sheet.merges:
            page.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
        for column, width in sheet.widths.items():
            page.column_dimensions[openpyxl.utils.get_column_letter(column + 1)].width = width
    return _bytes(book.save)


def xlwt_book(*sheets: Sheet) -> bytes:
    """The workbook as xlwt writes it (BIFF8)."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    for number, sheet in enumerate(sheets, 1):
        page = book.add_sheet(sheet.name if len(sheets) == 1 else f"Sheet{number}")
        merged = {(top, left): (top, bottom, left, right) for top, left, bottom, right in sheet.merges}
        for (row, column), value in sheet.cells.items():
            code = value.format if isinstance(value, Day) else sheet.formats.get((row, column), "General")
            style = xlwt.easyxf(num_format_str=code)
            plain = value.serial if isinstance(value, Day) else value
            if (row, column) in merged:
                page.write_merge(*merged[row, column], plain, style)
            else:
                page.write(row, column, plain, style)
        for column, width in sheet.widths.items():
            page.col(column).width = int(width * 256)
    return _bytes(book.save)


def reference(row: int, column: int) -> str:
    """`B3` for (2, 1)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def xml_sheet(sheet: Sheet, styles: dict[str, int], *, shared: list[str] | None, numbered: bool = True) -> str:
    """A worksheet part by hand; `shared` collects strings, None writes them inline; `numbered`: places are written."""
    rows = []
    lines: dict[int, list[tuple[int, object]]] = {}
    for (row, column), value in sorted(sheet.cells.items()):
        lines.setdefault(row, []).append((column, value))
    for row in range(max(lines) + 1) if not numbered else sorted(lines):
        made, at = [], 0
        for column, value in lines.get(row, ()):
            while not numbered and at < column:
                made.append("<c/>")
                at += 1
            place = f' r="{reference(row, column)}"' if numbered else ""
            code = value.format if isinstance(value, Day) else sheet.formats.get((row, column))
            style = f' s="{styles[code]}"' if code else ""
            made.append(_xml_cell(value, place + style, shared))
            at = column + 1
        rows.append(f"<row{f' r={chr(34)}{row + 1}{chr(34)}' if numbered else ''}>{''.join(made)}</row>")
    columns = "".join(f'<col min="{c + 1}" max="{c + 1}" width="{w}" customWidth="1"/>' for c, w in sheet.widths.items())
    merges = "".join(f'<mergeCell ref="{reference(t, le)}:{reference(b, r)}"/>' for t, le, b, r in sheet.merges)
    return (f'<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{f"<cols>{columns}</cols>" if columns else ""}<sheetData>{"".join(rows)}'
            f"</sheetData>{f'<mergeCells>{merges}</mergeCells>' if merges else ''}{{extra}}</worksheet>")  # fmt: skip


def _xml_cell(value, attributes: str, shared: list[str] | None) -> str:
    if isinstance(value, Day):
        return f"<c{attributes}><v>{value.serial}</v></c>"
    if isinstance(value, bool):
        return f'<c{attributes} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c{attributes}><v>{value}</v></c>"
    item = value if str(value).startswith("<") else f'<t xml:space="preserve">{escape(str(value), quote=False)}</t>'
    if shared is None:
        return f'<c{attributes} t="inlineStr"><is>{item}</is></c>'
    shared.append(item)
    return f'<c{attributes} t="s"><v>{len(shared) - 1}</v></c>'


def xml_book(
    *sheets: Sheet, strict: bool = False, inline: bool = False, numbered: bool = True, extras: str = "",
    parts: dict[str, bytes | str] | None = None, links: str = "", states: tuple[str, ...] = (), from_1904: bool = False,
) -> bytes:
    """A workbook written as XML by hand.

    `extras` stand behind the first sheet's cells, `links` among its relationships, `parts` (name → content) in the
    package; a cell's text that begins with `<` is the XML of a string item (rich text).
    """
    codes = sorted({value.format for s in sheets for value in s.cells.values() if isinstance(value, Day)}
                   | {code for s in sheets for code in s.formats.values()})  # fmt: skip
    styles = {code: number for number, code in enumerate(codes, 1)}
    shared: list[str] | None = None if inline else []
    files: dict[str, bytes | str] = {}
    for number, sheet in enumerate(sheets, 1):
        text = xml_sheet(sheet, styles, shared=shared, numbered=numbered)
        files[f"xl/worksheets/sheet{number}.xml"] = text.replace("{extra}", extras if number == 1 else "")
    files["xl/worksheets/_rels/sheet1.xml.rels"] = f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>'
    formats = "".join(f'<numFmt numFmtId="{163 + n}" formatCode="{escape(code)}"/>' for code, n in styles.items())
    files["xl/styles.xml"] = (
        f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts><fonts><font><name val="宋体"/></font></fonts><borders><border/></borders>'
        f'<cellXfs><xf numFmtId="0" fontId="0"/>{"".join(f"<xf numFmtId={chr(34)}{163 + n}{chr(34)} fontId={chr(34)}0{chr(34)}/>" for n in styles.values())}'
        "</cellXfs></styleSheet>")  # fmt: skip
    if shared is not None:
        files["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{"".join(f"<si>{item}</si>" for item in shared)}</sst>'
    listed = "".join(f'<sheet name="{escape(sheet.name)}{number if len(sheets) > 1 else ""}" sheetId="{number}" r:id="s{number}"'
                     f'{_state(states, number)}/>' for number, sheet in enumerate(sheets, 1))  # fmt: skip
    files["xl/workbook.xml"] = (f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="{int(from_1904)}"/>'
                                f"<sheets>{listed}</sheets></workbook>")  # fmt: skip
    targets = [(f"s{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    targets += [("st", "styles", "styles.xml"), ("sh", "sharedStrings", "sharedStrings.xml")]
    files["xl/_rels/workbook.xml.rels"] = relationships(*targets)
    files["_rels/.rels"] = relationships(("r1", "officeDocument", "xl/workbook.xml"))
    files["[Content_Types].xml"] = ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                                    '<Default Extension="xml" ContentType="application/xml"/></Types>')  # fmt: skip
    if strict:
        files = {name: _as_strict(text) for name, text in files.items()}
    return zipped({**files, **(parts or {})})


def _state(states: tuple[str, ...], number: int) -> str:
    return f' state="{states[number - 1]}"' if number <= len(states) and states[number - 1] else ""


def _as_strict(text) -> str:
    for old, new in _STRICT.items():
        text = text.replace(old, new)
    return text


def relationships(*targets: tuple[str, str, str]) -> str:
    """A part of relationships: (identifier, last word of the type, target) each."""
    items = "".join(f'<Relationship Id="{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for i, kind, target in targets)
    return f'<Relationships xmlns="{_PACKAGE}">{items}</Relationships>'


def zipped(files: dict[str, bytes | str]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2019, 8, 1, 9, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def strict_book(*sheets: Sheet) -> bytes:
    """The namespaces of ISO 29500 strict, strings inline."""
    return xml_book(*sheets, strict=True, inline=True)


def sparse_book(*sheets: Sheet) -> bytes:
    """Neither rows nor cells say where they stand, as some report programs write."""
    return xml_book(*sheets, numbered=False)


def wps_book(*sheets: Sheet) -> bytes:
    """Rich text in many runs, a phonetic guide, ticks by font (R and £ in Wingdings 2), parts of WPS's own."""
    return xml_book(*(_in_runs(sheet) for sheet in sheets), parts={"xl/cellimages.xml": "<etc:cellImages xmlns:etc='x'/>"})


def _in_runs(sheet: Sheet) -> Sheet:
    font = '<r><rPr><rFont val="Wingdings 2"/></rPr><t>{}</t></r>'
    special = {"☑": font.format("R"), "□": font.format("£"), "\n": '<r><t xml:space="preserve">_x000D_\n</t></r>'}
    cells = {}
    for place, value in sheet.cells.items():
        if isinstance(value, str) and value:
            runs = (special.get(char) or f'<r><rPr><rFont val="宋体"/></rPr><t xml:space="preserve">{escape(char, quote=False)}</t></r>'
                    for char in value)  # fmt: skip
            value = "".join(runs) + '<rPh sb="0" eb="1"><t>pin yin</t></rPh>'
        cells[place] = value
    return Sheet(sheet.name, cells, sheet.merges, sheet.formats, sheet.widths)


def _shown(value) -> str:
    if isinstance(value, Day):
        return f"{value.day.year}年{value.day.month}月{value.day.day}日"
    return str(value)


def _covered(sheet: Sheet) -> set[tuple[int, int]]:
    return {(row, column) for top, left, bottom, right in sheet.merges for row in range(top, bottom + 1)
            for column in range(left, right + 1) if (row, column) != (top, left)}  # fmt: skip


def html_page(*sheets: Sheet, charset: str = "gb2312", controls: bool = False) -> bytes:
    """The page as a web program exports it; `controls`: boxes are form controls."""
    tables = []
    for sheet in sheets:
        spans = {(t, le): f' rowspan="{b - t + 1}" colspan="{r - le + 1}"' for t, le, b, r in sheet.merges}
        covered = _covered(sheet)
        last = max(column for _, column in sheet.cells)
        rows = []
        for row in range(max(row for row, _ in sheet.cells) + 1):
            cells = "".join(
                f"<td{spans.get((row, column), '')}>{_html(_shown(sheet.cells.get((row, column), '')), controls)}"
                for column in range(last + 1) if (row, column) not in covered
            )  # fmt: skip
            rows.append(f"<tr>{cells}")
        tables.append(f"<table border=1>{''.join(rows)}</table>")
    head = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"><title>导出</title></head><body>'
    codec = {"gb2312": "gb18030"}.get(charset, charset)
    return (head + "<hr>".join(tables) + "</body></html>").encode(codec)


def _html(text: str, controls: bool) -> str:
    text = escape(text).replace("\n", "<br>").replace("  ", "&nbsp; ")
    if controls:
        text = text.replace("☑", '<input type=checkbox checked="">').replace("□", "<input type='checkbox'>")
    return text


def xmlss_book(*sheets: Sheet) -> bytes:
    """The workbook as an XML spreadsheet of Excel 2003."""
    pages = []
    for number, sheet in enumerate(sheets, 1):
        merged = {(t, le): (b - t, r - le) for t, le, b, r in sheet.merges}
        rows = []
        for row in sorted({row for row, _ in sheet.cells}):
            cells = []
            for (_, column), value in sorted(item for item in sheet.cells.items() if item[0][0] == row):
                down, across = merged.get((row, column), (0, 0))
                kind, text, style = "String", escape(_shown(value)).replace("\n", "&#10;"), ""
                if isinstance(value, Day):
                    kind, text, style = "DateTime", f"{value.day.isoformat()}T00:00:00.000", ' ss:StyleID="day"'
                elif isinstance(value, int):
                    kind = "Number"
                cells.append(f'<Cell ss:Index="{column + 1}" ss:MergeDown="{down}" ss:MergeAcross="{across}"{style}>'
                             f'<Data ss:Type="{kind}">{text}</Data></Cell>')  # fmt: skip
            rows.append(f'<Row ss:Index="{row + 1}">{"".join(cells)}</Row>')
        widths = "".join(f'<Column ss:Index="{column + 1}" ss:Width="{6 * width}"/>' for column, width in sheet.widths.items())
        pages.append(f'<Worksheet ss:Name="Sheet{number}"><Table>{widths}{"".join(rows)}</Table></Worksheet>')
    styles = ('<Styles><Style ss:ID="Default"/><Style ss:ID="day"><NumberFormat ss:Format="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>'
              "</Style></Styles>")  # fmt: skip
    return ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
            f'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">{styles}{"".join(pages)}</Workbook>').encode()  # fmt: skip


def csv_text(sheet: Sheet, separator: str = ",", codec: str = "gb18030") -> bytes:
    """The sheet as text with separators."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator)
    width = max(column for _, column in sheet.cells) + 1
    for row in range(max(row for row, _ in sheet.cells) + 1):
        writer.writerow([_shown(sheet.cells.get((row, column), "")) for column in range(width)])
    return buffer.getvalue().encode(codec)


def _bytes(save) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


#: who writes a workbook of the new format
WRITERS = {"openpyxl": openpyxl_book, "xml": xml_book, "strict": strict_book, "sparse": sparse_book, "wps": wps_book}
