"""Forms recognised by their labels, in whatever hand they were filled in; and what is no form at all."""

from pathlib import Path

import pytest
from build_forms import (
    HANDS,
    accounts_docx,
    differences,
    individual_docx,
    individual_fields,
    invented_id,
    several_docx,
    typed_form,
    unit_docx,
    unit_fields,
)
from build_ooxml import cell, package, paragraph, row
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.config import ReadLimits
from intake.readers import text, word
from rules.document import Cell, Document, Line, Paragraph, Table
from rules.form import is_blank, read_forms
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
LIMITS = ReadLimits()
MAKERS = {"unit_form": (unit_docx, unit_fields), "individual_form": (individual_docx, individual_fields)}


def of_word(data: bytes):
    return read_forms(word.read(data, LIMITS), SURVEY)


def of_text(typed: str):
    return read_forms(text.read(typed), SURVEY)


def of_table(rows, *before: str):
    """Forms of a document with one table: rows of cell texts."""
    cells = tuple(Cell(r, c, words) for r, line in enumerate(rows) for c, words in enumerate(line))
    return read_forms(Document("docx", (*map(Paragraph, before), Table(cells))), SURVEY)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("hand", HANDS)
def test_every_hand_is_read_whole(hand, kind):
    """All fields of both forms, in every way of filling in."""
    make, truth = MAKERS[kind]
    (form,) = of_word(make(truth(), hand))
    assert (form.kind, differences(form, truth())) == (kind, [])
    assert all(field.valid and field.location for field in form.fields) and form.evidence


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("hand", HANDS)
def test_a_blank_form_is_a_form_and_blank(hand, kind):
    """Hints and unticked options are not filled in by a person."""
    make, _ = MAKERS[kind]
    (form,) = of_word(make({}, hand))
    assert is_blank(form) and form.kind == kind


@pytest.mark.parametrize("hand", HANDS)
def test_several_forms_in_one_file_are_told_apart(hand):
    """Two units' accounts and an individual's, one after the other."""
    forms = [("unit_form", unit_fields()), ("individual_form", individual_fields()),
    ("unit_form", unit_fields(name="衡东头条"))]
    found = of_word(several_docx(forms, hand))
    assert [(form.kind, differences(form, truth)) for form, (_, truth) in zip(found, forms, strict=True)] == [
        (kind, []) for kind, _ in forms]  # fmt: skip


@pytest.mark.parametrize("by", ["rows", "columns"])
def test_one_table_may_hold_several_accounts(by):
    """A row or a column for each account."""
    truths = [unit_fields(), unit_fields(name="衡东微博", handle="hdwb", service_type="新浪微博"),
    unit_fields(name="衡东头条", followers=5)]
    found = of_word(accounts_docx(truths, by=by))
    assert [differences(form, truth) for form, truth in zip(found, truths, strict=True)] == [[], [], []]


@pytest.mark.parametrize("style", ["colons", "numbered", "lines", "tabs", "crowded"])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_form_typed_into_a_mail_is_read(style, kind):
    """Labels with values beside, below, or several on a line; a signature follows."""
    truth = MAKERS[kind][1]()
    typed = f"您好,现将登记表报上:\n\n{typed_form(truth, kind, style)}\n\n此致\n敬礼\n罗小芳\n电话:13900000009\n地址:长沙"
    (form,) = of_text(typed)
    assert (form.kind, differences(form, truth)) == (kind, [])


def test_several_accounts_typed_one_after_the_other_share_what_is_written_once():
    """The unit and its administrator stand before the accounts."""
    first, second = of_text(
        "单位:衡东县教育局\n法人代表:谭志强\n管理员:罗小芳\n手机:13807340001\n"
        "1、账号名称:衡东教育\n账号:hdjy\n服务类型:微信公众号\n注册日期:2017.3.1\n"
        "2、账号名称:衡东教育\n账号:hdjywb\n服务类型:微博\n注册日期:2017.4.1\n")  # fmt: skip
    assert (first.value("platform"), second.value("platform")) == ("微信公众号", "新浪微博")
    assert {form.value("unit_name") for form in (first, second)} == {"衡东县教育局"}
    assert {form.value("admin_phone") for form in (first, second)} == {"13807340001"}


