"""Ruled tables in a picture, wherever they lie on it: found by their connected lines, and laid flat.

All lines of a ruled table hang together, so that a table is one large, thin piece of ink, whatever its slant. Its four
corners tell the perspective. Coordinates are pixels; matrices map (x, y, 1).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from intake.ocr_steps import slant_of
from intake.readers.dashes import dashed

#: longest side in pixels on which lines are looked for
_SIDE = 2200
#: share of a page that its tables cover at least, or dashes are looked for
_FULL = 0.3
#: difference of the channels beyond which a picture has colours
_COLOURED = 12
#: tables of one page
_MOST = 6


@dataclass(frozen=True, slots=True)
class Flat:
    """One table laid flat."""

    #: darkness of ink, 0 (paper) or 255, without red ink (seals)
    ink: np.ndarray
    #: the same table in colour
    picture: np.ndarray
    #: 3 × 3, from the upright picture to this one
    matrix: np.ndarray
    #: height of the page's print in pixels of this picture
    em: float
    #: the table's corners in the upright picture
    corners: np.ndarray
    #: whether its rules are dashes: a fax breaks thin ones
    broken: bool = False

    def place(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the upright picture in this one."""
        return cv2.perspectiveTransform(np.asarray(points, np.float32).reshape(-1, 1, 2), self.matrix).reshape(-1, 2)

    def holds(self, point: np.ndarray) -> bool:
        """Whether a point of the upright picture lies on the table."""
        return cv2.pointPolygonTest(self.corners.astype(np.float32), tuple(map(float, point)), False) >= 0


def ink_of(grey: np.ndarray, em: float) -> np.ndarray:
    """255 where it is darker than around: shadows and dim corners do not matter."""
    block = max(15, int(1.6 * em)) | 1
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    return cv2.adaptiveThreshold(soft, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 9)


