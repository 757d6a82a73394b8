"""Drain the outbox: one mail after the other, paced, capped, and never twice.

The order of steps for one mail is the whole point: MAIL and RCPT → commit `sending` → DATA → commit what came of it.
Death before the commit leaves the mail queued, and the server has nothing; death after it leaves `sending`, which the
next deliverer turns into `uncertain`. One deliverer at a time: a lock on `deliver.lock` in the data folder.

What concerns the account (no network, wrong code, a quota) pauses the account and leaves the mails as they are; what
concerns one mail (unknown recipient, unwanted text) is that mail's alone.
"""

import logging
import random as dice
import threading
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from intake.config import Config
from intake.lock import exclusive
from intake.secrets import read_secret
from intake.sending import smtp_codes
from intake.sending.smtp import Ambiguous, Connection, Dropped, Refused
from intake.sending.smtp_codes import Verdict
from store import outbox, pacing
from store.database import Database
from store.outbox import OutboxItem, bare
from store.pacing import Pause

log = logging.getLogger(__name__)

#: how often the loop looks for due mail when nobody wakes it, in seconds
_IDLE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """What one draining of the outbox did."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    held: int = 0
    uncertain: int = 0
    suppressed: int = 0
    #: left queued for another day because a cap is reached
    postponed: int = 0
    #: found in `sending` and turned into `uncertain`
    recovered: int = 0
    #: still queued or deferred
    waiting: int = 0
    #: the account rests until then, and why (plain Chinese)
    paused_until: datetime | None = None
    pause_reason: str | None = None
    #: another process is delivering
    busy: bool = False
    #: there is no `smtp` in the configuration: nothing can be sent
    unconfigured: bool = False


@dataclass(slots=True)
class _Turn:
    """What one draining needs at every step."""

    config: Config
    database: Database
    connection: Connection
    now: Callable[[], datetime]
    sleep: Callable[[float], object]
    stopped: Callable[[], bool]
    random: Callable[[], float]
    done: dict[str, int] = field(default_factory=dict)
    #: mails for which a transaction was begun
    tried: int = 0
    #: a day, and what went out on it
    tally: tuple[date, outbox.SentCounts] | None = None

    def count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1


def deliver_once(
    config: Config,
    database: Database,
    now: Callable[[], datetime],
    password: str | None = None,
    sleep: Callable[[float], object] = clock.sleep,
    limit: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
    random: Callable[[], float] = dice.random,
) -> DeliverReport:
    """Send all that is due now, at most `limit` mails, waiting between two of them as `reply.seconds_between` says.

    `now` gives aware times; `password` spares looking it up. Raises ConfigError when the password cannot be had.
    """
    if config.smtp is None:
        return DeliverReport(waiting=outbox.waiting(database), unconfigured=True)
    with exclusive(config.data / "deliver.lock") as alone:
        if not alone:
            return DeliverReport(waiting=outbox.waiting(database), busy=True)
        recovered = outbox.recover(database, now())
        if password is None and config.smtp.password is not None:
            password = read_secret(config.smtp.password)
        with Connection(config.smtp, password) as connection:
            turn = _Turn(config, database, connection, now, sleep, stopped, random)
            _drain(turn, limit)
    resting = _resting(turn)
    return DeliverReport(
        **turn.done,
        recovered=recovered,
        waiting=outbox.waiting(database),
        paused_until=resting and resting.until,
        pause_reason=resting and resting.reason,
    )


def deliver_loop(
    config: Config,
    database: Database,
    stop: threading.Event,
    wake: threading.Event,
    now: Callable[[], datetime],
    beat: Callable[[DeliverReport], object] = lambda report: None,
) -> None:
    """Deliver until `stop` is set; `wake` says that something new stands in the outbox. `beat` is told of each turn.

    Starting it is a person's act: a pause for a wrong code or a dead server ends, so that what was mended is tried.
    """
    pause = pacing.last_pause(database)
    if pause and pause.mendable:
        pacing.unpause(database, "daemon", now())
    while not stop.is_set():
        wake.clear()
        report = deliver_once(config, database, now, sleep=stop.wait, stopped=stop.is_set)
        beat(report)
        for _ in range(_IDLE_SECONDS):
            # `stop` is looked at each second, whether or not who sets it also sets `wake`
            if stop.is_set() or wake.wait(1):
                break


def _drain(turn: _Turn, limit: int | None) -> None:
    tables = ("digest_mails",) if turn.config.reply.mode == "off" else outbox.TABLES
    last = None
    while limit is None or turn.tried < limit:
        mail = next(iter(outbox.due(turn.database, turn.now(), 1, tables)), None)
        if mail is None or mail == last or turn.stopped() or _resting(turn):
            return
        last = mail
        if _may_go(turn, mail) and _paced(turn):
            turn.tried += 1
            _send(turn, mail)


def _may_go(turn: _Turn, mail: OutboxItem) -> bool:
    """Caps and dead addresses; a report to the office is held back by neither."""
    if mail.table == "digest_mails":
        return True
    now = turn.now()
    if outbox.is_dead(turn.database, bare(mail.to_address)):
        outbox.mark_suppressed(turn.database, mail, "收件地址已退信，不再发送", now)
        turn.count("suppressed")
        return False
    reason = _cap_reached(turn, mail)
    if reason:
        outbox.postpone(turn.database, mail, _next_midnight(turn), reason, now)
        turn.count("postponed")
    return reason is None


def _cap_reached(turn: _Turn, mail: OutboxItem) -> str | None:
    policy, tally = turn.config.reply, _tally(turn)
    if tally.total >= policy.per_day:
        return f"今天已发 {tally.total} 封，达到每日上限（reply.per_day），明天再发"
    already = tally.replies_by_address.get(bare(mail.to_address), 0)
    if already >= policy.per_address_per_day:
        return f"今天已给此地址发 {already} 封，达到上限（reply.per_address_per_day），明天再发"
    return None


def _tally(turn: _Turn) -> outbox.SentCounts:
    """What went out today, by the office's own calendar; counted anew each midnight, and kept up by `_count_out`."""
    today = turn.now().astimezone(turn.config.time_zone).date()
    if turn.tally is None or turn.tally[0] != today:
        begin = datetime.combine(today, time(), turn.config.time_zone)
        turn.tally = today, outbox.sent_counts(turn.database, begin, _next_midnight(turn))
    return turn.tally[1]