def test_doubled_labels_belong_to_the_person_named_before_them():
    """手机号码 and 微信号 stand twice: below each other, side by side, in columns."""
    number = invented_id(31)
    wanted = {"admin_name": "向文", "admin_phone": "13907340002", "owner_name": "向文军", "owner_phone": "13607340003",
    "owner_id_number": number}
    start = [("账号名称", "洣水河畔"), ("账号", "msh"), ("服务类型", "公众号")]
    below = [*start, ("管理员姓名", "向文"), ("手机号码", "13907340002"), ("负责人姓名", "向文军"), ("身份证号", number),
        ("手机号码", "13607340003")]
    owner_first = [*start, ("负责人姓名", "向文军"), ("身份证号", number), ("手机号码", "13607340003"), ("管理员姓名", "向文"),
        ("手机号码", "13907340002")]
    aside = [*start, ("管理员姓名", "向文", "负责人姓名", "向文军"), ("手机号码", "13907340002", "手机号码", "13607340003"), ("身份证号", number)]
    for rows in (below, owner_first, aside):
        (form,) = of_table(rows, "衡东县新媒体账号调查摸底登记表(个人)")
        assert {name: form.value(name) for name in wanted} == wanted


def test_the_legal_representatives_own_number_is_nobody_elses():
    """A row that the form does not have: neither the admin's telephone nor an individual's ID number."""
    rows = [("账号名称", "衡东发布"), ("账号", "hdfb"), ("服务类型", "公众号"), ("管理员姓名", "罗小芳"), ("手机号码", ""),
            ("单位(章)", "衡东县教育局"), ("法人代表", "谭志强", "手机号码", "13807340009"), ("身份证号", invented_id(5))]  # fmt: skip
    (form,) = of_table(rows, "衡东县新媒体账号调查摸底登记表(单位)")
    assert form.kind == "unit_form" and form.value("admin_phone") is None and form.get("owner_id_number") is None


