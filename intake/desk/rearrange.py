"""What a person decides about more than one submission: where a mail belongs, what is one, what is two.

As in `intake.desk.decision`, each decision is one transaction and a fact for good. Mails of a joined submission, and forms under
a name that it bore, find their way to the one that is left (`store.matching`).
"""

from collections.abc import Sequence

from intake import settle
from intake.desk import moves
from intake.desk.answer_decision import Written
from intake.desk.decision import Office, Refused, Result, find, judge_and_answer, record, result_of, standing
from rules.decisions import Decision, anchor_of
from rules.group import Claim
from rules.reading import Reading
from rules.submission import Account
from store import decisions, moving, overview, processing, submissions
from store.database import one, writing
from store.files import raw_path
from store.processing import known_files
from store.submissions import load_facts


def merge(office: Office, number: str, other: str) -> Result:
    """Join `other` with `number`: mails, accounts, documents and history move; the other number leads here from now on."""
    with writing(office.database):
        target, source = find(office, number), find(office, other)
        if target["id"] == source["id"]:
            raise Refused("两个登记编号是同一份登记,不必合并。")
        moves.join(office, source["id"], target["id"])
        decision = Decision("merge", office.now, office.actor, value={"number": source["number"]}, why=office.why)
        identifier = record(office, target["id"], decision, "merged", {"number": source["number"]})
        processing.add_event(office.database, office.now, "merged-away", actor=office.actor, submission_id=source["id"],
                             detail={"into": target["number"], "decision": identifier})
        return judge_and_answer(office, target["id"], standing(target), identifier)


def split(office: Office, number: str, accounts: Sequence[int] = (), messages: Sequence[int] = ()) -> tuple[Result, Result]:
    """Part accounts, or everything that came with some mails, into a submission of their own; (the rest, the new one)."""
    with writing(office.database):
        row = find(office, number)
        facts = load_facts(office.database, row["id"])
        _check_parts(office, row, facts.accounts, accounts, messages)
        anchors = [anchor_of(account) for account in facts.accounts if account.id in accounts]
        new = moves.part(office, row, accounts, messages)
        _carry_verdicts(office, row["id"], new)
        new_number = submissions.number_of(office.database, new)
        decision = Decision("split", office.now, office.actor, why=office.why, value={
            "number": new_number, "accounts": list(accounts), "messages": list(messages), "anchors": anchors})
        identifier = record(office, row["id"], decision, "split", {"number": new_number})
        processing.add_event(office.database, office.now, "split-off", actor=office.actor, submission_id=new,
                             detail={"from": row["number"], "decision": identifier})
        return (judge_and_answer(office, row["id"], standing(row), identifier),
                judge_and_answer(office, new, None, identifier))


def _check_parts(office: Office, row: dict, held: Sequence[Account], accounts: Sequence[int],
                 messages: Sequence[int]) -> None:
    if bool(accounts) == bool(messages):
        raise Refused(f"请用 --account 指明分出哪些{office.survey.item.noun},或用 --message 指明分出哪些来信,两者写一种。")
    mails = [mail["id"] for mail in overview.messages_of(office.database, row["id"])]
    what, mine, wanted = (office.survey.item.noun, [account.id for account in held], accounts) if accounts else ("来信", mails, messages)
    if strange := [one for one in wanted if one not in mine]:
        raise Refused(f"{row['number']}没有{what}{'、'.join(map(str, strange))}(现有:{'、'.join(map(str, mine))})。")
    if set(mine) <= set(wanted):
        raise Refused(f"不能把全部{what}都分出去,至少要留下一个。")


def _carry_verdicts(office: Office, source: int, target: int) -> None:
    """What was decided about a document holds for it in the other submission too."""
    held = {paper["attachment_id"] for paper in moving.papers_with_ids(office.database, target)}
    for decision in decisions.decisions_of(office.database, source):
        if decision.kind in ("accept", "reject") and decision.attachment_id in held:
            decisions.add_decision(office.database, decision, submission_id=target)


