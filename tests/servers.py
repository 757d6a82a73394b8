"""Fixtures: a private Dovecot on loopback with TLS, and the NetEase personality in front of it.

    def test_something(netease):            # the proxy is the default: production never sees a friendlier server
        user = netease.new_user()
        user.seed([b"From: ...", ...], folder="垃圾邮件")
        watch_once(config, user.mailbox(), user.password, database, now)

Nothing of /etc/dovecot is read or written. Runs as root (mails then belong to `nobody`) and as anybody else.
"""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest

from intake.config import Mailbox, Secret, Server
from intake.demo.certificate import self_signed
from intake.demo.netease import Proxy
from intake.mailbox.imap import encode_folder

PASSWORD = "letmein-authorisation-code"
#: UIDs of 126 begin in this region
FIRST_UID = 1_400_000_001
BEIJING = timezone(timedelta(hours=8))
#: INTERNALDATE of seeded mails, unless told otherwise
SEED_DATE = datetime(2019, 8, 1, 9, 30, tzinfo=BEIJING)


@dataclass
class User:
    """A fresh mailbox of its own."""

    name: str
    home: Path
    server: Server
    password: str = PASSWORD

    def mailbox(self, **settings) -> Mailbox:
        """The configuration that watches this mailbox; `server={...}` and any field of Mailbox may be overridden."""
        settings = {"folders": ("INBOX",), "poll_seconds": 0.05, "logins_per_15_minutes": 100_000, **settings}
        return Mailbox(self.name, self.server, self.name, Secret("env", "INTAKE_PASSWORD"), **settings)

    def folder(self, name: str) -> Path:
        """The Maildir of a folder, made when it is not there yet."""
        path = self.home if name == "INBOX" else self.home / f".{encode_folder(name).decode('ascii')}"
        if not (path / "cur").exists():
            for part in (path, *(path / part for part in ("cur", "new", "tmp"))):
                part.mkdir(parents=True, exist_ok=True)
                part.chmod(0o777)
        return path

    def seed(self, mails: Iterable[bytes], folder: str = "INBOX", at=SEED_DATE) -> list[int]:
        """Write mails into a folder and return their UIDs; `at` is a date for all, or one for each.

        UIDs ascend with gaps, as at NetEase. Far quicker than APPEND: only files are written.
        """
        path, mails = self.folder(folder), list(mails)
        dates = list(at) if isinstance(at, Iterable) else [at] * len(mails)
        known = sorted((path / "cur").iterdir(), key=lambda file: file.name)
        first = max([FIRST_UID, *(int(file.name.split(".")[1]) + 1 for file in known)])
        uids = [first + 3 * number for number in range(len(mails))]
        for uid, raw, date in zip(uids, mails, dates, strict=True):
            file = path / "cur" / f"{int(date.timestamp())}.{uid}.seed:2,"
            file.write_bytes(raw)
            file.chmod(0o666)
            os.utime(file, (date.timestamp(), date.timestamp()))
        self._list_uids(path, uidvalidity=int(SEED_DATE.timestamp()))
        return uids

    def deliver(self, raw: bytes, folder: str = "INBOX", at: datetime = SEED_DATE) -> None:
        """Let a mail arrive while others are looking: the server gives it its UID. (`seed` is for before.)"""
        path = self.folder(folder)
        name = f"{time.time_ns()}.arrived"
        (path / "tmp" / name).write_bytes(raw)
        (path / "tmp" / name).chmod(0o666)
        os.utime(path / "tmp" / name, (at.timestamp(), at.timestamp()))
        (path / "tmp" / name).rename(path / "new" / name)

    def remove(self, uid: int, folder: str = "INBOX") -> None:
        """Delete a mail, as a clerk does on the web."""
        for file in (self.folder(folder) / "cur").glob(f"*.{uid}.seed:2,*"):
            file.unlink()

    def _list_uids(self, path: Path, uidvalidity: int) -> None:
        """Dovecot's own list of UIDs (version 3), so that the test decides them."""
        files = sorted((path / "cur").iterdir(), key=lambda file: int(file.name.split(".")[1]))
        lines = [f"{file.name.split('.')[1]} :{file.name.partition(':')[0]}" for file in files]
        following = max(int(line.split()[0]) for line in lines) + 1 if lines else FIRST_UID
        text = "\n".join([f"3 V{uidvalidity} N{following} G{os.urandom(16).hex()}", *lines, ""])
        fresh = path / "dovecot-uidlist.new"
        fresh.write_text(text)
        fresh.chmod(0o666)
        fresh.rename(path / "dovecot-uidlist")
        for index in path.glob("dovecot.index*"):
            index.unlink()


