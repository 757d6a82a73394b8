"""What is waiting for a person, and the whole story of one submission or one mail: queries only, dicts out.

`status` and the digest ask the same questions here, so that they cannot disagree.
"""

from collections.abc import Collection

from store.database import Database, one, rows

#: a submission in one of these is not finished
OPEN = ("incomplete", "review")


def _contact(submission: str) -> str:
    """SQL: whom the first form of a submission that names a telephone names, and the telephone."""
    first = (f"FROM accounts a WHERE a.submission_id = {submission} AND coalesce(a.admin_phone, a.owner_phone) IS NOT NULL "
             "ORDER BY a.id LIMIT 1")
    return (f"(SELECT iif(a.admin_phone IS NULL, a.owner_name, a.admin_name) {first}) AS contact, "
            f"(SELECT coalesce(a.admin_phone, a.owner_phone) {first}) AS telephone")


def reviews(database: Database) -> list[dict]:
    """Submissions that a person must look at, oldest first."""
    return rows(database, "SELECT s.id, s.number, s.category, s.registrant, s.review_reasons, s.contact_address, "
                f"s.updated_at, {_contact('s.id')} FROM submissions s WHERE s.status = 'review' "
                "ORDER BY s.opened_at, s.id")


def open_doubts(database: Database) -> list[dict]:
    """Doubts that nobody has settled and that do not already stand among the reasons of a submission in review."""
    return rows(database, "SELECT d.id, d.sentence, d.created_at, d.message_id, s.number, s.registrant "
                "FROM doubts d LEFT JOIN submissions s ON s.id = d.submission_id WHERE d.resolved_at IS NULL AND NOT "
                "(coalesce(s.status, '') = 'review' AND instr(s.review_reasons, d.sentence) > 0) "
                "ORDER BY d.created_at, d.id")


def unanswered_inquiries(database: Database) -> list[dict]:
    """Inquiries that no mail of ours, automatic or written by a clerk, has answered or is about to answer."""
    return rows(database, "SELECT m.id, m.from_address, m.from_name, m.subject, m.received_at, m.silence "
                "FROM messages m WHERE m.kind = 'inquiry' AND m.state = 'processed' AND m.duplicate_of IS NULL "
                "AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.message_id = m.id AND r.state IN "
                "('queued', 'sending', 'sent', 'deferred', 'held', 'failed', 'uncertain')) "
                "AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.kind = 'own' AND o.in_reply_to = m.message_id) "
                "ORDER BY m.received_at, m.id")


def troubled_mails(database: Database) -> list[dict]:
    """Replies and digest mails that a person must decide on: held, failed, or perhaps sent."""
    return rows(database, "SELECT id, 'reply' AS source, kind, state, to_address, subject, "
                "coalesce(last_error, reason) AS reason, created_at FROM replies "
                "WHERE state IN ('held', 'failed', 'uncertain') "
                "UNION ALL SELECT id, 'digest', NULL, state, to_address, subject, coalesce(last_error, reason), "
                "created_at FROM digest_mails WHERE state IN ('held', 'failed', 'uncertain') ORDER BY 4, 8, 1")


def failed_messages(database: Database) -> list[dict]:
    """Mails that were given up after the set number of attempts."""
    return rows(database, "SELECT id, from_address, from_name, subject, received_at, error FROM messages "
                "WHERE state = 'failed' ORDER BY received_at, id")


def remote_files(database: Database) -> list[dict]:
    """Cloud attachments that are still of interest: of unfinished submissions, or of mails that opened none."""
    return rows(database, "SELECT a.id, a.filename, a.problem_detail, a.message_id, m.from_address, m.received_at, "
                "group_concat(s.number, ' ') AS number FROM attachments a JOIN messages m ON m.id = a.message_id "
                "LEFT JOIN submission_messages l ON l.message_id = m.id "
                "LEFT JOIN submissions s ON s.id = l.submission_id "
                "WHERE a.problem = 'remote' AND m.duplicate_of IS NULL "
                "AND m.kind IN ('registration', 'supplement', 'inquiry') GROUP BY a.id HAVING count(s.id) = 0 OR sum(s.status IN ('incomplete', 'review')) > 0 "
                "ORDER BY m.received_at, a.id")


