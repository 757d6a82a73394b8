"""Reminders of what is still missing: once a day by the clock, for each submission the newest step of its deadline.

`rules.reminder` says when, `rules.autoreply` whom we may write to, the schema that no step is used twice. Each reminder is
one transaction (reply, step, event), so a turn that is cut short or run again adds nothing. It answers no mail; it stands
in the thread of our last answer. One that still waits when it ceases to be true is withdrawn (`store.migrations.m004_reminders`).
"""

import hashlib
import json
import logging
from argparse import Namespace
from dataclasses import dataclass, replace
from datetime import date, datetime

from intake import commands
from intake.answering import is_dead, sender_of
from intake.config import Config
from intake.desk.answer_decision import last_mail
from intake.sending.compose import compose, message_id_for
from rules.answer import Answer, MailFacts, SubmissionOutcome, unread_outcomes
from rules.autoreply import AnswerFacts, guard_decision, is_about_the_sender
from rules.complete import judge
from rules.reminder import Due, Reminded, Rest, decide
from rules.reply import compose_answer
from rules.survey import Survey
from rules.values import mask_personal
from store import health, replies
from store import reminders as store
from store.database import Database, one, writing
from store.submissions import load_facts

log = logging.getLogger(__name__)

#: row of `health`: the day whose reminders were written
_DAY = "reminders_day"


@dataclass(frozen=True, slots=True)
class Plan:
    """Whether one submission is reminded on a day, and why not."""

    #: its row
    row: dict
    facts: Reminded
    decision: Due | Rest

    @property
    def step(self) -> int | None:
        """The step that is due, or None."""
        return self.decision.step if isinstance(self.decision, Due) else None


def run_due(config: Config, survey: Survey, database: Database, now: datetime) -> int:
    """Write the reminders of the day if that is due and was not done; returns how many."""
    local = now.astimezone(config.time_zone)
    store.expire(database, local.date(), now)
    if not config.reminder.enabled or local.timetz().replace(tzinfo=None) < config.reminder.at:
        return 0
    if health.noted(database, _DAY) == local.date().isoformat():
        return 0
    count = sum(_remind(config, survey, database, row["id"], now) for row in store.incomplete(database))
    health.note(database, _DAY, local.date().isoformat(), now)
    if count:
        log.info("action=reminded count=%d day=%s", count, local.date())
    return count


def plans(config: Config, database: Database, now: datetime) -> list[Plan]:
    """Every submission that lacks something, the earliest deadline first, and whether it is reminded on this day."""
    found = store.incomplete(database)
    facts = store.reminded(database, found, config.time_zone)
    return [_plan(config, database, row, one, now) for row, one in zip(found, facts, strict=True)]


def _plan(config: Config, database: Database, row: dict, facts: Reminded, now: datetime) -> Plan:
    today = now.astimezone(config.time_zone).date()
    decision = decide(facts, config.reminder, today, config.reply.max_age_days)
    if isinstance(decision, Due):
        decision = _forbidden(config, database, row, now) or decision
    return Plan(row, facts, decision)


def _forbidden(config: Config, database: Database, row: dict, now: datetime) -> Rest | None:
    """Why the registrant may not be written to by us, as for every other answer."""
    address = row["contact_address"] or ""
    mail = last_mail(database, row["id"], address)
    if mail is None or is_about_the_sender(mail["silence"]):
        return Rest("no-person", "来信由程序发出或地址不能收信，不自动提醒。")
    facts = AnswerFacts(now=now, received_at=now, dead_address=is_dead(database, address),
                        answers_today=replies.answers_since(database, address, now))
    silence = guard_decision(address, config.own_addresses, facts, config.reply)
    return Rest(silence.reason, silence.sentence) if silence else None


def _remind(config: Config, survey: Survey, database: Database, submission_id: int, now: datetime) -> bool:
    """Write the reminder of one submission, if it is due; one transaction."""
    with writing(database):
        row = one(database, "SELECT * FROM submissions WHERE id = ?", [submission_id])
        plan = _plan(config, database, row, store.reminded(database, [row], config.time_zone)[0], now)
        if plan.step is None:
            return False
        facts = load_facts(database, submission_id)
        outcome = SubmissionOutcome(row["number"], judge(facts, survey), facts.accounts, (),
                                    unread_outcomes(facts.unread), False, submission_id)
        if [missing.code for missing in outcome.judgement.missing] != json.loads(row["missing"]):
            # the rules have changed since; it is told by an answer, not by a reminder
            log.warning("action=not-reminded submission=%s reason=judged-otherwise", row["number"])
            return False
        try:
            _write(config, survey, database, plan, outcome, now)
        except ValueError:  # an address that no header can bear
            log.warning("action=not-reminded submission=%s reason=address", row["number"])
            return False
    return True


