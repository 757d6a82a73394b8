"""Taking mail in: nothing lost, nothing doubled, whatever the network, the server or the power does."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from build_mailbox import NOW, Ledger, now, raw_mail
from servers import BEIJING

from intake.mailbox.batches import Hole, plan_batches
from intake.mailbox.imap import Facts
from intake.mailbox.imap_errors import AuthFailed, ConnectionLost, Refused, Unreachable, UnsafeLogin
from intake.mailbox.watch import TooManyLogIns, pause_after, watch
from rules.errors import TransientError
from store.database import rows
from store.health import noted
from store.messages import copy_kind_to_duplicates


@pytest.fixture
def ledger(netease, tmp_path):
    """A fresh mailbox behind the NetEase personality, and the ledger it is taken into."""
    ledger = Ledger(tmp_path, netease.new_user(), folders=("INBOX", "垃圾邮件", "广告邮件"))
    yield ledger
    ledger.close()


def test_every_mail_is_kept_byte_for_byte_and_entered_in_order(ledger):
    """GBK, bare bytes, an empty body: what the server has is what lies on disk."""
    mails = [raw_mail(1), b"Subject: \xb5\xc7\xbc\xc7\r\n\r\n\x01\xff\r\n", b"Subject: x\r\n\r\n", raw_mail(2, 90_000)]
    uids = ledger.user.seed(mails)
    report = ledger.turn()
    assert ledger.kept() == mails
    assert [row["uid"] for row in ledger.rows()] == uids
    assert {(row["state"], row["uidvalidity"]) for row in ledger.rows()} == {("received", 1)}
    assert (report.new, report.holes, report.missing_folders) == (4, (), ("垃圾邮件", "广告邮件"))


def test_received_at_is_the_internal_date_in_the_offices_time_zone(ledger):
    """INTERNALDATE, not the Date that the sender chose."""
    ledger.user.seed([raw_mail(1)], at=datetime(2019, 8, 8, 23, 59, 59, tzinfo=BEIJING))
    ledger.turn()
    assert ledger.rows()[0]["received_at"] == "2019-08-08T23:59:59+08:00"


def test_known_mail_costs_one_listing_and_no_fetch(ledger, netease):
    """The second turn asks for the list and nothing else."""
    ledger.user.seed([raw_mail(number) for number in range(30)])
    ledger.turn()
    netease.commands.clear()
    assert ledger.turn().new == 0
    assert [command for command in netease.commands if "UID" in command] == ["UID SEARCH"]


def test_only_new_mail_is_fetched(ledger, netease):
    """New mail is what the ledger does not know, wherever in the list it stands."""
    ledger.user.seed([raw_mail(1), raw_mail(2)])
    ledger.turn()
    ledger.user.seed([raw_mail(3)])
    before = netease.sent
    assert ledger.turn().new == 1
    assert netease.sent - before < 4000
    assert ledger.kept() == [raw_mail(1), raw_mail(2), raw_mail(3)]


def test_mail_already_read_or_flagged_on_the_web_is_taken_in_all_the_same(ledger):
    r"""A clerk who opens a mail on the web sets \Seen; that says nothing about us."""
    [uid] = ledger.user.seed([raw_mail(1)])
    [file] = (ledger.user.home / "cur").glob(f"*.{uid}.*")
    file.rename(file.with_name(file.name.removesuffix(",") + ",FS"))
    assert ledger.turn().new == 1


def test_nothing_is_changed_on_the_server(ledger):
    """No flag is set and no file is moved or removed by a turn."""
    ledger.user.seed([raw_mail(1), raw_mail(2, 9_000)])
    before = sorted(file.name for file in (ledger.user.home / "cur").iterdir())
    ledger.turn(replace(ledger.mailbox, part_bytes=2000))
    assert sorted(file.name for file in (ledger.user.home / "cur").iterdir()) == before


def test_submissions_in_the_junk_folder_are_taken_in(ledger):
    """126 files a submission under 垃圾邮件 now and then; its name goes over the wire in modified UTF-7."""
    ledger.user.seed([raw_mail(1)], folder="垃圾邮件")
    report = ledger.turn()
    assert [(row["folder"], row["state"]) for row in ledger.rows()] == [("垃圾邮件", "received")]
    assert report.missing_folders == ("广告邮件",)


def test_a_mail_moved_to_another_folder_is_not_new(ledger):
    """It gets a row of its own there, done, of the original's kind: nobody is answered twice."""
    [uid] = ledger.user.seed([raw_mail(1)])
    ledger.turn()
    ledger.database.conn.execute("UPDATE messages SET state = 'processed', kind = 'registration'")
    ledger.user.remove(uid)
    ledger.user.seed([raw_mail(1)], folder="垃圾邮件")
    report = ledger.turn()
    first, copy = ledger.rows()
    assert (copy["duplicate_of"], copy["silence"], copy["kind"]) == (first["id"], "duplicate", "registration")
    assert copy_kind_to_duplicates(ledger.database, first["id"]) == 1
    assert (report.new, report.folders[0].vanished, report.folders[0].mails, report.folders[1].ledger) == (0, 1, 0, 1)


