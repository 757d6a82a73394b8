"""The daily report to the office: what needs a person first, then the figures, then every mail accounted for.

The digest of day D covers [D 00:00, D+1 00:00) in the configured time zone by the time of receipt, and is due on D+1 at
`digest.at`. Every day gets one row in `digests`, made at that moment, so that it can be looked up later as it was. A mail
goes out on the mornings that `intake.office.calendar` allows, and covers every day of which no mail has told, with a table
of these days: an office that finds four mails after a holiday, or seven after down-time, reads none of them. At most 31 days
are caught up one by one; what came before them is counted in the first as 补登.

A mail that was received on D but entered in the ledger only after D's digest had been made (a slow server, a folder
that was unreachable, a service just installed) is 补登 in the next digest. So every mail stands in exactly one digest.
"""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import rules
from intake.config import Config
from intake.office import accounting, attention, calendar, daily_ledger, deadlines, digest_page, roster, running, words
from intake.office.charts.figures import charts
from intake.office.charts.layout import Picture
from intake.office.daily_ledger import DailyLedger
from intake.sending.compose import Attachment, InlinePicture, compose_report, message_id_for
from rules.survey import Survey
from store import digests
from store.database import Database, writing

#: so many missing days are caught up one by one
MOST_DAYS = 31
#: so many lines of one sort of work are written out
MOST_LINES = 20

#: a second that no mail will reach (the year 9999)
_FAR = 253_370_764_800
_TEMPLATES = Path(rules.__file__).parent / "digest"


@dataclass(frozen=True, slots=True)
class Digest:
    """One day's report."""

    day: date
    #: codes of DATA.md → numbers: `day`, `period` (the days that one mail covers) and `total`, each by kind, category,
    #: status …; `attention`; `folders`; `ledger`; `covers`
    counts: dict
    text: str
    html: str
    subject: str


def due_days(database: Database, config: Config, now: datetime) -> list[date]:
    """The days whose digest is due and not made, oldest first; none before the first mail was entered.

    Mail that was in the mailbox before the first day of service is given no days of its own: the first digest counts
    it.
    """
    first = digests.first_entered(database)
    if first is None:
        return []
    newest = calendar.last_morning(config.digest, now.astimezone(config.time_zone)) - timedelta(days=1)
    service_began = datetime.fromisoformat(first).astimezone(config.time_zone).date()
    begin = max(service_began, newest - timedelta(days=MOST_DAYS - 1))
    made = digests.days_made(database)
    days = (begin + timedelta(days=n) for n in range((newest - begin).days + 1))
    return [day for day in days if day.isoformat() not in made]


def run_due(config: Config, survey: Survey, database: Database, now: datetime) -> list[Digest]:
    """Make every digest that is due, and queue one mail for the newest that falls to a morning of sending.

    All of it in one transaction. Returns the digests that were made.
    """
    if _newest_mailed(config, due_days(database, config, now)) is None:
        workbook = None
    else:
        workbook = daily_ledger.prepare(config, survey, database, now)
    with writing(database):
        days = due_days(database, config, now)
        newest = _newest_mailed(config, days)
        return [_make_due(config, survey, database, day, now, day == newest, workbook) for day in days]


def _newest_mailed(config: Config, days: list[date]) -> date | None:
    return max((day for day in days if calendar.is_sent_for(config.digest, day)), default=None)


def _make_due(config: Config, survey: Survey, database: Database, day: date, now: datetime, mail: bool,
              workbook: DailyLedger | None) -> Digest:
    """One digest, kept; `mail`: queued too, unless it is quiet and the office wants none then."""
    if not mail:
        made = make(config, survey, database, day, now)
    else:
        made = make(config, survey, database, day, now, _unmailed(database, day), workbook)
    if mail and not (config.digest.quiet_days == "skip" and is_quiet(made)):
        store_and_queue(database, made, config, survey, now, workbook)
    else:
        store(database, made, now)
    return made


def _unmailed(database: Database, day: date) -> tuple[date, ...]:
    """`day` and the days before it of which no mail has told, oldest first; at most `MOST_DAYS`."""
    told = {date.fromisoformat(row["day"]) for counts in digests.counts_mailed(database) for row in counts.get("covers", ())}
    begin = day - timedelta(days=MOST_DAYS - 1)
    made = {date.fromisoformat(one) for one in digests.days_made(database)}
    return (*sorted(one for one in made - told if begin <= one < day), day)


def is_quiet(digest: Digest) -> bool:
    """Whether nothing came, nothing went out and nothing waits for a person."""
    period = digest.counts["period"]
    return not (period["mails"] or period["submissions"] or period["answers"] or digest.counts["attention"]
                or digest.counts["late_entries_period"] or digest.counts["deadlines"]["overdue"])


