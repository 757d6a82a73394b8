"""Document → registration forms: which labels belong together, to which person, on which kind of form.

A form is known by its labels (`rules.labels`, `rules.layout`), never by its place or its file's name. Labels that
stand on a form twice (手机号码) belong to the person named last before them; labels that mean different things on the two
forms (单位) are told apart by the kind of the form, and the kind by the title and by fields that only one form has.
"""

import re
from dataclasses import dataclass, field, replace

from rules.document import Document
from rules.fields import Written, read_field
from rules.form_kind import decide_kind, is_a_form
from rules.labels import lexicon, without_hints, without_printed
from rules.layout import Entry, NextAccount, Title, events
from rules.persons import assign
from rules.pixel_doubts import DOUBTFUL, is_torn
from rules.reading import FieldValue, Form
from rules.survey import FieldRule, Survey
from rules.values import normal_label

#: forms of one file; what is beyond is not looked at
MAX_FORMS = 300
#: labels of one form; what has more is no form
MAX_ENTRIES = 80
#: letters kept of one field
MAX_LETTERS = 3_000
#: what stands in a list for what stands above it
_DITTO = ("同上", "同前", "〃", "″", "\"", "''")
_AS_NAME = re.compile(r"[同与和](?:账号|帐号|公众号)?(?:名称?)(?:相同|一致|一样)?")
_AS_UNIT = re.compile(r"同单位(?:名称?)?(?:相同|一致)?")
_AS_HEAD = re.compile(r"同?(?:法人(?:代表)?|法定代表人|单位负责人|主要负责人)(?:本人|姓名)?")
_AS_OWNER = re.compile(r"本人|负责人本人|[同见]?(?:负责人|身份证)(?:姓名|手机号?码?|电话|微信号?)?|[同见](?:下|后)")
_AS_ADMIN = re.compile(r"同(?:上|左|前|一人|管理员(?:姓名|手机号?码?|电话|微信号?)?)|本人")
#: columns that describe the registrant and not the account: written once for several accounts
_SHARED = (
    ("admin_name", "admin_phone", "admin_email", "admin_wechat"),
    ("unit_name", "unit_type", "legal_representative", "address"),
    ("owner_name", "owner_id_number", "owner_phone", "owner_wechat", "employer"),
)


@dataclass
class Draft:
    """Entries that seem to belong to one form."""

    title: Title | None = None
    entries: list[Entry] = field(default_factory=list)
    #: number of the title it stands under: drafts under one title share what was written once
    group: int = 0


def read_forms(document: Document, survey: Survey) -> tuple[Form, ...]:
    """Every form in the document, blank ones too, in reading order; empty for a document that holds none."""
    drafts = _drafts(document, survey)
    forms = [(draft, _form(draft, document, survey)) for draft in drafts[:MAX_FORMS] if _could_be(draft)]
    kept = [(draft.group, form) for draft, form in forms if form is not None]
    groups = [group for group, _ in kept]
    return tuple(_share(_as_before([form for _, form in kept], groups), groups))


def is_blank(form: Form) -> bool:
    """Whether nobody has filled in anything: no field has a value."""
    return all(found.value is None for found in form.fields)


def _could_be(draft: Draft) -> bool:
    return len(draft.entries) >= 3


def _drafts(document: Document, survey: Survey) -> list[Draft]:
    drafts = [Draft()]
    found = list(events(document, lexicon(survey)))
    for number, event in enumerate(found):
        current = drafts[-1]
        if isinstance(event, Title):
            if current.entries:
                drafts.append(Draft(event, group=current.group + 1))
            elif current.title is None or current.title.kind is None or event.kind is not None:
                current.title = event
        elif isinstance(event, NextAccount):
            if current.entries:
                drafts.append(Draft(current.title, group=current.group))
        elif _begins_another(current, event, found[number + 1 : number + MAX_ENTRIES]):
            drafts.append(Draft(current.title, [event], current.group))
        else:
            current.entries.append(event)
    return drafts


def _begins_another(draft: Draft, entry: Entry, rest: list) -> bool:
    """Whether the entry is the start of the next form: the account's name again, or the label the draft began with."""
    if len(draft.entries) < 3:
        return False
    if len(draft.entries) >= MAX_ENTRIES:
        return True
    label = normal_label(entry.label)
    same = [other for other in draft.entries if normal_label(other.label) == label]
    if same and entry.rules[0].name == "name":
        return True
    if same and same[0] is draft.entries[0] and len(draft.entries) >= 4:
        return _names_another(rest)
    names = [other for other in draft.entries if other.rules[0].name == "name" and other.raw]
    since = len(draft.entries) - draft.entries.index(names[-1]) if names else 0
    if entry.rules[0].name == "name" and entry.raw and since >= 3:
        return entry.block == names[-1].block or same != []
    doubled = any(rule.after for rule in entry.rules)
    return bool(same) and not doubled and same[-1].block != entry.block and len(draft.entries) >= 4


def _names_another(rest: list) -> bool:
    """Whether an account's name follows before the next title: then a label that comes again opens a form."""
    for event in rest:
        if not isinstance(event, Entry):
            return False
        if event.rules[0].name == "name":
            return True
    return False


