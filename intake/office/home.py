"""The admin site's first page: the state of the collection at this moment, as values that a template prints."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from intake.config import Config
from intake.office import accounting, attention, digest_page, roster, running, words
from intake.office.attention import Attention
from intake.office.charts.figures import charts
from intake.office.charts.svg import svg
from intake.office.deadlines import SOON_DAYS
from rules.match import quoted_numbers
from rules.survey import Survey
from rules.values import mask_personal
from store import digests
from store.database import Database

#: lines of one sort of work
_MOST_LINES = 3
_DEAD_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name; `code` says which list stands behind it."""

    code: str
    label: str
    value: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One sort of work that waits for a person; each line with the 登记编号 that it names, or None."""

    code: str
    title: str
    advice: str
    count: int
    lines: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Home:
    """The page."""

    title: str
    #: when it was made, e.g. 2019-08-02 09:30
    at: str
    #: the daemon beats
    alive: bool
    alive_note: str
    figures: tuple[Figure, ...]
    tasks: tuple[Task, ...]
    waiting: int
    charts: tuple[Markup, ...]
    #: submissions that lack something: `overdue`, `soon` (within a week), `later`
    deadlines: dict[str, int]
    #: the roster's rows (`digest_page.TownRow`), the last one all together; () without a roster
    roster: tuple[digest_page.TownRow, ...]
    #: (what, how it stands)
    health: tuple[tuple[str, str], ...]


def gather(config: Config, survey: Survey, database: Database, now: datetime) -> Home:
    """The state as the tables tell it; writes nothing."""
    local = now.astimezone(config.time_zone)
    state = running.gather(config, database, now)
    tasks = (*running.tasks(state), *attention.gather(database, attention.View(local, _MOST_LINES, survey=survey)))
    counts = _counts(database, config, local)
    beat = accounting.minutes_since(state.heartbeat, now)
    units = roster.listed(config, survey, database)
    return Home(
        title=survey.title, at=f"{local:%Y-%m-%d %H:%M}", alive=beat is not None and beat <= _DEAD_MINUTES,
        alive_note=f"最近一次报到 {state.heartbeat[:16].replace('T', ' ')}" if state.heartbeat else "尚未运行过",
        figures=_figures(counts, survey), tasks=tuple(_task(task, survey) for task in tasks),
        waiting=sum(task.count for task in tasks),
        charts=tuple(svg(picture) for picture in charts(counts, survey, local.date())),
        deadlines=digests.deadlines(database, local.date(), SOON_DAYS),
        roster=digest_page.roster_rows(units.roster) if units and units.roster else (),
        health=(*running.rows(state), *(_folder(folder) for folder in accounting.folders(database))))


def _counts(database: Database, config: Config, local: datetime) -> dict:
    """What the figures and the charts need, under the names that a digest's counts have."""
    today, yesterday = (digests.span(day, config.time_zone) for day in (local.date(), local.date() - timedelta(days=1)))
    everything = digests.submission_figures(database)
    return {
        "total": everything | {"platform": digests.all_accounts_by_platform(database)},
        "by_day": digests.submissions_by_day(database, config.time_zone, today[1]),
        "mails": digests.ledger_size(database),
        "today": _day(database, *today), "yesterday": _day(database, *yesterday),
    }


def _day(database: Database, begin: int, end: int) -> dict[str, int]:
    return {"mails": sum(digests.mail_by_bucket(database, begin, end).values()),
            "submissions": sum(digests.submissions_by(database, "status", begin, end).values()),
            "answers": sum(digests.replies_sent(database, begin, end).values())}


def _figures(counts: dict, survey: Survey) -> tuple[Figure, ...]:
    status, total = counts["total"]["status"], counts["total"]
    today, yesterday = counts["today"], counts["yesterday"]
    categories = "，".join(f"{label} {total['category'][code]}" for code, label in words.categories(survey).items()
                          if total["category"].get(code))
    return (
        Figure("submissions", "登记", sum(status.values()), categories),
        Figure("accounts", survey.item.noun, sum(total["platform"].values())),
        Figure("incomplete", "待补正", status.get("incomplete", 0)),
        Figure("review", "待人工核验", status.get("review", 0)),
        Figure("complete", "齐全，待纸质件", status.get("complete", 0)),
        Figure("registered", "已登记", status.get("registered", 0)),
        Figure("today", "今日来信", today["mails"], f"昨日 {yesterday['mails']}，累计 {counts['mails']}"),
        Figure("opened", "今日新登记", today["submissions"], f"昨日 {yesterday['submissions']}"),
        Figure("answers", "今日回信", today["answers"], f"昨日 {yesterday['answers']}"),
    )


def _task(task: Attention, survey: Survey) -> Task:
    lines = tuple((line, next(iter(quoted_numbers(survey, line, "")), None)) for line in task.lines)
    return Task(task.code, task.title, task.advice, task.count, lines)


def _folder(folder: accounting.Folder) -> tuple[str, str]:
    return (mask_personal(digest_page.folder_name(folder)),
            mask_personal(digest_page.folder_sentence(folder)))
