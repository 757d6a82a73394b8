"""The same file is never read twice: across mails, restarts and readers; and whatever is damaged is read anew."""

import gzip
import hashlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from build_config import configuration, now
from build_forms import form_pdf, individual_docx, individual_fields, unit_docx, unit_fields
from build_mails import mail
from build_ofd import ofd_form
from build_pdf import scanned_pdf
from build_pictures import as_jpeg, id_card_front
from build_sheets import laid_out, openpyxl_book, xlwt_book, xmlss_book
from test_passwords import locked_docx

from intake import pipeline
from intake.config import ReadLimits
from intake.confined.confine import ReaderPool
from intake.confined.shared import SharedReadings, SharedWith
from intake.readers import Unreadable, ofd, pdf
from intake.reading import version as versions
from intake.reading.documents import DIED, READERS
from intake.reading.kept import pack, unpack
from intake.reading.version import reader_version
from intake.replay.run import replay
from intake.replay.walk import NotReadable, Wanted
from rules.document import Document, Paragraph
from rules.survey import load_survey
from store import processing
from store.database import connect, rows
from store.files import keep_raw
from store.messages import enter_import
from store.readings import ReadingFiles

ROOT = Path(__file__).parent.parent
SURVEY = ROOT / "rules" / "survey.yaml"
HERE = ReadLimits(processes=0)
VERSION, OTHER = "0" * 16, "1" * 16
CARD = as_jpeg(id_card_front(name="刘某某"))


def stored(data: Path, raw: bytes) -> tuple[Path, str]:
    """A mail on the disk, with its SHA-256."""
    sha256, _ = keep_raw(data, [raw])
    return data / "raw" / sha256[:2] / f"{sha256}.eml", sha256


def read(data: Path, raw: bytes, limits: ReadLimits = HERE, survey: Path = SURVEY, anew: bool = False):
    """A mail read by a process that has just started."""
    with ReaderPool(survey, limits, data=data) as pool:
        return pool.read(*stored(data, raw), anew=anew).result(timeout=120)


