"""登记台账: the register as a workbook that an office can sort, filter and print.

One sheet for each category with one row for each account, then what is missing, then the figures. Dates are dates and
counts are numbers; everything that a registrant wrote is text, also where it starts like a formula. What is hidden
says `intake.office.ledger_masking`: ID numbers always, unless the caller asks for them, since workbooks are passed around.
"""

import io
import json
import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from intake.office import words
from intake.office.ledger_masking import ON_DISK, Masking
from intake.office.ledger_sheet import Column, add_styles, one_page, write_row, write_sheet
from intake.office.roster import note_of
from intake.office.words import word
from rules.roster import Roster
from rules.survey import Survey
from store import overview
from store.database import Database

#: columns that are narrower or wider than the usual 14 characters
_WIDTHS = {"name": 20, "handle": 18, "introduction": 30, "scope": 22, "formats": 16, "admin_email": 24, "unit_name": 26,
           "address": 26, "owner_id_number": 21, "employer": 22, "followers": 10, "news_license": 10, "unit_type": 11,
           "admin_name": 11, "legal_representative": 11, "owner_name": 11, "registered_on": 12}


def write(database: Database, path: Path | str, survey: Survey, now: datetime | None = None,
          masking: Masking = ON_DISK, roster: Roster | None = None) -> int:
    """Write the workbook to `path` (replaced as a whole, mode 0600); returns the number of submissions in it.

    `roster`: the units that were expected to hand in, where there is a list of them.
    """
    octets, count = build(database, survey, now, masking, roster)
    keep(octets, Path(path))
    return count


def build(database: Database, survey: Survey, now: datetime | None = None, masking: Masking = ON_DISK,
          roster: Roster | None = None) -> tuple[bytes, int]:
    """The workbook's bytes, and the number of submissions in it; as `write`."""
    submissions = overview.ledger(database)
    accounts = overview.accounts_by_submission(database)
    book = Workbook(write_only=True)
    add_styles(book)
    for name, label in words.categories(survey).items():
        chosen = [row for row in submissions if row["category"] == name]
        if chosen or name != "unknown":
            _register(book.create_sheet(label), survey, name, chosen, accounts, masking)
    _missing(book.create_sheet("缺少材料"), survey, submissions, accounts, masking)
    if roster:
        _roster(book.create_sheet("报送名单"), survey, roster, masking)
    _figures(book.create_sheet("统计"), survey, submissions, accounts, now)
    octets = io.BytesIO()
    book.save(octets)
    return octets.getvalue(), len(submissions)


def keep(octets: bytes, path: Path) -> None:
    """Put a workbook in the place of the one at `path`, whole or not at all; mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # before the first byte: the workbook holds telephone numbers
        with open(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _register(sheet: Worksheet, survey: Survey, category: str, submissions: list[dict],
              accounts: dict[int, list[dict]], masking: Masking) -> None:
    kind = survey.category(category)
    fields = [rule for rule in survey.fields if kind is None or kind.form in rule.forms]
    columns = [Column("登记编号", 13), Column("申报人", 22), Column("状态", 16),
               Column("身份证号" if survey.is_person(category) else "统一社会信用代码", 21),
               *(Column(rule.label, _WIDTHS.get(rule.name, 14), "number" if rule.kind == "count" else "date"
                        if rule.kind == "date" else "text") for rule in fields),
               *([Column("平台", 13)] if survey.platforms else []), Column("是否按时", 10), Column("申报期限", 12, "date"), Column("收到时间", 17, "time"),
               Column("纸质件收到", 12, "date"), Column("联系邮箱", 26), Column("缺少材料", 34), Column("待核验原因", 40)]
    lines = (_line(row, account, fields, survey, masking)
             for row in submissions for account in accounts.get(row["id"]) or [{}])
    write_sheet(sheet, columns, lines, f"{survey.title}台账（{word(words.categories(survey), category)}）")


def _line(row: dict, account: dict, fields: list, survey: Survey, masking: Masking) -> list:
    missing = "；".join(words.missing_word(survey, code) for code in json.loads(row["missing"]))
    reasons = "；".join(str(one).rstrip("。；") for one in json.loads(row["review_reasons"]))
    number = row["id_number"] if survey.is_person(row["category"]) else row["uscc"] or row["id_number"]
    if number == row["id_number"]:
        number = masking.registrant_number(number)
    return [row["number"], masking.text(row["registrant"]), word(words.STATUSES, row["status"]), number,
            *(_value(rule, _told(account, rule.name), masking) for rule in fields),
            *([account.get("platform")] if survey.platforms else []), _timely(row), _day(row["deadline"]), _moment(row["opened_at"]), _day(row["paper_received_at"]),
            masking.address(row["contact_address"]), missing or None, masking.text(masking.reasons(reasons)) or None]


def _told(account: dict, name: str):
    """A column of the account, or one of the survey's further fields."""
    return account[name] if name in account else json.loads(account.get("extra") or "{}").get(name)


