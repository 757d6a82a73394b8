"""What Outlook keeps of a mail (MAPI properties, [MS-OXPROPS]) → the same mail as RFC 5322 writes it.

`.msg` and winmail.dat hold the same properties in two wrappings. Written out as a mail, everything behind them
(charsets, bounds, nested mails, forms in the text) is that of every other mail.
"""

import hashlib
import re
import struct
from base64 import encodebytes
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.reading.charset import codec_name, decode_text

SUBJECT, BODY, RTF, HTML, HEADERS = 0x0037, 0x1000, 0x1009, 0x1013, 0x007D
SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
AUTHOR_NAME, AUTHOR_ADDRESS, AUTHOR_SMTP = 0x0042, 0x0065, 0x5D02
MESSAGE_ID, SUBMITTED, DELIVERED, DISPLAY_TO = 0x1035, 0x0039, 0x0E06, 0x0E04
INTERNET_CODE_PAGE, CODE_PAGE = 0x3FDE, 0x3FFD
ATTACH_DATA, ATTACH_NAME, ATTACH_LONG_NAME, ATTACH_TYPE, ATTACH_CONTENT_ID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
ATTACH_METHOD, DISPLAY_NAME = 0x3705, 0x3001
#: properties that are read at all
WANTED = frozenset((
    SUBJECT, BODY, RTF, HTML, HEADERS, SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP, AUTHOR_NAME, AUTHOR_ADDRESS,
    AUTHOR_SMTP, MESSAGE_ID, SUBMITTED, DELIVERED, DISPLAY_TO, INTERNET_CODE_PAGE, CODE_PAGE, ATTACH_DATA, ATTACH_NAME,
    ATTACH_LONG_NAME, ATTACH_TYPE, ATTACH_CONTENT_ID, ATTACH_METHOD, DISPLAY_NAME,
))  # fmt: skip
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_STRUCTURE = re.compile(r"(?:content-[a-z-]+|mime-version)\s*:", re.IGNORECASE)
_FIELD = re.compile(r"[!-9;-~]{1,60}:")
_MAX_HEADERS = 500
#: [MS-OXRTFCP] section 2.1.3.1.1: what the dictionary holds at the start
_RTF_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


@dataclass
class Item:
    """One mail or one attachment: property number → text, bytes, number or time."""

    values: dict[int, object] = field(default_factory=dict)
    #: of a mail
    attachments: list["Item"] = field(default_factory=list)
    #: of an attachment that is a mail itself
    mail: "Item | None" = None

    def text(self, *numbers: int) -> str:
        """The first of these properties that is a text and not empty."""
        found = (self.values.get(number) for number in numbers)
        return next((value.strip("\0") for value in found if isinstance(value, str) and value.strip("\0 ")), "")

    def data(self, number: int) -> bytes:
        value = self.values.get(number)
        return value if isinstance(value, bytes) else b""

    def number(self, number: int) -> int:
        value = self.values.get(number)
        return value if isinstance(value, int) else 0


def code_page_text(data: bytes, code_page: int) -> str:
    """Text of PT_STRING8, whose charset is the mail's code page; Chinese Outlook writes GBK."""
    label = "utf-8" if code_page == 65001 else f"cp{code_page}" if code_page else "gb18030"
    return decode_text(data.rstrip(b"\0"), label if codec_name(label) else "gb18030")[0]


def file_time(value: int) -> datetime | None:
    """PT_SYSTIME: tenths of microseconds since 1601 ([MS-DTYP] 2.3.3)."""
    try:
        return _EPOCH + timedelta(microseconds=value // 10)
    except OverflowError:
        return None


def as_mail(item: Item, limits: ReadLimits) -> bytes:
    """The mail as RFC 5322 bytes; the same item gives the same bytes."""
    parts = [_text_part(item, limits), *(_attachment(each, limits) for each in item.attachments)]
    boundary = "intake-" + hashlib.sha256(b"".join(parts)).hexdigest()[:40]
    head = [*_headers(item), "MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{boundary}"', "", ""]
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return "\r\n".join(head).encode("utf-8", "replace") + body + mark + b"--\r\n"


def _headers(item: Item) -> list[str]:
    """The header fields that came with it, else those that its properties tell."""
    lines, keep = [], False
    for line in item.text(HEADERS).replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t"):
            if keep:
                lines.append(line)
        else:
            keep = bool(_FIELD.match(line)) and not _STRUCTURE.match(line)
            lines += [line] if keep else []
    names = {line.partition(":")[0].strip().lower() for line in lines[:_MAX_HEADERS]}
    told = {"From": _sender(item), "To": item.text(DISPLAY_TO), "Subject": item.text(SUBJECT),
            "Message-ID": item.text(MESSAGE_ID), "Date": _date(item)}  # fmt: skip
    made = [f"{name}: {_one_line(value)}" for name, value in told.items() if value and name.lower() not in names]
    return [*made, *lines[:_MAX_HEADERS]]


def _sender(item: Item) -> str:
    addresses = (item.text(number) for number in (SENDER_SMTP, AUTHOR_SMTP, SENDER_ADDRESS, AUTHOR_ADDRESS))
    address = next((_one_line(one) for one in addresses if "@" in one), "")
    name = _one_line(item.text(SENDER_NAME, AUTHOR_NAME)).replace('"', "").replace("\\", "")
    if not address:
        return ""
    return f'"{name}" <{address}>' if name and name != address else f"<{address}>"


def _date(item: Item) -> str:
    when = item.values.get(SUBMITTED) or item.values.get(DELIVERED)
    return format_datetime(when) if isinstance(when, datetime) else ""


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n\0]+", " ", text)[:2000].strip()


def _text_part(item: Item, limits: ReadLimits) -> bytes:
    plain, html = item.text(BODY), _html(item)
    if not plain and not html:
        plain = _rich_text(item, limits)
    texts = [_part("text/plain; charset=utf-8", plain.encode("utf-8", "replace"))] if plain or not html else []
    if html:
        texts.append(_part("text/html", html))
    if len(texts) == 1:
        return texts[0]
    boundary = "intake-" + hashlib.sha256(b"".join(texts)).hexdigest()[:40] + "-text"
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + text + b"\r\n" for text in texts)
    return f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode() + body + mark + b"--\r\n"


