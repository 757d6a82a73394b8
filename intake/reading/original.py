"""One file of a mail once more, to be looked at by a person: its pages as pictures, or its words and tables.

Runs in the confined child like all reading of strangers' files; what comes out is plain values and JPEG pictures that
were drawn anew from pixels, so that nothing of the file itself reaches a browser. A file is named by the SHA-256 of its
bytes and of the files that hold it, innermost first: pictures inside documents have no part of their own in the mail.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from PIL import Image

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.reading.parse import parse
from intake.reading.read import known_survey
from intake.reading.read_files import Reader
from intake.reading.unpack import File, passwords_of, unpack
from rules.document import Document, Paragraph

#: kinds that are looked at as pictures
PICTURES = ("jpg", "png", "gif", "bmp", "tiff", "webp", "heic")
#: rows and paragraphs of a document that are shown
MOST_BLOCKS = 2_000
_QUALITY = 82
#: pixels of the tallest picture: JPEG ends at 65,500, and browsers before
_TALLEST = 16_000


def describe(raw_path: str, chain: Sequence[str], survey_path: str, limits: ReadLimits) -> dict:
    """How the file can be looked at: {kind, pages} for pictures and PDF, {kind, blocks} for what has words.

    A block is ("text", page, text) or ("table", page, ((row, column, row span, column span, text), …)).
    Raises Unreadable.
    """
    file, reader = _find(raw_path, chain, survey_path, limits)
    if file.kind in PICTURES:
        return {"kind": "picture", "pages": sum(1 for _ in _pictures(file, limits))}
    plain, document = reader.open(file)
    if plain.kind == "pdf":
        return {"kind": "pdf", "pages": min(document.pages, limits.max_pages)}
    return {"kind": "words", "blocks": _blocks(document)}


def draw_page(raw_path: str, chain: Sequence[str], survey_path: str, limits: ReadLimits, page: int, width: int) -> bytes:
    """Page `page` (one-based) as JPEG, at most `width` pixels wide; raises Unreadable where there is none."""
    file, reader = _find(raw_path, chain, survey_path, limits)
    return jpeg(page_picture(file, reader, limits, page), width)


def contents(raw_path: str, chain: Sequence[str], survey_path: str, limits: ReadLimits) -> bytes:
    """The file's own bytes, for a person who may have them."""
    return _find(raw_path, chain, survey_path, limits)[0].data


def cut_out(raw_path: str, chain: Sequence[str], survey_path: str, limits: ReadLimits,
            places: Sequence[tuple[int, str, str, str]]) -> dict[int, bytes]:
    """JPEG of the piece from which each field was read, by its id; `places`: (id, location, text as written, label).

    What is not found is left out.
    """
    from intake.reading.evidence import cut_pdf, cut_pictures

    file, reader = _find(raw_path, chain, survey_path, limits)
    if file.kind in PICTURES:
        return cut_pictures(_pictures(file, limits), places, reader.survey)
    plain = reader.open(file)[0]
    return cut_pdf(plain.data, places) if plain.kind == "pdf" else {}


def jpeg(picture: Image.Image, width: int) -> bytes:
    """The pixels alone as JPEG, without any of the metadata that the file had."""
    drawn = picture.convert("RGB")
    ratio = min(1.0, width / drawn.width, _TALLEST / drawn.height)
    if ratio < 1:
        size = max(1, round(drawn.width * ratio)), max(1, round(drawn.height * ratio))
        drawn = drawn.resize(size, Image.Resampling.LANCZOS)
    sink = io.BytesIO()
    Image.frombytes("RGB", drawn.size, drawn.tobytes()).save(sink, "JPEG", quality=_QUALITY)
    return sink.getvalue()


def page_picture(file: File, reader: Reader, limits: ReadLimits, page: int) -> Image.Image:
    """One page of a picture or a PDF, upright by its own word."""
    if file.kind in PICTURES:
        found = next(islice(_pictures(file, limits), page - 1, None), None) if page > 0 else None
        if found is None:
            raise Unreadable("unreadable", "没有这一页")
        return found
    plain = reader.open(file)[0]
    if plain.kind != "pdf":
        raise Unreadable("unsupported", "这种文件没有页面图像")
    from intake.readers.pdf import opened
    from intake.readers.pdf_pictures import rendered

    with closing(opened(plain.data)) as pdf:
        if not 1 <= page <= min(len(pdf), limits.max_pages):
            raise Unreadable("unreadable", "没有这一页")
        with closing(pdf[page - 1]) as drawn:
            return Image.open(io.BytesIO(rendered(drawn)))


def _find(raw_path: str, chain: Sequence[str], survey_path: str, limits: ReadLimits) -> tuple[File, Reader]:
    parsed = parse(Path(raw_path), limits)
    files = unpack(parsed, limits)
    reader = Reader(known_survey(survey_path), limits, frozenset(), lambda sha256: None,
                    passwords_of(parsed.message, files))  # fmt: skip
    return _held(files, chain, reader), reader


def _held(files: Sequence[File], chain: Sequence[str], reader: Reader) -> File:
    """The file of that SHA-256 in the mail, or in the document that holds it."""
    found = next((file for file in files if file.sha256 == chain[0]), None) if chain else None
    if found is not None:
        return found
    if len(chain) > 1:
        from intake.reading.read_files import embedded_file

        for item in reader.open(_held(files, chain[1:], reader))[1].embedded:
            file = embedded_file(item, None, {})
            if file.sha256 == chain[0]:
                return file
    raise Unreadable("unreadable", "在原信里没有找到这个文件")


def _pictures(file: File, limits: ReadLimits) -> Iterator[Image.Image]:
    from intake.readers.image import pages_of

    return pages_of(file.data, limits.max_pages, [])


def _blocks(document: Document) -> tuple:
    """Paragraphs and tables as plain values."""
    shown = []
    for block in document.blocks[:MOST_BLOCKS]:
        if isinstance(block, Paragraph):
            shown.append(("text", block.page, block.text))
        else:
            shown.append(("table", block.page, tuple(
                (cell.row, cell.column, cell.row_span, cell.column_span, cell.text) for cell in block.cells[:MOST_BLOCKS])))
    return tuple(shown)
