"""The ledger: each mail once, whatever happens to its UID, its folder or its UIDVALIDITY."""

import json

import pytest
from build_mailbox import NOW

from store.database import connect, rows
from store.messages import (
    LedgerEntry,
    copy_kind_to_duplicates,
    counts_by_folder,
    enter,
    enter_import,
    known_uids,
    left_alone,
)

BOX = "hdwxb2019@126.com"


@pytest.fixture
def database(tmp_path):
    """An empty database."""
    database = connect(tmp_path / "intake.db")
    yield database
    database.close()


def entry(uid=1, sha256="a" * 64, folder="INBOX", uidvalidity=1, **more) -> LedgerEntry:
    """A ledger entry with everything filled in."""
    values = {"size": 100, "received_at": "2019-08-01T09:30:00+08:00", "entered_at": NOW.isoformat(), **more}
    return LedgerEntry(BOX, folder, uidvalidity, uid, sha256, **values)


def test_a_new_mail_waits_to_be_processed_and_is_known(database):
    """Entering returns the row's id, writes state `received` and one event, and makes the UID known."""
    [row] = enter(database, [entry(uid=7)])
    assert rows(database, "SELECT id, state, uid, kind, silence FROM messages") == [
        {"id": row, "state": "received", "uid": 7, "kind": None, "silence": None}
    ]
    assert known_uids(database, BOX, "INBOX", 1) == {7}
    assert known_uids(database, BOX, "INBOX", 2) == set() == known_uids(database, BOX, "垃圾邮件", 1)
    [event] = rows(database, "SELECT * FROM events")
    assert (event["actor"], event["action"], event["message_id"]) == ("daemon", "received", row)


def test_entering_the_same_mail_again_changes_nothing(database):
    """A turn that is repeated after a crash, or by a second process, adds no row and no event."""
    first = enter(database, [entry(uid=7), entry(uid=8, sha256="b" * 64)])
    before = rows(database, "SELECT * FROM messages"), rows(database, "SELECT * FROM events")
    assert len(first) == 2
    assert enter(database, [entry(uid=7), entry(uid=8, sha256="b" * 64)]) == []
    assert (rows(database, "SELECT * FROM messages"), rows(database, "SELECT * FROM events")) == before


def test_a_failed_batch_enters_nothing_at_all(database):
    """All of a batch is entered in one transaction, or none of it."""
    with pytest.raises(Exception, match="NOT NULL"):
        enter(database, [entry(uid=1), entry(uid=2, sha256="b" * 64, received_at=None)])
    assert rows(database, "SELECT * FROM messages") == []


def test_renumbered_uids_relocate_the_row_instead_of_doubling_it(database):
    """After a change of UIDVALIDITY the same bytes are the same mail, and nothing is processed again."""
    [row] = enter(database, [entry(uid=7, uidvalidity=1)])
    database.conn.execute("UPDATE messages SET state = 'processed', kind = 'registration'")
    assert enter(database, [entry(uid=900, uidvalidity=2)]) == []
    [kept] = rows(database, "SELECT id, uid, uidvalidity, state, kind FROM messages")
    assert kept == {"id": row, "uid": 900, "uidvalidity": 2, "state": "processed", "kind": "registration"}
    assert [event["action"] for event in rows(database, "SELECT * FROM events")] == ["received", "relocated"]


def test_a_row_and_its_duplicate_in_one_folder_are_both_relocated(database):
    """Two copies of a mail in a folder stay two rows when the folder's UIDs are renumbered."""
    enter(database, [entry(uid=7), entry(uid=8)])
    enter(database, [entry(uid=1, uidvalidity=2), entry(uid=2, uidvalidity=2)])
    assert known_uids(database, BOX, "INBOX", 2) == {1, 2}
    assert len(rows(database, "SELECT * FROM messages")) == 2


def test_the_same_bytes_in_another_folder_are_a_duplicate_that_waits_for_nothing(database):
    """A mail moved to 垃圾邮件 gets a row of its own that points to the first and is done."""
    [first] = enter(database, [entry(uid=7)])
    assert enter(database, [entry(uid=3, folder="垃圾邮件")]) == []
    [copy] = rows(database, "SELECT * FROM messages WHERE folder = '垃圾邮件'")
    assert (copy["duplicate_of"], copy["state"]) == (first, "processed")
    assert (copy["silence"], copy["kind"]) == ("duplicate", None)
    assert copy["processed_at"] is not None


