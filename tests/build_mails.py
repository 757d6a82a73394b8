"""Raw mails as different programs write them; the same arguments always give the same bytes.

`mail(…)` is what most tests want. `hand` says whose hand wrote it: `plain`, `foxmail`, `qq`, `netease`, `outlook`,
`iphone`, or `raw8bit` (an old program that puts GBK bytes everywhere without a label). `entity` and `multipart` build
odder shapes from parts.
"""

import base64
import binascii
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import quote

CHINA = timezone(timedelta(hours=8))
OFFICE = "hdwxb2019@126.com"


@dataclass(frozen=True)
class Hand:
    """How one mail program writes."""

    charset: str
    #: label that it puts on that charset
    label: str
    #: `B`, `Q`, or `raw` (bytes in the header)
    words: str
    #: transfer encoding of texts
    text_encoding: str
    #: how file names are written: `word` (encoded-word in quotes), `2231`, `raw`
    names: str
    mailer: tuple[tuple[str, str], ...] = ()


HANDS = {
    "plain": Hand("utf-8", "utf-8", "B", "base64", "word"),
    "foxmail": Hand("gbk", "gb2312", "B", "base64", "word", (("X-Mailer", "Foxmail 7.2.11.303[cn]"),)),
    "qq": Hand("gb18030", "gb18030", "B", "base64", "word",
               (("X-QQ-MIME", "TCMime 1.0 by Tencent"), ("X-Mailer", "QQMail 2.x"))),
    "netease": Hand("gbk", "GBK", "Q", "base64", "word",
                    (("X-Mailer", "Coremail Webmail Server"), ("X-Priority", "3"))),
    "outlook": Hand("gbk", "gb2312", "B", "quoted-printable", "word", (("X-Mailer", "Microsoft Outlook 16.0"),)),
    "iphone": Hand("utf-8", "utf-8", "Q", "quoted-printable", "2231", (("X-Mailer", "iPhone Mail (16F203)"),)),
    "raw8bit": Hand("gbk", "", "raw", "8bit", "raw"),
}  # fmt: skip


def mail(
    subject: str = "新媒体账号登记",
    sender: str = "张三 <zhangsan@example.cn>",
    to: str = OFFICE,
    body: str | None = "您好,登记表见附件。",
    html: str | None = None,
    attachments: Sequence[tuple] = (),
    headers: Iterable[tuple[str, str]] = (),
    charset: str | None = None,
    date: datetime | str | None = "2019-08-01T09:30:00+08:00",
    received: datetime | str | None = None,
    hand: str = "plain",
    inline: Sequence[tuple[str, bytes, str, str]] = (),
) -> bytes:
    """One mail.

    `attachments`: (name or None, bytes, media type); `inline`: (name, bytes, media type, content-id), shown by `html`.
    `date` and `received` are datetimes, ISO texts, or raw header values; `received` is `date` unless given, `""`: none.
    `headers` come last and may repeat or contradict the others; a `charset` replaces the hand's (label and bytes).
    """
    style = HANDS[hand]
    if charset:
        style = Hand(charset, charset, style.words, style.text_encoding, style.names, style.mailer)
    content = _content(style, body, html, attachments, inline)
    when = _date(date)
    fields = [(b"Received", _received(when if received is None else _date(received)))] if received != "" else []
    fields += [(b"From", _mailbox(sender, style)), (b"To", _mailbox(to, style)), (b"Subject", words(subject, style))]
    fields += [(b"Date", when.encode())] if when else []
    key = hashlib.sha256(repr((subject, sender, to, date, received, hand)).encode() + content).hexdigest()[:24]
    fields += [(b"Message-ID", f"<{key}@example.cn>".encode()), (b"MIME-Version", b"1.0")]
    fields += [(name.encode(), words(value, style)) for name, value in (*style.mailer, *headers)]
    return b"".join(name + b": " + value + b"\r\n" for name, value in fields if value) + content


def words(text: str, style: Hand | str = "plain") -> bytes:
    """Header text as the hand writes it: ASCII as it is, else encoded-words, or raw bytes."""
    style = HANDS[style] if isinstance(style, str) else style
    if text.isascii():
        return text.encode()
    data = _bytes(text, style.charset)
    if style.words == "raw":
        return data
    return b"\r\n ".join(_word(data[start : start + 30], style) for start in range(0, len(data), 30))


def _word(data: bytes, style: Hand) -> bytes:
    """One encoded-word; long texts are cut at bytes, not at characters, as many programs do."""
    if style.words == "Q":
        coded = b"".join(b"=%02X" % code for code in data)
        return b"=?" + style.label.encode() + b"?Q?" + coded + b"?="
    return b"=?" + style.label.encode() + b"?B?" + base64.b64encode(data) + b"?="


def entity(content_type: str, data: bytes, encoding: str = "base64", *headers: str) -> bytes:
    """A MIME part with its header block."""
    lines = [f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}", *headers]
    head = "\r\n".join(lines).encode("utf-8", "surrogateescape")
    return head + b"\r\n\r\n" + encoded(data, encoding)


def encoded(data: bytes, encoding: str) -> bytes:
    """Bytes in a transfer encoding."""
    if encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return binascii.b2a_qp(data, istext=False).replace(b"=\n", b"=\r\n") + b"\r\n"
    return data


