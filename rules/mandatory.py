"""Mandatory fields: which are surely empty or invalid, and which were read with too little confidence to say."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rules.category import account_title, is_filled
from rules.reading import FieldValue
from rules.submission import Account, Missing
from rules.survey import Category, FieldRule, Survey

#: a field read with less confidence is looked at by a person
FIELD_CONFIDENCE = 0.8
#: a value read from pixels that breaks a rule may be misread: below this it is not surely wrong
PIXEL_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class FieldFindings:
    """What is missing on the forms, and what a person must look at."""

    missing: tuple[Missing, ...]
    reasons: tuple[str, ...]


def check_fields(accounts: tuple[Account, ...], category: Category | None, survey: Survey,
                 confirmed: Collection[tuple[str, str]] = ()) -> FieldFindings:
    """Mandatory fields of every account's form, once each in column order; while the category is unknown only those
    that every kind of form demands. `confirmed`: (field, value) that another original says too (`proof.confirmed`)."""
    forms = [category.form] if category else [each.form for each in survey.categories]
    rules = [rule for rule in survey.fields if all(form in rule.mandatory for form in forms)]
    missing, unsure = [], {}
    for rule in rules:
        gaps = [(account, gap) for account in accounts if (gap := _gap(account, rule))]
        sure = [(account, gap.why) for account, gap in gaps if gap.sure]
        if sure:
            missing.append(
                Missing(f"field:{rule.name}", rule.label, _why(sure, len(accounts), survey), _clause(category, survey))
            )
        for account in (account for account, gap in gaps if not gap.sure):
            unsure.setdefault(account_title(account, survey), []).append(rule.label)
    for account in accounts:
        labels = unsure.setdefault(account_title(account, survey), [])
        labels += [label for label in _dim_labels(account, survey, confirmed) if label not in labels]
    reasons = [
        f"{title}的登记表中{_quoted(labels)}识别把握不大,请人工核对。" for title, labels in unsure.items() if labels
    ]
    return FieldFindings(tuple(missing), tuple(reasons))


@dataclass(frozen=True, slots=True)
class _Gap:
    """A mandatory field without a valid value."""

    why: str
    #: False where it may have been filled in and was only not recognised
    sure: bool


def _gap(account: Account, rule: FieldRule) -> _Gap | None:
    field = account.get(rule.name)
    if field is None:
        return _Gap("登记表上没有这一栏", sure=not from_pixels(account))
    if not is_filled(field):
        return _Gap("未填写", sure=field.confidence >= FIELD_CONFIDENCE and not _is_loose(field))
    if field.valid:
        return None
    least = PIXEL_CONFIDENCE if _is_pixels(field) else FIELD_CONFIDENCE
    return _Gap(field.complaint or "填写有误", sure=field.confidence >= least)


def _why(gaps: Iterable[tuple[Account, str]], accounts: int, survey: Survey) -> str:
    """未填写, or with several accounts: 账号“甲”、账号“乙”未填写;账号“丙”不是有效的号码."""
    if accounts == 1:
        return "、".join(dict.fromkeys(why for _, why in gaps)) + "。"
    by_why: dict[str, list[str]] = {}
    for account, why in gaps:
        by_why.setdefault(why, []).append(account_title(account, survey))
    return ";".join(f"{'、'.join(dict.fromkeys(titles))}:{why}" for why, titles in by_why.items()) + "。"


def from_pixels(account: Account) -> bool:
    """Whether the form was recognised from a picture, so that a label not found may still be there."""
    filled = [field for field in account.fields if is_filled(field)]
    return any("ocr" in field.method for field in account.fields) or bool(filled) and all(map(_is_pixels, filled))


def _is_loose(field: FieldValue) -> bool:
    """Whether the label was recognised outside of any table's cell: its value may be a line that was put elsewhere."""
    return "ocr" in field.method and field.location is not None and "表" not in field.location


def _is_pixels(field: FieldValue) -> bool:
    return "ocr" in field.method or field.confidence < 1.0


def _dim_labels(account: Account, survey: Survey, confirmed: Collection[tuple[str, str]]) -> list[str]:
    rules = {rule.name: rule.label for rule in survey.fields}
    # the platform is read from the service type
    rules["platform"] = rules.get("service_type", "platform")
    return [
        rules[field.name]
        for field in account.fields
        if field.confidence < FIELD_CONFIDENCE and field.name in rules and (field.raw or is_filled(field))
        and (field.name, field.value) not in confirmed
    ]


def _quoted(labels: Iterable[str]) -> str:
    return "、".join(f"“{label}”" for label in labels)


def _clause(category: Category | None, survey: Survey) -> str | None:
    return (category or survey.categories[0]).form_clause
