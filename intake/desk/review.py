"""`intake review`: everything that waits for a person's decision, with its reasons and the evidence for each.

Numbers of persons are masked, also in the JSON; of an address only its first letters and its domain can be read.
"""

import json
from dataclasses import asdict, dataclass

from intake.office import words
from intake.office.attention import masked_address, short, when
from intake.office.story import masked_field, shown_number
from rules.mandatory import FIELD_CONFIDENCE
from rules.survey import Survey
from rules.topic import number_pattern
from rules.typography import typeset
from rules.values import mask_personal
from store import overview
from store.database import Database, rows


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was read, or could not be."""

    #: `field`, `paper` or `file`
    sort: str
    #: row in `accounts` (field) or `attachments`
    id: int | None
    #: what it is, in Chinese
    what: str
    #: what was read, masked
    value: str
    #: 0..1, or None
    confidence: float | None
    #: where it was read, and what is wrong with it
    remark: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission that a person must look at."""

    number: str
    registrant: str | None
    category: str
    status: str
    contact: str
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of which nobody knows surely whose it is, or that could not be processed."""

    id: int
    received_at: str
    sender: str
    subject: str
    reasons: tuple[str, ...]
    #: 登记编号 that it may belong to
    candidates: tuple[str, ...]
    files: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """The whole list."""

    submissions: tuple[Submission, ...]
    messages: tuple[Mail, ...]
    failed: tuple[Mail, ...]

    def as_json(self) -> dict:
        return {name: [asdict(one) for one in getattr(self, name)] for name in ("submissions", "messages", "failed")}


def gather(database: Database, survey: Survey) -> Review:
    """What waits, the oldest first; of the submissions those first in which nothing is surely missing."""
    found = rows(database, "SELECT * FROM submissions WHERE status <> 'withdrawn' AND (status = 'review' OR "
                 "review_reasons <> '[]') ORDER BY status <> 'review', opened_at, id")
    return Review(tuple(_submission(database, survey, row) for row in found), _mails(database, survey),
                  tuple(_mail(database, survey, row, (row["error"] or "未写明原因",), ()) for row in overview.failed_messages(database)))


def as_text(review: Review, survey: Survey) -> str:
    """The list for people, with the command that decides each sort."""
    blocks = [_submission_text(one, survey) for one in review.submissions]
    blocks += [_mail_text(one, "来信待归入登记", f"intake assign {one.id} 登记编号(或 new),不必归入的 intake clear "
                          f"--message {one.id}") for one in review.messages]
    blocks += [_mail_text(one, "来信未能处理", f"intake retry {one.id}") for one in review.failed]
    if not blocks:
        return "没有需要人工核验的事项。\n"
    return "\n\n".join(blocks) + "\n"


def _submission(database: Database, survey: Survey, row: dict) -> Submission:
    return Submission(
        number=row["number"], registrant=mask_personal(row["registrant"]) if row["registrant"] else None,
        category=row["category"], status=row["status"], contact=masked_address(row["contact_address"]),
        missing=tuple(json.loads(row["missing"])),
        reasons=tuple(mask_personal(reason) for reason in json.loads(row["review_reasons"])),
        evidence=(*_fields(database, survey, row["id"]), *_papers(database, row["id"]), *_unread(database, survey, row["id"])))


def _fields(database: Database, survey: Survey, submission_id: int) -> list[Evidence]:
    """Fields that are wrong or hardly legible, and those that tell who and what: name, registrant, head."""
    labels = {rule.name: rule.label for rule in survey.fields}
    telling = {"name", *(category.registrant_field for category in survey.categories),
               *(d.holder_field for category in survey.categories for d in category.demands)}
    found = []
    for account in overview.accounts_of(database, submission_id):
        for field in overview.fields_of(database, account["id"]):
            dim = field["confidence"] is not None and field["confidence"] < FIELD_CONFIDENCE
            if field["name"] in labels and (dim or not field["valid"] or field["name"] in telling):
                remark = "、".join(filter(None, (field["filename"], field["location"], field["complaint"])))
                found.append(Evidence("field", account["id"], labels[field["name"]],
                                      masked_field(field["name"], field["value"] or field["raw"]),
                                      field["confidence"], mask_personal(remark)))
    return found


def _papers(database: Database, submission_id: int) -> list[Evidence]:
    found = []
    for row in overview.papers_of(database, submission_id):
        number = row["number"] and (shown_number(row["kind"], row["number"]))
        value = "、".join(filter(None, (row["holder"], number))) or "未读出"
        remark = "、".join(filter(None, (row["filename"], row["location"], *json.loads(row["doubts"]))))
        found.append(Evidence("paper", row["attachment_id"], row["title"], mask_personal(value) if not number else value,
                              row["confidence"], mask_personal(remark)))
    return found


def _unread(database: Database, survey: Survey, submission_id: int) -> list[Evidence]:
    return [_file(row, survey) for row in rows(
        database, "SELECT a.* FROM unread_files u JOIN attachments a ON a.id = u.attachment_id WHERE u.submission_id = ? "
        "AND u.open = 1 ORDER BY a.id", [submission_id])]


def _file(row: dict, survey: Survey) -> Evidence:
    problem = words.word(words.PROBLEMS, row["problem"]) if row["problem"] else words.word(words.roles(survey), row["role"])
    remark = f"{problem},{row['problem_detail']}" if row["problem_detail"] else problem
    return Evidence("file", row["id"], "附件", mask_personal(row["filename"] or "（无文件名）"), None, mask_personal(remark))


def _mails(database: Database, survey: Survey) -> tuple[Mail, ...]:
    """Doubts about mails that stand in no submission."""
    found = rows(database, "SELECT m.*, json_group_array(d.sentence) AS sentences FROM doubts d JOIN messages m ON m.id = "
                 "d.message_id WHERE d.submission_id IS NULL AND d.resolved_at IS NULL GROUP BY m.id ORDER BY "
                 "m.received_at, m.id")
    mails = []
    for row in found:
        sentences = tuple(dict.fromkeys(json.loads(row["sentences"])))
        numbers = tuple(dict.fromkeys(number for text in sentences for number in number_pattern(survey).findall(text)))
        mails.append(_mail(database, survey, row, sentences, numbers))
    return tuple(mails)


def _mail(database: Database, survey: Survey, row: dict, reasons: tuple[str, ...], candidates: tuple[str, ...]) -> Mail:
    return Mail(row["id"], row["received_at"], masked_address(row["from_address"]), short(row["subject"], 60),
                tuple(mask_personal(reason) for reason in reasons), candidates,
                tuple(_file(file, survey) for file in overview.files_of(database, row["id"])))


def _submission_text(one: Submission, survey: Survey) -> str:
    standing = ",".join((words.word(words.categories(survey), one.category), words.word(words.STATUSES, one.status), one.contact))
    lines = [f"{one.number} {one.registrant or '(申报人未能判定)'}({standing})"]
    lines += [f"  · {reason}" for reason in one.reasons]
    if one.missing:
        lines.append(f"  尚缺：{'、'.join(words.missing_word(survey, code) for code in one.missing)}")
    return "\n".join(typeset(line) for line in [*lines, *(_evidence_line(piece, survey.item.noun) for piece in one.evidence)])


def _evidence_line(one: Evidence, noun: str) -> str:
    place = {"field": f"{noun} {one.id}", "paper": f"附件 {one.id}", "file": f"附件 {one.id}"}[one.sort]
    sure = f"，把握 {one.confidence:.0%}" if one.confidence is not None else ""
    return f"    {place} {one.what}:{one.value}({one.remark or '—'}{sure})"


def _mail_text(one: Mail, title: str, advice: str) -> str:
    lines = [f"来信 {one.id} {title}({when(one.received_at)}，{one.sender}):{one.subject or '(无主题)'}"]
    lines += [f"  · {reason}" for reason in one.reasons]
    lines += [f"  可能属于：{'、'.join(one.candidates)}"] if one.candidates else []
    lines += [_evidence_line(file, "") for file in one.files]
    return "\n".join(typeset(line) for line in [*lines, f"  处理：{advice}"])
