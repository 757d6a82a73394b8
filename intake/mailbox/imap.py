"""One connection to one mailbox: the only module that uses imapclient (RFC 3501, RFC 2971 ID, RFC 2177 IDLE).

Read-only by construction: folders are opened with EXAMINE and bodies are fetched with BODY.PEEK, so nothing is ever
flagged, moved or deleted. Every reply of the server is awaited for at most `Server.timeout_seconds`. After a
`ConnectionLost` the connection is unusable: close it and open another.

Never used, because NetEase (126, 163) lacks or breaks them: STATUS, UIDNEXT, `UID n:*`, SEARCH by header, UNSELECT.
"""

import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Self

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError
from imapclient.imap_utf7 import encode as encode_utf7

from intake.config import Mailbox, Server
from intake.mailbox.imap_errors import AuthFailed, ConnectionLost, FolderMissing, Refused, Unreachable, UnsafeLogin
from rules.errors import PermanentError, TransientError

#: sent as ID after each log-in; NetEase refuses to open a folder to a client that does not name itself
CLIENT_ID = {"name": "intake", "version": "0.1.0", "vendor": "intake", "support-url": "https://example.invalid/intake"}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: messages in one SEARCH reply (a line; imaplib refuses lines longer than a million bytes, and NetEase's UIDs have ten
#: digits)
SEARCH_CHUNK = 50_000
#: UIDs in one FETCH command: keeps the command line under 8,000 bytes
FETCH_CHUNK = 500
#: how often a waiting connection looks whether it is to stop, in seconds
IDLE_SLICE = 2.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server says about one mail without sending it."""

    #: RFC822.SIZE; None where the server did not tell
    size: int | None
    #: INTERNALDATE, aware; None where it was absent or not a date
    internal_date: datetime | None


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder."""

    name: str
    uidvalidity: int
    #: number of mails
    exists: int


class Connection:
    """A logged-in connection; use it as a context manager, or `close` it."""

    def __init__(self, client: IMAPClient, password: str):
        self._client = client
        self._password = password
        self.folder: Folder | None = None

    @classmethod
    def open(cls, mailbox: Mailbox, password: str) -> "Connection":
        """Connect, log in and name ourselves; raises AuthFailed, ConnectionLost, Refused."""
        connection = cls(_connect(mailbox.imap), password)
        try:
            connection._log_in(mailbox.user)
        except BaseException:
            connection.close()
            raise
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Cut the connection without a word: LOGOUT could hang on one that is half dead."""
        _cut(self._client)

    def _log_in(self, user: str) -> None:
        if not (user.isascii() and self._password.isascii()):
            raise AuthFailed("邮箱登录名或授权码中含有非英文字符，请检查是否误用了中文输入法或粘贴了多余内容。")
        with self._speaking("登录"):
            try:
                self._client.login(user, self._password)
            except LoginError as error:
                # imapclient makes a LoginError of everything, a dropped connection included
                if isinstance(error.__context__, IMAPClientAbortError):
                    raise error.__context__ from None
                raise self._login_error(str(error)) from None
            if self._client.has_capability("ID"):
                self._client.id_(CLIENT_ID)

    def _login_error(self, answer: str) -> Exception:
        # imaplib raises the server's text as it came, as bytes
        answer = self._clean(answer.removeprefix("b'").removesuffix("'"))
        if "unsafe login" in answer.lower():
            return _unsafe(answer)
        # RFC 5530: these codes say that the account is sound and the server is not
        if any(code in answer.upper() for code in ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")):
            return Refused(f"服务器暂时不接受登录：{answer}")
        return AuthFailed(
            "邮箱登录被拒绝：授权码错误、已失效或已被新的授权码取代，或网页邮箱中的 IMAP 服务未开启。"
            f"请登录网页邮箱，在“设置—POP3/SMTP/IMAP”中开启 IMAP 服务并重新生成授权码。服务器答复：{answer}"
        )

    def folders(self) -> list[str]:
        """Names of all folders of the mailbox, decoded from modified UTF-7 (RFC 3501 section 5.1.3)."""
        with self._speaking("列出文件夹"):
            return [name for _, _, name in self._client.list_folders()]

    def select(self, name: str) -> Folder:
        """Open a folder read-only; raises FolderMissing, UnsafeLogin, Refused, ConnectionLost."""
        self.folder = None
        try:
            with self._speaking(f"打开文件夹“{name}”"):
                answer = self._client.select_folder(name, readonly=True)
        except Refused as error:
            if "unsafe login" in str(error).lower():
                raise _unsafe(str(error)) from None
            if "NONEXISTENT" in str(error).upper() or name not in self.folders():
                raise FolderMissing(f"邮箱中没有名为“{name}”的文件夹。") from None
            raise
        self.folder = Folder(name, answer.get(b"UIDVALIDITY", 0), answer.get(b"EXISTS", 0))
        return self.folder

    def uids(self) -> list[int]:
        """UIDs of all mails of the open folder, ascending."""
        found: set[int] = set()
        with self._speaking("列出邮件"):
            if self.folder.exists <= SEARCH_CHUNK:
                found.update(self._client.search("ALL"))
            else:
                for first in range(1, self.folder.exists + 1, SEARCH_CHUNK):
                    last = min(first + SEARCH_CHUNK - 1, self.folder.exists)
                    found.update(self._client.search(f"{first}:{last}"))
        if self.folder.exists and not found:
            raise Refused(f"文件夹“{self.folder.name}”应有{self.folder.exists}封邮件，服务器却没有列出任何一封。")
        return sorted(found)

    def facts(self, uids: Sequence[int]) -> dict[int, Facts]:
        """Size and date of mails; a UID that the server leaves out is missing in the result."""
        found: dict[int, Facts] = {}
        for chunk in _chunks(uids, FETCH_CHUNK):
            with self._speaking("查询邮件大小和日期"):
                answer = self._client.fetch(chunk, ["RFC822.SIZE", "INTERNALDATE"])
            for uid, items in answer.items():
                found[uid] = Facts(_size(items.get(b"RFC822.SIZE")), _aware(items.get(b"INTERNALDATE")))
        return found

    def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole mails; a UID that the server leaves out, or answers with nothing, is missing in the result."""
        with self._speaking("收取邮件"):
            answer = self._client.fetch(uids, ["BODY.PEEK[]"])
        bodies = {uid: _body(items) for uid, items in answer.items()}
        return {uid: body for uid, body in bodies.items() if body is not None}

    def fetch_parts(self, uid: int, size: int | None, part_bytes: int) -> Iterator[bytes]:
        """One mail in parts (RFC 3501 section 6.4.5, `BODY[]<origin.count>`), yielded as they come.

        Goes on until the server has no more: RFC822.SIZE is only a hint, some servers reckon it wrong. Yields nothing
        where the mail is not there (any more).
        """
        offset = 0
        while True:
            with self._speaking("分段收取大邮件"):
                answer = self._client.fetch([uid], [f"BODY.PEEK[]<{offset}.{part_bytes}>"]).get(uid, {})
            if b"BODY[]" in answer and offset == 0:
                yield answer[b"BODY[]"] or b""  # the server does not know partial fetch and sent everything
                return
            if offset and not answer:
                raise Refused("收取大邮件时，该邮件从文件夹中消失。")
            part = _body(answer)
            if not part:
                return
            last = len(part) < part_bytes and size is not None and offset + len(part) >= size
            if part.endswith(b"\r") and len(part) > 1 and not last:
                # seen in practice: Dovecot 2.4 begins a part that starts between CR and LF with a second CR, and cuts
                # the mail's last byte off instead; so no part may start there
                part = part[:-1]
            yield part
            offset += len(part)
            if last:
                return

    @property
    def offers_idle(self) -> bool:
        """Whether the server can tell of new mail by itself; NetEase cannot."""
        with self._speaking("查询服务器功能"):
            return self._client.has_capability("IDLE")

    def idle(self, seconds: float, stop: Event) -> bool:
        """Wait in the open folder until the server hints at a change (True), or for that long, or until `stop`.

        Only a hint: the listing that follows is the truth.
        """
        ends = time.monotonic() + seconds
        with self._speaking("等待新邮件"):
            self._client.idle()
            hinted = False
            while not (hinted or stop.is_set()) and (left := ends - time.monotonic()) > 0:
                hinted = self._idle_slice(min(left, IDLE_SLICE))
            self._client.idle_done()
        return hinted

    def _idle_slice(self, seconds: float) -> bool:
        began = time.monotonic()
        responses = self._client.idle_check(seconds)
        if not responses and time.monotonic() - began < seconds * 0.5:
            # imapclient gives [] at once, for ever, when the server has gone
            raise ConnectionLost("等待新邮件时连接已中断。")
        if any(response[0] == b"BYE" for response in responses):
            raise ConnectionLost("服务器结束了连接。")
        return any(b"EXISTS" in response for response in responses)

    def _clean(self, text: str) -> str:
        return text.replace(self._password, "******") if self._password else text

    @contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        """Map whatever imapclient and the network raise to our errors, in words for the operator."""
        try:
            yield
        except (IMAPClientAbortError, ProtocolError) as error:
            raise ConnectionLost(f"{doing}时连接中断：{self._clean(str(error))}") from error
        except IMAPClientError as error:
            raise Refused(f"{doing}被服务器拒绝：{self._clean(str(error))}") from error
        except TimeoutError as error:
            raise ConnectionLost(f"{doing}时服务器长时间没有答复。") from error
        except OSError as error:
            raise ConnectionLost(f"{doing}时网络出错：{self._clean(str(error))}") from error
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # what parsers of replies raise on nonsense
            raise ConnectionLost(f"{doing}时服务器的答复无法理解（{type(error).__name__}）。") from error


def check(mailbox: Mailbox, password: str) -> list[tuple[bool, str]]:
    """Try everything that the watch needs; returns (good, sentence for the operator) in order."""
    findings: list[tuple[bool, str]] = []
    try:
        with Connection.open(mailbox, password) as connection:
            findings.append((True, f"已登录 {mailbox.imap.host}:{mailbox.imap.port}，并已发送客户端标识（ID）。"))
            names = connection.folders()
            findings.append((True, f"邮箱共有{len(names)}个文件夹：{'、'.join(names)}。"))
            for name in mailbox.folders:
                findings.append(_check_folder(connection, name))
    except (TransientError, PermanentError) as error:
        findings.append((False, str(error)))
    return findings


def _check_folder(connection: Connection, name: str) -> tuple[bool, str]:
    try:
        folder = connection.select(name)
        uids = connection.uids()
        oldest = connection.facts(uids[:1]).get(uids[0]) if uids else None
    except (FolderMissing, Refused) as error:
        return False, str(error)
    day = f"，最早可见的一封收于{oldest.internal_date:%Y-%m-%d}" if oldest and oldest.internal_date else ""
    return True, f"文件夹“{name}”可以打开，共{len(uids)}封邮件{day}（UIDVALIDITY {folder.uidvalidity}）。"


def encode_folder(name: str) -> bytes:
    """A folder's name as it goes over the wire: modified UTF-7 (RFC 3501 section 5.1.3)."""
    return encode_utf7(name)


def _connect(server: Server) -> IMAPClient:
    if server.tls == "none" and server.host not in LOOPBACK:
        raise PermanentError(f"拒绝不加密地连接 {server.host}：只有本机可以不用 TLS。")
    timeout = SocketTimeout(connect=server.timeout_seconds, read=server.timeout_seconds)
    place = f"{server.host}:{server.port}"
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
        client = IMAPClient(
            server.host, server.port, ssl=server.tls == "implicit", ssl_context=context, timeout=timeout
        )
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"{place} 的证书不可信：{error.verify_message}。") from error
    except (OSError, IMAPClientError, ValueError) as error:
        raise Unreachable(f"无法连接 {place}：{error}") from error
    client.normalise_times = False
    if server.tls == "starttls":
        _start_tls(client, context, place)
    return client


def _start_tls(client: IMAPClient, context: ssl.SSLContext, place: str) -> None:
    try:
        client.starttls(context)
    except (OSError, IMAPClientError, ValueError) as error:
        _cut(client)
        raise Unreachable(f"与 {place} 协商 TLS 失败：{error}") from error


def _cut(client: IMAPClient) -> None:
    try:
        client.shutdown()
    except (IMAPClientError, OSError, ValueError):
        pass  # it was closed already


def _unsafe(answer: str) -> UnsafeLogin:
    return UnsafeLogin(
        "网易邮箱提示“Unsafe Login”，拒绝打开文件夹：请登录网页邮箱完成安全验证，或按提示联系 kefu@188.com。"
        f"服务器答复：{answer}"
    )


def _body(items: dict) -> bytes | None:
    return next((value for key, value in items.items() if key.startswith(b"BODY[]") and isinstance(value, bytes)), None)


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _aware(value: object) -> datetime | None:
    """The date if it can be reckoned with: an offset of 99 hours makes a datetime that raises when compared."""
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _chunks(uids: Sequence[int], length: int) -> Iterable[Sequence[int]]:
    return (uids[start : start + length] for start in range(0, len(uids), length))
