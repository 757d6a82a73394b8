"""Mails from files: in the order of their names, byte for byte, and nothing unreadable stops the rest."""

import mailbox
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.mailbox.sources import mails, received_at, received_at_of_file, split_mbox

NOW = datetime(2019, 8, 10, 12, 0, tzinfo=UTC)
MAIL = b"From: a@example.cn\r\nSubject: one\r\n\r\nbody\r\n"


def bytes_of(paths, report=lambda name, problem: None) -> list[bytes]:
    """The raw bytes of all mails found, in their order."""
    return [raw if isinstance(raw, bytes) else raw.read_bytes() for _, raw in mails(paths, report)]


def names_of(paths, base: Path) -> list[str]:
    """Names of all mails found, relative to `base`."""
    return [os.path.relpath(name, base) for name, _ in mails(paths)]


def test_files_come_in_the_natural_order_of_their_names(tmp_path):
    """`2.eml` stands before `10.eml`, folders among files, however the paths were given."""
    for name in ("10.eml", "2.eml", "a/1.eml", "a/11.eml", "a/3.eml", "B.eml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(MAIL)
    assert names_of([tmp_path], tmp_path) == ["2.eml", "10.eml", "B.eml", "a/1.eml", "a/3.eml", "a/11.eml"]
    assert names_of([tmp_path / "10.eml", tmp_path / "2.eml"], tmp_path) == ["2.eml", "10.eml"]


def test_bytes_are_handed_on_as_they_are(tmp_path):
    """Bare line feeds, GBK and no last line break are not mended."""
    raw = b"Subject: \xb5\xc7\xbc\xc7\n\nno line break at the end"
    (tmp_path / "a.eml").write_bytes(raw)
    assert bytes_of([tmp_path]) == [raw]


def test_a_folder_yields_what_looks_like_mail_and_reports_the_rest(tmp_path):
    """Files without a suffix are taken by their first line; others are reported, hidden ones are not even that."""
    (tmp_path / "000").write_bytes(MAIL)
    (tmp_path / "readme.txt").write_bytes(b"This folder holds mails.\n")
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / ".DS_Store").write_bytes(b"\x00")
    told = []
    assert bytes_of([tmp_path], lambda name, problem: told.append(Path(name).name)) == [MAIL]
    assert told == ["empty.eml", "readme.txt"]


def test_a_file_that_is_named_is_taken_whatever_it_looks_like(tmp_path):
    """The person who names it knows better."""
    odd = tmp_path / "odd.txt"
    odd.write_bytes(b"no header at all\n")
    assert bytes_of([odd]) == [b"no header at all\n"]


def test_a_missing_path_is_reported_and_the_rest_is_taken(tmp_path):
    """One wrong path does not stop the import."""
    (tmp_path / "b.eml").write_bytes(MAIL)
    told = []
    found = bytes_of([tmp_path / "a.eml", tmp_path / "b.eml"], lambda name, problem: told.append(problem))
    assert found == [MAIL]
    assert told == ["没有这个文件或文件夹"]


def test_an_mbox_of_the_standard_library_gives_back_its_mails(tmp_path):
    """Python's own mailbox module is an independent writer of mbox files."""
    raws = [b"From: a@example.cn\nSubject: %d\n\nFrom here on\n>From there\n" % number for number in range(12)]
    box = mailbox.mbox(tmp_path / "all.mbox")
    for raw in raws:
        box.add(raw)
    box.close()
    assert bytes_of([tmp_path]) == [raw.replace(b"\n>From", b"\nFrom") for raw in raws]
    assert names_of([tmp_path], tmp_path)[10] == "all.mbox#11"


def test_a_from_line_in_a_body_does_not_split_a_mail():
    """Where the file's separators bear a date, a sentence that begins with From is text."""
    text = b"From a@b Wed Jul 24 10:00:00 2019\nSubject: x\n\nhello\n\nFrom the office\nTel: 0734\n\n"
    assert len(list(split_mbox(text.splitlines(keepends=True)))) == 1


def test_an_mbox_without_dates_is_split_at_from_lines_after_an_empty_line():
    """Exports of some mail programs bear no date."""
    text = b"From ???@???\r\nSubject: a\r\n\r\none\r\n\r\nFrom ???@???\r\nSubject: b\r\n\r\ntwo\r\n"
    first, second = split_mbox(text.splitlines(keepends=True))
    assert first == b"Subject: a\r\n\r\none\r\n"
    assert second == b"Subject: b\r\n\r\ntwo\r\n"


LINES = (b"text", b"From me", b">From you", b">>From them", b"", b"\xc4\xe3")
body_lines = st.lists(st.sampled_from(LINES), max_size=8)