def _count_out(turn: _Turn, mail: OutboxItem) -> None:
    today, counted = turn.now().astimezone(turn.config.time_zone).date(), turn.tally
    if counted is None or counted[0] != today:
        return  # it is in the database, and is counted when next asked
    by_address, address = dict(counted[1].replies_by_address), bare(mail.to_address)
    if mail.table == "replies":
        by_address[address] = by_address.get(address, 0) + 1
    turn.tally = today, outbox.SentCounts(counted[1].total + 1, by_address)


def _next_midnight(turn: _Turn) -> datetime:
    zone = turn.config.time_zone
    return datetime.combine(turn.now().astimezone(zone).date() + timedelta(days=1), time(), zone)


def _paced(turn: _Turn) -> bool:
    """Wait until the next mail may go; False when we are to stop meanwhile."""
    last, between = pacing.last_mail_at(turn.database), turn.config.reply.seconds_between
    if last is not None:
        passed = (turn.now() - last).total_seconds()
        if passed < between:
            # a clock that was set back must not make us wait for hours
            turn.sleep(min(between - passed, between))
    return not turn.stopped()


def _send(turn: _Turn, mail: OutboxItem) -> None:
    try:
        turn.connection.open()
    except Dropped as problem:
        return _rest(turn, Verdict("pause", str(problem)))
    except Refused as refusal:
        return _rest(turn, refusal.verdict)
    # before the recipient is named: addresses that are refused are paced too
    pacing.note_mail(turn.database, turn.now())
    try:
        turn.connection.address(bare(mail.to_address), mail.mime)
    except Dropped as problem:
        return _refused(turn, mail, Verdict("retry", str(problem), reconnect=True))
    except Refused as refusal:
        return _refused(turn, mail, refusal.verdict)
    if not outbox.claim(turn.database, mail, turn.now()):
        return turn.connection.reset()
    _hand_over(turn, mail)


