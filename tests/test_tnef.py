"""winmail.dat: its files, its rich text, mails in it, and garbage."""

import pytest
from build_archives import compressed_rtf, tnef
from build_forms import differences, typed_form, unit_docx, unit_fields
from build_mails import mail
from hypothesis import given, settings
from hypothesis import strategies as st
from test_read import read, told  # noqa: F401  (a fixture)

from intake.config import ReadLimits
from intake.reading.parse import parse
from intake.reading.unpack import unpack
from rules.reading import PROBLEMS

FORM = unit_docx(unit_fields())


def attached(data: bytes, name: str = "winmail.dat"):
    """A mail of Outlook's as other programs receive it."""
    return mail(attachments=[(name, data, "application/ms-tnef")])


@pytest.mark.parametrize("page", [936, 65001])
def test_files_are_read_with_their_long_names(read, page):  # noqa: F811
    """The 8.3 name is only for programs of 1996."""
    data = tnef([("衡东县新媒体账号调查摸底登记表.docx", FORM), ("说明.txt", b"hello")], page=page)
    assert told(read(attached(data))) == [
        ("winmail.dat", "container", None),
        ("衡东县新媒体账号调查摸底登记表.docx", "unit_form", None),
        ("说明.txt", "other", None),
    ]


def test_a_form_in_its_rich_text_or_body_counts(read):  # noqa: F811
    """Outlook moves the formatted text into it."""
    words = "".join(
        f"\\u{ord(char)}?" if ord(char) > 127 else char for char in typed_form(unit_fields()).replace("\n", "\\par ")
    )
    for data in (
        tnef(rtf=compressed_rtf(b"{\\rtf1\\ansi " + words.encode() + b"}")),
        tnef(body=typed_form(unit_fields()), page=65001),
    ):
        (file,) = read(attached(data)).files
        assert file.role == "unit_form" and differences(file.forms[0], unit_fields()) == []


def test_a_mail_in_it_is_a_mail(read):  # noqa: F811
    """Forwarded as an attachment from Outlook."""
    inner = tnef([("表.docx", FORM)], subject="内层", body="见附件")
    reading = read(attached(tnef([("转发", inner, "mail")])))
    assert [(file.filename, file.role, file.parent) for file in reading.files] == [
        ("winmail.dat", "container", None), ("转发.eml", "container", 0), ("表.docx", "unit_form", 1)]  # fmt: skip


def test_what_stands_before_a_broken_place_is_kept_and_the_rest_is_said(read):  # noqa: F811
    """Cut off in the second file."""
    data = tnef([("表.docx", FORM), ("二.bin", bytes(range(256)) * 40)])
    assert told(read(attached(data[:-5000]))) == [
        ("winmail.dat", "container", "corrupt"),
        ("表.docx", "unit_form", None),
        ("二.bin", "other", "empty"),
    ]
    assert told(read(attached(data[:6] + b"\xff" * 50))) == [("winmail.dat", "container", "corrupt")]


def test_lying_lengths_cost_nothing(read):  # noqa: F811
    """Four billion properties, an attribute of four gigabytes."""
    import struct
    import time

    head = b"\x78\x9f\x3e\x22\x01\x00"
    many = struct.pack("<BII", 1, 0x00069003, 4) + struct.pack("<I", 0xFFFFFFFF) + b"\0\0"
    large = struct.pack("<BII", 2, 0x0006800F, 0xFFFFFFF0) + b"x" * 100
    start = time.perf_counter()
    assert [read(attached(head + body)).files[0].problem for body in (many, large)] == ["corrupt", "corrupt"]
    assert time.perf_counter() - start < 2


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_mutated_files_are_unpacked_into_known_words(data):
    """Bytes of a real one changed at random, or cut: total."""
    raw = bytearray(
        tnef(
            [("表.txt", b"x" * 300), ("内", tnef([("y.txt", b"y")], subject="内"), "mail")],
            compressed_rtf(b"{\\rtf1 x}"),
        )
    )
    for _ in range(data.draw(st.integers(0, 6))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    files = unpack(parse(attached(bytes(raw[: data.draw(st.integers(5, len(raw)))]))), ReadLimits())
    assert all(file.problem is None or file.problem in PROBLEMS for file in files)
