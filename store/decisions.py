"""Decisions of people as rows: append-only, and never touched by a mail, a re-reading or a replay.

`value` is JSON by kind: `correct` {value, raw, valid, complaint, was}; `accept`, `reject` {paper, title}; `category`
{category}; `clear` {sentences, files, attachments}; `account` {form_kind, fields}; `paper` {day, anyway}; `merge`
{number}; `split` {number, accounts, messages}; `assign` {number}. `anchor` tells account or file by what they are, for
the day when their rows are made anew; `former_key` is a key under which the registrant was known before, and the table
`former_keys` has those that a replay read in its place.
"""

import json
from collections.abc import Collection
from datetime import datetime

from rules.decisions import Decision
from store.database import Database, insert, one, rows


def add_decision(database: Database, decision: Decision, *, submission_id: int | None = None,
                 message_id: int | None = None, former_key: str | None = None) -> int:
    """Write a decision down for good; returns its id."""
    return insert(database, "decisions", {
        "at": decision.at.isoformat(timespec="seconds"), "actor": decision.actor, "kind": decision.kind,
        "submission_id": submission_id, "message_id": message_id, "account_id": decision.account_id,
        "attachment_id": decision.attachment_id, "name": decision.name,
        "value": json.dumps(dict(decision.value), ensure_ascii=False) if decision.value else None,
        "anchor": json.dumps(dict(decision.anchor), ensure_ascii=False) if decision.anchor else None,
        "former_key": former_key, "why": decision.why})


def decisions_of(database: Database, submission_id: int) -> tuple[Decision, ...]:
    """The decisions about a submission and about those that were joined with it, and about accounts that came from
    another one, in the order in which they were made."""
    family = family_of(database, submission_id)
    marks = ", ".join("?" * len(family))
    found = rows(database, f"SELECT * FROM decisions WHERE submission_id IN ({marks}) OR account_id IN (SELECT id FROM "
                 f"accounts WHERE submission_id = ?) ORDER BY id", [*family, submission_id])
    return tuple(_decision(row) for row in found)


def has_decisions(database: Database) -> bool:
    """Whether anybody has decided anything at all."""
    return one(database, "SELECT 1 FROM decisions LIMIT 1") is not None


def family_of(database: Database, submission_id: int) -> tuple[int, ...]:
    """The submission and every one that was joined with it, directly or by way of another."""
    found = rows(database, "WITH RECURSIVE family(id) AS (SELECT ? UNION SELECT s.id FROM submissions s JOIN family f "
                 "ON s.merged_into = f.id) SELECT id FROM family ORDER BY id", [submission_id])
    return tuple(row["id"] for row in found)


def survivor_of(database: Database, submission_id: int) -> int:
    """Where a submission is now: itself, or the one that it was joined with."""
    while True:
        row = one(database, "SELECT merged_into FROM submissions WHERE id = ?", [submission_id])
        if row is None or row["merged_into"] is None:
            return submission_id
        submission_id = row["merged_into"]


def known_as(database: Database, keys: Collection[str]) -> list[int]:
    """Submissions whose registrant was known by one of these keys before a person corrected it."""
    if not keys:
        return []
    marks = ", ".join("?" * len(keys))
    found = rows(database, f"SELECT submission_id AS id FROM decisions WHERE former_key IN ({marks}) AND submission_id IS "
                 f"NOT NULL UNION SELECT submission_id FROM former_keys WHERE key IN ({marks}) ORDER BY 1", sorted(keys) * 2)
    return [row["id"] for row in found]


def add_former_key(database: Database, submission_id: int, key: str) -> None:
    """What a person corrected is read otherwise now: under this key, too, the registrant was known."""
    insert(database, "former_keys", {"submission_id": submission_id, "key": key}, ignore=True)


def former_keys(database: Database, submission_id: int) -> frozenset[str]:
    """Keys under which the registrant was known before: corrected ones, and those of joined submissions."""
    family = family_of(database, submission_id)
    marks = ", ".join("?" * len(family))
    found = {row["key"] for row in rows(database, f"SELECT former_key AS key FROM decisions WHERE submission_id IN ({marks}) "
                                        f"AND former_key IS NOT NULL UNION SELECT key FROM former_keys WHERE submission_id "
                                        f"IN ({marks})", list(family) * 2)}
    for row in rows(database, f"SELECT * FROM submissions WHERE id IN ({marks}) AND id <> ?", [*family, submission_id]):
        found |= keys_of_row(row) | {f"number:{row['number']}"}
    return frozenset(found)


def keys_of_row(row: dict) -> set[str]:
    """The keys of a submission's row as `former_key` writes them."""
    return {key for key in (row["registrant_key"], row["code_key"] and f"code:{row['code_key']}",
                            row["id_number"] and f"id:{row['id_number']}") if key}


def _decision(row: dict) -> Decision:
    return Decision(
        kind=row["kind"], at=datetime.fromisoformat(row["at"]), actor=row["actor"], name=row["name"],
        value=json.loads(row["value"]) if row["value"] else {}, why=row["why"], account_id=row["account_id"],
        attachment_id=row["attachment_id"], anchor=json.loads(row["anchor"]) if row["anchor"] else {}, id=row["id"])
