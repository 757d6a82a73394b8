"""Lists for the canned queries that SQL on the masked views cannot make, or not quickly: as JSON, masked already.

    word('LIST', 'absent')         units of the roster that have not handed in
    word('LIST', 'unreachable')    addresses that no longer take our mail, and whom to call instead
    word('LIST', 'duplicates')     accounts that stand in more than one submission
    word('DAY', 'date')            today in the office's time zone
    word('DAY', 'begin'), 'end'    its first second and that of tomorrow, since 1970
"""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from intake.config import Config
from intake.office import attention, digest_page, roster, words
from rules.survey import Survey
from rules.values import mask_personal
from store import digests, overview
from store.database import Database, connect


def sources(config: Config, survey: Survey, now: Callable[[], datetime]) -> dict[str, Callable[[str], object]]:
    """What `word()` in SQL calls, each time anew."""
    makers = {"absent": lambda database: _absent(config, survey, database), "unreachable": _unreachable,
              "duplicates": lambda database: _duplicates(survey, database)}

    def listed(name: str) -> str:
        if name not in makers:
            return "[]"
        with closing(connect(config.database)) as database:
            return json.dumps(makers[name](database), ensure_ascii=False)

    def day(edge: str) -> int | str:
        today = now().astimezone(config.time_zone).date()
        return today.isoformat() if edge == "date" else digests.span(today, config.time_zone)[0 if edge == "begin" else 1]

    return {"LIST": listed, "DAY": day}


def _absent(config: Config, survey: Survey, database: Database) -> list[dict]:
    found = roster.listed(config, survey, database)
    entries = found.roster.entries if found and found.roster else ()
    return [{"town": entry.unit.town, "unit": digest_page.unit_name(entry.unit), "liaison": mask_personal(entry.unit.liaison or ""),
             "telephone": attention.masked_telephone(entry.unit.telephone), "state": words.word(words.ROSTER_STATES, entry.state)}
            for entry in entries if entry.state in ("absent", "ambiguous")]


def _unreachable(database: Database) -> list[dict]:
    return [{"address": attention.masked_address(row["address"]), "reason": mask_personal(row["reason"] or ""), "at": row["at"],
             "numbers": "、".join((row["number"] or "").split()), "contact": mask_personal(row["contact"] or ""),
             "telephone": attention.masked_telephone(row["telephone"])} for row in overview.dead_addresses(database)]


def _duplicates(survey: Survey, database: Database) -> list[dict]:
    return [{key: mask_personal(value) if isinstance(value, str) else value for key, value in row.items()}
            for row in overview.duplicate_accounts(database, survey.item.identity)]
