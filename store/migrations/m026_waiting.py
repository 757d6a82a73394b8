"""The review queue in its order, without a look at every submission."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run

# the terms are those of `store.cases`, word for word: SQLite uses a partial index for nothing else
_M026 = """
CREATE INDEX submissions_waiting ON submissions(status <> 'review', opened_at, id)
WHERE status <> 'withdrawn' AND merged_into IS NULL AND (status = 'review' OR review_reasons <> '[]')
"""


@migrations()
def m026_waiting(database: Database) -> None:
    """An index of what waits for a person."""
    run(database, _M026)
