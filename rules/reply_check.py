"""Try every reply text on sample values at start-up, so that an edited text fails on the clerk's desk, not in the post.

Beside what Jinja2 finds, a text must not leave out what people need: the number, what is missing, where to go.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from markupsafe import escape

from rules.answer import Answer, FileOutcome, MailFacts, SubmissionOutcome
from rules.errors import RuleError
from rules.reading import PROBLEMS, ROLES, FieldValue
from rules.reply import compose_answer
from rules.reply_values import chinese_day
from rules.roster import ExpectedUnit
from rules.submission import Account, Judgement, Material, Missing
from rules.survey import Category, Survey
from rules.typography import typeset
from rules.urging import compose_urging

#: a file name with markup in it: it must come out escaped
_LOST = (*(FileOutcome(f"{problem}.zip", problem=problem) for problem in PROBLEMS),
         FileOutcome("volume.zip", problem="unsupported", is_volume=True))
_NUMBER = "SAMPLE-0001"


def check_templates(survey: Survey) -> None:
    """Render every reply kind in every turn that it can take; raises `RuleError` with file and, where known, line."""
    for answer, wanted in _samples(survey):
        for suffix, body in (("txt", answer.text), ("html", answer.html)):
            path = str(survey.replies / f"{answer.kind}.{suffix}.j2")
            for fact in wanted:
                if (str(escape(fact)) if suffix == "html" else fact) not in body:
                    raise RuleError(f"回信中漏写了:{fact}".replace(":", "\uff1a"), path=path)
        if "<b>" in answer.html:
            raise RuleError("附件名称等外来文字没有转义\uff0c请不要对它们使用 safe",
                            path=str(survey.replies / f"{answer.kind}.html.j2"))


def _files(survey: Survey) -> tuple[FileOutcome, ...]:
    roles = (*ROLES, *(category.form for category in survey.categories), *(rule.name for rule in survey.papers))
    return (FileOutcome("<b>示例.docx", survey.categories[0].form, accounts=("示例",)),
            *(FileOutcome(f"{role}.pdf", role) for role in dict.fromkeys(roles)), *_LOST)


def _samples(survey: Survey) -> Iterator[tuple[Answer, tuple[str, ...]]]:
    zone = survey.time_zone
    office = survey.office
    place = tuple(typeset(text) for text in (office.address, office.telephone, office.contact))
    early, late = (datetime(day.year, day.month, day.day, 9, tzinfo=zone) for day in (survey.opens, date(2099, 1, 1)))
    for mail in (MailFacts("示例", "示例", early), MailFacts(None, None, late)):
        for outcome in _outcomes(survey):
            answer = compose_answer(survey, mail, (outcome,))
            labels = tuple(typeset(missing.label) for missing in outcome.judgement.missing)
            yield answer, (_NUMBER, *place, *(labels if answer.kind == "missing_materials" else ()))
            yield compose_answer(survey, mail, (outcome,), inquiry=True), (_NUMBER, *labels)
        demands = [typeset(label) for category in survey.categories
                   for label in (category.form_label, *(demand.label for demand in category.demands))]
        yield compose_answer(survey, mail, (), _files(survey)), (*demands, *place, office.email)
        yield compose_answer(survey, mail, tuple(_outcomes(survey))), (_NUMBER, *place)
        yield compose_answer(survey, mail, kind="receipt"), place
        yield from _reminders(survey, mail, place)
        for category in survey.categories:
            registered = _outcome(survey, category, "registered", True, survey.closes)
            yield compose_answer(survey, mail, (registered,), kind="confirmation"), (_NUMBER, *place)


def _reminders(survey: Survey, mail: MailFacts, place: tuple[str, ...]) -> Iterator[tuple[Answer, tuple[str, ...]]]:
    """To everybody who may lack something, before, on and after the last day; and to the liaison of several units."""
    for outcome in (one for one in _outcomes(survey) if one.judgement.missing):
        labels = tuple(typeset(missing.label) for missing in outcome.judgement.missing)
        for days in (-3, 0, 7):
            today = datetime.combine(survey.closes, time(9), survey.time_zone) + timedelta(days=days)
            told = replace(mail, received_at=min(mail.received_at, today), answered_at=today)
            deadline = chinese_day(outcome.judgement.deadline)
            yield (compose_answer(survey, told, (outcome,), kind="reminder"),
                   (_NUMBER, *labels, *place, *([deadline] if deadline else [])))
    for units in ((ExpectedUnit("示例单位甲"),), (ExpectedUnit("示例单位甲"), ExpectedUnit("示例单位乙"))):
        for days in (-3, 0, 7):
            yield (compose_urging(survey, units, survey.closes + timedelta(days=days)),
                   (*(unit.name for unit in units), *place, typeset(survey.office.email), chinese_day(survey.closes)))


def _outcomes(survey: Survey) -> Iterator[SubmissionOutcome]:
    """A submission in every status, of every category and of none, on time, late, and of nobody knows which."""
    for category in (*survey.categories, None):
        for status in ("complete", "review", "registered", "withdrawn", "incomplete"):
            for on_time, deadline in ((True, survey.closes), (False, survey.closes), (None, None)):
                yield _outcome(survey, category, status, on_time, deadline)


def _outcome(survey: Survey, category: Category | None, status: str, on_time: bool | None, deadline: date | None,
             ) -> SubmissionOutcome:
    missing = ()
    if status == "incomplete":
        # words that stand nowhere else in the texts
        form = category.form if category else "form"
        missing = (Missing(form, "待补材料甲", "缘由甲。", "《通知》"), Missing("field:name", "待补栏目乙", "缘由乙。", None))
    materials = (Material(category.form, 1, None, None, True, ""),) if category else ()
    judgement = Judgement(category.name if category else "unknown", (), "示例" if category else None, None, None, status,
                          missing, (), materials, on_time, deadline)
    accounts = (Account(None, (FieldValue("name", "示例", "示例"),)), Account(None, ()))
    files, unread = (_files(survey), _LOST) if on_time else ((), ())
    return SubmissionOutcome(_NUMBER, judgement, accounts, files, unread, True)
