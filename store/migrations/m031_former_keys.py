"""A replay may read a name anew that a person had corrected: under what is read now the registrant was known as well."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run


@migrations()
def m031_former_keys(database: Database) -> None:
    """Beside `decisions.former_key`, which stays as it was written."""
    run(database, """
        CREATE TABLE former_keys (
          submission_id INTEGER NOT NULL REFERENCES submissions(id),
          key TEXT NOT NULL,
          PRIMARY KEY (submission_id, key)
        ) STRICT;
        CREATE INDEX former_keys_key ON former_keys(key);
    """)