def with_card(subject: str, card: bytes = CARD) -> bytes:
    """A mail with a scan."""
    return mail(subject, attachments=[("身份证.jpg", card, "image/jpeg")])


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The reader of every file that is really opened in this process."""
    import importlib

    names = []

    def counted(name: str, reader):
        def count(*arguments):
            names.append(name)
            return reader(*arguments)
        return count

    for name in dict.fromkeys(READERS.values()):
        module = importlib.import_module(f"intake.readers.{name}")
        monkeypatch.setattr(module, "read", counted(name, module.read))
    return names


def entries(data: Path) -> list[Path]:
    """What is kept."""
    return sorted(path for path in (data / "readings").rglob("*") if path.is_file() and "died" not in path.parts)


def test_a_scan_that_comes_with_three_mails_is_read_once(tmp_path, opened):
    """In processes that know nothing of each other but the disk; under whatever name it comes."""
    readings = [read(tmp_path, with_card(f"第{number}封")) for number in range(3)]
    renamed = read(tmp_path, mail("改名", attachments=[("IMG_01.JPG", CARD, "application/octet-stream")]))
    assert opened == ["image"]
    assert all(reading.files == readings[0].files for reading in readings)
    assert readings[0].files[0].role == "id_card" == renamed.files[0].role
    assert renamed.files[0].papers == readings[0].files[0].papers


LEGACY = ROOT / "tests" / "files" / "legacy"


def samples() -> dict[str, bytes]:
    """One file of every kind that a reader opens."""
    sheet = laid_out(unit_fields(), "unit_form", "two_columns")
    return {
        "a.docx": unit_docx(unit_fields()), "b.docx": individual_docx(individual_fields(), pictures=[CARD]),
        "c.doc": (LEGACY / "official.doc").read_bytes(), "d.wps": (LEGACY / "wps.doc").read_bytes(),
        "e.rtf": (LEGACY / "official.rtf").read_bytes(), "f.odt": (LEGACY / "official.odt").read_bytes(),
        "g.pdf": form_pdf(unit_fields()), "h.pdf": scanned_pdf(CARD), "i.xlsx": openpyxl_book(sheet),
        "j.xls": xlwt_book(sheet), "k.xls": xmlss_book(sheet), "l.ofd": ofd_form(sheet),
        "m.html": (ROOT / "tests" / "files" / "sheets" / "writer.html").read_bytes(), "n.jpg": CARD,
        "o.csv": (ROOT / "tests" / "files" / "sheets" / "words.csv").read_bytes(),
        "r.ods": (ROOT / "tests" / "files" / "sheets" / "two_columns.ods").read_bytes(),
        "s.emf": gzip.decompress((ROOT / "tests" / "files" / "metafiles" / "card.emz").read_bytes()),
        "p.docx": b"PK\x03\x04" + bytes(900), "q.jpg": CARD[:900],
    }  # fmt: skip


def test_every_kind_of_file_is_told_from_what_was_kept_as_it_was_read(tmp_path, opened):
    """Word for word, box for box; damaged files too."""
    raw = mail(attachments=[(name, data, "application/octet-stream") for name, data in samples().items()])
    without = read_here(raw, tmp_path)
    opened.clear()
    first = read(tmp_path, raw)
    assert set(opened) == set(READERS.values()) - {"word_xml"}
    opened.clear()
    assert read(tmp_path, raw) == first == without
    assert opened == []


def read_here(raw: bytes, folder: Path):
    """Without any kept readings."""
    with ReaderPool(SURVEY, HERE) as pool:
        return pool.read(*stored(folder, raw)).result()


def _foreign() -> bytes:
    data = pickle.dumps(os.system, protocol=5)
    return hashlib.sha256(data).digest() + data


def _wrong() -> bytes:
    data = pickle.dumps(Document("ocr", blocks=("text",)), protocol=5)
    return hashlib.sha256(data).digest() + data


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:40], lambda data: data[:-1], lambda data: data[:99] + b"?" + data[100:],
     lambda data: b"\0" * len(data), lambda data: _foreign(), lambda data: _wrong()],
    ids=["empty", "head", "cut", "changed", "zeros", "foreign", "wrong-types"],
)  # fmt: skip
@pytest.mark.parametrize("processes", [0, 1])
def test_a_damaged_entry_is_none_and_is_mended(tmp_path, damage, processes):
    """After a power cut, a bad disk, or somebody's hand: the file is read anew."""
    limits, raw = ReadLimits(processes=processes), mail(attachments=[("a.docx", unit_docx(unit_fields()), "x/y")])
    first = read(tmp_path, raw, limits)
    (path,) = entries(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert read(tmp_path, raw, limits) == first and first.files[0].role == "unit_form"
    assert path.read_bytes() == whole


def test_what_is_packed_comes_back(tmp_path):
    """Documents and reasons."""
    document = Document("text", (Paragraph("某某"),))
    assert unpack(pack(document)) == document
    for printed in (pdf.read(form_pdf(unit_fields(), ruled=False), HERE), ofd.read(ofd_form(laid_out(unit_fields(), "unit_form", "colons")), HERE)):
        assert unpack(pack(printed)) == printed
    error = unpack(pack(Unreadable("corrupt", "已损坏")))
    assert (error.problem, error.detail) == ("corrupt", "已损坏")


def test_a_changed_survey_is_a_new_reading(tmp_path, opened):
    """Pictures are read with the survey's words; of documents only what is understood changes, for which none is opened."""
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    raw = mail(attachments=[("a.docx", unit_docx(unit_fields(service_type="洣水号")), "x/y"), ("b.jpg", CARD, "image/jpeg")])
    before = read(tmp_path, raw, survey=folder / "survey.yaml")
    text = (folder / "survey.yaml").read_text("utf-8")
    assert "\nplaces:\n" in text
    (folder / "survey.yaml").write_text(text.replace("\nplaces:\n", "\nplaces:\n  - 新地名\n", 1), "utf-8")
    opened.clear()
    after = read(tmp_path, raw, survey=folder / "survey.yaml")
    assert opened == ["image"] and before.files[0].role == after.files[0].role == "unit_form"


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Path:
    """The code in a place where it can be changed."""
    for name in ("intake", "rules"):
        shutil.copytree(ROOT / name, tmp_path / "code" / name, ignore=shutil.ignore_patterns("__pycache__", "*.eml"))
    monkeypatch.setattr(versions, "_ROOTS", {name: tmp_path / "code" / name for name in ("intake", "rules")})
    return tmp_path / "code"


@pytest.mark.parametrize(
    ("changed", "documents"),
    [("intake/readers/word.py", True), ("intake/ocr_steps.py", True), ("intake/reading/charset.py", True),
     ("rules/ticks.py", True), ("rules/document.py", True), ("intake/reading/documents.py", True),
     ("rules/id_card_front.py", False), ("intake/containers/msg.py", False), ("rules/survey.yaml", False)],
)  # fmt: skip
def test_other_code_is_another_version(tree, changed, documents):
    """Documents hang on the readers and all that they import; who killed a reader hangs on everything."""
    limits, survey = ReadLimits(), tree / "rules" / "survey.yaml"
    before = reader_version(survey, limits)
    assert before == reader_version(survey, limits)
    with (tree / changed).open("a") as file:
        file.write("\n# changed\n")
    after = reader_version(survey, limits)
    assert (after.documents != before.documents) is documents and after.whole != before.whole


def test_other_bounds_and_libraries_are_another_version(monkeypatch):
    """More pages, another OCR engine, LibreOffice put in later; more processes read no differently."""
    before = reader_version(SURVEY, ReadLimits())
    assert reader_version(SURVEY, ReadLimits(max_pages=3)).documents != before.documents
    patient = reader_version(SURVEY, ReadLimits(seconds=300))
    assert patient.documents == before.documents and patient.whole != before.whole
    assert reader_version(SURVEY, ReadLimits(processes=7, attempts=9, readings_mb=1)) == before
    for name, value in (("_libraries", ["rapidocr-9.9.dist-info"]), ("_programs", ["/usr/bin/soffice 1 1"])):
        with monkeypatch.context() as patch:
            patch.setattr(versions, name, lambda value=value: value)
            assert reader_version(SURVEY, ReadLimits()).documents != before.documents


def test_a_locked_file_is_tried_with_the_password_of_each_mail(tmp_path, opened):
    """That nobody could open it yesterday says nothing about today; unlocked, it is known by its own bytes."""
    parts = [("登记表.docx", locked_docx("hd2019"), "x/y")]
    assert read(tmp_path, mail(attachments=parts)).files[0].problem == "encrypted"
    for _ in range(2):
        assert read(tmp_path, mail(body="密码:hd2019", attachments=parts)).files[0].role == "unit_form"
    assert read(tmp_path, mail(attachments=parts)).files[0].problem == "encrypted"
    assert opened == ["word"]


def test_what_is_kept_is_for_nobody_else_and_lies_where_it_should(tmp_path):
    """Files 0600, folders 0700, names without a word of anybody."""
    old = os.umask(0)
    try:
        read(tmp_path, with_card("登记"))
    finally:
        os.umask(old)
    (path,) = entries(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600 and hashlib.sha256(CARD).hexdigest() in path.name
    while path != tmp_path:
        path = path.parent
        assert path == tmp_path or path.stat().st_mode & 0o777 == 0o700


def test_where_nothing_is_to_be_kept_nothing_is(tmp_path, opened):
    """`readings_mb: 0`."""
    for _ in range(2):
        read(tmp_path, with_card("登记"), ReadLimits(processes=0, readings_mb=0))
    assert opened == ["image", "image"] and not (tmp_path / "readings").exists()


def key(number: int) -> str:
    """The key of some file."""
    return f"{number:064x}-docx"


def test_a_process_that_is_killed_while_it_writes_leaves_no_entry(tmp_path):
    """What is there is whole; the scrap goes with a later pruning."""
    program = ("import os, signal, sys\nfrom pathlib import Path\nfrom store.readings import ReadingFiles\n"
               "os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)\n"
               f"ReadingFiles(Path(sys.argv[1]), 10**9).keep('{VERSION}', '{key(1)}', bytes(10**6))\n")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    files = ReadingFiles(tmp_path, 10**9)
    assert files.find(VERSION, key(1)) is None
    (scrap,) = entries(tmp_path)
    os.utime(scrap, (0, 0))
    files.prune()
    assert entries(tmp_path) == []


def test_a_full_disk_keeps_nothing_and_stops_nothing(tmp_path, monkeypatch, opened, caplog):
    """The mail is read all the same."""
    path, sha256 = stored(tmp_path, with_card("登记"))
    monkeypatch.setattr("store.readings.os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left")))
    with ReaderPool(SURVEY, HERE, data=tmp_path) as pool:
        assert pool.read(path, sha256).result().files[0].role == "id_card"
    assert entries(tmp_path) == [] and "reading-not-kept" in caplog.text


