"""Draining the outbox over a real SMTP server: once, paced, capped; and killed at every step."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smtp_fixtures import NOON, PASSWORD, SENDER, FakeClock, add_digest_mail, add_reply, make_config, make_smtp

from intake.config import Secret
from intake.demo.smtp_sink import SmtpSink
from intake.lock import exclusive
from intake.sending.deliver import deliver_loop, deliver_once
from store import outbox, pacing
from store.database import connect
from store.outbox import release


@pytest.fixture
def run(db, smtp_sink, clock, tmp_path):
    """Drain once with the test's clock; reply settings may be given."""

    def drain(limit=None, password=PASSWORD, **reply):
        config = make_config(tmp_path, make_smtp(smtp_sink), **reply)
        return deliver_once(config, db, clock.now, password, clock.sleep, limit, random=lambda: 0.5)

    return drain


def reply_row(db, id=1) -> dict:
    """One reply."""
    return next(db.query("SELECT * FROM replies WHERE id = ?", [id]))


def test_each_due_mail_goes_out_once(db, run, smtp_sink):
    """One recipient each; draining again sends nothing."""
    add_reply(db, 1, "zhang@example.cn")
    add_reply(db, 2, "li@example.cn")
    add_digest_mail(db)
    report = run()
    assert (report.sent, report.waiting) == (3, 0)
    assert [mail.recipients for mail in smtp_sink.mails] == [
        ("office@example.cn",), ("zhang@example.cn",), ("li@example.cn",)]  # fmt: skip
    assert run().sent == 0 and len(smtp_sink.mails) == 3
    assert smtp_sink.mails[1].queue_id in reply_row(db)["server_answer"]


def test_mails_are_paced_also_across_runs(db, run, clock):
    """So many seconds between the beginnings of two mails."""
    for number in (1, 2, 3):
        add_reply(db, number)
    run(limit=1, seconds_between=20)
    clock.pass_time(seconds=5)
    run(seconds_between=20)
    assert clock.slept == [15, 20]


def test_addresses_that_are_refused_are_paced_too(db, run, smtp_sink, clock):
    """Many unknown recipients in a row are what providers punish."""
    for number in (1, 2, 3):
        add_reply(db, number)
    smtp_sink.trouble("rcpt", "550 Invalid User")
    assert run(seconds_between=20).failed == 3
    assert clock.slept == [20, 20]


def test_a_clock_that_was_set_back_does_not_stop_sending(db, run, clock):
    """At most one ordinary distance is waited."""
    add_reply(db, 1)
    run(seconds_between=20)
    clock.pass_time(days=-30)
    add_reply(db, 2, created_at=(NOON - timedelta(days=31)).isoformat())
    assert run(seconds_between=20).sent == 1
    assert clock.slept == [20]


def test_a_stop_during_the_wait_ends_the_run(db, smtp_sink, clock, tmp_path):
    """The rest stays queued."""
    for number in (1, 2):
        add_reply(db, number)
    stopped = threading.Event()
    config = make_config(tmp_path, make_smtp(smtp_sink), seconds_between=20)
    report = deliver_once(
        config, db, clock.now, PASSWORD, lambda seconds: stopped.set(), stopped=stopped.is_set)  # fmt: skip
    assert (report.sent, report.waiting) == (1, 1)


def test_the_cap_of_one_address_leaves_its_mails_queued_until_tomorrow(db, run, clock):
    """Others still get theirs; the reason is kept."""
    for number in (1, 2, 3):
        add_reply(db, number, "Li@example.cn" if number == 2 else "li@example.cn")
    add_reply(db, 4, "zhang@example.cn")
    report = run(per_address_per_day=2)
    assert (report.sent, report.postponed, report.waiting) == (3, 1, 1)
    row = reply_row(db, 3)
    assert row["state"] == "queued" and "per_address_per_day" in row["reason"]
    clock.pass_time(hours=11)
    assert run(per_address_per_day=2).sent == 0
    clock.pass_time(hours=2)
    assert run(per_address_per_day=2).sent == 1
    assert reply_row(db, 3)["reason"] is None


