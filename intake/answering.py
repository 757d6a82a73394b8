"""Whether a mail is answered, and the answer as a row of the outbox: the last steps of the message's transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

from intake.config import Config
from intake.sending.compose import compose, message_id_for
from rules.answer import Answer, FileOutcome, SubmissionOutcome, content_key, file_outcomes, mail_facts
from rules.autoreply import AnswerFacts, Silence, guard
from rules.kind import KindDecision
from rules.message import Message
from rules.reading import Reading
from rules.reply import compose_answer
from rules.survey import Survey
from store import replies
from store.database import Database, one

#: kinds of mail to which there may be an answer (DATA.md)
_ANSWERED = ("registration", "supplement", "inquiry")
#: silences that are no lost reply: there was nothing (new) to say
_NOTHING_TO_SAY = ("unchanged", "guidance-given", "courtesy", "duplicate", "no-address")


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of one mail, for the log."""

    kind: str
    #: kind of the reply that was written, or None
    reply: str | None
    #: why none is sent, or None
    silence: str | None


def answer(config: Config, survey: Survey, database: Database, row: dict, reading: Reading, kind: str,
           decision: KindDecision, outcomes: tuple[SubmissionOutcome, ...], asked: tuple[SubmissionOutcome, ...],
           now: datetime, withdrawal: bool = False) -> Settled:
    """Decide whether the mail is answered; write the reply, or the reason for silence.

    `withdrawal`: it asks to take a registration back, which only a person can do.
    """
    message = reading.message
    if kind not in _ANSWERED:
        silence = guard(message, kind, config.own_addresses, _facts(database, row, message, now), config.reply)
        return Settled(kind, None, silence.reason if silence else kind)
    received_at = datetime.fromisoformat(row["received_at"])
    inquiry = kind == "inquiry"
    neutral = withdrawal and inquiry or not inquiry and not outcomes
    if neutral:
        reply, asked = _neutral_receipt(survey, message, received_at, reading), ()
    else:
        files: tuple[FileOutcome, ...] = file_outcomes(reading.files) if inquiry else ()
        reply = compose_answer(survey, mail_facts(message, received_at, now), asked if inquiry else outcomes, files,
                               inquiry=inquiry)
    keys = _keys(database, reply, outcomes, message.answer_address or "")
    facts = _facts(database, row, message, now, courtesy=decision.reason == "thanks-only", keys=keys)
    silence = guard(message, "supplement" if neutral else kind, config.own_addresses, facts, config.reply)
    if silence and silence.reason in _NOTHING_TO_SAY:
        return Settled(kind, None, silence.reason)
    _write(config, survey, database, row, message, reply, outcomes or asked, silence, now)
    return Settled(kind, reply.kind, silence.reason if silence else None)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Content keys of the answer that would be given, and of the last ones."""

    now: tuple[str, ...] = ()
    last: tuple[str | None, ...] = ()


def _neutral_receipt(survey: Survey, message: Message, received_at: datetime, reading: Reading) -> Answer:
    """Received, a person will look: names no number, and says the same whatever the office knows of the sender."""
    reply = compose_answer(survey, mail_facts(message, received_at), kind="receipt")
    return replace(reply, content_key=content_key("receipt", (), file_outcomes(reading.files)))


def _keys(database: Database, reply: Answer, outcomes: tuple[SubmissionOutcome, ...], address: str) -> _Keys:
    if reply.kind == "guidance":
        return _Keys((reply.content_key,))
    if not outcomes:
        given = replies.given_keys(database, address, "receipt")
        return _Keys((reply.content_key,), (reply.content_key if reply.content_key in given else None,))
    return _Keys(tuple(key for _, key in reply.submission_keys),
                 tuple(replies.last_key(database, outcome.id) for outcome in outcomes))


def _facts(database: Database, row: dict, message: Message, now: datetime, *, courtesy: bool = False,
           keys: _Keys = _Keys()) -> AnswerFacts:
    address = message.answer_address or ""
    return AnswerFacts(
        now=now, received_at=datetime.fromisoformat(row["received_at"]), duplicate=_came_before(database, row, message),
        dead_address=is_dead(database, address), answers_today=replies.answers_since(database, address, now),
        courtesy=courtesy, keys=keys.now, last_keys=keys.last, guidance_keys=replies.given_keys(database, address, "guidance"))


def _came_before(database: Database, row: dict, message: Message) -> bool:
    """The same Message-ID from the same sender: one mail that reached us on two ways (RFC 5322 section 3.6.4)."""
    if not message.message_id:
        return False
    return one(database, "SELECT 1 FROM messages WHERE message_id = ? AND from_address IS ? AND id <> ? AND "
               "state = 'processed' AND duplicate_of IS NULL", [message.message_id, message.from_address, row["id"]]
               ) is not None


def is_dead(database: Database, address: str) -> bool:
    """Whether a bounce told that the address takes no mail."""
    return one(database, "SELECT 1 FROM dead_addresses WHERE lower(address) = lower(?)", [address]) is not None


def _write(config: Config, survey: Survey, database: Database, row: dict, message: Message, reply: Answer,
           outcomes: tuple[SubmissionOutcome, ...], silence: Silence | None, now: datetime) -> None:
    sender, sender_name = sender_of(config, survey)
    identifier = message_id_for(row["sha256"], reply.kind, sender.rpartition("@")[2])
    mime = compose(reply, to_address=message.answer_address or "", to_name=message.from_name, sender=sender,
                   sender_name=sender_name, in_reply_to=message.message_id, references=message.references,
                   smtp_message_id=identifier, date=now)
    ids = {outcome.number: outcome.id for outcome in outcomes}
    state = "suppressed" if silence else "held" if config.reply.mode == "approve" else "queued"
    reason = silence.sentence if silence else "等待批准后发送。" if state == "held" else None
    replies.add_reply(database, replies.NewReply(
        row["id"], reply.kind, message.answer_address or "", reply.subject, reply.text, identifier, mime, state, reason,
        reply.content_key, tuple((ids[number], key) for number, key in reply.submission_keys)), now)


def sender_of(config: Config, survey: Survey) -> tuple[str, str]:
    """Address and name under which we write."""
    if config.smtp:
        return config.smtp.sender, config.smtp.sender_name or survey.office.name
    address = config.mailboxes[0].address if config.mailboxes else survey.office.email
    return address, survey.office.name
