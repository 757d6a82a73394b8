"""Submissions as rows: load one as `Facts` for the rules, write back what they concluded."""

import json
from datetime import datetime

from rules.decisions import apply
from rules.reading import FieldValue, Paper
from rules.submission import Account, Facts, HeldPaper, Judgement, UnreadFile
from rules.survey import ACCOUNT_COLUMNS
from store.database import Database, insert, one, rows, update
from store.decisions import decisions_of, has_decisions
from store.processing import add_event

_LISTS = ("scope", "formats")


def open_submission(database: Database, numbering: str, opened_at: str, now: datetime) -> int:
    """Create an empty submission with the next 登记编号; it is judged before the transaction ends."""
    sequence = one(database, "SELECT coalesce(max(id), 0) + 1 AS next FROM submissions")["next"]
    return insert(database, "submissions", {
        "number": numbering.format(sequence), "category": "unknown", "status": "review", "opened_at": opened_at,
        "updated_at": now.isoformat(timespec="seconds")})


def number_of(database: Database, submission_id: int) -> str:
    """The 登记编号 of a submission."""
    return one(database, "SELECT number FROM submissions WHERE id = ?", [submission_id])["number"]


def status_of(database: Database, submission_id: int) -> str:
    """The status of a submission."""
    return one(database, "SELECT status FROM submissions WHERE id = ?", [submission_id])["status"]


def load_facts(database: Database, submission_id: int) -> Facts:
    """All that the registrant has handed in so far, with what people have decided about it laid over."""
    submission = one(database, "SELECT * FROM submissions WHERE id = ?", [submission_id])
    doubts = rows(database, "SELECT sentence FROM doubts WHERE submission_id = ? AND resolved_at IS NULL ORDER BY id",
                  [submission_id])
    paper_at = datetime.fromisoformat(submission["paper_received_at"]) if submission["paper_received_at"] else None
    closed = submission["status"] == "registered"
    facts = Facts(
        accounts=load_accounts(database, submission_id), papers=_load_papers(database, submission_id),
        unread=_load_unread(database, submission_id), doubts=tuple(row["sentence"] for row in doubts),
        opened_at=datetime.fromisoformat(submission["opened_at"]),
        paper_received_at=paper_at if closed else None, paper_noted_at=None if closed else paper_at,
        withdrawn=submission["status"] == "withdrawn", latest_at=_latest_at(database, submission_id))
    return apply(facts, decisions_of(database, submission_id)) if has_decisions(database) else facts


def _latest_at(database: Database, submission_id: int) -> datetime | None:
    """When the latest of its mails was received."""
    found = rows(database, "SELECT m.received_at FROM submission_messages s JOIN messages m ON m.id = s.message_id "
                 "WHERE s.submission_id = ?", [submission_id])
    return max((datetime.fromisoformat(row["received_at"]) for row in found), default=None)


def load_accounts(database: Database, submission_id: int) -> tuple[Account, ...]:
    """The accounts of a submission, each field with where it was read."""
    fields: dict[int, list[FieldValue]] = {}
    stored = rows(database, "SELECT * FROM accounts WHERE submission_id = ? ORDER BY id", [submission_id])
    columns = {row["id"]: row for row in stored}
    for row in rows(database, "SELECT f.* FROM fields f JOIN accounts a ON a.id = f.account_id WHERE "
                    "a.submission_id = ? ORDER BY f.id", [submission_id]):
        value = _stored_value(columns[row["account_id"]], row["name"])
        fields.setdefault(row["account_id"], []).append(FieldValue(
            name=row["name"], value=value if row["valid"] or value is not None else row["raw"], raw=row["raw"] or "",
            valid=bool(row["valid"]), complaint=row["complaint"], location=row["location"],
            method=row["method"] or "text", confidence=row["confidence"], attachment_id=row["attachment_id"]))
    return tuple(Account(form_kind=row["form_kind"], fields=tuple(fields.get(row["id"], ())), id=row["id"],
                         attachment_id=row["attachment_id"]) for row in stored)


def _stored_value(account: dict, name: str):
    """The value of a column, or of a field that the survey has beside the columns."""
    if name in ACCOUNT_COLUMNS:
        return _from_column(name, account[name])
    value = json.loads(account["extra"]).get(name)
    return tuple(value) if isinstance(value, list) else value


