"""What was seen of a page → its tables, the lines around them, and all of its lines, ticks decided.

Lines are recognised once, for the whole page. Where a table is ruled on it, each line goes to the cell in which its
middle lies; one that runs over a rule is cut there and read again in its parts.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL.Image import Image, fromarray

from intake import ocr
from intake.ocr_steps import Row, Seen, level
from intake.readers import grid, tick_boxes
from intake.readers.cells import Box, boxes, without_false_rules
from intake.readers.flatten import Flat, tables, without_seal
from intake.readers.look_alikes import told_apart
from intake.readers.marks import Mark, agreed, without_boxes
from intake.readers.row_geometry import height
from intake.readers.second_look import second_look
from intake.readers.survey_words import Words
from rules.document import Line, Paragraph, Table

#: a table counts where so many of its cells hold text
FEWEST_CELLS = 5
#: cells of a table from which seals are taken away
_LARGE_TABLE = 10
#: options named on a page that may be a form
_FORM_WORDS = 4
#: lines further away from a table than so many line heights are no part of the form: above it, below it
_ABOVE, _BELOW = 9.0, 5.0
#: difference of the channels up to which a pixel is grey; share of a line that lay under a grey seal; what it is then worth
_GREY, _UNDER, _SEALED = 35, 0.02, 0.7
#: share of a page's characters below which its tables are not what it is about
_TABLE_SHARE = 0.3


def page_of(image: Image, page: int, words: Words) -> tuple[list[Table | Paragraph], tuple[Line, ...]]:
    """What a picture says: see `lay_out`. A seal that lies over a ruled table is taken away before it is read."""
    picture = np.asarray(image.convert("RGB"))[:, :, ::-1]
    cleaned = without_seal(picture)
    if cleaned is picture or not shows_table(cleaned):
        return lay_out(ocr.look(image), page, words)
    seen = ocr.look(fromarray(np.ascontiguousarray(cleaned[:, :, ::-1])))
    return lay_out(seen, page, words, np.ascontiguousarray(np.rot90(picture, seen.turns)))


def shows_table(picture: np.ndarray) -> bool:
    """Whether a table of some size is ruled on a picture that has not been read yet."""
    em = max(picture.shape[:2]) / 65
    return any(len(boxes(flat)) >= _LARGE_TABLE for flat in tables(picture, em))


def lay_out(
    seen: Seen, page: int, words: Words, original: np.ndarray | None = None
) -> tuple[list[Table | Paragraph], tuple[Line, ...]]:
    """(tables and the lines around them, from top to bottom; all lines). Without a table there are no blocks.

    `original`: the picture with its seals, where they were taken away before it was read; ticks may be red too.
    """
    em = 0.9 * float(np.median([height(row) for row in seen.rows])) if seen.rows else 0.0
    flats = _ruled(seen, em) if em else []
    if not flats and not _offers_choice(seen.rows, words):
        return [], level(seen.rows, page)
    rows = told_apart(seen.picture, second_look(seen, words))
    marks = tick_boxes.find(seen.picture, rows, words.options)
    if original is not None:
        rows = _dimmed_under_seal(rows, seen.picture, original)
        marks = agreed(marks, tick_boxes.find(original, rows, words.options))
    marks = [mark for mark in marks if not _is_on_a_rule(mark, flats)]
    pieces = [piece for row in rows for piece, _ in without_boxes(row, marks)]
    signs = [Row(mark.corners.astype(np.float32), mark.state, 1.0) for mark in marks]
    lines = level(with_signs(pieces, signs), page)
    found, used = _filled(flats, pieces, signs, page)
    if not found:
        return [], lines
    outside = with_signs([row for row in pieces if id(row) not in used], [row for row in signs if id(row) not in used])
    inside = sum(len(cell.text) for _, _, table in found for cell in table.cells)
    if inside > _TABLE_SHARE * (inside + sum(len(row.text) for row in outside)):
        outside = [row for row in outside if _is_near(row, [(top, bottom) for top, bottom, _ in found], em)]
    blocks = [(top, table) for top, _, table in found]
    blocks += [(line.box[1], Paragraph(line.text, page)) for line in joined_lines(outside, page)]
    return [block for _, block in sorted(blocks, key=lambda item: item[0])], lines


def _dimmed_under_seal(rows: Sequence[Row], cleaned: np.ndarray, original: np.ndarray) -> list[Row]:
    """The rows, doubtful where a grey seal was taken off: unlike a red one it takes strokes of the print along."""
    changed = (cleaned != original).any(axis=2)
    if float((np.ptp(original[changed].astype(np.int16), axis=1) > _GREY).mean()) > 0.2:
        return list(rows)
    found = []
    for row in rows:
        (left, top), (right, bottom) = (np.clip(pick(row.corners, axis=0), 0, None).astype(int) for pick in (np.min, np.max))
        under = changed[top : bottom + 1, left : right + 1]
        if under.size and under.mean() > _UNDER:
            row = replace(row, glyphs=tuple(replace(glyph, sure=min(glyph.sure, _SEALED)) for glyph in row.glyphs))
        found.append(row)
    return found


def _is_on_a_rule(mark: Mark, flats: Sequence[tuple[Flat, list[Box]]]) -> bool:
    """Whether the middle of a box lies between the cells of a table: then it is a piece of a broken rule."""
    for flat, places in flats:
        x, y = flat.place(mark.middle.reshape(1, 2))[0]
        around = (min(b.left for b in places), min(b.top for b in places), max(b.right for b in places), max(b.bottom for b in places))
        if around[0] < x < around[2] and around[1] < y < around[3]:
            return not any(place.holds(x, y) for place in places)
    return False


def _ruled(seen: Seen, em: float) -> list[tuple[Flat, list[Box]]]:
    """The tables of the page with their cells."""
    lines = [row.corners for row in seen.rows]
    return [(flat, without_false_rules(flat, cells, lines)) for flat in tables(seen.picture, em, lines) if (cells := boxes(flat))]


def _filled(flats, pieces: Sequence[Row], signs: Sequence[Row], page: int) -> tuple[list[tuple[float, float, Table]], set[int]]:
    """(top, bottom, table) of each table with enough text, and the ids of the rows that stand in them."""
    found, used = [], set()
    for flat, places in flats:
        free = [row for row in (*pieces, *signs) if id(row) not in used]
        table, inside = grid.table_of(flat, places, free, page, ocr.again)
        if sum(bool(cell.text) for cell in table.cells) >= FEWEST_CELLS:
            found.append((float(flat.corners[:, 1].min()), float(flat.corners[:, 1].max()), table))
            used |= inside
    return found, used


def _offers_choice(rows: Sequence[Row], words: Words) -> bool:
    """Whether several options are named, as on a form without rules."""
    text = "".join(glyph.char for row in rows for glyph in row.glyphs)
    return sum(len(word) > 1 and word in text for word in set(words.options)) >= _FORM_WORDS


def without_tables(blocks: Sequence[Table | Paragraph], lines: Sequence[Line]) -> list[Table | Paragraph]:
    """The blocks of all pages in order; where some page has any, the lines of pages without one become paragraphs."""
    told = {block.page for block in blocks}
    if not told:
        return []
    rest = [Paragraph(line.text, line.page) for line in lines if line.page not in told]
    return sorted([*blocks, *rest], key=lambda block: block.page)


def _is_near(row: Row, spans: Sequence[tuple[float, float]], em: float) -> bool:
    middle = float(row.corners[:, 1].mean())
    return any(top - _ABOVE * em < middle < bottom + _BELOW * em for top, bottom in spans)


def with_signs(pieces: Sequence[Row], signs: Sequence[Row]) -> list[Row]:
    """The pieces of text; a box stands before the piece to whose left it lies, or behind the one to its left."""
    before: dict[int, list[Row]] = {}
    after: dict[int, list[Row]] = {}
    for sign in signs:
        right = _nearest(sign, pieces, to_the_right=True)
        left = _nearest(sign, pieces, to_the_right=False)
        if right[1] is not None and (left[1] is None or right[0] <= left[0]):
            before.setdefault(id(right[1]), []).append(sign)
        elif left[1] is not None:
            after.setdefault(id(left[1]), []).append(sign)
    found = []
    for piece in pieces:
        heads, tails = before.get(id(piece), []), after.get(id(piece), [])
        text = "".join(sign.text for sign in heads) + piece.text + "".join(sign.text for sign in tails)
        found.append(replace(piece, text=text))
    return found


def _nearest(sign: Row, pieces: Sequence[Row], *, to_the_right: bool) -> tuple[float, Row | None]:
    """(gap in box widths, the piece directly beside the box)."""
    best: tuple[float, Row | None] = (1.6, None)
    middle, size = sign.corners.mean(axis=0), float(np.linalg.norm(sign.corners[1] - sign.corners[0]))
    for piece in pieces:
        near, far = (0, 3) if to_the_right else (1, 2)
        edge = (piece.corners[near] + piece.corners[far]) / 2
        along = piece.corners[1] - piece.corners[0]
        along = along / max(float(np.linalg.norm(along)), 1e-6)
        offset = (edge - middle) if to_the_right else (middle - edge)
        gap = float(offset @ along) / size
        aside = abs(float(offset[0] * along[1] - offset[1] * along[0])) / size
        if aside < 0.6 and -0.3 < gap < best[0]:
            best = (gap, piece)
    return best


def joined_lines(rows: Sequence[Row], page: int) -> list[Line]:
    """Lines of one height as one, its columns parted by tabs."""
    found: list[Line] = []
    for line in level(rows, page):
        last = found[-1] if found else None
        middle = (line.box[1] + line.box[3]) / 2
        if last and last.box[1] < middle < last.box[3]:
            first, second = sorted((last, line), key=lambda each: each.box[0])
            box = (first.box[0], min(first.box[1], second.box[1]), max(first.box[2], second.box[2]), last.box[3])
            found[-1] = replace(last, text=f"{first.text}\t{second.text}", box=box)
        else:
            found.append(line)
    return found
