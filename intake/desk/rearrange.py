"""What a person decides about more than one submission: where a mail belongs, what is one, what is two.

As in `intake.desk.decision`, each decision is one transaction and a fact for good. Mails of a joined submission, and forms under
a name that it bore, find their way to the one that is left (`store.matching`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from intake import settle
from intake.desk.answer_decision import Written
from intake.desk.decision import Office, Refused, Result, find, judge_and_answer, record, result_of, standing
from rules.accounts import merge_accounts
from rules.decisions import Decision
from rules.fields import Written as Typed
from rules.fields import read_field
from rules.group import Claim, claims
from rules.group_forms import Group
from rules.group_papers import bearers
from rules.reading import Reading
from rules.submission import Account
from store import decisions, moving, overview, processing, submissions
from store.database import one, rows, update, writing
from store.processing import known_files
from store.submissions import load_facts


def merge(office: Office, number: str, other: str) -> Result:
    """Join `other` with `number`: mails, accounts, documents and history move; the other number leads here from now on."""
    with writing(office.database):
        target, source = find(office, number), find(office, other)
        if target["id"] == source["id"]:
            raise Refused("两个登记编号是同一份登记,不必合并。")
        _join_accounts(office, source["id"], target["id"])
        moving.join(office.database, source["id"], target["id"])
        decision = Decision("merge", office.now, office.actor, value={"number": source["number"]}, why=office.why)
        identifier = record(office, target["id"], decision, "merged", {"number": source["number"]})
        processing.add_event(office.database, office.now, "merged-away", actor=office.actor, submission_id=source["id"],
                             detail={"into": target["number"], "decision": identifier})
        return judge_and_answer(office, target["id"], standing(target), identifier)


def _join_accounts(office: Office, source: int, target: int) -> None:
    """Accounts of one submission into another; of the same account the newer mail's form wins."""
    for account in load_facts(office.database, source).accounts:
        mine = load_facts(office.database, target).accounts
        newer = _brought_at(office, account)
        merged, changes = merge_accounts(mine, [account], office.survey)
        if len(merged) > len(mine):
            moving.move_account(office.database, account.id, target)
            continue
        place = next((change.account for change in changes), None)
        if place is None:
            place = next(at for at, own in enumerate(mine) if _fits(own, account, office))
        elif newer < _brought_at(office, mine[place]):
            merged, changes = _older_first(account, mine, place, office)
        submissions.save_account(office.database, target, merged[place], None)
        moving.drop_account(office.database, account.id, mine[place].id)
        submissions.add_history(office.database, target, mine[place].id,
                                [(change.name, change.old, change.new) for change in changes], None, office.actor,
                                office.now)


def _fits(own: Account, account: Account, office: Office) -> bool:
    return len(merge_accounts([own], [account], office.survey)[0]) == 1


def _older_first(account: Account, mine: tuple[Account, ...], place: int, office: Office):
    """The account that is here is the newer one: it completes itself from the other and keeps its own values."""
    merged, _ = merge_accounts([replace(account, id=mine[place].id)], [mine[place]], office.survey)
    return (*mine[:place], merged[0], *mine[place + 1:]), ()


def _brought_at(office: Office, account: Account) -> datetime:
    row = one(office.database, "SELECT m.received_at FROM accounts a LEFT JOIN messages m ON m.id = a.message_id WHERE "
              "a.id = ?", [account.id])
    return datetime.fromisoformat(row["received_at"]) if row and row["received_at"] else office.now


