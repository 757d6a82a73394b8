"""Archives and mails in mails: names, bounds, and problems that are said."""

import io
import os
import struct
import time
import zipfile

import pytest
from build_mails import mail, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.config import ReadLimits
from intake.reading.filenames import MAX_NAME, safe_name
from intake.reading.filetype import kind_of
from intake.reading.parse import Part, parse
from intake.reading.unpack import unpack

LIMITS = ReadLimits()


def files_of(*attachments, limits: ReadLimits = LIMITS):
    """The files of a mail with these attachments."""
    return unpack(parse(mail(attachments=attachments), limits), limits)


def archive(*attachments, limits: ReadLimits = LIMITS):
    """(name, parent, problem) of all files."""
    return [(file.filename, file.parent, file.problem) for file in files_of(*attachments, limits=limits)]


@pytest.mark.parametrize("names", ["utf-8", "gbk"])
def test_names_in_zips_are_read_with_and_without_the_flag(names):
    """Chinese Windows writes GBK without a word."""
    packed = zipped([("材料/身份证正面.jpg", b"1"), ("登记表镕.txt", b"2")], names)
    assert archive(("a.zip", packed, "application/zip")) == [
        ("a.zip", None, None), ("身份证正面.jpg", 0, None), ("登记表镕.txt", 0, None)]  # fmt: skip


def test_unflagged_utf8_names_and_unicode_paths_are_read():
    """macOS writes UTF-8 without the flag; Info-ZIP puts the name into an extra field."""
    mac = zipped([("营业执照.jpg", b"1")]).replace(b"\x00\x08\x00\x00", b"\x00\x00\x00\x00")
    assert archive(("a.zip", mac, "application/zip"))[1][0] == "营业执照.jpg"
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as target:
        info = zipfile.ZipInfo("_.jpg")
        path = "营业执照.jpg".encode()
        info.extra = struct.pack("<HHBI", 0x7075, 5 + len(path), 1, 0) + path
        target.writestr(info, b"1")
    assert archive(("a.zip", sink.getvalue(), "application/zip"))[1][0] == "营业执照.jpg"


def test_a_utf8_flag_that_lies_does_not_lose_the_archive():
    """GBK bytes under the flag make zipfile raise."""
    packed = bytearray(zipped([("登记表.txt", b"1")], "gbk"))
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        packed[packed.find(mark) + offset] |= 8
    assert archive(("a.zip", bytes(packed), "application/zip"))[1][0] == "登记表.txt"


def test_litter_and_folders_are_left_out_and_paths_are_cut():
    """__MACOSX, .DS_Store, Thumbs.db; names that climb out of the folder."""
    packed = zipped([("__MACOSX/._a.jpg", b"1"), ("x/.DS_Store", b"1"), ("x/Thumbs.db", b"1"), ("x/", b""),
                     ("../../etc/passwd", b"1"), ("C:\\a\\b.txt", b"1")])  # fmt: skip
    assert [name for name, _, _ in archive(("a.zip", packed, "application/zip"))] == ["a.zip", "passwd", "b.txt"]


def test_archives_in_archives_are_opened_to_the_bound_and_then_say_so():
    """max_depth."""
    packed = zipped([("kern.txt", b"1")])
    for level in range(5):
        packed = zipped([(f"{level}.zip", packed)])
    found = archive(("a.zip", packed, "application/zip"), limits=ReadLimits(max_depth=3))
    assert found == [("a.zip", None, None), ("4.zip", 0, None), ("3.zip", 1, None), ("2.zip", 2, "too_large")]


