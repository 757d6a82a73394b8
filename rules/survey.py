"""The survey as frozen values; `load_survey` reads and checks survey.yaml."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

#: columns of DATA.md's `accounts`, in its order; `missing` lists fields in this order
ACCOUNT_COLUMNS = (
    "name",
    "handle",
    "service_type",
    "platform",
    "scope",
    "formats",
    "introduction",
    "registered_on",
    "news_license",
    "followers",
    "admin_name",
    "admin_phone",
    "admin_email",
    "admin_wechat",
    "unit_name",
    "unit_type",
    "legal_representative",
    "address",
    "owner_name",
    "owner_id_number",
    "owner_phone",
    "owner_wechat",
    "employer",
)
#: the columns that describe the thing itself; the others describe who has it or who looks after it
ITEM_COLUMNS = ACCOUNT_COLUMNS[:10]


@dataclass(frozen=True, slots=True)
class Choice:
    """A word of the office with the other ways in which people write it."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of the forms."""

    #: column of DATA.md's `accounts`, or a name of the survey's own, which is kept in `accounts.extra`
    name: str
    #: Chinese name for people
    label: str
    #: other ways in which the label is written on forms (compared without spaces, brackets and punctuation)
    variants: tuple[str, ...]
    #: how its value is read: `text` `handle` `platform` `options` `yes_no` `date` `count` `person` `phone` `email`
    #: `id_number` `choice`
    kind: str
    #: form kinds that have it, e.g. `unit_form`, `individual_form`
    forms: tuple[str, ...]
    #: form kinds on which it must be filled in
    mandatory: tuple[str, ...] = ()
    #: for kinds `options` and `choice`
    choices: tuple[Choice, ...] = ()
    #: a label that stands twice on a form (手机号码) belongs to the person named last before it: name of that field
    after: str | None = None
    #: what the blank form prints into the empty field to explain it
    hints: tuple[str, ...] = ()
    #: whether it describes the thing that is registered, and not who has it
    of_item: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """What is registered, one on each form: an account, a drone, a school."""

    #: e.g. 账号
    noun: str
    #: its measure word, e.g. 个
    measure: str = "个"
    #: what people do when they get one, e.g. 开通, 购买
    begins: str = "开通"
    #: fields of which one that agrees tells that two forms describe the same thing
    identity: tuple[str, ...] = ("handle", "name")
    #: words by which a label on a form speaks of the thing
    words: tuple[str, ...] = ()
    #: labels that stand on the forms of others as well and prove little
    common: tuple[str, ...] = ()
    #: what may stand before its number in the cell: 公众号:hdfb
    number_labels: tuple[str, ...] = ()
    #: what people call it who have given it up
    called: tuple[str, ...] = ()
    #: what people call it who ask in a few words whether it must be registered
    asked: tuple[str, ...] = ()
    #: words of an English mail about it
    english: tuple[str, ...] = ()
    #: no such thing was there before this year
    earliest: int = 1900


