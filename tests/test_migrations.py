"""Databases of older versions are brought up to date: no row, index, trigger or reference is lost."""

import sqlite3

import pytest
from build_store import add
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from store.database import connect, writing
from store.migrations import (
    m001_initial,
    m002_decisions,
    m003_duplicates,
    m004_reminders,
    m005_other_surveys,
    m009_replay,
    migrations,
)

_STEPS = (m001_initial.m001_initial, m002_decisions.m002_decisions, m003_duplicates.m003_duplicates,
          m004_reminders.m004_reminders)  # fmt: skip
_OPENED = "2019-08-01T09:00:00+08:00"


def database_before(path, *further) -> Database:
    """intake.db as the version before m005 left it, and brought up to date by the steps `further`."""
    older = Migrations("intake")
    for step in (*_STEPS, *further):
        older(name=step.__name__)(step)
    database = Database(sqlite3.connect(path, isolation_level=None), execute_plugins=False)
    database.conn.execute("PRAGMA journal_mode=WAL")
    database.conn.execute("PRAGMA foreign_keys=ON")
    with writing(database):
        older.apply(database)
    return database


def fill(database: Database) -> None:
    """One submission with everything that refers to it."""
    message = add(database, "messages", mailbox="a@b.cn", folder="INBOX", uidvalidity=1, uid=1, received_at=_OPENED,
                  entered_at=_OPENED, state="processed", kind="registration")
    file = add(database, "attachments", message_id=message, filename="表.docx", role="unit_form")
    add(database, "attachments", message_id=message, parent_id=file, filename="证.jpg", role="id_card", problem="corrupt")
    submission = add(database, "submissions", number="HD2019-0001", category="unit", status="incomplete",
                     opened_at=_OPENED, updated_at=_OPENED, missing=["org_certificate"])
    add(database, "accounts", submission_id=submission, attachment_id=file, name="衡东发布", followers=12000)
    add(database, "materials", submission_id=submission, attachment_id=file, kind="unit_form", accepted=1)
    add(database, "events", at=_OPENED, actor="daemon", action="opened", submission_id=submission)


def shape(database: Database) -> dict[tuple[str, str], str]:
    """Every index, trigger and table with its text."""
    return {(row[0], row[1]): row[2] for row in database.conn.execute("SELECT type, name, sql FROM sqlite_schema")}


def test_an_old_database_keeps_its_rows_indexes_triggers_and_references(tmp_path):
    """The CHECKs of three columns go, and `accounts` has one more column; nothing else changes."""
    old = database_before(tmp_path / "intake.db")
    fill(old)
    before, tables = shape(old), ("messages", "attachments", "submissions", "materials", "events")
    rows = {table: old.conn.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    old.close()
    new = database_before(tmp_path / "intake.db", m005_other_surveys.m005_other_surveys)
    after = shape(new)
    assert rows == {table: new.conn.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    assert {name for name in before if before[name] != after.get(name)} == {
        ("table", name) for name in ("attachments", "submissions", "materials", "accounts")}
    assert set(after) == set(before)
    assert new.conn.execute("SELECT name, followers, extra FROM accounts").fetchall() == [("衡东发布", 12000, "{}")]
    assert new.conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert new.conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_another_surveys_codes_may_be_written_and_everything_else_is_still_checked(tmp_path):
    """The codes of one survey are no business of the schema; statuses, problems and references are."""
    old = database_before(tmp_path / "intake.db")
    fill(old)
    with pytest.raises(sqlite3.IntegrityError):
        old.conn.execute("UPDATE submissions SET category = 'club'")
    old.close()
    new = connect(tmp_path / "intake.db")
    for sql in ("UPDATE submissions SET category = 'club'", "UPDATE attachments SET role = 'invoice'",
                "UPDATE materials SET kind = 'invoice'"):
        new.conn.execute(sql)
    for sql in ("UPDATE submissions SET status = 'lost'", "UPDATE attachments SET problem = 'odd' WHERE role = 'invoice'",
                "UPDATE submissions SET category = NULL", "UPDATE materials SET submission_id = 99",
                ("INSERT INTO submissions (number, category, status, opened_at, updated_at) VALUES "
                "('HD2019-0001', 'club', 'review', '', '')"),
                "DELETE FROM events"):
        with pytest.raises(sqlite3.IntegrityError):
            new.conn.execute(sql)


def test_a_step_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    """The edit of the schema belongs to the transaction that records the step."""
    old = database_before(tmp_path / "intake.db")
    fill(old)
    before = shape(old)
    old.close()
    monkeypatch.setattr(m005_other_surveys, "_CHECKED", {**m005_other_surveys._CHECKED, "replies": "state2"})
    with pytest.raises(sqlite3.OperationalError, match="replies.state2"):
        connect(tmp_path / "intake.db")
    monkeypatch.undo()
    again = Database(sqlite3.connect(tmp_path / "intake.db"), execute_plugins=False)
    assert shape(again) == before
    assert next(step.name for step in migrations.pending(again)) == "m005_other_surveys"
    again.close()
    assert connect(tmp_path / "intake.db").conn.execute("SELECT count(*) FROM submissions").fetchone() == (1,)


def test_the_history_of_an_account_outlives_the_account(tmp_path):
    """What was written before is kept, row for row; a replay may find that there never was such an account."""
    old = database_before(tmp_path / "intake.db", m005_other_surveys.m005_other_surveys)
    fill(old)
    add(old, "account_history", account_id=1, submission_id=1, name="name", old_value="衡东", new_value="衡东发布", actor="谭",
        at=_OPENED)
    rows = old.conn.execute("SELECT * FROM account_history").fetchall()
    old.close()
    new = database_before(tmp_path / "intake.db", m005_other_surveys.m005_other_surveys, m009_replay.m009_replay)
    new.conn.execute("DELETE FROM accounts")
    assert new.conn.execute("SELECT * FROM account_history").fetchall() == rows
    assert new.conn.execute("PRAGMA foreign_key_check").fetchall() == []
    with pytest.raises(sqlite3.IntegrityError):
        add(new, "account_history", account_id=1, submission_id=9, name="name", actor="谭", at=_OPENED)
