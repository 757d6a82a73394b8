"""A kill at every step of a mail's way: nothing is lost, and nobody gets a second reply."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from build_mails import mail
from build_service import Service, stop

from intake.demo.smtp_sink import SmtpSink

POINTS = [
    "intake.mailbox.collect:keep_all:before", "store.files:_move:before#2", "store.files:_move:after#2",
    "intake.mailbox.collect:keep_all:after",
    "intake.mailbox.collect:enter:before", "intake.mailbox.collect:enter:after",
    "store.processing:begin_attempts:after",
    "store.processing:record_reading:after#2",
    "intake.settle:judge_again:after#2",
    "store.replies:add_reply:after#2",
    "store.processing:finish:after#2",
    "intake.pipeline:_finish:after#1",
    "store.outbox:claim:before#2", "store.outbox:claim:after#2",
    "intake.sending.smtp:Connection.transmit:before#2", "intake.sending.smtp:Connection.transmit:after#2",
    "store.outbox:mark_sent:before#2", "store.outbox:mark_sent:after#2",
    "intake.office.digest:run_due:before", "intake.mailbox.watch:note:after#2",
]


def typed(number: int) -> bytes:
    """A mail with a form typed into it, in which much is missing."""
    return mail(subject=f"登记 {number}", sender=f"周{number} <zhou{number}@example.cn>", to="u@126.com", body=(
        f"账号名称:霞流乡音{number}\n账号:xlxy{number}\n服务类型:微信公众号\n注册日期:2018年5月{number}日\n"
        f"管理员姓名:周{number}\n手机号码:1390734000{number}\n负责人姓名:周{number}\n"))


@pytest.mark.parametrize("point", POINTS)
def test_a_daemon_killed_here_loses_nothing_and_answers_nobody_twice(point, netease, tmp_path):
    """Killed once at the point, then started again: every mail is kept and processed, every reply counted."""
    user = netease.new_user()
    mails = [typed(number).replace(b"u@126.com", user.name.encode()) for number in (1, 2, 3)]
    user.seed(mails)
    with SmtpSink(user=user.name, password=user.password, certificate=netease.dovecot.certificate) as sink:
        service = Service(tmp_path, user, sink)
        died = service.start(Path(__file__).with_name("crashing_daemon.py"), CRASH_AT=point)
        assert died.wait(60) == 137, service.log()
        daemon = service.start()
        service.wait_for(lambda: service.is_settled(len(mails)))
        assert stop(daemon) == 0, service.log()
    _nothing_is_lost(service, mails)
    _nobody_is_answered_twice(service, sink)


def _nothing_is_lost(service: Service, mails: list[bytes]) -> None:
    rows = service.rows("SELECT sha256, state, kind FROM messages")
    assert sorted(row["sha256"] for row in rows) == sorted(hashlib.sha256(raw).hexdigest() for raw in mails)
    assert {(row["state"], row["kind"]) for row in rows} == {("processed", "registration")}
    for raw in mails:
        name = hashlib.sha256(raw).hexdigest()
        assert (service.folder / "data" / "raw" / name[:2] / f"{name}.eml").read_bytes() == raw
    assert len(service.rows("SELECT id FROM submissions")) == len(mails)


def _nobody_is_answered_twice(service: Service, sink: SmtpSink) -> None:
    taken = Counter(sink.message_ids())
    replies = service.rows("SELECT smtp_message_id, state FROM replies")
    assert len(replies) == 3
    assert set(taken) <= {row["smtp_message_id"] for row in replies}
    for row in replies:
        times = taken[row["smtp_message_id"]]
        assert row["state"] in ("sent", "uncertain")
        assert times == 1 if row["state"] == "sent" else times <= 1
