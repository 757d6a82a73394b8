"""Records of an Excel 97-2003 workbook stream ([MS-XLS] 2.1.4; BIFF8, and BIFF5 of Excel 5.0/95), within bounds."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from intake.reading.charset import decode_text

#: records of one stream beyond which it is no form
MAX_RECORDS = 3_000_000
#: strings of one workbook
MAX_STRINGS = 500_000
CONTINUE, EOF, BOF = 0x3C, 0x0A, 0x809


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one font; `font` is None where it is the cell's own."""

    text: str
    font: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One record with the pieces that continue it."""

    kind: int
    #: the record's own data, then that of each CONTINUE record
    pieces: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        return self.pieces[0]

    @property
    def whole(self) -> bytes:
        return b"".join(self.pieces)


def records(stream: bytes, at: int) -> Iterator[Record]:
    """The records from offset `at` on, to the stream's end."""
    kind, pieces = None, []
    for _ in range(MAX_RECORDS):
        if at + 4 > len(stream):
            break
        number, size = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + size]
        at += 4 + size
        if number == CONTINUE and kind is not None:
            pieces.append(body)
            continue
        if kind is not None:
            yield Record(kind, tuple(pieces))
        kind, pieces = number, [body]
    if kind is not None:
        yield Record(kind, tuple(pieces))


class Strings:
    """Reads Unicode strings that may go on in the next piece of a record ([MS-XLS] 2.5.293)."""

    def __init__(self, pieces: tuple[bytes, ...], at: int = 0):
        self._pieces, self._piece, self._at = pieces, 0, at

    def all(self) -> Iterator[tuple[Run, ...]]:
        """Strings one after the other, as long as there are any."""
        for _ in range(MAX_STRINGS):
            if not self._more():
                return
            yield self.rich()

    def rich(self) -> tuple[Run, ...]:
        """One XLUnicodeRichExtendedString."""
        count, flags = struct.unpack("<HB", self._take(3))
        runs = struct.unpack("<H", self._take(2))[0] if flags & 8 else 0
        extra = struct.unpack("<I", self._take(4))[0] if flags & 4 else 0
        text = self.characters(count, flags)
        places = struct.unpack(f"<{2 * runs}H", self._take(4 * runs))
        self._skip(extra)
        return split_runs(text, list(zip(places[::2], places[1::2], strict=True)))

    def characters(self, count: int, flags: int) -> str:
        """`count` characters; where they go on in the next piece, that begins with a flag of its own."""
        parts = []
        while count > 0:
            if self._at >= len(self._pieces[self._piece]):
                if self._piece + 1 >= len(self._pieces):
                    break
                self._piece, self._at = self._piece + 1, 1
                flags = self._pieces[self._piece][0] if self._pieces[self._piece] else 0
            wide = 2 if flags & 1 else 1
            piece = self._pieces[self._piece]
            chunk = piece[self._at : self._at + count * wide]
            parts.append(chunk.decode("utf-16-le" if wide == 2 else "latin-1", "replace"))
            taken = max(-(-len(chunk) // wide), 0)
            self._at += len(chunk)
            count -= taken
            if not chunk:
                self._at = len(piece)
        return "".join(parts)

    def _more(self) -> bool:
        return self._at < len(self._pieces[self._piece]) or self._piece + 1 < len(self._pieces)

    def _take(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count > 0 and self._more():
            if self._at >= len(self._pieces[self._piece]):
                self._piece, self._at = self._piece + 1, 0
            chunk = self._pieces[self._piece][self._at : self._at + count]
            self._at += len(chunk)
            count -= len(chunk)
            parts.append(chunk)
        return b"".join(parts) + b"\x00" * count

    def _skip(self, count: int) -> None:
        while count > 0 and self._more():
            if self._at >= len(self._pieces[self._piece]):
                self._piece, self._at = self._piece + 1, 0
            step = min(count, len(self._pieces[self._piece]) - self._at)
            self._at += step
            count -= step


def split_runs(text: str, places: list[tuple[int, int]]) -> tuple[Run, ...]:
    """The text parted where another font begins."""
    if not places:
        return (Run(text),)
    starts = [(0, None), *places]
    ends = [place for place, _ in places] + [len(text)]
    return tuple(Run(text[start:end], font) for (start, font), end in zip(starts, ends, strict=True) if end > start)


def short_text(data: bytes, at: int, codec: str | None) -> str:
    """A string with its length in one byte; `codec` is None for Unicode (BIFF8)."""
    return _text(data, at + 1, data[at] if at < len(data) else 0, codec)


def long_text(data: bytes, at: int, codec: str | None) -> str:
    """A string with its length in two bytes."""
    count = struct.unpack_from("<H", data, at)[0] if at + 2 <= len(data) else 0
    return _text(data, at + 2, count, codec)


def _text(data: bytes, at: int, count: int, codec: str | None) -> str:
    if codec is None:
        return Strings((data,), at + 1).characters(count, data[at] if at < len(data) else 0)
    return decode_text(data[at : at + count], codec)[0]


def rk_number(value: int) -> float:
    """An RkNumber ([MS-XLS] 2.5.232)."""
    if value & 2:
        number = float(value >> 2 if value < 1 << 31 else (value >> 2) - (1 << 30))
    else:
        number = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return number / 100 if value & 1 else number
