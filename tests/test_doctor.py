"""`intake doctor` on real servers and files: what is wrong is found, said in Chinese, with advice."""

import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from smtp_fixtures import PASSWORD, SENDER, ZONE

from intake.doctor import Finding, examine
from store import pacing
from store.database import connect
from store.users import add_user

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=ZONE)
UNITS = Path(__file__).parents[1] / "intake" / "systemd"


@pytest.fixture
def office(tmp_path, smtp_sink):
    """A service.yaml that sends through the sink, with its password in a private file."""
    (tmp_path / "code").write_text(PASSWORD)
    (tmp_path / "code").chmod(0o600)

    def write(more: str = "mailboxes: []\n", **changes) -> Path:
        smtp = {"host": "127.0.0.1", "port": smtp_sink.port, "ca_file": smtp_sink.ca_file, "user": SENDER,
                "sender": SENDER, "password_file": "code", "timeout_seconds": 5, **changes}  # fmt: skip
        lines = "".join(f"  {name}: {value}\n" for name, value in smtp.items())
        path = tmp_path / "service.yaml"
        path.write_text(f"{more}smtp:\n{lines}", "utf-8")
        return path

    return write


@pytest.fixture
def data(tmp_path):
    """The data folder with a database in it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    database = connect(folder / "intake.db")
    yield folder, database
    database.conn.close()


def found(findings: tuple[Finding, ...], name: str, state: str | None = None) -> list[Finding]:
    """The findings of that name (and state)."""
    return [one for one in findings if one.name == name and state in (None, one.state)]


def test_a_faulty_configuration_is_the_only_finding(tmp_path):
    """Nothing else can be looked at; file, line and key are named."""
    (tmp_path / "service.yaml").write_text("repyl: {}\n")
    (one,) = examine(tmp_path / "service.yaml", NOW)
    assert (one.name, one.state) == ("config", "bad") and "service.yaml:1 [repyl]" in one.sentence


def test_an_office_whose_things_are_in_order_has_nothing_bad(office, data, netease, tmp_path):
    """Mailbox behind the NetEase personality, SMTP, database, secrets, survey, OCR."""
    user = netease.new_user()
    (tmp_path / "imap-code").write_text(user.password)
    (tmp_path / "imap-code").chmod(0o600)
    mailbox = user.mailbox()
    path = office(
        f"mailboxes:\n  - address: {mailbox.address}\n    password_file: imap-code\n    folders: [INBOX, 没有的]\n"
        f"    user: {mailbox.user}\n    imap: {{host: 127.0.0.1, port: {netease.port}, "
        f"ca_file: {netease.server.ca_file}}}\n")  # fmt: skip
    findings = examine(path, NOW)
    assert [one for one in findings if one.state == "bad"] == []
    for name in ("config", "survey", "modes", "disk", "database", "secret", "clock", "ocr", "mailbox", "smtp"):
        assert found(findings, name, "ok"), name
    (missing,) = found(findings, "mailbox", "warn")
    assert "没有的" in missing.sentence and missing.advice


def test_a_mailbox_that_refuses_the_login_is_bad(office, netease, tmp_path):
    """With advice."""
    user = netease.new_user()
    (tmp_path / "imap-code").write_text("wrong")
    path = office(
        f"mailboxes:\n  - address: {user.mailbox().address}\n    password_file: imap-code\n"
        f"    imap: {{host: 127.0.0.1, port: {netease.port}, ca_file: {netease.server.ca_file}}}\n")  # fmt: skip
    (bad,) = found(examine(path, NOW), "mailbox", "bad")
    assert "授权码" in bad.advice


def test_a_mailbox_that_lets_nobody_open_a_folder_is_bad(office, netease, tmp_path):
    """The log-in alone proves nothing: NetEase refuses SELECT with a log-in that works."""
    user = netease.new_user()
    (tmp_path / "imap-code").write_text(user.password)
    path = office(
        f"mailboxes:\n  - address: {user.mailbox().address}\n    password_file: imap-code\n    folders: [没有的]\n"
        f"    user: {user.mailbox().user}\n"
        f"    imap: {{host: 127.0.0.1, port: {netease.port}, ca_file: {netease.server.ca_file}}}\n")  # fmt: skip
    findings = examine(path, NOW)
    assert found(findings, "mailbox", "ok") and found(findings, "mailbox", "bad")


def test_nothing_is_sent_and_nothing_is_created(office, smtp_sink, tmp_path):
    """Looking changes nothing."""
    findings = examine(office(), NOW)
    assert found(findings, "smtp", "ok") and smtp_sink.mails == []
    assert not (tmp_path / "data").exists()


def test_a_missing_password_is_bad_and_the_server_is_left_alone(office, smtp_sink, tmp_path):
    """No log-in is wasted."""
    (tmp_path / "code").unlink()
    findings = examine(office(), NOW)
    assert found(findings, "secret", "bad") and found(findings, "smtp", "bad")
    assert smtp_sink.connections == 0


def test_a_wrong_code_and_a_sender_that_is_not_the_login_are_found(office, tmp_path):
    """NetEase's two commonest refusals."""
    (tmp_path / "code").write_text("wrong")
    findings = examine(office(sender="other@126.com"), NOW)
    assert "授权码" in found(findings, "smtp", "bad")[0].sentence
    assert found(findings, "smtp-sender", "warn")