def test_the_longest_unused_go_first_and_the_bound_holds(tmp_path):
    """In bytes and in days."""
    files = ReadingFiles(tmp_path, 100_000)
    for number in range(30):
        files.keep(VERSION if number % 2 else OTHER, key(number), bytes(10_000))
        path = next((tmp_path / "readings").rglob(key(number)))
        os.utime(path, (time.time() - 1000 + number,) * 2)
        assert sum(entry.stat().st_size for entry in entries(tmp_path)) <= 100_000
    assert {entry.name for entry in entries(tmp_path)} >= {key(number) for number in range(23, 30)}
    old = entries(tmp_path)[0]
    os.utime(old, (time.time() - 100 * 86400,) * 2)
    files.prune()
    assert old not in entries(tmp_path) and len(entries(tmp_path)) >= 6


def test_what_is_asked_for_stays(tmp_path):
    """Each use makes an entry young again."""
    files = ReadingFiles(tmp_path, 10**6)
    files.keep(VERSION, key(1), b"x")
    (path,) = entries(tmp_path)
    os.utime(path, (time.time() - 80 * 86400,) * 2)
    files.find(VERSION, key(1)).close()
    assert path.stat().st_mtime > time.time() - 60


@pytest.mark.parametrize("bad", ["../../intake.db", "", "a" * 64, f"{'a' * 64}-../x", f"{'a' * 64}-docx\n", "A" * 64 + "-docx"])
def test_a_key_never_leads_elsewhere(tmp_path, bad):
    """Keys come from processes that have read strangers' files."""
    files = ReadingFiles(tmp_path, 10**6)
    for call in (lambda: files.find(VERSION, bad), lambda: files.keep(VERSION, bad, b"x"), lambda: files.note_death(VERSION, f"{bad}.")):
        with pytest.raises(ValueError):
            call()


