"""tar archives (POSIX ustar, pax, GNU), read as a stream: links, devices and folders are passed over."""

import io
import struct
import tarfile
import zlib
from collections.abc import Iterator
from lzma import LZMAError

from intake.containers import BROKEN_MEMBER, TOO_LARGE_MEMBER, Budget, Entry, Opened
from intake.containers.litter import is_litter
from intake.containers.names import decode_name
from intake.readers import Unreadable

_ERRORS = (tarfile.TarError, OSError, EOFError, ValueError, IndexError, KeyError, OverflowError, UnicodeError,
           struct.error, zlib.error, LZMAError, RecursionError)  # fmt: skip
_CHUNK = 256 * 1024
#: headers that are looked at; a million empty links would take seconds
_MAX_HEADERS = 20_000


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """Open an unpacked tar; raises Unreadable: corrupt."""
    return open_stream(io.BytesIO(data), budget)


def open_stream(stream, budget: Budget) -> Opened:
    """Open a tar that is read from a stream without going back."""
    try:
        archive = tarfile.open(  # noqa: SIM115  nothing to close: the stream is memory
            fileobj=stream, mode="r|", encoding="utf-8", errors="surrogateescape"
        )
    except _ERRORS:
        raise Unreadable("corrupt", "压缩包已损坏，无法打开") from None
    return Opened(_entries(archive, budget))


def _entries(archive: tarfile.TarFile, budget: Budget) -> Iterator[Entry]:
    count = 0
    while (member := _next(archive)) is not None:
        archive.members = []  # a stream is not gone back in: keeping every header costs memory
        count += 1
        if count > _MAX_HEADERS:
            raise Unreadable("too_large", "压缩包内文件过多")
        name = _name(member)
        if not member.isreg() or is_litter(name):
            continue
        yield _read(archive, member, name, budget)
    if count == 0:
        raise Unreadable("empty", "压缩包内没有文件")


def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return archive.next()
    except _ERRORS:
        raise Unreadable("corrupt", "压缩包已损坏，后面的文件未能打开") from None


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str, budget: Budget) -> Entry:
    bound = budget.bound()
    if member.size > bound:
        return Entry(name, b"", size=member.size, problem="too_large", detail=TOO_LARGE_MEMBER)
    data = bytearray()
    try:
        stream = archive.extractfile(member)
        while stream and (chunk := stream.read(_CHUNK)):
            data += chunk
    except _ERRORS:
        return Entry(name, bytes(data), size=member.size, problem="corrupt", detail=BROKEN_MEMBER)
    if len(data) < member.size:
        return Entry(name, bytes(data), size=member.size, problem="corrupt", detail=BROKEN_MEMBER)
    return Entry(name, bytes(data))


def _name(member: tarfile.TarInfo) -> str:
    """The path, in whatever charset it was written."""
    raw = member.name.encode("utf-8", "surrogateescape")
    return decode_name(raw)
