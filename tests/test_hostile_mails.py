"""Hostile files come in by mail: the daemon lives, each costs its time once, and the next mail is answered."""

import gzip
import re
import sqlite3
import struct
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from build_archives import overlapping_zip, sparse_tar, zip_bomb
from build_forms import individual_docx, individual_fields, invented_id
from build_mails import mail
from build_ooxml import package
from build_service import Service, stop
from test_containers import gz_bomb, quine_zip

from intake.demo.smtp_sink import SmtpSink

FORM = ("登记表.docx", individual_docx(individual_fields()), "application/octet-stream")
#: somebody else's: the same form once more is no news, and gets no answer
OTHER_FORM = ("登记表.docx", individual_docx(individual_fields(
    name="甘溪夜话", handle="ganxiyehua", owner_name="陈秋平", owner_id_number=invented_id(5, "19830309"), owner_phone="13507340009",
    owner_wechat="cqp83")), "application/octet-stream")  # fmt: skip
#: the largest that all children and the daemon may be together, in megabytes (two readers of at most 2 GB of address
#: space; what they really hold is told by the pages they touched: measured 2.0 GB)
MOST_MB = 3_000


def entities(depth: int = 12) -> bytes:
    """A billion laughs in a Word file."""
    told = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "哈" * 10}">' for n in range(depth))
    with zipfile.ZipFile(sink := BytesIO(), "w", zipfile.ZIP_DEFLATED) as file:
        with zipfile.ZipFile(BytesIO(package("<w:p/>"))) as old:
            for name in old.namelist():
                if name != "word/document.xml":
                    file.writestr(name, old.read(name))
        file.writestr("word/document.xml", f'<?xml version="1.0"?><!DOCTYPE w [{told}]><w:document xmlns:w="http://schemas'
                      f'.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p>&e{depth - 1};</w:p></w:body></w:document>')
    return sink.getvalue()


def outside() -> bytes:
    """An external entity that reads a file of the machine."""
    text = ('<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><office:document xmlns:office='
            '"urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:mimetype="application/vnd.oasis.opendocument.text">'
            "<office:body><office:text>&x;</office:text></office:body></office:document>")
    return text.encode()


def traversal() -> bytes:
    """Names that lead out of every folder, and a link."""
    with zipfile.ZipFile(sink := BytesIO(), "w") as file:
        for name in ("../../../../tmp/intake-was-here.txt", "/tmp/intake-was-here.txt", "..\\..\\intake-was-here.txt", "C:\\intake-was-here.txt"):
            file.writestr(name, "账号名称:出逃")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    return sink.getvalue()


def pixels(width: int = 60_000, height: int = 60_000) -> bytes:
    """A picture of a few kilobytes with 3.6 billion pixels: ten gigabytes when it is opened."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def recursive_pdf() -> bytes:
    """Pages that are their own parents, and a stream that is its own length."""
    return (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R 3 0 R]/Count 999999999>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9e9 9e9]/Contents 4 0 R>>endobj\n4 0 obj<</Length 4 0 R/Filter[/FlateDecode"
            b"/FlateDecode]>>stream\nxx\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\nstartxref\n9\n%%EOF")


def pdf_bomb() -> bytes:
    """A page whose content unpacks to a gigabyte of drawing."""
    once = zlib.compress((b"0 0 m 1 1 l S\n" * 8_000_000)[:100_000_000], 9)
    return (b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>endobj\n4 0 obj<</Length %d/Filter/FlateDecode>>stream\n"
            % len(once) + once + b"\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\nstartxref\n9\n%%EOF")


HOSTILE = {
    "zip bomb": ("材料.zip", lambda: zip_bomb(400)), "quine": ("材料.zip", quine_zip), "gz bomb": ("材料.gz", lambda: gz_bomb(gzip.compress)),
    "overlapping": ("材料.zip", lambda: overlapping_zip(20_000, 20)), "sparse": ("材料.tar", lambda: sparse_tar(10)),
    "traversal": ("材料.zip", traversal), "entities": ("证件.docx", entities), "outside": ("证件.odt", outside),
    "pixels": ("证件.png", pixels), "recursive": ("证件.pdf", recursive_pdf), "pdf bomb": ("证件.pdf", pdf_bomb),
}  # fmt: skip


def memory_mb(pid: int) -> float:
    """What a process and all below it hold, shared pages counted in part (`Pss`)."""
    total = 0.0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if pid in (int(place.name), *_ancestors(place)):
                total += sum(int(size) for size in re.findall(r"^Pss:\s+(\d+)", (place / "smaps_rollup").read_text(), re.MULTILINE)) / 1024
        except OSError:
            continue
    return total


def _ancestors(place: Path) -> list[int]:
    found = []
    while len(found) < 8:
        parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        if parent < 2:
            break
        found.append(parent)
        place = Path("/proc") / str(parent)
    return found


@pytest.fixture
def service(netease, tmp_path):
    """A service with real readers, in which a file may take so many seconds."""
    user = netease.new_user()
    with SmtpSink(user=user.name, password=user.password, certificate=netease.dovecot.certificate) as sink:
        yield Service(tmp_path, user, sink, read={"processes": 2, "seconds": 20})


def test_the_daemon_outlives_every_hostile_file_and_answers_the_next_mail(service):
    """Each with a good form beside it; memory stays within bounds; nothing is written where it should not be."""
    to = service.user.name
    raws = [mail(f"登记 {what}", f"周某 <p{number}@example.cn>", to=to, attachments=[FORM, (name, made(), "application/octet-stream")])
            for number, (what, (name, made)) in enumerate(HOSTILE.items())]  # fmt: skip
    raws.append(mail("最后一封", "陈某 <last@example.cn>", to=to, attachments=[OTHER_FORM]))
    service.user.seed(raws)
    daemon, most = service.start(), 0.0
    deadline = time.monotonic() + 240
    while not (service.folder / "data" / "intake.db").exists() or not _settled(service, len(raws)):
        most = max(most, memory_mb(daemon.pid))
        assert daemon.poll() is None and time.monotonic() < deadline, service.log()
        time.sleep(0.2)
    assert stop(daemon) == 0
    rows = service.rows("SELECT subject, state, error FROM messages")
    assert {(row["state"], row["error"]) for row in rows} == {("processed", None)} and len(rows) == len(raws)
    assert most < MOST_MB, most
    forms = service.rows("SELECT message_id FROM attachments WHERE role = 'individual_form' AND parent_id IS NULL")
    assert len({row[0] for row in forms}) == len(raws)
    assert not list(Path("/tmp").glob("*intake-was-here*"))
    texts = " ".join(str(row[0]) for row in service.rows("SELECT text FROM attachments"))
    assert "root:" not in texts and "哈哈哈" not in texts
    assert any("last@example.cn" in str(each.recipients) for each in service.sink.mails)


def _settled(service: Service, mails: int) -> bool:
    try:
        return service.is_settled(mails)
    except sqlite3.OperationalError:  # the database is just being made
        return False