def _form(draft: Draft, document: Document, survey: Survey) -> Form | None:
    entries = [_without_hints(entry) for entry in draft.entries]
    if document.method == "ocr" and is_torn([entry.raw for entry in entries], lexicon(survey)):
        entries = [replace(entry, confidence=min(entry.confidence, DOUBTFUL)) for entry in entries]
    if not is_a_form(draft.title, entries, survey):
        return None
    kind, evidence = decide_kind(draft.title, entries, survey)
    found: dict[str, tuple[FieldValue, ...]] = {}
    labels: dict[str, str] = {}
    for rule, entry in assign(entries, kind, survey):
        written = Written(entry.raw, entry.location, document.method, entry.confidence)
        values = tuple(read_field(rule, written, survey))
        known = found.get(rule.name)
        if known is None or (values[0].value is not None and (
                known[0].value is None or (values[0].valid and _rank(rule, entry.label) < _rank(rule, labels[rule.name])))):
            found[rule.name], labels[rule.name] = values, entry.label
    fields = tuple(value for rule in survey.fields for value in found.get(rule.name, ()))
    return Form(kind, _same_as_above(fields, survey), evidence)


def _rank(rule: FieldRule, label: str) -> int:
    """How near a label is to the field's own: the survey names the others from the nearest on (主管单位 after 单位)."""
    labels = [normal_label(word) for word in (rule.label, *rule.variants)]
    written = normal_label(label)
    return labels.index(written) if written in labels else len(labels)


def _without_hints(entry: Entry) -> Entry:
    labels = tuple(dict.fromkeys(word for rule in entry.rules for word in (rule.label, entry.label)))
    raw = without_hints(entry.raw[:MAX_LETTERS], labels)
    raw = without_printed(raw, tuple(hint for rule in entry.rules for hint in rule.hints))
    return entry if raw == entry.raw else replace(entry, raw=raw)


def _same_as_above(fields: tuple[FieldValue, ...], survey: Survey) -> tuple[FieldValue, ...]:
    """「同上」 in a field of the owner means the admin's; 「同手机号」 in a WeChat field the telephone number."""
    by_name = {found.name: found for found in fields}
    mended = []
    for found in fields:
        person, _, what = found.name.partition("_")
        text = found.raw.strip().strip("()（）")
        source = None
        if found.name in ("handle", *survey.unit_fields) and _AS_NAME.fullmatch(text):
            source = by_name.get("name")
        elif found.name == "name" and _AS_UNIT.fullmatch(text):
            source = next((by_name[name] for name in survey.unit_fields if name in by_name), None)
        elif found.name == "admin_name" and _AS_HEAD.fullmatch(text):
            source = by_name.get("legal_representative") or by_name.get("owner_name")
        elif found.name == "legal_representative" and _AS_ADMIN.fullmatch(text) and text != "同上":
            source = by_name.get("admin_name")
        elif person == "admin" and _AS_OWNER.fullmatch(text):
            source = by_name.get(f"owner_{what}")
        elif person == "owner" and _AS_ADMIN.fullmatch(text):
            source = by_name.get(f"admin_{what}")
        elif what == "wechat" and text in ("同手机", "同手机号", "同手机号码", "手机号", "同电话", "同电话号码", "手机同号", "同号", "同上"):
            source = by_name.get(f"{person}_phone")
        if source is not None and source.valid and source.value is not None:
            sure = min(0.9, source.confidence)
            found = replace(found, value=source.value, valid=True, complaint=None, confidence=sure)
            by_name[found.name] = found
        mended.append(found)
    return tuple(mended)


def _as_before(forms: list[Form], groups: list[int]) -> list[Form]:
    """「同上」 in a list of accounts means what the account before it has."""
    for place in range(1, len(forms)):
        before = forms[place - 1]
        if groups[place] == groups[place - 1]:
            fields = tuple(_ditto(found, before.get(found.name)) for found in forms[place].fields)
            forms[place] = replace(forms[place], fields=fields)
    return forms


def _ditto(found: FieldValue, before: FieldValue | None) -> FieldValue:
    if found.raw.strip().strip("()（）") not in _DITTO or before is None or not before.valid or before.value is None:
        return found
    return replace(found, value=before.value, valid=True, complaint=None, confidence=min(0.9, before.confidence))


def _share(forms: list[Form], groups: list[int]) -> list[Form]:
    """Registrant and administrator written once for several accounts: given to the forms that have no such labels."""
    shared = []
    for index, form in enumerate(forms):
        near = [other for other in (*range(index - 1, -1, -1), *range(index + 1, len(forms)))
                if groups[other] == groups[index]]
        for names in _SHARED:
            if any(form.get(name) for name in names):
                continue
            donor = next((forms[other] for other in near if any(forms[other].get(name) for name in names)), None)
            if donor is not None:
                taken = tuple(found for found in donor.fields if found.name in names)
                form = Form(form.kind or donor.kind, (*form.fields, *taken), form.evidence or donor.evidence)
        shared.append(form)
    return shared
