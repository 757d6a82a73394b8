"""Watch one mailbox: a turn over its folders, again and again, over one connection.

Polling is the truth; IDLE is a hint where a server has it. Log-ins are counted in the database, so that a daemon that
is restarted over and over does not hammer the server either (NetEase shuts out clients that do).
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from intake.config import Config, Mailbox
from intake.mailbox.batches import Hole
from intake.mailbox.collect import FolderReport, collect
from intake.mailbox.imap import Connection
from intake.mailbox.imap_errors import AuthFailed, FolderMissing, Refused, Unreachable, UnsafeLogin
from rules.errors import IntakeError, TransientError
from store.database import Database
from store.health import forget, note, noted

log = logging.getLogger(__name__)

#: the span in which log-ins are counted
LOG_IN_SPAN = timedelta(minutes=15)
#: pauses after failures, in seconds: first, longest
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
#: the same where a person has to act first (授权码失效, Unsafe Login)
FIRST_LONG_PAUSE, LONGEST_LONG_PAUSE = 900.0, 3600.0


class TooManyLogIns(TransientError):
    """The log-ins of this quarter of an hour are used up."""

    def __init__(self, message: str, until: datetime):
        self.until = until
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What one turn over a mailbox found, folder by folder."""

    address: str
    folders: tuple[FolderReport, ...]

    @property
    def new(self) -> int:
        """Mails that now wait to be processed."""
        return sum(folder.new for folder in self.folders)

    @property
    def skipped(self) -> int:
        """Mails older than the since-day, entered and left alone."""
        return sum(folder.skipped for folder in self.folders)

    @property
    def holes(self) -> tuple[tuple[str, int], ...]:
        """(folder, UID) of mails that the server lists and does not hand out."""
        return tuple((folder.folder, hole.uid) for folder in self.folders for hole in folder.holes)

    @property
    def missing_folders(self) -> tuple[str, ...]:
        return tuple(folder.folder for folder in self.folders if folder.missing)


def connect(mailbox: Mailbox, password: str, database: Database, now: datetime) -> Connection:
    """Log in, within the allowed number of log-ins; raises TooManyLogIns and what Connection.open raises."""
    name = f"logins:{mailbox.address}"
    recent = [at for at in noted(database, name, []) if now - LOG_IN_SPAN < datetime.fromisoformat(at) <= now]
    if len(recent) >= mailbox.logins_per_15_minutes:
        until = datetime.fromisoformat(recent[-mailbox.logins_per_15_minutes]) + LOG_IN_SPAN
        raise TooManyLogIns(f"15分钟内登录次数已达上限，{until:%H:%M:%S}之后再试，以免被邮箱服务商封禁。", until)
    # before the attempt: a crash in it must count too
    note(database, name, [*recent, now.isoformat()], now)
    try:
        return Connection.open(mailbox, password)
    except Unreachable:
        note(database, name, recent, now)
        raise


def watch_once(
    config: Config,
    mailbox: Mailbox,
    password: str,
    database: Database,
    now: Callable[[], datetime],
    connection: Connection | None = None,
    wake: Callable[[], None] = lambda: None,
    stop: Event | None = None,
) -> WatchReport:
    """One turn over all folders; without a connection it opens one and closes it again.

    Raises TransientError (ConnectionLost, Refused by every folder, TooManyLogIns, disk) or PermanentError (AuthFailed,
    UnsafeLogin); what was taken in until then is in the ledger. `wake` is called whenever something came to process.
    The outcome stands in `health`: `last_poll:<address>`, `mailbox:<address>:<folder>`, `mailbox_error:<address>`.
    """
    opened = None
    try:
        if connection is None:
            connection = opened = connect(mailbox, password, database, now())
        folders = []
        for name in mailbox.folders:
            folders.append(_look_into(config, mailbox, database, connection, name, now, wake, stop))
        _complain_if_all_failed(folders)
    except IntakeError as error:
        _note_error(database, mailbox, error, now())
        raise
    finally:
        if opened is not None:
            opened.close()
    note(database, f"last_poll:{mailbox.address}", now().isoformat(timespec="seconds"), now())
    forget(database, f"mailbox_error:{mailbox.address}")
    return WatchReport(mailbox.address, tuple(folders))


