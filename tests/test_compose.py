"""Composed mails, parsed back with the standard library."""

import email
import email.header
import email.policy
import re
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from build_outcomes import NOW, SHANGHAI
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.sending.compose import Attachment, compose, compose_report, message_id_for
from rules.answer import Answer

FORMS = Path(__file__).parents[1] / "rules" / "forms"
US, THEM = "wxb-test@example.cn", "zhang.san@example.com"
ID = message_id_for("ab" * 32, "guidance", US)


def an_answer(subject="回复:材料", text="尊敬的张三:\n您好!\n", html="<p>尊敬的张三</p>\n", blanks=()):
    """A reply to compose."""
    return Answer("guidance", subject, text, html, tuple(blanks), "key")


def composed(answer=None, **changes):
    """The bytes of a reply."""
    given_ = {"to_address": THEM, "to_name": "张三", "sender": US, "sender_name": "衡东县委网信办",
              "in_reply_to": "<one@example.com>", "references": (), "smtp_message_id": ID, "date": NOW, **changes}
    return compose(answer or an_answer(), **given_)


def parsed(raw):
    """The mail as a strict reader sees it; it has no defects."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def test_a_reply_comes_back_as_it_was_given():
    """Addresses, names, subject, date, identifiers and both bodies."""
    message = parsed(composed())
    assert message["From"].addresses[0].addr_spec == US
    assert message["From"].addresses[0].display_name == "衡东县委网信办"
    assert message["To"].addresses[0].addr_spec == THEM and message["To"].addresses[0].display_name == "张三"
    assert message["Subject"] == "回复:材料" and message["Message-ID"] == ID
    assert parsedate_to_datetime(message["Date"]) == NOW
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("plain",)).get_content().splitlines() == ["尊敬的张三:", "您好!"]
    assert message.get_body(("html",)).get_content().splitlines() == ["<p>尊敬的张三</p>"]


def test_robots_are_told_not_to_answer():
    """RFC 3834 and MS-OXCMAIL."""
    message = parsed(composed())
    assert (message["Auto-Submitted"], message["X-Auto-Response-Suppress"]) == ("auto-replied", "All")


def test_the_thread_is_kept():
    """RFC 5322 section 3.6.4: the mail's References and its Message-ID."""
    message = parsed(composed(references=("<a@x>", "<b@x>", "<a@x>")))
    assert message["In-Reply-To"] == "<one@example.com>"
    assert message["References"].split() == ["<a@x>", "<b@x>", "<one@example.com>"]


def test_a_mail_without_identifier_starts_no_thread():
    """Nor does one whose identifier is none."""
    for identifier in (None, "", "nonsense", "<a@b>\r\nBcc: x@y", "<a b@c>", "<标识@x>"):
        message = parsed(composed(in_reply_to=identifier, references=("<a@x>",)))
        assert message["In-Reply-To"] is None and message["References"] is None and message["Bcc"] is None


def test_long_threads_keep_their_beginning_and_their_end():
    """A field of thousands of identifiers is refused by servers."""
    message = parsed(composed(references=tuple(f"<{number}@x>" for number in range(3000))))
    kept = message["References"].split()
    assert len(kept) == 20 and kept[0] == "<0@x>" and kept[-2:] == ["<2999@x>", "<one@example.com>"]


@pytest.mark.parametrize("name", ["单位登记表.docx", "衡东县新媒体账号调查摸底登记表(单位)" * 3 + ".docx", "form.docx", "a b.docx",
                                  '引"号.docx', "百分%25号'.docx"])
def test_a_blank_form_arrives_with_its_name_and_bytes(tmp_path, name):
    """The name both ways: RFC 2231 for the standard, encoded-words for Outlook, QQ and NetEase."""
    path = tmp_path / name
    path.write_bytes(bytes(range(256)) * 200)
    raw = composed(an_answer(blanks=[path]))
    message = parsed(raw)
    assert message.get_content_type() == "multipart/mixed"
    [part] = message.iter_attachments()
    assert part.get_payload(decode=True) == path.read_bytes()
    expected = name.replace('"', "'")
    assert part.get_filename() == expected
    assert "wordprocessingml" in part.get_content_type()
    loose = email.message_from_bytes(raw).get_payload(1)  # an old reader: the plain parameter, then RFC 2047
    old = re.sub(r"\s*\r?\n\s+", " ", loose["Content-Type"])
    shown = re.search(r'name="([^"]*)"', old).group(1)
    decoded = str(email.header.make_header(email.header.decode_header(shown)))
    assert decoded == expected


