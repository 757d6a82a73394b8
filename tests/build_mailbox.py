"""Builders for tests that take mail in: raw mails, a configuration, and what the ledger says afterwards."""

import hashlib
import random
from datetime import UTC, datetime
from pathlib import Path

from intake.config import Config, Mailbox
from intake.mailbox.watch import WatchReport, watch_once
from store.database import connect, rows
from store.files import raw_path

NOW = datetime(2019, 8, 10, 12, 0, tzinfo=UTC)


def now() -> datetime:
    """A clock that stands still."""
    return NOW


def raw_mail(number: int, size: int = 400, received: str = "") -> bytes:
    """A mail like no other, of about that many bytes; seeded, so always the same."""
    head = f"{received}From: 周勤 <p{number}@example.cn>\r\nTo: hdwxb2019@126.com\r\nSubject: mail {number}\r\n"
    head += f"Message-ID: <m{number}@example.cn>\r\n\r\n"
    body = random.Random(number).randbytes(max(size - len(head) - 4, 0) * 3 // 4 + 1).hex()
    lines = "\r\n".join(body[start : start + 76] for start in range(0, len(body), 76))
    return (head + lines)[: max(size, len(head))].encode() + b"\r\n"


def configuration(folder: Path, mailbox: Mailbox) -> Config:
    """A configuration with this one mailbox, its data in `folder`."""
    return Config(folder / "service.yaml", folder / "data", folder / "survey.yaml", (mailbox,), None)


class Ledger:
    """A database and raw files of their own, and one mailbox that is taken into them."""

    def __init__(self, folder: Path, user, **settings):
        self.user, self.mailbox = user, user.mailbox(**settings)
        self.config = configuration(folder, self.mailbox)
        self.database = connect(self.config.database)

    def turn(self, mailbox: Mailbox | None = None, clock=now, **more) -> WatchReport:
        """One turn over the mailbox."""
        return watch_once(self.config, mailbox or self.mailbox, self.user.password, self.database, clock, **more)

    def rows(self) -> list[dict]:
        return rows(self.database, "SELECT * FROM messages ORDER BY id")

    def kept(self) -> list[bytes]:
        """The raw bytes of every row that has some, in order; each is checked against its digest."""
        kept = []
        for row in self.rows():
            if row["sha256"]:
                raw = raw_path(self.config.data, row["sha256"]).read_bytes()
                assert hashlib.sha256(raw).hexdigest() == row["sha256"]
                kept.append(raw)
        return kept

    def close(self) -> None:
        self.database.close()
