"""Every processed mail asks for its duplicates; without this index, ten thousand rows are read each time."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run


@migrations()
def m003_duplicates(database: Database) -> None:
    """One index."""
    run(database, "CREATE INDEX messages_duplicate_of ON messages(duplicate_of) WHERE duplicate_of IS NOT NULL;\n")
