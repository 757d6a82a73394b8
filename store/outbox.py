"""The outbox: the tables `replies` and `digest_mails` as one queue in which every mail rests in a named state.

    held ──approve──▶ queued ──claim──▶ sending ──▶ sent | deferred | failed | uncertain | held
                        ▲                              │ deferred: claimed again when `not_before` has come
                        └────────── release (a person) ┘

`claim` is the only way into `sending`, and it is committed (synchronous=FULL) before the first byte of the mail goes
out. It changes a row only if nobody else has: of two deliverers one gets the mail. A row found in `sending` by a
deliverer that starts may have been sent: it becomes `uncertain`, and only a person sends it again. Each change writes
an `events` row.

Times are compared as instants (julianday), whatever offset they are written with.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr

from store import digests
from store.database import Database, one, rows, writing
from store.processing import add_event

#: the two tables of the queue, in the order in which due mails go out: the few reports to the office first
TABLES = ("digest_mails", "replies")
#: states from which a mail may be claimed
WAITING = ("queued", "deferred")
#: states from which a person's `release` sends a mail (again)
RELEASABLE = ("held", "queued", "deferred", "failed", "uncertain")

#: a mail that was put off goes behind those that came meanwhile, so that it cannot block them
_TURN = "julianday(coalesce(not_before, created_at))"
_COLUMNS = "id, to_address, subject, smtp_message_id, state, attempts, reason, last_error, created_at, not_before"


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One mail of ours that waits, or that needs a person."""

    #: `replies` or `digest_mails`
    table: str
    id: int
    to_address: str
    subject: str
    #: our Message-ID, with angle brackets
    smtp_message_id: str
    #: the mail as it was composed, never changed afterwards
    mime: bytes = field(repr=False)
    state: str
    #: transactions begun for it
    attempts: int
    #: why it waits, or why it will not go out; plain Chinese
    reason: str | None
    #: the server's last refusal
    last_error: str | None
    created_at: str
    not_before: str | None
    message_id: int | None = None
    submission_id: int | None = None

    @property
    def label(self) -> str:
        """How people name it: `12` for a reply, `d3` for a mail of a digest."""
        return f"d{self.id}" if self.table == "digest_mails" else str(self.id)


@dataclass(frozen=True, slots=True)
class SentCounts:
    """What went out (or may have gone out) in a span of time, by lower-case address."""

    total: int
    replies_by_address: dict[str, int]


# -- what waits ------------------------------------------------------------------------------------------------------


def due(
    database: Database, now: datetime, limit: int | None = None, tables: Collection[str] = TABLES
) -> list[OutboxItem]:
    """Mails that may go out now, oldest first (digests before replies)."""
    when = "state IN ('queued', 'deferred') AND (not_before IS NULL OR julianday(not_before) <= julianday(?))"
    return _select(database, when, [now.isoformat()], tables, limit)


def list_items(database: Database, states: Collection[str] = ("held", *WAITING, "sending", "failed", "uncertain")):
    """The mails in any of `states`, oldest first, as a list of OutboxItem."""
    return _select(database, f"state IN ({_marks(states)})", list(states), TABLES, None)


def item(database: Database, table: str, id: int) -> OutboxItem | None:
    """One mail."""
    return next(iter(_select(database, "id = ?", [id], (table,), 1)), None)


def waiting(database: Database) -> int:
    """How many mails are queued or deferred."""
    return sum(
        one(database, f"SELECT count(*) AS n FROM {table} WHERE state IN ('queued', 'deferred')")["n"]
        for table in TABLES
    )


def first_attempt_at(database: Database, mail: OutboxItem) -> datetime | None:
    """When sending it was first tried, since a person last released it; None: never."""
    this = "message_id IS ? AND json_extract(detail, '$.table') = ? AND json_extract(detail, '$.id') = ?"
    which = [mail.message_id, mail.table, mail.id]
    found = one(
        database,
        f"SELECT at FROM events WHERE action IN ('sending', 'deferred') AND {this} AND id > coalesce((SELECT max(id) "
        f"FROM events WHERE action IN ('released', 'approved') AND {this}), 0) ORDER BY id LIMIT 1",
        which * 2,
    )
    return datetime.fromisoformat(found["at"]) if found else None


def is_dead(database: Database, address: str) -> bool:
    """Whether mail to that address is known to come back."""
    found = one(database, "SELECT 1 FROM dead_addresses WHERE lower(address) = lower(?)", [address])
    return found is not None