def test_an_edited_blank_form_is_sent_as_it_is_now(tmp_path):
    """The encoded form is cached by the file's time and size."""
    path = tmp_path / "表.docx"
    path.write_bytes(b"old")
    composed(an_answer(blanks=[path]))
    path.write_bytes(b"new and longer")
    [part] = parsed(composed(an_answer(blanks=[path]))).iter_attachments()
    assert part.get_payload(decode=True) == b"new and longer"


def test_a_blank_form_is_received_under_its_title(tmp_path):
    """Not under the name of our file."""
    path = tmp_path / "unit_form.docx"
    path.write_bytes(b"PK")
    answer = replace(an_answer(blanks=[path]), blank_form_names=("登记表\uff08单位\uff09.docx",))
    [part] = parsed(composed(answer)).iter_attachments()
    assert part.get_filename() == "登记表\uff08单位\uff09.docx"


def test_the_same_input_gives_the_same_bytes():
    """They are frozen in the outbox."""
    assert composed() == composed()


def test_identifiers_are_deterministic_and_unique():
    """One for each mail and kind; the domain is the sender's."""
    made = [message_id_for(sha, kind, domain) for sha in ("a" * 64, "b" * 64) for kind in ("guidance", "receipt")
            for domain in ("126.com", "x@163.com")]
    assert len(set(made)) == 8 and made == [*dict.fromkeys(made)]
    assert all(re.fullmatch(r"<intake\.[0-9a-f]{40}@(126|163)\.com>", one) for one in made)
    assert message_id_for("a" * 64, "guidance", "126.com") == made[0]


def _check_wire(raw: bytes) -> None:
    """What SMTP without 8BITMIME demands: ASCII, CRLF only, lines of at most 998 octets, headers of at most 78."""
    raw.decode("ascii")
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"") and b"\0" not in raw
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert all(len(line) <= 320 for line in head.split(b"\r\n"))
    assert raw.endswith(b"\r\n")


@settings(max_examples=150, deadline=None)
@given(subject=st.text(max_size=300), name=st.text(max_size=120), text=st.text(max_size=400),
       html=st.text(max_size=400))
def test_no_value_breaks_the_mail_or_adds_a_field(subject, name, text, html):
    """Whatever stands in a subject, a name or a body: the same fields, the same parts, safe on the wire."""
    raw = composed(an_answer(subject + "\r\nBcc: evil@example.com\r\n\r\nx", text, html), to_name=name + "\nX-Evil: 1",
                   sender_name=name)
    _check_wire(raw)
    message = email.message_from_bytes(raw)
    assert [*message.keys()] == ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "In-Reply-To",
                                 "References", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type"]
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain = message.get_payload(0).get_payload(decode=True).decode()
    assert plain.splitlines() == text.encode("utf-8", "replace").decode().splitlines() or not text.strip()


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=100))
def test_any_subject_comes_back(subject):
    """Encoded-words are never cut inside a character, also beyond the basic plane."""
    raw = composed(an_answer(subject))
    assert all(len(line) <= 78 for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    decoded = email.header.make_header(email.header.decode_header(email.message_from_bytes(raw)["Subject"]))
    assert str(decoded) == subject


@pytest.mark.parametrize("address", ["", "no at", "a@b\r\nBcc: c@d", "a@b,c@d", "张三@example.com", "<a@b>", "a b@c.d",
                                     "a@b\n"])
def test_an_address_that_no_header_can_bear_is_refused(address):
    """Never sent to somebody else than was meant."""
    with pytest.raises(ValueError):
        composed(to_address=address)


def test_an_address_without_a_name_stands_alone():
    """No empty quotation marks."""
    assert b"\r\nTo: zhang.san@example.com\r\n" in composed(to_name=None)
    assert b"\r\nTo: zhang.san@example.com\r\n" in composed(to_name=" \t ")


def test_a_report_answers_nobody():
    """The digest: generated, with files, without a thread."""
    raw = compose_report("新媒体登记日报", "今日…\n", "<p>今日</p>\n", [Attachment("台账.xlsx", b"PK" * 500, "application/zip")],
                         to_address="office@example.cn", sender=US, sender_name="登记服务", smtp_message_id=ID,
                         date=datetime(2019, 8, 2, 8, 30, tzinfo=SHANGHAI))
    _check_wire(raw)
    message = parsed(raw)
    assert message["Auto-Submitted"] == "auto-generated" and message["In-Reply-To"] is None
    [part] = message.iter_attachments()
    assert (part.get_filename(), part.get_payload(decode=True)) == ("台账.xlsx", b"PK" * 500)


def test_the_shipped_blank_forms_can_be_attached():
    """As they lie in rules/forms."""
    blanks = sorted(FORMS.glob("*.docx"))
    assert blanks
    message = parsed(composed(an_answer(blanks=blanks)))
    assert [part.get_payload(decode=True)[:2] for part in message.iter_attachments()] == [b"PK"] * len(blanks)
