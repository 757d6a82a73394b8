"""What a person of the office decides about one submission, each in ONE transaction: written down, applied, judged, answered.

    decision row (for good) → event (who, what, why) → rows brought up to date → judged again → answer, if one is due

Nothing here is ever undone by a mail; a person takes a decision back by deciding again.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from intake import settle
from intake.answer_decision import Standing, Written, answer_decision
from intake.config import Config
from rules.answer import SubmissionOutcome, submission_key, unread_outcomes
from rules.complete import judge
from rules.decisions import Decision, anchor_of, with_field
from rules.errors import PermanentError
from rules.handwritten import empty_field, form_of, identity_key, written_fields
from rules.mandatory import FIELD_CONFIDENCE
from rules.reading import FieldValue
from rules.submission import Account, Facts, HeldPaper
from rules.survey import Demand, Survey
from rules.typography import typeset
from store import decisions, overview, processing, submissions
from store.database import Database, one, rows, update, writing
from store.submissions import load_facts


class Refused(PermanentError):
    """What was asked for cannot be done; the sentence says why and what can."""

    def __init__(self, sentence: str):
        super().__init__(typeset(sentence))


@dataclass(frozen=True, slots=True)
class Office:
    """Who decides, when and why, and on what."""

    config: Config
    survey: Survey
    database: Database
    actor: str
    now: datetime
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a submission stands after a decision."""

    number: str
    status: str
    missing: tuple[str, ...]
    review_reasons: tuple[str, ...]
    #: the answer that went to the outbox
    written: Written


def correct(office: Office, number: str, values: Sequence[tuple[str, str]], account_id: int | None = None) -> Result:
    """Write fields of an account as a person says they are; no later form replaces them."""
    with writing(office.database):
        row = find(office, number)
        account = _account(office, row, account_id)
        written = [field for name, text in values for field in written_fields(name, text, office.survey)]
        return _write_fields(office, row, account, written, "corrected")


def add_account(office: Office, number: str, values: Sequence[tuple[str, str]], attachment_id: int | None) -> Result:
    """Type in a form that only a person can read; `attachment_id`: the file that holds it."""
    with writing(office.database):
        row = find(office, number)
        file = _file(office, row, attachment_id) if attachment_id is not None else None
        facts = load_facts(office.database, row["id"])
        fields = tuple(field for name, text in values for field in written_fields(name, text, office.survey))
        account = Account(form_of(fields, facts.category or row["category"], office.survey), fields, None, attachment_id,
                          ("由工作人员录入",))
        message_id = file["message_id"] if file else None
        new = submissions.save_account(office.database, row["id"], account, message_id)
        decision = Decision(
            "account", office.now, office.actor, why=office.why, account_id=new, attachment_id=attachment_id,
            value={"form_kind": account.form_kind, "fields": [_as_value(field, None) | {"name": field.name}
                                                              for field in fields]},
            anchor=_anchors(account, account) | _file_anchor(file))
        return conclude(office, row, decision, "account-added", {"account": new})


def judge_paper(office: Office, number: str, material: str, accepted: bool, attachment_id: int | None = None) -> Result:
    """Accept or refuse an identity document; the reason of a refusal is told to the registrant."""
    with writing(office.database):
        row = find(office, number)
        demand = _demand(office, row, material)
        facts = load_facts(office.database, row["id"])
        if attachment_id is None:
            held = _only_paper(facts, demand, accepted, office)
            attachment_id = held.attachment_id if held else None
        file = _file(office, row, attachment_id) if attachment_id is not None else None
        decision = Decision(
            "accept" if accepted else "reject", office.now, office.actor, name=demand.code, why=office.why,
            value={"paper": demand.paper, "title": demand.label}, attachment_id=attachment_id,
            anchor=_file_anchor(file))
        return conclude(office, row, decision, "accepted" if accepted else "rejected", {"material": demand.code})


def decide_category(office: Office, number: str, category: str) -> Result:
    """Unit or individual, whatever the forms say."""
    with writing(office.database):
        row = find(office, number)
        decision = Decision("category", office.now, office.actor, value={"category": category}, why=office.why)
        return conclude(office, row, decision, "category-decided", {"category": category}, row["registrant_key"])


