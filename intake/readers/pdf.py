"""PDF files: text pages as paragraphs and tables, scanned pages as pictures for the reader of pictures.

pypdfium2 opens the file and looks at every page (1 ms each); pdfplumber, which is exact on tables but slow and can be
led astray by malformed pages, only sees pages with text that are not monstrous. Where pdfplumber fails, the page's
plain text by pypdfium2 stands in.
"""

import re
import time
from contextlib import closing
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.pdf_pictures import page_pictures, rendered
from rules.document import Document, Embedded, Paragraph, Table
from rules.ticks import normalise

#: letters of text below which a page is taken for a scan
_FEWEST_LETTERS = 8
#: more letters on one page than any form has: pdfplumber would take minutes
_MOST_LETTERS = 12_000


def read(data: bytes, limits: ReadLimits) -> Document:
    """The file's text page by page; pages without text, and pictures placed on pages, are `embedded` as PNG or JPEG.

    An empty password is tried. Raises Unreadable: empty, too_large, encrypted, corrupt.
    """
    if not data:
        raise Unreadable("empty", "文件是空的,没有任何内容")
    if len(data) > limits.max_file_bytes:
        raise Unreadable("too_large", "文件过大")
    with closing(opened(data)) as file:
        if len(file) == 0:
            raise Unreadable("empty", "文件里没有任何一页")
        reading = _Reading(data, limits, time.monotonic() + limits.seconds / 3)
        try:
            reading.pages(file)
        finally:
            reading.close()
        return Document("pdf", tuple(reading.blocks), pages=len(file), embedded=tuple(reading.embedded),
                        notes=tuple(dict.fromkeys(reading.notes)))  # fmt: skip


def opened(data: bytes) -> pdfium.PdfDocument:
    """The file, an empty password tried; raises Unreadable: encrypted, corrupt."""
    try:
        file = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY) or "assword" in str(error):
            raise Unreadable("encrypted", "文件设有密码") from error
        raise Unreadable("corrupt", "文件已损坏,无法打开") from error
    return file


@dataclass
class _Reading:
    """What was read so far of one file."""

    data: bytes
    limits: ReadLimits
    #: monotonic time after which the rest is left out
    deadline: float
    blocks: list[Paragraph | Table] = field(default_factory=list)
    embedded: list[Embedded] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _plumber: object = None
    _bytes: int = 0

    def pages(self, file: pdfium.PdfDocument) -> None:
        for number in range(min(len(file), self.limits.max_pages)):
            if time.monotonic() > self.deadline:
                self.notes.append("cut-short")
                return
            try:
                page = file[number]
            except pdfium.PdfiumError:
                self.notes.append("broken-page")
                continue
            with closing(page):
                self._page(page, number)
        if len(file) > self.limits.max_pages:
            self.notes.append("too-many-pages")

    def _page(self, page: pdfium.PdfPage, number: int) -> None:
        with closing(page.get_textpage()) as text_page:
            text = text_page.get_text_bounded()
            letters = sum(not char.isspace() for char in text)
            widgets = _has_widgets(page)
            if (letters < _FEWEST_LETTERS and not widgets) or _is_illegible(text):
                self._scan(page, number)
                return
            if letters > _MOST_LETTERS or not self._tables(page, text_page, number):
                self.notes.append("tables-unread")
                self._plain(text, number)
        for name, data, media_type in page_pictures(page, number):
            self._embed(name, data, media_type)

    def _scan(self, page: pdfium.PdfPage, number: int) -> None:
        if next(page.get_objects(max_depth=2), None) is not None:
            self._embed(f"第{number + 1}页.png", rendered(page), "image/png")

    def _tables(self, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, number: int) -> bool:
        from intake.readers.pdf_page import Plumber

        if self._plumber is None:
            self._plumber = Plumber(self.data)
        blocks = self._plumber.blocks(page, text_page, number)
        self.blocks += blocks or []
        return blocks is not None

    def _plain(self, text: str, number: int) -> None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:2_000]
        self.blocks += [Paragraph(normalise(line.rstrip()), number + 1) for line in lines if line.strip()]

    def _embed(self, name: str, data: bytes, media_type: str) -> None:
        self._bytes += len(data)
        if len(self.embedded) >= self.limits.max_files or self._bytes > self.limits.max_total_bytes:
            self.notes.append("too-many-pictures")
        else:
            self.embedded.append(Embedded(name, data, media_type))

    def close(self) -> None:
        if self._plumber is not None:
            self._plumber.close()


def _is_illegible(text: str) -> bool:
    """Whether the text is no text: glyphs without letters, so that only the page's picture can be read."""
    lost = re.findall("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\ufffd\ue000-\uefff]", text)
    return len(lost) * 3 > len(text)


def _has_widgets(page: pdfium.PdfPage) -> bool:
    return pdfium_c.FPDFPage_GetAnnotCount(page) > 0
