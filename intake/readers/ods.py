"""OpenDocument sheets: .ods, and .fods in a single file (OASIS OpenDocument 1.3 part 3, chapter 9).

Cells as they are shown, merged ones once; check boxes and text boxes over the cells, pictures. Hidden sheets are left
out, as in every workbook. The conventions are those of `intake.readers.sheet_grid`.
"""

import re
from collections.abc import Iterator

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.odt import OdtPictures, Rows, opened
from intake.readers.odt_text import Styles, attribute, local, number
from intake.readers.sheet_grid import Floating, Grid, Merge
from rules.document import Document

MAX_SHEETS = 60
#: a cell or row that is repeated with its text stands at most so many times
_MOST_COPIES = 100
#: centimetres of one character, of a usual column and of a usual row
_CHARACTER, _COLUMN, _ROW = 0.217, 2.258, 0.452
_LENGTH = re.compile(r"(-?[\d.]{1,12})(cm|mm|in|pt|pc|px)$")
_DAY = re.compile(r"[12]\d{3}-\d\d-\d\d(?:T00:00:00(?:\.0+)?)?$", re.ASCII)
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "pc": 2.54 / 6, "px": 2.54 / 96}
_GROUPS = ("table-header-rows", "table-rows", "table-row-group", "table-header-columns", "table-columns", "table-column-group")
_HIDDEN = ("collapse", "filter")


def read(data: bytes, limits: ReadLimits) -> Document:
    """One Table for each visible sheet (its page: the sheet's number), pictures as `embedded`; method `ods`.

    Raises Unreadable: empty, too_large, encrypted, corrupt, unsupported (no sheets).
    """
    content, styles, package = opened(data, limits)
    body = next(content.iterfind("{*}body"), None)
    book = next((child for child in body if local(child) == "spreadsheet"), None) if body is not None else None
    if book is None:
        raise Unreadable("corrupt", "文件中没有表格,可能已损坏")
    known = Styles(*(root for root in (styles, content) if root is not None))
    known.learn_controls(book)
    shapes = _Measures(content)
    blocks, notes, page = [], set(), 0
    for table in [child for child in book if local(child) == "table"][:MAX_SHEETS]:
        if shapes.is_hidden(table):
            notes.add("hidden-sheet")
            continue
        page += 1
        grid = _Sheet(table, known, shapes).grid
        blocks += grid.blocks(page)
        notes |= grid.notes
    pictures = OdtPictures(package, limits)
    pictures.take(book)
    notes.update(pictures.notes)
    return Document("ods", tuple(blocks), pages=max(page, 1), embedded=tuple(pictures.found), notes=tuple(sorted(notes)))


class _Measures:
    """What automatic styles say of sheets and columns."""

    def __init__(self, content: etree._Element):
        self._hidden: set[str | None] = set()
        self._widths: dict[str | None, float] = {}
        for style in content.iter("{*}style"):
            for properties in style:
                if local(properties) == "table-properties" and attribute(properties, "display") == "false":
                    self._hidden.add(attribute(style, "name"))
                elif local(properties) == "table-column-properties":
                    self._widths[attribute(style, "name")] = _centimetres(attribute(properties, "column-width"), _COLUMN)

    def is_hidden(self, table: etree._Element) -> bool:
        return attribute(table, "style-name") in self._hidden

    def width(self, column: etree._Element) -> float:
        """Centimetres."""
        return self._widths.get(attribute(column, "style-name"), _COLUMN)


class _Sheet:
    """One sheet while it is read."""

    def __init__(self, table: etree._Element, styles: Styles, measures: _Measures):
        self.grid = Grid(attribute(table, "name") or "")
        self._styles, self._measures = styles, measures
        self._texts = Rows(styles)
        self._row = self._column = 0
        for child in _flat(table):
            if local(child) == "table-column":
                self._read_column(child)
            elif local(child) == "table-row" and not self.grid.full:
                self._read_row(child)
            elif local(child) == "shapes":
                self._shapes(child)

    def _read_column(self, column: etree._Element) -> None:
        count = number(column, "number-columns-repeated")
        numbers = range(self._column, min(self._column + count, 400))
        self._column += count
        if attribute(column, "visibility") in _HIDDEN:
            self.grid.hidden_columns.update(numbers)
        if (width := self._measures.width(column)) != _COLUMN:
            self.grid.widths.update(dict.fromkeys(numbers, width / _CHARACTER))

    def _read_row(self, row: etree._Element) -> None:
        count, column = number(row, "number-rows-repeated"), 0
        copies = range(self._row, self._row + min(count, _MOST_COPIES))
        if attribute(row, "visibility") in _HIDDEN:
            self.grid.hidden_rows.update(copies)
        for cell in row:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            repeated = number(cell, "number-columns-repeated")
            if len(cell) and local(cell) == "table-cell":
                self._read_cell(cell, copies, range(column, column + min(repeated, _MOST_COPIES)))
            self._merge(cell, column)
            column += repeated
        self._row += count

    def _read_cell(self, cell: etree._Element, rows: range, columns: range) -> None:
        text = _day(cell) or self._texts.text_of(cell)
        for row in rows if text else ():
            for column in columns:
                self.grid.put(row, column, text)
        for place, control in enumerate(cell.iterchildren("{*}control")):
            self._float(control, rows.start + 0.5, columns.start + min(0.05 * (place + 1), 0.9))

    def _merge(self, cell: etree._Element, column: int) -> None:
        tall, wide = number(cell, "number-rows-spanned"), number(cell, "number-columns-spanned")
        if local(cell) == "table-cell" and (tall > 1 or wide > 1):
            self.grid.merges.append(Merge(self._row, column, self._row + tall - 1, column + wide - 1))

    def _shapes(self, shapes: etree._Element) -> None:
        """What is anchored to the sheet and not to a cell lies at a distance from its corner."""
        for control in shapes.iter("{*}control"):
            self._float(control, _centimetres(attribute(control, "y"), 0) / _ROW, self._column_at(_centimetres(attribute(control, "x"), 0)))

    def _float(self, control: etree._Element, row: float, column: float) -> None:
        text = self._styles.controls.get(attribute(control, "control") or "")
        if text:
            self.grid.floating.append(Floating(row, column, text))

    def _column_at(self, left: float) -> float:
        column = 0
        while column < 400 and left >= (width := self.grid.widths.get(column, _COLUMN / _CHARACTER) * _CHARACTER):
            left -= width
            column += 1
        return column + 0.05


def _day(cell: etree._Element) -> str | None:
    """A day is certain by its value, in whatever order it is shown."""
    value = attribute(cell, "date-value") or ""
    if attribute(cell, "value-type") != "date" or not _DAY.match(value):
        return None
    year, month, day = value[:10].split("-")
    return f"{year}/{int(month)}/{int(day)}"


def _flat(parent: etree._Element) -> Iterator[etree._Element]:
    """Columns, rows and shapes, also those in groups."""
    for child in parent:
        if local(child) in _GROUPS:
            yield from _flat(child)
        else:
            yield child


def _centimetres(length: str | None, usual: float) -> float:
    found = _LENGTH.match(length or "")
    try:
        return float(found[1]) * _CENTIMETRES[found[2]] if found else usual
    except ValueError:
        return usual
