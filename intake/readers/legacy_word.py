"""Word 97–2003 documents (.doc, [MS-DOC]) and Kingsoft .wps, which is the same format.

Kept: cells and rows as the document has them, merged ones once; ticks of symbol fonts, check boxes and drop-down
lists of forms as ☑ and □ or their entry; insertions, text boxes, headers and footers, pictures. Dropped:
deletions, struck-out and hidden text, field codes. The conventions are those of `intake.readers.word`.
"""

import re
import struct
from dataclasses import dataclass, field, replace
from hashlib import sha256

from intake.config import ReadLimits
from intake.readers import Unreadable, libreoffice, office_art, word
from intake.readers.compound import Compound
from intake.readers.fib import BOXES, DRAWINGS, FONTS, HEADERS, SHAPES, Fib, read_fib
from intake.readers.field_codes import Fields
from intake.readers.flow import Flow
from intake.readers.ole_package import STREAM, packaged_file
from intake.readers.pictures import is_picture
from intake.readers.piece_table import Run, Text
from intake.readers.sprm import Character
from rules.document import Document, Embedded, Paragraph, Table
from rules.ticks import symbol

_MARKS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_PLAIN = {"\x0b": "\n", "\x1e": "-", "\x09": "\t"}
_SYMBOL_FONTS = ("wingdings", "webdings", "symbol", "marlett", "zapfdingbats", "zapf dingbats")
_MAX_BOXES = 500
#: headers and footers of a section (2.8.14 Plcfhdd), footnote separators before them
_SEPARATORS = 6


def read(data: bytes, limits: ReadLimits) -> Document:
    """The document's paragraphs and tables in reading order, and its pictures as `embedded`; method `doc`.

    Raises Unreadable: empty, too_large, encrypted, corrupt, unsupported (Word 95 and older).
    """
    file = Compound(data, limits)
    document = file.read("WordDocument")
    if document is None:
        if file.read("EncryptedPackage") is not None:
            raise Unreadable("encrypted", "文件设有密码")
        raise Unreadable("corrupt", "不是 Word 文档,或文件已损坏")
    try:
        fib = read_fib(document)
    except Unreadable as error:
        if error.problem != "unsupported":
            raise
        return _converted(data, limits, error)
    table = file.read(fib.table) or file.read("0Table" if fib.table == "1Table" else "1Table")
    if not table:
        raise Unreadable("corrupt", "文件内容不完整,无法读取")
    reading = _Reading(document, fib, table, file.read("Data") or b"", limits)
    blocks = reading.blocks()
    reading.drawings()
    reading.objects(file)
    return Document("doc", tuple(blocks), embedded=tuple(reading.embedded), notes=tuple(dict.fromkeys(reading.notes)))


def _converted(data: bytes, limits: ReadLimits, error: Unreadable) -> Document:
    """A document older than Word 97, by way of LibreOffice where it can run; else raises `error`."""
    if not libreoffice.can_run():
        raise error
    made = word.read(libreoffice.to_docx(data, "doc", limits), limits)
    return replace(made, method="doc", notes=(*made.notes, "converted"))


