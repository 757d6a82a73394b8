"""The figures of a digest as rows with Chinese labels: what the two templates print."""

from dataclasses import dataclass
from datetime import date, timedelta

from intake.office import words
from intake.office.accounting import Folder
from intake.office.charts.figures import NO_TOWN
from intake.office.roster import note_of, unit_name
from rules.roster import Roster
from rules.survey import Survey
from rules.values import mask_personal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a number for each of `columns`."""

    label: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One table; its rows add up to the last line."""

    title: str
    rows: tuple[Row, ...]

    @property
    def sums(self) -> tuple[int, ...]:
        return tuple(map(sum, zip(*(row.numbers for row in self.rows), strict=True)))


def columns(counts: dict) -> tuple[tuple[str, str], ...]:
    """(head, key in `counts`) of the numbers in every table: the day beside the day before, and all days.

    A mail that covers several days begins with these together.
    """
    several = (("本期", "period"),) if len(counts["covers"]) > 1 else ()
    return (*several, ("当日", "day"), ("前一日", "previous"), ("累计", "total"))


def recent_days(counts: dict, day: date) -> tuple[tuple[str, int], ...]:
    """New submissions of the last two weeks, day by day: what the picture shows, for the text."""
    days = [day - timedelta(days=n) for n in range(13, -1, -1)]
    return tuple((f"{one.month}月{one.day}日", counts["by_day"].get(one.isoformat(), 0)) for one in days)


def groups(counts: dict, survey: Survey) -> tuple[Group, ...]:
    """The tables of part two, in the order in which an office asks."""
    platforms = {choice.name: choice.name for choice in survey.platforms}
    platforms |= {"": "未能判定" if survey.platforms else "本期登记"}
    towns = {town.name: town.name for town in survey.towns} | {"": NO_TOWN}
    by_town = (_group("新登记（按乡镇）", counts, "town", towns),) if survey.towns else ()
    return (
        _group("来信", counts, "mail", words.MAIL_KINDS), _group("新登记（按类别）", counts, "category", words.categories(survey)),
        _group("登记状态", counts, "status", words.STATUSES), _group("是否按时", counts, "on_time", words.TIMELINESS),
        _group(f"{survey.item.noun}（按平台）" if survey.platforms else survey.item.noun, counts, "platform", platforms),
        *by_town, _group("已发回信", counts, "replies", words.REPLY_KINDS),
        _group("无法使用的附件", counts, "unread_files", words.PROBLEMS),
    )


def silence_rows(counts: dict) -> tuple[Row, ...]:
    """Why there was no answer, the commonest first."""
    return tuple(sorted(_group("", counts, "silences", words.SILENCES).rows, key=lambda row: -row.numbers[-1]))


def ledger_rows(counts: dict) -> list[tuple[str, int]]:
    """Every mail of the ledger by kind."""
    kinds = counts["ledger"]["kinds"]
    return [(label, kinds[code]) for code, label in words.MAIL_KINDS.items() if kinds.get(code)]


@dataclass(frozen=True, slots=True)
class TownRow:
    """How the units of one town stand."""

    town: str
    expected: int
    reported: int
    incomplete: int
    #: under review, or of which a person must say which submission is theirs
    open: int
    absent: int


def roster_rows(roster: Roster) -> tuple[TownRow, ...]:
    """Coverage by town, and all together."""
    towns = roster.towns if len(roster.towns) > 1 else ()
    counted = [(town or "（未写乡镇）", roster.counts(town)) for town in towns] + [("合计", roster.counts())]
    return tuple(TownRow(town, sum(counts.values()), counts["reported"], counts["incomplete"],
                         counts["review"] + counts["ambiguous"], counts["absent"]) for town, counts in counted)


def absent_lines(roster: Roster) -> tuple[str, ...]:
    """Units from which nothing has come, with their liaison, and those that a person must tell apart."""
    chosen = [entry for entry in roster.entries if entry.state in ("ambiguous", "absent")]
    return tuple(
        mask_personal(f"{words.word(words.ROSTER_STATES, entry.state)} {unit_name(entry.unit)}"
                      + (f"　联络员 {entry.unit.liaison}" if entry.unit.liaison and entry.state == "absent" else "")
                      + (f"　{'、'.join(one.number for one in entry.submissions)}" if entry.submissions else "")
                      + note_of(entry)) for entry in chosen)


def folder_name(folder: Folder) -> str:
    """The mailbox and the folder as the office knows them; mail that came from files has neither."""
    if folder.mailbox == folder.folder == "import":
        return "从文件导入"
    return f"{folder.mailbox} {'收件箱' if folder.folder == 'INBOX' else folder.folder}"


def folder_note(folder: Folder) -> str:
    """What must be said of a folder beside its numbers."""
    if folder.missing:
        return "邮箱中没有此文件夹"
    if folder.error:
        return f"未能查看：{folder.error}"
    if folder.at is None:
        return "没有对应的邮箱文件夹" if folder.folder == "import" else "尚未查看"
    notes = [f"{folder.at[5:16].replace('T', ' ')} 核对"]
    if folder.gone:
        notes.append(f"另有 {folder.gone} 封已在邮箱中移走或删除，台账保留")
    if folder.holes:
        notes.append(f"{folder.holes} 封服务器列出而取不下来")
    return "；".join(notes)


def folder_sentence(folder: Folder) -> str:
    """The line of the text report."""
    if folder.difference is None:
        return f"台账 {folder.ledger} 封（{folder_note(folder)}）"
    return f"邮箱 {folder.server} 封，台账 {folder.ledger} 封，相差 {folder.difference} 封（{folder_note(folder)}）"


def _group(title: str, counts: dict, key: str, labels: dict[str, str]) -> Group:
    total = counts["total"][key]
    codes = [code for code in labels if code in total] + sorted(code for code in total if code not in labels)
    return Group(title, tuple(Row(labels.get(code, code), tuple(counts[column][key].get(code, 0)
                                                                for _, column in columns(counts))) for code in codes))
