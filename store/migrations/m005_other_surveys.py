"""Another survey's categories, forms and materials may be stored, and fields beyond the columns of `accounts`.

Which codes there are is the survey's business, not the schema's: `submissions.category`, `attachments.role` and
`materials.kind` lose their CHECK. Nothing on the disk changes by that, so the tables are not rebuilt: their text in the
schema is edited, as sqlite.org/lang_altertable.html (section 7) describes for removing a CHECK. Rows, indexes, triggers
and foreign keys stay where they are, and it runs inside a transaction with foreign keys on.
"""

import re
import sqlite3

from sqlite_utils import Database

from store.migrations.steps import migrations

_CHECKED = {"submissions": "category", "attachments": "role", "materials": "kind"}


@migrations()
def m005_other_surveys(database: Database) -> None:
    """Lift three CHECKs; a place for further fields."""
    connection = database.conn
    connection.execute("ALTER TABLE accounts ADD COLUMN extra TEXT NOT NULL DEFAULT '{}'")
    lifted = {table: _lifted(connection, table, column) for table, column in _CHECKED.items()}
    version = connection.execute("PRAGMA schema_version").fetchone()[0]
    connection.execute("PRAGMA writable_schema=ON")
    try:
        for table, sql in lifted.items():
            connection.execute("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", [sql, table])
        # every connection reads the schema anew, this one too
        connection.execute(f"PRAGMA schema_version={version + 1}")
    finally:
        connection.execute("PRAGMA writable_schema=OFF")
    for table, sql in lifted.items():
        if _schema(connection, table) != sql:
            raise sqlite3.OperationalError(f"the schema of {table} could not be edited")


def _lifted(connection: sqlite3.Connection, table: str, column: str) -> str:
    """The table's definition without the CHECK of that column."""
    check = re.compile(rf"(\b{column} TEXT NOT NULL) CHECK \({column} IN \([^()]*\)\)")
    sql, found = check.subn(r"\1", _schema(connection, table))
    if found != 1:
        raise sqlite3.OperationalError(f"the CHECK of {table}.{column} was not found")
    return sql


def _schema(connection: sqlite3.Connection, table: str) -> str:
    return connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [table]).fetchone()[0]