def test_a_bomb_is_not_unpacked_and_costs_nothing():
    """Zeros: over the bound of one file, or under it and over the ratio."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        with target.open("big.bin", "w") as stream:
            for _ in range(60):
                stream.write(bytes(1024 * 1024))
        target.writestr("ratio.bin", bytes(30_000_000))
        target.writestr("good.txt", b"good")
    start = time.perf_counter()
    found = archive(("a.zip", sink.getvalue(), "application/zip"))
    assert found[1:] == [("big.bin", 0, "too_large"), ("ratio.bin", 0, "too_large"), ("good.txt", 0, None)]
    assert time.perf_counter() - start < 1


def test_total_and_count_bounds_mark_the_container():
    """What did not fit is said where it lay."""
    packed = zipped([(f"{number}.txt", b"x" * 1000) for number in range(20)])
    many = archive(("a.zip", packed, "application/zip"), limits=ReadLimits(max_files=10))
    assert len(many) == 10 and many[0][2] == "too_large"
    heavy = archive(("a.zip", packed, "application/zip"), limits=ReadLimits(max_total_bytes=len(packed) + 5500))
    assert heavy[0][2] is None and heavy[-1][2] == "too_large" and len(heavy) == 21


def test_attachments_beyond_the_bound_leave_a_trace():
    """Also without a container that could say it."""
    found = archive(*((f"{number}.txt", b"x", "text/plain") for number in range(12)), limits=ReadLimits(max_files=10))
    assert found[-1] == ("其余附件", None, "too_large") and len(found) == 11


def test_a_directory_of_a_million_entries_is_refused():
    """Each entry would cost half a kilobyte."""
    entry = b"PK\x01\x02" + bytes(42)
    directory = entry * 100_000
    packed = b"PK\x03\x04" + bytes(26) + directory
    packed += struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, len(directory), 30, 0)
    assert archive(("a.zip", packed, "application/zip")) == [("a.zip", None, "too_large")]


def test_encrypted_members_are_named():
    """Flag bit 0; their names are known, their content is not."""
    packed = bytearray(zipped([("身份证.jpg", b"1" * 50)]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.find(mark) + offset] |= 1
    assert archive(("a.zip", bytes(packed), "application/zip")) == [
        ("a.zip", None, "encrypted"), ("身份证.jpg", 0, "encrypted")]  # fmt: skip


def test_broken_empty_and_foreign_containers_are_told_apart():
    """corrupt, empty, and what only begins like an archive."""
    good = zipped([("a.txt", os.urandom(5000))])
    assert archive(("a.zip", good[:3000], "application/zip"))[0][2] == "corrupt"
    flipped = good.replace(good[100:110], b"0123456789")
    assert archive(("a.zip", flipped, "application/zip"))[1][2] == "corrupt"
    assert archive(("a.zip", zipped([]), "application/zip"))[0][2] == "empty"
    assert archive(("a.rar", b"Rar!\x1a\x07\x01\x00", "application/x-rar")) == [("a.rar", None, "corrupt")]
    assert archive(("a.txt", b"", "text/plain"), ("ATT00001.txt", b"", "text/plain")) == [
        ("a.txt", None, "empty"), ("ATT00001.txt", None, None)]  # fmt: skip


def test_an_unknown_compression_is_unsupported():
    """Deflate64 of Windows' explorer for large files."""
    packed = bytearray(zipped([("a.txt", b"1" * 50)]))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        packed[packed.find(mark) + offset] = 9
    assert archive(("a.zip", bytes(packed), "application/zip"))[1][2] == "unsupported"


def test_mails_in_mails_open_and_office_files_do_not():
    """message/rfc822 and .eml are containers; .docx is a document."""
    inner = mail("内", attachments=[("内.txt", b"1", "text/plain")])
    outer = mail("中", attachments=[("转发.eml", inner, "application/octet-stream")])
    docx = zipped([("[Content_Types].xml", b"1"), ("word/document.xml", b"1")])
    found = files_of((None, outer, "message/rfc822"), ("表.docx", docx, "application/zip"))
    assert [(file.filename, file.parent, file.kind) for file in found] == [
        ("转来的邮件1.eml", None, "eml"), ("转发.eml", 0, "eml"), ("内.txt", 1, "txt"), ("表.docx", None, "docx")]  # fmt: skip
    assert found[1].message.subject == "内"


def test_unnamed_files_get_the_same_readable_name_at_each_reading():
    """By kind and order."""
    parts = [(None, b"\xff\xd8\xff1", "image/jpeg"), (None, b"%PDF-1.4", "application/octet-stream")]
    assert [name for name, _, _ in archive(*parts)] == ["未命名附件1.jpg", "未命名附件2.pdf"] == [
        name for name, _, _ in archive(*parts)]  # fmt: skip


def test_containers_in_skip_are_not_opened():
    """A reader died of them once."""
    packed = zipped([("a.txt", b"1")])
    parsed = parse(mail(attachments=[("a.zip", packed, "application/zip")]))
    seen = []
    sha256 = unpack(parsed, LIMITS, before=seen.append)[0].sha256
    assert seen == [sha256]
    assert [(file.filename, file.problem) for file in unpack(parsed, LIMITS, frozenset(seen))] == [
        ("a.zip", "unreadable")
    ]


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\x\\y.doc", "y.doc"),
        ("a\u202efdp.exe", "afdp.exe"), ("a\x00b\r\n.txt", "ab.txt"),
        ("  ", None), ("..", None), ("", None), (None, None), ("登 记\u3000表.docx", "登 记 表.docx"),
    ],
)  # fmt: skip
def test_names_are_made_harmless(name, harmless):
    """No folders, no control characters, nothing that turns the reading direction."""
    assert safe_name(name) == harmless