def dead_addresses(database: Database) -> list[dict]:
    """Addresses that no longer take our mail, of submissions that still need an answer or paper."""
    return rows(database, f"SELECT d.*, {_contact('d.submission_id')} FROM ("
                "SELECT d.address, d.reason, d.at, group_concat(s.number, ' ') AS number, min(s.id) AS submission_id "
                "FROM dead_addresses d LEFT JOIN submissions s ON lower(s.contact_address) = lower(d.address) "
                "AND s.status NOT IN ('registered', 'withdrawn') GROUP BY d.address) d ORDER BY d.at, d.address")


def health(database: Database) -> list[dict]:
    """Every row of `health`: what the loops last reported."""
    return rows(database, "SELECT name, value, at FROM health ORDER BY name")


def folders(database: Database) -> list[dict]:
    """Ledger rows by mailbox and folder."""
    return rows(database, "SELECT mailbox, folder, count(*) AS n FROM messages GROUP BY mailbox, folder")


def queue_sizes(database: Database) -> dict[str, dict[str, int]]:
    """How many rows rest in each state, by table."""
    return {table: {row["state"]: row["n"] for row in
                    rows(database, f"SELECT {column} AS state, count(*) AS n FROM {table} GROUP BY 1")}
            for table, column in (("messages", "state"), ("submissions", "status"), ("replies", "state"),
                                  ("digest_mails", "state"))}


def unread(database: Database) -> int:
    """Mails that are still to be processed."""
    return one(database, "SELECT count(*) AS n FROM messages WHERE state = 'received'")["n"]


def resting_mail(database: Database) -> dict[str, int]:
    """Mails of ours that are neither sent nor suppressed, by state: replies and digests together."""
    found: dict[str, int] = {}
    for table in ("replies", "digest_mails"):
        for row in rows(database, f"SELECT state, count(*) AS n FROM {table} WHERE state IN ('held', 'queued', 'sending', "
                        "'deferred', 'failed', 'uncertain') GROUP BY 1"):
            found[row["state"]] = found.get(row["state"], 0) + row["n"]
    return found


def oldest_waiting(database: Database) -> str | None:
    """When the oldest mail that is still to be processed was entered."""
    found = one(database, "SELECT min(entered_at) AS at FROM messages WHERE state = 'received'")
    return found["at"] if found else None


def submission(database: Database, number: str) -> dict | None:
    """One submission by its 登记编号, any case."""
    wanted = number.strip()
    # the index first: comparing in any case reads every row
    return (one(database, "SELECT * FROM submissions WHERE number IN (?1, upper(?1))", [wanted])
            or one(database, "SELECT * FROM submissions WHERE upper(number) = upper(?)", [wanted]))


def number_of(database: Database, submission_id: int) -> str:
    """The 登记编号 of a submission."""
    return one(database, "SELECT number FROM submissions WHERE id = ?", [submission_id])["number"]


def message(database: Database, message_id: int) -> dict | None:
    """One mail by its id."""
    return one(database, "SELECT * FROM messages WHERE id = ?", [message_id])


def messages_of(database: Database, submission_id: int) -> list[dict]:
    """The mails of a submission, oldest first, with why each belongs to it."""
    return rows(database, "SELECT m.*, l.why FROM submission_messages l JOIN messages m ON m.id = l.message_id "
                "WHERE l.submission_id = ? ORDER BY m.received_at, m.id", [submission_id])


def submissions_of(database: Database, message_id: int) -> list[dict]:
    """The submissions that a mail belongs to, with why."""
    return rows(database, "SELECT s.*, l.why FROM submission_messages l JOIN submissions s ON s.id = l.submission_id "
                "WHERE l.message_id = ? ORDER BY s.id", [message_id])


def files_of(database: Database, message_id: int) -> list[dict]:
    """The files of a mail in the order in which they were found."""
    return rows(database, "SELECT * FROM attachments WHERE message_id = ? ORDER BY id", [message_id])


def materials_of(database: Database, submission_id: int) -> list[dict]:
    """The materials of a submission with the names of the files that hold them."""
    return rows(database, "SELECT m.*, a.filename, a.message_id FROM materials m LEFT JOIN attachments a "
                "ON a.id = m.attachment_id WHERE m.submission_id = ? ORDER BY m.id", [submission_id])


def papers_of(database: Database, submission_id: int) -> list[dict]:
    """The identity documents recognised in a submission's files."""
    return rows(database, "SELECT p.*, a.filename FROM papers p LEFT JOIN attachments a ON a.id = p.attachment_id "
                "WHERE p.submission_id = ? ORDER BY p.id", [submission_id])


