"""Characters with places → lines of text: what PDF and OFD pages have in common."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from rules.document import Paragraph, Placed
from rules.ticks import normalise
from rules.wrapping import glue

#: a form lies on one of the first pages and has fewer characters; a book's places would only fill memory
_PLACED_PAGES, _PLACED_CHARACTERS = 20, 4_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A character, a form field's text or a box, with its place (top-left origin, points)."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text with its top, its right end, the size of its letters, and where each character lies."""

    text: str
    top: float
    right: float
    size: float
    #: left and right of each character of the text
    places: tuple[tuple[float, float], ...] = ()


def lines_of(pieces: list[Piece]) -> list[TextLine]:
    """The lines; a gap as wide as a character becomes spaces, a wider one a tab."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: ((piece.top + piece.bottom) / 2, piece.x0)):
        middle = (piece.top + piece.bottom) / 2
        last = rows[-1][0] if rows else None
        if last is not None and last.top <= middle <= last.bottom:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    found = []
    for row in rows:
        text, places = _line(sorted(row, key=lambda piece: piece.x0))
        if text:
            found.append(TextLine(text, row[0].top, max(piece.x1 for piece in row), row[0].bottom - row[0].top, places))
    return found


def paragraphs(lines: list[TextLine], page: int) -> list[tuple[float, Paragraph]]:
    """The lines as blocks with their tops; of pages that may be a form's they know their places."""
    placed = page <= _PLACED_PAGES and sum(len(line.text) for line in lines) <= _PLACED_CHARACTERS
    return [(line.top, Paragraph(line.text, page, Placed(line.top, line.size, line.places) if placed else None)) for line in lines]


def unwrapped(lines: list[TextLine], right: float) -> str:
    """The text of a cell that ends at `right`: lines that the program broke are one again."""
    parts = [line.text for line in lines[:1]]
    for before, line in pairwise(lines):
        parts += (glue(before.text, line.text, right - before.right, before.size), line.text)
    return "".join(parts)


def _line(row: list[Piece]) -> tuple[str, tuple[tuple[float, float], ...]]:
    """The text of a line without white space around it, and where its characters lie."""
    parts: list[str] = []
    places: list[tuple[float, float]] = []
    end = None
    for piece in row:
        size = max(piece.bottom - piece.top, 4)
        gap = 0 if end is None else piece.x0 - end
        between = "\t" if gap > 2.2 * size else "  " if gap > 0.9 * size else " " if gap > 0.25 * size and not piece.text.isspace() else ""
        parts += (between, piece.text)
        places += [(end or 0.0, piece.x0)] * len(between)
        wide = (piece.x1 - piece.x0) / max(len(piece.text), 1)
        places += [(piece.x0 + number * wide, piece.x0 + (number + 1) * wide) for number in range(len(piece.text))]
        end = max(piece.x1, end or piece.x1)
    raw = "".join(parts)
    text = normalise(raw)
    places = places if len(text) == len(raw) else _moved(raw, text, places)
    start = len(text) - len(text.lstrip())
    text = text.strip()
    return text, tuple(places[start : start + len(text)])


def _moved(raw: str, text: str, places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where the characters lie after boxes of several characters, as `( )`, became one."""
    found: list[tuple[float, float]] = []
    for kind, start, end, first, last in SequenceMatcher(None, raw, text, autojunk=False).get_opcodes():
        if kind == "equal":
            found += places[start:end]
        elif last > first:
            behind = places[min(end, len(places)) - 1][1] if end > start else places[max(start - 1, 0)][1]
            found += [(places[min(start, len(places) - 1)][0], behind)] * (last - first)
    return found
