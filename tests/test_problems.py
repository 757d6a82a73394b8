"""Every problem that a file can have, through the whole pipeline: the code in the ledger, and how to send it again."""

import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from build_archives import packed, rar4, zip_bomb
from build_config import configuration, now
from build_forms import individual_docx, individual_fields, unit_docx, unit_fields
from build_mails import mail
from build_pictures import as_jpeg, id_card_front
from jinja2 import Environment
from PIL import Image
from test_cloud import NETEASE_HTML, QQ_HTML
from test_containers import noise
from test_passwords import locked_docx, locked_pdf

from intake import pipeline
from intake.config import ReadLimits
from intake.confined.confine import ReaderPool
from intake.containers.volumes import is_volume
from rules.reading import PROBLEMS
from rules.survey import load_survey
from store.database import connect, rows
from store.files import keep_raw
from store.messages import enter_import

ROOT = Path(__file__).parent.parent
SURVEY = load_survey(ROOT / "rules" / "survey.yaml")
WORDING = Environment().from_string((ROOT / "rules" / "replies" / "wording.j2").read_text("utf-8")).module
LOCKED = ROOT / "tests" / "files" / "locked"
CARD = as_jpeg(id_card_front(name="刘某某"))


def white(width: int = 1200, height: int = 800) -> bytes:
    """A photo that shows nothing."""
    sink = io.BytesIO()
    Image.new("RGB", (width, height), "#dddddd").save(sink, "JPEG")
    return sink.getvalue()


def word_95() -> bytes:
    """The head of a Word 95 file in its compound file."""
    from build_legacy import compound

    return compound({"WordDocument": b"\xdc\xa5\x68\0" + bytes(4000)})


