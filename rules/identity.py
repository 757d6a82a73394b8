"""Document → the identity papers that it shows: ID cards and organisation certificates.

ID cards are read from pixels only: whoever typed a name and a number has shown no card. A certificate may also be an
electronic one, a PDF or OFD with real text.
"""

from dataclasses import replace

from rules.certificate import read_certificate
from rules.document import Document
from rules.id_card import beside_cards, read_id_cards
from rules.own_paper import read_own_paper
from rules.page_lines import pages, recognised_pages
from rules.reading import Paper
from rules.survey import Survey


def read_papers(document: Document, survey: Survey) -> tuple[Paper, ...]:
    """Every ID card, organisation certificate and document that the survey declares, page by page; each number once.

    A number stands in a Paper only when its check is right; everything that a person must look at stands in its doubts.
    """
    accepted = [title for category in survey.categories for demand in category.demands for title in demand.accepts]
    papers: list[Paper] = []
    pictured = recognised_pages(document)
    for page, lines in pages(document).items():
        cards = read_id_cards(pictured[page]) if page in pictured else ()
        rest = beside_cards(lines) if cards else lines
        own = [paper for rule in survey.papers if (paper := read_own_paper(rest, rule, survey.places))]
        certificate = None if any(not paper.doubts for paper in own) else read_certificate(rest, survey.places, accepted)
        found = [*cards, *([certificate] if certificate else own)]
        papers += [replace(paper, location=f"第{page}页") for paper in found]
    return _once(papers)


def _once(papers: list[Paper]) -> tuple[Paper, ...]:
    """Without the second copy of a paper; the better one stays: without doubts, with both sides, more surely read."""
    ranked = sorted(papers, key=lambda paper: (bool(paper.doubts), paper.side != "both", -paper.confidence))
    kept: dict[object, Paper] = {}
    for paper in ranked:
        kept.setdefault((paper.kind, paper.number) if paper.number else id(paper), paper)
    chosen = {id(paper) for paper in kept.values()}
    return tuple(paper for paper in papers if id(paper) in chosen)
