"""One identity document against one demand: is it proof, and if not, why not (DATA.md, "What counts").

Accepted is only what was read with confidence, is valid on the day of receipt, and does not contradict the form.
"""

from dataclasses import dataclass
from datetime import date

from rules.deadline import received_day
from rules.reading import Paper
from rules.registrant import person_key, unit_key
from rules.submission import Facts, HeldPaper
from rules.survey import Category, Demand, Survey, bare
from rules.unread import shown

#: an identity document read with less confidence is looked at by a person
PAPER_CONFIDENCE = 0.8

ACCEPTED = "accepted"
#: the back of an ID card: genuine, but proves nothing alone
INSUFFICIENT = "insufficient"
#: a person must look: hardly legible, expired, of an unknown kind
DOUBTFUL = "doubtful"
CONTRADICTION = "contradiction"
#: a person of the office has refused it
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Proof:
    """What one document is worth for one demand."""

    held: HeldPaper
    #: ACCEPTED, INSUFFICIENT, DOUBTFUL, CONTRADICTION or REFUSED
    outcome: str
    #: plain Chinese, a whole sentence without personal numbers
    reason: str


def weigh(demand: Demand, facts: Facts, survey: Survey) -> tuple[Proof, ...]:
    """Every document of the demand's kind with its worth, in the order in which they came."""
    return tuple(
        Proof(held, *_worth(held, demand, facts, survey)) for held in facts.papers if held.paper.kind == demand.paper
    )


def confirmed(category: Category | None, facts: Facts, survey: Survey) -> frozenset[tuple[str, str]]:
    """(field, value) of everything on the forms that an accepted document says too, character for character.

    Two readings of two originals that agree are no doubt any more, however faint one of them was.
    """
    found = set()
    for demand in category.demands if category else ():
        for proof in weigh(demand, facts, survey):
            paper = proof.held.paper
            if proof.outcome != ACCEPTED or paper.doubts or paper.confidence < PAPER_CONFIDENCE:
                continue
            said = ((demand.holder_field, paper.holder), (demand.number_field, paper.number),
                    (demand.principal_field, paper.principal))
            found |= {(field, value) for field, text in said if field and text for account in facts.accounts
                      if (value := account.value(field)) and bare(value) == bare(text)}
    return frozenset(found)


def expected(field: str | None, facts: Facts, survey: Survey) -> tuple[str, ...]:
    """What the forms say there, each value once; where they say nothing, the persons whom certificates name."""
    values = [value for account in facts.accounts if field and (value := account.value(field))]
    if not values and field:
        naming = {d.paper for c in survey.categories for d in c.demands if d.principal_field == field}
        values = [held.paper.principal for held in facts.papers if held.paper.kind in naming and held.paper.principal and held.counts]
    return tuple(dict.fromkeys(str(value) for value in values))


def _worth(held: HeldPaper, demand: Demand, facts: Facts, survey: Survey) -> tuple[str, str]:
    paper, file = held.paper, shown(held.filename)
    if held.verdict:
        return _decided(held)
    if paper.side == "back" and not paper.doubts:
        return INSUFFICIENT, f"{file}只有身份证国徽面,缺人像面。"
    contradiction = _contradiction(paper, demand, facts, survey)
    if paper.doubts:
        doubts = ";".join(text.rstrip("。;") for text in paper.doubts)
        return DOUBTFUL, f"{file}需人工核对:{doubts}。" + (f"{file}{contradiction}" if contradiction else "")
    if contradiction:
        return CONTRADICTION, f"{file}{contradiction}"
    if doubt := _doubt(paper, demand, facts, survey):
        return DOUBTFUL, f"{file}{doubt}"
    return ACCEPTED, _acceptance(paper, demand, facts, survey)


def _decided(held: HeldPaper) -> tuple[str, str]:
    """A person's word; who it was stands in the decisions, as the reason of a refusal is told to the registrant."""
    why = (held.verdict.why or "").strip().rstrip("。;,")
    if held.verdict.accepted:
        return ACCEPTED, f"经工作人员核对予以采纳{f':{why}' if why else ''}。"
    file = shown(held.filename) if held.filename else "所交证件"
    return REFUSED, f"{file}经工作人员核对未予采纳{f':{why}' if why else ''}。"


def _contradiction(paper: Paper, demand: Demand, facts: Facts, survey: Survey) -> str | None:
    """The sentence's end where a name or number is not the form's."""
    names = expected(demand.holder_field, facts, survey)
    if paper.holder and names and not _named(paper.holder, names, survey.field(demand.holder_field).kind != "person", survey):
        label = survey.field(demand.holder_field).label
        return f"上的名称“{paper.holder}”与登记表填写的{label}“{'、'.join(names)}”不一致,请核实。"
    numbers = expected(demand.number_field, facts, survey)
    if paper.number and numbers and bare(paper.number) not in {bare(number) for number in numbers}:
        return f"上的号码与登记表填写的{survey.field(demand.number_field).label}不一致,请核实。"
    persons = [
        value
        for account in facts.accounts
        if demand.principal_field and (value := account.value(demand.principal_field))
    ]
    if paper.principal and persons and not _named(paper.principal, persons, False, survey):
        label = survey.field(demand.principal_field).label
        return (
            f"载明的负责人“{paper.principal}”与登记表填写的{label}“{'、'.join(dict.fromkeys(persons))}”不一致,请核实。"
        )
    return None


def _named(name: str, names, unit: bool, survey: Survey) -> bool:
    key = (lambda text: unit_key(text, survey)) if unit else person_key
    return key(name) in {key(other) for other in names}


def _doubt(paper: Paper, demand: Demand, facts: Facts, survey: Survey) -> str | None:
    """The sentence's end where it may be genuine, but a person must look."""
    if demand.accepts and not any(bare(title) in bare(paper.title) for title in demand.accepts):
        return f"({paper.title or '名称未读出'})不在列明认可的证书之内,请核实能否采用。"
    own = survey.paper(paper.kind)
    wanted = (("名称", paper.holder, demand.holder_field), ("号码", paper.number, demand.number_field))
    if unread := "、".join(word for word, value, field in wanted if not value and (field or not own)):
        return f"上的{unread}未能读出,请人工核对。"
    if paper.confidence < PAPER_CONFIDENCE:
        return "不够清晰,识别把握不大,请人工核对。"
    return _expiry(paper, facts, survey)


def expired_back(proof: Proof, facts: Facts, survey: Survey) -> str | None:
    """The sentence when the back of an ID card, sent as a picture of its own, says that the card had expired.

    The back bears no name, so it may belong to any card beside it: a person tells.
    """
    held = proof.held
    if proof.outcome != INSUFFICIENT or not (found := _expiry(held.paper, facts, survey)):
        return None
    return f"{shown(held.filename)}{found}"


def _expiry(paper: Paper, facts: Facts, survey: Survey) -> str | None:
    last = _last_day(paper.valid_until)
    if last and facts.opened_at and last < received_day(facts.opened_at, survey):
        return f"的有效期至{last.isoformat()},收到时已过期,请核实。"
    return None


def _last_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _acceptance(paper: Paper, demand: Demand, facts: Facts, survey: Survey) -> str:
    compared = [
        survey.field(field).label
        for field in (demand.holder_field, demand.number_field)
        if expected(field, facts, survey)
    ]
    title = paper.title or demand.label
    return f"{title},与{'、'.join(compared)}一致。" if compared else f"{title},待收到填写完整的登记表后核对。"
