"""The forms of one mail by registrant: units by name, individuals by ID number, else by name.

The result does not depend on the order of the forms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rules.accounts import same_account
from rules.category import form_side
from rules.copies import Copy
from rules.nearness import nearest
from rules.reading import FileReading
from rules.registrant import person_key, unit_key, written_id_number, written_person, written_unit
from rules.submission import Account, HeldPaper, UnreadFile
from rules.survey import Survey


@dataclass(slots=True)
class Group:
    """One registrant of the mail while its files are being gathered."""

    #: code of a category, or None
    side: str | None
    accounts: list[Account] = field(default_factory=list)
    papers: list[HeldPaper] = field(default_factory=list)
    unread: list[UnreadFile] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    #: pictures of its forms
    copies: list[Copy] = field(default_factory=list)

    @property
    def files(self) -> set[int]:
        """Files that surely belong to it."""
        scans = [copy.account for copy in self.copies]
        return {each.attachment_id for each in (*self.accounts, *scans, *self.papers)} - {None}

    def units(self, survey: Survey) -> set[str]:
        """Its unit names as compared, from forms, else from certificates."""
        named = {unit_key(written_unit(account, survey), survey) for account in self.accounts} - {None}
        if self.accounts:
            return named
        return {unit_key(held.paper.holder, survey) for held in self.papers if held.paper.kind == "org_certificate"} - {
            None
        }

    def people(self, survey: Survey) -> set[str]:
        """Persons whose ID card it must bring: owners and heads, as compared."""
        return {person_key(account.value(name)) for account in self.accounts for name in survey.people_fields} - {None}

    def numbers(self, survey: Survey) -> set[str]:
        """ID numbers of its owner."""
        return {written_id_number(account, survey) for account in self.accounts} - {None}


def group_forms(accounts: Sequence[Account], files: Sequence[FileReading], survey: Survey) -> list[Group]:
    """Groups of forms, one per registrant; a form that names none joins the only registrant, else stands alone."""
    units = _by_unit(accounts, survey)
    people, nameless = _by_person(accounts, survey)
    groups = _join_same_account([*units, *people], survey)
    return _place_nameless(groups, nameless, files, survey)


def _by_unit(accounts: Sequence[Account], survey: Survey) -> list[Group]:
    groups: dict[str, Group] = {}
    for account in accounts:
        key, side = unit_key(written_unit(account, survey), survey), form_side(account, survey)
        if survey.is_unit(side) and key:
            groups.setdefault(key, Group(side)).accounts.append(account)
    return list(groups.values())


def _by_person(accounts: Sequence[Account], survey: Survey) -> tuple[list[Group], list[Account]]:
    """Individuals by ID number, else by name; and the forms that name no registrant at all."""
    by_number: dict[str, Group] = {}
    by_name: dict[str, Group] = {}
    rest, nameless = [], []
    for account in accounts:
        side, number = form_side(account, survey), written_id_number(account, survey)
        if survey.is_unit(side) and unit_key(written_unit(account, survey), survey):
            continue
        if survey.is_person(side) and number:
            by_number.setdefault(number, Group(side)).accounts.append(account)
        elif survey.is_person(side) and person_key(written_person(account, survey)):
            rest.append(account)
        else:
            nameless.append(account)
    for account in rest:
        name = person_key(written_person(account, survey))
        same = [group for group in by_number.values() if name in group.people(survey)]
        if len(same) == 1:
            same[0].accounts.append(account)
            continue
        group = by_name.setdefault(name, Group(form_side(account, survey)))
        group.accounts.append(account)
        if same:
            group.doubts.append("来信中有同名而身份证号不同的申报人,其中一份登记表未写明身份证号,请核实是哪一位的。")
    return [*by_number.values(), *by_name.values()], nameless


def _join_same_account(groups: list[Group], survey: Survey) -> list[Group]:
    """A unit's form and an individual's form for the very same account are one registrant's; which, a person says."""
    joined: list[Group] = []
    for group in groups:
        twin = next(
            (other for other in joined if other.side != group.side and _share_account(other, group, survey)), None
        )
        if twin is None:
            joined.append(group)
        else:
            twin.side = None
            twin.accounts += group.accounts
            twin.doubts += group.doubts
            twin.copies += group.copies
    return joined


def _share_account(a: Group, b: Group, survey: Survey) -> bool:
    return any(same_account(one, other, survey) for one in a.accounts for other in b.accounts)


def _place_nameless(groups: list[Group], nameless: list[Account], files, survey: Survey) -> list[Group]:
    named = list(groups)
    apart: dict[str | None, Group] = {}
    for account in sorted(nameless, key=repr):
        side = form_side(account, survey)
        target = _home(account, side, named, files, survey)
        if target is not None:
            target.accounts.append(account)
            continue
        key = side if not named else repr(account)
        group = apart.setdefault(key, Group(side))
        group.accounts.append(account)
        if len(named) > 1:
            group.doubts.append("来信中有一份登记表没有写明申报人,同一封来信又有几个申报人,请核实是谁的。")
    if not named and None in apart and len(apart) == 2:
        unclear = apart.pop(None)
        next(iter(apart.values())).accounts += unclear.accounts
    return [*groups, *apart.values()]


def _home(account: Account, side: str | None, named: list[Group], files, survey: Survey) -> Group | None:
    same = [group for group in named if any(same_account(account, other, survey) for other in group.accounts)]
    if len(same) == 1:
        return same[0]
    fitting = [group for group in named if side is None or group.side in (side, None)]
    if len(named) == 1:
        return fitting[0] if fitting else None
    index = account.attachment_id
    return nearest(index, fitting, files, survey) if index is not None else None
