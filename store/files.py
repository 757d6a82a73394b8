"""Raw mails on disk, named by their SHA-256; written so that a crash at any instant leaves a whole file or none."""

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

    The bytes are fsync'd before the rename and the directory after it: once this returns, power may fail. Chunks are
    written as they come, so a 50 MB mail is never held in memory. Mode 0600.
    """
    incoming = data / "raw" / "incoming"
    _make_folder(incoming)
    digest, size = hashlib.sha256(), 0
    descriptor, temporary = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        target = raw_path(data, digest.hexdigest())
        _make_folder(target.parent)
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    return digest.hexdigest(), size


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
