"""An answer as values: what the pipeline gives to the reply texts, and what comes back."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rules.message import Message
from rules.reading import VOLUME, FileReading, Form
from rules.submission import Account, Judgement, UnreadFile

#: DATA.md's replies.kind, as far as an answer to a mail goes (a `confirmation` answers the paper form, a `reminder`
#: nothing, and neither does `urging`, the letter to a liaison, which is kept as a `reminder` of no submission)
ANSWER_KINDS = ("acknowledgement", "missing_materials", "receipt", "guidance")


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What a reply says of the mail that it answers."""

    subject: str | None
    from_name: str | None
    #: when it was received, aware
    received_at: datetime
    #: when it is answered, where that is much later (a person's decision), aware
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """One file that somebody sent, and what came of it."""

    filename: str
    #: one of `rules.reading.ROLES`
    role: str = "other"
    #: one of `rules.reading.PROBLEMS`, or None
    problem: str | None = None
    #: titles of the identity documents read in it, e.g. 营业执照; an ID card with its side: 居民身份证(人像面)
    titles: tuple[str, ...] = ()
    #: names of the accounts whose forms stand in it
    accounts: tuple[str, ...] = ()
    sha256: str | None = None
    #: a part of an archive in several volumes
    is_volume: bool = False


@dataclass(frozen=True, slots=True)
class SubmissionOutcome:
    """What one mail did to one submission."""

    #: 登记编号
    number: str
    judgement: Judgement
    #: every account of the registrant as it stands now
    accounts: tuple[Account, ...] = ()
    #: the files of this mail that belong to the submission
    files: tuple[FileOutcome, ...] = ()
    #: files of the submission that still could not be read, of this mail or of an earlier one
    unread: tuple[FileOutcome, ...] = ()
    #: whether this mail opened it
    opened: bool = False
    #: row of `submissions`; says nothing in a reply
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, ready to be composed."""

    #: one of ANSWER_KINDS
    kind: str
    subject: str
    text: str
    html: str
    #: blank forms to attach, absolute paths
    attach_blank_forms: tuple[Path, ...]
    #: hash of what the reply tells, free of time; an answer with an equal key would say the same again
    content_key: str
    #: (登记编号, content key of that submission alone): what `submissions.answered_key` keeps
    submission_keys: tuple[tuple[str, str], ...] = ()
    #: the names under which people receive them; empty: the files' own names
    blank_form_names: tuple[str, ...] = ()


def mail_facts(message: Message, received_at: datetime, answered_at: datetime | None = None) -> MailFacts:
    """What a reply says of `message`."""
    return MailFacts(message.subject, message.from_name, received_at, answered_at)


def file_outcomes(files: Iterable[FileReading]) -> tuple[FileOutcome, ...]:
    """The files worth naming in a reply: containers that opened and pictures of no meaning are left out."""
    return tuple(_file_outcome(file) for file in files if _worth_naming(file))


def unread_outcomes(files: Iterable[UnreadFile]) -> tuple[FileOutcome, ...]:
    """The files of a submission that still could not be read."""
    return tuple(FileOutcome(file.filename, problem=file.problem, sha256=file.sha256, is_volume=file.detail == VOLUME)
                 for file in files if file.open)  # fmt: skip


def body_outcome(forms: Iterable[Form]) -> tuple[FileOutcome, ...]:
    """Forms that were typed into the mail itself, as if they were a file (its name is the empty string)."""
    forms = tuple(forms)
    kind = next((form.kind for form in forms if form.kind), "other")
    return (FileOutcome("", kind, accounts=_names(forms)),) if forms else ()


def submission_key(outcome: SubmissionOutcome) -> str:
    """Hash of what a reply about this submission tells.

    What is missing, what was accepted, the accounts, what could not be read; neither time nor names of files.
    """
    judgement = outcome.judgement
    return _hash([
        outcome.number, judgement.status, judgement.category, judgement.registrant, judgement.on_time,
        [[missing.code, missing.why] for missing in judgement.missing],
        # by their text: an absent holder or value cannot be compared with a present one
        sorted(([m.kind, m.holder, m.number] for m in judgement.materials if m.accepted), key=repr),
        sorted(([[f.name, f.value, f.valid] for f in account.fields] for account in outcome.accounts), key=repr),
        _unread_key(outcome.unread),
    ])


def content_key(kind: str, outcomes: Iterable[SubmissionOutcome], unread: Iterable[FileOutcome]) -> str:
    """Hash of what the whole reply tells."""
    return _hash([kind, sorted(submission_key(outcome) for outcome in outcomes), _unread_key(unread)])


def _unread_key(files: Iterable[FileOutcome]) -> list:
    # a file that was sent again and is still broken is news to its sender, unless its bytes are the same
    return sorted({(file.problem or file.role, file.sha256 or file.filename or "") for file in files})


def _hash(value: object) -> str:
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _worth_naming(file: FileReading) -> bool:
    if file.problem or file.role not in ("other", "container"):
        return True
    return file.role == "other" and not file.inline


def _file_outcome(file: FileReading) -> FileOutcome:
    titles = tuple(dict.fromkeys(_title(paper.title, paper.side) for paper in file.papers))
    return FileOutcome(file.filename, file.role, file.problem, titles, _names(file.forms), file.sha256,
                       file.problem_detail == VOLUME)  # fmt: skip


def _title(title: str, side: str | None) -> str:
    sides = {"front": "人像面", "back": "国徽面", "both": "正反面"}
    return f"{title}\uff08{sides[side]}\uff09" if side in sides else title


def _names(forms: Iterable[Form]) -> tuple[str, ...]:
    return tuple(str(form.value("name")) for form in forms if form.value("name"))