def without_seal(picture: np.ndarray) -> np.ndarray:
    """The picture (BGR) with large red shapes made as light as the paper, where there are any; ink under them stays.

    A seal's ring and star keep the words beneath from being found. Red strokes of a pen are small and stay.
    """
    ratio = min(1.0, 800 / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA) if ratio < 1 else picture
    mask = cv2.dilate(_red(small), np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = [i for i in range(1, count) if min(stats[i, 2], stats[i, 3]) > 0.045 * max(small.shape[:2])]
    if not large:
        return _without_grey_seal(picture)
    cleaned = picture.copy()
    for index in large:
        left, top, width, height = (int(value / ratio) for value in stats[index, :4])
        room = int(0.15 * max(width, height))
        part = cleaned[max(0, top - room) : top + height + room, max(0, left - room) : left + width + room]
        _bleach(part)
    return cleaned


def _without_grey_seal(picture: np.ndarray) -> np.ndarray:
    """The same where a copier made the seal grey: broad strokes, paler than the print, in one round piece."""
    if float(np.percentile(np.ptp(picture[::4, ::4].astype(np.int16), axis=2), 90)) > _COLOURED:
        return picture
    grey = cv2.GaussianBlur(picture[:, :, 1], (3, 3), 0)
    paper = cv2.blur(cv2.dilate(grey, np.ones((61, 61), np.uint8)), (61, 61)).astype(np.float32)
    light = grey / np.maximum(paper, 1)
    ink = light[light < 0.7]
    if ink.size < 500:
        return picture
    dark = float(np.percentile(ink, 10))
    pale = ((light > dark + 0.14 * (1 - dark)) & (light < dark + 0.6 * (1 - dark))).astype(np.uint8)
    broad = cv2.morphologyEx(pale, cv2.MORPH_OPEN, np.ones((4, 4), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(broad, np.ones((5, 5), np.uint8)), connectivity=8)
    side = max(grey.shape)
    cleaned = picture
    for left, top, width, height, area in stats[1:count]:
        if not (0.06 * side < max(width, height) < 0.35 * side and area > 0.01 * width * height and _is_arc(width, height)):
            continue
        cleaned = picture.copy() if cleaned is picture else cleaned
        room = int(0.12 * max(width, height))
        part = np.s_[max(0, top - room) : top + height + room, max(0, left - room) : left + width + room]
        seal = (cv2.dilate(broad[part], np.ones((5, 5), np.uint8)) > 0) & (light[part] > dark + 0.12 * (1 - dark))
        cleaned[part][seal] = paper[part][seal].astype(np.uint8)[:, None]
    return cleaned


def _is_arc(width: int, height: int) -> bool:
    """Whether a piece of ink may be a seal's ring, or a good part of one: no rule of a table."""
    return 0.3 < width / height < 3.3


def _bleach(part: np.ndarray) -> None:
    """Make red ink paper, in place; black ink beneath it is darker than the seal is on paper, and stays darker."""
    red = cv2.dilate(_red(part), np.ones((3, 3), np.uint8)) > 0
    shade = part[:, :, 2].astype(np.float32)
    paper = cv2.GaussianBlur(cv2.dilate(part[:, :, 2], np.ones((25, 25), np.uint8)), (31, 31), 0).astype(np.float32)
    light = shade / np.maximum(paper, 1)
    seal = float(np.percentile(light[red], 60)) if red.any() else 1.0
    bare = paper * np.clip((light / max(seal, 0.1) - 0.45) / 0.45, 0, 1)
    part[red] = bare[red].astype(np.uint8)[:, None]


def _red(picture: np.ndarray) -> np.ndarray:
    """255 where it is red."""
    channels = picture.astype(np.int16)
    return ((channels[:, :, 2] - np.maximum(channels[:, :, 0], channels[:, :, 1])) > 35).astype(np.uint8) * 255


def without_red(picture: np.ndarray) -> np.ndarray:
    """Grey picture in which a red seal is as light as paper."""
    return np.ascontiguousarray(picture[:, :, 2])


def tables(picture: np.ndarray, em: float, lines: Sequence[np.ndarray] = ()) -> list[Flat]:
    """The ruled tables of an upright picture whose print is `em` pixels high, from top to bottom.

    `lines`: corners (4, 2) of the lines of text; where several run over a table's side, its outer rule was overlooked.
    """
    ratio = min(1.0, _SIDE / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA) if ratio < 1 else picture
    grey = without_red(small)
    quads, broken = _quads(ink_of(grey, em * ratio), em * ratio), False
    if len(lines) and _area(quads) < _FULL * grey.size:
        mended = _mended(grey, em * ratio, [line * ratio for line in lines])
        if broken := _area(mended) > 1.2 * _area(quads):
            quads = mended
    return [_laid_flat(picture, _widened(quad / ratio, em, lines), em, ratio, broken) for quad in quads]


def _mended(grey: np.ndarray, em: float, lines: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The same where the rules are dashes: they are looked for in the levelled picture."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), math.degrees(slant_of(list(lines))), 1.0)
    level = cv2.warpAffine(grey, turn, (width, height), flags=cv2.INTER_AREA, borderValue=255)
    back = cv2.invertAffineTransform(turn)
    quads = _quads(dashed(ink_of(level, em), em), em)
    found = [cv2.transform(quad.reshape(-1, 1, 2), back).reshape(-1, 2).astype(np.float32) for quad in quads]
    return [quad for quad in found if sum(_beside(quad, line) for line in lines) < 2]


def _beside(quad: np.ndarray, line: np.ndarray) -> bool:
    """Whether a line of text stands left or right of the quad: then its outer rule was not found."""
    (x, y), (left, top), (right, bottom) = line.mean(axis=0), quad.min(axis=0), quad.max(axis=0)
    return top < y < bottom and not left < x < right


def _area(quads: Sequence[np.ndarray]) -> float:
    return sum(float(cv2.contourArea(quad)) for quad in quads)


def _quads(ink: np.ndarray, em: float) -> list[np.ndarray]:
    """Corners (4, 2) of every large, thin, connected piece of ink: top left, top right, bottom right, bottom left."""
    joined = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for index in sorted(range(1, count), key=lambda index: -stats[index, cv2.CC_STAT_WIDTH] * stats[index, cv2.CC_STAT_HEIGHT]):
        left, top, width, height, area = stats[index]
        if width < 9 * em or height < 3 * em or len(found) >= 3 * _MOST:
            continue
        if area > 0.5 * width * height:
            continue  # a dark surface and no lines
        points = cv2.findNonZero((labels[top : top + height, left : left + width] == index).astype(np.uint8)).reshape(-1, 2)
        quad = _corners(points) + np.asarray((left, top), np.float32)
        found.append(quad)
    kept = [quad for quad in found if not any(_frames(quad, other) for other in found)]
    whole = [quad for quad in kept if not any(other is not quad and _inside(quad, other) for other in kept)]
    return sorted(whole[:_MOST], key=lambda quad: quad[:, 1].min())


def _corners(points: np.ndarray) -> np.ndarray:
    total, difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    chosen = [total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]
    return points[chosen].astype(np.float32)


def _frames(quad: np.ndarray, other: np.ndarray) -> bool:
    """Whether a quad is only the edge of the paper, or a layout's frame, around a table nearly as large."""
    return other is not quad and _inside(other, quad) and 0.2 < cv2.contourArea(other) / max(cv2.contourArea(quad), 1) < 1


def _inside(quad: np.ndarray, other: np.ndarray) -> bool:
    middle = quad.mean(axis=0)
    return cv2.pointPolygonTest(other.astype(np.float32), (float(middle[0]), float(middle[1])), False) > 0


def _widened(quad: np.ndarray, em: float, lines: Sequence[np.ndarray]) -> np.ndarray:
    """The quad, its left or right side moved outwards where it cuts several lines of text."""
    width, height = float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0]))
    if not len(lines) or width < 1 or height < 1:
        return quad
    square = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), square)
    flat = cv2.perspectiveTransform(np.asarray(lines, np.float32).reshape(-1, 1, 2), matrix).reshape(-1, 4, 2)
    inside = [line for line in flat if 0 < line[:, 1].mean() < height]
    left = [line[:, 0].min() for line in inside if line[:, 0].min() < -0.4 * em and line[:, 0].max() > 0.4 * em]
    right = [line[:, 0].max() for line in inside if line[:, 0].max() > width + 0.4 * em > line[:, 0].min() + 0.8 * em]
    if len(left) >= 2:
        square[[0, 3], 0] = min(left) - 0.5 * em
    if len(right) >= 2:
        square[[1, 2], 0] = max(right) + 0.5 * em
    return cv2.perspectiveTransform(square.reshape(-1, 1, 2), np.linalg.inv(matrix)).reshape(-1, 2)


def _laid_flat(picture: np.ndarray, quad: np.ndarray, em: float, ratio: float, broken: bool = False) -> Flat:
    top, right, bottom, left = (np.linalg.norm(quad[i] - quad[(i + 1) % 4]) for i in range(4))
    width, height = max(top, bottom) * ratio, max(left, right) * ratio
    edge = 0.5 * em * ratio
    target = np.asarray([(edge, edge), (edge + width, edge), (edge + width, edge + height), (edge, edge + height)], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    size = (int(width + 2 * edge), int(height + 2 * edge))
    flat = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_AREA, borderValue=(255, 255, 255))
    em = em * width / max(float(np.linalg.norm(quad[1] - quad[0])), 1.0)
    return Flat(ink_of(without_red(flat), em), flat, matrix, em, quad, broken)
