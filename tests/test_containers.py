"""Archives of every kind in mails: names, problems that are said, bounds, and hostile ones in the pool."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import random
import struct
import tarfile
import time
import zlib
from contextlib import nullcontext
from pathlib import Path

import pytest
from build_archives import (
    PACKED_NAMES,
    PACKED_RAR4,
    PACKED_RAR5,
    lying_zip64,
    mbox,
    msg,
    needs_unar,
    overlapping_zip,
    packed,
    rar4,
    rar5,
    seven_zip,
    sparse_tar,
    tar,
    tnef,
    zip_bomb,
)
from build_forms import typed_form, unit_docx, unit_fields
from build_mails import mail, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_read import DOCX, ROOT, SURVEY, picture, read, told  # noqa: F401  (a fixture)

from intake.config import ReadLimits
from intake.confined.confine import ReaderPool
from intake.containers import unar
from intake.reading.parse import parse
from intake.reading.scratch import in_memory
from intake.reading.unpack import unpack
from rules.bounce import bounce_of
from rules.reading import PROBLEMS

FORM = unit_docx(unit_fields())
KINDS = ("zip", "rar4", "rar5", "7z", "tar", "tar.gz", "tar.bz2", "tar.xz")


def attached(*files: tuple[str, bytes], **more) -> bytes:
    """A mail with these files."""
    return mail(attachments=[(name, data, "application/octet-stream") for name, data in files], **more)


def files_of(name: str, data: bytes, limits: ReadLimits | None = None, **more):
    """(name, parent, problem) of what one attachment unpacks into."""
    limits = limits or ReadLimits()
    return [
        (file.filename, file.parent, file.problem) for file in unpack(parse(attached((name, data), **more)), limits)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_forms_in_every_kind_of_archive_are_read(read, kind):  # noqa: F811
    """Whatever the extension says; the archive is a container and the form its child."""
    data = packed(kind, [("材料/登记表.docx", FORM), ("材料/说明.txt", b"hello")])
    for name in (f"材料.{kind}", "材料.zip"):
        reading = read(attached((name, data)))
        assert told(reading) == [
            (name, "container", None),
            ("登记表.docx", "unit_form", None),
            ("说明.txt", "other", None),
        ]
        assert [file.parent for file in reading.files] == [None, 0, 0]


@needs_unar
@pytest.mark.parametrize("data", [PACKED_RAR4, PACKED_RAR5])
def test_packed_rars_are_unpacked(data):
    """Both versions, solid, as WinRAR packs them."""
    parsed = parse(attached(("a.rar", data)))
    files = unpack(parsed, ReadLimits())
    assert [file.filename for file in files] == ["a.rar", *PACKED_NAMES]
    assert all(len(file.data) == 2048 and file.data.startswith(b"000\n001\n") for file in files[1:])


@pytest.mark.parametrize("data", [PACKED_RAR4, PACKED_RAR5])
def test_packed_rars_go_to_a_person_where_the_program_is_missing(monkeypatch, data):
    """Stored ones are read all the same."""
    monkeypatch.setattr(unar, "program", lambda: None)
    assert files_of("a.rar", data) == [
        ("a.rar", None, "unsupported"),
        *((name, 0, "unsupported") for name in PACKED_NAMES),
    ]
    assert files_of("a.rar", rar5([("表.txt", b"1")])) == [("a.rar", None, None), ("表.txt", 0, None)]


@pytest.mark.parametrize(
    ("pack", "name"), [(gzip.compress, "表.docx.gz"), (bz2.compress, "表.docx.bz2"), (lzma.compress, "表.docx.xz")]
)
def test_single_packed_files_are_unpacked(read, pack, name):  # noqa: F811
    """The name without its last extension; several members follow each other."""
    assert told(read(attached((name, pack(FORM))))) == [(name, "container", None), ("表.docx", "unit_form", None)]
    halves = pack(FORM[:500]) + pack(FORM[500:])
    assert told(read(attached((name, halves))))[1] == ("表.docx", "unit_form", None)


def test_the_name_in_a_gzip_header_is_used_where_the_file_has_none():
    """RFC 1952, in GBK."""
    raw = gzip.compress(b"hello")
    named = raw[:3] + b"\x08" + raw[4:10] + "登记表.txt".encode("gbk") + b"\0" + raw[10:]
    assert files_of("附件", named)[1][0] == "登记表.txt"


@pytest.mark.parametrize(
    "data",
    [
        rar4([("登记表镕.txt", b"1")]),
        tar([("登记表镕.txt", b"1")], "gbk"),
        tar([("登记表镕.txt", b"1")], "utf-8", tarfile.PAX_FORMAT),
        tar([("登记表镕.txt", b"1")], "gbk", tarfile.USTAR_FORMAT),
    ],
)
def test_names_are_read_in_any_charset(data):
    """Old Chinese programs write GBK and say nothing."""
    assert files_of("a", data)[1][0] == "登记表镕.txt"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "7z"])
def test_names_that_climb_are_made_harmless_and_litter_is_left_out(kind):
    """../, absolute, Windows; __MACOSX."""
    data = packed(
        kind, [("../../etc/passwd", b"1"), ("/root/x.txt", b"2"), ("C:\\a\\b.txt", b"3"), ("__MACOSX/._a.jpg", b"4")]
    )
    assert files_of("a", data) == [("a", None, None), ("passwd", 0, None), ("x.txt", 0, None), ("b.txt", 0, None)]


def climbing_7z() -> bytes:
    """A name that py7zr refuses to write, put in afterwards."""
    sink = io.BytesIO()
    import py7zr

    with py7zr.SevenZipFile(sink, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"bad", "xx/etc/a.txt")
        archive.writestr(b"good", "b.txt")
    data = bytearray(sink.getvalue().replace("xx/etc".encode("utf-16-le"), "../etc".encode("utf-16-le")))
    offset, size = struct.unpack_from("<QQ", data, 12)
    struct.pack_into("<I", data, 28, zlib.crc32(data[32 + offset : 32 + offset + size]))
    struct.pack_into("<I", data, 8, zlib.crc32(data[12:32]))
    return bytes(data)


def test_a_7z_member_that_climbs_does_not_hide_the_others():
    """py7zr refuses such a name, and with it the whole archive."""
    assert files_of("a.7z", climbing_7z()) == [("a.7z", None, None), ("b.txt", 0, None), ("a.txt", 0, "corrupt")]


@pytest.mark.parametrize("kind", KINDS)
def test_members_of_one_name_are_all_kept(kind):
    """Nothing overwrites anything."""
    with pytest.warns(UserWarning, match="Duplicate") if kind == "zip" else nullcontext():
        data = packed(kind, [("表.txt", b"1"), ("b/表.txt", b"2"), ("表.txt", b"3")])
    files = unpack(parse(attached(("a", data))), ReadLimits())
    assert sorted(file.data for file in files[1:]) == [b"1", b"2", b"3"]


def test_links_and_devices_are_passed_over():
    """Symbolic and hard links, a FIFO, a device, a folder; the file behind them is read."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for number, kind in enumerate(
            (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE)
        ):
            info = tarfile.TarInfo(f"x{number}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("x0/好.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"good"))
    assert files_of("a.tar", sink.getvalue()) == [("a.tar", None, None), ("好.txt", 0, None)]


