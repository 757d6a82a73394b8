"""What is missing, what a person must look at, and the status."""

import itertools
import re
from dataclasses import replace
from datetime import datetime

import pytest
from build_facts import (
    HEAD,
    IN_TIME,
    OWNER,
    SURVEY,
    UNIT,
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
    organisation_code,
    own_card,
    unit_facts,
    unit_form,
    unread,
    without,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.complete import judge
from rules.submission import Facts
from rules.survey import ACCOUNT_COLUMNS
from rules.unread import superseded

PERSONAL = re.compile(r"\d{11,}")


def codes(facts: Facts) -> list[str]:
    """What is missing, as DATA.md writes it."""
    return [missing.code for missing in judge(facts, SURVEY).missing]


def status(facts: Facts) -> str:
    return judge(facts, SURVEY).status


def test_a_unit_that_hands_in_everything_is_complete():
    """Form, certificate, and the head's ID card."""
    judgement = judge(unit_facts(), SURVEY)
    assert (judgement.status, judgement.category, judgement.missing) == ("complete", "unit", ())
    assert (judgement.registrant, judgement.uscc, judgement.id_number) == (UNIT, credit_code(1), None)
    assert judgement.on_time is True
    assert {material.kind: material.accepted for material in judgement.materials} == {
        "unit_form": True,
        "org_certificate": True,
        "principal_id_card": True,
    }


def _faint(account_, name: str):
    """The account with one field that was read with little confidence."""
    return replace(account_, fields=tuple(replace(one, confidence=0.6, method="ocr") if one.name == name else one
                                          for one in account_.fields))


@pytest.mark.parametrize("name", ["unit_name", "legal_representative"])
def test_a_faint_name_that_a_certificate_says_too_is_no_doubt(name):
    """A seal lies over 单位 on most scanned forms; the certificate says the same, read from another original."""
    facts = unit_facts()
    faint = replace(facts, accounts=tuple(_faint(each, name) for each in facts.accounts))
    assert status(faint) == "complete"
    assert status(replace(faint, papers=())) == "incomplete"
    assert any("识别把握不大" in reason for reason in judge(replace(faint, papers=()), SURVEY).review_reasons)


@pytest.mark.parametrize("name", ["name", "handle", "admin_phone"])
def test_a_faint_value_that_no_document_says_goes_to_a_person(name):
    """Nothing but the form knows the account."""
    facts = unit_facts()
    assert status(replace(facts, accounts=tuple(_faint(each, name) for each in facts.accounts))) == "review"


def test_a_document_that_is_doubted_itself_confirms_nothing():
    """Two faint readings are not one sure one."""
    facts = individual_facts()
    papers = tuple(replace(each, paper=replace(each.paper, confidence=0.6)) for each in facts.papers)
    faint = replace(facts, accounts=tuple(_faint(each, "owner_name") for each in facts.accounts))
    assert status(faint) == "complete"
    assert any("负责人姓名" in reason for reason in judge(replace(faint, papers=papers), SURVEY).review_reasons)


def test_an_individual_who_hands_in_everything_is_complete():
    """Form and ID card."""
    judgement = judge(individual_facts(), SURVEY)
    assert (judgement.status, judgement.category, judgement.missing) == ("complete", "individual", ())
    assert (judgement.registrant, judgement.uscc, judgement.id_number) == (OWNER, None, id_number(1))


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        (Facts(), ["form"]),
        (Facts(papers=(held(card()),)), ["form"]),
        (Facts(papers=(held(certificate()),)), ["unit_form", "principal_id_card"]),
        (Facts(papers=(held(certificate()), held(card()))), ["unit_form"]),
        (unit_facts(papers=()), ["org_certificate", "principal_id_card"]),
        (unit_facts(papers=(held(card()),)), ["org_certificate"]),
        (unit_facts(papers=(held(certificate()),)), ["principal_id_card"]),
        (individual_facts(papers=()), ["id_card"]),
        (unit_facts(papers=(held(certificate()), held(card(side="back")))), ["principal_id_card"]),
        (individual_facts(papers=(held(card(side="back")),)), ["id_card"]),
        (unit_facts(accounts=(account(unit_form(handle=None)),)), ["field:handle"]),
        (unit_facts(accounts=(account(unit_form(admin_phone=invalid("admin_phone", "1390"))),)), ["field:admin_phone"]),
        (unit_facts(accounts=(account(without(unit_form(), "registered_on")),)), ["field:registered_on"]),
        (
            individual_facts(papers=(), accounts=(account(individual_form(owner_phone=None, name=None)),)),
            ["id_card", "field:name", "field:owner_phone"],
        ),
        (
            unit_facts(
                papers=(),
                accounts=(
                    account(unit_form(legal_representative=None, handle=None, service_type=None, platform=None)),
                ),
            ),
            [
                "org_certificate",
                "principal_id_card",
                "field:handle",
                "field:service_type",
                "field:legal_representative",
            ],
        ),
        (
            unit_facts(accounts=(account(unit_form(handle=None)), account(unit_form(name="乙", handle=None), 2))),
            ["field:handle"],
        ),
        (unit_facts(accounts=(account(unit_form(introduction=None, followers=None, admin_email=None)),)), []),
        (
            Facts(
                accounts=(account(without(unit_form(None), "unit_name", "legal_representative")),),
                papers=(held(card()),),
            ),
            ["form"],
        ),
    ],
)
def test_exactly_what_is_missing_is_listed(facts, missing):
    """In DATA.md's codes and order; and then the submission is incomplete."""
    assert codes(facts) == missing
    assert status(facts) == ("incomplete" if missing else "complete")


