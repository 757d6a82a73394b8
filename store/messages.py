"""The ledger half of `messages`: which mails are known, and entering new ones.

A mail is known by (mailbox, folder, UIDVALIDITY, UID) and by the SHA-256 of its bytes; never by a flag, a high-water
mark or its Message-ID. A row is written only after the raw bytes are safely on disk (`store.files.keep_raw`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.database import Database, one, rows, writing

#: `messages.silence` of mail that is older than the mailbox's since-day
BEFORE_SINCE = "before-since"
#: `messages.silence` of mail whose bytes are known already
DUPLICATE = "duplicate"
#: `messages.folder` of mail taken from files
IMPORT_FOLDER = "import"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One mail to be entered; its bytes are on disk already."""

    mailbox: str
    folder: str
    uidvalidity: int | None
    uid: int | None
    #: None for mail that is left alone and was not fetched
    sha256: str | None
    size: int | None
    #: ISO 8601 with offset
    received_at: str
    #: ISO 8601 with offset
    entered_at: str
    #: `before-since` for mail that is left alone, else None
    silence: str | None = None
    #: more for the audit trail, e.g. a size that differs from the one announced
    detail: tuple[tuple[str, str | int], ...] = ()


def known_uids(db: Database, mailbox: str, folder: str, uidvalidity: int) -> set[int]:
    """Every UID of the folder that stands in the ledger under this UIDVALIDITY."""
    sql = "SELECT uid FROM messages WHERE mailbox = ? AND folder = ? AND uidvalidity = ?"
    return {uid for (uid,) in db.conn.execute(sql, (mailbox, folder, uidvalidity))}


def left_alone(db: Database, mailbox: str, folder: str, uidvalidity: int) -> dict[int, str]:
    """UID → received_at of mail that was never fetched because it was older than the since-day of its time."""
    sql = """SELECT uid, received_at FROM messages
             WHERE mailbox = ? AND folder = ? AND uidvalidity = ? AND silence = ? AND sha256 IS NULL"""
    return dict(db.conn.execute(sql, (mailbox, folder, uidvalidity, BEFORE_SINCE)))


def enter(db: Database, entries: Sequence[LedgerEntry]) -> list[int]:
    """Enter mails in one transaction; return the ids of the rows that now wait to be processed, in order.

    A mail that is in the ledger already is not entered again. One whose bytes are known in the same folder under
    another UIDVALIDITY is re-located; one whose bytes are known elsewhere gets a row of its own that is done at once
    (silence `duplicate`) and points to the first.
    """
    with writing(db):
        entered = [_enter_one(db, entry) for entry in entries]
    return [row for row in entered if row is not None]


def enter_import(
    db: Database,
    path_name: str,
    sha256: str,
    size: int,
    received_at: str,
    now: datetime,
    mailbox: str = "import",
) -> int | None:
    """Enter a mail taken from a file; return the id of its row, or None where these bytes are known anywhere."""
    at = now.isoformat(timespec="seconds")
    with writing(db):
        if _first_with_bytes(db, sha256) is not None:
            return None
        entry = LedgerEntry(
            mailbox, IMPORT_FOLDER, None, None, sha256, size, received_at, at, detail=(("file", path_name),)
        )
        return _insert(db, entry, None)


def copy_kind_to_duplicates(db: Database, message_id: int) -> int:
    """Give the duplicates of a processed message its kind; return how many there are."""
    with writing(db):
        sql = "UPDATE messages SET kind = (SELECT kind FROM messages WHERE id = ?) WHERE duplicate_of = ?"
        return db.conn.execute(sql, (message_id, message_id)).rowcount


def counts_by_folder(db: Database) -> list[dict]:
    """Rows of the ledger by mailbox and folder: `messages` in all, `waiting`, `processed`, `failed`, `duplicates`,
    `before_since`."""
    return rows(
        db,
        """SELECT mailbox, folder, count(*) AS messages, sum(state = 'received') AS waiting,
                  sum(state = 'processed') AS processed, sum(state = 'failed') AS failed,
                  sum(coalesce(silence = 'duplicate', 0)) AS duplicates,
                  sum(coalesce(silence = 'before-since', 0)) AS before_since
           FROM messages GROUP BY mailbox, folder ORDER BY mailbox, folder""",
    )


