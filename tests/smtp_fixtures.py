"""Fixtures of a real SMTP server on loopback, and builders of configurations and outbox rows for it."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from intake.config import Config, ReplyPolicy, Server, Smtp
from intake.demo.certificate import self_signed
from intake.demo.smtp_sink import SmtpSink
from store.database import connect

ZONE = ZoneInfo("Asia/Shanghai")
#: a Thursday inside the survey's window
NOON = datetime(2019, 8, 1, 12, 0, tzinfo=ZONE)
SENDER, PASSWORD = "hdwxb2019@126.com", "SHOUQUANMA"


class FakeClock:
    """A clock that moves only when somebody sleeps on it."""

    def __init__(self, now: datetime = NOON):
        self.time = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)

    def pass_time(self, **span) -> None:
        self.time += timedelta(**span)


def make_smtp(sink: SmtpSink, **changes) -> Smtp:
    """How to reach the sink."""
    ca_file = getattr(sink, "ca_file", None)
    server = Server(sink.host, sink.port, tls=sink.tls, ca_file=ca_file, timeout_seconds=5)
    return replace(Smtp(server, sink.user, None, SENDER, "衡东县网信办"), **changes)


def make_config(folder, smtp: Smtp | None, **reply) -> Config:
    """A configuration with its data in `folder`."""
    policy = ReplyPolicy(**{"seconds_between": 0, **reply})
    return Config(folder / "service.yaml", folder, folder / "survey.yaml", (), smtp, reply=policy)


def make_mime(number: int, to: str, text: str = "您好,材料已收到。") -> bytes:
    """A composed mail: 7-bit, with our Message-ID."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, to, f"回复 {number}"
    message["Message-ID"] = f"<reply-{number}@126.com>"
    message.set_content(text, cte="base64")
    return message.as_bytes()


def add_reply(db, number: int = 1, to: str = "zhang@example.cn", state: str = "queued", **columns) -> int:
    """Queue a reply; returns its id."""
    values = {
        "kind": "acknowledgement", "to_address": to, "subject": f"回复 {number}", "body": "您好",
        "smtp_message_id": f"<reply-{number}@126.com>", "state": state, "created_at": NOON.isoformat(),
        "mime": make_mime(number, to), **columns,
    }  # fmt: skip
    return db["replies"].insert(values).last_pk


def add_digest_mail(db, number: int = 1, to: str = "office@example.cn", state: str = "queued") -> int:
    """Queue a digest's mail; returns its id."""
    day = f"2019-08-{number:02d}"
    digest = {"day": day, "counts": "{}", "html": "", "text": "", "state": "queued", "created_at": NOON.isoformat()}
    values = {
        "digest_id": db["digests"].insert(digest).last_pk, "to_address": to, "subject": "日报", "state": state,
        "smtp_message_id": f"<digest-{number}@126.com>", "created_at": NOON.isoformat(),
        "mime": make_mime(number, to).replace(b"reply-", b"digest-"),
    }  # fmt: skip
    return db["digest_mails"].insert(values).last_pk


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for loopback: (certificate, key)."""
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def smtp_sink(certificate):
    """An SMTP server with 126.com's manners: implicit TLS, log-in demanded."""
    with SmtpSink(tls="implicit", certificate=certificate, user=SENDER, password=PASSWORD) as sink:
        sink.ca_file = certificate[0]
        yield sink


@pytest.fixture
def db(tmp_path):
    """An empty database in the test's folder."""
    database = connect(tmp_path / "intake.db")
    yield database
    database.conn.close()


@pytest.fixture
def clock():
    """A clock that moves only when somebody sleeps on it; it is noon of 2019-08-01."""
    return FakeClock()
