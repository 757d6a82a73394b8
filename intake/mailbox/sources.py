"""Mails from files: `.eml`, mbox, Maildir, and folders of these, as the raw bytes that they are.

Nothing is parsed here but the line that separates mails in an mbox and, for the day of receipt, two header fields. What
cannot be read is reported and passed over; it never stops the rest.
"""

import email.parser
import email.policy
import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

#: a header field's name and colon (RFC 5322 section 2.2), as the first line of a mail begins
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
#: `From ` with an address and a date, as mbox writers put it (RFC 4155)
_FROM_LINE = re.compile(rb"From .*\d{1,2}:\d{2}.*\d{4}|From .*\d{4}.*\d{1,2}:\d{2}")
_QUOTED_FROM = re.compile(rb">+From ")
_MAIL_SUFFIXES = (".eml", ".mbox", ".mbx", ".mai", ".mht")
#: the year before which a date in a header is a mistake
_EARLIEST = 1990
#: a first line longer than this begins no mail
_HEAD = 65536

#: told (name, problem in plain Chinese)
Report = Callable[[str, str], None]
#: (name, raw bytes, or the file that holds nothing but them)
Mail = tuple[str, bytes | Path]


def mails(paths: Iterable[Path | str], report: Report = lambda name, problem: None) -> Iterator[Mail]:
    """Every mail under the paths as (name, bytes) or (name, file), in the order of their names.

    Names are compared naturally (`2.eml` before `10.eml`); mails of one mbox come in the order of the file, those of a
    Maildir by file name (that is, by delivery). A file named on the command line is taken whatever it looks like; in a
    folder only what is named or begins like a mail. `report(name, problem)` is told of what had to be passed over.
    """
    for path in sorted(map(Path, paths), key=_natural):
        yield from _under(path, report, named=True)


def received_at(head: bytes, now: datetime) -> datetime | None:
    """When a mail was received, by its header: the topmost Received that has a date, else Date; aware, or None.

    Dates before 1990 or more than two days after `now` are not believed (RFC 5322 sections 3.6.1, 3.6.7).
    """
    message = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head)
    fields = [str(value).rpartition(";")[2] for value in message.get_all("received", [])]
    for text in [*fields, *map(str, message.get_all("date", []))]:
        date = _date(text)
        if date is not None and date.year >= _EARLIEST and date <= now + timedelta(days=2):
            return date
    return None


def received_at_of_file(path: Path, head: bytes, now: datetime) -> datetime:
    """As `received_at`, else the file's time of modification."""
    return received_at(head, now) or datetime.fromtimestamp(path.stat().st_mtime, UTC)


def split_mbox(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The mails of an mbox, one at a time, with `>From ` unquoted (mboxrd) and otherwise byte for byte.

    The file's first line sets the style: where it bears a date, only a `From ` line with a date (and a header after it)
    separates; else a `From ` line after an empty line, with a header after it, does.
    """
    dated: bool | None = None
    mail: list[bytes] | None = None
    blank = True
    for line, after in _with_next(lines):
        if line.startswith(b"From ") and dated is None:
            dated = bool(_FROM_LINE.match(line))
            mail = []
        elif line.startswith(b"From ") and _separates(line, after, blank, bool(dated)):
            yield _joined(mail or [])
            mail = []
        else:
            dated = False if dated is None else dated
            mail = [] if mail is None else mail
            mail.append(line[1:] if _QUOTED_FROM.match(line) else line)
        blank = not line.strip()
    if mail is not None:
        yield _joined(mail)


def _separates(line: bytes, after: bytes, blank: bool, dated: bool) -> bool:
    if not (_FIELD.match(after) or after.startswith(b">From ")):
        return False
    return bool(_FROM_LINE.match(line)) if dated else blank


def _joined(lines: list[bytes]) -> bytes:
    """A mail without the empty line that the mbox writer put after it."""
    if len(lines) > 1 and not lines[-1].strip():
        lines = lines[:-1]
    return b"".join(lines)


def _with_next(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each line with the one after it (empty at the end)."""
    iterator = iter(lines)
    current = next(iterator, None)
    while current is not None:
        following = next(iterator, None)
        yield current, following or b""
        current = following


def _under(path: Path, report: Report, named: bool) -> Iterator[Mail]:
    try:
        if path.is_dir():
            yield from _folder(path, report)
        elif path.is_file():
            yield from _file(path, report, named)
        elif named:
            report(str(path), "没有这个文件或文件夹")
    except OSError as error:
        report(str(path), f"无法读取（{error.strerror}）")


def _folder(path: Path, report: Report) -> Iterator[Mail]:
    with os.scandir(path) as entries:
        children = sorted((Path(entry.path) for entry in entries), key=_natural)
    if _is_maildir(path):
        delivered = [child for part in ("cur", "new") for child in (path / part).iterdir()]
        for mail in sorted(delivered, key=lambda mail: (_natural(Path(mail.name)), mail.parent.name)):
            if not mail.name.startswith("."):
                yield from _single(mail, report)
        # Maildir++: folders lie beside cur and new, with a dot before their names
        children = [child for child in children if child.name.startswith(".") and _is_maildir(child)]
        for child in children:
            yield from _under(child, report, named=False)
        return
    for child in children:
        if not child.name.startswith("."):
            yield from _under(child, report, named=False)


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _file(path: Path, report: Report, named: bool) -> Iterator[Mail]:
    with path.open("rb") as file:
        first = file.readline(_HEAD)
    if first.startswith(b"From ") or path.suffix.lower() in (".mbox", ".mbx"):
        yield from _mbox(path, report)
    elif named or path.suffix.lower() in _MAIL_SUFFIXES or _FIELD.match(first.removeprefix(b"\xef\xbb\xbf")):
        yield from _single(path, report)
    else:
        report(str(path), "不像一封邮件，已跳过")


def _single(path: Path, report: Report) -> Iterator[tuple[str, Path]]:
    if path.stat().st_size == 0:
        report(str(path), "空文件，已跳过")
        return
    with path.open("rb"):
        pass  # unreadable is to be found out here, where it is reported
    yield str(path), path


def _mbox(path: Path, report: Report) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        for number, raw in enumerate(split_mbox(file), 1):
            if raw.strip():
                yield f"{path}#{number}", raw
            else:
                report(f"{path}#{number}", "空邮件，已跳过")


def _natural(path: Path) -> list[list[tuple[int, int, str]]]:
    """Digits count as numbers: `2.eml` before `10.eml`."""
    return [
        [(0, int(piece), piece) if piece.isdecimal() else (1, 0, piece) for piece in re.split(r"(\d+)", part) if piece]
        for part in path.parts
    ]


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text.strip())
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
