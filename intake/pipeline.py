"""The life of one message, from the ledger to its rows and its answer: read, match, judge, decide, commit.

Reading runs in confined processes, several mails at once; everything after it runs here, one mail at a time in the order
of arrival, in ONE transaction for each mail. What fails is tried again later, then given up and kept for a person.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from intake import pending, settle
from intake.config import Config
from intake.confined.confine import ReaderPool
from intake.reading.read import read_mail_job
from rules.errors import IntakeError
from rules.survey import Survey
from store import processing
from store.database import Database, writing
from store.files import raw_path

log = logging.getLogger(__name__)

#: mails handed to the readers ahead of the one that is being committed, for each reader
_AHEAD = 4


def process_pending(config: Config, survey: Survey, database: Database, pool: ReaderPool, now: Callable[[], datetime],
                    stop: threading.Event | None = None, *, patient: bool = False,
                    tell: Callable[[], object] = lambda: None) -> int:
    """Process every message that waits and is due; returns how many were finished.

    `patient`: try failed ones again at once until they succeed or are given up. `tell` is called after each message.
    """
    finished, handed = 0, deque()
    while not (stop and stop.is_set()):
        _hand_out(config, database, pool, handed, now(), patient)
        if not handed:
            break
        message, future = handed.popleft()
        if _finish(config, survey, database, message, future, now):
            finished += 1
            _look_again(config, survey, database, pool, message, now)
        tell()
    for _, future in handed:
        future.cancel()
    processing.uncount_attempts(database, [message["id"] for message, _ in handed])
    return finished


def _hand_out(config: Config, database: Database, pool: ReaderPool, handed: deque, clock: datetime,
              patient: bool) -> None:
    """Keep the readers busy: when half of what was handed out is done, hand out more."""
    ahead = max(config.read.processes, 1) * _AHEAD
    if len(handed) > ahead // 2:
        return
    after = handed[-1][0]["id"] if handed else 0
    fresh = processing.pending(database, None if patient else clock, ahead, after)
    given_up = [message for message in fresh if message["attempts"] >= config.read.attempts]
    for message in given_up:
        # nobody counted its failures: each time the daemon itself went down
        processing.fail_attempt(database, message, "处理这封来信时服务多次中断", clock, config.read.attempts)
    fresh = [message for message in fresh if message not in given_up]
    processing.begin_attempts(database, [message["id"] for message in fresh])
    for message in fresh:
        path = raw_path(config.data, message["sha256"])
        # a person asked for it again; should a file kill its reader once more, the next attempt leaves it out
        anew = bool(message["read_anew"]) and message["attempts"] == 0
        handed.append((message, pool.submit(read_mail_job, str(path), message["sha256"], str(config.survey), config.read,
                                            anew=anew)))


def _finish(config: Config, survey: Survey, database: Database, message: dict, future,
            now: Callable[[], datetime]) -> bool:
    """Commit one message, or count its failure; True when it is done with, one way or the other."""
    try:
        reading = future.result()
        with writing(database):
            settled = settle.settle(config, survey, database, message, reading, now())
    except IntakeError as error:
        return _failed(config, database, message, str(error), now())
    except Exception as error:  # a bug that one mail brings out must not stop the others
        log.exception("action=processing-died message=%d", message["id"])
        return _failed(config, database, message, f"程序错误({type(error).__name__}),详见日志", now())
    log.info("action=processed message=%d kind=%s reply=%s", message["id"], settled.kind,
             settled.reply or settled.silence)
    return True


def _look_again(config: Config, survey: Survey, database: Database, pool: ReaderPool, message: dict,
                now: Callable[[], datetime]) -> None:
    """What the sender's form may have explained; when that fails, it is with a person as before."""
    try:
        pending.look_again(config, survey, database, pool, message["id"], now)
    except (IntakeError, OSError) as error:
        log.warning("action=look-again-failed message=%d error=%s", message["id"], error)


def _failed(config: Config, database: Database, message: dict, error: str, now: datetime) -> bool:
    given_up = processing.fail_attempt(database, message, error, now, config.read.attempts)
    log.warning("action=%s message=%d error=%s", "given-up" if given_up else "attempt-failed", message["id"], error)
    return given_up
