"""The readings that the children of one pool share: who asks for a file that another is just reading waits for it.

A child asks by key and never sees a folder; whatever it says is checked (`store.readings`).
"""

import threading
import time
from collections.abc import Iterable
from typing import BinaryIO

from intake.reading.version import ReaderVersion
from store.readings import ReadingFiles

#: a file that kills its reader while another waits for it
LETHAL = object()


class SharedReadings:
    """Kept readings, and who reads what now. A reader reads one file at a time, so nobody waits in a circle."""

    def __init__(self, files: ReadingFiles):
        self._files = files
        self._changed = threading.Condition()
        self._readers: dict[tuple[str, str], object] = {}
        self._closed = False

    def find(self, version: ReaderVersion, key: str, reader: object, until: float) -> BinaryIO | object | None:
        """The open entry, LETHAL, or None: then `reader` is to read the file, and others wait for it."""
        self.leave(reader)
        place = version.documents, key
        found = self._files.find(*place)
        if found:
            return found
        with self._changed:
            while place in self._readers and not self._closed and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            if key[:64] in self._files.deaths(version.whole):
                return LETHAL
            found = self._files.find(*place)
            if not found:
                self._readers.setdefault(place, reader)
            return found

    def keep(self, version: ReaderVersion, key: str, entry: bytes) -> None:
        """A file was read."""
        self._files.keep(version.documents, key, entry)

    def deaths(self, version: ReaderVersion) -> frozenset[str]:
        """SHA-256 of the files that are not to be opened."""
        return self._files.deaths(version.whole)

    def note_death(self, version: ReaderVersion, sha256: str) -> None:
        """A file killed its reader."""
        self._files.note_death(version.whole, sha256)

    def forget_death(self, version: ReaderVersion, sha256: str) -> None:
        """A file was opened, and its reader lives."""
        self._files.forget_death(version.whole, sha256)

    def leave(self, reader: object) -> None:
        """A reader is done with its file; whoever waits for it looks again."""
        with self._changed:
            done = [place for place, holder in self._readers.items() if holder is reader]
            for place in done:
                del self._readers[place]
            if done:
                self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class SharedWith:
    """The shared readings as one job sees them (`intake.reading.kept.Kept` for a job that runs in this process)."""

    def __init__(self, shared: SharedReadings, version: ReaderVersion, seconds: float):
        self.version, self._shared, self._seconds = version, shared, seconds

    def open(self, key: str) -> BinaryIO | object | None:
        """As `SharedReadings.find`; waits somewhat longer than one file may take, so as to hear of its reader's death."""
        return self._shared.find(self.version, key, self, time.monotonic() + 1.5 * self._seconds)

    def find(self, key: str) -> bytes | None:
        """The entry's bytes."""
        found = self.open(key)
        if found is None or found is LETHAL:
            return None if found is None else b""
        with found:
            return found.read() or None

    def keep(self, key: str, entry: bytes) -> None:
        """Keep it for the next."""
        self._shared.keep(self.version, key, entry)
        self._shared.leave(self)

    def deaths(self) -> frozenset[str]:
        """SHA-256 of the files that are not to be opened."""
        return self._shared.deaths(self.version)

    def note_death(self, sha256: str) -> None:
        """The job died of a file, surely of this one."""
        self._shared.note_death(self.version, sha256)

    def survived(self, sha256s: Iterable[str]) -> None:
        """The job opened these files and lives: none of them is to be left out any more."""
        for sha256 in self.deaths().intersection(sha256s):
            self._shared.forget_death(self.version, sha256)

    def leave(self) -> None:
        """The job is over."""
        self._shared.leave(self)
