"""Fields as a person of the office types them: `column=value` or `标签=value`.

The same readers as for forms. Where a reader only complains of the format, the person's word stands; a day, a number of
followers or an ID number that cannot be right is refused, because the rules calculate with them.
"""

from collections.abc import Sequence

from rules.accounts import HUMAN
from rules.category import filled_sides
from rules.errors import PermanentError
from rules.fields import Written, read_field
from rules.reading import FieldValue
from rules.registrant import name_key
from rules.submission import Account
from rules.survey import FieldRule, Survey, bare
from rules.typography import typeset
from rules.values import parse_platform

#: kinds of field that must be what they say
_STRICT = ("date", "count", "id_number", "yes_no", "options", "platform")
PLACE = "工作人员核定"


class NotWritable(PermanentError):
    """The field does not exist, or the value cannot be."""

    def __init__(self, sentence: str):
        super().__init__(typeset(sentence))


def written_fields(name: str, text: str, survey: Survey) -> tuple[FieldValue, ...]:
    """The field that a person has typed, with the platform that a service type tells; an empty text empties it."""
    if name in ("platform", "平台") and survey.platforms:
        return (_platform(text, survey),)
    rule = _rule(name, survey)
    if not text.strip():
        return (empty_field(rule.name),)
    read = read_field(rule, Written(text, PLACE, HUMAN), survey)
    first = read[0]
    if not first.valid and rule.kind in _STRICT:
        raise NotWritable(f"{rule.label}不能写“{text}”:{first.complaint}。")
    if not first.valid:
        first = FieldValue(rule.name, text.strip(), text.strip())
    return tuple(_by_hand(field) for field in (first, *read[1:]))


def empty_field(name: str) -> FieldValue:
    """A field of which a person says that nothing stands in it."""
    return FieldValue(name, None, "", location=PLACE, method=HUMAN)


def form_of(fields: Sequence[FieldValue], category: str | None, survey: Survey) -> str | None:
    """The kind of form that these fields are of: the category's, else that whose own fields are filled in."""
    sides = filled_sides(fields, survey)
    found = survey.category(category or "") or (survey.category(next(iter(sides))) if len(sides) == 1 else None)
    return found.form if found else None


def identity_key(name: str, account: Account, survey: Survey) -> str | None:
    """The key under which the registrant was known by the field's value until now, or None."""
    if name in survey.id_number_fields:
        number = account.value(name)
        return f"id:{number}" if number else None
    found = next((category for category in survey.categories if category.registrant_field == name), None)
    return name_key(found.name, account.value(name), survey) if found else None


def _by_hand(field: FieldValue) -> FieldValue:
    return FieldValue(field.name, field.value, field.raw, location=PLACE, method=HUMAN)


def _rule(name: str, survey: Survey) -> FieldRule:
    named = [rule for rule in survey.fields if rule.name == name]
    found = named or [rule for rule in survey.fields if bare(name) and bare(name) == bare(rule.label)]
    if len(found) == 1:
        return found[0]
    columns = "、".join(f"{rule.name} {rule.label}" for rule in (found or survey.fields))
    raise NotWritable(f"“{name}”不止一栏,请写其中一个:{columns}。" if found else f"没有“{name}”这一栏;可以写:{columns}。")


def _platform(text: str, survey: Survey) -> FieldValue:
    found = parse_platform(text, survey) if text.strip() else None
    names = [choice.name for choice in survey.platforms]
    if found is None or (found == names[-1] and bare(text) != bare(names[-1])):
        raise NotWritable(f"平台不能写“{text}”;可以写:{'、'.join(names)}。")
    return FieldValue("platform", found, text, location=PLACE, method=HUMAN)
