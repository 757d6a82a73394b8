"""Accounts of one registrant: which two are the same, and how a newer form replaces an older one (DATA.md).

A newer form replaces the older field by field. An empty cell of the newer form keeps the older value, because people
who are asked to correct one field often send a form with only that field; nothing is erased unseen. Whatever is written
in the newer form counts, also when it is invalid: the registrant has changed it, and `missing` will name it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from rules.category import form_side, is_filled
from rules.reading import FieldValue
from rules.submission import Account
from rules.survey import Choice, Survey, bare
from rules.values import parse_platform

#: `FieldValue.method` of what a person of the office has written
HUMAN = "human"
_PERSONAL_HANDLE = re.compile(r"(?:\+?86)?1[3-9]\d{9}|[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a newer form replaced, for the account's history."""

    #: position in the merged accounts
    account: int
    #: column of DATA.md's `accounts`
    name: str
    #: normalised value, or as written where invalid; None when there was none
    old: object
    new: object


def same_account(a: Account, b: Account, survey: Survey) -> bool:
    """Whether two forms of one registrant describe the same account: same platform, and same handle or same name.

    An unknown platform contradicts none. Within the survey's last platform, which takes in all others, the service
    types as written must agree too. A telephone number or mail address given as handle can open several accounts, so
    it does not make two accounts of different names one.
    """
    return _same_platform(a, b, survey) and _same_label(a, b, survey)


def merge_accounts(
    existing: Sequence[Account], incoming: Sequence[Account], survey: Survey
) -> tuple[tuple[Account, ...], tuple[Change, ...]]:
    """The accounts after newer forms have come, in their old order and then the new ones, and every value replaced.

    An account that comes again unchanged stays as it is, with the file that it was read from. Where a newer form fits
    several accounts equally (its platform is not told), it replaces none and is added.
    """
    accounts, changes = list(existing), []
    for newer in incoming:
        place = place_of(accounts, newer, survey)
        if place is None:
            accounts.append(newer)
            continue
        accounts[place], replaced = _replace(accounts[place], newer, place)
        changes += replaced
    return tuple(accounts), tuple(changes)


def platform_of(account: Account, survey: Survey) -> str | None:
    """The account's platform as one of the survey's names; None where the form does not tell."""
    if not survey.platforms:
        return None
    platform = account.value("platform")
    if isinstance(platform, str):
        return platform
    written = account.value("service_type")
    return parse_platform(written, survey) if isinstance(written, str) else None


def handle_key(account: Account) -> str | None:
    """The handle as it is compared: without case, spaces and punctuation, web addresses without scheme and www."""
    handle = account.value("handle")
    if not isinstance(handle, str):
        return None
    return bare(re.sub(r"^\s*(?:https?://)?(?:www\.)?", "", handle, flags=re.IGNORECASE)) or None


def is_personal_handle(account: Account) -> bool:
    """Whether the handle is a telephone number or mail address, under which one can open several accounts."""
    return bool(_PERSONAL_HANDLE.fullmatch(str(account.value("handle") or "")))


def account_name_key(account: Account) -> str | None:
    """The account's name as it is compared."""
    name = account.value("name")
    return bare(name) or None if isinstance(name, str) else None


def place_of(accounts: Sequence[Account], newer: Account, survey: Survey) -> int | None:
    """Position of the account that the newer form describes; None for a new one, or where it fits several equally.

    A unit's form and an individual's form never replace each other: both stay, and the contradiction goes to a person.
    """
    fitting = [
        index
        for index, account in enumerate(accounts)
        if same_account(account, newer, survey) and not _other_side(account, newer, survey)
    ]
    if len(fitting) <= 1:
        return fitting[0] if fitting else None
    platform = platform_of(newer, survey)
    exact = [index for index in fitting if platform and platform_of(accounts[index], survey) == platform]
    handled = [index for index in exact if handle_key(newer) and handle_key(accounts[index]) == handle_key(newer)]
    named = [index for index in handled if account_name_key(accounts[index]) == account_name_key(newer)]
    return next((choice[0] for choice in (named, handled, exact) if len(choice) == 1), None)


def is_human(field: FieldValue | None) -> bool:
    """Whether a person of the office has written it: no later form replaces that."""
    return field is not None and field.method == HUMAN


def _other_side(a: Account, b: Account, survey: Survey) -> bool:
    sides = form_side(a, survey), form_side(b, survey)
    return None not in sides and sides[0] != sides[1]


def _same_platform(a: Account, b: Account, survey: Survey) -> bool:
    first, second = platform_of(a, survey), platform_of(b, survey)
    if first is None or second is None:
        return True
    if first != second:
        return False
    return first != _catch_all(survey).name or _same_text(a.value("service_type"), b.value("service_type"))


def _catch_all(survey: Survey) -> Choice:
    return survey.platforms[-1]


def _same_text(a, b) -> bool:
    return not a or not b or bare(str(a)) == bare(str(b))


def _same_label(a: Account, b: Account, survey: Survey) -> bool:
    names, handles = (account_name_key(a), account_name_key(b)), (handle_key(a), handle_key(b))
    if "name" in survey.item.identity and names[0] and names[0] == names[1]:
        return True
    if "handle" not in survey.item.identity:
        return False
    if not handles[0] or handles[0] != handles[1]:
        return False
    return not all(names) or not is_personal_handle(a)


def _replace(older: Account, newer: Account, place: int) -> tuple[Account, tuple[Change, ...]]:
    """The older account with what the newer form says; each kept value remembers the file that it was read from."""
    changes, fields = [], []
    for name in dict.fromkeys(field.name for field in (*older.fields, *newer.fields)):
        before, after = older.get(name), newer.get(name)
        if is_human(before) or not is_filled(after) or (is_filled(before) and _same_value(before, after)):
            fields.append(_placed(before if before is not None else after, older, newer, before is not None))
            continue
        fields.append(_placed(after, older, newer, False))
        changes.append(Change(place, name, before.value if is_filled(before) else None, after.value))
    if not changes and (newer.form_kind in (None, older.form_kind)):
        return older, ()
    merged = replace(
        older,
        form_kind=newer.form_kind or older.form_kind,
        fields=tuple(fields),
        attachment_id=newer.attachment_id,
        evidence=newer.evidence or older.evidence,
    )
    return merged, tuple(changes)


def _same_value(before: FieldValue, after: FieldValue) -> bool:
    """The same value again, or a scan's slightly different reading of a typed one; a surer reading of it is news."""
    if before.value == after.value and before.valid == after.valid:
        return before.confidence >= after.confidence
    return _is_misread(before, after)


def _is_misread(typed: FieldValue, seen: FieldValue) -> bool:
    """Whether words recognised in a picture are nearly those that were typed before; digits are never guessed at."""
    values = typed.value, seen.value
    if not all(isinstance(value, str) and re.search(r"[^\W\d_]", value) for value in values) or not typed.valid:
        return False
    if "ocr" in typed.method or "ocr" not in seen.method:
        return False
    return re.sub(r"\D", "", values[0]) == re.sub(r"\D", "", values[1]) and (
        SequenceMatcher(None, *values, autojunk=False).ratio() >= 0.75
    )


def _placed(field: FieldValue, older: Account, newer: Account, is_old: bool) -> FieldValue:
    """The field with the attachment that it stands in, where that is not the merged account's own."""
    if not is_old:
        return field
    source = field.attachment_id if field.attachment_id is not None else older.attachment_id
    return field if source == newer.attachment_id else replace(field, attachment_id=source)
