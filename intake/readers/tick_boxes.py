"""Tick boxes in a picture: found beside the words of known options, and decided by the ink in them.

Recognition drops ticks, or reads a box as some character. So every line that names an option is looked at again from
near: a box counts only directly beside an option's word, and what recognition made of it is taken out of the text.

    empty     at most EMPTY_INK of the inner area is ink
    ticked    at least TICKED_INK of it is
    between   UNSURE: a person is asked
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from intake.ocr_steps import Glyph, Row
from rules.document import EMPTY, TICKED, UNSURE

#: part of a box's inner area that is ink (FIELD.md section 8)
EMPTY_INK, TICKED_INK = 0.12, 0.25
#: how far size, distance from the word, and height of a box lie from the page's usual, in characters
_SPREAD = (0.26, 0.68, 0.16)
#: height of a character in pixels of the strip that is looked at
_EM = 32
#: what recognition makes of boxes and ticks
_BOX_LIKE = frozenset("□☐☑☒▢■●○◯√✓✔口囗囚日曰回国四田目凹VvUuDdOo0QCcLl/\\|[]()【】（）MNWwYyZzXx×乂义人入厶丿乙卜下区团图因困圆V.·、,，")
#: these are hardly ever anything else
_SURELY_BOX = frozenset("□☐☑☒▢■●○◯√✓✔囗")
_SIGNS = {"☑": TICKED, "☒": TICKED, "√": TICKED, "✓": TICKED, "✔": TICKED, "■": TICKED, "●": TICKED}


@dataclass(frozen=True, slots=True)
class Mark:
    """One tick box."""

    #: TICKED, EMPTY or UNSURE
    state: str
    #: left, top, right, bottom corners in the upright picture, as of a Row
    corners: np.ndarray
    #: part of its inner area that is ink
    ink: float

    @property
    def middle(self) -> np.ndarray:
        """Its centre in the upright picture."""
        return self.corners.mean(axis=0)


def find(picture: np.ndarray, rows: Sequence[Row], options: Sequence[str]) -> list[Mark]:
    """The boxes beside the words of `options`, each once."""
    words = [word for word in options if word]
    em = _usual_pitch(rows)
    offers: list[list[_Offer]] = []
    for row in rows:
        if places := list(_places(row, words)):
            offers += _Strip(picture, row, em).offers(places)
    found: list[Mark] = []
    for mark in _likeliest(offers):
        size = np.linalg.norm(mark.corners[0] - mark.corners[1])
        if all(np.linalg.norm(mark.middle - other.middle) > 0.6 * size for other in found):
            found.append(mark)
    return [mark for mark in found if _is_in_company(mark, found)]


def agreed(marks: Sequence[Mark], others: Sequence[Mark]) -> list[Mark]:
    """The marks of a picture without its red ink and of the same with it: UNSURE where these differ."""
    found = []
    for mark in marks:
        twin = next((other for other in others if _is_same(mark, other)), None)
        found.append(mark if twin and twin.state == mark.state else replace(mark, state=UNSURE))
    return found + [replace(other, state=UNSURE) for other in others if not any(_is_same(other, mark) for mark in marks)]


def _is_same(mark: Mark, other: Mark) -> bool:
    size = float(np.linalg.norm(mark.corners[0] - mark.corners[1]))
    return float(np.linalg.norm(mark.middle - other.middle)) < 0.6 * size


@dataclass(frozen=True, slots=True)
class _Offer:
    """What may be the box of a word: sizes and distances in characters."""

    mark: Mark
    left: bool
    size: float
    #: from the middle of the box to the word's nearest end
    away: float
    #: from the middle of the strip down to the middle of the box
    down: float
    drawn: bool


def _likeliest(offers: list[list[_Offer]]) -> list[Mark]:
    """Of the offers for one side of a word the one that is like the page's other boxes: all were printed alike."""
    chosen = []
    for left in (True, False):
        groups = [[offer for offer in group if offer.left == left] for group in offers]
        drawn = [offer for group in groups for offer in group if offer.drawn]
        sole = [group[0] for group in groups if len(group) == 1 and group[0].drawn]
        usual = _usual(sole if len(sole) > 2 else drawn)
        for group in filter(None, groups):
            best = min(group, key=lambda offer: _unlike(offer, usual))
            strangeness = _unlike(best, usual)
            if strangeness < (2.0 if best.drawn else 4.0):
                doubtful = strangeness > (1 if best.drawn else 2)
                chosen.append(replace(best.mark, state=UNSURE) if doubtful else best.mark)
    return chosen


