"""The sections `item` and `papers` of survey.yaml, and what each category demands: the thing and its documents."""

from rules.survey import Category, Demand, FieldRule, Item, PaperRule
from rules.survey_fields import code, field_on
from rules.yaml_lines import Node

#: materials that the contract knows, in DATA.md's order
_DEMANDS = ("org_certificate", "principal_id_card", "id_card")
#: documents that the code recognises by itself
_KNOWN = ("org_certificate", "id_card")
#: DATA.md's further codes of `attachments.role` and `missing`
RESERVED = ("unknown", "form", "blank_form", "container", "other")


def read_item(node: Node, fields: tuple[FieldRule, ...]) -> Item:
    """What is registered, and by which words people speak of it."""
    keys = node.mapping(required=("noun",), optional=("measure", "begins", "identity", "words", "common",
                                                      "number_labels", "called", "asked", "english", "earliest"))
    names = {rule.name for rule in fields}
    lists = {name: keys[name].texts() for name in ("words", "common", "number_labels", "called", "asked", "english")
             if name in keys}
    identity = [item.choice(("handle", "name")) for item in keys["identity"].items(least=1)] if "identity" in keys else (
        "handle", "name")
    if "identity" in keys and not set(identity) <= names:
        keys["identity"].fail(f"fields 里没有 {'、'.join(set(identity) - names)} 这一栏")
    return Item(
        noun=keys["noun"].text(),
        measure=keys["measure"].text() if "measure" in keys else "个",
        begins=keys["begins"].text() if "begins" in keys else "开通",
        identity=tuple(name for name in identity if name in names),
        earliest=keys["earliest"].integer(least=1000, most=2100) if "earliest" in keys else 1900,
        **lists,
    )


def read_papers(node: Node | None) -> tuple[PaperRule, ...]:
    """Kinds of document beside ID card and organisation certificate."""
    found: list[PaperRule] = []
    for item in node.items() if node is not None else ():
        rule = _paper(item)
        if any(rule.name == other.name for other in found):
            item.fail(f"证件 {rule.name} 写了两次")
        found.append(rule)
    return tuple(found)


def _paper(node: Node) -> PaperRule:
    keys = node.mapping(required=("name", "label", "titles", "words"), optional=("least", "holder", "number"))
    words = keys["words"].texts(least=2)
    least = keys["least"].integer(least=2, most=len(words)) if "least" in keys else 2
    rule = PaperRule(
        name=code(keys["name"], (*RESERVED, *_DEMANDS)),
        label=keys["label"].text(),
        titles=keys["titles"].texts(least=1),
        words=words,
        least=least,
        holder=keys["holder"].texts(least=1) if "holder" in keys else (),
        number=keys["number"].texts(least=1) if "number" in keys else (),
    )
    if not rule.holder and not rule.number:
        node.fail("须写出 holder 或 number:证件上的名称或号码写在哪几个字后面,否则无从与登记表核对")
    return rule


def read_demands(node: Node, fields: tuple[FieldRule, ...], papers: tuple[PaperRule, ...], form: str,
                 ) -> tuple[Demand, ...]:
    """The materials of one category; those of the contract in its order, before the survey's own."""
    found: list[Demand] = []
    for item in node.items():
        demand = _demand(item, fields, papers, form)
        if any(demand.code == other.code for other in found):
            item.fail(f"材料 {demand.code} 写了两次")
        found.append(demand)
    return tuple(sorted(found, key=lambda d: _DEMANDS.index(d.code) if d.code in _DEMANDS else len(_DEMANDS)))


def _demand(node: Node, fields: tuple[FieldRule, ...], papers: tuple[PaperRule, ...], form: str) -> Demand:
    keys = node.mapping(
        required=("code", "paper", "label", "clause"), optional=("short", "accepts", "holder", "number", "principal")
    )
    own = tuple(rule.name for rule in papers)
    name, paper = keys["code"].choice((*_DEMANDS, *own)), keys["paper"].choice((*_KNOWN, *own))
    if name in own and paper != name or name not in own and (name == "org_certificate") != (paper == "org_certificate"):
        keys["paper"].fail(f"材料 {name} 不能用 {paper} 来证明")
    number = field_on(keys["number"], fields, form) if "number" in keys else None
    demand = Demand(
        code=name,
        paper=paper,
        label=keys["label"].text(),
        clause=keys["clause"].text(),
        short=keys["short"].text() if "short" in keys else next(
            (rule.label for rule in papers if rule.name == paper), keys["label"].text()),
        accepts=keys["accepts"].texts(least=1) if "accepts" in keys else (),
        holder_field=field_on(keys["holder"], fields, form) if "holder" in keys else None,
        number_field=number,
        of_each=any(rule.name == number and rule.of_item for rule in fields),
        principal_field=field_on(keys["principal"], fields, form) if "principal" in keys else None,
    )
    _check_comparable(node, demand, papers)
    return demand


def _check_comparable(node: Node, demand: Demand, papers: tuple[PaperRule, ...]) -> None:
    """A document of the survey's own that is compared with nothing would prove nothing."""
    rule = next((rule for rule in papers if rule.name == demand.paper), None)
    if rule is None:
        return
    for field, labels, key in ((demand.holder_field, rule.holder, "holder"), (demand.number_field, rule.number, "number")):
        if field and not labels:
            node.fail(f"证件 {rule.name} 没有写明 {key},无法与登记表的 {field} 一栏核对")
    if demand.holder_field is None and demand.number_field is None:
        node.fail("须写出 holder 或 number:与登记表的哪一栏核对")


def id_number_of(category: Category, fields: tuple[FieldRule, ...]) -> str | None:
    """The field with the registrant's own ID number: the one that his card is compared with, else the only one."""
    if not category.is_person:
        return None
    compared = [d.number_field for d in category.demands
                if d.paper == "id_card" and d.number_field and d.holder_field in (None, category.registrant_field)]
    on_form = [rule.name for rule in fields if rule.kind == "id_number" and category.form in rule.forms]
    return compared[0] if compared else on_form[0] if len(on_form) == 1 else None
