"""What one registrant handed in, once a person has made two submissions of it: each form goes where it is held."""

from collections.abc import Sequence
from dataclasses import replace

from rules.group import Claim, keys_of
from rules.match import Candidate, account_keys, fits
from rules.registrant import person_key, unit_name_key
from rules.submission import HeldPaper
from rules.survey import Survey


def part(claim: Claim, candidates: Sequence[Candidate], survey: Survey) -> tuple[Claim, ...]:
    """The claim, or one for each submission of this registrant that holds some of its accounts.

    A form that none or several of them hold stays with the first, and so does a paper that names nobody of the others.
    """
    known = sorted((each for each in candidates if fits(claim, each)), key=lambda each: each.id)
    homes = [_home(account_keys([account], survey), known) for account in claim.accounts]
    owners = [each for each in known if each in homes]
    if len(owners) < 2:
        return (claim,)
    return tuple(_of(claim, owner, homes, owners, survey) for owner in owners)


def _home(keys: frozenset[str], known: Sequence[Candidate]) -> Candidate | None:
    found = [each for each in known if keys & each.accounts]
    return found[0] if len(found) == 1 else None


def _of(claim: Claim, owner: Candidate, homes: list[Candidate | None], owners: list[Candidate], survey: Survey) -> Claim:
    first = owner is owners[0]
    accounts = tuple(account for account, home in zip(claim.accounts, homes, strict=True)
                     if home is owner or (home is None and first))
    papers = tuple(held for held in claim.papers if _bears(held, owner, survey)
                   or (first and not any(_bears(held, each, survey) for each in owners)))
    unread = claim.unread if first else ()
    files = {each.attachment_id for each in (*accounts, *papers, *unread)} - {None}
    rest = set(claim.files) - {each.attachment_id for each in (*claim.accounts, *claim.papers, *claim.unread)}
    return replace(claim, accounts=accounts, papers=papers, unread=unread, doubts=claim.doubts if first else (),
                   keys=keys_of(accounts, papers, survey), files=tuple(sorted(files | (rest if first else set()))),
                   copies=())


def _bears(held: HeldPaper, candidate: Candidate, survey: Survey) -> bool:
    if held.paper.kind == "org_certificate":
        name = unit_name_key(held.paper.holder, survey)
        return name is not None and candidate.has_name(frozenset([name]))
    return person_key(held.paper.holder) in candidate.people
