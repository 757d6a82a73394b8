"""The reader of PDF files: tables, ticks, scans, pictures, and files that are broken or hostile."""

import io
import time
from pathlib import Path

import pypdfium2
import pytest
from build_forms import differences, form_pdf, individual_fields, unit_fields
from build_pdf import acroform_pdf, scanned_pdf
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from intake.config import ReadLimits
from intake.readers import Unreadable, pdf
from intake.readers.pdf_boxes import _Box, _state
from rules.document import EMPTY, TICKED, UNSURE, Paragraph, Table
from rules.form import read_forms
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
LIMITS = ReadLimits()


def picture(width: int = 640, height: int = 400, form: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize("how", [
    {"boxes": "characters"}, {"boxes": "characters", "columns": 2}, {"boxes": "drawn"}, {"boxes": "overlaid"},
    {"boxes": "fields"},
    {"boxes": "characters", "ruled": False}, {"boxes": "drawn", "ruled": False, "columns": 2},
    {"boxes": "drawn", "title": False},
], ids=str)  # fmt: skip
@pytest.mark.parametrize(("kind", "truth"), [("unit_form", unit_fields()), ("individual_form", individual_fields())])
def test_a_form_with_text_is_read_whole(how, kind, truth):
    """Ruled and borderless, boxes typed, drawn, overdrawn, or form fields."""
    (form,) = read_forms(pdf.read(form_pdf(truth, kind, **how), LIMITS), SURVEY)
    assert (form.kind, differences(form, truth)) == (kind, [])


def test_values_of_form_fields_are_part_of_the_text():
    """AcroForm: text fields, check boxes."""
    truth = unit_fields()
    (form,) = read_forms(pdf.read(acroform_pdf(truth), LIMITS), SURVEY)
    assert differences(form, truth) == []


def test_places_name_the_page():
    """Where there are several pages."""
    data = form_pdf(unit_fields(), pictures=[picture()])
    (form,) = read_forms(pdf.read(data, LIMITS), SURVEY)
    assert form.get("name").location.startswith("第1页 表1 第1行")


def test_scanned_pages_are_handed_on_as_pictures():
    """No text but an image: rendered at about 200 dpi, one picture for each page."""
    document = pdf.read(scanned_pdf(picture(1240, 1754), 2), LIMITS)
    assert [item.filename for item in document.embedded] == ["第1页.png", "第2页.png"] and document.pages == 2
    with Image.open(io.BytesIO(document.embedded[0].data)) as page:
        assert (page.format, page.size) == ("PNG", (1654, 2339))


def test_a_picture_on_a_page_with_text_is_a_file_of_its_own():
    """An ID card pasted in; a small logo is left."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4, invariant=1)
    canvas.drawString(80, 700, "ID card of the person in charge")
    for number, side in enumerate((500, 60)):
        from reportlab.lib.utils import ImageReader

        canvas.drawImage(ImageReader(io.BytesIO(picture(side, side))), 80, 400 - 250 * number, 200, 200)
    canvas.save()
    document = pdf.read(buffer.getvalue(), LIMITS)
    assert [(item.filename, item.media_type) for item in document.embedded] == [("第1页图1.jpg", "image/jpeg")]
    assert Image.open(io.BytesIO(document.embedded[0].data)).size == (500, 500)


def test_an_empty_page_is_nothing():
    """Neither text nor picture."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4)
    canvas.showPage()
    canvas.save()
    document = pdf.read(buffer.getvalue(), LIMITS)
    assert (document.blocks, document.embedded, document.pages) == ((), (), 1)


def problem(data: bytes, limits: ReadLimits = LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        pdf.read(data, limits)
    assert caught.value.detail and not caught.value.detail.isascii()
    return caught.value.problem


def test_what_cannot_be_read_says_why():
    """Empty, damaged, encrypted, too large."""
    assert problem(b"") == "empty"
    assert problem(b"%PDF-1.4 nothing more") == "corrupt"
    assert problem(form_pdf(unit_fields(), password="geheim")) == "encrypted"
    assert problem(form_pdf(unit_fields()), ReadLimits(max_file_bytes=100)) == "too_large"


def test_a_file_locked_against_printing_only_is_read():
    """An owner's password, and an empty one to open it."""
    from reportlab.lib.pdfencrypt import StandardEncryption

    data = form_pdf(unit_fields(), password=StandardEncryption("", ownerPassword="geheim", canPrint=0))
    (form,) = read_forms(pdf.read(data, LIMITS), SURVEY)
    assert differences(form, unit_fields()) == []


def test_pages_beyond_the_limit_are_told():
    """No page is left out silently."""
    document = pdf.read(scanned_pdf(picture(), 4), ReadLimits(max_pages=2))
    assert len(document.embedded) == 2 and document.pages == 4 and "too-many-pages" in document.notes


def test_damaged_files_end_in_text_or_unreadable_and_never_in_another_error():
    """Bytes overwritten at many places."""
    good = form_pdf(unit_fields(), boxes="drawn")
    outcomes = set()
    for start in range(20, len(good) - 40, max(len(good) // 25, 1)):
        try:
            pdf.read(good[:start] + b"\x00<<[/9" * 5 + good[start + 30 :], LIMITS)
            outcomes.add("read")
        except Unreadable as error:
            outcomes.add(error.problem)
    assert outcomes <= {"read", "corrupt", "empty", "encrypted"} and "read" in outcomes


def test_a_page_of_many_letters_is_read_without_tables():
    """A monstrous page costs milliseconds, not minutes."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4, invariant=1)
    canvas.setFont("Helvetica", 2)
    for line in range(300):
        canvas.drawString(20, 820 - 2.6 * line, "0123456789" * 12)
    canvas.save()
    started = time.monotonic()
    document = pdf.read(buffer.getvalue(), LIMITS)
    assert "tables-unread" in document.notes and "0123456789" in document.text
    assert time.monotonic() - started < 5


def test_merged_and_wrapped_cells_keep_their_place():
    """A value over three columns, a text broken by the program."""
    long = "发布本地政务信息，服务群众，" * 6
    document = pdf.read(form_pdf(unit_fields(introduction=long)), LIMITS)
    table = next(block for block in document.blocks if isinstance(block, Table))
    cell = next(cell for cell in table.cells if cell.text.startswith("发布本地"))
    assert cell.column_span > 1 and cell.text == long
    assert any(isinstance(block, Paragraph) and "登记表" in block.text for block in document.blocks)


@pytest.mark.parametrize(("box", "others", "told_apart", "state"), [
    (("a", EMPTY, EMPTY), [], False, EMPTY),
    (("a", EMPTY, TICKED), [("a", EMPTY, EMPTY)], False, TICKED),
    (("a", EMPTY, TICKED), [("b", TICKED, TICKED)], True, EMPTY),
    (("a", EMPTY, TICKED), [], False, UNSURE),
    (("a", UNSURE, TICKED), [], False, TICKED),
    (("a", TICKED, None), [], False, TICKED),
    (("a", UNSURE, None), [], False, UNSURE),
])  # fmt: skip
def test_text_and_pixels_of_a_box_are_weighed(box, others, told_apart, state):
    """Agreement counts; pixels tell boxes of one character apart; otherwise a person looks."""
    boxes = [_Box(*box), *(_Box(*other) for other in others)]
    assert _state(boxes[0], boxes, told_apart) == state


def test_the_engine_is_let_go():
    """Reading many files leaves no open handles behind (pypdfium2 would complain at exit)."""
    data = form_pdf(unit_fields())
    for _ in range(5):
        pdf.read(data, LIMITS)
    assert pypdfium2.PdfDocument(data) is not None


def test_a_frame_around_the_table_is_no_cell():
    """A table in a cell of another, as word processors print it: the outer border holds all cells."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    rows = [("账号名称", "衡东发布"), ("账号", "hdfb2019"), ("服务类型", "微信公众号"), ("管理员姓名", "罗小芳"), ("单位名称", "衡东县教育局")]
    buffer = io.BytesIO()
    canvas = Canvas(buffer, A4)
    canvas.setFont("STSong-Light", 11)
    for number, cells in enumerate(rows):
        for column, words in enumerate(cells):
            canvas.rect(80 + 200 * column, 700 - 20 * number, 200, 20)
            canvas.drawString(85 + 200 * column, 706 - 20 * number, words)
    canvas.rect(74, 614, 406, 118)
    canvas.drawString(85, 722, "抄送")
    canvas.save()
    document = pdf.read(buffer.getvalue(), LIMITS)
    (table,) = [block for block in document.blocks if isinstance(block, Table)]
    assert [(cell.row, cell.column, cell.text) for cell in table.cells] == [
        (row, column, words) for row, cells in enumerate(rows) for column, words in enumerate(cells)]
    assert "抄送" in document.text
