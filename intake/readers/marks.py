"""Ticks decided from pixels, and rows of text without what recognition made of their boxes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from intake.ocr_steps import Glyph, Row
from intake.readers.row_geometry import piece_of, spaced
from rules.document import UNSURE

#: what recognition makes of boxes and ticks
BOX_LIKE = frozenset(
    "\u25a1\u2610\u2611\u2612\u25a2\u25a0\u25cf\u25cb\u25ef\u221a\u2713\u2714口囗囚日曰回国四田目凹VvUuDdOo0QCcLl/\\|[]()\uff08\uff09【】MNWwYyZzXx×乂义人入厶丿乙卜下区团图因困圆"
    ".·、,\uff0c"
)
#: these are hardly ever anything else
SURELY_BOX = frozenset("\u25a1\u2610\u2611\u2612\u25a2\u25a0\u25cf\u25cb\u25ef\u221a\u2713\u2714囗")


@dataclass(frozen=True, slots=True)
class Mark:
    """One tick box."""

    #: TICKED, EMPTY or UNSURE
    state: str
    #: left, top, right, bottom corners in the upright picture, as of a Row
    corners: np.ndarray
    #: part of its inner area that is ink
    ink: float
    #: False where something other than the ink speaks against it
    firm: bool = True

    @property
    def middle(self) -> np.ndarray:
        """Its centre in the upright picture."""
        return self.corners.mean(axis=0)


def agreed(marks: Sequence[Mark], others: Sequence[Mark]) -> list[Mark]:
    """The marks of a picture without its red ink and of the same with it: UNSURE where these differ."""
    found = []
    for mark in marks:
        twin = next((other for other in others if _is_same(mark, other)), None)
        found.append(mark if twin and twin.state == mark.state else replace(mark, state=UNSURE, firm=False))
    return found + [replace(other, state=UNSURE, firm=False) for other in others if not any(_is_same(other, mark) for mark in marks)]


def _is_same(mark: Mark, other: Mark) -> bool:
    size = float(np.linalg.norm(mark.corners[0] - mark.corners[1]))
    return float(np.linalg.norm(mark.middle - other.middle)) < 0.6 * size


def without_boxes(row: Row, marks: Sequence[Mark]) -> list[tuple[Row, int]]:
    """The row in pieces, cut at the marks on it and without what was read instead of them.

    Each piece comes with the number of marks of the row that stand left of it.
    """
    on = sorted((at, half) for at, half in (_on(row, mark) for mark in marks) if at is not None)
    if not on or not row.glyphs:
        return [(row, 0)]
    pieces: list[list[tuple[Glyph, str]]] = [[] for _ in range(len(on) + 1)]
    for glyph, text in spaced(row):
        index = sum(at < glyph.at for at, _ in on)
        near = min(abs(glyph.at - at) / half for at, half in on)
        if not _was_the_box(glyph, near):
            pieces[index].append((glyph, text))
    return [(piece_of(row, piece), index) for index, piece in enumerate(pieces) if piece]


def _was_the_box(glyph: Glyph, near: float) -> bool:
    """Whether recognition made this character of a box that lies `near` half boxes from it."""
    if glyph.char in SURELY_BOX or (glyph.char == "口" and glyph.sure < 0.95):
        return near < 2.6
    return near < 0.95 and (glyph.char in BOX_LIKE or glyph.sure < 0.6)


def _on(row: Row, mark: Mark) -> tuple[float | None, float]:
    """(where the mark's middle lies along the row, half its width), both as shares of the row; None where beside it."""
    along = row.corners[1] - row.corners[0]
    down = row.corners[3] - row.corners[0]
    length, height = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    if not length or not height:
        return None, 0.0
    offset = mark.middle - row.corners[0]
    at, depth = float(offset @ along) / length**2, float(offset @ down) / height**2
    half = float(np.linalg.norm(mark.corners[1] - mark.corners[0])) / 2 / length
    return (at if -half < at < 1 + half and 0.05 < depth < 0.95 else None), half
