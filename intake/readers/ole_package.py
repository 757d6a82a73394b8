"""Files dropped into a document as objects: the stream Ole10Native ([MS-OLEDS] 2.3.6)."""

import ntpath
import struct

from rules.document import Embedded

STREAM = "\x01ole10native"


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
