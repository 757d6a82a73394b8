"""Files dropped into a document as objects ([MS-OLEDS]): packages of any file, documents of other programs."""

import ntpath
import struct

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.compound import MAGIC, Compound
from rules.document import Embedded

STREAM = "\x01ole10native"


#: streams that hold a whole file: PDF by Acrobat, Office 2007 and later, OpenDocument
_WHOLE = ("contents", "package", "embeddedodf")
#: streams by which the object itself is a document
_DOCUMENTS = (("worddocument", "内嵌文档.doc"), ("workbook", "内嵌表格.xls"), ("book", "内嵌表格.xls"))
_STARTS = ((b"%PDF-", "内嵌文档.pdf"), (b"PK\x03\x04", "内嵌文档"), (b"\xff\xd8\xff", "内嵌图片.jpg"), (b"\x89PNG", "内嵌图片.png"))


def object_file(data: bytes, limits: ReadLimits) -> Embedded | None:
    """The file that an object (`oleObject1.bin`) holds, None for anything else: formulas, charts, what is damaged."""
    if not data.startswith(MAGIC):
        return None
    try:
        file = Compound(data, limits)
        native = file.read(STREAM) or b""
        if found := packaged_file(native):
            return found
        if native[4:6] == b"BM":  # a picture of Paint
            return Embedded("内嵌图片.bmp", native[4:])
        for name, shown in _DOCUMENTS:
            if (name,) in file.names:
                return Embedded(shown, data)
        contents = (file.read(name) or b"" for name in _WHOLE if (name,) in file.names)
        return next((Embedded(shown, content) for content in contents for start, shown in _STARTS
                     if content.startswith(start)), None)  # fmt: skip
    except Unreadable:
        return None


def packaged_file(data: bytes) -> Embedded | None:
    """The file with its name, None where the stream holds something else.

    After its size: 2, the label, the path, two words, a path of a temporary file, the content; strings end with a zero.
    """
    if len(data) < 16 or data[4:6] != b"\x02\x00":
        return None
    label, at = _string(data, 6)
    path, at = _string(data, at)
    if at + 8 > len(data):
        return None
    (length,) = struct.unpack_from("<I", data, at + 4)
    at += 8 + length
    if at + 4 > len(data):
        return None
    (size,) = struct.unpack_from("<I", data, at)
    content = data[at + 4 : at + 4 + size]
    if not size or len(content) < size:
        return None
    name = ntpath.basename(_decoded(label)) or ntpath.basename(_decoded(path))
    return Embedded(name[:200], content)


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\0", at, at + 2_000)
    return (data[at:end], end + 1) if end >= 0 else (b"", len(data))


def _decoded(name: bytes) -> str:
    try:
        return name.decode("gb18030")
    except UnicodeDecodeError:
        return name.decode("latin-1")
