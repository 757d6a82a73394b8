"""One sheet of any spreadsheet format as a table: merged cells once, empty places filled, floating things in place.

A spreadsheet stores only what was written; a form needs its empty fields too. So every place between the outermost
written cells is a cell, and the ruled or merged ones next to them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.document import EMPTY, TICKED, UNSURE, Cell, Paragraph, Table
from rules.ticks import normalise

#: cells with text beyond which a sheet is no form
MAX_CELLS = 20_000
MAX_MERGES = 20_000
#: characters of one cell (Excel allows 32,767)
MAX_TEXT = 32_767
#: empty columns in a row beyond which what follows is not beside what stands before
_WIDEST_GAP = 8
#: empty rows between written ones that belong to the table
_EMPTY_ROWS = 2
#: a column narrower than this (in characters) and empty only keeps its neighbours apart
_SPACER = 3.0
_DEFAULT_NAME = re.compile(r"(?:sheet|工作表|表|worksheet|feuil)\s*\d*(?:\s*\(\d+\))?$", re.IGNORECASE)
_BOX = re.compile(f"[{TICKED}{EMPTY}{UNSURE}]")


@dataclass(frozen=True, slots=True)
class Floating:
    """A box, button or text that lies over the cells; places are fractions: 3.5 is the middle of the fourth row."""

    row: float
    column: float
    text: str


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, all ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Grid:
    """What one sheet holds, as it is found."""

    name: str = ""
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    #: empty cells with lines around them
    framed: set[tuple[int, int]] = field(default_factory=set)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    #: widths of columns that are not as usual, in characters
    widths: dict[int, float] = field(default_factory=dict)
    #: heights of rows that are not as usual, in points
    heights: dict[int, float] = field(default_factory=dict)
    floating: list[Floating] = field(default_factory=list)
    #: cells that only keep the state of a control
    linked: set[tuple[int, int]] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)

    def put(self, row: int, column: int, text: str) -> None:
        """Write a cell's text; beyond MAX_CELLS the rest is left out, with a note."""
        if len(self.cells) >= MAX_CELLS:
            self.notes.add("cut-short")
        elif text.strip():
            self.cells[row, column] = text[:MAX_TEXT]

    @property
    def full(self) -> bool:
        """Whether nothing more is taken."""
        return "cut-short" in self.notes

    def blocks(self, page: int) -> list[Paragraph | Table]:
        """The sheet's name where it says something, its table, and the text that floats beside it."""
        found: list[Paragraph | Table] = []
        laid = _Laid(self)
        cells, beside = laid.cells(), laid.beside
        if not cells and not beside:
            return []
        if not _DEFAULT_NAME.match(self.name.strip()) and len(self.name.strip()) > 3:
            found.append(Paragraph(normalise(self.name.strip()), page))
        if cells:
            found.append(Table(tuple(cells), page))
        return found + [Paragraph(normalise(text), page) for text in beside]


