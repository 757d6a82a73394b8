"""The life of a `messages` row after it was entered: attempts, failure, and what reading it brought."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from rules.message import Message
from rules.reading import FileReading, Reading
from store.database import Database, insert, one, rows, update, writing

#: pause before the second, third … attempt
_PAUSES = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))


def pending(database: Database, due: datetime | None, limit: int, after: int = 0) -> list[dict]:
    """Messages that wait for processing, with ids above `after`, in the order in which they arrived.

    `due`: leave out those whose next attempt is later; None: take them all.
    """
    return rows(database, "SELECT * FROM messages WHERE state = 'received' AND id > ?1 AND (?2 IS NULL OR "
                "next_attempt_at IS NULL OR julianday(next_attempt_at) <= julianday(?2)) ORDER BY id LIMIT ?3",
                [after, due.isoformat() if due else None, limit])


def begin_attempts(database: Database, message_ids: list[int]) -> None:
    """Count an attempt before it starts, so that a mail that kills the daemon is given up after a few."""
    if not message_ids:
        return
    with writing(database):
        for message_id in message_ids:
            database.conn.execute("UPDATE messages SET attempts = attempts + 1 WHERE id = ?", [message_id])


def uncount_attempts(database: Database, message_ids: list[int]) -> None:
    """Take back an attempt that was never made, because the daemon was asked to stop."""
    if not message_ids:
        return
    with writing(database):
        for message_id in message_ids:
            database.conn.execute("UPDATE messages SET attempts = max(attempts - 1, 0) WHERE id = ? AND "
                                  "state = 'received'", [message_id])


def fail_attempt(database: Database, message: dict, error: str, now: datetime, attempts: int) -> bool:
    """Put a message back for a later attempt, or give it up after `attempts`; True when it was given up."""
    made = message["attempts"] + 1
    given_up = made >= attempts
    pause = _PAUSES[min(made, len(_PAUSES)) - 1]
    with writing(database):
        database.conn.execute(
            "UPDATE messages SET state = ?, error = ?, next_attempt_at = ? WHERE id = ?",
            ["failed" if given_up else "received", error[:500], None if given_up else (now + pause).isoformat(),
             message["id"]])
        add_event(database, now, "failed" if given_up else "attempt-failed", message_id=message["id"],
                  detail={"error": error[:500], "attempt": made})
    return given_up


def retry(database: Database, message_ids: list[int], actor: str, now: datetime) -> list[int]:
    """Let messages that were given up be tried again, each file read anew; returns those that were."""
    retried = []
    with writing(database):
        for message_id in message_ids:
            changed = database.conn.execute(
                "UPDATE messages SET state = 'received', attempts = 0, next_attempt_at = NULL, read_anew = 1 WHERE "
                "id = ? AND state = 'failed'", [message_id]).rowcount
            if changed:
                retried.append(message_id)
                add_event(database, now, "retried", actor=actor, message_id=message_id)
    return retried


def record_reading(database: Database, message: dict, reading: Reading) -> list[int]:
    """Write the header fields and every file of a mail; returns the attachments' ids in the order of `reading.files`.

    To be called inside a transaction; what an earlier, interrupted processing left is replaced.
    """
    update(database, "messages", message["id"], _headers(reading.message))
    identifiers: list[int] = []
    for file in reading.files:
        cursor = database.conn.execute(
            "INSERT INTO attachments (message_id, parent_id, filename, media_type, size, sha256, role, problem, "
            "problem_detail, text, method, pages, inline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [message["id"], None if file.parent is None else identifiers[file.parent], file.filename or None,
             file.media_type, file.size, file.sha256, file.role, file.problem, file.problem_detail, file.text or None,
             file.method, file.pages, int(file.inline)])
        identifiers.append(cursor.lastrowid)
    return identifiers


def _headers(mail: Message) -> dict:
    return {
        "message_id": mail.message_id, "in_reply_to": mail.in_reply_to, "from_address": mail.from_address,
        "from_name": mail.from_name, "reply_to": mail.reply_to, "subject": mail.subject,
        "sent_at": mail.sent_at.isoformat() if mail.sent_at else None, "text": mail.text or None,
        "defects": json.dumps(mail.defects) if mail.defects else None}


def renew_reading(database: Database, message_id: int, reading: Reading, wanted: Collection[int]) -> dict[int, int]:
    """Write the header fields and files of a mail that was read anew over what an older reader had found.

    Every file keeps its row; what is no file any more goes, unless a decision is about it (`wanted`). Returns file of
    the reading → row in `attachments`.
    """
    update(database, "messages", message_id, _headers(reading.message))
    known = known_files(database, message_id, reading)
    for index, file in enumerate(reading.files):
        update(database, "attachments", known[index],
               _file_row(file, None if file.parent is None else known[file.parent]))
    left = {row["id"] for row in rows(database, "SELECT id FROM attachments WHERE message_id = ?", [message_id])}
    for identifier in sorted(left - set(known.values()) - set(wanted), reverse=True):
        database.conn.execute("DELETE FROM attachments WHERE id = ?", [identifier])
    return known


def keep_reading(database: Database, message_id: int, packed: bytes) -> None:
    """Keep what was read from a mail, in place of what was read before."""
    database.conn.execute("INSERT OR REPLACE INTO readings (message_id, reading) VALUES (?, ?)", [message_id, packed])


def kept_reading(database: Database, message_id: int) -> bytes | None:
    """What was read from a mail when it was last processed; None for one of an older version's time."""
    row = one(database, "SELECT reading FROM readings WHERE message_id = ?", [message_id])
    return row["reading"] if row else None


