"""Whether a submission that still lacks something is reminded of today: pure, and once for each step.

    days [-3, 1, 7]      three days before the deadline, one day and seven days after it
    the newest step that has come counts, and no other: after down-time nobody gets three mails in a row
    a step that was used is used, also when the deadline has moved since

A reminder says again what an answer has said before. So it goes only where one has gone before and nothing of ours is
still on its way, to an address that takes mail, and not soon after the last time. Nothing is ever refused for being late.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol


class Policy(Protocol):
    """The part of `service.yaml` that bears on reminders (`intake.config.ReminderPolicy` has it)."""

    enabled: bool
    #: days from the deadline, ascending; negative: before it
    days: tuple[int, ...]
    #: reminders for one submission, all steps together
    at_most: int
    #: no reminder within so many days after the registrant was last told what is missing
    quiet_days: int


@dataclass(frozen=True, slots=True)
class Reminded:
    """What the store knows of one submission."""

    status: str
    missing: bool
    deadline: date | None
    #: state of the newest answer about it that was not suppressed (`replies.state`); None: there was none
    last_state: str | None = None
    #: the day on which a mail that went out last said what is missing
    told_on: date | None = None
    #: steps used before
    steps: frozenset[int] = frozenset()
    #: reminders written before, for it and for submissions that were joined with it
    count: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder is to be written."""

    #: which of `Policy.days`
    step: int


@dataclass(frozen=True, slots=True)
class Rest:
    """None is."""

    #: stable word
    code: str
    #: plain Chinese, for the office
    sentence: str
    #: the day from which that may be otherwise, where it is known
    until: date | None = None


def decide(facts: Reminded, policy: Policy, today: date, max_age_days: int = 0) -> Due | Rest:
    """Whether a reminder is due on `today`, which step it is, or why none is.

    `max_age_days`: a step that has been due for longer (a service that stood still, reminders switched on late) is let
    go, as answers to old mail are; 0: no limit. Who cannot be written to is known by `rules.autoreply.guard_decision`.
    """
    closed = _closed(facts, policy)
    if closed:
        return closed
    step = newest_step(policy.days, facts.deadline, today)
    if step is None:
        return Rest("not-yet", "还没有到提醒的日子。", next_day(policy.days, facts.deadline, today))
    if facts.steps and step <= max(facts.steps):
        return Rest("done", "已按期提醒。", next_day(policy.days, facts.deadline, today))
    quiet_until = facts.told_on + timedelta(days=policy.quiet_days)
    if today < quiet_until:
        return Rest("told-lately", f"{policy.quiet_days}天以内告知过所缺材料。", quiet_until)
    possible = max(facts.deadline + timedelta(days=step), quiet_until)
    if max_age_days and (today - possible).days > max_age_days:
        return Rest("too-old", "提醒的日子已过去太久，不再自动提醒。")
    return Due(step)


def _closed(facts: Reminded, policy: Policy) -> Rest | None:
    """Why no reminder can be due on any day, as things stand."""
    if not policy.enabled:
        return Rest("off", "没有开启自动提醒。")
    if facts.status != "incomplete" or not facts.missing:
        return Rest("not-incomplete", "目前不缺材料。")
    if facts.deadline is None:
        return Rest("no-deadline", "没有期限。")
    if facts.count >= policy.at_most:
        return Rest("enough", f"已提醒{facts.count}次。")
    if facts.last_state in ("held", "queued", "sending", "deferred"):
        return Rest("answer-waits", "上一封回信还没有发出。")
    if facts.last_state in ("uncertain", "failed"):
        return Rest("answer-troubled", "上一封回信没有送达，或不确定是否送达。")
    if facts.told_on is None:
        return Rest("never-told", "还没有告知过所缺的材料。")
    return None


def newest_step(days: Collection[int], deadline: date, today: date) -> int | None:
    """The latest step whose day has come."""
    return max((step for step in days if deadline + timedelta(days=step) <= today), default=None)


def next_day(days: Collection[int], deadline: date, today: date) -> date | None:
    """The day of the next step."""
    coming = (deadline + timedelta(days=step) for step in days)
    return min((day for day in coming if day > today), default=None)
