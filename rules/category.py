"""Unit or individual: what the forms, their filled fields and the papers say, and whether they agree.

Forms speak first; their kind was told by title and fields together (`rules.form_kind`). A unit's certificate speaks for
a unit. An ID card speaks for nobody, because both categories hand one in. Where two of these contradict each other the
category is `unknown` and a person decides. A form without a kind in which one category's own fields are filled in all
the same is such a contradiction: its title, or other fields, speak against them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.reading import FieldValue, Form
from rules.submission import Account, Facts
from rules.survey import Category, Survey


@dataclass(frozen=True, slots=True)
class CategoryVerdict:
    """Which category, and why."""

    #: `unit`, `individual` or `unknown`
    name: str
    #: plain Chinese sentences
    evidence: tuple[str, ...] = ()
    #: plain Chinese sentences; not empty where the evidence contradicts itself
    doubts: tuple[str, ...] = ()


def categorise(facts: Facts, survey: Survey) -> CategoryVerdict:
    """The category of a submission with its evidence."""
    by_form = [(account, survey.category_of_form(account.form_kind)) for account in facts.accounts]
    evidence = [_form_sentence(account, category) for account, category in by_form if category]
    paper_side, paper_evidence = _paper_side(facts, survey)
    sides = {category.name for _, category in by_form if category}
    doubts = [doubt for account in facts.accounts if (doubt := _inner_doubt(account, survey))]
    if len(sides) > 1:
        doubts.append("同一申报人既交了单位登记表,又交了个人登记表,请核实应按哪一类登记。")
    if paper_side and sides and sides != {paper_side}:
        label = "、".join(survey.category(side).label for side in sorted(sides))
        doubts.append(f"登记表为{label}登记表,却附有单位证书,请核实应按哪一类登记。")
    evidence = tuple(dict.fromkeys([*evidence, *paper_evidence]))
    if facts.category:
        return CategoryVerdict(facts.category, (*evidence, "由工作人员核定。"))
    if doubts:
        return CategoryVerdict("unknown", evidence, tuple(dict.fromkeys(doubts)))
    if sides:
        return CategoryVerdict(sides.pop(), evidence)
    return CategoryVerdict(paper_side or "unknown", evidence)


def form_side(form: Account | Form, survey: Survey) -> str | None:
    """Whose form it seems to be, for finding its registrant: by its kind, else by the fields that only one has."""
    kind = form.form_kind if isinstance(form, Account) else form.kind
    if category := survey.category_of_form(kind):
        return category.name
    filled = filled_sides(form.fields, survey)
    return next(iter(filled)) if len(filled) == 1 else None


def filled_sides(fields: Iterable[FieldValue], survey: Survey) -> frozenset[str]:
    """Categories of which a mandatory field is filled in that no other category's form has."""
    names = {field.name for field in fields if is_filled(field)}
    sides = set()
    for category in survey.categories:
        own = {
            rule.name for rule in survey.fields if rule.forms == (category.form,) and category.form in rule.mandatory
        }
        if own & names:
            sides.add(category.name)
    return frozenset(sides)


def is_filled(field: FieldValue | None) -> bool:
    """Whether anything is written there, valid or not."""
    return field is not None and field.value not in (None, "", ())


def _inner_doubt(account: Account, survey: Survey) -> str | None:
    """A form whose kind says one thing and whose filled fields only say the other."""
    category = survey.category_of_form(account.form_kind)
    filled = filled_sides(account.fields, survey)
    if category and filled and category.name not in filled:
        other = survey.category(next(iter(filled)))
        return (
            f"{account_title(account)}用的是{category.label}登记表,填写的却是{other.label}的内容,请核实应按哪一类登记。"
        )
    if not category and len(filled) > 1:
        return f"{account_title(account)}的登记表同时填写了单位和个人的内容,请核实应按哪一类登记。"
    if not category and filled:
        return f"{account_title(account)}的登记表,标题与填写的内容不属于同一类,请核实应按哪一类登记。"
    return None


def account_title(account: Account) -> str:
    """The account in a sentence: 账号“衡东发布”, or 一个未写名称的账号."""
    name = account.value("name")
    return f"账号“{name}”" if name else "未写名称的账号"


def _form_sentence(account: Account, category: Category) -> str:
    why = f"({';'.join(account.evidence)})" if account.evidence else ""
    return f"{account_title(account)}交的是{category.label}登记表{why}。"


def _paper_side(facts: Facts, survey: Survey) -> tuple[str | None, tuple[str, ...]]:
    """The only category that demands a kind of paper which was handed in, e.g. units and certificates."""
    sides, evidence = set(), []
    for held in (held for held in facts.papers if held.counts):
        demanding = [c.name for c in survey.categories if any(d.paper == held.paper.kind for d in c.demands)]
        if len(demanding) == 1:
            sides.add(demanding[0])
            evidence.append(f"附有{held.paper.title or '单位证书'}。")
    return (sides.pop() if len(sides) == 1 else None), tuple(dict.fromkeys(evidence))