def clear(office: Office, number: str) -> Result:
    """A person has looked at everything that was in doubt: what was read stands, what could not be read holds nothing
    more. What a document is worth is not decided by this: that is `judge_paper`."""
    with writing(office.database):
        row = find(office, number)
        facts = load_facts(office.database, row["id"])
        for account in facts.accounts:
            _confirm(office, row, account)
        unread = [file for file in facts.unread if file.open]
        sentences = (*facts.doubts, *json.loads(row["review_reasons"]))
        _resolve_doubts(office, row["id"])
        decision = Decision("clear", office.now, office.actor, why=office.why, value={
            "sentences": list(dict.fromkeys(sentences)), "files": sorted({file.sha256 for file in unread if file.sha256}),
            "attachments": [file.attachment_id for file in unread]})
        return conclude(office, row, decision, "cleared")


def receive_paper(office: Office, number: str, day: date | None, anyway: bool = False) -> Result:
    """The paper form has come: registered, or, while something is still open, registered as soon as nothing is.

    `anyway`: registered now, whatever is missing."""
    with writing(office.database):
        row = find(office, number)
        if row["status"] == "registered":
            raise Refused(f"{row['number']}的纸质件已于{row['paper_received_at'][:10]}登记收到。")
        zone = office.config.time_zone
        moment = datetime.combine(day, time(), zone) if day and day != office.now.astimezone(zone).date() else office.now
        update(office.database, "submissions", row["id"], {
            "paper_received_at": moment.isoformat(timespec="seconds"),
            "status": "registered" if anyway else row["status"]})
        decision = Decision("paper", office.now, office.actor, why=office.why,
                            value={"day": moment.date().isoformat(), "anyway": anyway})
        return conclude(office, row, decision, "paper-received", {"day": moment.date().isoformat()})


def withdraw(office: Office, number: str) -> Result:
    """The registration no longer holds; its number stays."""
    with writing(office.database):
        row = find(office, number)
        _resolve_doubts(office, row["id"])
        update(office.database, "submissions", row["id"], {"status": "withdrawn"})
        return conclude(office, row, Decision("withdraw", office.now, office.actor, why=office.why), "withdrawn")


def reopen(office: Office, number: str) -> Result:
    """Take a withdrawal, or the receipt of the paper form, back."""
    with writing(office.database):
        row = find(office, number, withdrawn=True)
        if row["status"] not in ("withdrawn", "registered"):
            raise Refused(f"{row['number']}没有撤回,也没有登记收到纸质件,不必恢复。")
        kind = "withdraw" if row["status"] == "withdrawn" else "paper"
        changes = {"status": "review"} | ({"paper_received_at": None} if kind == "paper" else {})
        update(office.database, "submissions", row["id"], changes)
        decision = Decision(kind, office.now, office.actor, value={"undone": True}, why=office.why)
        return conclude(office, row, decision, "reopened")


def note(office: Office, number: str, text: str) -> None:
    """Remember something about a submission; changes nothing else."""
    with writing(office.database):
        row = find(office, number, withdrawn=True)
        decision = decisions.add_decision(
            office.database, Decision("note", office.now, office.actor, value={"text": text}, why=office.why),
            submission_id=row["id"])
        processing.add_event(office.database, office.now, "noted", actor=office.actor, submission_id=row["id"],
                             detail={"decision": decision})


# --- what every decision does ----------------------------------------------------------------------------------------


def find(office: Office, number: str, *, withdrawn: bool = False) -> dict:
    """The submission's row; raises `Refused` where there is none or where nothing can be decided about it any more."""
    row = overview.submission(office.database, number)
    if row is None:
        raise Refused(f"没有登记编号{number}。")
    if row["merged_into"] is not None:
        now_at = submissions.number_of(office.database, decisions.survivor_of(office.database, row["id"]))
        raise Refused(f"{row['number']}已并入{now_at},请改用{now_at}。")
    if row["status"] == "withdrawn" and not withdrawn:
        raise Refused(f"{row['number']}已撤回;如系误办,请先用 intake withdraw --undo {row['number']} 恢复。")
    return row | {"told": _is_told(office, row)}


