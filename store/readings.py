"""Readings on disk: what a reader made of a file, so that the same file is never read twice.

A cache and nothing more: every entry can be made again from the raw mails. So nothing is synced, a write that fails is
given up, and whoever opens an entry checks it and takes a damaged one for none. Entries appear whole, by a rename, and
lie at `readings/<version>/<two characters>/<key>`; `readings/died/<version>/<sha256>` says which files killed the
reader of that version. Mode 0600, folders 0700.
"""

import contextlib
import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)

#: an entry that nobody asked for in so many days is removed: it holds people's data
MAX_IDLE_DAYS = 90
_DAY = 86400
#: after pruning, this share of the bound is in use
_LEFT = 0.8
_VERSION = re.compile(r"[0-9a-f]{16}")
_KEY = re.compile(r"[0-9a-f]{64}(?:-[0-9a-z]{1,32}){1,3}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ReadingFiles:
    """The kept readings of one data folder; safe for several threads and processes."""

    def __init__(self, data: Path, bound_bytes: int):
        self.folder = data / "readings"
        self._died = self.folder / "died"
        self._bound = bound_bytes
        self._lock = threading.Lock()
        #: bytes that may still be written before the next pruning; None: not looked yet
        self._room: int | None = None

    def find(self, version: str, key: str) -> BinaryIO | None:
        """The open entry, or None."""
        path = self._path(version, key)
        try:
            file = open(path, "rb")  # noqa: SIM115  handed to the caller
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if os.fstat(file.fileno()).st_mtime < time.time() - _DAY:
                os.utime(path)
        return file

    def keep(self, version: str, key: str, entry: bytes) -> None:
        """Write an entry, in the place of an older one. A full disk is no reason to fail: it is logged."""
        path = self._path(version, key)
        try:
            self._make_room(len(entry))
            _write(path, entry)
        except OSError as error:
            log.warning("action=reading-not-kept error=%s", error.strerror)

    def note_death(self, version: str, sha256: str) -> None:
        """Remember that a file killed its reader."""
        try:
            _write(self._died_at(version, sha256), b"")
        except OSError as error:
            log.warning("action=death-not-kept error=%s", error.strerror)

    def forget_death(self, version: str, sha256: str) -> None:
        """The file was read after all."""
        self._died_at(version, sha256).unlink(missing_ok=True)

    def deaths(self, version: str) -> frozenset[str]:
        """SHA-256 of every file that killed a reader of this version."""
        try:
            return frozenset(name for name in os.listdir(self._died / _checked(_VERSION, version)) if _SHA256.fullmatch(name))
        except OSError:
            return frozenset()

    def prune(self, wanted: int = 0) -> None:
        """Remove what nobody asked for in a long time, scraps of a crash, and of the rest the longest unused.

        `wanted`: bytes that are about to be written.
        """
        oldest = time.time() - MAX_IDLE_DAYS * _DAY
        found, scraps = [], time.time() - _DAY
        for entry in _files(self.folder):
            with contextlib.suppress(OSError):  # another process prunes too
                stat = entry.stat(follow_symlinks=False)
                if stat.st_mtime < (scraps if entry.name.startswith(".") else oldest):
                    os.unlink(entry.path)
                else:
                    found.append((stat.st_mtime, stat.st_size, entry.path))
        used = sum(size for _, size, _ in found)
        target = self._bound if used + wanted <= self._bound else self._bound * _LEFT - wanted
        for _, size, path in sorted(found):
            if used <= target:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                used -= size
        self._room = int(self._bound - used)

    def _make_room(self, size: int) -> None:
        with self._lock:
            if self._room is None or size > self._room:
                self.prune(size)
            self._room = max(0, (self._room or 0) - size)

    def _path(self, version: str, key: str) -> Path:
        return self.folder / _checked(_VERSION, version) / key[:2] / _checked(_KEY, key)

    def _died_at(self, version: str, sha256: str) -> Path:
        return self._died / _checked(_VERSION, version) / _checked(_SHA256, sha256)


def _checked(pattern: re.Pattern, name: str) -> str:
    """Keys come from processes that have read hostile files: a name must never lead elsewhere."""
    if not pattern.fullmatch(name):
        raise ValueError("not the name of a reading")
    return name


def _write(path: Path, data: bytes) -> None:
    """Under a name of its own until it is whole; mkstemp makes it 0600."""
    _make_folder(path.parent)
    descriptor, scrap = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(scrap, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(scrap)
        raise


def _make_folder(folder: Path) -> None:
    """Make a folder and what it lies in, each 0700."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _files(folder: Path) -> Iterator[os.DirEntry]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                yield entry
