"""One mail out, driven by hand: the only module that uses smtplib.

smtplib's `sendmail` cannot tell a connection that dropped before the final dot from one that dropped after it, and the
two must never be confused: before it the server has no mail (RFC 5321 section 4.1.1.4) and trying again is right; after
it the mail may be on its way, and only a person may send it again. So the steps are separate:

    with Connection(smtp, password) as connection:
        connection.address(recipient, mime)    # connects or revives, MAIL FROM, RCPT TO: one recipient
        …                                      # commit `sending`
        answer = connection.transmit(mime)     # DATA … final dot

Trust: the server's words are data; they are masked and shortened before they are kept, save those of a success.
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import Self

from intake.config import Smtp
from intake.sending.smtp_codes import Verdict, judge, masked
from rules.errors import IntakeError, TransientError

#: log-in mechanisms, best first; one is tried, so that a wrong code costs one log-in and not three
_MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
#: RFC 5321 section 4.5.3.1.6, without the CRLF
_LONGEST_LINE = 998
#: after the final dot, wait so many time-outs: giving up early leaves the mail uncertain (RFC 5321 section 4.5.3.2.6)
_FINAL_PATIENCE = 5
_DROPPED = (smtplib.SMTPServerDisconnected, OSError)


class Refused(IntakeError):
    """The server, or our own check of the mail, said no; `verdict` says what follows."""

    def __init__(self, verdict: Verdict):
        self.verdict = verdict
        super().__init__(" ".join(part for part in (verdict.reason, verdict.answer) if part))


class Dropped(TransientError):
    """The connection could not be made or broke before the final dot: the server has no mail of ours."""


class Ambiguous(IntakeError):
    """The final dot was (perhaps) sent and no answer came: the mail may be on its way. Only a person sends it again."""


@dataclass(frozen=True, slots=True)
class SmtpFinding:
    """One line for `intake doctor`."""

    name: str
    ok: bool
    #: plain Chinese
    sentence: str
    advice: str = ""


class Connection:
    """A logged-in connection that is made when first needed, kept for the mails that follow, and revived when dead."""

    def __init__(self, smtp: Smtp, password: str | None = None):
        self._smtp, self._password = smtp, password
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def open(self) -> None:
        """Connect and log in, unless a connection stands and answers NOOP. Raises Refused, Dropped."""
        if self._server is not None and self._answers():
            return
        self.abandon()
        try:
            self._server = self._connect()
            self._log_in(self._server)
        except BaseException:
            self.abandon()
            raise

    def address(self, recipient: str, mime: bytes) -> None:
        """Begin a transaction for one recipient: MAIL FROM, RCPT TO. Raises Refused, Dropped."""
        check_address(recipient)
        check_lines(mime)
        self.open()
        body = "" if mime.isascii() else self._eight_bit()
        self._offer_sender(body)
        self._command("rcpt", "RCPT", f"TO:<{recipient}>", success=(250, 251))

    def try_sender(self) -> None:
        """Offer our sender address and take it back. Raises Refused, Dropped."""
        self.open()
        self._offer_sender("")
        self.reset()

    def transmit(self, mime: bytes) -> str:
        """Send the mail to the recipient that was addressed; the server's own words of success.

        Raises Refused and Dropped when the server surely has not taken it, Ambiguous when it may have.
        """
        body = on_the_wire(mime)
        self._command("data", "DATA", "", success=(354,))
        try:
            self._server.sock.sendall(body)
        except OSError as problem:
            # without the final dot the server must not deliver (RFC 5321 section 4.1.1.4)
            self.abandon()
            raise Dropped(f"正文还未发完，连接就断了（{_named(problem)}）") from problem
        try:
            self._server.sock.settimeout(self._smtp.server.timeout_seconds * _FINAL_PATIENCE)
            self._server.sock.sendall(b".\r\n")
            code, words = self._server.getreply()
        except (*_DROPPED, smtplib.SMTPException, ValueError) as problem:
            self.abandon()
            raise Ambiguous(f"信已发出，但没有等到服务器的答复（{_named(problem)}）") from problem
        if 200 <= code <= 299:
            self._server.sock.settimeout(self._smtp.server.timeout_seconds)
            return f"{code} {_text(words)}"
        if not 400 <= code <= 599:
            self.abandon()
            raise Ambiguous(f"信已发出，但服务器的答复看不懂（{masked(f'{code} {_text(words)}')}）")
        raise self._refused("dot", code, words)

    def reset(self) -> None:
        """Give the transaction up (RSET); a connection that does not obey is closed."""
        if self._server is None:
            return
        try:
            if self._server.rset()[0] != 250:
                self.abandon()
        except (*_DROPPED, smtplib.SMTPException, ValueError):
            self.abandon()

    def close(self) -> None:
        """QUIT, and close whatever comes."""
        if self._server is not None:
            try:
                self._server.quit()
            except (*_DROPPED, smtplib.SMTPException, ValueError):
                pass  # it is being closed: nothing depends on the answer
        self.abandon()

    def abandon(self) -> None:
        """Close without a word."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _answers(self) -> bool:
        try:
            return self._server.noop()[0] == 250
        except (*_DROPPED, smtplib.SMTPException, ValueError):
            return False

    def _connect(self) -> smtplib.SMTP:
        place, name = self._smtp.server, self._smtp.ehlo_name
        try:
            if place.tls == "implicit":
                context = ssl.create_default_context(cafile=place.ca_file)
                server = smtplib.SMTP_SSL(place.host, place.port, name, timeout=place.timeout_seconds, context=context)
            else:
                server = smtplib.SMTP(place.host, place.port, name, timeout=place.timeout_seconds)
        except smtplib.SMTPConnectError as problem:
            raise self._refused("connect", problem.smtp_code, problem.smtp_error) from problem
        except (*_DROPPED, smtplib.SMTPException, ValueError) as problem:
            raise Dropped(f"连不上发信服务器 {place.host}:{place.port}({_named(problem)})") from problem
        # the final dot is a small packet of its own: it must not wait for the acknowledgement of the one before
        server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server = server
        self._greet()
        if place.tls == "starttls":
            self._start_tls()
        return server

    def _greet(self) -> None:
        code, words = self._guard(self._server.ehlo)
        if not 200 <= code <= 299:
            raise self._refused("ehlo", code, words)

    def _start_tls(self) -> None:
        if not self._server.has_extn("starttls"):
            raise Refused(Verdict("pause", "发信服务器不支持 STARTTLS 加密，请改用 tls: implicit", reconnect=True))
        context = ssl.create_default_context(cafile=self._smtp.server.ca_file)
        code, words = self._guard(lambda: self._server.starttls(context=context))
        if code != 220:
            raise self._refused("ehlo", code, words)
        self._greet()

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self._smtp.user is None or self._password is None:
            return
        if not (self._smtp.user + self._password).isascii():
            raise Refused(Verdict("pause", "登录名或授权码中有非英文字符，请检查是否误用了全角字符", login=True))
        offered = server.esmtp_features.get("auth", "").upper().split()
        mechanism = next((name for name in _MECHANISMS if name in offered), None)
        if mechanism is None:
            raise Refused(Verdict("pause", "发信服务器没有提供可用的登录方式", login=True, reconnect=True))
        server.user, server.password = self._smtp.user, self._password
        answer = getattr(server, "auth_" + mechanism.lower().replace("-", "_"))
        try:
            self._guard(lambda: server.auth(mechanism, answer))
        except smtplib.SMTPAuthenticationError as problem:
            raise self._refused("auth", problem.smtp_code, problem.smtp_error) from None
        except Dropped as problem:
            sentence = "登录时服务器断开了连接（授权码不对时也会这样）"
            raise Refused(Verdict("pause", sentence, login=True, reconnect=True)) from problem
        finally:
            server.user = server.password = None

    def _eight_bit(self) -> str:
        if not self._server.has_extn("8bitmime"):
            raise Refused(Verdict("hold", "邮件正文不是 7 位编码，而发信服务器不支持 8BITMIME"))
        return " BODY=8BITMIME"

    def _offer_sender(self, options: str) -> None:
        self._command("mail", "MAIL", f"FROM:<{envelope_sender(self._smtp)}>{options}")

    def _command(self, stage: str, verb: str, argument: str, success: tuple[int, ...] = (250,)) -> None:
        code, words = self._guard(lambda: self._server.docmd(verb, argument))
        if code not in success:
            raise self._refused(stage, code, words)

    def _guard(self, step):
        """Do one step before the final dot; a broken connection is Dropped."""
        try:
            return step()
        except smtplib.SMTPAuthenticationError:
            raise
        except (*_DROPPED, smtplib.SMTPException, ValueError) as problem:
            self.abandon()
            raise Dropped(f"与发信服务器的连接断了（{_named(problem)}）") from problem

    def _refused(self, stage: str, code: int, words: bytes | str) -> Refused:
        text = _text(words)
        if self._password:
            text = text.replace(self._password, "***")
        verdict = judge(stage, code, text)
        if verdict.reconnect or code == 421:
            self.abandon()
        elif stage in ("mail", "rcpt", "data"):
            self.reset()
        return Refused(verdict)


