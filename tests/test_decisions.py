"""What a person decided stands over everything that was read, and a mail that says otherwise is named."""

from datetime import datetime

import pytest
from build_facts import (
    HEAD,
    IN_TIME,
    OWNER,
    SURVEY,
    account,
    card,
    certificate,
    credit_code,
    field,
    held,
    id_number,
    individual_facts,
    individual_form,
    invalid,
    own_card,
    unit_facts,
    unit_form,
    unread,
    without,
)

from rules.accounts import merge_accounts
from rules.complete import judge
from rules.decisions import Decision, anchor_of, apply, contradictions, recognised
from rules.group import new_papers
from rules.handwritten import NotWritable, form_of, identity_key, written_fields
from rules.submission import Verdict

WHEN = datetime.fromisoformat("2019-08-05T10:00:00+08:00")


def decide(kind: str, **more) -> Decision:
    """A decision of a clerk."""
    return Decision(kind, WHEN, "康敏祎", **more)


def correction(name: str, value, was=None, row: int = 1, **more) -> Decision:
    """The correction of a field of the account in that row."""
    return decide("correct", name=name, account_id=row, value={"value": value, "raw": str(value), "was": was}, **more)


def status(facts, *decisions: Decision) -> tuple:
    """Status and what is missing, with these decisions."""
    judgement = judge(apply(facts, decisions), SURVEY)
    return judgement.status, [missing.code for missing in judgement.missing]


def test_a_corrected_field_is_valid_and_sure():
    """Method, confidence and place say that a person wrote it."""
    facts = individual_facts(accounts=(account(individual_form(owner_phone=invalid("owner_phone", "139")), row=1),))
    assert status(facts) == ("incomplete", ["field:owner_phone"])
    decision = correction("owner_phone", "13907340002", "139")
    assert status(facts, decision) == ("complete", [])
    (corrected,) = apply(facts, [decision]).accounts
    assert (corrected.get("owner_phone").method, corrected.get("owner_phone").confidence) == ("human", 1.0)


def test_the_last_of_two_corrections_counts():
    """A person takes a decision back by deciding again."""
    facts = individual_facts(accounts=(account(individual_form(), row=1),))
    (corrected,) = apply(facts, [correction("name", "甲"), correction("name", "乙")]).accounts
    assert corrected.value("name") == "乙"


def test_a_correction_finds_its_account_when_its_row_is_another():
    """After a replay rows have other numbers; platform, name and handle tell the account."""
    here = account(individual_form(), row=77)
    other = account(individual_form(platform="抖音号"), row=78)
    anchor = {kind: [key] for kind, key in anchor_of(here).items()}
    facts = individual_facts(accounts=(here, other))
    first, second = apply(facts, [correction("admin_name", "王五", row=1, anchor=anchor)]).accounts
    assert (first.value("admin_name"), second.value("admin_name")) == ("王五", "周晓兰")


def test_no_later_form_replaces_what_a_person_wrote():
    """Not even where the person says that the field is empty."""
    facts = individual_facts(accounts=(account(individual_form(), row=1),))
    stored = apply(facts, [correction("admin_phone", "13907345555", "13907340001"),
                           correction("admin_wechat", None)]).accounts
    newer = account(individual_form(admin_phone="13907346666", admin_wechat="zhou", admin_name="王五"))
    (merged,), changes = merge_accounts(stored, [newer], SURVEY)
    assert merged.value("admin_phone") == "13907345555" and merged.value("admin_wechat") is None
    assert merged.value("admin_name") == "王五" and [change.name for change in changes] == ["admin_name"]


@pytest.mark.parametrize(("phone", "named"), [("13907346666", True), ("13907340001", False), ("13907345555", False)])
def test_a_mail_that_says_otherwise_is_named_once(phone, named):
    """Another value is; the one that the person has overruled, and his own, are no news."""
    decisions = [correction("admin_phone", "13907345555", "13907340001")]
    stored = apply(individual_facts(accounts=(account(individual_form(), row=1),)), decisions).accounts
    found = contradictions(stored, [account(individual_form(admin_phone=phone))], decisions, SURVEY)
    assert bool(found) == named and (not named or "管理员手机号码" in found[0] and phone not in found[0])


