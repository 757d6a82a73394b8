"""Windows metafiles, EMF and WMF ([MS-EMF], [MS-EMFPLUS], [MS-WMF]): the pictures that they hold.

A scan that was pasted through the clipboard often comes as a metafile that draws one bitmap. Bitmaps are taken out;
lines and words that are drawn are not, and where there is nothing but these the metafile is left to a person.
"""

import struct
import zlib
from collections.abc import Iterator

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.office_art import bitmap
from intake.readers.pictures import is_picture
from rules.document import Document, Embedded

_MOST_RECORDS = 50_000
_MOST_PICTURES = 20
_PLACEABLE = b"\xd7\xcd\xc6\x9a"
#: EMF record → where the place of the bitmap's head is told: StretchDIBits, SetDIBitsToDevice, BitBlt, StretchBlt, AlphaBlend
_EMF_BITMAPS = {81: 48, 80: 48, 76: 84, 77: 84, 114: 84}
_EMF_COMMENT, _EMF_END = 70, 14
#: WMF function → bytes of parameters before the bitmap: StretchDIB, DIBStretchBlt, DIBBitBlt, SetDIBToDev
_WMF_BITMAPS = {0x0F43: 22, 0x0B41: 20, 0x0940: 16, 0x0D33: 18}
_STARTS = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG", "png"), (b"GIF8", "gif"), (b"II*\0", "tif"), (b"MM\0*", "tif"), (b"BM", "bmp"))
_JPEG, _PNG = 4, 5


def read(data: bytes, limits: ReadLimits) -> Document:
    """A metafile that came as a file of its own; raises Unreadable: unsupported, where it holds no picture."""
    found = pictures(data, limits)
    if not found:
        raise Unreadable("unsupported", "图元格式图片（EMF、WMF）暂不能自动读取")
    return Document("metafile", embedded=found)


def pictures(data: bytes, limits: ReadLimits) -> tuple[Embedded, ...]:
    """The bitmaps of a metafile that are larger than icons, as files."""
    if data[:2] == b"\x1f\x8b":  # .emz and .wmz
        data = _unpacked(data, limits)
    contents = _emf(data) if is_emf(data) else _wmf(data)
    found: dict[bytes, Embedded] = {}
    try:
        for content in contents:
            suffix = next((suffix for start, suffix in _STARTS if content.startswith(start)), None)
            if suffix and content not in found and is_picture(content):
                found[content] = Embedded(f"图元图片{len(found) + 1}.{suffix}", content)
            if len(found) >= _MOST_PICTURES:
                break
    except struct.error:  # a record that ends within its own head: what came before stands
        pass
    return tuple(found.values())


def is_emf(data: bytes) -> bool:
    """Whether the bytes begin as an enhanced metafile (2.3.4.2)."""
    return data[:4] == b"\x01\0\0\0" and data[40:44] == b" EMF"


def is_wmf(data: bytes) -> bool:
    """Whether the bytes begin with the head that every metafile on a disk has (2.3.2.3)."""
    return data[:4] == _PLACEABLE


def _unpacked(data: bytes, limits: ReadLimits) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, limits.max_file_bytes)
    except zlib.error:
        return b""


def _emf(data: bytes) -> Iterator[bytes]:
    """The bitmaps of the records, and of the EMF+ records in comments."""
    at, plus = 0, bytearray()
    for _ in range(_MOST_RECORDS):
        if at + 8 > len(data):
            break
        kind, size = struct.unpack_from("<II", data, at)
        if size < 8 or kind == _EMF_END:
            break
        record = memoryview(data)[at : at + size]
        if kind in _EMF_BITMAPS and len(record) >= _EMF_BITMAPS[kind] + 16:
            head, head_size, bits, bits_size = struct.unpack_from("<IIII", record, _EMF_BITMAPS[kind])
            if head_size >= 40 and bits_size:
                yield _file(bytes(record[head : head + head_size]), bytes(record[bits : bits + bits_size]))
        elif kind == _EMF_COMMENT and record[12:16] == b"EMF+":
            (told,) = struct.unpack_from("<I", record, 8)
            plus += record[16 : 12 + told]
        at += size
    yield from _emf_plus(bytes(plus))


def _emf_plus(data: bytes) -> Iterator[bytes]:
    """Images among EMF+ records (2.3.5.1); a large one is continued in several."""
    at, whole = 0, bytearray()
    for _ in range(_MOST_RECORDS):
        if at + 12 > len(data):
            return
        kind, flags, size, length = struct.unpack_from("<HHII", data, at)
        if size < 12:
            return
        if kind == 0x4008 and flags >> 8 & 0x7F == 5:
            continued = flags & 0x8000
            whole += data[at + 12 + (4 if continued else 0) : at + 12 + length]
            if not continued or len(whole) >= struct.unpack_from("<I", data, at + 12)[0]:
                # version, kind of image, then five numbers of the bitmap before a file's bytes
                if len(whole) > 28 and struct.unpack_from("<I", whole, 4)[0] == 1 and struct.unpack_from("<I", whole, 24)[0] == 1:
                    yield bytes(whole[28:])
                whole.clear()
        at += size


def _wmf(data: bytes) -> Iterator[bytes]:
    at = (22 if is_wmf(data) else 0) + 18
    for _ in range(_MOST_RECORDS):
        if at + 6 > len(data):
            return
        words, function = struct.unpack_from("<IH", data, at)
        if words < 3 or function == 0:
            return
        before = 6 + _WMF_BITMAPS.get(function, 0)
        if function in _WMF_BITMAPS and words * 2 > before + 40:
            yield bitmap(data[at + before : at + words * 2])
        at += words * 2


def _file(head: bytes, bits: bytes) -> bytes:
    """A picture file of a bitmap's head (with its palette) and its bits, which may be a file already."""
    (compression,) = struct.unpack_from("<I", head, 16)
    if compression in (_JPEG, _PNG):
        return bits
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(bits), 0, 0, 14 + len(head)) + head + bits
