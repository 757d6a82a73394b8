"""What is missing, what a person must look at, and so the status: the policy of completeness (DATA.md is the law).

Three outcomes for every demand of the notice: *accepted* (proof that contradicts nothing), *surely missing*, or *for a
person*. A submission is `complete` only when every demand is accepted and nothing whatsoever is for a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rules import deadline
from rules.category import CategoryVerdict, account_title, categorise, form_side
from rules.mandatory import check_fields, from_pixels
from rules.proof import ACCEPTED, INSUFFICIENT, REFUSED, Proof, confirmed, expired_back, weigh
from rules.registrant import (
    code_key,
    person_key,
    registrant_code,
    registrant_id_number,
    registrant_name,
    unit_key,
)
from rules.submission import Account, Facts, Judgement, Material, Missing, UnreadFile
from rules.survey import Category, Demand, Survey, bare
from rules.towns import town_of_accounts
from rules.typography import typeset_sentence
from rules.unread import Unread, may_be_form, names, sort_unread


@dataclass(frozen=True, slots=True)
class Findings:
    """What one part of the policy found."""

    missing: tuple[Missing, ...] = ()
    #: for a person, plain Chinese sentences
    reasons: tuple[str, ...] = ()
    materials: tuple[Material, ...] = ()
    #: harmless, plain Chinese sentences
    notes: tuple[str, ...] = ()
    #: unread files that these sentences already name
    named: tuple[UnreadFile, ...] = ()


def judge(facts: Facts, survey: Survey) -> Judgement:
    """The judgement on everything that one registrant has handed in; pure, and the same for any order of the facts."""
    facts = _ordered(facts)
    verdict = categorise(facts, survey)
    category = survey.category(verdict.name)
    unread = sort_unread(facts.unread)
    fields = check_fields(facts.accounts, category, survey, confirmed(category, facts, survey))
    parts = (
        _check_forms(facts, verdict, unread, survey),
        _check_papers(facts, category, unread, survey),
        Findings(fields.missing, fields.reasons),
        Findings(reasons=(*verdict.doubts, *_open(_disagreements(facts, category, survey), facts),
                          *_open(_not_yet(facts, survey), facts),
                          *facts.doubts)),
    )
    parts += (_spare(unread, parts),)
    missing = tuple(replace(one, why=typeset_sentence(one.why)) for part in parts for one in part.missing)
    reasons = _unique(typeset_sentence(reason) for part in parts for reason in part.reasons)
    days = [account.value("registered_on") for account in facts.accounts]
    registrant = registrant_name(facts, verdict.name, survey)
    return Judgement(
        category=verdict.name,
        category_evidence=verdict.evidence,
        registrant=registrant,
        uscc=registrant_code(facts, verdict.name, survey),
        id_number=registrant_id_number(facts, verdict.name, survey),
        status=_status(facts, missing, reasons),
        missing=missing,
        review_reasons=reasons,
        materials=tuple(
            replace(material, reason=typeset_sentence(material.reason)) for part in parts for material in part.materials
        ),
        on_time=deadline.on_time(facts.opened_at, days, survey),
        deadline=deadline.deadline([day for day in days if day], survey, facts.latest_at or facts.opened_at),
        notes=_unique(typeset_sentence(note) for part in parts for note in part.notes),
        town=town_of_accounts(facts.accounts, registrant, survey.towns, survey.is_unit(verdict.name)),
    )


def _status(facts: Facts, missing: tuple[Missing, ...], reasons: tuple[str, ...]) -> str:
    if facts.withdrawn:
        return "withdrawn"
    if facts.paper_received_at is not None:
        return "registered"
    if missing:
        return "incomplete"
    if reasons:
        return "review"
    return "registered" if facts.paper_noted_at is not None else "complete"


def _open(reasons: Iterable[str], facts: Facts) -> tuple[str, ...]:
    """The sentences that no person has looked at yet."""
    cleared = {typeset_sentence(sentence) for sentence in facts.cleared}
    return tuple(reason for reason in reasons if typeset_sentence(reason) not in cleared)


def _check_forms(facts: Facts, verdict: CategoryVerdict, unread: Unread, survey: Survey) -> Findings:
    """The registration form itself: one per account, of the category's kind."""
    category = survey.category(verdict.name)
    materials = tuple(material for account in facts.accounts if (material := _form_row(account, category, survey)))
    gap = None
    if not facts.accounts:
        gap = "尚未收到登记表。"
    elif category is None and not verdict.doubts:
        gap = (f"收到的登记表看不出是{_either(survey)},也没有写明"
               f"{'或'.join(dict.fromkeys(survey.field(c.registrant_field).label for c in survey.categories))}。")
    elif facts.category and not any(_serves(account, category, survey) for account in facts.accounts):
        gap = f"经工作人员核定为{category.label},收到的却不是{category.label}登记表。"
    if gap is None:
        return Findings(materials=materials)
    if unread.uncertain:
        reason = f"没有收到可以识别的登记表,但下列文件可能就是:{names(unread.uncertain)}。"
        return Findings(reasons=(reason,), materials=materials, named=unread.uncertain)
    if any(from_pixels(account) for account in facts.accounts):
        return Findings(reasons=(f"登记表是图片,未能认出是{_either(survey)},请人工核对。",), materials=materials)
    missing = _missing_form(category, gap + _lost(unread), survey)
    return Findings(missing=(missing,), materials=materials, named=unread.lost)


