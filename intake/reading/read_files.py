"""Files of one mail → what each is and says."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers import text as text_reader
from intake.reading.body import MAX_BYTES
from intake.reading.charset import beginning, decode_text
from intake.reading.continued import continued
from intake.reading.documents import DIED, READERS, Documents
from intake.reading.filenames import safe_name, unnamed
from intake.reading.filetype import CONTAINERS, HARMLESS, PROMISES, extension_of, kind_of, media_type_of
from intake.reading.kept import Kept
from intake.reading.left_out import left_out
from intake.reading.ornaments import PICTURES, is_decoration, is_illegible
from intake.reading.text_document import table_document
from intake.reading.unlock import unlocked
from intake.reading.unpack import File
from rules.document import Document, Embedded
from rules.message import Message
from rules.quoting import words_for_forms
from rules.reading import FileReading, Form, Paper
from rules.survey import Survey

#: characters of a file's text that are kept for search
MAX_TEXT = 200_000
_TEXTS = ("txt", "html")
#: extensions under which plain text is found at times
_TEXT_AS = ("doc", "wps", "xls", "xlsx", "et", "rtf")
#: kinds that no reader opens yet, in words
_UNSUPPORTED = {
    "doc": "Word 97-2003 文档（.doc）", "wps": "WPS 文档（.wps）", "xls": "Excel 97-2003 工作簿（.xls）",
    "xlsx": "Excel 工作簿（.xlsx）", "ppt": "演示文稿", "pptx": "演示文稿", "rtf": "RTF 文档", "oldword": "很早的 Word 文档", "odt": "ODT 文档",
    "odp": "演示文稿",
    "heic": "HEIC 照片", "video": "视频", "audio": "音频", "exe": "程序文件", "xml": "XML 文件", "svg": "SVG 图形",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Content:
    """What reading the bytes of one file brought; the same bytes are read once."""

    method: str | None = None
    pages: int | None = None
    text: str = ""
    forms: tuple[Form, ...] = ()
    #: whether every one of `forms` is an empty form
    blank: bool = False
    papers: tuple[Paper, ...] = ()
    embedded: tuple[Embedded, ...] = ()
    #: the reader's notes on what it did not read
    left_out: tuple[str, ...] = ()
    problem: str | None = None
    detail: str | None = None


class Reader:
    """Reads the files of one mail, one after the other."""

    def __init__(
        self, survey: Survey, limits: ReadLimits, skip: frozenset[str], progress: Callable[[str], None],
        passwords: tuple[str, ...] = (), kept: Kept | None = None, anew: bool = False,
    ):  # fmt: skip
        self.survey, self.limits, self.skip, self.progress = survey, limits, skip, progress
        self.passwords = passwords
        self._documents = Documents(survey, limits, kept, anew)
        self._known: dict[str, _Content] = {}
        #: what pictures say, by SHA-256: a form may go on in the next one
        self._pages: dict[str, Document] = {}

    def read_all(self, files: Sequence[File]) -> tuple[FileReading, ...]:
        """One reading for each file in its order; pictures found inside documents follow, with their parent's index."""
        queue, readings, counts = list(files), [], {}
        room = self.limits.max_total_bytes - sum(len(file.data) for file in files)
        for index, file in enumerate(queue):  # the queue grows while it is worked off
            sha256 = file.sha256
            content = self._content(file, sha256)
            left = set(content.left_out)
            for item in content.embedded if not _is_embedded(file) else ():
                room -= len(item.data)
                if len(queue) >= self.limits.max_files or room < 0:
                    left.add("too-many-pictures")
                    break
                queue.append(embedded_file(item, index, counts))
            queue += left_out(file, index, left)
            readings.append(_reading(file, sha256, content))
        return continued(readings, self._pages, self.survey)

    def open(self, file: File) -> tuple[File, Document]:
        """The file, without its lock where the mail names the password, and what its reader makes of it.

        Raises Unreadable.
        """
        try:
            return file, self._document(file)
        except Unreadable as error:
            data = unlocked(file.data, file.kind, self.passwords) if error.problem == "encrypted" else None
            if not data:
                raise
        plain = replace(file, data=data, kind=kind_of(data, file.filename))
        return plain, self._document(plain)

    def body_forms(self, message: Message) -> tuple[Form, ...]:
        """Filled forms typed into the body of a mail."""
        from rules.form import is_blank

        for forms in self._typed(message):
            filled = tuple(form for form in forms if not is_blank(form))
            if filled:
                return filled
        return ()

    def _typed(self, message: Message):
        """The forms in each text that may hold one, best reading first."""
        from intake.reading.html_text import html_to_text

        rich = html_to_text(message.html) if message.html else ""
        for text in words_for_forms(message.subject, message.text):
            others = words_for_forms(message.subject, rich) if rich and rich != message.text else ()
            yield self._best_forms(text, *others[:1])

    def _best_forms(self, *texts: str) -> tuple[Form, ...]:
        """Of several renderings of the same words, the forms of the one in which most fields were found."""
        from rules.form import read_forms

        documents = [table_document(text) for text in texts if "\t" in text]  # they go first where both find as much
        documents += [text_reader.read(text) for text in texts]
        return max((read_forms(document, self.survey) for document in documents), key=_filled, default=())

    def _content(self, file: File, sha256: str) -> _Content:
        if file.message is not None:
            return replace(self._mail(file), problem=file.problem, detail=file.problem_detail)
        if file.problem is not None:
            return _Content(problem=file.problem, detail=file.problem_detail)
        if file.kind in CONTAINERS:
            return _Content()
        key = f"{sha256}:{is_decoration(file)}"
        if key not in self._known:
            self._known[key] = self._open(file, sha256)
        return self._known[key]

    def _mail(self, file: File) -> _Content:
        """A mail in the mail: who wrote it, and its own words (a returned mail of ours is known by its Message-ID)."""
        message = file.message
        sender = message.from_address and f"{message.from_name or ''} <{message.from_address}>".strip()
        head = (("Message-ID", message.message_id), ("Subject", message.subject), ("From", sender))
        lines = [f"{name}: {value}" for name, value in head if value]
        return _Content("text", 1, "\n".join([*lines, "", message.text]), self.body_forms(message))

    def _open(self, file: File, sha256: str) -> _Content:
        if sha256 in self.skip:
            return _Content(problem="unreadable", detail=DIED)
        if is_decoration(file):
            return _Content()
        if file.kind in HARMLESS:
            return _Content(text=_plain(file) if file.kind != "font" else "")
        if _breaks_promise(file):
            return _Content(problem="corrupt", detail="文件内容与扩展名不符，可能已损坏")
        self.progress(sha256)
        try:
            plain, document = self.open(file)
            return self._understood(document, plain)
        except Unreadable as error:
            return _Content(problem=error.problem, detail=error.detail)

    def _can_read(self, kind: str) -> bool:
        if kind == "heic":
            return importlib.util.find_spec("pillow_heif") is not None
        return kind in READERS or kind in _TEXTS

    def _document(self, file: File) -> Document:
        if file.kind == "encrypted":
            raise Unreadable("encrypted", "文档设有打开密码")
        if not self._can_read(file.kind):
            name = _UNSUPPORTED.get(file.kind)
            raise Unreadable("unsupported", f"{name}暂不能自动读取" if name else "文件格式无法识别")
        if file.kind in READERS:
            document = self._documents.read(file, file.sha256)
            return self._pages.setdefault(file.sha256, document) if file.kind in PICTURES else document
        return text_reader.read(_plain(file))

    def _understood(self, document: Document, file: File) -> _Content:
        """Forms and papers of a document."""
        from rules.form import is_blank, read_forms
        from rules.identity import read_papers

        found = [read_forms(document, self.survey)] if file.kind in READERS else []
        found += [self._best_forms(_plain(file))] if file.kind in _TEXTS else []
        forms = max(found, key=_filled)
        blank = bool(forms) and all(is_blank(form) for form in forms)
        if not blank:  # the notice's file holds both forms: who fills in one leaves the other empty
            forms = tuple(form for form in forms if not is_blank(form) or _from_pixels(form))
        papers = read_papers(document, self.survey)
        content = _Content(document.method, document.pages, document.text, forms, blank, papers, document.embedded,
                           document.notes)  # fmt: skip
        if not forms and not papers and file.kind in PICTURES and is_illegible(document, file):
            return replace(content, problem="unreadable", detail="图片中未能辨认出文字，可能模糊、过暗或拍摄不全")
        return content


