"""The head of a Word binary document ([MS-DOC] 2.5): where its parts lie."""

import struct
from dataclasses import dataclass

from intake.readers import Unreadable

#: first two bytes of Word 97 and later; Word 6 and 95 have another, Word 2 and older are no compound files
_WORD_97, _WORD_6 = (0xA5EC,), (0xA5DC, 0xA5DB, 0xA697, 0xA698, 0xA699)
#: names of the lengths of stories, in the order in which they follow each other (2.5.4 FibRgLw97)
_STORIES = ("text", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "header_boxes")
#: index of a part's place in FibRgFcLcb97 (2.5.6)
HEADERS, CHARACTERS, PARAGRAPHS, FONTS, CLX, SHAPES, DRAWINGS, BOXES = 11, 12, 13, 15, 33, 40, 50, 56


@dataclass(frozen=True, slots=True)
class Fib:
    """What the head says."""

    #: name of the stream with all tables
    table: str
    #: language of the document, e.g. 0x0804
    language: int
    #: first character of each story and the one behind its last
    stories: dict[str, tuple[int, int]]
    #: (offset, size) in the table stream
    places: tuple[tuple[int, int], ...]

    def part(self, index: int, table: bytes) -> bytes:
        """Bytes of a part of the table stream; b'' where there is none."""
        offset, size = self.places[index] if index < len(self.places) else (0, 0)
        return table[offset : offset + size]


def read_fib(document: bytes) -> Fib:
    """The head of the stream WordDocument.

    Raises Unreadable: encrypted, unsupported (Word 6 and 95), corrupt.
    """
    if len(document) < 900:
        raise Unreadable("corrupt", "文件中没有正文,可能已损坏")
    magic, version = struct.unpack_from("<HH", document)
    flags = document[0x0A] | document[0x0B] << 8
    if magic in _WORD_6 or (magic in _WORD_97 and version < 0xA0):
        raise Unreadable("unsupported", "文件由很早的 Word 版本（Word 95 或更早）保存，请用新版 Word 或 WPS 打开，另存为 .docx 后重新发送")
    if magic not in _WORD_97:
        raise Unreadable("corrupt", "不是 Word 文档,或文件已损坏")
    if flags & 0x0100:
        raise Unreadable("encrypted", "文件设有密码")
    language = document[6] | document[7] << 8
    return Fib("1Table" if flags & 0x0200 else "0Table", language, *_tables(document))


def _tables(document: bytes) -> tuple[dict[str, tuple[int, int]], tuple[tuple[int, int], ...]]:
    at = 0x20
    words = document[at] | document[at + 1] << 8
    at += 2 + 2 * words
    longs = document[at] | document[at + 1] << 8 if at + 2 <= len(document) else 0
    lengths = at + 2
    at = lengths + 4 * longs
    if longs < 11 or at + 2 > len(document):
        raise Unreadable("corrupt", "文件内容已损坏,无法读取")
    pairs = min(document[at] | document[at + 1] << 8, (len(document) - at - 2) // 8)
    values = struct.unpack_from(f"<{2 * pairs}I", document, at + 2)
    stories, start = {}, 0
    for name, size in zip(_STORIES, struct.unpack_from("<8i", document, lengths + 12), strict=True):
        end = start + max(size, 0)
        stories[name] = (start, end)
        start = end
    return stories, tuple(zip(values[::2], values[1::2], strict=True))