def split(office: Office, number: str, accounts: Sequence[int] = (), messages: Sequence[int] = ()) -> tuple[Result, Result]:
    """Part accounts, or everything that came with some mails, into a submission of their own; (the rest, the new one)."""
    with writing(office.database):
        row = find(office, number)
        facts = load_facts(office.database, row["id"])
        _check_parts(office, row, facts.accounts, accounts, messages)
        new = submissions.open_submission(office.database, office.survey.numbering, row["opened_at"], office.now)
        if messages:
            for message_id in messages:
                _part_message(office, row["id"], new, message_id)
        else:
            _part_accounts(office, row["id"], new, accounts)
        opened = moving.opened_by(office.database, new) or row["opened_at"]
        update(office.database, "submissions", new, {"opened_at": opened, "contact_address": _contact(office, new, row)})
        _carry_verdicts(office, row["id"], new)
        new_number = submissions.number_of(office.database, new)
        decision = Decision("split", office.now, office.actor, why=office.why, value={
            "number": new_number, "accounts": list(accounts), "messages": list(messages)})
        identifier = record(office, row["id"], decision, "split", {"number": new_number})
        processing.add_event(office.database, office.now, "split-off", actor=office.actor, submission_id=new,
                             detail={"from": row["number"], "decision": identifier})
        return (judge_and_answer(office, row["id"], standing(row), identifier),
                judge_and_answer(office, new, None, identifier))


def _check_parts(office: Office, row: dict, held: Sequence[Account], accounts: Sequence[int],
                 messages: Sequence[int]) -> None:
    if bool(accounts) == bool(messages):
        raise Refused("请用 --account 指明分出哪些账号,或用 --message 指明分出哪些来信,两者写一种。")
    mails = [mail["id"] for mail in overview.messages_of(office.database, row["id"])]
    what, mine, wanted = ("账号", [account.id for account in held], accounts) if accounts else ("来信", mails, messages)
    if strange := [one for one in wanted if one not in mine]:
        raise Refused(f"{row['number']}没有{what}{'、'.join(map(str, strange))}(现有:{'、'.join(map(str, mine))})。")
    if set(mine) <= set(wanted):
        raise Refused(f"不能把全部{what}都分出去,至少要留下一个。")


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
    facts = load_facts(office.database, submission_id)
    return Group(None, accounts=list(facts.accounts))


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


def _carry_verdicts(office: Office, source: int, target: int) -> None:
    """What was decided about a document holds for it in the other submission too."""
    held = {paper["attachment_id"] for paper in moving.papers_with_ids(office.database, target)}
    for decision in decisions.decisions_of(office.database, source):
        if decision.kind in ("accept", "reject") and decision.attachment_id in held:
            decisions.add_decision(office.database, decision, submission_id=target)


def assign(office: Office, message_id: int, number: str | None, reading: Reading) -> tuple[Result, ...]:
    """A mail into the submission that a person names, or into a new one (None); the same again changes nothing.

    `reading`: the mail read anew, as what it brought is not kept while nobody knows whose it is.
    """
    with writing(office.database):
        row = overview.message(office.database, message_id)
        target = find(office, number) if number else None
        files = known_files(office.database, message_id, reading)
        held = overview.submissions_of(office.database, message_id)
        loose = [] if held and not _is_open(office, message_id) else _unplaced(office, message_id, reading, files)
        if target and not loose and [one_of["id"] for one_of in held] == [target["id"]]:
            return (result_of(settle.judge_again(office.survey, office.database, target["id"], office.now), Written(None)),)
        if held and not loose:
            return _reassign(office, row, held, target)
        return _take_in(office, row, target, reading, files, loose)


def _is_open(office: Office, message_id: int) -> bool:
    """Whether something in the mail still waits for a person to say whose it is."""
    return one(office.database, "SELECT 1 FROM doubts WHERE message_id = ? AND submission_id IS NULL AND resolved_at IS "
               "NULL", [message_id]) is not None


def _unplaced(office: Office, message_id: int, reading: Reading, files: dict[int, int]) -> list[Claim]:
    placed = moving.placed_files(office.database, message_id)
    typed = one(office.database, "SELECT 1 FROM accounts WHERE message_id = ? AND attachment_id IS NULL", [message_id])
    return [claim for claim in claims(reading, office.survey)
            if not any(files[index] in placed for index in claim.files) and not (not claim.files and typed)]


