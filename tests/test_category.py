"""Unit or individual."""

import pytest
from build_facts import (
    SURVEY,
    account,
    card,
    certificate,
    held,
    individual_facts,
    individual_form,
    own_card,
    unit_facts,
    unit_form,
    without,
)

from rules.category import categorise, form_side
from rules.submission import Facts


def test_a_unit_form_makes_a_unit():
    """Its title says so, and the evidence is told."""
    verdict = categorise(unit_facts(), SURVEY)
    assert verdict.name == "unit"
    assert any("单位登记表" in sentence for sentence in verdict.evidence)
    assert not verdict.doubts


def test_an_individual_form_makes_an_individual():
    """Also with an employer on it."""
    facts = individual_facts(accounts=(account(individual_form(employer="衡东县青石镇中心小学")),))
    assert categorise(facts, SURVEY).name == "individual"


@pytest.mark.parametrize(("form", "side"), [(unit_form(None), "unit"), (individual_form(None), "individual")])
def test_a_form_without_title_is_known_by_the_fields_that_only_it_has(form, side):
    """单位名称 or 身份证号 are filled in on one kind only."""
    assert form_side(form, SURVEY) == side


def test_a_certificate_alone_makes_a_unit():
    """Only units are asked for one."""
    assert categorise(Facts(papers=(held(certificate()),)), SURVEY).name == "unit"


def test_an_id_card_alone_says_nothing():
    """Both categories hand one in."""
    assert categorise(Facts(papers=(held(card()),)), SURVEY).name == "unknown"


def test_a_form_of_no_kind_beside_a_certificate_is_a_units():
    """The certificate decides where the form does not."""
    form = without(unit_form(None), "unit_name", "legal_representative")
    assert categorise(unit_facts(accounts=(account(form),)), SURVEY).name == "unit"


@pytest.mark.parametrize(
    "facts",
    [
        unit_facts(accounts=(account(unit_form()), account(individual_form(), 2))),
        individual_facts(papers=(held(own_card()), held(certificate(), 6))),
        individual_facts(accounts=(account(unit_form("individual_form")),)),
        unit_facts(accounts=(account(individual_form("unit_form")),)),
        unit_facts(accounts=(account(unit_form(None, owner_name="谭晓禾", owner_id_number="x")),)),
        unit_facts(accounts=(account(unit_form(None)),)),
    ],
    ids=[
        "both forms",
        "individual with certificate",
        "unit's words on the individual form",
        "individual's words on the unit form",
        "both kinds of words on a form without title",
        "a title that says the contrary",
    ],
)
def test_contradicting_evidence_is_for_a_person(facts):
    """The category stays unknown and a sentence says why."""
    verdict = categorise(facts, SURVEY)
    assert verdict.name == "unknown"
    assert verdict.doubts and all("请核实" in doubt for doubt in verdict.doubts)


def test_a_units_form_with_an_additional_id_number_stays_a_units():
    """Extra words of the other kind contradict nothing while its own are there."""
    facts = unit_facts(accounts=(account(unit_form(owner_id_number="430424198807150419")),))
    assert categorise(facts, SURVEY).name == "unit"