def _value(rule, value, masking: Masking):
    """A column of `accounts` as the sheet shows it."""
    if value is None:
        return None
    if rule.kind == "id_number":
        return masking.id_number(rule.name, value)
    if rule.kind == "phone":
        return masking.telephone(value)
    if rule.kind == "email":
        return masking.address(value)
    if rule.kind == "yes_no":
        return masking.text(words.YES_NO.get(value, value))
    if rule.kind == "date":
        return masking.text(_day(value))
    if rule.kind == "options":
        return masking.text("、".join(str(one) for one in (value if isinstance(value, list) else _list(value))))
    return masking.text(value)


def _list(value: str) -> list:
    try:
        found = json.loads(value)
    except ValueError:
        return [value]
    return found if isinstance(found, list) else [found]


def _timely(row: dict) -> str:
    return words.TIMELINESS[{1: "on_time", 0: "late"}.get(row["on_time"], "unknown")]


def _day(text: str | None) -> date | str | None:
    """A date; a month without a day stays as it is written."""
    try:
        return date.fromisoformat(text[:10]) if text and len(text) >= 10 else text
    except ValueError:
        return text


def _moment(text: str | None) -> datetime | str | None:
    """Local time without its offset, which a sheet cannot hold."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return text


def _missing(sheet: Worksheet, survey: Survey, submissions: list[dict],
             accounts: dict[int, list[dict]], masking: Masking) -> None:
    columns = [Column("登记编号", 13), Column("申报人", 26), Column("类别", 10), Column("缺少的材料", 44),
               Column("管理员", 12), Column("管理员电话", 15), Column("联系邮箱", 28), Column("申报期限", 12, "date"),
               Column("收到时间", 17, "time")]
    lines = []
    for row in submissions:
        first = (accounts.get(row["id"]) or [{}])[0]
        lines += [[row["number"], masking.text(row["registrant"]), word(words.categories(survey), row["category"]),
                   words.missing_word(survey, code), masking.text(first.get("admin_name")),
                   masking.telephone(first.get("admin_phone")), masking.address(row["contact_address"]), _day(row["deadline"]), _moment(row["opened_at"])]
                  for code in json.loads(row["missing"])]
    write_sheet(sheet, columns, lines, f"{survey.title}缺少材料清单")


def _roster(sheet: Worksheet, survey: Survey, roster: Roster, masking: Masking) -> None:
    columns = [Column("单位名称", 30), Column("状态", 10), Column("乡镇", 14), Column("登记编号", 16), Column("联络员", 12),
               Column("联系电话", 18), Column("邮箱", 28), Column("备注", 40)]
    lines = [[entry.unit.name, word(words.ROSTER_STATES, entry.state), entry.unit.town,
              "、".join(one.number for one in entry.submissions) or None, masking.text(entry.unit.liaison),
              masking.telephone(entry.unit.telephone), masking.address(entry.unit.email), note_of(entry).strip("（）") or None] for entry in roster.entries]
    lines += [[masking.text(one.registrant), "名单以外", None, one.number, None, None, None, None] for one in roster.others]
    write_sheet(sheet, columns, lines, f"{survey.title}报送名单")


def _figures(sheet: Worksheet, survey: Survey, submissions: list[dict], accounts: dict[int, list[dict]],
             now: datetime | None) -> None:
    kinds = [name for name in words.categories(survey) if name != "unknown" or any(s["category"] == name for s in submissions)]
    heads = [words.categories(survey)[name] for name in kinds]
    sheet.column_dimensions["A"].width = 28
    one_page(sheet)
    write_row(sheet, [f"{survey.title}统计"], "title")
    if now is not None:
        write_row(sheet, [f"制表时间 {now.astimezone(survey.time_zone):%Y-%m-%d %H:%M}"], "note")
    statuses = [code for code in words.STATUSES if code != "withdrawn"]
    _table(sheet, "登记状态（件）", heads, kinds, statuses, words.STATUSES,
           ((row["status"], row["category"]) for row in submissions))
    _table(sheet, "是否按时（件）", heads, kinds, list(words.TIMELINESS), words.TIMELINESS,
           (({1: "on_time", 0: "late"}.get(row["on_time"], "unknown"), row["category"]) for row in submissions))
    if not survey.platforms:
        return
    named = [(account["platform"] or "", row["category"])
             for row in submissions for account in accounts.get(row["id"], ())]
    platforms = [choice.name for choice in survey.platforms]
    others = sorted({platform for platform, _ in named} - set(platforms))
    _table(sheet, f"{survey.item.noun}平台（{survey.item.measure}）", heads, kinds, [*platforms, *others], {"": "未能判定"}, iter(named))


def _table(sheet: Worksheet, title: str, heads: list[str], kinds: list[str], codes: list[str],
           labels: dict[str, str], pairs: Iterable[tuple[str, str]]) -> None:
    counts: dict[tuple[str, str], int] = {}
    for pair in pairs:
        counts[pair] = counts.get(pair, 0) + 1
    write_row(sheet, [])
    write_row(sheet, [title, *heads, "合计"], "head")
    for code in codes:
        numbers = [counts.get((code, kind), 0) for kind in kinds]
        write_row(sheet, [labels.get(code, code), *numbers, sum(numbers)])
    totals = [sum(counts.get((code, kind), 0) for code in codes) for kind in kinds]
    write_row(sheet, ["合计", *totals, sum(totals)], "total")
