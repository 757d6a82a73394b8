"""The page of a submission asks for what was changed in it; without this index, the history of all is read."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run


@migrations()
def m030_page_indexes(database: Database) -> None:
    """One index."""
    run(database, "CREATE INDEX account_history_submission ON account_history(submission_id);\n")
