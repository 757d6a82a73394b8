"""Dates of header fields to aware datetimes, whatever people's programs write (RFC 5322 section 3.3)."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

CHINA = timezone(timedelta(hours=8))
_ISO = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s,\uff0c]*(?:(\d{1,2})[:\uff1a时](\d{1,2})(?:[:\uff1a分](\d{1,2}))?)?"
)
_OFFSET = re.compile(r"(?:GMT|UTC|\s|\d)([+-])(\d{2}):?(\d{2})\b")
_NAMED_ZONE = re.compile(r"\b(?:GMT|UTC?|[ECMP][SD]T)\b|\dZ\b")


def mail_date(value: str, defects: set[str]) -> datetime | None:
    """An aware datetime, or None with the defect `date-unparsable`.

    A date without a zone, or with a bare `CST` (China's standard time in China's programs, though RFC 5322 means
    Chicago's), is read as +08:00, with a defect.
    """
    value = value.strip()[:200]
    if not value:
        return None
    try:
        found = _rfc5322(value, defects) or _numeric(value, defects)
    except (ValueError, OverflowError, IndexError, TypeError, AttributeError):  # parsedate_tz on hostile values
        found = None
    if found is None or not 1980 <= found.year <= 2200:
        defects.add("date-unparsable")
        return None
    return found


def _rfc5322(value: str, defects: set[str]) -> datetime | None:
    parsed = parsedate_tz(value)
    if parsed is None or parsed[0] < 1000:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(value, parsed[9], defects))


def _numeric(value: str, defects: set[str]) -> datetime | None:
    """`2019-08-01 09:30:00 +0800`, `2019/8/1`, `2019年8月1日 9:30`."""
    match = _ISO.search(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    sign = _OFFSET.search(value, match.end() - 1)
    seconds = None
    if sign:
        seconds = (int(sign[2]) * 3600 + int(sign[3]) * 60) * (1 if sign[1] == "+" else -1)
    elif value[match.end() :].strip().upper() in ("Z", "GMT", "UTC"):
        seconds = 0
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(value, seconds, defects))


def _zone(value: str, seconds: int | None, defects: set[str]) -> timezone:
    if seconds is None or (not _OFFSET.search(value) and not _NAMED_ZONE.search(value)):
        defects.add("date-without-zone")
        return CHINA
    if not _OFFSET.search(value) and re.search(r"\bCST\b", value):
        defects.add("date-zone-ambiguous")
        return CHINA
    if abs(seconds) > 14 * 3600:
        defects.add("date-without-zone")
        return CHINA
    return timezone(timedelta(seconds=seconds)) if seconds else UTC
