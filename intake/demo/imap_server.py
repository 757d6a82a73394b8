"""An embedded IMAP server for the demonstration: pymap's in-memory backend in a child process, without root.

Mails are delivered by APPEND with their day of receipt, so that INTERNALDATE says what the demonstration wants. Not for
soak tests: large mails can drop the connection, and on Python 3.13 it does not end by itself while a client is
connected.
"""

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from intake.mailbox.imap import encode_folder

FOLDERS = ("草稿箱", "已发送", "已删除", "垃圾邮件", "病毒文件夹", "广告邮件", "订阅邮件")
#: how long the child may take to come up, in seconds
_STARTUP = 20


@dataclass(frozen=True, slots=True)
class SeedMail:
    """A mail that lies in the mailbox when the demonstration begins."""

    raw: bytes
    #: INTERNALDATE, aware
    received_at: datetime
    folder: str = "INBOX"


@dataclass(slots=True)
class ImapServer:
    """A running server."""

    host: str
    port: int
    user: str
    password: str
    process: subprocess.Popen

    def deliver(self, mails: Iterable[SeedMail]) -> None:
        """Put mails into their folders, in this order."""
        with imaplib.IMAP4(self.host, self.port, timeout=30) as client:
            client.login(self.user, self.password)
            for mail in mails:
                name = '"' + encode_folder(mail.folder).decode("ascii") + '"'
                when = f'"{mail.received_at:%d-}{_MONTHS[mail.received_at.month]}{mail.received_at:-%Y %H:%M:%S %z}"'
                status, _ = client.append(name, None, when, mail.raw)
                if status != "OK":
                    raise RuntimeError(f"the demonstration's server refused a mail: {status}")

    def stop(self) -> None:
        """End the child for good."""
        self.process.kill()
        self.process.stdin.close()
        self.process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.stop()


def start(mails: Iterable[SeedMail] = (), user: str = "hdwxb2019@126.com", password: str = "demo") -> ImapServer:
    """Start a server on a free port of 127.0.0.1 with 126's folders, and deliver `mails` in their order."""
    port = _free_port()
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--no-tls", "--no-service", "admin"]
    backend = ["dict", "--demo-user", user, "--demo-password", password]
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, *arguments, *backend],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = ImapServer("127.0.0.1", port, user, password, process)
    try:
        _make_folders(server)
        server.deliver(mails)
    except BaseException:
        server.stop()
        raise
    return server


#: the child ends with its parent, however that ended: its standard input is closed then
_CHILD = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
from pymap.main import main
main()
"""
_MONTHS = (None, "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _make_folders(server: ImapServer) -> None:
    _wait_until_up(server)
    with imaplib.IMAP4(server.host, server.port, timeout=30) as client:
        client.login(server.user, server.password)
        for name in FOLDERS:
            client.create('"' + encode_folder(name).decode("ascii") + '"')


def _wait_until_up(server: ImapServer) -> None:
    ends = time.monotonic() + _STARTUP
    while True:
        try:
            socket.create_connection((server.host, server.port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > ends or server.process.poll() is not None:
                raise RuntimeError("the demonstration's IMAP server did not start") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
