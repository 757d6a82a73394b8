"""Zip archives of strangers: names in any charset, and no more bytes than allowed (APPNOTE 6.3)."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from intake.charset import decode_text
from intake.config import ReadLimits

#: a central directory larger than this is not read (each entry costs half a kilobyte of memory)
_MAX_DIRECTORY = 4 * 1024 * 1024
#: what a small file may unpack to, whatever its ratio: a blank form packs 100:1
_FREE_BYTES = 1024 * 1024
_CHUNK = 256 * 1024
_LITTER = re.compile(r"(?:^|/)(?:__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$", re.IGNORECASE)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, UnicodeError, IndexError)
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive."""

    #: whole path as written, decoded
    name: str
    #: unpacked length as declared, which may lie
    size: int
    info: zipfile.ZipInfo


class Archive:
    """An opened archive, or the reason why it cannot be opened (`problem`, `detail`)."""

    def __init__(
        self, source: zipfile.ZipFile | None, limits: ReadLimits, problem: str | None = None, detail: str = ""
    ):
        self.source, self.limits, self.problem, self.detail = source, limits, problem, detail

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.source:
            self.source.close()

    def members(self) -> Iterator[Member]:
        """The files in their order, without folders and without what operating systems leave behind."""
        for info in self.source.infolist() if self.source else ():
            name = member_name(info)
            if not info.is_dir() and not _LITTER.search(name.replace("\\", "/")):
                yield Member(name, info.file_size, info)

    def read(self, member: Member, room: int) -> tuple[bytes, str | None, str | None]:
        """The bytes of a member, or with a problem what could be had of them; never more than the bounds allow."""
        info = member.info
        if info.flag_bits & _ENCRYPTED_FLAG:
            return b"", "encrypted", "压缩包设有密码"
        ratio_bound = max(_FREE_BYTES, info.compress_size * self.limits.max_ratio)
        bound = min(self.limits.max_file_bytes, room, ratio_bound)
        data = bytearray()
        try:
            with self.source.open(info) as stream:
                while len(data) <= bound and (chunk := stream.read(min(_CHUNK, bound + 1 - len(data)))):
                    data += chunk
        except NotImplementedError:
            return b"", "unsupported", "压缩方式暂不支持"
        except RuntimeError:  # zipfile's word for "password required"
            return b"", "encrypted", "压缩包设有密码"
        except _BROKEN:
            return bytes(data), "corrupt", "压缩包内该文件已损坏"
        if len(data) > bound:
            return b"", "too_large", "解压后的大小超出处理上限"
        return bytes(data), None, None


def open_zip(source: io.BytesIO, size: int, limits: ReadLimits) -> Archive:
    """Open an archive; a damaged one gives an Archive with a problem and no members."""
    if _directory_size(source, size) > _MAX_DIRECTORY:
        return Archive(None, limits, "too_large", "压缩包内文件过多")
    try:
        try:
            archive = zipfile.ZipFile(source)
        except UnicodeDecodeError:  # the UTF-8 flag is set, the names are not UTF-8
            archive = zipfile.ZipFile(_without_utf8_flags(source))
    except NotImplementedError:
        return Archive(None, limits, "unsupported", "压缩包的格式暂不支持")
    except _BROKEN:
        return Archive(None, limits, "corrupt", "压缩包已损坏，无法打开")
    if not archive.infolist():
        return Archive(archive, limits, "empty", "压缩包内没有文件")
    return Archive(archive, limits)


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's path: Info-ZIP's Unicode path (0x7075), else UTF-8 by flag, else the bytes behind cp437 by guess."""
    unicode_path = _unicode_path(info.extra)
    if unicode_path:
        return unicode_path
    if info.flag_bits & _UTF8_FLAG:
        return info.filename
    try:
        return decode_text(info.orig_filename.encode("cp437"), "gb18030")[0]
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


def _directory_size(source: io.BytesIO, size: int) -> int:
    """Length of the central directory as its end record declares it (APPNOTE 4.3.16)."""
    source.seek(max(0, size - 65_557))
    tail = source.read()
    found = tail.rfind(b"PK\x05\x06")
    return struct.unpack_from("<I", tail, found + 12)[0] if 0 <= found <= len(tail) - 22 else 0


def _without_utf8_flags(source: io.BytesIO) -> io.BytesIO:
    data = bytearray(source.getvalue())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        position = data.find(mark)
        while 0 <= position < len(data) - offset - 2:
            data[position + offset + 1] &= 0xF7
            position = data.find(mark, position + 4)
    return io.BytesIO(data)
