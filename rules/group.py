"""One mail → its registrants: which forms and papers belong together (pure; nothing of the store is known here).

1. A scan of a typed form is no form of its own (rules.copies).
2. Forms go by the registrant that they name (rules.group_forms).
3. Papers go to the registrant whose name or number they bear, else by place (same file, folder, archive, file name),
   else, with one registrant in the mail, to that one, else to a person (rules.group_papers).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rules.category import form_side
from rules.copies import collapse, part_copies
from rules.group_forms import Group, group_forms
from rules.group_papers import assign_papers, assign_unread, seed_from_papers
from rules.reading import Reading
from rules.registrant import code_key, name_key, person_key, unit_name_key, written_id_number
from rules.submission import Account, HeldPaper, UnreadFile
from rules.survey import Survey


@dataclass(frozen=True, slots=True)
class Keys:
    """By what a registrant can be recognised."""

    #: registrants that the forms name: `unit:<name>`, `person:<name>`
    form_names: frozenset[str] = frozenset()
    #: units that certificates name, `unit:<name>`
    paper_names: frozenset[str] = frozenset()
    #: organisation codes, comparable (`rules.registrant.code_key`)
    codes: frozenset[str] = frozenset()
    #: ID numbers of owners (forms), and of card holders where no form speaks for a unit
    id_numbers: frozenset[str] = frozenset()
    #: names of persons as compared: owners, heads of units, card holders
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """What one mail hands in for one registrant; every `attachment_id` is an index into `Reading.files`."""

    #: code of a category, or None where the forms do not tell or contradict each other
    category: str | None
    #: one per account; `attachment_id` None: typed in the mail body
    accounts: tuple[Account, ...]
    papers: tuple[HeldPaper, ...]
    unread: tuple[UnreadFile, ...]
    #: plain Chinese sentences for a person
    doubts: tuple[str, ...]
    keys: Keys
    #: every file of the mail that belongs to it, ascending
    files: tuple[int, ...]
    #: further files that hold the same account again: (position in `accounts`, file)
    copies: tuple[tuple[int, int], ...] = ()

    @property
    def has_material(self) -> bool:
        """Whether anything usable came; False for a claim of unread files only."""
        return bool(self.accounts or self.papers)


def claims(reading: Reading, survey: Survey) -> tuple[Claim, ...]:
    """The registrants of one mail, in the order of their first file.

    () when nothing came that could be a material. A mail whose files could all not be read gives one claim of unread
    files only (`has_material` is False): whether that opens a submission is the caller's decision.
    """
    forms, copies = part_copies(_accounts(reading), survey)
    groups = group_forms(forms, reading.files, survey)
    for copy in copies:
        next(group for group in groups if any(form is copy.original for form in group.accounts)).copies.append(copy)
    papers = _papers(reading)
    if not groups:
        groups = seed_from_papers(papers, survey)
    assign_papers(groups, papers, reading.files, survey)
    unread = _unread(reading)
    if not groups and unread:
        groups = [Group(None)]
    assign_unread(groups, unread, reading.files, survey)
    return tuple(sorted((_claim(group, reading, survey) for group in groups), key=_first_file))


def numbered(claim: Claim, rows: dict[int, int]) -> Claim:
    """The claim with rows of `attachments` in place of file indices; `rows` maps the one to the other."""

    def row(index: int | None) -> int | None:
        return None if index is None else rows[index]

    return replace(
        claim,
        accounts=tuple(
            replace(
                account,
                attachment_id=row(account.attachment_id),
                fields=tuple(
                    field if field.attachment_id is None else replace(field, attachment_id=row(field.attachment_id))
                    for field in account.fields
                ),
            )
            for account in claim.accounts
        ),
        papers=tuple(replace(held, attachment_id=row(held.attachment_id)) for held in claim.papers),
        unread=tuple(replace(file, attachment_id=row(file.attachment_id)) for file in claim.unread),
        files=tuple(rows[index] for index in claim.files),
        copies=tuple((position, rows[index]) for position, index in claim.copies),
    )


def new_papers(existing: Iterable[HeldPaper], incoming: Iterable[HeldPaper]) -> tuple[HeldPaper, ...]:
    """Those of `incoming` that say something new: the same document sent again is none, unless a person has refused
    the earlier picture of it and this is another one."""
    existing = tuple(existing)
    known = {_said(held) for held in existing if held.counts}
    refused = {(_said(held), held.sha256) for held in existing if not held.counts}
    found = []
    for held in incoming:
        if _said(held) not in known and (_said(held), held.sha256) not in refused:
            known.add(_said(held))
            found.append(held)
    return tuple(found)


def _said(held: HeldPaper) -> tuple:
    paper = held.paper
    return (
        paper.kind,
        paper.side,
        paper.title,
        paper.holder,
        paper.number,
        paper.principal,
        paper.valid_until,
        paper.doubts,
    )


def _accounts(reading: Reading) -> list[Account]:
    found = [(None, form) for form in reading.body_forms]
    found += [
        (index, form) for index, file in enumerate(reading.files) if file.role != "blank_form" for form in file.forms
    ]
    return [Account(form.kind, form.fields, attachment_id=index, evidence=form.evidence) for index, form in found]


def _papers(reading: Reading) -> list[HeldPaper]:
    return [HeldPaper(paper, index, file.filename, file.sha256) for index, file in enumerate(reading.files) for paper in file.papers]


def _unread(reading: Reading) -> list[UnreadFile]:
    """Files with a problem, but for what mail programs put inline: a picture of a signature is nobody's material."""
    return [
        UnreadFile(file.filename, file.problem, index, file.problem_detail)
        for index, file in enumerate(reading.files)
        if file.problem and not (file.inline and file.problem in ("unreadable", "empty"))
    ]


