"""Pictures → Document: every common format, upright, bounded in memory; the words come from `intake.ocr`.

jpg, png, bmp, gif, webp, tiff (every page); heic where pillow-heif is installed. A picture in which nothing can be
made out gives a Document without lines, and a note says why: `no-text` (no writing at all: a photograph) or
`qr-code` (little but a QR code).
"""

import functools
import io
import struct
import warnings
from collections.abc import Iterator

from PIL import Image, ImageOps

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.survey_words import NO_WORDS, Words
from rules.document import Document, Line, Paragraph, Table

#: pixels of the largest picture that is decoded: A3 at 600 dpi has 70 million
MAX_PIXELS = 89_000_000
#: pixels of the largest picture that is handed on; everything larger is scaled down while it is decoded
MAX_AREA = 16_000_000
#: what Pillow raises on malformed pictures beside OSError (seen in practice)
_MALFORMED = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error,
              ZeroDivisionError)  # fmt: skip


def read(data: bytes, limits: ReadLimits, words: Words = NO_WORDS) -> Document:
    """The lines of a picture, page by page; where tables are ruled on it, these and the lines around them as blocks.

    `words` of the survey help: boxes are looked for beside its options. A photograph of 12 million pixels is handed on as it is: small print in it is looked at again from near.
    Raises Unreadable: `corrupt` (no picture, truncated, malformed), `too_large` (more than MAX_PIXELS).
    """
    from intake.readers.page_layout import page_of, without_tables

    lines: list[Line] = []
    blocks: list[Paragraph | Table] = []
    notes: list[str] = []
    pages = 0
    for page, image in enumerate(pages_of(data, limits.max_pages, notes), start=1):
        pages = page
        found, seen = page_of(image, page, words)
        blocks += found
        lines += seen
        if not seen:
            notes.append("qr-code" if shows_qr_code(image) else "no-text")
    blocks = without_tables(blocks, lines)
    return Document("ocr", tuple(blocks), tuple(lines), pages, notes=tuple(dict.fromkeys(notes)))


def is_icon(data: bytes) -> bool:
    """Whether a picture is too small, or too banner-like, to be a legible scan: a logo, an avatar.

    Looks at the header only. Bytes that are no picture are no icon either: the reader will say what is wrong.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
    except (*_MALFORMED, Image.DecompressionBombError):
        return False
    short, long = sorted((width, height))
    # 18 digits take half the width of an ID card: under 120 pixels of height they have less than 7 each.
    return short < 120 or long < 200 or (short < 200 and long > 4 * short)


def pages_of(data: bytes, most: int, notes: list[str]) -> Iterator[Image.Image]:
    """Each page, decoded, scaled down, upright by its EXIF tag, in RGB."""
    _heif()
    try:
        with warnings.catch_warnings():
            # Pillow warns between one and two times its bound and raises above; here the bound is the bound.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                frames = getattr(image, "n_frames", 1) if image.format in ("TIFF", "MPO") else 1
                frames = 1 if image.format == "MPO" else frames
                if frames > most:
                    notes.append("pages-left-out")
                for index in range(min(frames, most)):
                    if index:
                        image.seek(index)
                    _check_size(image)
                    yield _prepared(image)
    except Image.DecompressionBombError:
        raise Unreadable("too_large", "图片尺寸过大,无法处理") from None
    except _MALFORMED:
        raise Unreadable("corrupt", "图片已损坏或不完整,无法打开") from None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Unreadable("too_large", "图片尺寸过大,无法处理")


def _prepared(image: Image.Image) -> Image.Image:
    ratio = min(1.0, (MAX_AREA / max(1, image.width * image.height)) ** 0.5)
    bound = (max(1, int(image.width * ratio)), max(1, int(image.height * ratio)))
    if ratio < 1:
        image.draft("RGB", bound)  # JPEG: decode at 1/2, 1/4 or 1/8
    frame = _eight_bit(image)
    if ratio < 1:
        frame.thumbnail(bound, Image.Resampling.LANCZOS, reducing_gap=2.0)
    try:
        frame = ImageOps.exif_transpose(frame)
    except _MALFORMED:
        pass  # a broken EXIF block: the reader finds out by itself which way is up
    return _on_white(frame)


def _eight_bit(image: Image.Image) -> Image.Image:
    """A copy in a mode that can be scaled: sixteen-bit grey is brought down to eight, palettes are resolved."""
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in ("I", "F"):
        low, high = image.getextrema()
        return image.point(lambda value: (value - low) * 255 / ((high - low) or 1)).convert("L")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    return image.copy()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "La", "RGBa"):
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def shows_qr_code(image: Image.Image) -> bool:
    """Whether a QR code covers at least a fifth of the picture."""
    import cv2
    import numpy as np

    grey = np.asarray(image.convert("L"))
    try:
        seen, corners = cv2.QRCodeDetector().detect(grey)
    except cv2.error:
        return False
    return bool(seen) and cv2.contourArea(corners.reshape(-1, 2)) >= 0.2 * grey.size


@functools.cache
def _heif() -> None:
    """Teach Pillow to read heic, where pillow-heif is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return
    register_heif_opener()
