"""A whole service on real servers: Dovecot behind the NetEase personality, the daemon as a process, an SMTP server."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import yaml
from servers import PASSWORD, User

from intake.demo.smtp_sink import SmtpSink

ROOT = Path(__file__).parent.parent


class Service:
    """One data folder with its configuration; its daemon may be started, killed and started again."""

    def __init__(self, folder: Path, user: User, sink: SmtpSink | None = None, **changes):
        self.folder, self.user, self.sink = folder, user, sink
        self.config = folder / "service.yaml"
        settings = {
            "data": "./data",
            "mailboxes": [{
                "address": user.name, "user": user.name, "password_env": "INTAKE_PASSWORD", "poll_seconds": 0.3,
                "logins_per_15_minutes": 1000,
                "imap": {"host": user.server.host, "port": user.server.port, "tls": "implicit",
                         "ca_file": str(user.server.ca_file)},
                "folders": ["INBOX", "垃圾邮件", "广告邮件"]}],
            "reply": {"max_age_days": 0, "seconds_between": 0, "per_day": 1000, "per_address_per_day": 100,
                      **changes.pop("reply", {})},
            "read": {"processes": 1, **changes.pop("read", {})},
        } | changes
        if sink:
            settings["smtp"] = {"host": sink.host, "port": sink.port, "tls": sink.tls, "user": user.name,
                                "password_env": "INTAKE_PASSWORD", "ca_file": str(user.server.ca_file)}
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")

    def start(self, script: Path | None = None, **environment: str) -> subprocess.Popen:
        """`intake run` (or a test's own script in its place) as a process."""
        command = [sys.executable, str(script)] if script else [sys.executable, "-m", "intake.cli"]
        log = (self.folder / "daemon.log").open("ab")
        with log:
            return subprocess.Popen(
                [*command, "run", "-c", str(self.config)], stdout=log, stderr=log, cwd=ROOT,
                env={**os.environ, "INTAKE_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT), **environment})

    def start_and_look(self) -> subprocess.Popen:
        """The daemon, once it has looked into the mailbox."""
        def looks() -> list[tuple]:
            return [tuple(row) for row in self.rows("SELECT at, value FROM health WHERE name LIKE 'last_poll:%'")]
        before = looks() if (self.folder / "data" / "intake.db").exists() else []
        process = self.start()
        self.wait_for(lambda: looks() not in ([], before))
        return process

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """Another command of `intake`, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "intake.cli", arguments[0], "-c", str(self.config), *arguments[1:]], cwd=ROOT,
            env={**os.environ, "INTAKE_PASSWORD": PASSWORD}, capture_output=True, text=True, timeout=120, check=False)

    def rows(self, sql: str, *values) -> list[sqlite3.Row]:
        """Rows of the service's database, as an admin would read it."""
        with closing(sqlite3.connect(self.folder / "data" / "intake.db", timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, values).fetchall()

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Wait until `condition` holds; a database that is not there yet is no answer."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                if condition():
                    return
            except sqlite3.OperationalError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"waited {seconds} s in vain\n" + self.log())

    def log(self) -> str:
        """What the daemon has logged."""
        path = self.folder / "daemon.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def is_settled(self, mails: int) -> bool:
        """Whether so many mails are processed and nothing waits to be sent."""
        done = self.rows("SELECT count(*) FROM messages WHERE state <> 'received'")[0][0]
        waiting = self.rows("SELECT count(*) FROM replies WHERE state IN ('queued', 'sending', 'deferred')")[0][0]
        return done >= mails and waiting == 0


def stop(process: subprocess.Popen) -> int:
    """End a daemon as systemd does; returns its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(60)