def test_containers_in_containers_are_opened_whatever_their_kind(read):  # noqa: F811
    """rar in zip in eml in tar.gz: four deep."""
    inner = mail("登记", attachments=[("a.zip", zipped([("b.rar", rar5([("登记表.docx", FORM)]))]), "application/zip")])
    reading = read(attached(("材料.tar.gz", packed("tar.gz", [("转发.eml", inner)]))))
    assert [(file.filename, file.role, file.parent) for file in reading.files] == [
        ("材料.tar.gz", "container", None),
        ("转发.eml", "container", 0),
        ("a.zip", "container", 1),
        ("b.rar", "container", 2),
        ("登记表.docx", "unit_form", 3),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_depth_count_and_bytes_bound_every_kind(kind):
    """One set of bounds; the container says what was left out."""
    data = packed(kind, [("内.txt", b"1")])
    for _ in range(3):
        data = packed(kind, [("内", data)])
    assert [problem for _, _, problem in files_of("a", data, ReadLimits(max_depth=3))] == [
        None,
        None,
        None,
        "too_large",
    ]
    many = packed(kind, [(f"{number}.txt", random.Random(number).randbytes(1000)) for number in range(20)])
    found = files_of("a", many, ReadLimits(max_files=10))
    assert len(found) == 10 and found[0][2] == "too_large"
    room = ReadLimits(max_total_bytes=len(many) + 5500)
    assert sum(problem == "too_large" for _, _, problem in files_of("a", many, room)) >= 1
    assert sum(problem is None for _, _, problem in files_of("a", many, room)) <= 7


def noise(size: int) -> bytes:
    """Bytes that cannot be packed."""
    return random.Random(size).randbytes(size)


SOME = [("表.txt", b"1" * 500), ("图.bin", noise(3000))]


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.zip", zipped([]), "empty"),
        ("a.rar", rar5([]), "empty"),
        ("a.7z", seven_zip([]), "empty"),
        ("a.docx", b"", "empty"),
        ("a.jpg", b"", "empty"),
        ("a.tar", b"", "empty"),
        ("a.zip", packed("zip", SOME, "x"), "encrypted"),
        ("a.zip", packed("zip-aes", SOME, "x"), "encrypted"),
        pytest.param("a.rar", rar5(SOME, "x"), "encrypted", marks=needs_unar),
        pytest.param("a.rar", rar5(SOME, "x", True), "encrypted", marks=needs_unar),
        ("a.7z", seven_zip(SOME, "x"), "encrypted"),
        ("a.7z", seven_zip(SOME, "x", True), "encrypted"),
        ("a.zip", zipped(SOME)[:2000], "corrupt"),
        ("a.rar", rar5(SOME)[:14], "corrupt"),
        ("a.7z", seven_zip(SOME)[:-40], "corrupt"),
        ("a.7z", seven_zip(SOME)[:20], "corrupt"),
        ("a.gz", b"\x1f\x8b\x08garbage", "corrupt"),
        ("a.xz", b"\xfd7zXZ\0garbage", "corrupt"),
        ("a.bz2", b"BZh9garbage", "corrupt"),
        ("a.tar.gz", packed("tar.gz", SOME)[:2500], "corrupt"),
        ("a.msg", msg("x" * 9000)[:-520], "corrupt"),
        ("winmail.dat", tnef(SOME)[:-100], "corrupt"),
        ("a.docx", FORM[:500], "corrupt"),
        ("a.pdf", b"%PDF-1.4 garbage", "corrupt"),
        ("a.jpg", b"\xff\xd8\xffgarbage", "corrupt"),
        ("a.doc", b"<html>404", None),
        ("a.rar", rar5(SOME).replace(noise(3000)[:9], b"XXXXXXXXX"), None),
        ("a.part1.rar", rar4(SOME, flags=2), "unsupported"),
        ("a.exe", b"MZ" + bytes(100), "unsupported"),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(50), "unsupported"),
        ("a.bin", b"\x01\x02\x00\x03", "unsupported"),
        ("a.png", picture(600, 400), "unreadable"),
    ],
)
def test_every_problem_is_told_by_a_real_file(read, name, data, problem):  # noqa: F811
    """In words for people, and the file beside it is read."""
    reading = read(attached((name, data), ("好.docx", FORM)))
    first, last = reading.files[0], reading.files[-1]
    assert (first.filename, first.problem) == (name, problem)
    assert last.role == "unit_form" and last.problem is None
    assert all(file.problem_detail for file in reading.files if file.problem)