def _is_told(office: Office, row: dict) -> bool:
    facts = load_facts(office.database, row["id"])
    outcome = SubmissionOutcome(row["number"], judge(facts, office.survey), facts.accounts, (),
                                unread_outcomes(facts.unread), False, row["id"])
    return row["answered_key"] == submission_key(outcome)


def standing(row: dict) -> Standing:
    """How a submission stood when `find` found it."""
    return Standing(row["status"], tuple(json.loads(row["missing"])), row["told"])


def conclude(office: Office, row: dict, decision: Decision, action: str, detail: dict | None = None,
             former_key: str | None = None) -> Result:
    """Write the decision down, judge the submission again, and answer if that is due."""
    identifier = record(office, row["id"], decision, action, detail, former_key)
    return judge_and_answer(office, row["id"], standing(row), identifier)


def record(office: Office, submission_id: int, decision: Decision, action: str, detail: dict | None = None,
           former_key: str | None = None, message_id: int | None = None) -> int:
    """The decision and its event; returns the decision's id."""
    identifier = decisions.add_decision(office.database, decision, submission_id=submission_id, message_id=message_id,
                                        former_key=former_key)
    processing.add_event(office.database, office.now, action, actor=office.actor, submission_id=submission_id,
                         message_id=message_id, detail={"decision": identifier, **(detail or {}),
                                                        **({"why": office.why} if office.why else {})})
    return identifier


def judge_and_answer(office: Office, submission_id: int, before: Standing | None, decision_id: int,
                     contact: str | None = None) -> Result:
    """Judge a submission after a decision, and write the answer that is due."""
    outcome = settle.judge_again(office.survey, office.database, submission_id, office.now, contact=contact)
    written = answer_decision(office.config, office.survey, office.database, before, outcome, decision_id, office.now)
    return result_of(outcome, written)


def result_of(outcome: SubmissionOutcome, written: Written) -> Result:
    """The outcome as the command shows it."""
    judgement = outcome.judgement
    return Result(outcome.number, judgement.status, tuple(missing.code for missing in judgement.missing),
                  judgement.review_reasons, written)


def _resolve_doubts(office: Office, submission_id: int) -> None:
    office.database.conn.execute(
        "UPDATE doubts SET resolved_at = ?, resolved_by = ? WHERE submission_id = ? AND resolved_at IS NULL",
        [office.now.isoformat(timespec="seconds"), office.actor, submission_id])


# --- fields ----------------------------------------------------------------------------------------------------------


def _account(office: Office, row: dict, account_id: int | None) -> Account:
    accounts = load_facts(office.database, row["id"]).accounts
    if account_id is not None:
        found = [account for account in accounts if account.id == account_id]
        if not found:
            raise Refused(f"{row['number']}没有账号{account_id}{_choices(accounts)}。")
        return found[0]
    if len(accounts) != 1:
        raise Refused(f"{row['number']}有{len(accounts)}个账号,请用 --account 指明是哪一个{_choices(accounts)}。"
                      if accounts else f"{row['number']}还没有账号;可用 --account new 录入一个。")
    return accounts[0]


def _choices(accounts: Iterable[Account]) -> str:
    named = "、".join(f"{account.id} {account.value('name') or '未写名称'}" for account in accounts)
    return f"(现有:{named})" if named else ""


def _write_fields(office: Office, row: dict, account: Account, written: Sequence[FieldValue], action: str) -> Result:
    before, identifier = standing(row), 0
    for identifier in _record_fields(office, row, account, written, action):
        pass
    return judge_and_answer(office, row["id"], before, identifier)


def _record_fields(office: Office, row: dict, account: Account, written: Sequence[FieldValue], action: str) -> list[int]:
    """A decision for each field, the account's row brought up to date, and what changed in its history."""
    after = account
    for field in written:
        after = with_field(after, field)
    anchors, made = _anchors(account, after), []
    for field in written:
        decision = Decision(
            "correct", office.now, office.actor, name=field.name, why=office.why, account_id=account.id, anchor=anchors,
            value=_as_value(field, account.get(field.name)))
        key = identity_key(field.name, account, office.survey)
        made.append(record(office, row["id"], decision, action, {"account": account.id, "field": field.name}, key))
    submissions.save_account(office.database, row["id"], after, None)
    changed = [(field.name, _value(account.get(field.name)), field.value) for field in written
               if _value(account.get(field.name)) != field.value]
    submissions.add_history(office.database, row["id"], account.id, changed, None, office.actor, office.now)
    return made


