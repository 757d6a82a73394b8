"""How a picture is read, step by step; the engine itself is loaded in `intake.ocr`.

    detect     where is text?     on a picture of at most DETECT_SIDE: this step takes the memory
    turn       which way is up?   tall boxes tell a quarter turn, the angle classifier's votes tell a half turn
    recognise  what does it say?  on cut-outs of the larger picture, so that small print stays sharp
    level      a slant is taken out of the boxes, so that the words of one row stand at one height

Coordinates are pixels; a quadrilateral is four corners: top left, top right, bottom right, bottom left.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from PIL.Image import Image

from rules.document import Line

# Reading runs in several processes side by side, each with one thread.
cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character as it was recognised."""

    char: str
    #: where its middle lies along its line, 0 (left) to 1 (right); accurate to a third of a character
    at: float
    #: 0..1
    sure: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it was found in the picture."""

    corners: np.ndarray
    text: str
    #: mean confidence of its characters
    score: float
    #: its characters without white space, left to right
    glyphs: tuple[Glyph, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a picture: the picture upright (BGR) and the lines on it, in its pixels."""

    picture: np.ndarray
    rows: list[Row]
    #: quarter turns to the left that made it upright
    turns: int = 0


#: longest side in pixels on which text is looked for: at 2000 memory doubles, and nothing more is found
DETECT_SIDE = 1280
#: the same where print turned out to be tiny all over the page
_FINE_SIDE = 2048
#: longest side in pixels from which text is read
READ_SIDE = 2400
#: lines lower than this, in pixels of the picture on which text is looked for, are easily overlooked
_TINY = 14
#: a strip longer than this times its width is padded, or the detector would blow it up beyond all bounds
_MAX_ASPECT = 4.0
#: a picture taller than this times its width is a long screenshot, and is read in so many strips at most
_LONG, _STRIPS = 2.5, 12
#: least confidence of a line that is kept
_LEAST = 0.5
#: the same of a line that is only handed on to those who look at it more closely
_FAINT = 0.2
#: lines that are less sure than this on average may stand on their head
_DOUBTFUL = 0.8
#: cut-outs that vote on the half turn
_VOTERS = 12


def read(image: Image, page: int, engine: Any) -> tuple[Line, ...]:
    """The lines of `image`, top to bottom, boxes in pixels of the upright, level picture."""
    return level(look(image, engine).rows, page)


def look(image: Image, engine: Any) -> Seen:
    """The picture turned upright, and every line on it as it lies there."""
    whole = np.asarray(image.convert("RGB"))[:, :, ::-1]
    height, width = whole.shape[:2]
    if height > _LONG * width and height > READ_SIDE:
        return Seen(whole, _read_strips(whole, engine))
    return _read_upright(whole, engine)


def _read_strips(whole: np.ndarray, engine: Any) -> list[Row]:
    """A long screenshot, piece by piece; pieces overlap, and a line belongs to the piece that holds its middle."""
    height, width = whole.shape[:2]
    step, overlap = int(1.6 * width), int(0.15 * width)
    rows: list[Row] = []
    for number in range(min(_STRIPS, math.ceil(height / step))):
        top = max(0, number * step - overlap)
        piece = whole[top : (number + 1) * step + overlap]
        for row in _recognise(_detect(piece, engine), engine):
            corners = row.corners + np.asarray((0, top), np.float32)
            if number * step <= corners[:, 1].mean() < (number + 1) * step:
                rows.append(replace(row, corners=corners))
    return rows


def _read_upright(whole: np.ndarray, engine: Any) -> Seen:
    found = _detect(whole, engine)
    turns = _quarter_turns(found, engine)
    if turns:
        whole = np.ascontiguousarray(np.rot90(whole, turns))
        found = _detect(whole, engine)
    if found.is_tiny():
        found = _closer(found, whole, engine)
    rows = _recognise(found, engine)
    if _sureness(rows) < _DOUBTFUL and _sureness(_recognise(found.turned(), engine)) > _sureness(rows) + 0.1:
        whole = np.ascontiguousarray(whole[::-1, ::-1])
        rows, turns = _recognise(_detect(whole, engine), engine), turns + 2
    return Seen(whole, rows, turns % 4)