@pytest.mark.parametrize("kind", KINDS)
def test_too_large_members_are_named_and_the_others_read(read, kind):  # noqa: F811
    """max_file_bytes; too large files too."""
    data = packed(kind, [("大.bin", noise(60_000)), ("好.docx", FORM)])
    limits = ReadLimits(max_file_bytes=50_000)
    if len(data) > limits.max_file_bytes:  # the archive itself: as an attachment it would not be opened at all
        assert read(attached(("a", data)), limits).files[0].problem == "too_large"
    found = unpack(
        parse(attached(("a", data))), ReadLimits(max_file_bytes=max(len(data), 50_000) if kind != "tar" else 80_000)
    )
    assert found[-1].filename == "好.docx" and found[-1].problem is None


@pytest.mark.parametrize("kind", ["zip", "rar4", "rar5", "7z"])
def test_a_damaged_member_does_not_hide_the_one_before_it(kind):
    """Bytes changed in the second."""
    data = bytearray(packed(kind, [("一.txt", b"1" * 50), ("二.bin", noise(5000))]))
    place = bytes(data).find(noise(5000)[2000:2010])
    place = place if place > 0 else len(data) // 2
    data[place : place + 10] = b"0123456789"
    found = files_of("a", bytes(data))
    assert ("一.txt", 0, None) in found and ("二.bin", 0, "corrupt") in found


