"""The product's parts as the benchmark drives them: a private Dovecot, a configuration, a turn of each loop."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from build_config import SHANGHAI, configuration
from servers import Dovecot, User

from intake.config import Config, ReadLimits

#: the clock of the benchmark stands still inside the survey's window
NOW = datetime(2019, 8, 2, 10, 0, tzinfo=SHANGHAI)


def now() -> datetime:
    """The time."""
    return NOW


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """A folder that is gone afterwards; other users may enter it (Dovecot's mail user has to)."""
    path = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def quiet_disk() -> None:
    """Nothing of what was prepared waits to be written when the clock starts."""
    os.sync()


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """A private Dovecot with TLS."""
    with folder("dovecot") as root:
        running = Dovecot(root)
        try:
            yield running
        finally:
            running.stop()


def settings(place: Path, user: User, *, processes: int = 0) -> Config:
    """A configuration that watches the user's mailbox and keeps everything in `place`; production's values otherwise."""
    mailbox = replace(user.mailbox(), batch_bytes=8 * 1024 * 1024)
    return configuration(place, mailboxes=(mailbox,), read=ReadLimits(processes=processes))
