"""On time or late: the window and the 30-day rule (clause 4(2) of the notice; DATA.md, "On time")."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from rules.survey import Survey


def received_day(received_at: datetime, survey: Survey) -> date:
    """The day of receipt in the survey's time zone; `received_at` is aware."""
    if received_at.tzinfo is None:
        raise ValueError("received_at must be aware")
    return received_at.astimezone(survey.time_zone).date()


def on_time(opened_at: datetime | None, registered_on: Sequence[str | None], survey: Survey) -> bool | None:
    """Whether a submission opened then is on time; None where that hangs on a day that nobody has told us.

    `registered_on`: one value per account, `YYYY-MM-DD`, `YYYY-MM`, or None. Inside the window always; before it never
    (DATA.md's letter; such mail is not taken in); after it when every account was registered at most `grace_days` days
    before, day `grace_days` included. Where only the month is known, the answer is given only if it is the same for
    the month's first and last day. A registration day that lies after the day of receipt tells nothing.
    """
    if opened_at is None:
        return None
    day = received_day(opened_at, survey)
    if day <= survey.closes:
        return day >= survey.opens
    if not survey.has("registered_on"):
        return False
    answers = [_fresh(day, _span(text), survey.grace_days) for text in registered_on]
    if False in answers:
        return False
    return True if answers and None not in answers else None


def deadline(registered_on: Iterable[str | None], survey: Survey, latest_at: datetime | None = None) -> date:
    """The later of the window's last day and the newest account's day + `grace_days`.

    Where only the month is known its first day counts: that deadline is certain, a later one is not. A registration
    day after the latest mail (`latest_at`) cannot be right and is left out.
    """
    latest = received_day(latest_at, survey) if latest_at else date.max
    days = [span[0] for span in map(_span, registered_on) if span and span[0] <= latest]
    newest = [day + timedelta(days=survey.grace_days) for day in days if day < date(9000, 1, 1)]
    return max([survey.closes, *newest])


def deadline_clause(day: date | None, survey: Survey) -> str | None:
    """The clause of the notice that sets this deadline: the window's, or that of the rule for later accounts."""
    if day is None:
        return None
    return (survey.window_clause if day <= survey.closes else survey.grace_clause) or None


def _fresh(day: date, span: tuple[date, date] | None, grace_days: int) -> bool | None:
    if span is None or span[0] > day:
        return None
    if (day - span[0]).days <= grace_days:
        return True
    return False if (day - span[1]).days > grace_days else None


def _span(text: str | None) -> tuple[date, date] | None:
    """The first and the last day that the text can mean."""
    try:
        year, month, *rest = (int(part) for part in (text or "").split("-"))
        if rest:
            day = date(year, month, *rest)
            return day, day
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    except (ValueError, TypeError):
        return None
