"""What is due by the clock: reminders, the daily digest, and the database's own housekeeping."""

import logging
import os
import time
from datetime import datetime
from pathlib import Path

from intake.config import Config
from intake.office import digest, reminders, roster, towns
from rules.survey import Survey
from store import search
from store.database import Database

log = logging.getLogger(__name__)

#: seconds between two turns
TICK_SECONDS = 20
#: changed rows that are indexed for search in one turn
_MOST_INDEXED = 20_000
#: a write-ahead log larger than this means that some reader has been open for long
_WAL_WARNING = 256 * 1024 * 1024
#: an unfinished download older than this is left over from a crash, in seconds
_STALE = 24 * 3600


def turn(config: Config, survey: Survey, database: Database, now: datetime) -> int:
    """Do what is due; returns the number of digests that were made."""
    towns.refresh(database, survey, now)
    made = digest.run_due(config, survey, database, now)
    for one in made:
        log.info("action=digest day=%s", one.day)
    # after the digest: whatever goes wrong with them, the office has its report
    reminders.run_due(config, survey, database, now)
    roster.withdraw_untrue(config, survey, database, now)
    search.refresh(database, _MOST_INDEXED)
    database.conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
    _look_at_files(config.data)
    return len(made)


def _look_at_files(data: Path) -> None:
    wal = data / "intake.db-wal"
    if wal.exists() and wal.stat().st_size > _WAL_WARNING:
        log.warning("action=wal-large bytes=%d", wal.stat().st_size)
    incoming = data / "raw" / "incoming"
    if incoming.exists():
        for leftover in os.scandir(incoming):
            if time.time() - leftover.stat().st_mtime > _STALE:
                os.unlink(leftover.path)
