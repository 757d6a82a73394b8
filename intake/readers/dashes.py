"""Rules of a table that a fax or a pale copy broke into dashes, mended.

Where dashes lie in a row over some length a rule is supposed, and drawn on beyond its ends; between the rules that cross
it each piece of it stays only when dashes were seen along it.
"""

import cv2
import numpy as np

#: length in characters over which dashes must lie in a row, and the share of it that is ink
_LENGTH, _SHARE = 5.0, 0.5
#: the most ink beside a rule, where the strokes of characters have more
_BESIDE = 0.2
#: share of a piece between two crossing rules on which dashes must be seen
_SEEN = 0.4


def dashed(ink: np.ndarray, em: float) -> np.ndarray:
    """255 on the level and upright rules that the dashes of `ink` (0 or 255) belong to; `em` pixels are a character."""
    upright = np.ascontiguousarray(ink.T)
    level, stand = _supposed(ink, em), np.ascontiguousarray(_supposed(upright, em).T)
    crossing = cv2.dilate(level, np.ones((5, 5), np.uint8)), cv2.dilate(stand, np.ones((5, 5), np.uint8))
    kept = _seen(level & ~crossing[1], _alone(ink, em), em)
    kept |= _seen(np.ascontiguousarray((stand & ~crossing[0]).T), _alone(upright, em), em).T
    return kept | crossing[0] & crossing[1]


def _supposed(ink: np.ndarray, em: float) -> np.ndarray:
    """255 on level rows of dashes, longer than they are, with hardly any ink above and below."""
    reach, length = max(3, round(0.3 * em)), max(int(_LENGTH * em), 9)
    share = _share(cv2.dilate(ink, np.ones((3, 1), np.uint8)), length, 1)
    beside = _share(ink, length, 3)
    free = np.maximum(np.roll(beside, reach, axis=0), np.roll(beside, -reach, axis=0)) < _BESIDE
    core = ((share > _SHARE) & free).astype(np.uint8) * 255
    return cv2.dilate(core, np.ones((3, int(0.6 * length) | 1), np.uint8))


def _share(ink: np.ndarray, width: int, height: int) -> np.ndarray:
    return cv2.boxFilter((ink > 0).astype(np.float32), -1, (width, height), borderType=cv2.BORDER_CONSTANT)


def _alone(ink: np.ndarray, em: float) -> np.ndarray:
    """Ink with none close above or below it, as no stroke of a character has it."""
    near = np.zeros_like(ink)
    for reach in (round(0.18 * em), round(0.28 * em)):
        near |= np.roll(ink, max(3, reach), axis=0) | np.roll(ink, -max(3, reach), axis=0)
    return ink & ~near


def _seen(pieces: np.ndarray, dashes: np.ndarray, em: float) -> np.ndarray:
    """The pieces of supposed rules along which dashes lie."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pieces, connectivity=8)
    kept = np.zeros_like(pieces)
    for index in range(1, count):
        left, top, width, height, _ = stats[index]
        part = np.s_[top : top + height, left : left + width]
        own = labels[part] == index
        if ((dashes[part] > 0) & own).any(axis=0).mean() >= _SEEN:
            kept[part][own] = 255
    return kept
