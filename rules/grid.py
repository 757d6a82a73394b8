"""A table as a grid: neighbours of a cell, and which cells are labels."""

from dataclasses import dataclass

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
        self.cells = sorted(table.cells[:MAX_CELLS], key=lambda cell: (cell.row, cell.column))
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

    def _demote_platforms(self) -> None:
        """A platform's name right of or below 服务类型 is its value, though it is a label elsewhere (公众号, 微信)."""
        for cell in self.cells:
            if cell.text and self.rules(cell) and _key(cell.text) in self._words.platform_words:
                near = [self.at(cell.row, cell.column - 1), *self._above(cell)]
                if any(rule.kind == "platform" for other in near if other for rule in self.rules(other)):
                    self.demote(cell)

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
