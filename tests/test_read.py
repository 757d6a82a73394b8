"""One mail to a Reading: files, roles, problems, forms typed into the body, pictures that are no materials."""

import base64
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from build_docx import package
from build_forms import (
    differences,
    individual_docx,
    individual_fields,
    several_docx,
    typed_form,
    unit_docx,
    unit_fields,
)
from build_mails import file_part, mail, multipart, text_part, zipped
from build_pictures import as_jpeg, as_png, id_card_front, invented_id
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.config import ReadLimits
from intake.reading.read import read_mail
from rules.errors import PermanentError
from rules.reading import PROBLEMS, ROLES, Reading
from rules.survey import load_survey

ROOT = Path(__file__).parent.parent
SURVEY = load_survey(ROOT / "rules" / "survey.yaml")
BLANK = (ROOT / "rules" / "forms" / "unit_form.docx").read_bytes()
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def read(tmp_path):
    """Read a raw mail."""

    def read_raw(raw: bytes, limits: ReadLimits | None = None, **more) -> Reading:
        path = tmp_path / "mail.eml"
        path.write_bytes(raw)
        return read_mail(str(path), hashlib.sha256(raw).hexdigest(), SURVEY, limits or ReadLimits(), **more)

    return read_raw


def told(reading: Reading) -> list[tuple]:
    """(name, role, problem) of the files."""
    return [(file.filename, file.role, file.problem) for file in reading.files]


def picture(width: int, height: int, colour="white", format="PNG") -> bytes:
    """A picture without a word."""
    sink = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(sink, format)
    return sink.getvalue()


def test_the_form_left_empty_beside_a_filled_one_is_nobodys(read):
    """The notice's own file holds both forms: who fills in the one sends the other empty, before or behind it."""
    unit, empty = ("unit_form", unit_fields()), ("individual_form", dict.fromkeys(individual_fields()))
    for forms in ([unit, empty], [empty, unit]):
        reading = read(mail(attachments=[("附件.docx", several_docx(forms), DOCX)]))
        (file,) = reading.files
        assert file.role == "unit_form" and [form.kind for form in file.forms] == ["unit_form"]


