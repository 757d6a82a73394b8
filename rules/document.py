"""One file as text with its places: what a reader returns, whatever the format was.

Readers write every kind of tick box as one of two characters, so that nothing after them knows the format:
`☑` (TICKED) and `□` (EMPTY). A box whose state cannot be told is `▣` (UNSURE).
"""

from dataclasses import dataclass, field

TICKED = "☑"
EMPTY = "□"
UNSURE = "▣"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; a merged cell stands once, at its top left place."""

    #: zero-based
    row: int
    #: zero-based grid column
    column: int
    #: lines are separated by a newline
    text: str
    row_span: int = 1
    column_span: int = 1
    #: 0..1; below 1 only where it was recognised from pixels
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table in reading order."""

    cells: tuple[Cell, ...]
    #: one-based
    page: int = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a printed line lies on its page, in points from the top left."""

    top: float
    #: height of its letters
    size: float
    #: left and right of each character
    places: tuple[tuple[float, float], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of text outside tables."""

    text: str
    page: int = 1
    #: of a line that was printed (PDF, OFD)
    placed: Placed | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line recognised in a picture."""

    text: str
    #: left, top, right, bottom in pixels of the upright page
    box: tuple[float, float, float, float]
    #: 0..1
    confidence: float
    page: int = 1
    #: 0..1: that its least sure character is right; 1 where it is not known
    weakest: float = 1.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture (or file) found inside a document; larger than an icon."""

    filename: str
    data: bytes = field(repr=False)
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader made of one file."""

    #: `docx` `pdf` `ocr` `text` …: DATA.md's attachments.method
    method: str
    #: paragraphs and tables in reading order
    blocks: tuple[Paragraph | Table, ...] = ()
    #: lines read from pixels (pictures, scanned pages), top to bottom
    lines: tuple[Line, ...] = ()
    pages: int = 1
    #: pictures and files inside it, to be read as files of their own
    embedded: tuple[Embedded, ...] = ()
    #: what was odd, one short English code each
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of its words, for search and for recognition; cells of a row are separated by tabs."""
        told = {block.page for block in self.blocks}  # their lines were made into blocks
        rest = (line.text for line in self.lines if line.page not in told)
        return "\n".join([*(_block_text(block) for block in self.blocks), *rest])


def _block_text(block: Paragraph | Table) -> str:
    if isinstance(block, Paragraph):
        return block.text
    rows: dict[int, list[str]] = {}
    for cell in block.cells:
        rows.setdefault(cell.row, []).append(cell.text.replace("\n", " "))
    return "\n".join("\t".join(cells) for _, cells in sorted(rows.items()))
