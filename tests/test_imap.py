"""One connection: what goes over the wire, and what becomes of every way in which a server can misbehave."""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from build_mailbox import raw_mail
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.config import Mailbox, Secret, Server
from intake.mailbox import imap
from intake.mailbox.imap import Connection, check
from intake.mailbox.imap_errors import AuthFailed, ConnectionLost, FolderMissing, Refused, Unreachable, UnsafeLogin
from rules.errors import PermanentError, TransientError

GREETING = b"* OK ready\r\n"
ANSWERS = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 ID\r\n",
    b"ID": b"* ID NIL\r\n",
    b"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n",
}


@contextmanager
def scripted(answers: dict[bytes, bytes], greeting: bytes = GREETING, timeout: float = 5.0):
    """A server that says just this, by command; a list of answers is used up one by one.

    An answer is the untagged lines before OK; one that contains `tag` is the whole answer; one that begins with `!` is
    sent as it is, and the connection is closed after it.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    answers = {**ANSWERS, **answers}

    def serve():
        try:
            client, _ = listener.accept()
            with client, client.makefile("rb") as lines:
                client.sendall(greeting)
                for line in lines:
                    tag, *words = line.split()
                    answer = answers.get(words[1] if words[0] == b"UID" else words[0], b"")
                    answer = answer.pop(0) if isinstance(answer, list) else answer
                    if answer.startswith(b"!"):
                        client.sendall(answer[1:].replace(b"tag", tag))
                        return
                    whole = b"tag" in answer
                    client.sendall(answer.replace(b"tag", tag) if whole else answer + tag + b" OK done\r\n")
        except OSError:
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    server = Server("127.0.0.1", listener.getsockname()[1], "none", timeout_seconds=timeout)
    try:
        yield Mailbox("box@example.cn", server, "box@example.cn", Secret("env", "X"))
    finally:
        listener.close()
        thread.join(10)


def facts_of(answer: bytes):
    """What is understood of this reply to FETCH."""
    with scripted({b"FETCH": answer}) as mailbox, Connection.open(mailbox, "code") as connection:
        connection.select("INBOX")
        return connection.facts([7])


def test_the_client_names_itself_before_it_opens_a_folder(netease):
    """Without ID after LOGIN, NetEase refuses every folder; LOGIN and LIST prove nothing."""
    user = netease.new_user()
    with Connection.open(user.mailbox(), user.password) as connection:
        assert connection.select("INBOX").uidvalidity == 1
    commands = netease.commands
    assert commands.index("LOGIN") < commands.index("ID") < commands.index("EXAMINE")
    assert "SELECT" not in commands
    assert "STATUS" not in commands


def test_a_server_without_id_is_not_asked_for_it():
    """ID is an extension (RFC 2971); elsewhere it is an error."""
    answers = {b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", b"ID": b"tag BAD unknown\r\n"}
    with scripted(answers) as mailbox, Connection.open(mailbox, "code") as connection:
        assert connection.select("INBOX").exists == 1


def test_mail_is_listed_described_and_fetched(dovecot):
    """Sizes, dates and bytes, over TLS."""
    user = dovecot.new_user()
    mails = [raw_mail(1), raw_mail(2, 5000)]
    first, second = user.seed(mails)
    with Connection.open(user.mailbox(), user.password) as connection:
        assert connection.select("INBOX").exists == 2
        assert connection.uids() == [first, second]
        facts = connection.facts([first, second])
        assert facts[first].size == len(mails[0])
        assert facts[second].internal_date.isoformat() == "2019-08-01T01:30:00+00:00"
        assert connection.fetch([first, second]) == dict(zip((first, second), mails, strict=True))
        assert connection.fetch([first + 1]) == {} == connection.facts([first + 1])


@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 2000, 5432])
@pytest.mark.parametrize("announced", ["true", "none", "less", "more"])
def test_a_mail_in_parts_is_whole_whatever_size_was_announced(dovecot, size, announced):
    """RFC822.SIZE is a hint: at a multiple of the part's length, and when it is wrong, all bytes come."""
    user = dovecot.new_user()
    raw = b"S: " + b"x" * (size - 3) if size > 3 else b"x"
    [uid] = user.seed([raw])
    told = {"true": size, "none": None, "less": size // 2, "more": size * 2}[announced]
    with Connection.open(user.mailbox(), user.password) as connection:
        connection.select("INBOX")
        assert b"".join(connection.fetch_parts(uid, told, 1000)) == raw
        assert list(connection.fetch_parts(uid + 1, told, 1000)) == []


@pytest.mark.parametrize("part_bytes", [2, 3, 10, 78, 79])
def test_line_breaks_between_parts_come_through(dovecot, part_bytes):
    """Dovecot 2.4 doubles the CR when a part begins between CR and LF: one large mail in four would be ruined."""
    user = dovecot.new_user()
    raw = b"S: x\r\n\r\n" + b"".join(b"y" * number + b"\r\n\r\r\n" for number in range(12)) + b"end\r"
    [uid] = user.seed([raw])
    with Connection.open(user.mailbox(), user.password) as connection:
        connection.select("INBOX")
        whole = connection.fetch([uid])[uid]
        for size in (len(whole), None):
            assert b"".join(connection.fetch_parts(uid, size, part_bytes)) == whole


def test_a_server_that_ignores_partial_fetch_is_understood():
    """It sends the whole mail for the first part."""
    answer = b"* 1 FETCH (UID 7 BODY[] {5}\r\nhello)\r\n"
    with scripted({b"FETCH": answer}) as mailbox, Connection.open(mailbox, "code") as connection:
        connection.select("INBOX")
        assert list(connection.fetch_parts(7, 5, 2)) == [b"hello"]


def test_a_mail_that_vanishes_between_its_parts_is_no_whole_mail():
    """Half a mail must never be taken for the mail."""
    answers = [b"* 1 FETCH (UID 7 BODY[]<0> {5}\r\nhello)\r\n", b""]
    with scripted({b"FETCH": answers}) as mailbox, Connection.open(mailbox, "code") as connection:
        connection.select("INBOX")
        parts = connection.fetch_parts(7, 10, 5)
        assert next(parts) == b"hello"
        with pytest.raises(Refused, match="消失"):
            next(parts)


def test_a_long_listing_is_asked_for_in_pieces(dovecot, monkeypatch):
    """One SEARCH reply is one line, and imaplib refuses lines of more than a million bytes (90,000 UIDs)."""
    user = dovecot.new_user()
    uids = user.seed([raw_mail(number) for number in range(11)])
    monkeypatch.setattr(imap, "SEARCH_CHUNK", 4)
    monkeypatch.setattr(imap, "FETCH_CHUNK", 3)
    with Connection.open(user.mailbox(), user.password) as connection:
        connection.select("INBOX")
        assert connection.uids() == uids
        assert sorted(connection.facts(uids)) == uids


def test_a_listing_that_is_empty_though_mails_exist_is_an_error():
    """Taken at its word, it would say that all mail is gone."""
    with scripted({b"SEARCH": b"* SEARCH\r\n"}) as mailbox, Connection.open(mailbox, "code") as connection:
        connection.select("INBOX")
        with pytest.raises(Refused, match="没有列出"):
            connection.uids()


def test_a_folder_that_does_not_exist_is_told_apart_from_one_that_is_refused(netease):
    """The first is a matter of the configuration, the second may pass."""
    user = netease.new_user()
    user.folder("广告邮件")
    with Connection.open(user.mailbox(), user.password) as connection:
        assert connection.select("广告邮件").exists == 0
        with pytest.raises(FolderMissing, match="病毒文件夹"):
            connection.select("病毒文件夹")
        assert connection.select("INBOX").exists == 0
    refused = {b"LIST": b'* LIST () "/" INBOX\r\n', b"EXAMINE": b"tag NO EXAMINE busy\r\n"}
    with (scripted(refused) as mailbox, Connection.open(mailbox, "code") as connection,
          pytest.raises(Refused, match="busy")):
        connection.select("INBOX")


def test_an_unsafe_login_is_said_in_plain_words(netease):
    """The folder is refused although LOGIN succeeded: a person must act."""
    user = netease.new_user()
    netease.personality.distrusts = True
    with Connection.open(user.mailbox(), user.password) as connection:
        with pytest.raises(UnsafeLogin, match="kefu@188.com"):
            connection.select("INBOX")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"tag NO LOGIN Login error or password error\r\n", AuthFailed),
        (b"tag NO [AUTHENTICATIONFAILED] Invalid credentials\r\n", AuthFailed),
        (b"tag NO [UNAVAILABLE] Temporary authentication failure\r\n", Refused),
        (b"tag NO LOGIN Unsafe Login. Please contact kefu@188.com\r\n", UnsafeLogin),
        (b"!* BYE too many connections\r\n", ConnectionLost),
        (b"!", ConnectionLost),
    ],
)
def test_a_refused_log_in_is_told_apart_from_a_server_in_trouble(answer, expected):
    """Only the first kind means that the code is wrong; only it stops the log-ins for long."""
    with scripted({b"LOGIN": answer}) as mailbox, pytest.raises(expected) as caught:
        Connection.open(mailbox, "secret-code")
    assert caught.type is expected
    assert "secret-code" not in str(caught.value)


