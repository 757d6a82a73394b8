"""Pages of submissions, mails and originals: real mails, read by the real readers, seen through the real site."""

import html
import io
import json
import re
import zipfile
from concurrent.futures import Future
from contextlib import contextmanager

import httpx
import pytest
from build_admin import log_in, serving, submit
from build_config import configuration, now
from build_forms import form_pdf, individual_docx, individual_fields, invented_id, unit_docx, unit_fields
from build_mails import mail
from build_pictures import id_card_front
from build_scans import scanned_form
from PIL import Image

from intake.desk.acts import stamp_of_message, stamp_of_submission
from intake.mailbox.importing import import_paths
from intake.office.nearby import nearby
from intake.office.originals import Kept
from intake.office.story import tell_message, tell_submission
from intake.reading.original import jpeg as as_jpeg
from rules.errors import IntakeError, PermanentError, TransientError
from rules.survey import load_survey
from store.database import connect, one, rows

NUMBER, PHONE = invented_id(7, "19900212"), "13907345678"
SECRETS = (NUMBER, NUMBER[6:14], PHONE, PHONE[3:])
SCRIPT = "<script>alert(document.domain)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
PERSON = individual_fields(
    name=f"老谭说事{IMAGE}", handle="laotan", owner_name="谭晓明", owner_id_number=NUMBER, owner_phone=PHONE,
    introduction=SCRIPT, admin_phone=PHONE)  # fmt: skip


def jpeg(image: Image.Image, **how) -> bytes:
    sink = io.BytesIO()
    image.convert("RGB").save(sink, "JPEG", quality=85, **how)
    return sink.getvalue()


def _mails() -> list[bytes]:
    """One hostile and one plain registration, a scanned form, a text PDF, and an archive with a broken file."""
    exif = Image.Exif()
    exif[0x010E] = "onerror-in-exif"
    card = jpeg(id_card_front("谭晓明", NUMBER), exif=exif) + b"<script>alert(1)</script>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../etc/表.pdf", form_pdf(unit_fields(name="吴集商会", handle="wjsh")))
        archive.writestr("坏.pdf", b"%PDF-1.7\n" + b"\x00" * 400)
    return [
        mail(f"登记 {SCRIPT}", f"{SCRIPT} <tan@example.cn>", body=f"{SCRIPT} 电话 {PHONE}", attachments=[
            (f"登记表{IMAGE}.docx", individual_docx(PERSON), "application/octet-stream"),
            ("身份证.jpg", card, "image/jpeg"),
            ("说明.html", f"<p>{SCRIPT}</p><p>第二段</p>".encode(), "text/html")]),
        mail("扫描的登记表", "李四 <li@example.cn>", attachments=[
            ("扫描.jpg", jpeg(scanned_form(unit_fields(name="洣水之声", handle="mishuizs"), seed=4).rotate(
                1.2, fillcolor="white", expand=True)), "image/jpeg")]),
        mail("压缩包", "王五 <wang@example.cn>", attachments=[("材料.zip", packed.getvalue(), "application/zip")]),
    ]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """An installation that has taken these mails in."""
    folder = tmp_path_factory.mktemp("pages")
    config = configuration(folder)
    for serial, raw in enumerate(_mails()):
        (folder / f"{serial}.eml").write_bytes(raw)
    database = connect(config.database)
    import_paths(config, load_survey(config.survey), database, sorted(folder.glob("*.eml")), now)
    database.close()
    return config


@pytest.fixture(scope="module")
def client(config):
    """A clerk's browser."""
    with serving(config.data, "handle", config) as client:
        yield client


@pytest.fixture
def database(config):
    database = connect(config.database)
    yield database
    database.close()


@contextmanager
def as_user(client: httpx.Client, role: str):
    """The same browser with another person before it."""
    cookies = dict(client.cookies)
    client.cookies.clear()
    log_in(client, role)
    try:
        yield client
    finally:
        client.cookies.clear()
        client.cookies.update(cookies)


def file_id(database, name: str) -> int:
    return one(database, "SELECT id FROM attachments WHERE filename LIKE ?", [f"%{name}%"])["id"]


def page_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.text


# -- what is known ---------------------------------------------------------------------------------------------------


def test_each_field_stands_beside_the_piece_it_was_read_from(client):
    """Value, place, and the lines around it, of a table in a Word file."""
    page = html.unescape(page_of(client, "/-/submission/HD2019-0001"))
    row = re.search(r'<tr[^>]*>\s*<th scope="row">账号</th>.*?</tr>', page, re.DOTALL)[0]
    assert "laotan" in row and "表1 第2行 第2列" in row
    own = re.search(r'<div class="own">(.*?)</div>', row)[1]
    label, value = re.findall("<span>(.*?)</span>", own)
    assert "".join(label.split()) == "账号" and value.startswith("laotan")


