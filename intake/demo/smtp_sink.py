"""An SMTP server on loopback that keeps what it is sent and has the manners of smtp.126.com (FIELD.md section 1).

    with SmtpSink(tls="implicit", certificate=self_signed(folder)) as sink:
        …send to 127.0.0.1:sink.port…
        sink.mails

EHLO offers what 126.com offers (no SIZE, DSN or SMTPUTF8), log-in is demanded, MAIL FROM must be the log-in, a success
is `250 Mail OK queued as <id>`. `trouble(...)` makes it refuse, drop the connection or dawdle at a chosen step. Also a
program: `python -m intake.demo.smtp_sink --out FOLDER`.
"""

import argparse
import asyncio
import logging
import signal
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

#: steps at which trouble can be made; `body`: while the mail is coming in; `dot`: after its final dot
STAGES = ("connect", "ehlo", "auth", "mail", "rcpt", "data", "body", "dot")


@dataclass(frozen=True, slots=True)
class SinkMail:
    """One mail that was taken."""

    #: MAIL FROM
    sender: str
    #: RCPT TO
    recipients: tuple[str, ...]
    #: as it came over the wire, dots restored
    content: bytes = field(repr=False)
    received_at: datetime
    #: seconds of a clock that never jumps, for the distance between two mails
    monotonic: float
    user: str | None
    encrypted: bool
    #: what the client called itself
    ehlo_name: str
    queue_id: str


@dataclass(slots=True)
class Trouble:
    """What goes wrong at one step, so many times."""

    stage: str
    #: e.g. `550 Invalid User`; None: the connection is dropped
    answer: str | None = None
    times: int = 1_000_000
    #: only for recipients that contain this
    recipient: str = ""
    #: wait so long before
    seconds: float = 0
    #: a drop after the final dot: whether the mail was taken nevertheless
    keep: bool = True
    #: a drop in the body: after so many bytes
    after_bytes: int = 0


class SmtpSink:
    """The server, in a thread of its own."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: str = "implicit",
        certificate: tuple[Path, Path] | None = None,
        user: str | None = "hdwxb2019@126.com",
        password: str = "SHOUQUANMA",
        folder: Path | None = None,
        on_mail: Callable[[SinkMail], object] | None = None,
        eight_bit: bool = True,
    ):
        """`tls`: `implicit`, `starttls` or `none`; `certificate`: (certificate, key) as PEM files.

        `user` None: no log-in is demanded. `folder`: each mail is also written there as `0001.eml` …
        """
        self.host, self.port, self.tls = host, port, tls
        self.user, self.password, self.eight_bit = user, password, eight_bit
        self.mails: list[SinkMail] = []
        #: log-ins tried
        self.logins = 0
        self.connections = 0
        self._troubles: list[Trouble] = []
        self._folder, self._on_mail = folder, on_mail
        self._context = _context(certificate) if tls != "none" else None
        self._sessions: set[_Session] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; `port` is known when this returns. Raises OSError when the port is taken."""
        # it warns of its own deprecated attributes, and would log what is said at log-in
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._loop = asyncio.new_event_loop()
        try:
            server = self._loop.run_until_complete(self._listen())
        except OSError:
            self._loop.close()
            raise
        self.port = server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(server,), name="smtp-sink", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and the port."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._thread = None

    def trouble(self, stage: str, answer: str | None = None, **more) -> Trouble:
        """Make trouble at `stage`; see `Trouble`. Several are tried in the order in which they were asked for."""
        if stage not in STAGES:
            raise ValueError(f"no such stage: {stage}")
        self._troubles.append(Trouble(stage, answer, **more))
        return self._troubles[-1]

    def cut(self) -> None:
        """Break every connection that stands."""
        for session in list(self._sessions):
            self._loop.call_soon_threadsafe(session.drop)

    def calm(self) -> None:
        """No more trouble."""
        self._troubles.clear()

    def message_ids(self) -> list[str]:
        """The Message-ID of each mail taken, in their order."""
        found = []
        for mail in self.mails:
            head = mail.content.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ")
            lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:")]
            found += [line.split(b":", 1)[1].strip().decode("ascii") for line in lines]
        return found

    def due_trouble(self, stage: str, recipient: str = "") -> Trouble | None:
        """The trouble to be made now, counted down."""
        for found in self._troubles:
            if found.stage == stage and found.times > 0 and found.recipient in recipient:
                found.times -= 1
                return found
        return None

    def take(self, session: "_Session") -> str:
        """Keep the mail of a session's envelope; returns its queue id."""
        envelope = session.envelope
        queue_id = f"smtp{len(self.mails) % 9 + 1},DdGowAB{len(self.mails):06d}.{int(time.time())}"
        mail = SinkMail(
            envelope.mail_from, tuple(envelope.rcpt_tos), bytes(envelope.original_content), datetime.now(UTC),
            time.monotonic(), session.session.auth_data, self.tls != "none", session.session.host_name, queue_id,
        )  # fmt: skip
        self.mails.append(mail)
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{len(self.mails):04d}.eml").write_bytes(mail.content)
        if self._on_mail is not None:
            self._on_mail(mail)
        return queue_id

    async def _listen(self) -> asyncio.Server:
        implicit = self._context if self.tls == "implicit" else None
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Session(self, loop), self.host, self.port, ssl=implicit)

    def _serve(self, server: asyncio.Server) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        server.close()
        for session in list(self._sessions):
            session.drop()
        self._loop.run_until_complete(_finish())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


