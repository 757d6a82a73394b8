"""Papers and unread files to the registrants of a mail: by name or number, then by place, then to the only one."""

from collections.abc import Sequence
from dataclasses import replace

from rules.group_forms import Group
from rules.nearness import nearest
from rules.reading import FileReading, Paper
from rules.registrant import code_key, person_key, unit_key
from rules.submission import HeldPaper, UnreadFile
from rules.survey import Survey, bare

_WHOSE = "同一封来信有几个申报人,不能确定这份证件是谁的"


def seed_from_papers(papers: list[HeldPaper], survey: Survey) -> list[Group]:
    """A mail without forms: one group per unit that a certificate names, else one per person that a card names.

    The papers that seeded a group stay in `papers` and are assigned with the others.
    """
    certificates = [held for held in papers if held.paper.kind == "org_certificate"]
    if certificates:
        seeds = _cluster(certificates, lambda paper: (code_key(paper.number), unit_key(paper.holder, survey)))
        units = [c.name for c in survey.categories if not c.is_person]
        unit = units[0] if len(units) == 1 else None
        return [_seeded(unit, seed) for seed in seeds]
    cards = [held for held in papers if held.paper.kind == "id_card"]
    if not cards:
        # an invoice or a policy alone names nobody surely
        return [_seeded(None, papers)] if papers else []
    cards = [held for held in cards if held.paper.side != "back"] or cards
    seeds = _cluster(cards, lambda paper: (paper.number, person_key(paper.holder)))
    return [_seeded(None, seed) for seed in seeds]


def _seeded(side: str | None, papers: list[HeldPaper]) -> Group:
    return Group(side, papers=list(papers))


def _cluster(papers: list[HeldPaper], keys) -> list[list[HeldPaper]]:
    """Papers that share a number, or a name without different numbers; illegible ones join the only cluster."""
    by_number: dict[str, list[HeldPaper]] = {}
    by_name: dict[str, list[HeldPaper]] = {}
    bare: list[HeldPaper] = []
    for held in papers:
        number, name = keys(held.paper)
        target = by_number.setdefault(number, []) if number else by_name.setdefault(name, []) if name else bare
        target.append(held)
    for name, named in list(by_name.items()):
        same = [cluster for cluster in by_number.values() if name in {keys(held.paper)[1] for held in cluster}]
        if len(same) == 1:
            same[0].extend(by_name.pop(name))
    clusters = [*by_number.values(), *by_name.values()]
    if len(clusters) == 1:
        clusters[0].extend(bare)
    elif not clusters and bare:
        clusters = [bare]
    return clusters


def assign_papers(groups: list[Group], papers: list[HeldPaper], files: Sequence[FileReading], survey: Survey) -> None:
    """Put every paper into the group or groups that it belongs to; what fits nowhere surely becomes a doubt of each."""
    seeded = {id(held) for group in groups for held in group.papers}
    rest = []
    for held in (held for held in papers if id(held) not in seeded):
        owners = bearers(held.paper, groups, survey)
        for group in owners:
            group.papers.append(held)
        if not owners:
            rest.append(held)
    # decided before any is placed, so that the order of the papers does not matter
    chosen = [(held, _home(held, groups, files, survey)) for held in rest]
    lacking = {id(group) for group in groups if not _has_front(group)}
    for held, home in chosen:
        _place(held, home, groups, lacking, survey)
    for group in groups:
        group.papers.sort(
            key=lambda held: (held.attachment_id if held.attachment_id is not None else -1, repr(held.paper))
        )


def bearers(paper: Paper, groups: list[Group], survey: Survey) -> list[Group]:
    """Groups whose number, else whose name it bears: a head's own card proves both the unit's form and his own."""
    if paper.kind == "org_certificate":
        codes = [group for group in groups if paper.number and code_key(paper.number) in _codes(group)]
        named = [group for group in groups if unit_key(paper.holder, survey) in group.units(survey)]
        return named or codes
    if paper.kind != "id_card":
        return _bearers_of_own(paper, groups, survey)
    numbered = [group for group in groups if paper.number and paper.number in group.numbers(survey)]
    named = [group for group in groups if person_key(paper.holder) in group.people(survey)]
    # a namesake with another number keeps his own card
    rivals = [group for group in named if paper.number and group.numbers(survey) and paper.number not in group.numbers(survey)]
    if numbered:
        return [*numbered, *(group for group in named if group not in numbered and group not in rivals)]
    return named


def _bearers_of_own(paper: Paper, groups: list[Group], survey: Survey) -> list[Group]:
    """Groups whose forms have the number, else the name, that a document of the survey's own kind bears."""
    demands = [d for c in survey.categories for d in c.demands if d.paper == paper.kind]
    numbered = [group for group in groups if paper.number and bare(paper.number) in
                {bare(str(a.value(d.number_field) or "")) for a in group.accounts for d in demands if d.number_field}]
    keys = {unit_key(paper.holder, survey), person_key(paper.holder)} - {None}
    named = [group for group in groups if keys & (group.units(survey) | group.people(survey))]
    return numbered or named


def _codes(group: Group) -> set[str]:
    return {code_key(held.paper.number) for held in group.papers if held.paper.kind == "org_certificate"} - {None}


def _principals(group: Group) -> set[str]:
    return {person_key(held.paper.principal) for held in group.papers if held.paper.principal} - {None}


def _home(held: HeldPaper, groups: list[Group], files: Sequence[FileReading], survey: Survey) -> Group | None:
    if len(groups) == 1:
        return groups[0]
    paper = held.paper
    if paper.kind != "org_certificate":
        named = [group for group in groups if person_key(paper.holder) in _principals(group)]
    else:
        named = [group for group in groups if person_key(paper.principal) in group.people(survey)]
    if len(named) == 1:
        return named[0]
    fitting = [group for group in groups if paper.kind != "org_certificate" or not survey.is_person(group.side)]
    if held.attachment_id is None:
        return None
    return nearest(held.attachment_id, fitting, files, survey)


def _place(held: HeldPaper, home: Group | None, groups: list[Group], lacking: set[int], survey: Survey) -> None:
    if home is not None:
        home.papers.append(held)
        return
    if held.paper.kind == "org_certificate":
        owners = [group for group in groups if not survey.is_person(group.side)] or groups
    elif held.paper.kind != "id_card":
        owners = groups
    else:
        # those who have their card already need no other; if all have, it is kept as an extra with each
        owners = [group for group in groups if id(group) in lacking]
        if not owners:
            for group in groups:
                group.papers.append(held)
            return
    if held.paper.side == "back":
        doubtful = held
    else:
        doubtful = replace(held, paper=replace(held.paper, doubts=(*held.paper.doubts, _WHOSE)))
    for group in owners:
        group.papers.append(doubtful)


def _has_front(group: Group) -> bool:
    return any(held.paper.kind == "id_card" and held.paper.side != "back" for held in group.papers)


def assign_unread(groups: list[Group], unread: list[UnreadFile], files: Sequence[FileReading], survey: Survey) -> None:
    """Unread files belong to the registrant that they lie nearest to, else to all: any of them may be its form."""
    homes = [(file, nearest(file.attachment_id, groups, files, survey)) for file in unread]
    for file, home in homes:
        for group in [home] if home is not None else groups:
            group.unread.append(file)