@dataclass(frozen=True, slots=True)
class _Found:
    """Text regions: quadrilaterals (n, 4, 2) in pixels of the whole picture, and the cut-out of each, BGR."""

    corners: np.ndarray
    cuts: list[np.ndarray]
    #: pixels of the picture on which text was looked for, per pixel of the whole
    ratio: float

    def widths(self) -> np.ndarray:
        return np.linalg.norm(self.corners[:, 0] - self.corners[:, 1], axis=1)

    def heights(self) -> np.ndarray:
        return np.linalg.norm(self.corners[:, 0] - self.corners[:, 3], axis=1)

    def is_tiny(self) -> bool:
        """Whether a larger picture is there, and most of the print is too small to be found surely in this one."""
        return bool(self.cuts) and self.ratio < 0.95 and float(np.median(self.heights())) * self.ratio < _TINY

    def turned(self) -> "_Found":
        """The same cut-outs on their head."""
        return _Found(self.corners, [np.ascontiguousarray(cut[::-1, ::-1]) for cut in self.cuts], self.ratio)


def _detect(whole: np.ndarray, engine: Any, origin: tuple[int, int] = (0, 0), side: int = DETECT_SIDE) -> _Found:
    """Where text is in `whole`, whose left top corner lies at `origin` of the picture that boxes refer to."""
    picture, scale = _bounded(whole)
    ratio = min(1.0, side / max(picture.shape[:2]))
    small = picture
    if ratio < 1:
        small = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    # All three flags every time: rapidocr keeps those of the call before.
    result = engine(small, use_det=True, use_cls=False, use_rec=False)
    if result.boxes is None or len(result.boxes) == 0:
        return _Found(np.empty((0, 4, 2), np.float32), [], ratio * scale)
    corners = np.asarray(result.boxes, np.float32) / ratio
    cuts = engine.crop_text_regions(picture, corners)
    return _Found(corners / scale + np.asarray(origin, np.float32), cuts, ratio * scale)


def _bounded(whole: np.ndarray) -> tuple[np.ndarray, float]:
    """`whole` scaled down to READ_SIDE and padded to a bearable shape, and its pixels per pixel of `whole`."""
    picture, ratio = whole, min(1.0, READ_SIDE / max(whole.shape[:2]))
    if ratio < 1:
        height, width = whole.shape[:2]
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        picture = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    height, width = picture.shape[:2]
    right = max(0, math.ceil(height / _MAX_ASPECT) - width)
    bottom = max(0, math.ceil(width / _MAX_ASPECT) - height)
    if right or bottom:
        picture = cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    return np.ascontiguousarray(picture), ratio


def _closer(found: _Found, whole: np.ndarray, engine: Any) -> _Found:
    """Look again, only where print was seen; or, where it is all over the page, on a finer picture."""
    height, width = whole.shape[:2]
    points = found.corners.reshape(-1, 2)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    margin = 0.2 * max(right - left, bottom - top)
    left, top = max(0, int(left - margin)), max(0, int(top - margin))
    right, bottom = min(width, int(right + margin)), min(height, int(bottom + margin))
    if max(right - left, bottom - top) > 0.75 * max(height, width):
        return _detect(whole, engine, side=_FINE_SIDE)
    return _detect(whole[top:bottom, left:right], engine, origin=(left, top))


def _quarter_turns(found: _Found, engine: Any) -> int:
    """How many quarter turns to the left make the picture upright: 0 to 3."""
    if not found.cuts:
        return 0
    widths, heights = found.widths(), found.heights()
    tall = heights >= 1.5 * widths
    sideways = heights[tall].sum() > widths[~tall].sum()
    chosen = sorted(np.flatnonzero(tall == sideways), key=lambda i: -max(widths[i], heights[i]))[:_VOTERS]
    _, votes = engine.cls_and_rotate([found.cuts[i] for i in chosen])
    lean = sum(score if label == "180" else -score for label, score in votes.cls_res)
    # rapidocr turned the tall cut-outs a quarter to the left before they were asked.
    return (1 if sideways else 0) + (2 if lean > 0 else 0)