@dataclass
class _Reading:
    """One document while it is read."""

    document: bytes
    fib: Fib
    table: bytes
    data: bytes
    limits: ReadLimits
    notes: list[str] = field(default_factory=list)
    embedded: list[Embedded] = field(default_factory=list)

    def __post_init__(self):
        self.text = Text(self.document, self.fib, self.table, self.data)
        self._fonts = _fonts(self.fib.part(FONTS, self.table))
        self._boxes = _box_places(self.fib.part(BOXES, self.table))
        self._anchors = _anchors(self.fib.part(SHAPES, self.table))
        self._room = self.limits.max_total_bytes
        self._seen: set[bytes] = set()

    def blocks(self) -> list[Paragraph | Table]:
        """Headers, the text with its boxes, boxes whose place is not known, footers."""
        start, end = self.fib.stories["text"]
        headers, footers = self._headers()
        body = _Story(self).read(start, end)
        left = [block for shape in list(self._boxes) for block in self.box(shape)]
        return [*headers, *body, *left, *footers]

    def box(self, shape: int) -> list[Paragraph | Table]:
        """The text of a text box, once."""
        start, _ = self.fib.stories["boxes"]
        return [
            block
            for first, last in self._boxes.pop(shape, ())
            for block in _Story(self).read(start + first, start + last)
        ]

    def box_at(self, place: int) -> list[Paragraph | Table]:
        """The text of the box that is anchored at a character."""
        shape = self._anchors.get(place)
        return self.box(shape) if shape is not None else []

    def symbol_font(self, number: int) -> str:
        """Name of a font of symbols, lower case; '' for other fonts."""
        name = self.font(number)
        return name if name.startswith(_SYMBOL_FONTS) else ""

    def font(self, number: int) -> str:
        """Name of a font, lower case; '' where there is none."""
        return self._fonts[number] if 0 <= number < len(self._fonts) else ""

    def keep(self, picture: Embedded | None) -> None:
        """Keep a picture that is larger than an icon, each once."""
        if picture is None:
            self.notes.append("metafile")
            return
        digest = sha256(picture.data).digest()
        if digest in self._seen or len(self.embedded) >= self.limits.max_files or len(picture.data) > self._room:
            return
        self._seen.add(digest)
        if is_picture(picture.data):
            self._room -= len(picture.data)
            name = picture.filename.replace("image.", f"image{len(self.embedded) + 1}.")
            self.embedded.append(Embedded(name, picture.data, picture.media_type))

    def drawings(self) -> None:
        """Keep the pictures of floating shapes."""
        found = self.fib.part(DRAWINGS, self.table)
        for picture in office_art.pictures(found, 0, len(found), self.document):
            self.keep(picture)

    def objects(self, file: Compound) -> None:
        """Keep the files that were dropped into the document; what else was embedded is noted."""
        streams = [name for name in file.names if len(name) > 2 and name[0] == "objectpool"]
        for folder in dict.fromkeys(name[1] for name in streams):
            found = packaged_file(file.read("ObjectPool", folder, STREAM) or b"")
            if found is None or len(self.embedded) >= self.limits.max_files or len(found.data) > self._room:
                self.notes.append("embedded-object")
            else:
                self._room -= len(found.data)
                self.embedded.append(found)

    def _headers(self) -> tuple[list, list]:
        """(headers, footers), each different text once."""
        found: tuple[list, list] = ([], [])
        start, end = self.fib.stories["headers"]
        part = self.fib.part(HEADERS, self.table)
        places = struct.unpack_from(f"<{len(part) // 4}i", part)
        seen: set[str] = set()
        for number in range(_SEPARATORS, min(len(places) - 1, _SEPARATORS + 36)):
            first, last = max(start + places[number], start), min(start + places[number + 1], end)
            blocks = _Story(self).read(first, last) if first < last else []
            text = "".join(block.text if isinstance(block, Paragraph) else "table" for block in blocks).strip()
            if text and text not in seen:
                seen.add(text)
                found[number % 6 in (2, 3, 5)].extend(
                    block for block in blocks if not isinstance(block, Paragraph) or block.text
                )
        return found


