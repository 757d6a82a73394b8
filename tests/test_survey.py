"""The survey's file: what stands in it, and how mistakes are named."""

import re
from datetime import date
from pathlib import Path

import pytest
from build_facts import SURVEY, SURVEY_PATH

from rules.errors import RuleError
from rules.survey import ACCOUNT_COLUMNS, bare, load_survey

TEXT = SURVEY_PATH.read_text("utf-8")
PLATFORMS = ["网站", "微信公众号", "新浪微博", "今日头条号", "企鹅号", "百家号", "一点资讯号", "网易号", "天天快报", "APP", "小程序", "抖音号", "快手号", "搜狐号", "大鱼号", "其他"]


def test_the_notice_is_there_as_data():
    """Window, rule, office and numbering as published."""
    assert (SURVEY.opens, SURVEY.closes) == (date(2019, 7, 24), date(2019, 8, 13))
    assert str(SURVEY.time_zone) == "Asia/Shanghai"
    assert SURVEY.grace_days == 30
    assert SURVEY.numbering.format(1) == "HD2019-0001"
    assert SURVEY.office.email == "hdwxb2019@126.com" and SURVEY.office.telephone == "0734-5226196"
    assert SURVEY.office.contact == "康敏祎"
    assert SURVEY.title == "衡东县新媒体账号调查摸底登记"


def test_mandatory_fields_are_those_of_the_contract():
    """DATA.md, What counts."""
    common = {"name", "handle", "service_type", "registered_on", "admin_name", "admin_phone"}
    unit = {rule.name for rule in SURVEY.fields if "unit_form" in rule.mandatory}
    individual = {rule.name for rule in SURVEY.fields if "individual_form" in rule.mandatory}
    assert unit == common | {"unit_name", "legal_representative"}
    assert individual == common | {"owner_name", "owner_id_number", "owner_phone"}


def test_every_column_of_the_contract_has_its_field_in_that_order():
    """All but the platform, which is read from the service type."""
    assert tuple(rule.name for rule in SURVEY.fields) == tuple(name for name in ACCOUNT_COLUMNS if name != "platform")


def test_the_platforms_are_those_of_the_contract():
    """And their aliases lead to one platform each."""
    assert [choice.name for choice in SURVEY.platforms] == PLATFORMS
    by_alias = {alias: choice.name for choice in SURVEY.platforms for alias in choice.aliases}
    assert {by_alias[word] for word in ("订阅号", "服务号", "公众账号", "微信")} == {"微信公众号"}
    assert by_alias["腾讯内容开放平台"] == "企鹅号"


def test_each_category_demands_what_the_notice_demands():
    """Clause by clause."""
    demands = {
        (category.name, demand.code): demand.clause for category in SURVEY.categories for demand in category.demands
    }
    assert demands == {
        ("unit", "org_certificate"): "《通知》第三条第1项第(1)目",
        ("unit", "principal_id_card"): "《通知》第三条第1项第(2)目",
        ("individual", "id_card"): "《通知》第三条第2项",
    }


@pytest.mark.parametrize(
    "title", ["组织机构代码证", "统一社会信用代码证书", "营业执照", "事业单位法人证书", "社会团体法人登记证书"]
)
def test_the_certificates_successors_count(title):
    """FIELD.md section 10."""
    accepts = SURVEY.category("unit").demands[0].accepts
    assert any(bare(word) in bare(title) for word in accepts)


@pytest.mark.parametrize(
    ("label", "fields"),
    [
        ("帐号", {"handle"}),
        ("微信公众号名称", {"name"}),
        ("公众号ID", {"handle"}),
        ("开通时间", {"registered_on"}),
        ("粉丝数", {"followers"}),
        ("E-mail", {"admin_email"}),
        ("电子邮箱", {"admin_email"}),
        ("单位(章)", {"unit_name"}),
        ("单位全称", {"unit_name"}),
        ("法定代表人", {"legal_representative"}),
        ("身份证号码", {"owner_id_number"}),
        ("通讯地址", {"address"}),
        ("联系电话", {"admin_phone", "owner_phone"}),
        ("微信", {"admin_wechat", "owner_wechat"}),
        ("姓名", {"admin_name", "owner_name"}),
        ("负责人", {"legal_representative", "owner_name"}),
    ],
)
def test_people_write_labels_in_many_ways(label, fields):
    """Each variant leads to its field, and the ambiguous ones to those among which `after` decides."""
    found = {rule.name for rule in SURVEY.fields if bare(label) in map(bare, (rule.label, *rule.variants))}
    assert found - {"employer"} == fields


def written(folder: Path, text: str) -> Path:
    """The text as a survey beside stand-ins of its forms and replies."""
    (folder / "forms").mkdir()
    for name in ("unit_form", "individual_form"):
        (folder / "forms" / f"{name}.docx").write_bytes(b"PK")
    (folder / "replies").mkdir()
    path = folder / "survey.yaml"
    path.write_text(text, "utf-8")
    return path


