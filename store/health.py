"""Small facts about the running daemon, one row each in `health`: the last poll, a folder's state, log-ins made."""

import json
from datetime import datetime

from store.database import Database, one, writing


def note(db: Database, name: str, value: object, now: datetime) -> None:
    """Write a fact as JSON, replacing the older one."""
    with writing(db):
        db.conn.execute(
            "INSERT INTO health (name, value, at) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
            (name, json.dumps(value, ensure_ascii=False), now.isoformat(timespec="seconds")),
        )


def noted(db: Database, name: str, default: object = None) -> object:
    """The fact of that name, or `default` where there is none."""
    row = one(db, "SELECT value FROM health WHERE name = ?", (name,))
    return default if row is None or row["value"] is None else json.loads(row["value"])


def forget(db: Database, name: str) -> None:
    """Remove a fact that holds no longer."""
    with writing(db):
        db.conn.execute("DELETE FROM health WHERE name = ?", (name,))
