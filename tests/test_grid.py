"""Ruled tables in pixels, without recognition: found wherever they lie, cells with their spans, ticks by their ink."""

import build_scans as scans
import numpy as np
import picture_effects as effects
import pytest
from build_forms import unit_fields
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from intake.ocr_steps import Glyph, Row
from intake.readers import grid, marks, tick_boxes
from intake.readers.cells import boxes
from intake.readers.flatten import Flat, tables, without_seal
from rules.document import EMPTY, TICKED, UNSURE
from rules.labels import lexicon
from rules.pixel_doubts import is_torn, recognised_confidence
from rules.survey import FieldRule

#: height of the print on drawn forms, in pixels
EM = 33
#: how pictures of one table come out of scanners and phones
TROUBLES = {
    "scan": lambda page: page,
    "slanted": lambda page: effects.skew(page, 3),
    "more slanted": lambda page: effects.skew(page, -6),
    "perspective": lambda page: effects.perspective(page, 0.05, 7),
    "shadow": lambda page: effects.shadow(effects.perspective(page, 0.04, 5), 0.5),
    "fax": effects.bitonal,
    "blurred": lambda page: effects.noise(effects.blur(page, 1.2), 10),
}


def pixels(image: Image.Image) -> np.ndarray:
    """A picture as the reader holds it (BGR)."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def row(text: str, left: float, top: float, em: float, sure: float = 1.0) -> Row:
    """A line as recognition gives it: characters evenly spread, the box a little higher than the print."""
    width = em * len(text)
    corners = np.asarray([(left, top - 0.2 * em), (left + width, top - 0.2 * em), (left + width, top + 1.2 * em),
                          (left, top + 1.2 * em)], np.float32)  # fmt: skip
    glyphs = tuple(Glyph(char, (index + 0.5) / len(text), sure) for index, char in enumerate(text))
    return Row(corners, text, sure, glyphs)


@pytest.fixture(scope="module")
def form() -> Image.Image:
    """A form of four columns with merged cells."""
    return scans.scanned_form(unit_fields(), "unit_form", "official")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_all_cells_are_found_with_their_spans(form, trouble):
    """34 cells in 12 rows: six values span three columns, however the page lies."""
    flats = [boxes(flat) for flat in tables(pixels(TROUBLES[trouble](form)), EM)]
    (cells,) = [found for found in flats if found]
    assert len(cells) == 34
    assert [cell.column_span for cell in cells if cell.row < 6] == [1, 3] * 6
    assert {cell.column_span for cell in cells if 6 <= cell.row < 11} == {1}
    assert max(cell.row for cell in cells) == 11


def test_hair_lines_of_a_small_copy_are_lines(form):
    """Grey lines of less than a pixel."""
    page = effects.low_resolution(scans.scanned_form(unit_fields(), "unit_form", "hairline"), 0.6)
    assert [len(boxes(flat)) for flat in tables(pixels(page), 0.6 * 30)] == [34]


def test_running_text_and_a_photo_are_no_tables():
    """Lines of writing hang together no more than grass does."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (900, 700, 3), dtype=np.uint8))
    letter = scans.scanned_form(unit_fields(), "unit_form", "lines")
    for picture in (noise, letter, Image.new("RGB", (400, 300), "white"), Image.new("RGB", (5, 900), "black")):
        assert [found for flat in tables(pixels(picture), EM) if (found := boxes(flat))] == []


def test_two_tables_on_a_page_are_two(form):
    """Two forms copied onto one sheet."""
    half = form.crop((0, 200, form.width, 950))
    both = Image.new("RGB", (form.width, 1600), "white")
    both.paste(half, (0, 0))
    both.paste(half, (0, 800))
    counts = [len(boxes(flat)) for flat in tables(pixels(both), EM)]
    assert len(counts) == 2 and counts[0] == counts[1] >= 20


