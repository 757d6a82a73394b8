"""Passwords that mails name, and the locked files that they open."""

import io
import random
import zipfile
from pathlib import Path

import msoffcrypto
import pytest
from build_archives import needs_unar, packed
from build_forms import differences, unit_docx, unit_fields
from build_mails import mail
from hypothesis import given
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from test_read import DOCX, read, told  # noqa: F401  (a fixture)

from rules.passwords import MAX_CANDIDATES, candidates

COLON, OPEN, CLOSE, STOP = "\uff1a", "\uff08", "\uff09", "\u3002"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("解压密码:1234", "1234"), (f"解压密码{COLON}1234{STOP}请查收", "1234"), ("密码是 hd2019", "hd2019"),
        ("压缩包密码为hd2019请查收", "hd2019"), (f"附件密码{COLON}衡东发布{STOP}谢谢", "衡东发布"), ("密码hd2019", "hd2019"),
        (f"登记材料{OPEN}密码123{CLOSE}.zip", "123"), ("材料-密码123.zip", "123"), ("材料_解压密码hd2019.rar", "hd2019"),
        ("password: Hd@2019!", "Hd@2019!"), ("Password is abc", "abc"), ("PW=abc-1", "abc-1"), ("pwd：x1", "x1"),
        ("解压密码见下:\n\n88888888\n谢谢", "88888888"), ("密码\u201c洣水2019\u201d", "洣水2019"), ("密 码 : 77", "77"),
        (f"密码{COLON}\uff11\uff12\uff13\uff14", "1234"), ("打开密码统一设为hd123\uff0c请知悉", "hd123"), ("口令:abc", "abc"),
        ("文件的密码是【6688】", "6688"), ("密码：hd2019，谢谢", "hd2019"),
    ],
)  # fmt: skip
def test_a_password_is_found_however_it_is_written(text, first):
    """Subject, words and names of files; the likeliest reading first."""
    assert candidates([text])[0] == first


def test_a_full_width_password_is_tried_as_it_stands_too():
    """Input methods are left in full width at times, when packing as well."""
    assert candidates([f"密码{COLON}\uff11\uff12"]) == ("12", "\uff11\uff12")


@pytest.mark.parametrize(
    "text",
    [
        "请发新媒体账号登记表",
        "附件已加密\uff0c密码另行电话告知",
        "密码保护的文件打不开",
        "忘记密码错误怎么办",
        "stopwatch: 12",
        "密码稍后发",
        None,
        "",
    ],
)
def test_talk_about_passwords_is_none(text):
    """Nothing to try."""
    assert candidates([text]) == ()


def test_so_many_are_tried_and_no_more():
    """Each may cost a key derivation."""
    found = candidates([f"密码{number}" for number in range(50)])
    assert len(found) == MAX_CANDIDATES and found[0] == "0"


@given(
    st.lists(
        st.one_of(st.none(), st.text(alphabet="密码口令是为:：\uff1a (\uff08)ab1。，\n password", max_size=200)),
        max_size=4,
    )
)
def test_any_text_gives_few_short_words(texts):
    """Bounded, never empty, never with a blank in it."""
    found = candidates(texts)
    assert len(found) <= MAX_CANDIDATES and len(set(found)) == len(found)
    assert all(0 < len(word) <= 64 and not any(char.isspace() for char in word) for word in found)


FORM = [("材料/登记表.docx", unit_docx(unit_fields()))]


@pytest.mark.parametrize("kind", ["zip", "zip-aes", *(pytest.param(kind, marks=needs_unar) for kind in ("rar5", "rar5-names")),
                                  "7z", "7z-names"])
@pytest.mark.parametrize(
    ("password", "subject", "body", "name"),
    [
        ("hd2019", "登记", f"解压密码{COLON}hd2019", "材料.bin"), ("hd2019", "登记 密码hd2019", "见附件", "材料.bin"),
        ("衡东2019", "登记", f"密码是{COLON}衡东2019{STOP}", "材料.bin"), ("123", "登记", "见附件", "材料(密码123).bin"),
    ],
)  # fmt: skip
def test_a_locked_archive_is_opened_with_the_password_in_the_mail(read, kind, password, subject, body, name):  # noqa: F811
    """From the subject, the words or the archive's own name."""
    data = packed(kind, FORM, password)
    reading = read(mail(subject, body=body, attachments=[(name, data, "application/octet-stream")]))
    assert told(reading) == [(name, "container", None), ("登记表.docx", "unit_form", None)]


