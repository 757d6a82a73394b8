"""Mails that were left to a person, looked at again when their sender's form comes.

A card or a certificate that names nobody whom we know goes to a person, because nothing surely says whose it is. When a
later mail of the same sender brings the form that names its holder, it does say so: the mail is read again and taken in.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from intake import settle
from intake.config import Config
from intake.confined.confine import ReaderPool
from intake.desk.answer_decision import Standing, answer_decision, standing_of
from intake.reading.read import read_mail_job
from rules.answer import SubmissionOutcome
from rules.survey import Survey
from store import processing
from store.database import Database, one, rows, writing
from store.files import raw_path

log = logging.getLogger(__name__)

#: of one sender; a person has to see to the others
_MOST = 10


def look_again(config: Config, survey: Survey, database: Database, pool: ReaderPool, message_id: int,
               now: Callable[[], datetime], answer: Callable = answer_decision) -> int:
    """After a mail was processed: what of its sender still waits for a person; returns how many could be taken in.

    `answer`: what is done about the answer that becomes due (a replay answers nobody).
    """
    return sum(_take_in(config, survey, database, pool, row, now(), answer) for row in _waiting(database, message_id))


def _waiting(database: Database, message_id: int) -> list[dict]:
    # few doubts are open at any time: they are looked up first
    waiting = rows(database, "SELECT m.* FROM doubts d JOIN messages m ON m.id = d.message_id WHERE d.submission_id IS NULL "
                   "AND d.resolved_at IS NULL AND m.id <> ?1 AND m.kind = 'supplement' AND m.state = 'processed' AND "
                   "m.from_address = (SELECT from_address FROM messages WHERE id = ?1) AND NOT EXISTS (SELECT 1 FROM "
                   f"submission_messages l WHERE l.message_id = m.id) GROUP BY m.id ORDER BY m.id LIMIT {_MOST}",
                   [message_id])
    return waiting if waiting and _brought_a_form(database, message_id) else []


def _brought_a_form(database: Database, message_id: int) -> bool:
    return one(database, "SELECT 1 FROM accounts WHERE message_id = ?", [message_id]) is not None


def _take_in(config: Config, survey: Survey, database: Database, pool: ReaderPool, row: dict, now: datetime,
             answer: Callable) -> bool:
    reading = pool.submit(read_mail_job, str(raw_path(config.data, row["sha256"])), row["sha256"], str(config.survey),
                          config.read).result()
    with writing(database):
        files = processing.known_files(database, row["id"], reading)
        sure = settle.sure_claims(config, survey, database, row, reading, files, now)
        if not sure:
            return False
        before = {target: standing_of(database, survey, target) for _, target in sure}
        outcomes: dict[int, SubmissionOutcome] = {}
        for claim, target in sure:
            (outcomes[target],) = settle.settle_by_hand(
                config, survey, database, row, reading, files, [claim], target, now, "name")
        _tell(config, survey, database, row, [(before[target], outcome) for target, outcome in outcomes.items()], now,
              answer)
    log.info("action=taken-in-later message=%d", row["id"])
    return True


def _tell(config: Config, survey: Survey, database: Database, row: dict, changed: list[tuple[Standing, SubmissionOutcome]],
          now: datetime, answer: Callable) -> None:
    """The doubt is gone; who lacks something else now, or nothing more, is told."""
    database.conn.execute("UPDATE doubts SET resolved_at = ?, resolved_by = 'daemon' WHERE message_id = ? AND "
                          "submission_id IS NULL AND resolved_at IS NULL", [now.isoformat(timespec="seconds"), row["id"]])
    for before, outcome in changed:
        processing.add_event(database, now, "taken-in-later", message_id=row["id"], submission_id=outcome.id)
        answer(config, survey, database, before, outcome, f"mail {row['id']}", now)
