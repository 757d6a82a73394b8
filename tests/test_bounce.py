"""Bounces: which mail of ours, which address, and why."""

from pathlib import Path

import pytest
from build_outcomes import OURS, a_file, a_reading

from rules.bounce import bounce_of, is_bounce
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
REPORT = "multipart/report"
DSN = """Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; Nobody@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.com>: Recipient address rejected:
 User unknown in local recipient table
"""


def a_report(status: str, **mail):
    """A standard report (RFC 3464) with this delivery-status part."""
    part = a_file("status", media_type="message/delivery-status", text=status)
    mail = {"media_type": REPORT, "from_address": "mailer-daemon@mx.example.com", **mail}
    return a_reading(part, **mail)


def a_notice(text: str, **mail):
    """A plain Chinese 系统退信."""
    return a_reading(**{"from_address": "postmaster@126.com", "subject": "系统退信", "text": text, **mail})


def test_a_standard_report_names_address_status_and_reason():
    """RFC 3464 fields, unfolded."""
    bounce = bounce_of(a_report(DSN), SURVEY)
    assert (bounce.action, bounce.recipients, bounce.status, bounce.dead) == (
        "failed", ("nobody@example.com",), "5.1.1", True)
    assert "User unknown in local recipient table" in bounce.reason


def test_our_message_id_and_number_are_found_in_what_is_returned():
    """In-Reply-To first, then whatever the returned mail shows."""
    returned = a_file("returned", media_type="text/rfc822-headers",
                      text="Message-ID: <intake.0a1b@example.cn>\nSubject: 登记编号 HD2019-0012")
    reading = a_reading(returned, media_type=REPORT, from_address="mailer-daemon@x.example",
                        in_reply_to="<intake.ffff@example.cn>", text="see HD2019-0007")
    bounce = bounce_of(reading, SURVEY)
    assert bounce.message_ids == ("<intake.ffff@example.cn>", "<intake.0a1b@example.cn>")
    assert bounce.numbers == ("HD2019-0007", "HD2019-0012")


def test_a_delay_kills_no_address():
    """The server still tries."""
    delayed = DSN.replace("failed", "delayed").replace("5.1.1", "4.4.1").replace("550", "451")
    bounce = bounce_of(a_report(delayed), SURVEY)
    assert (bounce.action, bounce.dead) == ("delayed", False)


def test_a_success_report_is_no_failure():
    """`relayed` and `delivered` say that all is well."""
    for action in ("delivered", "relayed", "expanded"):
        bounce = bounce_of(a_report(DSN.replace("failed", action).replace("5.1.1", "2.0.0")), SURVEY)
        assert bounce.action in ("delivered", "relayed") and not bounce.dead


@pytest.mark.parametrize(("text", "recipients", "dead"), [
    ("抱歉,您的邮件被退回来了……\n收件人邮件地址:wang.wu@example.com\n退信原因:收件人邮箱地址(wang.wu@example.com)不存在,请检查。",
     ("wang.wu@example.com",), True),
    ("您发往 li.si@example.com 的邮件无法投递。\n退信原因\uff1a该用户不存在 (550 User not found)", ("li.si@example.com",), True),
    ("无法发送到 zhao@example.com\n退信原因:对方邮箱空间已满(mailbox full)", ("zhao@example.com",), False),
    ("您的邮件未能送达 qian@example.com\n原因:554 DT:SPM 发送的邮件内容包含了未被许可的信息", ("qian@example.com",), False),
    ("发送到 sun@example.com 失败,原因:对方服务器认为发信过于频繁 421 HL:REP", ("sun@example.com",), False),
    ("退信原因\uff1a收件人\uff08zhou@example.com\uff09不存在", ("zhou@example.com",), True),
    ("系统退信,详见附件。", (), False),
])
def test_a_plain_chinese_bounce_is_read(text, recipients, dead):
    """An address is dead only when the reason says that it does not exist."""
    bounce = bounce_of(a_notice(text), SURVEY)
    assert (bounce.action, bounce.recipients, bounce.dead) == ("failed", recipients, dead)


def test_neither_our_address_nor_the_systems_is_the_one_that_failed():
    """A notice also names sender and postmaster."""
    bounce = bounce_of(a_notice(f"发件人 {OURS} 的邮件未送达,请联系 postmaster@126.com"), SURVEY)
    assert bounce.recipients == ()


def test_a_spam_refusal_in_a_report_kills_no_address():
    """5.7.1 speaks of our mail, not of the address."""
    refused = DSN.replace("5.1.1", "5.7.1").replace("User unknown in local recipient table", "spam content")
    assert not bounce_of(a_report(refused), SURVEY).dead


@pytest.mark.parametrize("mail", [
    {"subject": "系统退信是什么意思", "text": "请问"},
    {"subject": "转发:系统退信", "text": "昨天的邮件被退信了,重发一次"},
    {"from_address": "postmaster@town.example.cn", "subject": "登记表", "text": "报送登记表,请查收"},
    {"media_type": REPORT, "subject": "已读",
     "headers": (("content-type", "multipart/report; report-type=disposition-notification"),)},
])
def test_what_is_no_bounce(mail):
    """People who speak of bounces, people behind a postmaster address, and read receipts."""
    reading = a_reading(**mail)
    assert not is_bounce(reading.message)
    assert bounce_of(reading, SURVEY) is None