def test_a_server_that_repeats_the_code_does_not_get_it_into_our_message():
    """Whatever the server says: the code is struck out."""
    with scripted({b"LOGIN": b"tag NO no such code: secret-code\r\n"}) as mailbox:
        with pytest.raises(AuthFailed) as caught:
            Connection.open(mailbox, "secret-code")
    assert "secret-code" not in str(caught.value)


def test_a_code_typed_with_a_chinese_input_method_is_named_as_such(dovecot):
    """Full-width letters cannot be sent; the message says what happened and not what was typed."""
    user = dovecot.new_user()
    with pytest.raises(AuthFailed, match="中文输入法") as caught:
        Connection.open(user.mailbox(), "ＡＢＣＤ")
    assert "ＡＢＣＤ" not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"


def test_a_silent_server_is_given_up_after_the_time_out():
    """At the greeting and in the middle of a reply: never for ever."""
    began = time.monotonic()
    with scripted({}, greeting=b"", timeout=0.3) as mailbox, pytest.raises(Unreachable):
        Connection.open(mailbox, "code")
    with scripted({b"SEARCH": b"* SEARCH 1 2 3 (tag never comes"}, timeout=0.3) as mailbox:
        with Connection.open(mailbox, "code") as connection:
            connection.select("INBOX")
            with pytest.raises(ConnectionLost, match="没有答复"):
                connection.uids()
    assert time.monotonic() - began < 5


