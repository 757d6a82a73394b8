"""What the steps of the schema are written with."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

#: the steps, in the order in which their modules are imported
migrations = Migrations("intake")


def run(database: Database, script: str) -> None:
    """Run statements that end in `;` and a line break, without leaving the surrounding transaction."""
    # executescript() would commit it
    for statement in script.split(";\n"):
        if statement.strip():
            database.conn.execute(statement)
