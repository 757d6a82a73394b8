"""Raw mails on disk, named by their SHA-256; written so that a crash at any instant leaves a whole file or none."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def raw_path(data: Path, sha256: str) -> Path:
    """Where the raw bytes of a mail lie."""
    return data / "raw" / sha256[:2] / f"{sha256}.eml"


def keep_raw(data: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write a mail's bytes durably and return (SHA-256, size).

    Chunks are written as they come, so a 50 MB mail is never held in memory.
    """
    return keep_all(data, [chunks])[0]


def keep_all(data: Path, mails: Iterable[Iterable[bytes]]) -> list[tuple[str, int]]:
    """Write several mails durably and return (SHA-256, size) of each; either all are kept or an error is raised.

    The bytes are fsync'd before the renames and the directories after them: once this returns, power may fail. The disk
    is waited for step by step for all mails together, which costs it half of what one mail after the other does.
    Mode 0600.
    """
    incoming = data / "raw" / "incoming"
    _make_folder(incoming)
    written: list[_Written] = []
    try:
        for chunks in mails:
            written.append(_Written(incoming))
            written[-1].write(chunks)
        for mail in written:
            mail.sync()
        for folder in {folder for mail in written for folder in _move(data, mail)}:
            _sync_folder(folder)
    except BaseException:
        for mail in written:
            mail.remove()
        raise
    return [(mail.sha256, mail.size) for mail in written]


class _Written:
    """A mail's bytes in a file that has no name of its own yet."""

    def __init__(self, folder: Path):
        descriptor, self.path = tempfile.mkstemp(dir=folder)
        self._file = os.fdopen(descriptor, "wb")
        self._digest, self.size = hashlib.sha256(), 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self._digest.update(chunk)
            self.size += len(chunk)
            self._file.write(chunk)
        self._file.flush()
        # Linux begins to write it out now, so that the wait in `sync` is short
        os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()

    def remove(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: it complained already
            self._file.close()
        if os.path.exists(self.path):
            os.unlink(self.path)


def _move(data: Path, mail: _Written) -> list[Path]:
    """Give the bytes their name; returns the folders that changed."""
    target = raw_path(data, mail.sha256)
    changed = [target.parent]
    if not target.parent.exists():
        target.parent.mkdir(exist_ok=True, mode=0o700)
        changed.append(target.parent.parent)
    os.replace(mail.path, target)
    return changed


def _make_folder(folder: Path) -> None:
    """Make a folder and what it lies in, each 0700 (mkdir's own `parents` would leave those to the umask)."""
    if folder.exists():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o700)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