def test_what_is_missing_says_why_and_by_which_clause():
    """Label, reason and clause stand beside each code."""
    facts = unit_facts(
        accounts=(account(unit_form(admin_phone=None)),), papers=(held(card(side="back"), filename="反面.jpg"),)
    )
    certificate_, card_, phone = judge(facts, SURVEY).missing
    assert certificate_.clause == "《通知》第三条第1项第(1)目" and "尚未收到" in certificate_.why
    assert "反面.jpg" in card_.why and "国徽面" in card_.why
    assert phone.label == "管理员手机号码" and phone.why == "未填写。"


def test_with_several_accounts_the_reason_names_the_account():
    """Only one of the two forms lacks the telephone number."""
    facts = unit_facts(
        accounts=(account(unit_form()), account(unit_form(name="青石校园", handle="b", admin_phone=None), 2))
    )
    assert judge(facts, SURVEY).missing[0].why == "账号“青石校园”\uff1a未填写。"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (unit_facts(papers=(held(certificate(holder="衡东县白石镇中心小学")), held(card()))), "不一致"),
        (unit_facts(papers=(held(certificate()), held(card(holder="陈一鸣")))), "不一致"),
        (unit_facts(papers=(held(certificate(principal="陈一鸣")), held(card()))), "负责人“陈一鸣”"),
        (individual_facts(papers=(held(own_card(holder="陈一鸣")),)), "不一致"),
        (individual_facts(papers=(held(own_card(number=id_number(7))),)), "号码"),
        (unit_facts(papers=(held(certificate(doubts=("公章处文字缺失。",))), held(card()))), "公章处文字缺失"),
        (unit_facts(papers=(held(certificate(confidence=0.6)), held(card()))), "把握不大"),
        (unit_facts(papers=(held(certificate(number=None)), held(card()))), "号码未能读出"),
        (unit_facts(papers=(held(certificate(holder=None)), held(card()))), "名称未能读出"),
        (unit_facts(papers=(held(certificate(title="荣誉证书")), held(card()))), "荣誉证书"),
        (unit_facts(papers=(held(certificate(valid_until="2019-07-31")), held(card()))), "过期"),
        (individual_facts(papers=(held(own_card(valid_until="2018-01-01")),)), "过期"),
        (
            unit_facts(accounts=(account(unit_form(admin_name=field("admin_name", "周晓兰", confidence=0.5))),)),
            "管理员姓名",
        ),
        (
            unit_facts(accounts=(account(unit_form(introduction=field("introduction", "x", confidence=0.5))),)),
            "功能介绍",
        ),
        (unit_facts(accounts=(account(unit_form(platform=field("platform", "网站", confidence=0.5))),)), "服务类型"),
        (unit_facts(doubts=("疑似另一登记的补件。",)), "补件"),
        (
            unit_facts(
                accounts=(
                    account(unit_form()),
                    account(unit_form(name="乙", handle="b", legal_representative="陈一鸣"), 2),
                )
            ),
            "几份登记表填写的法人代表不一致",
        ),
        (
            unit_facts(
                papers=(held(certificate()), held(card()), held(certificate("衡东县白石镇小学", credit_code(2)), 9))
            ),
            "不一致",
        ),
        (
            unit_facts(papers=(held(certificate()), held(card()), held(certificate(UNIT, credit_code(2)), 9))),
            "代码不一致",
        ),
        (unit_facts(accounts=(account(unit_form()), account(individual_form(), 2))), "请核实应按哪一类"),
        (individual_facts(papers=(held(own_card()), held(certificate(), 9))), "附有单位证书"),
    ],
)
def test_what_contradicts_or_is_uncertain_goes_to_a_person(facts, sentence):
    """Not missing, never complete, and a plain sentence says what to look at."""
    judgement = judge(facts, SURVEY)
    assert (judgement.status, judgement.missing) == ("review", ())
    assert any(sentence in reason for reason in judgement.review_reasons), judgement.review_reasons