def test_title_and_fields_that_contradict_each_other_leave_the_kind_open():
    """Both pieces of evidence are told, and a person decides."""
    rows = [("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("负责人姓名", "向文军"), ("身份证号", invented_id(7))]
    (form,) = of_table(rows, "衡东县新媒体账号调查摸底登记表(单位)")
    assert form.kind is None and len(form.evidence) == 2
    both = [*rows, ("单位(章)", "衡东县教育局"), ("法人代表", "谭志强")]
    (form,) = of_table(both)
    assert form.kind is None


def test_a_form_with_both_halves_is_the_kind_whose_half_is_filled():
    """Somebody made one sheet of the two forms."""
    rows = [("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("管理员姓名", "罗小芳"), ("单位(章)", ""), ("法人代表", ""),
            ("负责人姓名", "向文军"), ("身份证号", invented_id(7)), ("工作单位", "衡东一中")]  # fmt: skip
    assert of_table(rows)[0].kind == "individual_form"


def test_values_that_break_a_rule_are_kept_as_written_with_a_complaint():
    """Checksum, length, impossible day, placeholder for a name."""
    truth = individual_fields(owner_id_number="430424198503120218", owner_phone="1380734000",
    registered_on="2018年13月1日",
                              admin_name="XXX", admin_wechat="无", owner_wechat="同手机号", admin_email="无")  # fmt: skip
    (form,) = of_word(individual_docx(truth, "two_columns"))
    invalid = {field.name: field.complaint for field in form.fields if not field.valid}
    assert set(invalid) == {"owner_id_number", "owner_phone", "registered_on", "admin_name"} and all(invalid.values())
    assert form.get("owner_phone").value == "1380734000" and form.value("owner_phone") is None
    assert form.get("admin_wechat").value is None and form.get("admin_wechat").valid
    assert not any(truth["owner_id_number"] in complaint for complaint in invalid.values())


def test_same_as_above_takes_the_admins_value():
    """「同上」 in the owner's telephone, 「手机号」 for WeChat."""
    truth = individual_fields(owner_phone="同上", owner_wechat="同手机号")
    (form,) = of_word(individual_docx(truth))
    assert form.value("owner_phone") == form.value("admin_phone") == form.value("owner_wechat")


def test_hints_go_and_what_was_written_beside_them_stays():
    """Before the hint, behind it, on a line of its own, without the words 「本行填写时删除」."""
    hint = "账号名称是新媒体的中文名称。如:衡东发布、衡东头条等。(本行填写时删除。)"
    for written in (f"洣水之声\n{hint}", f"{hint}\n洣水之声", f"洣水之声{hint}", f"{hint}洣水之声",
        "洣水之声\n账号名称是新媒体的中文名称。如:衡东发布、衡东头条等。"):
        (form,) = of_word(unit_docx(unit_fields(name=written), "official"))
        assert form.get("name").raw == "洣水之声"


def test_platform_words_are_values_where_a_platform_is_asked_for():
    """公众号 and 微信 are labels elsewhere."""
    for written in ("公众号", "微信", "微信公众号", "订阅号"):
        for hand in ("two_columns", "above", "official", "paragraphs"):
            (form,) = of_word(unit_docx(unit_fields(service_type=written), hand))
            assert (form.value("service_type"), form.value("platform")) == (written, "微信公众号")


def test_a_handle_with_its_own_label_is_no_wechat_number():
    """「账号:微信号:hdfb」 in a cell and on a line."""
    (form,) = of_text("账号名称:衡东发布\n账号:微信号:hdfb\n服务类型:公众号\n关注量:5\n管理员姓名:罗小芳\n手机号码:13807340001\n单位:衡东县教育局")
    assert form.value("handle") == "hdfb" and form.get("admin_wechat") is None


def test_extra_rows_and_missing_rows_do_not_disturb():
    """Rows that the form does not have are passed over; labels that are missing are missing."""
    rows = [("序号", "1"), ("账号名称", "衡东发布"), ("认证情况", "已认证"), ("账号", "hdfb"), ("服务类型", "公众号"),
        ("注册日期", "2018.3.5", "认证时间", "2018.5.1"),
            ("管理员姓名", "罗小芳"), ("单位(章)", "衡东县教育局"), ("备注", "无")]  # fmt: skip
    (form,) = of_table(rows)
    assert form.value("registered_on") == "2018-03-05"
    assert form.get("followers") is None and form.get("admin_phone") is None


def test_boxes_for_single_digits_are_one_number():
    """An ID number written into eighteen cells."""
    number = invented_id(9)
    rows = [("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("管理员姓名", "罗小芳"), ("负责人姓名", "向文军"), ("身份证号", *number)]
    assert of_table(rows)[0].value("owner_id_number") == number


def test_a_person_cell_with_labels_inside_gives_all_of_them():
    """「管理员 | 姓名:罗小芳 手机:138…」."""
    rows = [("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("注册日期", "2018.3"), ("管理员", "姓名:罗小芳  手机:13807340001"),
        ("单位(章)", "衡东县教育局")]
    (form,) = of_table(rows)
    assert (form.value("admin_name"), form.value("admin_phone")) == ("罗小芳", "13807340001")


def test_lines_of_a_picture_are_read_like_typed_lines():
    """A borderless form read by OCR: words of equal height belong together."""
    pairs = [("账号名称", "衡东发布"), ("账号", "hdfb"), ("服务类型", "公众号"), ("注册日期", "2018年3月5日"), ("管理员姓名", "罗小芳"),
    ("手机号码", "13807340001"),
             ("单位", "衡东县教育局"), ("法人代表", "谭志强")]  # fmt: skip
    lines = [Line(words, (10 + 300 * side, 40 * number, 200 + 300 * side, 40 * number + 30), 0.9)
             for number, pair in enumerate(pairs) for side, words in enumerate(pair)]  # fmt: skip
    (form,) = read_forms(Document("ocr", lines=tuple(lines)), SURVEY)
    assert form.value("unit_name") == "衡东县教育局" and form.kind == "unit_form"


@pytest.mark.parametrize("words", [
    "各位网友好:\n微信公众号运营技巧:账号名称要简短。\n地址:长沙\n电话:0731-88888888\n微信号:abc\n联系人:小王",
    ("甲方单位名称:衡东县某某公司\n法定代表人:谭某\n注册地址:衡东\n经营范围:广告\n成立时间:2010年1月1日\n"
    "账户名称:某某公司\n账号:6222021234567890123\n开户行:农行\n联系人:罗某\n电话:13807340001\n邮箱:a@b.cn"),
    "服务类型\t价格\t功能介绍\n微信代运营\t3000\t每月二十篇\n视频拍摄\t5000\t每月四条\n联系人:小李\t电话:13807340001",
    "会议邀请\n时间:2019年8月1日\n地址:衡东县政府三楼\n联系人:康某\n电话:0734-5226196\n邮箱:a@126.com\n单位:县委办",
    "罗小芳\n衡东县教育局\n手机:13807340001\n邮箱:a@b.cn\n微信号:luo\n地址:衡东县洣水镇",
    "请问公众号需要登记吗?\n账号名称:衡东美食",
    "",
])  # fmt: skip
def test_what_is_no_form_is_not_taken_for_one(words):
    """Articles, contracts, price lists, invitations, signatures, questions."""
    assert of_text(words) == ()


def test_the_notice_itself_holds_two_blank_forms():
    """Somebody sends the notice back as it was."""
    notice = Path(__file__).parents[2] / "shared" / "notice.txt"
    hints = "账号名称是新媒体的中文名称。如:衡东发布、衡东头条等。(本行填写时删除。)"
    words = notice.read_text("utf-8") if notice.exists() else "\n".join(
        f"附件\n衡东县新媒体账号调查摸底登记表{kind}\n账号名称\n{hints}\n账  号\n服务类型\n注册日期\n是否取得互联网\n新闻信息服务资质\n□是    □否\n{rest}"
        for kind, rest in (("单位", "单位\n(章)\n法人代表\n"), ("个人", "负责人姓名\n身份证号\n")))  # fmt: skip
    forms = of_text(words)
    assert [(form.kind, [field.name for field in form.fields if field.value is not None]) for form in forms] == [
        ("unit_form", []), ("individual_form", [])]  # fmt: skip
    assert all(map(is_blank, forms))


def test_the_form_inside_a_layout_of_two_tables_is_one_form():
    """A page break or a heading parted the table."""
    halves = [row(cell(paragraph("账号名称")), cell(paragraph("甲"))), row(cell(paragraph("账号")), cell(paragraph("a1"))),
              row(cell(paragraph("服务类型")), cell(paragraph("公众号"))),
              row(cell(paragraph("管理员姓名")), cell(paragraph("罗小芳")))]  # fmt: skip
    rest = [row(cell(paragraph("单位(章)")), cell(paragraph("衡东县教育局"))),
    row(cell(paragraph("法人代表")), cell(paragraph("谭志强")))]
    (form,) = of_word(package(f"<w:tbl>{''.join(halves)}</w:tbl><w:p/><w:tbl>{''.join(rest)}</w:tbl>"))
    assert form.value("unit_name") == "衡东县教育局"


@given(st.sampled_from(sorted(HANDS)), st.sets(st.sampled_from(sorted(unit_fields())), max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_field_left_empty_never_takes_a_neighbours_value(hand, empty):
    """Property: whichever fields are left out, in whatever hand, nothing slips into them."""
    truth = {name: None if name in empty else value for name, value in unit_fields().items()}
    (form,) = of_word(unit_docx(truth, hand))
    assert differences(form, truth) == []


@given(st.text(alphabet="账号名称服务类型单位法人代表管理员姓手机码:：\n\t 、是否□☑1a", max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_text_makes_the_recogniser_fail(words):
    """Property: total on any mixture of labels and marks."""
    of_text(words)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6),
    st.sampled_from(["账号名称", "账号", "服务类型", "公众号", "姓名", "手机", "", "甲", "单位:乙"]),
                          st.integers(1, 4), st.integers(1, 4)), max_size=25))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_no_table_makes_the_recogniser_fail(cells):
    """Property: total on irregular, overlapping and empty tables."""
    read_forms(Document("docx", (Table(tuple(Cell(r, c, words, tall, wide) for r, c, words, tall, wide in cells)),)),
    SURVEY)