def test_the_cap_of_the_day_follows_the_offices_midnight(db, run, clock):
    """23:59 and 00:01 are different days."""
    clock.time = NOON.replace(hour=23, minute=59)
    for number in (1, 2, 3):
        add_reply(db, number, f"p{number}@example.cn")
    assert (run(per_day=2).sent, run(per_day=2).sent) == (2, 0)
    clock.pass_time(minutes=2)
    assert run(per_day=2).sent == 1


def test_a_report_to_the_office_is_stopped_by_no_cap(db, run):
    """But it counts."""
    add_reply(db, 1, "a@example.cn")
    run(per_day=1)
    add_digest_mail(db)
    add_reply(db, 2, "b@example.cn")
    report = run(per_day=1)
    assert (report.sent, report.postponed) == (1, 1)


def test_a_dead_address_gets_nothing_and_the_reason_is_kept(db, run, smtp_sink):
    """In any case of letters."""
    add_reply(db, 1, "Gone@example.cn")
    db["dead_addresses"].insert({"address": "gone@example.cn", "at": NOON.isoformat()})
    assert run().suppressed == 1
    assert reply_row(db)["state"] == "suppressed" and reply_row(db)["reason"]
    assert smtp_sink.connections == 0


def test_with_replies_off_only_the_reports_go_out(db, run):
    """Queued replies stay."""
    add_reply(db)
    add_digest_mail(db)
    report = run(mode="off")
    assert (report.sent, report.waiting) == (1, 1)
    assert reply_row(db)["state"] == "queued"


def test_held_mails_wait_for_approval(db, run):
    """Reply mode `approve`."""
    add_reply(db, state="held")
    assert run(mode="approve").sent == 0
    outbox.approve(db, [1], "康", NOON)
    assert run(mode="approve").sent == 1


def test_without_smtp_nothing_is_sent_and_nothing_lost(db, tmp_path, clock):
    """Replies stay queued."""
    add_reply(db)
    report = deliver_once(make_config(tmp_path, None), db, clock.now)
    assert (report.unconfigured, report.waiting) == (True, 1)


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
def test_a_temporary_refusal_defers_by_the_schedule_and_is_given_up_after_the_set_hours(
    db, run, smtp_sink, clock, stage
):
    """2, 5, 15, 60, 240, 240 … minutes; after 48 hours `failed`, with the server's words."""
    add_reply(db)
    smtp_sink.trouble(stage, "450 4.2.0 greylisted")
    waits = []
    while reply_row(db)["state"] in ("queued", "deferred"):
        before = clock.time
        run()
        if reply_row(db)["state"] == "deferred":
            waits.append((datetime.fromisoformat(reply_row(db)["not_before"]) - before).total_seconds() / 60)
            clock.time = datetime.fromisoformat(reply_row(db)["not_before"])
    assert waits[:6] == [2, 5, 15, 60, 240, 240]
    assert timedelta(hours=48) <= clock.time - NOON < timedelta(hours=53)
    assert reply_row(db)["state"] == "failed" and "greylisted" in reply_row(db)["last_error"]
    assert smtp_sink.mails == []


def test_a_mail_that_waited_long_for_approval_is_not_given_up_at_its_first_refusal(db, run, smtp_sink, clock):
    """The hours count from the first attempt, and anew after a person releases it."""
    add_reply(db, created_at=(NOON - timedelta(days=9)).isoformat())
    smtp_sink.trouble("rcpt", "450 busy")
    run()
    assert reply_row(db)["state"] == "deferred"
    clock.pass_time(hours=49)
    run()
    assert reply_row(db)["state"] == "failed"
    clock.pass_time(hours=1)
    release(db, [1], "康", clock.now())
    run()
    assert reply_row(db)["state"] == "deferred"