def _either(survey: Survey) -> str:
    return "还是".join(f"{category.label}登记表" for category in survey.categories)


def _serves(account: Account, category: Category, survey: Survey) -> bool:
    """Whether it is a form of that category, or names its registrant all the same."""
    return form_side(account, survey) in (category.name, None) or bool(account.value(category.registrant_field))


def _missing_form(category: Category | None, why: str, survey: Survey) -> Missing:
    if category:
        return Missing(category.form, category.form_label, why, category.form_clause)
    label = "或".join(each.form_label for each in survey.categories)
    return Missing("form", label, why, survey.categories[0].form_clause)


def _form_row(account: Account, category: Category | None, survey: Survey) -> Material | None:
    side = form_side(account, survey)
    own = survey.category(side) if side else category
    if own is None:
        return None
    holder = account.value(own.registrant_field)
    if category is None:
        labels = "与".join(each.label for each in survey.categories)
        return Material(own.form, account.attachment_id, holder, None, False, f"{labels}的材料并存,待人工核实类别。")
    return Material(own.form, account.attachment_id, holder, None, True, f"{account_title(account, survey)}的登记表已收到。")


def _check_papers(facts: Facts, category: Category | None, unread: Unread, survey: Survey) -> Findings:
    """The demands of the category, in DATA.md's order; without a category nothing is demanded."""
    demands = category.demands if category else ()
    found = [_check_demand(demand, facts, unread, survey) for demand in demands]
    demanded = {demand.paper for demand in demands}
    rest = [
        Material(
            held.paper.kind,
            held.attachment_id,
            held.paper.holder,
            held.paper.number,
            False,
            "申报类别尚未确定,待核对。",
        )
        for held in facts.papers
        if held.paper.kind not in demanded
    ]
    return Findings(
        missing=tuple(one for part in found for one in part.missing),
        reasons=_unique(reason for part in found for reason in part.reasons),
        materials=(*(material for part in found for material in part.materials), *rest),
        notes=_unique(note for part in found for note in part.notes),
        named=tuple(file for part in found for file in part.named),
    )


def _check_demand(demand: Demand, facts: Facts, unread: Unread, survey: Survey) -> Findings:
    proofs = weigh(demand, facts, survey)
    accepted = [proof for proof in proofs if proof.outcome == ACCEPTED]
    materials = tuple(_paper_row(demand, proof, bool(accepted)) for proof in proofs)
    if accepted and not (waiting := _without_proof(demand, accepted, facts)):
        extras = _extras(demand, proofs, accepted)
        reasons = (*extras["reasons"], *(sentence for proof in proofs if (sentence := expired_back(proof, facts, survey))))
        return Findings(materials=materials, **extras | {"reasons": _open(reasons, facts)})
    for_a_person = [proof.reason for proof in proofs if proof.outcome not in (ACCEPTED, INSUFFICIENT, REFUSED)]
    if for_a_person:
        return Findings(reasons=tuple(for_a_person), materials=materials)
    if unread.uncertain:
        reason = f"没有收到可以识别的{demand.label},但下列文件可能就是:{names(unread.uncertain)}。"
        return Findings(reasons=(reason,), materials=materials, named=unread.uncertain)
    why = "".join(_unique(proof.reason for proof in proofs if proof.outcome != ACCEPTED)) or "尚未收到。"
    if accepted:
        why = f"{'、'.join(account_title(account, survey) for account in waiting)}的{why}"
    missing = Missing(demand.code, demand.label, why + _lost(unread), demand.clause)
    return Findings(missing=(missing,), materials=materials, named=unread.lost)


def _without_proof(demand: Demand, accepted: list[Proof], facts: Facts) -> list[Account]:
    """Things that none of the accepted documents is about, where each needs its own: the document bears its number.

    A document whose number could not be compared, or that a person has accepted, stands for all of them.
    """
    numbers = [proof.held.paper.number for proof in accepted]
    if not demand.of_each or any(proof.held.verdict for proof in accepted):
        return []
    known = {bare(number) for number in numbers if number}
    return [account for account in facts.accounts
            if bare(str(account.value(demand.number_field) or "")) not in known]


