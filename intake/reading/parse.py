"""Raw bytes → Message and parts: total, so any bytes give a message, and what was wrong with them stands in `defects`.

Addresses are read by mail-parser, from fields whose charsets were mended first (it would decode gb2312 as labelled and
wreck the name without a word). Bodies and attachments come from `intake.reading.mime`, because mail-parser's are not safe for
bytes (FIELD.md section 3). A mail given as a path is mapped, not read. Measured here: 2,700 mails a second with a 20 KB
attachment (the standard library's tree alone 2,900, mail-parser 1,700); a 50 MB mail adds 83 MB at its peak.
"""

import hashlib
import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path

from intake.config import ReadLimits
from intake.reading.addresses import Correspondents, correspondents
from intake.reading.body import MAX_HTML, Body, choose_body, is_body_text
from intake.reading.dates import mail_date
from intake.reading.mime import Entity, ancestors, body, decoded_fields, leaves, read_tree
from rules.message import Message

_IDENTIFIER = re.compile(r"<[^<>\s]{1,900}>")
#: identifiers of References that are kept: the newest
_MAX_REFERENCES = 200


@dataclass(frozen=True, slots=True)
class Part:
    """One attachment or inline file of a mail, transfer encoding undone."""

    #: as sent, decoded, not yet made harmless; None where there is none
    filename: str | None
    media_type: str
    data: bytes = field(repr=False)
    #: shown inside the text: referenced by cid, or disposition `inline` without being an attachment
    inline: bool = False
    content_id: str | None = None
    #: base64 that broke off: what could be decoded is there
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """One mail, read."""

    message: Message
    parts: tuple[Part, ...]


def parse(raw: bytes | Path, limits: ReadLimits | None = None) -> Parsed:
    """Read one mail from its bytes or its file; no content makes it raise (OSError: the file cannot be opened)."""
    limits = limits or ReadLimits()
    if isinstance(raw, Path):
        with raw.open("rb") as file:
            if file.seek(0, 2) == 0:
                return _parse(b"", limits)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return _parse(mapped, limits)
    return _parse(bytes(raw), limits)


def _parse(raw, limits: ReadLimits) -> Parsed:
    defects: set[str] = set()
    root = read_tree(raw, limits.max_parts, defects)
    headers = tuple(decoded_fields(root, defects))
    texts, others = _sorted_leaves(root)
    content = choose_body(raw, texts, defects)
    parts = [*_parts(raw, others, content, defects), *(Part(None, kind, data, True) for kind, data in content.pasted)]
    people = correspondents(root.fields, headers, defects)
    return Parsed(_message(raw, root, headers, people, content, defects), tuple(parts))


def _sorted_leaves(root: Entity) -> tuple[list[Entity], list[Entity]]:
    texts, others = [], []
    for leaf in leaves(root):
        if leaf.media_type.startswith("multipart/") and leaf.start >= leaf.end:
            continue  # a multipart without any part
        (texts if is_body_text(leaf, root) else others).append(leaf)
    return texts, others


def _parts(raw, others: list[Entity], content: Body, defects: set[str]):
    for leaf in others:
        own: set[str] = set()
        data = body(raw, leaf, own)
        defects |= own
        yield Part(
            leaf.filename,
            leaf.media_type,
            data,
            _is_inline(leaf, content.cids),
            leaf.content_id,
            "base64-truncated" in own,
        )


def _is_inline(leaf: Entity, cids: frozenset[str]) -> bool:
    if leaf.content_id and leaf.content_id in cids:
        return True
    if leaf.disposition == "attachment":
        return False
    related = any(outer.media_type == "multipart/related" for outer in ancestors(leaf))
    return leaf.media_type.startswith("image/") and (
        leaf.disposition == "inline" or (related and bool(leaf.content_id))
    )


def _message(raw, root: Entity, headers, people: Correspondents, content: Body, defects: set[str]) -> Message:
    def value(name: str) -> str | None:
        return next((text for key, text in headers if key == name and text), None)

    received = value("received")
    references = _IDENTIFIER.findall(" ".join(text for key, text in headers if key == "references"))
    sent_at = mail_date(value("date") or "", defects)
    received_at = mail_date(received.rpartition(";")[2], defects) if received else None
    return Message(
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        message_id=_identifier(value("message-id")),
        in_reply_to=_identifier(value("in-reply-to")),
        references=tuple(references[-_MAX_REFERENCES:]),
        from_address=people.from_address,
        from_name=people.from_name,
        reply_to=people.reply_to,
        recipients=people.recipients,
        subject=value("subject"),
        sent_at=sent_at,
        received_at=received_at,
        headers=headers,
        media_type=root.media_type,
        text=content.text,
        html=content.html[:MAX_HTML],
        defects=tuple(sorted(defects)),
    )


def _identifier(value: str | None) -> str | None:
    """The first `<id>`; an identifier without brackets gets them."""
    if not value:
        return None
    found = _IDENTIFIER.search(value)
    if found:
        return found[0]
    bare = value.strip().strip("<>")
    return f"<{bare}>" if bare and not re.search(r"\s", bare) and len(bare) <= 900 else None
