"""XML spreadsheets of Excel 2002/2003 (urn:schemas-microsoft-com:office:spreadsheet), often named .xls."""

from datetime import datetime

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.number_format import formatted, shown_text
from intake.readers.package import parse_xml
from intake.readers.sheet_grid import Grid, Merge
from intake.readers.sheet_style import Style, font_of
from intake.readers.word_text import local
from rules.document import Document

MAX_SHEETS = 60
_NAMED = {
    "General Number": "General", "General Date": "yyyy/m/d h:mm", "Long Date": 'yyyy"年"m"月"d"日"',
    "Medium Date": "yyyy/m/d", "Short Date": "yyyy/m/d", "Percent": "0.00%", "Fixed": "0.00",
    "Standard": "#,##0.00", "Scientific": "0.00E+00",
    "Yes/No": '"是";"是";"否"', "True/False": '"TRUE";"TRUE";"FALSE"',
}  # fmt: skip
_LAST = 1_048_576


def read(data: bytes, limits: ReadLimits) -> Document:
    """One Table for each visible worksheet; raises Unreadable: empty, too_large, corrupt."""
    if not data:
        raise Unreadable("empty", "文件是空的,没有任何内容")
    if len(data) > min(limits.max_file_bytes, 32 * 1024 * 1024):
        raise Unreadable("too_large", "文件过大")
    root = parse_xml(data)
    if local(root) != "Workbook":
        raise Unreadable("unsupported", "XML文件暂不能自动读取")
    styles = {_own(style, "ID"): _style(style) for style in root.iter("{*}Style")}
    blocks, notes, number = [], set(), 0
    for sheet in [child for child in root if local(child) == "Worksheet"][:MAX_SHEETS]:
        if any((item.text or "") != "SheetVisible" for item in sheet.iter("{*}Visible")):
            notes.add("hidden-sheet")
            continue
        number += 1
        grid = Grid(_own(sheet, "Name") or "")
        for table in sheet:
            if local(table) == "Table":
                _table(table, grid, styles)
        blocks += grid.blocks(number)
        notes |= grid.notes
    return Document("xls", tuple(blocks), pages=max(number, 1), notes=tuple(sorted(notes)))


def _style(element: etree._Element) -> Style:
    code, font, framed = "General", font_of(None, False), False
    for child in element:
        kind = local(child)
        if kind == "NumberFormat":
            code = _own(child, "Format") or "General"
        elif kind == "Font":
            font = font_of(_own(child, "FontName"), _own(child, "StrikeThrough") == "1")
        elif kind == "Borders":
            framed = len(child) > 0
    return Style(_NAMED.get(code, code), font, framed)


def _table(table: etree._Element, grid: Grid, styles: dict[str | None, Style]) -> None:
    row, column = 0, 0
    for child in table:
        if local(child) == "Column":
            column = _number(child, "Index", column + 1)
            last = column + _number(child, "Span", 0)
            numbers = range(column - 1, min(last, 400))
            if _own(child, "Hidden") == "1":
                grid.hidden_columns.update(numbers)
            if width := _own(child, "Width"):
                grid.widths.update(dict.fromkeys(numbers, _decimal(width, 54.0) / 6))
            column = last
        elif local(child) == "Row":
            row = _number(child, "Index", row + 1)
            if _own(child, "Hidden") == "1":
                grid.hidden_rows.add(row - 1)
            _row(child, row - 1, grid, styles)
            row += _number(child, "Span", 0)
        if grid.full:
            return


def _row(element: etree._Element, row: int, grid: Grid, styles: dict[str | None, Style]) -> None:
    column = 0
    for cell in element:
        if local(cell) != "Cell":
            continue
        column = _number(cell, "Index", column + 1)
        style = styles.get(_own(cell, "StyleID")) or styles.get("Default") or Style()
        across, down = _number(cell, "MergeAcross", 0), _number(cell, "MergeDown", 0)
        if across or down:
            grid.merges.append(Merge(row, column - 1, row + down, column - 1 + across))
        data = next((child for child in cell if local(child) == "Data"), None)
        text = _text(data, style) if data is not None else ""
        if text.strip():
            grid.put(row, column - 1, text)
        elif style.framed and len(grid.framed) < 60_000:
            grid.framed.add((row, column - 1))
        column += across


def _text(data: etree._Element, style: Style) -> str:
    kind, text = _own(data, "Type"), "".join(data.itertext())
    if kind == "Number":
        try:
            return style.font.shown(formatted(float(text), style.format))
        except ValueError:
            return text
    if kind == "DateTime":
        return _day(text, style)
    if kind == "Boolean":
        return "TRUE" if text.strip() == "1" else "FALSE"
    return shown_text(style.font.shown(text), style.format)


def _day(text: str, style: Style) -> str:
    try:
        day = datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return text
    code = style.format if style.format not in ("General", "@") else "yyyy/m/d"
    return formatted((day - datetime(1899, 12, 30)).total_seconds() / 86400, code)


def _own(element: etree._Element, name: str) -> str | None:
    return next((item for key, item in element.attrib.items() if key.rpartition("}")[2] == name), None)


def _number(element: etree._Element, name: str, default: int) -> int:
    text = _own(element, name) or ""
    return min(int(text), _LAST) if text.isascii() and text.isdigit() and len(text) < 9 else default


def _decimal(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default