def test_a_packed_tar_that_breaks_off_gives_what_came_before():
    """Half a download; bzip2 packs 900 KB at once, so that nothing of a small one can be had."""
    for kind in ("tar.gz", "tar.xz"):
        data = packed(kind, [("一.txt", b"1" * 50), ("二.bin", noise(50_000))])
        assert files_of("a", data[: len(data) * 3 // 4])[:3] == [
            ("a", None, "corrupt"), ("一.txt", 0, None), ("二.bin", 0, "corrupt")]  # fmt: skip
    data = packed("tar.bz2", [("一.txt", b"1" * 50)])
    assert files_of("a", data[:-20]) == [("a", None, "corrupt")]


def test_mails_of_an_mbox_are_mails(read):  # noqa: F811
    """An export of Foxmail or Thunderbird; a saved mail with a From line stays one mail."""
    two = mbox([mail("一", body=typed_form(unit_fields())), mail("二", attachments=[("表.docx", FORM, DOCX)])])
    reading = read(attached(("备份.mbox", two)))
    assert [(file.filename, file.role, file.parent) for file in reading.files] == [
        ("备份.mbox", "container", None),
        ("邮件1.eml", "unit_form", 0),
        ("邮件2.eml", "container", 0),
        ("表.docx", "unit_form", 2),
    ]
    saved = b"From someone@example.cn Thu Aug  1 09:30:00 2019\r\n" + mail("x", attachments=[("表.docx", FORM, DOCX)])
    assert [file.role for file in read(attached(("转发.eml", saved))).files] == ["container", "unit_form"]


def test_forms_forwarded_inline_attached_and_nested_are_all_found(read):  # noqa: F811
    """In the text of a forwarded mail, as .eml, as .msg, as message/rfc822."""
    inline = "请登记\n\n-------- 转发邮件信息 --------\n发件人: x <x@example.cn>\n主题: 登记\n\n" + typed_form(
        unit_fields()
    )
    other = typed_form(unit_fields(name="衡东头条", handle="hdtt"))
    third = unit_docx(unit_fields(name="洣水论坛", handle="mslt"))
    reading = read(mail("转发:登记", body=inline, attachments=[
        ("一.eml", mail("登记", body=other), "application/octet-stream"),
        (None, mail("登记", attachments=[("c.docx", third, DOCX)]), "message/rfc822"),
        ("二.msg", msg(typed_form(unit_fields(name="衡东视窗", handle="hdsc"))), "application/octet-stream")]))  # fmt: skip
    names = [
        form.value("name") for form in (*reading.body_forms, *(form for file in reading.files for form in file.forms))
    ]
    assert names == [unit_fields()["name"], "衡东头条", "洣水论坛", "衡东视窗"]


def test_a_returned_mail_of_ours_is_known_by_the_identifier_in_it(read):  # noqa: F811
    """系统退信 with our mail attached whole."""
    ours = mail("回复", sender="hdwxb2019@126.com", to="zhang@example.cn").replace(
        b"Message-ID: <", b"Message-ID: <intake-7-"
    )
    identifier = parse(ours).message.message_id
    raw = mail("系统退信", sender="Postmaster@126.com", body="您的邮件被退回\uff0c收件人 zhang@example.cn 不存在",
               attachments=[("原信.eml", ours, "message/rfc822")])  # fmt: skip
    reading = read(raw)
    assert reading.files[0].text.startswith(f"Message-ID: {identifier}\nSubject: 回复\nFrom: ")
    assert bounce_of(reading, SURVEY).message_ids[0] == identifier


def test_cloud_files_keep_their_link_for_the_office(read):  # noqa: F811
    """In the detail, which replies never show."""
    link = "http://mail.qq.com/cgi-bin/ftnExs_download?k=6a3&code=5a1"
    body = f"从QQ邮箱发来的超大附件\n\n执照.zip (51.2M, 2019年8月30日 10:10 到期)\n进入下载页面{chr(0xFF1A)}{link}"
    (file,) = read(mail(body=body)).files
    assert (file.problem, file.size) == ("remote", int(51.2 * 1024**2))
    assert file.problem_detail.endswith(link) and "2019年8月30日" in file.problem_detail


def test_a_file_in_memory_can_be_opened_by_its_path():
    """And gives its memory back."""
    with in_memory(b"hello") as number, open(f"/proc/self/fd/{number}", "rb") as file:
        assert file.read() == b"hello"
        assert os.readlink(f"/proc/self/fd/{number}").startswith("/memfd:")


def quine_zip() -> bytes:
    """A zip that holds a zip that holds a zip …, forty deep."""
    data = zipped([("kern.txt", b"1")])
    for _ in range(40):
        data = zipped([("r.zip", data)])
    return data


def gz_bomb(pack, layers: int = 2) -> bytes:
    """Zeros packed over and over."""
    data = pack(bytes(100_000_000))
    for _ in range(layers - 1):
        data = pack(data)
    return data


def wide_zip() -> bytes:
    """As many members as a plain zip can have."""
    entry = b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 65_535
    local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    return (
        local + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(directory), len(local), 0)
    )


