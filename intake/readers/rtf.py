"""RTF documents (specification 1.9.1), as Word, WPS, WordPad and mail programs write them.

Kept: cells and rows, merged and nested ones; code pages and Unicode; ticks of symbol fonts, fields and check boxes as ☑ and □;
text boxes, headers and footers, PNG and JPEG pictures. Dropped: deletions, struck-out and hidden text, field codes, style
sheets and whatever a destination holds that is not known. The conventions are those of `intake.readers.word`.
"""

import re
import time
from dataclasses import dataclass, field, replace

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.field_codes import Fields
from intake.readers.flow import CellShape, Flow
from intake.readers.office_art import bitmap
from intake.readers.pictures import is_picture
from intake.readers.rtf_fonts import Fonts
from intake.readers.rtf_tokens import tokens
from rules.document import EMPTY, TICKED, Document, Embedded, Paragraph, Table
from rules.ticks import symbol

#: groups within groups; Word stops earlier
MAX_DEPTH = 2_000
_START = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{\\rtf")
_CHARACTERS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "emspace": "\u2003", "enspace": "\u2002",
    "qmspace": "\u2005", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}  # fmt: skip
#: destinations without a star whose content is not part of the text
_SKIPPED = frozenset((
    "colortbl", "stylesheet", "info", "listtext", "pntext", "footnote", "annotation", "nonshppict", "shprslt", "nonesttables",
    "objdata", "objclass", "objname", "filetbl", "xe", "tc", "rxe", "txe", "bkmkstart", "bkmkend", "blipuid", "private",
    "revtbl", "listtable", "template", "atnid", "atnauthor", "atrfstart", "atrfend", "ftnsep", "ftnsepc", "aftnsep",
))  # fmt: skip
#: destinations with a star that are looked into
_STARRED = frozenset((
    "shppict", "fldinst", "formfield", "nesttableprops", "shpinst", "shptxt", "ffl", "ffdata", "picprop", "hlinkbase", "do",
    "dptxbxtext", "docvar", "flddirty", "moveto", "falt", "ud", "upr",
))  # fmt: skip
_HEADERS = frozenset(("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"))
#: destinations whose text is no text of the document, but in which pictures and text boxes may stand
_MUTED = frozenset(("shpinst", "sp", "sn", "sv", "picprop", "do", "ffl", "docvar", "falt", "upr"))


@dataclass(slots=True)
class _State:
    """What holds until the group ends."""

    #: `text`, `skip`, `mute`, `fonts`, `code` (instructions of a field), `form`, `choice`, `picture`
    place: str = "text"
    font: int = 0
    #: font of East Asian text, and whether the next font word names it
    east_asian: int = -1
    hidden: bool = False
    struck: bool = False
    deleted: bool = False
    #: characters that stand behind `\\u` for readers without Unicode
    fallback: int = 1
    in_table: bool = False
    level: int = 0
    #: what is to be done when the group ends
    end: str = ""

    @property
    def gone(self) -> bool:
        return self.hidden or self.struck or self.deleted


@dataclass(slots=True)
class _Row:
    """The shape of the row that is being defined."""

    left: int = 0
    cells: list[CellShape] = field(default_factory=list)
    joins_left: bool = False
    joins_above: bool = False
    deleted: bool = False
    deleted_cells: int = 0

    @property
    def is_deleted(self) -> bool:
        """Whether every cell was deleted with tracking."""
        return 0 < len(self.cells) == self.deleted_cells


@dataclass(slots=True)
class _Picture:
    kind: str = ""
    digits: list[str] = field(default_factory=list)
    binary: str = ""


@dataclass(slots=True)
class _Form:
    """A form field of a check box or a list."""

    kind: int = 0
    result: int = 25
    default: int = 0
    entries: list[str] = field(default_factory=list)

    def shown(self) -> str:
        """A check box as its state, a list as its chosen entry."""
        chosen = self.default if self.result == 25 else self.result
        if self.kind == 1:
            return TICKED if chosen == 1 else EMPTY
        return self.entries[chosen] if self.kind == 2 and 0 <= chosen < len(self.entries) else ""


