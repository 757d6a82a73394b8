"""Mails in mails: `.eml` and message/rfc822."""

from intake.containers import Budget, Entry, Opened
from intake.reading.parse import Part, parse

_CUT = "超出处理上限，未全部打开"


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """What a mail says itself, and its parts."""
    return open_mail(data, budget)


def open_mail(data: bytes, budget: Budget) -> Opened:
    """The same, for a mail that another container has written out."""
    inner = parse(data, budget.limits)
    cut = "too-many-parts" in inner.message.defects
    return Opened(map(entry_of, inner.parts), inner.message, "too_large" if cut else None, _CUT if cut else None)


def entry_of(part: Part) -> Entry:
    """A part of a mail as an entry."""
    detail = "附件传输不完整，只收到一部分" if part.truncated else None
    return Entry(part.filename, part.data, part.media_type, detail=detail, inline=part.inline,
                 content_id=part.content_id)  # fmt: skip
