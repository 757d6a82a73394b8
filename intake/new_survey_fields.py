"""The fields of several blank forms as fields of one survey: codes, on which forms, who is meant, what it describes."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from intake.new_survey_blank import Asked, Blank
from rules.survey import ACCOUNT_COLUMNS, ITEM_COLUMNS, Survey, bare

#: columns that only new-media accounts have, beside those that any thing may use
_GENERAL_ITEM = ("name", "handle", "registered_on")
#: how the code of a field ends that holds a personal number
_ENDINGS = {"phone": "_phone", "id_number": "_id_number"}
_UNIT_NAME = re.compile(r"(?:单位|机构|企业|公司|学校|团体|组织|协会|场所|店铺|商户|主体|法人)(?:名称|全称|\(|\uff08|$)|^(?:名称|全称)$")
#: units that a person works for or buys from
_ELSEWHERE = re.compile(r"工作单位|所在|任职|就业|生产|制造|销售|保险|供应|施工|承办")
_OF_REGISTRANT = re.compile(r"单位|团体|机主|负责|联系|人员|申报人|申请人|个人|法人|举办|经营者|业主|户主")


@dataclass
class Drafted:
    """One field of the drafted survey."""

    code: str
    label: str
    kind: str
    #: positions of the blank forms that have it
    forms: list[int] = field(default_factory=list)
    variants: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    #: code of the person whose it is, where the label stands several times on a form
    after: str | None = None
    of_registrant: bool = False
    mandatory: list[int] = field(default_factory=list)


def draft_fields(blanks: Sequence[Blank], known: Survey) -> list[Drafted]:
    """The fields of all forms, each once; `known`: the shipped survey, whose columns any collection shares."""
    doubled = {label for blank in blanks for label, n in Counter(bare(a.label) for a in blank.fields).items() if n > 1}
    found: dict[tuple[str, str], Drafted] = {}
    for number, blank in enumerate(blanks):
        seen: Counter[tuple[str, str]] = Counter()
        for asked in blank.fields:
            owner = asked.person if bare(asked.label) in doubled else ""
            seen[bare(asked.label), bare(owner)] += 1
            if seen[bare(asked.label), bare(owner)] > 1:
                continue
            one = found.setdefault((bare(asked.label), bare(owner)), Drafted("", _label(asked, owner), asked.kind))
            _add(one, asked, number, owner, found)
    drafted = list(found.values())
    for one in drafted:
        if one.options and one.kind not in ("options", "choice"):
            one.kind = "choice"  # on one form it is written, on another chosen
    _name(drafted, known)
    for one in drafted:
        one.after = next((other.code for other in drafted if one.after and other is not one
                          and one.after == other.label), None)
    _place(drafted, blanks)
    return drafted


def _label(asked: Asked, owner: str) -> str:
    whose = owner.removesuffix("姓名")
    return f"{whose}{asked.label}" if whose and whose not in asked.label else asked.label


def _add(one: Drafted, asked: Asked, number: int, owner: str, found) -> None:
    one.forms.append(number)
    one.options += [option for option in asked.options if option not in one.options]
    one.hints += [asked.hint] if asked.hint and asked.hint not in one.hints else []
    if owner and bare(asked.label) != bare(one.label) and asked.label not in one.variants:
        one.variants.append(asked.label)
    one.after = owner or one.after
    one.of_registrant = one.of_registrant or bool(_OF_REGISTRANT.search(asked.part))


# ── codes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _name(drafted: list[Drafted], known: Survey) -> None:
    """Columns of the contract where the label is one that the shipped survey knows for them; else numbers."""
    taken: set[str] = set()
    for one in drafted:
        fitting = [rule for rule in known.fields if _fits(one, rule) and rule.name not in taken]
        if fitting and not one.code:
            one.code = fitting[0].name
            taken.add(one.code)
    _give(drafted, "name", [one for one in drafted if one.kind == "text" and re.search("名称|型号|名$", one.label)]
          or [one for one in drafted if one.kind == "text"], taken)
    _give(drafted, "handle", [one for one in drafted if one.kind == "handle" and not one.after and not _is_wechat(one)], taken)
    _give(drafted, "registered_on", [one for one in drafted if one.kind == "date"], taken)
    for number, one in enumerate(drafted, 1):
        if not one.code:
            one.code = f"column_{number}{_ENDINGS.get(one.kind, '')}"


def _fits(one: Drafted, rule) -> bool:
    labels = {bare(text) for text in (rule.label, *rule.variants)}
    own = {bare(text) for text in (one.label, *one.variants)}
    same = bare(one.label) == bare(rule.label) or (bool(own & labels) and _sure(rule.name))
    if rule.name in ITEM_COLUMNS and rule.name not in _GENERAL_ITEM:
        same = bare(one.label) == bare(rule.label)  # only of the very same thing
    if rule.kind == "platform":
        return same and one.kind in ("text", "choice")
    return same and (one.kind == rule.kind or {one.kind, rule.kind} in ({"text", "choice"}, {"text", "person"}) and
                     rule.kind not in ("person",))


def _sure(name: str) -> bool:
    return name not in ("employer", "address", "introduction")


def _is_wechat(one: Drafted) -> bool:
    return "微信" in one.label or "QQ" in one.label.upper()


def _give(drafted: list[Drafted], code: str, choice: list[Drafted], taken: set[str]) -> None:
    """A role to the first field that may have it, where no label has told."""
    free = next((one for one in choice if not one.code), None)
    if code in taken:
        return
    if free is None and code == "name":
        # the registrant's own name is the thing's: a school
        free = next((one for one in drafted if one.code == "unit_name"), drafted[0])
        taken.discard(free.code)
        free.kind, free.options = ("person" if free.kind == "person" else "text"), []
    if free is not None:
        free.code = code
        taken.add(code)


# ── whom it describes, and what must be filled in ────────────────────────────────────────────────────────────────


def _place(drafted: list[Drafted], blanks: Sequence[Blank]) -> None:
    """Fields behind the first person or unit describe the registrant; names, numbers and phones must be filled in."""
    for number in range(len(blanks)):
        behind = False
        for one in (one for one in drafted if number in one.forms):
            behind = behind or one.kind == "person" or one.code == "unit_name"
            one.of_registrant = one.of_registrant or behind
    for one in drafted:
        if one.code in ("name", "handle", "registered_on", "unit_name", "admin_name", "admin_phone") or one.kind in (
                "person", "id_number"):
            one.mandatory = list(one.forms)


def registrant_of(number: int, drafted: Sequence[Drafted], personal: bool) -> Drafted:
    """The field of that form that most likely names who hands in; `personal`: its title speaks of persons."""
    on_form = [one for one in drafted if number in one.forms]
    units = [one for one in on_form if one.code == "unit_name" or (
        one.kind == "text" and _UNIT_NAME.search(one.label) and not _ELSEWHERE.search(one.label))]
    if units and not personal:
        return units[0]
    place = next((place for place, one in enumerate(on_form) if one.kind == "id_number"), None)
    if place is not None and (before := [one for one in on_form[:place] if one.kind == "person"]):
        return before[-1]
    persons = [one for one in on_form if one.kind == "person"]
    return next((one for one in (*persons, *on_form) if one.kind == "person" or one.code == "name"), on_form[0])


def is_column(code: str) -> bool:
    """Whether `accounts` has a column of that name."""
    return code in ACCOUNT_COLUMNS
