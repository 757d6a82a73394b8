"""Who wrote to whom: mail-parser's structural reading of the address fields, after their charsets were mended.

mail-parser is right about structure (which `<…>` is the mailbox, what is a comment, what is ambiguous) and wrong about
Chinese charsets. So each stretch of encoded text goes in as one private-use character, and comes back as the name.
"""

import re
from dataclasses import dataclass
from email.message import Message as Headers

import mailparser

from intake.reading.headers import MAX_VALUE, decode_value, raw_text, unfolded

_FIELDS = ("from", "to", "cc", "reply-to")
_WORDS = re.compile(r"=\?[^?\s=]{1,60}\?[bBqQ]\?[^?]*\?=(?:\s+=\?[^?\s=]{1,60}\?[bBqQ]\?[^?]*\?=)*")
#: first of the private-use characters (plane 15) that stand for encoded text
_PLACE = 0xF0000
_MAX_PLACES = 0xFFF0
_PLACES = re.compile(f"[{chr(_PLACE)}-{chr(_PLACE + _MAX_PLACES)}]")
_ANGLED = re.compile(r"<\s*([^\s<>@,;:\"]{1,120}@[^\s<>@,;:\"]{1,250})\s*>")
_LOOSE = re.compile(
    r"(?<![^\s<>,;:\"'(\uff08\uff1c\uff0c\uff1b\uff1a])([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,120}@[A-Za-z0-9.-]{1,250})"
    r"(?![^\s<>,;:\"')\uff09\uff1e\uff0c\uff1b\uff1a])"
)
_MAX_RECIPIENTS = 1000
_BOX = r"[A-Za-z0-9_](?:[A-Za-z0-9_+-]|\.(?=[A-Za-z0-9_])){0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]|\.(?=[A-Za-z0-9])){0,250}"
#: one mailbox, written so plainly that no two parsers differ about it: nine mails of ten, at a tenth of the time
_PLAIN = re.compile(rf'[ ]*(?:(?:"(?P<quoted>[\w \U000f0000-\U000fffff-]*)"|(?P<name>[A-Za-z0-9_ \U000f0000-\U000fffff-]*))'
                    rf"[ ]*<(?P<box>{_BOX})>|(?P<bare>{_BOX}))[ ]*")


@dataclass(frozen=True, slots=True)
class Correspondents:
    """The addresses of a mail, lower case."""

    from_address: str | None
    from_name: str | None
    reply_to: str | None
    recipients: tuple[str, ...]


def correspondents(fields: list[tuple[str, str]], decoded, defects: set[str]) -> Correspondents:
    """Read From (else Sender), To, Cc and Reply-To.

    `fields` are the raw header fields, `decoded` the same as readable text: where no address stands in the structure
    (whole fields are encoded at times), the first one in the readable text counts, with the defect `address-malformed`.
    """
    found = _mailboxes({name: name for name in _FIELDS}, fields, decoded, defects)
    sender = found["from"] or _mailboxes({"sender": "from"}, fields, decoded, defects)["from"]
    name, address = next(iter(sender), (None, None))
    reply_to = next((address for _, address in found["reply-to"]), None)
    recipients = dict.fromkeys(address for key in ("to", "cc") for _, address in found[key])
    return Correspondents(address, name or None, reply_to, tuple(recipients)[:_MAX_RECIPIENTS])


def _mailboxes(names: dict[str, str], fields, decoded, defects: set[str]) -> dict[str, list[tuple[str, str]]]:
    """(display name, address) pairs; `names` says which header field is read in which place of mail-parser's."""
    texts: list[str] = []
    head = Headers()
    for name, place in names.items():
        values = [unfolded(raw_text(value[:MAX_VALUE], set())) for key, value in fields if key == name]
        if any(values):
            head[place] = _with_places(", ".join(filter(None, values))[:MAX_VALUE], texts)
    structure = _structural(head, defects) if head else {}
    found = {}
    for name, place in names.items():
        boxes = [(_restored(label, texts), _address(box, texts)) for label, box in structure.get(place, ())]
        found[place] = [(label, box) for label, box in boxes if "@" in box]
        if place in head and not found[place]:
            defects.add("address-malformed")
            found[place] = _any_address(", ".join(text for key, text in decoded if key == name)[:MAX_VALUE])
    return found


def _structural(head: Headers, defects: set[str]) -> dict[str, list[tuple[str, str]]]:
    plain = {place: _PLAIN.fullmatch(value) for place, value in head.items()}
    if all(plain.values()):
        return {place: [(match["quoted"] or match["name"] or "", match["box"] or match["bare"])]
                for place, match in plain.items()}
    try:
        parser = mailparser.MailParser(head)
        found = {"from": parser.from_, "to": parser.to, "cc": parser.cc, "reply-to": parser.reply_to}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):  # its own bugs on hostile fields
        defects.add("address-malformed")
        return {}
    return {place: [tuple(box) for box in boxes or () if len(box) == 2] for place, boxes in found.items()}


def _with_places(value: str, texts: list[str]) -> str:
    """Each stretch of encoded-words and each non-ASCII word as one private-use character that no grammar trips over."""

    def place(match: re.Match) -> str:
        if len(texts) >= _MAX_PLACES:
            return "?"
        texts.append(decode_value(match[0], set()))
        return chr(_PLACE + len(texts) - 1)

    value = _WORDS.sub(lambda match: f" {place(match)} ", _PLACES.sub("", value))
    return re.sub(r"[^\x00-\x7f\U000f0000-\U000fffff]+", place, value)


def _restored(value: str, texts: list[str]) -> str:
    def text(match: re.Match) -> str:
        number = ord(match[0]) - _PLACE
        return texts[number] if number < len(texts) else ""

    return re.sub(r"\s+", " ", _PLACES.sub(text, value)).strip().strip("\"'").strip()


def _address(box: str, texts: list[str]) -> str:
    return re.sub(r"\s", "", _restored(box, texts)).lower()


def _any_address(readable: str) -> list[tuple[str, str]]:
    """The first address in readable text; an address in angle brackets goes before a loose one."""
    match = _ANGLED.search(readable) or _LOOSE.search(readable)
    if match is None:
        return []
    name = readable[: match.start()].strip().strip("\"'").strip() if match.re is _ANGLED else ""
    return [(name, match[1].lower())]
