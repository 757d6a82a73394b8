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


@dataclass(frozen=True, slots=True)
class Choice:
    """A word of the office with the other ways in which people write it."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of the forms."""

    #: column of DATA.md's `accounts`
    name: str
    #: Chinese name for people
    label: str
    #: other ways in which the label is written on forms (compared without spaces, brackets and punctuation)
    variants: tuple[str, ...]
    #: how its value is read: `text` `handle` `platform` `options` `yes_no` `date` `count` `person` `phone` `email`
    #: `id_number` `choice`
    kind: str
    #: form kinds that have it: `unit_form`, `individual_form`
    forms: tuple[str, ...]
    #: form kinds on which it must be filled in
    mandatory: tuple[str, ...] = ()
    #: for kinds `options` and `choice`
    choices: tuple[Choice, ...] = ()
    #: a label that stands twice on a form (手机号码) belongs to the person named last before it: name of that field
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """One material that a category must hand in."""

    #: DATA.md's code: `org_certificate`, `principal_id_card`, `id_card`
    code: str
    #: kind of paper that satisfies it: `org_certificate` or `id_card`
    paper: str
    #: Chinese name for people
    label: str
    #: clause of the notice
    clause: str
    #: titles of the documents that count (Paper.title); empty: any of that kind
    accepts: tuple[str, ...] = ()
    #: field of the form that must name the holder, e.g. `unit_name`, `legal_representative`, `owner_name`
    holder_field: str | None = None
    #: field of the form that must bear the number, e.g. `owner_id_number`
    number_field: str | None = None
    #: field of the form that must name the responsible person whom a certificate names, e.g. `legal_representative`
    principal_field: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """Who hands in: units or individuals."""

    #: `unit` or `individual`
    name: str
    label: str
    #: form kind: `unit_form` or `individual_form`
    form: str
    form_label: str
    form_clause: str
    #: titles by which the form is recognised (compared without spaces, brackets and punctuation)
    form_titles: tuple[str, ...]
    #: the blank form, absolute
    blank: Path
    #: materials beside the form, in DATA.md's order
    demands: tuple[Demand, ...]
    #: field that names the registrant: `unit_name` or `owner_name`
    registrant_field: str
    #: how the paper form is to be handed in, e.g. 加盖单位公章
    paper_rule: str


@dataclass(frozen=True, slots=True)
class Office:
    """Who collects."""

    name: str
    address: str
    telephone: str
    contact: str
    email: str


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
