"""Builders for readings and facts; every person, unit and number in them is invented (their checksums are right)."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rules.message import Message
from rules.numbers import credit_check, id_check, organisation_check
from rules.reading import FieldValue, FileReading, Form, Paper, Reading
from rules.submission import Account, Facts, HeldPaper, UnreadFile
from rules.survey import Survey, load_survey

SURVEY_PATH = Path(__file__).parent.parent / "rules" / "survey.yaml"
SURVEY: Survey = load_survey(SURVEY_PATH)

UNIT = "衡东县青石镇中心小学"
HEAD = "罗正平"
OWNER = "谭晓禾"
IN_TIME = datetime.fromisoformat("2019-08-01T09:30:00+08:00")


def id_number(serial: int = 1) -> str:
    """An invented ID number of the county with a right check digit."""
    first = f"43042419880715{serial:03d}"
    return first + id_check(first)


def organisation_code(serial: int = 1) -> str:
    """An invented organisation code, `XXXXXXXX-X`."""
    first = f"4450{serial:04d}"
    return f"{first}-{organisation_check(first)}"


def credit_code(serial: int = 1) -> str:
    """An invented credit code of a public institution that contains `organisation_code(serial)`."""
    first = "12430424" + organisation_code(serial).replace("-", "")
    return first + credit_check(first)


#: the fields of a well filled form that both kinds have
COMMON = {
    "name": "青石小学之声",
    "handle": "qsxx2019",
    "service_type": "微信公众号",
    "platform": "微信公众号",
    "registered_on": "2018-03-05",
    "admin_name": "周晓兰",
    "admin_phone": "13907340001",
    "followers": 1200,
}
OF_UNIT = {"unit_name": UNIT, "legal_representative": HEAD}
OF_INDIVIDUAL = {"owner_name": OWNER, "owner_id_number": id_number(1), "owner_phone": "13907340002"}


def field(name: str, value, **changes) -> FieldValue:
    """A field read without doubt; None: an empty cell."""
    return FieldValue(name, value, "" if value is None else str(value), **changes)


def invalid(name: str, raw: str, **changes) -> FieldValue:
    """A field whose value breaks a rule."""
    return FieldValue(name, raw, raw, valid=False, complaint="填写有误", **changes)


def fields(values: dict, **changes) -> tuple[FieldValue, ...]:
    """Fields from a mapping; a FieldValue stands for itself."""
    return tuple(
        value if isinstance(value, FieldValue) else field(name, value, **changes) for name, value in values.items()
    )


def unit_form(kind: str | None = "unit_form", reading: dict | None = None, **values) -> Form:
    """A complete unit form; `values` overrides fields, `reading` how they were read."""
    return Form(kind, fields(COMMON | OF_UNIT | values, **(reading or {})), ("标题写明单位",) if kind else ())


def individual_form(kind: str | None = "individual_form", reading: dict | None = None, **values) -> Form:
    """A complete individual form."""
    return Form(
        kind,
        fields(COMMON | {"name": "晓禾的湘味厨房", "handle": "xhcook"} | OF_INDIVIDUAL | values, **(reading or {})),
        ("标题写明个人",) if kind else (),
    )


def without(form: Form, *names: str) -> Form:
    """The form with these labels absent."""
    return replace(form, fields=tuple(field for field in form.fields if field.name not in names))


def account(form: Form, attachment: int | None = 1, row: int | None = None) -> Account:
    """The form as an account."""
    return Account(form.kind, form.fields, row, attachment, form.evidence)


def card(holder: str | None = HEAD, number: str | None = None, side: str = "front", **changes) -> Paper:
    """An ID card; by default the head's."""
    number = number if number is not None or side == "back" or holder is None else id_number(9)
    return Paper("id_card", side, "居民身份证", None if side == "back" else holder, number, **changes)


def own_card(**changes) -> Paper:
    """The ID card of the individual."""
    return card(**{"holder": OWNER, "number": id_number(1)} | changes)


def certificate(
    holder: str | None = UNIT, number: str | None = credit_code(1), title: str = "事业单位法人证书", **changes
) -> Paper:
    """A certificate of the unit."""
    return Paper("org_certificate", None, title, holder, number, **changes)


def held(paper: Paper, attachment: int | None = 5, filename: str = "扫描件.jpg") -> HeldPaper:
    """A paper that was handed in."""
    return HeldPaper(paper, attachment, filename)


def unread(filename: str, problem: str, **changes) -> UnreadFile:
    """A file that could not be read."""
    return UnreadFile(filename, problem, 8, **changes)


def unit_facts(**changes) -> Facts:
    """A unit that has handed in everything."""
    return Facts(
        **{"accounts": (account(unit_form()),), "papers": (held(certificate()), held(card(), 6)), "opened_at": IN_TIME}
        | changes
    )


def individual_facts(**changes) -> Facts:
    """An individual who has handed in everything."""
    return Facts(
        **{"accounts": (account(individual_form()),), "papers": (held(own_card()),), "opened_at": IN_TIME} | changes
    )


def message(text: str = "", subject: str = "登记", from_address: str = "a@example.net") -> Message:
    """A plain mail."""
    return Message(
        "0" * 64,
        100,
        "<1@example.net>",
        None,
        (),
        from_address,
        None,
        None,
        ("office@example.cn",),
        subject,
        None,
        None,
        (),
        "text/plain",
        text,
        "",
        (),
    )


def file(filename: str, *content, **changes) -> FileReading:
    """A file of a mail that holds these forms and papers."""
    forms = tuple(each for each in content if isinstance(each, Form))
    papers = tuple(each for each in content if isinstance(each, Paper))
    role = forms[0].kind if forms and forms[0].kind else papers[0].kind if papers else "other"
    return FileReading(
        **{
            "filename": filename,
            "media_type": "application/octet-stream",
            "size": 100,
            "sha256": "1" * 64,
            "role": role,
            "forms": forms,
            "papers": papers,
        }
        | changes
    )


def reading(*files: FileReading, body: tuple[Form, ...] = ()) -> Reading:
    """What was read of one mail."""
    return Reading(message(), files, body)
