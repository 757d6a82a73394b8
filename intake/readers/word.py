"""Word documents (.docx, ECMA-376): the XML itself is walked, because python-docx misses half of what people do.

Kept: symbols and check boxes of every kind as ☑ and □, content controls, form fields, insertions, text boxes (once),
merged and nested tables, headers and footers, pictures. Dropped: deletions, struck-out and hidden text, field codes.
"""

from dataclasses import dataclass, field

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.package import Package
from intake.readers.pictures import Pictures
from intake.readers.word_text import CONTAINERS, DROPPED, WordText, local
from rules.document import Cell, Document, Paragraph, Table

#: beyond these a document is no form, and reading on would only cost time
MAX_BLOCKS = 20_000
MAX_CELLS = 20_000
MAX_SPAN = 500


def read(data: bytes, limits: ReadLimits) -> Document:
    """The document's paragraphs and tables in reading order, and its pictures as `embedded`.

    Raises Unreadable: empty, too_large (also when it unpacks to too much), encrypted, corrupt, unsupported.
    """
    package = Package(data, limits)
    main = _main_part(package)
    root = package.xml(main)
    body = next((child for child in root if local(child) == "body"), None) if root is not None else None
    if body is None:
        raise Unreadable("corrupt", "文件中没有正文,可能已损坏")
    links = package.relationships(main)
    walk = _Walk()
    walk.headers(package, links, "header")
    walk.blocks(body)
    walk.headers(package, links, "footer")
    pictures = Pictures(package, limits)
    pictures.take(body, links)
    return Document("docx", tuple(walk.found), embedded=tuple(pictures.found), notes=(*walk.notes, *pictures.notes))


def _main_part(package: Package) -> str:
    links = package.relationships().values()
    mains = (link.target for link in links if link.kind == "officeDocument" and not link.external)
    main = next(mains, "word/document.xml")
    if main.lower() not in package.names:
        main = "word/document.xml"
    if main.lower() not in package.names:
        raise Unreadable("corrupt", "不是 Word 文档,或文件已损坏")
    if not main.lower().startswith("word/") and main.lower().split("/")[0] in ("xl", "ppt", "visio"):
        raise Unreadable("unsupported", "扩展名与文件的实际格式不符")
    return main


@dataclass
class _Walk:
    """Blocks in reading order."""

    found: list[Paragraph | Table] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    cells: int = 0

    def headers(self, package: Package, links: dict, kind: str) -> None:
        """Text of the headers or footers, each different one once."""
        seen: set[str] = set()
        for target in [link.target for link in links.values() if link.kind == kind and not link.external][:6]:
            root = package.xml(target)
            if root is None:
                continue
            part = _Walk()
            part.blocks(root)
            text = "".join(block.text if isinstance(block, Paragraph) else "table" for block in part.found).strip()
            if text and text not in seen:
                seen.add(text)
                self.found += part.found

    def blocks(self, parent: etree._Element) -> None:
        """Paragraphs and tables of a body, cell-like container, or content control."""
        for child in parent:
            name = local(child)
            if len(self.found) > MAX_BLOCKS or self.cells > MAX_CELLS:
                self.notes = ("cut-short",)
                return
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name == "altChunk":
                self.notes = (*self.notes, "foreign-part")
            elif name in CONTAINERS:
                self.blocks(child)

    def _paragraph(self, paragraph: etree._Element) -> None:
        text = WordText()
        text.paragraph(paragraph)
        self.found.append(Paragraph(text.finished()))
        for box in text.boxes:
            self.blocks(box)

    def _table(self, table: etree._Element) -> None:
        cells, nested = _Rows(table).read()
        self.cells += len(cells)
        if cells:
            self.found.append(Table(tuple(cells)))
        for inner in nested:
            self._table(inner)


class _Rows:
    """One table: its cells on the grid, merged ones once."""

    def __init__(self, table: etree._Element):
        self._table = table
        self._cells: list[list] = []
        self._open: dict[int, list] = {}
        self._nested: list[etree._Element] = []

    def read(self) -> tuple[list[Cell], list[etree._Element]]:
        """(cells, tables nested in them that are tables of their own)."""
        number = 0
        for row in _unwrapped(self._table, "tr"):
            if _is_deleted(row):
                continue
            self._row(row, number)
            number += 1
            if len(self._cells) > MAX_CELLS:
                break
        return [Cell(*cell) for cell in self._cells], self._nested

    def _row(self, row: etree._Element, number: int) -> None:
        column = _number(_property(row, "trPr", "gridBefore"), 0)
        last: list | None = None
        still_open: dict[int, list] = {}
        for cell in _unwrapped(row, "tc"):
            properties = _Properties(cell)
            if properties.deleted:
                continue
            span = properties.span
            if properties.continues_left and last is not None:
                last[4] += span
            elif properties.continues_above and (above := self._open.get(column)) is not None:
                above[3] = number - above[0] + 1
                still_open[column] = last = above
            else:
                last = [number, column, self._text(cell), 1, span]
                self._cells.append(last)
                still_open[column] = last
            column += span
        self._open = still_open

    def _text(self, cell: etree._Element) -> str:
        text = WordText()
        self._cell_blocks(cell, text)
        for box in text.boxes:  # a text box drawn into a cell is part of what is written there
            inner = _Walk()
            inner.blocks(box)
            for block in inner.found:
                text.line(block.text if isinstance(block, Paragraph) else _flat(block))
        return text.finished()

    def _cell_blocks(self, parent: etree._Element, text: WordText) -> None:
        for child in parent:
            name = local(child)
            if name == "p":
                text.paragraph(child)
            elif name == "tbl":
                rows = list(_unwrapped(child, "tr"))
                if len(rows) >= 3 and sum(1 for row in rows[:2] for _ in _unwrapped(row, "tc")) > 2:
                    self._nested.append(child)
                else:
                    inner = _Walk()
                    inner._table(child)
                    for block in inner.found:
                        text.line(_flat(block) if isinstance(block, Table) else block.text)
            elif name in CONTAINERS:
                self._cell_blocks(child, text)


class _Properties:
    """What a cell says of itself (w:tcPr)."""

    def __init__(self, cell: etree._Element):
        self.span, self.continues_above, self.continues_left, self.deleted = 1, False, False, False
        for child in cell:
            if local(child) != "tcPr":
                continue
            for item in child:
                name = local(item)
                if name == "gridSpan":
                    self.span = min(max(_number(_value(item), 1), 1), MAX_SPAN)
                elif name == "vMerge":
                    self.continues_above = _value(item) != "restart"
                elif name == "hMerge":
                    self.continues_left = _value(item) != "restart"
                elif name == "cellDel":
                    self.deleted = True
            return


def _unwrapped(parent: etree._Element, wanted: str):
    """Rows or cells, also those inside content controls and insertions."""
    for child in parent:
        name = local(child)
        if name == wanted:
            yield child
        elif name in CONTAINERS:
            yield from _unwrapped(child, wanted)


def _is_deleted(row: etree._Element) -> bool:
    return any(local(item) in DROPPED for child in row if local(child) == "trPr" for item in child)


def _property(element: etree._Element, group: str, name: str) -> str | None:
    items = (item for child in element if local(child) == group for item in child)
    return next((_value(item) for item in items if local(item) == name), None)


def _value(element: etree._Element) -> str | None:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == "val"), None)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default


def _flat(table: Table) -> str:
    rows: dict[int, list[str]] = {}
    for cell in table.cells:
        rows.setdefault(cell.row, []).append(cell.text)
    return "\n".join("  ".join(texts) for _, texts in sorted(rows.items()))


