"""What joining, parting and assigning do to the rows: without who, why and answer, which are the decision's.

A clerk's command does it once (`intake.desk.rearrange`), and a replay does it again at the same place among the mails.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from intake import settle
from intake.desk.decide import resolve_mail
from intake.desk.decision import Office
from rules.accounts import merge_accounts
from rules.answer import SubmissionOutcome
from rules.fields import Written as Typed
from rules.fields import read_field
from rules.group import Claim, claims
from rules.group_forms import Group
from rules.group_papers import bearers
from rules.reading import Reading
from rules.submission import Account
from store import moving, overview, submissions
from store.database import one, rows, update
from store.submissions import load_facts


def join(office: Office, source: int, target: int) -> None:
    """Everything of one submission into another; its number leads there from now on."""
    for account in load_facts(office.database, source).accounts:
        _join_account(office, account, target)
    moving.join(office.database, source, target)


def _join_account(office: Office, account: Account, target: int) -> None:
    """Of the same account the newer mail's form wins."""
    mine = load_facts(office.database, target).accounts
    newer = _brought_at(office, account)
    merged, changes = merge_accounts(mine, [account], office.survey)
    if len(merged) > len(mine):
        moving.move_account(office.database, account.id, target)
        return
    place = next((change.account for change in changes), None)
    if place is None:
        place = _place_of(office, mine, account)
    elif newer < _brought_at(office, mine[place]):
        merged, changes = _older_first(account, mine, place, office)
    _replace(office, target, account, mine[place], merged[place], changes)


def _replace(office: Office, submission_id: int, folded: Account, before: Account, after: Account, changes) -> None:
    """An account takes in another that turned out to be the same."""
    submissions.save_account(office.database, submission_id, after, None)
    moving.drop_account(office.database, folded.id, before.id)
    submissions.add_history(office.database, submission_id, before.id,
                            [(change.name, change.old, change.new) for change in changes], None, office.actor, office.now)


def _place_of(office: Office, mine: Sequence[Account], account: Account) -> int:
    return next(at for at, own in enumerate(mine) if len(merge_accounts([own], [account], office.survey)[0]) == 1)


def _older_first(account: Account, mine: tuple[Account, ...], place: int, office: Office):
    """The account that is here is the newer one: it completes itself from the other and keeps its own values."""
    merged, _ = merge_accounts([replace(account, id=mine[place].id)], [mine[place]], office.survey)
    return (*mine[:place], merged[0], *mine[place + 1:]), ()


def _brought_at(office: Office, account: Account) -> datetime:
    row = one(office.database, "SELECT m.received_at FROM accounts a LEFT JOIN messages m ON m.id = a.message_id WHERE "
              "a.id = ?", [account.id])
    return datetime.fromisoformat(row["received_at"]) if row and row["received_at"] else office.now


# --- parting ---------------------------------------------------------------------------------------------------------


def part(office: Office, row: dict, accounts: Sequence[int], messages: Sequence[int]) -> int:
    """Accounts, or what came with some mails, into a new submission; returns its id. `row`: the one that is parted."""
    database = office.database
    new = submissions.open_submission(database, office.survey.numbering, row["opened_at"], office.now)
    if messages:
        for message_id in messages:
            _part_message(office, row["id"], new, message_id)
    else:
        _part_accounts(office, row["id"], new, accounts)
    opened = moving.opened_by(database, new) or row["opened_at"]
    update(database, "submissions", new, {"opened_at": opened, "contact_address": _contact(office, new, row)})
    return new


def _part_accounts(office: Office, source: int, target: int, accounts: Sequence[int]) -> None:
    database = office.database
    for account_id in accounts:
        row = one(database, "SELECT message_id FROM accounts WHERE id = ?", [account_id])
        moving.move_account(database, account_id, target)
        if row["message_id"]:
            submissions.link_message(database, target, row["message_id"], "split")
    sides = [_group(office, one_id) for one_id in (source, target)]
    held = load_facts(database, source).papers
    for paper, row in zip(held, moving.papers_with_ids(database, source), strict=False):
        owners = bearers(paper.paper, sides, office.survey)
        if sides[1] in owners:
            (moving.move_papers if len(owners) == 1 else moving.copy_papers)(database, [row["id"]], target)
            mail = one(database, "SELECT message_id FROM attachments WHERE id = ?", [row["attachment_id"]])
            if mail:
                submissions.link_message(database, target, mail["message_id"], "split")


def _group(office: Office, submission_id: int) -> Group:
    return Group(None, accounts=list(load_facts(office.database, submission_id).accounts))


