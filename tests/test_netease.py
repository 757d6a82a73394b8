"""The NetEase personality: it must be as unfriendly as the real one, or the tests prove nothing.

Spoken to with the standard library's imaplib, so that nothing of ours stands between.
"""

import imaplib
import socket
import ssl
from datetime import datetime

import pytest
from build_mailbox import raw_mail
from servers import BEIJING

from intake.config import Mailbox, Secret, Server
from intake.demo import imap_server, netease, personality
from intake.mailbox.imap import Connection


@pytest.fixture
def client(netease):
    """(a logged-in imaplib client, the user behind it)."""
    user = netease.new_user()
    user.seed([raw_mail(number) for number in range(3)])
    context = ssl.create_default_context(cafile=netease.server.ca_file)
    with imaplib.IMAP4_SSL("127.0.0.1", netease.port, ssl_context=context, timeout=20) as client:
        client.login(user.name, user.password)
        yield client, user


def identify(client) -> None:
    """Send ID, which imaplib does not know."""
    assert client.xatom("ID", '("name" "test")')[0] == "OK"


def test_the_capabilities_are_those_of_126_and_no_others(client):
    """Before and after the log-in; above all no IDLE."""
    imap, _ = client
    assert imap.capability()[1] == [personality.CAPABILITIES]
    assert not {"IDLE", "MOVE", "CONDSTORE", "UNSELECT", "ESEARCH", "NAMESPACE"} & set(imap.capabilities)


def test_no_folder_is_opened_before_id(client):
    """And a refused SELECT leaves a state in which nothing works."""
    imap, _ = client
    assert imap.list()[0] == "OK"
    for readonly in (False, True):
        status, [text] = imap.select("INBOX", readonly)
        assert (status, text.endswith(personality.UNSAFE)) == ("NO", True)
    imap.state = "SELECTED"
    assert imap.search(None, "ALL") == ("NO", [b"SEARCH State error"])
    identify(imap)
    assert imap.select("INBOX") == ("OK", [b"3"])


def test_a_folder_tells_uidvalidity_1_and_neither_uidnext_nor_keywords(client):
    """What a client might lean on is missing."""
    imap, _ = client
    identify(imap)
    imap.select("INBOX")
    assert imap.response("UIDVALIDITY") == ("UIDVALIDITY", [b"1"])
    assert imap.response("UIDNEXT") == ("UIDNEXT", [None])
    assert rb"\*" not in imap.response("PERMANENTFLAGS")[1][0]
    assert b"UIDNEXT" not in imap.status("INBOX", "(MESSAGES UIDNEXT)")[1][0]


def test_uids_are_large_and_search_by_header_finds_nothing(client):
    """OK, and empty; SEARCH ALL and UNSEEN work."""
    imap, _ = client
    identify(imap)
    imap.select("INBOX")
    uids = imap.uid("SEARCH", "ALL")[1][0].split()
    assert (len(uids), all(int(uid) > 1_400_000_000 for uid in uids)) == (3, True)
    assert len(imap.uid("SEARCH", "UNSEEN")[1][0].split()) == 3
    for criteria in (["FROM", "p1"], ["SUBJECT", "x"], ["HEADER", "Message-ID", "m1"]):
        assert imap.uid("SEARCH", *criteria) == ("OK", [b""])


@pytest.mark.parametrize("command", ["IDLE", "NAMESPACE", "ENABLE", "NOTIFY"])
def test_what_126_lacks_is_refused(client, command):
    """Not silently passed on to a server that has it."""
    imap, _ = client
    with pytest.raises(imaplib.IMAP4.error, match="BAD"):
        imap.xatom(command)


def test_a_wrong_code_and_a_nested_folder_are_refused(netease):
    """In NetEase's words."""
    user = netease.new_user()
    context = ssl.create_default_context(cafile=netease.server.ca_file)
    with imaplib.IMAP4_SSL("127.0.0.1", netease.port, ssl_context=context, timeout=20) as imap:
        with pytest.raises(imaplib.IMAP4.error, match="LOGIN Login error or password error"):
            imap.login(user.name, "wrong")
        imap.login(user.name, user.password)
        assert imap.create("a/b")[0] == "NO"
        assert imap.create("a")[0] == "OK"


def test_literals_pass_both_ways_unharmed(client):
    """A mail that looks like replies of a server, appended and fetched again."""
    imap, _ = client
    raw = b"Subject: x\r\n\r\n* 1 FETCH (UID 9 {3}\r\n* CAPABILITY x\r\nA001 OK\r\n" + b"y" * 200_000 + b"\r\n"
    assert imap.append("INBOX", None, None, raw)[0] == "OK"
    identify(imap)
    imap.select("INBOX")
    assert imap.fetch("4", "(BODY.PEEK[])")[1][0][1] == raw


@pytest.mark.parametrize("position", [1, 60, 400])
def test_a_connection_is_cut_at_the_byte_that_was_asked_for(dovecot, position):
    """Over a plain socket, where bytes can be counted; the next connection is whole."""
    with netease.serve("127.0.0.1", dovecot.plain_port) as proxy:
        proxy.personality.cuts = [position]
        for whole in (False, True):
            with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
                client.sendall(b"a CAPABILITY\r\nb CAPABILITY\r\nc CAPABILITY\r\nd CAPABILITY\r\n")
                received = b""
                while received.count(b"OK CAPABILITY") != 4 and (chunk := client.recv(4096)):
                    received += chunk
            assert (len(received) == position) is not whole


def test_the_embedded_server_holds_mails_with_dates_in_126s_folders():
    """pymap in a child process, without root: what `make demo` runs behind the personality."""
    mails = [
        imap_server.SeedMail(raw_mail(1), datetime(2019, 8, 1, 9, 30, tzinfo=BEIJING)),
        imap_server.SeedMail(b"Subject: \xb5\xc7\r\n\r\nx\r\n", datetime(2019, 7, 24, tzinfo=BEIJING), "垃圾邮件"),
    ]
    with imap_server.start(mails) as server, netease.serve(server.host, server.port) as proxy:
        box = imap_server_mailbox(server, proxy)
        with Connection.open(box, server.password) as connection:
            assert set(connection.folders()) == {"INBOX", *imap_server.FOLDERS}
            for mail in mails:
                connection.select(mail.folder)
                [uid] = connection.uids()
                assert connection.facts([uid])[uid].internal_date == mail.received_at
                assert connection.fetch([uid]) == {uid: mail.raw}
        assert server.process.poll() is None
    assert server.process.poll() is not None


def test_the_embedded_server_ends_with_its_parent():
    """Even a parent that was killed leaves no server behind: the pipe to the child closes."""
    with imap_server.start() as server:
        server.process.stdin.close()
        assert server.process.wait(10) == 0


def imap_server_mailbox(server, proxy):
    """The configuration of the demonstration's mailbox."""
    return Mailbox(server.user, Server(proxy.host, proxy.port, "none"), server.user, Secret("env", "X"))