def _usual(offers: list[_Offer]) -> tuple[float, float, float]:
    """Size, distance and height of the page's boxes."""
    if not offers:
        return 0.8, 0.6, 0.0
    places = [(offer.size, offer.away, offer.down) for offer in offers]
    return tuple(float(value) for value in np.median(np.asarray(places), axis=0))


def _unlike(offer: _Offer, usual: tuple[float, float, float]) -> float:
    """How unlike the usual box a box is; 1 is the most that was seen of boxes (where a word begins is known roughly)."""
    return max(abs(value - normal) / most for value, normal, most in
               zip((offer.size, offer.away, offer.down), usual, _SPREAD, strict=True))  # fmt: skip


def _is_in_company(mark: Mark, marks: list[Mark]) -> bool:
    """Whether another box stands in the same list: one box alone is part of a character or of a rule."""
    size = float(np.linalg.norm(mark.corners[0] - mark.corners[1]))
    away = [np.abs(other.middle - mark.middle) / size for other in marks if other is not mark]
    return any(x < 25 and y < 4 for x, y in away)


def without_boxes(row: Row, marks: Sequence[Mark]) -> list[tuple[Row, int]]:
    """The row in pieces, cut at the marks on it and without what was read instead of them.

    Each piece comes with the number of marks of the row that stand left of it.
    """
    on = sorted((at, half) for at, half in (_on(row, mark) for mark in marks) if at is not None)
    if not on or not row.glyphs:
        return [(row, 0)]
    pieces: list[list[tuple[Glyph, str]]] = [[] for _ in range(len(on) + 1)]
    spaced = _spaced(row)
    for glyph, text in spaced:
        index = sum(at < glyph.at for at, _ in on)
        near = min(abs(glyph.at - at) / half for at, half in on)
        if not _was_the_box(glyph, near):
            pieces[index].append((glyph, text))
    return [(_piece(row, piece), index) for index, piece in enumerate(pieces) if piece]


def _was_the_box(glyph: Glyph, near: float) -> bool:
    """Whether recognition made this character of a box that lies `near` half boxes from it."""
    if glyph.char in _SURELY_BOX or (glyph.char == "口" and glyph.sure < 0.95):
        return near < 2.6
    return near < 0.95 and (glyph.char in _BOX_LIKE or glyph.sure < 0.6)


def _spaced(row: Row) -> list[tuple[Glyph, str]]:
    """Each glyph with its character and the white space behind it."""
    texts, position = [], 0
    for char in row.text:
        if char.isspace():
            if texts:
                texts[-1] += " "
        else:
            texts.append(char)
            position += 1
    return list(zip(row.glyphs, texts))


def _piece(row: Row, part: list[tuple[Glyph, str]]) -> Row:
    pitch = _pitch(row) / max(_width(row), 1.0)
    left = max(0.0, part[0][0].at - 0.55 * pitch)
    right = min(1.0, part[-1][0].at + 0.55 * pitch)
    top_left, top_right, bottom_right, bottom_left = row.corners
    corners = np.asarray([
        top_left + (top_right - top_left) * left, top_left + (top_right - top_left) * right,
        bottom_left + (bottom_right - bottom_left) * right, bottom_left + (bottom_right - bottom_left) * left,
    ], np.float32)  # fmt: skip
    span = max(right - left, 1e-6)
    glyphs = tuple(Glyph(g.char, (g.at - left) / span, g.sure) for g, _ in part)
    score = float(np.mean([g.sure for g in glyphs]))
    return Row(corners, "".join(text for _, text in part).strip(), score, glyphs)


def part_of(row: Row, low: float, high: float) -> Row | None:
    """The glyphs of a row whose middle lies between two shares of its width, as a row of its own."""
    part = [(glyph, text) for glyph, text in _spaced(row) if low <= glyph.at < high]
    return _piece(row, part) if part else None


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


