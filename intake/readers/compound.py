"""OLE compound files ([MS-CFB]): their streams, read by olefile within bounds."""

import io
import struct

import olefile

from intake.config import ReadLimits
from intake.readers import Unreadable

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: what olefile raises on damaged files beside its own errors, which are OSErrors (seen in practice)
_DAMAGED = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error, OverflowError,
            RecursionError, EOFError)  # fmt: skip
_LAST_SECTOR = 0xFFFFFFFA
_CORRUPT = "文件已损坏,无法打开"


class Compound:
    """The streams of one compound file."""

    def __init__(self, data: bytes, limits: ReadLimits):
        """Raises Unreadable: empty, too_large, corrupt."""
        if not data:
            raise Unreadable("empty", "文件是空的,没有任何内容")
        if len(data) > limits.max_file_bytes:
            raise Unreadable("too_large", "文件过大")
        _check_header(data)
        self._left = 4 * len(data)  # streams may share sectors in a forged file
        try:
            self._file = olefile.OleFileIO(io.BytesIO(data))
            self.names = {tuple(part.lower() for part in name): name for name in self._file.listdir()}
        except _DAMAGED as error:
            raise Unreadable("corrupt", _CORRUPT) from error

    def read(self, *path: str) -> bytes | None:
        """A stream's bytes, None where there is none; raises Unreadable where it cannot be read."""
        name = self.names.get(tuple(part.lower() for part in path))
        if name is None:
            return None
        try:
            size = self._file.get_size(name)
            if size > self._left:
                raise Unreadable("corrupt", _CORRUPT)
            self._left -= size
            data = self._file.openstream(name).read()
        except _DAMAGED as error:
            raise Unreadable("corrupt", _CORRUPT) from error
        if _crosses(self._file.fat) or _crosses(self._file.minifat):
            raise Unreadable("corrupt", _CORRUPT)
        return data


def _crosses(table) -> bool:
    """Whether two sectors are followed by the same one: chains that run in circles or into each other."""
    following = [sector for sector in table or () if sector < _LAST_SECTOR]
    return len(set(following)) != len(following)


def _check_header(data: bytes) -> None:
    """Refuse tables of sectors larger than the file ([MS-CFB] 2.2): olefile would read them sector by sector."""
    if len(data) < 1536 or not data.startswith(MAGIC):
        raise Unreadable("corrupt", _CORRUPT)
    shift = struct.unpack_from("<H", data, 30)[0]
    (fat,) = struct.unpack_from("<I", data, 44)
    mini, double = struct.unpack_from("<I4xI", data, 64)
    sectors = (len(data) >> shift) + 1 if shift in (9, 12) else 0
    if fat > sectors or mini > sectors or double > sectors:
        raise Unreadable("corrupt", _CORRUPT)