def test_the_certificate_is_checked(dovecot):
    """A server that cannot prove who it is gets no password."""
    user = dovecot.new_user()
    box = user.mailbox()
    with pytest.raises(Unreachable, match="证书"):
        Connection.open(replace(box, imap=replace(box.imap, ca_file=None)), user.password)


def test_starttls_is_spoken_where_it_is_configured(dovecot):
    """Port 143: the password goes over the wire after TLS has begun."""
    user = dovecot.new_user(replace(dovecot.server, port=dovecot.plain_port, tls="starttls"))
    with Connection.open(user.mailbox(), user.password) as connection:
        assert connection.select("INBOX").exists == 0
    distrusted = replace(user.mailbox(), imap=replace(user.server, ca_file=None))
    with pytest.raises(Unreachable, match="TLS"):
        Connection.open(distrusted, user.password)


def test_no_password_is_sent_unencrypted_to_another_machine():
    """`tls: none` is for loopback only."""
    box = Mailbox("a@b.cn", Server("192.0.2.1", 143, "none"), "a@b.cn", Secret("env", "X"))
    with pytest.raises(PermanentError, match="TLS"):
        Connection.open(box, "code")


@pytest.mark.parametrize(
    ("reply", "size", "date"),
    [
        (b'* 1 FETCH (UID 7 RFC822.SIZE 12 INTERNALDATE " 1-Aug-2019 09:30:00 +0800")\r\n', 12,
         "2019-08-01T01:30:00+00:00"),
        (b'* 1 FETCH (UID 7 RFC822.SIZE 12 INTERNALDATE "01-Aug-2019 09:30:00 +9999")\r\n', 12, None),
        (b'* 1 FETCH (UID 7 RFC822.SIZE 12 INTERNALDATE "00-Aug-0000 09:30:00 +0800")\r\n', 12, None),
        (b"* 1 FETCH (UID 7 RFC822.SIZE 12 INTERNALDATE NIL)\r\n", 12, None),
        (b"* 1 FETCH (UID 7 RFC822.SIZE NIL)\r\n", None, None),
        (b"* 1 FETCH (RFC822.SIZE 12 UID 7 FLAGS (\\Seen))\r\n* 2 FETCH (FLAGS (\\Seen))\r\n", 12, None),
    ],
)  # fmt: skip
def test_odd_sizes_and_dates_are_unknown_not_fatal(reply, size, date):
    """What cannot be reckoned with is None."""
    fact = facts_of(reply)[7]
    assert (fact.size, fact.internal_date and fact.internal_date.isoformat()) == (size, date)