def _from_column(name: str, value):
    if value is None:
        return None
    if name in _LISTS:
        return tuple(json.loads(value))
    return bool(value) if name == "news_license" else value


def extra_values(fields: tuple[FieldValue, ...]) -> str:
    """The fields that are no column of `accounts`, as a JSON map in the survey's order."""
    extra = {f.name: value for f in fields if f.name not in ACCOUNT_COLUMNS and (value := _told(f)) not in (None, "")}
    return json.dumps(extra, ensure_ascii=False)


def _told(field: FieldValue):
    """The value, or what was written where it is none."""
    return field.value if field.valid or field.value is not None else field.raw


def _to_column(field: FieldValue):
    value = _told(field)
    if value is None or value == "":
        return None
    if field.name in _LISTS or isinstance(value, tuple):
        return json.dumps(list(value) if isinstance(value, tuple) else [value], ensure_ascii=False)
    if field.name == "news_license":
        return int(value) if isinstance(value, bool) else None
    return int(value) if isinstance(value, bool) else value if isinstance(value, int) else str(value)


def _load_papers(database: Database, submission_id: int) -> tuple[HeldPaper, ...]:
    stored = rows(database, "SELECT p.*, a.filename, a.sha256 FROM papers p LEFT JOIN attachments a ON a.id = p.attachment_id "
                  "WHERE p.submission_id = ? ORDER BY p.id", [submission_id])
    return tuple(HeldPaper(
        Paper(kind=row["kind"], side=row["side"], title=row["title"], holder=row["holder"], number=row["number"],
              principal=row["principal"], valid_until=row["valid_until"], confidence=row["confidence"],
              evidence=tuple(json.loads(row["evidence"])), doubts=tuple(json.loads(row["doubts"])),
              location=row["location"]),
        row["attachment_id"], row["filename"] or "", row["sha256"]) for row in stored)


def _load_unread(database: Database, submission_id: int) -> tuple[UnreadFile, ...]:
    stored = rows(database, "SELECT a.id, a.filename, a.problem, a.problem_detail, a.sha256, u.open FROM unread_files u "
                  "JOIN attachments a ON a.id = u.attachment_id WHERE u.submission_id = ? ORDER BY a.id",
                  [submission_id])
    return tuple(UnreadFile(row["filename"] or "", row["problem"], row["id"], row["problem_detail"],
                            bool(row["open"]), row["sha256"]) for row in stored)


def save_account(database: Database, submission_id: int, account: Account, message_id: int | None) -> int:
    """Insert an account, or overwrite the stored one with the newer form's values; returns its id.

    `message_id`: the mail that brought them; None keeps the one that is stored.
    """
    columns = {f.name: _to_column(f) for f in account.fields if f.name in ACCOUNT_COLUMNS}
    row = {column: None for column in ACCOUNT_COLUMNS} | columns | {"extra": extra_values(account.fields)}
    row |= {"submission_id": submission_id, "attachment_id": account.attachment_id, "form_kind": account.form_kind,
            "message_id": message_id}
    if message_id is None:
        del row["message_id"]
    if account.id is None:
        account_id = insert(database, "accounts", row | {"id": _unused_account(database)})
    else:
        account_id = account.id
        update(database, "accounts", account_id, row)
        database.conn.execute("DELETE FROM fields WHERE account_id = ?", [account_id])
    database.conn.executemany(
        "INSERT INTO fields (account_id, name, value, raw, valid, complaint, attachment_id, location, method, "
        "confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(account_id, f.name, _as_text(_to_column(f)), f.raw, int(f.valid), f.complaint,
          account.attachment_id if f.attachment_id is None else f.attachment_id, f.location, f.method, f.confidence)
         for f in account.fields])
    return account_id


def _unused_account(database: Database) -> int:
    """An id that no account ever had: a decision about one that is gone must not be taken for one about another's."""
    return one(database, "SELECT 1 + max((SELECT coalesce(max(id), 0) FROM accounts), (SELECT coalesce(max(account_id), 0) "
               "FROM account_history), (SELECT coalesce(max(account_id), 0) FROM decisions WHERE account_id IS NOT NULL)) "
               "AS id")["id"]


def _as_text(value) -> str | None:
    return None if value is None else str(value)