def test_files_get_their_roles_and_problems(read):
    """Forms, blank forms, containers, and everything that cannot be read, each with a word for people."""
    packed = zipped([("表/登记表.txt", typed_form(unit_fields()).encode("gb18030")), ("空.jpg", b""),
                     ("x.rar", b"Rar!\x1a\x07\x00"),
                     ("坏.docx", b"PK\x03\x04zzz"), ("坏.jpg", b"<html>404"),
                     ("老.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 90),
                     ("日程.ics", b"BEGIN:VCALENDAR")], "gbk")  # fmt: skip
    reading = read(mail(attachments=[("单位.docx", unit_docx(unit_fields()), DOCX), ("空白.docx", BLANK, DOCX),
                                     ("资料.zip", packed, "application/zip")]))  # fmt: skip
    assert told(reading) == [
        ("单位.docx", "unit_form", None), ("空白.docx", "blank_form", None), ("资料.zip", "container", None),
        ("登记表.txt", "unit_form", None), ("空.jpg", "other", "empty"), ("x.rar", "container", "corrupt"),
        ("坏.docx", "other", "corrupt"), ("坏.jpg", "other", "corrupt"), ("老.doc", "other", "unsupported"),
        ("日程.ics", "other", None)]  # fmt: skip
    assert [file.parent for file in reading.files] == [None, None, None, *[2] * 7]
    assert all(file.problem_detail for file in reading.files if file.problem)
    assert differences(reading.files[0].forms[0], unit_fields()) == []


@pytest.mark.parametrize("hand", ["foxmail", "netease", "iphone", "raw8bit"])
def test_a_form_typed_into_the_body_is_read(read, hand):
    """Whatever program wrote it."""
    fields = unit_fields()
    reading = read(mail(body=f"您好:\n{typed_form(fields)}\n发自我的iPhone", hand=hand))
    assert len(reading.body_forms) == 1 and differences(reading.body_forms[0], fields) == []


def test_a_form_in_an_html_table_is_read_from_its_cells(read):
    """The plain text that the web mail makes of it has lost the cells."""
    fields = unit_fields()
    rows: list[list[str]] = []
    for line in typed_form(fields, style="tabs").split("\n"):
        label, tab, value = line.partition("\t")
        if tab:
            rows.append([label, value])
        else:  # the value's second line
            rows[-1][1] += "<br>" + line
    html = (
        "<p>您好</p><table>"
        + "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows)
        + "</table>"
    )
    flat = "您好\n" + "".join(label + value for label, value in rows)
    reading = read(mail(body=flat, html=html))
    assert [differences(form, fields) for form in reading.body_forms] == [[]]


def test_a_quoted_form_counts_only_when_the_mail_forwards_it(read):
    """An answer quotes a form that was read when it came."""
    old = "\n\n-----原始邮件-----\n发件人: x\n\n" + typed_form(unit_fields())
    assert read(mail("Re: 登记", body="收到,谢谢" + old)).body_forms == ()
    assert len(read(mail("转发:登记", body="请登记" + old)).body_forms) == 1


def test_the_same_form_in_body_and_attachment_counts_once(read):
    """And another one counts."""
    same = mail(body=typed_form(unit_fields()), attachments=[("表.docx", unit_docx(unit_fields()), DOCX)])
    assert read(same).body_forms == ()
    other = mail(body=typed_form(unit_fields(name="衡东头条", handle="hdtt")),
                 attachments=[("表.docx", unit_docx(unit_fields()), DOCX)])  # fmt: skip
    assert len(read(other).body_forms) == 1


def test_a_blank_form_pasted_into_the_body_is_no_form(read):
    """Labels without values."""
    assert read(mail(body=typed_form(dict.fromkeys(unit_fields())))).body_forms == ()


def test_a_mail_in_the_mail_is_read_with_its_files(read):
    """Forwarded as an attachment: its body may hold the form, its parts are children."""
    inner = mail(
        "登记", body=typed_form(unit_fields()), attachments=[("个人.docx", individual_docx({"name": "x"}), DOCX)]
    )
    reading = read(
        b"Subject: x\r\n" + multipart("mixed", [text_part("见附件"), file_part(None, inner, "message/rfc822")])
    )
    assert [(file.role, file.parent) for file in reading.files] == [("unit_form", None), ("individual_form", 0)]


def test_logos_and_tracking_pixels_are_read_by_nobody(read):
    """Icons shown in the text: other, no problem, and the OCR engine is not even loaded."""
    logo, pixel = picture(180, 60, "red"), picture(1, 1)
    html = (
        '<img src="cid:a@x"><img src="cid:b@x"><img src="data:image/png;base64,'
        + base64.b64encode(logo).decode()
        + '">'
    )
    reading = read(
        mail(html=html, inline=[("image001.png", logo, "image/png", "a@x"), ("p.gif", pixel, "image/png", "b@x")])
    )
    assert [(file.role, file.problem, file.inline) for file in reading.files] == [("other", None, True)] * 3


def test_a_picture_without_words_is_unreadable_only_where_it_may_be_a_scan(read):
    """Attached, or as large as a scan; an ornament in the text is nothing."""
    reading = read(mail(html='<img src="cid:a@x"><img src="cid:b@x">',
                        attachments=[("身份证.png", picture(400, 300), "image/png")],
                        inline=[("banner.png", picture(500, 300, "blue"), "image/png", "a@x"),
                                ("粘贴.png", picture(1000, 700, "grey"), "image/png", "b@x")]))  # fmt: skip
    assert told(reading) == [
        ("banner.png", "other", None),
        ("粘贴.png", "other", "unreadable"),
        ("身份证.png", "other", "unreadable"),
    ]


def test_an_id_card_is_read_attached_pasted_and_inside_a_document(read):
    """Three ways in, one role; the same bytes are read once."""
    card = as_jpeg(id_card_front("欧阳明山", invented_id()))
    opened = []
    reading = read(mail(html='<img src="cid:a@x">', inline=[("image.png", card, "image/jpeg", "a@x")],
                        attachments=[("IMG_1.JPG", card, "image/jpeg"), ("材料.docx", package("", [card]), DOCX)]),
                   progress=opened.append)  # fmt: skip
    cards = [file for file in reading.files if file.role == "id_card"]
    assert len(cards) == 3 and all(file.papers[0].number == invented_id() for file in cards)
    assert [file.parent for file in reading.files] == [None, None, None, 2]
    assert opened.count(hashlib.sha256(card).hexdigest()) <= 2


def test_cloud_attachments_are_files_that_we_do_not_hold(read):
    """Name, size and expiry; no hash."""
    reading = read(
        mail(body="从QQ邮箱发来的超大附件\n执照.zip (51.2M, 2019年8月30日 10:10 到期)\n进入下载页面:http://x")
    )
    (file,) = reading.files
    assert (file.filename, file.problem, file.sha256) == ("执照.zip", "remote", None)
    assert "2019年8月30日" in file.problem_detail


def test_files_in_skip_are_left_out_and_the_others_read(read):
    """The retry after a reader died of one."""
    data = unit_docx(unit_fields())
    raw = mail(attachments=[("坏.docx", BLANK, DOCX), ("好.docx", data, DOCX)])
    reading = read(raw, skip=frozenset({hashlib.sha256(BLANK).hexdigest()}))
    assert told(reading) == [("坏.docx", "other", "unreadable"), ("好.docx", "unit_form", None)]


def test_progress_names_each_file_before_it_is_opened(read):
    """Containers too."""
    packed = zipped([("a.docx", BLANK)])
    seen = []
    read(mail(attachments=[("a.zip", packed, "application/zip")]), progress=seen.append)
    assert seen == [hashlib.sha256(packed).hexdigest(), hashlib.sha256(BLANK).hexdigest()]


def test_bounds_hold_for_pictures_inside_documents(read):
    """max_files counts them, and the document says that some were left out."""
    noise = Image.effect_noise((200, 200), 90)
    many = package("", [as_png(noise.rotate(90 * turn)) for turn in range(4)])
    reading = read(mail(attachments=[("图.docx", many, DOCX)]), ReadLimits(max_files=3))
    assert [(file.parent, file.filename) for file in reading.files] == [
        (None, "图.docx"), (0, "image1.png"), (0, "image2.png"), (0, "图.docx（未读部分）")]  # fmt: skip
    assert reading.files[3].problem == "unreadable" and reading.files[3].sha256 is None


def test_a_mail_beyond_the_bound_is_refused(read):
    """max_mail_bytes, in words for people."""
    with pytest.raises(PermanentError, match="邮件超过"):
        read(mail(), ReadLimits(max_mail_bytes=100))


def test_a_mail_without_pictures_loads_no_ocr(tmp_path):
    """In a fresh process."""
    path = tmp_path / "x.eml"
    path.write_bytes(mail(body=typed_form(unit_fields()), attachments=[("表.docx", unit_docx(unit_fields()), DOCX)]))
    program = (
        "import sys; from intake.reading.read import read_mail_job; from intake.config import ReadLimits\n"
        "reading = read_mail_job(sys.argv[1], '0', 'rules/survey.yaml', ReadLimits())\n"
        "heavy = ('cv2', 'onnxruntime', 'rapidocr', 'pdfplumber')\n"
        "print(reading.files[0].role, [name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "unit_form []"


_MAIL = mail(
    html="<p>x</p>",
    attachments=[("表.docx", unit_docx(unit_fields()), DOCX), ("b.zip", zipped([("a.docx", BLANK)]), "x/y")],
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_mutated_mails_are_read_into_known_words(read, data):
    """Whatever is broken, roles and problems are those of the contract."""
    raw = bytearray(_MAIL)
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(raw) - 1))
        raw[start : start + data.draw(st.integers(1, 40))] = data.draw(st.binary(max_size=20))
    for file in read(bytes(raw)).files:
        assert file.role in (*ROLES, "unit_form", "individual_form") and (file.problem is None or file.problem in PROBLEMS) and file.filename
