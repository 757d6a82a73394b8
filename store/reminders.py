"""Reminders as rows: what the rules are given about each incomplete submission, and writing one down for its step."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rules.reminder import Reminded
from store.database import Database, insert, one, rows, writing
from store.processing import add_event

#: kinds of mail that say what is missing
_TELLING = "('missing_materials', 'reminder', 'guidance')"
_WAITING = "('held', 'queued', 'deferred')"
_ABOUT = "id IN (SELECT reply_id FROM reply_submissions WHERE submission_id = ?)"
#: of submissions whose ids are a JSON list: the state of the newest mail of ours that was not suppressed; CROSS JOIN keeps
#: SQLite from starting at all replies of a state, for each submission
_LAST = ("SELECT l.submission_id AS id, r.state AS value, max(r.id) FROM json_each(?) s CROSS JOIN reply_submissions l ON "
         "l.submission_id = s.value CROSS JOIN replies r ON r.id = l.reply_id WHERE r.state <> 'suppressed' GROUP BY 1")
#: when a mail went out that last said what is missing; both queries: the row that holds the maximum gives the value
_TOLD = ("SELECT l.submission_id AS id, r.sent_at AS value, max(julianday(r.sent_at)) FROM json_each(?) s CROSS JOIN "
         "reply_submissions l ON l.submission_id = s.value CROSS JOIN replies r ON r.id = l.reply_id "
         f"WHERE r.kind IN {_TELLING} AND r.state = 'sent' GROUP BY 1")
#: the reminders of each and of those that were joined with it
_WRITTEN = ("WITH RECURSIVE family(root, id) AS (SELECT value, value FROM json_each(?) UNION SELECT f.root, s.id FROM "
            "family f JOIN submissions s ON s.merged_into = f.id) SELECT f.root AS id, m.step, r.state FROM family f "
            "JOIN reminders m ON m.submission_id = f.id JOIN replies r ON r.id = m.reply_id")


def incomplete(database: Database) -> list[dict]:
    """Submissions that surely lack something, the earliest deadline first."""
    return rows(database, "SELECT * FROM submissions WHERE status = 'incomplete' AND missing <> '[]' "
                "ORDER BY deadline IS NULL, deadline, id")


def reminded(database: Database, submissions: Sequence[dict], zone: ZoneInfo) -> list[Reminded]:
    """What `rules.reminder.decide` is given about each of these rows: three queries, however many they are."""
    ids = [json.dumps([row["id"] for row in submissions])]
    last = _by_submission(database, _LAST, ids)
    told = _by_submission(database, _TOLD, ids)
    made: dict[int, list[dict]] = {}
    for step in rows(database, _WRITTEN, ids):
        made.setdefault(step["id"], []).append(step)
    return [_reminded(row, last.get(row["id"]), told.get(row["id"]), made.get(row["id"], ()), zone) for row in submissions]


def _by_submission(database: Database, query: str, ids: list[str]) -> dict[int, str | None]:
    return {row["id"]: row["value"] for row in rows(database, query, ids)}


def _reminded(row: dict, last_state: str | None, told_at: str | None, made: Sequence[dict], zone: ZoneInfo) -> Reminded:
    return Reminded(
        status=row["status"], missing=row["missing"] != "[]",
        deadline=date.fromisoformat(row["deadline"]) if row["deadline"] else None, last_state=last_state,
        told_on=datetime.fromisoformat(told_at).astimezone(zone).date() if told_at else None,
        # one that was withdrawn before it went out used its step up, but reminded nobody
        steps=frozenset(each["step"] for each in made), count=sum(each["state"] != "suppressed" for each in made))


def last_answer(database: Database, submission_id: int) -> dict | None:
    """The newest mail of ours about a submission that was not suppressed."""
    return one(database, f"SELECT * FROM replies WHERE {_ABOUT} AND state <> 'suppressed' ORDER BY id DESC LIMIT 1",
               [submission_id])


def note(database: Database, submission_id: int, step: int, deadline: date, day: date, reply_id: int) -> None:
    """Use a step up; a second mail for the same one violates the key and undoes its transaction."""
    insert(database, "reminders", {"submission_id": submission_id, "step": step, "deadline": deadline.isoformat(),
                                   "day": day.isoformat(), "reply_id": reply_id})


def expire(database: Database, today: date, now: datetime) -> int:
    """Withdraw reminders of a coming deadline that still wait when it has passed; returns how many."""
    reason = "期限已过，提醒的内容不再适用。"
    found = rows(database, f"SELECT r.id, m.submission_id FROM reminders m JOIN replies r ON r.id = m.reply_id WHERE "
                 f"r.state IN {_WAITING} AND m.day <= m.deadline AND m.deadline < ?", [today.isoformat()])
    return sum(withdraw(database, row, reason, now) for row in found)


def withdraw(database: Database, row: dict, reason: str, now: datetime) -> bool:
    """Take back a reminder or letter (`id`, `submission_id`) that has not gone out; False when it has."""
    with writing(database):
        changed = database.conn.execute(
            f"UPDATE replies SET state = 'suppressed', reason = ? WHERE id = ? AND state IN {_WAITING}",
            [reason, row["id"]])
        if changed.rowcount:
            add_event(database, now, "suppressed", submission_id=row["submission_id"],
                      detail={"table": "replies", "id": row["id"], "reason": reason})
    return changed.rowcount > 0


# --- letters to liaisons -----------------------------------------------------------------------------------------------


def note_units(database: Database, reply_id: int, keys: set[str]) -> None:
    """Which units a letter names, by every name as it is compared."""
    for key in sorted(keys):
        insert(database, "roster_reminders", {"reply_id": reply_id, "registrant_key": f"unit:{key}"}, ignore=True)


def letters_about(database: Database, key: str) -> list[dict]:
    """Letters that name a unit and were not withdrawn, newest first."""
    return rows(database, "SELECT r.id, r.state, r.created_at, r.sent_at FROM roster_reminders l JOIN replies r ON "
                "r.id = l.reply_id WHERE l.registrant_key = ? AND r.state <> 'suppressed' ORDER BY r.id DESC",
                [f"unit:{key}"])


def waiting_letters(database: Database) -> list[dict]:
    """Letters to liaisons that have not gone out, each with the `keys` of the units that it names."""
    found: dict[int, dict] = {}
    for row in rows(database, "SELECT r.id, r.submission_id, r.created_at, l.registrant_key FROM roster_reminders l JOIN "
                    f"replies r ON r.id = l.reply_id WHERE r.state IN {_WAITING} ORDER BY r.id"):
        key = row.pop("registrant_key").removeprefix("unit:")
        found.setdefault(row["id"], row | {"keys": set()})["keys"].add(key)
    return list(found.values())
