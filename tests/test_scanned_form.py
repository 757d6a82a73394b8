"""Filled forms as scans and phone photos: the same columns as the Word file, and doubt where it is due.

Recognition takes two seconds a page, so few pages, each with several troubles at once; the bench reads hundreds.
"""

import functools
from pathlib import Path

import build_pictures as draw
import build_scans as scans
import picture_effects as effects
import pytest
from build_forms import individual_fields, unit_fields
from PIL import Image

from intake.config import ReadLimits
from intake.readers import image
from intake.readers.survey_words import words_of
from intake.reading.read_files import Reader
from intake.reading.unpack import File
from rules.document import Table
from rules.form import is_blank, read_forms
from rules.identity import read_papers
from rules.survey import load_survey

pytest.importorskip("rapidocr", reason="rapidocr is not installed")
SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
WORDS = words_of(SURVEY)
#: fields that a person reads by ticks
TICKED = ("scope", "formats", "news_license")
#: below this a person looks at a field (rules.mandatory)
SURE = 0.8


@functools.cache
def document_of(data: bytes):
    """What the reader makes of a picture, with the survey's words."""
    return image.read(data, ReadLimits(), WORDS)


def forms_in(picture: Image.Image | bytes, quality: int = 88):
    """The forms of a picture."""
    data = picture if isinstance(picture, bytes) else effects.as_jpeg(picture, quality)
    return read_forms(document_of(data), SURVEY)


def plain(value):
    """A value without the difference between half-width and full-width punctuation."""
    return value.replace("\uff0c", ",").replace("\u3002", ".") if isinstance(value, str) else value


def wrong(form, truth: dict) -> list[str]:
    """Fields that were surely read as something else than what was written."""
    return [f"{name}: {found.value!r} for {value!r}" for name, value in truth.items()
            if (found := form.get(name)) and found.valid and found.confidence >= SURE and plain(found.value) != plain(value)]  # fmt: skip


def unread(form, truth: dict) -> list[str]:
    """Fields that were not read, or only with doubt."""
    return [name for name, value in truth.items()
            if not ((found := form.get(name)) and found.valid and found.confidence >= SURE and plain(found.value) == plain(value))]  # fmt: skip


def test_a_scanned_unit_form_gives_the_columns_of_the_word_file():
    """Four columns, a slight slant, grey, squeezed; every field is exact and sure, with its place."""
    truth = unit_fields()
    page = effects.grey(effects.skew(scans.scanned_form(truth, "unit_form", "official"), 1.5, (255, 255, 255)))
    (form,) = forms_in(page, 60)
    assert form.kind == "unit_form"
    assert unread(form, truth) == []
    assert form.get("name").location == "表1 第1行 第2列"
    assert {found.method for found in form.fields} == {"ocr"}


def test_a_photographed_individual_form_is_read():
    """In perspective, shadowed, grainy, turned on its side: two columns with labels broken over two lines."""
    truth = individual_fields(admin_wechat="xiangwen_90")
    photo = effects.perspective(scans.scanned_form(truth, "individual_form", "notice", "glyph"), 0.04, 3)
    (form,) = forms_in(effects.rotate(effects.noise(effects.shadow(photo, 0.6), 8), 90), 75)
    assert form.kind == "individual_form"
    assert wrong(form, truth) == []
    assert unread(form, truth) == []


@pytest.mark.parametrize("ticks, hand", [("fill", "thick"), ("scribble", "double"), ("replaced", "narrow")])
def test_ticks_of_every_kind_are_never_guessed(ticks, hand):
    """Blackened, dashed off with a pen, or a bare tick instead of the box: right, or left to a person."""
    truth = unit_fields(scope=("便民服务", "新闻发布", "微社区"), formats=("文字", "视频"), news_license=True)
    (form,) = forms_in(scans.scanned_form(truth, "unit_form", hand, ticks, seed=5))
    assert wrong(form, truth) == []
    assert len([name for name in unread(form, truth) if name in TICKED]) <= 1
    assert [name for name in unread(form, truth) if name not in TICKED] == []


def test_a_seal_over_the_cells_hides_nothing_and_ticks_nothing():
    """The ring lies over four fields and the seal's own words are no field's value."""
    truth = unit_fields()
    (form,) = forms_in(scans.scanned_form(truth, "unit_form", "official", stamp="衡东县洣水镇人民政府"))
    assert wrong(form, truth) == []
    assert set(unread(form, truth)) <= {"address", "legal_representative", "unit_type"}


