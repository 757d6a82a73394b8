"""A mail that a person asks for again is read anew: nothing that was kept of its files is taken for read."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run


@migrations()
def m008_readings(database: Database) -> None:
    """One column."""
    run(database, "ALTER TABLE messages ADD COLUMN read_anew INTEGER NOT NULL DEFAULT 0;\n")
