"""Tick boxes of a PDF page, checked against pypdfium2's text and against the pixels.

pdfplumber can read a ticked and an empty box of Wingdings as the same character, because a font's table of characters is
often made by a careless exporter; and a tick is sometimes drawn over an empty box. What the reader sees is what counts.
"""

from dataclasses import replace

import numpy
import pypdfium2 as pdfium

from rules.document import EMPTY, TICKED, UNSURE
from rules.ticks import normalise

#: pixels per point at which boxes are looked at
_SCALE = 4.0
#: part of the inner area that is dark: FIELD.md section 8 (0.12 to 0.25 is for a person to see)
_CLEAR, _DARK = 0.06, 0.12


class Boxes:
    """The boxes of one page; it is rendered only when it has any."""

    def __init__(self, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage):
        self._page, self._text_page = page, text_page
        self._left, _, _, self._top = page.get_bbox()
        self._pixels: numpy.ndarray | None = None

    def mended(self, pieces: list) -> list:
        """The pieces with every box as what is to be seen: ☑, □, or ▣ where it cannot be told."""
        return [replace(piece, text=self._seen(piece)) if _is_box(piece.text) else piece for piece in pieces]

    def _seen(self, piece) -> str:
        plumber = normalise(piece.text)
        other = self._by_pdfium(piece)
        pixels = self._by_pixels(piece)
        if pixels is not None:
            return pixels
        return plumber if other in (None, plumber) and plumber in (TICKED, EMPTY) else UNSURE

    def _by_pdfium(self, piece) -> str | None:
        x = self._left + (piece.x0 + piece.x1) / 2
        y = self._top - (piece.top + piece.bottom) / 2
        index = self._text_page.get_index(x, y, 2, 2)
        text = normalise(self._text_page.get_text_range(index, 1)) if index is not None and index >= 0 else ""
        return text if text in (TICKED, EMPTY) else None

    def _by_pixels(self, piece) -> str | None:
        """What the pixels inside the box show; None where there is no box to be seen."""
        dark = self._dark()
        top, bottom = int(piece.top * _SCALE), int(piece.bottom * _SCALE) + 1
        left, right = int(piece.x0 * _SCALE), int(piece.x1 * _SCALE) + 1
        glyph = dark[max(top, 0) : bottom, max(left, 0) : right]
        rows, columns = numpy.flatnonzero(glyph.any(axis=1)), numpy.flatnonzero(glyph.any(axis=0))
        if len(rows) < 8 or len(columns) < 8:
            return None
        glyph = glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        height, width = glyph.shape
        inner = glyph[round(height * 0.26) : round(height * 0.74), round(width * 0.26) : round(width * 0.74)]
        ink = float(inner.mean()) if inner.size else 0.0
        if ink < _CLEAR:
            return EMPTY
        return TICKED if ink > _DARK else UNSURE

    def _dark(self) -> numpy.ndarray:
        if self._pixels is None:
            bitmap = self._page.render(scale=_SCALE, grayscale=True, may_draw_forms=True)
            try:
                self._pixels = bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width] < 140
            finally:
                bitmap.close()
        return self._pixels


def _is_box(text: str) -> bool:
    return len(text) == 1 and (normalise(text) in (TICKED, EMPTY) or text in "■●○◯◻◼▢❏❑" or "\uf020" <= text <= "\uf0ff")
