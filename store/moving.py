"""Rows of one submission handed to another: when a person joins, parts, or assigns what mails brought."""

from collections.abc import Collection

from store.database import Database, one, rows

#: the tables that hold what came in a mail's files
_BY_FILE = ("papers", "unread_files")


def placed_files(database: Database, message_id: int) -> set[int]:
    """Files of a mail that some submission holds already."""
    found = rows(database, "SELECT attachment_id AS id FROM papers WHERE attachment_id IN (SELECT id FROM attachments "
                 "WHERE message_id = :m) UNION SELECT attachment_id FROM unread_files WHERE attachment_id IN (SELECT id "
                 "FROM attachments WHERE message_id = :m) UNION SELECT attachment_id FROM fields WHERE attachment_id IN "
                 "(SELECT id FROM attachments WHERE message_id = :m) UNION SELECT attachment_id FROM accounts WHERE "
                 "attachment_id IN (SELECT id FROM attachments WHERE message_id = :m)", {"m": message_id})
    return {row["id"] for row in found}


def move_message(database: Database, message_id: int, source: int, target: int, why: str) -> None:
    """The papers and unread files of a mail, and that it belongs there, from one submission to another."""
    for table in _BY_FILE:
        database.conn.execute(
            f"UPDATE OR REPLACE {table} SET submission_id = ? WHERE submission_id = ? AND attachment_id IN "
            "(SELECT id FROM attachments WHERE message_id = ?)", [target, source, message_id])
    database.conn.execute("UPDATE doubts SET submission_id = ? WHERE submission_id = ? AND message_id = ?",
                          [target, source, message_id])
    database.conn.execute("DELETE FROM submission_messages WHERE submission_id = ? AND message_id = ?",
                          [source, message_id])
    database.conn.execute("INSERT OR REPLACE INTO submission_messages (submission_id, message_id, why) VALUES (?, ?, ?)",
                          [target, message_id, why])


def move_account(database: Database, account_id: int, target: int) -> None:
    """An account with its fields and its history."""
    database.conn.execute("UPDATE accounts SET submission_id = ? WHERE id = ?", [target, account_id])
    database.conn.execute("UPDATE account_history SET submission_id = ? WHERE account_id = ?", [target, account_id])


def drop_account(database: Database, account_id: int, into: int) -> None:
    """An account that turned out to be another one again: its history goes there, its rows go."""
    database.conn.execute("UPDATE account_history SET account_id = ?, submission_id = (SELECT submission_id FROM accounts "
                          "WHERE id = ?) WHERE account_id = ?", [into, into, account_id])
    database.conn.execute("DELETE FROM fields WHERE account_id = ?", [account_id])
    database.conn.execute("DELETE FROM accounts WHERE id = ?", [account_id])


def copy_papers(database: Database, paper_ids: Collection[int], target: int) -> None:
    """The same documents in another submission too: a head's card serves two units."""
    columns = ("attachment_id, kind, side, title, holder, number, principal, valid_until, confidence, evidence, doubts, "
               "location")
    for paper_id in paper_ids:
        database.conn.execute(f"INSERT INTO papers (submission_id, {columns}) SELECT ?, {columns} FROM papers WHERE id = ?",
                              [target, paper_id])


def move_papers(database: Database, paper_ids: Collection[int], target: int) -> None:
    """Documents from one submission to another."""
    for paper_id in paper_ids:
        database.conn.execute("UPDATE papers SET submission_id = ? WHERE id = ?", [target, paper_id])


def drop_paper(database: Database, paper_id: int) -> None:
    """A document that is where it belongs already."""
    database.conn.execute("DELETE FROM papers WHERE id = ?", [paper_id])


def join(database: Database, source: int, target: int) -> None:
    """Everything of `source` but its accounts to `target`; the row stays, withdrawn, and says where it went."""
    # a document that is there already is not counted twice
    database.conn.execute(
        "DELETE FROM papers WHERE submission_id = ? AND EXISTS (SELECT 1 FROM papers p WHERE p.submission_id = ? AND "
        "p.kind = papers.kind AND p.side IS papers.side AND p.title = papers.title AND p.holder IS papers.holder AND "
        "p.number IS papers.number AND p.principal IS papers.principal AND p.valid_until IS papers.valid_until AND "
        "p.doubts = papers.doubts)", [source, target])
    database.conn.execute("UPDATE papers SET submission_id = ? WHERE submission_id = ?", [target, source])
    for table in ("unread_files", "submission_messages"):
        database.conn.execute(f"UPDATE OR IGNORE {table} SET submission_id = ? WHERE submission_id = ?",
                              [target, source])
        database.conn.execute(f"DELETE FROM {table} WHERE submission_id = ?", [source])
    database.conn.execute("UPDATE doubts SET submission_id = ? WHERE submission_id = ?", [target, source])
    database.conn.execute("DELETE FROM materials WHERE submission_id = ?", [source])
    _carry_over(database, source, target)
    database.conn.execute("UPDATE submissions SET status = 'withdrawn', missing = '[]', review_reasons = '[]', "
                          "merged_into = ? WHERE id = ?", [target, source])


def _carry_over(database: Database, source: int, target: int) -> None:
    """On time is judged by the first mail of both; a paper form that came for either has come."""
    database.conn.execute(
        "UPDATE submissions SET (opened_at, paper_received_at, contact_address) = (SELECT CASE WHEN julianday(s.opened_at)"
        " < julianday(submissions.opened_at) THEN s.opened_at ELSE submissions.opened_at END, "
        "coalesce(submissions.paper_received_at, s.paper_received_at), "
        "coalesce(submissions.contact_address, s.contact_address) FROM submissions s WHERE s.id = ?) WHERE id = ?",
        [source, target])


def opened_by(database: Database, submission_id: int) -> str | None:
    """When the earliest mail of a submission was received."""
    found = one(database, "SELECT m.received_at FROM submission_messages l JOIN messages m ON m.id = l.message_id WHERE "
                "l.submission_id = ? ORDER BY julianday(m.received_at), m.id LIMIT 1", [submission_id])
    return found["received_at"] if found else None


def papers_with_ids(database: Database, submission_id: int) -> list[dict]:
    """The documents of a submission as rows."""
    return rows(database, "SELECT * FROM papers WHERE submission_id = ? ORDER BY id", [submission_id])
