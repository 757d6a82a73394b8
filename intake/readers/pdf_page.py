"""One page of a PDF by pdfplumber: ruled tables with merged cells, the lines around them, form fields, tick boxes."""

import io
import struct
import zlib

import pdfplumber
import pypdfium2 as pdfium
from pdfminer.pdfexceptions import PDFException
from pdfminer.psexceptions import PSException
from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

from intake.readers.pdf_boxes import Boxes
from intake.readers.pdf_fields import shown_fields
from intake.readers.printed_lines import Piece, lines_of, paragraphs, unwrapped
from rules.document import EMPTY, TICKED, Cell, Paragraph, Table
from rules.ticks import normalise

#: ruled lines and rectangles beyond which a page is a drawing
_MOST_EDGES = 4_000
_MOST_CHARACTERS = 12_000
#: what pdfminer and pdfplumber raise on malformed files
_ERRORS = (PDFException, PSException, PdfminerException, MalformedPDFException, KeyError, TypeError, ValueError,
           AttributeError, IndexError, AssertionError, RecursionError, OverflowError, ZeroDivisionError, struct.error,
           zlib.error, UnicodeError, OSError, NotImplementedError)  # fmt: skip
_SETTINGS = {"snap_tolerance": 3, "join_tolerance": 3, "intersection_tolerance": 4}


class Plumber:
    """A file opened once by pdfplumber; hands out one page after the other."""

    def __init__(self, data: bytes):
        try:
            self._file = pdfplumber.open(io.BytesIO(data))
        except _ERRORS:
            self._file = None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def blocks(
        self, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, number: int
    ) -> list[Paragraph | Table] | None:
        """Paragraphs and tables of page `number` (zero-based) from top to bottom; None where it cannot be read."""
        if self._file is None:
            return None
        try:
            own = self._file.pages[number]
            if len(own.edges) > _MOST_EDGES:
                return None
            letters = _letters(own)
            if is_garbled("".join(piece.text for piece in letters)):
                if page.get_rotation():
                    return None
                letters = _letters_of_pdfium(page, text_page)
            fields = _form_fields(own)
            letters = _uncovered(letters, fields)
            drawn = _drawn_boxes(own, [*letters, *fields])
            pieces = [*Boxes(page, text_page).mended([*letters, *drawn]), *fields]
            ruled = own.filter(lambda shape: not _is_square(shape)) if any(map(_is_square, _shapes(own))) else own
            tables = ruled.find_tables(_SETTINGS)
            return _assemble(pieces, [table for table in tables if len(table.cells) > 1], number + 1)
        except _ERRORS:
            return None
        finally:
            if number < len(self._file.pages):
                self._file.pages[number].close()


def is_garbled(text: str) -> bool:
    """Whether an engine could not tell which letters the glyphs stand for."""
    lost = text.count("(cid:") + text.count("\ufffd") + sum(char < " " and char not in "\r\n\t" for char in text)
    return lost > 3 and lost * 20 > len(text)