def read_again(office: Office, message_id: int, pool) -> Reading:
    """What a mail says, for `assign`; `pool`: an `intake.confined.confine.ReaderPool`.

    Raises Refused where the mail cannot be assigned.
    """
    row = overview.message(office.database, message_id)
    if row is None:
        raise Refused(f"没有来信{message_id}。")
    if row["duplicate_of"] is not None:
        raise Refused(f"来信{row['id']}与来信{row['duplicate_of']}内容相同,请改用来信{row['duplicate_of']}。")
    if row["state"] != "processed" or row["kind"] is None:
        raise Refused(f"来信{row['id']}还没有处理,不能归入登记;未能处理的请先重试(命令 intake retry)。")
    return pool.read(raw_path(office.config.data, row["sha256"]), row["sha256"]).result()


def assign(office: Office, message_id: int, number: str | None, reading: Reading) -> tuple[Result, ...]:
    """A mail into the submission that a person names, or into a new one (None); the same again changes nothing.

    `reading`: the mail read anew, as what it brought is not kept while nobody knows whose it is.
    """
    with writing(office.database):
        row = overview.message(office.database, message_id)
        target = find(office, number) if number else None
        files = known_files(office.database, message_id, reading)
        held = overview.submissions_of(office.database, message_id)
        loose = moves.loose_claims(office, message_id, reading, files, held)
        if target and not loose and [one_of["id"] for one_of in held] == [target["id"]]:
            return (result_of(settle.judge_again(office.survey, office.database, target["id"], office.now), Written(None)),)
        if held and not loose:
            return _reassign(office, row, held, target)
        return _take_in(office, row, target, reading, files, loose)


def _take_in(office: Office, row: dict, target: dict | None, reading: Reading, files: dict[int, int],
             loose: list[Claim]) -> tuple[Result, ...]:
    """Claims that belong to no submission yet; a mail without any is only said to belong there."""
    if not loose and target is None:
        raise Refused(f"来信{row['id']}没有登记表或证件,不能据以开立新的登记。")
    outcomes = moves.take_in(office, row, target["id"] if target else None, reading, files, loose)
    touched = [outcome.id for outcome in outcomes] or [target["id"]]
    return tuple(_assigned(office, row, submission_id, standing(target) if target else None, opened=target is None)
                 for submission_id in dict.fromkeys(touched))


def _assigned(office: Office, row: dict, submission_id: int, before, *, opened: bool) -> Result:
    number = submissions.number_of(office.database, submission_id)
    decision = Decision("assign", office.now, office.actor, value={"number": number}, why=office.why)
    identifier = record(office, submission_id, decision, "assigned", {"number": number}, message_id=row["id"])
    moves.mark_assigned(office, row, submission_id, opened=opened)
    return judge_and_answer(office, submission_id, before, identifier, contact=row["reply_to"] or row["from_address"])


def _reassign(office: Office, row: dict, held: list[dict], target: dict | None) -> tuple[Result, ...]:
    """A mail that went to the wrong submission: what it brought moves."""
    if len(held) > 1:
        numbers = "、".join(one_of["number"] for one_of in held)
        raise Refused(f"来信{row['id']}已归在几份登记({numbers}),请改为分出或合并(命令 intake split、intake merge)。")
    source = find(office, held[0]["number"], withdrawn=True)
    others = [mail for mail in overview.messages_of(office.database, source["id"]) if mail["id"] != row["id"]]
    if not others:
        where = f"请用 intake merge {target['number']} {source['number']}" if target else "它自己就是一份登记"
        raise Refused(f"{source['number']}只有来信{row['id']}这一封,{where}。")
    new = moves.move_mail(office, row, source["id"], target["id"] if target else None)
    _carry_verdicts(office, source["id"], new)
    result = _assigned(office, row, new, standing(target) if target else None, opened=target is None)
    identifier = one(office.database, "SELECT max(id) AS id FROM decisions")["id"]
    return result, judge_and_answer(office, source["id"], standing(source), identifier)
