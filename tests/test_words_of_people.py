"""What clerks write into the cells beside the value itself: posts, seals, days, other units, struck options."""

from pathlib import Path

import pytest

from rules.document import Cell, Document, Paragraph, Table
from rules.form import read_forms
from rules.mandatory import FIELD_CONFIDENCE
from rules.survey import bare, load_survey

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


@pytest.mark.parametrize(("written", "name"), [
    ("谭志强,办公室主任", "谭志强"), ("办公室 谭志强", "谭志强"), ("党办主任谭志强", "谭志强"), ("谭志强 男", "谭志强"), ("欧阳 明华", "欧阳明华"),
    ("谭 志 强", "谭志强"), ("谭 科", "谭科"), ("谭 小站", "谭小站"),
])  # fmt: skip
def test_a_department_is_no_part_of_the_name(written, name):
    """Nor is the sex, nor are the gaps that make a short name as wide as a long one."""
    found = form_with(管理员姓名=written).get("admin_name")
    assert (found.value, found.valid, found.confidence) == (name, True, 1.0)


@pytest.mark.parametrize("written", ["谭志强 李四光", "谭志强(已调离,现李四光)", "校办谭志强"])
def test_a_cell_with_more_than_one_name_is_looked_at_by_a_person(written):
    """Nobody can tell from the words alone which is the administrator."""
    assert form_with(管理员姓名=written).get("admin_name").confidence < FIELD_CONFIDENCE


@pytest.mark.parametrize("written", ["衡东县教育局\n盖章:", "衡东县教育局(印章)", "衡东县教育局(签章)  2019.8.1"])
def test_any_word_for_the_seal_goes(written):
    """Whatever the office calls its stamp."""
    assert form_with(**{"单位\n(章)": written}).value("unit_name") == "衡东县教育局"


@pytest.mark.parametrize("written", ["见二维码", "没有设置", "详见附件", "尚未申请"])
def test_a_handle_that_points_elsewhere_is_none(written):
    """The office cannot register what stands in another paper."""
    assert not form_with(账号=written).get("handle").valid


def test_a_handle_may_be_said_to_be_the_name():
    """Then it is the name, not the words that say so."""
    assert form_with(账号="同账号名称").value("handle") == "衡东教育"


def test_a_hint_in_brackets_behind_the_value_goes_with_its_brackets():
    """Only the value stays."""
    hint = "(填写注册新媒体时所用的账号,如微信号:hdfb、手机号码、邮箱等。本行填写时删除)"
    assert form_with(账号="hdjy" + hint).value("handle") == "hdjy"
    assert form_with(账号="hdjy\uff08" + hint[1:-1] + "\uff09").value("handle") == "hdjy"


def individual(**written: str):
    """The only form of an individual's table with these cells."""
    rows = [("账号名称", "洣水河畔"), ("账号", "msh"), ("管理员姓名", written.get("管理员", "向文")),
            ("手机号码", written.get("管理员手机", "13907340002")), ("负责人姓名", written.get("负责人", "向文军")),
            ("身份证号", "430424198503120217"), ("手机号码", written.get("手机", "13607340003"))]  # fmt: skip
    cells = tuple(Cell(row, column, text) for row, pair in enumerate(rows) for column, text in enumerate(pair))
    title = Paragraph("衡东县新媒体账号调查摸底登记表(个人)")
    (form,) = read_forms(Document("docx", (title, Table(cells))), SURVEY)
    return form


def test_one_person_may_be_named_by_the_other():
    """本人 as the administrator is the owner; 同管理员 as the owner is the administrator."""
    assert individual(管理员="本人").value("admin_name") == "向文军"
    assert individual(管理员="本人", 负责人="本人").get("admin_name").valid is False
    assert individual(手机="同管理员手机号码").value("owner_phone") == "13907340002"


@pytest.mark.parametrize(("label", "written"), [
    ("账号名称", "如:衡东发布、衡东头条等。"), ("账号名称", "新媒体的中文名称"), ("账号名称", "衡东县××中学"), ("账号名称", "衡东发布、衡东头条等"),
    ("账号", "填写注册新媒体时所用的账号"), ("账号", "如微信号:hdfb、手机号码、邮箱等。"), ("账号", "微信号"), ("账号", "手机号码、邮箱等"),
    ("账号", "微信扫码可见"), ("服务类型", "如:微信公众号、新浪微博、今日头条号、一点资讯号等。"),
    ("服务类型", "微信公众号、新浪微博、今日头条号、一点资讯号等"), ("管理员姓名", "张某"), ("管理员姓名", "办公室"), ("管理员姓名", "宣传部"),
    ("管理员姓名", "同下"), ("单位\n(章)", "本单位"), ("单位\n(章)", "我校"), ("单位\n(章)", "机关"), ("注册日期", "2018年3-4月"),
    ("注册日期", "2018年3月或4月"),
])  # fmt: skip
def test_what_says_nothing_is_asked_for(label, written):
    """Pieces of the printed explanation, departments for persons, 本单位: the mandatory field is not filled in."""
    (rule,) = {rule for rule in SURVEY.fields if bare(label) in {bare(word) for word in (rule.label, *rule.variants)} and rule.mandatory}
    assert not form_with(**{label: written}).get(rule.name).valid


@pytest.mark.parametrize(("label", "written", "name"), [
    ("账号名称", "衡东发布", "name"), ("账号", "hdfb", "handle"), ("账号", "衡东教育微博", "handle"), ("服务类型", "新浪微博", "service_type"),
    ("账号名称", "衡东微信号", "name"), ("服务类型", "今日头条", "service_type"), ("服务类型", "微信公众号、新浪微博", "service_type"),
])  # fmt: skip
def test_an_example_of_the_form_may_be_what_is_meant(label, written, name):
    """衡东发布 exists; so do handles of Chinese characters."""
    found = form_with(**{label: written}).get(name)
    assert (found.value, found.valid) == (written, True)


def test_one_field_may_point_at_another():
    """同单位名称, 同账号名称, 同法人代表, 同管理员 are what they point at."""
    assert form_with(账号名称="同单位名称").value("name") == "衡东县教育局"
    assert form_with(**{"单位\n(章)": "同账号名称"}).value("unit_name") == "衡东教育"
    assert form_with(管理员姓名="同法人代表").value("admin_name") == "谭志强"
    assert form_with(法人代表="同管理员").value("legal_representative") == "罗小芳"
