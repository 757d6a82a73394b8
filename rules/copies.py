"""Several forms of one account in one mail: the same in Word and in PDF, or the typed form and the scan of its print.

A scan of the stamped print beside the typed form is the commonest case, and recognition may have got the name of the
account or of the unit slightly wrong there. Taken for itself it would be an account, or even a registrant, that does
not exist; so it is recognised as a copy before the forms are grouped. The typed form is believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from rules.accounts import account_name_key, handle_key, is_personal_handle, place_of, platform_of, same_account
from rules.category import form_side, is_filled
from rules.mandatory import FIELD_CONFIDENCE, from_pixels
from rules.reading import FieldValue, Reading
from rules.submission import Account
from rules.survey import Survey
from rules.unread import shown

#: how alike a misread name or handle is to what was printed (difflib's ratio)
_ALIKE = 0.75
#: values of which a differing copy is believed even when it was read from a picture, being checked by their length
_CHECKED_KINDS = ("id_number", "phone")
_COPY_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Copy:
    """A form read from a picture, and the typed form that it shows."""

    account: Account
    original: Account
    #: False where it is only very much alike
    sure: bool


def part_copies(accounts: Sequence[Account], survey: Survey) -> tuple[list[Account], list[Copy]]:
    """The forms that stand for themselves, and the pictures of such forms."""
    typed = [account for account in accounts if not from_pixels(account)]
    alone, copies = list(typed), []
    for account in (account for account in accounts if from_pixels(account)):
        fitting = [other for other in typed if _may_show(account, other, survey)]
        same = [other for other in fitting if same_account(account, other, survey)]
        alike = same or [other for other in fitting if _is_alike(account, other)]
        if len(alike) == 1:
            copies.append(Copy(account, alike[0], bool(same)))
        else:
            alone.append(account)
    return alone, copies


def _may_show(account: Account, other: Account, survey: Survey) -> bool:
    sides = form_side(account, survey), form_side(other, survey)
    platforms = platform_of(account, survey), platform_of(other, survey)
    return (None in sides or sides[0] == sides[1]) and (None in platforms or platforms[0] == platforms[1])


def _is_alike(account: Account, other: Account) -> bool:
    """Name and handle are nearly those of the other form, and the day of registration is not another one."""
    days = account.value("registered_on"), other.value("registered_on")
    if all(days) and days[0] != days[1]:
        return False
    names = _ratio(account_name_key(account), account_name_key(other))
    handles = None if is_personal_handle(other) else _ratio(handle_key(account), handle_key(other))
    known = [ratio for ratio in (names, handles) if ratio is not None]
    return bool(known) and min(known) >= _ALIKE


def _ratio(a: str | None, b: str | None) -> float | None:
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else None


def collapse(accounts: Sequence[Account], copies: Sequence[Copy], reading: Reading, survey: Survey):
    """One account for several forms of it: the best reading, completed by the others.

    Returns the accounts in the order of their files, the files that hold one of them again as (position, file), and
    sentences for a person where the forms do not say the same.
    """
    if len(accounts) == 1 and not copies:
        return tuple(accounts), (), []
    pictures = {id(copy.account): copy for copy in copies}
    merged: list[list[Account]] = []
    doubts: list[str] = []
    for account in sorted((*accounts, *(copy.account for copy in copies)), key=_rank):
        copy = pictures.get(id(account))
        place = _place(copy, account, merged, survey)
        if place is None:
            merged.append([account])
            continue
        doubts += _differences(merged[place][0], account, copy, reading, survey)
        merged[place].append(account)
    merged.sort(key=lambda forms: (_index(forms[0]), repr(forms[0].fields)))
    files = [(place, form.attachment_id) for place, forms in enumerate(merged) for form in forms[1:]]
    return (
        tuple(_completed(forms, survey) for forms in merged),
        tuple(sorted((place, file) for place, file in files if file is not None)),
        doubts,
    )


def _place(copy: Copy | None, account: Account, merged: list[list[Account]], survey: Survey) -> int | None:
    if copy is not None:
        return next((place for place, forms in enumerate(merged) if any(form is copy.original for form in forms)), None)
    return place_of([forms[0] for forms in merged], account, survey)


def _rank(account: Account) -> tuple:
    """Typed before photographed, fuller before emptier, earlier before later."""
    usable = sum(1 for field in account.fields if is_filled(field) and field.valid)
    return from_pixels(account), -usable, _index(account), repr(account.fields)


def _index(account: Account) -> int:
    return -1 if account.attachment_id is None else account.attachment_id


def _completed(forms: list[Account], survey: Survey) -> Account:
    """The first form, with what the others say where it says nothing: mandatory fields, and what is well legible."""
    best = forms[0]
    for other in forms[1:]:
        fields = []
        for name in dict.fromkeys(field.name for field in (*best.fields, *other.fields)):
            own, copied = best.get(name), other.get(name)
            if is_filled(own) or not is_filled(copied) or not _is_useful(copied, survey):
                fields += [field for field in (own,) if field is not None]
            else:
                fields.append(replace(copied, attachment_id=other.attachment_id))
        best = replace(best, form_kind=best.form_kind or other.form_kind, fields=tuple(fields))
    return best


def _is_useful(field: FieldValue, survey: Survey) -> bool:
    demanded = any(rule.name == field.name and rule.mandatory for rule in survey.fields)
    return demanded or field.confidence >= FIELD_CONFIDENCE


def _differences(best: Account, other: Account, copy: Copy | None, reading: Reading, survey: Survey) -> list[str]:
    files = "与".join(sorted({_file_name(best, reading), _file_name(other, reading)}))
    labels = [rule.label for rule in survey.fields if _differ(best.get(rule.name), other.get(rule.name), rule.kind)]
    found = []
    if copy is not None and not copy.sure:
        found.append(f"{files}看来是同一份登记表,但名称或号码识别得不尽相同,已按同一份登记,请核实。")
    if labels:
        found.append(f"同一{survey.item.noun}的登记表不止一份({files}),填写的{'、'.join(labels)}不一致,请核实以哪一份为准。")
    return found


def _differ(a: FieldValue | None, b: FieldValue | None, kind: str) -> bool:
    if not is_filled(a) or not is_filled(b) or not (a.valid and b.valid) or a.value == b.value:
        return False
    pixels = any("ocr" in field.method or field.confidence < 1.0 for field in (a, b))
    return not pixels or (kind in _CHECKED_KINDS and min(a.confidence, b.confidence) >= _COPY_CONFIDENCE)


def _file_name(account: Account, reading: Reading) -> str:
    return "邮件正文" if account.attachment_id is None else shown(reading.files[account.attachment_id].filename)
