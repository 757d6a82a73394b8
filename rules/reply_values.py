"""What the reply texts may say, as plain strings and lists: masked, bounded, free of line breaks and of links.

Everything that came from outside (subjects, names, file names, values of forms) goes through `Quoting.safe` here, once;
the templates cannot reach the domain values themselves, so that no text can leak a number by an edit.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from rules.answer import FileOutcome, MailFacts, SubmissionOutcome
from rules.deadline import deadline_clause
from rules.masking import mask_personal
from rules.submission import Account
from rules.survey import Category, Survey
from rules.typography import typeset

_LINK = re.compile(r"(?:[a-z][a-z0-9+.-]{1,12}://|www\.)[^\s,\uff0c。;\uff1b、)\uff09】》]*", re.IGNORECASE)
#: full-width digits and X as people type them
_DIGITS = str.maketrans({chr(0xFEE0 + ord(char)): char for char in "0123456789Xx"})
#: the time in a camera's or WeChat's file name; no region code of an ID number begins with 19 or 20
_STAMP = re.compile(r"(?<!\d)((?:(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[_-]?"
                    r"[0-2]\d[0-5]\d[0-5]\d(?:\d{3})?)"
                    r"|(?<=mmexport)1[4-9]\d{11}|(?<=wx_camera_)1[4-9]\d{11})(?!\d)")
_DIGIT = re.compile(r"[0-9Xx]")
_DIGIT_LIKE = re.compile(r"\d")
#: five digits and more, as people part them: 1390 734 0002, 139-0734-0002
_RUN = re.compile(r"[0-9Xx](?:[\s.\-–—_·]{0,2}[0-9Xx]){4,}")
_PERSONAL_KINDS = ("id_number", "phone")
#: a display name that may stand behind 尊敬的
_NAME = re.compile(r"[\w·•\u3400-\u9fff ()\uff08\uff09]{1,24}")
_PREFIX = re.compile(r"^\s*(?:(?:re|aw|sv|fw|fwd|补报提醒|回复|答复|回覆|答覆|转发|轉寄|转寄)\s*(?:\[\d+\])?\s*[:\uff1a]\s*)+", re.IGNORECASE)


class Quoting:
    """Makes words from outside fit to be quoted; knows the personal numbers that must never be."""

    def __init__(self, secrets: Iterable[str] = ()):
        self._secrets = _secret_numbers(secrets)

    def safe(self, text: object, limit: int = 80) -> str:
        """One line without control characters, links and personal numbers, at most `limit` characters."""
        raw = "" if text is None else str(text)[: limit * 20]
        # a printable text holds no control character (str.isprintable), and nearly all texts are
        line = raw if raw.isprintable() else "".join(" " if unicodedata.category(c)[0] == "C" else c for c in raw)
        line = _LINK.sub("", " ".join(line.split()))
        if len(_DIGIT_LIKE.findall(line)) >= 5:  # no number that must be masked is shorter
            line = "".join(piece if _STAMP.fullmatch(piece) else mask_personal(piece) for piece in _STAMP.split(line))
        if self._secrets:
            line = _RUN.sub(lambda run: _starred(run[0], self._secrets), line.translate(_DIGITS))
        line = line.strip()
        return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"

    def filename(self, name: str, limit: int = 60) -> str:
        """A file's name; a long one keeps its ending."""
        line = self.safe(name.replace("\\", "/").rpartition("/")[2], 400)
        if len(line) <= limit:
            return line
        return f"{line[: limit - 12]}…{line[-11:]}"


def _stars(number: str) -> str:
    kept = number[-2:] if len(number) >= 11 else ""
    return "*" * (len(number) - len(kept)) + kept


def _secret_numbers(secrets: Iterable[str]) -> tuple[str, ...]:
    """The numbers as digits and X only, the longest first; shorter ones than five digits give nobody away."""
    numbers = {"".join(_DIGIT.findall(unicodedata.normalize("NFKC", str(secret)))).upper() for secret in secrets}
    return tuple(sorted((number for number in numbers if len(number) >= 5), key=len, reverse=True)[:200])


