"""Containers: archives and mails whose files become files of their own; one module per family.

Each module has `open_container(data, name, budget) -> Opened`. It raises Unreadable where nothing can be had; while its
entries are drawn it may raise Unreadable too: what came before counts. Nothing is written to disk, and nothing is taken
beyond the budget, which all containers of one mail share.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from intake.config import ReadLimits
from rules.message import Message

#: what a small file may unpack to, whatever its ratio: a blank form packs 100:1
FREE_BYTES = 1024 * 1024
LOCKED = "压缩包设有密码"
BROKEN_MEMBER = "压缩包内该文件已损坏"
TOO_LARGE_MEMBER = "解压后的大小超出处理上限"
#: kind of file → its module
MODULES = {
    "zip": "zip_archive", "rar": "rar_archive", "7z": "seven_zip", "tar": "tar_archive",
    **dict.fromkeys(("gz", "bz2", "xz"), "compressed"), "eml": "mails", "mbox": "mbox", "msg": "msg", "tnef": "tnef",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in a container."""

    #: path as written, decoded, not yet made harmless; None where it has no name
    name: str | None
    data: bytes = field(repr=False)
    media_type: str = "application/octet-stream"
    #: length as declared, where the bytes are not here
    size: int | None = None
    #: one of `rules.reading.PROBLEMS` when it could not be had, and a word for people
    problem: str | None = None
    detail: str | None = None
    inline: bool = False
    content_id: str | None = None


@dataclass(slots=True)
class Opened:
    """An opened container."""

    #: drawn one after the other, so that no more is unpacked than is kept
    entries: Iterator[Entry]
    #: of a mail: what it says itself
    message: Message | None = None
    #: what is wrong although some of it can be read
    problem: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What may still be unpacked."""

    limits: ReadLimits
    #: bytes that are left of the mail's bound now
    room: Callable[[], int]
    #: passwords that the mail names, to be tried on what is locked
    passwords: tuple[str, ...] = ()

    def bound(self, packed: int | None = None) -> int:
        """Bytes that a member of so many packed bytes may have."""
        bound = min(self.limits.max_file_bytes, max(0, self.room()))
        return bound if packed is None else min(bound, max(FREE_BYTES, packed * self.limits.max_ratio))


def open_container(kind: str, data: bytes, name: str, budget: Budget) -> Opened:
    """Open a container of a kind of MODULES; raises Unreadable (`intake.readers`)."""
    module = importlib.import_module(f"intake.containers.{MODULES[kind]}")
    return module.open_container(data, name, budget)