def watch(
    config: Config,
    mailbox: Mailbox,
    password: str,
    database: Database,
    stop: Event,
    wake: Callable[[], None],
    now: Callable[[], datetime],
) -> None:
    """Poll until `stop` is set; keeps the connection between polls, backs off when something fails.

    Errors of ours are noted in `health` and waited out. AuthFailed is raised after the wait, so that the caller reads
    the password anew: a person may have put a new 授权码 in its place. Anything else is a bug and is raised at once.
    """
    connection, failures = None, 0
    try:
        while not stop.is_set():
            try:
                connection = connection or connect(mailbox, password, database, now())
                watch_once(config, mailbox, password, database, now, connection, wake, stop)
                failures = 0
                _rest(connection, mailbox, stop)
            except IntakeError as error:
                if connection is not None:
                    connection.close()
                    connection = None
                failures += 1
                _note_error(database, mailbox, error, now())
                pause = pause_after(error, failures, random.random(), now())
                log.warning("action=watch-failed mailbox=%s pause=%.0f error=%s", mailbox.address, pause, error)
                stop.wait(pause)
                if isinstance(error, AuthFailed):
                    raise
    finally:
        if connection is not None:
            connection.close()


def pause_after(error: IntakeError, failures: int, chance: float, now: datetime) -> float:
    """Seconds to wait after the `failures`-th failure in a row; `chance` in [0, 1) spreads it by ± 20 %."""
    if isinstance(error, TooManyLogIns):
        return max((error.until - now).total_seconds(), 0.0) + 1 + chance * 10
    first, longest = FIRST_PAUSE, LONGEST_PAUSE
    if isinstance(error, AuthFailed | UnsafeLogin):
        first, longest = FIRST_LONG_PAUSE, LONGEST_LONG_PAUSE
    return min(first * 2 ** min(failures - 1, 20), longest) * (0.8 + 0.4 * chance)


def _rest(connection: Connection, mailbox: Mailbox, stop: Event) -> None:
    """Wait for the next turn; a hint by IDLE shortens the wait, never lengthens it."""
    if not connection.offers_idle:
        stop.wait(mailbox.poll_seconds)
        return
    try:
        connection.select(mailbox.folders[0])
    except FolderMissing:
        stop.wait(mailbox.poll_seconds)
        return
    if connection.idle(mailbox.poll_seconds, stop):
        # let a burst of arrivals come together
        stop.wait(min(1.0, mailbox.poll_seconds))


def _look_into(config, mailbox, database, connection, name, now, wake, stop) -> FolderReport:
    row = f"mailbox:{mailbox.address}:{name}"
    earlier = noted(database, row, {})
    try:
        folder = connection.select(name)
        same = earlier.get("uidvalidity") == folder.uidvalidity
        holes = [Hole(**hole) for hole in earlier.get("holes", [])] if same else []
        report = collect(
            config, mailbox, database, connection, folder, now, holes, wake, stop,
            on_loss=lambda report: note(database, row, report.as_json(), now()),
        )  # fmt: skip
    except FolderMissing:
        report = FolderReport(name, missing=True)
    except Refused as error:
        log.warning("action=folder-refused mailbox=%s folder=%s error=%s", mailbox.address, name, error)
        report = _failed(name, str(error), noted(database, row, {}))
    note(database, row, report.as_json(), now())
    return report


def _failed(name: str, error: str, latest: dict) -> FolderReport:
    """The folder's last state, with the error: the holes must not be forgotten."""
    holes = tuple(Hole(**hole) for hole in latest.get("holes", []))
    known = {key: latest[key] for key in ("uidvalidity", "mails", "ledger") if key in latest}
    return FolderReport(name, error=error, holes=holes, **known)


def _complain_if_all_failed(folders: list[FolderReport]) -> None:
    errors = [folder.error for folder in folders if folder.error]
    if errors and len(errors) == sum(not folder.missing for folder in folders):
        raise Refused(errors[0])


def _note_error(database: Database, mailbox: Mailbox, error: IntakeError, now: datetime) -> None:
    """Keep what is wrong, and since when, where `intake status` and the digest find it."""
    name = f"mailbox_error:{mailbox.address}"
    since = noted(database, name, {}).get("since", now.isoformat(timespec="seconds"))
    note(database, name, {"error": str(error), "kind": type(error).__name__, "since": since}, now)