def halves(data: bytes) -> tuple[bytes, bytes]:
    return data[: len(data) // 2], data[len(data) // 2 :]


SEVEN, ZIPPED = packed("7z", [("卡.jpg", CARD)]), packed("zip", [("卡.jpg", CARD)])
#: problem → (what it is, name, bytes)
FILES = {
    "empty": [("nothing", "身份证.jpg", b""), ("empty zip", "材料.zip", b"PK\x05\x06" + bytes(18))],
    "encrypted": [
        ("docx", "证件.docx", locked_docx("secret")), ("pdf", "证件.pdf", locked_pdf("secret")),
        ("doc", "证件.doc", (LOCKED / "locked.doc").read_bytes()), ("xls", "证件.xls", (LOCKED / "locked.xls").read_bytes()),
        ("odt", "证件.odt", (LOCKED / "locked.odt").read_bytes()), ("zip", "证件.zip", packed("zip", [("a.jpg", CARD)], "x")),
        ("7z", "证件.7z", packed("7z-names", [("a.jpg", CARD)], "x")),
    ],
    "corrupt": [
        ("cut jpg", "身份证.jpg", CARD[: len(CARD) // 3]), ("cut docx", "证件.docx", unit_docx(unit_fields())[:1200]),
        ("page of an error", "证件.pdf", b"<html><body>404 Not Found</body></html>"), ("noise", "证件.doc", noise(3000)),
        ("cut rar", "证件.rar", b"Rar!\x1a\x07\x00" + noise(300)),
    ],
    "too_large": [("bomb", "材料.zip", zip_bomb(300)), ("large", "证件.bmp", b"BM" + bytes(12) + b"\x28\0\0\0" + bytes(3_000_000))],
    "unsupported": [
        ("video", "证件.mp4", b"\0\0\0\x18ftypmp42" + bytes(400)), ("slides", "证件.ppt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000)),
        ("drawing", "证件.dwg", b"AC1018" + bytes(400)), ("Word 95", "证件.doc", word_95()), ("Word 2", "证件.doc", b"\xdb\xa5\x2d\0" + bytes(900)),
        ("binary sheet", "证件.xlsb", packed("zip", [("[Content_Types].xml", b"<x/>"), ("xl/workbook.bin", b"x")])),
        ("7z volume", "证件.7z.001", halves(SEVEN)[0]), ("7z volume 2", "证件.7z.002", halves(SEVEN)[1]),
        ("zip volume", "证件.z01", halves(ZIPPED)[0]), ("rar volume", "证件.part1.rar", rar4([("a.jpg", CARD)], flags=2)),
    ],
    "unreadable": [("white", "身份证.jpg", white())],
}  # fmt: skip
CASES = [(problem, what, name, data) for problem, files in FILES.items() for what, name, data in files]


@pytest.fixture(scope="module")
def pool():
    """Confined readers as the daemon has them, with a small bound on files."""
    with ReaderPool(SURVEY.path, ReadLimits(processes=1, seconds=60, max_file_bytes=2_000_000)) as readers:
        yield readers


@pytest.fixture
def process(tmp_path, pool):
    """A mail from its bytes to its rows: (files, replies)."""

    def run(raw: bytes) -> tuple[list[dict], list[dict]]:
        config = replace(configuration(tmp_path), read=pool.limits)
        sha256, size = keep_raw(config.data, [raw])
        with closing(connect(config.database)) as database:
            enter_import(database, "a.eml", sha256, size, now().isoformat(), now())
            pipeline.process_pending(config, SURVEY, database, pool, now)
            (message,) = rows(database, "SELECT * FROM messages")
            assert message["state"] == "processed", message["error"]
            return rows(database, "SELECT * FROM attachments ORDER BY id"), rows(database, "SELECT * FROM replies")

    return run


def advice(problem: str, what: str) -> tuple[str, str]:
    """What is wrong, and how to send it again, as the reply says them."""
    return WORDING.problem[problem], WORDING.remedy["volume" if "volume" in what else problem]


def is_named(files: list[dict], reply: dict) -> bool:
    """Whether a file with a problem stands in the reply, be it an archive or what lay in it."""
    return any(file["filename"] in reply["body"] for file in files if file["problem"])


def test_every_code_is_tried():
    """Beside `remote`, which has no file."""
    assert set(FILES) | {"remote"} == set(PROBLEMS)


@pytest.mark.parametrize(("problem", "what", "name", "data"), CASES, ids=[f"{case[0]} {case[1]}" for case in CASES])
def test_the_reply_to_a_registration_says_how_to_send_such_a_file_again(process, problem, what, name, data):
    """The form is good; the other file is named with its problem, and nothing is called complete."""
    form = ("登记表.docx", individual_docx(individual_fields()), "application/octet-stream")
    files, replies = process(mail("登记材料", attachments=[form, (name, data, "application/octet-stream")]))
    assert [(file["role"], file["problem"]) for file in files[:1]] == [("individual_form", None)]
    assert problem in [file["problem"] for file in files[1:]] and all(file["problem_detail"] for file in files if file["problem"])
    (reply,) = replies
    assert reply["kind"] in ("missing_materials", "receipt") and is_named(files, reply)
    assert all(said in reply["body"] for said in advice(problem, what)), reply["body"]


@pytest.mark.parametrize(("problem", "what", "name", "data"), [case for number, case in enumerate(CASES) if number % 3 == 0],
                         ids=[f"{case[0]} {case[1]}" for number, case in enumerate(CASES) if number % 3 == 0])  # fmt: skip
def test_the_reply_to_nothing_but_such_a_file_says_so_too(process, problem, what, name, data):
    """Somebody tried to register, and nothing usable came."""
    files, replies = process(mail("新媒体账号登记表", body="附件是登记材料\uff0c请查收", attachments=[(name, data, "application/octet-stream")]))
    assert problem in [file["problem"] for file in files]
    (reply,) = replies
    assert reply["kind"] in ("guidance", "receipt", "missing_materials") and is_named(files, reply)
    assert all(said in reply["body"] for said in advice(problem, what)), reply["body"]


@pytest.mark.parametrize("html", [NETEASE_HTML, QQ_HTML], ids=["NetEase", "QQ"])
def test_the_reply_to_a_cloud_attachment_asks_for_a_common_one(process, html):
    """Only a link came."""
    form = ("登记表.docx", individual_docx(individual_fields()), "application/octet-stream")
    files, (reply,) = process(mail("登记材料", html=html, attachments=[form]))
    assert [file["problem"] for file in files] == [None, "remote"]
    assert all(said in reply["body"] for said in advice("remote", "")) and reply["kind"] == "missing_materials"


@pytest.mark.parametrize(
    ("name", "data", "volume"),
    [
        ("a.7z.001", halves(SEVEN)[0], True), ("a.7z.001", SEVEN, False), ("a.zip.001", ZIPPED, False), ("a.zip.002", b"x" * 90, True),
        ("a.zip", halves(ZIPPED)[1][:-18] + b"\1" + halves(ZIPPED)[1][-17:], True), ("a.z01", b"PK\x07\x08" + ZIPPED[:300], True),
        ("a.zip", ZIPPED, False), ("a.r00", b"x" * 90, True), ("报告.2019.001", b"x" * 90, False), ("a.001.jpg", CARD, False),
        ("2019.zip", b"", False), ("a.part1.rar", rar4([("a", b"x")]), False),
    ],
)  # fmt: skip
def test_a_volume_is_told_from_a_whole_archive(name, data, volume):
    """By its bytes where they tell, else by its name."""
    assert is_volume(data, name) is volume
