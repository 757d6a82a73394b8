"""Which submissions a mail might belong to: everything that `rules.match.choose` is given."""

from collections.abc import Collection, Iterable

from rules.group import Claim
from rules.match import Candidate, account_keys
from rules.registrant import person_key
from rules.survey import Survey
from store import decisions
from store.database import Database, one, rows
from store.submissions import load_accounts

#: more submissions than this are not looked at for one claim; the surest keys come first
_MOST = 200


def answered_submissions(database: Database, identifiers: Collection[str]) -> tuple[int, ...]:
    """Submissions that mails of ours with these Message-IDs were about."""
    if not identifiers:
        return ()
    marks = _marks(identifiers)
    found = rows(database, f"SELECT DISTINCT s.submission_id AS id FROM replies r JOIN reply_submissions s ON "
                 f"s.reply_id = r.id WHERE r.smtp_message_id IN ({marks}) ORDER BY 1", list(identifiers))
    return _living(database, [row["id"] for row in found])


def is_mail_of_ours(database: Database, identifiers: Collection[str]) -> bool:
    """Whether one of these Message-IDs is of a reply of ours."""
    if not identifiers:
        return False
    return one(database, f"SELECT 1 FROM replies WHERE smtp_message_id IN ({_marks(identifiers)})",
               list(identifiers)) is not None


def submissions_of_sender(database: Database, address: str | None) -> tuple[int, ...]:
    """Submissions for which this address has written."""
    if not address:
        return ()
    found = rows(database, "SELECT DISTINCT l.submission_id AS id FROM messages m JOIN submission_messages l ON "
                 "l.message_id = m.id WHERE m.from_address = ? UNION SELECT id FROM submissions WHERE "
                 "contact_address = ? ORDER BY 1", [address, address])
    return _living(database, [row["id"] for row in found])


def _living(database: Database, submission_ids: Iterable[int]) -> tuple[int, ...]:
    """Each where it is now: joined submissions are found under the one that they were joined with."""
    return tuple(dict.fromkeys(decisions.survivor_of(database, submission_id) for submission_id in submission_ids))


def candidates(database: Database, claim: Claim, survey: Survey, thread: Iterable[int], sender: Iterable[int],
               quoted: Collection[str]) -> tuple[Candidate, ...]:
    """Every submission that shares a key with the claim, answers the same thread or has the same sender."""
    keys = claim.keys
    names = keys.form_names | keys.paper_names | {f"person:{name}" for name in keys.people}
    wanted = list(thread)
    for column, values in (("id_number", keys.id_numbers), ("code_key", keys.codes), ("registrant_key", names),
                           ("number", quoted)):
        if values:
            wanted += [row["id"] for row in rows(
                database, f"SELECT id FROM submissions WHERE {column} IN ({_marks(values)}) ORDER BY id",
                sorted(values))]
    former = {*names, *(f"code:{code}" for code in keys.codes), *(f"id:{number}" for number in keys.id_numbers)}
    wanted += decisions.known_as(database, former)
    wanted = _living(database, [*wanted, *sender])[:_MOST]
    return tuple(_candidate(database, submission_id, survey) for submission_id in wanted)


def _candidate(database: Database, submission_id: int, survey: Survey) -> Candidate:
    row = one(database, "SELECT * FROM submissions WHERE id = ?", [submission_id])
    accounts = load_accounts(database, submission_id)
    contacts = {each["address"] for each in rows(
        database, "SELECT DISTINCT m.from_address AS address FROM submission_messages l JOIN messages m ON "
        "m.id = l.message_id WHERE l.submission_id = ? AND m.from_address IS NOT NULL", [submission_id])}
    contacts |= {row["contact_address"]} if row["contact_address"] else set()
    people = {person_key(account.value(name)) for account in accounts for name in survey.people_fields}
    return Candidate(
        id=row["id"], number=row["number"], category=row["category"], registrant=row["registrant"],
        registrant_key=row["registrant_key"], uscc=row["uscc"], id_number=row["id_number"],
        contacts=tuple(sorted(contacts)), status=row["status"], accounts=account_keys(accounts, survey),
        people=frozenset(person for person in people if person), open=row["status"] != "registered",
        former=decisions.former_keys(database, submission_id), decided=_is_decided(database, submission_id))


def _is_decided(database: Database, submission_id: int) -> bool:
    return one(database, "SELECT 1 FROM decisions WHERE submission_id = ? AND kind = 'category'",
               [submission_id]) is not None


def _marks(values: Collection) -> str:
    return ", ".join("?" * len(values))