@pytest.mark.parametrize("kind", ["zip", "zip-aes", *(pytest.param(kind, marks=needs_unar) for kind in ("rar5", "rar5-names")),
                                  "7z", "7z-names"])
def test_a_locked_archive_stays_encrypted_without_the_right_password(read, kind):  # noqa: F811
    """And the wrong one stands nowhere in what is stored of the file."""
    data = packed(kind, FORM, "right-one")
    for body in ("见附件", f"密码{COLON}wrong-one"):
        files = read(mail(body=body, attachments=[("材料.bin", data, "application/octet-stream")])).files
        assert {file.problem for file in files} == {"encrypted"} and files[0].role == "container"
        assert not any("wrong-one" in str((file.filename, file.problem_detail, file.text)) for file in files)


def test_a_chinese_password_in_gbk_bytes_opens_a_zip(read):  # noqa: F811
    """zip keeps bytes; Chinese Windows made them from GBK."""
    from build_archives import locked_zip

    data = locked_zip(FORM, "衡东".encode("gbk"))
    reading = read(mail(body=f"密码{COLON}衡东", attachments=[("a.zip", data, "application/zip")]))
    assert reading.files[1].role == "unit_form"


def locked_docx(password: str) -> bytes:
    """A form with an opening password, as Word 2010 writes it."""
    source, sink = io.BytesIO(unit_docx(unit_fields())), io.BytesIO()
    with zipfile.ZipFile(source, "a") as package:  # msoffcrypto writes small packages wrongly
        package.writestr("word/fonts.bin", random.Random(1).randbytes(9000))
    OOXMLFile(source).encrypt(password, sink)
    assert msoffcrypto.OfficeFile(io.BytesIO(sink.getvalue())).is_encrypted()
    return sink.getvalue()


def locked_pdf(password: str) -> bytes:
    """One page of text."""
    sink = io.BytesIO()
    canvas = Canvas(sink, encrypt=StandardEncryption(password, strength=128))
    canvas.drawString(100, 700, "Account name: hengdong news")
    canvas.save()
    return sink.getvalue()


def test_a_locked_word_file_is_read_with_the_password(read):  # noqa: F811
    """And stays encrypted without."""
    data = locked_docx("hd2019")
    opened = read(mail(body=f"文档密码{COLON}hd2019", attachments=[("登记表.docx", data, DOCX)]))
    assert told(opened) == [("登记表.docx", "unit_form", None)] and opened.files[0].size == len(data)
    locked = read(mail(body=f"文档密码{COLON}hd2020", attachments=[("登记表.docx", data, DOCX)]))
    assert told(locked) == [("登记表.docx", "other", "encrypted")]


def test_a_file_that_excel_opens_without_asking_is_read(read):  # noqa: F811
    """Its lock is a constant."""
    data = locked_docx("VelvetSweatshop")
    assert read(mail(attachments=[("登记表.docx", data, DOCX)])).files[0].role == "unit_form"


def test_a_locked_pdf_is_read_with_the_password(read):  # noqa: F811
    """And stays encrypted without."""
    data = locked_pdf("hd2019")
    opened = read(mail(body="password: hd2019", attachments=[("a.pdf", data, "application/pdf")]))
    assert opened.files[0].problem is None and "hengdong news" in opened.files[0].text
    assert read(mail(attachments=[("a.pdf", data, "application/pdf")])).files[0].problem == "encrypted"


LOCKED = Path(__file__).parent / "files" / "locked"


@pytest.mark.parametrize("name", ["locked.doc", "locked.docx", "locked.xls", "locked.xlsx"])
def test_files_that_libreoffice_locked_are_read_with_the_password(read, name):  # noqa: F811
    """RC4 of Office 97, AES of Office 2007: real files, their password once in the mail, once wrong, once not at all."""
    part = (name, (LOCKED / name).read_bytes(), "application/octet-stream")
    opened = read(mail(body=f"文件已加密{COLON}密码 hd2019", attachments=[part]))
    assert told(opened) == [(name, "unit_form", None)] and differences(opened.files[0].forms[0], unit_fields()) == []
    for body in ("见附件", f"密码{COLON}hd2018"):
        assert told(read(mail(body=body, attachments=[part]))) == [(name, "other", "encrypted")]


@pytest.mark.parametrize("name", ["locked.odt", "locked.ods"])
def test_locked_open_documents_are_named_as_locked(read, name):  # noqa: F811
    """Their lock is not opened here: the answer asks for the file without it."""
    part = (name, (LOCKED / name).read_bytes(), "application/octet-stream")
    assert told(read(mail(body=f"密码{COLON}hd2019", attachments=[part]))) == [(name, "other", "encrypted")]
