"""Who may use the admin pages, who is logged in, and how often somebody tried in vain."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run

_M006 = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT NOT NULL CHECK (role IN ('view', 'handle', 'manage')),
    full_numbers INTEGER NOT NULL CHECK (full_numbers IN (0, 1)),
    password TEXT NOT NULL,
    created_at TEXT NOT NULL,
    password_at TEXT NOT NULL,
    disabled_at TEXT
) STRICT;
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users(id),
    began_at TEXT NOT NULL,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions(user_id);
CREATE TABLE login_attempts (
    bucket TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    since TEXT NOT NULL,
    until TEXT
) STRICT;
"""


@migrations()
def m006_users(database: Database) -> None:
    """Users, sessions (by the hash of their token) and failed log-ins."""
    run(database, _M006)
