"""The objects of an OFD page (GB/T 33190-2016, 7.7, 8 to 11) as text with places, ruled lines, boxes and pictures.

Millimetres become points, so that sizes mean here what they mean in PDF. A place is given by the object's boundary,
then its own matrix (CTM), then the point within.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from intake.readers.printed_lines import Piece
from intake.readers.ruled import Edge, covers, drawn_box
from intake.readers.sheet_style import in_symbols
from intake.readers.word_text import local
from rules.document import TICKED

#: objects and characters of one page that are looked at
MAX_OBJECTS = 50_000
MAX_CHARACTERS = 20_000
#: page blocks in page blocks, units in units
MAX_DEPTH = 12
#: ruled lines beyond which no more are collected: it is a drawing
_MOST_EDGES = 20_000
_POINTS = 72 / 25.4
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?")
_PATH = re.compile(r"([MSLQBAC])([^MSLQBAC]*)")
_ARGUMENTS = {"M": 2, "S": 2, "L": 2, "Q": 4, "B": 6, "A": 7}

#: a, b, c, d, e, f of a matrix
Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass
class Found:
    """What stands on one page."""

    pieces: list[Piece] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    #: (identifier of the resource, width, height in points)
    images: list[tuple[str, float, float]] = field(default_factory=list)
    #: bounding boxes of small drawings that may be ticks
    strokes: list[Piece] = field(default_factory=list)
    boxes: list[Piece] = field(default_factory=list)
    objects: int = 0
    cut_short: bool = False

    def text(self) -> list[Piece]:
        """Characters and boxes; a box over which something is drawn is a ticked one."""
        pieces = [*self.pieces]
        for box in self.boxes[:300]:
            inside = [piece for piece in self.pieces if covers(box, piece) and piece.x1 - piece.x0 < 20]
            if not inside:
                pieces.append(box)
            elif all(piece.text in "×xXvVⅴ✗■●" for piece in inside):  # a letter typed into a drawn box
                pieces = [piece for piece in pieces if piece not in inside]
                pieces.append(_marked(box))
        strokes = self.strokes[:500]
        crossed = {id(piece) for piece in pieces
                   if piece.text in ("□", "○", "☐") and any(_crosses(piece, stroke) for stroke in strokes)}  # fmt: skip
        return [_marked(piece) if id(piece) in crossed else piece for piece in pieces]


def _marked(piece: Piece) -> Piece:
    return Piece(TICKED, piece.x0, piece.top, piece.x1, piece.bottom)


def _crosses(box: Piece, stroke: Piece) -> bool:
    """Whether a drawing lies over the box and is not the box itself."""
    sides = abs(box.x0 - stroke.x0) + abs(box.x1 - stroke.x1)
    ends = abs(box.top - stroke.top) + abs(box.bottom - stroke.bottom)
    return sides + ends >= 3 and covers(box, stroke)


class PageObjects:
    """Walks the objects of a page, its template and its annotations; all end up in one Found."""

    def __init__(self, fonts: dict[str, str], units: dict[str, etree._Element]):
        self._fonts, self._units = fonts, units
        self.found = Found()

    def take(self, container: etree._Element, matrix: Matrix = _SAME, depth: int = 0) -> None:
        """Every object in a layer, block, unit or appearance."""
        for item in container:
            if self.found.objects > MAX_OBJECTS or len(self.found.pieces) > MAX_CHARACTERS:
                self.found.cut_short = True
                return
            self.found.objects += 1
            if (item.get("Visible") or "true").lower() == "false" or item.get("Alpha") == "0":
                continue
            kind = local(item)
            if kind in ("Layer", "PageBlock", "Content") and depth < MAX_DEPTH:
                self.take(item, matrix, depth + 1)
            elif kind == "TextObject":
                self._text(item, matrix)
            elif kind == "PathObject":
                self._path(item, matrix)
            elif kind == "ImageObject":
                self._image(item, matrix)
            elif kind == "CompositeObject" and depth < MAX_DEPTH:
                unit = self._units.get(item.get("ResourceID") or "")
                if unit is not None:
                    self.take(unit, _own_matrix(item, matrix), depth + 1)

    def appearance(self, item: etree._Element) -> None:
        """The appearance of an annotation (10): its boundary is the origin of what it shows."""
        left, top, _, _ = _box(item)
        self.take(item, (1.0, 0.0, 0.0, 1.0, left, top))

    def _text(self, item: etree._Element, matrix: Matrix) -> None:
        own = _own_matrix(item, matrix)
        if abs(own[1]) > 0.3 * abs(own[0]):  # written aslant or upwards: a watermark, a stamp
            return
        size = _number(item.get("Size"), 4.0) * abs(own[3] or 1.0) * _POINTS
        wide = _number(item.get("Size"), 4.0) * _number(item.get("HScale"), 1.0)
        font = self._fonts.get(item.get("Font") or "", "")
        x = y = 0.0
        for code in item:
            if local(code) != "TextCode":
                continue
            text = (code.text or "").strip("\r\n")
            x, y = _number(code.get("X"), x), _number(code.get("Y"), y)
            places = _places(text, code, wide, x, y)
            for char, at, base in places:
                left, foot = _moved(own, at, base)
                right = left + (1.0 if ord(char) > 0x2000 else 0.55) * wide * abs(own[0]) * _POINTS
                if char.strip():
                    shown = in_symbols(char, font) if font else char
                    self.found.pieces.append(Piece(shown, left, foot - 0.85 * size, right, foot + 0.15 * size))
                x, y = at, base

    def _path(self, item: etree._Element, matrix: Matrix) -> None:
        data = next((child.text or "" for child in item if local(child) == "AbbreviatedData"), "")
        own = _own_matrix(item, matrix)
        stroked = (item.get("Stroke") or "true").lower() != "false"
        filled = (item.get("Fill") or "false").lower() == "true"
        if len(data) > 100_000 or len(self.found.edges) > _MOST_EDGES or not (stroked or filled):
            return
        lines, points, curved = _segments(data, own)
        if not points:
            return
        xs, ys = [point[0] for point in points], [point[1] for point in points]
        left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
        width, height = right - left, bottom - top
        square = 4.5 <= width <= 18 and 4.5 <= height <= 18 and 0.75 <= width / height <= 1.33
        straight = [line for line in lines if _is_ruled(line)]
        if square and stroked and (curved and len(lines) < 3 or len(straight) >= 3):
            self.found.boxes.append(drawn_box(left, top, right, bottom))
        elif width <= 30 and height <= 30 and width > 1.5 and height > 1.5:
            self.found.strokes.append(Piece("/", left, top, right, bottom))
        elif filled and not stroked and min(width, height) <= 2:
            self.found.edges.append(Edge(left, top, right, bottom))
        elif stroked:
            self.found.edges += [Edge(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in straight]

    def _image(self, item: etree._Element, matrix: Matrix) -> None:
        _, _, width, height = _box(item)
        width, height = width * matrix[0] * _POINTS, height * matrix[3] * _POINTS
        self.found.images.append((item.get("ResourceID") or "", width, height))


def _places(text: str, code: etree._Element, wide: float, x: float, y: float) -> Iterator[tuple[str, float, float]]:
    """Each character with its point in the object; what DeltaX does not say is a character's width."""
    steps, falls = _deltas(code.get("DeltaX")), _deltas(code.get("DeltaY"))
    for index, char in enumerate(text[:MAX_CHARACTERS]):
        yield char, x, y
        if steps:
            x += steps[min(index, len(steps) - 1)]
        elif not falls:
            x += wide * (1.0 if ord(char) > 0x2000 else 0.5)
        if falls:
            y += falls[min(index, len(falls) - 1)]