@pytest.mark.parametrize(
    "facts",
    [
        unit_facts(papers=(held(certificate("湖南省" + UNIT)), held(card()))),
        unit_facts(papers=(held(certificate("衡 东 县青石镇中心小学")), held(card("罗 正平")))),
        unit_facts(papers=(held(certificate("青石镇中心小学")), held(card()))),
        unit_facts(
            papers=(held(certificate(number=organisation_code(1), title="中华人民共和国组织机构代码证")), held(card()))
        ),
        unit_facts(papers=(held(certificate(title="营业执照(副本)")), held(card()))),
        unit_facts(papers=(held(certificate()), held(certificate(number=organisation_code(1))), held(card()))),
        unit_facts(papers=(held(certificate(principal=HEAD)), held(card()))),
        unit_facts(papers=(held(certificate()), held(card()), held(card("周晓兰", id_number(3)), 9))),
        unit_facts(papers=(held(certificate()), held(card()), held(card(side="back"), 9))),
        unit_facts(papers=(held(certificate()), held(card(side="both")))),
        individual_facts(papers=(held(own_card(valid_until="2019-08-01")),)),
        individual_facts(papers=(held(own_card(valid_until="长期")),)),
        unit_facts(unread=(unread("签名.jpg", "unreadable"),)),
        unit_facts(unread=(unread("片头.mp4", "unsupported"),)),
        unit_facts(unread=(unread("旧.rar", "encrypted", open=False),)),
    ],
)
def test_proof_is_accepted_however_the_name_is_written(facts):
    """Prefixes of the region, spaces, equivalents, further cards and harmless files change nothing."""
    judgement = judge(facts, SURVEY)
    assert (judgement.status, judgement.review_reasons) == ("complete", ())


def test_towns_are_not_confused():
    """The prefix of the region may be left out, that of a town may not."""
    facts = unit_facts(papers=(held(certificate("衡东县白石镇中心小学")), held(card())))
    assert status(facts) == "review"


@pytest.mark.parametrize("problem", ["unsupported", "unreadable"])
def test_what_a_person_could_still_open_is_not_surely_missing(problem):
    """The file may be the card: review, and the reason names it."""
    judgement = judge(unit_facts(papers=(held(certificate()),), unread=(unread("证件.tif", problem),)), SURVEY)
    assert (judgement.status, judgement.missing) == ("review", ())
    assert "证件.tif" in "".join(judgement.review_reasons)