def _html(item: Item) -> bytes:
    value = item.values.get(HTML)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    page = item.number(INTERNET_CODE_PAGE)
    data = item.data(HTML)
    return code_page_text(data, page).encode("utf-8", "replace") if data and page else data


def _rich_text(item: Item, limits: ReadLimits) -> str:
    """The words of a mail that has only rich text; cells of its tables are parted by tabs."""
    from intake.readers import rtf

    packed = item.data(RTF)
    if not packed:
        return ""
    try:
        return rtf.read(unpacked_rtf(packed, limits.max_file_bytes), limits).text
    except Unreadable:
        return ""


def _attachment(item: Item, limits: ReadLimits) -> bytes:
    name = item.text(ATTACH_LONG_NAME, ATTACH_NAME, DISPLAY_NAME)
    headers = []
    if item.mail is not None:
        name, media_type, data = f"{name or '转来的邮件'}", "message/rfc822", as_mail(item.mail, limits)
        name = name if name.lower().endswith((".msg", ".eml")) else f"{name}.eml"
    else:
        data = item.data(ATTACH_DATA)
        media_type = item.text(ATTACH_TYPE) or "application/octet-stream"
        media_type = (
            media_type if re.fullmatch(r"[\w.+-]{1,80}/[\w.+-]{1,100}", media_type) else "application/octet-stream"
        )
    content_id = _one_line(item.text(ATTACH_CONTENT_ID)).strip("<>")
    if content_id:
        headers.append(f"Content-ID: <{content_id}>")
    if name:
        encoded = quote(_one_line(name).encode("utf-8", "replace"))
        headers.append(f"Content-Disposition: {'inline' if content_id else 'attachment'}; filename*=UTF-8''{encoded}")
    return _part(media_type, data, *headers)


def _part(content_type: str, data: bytes, *headers: str) -> bytes:
    lines = [f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8", "replace") + encodebytes(data)


def unpacked_rtf(packed: bytes, bound: int) -> bytes:
    """RTF out of PidTagRtfCompressed ([MS-OXRTFCP] section 3.1.3); raises Unreadable: corrupt, too_large."""
    if len(packed) < 16:
        raise Unreadable("corrupt", "正文已损坏")
    size, mark = struct.unpack_from("<I4s", packed, 4)
    if mark == b"MELA":
        return packed[16 : 16 + size]
    if mark != b"LZFu":
        raise Unreadable("corrupt", "正文已损坏")
    if size > bound:
        raise Unreadable("too_large", "正文过大")
    return _unfolded(packed, size)


def _unfolded(packed: bytes, size: int) -> bytes:
    ring = bytearray(_RTF_START.ljust(4096, b" "))
    write, made, position = len(_RTF_START), bytearray(), 16
    while position < len(packed) and len(made) <= size:
        flags = packed[position]
        position += 1
        for bit in range(8):
            if position + (flags >> bit & 1) >= len(packed):
                return bytes(made)
            if not flags >> bit & 1:
                piece = packed[position : position + 1]
                position += 1
            else:
                pair = packed[position] << 8 | packed[position + 1]
                position += 2
                start, length = pair >> 4, (pair & 15) + 2
                if start == write % 4096:
                    return bytes(made)
                piece = None
            for step in range(1 if piece else length):
                code = piece[0] if piece else ring[(start + step) % 4096]
                made.append(code)
                ring[write % 4096] = code
                write += 1
    return bytes(made)