def accounts_of(database: Database, submission_id: int) -> list[dict]:
    """The accounts of a submission."""
    return rows(database, "SELECT a.*, f.filename FROM accounts a LEFT JOIN attachments f ON f.id = a.attachment_id "
                "WHERE a.submission_id = ? ORDER BY a.id", [submission_id])


def fields_of(database: Database, account_id: int) -> list[dict]:
    """Where every value of an account was read."""
    return rows(database, "SELECT f.*, a.filename FROM fields f LEFT JOIN attachments a ON a.id = f.attachment_id "
                "WHERE f.account_id = ? ORDER BY f.id", [account_id])


def texts_of(database: Database, submission_id: int) -> dict[int, str]:
    """The kept text of each file from which a field of the submission was read; an ID card's is left out."""
    found = rows(database, "SELECT id, text FROM attachments WHERE role <> 'id_card' AND text IS NOT NULL AND id IN (SELECT "
                 "attachment_id FROM accounts WHERE submission_id = ?1 UNION SELECT f.attachment_id FROM fields f JOIN "
                 "accounts a ON a.id = f.account_id WHERE a.submission_id = ?1)", [submission_id])
    return {row["id"]: row["text"] for row in found}


def doubts_of(database: Database, submission_id: int | None, message_id: int | None = None) -> list[dict]:
    """The doubts about a submission, or about a mail, settled ones too."""
    return rows(database, "SELECT * FROM doubts WHERE submission_id = ? OR message_id = ? ORDER BY id",
                [submission_id, message_id])


def history_of(database: Database, submission_id: int) -> list[dict]:
    """Every value that was replaced."""
    return rows(database, "SELECT h.*, a.name AS account FROM account_history h LEFT JOIN accounts a "
                "ON a.id = h.account_id WHERE h.submission_id = ? ORDER BY h.id", [submission_id])


def replies_of(database: Database, submission_id: int | None, message_id: int | None = None) -> list[dict]:
    """Our mails about a submission, or in answer to a mail."""
    return rows(database, "SELECT * FROM replies WHERE submission_id = :s OR message_id = :m OR id IN "
                "(SELECT reply_id FROM reply_submissions WHERE submission_id = :s) ORDER BY id",
                {"s": submission_id, "m": message_id})


def events_of(database: Database, submission_id: int | None, message_ids: list[int]) -> list[dict]:
    """The audit trail of a submission and its mails."""
    marks = ", ".join("?" * len(message_ids))
    return rows(database, f"SELECT * FROM events WHERE submission_id = ? OR message_id IN ({marks}) ORDER BY id",
                [submission_id, *message_ids])


def ledger(database: Database) -> list[dict]:
    """Every submission that was not withdrawn, in the order of its number."""
    return rows(database, "SELECT * FROM submissions WHERE status != 'withdrawn' ORDER BY id")


def accounts_by_submission(database: Database) -> dict[int, list[dict]]:
    """Every account, under its submission's id."""
    found: dict[int, list[dict]] = {}
    for row in rows(database, "SELECT * FROM accounts ORDER BY submission_id, id"):
        found.setdefault(row["submission_id"], []).append(row)
    return found


def duplicate_accounts(database: Database, identity: Collection[str], limit: int = 1000) -> list[dict]:
    """Accounts of the same platform in different submissions with the same value in a column of `identity` (`name`,
    `handle`), in pairs."""
    def pairs(column: str) -> str:
        return (f"SELECT a.id AS a, b.id AS b FROM (SELECT lower({column}) AS word, platform FROM accounts "
                f"WHERE {column} IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1 AND min(submission_id) < max(submission_id) "
                f"LIMIT {limit}) d JOIN accounts a ON lower(a.{column}) = d.word AND a.platform IS d.platform "
                f"JOIN accounts b ON lower(b.{column}) = d.word AND b.platform IS d.platform "
                f"AND b.submission_id > a.submission_id WHERE a.{column} IS NOT NULL AND b.{column} IS NOT NULL")
    return rows(database, "SELECT a.platform, a.name, a.handle, s.number, s.registrant, t.number AS other, "
                f"t.registrant AS other_registrant FROM ({' UNION '.join(map(pairs, identity))}) p "
                "JOIN accounts a ON a.id = p.a JOIN accounts b ON b.id = p.b JOIN submissions s ON s.id = a.submission_id "
                "JOIN submissions t ON t.id = b.submission_id WHERE s.status != 'withdrawn' AND t.status != 'withdrawn' "
                f"ORDER BY 1, 2, s.id, t.id LIMIT {limit}")