def test_a_changed_uidvalidity_makes_no_mail_new(ledger, netease):
    """All UIDs are other ones; the bytes tell that the mails are the same (paperless#10080)."""
    ledger.user.seed([raw_mail(number) for number in range(5)])
    ledger.turn()
    netease.personality.uidvalidity = 77
    ledger.user.seed([raw_mail(9)])
    report = ledger.turn()
    assert report.new == 1
    assert len(ledger.rows()) == 6
    assert {row["uidvalidity"] for row in ledger.rows()} == {77}
    assert (report.folders[0].mails, report.folders[0].ledger) == (6, 6)


def test_mail_before_the_since_day_is_entered_and_never_fetched(ledger, netease):
    """By days in Asia/Shanghai: the evening before is old, the first minute of the day is not."""
    dates = [datetime(2019, 7, 23, 23, 59, tzinfo=BEIJING), datetime(2019, 7, 24, 0, 0, tzinfo=BEIJING)]
    ledger.user.seed([raw_mail(1, 50_000), raw_mail(2)], at=dates)
    since = replace(ledger.mailbox, since=date(2019, 7, 24))
    report = ledger.turn(since)
    old, new = ledger.rows()
    assert (old["state"], old["silence"], old["kind"], old["sha256"]) == ("processed", "before-since", None, None)
    assert (new["state"], new["silence"]) == ("received", None)
    assert (report.new, report.skipped, report.folders[0].ledger) == (1, 1, 2)
    assert netease.sent < 20_000
    assert ledger.turn(since).skipped == 0


def test_moving_the_since_day_back_takes_in_what_had_been_left_alone(ledger):
    """A wrong since-day is a slip of the configuration, not the loss of mail."""
    ledger.user.seed([raw_mail(1), raw_mail(2)], at=datetime(2019, 7, 20, 9, 0, tzinfo=BEIJING))
    assert ledger.turn(replace(ledger.mailbox, since=date(2019, 7, 24))).skipped == 2
    assert ledger.turn(replace(ledger.mailbox, since=date(2019, 7, 1))).new == 2
    assert [row["state"] for row in ledger.rows()] == ["received", "received"]
    assert ledger.kept() == [raw_mail(1), raw_mail(2)]


@pytest.mark.parametrize(
    "date_", [b"01-Jan-1970 00:00:00 +0000", b"99-Foo-2019 99:99:99 +9999", b"01-Jan-2098 00:00:00 +0000"]
)
def test_an_internal_date_that_cannot_be_true_is_replaced_by_the_header(ledger, netease, date_):
    """Botched migrations leave 1970 behind; taken for true, such mail would be older than any since-day."""
    received = "Received: by mx1; Thu, 01 Aug 2019 12:00:00 +0800\r\n"
    [uid] = ledger.user.seed([raw_mail(1, received=received)])
    netease.personality.dates[uid] = date_
    assert ledger.turn(replace(ledger.mailbox, since=date(2019, 7, 24))).new == 1
    assert ledger.rows()[0]["received_at"] == "2019-08-01T12:00:00+08:00"


def test_a_mail_without_any_believable_date_counts_from_now(ledger, netease):
    """It is taken in; the day of receipt is the day on which we saw it first."""
    [uid] = ledger.user.seed([raw_mail(1)])
    netease.personality.dates[uid] = b"nonsense"
    ledger.turn()
    assert datetime.fromisoformat(ledger.rows()[0]["received_at"]) == NOW