def lying_7z() -> bytes:
    """A directory of random bytes behind a right checksum: counts of billions."""
    head = b"\x01\x04\x06\x00\x01\x09\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + b"\xff" * 200
    told = struct.pack("<QQI", 0, len(head), zlib.crc32(head))
    return b"7z\xbc\xaf'\x1c\x00\x04" + struct.pack("<I", zlib.crc32(told)) + told + head


HOSTILE = {
    "zip-bomb": lambda: zip_bomb(300),
    "quine": quine_zip,
    "gz": lambda: gz_bomb(gzip.compress),
    "bz2": lambda: gz_bomb(bz2.compress),
    "xz": lambda: gz_bomb(lzma.compress, 1),
    "wide": wide_zip,
    "overlapping": lambda: overlapping_zip(20_000, 20),
    "zip64": lying_zip64,
    "sparse": lambda: sparse_tar(10),
    "many-empty": lambda: gzip.compress(tar([(f"{n}", b"") for n in range(30_000)])),
    "7z-bomb": lambda: seven_zip([("零", bytes(300_000_000))]),
    "7z-lies": lying_7z,
    "rar-garbage": lambda: b"Rar!\x1a\x07\x01\x00" + noise(5000),
    "rar-lies": lambda: rar5(SOME)[:-600] + noise(600),
    "msg-garbage": lambda: msg("x")[:600] + noise(6000),
    "tnef-garbage": lambda: b"\x78\x9f\x3e\x22\x01\x00" + noise(6000),
    "mbox": lambda: b"From a@b.cn Thu Aug  1 09:30:00 2019\nSubject: x\n\n" * 20_000,
}