def add_papers(database: Database, submission_id: int, papers: tuple[HeldPaper, ...]) -> None:
    """Remember identity documents that were handed in."""
    for held in papers:
        paper = held.paper
        insert(database, "papers", {
            "submission_id": submission_id, "attachment_id": held.attachment_id, "kind": paper.kind,
            "side": paper.side, "title": paper.title, "holder": paper.holder, "number": paper.number,
            "principal": paper.principal, "valid_until": paper.valid_until, "confidence": paper.confidence,
            "evidence": json.dumps(paper.evidence, ensure_ascii=False),
            "doubts": json.dumps(paper.doubts, ensure_ascii=False), "location": paper.location})


def save_judgement(database: Database, submission_id: int, judgement: Judgement, keys: tuple[str | None, str | None],
                   contact: str | None, now: datetime) -> None:
    """Write what the rules concluded; `materials` rows are made anew.

    `keys`: the registrant's name and code as they are compared (`rules.registrant.registrant_key`, `code_key`).
    """
    row = {
        "category": judgement.category,
        "category_evidence": json.dumps(judgement.category_evidence, ensure_ascii=False),
        "registrant": judgement.registrant, "registrant_key": keys[0], "code_key": keys[1], "uscc": judgement.uscc,
        "id_number": judgement.id_number, "status": judgement.status,
        "missing": json.dumps([missing.code for missing in judgement.missing]),
        "review_reasons": json.dumps(judgement.review_reasons, ensure_ascii=False),
        "on_time": None if judgement.on_time is None else int(judgement.on_time),
        "deadline": judgement.deadline.isoformat() if judgement.deadline else None, "town": judgement.town,
        "updated_at": now.isoformat(timespec="seconds")}
    if contact:
        row["contact_address"] = contact
    update(database, "submissions", submission_id, row)
    database.conn.execute("DELETE FROM materials WHERE submission_id = ?", [submission_id])
    database.conn.executemany(
        "INSERT INTO materials (submission_id, attachment_id, kind, holder, number, accepted, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(submission_id, material.attachment_id, material.kind, material.holder, material.number,
          int(material.accepted), material.reason) for material in judgement.materials])


def add_history(database: Database, submission_id: int, account_id: int, changes, message_id: int | None, actor: str,
                now: datetime) -> None:
    """Keep the old values of an account that a newer form replaced; `changes` are (name, old, new)."""
    for name, old, new in changes:
        insert(database, "account_history", {
            "account_id": account_id, "submission_id": submission_id, "name": name, "old_value": _plain(old),
            "new_value": _plain(new), "message_id": message_id, "actor": actor,
            "at": now.isoformat(timespec="seconds")})


def _plain(value) -> str | None:
    if value is None:
        return None
    return json.dumps(list(value), ensure_ascii=False) if isinstance(value, tuple) else str(value)


def link_message(database: Database, submission_id: int, message_id: int, why: str) -> None:
    """Say that a mail belongs to a submission, and by which key."""
    insert(database, "submission_messages", {"submission_id": submission_id, "message_id": message_id, "why": why},
           ignore=True)


def add_doubt(database: Database, sentence: str, now: datetime, *, submission_id: int | None = None,
              message_id: int | None = None, attachment_id: int | None = None) -> None:
    """A standing reason why a person must look."""
    insert(database, "doubts", {
        "submission_id": submission_id, "message_id": message_id, "attachment_id": attachment_id, "sentence": sentence,
        "created_at": now.isoformat(timespec="seconds")})
    add_event(database, now, "doubt", message_id=message_id, submission_id=submission_id,
              detail={"sentence": sentence})


def add_unread(database: Database, submission_id: int, attachment_ids: list[int]) -> None:
    """Files of the submission that could not be read."""
    for attachment_id in attachment_ids:
        insert(database, "unread_files", {"submission_id": submission_id, "attachment_id": attachment_id}, ignore=True)


def close_unread(database: Database, submission_id: int, attachment_ids: list[int]) -> None:
    """Files whose content has since come in a readable form."""
    for attachment_id in attachment_ids:
        database.conn.execute("UPDATE unread_files SET open = 0 WHERE submission_id = ? AND attachment_id = ?",
                              [submission_id, attachment_id])
