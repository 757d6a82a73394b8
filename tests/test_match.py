"""Which submission a mail belongs to, and how a newer form replaces an older one."""

import pytest
from build_facts import (
    HEAD,
    OWNER,
    SURVEY,
    UNIT,
    account,
    card,
    certificate,
    credit_code,
    field,
    file,
    id_number,
    individual_form,
    invalid,
    organisation_code,
    own_card,
    reading,
    unit_form,
    without,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.complete import judge
from rules.group import Claim, claims
from rules.match import (
    Candidate,
    account_keys,
    choose,
    merge_accounts,
    quoted_numbers,
    registrant_key,
    same_account,
)
from rules.registrant import name_key, person_key, unit_key
from rules.submission import Facts

SENDER = "a@example.net"
ELSEWHERE = "b@example.org"
OTHER = "衡东县白石镇卫生院"


def claim_of(*content, body=()) -> Claim:
    """The only claim of a mail with one file for each piece."""
    (claim,) = claims(reading(*(file(f"{index}.bin", piece) for index, piece in enumerate(content)), body=body), SURVEY)
    return claim


def unit(row: int = 1, name: str = UNIT, **changes) -> Candidate:
    """A unit's submission that SENDER has opened."""
    return Candidate(
        **{
            "id": row,
            "number": f"HD2019-{row:04d}",
            "category": "unit",
            "registrant": name,
            "registrant_key": name_key("unit", name, SURVEY),
            "contacts": (SENDER,),
            "people": frozenset({person_key(HEAD)}),
        }
        | changes
    )


def person(row: int = 2, name: str = OWNER, number: str | None = id_number(1), **changes) -> Candidate:
    """An individual's submission that SENDER has opened."""
    return Candidate(
        **{
            "id": row,
            "number": f"HD2019-{row:04d}",
            "category": "individual",
            "registrant": name,
            "registrant_key": name_key("individual", name, SURVEY),
            "id_number": number,
            "contacts": (SENDER,),
            "people": frozenset({person_key(name)}),
        }
        | changes
    )


NAMELESS = without(unit_form(name="青石校园", handle="qsxy"), "unit_name")


@pytest.mark.parametrize(
    ("claim", "candidates", "mail", "expected"),
    [
        # strong keys, from anywhere
        (claim_of(individual_form(owner_name="谭小禾")), [person()], {"sender": ELSEWHERE}, (2, "id_number")),
        (claim_of(own_card()), [person()], {"sender": ELSEWHERE}, (2, "id_number")),
        (
            claim_of(unit_form(unit_name="青石小学"), certificate("青石小学")),
            [unit(uscc=credit_code(1))],
            {"sender": ELSEWHERE},
            (1, "code"),
        ),
        (claim_of(unit_form(), certificate()), [unit(uscc=organisation_code(1))], {"sender": ELSEWHERE}, (1, "code")),
        (claim_of(unit_form(unit_name="湖南省" + UNIT)), [unit()], {"sender": ELSEWHERE}, (1, "name")),
        (claim_of(certificate()), [unit()], {"sender": ELSEWHERE}, (1, "name")),
        (claim_of(individual_form(owner_id_number=None)), [person()], {"sender": SENDER}, (2, "name")),
        (claim_of(unit_form()), [unit(status="registered", open=False)], {"sender": SENDER}, (1, "name")),
        # the mail itself
        (claim_of(card()), [unit(), unit(3, OTHER)], {"thread": {1}, "sender": ELSEWHERE}, (1, "thread")),
        (claim_of(card("陈一鸣", id_number(5))), [unit()], {"thread": {1}, "sender": ELSEWHERE}, (1, "thread")),
        (claim_of(certificate("衡东县青石镇中心小掌", None)), [unit()], {"thread": {1}}, (1, "thread")),
        (claim_of(NAMELESS), [unit(), unit(3, OTHER)], {"thread": {3}}, (3, "thread")),
        (claim_of(card()), [unit(), unit(3, OTHER, people=frozenset({"陈一鸣"}))], {"thread": {1, 3}}, (1, "thread")),
        (claim_of(card()), [unit(), person(2, HEAD, id_number(9))], {"thread": {1}}, (1, "thread")),
        (claim_of(NAMELESS), [unit(), unit(3, OTHER)], {"quoted": {"HD2019-0003"}, "sender": SENDER}, (3, "quoted")),
        (claim_of(card()), [unit()], {"sender": SENDER}, (1, "person")),
        (claim_of(card()), [unit(people=frozenset())], {"sender": SENDER}, (1, "sender")),
        (claim_of(card("周晓兰", id_number(4))), [unit()], {"sender": SENDER}, (1, "sender")),
        (claim_of(NAMELESS), [unit()], {"sender": "A@example.net"}, (1, "sender")),
        (claim_of(card()), [unit(), unit(3, OTHER, people=frozenset({"陈一鸣"}))], {"sender": SENDER}, (1, "person")),
        (
            claim_of(NAMELESS),
            [unit(accounts=account_keys([account(NAMELESS)], SURVEY)), unit(3, OTHER)],
            {"sender": SENDER, "accounts": account_keys([account(NAMELESS)], SURVEY)},
            (1, "account"),
        ),
        # none of them
        (claim_of(unit_form()), [], {"sender": SENDER}, (None, "new")),
        (claim_of(unit_form(unit_name=OTHER)), [unit()], {"sender": SENDER}, (None, "new")),
        (claim_of(unit_form(unit_name=OTHER)), [unit()], {"thread": {1}, "sender": SENDER}, (None, "new")),
        (claim_of(individual_form()), [unit()], {"sender": SENDER}, (None, "new")),
        (claim_of(own_card(holder="陈一鸣", number=id_number(5))), [person()], {"sender": SENDER}, (None, "new")),
        (claim_of(certificate(OTHER, credit_code(2))), [unit(uscc=credit_code(1))], {"sender": SENDER}, (None, "new")),
        (claim_of(individual_form(owner_id_number=id_number(5))), [person()], {"sender": ELSEWHERE}, (None, "new")),
        (
            claim_of(unit_form(), certificate(number=credit_code(2))),
            [unit(uscc=credit_code(1))],
            {"sender": ELSEWHERE},
            (None, "new"),
        ),
        (claim_of(card()), [unit()], {"sender": ELSEWHERE}, (None, "new")),
        (claim_of(NAMELESS), [unit()], {"quoted": {"HD2019-0001"}, "sender": ELSEWHERE}, (None, "new")),
        (claim_of(card("周晓兰", id_number(4))), [unit(), unit(3, OTHER)], {"sender": SENDER}, (None, "new")),
        (claim_of(card()), [unit(status="registered", open=False)], {"sender": SENDER}, (None, "new")),
        (claim_of(unit_form()), [unit(status="withdrawn")], {"sender": SENDER}, (None, "new")),
    ],
)
def test_a_claim_goes_where_a_strong_key_leads(claim, candidates, mail, expected):
    """And opens a new submission where none does."""
    match = choose(claim, candidates, **mail)
    assert (match.submission_id, match.why) == expected


@pytest.mark.parametrize(
    ("claim", "candidates", "mail", "word"),
    [
        (
            claim_of(card("周晓兰", id_number(4))),
            [unit(), unit(3, OTHER)],
            {"sender": SENDER},
            "疑似HD2019-0001、HD2019-0003的补件",
        ),
        (
            claim_of(individual_form(owner_id_number=id_number(5))),
            [person()],
            {"sender": ELSEWHERE},
            "名称相同,但证件号码不同",
        ),
        (claim_of(individual_form(owner_id_number=None)), [person()], {"sender": ELSEWHERE}, "只有姓名相同"),
        (claim_of(unit_form()), [unit(), unit(3)], {"sender": ELSEWHERE}, "不止一份"),
        (claim_of(unit_form()), [unit(status="withdrawn")], {"sender": SENDER}, "已撤销"),
        (claim_of(unit_form(unit_name="衡东县青石小学")), [unit()], {"thread": {1}}, "疑似HD2019-0001的补件"),
        (claim_of(NAMELESS), [unit()], {"quoted": {"HD2019-0001"}, "sender": ELSEWHERE}, "疑似HD2019-0001的补件"),
    ],
)
def test_what_is_not_sure_is_said_to_a_person(claim, candidates, mail, word):
    """A weak key never decides silently."""
    assert word in "".join(choose(claim, candidates, **mail).doubts)


def test_a_sure_match_raises_no_doubt():
    """Nor does a registrant's first mail, or another unit's from the same address."""
    assert choose(claim_of(unit_form()), [unit()], sender=ELSEWHERE).doubts == ()
    assert choose(claim_of(unit_form()), [], sender=SENDER).doubts == ()
    assert choose(claim_of(unit_form(unit_name=OTHER)), [unit()], sender=SENDER).doubts == ()


@settings(max_examples=60)
@given(data=st.data())
def test_the_order_of_the_candidates_does_not_matter(data):
    """What the store lists first is no key."""
    candidates = [unit(), unit(3, OTHER), unit(4), person(), person(5, "陈一鸣", id_number(5))]
    mixed = data.draw(st.permutations(candidates))
    for claim in (claim_of(unit_form()), claim_of(card()), claim_of(own_card()), claim_of(NAMELESS)):
        assert choose(claim, mixed, thread={3}, sender=SENDER) == choose(claim, candidates, thread={3}, sender=SENDER)


def test_numbers_are_found_in_running_text():
    """However the text is set around them."""
    assert quoted_numbers(SURVEY, "Re: 登记编号 HD2019-0012", "补交 HD2019-\n0003,见附件", None) == (
        "HD2019-0012",
        "HD2019-0003",
    )


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ({}, {}, True),
        ({}, {"name": "青石小学新声"}, True),
        ({}, {"handle": "another"}, True),
        ({}, {"name": "青石小学新声", "handle": "another"}, False),
        ({}, {"name": "青石 小学之声", "handle": None}, True),
        ({}, {"service_type": "新浪微博", "platform": "新浪微博"}, False),
        ({}, {"service_type": "订阅号"}, True),
        ({}, {"service_type": None, "platform": None}, True),
        ({"handle": "13907340001"}, {"name": "青石党建", "handle": "13907340001"}, False),
        ({"handle": "13907340001"}, {"name": None, "handle": "13907340001"}, True),
        ({"handle": "qs@example.net"}, {"name": "青石党建", "handle": "qs@example.net"}, False),
        ({"handle": "http://www.qsxx.example.cn/"}, {"name": "门户", "handle": "qsxx.example.cn"}, True),
        ({"service_type": "美篇", "platform": "其他"}, {"service_type": "喜马拉雅", "platform": "其他"}, False),
        (
            {"service_type": "美篇", "platform": "其他"},
            {"service_type": "美篇", "platform": "其他", "handle": "x"},
            True,
        ),
        ({"name": None, "handle": None}, {"name": None, "handle": None}, False),
    ],
)
def test_the_same_account_is_platform_and_handle_or_name(a, b, same):
    """DATA.md, What counts."""
    first, second = account(unit_form(**a)), account(unit_form(**b), 2)
    assert same_account(first, second, SURVEY) is same
    assert same_account(second, first, SURVEY) is same


