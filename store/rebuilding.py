"""The conclusions of a shadow written into the database: only rows of what changed, inside the caller's transaction.

Rows of `events`, `decisions` and `account_history` are added to and never changed; nothing of `replies` is touched here.
"""

from collections.abc import Collection, Iterable

from store.database import Database, insert, one, rows, update

#: tables that hold what belongs to one submission, children of others first
_OF_SUBMISSION = ("papers", "materials", "unread_files", "submission_messages")


#: of these nothing follows for any submission: mail that waits to be processed, and who looked at what
_WITHOUT_CONSEQUENCE = ("received", "relocated", "login", "login-failed", "login-blocked", "logout", "revealed", "original-viewed",
                        "original-downloaded")


def last_event(database: Database) -> int:
    """The newest entry of the audit trail."""
    return one(database, "SELECT coalesce(max(id), 0) AS id FROM events")["id"]


def has_happened(database: Database, since: int) -> bool:
    """Whether anything of consequence has been done after that entry."""
    marks = ", ".join("?" * len(_WITHOUT_CONSEQUENCE))
    return one(database, f"SELECT 1 FROM events WHERE id > ? AND action NOT IN ({marks}) AND action NOT LIKE 'user-%' LIMIT 1",
               [since, *_WITHOUT_CONSEQUENCE]) is not None


def write_files(shadow: Database, database: Database, messages: Collection[int]) -> None:
    """Header fields, files and readings of mails that were read anew; what is no file any more is left for `drop_files`."""
    for message_id in sorted(messages):
        reading = one(shadow, "SELECT reading FROM readings WHERE message_id = ?", [message_id])
        if reading:
            database.conn.execute("INSERT INTO readings (message_id, reading) VALUES (?, ?) ON CONFLICT DO UPDATE SET reading = "
                                  "excluded.reading WHERE reading IS NOT excluded.reading", [message_id, reading["reading"]])
        names = "message_id, in_reply_to, from_address, from_name, reply_to, subject, sent_at, text, defects"
        _change(database, "messages", message_id, *(one(each, f"SELECT {names} FROM messages WHERE id = ?", [message_id])
                                                    for each in (database, shadow)))
        before = _by_id(database, "attachments", "message_id", message_id)
        for identifier, row in _by_id(shadow, "attachments", "message_id", message_id).items():
            if identifier in before:
                _change(database, "attachments", identifier, before[identifier], row)
            else:
                insert(database, "attachments", row)


def drop_files(shadow: Database, database: Database, messages: Collection[int]) -> None:
    """Files that an older reader found and the present one does not; containers after what was in them."""
    for message_id in sorted(messages):
        gone = set(_by_id(database, "attachments", "message_id", message_id)) - set(
            _by_id(shadow, "attachments", "message_id", message_id))
        for identifier in sorted(gone, reverse=True):
            database.conn.execute("DELETE FROM attachments WHERE id = ?", [identifier])


def open_submissions(shadow: Database, database: Database, submission_ids: Iterable[int], now: str) -> None:
    """The bare rows of submissions that are new; what they are is written afterwards, so that triggers see a change."""
    for identifier in submission_ids:
        row = one(shadow, "SELECT id, number, opened_at FROM submissions WHERE id = ?", [identifier])
        insert(database, "submissions", row | {"category": "unknown", "status": "review", "updated_at": now})


def write_accounts(shadow: Database, database: Database, submission_ids: Collection[int]) -> None:
    """The accounts of these submissions with their fields, and what newer mails replaced in them."""
    before = _of(database, "accounts", submission_ids)
    after = _of(shadow, "accounts", submission_ids)
    for identifier in {**before, **after}:
        database.conn.execute("DELETE FROM fields WHERE account_id = ?", [identifier])
    for identifier in set(before) - set(after):
        database.conn.execute("DELETE FROM accounts WHERE id = ?", [identifier])
    for identifier, row in after.items():
        if one(database, "SELECT 1 FROM accounts WHERE id = ?", [identifier]):
            update(database, "accounts", identifier, row)
        else:
            insert(database, "accounts", row)
        for field in rows(shadow, "SELECT * FROM fields WHERE account_id = ? ORDER BY id", [identifier]):
            insert(database, "fields", field | {"id": None})
        _write_history(shadow, database, identifier)


def _write_history(shadow: Database, database: Database, account_id: int) -> None:
    """What mails replaced there and the history does not know."""
    columns = "submission_id, name, old_value, new_value, message_id"
    for row in rows(shadow, "SELECT * FROM account_history WHERE account_id = ? AND message_id IS NOT NULL ORDER BY id",
                    [account_id]):
        known = one(database, f"SELECT 1 FROM account_history WHERE account_id = ? AND ({columns}) IS (?, ?, ?, ?, ?)",
                    [account_id, *(row[name] for name in columns.split(", "))])
        if known is None:
            insert(database, "account_history", row | {"id": None})


def write_parts(shadow: Database, database: Database, submission_id: int) -> None:
    """Documents, materials, unread files and mails of a submission."""
    for table in _OF_SUBMISSION:
        database.conn.execute(f"DELETE FROM {table} WHERE submission_id = ?", [submission_id])
        for row in rows(shadow, f"SELECT * FROM {table} WHERE submission_id = ? ORDER BY rowid", [submission_id]):
            insert(database, table, row | ({"id": None} if "id" in row else {}))
    write_doubts(shadow, database, "submission_id = ?", submission_id)


def write_doubts(shadow: Database, database: Database, which: str, identifier: int) -> None:
    """Open doubts as they are in the shadow; what was settled stays on record."""
    settled = rows(database, f"SELECT message_id, sentence FROM doubts WHERE {which} AND resolved_at IS NOT NULL", [identifier])
    known = [(row["message_id"], row["sentence"]) for row in settled]
    database.conn.execute(f"DELETE FROM doubts WHERE {which} AND resolved_at IS NULL", [identifier])
    for row in rows(shadow, f"SELECT * FROM doubts WHERE {which} ORDER BY id", [identifier]):
        key = row["message_id"], row["sentence"]
        if row["resolved_at"] and key in known:
            known.remove(key)
        else:
            insert(database, "doubts", row | {"id": None})


def write_former_keys(shadow: Database, database: Database) -> None:
    """What registrants were called besides; nothing of it is ever forgotten."""
    for row in rows(shadow, "SELECT * FROM former_keys"):
        insert(database, "former_keys", row, ignore=True)


def write_submission(database: Database, submission_id: int, before: dict, after: dict, now: str) -> None:
    """The conclusions about a submission; only columns that changed are written, since triggers watch some of them."""
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    if changed:
        update(database, "submissions", submission_id, changed | {"updated_at": now})


def write_kind(shadow: Database, database: Database, message_id: int) -> None:
    """What a mail is, and why it got no answer."""
    row = one(shadow, "SELECT kind, silence FROM messages WHERE id = ?", [message_id])
    update(database, "messages", message_id, row)


def _change(database: Database, table: str, identifier: int, before: dict, after: dict) -> None:
    changed = {name: value for name, value in after.items() if before[name] != value}
    if changed:
        update(database, table, identifier, changed)


def _by_id(database: Database, table: str, column: str, value: int) -> dict[int, dict]:
    return {row["id"]: row for row in rows(database, f"SELECT * FROM {table} WHERE {column} = ? ORDER BY id", [value])}


def _of(database: Database, table: str, submission_ids: Collection[int]) -> dict[int, dict]:
    found: dict[int, dict] = {}
    for submission_id in sorted(submission_ids):
        found |= _by_id(database, table, "submission_id", submission_id)
    return found
