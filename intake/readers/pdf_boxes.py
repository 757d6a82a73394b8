"""Tick boxes of a PDF page, checked against pypdfium2's text and against the pixels.

pdfplumber can read a ticked and an empty box of Wingdings as the same character, because a font's table of characters
is often made by a careless exporter; and a tick is sometimes drawn over an empty box. What the reader sees is what
counts.
"""

from dataclasses import dataclass, replace

import numpy
import pypdfium2 as pdfium

from rules.document import EMPTY, TICKED, UNSURE
from rules.ticks import normalise

#: pixels per point at which boxes are looked at
_SCALE = 4.0
#: part of the inner area that is dark; nothing at all in an empty box, as this is no scan
_CLEAR, _DARK = 0.015, 0.05
#: part of the ink that may differ between two pictures of one character
_ALIKE = 0.3
_SHAPES = "□☐☑☒■●○◯◻◼▢❏❑⊠🗹"


class Boxes:
    """The boxes of one page; it is rendered only when it has any."""

    def __init__(self, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage):
        self._page, self._text_page = page, text_page
        self._left, _, _, self._top = page.get_mediabox()
        shown = page.get_bbox()
        #: what the crop box cuts off at the left and at the top: pixels begin behind it
        self._cut = (shown[0] - self._left, self._top - shown[3]) if page.get_rotation() == 0 else (0.0, 0.0)
        self._pixels: numpy.ndarray | None = None

    def mended(self, pieces: list) -> list:
        """The pieces with every box as what is to be seen: ☑, □, or ▣ where it cannot be told."""
        boxes = {index: _Box(piece.text, self._by_text(piece), self._by_pixels(piece))
                 for index, piece in enumerate(pieces) if _is_box(piece.text)}  # fmt: skip
        if not boxes:
            return pieces
        boxes |= self._without_glyphs({index: pieces[index] for index in boxes}, boxes)
        told_apart = len({box.text for box in boxes.values()} & {TICKED, EMPTY}) == 2
        seen = {index: _state(box, list(boxes.values()), told_apart) for index, box in boxes.items()}
        return [replace(piece, text=seen.get(index, piece.text)) for index, piece in enumerate(pieces)]

    def _without_glyphs(self, pieces: dict, boxes: dict[int, "_Box"]) -> dict[int, "_Box"]:
        """Boxes that look alike, whatever they are by their text: their font was not there and each is drawn as one that lacks.

        Only the text tells of these; drawn ticks over printed boxes look different from any printed one.
        """
        text = {index: self._by_pdfium(piece) for index, piece in pieces.items()}
        crossed = [index for index, box in boxes.items() if box.pixels != EMPTY and text[index]]
        ticked = next((self._glyph(pieces[index]) for index in crossed if text[index] == TICKED), None)
        if ticked is None:
            return {}
        alike = [index for index in crossed if _look_alike(self._glyph(pieces[index]), ticked)]
        if len({text[index] for index in alike}) < 2:
            return {}
        return {index: replace(boxes[index], char=f"{boxes[index].char}{text[index]}", text=text[index], pixels=None) for index in alike}

    def _by_text(self, piece) -> str:
        """What both engines read; ▣ where they differ."""
        own, other = normalise(f"{piece.text}□")[0], self._by_pdfium(piece)
        return own if own in (TICKED, EMPTY) and other in (None, own) else UNSURE

    def _by_pdfium(self, piece) -> str | None:
        x = self._left + (piece.x0 + piece.x1) / 2
        y = self._top - (piece.top + piece.bottom) / 2
        index = self._text_page.get_index(x, y, 2, 2)
        text = normalise(self._text_page.get_text_range(index, 1)) if index is not None and index >= 0 else ""
        return text if text in (TICKED, EMPTY) else None

    def _by_pixels(self, piece) -> str | None:
        """What the pixels inside the box show; None where there is no box to be seen."""
        glyph = self._glyph(piece)
        if min(glyph.shape) < 8:
            return None
        height, width = glyph.shape
        inner = glyph[round(height * 0.26) : round(height * 0.74), round(width * 0.26) : round(width * 0.74)]
        ink = float(inner.mean()) if inner.size else 0.0
        if ink < _CLEAR:
            return EMPTY
        return TICKED if ink > _DARK else UNSURE

    def _glyph(self, piece) -> numpy.ndarray:
        """The dark pixels of one character, without white rows and columns around it."""
        dark = self._dark()
        x, y = self._cut
        top, bottom = int((piece.top - y) * _SCALE), int((piece.bottom - y) * _SCALE) + 1
        left, right = int((piece.x0 - x) * _SCALE), int((piece.x1 - x) * _SCALE) + 1
        glyph = dark[max(top, 0) : bottom, max(left, 0) : right]
        return _middle(_middle(glyph).T).T

    def _dark(self) -> numpy.ndarray:
        if self._pixels is None:
            bitmap = self._page.render(scale=_SCALE, grayscale=True, may_draw_forms=True)
            try:
                self._pixels = bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width] < 190
            finally:
                bitmap.close()
        return self._pixels


def _look_alike(one: numpy.ndarray, other: numpy.ndarray) -> bool:
    """Whether two characters are drawn alike, but for where they lie between pixels."""
    if min(*one.shape, *other.shape) < 8 or max(abs(one.shape[0] - other.shape[0]), abs(one.shape[1] - other.shape[1])) > 2:
        return False
    height, width = min(one.shape[0], other.shape[0]) - 1, min(one.shape[1], other.shape[1]) - 1
    best = 1.0
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for first, second in ((one[y : y + height, x : x + width], other[:height, :width]), (one[:height, :width], other[y : y + height, x : x + width])):
            best = min(best, float((first ^ second).sum()) / max(float((first | second).sum()), 1.0))
    return best < _ALIKE


def _middle(glyph: numpy.ndarray) -> numpy.ndarray:
    """The longest run of rows with any ink: without the table's line above or below, which stands apart."""
    inked = numpy.concatenate(([False], glyph.any(axis=1), [False])) if glyph.size else numpy.zeros(2, bool)
    changes = numpy.flatnonzero(inked[1:] != inked[:-1])
    runs = list(zip(changes[::2], changes[1::2], strict=True))
    start, end = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
    return glyph[start:end]


@dataclass(frozen=True, slots=True)
class _Box:
    """One box: its character, and what text and pixels say of it."""

    char: str
    text: str
    pixels: str | None


def _state(box: _Box, boxes: list[_Box], told_apart: bool) -> str:
    """Text and pixels weighed: pixels tell boxes of one character apart; a font without the sign draws all alike."""
    if box.pixels is None or box.pixels == box.text:
        return box.text
    alike = {other.pixels for other in boxes if other.char == box.char}
    if len(alike) > 1 or box.text == UNSURE:
        return box.pixels
    return box.text if told_apart else UNSURE


def _is_box(text: str) -> bool:
    """Whether the character is a box or circle (a bare tick is not)."""
    symbol = "\uf020" <= text <= "\uf0ff" and text not in "\uf0fc\uf0fb\uf050\uf04f"
    return len(text) == 1 and (text in _SHAPES or symbol)