def test_the_same_form_again_changes_nothing():
    """Not even the file that it was read from."""
    stored = (account(unit_form(), 1, row=7),)
    assert merge_accounts(stored, (account(unit_form(), 9),), SURVEY) == (stored, ())


def test_a_corrected_form_replaces_and_history_keeps_the_old_values():
    """One field changed: one change, and the account keeps its row."""
    stored = (account(unit_form(admin_phone=invalid("admin_phone", "1390")), 1, row=7),)
    (merged,), changes = merge_accounts(stored, (account(unit_form(), 9),), SURVEY)
    assert (merged.id, merged.attachment_id, merged.value("admin_phone")) == (7, 9, "13907340001")
    assert [(change.account, change.name, change.old, change.new) for change in changes] == [
        (0, "admin_phone", "1390", "13907340001")
    ]


def test_an_empty_cell_erases_nothing():
    """People send the form again with only what was asked for; the kept value remembers its file."""
    stored = (account(unit_form(address="青石镇"), 1, row=7),)
    newer = account(unit_form(address=None, admin_name="李四平", introduction="新"), 9)
    (merged,), changes = merge_accounts(stored, (newer,), SURVEY)
    assert merged.value("address") == "青石镇" and merged.get("address").attachment_id == 1
    assert merged.get("admin_name").attachment_id is None
    assert [(change.name, change.old) for change in changes] == [("admin_name", "周晓兰"), ("introduction", None)]