def sent_counts(database: Database, begin: datetime, end: datetime) -> SentCounts:
    """What went out in [begin, end); mails that only may have gone out count as sent."""
    span = [begin.isoformat(), end.isoformat()]
    within = "julianday({0}) >= julianday(?) AND julianday({0}) < julianday(?)"
    found = rows(
        database,
        "SELECT 'replies' AS source, to_address AS address FROM replies WHERE state = 'sent' AND "
        + within.format("sent_at")
        + " UNION ALL SELECT 'digest_mails', to_address FROM digest_mails WHERE state = 'sent' AND "
        + within.format("sent_at")
        + " UNION ALL SELECT json_extract(detail, '$.table'), json_extract(detail, '$.to') FROM events "
        "WHERE action = 'uncertain' AND " + within.format("at"),
        span * 3,
    )
    by_address: dict[str, int] = {}
    for row in found:
        if row["source"] == "replies":
            address = bare(row["address"])
            by_address[address] = by_address.get(address, 0) + 1
    return SentCounts(len(found), by_address)


def bare(address: str) -> str:
    """The address alone, lower case: what caps are counted by."""
    return (parseaddr(address)[1] or address).strip().lower()


# -- what the deliverer does -----------------------------------------------------------------------------------------


def claim(database: Database, mail: OutboxItem, now: datetime) -> bool:
    """queued | deferred → sending; True for exactly one caller. Commit this before DATA."""
    with writing(database):
        return _change(database, mail, WAITING, now, "sending", {"attempts": mail.attempts + 1, "reason": None})


def mark_sent(database: Database, mail: OutboxItem, answer: str, now: datetime) -> bool:
    """The server took it: sending | uncertain → sent; `answer` is its own words (`250 Mail OK queued as …`)."""
    values = {"sent_at": _stamp(now), "server_answer": answer, "last_error": None, "reason": None, "not_before": None}
    with writing(database):
        changed = _change(database, mail, ("sending", "uncertain"), now, "sent", values, answer=answer)
        if changed and mail.table == "digest_mails":
            digests.settle(database)
    return changed


def mark_deferred(
    database: Database, mail: OutboxItem, until: datetime, reason: str, error: str | None, now: datetime
) -> bool:
    """Not now: → deferred until `until`."""
    values = {"not_before": _stamp(until), "reason": reason, "last_error": error}
    return _settle(database, mail, now, "deferred", values, error=error, until=_stamp(until))


def mark_failed(database: Database, mail: OutboxItem, reason: str, error: str | None, now: datetime) -> bool:
    """Refused for good, or given up: → failed."""
    return _settle(database, mail, now, "failed", {"reason": reason, "last_error": error}, error=error)


def mark_held(database: Database, mail: OutboxItem, reason: str, error: str | None, now: datetime) -> bool:
    """The server does not want this text: → held, for a person."""
    return _settle(database, mail, now, "held", {"reason": reason, "last_error": error}, error=error)


def mark_uncertain(database: Database, mail: OutboxItem, reason: str, now: datetime) -> bool:
    """It may have been sent: sending → uncertain. Never sent again by itself."""
    with writing(database):
        return _change(database, mail, ("sending",), now, "uncertain", {"reason": reason, "last_error": reason})


def mark_suppressed(database: Database, mail: OutboxItem, reason: str, now: datetime) -> bool:
    """Not to be sent at all: queued | deferred → suppressed."""
    with writing(database):
        return _change(database, mail, WAITING, now, "suppressed", {"reason": reason})


def postpone(database: Database, mail: OutboxItem, until: datetime, reason: str, now: datetime) -> bool:
    """Leave it queued, but not before `until`; the reason says which cap stopped it."""
    with writing(database):
        values = {"not_before": _stamp(until), "reason": reason}
        return _change(database, mail, WAITING, now, mail.state, values, action="postponed", until=_stamp(until))


def recover(database: Database, now: datetime) -> int:
    """Rows left in `sending` by a deliverer that died → uncertain. Call it only while you are the one deliverer."""
    left = list_items(database, ("sending",))
    reason = "发送途中程序中断，无法确认对方服务器是否已收下"
    return sum(mark_uncertain(database, mail, reason, now) for mail in left)


# -- what a person does ----------------------------------------------------------------------------------------------


def approve(database: Database, ids: Iterable[int | str], actor: str, now: datetime) -> tuple[str, ...]:
    """held → queued. Returns the labels of those that changed; unknown ones are left out."""
    return _by_person(database, ids, ("held",), "queued", "approved", actor, now)


def hold(database: Database, ids: Iterable[int | str], actor: str, now: datetime) -> tuple[str, ...]:
    """queued | deferred → held."""
    return _by_person(database, ids, WAITING, "held", "held", actor, now, reason="由工作人员暂缓")


