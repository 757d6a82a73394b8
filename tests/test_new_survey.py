"""A survey drafted from blank forms: it finds what they ask, loads as it is, and filled forms are read with it."""

import io
import json
from datetime import date
from pathlib import Path

import pytest
from build_drones import CLUB, COMPANY, DRONE, EXAMPLE, PERSON, PILOT, filled
from build_forms import form_pdf, invented_id, unit_docx, unit_fields
from build_mails import mail
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from test_form import LIMITS

from intake import cli
from intake.new_survey_blank import read_blank
from intake.new_survey_draft import Source, draft
from intake.readers import word
from rules.document import Cell, Document, Paragraph, Table
from rules.form import is_blank, read_forms
from rules.reply_check import check_templates
from rules.survey import Survey, bare, load_survey
from store.database import connect, rows

ROOT = Path(__file__).parent.parent
OURS = load_survey(ROOT / "rules" / "survey.yaml")


def drafted(folder: Path, *blanks: Path) -> Survey:
    """The survey as the command writes it."""
    assert cli.main(["new-survey", *map(str, blanks), "--out", str(folder / "survey.yaml")]) == 0
    return load_survey(folder / "survey.yaml")


def found_in(draft: Survey, finished: Survey) -> list[str]:
    """Labels of the finished survey that the draft lacks, or takes for something else, and options that it lacks."""
    lacking = []
    labels = {bare(text): rule for rule in draft.fields for text in (rule.label, *rule.variants)}
    for rule in finished.fields:
        same = next((labels[bare(text)] for text in (rule.label, *rule.variants) if bare(text) in labels), None)
        if same is None or same.kind != rule.kind and rule.kind not in ("platform", "text"):
            lacking.append(f"{rule.label} {rule.kind} {same.kind if same else ''}")
        elif missing := {c.name for c in rule.choices} - {c.name for c in same.choices}:
            lacking.append(f"{rule.label} {sorted(missing)}")
    return lacking


def test_the_shipped_blanks_give_the_fields_of_the_shipped_survey(tmp_path):
    """All labels and options; 事业单位 stands on no form, it was added by a person."""
    survey = drafted(tmp_path, *(ROOT / "rules" / "forms" / name for name in ("unit_form.docx", "individual_form.docx")))
    assert found_in(survey, OURS) == ["单位类型 ['事业单位']"]
    assert [(c.name, c.label, c.form, c.registrant_field) for c in survey.categories] == [
        ("unit", "单位", "unit_form", "unit_name"), ("individual", "个人", "individual_form", "owner_name")]
    assert [rule.name for rule in survey.fields] == [rule.name for rule in OURS.fields]
    assert {rule.name: rule.after for rule in survey.fields if rule.after} == {
        "admin_phone": "admin_name", "admin_wechat": "admin_name", "owner_phone": "owner_name", "owner_wechat": "owner_name"}
    assert survey.item.noun == "新媒体账号"
    check_templates(survey)


def test_the_second_surveys_blanks_give_its_fields(tmp_path):
    """Three categories, side headings, options in two places."""
    survey = drafted(tmp_path, *(EXAMPLE / "forms" / f"{name}_form.docx" for name in ("company", "club", "person")))
    assert found_in(survey, load_survey(EXAMPLE / "survey.yaml")) == []
    assert [c.label for c in survey.categories] == ["企事业单位", "社会团体", "个人"]
    assert [c.is_person for c in survey.categories] == [False, False, True]


@pytest.mark.parametrize(("name", "values"), [("company", COMPANY), ("club", CLUB), ("person", PERSON)])
def test_a_filled_form_is_read_with_the_draft(tmp_path, name, values):
    """Every field as it was written, and the blank is known for blank in spite of its hints."""
    survey = drafted(tmp_path, *(EXAMPLE / "forms" / f"{one}_form.docx" for one in ("company", "club", "person")))
    (form,) = read_forms(word.read(filled(f"{name}_form.docx", DRONE | PILOT | values), LIMITS), survey)
    titles = {"company": "企事业单位", "club": "社会团体", "person": "个人"}
    assert survey.category_of_form(form.kind).label == titles[name]
    told = {bare(survey.field(field.name).label): field for field in form.fields}
    for label, value in (DRONE | PILOT | values).items():
        field = told[bare(label)]
        assert field.valid, field
        if isinstance(value, list):
            found = field.value if isinstance(field.value, tuple) else (field.value,)
            assert list(found) == ([False] if value == ["否"] else value)
        elif value == "无":
            assert field.value is None
        else:
            assert bare(str(field.raw)) == bare(value)
    (empty,) = read_forms(word.read((EXAMPLE / "forms" / f"{name}_form.docx").read_bytes(), LIMITS), survey)
    assert is_blank(empty)


