"""7z archives by py7zr, which unpacks into what we hand it; bounded, with AES where the mail names the password."""

import io
import lzma
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import py7zr
from py7zr.exceptions import (
    ArchiveError,
    CrcError,
    DecompressionBombError,
    PasswordRequired,
    UnsupportedCompressionMethodError,
)
from py7zr.io import Py7zIO, WriterFactory

from intake.containers import BROKEN_MEMBER, LOCKED, TOO_LARGE_MEMBER, Budget, Entry, Opened
from intake.containers.litter import is_litter
from intake.readers import Unreadable

_ERRORS = (ArchiveError, lzma.LZMAError, zlib.error, OSError, EOFError, ValueError, TypeError, KeyError, IndexError,
           struct.error, AttributeError, AssertionError, OverflowError, UnicodeError, RecursionError)  # fmt: skip
#: the directory is packed too: this many bytes of it at most ([7zFormat.txt], EndHeader)
_MAX_DIRECTORY = 16 * 1024 * 1024
_MAX_MEMBERS = 20_000
_BAD_NAME = "文件名不合规，未打开"
#: names for which py7zr gives up the whole archive: a drive, or a folder above
_REFUSED = re.compile(r"^[A-Za-z]:|(?:^|/)\.\.(?:/|$)|^[./]*$")


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """Open a 7z archive; raises Unreadable: encrypted (names too), corrupt, empty, too_large, unsupported."""
    _check_directory(data)
    locked = False
    for password in (None, *budget.passwords):
        try:
            archive = _opened(data, password, budget)
        except PasswordRequired:
            locked = True
            continue
        except UnsupportedCompressionMethodError:
            raise Unreadable("unsupported", "压缩包的格式暂不支持") from None
        except _ERRORS:
            if locked:
                continue  # a wrong password shows as a broken directory
            raise Unreadable("corrupt", "压缩包已损坏，无法打开") from None
        return Opened(_entries(archive, data, password, budget))
    raise Unreadable("encrypted", LOCKED)


def _opened(data: bytes, password: str | None, budget: Budget) -> py7zr.SevenZipFile:
    bound = min(budget.limits.max_total_bytes, max(1024 * 1024, len(data) * budget.limits.max_ratio))
    return py7zr.SevenZipFile(io.BytesIO(data), password=password, max_extract_size=bound)


def _check_directory(data: bytes) -> None:
    """Refuse a directory that is larger than the file or than any honest one (7zFormat.txt, SignatureHeader)."""
    if len(data) < 32:
        raise Unreadable("corrupt", "压缩包已损坏，无法打开")
    offset, size = struct.unpack_from("<QQ", data, 12)
    if size > _MAX_DIRECTORY:
        raise Unreadable("too_large", "压缩包内文件过多")
    if 32 + offset + size > len(data):
        raise Unreadable("corrupt", "压缩包不完整，无法打开")


def _entries(archive: py7zr.SevenZipFile, data: bytes, password: str | None, budget: Budget) -> Iterator[Entry]:
    members = [item for item in archive.list() if item.is_file and not item.is_symlink]
    if len(members) > _MAX_MEMBERS:
        raise Unreadable("too_large", "压缩包内文件过多")
    if not members:
        raise Unreadable("empty", "压缩包内没有文件")
    names = {item.filename for item in members if not _REFUSED.search(item.filename)}
    passwords = budget.passwords if password is None and archive.needs_password() else (password,)
    for attempt in passwords:
        shelf = _unpacked(data, names, attempt, budget)
        if shelf.failure != "encrypted" or shelf.done:
            yield from _shelved([item for item in members if item.filename in names], shelf)
            for item in members:
                if item.filename not in names:
                    yield Entry(item.filename, b"", size=item.uncompressed, problem="corrupt", detail=_BAD_NAME)
            return
    for item in members:
        yield Entry(item.filename, b"", size=item.uncompressed, problem="encrypted", detail=LOCKED)


def _unpacked(data: bytes, names: set[str], password: str | None, budget: Budget) -> "_Shelf":
    shelf = _Shelf(budget)
    try:
        with _opened(data, password, budget) as archive:
            archive.extract(targets=names, factory=shelf)
    except DecompressionBombError:
        shelf.failure = "too_large"
    except UnsupportedCompressionMethodError:
        shelf.failure = "unsupported"
    except PasswordRequired:
        shelf.failure = "encrypted"
    except (CrcError, *_ERRORS):
        shelf.failure = "encrypted" if password is not None else "corrupt"
    return shelf


def _shelved(members: list, shelf: "_Shelf") -> Iterator[Entry]:
    """What was unpacked, by name, then a word for each member that was not."""
    for box in shelf.boxes:
        if box.too_large:
            yield Entry(box.name, b"", problem="too_large", detail=TOO_LARGE_MEMBER)
        elif box.done and not is_litter(box.name):
            yield Entry(box.name, bytes(box.data))
    words = {"too_large": TOO_LARGE_MEMBER, "encrypted": LOCKED, "unsupported": "压缩方式暂不支持"}
    lost = max(0, len(members) - sum(box.done for box in shelf.boxes)) if shelf.failure else 0
    for item in members[len(members) - lost :]:
        yield Entry(item.filename, b"", size=item.uncompressed, problem=shelf.failure,
                    detail=words.get(shelf.failure, BROKEN_MEMBER))  # fmt: skip


@dataclass
class _Box(Py7zIO):
    """One member while it is unpacked: what goes beyond the bound is thrown away."""

    name: str
    bound: int
    data: bytearray = field(default_factory=bytearray)
    done: bool = False
    too_large: bool = False

    def write(self, piece: bytes | bytearray) -> int:
        if len(self.data) + len(piece) > self.bound:
            self.too_large = True
            self.data.clear()
            self.bound = -1
        elif not self.too_large:
            self.data += piece
        return len(piece)

    def read(self, size: int | None = None) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def flush(self) -> None:
        pass

    def size(self) -> int:
        return len(self.data)

    def close(self) -> None:
        self.done = True


class _Shelf(WriterFactory):
    """All members that were unpacked."""

    def __init__(self, budget: Budget):
        self.budget, self.boxes, self.failure = budget, [], None

    @property
    def done(self) -> int:
        """Members that prove the password: an empty one fits every password."""
        return sum(box.done and bool(box.data) for box in self.boxes)

    def create(self, filename: str) -> _Box:
        if len(self.boxes) >= _MAX_MEMBERS:
            raise DecompressionBombError("too many members")
        used = sum(len(box.data) for box in self.boxes)
        box = _Box(filename, min(self.budget.limits.max_file_bytes, self.budget.room() - used))
        self.boxes.append(box)
        return box
