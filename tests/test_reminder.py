"""When a reminder is due: decision tables, and what no order of days may lead to."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from build_facts import SURVEY
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadline import deadline_clause
from rules.reminder import Due, Reminded, Rest, decide, newest_step

DEADLINE = date(2019, 8, 13)
#: told long before, everything else in order
READY = Reminded("incomplete", True, DEADLINE, "sent", date(2019, 8, 1))


@dataclass(frozen=True)
class Policy:
    enabled: bool = True
    days: tuple[int, ...] = (-3, 1, 7)
    at_most: int = 3
    quiet_days: int = 3


def on(day: str, facts: Reminded = READY, **policy):
    """The decision on a day of August 2019 (`08-10`)."""
    return decide(facts, Policy(**policy), date.fromisoformat(f"2019-{day}"), 30)


@pytest.mark.parametrize(("day", "step"), [
    ("08-10", -3), ("08-11", -3), ("08-13", -3), ("08-14", 1), ("08-19", 1), ("08-20", 7), ("09-19", 7)])
def test_the_newest_step_that_has_come_is_due(day, step):
    """Also when its own day was slept through."""
    assert on(day) == Due(step)


@pytest.mark.parametrize(("day", "facts", "code"), [
    ("08-09", READY, "not-yet"),
    ("08-12", replace(READY, steps=frozenset({-3}), count=1), "done"),
    ("08-14", replace(READY, steps=frozenset({7}), count=1), "done"),
    ("08-10", replace(READY, status="complete"), "not-incomplete"),
    ("08-10", replace(READY, status="review"), "not-incomplete"),
    ("08-10", replace(READY, status="registered"), "not-incomplete"),
    ("08-10", replace(READY, status="withdrawn"), "not-incomplete"),
    ("08-10", replace(READY, missing=False), "not-incomplete"),
    ("08-10", replace(READY, deadline=None), "no-deadline"),
    ("08-20", replace(READY, count=3), "enough"),
    ("08-10", replace(READY, last_state="held"), "answer-waits"),
    ("08-10", replace(READY, last_state="queued"), "answer-waits"),
    ("08-10", replace(READY, last_state="sending"), "answer-waits"),
    ("08-10", replace(READY, last_state="deferred"), "answer-waits"),
    ("08-10", replace(READY, last_state="uncertain"), "answer-troubled"),
    ("08-10", replace(READY, last_state="failed"), "answer-troubled"),
    ("08-10", replace(READY, told_on=None), "never-told"),
    ("08-10", replace(READY, told_on=date(2019, 8, 8)), "told-lately"),
    ("09-20", READY, "too-old"),
])  # fmt: skip
def test_none_is_due_where_the_policy_forbids_it(day, facts, code):
    """One row for each reason."""
    assert on(day, facts).code == code


def test_it_is_off_unless_the_office_turns_it_on():
    """Whatever else holds."""
    assert on("08-10", enabled=False) == Rest("off", "没有开启自动提醒。")


def test_the_quiet_days_end_on_the_day_named():
    """Told on the 8th with three quiet days: the 11th."""
    told = replace(READY, told_on=date(2019, 8, 8))
    assert on("08-10", told).until == date(2019, 8, 11) and on("08-11", told) == Due(-3)


def test_who_handed_in_long_after_the_deadline_is_reminded_once_after_the_quiet_days():
    """The step's own day is long past; its age is counted from the day on which it became possible."""
    late = replace(READY, told_on=date(2019, 12, 2))
    assert decide(late, Policy(), date(2019, 12, 5), 30) == Due(7)
    assert decide(replace(late, steps=frozenset({7}), count=1), Policy(), date(2019, 12, 20), 30).code == "done"


def test_without_an_age_limit_a_step_is_made_up_for_however_late():
    """`reply.max_age_days: 0`."""
    assert decide(READY, Policy(), date(2021, 1, 1), 0) == Due(7)


def test_a_deadline_that_moved_gives_no_second_reminder_for_a_used_step():
    """A newer account put it off by a month."""
    moved = replace(READY, deadline=date(2019, 9, 13), steps=frozenset({-3}), count=1)
    assert decide(moved, Policy(), date(2019, 9, 10), 30).code == "done"
    assert decide(moved, Policy(), date(2019, 9, 14), 30) == Due(1)


def test_the_clause_of_a_deadline_is_the_windows_or_that_of_later_accounts():
    """Clause 2 of the notice, and clause 4(2)."""
    assert deadline_clause(DEADLINE, SURVEY) == "《通知》第二条"
    assert deadline_clause(date(2019, 9, 13), SURVEY) == "《通知》第四条第2项"
    assert deadline_clause(None, SURVEY) is None and deadline_clause(DEADLINE, replace(SURVEY, window_clause="")) is None


steps = st.sets(st.integers(-20, 40), min_size=1, max_size=8).map(lambda found: tuple(sorted(found)))
policies = st.builds(Policy, days=steps, at_most=st.integers(1, 5), quiet_days=st.integers(1, 10))


@given(policies, st.lists(st.booleans(), min_size=120, max_size=120), st.sampled_from([0, 3, 30]))
@settings(max_examples=150, deadline=None)
def test_over_any_days_of_service_nobody_is_reminded_too_often_twice_or_too_soon(policy, up, age):
    """120 days on which the service ran or stood still; every reminder goes out on its day."""
    facts, sent = replace(READY, told_on=date(2019, 7, 20)), []
    for number, running in enumerate(up):
        today = date(2019, 7, 25) + timedelta(days=number)
        decision = decide(facts, policy, today, age) if running else None
        if isinstance(decision, Due):
            sent.append((today, decision.step))
            facts = replace(facts, told_on=today, steps=facts.steps | {decision.step}, count=facts.count + 1)
            assert isinstance(decide(facts, policy, today, age), Rest)
    days, used = [day for day, _ in sent], [step for _, step in sent]
    assert len(sent) <= min(policy.at_most, len(policy.days)) and used == sorted(set(used)) and set(used) <= set(policy.days)
    assert all(later - day >= timedelta(days=policy.quiet_days) for day, later in pairwise(days))
    assert all(DEADLINE + timedelta(days=step) <= day for day, step in sent)


@given(policies, st.sampled_from(["held", "queued", "sending", "deferred", "uncertain", "failed"]), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_while_a_mail_of_ours_is_open_nothing_follows_it(policy, state, days):
    """On whatever day."""
    assert isinstance(decide(replace(READY, last_state=state), policy, DEADLINE + timedelta(days=days), 0), Rest)


@given(steps, st.integers(-60, 60))
@settings(max_examples=100, deadline=None)
def test_no_step_is_due_before_its_day(days, today):
    """And the one named is the last whose day has come."""
    step = newest_step(days, DEADLINE, DEADLINE + timedelta(days=today))
    assert step == max((one for one in days if one <= today), default=None)
