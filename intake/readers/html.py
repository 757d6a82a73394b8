"""HTML files (.html, .htm, web exports named .doc or .xls): tables with their spans, the text around them.

Form controls stand with their state, symbol fonts and struck-out text as they are seen. Scripts are ignored, nothing is
fetched; pictures written into the file itself (`data:`) are `embedded`.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.pictures import is_picture
from intake.readers.sheet_style import in_symbols
from intake.reading.charset import decode_text
from rules.document import EMPTY, TICKED, Cell, Document, Embedded, Paragraph, Table
from rules.ticks import normalise

#: characters of HTML that are read
MAX_HTML = 4_000_000
MAX_CELLS = 20_000
MAX_BLOCKS = 20_000
MAX_SPAN = 500
_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"<\?xml[^>]{0,100}encoding=[\"']([A-Za-z0-9_\-]+)", re.IGNORECASE)
_SILENT = frozenset(("script", "style", "head", "title", "noscript", "template", "object", "svg", "datalist", "xml",
                     "s", "strike", "del"))  # fmt: skip
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "nav", "ol", "p",
    "pre", "section", "ul", "tr",
))  # fmt: skip
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|text-decoration\s*:\s*line-through"
)
_SYMBOL_FONT = re.compile(r"(wingdings(?: [23])?|webdings|zapfdingbats|marlett)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f\v\u00a0\u2002\u2003\u2009]+")
_SURROGATES = re.compile("[\ud800-\udfff\x00]")
#: marks that exporters leave of form fields
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f]")
_DATA_URL = re.compile(r"data:(image/[a-z+.\-]{2,20});base64,([A-Za-z0-9+/=\s]*)", re.IGNORECASE)
#: kinds of `input` that show what was typed
_TYPED = frozenset(("text", "tel", "email", "number", "date", "month", "url", "search", "datetime-local"))


def read(data: bytes, limits: ReadLimits) -> Document:
    """The page's paragraphs and tables in reading order; raises Unreadable: empty, too_large."""
    if not data.strip():
        raise Unreadable("empty", "文件是空的,没有任何内容")
    if len(data) > limits.max_file_bytes:
        raise Unreadable("too_large", "文件过大")
    return read_text(decoded(data), limits)


def read_text(html: str, limits: ReadLimits) -> Document:
    """A page that is text already (the HTML of a mail) → Document; never raises."""
    walk = _Walk(limits)
    html = _DATA_URL.sub(walk.kept_apart, html)  # a photo may be longer than all the rest that is read
    root, whole = _parsed(html[:MAX_HTML])
    if root is not None:
        walk.blocks(root)
    if len(html) > MAX_HTML or not whole:
        walk.notes.add("cut-short")
    return Document("html", tuple(walk.found), embedded=tuple(walk.pictures), notes=tuple(sorted(walk.notes)))


def decoded(data: bytes) -> str:
    """The file as text, by its byte order mark, its meta element, or what its bytes look like."""
    found = _CHARSET.search(data[:8192]) or _XML_CHARSET.match(data[:200])
    return decode_text(data, found[1].decode("ascii") if found else None)[0]


def _parsed(html: str) -> tuple[etree._Element | None, bool]:
    """The root, and whether the parser came to the end: it stops at 256 levels."""
    html = _CONTROLS.sub("", _SURROGATES.sub("\ufffd", html))
    if not html.strip():
        return None, True
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, recover=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.encode("utf-8"), parser)
    except (etree.LxmlError, AssertionError, ValueError):  # an empty document, or one that lxml gives up on
        return None, True
    return root, not any("depth" in error.message for error in parser.error_log)