def _from_pixels(form: Form) -> bool:
    """Whether a form that seems empty may only not have been made out."""
    return any("ocr" in field.method for field in form.fields)


def _reading(file: File, sha256: str, content: _Content) -> FileReading:
    return FileReading(
        filename=file.filename,
        media_type=file.media_type,
        size=file.size,
        sha256=sha256 if file.data or file.problem == "empty" else None,
        parent=file.parent,
        inline=file.inline,
        role=_role(file, content),
        problem=content.problem,
        problem_detail=content.detail or file.problem_detail,
        method=content.method,
        pages=content.pages,
        text=content.text[:MAX_TEXT],
        forms=content.forms,
        papers=content.papers,
    )


def _role(file: File, content: _Content) -> str:
    """A file bears its form's role, else that of its first paper (DATA.md)."""
    if content.forms and not content.blank:
        kinds = [form.kind for form in content.forms if form.kind]
        return kinds[0] if kinds else "other"
    if content.papers:
        return content.papers[0].kind
    if content.blank:
        return "blank_form"
    return "container" if file.kind in CONTAINERS else "other"


def _breaks_promise(file: File) -> bool:
    """Whether the name promises a format that the bytes are not; text that is named .doc can be read all the same."""
    extension = extension_of(file.filename)
    return extension in PROMISES and (file.kind == "unknown" or (file.kind in _TEXTS and extension not in _TEXT_AS))


