"""Letters and digits that look alike (l 1 I, o 0 O, i j), told apart by their shapes in the picture.

Recognition reads words and guesses a lone letter by its neighbours: `a1h` becomes `alh`, and it is sure of it. Here every
such character of a word of Latin letters is cut out and looked at by itself: a 1 is compared with the ones of the page's
telephone numbers, an o is lower than a 0, an i has a dot. A character whose shape is that of another, or cannot be seen
where its neighbours do not tell either, becomes doubtful.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from intake.ocr_steps import Glyph, Row
from intake.readers.row_geometry import piece_of, spaced
from rules.pixel_doubts import ambiguous_places

#: what a character is worth of which its shape says that it is, or may be, another
_DOUBTED = 0.4
#: height in pixels to which a word is brought
_HEIGHT = 80
#: shares of the way from the darkest ink to the paper at which characters are parted, the likeliest first
_LEVELS = (0.5, 0.6, 0.4, 0.3, 0.22, 0.7)
#: how much less like the page's ones than these are among each other a one may be, and what is none must be
_ONE, _NO_ONE = 0.012, 0.02
#: likeness among the page's ones below which they tell nothing
_LEAST_ALIKE = 0.955
#: the same beyond which it is chance: their places between pixels
_MOST_ALIKE = 0.988
#: ones of a page with which others are compared
_MODELS = 6
#: words of one page that are looked at
_MOST = 60
_WORD = re.compile(r"[A-Za-z0-9_.\-@]{2,}")
_AMONG_DIGITS = re.compile(r"(?<=\d)1(?=\d)|(?<!\S)1(?=\d{6})")
_DOMAIN = re.compile(r"@[A-Za-z0-9\-]+(?:\.[A-Za-z]{2,8}){1,3}$")
_SMALL, _TALL = frozenset("acemnrsuvwxz"), frozenset("0123456789bdhkABDEFGHKLMNPQRSTUVWXYZ")
_HANGING = frozenset("gpqy")
_ALIKE = frozenset("l1I|o0Oij")
#: widths of characters' ink in characters; others are 0.52
_WIDTHS = {**dict.fromkeys("ijlI|.,:'!", 0.22), **dict.fromkeys("1rtf-", 0.38), **dict.fromkeys("mwMW@", 0.85)}

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word cut out, level, `_HEIGHT` pixels high, with the box of each character that stands by itself."""

    grey: np.ndarray
    #: one for each character; None where it hangs together with its neighbour
    boxes: tuple[Box | None, ...]
    #: whether there is more ink than characters
    more: bool
    #: whether each character stands by itself, so that no box can be another's
    parted: bool


def told_apart(picture: np.ndarray, rows: Sequence[Row]) -> list[Row]:
    """The rows, look-alikes in their Latin words doubtful where their shape does not bear them out."""
    ones = _ones(picture, rows)
    found, left = [], _MOST
    for row in rows:
        glyphs = list(row.glyphs)
        for start, end in _words(row) if left > 0 else ():
            left -= 1
            glyphs[start:end] = _looked_at(picture, row, start, end, ones)
        found.append(replace(row, glyphs=tuple(glyphs)) if glyphs != list(row.glyphs) else row)
    return found


def _words(row: Row) -> Iterator[tuple[int, int]]:
    """(first, behind the last) character of every Latin word with look-alikes."""
    text = "".join(glyph.char for glyph in row.glyphs)
    for match in _WORD.finditer(text):
        word = _DOMAIN.sub("", match[0])
        if re.search("[A-Za-z]", word) and not re.fullmatch("(?i)e?-?mail", word) and _ALIKE & set(word):
            yield match.span()


def _looked_at(picture: np.ndarray, row: Row, start: int, end: int, ones: "_Ones | None") -> list[Glyph]:
    """The characters of a word; those of a mail's domain and of a gh_ identifier are known by more than their shape."""
    glyphs = list(row.glyphs[start:end])
    text = "".join(glyph.char for glyph in glyphs)
    name = len(_DOMAIN.sub("", text))
    word = _cut_word(picture, row, start, end)
    either = ambiguous_places(text[:name])
    mixed = bool(re.search(r"\d", text[:name]))
    for index, glyph in enumerate(glyphs[:name]):
        if word.more:
            glyphs[index] = replace(glyph, sure=min(glyph.sure, _DOUBTED))
        if glyph.char not in _ALIKE or (re.match("gh_", text) and index > 2):
            continue
        borne_out = _is_borne_out(word, text, index, ones)
        if borne_out is False and not word.parted:
            borne_out = None
        unclear = index in either or (mixed and glyph.char not in "ij" and not _in_number(text, index))
        if borne_out is False or (borne_out is None and unclear):
            glyphs[index] = replace(glyph, sure=min(glyph.sure, _DOUBTED))
    return glyphs