@pytest.mark.parametrize("hand", ["official", "two_columns", "after", "symbols"])
def test_our_own_filled_forms_are_read_with_their_draft(tmp_path, hand):
    """As with the finished survey, but for what only a person can add."""
    survey = drafted(tmp_path, ROOT / "rules/forms/unit_form.docx", ROOT / "rules/forms/individual_form.docx")
    document = word.read(unit_docx(unit_fields(), hand), LIMITS)
    ours, theirs = (read_forms(document, one)[0] for one in (OURS, survey))
    assert theirs.kind == "unit_form"
    differing = {field.name for field in ours.fields
                 if theirs.value(field.name) != field.value and field.name not in ("platform", "unit_type")}
    assert differing <= ({"address", "unit_name"} if hand != "official" else set())


def school_blank() -> bytes:
    """The blank form of an office that uses Excel: one category, wide title, options listed with strokes."""
    book = Workbook()
    sheet = book.active
    rows = [["临江县校外培训机构备案登记表", "", "", ""], ["机构名称", "", "办学许可证号", ""], ["培训类别", "□学科类 □艺术类 □体育类 □科技类", "", ""],
            ["教学面积（平方米）", "", "在读学员人数", ""], ["开办日期", "", "收费方式", "按月/按期/按课时"],
            ["是否设有消防通道", "□有 □无", "办学地址", ""], ["校长姓名", "", "校长身份证号", ""], ["校长手机", "", "电子邮箱", ""]]
    for row in rows:
        sheet.append(row)
    for cells in ("A1:D1", "B3:D3"):
        sheet.merge_cells(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_collection_with_one_category_runs_from_its_draft(tmp_path):
    """From the blank workbook to a mail that is answered, without a line written by hand."""
    (tmp_path / "blank.xlsx").write_bytes(school_blank())
    survey = drafted(tmp_path, tmp_path / "blank.xlsx")
    (category,) = survey.categories
    assert (category.label, category.registrant_field, survey.item.noun) == ("申报人", "name", "校外培训机构")
    kinds = {rule.label: (rule.kind, [c.name for c in rule.choices]) for rule in survey.fields}
    assert kinds["培训类别"] == ("choice", ["学科类", "艺术类", "体育类", "科技类"])
    assert kinds["收费方式"] == ("choice", ["按月", "按期", "按课时"])
    assert [kinds[label][0] for label in ("教学面积（平方米）", "在读学员人数", "开办日期", "是否设有消防通道", "校长身份证号", "校长手机")] == [
        "count", "count", "date", "yes_no", "id_number", "phone"]
    (tmp_path / "service.yaml").write_text(
        "data: ./data\nsurvey: survey.yaml\nmailboxes:\n  - address: a@example.cn\n    imap: {host: 127.0.0.1, port: 9, "
        "tls: none}\n    password_env: UNSET\nreply: {max_age_days: 0}\nread: {processes: 1}\n", "utf-8")
    (tmp_path / "1.eml").write_bytes(mail("备案材料", "小博士 <xbs@example.cn>", to="a@example.cn", body="备案登记表见附件", attachments=[
        ("备案表.xlsx", _filled_school(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]))
    assert cli.main(["-c", str(tmp_path / "service.yaml"), "import", str(tmp_path / "1.eml")]) == 0
    database = connect(tmp_path / "data" / "intake.db")
    (submission,) = rows(database, "SELECT * FROM submissions")
    assert (submission["category"], submission["registrant"], json.loads(submission["missing"])) == (
        "unit", "小博士艺术培训学校", ["org_certificate"])
    (account,) = rows(database, "SELECT * FROM accounts")
    extra = {survey.field(name).label: value for name, value in json.loads(account["extra"]).items()}
    assert extra.items() >= {"培训类别": "艺术类", "教学面积（平方米）": 260, "在读学员人数": 85, "是否设有消防通道": True}.items()
    (reply,) = rows(database, "SELECT * FROM replies")
    assert "校外培训机构" in reply["body"] and "账号" not in reply["body"]


def _filled_school() -> bytes:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(school_blank()))
    sheet = book.active
    for cell, value in {"B2": "小博士艺术培训学校", "D2": "教民4304240012", "B3": "□学科类 ☑艺术类 □体育类 □科技类", "B4": "260",
                        "D4": "85人", "B5": "2017年9月1日", "D5": "按期", "B6": "☑有 □无", "D6": "临江县滨河路5号",
                        "B7": "宋知礼", "D7": invented_id(5, "19700505"), "B8": "13907340055", "D8": "xbs@example.cn"}.items():
        sheet[cell] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_blank_pdf_is_drafted_from_too(tmp_path):
    """Ruled cells are cells, whatever the format."""
    (tmp_path / "单位.pdf").write_bytes(form_pdf({}, "unit_form"))
    survey = drafted(tmp_path, tmp_path / "单位.pdf")
    unit_fields_of = [rule for rule in OURS.fields if "unit_form" in rule.forms]
    labels = {bare(text) for rule in survey.fields for text in (rule.label, *rule.variants)}
    lacking = [rule.label for rule in unit_fields_of if not labels & {bare(t) for t in (rule.label, *rule.variants)}]
    assert len(lacking) <= 1, lacking


@pytest.mark.parametrize(("name", "data", "said"), [
    ("a.docx", b"", "不能读取"), ("a.docx", b"PK\x03\x04 nonsense", "不能读取"), ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(90), "不能读取"),
    ("a.html", "<p>一封信,没有表格。</p>".encode(), "没有找到登记表的栏目"),
])  # fmt: skip
def test_what_is_no_form_is_said_in_one_sentence(tmp_path, capsys, name, data, said):
    """And nothing is written."""
    (tmp_path / name).write_bytes(data)
    assert cli.main(["new-survey", str(tmp_path / name), "--out", str(tmp_path / "new" / "survey.yaml")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_survey_that_is_there_is_not_overwritten(tmp_path, capsys):
    """Nor does a missing blank leave half a draft."""
    (tmp_path / "survey.yaml").write_text("mine", "utf-8")
    blank = str(ROOT / "rules" / "forms" / "unit_form.docx")
    assert cli.main(["new-survey", blank, "--out", str(tmp_path / "survey.yaml")]) == 1
    assert "已经存在" in capsys.readouterr().err and (tmp_path / "survey.yaml").read_text("utf-8") == "mine"
    assert cli.main(["new-survey", str(tmp_path / "none.docx"), "--out", str(tmp_path / "b.yaml")]) == 1
    assert not (tmp_path / "b.yaml").exists()


_LABELS = ["姓名", "性别", "身份证号", "联系电话", "手机", "地址", "单位名称", "单位（盖章）", "负责人", "法人代表", "经营范围", "面积(平方米)", "人数", "备注",
           "是否贫困户", "证照编号", "类别", "开业时间", "E-mail", "微信", "车牌号", "户主", "年收入（万元）", "true", "No", "1.名称", "ID", "序号"]
_VALUES = ["", "□是 □否", "□A □B □其他____", "按月/按季/按年", "如：张三", "年 月 日", "（元）", "请如实填写。"]
_TITLES = ["某县民宿登记表（单位）", "养殖户情况调查表(个人)", "车辆备案表", "", "登记表"]
_ROWS = st.lists(st.lists(st.tuples(st.sampled_from(_LABELS), st.sampled_from(_VALUES)), min_size=1, max_size=3), min_size=3, max_size=14)


@given(st.lists(st.tuples(st.sampled_from(_TITLES), _ROWS), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_whatever_the_blanks_ask_the_draft_loads(tmp_path_factory, forms):
    """The same label twice, chosen on one form and written on another, words that YAML takes for something else."""
    sources = []
    for title, lines in forms:
        cells = [Cell(row, 2 * column + side, text) for row, line in enumerate(lines) for column, pair in enumerate(line)
                 for side, text in enumerate(pair)]
        blank = read_blank(Document("docx", (Paragraph(title), Table(tuple(cells)))))
        sources += [Source(blank, "x.docx")] if len(blank.fields) >= 3 else []
    assume(sources)
    folder = tmp_path_factory.mktemp("draft")
    (folder / "replies").mkdir()
    (folder / "x.docx").write_bytes(b"")
    (folder / "survey.yaml").write_text(draft(sources, OURS, date(2026, 1, 1)), "utf-8")
    assert len(load_survey(folder / "survey.yaml").categories) == len(sources)