def test_the_old_form_again_is_known_under_its_corrected_name():
    """Otherwise it would be one more account."""
    old = account(individual_form(name="小禾", handle="wrong1"), row=1)
    decisions = [correction("name", "晓禾的湘味厨房", "小禾"), correction("handle", "xhcook", "wrong1")]
    stored = apply(individual_facts(accounts=(old,)), decisions).accounts
    incoming = recognised(stored, [account(individual_form(name="小禾", handle="wrong1"))], decisions, SURVEY)
    merged, changes = merge_accounts(stored, incoming, SURVEY)
    assert len(merged) == 1 and changes == ()


def test_an_accepted_document_needs_no_agreement_with_the_form():
    """A contradiction, and a number that could not be read."""
    strange = held(certificate("衡东县青石完全小学", None))
    facts = unit_facts(papers=(strange, held(card(), 6)))
    assert status(facts)[0] == "review"
    verdict = decide("accept", name="org_certificate", value={"paper": "org_certificate"}, attachment_id=5, why="旧名")
    assert status(facts, verdict) == ("complete", [])
    (material,) = [m for m in judge(apply(facts, [verdict]), SURVEY).materials if m.kind == "org_certificate"]
    assert material.accepted and "旧名" in material.reason


def test_a_refused_document_is_missing_with_the_persons_reason():
    """And says nothing of its holder any more."""
    refusal = decide("reject", name="id_card", value={"paper": "id_card"}, attachment_id=5, why="照片模糊")
    judgement = judge(apply(individual_facts(), [refusal]), SURVEY)
    assert [(missing.code, "照片模糊" in missing.why) for missing in judgement.missing] == [("id_card", True)]
    assert status(individual_facts(), refusal, decide(
        "accept", name="id_card", value={"paper": "id_card"}, attachment_id=5)) == ("complete", [])


def test_a_refused_certificate_does_not_make_a_unit():
    """Evidence of the category that a person has refused is none."""
    facts = individual_facts(papers=(held(own_card()), held(certificate(), 6)))
    assert judge(facts, SURVEY).category == "unknown"
    refusal = decide("reject", name="org_certificate", value={"paper": "org_certificate"}, attachment_id=6)
    assert status(facts, refusal) == ("complete", [])


def test_the_same_bytes_in_a_later_mail_are_decided_already():
    """A verdict is about the file, not about its row."""
    from dataclasses import replace

    again = replace(held(own_card(), 9), sha256="a" * 64)
    refusal = decide("reject", name="id_card", value={"paper": "id_card"}, attachment_id=5, anchor={"sha256": "a" * 64})
    assert status(individual_facts(papers=(again,)), refusal) == ("incomplete", ["id_card"])


def test_a_better_picture_of_a_refused_document_is_new():
    """Only the refused bytes themselves are not."""
    from dataclasses import replace

    refused = replace(held(own_card(), 5), sha256="a" * 64, verdict=Verdict(False, "康敏祎"))
    same, better = replace(held(own_card(), 8), sha256="a" * 64), replace(held(own_card(), 9), sha256="b" * 64)
    assert new_papers([refused], [same, better]) == (better,)
    assert new_papers([held(own_card(), 5)], [better]) == ()


def test_a_person_can_tell_what_a_file_is_that_nobody_could_read():
    """It counts as the document, and as unread no more."""
    facts = unit_facts(papers=(held(card(), 6),), unread=(unread("证书.et", "unsupported"),))
    assert status(facts)[0] == "review"
    seen = decide("accept", name="org_certificate", value={"paper": "org_certificate"}, attachment_id=8)
    assert status(facts, seen) == ("complete", [])


def test_a_document_shown_at_the_counter_needs_no_file():
    """Taken back it is missing again."""
    facts = unit_facts(papers=(held(certificate()),))
    shown = {"name": "principal_id_card", "value": {"paper": "id_card"}}
    assert status(facts, decide("accept", **shown)) == ("complete", [])
    assert status(facts, decide("accept", **shown), decide("reject", **shown)) == ("incomplete", ["principal_id_card"])


def test_a_decided_category_stands_over_contradictory_evidence():
    """The demands are that category's."""
    facts = individual_facts(papers=(held(own_card()), held(certificate(), 6)))
    assert judge(facts, SURVEY).category == "unknown"
    assert status(facts, decide("category", value={"category": "individual"})) == ("complete", [])
    judgement = judge(apply(facts, [decide("category", value={"category": "unit"})]), SURVEY)
    assert judgement.category == "unit" and judgement.missing[0].code == "unit_form"


