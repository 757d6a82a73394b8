"""Which field an ambiguous label means: by the kind of the form, and by the person named last before it."""

import re
from collections.abc import Iterator
from dataclasses import replace

from rules.layout import Entry
from rules.survey import FieldRule, Survey, bare

#: who filled in the paper, or answers for it by telephone
_WRITER = re.compile(r"(?:填\s*[表报写]|经\s*办|制\s*表|报\s*送|联\s*系|录\s*入)\s*人")


def assign(entries: list[Entry], kind: str | None, survey: Survey) -> Iterator[tuple[FieldRule, Entry]]:
    """Each entry with its field; entries that belong to no field of the form are left out."""
    persons: list[tuple[str, Entry]] = []
    taken: set[str] = set()
    guesses: list[tuple[list[FieldRule], Entry]] = []
    section: FieldRule | None = None
    writers = _writers(entries)
    for index, entry in enumerate(entries):
        fitting = [rule for rule in entry.rules if kind is None or kind in rule.forms]
        if index in writers:
            persons.append(("", entry))
            continue
        following = entries[index + 1 : index + 2]
        if heading := _heading(fitting, entry, following):
            section = heading
            continue
        rule = section if section in entry.rules else _choose(fitting, entry, following, persons, taken, survey)
        section = None
        if entry.rules[0].kind == "person":
            known = next((other.raw for name, other in persons if rule and name == rule.name), "")
            # 填表人 below the table is not the administrator in it: nor is the telephone that follows
            other = bool(known and entry.raw and bare(known) != bare(entry.raw))
            persons.append((rule.name if rule and not other else "", entry))
        if rule is None:
            guesses.append((fitting, entry))
            continue
        taken.add(rule.name)
        yield rule, entry
    for fitting, entry in guesses:
        rule = next((rule for rule in fitting if rule.name not in taken), None)
        if rule is None or _beside_another(entry, persons):
            continue
        if rule.kind == "id_number" and _of_registrant(rule, survey) and _person(entry, persons) in _heads(survey):
            continue
        taken.add(rule.name)
        yield rule, replace(entry, confidence=min(entry.confidence, 0.6))


def _of_registrant(rule: FieldRule, survey: Survey) -> bool:
    """Whether the ID number is the registrant's own, as far as the survey says."""
    return rule.after is None and rule.name in survey.id_number_fields


def _heads(survey: Survey) -> tuple[str, ...]:
    """Persons whose ID card is handed in and who are not the registrant."""
    return tuple(name for name in survey.people_fields if name not in survey.person_fields)


def _writers(entries: list[Entry]) -> frozenset[int]:
    """Indexes of whoever filled in the paper (填表人), where somebody else is named for the same field (管理员姓名)."""
    persons = [(index, entry) for index, entry in enumerate(entries) if entry.rules[0].kind == "person"]
    named = {rule.name for _, entry in persons if not _WRITER.search(entry.label) for rule in entry.rules}
    return frozenset(index for index, entry in persons
                     if _WRITER.search(entry.label) and named & {rule.name for rule in entry.rules})


def _heading(fitting: list[FieldRule], entry: Entry, following: list[Entry]) -> FieldRule | None:
    """The person whose section an empty label opens: 「管理员」 beside or over 「姓名」 and 「手机」."""
    if entry.raw or not fitting or fitting[0].kind != "person" or not following:
        return None
    after = following[0].rules
    return fitting[0] if len(after) > 1 and fitting[0] in after and len(entry.rules) <= len(after) else None


def _choose(
    fitting: list[FieldRule], entry: Entry, following: list[Entry], persons: list[tuple[str, Entry]], taken: set[str],
    survey: Survey,
) -> FieldRule | None:
    if not fitting:
        return None
    person = _person(entry, persons)
    if fitting[0].kind == "person":
        return _choose_person(fitting, following, taken)
    if fitting[0].kind == "id_number" and all(_of_registrant(rule, survey) for rule in fitting):
        # another person's ID number has no field; one below the admin's column is taken where there is no other
        return fitting[0] if person in (None, "", *survey.person_fields) else None
    if all(rule.after is None for rule in fitting):
        return next((rule for rule in fitting if rule.name not in taken), fitting[0])
    if names_person := [rule for rule in fitting if _says_whose(rule, entry, fitting)]:
        return names_person[0]
    if chosen := next((rule for rule in fitting if rule.after == person), None):
        if chosen.name not in taken or not persons:
            return chosen
        # in a table of three pairs a row the person above in the column is chance: the one named last is meant
        last = persons[-1][0]
        return next((rule for rule in fitting if rule.after == last and rule.name not in taken), chosen)
    return next((rule for rule in fitting if rule.name not in taken), None) if person is None else None


def _choose_person(fitting: list[FieldRule], following: list[Entry], taken: set[str]) -> FieldRule | None:
    if len(fitting) == 1:
        return fitting[0]
    before_id = bool(following) and following[0].rules[0].kind == "id_number"
    if before_id and (owner := next((rule for rule in fitting if len(rule.forms) == 1), None)):
        return owner
    free = [rule for rule in fitting if rule.name not in taken and (rule.after is None or rule.after in taken)]
    return free[0] if free else fitting[0]


def _says_whose(rule: FieldRule, entry: Entry, fitting: list[FieldRule]) -> bool:
    """Whether the label itself names the person (管理员手机): then no other field has it."""
    return len(entry.rules) == 1 and len(fitting) == 1 and len(rule.forms) < 2


def _person(entry: Entry, persons: list[tuple[str, Entry]]) -> str | None:
    """Field of the person to whom the entry belongs: left in its row, else above in its column, else named last."""
    if entry.row is not None:
        same_table = [(name, other) for name, other in persons if other.block == entry.block and other.row is not None]
        left = [name for name, other in same_table if other.row == entry.row and other.column < entry.column]
        above = [name for name, other in same_table if other.column == entry.column and other.row < entry.row]
        for found in (left, above):
            if found:
                return found[-1]
    return persons[-1][0] if persons else None


def _beside_another(entry: Entry, persons: list[tuple[str, Entry]]) -> bool:
    """Whether another person stands in the entry's own row or line."""
    return any(other.row == entry.row and other.block == entry.block for _, other in persons)