class _Session(SMTP):
    """One connection."""

    def __init__(self, sink: SmtpSink, loop: asyncio.AbstractEventLoop):
        self.sink = sink
        super().__init__(
            self, hostname="126.com", ident="Anti-spam GT for Coremail System (126com[20140526])", loop=loop,
            data_size_limit=0, enable_SMTPUTF8=False, auth_required=False, auth_require_tls=False,
            authenticator=self.authenticate, auth_exclude_mechanism=(),
            tls_context=sink._context if sink.tls == "starttls" else None, require_starttls=sink.tls == "starttls",
        )  # fmt: skip

    def connection_made(self, transport) -> None:
        self.sink._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error) -> None:
        self.sink._sessions.discard(self)
        if self.transport is not None:
            super().connection_lost(error)

    def drop(self) -> None:
        """Break the connection without a word."""
        if self.transport is not None:
            self.transport.abort()

    async def _handle_client(self) -> None:
        self.sink.connections += 1
        if not await self._troubled("connect"):
            await super()._handle_client()

    async def _troubled(self, stage: str, recipient: str = "") -> bool:
        trouble = self.sink.due_trouble(stage, recipient)
        if trouble is None:
            return False
        await asyncio.sleep(trouble.seconds)
        if trouble.answer is None and not trouble.seconds:
            self.drop()
        elif trouble.answer is not None:
            await self.push(trouble.answer)
            if trouble.answer.startswith("421") or stage == "connect":
                self._writer.close()
        return trouble.answer is not None or not trouble.seconds

    def authenticate(self, server, session, envelope, mechanism: str, login: LoginPassword) -> AuthResult:
        self.sink.logins += 1
        name, password = (part.decode("utf-8", "replace") for part in (login.login, login.password))
        right = (name, password) == (self.sink.user, self.sink.password)
        message = None if right else "535 Error: authentication failed"
        return AuthResult(success=right, handled=False, message=message, auth_data=name if right else None)

    async def handle_EHLO(self, server, session, envelope, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname
        offered = ["250-mail", "250-PIPELINING", "250-AUTH LOGIN PLAIN", "250-AUTH=LOGIN PLAIN"]
        if self.tls_context and not self._tls_protocol:
            offered.append("250-STARTTLS")
        return [*offered, "250 8BITMIME" if self.sink.eight_bit else "250 HELP"]

    async def handle_DATA(self, server, session, envelope) -> str:
        trouble = self.sink.due_trouble("dot", " ".join(envelope.rcpt_tos))
        if trouble is None:
            return f"250 Mail OK queued as {self.sink.take(self)}"
        if trouble.answer is None and trouble.keep:
            self.sink.take(self)
        await asyncio.sleep(trouble.seconds)
        if trouble.answer is None:
            self.drop()
        return trouble.answer or "250 OK"

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._troubled("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._troubled("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if await self._troubled("mail"):
            return
        if self.sink.user and not self.session.authenticated:
            await self.push("553 authentication is required")
            return
        if self.sink.user and f"<{self.sink.user}>" not in (arg or ""):
            await self.push("553 Mail from must equal authorized user")
            return
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._troubled("rcpt", arg or ""):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self._troubled("data", " ".join(self.envelope.rcpt_tos)):
            return
        trouble = self.sink.due_trouble("body", " ".join(self.envelope.rcpt_tos))
        if trouble is None:
            return await super().smtp_DATA(arg)
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        if trouble.after_bytes:
            await self._reader.read(trouble.after_bytes)
        await asyncio.sleep(trouble.seconds)
        self.drop()


async def _finish() -> None:
    """Let the sessions' tasks see that they are cancelled."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)


def _context(certificate: tuple[Path, Path] | None) -> ssl.SSLContext:
    if certificate is None:
        raise ValueError("TLS needs a certificate")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


def main() -> None:
    """Serve until SIGINT or SIGTERM; mails are written to a folder."""
    parser = argparse.ArgumentParser(description="本机演示用发信服务器：收下的邮件存入文件夹，不会真正发出")
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--out", type=Path, required=True, help="存放邮件的文件夹")
    parser.add_argument("--user", default=None, help="要求登录时的用户名（不写则不要求登录）")
    parser.add_argument("--password", default="SHOUQUANMA")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    place = {"port": options.port, "tls": "none", "folder": options.out}
    with SmtpSink(**place, user=options.user, password=options.password) as sink:
        print(f"正在 {sink.host}:{sink.port} 收信，存入 {options.out}", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
