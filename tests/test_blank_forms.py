"""The two blank forms that go out with our answers."""

import io
import zipfile
from pathlib import Path

import docx
import pytest
from build_forms import differences, unit_fields

from intake.config import ReadLimits
from intake.readers import word
from rules.form import is_blank, read_forms
from rules.forms.make_blank_forms import FORMS, blank_form
from rules.survey import load_survey

ROOT = Path(__file__).parents[1] / "rules"
SURVEY = load_survey(ROOT / "survey.yaml")
LIMITS = ReadLimits()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize("name", FORMS)
def test_the_files_are_what_the_script_makes(name):
    """Nobody edited them by hand, and the script is deterministic."""
    assert parts((ROOT / "forms" / name).read_bytes()) == parts(blank_form(name))
    assert blank_form(name) == blank_form(name)


@pytest.mark.parametrize("category", SURVEY.categories, ids=lambda category: category.name)
def test_our_own_reader_knows_them_as_blank_with_every_field(category):
    """Every field that the category must fill in has its place, and nothing is filled in."""
    (form,) = read_forms(word.read(category.blank.read_bytes(), LIMITS), SURVEY)
    asked = {rule.name for rule in SURVEY.fields if category.form in rule.forms}
    assert form.kind == category.form and is_blank(form) and {field.name for field in form.fields} == asked


@pytest.mark.parametrize("name", FORMS)
def test_the_words_of_the_notice_are_all_there(name):
    """Title, hints and note."""
    text = word.read((ROOT / "forms" / name).read_bytes(), LIMITS).text
    assert "衡东县新媒体账号调查摸底登记表" in text and text.count("本行填写时删除") == 3
    assert ("单位类型一栏填写机关、企业、群众团体、媒体、其他组织" in text) == (name == "unit_form.docx")
    assert "□便民服务" in text and "□其他" in text and "□视频" in text


def test_a_blank_form_filled_in_by_python_docx_is_read():
    """Typed into the cells over the hints, boxes ticked by hand: what most people will do."""
    truth = unit_fields()
    document = docx.Document(ROOT / "forms" / "unit_form.docx")
    typed = {
        "账号名称": truth["name"], "账号": f"微信号:{truth['handle']}", "服务类型": truth["service_type"],
        "功能介绍": truth["introduction"],
        "注册日期": "2018年3月5日", "关注量": "1.2万", "管理员姓名": truth["admin_name"], "手机号码": truth["admin_phone"],
        "Email": truth["admin_email"], "微信号": truth["admin_wechat"], "单位(章)": truth["unit_name"],
        "单位类型": truth["unit_type"],
        "法人代表": truth["legal_representative"], "地址": truth["address"],
    }  # fmt: skip
    for row in document.tables[0].rows:
        cells = list(dict.fromkeys(row.cells))
        for label, value in zip(cells[::2], cells[1::2], strict=False):
            key = label.text.replace(" ", "").replace("\n", "").replace("（", "(").replace("）", ")")
            if key in typed:
                value.text = typed[key]
            for option in ("新闻发布", "政策法规", "文字", "图片", "否"):
                for paragraph in value.paragraphs:
                    paragraph.text = paragraph.text.replace(f"□{option}", f"☑{option}")
    buffer = io.BytesIO()
    document.save(buffer)
    (form,) = read_forms(word.read(buffer.getvalue(), LIMITS), SURVEY)
    assert (form.kind, differences(form, truth)) == ("unit_form", [])