class Dovecot:
    """A running private Dovecot."""

    def __init__(self, root: Path):
        self.root = root
        self.certificate = self_signed(root / "tls")
        self.port, self.plain_port = _free_port(), _free_port()
        self._numbers = count(1)
        (root / "mail").mkdir()
        (root / "mail").chmod(0o777)
        (root / "dovecot.conf").write_text(_configuration(root, self.port, self.plain_port, self.certificate))
        log = (root / "stderr.log").open("wb")
        with log:
            self._process = subprocess.Popen(
                [_dovecot(), "-F", "-c", root / "dovecot.conf"], stdout=log, stderr=log, start_new_session=True
            )
        self._wait_until_up()

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", self.port, "implicit", self.certificate[0], timeout_seconds=20)

    def new_user(self, server: Server | None = None) -> User:
        """A user whose mailbox is empty; any name exists, with the one password."""
        name = f"u{os.getpid()}-{next(self._numbers)}@126.com"
        user = User(name, self.root / "mail" / name, server or self.server)
        user.folder("INBOX")
        return user

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def _wait_until_up(self) -> None:
        ends = time.monotonic() + 15
        while time.monotonic() < ends and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        logs = [file.read_text("utf-8", "replace") for file in self.root.glob("*.log")]
        raise RuntimeError("Dovecot did not start:\n" + "\n".join(logs))


class NetEase(Proxy):
    """The proxy, with the users of the Dovecot behind it."""

    def __init__(self, dovecot: Dovecot):
        self.dovecot = dovecot
        super().__init__("127.0.0.1", dovecot.port, upstream_tls=True, upstream_ca=dovecot.certificate[0],
                         certificate=dovecot.certificate)  # fmt: skip

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", self.port, "implicit", self.dovecot.certificate[0], timeout_seconds=20)

    def new_user(self) -> User:
        return self.dovecot.new_user(self.server)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A private Dovecot with TLS; ask it for a `new_user()`."""
    if _dovecot() is None:
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    # not pytest's own folder: a socket's path must be short, and the mail user must be able to enter it
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    root.chmod(0o755)
    try:
        running = Dovecot(root)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def netease(dovecot) -> Iterator[NetEase]:
    """Dovecot behind the NetEase personality, over TLS; its `personality` may be changed by the test."""
    with NetEase(dovecot) as proxy:
        yield proxy


def _dovecot() -> str | None:
    return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _configuration(root: Path, port: int, plain_port: int, certificate: tuple[Path, Path]) -> str:
    """dovecot.conf of version 2.4. Root's mail processes must not be root, so they are `nobody`."""
    me = getpass.getuser() if os.geteuid() else "root"
    owner = pwd.getpwnam("nobody" if os.geteuid() == 0 else me)
    group = subprocess.run(["id", "-gn", me], capture_output=True, text=True, check=True).stdout.strip()
    return f"""\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {me}
default_internal_group = {group}
default_login_user = {owner.pw_name}
default_client_limit = 1000
first_valid_uid = 1
mail_driver = maildir
mail_path = {root}/mail/%{{user}}
mail_uid = {owner.pw_uid}
mail_gid = {owner.pw_gid}
mail_max_userip_connections = 100
maildir_stat_dirs = yes
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = yes
ssl_server_cert_file = {certificate[0]}
ssl_server_key_file = {certificate[1]}
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb static {{
  password = {PASSWORD}
}}
userdb static {{
  fields {{
    uid = {owner.pw_uid}
    gid = {owner.pw_gid}
    home = {root}/mail/%{{user}}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
"""
