"""A table as a grid: neighbours of a cell, and which cells are labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rules.document import Cell, Table
from rules.labels import Lexicon
from rules.survey import FieldRule

#: a form has far fewer; what is beyond is not looked at
MAX_CELLS = 6_000
MAX_COLUMNS = 120
MAX_SPAN = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """A label of a table with the text that belongs to it."""

    rules: tuple[FieldRule, ...]
    label: str
    raw: str
    label_cell: Cell
    #: the cell in which the value stands
    place: Cell
    confidence: float = 1.0


class Grid:
    """Cells of a table by place; spans are bounded, so that a hostile table costs no more than a large one."""

    def __init__(self, table: Table, words: Lexicon):
        cells = _without_gaps(table.cells[:MAX_CELLS], words)
        self.cells = sorted(cells, key=lambda cell: (cell.row, cell.column))
        self._at: dict[tuple[int, int], Cell] = {}
        self._starts: dict[int, list[Cell]] = {}
        self._rules: dict[tuple[int, int], tuple[FieldRule, ...]] = {}
        self._words = words
        for cell in self.cells:
            self._starts.setdefault(cell.row, []).append(cell)
            self._rules[cell.row, cell.column] = words.rules_of(cell.text)
            for row in range(cell.row, cell.row + min(cell.row_span, MAX_SPAN)):
                for column in range(cell.column, min(cell.column + cell.column_span, MAX_COLUMNS)):
                    self._at.setdefault((row, column), cell)
        self.rows = sorted(self._starts)
        self._width = max((cell.column + cell.column_span for cell in self.cells), default=0)
        self._demote_platforms()
        #: places of cells that are neither label nor value
        self.titles = self._group_titles()

    def _demote_platforms(self) -> None:
        """A platform's name right of or below 服务类型 is its value, though it is a label elsewhere (公众号, 微信)."""
        for cell in self.cells:
            if cell.text and self.rules(cell) and _key(cell.text) in self._words.platform_words:
                near = [self.at(cell.row, cell.column - 1), *self._above(cell)]
                if any(rule.kind == "platform" for other in near if other for rule in self.rules(other)):
                    self.demote(cell)

    def _group_titles(self) -> frozenset[tuple[int, int]]:
        """Places of cells left of several rows of label and value, which only say what those are about: 「单位信息」."""
        found = set()
        for cell in self.cells:
            if cell.row_span > 1 and cell.text.strip():
                column = cell.column + cell.column_span
                beside = [self.at(row, column) for row in range(cell.row, cell.row + min(cell.row_span, MAX_SPAN))]
                labels = {(label.row, label.column): label for label in beside if self.is_label(label)}
                valued = [label for label in labels.values() if (value := self.right(label)) is not None and not self.is_label(value)]
                if len(valued) > 1 and 2 * len(valued) > len({id(label) for label in beside}):
                    found.add((cell.row, cell.column))
        return frozenset(found)

    def _above(self, cell: Cell) -> list[Cell]:
        """The cells over a cell, as far as the first label."""
        found: list[Cell] = []
        row = cell.row - 1
        while row >= 0 and len(found) < 40 and (above := self.at(row, cell.column)):
            found.append(above)
            if self.rules(above):
                break
            row = above.row - 1
        return found

    def at(self, row: int, column: int) -> Cell | None:
        """The cell that covers this place."""
        return self._at.get((row, column))

    def row(self, row: int) -> list[Cell]:
        """The cells that begin in this row."""
        return self._starts.get(row, [])

    def covering(self, row: int) -> list[Cell]:
        """The cells that cover this row, from left to right."""
        found = (self._at.get((row, column)) for column in range(min(self._width, MAX_COLUMNS)))
        return list({id(cell): cell for cell in found if cell is not None}.values())

    def rules(self, cell: Cell) -> tuple[FieldRule, ...]:
        """The fields whose label the cell is; empty for any other cell."""
        return self._rules[cell.row, cell.column]

    def demote(self, cell: Cell) -> None:
        """Take the cell for a value, though its word is a label."""
        self._rules[cell.row, cell.column] = ()

    def is_label(self, cell: Cell | None) -> bool:
        """Whether the cell is a label."""
        return cell is not None and bool(self.rules(cell))

    def opens_label(self, cell: Cell) -> bool:
        """Whether the cell begins with a label of its own: `注册日期:2018年3月`."""
        found = self._words.split(cell.text)
        return bool(found) and found[0].start == 0

    def right(self, cell: Cell) -> Cell | None:
        """The cell right of it."""
        return self.at(cell.row, cell.column + cell.column_span)

    def below(self, cell: Cell) -> Cell | None:
        """The cell below it."""
        return self.at(cell.row + cell.row_span, cell.column)


def _key(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _without_gaps(cells: Sequence[Cell], words: Lexicon) -> Sequence[Cell]:
    """The cells without the empty columns that some forms have between their labels and values, to look airy."""
    written: dict[int, list[Cell]] = {}
    for cell in cells:
        if cell.text.strip():
            written.setdefault(cell.column, []).append(cell)
    labels = {column: sum(bool(words.rules_of(cell.text)) for cell in found) for column, found in written.items()}
    gaps = {column + 1 for column, count in labels.items() if count > 1 and column + 1 not in written
            and labels.get(column + 2) == 0 and len(written[column + 2]) > 1}  # fmt: skip
    if not gaps:
        return cells
    kept = []
    for cell in cells:
        inside = sum(cell.column <= gap < cell.column + cell.column_span for gap in gaps)
        if inside < cell.column_span:
            before = sum(gap < cell.column for gap in gaps)
            kept.append(replace(cell, column=cell.column - before, column_span=cell.column_span - inside))
    return kept
