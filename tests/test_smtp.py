"""One mail out over a real SMTP server: what goes over the wire, and what every kind of refusal means."""

import socket
import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smtp_fixtures import NOON, PASSWORD, SENDER, ZONE, make_mime, make_smtp

from intake.config import Server, Smtp
from intake.demo.smtp_sink import SmtpSink
from intake.sending.smtp import Ambiguous, Connection, Dropped, Refused, check, on_the_wire
from intake.sending.smtp_codes import TABLE, Verdict, judge, masked, resume_at, retry_at

#: NetEase's help list: (stage, code, words, action)
NETEASE = [
    ("connect", 421, "HL:REP 126 smtp10,PC", "pause"),
    ("connect", 421, "HL:ICC 126 smtp10", "pause"),
    ("connect", 421, "HL:IFC 126 smtp10", "pause"),
    ("mail", 421, "HL:MEP 126 smtp10", "pause"),
    ("mail", 450, "MI:DMC 126 smtp10", "retry"),
    ("rcpt", 450, "RP:DRC 126 smtp10", "retry"),
    ("rcpt", 450, "DT:RBL 126 smtp10", "pause"),
    ("dot", 451, "DT:SPM ,please try again", "retry"),
    ("auth", 451, "Requested mail action not taken: too much fail authentication", "pause"),
    ("mail", 451, "MI:SFQ 126 smtp2,DMmowA", "pause"),
    ("rcpt", 451, "RP:QRC 126 smtp2", "pause"),
    ("dot", 451, "Requested action aborted: local error in processing", "retry"),
    ("mail", 550, "MI:STC 126 smtp5", "pause"),
    ("mail", 554, "MI:STC 126 smtp5", "pause"),
    ("rcpt", 550, "RP:TRC 126 smtp5", "pause"),
    ("dot", 554, "HL:ITC 126 smtp5", "pause"),
    ("dot", 554, "HL:IHU 126 smtp5", "pause"),
    ("dot", 550, "DT:SPM 126 smtp5", "hold"),
    ("dot", 554, "DT:SPM 126 smtp5,DtOowECpIQ,1564632000 http://mail.163.com/help/help_spam_16.htm", "hold"),
    ("rcpt", 550, "RP:RCL 126 smtp5", "hold"),
    ("rcpt", 550, "User in blacklist", "hold"),
    ("rcpt", 550, "Invalid User: zhang@126.com", "failed"),
    ("rcpt", 550, "User not found: zhang@163.com", "failed"),
    ("rcpt", 550, "User suspended", "failed"),
    ("dot", 552, "Illegal Attachment", "hold"),
    ("dot", 552, "Requested mail action aborted: exceeded mailsize limit", "hold"),
    ("auth", 535, "Error: authentication failed", "pause"),
    ("auth", 550, "User has no permission", "pause"),
    ("mail", 553, "authentication is required,126 smtp1", "pause"),
    ("mail", 553, "Mail from must equal authorized user", "pause"),
    ("dot", 554, "DT:SUM 126 smtp5", "pause"),
    ("mail", 554, "HL:IPB 126 smtp5", "pause"),
    ("connect", 554, "IP is rejected, smtp auth error limit exceed", "pause"),
    ("rcpt", 550, "5.1.1 no mailbox here by that name", "failed"),
    ("rcpt", 450, "4.2.1 greylisted", "retry"),
    ("rcpt", 554, "5.7.1 relay access denied", "pause"),
    ("dot", 571, "something of which nobody has heard", "failed"),
    ("data", 452, "insufficient system storage", "retry"),
    ("mail", 250, "nonsense", "pause"),
    ("rcpt", 299, "nonsense", "retry"),
]


@pytest.fixture(params=["implicit", "starttls", "none"])
def sink(request, certificate):
    """The SMTP server with each way of encryption."""
    with SmtpSink(tls=request.param, certificate=certificate, user=SENDER, password=PASSWORD) as server:
        server.ca_file = certificate[0] if request.param != "none" else None
        yield server


def send(sink, recipient="zhang@example.cn", mime=None, password=PASSWORD, **smtp) -> str:
    """One mail on a connection of its own."""
    mime = mime or make_mime(1, recipient)
    with Connection(make_smtp(sink, **smtp), password) as connection:
        connection.address(recipient, mime)
        return connection.transmit(mime)


