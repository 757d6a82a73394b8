"""Raw bytes to the tree of MIME entities, by ranges: nothing is copied, nothing recurses (RFC 2045, RFC 2046).

Header blocks are parsed by the standard library (compat32); the bodies are only located. The library's own body parser
was measured to be no match for hostile mail: 2,000 levels raise RecursionError, 200,000 parts in 2 MB take 3 s, one
line without a break costs four bytes a character, a base64 message/rfc822 is parsed as if it were text and cannot be
had as bytes. On well-formed mail this finds the same leaves with the same bytes; tests/test_parse.py compares them.
"""

import binascii
import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message as Headers
from email.parser import BytesHeaderParser

from intake.reading.headers import MAX_VALUE, decode_base64, decode_value, parameters, raw_text, unfolded

#: a header block longer than this is cut
MAX_HEADER_BYTES = 1024 * 1024
#: header fields of one block that are kept
MAX_FIELDS = 2000
#: multiparts in multiparts; real mail has at most six
MAX_LEVELS = 50

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\r?\n|\r\r")
_NO_FIELD = re.compile(rb"^(?![!-9;-~]*[ \t]?:|From |[ \t\r\n]|\Z)", re.MULTILINE)
_LIKE_DELIMITER = re.compile(rb"\n(--[^\s-][^\r\n]{0,72}|--[-=_][^\r\n]{4,72})\r?\n(?=content-[a-z-]+:)", re.IGNORECASE)
_TEXT_LIMIT = 200
_TOKEN = re.compile(r"^[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,100}$")


@dataclass(eq=False)
class Entity:
    """One node of the tree; `start`..`end` is its body in the raw bytes."""

    fields: list[tuple[str, str]]
    start: int
    end: int
    media_type: str
    type_parameters: dict[str, str]
    #: `attachment`, `inline`, something else, or '' when absent
    disposition: str
    disposition_parameters: dict[str, str]
    encoding: str
    content_id: str | None
    parent: "Entity | None" = None
    children: list["Entity"] = field(default_factory=list)

    @property
    def filename(self) -> str | None:
        """The name given by the sender, decoded, not yet made harmless."""
        return self.disposition_parameters.get("filename") or self.type_parameters.get("name")


def read_tree(raw, max_parts: int, defects: set[str]) -> Entity:
    """The root of the tree; at most `max_parts` entities, the rest is left out with the defect `too-many-parts`.

    `raw` is bytes or an mmap. Depth first, in the order of the mail.
    """
    start = _skip_prologue(raw)
    root = _entity(raw, start, len(raw), "text/plain", None, defects)
    waiting, count = [root], 1
    while waiting:
        entity = waiting.pop()
        if not entity.media_type.startswith("multipart/"):
            continue
        if is_too_deep(entity):
            defects.add("nested-too-deep")
            continue
        default = "message/rfc822" if entity.media_type == "multipart/digest" else "text/plain"
        for first, last in _ranges(raw, entity, max_parts - count, defects):
            entity.children.append(_entity(raw, first, last, default, entity, defects))
            count += 1
        waiting += reversed(entity.children)
    return root


def leaves(root: Entity):
    """The entities that have no children, in the order of the mail."""
    waiting = [root]
    while waiting:
        entity = waiting.pop()
        if entity.children:
            waiting += reversed(entity.children)
        else:
            yield entity


def ancestors(entity: Entity):
    """The multiparts around an entity, innermost first."""
    while entity.parent is not None:
        entity = entity.parent
        yield entity


def body(raw, entity: Entity, defects: set[str]) -> bytes:
    """The decoded bytes of an entity; of broken base64 what can be decoded, with the defect `base64-truncated`."""
    with memoryview(raw) as whole, whole[entity.start : entity.end] as view:
        if entity.encoding == "base64":
            data, complete = decode_base64(view)
            if not complete:
                defects.add("base64-truncated")
            return data if data or not _is_plain(view) else _undecoded(view, defects)
        if entity.encoding == "quoted-printable":
            return binascii.a2b_qp(view)
        if entity.encoding not in ("", "7bit", "8bit", "binary"):
            defects.add("transfer-encoding-unknown")
        return bytes(view)


def _is_plain(view: memoryview) -> bool:
    return bool(bytes(view[:_TEXT_LIMIT]).strip())


def _undecoded(view: memoryview, defects: set[str]) -> bytes:
    defects.add("transfer-encoding-wrong")
    return bytes(view)


def is_too_deep(entity: Entity) -> bool:
    """Whether a multipart lies so deep that it is not opened."""
    return sum(1 for _ in ancestors(entity)) > MAX_LEVELS


def _skip_prologue(raw) -> int:
    """Past a byte order mark and blank lines before the first header field (seen in saved .eml files)."""
    head = raw[:1000]
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    rest = head[start:].lstrip(b"\r\n")
    return len(head) - len(rest) if re.match(rb"[!-9;-~]{1,60}:", rest) else start