def _starred(run: str, secrets: tuple[str, ...]) -> str:
    """A run of digits, however they are parted, with every secret number in it made unreadable."""
    places = [place for place, char in enumerate(run) if char in "0123456789Xx"]
    digits = "".join(run[place] for place in places).upper()
    parts, written, at = [], 0, 0
    while at < len(digits):
        number = next((secret for secret in secrets if digits.startswith(secret, at)), None)
        if number is None:
            at += 1
            continue
        first, behind = places[at], places[at + len(number) - 1] + 1
        parts += [run[written:first], _stars(run[first:behind])]
        written, at = behind, at + len(number)
    return "".join([*parts, run[written:]])


def secrets_of(outcomes: Iterable[SubmissionOutcome], survey: Survey) -> list[str]:
    """Every ID number and telephone number of a person in these submissions, valid or not."""
    personal = {rule.name for rule in survey.fields if rule.kind in _PERSONAL_KINDS}
    found: list[str] = []
    for outcome in outcomes:
        fields = [field for account in outcome.accounts for field in account.fields if field.name in personal]
        found += [str(text) for field in fields for text in (field.raw, field.value) if text]
        found += [m.number for m in outcome.judgement.materials if m.number and m.kind != "org_certificate" and not survey.paper(m.kind)]
        found += [outcome.judgement.id_number] if outcome.judgement.id_number else []
    return found


def chinese_day(day: date | str | None) -> str | None:
    """A day as people write it: 2019年8月13日; `YYYY-MM` gives 2019年8月."""
    if not day:
        return None
    parts = [int(part) for part in str(day).split("-") if part.isdigit()]
    return "".join(f"{part}{unit}" for part, unit in zip(parts, "年月日", strict=False)) or None


def bare_subject(subject: str | None) -> str:
    """A subject without 回复:, Re:, 转发: …, however often they stand there."""
    return _PREFIX.sub("", subject or "").strip()


def values_of(survey: Survey, mail: MailFacts, outcomes: tuple[SubmissionOutcome, ...], files: tuple[FileOutcome, ...],
              blanks: tuple[str, ...]) -> dict:
    """All names that the templates know."""
    quoting = Quoting(secrets_of(outcomes, survey))
    unread = [file for outcome in outcomes for file in outcome.unread] + list(files)
    return {
        "mail": _mail(survey, mail, outcomes, quoting),
        "submissions": [_submission(survey, mail, outcome, quoting) for outcome in outcomes],
        "unread": [_file(file, survey, quoting) for file in dict.fromkeys(unread)],
        "categories": [category_values(category) for category in survey.categories],
        "attached": list(blanks),
        "office": office_values(survey),
        "survey": survey_values(survey),
    }


def office_values(survey: Survey) -> dict:
    """Who collects, as the texts name them."""
    return {name: typeset(getattr(survey.office, name)) for name in ("name", "address", "telephone", "contact", "email")}


def survey_values(survey: Survey) -> dict:
    """The collection itself."""
    return {"title": typeset(survey.title), "notice": typeset(survey.notice), "short_notice": _short_notice(survey), "opens": chinese_day(survey.opens),
            "closes": chinese_day(survey.closes), "window_clause": typeset(survey.window_clause) or None,
            "grace_days": survey.grace_days, "grace_clause": survey.grace_clause, "noun": typeset(survey.item.noun),
            "measure": survey.item.measure, "begins": survey.item.begins, "labels": _labels(survey)}


def _short_notice(survey: Survey) -> str:
    """What the clauses call the notice: 通知, 通告."""
    clauses = (survey.window_clause, survey.grace_clause, *(category.form_clause for category in survey.categories))
    return next((found[1] for clause in clauses if (found := re.match(r"《([^《》]{1,12})》", clause))), "通知")


def _labels(survey: Survey) -> dict[str, str | None]:
    """What the forms call the columns that are told of each thing; None for one that they do not have."""
    told = {rule.name: typeset(rule.label) for rule in survey.fields}
    return {name: told.get(name) for name in ("name", "service_type", "handle", "registered_on")}


def _mail(survey: Survey, mail: MailFacts, outcomes: tuple[SubmissionOutcome, ...], quoting: Quoting) -> dict:
    local = mail.received_at.astimezone(survey.time_zone)
    return {"subject": quoting.safe(bare_subject(mail.subject), 50), "name": _addressee(mail, outcomes, quoting),
            "received": f"{chinese_day(local.date())}{local:%H:%M}", "received_day": chinese_day(local.date()),
            "today": chinese_day(answer_day(survey, mail))}


