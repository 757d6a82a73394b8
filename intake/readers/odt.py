"""OpenDocument texts: .odt, and .fodt in a single file (OASIS OpenDocument 1.3 part 3).

Kept: tables with merged and repeated cells, text boxes, insertions, ticks of symbol fonts, form controls, field
marks and content controls as ☑ and □, headers and footers, pictures. Dropped: deletions, struck-out and hidden
text, notes, comments. The conventions are those of `intake.readers.word`.
"""

import base64
import binascii
import posixpath
from dataclasses import dataclass, field

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.flow import MAX_BLOCKS, MAX_CELLS, flat, is_table_of_its_own
from intake.readers.odt_text import OdtText, Styles, attribute, local, number
from intake.readers.package import MAX_XML_BYTES, Package, parse_xml
from intake.readers.pictures import is_picture
from rules.document import Cell, Document, Embedded, Paragraph, Table

MAX_SPAN = 500
#: elements that only hold blocks
_CONTAINERS = frozenset((
    "list", "list-item", "list-header", "section", "numbered-paragraph", "table-of-content", "index-body",
    "index-title", "text-box", "page", "table-header-rows", "table-rows", "table-row-group", "soft-page-break",
    "frame", "g",
))  # fmt: skip
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".bmp": "image/bmp", ".gif": "image/gif",
          ".tif": "image/tiff", ".tiff": "image/tiff", ".webp": "image/webp"}  # fmt: skip
_METAFILES = (".emf", ".wmf", ".svm", ".svg")


def read(data: bytes, limits: ReadLimits) -> Document:
    """The document's paragraphs and tables in reading order, and its pictures as `embedded`; method `odt`.

    Raises Unreadable: empty, too_large, encrypted, corrupt, unsupported (no text document).
    """
    return _document(*opened(data, limits), limits)


def opened(data: bytes, limits: ReadLimits) -> tuple[etree._Element, etree._Element | None, Package | None]:
    """(content, styles, package) of an OpenDocument file; one that is a single XML file has no package."""
    if data[:1] == b"<" or data[:4] == b"\xef\xbb\xbf<":
        if len(data) > min(limits.max_file_bytes, MAX_XML_BYTES):
            raise Unreadable("too_large", "文件过大")
        root = parse_xml(data)
        return root, root, None
    package = Package(data, limits)
    manifest = package.xml("META-INF/manifest.xml")
    if manifest is not None and any(True for _ in manifest.iter("{*}encryption-data", "{*}encrypted-key")):
        raise Unreadable("encrypted", "文件设有密码")
    content = package.xml("content.xml")
    if content is None:
        raise Unreadable("corrupt", "文件中没有正文,可能已损坏")
    return content, package.xml("styles.xml"), package


def _document(
    content: etree._Element, styles: etree._Element | None, package: Package | None, limits: ReadLimits
) -> Document:
    body = next(content.iterfind("{*}body"), None)
    text = next((child for child in body if local(child) == "text"), None) if body is not None else None
    if text is None:
        kind = "unsupported" if body is not None and len(body) else "corrupt"
        raise Unreadable(kind, "不是文字文档" if kind == "unsupported" else "文件中没有正文,可能已损坏")
    known = Styles(*(root for root in (styles, content) if root is not None))
    known.learn_controls(text)
    walk = _Walk(known)
    headers, footers = _edges(styles, known)
    walk.found += headers
    walk.blocks(text)
    walk.found += footers
    pictures = OdtPictures(package, limits)
    pictures.take(text)
    notes = dict.fromkeys((*walk.notes, *pictures.notes))
    return Document("odt", tuple(walk.found), embedded=tuple(pictures.found), notes=tuple(notes))


def _edges(styles: etree._Element | None, known: Styles) -> tuple[list, list]:
    """(headers, footers) of the master pages, each different one once."""
    found: tuple[list, list] = ([], [])
    seen: set[str] = set()
    for master in styles.iter("{*}master-page") if styles is not None else ():
        for part in master:
            name = local(part)
            if not name.startswith(("header", "footer")) or attribute(part, "display") == "false":
                continue
            walk = _Walk(known)
            walk.blocks(part)
            text = "".join(block.text if isinstance(block, Paragraph) else "table" for block in walk.found).strip()
            if text and text not in seen and len(seen) < 12:
                seen.add(text)
                found[name.startswith("footer")].extend(walk.found)
    return found


@dataclass
class _Walk:
    """Blocks in reading order."""

    styles: Styles
    found: list[Paragraph | Table] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    cells: int = 0

    def blocks(self, parent: etree._Element) -> None:
        """Paragraphs and tables of a body, text box, section or list."""
        for child in parent:
            if len(self.found) > MAX_BLOCKS or self.cells > MAX_CELLS:
                self.notes = ("cut-short",)
                return
            name = local(child)
            if name in ("p", "h"):
                self._paragraph(child)
            elif name == "table":
                self._table(child)
            elif (name == "custom-shape" or name in _CONTAINERS) and not self.styles.is_hidden(child):
                self.blocks(child)

    def _paragraph(self, paragraph: etree._Element) -> None:
        text = OdtText(self.styles)
        text.paragraph(paragraph)
        self.found.append(Paragraph(text.finished()))
        for box in text.boxes:
            self.blocks(box)

    def _table(self, table: etree._Element) -> None:
        rows = Rows(self.styles)
        rows.read(table)
        self.cells += len(rows.cells)
        if rows.cells:
            self.found.append(Table(tuple(rows.cells)))
        self.found += rows.nested