def test_a_mail_goes_out_with_the_login_as_envelope_sender_over_every_kind_of_tls(sink):
    """The server's own words of success are returned whole."""
    answer = send(sink)
    (mail,) = sink.mails
    assert answer == f"250 Mail OK queued as {mail.queue_id}"
    assert (mail.sender, mail.recipients, mail.user) == (SENDER, ("zhang@example.cn",), SENDER)
    assert mail.ehlo_name == "[127.0.0.1]"


def test_what_arrives_is_what_was_composed_also_with_lines_that_begin_with_dots(smtp_sink):
    """Dots are doubled on the wire and restored by the server; line ends become CRLF."""
    send(smtp_sink, mime=b"Message-ID: <x@126.com>\n\n.\n..\r\n.hidden\nend without line end")
    expected = b"Message-ID: <x@126.com>\r\n\r\n.\r\n..\r\n.hidden\r\nend without line end\r\n"
    assert smtp_sink.mails[0].content == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b".", b"a", b"\n", b"\r\n", b"\r", b".."])).map(b"".join))
def test_no_body_can_end_the_mail_early(body):
    """Whatever stands in a mail, a lone dot never goes over the wire before the end, and undoing it gives it back."""
    wire = on_the_wire(body)
    lines = wire.split(b"\r\n")
    assert b"." not in lines and lines[-1] == b""
    restored = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    plain = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert restored == plain if plain.endswith(b"\r\n") else restored == plain + b"\r\n"


def test_a_connection_is_kept_for_several_mails_and_revived_when_the_server_closes_it(smtp_sink):
    """One log-in for two mails; a second one only after the connection died."""
    mime = make_mime(1, "a@example.cn")
    with Connection(make_smtp(smtp_sink), PASSWORD) as connection:
        for recipient in ("a@example.cn", "b@example.cn"):
            connection.address(recipient, mime)
            connection.transmit(mime)
        assert smtp_sink.logins == 1
        smtp_sink.cut()
        connection.address("c@example.cn", mime)
        connection.transmit(mime)
    assert smtp_sink.logins == 2
    assert [mail.recipients for mail in smtp_sink.mails] == [("a@example.cn",), ("b@example.cn",), ("c@example.cn",)]


@pytest.mark.parametrize(("stage", "code", "words", "action"), NETEASE)
def test_every_code_of_netease_means_what_the_table_says(stage, code, words, action):
    """Account, message or recipient: who has to wait."""
    assert judge(stage, code, words).action == action


def test_every_row_of_the_table_is_reached_by_some_answer():
    """No row stands behind another that always fits first."""
    seen = {judge(stage, code, words).reason for stage, code, words, _ in NETEASE}
    seen |= {judge("rcpt", 421, "x").reason, judge("auth", 454, "x").reason, judge("connect", 421, "x").reason}
    seen |= {judge("mail", 450, "x").reason, judge("mail", 550, "MI:SPF").reason}
    assert {rule.reason for rule in TABLE} <= seen


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("answer", ["451 Requested action aborted: local error in processing", "554 no thanks"])
def test_a_refusal_at_any_step_is_known_for_certain(smtp_sink, stage, answer):
    """A refused mail was not taken, and the next one goes out."""
    smtp_sink.trouble(stage, answer, times=1)
    with pytest.raises(Refused) as refused:
        send(smtp_sink)
    assert refused.value.verdict.answer == answer
    assert smtp_sink.mails == []
    send(smtp_sink)
    assert len(smtp_sink.mails) == 1


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_connection_that_drops_before_the_final_dot_is_a_certain_no(smtp_sink, stage):
    """Such a mail may be tried again."""
    smtp_sink.trouble(stage)
    with pytest.raises(Dropped):
        send(smtp_sink)
    assert smtp_sink.mails == []


def test_a_connection_that_drops_in_the_middle_of_a_large_mail_is_a_certain_no(smtp_sink):
    """The final dot was never sent."""
    smtp_sink.trouble("body", after_bytes=1000)
    with pytest.raises(Dropped):
        send(smtp_sink, mime=b"Subject: x\n\n" + b"line of text\n" * 2_000_000)


@pytest.mark.parametrize("kept", [True, False])
def test_a_connection_that_drops_after_the_final_dot_is_ambiguous(smtp_sink, kept):
    """Whether the server took it or not, we cannot know."""
    smtp_sink.trouble("dot", keep=kept)
    with pytest.raises(Ambiguous):
        send(smtp_sink)
    assert len(smtp_sink.mails) == kept


