"""What a digital form costs beyond its library: the file read and understood, against the library at its least.

The library's part is what nobody could do without: unpack and parse the XML (zip and lxml), open the streams
(olefile), lay out the page and look for tables (pdfplumber, with pypdfium2 for the boxes). Ours is the whole way of an
attached file from its bytes to forms and papers, without mail and database. Nothing is kept from earlier runs.
"""

import io
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from tables import median, show, verdict

from intake.config import ReadLimits
from intake.reading.filetype import kind_of, media_type_of
from intake.reading.read_files import Reader
from intake.reading.unpack import File
from rules.survey import load_survey

ROOT = Path(__file__).parent.parent
#: milliseconds
TARGET = 5.0
_ROUNDS = 15


def run(runs: int) -> None:
    """Measure and print."""
    survey, rows = load_survey(ROOT / "rules" / "survey.yaml"), []
    for name, (data, library) in _samples().items():
        file = _file(name, data)
        whole, least = [], []
        _read(survey, file)
        library(data)
        for _ in range(max(runs, 3)):
            whole.append(_milliseconds(lambda file=file: _read(survey, file)))
            least.append(_milliseconds(lambda data=data, library=library: library(data)))
        own = median([ours - theirs for ours, theirs in zip(whole, least, strict=True)])
        rows.append((name, median(whole), median(least), own, verdict(own, TARGET, at_least=False)))
    show(f"6. A digital form beyond its library (milliseconds, target {TARGET:g})",
         ("", "whole", "library", "own", ""), rows, [])


def _file(name: str, data: bytes) -> File:
    kind = kind_of(data, name)
    return File(name, media_type_of(kind, "application/octet-stream"), data, kind, size=len(data))


def _read(survey, file: File) -> None:
    # one file: pictures inside it are files of their own, and the engine's work
    (reading, *_) = Reader(survey, ReadLimits(max_files=1), frozenset(), lambda sha256: None).read_all([file])
    if not reading.forms:
        sys.exit(f"!!! no form was found in {file.filename}")


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(_ROUNDS):
        work()
    return (time.process_time() - began) * 1000 / _ROUNDS


def _samples() -> dict[str, tuple[bytes, Callable[[bytes], object]]]:
    from build_forms import form_pdf, unit_docx, unit_fields
    from build_ofd import ofd_form
    from build_sheets import laid_out, openpyxl_book, xlwt_book

    legacy = ROOT / "tests" / "files" / "legacy"
    sheet = laid_out(unit_fields(), "unit_form", "two_columns")
    return {
        "form.docx": (unit_docx(unit_fields()), _package), "form.xlsx": (openpyxl_book(sheet), _package),
        "form.ods": ((ROOT / "tests" / "files" / "sheets" / "two_columns.ods").read_bytes(), _package),
        "form.odt": ((legacy / "official.odt").read_bytes(), _package), "form.ofd": (ofd_form(sheet), _package),
        "form.doc": ((legacy / "official.doc").read_bytes(), _streams), "form.xls": (xlwt_book(sheet), _streams),
        "form.rtf": ((legacy / "official.rtf").read_bytes(), len), "form.pdf": (form_pdf(unit_fields()), _pages),
    }  # fmt: skip


def _package(data: bytes) -> None:
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(package.read(name))


def _streams(data: bytes) -> None:
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as file:
        for name in file.listdir():
            file.openstream(name).read()


def _pages(data: bytes) -> None:
    import pdfplumber
    import pypdfium2

    with pdfplumber.open(io.BytesIO(data)) as document:
        for page in document.pages:
            page.extract_words()
            page.find_tables()
    with pypdfium2.PdfDocument(data) as document:
        for page in document:
            page.get_textpage().get_text_bounded()
