"""winmail.dat ([MS-OXTNEF]): what Outlook makes of a mail for other Outlooks → a mail (`intake.containers.mapi`)."""

import struct
from collections.abc import Iterator

from intake.containers import Budget, Opened, mails, mapi
from intake.readers import Unreadable

_SIGNATURE = b"\x78\x9f\x3e\x22"
#: attributes of the mail, then of an attachment ([MS-OXTNEF] 2.1.3.2)
_SUBJECT, _BODY, _PROPERTIES, _CODE_PAGE = 0x00018004, 0x0002800C, 0x00069003, 0x00069007
_NEXT_ATTACHMENT, _TITLE, _CONTENT, _ATTACHMENT = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_MULTIPLE = 0x1000
_FIXED = {0x0002: 2, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 2, 0x0014: 8, 0x0040: 8,
          0x0048: 16, 0x0001: 4}  # fmt: skip
_ANSI, _TEXT, _BINARY, _OBJECT, _INTEGER, _TIME = 0x001E, 0x001F, 0x0102, 0x000D, 0x0003, 0x0040
_VARIABLE = (_ANSI, _TEXT, _BINARY, _OBJECT)
_MAX_ATTRIBUTES, _MAX_VALUES = 50_000, 20_000
_BROKEN = "winmail.dat 已损坏，无法打开"


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """Open a winmail.dat; raises Unreadable: corrupt. What follows a broken place is lost, and is said."""
    item, whole = _mail(data, budget.limits.max_depth)
    if not whole and not item.values and not item.attachments:
        raise Unreadable("corrupt", _BROKEN)
    opened = mails.open_mail(mapi.as_mail(item, budget.limits), budget)
    if not whole and opened.problem is None:
        opened.problem, opened.detail = "corrupt", "winmail.dat 不完整，后面的文件未能打开"
    return opened


def _mail(data: bytes, depth: int) -> tuple[mapi.Item, bool]:
    """The mail, and whether everything could be read."""
    item, page, whole = mapi.Item(), 0, True
    try:
        for identifier, content in _attributes(data):
            if identifier == _CODE_PAGE and len(content) >= 4:
                (page,) = struct.unpack_from("<I", content)
            elif identifier == _SUBJECT:
                item.values.setdefault(mapi.SUBJECT, mapi.code_page_text(content, page))
            elif identifier == _BODY:
                item.values.setdefault(mapi.BODY, mapi.code_page_text(content, page))
            elif identifier == _PROPERTIES:
                item.values |= _properties(content, page, depth)[0]
            else:
                _into_attachment(item, identifier, content, page, depth)
    except (struct.error, _Broken):
        whole = False
    return item, whole


class _Broken(Exception):
    """The bytes are not what the format says."""


def _into_attachment(item: mapi.Item, identifier: int, content: bytes, page: int, depth: int) -> None:
    if identifier == _NEXT_ATTACHMENT:
        item.attachments.append(mapi.Item())
    if not item.attachments:
        return
    attachment = item.attachments[-1]
    if identifier == _TITLE:
        attachment.values.setdefault(mapi.ATTACH_NAME, mapi.code_page_text(content, page))
    elif identifier == _CONTENT:
        attachment.values[mapi.ATTACH_DATA] = content
    elif identifier == _ATTACHMENT:
        values, attachment.mail = _properties(content, page, depth)
        if not values.get(mapi.ATTACH_DATA):
            values.pop(mapi.ATTACH_DATA, None)
        attachment.values |= values


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Identifier and content of each attribute ([MS-OXTNEF] 2.1.3.1)."""
    if not data.startswith(_SIGNATURE):
        raise _Broken
    position, count = 6, 0
    while position < len(data):
        _, identifier, length = struct.unpack_from("<BII", data, position)
        start = position + 9
        count += 1
        if start + length > len(data) or count > _MAX_ATTRIBUTES:
            raise _Broken
        yield identifier, data[start : start + length]
        position = start + length + 2


def _properties(data: bytes, page: int, depth: int) -> tuple[dict[int, object], mapi.Item | None]:
    """The wanted MAPI properties of a list ([MS-OXTNEF] 2.1.3.4), and the mail where one of them is a mail."""
    values, mail = {}, None
    (count,) = struct.unpack_from("<I", data)
    position = 4
    for _ in range(min(count, _MAX_VALUES)):
        kind, number = struct.unpack_from("<HH", data, position)
        position = _after_name(data, position + 4, number)
        found, position = _contents(data, position, kind)
        if number not in mapi.WANTED or not found:
            continue
        if kind == _OBJECT and number == mapi.ATTACH_DATA:
            # 16 bytes say what it is; a mail is a TNEF of its own
            if found[0][16:20] == _SIGNATURE and depth > 0:
                mail = _mail(found[0][16:], depth - 1)[0]
            elif found[0][16:20] != _SIGNATURE:
                values[number] = found[0][16:]
        else:
            values[number] = _value(kind, found[0], page)
    return values, mail


def _after_name(data: bytes, position: int, number: int) -> int:
    """Behind the name of a named property."""
    if number < 0x8000:
        return position
    (kind,) = struct.unpack_from("<I", data, position + 16)
    if kind == 0:
        return position + 24
    (length,) = struct.unpack_from("<I", data, position + 20)
    return position + 24 + _padded(length)


def _contents(data: bytes, position: int, kind: int) -> tuple[list[bytes], int]:
    """The first value of a property, and where the next property begins."""
    plain = kind & ~_MULTIPLE
    if plain not in _VARIABLE and plain not in _FIXED:
        raise _Broken
    count = 1
    if kind & _MULTIPLE or plain in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    if count > _MAX_VALUES:
        raise _Broken
    found: list[bytes] = []
    for _ in range(count):
        length = _FIXED.get(plain, 0)
        if plain in _VARIABLE:
            (length,) = struct.unpack_from("<I", data, position)
            position += 4
        if position + length > len(data):
            raise _Broken
        if not found:
            found.append(data[position : position + length])
        position += _padded(length)
    return found, position


def _value(kind: int, data: bytes, page: int) -> object:
    if kind == _TEXT:
        return data.decode("utf-16-le", "replace").strip("\0")
    if kind == _ANSI:
        return mapi.code_page_text(data, page)
    if kind == _INTEGER:
        return struct.unpack_from("<i", data)[0]
    if kind == _TIME:
        return mapi.file_time(struct.unpack_from("<Q", data)[0])
    return data


def _padded(length: int) -> int:
    return length + -length % 4
