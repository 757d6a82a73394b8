"""gz, bz2 and xz: one packed file (RFC 1952), or a packed tar, whose files are then listed at once."""

import bz2
import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from intake.containers import TOO_LARGE_MEMBER, Budget, Entry, Opened, tar_archive
from intake.containers.names import decode_name
from intake.readers import Unreadable
from intake.reading.filetype import is_tar

_ERRORS = (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError)
_CHUNK = 64 * 1024
#: an xz or lzma stream may ask for gigabytes of dictionary
_LZMA_MEMORY = 256 * 1024 * 1024
_GZIP_NAME, _GZIP_EXTRA = 0x08, 0x04


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """Open a packed file; raises Unreadable: corrupt, too_large, empty."""
    stream = Unpacked(data)
    try:
        head = stream.peek(512)
    except _ERRORS:
        raise Unreadable("corrupt", "压缩文件已损坏，无法打开") from None
    if is_tar(head):
        total = min(budget.limits.max_total_bytes, max(1024 * 1024, len(data) * budget.limits.max_ratio))
        return tar_archive.open_stream(_Bounded(stream, total), budget)
    return Opened(_single(stream, _inner_name(data, name), len(data), budget))


def _single(stream: "Unpacked", name: str | None, packed: int, budget: Budget) -> Iterator[Entry]:
    bound = budget.bound(packed)
    kept = bytearray()
    try:
        while len(kept) <= bound and (chunk := stream.read(min(_CHUNK, bound + 1 - len(kept)))):
            kept += chunk
    except _ERRORS:
        yield Entry(name, bytes(kept), problem="corrupt", detail="压缩文件已损坏")
        return
    if len(kept) > bound:
        yield Entry(name, b"", problem="too_large", detail=TOO_LARGE_MEMBER)
    else:
        yield Entry(name, bytes(kept))


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a gz, bz2 or xz file (several members follow each other at times), as far as they are read.

    `read` raises what zlib, bz2 and lzma raise, EOFError where the file breaks off.
    """

    def __init__(self, data: bytes):
        self._rest, self._ready, self._done = memoryview(data), b"", False
        self._new = _decompressor(data)
        self._current = self._new()

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, left in place."""
        while len(self._ready) < size and not self._done:
            self._more(size - len(self._ready))
        return self._ready[:size]

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, b'' at the end; `size` must be given."""
        if not self._ready and not self._done:
            self._more(size)
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken

    def _more(self, size: int) -> None:
        while not self._done:
            before = len(self._rest)
            made, self._rest = self._current.take(self._rest, max(1, size))
            if self._current.ended:
                self._done = not self._begins_again()
                if not self._done:
                    self._current = self._new()
            if made:
                self._ready += made
                return
            if not self._done and not self._current.ended and len(self._rest) == before:
                raise EOFError("broken off")

    def _begins_again(self) -> bool:
        """Whether another member follows: anything else behind the end is padding."""
        return bytes(self._rest[:2]) in (b"\x1f\x8b", b"BZ", b"\xfd7")


class _Step:
    """One decompressor of one member, with the same face for all three libraries."""

    def __init__(self, machine):
        self._machine, self._fed, self.ended = machine, False, False

    def take(self, rest: memoryview, size: int) -> tuple[bytes, memoryview]:
        """Unpacked bytes and the packed ones that are left."""
        if isinstance(self._machine, type(zlib.decompressobj())):
            made = self._machine.decompress(rest[:_CHUNK], size)
            used = len(rest[:_CHUNK]) - len(self._machine.unconsumed_tail) - len(self._machine.unused_data)
            self.ended = self._machine.eof
            return made, rest[used:]
        piece = rest[:_CHUNK] if self._machine.needs_input else b""
        made = self._machine.decompress(piece, size)
        self.ended = self._machine.eof
        used = len(piece) - (len(self._machine.unused_data) if self.ended else 0)
        return made, rest[max(0, used) :]


def _decompressor(data: bytes):
    """A maker of decompressors for this file."""
    if data[:2] == b"\x1f\x8b":
        return lambda: _Step(zlib.decompressobj(31))
    if data[:3] == b"BZh":
        return lambda: _Step(bz2.BZ2Decompressor())
    return lambda: _Step(lzma.LZMADecompressor(memlimit=_LZMA_MEMORY))


class _Bounded(io.RawIOBase):
    """A stream that says `too_large` behind so many bytes."""

    def __init__(self, stream: Unpacked, bound: int):
        self._stream, self._left = stream, bound

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable("too_large", TOO_LARGE_MEMBER)
        return data


def _inner_name(data: bytes, name: str) -> str | None:
    """The packed file's name: the container's without its last extension, else the one in the gzip header."""
    path = PurePosixPath(name)
    if path.suffix.lower() in (".gz", ".bz2", ".xz", ".bz"):
        return path.stem
    return _gzip_name(data) or path.stem or None


def _gzip_name(data: bytes) -> str | None:
    """FNAME of RFC 1952 section 2.3.1, in whatever charset."""
    if data[:2] != b"\x1f\x8b" or len(data) < 12 or not data[3] & _GZIP_NAME:
        return None
    start = 10 + (2 + int.from_bytes(data[10:12], "little") if data[3] & _GZIP_EXTRA else 0)
    end = data.find(b"\0", start, start + 1024)
    return decode_name(data[start:end]) if end > start else None
