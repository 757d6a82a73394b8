"""Pictures in Windows metafiles, and files that were dropped into documents as objects."""

import gzip
import hashlib
import io
import struct
from pathlib import Path

import pytest
from build_forms import unit_docx, unit_fields
from build_legacy import compound
from build_mails import mail
from build_ooxml import package, paragraph
from build_pictures import as_jpeg, as_png, id_card_front
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_read import read, told  # noqa: F401  (a fixture)

from intake.config import ReadLimits
from intake.readers import Unreadable, metafile, word
from intake.readers.ole_package import object_file
from intake.reading.filetype import kind_of

FILES = Path(__file__).parent / "files" / "metafiles"
LIMITS = ReadLimits()
CARD = id_card_front(name="刘某某")
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def as_bmp(image: Image.Image) -> bytes:
    """As Paint saves it."""
    sink = io.BytesIO()
    image.convert("RGB").save(sink, "BMP")
    return sink.getvalue()


def dib(image: Image.Image) -> tuple[bytes, bytes]:
    """Head and bits of a device-independent bitmap."""
    data = as_bmp(image)
    start = struct.unpack_from("<I", data, 10)[0]
    return data[14:start], data[start:]


def record(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 8 + len(body)) + body


def emf(*records: bytes) -> bytes:
    """An enhanced metafile of these records."""
    head = bytes(32) + b" EMF" + bytes(44)
    return record(1, head) + b"".join(records) + record(14, bytes(12))


def stretched(image: Image.Image, kind: int = 81) -> bytes:
    """The record that draws a bitmap: StretchDIBits, or BitBlt."""
    head, bits = dib(image)
    if kind == 81:
        start = 8 + 72
        body = bytes(40) + struct.pack("<IIII", start, len(head), start + len(head), len(bits)) + bytes(16)
    else:
        start = 8 + 92
        body = bytes(76) + struct.pack("<IIII", start, len(head), start + len(head), len(bits))
    return record(kind, body + head + bits)


def jpeg_in_dib(data: bytes) -> bytes:
    """Word keeps a pasted photo as it is."""
    head = struct.pack("<IiiHHIIiiII", 40, 800, 500, 1, 0, 4, len(data), 0, 0, 0, 0)
    start = 8 + 72
    return record(81, bytes(40) + struct.pack("<IIII", start, 40, start + 40, len(data)) + bytes(16) + head + data)


