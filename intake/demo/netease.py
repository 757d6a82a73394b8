"""An IMAP proxy that makes any server behave like NetEase's (126.com, 163.com), for demo and tests.

The servers that can be embedded offer what 126 lacks: tested against them alone, the daemon would walk paths that
production never takes. On top the proxy can be told to fail: to cut the connection at a given byte, to leave mails out
of FETCH replies, to refuse log-ins, to be slow (`personality.Personality`).
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from intake.demo.personality import GREETING, Personality, Session, parse_command

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")
_CHUNK = 65536
#: seconds without a byte after which a connection is closed
_SILENCE = 60


class Proxy:
    """A running proxy on a free port of 127.0.0.1; speaks TLS to clients where it has a (certificate, key)."""

    def __init__(
        self,
        upstream_host: str,
        upstream_port: int,
        *,
        upstream_tls: bool = False,
        upstream_ca: Path | None = None,
        certificate: tuple[Path, Path] | None = None,
        personality: Personality | None = None,
    ):
        self.personality = personality or Personality()
        #: the clients' commands without tags and arguments, e.g. `LOGIN`, `UID FETCH`
        self.commands: list[str] = []
        #: bytes sent to clients
        self.sent = 0
        self._upstream = (upstream_host, upstream_port)
        self._to_clients = _server_context(certificate) if certificate else None
        self._to_upstream = ssl.create_default_context(cafile=upstream_ca) if upstream_tls else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self._connections: list[_Connection] = []
        self._thread = threading.Thread(target=self._accept, daemon=True, name="netease-proxy")
        self._thread.start()

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        # close() alone does not wake a thread that waits in accept()
        _close(self._listener)
        self._thread.join(5)
        for connection in self._connections:
            connection.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._connections = [connection for connection in self._connections if connection.alive]
            self._connections.append(_Connection(self, client))

    def dress(self, client: socket.socket) -> socket.socket:
        """The client's socket, with TLS where it is spoken."""
        client.settimeout(_SILENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._to_clients.wrap_socket(client, server_side=True) if self._to_clients else client

    def reach(self) -> socket.socket:
        """A new connection to the server behind."""
        server = socket.create_connection(self._upstream, timeout=_SILENCE)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._to_upstream.wrap_socket(server, server_hostname=self._upstream[0]) if self._to_upstream else server


def serve(upstream_host: str, upstream_port: int, **settings) -> Proxy:
    """Start a proxy before a server; settings as those of `Proxy`."""
    return Proxy(upstream_host, upstream_port, **settings)


class _Cut(OSError):
    """The connection has been cut on purpose."""


class _Connection:
    """One client: a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket):
        self._proxy, self._session = proxy, Session(proxy.personality)
        self._client, self._server = client, None
        self._lock = threading.Lock()
        #: bytes until the cut
        self._left = proxy.personality.cuts.pop(0) if proxy.personality.cuts else None
        #: names of the commands that the server behind has not answered yet, by tag
        self._pending: dict[bytes, bytes] = {}
        self._forth = threading.Thread(target=self._until_closed, args=(self._pump_forth,), daemon=True)
        self._back = threading.Thread(target=self._until_closed, args=(self._pump_back,), daemon=True)
        self._forth.start()

    @property
    def alive(self) -> bool:
        return self._forth.is_alive()

    def stop(self) -> None:
        self._close()
        self._forth.join(5)

    def _close(self) -> None:
        for connection in (self._client, self._server):
            if connection is not None:
                _close(connection)

    def _until_closed(self, pump: Callable[[], None]) -> None:
        try:
            pump()
        except (OSError, ValueError):
            pass  # either side has gone
        finally:
            self._close()

    def _pump_forth(self) -> None:
        self._client = self._proxy.dress(self._client)
        self._server = self._proxy.reach()
        self._back.start()
        try:
            with self._client.makefile("rb") as lines:
                while line := lines.readline():
                    self._command(line, lines)
        finally:
            self._close()
            self._back.join(5)

    def _command(self, line: bytes, lines) -> None:
        tag, name, words = parse_command(line)
        self._proxy.commands.append(name.decode("ascii", "replace"))
        time.sleep(self._proxy.personality.delay)
        if name.endswith(b"FETCH") and self._proxy.personality.hits_poison(words):
            raise _Cut
        answer = self._session.own_answer(tag, name, words)
        if answer is not None:
            self._say(answer)
            return
        self._pending[tag] = name
        self._server.sendall(line)
        while literal := _LITERAL.search(line):
            self._server.sendall(lines.read(int(literal[1])))
            line = lines.readline()
            self._server.sendall(line)

    def _pump_back(self) -> None:
        with self._server.makefile("rb") as replies:
            if replies.readline():
                self._say(GREETING)
            while line := replies.readline():
                self._reply(line, replies)

    def _reply(self, line: bytes, replies) -> None:
        said = line
        if line.startswith(b"* "):
            said = self._proxy.personality.untagged(line)
        elif not line.startswith(b"+"):
            said = self._session.tagged(self._pending.pop(line.partition(b" ")[0], b""), line)
        silent = not said
        while True:
            if not silent:
                self._say(said)
            literal = _LITERAL.search(line)
            if literal is None:
                return
            self._literal(int(literal[1]), replies, silent)
            said = line = replies.readline()

    def _literal(self, size: int, replies, silent: bool) -> None:
        while size:
            chunk = replies.read(min(size, _CHUNK))
            if not chunk:
                raise _Cut
            size -= len(chunk)
            if not silent:
                self._say(chunk)

    def _say(self, data: bytes) -> None:
        with self._lock:
            if self._left is not None:
                data = data[: self._left]
                self._left -= len(data)
            self._client.sendall(data)
            self._proxy.sent += len(data)
            if self._left == 0:
                self._close()
                raise _Cut


def _server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except (OSError, ValueError):
        pass  # it was closed already
    connection.close()