class Rows:
    """One table: its cells on the grid; what a merged cell covers is named as covered in the file."""

    def __init__(self, styles: Styles):
        self._styles = styles
        self.cells: list[Cell] = []
        self.nested: list[Table] = []
        self._row = 0

    def read(self, parent: etree._Element) -> None:
        """Rows of a table or of a group of its rows."""
        for child in parent:
            name = local(child)
            if name == "table-row":
                self._read_row(child)
            elif name in ("table-header-rows", "table-rows", "table-row-group"):
                self.read(child)
            if len(self.cells) > MAX_CELLS:
                return

    def _read_row(self, row: etree._Element) -> None:
        column = 0
        for cell in row:
            name = local(cell)
            if name not in ("table-cell", "covered-table-cell"):
                continue
            repeated = min(number(cell, "number-columns-repeated"), MAX_SPAN)
            if name == "table-cell":
                text = self.text_of(cell)
                spans = (
                    min(number(cell, "number-rows-spanned"), MAX_SPAN),
                    min(number(cell, "number-columns-spanned"), MAX_SPAN),
                )
                for index in range(repeated):
                    self.cells.append(Cell(self._row, column + index, text, *spans))
            column += repeated
        # A repeated row is an empty one that fills a page; its copies hold nothing.
        self._row += min(number(row, "number-rows-repeated"), MAX_SPAN)

    def text_of(self, cell: etree._Element) -> str:
        """What is written in a cell, text boxes in it too."""
        text = OdtText(self._styles)
        self._lines(cell, text)
        return text.finished()

    def _lines(self, parent: etree._Element, text: OdtText) -> None:
        for child in parent:
            name = local(child)
            if name in ("p", "h"):
                text.paragraph(child)
                self._boxes(text)
            elif name == "table":
                self._inner(child, text)
            elif name in _CONTAINERS or name == "custom-shape":
                self._lines(child, text)

    def _boxes(self, text: OdtText) -> None:
        """A text box drawn into a cell is part of what is written there."""
        boxes, text.boxes = text.boxes, []
        for box in boxes:
            walk = _Walk(self._styles)
            walk.blocks(box)
            for block in walk.found:
                text.line(block.text if isinstance(block, Paragraph) else flat(block))

    def _inner(self, table: etree._Element, text: OdtText) -> None:
        walk = _Walk(self._styles)
        walk._table(table)
        for block in walk.found:
            if isinstance(block, Table) and is_table_of_its_own(block):
                self.nested.append(block)
            else:
                text.line(flat(block) if isinstance(block, Table) else block.text)


class OdtPictures:
    """The pictures that the text shows, each once, larger than icons."""

    def __init__(self, package: Package | None, limits: ReadLimits):
        self._package, self._limits = package, limits
        self.found: list[Embedded] = []
        self.notes: list[str] = []
        self._seen: set[str] = set()

    def take(self, text: etree._Element) -> None:
        """Take every picture of the text; what was deleted with tracking is not shown."""
        for frame in text.iter("{*}frame", "{*}fill-image"):
            if any(local(ancestor) in ("tracked-changes", "annotation") for ancestor in frame.iterancestors()):
                continue
            images = [child for child in frame if local(child) == "image"]
            if any(local(child) in ("object", "object-ole") for child in frame):
                self.notes.append("embedded-object")  # its picture is only its icon or its first page
            if images:
                self._one(images)

    def _one(self, images: list[etree._Element]) -> None:
        """Of several renderings of one picture the first that can be read."""
        for image in images:
            name = attribute(image, "href") or ""
            suffix = posixpath.splitext(name)[1].lower()
            if name in self._seen and name or len(self.found) >= self._limits.max_files:
                return
            self._seen.add(name)
            if suffix in _METAFILES:
                continue
            if "://" in name:
                self.notes.append("linked-picture")
                return
            data = self._bytes(image, name)
            if data and is_picture(data):
                base = posixpath.basename(name) or f"image{len(self.found) + 1}"
                self.found.append(Embedded(base, data, _TYPES.get(suffix, "application/octet-stream")))
            if data:
                return
        self.notes.append("metafile")

    def _bytes(self, image: etree._Element, name: str) -> bytes | None:
        if name:
            return self._package.read(posixpath.normpath(name).lstrip("/")) if self._package else None
        inline = next((child for child in image if local(child) == "binary-data"), None)
        try:
            return base64.b64decode(inline.text or "") if inline is not None else None
        except (binascii.Error, ValueError):
            return None