def _hand_over(turn: _Turn, mail: OutboxItem) -> None:
    """DATA; `sending` is committed. Whatever kills us in here leaves the row to `recover`."""
    try:
        answer = turn.connection.transmit(mail.mime)
    except Dropped as problem:
        return _refused(turn, mail, Verdict("retry", str(problem), reconnect=True))
    except Refused as refusal:
        return _refused(turn, mail, refusal.verdict)
    except Ambiguous as problem:
        outbox.mark_uncertain(turn.database, mail, str(problem), turn.now())
        turn.count("uncertain")
        _count_out(turn, mail)
        return log.warning("action=uncertain mail=%s", mail.label)
    outbox.mark_sent(turn.database, mail, answer, turn.now())
    turn.count("sent")
    _count_out(turn, mail)
    log.info("action=sent mail=%s", mail.label)
    if pacing.last_pause(turn.database):
        pacing.unpause(turn.database, "daemon", turn.now())


def _refused(turn: _Turn, mail: OutboxItem, verdict: Verdict) -> None:
    """Write down what a refusal means for this mail, and for the account where it means something for it."""
    log.warning("action=%s mail=%s answer=%s", verdict.action, mail.label, verdict.answer)
    error = verdict.answer or verdict.reason
    if verdict.action == "pause":
        _put_off(turn, mail, _rest(turn, verdict), verdict)
    elif verdict.action == "hold":
        outbox.mark_held(turn.database, mail, verdict.reason, error, turn.now())
        turn.count("held")
    elif verdict.action == "retry" and not _given_up(turn, mail):
        until = smtp_codes.retry_at(verdict, mail.attempts + 1, turn.now(), turn.random())
        outbox.mark_deferred(turn.database, mail, until, verdict.reason, error, turn.now())
        turn.count("deferred")
    else:
        given_up = f"{turn.config.reply.give_up_hours} 小时内多次未能发出，已放弃："
        reason = verdict.reason if verdict.action == "failed" else given_up + verdict.reason
        outbox.mark_failed(turn.database, mail, reason, error, turn.now())
        turn.count("failed")
    if verdict.reconnect and verdict.action == "retry" and not verdict.answer:
        # the connection broke: without a rest every mail in the queue would cost a log-in
        _rest(turn, verdict)


def _put_off(turn: _Turn, mail: OutboxItem, until: datetime, verdict: Verdict) -> None:
    """The account rests: the mail waits as it is, or as `deferred` when its transaction had begun."""
    if not outbox.postpone(turn.database, mail, until, verdict.reason, turn.now()):
        outbox.mark_deferred(turn.database, mail, until, verdict.reason, verdict.answer or None, turn.now())
        turn.count("deferred")


def _given_up(turn: _Turn, mail: OutboxItem) -> bool:
    first = outbox.first_attempt_at(turn.database, mail)
    return first is not None and turn.now() - first >= timedelta(hours=turn.config.reply.give_up_hours)


def _rest(turn: _Turn, verdict: Verdict) -> datetime:
    """Pause the account, longer after each failure in a row; until when."""
    last, now = pacing.last_pause(turn.database), turn.now()
    count = last.count + 1 if last else 1
    until = smtp_codes.resume_at(verdict, count, now, turn.random())
    reason = " ".join(part for part in (verdict.reason, verdict.answer and f"({verdict.answer})") if part)
    # a quota is the provider's to end; a wrong code or name, or a server that cannot be reached, is ours
    mendable = verdict.login or not verdict.answer
    pacing.pause(turn.database, Pause(until, reason, count, mendable), now)
    log.warning("action=paused until=%s reason=%s", until.isoformat(timespec="seconds"), reason)
    return until


def _resting(turn: _Turn) -> Pause | None:
    found = pacing.last_pause(turn.database)
    return found if found and found.until > turn.now() else None
