"""The piece of a picture or of a PDF page from which a field was read, cut out for a person to compare.

A field's location names page, table, row and column, or page and line (`rules.layout`). On a picture the ruled tables
are found again, and a cell is cut out of the table laid flat, with the label to its left; without a table the line is
found by its words. On a PDF page with text the words themselves are looked for.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

import cv2
import numpy as np
from PIL import Image

from intake import ocr
from intake.ocr_steps import Row, Seen
from intake.readers.cells import Box, boxes
from intake.readers.flatten import Flat, tables, without_seal
from intake.readers.page_layout import FEWEST_CELLS, shows_table
from intake.readers.row_geometry import height
from intake.reading.original import jpeg
from rules.survey import Survey

#: id, location, text as written, label
Place = tuple[int, str, str, str]
#: widest piece, in pixels
_WIDTH = 900
_CELL = re.compile(r"表(\d+) 第(\d+)行 第(\d+)列")
_PAGE = re.compile(r"第(\d+)页")
#: words of a value that are looked for on a PDF page
_MOST_PARTS = 24
#: how much of a text must be the same
_LIKE = 0.5


@dataclass
class _Search:
    """What is left to be found, and what was."""

    left: list[Place]
    found: dict[int, bytes] = field(default_factory=dict)

    def take(self, place: Place, piece: Image.Image) -> None:
        self.found[place[0]] = jpeg(piece, _WIDTH)
        self.left.remove(place)


def cut_pictures(pages: Iterable[Image.Image], places: Sequence[Place], survey: Survey) -> dict[int, bytes]:
    """Pieces of pictures, by the fields' ids."""
    search, before = _Search(list(places)), 0
    for number, page in enumerate(pages, 1):
        if not search.left:
            break
        seen, picture = _look(page)
        flats = _filled_tables(seen, picture)
        for place in list(search.left):
            cell = _CELL.search(place[1])
            if cell and before < int(cell[1]) <= before + len(flats):
                _cut_cell(search, place, *flats[int(cell[1]) - before - 1], int(cell[2]) - 1, int(cell[3]) - 1)
            elif not cell and _page_of(place) == number:
                _cut_line(search, place, seen, picture)
        before += len(flats)
    return search.found


def cut_pdf(data: bytes, places: Sequence[Place]) -> dict[int, bytes]:
    """Pieces of PDF pages, by the fields' ids."""
    from intake.readers.pdf import opened

    search = _Search(list(places))
    with closing(opened(data)) as file:
        for number in sorted({_page_of(place) for place in places}):
            if not 1 <= number <= len(file):
                continue
            with closing(file[number - 1]) as page, closing(page.get_textpage()) as text:
                for place in [place for place in places if _page_of(place) == number]:
                    area = _area(text, place)
                    if area:
                        search.take(place, _rendered(page, area))
    return search.found


def _page_of(place: Place) -> int:
    found = _PAGE.search(place[1])
    return int(found[1]) if found else 1


# -- pictures --------------------------------------------------------------------------------------------------------


def _look(image: Image.Image) -> tuple[Seen, np.ndarray]:
    """As the reader looks at it (`page_layout.page_of`), and the upright picture with its seals."""
    picture = np.asarray(image.convert("RGB"))[:, :, ::-1]
    cleaned = without_seal(picture)
    if cleaned is picture or not shows_table(cleaned):
        seen = ocr.look(image)
        return seen, seen.picture
    seen = ocr.look(Image.fromarray(np.ascontiguousarray(cleaned[:, :, ::-1])))
    return seen, np.ascontiguousarray(np.rot90(picture, seen.turns))


def _filled_tables(seen: Seen, picture: np.ndarray) -> list[tuple[Flat, list[Box]]]:
    """The tables in the reader's order: those in which enough cells hold text; as they look with their seals."""
    if not seen.rows:
        return []
    em = 0.9 * float(np.median([height(row) for row in seen.rows]))
    kept = []
    for flat in tables(seen.picture, em, [row.corners for row in seen.rows]):
        cells = boxes(flat)
        middles = [flat.place(row.corners).mean(axis=0) for row in seen.rows]
        if sum(any(cell.holds(*map(float, at)) for at in middles) for cell in cells) >= FEWEST_CELLS:
            size = flat.picture.shape[1], flat.picture.shape[0]
            kept.append((replace(flat, picture=cv2.warpPerspective(
                picture, flat.matrix, size, flags=cv2.INTER_AREA, borderValue=(255, 255, 255))), cells))
    return kept


