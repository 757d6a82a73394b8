"""What reading one mail brought: its files, what each was taken for, and what each says."""

from dataclasses import dataclass

from rules.message import Message

#: DATA.md's attachments.role, beside the codes of the survey's forms and of its own documents
ROLES = ("blank_form", "id_card", "org_certificate", "container", "other")
#: DATA.md's attachments.problem
PROBLEMS = ("empty", "encrypted", "corrupt", "too_large", "unsupported", "unreadable", "remote")
#: problem_detail of a part of an archive in several volumes: the answer says how to send it in one
VOLUME = "这是分卷压缩包的一部分，缺少其余部分无法打开"


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field of a form, with where it was read."""

    #: a column of DATA.md's `accounts`
    name: str
    #: normalised: text, int, bool, or a tuple of options; as written where it cannot be normalised; None when empty
    value: str | int | bool | tuple[str, ...] | None
    #: as written; '' when the cell is empty
    raw: str
    #: False when the value breaks a rule (checksum, length, date that does not exist)
    valid: bool = True
    #: a plain Chinese half-sentence saying what is wrong with it; None when valid
    complaint: str | None = None
    #: e.g. `第1页 表1 第3行 第2列`, `邮件正文第4行`
    location: str | None = None
    #: the reader's method
    method: str = "text"
    #: 0..1
    confidence: float = 1.0
    #: row in `attachments` it was read from, where that is not the account's own (an older form's value that was kept)
    attachment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """One filled registration form: one thing that is registered, e.g. an account."""

    #: code of a category's form, or None where form and fields do not tell
    kind: str | None
    fields: tuple[FieldValue, ...]
    #: why this kind: the title, or fields that only it has, in plain Chinese
    evidence: tuple[str, ...] = ()

    def get(self, name: str) -> FieldValue | None:
        """The field of that name, or None where the form has no such label."""
        return next((field for field in self.fields if field.name == name), None)

    def value(self, name: str):
        """The normalised value of that field if it is valid, else None."""
        found = self.get(name)
        return found.value if found and found.valid else None


@dataclass(frozen=True, slots=True)
class Paper:
    """An identity document, or another that the survey demands, recognised in a file by what was read from it."""

    #: `id_card`, `org_certificate` or one of the survey's own kinds
    kind: str
    #: for an ID card `front`, `back` or `both`; None for a certificate
    side: str | None
    #: the document's own title, e.g. `居民身份证`, `统一社会信用代码证书`
    title: str
    #: name read from it: the person, or the unit
    holder: str | None
    #: valid number read from it (18-character ID number, credit code, or organisation code `XXXXXXXX-X`), else None;
    #: on a document of the survey's own kind the number as it stands there
    number: str | None
    #: responsible person named on a certificate
    principal: str | None = None
    #: last day of validity `YYYY-MM-DD`, `长期`, or None where not read
    valid_until: str | None = None
    #: 0..1, of the weakest of holder and number
    confidence: float = 1.0
    #: what spoke for it, in plain Chinese
    evidence: tuple[str, ...] = ()
    #: doubts a person must look at, plain Chinese sentences; not accepted as proof while there is any
    doubts: tuple[str, ...] = ()
    #: e.g. `第1页`
    location: str | None = None


@dataclass(frozen=True, slots=True)
class FileReading:
    """One file found in a mail, in an archive, or in a document, and what it was taken for."""

    filename: str
    media_type: str
    size: int
    #: None for a cloud attachment, of which we hold no bytes
    sha256: str | None
    #: index of the file that contains it in `Reading.files`, or None
    parent: int | None = None
    #: True for a picture shown inside the mail's text (signature logo, pasted scan)
    inline: bool = False
    #: one of ROLES, or a code of the survey
    role: str = "other"
    #: one of PROBLEMS, or None
    problem: str | None = None
    #: more about the problem, plain Chinese, without personal data
    problem_detail: str | None = None
    method: str | None = None
    pages: int | None = None
    #: searchable text
    text: str = ""
    forms: tuple[Form, ...] = ()
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything read from one mail."""

    message: Message
    files: tuple[FileReading, ...] = ()
    #: forms typed into the mail body
    body_forms: tuple[Form, ...] = ()