def _paper_row(demand: Demand, proof: Proof, satisfied: bool) -> Material:
    paper, reason = proof.held.paper, proof.reason
    if satisfied and proof.outcome == INSUFFICIENT:
        reason = "身份证国徽面,与人像面一并留存。"
    elif satisfied and proof.outcome != ACCEPTED:
        reason = f"已有另一份符合要求,本份只作留存。{reason}"
    return Material(
        demand.code, proof.held.attachment_id, paper.holder, paper.number, proof.outcome == ACCEPTED, reason
    )


def _extras(demand: Demand, proofs: tuple[Proof, ...], accepted: list[Proof]) -> dict[str, tuple[str, ...]]:
    """What else came beside an accepted document: further ID cards are harmless, another unit's certificate is not."""
    codes = {code_key(proof.held.paper.number) for proof in accepted}
    notes, reasons = [], []
    for proof in (proof for proof in proofs if proof.outcome not in (ACCEPTED, INSUFFICIENT, REFUSED)):
        other = demand.paper == "org_certificate" and code_key(proof.held.paper.number) not in (*codes, None)
        # an invoice for something that no form describes: perhaps a form is still to come
        other = other or demand.of_each
        (reasons if other else notes).append(proof.reason)
    if demand.paper == "org_certificate" and len(codes) > 1:
        reasons.append("收到的几份单位证书代码不一致,请核实。")
    return {"notes": tuple(notes), "reasons": tuple(reasons)}


def _disagreements(facts: Facts, category: Category | None, survey: Survey) -> tuple[str, ...]:
    """Forms of one registrant that name it, its head or its number differently."""
    if category is None:
        return ()
    compared = [
        category.registrant_field,
        *(field for d in category.demands for field in (d.holder_field, d.number_field)),
    ]
    found = []
    for field in dict.fromkeys(field for field in compared if field and not survey.field(field).of_item):
        written = [str(value) for account in facts.accounts if (value := account.value(field))]
        if len({_key(field, value, survey) for value in written}) > 1:
            what = "" if survey.field(field).kind == "id_number" else f"({'、'.join(dict.fromkeys(written))})"
            found.append(f"几份登记表填写的{survey.field(field).label}不一致{what},请核实。")
    return tuple(found)


def _not_yet(facts: Facts, survey: Survey) -> tuple[str, ...]:
    """Accounts that would have been registered after the mail that tells of them."""
    latest = facts.latest_at or facts.opened_at
    if latest is None:
        return ()
    day = deadline.received_day(latest, survey).isoformat()
    # a month compares as its first day would
    late = [account for account in facts.accounts if str(account.value("registered_on") or "") > day]
    label = survey.field("registered_on").label if late else ""
    return tuple(f"{account_title(account, survey)}填写的{label}晚于收到邮件的日期,请核实。" for account in late)


def _key(field: str, value: str, survey: Survey) -> str | None:
    kind = survey.field(field).kind
    return person_key(value) if kind == "person" else value if kind == "id_number" else unit_key(value, survey)


def _lost(unread: Unread) -> str:
    return f"随信的{names(unread.lost)},请改用其他方式重新发送。" if unread.lost else ""


def _spare(unread: Unread, parts: Iterable[Findings]) -> Findings:
    """Unread files that no demand was waiting for: a document might be one more account's form, a picture is not."""
    named = {id(file) for part in parts for file in part.named}
    spare = [file for file in unread.all if id(file) not in named]
    documents = [file for file in spare if may_be_form(file)]
    return Findings(
        reasons=(f"下列文件未能读取,其中可能还有别的登记表:{names(documents)}。",) if documents else (),
        notes=tuple(f"{names([file])}。" for file in spare if not may_be_form(file)),
    )


def _unique(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences))


def _ordered(facts: Facts) -> Facts:
    """The facts in an order of their own: by their rows, else by what they say."""

    def account_key(account: Account):
        return _row(account.id), _row(account.attachment_id), repr(account)

    accounts = facts.accounts if len(facts.accounts) < 2 else tuple(sorted(facts.accounts, key=account_key))
    return replace(
        facts,
        accounts=accounts,
        papers=tuple(sorted(facts.papers, key=lambda held: (_row(held.attachment_id), repr(held)))),
        doubts=tuple(dict.fromkeys(facts.doubts)),
    )


def _row(number: int | None) -> float:
    return float("inf") if number is None else number
