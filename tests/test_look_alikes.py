"""Letters and digits that look alike are told apart by their shapes; rules that a fax broke into dashes are mended."""

import cv2
import numpy as np
import pytest
from build_facts import SURVEY
from build_pictures import INK, font
from picture_effects import blur, noise
from PIL import Image, ImageDraw

from intake.ocr_steps import Glyph, Row
from intake.readers import second_look
from intake.readers.dashes import dashed
from intake.readers.look_alikes import told_apart
from rules.pixel_doubts import ambiguous_places

_SIZE = 26


def _row(draw: ImageDraw.ImageDraw, written: str, top: int, face: str, read: str | None = None) -> Row:
    """`written` drawn at a height of the page, and the row that recognition would give for it, sure of `read`."""
    letters = font(_SIZE, face)
    draw.text((60, top), written, font=letters, fill=INK)
    left, up, right, down = draw.textbbox((60, top), written, font=letters)
    left, up, right, down = left - 4, up - 7, right + 4, down + 7
    corners = np.asarray([(left, up), (right, up), (right, down), (left, down)], np.float32)
    middles = [60 + letters.getlength(written[:place]) + letters.getlength(char) / 2 for place, char in enumerate(written)]
    read = read or written
    glyphs = tuple(Glyph(char, (middle - left) / (right - left), 0.99) for char, middle in zip(read, middles, strict=True))
    return Row(corners, read, 0.99, glyphs)


def _sure(written: str, read: str, face: str = "sans", spoiled=lambda page: page) -> list[float]:
    """How sure the characters of a handle are that was read so, on a page with telephone numbers."""
    page = Image.new("RGB", (700, 400), "white")
    draw = ImageDraw.Draw(page)
    rows = [_row(draw, written, 60, face, read), _row(draw, "13811150211", 160, face), _row(draw, "20190711", 260, face)]
    return [glyph.sure for glyph in told_apart(np.asarray(spoiled(page))[:, :, ::-1], rows)[0].glyphs]


@pytest.mark.parametrize("face", ["sans", "bold"])
@pytest.mark.parametrize("handle", ["wang1988", "nzil552", "a1h_5l", "hdfb_2o19", "qjiu_x0x", "kmb_4l4"])
def test_characters_that_are_what_they_were_read_as_stay_sure(handle, face):
    assert min(_sure(handle, handle, face)) > 0.9


@pytest.mark.parametrize("face", ["sans", "bold", "serif"])
@pytest.mark.parametrize(("written", "read"), [
    ("wnvu1105", "wnvul105"), ("ctcy_a1h", "ctcy_alh"), ("owl_l2o", "owl_120"), ("upz_z3o", "upz_z30"), ("rf_970", "rf_97o"),
    ("kldc9", "kidc9"), ("hdij", "hdii"),
])  # fmt: skip
def test_a_character_with_another_ones_shape_is_doubted(written, read, face):
    sure = _sure(written, read, face)
    wrong = [place for place, (one, other) in enumerate(zip(written, read)) if one != other]
    assert min(sure[place] for place in wrong) < 0.8


def test_noise_and_a_little_blur_do_not_make_a_good_handle_doubtful():
    assert min(_sure("nzil552", "nzil552", "sans", lambda page: noise(blur(page, 0.6), 8))) > 0.9


def test_where_the_shape_cannot_be_seen_only_what_may_be_either_is_doubted():
    sure = _sure("nzil552", "nzil552", "sans", lambda page: blur(page, 4))
    assert sure[3] < 0.8 < sure[0]


def test_chinese_text_and_domains_are_left_alone():
    assert min(_sure("1201室", "1201室")) > 0.9
    assert min(_sure("hdfb@l0l.com", "hdfb@l0l.com")[5:]) > 0.9


@pytest.mark.parametrize(("text", "places"), [("wang1988", set()), ("nzil552", {3}), ("a1b", {1}), ("b2o", {2}), ("hdfb", set())])
def test_places_where_either_of_two_characters_may_stand(text, places):
    assert ambiguous_places(text) == places


def _dashes(gap: int) -> np.ndarray:
    """A table of three rows and two columns, its rules broken, text in the cells; 255 where there is ink."""
    page = Image.new("L", (900, 420), 0)
    draw = ImageDraw.Draw(page)
    for y in (60, 140, 220, 300):
        for x in range(60, 840, 14 + gap):
            draw.line((x, y, min(x + 14, 840), y), fill=255)
    for x in (60, 300, 840):
        for y in range(60, 300, 14 + gap):
            draw.line((x, y, x, min(y + 14, 300)), fill=255)
    for number, text in enumerate(("账号名称", "服务类型", "功能介绍")):
        draw.text((80, 84 + 80 * number), text, font=font(26), fill=255)
        draw.text((320, 84 + 80 * number), "宣传党的方针政策解读惠民惠农政策", font=font(26), fill=255)
    return np.asarray(page)


@pytest.mark.parametrize("gap", [4, 7, 9])
def test_broken_rules_are_mended_and_close_every_cell(gap):
    count, _, stats, _ = cv2.connectedComponentsWithStats(255 - dashed(_dashes(gap), 34), connectivity=4)
    cells = [part for part in stats[1:count] if 60 < part[3] < 90 and part[4] > 10_000]
    assert len(cells) == 6


def test_lines_of_text_enclose_no_cells():
    page = Image.new("L", (900, 300), 0)
    for number in range(5):
        ImageDraw.Draw(page).text((40, 30 + 44 * number), "是否取得互联网新闻信息服务资质一二三王土工", font=font(30), fill=255)
    count, _, stats, _ = cv2.connectedComponentsWithStats(255 - dashed(np.asarray(page), 38), connectivity=4)
    assert sum(part[4] > 500 for part in stats[1:count]) == 1


@pytest.mark.parametrize(("read", "text", "sure"), [
    ("涞水文旅", "洣水文旅", False), ("洣水文旅", "洣水文旅", True),
    ("涞水镇中心小学", "洣水镇中心小学", True), ("白水文旅", "白水文旅", True),
])  # fmt: skip
def test_a_place_of_two_characters_is_put_right_and_doubted(read, text, sure):
    """Three characters of a town's name are enough to be sure."""
    row = Row(np.zeros((4, 2), np.float32), read, 0.9, tuple(Glyph(char, 0.1, 0.9) for char in read))
    mended = second_look._mended(row, second_look.Words((), SURVEY.places))
    assert mended.text == text and (min(glyph.sure for glyph in mended.glyphs) >= 0.8) == sure
