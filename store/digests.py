"""What the daily report counts and lists, its rows in `digests`, and its mails in `digest_mails`.

Days are half-open spans of instants: a time column is compared as seconds since 1970, whatever offset it is written
with, so a mail of 00:00:00 belongs to the new day and one of 23:59:59 to the old one.
"""

import json
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from store.database import Database, one, rows

#: in a report a mail is counted under exactly one of these
MAIL_BUCKETS = ("registration", "supplement", "inquiry", "unrelated", "automatic", "bounce", "own", "duplicate",
                "left_alone", "received", "failed")
_BUCKET = ("CASE WHEN state = 'failed' THEN 'failed' WHEN state = 'received' THEN 'received' "
           "WHEN duplicate_of IS NOT NULL THEN 'duplicate' WHEN kind IS NULL THEN 'left_alone' ELSE kind END")
#: reply states in which the person has been answered, or will be without anybody's doing
ANSWERED = ("queued", "sending", "sent", "deferred")


def seconds(column: str) -> str:
    """SQL for an ISO 8601 column as whole seconds since 1970; with its alias, if any."""
    return f"CAST(strftime('%s', {column}) AS INTEGER)"


def span(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """First second of `day` and first second of the next, since 1970."""
    begin, end = (datetime.combine(d, time(), zone) for d in (day, day + timedelta(days=1)))
    return int(begin.timestamp()), int(end.timestamp())


def mail_by_bucket(database: Database, begin: int, end: int) -> dict[str, int]:
    """Mails received in [begin, end), one bucket each."""
    return _counts(database, f"SELECT {_BUCKET} AS word, count(*) AS n FROM messages "
                   f"WHERE {seconds('received_at')} >= ? AND {seconds('received_at')} < ? GROUP BY 1", [begin, end])


def late_mail_by_bucket(database: Database, begin: int, after_id: int, until_id: int) -> dict[str, int]:
    """Mails received before `begin` whose ledger rows are after `after_id` and not after `until_id`.

    Rows are numbered in the order of entering, so two mails entered within one second cannot slip between two digests.
    """
    return _counts(database, f"SELECT {_BUCKET} AS word, count(*) AS n FROM messages "
                   f"WHERE {seconds('received_at')} < ? AND id > ? AND id <= ? GROUP BY 1", [begin, after_id, until_id])


def ledger_until(database: Database) -> int:
    """The id of the mail entered last."""
    return one(database, "SELECT coalesce(max(id), 0) AS id FROM messages")["id"]


def ledger_size(database: Database) -> int:
    """How many mails stand in the ledger."""
    return one(database, "SELECT count(*) AS n FROM messages")["n"]


def submissions_by(database: Database, column: str, begin: int, end: int) -> dict[str, int]:
    """Submissions opened in [begin, end) by `category`, `status`, `town` ('' for none) or `on_time`."""
    word = {"category": "category", "status": "status", "town": "coalesce(town, '')",
            "on_time": "CASE on_time WHEN 1 THEN 'on_time' WHEN 0 THEN 'late' ELSE 'unknown' END"}[column]
    return _counts(database, f"SELECT {word} AS word, count(*) AS n FROM submissions "
                   f"WHERE {seconds('opened_at')} >= ? AND {seconds('opened_at')} < ? GROUP BY 1", [begin, end])


def submission_figures(database: Database) -> dict[str, dict[str, int]]:
    """All submissions by `category`, `status` and `town` ('' for none), counted in one pass."""
    found: dict[str, dict[str, int]] = {"category": {}, "status": {}, "town": {}}
    for row in rows(database, "SELECT status, category, coalesce(town, '') AS town, count(*) AS n FROM submissions "
                    "GROUP BY status, category, town"):
        for column, counted in found.items():
            counted[row[column]] = counted.get(row[column], 0) + row["n"]
    return found


def deadlines(database: Database, today: date, soon_days: int) -> dict[str, int]:
    """Submissions that lack something, by deadline: `overdue`, `soon` (in so many days), `later` (or without one)."""
    row = one(database, "SELECT coalesce(sum(deadline < ?1), 0) AS overdue, "
              "coalesce(sum(deadline >= ?1 AND deadline <= ?2), 0) AS soon, count(*) AS n FROM submissions "
              "WHERE status = 'incomplete'", [today.isoformat(), (today + timedelta(days=soon_days)).isoformat()])
    return {"overdue": row["overdue"], "soon": row["soon"], "later": row["n"] - row["overdue"] - row["soon"]}


def submissions_by_day(database: Database, zone: ZoneInfo, end: int) -> dict[str, int]:
    """Submissions opened before `end`, by the day in `zone`."""
    edges = one(database, f"SELECT min({seconds('opened_at')}) AS first, max({seconds('opened_at')}) AS last FROM submissions")
    if edges["first"] is None:
        return {}
    day, last = (datetime.fromtimestamp(edges[key], zone).date() for key in ("first", "last"))
    found = {}
    while day <= last and span(day, zone)[0] < end:
        begin, until = span(day, zone)
        # one count for each day: a grouping by days would sort all rows, and the database knows no time zones
        n = one(database, f"SELECT count(*) AS n FROM submissions WHERE {seconds('opened_at')} >= ? AND "
                f"{seconds('opened_at')} < ?", [begin, min(until, end)])["n"]
        if n:
            found[day.isoformat()] = n
        day += timedelta(days=1)
    return found


def accounts_by_platform(database: Database, begin: int, end: int) -> dict[str, int]:
    """Accounts of the submissions opened in [begin, end) by platform; '' where none was recognised."""
    return _counts(database, "SELECT coalesce(a.platform, '') AS word, count(*) AS n FROM accounts a "
                   f"JOIN submissions s ON s.id = a.submission_id WHERE s.status != 'withdrawn' "
                   f"AND {seconds('s.opened_at')} >= ? AND {seconds('s.opened_at')} < ? GROUP BY 1 ORDER BY 2 DESC, 1", [begin, end])


def all_accounts_by_platform(database: Database) -> dict[str, int]:
    """Accounts of all submissions but withdrawn ones by platform; '' where none was recognised."""
    return _counts(database, "SELECT coalesce(a.platform, '') AS word, count(*) AS n FROM accounts a "
                   "WHERE a.submission_id NOT IN (SELECT id FROM submissions WHERE status = 'withdrawn') "
                   "GROUP BY 1 ORDER BY 2 DESC, 1", [])


def replies_sent(database: Database, begin: int, end: int) -> dict[str, int]:
    """Replies that went out in [begin, end), by kind."""
    return _counts(database, "SELECT kind AS word, count(*) AS n FROM replies WHERE state = 'sent' "
                   f"AND {seconds('sent_at')} >= ? AND {seconds('sent_at')} < ? GROUP BY 1", [begin, end])


def silences(database: Database, begin: int, end: int) -> dict[str, int]:
    """Why mails received in [begin, end) got no answer, by reason."""
    return _counts(database, "SELECT silence AS word, count(*) AS n FROM messages WHERE silence IS NOT NULL AND "
                   f"{seconds('received_at')} >= ? AND {seconds('received_at')} < ? GROUP BY 1 ORDER BY 2 DESC, 1",
                   [begin, end])


def unread_files(database: Database, begin: int, end: int) -> dict[str, int]:
    """Files that could not be used, of mails received in [begin, end), by problem."""
    return _counts(database, "SELECT a.problem AS word, count(*) AS n FROM attachments a JOIN messages m "
                   f"ON m.id = a.message_id WHERE a.problem IS NOT NULL AND {seconds('m.received_at')} >= ? "
                   f"AND {seconds('m.received_at')} < ? GROUP BY 1 ORDER BY 2 DESC, 1", [begin, end])


def _counts(database: Database, sql: str, parameters: list) -> dict[str, int]:
    return {row["word"]: row["n"] for row in rows(database, sql, parameters)}


def first_entered(database: Database) -> str | None:
    """When the first mail was entered in the ledger."""
    found = one(database, f"SELECT entered_at FROM messages ORDER BY {seconds('entered_at')} LIMIT 1")
    return found["entered_at"] if found else None


def last_digest(database: Database, before: date | None = None) -> dict | None:
    """The digest row of the latest day (before `before`)."""
    return one(database, "SELECT * FROM digests WHERE day < ? ORDER BY day DESC LIMIT 1",
               [before.isoformat() if before else "9999"])


def days_made(database: Database) -> set[str]:
    """The days that have a digest."""
    return {row["day"] for row in rows(database, "SELECT day FROM digests")}


def counts_mailed(database: Database, limit: int = 62) -> list[dict]:
    """The counts of the latest digests that were queued for anybody."""
    return [json.loads(row["counts"]) for row in rows(
        database, "SELECT counts FROM digests WHERE id IN (SELECT digest_id FROM digest_mails) ORDER BY day DESC LIMIT ?",
        [limit])]


def digest_of(database: Database, day: date) -> dict | None:
    """The digest row of that day."""
    return one(database, "SELECT * FROM digests WHERE day = ?", [day.isoformat()])


def add_digest(database: Database, day: date, counts: dict, text: str, html: str, now: datetime) -> int:
    """Write the day's digest once; returns its id, also where it already stands (then nothing is changed)."""
    database["digests"].insert(
        {"day": day.isoformat(), "counts": json.dumps(counts, ensure_ascii=False), "html": html, "text": text,
         "state": "made", "created_at": now.isoformat(timespec="seconds")}, ignore=True)
    return digest_of(database, day)["id"]


def has_mail(database: Database, digest_id: int, address: str) -> bool:
    """Whether the digest was already queued for that address."""
    return one(database, "SELECT 1 FROM digest_mails WHERE digest_id = ? AND to_address = ?",
               [digest_id, address]) is not None


def queue_mail(database: Database, digest_id: int, address: str, subject: str, smtp_message_id: str, mime: bytes,
               now: datetime) -> None:
    """Queue one mail of a digest; (digest, address) is unique, so it can never be queued twice."""
    database["digest_mails"].insert(
        {"digest_id": digest_id, "to_address": address, "subject": subject, "smtp_message_id": smtp_message_id,
         "state": "queued", "created_at": now.isoformat(timespec="seconds"), "mime": mime})
    database.conn.execute("UPDATE digests SET state = 'queued', sent_at = NULL WHERE id = ?", [digest_id])


def settle(database: Database) -> None:
    """Mark the digests all of whose mails have gone out as `sent`."""
    database.conn.execute(
        "UPDATE digests SET state = 'sent', sent_at = (SELECT max(sent_at) FROM digest_mails WHERE digest_id = "
        "digests.id) WHERE state = 'queued' AND NOT EXISTS (SELECT 1 FROM digest_mails WHERE digest_id = digests.id "
        "AND state != 'sent')")


def mail_of(database: Database, digest_id: int) -> str | None:
    """The subject under which the digest was queued, or None."""
    found = one(database, "SELECT subject FROM digest_mails WHERE digest_id = ? ORDER BY id", [digest_id])
    return found["subject"] if found else None
