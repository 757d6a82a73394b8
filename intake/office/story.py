"""The whole story of one submission or one mail as values: what `show` prints and the pages of the site draw.

Everything is in the office's words, and numbers of persons are masked unless `full` is asked for.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from intake.office import words
from intake.office.nearby import Lines, nearby
from intake.office.words import word
from rules.accounts import HUMAN
from rules.decisions import Decision
from rules.survey import Survey
from rules.typography import typeset
from rules.values import mask_id, mask_personal
from store import overview
from store.database import Database
from store.decisions import decisions_of, family_of


@dataclass(frozen=True, slots=True)
class FileTold:
    """One file of a mail."""

    id: int
    #: 0 for a file of the mail itself, 1 for one in an archive …
    depth: int
    filename: str
    role: str
    role_word: str
    problem: str | None
    problem_detail: str
    method: str | None
    pages: int | None
    size: int | None
    media_type: str | None
    has_bytes: bool


@dataclass(frozen=True, slots=True)
class MailTold:
    """One mail, with the files in it."""

    id: int
    subject: str
    received_at: str
    sender: str
    kind: str
    state: str
    state_code: str
    attempts: int
    error: str
    duplicate_of: int | None
    #: why no answer went out, or None where one did
    silence: str | None
    #: why it belongs to the submission
    why: str | None
    files: tuple[FileTold, ...]
    text: str


@dataclass(frozen=True, slots=True)
class FieldTold:
    """One field of an account, with where it was read."""

    id: int
    name: str
    label: str
    value: str
    #: as it stands in the original; None where that is the same
    raw: str | None
    valid: bool
    complaint: str
    location: str
    method: str | None
    confidence: float | None
    attachment_id: int | None
    filename: str
    #: the lines of the original around it, as far as its text is kept: (whether it is the line itself, text)
    context: tuple[tuple[bool, str], ...]
    #: a person of the office wrote or confirmed it: (who, when, why)
    by: tuple[str, str, str] | None


@dataclass(frozen=True, slots=True)
class AccountTold:
    """One account."""

    id: int
    name: str
    platform: str
    filename: str
    attachment_id: int | None
    form_kind: str | None
    fields: tuple[FieldTold, ...]


@dataclass(frozen=True, slots=True)
class PaperTold:
    """A material as it was judged, or (`accepted` None) an identity document as it was read."""

    kind: str
    title: str
    accepted: bool | None
    filename: str
    attachment_id: int | None
    holder: str
    number: str
    #: the verdict's reason
    reason: str
    confidence: float | None = None
    evidence: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    #: a registration form and no document
    is_form: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Something that somebody did, or asked about: a doubt, a decision, a change, an event."""

    at: str
    actor: str
    what: str
    said: str
    why: str = ""
    message_id: int | None = None
    #: of a doubt: (when, who) settled it
    settled: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ReplyTold:
    """One mail of ours."""

    id: int
    kind: str
    state: str
    state_code: str
    #: why it does not go out, or the server's refusal
    why: str
    to: str
    at: str
    subject: str
    message_id: int | None
    body: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one submission."""

    id: int
    number: str
    registrant: str
    category: str
    category_word: str
    because: tuple[str, ...]
    status: str
    status_word: str
    uscc: str | None
    id_number: str
    timely: str
    deadline: str | None
    contact: str
    opened_at: str
    updated_at: str
    paper_at: str
    #: 登记编号 of the submission that it was joined with
    merged_into: str | None
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    mails: tuple[MailTold, ...]
    accounts: tuple[AccountTold, ...]
    materials: tuple[PaperTold, ...]
    papers: tuple[PaperTold, ...]
    doubts: tuple[Told, ...]
    decisions: tuple[Told, ...]
    replies: tuple[ReplyTold, ...]
    changes: tuple[Told, ...]
    events: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class MailStory:
    """Everything about one mail."""

    mail: MailTold
    #: (登记编号, registrant, status, why)
    submissions: tuple[tuple[str, str, str, str], ...]
    doubts: tuple[Told, ...]
    replies: tuple[ReplyTold, ...]
    events: tuple[Told, ...]


def tell_submission(database: Database, number: str, survey: Survey | None = None, full: bool = False) -> Story | None:
    """Everything about the submission of that 登记编号 (any case); None where there is none."""
    found = overview.submission(database, number)
    return _Teller(database, survey, full).submission(found) if found else None


def tell_message(database: Database, message_id: int, survey: Survey | None = None, full: bool = False) -> MailStory | None:
    """Everything about one mail; None where there is none."""
    row = overview.message(database, message_id)
    if row is None:
        return None
    teller = _Teller(database, survey, full)
    opened = tuple((one["number"], teller.text(one["registrant"]), word(words.STATUSES, one["status"]),
                    teller.text(word(words.WHY, one["why"]))) for one in overview.submissions_of(database, message_id))
    return MailStory(teller.mail(row), opened, teller.doubts(overview.doubts_of(database, None, message_id)),
                     teller.replies(overview.replies_of(database, None, message_id)),
                     teller.events(overview.events_of(database, None, [message_id])))


def tell_reply(row: dict, full: bool = False) -> ReplyTold:
    """One row of `replies`."""
    text = _plain if full else masked_text
    return ReplyTold(row["id"], word(words.REPLY_KINDS, row["kind"]), word(words.REPLY_STATES, row["state"]), row["state"],
                     text(row["last_error"] or row["reason"]), text(row["to_address"]),
                     clock(row["sent_at"] or row["created_at"]), text(row["subject"]), row["message_id"], text(row["body"]))


def masked_text(value) -> str:
    """Any text with the numbers of persons masked; '' for nothing."""
    return "" if value is None else mask_personal(str(value))


def _plain(value) -> str:
    return "" if value is None else str(value)


def clock(value: str | None) -> str:
    """A time of the database to the minute."""
    return value[:16].replace("T", " ") if value else "—"


def masked_field(name: str, value, kind: str = "") -> str:
    """A value of the column `name` as it may stand on a screen."""
    if value is None or value == "":
        return "（空）"
    # the survey names its fields so (rules.survey_file)
    if name.endswith("id_number"):
        return mask_id(str(value))
    text = _worded(name, mask_personal(str(value)), kind)
    if name.endswith("_phone") and text == str(value) and len(text) >= 7:
        # not a number that mask_personal knows: one digit too many or too few
        return f"{text[:3]}****{text[-2:]}"
    return text


def _full_field(name: str, value, kind: str) -> str:
    return "（空）" if value is None or value == "" else _worded(name, str(value), kind)


def shown_number(kind: str, number: str) -> str:
    """A number read from a document of that kind: a person's is masked, that of a certificate or an invoice is not."""
    return mask_id(number) if "id_card" in kind else number if kind == "org_certificate" else mask_personal(number)


