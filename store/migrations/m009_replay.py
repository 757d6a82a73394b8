"""What a replay needs: each mail's reading, what every answer said, and a history that outlives the accounts it tells of."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run

_M009 = """
CREATE TABLE readings (
    message_id INTEGER PRIMARY KEY REFERENCES messages(id),
    reading BLOB NOT NULL
) STRICT;
ALTER TABLE reply_submissions ADD COLUMN status TEXT;
ALTER TABLE reply_submissions ADD COLUMN missing TEXT;
CREATE TABLE account_history_kept (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    name TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT,
    message_id INTEGER REFERENCES messages(id),
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
INSERT INTO account_history_kept SELECT * FROM account_history;
DROP TABLE account_history;
ALTER TABLE account_history_kept RENAME TO account_history;
CREATE INDEX account_history_account ON account_history(account_id);
CREATE INDEX decisions_account ON decisions(account_id) WHERE account_id IS NOT NULL
"""


@migrations()
def m009_replay(database: Database) -> None:
    """Two columns, one table, and one reference less."""
    run(database, _M009)