@pytest.mark.parametrize("problem", ["encrypted", "corrupt", "empty", "too_large", "remote"])
def test_what_nobody_can_open_stays_missing_and_is_named(problem):
    """The reply can then say which file is to be sent again."""
    judgement = judge(unit_facts(papers=(held(certificate()),), unread=(unread("证件.zip", problem),)), SURVEY)
    assert [missing.code for missing in judgement.missing] == ["principal_id_card"]
    assert "证件.zip" in judgement.missing[0].why and "重新发送" in judgement.missing[0].why
    assert not judgement.review_reasons


def test_an_unsupported_document_without_any_form_may_be_the_form():
    """Neither the form nor any field is missing then."""
    judgement = judge(Facts(unread=(unread("登记表.wps", "unsupported"),)), SURVEY)
    assert (judgement.status, judgement.missing) == ("review", ())


def test_an_encrypted_archive_without_any_form_leaves_the_form_missing():
    """Nobody can open it."""
    judgement = judge(Facts(unread=(unread("材料.rar", "encrypted"),)), SURVEY)
    assert [missing.code for missing in judgement.missing] == ["form"]
    assert "材料.rar" in judgement.missing[0].why


@pytest.mark.parametrize("problem", ["unsupported", "encrypted", "corrupt", "remote"])
def test_an_additional_document_that_could_not_be_read_might_be_one_more_form(problem):
    """Everything is there, and still nobody is told complete."""
    judgement = judge(unit_facts(unread=(unread("另一个账号.ofd", problem),)), SURVEY)
    assert (judgement.status, judgement.missing) == ("review", ())
    assert "另一个账号.ofd" in "".join(judgement.review_reasons)


def test_a_label_that_a_picture_does_not_show_is_not_surely_missing():
    """A form read from a photograph: the field may be there, unread."""
    seen = account(unit_form(reading={"method": "ocr", "confidence": 0.97}))
    facts = unit_facts(accounts=(replace(seen, fields=tuple(f for f in seen.fields if f.name != "admin_phone")),))
    judgement = judge(facts, SURVEY)
    assert (judgement.status, judgement.missing) == ("review", ())
    assert "管理员手机号码" in "".join(judgement.review_reasons)


def test_an_empty_cell_of_a_picture_is_missing_when_it_was_seen_empty():
    """Seen with confidence."""
    form = unit_form(
        reading={"method": "ocr", "confidence": 0.97},
        admin_phone=field("admin_phone", None, method="ocr", confidence=0.97),
    )
    assert codes(unit_facts(accounts=(account(form),))) == ["field:admin_phone"]


def test_a_hardly_legible_value_that_breaks_a_rule_is_for_a_person():
    """It may be misread rather than wrong."""
    form = individual_form(owner_id_number=invalid("owner_id_number", "43042419880715", method="ocr", confidence=0.85))
    judgement = judge(individual_facts(accounts=(account(form),)), SURVEY)
    assert (judgement.status, judgement.missing) == ("review", ())


def test_a_paper_that_cannot_be_compared_is_kept_until_the_form_is_there():
    """The certificate counts, the form is missing, so nothing is complete."""
    judgement = judge(Facts(papers=(held(certificate()), held(card())), opened_at=IN_TIME), SURVEY)
    assert {m.kind: m.accepted for m in judgement.materials} == {"org_certificate": True, "principal_id_card": True}
    assert (judgement.registrant, judgement.uscc) == (UNIT, credit_code(1))


def test_without_a_form_the_card_is_compared_with_the_head_whom_the_certificate_names():
    """Another person's card is then no proof."""
    facts = Facts(papers=(held(certificate(principal=HEAD)), held(card("陈一鸣"))), opened_at=IN_TIME)
    judgement = judge(facts, SURVEY)
    assert [missing.code for missing in judgement.missing] == ["unit_form"]
    assert any("陈一鸣" in reason for reason in judgement.review_reasons)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (unit_facts(withdrawn=True), "withdrawn"),
        (unit_facts(paper_received_at=IN_TIME), "registered"),
        (unit_facts(papers=(), paper_received_at=IN_TIME), "registered"),
        (unit_facts(paper_received_at=IN_TIME, withdrawn=True), "withdrawn"),
    ],
)
def test_a_persons_decision_is_stronger_than_the_rules(facts, expected):
    """Paper received: registered; withdrawn stays withdrawn."""
    assert status(facts) == expected