def plus(data: bytes, pieces: int) -> bytes:
    """EMF+ with a picture file, whole or in several records."""
    image = struct.pack("<IIIIIII", 0xDBC01002, 1, 0, 0, 0, 0, 1) + data
    image += bytes(-len(image) % 4)
    parts, step = [], -(-len(image) // pieces // 4) * 4
    for at in range(0, len(image), step):
        piece = image[at : at + step]
        body = (struct.pack("<I", len(image)) if pieces > 1 else b"") + piece
        parts.append(struct.pack("<HHII", 0x4008, 0x0500 | (0x8000 if pieces > 1 else 0), 12 + len(body), len(body)) + body)
    return b"".join(record(70, struct.pack("<I", 4 + len(part)) + b"EMF+" + part) for part in parts)


def wmf(image: Image.Image, function: int) -> bytes:
    """A placeable metafile that draws one bitmap."""
    head, bits = dib(image)
    body = bytes(metafile._WMF_BITMAPS[function]) + head + bits
    body += bytes(len(body) % 2)
    return (b"\xd7\xcd\xc6\x9a" + bytes(18) + struct.pack("<HHHIHIH", 1, 9, 0x300, 0, 0, 0, 0)
            + struct.pack("<IH", 3 + len(body) // 2, function) + body + struct.pack("<IH", 3, 0))  # fmt: skip


HANDS = {
    "writer.emf": lambda: gzip.decompress((FILES / "card.emz").read_bytes()),
    "writer.wmf": lambda: gzip.decompress((FILES / "card.wmz").read_bytes()),
    "stretched": lambda: emf(stretched(CARD)), "blitted": lambda: emf(stretched(CARD, 76)),
    "jpeg": lambda: emf(jpeg_in_dib(as_jpeg(CARD))), "plus": lambda: emf(plus(as_png(CARD), 1)),
    "plus-pieces": lambda: emf(plus(as_jpeg(CARD), 5)),
    **{f"wmf-{function:x}": lambda function=function: wmf(CARD, function) for function in metafile._WMF_BITMAPS},
}  # fmt: skip


@pytest.mark.parametrize("hand", HANDS)
def test_the_picture_of_a_metafile_comes_out_whole(hand):
    """By LibreOffice, and record by record as other programs write them."""
    data = HANDS[hand]()
    assert kind_of(data, "a.bin") in ("emf", "wmf")
    (found,) = metafile.read(data, LIMITS).embedded
    with Image.open(io.BytesIO(found.data)) as image:
        image.load()
        assert min(image.size) > 300


def test_a_card_in_a_metafile_is_a_card(read):  # noqa: F811
    """Attached, packed as .emz, and pasted into the form."""
    data = HANDS["stretched"]()
    assert [role for _, role, _ in told(read(mail(attachments=[("a.emf", data, "image/emf")])))] == ["other", "id_card"]
    packed = read(mail(attachments=[("a.emz", (FILES / "card.emz").read_bytes(), "x/y")]))
    assert "id_card" in [file.role for file in packed.files] and not any(file.problem for file in packed.files)
    pasted = pictured(data, "emf")
    assert [(role, problem) for _, role, problem in told(read(mail(attachments=[("a.docx", pasted, "x/y")])))] == [
        ("other", None), ("id_card", None)]  # fmt: skip


def test_a_metafile_without_a_picture_goes_to_a_person(read):  # noqa: F811
    """Lines and words are not read; a file that lies about its sizes is none."""
    for data in (emf(record(84, bytes(80))), emf(record(81, bytes(48) + b"\xff" * 16 + bytes(16))), emf(plus(b"", 1))):
        with pytest.raises(Unreadable) as caught:
            metafile.read(data, LIMITS)
        assert caught.value.problem == "unsupported"
    files = read(mail(attachments=[("a.docx", pictured(emf(record(84, bytes(80))), "emf"), "x/y")])).files
    assert [(file.filename, file.problem) for file in files] == [("a.docx", None), ("a.docx\uff08图元图片\uff09", "unsupported")]


_SMALL = emf(stretched(CARD.resize((130, 130))), plus(as_png(CARD.resize((130, 130))), 2))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_gives_pictures_or_none(data):
    """Total, whatever the records say."""
    raw = bytearray(_SMALL)
    for _ in range(data.draw(st.integers(0, 6))):
        raw[data.draw(st.integers(0, min(len(raw) - 1, 400)))] = data.draw(st.integers(0, 255))
    assert isinstance(metafile.pictures(bytes(raw[: data.draw(st.integers(0, len(raw)))]), LIMITS), tuple)


def pictured(data: bytes, suffix: str) -> bytes:
    """A .docx that shows a picture of that kind."""
    links = (f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
             f'<Relationship Id="p1" Type="{OFFICE}/image" Target="media/image1.{suffix}"/></Relationships>')
    body = paragraph("见图") + '<w:p><w:r><w:pict><v:shape><v:imagedata r:id="p1"/></v:shape></w:pict></w:r></w:p>'
    return package(body, parts={"word/_rels/document.xml.rels": links.encode(), f"word/media/image1.{suffix}": data})


def ole(name: str, content: bytes) -> bytes:
    """A package as Word makes it of a dropped file."""
    label = name.encode("gb18030") + b"\0"
    body = b"\x02\0" + label + b"C:\\" + label + b"\0\0\3\0" + struct.pack("<I", 4 + len(label)) + b"tmp\\"[:4] + label
    body += struct.pack("<I", len(content)) + content
    return compound({"\x01Ole10Native": struct.pack("<I", len(body)) + body})


def dropped(data: bytes, target: str = "embeddings/oleObject1.bin", kind: str = "oleObject") -> bytes:
    """A form with an object, whose icon is a metafile."""
    links = (f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
             f'<Relationship Id="p1" Type="{OFFICE}/image" Target="media/icon.emf"/>'
             f'<Relationship Id="p2" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>')
    body = ('<w:p><w:r><w:object><v:shape><v:imagedata r:id="p1"/></v:shape>'
            '<o:OLEObject Type="Embed" ProgID="Package" DrawAspect="Icon" r:id="p2" xmlns:o="o"/></w:object></w:r></w:p>')
    return package(paragraph("附身份证") + body, parts={
        "word/_rels/document.xml.rels": links.encode(), "word/media/icon.emf": emf(record(84, bytes(80))), f"word/{target}": data})


@pytest.mark.parametrize(
    ("made", "name", "role"),
    [
        (lambda: dropped(ole("身份证.jpg", as_jpeg(CARD))), "身份证.jpg", "id_card"),
        (lambda: dropped(compound({"WordDocument": bytes(2000)})), "内嵌文档.doc", "other"),
        (lambda: dropped(compound({"\x01Ole10Native": bytes(4) + as_bmp(CARD)})), "内嵌图片.bmp", "id_card"),
        (lambda: dropped(compound({"Package": unit_docx(unit_fields())})), "内嵌文档", "unit_form"),
        (lambda: dropped(unit_docx(unit_fields()), "embeddings/Word.docx", "package"), "Word.docx", "unit_form"),
    ],
    ids=["package", "document", "paint", "office", "docx"],
)  # fmt: skip
def test_a_file_dropped_into_the_form_is_read_and_its_icon_is_not(read, made, name, role):  # noqa: F811
    """The registrant's ID card as a package; documents of other programs."""
    files = read(mail(attachments=[("登记表.docx", made(), "x/y")])).files
    assert [(file.filename, file.role) for file in files] == [("登记表.docx", "other"), (name, role)]


def test_an_object_that_is_no_file_is_noted():
    """A formula, a chart, garbage: a person sees that something is there."""
    for data in (compound({"Equation Native": b"x" * 50}), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), b"garbage", b""):
        assert object_file(data, LIMITS) is None
        assert "embedded-object" in word.read(dropped(data), LIMITS).notes


def test_a_dropped_file_is_told_by_its_bytes():
    """The same card in the mail and in the form is one paper."""
    card = as_jpeg(CARD)
    found = object_file(ole("a.jpg", card), LIMITS)
    assert hashlib.sha256(found.data).digest() == hashlib.sha256(card).digest() and found.filename == "a.jpg"
