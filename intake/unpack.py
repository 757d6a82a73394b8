"""Parts of a mail → flat list of files: zip archives and mails in mails are opened, within one set of bounds.

`.docx` and its kin are zips, but documents. rar, 7z, tar, gz, .msg and winmail.dat are kept as one file that cannot be
opened yet. What is left out is never silent: the container that held it bears a problem.
"""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from intake.archive import Member, open_zip
from intake.config import ReadLimits
from intake.filenames import safe_name, unnamed
from intake.filetype import CONTAINERS, kind_of, media_type_of
from intake.parse import Parsed, Part, parse
from rules.message import Message

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
    #: `intake.filetype.kind_of`
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
    box.add_parts(parsed.parts, None, 0)
    if "too-many-parts" in parsed.message.defects:
        box.overflow(None)
    return tuple(box.files)


class _Box:
    """The list that grows, and what is left of the bounds."""

    def __init__(self, limits: ReadLimits, skip: frozenset[str], before: Callable[[str], None]):
        self.limits, self.skip, self.before = limits, skip, before
        self.files: list[File] = []
        self.room = limits.max_total_bytes
        self.counts: dict[str, int] = {}

    def add_parts(self, parts: tuple[Part, ...], parent: int | None, depth: int) -> None:
        for part in parts:
            file = self._file(part.filename, part.media_type, part.data, parent, part.inline)
            file = replace(file, content_id=part.content_id)
            if part.truncated and file.problem is None:
                file = replace(file, problem_detail="附件传输不完整，只收到一部分")
            if not self._add(file, depth):
                return

    def _file(self, name: str | None, media_type: str, data: bytes, parent: int | None, inline: bool) -> File:
        kind = kind_of(data, name, media_type)
        shown = safe_name(name) or unnamed(kind, media_type, self.counts)
        problem, detail = None, None
        if kind == "empty" and not _EXCHANGE_FILLER.match(shown):
            problem, detail = "empty", "文件大小为0字节"
        elif len(data) > self.limits.max_file_bytes:
            problem, detail = "too_large", f"文件超过{self.limits.max_file_bytes // 1048576}MB"
        elif media_type.startswith("multipart/"):
            problem, detail = "too_large", "邮件嵌套过深，里层未打开"
        elif kind == "encrypted":
            problem, detail = "encrypted", "文档设有打开密码"
        return File(
            shown, media_type_of(kind, media_type), data, kind, parent, inline, None, problem, detail, size=len(data)
        )

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

    def _mark(self, index: int, problem: str, detail: str) -> None:
        if self.files[index].problem is None:
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
        if file.kind == "eml":
            self._open_mail(index, depth)
        else:
            self._open_zip(index, depth)

    def _open_mail(self, index: int, depth: int) -> None:
        inner = parse(self.files[index].data, self.limits)
        self.files[index] = replace(self.files[index], message=inner.message)
        if "too-many-parts" in inner.message.defects:
            self._mark(index, "too_large", _LIMIT)
        self.add_parts(inner.parts, index, depth)

    def _open_zip(self, index: int, depth: int) -> None:
        data = self.files[index].data
        archive = open_zip(io.BytesIO(data), len(data), self.limits)
        if archive.problem:
            self._mark(index, archive.problem, archive.detail)
        with archive:
            for member in archive.members():
                if len(self.files) >= self.limits.max_files:
                    self.overflow(index)
                    return
                file = self._member(member, archive.read(member, self.room), index)
                if file.problem == "encrypted":
                    self._mark(index, "encrypted", "压缩包设有密码")
                if not self._add(file, depth):
                    return

    def _member(self, member: Member, outcome, parent: int) -> File:
        data, problem, detail = outcome
        if problem is None or (problem == "corrupt" and data):
            file = self._file(member.name, "application/octet-stream", data, parent, False)
            return replace(file, problem=file.problem or problem, problem_detail=file.problem_detail or detail)
        kind = "unknown"
        name = safe_name(member.name) or unnamed(kind, "application/octet-stream", self.counts)
        return File(name, "application/octet-stream", b"", kind, parent, problem=problem, problem_detail=detail,
                    size=member.size)  # fmt: skip
