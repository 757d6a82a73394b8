"""rar archives, versions 4 and 5: their directory is read by rarfile, packed members are unpacked by unar.

Members that are only stored need no program. Where unar is missing the others are `unsupported` and go to a person.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence

import rarfile

from intake.containers import BROKEN_MEMBER, LOCKED, TOO_LARGE_MEMBER, Budget, Entry, Opened, unar
from intake.containers.litter import is_litter
from intake.containers.names import decode_name
from intake.readers import Unreadable
from rules.reading import VOLUME

_ERRORS = (rarfile.Error, OSError, ValueError, TypeError, IndexError, KeyError, EOFError, struct.error, OverflowError,
           AttributeError, RecursionError)  # fmt: skip
_CHUNK = 256 * 1024
#: no comments: rarfile would write a file and start a program for them
rarfile.RAR_MAX_COMMENT = -1
_MAX_MEMBERS = 20_000
#: mark and main header of version 4
_SMALLEST = 20
_NO_PROGRAM = "RAR 压缩包暂不能自动打开"
#: rounds of the key derivation are 2 to this power at most: WinRAR writes 15; each round more doubles the time
_MAX_KDF = 20


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """Open a rar archive; raises Unreadable: encrypted (names too), corrupt, empty, unsupported (a part of several)."""
    archive = _parsed(data)
    password = None
    if archive.needs_password() and not archive.infolist():
        archive, password = _unlocked(data, budget.passwords)
    members = archive.infolist()
    if len(members) > _MAX_MEMBERS:
        raise Unreadable("too_large", "压缩包内文件过多")
    if any(member.flags & (rarfile.RAR_FILE_SPLIT_BEFORE | rarfile.RAR_FILE_SPLIT_AFTER) for member in members):
        raise Unreadable("unsupported", VOLUME)
    if not members:
        if archive.strerror() or len(data) < _SMALLEST:
            raise Unreadable("corrupt", "压缩包已损坏，无法打开")
        raise Unreadable("empty", "压缩包内没有文件")
    return Opened(_Members(archive, data, password, budget).entries())


def _parsed(data: bytes, password: str | None = None) -> rarfile.RarFile:
    try:
        archive = rarfile.RarFile(io.BytesIO(data))
        if password is not None:
            archive.setpassword(password)
    except rarfile.NeedFirstVolume:
        raise Unreadable("unsupported", VOLUME) from None
    except rarfile.RarWrongPassword:
        raise Unreadable("encrypted", LOCKED) from None
    except _ERRORS:
        raise Unreadable("corrupt" if password is None else "encrypted", "压缩包已损坏，无法打开") from None
    return archive


def _unlocked(data: bytes, passwords: Sequence[str]) -> tuple[rarfile.RarFile, str]:
    """An archive whose directory is encrypted, opened with the first password that fits."""
    for password in passwords:
        try:
            archive = _parsed(data, password)
        except Unreadable:
            continue
        if archive.infolist():
            return archive, password
    raise Unreadable("encrypted", LOCKED)


class _Members:
    """The files of one archive."""

    def __init__(self, archive: rarfile.RarFile, data: bytes, password: str | None, budget: Budget):
        self.archive, self.data, self.budget = archive, data, budget
        passwords = [password, *budget.passwords] if password else budget.passwords
        self.passwords, self.unsupported = tuple(dict.fromkeys(passwords)), False
        places = enumerate(archive.infolist())
        # links and "identical files as references" (file_redir) have no content of their own
        self.members = [(place, info) for place, info in places
                        if info.is_file() and info.file_redir is None and not is_litter(_name(info))]  # fmt: skip

    def entries(self) -> Iterator[Entry]:
        """In their order; neighbours that need the program are unpacked by one run of it."""
        waiting = list(self.members)
        while waiting:
            place, info = waiting.pop(0)
            if self._is_stored(info):
                yield self._stored(info)
                continue
            run, locked = [(place, info)], info.needs_password()
            while waiting and not self._is_stored(waiting[0][1]) and waiting[0][1].needs_password() == locked:
                run.append(waiting.pop(0))
            yield from self._packed(run)
        if self.unsupported:
            raise Unreadable("unsupported", _NO_PROGRAM)

    @staticmethod
    def _is_stored(info) -> bool:
        """Whether no program is needed; an empty member fits every password and proves none."""
        return info.file_size == 0 or (info.compress_type == rarfile.RAR_M0 and not info.needs_password())

    def _stored(self, info) -> Entry:
        if info.file_size > self.budget.bound():
            return _too_large(info)
        # not by rarfile, which opens the last member of that name
        return _checked(info, self.data[info.data_offset : info.data_offset + info.file_size], None)

    def _packed(self, run: list[tuple[int, object]]) -> Iterator[Entry]:
        if unar.program() is None:
            for _, info in run:
                yield Entry(_name(info), b"", size=info.file_size, problem="unsupported", detail=_NO_PROGRAM)
            self.unsupported = True
            return
        locked = run[0][1].needs_password()
        if locked and any(_kdf(info) > _MAX_KDF for _, info in run):
            raise Unreadable("unsupported", "压缩包的加密方式暂不支持")
        for password in self.passwords if locked else (None,):
            found = self._unpacked(run, password)
            first = next(found, None)
            if first is not None and (not locked or first.problem not in ("corrupt", "encrypted")):
                self.passwords = tuple(dict.fromkeys((password, *self.passwords))) if locked else self.passwords
                yield first
                yield from found
                return
        for _, info in run:
            yield Entry(_name(info), b"", size=info.file_size, problem="encrypted", detail=LOCKED)

    def _unpacked(self, run: list[tuple[int, object]], password: str | None) -> Iterator[Entry]:
        """The members from as few runs of the program as it takes: after a broken one it is started again."""
        left = list(run)
        while left:
            bounded = [(place, info) for place, info in left if info.file_size <= self.budget.bound(info.compress_size)]
            wanted = {place for place, _ in bounded}
            broken = False
            try:
                with unar.output(self.data, [place for place, _ in bounded], password) as process:
                    while left and not broken:
                        place, info = left.pop(0)
                        if place not in wanted or info.file_size > self.budget.bound(info.compress_size):
                            yield _too_large(info)
                            broken = place in wanted
                            continue
                        data = _exactly(process.stdout, info.file_size)
                        if not data and info.file_size and unar.is_broken(process):
                            left.insert(0, (place, info))
                            raise OSError("unar broke down")
                        entry = _checked(info, data, password)
                        broken = entry.problem is not None
                        yield entry
            except OSError:  # it cannot be started, or there is no memory for it
                self.unsupported = True
                while left:
                    yield Entry(_name(left.pop(0)[1]), b"", problem="unsupported", detail=_NO_PROGRAM)


def _exactly(stream, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (chunk := stream.read(min(_CHUNK, size - len(data)))):
        data += chunk
    return bytes(data)


def _checked(info, data: bytes, password: str | None) -> Entry:
    """The member, if its length and its sum are those that the directory tells."""
    if len(data) == info.file_size and _sums_match(info, data):
        return Entry(_name(info), data)
    problem = "encrypted" if password is not None else "corrupt"
    return Entry(_name(info), b"", size=info.file_size, problem=problem, detail=LOCKED if password else BROKEN_MEMBER)


def _sums_match(info, data: bytes) -> bool:
    """CRC-32 where the directory has a plain one; a keyed one (RAR5, encrypted) can only be checked by the program."""
    if getattr(info, "blake2sp_hash", None) and not _keyed(info):
        return rarfile.Blake2SP(data).digest() == info.blake2sp_hash
    if info.CRC is None or _keyed(info):
        return True
    return zlib.crc32(data) == info.CRC


def _keyed(info) -> bool:
    encryption = getattr(info, "file_encryption", None)
    return bool(encryption and encryption[1] & 0x02)


def _kdf(info) -> int:
    encryption = getattr(info, "file_encryption", None)
    return encryption[2] if encryption else 0


def _too_large(info) -> Entry:
    return Entry(_name(info), b"", size=info.file_size, problem="too_large", detail=TOO_LARGE_MEMBER)


def _name(info) -> str:
    """The path; old archives without Unicode names hold the bytes of the writer's code page."""
    raw = getattr(info, "orig_filename", None)
    if isinstance(raw, bytes) and not info.flags & rarfile.RAR_FILE_UNICODE:
        return decode_name(raw).replace("\\", "/")
    return info.filename
