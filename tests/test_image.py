"""Pictures of every format and in every state: opened, upright, bounded, or refused with a reason."""

import io
import struct
import zlib

import build_other_pictures as others
import build_pictures as draw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_reading import document_of
from PIL import Image

from intake import ocr, ocr_steps
from intake.config import ReadLimits
from intake.readers import Unreadable, image

LIMITS = ReadLimits(max_pages=3)


@pytest.fixture
def seen(monkeypatch):
    """Stands in for the engine: keeps the pictures that it would be given, and finds one line in each."""
    pictures: list[Image.Image] = []

    def look(picture):
        pictures.append(picture.copy())
        corners = ocr_steps.np.asarray([(0, 0), (10, 0), (10, 10), (0, 10)], "float32")
        return ocr_steps.Seen(ocr_steps.np.asarray(picture)[:, :, ::-1], [ocr_steps.Row(corners, "字", 1.0)])

    monkeypatch.setattr(ocr, "look", look)
    return pictures


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    """The bytes of a picture in Pillow's format `kind`."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP"])
def test_every_common_format_is_opened(seen, kind):
    """The format is told by the bytes, never by the name."""
    document = image.read(encoded(Image.new("RGB", (300, 200), "white"), kind), LIMITS)
    assert (document.method, document.pages, len(document.lines)) == ("ocr", 1, 1)
    assert (seen[0].size, seen[0].mode) == ((300, 200), "RGB")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_colour_mode_becomes_legible_rgb(seen, mode):
    """A dark stroke on light stays dark on light: transparency is white, sixteen bits are brought down to eight."""
    grey = Image.new("L", (200, 100), 255)
    grey.paste(0, (50, 40, 150, 60))
    if mode in ("I;16", "I", "F"):
        picture = Image.new(mode, (200, 100), 65535)
        picture.paste(0, (50, 40, 150, 60))
    elif mode in ("LA", "RGBA"):
        picture = Image.merge("LA", (Image.new("L", grey.size, 0), grey.point(lambda value: 255 - value))).convert(mode)
    else:
        picture = grey.convert("RGB").convert(mode)
    kind = "PNG" if mode in ("1", "L", "LA", "P", "RGBA", "I;16") else "TIFF"
    image.read(encoded(picture, kind), LIMITS)
    assert seen[0].getpixel((100, 50))[0] < 60 and seen[0].getpixel((10, 10))[0] > 200


def test_the_exif_tag_is_obeyed(seen):
    """Phones write how they were held: 6 is a quarter turn."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image.read(encoded(Image.new("RGB", (300, 200), "white"), "JPEG", exif=exif), LIMITS)
    assert seen[0].size == (200, 300)


def test_every_page_of_a_tiff_is_read_up_to_the_limit(seen):
    """Fax and scanner files; what is left out is noted."""
    pages = [Image.new("1", (300, 200), 1) for _ in range(5)]
    document = image.read(
        encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4"), LIMITS
    )
    assert (document.pages, [line.page for line in document.lines], document.notes) == (
        3,
        [1, 2, 3],
        ("pages-left-out",),
    )


def test_a_large_photo_is_scaled_down(seen):
    """Nothing larger than MAX_AREA is handed on, in its own proportions."""
    image.read(encoded(Image.new("RGB", (9000, 6000), "white"), "JPEG"), LIMITS)
    assert seen[0].width * seen[0].height <= image.MAX_AREA and seen[0].width / seen[0].height == pytest.approx(
        1.5, abs=0.01
    )


def test_a_decompression_bomb_is_refused_before_it_is_decoded():
    """A PNG of 900 million pixels in a hundred bytes, and one just above the bound."""
    for side in (30_000, 9_500):
        header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        chunk = b"IHDR" + header
        data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
        body = b"IDAT" + zlib.compress(b"\0" * 100)
        data += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        with pytest.raises(Unreadable) as refused:
            image.read(data, LIMITS)
        assert refused.value.problem == "too_large"


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0"]
)
def test_what_is_no_picture_is_corrupt(data):
    """Empty, text, and bare signatures."""
    with pytest.raises(Unreadable) as refused:
        image.read(data, LIMITS)
    assert refused.value.problem == "corrupt"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "WEBP"])
def test_a_truncated_picture_is_corrupt(seen, kind):
    """A mail that was cut off: half a picture is not read as if it were whole."""
    data = encoded(draw.id_card_front(), kind)
    with pytest.raises(Unreadable) as refused:
        image.read(data[: len(data) // 2], LIMITS)
    assert refused.value.problem == "corrupt"


@given(st.binary(max_size=40), st.integers(0, 600), st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP"]))
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_give_a_document_or_a_reason(damage, place, kind):
    """Total: whatever was overwritten, nothing but Unreadable comes out."""
    data = bytearray(_SMALL[kind])
    data[place : place + len(damage)] = damage
    try:
        for _ in image.pages_of(bytes(data), 3, []):
            pass
    except Unreadable as refused:
        assert refused.problem in ("corrupt", "too_large")


_SMALL = {
    kind: encoded(others.landscape(size=(64, 48)), kind) for kind in ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP")
}


def test_a_photograph_without_writing_gives_no_lines():
    """The caller says what to do with it; a note says that there was nothing to read."""
    document = document_of(draw.as_jpeg(others.landscape()))
    assert (document.lines, document.notes) == ((), ("no-text",))


def test_a_qr_code_is_told_from_an_illegible_scan(seen, monkeypatch):
    """People attach their account's code: nothing to read in it, and nothing wrong with it."""
    import cv2

    monkeypatch.setattr(ocr, "look", lambda picture: ocr_steps.Seen(ocr_steps.np.asarray(picture), []))
    modules = cv2.QRCodeEncoder.create().encode("http://weixin.qq.com/r/abcdefghijklmnop")
    code = Image.fromarray(modules).resize((430, 430), Image.Resampling.NEAREST)
    assert image.read(draw.as_png(code), LIMITS).notes == ("qr-code",)
    assert image.read(draw.as_png(others.landscape()), LIMITS).notes == ("no-text",)


def test_logos_and_avatars_are_icons_and_scans_are_not():
    """By their size alone, and carefully: the smallest legible scan is none."""
    small = [
        others.logo(size=(96, 96)),
        others.logo(size=(150, 150)),
        Image.new("RGB", (600, 80)),
        Image.new("RGB", (900, 180)),
    ]
    assert all(image.is_icon(draw.as_png(picture)) for picture in small)
    scans = [draw.id_card_front(size=(300, 189)), draw.id_card_front(size=(428, 270)), draw.certificate("licence"),
             draw.rotate(draw.id_card_front(size=(300, 189)), 90), draw.id_card_page()]  # fmt: skip
    assert not any(image.is_icon(draw.as_jpeg(picture, 40)) for picture in scans)
    assert not image.is_icon(b"no picture at all")