def make(config: Config, survey: Survey, database: Database, day: date, now: datetime,
         covers: tuple[date, ...] = (), workbook: DailyLedger | None = None) -> Digest:
    """The report of `day` as the tables stand now; writes nothing.

    `covers`: the days that one mail reports after down-time, `day` the last of them. `workbook`: what goes with it.
    """
    zone = config.time_zone
    begin, end = digests.span(day, zone)
    first = (covers or (day,))[0]
    period_begin = digests.span(first, zone)[0]
    view = attention.View(now.astimezone(zone), MOST_LINES, config.digest.telephones == "full", survey)
    tasks, folders = attention.gather(database, view), accounting.folders(database)
    state = running.gather(config, database, now)
    due, units = deadlines.gather(config, survey, database, now), roster.listed(config, survey, database)
    counts = {
        "day": _figures(database, begin, end),
        "previous": _figures(database, *digests.span(day - timedelta(days=1), zone)),
        "by_day": digests.submissions_by_day(database, zone, end),
        "period": _figures(database, period_begin, end), "total": _figures(database, 0, end),
        "late_entries": _late_entries(database, config, day, begin),
        "late_entries_period": _late_entries(database, config, first, period_begin), "ledger": _ledger(database),
        "ledger_until": digests.ledger_until(database),
        "attention": {task.code: task.count for task in tasks},
        "folders": [asdict(folder) for folder in folders],
        "covers": [_covered(database, d, zone) for d in covers or (day,)], "deadlines": due.counts,
        "roster": units.roster.counts() if units and units.roster else None, "running": asdict(state) | {"polls": dict(state.polls)},
        "workbook": workbook.facts if workbook else None,
    }
    tasks = (*running.tasks(state), *tasks)
    counts["attention"] |= {task.code: task.count for task in tasks}
    pictures = charts(counts, survey, day)
    page = {"survey": survey, "day": day, "now": now.astimezone(zone), "counts": counts, "tasks": tasks,
            "folders": folders, "words": words, "most": MOST_LINES, "groups": digest_page.groups(counts, survey),
            "columns": digest_page.columns(counts), "running_rows": running.rows(state),
            "hidden": "证件号码和邮箱地址" if view.full_telephones else "证件号码、手机号码和邮箱地址", "pictures": pictures,
            "content_id": lambda picture: _content_id(picture, day), "recent": digest_page.recent_days(counts, day),
            "silence_rows": digest_page.silence_rows(counts), "ledger_rows": digest_page.ledger_rows(counts),
            "folder_name": digest_page.folder_name, "folder_note": digest_page.folder_note,
            "folder_sentence": digest_page.folder_sentence, "deadlines": due, "units": units,
            "timeliness_note": deadlines.timeliness_note(survey),
            "roster_rows": digest_page.roster_rows(units.roster) if units and units.roster else (),
            "absent": digest_page.absent_lines(units.roster) if units and units.roster else ()}
    waiting = sum(counts["attention"].values())
    subject = f"{survey.title}日报 {_chinese_day(day)}：" + (f"{waiting}项待处理" if waiting else "无待处理事项")
    return Digest(day, counts, _render("digest.txt.j2", page), _render("digest.html.j2", page), subject)


def store(database: Database, digest: Digest, now: datetime) -> int:
    """Write the digest's row, once a day; returns its id."""
    return digests.add_digest(database, digest.day, digest.counts, digest.text, digest.html, now)


def workbook_for(config: Config, survey: Survey, database: Database, digest: Digest | None,
                 now: datetime) -> DailyLedger | None:
    """The workbook for a digest that is sent by hand: what a kept one says of itself, or the configuration.

    A kept digest that promises an attachment gets the register as it stands now; what was written to disk lies there.
    """
    promised = digest is None or (digest.counts.get("workbook") or {}).get("outcome") == "attached"
    return daily_ledger.prepare(config, survey, database, now) if promised else None


def store_and_queue(database: Database, digest: Digest, config: Config, survey: Survey, now: datetime,
                    workbook: DailyLedger | None = None) -> int:
    """Write the digest's row and queue one mail for each address of the office that has none of it yet.

    `workbook`: attached, if it is to be. One transaction. Returns how many mails were queued: a second call for the same day queues nothing, and without
    `smtp` in the configuration the digest is only kept.
    """
    with writing(database):
        identifier = store(database, digest, now)
        addresses = [address for address in dict.fromkeys(config.digest.to)
                     if not digests.has_mail(database, identifier, address)] if config.smtp else []
        pictures = inline_pictures(digest, survey) if addresses else ()
        for address in addresses:
            _queue(database, identifier, address, digest, pictures, workbook.attachments if workbook else (), config, now)
    return len(addresses)