def test_a_duplicate_of_a_duplicate_points_to_the_original(database):
    """However often a mail is moved, its copies all name the first row."""
    [first] = enter(database, [entry(uid=7)])
    enter(database, [entry(uid=1, folder="广告邮件"), entry(uid=1, folder="垃圾邮件"), entry(uid=2, folder="垃圾邮件")])
    assert {row["duplicate_of"] for row in rows(database, "SELECT * FROM messages WHERE id > ?", [first])} == {first}


def test_duplicates_bear_the_kind_of_a_processed_original(database):
    """At once when the original is processed already, else when it becomes so."""
    [first] = enter(database, [entry(uid=7)])
    enter(database, [entry(uid=1, folder="垃圾邮件")])
    database.conn.execute("UPDATE messages SET state = 'processed', kind = 'supplement' WHERE id = ?", [first])
    assert copy_kind_to_duplicates(database, first) == 1
    enter(database, [entry(uid=1, folder="订阅邮件")])
    assert {row["kind"] for row in rows(database, "SELECT kind FROM messages")} == {"supplement"}


def test_mail_before_the_since_day_is_entered_and_left_alone(database):
    """Such a row is done from the beginning: nothing fetched, no kind, silence `before-since`."""
    assert enter(database, [entry(uid=5, sha256=None, silence="before-since")]) == []
    [row] = rows(database, "SELECT * FROM messages")
    assert (row["state"], row["silence"], row["kind"], row["sha256"]) == ("processed", "before-since", None, None)
    assert left_alone(database, BOX, "INBOX", 1) == {5: "2019-08-01T09:30:00+08:00"}


def test_mail_left_alone_is_relocated_by_size_and_date(database):
    """It has no bytes to compare; size and date tell it when the UIDs are renumbered."""
    enter(database, [entry(uid=5, sha256=None, silence="before-since")])
    enter(database, [entry(uid=50, uidvalidity=2, sha256=None, silence="before-since")])
    enter(database, [entry(uid=51, uidvalidity=2, sha256=None, silence="before-since", size=101)])
    assert [(row["uid"], row["uidvalidity"]) for row in rows(database, "SELECT * FROM messages")] == [(50, 2), (51, 2)]


def test_mail_left_alone_can_be_wanted_after_all(database):
    """When the since-day is moved back, the row takes up its bytes and waits like any other."""
    enter(database, [entry(uid=5, sha256=None, silence="before-since")])
    [row] = enter(database, [entry(uid=5)])
    [taken] = rows(database, "SELECT * FROM messages")
    assert (taken["id"], taken["state"], taken["silence"], taken["sha256"]) == (row, "received", None, "a" * 64)
    assert taken["processed_at"] is None


def test_the_same_bytes_are_imported_once_wherever_they_came_from(database):
    """A file whose mail is known, by IMAP or by an earlier import, adds no row."""
    enter(database, [entry(uid=7)])
    at = "2019-08-02T10:00:00+08:00"
    assert enter_import(database, "a.eml", "a" * 64, 100, at, NOW) is None
    row = enter_import(database, "b.eml", "b" * 64, 100, at, NOW, mailbox=BOX)
    assert enter_import(database, "c.eml", "b" * 64, 100, at, NOW, mailbox=BOX) is None
    [kept] = rows(database, "SELECT * FROM messages WHERE id = ?", [row])
    assert (kept["mailbox"], kept["folder"], kept["uid"], kept["state"]) == (BOX, "import", None, "received")
    [event] = rows(database, "SELECT detail FROM events WHERE message_id = ?", [row])
    assert json.loads(event["detail"])["file"] == "b.eml"


def test_an_imported_mail_seen_in_the_mailbox_is_a_duplicate(database):
    """It was answered when it was imported; the mailbox's copy is not answered again."""
    imported = enter_import(database, "a.eml", "a" * 64, 100, "2019-08-02T10:00:00+08:00", NOW)
    assert enter(database, [entry(uid=7)]) == []
    assert [row["duplicate_of"] for row in rows(database, "SELECT * FROM messages")] == [None, imported]


def test_rows_are_counted_by_folder(database):
    """What the digest needs to account for every mail."""
    enter(database, [entry(uid=1), entry(uid=2, sha256="b" * 64), entry(uid=3, sha256=None, silence="before-since")])
    enter(database, [entry(uid=1, folder="垃圾邮件")])
    inbox, junk = counts_by_folder(database)
    assert (inbox["folder"], inbox["messages"], inbox["waiting"], inbox["before_since"]) == ("INBOX", 3, 2, 1)
    assert (junk["folder"], junk["messages"], junk["waiting"], junk["duplicates"]) == ("垃圾邮件", 1, 0, 1)