def test_an_unknown_recipient_fails_alone(db, run, smtp_sink):
    """The next mail goes out on the same connection."""
    add_reply(db, 1, "nobody@example.cn")
    add_reply(db, 2, "zhang@example.cn")
    smtp_sink.trouble("rcpt", "550 Invalid User: nobody@example.cn", recipient="nobody")
    report = run()
    assert (report.failed, report.sent, smtp_sink.logins) == (1, 1, 1)
    assert reply_row(db)["last_error"] == "550 Invalid User: nobody@example.cn"


def test_a_mail_taken_for_spam_waits_for_a_person(db, run, smtp_sink):
    """554 DT:SPM after the dot."""
    add_reply(db)
    smtp_sink.trouble("dot", "554 DT:SPM 126 smtp5", times=1)
    assert run().held == 1
    assert reply_row(db)["state"] == "held" and reply_row(db)["reason"]
    outbox.approve(db, [1], "康", NOON)
    assert run().sent == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "dot"])
def test_a_quota_stops_the_account_until_its_time_and_loses_nothing(db, run, smtp_sink, clock, stage):
    """451 MI:SFQ: no further mail is tried for fifteen minutes, whoever runs the deliverer."""
    for number in (1, 2, 3):
        add_reply(db, number)
    smtp_sink.trouble(stage, "451 MI:SFQ 126 smtp2", times=1)
    report = run()
    assert (report.sent, report.waiting) == (0, 3)
    assert report.paused_until >= NOON + timedelta(minutes=15) and "15" in report.pause_reason
    connections = smtp_sink.connections
    clock.pass_time(minutes=14)
    assert run().sent == 0 and smtp_sink.connections == connections
    clock.pass_time(minutes=5)
    assert run().sent == 3
    assert pacing.last_pause(db) is None


def test_a_days_quota_rests_until_after_midnight(db, run, smtp_sink, clock):
    """550 MI:STC."""
    add_reply(db)
    smtp_sink.trouble("mail", "550 MI:STC 126 smtp2", times=1)
    run()
    clock.time = NOON.replace(hour=23, minute=59)
    assert run().sent == 0
    clock.pass_time(minutes=20)
    assert run().sent == 1


def test_a_wrong_code_is_tried_ever_more_rarely_and_touches_no_mail(db, run, smtp_sink, clock):
    """5, 15, 60, 240 minutes; the mails stay queued, however long it lasts."""
    add_reply(db)
    for _ in range(24 * 60 * 3):
        run(password="wrong")
        clock.pass_time(minutes=1)
    assert smtp_sink.logins <= 4 + 3 * 24 / 4
    assert (reply_row(db)["state"], reply_row(db)["attempts"]) == ("queued", 0)
    clock.pass_time(hours=5)
    assert run().sent == 1


def test_a_server_that_cannot_be_reached_touches_no_mail(db, run, smtp_sink, clock):
    """It goes out when the server is back."""
    add_reply(db)
    smtp_sink.trouble("connect", times=2)
    assert run().pause_reason
    clock.pass_time(minutes=7)
    assert run().pause_reason
    clock.pass_time(minutes=20)
    assert run().sent == 1


def test_a_mail_that_breaks_the_connection_does_not_block_those_behind_it(db, run, smtp_sink, clock):
    """It is put off, and the others go first."""
    add_reply(db, 1, "poison@example.cn")
    add_reply(db, 2, "zhang@example.cn")
    smtp_sink.trouble("rcpt", recipient="poison")
    for _ in range(4):
        run()
        clock.pass_time(minutes=30)
    assert reply_row(db, 2)["state"] == "sent"
    assert reply_row(db, 1)["state"] == "deferred"


@pytest.mark.parametrize("kept", [True, False])
def test_a_drop_after_the_dot_leaves_the_mail_uncertain_for_good(db, run, smtp_sink, clock, kept):
    """It is listed, and never sent again by itself."""
    add_reply(db)
    smtp_sink.trouble("dot", times=1, keep=kept)
    assert run().uncertain == 1
    clock.pass_time(days=30)
    assert run().sent == 0
    assert len(smtp_sink.mails) == kept
    assert [mail.label for mail in outbox.list_items(db, ("uncertain",))] == ["1"]
    assert outbox.settle_uncertain(db, smtp_sink.message_ids(), NOON) == (("1",) if kept else ())