def test_looking_does_not_make_a_document_good():
    """`clear` ends disagreements; a demand without an accepted document stays with a person."""
    contradicting = unit_facts(papers=(held(certificate("别的单位")), held(card(), 6)))
    reasons = judge(contradicting, SURVEY).review_reasons
    assert status(contradicting, decide("clear", value={"sentences": list(reasons)}))[0] == "review"
    second = account(unit_form(name="青石视频", handle="qssp", platform="抖音号", legal_representative="别人"), 2, 2)
    disagreeing = unit_facts(accounts=(account(unit_form(), row=1), second))
    reasons = judge(disagreeing, SURVEY).review_reasons
    assert len(reasons) == 1 and status(disagreeing, decide("clear", value={"sentences": list(reasons)}))[0] == "complete"


def test_an_unread_file_that_a_person_has_seen_leaves_the_demand_missing():
    """It was not the document."""
    facts = unit_facts(papers=(held(card(), 6),), unread=(unread("照片.et", "unsupported"),))
    assert status(facts, decide("clear", value={"attachments": [8]})) == ("incomplete", ["org_certificate"])


def test_paper_that_came_early_registers_when_nothing_is_open():
    """Noted while something is missing or in doubt, it waits."""
    assert status(unit_facts(paper_noted_at=IN_TIME)) == ("registered", [])
    assert status(unit_facts(papers=(), paper_noted_at=IN_TIME))[0] == "incomplete"
    assert status(unit_facts(doubts=("请核实。",), paper_noted_at=IN_TIME))[0] == "review"


@pytest.mark.parametrize(("name", "text", "value"), [
    ("admin_phone", "139 0734 0001", "13907340001"), ("admin_phone", "5226196", "5226196"),
    ("registered_on", "2018年3月5日", "2018-03-05"), ("管理员姓名", "周晓兰", "周晓兰"), ("followers", "1.2万", 12000),
    ("admin_email", "not an address", "not an address"), ("platform", "公众号", "微信公众号"), ("admin_wechat", " ", None),
    ("owner_id_number", id_number(3), id_number(3)), ("scope", "便民服务、新闻发布", ("便民服务", "新闻发布")),
])  # fmt: skip
def test_a_persons_word_is_normalised_and_believed(name, text, value):
    """Where only the format is odd it stands as typed."""
    written = written_fields(name, text, SURVEY)[0]
    assert (written.value, written.valid, written.method) == (value, True, "human")


def test_a_service_type_tells_the_platform():
    """As on a form."""
    assert [(each.name, each.value) for each in written_fields("service_type", "订阅号", SURVEY)] == [
        ("service_type", "订阅号"), ("platform", "微信公众号")]


@pytest.mark.parametrize(("name", "text"), [
    ("owner_id_number", id_number(1)[:-1] + ("0" if id_number(1)[-1] != "0" else "1")), ("registered_on", "去年"),
    ("followers", "很多"), ("外号", "小谭"), ("platform", "黑板报"), ("", "x"),
])  # fmt: skip
def test_what_cannot_be_is_refused(name, text):
    """Even from a person: days and numbers are calculated with."""
    with pytest.raises(NotWritable):
        written_fields(name, text, SURVEY)


def test_the_kind_of_a_typed_form_is_told_by_category_or_fields():
    """The category first."""
    fields = written_fields("owner_name", OWNER, SURVEY)
    assert form_of(fields, "unknown", SURVEY) == "individual_form" and form_of(fields, "unit", SURVEY) == "unit_form"
    assert form_of(written_fields("name", "甲", SURVEY), None, SURVEY) is None


def test_what_identified_the_registrant_is_remembered():
    """Name and ID number; nothing else identifies."""
    person = account(individual_form(), row=1)
    assert identity_key("owner_id_number", person, SURVEY) == f"id:{id_number(1)}"
    assert identity_key("owner_name", person, SURVEY) == f"person:{OWNER}"
    assert identity_key("admin_name", person, SURVEY) is None
    assert identity_key("owner_name", account(without(individual_form(), "owner_name")), SURVEY) is None


def test_decisions_of_nobody_change_nothing():
    """The facts as they are."""
    facts = unit_facts(papers=(held(certificate(number=credit_code(2))), held(card(HEAD), 6)))
    assert apply(facts, []) == facts and field("name", "x").method == "text"