def test_a_mail_left_out_of_the_replies_becomes_a_hole_and_comes_later(ledger, netease):
    """The others are taken in, the hole is reported in `health`, and the next turn asks for it again."""
    uids = ledger.user.seed([raw_mail(number) for number in range(6)])
    netease.personality.omitted = {uids[2], uids[4]}
    report = ledger.turn()
    assert (report.new, report.holes) == (4, (("INBOX", uids[2]), ("INBOX", uids[4])))
    assert (report.folders[0].mails, report.folders[0].ledger) == (6, 4)
    row = noted(ledger.database, f"mailbox:{ledger.mailbox.address}:INBOX")
    assert [(hole["uid"], hole["tries"]) for hole in row["holes"]] == [(uids[2], 1), (uids[4], 1)]
    netease.personality.omitted = {uids[4]}
    assert ledger.turn().holes == (("INBOX", uids[4]),)
    netease.personality.omitted = set()
    assert (ledger.turn().new, ledger.turn().holes) == (1, ())
    assert sorted(ledger.kept()) == sorted(raw_mail(number) for number in range(6))


def test_a_mail_deleted_while_it_is_a_hole_is_forgotten(ledger, netease):
    """What the server does not list any more is no hole."""
    [uid] = ledger.user.seed([raw_mail(1)])
    netease.personality.omitted = {uid}
    assert ledger.turn().holes
    ledger.user.remove(uid)
    assert ledger.turn().holes == ()


def test_a_server_that_hands_out_nothing_is_not_asked_mail_by_mail(ledger, netease):
    """After some misses in a row the turn ends with an error, and the next one goes on."""
    netease.personality.omitted = set(ledger.user.seed([raw_mail(number) for number in range(60)]))
    with pytest.raises(Refused, match="连续"):
        ledger.turn()
    assert netease.commands.count("UID FETCH") < 30
    netease.personality.omitted = set()
    assert ledger.turn().new == 60


def test_a_mail_that_kills_the_connection_stops_no_other(ledger, netease):
    """One 26 MB mail stopped all intake elsewhere (osTicket#6690): here it comes last, and alone."""
    uids = ledger.user.seed([raw_mail(number) for number in range(8)])
    netease.personality.poisoned = {uids[3]}
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            ledger.turn()
    with pytest.raises(ConnectionLost):
        ledger.turn()
    assert len(ledger.rows()) == 7
    [hole] = noted(ledger.database, f"mailbox:{ledger.mailbox.address}:INBOX")["holes"]
    assert hole["uid"] == uids[3]
    # by now it waits for its turn, and the mailbox is watched undisturbed
    ledger.user.seed([raw_mail(99)])
    assert ledger.turn().new == 1
    netease.personality.poisoned = set()
    assert ledger.turn(clock=lambda: NOW + timedelta(days=1)).new == 1
    assert len(ledger.rows()) == 9