def test_a_line_that_runs_over_a_rule_is_cut_there():
    """Each part goes to its own cell and is read again by itself; the empty cell stays empty."""
    page = Image.new("RGB", (900, 400), "white")
    draw = ImageDraw.Draw(page)
    for left, right in ((50, 250), (250, 850)):
        for top in (50, 120, 190, 260):
            draw.rectangle((left, top, right, top + 70), outline="black", width=2)
    (flat,) = tables(pixels(page), EM)
    asked = []

    def again(cuts):
        asked.extend(cuts)
        texts = ["账号名称", "衡东发布"]
        return [(text, 1.0, tuple(Glyph(char, 0.5, 0.95) for char in text)) for text in texts[: len(cuts)]]

    line = row("账号名称衡东发布", 120, 70, 33)
    table, used = grid.table_of(flat, boxes(flat), [line], 1, again)
    texts = {(cell.row, cell.column): cell.text for cell in table.cells}
    assert texts[0, 0] == "账号名称" and texts[0, 1] == "衡东发布" and texts[1, 1] == ""
    assert len(asked) == 2 and used == {id(line)}
    assert {cell.confidence for cell in table.cells if cell.text} == {0.95}


def test_ink_that_nobody_could_read_leaves_no_cell_surely_empty():
    """A scrawl: the field is doubted, and a person looks."""
    page = Image.new("RGB", (900, 400), "white")
    draw = ImageDraw.Draw(page)
    for left, right in ((50, 250), (250, 850)):
        for top in (50, 120, 190, 260):
            draw.rectangle((left, top, right, top + 70), outline="black", width=2)
    draw.line([(300, 70), (330, 100), (340, 65), (380, 105), (400, 75)], fill="black", width=4)
    (flat,) = tables(pixels(page), EM)
    table, _ = grid.table_of(flat, boxes(flat), [], 1, lambda cuts: [("", 0.0, ()) for _ in cuts])
    doubted = [(cell.row, cell.column) for cell in table.cells if cell.confidence < 0.8]
    assert doubted == [(0, 1)]


def boxed(draw: ImageDraw.ImageDraw, x: float, y: float, side: float, tick: str) -> None:
    """A tick box as a form has it."""
    draw.rectangle((x, y, x + side, y + side), outline="black", width=2)
    if tick == "filled":
        draw.rectangle((x, y, x + side, y + side), fill="black")
    elif tick == "check":
        draw.line([(x + 0.1 * side, y + 0.5 * side), (x + 0.4 * side, y + 0.9 * side), (x + side, y)], fill="black", width=3)
    elif tick == "dot":
        middle = (x + side / 2, y + side / 2)
        draw.ellipse((middle[0] - 0.13 * side, middle[1] - 0.13 * side, middle[0] + 0.13 * side, middle[1] + 0.13 * side),
                     fill="black")  # fmt: skip


def drawn_options(ticks: list[str], em: int = 30) -> tuple[np.ndarray, Row]:
    """A strip of options with a box before each, and the line as recognition gives it (boxes unread)."""
    words = ("便民服务", "会员服务", "征婚交友", "新闻发布")[: len(ticks)]
    step = 7 * em
    page = Image.new("RGB", (60 + step * len(ticks), 120), "white")
    draw = ImageDraw.Draw(page)
    glyphs, text = [], ""
    face = scans.font(em)
    width = step * len(ticks)
    for index, (word, tick) in enumerate(zip(words, ticks, strict=True)):
        x = 40 + index * step
        boxed(draw, x, 44, 0.75 * em, tick)
        draw.text((x + 1.1 * em, 38), word, font=face, fill="black")
        glyphs += [Glyph(char, (1.1 * em + index * step + (n + 0.5) * em) / width, 1.0) for n, char in enumerate(word)]
        text += word + " "
    corners = np.asarray([(40, 34), (40 + width, 34), (40 + width, 80), (40, 80)], np.float32)
    return pixels(page), Row(corners, text.strip(), 1.0, tuple(glyphs))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["", "filled", "check"]), min_size=2, max_size=4), st.integers(16, 44))
def test_every_box_is_decided_as_it_was_drawn(ticks, em):
    """Empty, filled or ticked, large or small: in the order of the line, or UNSURE, but never wrong."""
    picture, line = drawn_options(ticks, em)
    found = sorted(tick_boxes.find(picture, [line], ("便民服务", "会员服务", "征婚交友", "新闻发布")), key=lambda mark: mark.middle[0])
    assert len(found) == len(ticks)
    for mark, tick in zip(found, ticks, strict=True):
        assert mark.state in (TICKED if tick else EMPTY, UNSURE)
    assert sum(mark.state == UNSURE for mark in found) <= len(ticks) // 2