def _cut_cell(search: _Search, place: Place, flat: Flat, cells: list[Box], row: int, column: int) -> None:
    cell = next((box for box in cells if (box.row, box.column) == (row, column)), None)
    if cell is None:
        return
    left = [box for box in cells if box.column + box.column_span == cell.column
            and box.row <= cell.row < box.row + box.row_span]
    start = min((box.left for box in left), default=cell.left)
    search.take(place, _piece(flat.picture, start, cell.top, cell.right, cell.bottom, 0.4 * flat.em))


def _cut_line(search: _Search, place: Place, seen: Seen, picture: np.ndarray) -> None:
    """The row with the text, from where its line begins."""
    best = max(seen.rows, key=lambda row: _likeness(row.text, place), default=None)
    if best is None or _likeness(best.text, place) < _LIKE:
        return
    top, bottom = best.corners[:, 1].min(), best.corners[:, 1].max()
    beside = [row for row in seen.rows if _level_with(row, top, bottom)]
    left = min(row.corners[:, 0].min() for row in [best, *beside] if row.corners[:, 0].min() <= best.corners[:, 0].min())
    search.take(place, _piece(picture, left, top, best.corners[:, 0].max(), bottom, 0.5 * (bottom - top)))


def _level_with(row: Row, top: float, bottom: float) -> bool:
    return top < row.corners[:, 1].mean() < bottom


def _likeness(text: str, place: Place) -> float:
    """How much of what was read stands in a line, or where nothing was, of the label."""
    wanted, line = _bare(place[2]) or _bare(place[3]), _bare(text)
    if not wanted or not line:
        return 0.0
    if wanted in line:
        return 1.0
    same = sum(block.size for block in SequenceMatcher(None, wanted, line, autojunk=False).get_matching_blocks())
    return same / max(len(wanted), 1) * 0.99


def _piece(picture: np.ndarray, left, top, right, bottom, room: float) -> Image.Image:
    tall, wide = picture.shape[:2]
    x, y = int(max(0, left - room)), int(max(0, top - room))
    part = picture[y:int(min(tall, bottom + room)) or 1, x:int(min(wide, right + room)) or 1, ::-1]
    return Image.fromarray(np.ascontiguousarray(part))


# -- PDF -------------------------------------------------------------------------------------------------------------


def _area(text, place: Place) -> tuple[float, float, float, float] | None:
    """(left, bottom, right, top) in points around the value, and around its label where that stands near."""
    parts = [part for part in re.split(r"[\s\u2611\u25a1\u25a3]+", place[2]) if part]
    labels, values = _found(text, place[3]), _found(text, parts[0][:30]) if parts else []
    if not values and not labels:
        return None
    if not values:
        left, bottom, right, top = labels[0]
        return left, bottom, right + 12 * (top - bottom), top
    best = min(values, key=lambda box: min((_apart(box, label) for label in labels), default=0.0))
    line = best[3] - best[1]
    whole = best
    for part in parts[1:_MOST_PARTS]:  # a list of options, or a text of several lines
        near = [box for box in _found(text, part[:30]) if 0 <= best[3] - box[3] < 8 * line]
        whole = _joined(whole, min(near, key=lambda box: best[3] - box[3])) if near else whole
    label = min(labels, key=lambda box: _apart(best, box), default=None)
    return _joined(whole, label) if label is not None and _apart(best, label) < 12 * line else whole


def _found(text, wanted: str) -> list[tuple[float, float, float, float]]:
    if not wanted.strip():
        return []
    finder = text.search(wanted, match_case=True)
    areas = []
    while len(areas) < 20 and (at := finder.get_next()) is not None:
        index, count = at
        chars = [text.get_charbox(index + step, loose=True) for step in range(count)]
        areas.append((min(c[0] for c in chars), min(c[1] for c in chars), max(c[2] for c in chars), max(c[3] for c in chars)))
    return areas


def _apart(one, other) -> float:
    return abs(one[0] - other[2]) + 4 * abs((one[1] + one[3]) - (other[1] + other[3])) / 2


def _joined(one, other) -> tuple[float, float, float, float]:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _rendered(page, area) -> Image.Image:
    left, bottom, right, top = area
    room = 6.0
    width, tall = page.get_size()
    crop = (max(0, left - room), max(0, bottom - room), max(0, width - right - room), max(0, tall - top - room))
    bitmap = page.render(scale=2.2, crop=crop, may_draw_forms=True)
    try:
        return bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()


def _bare(text: str) -> str:
    return re.sub(r"[\s:\uff1a\u2611\u25a1\u25a3]+", "", text or "")
