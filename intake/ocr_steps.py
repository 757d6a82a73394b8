"""How a picture is read, step by step; the engine itself is loaded in `intake.ocr`.

    detect     where is text?     on a picture of at most DETECT_SIDE: this step takes the memory
    turn       which way is up?   tall boxes tell a quarter turn, the angle classifier's votes tell a half turn
    recognise  what does it say?  on cut-outs of the larger picture, so that small print stays sharp
    level      a slant is taken out of the boxes, so that the words of one row stand at one height

Coordinates are pixels; a quadrilateral is four corners: top left, top right, bottom right, bottom left.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL.Image import Image

from rules.document import Line

# Reading runs in several processes side by side, each with one thread.
cv2.setNumThreads(1)

#: longest side in pixels on which text is looked for
DETECT_SIDE = 1280
#: longest side in pixels from which text is read
READ_SIDE = 2400
#: a strip longer than this times its width is padded, or the detector would blow it up beyond all bounds
_MAX_ASPECT = 4.0
#: least confidence of a line that is kept
_LEAST = 0.5
#: cut-outs that vote on the half turn
_VOTERS = 12


def read(image: Image, page: int, engine: Any) -> tuple[Line, ...]:
    """The lines of `image`, top to bottom, boxes in pixels of the upright, level picture."""
    picture = _bounded(np.asarray(image.convert("RGB"))[:, :, ::-1])
    scale = max(image.size) / max(picture.shape[:2])
    found = _detect(picture, engine)
    turns = _quarter_turns(found, engine)
    if turns:
        picture = np.ascontiguousarray(np.rot90(picture, turns))
        found = _detect(picture, engine)
    return _level(_recognise(found, engine), scale, page)


@dataclass(frozen=True, slots=True)
class _Found:
    """Text regions: quadrilaterals (n, 4, 2) and the cut-out of each, BGR."""

    corners: np.ndarray
    cuts: list[np.ndarray]

    def widths(self) -> np.ndarray:
        return np.linalg.norm(self.corners[:, 0] - self.corners[:, 1], axis=1)

    def heights(self) -> np.ndarray:
        return np.linalg.norm(self.corners[:, 0] - self.corners[:, 3], axis=1)


def _bounded(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    if max(height, width) > READ_SIDE:
        ratio = READ_SIDE / max(height, width)
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        height, width = picture.shape[:2]
    right = max(0, math.ceil(height / _MAX_ASPECT) - width)
    bottom = max(0, math.ceil(width / _MAX_ASPECT) - height)
    if right or bottom:
        picture = cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    return np.ascontiguousarray(picture)


def _detect(picture: np.ndarray, engine: Any) -> _Found:
    ratio = min(1.0, DETECT_SIDE / max(picture.shape[:2]))
    small = picture
    if ratio < 1:
        small = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    # All three flags every time: rapidocr keeps those of the call before.
    result = engine(small, use_det=True, use_cls=False, use_rec=False)
    if result.boxes is None or len(result.boxes) == 0:
        return _Found(np.empty((0, 4, 2), np.float32), [])
    corners = np.asarray(result.boxes, np.float32) / ratio
    return _Found(corners, engine.crop_text_regions(picture, corners))


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


def _recognise(found: _Found, engine: Any) -> list[tuple[np.ndarray, str, float]]:
    if not found.cuts:
        return []
    read = engine.recognize_txt(found.cuts)
    rows = zip(found.corners, read.txts, read.scores, strict=True)
    return [(corners, text.strip(), float(score)) for corners, text, score in rows if text.strip() and score >= _LEAST]


def _level(read: list[tuple[np.ndarray, str, float]], scale: float, page: int) -> tuple[Line, ...]:
    slant = _slant([corners for corners, _, _ in read])
    turn = np.array([[math.cos(slant), math.sin(slant)], [-math.sin(slant), math.cos(slant)]], np.float32)
    result = []
    for corners, text, score in read:
        levelled = corners @ turn.T
        middle = levelled.mean(axis=0)
        half_width = (np.linalg.norm(levelled[0] - levelled[1]) + np.linalg.norm(levelled[3] - levelled[2])) / 4
        half_height = (np.linalg.norm(levelled[0] - levelled[3]) + np.linalg.norm(levelled[1] - levelled[2])) / 4
        box = (middle[0] - half_width, middle[1] - half_height, middle[0] + half_width, middle[1] + half_height)
        result.append(Line(text, tuple(round(float(side) * scale, 1) for side in box), round(score, 4), page))
    return tuple(sorted(result, key=lambda line: (line.box[1] + line.box[3], line.box[0])))


def _slant(quads: list[np.ndarray]) -> float:
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
