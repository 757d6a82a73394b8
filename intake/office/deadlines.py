"""Submissions that lack something by their deadline: 即将到期, 已逾期, 期限未到; for the digest and `intake status`.

Lines are masked as in `intake.office.attention`. Nothing here is refused or closed for being late.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime

from intake.config import Config
from intake.office import reminders, words
from intake.office.attention import masked_address, short
from intake.office.reminders import Plan, days_word, step_word
from rules.reminder import Rest
from rules.survey import Survey
from store.database import Database

#: a deadline is near in its last days, the day itself included
SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What is still to be completed, as masked lines; the most urgent first."""

    overdue: tuple[str, ...]
    soon: tuple[str, ...]
    #: submissions whose deadline is farther away
    later: int
    #: what is said of reminders
    reminders: str

    @property
    def counts(self) -> dict[str, int]:
        return {"overdue": len(self.overdue), "soon": len(self.soon), "later": self.later}


def gather(config: Config, survey: Survey | None, database: Database, now: datetime) -> Deadlines:
    """Every incomplete submission by its deadline. `survey`: its words name the fields; None: they are counted."""
    today = now.astimezone(config.time_zone).date()
    found = reminders.plans(config, database, now)
    left = {plan.row["id"]: (plan.facts.deadline - today).days if plan.facts.deadline else None for plan in found}
    overdue = [plan for plan in found if left[plan.row["id"]] is not None and left[plan.row["id"]] < 0]
    soon = [plan for plan in found if left[plan.row["id"]] is not None and 0 <= left[plan.row["id"]] <= SOON_DAYS]
    return Deadlines(tuple(_line(plan, survey, today) for plan in overdue),
                     tuple(_line(plan, survey, today) for plan in soon), len(found) - len(overdue) - len(soon),
                     _reminders(config, found))


def _line(plan: Plan, survey: Survey | None, today: date) -> str:
    row = plan.row
    missing = _missing(json.loads(row["missing"]), survey)
    said = f"，已提醒{plan.facts.count}次" if plan.facts.count else ""
    return (f"{row['number']} {short(row['registrant'], 30) or '（申报人未能判定）'}（{masked_address(row['contact_address'])}）："
            f"{plan.facts.deadline.month}月{plan.facts.deadline.day}日，{days_word(plan.facts.deadline, today)}{said}；缺{missing}")


def _missing(codes: list[str], survey: Survey | None) -> str:
    """In few words; without the survey, whose words name the fields, these are only counted."""
    named = codes if survey else [code for code in codes if not code.startswith("field:")]
    said = [words.missing_word(survey, code) for code in named[:4]]
    said += [f"登记表{len(codes) - len(named)}栏"] if len(named) < len(codes) else []
    return "、".join(said) + (f"等{len(codes)}项" if len(named) > 4 else "")


def _reminders(config: Config, found: list[Plan]) -> str:
    policy = config.reminder
    if not policy.enabled:
        return "自动提醒没有开启。"
    steps = "、".join(step_word(step) for step in policy.days)
    due = sum(plan.step is not None for plan in found)
    troubled = sum(isinstance(plan.decision, Rest) and plan.decision.code == "answer-troubled" for plan in found)
    waiting = sum(plan.facts.last_state == "held" for plan in found)
    parts = [f"自动提醒已开启：{steps}，每份登记最多{policy.at_most}次"]
    parts += [f"今天{policy.at:%H:%M}应提醒{due}份"] if due else []
    parts += [f"{waiting}份的回信或提醒等待批准"] if waiting else []
    parts += [f"{troubled}份因上一封信没有送达而不提醒"] if troubled else []
    return "；".join(parts) + "。"


def timeliness_note(survey: Survey) -> str:
    """What 按时 means, with the clauses of the notice."""
    window = f"（{survey.window_clause}）" if survey.window_clause else ""
    begins, clause = survey.item.begins, f"（{survey.grace_clause}）" if survey.grace_clause else ""
    later = (f"，或此后新{begins}的{survey.item.noun}在{begins}{survey.grace_days}天以内申报{clause}" if survey.grace_days else "")
    return f"按时：{survey.opens.isoformat()} 至 {survey.closes.isoformat()} 收到{window}{later}。逾期的照常受理。"
