"""Reply values → bytes of one mail (RFC 5322, 2045, 2047, 2231), 7-bit safe, with CRLF and short lines.

Written by hand rather than with `email.message.EmailMessage`, for two reasons: the bytes are frozen in the outbox, so
they must be the same for the same input (no random boundary, no clock), and the blank forms, which are the same in
every reply, are base64-encoded once. A reply takes well under a millisecond.

Trusted: our own configuration and templates. Not trusted: addresses, names, identifiers, subjects of others. No value
can add a header field: control characters are removed from all of them, and identifiers that do not look like
identifiers are left out.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from rules.answer import Answer

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: identifiers kept in References (RFC 5322 gives no limit; servers refuse very long fields)
MAX_REFERENCES = 20
#: kinds of answers that are no answer to a mail
_ANSWERING_NOTHING = ("reminder", "urging")
_IDENTIFIER = re.compile(r"<[!-;=?-~]{1,240}@[!-;=?-~]{1,240}>")
_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along."""

    filename: str
    data: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A picture that the HTML shows where it says `cid:<content_id>` (RFC 2392)."""

    content_id: str
    filename: str
    data: bytes
    media_type: str = "image/png"


def message_id_for(message_sha256: str, kind: str, domain: str) -> str:
    """The Message-ID of the reply of that kind to that mail: always the same, and different for any other."""
    unique = hashlib.sha256(f"{message_sha256}\n{kind}".encode()).hexdigest()[:40]
    return f"<intake.{unique}@{_domain(domain)}>"


def compose(answer: Answer, *, to_address: str, to_name: str | None, sender: str, sender_name: str | None,
            in_reply_to: str | None, references: Sequence[str], smtp_message_id: str, date: datetime) -> bytes:
    """The reply as it will be sent.

    `date` is aware. `in_reply_to` is the Message-ID of the mail answered and `references` its References (RFC 5322
    section 3.6.4). Raises ValueError for an address that cannot be written in a header.
    """
    fields = [
        *_addressing(sender, sender_name, to_address, to_name, answer.subject, smtp_message_id, date),
        *_threading(in_reply_to, references),
        # RFC 3834 section 5: a reminder comes by the clock, a letter to a liaison from a list
        b"Auto-Submitted: auto-" + (b"generated" if answer.kind in _ANSWERING_NOTHING else b"replied"),
        b"X-Auto-Response-Suppress: All",  # MS-OXCMAIL: no out-of-office answer to it
    ]
    names = answer.blank_form_names or tuple(path.name for path in answer.attach_blank_forms)
    files = [_encoded_file(path, name) for path, name in zip(answer.attach_blank_forms, names, strict=True)]
    return _mail(fields, answer.text, answer.html, files, smtp_message_id)


def compose_report(subject: str, text: str, html: str, attachments: Iterable[Attachment] = (), *,
                   pictures: Iterable[InlinePicture] = (), to_address: str, to_name: str | None = None, sender: str, sender_name: str | None, smtp_message_id: str,
                   date: datetime) -> bytes:
    """A mail that answers nobody, such as the digest: as `compose`, without threading."""
    fields = [*_addressing(sender, sender_name, to_address, to_name, subject, smtp_message_id, date),
              b"Auto-Submitted: auto-generated", b"X-Auto-Response-Suppress: All"]
    files = [_file_part(file.filename, file.media_type, file.data) for file in attachments]
    return _mail(fields, text, html, files, smtp_message_id, [_picture_part(picture) for picture in pictures])


# --- header fields ---------------------------------------------------------------------------------------------------


def _addressing(sender: str, sender_name: str | None, to_address: str, to_name: str | None, subject: str,
                smtp_message_id: str, date: datetime) -> list[bytes]:
    if not _IDENTIFIER.fullmatch(smtp_message_id):
        raise ValueError("not a Message-ID")
    return [
        _mailbox_field("From", sender, sender_name),
        _mailbox_field("To", to_address, to_name),
        _text_field("Subject", subject),
        f"Date: {format_datetime(date)}".encode("ascii"),
        f"Message-ID: {smtp_message_id}".encode("ascii"),
        b"MIME-Version: 1.0",
    ]


def _threading(in_reply_to: str | None, references: Sequence[str]) -> list[bytes]:
    if not in_reply_to or not _IDENTIFIER.fullmatch(in_reply_to):
        return []
    known = [found for found in dict.fromkeys(references) if _IDENTIFIER.fullmatch(found) and found != in_reply_to]
    # the first names the thread, the last ones the way back; what lies between can be spared
    kept = known if len(known) < MAX_REFERENCES else [known[0], *known[-(MAX_REFERENCES - 2):]]
    chain = "\r\n ".join([*kept, in_reply_to])
    return [f"In-Reply-To: {in_reply_to}".encode("ascii"), f"References: {chain}".encode("ascii")]


def _mailbox_field(name: str, address: str, display: str | None) -> bytes:
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{name}: not an address that a header can bear")
    shown = _clean(display or "")[:80]
    if not shown:
        return f"{name}: {address}".encode("ascii")
    if re.fullmatch(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]{1,60}", shown):
        return f'{name}: "{shown}"\r\n <{address}>'.encode("ascii")
    return f"{name}: {_words(shown, len(name) + 2)}\r\n <{address}>".encode("ascii")


def _text_field(name: str, value: str) -> bytes:
    clean = _clean(value)[:300]
    if re.fullmatch(r"[ -~]{0,60}", clean) and "=?" not in clean:
        return f"{name}: {clean}".encode("ascii")
    return f"{name}: {_words(clean, len(name) + 2)}".encode("ascii")


def _words(text: str, used: int) -> str:
    """Encoded-words (RFC 2047), none cut inside a character, none over 75 octets, one a line."""
    words, current, room = [], b"", 75 - used
    for char in text:
        octets = char.encode("utf-8")
        if len(_WORD) + -(-len(current + octets) // 3) * 4 > room and current:
            words.append(_word(current))
            current, room = b"", 74
        current += octets
    return "\r\n ".join([*words, _word(current)])


_WORD = "=?utf-8?B??="


def _word(octets: bytes) -> str:
    return f"=?utf-8?B?{base64.b64encode(octets).decode('ascii')}?="


def _clean(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _domain(domain: str) -> str:
    return re.sub(r"[^a-z0-9.-]", "", domain.lower().rpartition("@")[2]).strip(".-") or "localhost"


# --- bodies ----------------------------------------------------------------------------------------------------------


def _mail(fields: list[bytes], text: str, html: str, files: list[bytes], smtp_message_id: str,
          pictures: Sequence[bytes] = ()) -> bytes:
    # base64 bodies never hold a hyphen, so these lines cannot stand in them
    mark = hashlib.sha256(smtp_message_id.encode("ascii")).hexdigest()[:24]
    page = _text_part("html", html)
    if pictures:  # RFC 2387: the page and what it shows are one thing; a reader of plain text sees neither
        page = _multipart("related", f"=_r_{mark}", [page, *pictures], 'type="text/html"')
    alternative = _multipart("alternative", f"=_a_{mark}", [_text_part("plain", text), page])
    whole = _multipart("mixed", f"=_m_{mark}", [alternative, *files]) if files else alternative
    return b"\r\n".join([*fields, whole])


def _multipart(subtype: str, boundary: str, parts: list[bytes], parameter: str = "") -> bytes:
    edge = b"--" + boundary.encode("ascii")
    further = f"\r\n {parameter};" if parameter else ""
    head = f'Content-Type: multipart/{subtype};{further}\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    return head + b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


def _text_part(subtype: str, text: str) -> bytes:
    canonical = "\r\n".join(text.splitlines()) + "\r\n"  # RFC 2045 section 6.8: text is encoded with its CRLF
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode("ascii")
    return head + _base64(canonical.encode("utf-8", "replace"))


def _base64(octets: bytes) -> bytes:
    letters = base64.b64encode(octets)
    return b"\r\n".join(letters[start : start + 76] for start in range(0, len(letters), 76))


def _encoded_file(path: Path, name: str) -> bytes:
    stamp = path.stat()
    return _blank_form(path, name, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=16)
def _blank_form(path: Path, name: str, changed: int, size: int) -> bytes:
    """A blank form as a part, encoded once for all replies, and again when the office has changed it."""
    media_type = DOCX if path.suffix.lower() == ".docx" else "application/octet-stream"
    return _file_part(name, media_type, path.read_bytes())


def _picture_part(picture: InlinePicture) -> bytes:
    head = (f'Content-Type: {picture.media_type};\r\n name="{picture.filename}"\r\n'
            f"Content-ID: <{picture.content_id}>\r\n"
            f'Content-Disposition: inline;\r\n filename="{picture.filename}"\r\n'
            f"Content-Transfer-Encoding: base64\r\n\r\n").encode("ascii")
    return head + _base64(picture.data)


def _file_part(filename: str, media_type: str, octets: bytes) -> bytes:
    # `name` as encoded-words for Outlook, QQ and NetEase, which ignore RFC 2231; `filename` both ways, plain one first
    clean = _clean(filename).replace('"', "'").replace("\\", "_").replace("/", "_") or "file"
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type):
        media_type = "application/octet-stream"
    if clean.isascii():
        named, disposed = f'name="{clean}"', f'filename="{clean}"'
    else:
        folded = _words(clean, 7)
        named = f'name="{folded}"'
        disposed = f'filename="{folded}";\r\n {_extended(clean)}'
    head = (f"Content-Type: {media_type};\r\n {named}\r\n"
            f"Content-Disposition: attachment;\r\n {disposed}\r\n"
            f"Content-Transfer-Encoding: base64\r\n\r\n").encode("ascii")
    return head + _base64(octets)


def _extended(filename: str) -> str:
    """The file name as RFC 2231 says, in pieces that fit on a line."""
    octets = quote(filename, safe="")
    pieces, rest = [], octets
    while rest:
        cut = min(len(rest), 54)
        if cut < len(rest):
            cut -= next((back for back in (1, 2) if rest[cut - back] == "%"), 0)
        pieces.append(rest[:cut])
        rest = rest[cut:]
    if len(pieces) == 1:
        return f"filename*=utf-8''{pieces[0]}"
    return ";\r\n ".join(f"filename*{index}*={'utf-8' + chr(39) * 2 if index == 0 else ''}{piece}"
                          for index, piece in enumerate(pieces))