def _part_message(office: Office, source: int, target: int, message_id: int) -> None:
    """What one mail brought; an account that it only corrected is in both, here with the values that it had before."""
    database = office.database
    corrected = {row["account_id"] for row in rows(
        database, "SELECT DISTINCT account_id FROM account_history WHERE submission_id = ? AND message_id = ?",
        [source, message_id])}
    for account in load_facts(database, source).accounts:
        row = one(database, "SELECT message_id, attachment_id FROM accounts WHERE id = ?", [account.id])
        if account.id in corrected:
            submissions.save_account(database, target, replace(account, id=None), message_id)
            _revert(office, source, account, message_id)
        elif row["message_id"] == message_id:
            moving.move_account(database, account.id, target)
    moving.move_message(database, message_id, source, target, "split")


def _revert(office: Office, submission_id: int, account: Account, message_id: int) -> None:
    """The account as it was before that mail corrected it."""
    old = {row["name"]: row["old_value"] for row in reversed(rows(
        office.database, "SELECT name, old_value FROM account_history WHERE account_id = ? AND message_id = ? ORDER BY id",
        [account.id, message_id]))}
    rules = {rule.name: rule for rule in office.survey.fields}
    fields = {field.name: field for field in account.fields}
    for name, value in old.items():
        if name in rules:
            read = read_field(rules[name], Typed(value or "", "更正前的登记", "text"), office.survey)
            fields |= {field.name: field for field in read}
    earlier = one(office.database, "SELECT l.message_id AS id FROM submission_messages l WHERE l.submission_id = ? AND "
                  "l.message_id < ? ORDER BY l.message_id DESC LIMIT 1", [submission_id, message_id])
    submissions.save_account(office.database, submission_id,
                             replace(account, fields=tuple(fields.values()), attachment_id=None),
                             earlier["id"] if earlier else None)


def _contact(office: Office, submission_id: int, row: dict) -> str | None:
    mails = overview.messages_of(office.database, submission_id)
    return (mails[-1]["reply_to"] or mails[-1]["from_address"]) if mails else row["contact_address"]


# --- assigning -------------------------------------------------------------------------------------------------------


def loose_claims(office: Office, message_id: int, reading: Reading, files: dict[int, int], held: Sequence) -> list[Claim]:
    """What of a mail stands in no submission yet; `held`: the submissions that the mail belongs to."""
    return [] if held and not _is_open(office, message_id) else _unplaced(office, message_id, reading, files)


def _is_open(office: Office, message_id: int) -> bool:
    """Whether something in the mail still waits for a person to say whose it is."""
    return one(office.database, "SELECT 1 FROM doubts WHERE message_id = ? AND submission_id IS NULL AND resolved_at IS "
               "NULL", [message_id]) is not None


def _unplaced(office: Office, message_id: int, reading: Reading, files: dict[int, int]) -> list[Claim]:
    placed = moving.placed_files(office.database, message_id)
    typed = one(office.database, "SELECT 1 FROM accounts WHERE message_id = ? AND attachment_id IS NULL", [message_id])
    return [claim for claim in claims(reading, office.survey)
            if not any(files[index] in placed for index in claim.files) and not (not claim.files and typed)]


def take_in(office: Office, row: dict, target: int | None, reading: Reading, files: dict[int, int],
            loose: Sequence[Claim]) -> tuple[SubmissionOutcome, ...]:
    """Claims of a mail into the submission that a person names, or each into a new one (None)."""
    return settle.settle_by_hand(office.config, office.survey, office.database, row, reading, files, loose, target,
                                 office.now)


def move_mail(office: Office, row: dict, source: int, target: int | None) -> int:
    """What one mail brought to the wrong submission, to the right one or a new one (None); returns its id."""
    database = office.database
    new = target if target is not None else submissions.open_submission(
        database, office.survey.numbering, row["received_at"], office.now)
    before = [account.id for account in load_facts(database, new).accounts]
    _part_message(office, source, new, row["id"])
    _fold(office, new, before)
    return new


def _fold(office: Office, submission_id: int, before: Sequence[int]) -> None:
    """Accounts that have just come to a submission which holds the same ones already."""
    accounts = load_facts(office.database, submission_id).accounts
    mine = tuple(account for account in accounts if account.id in before)
    for account in (account for account in accounts if account.id not in before):
        merged, changes = merge_accounts(mine, [account], office.survey)
        if len(merged) > len(mine):
            continue
        place = next((change.account for change in changes), None)
        place = place if place is not None else _place_of(office, mine, account)
        _replace(office, submission_id, account, mine[place], merged[place], changes)
        mine = (*mine[:place], merged[place], *mine[place + 1:])


def mark_assigned(office: Office, row: dict, submission_id: int, *, opened: bool) -> None:
    """The mail belongs there: what was in doubt about it is settled, and it is no question any more."""
    submissions.link_message(office.database, submission_id, row["id"], "assigned")
    resolve_mail(office, row["id"])
    if row["kind"] not in ("registration", "supplement"):
        update(office.database, "messages", row["id"], {"kind": "registration" if opened else "supplement"})
