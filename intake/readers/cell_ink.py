"""Ink in a cell that no recognised line covers: something was overlooked, or runs through the cell."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from intake.readers.cells import Box
from intake.readers.flatten import Flat

Span = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Ink:
    """What was found beside the lines of a cell."""

    #: around everything in the cell, where ink as large as a character lies beside its lines; else None
    span: Span | None = None
    #: whether something large runs through the cell and over its edge: the ring of a seal, a flourish
    crossed: bool = False


def uncovered(flat: Flat, place: Box, covered: Sequence[Span]) -> Ink:
    """The ink in a cell beside `covered` (left, top, right, bottom of each line), in pixels of the flat table."""
    margin = int(0.2 * flat.em)
    inner = flat.ink[place.top + margin : place.bottom - margin, place.left + margin : place.right - margin].copy()
    if min(inner.shape) < 4:
        return Ink()
    x, y = place.left + margin, place.top + margin
    _wipe(inner, covered, x, y, 0.25 * flat.em)
    _, _, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    height, width = inner.shape
    whole, crossed = [], False
    for left, top, w, h, area in stats[1:]:
        inside = 0 < left and 0 < top and left + w < width and top + h < height
        if inside and max(w, h) > (0.5 if covered else 0.35) * flat.em and area > 0.05 * flat.em**2:
            whole.append((x + left, y + top, x + left + w, y + top + h))
        crossed |= bool(not inside and min(w, h) > 0.6 * flat.em)
    return Ink(_around([*whole, *covered], (0.1 if covered else 0.2) * flat.em) if whole else None, crossed)


def _wipe(inner: np.ndarray, covered: Sequence[Span], x: int, y: int, room: float) -> None:
    for left, top, right, bottom in covered:
        low, high = max(0, int(left - room - x)), max(0, int(right + room - x))
        inner[max(0, int(top - y)) : max(0, int(bottom - y)), low:high] = 0


def _around(spans: Sequence[Span], edge: float) -> Span:
    left, top, right, bottom = (pick(span[i] for span in spans) for i, pick in enumerate((min, min, max, max)))
    return left - edge, top - edge, right + edge, bottom + edge
