"""What a person says of the fields of an account and of the documents of a submission."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from intake.desk.decision import Office, Refused, Result, conclude, find, judge_and_answer, record, standing
from rules.decisions import Decision, anchor_of, with_field
from rules.handwritten import empty_field, form_of, identity_key, written_fields
from rules.mandatory import FIELD_CONFIDENCE
from rules.reading import FieldValue
from rules.submission import Account, Facts, HeldPaper
from rules.survey import Demand
from store import submissions
from store.database import one, rows, writing
from store.submissions import load_facts


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


def confirm(office: Office, row: dict, account: Account) -> None:
    """What was read with little confidence stands as it was read; a field that was not found at all is empty."""
    dim = [field for field in account.fields if field.confidence < FIELD_CONFIDENCE or
           (not field.valid and field.confidence < 1)]
    demanded = [rule.name for rule in office.survey.fields if account.form_kind in rule.mandatory]
    absent = [empty_field(name) for name in demanded if account.get(name) is None]
    confirmed = [replace(field, confidence=1.0, method="human") for field in dim] + absent
    if confirmed:
        _record_fields(office, row, account, confirmed, "confirmed")


def _account(office: Office, row: dict, account_id: int | None) -> Account:
    accounts, item = load_facts(office.database, row["id"]).accounts, office.survey.item
    if account_id is not None:
        found = [account for account in accounts if account.id == account_id]
        if not found:
            raise Refused(f"{row['number']}没有{office.survey.item.noun}{account_id}{_choices(accounts)}。")
        return found[0]
    if len(accounts) != 1:
        raise Refused(f"{row['number']}有{len(accounts)}{item.measure}{item.noun},请用 --account 指明是哪一个{_choices(accounts)}。"
                      if accounts else f"{row['number']}还没有{item.noun};可用 --account new 录入登记表。")
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


def _value(field: FieldValue | None):
    return field.value if field else None


def _as_value(field: FieldValue, old: FieldValue | None) -> dict:
    value = {"value": field.value, "raw": field.raw, "was": _value(old)}
    return value if field.valid else value | {"valid": False, "complaint": field.complaint}


def _anchors(before: Account, after: Account) -> dict:
    first, second = anchor_of(before), anchor_of(after)
    return {kind: list(dict.fromkeys((first[kind], second[kind]))) for kind in first}


def _demand(office: Office, row: dict, material: str) -> Demand:
    forms = [category.form for category in office.survey.categories]
    if material in forms:
        raise Refused("登记表逐栏核对:填写有误的请更正(命令 intake correct),读不出的请录入(intake correct --account new),"
                      "不属于本登记的请分出(intake split)。")
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