@pytest.mark.parametrize(
    ("facts", "uscc", "number"),
    [
        (unit_facts(papers=(held(certificate(number=organisation_code(1))),)), organisation_code(1), None),
        (
            unit_facts(papers=(held(certificate(number=organisation_code(1))), held(certificate(), 7))),
            credit_code(1),
            None,
        ),
        (unit_facts(papers=(held(certificate("衡东县白石镇小学", credit_code(2))),)), None, None),
        (individual_facts(papers=()), None, id_number(1)),
        (individual_facts(accounts=(account(individual_form(owner_id_number=None)),)), None, id_number(1)),
        (individual_facts(papers=(held(own_card(number=id_number(7))),)), None, None),
        (individual_facts(papers=(held(card("陈一鸣")),)), None, id_number(1)),
        (
            individual_facts(
                papers=(), accounts=(account(individual_form(owner_id_number=invalid("owner_id_number", "4304"))),)
            ),
            None,
            None,
        ),
        (Facts(papers=(held(card()),)), None, id_number(9)),
    ],
)
def test_only_valid_and_undisputed_numbers_are_kept(facts, uscc, number):
    """The 18-character code before the organisation code; an ID number only where form and card agree."""
    judgement = judge(facts, SURVEY)
    assert (judgement.uscc, judgement.id_number) == (uscc, number)


def test_late_and_early_accounts_give_deadline_and_on_time():
    """After the window a new account is on time within 30 days."""
    late = datetime.fromisoformat("2019-09-19T10:00:00+08:00")
    new = unit_facts(accounts=(account(unit_form(registered_on="2019-08-20")),), opened_at=late)
    old = unit_facts(opened_at=late)
    assert judge(new, SURVEY).on_time is True and judge(new, SURVEY).deadline.isoformat() == "2019-09-19"
    assert judge(old, SURVEY).on_time is False and judge(old, SURVEY).deadline.isoformat() == "2019-08-13"


@pytest.mark.parametrize(
    ("forms", "papers", "closed"),
    [(0, 0, []), (0, 1, ["a.rar"]), (1, 0, ["a.rar", "b.wps"]), (2, 1, ["a.rar", "b.wps", "c.ofd"])],
)
def test_what_was_sent_again_makes_up_for_the_unread_file(forms, papers, closed):
    """An encrypted archive by anything usable, an unsupported document by a form only."""
    files = [unread("c.ofd", "unsupported"), unread("b.wps", "unsupported"), unread("a.rar", "encrypted")]
    files += [unread("d.jpg", "unreadable"), unread("e.rar", "corrupt", open=False)]
    assert [file.filename for file in superseded(files, forms, papers)] == closed


# ---------------------------------------------------------------- properties

FORMS = [
    unit_form(),
    unit_form(handle=None),
    unit_form(None),
    unit_form(admin_phone=invalid("admin_phone", "13")),
    unit_form(legal_representative=None),
    individual_form(),
    individual_form(owner_id_number=None),
    individual_form(None),
    unit_form(name="乙", handle="yi", unit_name=field("unit_name", UNIT, confidence=0.4)),
    without(unit_form(None), "unit_name"),
]
PAPERS = [
    certificate(),
    certificate(number=organisation_code(1)),
    certificate("衡东县白石镇小学", credit_code(2)),
    certificate(confidence=0.3),
    certificate(principal="陈一鸣"),
    card(),
    card("陈一鸣", id_number(5)),
    card(side="back"),
    own_card(),
    own_card(valid_until="2001-01-01"),
    own_card(number=id_number(6)),
    card(None, None),
]
UNREAD = [
    unread("a.wps", "unsupported"),
    unread("b.jpg", "unreadable"),
    unread("c.rar", "encrypted"),
    unread("d.pdf", "empty"),
    unread("e.mp3", "unsupported"),
]
facts_strategy = st.builds(
    lambda forms, papers, files, doubts: Facts(
        accounts=tuple(account(form, index) for index, form in enumerate(forms)),
        papers=tuple(held(paper, 20 + index, f"{index}.jpg") for index, paper in enumerate(papers)),
        unread=tuple(files),
        doubts=tuple(doubts),
        opened_at=IN_TIME,
    ),
    st.lists(st.sampled_from(FORMS), max_size=3),
    st.lists(st.sampled_from(PAPERS), max_size=4),
    st.lists(st.sampled_from(UNREAD), max_size=2, unique=True),
    st.lists(st.just("请核实。"), max_size=1),
)


