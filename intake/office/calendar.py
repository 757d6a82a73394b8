"""On which mornings the daily report is mailed: every day, or on workdays with the public holidays of the year."""

from datetime import date, datetime, timedelta

from intake.config import DigestPolicy


def is_morning(policy: DigestPolicy, day: date) -> bool:
    """Whether a report is mailed on that day.

    A Saturday or Sunday that is worked for a holiday counts, also where a span of `holidays` covers it.
    """
    if policy.days == "daily" or day in policy.workdays:
        return True
    return day.weekday() < 5 and day not in policy.holidays


def is_sent_for(policy: DigestPolicy, day: date) -> bool:
    """Whether the report of `day` falls to such a morning: the next one."""
    return is_morning(policy, day + timedelta(days=1))


def last_morning(policy: DigestPolicy, local: datetime) -> date:
    """The day on which `digest.at` last struck; `local` is in the office's time zone."""
    today = local.date()
    return today if local.timetz().replace(tzinfo=None) >= policy.at else today - timedelta(days=1)
