"""`intake roster`: which of the units that are expected to hand in have done so, and drafts of letters to their liaisons.

The list is `roster` in service.yaml, beside the mailbox: it holds the office's own names and telephone numbers, changes
while the collection runs, and so lies neither in the program's folder nor among the rules.
"""

import json
import sys
from argparse import Namespace
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake import commands
from intake.config import Config
from intake.office import roster_letters
from intake.office.roster_file import load_roster
from intake.office.words import ROSTER_STATES, word
from rules.errors import ConfigError
from rules.roster import STATES, Entry, ExpectedUnit, HandedIn, Roster, compare, keys_of
from rules.survey import Survey
from rules.values import mask_personal
from store.database import Database, rows
from store.reminders import waiting_letters

_BY_WORD = {**{state: state for state in STATES}, **{word(ROSTER_STATES, state): state for state in STATES}}


@dataclass(frozen=True, slots=True)
class Listed:
    """The list against the submissions, or why it could not be read."""

    roster: Roster | None
    fault: str | None = None


def read_roster(config: Config, survey: Survey, database: Database) -> Roster | None:
    """How every expected unit stands; None without a list. Raises ConfigError."""
    if config.roster is None:
        return None
    return compare(load_roster(config.roster), handed_in(database), survey)


def listed(config: Config, survey: Survey, database: Database) -> Listed | None:
    """The same for reports, which go out whatever is wrong with the list."""
    try:
        roster = read_roster(config, survey, database)
    except ConfigError as error:
        return Listed(None, str(error))
    return Listed(roster) if roster else None


def handed_in(database: Database) -> list[HandedIn]:
    """Every submission as the list is compared with; those that were joined with others are left out."""
    return [HandedIn(**row) for row in rows(
        database, "SELECT id, number, category, registrant, status FROM submissions WHERE merged_into IS NULL ORDER BY id")]


def withdraw_untrue(config: Config, survey: Survey, database: Database, now: datetime) -> int:
    """Withdraw letters to liaisons that wait and hold no longer; looks at the list only while some wait."""
    if not waiting_letters(database):
        return 0
    found = listed(config, survey, database)
    if found is None or found.roster is None:
        return 0
    absent = {key for entry in found.roster.entries if entry.state == "absent" for key in keys_of(entry.unit, survey)}
    return roster_letters.withdraw_untrue(absent, survey, database, now, now.astimezone(config.time_zone).date())


# --- commands --------------------------------------------------------------------------------------------------------


def add_commands(add) -> None:
    """The parser of this command; `add(name, help, call)` makes one."""
    one = add("roster", "报送名单：list 查看谁已报、待补、未报；remind 起草催报信（批准后发送）", roster)
    one.add_argument("action", nargs="?", default="list", choices=("list", "remind"), metavar="list|remind")
    one.add_argument("--only", metavar="状态", type=_state, help="、".join(word(ROSTER_STATES, state) for state in STATES))
    one.add_argument("--to", metavar="单位|乡镇|邮箱", nargs="+", default=[], help="只催这些（remind）")
    one.add_argument("--as", metavar="姓名", dest="actor", help="经办人（默认当前用户）")
    one.add_argument("--json", action="store_true", help="以 JSON 输出")


def _state(text: str) -> str:
    import argparse

    if text not in _BY_WORD:
        raise argparse.ArgumentTypeError(f"没有“{text}”；可以写：{'、'.join(word(ROSTER_STATES, one) for one in STATES)}")
    return _BY_WORD[text]


def roster(arguments: Namespace) -> int:
    """Show the list, or draft letters to liaisons."""
    with commands.opened(arguments) as (config, survey, database):
        found = read_roster(config, survey, database)
        if found is None:
            raise ConfigError("没有报送名单，请填写名单文件的路径", path=str(config.path), key="roster")
        now = commands.clock_of(config)()
        if arguments.action == "remind":
            return _remind(arguments, config, survey, database, found, now)
    entries = [entry for entry in found.entries if arguments.only in (None, entry.state)]
    if arguments.json:
        print(json.dumps({"counts": found.counts(), "towns": {town: found.counts(town) for town in found.towns},
                          "units": [_facts(entry) for entry in entries],
                          "not_on_list": [one.number for one in found.others]}, ensure_ascii=False))
    else:
        print("\n".join(_screen(found, entries, arguments.only)))
    return 0