def known_files(database: Database, message_id: int, reading: Reading) -> dict[int, int]:
    """File of a mail that was read again → row in `attachments`; what an older reader did not find is entered now."""
    stored = rows(database, "SELECT * FROM attachments WHERE message_id = ? ORDER BY id", [message_id])
    known: dict[int, int] = {}
    for index, file in enumerate(reading.files):
        same = next((row for row in stored if (row["sha256"], row["filename"]) == (file.sha256, file.filename or None)), None)
        if same:
            stored.remove(same)
            known[index] = same["id"]
        else:
            known[index] = _insert_file(database, message_id, file, None if file.parent is None else known[file.parent])
    return known


def _insert_file(database: Database, message_id: int, file: FileReading, parent_id: int | None) -> int:
    return insert(database, "attachments", {"message_id": message_id, **_file_row(file, parent_id)})


def _file_row(file: FileReading, parent_id: int | None) -> dict:
    return {
        "parent_id": parent_id, "filename": file.filename or None, "media_type": file.media_type, "size": file.size,
        "sha256": file.sha256, "role": file.role, "problem": file.problem, "problem_detail": file.problem_detail,
        "text": file.text or None, "method": file.method, "pages": file.pages, "inline": int(file.inline)}


def finish(database: Database, message_id: int, kind: str, silence: str | None, now: datetime) -> None:
    """Mark a message as processed, with its kind and the reason why it got no reply (None where it got one)."""
    database.conn.execute(
        "UPDATE messages SET kind = ?, silence = ?, state = 'processed', error = NULL, processed_at = ?, read_anew = 0 "
        "WHERE id = ?",
        [kind, silence, now.isoformat(), message_id])


def add_event(database: Database, now: datetime, action: str, *, actor: str = "daemon", message_id: int | None = None,
              submission_id: int | None = None, detail: dict | None = None) -> None:
    """Append to the audit trail; `detail` holds no personal numbers."""
    database.conn.execute(
        "INSERT INTO events (at, actor, action, message_id, submission_id, detail) VALUES (?, ?, ?, ?, ?, ?)",
        [now.isoformat(timespec="seconds"), actor, action, message_id, submission_id,
         json.dumps(detail, ensure_ascii=False) if detail else None])