class _Laid:
    """One sheet laid out."""

    def __init__(self, grid: Grid):
        self._grid = grid
        self._anchor: dict[tuple[int, int], Merge] = {}
        self._covered: set[tuple[int, int]] = set()
        self.beside: list[str] = []
        self._texts = dict(grid.cells)
        for place in grid.linked:
            self._texts.pop(place, None)
        if self._texts or grid.floating:
            self._merge()
            self._float()
            self._hide()

    def cells(self) -> list[Cell]:
        """Cells row by row; at most three times MAX_CELLS, empty ones among them."""
        rows, columns = self._used()
        ends = self._ends()
        found: list[Cell] = []
        for row in rows:
            for column in columns:
                place = (row, column)
                if place in self._covered or (column in self._spacers and place not in self._texts):
                    continue
                if column > ends.get(row, column) and place not in self._grid.framed and place not in self._anchor:
                    break
                merge = self._anchor.get((row, column))
                right = merge.right if merge else column
                tall = sum(1 for other in range(row, min(merge.bottom, rows[-1]) + 1)) if merge else 1
                wide = min(right, columns[-1]) - column + 1
                while (following := column + wide) in self._spacers and (row, following) not in self._texts:
                    wide += 1
                text = normalise(self._texts.get((row, column), "").replace("\r\n", "\n").replace("\r", "\n"))
                found.append(Cell(row, column, text.strip(" \t\n\u3000"), tall, wide))
            if len(found) > 3 * MAX_CELLS:
                self._grid.notes.add("cut-short")
                break
        return found

    def _ends(self) -> dict[int, int]:
        """Last columns of rows that end with their neighbour, before the table does: the last labels over values.

        Rows of one cell are left alone: a label without a value, over a remark.
        """
        last: dict[int, list[int]] = {}
        for row, column in sorted(self._texts):
            last.setdefault(row, []).append(column)
        ends = {row: columns[-1] for row, columns in last.items() if len(columns) > 1}
        return {row: end for row, end in ends.items() if end in (ends.get(row - 1), ends.get(row + 1))}

    def _merge(self) -> None:
        """Which cells are covered; ranges are clipped to what is written, so that a whole sheet costs no more."""
        bottom = max([row for row, _ in self._texts] or [0]) + 2
        right = max([column for _, column in self._texts] or [0]) + 2
        room = 4 * MAX_CELLS
        for merge in self._grid.merges[:MAX_MERGES]:
            if (merge.top, merge.left) in self._anchor or merge.top > bottom or merge.left > right:
                continue
            last_row, last_column = min(merge.bottom, bottom), min(merge.right, max(right, merge.left))
            room -= (last_row - merge.top + 1) * (last_column - merge.left + 1)
            if room < 0:
                self._grid.notes.add("cut-short")
                return
            wide = merge.right if merge.right - merge.left < 100 else last_column
            self._anchor[merge.top, merge.left] = Merge(merge.top, merge.left, last_row, wide)
            self._covered.update(
                (row, column) for row in range(merge.top, last_row + 1) for column in range(merge.left, last_column + 1)
            )
            self._covered.discard((merge.top, merge.left))
        for place in self._covered:
            self._texts.pop(place, None)

    def _float(self) -> None:
        """Boxes and texts into the cells they lie over, from left to right; far ones beside the table."""
        placed: dict[tuple[int, int], list[Floating]] = {}
        home = {place: anchor for anchor, merge in self._anchor.items() for place in _places(merge)}
        bottom = max([row for row, _ in self._texts] or [-1]) + 1
        right = max([column for _, column in self._texts] or [-1]) + 1
        for item in self._grid.floating:
            place = home.get((int(item.row), int(item.column)), (int(item.row), int(item.column)))
            if place[0] > bottom or place[1] > right:
                self.beside.append(item.text)
            else:
                placed.setdefault(place, []).append(item)
        for place, items in placed.items():
            items.sort(key=lambda item: (round(item.row * 2), item.column))
            self._texts[place] = _together(self._texts.get(place, ""), [item.text for item in items])

    def _hide(self) -> None:
        """Without the rows and columns that nobody sees; a merged cell is seen as long as a part of it is."""
        rows, columns = self._grid.hidden_rows, self._grid.hidden_columns
        for place in [place for place in self._texts if place[0] in rows or place[1] in columns]:
            merge = self._anchor.get(place, Merge(*place, *place))
            seen = any(row not in rows for row in range(merge.top, merge.bottom + 1)) and any(
                column not in columns for column in range(merge.left, merge.right + 1))  # fmt: skip
            if not seen:
                del self._texts[place]
                self._grid.notes.add("hidden-cells")

    def _used(self) -> tuple[list[int], list[int]]:
        """Rows and columns of the table."""
        if not self._texts:
            self._spacers: set[int] = set()
            return [], []
        written = {column for _, column in self._texts}
        top, bottom = min(row for row, _ in self._texts), max(row for row, _ in self._texts)
        near = set(range(min(written), max(written) + 2))
        drawn = {(row, column) for row, column in (*self._grid.framed, *self._anchor)
                 if top <= row <= bottom + 1 and column in near}  # fmt: skip
        rows = {row for row, _ in self._texts} | {row for row, _ in drawn if row not in self._grid.hidden_rows}
        columns = sorted(written | {column for _, column in drawn})
        filled: list[int] = []
        for column in columns:
            if filled and 1 < column - filled[-1] <= _WIDEST_GAP:
                filled += range(filled[-1] + 1, column)
            filled.append(column)
        narrow = {column for column in filled if self._grid.widths.get(column, 9.0) < _SPACER}
        kept = written - self._grid.hidden_columns
        self._spacers = {column for column in filled[1:] if column not in kept and (
            column in self._grid.hidden_columns or column in narrow)}  # fmt: skip
        return self._with_empty(sorted(rows)), filled

    def _with_empty(self, rows: list[int]) -> list[int]:
        """The rows with the few empty ones between them, and one below: values that nobody wrote under labels."""
        found: list[int] = []
        for row in rows:
            if found and row - found[-1] - 1 <= _EMPTY_ROWS:
                found += [other for other in range(found[-1] + 1, row) if other not in self._grid.hidden_rows]
            found.append(row)
        last = sum(row == found[-1] for row, _ in self._texts)
        return [*found, found[-1] + 1] if last > 1 else found


def _places(merge: Merge) -> Iterable[tuple[int, int]]:
    right = min(merge.right, merge.left + 200)
    return ((row, column) for row in range(merge.top, merge.bottom + 1) for column in range(merge.left, right + 1))


def _together(text: str, items: list[str]) -> str:
    """A cell's own text with what lies over it: boxes without words belong to the words of the cell, one each."""
    if text.strip() and all(_BOX.fullmatch(item) for item in items):
        words = text.split()
        if len(words) == len(items):
            return " ".join(box + word for box, word in zip(items, words, strict=True))
        if len(items) == 1:
            return items[0] + text.lstrip()
    return "\n".join(part for part in (text, "  ".join(items)) if part.strip())
