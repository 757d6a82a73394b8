"""Small squares in a strip of ink, drawn or filled: what a printed tick box looks like."""

import cv2
import numpy as np

#: height of a character in pixels of a strip
EM = 32


def squares(ink: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of upright squares half to one and a quarter characters wide, drawn or filled."""
    least, most = int(0.45 * EM), int(1.2 * EM)
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
    return distinct(found)


def _closed(soft: np.ndarray, left: int, right: int, rows: list[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    width, found = right - left, []
    for index, (a, _) in enumerate(rows):
        for _, d in rows[index + 1 :]:
            if not 0.8 * width <= d - a <= 1.25 * width:
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


def distinct(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Of boxes that lie over each other the largest."""
    kept: list[tuple[int, int, int, int]] = []
    for box in sorted(boxes, key=lambda box: -(box[2] - box[0]) * (box[3] - box[1])):
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not any(other[0] < x < other[2] and other[1] < y < other[3] for other in kept):
            kept.append(box)
    return kept