def test_numbers_are_masked_everywhere(client, database):
    """On pages of submissions, mails, files and answers, in forms too."""
    addresses = ["/-/submission/HD2019-0001", "/-/outbox", "/-/outbox/1"]
    addresses += [f"/-/message/{row['id']}" for row in rows(database, "SELECT id FROM messages")]
    addresses += [f"/-/file/{row['id']}" for row in rows(database, "SELECT id FROM attachments")]
    for address in addresses:
        page = page_of(client, address)
        for secret in SECRETS:
            assert secret not in page, (address, secret)


def test_what_strangers_wrote_is_text(client, database):
    """In subjects, senders, file names, fields, bodies and attached pages."""
    addresses = ["/-/submission/HD2019-0001", "/-/message/1", f"/-/file/{file_id(database, '登记表')}",
                 f"/-/file/{file_id(database, '说明')}"]
    for address in addresses:
        page = page_of(client, address)
        assert "<script" not in page and "<img src=x" not in page, address
        assert "script-src" not in page
    assert html.escape(SCRIPT) in page_of(client, "/-/submission/HD2019-0001")


def test_the_timeline_tells_of_mails_and_answers_and_why_there_was_none(client, database):
    """A mail that nobody answered says so."""
    mail_id = one(database, "SELECT id FROM messages ORDER BY id")["id"]
    database.conn.execute("UPDATE replies SET state = 'suppressed', reason = '此地址已达当日上限。' WHERE message_id = ?", [mail_id])
    database.conn.execute("UPDATE messages SET silence = 'auto-submitted' WHERE id = ?", [mail_id])
    page = page_of(client, "/-/submission/HD2019-0001")
    assert "没有回信：" in page and "此地址已达当日上限。" in page and f'href="/-/message/{mail_id}"' in page


def test_a_number_is_found_in_any_case_and_an_unknown_one_is_not(client):
    """Numbers are typed by hand."""
    assert "HD2019-0001" in page_of(client, "/-/submission/hd2019-0001")
    for address in ("/-/submission/HD2019-9999", "/-/message/9999", "/-/outbox/9999", "/-/outbox/d9999", "/-/file/9999"):
        assert client.get(address).status_code == 404, address


def test_the_lines_around_a_value_are_found_whatever_its_spaces():
    """The text as written may hold wider spaces than the line that is kept of it."""
    text = "账号名称\t衡东发布\n账 号\thdfb  x\n服务类型\t订阅号"
    assert nearby(text, [("账号", "hdfb x"), ("账号", "没有"), ("账号", None), ("账号", " ")]) == [
        ((False, "账号名称\t衡东发布"), (True, "账 号\thdfb  x"), (False, "服务类型\t订阅号")), (), (), ()]
    assert nearby("", [("账号", "x")]) == [()]


def test_the_same_words_in_two_lines_stand_beside_their_own_labels():
    """Administrator and owner are one person with one telephone; 0 followers stand in no date."""
    text = "注册日期\t2018-03-05\n关注量\t0\n管理员姓名\t向文\n手机号码\t139\n负责人姓名\t向文\n手机号码\t139"
    fields = [("关注量", "0"), ("管理员姓名", "向文"), ("管理员手机号码", "139"), ("负责人姓名", "向文"), ("负责人手机号码", "139")]
    own = [next(at for at, (mine, _) in enumerate(lines) if mine) for lines in nearby(text, fields)]
    assert own == [1, 1, 1, 1, 1]
    before = [lines[0][1] for lines in nearby(text, fields)]
    assert [line.split("\t")[0] for line in before] == ["注册日期", "关注量", "管理员姓名", "手机号码", "负责人姓名"]


