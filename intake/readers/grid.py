"""A ruled table in pixels → a Table: its cells, and the recognised lines that lie in each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from intake.ocr_steps import Glyph, Row
from intake.readers.cell_ink import uncovered
from intake.readers.cells import Box
from intake.readers.flatten import Flat
from intake.readers.row_geometry import part_of
from intake.readers.second_look import weakest
from rules.document import EMPTY, TICKED, UNSURE, Cell, Table
from rules.pixel_doubts import ambiguous_places

Again = Callable[[list[np.ndarray]], list[tuple[str, float, tuple[Glyph, ...]]]]

_SIGNS = (TICKED, EMPTY, UNSURE)
#: what a cell's emptiness is worth where ink stands in it that nobody could read
_UNREAD = 0.3
#: the most that text is worth that was not found as a line, but only by its ink
_LATE = 0.75
#: confidence of a cell with boxes
_TICKED_CELL = 0.97
#: cells of one table that are looked at again for ink without text
_MOST_AGAIN = 40


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text on the flat table: its place in pixels, and how sure its least sure character is."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    sure: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def table_of(
    flat: Flat, places: Sequence[Box], rows: Sequence[Row], page: int, again: Again
) -> tuple[Table, set[int]]:
    """The table of the cells `places` with the text of `rows` in them, and the ids of the rows that lie on it."""
    inside = [row for row in rows if _is_on(flat, row, places)]
    contents: dict[Box, list[_Piece]] = {place: [] for place in places}
    cut: list[tuple[Box, _Piece]] = []
    for row in inside:
        for place, piece, whole in _shares(flat, row, places):
            (contents[place] if whole else cut).append(piece if whole else (place, piece))
    for place, piece in _read_again(flat, cut, again):
        contents[place].append(piece)
    for place, piece in _overlooked(flat, contents, again).items():
        contents[place] = [piece]
    cells = tuple(_cell(place, contents[place], flat.em) for place in places)
    return Table(cells, page), {id(row) for row in inside}


def _shares(flat: Flat, row: Row, places: Sequence[Box]) -> list[tuple[Box, _Piece, bool]]:
    """The cells on which a row lies with its part in each, and whether it lies in that cell alone."""
    corners = flat.place(row.corners)
    left, right = float(corners[[0, 3], 0].mean()), float(corners[[1, 2], 0].mean())
    top, bottom = float(corners[:2, 1].mean()), float(corners[2:, 1].mean())
    middle = (top + bottom) / 2
    across = [place for place in places if place.top <= middle < place.bottom]
    room = 0.55 * flat.em
    touched = [place for place in across if min(right, place.right) - max(left, place.left) > room]
    if len(touched) <= 1 or not row.glyphs:
        at = (left + right) / 2
        place = touched[0] if touched else min(across or places, key=lambda place: _distance(place, at, middle))
        return [(place, _Piece(row.text, left, top, right, bottom, weakest(row)), True)]
    found = []
    for place in touched:
        low, high = ((edge - left) / max(right - left, 1.0) for edge in (place.left, place.right))
        if part := part_of(row, max(low, -1.0), min(high, 2.0)):
            piece = _Piece(part.text, max(left, place.left), top, min(right, place.right), bottom, weakest(part))
            found.append((place, piece, False))
    return [(*found[0][:2], True)] if len(found) == 1 else found


def _is_on(flat: Flat, row: Row, places: Sequence[Box]) -> bool:
    """Whether the middle of a row lies in a cell, or on a rule between cells."""
    x, y = (float(value) for value in flat.place(row.corners).mean(axis=0))
    return any(_distance(place, x, y) < 0.4 * flat.em for place in places)


def _distance(place: Box, x: float, y: float) -> float:
    return max(place.left - x, 0, x - place.right) + max(place.top - y, 0, y - place.bottom)


def _read_again(flat: Flat, cut: list[tuple[Box, _Piece]], again: Again) -> list[tuple[Box, _Piece]]:
    """Parts of lines that ran over a rule, each read by itself."""
    spans = [(max(piece.left, place.left), piece.top, min(piece.right, place.right), piece.bottom) for place, piece in cut]
    found = []
    for (place, piece), read in zip(cut, again([_cut_out(flat, *span) for span in spans]) if cut else []):
        text, _, glyphs = read
        if text and glyphs:
            sure = min(glyph.sure for glyph in glyphs)
            if ambiguous_places(text):
                sure = min(sure, _LATE)  # nobody looked at the shapes of its characters
            piece = _Piece(text, piece.left, piece.top, piece.right, piece.bottom, sure)
        found.append((place, piece))
    return found


def _cut_out(flat: Flat, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    height, width = flat.picture.shape[:2]
    x, y = int(np.clip(left, 0, width - 2)), int(np.clip(top, 0, height - 2))
    return np.ascontiguousarray(flat.picture[y : max(y + 2, int(bottom)), x : max(x + 2, int(right))])


def _overlooked(flat: Flat, contents: dict[Box, list[_Piece]], again: Again) -> dict[Box, _Piece]:
    """Cells in which there is ink beside the lines that were found: read as a whole, or else doubted."""
    spans, crossed = {}, []
    for place, pieces in contents.items():
        if len(spans) >= _MOST_AGAIN or any(piece.text in _SIGNS for piece in pieces):
            continue
        ink = uncovered(flat, place, [(piece.left, piece.top, piece.right, piece.bottom) for piece in pieces])
        if ink.span:
            spans[place] = ink.span
        elif ink.crossed and pieces:
            crossed.append(place)
    reads = again([_cut_out(flat, *span) for span in spans.values()]) if spans else []
    found = {}
    for (place, span), (text, score, glyphs) in zip(spans.items(), reads):
        known, sure = contents[place], min((glyph.sure for glyph in glyphs), default=0.0)
        before = "".join(piece.text for piece in sorted(known, key=lambda piece: piece.left))
        if text and score >= 0.6 and span[3] - span[1] < 2.2 * flat.em and (not known or len(text) > len(before)):
            trust = 0.9 * sure if known and before in text else min(sure, _LATE if not known else _UNREAD)
            found[place] = _Piece(text, *span, trust)
        else:
            found[place] = _doubted(known, place, span, flat.em)
    found.update((place, _doubted(contents[place], place, _around(contents[place]), flat.em)) for place in crossed)
    return found


def _doubted(pieces: list[_Piece], place: Box, span: tuple[float, float, float, float], em: float) -> _Piece:
    return _Piece(_text(pieces, place, em), *span, min([_UNREAD, *(piece.sure for piece in pieces)]))


def _around(pieces: list[_Piece]) -> tuple[float, float, float, float]:
    return (min(piece.left for piece in pieces), min(piece.top for piece in pieces),
            max(piece.right for piece in pieces), max(piece.bottom for piece in pieces))  # fmt: skip


def _cell(place: Box, pieces: list[_Piece], em: float) -> Cell:
    text = _text(pieces, place, em)
    sure = min((piece.sure for piece in pieces), default=1.0)
    if any(sign in text for sign in _SIGNS) and len(pieces) > 2:
        sure = max(sure, _TICKED_CELL)  # options are known words: a misread one is no option, and is missed
    return Cell(place.row, place.column, text, place.row_span, place.column_span, round(sure, 3))


def _text(pieces: list[_Piece], place: Box, em: float) -> str:
    """The cell's lines; one that reaches the cell's right edge was broken by the edge and not by the writer."""
    lines: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        if lines and piece.middle - lines[-1][0].middle < 0.5 * em:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    text = ""
    for number, line in enumerate(lines):
        line.sort(key=lambda piece: piece.left)
        if number:
            text += "" if place.right - lines[number - 1][-1].right < 1.3 * em else "\n"
        text += _line(line, em)
    return text.strip()


def _line(pieces: list[_Piece], em: float) -> str:
    text, end = "", None
    for piece in pieces:
        gap = 0.0 if end is None else piece.left - end
        text += "  " if gap > 1.2 * em else " " if gap > 0.35 * em else ""
        text += piece.text
        end = piece.right
    return text