def multipart(kind: str, parts: Sequence[bytes], boundary: str | None = None, parameters: str = "") -> bytes:
    """A multipart with its header block, from parts that have theirs."""
    boundary = boundary or "----=_" + hashlib.sha256(kind.encode() + b"".join(parts)).hexdigest()[:24]
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"{parameters}\r\n\r\n'.encode()
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return head + b"This is a multi-part message in MIME format.\r\n\r\n" + body + mark + b"--\r\n"


def text_part(text: str, style: Hand | str = "plain", subtype: str = "plain") -> bytes:
    """A text part in the hand's charset."""
    style = HANDS[style] if isinstance(style, str) else style
    label = f'; charset="{style.label}"' if style.label else ""
    data = _bytes(text.replace("\r\n", "\n").replace("\n", "\r\n"), style.charset)
    return entity(f"text/{subtype}{label}", data, style.text_encoding)


def _bytes(text: str, charset: str) -> bytes:
    """Text that GBK cannot hold is written in GB 18030 under the same label, as some programs do."""
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        return text.encode("gb18030" if charset.startswith("gb") else charset, "replace")


def file_part(
    name: str | None, data: bytes, media_type: str, style: Hand | str = "plain", content_id: str | None = None
) -> bytes:
    """An attachment, or with a content-id an inline file."""
    style = HANDS[style] if isinstance(style, str) else style
    typed, disposed = _parameter("name", name, style), _parameter("filename", name, style)
    lines = [b"Content-Type: " + media_type.encode() + typed, b"Content-Transfer-Encoding: base64"]
    lines.append((b"Content-Disposition: inline" if content_id else b"Content-Disposition: attachment") + disposed)
    if content_id:
        lines.append(f"Content-ID: <{content_id}>".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + encoded(data, "base64")


def zipped(files: Sequence[tuple[str, bytes]], names: str = "utf-8") -> bytes:
    """A zip; `names` is `utf-8` (flagged), or a charset in which names are written without a flag (`gbk`)."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name, (2019, 8, 1, 9, 30, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    packed = sink.getvalue()
    return packed if names == "utf-8" else _unflagged(packed, [name for name, _ in files], names)


def _unflagged(packed: bytes, names: Sequence[str], charset: str) -> bytes:
    """Rewrite the names of a small zip in another charset and clear the UTF-8 flag."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name.encode(charset).decode("cp437"), (2019, 8, 1, 9, 30, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, source.read(name))
    data = bytearray(sink.getvalue())
    for mark, flags, length, start in ((b"PK\x03\x04", 6, 26, 30), (b"PK\x01\x02", 8, 28, 46)):
        position = data.find(mark)
        while position >= 0:
            size = int.from_bytes(data[position + length : position + length + 2], "little")
            written = bytes(data[position + start : position + start + size]).decode("utf-8")
            raw = written.encode("cp437")
            if len(raw) != size:  # the name became shorter: keep the lengths right
                data[position + start : position + start + size] = raw
                data[position + length : position + length + 2] = len(raw).to_bytes(2, "little")
            data[position + flags + 1] &= 0xF7
            position = data.find(mark, position + start)
    return _with_fresh_end(bytes(data))


def _with_fresh_end(data: bytes) -> bytes:
    """Put offsets right after names became shorter: local headers are found again by their marks."""
    buffer = bytearray(data)
    local, position = 0, buffer.find(b"PK\x01\x02")
    directory = position
    while position >= 0:
        local = buffer.find(b"PK\x03\x04", local)
        buffer[position + 42 : position + 46] = local.to_bytes(4, "little")
        local, position = local + 4, buffer.find(b"PK\x01\x02", position + 4)
    end = buffer.rfind(b"PK\x05\x06")
    buffer[end + 12 : end + 16] = (end - directory).to_bytes(4, "little")
    buffer[end + 16 : end + 20] = directory.to_bytes(4, "little")
    return bytes(buffer)


def _content(style: Hand, body, html, attachments, inline) -> bytes:
    texts = [text_part(body, style)] if body is not None else []
    if html is not None:
        rich = text_part(html, style, "html")
        if inline:
            pictures = [file_part(name, data, kind, style, cid) for name, data, kind, cid in inline]
            rich = multipart("related", [rich, *pictures])
        texts.append(rich)
    root = texts[0] if len(texts) == 1 else multipart("alternative", texts) if texts else text_part("", style)
    if not attachments:
        return root
    return multipart("mixed", [root, *(file_part(name, data, kind, style) for name, data, kind in attachments)])


def _parameter(name: str, value: str | None, style: Hand) -> bytes:
    if value is None:
        return b""
    if value.isascii():
        return f'; {name}="{value}"'.encode()
    if style.names == "2231":
        return f"; {name}*={style.label}''{quote(value.encode(style.charset, 'replace'))}".encode()
    if style.names == "raw":
        return f'; {name}="'.encode() + value.encode(style.charset, "replace") + b'"'
    return f';\r\n\t{name}="'.encode() + words(value, style) + b'"'


def _mailbox(mailbox: str, style: Hand) -> bytes:
    name, bracket, address = mailbox.rpartition("<")
    if not bracket or name.strip().isascii():
        return mailbox.encode()
    return b'"' + words(name.strip(), style) + b'" <' + address.encode()


def _date(value: datetime | str | None) -> str:
    if isinstance(value, datetime):
        return format_datetime(value)
    try:
        return format_datetime(datetime.fromisoformat(value)) if value else ""
    except ValueError:
        return value


def _received(when: str) -> bytes:
    hop = "from mail.example.cn (unknown [192.0.2.1])\r\n\tby mx1.126.com (Coremail) with SMTP id x1;"
    return f"{hop}\r\n\t{when}".encode()
