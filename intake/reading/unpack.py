"""Parts of a mail → flat list of files: archives and mails in mails are opened, within one set of bounds.

`.docx` and its kin are zips, but documents. What opens each kind of container stands in `intake.containers`. What is
left out is never silent: the container that held it bears a problem.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from intake.config import ReadLimits
from intake.containers import Budget, Entry, Opened, open_container
from intake.containers.mails import entry_of
from intake.containers.volumes import is_volume
from intake.readers import Unreadable
from intake.reading.filenames import safe_name, unnamed
from intake.reading.filetype import CONTAINERS, kind_of, media_type_of
from intake.reading.parse import Parsed
from rules.message import Message
from rules.passwords import MAX_CANDIDATES, candidates
from rules.reading import VOLUME

#: Exchange puts such files where a list's footer was taken out
_EXCHANGE_FILLER = re.compile(r"att\d{4,6}\.(?:txt|html?)$", re.IGNORECASE)
_LIMIT = "超出处理上限，未全部打开"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a mail, wherever it lay."""

    #: harmless basename, never empty
    filename: str
    media_type: str
    data: bytes = field(repr=False)
    #: `intake.reading.filetype.kind_of`
    kind: str
    #: index of the file that contains it, or None
    parent: int | None = None
    inline: bool = False
    content_id: str | None = None
    #: one of `rules.reading.PROBLEMS`, or None
    problem: str | None = None
    #: plain Chinese
    problem_detail: str | None = None
    #: of a mail in the mail: what it says itself
    message: Message | None = None
    #: length; differs from `len(data)` for a file too large to be kept in memory
    size: int = 0

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def unpack(
    parsed: Parsed, limits: ReadLimits, skip: frozenset[str] = frozenset(), before: Callable[[str], None] | None = None
) -> tuple[File, ...]:
    """All files of a mail, containers before what they contain, parents by index.

    `before` is told the SHA-256 of each container that is about to be opened; those in `skip` are not opened (their
    reader died of them).
    """
    box = _Box(limits, skip, before or (lambda sha256: None))
    box.learn(parsed.message, [part.filename for part in parsed.parts])
    box.add_entries(Opened(map(entry_of, parsed.parts)), None, 0)
    if "too-many-parts" in parsed.message.defects:
        box.overflow(None)
    return tuple(box.files)


def passwords_of(message: Message, files: tuple[File, ...]) -> tuple[str, ...]:
    """Passwords that a mail names in its subject, its words, the mails in it, and the names of its files."""
    mails = [message, *(file.message for file in files if file.message)]
    return candidates(
        [*(text for mail in mails for text in (mail.subject, mail.text)), *(file.filename for file in files)]
    )


class _Box:
    """The list that grows, and what is left of the bounds."""

    def __init__(self, limits: ReadLimits, skip: frozenset[str], before: Callable[[str], None]):
        self.limits, self.skip, self.before = limits, skip, before
        self.files: list[File] = []
        self.room = limits.max_total_bytes
        self.counts: dict[str, int] = {}
        self.passwords: tuple[str, ...] = ()

    def learn(self, message: Message, names: list[str | None]) -> None:
        """Take in the passwords that a mail names; the innermost mail's go first."""
        found = candidates([message.subject, message.text, *names])
        self.passwords = tuple(dict.fromkeys((*found, *self.passwords)))[:MAX_CANDIDATES]

    def add_entries(self, opened: Opened, parent: int | None, depth: int) -> None:
        """Append what a container holds; raises Unreadable where it breaks off."""
        for entry in opened.entries:
            file = self._file(entry, parent)
            if file.problem == "encrypted" and entry.problem:
                self._mark(parent, "encrypted", entry.detail)
            if not self._add(file, depth):
                return

    def _file(self, entry: Entry, parent: int | None) -> File:
        kind = "unknown" if entry.problem and not entry.data else kind_of(entry.data, entry.name, entry.media_type)
        media_type = media_type_of(kind, entry.media_type)
        shown = safe_name(entry.name) or unnamed(kind, entry.media_type, self.counts)
        problem, detail = self._complaint(entry, kind, shown)
        size = entry.size if entry.size is not None and not entry.data else len(entry.data)
        return File(
            shown, media_type, entry.data, kind, parent, entry.inline, entry.content_id, problem, detail, size=size
        )

    def _complaint(self, entry: Entry, kind: str, shown: str) -> tuple[str | None, str | None]:
        if kind == "empty" and not entry.problem and not _EXCHANGE_FILLER.match(shown):
            return "empty", "文件大小为0字节"
        if entry.data and is_volume(entry.data, shown):
            return "unsupported", VOLUME
        if len(entry.data) > self.limits.max_file_bytes:
            return "too_large", f"文件超过{self.limits.max_file_bytes // 1048576}MB"
        if entry.media_type.startswith("multipart/"):
            return "too_large", "邮件嵌套过深，里层未打开"
        return entry.problem, entry.detail

    def _add(self, file: File, depth: int) -> bool:
        """Append a file and what it contains; False when no more fits (the container then says so)."""
        if len(self.files) >= self.limits.max_files or len(file.data) > self.room:
            self.overflow(file.parent)
            return False
        self.room -= len(file.data)
        index = len(self.files)
        self.files.append(file)
        if file.problem is None and file.kind in CONTAINERS:
            self._open(index, depth + 1)
        return True

    def overflow(self, parent: int | None) -> None:
        """Say on the container, or for want of one in a file of its own, that something was left out."""
        if parent is not None:
            self._mark(parent, "too_large", _LIMIT)
        elif not any(file.problem == "too_large" and file.problem_detail == _LIMIT for file in self.files):
            self.files.append(File("其余附件", "application/octet-stream", b"", "unknown", problem="too_large",
                                   problem_detail=_LIMIT))  # fmt: skip

    def _mark(self, index: int | None, problem: str, detail: str | None) -> None:
        if index is not None and self.files[index].problem is None:
            self.files[index] = replace(self.files[index], problem=problem, problem_detail=detail)

    def _open(self, index: int, depth: int) -> None:
        file = self.files[index]
        if depth > self.limits.max_depth:
            self._mark(index, "too_large", f"压缩包或邮件嵌套超过{self.limits.max_depth}层，里层未打开")
            return
        if file.sha256 in self.skip:
            self._mark(index, "unreadable", "打开时程序异常中止，未能打开")
            return
        self.before(file.sha256)
        try:
            self._fill(index, depth)
        except Unreadable as error:
            self._mark(index, error.problem, error.detail)
        except MemoryError:
            self._mark(index, "too_large", "打开时占用内存过多，未全部打开")

    def _fill(self, index: int, depth: int) -> None:
        file = self.files[index]
        budget = Budget(self.limits, lambda: self.room, self.passwords)
        opened = open_container(file.kind, file.data, file.filename, budget)
        if opened.message is not None:
            self.files[index] = replace(file, message=opened.message)
            self.learn(opened.message, [])
        if opened.problem:
            self._mark(index, opened.problem, opened.detail)
        self.add_entries(opened, index, depth)
