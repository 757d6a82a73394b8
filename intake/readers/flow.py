"""Text whose tables are made of marks → blocks: how the Word binary format and RTF both write tables.

Such a format is one stream of paragraphs; a mark ends a cell or a row, each paragraph says how deep in tables
it stands, and a row tells where its cells begin and end and which of them are merged. `Flow` is told of these
in their order.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from rules.document import Cell, Paragraph, Table
from rules.ticks import normalise

#: beyond these a document is no form, and reading on would only cost time
MAX_BLOCKS = 20_000
MAX_CELLS = 20_000
MAX_CHARACTERS = 4_000_000
#: tables inside tables; what is deeper belongs to the table at this depth
MAX_LEVEL = 12
#: edges of cells nearer to each other than this are one (twips, 1/1440 inch: 1.8 mm): rows are dragged by hand
_SAME_EDGE = 100
#: the same for the outermost edges of a table: rows are indented a little differently
_SAME_BORDER = 250


@dataclass(frozen=True, slots=True)
class CellShape:
    """What a row says of one of its cells; edges in twips."""

    left: int
    right: int
    #: merged with the cell left of it
    joins_left: bool = False
    #: merged with the cell above it
    joins_above: bool = False


@dataclass
class _Content:
    """One cell: lines of text, and the blocks of text boxes and nested tables."""

    items: list[str | list[Paragraph | Table]] = field(default_factory=list)


@dataclass
class _OpenTable:
    rows: list[tuple[list[_Content], tuple[CellShape, ...]]] = field(default_factory=list)
    cells: list[_Content] = field(default_factory=list)
    content: _Content = field(default_factory=_Content)


class Flow:
    """Collects paragraphs and tables; `full` once there is more than any form has."""

    def __init__(self):
        self._blocks: list[Paragraph | Table] = []
        self._tables: list[_OpenTable] = []
        self._parts: list[str] = []
        self._boxes: list[list[Paragraph | Table]] = []
        self._cells = self._characters = 0

    @property
    def full(self) -> bool:
        """Whether nothing more is to be read."""
        return len(self._blocks) > MAX_BLOCKS or self._cells > MAX_CELLS or self._characters > MAX_CHARACTERS

    def text(self, text: str) -> None:
        """Text of the paragraph that is being written."""
        self._characters += len(text)
        self._parts.append(text)

    def box(self, blocks: list[Paragraph | Table]) -> None:
        """A text box anchored in the paragraph that is being written."""
        if blocks:
            self._boxes.append(blocks)

    def paragraph(self, level: int = 0) -> None:
        """The paragraph ends; it stands in `level` tables."""
        self._descend(level)
        text, boxes = self._taken()
        if self._tables:
            self._tables[-1].content.items += [text, *boxes]
            return
        self._blocks.append(Paragraph(_finished(text)))
        for box in boxes:
            self._blocks += box

    def cell(self, level: int = 1) -> None:
        """The cell ends, and its last paragraph with it."""
        self.paragraph(max(level, 1))
        table = self._tables[-1]
        table.cells.append(table.content)
        table.content = _Content()
        self._cells += 1

    def row(self, level: int = 1, shape: tuple[CellShape, ...] = (), *, deleted: bool = False) -> None:
        """The row ends; a row deleted with tracking is forgotten."""
        self._descend(max(level, 1))
        table = self._tables[-1]
        if any(part.strip() for part in self._parts) or self._boxes:  # text that no cell mark ended
            self.cell(level)
        if table.cells and not deleted:
            table.rows.append((table.cells, shape))
        table.cells, table.content = [], _Content()
        self._parts.clear()

    def blocks(self) -> list[Paragraph | Table]:
        """Everything that was told, tables closed."""
        if any(part.strip() for part in self._parts) or self._boxes:
            self.paragraph(len(self._tables))
        self._descend(0)
        return self._blocks

    def _taken(self) -> tuple[str, list]:
        text, boxes = "".join(self._parts), self._boxes
        self._parts, self._boxes = [], []
        return text, boxes

    def _descend(self, level: int) -> None:
        """Open or close tables until as many are open as the paragraph stands in."""
        while len(self._tables) > level:
            self._close()
        while len(self._tables) < min(level, MAX_LEVEL):
            self._tables.append(_OpenTable())

    def _close(self) -> None:
        table = self._tables.pop()
        loose = [] if table.cells else table.content.items
        if table.cells:  # no mark ended the last row
            if any(table.content.items):
                table.cells.append(table.content)
            table.rows.append((table.cells, ()))
        blocks = _table(table.rows) if table.rows else []
        for item in loose:
            blocks += [Paragraph(_finished(item))] if isinstance(item, str) else item
        if self._tables:
            self._tables[-1].content.items.append(blocks)
        else:
            self._blocks += blocks


def _table(rows: list[tuple[list[_Content], tuple[CellShape, ...]]]) -> list[Paragraph | Table]:
    """The table, and behind it the tables inside it that are tables of their own."""
    edges = _Edges([shape for _, shape in rows])
    cells: list[list] = []
    nested: list[Paragraph | Table] = []
    above: dict[int, list] = {}
    for number, (contents, shape) in enumerate(rows):
        still_open: dict[int, list] = {}
        column, last = 0, None
        for index, content in enumerate(contents):
            cell = shape[index] if index < len(shape) else None
            start, end = edges.columns(cell, column)
            if cell and cell.joins_left and last is not None:
                last[4] = max(end - last[1], last[4])
            elif cell and cell.joins_above and start in above:
                last = above[start]
                last[3] = number - last[0] + 1
                still_open[start] = last
            else:
                last = [number, start, _text(content, nested), 1, end - start]
                cells.append(last)
                still_open[start] = last
            column = max(end, column + 1)
        above = still_open
    return [Table(tuple(Cell(*cell) for cell in cells)), *nested]


class _Edges:
    """The columns of a table, from where the cells of its rows begin and end."""

    def __init__(self, shapes: list[tuple[CellShape, ...]]):
        found = sorted({edge for shape in shapes for cell in shape for edge in (cell.left, cell.right)})
        self._starts: list[int] = []
        for edge in found:
            if not self._starts or edge - self._starts[-1] > self._room(edge, found):
                self._starts.append(edge)

    def _room(self, edge: int, found: list[int]) -> int:
        at_border = len(self._starts) == 1 or found[-1] - edge < _SAME_EDGE
        return _SAME_BORDER if at_border else _SAME_EDGE

    def columns(self, cell: CellShape | None, column: int) -> tuple[int, int]:
        """First column of a cell and the one behind its last; never left of `column`, never empty."""
        if cell is None or cell.right <= cell.left:
            return column, column + 1
        start = max(bisect_right(self._starts, cell.left) - 1, column)
        return start, max(bisect_right(self._starts, cell.right) - 1, start + 1)


def _text(content: _Content, nested: list[Paragraph | Table]) -> str:
    """A cell's lines; small tables inside it are lines too, large ones are added to `nested`."""
    lines: list[str] = []
    for item in content.items:
        if isinstance(item, str):
            lines.append(item)
            continue
        for block in item:
            if isinstance(block, Paragraph):
                lines.append(block.text)
            elif is_table_of_its_own(block):
                nested.append(block)
            else:
                lines.append(flat(block))
    return _finished("\n".join(lines))


def is_table_of_its_own(table: Table) -> bool:
    """Whether a table inside a cell is more than options set out in columns: a form in a layout table."""
    rows = [cell.row for cell in table.cells]
    return max(rows, default=0) >= 2 and sum(1 for row in rows if row < 2) > 2


def flat(table: Table) -> str:
    """A table as lines of text."""
    rows: dict[int, list[str]] = {}
    for cell in table.cells:
        rows.setdefault(cell.row, []).append(cell.text)
    return "\n".join("  ".join(texts) for _, texts in sorted(rows.items()))


def _finished(text: str) -> str:
    """Boxes and ticks as ☑ and □, pairs of surrogates joined, without blank lines around."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return normalise(text.strip("\n")).strip(" \t\n\u3000")
