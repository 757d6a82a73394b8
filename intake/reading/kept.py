"""What a reader made of a file, as bytes to be kept: packed here, and trusted no more than anything from outside.

An entry is the SHA-256 of a pickle and the pickle; it is opened by the unpickler that admits only the project's own
values (`intake.confined.wire`), and each field must have its declared type. Whatever is damaged is no entry.
"""

import hashlib
import pickle
from dataclasses import is_dataclass
from typing import Protocol

from intake.confined.wire import Forged, admitted, load_values
from intake.readers import Unreadable
from rules import document
from rules.document import Document

#: larger entries are not kept; the pictures in such documents are, each by itself
MAX_ENTRY_BYTES = 32 * 1024 * 1024
_DIGEST_BYTES = 32
#: everything that a Document is made of
_ADMITTED = admitted(*(cls for cls in vars(document).values() if is_dataclass(cls) and cls.__module__ == document.__name__))


class Kept(Protocol):
    """The readings of other mails, as a reader asks for them."""

    def find(self, key: str) -> bytes | None:
        """The entry; None: read the file; b"": another reader has just died of this file."""

    def keep(self, key: str, entry: bytes) -> None:
        """Keep an entry for others."""


def pack(result: Document | Unreadable) -> bytes | None:
    """The entry that holds a reader's result, or None where it is too large."""
    value = (result.problem, result.detail) if isinstance(result, Unreadable) else result
    data = pickle.dumps(value, protocol=5)
    return hashlib.sha256(data).digest() + data if len(data) < MAX_ENTRY_BYTES - _DIGEST_BYTES else None


def unpack(entry: bytes) -> Document | Unreadable | None:
    """What `pack` was given, or None where the entry is damaged."""
    data = entry[_DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != entry[:_DIGEST_BYTES]:
        return None
    try:
        value = load_values(data, _ADMITTED)
        return value if isinstance(value, Document) else Unreadable(*value)
    except (Forged, TypeError, ValueError):
        return None
