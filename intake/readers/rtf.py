"""RTF documents (specification 1.9.1), as Word, WPS, WordPad and mail programs write them.

Kept: cells and rows, merged and nested ones; code pages and Unicode; ticks of symbol fonts, fields and check
boxes as ☑ and □; text boxes, headers and footers, PNG and JPEG pictures. Dropped: deletions, struck-out and
hidden text, field codes, style sheets and whatever a destination holds that is not known. The conventions are
those of `intake.readers.word`.
"""

import re
import time
from dataclasses import replace

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.pictures import is_picture
from intake.readers.rtf_fonts import Fonts
from intake.readers.rtf_texts import Texts
from intake.readers.rtf_tokens import Tokens
from intake.readers.rtf_words import (
    ACTED_ON,
    CHARACTERS,
    DESTINATIONS,
    HEADERS,
    MUTED,
    SKIPPED,
    STARRED,
    Form,
    Picture,
    State,
)
from rules.document import Document, Embedded, Paragraph, Table
from rules.ticks import symbol

#: groups within groups; Word stops earlier
MAX_DEPTH = 2_000
_START = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{\\rtf")


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
        self._fonts, self._default_font = Fonts(), 0
        self._texts = Texts()
        self._state = State()
        self._stack: list[State] = []
        self._bytes: list[str] = []
        self._skip = 0
        self._starred = False
        self._picture = Picture()
        self._form = Form()
        self._room = limits.max_total_bytes

    def blocks(self) -> list[Paragraph | Table]:
        """Headers, text, footers."""
        return self._texts.blocks()

    def run(self, text: str) -> None:
        """Read the whole file; raises Unreadable where it ends before its last group does."""
        started = False
        tokens = Tokens(text)
        for number, (kind, word, value) in enumerate(tokens):
            if kind == "{":
                started = True
                self._open()
            elif kind == "}":
                self._close()
                if not self._stack and started:
                    return  # what stands behind the last brace is no part of the file
            else:
                self._token(kind, word, value)
                if self._state.place == "skip":
                    tokens.skip_group()
            if not number & 0xFFF and (self._texts.current.flow.full or time.monotonic() > self._deadline):
                self.notes.append("cut-short")
                self._flush()
                while self._stack:
                    self._close()
                return
        raise Unreadable("corrupt", "文件不完整,末尾部分缺失")

    def _token(self, kind: str, word: str, value: int | None) -> None:
        place = self._state.place
        if kind == "binary":
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
            self._form.entries[-1] += text
        elif state.gone:
            return
        elif state.place == "code":
            self._texts.current.fields.instruct(text)
        elif state.place == "text":
            self._texts.write(text)

    def _open(self) -> None:
        self._flush()
        self._starred = False
        if len(self._stack) >= MAX_DEPTH:
            raise Unreadable("corrupt", "文件内容不合规范,无法读取")
        self._stack.append(self._state)
        self._state = replace(self._state, end="")

    def _close(self) -> None:
        self._flush()
        self._starred = False
        if not self._stack:
            return
        end = self._state.end
        self._state = self._stack.pop()
        if end:
            self._end(end)

    def _end(self, what: str) -> None:
        """What a destination does when its group ends."""
        if what == "field":
            shown = self._texts.current.fields.end()
            if shown:
                self._text(shown)
        elif what == "form":
            if not self._state.gone:
                self._texts.draw(self._form.shown())
        elif what == "picture":
            self._keep_picture()
        elif what == "row":
            self._texts.end_inner_row()
        elif what == "text":
            self._texts.end()

    def _word(self, word: str, value: int | None) -> None:
        starred, self._starred = self._starred, False
        if word not in ACTED_ON and not starred:
            return
        if (starred or word in DESTINATIONS) and self._destination(word, starred):
            return
        place = self._state.place
        if place == "fonts":
            self._font_word(word, value)
        elif place == "form":
            self._form.set(word, value)
        elif place == "picture":
            self._picture.set(word)
        elif place in ("text", "code", "choice"):
            if word in CHARACTERS:
                self._text(CHARACTERS[word])
            elif word == "plain":
                self._state.plain(self._default_font)
            elif not (
                self._state.set(word, value)
                or self._texts.current.row.set(word, value)
                or self._texts.word(word, self._state)
            ):
                self._paragraph_word(word, value)

    def _destination(self, word: str, starred: bool) -> bool:
        """Whether the word begins a destination; then the state is that of its content."""
        state = self._state
        if word in SKIPPED or (starred and word not in STARRED):
            state.place = "skip"
            if word == "objdata":
                self.notes.append("embedded-object")
        elif word in MUTED:
            state.place = "mute"
        elif word == "ffl":
            state.place = "choice"
            self._form.entries.append("")
        elif word in ("shptxt", "dptxbxtext") or word in HEADERS:
            self._begin_text(word)
        elif word == "fonttbl":
            state.place = "fonts"
        elif word == "field":
            state.end = "field"
            self._texts.current.fields.begin()
        elif word == "ud":
            state.place = "text"  # the same text as before it in the group, in Unicode
        elif word == "fldinst":
            state.place = "code"
        elif word == "fldrslt":
            self._texts.current.fields.separate()
            state.place = "text" if state.place == "code" else state.place
        elif word == "formfield":
            state.place, state.end, self._form = "form", "form", Form()
        elif word == "pict":
            state.place, state.end, self._picture = "picture", "picture", Picture()
        elif word == "nesttableprops":
            state.end = "row"
            self._texts.begin_inner_row()
        else:
            return False
        return True

    def _begin_text(self, word: str) -> None:
        """A text of its own: a header, a footer or a text box."""
        if self._texts.begin(word):
            self._state = State(font=self._state.font, fallback=self._state.fallback, end="text")
        else:
            self._state.place = "skip"

    def _font_word(self, word: str, value: int | None) -> None:
        if word == "f" and value is not None:
            self._state.font = value
            self._fonts.names[value] = ""
        elif word == "fcharset" and value is not None:
            self._fonts.charsets[self._state.font] = value

    def _paragraph_word(self, word: str, value: int | None) -> None:
        state = self._state
        if word in ("par", "sect", "page"):
            if not state.deleted:
                self._texts.paragraph(state)
        elif word == "pard":
            state.in_table, state.level = False, 0
        elif word == "intbl":
            state.in_table = True
        elif word == "itap":
            state.level = min(max(value or 0, 0), 50)
        elif word == "ansicpg" and value:
            self._fonts.set_page(value)
        elif word == "deff" and value is not None:
            state.font = self._default_font = value
        elif word == "mac":
            self._fonts.page = "mac_roman"

    def _keep_picture(self) -> None:
        """Keep a picture that is larger than an icon, each once."""
        picture, self._picture = self._picture, Picture()
        if picture.format is None:
            self.notes += [] if picture.is_empty else ["metafile"]
            return
        content, (suffix, media_type) = picture.content(), picture.format
        if len(self.embedded) >= self._limits.max_files or len(content) > self._room or self._state.deleted:
            return
        if is_picture(content) and all(content != other.data for other in self.embedded):
            self._room -= len(content)
            self.embedded.append(Embedded(f"image{len(self.embedded) + 1}.{suffix}", content, media_type))
