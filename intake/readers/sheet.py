"""Excel workbooks (.xlsx, .xlsm; ECMA-376, transitional and strict), whoever wrote them: one table a visible sheet.

Cells stand as people see them: cached values in their number formats, rich text, ticks of symbol fonts; check boxes and
text boxes that float over cells are put into them. Nothing is computed, nothing fetched.
"""

import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.number_format import digits_as_written, formatted, shown_text
from intake.readers.package import Package, Relationship
from intake.readers.pictures import Pictures
from intake.readers.sheet_drawing import cell_of, linked_id, take_floating
from intake.readers.sheet_grid import MAX_CELLS, MAX_MERGES, Grid, Merge
from intake.readers.sheet_style import Font, Style, read_strings, read_styles, runs_of
from intake.readers.word_text import local
from rules.document import Document

#: sheets of a workbook that are read
MAX_SHEETS = 60
#: `c` elements of one sheet, empty ones among them: a whole column that was only coloured has a million
_MOST_ELEMENTS = 2_000_000
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_TRUE = ("1", "true", "on")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z0-9:$]+)"')
_WRITTEN = re.compile(rb"<(?:\w+:)?(?:v|is)[ >]")
_PICTURE_FORMULA = re.compile(r"=?(?:_xlfn\.)?DISPIMG\(", re.IGNORECASE)


def read(data: bytes, limits: ReadLimits) -> Document:
    """One Table for each visible sheet (its page: the sheet's number); the workbook's pictures as `embedded`.

    Raises Unreadable: empty, too_large (also when it unpacks to too much), encrypted, corrupt, unsupported (.xlsb).
    """
    package = Package(data, limits)
    main = _main_part(package)
    root = package.xml(main)
    if root is None or local(root) != "workbook":
        raise Unreadable("corrupt", "工作簿中没有正文,可能已损坏")
    book = _Book(package, main, root, Pictures(package, limits))
    blocks, notes, number = [], set(), 0
    for name, part in book.sheets():
        number += 1
        grid = book.grid(name, part)
        blocks += grid.blocks(number)
        notes |= grid.notes
    book.more_pictures()
    notes |= {*book.notes, *book.pictures.notes}
    return Document("xlsx", tuple(blocks), pages=max(number, 1), embedded=tuple(book.pictures.found),
                    notes=tuple(sorted(notes)))  # fmt: skip


def _main_part(package: Package) -> str:
    links = package.relationships().values()
    main = next((link.target for link in links if link.kind == "officeDocument" and not link.external), "")
    if main.lower() not in package.names:
        main = "xl/workbook.xml"
    if main.lower().endswith(".bin") or (main.lower() not in package.names and "xl/workbook.bin" in package.names):
        raise Unreadable("unsupported", "二进制工作簿（.xlsb）暂不能自动读取，请另存为 .xlsx 格式")
    if main.lower() not in package.names:
        raise Unreadable("corrupt", "不是Excel工作簿,或文件已损坏")
    return main