def test_a_mail_that_a_clerk_holds_while_it_is_being_addressed_is_not_sent(db, smtp_sink, clock, tmp_path):
    """The claim decides, after the pause and RCPT."""
    add_reply(db)
    config = make_config(tmp_path, make_smtp(smtp_sink), seconds_between=20)
    pacing.note_mail(db, NOON)

    def hold_meanwhile(seconds):
        clock.sleep(seconds)
        outbox.hold(db, [1], "康", clock.now())

    report = deliver_once(config, db, clock.now, PASSWORD, hold_meanwhile)
    assert report.sent == 0 and smtp_sink.mails == []
    assert reply_row(db)["state"] == "held"


def test_while_another_process_delivers_nothing_is_touched(db, run, tmp_path, smtp_sink):
    """Not even rows in `sending`: they are that process's."""
    add_reply(db, 1)
    add_reply(db, 2, state="sending")
    with exclusive(tmp_path / "deliver.lock"):
        report = run()
    assert report.busy and smtp_sink.connections == 0
    assert reply_row(db, 2)["state"] == "sending"
    assert run().recovered == 1


def test_starting_the_service_does_not_end_a_quota(db, smtp_sink, clock, tmp_path):
    """That is the provider's to end."""
    add_reply(db)
    pacing.pause(db, pacing.Pause(NOON + timedelta(hours=1), "当天发信数量超过限制"), NOON)
    stop = threading.Event()
    deliver_loop(make_config(tmp_path, make_smtp(smtp_sink)), db, stop, threading.Event(), clock.now,
                 beat=lambda report: stop.set())  # fmt: skip
    assert smtp_sink.connections == 0 and pacing.last_pause(db)


def test_the_loop_delivers_when_woken_and_ends_when_stopped(tmp_path, smtp_sink):
    """With real threads and the real clock."""
    database = connect(tmp_path / "intake.db")
    config = make_config(tmp_path, make_smtp(smtp_sink, user=SENDER))
    password_file = tmp_path / "code"
    password_file.write_text(PASSWORD)
    # an hour's rest for a wrong code, which has been mended: starting the service tries at once
    later = datetime.now(UTC) + timedelta(hours=1)
    pacing.pause(database, pacing.Pause(later, "授权码不对", 3, mendable=True), datetime.now(UTC))
    config = replace(config, smtp=replace(config.smtp, password=Secret("file", str(password_file))))
    stop, wake = threading.Event(), threading.Event()
    own = connect(tmp_path / "intake.db")
    thread = threading.Thread(target=deliver_loop, args=(config, own, stop, wake, lambda: datetime.now(UTC)))
    thread.start()
    add_reply(database)
    wake.set()
    deadline = time.monotonic() + 20
    while not smtp_sink.mails and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(20)
    assert not thread.is_alive() and len(smtp_sink.mails) == 1
    own.conn.close()
    database.conn.close()


#: a deliverer that kills itself, as a power cut would, at one step
DYING = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
sys.path.insert(0, sys.argv[5])
from smtp_fixtures import NOON, make_config
from intake.config import Server, Smtp
from intake.sending import deliver, smtp
from store import outbox
from store.database import connect

step, port, folder, ca_file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

def before(owner, name):
    setattr(owner, name, die)

def after(owner, name):
    real = getattr(owner, name)
    setattr(owner, name, lambda *arguments: (real(*arguments), die()))

class Wire:
    # a socket that dies at its second write after DATA: the body is out, the final dot is not
    def __init__(self, socket): self.socket = socket
    def __getattr__(self, name): return getattr(self.socket, name)
    def sendall(self, data):
        die() if data == b".\\r\\n" else self.socket.sendall(data)

def wire(real):
    def transmit(self, mime):
        self._server.sock = Wire(self._server.sock)
        return real(self, mime)
    return transmit