def test_nothing_on_a_page_reads_a_whole_table(config, database):
    """With a hundred thousand submissions, what is not found by an index takes seconds."""
    asked: list[str] = []
    database.conn.set_trace_callback(asked.append)
    survey = load_survey(config.survey)
    tell_submission(database, "HD2019-0001", survey)
    tell_message(database, 1, survey)
    stamp_of_submission(database, 1)
    stamp_of_message(database, 1)
    database.conn.set_trace_callback(None)
    assert len(asked) > 20
    plans = {sql: [row[3] for row in database.conn.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in set(asked)}
    # `family` and `f` are the handful of submissions that were joined
    whole = {sql: plan for sql, plan in plans.items() if any(re.match(r"SCAN (?!(?:f|family|CONSTANT ROW)$)", step) for step in plan)}
    assert not whole


# -- originals -------------------------------------------------------------------------------------------------------


def test_a_picture_is_drawn_anew_and_can_do_nothing(client, database):
    """No byte of the sender's file is left: no metadata, nothing behind the picture."""
    response = client.get(f"/-/file/{file_id(database, '身份证')}/page/1")
    assert response.status_code == 200 and response.headers["content-type"] == "image/jpeg"
    assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert response.headers["x-content-type-options"] == "nosniff" and response.headers["cache-control"] == "no-store"
    assert b"script" not in response.content and b"onerror" not in response.content
    drawn = Image.open(io.BytesIO(response.content))
    drawn.load()
    assert drawn.format == "JPEG" and not drawn.getexif() and "exif" not in drawn.info


def test_a_picture_of_any_shape_can_be_drawn():
    """A strip taller than JPEG allows, a single pixel, and one without colours."""
    for size, mode in (((2, 70_000), "L"), ((1, 1), "RGB"), ((9_000, 3), "1")):
        drawn = Image.open(io.BytesIO(as_jpeg(Image.new(mode, size), 1400)))
        assert drawn.width <= 1400 and drawn.height <= 16_000 and drawn.mode == "RGB"


def _failed(error: Exception) -> Future:
    future: Future = Future()
    future.set_exception(error)
    return future


def test_a_file_that_kills_its_reader_is_not_tried_at_every_look():
    """What may pass is tried again; drawn pages are kept within bounds, the latest longest."""
    kept, tries = Kept(10_000), []
    for error in (PermanentError("x"), TransientError("x")):
        for _ in range(2):
            with pytest.raises(IntakeError):
                kept.get((str(type(error)),), lambda error=error: tries.append(error) or _failed(error))
    assert [type(error) for error in tries] == [PermanentError, TransientError, TransientError]

    def drawn(number: int) -> bytes:
        future: Future = Future()
        future.set_result(bytes([number]) * 4_000)
        return kept.get((number,), lambda: tries.append(number) or future)

    assert [drawn(number)[0] for number in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert tries[3:] == [1, 2, 3, 2]


def test_word_and_web_pages_are_shown_as_words_and_tables(client, database):
    """Nothing of them is executed or loaded."""
    page = html.unescape(page_of(client, f"/-/file/{file_id(database, '登记表')}"))
    assert re.search(r"<td[^>]*>账\s*号</td><td[^>]*>\s*laotan", page)
    assert "第二段" in page_of(client, f"/-/file/{file_id(database, '说明')}")
    assert client.get(f"/-/file/{file_id(database, '登记表')}/page/1").status_code == 404


def test_a_pdf_in_an_archive_is_drawn_page_by_page(client, database):
    """And a page that it does not have is not found."""
    identifier = file_id(database, "表.pdf")
    assert f"/-/file/{identifier}/page/1" in page_of(client, f"/-/file/{identifier}")
    drawn = Image.open(io.BytesIO(client.get(f"/-/file/{identifier}/page/1").content))
    assert drawn.width > 1000 and drawn.convert("L").getextrema()[0] < 60
    for page in (0, 2, 99):
        assert client.get(f"/-/file/{identifier}/page/{page}").status_code == 404
    assert str(identifier) in page_of(client, f"/-/file/{file_id(database, '材料.zip')}")


def test_a_broken_file_says_so_and_hurts_nothing(client, database):
    """The page is there, the picture is not."""
    identifier = file_id(database, "坏.pdf")
    assert "损坏" in page_of(client, f"/-/file/{identifier}")
    assert client.get(f"/-/file/{identifier}/page/1").status_code == 404


def test_a_picture_inside_a_document_is_shown_as_a_file_of_its_own(tmp_path):
    """It has no part in the mail; it is taken out of the document again."""
    config = configuration(tmp_path)
    card = jpeg(id_card_front("谭晓明", NUMBER))
    document = unit_docx(unit_fields(), pictures=[card])
    (tmp_path / "1.eml").write_bytes(mail(attachments=[("表.docx", document, "application/octet-stream")]))
    with serving(config.data, "handle", config) as client:
        database = connect(config.database)
        import_paths(config, load_survey(config.survey), database, [tmp_path / "1.eml"], now)
        inside = one(database, "SELECT id FROM attachments WHERE parent_id IS NOT NULL AND role = 'id_card'")["id"]
        database.close()
        response = client.get(f"/-/file/{inside}/small")
    assert response.status_code == 200 and Image.open(io.BytesIO(response.content)).width <= 420


def test_the_piece_of_a_scan_shows_the_cell_that_was_read(client, database):
    """Each field its own cell, with the label beside it; read once more, it says the same."""
    from intake import ocr

    found = {row["name"]: row["id"] for row in rows(
        database, "SELECT f.id, f.name FROM fields f JOIN attachments a ON a.id = f.attachment_id WHERE a.filename = '扫描.jpg'")}
    for name, expected in (("handle", "mishuizs"), ("name", "洣水之声")):
        response = client.get(f"/-/crop/{found[name]}")
        assert response.status_code == 200 and response.headers["content-security-policy"].startswith("sandbox")
        piece = Image.open(io.BytesIO(response.content))
        assert piece.height < piece.width / 4
        assert expected in "".join(line.text for line in ocr.lines(piece)).replace(" ", "")
    assert client.get("/-/crop/999999").status_code == 404


def test_the_piece_of_a_pdf_is_found_by_its_words(client, database):
    """Small, and not the whole page."""
    field = one(database, "SELECT f.id FROM fields f JOIN attachments a ON a.id = f.attachment_id WHERE a.method = 'pdf' AND "
                "f.name = 'handle'")["id"]
    piece = Image.open(io.BytesIO(client.get(f"/-/crop/{field}").content))
    assert 20 < piece.height < 120 and piece.width > 100


# -- rights and the trail --------------------------------------------------------------------------------------------


def test_who_may_only_look_sees_no_picture_of_an_original(client, database):
    """Pictures show whole numbers."""
    card = file_id(database, "身份证")
    with as_user(client, "view"):
        page = page_of(client, "/-/submission/HD2019-0001") + page_of(client, f"/-/file/{card}")
        assert f"/-/file/{card}/" not in page and "/-/crop/" not in page
        for address in (f"/-/file/{card}/page/1", f"/-/file/{card}/small", "/-/crop/1"):
            assert client.get(address).status_code == 403, address


def test_nobody_sees_anything_without_logging_in(client, database):
    """Neither pages nor pictures."""
    cookies = dict(client.cookies)
    client.cookies.clear()
    try:
        for address in ("/-/submission/HD2019-0001", "/-/message/1", "/-/outbox", "/-/file/1", "/-/file/1/page/1", "/-/crop/1"):
            assert client.get(address).status_code in (303, 302, 401, 403), address
    finally:
        client.cookies.update(cookies)


def test_each_viewing_of_an_original_is_written_down_once(client, database):
    """Twenty pieces of one file are one viewing."""
    with as_user(client, "manage"):
        for _ in range(3):
            client.get(f"/-/file/{file_id(database, '扫描.jpg')}/page/1")
    found = rows(database, "SELECT * FROM events WHERE action = 'original-viewed' AND actor = '赵管'")
    assert len(found) == 1 and json.loads(found[0]["detail"]) == {"attachment": file_id(database, "扫描.jpg")}


def test_the_file_itself_is_a_download_for_who_administers(client, database):
    """Never shown, under a harmless name, and written down."""
    identifier = file_id(database, "登记表")
    assert submit(client, f"/-/file/{identifier}/download").status_code == 403
    with as_user(client, "manage"):
        assert client.get(f"/-/file/{identifier}/download").status_code == 404
        response = submit(client, f"/-/file/{identifier}/download")
    assert response.content == individual_docx(PERSON) and response.headers["content-type"] == "application/octet-stream"
    disposition = response.headers["content-disposition"]
    assert disposition.startswith("attachment; filename=") and "<" not in disposition and "onerror" not in disposition.split("*=")[0]
    assert one(database, "SELECT actor FROM events WHERE action = 'original-downloaded'")["actor"] == "赵管"


@pytest.mark.parametrize("address", [
    "/-/file/..%2f..%2fetc%2fpasswd", "/-/file/../../../etc/passwd", "/-/file/1/page/../../../etc/passwd", "/-/file/-1",
    "/-/file/1%00", "/-/file/1e3", "/-/file/999999999999999999999", "/-/file/1/page/99999", "/-/crop/..%2f1",
    "/-/submission/..%2f..%2fintake.db", "/-/message/1;2"])
def test_an_address_names_nothing_but_rows(client, address):
    """No path of a client ever reaches the disk."""
    response = client.get(address, follow_redirects=True)
    assert response.status_code in (400, 404), address
    assert "root:" not in response.text
