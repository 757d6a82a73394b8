"""The mail that a decision of the office makes due: a submission became complete, or other things are missing now.

Through the same guards, caps and approval as every other answer. It goes to the registrant's contact address, threaded
under the last mail from there, and answers no mail of its own (`replies.message_id` is NULL).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from intake.answering import is_dead, sender_of
from intake.config import Config
from intake.sending.compose import compose, message_id_for
from rules.answer import MailFacts, SubmissionOutcome, submission_key, unread_outcomes
from rules.autoreply import AnswerFacts, Silence, guard_decision, is_about_the_sender
from rules.complete import judge
from rules.reply import compose_answer
from rules.survey import Survey
from store import replies
from store.database import Database, one
from store.submissions import load_facts


@dataclass(frozen=True, slots=True)
class Standing:
    """How a submission stood before the decision."""

    status: str
    missing: tuple[str, ...]
    #: whether the last answer said just this
    told: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it."""

    #: kind of the reply, or None where none was due
    kind: str | None
    #: why it will not be sent, plain Chinese, or None
    silence: str | None = None


def answer_decision(config: Config, survey: Survey, database: Database, before: Standing | None,
                    outcome: SubmissionOutcome, decision_id: int | str, now: datetime) -> Written:
    """Write the answer if one is due; to be called inside the decision's transaction.

    `before`: None for a new submission. `decision_id`: what made it due, unique together with `now`.
    """
    kind = due(before, outcome)
    if kind == "confirmation" and not config.reply.confirm_paper:
        kind = None
    row = one(database, "SELECT contact_address FROM submissions WHERE id = ?", [outcome.id])
    address = row["contact_address"] or ""
    if kind is None:
        _count_as_told(database, before, outcome)
        return Written(None)
    last = last_mail(database, outcome.id, address)
    if not address or last is None:
        return Written(None, "没有可以答复的地址。")
    if is_about_the_sender(last["silence"]):
        return Written(None, "来信由程序发出或地址不能收信，不自动答复。")
    mail = MailFacts(last["subject"], last["from_name"], datetime.fromisoformat(last["received_at"]), now)
    reply = compose_answer(survey, mail, (outcome,), kind=kind)
    keys = tuple(key for _, key in reply.submission_keys)
    facts = AnswerFacts(
        now=now, received_at=now, dead_address=is_dead(database, address),
        answers_today=replies.answers_since(database, address, now), keys=keys,
        # a confirmation says something new whatever was said about the materials
        last_keys=() if kind == "confirmation" else (replies.last_key(database, outcome.id),))
    silence = guard_decision(address, config.own_addresses, facts, config.reply)
    if silence and silence.reason == "unchanged":
        return Written(None)
    _write(config, survey, database, reply, outcome, last, address, silence, decision_id, now)
    return Written(kind, silence.sentence if silence else None)


def standing_of(database: Database, survey: Survey, submission_id: int) -> Standing:
    """How a submission stands now."""
    row = one(database, "SELECT * FROM submissions WHERE id = ?", [submission_id])
    facts = load_facts(database, submission_id)
    outcome = SubmissionOutcome(row["number"], judge(facts, survey), facts.accounts, (), unread_outcomes(facts.unread),
                                False, submission_id)
    return Standing(row["status"], tuple(json.loads(row["missing"])), row["answered_key"] == submission_key(outcome))


def _count_as_told(database: Database, before: Standing | None, outcome: SubmissionOutcome) -> None:
    """A change by the office's own hand that alters nothing for the registrant is no news when he sends the same again."""
    judgement = outcome.judgement
    if before and before.told and before.status == judgement.status and set(before.missing) == {
            missing.code for missing in judgement.missing}:
        replies.count_as_told(database, outcome.id, submission_key(outcome))


def due(before: Standing | None, outcome: SubmissionOutcome) -> str | None:
    """Which answer has become due: `confirmation` when the paper form closed it, `acknowledgement` when it became
    complete, `missing_materials` when other things are missing than before; None else (a person is still checking)."""
    judgement = outcome.judgement
    missing = tuple(missing.code for missing in judgement.missing)
    if judgement.status == "registered":
        return "confirmation" if not missing and (before is None or before.status != "registered") else None
    if judgement.status == "complete":
        return "acknowledgement" if before is None or before.status != "complete" else None
    if judgement.status == "incomplete":
        return "missing_materials" if before is None or set(missing) != set(before.missing) else None
    return None


def last_mail(database: Database, submission_id: int, address: str) -> dict | None:
    """The newest mail of the submission from where the answer goes, else the newest of all."""
    return one(database, "SELECT m.* FROM submission_messages l JOIN messages m ON m.id = l.message_id WHERE "
               "l.submission_id = ? ORDER BY lower(coalesce(m.reply_to, m.from_address, '')) <> lower(?), "
               "julianday(m.received_at) DESC, m.id DESC LIMIT 1", [submission_id, address])


def _write(config: Config, survey: Survey, database: Database, reply, outcome: SubmissionOutcome, last: dict,
           address: str, silence: Silence | None, decision_id: int | str, now: datetime) -> None:
    sender, sender_name = sender_of(config, survey)
    # the same decision never makes two mails; another database's decision of that number is not this one
    unique = hashlib.sha256(f"{outcome.number}\n{decision_id}\n{now.isoformat()}".encode()).hexdigest()
    identifier = message_id_for(unique, f"{reply.kind}-{outcome.id}", sender.rpartition("@")[2])
    mime = compose(reply, to_address=address, to_name=None, sender=sender, sender_name=sender_name,
                   in_reply_to=last["message_id"], references=tuple(filter(None, (last["in_reply_to"],))),
                   smtp_message_id=identifier, date=now)
    state = "suppressed" if silence else "held" if config.reply.mode == "approve" else "queued"
    reason = silence.sentence if silence else "等待批准后发送。" if state == "held" else None
    replies.add_reply(database, replies.NewReply(
        None, reply.kind, address, reply.subject, reply.text, identifier, mime, state, reason, reply.content_key,
        tuple((outcome.id, key) for _, key in reply.submission_keys)), now)
