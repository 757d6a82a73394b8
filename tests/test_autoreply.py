"""When not to answer: one test for each guard of the table, and for what must not trigger it."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from build_outcomes import NOW, OURS, OWN, PERSON, a_message, answer_facts
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.autoreply import GUARDS, guard, robot_evidence


@dataclass(frozen=True)
class Policy:
    """The switches, as in service.yaml."""

    mode: str = "send"
    max_age_days: int = 30
    per_address_per_day: int = 10
    require_recipient: bool = True


def silence(kind="registration", facts=None, policy=Policy(), **message):
    """The reason code for silence, or None when an answer may be given."""
    found = guard(a_message(**message), kind, OWN, facts or answer_facts(), policy)
    return found and found.reason


def headers(*pairs):
    """A mail's further header fields."""
    return {"headers": pairs}


def test_a_person_is_answered():
    """No guard stops an ordinary mail, whatever its kind."""
    assert [silence(kind) for kind in ("registration", "supplement", "inquiry")] == [None, None, None]


SILENT = [
    ("null-return-path", headers(("return-path", "<>"))),
    ("null-return-path", headers(("return-path", " < > "))),
    ("own-address", {"from_address": OURS}),
    ("own-address", {"reply_to": OURS}),
    ("own-address", headers(("sender", f"网信办 <{OURS.upper()}>"))),
    ("auto-submitted", headers(("auto-submitted", "auto-replied"))),
    ("auto-submitted", headers(("auto-submitted", "Auto-Generated (by cron)"))),
    ("auto-submitted", headers(("auto-submitted", "auto-notified; owner-email=\"a@example.com\""))),
    ("auto-submitted", headers(("auto-submitted", "no"), ("auto-submitted", "auto-replied"))),
    ("precedence", headers(("precedence", "bulk"))),
    ("precedence", headers(("precedence", "Junk"))),
    ("precedence", headers(("precedence", "list (members)"))),
    ("mailing-list", headers(("list-id", "<news.example.com>"))),
    ("mailing-list", headers(("list-unsubscribe", "<mailto:x@example.com>"))),
    ("mailing-list", headers(("list-anything", "x"))),
    ("response-suppressed", headers(("x-auto-response-suppress", "All"))),
    ("response-suppressed", headers(("x-auto-response-suppress", "DR, RN, NRN, OOF, AutoReply"))),
    ("autoreply-header", headers(("x-autoreply", "yes"))),
    ("autoreply-header", headers(("x-autorespond", "1"))),
    ("autoreply-header", headers(("x-autoreply-from", "a@example.com"))),
    ("campaign", headers(("feedback-id", "1:2:3:esp"))),
    ("mailer-daemon", {"from_address": "mailer-daemon@example.com"}),
    ("mailer-daemon", {"from_address": "postmaster@example.com"}),
    ("mailer-daemon", {"reply_to": "postmaster@example.com"}),
    ("no-reply", {"from_address": "noreply@example.com"}),
    ("no-reply", {"from_address": "do-not-reply@example.com"}),
    ("no-reply", {"from_address": "orders_no-reply+17@example.com"}),
    ("no-reply", {"reply_to": "donotreply@example.com"}),
    ("list-address", {"from_address": "owner-news@example.com"}),
    ("list-address", {"from_address": "news-request@example.com"}),
    ("list-address", {"from_address": "bounces+12=x@example.com"}),
    ("list-address", headers(("return-path", "<bounce-77@mailer.example.com>"))),
    ("notification-address", {"from_address": "notifications@example.com"}),
    ("notification-address", {"from_address": "newsletter@example.com"}),
    ("report", {"media_type": "multipart/report"}),
    ("calendar", {"media_type": "text/calendar"}),
    ("calendar", headers(("content-class", "urn:content-classes:calendarmessage"))),
    ("not-addressed", {"recipients": ("other@example.com",)}),
    ("not-addressed", {"recipients": ()}),
    ("auto-reply-words", {"subject": "自动回复:登记材料"}),
    ("auto-reply-words", {"subject": "自动回复\uff1a登记材料"}),
    ("auto-reply-words", {"text": "这是来自QQ邮箱的假期自动回复邮件。\n您好,我在休假。"}),
    ("auto-reply-words", {"text": "此邮件由系统自动发送,请勿直接回复。"}),
    ("no-address", {"from_address": None}),
    ("no-address", {"from_address": "no address at all"}),
    ("no-address", {"reply_to": "a@b\r\nBcc: c@d"}),
]


@pytest.mark.parametrize(("code", "mail"), SILENT)
def test_each_guard_says_why(code, mail):
    """Every sign by itself is enough, and its code is stored."""
    assert silence(**mail) == code


@pytest.mark.parametrize("mail", [
    headers(("auto-submitted", "no")), headers(("auto-submitted", " No (a person)")),
    headers(("precedence", "first-class")), headers(("x-auto-response-suppress", "DR, NDR, RN, NRN")),
    headers(("x-auto-response-suppress", "None")), headers(("x-autoreply", "no")),
    headers(("return-path", f"<{PERSON}>")), {"from_address": "service@company.example"},
    {"from_address": "admin@town.example.cn"}, {"from_address": "noah.replyn@example.com"},
    {"from_address": "news@county-radio.example"}, {"from_address": "lists@example.com"},
    {"from_address": "autoshop@example.com"}, {"recipients": ("other@example.com", OURS)},
    {"text": "好的,我补交。\n\n发件人: 网信办\n> 此邮件由系统自动发送,请勿直接回复"},
    {"subject": "咨询自动回复怎么关闭"},
])
def test_what_only_resembles_a_robot_is_answered(mail):
    """`Auto-Submitted: no` in particular must not suppress (RFC 3834)."""
    assert silence(**mail) is None


