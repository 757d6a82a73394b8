"""Open the database and write to it: the only module that imports sqlite_utils.

Every connection is set to WAL and `synchronous=FULL`: with NORMAL a committed `sent` can be lost at power loss, and the
mail would go out twice.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from rules.errors import PermanentError
from store import migrations as steps
from store.migrations import migrations

#: how long a writer waits for another, in seconds
BUSY_SECONDS = 30


def connect(path: Path | str) -> Database:
    """Open (and create or migrate) the database at `path`, mode 0600; one connection belongs to one thread.

    Raises PermanentError where a newer version of the program has migrated it.
    """
    path = Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    database = Database(connection, execute_plugins=False)
    _refuse_newer(path, database)
    if migrations.pending(database):
        with writing(database):
            migrations.apply(database)
    return database


def scratch(path: Path, like: Database) -> Database:
    """An empty database with the tables and indexes of another, to be thrown away: no triggers, no foreign keys, and nothing
    in it outlives a crash."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    database = Database(connection, execute_plugins=False)
    with writing(database):
        for row in rows(like, "SELECT sql FROM sqlite_schema WHERE type IN ('table', 'index') AND sql IS NOT NULL AND name NOT "
                        "LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'search%' ORDER BY type = 'index'"):
            connection.execute(row["sql"])
    return database


def _refuse_newer(path: Path, database: Database) -> None:
    """An older program must not write into what a newer one has changed."""
    unknown = [step.name for step in migrations.applied(database) if not hasattr(steps, step.name)]
    if unknown:
        database.close()
        raise PermanentError(f"数据库 {path} 由较新的版本写成（{unknown[-1]}），请升级本程序。")


@contextmanager
def writing(database: Database) -> Iterator[Database]:
    """One transaction: all of it or nothing.

    BEGIN IMMEDIATE, because a deferred transaction that reads first fails as "locked" at once, whatever the timeout.
    Nested use joins the outer transaction through a savepoint.
    """
    if database.conn.in_transaction:
        with database.atomic():
            yield database
        return
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        yield database
    except BaseException:
        if database.conn.in_transaction:
            database.conn.execute("ROLLBACK")
        raise
    database.conn.execute("COMMIT")


def rows(database: Database, sql: str, parameters=()) -> list[dict]:
    """The rows of a query as dicts."""
    cursor = database.conn.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def one(database: Database, sql: str, parameters=()) -> dict | None:
    """The first row of a query as a dict, or None."""
    cursor = database.conn.execute(sql, parameters)
    row = cursor.fetchone()
    return None if row is None else {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def insert(database: Database, table: str, row: dict, *, ignore: bool = False) -> int:
    """Insert a row of plain values and return its id; `ignore`: do nothing where a unique key stands already.

    Table and columns are our own words, never a stranger's. Quicker than sqlite-utils, which asks the schema each time:
    one mail writes thirty rows.
    """
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    sql = f"INSERT {'OR IGNORE ' if ignore else ''}INTO {table} ({columns}) VALUES ({marks})"
    return database.conn.execute(sql, tuple(row.values())).lastrowid


def update(database: Database, table: str, identifier: int, row: dict) -> None:
    """Overwrite columns of the row with that id."""
    columns = ", ".join(f"{column} = ?" for column in row)
    database.conn.execute(f"UPDATE {table} SET {columns} WHERE id = ?", (*row.values(), identifier))