def holds_everything(facts: Facts) -> bool:
    """An independent, naive reading of DATA.md: form of one kind, all mandatory fields valid, a matching paper each."""
    units = [a for a in facts.accounts if a.form_kind == "unit_form" or (a.form_kind is None and a.value("unit_name"))]
    certificates = [h.paper for h in facts.papers if h.paper.kind == "org_certificate"]
    cards = [h.paper for h in facts.papers if h.paper.kind == "id_card" and h.paper.side != "back"]
    if not facts.accounts or any(
        file.problem != "unreadable" and not file.filename.endswith("mp3") for file in facts.unread
    ):
        return False
    if units or certificates:
        names = [rule.name for rule in SURVEY.fields if "unit_form" in rule.mandatory]
        proven = any(paper.holder == UNIT for paper in certificates) and any(paper.holder == HEAD for paper in cards)
    else:
        names = [rule.name for rule in SURVEY.fields if "individual_form" in rule.mandatory]
        proven = any(paper.number == id_number(1) for paper in cards)
    return proven and all(a.value(name) not in (None, "") for a in facts.accounts for name in names)


@settings(max_examples=400)
@given(facts=facts_strategy)
def test_nothing_is_complete_while_anything_is_missing(facts):
    """The second promise."""
    judgement = judge(facts, SURVEY)
    if judgement.status == "complete":
        assert holds_everything(facts) and not judgement.missing and not judgement.review_reasons
    if judgement.missing:
        assert judgement.status == "incomplete"


def spoiled(name: str, how: str):
    """A mandatory field that is not rightly filled in: empty, invalid, hardly legible, or no such label."""
    return {"empty": field(name, None), "invalid": invalid(name, "x"), "dim": field(name, "x", confidence=0.5)}.get(how)


@settings(max_examples=300)
@given(data=st.data())
def test_what_lacks_one_demanded_thing_is_never_complete(data):
    """A whole submission, one demanded thing taken away, anything harmless added."""
    base = data.draw(st.sampled_from([unit_facts(), individual_facts()]))
    extra = data.draw(st.lists(st.sampled_from([card("周晓兰", id_number(3)), card(side="back")]), max_size=2))
    names = [rule.name for rule in SURVEY.fields if base.accounts[0].form_kind in rule.mandatory]
    loss = data.draw(st.sampled_from([*names, *range(len(base.papers)), None]))
    papers = [each for index, each in enumerate(base.papers) if index != loss] + [held(paper, 30) for paper in extra]
    accounts = base.accounts
    if isinstance(loss, str):
        worse = spoiled(loss, data.draw(st.sampled_from(["empty", "invalid", "dim", "absent"])))
        others = tuple(each for each in accounts[0].fields if each.name != loss)
        accounts = (replace(accounts[0], fields=(*others, *([worse] if worse else []))),)
    judgement = judge(replace(base, papers=tuple(papers), accounts=accounts), SURVEY)
    assert (judgement.status == "complete") is (loss is None)


@settings(max_examples=200)
@given(facts=facts_strategy)
def test_the_list_of_what_is_missing_is_always_in_the_contracts_order(facts):
    """unit_form, individual_form or form; then the papers; then fields by column."""
    order = [
        "unit_form",
        "individual_form",
        "form",
        "org_certificate",
        "principal_id_card",
        "id_card",
        *(f"field:{column}" for column in ACCOUNT_COLUMNS),
    ]
    found = [order.index(code) for code in codes(facts)]
    assert found == sorted(set(found))


