"""What a person decides about a submission as a whole: its category, its doubts, its paper form, its end."""

import json
from datetime import date, datetime, time

from intake.desk.correct import confirm
from intake.desk.decision import Office, Refused, Result, conclude, find, record, resolve_doubts
from rules.decisions import Decision
from store import decisions, processing
from store.database import update, writing
from store.submissions import load_facts


def decide_category(office: Office, number: str, category: str) -> Result:
    """The category by its code or label, whatever the forms say."""
    known = {word: one.name for one in office.survey.categories for word in (one.label, one.name)}
    if category not in known:
        listed = "、".join(f"{one.name}（{one.label}）" for one in office.survey.categories)
        raise Refused(f"没有“{category}”这一类;可以写:{listed}。")
    category = known[category]
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
            confirm(office, row, account)
        unread = [file for file in facts.unread if file.open]
        sentences = (*facts.doubts, *json.loads(row["review_reasons"]))
        resolve_doubts(office, row["id"])
        decision = Decision("clear", office.now, office.actor, why=office.why, value={
            "sentences": list(dict.fromkeys(sentences)), "files": sorted({file.sha256 for file in unread if file.sha256}),
            "attachments": [file.attachment_id for file in unread]})
        return conclude(office, row, decision, "cleared")


def clear_message(office: Office, message_id: int) -> None:
    """A person has looked at a mail that nobody could place: it belongs to no submission, or all is done about it."""
    with writing(office.database):
        if not resolve_mail(office, message_id):
            raise Refused(f"来信{message_id}没有待核实的事项。")
        decision = Decision("clear", office.now, office.actor, why=office.why)
        record(office, None, decision, "cleared", message_id=message_id)


def resolve_mail(office: Office, message_id: int) -> int:
    """What was in doubt about a mail is settled; returns how many sentences."""
    return office.database.conn.execute(
        "UPDATE doubts SET resolved_at = ?, resolved_by = ? WHERE message_id = ? AND submission_id IS NULL AND "
        "resolved_at IS NULL", [office.now.isoformat(timespec="seconds"), office.actor, message_id]).rowcount


def receive_paper(office: Office, number: str, day: date | None, anyway: bool = False) -> Result:
    """The paper form has come: registered, or, while something is still open, registered as soon as nothing is.

    `anyway`: registered now, whatever is missing."""
    with writing(office.database):
        row = find(office, number)
        if row["status"] == "registered":
            raise Refused(f"{row['number']}的纸质件已于{row['paper_received_at'][:10]}登记收到。")
        received = day or office.now.astimezone(office.config.time_zone).date()
        note_paper(office, row, received, anyway)
        decision = Decision("paper", office.now, office.actor, why=office.why,
                            value={"day": received.isoformat(), "anyway": anyway})
        return conclude(office, row, decision, "paper-received", {"day": received.isoformat()})


def note_paper(office: Office, row: dict, day: date, anyway: bool) -> None:
    """When the paper form came; that of a day before today, or of a later one, at its beginning."""
    zone = office.config.time_zone
    moment = office.now if day == office.now.astimezone(zone).date() else datetime.combine(day, time(), zone)
    update(office.database, "submissions", row["id"], {
        "paper_received_at": moment.isoformat(timespec="seconds"),
        "status": "registered" if anyway else row["status"]})


def withdraw(office: Office, number: str) -> Result:
    """The registration no longer holds; its number stays."""
    with writing(office.database):
        row = find(office, number)
        close(office, row["id"])
        return conclude(office, row, Decision("withdraw", office.now, office.actor, why=office.why), "withdrawn")


def close(office: Office, submission_id: int) -> None:
    """Withdrawn, and with it whatever was in doubt."""
    resolve_doubts(office, submission_id)
    update(office.database, "submissions", submission_id, {"status": "withdrawn"})


def reopen(office: Office, number: str) -> Result:
    """Take a withdrawal, or the receipt of the paper form, back."""
    with writing(office.database):
        row = find(office, number, withdrawn=True)
        if row["status"] not in ("withdrawn", "registered"):
            raise Refused(f"{row['number']}没有撤回,也没有登记收到纸质件,不必恢复。")
        kind = "withdraw" if row["status"] == "withdrawn" else "paper"
        take_back(office, row["id"], kind)
        decision = Decision(kind, office.now, office.actor, value={"undone": True}, why=office.why)
        return conclude(office, row, decision, "reopened")


def take_back(office: Office, submission_id: int, kind: str) -> None:
    """Open again: `kind` is the decision that no longer holds, `withdraw` or `paper`."""
    changes = {"status": "review"} | ({"paper_received_at": None} if kind == "paper" else {})
    update(office.database, "submissions", submission_id, changes)


def note(office: Office, number: str, text: str) -> None:
    """Remember something about a submission; changes nothing else."""
    with writing(office.database):
        row = find(office, number, withdrawn=True)
        decision = decisions.add_decision(
            office.database, Decision("note", office.now, office.actor, value={"text": text}, why=office.why),
            submission_id=row["id"])
        processing.add_event(office.database, office.now, "noted", actor=office.actor, submission_id=row["id"],
                             detail={"decision": decision})
