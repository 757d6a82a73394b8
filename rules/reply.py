"""Which reply a mail gets, what it says, and its text.

    every submission complete            acknowledgement     电子材料齐全
    any lacks something                  missing_materials   逐项列明所缺
    else, any under review               receipt             只说收到,不下结论
    no submission, or only a question    guidance            怎样办理,哪些文件打不开

One reply for one mail, however many submissions it concerns (DATA.md, "What counts").
"""

import re

from rules.answer import Answer, FileOutcome, MailFacts, SubmissionOutcome, content_key, submission_key
from rules.reply_text import render
from rules.reply_values import Quoting, bare_subject, secrets_of, values_of
from rules.submission import Judgement
from rules.survey import Category, Survey
from rules.typography import typeset

#: what we put behind a subject, to be taken off again when it comes back
_OUR_SUFFIX = re.compile(r"\s*【登记编号[^】]{0,200}】")


def compose_answer(survey: Survey, mail: MailFacts, outcomes: tuple[SubmissionOutcome, ...] = (),
                   files: tuple[FileOutcome, ...] = (), *, inquiry: bool = False, kind: str | None = None) -> Answer:
    """The reply to one mail.

    `outcomes`: the submissions that the mail opened or added to; for a question (`inquiry`), those of its sender.
    `files`: files of a mail that belong to no submission (an inquiry's unusable files). `kind`: what the outcomes do
    not tell: a `confirmation` of the paper form, a `reminder`, or a `receipt` that names nothing. Raises `RuleError` when a
    template is broken. Nothing here asks whether to answer at all: that is `rules.autoreply.guard`.
    """
    kind = kind or ("guidance" if inquiry or not outcomes else kind_of_reply(outcomes))
    blanks = blank_forms(survey, kind, outcomes)
    names = tuple(blank_form_name(category) for category in blanks)
    text, html = render(survey.replies, kind, values_of(survey, mail, outcomes, files, names))
    subject = reply_subject(survey, mail, outcomes, "补报提醒" if kind == "reminder" else "回复")
    return Answer(kind, subject, text, html, tuple(category.blank for category in blanks),
                  content_key(kind, outcomes, files),
                  tuple((outcome.number, submission_key(outcome)) for outcome in outcomes), names)


def kind_of_reply(outcomes: tuple[SubmissionOutcome, ...]) -> str:
    """The reply kind for these submissions; never `acknowledgement` unless every one of them lacks nothing.

    A submission that the office has closed (registered, withdrawn) is not asked for anything more.
    """
    each = [_kind_of_one(outcome.judgement) for outcome in outcomes]
    return next(kind for kind in ("missing_materials", "receipt", "acknowledgement") if kind in each)


def _kind_of_one(judgement: Judgement) -> str:
    if judgement.status == "registered":
        return "receipt" if judgement.missing or judgement.review_reasons else "acknowledgement"
    if judgement.status == "withdrawn":
        return "receipt"
    if judgement.missing:
        return "missing_materials"
    return "acknowledgement" if judgement.status == "complete" else "receipt"


def blank_forms(survey: Survey, kind: str, outcomes: tuple[SubmissionOutcome, ...]) -> tuple[Category, ...]:
    """Whose blank forms to attach: the missing ones; all of them in a guidance to somebody without a submission."""
    codes = {missing.code for outcome in outcomes for missing in outcome.judgement.missing}
    wanted = kind == "guidance" and not outcomes or "form" in codes
    return tuple(category for category in survey.categories if wanted or category.form in codes)


def blank_form_name(category: Category) -> str:
    """Under which name people receive the blank form: its title, not the name of our file."""
    title = re.sub(r"[^\w()\uff08\uff09-]", "", typeset(category.form_label))
    return f"{title or category.form}{category.blank.suffix}"


def reply_subject(survey: Survey, mail: MailFacts, outcomes: tuple[SubmissionOutcome, ...], opening: str = "回复") -> str:
    """`回复:` once, the person's own subject, and the numbers of the submissions."""
    quoting = Quoting(secrets_of(outcomes, survey))
    own = quoting.safe(_OUR_SUFFIX.sub("", bare_subject(mail.subject)), 60) or f"您关于{survey.title}的来信"
    numbers = [outcome.number for outcome in outcomes]
    shown = "、".join(numbers[:3]) + (f" 等{len(numbers)}个" if len(numbers) > 3 else "")
    return f"{opening}\uff1a{own}" + (f"【登记编号 {shown}】" if numbers else "")
