"""The charts: every figure in them, nothing outside the canvas, and no character that turns into a box."""

import io
import itertools
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from build_store import shipped_survey
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.office.charts import png as drawing
from intake.office.charts.figures import charts
from intake.office.charts.layout import WIDTH, Bar, Box, bars, daily, spans, width_of
from intake.office.charts.png import png
from intake.office.charts.svg import svg

OPENS, CLOSES = date(2019, 7, 24), date(2019, 8, 13)
COUNTS = {
    "by_day": {"2019-07-24": 3, "2019-08-01": 7},
    "total": {"status": {"incomplete": 4, "complete": 6}, "platform": {"微信公众号": 9, "": 1},
              "town": {"石湾镇": 2, "洣水镇": 5, "": 3}},
}  # fmt: skip


def shown(picture) -> list[str]:
    """The words of a picture."""
    return [shape.text for shape in picture.shapes if not isinstance(shape, Box)]


def test_a_report_has_four_charts_with_all_their_figures():
    """Days, statuses, platforms, towns; a town that has sent nothing stands there with 0."""
    by_name = {picture.name: picture for picture in charts(COUNTS, shipped_survey(), date(2019, 8, 1))}
    assert list(by_name) == ["daily", "status", "platform", "town"]
    assert "共 10 件" in by_name["daily"].description and "8月1日 7 件" in by_name["daily"].description
    assert {"待补正", "4", "齐全，待纸质件", "6"} <= set(shown(by_name["status"]))
    assert {"微信公众号", "9", "未能判定", "1"} <= set(shown(by_name["platform"]))
    words = shown(by_name["town"])
    assert words[words.index("石湾镇") + 1] == "2" and words[words.index("甘溪镇") + 1] == "0"
    assert words[-2:] == ["其他、未注明", "3"]


def test_a_report_of_a_version_without_charts_has_none():
    """Old rows of `digests`."""
    assert charts({"total": {}}, shipped_survey(), date(2019, 8, 1)) == ()


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.integers(-400, 400), st.integers(0, 100_000), max_size=40), st.integers(-400, 400))
def test_days_add_up_and_stay_on_the_canvas(offsets, today):
    """Whatever the figures: nothing is drawn outside, no day is lost, no two dates touch."""
    by_day = {OPENS + timedelta(days=n): value for n, value in offsets.items() if n <= today}
    picture = daily("每日新登记（件）", by_day, OPENS, CLOSES, OPENS + timedelta(days=today))
    assert f"共 {sum(by_day.values())} 件" in picture.description
    for shape in picture.shapes:
        if isinstance(shape, Box):
            assert -0.01 <= shape.x and shape.x + shape.width <= WIDTH + 0.01
            assert 0 <= shape.y and shape.y + shape.height <= picture.height
    dates = sorted((shape.x, shape.text) for shape in picture.shapes
                   if not isinstance(shape, Box) and "." in shape.text and shape.y > 155)
    gaps = [right[0] - left[0] for left, right in itertools.pairwise(dates)]
    assert all(gap > width_of("12.31") for gap in gaps)


def test_many_days_share_bars_and_none_is_counted_twice():
    """Weeks, then months."""
    by_day = {OPENS + timedelta(days=n): 1 for n in range(300)}
    found = spans(by_day, OPENS, OPENS + timedelta(days=299))
    assert sum(span.value for span in found) == 300 and len(found) == 43
    assert all(left.last + timedelta(days=1) == right.first for left, right in itertools.pairwise(found))


def test_too_many_bars_end_in_one_for_the_rest():
    """The small ones together; the sum stays."""
    picture = bars("x", "很多", [Bar(f"第{n}项", n) for n in range(40)])
    numbers = [int(word) for word in shown(picture) if word.isdigit()]
    assert sum(numbers) == sum(range(40)) and shown(picture)[-2] == "其他"


def test_a_long_label_is_cut_not_drawn_over_the_bar():
    """With a mark that it was cut."""
    (_, label, _) = shown(bars("x", "长", [Bar("一个特别特别特别长的平台名称", 3)]))
    assert label.endswith("…") and width_of(label) <= 118


@pytest.mark.parametrize("text", ["洣水镇", "荣桓镇三樟镇", "微信公众号", "0123456789 APP", "（件）、—：…"])
def test_the_shipped_font_has_the_characters(text):
    """No machine's fonts are needed for what an office of the county writes."""
    assert all(drawing._has(drawing.FONT, char) for char in text)


def test_a_character_that_no_font_has_is_marked_and_nothing_breaks(monkeypatch):
    """A private-use character, an emoji, a control character; also on a machine without any font."""
    monkeypatch.setattr(drawing, "_system_fonts", lambda: ())
    picture = Image.open(io.BytesIO(png(bars("x", "罕见\ue000", [Bar("𠮷😀\x07镇", 3)]))))
    assert picture.width == WIDTH * drawing.SCALE


def test_svg_is_well_formed_and_text_in_it_stays_text():
    """A title and a description for whoever does not see it."""
    root = ElementTree.fromstring(str(svg(bars("x", "<b>&", [Bar('"<script>', 3)]))))
    assert root.attrib["role"] == "img" and root[0].text == "<b>&"
    assert not [one for one in root.iter() if one.tag == "script"]
    assert '"<script>' in [one.text for one in root.iter()]
