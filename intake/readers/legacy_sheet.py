"""Excel 97-2003 workbooks (.xls; [MS-XLS]), those of Excel 5.0/95, and WPS tables (.et): one table a visible sheet.

Kept like in the newer format: cached values in their number formats, merged cells, ticks of symbol fonts, boxes and
texts that float over cells, pictures. Nothing is computed.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.biff import BOF, EOF, Record, Run, Strings, long_text, records, rk_number, short_text, split_runs
from intake.readers.compound import Compound
from intake.readers.number_format import BUILT_IN, formatted, shown_text
from intake.readers.office_art import pictures
from intake.readers.pictures import is_picture
from intake.readers.sheet_grid import MAX_CELLS, MAX_MERGES, Grid, Merge
from intake.readers.sheet_objects import Objects
from intake.readers.sheet_style import Font, Style, font_of
from rules.document import Document, Embedded

MAX_SHEETS = 60
_FILEPASS, _CODEPAGE, _DATEMODE, _FONT, _FORMAT, _XF, _SST, _BOUNDSHEET = (
    0x2F, 0x42, 0x22, 0x31, 0x41E, 0xE0, 0xFC, 0x85)  # fmt: skip
_DRAWING_GROUP = 0xEB
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def read(data: bytes, limits: ReadLimits) -> Document:
    """One Table for each visible sheet (its page: the sheet's number); the workbook's pictures as `embedded`.

    Raises Unreadable: empty, too_large, encrypted, corrupt, unsupported (Excel 4.0 and older).
    """
    file = Compound(data, limits)
    if file.names.keys() & {("encryptedpackage",), ("encryptioninfo",)}:
        raise Unreadable("encrypted", "文件设有密码")
    stream = file.read("Workbook") or file.read("Book")
    if not stream:
        raise Unreadable("corrupt", "不是Excel工作簿,或文件已损坏")
    try:
        return _document(stream, limits)
    except (struct.error, IndexError) as error:  # a record shorter than its kind demands
        raise Unreadable("corrupt", "文件内容已损坏,无法读取") from error


def _document(stream: bytes, limits: ReadLimits) -> Document:
    book = _Book(stream)
    blocks, notes, number = [], set(), 0
    for name, start in book.sheets():
        number += 1
        grid = _Sheet(book, Grid(name)).read(start)
        blocks += grid.blocks(number)
        notes |= grid.notes
    embedded, lost = _pictures(book.drawings, limits)
    notes |= lost | book.notes
    return Document("xls", tuple(blocks), pages=max(number, 1), embedded=embedded, notes=tuple(sorted(notes)))


def _pictures(drawings: bytes, limits: ReadLimits) -> tuple[tuple[Embedded, ...], set[str]]:
    found, lost = [], set()
    for number, picture in enumerate(pictures(drawings, 0, len(drawings), b""), 1):
        if picture is None:
            lost.add("metafile")
        elif is_picture(picture.data) and len(found) < limits.max_files:
            suffix = picture.filename.rpartition(".")[2]
            found.append(Embedded(f"image{number}.{suffix}", picture.data, picture.media_type))
    return tuple(found), lost


@dataclass
class _Book:
    """What the globals of a workbook say, for all of its sheets."""

    stream: bytes
    #: None: Unicode, BIFF8
    codec: str | None = None
    from_1904: bool = False
    strings: list[tuple[Run, ...]] = field(default_factory=list)
    fonts: list[Font] = field(default_factory=list)
    drawings: bytes = b""
    notes: set[str] = field(default_factory=set)

    def __post_init__(self):
        self._formats, self._shapes, self._sheets = dict(BUILT_IN), [], []
        for record in records(self.stream, 0):
            if record.kind == BOF:
                self._begin(record.data)
            elif record.kind == EOF:
                break
            else:
                self._take(record)
        styles = ((self._formats.get(code, "General"), self.font(font), framed) for font, code, framed in self._shapes)
        self.styles = [Style(*style) for style in styles]
        if not self._sheets:
            raise Unreadable("corrupt", "工作簿中没有工作表,可能已损坏")

    def _begin(self, data: bytes) -> None:
        version = struct.unpack_from("<H", data)[0]
        if version not in (0x500, 0x600):
            raise Unreadable("unsupported", "Excel版本过旧,暂不能自动读取,请另存为.xlsx格式")
        self.codec = None if version == 0x600 else "gb18030"

    def _take(self, record: Record) -> None:
        kind, data = record.kind, record.data
        if kind == _FILEPASS:
            raise Unreadable("encrypted", "文件设有密码")
        if kind == _CODEPAGE and self.codec is not None:
            page = struct.unpack_from("<H", data)[0]
            self.codec = {10000: "mac-roman", 0x8001: "cp1252"}.get(page, f"cp{page}")
        elif kind == _DATEMODE:
            self.from_1904 = data[:1] == b"\x01"
        elif kind == _FONT:
            self.fonts.append(font_of(short_text(data, 14, self.codec), bool(data[2] & 8)))
        elif kind == _FORMAT:
            code = short_text(data, 2, self.codec) if self.codec else long_text(data, 2, None)
            self._formats[struct.unpack_from("<H", data)[0]] = code
        elif kind == _XF:
            font, code = struct.unpack_from("<HH", data)
            self._shapes.append((font, code, self._framed(data)))
        elif kind == _SST:
            self.strings = list(Strings(record.pieces, 8).all())
        elif kind == _BOUNDSHEET:
            start, visibility, sort = struct.unpack_from("<IBB", data)
            self._sheets.append((short_text(data, 6, self.codec), start, visibility & 3, sort))
        elif kind == _DRAWING_GROUP:
            self.drawings += record.whole

    def _framed(self, data: bytes) -> bool:
        if self.codec is None:
            return bool(struct.unpack_from("<H", data, 10)[0])
        return bool(data[10] & 0xC0 or data[11] & 1 or struct.unpack_from("<H", data, 12)[0] & 0x1FF)

    def font(self, index: int) -> Font:
        """A font by its number; there is no fifth ([MS-XLS] 2.5.129)."""
        index -= index > 4
        return self.fonts[index] if 0 <= index < len(self.fonts) else Font()

    def style(self, index: int) -> Style:
        """A cell format by its number."""
        return self.styles[index] if index < len(self.styles) else Style()

    def sheets(self) -> Iterator[tuple[str, int]]:
        """(name, offset) of each visible worksheet."""
        listed = [sheet for sheet in self._sheets if sheet[3] == 0]
        shown = [sheet for sheet in listed if sheet[2] == 0]
        if len(shown) < len(listed):
            self.notes.add("hidden-sheet")
        if len(listed) > MAX_SHEETS:
            self.notes.add("cut-short")
        for name, start, *_ in (shown or listed)[:MAX_SHEETS]:
            yield name, start


class _Sheet:
    """Reads the records of one worksheet."""

    def __init__(self, book: _Book, grid: Grid):
        self._book, self._grid = book, grid
        self._objects = Objects(grid, book.codec)
        #: cell whose formula's text follows
        self._waiting: tuple[int, int, int] | None = None
        self._kinds = {
            0xFD: self._shared, 0x204: self._label, 0xD6: self._rich, 0x27E: self._rk, 0xBD: self._several_rk,
            0x203: self._float, 0x6: self._formula, 0x207: self._string, 0x205: self._truth, 0x201: self._blank,
            0xBE: self._blanks, 0xE5: self._merges, 0x208: self._row, 0x7D: self._columns,
        }  # fmt: skip

    def read(self, start: int) -> Grid:
        """The sheet whose first record stands at `start`."""
        depth = 0
        for record in records(self._book.stream, start):
            if record.kind == BOF:
                depth += 1
            elif record.kind == EOF:
                depth -= 1
                if depth <= 0:
                    break
            elif depth == 1:  # charts have records of their own inside
                if self._grid.full:
                    break
                if (take := self._kinds.get(record.kind)) is not None:
                    take(record.data)
                else:
                    self._objects.take(record)
        self._objects.finish()
        return self._grid

    def _put(self, row: int, column: int, style: int, text: str) -> None:
        if text.strip():
            self._grid.put(row, column, text)
        else:
            self._frame(row, column, style)

    def _frame(self, row: int, column: int, style: int) -> None:
        if self._book.style(style).framed and len(self._grid.framed) < 3 * MAX_CELLS:
            self._grid.framed.add((row, column))

    def _runs(self, row: int, column: int, number: int, runs: tuple[Run, ...]) -> None:
        style = self._book.style(number)
        text = "".join((style.font if run.font is None else self._book.font(run.font)).shown(run.text) for run in runs)
        self._put(row, column, number, shown_text(text, style.format))

    def _number(self, row: int, column: int, number: int, value: float) -> None:
        style = self._book.style(number)
        text = formatted(value, style.format, from_1904=self._book.from_1904)
        self._put(row, column, number, style.font.shown(text))

    def _shared(self, data: bytes) -> None:
        row, column, style, index = struct.unpack_from("<HHHI", data)
        if index < len(self._book.strings):
            self._runs(row, column, style, self._book.strings[index])

    def _label(self, data: bytes) -> None:
        self._runs(*struct.unpack_from("<HHH", data), (Run(long_text(data, 6, self._book.codec)),))

    def _rich(self, data: bytes) -> None:
        """RSTRING of BIFF5: the text, then pairs of place and font in a byte each."""
        text = long_text(data, 6, self._book.codec)
        at = 8 + struct.unpack_from("<H", data, 6)[0]
        places = [(data[at + 1 + 2 * n], data[at + 2 + 2 * n]) for n in range(data[at] if at < len(data) else 0)]
        self._runs(*struct.unpack_from("<HHH", data), split_runs(text, places))

    def _rk(self, data: bytes) -> None:
        row, column, style, value = struct.unpack_from("<HHHI", data)
        self._number(row, column, style, rk_number(value))

    def _several_rk(self, data: bytes) -> None:
        row, first = struct.unpack_from("<HH", data)
        for number in range((len(data) - 6) // 6):
            style, value = struct.unpack_from("<HI", data, 4 + 6 * number)
            self._number(row, first + number, style, rk_number(value))

    def _float(self, data: bytes) -> None:
        row, column, style, value = struct.unpack_from("<HHHd", data)
        self._number(row, column, style, value)

    def _formula(self, data: bytes) -> None:
        row, column, style = struct.unpack_from("<HHH", data)
        value = data[6:14]
        if value[6:8] != b"\xff\xff":
            self._number(row, column, style, struct.unpack("<d", value)[0])
        elif value[0] == 0:
            self._waiting = (row, column, style)
        elif value[0] in (1, 2):
            self._put(row, column, style, _truth(value[2], value[0] == 2))

    def _string(self, data: bytes) -> None:
        if self._waiting:
            self._runs(*self._waiting, (Run(long_text(data, 0, self._book.codec)),))
            self._waiting = None

    def _truth(self, data: bytes) -> None:
        row, column, style, value, is_error = struct.unpack_from("<HHHBB", data)
        self._put(row, column, style, _truth(value, bool(is_error)))

    def _blank(self, data: bytes) -> None:
        self._frame(*struct.unpack_from("<HHH", data))

    def _blanks(self, data: bytes) -> None:
        row, first = struct.unpack_from("<HH", data)
        for number in range((len(data) - 6) // 2):
            self._frame(row, first + number, *struct.unpack_from("<H", data, 4 + 2 * number))

    def _merges(self, data: bytes) -> None:
        count = min(struct.unpack_from("<H", data)[0], (len(data) - 2) // 8)
        for number in range(count):
            top, bottom, left, right = struct.unpack_from("<4H", data, 2 + 8 * number)
            if top <= bottom and left <= right and len(self._grid.merges) < MAX_MERGES:
                self._grid.merges.append(Merge(top, left, bottom, right))

    def _row(self, data: bytes) -> None:
        row, _, _, height, _, _, options = struct.unpack_from("<6HH", data)
        if options & 0x20:
            self._grid.hidden_rows.add(row)
        elif not height & 0x8000:
            self._grid.heights[row] = height / 20

    def _columns(self, data: bytes) -> None:
        first, last, width, _, options = struct.unpack_from("<5H", data)
        columns = range(first, min(last, 400) + 1)
        self._grid.widths.update(dict.fromkeys(columns, width / 256))
        if options & 1 or width == 0:
            self._grid.hidden_columns.update(columns)


def _truth(value: int, is_error: bool) -> str:
    return _ERRORS.get(value, "#N/A") if is_error else "TRUE" if value else "FALSE"