def _recognise(found: _Found, engine: Any) -> list[Row]:
    if not found.cuts:
        return []
    rows = zip(found.corners, recognised(found.cuts, engine), strict=True)
    return [
        Row(corners, text, score, glyphs) for corners, (text, score, glyphs) in rows if text and score >= _FAINT
    ]


def recognised(cuts: list[np.ndarray], engine: Any) -> list[tuple[str, float, tuple[Glyph, ...]]]:
    """(text, mean confidence, characters) of each cut-out line; '' where nothing can be made out."""
    if not cuts:
        return []
    read = engine.recognize_txt(cuts)
    found = zip(read.txts, read.scores, read.word_results, strict=True)
    return [(text.strip(), float(score), _glyphs(text, words)) for text, score, words in found]


def _glyphs(text: str, words: Any) -> tuple[Glyph, ...]:
    """Characters with their places; `words` is rapidocr's WordInfo, whose columns leave white space out."""
    if words is None or not text:
        return ()
    columns = [column for word in words.word_cols for column in word]
    sure = [score for char, score in zip(text, words.confs) if not char.isspace()]
    letters = [char for char in text if not char.isspace()]
    return tuple(
        Glyph(char, min(1.0, (column + 0.5) / max(words.line_txt_len, 1.0)), float(score))
        for char, column, score in zip(letters, columns, sure)
    )


def _sureness(read: list[Row]) -> float:
    """Mean confidence, by characters; 1 where there is nothing to be unsure of."""
    plain = [row for row in read if row.score >= _LEAST]
    letters = sum(len(row.text) for row in plain)
    return sum(row.score * len(row.text) for row in plain) / letters if letters else 1.0


def level(read: list[Row], page: int) -> tuple[Line, ...]:
    """The rows that can be relied on as lines, top to bottom, with the common slant taken out."""
    read = [row for row in read if row.score >= _LEAST]
    slant = slant_of([row.corners for row in read])
    turn = np.array([[math.cos(slant), math.sin(slant)], [-math.sin(slant), math.cos(slant)]], np.float32)
    result = []
    for row in read:
        levelled = row.corners @ turn.T
        middle = levelled.mean(axis=0)
        half_width = (np.linalg.norm(levelled[0] - levelled[1]) + np.linalg.norm(levelled[3] - levelled[2])) / 4
        half_height = (np.linalg.norm(levelled[0] - levelled[3]) + np.linalg.norm(levelled[1] - levelled[2])) / 4
        box = (middle[0] - half_width, middle[1] - half_height, middle[0] + half_width, middle[1] + half_height)
        letters = [glyph.sure for glyph in row.glyphs if glyph.char.isalnum()]
        weakest = min(letters, default=row.score)
        place = tuple(round(float(side), 1) for side in box)
        result.append(Line(row.text, place, round(row.score, 4), page, round(weakest, 3)))
    return tuple(sorted(result, key=lambda line: (line.box[1] + line.box[3], line.box[0])))


def slant_of(quads: list[np.ndarray]) -> float:
    """The common slant of the long lines in radians; 0 when it is too small to matter."""
    edges = [(corners[1] - corners[0] + corners[2] - corners[3]) / 2 for corners in quads]
    heights = [np.linalg.norm(corners[0] - corners[3]) for corners in quads]
    long = [edge for edge, height in zip(edges, heights) if np.hypot(*edge) > 3 * height]
    angles = sorted((math.atan2(edge[1], edge[0]), float(np.hypot(*edge))) for edge in long)
    half, passed = sum(weight for _, weight in angles) / 2, 0.0
    for angle, weight in angles:
        passed += weight
        if passed >= half:
            return angle if abs(angle) > 0.004 else 0.0
    return 0.0