@dataclass
class _Walk:
    """Blocks in reading order."""

    limits: ReadLimits
    found: list[Paragraph | Table] = field(default_factory=list)
    pictures: list[Embedded] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    cells: int = 0
    #: media type and base64 text of the pictures in the page, by the address that stands in for each
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)

    def kept_apart(self, found: re.Match) -> str:
        """The address that stands in for a picture."""
        address = f"picture:{len(self.sources)}"
        self.sources[address] = (found[1].lower(), found[2])
        return address

    def picture(self, address: str) -> None:
        """Take a picture that the page shows, each once."""
        media_type, coded = self.sources.pop(address, ("", ""))
        if not coded or len(self.pictures) >= self.limits.max_files:
            return
        try:
            data = base64.b64decode(coded)
        except (binascii.Error, ValueError):
            return
        if is_picture(data):
            suffix = media_type.rpartition("/")[2].replace("jpeg", "jpg")
            self.pictures.append(Embedded(f"image{len(self.pictures) + 1}.{suffix}", data, media_type))

    def blocks(self, root: etree._Element) -> None:
        """The content of the page, or of a cell of layout."""
        text = _Text(self)
        text.content(root, on_table=lambda table: self._between(text, table))
        self._paragraphs(text)

    def _between(self, text: "_Text", table: etree._Element) -> None:
        self._paragraphs(text)
        self.table(table)

    def _paragraphs(self, text: "_Text") -> None:
        for line in text.taken().split("\n"):
            if len(self.found) < MAX_BLOCKS:
                self.found.append(Paragraph(line))

    def table(self, table: etree._Element) -> None:
        """One table; tables in its cells that are tables of their own follow it."""
        cells, nested = self._cells(table)
        if any(cell.text for cell in cells):
            self.found.append(Table(tuple(cells)))
        for inner in nested:
            self.table(inner)

    def _cells(self, table: etree._Element) -> tuple[list[Cell], list[etree._Element]]:
        found: list[Cell] = []
        nested: list[etree._Element] = []
        taken: set[tuple[int, int]] = set()
        for number, row in enumerate(_rows(table)):
            column = 0
            for item in row:
                if item.tag not in ("td", "th"):
                    continue
                if self.cells >= MAX_CELLS or len(taken) > 4 * MAX_CELLS:
                    self.notes.add("cut-short")
                    return found, nested
                while (number, column) in taken:
                    column += 1
                wide, tall = _span(item, "colspan"), _span(item, "rowspan")
                taken.update((number + below, column + beside) for below in range(1, tall) for beside in range(wide))
                self.cells += 1
                found.append(Cell(number, column, self._cell(item, nested), tall, wide))
                column += wide
        return found, nested

    def _cell(self, item: etree._Element, nested: list[etree._Element]) -> str:
        def inner(table: etree._Element) -> None:
            rows = list(_rows(table))
            if len(rows) >= 3 and sum(cell.tag in ("td", "th") for row in rows[:2] for cell in row) > 2:
                nested.append(table)
                return
            for row in rows:
                text.break_line()
                for cell in row:
                    text.content(cell, on_table=inner)
                    text.put("  ")

        text = _Text(self)
        text.content(item, on_table=inner)
        return text.taken()


class _Text:
    """Collects running text as it is seen."""

    def __init__(self, walk: _Walk):
        self._walk = walk
        self._parts: list[str] = []

    def put(self, text: str) -> None:
        """Add text as it stands."""
        self._parts.append(text)

    def break_line(self) -> None:
        """What follows begins on a line of its own."""
        if self._parts and not self._parts[-1].endswith("\n"):
            self._parts.append("\n")

    def taken(self) -> str:
        """Everything so far, without blanks at the ends of its lines; what follows begins anew."""
        lines = [re.sub(" {2,}", "  ", line).strip(" ") for line in "".join(self._parts).split("\n")]
        self._parts = []
        return normalise(re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip("\n \u3000"))

    def content(self, element: etree._Element, on_table, font: str = "", preserved: bool = False) -> None:
        """The text of an element and of all within it; a table is handed on."""
        own = self._font(element, font)
        preserved = preserved or element.tag == "pre"
        self._words(element.text, own, preserved)
        for child in element:
            if isinstance(child.tag, str):
                self._child(child, on_table, own, preserved)
            self._words(child.tail, own, preserved)

    def _child(self, child: etree._Element, on_table, font: str, preserved: bool) -> None:
        tag = child.tag.rpartition(":")[2]
        if tag in _SILENT or _is_hidden(child):
            return
        if tag == "table":
            self.break_line()
            on_table(child)
        elif tag == "br":
            self.put("\n")
        elif tag == "input":
            self.put(_input(child))
        elif tag == "select":
            self.put(" ".join(_chosen(child)))
        elif tag == "img":
            self._walk.picture(child.get("src") or "")
        elif tag in _BLOCKS:
            self.break_line()
            self.content(child, on_table, font, preserved)
            self.break_line()
        else:
            self.content(child, on_table, font, preserved or tag == "textarea")

    def _words(self, text: str | None, font: str, preserved: bool) -> None:
        if text:
            text = text.replace("\u00a0", " ") if preserved else _BLANKS.sub(" ", text)
            self._parts.append(in_symbols(text, font) if font else text)

    def _font(self, element: etree._Element, font: str) -> str:
        if element.get("face") is None and "font" not in (style := element.get("style") or ""):
            return font
        named = element.get("face") or style
        if found := _SYMBOL_FONT.search(named):
            return found[1].lower()
        return "" if element.get("face") or "font-family" in style else font


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table that are seen, its groups of rows opened."""
    for child in table:
        if child.tag == "tr" and not _is_hidden(child):
            yield child
        elif child.tag in ("thead", "tbody", "tfoot", "form") and not _is_hidden(child):
            yield from (row for row in child if row.tag == "tr" and not _is_hidden(row))


def _is_hidden(element: etree._Element) -> bool:
    return element.get("hidden") is not None or bool(_HIDDEN.search((element.get("style") or "").lower()))


def _span(element: etree._Element, name: str) -> int:
    text = (element.get(name) or "1").strip()
    return min(max(int(text), 1), MAX_SPAN) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _input(element: etree._Element) -> str:
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return TICKED if element.get("checked") is not None else EMPTY
    return element.get("value") or "" if kind in _TYPED else ""


def _chosen(select: etree._Element) -> Iterator[str]:
    """The chosen options; a browser shows the first where none is marked, but nobody chose it."""
    for option in select.iter("option"):
        if option.get("selected") is not None:
            yield _BLANKS.sub(" ", "".join(option.itertext())).strip()
