"""What floats over the cells of an Excel 97-2003 sheet: boxes, buttons, texts ([MS-XLS] 2.4.181 Obj)."""

import struct

from intake.readers.biff import Record, Strings
from intake.readers.sheet_grid import Floating, Grid
from rules.document import EMPTY, TICKED, UNSURE
from rules.ticks import normalise

#: objects of one sheet that are looked at
MAX_OBJECTS = 2_000
_OBJ, _DRAWING, _TXO = 0x5D, 0xEC, 0x1B6
_CLIENT_ANCHOR = 0xF010
_CONTAINERS = (0xF002, 0xF003, 0xF004)
_CHECK_BOX, _OPTION = 0x0B, 0x0C
#: rectangle, oval, arc, text box, polygon, label, shape
_WRITTEN = (0x02, 0x03, 0x04, 0x06, 0x09, 0x0E, 0x1E)
_ENDED, _CHECK_DATA, _CHECK_LINK, _COMMON = 0x00, 0x12, 0x14, 0x15
_OPTION_DATA, _STATE_OLD = 0x11, 0x0A


class Objects:
    """Told of the records of a sheet in their order; a shape's place, kind and text stand in three of them."""

    def __init__(self, grid: Grid, codec: str | None):
        self._grid, self._codec = grid, codec
        self._place: tuple[float, float, float, float] | None = None
        self._box, self._kind, self._text, self._count = "", 0, "", 0
        self._at: tuple[float, float, float, float] | None = None

    def take(self, record: Record) -> None:
        """One record; those of other kinds are nothing here."""
        if record.kind == _DRAWING:
            self._drawing(record.whole)
        elif record.kind == _OBJ and self._codec is None:
            self.finish()
            self._at, self._place = self._place, None
            self._object(record.data)
        elif record.kind == _TXO and len(record.data) >= 12:
            count = struct.unpack_from("<H", record.data, 10)[0]
            if count and len(record.pieces) > 1:
                flags = record.pieces[1][0] if record.pieces[1] else 0
                self._text = Strings(record.pieces[1:], 1).characters(count, flags)

    def finish(self) -> None:
        """The object that was told of last is complete."""
        text = self._box + self._text.strip() if self._box else self._text.strip()
        if text and self._at and (self._box or self._kind in _WRITTEN) and self._count < MAX_OBJECTS:
            left, top, right, bottom = self._at
            self._count += 1
            column = left + min(0.05, (right - left) / 2) if self._box else (left + right) / 2
            self._grid.floating.append(Floating((top + bottom) / 2, column, normalise(text)))
        self._box, self._kind, self._text, self._at = "", 0, "", None

    def _drawing(self, data: bytes) -> None:
        """The last anchor among the records of a piece of the drawing ([MS-XLS] 2.5.193 OfficeArtClientAnchorSheet)."""
        at, seen = 0, 0
        while at + 8 <= len(data) and seen < MAX_OBJECTS:
            _, kind, size = struct.unpack_from("<HHI", data, at)
            seen += 1
            if kind == _CLIENT_ANCHOR and at + 26 <= len(data):
                numbers = struct.unpack_from("<8H", data, at + 10)
                left, top, right, bottom = (
                    cell + min(part, whole - 1) / whole  # parts of a column and of a row
                    for cell, part, whole in zip(numbers[::2], numbers[1::2], (1024, 256) * 2, strict=True)
                )
                self._place = (left, top, right, bottom)
            at += 8 if kind in _CONTAINERS else 8 + size

    def _object(self, data: bytes) -> None:
        at = 0
        while at + 4 <= len(data):
            kind, size = struct.unpack_from("<HH", data, at)
            body = data[at + 4 : at + 4 + size]
            if kind == _COMMON and len(body) >= 2:
                self._kind = struct.unpack_from("<H", body)[0]
                if self._kind in (_CHECK_BOX, _OPTION):
                    self._box = EMPTY
            elif kind in (_CHECK_DATA, _STATE_OLD) and self._box and len(body) >= 2:
                state = struct.unpack_from("<H", body)[0]
                if state in (1, 2):
                    self._box = TICKED if state == 1 else UNSURE
            elif kind == _CHECK_LINK and self._box:
                self._link(body)
            elif kind == _ENDED:
                break
            at += 4 + size
        if not self._box and (b"Forms.CheckBox" in data or b"Forms.OptionButton" in data):
            self._box = UNSURE  # ActiveX: its state lies in a stream of its own

    def _link(self, formula: bytes) -> None:
        """The cell that keeps the state: a formula of one reference (ptgRef 0x24 … 0x64, ptgRef3d 0x3A … 0x7A)."""
        if len(formula) < 11:
            return
        tokens = formula[6:]
        skip = {0x24: 1, 0x44: 1, 0x64: 1, 0x3A: 3, 0x5A: 3, 0x7A: 3}.get(tokens[0])
        if skip and len(tokens) >= skip + 4:
            row, column = struct.unpack_from("<HH", tokens, skip)
            self._grid.linked.add((row, column & 0xFF))
