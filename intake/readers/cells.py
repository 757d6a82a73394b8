"""The cells of a flat ruled table: what its lines enclose, with rows, columns and spans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from intake.readers.dashes import dashed
from intake.readers.flatten import Flat, without_red

#: cells of one table; what has more is no form
_MOST = 400


@dataclass(frozen=True, slots=True)
class Box:
    """One cell: its place in the grid and in pixels of the flat table."""

    row: int
    column: int
    row_span: int
    column_span: int
    left: int
    top: int
    right: int
    bottom: int

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies in the cell."""
        return self.left <= x < self.right and self.top <= y < self.bottom


def boxes(flat: Flat) -> list[Box]:
    """Every cell of the table, by rows; empty where the lines enclose fewer than four."""
    lines = _lines(flat)
    count, _, stats, _ = cv2.connectedComponentsWithStats(255 - lines, connectivity=4)
    places = []
    for left, top, width, height, area in stats[1:count]:
        if width < 0.6 * flat.em or height < 0.55 * flat.em or area < 0.6 * width * height:
            continue
        if left == 0 or top == 0 or left + width == lines.shape[1] or top + height == lines.shape[0]:
            continue  # the paper around the table
        places.append((left, top, left + width, top + height))
    if not 4 <= len(places) <= _MOST:
        return []
    return _grid(places, 0.55 * flat.em)


def without_false_rules(flat: Flat, places: list[Box], lines: Sequence[np.ndarray]) -> list[Box]:
    """The cells, those made one that only the ring of a seal parts: an upright line of one row alone, across a line of text.

    `lines`: corners (4, 2) of the lines of text in the upright picture.
    """
    spans = [flat.place(corners) for corners in lines]
    kept: list[Box] = []
    for place in sorted(places, key=lambda place: (place.row, place.left)):
        before = kept[-1] if kept else None
        if before and _is_beside(before, place, flat.em) and _is_lonely(before, place, places, flat.em) and any(
            _runs_over(span, before.right, place, flat.em) for span in spans
        ):
            end = max(before.column + before.column_span, place.column + place.column_span)
            kept[-1] = replace(before, column_span=end - before.column, right=place.right)
        else:
            kept.append(place)
    return kept


def _is_beside(one: Box, other: Box, em: float) -> bool:
    return (one.row, one.row_span) == (other.row, other.row_span) and 0 <= other.left - one.right < 0.6 * em


def _is_lonely(one: Box, other: Box, places: Sequence[Box], em: float) -> bool:
    """Whether no cell of another row has an edge where these two meet."""
    rest = [place for place in places if place.row != one.row]
    return not any(abs(place.left - other.left) < 0.4 * em or abs(place.right - one.right) < 0.4 * em for place in rest)


def _runs_over(span: np.ndarray, edge: float, place: Box, em: float) -> bool:
    middle = float(span[:, 1].mean())
    return place.top < middle < place.bottom and span[:, 0].min() < edge - em and span[:, 0].max() > edge + em


def _lines(flat: Flat) -> np.ndarray:
    """255 on the rules of the table: runs of ink longer than any stroke of a character, gaps closed, framed."""
    em = flat.em
    mended = cv2.morphologyEx(flat.ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    grey = cv2.GaussianBlur(without_red(flat.picture), (3, 3), 0).astype(np.float32)
    mask = np.zeros_like(flat.ink)
    for long, gap, turned in ((1.9 * em, 1.2 * em, False), (1.5 * em, 0.8 * em, True)):
        ink, shade = (mended.T, grey.T) if turned else (mended, grey)
        runs = cv2.morphologyEx(np.ascontiguousarray(ink), cv2.MORPH_OPEN, np.ones((1, max(int(long), 3)), np.uint8))
        runs |= _faint(np.ascontiguousarray(shade), em)
        runs = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, max(int(gap), 3)), np.uint8))
        mask |= runs.T if turned else runs
    if flat.broken:
        mask |= dashed(mended, em)
    edge = int(0.5 * em)
    height, width = mask.shape
    cv2.rectangle(mask, (edge, edge), (width - edge - 1, height - edge - 1), 255, 2)
    return cv2.dilate(mask, np.ones((3, 3), np.uint8))


def _faint(grey: np.ndarray, em: float) -> np.ndarray:
    """255 on level lines that are hardly darker than the paper, but darker all along: hair lines, copies of copies."""
    reach = max(2, round(0.14 * em))
    above, below = np.roll(grey, reach, axis=0), np.roll(grey, -reach, axis=0)
    darker = (np.minimum(above, below) - cv2.erode(grey, np.ones((3, 1), np.uint8)) > 0.02 * grey.mean()).astype(np.float32)
    darker[:reach], darker[-reach:] = 0, 0
    length = max(int(2.6 * em), 5)
    share = cv2.boxFilter(darker, -1, (length, 1), borderType=cv2.BORDER_CONSTANT)
    core = (share >= 0.82).astype(np.uint8) * 255
    return cv2.dilate(core, np.ones((1, int(0.8 * length) | 1), np.uint8))


def _grid(places: list[tuple[int, int, int, int]], near: float) -> list[Box]:
    columns = _edges([place[0] for place in places], [place[2] for place in places], near)
    rows = _edges([place[1] for place in places], [place[3] for place in places], near)
    found = []
    for left, top, right, bottom in places:
        column, row = _index(columns, left), _index(rows, top)
        spans = max(1, _index(rows, bottom) - row), max(1, _index(columns, right) - column)
        found.append(Box(row, column, *spans, left, top, right, bottom))
    found += _holes(found, columns, rows)
    return sorted(found, key=lambda box: (box.row, box.column))


def _holes(found: list[Box], columns: list[float], rows: list[float]) -> list[Box]:
    """Places of the grid that no cell covers, as cells: text in them would belong to nobody."""
    taken = {(row, column) for box in found for row in range(box.row, box.row + box.row_span)
             for column in range(box.column, box.column + box.column_span)}  # fmt: skip
    holes = []
    for row in range(len(rows) - 1):
        column = 0
        while column < len(columns) - 1:
            end = column
            while end < len(columns) - 1 and (row, end) not in taken:
                end += 1
            if end > column:
                edges = (int(columns[column]), int(rows[row]), int(columns[end]), int(rows[row + 1]))
                if edges[2] > edges[0] and edges[3] > edges[1]:
                    holes.append(Box(row, column, 1, end - column, *edges))
            column = max(end, column + 1)
    return holes


def _edges(starts: list[int], ends: list[int], near: float) -> list[float]:
    """Where rules run: edges of cells no further apart than `near` are one rule."""
    groups: list[list[int]] = []
    for value in sorted([*starts, *ends]):
        if groups and value - groups[-1][-1] <= near:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def _index(edges: list[float], value: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - value))
