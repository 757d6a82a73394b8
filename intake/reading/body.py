"""Which words of a mail are its body: plain text, else the HTML as text (RFC 2046 section 5.1.4, RFC 3676)."""

import binascii
import re
from dataclasses import dataclass

from intake.reading.charset import beginning, codec_name, decode_text
from intake.reading.headers import decode_base64
from intake.reading.html_text import html_to_text
from intake.reading.mime import Entity, ancestors, body, is_too_deep

#: characters that are kept
MAX_TEXT = 1_000_000
MAX_HTML = 500_000
#: bytes of a text that are decoded: more than MAX_TEXT characters in any charset
MAX_BYTES = 5 * MAX_TEXT
_MAX_PASTED = 50
_PASTED = re.compile(
    r"data:(image/[a-z0-9.+-]{1,20})(?:;[a-z0-9=-]{1,40})*;base64,([A-Za-z0-9+/=\s%]{100,})", re.IGNORECASE
)
_CID = re.compile(r"cid:([^\s\"'<>)]{1,300})", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:-]{2,40})", re.IGNORECASE)
#: plain text that only says: read the HTML
_STUB = re.compile(
    r"html|请(?:使用|用).{0,20}(?:查看|浏览|阅读)|无法(?:正常)?(?:显示|查看)|不支持.{0,10}(?:显示|格式)|view this (?:e-?mail|message)",
    re.IGNORECASE,
)
_STUB_LENGTH = 300
_RICH = ("text/html", "text/enriched", "text/x-html")


@dataclass(frozen=True, slots=True)
class Body:
    """The readable content of a mail."""

    text: str
    html: str
    #: Content-IDs that the HTML shows
    cids: frozenset[str]
    #: pictures pasted into the HTML as data: URIs: media type and bytes
    pasted: tuple[tuple[str, bytes], ...]


def is_body_text(leaf: Entity, root: Entity) -> bool:
    """Whether a leaf is text to be read as the mail's own words rather than a file.

    A text part with a file name or the disposition `attachment` is a file, also one inside an attached multipart.
    """
    if leaf.media_type.startswith("multipart/"):  # no boundary was found: whatever stands there is read as text
        return not is_too_deep(leaf)
    if leaf.media_type not in ("text/plain", *_RICH):
        return False
    if leaf.disposition == "attachment":
        return False
    if leaf.filename and leaf is not root and not (leaf.disposition == "" and _in_alternative(leaf)):
        return False
    return all(outer.disposition != "attachment" for outer in ancestors(leaf))


def choose_body(raw, texts: list[Entity], defects: set[str]) -> Body:
    """The body of a mail from its text leaves, in their order.

    Of a multipart/alternative the plain text counts, unless it is empty or only says that the mail is HTML.
    """
    groups: dict[int, tuple[list[str], list[str]]] = {}
    html_parts, cids, pasted = [], set(), []
    for leaf in texts:
        group = groups.setdefault(id(_in_alternative(leaf) or leaf), ([], []))
        if leaf.media_type not in _RICH:
            group[0].append(_plain_text(raw, leaf, defects))
            continue
        html = _html(raw, leaf, defects)
        cids |= set(_CID.findall(html))
        html, pictures = pasted_pictures(html)
        pasted += pictures
        html_parts.append(html)
        group[1].append(html_to_text(html))
    text = "\n\n".join(filter(None, (_pick("\n".join(plain), "\n".join(rich)) for plain, rich in groups.values())))
    if len(text) > MAX_TEXT:
        defects.add("text-too-long")
    html = "\n".join(html_parts)
    return Body(text[:MAX_TEXT], html, frozenset(cids), tuple(pasted[:_MAX_PASTED]))


def pasted_pictures(html: str) -> tuple[str, list[tuple[str, bytes]]]:
    """HTML without its `data:` pictures, and the pictures (a scan pasted into the text comes like this)."""
    pictures: list[tuple[str, bytes]] = []

    def take(match: re.Match) -> str:
        try:
            data, _ = decode_base64(
                match[2].replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").encode("ascii")
            )
        except (binascii.Error, UnicodeError):
            return ""
        if len(pictures) < _MAX_PASTED:
            pictures.append((match[1].lower(), data))
        return f"cid:pasted{len(pictures)}"

    return _PASTED.sub(take, html), pictures


def _in_alternative(leaf: Entity) -> Entity | None:
    return next((outer for outer in ancestors(leaf) if outer.media_type == "multipart/alternative"), None)


def _pick(plain: str, rich: str) -> str:
    if not rich.strip():
        return plain
    words = plain.strip()
    if not words or (len(words) <= _STUB_LENGTH and _STUB.search(words)):
        return rich
    return plain


def _plain_text(raw, leaf: Entity, defects: set[str]) -> str:
    text = _decoded(beginning(body(raw, leaf, defects), MAX_BYTES), leaf, defects)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if leaf.type_parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, leaf.type_parameters.get("delsp", "").lower() == "yes")
    return text.strip("\n")


def _html(raw, leaf: Entity, defects: set[str]) -> str:
    data = body(raw, leaf, defects)
    meta = _META_CHARSET.search(data[:4096])
    label = leaf.type_parameters.get("charset")
    if meta and codec_name(label) in (None, "ascii"):
        label = meta[1].decode("ascii")
    return _decoded(data, leaf, defects, label)


def _decoded(data: bytes, leaf: Entity, defects: set[str], label: str | None = None) -> str:
    label = label or leaf.type_parameters.get("charset")
    text, defect = decode_text(data, label)
    if defect:
        defects.add(defect)
    if label and codec_name(label) is None:
        defects.add("charset-unknown")
    return text.replace("\x00", "")


def unflowed(text: str, delete_space: bool) -> str:
    """Paragraphs of format=flowed put together again (RFC 3676 section 4.1)."""
    paragraphs: list[list[str]] = []
    open_depth = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if open_depth != depth:
            paragraphs.append([">" * depth + " " if depth else ""])
        paragraphs[-1].append(content[:-1] if flows and delete_space else content)
        open_depth = depth if flows else None
    return "\n".join("".join(pieces) for pieces in paragraphs)
