"""A decision of a person, done again in the shadow at its place among the mails; what cannot be done again goes to a person.

The row of the decision stands as it was written, so what it says of fields, documents and categories holds whatever the
mails say. What a decision did to rows (joining, parting, assigning) is done again by the desk's own hand (`desk.moves`).
"""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime

from intake import settle
from intake.desk import decide, moves
from intake.desk.decision import Office
from intake.replay.stage import Stage
from intake.replay.steps import Step
from rules.decisions import anchor_of, concerns, human_field
from rules.handwritten import identity_key
from rules.submission import Account
from rules.typography import typeset
from store import overview, submissions
from store.database import insert, one
from store.decisions import add_former_key, decisions_of, survivor_of
from store.processing import known_files
from store.submissions import load_accounts, load_facts


class NotAgain(Exception):
    """What the person decided cannot be done any more; the sentence says why."""


def redo(stage: Stage, step: Step) -> None:
    """The decision of a step; to be called inside a transaction of the shadow."""
    row = step.decision
    insert(stage.shadow, "decisions", row)
    if not step.noted:
        return
    office = Office(stage.config, stage.survey, stage.shadow, row["actor"], datetime.fromisoformat(row["at"]), row["why"])
    value = json.loads(row["value"]) if row["value"] else {}
    try:
        _DOINGS[row["kind"]](stage, office, row, value)
    except NotAgain as reason:
        _tell(stage, office, row, str(reason))
    stage.identity.keep_accounts()
    stage.identity.step_done()


def _tell(stage: Stage, office: Office, row: dict, reason: str) -> None:
    """A person decided it once, a person must look again."""
    what, day = stage.words[row["kind"]], row["at"][:10]
    sentence = typeset(f"重新读取来信后,工作人员{day}的决定(“{what}”)不能照原样执行:{reason},请核实。")
    submission_id = row["submission_id"]
    if submission_id is None:
        submissions.add_doubt(stage.shadow, sentence, office.now, message_id=row["message_id"])
        return
    _stands(stage, office, submission_id)
    submissions.add_doubt(stage.shadow, sentence, office.now, submission_id=survivor_of(stage.shadow, submission_id))
    _judge(stage, office, survivor_of(stage.shadow, submission_id))


def _stands(stage: Stage, office: Office, submission_id: int) -> None:
    """Whatever was decided about it, its number stays; where no mail opens it any more a person must look."""
    if not stage.is_there(submission_id):
        stage.leave(submission_id, office.now)


def _judge(stage: Stage, office: Office, submission_id: int, contact: str | None = None) -> None:
    settle.judge_again(stage.survey, stage.shadow, submission_id, office.now, contact=contact)


# --- what is said of one submission ------------------------------------------------------------------------------------


def _say(stage: Stage, office: Office, row: dict, value: dict) -> None:
    """Fields, documents, category: the row says it, the columns follow."""
    _stands(stage, office, row["submission_id"])
    submission_id = survivor_of(stage.shadow, row["submission_id"])
    stored = {account.id: account for account in load_accounts(stage.shadow, submission_id)}
    _remember_name(stage, submission_id, row, stored.values())
    for account in load_facts(stage.shadow, submission_id).accounts:
        if account.fields != stored[account.id].fields:
            changes = [(field.name, _value(stored[account.id], field.name), field.value) for field in account.fields
                       if _value(stored[account.id], field.name) != field.value]
            submissions.save_account(stage.shadow, submission_id, account, None)
            submissions.add_history(stage.shadow, submission_id, account.id, changes, None, office.actor, office.now)
    if row["kind"] == "correct" and row["name"] and not _is_about_somebody(stage, submission_id, row["id"]):
        raise NotAgain("所更正的账号已不在这份登记中")
    _judge(stage, office, submission_id)


def _remember_name(stage: Stage, submission_id: int, row: dict, stored: Iterable[Account]) -> None:
    """By the corrected name as it is read now the registrant may be called in other mails, before and after."""
    for decision in decisions_of(stage.shadow, submission_id) if row["kind"] == "correct" else ():
        for account in stored:
            if decision.id == row["id"] and concerns(decision, account):
                key = identity_key(row["name"], account, stage.survey)
                if key and key != row["former_key"]:
                    add_former_key(stage.shadow, submission_id, key)


def _value(account: Account, name: str):
    found = account.get(name)
    return found.value if found else None


def _is_about_somebody(stage: Stage, submission_id: int, decision_id: int) -> bool:
    accounts = load_accounts(stage.shadow, submission_id)
    return any(decision.id == decision_id and concerns(decision, account)
               for decision in decisions_of(stage.shadow, submission_id) for account in accounts)


def _type_in(stage: Stage, office: Office, row: dict, value: dict) -> None:
    """A form that only a person could read."""
    _stands(stage, office, row["submission_id"])
    fields = tuple(human_field(field["name"], field) for field in value["fields"])
    insert(stage.shadow, "accounts", {"id": row["account_id"], "submission_id": row["submission_id"]})
    file = one(stage.shadow, "SELECT message_id FROM attachments WHERE id = ?", [row["attachment_id"]])
    submissions.save_account(
        stage.shadow, row["submission_id"], Account(value["form_kind"], fields, row["account_id"],
                                                    row["attachment_id"] if file else None),
        file["message_id"] if file else None)
    stage.identity.hold_account(row["account_id"])
    _judge(stage, office, row["submission_id"])