def test_a_box_with_little_ink_is_left_to_a_person():
    """A dot in the middle: a tick, a flaw of the copy?"""
    picture, line = drawn_options(["", "dot", "check"])
    states = [mark.state for mark in sorted(tick_boxes.find(picture, [line], ("便民服务", "会员服务", "征婚交友")), key=lambda m: m.middle[0])]
    assert states == [EMPTY, UNSURE, TICKED]


def test_a_word_in_running_text_has_no_box():
    """有限公司 at the end of a name is an option's word, and the characters before it are no boxes."""
    picture, _ = drawn_options(["check"])
    assert tick_boxes.find(picture, [row("衡东县乐农科技有限公司", 40, 44, 30)], ("有限公司", "科技")) == []


def test_what_recognition_made_of_a_box_is_taken_out_of_the_text():
    """口 before an option was its box; the same character in a word stays."""
    picture, line = drawn_options(["", "check"])
    seen = Row(line.corners, "口" + line.text, 0.8, (Glyph("口", 0.02, 0.4), *line.glyphs))
    found = tick_boxes.find(picture, [seen], ("便民服务", "会员服务"))
    assert [piece.text for piece, _ in marks.without_boxes(seen, found)] == ["便民服务", "会员服务"]


def test_a_seal_becomes_paper_and_a_red_tick_does_not():
    """Only large red shapes are taken away; what lies beneath them stays dark."""
    page = Image.new("RGB", (800, 600), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((395, 100, 405, 500), fill="black")
    draw.line((40, 40, 60, 60), fill=(210, 30, 30), width=3)
    assert without_seal(pixels(page)) is not None and (without_seal(pixels(page)) == pixels(page)).all()
    draw.ellipse((300, 200, 500, 400), outline=(210, 30, 30), width=8)
    draw.rectangle((395, 100, 405, 500), fill=(60, 10, 10))
    cleaned = without_seal(pixels(page))
    assert cleaned[300, 304].min() > 230, "the ring is gone"
    assert cleaned[300, 400].max() < 120, "the stroke is not"
    assert tuple(cleaned[50, 50]) == (30, 30, 210), "a red pen is left alone"


RULES = {kind: FieldRule("field", "栏", (), kind, ("unit_form",)) for kind in ("handle", "email", "yes_no", "id_number", "text")}


@pytest.mark.parametrize("kind, raw, sure", [
    ("handle", "hdfb2019", True), ("handle", "gh_7d3121f71e9e", True), ("handle", "ab 23", False), ("handle", "Cosx", False),
    ("handle", "x0v", False), ("handle", "gh_32ec8d9e20", False), ("handle", "13807340001", True),
    ("email", "w n@sina.com", False), ("email", "luoxf@example.cn", True), ("handle", "衡东发布", True),
    ("yes_no", "☑是 □否", True), ("yes_no", "□是否", False), ("yes_no", "是否", False), ("yes_no", "是", True),
    ("text", "衡东县\t有限公司", False),
])  # fmt: skip
def test_look_alikes_and_lists_with_gaps_are_doubted(kind, raw, sure):
    """Where size alone tells large letters from small; a list of which a box is missing may have lost its tick. (l and 1 are
    told apart by their shapes: test_look_alikes.)"""
    assert (recognised_confidence(RULES[kind], raw, raw, 1.0) >= 0.8) is sure


def test_labels_among_the_values_show_a_torn_table():
    """Where rules were overlooked, cells run into each other; nothing of such a form is sure."""
    from test_scanned_form import SURVEY

    words = lexicon(SURVEY)
    assert is_torn(["衡东发布", "2018年3月5日\n管理员姓名"], words)
    assert not is_torn(["衡东发布", "微信公众号", "公众号", "□是 ☑否", ""], words)


def test_a_flat_table_maps_points_of_the_picture(form):
    """The corners of the table in the picture are the corners of the flat one."""
    (flat,) = tables(pixels(effects.perspective(form, 0.05, 3)), EM)
    assert isinstance(flat, Flat)
    edge, (height, width) = 0.5 * flat.em, flat.ink.shape
    placed = flat.place(flat.corners)
    assert np.allclose(placed[0], (edge, edge), atol=3) and np.allclose(placed[2], (width - edge, height - edge), atol=3)
    assert flat.holds(flat.corners.mean(axis=0)) and not flat.holds(np.asarray((1.0, 1.0)))