def _entity(raw, start: int, end: int, default: str, parent: Entity | None, defects: set[str]) -> Entity:
    head, body_start = _header_block(raw, start, end, defects)
    fields = [(name.lower(), value) for name, value in head.raw_items()][:MAX_FIELDS]
    if len(head) > MAX_FIELDS:
        defects.add("too-many-header-fields")
    content_type = _first(fields, "content-type", defects)
    disposition = _first(fields, "content-disposition", defects)
    media_type = re.sub(r"\s", "", content_type.partition(";")[0]).lower()
    if content_type and not _TOKEN.match(media_type):
        defects.add("content-type-malformed")
        media_type = ""
    content_id = _first(fields, "content-id", defects).strip().strip("<>") or None
    encoding = _first(fields, "content-transfer-encoding", defects).partition(";")[0].strip().lower()
    return Entity(
        fields, body_start, end, media_type or default, parameters(content_type, defects),
        disposition.partition(";")[0].strip().lower(), parameters(disposition, defects), encoding, content_id, parent,
    )  # fmt: skip


def _first(fields: list[tuple[str, str]], name: str, defects: set[str]) -> str:
    value = next((value for key, value in fields if key == name), "")
    return unfolded(raw_text(value[:MAX_VALUE], defects))


def _header_block(raw, start: int, end: int, defects: set[str]) -> tuple[Headers, int]:
    """The header fields between `start` and the first blank line, and where the body begins."""
    if raw[start : start + 1] in (b"\n", b"\r"):  # no header at all: the part begins with its blank line
        return Headers(), start + (2 if raw[start : start + 2] == b"\r\n" else 1)
    blank = _BLANK_LINE.search(raw, start, end)
    block_end = blank.end() if blank else min(end, start + MAX_HEADER_BYTES)
    block = raw[start : min(block_end, start + MAX_HEADER_BYTES)]
    if len(block) == MAX_HEADER_BYTES:
        defects.add("header-too-long")
    surplus = _NO_FIELD.search(block)  # no blank line before the body: it begins with the first line that is no field
    if surplus:
        defects.add("header-malformed")
        block, block_end = block[: surplus.start()], start + surplus.start()
    try:
        return BytesHeaderParser().parsebytes(block), block_end
    except (MessageError, ValueError, LookupError, RecursionError):  # none is known to be raised by compat32
        defects.add("header-unparsable")
        return Headers(), block_end


def _ranges(raw, entity: Entity, room: int, defects: set[str]):
    """The byte ranges of a multipart's parts, headers included (RFC 2046 section 5.1.1)."""
    mark = _mark(raw, entity, defects)
    first, closed = None, False
    for line_start, line_end, closing in _delimiters(raw, mark, entity.start, entity.end):
        if first is not None:
            if room <= 0:
                defects.add("too-many-parts")
                return
            yield first, max(first, _before_break(raw, line_start, first))
            room -= 1
        first, closed = line_end, closing
        if closing:
            break
    if first is not None and not closed:
        defects.add("boundary-not-closed")
        if room > 0 and first < entity.end:
            yield first, entity.end


def _mark(raw, entity: Entity, defects: set[str]) -> bytes:
    """The delimiter of a multipart; where the declared one does not occur, the first line that looks like one."""
    boundary = entity.type_parameters.get("boundary", "").rstrip()
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    if boundary and next(_delimiters(raw, mark, entity.start, entity.end), None):
        return mark
    defects.add("boundary-not-found" if boundary else "boundary-missing")
    guess = _LIKE_DELIMITER.search(raw, max(0, entity.start - 1), min(entity.end, entity.start + MAX_HEADER_BYTES))
    return guess[1] if guess else mark if boundary else b"-" * 80


def _delimiters(raw, mark: bytes, start: int, end: int):
    """Lines that are the delimiter: where each starts, where the next line starts, whether it closes the multipart."""
    position = start
    while (found := raw.find(mark, position, end)) != -1:
        position = found + len(mark)
        if found > start and raw[found - 1 : found] not in (b"\n", b"\r"):
            continue
        closing = raw[position : position + 2] == b"--"
        tail = position + 2 * closing
        line_end = _line_end(raw, tail, end)
        if line_end is None:
            continue
        position = line_end
        yield found, line_end, closing


def _line_end(raw, position: int, end: int) -> int | None:
    """Where the next line starts if only blanks follow on this one, else None: `--abcd` is no delimiter of `abc`."""
    blanks = re.compile(rb"[ \t]*(\r\n|\n|\r|\Z)").match(raw, position, end)
    return blanks.end() if blanks else None


def _before_break(raw, line_start: int, floor: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if line_start - 2 >= floor and raw[line_start - 2 : line_start] == b"\r\n":
        return line_start - 2
    return line_start - 1 if line_start - 1 >= floor else line_start


def decoded_fields(entity: Entity, defects: set[str]) -> list[tuple[str, str]]:
    """Every header field of an entity: lower-case name, value decoded, unfolded and bounded."""
    return [(name, field_text(name, value, defects)) for name, value in entity.fields]


def field_text(name: str, value: str, defects: set[str]) -> str:
    """One value, decoded and unfolded."""
    if len(value) > MAX_VALUE:
        defects.add("header-too-long")
    value = raw_text(value[:MAX_VALUE], defects)
    if name.endswith("authentication-results"):
        # NetEase folds it in the middle of a token (FIELD.md section 1)
        value = re.sub(r"(?<![;\s])\r?\n[ \t]+", "", value)
    text = decode_value(unfolded(value), defects)
    return text.replace("\x00", "").replace("\r", " ").replace("\n", " ")