@dataclass(frozen=True, slots=True)
class PaperRule:
    """A kind of document that the code does not know: an invoice, a policy, a licence; known by what is printed on it."""

    #: code, in `attachments.role`, `papers.kind`
    name: str
    #: Chinese name for people
    label: str
    #: its headings
    titles: tuple[str, ...]
    #: fixed words printed on every one, of which at least `least` must be read
    words: tuple[str, ...]
    least: int = 2
    #: labels behind which the holder is named
    holder: tuple[str, ...] = ()
    #: labels behind which its number stands, the one that the form bears too
    number: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """One material that a category must hand in."""

    #: in `missing` and `materials.kind`; here `org_certificate`, `principal_id_card`, `id_card`
    code: str
    #: kind of paper that satisfies it: `org_certificate`, `id_card` or one of the survey's own
    paper: str
    #: Chinese name for people
    label: str
    #: clause of the notice
    clause: str
    #: the same name in a few characters, for tables
    short: str
    #: titles of the documents that count (Paper.title); empty: any of that kind
    accepts: tuple[str, ...] = ()
    #: field of the form that must name the holder, e.g. `unit_name`, `legal_representative`, `owner_name`
    holder_field: str | None = None
    #: field of the form that must bear the number, e.g. `owner_id_number`
    number_field: str | None = None
    #: whether every single thing needs such a document: its number is that of the thing, not of the registrant
    of_each: bool = False
    #: field of the form that must name the responsible person whom a certificate names, e.g. `legal_representative`
    principal_field: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """Who hands in, e.g. units or individuals."""

    #: code, e.g. `unit`, `individual`
    name: str
    label: str
    #: form kind, e.g. `unit_form`, `individual_form`
    form: str
    form_label: str
    form_clause: str
    #: titles by which the form is recognised (compared without spaces, brackets and punctuation)
    form_titles: tuple[str, ...]
    #: the blank form, absolute
    blank: Path
    #: materials beside the form, in DATA.md's order
    demands: tuple[Demand, ...]
    #: field that names the registrant, e.g. `unit_name`, `owner_name`
    registrant_field: str
    #: how the paper form is to be handed in, e.g. 加盖单位公章
    paper_rule: str
    #: whether the registrant is a person (the field's kind says so) and not an organisation
    is_person: bool = False
    #: field with the person's own ID number; None for an organisation
    id_number_field: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """Who collects."""

    name: str
    address: str
    telephone: str
    contact: str
    email: str
    #: its name in two or three characters, as people use it in their mails, e.g. 网信
    short: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """One collection: everything that another office would change."""

    path: Path
    #: e.g. 衡东县新媒体账号调查摸底登记
    title: str
    #: e.g. 关于开展全县新媒体账号调查摸底工作的通知
    notice: str
    office: Office
    #: first and last day, both whole days in `time_zone`
    opens: date
    closes: date
    time_zone: ZoneInfo
    #: an account opened later is reported within so many days (day N counts)
    grace_days: int
    grace_clause: str
    #: e.g. `HD2019-{:04d}`
    numbering: str
    categories: tuple[Category, ...]
    fields: tuple[FieldRule, ...]
    platforms: tuple[Choice, ...]
    #: place names, for repairing misread characters; `region` is part of them
    places: tuple[str, ...]
    #: words of which one at least stands in a mail about the collection
    topic_words: tuple[str, ...]
    #: folder of the reply texts (Jinja2)
    replies: Path
    #: the region and what it lies in, largest first, e.g. 湖南省 衡阳市 衡东县: names of units may leave it out
    region: tuple[str, ...] = ()
    #: clause of the notice that sets the window, e.g. 《通知》第二条; '' where the office names none
    window_clause: str = ""
    #: towns by which registrants are counted, in the office's order, with former and short names; () counts by none
    towns: tuple[Choice, ...] = ()
    item: Item = Item("对象")
    papers: tuple[PaperRule, ...] = ()

    @property
    def unit_fields(self) -> tuple[str, ...]:
        """Fields that name an organisation as registrant."""
        return tuple(dict.fromkeys(c.registrant_field for c in self.categories if not c.is_person))

    @property
    def person_fields(self) -> tuple[str, ...]:
        """Fields that name a person as registrant."""
        return tuple(dict.fromkeys(c.registrant_field for c in self.categories if c.is_person))

    @property
    def id_number_fields(self) -> tuple[str, ...]:
        """Fields with the ID number of a person who is the registrant."""
        return tuple(dict.fromkeys(c.id_number_field for c in self.categories if c.id_number_field))

    @property
    def people_fields(self) -> tuple[str, ...]:
        """Fields that name a person whose ID card is handed in: owners, and heads of organisations."""
        cards = [d.holder_field for c in self.categories for d in c.demands if d.paper == "id_card" and d.holder_field]
        return tuple(dict.fromkeys((*cards, *self.person_fields)))

    def is_person(self, category: str | None) -> bool:
        """Whether registrants of that category are persons; False for an unknown one."""
        found = self.category(category or "")
        return found is not None and found.is_person

    def is_unit(self, category: str | None) -> bool:
        """Whether registrants of that category are organisations; False for an unknown one."""
        found = self.category(category or "")
        return found is not None and not found.is_person

    def has(self, name: str) -> bool:
        """Whether the forms have that field."""
        return any(rule.name == name for rule in self.fields)

    def paper(self, kind: str) -> PaperRule | None:
        """The survey's own kind of document of that name."""
        return next((rule for rule in self.papers if rule.name == kind), None)

    def category(self, name: str) -> Category | None:
        return next((category for category in self.categories if category.name == name), None)

    def category_of_form(self, form: str | None) -> Category | None:
        return next((category for category in self.categories if category.form == form), None)

    def field(self, name: str) -> FieldRule:
        return next(rule for rule in self.fields if rule.name == name)


@lru_cache(maxsize=8192)
def bare(text: str) -> str:
    """A label, title or alias as it is compared: NFKC, lower case, letters and digits only."""
    text = unicodedata.normalize("NFKC", text).lower()
    return text if text.isalnum() else "".join(char for char in text if char.isalnum())


def load_survey(path: Path | str) -> Survey:
    """Read and check a survey's YAML file; raises `RuleError` with file, line and dotted key."""
    from rules.survey_file import read  # it needs the values above

    return read(Path(path))
