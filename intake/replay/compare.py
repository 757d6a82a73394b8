"""How a submission stands, as values: what is the same in the database and in its shadow is left alone to the last row."""

import json
from dataclasses import dataclass

from rules.accounts import HUMAN
from store.database import Database, one, rows

#: columns of `submissions` that are no conclusions
_APART = ("id", "number", "updated_at", "answered_key")
_FIELD = ("name", "value", "raw", "valid", "complaint", "attachment_id", "location", "method", "confidence")
_PAPER = ("attachment_id", "kind", "side", "title", "holder", "number", "principal", "valid_until", "confidence",
          "evidence", "doubts", "location")
_MATERIAL = ("attachment_id", "kind", "holder", "number", "accepted", "reason")


@dataclass(frozen=True, slots=True)
class Content:
    """One submission with everything that belongs to it."""

    #: its conclusions
    row: dict
    #: account → its columns
    accounts: dict[int, dict]
    #: account → its fields, in their order
    fields: dict[int, tuple[tuple, ...]]
    papers: tuple[tuple, ...]
    materials: tuple[tuple, ...]
    #: (attachment, open)
    unread: frozenset[tuple]
    #: mail → why
    mails: tuple[tuple, ...]
    #: open ones: (mail, sentence); what was settled stays on record, whether it would be raised again or not
    doubts: tuple[tuple, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(json.loads(self.row["missing"]))

    @property
    def telling(self) -> tuple:
        """What an answer to the registrant would say of it."""
        known = [(field[0], field[1], field[3]) for fields in self.fields.values() for field in fields]
        accepted = {material[:4] for material in self.materials if material[4]}
        return (*(self.row[name] for name in ("status", "missing", "category", "registrant", "on_time", "deadline")),
                frozenset(known), frozenset(material[1:] for material in accepted),
                frozenset(file for file, is_open in self.unread if is_open))


def content_of(database: Database, submission_id: int) -> Content | None:
    """A submission as it stands; None where there is none."""
    row = one(database, "SELECT * FROM submissions WHERE id = ?", [submission_id])
    if row is None:
        return None
    row = {name: value for name, value in row.items() if name not in _APART}
    accounts = {account["id"]: account for account in rows(
        database, "SELECT * FROM accounts WHERE submission_id = ? ORDER BY id", [submission_id])}
    mine = "WHERE submission_id = ?"
    return Content(
        row, accounts, _fields(database, submission_id), _tuples(database, _PAPER, f"papers {mine} ORDER BY id", submission_id),
        _tuples(database, _MATERIAL, f"materials {mine} ORDER BY id", submission_id),
        frozenset(_tuples(database, ("attachment_id", "open"), f"unread_files {mine}", submission_id)),
        _tuples(database, ("message_id", "why"), f"submission_messages {mine} ORDER BY message_id", submission_id),
        _tuples(database, ("message_id", "sentence"), f"doubts {mine} AND resolved_at IS NULL ORDER BY 1, 2", submission_id))


def _fields(database: Database, submission_id: int) -> dict[int, tuple[tuple, ...]]:
    found: dict[int, list[tuple]] = {}
    for row in database.conn.execute(
            f"SELECT f.account_id, {', '.join(f'f.{name}' for name in _FIELD)} FROM fields f JOIN accounts a ON a.id = "
            "f.account_id WHERE a.submission_id = ? ORDER BY f.account_id, f.name, f.id", [submission_id]):
        # where a person's word was written is no part of it
        said = row[1:] if row[8] != HUMAN else (*row[1:3], None, *row[4:6], None, None, HUMAN, None)
        found.setdefault(row[0], []).append(said)
    return {account: tuple(fields) for account, fields in found.items()}


def _tuples(database: Database, columns: tuple[str, ...], of: str, submission_id: int) -> tuple[tuple, ...]:
    return tuple(database.conn.execute(f"SELECT {', '.join(columns)} FROM {of}", [submission_id]))


@dataclass(frozen=True, slots=True)
class Change:
    """A submission that stands otherwise than it did."""

    id: int
    number: str
    #: None: newly opened
    before: Content | None
    after: Content


@dataclass(frozen=True, slots=True)
class MailChange:
    """A mail that is taken for something else, or about which other things are in doubt."""

    id: int
    #: `messages.kind`
    before: str | None
    after: str | None
    #: sentences that are open, while nobody knows whose the mail is
    doubts_before: tuple[str, ...]
    doubts_after: tuple[str, ...]


def changes(old: Database, shadow: Database) -> list[Change]:
    """Every submission that differs, by id."""
    found = []
    for row in rows(shadow, "SELECT id, number FROM submissions ORDER BY id"):
        before, after = content_of(old, row["id"]), content_of(shadow, row["id"])
        if before != after:
            found.append(Change(row["id"], row["number"], before, after))
    return found


def mail_changes(old: Database, shadow: Database) -> list[MailChange]:
    """Every mail that differs, by id."""
    kinds = {row["id"]: row["kind"] for row in rows(old, "SELECT id, kind FROM messages")}
    before, after = _open_mails(old), _open_mails(shadow)
    # of a mail that waits to be processed nothing is known here
    walked = rows(shadow, "SELECT id, kind FROM messages WHERE state = 'processed' ORDER BY id")
    return [MailChange(row["id"], kinds[row["id"]], row["kind"], before.get(row["id"], ()), after.get(row["id"], ()))
            for row in walked
            if kinds[row["id"]] != row["kind"] or before.get(row["id"], ()) != after.get(row["id"], ())]


def _open_mails(database: Database) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for row in rows(database, "SELECT message_id AS id, sentence FROM doubts WHERE submission_id IS NULL AND resolved_at IS "
                    "NULL ORDER BY message_id, sentence"):
        found[row["id"]] = (*found.get(row["id"], ()), row["sentence"])
    return found
