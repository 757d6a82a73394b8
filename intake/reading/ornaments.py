"""Which pictures are no materials: logos, avatars, tracking pixels, ornaments; and which ones a person must look at."""

import io
import warnings

from intake.reading.unpack import File
from rules.document import Document

#: kinds that the reader of pictures opens
PICTURES = ("jpg", "png", "gif", "bmp", "tiff", "webp", "heic")
#: long and short side of the smallest picture inside a text that may be a scan, in pixels
_SCAN_SIDES = (640, 400)
#: fewer recognised characters than this, and nothing was made out of a picture
_LEGIBLE = 8
_LEGIBLE_CONFIDENCE = 0.6


def is_decoration(file: File) -> bool:
    """A logo, avatar, rule or tracking pixel shown inside a text: not a material, and no cause for doubt."""
    if not file.inline or file.kind not in PICTURES:
        return False
    from intake.readers.image import is_icon

    return is_icon(file.data)


def is_illegible(document: Document, file: File) -> bool:
    """Whether nothing could be made out, so that a person must look.

    A picture inside a text or a document is often an ornament; only one as large as a scan counts. A QR code (the
    notice shows one, accounts have one) is read by nobody.
    """
    if "qr-code" in document.notes:
        return False
    legible = sum(len(line.text.strip()) for line in document.lines if line.confidence >= _LEGIBLE_CONFIDENCE)
    return legible < _LEGIBLE and (not file.inline or _has_scan_size(file.data))


def _has_scan_size(data: bytes) -> bool:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                short, long = sorted(image.size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True
    return long >= _SCAN_SIDES[0] and short >= _SCAN_SIDES[1]