def _confirm(office: Office, row: dict, account: Account) -> None:
    """What was read with little confidence stands as it was read; a field that was not found at all is empty."""
    dim = [field for field in account.fields if field.confidence < FIELD_CONFIDENCE or
           (not field.valid and field.confidence < 1)]
    demanded = [rule.name for rule in office.survey.fields if account.form_kind in rule.mandatory]
    absent = [empty_field(name) for name in demanded if account.get(name) is None]
    confirmed = [replace(field, confidence=1.0, method="human") for field in dim] + absent
    if confirmed:
        _record_fields(office, row, account, confirmed, "confirmed")


def _value(field: FieldValue | None):
    return field.value if field else None


def _as_value(field: FieldValue, old: FieldValue | None) -> dict:
    value = {"value": field.value, "raw": field.raw, "was": _value(old)}
    return value if field.valid else value | {"valid": False, "complaint": field.complaint}


def _anchors(before: Account, after: Account) -> dict:
    first, second = anchor_of(before), anchor_of(after)
    return {kind: list(dict.fromkeys((first[kind], second[kind]))) for kind in first}


# --- documents -------------------------------------------------------------------------------------------------------


def _demand(office: Office, row: dict, material: str) -> Demand:
    forms = [category.form for category in office.survey.categories]
    if material in forms:
        raise Refused("登记表逐栏核对:填写有误的用 intake correct 更正,读不出的用 intake correct --account new 录入,"
                      "不属于本登记的用 intake split 分出。")
    categories = [category for category in office.survey.categories if row["category"] in (category.name, "unknown")]
    demands = [demand for category in categories for demand in category.demands]
    found = [demand for demand in demands if demand.code == material]
    if not found:
        raise Refused(f"{row['number']}不需要材料{material};可以写:{'、'.join(dict.fromkeys(d.code for d in demands))}。")
    return found[0]


def _only_paper(facts: Facts, demand: Demand, accepted: bool, office: Office) -> HeldPaper | None:
    papers = [held for held in facts.papers if held.paper.kind == demand.paper]
    undecided = [held for held in papers if held.verdict is None or held.verdict.accepted != accepted] or papers
    files = {held.attachment_id: held for held in undecided}
    if len(files) == 1:
        return next(iter(files.values()))
    if files:
        named = "、".join(f"{held.attachment_id} {held.filename or '当面核验'}" for held in files.values())
        raise Refused(f"这种证件有{len(files)}份,请用 --file 指明是哪一个附件({named})。")
    if not accepted:
        raise Refused("没有收到这种证件,不必拒收;系统认不出的文件请用 --file 指明附件。")
    if not office.why:
        raise Refused("没有收到这种证件。附件中系统认不出的请用 --file 指明;当面核验过的请用 --why 写明。")
    return None


def _file(office: Office, row: dict, attachment_id: int) -> dict:
    found = one(office.database, "SELECT * FROM attachments WHERE id = ? AND message_id IN (SELECT message_id FROM "
                "submission_messages WHERE submission_id = ?)", [attachment_id, row["id"]])
    if found is None:
        files = rows(office.database, "SELECT a.id, a.filename FROM attachments a JOIN submission_messages l ON "
                     "l.message_id = a.message_id WHERE l.submission_id = ? ORDER BY a.id LIMIT 30", [row["id"]])
        named = "、".join(f"{file['id']} {file['filename'] or '未命名'}" for file in files)
        raise Refused(f"{row['number']}没有附件{attachment_id}{f'(现有:{named})' if named else ''}。")
    return found


def _file_anchor(file: dict | None) -> dict:
    return {"sha256": file["sha256"], "filename": file["filename"]} if file else {}
