"""Which category, unit or individual: what the forms, their filled fields and the papers say, and whether they agree.

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
    evidence = [_form_sentence(account, category, survey) for account, category in by_form if category]
    paper_side, paper_evidence = _paper_side(facts, survey)
    sides = {category.name for _, category in by_form if category}
    doubts = [doubt for account in facts.accounts if (doubt := _inner_doubt(account, survey))]
    if len(sides) > 1:
        forms = ",又交了".join(f"{c.label}登记表" for c in survey.categories if c.name in sides)
        doubts.append(f"同一申报人既交了{forms},请核实应按哪一类登记。")
    if paper_side and sides and sides != {paper_side}:
        label = "、".join(survey.category(side).label for side in sorted(sides))
        doubts.append(f"登记表为{label}登记表,却附有{_sorts(facts, paper_side, survey)},请核实应按哪一类登记。")
    evidence = tuple(dict.fromkeys([*evidence, *paper_evidence]))
    if facts.category:
        return CategoryVerdict(facts.category, (*evidence, "由工作人员核定。"))
    if doubts:
        return CategoryVerdict("unknown", evidence, tuple(dict.fromkeys(doubts)))
    if sides or len(survey.categories) == 1:
        return CategoryVerdict(sides.pop() if sides else survey.categories[0].name, evidence)
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
            f"{account_title(account, survey)}用的是{category.label}登记表,填写的却是{other.label}的内容,请核实应按哪一类登记。"
        )
    if not category and len(filled) > 1:
        both = "和".join(c.label for c in survey.categories if c.name in filled)
        return f"{account_title(account, survey)}的登记表同时填写了{both}的内容,请核实应按哪一类登记。"
    if not category and filled:
        return f"{account_title(account, survey)}的登记表,标题与填写的内容不属于同一类,请核实应按哪一类登记。"
    return None


def account_title(account: Account, survey: Survey) -> str:
    """The account in a sentence: 账号“衡东发布”, or 一个未写名称的账号."""
    name, noun, handle = account.value("name"), survey.item.noun, account.value("handle")
    if handle and "name" not in survey.item.identity:
        name = f"{name or ''} {handle}".strip()  # many bear the same name
    return f"{noun}“{name}”" if name else f"未写名称的{noun}"


def _sorts(facts: Facts, side: str, survey: Survey) -> str:
    """Names of the documents that only this category hands in."""
    kinds = [held.paper.kind for held in facts.papers if held.counts]
    return "、".join(dict.fromkeys(d.short for d in survey.category(side).demands if d.paper in kinds
                                  and _demanding(d.paper, survey) == [side]))


def _demanding(kind: str, survey: Survey) -> list[str]:
    """Categories that demand this kind of document."""
    return [c.name for c in survey.categories if any(d.paper == kind for d in c.demands)]


def _form_sentence(account: Account, category: Category, survey: Survey) -> str:
    why = f"({';'.join(account.evidence)})" if account.evidence else ""
    return f"{account_title(account, survey)}交的是{category.label}登记表{why}。"


def _paper_side(facts: Facts, survey: Survey) -> tuple[str | None, tuple[str, ...]]:
    """The only category that demands a kind of paper which was handed in, e.g. units and certificates."""
    sides, evidence = set(), []
    for held in (held for held in facts.papers if held.counts):
        demanding = _demanding(held.paper.kind, survey)
        if len(demanding) == 1 and len(survey.categories) > 1:
            sides.add(demanding[0])
            evidence.append(f"附有{held.paper.title or _sorts(facts, demanding[0], survey)}。")
    return (sides.pop() if len(sides) == 1 else None), tuple(dict.fromkeys(evidence))