def _worded(name: str, value: str, kind: str) -> str:
    if name == "news_license" or kind == "yes_no":
        return words.YES_NO.get({"0": 0, "1": 1}.get(value), value)
    return "、".join(str(one) for one in listed(value)) if name in ("scope", "formats") or kind == "options" else value


def listed(text: str | None) -> list:
    """A JSON list of the database; what is none is a list of one."""
    try:
        value = json.loads(text or "[]")
    except ValueError:
        return [text]
    return value if isinstance(value, list) else [value]


class _Teller:
    """Gathers with one database, one survey and one way of masking."""

    def __init__(self, database: Database, survey: Survey | None, full: bool):
        self.database, self.survey, self.full = database, survey, full
        self.text: Callable[[object], str] = _plain if full else masked_text
        self.kinds = {rule.name: rule.kind for rule in survey.fields} if survey else {}
        self.labels = ({rule.name: rule.label for rule in survey.fields} if survey else {}) | {"platform": "平台"}

    def field_text(self, name: str, value) -> str:
        """A value of a form's field in words."""
        return (_full_field if self.full else masked_field)(name, value, self.kinds.get(name, ""))

    def submission(self, row: dict) -> Story:
        rows = overview.messages_of(self.database, row["id"])
        mails = tuple(self.mail(mail) for mail in rows)
        decided = decisions_of(self.database, row["id"])
        about = {reply["id"]: reply for one in family_of(self.database, row["id"])  # also of those joined with this one
                 for reply in overview.replies_of(self.database, one)}
        merged = row["merged_into"] is not None
        return Story(
            id=row["id"], number=row["number"], registrant=self.text(row["registrant"]), category=row["category"],
            category_word=word(words.categories(self.survey), row["category"]),
            because=tuple(self.text(one).rstrip("。；") for one in listed(row["category_evidence"])),
            status=row["status"], status_word=word(words.STATUSES, row["status"]), uscc=row["uscc"],
            id_number=self._number("id_card", row["id_number"]) if row["id_number"] else "",
            timely=words.TIMELINESS[{1: "on_time", 0: "late"}.get(row["on_time"], "unknown")], deadline=row["deadline"],
            contact=self.text(row["contact_address"]), opened_at=clock(row["opened_at"]),
            updated_at=clock(row["updated_at"]), paper_at=clock(row["paper_received_at"]),
            merged_into=overview.number_of(self.database, row["merged_into"]) if merged else None,
            missing=tuple(self.text(words.missing_word(self.survey, code) if self.survey else code)
                          for code in listed(row["missing"])),
            reasons=tuple(self.text(reason) for reason in listed(row["review_reasons"])), mails=mails,
            accounts=self._accounts(row["id"], rows, decided), materials=self._materials(row["id"]),
            papers=self._papers(row["id"]), doubts=self.doubts(overview.doubts_of(self.database, row["id"])),
            decisions=tuple(map(self._decision, decided)),
            replies=self.replies([about[key] for key in sorted(about)]), changes=self._changes(row["id"]),
            events=self.events(overview.events_of(self.database, row["id"], [mail.id for mail in mails])))

    def mail(self, row: dict) -> MailTold:
        answered = overview.replies_of(self.database, None, row["id"])
        silence = None
        if all(reply["state"] == "suppressed" for reply in answered):
            silence = word(words.SILENCES, row["silence"]) if row["silence"] else "未记录原因"
        why = row.get("why")
        return MailTold(
            row["id"], self.text(row["subject"]), clock(row["received_at"]),
            f"{self.text(row['from_name'])} <{self.text(row['from_address'])}>".strip(),
            word(words.MAIL_KINDS, row["kind"]), word(words.MESSAGE_STATES, row["state"]), row["state"], row["attempts"],
            self.text(row["error"]), row["duplicate_of"], silence,
            self.text(word(words.WHY, why)) if why is not None else None, self._files(row["id"]), self.text(row["text"]))

    def _files(self, message_id: int) -> tuple[FileTold, ...]:
        depth: dict[int | None, int] = {None: -1}
        told = []
        for row in overview.files_of(self.database, message_id):
            depth[row["id"]] = depth.get(row["parent_id"], 0) + 1
            told.append(FileTold(
                row["id"], depth[row["id"]], self.text(row["filename"]), row["role"], word(words.roles(self.survey), row["role"]),
                word(words.PROBLEMS, row["problem"]) if row["problem"] else None, self.text(row["problem_detail"]),
                row["method"], row["pages"], row["size"], row["media_type"],
                row["sha256"] is not None and row["problem"] not in ("remote", "empty")))
        return tuple(told)

    def _accounts(self, submission_id: int, mails: list[dict], decided: tuple[Decision, ...]) -> tuple[AccountTold, ...]:
        texts = overview.texts_of(self.database, submission_id)
        bodies = {mail["id"]: mail["text"] for mail in mails}
        told = []
        for row in overview.accounts_of(self.database, submission_id):
            hands = {one.name: one for one in decided if one.kind == "correct" and one.account_id == row["id"]}
            stored = overview.fields_of(self.database, row["id"])
            contexts = self._contexts(row, stored, texts, bodies.get(row["message_id"]) or "")
            fields = tuple(self._field(field, context, hands.get(field["name"]))
                           for field, context in zip(stored, contexts, strict=True))
            told.append(AccountTold(row["id"], self.text(row["name"]), self.text(row["platform"]),
                                    self.text(row["filename"]), row["attachment_id"], row["form_kind"], fields))
        return tuple(told)

    def _contexts(self, account: dict, fields: list[dict], texts: dict[int, str], body: str) -> list[Lines]:
        """The lines around each field, in the words of the file or the mail that it was read from."""
        found: dict[int, Lines] = {}
        originals: dict[str, list[dict]] = {}
        for field in fields:
            original = texts.get(field["attachment_id"] or account["attachment_id"]) or body
            if field["method"] != HUMAN:
                originals.setdefault(original, []).append(field)
        for original, read in originals.items():
            told = nearby(original, [(self.labels.get(field["name"], field["name"]), field["raw"]) for field in read])
            found |= {field["id"]: lines for field, lines in zip(read, told, strict=True)}
        return [found.get(field["id"], ()) for field in fields]

    def _field(self, row: dict, context: Lines, hand: Decision | None) -> FieldTold:
        value, raw = self.field_text(row["name"], row["value"]), self.field_text(row["name"], row["raw"])
        by = (actor_word(hand.actor), clock(hand.at.isoformat()), self.text(hand.why)) if hand else None
        return FieldTold(
            row["id"], row["name"], self.labels.get(row["name"], row["name"]), value,
            raw if raw != value and row["raw"] else None, bool(row["valid"]), self.text(typeset(row["complaint"] or "")),
            self.text(row["location"]), row["method"], row["confidence"], row["attachment_id"], self.text(row["filename"]),
            tuple((own, self.text(line)) for own, line in context), by)

    def _materials(self, submission_id: int) -> tuple[PaperTold, ...]:
        forms = {category.form for category in self.survey.categories} if self.survey else set()
        return tuple(PaperTold(
            row["kind"], word(words.roles(self.survey), row["kind"]), bool(row["accepted"]), self.text(row["filename"]),
            row["attachment_id"], self.text(row["holder"]), self._number(row["kind"], row["number"]) if row["number"] else "",
            self.text(row["reason"]), is_form=row["kind"] in forms) for row in overview.materials_of(self.database, submission_id))

    def _papers(self, submission_id: int) -> tuple[PaperTold, ...]:
        return tuple(PaperTold(
            row["kind"], self.text(row["title"]), None, self.text(row["filename"]), row["attachment_id"],
            self.text(row["holder"]), self._number(row["kind"], row["number"]) if row["number"] else "号码未读出", "",
            row["confidence"], tuple(self.text(one) for one in listed(row["evidence"])),
            tuple(self.text(one) for one in listed(row["doubts"])))
            for row in overview.papers_of(self.database, submission_id))

    def _number(self, kind: str, number: str) -> str:
        return number if self.full else shown_number(kind, number)

    def doubts(self, rows: list[dict]) -> tuple[Told, ...]:
        return tuple(Told(clock(row["created_at"]), "系统", "待核实", self.text(row["sentence"]),
                          message_id=row["message_id"],
                          settled=(clock(row["resolved_at"]), actor_word(row["resolved_by"])) if row["resolved_at"] else None)
                     for row in rows)

    def _decision(self, one: Decision) -> Told:
        return Told(clock(one.at.isoformat()), actor_word(one.actor), word(words.DECISIONS, one.kind),
                    self._decided(one) if one.name or one.value else "", self.text(one.why))

    def _decided(self, one: Decision) -> str:
        """What was decided, in a few words."""
        value = one.value
        if one.kind == "correct":
            label = self.labels.get(one.name, one.name)
            old, new = (self.field_text(one.name, _flat(value.get(key))) for key in ("was", "value"))
            return f"{label} {old} → {new}" if old != new else f"{label} {new}"
        if one.kind in ("accept", "reject"):
            return f"{word(words.roles(self.survey), one.name)}（{self.text(one.anchor.get('filename')) or '当面核验'}）"
        if value.get("undone"):
            return "撤销"
        said = value.get("text") or value.get("number") or value.get("day") or word(words.categories(self.survey), value.get("category"))
        return "" if one.kind in ("clear", "account") else self.text(said)

    def replies(self, rows: list[dict]) -> tuple[ReplyTold, ...]:
        return tuple(tell_reply(row, self.full) for row in rows)

    def _changes(self, submission_id: int) -> tuple[Told, ...]:
        return tuple(Told(
            clock(row["at"]), actor_word(row["actor"]),
            f"{self.text(row['account'])} {self.labels.get(row['name'], row['name'])}",
            f"{self.field_text(row['name'], row['old_value'])} → {self.field_text(row['name'], row['new_value'])}",
            message_id=row["message_id"]) for row in overview.history_of(self.database, submission_id))

    def events(self, rows: list[dict]) -> tuple[Told, ...]:
        return tuple(Told(clock(row["at"]), actor_word(row["actor"]), word(words.ACTIONS, row["action"]),
                          self.text(row["detail"]), message_id=row["message_id"]) for row in rows)


def actor_word(actor: str | None) -> str:
    """Who did it, as people are named."""
    return "系统" if actor == "daemon" else masked_text(actor)


def _flat(value):
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else int(value) if isinstance(value, bool) \
        else value  # fmt: skip