def stored(database: Database, day: date) -> Digest | None:
    """The digest of that day as it was made, or None."""
    row = digests.digest_of(database, day)
    if row is None:
        return None
    mail = digests.mail_of(database, row["id"])
    return Digest(day, json.loads(row["counts"]), row["text"], row["html"], mail or _chinese_day(day))


def with_pictures(digest: Digest, survey: Survey) -> str:
    """The page by itself, with the pictures that a mail bears beside it inside."""
    page = digest.html
    for picture in inline_pictures(digest, survey):
        data = base64.b64encode(picture.data).decode("ascii")
        page = page.replace(f'"cid:{picture.content_id}"', f'"data:image/png;base64,{data}"')
    return page


def inline_pictures(digest: Digest, survey: Survey) -> tuple[InlinePicture, ...]:
    """The charts of a report, drawn from its figures; () for one of a version that had none."""
    from intake.office.charts.png import png  # Pillow is loaded once a day, not at the start

    return tuple(InlinePicture(_content_id(picture, digest.day), f"{picture.name}.png", png(picture))
                 for picture in charts(digest.counts, survey, digest.day))


def _content_id(picture: Picture, day: date) -> str:
    return f"{picture.name}.{day.isoformat()}@intake"


def write_files(digest: Digest, folder: Path, survey: Survey) -> tuple[Path, Path]:
    """Write `digest-D.html` and `digest-D.txt` into `folder`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    page, text = (folder / f"digest-{digest.day.isoformat()}.{ending}" for ending in ("html", "txt"))
    page.write_text(with_pictures(digest, survey), encoding="utf-8")
    text.write_text(digest.text, encoding="utf-8")
    return page, text


def _late_entries(database: Database, config: Config, day: date, begin: int) -> dict[str, int]:
    before, own = digests.last_digest(database, day), digests.digest_of(database, day)
    if before:
        after = json.loads(before["counts"]).get("ledger_until", 0)
    else:
        first = digests.first_entered(database)
        if first is None or day < datetime.fromisoformat(first).astimezone(config.time_zone).date():
            return {}
        after = 0
    until = json.loads(own["counts"]).get("ledger_until") if own else None
    return digests.late_mail_by_bucket(database, begin, after,
                                       digests.ledger_until(database) if until is None else until)


def _figures(database: Database, begin: int, end: int) -> dict:
    figures = {
        "mail": digests.mail_by_bucket(database, begin, end),
        "category": digests.submissions_by(database, "category", begin, end),
        "status": digests.submissions_by(database, "status", begin, end),
        "on_time": digests.submissions_by(database, "on_time", begin, end),
        "town": digests.submissions_by(database, "town", begin, end),
        "platform": digests.accounts_by_platform(database, begin, end),
        "replies": digests.replies_sent(database, begin, end),
        "silences": digests.silences(database, begin, end),
        "unread_files": digests.unread_files(database, begin, end),
    }
    return figures | {"mails": sum(figures["mail"].values()), "submissions": sum(figures["category"].values()),
                      "accounts": sum(figures["platform"].values()), "answers": sum(figures["replies"].values())}


def _ledger(database: Database) -> dict:
    """All mail of the ledger, by kind; counted twice in different ways so that a gap would show."""
    kinds, size = digests.mail_by_bucket(database, 0, _FAR), digests.ledger_size(database)
    return {"kinds": kinds, "mails": size, "difference": size - sum(kinds.values())}


def _covered(database: Database, day: date, zone) -> dict:
    begin, end = digests.span(day, zone)
    return {"day": day.isoformat(), "mails": sum(digests.mail_by_bucket(database, begin, end).values()),
            "submissions": sum(digests.submissions_by(database, "category", begin, end).values()),
            "answers": sum(digests.replies_sent(database, begin, end).values())}


def _queue(database: Database, digest_id: int, address: str, digest: Digest, pictures: tuple[InlinePicture, ...],
           attachments: tuple[Attachment, ...], config: Config, now: datetime) -> None:
    mark = message_id_for(f"{digest.day.isoformat()} {address}", "digest", config.smtp.sender)
    mime = compose_report(digest.subject, digest.text, digest.html, attachments, pictures=pictures, to_address=address, sender=config.smtp.sender,
                          sender_name=config.smtp.sender_name or None, smtp_message_id=mark,
                          date=now.astimezone(config.time_zone))
    digests.queue_mail(database, digest_id, address, digest.subject, mark, mime, now)


def _chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


@cache
def _environment(html: bool) -> Environment:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True, autoescape=html, keep_trailing_newline=True)
    environment.filters["chinese_day"] = _chinese_day
    return environment


def _render(name: str, page: dict) -> str:
    return _environment(name.endswith(".html.j2")).get_template(name).render(page)