class _Story:
    """One text from its first to its last character: body, header, text box."""

    def __init__(self, reading: _Reading):
        self._reading = reading
        self._flow = Flow()
        self._fields = Fields()

    def read(self, start: int, end: int) -> list[Paragraph | Table]:
        """Its blocks."""
        for run in self._reading.text.runs(start, end):
            self._run(run)
            if self._flow.full:
                self._reading.notes.append("cut-short")
                break
        return self._flow.blocks()

    def _run(self, run: Run) -> None:
        properties, at = run.properties, 0
        font = self._reading.symbol_font(properties.fonts[0])
        for mark in _MARKS.finditer(run.text):
            self._written(run.text[at : mark.start()], properties, font)
            self._mark(mark[0], run, mark.start())
            at = mark.end()
        self._written(run.text[at:], properties, font)

    def _written(self, text: str, properties: Character, font: str) -> None:
        if text and properties.symbol:  # each character, usually a bracket, only holds the place of the symbol
            text = self._symbol(*properties.symbol) * min(len(text), 1000)
            font = ""
        self._text(text, properties.gone, font)

    def _symbol(self, number: int, code: int) -> str:
        """sprmCSymbol. Word writes it without sprmCFSpec, other programs with it."""
        box = symbol(self._reading.font(number), code)
        return box or (chr(code) if 0x20 <= code < 0xD800 or code >= 0xE000 else "")

    def _text(self, text: str, gone: bool, font: str = "") -> None:
        if not text or gone:
            return
        if font:
            text = "".join(symbol(font, ord(char)) or char for char in text)
        if self._fields.hidden:
            self._fields.instruct(text)
        else:
            self._fields.show(text)
            self._flow.text(text)

    def _mark(self, mark: str, run: Run, index: int) -> None:
        properties = run.properties
        if mark in "\r\x07\x0c":
            self._end(mark, run, index)
        elif mark == "\x13":
            self._fields.begin()
        elif mark == "\x14":
            self._fields.separate()
        elif mark == "\x15":
            self._text(self._fields.end(), properties.gone)
        elif mark == "\x01":
            self._placed(properties)
        elif mark == "\x08" and not properties.deleted:
            self._flow.box(self._reading.box_at(run.start + index))
        elif mark in _PLAIN:
            self._text(_PLAIN[mark], properties.gone)

    def _placed(self, properties: Character) -> None:
        """A picture, or the data of a form field, which stand in the Data stream."""
        if properties.location is None or properties.deleted:
            return
        if properties.is_data:
            shown = office_art.form_field(self._reading.data, properties.location)
            self._fields.show(shown)
            self._flow.text("" if properties.gone else shown)  # it stands among the field's instructions
        elif not properties.is_object and not self._fields.is_object:
            for picture in office_art.inline_pictures(self._reading.data, properties.location):
                self._reading.keep(picture)

    def _end(self, mark: str, run: Run, index: int) -> None:
        """A paragraph, cell or row ends."""
        found = self._reading.text.paragraph(run, index)
        deleted = run.properties.deleted
        if mark == "\x07":
            if found.ends_row:
                self._flow.row(max(found.level, 1), found.shape, deleted=deleted)
            else:
                self._flow.cell(max(found.level, 1))
        elif found.level > 1 and found.inner_row:
            self._flow.row(found.level, found.shape, deleted=deleted)
        elif found.level > 1 and found.inner_cell:
            self._flow.cell(found.level)
        elif not deleted or mark == "\x0c":  # a deleted mark: the paragraph goes on
            self._flow.paragraph(found.level)


def _fonts(part: bytes) -> list[str]:
    """Names of the fonts by number (2.9.286 SttbfFfn)."""
    found, at = [], 4
    count = part[0] | part[1] << 8 if len(part) > 4 else 0
    while at < len(part) and len(found) < count:
        size = part[at] + 1
        name = part[at + 40 : at + size].decode("utf-16-le", "replace")
        found.append(name.partition("\x00")[0].strip().lower())
        at += size
    return found


def _box_places(part: bytes) -> dict[int, list[tuple[int, int]]]:
    """Text boxes by number of their shape: places of their text (2.8.32 PlcftxbxTxt)."""
    count = min(max((len(part) - 4) // 26, 0), _MAX_BOXES)
    places = struct.unpack_from(f"<{count + 1}i", part) if count else ()
    real = (len(part) - 4) // 26
    found: dict[int, list[tuple[int, int]]] = {}
    for number in range(count):
        (shape,) = struct.unpack_from("<i", part, 4 * (real + 1) + 22 * number + 14)
        if 0 <= places[number] < places[number + 1] and shape:
            found.setdefault(shape, []).append((places[number], places[number + 1]))
    return found


def _anchors(part: bytes) -> dict[int, int]:
    """Numbers of shapes by the character at which they are anchored (2.8.37 PlcfSpa)."""
    count = max((len(part) - 4) // 30, 0)
    places = struct.unpack_from(f"<{count + 1}i", part) if count else ()
    return {places[number]: struct.unpack_from("<i", part, 4 * (count + 1) + 26 * number)[0] for number in range(count)}
