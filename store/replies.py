"""Answers as rows: what was answered before, and writing a new one (sending is `store.outbox`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store.database import Database, insert, one, rows
from store.processing import add_event

#: states in which a reply has gone out or may still go out
_COUNTS = "('held', 'queued', 'sending', 'sent', 'deferred', 'uncertain')"


@dataclass(frozen=True, slots=True)
class NewReply:
    """A reply to be written."""

    #: None: no mail's answer, a decision of the office made it due
    message_id: int | None
    kind: str
    to_address: str
    subject: str
    body: str
    smtp_message_id: str
    mime: bytes
    #: `queued`, `held` or `suppressed`
    state: str
    #: why it is suppressed or held
    reason: str | None
    content_key: str
    #: (submission id, its content key)
    submissions: tuple[tuple[int, str], ...]


def add_reply(database: Database, reply: NewReply, now: datetime) -> int:
    """Write a reply in the transaction of the mail that it answers; one per mail (a unique index sees to it)."""
    only = reply.submissions[0][0] if len(reply.submissions) == 1 else None
    identifier = insert(database, "replies", {
        "message_id": reply.message_id, "submission_id": only, "kind": reply.kind, "to_address": reply.to_address,
        "subject": reply.subject, "body": reply.body, "smtp_message_id": reply.smtp_message_id, "state": reply.state,
        "reason": reply.reason, "created_at": now.isoformat(timespec="seconds"), "content_key": reply.content_key,
        "mime": reply.mime})
    for submission_id, key in reply.submissions:
        # what it says of each, for the day when a replay finds otherwise
        database.conn.execute("INSERT INTO reply_submissions (reply_id, submission_id, status, missing) SELECT ?, id, status, "
                              "missing FROM submissions WHERE id = ?", [identifier, submission_id])
        if reply.state != "suppressed":
            database.conn.execute("UPDATE submissions SET answered_key = ? WHERE id = ?", [key, submission_id])
    add_event(database, now, f"reply-{reply.state}", message_id=reply.message_id, submission_id=only,
              detail={"reply": identifier, "kind": reply.kind, "reason": reply.reason})
    return identifier


def last_key(database: Database, submission_id: int) -> str | None:
    """The content key of the last answer about a submission."""
    return one(database, "SELECT answered_key FROM submissions WHERE id = ?", [submission_id])["answered_key"]


def count_as_told(database: Database, submission_id: int, key: str) -> None:
    """What a submission says now needs no answer of its own."""
    database.conn.execute("UPDATE submissions SET answered_key = ? WHERE id = ?", [key, submission_id])


def given_keys(database: Database, address: str, kind: str) -> frozenset[str]:
    """Content keys of every mail of that kind (`guidance`, `receipt`) given to an address."""
    found = rows(database, f"SELECT content_key FROM replies WHERE to_address = ? AND kind = ? AND state IN {_COUNTS}",
                 [address, kind])
    return frozenset(row["content_key"] for row in found if row["content_key"])


def answers_since(database: Database, address: str, now: datetime) -> int:
    """Answers written to an address in the 24 hours before `now`."""
    begin = (now - timedelta(days=1)).isoformat()
    return one(database, f"SELECT count(*) AS n FROM replies WHERE to_address = ? AND state IN {_COUNTS} AND "
               "julianday(created_at) > julianday(?)", [address, begin])["n"]


def note_bounce(database: Database, identifiers: tuple[str, ...], numbers: tuple[str, ...], recipients: tuple[str, ...],
                *, reason: str | None, failed: bool, dead: bool, message_id: int, now: datetime) -> list[int]:
    """Mark the replies that a bounce is about; returns their ids.

    A reply is found by our Message-ID, or by its address together with a 登记编号 that the bounce quotes: a bounce that
    names neither is kept but believed in nothing, since anybody can write one.
    """
    found = {row["id"]: row for row in _bounced(database, identifiers, numbers, recipients)}
    for reply in found.values():
        if failed:
            database.conn.execute("UPDATE replies SET state = 'failed', last_error = ? WHERE id = ? AND state IN "
                                  "('sent', 'uncertain', 'sending')", [reason, reply["id"]])
        if dead:
            insert(database, "dead_addresses", {
                "address": reply["to_address"], "message_id": message_id, "reason": reason,
                "at": now.isoformat(timespec="seconds")}, ignore=True)
        add_event(database, now, "bounced", message_id=message_id, submission_id=reply["submission_id"],
                  detail={"reply": reply["id"], "reason": reason, "dead": dead})
    return list(found)


def _bounced(database: Database, identifiers, numbers, recipients) -> list[dict]:
    columns = "SELECT r.id, r.submission_id, r.to_address FROM replies r"
    found = []
    if identifiers:
        found += rows(database, f"{columns} WHERE r.smtp_message_id IN ({_marks(identifiers)})", list(identifiers))
    if not found and numbers and recipients:
        found += rows(database, f"{columns} JOIN reply_submissions l ON l.reply_id = r.id JOIN submissions s ON "
                      f"s.id = l.submission_id WHERE s.number IN ({_marks(numbers)}) AND lower(r.to_address) IN "
                      f"({_marks(recipients)}) ORDER BY r.id DESC LIMIT 1", [*numbers, *recipients])
    return found


def _marks(values) -> str:
    return ", ".join("?" * len(values))