@pytest.mark.parametrize(("kind", "code"), [("own", "own-address"), ("bounce", "bounce"), ("automatic", "automatic"),
                                            ("unrelated", "unrelated")])
def test_kinds_that_are_never_answered(kind, code):
    """DATA.md: only registrations, supplements and inquiries are."""
    assert silence(kind) == code


@pytest.mark.parametrize(("code", "kind", "changes"), [
    ("courtesy", "inquiry", {"courtesy": True}),
    ("dead-address", "registration", {"dead_address": True}),
    ("duplicate", "registration", {"duplicate": True}),
    ("too-old", "registration", {"received_at": NOW - timedelta(days=30, seconds=1)}),
    ("unchanged", "supplement", {"keys": ("a", "b"), "last_keys": ("a", "b")}),
    ("guidance-given", "inquiry", {"keys": ("g",), "guidance_keys": frozenset({"g", "h"})}),
    ("address-cap", "supplement", {"answers_today": 10}),
])
def test_what_the_store_knows_can_forbid_an_answer(code, kind, changes):
    """Duplicates, age, caps, dead addresses and unchanged content."""
    assert silence(kind, answer_facts(**changes)) == code


@pytest.mark.parametrize(("kind", "changes"), [
    ("registration", {"received_at": NOW - timedelta(days=30)}),
    ("supplement", {"keys": ("a", "b"), "last_keys": ("a", None)}),
    ("supplement", {"keys": ("a",), "last_keys": ("b",)}),
    ("inquiry", {"keys": ("g",), "guidance_keys": frozenset({"h"})}),
    ("supplement", {"keys": ("g",), "guidance_keys": frozenset({"g"})}),
    ("supplement", {"answers_today": 9}),
])
def test_what_is_new_is_answered(kind, changes):
    """Due is what changed: one of two submissions is enough."""
    assert silence(kind, answer_facts(**changes)) is None


def test_old_mail_is_answered_where_no_limit_is_set():
    """0 means no limit."""
    facts = answer_facts(received_at=NOW - timedelta(days=4000))
    assert silence(facts=facts, policy=Policy(max_age_days=0)) is None


def test_mail_that_does_not_name_us_is_answered_where_the_office_wants_it():
    """`require_recipient: false` for mailboxes behind a forwarding."""
    assert silence(recipients=("other@example.com",), policy=Policy(require_recipient=False)) is None


@pytest.mark.parametrize("kind", ["registration", "inquiry"])
def test_where_no_address_of_ours_is_known_nobody_is_taken_for_not_writing_to_us(kind):
    """Mails from files, without any mailbox in the configuration; every other guard still stands."""
    mail = a_message(**{"recipients": ("office@example.cn",), **headers(("to", "office@example.cn"))})
    assert guard(mail, kind, frozenset(), answer_facts(), Policy()) is None
    robot = a_message(**headers(("auto-submitted", "auto-replied")))
    assert guard(robot, kind, frozenset(), answer_facts(), Policy()) is not None


def test_a_question_to_somebody_else_is_not_answered_because_we_were_copied():
    """Colleagues write to each other; a submission sent to the liaison with a copy to us is answered all the same."""
    copied = {"recipients": ("liaison@example.cn", OURS),
              "headers": (("to", "联络员 <liaison@example.cn>"), ("cc", OURS))}
    assert silence("inquiry", **copied) == "copied-only"
    assert silence("registration", **copied) is None


def test_nothing_is_answered_when_replies_are_off():
    """But a robot's own reason is told first."""
    assert silence(policy=Policy(mode="off")) == "replies-off"
    assert silence(policy=Policy(mode="off"), headers=(("list-id", "x"),)) == "mailing-list"


def test_every_guard_has_a_code_of_its_own_and_a_sentence():
    """Codes are stored and must stay; sentences are read by people."""
    codes = [row.code for row in GUARDS]
    assert len(set(codes)) == len(codes)
    assert all(row.sentence.endswith("。") and row.code == row.code.lower() for row in GUARDS)
    assert {code for code, _ in SILENT} <= set(codes)


def test_the_surer_sign_of_a_robot_is_named():
    """A no-reply address with a List-Id is certainly a list."""
    found = robot_evidence(a_message(from_address="noreply@example.com", headers=(("list-id", "x"),)))
    assert (found.code, found.robot) == ("mailing-list", "firm")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["return-path", "auto-submitted", "precedence", "sender", "to", "x-autoreply",
                                           "content-class", "x-auto-response-suppress"]), st.text(max_size=60)),
                max_size=6), st.text(max_size=80), st.text(max_size=300), st.text(max_size=40) | st.none())
def test_any_mail_gets_a_decision(pairs, subject, text, address):
    """Hostile headers never raise."""
    message = a_message(headers=tuple(pairs), subject=subject, text=text, from_address=address)
    found = guard(message, "registration", OWN, answer_facts(), Policy())
    assert found is None or found.reason in {row.code for row in GUARDS}
    if address is None:
        assert found is not None


def test_no_guard_is_dead():
    """Each row can be the one that speaks: all others off, it alone silences."""
    spoken = {silence(**mail) for _, mail in SILENT}
    others = {"bounce", "automatic", "unrelated", "courtesy", "copied-only", "dead-address", "duplicate", "too-old",
              "unchanged", "guidance-given", "address-cap", "replies-off"}
    assert {row.code for row in GUARDS} == spoken | others


def test_the_answer_address_is_looked_at_not_only_the_sender():
    """A person's From with a robot's Reply-To would write to the robot."""
    message = replace(a_message(), reply_to="no-reply@example.com")
    assert guard(message, "registration", OWN, answer_facts(), Policy()).reason == "no-reply"
