"""Letters to liaisons about units from which nothing has come: drafts that wait for a person's approval, always.

One letter for one address, naming all its units. A unit stands in one waiting letter at most, and in none within some days
after one went out. A draft is withdrawn by the database when a unit that it names hands in (`store.migrations.m004_reminders`).
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from intake.answering import is_dead, sender_of
from intake.config import Config
from intake.sending.compose import compose, message_id_for
from rules.autoreply import AnswerFacts, guard_decision
from rules.registrant import unit_key
from rules.roster import ExpectedUnit, keys_of
from rules.survey import Survey
from rules.urging import compose_urging
from store import reminders, replies
from store.database import Database, one, writing
from store.processing import add_event


@dataclass(frozen=True, slots=True)
class Drafts:
    """What came of it."""

    #: ids of the new rows of `replies`
    drafted: tuple[int, ...]
    #: (unit, why it stands in no new letter)
    left: tuple[tuple[str, str], ...]


def draft(config: Config, survey: Survey, database: Database, units: Sequence[ExpectedUnit], actor: str, now: datetime,
          quiet_since: datetime) -> Drafts:
    """Write one held letter for each address; a unit that was written about since `quiet_since` is left out."""
    with writing(database):
        by_address: dict[str, list[ExpectedUnit]] = {}
        left = []
        for unit in units:
            why = _why_not(config, survey, database, unit, now, quiet_since)
            if why:
                left.append((unit.name, why))
            else:
                by_address.setdefault(unit.email.lower(), []).append(unit)
        drafted = [_draft(config, survey, database, address, tuple(chosen), actor, now)
                   for address, chosen in by_address.items()]
    return Drafts(tuple(drafted), tuple(left))


def _why_not(config: Config, survey: Survey, database: Database, unit: ExpectedUnit, now: datetime,
             quiet_since: datetime) -> str | None:
    if not unit.email:
        return "名单上没有邮箱，请电话联系。"
    if unit.email.lower() in config.own_addresses:
        return "邮箱就是本邮箱。"
    key = unit_key(unit.name, survey)
    for letter in reminders.letters_about(database, key) if key else ():
        if letter["state"] != "sent":
            return f"已有一封催报信（邮件ID {letter['id']}）尚未发出或未发成。"
        if datetime.fromisoformat(letter["sent_at"] or letter["created_at"]) > quiet_since:
            return "近日已催过。"
    facts = AnswerFacts(now=now, received_at=now, dead_address=is_dead(database, unit.email),
                        answers_today=replies.answers_since(database, unit.email, now))
    silence = guard_decision(unit.email, config.own_addresses, facts, config.reply)
    return silence.sentence if silence else None


def _draft(config: Config, survey: Survey, database: Database, address: str, units: tuple[ExpectedUnit, ...], actor: str,
           now: datetime) -> int:
    letter = compose_urging(survey, units, now.astimezone(config.time_zone).date())
    sender, sender_name = sender_of(config, survey)
    identifier = message_id_for(_unique(database, address, units, survey), "urging", sender.rpartition("@")[2])
    mime = compose(letter, to_address=address, to_name=None, sender=sender, sender_name=sender_name, in_reply_to=None,
                   references=(), smtp_message_id=identifier, date=now)
    reply_id = replies.add_reply(database, replies.NewReply(
        None, "reminder", address, letter.subject, letter.text, identifier, mime, "held", "催报信草稿，等待批准后发送。",
        letter.content_key, ()), now)
    reminders.note_units(database, reply_id, {key for unit in units for key in keys_of(unit, survey)})
    add_event(database, now, "urging-drafted", actor=actor,
              detail={"reply": reply_id, "units": [unit.name for unit in units]})
    return reply_id


def withdraw_untrue(units_absent: Collection[str], survey: Survey, database: Database, now: datetime, today: date) -> int:
    """Withdraw letters that still wait and hold no longer; returns how many.

    `units_absent`: every name, as it is compared, of the units from which nothing has come. The schema sees at once that a
    unit has handed in under its name; this sees the rest: a list that was changed, a submission whose category nobody
    knows yet, a last day that has passed.
    """
    count = 0
    for letter in reminders.waiting_letters(database):
        written_on = datetime.fromisoformat(letter["created_at"]).astimezone(survey.time_zone).date()
        if written_on <= survey.closes < today:
            reason = "期限已过，催报的内容不再适用，请重新起草。"
        elif not letter["keys"] <= set(units_absent):
            reason = "所列单位已不是都未报，请重新起草。"
        else:
            continue
        count += reminders.withdraw(database, letter, reason, now)
    return count


def _unique(database: Database, address: str, units: tuple[ExpectedUnit, ...], survey: Survey) -> str:
    """The same for the same units, and different for the next letter about them."""
    keys = sorted(key for unit in units for key in keys_of(unit, survey))
    before = one(database, "SELECT count(*) AS n FROM replies WHERE kind = 'reminder' AND submission_id IS NULL AND "
                 "to_address = ?", [address])["n"]
    return hashlib.sha256("\n".join((address, *keys, str(before))).encode()).hexdigest()
