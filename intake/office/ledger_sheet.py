"""One sheet of the workbook: styles, widths, frozen head, filter, print set-up, and cells that are safe to open."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

#: Excel's longest cell
_LONGEST = 32_767
#: a spreadsheet takes text that starts with one of these for a formula when it is edited or pasted
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FONT = "宋体"
#: points: a long label such as 是否取得互联网新闻信息服务资质 wraps to four lines
_HEAD_HEIGHT = 54
#: characters that are still legible side by side on A4 landscape
_PAGE_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    title: str
    #: in characters
    width: float = 14
    #: `text`, `number`, `date` or `time`: how values of that type are shown; others stay text
    kind: str = "text"


def add_styles(book: Workbook) -> None:
    """Give a workbook the named styles that the rows below use."""
    line = Side(style="thin", color="B7BCC4")
    edge = Border(left=line, right=line, top=line, bottom=line)
    wrap = Alignment(vertical="top", wrap_text=True)
    plain = Font(name=_FONT, size=10)
    bold = Font(name=_FONT, size=10, bold=True)
    for name, changes in {
        "text": {"number_format": "@", "alignment": wrap}, "general": {"alignment": wrap},
        "number": {"number_format": "#,##0", "alignment": Alignment(vertical="top")},
        "date": {"number_format": "yyyy-mm-dd", "alignment": Alignment(vertical="top", horizontal="left")},
        "time": {"number_format": "yyyy-mm-dd hh:mm", "alignment": Alignment(vertical="top", horizontal="left")},
        "head": {"font": bold, "fill": PatternFill("solid", fgColor="E6EBF2"),
                 "alignment": Alignment(vertical="center", horizontal="center", wrap_text=True)},
        "total": {"font": bold, "number_format": "#,##0"},
        "title": {"font": Font(name=_FONT, size=14, bold=True), "border": Border()},
        "note": {"border": Border()},
    }.items():
        book.add_named_style(NamedStyle(f"intake_{name}", **({"font": plain, "border": edge} | changes)))


def write_sheet(sheet: Worksheet, columns: list[Column], lines: Iterable[list], title: str) -> None:
    """A table that starts in A1: head, rows, filter; prints on A4 landscape, over as many pages as stay legible."""
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    # write-only sheets take these only before the first row
    sheet.freeze_panes = "C2"
    sheet.row_dimensions[1].height = _HEAD_HEIGHT
    _page(sheet, title, sum(column.width for column in columns))
    write_row(sheet, [column.title for column in columns], "head")
    count = 1
    for line in lines:
        sheet.append([_cell(sheet, value, column.kind) for value, column in zip(line, columns, strict=True)])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"


def write_row(sheet: Worksheet, values: list, look: str | None = None) -> None:
    """One row of a free sheet; text and numbers by their type, or all in one look."""
    cells = []
    for value in values:
        cell = _cell(sheet, value, "number" if isinstance(value, int) else "general")
        if look:
            cell.style = f"intake_{look}"
        cells.append(cell)
    sheet.append(cells)


def one_page(sheet: Worksheet) -> None:
    """Print the sheet on one A4 page, landscape."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = 1


def _page(sheet: Worksheet, title: str, width: float) -> None:
    one_page(sheet)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = max(1, math.ceil(width / _PAGE_WIDTH)), 0
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:B"
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom = 0.75, 0.75
    sheet.page_margins.header = sheet.page_margins.footer = 0.3
    # & starts a code in headers
    sheet.oddHeader.center.text = title.replace("&", "&&")
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"


def _cell(sheet: Worksheet, value, kind: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST]
        # the setter would make a formula of "=…"
        cell.value = value
        cell.data_type = "s"
        cell.style = "intake_text"
        cell.quotePrefix = value.startswith(_FORMULA_STARTS)
        return cell
    cell.value = value
    if isinstance(value, datetime):
        cell.style = "intake_time"
    elif isinstance(value, date):
        cell.style = "intake_date"
    else:
        cell.style = "intake_number" if kind == "number" else "intake_general"
    return cell
