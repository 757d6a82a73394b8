"""What is searched: an index of words, which rows it holds, and which of them have changed since.

The words are made in Python (`rules.words`), and anything may write to the database, also the sqlite3 shell: so the triggers
only note which rows have changed, in the very transaction that changes them, and `store.search` brings the index up to date
before it answers. The index keeps no text (`content=''`) and is never updated: a changed row gets a new number, and what has
no row in `search_rows` is not there.
"""

from sqlite_utils import Database

from store.migrations.steps import migrations

#: kind → table, and the columns whose change is noted
SOURCES = {
    "submission": ("submissions", ("number", "registrant", "uscc", "contact_address", "merged_into")),
    "account": ("accounts", ("name", "handle", "introduction", "admin_name", "admin_wechat", "unit_name",
                             "legal_representative", "address", "owner_name", "employer", "submission_id")),
    "message": ("messages", ("subject", "from_name", "from_address", "text")),
    "attachment": ("attachments", ("filename", "text", "role")),
}


def _triggers(kind: str, table: str, columns: tuple[str, ...]) -> list[str]:
    note = "INSERT OR IGNORE INTO search_changes (kind, ref) VALUES ('{}', {}.id)"
    changed = " OR ".join(f"new.{column} IS NOT old.{column}" for column in columns)
    return [
        f"CREATE TRIGGER search_{table}_new AFTER INSERT ON {table} BEGIN {note.format(kind, 'new')}; END",
        (f"CREATE TRIGGER search_{table}_changed AFTER UPDATE OF {', '.join(columns)} ON {table} WHEN {changed} BEGIN "
        f"{note.format(kind, 'new')}; END"),
        f"CREATE TRIGGER search_{table}_gone AFTER DELETE ON {table} BEGIN {note.format(kind, 'old')}; END",
        f"INSERT INTO search_changes (kind, ref) SELECT '{kind}', id FROM {table}",
    ]


@migrations()
def m007_search(database: Database) -> None:
    """The index, empty, with every row noted as changed."""
    for statement in (
        ("CREATE VIRTUAL TABLE search USING fts5(words, content='', detail='none', tokenize=\"unicode61 "
        "remove_diacritics 0\")"),
        "CREATE TABLE search_rows (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, ref INTEGER NOT NULL, UNIQUE (kind, ref)) STRICT",
        "CREATE TABLE search_changes (kind TEXT NOT NULL, ref INTEGER NOT NULL, PRIMARY KEY (kind, ref)) STRICT, WITHOUT ROWID",
        "CREATE INDEX accounts_owner_id_number ON accounts(owner_id_number) WHERE owner_id_number IS NOT NULL",
        "CREATE INDEX accounts_admin_phone ON accounts(admin_phone) WHERE admin_phone IS NOT NULL",
        "CREATE INDEX accounts_owner_phone ON accounts(owner_phone) WHERE owner_phone IS NOT NULL",
        "CREATE INDEX papers_number ON papers(number) WHERE number IS NOT NULL",
        *(statement for kind, (table, columns) in SOURCES.items() for statement in _triggers(kind, table, columns)),
    ):
        database.conn.execute(statement)
