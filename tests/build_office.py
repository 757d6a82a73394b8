"""A small office: a service.yaml, a data folder with a few rows, and `intake` run in this process."""

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from build_store import ZONE, add, add_account, add_message, add_reply, add_submission, stamp

from intake.cli import main
from store import health
from store.database import Database, connect

CONFIGURATION = """\
data: ./data
mailboxes:
  - address: office@example.cn
    imap: {host: 127.0.0.1, port: 9, tls: none, timeout_seconds: 2}
    password_file: code
smtp: {host: 127.0.0.1, port: 9, tls: none, timeout_seconds: 2, user: office@example.cn, password_file: code}
digest: {to: [head@example.org]}
read: {processes: 1}
"""


class Ended(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


class Office:
    """One folder with its configuration and data."""

    def __init__(self, folder: Path, capsys, configuration: str = CONFIGURATION):
        self.folder, self._capsys = folder, capsys
        self.config, self.data = folder / "service.yaml", folder / "data"
        self.configure(configuration)
        (folder / "code").write_text("AUTHCODE")
        (folder / "code").chmod(0o600)

    def configure(self, text: str) -> None:
        """Write service.yaml."""
        self.config.write_text(text, "utf-8")

    def run(self, *arguments: str) -> Ended:
        """`intake ARGUMENTS -c service.yaml` in this process; usage errors end with their code too."""
        self._capsys.readouterr()
        try:
            code = main([*arguments, "-c", str(self.config)])
        except SystemExit as ended:
            code = ended.code
        return Ended(code, *self._capsys.readouterr())

    def json(self, *arguments: str):
        """The JSON that a command prints: one line, nothing else."""
        return json.loads(self.run(*arguments, "--json").out)

    def database(self) -> Database:
        """The database, to be closed by the caller."""
        return closing(connect(self.data / "intake.db"))

    def fill(self) -> "Office":
        """One complete submission, one mail that failed, and a mail in each state of the outbox."""
        with self.database() as database:
            message = add_message(database, subject="一中登记")
            submission = add_submission(database, message, number="HD2019-0001", registrant="衡东县第一中学")
            add_account(database, submission)
            add_message(database, subject="坏信", state="failed", kind=None, error="读取超时")
            for state in ("held", "queued", "deferred", "failed", "uncertain", "sent"):
                add_reply(database, None, submission, kind="reminder", state=state, subject=f"信 {state}",
                          to_address=f"{state}@example.net")
            digest = add(database, "digests", day="2019-08-01", counts={}, html="<p>2019年8月1日</p>", text="2019年8月1日的日报", state="queued",
                         created_at=stamp("2019-08-02 08:30"))
            add(database, "digest_mails", digest_id=digest, to_address="head@example.org", subject="日报",
                smtp_message_id="<d1@example.cn>", state="held", created_at=stamp("2019-08-02 08:30"), mime=b"mime")
        return self

    def states(self) -> dict[str, str]:
        """Label → state of every mail of ours."""
        with self.database() as database:
            found = {str(row["id"]): row["state"] for row in database.query("SELECT id, state FROM replies")}
            return found | {f"d{row['id']}": row["state"] for row in database.query("SELECT id, state FROM digest_mails")}

    def beat(self, minutes_ago: float = 0) -> None:
        """Let the daemon have reported so many minutes ago."""
        at = datetime.now(ZONE) - timedelta(minutes=minutes_ago)
        with self.database() as database:
            health.note(database, "heartbeat", None, at)
