"""`intake import`: mails from files into the ledger, then the same pipeline until all are processed; sends nothing."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from intake import pipeline
from intake.config import Config
from intake.confined.confine import ReaderPool
from intake.lock import exclusive
from intake.mailbox import sources
from rules.survey import Survey
from store.database import Database, one
from store.files import keep_raw
from store.messages import enter_import

#: bytes read of a file's head to find the day of receipt
_HEAD = 256 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of an import."""

    entered: int
    #: mails whose bytes were in the ledger already
    known: int
    processed: int
    failed: int
    #: (name, plain Chinese)
    problems: tuple[tuple[str, str], ...]


def import_paths(config: Config, survey: Survey, database: Database, paths: Iterable[Path],
                 now: Callable[[], datetime]) -> ImportReport:
    """Enter every mail under `paths` in the order of their names, and wait until all are processed."""
    problems: list[tuple[str, str]] = []
    ids: list[int] = []
    known = 0
    for name, mail in tqdm(sources.mails(paths, lambda *problem: problems.append(problem)), desc="入库", unit="封",
                           disable=None, leave=False):
        entered = _enter(config, database, name, mail, now())
        if entered is None:
            known += 1
        else:
            ids.append(entered)
    _process(config, survey, database, ids, now)
    states = [one(database, "SELECT state FROM messages WHERE id = ?", [number])["state"] for number in ids]
    return ImportReport(len(ids), known, states.count("processed"), states.count("failed"), tuple(problems))


def _enter(config: Config, database: Database, name: str, mail: bytes | Path, now: datetime) -> int | None:
    mailbox = config.mailboxes[0].address if config.mailboxes else "import"
    if isinstance(mail, Path):
        with mail.open("rb") as file:
            received = sources.received_at_of_file(mail, file.read(_HEAD), now)
            file.seek(0)
            sha256, size = keep_raw(config.data, iter(lambda: file.read(_CHUNK), b""))
    else:
        received = sources.received_at(mail[:_HEAD], now) or now
        sha256, size = keep_raw(config.data, [mail])
    received_at = received.astimezone(config.time_zone).isoformat(timespec="seconds")
    return enter_import(database, name, sha256, size, received_at, now, mailbox)


def _process(config: Config, survey: Survey, database: Database, ids: list[int], now: Callable[[], datetime]) -> None:
    """Process here, or, while the daemon holds the work, wait for it."""
    with tqdm(total=len(ids), desc="处理", unit="封", disable=None, leave=False) as bar:
        while waiting := _waiting(database, ids):
            with exclusive(config.data / "process.lock") as held:
                if held:
                    with ReaderPool(config.survey, config.read, data=config.data) as pool:
                        pipeline.process_pending(config, survey, database, pool, now, patient=True,
                                                 tell=lambda: bar.update(1))
            bar.n = len(ids) - len(waiting)
            if not held:
                time.sleep(0.5)


def _waiting(database: Database, ids: list[int]) -> list[int]:
    if not ids:
        return []
    waiting = {row["id"] for row in database.query(
        "SELECT id FROM messages WHERE state = 'received' AND id BETWEEN ? AND ?", [min(ids), max(ids)])}
    return [number for number in ids if number in waiting]
