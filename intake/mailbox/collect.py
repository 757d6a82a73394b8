"""One turn over one open folder: list, subtract what the ledger knows, fetch, keep the bytes, enter in the ledger.

Safe against a crash at any instant: a mail's raw bytes are on disk before its row commits, and whatever was not entered
is found again by the next listing. A mail that the server lists but does not hand out is a hole: it is remembered,
reported, and tried again, after everything else and alone, so that it cannot stop the others.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from intake.config import Config, Mailbox
from intake.mailbox.batches import Hole, is_large, plan_batches
from intake.mailbox.imap import Connection, Facts, Folder
from intake.mailbox.imap_errors import ConnectionLost, Refused
from intake.mailbox.sources import received_at
from rules.errors import TransientError
from store.database import Database
from store.files import keep_all, raw_path
from store.messages import BEFORE_SINCE, LedgerEntry, enter, known_uids, left_alone

#: rows in one transaction for mail that is left alone
LEFT_ALONE_ROWS = 1000
#: so many mails in a row that the server does not hand out end the turn: asking on would be hammering
MISSES_IN_A_ROW = 20
#: no mail was received before; an older INTERNALDATE comes from a botched migration
EARLIEST = 1990


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What one turn over one folder found."""

    folder: str
    #: the server has no such folder
    missing: bool = False
    #: why the folder could not be looked at, plain Chinese
    error: str | None = None
    uidvalidity: int | None = None
    #: mails in the folder now
    mails: int = 0
    #: how many of these stand in the ledger
    ledger: int = 0
    #: mails that now wait to be processed
    new: int = 0
    #: mails older than the since-day, entered and left alone
    skipped: int = 0
    #: mails in the ledger that are not in the folder any more
    vanished: int = 0
    holes: tuple[Hole, ...] = ()

    def as_json(self) -> dict:
        """The row of `health`."""
        return asdict(self)


@dataclass(slots=True)
class _Turn:
    """What the steps of one turn share."""

    config: Config
    mailbox: Mailbox
    database: Database
    connection: Connection
    folder: Folder
    now: Callable[[], datetime]
    holes: dict[int, Hole]
    wake: Callable[[], None]
    stop: Event | None
    new: int = 0
    skipped: int = 0
    misses: int = 0

    @property
    def zone(self) -> ZoneInfo:
        return self.config.time_zone


def collect(
    config: Config,
    mailbox: Mailbox,
    database: Database,
    connection: Connection,
    folder: Folder,
    now: Callable[[], datetime],
    holes: Sequence[Hole] = (),
    wake: Callable[[], None] = lambda: None,
    stop: Event | None = None,
    on_loss: Callable[[FolderReport], None] = lambda report: None,
) -> FolderReport:
    """Take in all new mail of an open folder; `holes` are those of the turn before.

    `wake` is called after each commit that brought something to process. When the connection dies, or the server hands
    out nothing any more, `on_loss` gets the report so far (with the mails that were in flight as holes) and
    ConnectionLost or Refused is raised.
    """
    turn = _Turn(config, mailbox, database, connection, folder, now, {hole.uid: hole for hole in holes}, wake, stop)
    listed = connection.uids()
    known = known_uids(database, mailbox.address, folder.name, folder.uidvalidity)
    wanted = sorted(set(listed) - known | _wanted_after_all(turn, listed))
    turn.holes = {uid: turn.holes[uid] for uid in wanted if uid in turn.holes}
    due = [hole for hole in turn.holes.values() if hole.is_due(now())]
    try:
        _take_in(turn, [uid for uid in wanted if uid not in turn.holes])
        for hole in sorted(due, key=lambda hole: (hole.losses, hole.tries, hole.uid)):
            _take_in(turn, [hole.uid])
    except (ConnectionLost, Refused):
        on_loss(_report(turn, listed, known))
        raise
    return _report(turn, listed, known)


def _take_in(turn: _Turn, uids: list[int]) -> None:
    facts = _facts(turn, uids)
    old = {uid: fact for uid, fact in facts.items() if _is_before_since(turn, _plausible(turn, fact))}
    _leave_alone(turn, old)
    wanted = {uid: fact for uid, fact in facts.items() if uid not in old}
    for batch in plan_batches(wanted, turn.mailbox.batch_bytes, turn.mailbox.part_bytes):
        if turn.stop is not None and turn.stop.is_set():
            return
        _take_in_batch(turn, {uid: wanted[uid] for uid in batch})


def _facts(turn: _Turn, uids: list[int]) -> dict[int, Facts]:
    """Size and date of each; those that the server leaves out are asked for one by one, and else become holes."""
    try:
        found = turn.connection.facts(uids)
    except Refused:
        found = {}
    for uid in uids:
        if uid not in found:
            found.update(_or_hole(turn, uid, lambda uid=uid: turn.connection.facts([uid])))
    return found


def _or_hole(turn: _Turn, uid: int, ask: Callable[[], dict]) -> dict:
    try:
        answer = ask()
    except Refused:
        answer = {}
    except ConnectionLost:
        _mark_hole(turn, uid, lost=True)
        raise
    if uid not in answer:
        _mark_hole(turn, uid)
    return answer


def _take_in_batch(turn: _Turn, batch: dict[int, Facts]) -> None:
    try:
        entries = dict(_keep(turn, batch))
    except Refused:
        entries = {}
    except ConnectionLost:
        for uid in batch:
            _mark_hole(turn, uid, lost=True)
        raise
    _enter(turn, entries)
    for uid in batch.keys() - entries.keys():
        if len(batch) == 1:
            _mark_hole(turn, uid)
        else:
            _take_in_batch(turn, {uid: batch[uid]})