def test_hair_lines_of_a_weak_copy_still_part_the_cells():
    """Small grey type between hair lines at a hundred dots an inch."""
    truth = individual_fields(admin_wechat="xiangwen_90")
    page = scans.scanned_form(truth, "individual_form", "hairline", "cross")
    (form,) = forms_in(effects.as_png(effects.low_resolution(page, 0.67)))
    assert wrong(form, truth) == []
    assert len(unread(form, truth)) <= 2


def test_a_form_without_lines_is_read_by_its_labels():
    """Label and value with a colon, nothing ruled."""
    truth = unit_fields()
    (form,) = forms_in(scans.scanned_form(truth, "unit_form", "lines"))
    assert wrong(form, truth) == []
    assert unread(form, truth) == []
    assert not any(isinstance(block, Table) for block in document_of(
        effects.as_jpeg(scans.scanned_form(truth, "unit_form", "lines"))).blocks)  # fmt: skip


def test_a_blank_form_and_a_price_list_on_two_pages_of_one_scan():
    """A multi-page .tif: the form nobody filled in is blank, the list is no form."""
    blank, goods = scans.scanned_form({}, "unit_form", "notice", blank=True), scans.price_list()
    data = effects.as_tiff(blank, goods)
    (form,) = forms_in(data)
    assert is_blank(form)
    assert document_of(data).pages == 2
    assert any("报价单" in line.text for line in document_of(data).lines)


def test_a_form_that_runs_over_two_pages_is_one_form():
    """The table is cut between two rows; what is on the second page belongs to the account of the first."""
    truth = individual_fields(admin_wechat="xiangwen_90")
    whole = scans.scanned_form(truth, "individual_form", "notice", height=0)
    middle = scans.row_boundary(whole, 0.55)
    first, second = scans.on_page(whole.crop((0, 0, whole.width, middle))), scans.on_page(
        whole.crop((0, middle, whole.width, whole.height)))  # fmt: skip
    (form,) = forms_in(effects.as_tiff(first, second))
    assert form.kind == "individual_form"
    assert wrong(form, truth) == []
    assert unread(form, truth) == []
    assert form.get("employer").location.startswith("第2页")


def test_a_scanned_pdf_of_two_pages_is_one_form_too():
    """Its pages are pictures of their own; the form stands with the first, and the second adds what it says."""
    from build_pdf import scanned_pages

    truth = individual_fields(admin_wechat="xiangwen_90")
    whole = scans.scanned_form(truth, "individual_form", "notice", height=0)
    middle = scans.row_boundary(whole, 0.55)
    parts = (whole.crop((0, 0, whole.width, middle)), whole.crop((0, middle, whole.width, whole.height)))
    data = scanned_pages(*(effects.as_png(scans.on_page(part)) for part in parts))
    file = File("登记表.pdf", "application/pdf", data, "pdf", size=len(data))
    readings = Reader(SURVEY, ReadLimits(), frozenset(), lambda sha256: None).read_all((file,))
    forms = [form for reading in readings for form in reading.forms]
    assert [reading.role for reading in readings] == ["other", "individual_form", "other"]
    assert len(forms) == 1 and wrong(forms[0], truth) == [] and unread(forms[0], truth) == []
    assert forms[0].get("employer").location.startswith("第2页")


def test_a_form_and_an_identity_card_on_one_picture():
    """The card below the table is a paper, and its words are no part of the form."""
    truth = individual_fields(admin_wechat="xiangwen_90")
    page = scans.scanned_form(truth, "individual_form", "narrow", height=0)
    card = draw.id_card_front(truth["owner_name"], truth["owner_id_number"]).resize((700, 442))
    both = Image.new("RGB", (page.width, page.height + 560), "white")
    both.paste(page, (0, 0))
    both.paste(card, (260, page.height + 80))
    (form,) = forms_in(both)
    assert wrong(form, truth) == []
    (paper,) = read_papers(document_of(effects.as_jpeg(both)), SURVEY)
    assert (paper.kind, paper.holder, paper.number) == ("id_card", truth["owner_name"], truth["owner_id_number"])


def test_what_was_blurred_beyond_reading_is_doubted_and_not_made_up():
    """Out of focus and small: whatever is wrong is known to be doubtful."""
    truth = unit_fields(handle="qz_7l0k1", admin_email="wangl11o@example.cn")
    page = effects.blur(effects.low_resolution(scans.scanned_form(truth, "unit_form", "notice", "scribble"), 0.45), 0.9)
    for form in forms_in(page, 40):
        assert wrong(form, truth) == []