def _enter_one(db: Database, entry: LedgerEntry) -> int | None:
    here = _at_place(db, entry)
    if here is not None:
        return _take_up(db, entry, here["id"]) if here["sha256"] is None and entry.sha256 is not None else None
    moved = _under_other_uidvalidity(db, entry)
    if moved is not None:
        _relocate(db, entry, moved)
        return None
    original = _first_with_bytes(db, entry.sha256) if entry.sha256 else None
    row = _insert(db, entry, original)
    return row if original is None and entry.silence is None else None


def _at_place(db: Database, entry: LedgerEntry) -> dict | None:
    sql = "SELECT id, sha256 FROM messages WHERE mailbox = ? AND folder = ? AND uidvalidity = ? AND uid = ?"
    return one(db, sql, (entry.mailbox, entry.folder, entry.uidvalidity, entry.uid))


def _under_other_uidvalidity(db: Database, entry: LedgerEntry) -> int | None:
    """The row of the same mail from before the folder's UIDs were renumbered (RFC 3501 section 2.3.1.1).

    Mail that was never fetched is recognised by size and date.
    """
    if entry.sha256 is not None:
        condition, values = "sha256 = ?", (entry.sha256,)
    else:
        # the plus keeps SQLite from walking through all rows without bytes: the time is the narrower key
        condition, values = "+sha256 IS NULL AND size = ? AND received_at = ?", (entry.size, entry.received_at)
    sql = f"""SELECT id FROM messages WHERE {condition} AND mailbox = ? AND folder = ? AND uidvalidity <> ?
              ORDER BY id LIMIT 1"""
    found = one(db, sql, (*values, entry.mailbox, entry.folder, entry.uidvalidity))
    return found and found["id"]


def _first_with_bytes(db: Database, sha256: str) -> dict | None:
    sql = "SELECT id, kind, state FROM messages WHERE sha256 = ? ORDER BY duplicate_of IS NOT NULL, id LIMIT 1"
    return one(db, sql, (sha256,))


def _relocate(db: Database, entry: LedgerEntry, row: int) -> None:
    sql = "UPDATE messages SET uidvalidity = ?, uid = ? WHERE id = ?"
    db.conn.execute(sql, (entry.uidvalidity, entry.uid, row))
    _record(db, entry, row, "relocated")


def _take_up(db: Database, entry: LedgerEntry, row: int) -> int | None:
    """Mail that had been left alone is wanted after all (the since-day was moved), and its bytes have come."""
    original = _first_with_bytes(db, entry.sha256)
    state, silence, at = _state(entry, original)
    db.conn.execute(
        """UPDATE messages SET sha256 = ?, size = ?, received_at = ?, state = ?, silence = ?, processed_at = ?,
                  duplicate_of = ?, kind = ? WHERE id = ?""",
        (entry.sha256, entry.size, entry.received_at, state, silence, at, *_of(original), row),
    )
    _record(db, entry, row, "received", original)
    return row if state == "received" else None


def _insert(db: Database, entry: LedgerEntry, original: dict | None) -> int:
    state, silence, at = _state(entry, original)
    cursor = db.conn.execute(
        """INSERT INTO messages (mailbox, folder, uidvalidity, uid, sha256, size, received_at, entered_at, state,
                                 silence, processed_at, duplicate_of, kind)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (entry.mailbox, entry.folder, entry.uidvalidity, entry.uid, entry.sha256, entry.size, entry.received_at,
         entry.entered_at, state, silence, at, *_of(original)),
    )  # fmt: skip
    _record(db, entry, cursor.lastrowid, "received", original)
    return cursor.lastrowid


def _state(entry: LedgerEntry, original: dict | None) -> tuple[str, str | None, str | None]:
    if original is not None:
        return "processed", DUPLICATE, entry.entered_at
    if entry.silence is not None:
        return "processed", entry.silence, entry.entered_at
    return "received", None, None


def _of(original: dict | None) -> tuple[int | None, str | None]:
    """(duplicate_of, kind) of a row: the kind only once the original is processed."""
    if original is None:
        return None, None
    return original["id"], original["kind"] if original["state"] == "processed" else None


def _record(db: Database, entry: LedgerEntry, row: int, action: str, original: dict | None = None) -> None:
    detail = {"folder": entry.folder, "uidvalidity": entry.uidvalidity, "uid": entry.uid, **dict(entry.detail)}
    if original is not None:
        detail["duplicate_of"] = original["id"]
    elif entry.silence is not None:
        detail["silence"] = entry.silence
    db.conn.execute(
        "INSERT INTO events (at, actor, action, message_id, detail) VALUES (?, 'daemon', ?, ?, ?)",
        (entry.entered_at, action, row, json.dumps(detail, ensure_ascii=False)),
    )