def test_files_that_others_can_read_are_named_with_the_command_that_mends_them(office, data, tmp_path):
    """The database and the password."""
    (data[0] / "intake.db").chmod(0o644)
    (tmp_path / "code").chmod(0o640)
    advice = " ".join(one.advice for one in found(examine(office(), NOW, network=False), "modes", "warn"))
    assert f"chmod 600 {data[0] / 'intake.db'}" in advice and f"chmod 600 {tmp_path / 'code'}" in advice


def test_a_damaged_database_is_found(office, data):
    """Pages overwritten in the middle; and a file that is no database."""
    folder, database = data
    database.conn.executemany("INSERT INTO health VALUES (?, ?, 'x')", [(str(n), "y" * 500) for n in range(500)])
    database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.conn.close()
    path = folder / "intake.db"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = os.urandom(20_000)
    path.write_bytes(content)
    assert found(examine(office(), NOW, network=False), "database", "bad")
    path.write_bytes(b"not a database" * 1000)
    assert found(examine(office(), NOW, network=False), "database", "bad")


def test_a_large_write_ahead_log_is_worth_a_word(office, data):
    """Some reader never lets go."""
    with open(data[0] / "intake.db-wal", "r+b") as log:
        log.truncate(65 * 1024 * 1024)
    assert found(examine(office(), NOW, network=False), "wal", "warn")


def test_a_clock_that_is_behind_the_mails_is_bad(office, data):
    """Deadlines would be wrong."""
    data[1]["messages"].insert({
        "mailbox": "x", "folder": "INBOX", "received_at": NOW.isoformat(), "entered_at": NOW.isoformat(),
        "state": "received"})  # fmt: skip
    assert found(examine(office(), NOW, network=False), "clock", "ok")
    assert found(examine(office(), NOW - timedelta(days=2), network=False), "clock", "bad")
    assert found(examine(office(), datetime(1970, 1, 1, tzinfo=ZONE), network=False), "clock", "bad")


def test_a_paused_account_and_uncertain_mails_are_told(office, data):
    """With what to do."""
    pacing.pause(data[1], pacing.Pause(NOW + timedelta(hours=1), "当天发信数量超过限制"), NOW)
    data[1]["replies"].insert({
        "kind": "receipt", "to_address": "zhang@example.cn", "subject": "x", "body": "x", "state": "uncertain",
        "smtp_message_id": "<1@x>", "created_at": NOW.isoformat(), "mime": b"x"})  # fmt: skip
    findings = examine(office(), NOW, network=False)
    assert "当天发信数量超过限制" in found(findings, "pause", "warn")[0].sentence
    (uncertain,) = found(findings, "outbox", "warn")
    assert "1 封" in uncertain.sentence and "zhang" not in uncertain.sentence
    assert not found(examine(office(), NOW + timedelta(hours=2), network=False), "pause")


def test_without_smtp_or_mailbox_that_is_said(tmp_path):
    """Both are allowed, for importing."""
    (tmp_path / "service.yaml").write_text("data: ./data\n")
    findings = examine(tmp_path / "service.yaml", NOW)
    assert found(findings, "smtp", "warn") and found(findings, "mailbox", "warn")
    assert [one for one in findings if one.state == "bad"] == []


def test_what_is_not_fine_comes_with_advice(office, tmp_path):
    """Every warning and error."""
    (tmp_path / "code").write_text("wrong")
    for one in examine(office(), NOW):
        assert one.state in ("ok", "warn", "bad") and one.sentence.endswith(("。", "）", "……")) or one.advice
        assert one.state == "ok" or one.advice


def test_looking_at_the_database_does_not_change_it(office, data):
    """Not even its schema version."""
    folder, database = data
    database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (folder / "intake.db").read_bytes()
    examine(office(), NOW, network=False)
    assert (folder / "intake.db").read_bytes() == before
    assert sqlite3.connect(folder / "intake.db").execute("PRAGMA quick_check").fetchone() == ("ok",)


@pytest.mark.parametrize("unit", ["intake.service", "intake-admin.service"])
def test_the_service_units_are_private_confined_and_do_not_hammer(unit):
    """A wrong configuration (78) is not tried again."""
    lines = (UNITS / unit).read_text("utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert settings["RestartPreventExitStatus"] == "78" and settings["UMask"] == "0077"
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert settings[name] == "yes"
    assert settings["ProtectSystem"] == "strict" and settings["User"] == "intake"
    assert settings["ExecStart"].split()[1] in ("run", "admin")


def test_admin_pages_that_nobody_can_open_are_told(office, data):
    """With the command that adds a user."""
    _, database = data
    (one,) = found(examine(office(), NOW, network=False), "users")
    assert one.state == "warn" and "intake user add" in one.advice
    add_user(database, "李办", "handle", "ban-2019-xx", NOW, "谭")
    (one,) = found(examine(office(), NOW, network=False), "users")
    assert one.state == "ok"