def answer_day(survey: Survey, mail: MailFacts) -> date:
    """The day on which the reply is written: what is still to come and what is past is told by it."""
    return max(mail.answered_at or mail.received_at, mail.received_at).astimezone(survey.time_zone).date()


def _addressee(mail: MailFacts, outcomes: tuple[SubmissionOutcome, ...], quoting: Quoting) -> str | None:
    """Whom the letter greets: the registrant when there is one, else the sender's name when it looks like a name."""
    registrants = {outcome.judgement.registrant for outcome in outcomes}
    if len(registrants) == 1 and None not in registrants:
        return quoting.safe(registrants.pop(), 40)
    name = quoting.safe(mail.from_name, 24)
    return name if _NAME.fullmatch(name) and not re.search(r"\d{5}|\*{3}", name) else None


def _submission(survey: Survey, mail: MailFacts, outcome: SubmissionOutcome, quoting: Quoting) -> dict:
    judgement = outcome.judgement
    category = survey.category(judgement.category)
    today = answer_day(survey, mail)
    return {
        "number": outcome.number,
        "status": judgement.status,
        "opened": outcome.opened,
        "registrant": quoting.safe(judgement.registrant, 60) or None,
        "category": category.label if category else None,
        "form_label": typeset(category.form_label) if category else None,
        "paper_rule": category.paper_rule if category else None,
        "accounts": [_account(account, survey, quoting) for account in outcome.accounts],
        "files": [_file(file, survey, quoting) for file in outcome.files],
        "unread": [_file(file, survey, quoting) for file in outcome.unread],
        "accepted": _accepted(survey, outcome),
        "missing": [{"code": missing.code, "label": typeset(quoting.safe(missing.label, 100)),
                     "why": typeset(quoting.safe(missing.why, 240).rstrip("。")),
                     "clause": typeset(missing.clause) if missing.clause else None}
                    for missing in judgement.missing],
        "deadline": chinese_day(judgement.deadline),
        "deadline_clause": typeset(deadline_clause(judgement.deadline, survey) or "") or None,
        "days_left": (judgement.deadline - today).days if judgement.deadline else None,
        "on_time": judgement.on_time,
        "overdue": bool(judgement.deadline and today > judgement.deadline),
    }


def _account(account: Account, survey: Survey, quoting: Quoting) -> dict:
    service = quoting.safe(account.value("service_type"), 30)
    platform = quoting.safe(account.value("platform"), 30)
    return {"name": quoting.safe(account.value("name"), 40) or None, "platform": platform or service or None,
            "handle": quoting.safe(account.value("handle"), 40) or None,
            "registered_on": chinese_day(account.value("registered_on"))}


def _accepted(survey: Survey, outcome: SubmissionOutcome) -> list[str]:
    """Names of the materials that were accepted, each once, in the survey's order."""
    own = survey.category(outcome.judgement.category)
    categories = (own,) if own else survey.categories
    labels = {category.form: category.form_label for category in categories}
    labels |= {demand.code: demand.label for category in categories for demand in category.demands}
    # what came for some of the things only is missing still
    lacking = {missing.code for missing in outcome.judgement.missing}
    kinds = {material.kind for material in outcome.judgement.materials if material.accepted} - lacking
    return [typeset(label) for code, label in labels.items() if code in kinds]


def _file(file: FileOutcome, survey: Survey, quoting: Quoting) -> dict:
    own = survey.paper(file.role) or survey.category_of_form(file.role)
    label = own.label if own else "其他文件"
    label = f"登记表\uff08{label}\uff09" if survey.category_of_form(file.role) else label
    return {"name": quoting.filename(file.filename), "role": file.role, "label": typeset(label), "problem": file.problem,
            "advice": "volume" if file.is_volume else file.problem,
            "titles": [quoting.safe(title, 40) for title in file.titles],
            "accounts": [quoting.safe(name, 40) for name in file.accounts]}


def category_values(category: Category) -> dict:
    """What one category must hand in."""
    return {"label": category.label, "form_label": typeset(category.form_label), "form_clause": category.form_clause,
            "paper_rule": category.paper_rule,
            "demands": [{"label": typeset(demand.label), "clause": demand.clause} for demand in category.demands]}