def envelope_sender(smtp: Smtp) -> str:
    """MAIL FROM: the log-in, which NetEase demands; else the address in From."""
    return smtp.user if smtp.user and "@" in smtp.user else smtp.sender


def check_address(address: str) -> None:
    """Refuse a recipient that cannot be written on the wire (no SMTPUTF8) or that would smuggle a command."""
    if not address.isascii():
        raise Refused(Verdict("failed", "收件地址含非英文字符，发信服务器不支持"))
    if not re.fullmatch(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+", address):
        raise Refused(Verdict("failed", "收件地址不合规范"))


def check_lines(mime: bytes) -> None:
    """Refuse a mail that the way might damage (RFC 5321 section 4.5.3.1.6); the composer never makes one."""
    if b"\x00" in mime or any(len(line) > _LONGEST_LINE for line in _LINE_END.split(mime)):
        raise Refused(Verdict("hold", "邮件中有一行过长或含空字符，须由人处理"))


def on_the_wire(mime: bytes) -> bytes:
    """CRLF line ends, dots doubled (RFC 5321 section 4.5.2), one line end at the end."""
    lines = _LINE_END.sub(b"\r\n", mime)
    return _LEADING_DOT.sub(b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")


def check(smtp: Smtp, password: str | None) -> tuple[SmtpFinding, ...]:
    """Connect, log in, offer our sender address, take it back: nothing is sent. What the server does never raises."""
    place = f"{smtp.server.host}:{smtp.server.port}"
    with Connection(smtp, password) as connection:
        try:
            connection.open()
        except Dropped as problem:
            return (SmtpFinding("smtp", False, f"{problem}。", "请检查网络和 smtp 的 host、port、tls、ca_file。"),)
        except Refused as problem:
            return (SmtpFinding("smtp", False, f"发信服务器 {place} 不让登录：{problem}。", _advice(problem)),)
        found = SmtpFinding("smtp", True, f"能{'登录' if smtp.user else '连上'}发信服务器 {place}。")
        try:
            connection.try_sender()
        except (Dropped, Refused) as problem:
            sentence = f"发信服务器不接受发件地址 {envelope_sender(smtp)}:{problem}。"
            return found, SmtpFinding("smtp-sender", False, sentence, "smtp.sender 与 smtp.user 应是同一个邮箱。")
        return found, SmtpFinding("smtp-sender", True, f"发信服务器接受发件地址 {envelope_sender(smtp)}。")


def _advice(problem: Refused) -> str:
    if problem.verdict.login:
        return "126 邮箱：登录网页 → 设置 → POP3/SMTP/IMAP，开启 SMTP 服务并生成新的授权码，再更新密码来源。"
    return "请稍后再试；若一直如此，请联系邮箱服务商。"


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())


def _named(problem: Exception) -> str:
    """The kind of failure without the server's words, which may hold anything."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"证书不被信任：{problem.verify_message}"
    if isinstance(problem, TimeoutError) or "timed out" in str(problem):
        return "超时"
    if isinstance(problem, smtplib.SMTPServerDisconnected):
        return "服务器断开了连接"
    for kind, name in ((ConnectionRefusedError, "对方拒绝连接"), (socket.gaierror, "域名解析失败")):
        if isinstance(problem, kind):
            return name
    return getattr(problem, "strerror", None) or type(problem).__name__
