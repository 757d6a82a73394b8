"""What has happened, in its order: the mails that were processed and the decisions of people, as the audit trail has them."""

from dataclasses import dataclass
from datetime import datetime

from store.database import Database, rows

#: `events.action` by which a replay notes that a number has nothing left to stand for
NUMBER_LEFT = "number-left"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: datetime
    #: a mail was processed
    message_id: int | None = None
    #: a person decided: the row of `decisions`
    decision: dict | None = None
    #: an earlier replay found that this submission has nothing left
    left: int | None = None
    #: whether the audit trail has it; a verdict that was carried along with another decision stands there under that one
    noted: bool = True


def steps(database: Database) -> list[Step]:
    """Every step, the earliest first."""
    decisions = {row["id"]: row for row in rows(database, "SELECT * FROM decisions ORDER BY id")}
    noted = _noted(database)
    known = {row["decision"] for row in noted}
    found: list[Step] = []
    seen: set[tuple[str, int]] = set()
    for row in noted:
        what = ("decision", row["decision"]) if row["decision"] else (row["action"], row["message_id"] or row["submission_id"])
        if what in seen:
            continue
        seen.add(what)
        at = datetime.fromisoformat(row["at"])
        if row["decision"]:
            found += _carried(decisions, known, row["decision"])
            if decision := decisions.pop(row["decision"], None):
                found.append(Step(datetime.fromisoformat(decision["at"]), row["message_id"], decision))
        elif row["action"] == NUMBER_LEFT:
            found.append(Step(at, left=row["submission_id"]))
        else:
            found.append(Step(at, row["message_id"]))
    return found + [_unnoted(row) for row in decisions.values()]


def _noted(database: Database) -> list[dict]:
    return rows(database, "SELECT e.id, e.at, e.action, e.message_id, e.submission_id, json_extract(e.detail, '$.decision') "
                "AS decision FROM events e WHERE (e.action IN ('processed', ?) OR decision IS NOT NULL) AND (e.action <> "
                "'processed' OR e.message_id IN (SELECT id FROM messages WHERE state = 'processed' AND sha256 IS NOT NULL "
                "AND duplicate_of IS NULL)) ORDER BY e.id", [NUMBER_LEFT])


def _carried(decisions: dict[int, dict], known: set, before: int) -> list[Step]:
    """Verdicts that were copied to another submission in the course of the next decision."""
    carried = [identifier for identifier in decisions if identifier < before and identifier not in known]
    return [_unnoted(decisions.pop(identifier)) for identifier in carried]


def _unnoted(row: dict) -> Step:
    return Step(datetime.fromisoformat(row["at"]), decision=row, noted=False)
