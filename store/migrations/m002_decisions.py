"""What the office decided, and where a submission went that was joined with another."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run

_M002 = """
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('account', 'correct', 'accept', 'reject', 'category', 'clear', 'assign', 'split',
                                       'merge', 'paper', 'withdraw', 'note')),
    submission_id INTEGER REFERENCES submissions(id),
    message_id INTEGER REFERENCES messages(id),
    account_id INTEGER,
    attachment_id INTEGER,
    name TEXT,
    value TEXT,
    anchor TEXT,
    former_key TEXT,
    why TEXT
) STRICT;
CREATE INDEX decisions_submission ON decisions(submission_id);
CREATE INDEX decisions_message ON decisions(message_id);
CREATE INDEX decisions_former_key ON decisions(former_key) WHERE former_key IS NOT NULL;
CREATE TRIGGER decisions_are_not_changed BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END;
CREATE TRIGGER decisions_are_not_removed BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END;
ALTER TABLE submissions ADD COLUMN merged_into INTEGER REFERENCES submissions(id);
CREATE INDEX submissions_merged ON submissions(merged_into) WHERE merged_into IS NOT NULL
"""


@migrations()
def m002_decisions(database: Database) -> None:
    """Human decisions, append-only."""
    run(database, _M002)