@pytest.fixture(scope="module")
def pool():
    """Confined children with the bounds of the product, but little memory and patience."""
    with ReaderPool(ROOT / "rules" / "survey.yaml", ReadLimits(processes=1, seconds=20, memory_mb=1024)) as pool:
        yield pool


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_containers_cost_little_and_hide_nothing(pool, tmp_path, kind):
    """The form beside it is read, in bounded time and memory, and so is the next mail."""
    raw = attached(("恶意", HOSTILE[kind]()), ("好.docx", FORM))
    path, after = tmp_path / "a.eml", tmp_path / "b.eml"
    path.write_bytes(raw)
    after.write_bytes(attached(("好.rar", rar5([("好.docx", FORM)]))))
    start = time.perf_counter()
    reading = pool.read(path, hashlib.sha256(raw).hexdigest()).result(timeout=60)
    assert time.perf_counter() - start < 15
    assert (
        any(file.role == "unit_form" and file.parent is None for file in reading.files)
        or reading.files[0].problem == "too_large"
    )
    assert len(reading.files) <= 201 and all(file.problem is None or file.problem in PROBLEMS for file in reading.files)
    following = pool.read(after, hashlib.sha256(after.read_bytes()).hexdigest()).result(timeout=60)
    assert [file.role for file in following.files] == ["container", "unit_form"]


@needs_unar
@pytest.mark.parametrize("confine_files", [True, False])
def test_packed_and_locked_rars_are_read_in_a_confined_child(tmp_path, confine_files):
    """No file can be written there: unar reads from memory and writes into a pipe."""
    locked = rar5([("登记表.docx", FORM)], "hd2019", hidden=True)
    raw = attached(("a.rar", PACKED_RAR4), ("b.rar", PACKED_RAR5), ("c.rar", locked), body="密码:hd2019")
    path = tmp_path / "a.eml"
    path.write_bytes(raw)
    limits = ReadLimits(processes=1, seconds=30)
    with ReaderPool(ROOT / "rules" / "survey.yaml", limits, confine_files=confine_files) as children:
        reading = children.read(path, hashlib.sha256(raw).hexdigest()).result(timeout=60)
    assert [file.problem for file in reading.files] == [None] * 8 and reading.files[-1].role == "unit_form"


@needs_unar
def test_a_program_that_breaks_down_says_nothing_about_the_archive(tmp_path, monkeypatch):
    """It aborts where a library of its own fails: the archive goes to a person and is not called broken."""
    broken = tmp_path / "unar"
    broken.write_text("#!/bin/sh\nkill -ABRT $$\n")
    broken.chmod(0o755)
    monkeypatch.setattr(unar, "program", lambda: str(broken))
    files = unpack(parse(attached(("a.rar", PACKED_RAR4))), ReadLimits())
    assert [file.problem for file in files] == ["unsupported"] * 3


@needs_unar
def test_unar_asks_no_other_program(tmp_path):
    """Debian's GNUstep would ask dpkg-architecture, whose warnings it writes into a file: forbidden, it aborts."""
    with unar.output(PACKED_RAR4, [0, 1], None) as process:
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        process.stdout.read()
    assert b"DEB_HOST_MULTIARCH=" in environment


_GOOD = {kind: packed(kind, [("表.txt", b"1" * 300), ("b/图.bin", noise(200))]) for kind in (*KINDS, "zip-aes")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_archives_are_unpacked_into_known_words(data):
    """Bytes of a real one changed at random, or cut: total, parents before children."""
    raw = bytearray(_GOOD[data.draw(st.sampled_from(sorted(_GOOD)))])
    for _ in range(data.draw(st.integers(0, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(len(raw) // 2, len(raw)))]
    files = unpack(parse(attached(("a", bytes(raw)), body="密码:x")), ReadLimits())
    for index, file in enumerate(files):
        assert file.problem is None or file.problem in PROBLEMS
        assert file.parent is None or file.parent < index
