"""Pages of a PDF as pictures, and the pictures that were placed on pages with text."""

import ctypes
import io
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

#: what OCR reads best for its time (FIELD.md section 7)
DOTS_PER_INCH = 200
#: pixels of the longest side; a page of many square metres is shrunk to it
LONGEST_SIDE = 4_000
SMALLEST_SIDE = 120
#: part of the page's area above which a picture under text is a scan with an invisible text layer
_SCAN_SHARE = 0.6
_MOST_PICTURES = 20


def rendered(page: pdfium.PdfPage) -> bytes:
    """The page as PNG at about 200 dpi, forms and annotations drawn."""
    width, height = page.get_size()
    scale = min(DOTS_PER_INCH / 72, LONGEST_SIDE / max(width, height, 1))
    bitmap = page.render(scale=scale, may_draw_forms=True, draw_annots=True)
    try:
        return _png(bitmap)
    finally:
        bitmap.close()


def page_pictures(page: pdfium.PdfPage, number: int) -> Iterator[tuple[str, bytes, str]]:
    """(name, bytes, media type) of each picture on the page that is larger than an icon.

    A page covered by pictures (a scan with a text layer) comes as one picture of the whole page.
    """
    width, height = page.get_size()
    found, covered = [], 0.0
    for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        try:
            if min(item.get_px_size()) < SMALLEST_SIDE:
                continue
            left, bottom, right, top = item.get_bounds()
        except pdfium.PdfiumError:
            continue
        covered += abs(right - left) * abs(top - bottom)
        found.append(item)
        if len(found) >= _MOST_PICTURES:
            break
    if not found:
        return
    if covered > _SCAN_SHARE * width * height:
        yield f"第{number + 1}页.png", rendered(page), "image/png"
        return
    for index, item in enumerate(found, 1):
        if picture := _bytes_of(item):
            data, suffix, media_type = picture
            yield f"第{number + 1}页图{index}.{suffix}", data, media_type


def _bytes_of(item: pdfium.PdfImage) -> tuple[bytes, str, str] | None:
    try:
        if tuple(item.get_filters(skip_simple=True)) == ("DCTDecode",) and _is_upright(item):
            buffer = io.BytesIO()
            item.extract(buffer)
            data = buffer.getvalue()
            if data.startswith(b"\xff\xd8"):
                return data, "jpg", "image/jpeg"
        bitmap = item.get_bitmap(render=False)
    except (pdfium.PdfiumError, ValueError, OSError, ctypes.ArgumentError):
        return None
    return _png(bitmap), "png", "image/png"  # the bitmap belongs to the page and is not closed here


def _is_upright(item: pdfium.PdfImage) -> bool:
    matrix = item.get_matrix()
    return abs(matrix.b) < abs(matrix.a)


def _png(bitmap: pdfium.PdfBitmap) -> bytes:
    picture = bitmap.to_pil()
    buffer = io.BytesIO()
    # level 1: the reader of pictures unpacks it at once; size does not matter
    (picture if picture.mode in ("L", "RGB", "1") else picture.convert("RGB")).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
