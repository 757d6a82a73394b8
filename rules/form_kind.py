"""Is it a registration form at all, and which: the evidence, for and against."""

from rules.layout import Entry, Title
from rules.survey import FieldRule, Survey
from rules.values import normal_label

#: columns that an advertisement names as well
_ADVERTISED = {"name", "service_type", "platform", "followers", "admin_name", "admin_phone", "admin_email", "admin_wechat",
               "unit_type", "address", "owner_phone", "owner_wechat", "employer"}  # fmt: skip


def is_a_form(title: Title | None, entries: list[Entry], survey: Survey) -> bool:
    """Whether the entries are a form of this survey and not a price list, a contract, or a signature.

    Wants several different labels, some of them about the thing that is registered. Labels that stand in every
    contract, 地址 and 电话 in every signature: they prove nothing.
    """
    fields = {entry.rules[0].name for entry in entries}
    labels = {normal_label(entry.label): entry for entry in entries}
    points = {label: _points(label, entry, survey) for label, entry in labels.items()}
    score, topical = sum(points.values()), sum(value >= 2 for value in points.values())
    if title is not None:
        return len(fields) >= 3 and score >= 2
    sober = {name for entry in entries for name in (rule.name for rule in entry.rules)} - _ADVERTISED
    return len(fields) >= 4 and score >= 4 and topical >= 1 and bool(fields & {"name", "handle"}) and len(sober) >= 2


def _points(label: str, entry: Entry, survey: Survey) -> float:
    rule = entry.rules[0]
    if not rule.of_item and rule.name != "admin_name":
        return 0
    if label in survey.item.common:
        return 1 if rule.name == "handle" else 0.5
    if any(word in label for word in survey.item.words):
        return 2
    return 1 if label == normal_label(rule.label) and rule.name != "admin_name" else 0.25


def decide_kind(title: Title | None, entries: list[Entry], survey: Survey) -> tuple[str | None, tuple[str, ...]]:
    """(form kind or None, the evidence as plain Chinese sentences).

    The title and the fields that only one form demands must agree. Of fields that only one form has, those filled in
    count; where none is, those that are there.
    """
    kinds = tuple(category.form for category in survey.categories)
    if len(kinds) == 1:
        return kinds[0], (f"标题为《{_shown(title.text)}》",) if title else ()
    filled = {kind: _labels(entries, kind, survey, filled=True) for kind in kinds}
    present = {kind: _labels(entries, kind, survey, filled=False) for kind in kinds}
    speaking = [kind for kind in kinds if filled[kind]] or [kind for kind in kinds if present[kind]]
    titled = title.kind if title else None
    evidence = [f"标题为《{_shown(title.text)}》"] if titled else []
    for kind in speaking:
        fields = filled[kind] or present[kind]
        evidence.append(f"{'填有' if filled[kind] else '有'}仅{_label(kind, survey)}登记表才有的「{'」「'.join(fields[:3])}」")
    candidates = {*speaking, *([titled] if titled else [])}
    if len(candidates) > 1 and titled and not filled_contradicts(titled, filled, present):
        candidates = {titled}
    if not candidates and (only := _only_unit_label(entries, survey)):
        return only, (f"有「{_label(only, survey)}」一栏,没有身份证号一栏",)
    return (candidates.pop() if len(candidates) == 1 else None), tuple(evidence)


def filled_contradicts(titled: str, filled: dict[str, list[str]], present: dict[str, list[str]]) -> bool:
    """Whether the fields speak against the title: the other form's are filled in, or only they are there at all."""
    others = [kind for kind in filled if kind != titled]
    return any(filled[kind] or (present[kind] and not present[titled]) for kind in others)


def _labels(entries: list[Entry], kind: str, survey: Survey, *, filled: bool) -> list[str]:
    found = []
    for index, entry in enumerate(entries):
        if entry.rules[0].kind == "id_number" and _of_another(entries[:index], survey):
            continue
        if all(_only_on(rule, kind) for rule in entry.rules) and (entry.raw or not filled):
            found.append(entry.rules[0].label)
    return list(dict.fromkeys(found))


def _only_on(rule: FieldRule, kind: str) -> bool:
    return rule.forms == (kind,) and kind in rule.mandatory


def _of_another(before: list[Entry], survey: Survey) -> bool:
    """An ID number right behind 法人代表 or 管理员姓名 is theirs, and no sign of an individual's form."""
    persons = [other for other in before if other.rules[0].kind == "person"]
    return bool(persons) and all(rule.name not in survey.person_fields for rule in persons[-1].rules)


def _only_unit_label(entries: list[Entry], survey: Survey) -> str | None:
    """The form of the only kind of organisation, where its name is filled in and no person's ID number is."""
    names = {rule.name for entry in entries if entry.raw for rule in entry.rules}
    forms = [category.form for category in survey.categories if not category.is_person]
    named = names & {*survey.unit_fields} and not names & {*survey.id_number_fields}
    return forms[0] if named and len(forms) == 1 else None


def _label(kind: str, survey: Survey) -> str:
    category = survey.category_of_form(kind)
    return category.label if category else kind


def _shown(text: str) -> str:
    return "".join(text.split())[:60].strip("《》")
