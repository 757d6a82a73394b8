"""The town of a submission; those that stand already are told theirs by `intake.office.towns`, which knows the survey."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run

_M017 = """
ALTER TABLE submissions ADD COLUMN town TEXT;
CREATE INDEX submissions_town ON submissions(town);
"""


@migrations()
def m017_towns(database: Database) -> None:
    """One column and its index."""
    run(database, _M017)