def read(data: bytes, limits: ReadLimits) -> Document:
    """The document's paragraphs and tables in reading order, and its pictures as `embedded`; method `rtf`.

    Raises Unreadable: empty, too_large, corrupt (also when the file ends in the middle).
    """
    if not data:
        raise Unreadable("empty", "文件是空的,没有任何内容")
    if len(data) > limits.max_file_bytes:
        raise Unreadable("too_large", "文件过大")
    if not _START.match(data):
        raise Unreadable("corrupt", "不是 RTF 文档,或文件已损坏")
    reading = _Reading(limits)
    reading.run(data.decode("latin-1"))
    return Document("rtf", tuple(reading.blocks()), embedded=tuple(reading.embedded),
                    notes=tuple(dict.fromkeys(reading.notes)))  # fmt: skip


class _Reading:
    """One file while it is read."""

    def __init__(self, limits: ReadLimits):
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds / 4
        self.embedded: list[Embedded] = []
        self.notes: list[str] = []
        self._fonts = Fonts()
        self._flow = Flow()
        self._fields = Fields()
        self._state = _State()
        self._stack: list[_State] = []
        #: texts that wait while a header or a text box is read
        self._outer: list[tuple[Flow, Fields, _Row, bool]] = []
        self._edges: list[Paragraph | Table] = []
        self._headers: list[Paragraph | Table] = []
        self._row, self._rows_open = _Row(), False
        self._saved_rows: list[_Row] = []
        self._bytes: list[str] = []
        self._skip = 0
        self._starred = False
        self._names_east_asian = False
        self._picture = _Picture()
        self._form = _Form()
        self._room = limits.max_total_bytes

    def blocks(self) -> list[Paragraph | Table]:
        """Headers, text, footers."""
        return [*self._headers, *self._flow.blocks(), *self._edges]

    def run(self, text: str) -> None:
        """Read the whole file; raises Unreadable where it ends before its last group does."""
        started = False
        for number, (kind, word, value) in enumerate(tokens(text)):
            if kind == "{":
                started = True
                self._open()
            elif kind == "}":
                self._close()
                if not self._stack and started:
                    return  # what stands behind the last brace is no part of the file
            else:
                self._token(kind, word, value)
            if not number & 0xFFF and (self._flow.full or time.monotonic() > self._deadline):
                self.notes.append("cut-short")
                self._flush()
                while self._stack:
                    self._close()
                return
        raise Unreadable("corrupt", "文件不完整,末尾部分缺失")

    def _token(self, kind: str, word: str, value: int | None) -> None:
        place = self._state.place
        if place == "skip":
            self._starred = False
        elif kind == "binary":
            self._flush()
            if place == "picture":
                self._picture.binary = word
            self._skip = 0
        elif kind in ("bytes", "hex"):
            self._plain(word, kind == "hex")
        elif kind == "symbol":
            self._symbol(word)
        elif word != "u":
            self._flush()
            self._word(word, value)
        elif value is not None:
            self._unicode(value)

    def _plain(self, word: str, one: bool) -> None:
        if self._skip:
            gone = 1 if one else min(self._skip, len(word))
            self._skip -= gone
            word = word[gone:]
        if word and self._state.place == "picture":
            self._picture.digits.append(word)
        elif word:
            self._bytes.append(word)

    def _symbol(self, char: str) -> None:
        if char == "*":
            self._starred = True
        elif char in "\r\n":
            self._flush()
            self._word("par", None)
        elif self._skip:
            self._skip -= 1
        elif char in "\\{}":
            self._bytes.append(char)
        else:
            shown = {"~": "\xa0", "_": "-", "\t": "\t"}.get(char)
            if shown:
                self._flush()
                self._text(shown)

    def _unicode(self, value: int) -> None:
        """`\\u`: a character by its number (signed 16 bits), and how many fallback characters follow."""
        code = value + 0x10000 if value < 0 else value
        if self._bytes:
            self._flush()
        self._skip = self._state.fallback
        if 0 < code < 0x110000:
            symbols = self._fonts.symbols(self._state.font)
            self._text((symbols and symbol(symbols, code)) or chr(code))

    def _flush(self) -> None:
        """Decode the bytes that were collected; a character may be made of several tokens."""
        self._skip = 0
        if not self._bytes:
            return
        data, self._bytes = "".join(self._bytes), []
        if self._state.place in ("text", "code", "fonts", "choice"):
            self._text(self._fonts.decoded(data, self._state.font, self._state.east_asian))

    def _text(self, text: str) -> None:
        state = self._state
        if state.place == "fonts":
            number = state.font
            self._fonts.names[number] = (self._fonts.names.get(number, "") + text).replace(";", "")[:200]
        elif state.place == "choice":
            self._form.entries.append(text)
        elif state.gone:
            return
        elif state.place == "code":
            self._fields.instruct(text)
        elif state.place == "text":
            if self._fields.hidden:
                self._fields.instruct(text)
            else:
                self._fields.show(text)
                self._flow.text(text)

    def _open(self) -> None:
        self._flush()
        self._starred = False
        if len(self._stack) >= MAX_DEPTH:
            raise Unreadable("corrupt", "文件内容不合规范,无法读取")
        self._stack.append(self._state)
        self._state = replace(self._state, end="")

    def _close(self) -> None:
        self._flush()
        self._starred = self._names_east_asian = False
        if not self._stack:
            return
        end = self._state.end
        self._state = self._stack.pop()
        if end:
            self._end(end)

    def _end(self, what: str) -> None:
        """What a destination does when its group ends."""
        if what == "field":
            shown = self._fields.end()
            if shown:
                self._text(shown)
        elif what == "form":
            shown = self._form.shown()
            self._fields.show(shown)
            if not self._state.gone:
                self._flow.text(shown)
        elif what == "picture":
            self._keep_picture()
        elif what == "nested" and self._saved_rows:
            self._row = self._saved_rows.pop()
        elif what in ("header", "footer", "box"):
            self._end_text(what)

    def _end_text(self, what: str) -> None:
        blocks = self._flow.blocks()
        self._flow, self._fields, self._row, self._rows_open = self._outer.pop()
        if what == "box":
            self._flow.box(blocks)
            return
        kept = self._headers if what == "header" else self._edges
        kept += [block for block in blocks if block not in kept and not (isinstance(block, Paragraph) and not block.text)]

    def _word(self, word: str, value: int | None) -> None:
        starred, self._starred = self._starred, False
        if self._destination(word, starred):
            return
        place = self._state.place
        if place == "fonts":
            self._font_word(word, value)
        elif place == "form":
            self._form_word(word, value)
        elif place == "picture":
            self._picture_word(word)
        elif place in ("text", "code", "choice"):
            handled = word in _CHARACTERS and not self._text(_CHARACTERS[word])
            if not (handled or self._format(word, value) or self._table_word(word, value)):
                self._paragraph_word(word, value)

    def _destination(self, word: str, starred: bool) -> bool:
        """Whether the word begins a destination; then the state is that of its content."""
        state = self._state
        if word in _SKIPPED or (starred and word not in _STARRED):
            state.place = "skip"
            if word == "objdata":
                self.notes.append("embedded-object")
        elif word in _MUTED:
            state.place = "choice" if word == "ffl" else "mute"
        elif word in ("shptxt", "dptxbxtext") or word in _HEADERS:
            self._begin_text(word)
        elif word == "fonttbl":
            state.place = "fonts"
        elif word == "field":
            state.end = "field"
            self._fields.begin()
        elif word == "fldinst":
            state.place = "code"
        elif word == "fldrslt":
            self._fields.separate()
            state.place = "text" if state.place == "code" else state.place
        elif word == "formfield":
            state.place, state.end, self._form = "form", "form", _Form()
        elif word == "pict":
            state.place, state.end, self._picture = "picture", "picture", _Picture()
        elif word == "nesttableprops":
            state.end = "nested"
            self._saved_rows.append(self._row)
            self._row = _Row()
        else:
            return False
        return True

    def _begin_text(self, word: str) -> None:
        """A text of its own: a header, a footer or a text box."""
        if len(self._outer) > 20:
            self._state.place = "skip"
            return
        kind = "header" if word.startswith("header") else "footer" if word in _HEADERS else "box"
        self._outer.append((self._flow, self._fields, self._row, self._rows_open))
        self._flow, self._fields, self._row, self._rows_open = Flow(), Fields(), _Row(), False
        self._state = _State(font=self._state.font, fallback=self._state.fallback, end=kind)

    def _font_word(self, word: str, value: int | None) -> None:
        if word == "f" and value is not None:
            self._state.font = value
            self._fonts.names[value] = ""
        elif word == "fcharset" and value is not None:
            self._fonts.charsets[self._state.font] = value

    def _form_word(self, word: str, value: int | None) -> None:
        if word in ("fftype", "ffres", "ffdefres") and value is not None:
            setattr(self._form, {"fftype": "kind", "ffres": "result", "ffdefres": "default"}[word], value)

    def _picture_word(self, word: str) -> None:
        if word in ("pngblip", "jpegblip", "emfblip", "wmetafile", "dibitmap", "macpict", "pmmetafile", "wbitmap"):
            self._picture.kind = word

    def _format(self, word: str, value: int | None) -> bool:
        """Character properties."""
        state, on = self._state, value != 0
        if word == "f" or word == "af" and self._names_east_asian:
            number = value if value is not None else 0
            if self._names_east_asian:
                state.east_asian = number
            else:
                state.font = number
        elif word == "dbch":
            self._names_east_asian = True
            return True
        elif word == "v":
            state.hidden = on
        elif word in ("strike", "striked"):
            state.struck = on
        elif word == "deleted":
            state.deleted = on
        elif word == "plain":
            state.hidden = state.struck = state.deleted = False
            state.font = 0
        elif word == "uc":
            state.fallback = min(max(value or 0, 0), 16)
        elif word in ("loch", "hich"):
            self._names_east_asian = False
            return True
        else:
            return False
        self._names_east_asian = False
        return True

    def _table_word(self, word: str, value: int | None) -> bool:
        row = self._row
        if word == "trowd":
            self._row, self._rows_open = _Row(), True
        elif word == "trleft":
            row.left = value or 0
        elif word in ("clmrg", "clhmrg"):
            row.joins_left = True
        elif word == "clvmrg":
            row.joins_above = True
        elif word == "cellx":
            left = row.cells[-1].right if row.cells else row.left
            if len(row.cells) < 200:
                row.cells.append(CellShape(left, value or 0, row.joins_left, row.joins_above))
            row.deleted_cells += row.deleted
            row.joins_left = row.joins_above = row.deleted = False
        elif word == "cldel":
            row.deleted = True
        elif word == "cell":
            self._flow.cell(1)
        elif word == "row":
            self._flow.row(1, tuple(row.cells), deleted=self._state.deleted or row.is_deleted)
            self._rows_open = False
        elif word == "nestcell":
            self._flow.cell(max(self._state.level, 2))
        elif word == "nestrow":
            self._flow.row(max(self._state.level, 2), tuple(row.cells), deleted=self._state.deleted or row.is_deleted)
        else:
            return False
        return True

    def _paragraph_word(self, word: str, value: int | None) -> None:
        state = self._state
        if word in ("par", "sect", "page"):
            if not state.deleted:
                self._flow.paragraph(self._level())
        elif word == "pard":
            state.in_table, state.level = False, 0
        elif word == "intbl":
            state.in_table = True
        elif word == "itap":
            state.level = min(max(value or 0, 0), 50)
        elif word == "ansicpg" and value:
            self._fonts.set_page(value)
        elif word == "deff" and value is not None:
            state.font = value
        elif word == "mac":
            self._fonts.page = "mac_roman"

    def _level(self) -> int:
        """Depth in tables; some programs leave `\\intbl` out between a row's beginning and its end."""
        state = self._state
        return max(state.level, int(state.in_table or self._rows_open))

    def _keep_picture(self) -> None:
        picture, self._picture = self._picture, _Picture()
        suffix = {"pngblip": "png", "jpegblip": "jpg", "dibitmap": "bmp"}.get(picture.kind)
        if suffix is None:
            if picture.digits or picture.binary:
                self.notes.append("metafile")
            return
        content = _picture_bytes(picture)
        content = bitmap(content) if suffix == "bmp" else content
        if len(self.embedded) >= self._limits.max_files or len(content) > self._room or self._state.deleted:
            return
        if is_picture(content) and all(content != other.data for other in self.embedded):
            self._room -= len(content)
            media_type = {"png": "image/png", "jpg": "image/jpeg", "bmp": "image/bmp"}[suffix]
            self.embedded.append(Embedded(f"image{len(self.embedded) + 1}.{suffix}", content, media_type))


def _picture_bytes(picture: _Picture) -> bytes:
    if picture.binary:
        return picture.binary.encode("latin-1")
    digits = re.sub(r"[^0-9a-fA-F]", "", "".join(picture.digits))
    return bytes.fromhex(digits[: len(digits) & ~1])
