"""Alive, in need of a person, or dead."""

import json
from datetime import timedelta

import pytest
from build_store import add, add_message, add_reply, add_submission, at, configuration, empty_store, stamp

from intake.office import attention
from intake.office.status import DEAD, HEALTHY, NEEDS_A_PERSON, read_status, status
from store import pacing

NOW = at("2019-08-02 10:00")


@pytest.fixture
def store(tmp_path):
    """A database whose daemon reported a minute ago and looked into the mailbox."""
    database = empty_store(tmp_path)
    beat(database, "2019-08-02 09:59")
    add(database, "health", name="last_poll:office@example.cn", value='""', at=stamp("2019-08-02 09:59"))
    yield database
    database.close()


def beat(database, when: str) -> None:
    """A heartbeat."""
    database["health"].insert({"name": "heartbeat", "value": None, "at": stamp(when)}, replace=True)


def test_a_service_with_nothing_to_do_is_healthy(store, tmp_path):
    """Exit 0."""
    found = status(configuration(tmp_path), store, NOW)
    assert found.exit_code == HEALTHY and found.facts["state"] == "healthy"
    assert found.text.startswith("● 运行正常")


@pytest.mark.parametrize("trouble", ["review", "failed", "uncertain", "held", "inquiry", "mailbox"])
def test_whatever_waits_for_a_person_is_told_by_the_exit_code(store, tmp_path, trouble):
    """Exit 1, with the sort of work and what to do."""
    if trouble == "review":
        add_submission(store, status="review", review_reasons=["请核对。"])
    elif trouble == "failed":
        add_message(store, kind=None, state="failed")
    elif trouble == "inquiry":
        add_message(store, kind="inquiry", silence="too-old")
    elif trouble == "mailbox":
        add(store, "health", name="mailbox_error:office@example.cn", value={"error": "x"}, at=stamp("2019-08-02 09:59"))
    else:
        add_reply(store, add_message(store), state=trouble)
    found = status(configuration(tmp_path), store, NOW)
    assert found.exit_code == NEEDS_A_PERSON
    assert sum(found.facts["attention"].values()) == 1


def test_a_daemon_that_has_not_reported_for_minutes_is_dead(store, tmp_path):
    """Exit 2, whatever else waits."""
    config = configuration(tmp_path)
    assert status(config, store, at("2019-08-02 10:03")).exit_code == HEALTHY
    found = status(config, store, at("2019-08-02 10:10"))
    assert found.exit_code == DEAD and "11 分钟前" in found.text


def test_a_daemon_that_never_ran_is_dead(tmp_path):
    """An imported database without a service."""
    database = empty_store(tmp_path)
    assert status(configuration(tmp_path), database, NOW).exit_code == DEAD
    database.close()


def test_a_mailbox_that_is_silently_not_looked_at_needs_a_person(store, tmp_path):
    """The daemon lives, its listener does not."""
    beat(store, "2019-08-02 12:00")
    found = status(configuration(tmp_path), store, at("2019-08-02 12:00"))
    assert found.exit_code == NEEDS_A_PERSON and found.facts["late_mailboxes"] == ["office@example.cn"]


def test_a_missing_database_is_dead_and_is_not_made(tmp_path):
    """Looking must not create."""
    found = read_status(configuration(tmp_path / "nowhere"), NOW)
    assert found.exit_code == DEAD and "数据库不存在" in found.text
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_database_is_dead(tmp_path):
    """A sentence, no traceback."""
    (tmp_path / "intake.db").write_bytes(b"this is not a database, and it is longer than a header" * 40)
    found = read_status(configuration(tmp_path), NOW)
    assert found.exit_code == DEAD and "数据库无法读取" in found.text


def test_the_facts_are_plain_json(store, tmp_path):
    """`intake status --json`."""
    add_submission(store, add_message(store))
    facts = json.loads(json.dumps(status(configuration(tmp_path), store, NOW).facts))
    assert facts["queues"]["messages"] == {"processed": 1} and facts["ledger"] == 1
    assert facts["at"] == NOW.isoformat()


def test_the_status_writes_nothing(store, tmp_path):
    """Looking leaves the database as it was."""
    before = list(store.conn.iterdump())
    status(configuration(tmp_path), store, NOW + timedelta(minutes=1))
    assert list(store.conn.iterdump()) == before


def test_a_paused_account_waits_for_a_person(tmp_path):
    """Quota, wrong code, dead server: as long as nothing goes out, the office is told until when."""
    database = empty_store(tmp_path)
    now = at("2019-08-01 12:00")
    pacing.pause(database, pacing.Pause(now + timedelta(hours=2), "当日发信数量已达服务器上限"), now)
    (task,) = attention.gather(database, attention.View(now))
    assert task.code == "pause" and "8月1日 14:00" in task.lines[0]
    assert attention.gather(database, attention.View(now + timedelta(hours=3))) == ()
