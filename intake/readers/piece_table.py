"""The text of a Word binary document with its properties, by piece table and pages ([MS-DOC] 2.8, 2.9).

The text lies in pieces, 8-bit and 16-bit ones, in any order; properties lie in pages of 512 bytes and belong to
places in the file, not in the text. Nothing here trusts a length: what does not fit is left out, and a piece
table that cannot be is corrupt.
"""

import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from intake.readers import Unreadable, sprm
from intake.readers.fib import CHARACTERS, CLX, PARAGRAPHS, Fib

#: bytes of a page of properties
_PAGE = 512
#: characters that a form does not reach; what is beyond is not read
MAX_CHARACTERS = 4_000_000
_MAX_PIECES = 200_000
#: 8-bit characters that cp1252 leaves open are what they are in Latin 1
_CP1252 = "".join(bytes((code,)).decode("cp1252", "ignore") or chr(code) for code in range(256))


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that follow each other in the text and in the file, with the same character properties."""

    text: str
    #: place of its first character in the text and in the file
    start: int
    offset: int
    #: bytes of a character
    width: int
    properties: sprm.Character
    #: modifiers of the whole piece
    piece: bytes


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    offset: int
    width: int
    #: modifiers that hold for the whole piece (fast-saved files)
    modifiers: bytes


class Text:
    """The characters of a document."""

    def __init__(self, document: bytes, fib: Fib, table: bytes, data: bytes):
        """`table` and `data`: the streams of tables and of data; raises Unreadable: corrupt."""
        self._document, self._data = document, data
        self._pieces = _pieces(fib.part(CLX, table))
        self._starts = [piece.start for piece in self._pieces]
        self._check(max(end for _, end in fib.stories.values()))
        self._paragraphs = _Pages(document, fib.part(PARAGRAPHS, table), 13)
        self._characters = _Pages(document, fib.part(CHARACTERS, table), 1)
        self._known: dict[bytes, sprm.Character] = {}

    def _check(self, end: int) -> None:
        """Every character must be there: half a form would read like a form half filled in."""
        reached = 0
        for piece in self._pieces:
            behind = piece.offset + (piece.end - piece.start) * piece.width
            if piece.start > reached or (behind > len(self._document) and piece.start < end):
                break
            reached = max(reached, piece.end)
        if reached < end:
            raise Unreadable("corrupt", "文件不完整,部分内容缺失")

    def runs(self, start: int, end: int) -> Iterator[Run]:
        """Everything from one place in the text to another."""
        end = min(end, start + MAX_CHARACTERS)
        for number in range(max(bisect_right(self._starts, start) - 1, 0), len(self._pieces)):
            piece = self._pieces[number]
            if piece.start >= end:
                return
            if piece.end > start:
                yield from self._piece_runs(piece, max(start, piece.start), min(end, piece.end))

    def paragraph(self, run: Run, index: int) -> sprm.Paragraph:
        """Properties of the paragraph that ends at a character of a run."""
        found = sprm.paragraph(self._paragraphs.at(run.offset + index * run.width)[0], self._data)
        return sprm.paragraph(run.piece, self._data, found) if run.piece else found

    def _piece_runs(self, piece: _Piece, start: int, end: int) -> Iterator[Run]:
        offset = piece.offset + (start - piece.start) * piece.width
        last = min(piece.offset + (end - piece.start) * piece.width, len(self._document))
        while offset < last:
            modifiers, page_end = self._characters.at(offset)
            stop = min(max(page_end, offset + piece.width), last)
            stop -= (stop - offset) % piece.width
            if stop <= offset:
                return
            text = _decoded(self._document[offset:stop], piece.width)
            yield Run(text, start, offset, piece.width, self._properties(modifiers, piece.modifiers), piece.modifiers)
            start += len(text)
            offset = stop

    def _properties(self, modifiers: bytes, piece: bytes) -> sprm.Character:
        key = modifiers + b"\x00" + piece if piece else modifiers
        found = self._known.get(key)
        if found is None:
            found = sprm.character(modifiers, sprm.Character())
            found = sprm.character(piece, found) if piece else found
            if len(self._known) < 10_000:
                self._known[key] = found
        return found


def _decoded(data: bytes, width: int) -> str:
    """One character for each one or two bytes; pairs of surrogates stay apart, so that places can be counted."""
    if width == 1:
        return data.decode("latin-1").translate(_EIGHT_BIT)
    units = array("H", data)
    if units.itemsize != 2:
        units = struct.unpack(f"<{len(data) // 2}H", data)
    return "".join(map(chr, units))


_EIGHT_BIT = {code: char for code, char in enumerate(_CP1252) if ord(char) != code}


def _pieces(clx: bytes) -> list[_Piece]:
    """The piece table (2.9.38 Clx): modifiers, then the places of the pieces."""
    modifiers, at = [], 0
    while at + 3 <= len(clx) and clx[at] == 1:
        size = clx[at + 1] | clx[at + 2] << 8
        modifiers.append(clx[at + 3 : at + 3 + size])
        at += 3 + size
    if at + 5 > len(clx) or clx[at] != 2:
        raise Unreadable("corrupt", "文件内容已损坏,无法读取")
    (size,) = struct.unpack_from("<I", clx, at + 1)
    body = clx[at + 5 : at + 5 + size]
    count = (len(body) - 4) // 12
    if not 0 < count <= _MAX_PIECES:
        raise Unreadable("corrupt", "文件内容已损坏,无法读取")
    places = struct.unpack_from(f"<{count + 1}I", body)
    found = []
    for number in range(count):
        _, place, change = struct.unpack_from("<HIH", body, 4 * (count + 1) + 8 * number)
        packed = bool(place & 0x40000000)
        offset = (place & 0x3FFFFFFF) // 2 if packed else place & 0x3FFFFFFF
        if places[number] < places[number + 1]:
            found.append(
                _Piece(places[number], places[number + 1], offset, 1 if packed else 2, _change(change, modifiers))
            )
    return sorted(found, key=lambda piece: piece.start)


def _change(change: int, modifiers: list[bytes]) -> bytes:
    if change & 1:
        return modifiers[change >> 1] if change >> 1 < len(modifiers) else b""
    return sprm.short_modifier(change >> 1 & 0x7F, change >> 8) if change else b""


class _Pages:
    """Properties by place in the file (2.8.5, 2.8.6): a list of pages of 512 bytes, each a list of places."""

    def __init__(self, document: bytes, places: bytes, width: int):
        """`width`: bytes of an entry of a page, 13 for paragraphs, 1 for characters."""
        self._document, self._width = document, width
        count = max((len(places) - 4) // 8, 0)
        self._ends = struct.unpack_from(f"<{count + 1}I", places) if count else ()
        self._numbers = struct.unpack_from(f"<{count}I", places, 4 * (count + 1)) if count else ()
        self._pages: dict[int, tuple[tuple[int, ...], bytes]] = {}

    def at(self, offset: int) -> tuple[bytes, int]:
        """(modifiers, place up to which they hold)."""
        index = bisect_right(self._ends, offset) - 1
        if not 0 <= index < len(self._numbers):
            return b"", 1 << 31
        places, page = self._page(self._numbers[index] & 0x3FFFFF)
        entry = bisect_right(places, offset) - 1
        if not 0 <= entry < len(places) - 1:
            return b"", self._next(index, places, offset)
        return self._modifiers(page, len(places) * 4 + entry * self._width), places[entry + 1]

    def _next(self, index: int, places: tuple[int, ...], offset: int) -> int:
        return next((place for place in (*places[:1], self._ends[index + 1]) if place > offset), 1 << 31)

    def _page(self, number: int) -> tuple[tuple[int, ...], bytes]:
        found = self._pages.get(number)
        if found is None:
            page = self._document[number * _PAGE : number * _PAGE + _PAGE]
            if len(page) < _PAGE:
                raise Unreadable("corrupt", "文件不完整,部分内容缺失")
            count = page[-1]
            fits = count and 4 * (count + 1) + self._width * count < _PAGE
            found = (struct.unpack_from(f"<{count + 1}I", page) if fits else (), page)
            self._pages[number] = found
        return found

    def _modifiers(self, page: bytes, entry: int) -> bytes:
        at = 2 * page[entry]
        if not at or at >= _PAGE - 1:
            return b""
        if self._width == 1:
            return page[at + 1 : at + 1 + page[at]]
        if page[at]:  # PapxInFkp (2.9.175): the number of a style stands before the modifiers
            return page[at + 3 : at + 2 * page[at]]
        return page[at + 4 : at + 2 + 2 * page[at + 1]]
