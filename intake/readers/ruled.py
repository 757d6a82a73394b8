"""Text with places, and ruled lines → paragraphs and tables: what a page says whose format knows no tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.readers.printed_lines import Piece, lines_of, paragraphs, unwrapped
from rules.document import EMPTY, TICKED, Cell, Paragraph, Table
from rules.ticks import normalise

#: ruled lines beyond which a page is a drawing
MAX_EDGES = 4_000
_SNAP, _JOIN, _MEET = 3, 3, 4
_TICKS = "√✓✔☑√"
_BOXES = "□☐▢◻❏❑○◯"


@dataclass(frozen=True, slots=True)
class Edge:
    """A horizontal or vertical ruled line (top-left origin, points)."""

    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def is_flat(self) -> bool:
        return self.x1 - self.x0 >= self.bottom - self.top


def blocks_of(pieces: list[Piece], edges: Sequence[Edge], page: int) -> list[Paragraph | Table]:
    """Tables where lines are ruled, lines of text elsewhere, from top to bottom."""
    pieces = [*ticked(pieces)]
    found: list[tuple[float, Paragraph | Table]] = []
    for boxes in tables_of(edges):
        area = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        inside, pieces = _split(pieces, area)
        table, rest = _table(boxes, inside, page)
        if table is not None:
            found.append((area[1], table))
        pieces += rest
    found += paragraphs(lines_of(pieces), page)
    return [block for _, block in sorted(found, key=lambda item: item[0])]


def tables_of(edges: Sequence[Edge]) -> list[list[tuple[float, float, float, float]]]:
    """The cells (left, top, right, bottom) of each table that the lines rule; at least two cells make a table."""
    from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

    if not edges or len(edges) > MAX_EDGES:
        return []
    drawn = [
        {"object_type": "line", "x0": edge.x0, "x1": edge.x1, "top": edge.top, "bottom": edge.bottom,
         "doctop": edge.top, "width": edge.x1 - edge.x0, "height": edge.bottom - edge.top,
         "orientation": "h" if edge.is_flat else "v"} for edge in edges
    ]  # fmt: skip
    merged = [edge for edge in merge_edges(drawn, _SNAP, _SNAP, _JOIN, _JOIN)
              if max(edge["x1"] - edge["x0"], edge["bottom"] - edge["top"]) >= 3]  # fmt: skip
    cells = intersections_to_cells(edges_to_intersections(merged, _MEET, _MEET))
    return [sorted(table, key=lambda box: (box[1], box[0])) for table in cells_to_tables(cells) if len(table) > 1]


def ticked(pieces: list[Piece]) -> list[Piece]:
    """The pieces with each tick that was set over a box made one with it."""
    boxes = [piece for piece in pieces if piece.text in _BOXES and piece.text]
    ticks = [piece for piece in pieces if piece.text in _TICKS and piece.text]
    gone, marked = set(), set()
    for tick in ticks[:500]:
        box = next((box for box in boxes if id(box) not in marked and covers(box, tick)), None)
        if box is not None:
            gone.add(id(tick))
            marked.add(id(box))
    return [Piece(TICKED, piece.x0, piece.top, piece.x1, piece.bottom) if id(piece) in marked else piece
            for piece in pieces if id(piece) not in gone]  # fmt: skip


def covers(box: Piece, other: Piece) -> bool:
    """Whether the middle of `other` lies in `box`."""
    x, y = (other.x0 + other.x1) / 2, (other.top + other.bottom) / 2
    margin = 0.15 * (box.x1 - box.x0)
    return box.x0 - margin <= x <= box.x1 + margin and box.top - margin <= y <= box.bottom + margin


def drawn_box(left: float, top: float, right: float, bottom: float) -> Piece:
    """A box that was drawn and not typed."""
    return Piece(EMPTY, left, top, right, bottom)


def _split(pieces: list[Piece], box: tuple) -> tuple[list[Piece], list[Piece]]:
    inside, outside = [], []
    for piece in pieces:
        x, y = (piece.x0 + min(piece.x1, piece.x0 + 12)) / 2, (piece.top + piece.bottom) / 2
        (inside if box[0] <= x < box[2] and box[1] <= y < box[3] else outside).append(piece)
    return inside, outside


def _table(boxes: list[tuple], pieces: list[Piece], page: int) -> tuple[Table | None, list[Piece]]:
    """Cells by the edges that they share, and the pieces that stand in none of them."""
    columns = _edges([edge for box in boxes for edge in (box[0], box[2])])
    rows = _edges([edge for box in boxes for edge in (box[1], box[3])])
    cells = []
    for box in boxes:
        inside, pieces = _split(pieces, box)
        left, right = _index(columns, box[0]), _index(columns, box[2])
        top, bottom = _index(rows, box[1]), _index(rows, box[3])
        text = normalise(unwrapped(lines_of(inside), box[2])).strip()
        cells.append(Cell(top, left, text, max(bottom - top, 1), max(right - left, 1)))
    if not any(cell.text for cell in cells):
        return None, pieces
    return Table(tuple(cells), page), pieces


def _edges(values: list[float]) -> list[float]:
    kept: list[float] = []
    for value in sorted(values):
        if not kept or value - kept[-1] > 3:
            kept.append(value)
    return kept


def _index(edges: list[float], value: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - value))