def test_a_server_that_never_answers_the_final_dot_is_ambiguous_after_a_while(certificate):
    """A time-out after the dot is no proof that the mail was not taken."""
    with SmtpSink(tls="none", user=None) as server:
        server.trouble("dot", "250 OK", seconds=30)
        smtp = Smtp(Server(server.host, server.port, "none", timeout_seconds=0.1), None, None, SENDER)
        with pytest.raises(Ambiguous, match="超时"), Connection(smtp) as connection:
            connection.address("a@example.cn", b"x")
            connection.transmit(b"x")


def test_an_answer_after_the_dot_that_makes_no_sense_is_ambiguous():
    """Only 2xx, 4xx and 5xx say something."""
    with answering([b"220 x", b"250 x", b"250 x", b"250 x", b"354 x", b"hello there"]) as server:
        with pytest.raises(Ambiguous), Connection(Smtp(server, None, None, SENDER)) as connection:
            connection.address("a@example.cn", b"x")
            connection.transmit(b"x")


def test_a_server_that_talks_nonsense_before_the_dot_is_dropped_or_refused():
    """Nothing but our own errors comes out."""
    for answers in ([b"hello"], [b"220 x", b"\xff\xfe"], [b"220 x", b"250 x", b"99999 x"], [b"220 x", b"2" * 100_000]):
        with answering(answers) as server, pytest.raises((Dropped, Refused)):
            with Connection(Smtp(server, None, None, SENDER)) as connection:
                connection.address("a@example.cn", b"x")


def test_a_wrong_code_costs_one_login_and_is_said_in_chinese_without_the_code(smtp_sink):
    """smtplib would try every mechanism in turn."""
    with pytest.raises(Refused) as refused:
        send(smtp_sink, password="ABCDEFGH")
    assert smtp_sink.logins == 1
    assert refused.value.verdict.login and refused.value.verdict.action == "pause"
    assert "授权码" in str(refused.value) and "ABCDEFGH" not in str(refused.value)


def test_a_server_that_hangs_up_on_a_wrong_code_looks_like_a_refused_login(smtp_sink):
    """Else we would hammer it."""
    smtp_sink.trouble("auth")
    with pytest.raises(Refused) as refused:
        send(smtp_sink)
    assert refused.value.verdict.login


def test_a_code_with_full_width_letters_is_explained_before_it_is_tried(smtp_sink):
    """A frequent slip with a Chinese keyboard."""
    with pytest.raises(Refused, match="全角"):
        send(smtp_sink, password="ＡＢＣＤ")
    assert smtp_sink.logins == 0


def test_starttls_is_demanded_where_the_server_does_not_offer_it(certificate):
    """Never in clear where encryption was asked for."""
    with SmtpSink(tls="none", user=SENDER, password=PASSWORD) as server:
        smtp = Smtp(Server(server.host, server.port, "starttls", certificate[0], 5), SENDER, None, SENDER)
        with pytest.raises(Refused, match="STARTTLS"), Connection(smtp, PASSWORD) as connection:
            connection.open()
        assert server.logins == 0


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(smtp_sink):
    """The password is not given to whoever answers."""
    smtp_sink.ca_file = None
    with pytest.raises(Dropped, match="证书"):
        send(smtp_sink)
    assert smtp_sink.logins == 0


@pytest.mark.parametrize(
    "recipient", ["a@b.cn\r\nRCPT TO:<c@d.cn>", "a b@c.cn", "<a@b.cn>", "张三@example.cn", "nobody", ""]
)
def test_an_address_that_cannot_go_over_the_wire_is_refused_before_anything_is_said(smtp_sink, recipient):
    """No command can be smuggled in an address."""
    with pytest.raises(Refused):
        send(smtp_sink, recipient=recipient, mime=b"x")
    assert smtp_sink.connections == 0


def test_an_eight_bit_mail_goes_only_to_a_server_that_takes_it(certificate):
    """BODY=8BITMIME where it is offered, else a person."""
    mime = "Subject: x\n\n您好\n".encode()
    with SmtpSink(tls="none", user=None) as server:
        send(server, mime=mime, user=None)
        assert server.mails[0].content.endswith("您好\r\n".encode())
    with SmtpSink(tls="none", user=None, eight_bit=False) as server:
        with pytest.raises(Refused) as refused:
            send(server, mime=mime, user=None)
        assert refused.value.verdict.action == "hold"