def test_paths_are_relative_to_the_file(tmp_path):
    """Blank forms and reply texts lie beside the survey."""
    survey = load_survey(written(tmp_path, TEXT))
    assert survey.categories[0].blank == tmp_path / "forms" / "unit_form.docx"
    assert survey.replies == tmp_path / "replies"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("closes: 2019-08-13", "closes: 2019-07-23", "window.closes"),
        ("closes: 2019-08-13", "closes: 2019-02-30", "window.closes"),
        ("time_zone: Asia/Shanghai", "time_zone: Asia/Hengdong", "window.time_zone"),
        ("  days: 30", "  days: dreißig", "grace.days"),
        ("  days: 30", "  days: -1", "grace.days"),
        ("numbering: HD2019-{:04d}", "numbering: HD2019", "numbering"),
        ("numbering: HD2019-{:04d}", "numbering: HD{:04d}-{:04d}", "numbering"),
        ("numbering: HD2019-{:04d}", "numbering: HD2019-{:.0f}", "numbering"),
        ("numbering: HD2019-{:04d}", "numbering: HD2019-{number}", "numbering"),
        ("numbering: HD2019-{:04d}", "numbering: HD2019-{:04d", "numbering"),
        ("title: 衡东县", "titel: 衡东县", "titel"),
        ("  email: hdwxb2019@126.com", "  email: hdwxb2019", "office.email"),
        ("replies: replies", "replies: briefe", "replies"),
        ("blank: forms/unit_form.docx", "blank: forms/missing.docx", "categories[0].blank"),
        ("        holder: legal_representative", "        holder: chief", "categories[0].demands[1].holder"),
        ("        holder: legal_representative", "        holder: owner_name", "categories[0].demands[1].holder"),
        ("        holder: owner_name", "        holder: employer", "categories[1].demands[0].holder"),
        ("    registrant: unit_name", "    registrant: address", "categories[0].registrant"),
        ("      - code: id_card", "      - code: passport", "categories[1].demands[0].code"),
        ("    after: owner_name", "    after: nobody", "fields[19].after"),
        ("  - name: followers", "  - name: Fans", "fields[8].name"),
        ("  - name: followers", "  - name: platform", "fields[8].name"),
        ("  - name: followers", "  - name: admin_wechat", "fields[8].kind"),
        ("  - name: admin_wechat", "  - name: handle", "fields[12]"),
        ("  - name: owner_phone", "  - name: owner_mobile", "fields[19].kind"),
        ("    kind: count", "    kind: text", "fields[8].kind"),
        ("  identity: [handle, name]", "  identity: [name, number]", "item.identity[1]"),
        ("    form: unit_form", "    form: blank_form", "categories[0].form"),
        ("  noun: 账号", "  nouns: 账号", "item.nouns"),
        ("    kind: count", "    kind: number", "fields[8].kind"),
        ("    kind: yes_no", "    kind: options", "fields[7].kind"),
        (
            "    mandatory: [individual_form]\n    after: admin_name",
            "    mandatory: [unit_form]",
            "fields[17].mandatory[0]",
        ),
        ("  快手号: [快手,", "  快手号: [抖音,", "platforms.快手号"),
        ("      - 粉丝数\n", "      - 账号名称\n", "fields[8]"),
        ("  - name: individual\n", "  - name: unit\n", "categories[1]"),
        ("title: 衡东县新媒体账号调查摸底登记", "title:", "title"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_key(tmp_path, old, new, key):
    """The office edits this file: it must be told where it went wrong."""
    assert old in TEXT
    path = written(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(RuleError) as raised:
        load_survey(path)
    assert raised.value.key == key
    assert raised.value.path == str(path)
    assert raised.value.line and raised.value.line > 0
    assert re.search("[一-鿿]", str(raised.value))


def test_the_line_is_that_of_the_mistake(tmp_path):
    """Not that of the section."""
    line = TEXT.splitlines().index("    kind: count") + 1
    with pytest.raises(RuleError) as raised:
        load_survey(written(tmp_path, TEXT.replace("    kind: count", "    kind: number", 1)))
    assert raised.value.line == line


def test_a_file_that_is_not_there_is_an_error_of_the_same_kind(tmp_path):
    """The caller has one error to catch."""
    with pytest.raises(RuleError):
        load_survey(tmp_path / "none.yaml")


def test_another_office_can_collect_something_else(tmp_path):
    """Nothing of this county is needed by the code."""
    text = TEXT.replace("衡东县", "青石市").replace("HD2019-{:04d}", "QS-{:05d}").replace("2019-08-13", "2031-01-01")
    survey = load_survey(written(tmp_path, text))
    assert survey.numbering.format(3) == "QS-00003" and survey.region[-1] == "青石市"