def _deltas(text: str | None) -> list[float]:
    """`5 g 3 2.5 4` is 5 2.5 2.5 2.5 4 (GB/T 33190, 11.3)."""
    words = (text or "").replace(",", " ").split()[: 2 * MAX_CHARACTERS]
    found: list[float] = []
    at = 0
    while at < len(words) and len(found) < MAX_CHARACTERS:
        if words[at] == "g" and at + 2 < len(words):
            count = int(_number(words[at + 1], 0))
            found += [_number(words[at + 2], 0.0)] * min(max(count, 0), MAX_CHARACTERS)
            at += 3
        else:
            found.append(_number(words[at], 0.0))
            at += 1
    return found


def _segments(data: str, matrix: Matrix):
    """(straight lines, all points, whether there are curves) of abbreviated path data, in points of the page."""
    lines: list[tuple[float, float, float, float]] = []
    points: list[tuple[float, float]] = []
    curved = False
    first = last = None
    for command, rest in _PATH.findall(data):
        if command == "C":
            if first and last and first != last:
                lines.append((*last, *first))
            last = first
            continue
        numbers = [_bounded(number) for number in _NUMBER.findall(rest)[:2_000]]
        step = _ARGUMENTS[command]
        for at in range(0, len(numbers) - step + 1, step):
            x, y = numbers[at + step - 2], numbers[at + step - 1]
            point = _moved(matrix, x, y)
            if command in "MS":
                first = point
            elif command == "L" and last:
                lines.append((*last, *point))
            else:
                curved = True
                points += _reached(command, numbers[at : at + step], matrix, last)
            points.append(point)
            last = point
        if len(points) > 5_000:
            break
    return lines, points, curved


def _reached(command: str, numbers: list[float], matrix: Matrix, last) -> list[tuple[float, float]]:
    """Points that a curve comes near: the control points of a Bézier curve, the summits of half an ellipse."""
    if command != "A":
        return [_moved(matrix, numbers[at], numbers[at + 1]) for at in range(0, len(numbers) - 2, 2)]
    end = _moved(matrix, numbers[5], numbers[6])
    middle = ((end[0] + last[0]) / 2, (end[1] + last[1]) / 2) if last else end
    radius = abs(numbers[1] * matrix[3]) * _POINTS
    return [(middle[0], middle[1] - radius), (middle[0], middle[1] + radius)]


def _is_ruled(line: tuple[float, float, float, float]) -> bool:
    return (abs(line[0] - line[2]) < 0.8) != (abs(line[1] - line[3]) < 0.8)


def _own_matrix(item: etree._Element, outer: Matrix) -> Matrix:
    """What takes a point of the object to the page: its CTM, then its boundary, then what it stands in."""
    left, top, _, _ = _box(item)
    numbers = [_bounded(number) for number in _NUMBER.findall(item.get("CTM") or "")[:6]]
    a, b, c, d, e, f = numbers if len(numbers) == 6 else _SAME
    return _times((a, b, c, d, e + left, f + top), outer)


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """A point of an object on the page, in points."""
    a, b, c, d, e, f = matrix
    return (a * x + c * y + e) * _POINTS, (b * x + d * y + f) * _POINTS


def _box(item: etree._Element) -> tuple[float, float, float, float]:
    numbers = [_bounded(number) for number in _NUMBER.findall(item.get("Boundary") or "")[:4]]
    return tuple(numbers) if len(numbers) == 4 else (0.0, 0.0, 0.0, 0.0)


def _number(text: str | None, default: float) -> float:
    found = _NUMBER.fullmatch((text or "").strip())
    return _bounded(found[0]) if found else default


def _bounded(number: str) -> float:
    return max(min(float(number), 1e6), -1e6)