def _clear(stage: Stage, office: Office, row: dict, value: dict) -> None:
    """What the person saw is settled; what nobody had seen then is not."""
    if row["submission_id"] is None:
        decide.resolve_mail(office, row["message_id"])
        placed = overview.submissions_of(stage.shadow, row["message_id"])
        if placed and row["message_id"] not in stage.placed:
            raise NotAgain(f"该来信现归入{'、'.join(each['number'] for each in placed)}")
        return
    _stands(stage, office, row["submission_id"])
    for sentence in value.get("sentences", ()):
        stage.shadow.conn.execute(
            "UPDATE doubts SET resolved_at = ?, resolved_by = ? WHERE submission_id = ? AND sentence = ? AND resolved_at IS "
            "NULL", [office.now.isoformat(timespec="seconds"), office.actor, row["submission_id"], sentence])
    _judge(stage, office, row["submission_id"])


def _paper(stage: Stage, office: Office, row: dict, value: dict) -> None:
    _stands(stage, office, row["submission_id"])
    if value.get("undone"):
        decide.take_back(office, row["submission_id"], "paper")
    else:
        found = one(stage.shadow, "SELECT * FROM submissions WHERE id = ?", [row["submission_id"]])
        decide.note_paper(office, found, date.fromisoformat(value["day"]), value["anyway"])
    _judge(stage, office, row["submission_id"])


def _withdraw(stage: Stage, office: Office, row: dict, value: dict) -> None:
    _stands(stage, office, row["submission_id"])
    if value.get("undone"):
        decide.take_back(office, row["submission_id"], "withdraw")
    else:
        decide.close(office, row["submission_id"])
    _judge(stage, office, row["submission_id"])


def _note(stage: Stage, office: Office, row: dict, value: dict) -> None:
    _stands(stage, office, row["submission_id"])


# --- what is said of two -----------------------------------------------------------------------------------------------


def _merge(stage: Stage, office: Office, row: dict, value: dict) -> None:
    source = stage.identity.by_number[value["number"]]
    for each in (row["submission_id"], source):
        _stands(stage, office, each)
    moves.join(office, source, row["submission_id"])
    _judge(stage, office, row["submission_id"])


def _split(stage: Stage, office: Office, row: dict, value: dict) -> None:
    source, part = row["submission_id"], stage.identity.by_number[value["number"]]
    _stands(stage, office, source)
    if stage.is_there(part):
        raise NotAgain(f"{value['number']}已由来信开立")
    found = one(stage.shadow, "SELECT * FROM submissions WHERE id = ?", [source])
    accounts = _parted(stage, source, value)
    mine = [mail["id"] for mail in overview.messages_of(stage.shadow, source)]
    messages = [identifier for identifier in value["messages"] if identifier in mine]
    everything = {account.id for account in load_accounts(stage.shadow, source)} if accounts else set(mine)
    if not (accounts or messages) or everything <= {*accounts, *messages}:
        _stands(stage, office, part)
        raise NotAgain("所要分出的内容已不在这份登记中" if not (accounts or messages) else "分出后原登记将没有内容")
    stage.identity.take(moves.part(office, found, accounts, messages), part)
    for each in (source, part):
        _judge(stage, office, each)


def _parted(stage: Stage, source: int, value: dict) -> list[int]:
    """The accounts that were parted off, by their ids, else by what they were called."""
    held = load_accounts(stage.shadow, source)
    found = [account.id for account in held if account.id in value["accounts"]]
    for anchor in value.get("anchors", ()):
        found += [account.id for account in held if account.id not in found and _is_called(account, anchor)]
    return found[:len(value["accounts"])]


def _is_called(account: Account, anchor: dict) -> bool:
    return anchor_of(account) == anchor


def _assign(stage: Stage, office: Office, row: dict, value: dict) -> None:
    target, message = row["submission_id"], overview.message(stage.shadow, row["message_id"])
    opened = not stage.is_there(target)
    reading = stage.reading(message)
    held = overview.submissions_of(stage.shadow, message["id"])
    files = known_files(stage.shadow, message["id"], reading)
    loose = moves.loose_claims(office, message["id"], reading, files, held)
    problem, touched = None, {target}
    if held and not loose and target not in {each["id"] for each in held}:
        problem = _move(stage, office, message, held, target, opened)
        touched |= {each["id"] for each in held}
    elif loose or not held:
        moves.take_in(office, message, None if opened else target, reading, files, loose)
        touched |= set(stage.identity.keep(message["id"]))
    _stands(stage, office, target)
    if problem is None:
        moves.mark_assigned(office, message, target, opened=opened)
    stage.identity.keep_accounts()
    for each in sorted(one_of for one_of in touched if stage.is_there(one_of)):
        contact = (message["reply_to"] or message["from_address"]) if each == target else None
        _judge(stage, office, each, contact)
    if problem:
        raise NotAgain(problem)


def _move(stage: Stage, office: Office, message: dict, held: list[dict], target: int, opened: bool) -> str | None:
    """The mail went elsewhere by itself; returns why it cannot be moved to where the person wants it."""
    if len(held) > 1:
        return f"来信{message['id']}现分属{'、'.join(each['number'] for each in held)}"
    source = held[0]["id"]
    alone = len(overview.messages_of(stage.shadow, source)) == 1
    if not alone:
        new = moves.move_mail(office, message, source, None if opened else target)
        if opened:
            stage.identity.take(new, target)
    elif not stage.identity.is_new(source):
        return f"来信{message['id']}现单独立为{held[0]['number']}"
    elif opened:
        stage.identity.take(source, target)
    else:
        # nobody has ever heard of the number under which it stood for a moment
        moves.join(office, source, target)
        stage.shadow.conn.execute("DELETE FROM submissions WHERE id = ?", [source])
        stage.identity.forget(source)
    return None


_DOINGS: dict[str, Callable] = {
    "correct": _say, "accept": _say, "reject": _say, "category": _say, "account": _type_in, "clear": _clear,
    "paper": _paper, "withdraw": _withdraw, "note": _note, "merge": _merge, "split": _split, "assign": _assign,
}
