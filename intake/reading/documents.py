"""One file → a Document by the reader of its kind; the same file is read once, in whatever mail it comes again."""

import hashlib
import importlib
from collections.abc import Callable
from functools import cached_property

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.survey_words import Words, words_of
from intake.reading.kept import Kept, pack, unpack
from intake.reading.ornaments import PICTURES
from intake.reading.unpack import File
from rules.document import Document
from rules.survey import Survey

#: the module of `intake.readers` that opens a kind
READERS = {
    "docx": "word", "docm": "word", "doc": "legacy_word", "wps": "legacy_word", "rtf": "rtf",
    "odt": "odt", "ods": "ods", "wordml": "word_xml", "pdf": "pdf",
    "xlsx": "sheet", "xls": "legacy_sheet", "xmlss": "sheet_xml", "csv": "text_table", "html": "html",
    "ofd": "ofd", "emf": "metafile", "wmf": "metafile",
    **dict.fromkeys(PICTURES, "image"),
}  # fmt: skip
DIED = "打开该文件时程序异常中止，系统未能读取"


class Documents:
    """Opens files for one mail. `kept`: readings of other mails, or None; `anew`: they are made again all the same."""

    def __init__(self, survey: Survey, limits: ReadLimits, kept: Kept | None = None, anew: bool = False):
        self._survey, self._limits, self._kept, self._anew = survey, limits, kept, anew

    def read(self, file: File, sha256: str) -> Document:
        """The document; raises Unreadable. `sha256` is that of `file.data`."""
        if self._kept is None:
            return self._opened(file)
        # pictures are read with the survey's words; what else it says changes nothing in a Document
        key = f"{sha256}-{file.kind}" + (f"-{_digest(self._words)}" if file.kind in PICTURES else "")
        known = None if self._anew else self._known(key)
        if known is None:
            known = self._result(file)
            self._keep(key, known)
        if isinstance(known, Unreadable):
            raise known
        return known

    @cached_property
    def _words(self) -> Words:
        return words_of(self._survey)

    def _known(self, key: str) -> Document | Unreadable | None:
        entry = self._kept.find(key)
        if entry == b"":
            return Unreadable("unreadable", DIED)
        return unpack(entry) if entry else None

    def _result(self, file: File) -> Document | Unreadable:
        try:
            return self._opened(file)
        except Unreadable as error:
            return error

    def _keep(self, key: str, result: Document | Unreadable) -> None:
        if isinstance(result, Unreadable) and result.problem == "encrypted":
            return  # whether it opens depends on the mail
        entry = pack(result)
        if entry:
            self._kept.keep(key, entry)

    def _opened(self, file: File) -> Document:
        read: Callable = importlib.import_module(f"intake.readers.{READERS[file.kind]}").read
        if file.kind in PICTURES:
            return read(file.data, self._limits, self._words)
        return read(file.data, self._limits)


def _digest(words: Words) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]