def _in_number(text: str, index: int) -> bool:
    """Whether digits before or behind a 1 or a 0 tell that it is a digit."""
    return text[index] in "10" and bool(re.match(r"\d\d", text[index + 1 :]) or re.search(r"\d\d$", text[:index]))


def _is_borne_out(word: _Word, text: str, index: int, ones: "_Ones | None") -> bool | None:
    """Whether the character has the shape of what it was read as; None where that cannot be seen."""
    box, char = word.boxes[index], text[index]
    if box is None:
        return None
    if char in "o0O":
        return _has_height(word, text, index, small=char == "o")
    if char in "ij":
        return _has_dot(word, box) and (char == "j") == _hangs(word, text, box)
    if _has_dot(word, box):
        return False
    one = ones.is_one(_shape(word.grey, box)) if ones else None
    return None if one is None else one == (char == "1")


# ── the word ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _cut_word(picture: np.ndarray, row: Row, start: int, end: int) -> _Word:
    part = row if (start, end) == (0, len(row.glyphs)) else piece_of(row, spaced(row)[start:end])
    corners = part.corners.astype(np.float32)
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    high = max(float(np.linalg.norm(down)), 1.0)
    along = (corners[1] - corners[0]) / max(float(np.linalg.norm(corners[1] - corners[0])), 1e-6)
    left, right = 0.25 * high * (start == 0), 0.25 * high * (end == len(row.glyphs))
    grown = np.asarray([corners[0] - 0.1 * down - along * left, corners[1] - 0.1 * down + along * right,
                        corners[3] + 0.1 * down - along * left], np.float32)  # fmt: skip
    width = max(16, round(_HEIGHT * float(np.linalg.norm(grown[1] - grown[0])) / (1.2 * high)))
    target = np.asarray([(0, 0), (width, 0), (0, _HEIGHT)], np.float32)
    matrix = cv2.getAffineTransform(grown, target)
    cut = cv2.warpAffine(picture, matrix, (width, _HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    grey = cut.min(axis=2)
    return _Word(grey, *_parted(grey, "".join(glyph.char for glyph in row.glyphs[start:end])))


def _parted(grey: np.ndarray, text: str) -> tuple[tuple[Box | None, ...], bool, bool]:
    """(box of each character, whether there are more pieces of ink than characters, whether there are as many)."""
    dark, light = np.percentile(grey, 1), np.percentile(grey, 85)
    found = []
    for level in _LEVELS:
        pieces = _pieces(grey < dark + level * (light - dark))
        if len(pieces) == len(text):
            return tuple(pieces), False, True
        found.append(pieces)
    fewer = [pieces for pieces in found if len(pieces) < len(text)]
    if fewer:
        return _dealt(max(fewer, key=len), text), False, False
    # thin strokes break; what stands apart is a character
    apart = 1 + sum(after[0] - max(piece[2] for piece in found[-1][:number]) > 2
                    for number, after in enumerate(found[-1]) if number)  # fmt: skip
    return (None,) * len(text), apart > len(text), False


def _pieces(ink: np.ndarray) -> list[Box]:
    """Boxes of the connected pieces of ink from left to right, a dot joined to what stands below it; no rules of a table."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    found: list[Box] = []
    for left, top, width, height, area in sorted(map(tuple, stats[1:])):
        if area < 12 or top == 0 or top + height == ink.shape[0] or width > 1.5 * _HEIGHT:
            continue
        right, bottom = left + width, top + height
        for place, (l, t, r, b) in enumerate(found):
            if min(r, right) - max(l, left) > 0.5 * min(r - l, width):
                found[place] = (min(l, left), min(t, top), max(r, right), max(b, bottom))
                break
        else:
            found.append((int(left), int(top), int(right), int(bottom)))
    return found


def _dealt(pieces: Sequence[Box], text: str) -> tuple[Box | None, ...]:
    """The characters dealt to fewer pieces by their widths: a piece that holds several gives none a box."""
    widths = [_WIDTHS.get(char, 0.62 if char.isupper() else 0.52) for char in text]
    total = sum(right - left for left, _, right, _ in pieces)
    scale = total / max(sum(widths), 0.1)
    best: dict[tuple[int, int], tuple[float, int]] = {(0, 0): (0.0, 0)}
    for piece, (left, _, right, _) in enumerate(pieces, 1):
        for end in range(piece, len(text) + 1):
            options = [
                (best[piece - 1, start][0] + abs(sum(widths[start:end]) * scale - (right - left)), start)
                for start in range(max(0, end - 4), end) if (piece - 1, start) in best
            ]  # fmt: skip
            if options:
                best[piece, end] = min(options)
    boxes: list[Box | None] = [None] * len(text)
    end = len(text)
    for piece in range(len(pieces), 0, -1):
        if (piece, end) not in best:
            return (None,) * len(text)
        start = best[piece, end][1]
        if end - start == 1:
            boxes[start] = pieces[piece - 1]
        end = start
    return tuple(boxes)


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _has_height(word: _Word, text: str, index: int, *, small: bool) -> bool | None:
    """Whether a round character is as high as the word's small letters (`small`), or as its digits and tall letters."""
    others = [(char, box[3] - box[1]) for place, (char, box) in enumerate(zip(text, word.boxes))
              if box is not None and place != index]  # fmt: skip
    low = [height for char, height in others if char in _SMALL]
    high = [height for char, height in others if char in _TALL]
    box = word.boxes[index]
    own = box[3] - box[1]
    if low and high and np.median(low) > 0.93 * np.median(high):
        return None
    if low:
        return bool(own < 1.17 * np.median(low)) == small
    if high:
        return bool(own < 0.87 * np.median(high)) == small
    return None


def _has_dot(word: _Word, box: Box) -> bool:
    """Whether a gap parts the ink from left to right, as below the dot of an i or a j; the dot may be too pale for a box."""
    left, _, right, bottom = box
    top = min(other[1] for other in word.boxes if other is not None)
    part = word.grey[top:bottom, left:right].astype(np.float32).min(axis=1)
    stem, paper = float(np.percentile(part, 20)), float(np.percentile(word.grey, 85))
    pale = part > stem + 0.4 * (paper - stem)
    upper = pale[: max(3, int(0.55 * len(pale)))]
    dots = np.flatnonzero(~upper)
    return bool(len(dots) and upper[dots[0] :].any() and not pale[len(upper) :].all())


def _hangs(word: _Word, text: str, box: Box) -> bool:
    """Whether the character goes below the line on which the word stands."""
    feet = [other[3] for char, other in zip(text, word.boxes)
            if other is not None and char.isalnum() and char not in _HANGING and char not in "jQ" and other != box]  # fmt: skip
    line = float(np.median(feet)) if feet else 0.78 * _HEIGHT
    return bool(box[3] > line + 0.06 * _HEIGHT)


def _ones(picture: np.ndarray, rows: Sequence[Row]) -> "_Ones | None":
    """Shapes of the digit 1 in the numbers of the page; None where there are too few, or they are not alike."""
    found: list[np.ndarray] = []
    for row in rows:
        text = "".join(glyph.char for glyph in row.glyphs)
        for match in _WORD.finditer(text):
            places = [found.start() for found in _AMONG_DIGITS.finditer(match[0])]
            if not places or len(found) >= _MODELS:
                continue
            word = _cut_word(picture, row, *match.span())
            if word.parted:  # a box that was dealt by widths may be another's
                found += [shape for place in places if (shape := _shape(word.grey, word.boxes[place])) is not None]
    if not found:
        return None
    models = np.stack([np.roll(shape, shift, axis=1).ravel() for shape in found for shift in (-2, -1, 0, 1, 2)])
    among = sorted(_Ones(models, 0.0).likeness(shape) for shape in found)
    usual = among[len(among) // 2]
    return _Ones(models, min(usual, _MOST_ALIKE)) if usual >= _LEAST_ALIKE else None


@dataclass(frozen=True, slots=True)
class _Ones:
    """The ones of a page."""

    #: each shape five times, shifted a little, as rows
    models: np.ndarray
    #: how like one another they are
    usual: float

    def likeness(self, shape: np.ndarray) -> float:
        """How like the ones the shape is, 0..1: the second best, since it may be one of them."""
        products = (self.models @ shape.ravel()).reshape(-1, 5).max(axis=1)
        return float(np.sort(products)[-2:][0])

    def is_one(self, shape: np.ndarray | None) -> bool | None:
        """Whether it is one of them; None where it is like them, and unlike."""
        away = self.usual - self.likeness(shape) if shape is not None else 1.0
        return True if away < _ONE else False if away > _NO_ONE else None


def _shape(grey: np.ndarray, box: Box) -> np.ndarray | None:
    """A character's ink, brought to one height, as a field of length 1; None for one that is wider than high."""
    left, top, right, bottom = box
    scale = 40 / max(bottom - top, 1)
    width = max(2, round((right - left) * scale))
    if width > 52:
        return None
    ink = 255 - grey[top:bottom, left:right].astype(np.float32)
    ink = cv2.resize(ink, (width, 40), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    field = np.zeros((44, 56), np.float32)
    field[2:42, (56 - width) // 2 : (56 - width) // 2 + width] = ink
    field = cv2.GaussianBlur(field, (3, 3), 0)
    return field / max(float(np.linalg.norm(field)), 1e-6)
