"""The towns of submissions that were judged before the survey's list of towns was what it is now.

A new mail sets the town of its submission with every other judgement; this is for the rest, once after a migration and
once after each change of the list.
"""

import json
from datetime import datetime

from rules.survey import Survey
from rules.towns import FIELDS, town_of
from store import health
from store.database import Database, rows, writing

_NAME = "towns"


def refresh(database: Database, survey: Survey, now: datetime) -> int:
    """Set the towns anew where the list has changed; returns how many submissions were changed."""
    listed = [[town.name, *town.aliases] for town in survey.towns]
    if health.noted(database, _NAME) == listed:
        return 0
    with writing(database):
        changed = [(town, row["id"]) for row in rows(database, _SQL) if (town := _town(row, survey)) != row["town"]]
        database.conn.executemany("UPDATE submissions SET town = ? WHERE id = ?", changed)
        health.note(database, _NAME, listed, now)
    return len(changed)


#: every submission with the values of its accounts that may name the town, a JSON list for each field
_SQL = ("SELECT s.id, s.category, s.registrant, s.town, "
        + ", ".join(f"json_group_array(a.{field}) AS {field}" for field in FIELDS)
        + " FROM submissions s LEFT JOIN accounts a ON a.submission_id = s.id GROUP BY s.id")


def _town(row: dict, survey: Survey) -> str | None:
    values = [value for field in FIELDS for value in json.loads(row[field])]
    return town_of([row["registrant"] if survey.is_unit(row["category"]) else None, *values], survey.towns)