def _take_in(office: Office, row: dict, target: dict | None, reading: Reading, files: dict[int, int],
             loose: list[Claim]) -> tuple[Result, ...]:
    """Claims that belong to no submission yet; a mail without any is only said to belong there."""
    if not loose and target is None:
        raise Refused(f"来信{row['id']}没有登记表或证件,不能据以开立新的登记。")
    outcomes = settle.settle_by_hand(office.config, office.survey, office.database, row, reading, files, loose,
                                     target["id"] if target else None, office.now)
    touched = [outcome.id for outcome in outcomes] or [target["id"]]
    results = []
    for submission_id in dict.fromkeys(touched):
        submissions.link_message(office.database, submission_id, row["id"], "assigned")
        results.append(_assigned(office, row, submission_id, standing(target) if target else None, opened=target is None))
    return tuple(results)


def _assigned(office: Office, row: dict, submission_id: int, before, *, opened: bool) -> Result:
    number = submissions.number_of(office.database, submission_id)
    decision = Decision("assign", office.now, office.actor, value={"number": number}, why=office.why)
    identifier = record(office, submission_id, decision, "assigned", {"number": number}, message_id=row["id"])
    office.database.conn.execute(
        "UPDATE doubts SET resolved_at = ?, resolved_by = ? WHERE message_id = ? AND submission_id IS NULL AND "
        "resolved_at IS NULL", [office.now.isoformat(timespec="seconds"), office.actor, row["id"]])
    if row["kind"] not in ("registration", "supplement"):
        update(office.database, "messages", row["id"], {"kind": "registration" if opened else "supplement"})
    return judge_and_answer(office, submission_id, before, identifier, contact=row["reply_to"] or row["from_address"])


def _reassign(office: Office, row: dict, held: list[dict], target: dict | None) -> tuple[Result, ...]:
    """A mail that went to the wrong submission: what it brought moves."""
    if len(held) > 1:
        numbers = "、".join(one_of["number"] for one_of in held)
        raise Refused(f"来信{row['id']}已归在几份登记({numbers}),请用 intake split 或 intake merge。")
    source = find(office, held[0]["number"], withdrawn=True)
    others = [mail for mail in overview.messages_of(office.database, source["id"]) if mail["id"] != row["id"]]
    if not others:
        where = f"请用 intake merge {target['number']} {source['number']}" if target else "它自己就是一份登记"
        raise Refused(f"{source['number']}只有来信{row['id']}这一封,{where}。")
    new = target["id"] if target else submissions.open_submission(
        office.database, office.survey.numbering, row["received_at"], office.now)
    before = [account.id for account in load_facts(office.database, new).accounts]
    _part_message(office, source["id"], new, row["id"])
    _fold(office, new, before)
    _carry_verdicts(office, source["id"], new)
    result = _assigned(office, row, new, standing(target) if target else None, opened=target is None)
    identifier = one(office.database, "SELECT max(id) AS id FROM decisions")["id"]
    return result, judge_and_answer(office, source["id"], standing(source), identifier)


def _fold(office: Office, submission_id: int, before: Sequence[int]) -> None:
    """Accounts that have just come to a submission which holds the same ones already."""
    accounts = load_facts(office.database, submission_id).accounts
    mine = tuple(account for account in accounts if account.id in before)
    for account in (account for account in accounts if account.id not in before):
        merged, changes = merge_accounts(mine, [account], office.survey)
        if len(merged) > len(mine):
            continue
        place = next((change.account for change in changes), None)
        place = place if place is not None else next(at for at, own in enumerate(mine) if _fits(own, account, office))
        submissions.save_account(office.database, submission_id, merged[place], None)
        submissions.add_history(office.database, submission_id, mine[place].id,
                                [(change.name, change.old, change.new) for change in changes], None, office.actor,
                                office.now)
        moving.drop_account(office.database, account.id, mine[place].id)
