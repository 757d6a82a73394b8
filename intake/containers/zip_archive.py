"""Zip archives of strangers: names in any charset, no more bytes than allowed, ZipCrypto and AES (APPNOTE 6.3).

ZipCrypto is undone by the standard library at 1.8 MB/s (measured), so half of the time that a file may take bounds it; AES
runs at 100 MB/s.
"""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator

from intake.containers import BROKEN_MEMBER, LOCKED, TOO_LARGE_MEMBER, Budget, Entry, Opened
from intake.containers.litter import is_litter
from intake.containers.names import decode_name
from intake.containers.zip_aes import AES_METHOD, WrongPassword, read_aes
from intake.readers import Unreadable

#: a central directory larger than this is not read (each entry costs half a kilobyte of memory)
_MAX_DIRECTORY = 4 * 1024 * 1024
_CHUNK = 256 * 1024
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, UnicodeError, IndexError)
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """Open a zip archive; raises Unreadable: too_large, unsupported, corrupt, empty."""
    source = io.BytesIO(data)
    if _directory_size(data) > _MAX_DIRECTORY:
        raise Unreadable("too_large", "压缩包内文件过多")
    try:
        try:
            archive = zipfile.ZipFile(source)
        except UnicodeDecodeError:  # the UTF-8 flag is set, the names are not UTF-8
            archive = zipfile.ZipFile(_without_utf8_flags(data))
    except NotImplementedError:
        raise Unreadable("unsupported", "压缩包的格式暂不支持") from None
    except _BROKEN:
        raise Unreadable("corrupt", "压缩包已损坏，无法打开") from None
    if not archive.infolist():
        raise Unreadable("empty", "压缩包内没有文件")
    return Opened(_Members(archive, budget).entries())


class _Members:
    """The files of one archive, and the key that opened the last locked one."""

    def __init__(self, archive: zipfile.ZipFile, budget: Budget):
        self.archive, self.budget = archive, budget
        self.deadline = time.monotonic() + budget.limits.seconds / 2
        self.keys = [key for word in budget.passwords for key in _encodings(word)]

    def entries(self) -> Iterator[Entry]:
        """In their order, without folders and without what operating systems leave behind."""
        with self.archive:
            for info in self.archive.infolist():
                name = member_name(info)
                if not info.is_dir() and not is_litter(name):
                    data, problem, detail = self._read(info)
                    yield Entry(name, data, size=info.file_size, problem=problem, detail=detail)

    def _read(self, info: zipfile.ZipInfo) -> tuple[bytes, str | None, str | None]:
        """The bytes of a member, or with a problem what could be had of them; never more than the bounds allow."""
        if not info.flag_bits & _ENCRYPTED_FLAG:
            return self._unpacked(info, None)
        if info.compress_type != AES_METHOD and time.monotonic() > self.deadline:
            return b"", "too_large", "加密的内容过多，未能在限定时间内全部解开"
        for key in self.keys:
            outcome = self._unpacked(info, key)
            if outcome[1] not in ("encrypted", "corrupt"):
                self.keys = [key, *(other for other in self.keys if other != key)]
                return outcome
        return b"", "encrypted", LOCKED

    def _unpacked(self, info: zipfile.ZipInfo, key: bytes | None) -> tuple[bytes, str | None, str | None]:
        bound = self.budget.bound(info.compress_size)
        data = bytearray()
        try:
            if info.compress_type == AES_METHOD:
                return read_aes(self.archive.fp, info, key, bound), None, None
            with self.archive.open(info, pwd=key) as stream:
                while len(data) <= bound and (chunk := stream.read(min(_CHUNK, bound + 1 - len(data)))):
                    data += chunk
        except NotImplementedError:
            return b"", "unsupported", "压缩方式暂不支持"
        except Unreadable as error:
            return b"", error.problem, error.detail
        except (RuntimeError, WrongPassword):  # zipfile's words for "password required" and "bad password"
            return b"", "encrypted", LOCKED
        except _BROKEN:
            return bytes(data), "corrupt", BROKEN_MEMBER
        if len(data) > bound:
            return b"", "too_large", TOO_LARGE_MEMBER
        return bytes(data), None, None


def _encodings(password: str) -> list[bytes]:
    """A password's bytes: zip says nothing of their charset; Chinese Windows uses GBK."""
    words = [password.encode("utf-8", "ignore"), password.encode("gb18030", "ignore")]
    return list(dict.fromkeys(words))


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's path: Info-ZIP's Unicode path (0x7075), else UTF-8 by flag, else the bytes behind cp437 by guess."""
    unicode_path = _unicode_path(info.extra)
    if unicode_path:
        return unicode_path
    if info.flag_bits & _UTF8_FLAG:
        return info.filename
    try:
        return decode_name(info.orig_filename.encode("cp437"))
    except UnicodeEncodeError:
        return info.filename


def _unicode_path(extra: bytes) -> str | None:
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if tag == 0x7075 and len(field) > 5 and field[0] == 1:
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _directory_size(data: bytes) -> int:
    """Length of the central directory as its end record declares it (APPNOTE 4.3.16)."""
    tail = data[-65_557:]
    found = tail.rfind(b"PK\x05\x06")
    return struct.unpack_from("<I", tail, found + 12)[0] if 0 <= found <= len(tail) - 22 else 0


def _without_utf8_flags(packed: bytes) -> io.BytesIO:
    data = bytearray(packed)
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        position = data.find(mark)
        while 0 <= position < len(data) - offset - 2:
            data[position + offset + 1] &= 0xF7
            position = data.find(mark, position + 4)
    return io.BytesIO(data)