def _facts(entry: Entry) -> dict:
    return {"name": entry.unit.name, "town": entry.unit.town, "state": entry.state,
            "numbers": [one.number for one in entry.submissions],
            "similar": [one.number for one in entry.similar], "row": entry.unit.row}


def _screen(found: Roster, entries: list[Entry], only: str | None) -> list[str]:
    lines = [f"应报 {len(found.entries)} 个单位：{counts_sentence(found.counts())}。"]
    if len(found.towns) > 1 and only is None:
        lines += [f"  {town or '（未写乡镇）'}：{counts_sentence(found.counts(town))}" for town in found.towns]
    for state in STATES:
        chosen = [entry for entry in entries if entry.state == state]
        lines += ["", f"{word(ROSTER_STATES, state)}（{len(chosen)}）", *map(_line, chosen)] if chosen else []
    if found.others and only is None:
        lines += ["", f"名单以外的单位（{len(found.others)}）"]
        lines += [f"  {one.number} {mask_personal(one.registrant or '')}" for one in found.others]
    return lines


def counts_sentence(counts: dict[str, int]) -> str:
    """`已报 3，待补 1，未报 6`; states of which there is none are left out."""
    total = sum(counts.values())
    parts = [f"{word(ROSTER_STATES, state)} {count}" for state, count in counts.items() if count]
    return f"{'，'.join(parts)}（报齐 {counts['reported'] * 100 // total}%）" if total else "无"


def _line(entry: Entry) -> str:
    unit = entry.unit
    contact = " ".join(filter(None, (unit.liaison, unit.telephone)))
    return f"  {unit_name(unit)}" + (f"  {'、'.join(one.number for one in entry.submissions)}" if entry.submissions
                                     else f"  联络员 {contact}" if contact else "") + note_of(entry)


def unit_name(unit: ExpectedUnit) -> str:
    """The unit with its town, where its name does not say it."""
    return f"{unit.name}（{unit.town}）" if unit.town and unit.town not in unit.name else unit.name


def note_of(entry: Entry) -> str:
    """What a person should look at."""
    withdrawn = [one.number for one in entry.similar if one.status == "withdrawn"]
    similar = [f"{one.number} {mask_personal(one.registrant or '')}" for one in entry.similar
               if one.status != "withdrawn"]
    notes = [f"曾报送，已撤回：{'、'.join(withdrawn)}"] if withdrawn else []
    notes += [f"名称相近，请核对：{'、'.join(similar)}"] if similar else []
    notes += ["请认定哪一份是它的"] if entry.state == "ambiguous" else []
    return f"（{'；'.join(notes)}）" if notes else ""


def _remind(arguments: Namespace, config: Config, survey: Survey, database: Database, found: Roster,
            now: datetime) -> int:
    absent = [entry.unit for entry in found.entries if entry.state == "absent"]
    chosen = [unit for unit in absent if not arguments.to or _is_meant(unit, arguments.to)]
    unknown = [text for text in arguments.to if not any(_is_meant(unit, [text]) for unit in absent)]
    quiet_since = now - timedelta(days=config.reminder.quiet_days)
    result = roster_letters.draft(config, survey, database, chosen, arguments.actor or commands.actor(), now, quiet_since)
    if arguments.json:
        print(json.dumps({"drafted": result.drafted, "left": dict(result.left), "unknown": unknown}, ensure_ascii=False))
    else:
        print(f"已起草催报信 {len(result.drafted)} 封：{'、'.join(map(str, result.drafted))}。"
              "请用 intake outbox 查看，intake outbox approve 批准后发送。" if result.drafted else "没有起草催报信。")
        for name, why in result.left:
            print(f"  未起草 {name}：{why}", file=sys.stderr)
        for text in unknown:
            print(f"  未报的单位中没有“{text}”。", file=sys.stderr)
    return 1 if unknown or result.left else 0


def _is_meant(unit: ExpectedUnit, wanted: list[str]) -> bool:
    names = {unit.name, *unit.aliases, unit.town, (unit.email or "").lower(), f"{unit.town or ''}{unit.name}"} - {None, ""}
    return any(text.strip() in names or text.strip().lower() in names for text in wanted)