def count_kept(pool: ReaderPool, monkeypatch) -> list[str]:
    """The keys of what the children of a pool have read."""
    keys, keep = [], pool.shared.keep
    monkeypatch.setattr(pool.shared, "keep", lambda version, key, entry: (keys.append(key), keep(version, key, entry)))
    return keys


def test_two_mails_at_once_with_the_same_file_read_it_once(tmp_path, monkeypatch):
    """The second reader waits for the first; files in another order make nobody wait in a circle."""
    cards = [as_jpeg(id_card_front(name=name)) for name in ("刘某某", "陈某某")]
    parts = [(f"{number}.jpg", card, "image/jpeg") for number, card in enumerate(cards)]
    mails = [stored(tmp_path, mail("一", attachments=parts)), stored(tmp_path, mail("二", attachments=parts[::-1]))]
    with ReaderPool(SURVEY, ReadLimits(processes=2), data=tmp_path) as pool:
        keys = count_kept(pool, monkeypatch)
        first, second = [future.result(timeout=120) for future in [pool.read(*one) for one in mails]]
    assert len(keys) == 2 == len(set(keys))
    assert [file.papers for file in first.files] == [file.papers for file in second.files[::-1]] and first.files[0].papers


def count_deaths(pool: ReaderPool, monkeypatch) -> list[str]:
    """The files over which readers of a pool have died."""
    deaths, note = [], pool.shared.note_death
    monkeypatch.setattr(pool.shared, "note_death", lambda version, sha256: (deaths.append(sha256), note(version, sha256)))
    return deaths


