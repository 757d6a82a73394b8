"""The mails of the benchmark: each like no other, of real sizes, from invented people."""

import functools
import io
import random
import zipfile
from pathlib import Path

import docx
from build_forms import HANDS, individual_docx, individual_fields, invented_id, unit_docx, unit_fields
from build_mails import HANDS as WRITERS
from build_mails import mail
from build_pictures import certificate, id_card_front, id_card_page, invented_credit_code
from picture_effects import as_jpeg, on_table, rotate, shadow

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: bytes of one .docx: with its transfer encoding and the mail around it, 28 KB
DOCX_BYTES = 19_600
_PARTS = ("word/styles.xml", "word/settings.xml", "word/fontTable.xml", "word/theme/theme1.xml", "docProps/app.xml")
_HANDS = tuple(name for name in HANDS if name != "strict")
_SURNAMES = "谭罗颜刘向文旷单康董胡李王张陈周吴赵杨邓"
_GIVEN = "志强小芳建平开明如玉远航启明月华秀英国庆海燕春生文军"


def form_mails(count: int, seed: int = 0) -> list[bytes]:
    """Mails with one filled form as .docx, no picture: units and individuals by turns, in all hands of tests/build_docx."""
    return [_form_mail(seed * 1_000_000 + number, number) for number in range(count)]


def picture_mails(count: int, seed: int = 0) -> list[tuple[bytes, list[bytes]]]:
    """Complete registrations: a .docx form with pictures of the papers; returns each mail with its pictures."""
    return [_picture_mail(seed * 1_000_000 + number, number) for number in range(count)]


def large_mail(size: int, number: int = 1) -> bytes:
    """A mail of about `size` bytes: a filled form, and a large file of a kind that many people attach (a video)."""
    video = b"\x00\x00\x00\x20ftypmp42" + random.Random(number).randbytes(size * 3 // 4 - 60_000)
    subject, sender, name, data = _registration(number, number)
    return mail(subject, sender, body="见附件", attachments=[(name, data, DOCX), ("宣传片.mp4", video, "video/mp4")])


def _form_mail(identity: int, number: int) -> bytes:
    subject, sender, name, data = _registration(identity, number)
    writers = tuple(WRITERS)
    return mail(subject, sender, hand=writers[number % len(writers)], body=f"您好,{subject},登记表见附件,请查收。",
                attachments=[(name, data, DOCX)])


def _registration(identity: int, number: int) -> tuple[str, str, str, bytes]:
    """Subject, sender, file name and .docx of one registrant."""
    hand, person = _HANDS[number // 2 % len(_HANDS)], _person(identity)
    sender = f"{person} <p{identity}@example.cn>"
    if number % 2:
        made = individual_docx(_individual(identity), hand)
        return f"个人新媒体登记{identity}", sender, f"登记表{identity}.docx", _docx(made, identity)
    truth = _unit(identity)
    return f"{truth['unit_name']}登记材料", sender, "附件1登记表.docx", _docx(unit_docx(truth, hand), identity)


def _person(identity: int) -> str:
    rng = random.Random(identity)
    return rng.choice(_SURNAMES) + "".join(rng.sample(_GIVEN, 2))


def _unit(identity: int) -> dict:
    return unit_fields(name=f"衡东第{identity}发布", handle=f"hd{identity}fb", unit_name=f"衡东县第{identity}中学",
                       legal_representative=_person(identity), followers=identity % 9000 + 100,
                       introduction=f"发布学校第{identity}号信息,服务师生")


def _individual(identity: int) -> dict:
    return individual_fields(name=f"洣水{identity}", handle=f"mishui{identity}", owner_name=_person(identity),
                             owner_id_number=_id_number(identity), followers=identity % 9000 + 100)


def _id_number(identity: int) -> str:
    year, month, day = 1950 + identity // 1000 % 50, identity % 12 + 1, identity // 12 % 28 + 1
    return invented_id(identity % 1000, f"{year}{month:02d}{day:02d}")


def _docx(made: bytes, identity: int) -> bytes:
    """The form with the other parts that Word writes, filled up to the size of a real one."""
    packed = io.BytesIO(made)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _word_parts().items():
            archive.writestr(zipfile.ZipInfo(name, (2019, 8, 1, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)
        room = max(DOCX_BYTES - packed.tell() - 600, 16)
        archive.writestr(zipfile.ZipInfo("docProps/thumbnail.jpeg", (2019, 8, 1, 9, 0, 0)),
                         random.Random(identity).randbytes(room))
    return packed.getvalue()


@functools.cache
def _word_parts() -> dict[str, bytes]:
    template = Path(docx.__file__).parent / "templates" / "default.docx"
    with zipfile.ZipFile(template) as archive:
        return {name: archive.read(name) for name in _PARTS}


def _picture_mail(identity: int, number: int) -> tuple[bytes, list[bytes]]:
    subject, sender, name, data = _registration(identity, number)
    pictures = _individual_pictures(identity, number) if number % 2 else _unit_pictures(identity, number)
    files = [(f"IMG_{place}.jpg", picture, "image/jpeg") for place, picture in enumerate(pictures, 1)]
    return mail(subject, sender, body="材料见附件", attachments=[(name, data, DOCX), *files]), pictures


def _individual_pictures(identity: int, number: int) -> list[bytes]:
    person, code = _person(identity), _id_number(identity)
    card = id_card_front(person, code, size=(1712, 1080))
    if number % 4 == 1:
        return [as_jpeg(id_card_page(person, code))]
    return [as_jpeg(rotate(card, 90) if number % 8 == 3 else on_table(card, seed=identity))]


def _unit_pictures(identity: int, number: int) -> list[bytes]:
    head = _person(identity)
    kind, prefix = (("authority", "11"), ("institution", "12"), ("licence", "91"))[number // 2 % 3]
    paper = certificate(kind, f"衡东县第{identity}中学", invented_credit_code(identity, prefix), head)
    card = id_card_front(head, _id_number(identity))
    return [as_jpeg(paper), as_jpeg(shadow(card) if number % 4 else card)]
