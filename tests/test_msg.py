"""Outlook's .msg: its words, its files, mails in it, and what only looks like one."""

import pytest
from build_archives import compressed_rtf, msg, msg_streams
from build_forms import differences, typed_form, unit_docx, unit_fields
from build_mails import mail
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_read import read, told  # noqa: F401  (a fixture)

from intake.config import ReadLimits
from intake.containers import Budget
from intake.containers.mapi import unpacked_rtf
from intake.containers.msg import open_container
from intake.readers import Unreadable
from intake.reading.parse import parse
from intake.reading.unpack import unpack
from rules.reading import PROBLEMS

LIMITS = ReadLimits()
BUDGET = Budget(LIMITS, lambda: LIMITS.max_total_bytes)
FORM = unit_docx(unit_fields())


def attached(data: bytes, name: str = "转发.msg"):
    """A mail with that file."""
    return mail(attachments=[(name, data, "application/vnd.ms-outlook")])


@pytest.mark.parametrize("charset", [None, "gbk"])
def test_words_sender_and_files_are_read(charset):
    """Unicode, and the code page of Chinese Outlook."""
    data = msg("您好\r\n见附件", "衡东登记", [("登记表.docx", FORM)], ("张三", "zhangsan@example.cn"), charset=charset)
    message = open_container(data, "a.msg", BUDGET).message
    assert (message.subject, message.from_address, message.from_name) == ("衡东登记", "zhangsan@example.cn", "张三")
    assert message.text.split() == ["您好", "见附件"] and message.sent_at.isoformat() == "2019-08-01T01:30:00+00:00"
    (entry,) = open_container(data, "a.msg", BUDGET).entries
    assert entry.name == "登记表.docx" and entry.data.rstrip(b"\0") == FORM.rstrip(b"\0")


def test_headers_that_came_with_it_are_kept():
    """Message-ID and References match a submission; structure is our own."""
    head = "Message-ID: <1@example.cn>\r\nFrom: =?utf-8?B?5byg5LiJ?= <z@example.cn>\r\nContent-Type: text/html\r\n"
    head += "Subject: Re: a\r\n b"
    message = open_container(msg("正文", headers=head), "a.msg", BUDGET).message
    assert (message.message_id, message.from_name, message.subject) == ("<1@example.cn>", "张三", "Re: a b")
    assert message.text == "正文"


def test_a_msg_is_a_container_whose_form_and_files_count(read):  # noqa: F811
    """A form typed in it counts as in an .eml, its attachments are children."""
    data = msg(typed_form(unit_fields()), "登记", [("表.docx", FORM)])
    reading = read(attached(data))
    assert told(reading) == [("转发.msg", "unit_form", None), ("表.docx", "unit_form", None)]
    assert reading.files[1].parent == 0 and differences(reading.files[0].forms[0], unit_fields()) == []


def test_a_form_in_html_or_rich_text_is_read(read):  # noqa: F811
    """Where there is no plain text."""
    rows = [line.partition("\t")[::2] for line in typed_form(unit_fields(), style="tabs").split("\n") if "\t" in line]
    html = "<table>" + "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows) + "</table>"
    forms = read(attached(msg(html=html.encode()))).files[0].forms
    assert len(forms) == 1 and forms[0].value("handle") == unit_fields()["handle"]
    words = "".join(
        f"\\u{ord(char)}?" if ord(char) > 127 else char for char in typed_form(unit_fields()).replace("\n", "\\par ")
    )
    for packed in (True, False):
        rich = compressed_rtf(b"{\\rtf1\\ansi " + words.encode() + b"}", packed)
        forms = read(attached(msg(rtf=rich))).files[0].forms
        assert len(forms) == 1 and differences(forms[0], unit_fields()) == []


def test_mails_in_a_msg_are_mails(read):  # noqa: F811
    """A forwarded mail with a form in it, two deep."""
    inner = msg_streams("内", "内层", [("表.docx", FORM)])
    middle = msg_streams("中", "中层", [("内层", inner)])
    reading = read(attached(msg("外", "外层", [("中层", middle)])))
    assert [(file.filename, file.role, file.parent) for file in reading.files] == [
        ("转发.msg", "container", None),
        ("中层.eml", "container", 0),
        ("内层.eml", "container", 1),
        ("表.docx", "unit_form", 2),
    ]
    assert "Subject: 内层" in reading.files[2].text


def test_mails_deeper_than_the_bound_are_said(read):  # noqa: F811
    """Never silently left out."""
    streams = msg_streams("0")
    for level in range(8):
        streams = msg_streams(str(level), attachments=[("x", streams)])
    reading = read(attached(msg("外", attachments=[("x", streams)])))
    assert any(file.problem == "too_large" for file in reading.files)


def test_a_broken_msg_is_corrupt(read):  # noqa: F811
    """Cut off behind its directory, and an OLE file without properties."""
    data = msg("正文", "主题", [("表.docx", FORM)])
    assert read(attached(data[:-520])).files[0].problem == "corrupt"
    assert (
        read(attached(data.replace("__properties".encode("utf-16-le"), "__Xroperties".encode("utf-16-le"))))
        .files[0]
        .problem
    )


def test_compressed_rtf_refers_to_what_came_before():
    """The example of [MS-OXRTFCP] section 4.1.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked_rtf(packed, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@given(st.binary(max_size=300))
def test_any_compressed_rtf_ends(data):
    """Bounded by its own declaration."""
    for start in (b"", (len(data)).to_bytes(4, "little") + b"\xff\x0f\x00\x00LZFu" + bytes(4)):
        try:
            assert len(unpacked_rtf(start + data, 5000)) <= 5000 + 200
        except Unreadable:
            pass


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_msgs_are_unpacked_into_known_words(data):
    """Bytes of a real one changed at random: total."""
    raw = bytearray(msg("正文" * 50, "主题", [("表.txt", b"x" * 5000), ("内", msg_streams("内"))]))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(raw) - 1))
        raw[start : start + 4] = data.draw(st.binary(max_size=4))
    files = unpack(parse(attached(bytes(raw))), LIMITS)
    assert all(file.problem is None or file.problem in PROBLEMS for file in files)