def _letters_of_pdfium(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> list[Piece]:
    """The page's characters by the other engine, where pdfminer does not know the font's encoding."""
    left, _, _, top = page.get_mediabox()
    found = []
    for index in range(min(text_page.count_chars(), _MOST_CHARACTERS)):
        text = text_page.get_text_range(index, 1)
        if text.strip():
            x0, y0, x1, y1 = text_page.get_charbox(index, loose=True)
            found.append(Piece(text, x0 - left, top - y1, x1 - left, top - y0))
    return found


def _letters(page: pdfplumber.page.Page) -> list[Piece]:
    """Characters of the page, each once, also where bold is faked by printing twice."""
    chars = page.dedupe_chars(tolerance=0.8).chars
    return [_piece(char["text"], char) for char in chars if char["upright"]]


def _piece(text: str, place: dict) -> Piece:
    return Piece(text, place["x0"], place["top"], place["x1"], place["bottom"])


def _drawn_boxes(page: pdfplumber.page.Page, others: list[Piece]) -> list[Piece]:
    """Small squares that were drawn and not typed, with nothing typed in them: tick boxes, whatever they hold."""
    squares = {
        (round(shape["x0"]), round(shape["top"])): shape for shape in _shapes(page) if _is_square(shape)
    }
    found = [_piece("□", shape) for shape in list(squares.values())[:300]]
    return [box for box in found if not any(_overlap(box, other) for other in others)]


def _shapes(page: pdfplumber.page.Page) -> list[dict]:
    return [*page.rects[:2_000], *page.curves[:2_000]]


def _is_square(shape: dict) -> bool:
    """Whether it is as small as a tick box and about as high as wide (5 to 18 points)."""
    if shape["object_type"] not in ("rect", "curve"):
        return False
    width, height = shape["width"], shape["height"]
    return 5 <= width <= 18 and 5 <= height <= 18 and 0.75 <= width / height <= 1.33


def _overlap(box: Piece, other: Piece) -> bool:
    x, y = (other.x0 + other.x1) / 2, (other.top + other.bottom) / 2
    return box.x0 <= x <= box.x1 and box.top <= y <= box.bottom


def _form_fields(page: pdfplumber.page.Page) -> list[Piece]:
    return [_piece(text, annotation) for text, annotation in shown_fields(page.annots)]


def _uncovered(letters: list[Piece], fields: list[Piece]) -> list[Piece]:
    """Without the boxes printed where a check box lies: it alone tells."""
    boxes = [field for field in fields if field.text in (TICKED, EMPTY)]
    if not boxes:
        return letters
    return [letter for letter in letters
            if not (normalise(f"{letter.text}□")[0] in (TICKED, EMPTY) and any(_overlap(box, letter) for box in boxes))]  # fmt: skip


def _assemble(pieces: list[Piece], tables: list, page: int) -> list[Paragraph | Table]:
    found: list[tuple[float, Paragraph | Table]] = []
    for table in tables:
        inside, pieces = _split(pieces, table.bbox)
        boxes = _without_frame(sorted(set(table.cells), key=lambda box: (box[1], box[0])), table.bbox)
        cells, left = _table(boxes, inside, page)
        found.append((table.bbox[1], cells))
        pieces += left
    found += paragraphs(lines_of(pieces), page)
    return [block for _, block in sorted(found, key=lambda item: item[0])]


def _split(pieces: list[Piece], box: tuple) -> tuple[list[Piece], list[Piece]]:
    inside, outside = [], []
    for piece in pieces:
        (inside if _within(piece, box) else outside).append(piece)
    return inside, outside


def _within(piece: Piece, box: tuple) -> bool:
    x, y = (piece.x0 + min(piece.x1, piece.x0 + 12)) / 2, (piece.top + piece.bottom) / 2
    return box[0] <= x < box[2] and box[1] <= y < box[3]


def _without_frame(boxes: list[tuple], whole: tuple) -> list[tuple]:
    """The cells without a frame drawn around all of them, which is no cell."""
    def size(box: tuple) -> float:
        return (box[2] - box[0]) * (box[3] - box[1])

    def frames(box: tuple) -> bool:
        inside = sum(box[0] - 1 <= (other[0] + other[2]) / 2 <= box[2] + 1 and
                     box[1] - 1 <= (other[1] + other[3]) / 2 <= box[3] + 1 for other in boxes)
        return 2 * size(box) > size(whole) and inside > 2

    return [box for box in boxes if not frames(box)] or boxes


def _table(boxes: list[tuple], pieces: list[Piece], page: int) -> tuple[Table, list[Piece]]:
    """Cells by the edges that they share (a merged cell spans several), and what stands in none of them."""
    columns = _edges([box[0] for box in boxes] + [box[2] for box in boxes])
    rows = _edges([box[1] for box in boxes] + [box[3] for box in boxes])
    cells = []
    for box in boxes:
        inside, pieces = _split(pieces, box)
        text = unwrapped(lines_of(inside), box[2])
        left, right = _index(columns, box[0]), _index(columns, box[2])
        top, bottom = _index(rows, box[1]), _index(rows, box[3])
        cells.append(Cell(top, left, text.strip(), max(bottom - top, 1), max(right - left, 1)))
    return Table(tuple(cells), page), pieces


def _edges(values: list[float]) -> list[float]:
    kept: list[float] = []
    for value in sorted(values):
        if not kept or value - kept[-1] > 3:
            kept.append(value)
    return kept


def _index(edges: list[float], value: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - value))
