"""The page of a submission asks for everything about it; without these indexes, some of the tables are read whole."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run


@migrations()
def m030_page_indexes(database: Database) -> None:
    """Three indexes."""
    run(database, """
CREATE INDEX replies_message ON replies(message_id) WHERE message_id IS NOT NULL;
CREATE INDEX account_history_submission ON account_history(submission_id);
CREATE INDEX doubts_message ON doubts(message_id) WHERE message_id IS NOT NULL;
""")