replies = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"* 1 FETCH (UID 7", b"* 1 FETCH UID\r\n", b"* 1 FETCH (UID x)\r\n", b"* 1 FETCH (UID 7 X)\r\n",
                     b"* x FETCH ()\r\n", b'* 1 FETCH (UID 7 INTERNALDATE "\xff")\r\n', b"* BYE\r\n", b"+ go\r\n",
                     b"* 1 FETCH (UID 7 BODY[] {9999}\r\nshort", b"* 1 FETCH (UID 7 BODY[] {x}\r\n"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(replies)
def test_any_nonsense_from_the_server_is_one_of_our_errors(reply):
    """Nothing else escapes: the loop above knows what to do with a TransientError."""
    try:
        with scripted({b"FETCH": b"!" + reply}, timeout=1.0) as mailbox, Connection.open(mailbox, "code") as connection:
            connection.select("INBOX")
            connection.fetch([7])
    except TransientError:
        pass


@pytest.mark.parametrize("verb", [b"CAPABILITY", b"ID", b"EXAMINE", b"SEARCH", b"LIST"])
@pytest.mark.parametrize(
    "reply",
    [
        b"* \xff\xfe\r\n",
        b"* SEARCH x y\r\n* SEARCH 1\r\n",
        b"* LIST ( x\r\n",
        b"* OK [UIDVALIDITY x] y\r\n",
        b"* CAPABILITY\r\n* BYE\r\n",
        b"* x EXISTS\r\n",
    ],
)
def test_nonsense_is_one_of_our_errors_at_every_command(verb, reply):
    """From the greeting to the listing."""
    try:
        with scripted({verb: reply}, timeout=1.0) as mailbox, Connection.open(mailbox, "code") as connection:
            connection.folders()
            connection.select("INBOX")
            connection.uids()
    except TransientError:
        pass


def test_idle_that_went_dead_is_noticed():
    """imapclient answers `[]` at once, for ever, when the server has gone: that is an error, not a quiet night."""
    with scripted({b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n", b"IDLE": b"!+ idling\r\n"}) as mailbox:
        with Connection.open(mailbox, "code") as connection:
            connection.select("INBOX")
            began = time.monotonic()
            with pytest.raises(ConnectionLost):
                connection.idle(60, threading.Event())
            assert time.monotonic() - began < 5


def test_idle_is_offered_by_dovecot_and_not_by_netease(netease, dovecot):
    """And never sent where it is not offered."""
    for server, offered in ((dovecot, True), (netease, False)):
        user = server.new_user()
        with Connection.open(user.mailbox(), user.password) as connection:
            assert connection.offers_idle is offered


def test_the_check_says_what_works_and_what_does_not(netease):
    """Every folder is opened, which a log-in alone does not prove."""
    user = netease.new_user()
    user.seed([raw_mail(1)])
    findings = check(user.mailbox(folders=("INBOX", "垃圾邮件")), user.password)
    assert [good for good, _ in findings] == [True, True, True, False]
    assert "共1封邮件，最早可见的一封收于2019-08-01" in findings[2][1]
    assert "没有名为“垃圾邮件”的文件夹" in findings[3][1]
    [(good, sentence)] = check(user.mailbox(), "wrong")
    assert (good, "授权码" in sentence) == (False, True)


_LARGE = """
import resource, sys
from pathlib import Path
from build_mailbox import Ledger
from intake.config import Mailbox, Secret, Server
class User:
    password = {password!r}
    def mailbox(self, **settings):
        return Mailbox({name!r}, Server("127.0.0.1", {port}, "implicit", Path({ca!r})), {name!r}, Secret("env", "X"),
                       folders=("INBOX",), **settings)
ledger = Ledger(Path({folder!r}), User())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert ledger.turn().new == 1
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_mail_of_40_megabytes_takes_little_memory(dovecot, tmp_path):
    """In parts, streamed to disk: not even the mail's own size is ever held."""
    user = dovecot.new_user()
    size = 40 * 1024 * 1024
    user.seed([b"Subject: large\r\n\r\n" + b"0123456789abcdef" * (size // 16)])
    program = _LARGE.format(
        password=user.password, name=user.name, port=dovecot.port, ca=str(dovecot.certificate[0]), folder=str(tmp_path)
    )
    child = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    grown = int(child.stdout) * 1024
    assert grown < size * 3 // 4, f"{grown / 2**20:.0f} MiB"
