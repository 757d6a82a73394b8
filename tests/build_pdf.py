"""PDF files: forms drawn by reportlab, with ruled cells or without, boxes as characters, drawings or form fields."""

import io

from build_docx import _TITLES, _Words, individual_labels, unit_labels
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

_FONT = "STSong-Light"
_SIZE = 11


def form_pdf(
    fields: dict, kind: str = "unit_form", *, ruled: bool = True, boxes: str = "drawn", pictures=(), title: bool = True,
    columns: int = 4, password: str | None = None,
) -> bytes:
    """The form as a PDF with text.

    `boxes`: `drawn` (lines, a tick of lines over them), `characters` (□ √), `fields` (AcroForm check boxes), `overlaid`
    (a printed □ over which a tick is drawn). `pictures` stand on a page of their own; `columns` is 2 or 4.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4, invariant=1, encrypt=password)
    page = _Page(canvas, ruled, boxes)
    if title:
        canvas.setFont(_FONT, 18)
        canvas.drawCentredString(A4[0] / 2, A4[1] - 70, _TITLES[kind])
    labels = unit_labels() if kind == "unit_form" else individual_labels()
    page.rows([(label, name, fields.get(name)) for name, label in labels], columns)
    canvas.showPage()
    for data in pictures:
        canvas.drawImage(ImageReader(io.BytesIO(data)), 80, 300, 430, 270)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def acroform_pdf(fields: dict, kind: str = "unit_form") -> bytes:
    """A form whose values lie in text fields (AcroForm), its options in check boxes."""
    return form_pdf(fields, kind, boxes="fields", columns=2)


def scanned_pdf(picture: bytes, pages: int = 1) -> bytes:
    """Pages without text, each covered by the picture."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4, invariant=1)
    for _ in range(pages):
        canvas.drawImage(ImageReader(io.BytesIO(picture)), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def scanned_pages(*pictures: bytes) -> bytes:
    """A PDF without text, each page covered by one of the pictures."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4, invariant=1)
    for picture in pictures:
        canvas.drawImage(ImageReader(io.BytesIO(picture)), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


class _Page:
    """Draws rows of label and value from the top."""

    def __init__(self, canvas: Canvas, ruled: bool, boxes: str):
        self.canvas, self.ruled, self.boxes, self.y = canvas, ruled, boxes, A4[1] - 100
        self.number = 0

    def rows(self, rows, columns: int) -> None:
        wide = {"name", "handle", "service_type", "scope", "formats", "introduction", "news_license"}
        waiting = []
        for label, name, value in rows:
            if columns == 2 or name in wide:
                self._row([(60, 110, label, None, None), (170, 365, None, name, value)])
            else:
                waiting.append((label, name, value))
                if len(waiting) == 2:
                    self._pair(waiting)
                    waiting = []
        if waiting:
            self._pair(waiting)

    def _pair(self, pair) -> None:
        cells = []
        for index, (label, name, value) in enumerate(pair):
            left = 60 + index * 237
            cells += [(left, 110 if index == 0 else 90, label, None, None),
                (left + (110 if index == 0 else 90), 127 if index == 0 else 148, None, name, value)]
        self._row(cells)

    def _row(self, cells) -> None:
        tall = max(2 if label and "\n" in label else self._lines(name, value, width) for _, width, label, name,
        value in cells)
        height = 12 + 15 * tall
        self.y -= height
        for left, width, label, name, value in cells:
            if self.ruled:
                self.canvas.rect(left, self.y, width, height)
            if label is not None:
                self._text(label.split("\n"), left + 4, height)
            else:
                self._value(name, value, left + 4, width, height)

    def _lines(self, name, value, width) -> int:
        return len(self._wrapped(name, value, width)) if name else 1

    def _wrapped(self, name, value, width) -> list[str]:
        lines = []
        for line in _Words("\ue005", "\ue004").text(name, value).split("\n"):
            start, used = 0, 0.0
            for index, char in enumerate(line):
                wide = _SIZE if char in "\ue004\ue005" else pdfmetrics.stringWidth(char, _FONT, _SIZE)
                if used + wide > width - 10 and " " not in line:
                    lines.append(line[start:index])
                    start, used = index, 0.0
                used += wide
            lines.append(line[start:])
        return lines

    def _text(self, lines: list[str], x: float, height: float) -> None:
        self.canvas.setFont(_FONT, _SIZE)
        for number, line in enumerate(lines):
            y = self.y + height - 17 - 15 * number
            at = x
            for char in line:
                at += self._char(char, at, y)

    def _char(self, char: str, x: float, y: float) -> float:
        if char in "\ue004\ue005":
            return self._box(char == "\ue005", x, y)
        self.canvas.drawString(x, y, char)
        return pdfmetrics.stringWidth(char, _FONT, _SIZE)

    def _box(self, ticked: bool, x: float, y: float) -> float:
        if self.boxes == "characters":
            self.canvas.drawString(x, y, "√" if ticked else "□")
        elif self.boxes == "fields":
            self.number += 1
            self.canvas.acroForm.checkbox(name=f"box{self.number}", checked=ticked, x=x, y=y - 1, size=10)
        else:
            if self.boxes == "overlaid":
                self.canvas.drawString(x, y, "□")
            else:
                self.canvas.rect(x + 1, y - 1, 9, 9)
            if ticked:
                self.canvas.setLineWidth(1.6)
                self.canvas.lines([(x + 2, y + 4, x + 5, y + 0.5), (x + 5, y + 0.5, x + 10, y + 8)])
                self.canvas.setLineWidth(1)
        return _SIZE

    def _value(self, name: str, value, x: float, width: float, height: float) -> None:
        options = name in ("scope", "formats", "news_license")
        text = _Words("☑", "□").text(name, value)
        if self.boxes == "fields" and not options and text and text.isascii():  # reportlab writes no others into fields
            self.number += 1
            self.canvas.acroForm.textfield(name=f"text{self.number}", value=text, x=x, y=self.y + 3, width=width - 8,
                                           height=height - 6, fontSize=10)  # fmt: skip
        else:
            self._text(self._wrapped(name, value, width), x, height)
