"""What clerks write into the cells beside the value itself: posts, seals, days, other units, struck options."""

from pathlib import Path

import pytest

from rules.document import Cell, Document, Paragraph, Table
from rules.form import read_forms
from rules.mandatory import FIELD_CONFIDENCE
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
FILLED = {
    "账号名称": "衡东教育", "账号": "hdjy", "服务类型": "微信公众号", "业务范围": "☑便民服务 □会员服务", "形式": "☑文字 □图片 □语音 □视频",
    "注册日期": "2018-03-05", "管理员姓名": "罗小芳", "手机号码": "13807340001", "单位\n(章)": "衡东县教育局", "法人代表": "谭志强",
}  # fmt: skip


def form_with(**written: str):
    """The only form of a unit's table with these cells changed; a label that the form has not gets a row of its own, on top."""
    cells = {**{label: value for label, value in written.items() if label not in FILLED}, **FILLED, **written}
    rows = [Cell(row, column, text) for row, pair in enumerate(cells.items()) for column, text in enumerate(pair)]
    title = Paragraph("衡东县新媒体账号调查摸底登记表(单位)")
    (form,) = read_forms(Document("docx", (title, Table(tuple(rows)))), SURVEY)
    return form


@pytest.mark.parametrize("written", ["谭志强 局长", "谭志强局长", "局长:谭志强", "谭志强(局长)", "谭志强 党委书记", "谭志强、副主任"])
def test_a_persons_post_is_no_part_of_the_name(written):
    """So that the name is the one on the ID card."""
    found = form_with(法人代表=written).get("legal_representative")
    assert (found.value, found.valid) == ("谭志强", True)


@pytest.mark.parametrize("written", ["谭局长", "欧阳校长", "李老师"])
def test_a_surname_with_a_post_is_no_full_name(written):
    """Nobody can compare it with an ID card: it is asked for."""
    assert not form_with(法人代表=written).get("legal_representative").valid


@pytest.mark.parametrize("name", ["王成长", "高长主", "陈会长青", "张同志强"])
def test_a_name_that_only_looks_like_a_post_stays(name):
    """The post must stand at an end and leave a name."""
    found = form_with(管理员姓名=name).get("admin_name")
    assert (found.value, found.valid) == (name, True)


@pytest.mark.parametrize("written", [
    "衡东县教育局\n(公章)\n2019年8月1日", "衡东县教育局\n年   月   日", "衡东县教育局(盖章)  2019 年 8 月 1 日", "衡东县教育局  公章",
])  # fmt: skip
def test_the_seal_and_its_day_are_no_part_of_the_units_name(written):
    """They stand in the same cell where the form says 单位(章)."""
    assert form_with(**{"单位\n(章)": written}).value("unit_name") == "衡东县教育局"


def test_the_unit_above_is_not_the_unit():
    """A row 主管单位 that somebody added names another unit, wherever it stands."""
    form = form_with(主管单位="衡东县人民政府")
    assert form.value("unit_name") == "衡东县教育局"


def test_options_left_standing_unticked_are_looked_at_by_a_person():
    """The others were struck out: probably these are meant, but nobody said so."""
    form = form_with(形式="□文字  □图片")
    found = form.get("formats")
    assert found.value == ("文字", "图片") and found.confidence < FIELD_CONFIDENCE
    assert form_with(形式="□文字 □图片 □语音 □视频").value("formats") is None