def _places(row: Row, words: Sequence[str]) -> list[tuple[int, int]]:
    """(first, last) glyph of every option's word in the row, the longest word first, none over another."""
    text = "".join(glyph.char for glyph in row.glyphs)
    taken = [False] * len(text)
    found = []
    for word in sorted(set(words), key=len, reverse=True):
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if not any(taken[start:end]):
                taken[start:end] = [True] * len(word)
                if len(word) > 1 or _stands_alone(row, start):
                    found.append((start, end - 1))
            start = text.find(word, end)
    return sorted(found)


def _stands_alone(row: Row, index: int) -> bool:
    """Whether a character is no part of a longer word: 是 in 是否取得… is no option."""
    near = 1.3 * _pitch(row) / max(_width(row), 1.0)
    beside = (row.glyphs[i] for i in (index - 1, index + 1) if 0 <= i < len(row.glyphs))
    own = row.glyphs[index]
    return not any(abs(other.at - own.at) < near and other.char not in _BOX_LIKE for other in beside)


def _width(row: Row) -> float:
    return float(np.linalg.norm(row.corners[1] - row.corners[0]))


def _height(row: Row) -> float:
    return float(np.linalg.norm(row.corners[3] - row.corners[0]))


def _usual_pitch(rows: Sequence[Row]) -> float:
    """Width of a Chinese character on most of the page's lines."""
    found = [_pitch(row) for row in rows if len(row.glyphs) >= 4 and all(ord(glyph.char) > 0x2E80 for glyph in row.glyphs)]
    return float(np.median(found)) if found else float(np.median([_height(row) / 1.4 for row in rows]))


def _pitch(row: Row, usual: float | None = None) -> float:
    """Width of a Chinese character of the row in pixels; `usual` where ticks make the line look higher than it is."""
    steps = [
        (b.at - a.at) * _width(row)
        for a, b in zip(row.glyphs, row.glyphs[1:])
        if ord(a.char) > 0x2E80 and ord(b.char) > 0x2E80
    ]
    guess = _height(row) / 1.4 if usual is None else min(_height(row) / 1.4, 1.2 * usual)
    near = [step for step in steps if 0.6 * guess < step < 1.45 * guess]
    return float(np.median(near)) if near else guess