@dataclass
class _Book:
    """A workbook: what all of its sheets share."""

    package: Package
    main: str
    root: etree._Element
    pictures: Pictures
    notes: set[str] = field(default_factory=set)

    def __post_init__(self):
        self.links = self.package.relationships(self.main)
        self.strings = read_strings(self._part("sharedStrings"))
        self.styles = read_styles(self._part("styles"))
        self.from_1904 = any((item.get("date1904") or "").lower() in _TRUE for item in self.root.iter("{*}workbookPr"))

    def _part(self, kind: str) -> etree._Element | None:
        target = next((link.target for link in self.links.values() if link.kind == kind and not link.external), "")
        usual = posixpath.join(posixpath.dirname(self.main), f"{kind}.xml")
        return self.package.xml(target if target.lower() in self.package.names else usual)

    def sheets(self) -> Iterator[tuple[str, str]]:
        """(name, part) of each visible worksheet."""
        listed = [sheet for sheets in self.root if local(sheets) == "sheets" for sheet in sheets]
        if len(listed) > MAX_SHEETS:
            self.notes.add("cut-short")
        shown = [sheet for sheet in listed[:MAX_SHEETS] if (sheet.get("state") or "visible") == "visible"]
        if len(shown) < len(listed[:MAX_SHEETS]):
            self.notes.add("hidden-sheet")
        for sheet in shown or listed[:MAX_SHEETS]:
            link = self.links.get(linked_id(sheet))
            if link is not None and not link.external and link.kind == "worksheet":
                yield sheet.get("name") or "", link.target

    def grid(self, name: str, part: str) -> Grid:
        """Everything on one sheet."""
        grid = Grid(name)
        data = self.package.read(part)
        if data is None:
            raise Unreadable("corrupt", "工作簿缺少工作表,可能已损坏")
        sheet = _Sheet(self, grid)
        sheet.read(data)
        links = self.package.relationships(part)
        take_floating(self.package, part, links, grid, sheet.controls)
        self._take_pictures(links)
        return grid

    def _take_pictures(self, links: dict[str, Relationship]) -> None:
        for link in links.values():
            if link.kind == "drawing" and not link.external and (root := self.package.xml(link.target)) is not None:
                self.pictures.take(root, self.package.relationships(link.target))
        self._take(links, ("package", "oleObject"))

    def more_pictures(self) -> None:
        """Pictures inside cells: WPS keeps them in cellimages.xml (DISPIMG), Excel 365 behind richValueRel.xml."""
        folder = posixpath.dirname(self.main)
        for name in ("cellimages.xml", "richData/richValueRel.xml"):
            self._take(self.package.relationships(posixpath.join(folder, name)), ("image",))

    def _take(self, links: dict[str, Relationship], kinds: tuple[str, ...]) -> None:
        """Every target of these kinds, as if a drawing showed each."""
        shown = etree.Element("shown")
        for identifier, link in links.items():
            if link.kind in kinds and identifier:
                etree.SubElement(shown, "OLEObject").set("{relationships}id", identifier)
        if len(shown):
            self.pictures.take(shown, links)