@given(st.text(max_size=400))
def test_a_safe_name_is_short_visible_and_without_folders(name):
    """For any text."""
    safe = safe_name(name)
    assert safe is None or (
        0 < len(safe) <= MAX_NAME and not set(safe) & set("/\\\x00\r\n") and safe_name(safe) == safe
    )


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(22) + struct.pack("<H", 9) + bytes(480)


def ole(*streams: str) -> bytes:
    """An OLE file with a directory of these streams."""
    entries = b""
    for name in streams:
        text = (name + "\0").encode("utf-16-le")
        entries += text.ljust(64, b"\0") + struct.pack("<HB", len(text), 2) + bytes(61)
    return OLE + entries


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (ole("Root Entry", "WordDocument"), "a.doc", "doc"), (ole("WordDocument"), "a.wps", "wps"),
        (ole("Workbook"), "a.doc", "xls"), (ole("WordDocument", "Workbook"), "a.xls", "xls"),
        (ole("EncryptedPackage", "EncryptionInfo"), "a.docx", "encrypted"),
        (ole("__substg1.0_0037001F", "WordDocument"), "a.msg", "msg"),
        (zipped([("[Content_Types].xml", b""), ("xl/workbook.xml", b"")]), "a.zip", "xlsx"),
        (zipped([("content.xml", b""), ("META-INF/manifest.xml", b"")]), "a.ods", "ods"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.text", "a.zip", "odt"),
        (zipped([("OFD.xml", b""), ("Doc_0/Document.xml", b"")]), "a", "ofd"), (zipped([("a", b"")]), "a.docx", "zip"),
        (b"PK\x03\x04cut off", "a.docx", "docx"), (b"\x00\x00\x00\x18ftypheic\x00", "a.jpg", "heic"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a.jpg", "webp"), (b"junk\r\n%PDF-1.4", "a.pdf", "pdf"),
        (b"\x78\x9f\x3e\x22\x00", "winmail.dat", "tnef"), (b"BM nothing of the kind", "a.txt", "txt"),
        (b"<html><p>x", "a.doc", "html"), ("账号名称:x".encode("gbk"), "a.txt", "txt"),
        (b"\x01\x02\x00\x03", "a.txt", "unknown"),
        (b"Received: x\r\nFrom: a\r\nTo: b\r\n\r\nx", "a", "eml"), (b"BEGIN:VCALENDAR\r\n", "a.txt", "calendar"),
        (b"", "a.docx", "empty"),
    ],
)  # fmt: skip
def test_a_file_is_what_its_bytes_are(data, name, kind):
    """The name is only a tie-breaker."""
    assert kind_of(data, name) == kind


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(["", "a.zip", "a.docx", "a.doc", "a.eml"]),
       st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", OLE, b"From: a\r\nTo: b\r\nDate: c\r\n\r\n"]))  # fmt: skip
def test_any_bytes_unpack_into_files(data, name, start):
    """Total, with parents before children."""
    parsed = parse(b"Subject: x\r\n\r\n")
    parsed = type(parsed)(parsed.message, (Part(name, "application/octet-stream", start + data),))
    files = unpack(parsed, LIMITS)
    assert files and all(file.parent is None or file.parent < index for index, file in enumerate(files))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_mutated_zips_unpack_into_files(data):
    """Bytes of a real archive changed at random."""
    packed = bytearray(zipped([("登记表.txt", b"1" * 100), ("b/身份证.jpg", bytes(range(50)))], "gbk"))
    for _ in range(data.draw(st.integers(1, 6))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    assert files_of(("a.zip", bytes(packed), "application/zip"))


def test_a_document_stored_in_an_archive_without_packing_does_not_make_it_a_document():
    """Seen in practice: WinRAR's "store"; the directory of the inner file stands in the outer one too."""
    inner = zipped([("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("登记表.docx", inner)
    assert (kind_of(inner), kind_of(buffer.getvalue())) == ("docx", "zip")
    assert kind_of(buffer.getvalue(), "材料.zip") == "zip"