if step == "before MAIL": before(smtp.Connection, "address")
if step == "before claim": before(outbox, "claim")
if step == "after claim": after(outbox, "claim")
if step == "before the dot": smtp.Connection.transmit = wire(smtp.Connection.transmit)
if step == "after 250": before(outbox, "mark_sent")
if step == "after mark": after(outbox, "mark_sent")

server = Server("127.0.0.1", port, "implicit", ca_file, 10)
config = make_config(folder, Smtp(server, "hdwxb2019@126.com", None, "hdwxb2019@126.com"))
deliver.deliver_once(config, connect(config.database), lambda: NOON, "SHOUQUANMA")
"""


@pytest.mark.parametrize(("step", "then", "copies"), [
    ("before MAIL", "sent", 1),
    ("before claim", "sent", 1),
    ("after claim", "uncertain", 0),
    ("before the dot", "uncertain", 0),
    ("after 250", "uncertain", 1),
    ("after mark", "sent", 1),
])  # fmt: skip
def test_killed_at_any_step_a_mail_is_never_sent_twice_and_never_lost(
    db, run, smtp_sink, tmp_path, step, then, copies
):
    """kill -9, then a new deliverer: at most one copy, and where none or perhaps one went out a person is told."""
    add_reply(db)
    tests, root = Path(__file__).parent, Path(__file__).parents[1]
    arguments = [step, str(smtp_sink.port), str(tmp_path), str(smtp_sink.ca_file), str(tests)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root)}
    child = subprocess.run([sys.executable, "-c", DYING, *arguments], env=environment, capture_output=True, timeout=60,
                           check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    for _ in range(2):
        run()
    assert reply_row(db)["state"] == then
    assert len(smtp_sink.mails) == copies
    assert [m.label for m in outbox.list_items(db, ("uncertain",))] == (["1"] if then == "uncertain" else [])
    assert outbox.settle_uncertain(db, smtp_sink.message_ids(), NOON) == (("1",) if step == "after 250" else ())


_TROUBLES = st.lists(
    st.tuples(
        st.sampled_from(["connect", "ehlo", "auth", "mail", "rcpt", "data", "body", "dot"]),
        st.sampled_from([None, "421 HL:ICC", "450 busy", "451 DT:SPM", "535 no", "550 Invalid User", "554 DT:SPM"]),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(_TROUBLES)
def test_whatever_a_server_does_no_mail_arrives_twice_and_none_vanishes(troubles):
    """Any troubles in any order: at most one copy; `sent` has arrived; what has not arrived is waiting or listed."""
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder, SmtpSink(tls="none", user=SENDER, password=PASSWORD) as sink:
        database = connect(Path(folder) / "intake.db")
        for number in (1, 2, 3):
            add_reply(database, number, f"p{number}@example.cn")
        for stage, answer, times, keep in troubles:
            sink.trouble(stage, answer if stage != "body" else None, times=times, keep=keep)
        config = make_config(Path(folder), make_smtp(sink))
        for _ in range(12):
            deliver_once(config, database, clock.now, PASSWORD, clock.sleep, random=lambda: 0.5)
            clock.pass_time(hours=3)
        arrived = sink.message_ids()
        states = {row["smtp_message_id"]: row["state"] for row in database["replies"].rows}
        database.conn.close()
    assert len(arrived) == len(set(arrived))
    for message_id, state in states.items():
        assert state in ("sent", "uncertain", "failed", "held", "queued", "deferred")
        assert message_id in arrived if state == "sent" else message_id not in arrived or state == "uncertain"


def test_the_sink_writes_what_it_takes_into_a_folder(tmp_path, db, clock):
    """As the demonstration shows it."""
    add_reply(db)
    with SmtpSink(tls="none", user=None, folder=tmp_path / "out") as sink:
        deliver_once(make_config(tmp_path, make_smtp(sink, user=None)), db, clock.now)
    assert (tmp_path / "out" / "0001.eml").read_bytes() == sink.mails[0].content