def test_a_newer_invalid_value_replaces_a_valid_one():
    """The registrant has changed it: it is asked for again rather than silently kept."""
    stored = (account(unit_form(), 1, row=7),)
    newer = account(unit_form(admin_phone=invalid("admin_phone", "12")), 9)
    accounts, _ = merge_accounts(stored, (newer,), SURVEY)
    assert [m.code for m in judge(Facts(accounts, (), ()), SURVEY).missing if "field" in m.code] == [
        "field:admin_phone"
    ]


def test_a_surer_reading_of_the_same_value_is_taken():
    """The typed form after the photograph of it."""
    stored = (account(unit_form(reading={"confidence": 0.6, "method": "ocr"}), 1, row=7),)
    (merged,), _ = merge_accounts(stored, (account(unit_form(), 9),), SURVEY)
    assert merged.get("admin_name").confidence == 1.0


@pytest.mark.parametrize(
    ("name", "typed", "seen", "kept"),
    [
        ("introduction", "发布学校通知与活动", "发布学校通知与话动", True),
        ("introduction", "发布学校通知与活动", "教学研究", False),
        ("admin_phone", "13907340001", "13907340007", False),
        ("address", "青石镇文明路12号", "青石镇文明路72号", False),
    ],
)
def test_a_scan_does_not_replace_what_was_typed_by_its_own_misreadings(name, typed, seen, kept):
    """Nearly the same words are the same; other words and digits are news."""
    stored = (account(unit_form(**{name: typed}), 1, row=7),)
    scan = account(unit_form(reading={"method": "ocr", "confidence": 0.95}, **{name: seen}), 9)
    (merged,), changes = merge_accounts(stored, (scan,), SURVEY)
    assert merged.value(name) == (typed if kept else seen)
    assert [change.name for change in changes] == ([] if kept else [name])


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("中国共产党衡东县委员会宣传部", "中共衡东县委宣传部", True),
        ("衡东县青石镇人民政府", "青石镇政府", True),
        ("衡东县青石镇人民政府", "衡东县白石镇人民政府", False),
        ("衡阳市中心医院", "衡东县中心医院", False),
        ("衡东县青石镇新塘村村民委员会", "青石镇新塘村村民委员会", True),
    ],
)
def test_names_of_units_are_compared_as_offices_write_them(a, b, same):
    """Region and customary short forms do not matter; town and level do."""
    assert (unit_key(a, SURVEY) == unit_key(b, SURVEY)) is same