class _Strip:
    """One row cut out with room around it, level, its characters `_EM` pixels wide; 1 where there is ink."""

    def __init__(self, picture: np.ndarray, row: Row, usual: float):
        self.row = row
        em = _pitch(row, usual)
        along = (row.corners[1] - row.corners[0]) / max(_width(row), 1e-6)
        down = (row.corners[3] - row.corners[0]) / max(_height(row), 1e-6)
        self.scale = _EM / em
        self.room = 2.0 * em
        self.rise = 0.2 * em
        origin = row.corners[0] - along * self.room - down * self.rise
        width, height = _width(row) + 2 * self.room, _height(row) + 2 * self.rise
        source = np.asarray([origin, origin + along * width, origin + down * height], np.float32)
        size = (max(8, round(width * self.scale)), max(8, round(height * self.scale)))
        target = np.asarray([(0, 0), (size[0], 0), (0, size[1])], np.float32)
        matrix = cv2.getAffineTransform(source, target)
        method = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
        colour = cv2.warpAffine(picture, matrix, size, flags=method, borderValue=(255, 255, 255))
        self.back = cv2.getAffineTransform(target, source)
        self.ink = _ink(colour.min(axis=2))
        self.no_red = _ink(colour[:, :, 2])
        self.xs = [(glyph.at * _width(row) + self.room) * self.scale for glyph in row.glyphs]

    def offers(self, places: list[tuple[int, int]]) -> list[list[_Offer]]:
        """What may be a box directly left or right of each word."""
        rectangles = [box for box in _rectangles(self.ink) if self._is_free(box)]
        found = []
        for first, last in places:
            start, end = self.xs[first] - 0.5 * _EM, self.xs[last] + 0.5 * _EM
            group = []
            if self._begins(first):
                near = [box for box in rectangles if -1.0 * _EM < box[2] - start < 0.6 * _EM]
                group += [self._offer(box, None, start, True) for box in near]
                listed = len(places) > 1 or (first <= 1 and last >= len(self.xs) - 2)
                if not near and listed and (blob := self._blob(start)):
                    group.append(self._offer(*blob, start, False))
            if self._ends(last):
                near = [box for box in rectangles if -0.6 * _EM < box[0] - end < 1.0 * _EM]
                group += [self._offer(box, None, end, True, left=False) for box in near]
            if group:
                found.append(group)
        return found

    def _offer(self, box, sign: str | None, edge: float, drawn: bool, left: bool = True) -> "_Offer":
        away = abs((box[0] + box[2]) / 2 - edge) / _EM
        down = ((box[1] + box[3]) - self.ink.shape[0]) / 2 / _EM
        return _Offer(self._mark(box, sign, drawn), left, (box[2] - box[0]) / _EM, away, down, drawn)

    def _begins(self, first: int) -> bool:
        """Whether the word stands by itself to the left: 有限公司 at the end of a name is no option."""
        return first == 0 or self._is_apart(self.row.glyphs[first - 1], self.xs[first] - self.xs[first - 1])

    def _ends(self, last: int) -> bool:
        """Whether the word stands by itself to the right."""
        end = last + 1 == len(self.xs)
        return end or self._is_apart(self.row.glyphs[last + 1], self.xs[last + 1] - self.xs[last])

    def _is_apart(self, other: Glyph, gap: float) -> bool:
        return gap > 1.35 * _EM or other.char in _BOX_LIKE or other.sure < 0.6

    def _is_free(self, box: tuple[int, int, int, int]) -> bool:
        """Whether no character was surely read where the box lies."""
        middle = (box[0] + box[2]) / 2
        for glyph, x in zip(self.row.glyphs, self.xs):
            read = glyph.sure >= (0.97 if glyph.char in _BOX_LIKE else 0.75) and glyph.char not in _SURELY_BOX
            if read and abs(x - middle) < 0.5 * _EM:
                return False
        return True

    def _blob(self, start: float) -> tuple[tuple[int, int, int, int], str | None] | None:
        """Ink directly left of a word that is no rectangle: a tick without a box, a circle, a blackened box."""
        low, high = int(max(0, start - 1.35 * _EM)), int(start - 0.02 * _EM)
        middle = self.ink.shape[0] / 2
        count, _, stats, centres = cv2.connectedComponentsWithStats(self.ink, connectivity=8)
        floor = self.ink.shape[0]
        parts = [stats[i] for i in range(1, count)
                 if stats[i][1] > 0 and stats[i][1] + stats[i][3] < floor and low <= centres[i][0] < high and abs(centres[i][1] - middle) < 0.6 * _EM
                 and stats[i][2] < 1.7 * _EM and stats[i][3] < 1.5 * _EM and stats[i][4] > 6]  # fmt: skip
        if not parts:
            return None
        left, top = min(p[0] for p in parts), min(p[1] for p in parts)
        right, bottom = max(p[0] + p[2] for p in parts), max(p[1] + p[3] for p in parts)
        if min(right - left, bottom - top) < 0.35 * _EM or right - left > 1.3 * _EM:
            return None
        box = (int(left), int(top), int(right), int(bottom))
        inside = [glyph for glyph, x in zip(self.row.glyphs, self.xs) if left - 2 < x < right + 2]
        if any(g.sure >= 0.75 and g.char not in _BOX_LIKE for g in inside):
            return None
        signs = [_SIGNS[glyph.char] for glyph in inside if glyph.char in _SIGNS]
        return box, (signs[0] if signs else None)

    def _mark(self, box: tuple[int, int, int, int], sign: str | None, drawn: bool) -> Mark:
        left, top, right, bottom = box
        inset_x, inset_y = 0.2 * (right - left) + 1, 0.2 * (bottom - top) + 1
        inner = np.s_[int(top + inset_y) : int(bottom - inset_y) + 1, int(left + inset_x) : int(right - inset_x) + 1]
        ink, plain = self.ink[inner], self.no_red[inner]
        share = float(ink.mean()) if ink.size else 0.0
        state = TICKED if share >= TICKED_INK else EMPTY if share <= EMPTY_INK else UNSURE
        if state != EMPTY and plain.size and share - float(plain.mean()) > 0.5 * share:
            state = UNSURE  # red: a pen, or a seal that lies over it
        if state == EMPTY and not (self._is_closed(box) if drawn else self._is_ring(box)):
            state = UNSURE  # a tick that hardly touches its box, or no box at all
        if sign == TICKED:
            state = TICKED
        points = np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
        corners = cv2.transform(points.reshape(-1, 1, 2), self.back).reshape(-1, 2)
        return Mark(state, corners, share)


    def _is_closed(self, box: tuple[int, int, int, int]) -> bool:
        """Whether nothing hangs on the box above, below or to its left."""
        left, top, right, bottom = box
        room, reach = int(0.45 * _EM), 0.3 * _EM
        x, y = max(0, left - room), max(0, top - room)
        part = self.ink[y : bottom + room, x : right + int(0.3 * _EM)]
        _, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
        own = np.unique(labels[top - y : bottom - y, left - x : right - x])
        for index in own[own > 0]:
            far = (left - x - stats[index, 0], top - y - stats[index, 1], y + stats[index, 1] + stats[index, 3] - bottom)
            if max(far) > reach:
                return False
        return True

    def _is_ring(self, box: tuple[int, int, int, int]) -> bool:
        """Whether the ink goes all round, as that of an empty circle does."""
        part = self.ink[box[1] : box[3], box[0] : box[2]]
        outside = cv2.copyMakeBorder(1 - part, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
        _, labels = cv2.connectedComponents(outside.astype(np.uint8), connectivity=4)
        middle = labels[labels.shape[0] // 2, labels.shape[1] // 2]
        return middle != 0 and middle != labels[0, 0]


def _ink(grey: np.ndarray) -> np.ndarray:
    """1 where a stroke is, by the darkness of the strip's own print against the paper around it."""
    paper = cv2.GaussianBlur(cv2.dilate(grey, np.ones((25, 25), np.uint8)), (31, 31), 0).astype(np.float32)
    darkness = 1 - grey.astype(np.float32) / np.maximum(paper, 1)
    print_darkness = float(np.percentile(darkness, 97))
    return (darkness > max(0.12, 0.48 * print_darkness)).astype(np.uint8)


def _rectangles(ink: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of upright squares half to one and a quarter characters wide, drawn or filled."""
    least, most = int(0.45 * _EM), int(1.2 * _EM)
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((least, 1), np.uint8))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    soft = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    sides = _strokes(upright.any(axis=0))
    found = []
    for index, (a, b) in enumerate(sides):
        if least <= b - a <= most:
            found += _filled(ink, level, a, b)
        for c, d in sides[index + 1 :]:
            width = d - a
            if width > most:
                break
            if width < least + 2:
                continue
            rows = _strokes(level[:, a:d].sum(axis=1) >= 0.6 * width)
            found += _closed(soft, a, d, rows)
    return _distinct(found)


def _closed(soft: np.ndarray, left: int, right: int, rows: list[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    width, found = right - left, []
    for index, (a, _) in enumerate(rows):
        for _, d in rows[index + 1 :]:
            if not 0.75 * width <= d - a <= 1.33 * width:
                continue
            edges = (soft[a:d, left], soft[a:d, right - 1], soft[a, left:right], soft[d - 1, left:right])
            if all(edge.mean() >= 0.8 for edge in edges):
                found.append((left, a, right, d))
    return found


def _filled(ink: np.ndarray, level: np.ndarray, left: int, right: int) -> list[tuple[int, int, int, int]]:
    """A blackened box is one stroke as wide as it is high."""
    rows = _strokes(level[:, left:right].sum(axis=1) >= 0.6 * (right - left))
    return [
        (left, a, right, b)
        for a, b in rows
        if 0.7 * (right - left) <= b - a <= 1.4 * (right - left) and ink[a:b, left:right].mean() > 0.8
    ]


def _strokes(line: np.ndarray) -> list[tuple[int, int]]:
    """(start, end) of every run of true values."""
    padded = np.concatenate(([0], line.astype(np.int8), [0]))
    changes = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(changes[::2], changes[1::2])]


def _distinct(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Of boxes that lie over each other the largest."""
    kept: list[tuple[int, int, int, int]] = []
    for box in sorted(boxes, key=lambda box: -(box[2] - box[0]) * (box[3] - box[1])):
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not any(other[0] < x < other[2] and other[1] < y < other[3] for other in kept):
            kept.append(box)
    return kept
