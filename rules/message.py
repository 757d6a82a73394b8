"""One mail as the rest of the program sees it: plain values, whatever the bytes were (RFC 5322)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What could be read of one mail; every field survives any bytes, and what was wrong stands in `defects`."""

    #: SHA-256 of the raw bytes, hexadecimal
    sha256: str
    #: length of the raw bytes
    size: int
    #: Message-ID with its angle brackets (RFC 5322 section 3.6.4)
    message_id: str | None
    #: the first In-Reply-To identifier, with angle brackets
    in_reply_to: str | None
    #: every identifier of References, oldest first
    references: tuple[str, ...]
    #: address of From, lower case
    from_address: str | None
    #: display name of From
    from_name: str | None
    #: address of the first Reply-To, lower case
    reply_to: str | None
    #: addresses of To and Cc, lower case
    recipients: tuple[str, ...]
    subject: str | None
    #: Date, aware
    sent_at: datetime | None
    #: date of the topmost Received, aware
    received_at: datetime | None
    #: every header field in its order: lower-case name, decoded and unfolded value
    headers: tuple[tuple[str, str], ...]
    #: media type of the whole mail, e.g. `multipart/report`
    media_type: str
    #: the readable body: text/plain, else the HTML as text (tables become `label<TAB>value` lines)
    text: str
    #: the HTML body as sent, bounded; '' where there is none
    html: str
    #: what was malformed, one short English code each, e.g. `charset-mislabelled`
    defects: tuple[str, ...]

    def header(self, name: str) -> str | None:
        """The first header field of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)

    def has_header(self, prefix: str) -> bool:
        """Whether any header field's name starts with `prefix` (any case)."""
        wanted = prefix.lower()
        return any(key.startswith(wanted) for key, _ in self.headers)

    @property
    def answer_address(self) -> str | None:
        """Where an answer goes: Reply-To, else From."""
        return self.reply_to or self.from_address