def _write(config: Config, survey: Survey, database: Database, plan: Plan, outcome: SubmissionOutcome,
           now: datetime) -> None:
    row, last = plan.row, store.last_answer(database, plan.row["id"])
    mail = last_mail(database, row["id"], row["contact_address"])
    facts = MailFacts(mail["subject"], mail["from_name"], datetime.fromisoformat(mail["received_at"]), now)
    reply = compose_answer(survey, facts, (outcome,), kind="reminder")
    identifier = _message_id(config, survey, row, plan.step)
    sender, sender_name = sender_of(config, survey)
    mime = compose(reply, to_address=row["contact_address"], to_name=None, sender=sender, sender_name=sender_name,
                   in_reply_to=last["smtp_message_id"], references=tuple(filter(None, (mail["message_id"],))),
                   smtp_message_id=identifier, date=now)
    reply_id = _add(config, database, reply, row, identifier, mime, now)
    store.note(database, row["id"], plan.step, plan.facts.deadline, now.astimezone(config.time_zone).date(), reply_id)


def _message_id(config: Config, survey: Survey, row: dict, step: int) -> str:
    """The same for the same submission and step; `opened_at` tells it from that of another, earlier database."""
    unique = hashlib.sha256(f"{row['number']}\n{row['opened_at']}\n{step}".encode()).hexdigest()
    return message_id_for(unique, "reminder", sender_of(config, survey)[0].rpartition("@")[2])


def _add(config: Config, database: Database, reply: Answer, row: dict, identifier: str, mime: bytes,
         now: datetime) -> int:
    held = config.reply.mode == "approve"
    return replies.add_reply(database, replies.NewReply(
        None, "reminder", row["contact_address"], reply.subject, reply.text, identifier, mime,
        "held" if held else "queued", "等待批准后发送。" if held else None, reply.content_key,
        tuple((row["id"], key) for _, key in reply.submission_keys)), now)


# --- intake reminders ------------------------------------------------------------------------------------------------


def reminders(arguments: Namespace) -> int:
    """Whom the clock would remind today, and why it leaves the others alone; writes nothing."""
    with commands.opened(arguments) as (config, _, database):
        now = commands.clock_of(config)()
        enabled, policy = config.reminder.enabled, replace(config.reminder, enabled=True)
        found = plans(replace(config, reminder=policy), database, now)
    today = now.astimezone(config.time_zone).date()
    if arguments.json:
        print(json.dumps({"enabled": enabled, "submissions": [_facts(plan) for plan in found]}, ensure_ascii=False))
        return 0
    steps = "、".join(step_word(step) for step in policy.days)
    print(f"自动提醒{'已开启' if enabled else '没有开启（service.yaml 中 reminder.enabled），以下是开启后的情形'}"
          f"：{steps}，每份登记最多{policy.at_most}次。")
    for plan in found:
        print(f"{plan.row['number']}  {mask_personal(plan.row['registrant'] or '（申报人未能判定）')}  "
              f"期限 {plan.row['deadline'] or '不详'}（{days_word(plan.facts.deadline, today)}）  {_said(plan)}")
    if not found:
        print("没有待补正的登记。")
    return 0


def step_word(step: int) -> str:
    """`期限前3天`, `期限当日`, `逾期1天`."""
    return f"期限前{-step}天" if step < 0 else f"逾期{step}天" if step else "期限当日"


def days_word(deadline: date | None, today: date) -> str:
    """How far the deadline is away."""
    left = (deadline - today).days if deadline else None
    if left is None:
        return "期限不详"
    return f"还有{left}天" if left > 0 else f"已逾期{-left}天" if left else "今天到期"


def _said(plan: Plan) -> str:
    if plan.step is not None:
        return f"今天提醒（{step_word(plan.step)}）"
    until = f"最早{plan.decision.until.isoformat()}。" if plan.decision.until else ""
    return f"今天不提醒：{plan.decision.sentence}{until}"


def _facts(plan: Plan) -> dict:
    rest = plan.decision if isinstance(plan.decision, Rest) else None
    return {"number": plan.row["number"], "deadline": plan.row["deadline"], "reminded": plan.facts.count,
            "steps": sorted(plan.facts.steps), "due_step": plan.step, "reason": rest and rest.code,
            "until": rest.until.isoformat() if rest and rest.until else None}
