"""An IMAP proxy that makes any server behave like NetEase's (126.com, 163.com), for demo and tests.

What it imitates was read in public transcripts and issue threads (imapclient#544, himalaya#549, offlineimap#696): the
capability line without IDLE, MOVE and UNSELECT; SELECT refused until the client has sent ID; UIDVALIDITY 1; no UIDNEXT;
no custom keywords; SEARCH by header that finds nothing. On top it can be told to fail: to cut the connection at a given
byte, to leave mails out of FETCH replies, to refuse log-ins, to be slow.
"""

import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

CAPABILITIES = b"IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS XAPPLEPUSHSERVICE UIDPLUS X-CM-EXT-1"
UNSAFE = b"Unsafe Login. Please contact kefu@188.com"
#: commands that NetEase does not know, or (STARTTLS) not on this port
UNKNOWN = {
    b"IDLE",
    b"MOVE",
    b"UNSELECT",
    b"NAMESPACE",
    b"ENABLE",
    b"ESEARCH",
    b"SORT",
    b"THREAD",
    b"COMPRESS",
    b"NOTIFY",
    b"STARTTLS",
}
NEEDS_FOLDER = {b"SEARCH", b"FETCH", b"STORE", b"COPY", b"EXPUNGE", b"CHECK", b"CLOSE"}
_HEADER_SEARCH = re.compile(rb"\b(FROM|TO|CC|BCC|SUBJECT|HEADER|BODY|TEXT)\b", re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")
_UID_ITEM = re.compile(rb"\bUID (\d+)")
_CHUNK = 65536


@dataclass(slots=True)
class Personality:
    """How the proxy behaves; may be changed while it runs."""

    uidvalidity: int = 1
    #: SELECT and EXAMINE are refused until the client has sent ID
    demands_id: bool = True
    #: answer NO to every LOGIN
    refuses_login: bool = False
    #: bytes sent to the client before a connection is cut, one entry for each coming connection; None: not cut
    cuts: list[int | None] = field(default_factory=list)
    #: UIDs left out of FETCH replies
    omitted: set[int] = field(default_factory=set)
    #: cut the connection when one of these UIDs is fetched with its body
    poisoned: set[int] = field(default_factory=set)
    #: INTERNALDATE strings given instead of the true one, by UID
    dates: dict[int, bytes] = field(default_factory=dict)
    #: seconds before each reply
    delay: float = 0.0


class Proxy:
    """A running proxy."""

    def __init__(self, upstream, server_context, client_context, personality: Personality):
        self.personality = personality
        #: commands of the clients without tags and arguments, e.g. `LOGIN`, `UID FETCH`
        self.commands: list[str] = []
        #: bytes sent to clients
        self.sent = 0
        self._upstream, self._server_context, self._client_context = upstream, server_context, client_context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self._sessions: list[_Session] = []
        self._thread = threading.Thread(target=self._accept, daemon=True, name="netease-proxy")
        self._thread.start()

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        # close() alone does not wake a thread that waits in accept()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join(5)
        for session in self._sessions:
            session.stop()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sessions = [session for session in self._sessions if session.alive]
            self._sessions.append(_Session(self, client, self._upstream, self._server_context, self._client_context))


def serve(
    upstream_host: str,
    upstream_port: int,
    *,
    upstream_ca: Path | None = None,
    upstream_tls: bool = False,
    certificate: tuple[Path, Path] | None = None,
    personality: Personality | None = None,
) -> Proxy:
    """Start a proxy on a free port of 127.0.0.1; speaks TLS to clients where a (certificate, key) is given."""
    server_context = client_context = None
    if certificate is not None:
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(*certificate)
    if upstream_tls:
        client_context = ssl.create_default_context(cafile=upstream_ca)
    return Proxy((upstream_host, upstream_port), server_context, client_context, personality or Personality())


class _Cut(OSError):
    """The connection has been cut on purpose."""


class _Session:
    """One client's connection: a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, upstream, server_context, client_context):
        self.proxy, self.personality = proxy, proxy.personality
        self._sockets = [client]
        self._lock = threading.Lock()
        self._left = self.personality.cuts.pop(0) if self.personality.cuts else None
        self._named = self._selected = False
        self._commands: dict[bytes, bytes] = {}
        self._arguments = (client, upstream, server_context, client_context)
        self._thread = threading.Thread(target=self._run, daemon=True, name="netease-client")
        self._back = threading.Thread(target=self._pump_back, daemon=True, name="netease-upstream")
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._close()
        for thread in (self._thread, self._back):
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(5)

    def _close(self) -> None:
        for connection in self._sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except (OSError, ValueError):
                pass
            connection.close()

    def _run(self) -> None:
        client, upstream, server_context, client_context = self._arguments
        try:
            client.settimeout(60)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if server_context is not None:
                client = server_context.wrap_socket(client, server_side=True)
                self._sockets[0] = client
            server = socket.create_connection(upstream, timeout=60)
            self._sockets.append(server)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if client_context is not None:
                server = client_context.wrap_socket(server, server_hostname=upstream[0])
                self._sockets[1] = server
            self._client, self._server = client, server
            self._back.start()
            self._pump_commands()
        except (OSError, ValueError):
            pass
        finally:
            self._close()
            if self._back.ident is not None:
                self._back.join(5)

    # from the client

    def _pump_commands(self) -> None:
        with self._client.makefile("rb") as lines:
            while line := lines.readline():
                tag, name, words = _parse_command(line)
                self.proxy.commands.append(name.decode("ascii", "replace"))
                time.sleep(self.personality.delay)
                own = self._own_answer(tag, name, words)
                if own is not None:
                    self._to_client(own)
                    continue
                self._commands[tag] = name
                self._server.sendall(line)
                while literal := _LITERAL.search(line):
                    self._server.sendall(lines.read(int(literal[1])))
                    line = lines.readline()
                    self._server.sendall(line)

    def _own_answer(self, tag: bytes, name: bytes, words: bytes) -> bytes | None:
        """What the proxy answers by itself; None where the command is passed on."""
        verb = name.rpartition(b" ")[2]
        if verb == b"ID":
            self._named = True
            return b'* ID ("name" "Coremail Imap" "vendor" "Mailtech" "TransID" "")\r\n' + tag + b" OK ID completed\r\n"
        if verb == b"CAPABILITY":
            return b"* CAPABILITY " + CAPABILITIES + b"\r\n" + tag + b" OK CAPABILITY completed\r\n"
        if verb in UNKNOWN or (verb == b"SEARCH" and words.upper().startswith(b"RETURN")):
            return tag + b" BAD command not support\r\n"
        if verb == b"LOGIN" and self.personality.refuses_login:
            return tag + b" NO LOGIN Login error or password error\r\n"
        if verb in (b"SELECT", b"EXAMINE") and self.personality.demands_id and not self._named:
            self._selected = False
            return tag + b" NO " + verb + b" " + UNSAFE + b"\r\n"
        if verb in NEEDS_FOLDER and not self._selected:
            return tag + b" NO " + verb + b" State error\r\n"
        if verb == b"SEARCH" and _HEADER_SEARCH.search(words):
            return b"* SEARCH\r\n" + tag + b" OK SEARCH completed\r\n"
        if verb == b"CREATE" and b"/" in words:
            return tag + b" NO CREATE failed\r\n"
        if verb == b"FETCH" and b"BODY.PEEK" in words.upper() and self._hits_poison(words):
            raise _Cut
        return None

    def _hits_poison(self, words: bytes) -> bool:
        wanted = words.partition(b" ")[0]
        return any(_in_set(uid, wanted) for uid in self.personality.poisoned)

    # from the server

    def _pump_back(self) -> None:
        try:
            with self._server.makefile("rb") as replies:
                self._greet(replies.readline())
                while line := replies.readline():
                    self._reply(line, replies)
        except (OSError, ValueError):
            pass
        finally:
            self._close()

    def _greet(self, line: bytes) -> None:
        if line:
            self._to_client(b"* OK Coremail System IMap Server Ready(126com[demo])\r\n")

    def _reply(self, line: bytes, replies) -> None:
        if line.startswith(b"* "):
            line = self._untagged(line)
        elif not line.startswith(b"+"):
            line = self._tagged(line)
        uid = _fetched_uid(line)
        silent = not line or uid in self.personality.omitted
        if uid in self.personality.dates:
            line = re.sub(rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "' + self.personality.dates[uid] + b'"', line)
        while True:
            if not silent:
                self._to_client(line)
            literal = _LITERAL.search(line)
            if literal is None:
                return
            self._literal(int(literal[1]), replies, silent)
            line = replies.readline()

    def _literal(self, size: int, replies, silent: bool) -> None:
        while size:
            chunk = replies.read(min(size, _CHUNK))
            if not chunk:
                raise _Cut
            size -= len(chunk)
            if not silent:
                self._to_client(chunk)

    def _untagged(self, line: bytes) -> bytes:
        upper = line.upper()
        if upper.startswith(b"* CAPABILITY"):
            return b"* CAPABILITY " + CAPABILITIES + b"\r\n"
        if upper.startswith((b"* OK [UIDNEXT", b"* OK [HIGHESTMODSEQ", b"* OK [MAILBOXID", b"* OK [CLOSED")):
            return b""
        if upper.startswith(b"* OK [UIDVALIDITY"):
            return b"* OK [UIDVALIDITY %d] UIDs valid\r\n" % self.personality.uidvalidity
        if upper.startswith(b"* OK [PERMANENTFLAGS"):
            return b"* OK [PERMANENTFLAGS (\\Answered \\Seen \\Deleted \\Draft \\Flagged)] Limited\r\n"
        if upper.startswith(b"* STATUS"):
            return re.sub(rb" ?UIDNEXT \d+", b"", line)
        return line

    def _tagged(self, line: bytes) -> bytes:
        tag, _, rest = line.partition(b" ")
        name = self._commands.pop(tag, b"")
        if name in (b"SELECT", b"EXAMINE"):
            self._selected = rest.startswith(b"OK")
        if name == b"LOGIN":
            good = rest.startswith(b"OK")
            return tag + (b" OK LOGIN completed\r\n" if good else b" NO LOGIN Login error or password error\r\n")
        return line

    # to the client

    def _to_client(self, data: bytes) -> None:
        with self._lock:
            if self._left is not None:
                data = data[: self._left]
                self._left -= len(data)
            self._client.sendall(data)
            self.proxy.sent += len(data)
            if self._left == 0:
                self._close()
                raise _Cut


def _parse_command(line: bytes) -> tuple[bytes, bytes, bytes]:
    """(tag, `FETCH` or `UID FETCH`, arguments) of a command line."""
    tag, _, rest = line.strip().partition(b" ")
    name, _, words = rest.partition(b" ")
    if name.upper() == b"UID":
        verb, _, words = words.partition(b" ")
        return tag, b"UID " + verb.upper(), words
    return tag, name.upper(), words


def _fetched_uid(line: bytes) -> int | None:
    if not re.match(rb"\* \d+ FETCH ", line):
        return None
    found = _UID_ITEM.search(line)
    return int(found[1]) if found else None


def _in_set(uid: int, wanted: bytes) -> bool:
    """Whether a UID is in a sequence set such as `5,9:12`."""
    for piece in wanted.split(b","):
        first, _, last = piece.partition(b":")
        if first.isdigit() and int(first) <= uid <= int(last if last.isdigit() else first):
            return True
    return False