def test_a_connection_cut_at_any_byte_loses_nothing_and_doubles_nothing(netease, tmp_path):
    """Greeting, log-in, listing, in the middle of a literal, between the parts of a large mail: anywhere."""
    mails = [raw_mail(1), raw_mail(2, 2500), raw_mail(3, 9000), raw_mail(4), raw_mail(5)]
    settings = {"part_bytes": 3000, "batch_bytes": 3500}
    whole = Ledger(tmp_path / "whole", netease.new_user(), **settings)
    whole.user.seed(mails)
    whole.turn()
    whole.close()
    total, lost = netease.sent, 0
    for number, position in enumerate(range(1, total - 300, total // 24)):
        ledger = Ledger(tmp_path / str(number), netease.new_user(), **settings)
        ledger.user.seed(mails)
        netease.personality.cuts = [position]
        with pytest.raises(TransientError):
            ledger.turn()
        partly = len(ledger.kept())
        lost += 0 < partly < len(mails)
        ledger.turn()
        assert sorted(ledger.kept()) == sorted(mails), f"cut after {position} of {total} bytes"
        assert len(ledger.rows()) == len(mails)
        ledger.close()
    assert lost > 1, "no cut fell between two mails: the positions prove little"


def test_a_process_killed_at_any_step_loses_nothing_and_doubles_nothing(dovecot, tmp_path):
    """Killed before each fsync, each rename and each statement of the database, one after the other."""
    user = dovecot.new_user()
    mails = [raw_mail(1), raw_mail(2, 9000), raw_mail(3)]
    user.seed(mails)
    steps = 0
    while _killed_at(steps, user, tmp_path / str(steps)):
        ledger = Ledger(tmp_path / str(steps), user, part_bytes=4000)
        for row in ledger.rows():
            assert row["state"] == "received"
        ledger.kept()  # whatever is entered is whole on disk
        ledger.turn()
        assert sorted(ledger.kept()) == sorted(mails), f"killed at step {steps}"
        assert len(ledger.rows()) == 3
        ledger.close()
        steps += 6
    assert steps > 12


_VICTIM = """
import os, sys
from pathlib import Path
step, left = {step}, [{step}]
def counting(function):
    def counted(*arguments, **named):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return function(*arguments, **named)
    return counted
from intake.config import Mailbox, Secret, Server
from build_mailbox import Ledger
class User:
    password = {password!r}
    def mailbox(self, **settings):
        return Mailbox({name!r}, Server("127.0.0.1", {port}, "implicit", Path({ca!r})), {name!r}, Secret("env", "X"),
                       folders=("INBOX",), **settings)
ledger = Ledger(Path({folder!r}), User(), part_bytes=4000)
os.fsync, os.replace = counting(os.fsync), counting(os.replace)
connection = ledger.database.conn
class Statements:
    def __getattr__(self, name):
        return getattr(connection, name)
    execute = staticmethod(counting(connection.execute))
ledger.database.conn = Statements()
ledger.turn()
"""


def _killed_at(step: int, user, folder) -> bool:
    """Run one turn in a child that ends itself before its `step`-th write; False when it lived to the end."""
    place = user.server
    program = _VICTIM.format(
        step=step, password=user.password, name=user.name, port=place.port, ca=str(place.ca_file), folder=str(folder)
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert child.returncode in (0, 9)
    return child.returncode == 9


def test_log_ins_are_capped_even_when_the_daemon_is_restarted(netease, tmp_path):
    """The count lies in the database; the fourth log-in within a quarter of an hour is not tried."""
    ledger = Ledger(tmp_path, netease.new_user(), logins_per_15_minutes=3)
    for _ in range(3):
        ledger.turn()
    with pytest.raises(TooManyLogIns) as caught:
        ledger.turn()
    assert caught.value.until == NOW + timedelta(minutes=15)
    assert netease.commands.count("LOGIN") == 3
    ledger.turn(clock=lambda: NOW + timedelta(minutes=15, seconds=1))
    ledger.close()


def test_a_server_that_cannot_be_reached_uses_up_no_log_in(netease, tmp_path):
    """After a night without network the first connection must not wait."""
    ledger = Ledger(tmp_path, netease.new_user(), logins_per_15_minutes=3)
    netease.stop()
    for _ in range(5):
        with pytest.raises(Unreachable):
            ledger.turn()
    assert noted(ledger.database, f"logins:{ledger.mailbox.address}") == []
    ledger.close()


def test_a_refused_code_is_said_in_plain_words_without_the_code(ledger, netease):
    """The operator reads what to do in `health`; the password stands nowhere."""
    ledger.user.password = "wrong-and-secret"
    with pytest.raises(AuthFailed, match="授权码") as caught:
        ledger.turn()
    assert "wrong-and-secret" not in str(caught.value)
    noted_error = noted(ledger.database, f"mailbox_error:{ledger.mailbox.address}")
    assert (noted_error["kind"], "授权码" in noted_error["error"]) == ("AuthFailed", True)
    everything = json.dumps([rows(ledger.database, f"SELECT * FROM {table}") for table in ("health", "events")])
    assert "wrong-and-secret" not in everything
    ledger.user.password = "letmein-authorisation-code"
    ledger.turn()
    assert noted(ledger.database, f"mailbox_error:{ledger.mailbox.address}") is None


def test_a_disk_that_cannot_be_written_is_a_temporary_fault_and_enters_nothing(ledger):
    """The mail stays on the server, and the next turn takes it in."""
    ledger.user.seed([raw_mail(1)])
    ledger.config.data.joinpath("raw").write_bytes(b"a file where a folder should be")
    with pytest.raises(TransientError, match="磁盘"):
        ledger.turn()
    assert ledger.rows() == []
    ledger.config.data.joinpath("raw").unlink()
    assert ledger.turn().new == 1


def test_batches_are_bounded_and_large_mails_stand_alone():
    """Ascending, every UID once; unknown size counts as large."""
    sizes = {1: 10, 2: 50, 3: 41, 4: 500, 5: 1, 6: None, 7: 2, 8: 99}
    facts = {uid: Facts(size, None) for uid, size in sizes.items()}
    assert plan_batches(facts, batch_bytes=100, part_bytes=100) == [[1, 2], [3], [4], [5], [6], [7], [8]]
    many = {uid: Facts(1, None) for uid in range(120)}
    assert [len(batch) for batch in plan_batches(many, 1000, 100)] == [50, 50, 20]
    assert plan_batches({}, 100, 100) == []


def test_pauses_grow_are_spread_and_are_bounded():
    """Doubling from seconds to ten minutes; where a person must act, from a quarter of an hour."""
    fault, code = ConnectionLost("x"), AuthFailed("x")
    assert [pause_after(fault, failures, 0.5, NOW) for failures in (1, 2, 3, 50)] == [5, 10, 20, 600]
    assert pause_after(fault, 1, 0.0, NOW) == pytest.approx(4)
    assert pause_after(fault, 1, 1.0, NOW) == pytest.approx(6)
    assert pause_after(code, 1, 0.5, NOW) == 900
    assert pause_after(UnsafeLogin("x"), 9, 0.5, NOW) == 3600
    assert pause_after(TooManyLogIns("x", NOW + timedelta(minutes=7)), 1, 0.0, NOW) == 421


def test_a_hole_that_kills_the_connection_waits_longer_and_longer():
    """Twice it is tried at once, then after 8 minutes, at last every six hours."""
    hole = Hole(1, NOW.isoformat(), NOW.isoformat(), tries=9)
    assert replace(hole, losses=2).is_due(NOW)
    assert not replace(hole, losses=3).is_due(NOW + timedelta(minutes=7))
    assert replace(hole, losses=3).is_due(NOW + timedelta(minutes=8))
    assert replace(hole, losses=99).is_due(NOW + timedelta(hours=6))


def _watching(ledger, stop, woken, clock=now) -> threading.Thread:
    thread = threading.Thread(
        target=watch,
        args=(ledger.config, ledger.mailbox, ledger.user.password, ledger.database, stop, woken.set, clock),
    )
    thread.start()
    return thread


def _until(condition, seconds=15.0) -> bool:
    ends = time.monotonic() + seconds
    while not condition() and time.monotonic() < ends:
        time.sleep(0.02)
    return condition()


def test_the_loop_polls_over_one_connection_and_wakes_the_next_stage(netease, tmp_path):
    """Mail that arrives later is taken in by a later poll, without a second log-in."""
    ledger = Ledger(tmp_path, netease.new_user())
    ledger.user.seed([raw_mail(1)])
    stop, woken = threading.Event(), threading.Event()
    thread = _watching(ledger, stop, woken)
    assert woken.wait(15)
    woken.clear()
    ledger.user.deliver(raw_mail(2))
    assert woken.wait(15)
    stop.set()
    thread.join(15)
    assert not thread.is_alive()
    assert ledger.kept() == [raw_mail(1), raw_mail(2)]
    assert netease.commands.count("LOGIN") == netease.commands.count("ID") == 1
    ledger.close()


def test_the_loop_survives_a_cut_connection(netease, tmp_path, monkeypatch):
    """It backs off, logs in anew and goes on; what came meanwhile is not lost."""
    monkeypatch.setattr("intake.mailbox.watch.FIRST_PAUSE", 0.05)
    ledger = Ledger(tmp_path, netease.new_user())
    ledger.user.seed([raw_mail(number) for number in range(5)])
    netease.personality.cuts = [500, 900, 1500]
    stop, woken = threading.Event(), threading.Event()
    thread = _watching(ledger, stop, woken)
    assert _until(lambda: woken.is_set() and len(ledger.rows()) == 5)
    stop.set()
    thread.join(15)
    assert not thread.is_alive()
    assert netease.commands.count("ID") >= 2
    ledger.close()


def test_the_loop_raises_a_refused_code_after_waiting_so_that_it_is_read_anew(netease, tmp_path, monkeypatch):
    """Somebody may have put a new code in its place: the caller asks for it again."""
    monkeypatch.setattr("intake.mailbox.watch.FIRST_LONG_PAUSE", 0.05)
    ledger = Ledger(tmp_path, netease.new_user())
    netease.personality.refuses_login = True
    nothing = threading.Event()
    with pytest.raises(AuthFailed):
        watch(ledger.config, ledger.mailbox, ledger.user.password, ledger.database, nothing, nothing.set, now)
    assert netease.commands.count("LOGIN") == 1
    ledger.close()


def test_idle_shortens_the_wait_where_a_server_offers_it(dovecot, tmp_path):
    """With a poll every ten minutes a new mail is there within seconds; `stop` ends the wait as well."""
    ledger = Ledger(tmp_path, dovecot.new_user(), poll_seconds=600)
    ledger.user.seed([raw_mail(1)])
    stop, woken = threading.Event(), threading.Event()
    thread = _watching(ledger, stop, woken)
    assert woken.wait(15)
    woken.clear()
    time.sleep(0.5)
    ledger.user.deliver(raw_mail(2))
    assert woken.wait(45)
    stop.set()
    thread.join(15)
    assert not thread.is_alive()
    assert ledger.kept() == [raw_mail(1), raw_mail(2)]
    ledger.close()