def test_nobody_waits_for_ever(tmp_path):
    """A reader that is stuck, and a pool that is closed."""
    version = reader_version(SURVEY, ReadLimits())
    shared = SharedReadings(ReadingFiles(tmp_path, 10**6))
    stuck, other = SharedWith(shared, version, 0.2), SharedWith(shared, version, 0.2)
    assert stuck.find(key(1)) is None
    start = time.monotonic()
    assert other.find(key(1)) is None and 0.15 < time.monotonic() - start < 2
    shared.close()
    start = time.monotonic()
    assert SharedWith(shared, version, 60).find(key(1)) is None and time.monotonic() - start < 1


#: libraries that never end; they stand in for the one that opens iPhone photos, which every picture asks for
SLOW = "def register_heif_opener():\n    while True:\n        pass\n"
CRASH = "import ctypes\n\n\ndef register_heif_opener():\n    ctypes.string_at(0)\n"


def hostile(folder: Path, code: str, name: str = "pillow_heif") -> tuple[str, ...]:
    """An import path with such a library."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(code)
    return (str(folder),)


@pytest.mark.parametrize("code", ["while True:\n    pass\n", "import ctypes\n\nctypes.string_at(0)\n"], ids=["endless", "crash"])
def test_a_poison_file_costs_its_time_once_and_holds_nobody_up(tmp_path, monkeypatch, code):
    """Neither the next mail nor the next start opens it again; the rest of each mail is read; a person may insist."""
    limits, pdf = ReadLimits(processes=1, seconds=5), form_pdf(unit_fields())
    raws = [mail(f"第{number}封", attachments=[("登记表.docx", unit_docx(unit_fields()), "x/y"), ("卡.pdf", pdf, "x/y")])
            for number in range(3)]  # fmt: skip
    paths = hostile(tmp_path / "lib", code, "pypdfium2")
    with ReaderPool(SURVEY, limits, data=tmp_path, import_paths=paths) as pool:
        deaths = count_deaths(pool, monkeypatch)
        told = [told_of(pool, tmp_path, raw) for raw in raws[:2]]
        assert len(deaths) == 1
    with ReaderPool(SURVEY, limits, data=tmp_path, import_paths=paths) as pool:
        deaths = count_deaths(pool, monkeypatch)
        told.append(told_of(pool, tmp_path, raws[2]))
        assert deaths == []
        told.append(told_of(pool, tmp_path, raws[2], anew=True))
        assert len(deaths) == 1
    assert told == [[("unit_form", None, None), ("other", "unreadable", DIED)]] * 4
    with ReaderPool(SURVEY, limits, data=tmp_path) as pool:  # the library is mended, which another version would tell
        assert told_of(pool, tmp_path, raws[0])[1] == ("other", "unreadable", DIED)
        assert told_of(pool, tmp_path, raws[0], anew=True)[1] == ("unit_form", None, None)
        assert told_of(pool, tmp_path, raws[1])[1] == ("unit_form", None, None)


def told_of(pool: ReaderPool, folder: Path, raw: bytes, anew: bool = False) -> list[tuple]:
    """Role and problem of each file."""
    files = pool.read(*stored(folder, raw), anew=anew).result(timeout=60).files
    return [(file.role, file.problem, file.problem_detail) for file in files]


def test_who_waits_for_a_poison_file_does_not_try_it(tmp_path, monkeypatch):
    """Two mails at once: its time is paid once, not once for each reader."""
    limits = ReadLimits(processes=2, seconds=3)
    mails = [stored(tmp_path, with_card(f"第{number}封")) for number in range(2)]
    with ReaderPool(SURVEY, limits, data=tmp_path, import_paths=hostile(tmp_path / "lib", SLOW)) as pool:
        deaths = count_deaths(pool, monkeypatch)
        results = [future.result(timeout=60) for future in [pool.read(*one) for one in mails]]
    assert [result.files[0].problem for result in results] == ["unreadable"] * 2
    assert deaths == [hashlib.sha256(CARD).hexdigest()]


def test_a_reader_that_is_killed_from_outside_speaks_against_no_file(tmp_path):
    """A machine that is shut down, memory that others used up, a service that is stopped."""
    waits = hostile(tmp_path / "lib", "import time\n\n\ndef register_heif_opener():\n    time.sleep(4)\n")
    with ReaderPool(SURVEY, ReadLimits(processes=1, seconds=30), data=tmp_path, import_paths=waits) as pool:
        future = pool.read(*stored(tmp_path, with_card("登记")))
        deadline = time.monotonic() + 20
        while not pool._children and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.5)
        os.killpg(next(iter(pool._children)).pid, signal.SIGKILL)
        assert future.result(timeout=60).files[0].role == "id_card"
        pool.read(*stored(tmp_path, with_card("又来", as_jpeg(id_card_front(name="陈某某")))))
        time.sleep(1.5)
    assert not list((tmp_path / "readings").rglob("died/*/*"))


def test_a_mail_that_a_person_asks_for_again_is_really_read_again(tmp_path):
    """`intake retry`: given up over more poison files than one attempt may cost; then the cause is gone."""
    config = configuration(tmp_path, read=ReadLimits(processes=1, seconds=20, attempts=1))
    cards = [as_jpeg(id_card_front(name=f"刘{char}某")) for char in "一二三四五六七"]
    raw = mail(attachments=[(f"{number}.jpg", card, "image/jpeg") for number, card in enumerate(cards)])
    sha256, size = keep_raw(config.data, [raw])
    survey = load_survey(SURVEY)
    with closing(connect(config.database)) as database:
        enter_import(database, "a.eml", sha256, size, now().isoformat(), now())
        with ReaderPool(SURVEY, config.read, data=config.data, import_paths=hostile(tmp_path / "lib", CRASH)) as pool:
            pipeline.process_pending(config, survey, database, pool, now)
        assert [row["state"] for row in rows(database, "SELECT state FROM messages")] == ["failed"]
        with ReaderPool(SURVEY, config.read, data=config.data) as pool:
            assert processing.retry(database, [1], "somebody", now()) == [1]
            pipeline.process_pending(config, survey, database, pool, now)
        found = rows(database, "SELECT problem, role FROM attachments")
        assert {(row["problem"], row["role"]) for row in found} == {(None, "id_card")} and len(found) == 7
        assert rows(database, "SELECT read_anew FROM messages") == [{"read_anew": 0}]


def test_a_replay_of_one_mail_opens_again_what_once_killed_its_reader(tmp_path):
    """The mail was processed without its poison file; then the cause is gone, which no version tells."""
    config = configuration(tmp_path, read=ReadLimits(processes=1, seconds=20))
    for name in ("刘某某", "陈某某"):
        sha256, size = keep_raw(config.data, [with_card(name, as_jpeg(id_card_front(name=name)))])
        with closing(connect(config.database)) as database:
            enter_import(database, name, sha256, size, now().isoformat(), now())
    survey = load_survey(SURVEY)
    with closing(connect(config.database)) as database:
        with ReaderPool(SURVEY, config.read, data=config.data, import_paths=hostile(tmp_path / "lib", CRASH)) as pool:
            pipeline.process_pending(config, survey, database, pool, now)
        shown = "SELECT message_id, problem FROM attachments ORDER BY id"
        assert [row["problem"] for row in rows(database, shown)] == ["unreadable"] * 2
        with ReaderPool(SURVEY, config.read, data=config.data) as pool:
            replay(config, survey, database, pool, now())
            assert [row["problem"] for row in rows(database, shown)] == ["unreadable"] * 2
            replay(config, survey, database, pool, now(), Wanted(messages=frozenset([2])))
            assert rows(database, shown) == [{"message_id": 1, "problem": "unreadable"}, {"message_id": 2, "problem": None}]
            with pytest.raises(NotReadable, match="999"):
                replay(config, survey, database, pool, now(), Wanted(messages=frozenset([999])))