@pytest.mark.parametrize("mime", [b"x" * 999, b"a\x00b"])
def test_a_mail_that_the_way_would_damage_is_held(smtp_sink, mime):
    """Lines of at most 998 bytes, no NUL."""
    with pytest.raises(Refused) as refused:
        send(smtp_sink, mime=mime)
    assert refused.value.verdict.action == "hold"


def test_retries_come_after_2_5_15_60_240_minutes_give_or_take_a_fifth():
    """And every 240 minutes from then on."""
    verdict = Verdict("retry", "")
    for attempts, minutes in enumerate((2, 5, 15, 60, 240, 240, 240), 1):
        for random, share in ((0, 0.8), (0.5, 1), (1, 1.2)):
            waited = retry_at(verdict, attempts, NOON, random) - NOON
            assert waited == timedelta(minutes=minutes) * share


def test_mail_that_looks_like_spam_waits_two_minutes_at_least():
    """451 DT:SPM, NetEase's own advice."""
    assert retry_at(judge("dot", 451, "DT:SPM"), 1, NOON, 0) - NOON == timedelta(minutes=2)


def test_a_days_quota_rests_until_after_midnight_in_beijing_wherever_we_are():
    """Also at 20:00 UTC, which is four in the morning there."""
    verdict = judge("mail", 550, "MI:STC")
    late = datetime(2019, 8, 1, 20, 0, tzinfo=ZONE)
    assert resume_at(verdict, 1, late, 0) == datetime(2019, 8, 2, 0, 5, tzinfo=ZONE)
    utc = datetime.fromisoformat("2019-08-01T20:00:00+00:00")
    assert resume_at(verdict, 1, utc, 0) == datetime(2019, 8, 3, 0, 5, tzinfo=ZONE)


def test_the_account_rests_longer_after_each_failure_in_a_row_and_never_less_than_the_rule_says():
    """5, 15, 60, 240 minutes; 451 MI:SFQ at least 15."""
    wrong, quota = judge("auth", 535, "x"), judge("mail", 451, "MI:SFQ")
    assert [(resume_at(wrong, n, NOON, 0) - NOON).seconds // 60 for n in (1, 2, 3, 4, 5)] == [5, 15, 60, 240, 240]
    assert resume_at(quota, 1, NOON, 0) - NOON == timedelta(minutes=15)


def test_numbers_of_people_are_starred_out_of_what_a_server_says():
    """ID and telephone numbers; queue ids stay."""
    said = masked("550 13812345678@139.com 430424199001011234\r\nsmtp5,1564632000")
    assert said == "550 ***********@139.com ****************** smtp5,1564632000"


def test_the_check_logs_in_offers_our_address_and_sends_nothing(sink):
    """What `intake doctor` calls."""
    assert all(found.ok for found in check(make_smtp(sink), PASSWORD))
    assert sink.mails == []


def test_the_check_names_a_wrong_code_a_refused_sender_and_a_dead_server(smtp_sink):
    """Each with advice."""
    (wrong,) = check(make_smtp(smtp_sink), "wrong")
    assert not wrong.ok and "授权码" in wrong.sentence + wrong.advice
    login, sender = check(make_smtp(smtp_sink, user="other@126.com"), PASSWORD), None
    assert not login[0].ok
    smtp_sink.trouble("mail", "553 Mail from must equal authorized user")
    login, sender = check(make_smtp(smtp_sink), PASSWORD)
    assert login.ok and not sender.ok
    smtp_sink.stop()
    (dead,) = check(make_smtp(smtp_sink), PASSWORD)
    assert not dead.ok and dead.advice


class answering:
    """A server that gives the same answers whatever it is asked."""

    def __init__(self, answers: list[bytes]):
        self.answers = answers

    def __enter__(self) -> Server:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        return Server("127.0.0.1", self.listener.getsockname()[1], "none", timeout_seconds=5)

    def _serve(self) -> None:
        peer, _ = self.listener.accept()
        with peer, peer.makefile("rb") as asked:
            for number, answer in enumerate(self.answers):
                if number and not self._wait(asked, answer):
                    return
                peer.sendall(answer + b"\r\n")

    def _wait(self, asked, answer: bytes) -> bool:
        if answer.startswith(b"hello there"):
            return any(line == b".\r\n" for line in asked)
        return bool(asked.readline())

    def __exit__(self, *_) -> None:
        self.thread.join(10)
        self.listener.close()
