"""mbox files (RFC 4155): several mails in one file, as Thunderbird, Foxmail and Gmail's export write them."""

import io
from collections.abc import Iterator

from intake.containers import Budget, Entry, Opened
from intake.mailbox.sources import split_mbox
from intake.readers import Unreadable


def open_container(data: bytes, name: str, budget: Budget) -> Opened:
    """The mails of an mbox, each a file of its own."""
    return Opened(_mails(data))


def _mails(data: bytes) -> Iterator[Entry]:
    number = 0
    for raw in split_mbox(io.BytesIO(data)):
        if raw.strip():
            number += 1
            yield Entry(f"邮件{number}.eml", raw, "message/rfc822")
    if not number:
        raise Unreadable("empty", "邮箱文件内没有邮件")