@settings(max_examples=150)
@given(facts=facts_strategy, data=st.data())
def test_any_order_of_forms_and_papers_gives_the_same_judgement(facts, data):
    """What came first does not matter."""
    mixed = replace(
        facts,
        accounts=tuple(data.draw(st.permutations(facts.accounts))),
        papers=tuple(data.draw(st.permutations(facts.papers))),
        unread=tuple(data.draw(st.permutations(facts.unread))),
    )
    assert judge(mixed, SURVEY) == judge(facts, SURVEY)


@settings(max_examples=150)
@given(facts=facts_strategy)
def test_no_sentence_holds_a_personal_number(facts):
    """Reasons and notes go into digests and replies."""
    judgement = judge(facts, SURVEY)
    sentences = itertools.chain(
        judgement.review_reasons,
        judgement.notes,
        judgement.category_evidence,
        (m.why for m in judgement.missing),
        (m.reason for m in judgement.materials),
    )
    assert not [sentence for sentence in sentences if PERSONAL.search(sentence)]


def test_a_number_in_a_files_name_is_masked():
    """People name scans by the ID number."""
    facts = individual_facts(papers=(held(own_card(confidence=0.1), filename=f"{id_number(1)}.jpg"),))
    assert not PERSONAL.search("".join(judge(facts, SURVEY).review_reasons))


def test_a_back_that_has_expired_is_for_a_person_although_the_front_is_good():
    """Front and back sent as two pictures: the day of validity stands on the back."""
    back = held(card(holder=None, side="back", valid_until="2016-05-06"), 9, "反面.jpg")
    facts = individual_facts(papers=(held(own_card()), back))
    judgement = judge(facts, SURVEY)
    assert (judgement.status, judgement.missing) == ("review", ())
    assert "反面.jpg" in judgement.review_reasons[0] and "过期" in judgement.review_reasons[0]
    for until in ("2028-05-06", "长期", None):
        kept = replace(back, paper=replace(back.paper, valid_until=until))
        assert status(individual_facts(papers=(held(own_card()), kept))) == "complete"


def test_an_account_registered_after_the_mail_is_for_a_person():
    """A mistyped year; a later mail may tell of a later account."""
    facts = individual_facts(accounts=(account(individual_form(registered_on="2019-08-20")),))
    assert status(facts) == "review"
    late = datetime.fromisoformat("2019-08-21T09:00:00+08:00")
    judgement = judge(replace(facts, latest_at=late), SURVEY)
    assert (judgement.status, judgement.deadline.isoformat()) == ("complete", "2019-09-19")


def test_sentences_for_people_have_full_width_marks_and_file_names_as_they_are():
    """《登记表(1).docx》 keeps its brackets; what the program says has none of the keyboard's half-width marks."""
    facts = unit_facts(papers=(held(certificate(), 8), held(card("陈一鸣", id_number(3)), 5, "身份证(1),正面.jpg")))
    (reason,) = judge(facts, SURVEY).review_reasons
    assert reason.startswith("《身份证(1),正面.jpg》") and "不一致\uff0c请核实" in reason
    cleared = replace(facts, cleared=("几份登记表填写的法人代表不一致(甲、乙),请核实。",))
    assert judge(cleared, SURVEY).review_reasons == (reason,)


def test_an_empty_line_of_a_picture_is_for_a_person():
    """Recognised outside of any cell, the value may stand on a line that was not put beside its label."""
    empty = field("service_type", None, method="ocr", confidence=0.97, location="第14段")
    facts = unit_facts(accounts=(account(unit_form(reading={"method": "ocr"}, service_type=empty)),))
    assert (codes(facts), status(facts)) == ([], "review")
    seen = replace(empty, location="第1页 表1 第3行 第2列")
    assert codes(unit_facts(accounts=(account(unit_form(reading={"method": "ocr"}, service_type=seen)),))) == [
        "field:service_type"]