def release(database: Database, ids: Iterable[int | str], actor: str, now: datetime) -> tuple[str, ...]:
    """held | failed | uncertain | deferred → queued, due at once: a person decides that it is to be sent (again)."""
    return _by_person(database, ids, RELEASABLE, "queued", "released", actor, now)


def confirm_sent(database: Database, ids: Iterable[int | str], actor: str, now: datetime) -> tuple[str, ...]:
    """uncertain → sent: a person has seen that it arrived."""
    return _by_person(database, ids, ("uncertain",), "sent", "confirmed", actor, now, sent_at=_stamp(now))


def settle_uncertain(database: Database, message_ids_seen: Collection[str], now: datetime) -> tuple[str, ...]:
    """uncertain → sent for every mail whose Message-ID stands in 已发送; returns the labels of those settled."""
    seen = {_plain(message_id) for message_id in message_ids_seen}
    found = [m for m in list_items(database, ("uncertain",)) if _plain(m.smtp_message_id) in seen]
    return tuple(m.label for m in found if mark_sent(database, m, "在“已发送”文件夹中找到", now))


# -- beneath -----------------------------------------------------------------------------------------------------------


def _select(database: Database, when: str, parameters: list, tables: Collection[str], limit: int | None):
    found: list[OutboxItem] = []
    for table in (t for t in TABLES if t in tables):
        links = "message_id, submission_id" if table == "replies" else "NULL AS message_id, NULL AS submission_id"
        room = -1 if limit is None else limit - len(found)
        # first the order, then the mails: sorting must not carry thousands of bodies about
        chosen = f"SELECT id FROM {table} WHERE {when} ORDER BY {_TURN}, id LIMIT ?"
        sql = f"SELECT {_COLUMNS}, {links}, mime FROM {table} WHERE id IN ({chosen}) ORDER BY {_TURN}, id"
        found += [OutboxItem(table=table, **row) for row in rows(database, sql, [*parameters, room])]
    return found


def _settle(database: Database, mail: OutboxItem, now: datetime, state: str, values: dict, **detail) -> bool:
    """The server's refusal, before or after the claim; a refusal before it counts as an attempt too."""
    with writing(database):
        claimed = _change(database, mail, ("sending",), now, state, values, **detail)
        if claimed:
            return True
        return _change(database, mail, WAITING, now, state, {**values, "attempts": mail.attempts + 1}, **detail)


def _change(
    database: Database,
    mail: OutboxItem,
    allowed: Collection[str],
    now: datetime,
    state: str,
    values: dict,
    *,
    actor: str = "daemon",
    action: str | None = None,
    **detail,
) -> bool:
    """Move one row if it is still in one of the `allowed` states, and write the event; inside a transaction."""
    columns = {"state": state, **values}
    settings = ", ".join(f"{name} = ?" for name in columns)
    changed = database.conn.execute(
        f"UPDATE {mail.table} SET {settings} WHERE id = ? AND state IN ({_marks(allowed)})",
        [*columns.values(), mail.id, *allowed],
    ).rowcount
    if changed:
        told = {"table": mail.table, "id": mail.id, "to": mail.to_address, "reason": values.get("reason"), **detail}
        known = {name: value for name, value in told.items() if value is not None}
        _event(database, now, actor, action or state, mail, known)
    return changed == 1


def _by_person(database, ids, allowed, state, action, actor, now, reason=None, **values) -> tuple[str, ...]:
    changed = []
    for table, id in map(_place, ids):
        with writing(database):
            mail = item(database, table, id)
            columns = {"reason": reason, "not_before": None, **values}
            if mail and _change(database, mail, allowed, now, state, columns, actor=actor, action=action):
                changed.append(mail.label)
                if state == "sent" and table == "digest_mails":
                    digests.settle(database)
    return tuple(changed)


def _place(label: int | str) -> tuple[str, int]:
    text = str(label).strip().lower()
    table, number = ("digest_mails", text[1:]) if text.startswith("d") else ("replies", text)
    return table, int(number) if number.isdecimal() else -1


def _event(database: Database, now: datetime, actor: str, action: str, mail: OutboxItem | None, detail: dict) -> None:
    links = {"message_id": mail.message_id, "submission_id": mail.submission_id} if mail else {}
    add_event(database, now, action, actor=actor, detail=detail, **links)


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="seconds")


def _marks(values: Collection) -> str:
    return ", ".join("?" for _ in values)


def _plain(message_id: str) -> str:
    return message_id.strip().strip("<>").lower()