class _Sheet:
    """Reads one worksheet part in one pass, without keeping its tree."""

    def __init__(self, book: _Book, grid: Grid):
        self._book, self._grid = book, grid
        self._row, self._column, self._written = -1, -1, 0
        self._row_element: etree._Element | None = None
        self.controls: list[etree._Element] = []

    def read(self, data: bytes) -> None:
        wanted = [f"{{*}}{name}" for name in ("c", "row", "col", "mergeCell", "control")]
        context = etree.iterparse(io.BytesIO(data), ("end",), tag=wanted, resolve_entities=False, no_network=True,
                                  load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False)  # fmt: skip
        try:
            for number, (_, element) in enumerate(context):
                if number > _MOST_ELEMENTS or self._grid.full:
                    self._stop(data)
                    return
                if number == 0 and element.getroottree().docinfo.internalDTD is not None:
                    raise Unreadable("corrupt", "文件内容不合规范,无法读取")
                self._take(element)
        except etree.XMLSyntaxError as error:
            raise Unreadable("corrupt", "文件内容已损坏,无法读取") from error

    def _stop(self, data: bytes) -> None:
        """The rest is left out; that matters only where anything is written there."""
        if sum(1 for _ in _WRITTEN.finditer(data)) > self._written:
            self._grid.notes.add("cut-short")
        self._merges_of(data)

    def _take(self, element: etree._Element) -> None:
        kind = local(element)
        if kind == "c":
            self._cell(element)
        elif kind == "row":
            self._end_of_row(element)
        elif kind == "col":
            self._columns(element)
        elif kind == "mergeCell":
            self._merge(element.get("ref") or "")
        elif kind == "control":
            self.controls.append(element)
        if kind in ("c", "row", "mergeCell"):
            parent = element.getparent()
            while (before := element.getprevious()) is not None:
                parent.remove(before)
            if kind == "row":
                element.clear()

    def _begin_row(self, row: etree._Element) -> None:
        self._row_element, self._column = row, -1
        number = row.get("r")
        self._row = _index(number) - 1 if number and _index(number) >= 0 else self._row + 1

    def _end_of_row(self, row: etree._Element) -> None:
        if row is not self._row_element:
            self._begin_row(row)
        if (row.get("hidden") or "").lower() in _TRUE or row.get("ht") == "0":
            if len(self._grid.hidden_rows) < 4 * MAX_CELLS:
                self._grid.hidden_rows.add(self._row)
        elif row.get("ht") and len(self._grid.heights) < MAX_CELLS:
            self._grid.heights[self._row] = _decimal(row.get("ht"), 15.0)
        self._row_element = None

    def _columns(self, element: etree._Element) -> None:
        first, last = (_decimal(element.get(name), 0) for name in ("min", "max"))
        columns = range(max(int(first) - 1, 0), min(int(last), 400))
        width = _decimal(element.get("width"), 9.0)
        if (element.get("hidden") or "").lower() in _TRUE or width == 0:
            self._grid.hidden_columns.update(columns)
        self._grid.widths.update(dict.fromkeys(columns, width))

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        start, end = cell_of(first), cell_of(last or first)
        if start and end and len(self._grid.merges) < MAX_MERGES:
            self._grid.merges.append(Merge(min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]),
                                           max(start[1], end[1])))  # fmt: skip

    def _merges_of(self, data: bytes) -> None:
        """Merged cells stand behind the rows, which were not read to their end."""
        for found in _MERGE.finditer(data, max(0, len(data) - (8 << 20))):
            self._merge(found[1].decode("ascii"))

    def _cell(self, element: etree._Element) -> None:
        row = element.getparent()
        if row is not self._row_element and row is not None:
            self._begin_row(row)
        place = cell_of(element.get("r") or "")
        row_number, column = place if place else (self._row, self._column + 1)
        self._column = column
        if not (0 <= row_number < _LAST_ROW and 0 <= column < _LAST_COLUMN):
            return
        index, styles = _index(element.get("s") or "0"), self._book.styles
        style = styles[index] if 0 <= index < len(styles) else Style()
        text = self._text(element, style) if len(element) else ""
        self._written += sum(local(child) in ("v", "is") for child in element)
        if text.strip():
            self._grid.put(row_number, column, text)
        elif style.framed and len(self._grid.framed) < 3 * MAX_CELLS:
            self._grid.framed.add((row_number, column))

    def _text(self, element: etree._Element, style: Style) -> str:
        parts = {local(child): child for child in element}
        if "is" in parts:
            return _joined(runs_of(parts["is"]), style)
        formula = (parts["f"].text or "") if "f" in parts else ""
        written = (parts["v"].text or "").strip(" \t\r\n") if "v" in parts else ""
        if _PICTURE_FORMULA.match(formula) or _PICTURE_FORMULA.match(written):
            return ""
        if formula and not written:
            self._grid.notes.add("formula-without-value")
            return ""
        return self._value(element, written, style) if written else ""

    def _value(self, element: etree._Element, written: str, style: Style) -> str:
        kind = element.get("t") or "n"
        if kind == "s":
            index, strings = _index(written), self._book.strings
            return _joined(strings[index], style) if 0 <= index < len(strings) else ""
        if kind in ("str", "inlineStr"):
            return shown_text(style.font.shown(written), style.format)
        if kind == "b":
            return style.font.shown("TRUE" if written in _TRUE else "FALSE")
        if kind == "e":  # a picture in a cell has an error for those who cannot show it
            return "" if element.get("vm") else written
        if kind == "d":
            return _iso_day(written, style, self._book.from_1904)
        return style.font.shown(_numeric(written, style, self._book.from_1904))


def _joined(runs: list[tuple[Font | None, str]], style: Style) -> str:
    return shown_text("".join((font or style.font).shown(text) for font, text in runs), style.format)


def _numeric(written: str, style: Style, from_1904: bool) -> str:
    if whole := digits_as_written(written):
        return whole
    try:
        return formatted(float(written), style.format, from_1904=from_1904)
    except ValueError:
        return written


def _iso_day(written: str, style: Style, from_1904: bool) -> str:
    """A day of the strict format (18.18.11, `t="d"`)."""
    try:
        day = datetime.fromisoformat(written.rstrip("Z"))
    except ValueError:
        return written
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
    serial = (day.replace(tzinfo=None) - start).total_seconds() / 86400
    code = style.format if style.format not in ("General", "@") else "yyyy/m/d"
    return formatted(serial, code, from_1904=from_1904)


def _index(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _decimal(text: str | None, default: float) -> float:
    try:
        number = float(text or "")
    except ValueError:
        return default
    return number if 0 <= number < 1e7 else default
