"""Outlook's `.msg` ([MS-OXMSG]): an OLE file of MAPI properties → a mail (`intake.containers.mapi`)."""

import struct

from intake.containers import Budget, Opened, mails, mapi
from intake.readers import Unreadable
from intake.readers.compound import Compound

_TEXT, _ANSI, _BINARY, _OBJECT = 0x001F, 0x001E, 0x0102, 0x000D
_INTEGER, _TIME = 0x0003, 0x0040
#: length of the head of a property stream: of the mail, of a mail in it, of an attachment ([MS-OXMSG] 2.4.1)
_TOP_HEAD, _INNER_HEAD, _PART_HEAD = 32, 24, 8
_MAX_ATTACHMENTS = 2000


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """Open a `.msg`; raises Unreadable: corrupt, too_large."""
    store = Compound(data, budget.limits)
    if ("__properties_version1.0",) not in store.names:
        raise Unreadable("corrupt", "邮件文件已损坏，无法打开")
    item = _mail(store, (), _TOP_HEAD, budget.limits.max_depth)
    return mails.open_mail(mapi.as_mail(item, budget.limits), budget)


def _mail(store: Compound, place: tuple[str, ...], head: int, depth: int) -> mapi.Item:
    item = mapi.Item(_values(store, place, head))
    for folder in _folders(store, place, "__attach_version1.0_")[:_MAX_ATTACHMENTS]:
        inside = (*place, folder)
        attachment = mapi.Item(_values(store, inside, _PART_HEAD))
        nested = (*inside, "__substg1.0_3701000d")
        if (*nested, "__properties_version1.0") in store.names:
            if depth <= 0:
                raise Unreadable("too_large", "邮件嵌套过深，里层未打开")
            attachment.mail = _mail(store, nested, _INNER_HEAD, depth - 1)
        item.attachments.append(attachment)
    return item


def _folders(store: Compound, place: tuple[str, ...], start: str) -> list[str]:
    """Names of the storages at a place, in the order of their numbers."""
    depth = len(place)
    found = {path[depth] for path in store.names if len(path) > depth + 1 and path[:depth] == place}
    return sorted(name for name in found if name.startswith(start))


def _values(store: Compound, place: tuple[str, ...], head: int) -> dict[int, object]:
    values = _fixed(store.read(*place, "__properties_version1.0") or b"", head)
    page = values.get(mapi.CODE_PAGE) or values.get(mapi.INTERNET_CODE_PAGE) or 0
    for number in sorted(mapi.WANTED):
        for kind in (_ANSI, _TEXT, _BINARY):
            data = store.read(*place, f"__substg1.0_{number:04x}{kind:04x}")
            if data is not None:
                values[number] = _value(kind, data, page if isinstance(page, int) else 0)
    return values


def _value(kind: int, data: bytes, page: int) -> object:
    if kind == _TEXT:
        return data.decode("utf-16-le", "replace").strip("\0")
    return mapi.code_page_text(data, page) if kind == _ANSI else data


def _fixed(stream: bytes, head: int) -> dict[int, object]:
    """The properties of fixed length; the stream of the others only tells their length."""
    values: dict[int, object] = {}
    for start in range(head, len(stream) - 15, 16):
        kind, number = struct.unpack_from("<HH", stream, start)
        if number in mapi.WANTED and kind == _INTEGER:
            values[number] = struct.unpack_from("<i", stream, start + 8)[0]
        elif number in mapi.WANTED and kind == _TIME:
            values[number] = mapi.file_time(struct.unpack_from("<Q", stream, start + 8)[0])
    return values
