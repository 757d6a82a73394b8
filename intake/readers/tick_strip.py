"""One row of text looked at from near: what beside its words may be a tick box, and what is in it."""

from dataclasses import dataclass

import cv2
import numpy as np

from intake.ocr_steps import Glyph, Row
from intake.readers.marks import BOX_LIKE, SURELY_BOX, Mark
from intake.readers.row_geometry import height, pitch, width
from intake.readers.squares import EM, distinct, squares
from rules.document import EMPTY, TICKED, UNSURE

#: part of a box's inner area that is ink (FIELD.md section 8)
EMPTY_INK, TICKED_INK = 0.12, 0.25
#: pale ink in a box from which it is doubted wherever it lies; the middle of a box, and pale ink there from which it is doubted
_VEILED, _CORE, _CORE_INK = 0.3, 0.34, 0.06
_SIGNS = {"\u2611": TICKED, "\u2612": TICKED, "\u221a": TICKED, "\u2713": TICKED, "\u2714": TICKED, "\u25a0": TICKED,
          "\u25cf": TICKED}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be the box of a word: sizes and distances in characters."""

    mark: Mark
    left: bool
    size: float
    #: from the middle of the box to the word's nearest end
    away: float
    #: from the middle of the strip down to the middle of the box
    down: float
    drawn: bool


class Strip:
    """One row cut out with room around it, level, its characters `EM` pixels wide; 1 where there is ink."""

    def __init__(self, picture: np.ndarray, row: Row, usual: float):
        self.row = row
        em = pitch(row, usual)
        along = (row.corners[1] - row.corners[0]) / max(width(row), 1e-6)
        down = (row.corners[3] - row.corners[0]) / max(height(row), 1e-6)
        self.scale = EM / em
        self.room = 2.0 * em
        self.rise = 0.2 * em
        origin = row.corners[0] - along * self.room - down * self.rise
        across, deep = width(row) + 2 * self.room, height(row) + 2 * self.rise
        source = np.asarray([origin, origin + along * across, origin + down * deep], np.float32)
        size = (max(8, round(across * self.scale)), max(8, round(deep * self.scale)))
        target = np.asarray([(0, 0), (size[0], 0), (0, size[1])], np.float32)
        matrix = cv2.getAffineTransform(source, target)
        method = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
        colour = cv2.warpAffine(picture, matrix, size, flags=method, borderValue=(255, 255, 255))
        self.back = cv2.getAffineTransform(target, source)
        self.ink = _ink(colour.min(axis=2))
        self.soft = _ink(colour.min(axis=2), 0.28)
        self.no_red = _ink(colour[:, :, 2])
        _, self._parts, self._stats, _ = cv2.connectedComponentsWithStats(self.ink, connectivity=8)
        self.xs = [(glyph.at * width(row) + self.room) * self.scale for glyph in row.glyphs]

    def offers(self, places: list[tuple[int, int]]) -> list[list[Offer]]:
        """What may be a box directly left or right of each word."""
        rectangles = [box for box in distinct([*squares(self.soft), *squares(self.ink)]) if self._is_free(box)]
        found = []
        for first, last in places:
            start, end = self.xs[first] - 0.5 * EM, self.xs[last] + 0.5 * EM
            group = []
            if self._begins(first):
                near = [box for box in rectangles if -1.0 * EM < box[2] - start < 0.6 * EM]
                group += [self._offer(box, None, start, True) for box in near]
                listed = len(places) > 1 or (first <= 1 and last >= len(self.xs) - 2)
                if not near and listed and (blob := self._blob(start)):
                    group.append(self._offer(*blob, start, False))
            if self._ends(last):
                near = [box for box in rectangles if -0.6 * EM < box[0] - end < 1.0 * EM]
                group += [self._offer(box, None, end, True, left=False) for box in near]
            if group:
                found.append(group)
        return found

    def _offer(self, box, sign: str | None, edge: float, drawn: bool, left: bool = True) -> "Offer":
        away = abs((box[0] + box[2]) / 2 - edge) / EM
        down = ((box[1] + box[3]) - self.ink.shape[0]) / 2 / EM
        return Offer(self._mark(box, sign, drawn), left, (box[2] - box[0]) / EM, away, down, drawn)

    def _begins(self, first: int) -> bool:
        """Whether the word stands by itself to the left: 有限公司 at the end of a name is no option."""
        return first == 0 or self._is_apart(self.row.glyphs[first - 1], self.xs[first] - self.xs[first - 1])

    def _ends(self, last: int) -> bool:
        """Whether the word stands by itself to the right."""
        end = last + 1 == len(self.xs)
        return end or self._is_apart(self.row.glyphs[last + 1], self.xs[last + 1] - self.xs[last])

    def _is_apart(self, other: Glyph, gap: float) -> bool:
        return gap > 1.35 * EM or other.char in BOX_LIKE or other.sure < 0.6

    def _is_free(self, box: tuple[int, int, int, int]) -> bool:
        """Whether no character was surely read where the box lies."""
        middle = (box[0] + box[2]) / 2
        for glyph, x in zip(self.row.glyphs, self.xs):
            read = glyph.sure >= (0.97 if glyph.char in BOX_LIKE else 0.75) and glyph.char not in SURELY_BOX
            if read and abs(x - middle) < 0.5 * EM:
                return False
        return True

    def _blob(self, start: float) -> tuple[tuple[int, int, int, int], str | None] | None:
        """Ink directly left of a word that is no rectangle: a tick without a box, a circle, a blackened box."""
        low, high = int(max(0, start - 1.35 * EM)), int(start - 0.02 * EM)
        middle = self.ink.shape[0] / 2
        count, _, stats, centres = cv2.connectedComponentsWithStats(self.ink, connectivity=8)
        floor = self.ink.shape[0]
        parts = [stats[i] for i in range(1, count)
                 if stats[i][1] > 0 and stats[i][1] + stats[i][3] < floor and low <= centres[i][0] < high and abs(centres[i][1] - middle) < 0.6 * EM
                 and stats[i][2] < 1.7 * EM and stats[i][3] < 1.5 * EM and stats[i][4] > 6]  # fmt: skip
        if not parts:
            return None
        left, top = min(p[0] for p in parts), min(p[1] for p in parts)
        right, bottom = max(p[0] + p[2] for p in parts), max(p[1] + p[3] for p in parts)
        if min(right - left, bottom - top) < 0.35 * EM or right - left > 1.3 * EM:
            return None
        box = (int(left), int(top), int(right), int(bottom))
        inside = [glyph for glyph, x in zip(self.row.glyphs, self.xs) if left - 2 < x < right + 2]
        if any(g.sure >= 0.75 and g.char not in BOX_LIKE for g in inside):
            return None
        signs = [_SIGNS[glyph.char] for glyph in inside if glyph.char in _SIGNS]
        return box, (signs[0] if signs else None)

    def _mark(self, box: tuple[int, int, int, int], sign: str | None, drawn: bool) -> Mark:
        left, top, right, bottom = box
        inset_x, inset_y = 0.2 * (right - left) + 1, 0.2 * (bottom - top) + 1
        inner = np.s_[int(top + inset_y) : int(bottom - inset_y) + 1, int(left + inset_x) : int(right - inset_x) + 1]
        ink, plain = self.ink[inner], self.no_red[inner]
        share = float(ink.mean()) if ink.size else 0.0
        state = by_ink = TICKED if share >= TICKED_INK else EMPTY if share <= EMPTY_INK else UNSURE
        if state != EMPTY and plain.size and share - float(plain.mean()) > 0.5 * share:
            state = UNSURE  # red: a pen, or a seal that lies over it
        if state == EMPTY and self._is_veiled(box, inner):
            state = UNSURE  # hair lines of a printed cross
        if state == EMPTY and not (self._is_closed(box) if drawn else self._is_ring(box)):
            state = UNSURE  # a tick that hardly touches its box, or no box at all
        if state == TICKED and drawn and self._is_crossed(inner):
            state = UNSURE
        if sign == TICKED:
            state = TICKED
        points = np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
        corners = cv2.transform(points.reshape(-1, 1, 2), self.back).reshape(-1, 2)
        return Mark(state, corners, share, drawn and state == by_ink)


    def _is_veiled(self, box: tuple[int, int, int, int], inner: tuple[slice, slice]) -> bool:
        """Whether pale ink stands in the box, and not only the blurred shadow of its own sides, which spares its middle."""
        left, top, right, bottom = box
        x, y = _CORE * (right - left), _CORE * (bottom - top)
        core = self.soft[int(top + y) : int(bottom - y) + 1, int(left + x) : int(right - x) + 1]
        pale = float(self.soft[inner].mean()) if self.soft[inner].size else 0.0
        return pale > _VEILED or (pale > EMPTY_INK and bool(core.size) and float(core.mean()) > _CORE_INK)

    def _is_closed(self, box: tuple[int, int, int, int]) -> bool:
        """Whether nothing hangs on the box above, below or to its left."""
        left, top, right, bottom = box
        room, reach = int(0.45 * EM), 0.3 * EM
        x, y = max(0, left - room), max(0, top - room)
        part = self.ink[y : bottom + room, x : right + int(0.3 * EM)]
        _, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
        own = np.unique(labels[top - y : bottom - y, left - x : right - x])
        for index in own[own > 0]:
            far = (left - x - stats[index, 0], top - y - stats[index, 1], y + stats[index, 1] + stats[index, 3] - bottom)
            if max(far) > reach:
                return False
        return True

    def _is_crossed(self, inner: tuple[slice, slice]) -> bool:
        """Whether the ink in the box is part of a line that runs far beyond it: the ring of a seal on a grey copy."""
        found = [index for index in np.unique(self._parts[inner]) if index]
        floor = self.ink.shape[0]
        spans = [self._stats[index] for index in found]
        return any(
            span[1] + span[3] >= floor or (span[1] <= 0 and span[2] > 1.6 * EM) or span[2] > 2.5 * EM for span in spans
        )

    def _is_ring(self, box: tuple[int, int, int, int]) -> bool:
        """Whether the ink goes all round, as that of an empty circle does."""
        part = self.soft[box[1] : box[3], box[0] : box[2]]
        outside = cv2.copyMakeBorder(1 - part, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
        _, labels = cv2.connectedComponents(outside.astype(np.uint8), connectivity=4)
        middle = labels[labels.shape[0] // 2, labels.shape[1] // 2]
        return middle != 0 and middle != labels[0, 0]


def _ink(grey: np.ndarray, share: float = 0.48) -> np.ndarray:
    """1 where it is at least `share` as dark as the strip's own print, against the paper around it."""
    paper = cv2.GaussianBlur(cv2.dilate(grey, np.ones((25, 25), np.uint8)), (31, 31), 0).astype(np.float32)
    darkness = 1 - grey.astype(np.float32) / np.maximum(paper, 1)
    print_darkness = float(np.percentile(darkness, 97))
    return (darkness > max(0.12, share * print_darkness)).astype(np.uint8)