def test_a_further_account_is_added():
    """Of another platform."""
    stored = (account(unit_form(), 1, row=7),)
    accounts, changes = merge_accounts(stored, (account(unit_form(service_type="快手", platform="快手号"), 9),), SURVEY)
    assert [each.id for each in accounts] == [7, None] and changes == ()


def test_a_form_without_platform_that_fits_two_accounts_replaces_none():
    """It is added, and its missing service type is asked for."""
    stored = (
        account(unit_form(), 1, row=7),
        account(unit_form(service_type="新浪微博", platform="新浪微博"), 2, row=8),
    )
    accounts, _ = merge_accounts(stored, (account(unit_form(service_type=None, platform=None), 9),), SURVEY)
    assert len(accounts) == 3


def test_a_handle_is_stronger_than_a_name():
    """Of two accounts on one platform the one with the same handle was renamed."""
    stored = (account(unit_form(name="甲", handle="a"), 1, row=7), account(unit_form(name="乙", handle="b"), 2, row=8))
    (_, second), changes = merge_accounts(stored, (account(unit_form(name="甲", handle="b"), 9),), SURVEY)
    assert (second.id, second.value("name")) == (8, "甲") and [change.name for change in changes] == ["name"]


def test_forms_of_different_kinds_do_not_replace_each_other():
    """Unit or individual: a person decides."""
    stored = (account(unit_form(), 1, row=7),)
    newer = account(individual_form(name="青石小学之声", handle="qsxx2019"), 9)
    accounts, changes = merge_accounts(stored, (newer,), SURVEY)
    assert len(accounts) == 2 and changes == ()