def _plain(file: File) -> str:
    from intake.reading.html_text import html_to_text

    text, _ = decode_text(beginning(file.data, MAX_BYTES))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return html_to_text(text) if file.kind == "html" else text


def embedded_file(item: Embedded, parent: int | None, counts: dict[str, int]) -> File:
    """A picture or file inside a document as a file of the mail."""
    kind = kind_of(item.data, item.filename, item.media_type)
    name = safe_name(item.filename) or unnamed(kind, item.media_type, counts)
    problem = "empty" if kind == "empty" else "unsupported" if kind in CONTAINERS else None
    detail = "文档内嵌入的文件暂不能自动读取" if problem == "unsupported" else None
    return File(name, media_type_of(kind, item.media_type), item.data, kind, parent, True, _EMBEDDED, problem, detail,
                size=len(item.data))  # fmt: skip


#: content_id of pictures that come out of documents
_EMBEDDED = "embedded"


def _is_embedded(file: File) -> bool:
    return file.content_id == _EMBEDDED and file.inline


def _filled(forms: tuple[Form, ...]) -> int:
    return sum(1 for form in forms for field in form.fields if field.value not in (None, "", ()))


def without_repeats(body_forms: tuple[Form, ...], readings: Sequence[FileReading]) -> tuple[Form, ...]:
    """The forms of the body that do not stand, value for value, in an attached file too."""
    attached = [_values(form) for reading in readings for form in reading.forms]
    return tuple(form for form in body_forms if not any(_values(form) <= values for values in attached))


def _values(form: Form) -> frozenset:
    return frozenset((field.name, field.value) for field in form.fields if field.value not in (None, "", ()))
