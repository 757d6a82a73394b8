"""Builders for mails, readings and outcomes of invented people; every test names only what matters to it."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rules.answer import FileOutcome, MailFacts, SubmissionOutcome
from rules.autoreply import AnswerFacts
from rules.message import Message
from rules.reading import FieldValue, FileReading, Form, Paper, Reading
from rules.submission import Account, Judgement, Material, Missing

SHANGHAI = ZoneInfo("Asia/Shanghai")
OURS = "wxb-test@example.cn"
OWN = frozenset({OURS})
PERSON = "zhang.san@example.com"
NOW = datetime(2019, 8, 1, 9, 30, tzinfo=SHANGHAI)
#: an invented ID number with a right check digit, and invented telephone numbers
ID_NUMBER, PHONE, LANDLINE = "430424199001011232", "13800138000", "0734-5551234"


def a_message(**changes) -> Message:
    """A mail that a person wrote to us; `headers` adds to the usual ones."""
    headers = changes.pop("headers", ())
    message = Message(
        sha256="ab" * 32, size=1000, message_id="<one@example.com>", in_reply_to=None, references=(),
        from_address=PERSON, from_name="张三", reply_to=None, recipients=(OURS,), subject="你好", sent_at=NOW,
        received_at=NOW, headers=(), media_type="multipart/mixed", text="", html="", defects=())
    message = replace(message, **changes)
    usual = [("from", message.from_address or ""), ("to", ", ".join(message.recipients))]
    given = {name for name, _ in headers}
    return replace(message, headers=(*(pair for pair in usual if pair[0] not in given), *headers))


def a_file(filename: str = "材料.docx", **changes) -> FileReading:
    """A file that was opened and is nothing in particular."""
    return replace(FileReading(filename, "application/octet-stream", 20_000, "cd" * 32), **changes)


def a_form(kind: str = "unit_form", **values) -> Form:
    """A filled form."""
    given = {"name": "示例发布", "handle": "shilifabu", "service_type": "微信公众号", "platform": "微信公众号",
             "registered_on": "2018-05-01", "admin_phone": PHONE, **values}
    return Form(kind, tuple(FieldValue(name, value, str(value)) for name, value in given.items()))


def a_form_file(filename: str = "登记表.docx", kind: str = "unit_form") -> FileReading:
    """A file with one filled form."""
    return a_file(filename, role=kind, forms=(a_form(kind),), method="docx")


def an_id_card_file(filename: str = "身份证.jpg") -> FileReading:
    """A picture of an ID card's front."""
    paper = Paper("id_card", "front", "居民身份证", "张三", ID_NUMBER)
    return a_file(filename, role="id_card", papers=(paper,), media_type="image/jpeg", method="ocr")


def a_reading(*files: FileReading, body_forms: tuple[Form, ...] = (), **message) -> Reading:
    """A mail with these files."""
    return Reading(a_message(**message), files, body_forms)


def an_account(**values) -> Account:
    """An account of an individual, with personal numbers in it."""
    form = a_form("individual_form", owner_name="张三", owner_id_number=ID_NUMBER, owner_phone=PHONE, **values)
    return Account("individual_form", form.fields, id=1)


def a_missing(code: str = "id_card", label: str = "身份证复印件或扫描件", why: str = "尚未收到。",
              clause: str | None = "《通知》第三条第2项") -> Missing:
    """One thing that is missing."""
    return Missing(code, label, why, clause)


def a_judgement(status: str = "complete", **changes) -> Judgement:
    """The judgement on an individual's submission."""
    accepted = tuple(Material(kind, 1, "张三", ID_NUMBER, True, "与登记表一致。") for kind in ("individual_form", "id_card"))
    judgement = Judgement("individual", ("用的是个人登记表",), "张三", None, ID_NUMBER, status, (), (), accepted, True,
                          date(2019, 8, 13))
    return replace(judgement, **changes)


def an_outcome(status: str = "complete", *missing: Missing, **changes) -> SubmissionOutcome:
    """What a mail did to a submission."""
    judgement = a_judgement(status, missing=missing) if missing else a_judgement(status)
    files = (FileOutcome("个人登记表.docx", "individual_form", accounts=("示例发布",)),
             FileOutcome("身份证.jpg", "id_card", titles=("居民身份证(人像面)",)))
    return replace(SubmissionOutcome("HD2019-0007", judgement, (an_account(),), files, (), True), **changes)


def a_mail(subject: str | None = "新媒体登记材料", name: str | None = "张三", received_at: datetime = NOW) -> MailFacts:
    """What a reply knows of the mail that it answers."""
    return MailFacts(subject, name, received_at)


def answer_facts(**changes) -> AnswerFacts:
    """Facts under which nothing forbids an answer."""
    return replace(AnswerFacts(NOW, NOW, keys=("new",), last_keys=(None,)), **changes)