@given(st.lists(body_lines, min_size=1, max_size=5))
def test_quoting_and_splitting_an_mbox_gives_the_mails_back(bodies):
    """Whatever stands in the bodies: what an mboxrd writer wrote is read unchanged."""
    raws = [b"Subject: x\n\n" + b"".join(line + b"\n" for line in body) for body in bodies]
    quoted = [b"".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line
                       for line in raw.splitlines(keepends=True)) for raw in raws]  # fmt: skip
    text = b"".join(b"From a@b Wed Jul 24 10:00:00 2019\n" + raw + b"\n" for raw in quoted)
    assert list(split_mbox(text.splitlines(keepends=True))) == raws


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_bytes_are_lost_in_a_file_without_separators(lines):
    """Any bytes that begin with a header are a mail, and all of them are in it, but for one empty line at the end."""
    text = b"Subject: x\n" + b"\n".join(line for line in lines if b"From " not in line)
    joined = b"".join(split_mbox(text.splitlines(keepends=True)))
    assert text.startswith(joined)
    assert not text[len(joined) :].strip()


def test_a_maildir_is_read_in_the_order_of_delivery_with_its_folders(tmp_path):
    """cur and new are one folder; tmp holds unfinished mails; Maildir++ folders lie beside them."""
    for folder in ("", ".&V4NXPpCuTvY-/"):
        for part in ("cur", "new", "tmp"):
            (tmp_path / f"{folder}{part}").mkdir(parents=True)
    for place, raw in {
        "cur/900.x:2,S": b"A: 1\n\n",
        "new/1000.x": b"A: 2\n\n",
        "cur/1100.x:2,": b"A: 3\n\n",
        "tmp/1.x": b"A: unfinished\n\n",
        ".&V4NXPpCuTvY-/new/5.x": b"A: junk\n\n",
        "dovecot-uidlist": b"3 V1 N2\n",
    }.items():
        (tmp_path / place).write_bytes(raw)
    assert bytes_of([tmp_path]) == [b"A: 1\n\n", b"A: 2\n\n", b"A: 3\n\n", b"A: junk\n\n"]


def test_an_unreadable_file_is_reported_and_passed_over(tmp_path):
    """A disk error on one file (here: a loop of links) leaves the others."""
    (tmp_path / "a.eml").symlink_to(tmp_path / "a.eml")
    (tmp_path / "b.eml").write_bytes(MAIL)
    told = []
    assert bytes_of([tmp_path / "a.eml", tmp_path / "b.eml"], lambda name, problem: told.append(name)) == [MAIL]
    assert told == [str(tmp_path / "a.eml")]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"Received: from a by b; Wed, 24 Jul 2019 10:00:00 +0800 (CST)\r\nDate: Tue, 23 Jul 2019 10:00:00 +0800\r\n",
         "2019-07-24T02:00:00+00:00"),
        (b"Received: by a; Fri, 2 Aug 2019 01:02:03 +0800\r\nReceived: by b; Thu, 1 Aug 2019 01:02:03 +0800\r\n",
         "2019-08-01T17:02:03+00:00"),
        (b"Received: from a (x; y)\r\n\tby b; nonsense\r\nDate: Tue, 23 Jul 2019 10:00:00 +0800\r\n",
         "2019-07-23T02:00:00+00:00"),
        (b"Date: Tue, 23 Jul 2019 10:00:00 -0000\r\n", "2019-07-23T10:00:00+00:00"),
        (b"Date: Tue, 23 Jul 2099 10:00:00 +0800\r\n", None),
        (b"Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n", None),
        (b"Date: Tue, 99 Jul 2019 10:00:00 +9999\r\n", None),
        (b"Date: \xb5\xc7\xbc\xc7\r\n", None),
        (b"", None),
    ],
)  # fmt: skip
def test_the_day_of_receipt_is_the_topmost_received_that_has_one(head, expected):
    """Else Date, else nothing; a date that cannot be true is no date."""
    found = received_at(head + b"\r\nbody", NOW)
    assert (found and found.isoformat()) == expected


@given(st.binary(max_size=200))
def test_any_bytes_have_a_day_of_receipt_or_none(head):
    """The header is hostile; reading its dates never raises, and what it gives can be reckoned with."""
    found = received_at(b"Received: x; " + head + b"\r\nDate: " + head, NOW)
    assert found is None or found <= datetime(2019, 8, 12, 12, 0, tzinfo=UTC)


def test_a_file_without_any_date_is_dated_by_its_modification(tmp_path):
    """The last resort."""
    path = tmp_path / "a.eml"
    path.write_bytes(b"Subject: x\n\n")
    os.utime(path, (1564623000, 1564623000))
    assert received_at_of_file(path, path.read_bytes(), NOW).isoformat() == "2019-08-01T01:30:00+00:00"
