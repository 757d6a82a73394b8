"""A submission as values: what the store knows of it, and what the rules conclude."""

from dataclasses import dataclass, field
from datetime import date, datetime

from rules.reading import FieldValue, Paper

#: DATA.md's submissions.category and .status
CATEGORIES = ("unit", "individual", "unknown")
STATUSES = ("incomplete", "review", "complete", "registered", "withdrawn")


@dataclass(frozen=True, slots=True)
class Account:
    """One new-media account of a registrant, as its newest form says."""

    #: `unit_form`, `individual_form` or None: the kind of the form it was read from
    form_kind: str | None
    fields: tuple[FieldValue, ...]
    #: row in `accounts`; None while it is not stored
    id: int | None = None
    #: row in `attachments`, or an index into the reading while not stored (see `Evidence.file`)
    attachment_id: int | None = None
    evidence: tuple[str, ...] = ()

    def get(self, name: str) -> FieldValue | None:
        return next((f for f in self.fields if f.name == name), None)

    def value(self, name: str):
        """The normalised value if valid, else None."""
        found = self.get(name)
        return found.value if found and found.valid else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person of the office decided about one document."""

    accepted: bool
    actor: str
    #: the person's own words; those of a refusal are told to the registrant
    why: str | None = None


@dataclass(frozen=True, slots=True)
class HeldPaper:
    """An identity document that was handed in, with the attachment that holds it."""

    paper: Paper
    attachment_id: int | None
    filename: str
    sha256: str | None = None
    #: a person's word on it, which stands over everything that was read
    verdict: Verdict | None = None

    @property
    def counts(self) -> bool:
        """False for a document that a person has refused: what it says is no evidence of anything."""
        return self.verdict is None or self.verdict.accepted


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file of the submission that could not be read."""

    filename: str
    #: one of `rules.reading.PROBLEMS`
    problem: str
    attachment_id: int | None = None
    detail: str | None = None
    #: False when later mail has brought everything that it could have been
    open: bool = True
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that one registrant has handed in so far: what `judge` is given."""

    accounts: tuple[Account, ...] = ()
    papers: tuple[HeldPaper, ...] = ()
    unread: tuple[UnreadFile, ...] = ()
    #: standing doubts that cannot be derived from the above (a weak match, a person's note), plain Chinese sentences
    doubts: tuple[str, ...] = ()
    #: when the mail that opened it was received, aware
    opened_at: datetime | None = None
    paper_received_at: datetime | None = None
    withdrawn: bool = False
    #: `unit` or `individual` where a person has decided it
    category: str | None = None
    #: sentences for a person that a person has looked at
    cleared: tuple[str, ...] = ()
    #: when the paper form came, while something else was still open: `registered` once nothing is
    paper_noted_at: datetime | None = None
    #: when the latest mail for it was received, aware; None where only `opened_at` is known
    latest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """One row of `materials`: what was handed in for one demand, and whether it is accepted."""

    kind: str
    attachment_id: int | None
    holder: str | None
    number: str | None
    accepted: bool
    #: plain Chinese: why accepted, or why not
    reason: str


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is surely missing."""

    #: DATA.md's code: `unit_form`, `org_certificate`, …, `field:<name>`
    code: str
    #: Chinese name for people, e.g. 单位主要负责人身份证复印件或扫描件
    label: str
    #: plain Chinese: why it is missing or not accepted
    why: str
    #: clause of the notice, e.g. 《通知》第三条第1项第(1)目
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules conclude about a submission."""

    category: str
    #: why, plain Chinese
    category_evidence: tuple[str, ...]
    registrant: str | None
    uscc: str | None
    id_number: str | None
    status: str
    missing: tuple[Missing, ...]
    review_reasons: tuple[str, ...]
    materials: tuple[Material, ...]
    on_time: bool | None
    deadline: date | None
    notes: tuple[str, ...] = field(default=())
    #: one of the survey's towns; None where nothing names one
    town: str | None = None
