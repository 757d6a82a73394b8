"""Files that could not be read: what they may be, and what that means for what is missing.

A person of the office may still open an unsupported or illegible file, so whatever it might be is not *surely* missing.
Nobody can open an encrypted, broken, empty, cut-off or remote one: what it should have been stays missing, and the
sender is told which file it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from rules.masking import mask_personal
from rules.submission import UnreadFile

#: problems of a file that a person may still be able to read
UNCERTAIN = ("unsupported", "unreadable")
#: problems of a file that nobody can read
LOST = ("encrypted", "corrupt", "empty", "too_large", "remote")
#: what is wrong, as the end of a sentence about the file
WORDS = {
    "empty": "是空文件",
    "encrypted": "设有密码,无法打开",
    "corrupt": "已损坏,无法打开",
    "too_large": "超过大小限制,未能读取",
    "unsupported": "的格式暂不能自动识别",
    "unreadable": "未能辨认出内容",
    "remote": "是云附件(超大附件),系统没有收到文件本身",
}
_PICTURES = frozenset(["jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "tif", "tiff", "webp", "heic", "heif"])
#: kinds of file that are never a form or a scan
_NEVER = frozenset(
    ["mp3", "wav", "amr", "m4a", "aac", "mp4", "mov", "avi", "mkv", "wmv", "flv", "3gp", "ics", "vcf", "p7s", "p7m", "asc", "sig", "exe", "apk", "dll", "lnk", "url", "css", "js", "ttf"]
)


@dataclass(frozen=True, slots=True)
class Unread:
    """The unread files of a submission that still matter, by what can be done about them."""

    uncertain: tuple[UnreadFile, ...]
    lost: tuple[UnreadFile, ...]

    @property
    def all(self) -> tuple[UnreadFile, ...]:
        return self.uncertain + self.lost


def sort_unread(files: Iterable[UnreadFile]) -> Unread:
    """The open files that could be a material at all, sorted by file name."""
    files = sorted(
        (file for file in files if file.open and _suffix(file) not in _NEVER),
        key=lambda file: (file.filename or "", file.problem),
    )
    return Unread(
        tuple(file for file in files if file.problem in UNCERTAIN),
        tuple(file for file in files if file.problem in LOST),
    )


def superseded(files: Iterable[UnreadFile], forms: int, papers: int) -> tuple[UnreadFile, ...]:
    """Open files of earlier mails that a later mail with so many forms and papers has made up for.

    A file that nobody can open was named to its sender with the request to send it again: whatever usable comes then is
    the answer to that. An unsupported document is still with the office and may be looked at; it is made up for only
    by a form, one for each. Pictures are not closed: they matter only while a material is missing.
    """
    unread = sort_unread(files)
    if not forms and not papers:
        return ()
    documents = [file for file in unread.uncertain if may_be_form(file)]
    return (*unread.lost, *documents[:forms])


def may_be_form(file: UnreadFile) -> bool:
    """Whether it could hold one more form: a document or an archive, not a picture."""
    return _suffix(file) not in _PICTURES


def shown(filename: str | None) -> str:
    """A file's name in a sentence, without ID or telephone numbers."""
    return f"《{mask_personal(filename)}》" if filename else "未命名的附件"


def names(files: Iterable[UnreadFile]) -> str:
    """The files in a sentence, each with what is wrong: 《a.rar》设有密码,无法打开;《b.tif》未能辨认出内容."""
    return ";".join(dict.fromkeys(shown(file.filename) + WORDS.get(file.problem, "未能读取") for file in files))


def _suffix(file: UnreadFile) -> str:
    return PurePosixPath((file.filename or "").strip().lower()).suffix.lstrip(".")