def _keep(turn: _Turn, batch: dict[int, Facts]) -> Iterator[tuple[int, LedgerEntry]]:
    """Fetch a batch and bring its bytes safely to disk."""
    ((first, fact), *others) = batch.items()
    if not others and is_large(fact, turn.mailbox.part_bytes):
        parts = turn.connection.fetch_parts(first, fact.size, turn.mailbox.part_bytes)
        head = next(parts, None)
        if head is None and fact.size != 0:
            return
        ((sha256, size),) = _on_disk(turn, [_chain(head or b"", parts)])
        yield first, _entry(turn, first, fact, sha256, size)
        return
    fetched = turn.connection.fetch(list(batch)).items()
    bodies = {uid: body for uid, body in fetched if body or batch[uid].size == 0}
    kept = _on_disk(turn, ([body] for body in bodies.values()))
    for uid, (sha256, size) in zip(bodies, kept, strict=True):
        yield uid, _entry(turn, uid, batch[uid], sha256, size)


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _on_disk(turn: _Turn, mails: Iterable[Iterable[bytes]]) -> list[tuple[str, int]]:
    try:
        return keep_all(turn.config.data, mails)
    except OSError as error:
        place = turn.config.data
        raise TransientError(f"无法把邮件写入磁盘（{place}）：{error.strerror}。请检查磁盘空间和权限。") from error


def _entry(turn: _Turn, uid: int, fact: Facts, sha256: str, size: int) -> LedgerEntry:
    received = _plausible(turn, fact) or _from_header(raw_path(turn.config.data, sha256), turn.now())
    detail = (("announced_size", fact.size),) if fact.size is not None and fact.size != size else ()
    silence = BEFORE_SINCE if _is_before_since(turn, received) else None
    return _ledger_entry(turn, uid, sha256, size, received, silence, detail)


def _ledger_entry(turn: _Turn, uid: int, sha256, size, received: datetime, silence, detail=()) -> LedgerEntry:
    return LedgerEntry(
        turn.mailbox.address,
        turn.folder.name,
        turn.folder.uidvalidity,
        uid,
        sha256,
        size,
        received.astimezone(turn.zone).isoformat(timespec="seconds"),
        turn.now().isoformat(timespec="seconds"),
        silence,
        detail,
    )


def _from_header(path: Path, now: datetime) -> datetime:
    with path.open("rb") as file:
        return received_at(file.read(65536), now) or now


def _enter(turn: _Turn, entries: dict[int, LedgerEntry]) -> None:
    waiting = enter(turn.database, [entry for _, entry in sorted(entries.items())])
    turn.new += len(waiting)
    turn.skipped += sum(entry.silence is not None for entry in entries.values())
    for uid in entries:
        turn.holes.pop(uid, None)
        turn.misses = 0
    if waiting:
        turn.wake()


def _leave_alone(turn: _Turn, old: dict[int, Facts]) -> None:
    entries = {
        uid: _ledger_entry(turn, uid, None, fact.size, fact.internal_date, BEFORE_SINCE) for uid, fact in old.items()
    }
    uids = sorted(entries)
    for start in range(0, len(uids), LEFT_ALONE_ROWS):
        _enter(turn, {uid: entries[uid] for uid in uids[start : start + LEFT_ALONE_ROWS]})


def _mark_hole(turn: _Turn, uid: int, lost: bool = False) -> None:
    at = turn.now().isoformat(timespec="seconds")
    hole = turn.holes.get(uid) or Hole(uid, at, at, tries=0)
    turn.holes[uid] = replace(hole, last_tried=at, tries=hole.tries + 1, losses=hole.losses + lost)
    turn.misses += 1
    if turn.misses >= MISSES_IN_A_ROW and not lost:
        raise Refused(f"文件夹“{turn.folder.name}”中连续{turn.misses}封邮件取不到，下一轮再试。")


def _plausible(turn: _Turn, fact: Facts) -> datetime | None:
    """INTERNALDATE, unless it is absent or cannot be true; then the mail is fetched and its own header is asked."""
    date_ = fact.internal_date
    return date_ if date_ and date_.year >= EARLIEST and date_ <= turn.now() + timedelta(days=2) else None


def _is_before_since(turn: _Turn, received: datetime | None) -> bool:
    since: date | None = turn.mailbox.since
    return since is not None and received is not None and received.astimezone(turn.zone).date() < since


def _wanted_after_all(turn: _Turn, listed: Sequence[int]) -> set[int]:
    """Mail that was left alone under a later since-day than today's setting."""
    since = turn.mailbox.since
    alone = left_alone(turn.database, turn.mailbox.address, turn.folder.name, turn.folder.uidvalidity)
    return {
        uid
        for uid, received in alone.items()
        if since is None or datetime.fromisoformat(received).astimezone(turn.zone).date() >= since
    } & set(listed)


def _report(turn: _Turn, listed: Sequence[int], known: set[int]) -> FolderReport:
    present = known_uids(turn.database, turn.mailbox.address, turn.folder.name, turn.folder.uidvalidity)
    return FolderReport(
        turn.folder.name,
        uidvalidity=turn.folder.uidvalidity,
        mails=len(listed),
        ledger=len(present & set(listed)),
        new=turn.new,
        skipped=turn.skipped,
        vanished=len(known - set(listed)),
        holes=tuple(sorted(turn.holes.values(), key=lambda hole: hole.uid)),
    )