VALUES = st.sampled_from([None, "甲", "乙"])


@settings(max_examples=100)
@given(
    old=st.fixed_dictionaries({"address": VALUES, "admin_name": VALUES, "introduction": VALUES}),
    new=st.fixed_dictionaries({"address": VALUES, "admin_name": VALUES, "introduction": VALUES}),
)
def test_merging_loses_no_value_and_is_idempotent(old, new):
    """Every replaced value is in the changes; the same form once more changes nothing."""
    stored, newer = (account(unit_form(**old), 1, row=7),), (account(unit_form(**new), 9),)
    merged, changes = merge_accounts(stored, newer, SURVEY)
    for name in old:
        value = merged[0].value(name)
        assert value == (new[name] or old[name])
        if old[name] and value != old[name]:
            assert any(change.name == name and change.old == old[name] for change in changes)
    assert merge_accounts(merged, newer, SURVEY) == (merged, ())


def test_the_index_key_tells_units_from_people():
    """And says nothing while the category is unknown."""
    unit_judgement = judge(Facts((account(unit_form(unit_name="湖南省" + UNIT)),)), SURVEY)
    person_judgement = judge(Facts((account(individual_form()),)), SURVEY)
    assert registrant_key(unit_judgement, SURVEY) == name_key("unit", UNIT, SURVEY)
    assert registrant_key(person_judgement, SURVEY) == f"person:{OWNER}"
    assert registrant_key(judge(Facts(), SURVEY), SURVEY) is None
    assert field("name", None).raw == ""


def test_the_same_account_with_another_name_from_the_same_sender_is_a_correction_that_a_person_sees():
    """The unit's name was mistyped: its papers came with the first mail, and are not asked for again."""
    corrected = unit_form(unit_name=OTHER)
    keys = account_keys([account(corrected)], SURVEY)
    known = unit(accounts=keys)
    match = choose(claim_of(corrected), [known], sender=SENDER, accounts=keys)
    assert (match.submission_id, match.why) == (1, "correction") and "更正" in match.doubts[0]
    assert choose(claim_of(corrected), [known], sender=ELSEWHERE, accounts=keys).submission_id is None
    more = unit(accounts=keys | {"新浪微博/handle/x"})
    assert choose(claim_of(corrected), [more], sender=SENDER, accounts=keys).submission_id is None


def test_the_same_name_and_account_under_another_number_is_one_registrant_whom_a_person_sees():
    """DATA.md: the same normalised name is the same registrant; namesakes have accounts of their own."""
    form = individual_form()
    keys = account_keys([account(form)], SURVEY)
    known = person(number=id_number(7), contacts=(ELSEWHERE,), accounts=keys)
    match = choose(claim_of(form), [known], sender=SENDER, accounts=keys)
    assert (match.submission_id, match.why) == (2, "renumbered") and "证件号码不同" in match.doubts[0]
    namesake = person(number=id_number(7), contacts=(ELSEWHERE,), accounts=frozenset({"新浪微博/handle/x"}))
    assert choose(claim_of(form), [namesake], sender=SENDER, accounts=keys).submission_id is None