def _claim(group: Group, reading: Reading, survey: Survey) -> Claim:
    accounts, copies, doubts = collapse(group.accounts, group.copies, reading, survey)
    sides = {form_side(account, survey) for account in group.accounts} - {None}
    indices = [account.attachment_id for account in group.accounts] + [held.attachment_id for held in group.papers]
    indices += [file.attachment_id for file in group.unread] + [copy.account.attachment_id for copy in group.copies]
    return Claim(
        category=next(iter(sides)) if len(sides) == 1 else group.side if not sides else None,
        accounts=accounts,
        papers=tuple(group.papers),
        unread=tuple(group.unread),
        doubts=tuple(dict.fromkeys((*group.doubts, *doubts))),
        keys=keys_of(group.accounts, group.papers, survey),
        files=tuple(sorted({index for index in indices if index is not None})),
        copies=copies,
    )


def keys_of(accounts: Iterable[Account], papers: Iterable[HeldPaper], survey: Survey) -> Keys:
    """By what the registrant of these forms and papers can be recognised."""
    accounts, papers = tuple(accounts), tuple(papers)
    names = {
        name_key(c.name, account.value(c.registrant_field), survey)
        for account in accounts
        for c in survey.categories
        if form_side(account, survey) in (c.name, None)
    }
    certificates = [held.paper for held in papers if held.paper.kind == "org_certificate"]
    cards = [held.paper for held in papers if held.paper.kind == "id_card"]
    unit = certificates or any(survey.is_unit(form_side(account, survey)) for account in accounts)
    written = {written_id_number(account, survey) for account in accounts}
    people = {account.value(name) for account in accounts for name in survey.people_fields}
    return Keys(
        form_names=frozenset(names - {None}),
        paper_names=frozenset({unit_name_key(paper.holder, survey) for paper in certificates} - {None}),
        codes=frozenset({code_key(paper.number) for paper in certificates} - {None}),
        id_numbers=frozenset((written | (set() if unit else {card.number for card in cards})) - {None}),
        people=frozenset({person_key(name) for name in (*people, *(card.holder for card in cards))} - {None}),
    )


def _first_file(claim: Claim) -> tuple:
    return (claim.files[0] if claim.files else -1), repr(sorted(claim.keys.form_names))
