"""Documents that came before their form: a liaison sends cards and certificates of several units piece by piece.

What names nobody yet joins the sender's only submission and is in doubt there. When a form comes from the same sender
that the document does belong to, by name or number, and to the other submission it does not, it is moved there: the same mails
in any order end alike. What a person has decided about is never moved.
"""

from datetime import datetime

from rules.group import new_papers
from rules.group_forms import Group
from rules.group_papers import bearers
from rules.submission import Facts
from rules.survey import Survey
from store import moving, processing, submissions
from store.database import Database, one
from store.submissions import load_facts

#: submissions that may give something up: no person has closed them
_OPEN = ("incomplete", "review", "complete")


def adopt(database: Database, survey: Survey, submission_id: int, others: tuple[int, ...], now: datetime) -> list[int]:
    """Move to a submission what lies wrongly in these others; returns those that gave something up."""
    donors = []
    for other in others:
        if other != submission_id and submissions.status_of(database, other) in _OPEN and _move(
                database, survey, other, submission_id):
            donors.append(other)
            processing.add_event(database, now, "adopted", submission_id=submission_id,
                                 detail={"from": submissions.number_of(database, other)})
    return donors


def _move(database: Database, survey: Survey, source: int, target: int) -> bool:
    here, there = load_facts(database, target), load_facts(database, source)
    if not here.accounts:
        return False
    moved, donor, owner = False, _group(there), _group(here)
    for held, row in zip(there.papers, moving.papers_with_ids(database, source), strict=False):
        if held.verdict or bearers(held.paper, [donor, owner], survey) != [owner]:
            continue
        known = donor.units(survey) if held.paper.kind == "org_certificate" else donor.people(survey)
        moved |= _hand_over(database, row, target, bool(new_papers(here.papers, [held])), bool(known))
    return moved


def _hand_over(database: Database, row: dict, target: int, new: bool, certain: bool) -> bool:
    """A document to where it belongs; a registrant who has named no head yet may still be the one, and keeps it too."""
    if new:
        (moving.move_papers if certain else moving.copy_papers)(database, [row["id"]], target)
        mail = one(database, "SELECT message_id FROM attachments WHERE id = ?", [row["attachment_id"]])
        submissions.link_message(database, target, mail["message_id"], "person")
    elif certain:
        moving.drop_paper(database, row["id"])
    return new or certain


def _group(facts: Facts) -> Group:
    return Group(None, accounts=list(facts.accounts))
