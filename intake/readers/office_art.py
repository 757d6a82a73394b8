"""Pictures and form fields in the streams of a Word binary document ([MS-DOC] 2.9.78 and 2.9.190, [MS-ODRAW])."""

import struct
from collections.abc import Iterator

from rules.document import EMPTY, TICKED, Embedded

_FBSE = 0xF007
_CONTAINERS = (0xF000, 0xF001, 0xF002, 0xF003, 0xF004)
#: picture records ([MS-ODRAW] 2.2.23): suffix, media type, the instances that mean one identifier of 16 bytes
_BLIPS = {
    0xF01D: ("jpg", "image/jpeg", (0x46A, 0x6E2)), 0xF02A: ("jpg", "image/jpeg", (0x46A, 0x6E2)),
    0xF01E: ("png", "image/png", (0x6E0,)), 0xF01F: ("bmp", "image/bmp", (0x7A8,)),
    0xF029: ("tif", "image/tiff", (0x6E4,)),
}  # fmt: skip
_METAFILES = (0xF01A, 0xF01B, 0xF01C)
_MAX_RECORDS = 20_000
#: "not set": the default holds (2.9.78)
_UNDEFINED = 25


def inline_pictures(data: bytes, offset: int) -> Iterator[Embedded | None]:
    """Pictures at a place of the Data stream; None for a metafile."""
    if offset + 68 > len(data):
        return
    size, head, kind = struct.unpack_from("<IHH", data, offset)
    end = min(offset + size, len(data))
    start = offset + head
    if kind == 0x66 and start < end:  # MM_SHAPEFILE: a name stands before the shape
        start += 1 + data[start]
    yield from pictures(data, start, end, b"")


def pictures(data: bytes, start: int, end: int, delayed: bytes) -> Iterator[Embedded | None]:
    """Pictures of a row of records; `delayed`: the stream that holds those which only are referred to."""
    stack, seen = [(start, min(end, len(data)))], 0
    while stack:
        at, stop = stack.pop()
        while at + 8 <= stop and seen < _MAX_RECORDS:
            seen += 1
            version, kind, size = struct.unpack_from("<HHI", data, at)
            body, following = at + 8, min(at + 8 + size, stop)
            if kind in _CONTAINERS:
                stack.append((following, stop))
                at, stop = body, following
                continue
            if kind == _FBSE:
                yield from _entry(data, body, following, delayed)
            elif kind in _BLIPS:
                yield _picture(data, body, following, kind, version >> 4)
            elif kind in _METAFILES:
                yield None
            at = following


def _entry(data: bytes, start: int, end: int, delayed: bytes) -> Iterator[Embedded | None]:
    """A file block store entry (2.2.32): its picture stands in it, or elsewhere."""
    if start + 36 > end:
        return
    count, place = struct.unpack_from("<II", data, start + 24)
    inside = start + 36 + data[start + 33]
    if inside + 8 <= end:
        yield from _single(data, inside, end)
    elif count and place + 8 <= len(delayed):
        yield from _single(delayed, place, len(delayed))


def _single(data: bytes, at: int, end: int) -> Iterator[Embedded | None]:
    version, kind, size = struct.unpack_from("<HHI", data, at)
    if kind in _BLIPS:
        yield _picture(data, at + 8, min(at + 8 + size, end), kind, version >> 4)
    elif kind in _METAFILES:
        yield None


def _picture(data: bytes, start: int, end: int, kind: int, instance: int) -> Embedded:
    suffix, media_type, single = _BLIPS[kind]
    content = data[start + (17 if instance in single else 33) : end]
    return Embedded(f"image.{suffix}", bitmap(content) if suffix == "bmp" else content, media_type)


def bitmap(content: bytes) -> bytes:
    """A .bmp file from a device-independent bitmap, which lacks the file's head."""
    if len(content) < 40 or content.startswith(b"BM"):
        return content
    (size,) = struct.unpack_from("<I", content)
    bits, compression = struct.unpack_from("<HI", content, 14)
    (colours,) = struct.unpack_from("<I", content, 32)
    palette = 4 * (colours or (1 << bits if bits <= 8 else 0)) if colours <= 256 else 0
    masks = 12 if compression == 3 and size == 40 else 0
    return b"BM" + struct.pack("<IHHI", 14 + len(content), 0, 0, 14 + size + palette + masks) + content


def form_field(data: bytes, offset: int) -> str:
    """What a form field shows by its data: a check box its state, a list its chosen entry, '' for others."""
    if offset + 6 > len(data):
        return ""
    size, head = struct.unpack_from("<IH", data, offset)
    return form_field_data(data[offset + head : min(offset + size, len(data))])


def form_field_data(field: bytes) -> str:
    """What a form field shows, from its FFData alone."""
    if len(field) < 10 or field[:4] != b"\xff\xff\xff\xff":
        return ""
    bits, at = field[4] | field[5] << 8, 10
    kind, result = bits & 3, bits >> 2 & 0x1F
    if kind == 0:
        return ""
    _, at = _string(field, at)
    default = field[at] | field[at + 1] << 8 if at + 2 <= len(field) else 0
    chosen = default if result == _UNDEFINED else result
    if kind == 1:
        return TICKED if chosen == 1 else EMPTY
    at += 2
    for _ in range(5):  # format, help, status, entry and exit macro
        _, at = _string(field, at)
    return _entry_of_list(field, at, chosen)


def _string(field: bytes, at: int) -> tuple[str, int]:
    """An Xstz (2.9.354): its length, the characters, a zero."""
    if at + 2 > len(field):
        return "", len(field)
    end = at + 2 + 2 * (field[at] | field[at + 1] << 8)
    return field[at + 2 : end].decode("utf-16-le", "replace"), end + 2


def _entry_of_list(field: bytes, at: int, chosen: int) -> str:
    """An entry of an extended string table (2.2.4 STTB)."""
    if field[at : at + 2] != b"\xff\xff" or at + 6 > len(field):
        return ""
    count = field[at + 2] | field[at + 3] << 8
    extra = field[at + 4] | field[at + 5] << 8
    at += 6
    for number in range(count):
        if at + 2 > len(field):
            break
        end = at + 2 + 2 * (field[at] | field[at + 1] << 8)
        if number == chosen:
            return field[at + 2 : end].decode("utf-16-le", "replace")
        at = end + extra
    return ""
