"""Layouts of forms that nobody designed: what offices make of the two sheets."""

from pathlib import Path

import pytest
from build_forms import invented_id

from intake.readers import text
from intake.reading.html_text import html_to_text
from intake.reading.text_document import table_document
from rules.document import Cell, Document, Paragraph, Table
from rules.form import read_forms
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
NUMBER = invented_id(3)
UNIT = {"name": "甲", "handle": "a1", "service_type": "公众号", "admin_name": "罗小芳", "unit_name": "衡东县教育局"}
PERSON = {"name": "甲", "handle": "a1", "admin_name": "向文", "admin_phone": "13907340002", "owner_name": "向文军",
          "owner_id_number": NUMBER, "owner_phone": "13607340003"}  # fmt: skip
HINT = "账号名称是新媒体的中文名称。如:衡东发布、衡东头条等。(本行填写时删除。)"


def of_table(rows, before=(), after=()):
    """Forms of a table given as rows; a tuple is (text, rows, columns); None is covered by a cell above."""
    cells = []
    for number, line in enumerate(rows):
        column = 0
        for item in line:
            words, tall, wide = item if isinstance(item, tuple) else (item, 1, 1)
            if words is not None:
                cells.append(Cell(number, column, words, tall, wide))
            column += wide
    blocks = (*map(Paragraph, before), Table(tuple(cells)), *map(Paragraph, after))
    return read_forms(Document("docx", blocks), SURVEY)


def of_text(words: str):
    return read_forms(text.read(words), SURVEY)


def values(form, wanted: dict) -> dict:
    return {name: form.value(name) for name in wanted}


def test_who_filled_the_form_in_is_not_the_administrator():
    """「填表人 … 联系电话 …」 below the table does not fill the administrator's empty telephone."""
    rows = [("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("管理员姓名", "罗小芳"), ("手机号码", ""), ("单位(章)", "衡东县教育局")]
    (form,) = of_table(rows, after=["填表人:李四 联系电话:13900000009 填表日期:2019年8月1日"])
    assert values(form, UNIT) == UNIT and form.value("admin_phone") is None


def test_a_label_over_two_rows_takes_both():
    """The hint in the one row, the value in the other."""
    rows = [(("账号名称", 2, 1), HINT), (None, "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("管理员姓名", "罗小芳"), ("单位(章)", "衡东县教育局")]
    (form,) = of_table(rows)
    assert values(form, UNIT) == UNIT


def test_a_head_in_two_storeys_is_one_head():
    """管理员 over 姓名 and 手机, 负责人 over 姓名, 身份证号 and 手机; two accounts below."""
    head = [(("账号名称", 2, 1), ("账号", 2, 1), ("服务类型", 2, 1), ("管理员", 1, 2), ("负责人", 1, 3)),
            (None, None, None, "姓名", "手机", "姓名", "身份证号", "手机")]  # fmt: skip
    people = ("向文", "13907340002", "向文军", NUMBER, "13607340003")
    first, second = of_table([*head, ("甲", "a1", "公众号", *people), ("乙", "b1", "微博", *people)])
    assert values(first, PERSON) == PERSON and values(second, PERSON) == {**PERSON, "name": "乙", "handle": "b1"}


def test_sections_at_the_left_name_the_person():
    """管理员 beside 姓名 and 手机."""
    rows = [(("基本情况", 3, 1), "账号名称", "甲"), (None, "账号", "a1"), (None, "服务类型", "公众号"),
            (("管理员", 2, 1), "姓名", "向文"), (None, "手机", "13907340002"),
            (("负责人", 3, 1), "姓名", "向文军"), (None, "身份证号", NUMBER), (None, "手机", "13607340003")]  # fmt: skip
    (form,) = of_table(rows)
    assert values(form, PERSON) == PERSON


def test_label_and_value_on_two_lines_of_one_cell():
    """A cell for each field."""
    rows = [("账号名称\n甲", "账号\na1"), ("服务类型\n公众号", "注册日期\n2018.3"), ("管理员姓名\n罗小芳", "手机号码\n13907340002"),
            ("单位\n(章)\n衡东县教育局", "法人代表\n谭志强")]  # fmt: skip
    (form,) = of_table(rows)
    assert values(form, UNIT) == UNIT


def test_example_rows_and_empty_rows_are_no_accounts():
    """「例:衡东发布 …」 and the rows left over."""
    rows = [("序号", "账号名称", "账号", "服务类型", "注册日期", "管理员", "手机"),
            ("例", "衡东发布", "hdfb", "公众号", "2018.1.1", "张三", "13800000000"),
            ("1", "甲", "a1", "公众号", "2018.3", "罗小芳", "13907340002"), ("2", "", "", "", "", "", "")]  # fmt: skip
    (form,) = of_table(rows, before=["填报单位:衡东县教育局"])
    assert values(form, UNIT) == UNIT


def test_options_in_cells_of_their_own():
    """Each box a cell."""
    rows = [("账号名称", ("甲", 1, 4)), ("账号", ("a1", 1, 4)), ("服务类型", ("公众号", 1, 4)), ("形式", "☑文字", "□图片", "□语音", "☑视频"),
            ("管理员姓名", ("罗小芳", 1, 4)), ("单位(章)", ("衡东县教育局", 1, 4))]  # fmt: skip
    (form,) = of_table(rows)
    assert form.value("formats") == ("文字", "视频") and values(form, UNIT) == UNIT


def test_the_title_may_stand_in_the_table():
    """Merged over the first row."""
    rows = [(("衡东县新媒体账号调查摸底登记表(个人)", 1, 4),), ("账号名称", "甲", "账号", "a1"), ("姓名", "向文军", "身份证号", NUMBER),
        ("手机", "13607340003")]
    (form,) = of_table(rows)
    assert form.kind == "individual_form"
    assert (form.value("owner_name"), form.value("owner_phone")) == ("向文军", "13607340003")


@pytest.mark.parametrize("typed", [
    "账号名称:____甲____\n账号:___a1___\n服务类型:__公众号__\n注册日期:____年__月__日\n关注量:_____人\n管理员姓名:_罗小芳_\n单位:_衡东县教育局_",
    "账号名称 甲\n账号 a1\n服务类型 公众号\n注册日期 2018年3月\n管理员 罗小芳\n手机 13907340002\n单位 衡东县教育局\n法人 谭志强",
    "1.账号名称:甲;2.账号:a1;3.服务类型:公众号;4.注册日期:2018年3月;5.管理员姓名:罗小芳;6.单位名称:衡东县教育局;7.法人代表:谭志强。",
    "账号名称：甲\n账号：a1\n\n服务类型：\n公众号\n\n注册日期：2018.3.5\n管理员：罗小芳（13907340002）\n所属单位：衡东县教育局",
])  # fmt: skip
def test_typed_forms_of_every_dress(typed):
    """Underscores, single spaces, semicolons on one line, full-width colons with blank lines."""
    (form,) = of_text(typed)
    assert values(form, UNIT) == UNIT and form.kind == "unit_form"


def test_an_advertisement_of_an_account_is_no_form():
    """Name, followers, platform, price, a person to call."""
    assert of_text("新媒体账号出售\n公众号名称:美食号\n粉丝数:10万\n平台:微信\n价格:3万\n联系人:小王\n微信:abc") == ()


def test_hostile_texts_cost_seconds_at_most():
    """Thousands of labels, colons, hints and letters on one line."""
    import time

    started = time.monotonic()
    for words in ("账号名称:甲\n账号:a\n服务类型:公众号\n" * 1500, "账号:" * 20000, "账号名称:" + "填写如" * 20000 + "删除",
                  "账号名称:甲\n账号:a\n服务类型:公众号\n功能介绍:" + "账号名称是填写如等。删除" * 5000, "形 " * 50000):  # fmt: skip
        of_text(words)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("head", [
    "填报单位(盖章)\uff1a              填报时间\uff1a2019年8月2日", "填报单位: 填表日期:2019.8.2",
    "填报单位\uff1a\t主管部门\uff1a县委宣传部", "填报单位\uff08公章\uff09\uff1a\u3000\u3000填表人\uff1a李四\u3000联系电话\uff1a13900000009",
])  # fmt: skip
def test_the_line_over_a_table_fills_no_field(head):
    """Seen in practice: 「填报单位(盖章):      填报时间:…」; the date is no unit, the writer no administrator."""
    rows = [("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("管理员姓名", "罗小芳"), ("单位(章)", "衡东县教育局")]
    (form,) = of_table(rows, before=[head])
    assert values(form, UNIT) == UNIT
    (form,) = of_table([*rows[:-1], ("负责人姓名", "向文军"), ("身份证号", NUMBER)], before=[head])
    assert (form.kind, form.value("unit_name"), form.value("admin_name")) == ("individual_form", None, "罗小芳")


def test_three_pairs_in_a_row_leave_each_person_his_telephone():
    """The owner's telephone stands in the administrator's column, a row below the owner."""
    rows = [("账号名称", "甲", "账号", "a1", "服务类型", "公众号"),
            ("管理员姓名", "向文", "手机号码", "13907340002", "Email", "a@example.net"),
            ("微信号", "wx1", "负责人姓名", "向文军", "身份证号", NUMBER),
            ("手机号码", "13607340003", "微信号", "wx2", "工作单位", "衡东县教育局")]  # fmt: skip
    (form,) = of_table(rows)
    wanted = PERSON | {"admin_wechat": "wx1", "owner_wechat": "wx2"}
    assert values(form, wanted) == wanted


def test_labels_in_square_brackets_need_no_colon():
    """「【账号名称】衡东发布」."""
    typed = "\n".join(f"\u3010{label}\u3011{value}" for label, value in [
        ("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("管理员姓名", "罗小芳"), ("单位名称", "衡东县教育局")])
    (form,) = of_text(typed)
    assert values(form, UNIT) == UNIT


def test_the_same_as_above_in_a_list_is_the_account_before():
    """A row for each account; 「同上」 under the administrator and the unit."""
    rows = [("账号名称", "账号", "服务类型", "管理员姓名", "手机号码", "单位名称"),
            ("甲", "a1", "公众号", "罗小芳", "13907340002", "衡东县教育局"),
            ("乙", "b2", "新浪微博", "同上", "\uff08同上\uff09", "〃")]  # fmt: skip
    _, second = of_table(rows)
    assert [second.value(name) for name in ("admin_name", "admin_phone", "unit_name")] == [
        "罗小芳", "13907340002", "衡东县教育局"]


@pytest.mark.parametrize(("label", "name", "words"), [
    ("账号", "handle", ["不清楚", "\uff08空\uff09", "?", "同上", "忘了", "待核实"]),
    ("管理员姓名", "admin_name", ["先生", "张XX", "某某", "签名", "\uff08无\uff09"]),
    ("单位名称", "unit_name", ["XX单位", "衡东县××局"]), ("注册日期", "registered_on", ["1970-01-01", "0000-00-00"]),
])  # fmt: skip
def test_words_that_say_nothing_fill_no_mandatory_field(label, name, words):
    """What stands there is kept as written and is not valid: nobody is told that it was enough."""
    for word in words:
        rows = {"账号名称": "甲", "账号": "a1", "服务类型": "公众号", "管理员姓名": "罗小芳", "单位名称": "衡东县教育局"} | {label: word}
        (form,) = of_table(list(rows.items()))
        assert form.value(name) is None and form.get(name).raw, word


def test_a_tick_before_an_unknown_word_says_nothing_of_the_option_before_it():
    """「□广告业务 ☑政策宣讲 □社会资讯」 where 政策宣讲 is no option."""
    rows = [("账号名称", "甲"), ("账号", "a1"), ("服务类型", "公众号"), ("业务范围", "□便民服务 ☑新闻发布 □广告业务 ☑乡村广播 □社会资讯"),
            ("管理员姓名", "罗小芳"), ("单位(章)", "衡东县教育局")]  # fmt: skip
    (form,) = of_table(rows)
    assert form.value("scope") == ("新闻发布",)


def test_an_empty_cell_of_a_mail_s_table_takes_no_label_for_its_value():
    """HTML tables come as lines parted by tabs; a label may be broken in its cell, a cell may be empty."""
    html = "<table>" + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in [
        ("账号<br>名称", ""), ("账号", "a1"), ("服务类型", "公众号"), ("管理员", "", "手机号码", "13907340002"),
        ("微信号", "", "Email", ""), ("单位名称", "衡东县教育局")]) + "</table>"  # fmt: skip
    (form,) = of_text(html_to_text(html))
    wanted = {"name": None, "handle": "a1", "service_type": "公众号", "admin_name": None, "admin_phone": "13907340002",
              "admin_wechat": None, "admin_email": None, "unit_name": "衡东县教育局"}  # fmt: skip
    assert values(form, wanted) == wanted


def test_a_label_without_value_does_not_take_the_labelled_cell_beside_it():
    """「联系电话: | 微信:wx2」, each cell with its own label."""
    rows = [("账号名称:甲", "账号:a1"), ("服务类型:公众号", "管理员姓名:向文"), ("手机号码:13907340002", "微信号:wx1"),
            ("负责人姓名:向文军", "身份证号:" + NUMBER), ("手机号码:", "微信号:wx2")]  # fmt: skip
    (form,) = of_table(rows)
    wanted = PERSON | {"owner_phone": None, "owner_wechat": "wx2", "admin_wechat": "wx1"}
    assert values(form, wanted) == wanted and form.get("owner_phone").raw == ""


def test_two_empty_labels_side_by_side_are_no_head_of_a_list():
    """Each cell with its own label; nobody filled in the administrator's row."""
    rows = [("账号名称:甲", "账号:a1"), ("服务类型:公众号", "注册日期:2018年3月5日"), ("管理员姓名:", "手机号码:"), ("Email:a@example.net", "微信号:wx1"),
            ("单位名称:衡东县教育局", "法人代表:罗小芳")]  # fmt: skip
    (form,) = of_table(rows)
    wanted = UNIT | {"admin_name": None, "admin_phone": None, "admin_wechat": "wx1", "registered_on": "2018-03-05"}
    assert values(form, wanted) == wanted


@pytest.mark.parametrize("span", [1, 2])
def test_a_list_of_options_goes_on_in_the_next_row(span):
    """Each option in a cell of its own, five to a row, under a label of one row or of two."""
    scope = [["□便民服务", "☑会员服务", "□征婚交友", "□新闻发布", "□广告业务"], ["□政策法规", "□社会资讯", "□专业技术", "☑微社区", "□其他"]]
    cells = [Cell(0, 0, "账号名称"), Cell(0, 1, "洣水河畔", column_span=5), Cell(1, 0, "账号"), Cell(1, 1, "msh", column_span=5),
             Cell(2, 0, "服务类型"), Cell(2, 1, "微信公众号", column_span=5), Cell(3, 0, "业务范围", row_span=span),
             *([] if span == 2 else [Cell(4, 0, "")]),
             *(Cell(3 + row, 1 + place, text) for row, texts in enumerate(scope) for place, text in enumerate(texts)),
             Cell(5, 0, "管理员姓名"), Cell(5, 1, "向文", column_span=5), Cell(6, 0, "负责人姓名"), Cell(6, 1, "向文军", column_span=5)]
    (form,) = read_forms(Document("xlsx", (Table(tuple(cells)),)), SURVEY)
    assert form.value("scope") == ("会员服务", "微社区")
    assert form.value("admin_name") == "向文"


def test_a_second_line_of_options_behind_typed_columns_is_theirs():
    """Label and value parted by a tab: the second line of boxes has none, and ends the table."""
    text = ("账号名称\t洣水河畔\n账号\tmsh\n服务类型\t微信公众号\n业务范围\t□便民服务 ☑会员服务\n□政策法规 ☑微社区\n"
            "形式\t☑文字 □图片\n管理员姓名\t向文\n负责人姓名\t向文军")
    (form,) = read_forms(table_document(text), SURVEY)
    assert form.value("scope") == ("会员服务", "微社区") and form.value("formats") == ("文字",)


def test_a_printed_value_that_may_be_cut_is_not_called_sure():
    """An unruled PDF: the loose line may be the rest of either value of the line above it; elsewhere all is sure."""
    lines = ["账号名称\t洣水河畔", "账号\tmsh", "服务类型\t微信公众号", "管理员姓名\t向文\t手机号码\t13907340002",
             "法人代表\t蒋东生\t地址\t衡东县石滩乡解放路63号", "办公楼三楼", "单位\t衡东县图书馆", "(章)"]
    (form,) = read_forms(Document("pdf", tuple(map(Paragraph, lines))), SURVEY)
    doubted = {found.name for found in form.fields if found.raw and found.confidence < 0.8}
    assert doubted == {"legal_representative", "address"}
    (typed,) = read_forms(Document("docx", tuple(map(Paragraph, lines))), SURVEY)
    assert typed.get("legal_representative").confidence == 1.0


def _rows(*rows: tuple) -> Table:
    """A table of texts; a pair is (text, rows it spans); None is covered from above."""
    cells = []
    for number, texts in enumerate(rows):
        for column, item in enumerate(texts):
            if item is not None:
                written, span = item if isinstance(item, tuple) else (item, 1)
                cells.append(Cell(number, column, written, span))
    return Table(tuple(cells))


@pytest.mark.parametrize("titles", [("账号信息", "管理员信息", "单位信息"), ("账号\n信息", "管理员\n信息", "单位\n信息"), ("账号", "管理员", "单位")])
def test_what_stands_left_of_several_rows_is_no_label(titles):
    account, admin, unit = titles
    table = _rows(((account, 3), "账号名称", "衡东发布"), (None, "账号", "hdfb"), (None, "服务类型", "微信公众号"),
                  ((admin, 2), "管理员姓名", "罗小芳"), (None, "手机号码", "13807340001"),
                  ((unit, 2), "单位", "衡东县洣水镇人民政府(盖章)"), (None, "法人代表", "谭志强"), ("备注", "无", ""))  # fmt: skip
    (form,) = read_forms(Document("docx", (table,)), SURVEY)
    assert form.value("handle") == "hdfb" and form.value("admin_name") == "罗小芳" and form.value("admin_phone") == "13807340001"
    assert form.value("unit_name") == "衡东县洣水镇人民政府" and form.kind == "unit_form"


@pytest.mark.parametrize("last", [(("工作单位", "", ""), ("衡东县第一中学", "", "")), (("微信号", "工作单位", ""), ("xw_1990", "衡东县第一中学", ""))])
def test_a_short_last_row_of_labels_has_its_values_below_it(last):
    table = _rows(("账号名称", "账号", "服务类型"), ("洣水河畔", "msh", "微信公众号"), ("管理员姓名", "手机号码", "注册日期"),
                  ("向文", "13907340002", "2018-03-05"), ("负责人姓名", "身份证号", "手机号码"), ("向文军", invented_id(), "13607340003"), *last)  # fmt: skip
    (form,) = read_forms(Document("docx", (table,)), SURVEY)
    assert form.value("employer") == "衡东县第一中学" and form.value("owner_name") == "向文军"


def test_an_empty_column_between_labels_and_values_is_skipped():
    pairs = [("账号名称", "衡东发布"), ("账号", "hdfb"), ("服务类型", "微信公众号"), ("管理员姓名", "罗小芳"), ("法人代表", "")]
    (form,) = read_forms(Document("html", (_rows(*((label, "", value) for label, value in pairs)),)), SURVEY)
    assert form.value("handle") == "hdfb" and form.value("admin_name") == "罗小芳" and form.value("legal_representative") is None


def test_a_handle_may_begin_with_the_letters_of_a_label():
    from rules.values import parse_handle

    assert parse_handle("qqaj_3tz") == "qqaj_3tz" and parse_handle("IDOL_88") == "IDOL_88"
    assert parse_handle("QQ123456") == "123456" and parse_handle("微信号hdfb") == "hdfb" and parse_handle("QQ:hd") == "hd"


@pytest.mark.parametrize("texts", [("文字", "√", "图片", "√", "语音", "", "视频", ""), ("√", "文字", "√", "图片", "", "语音", "", "视频"),
                                   ("☑文字", "☑图片", "□语音", "□视频"), ("文字", "☑", "图片", "☑", "语音", "□", "视频", "□")])  # fmt: skip
def test_options_and_ticks_in_cells_of_their_own(texts):
    table = _rows(("账号名称", "衡东发布"), ("账号", "hdfb"), ("服务类型", "微信公众号"), ("形式", *texts), ("管理员姓名", "罗小芳"))
    (form,) = read_forms(Document("xlsx", (table,)), SURVEY)
    found = form.get("formats")
    assert found.value == ("文字", "图片") and found.confidence >= 0.8


@pytest.mark.parametrize("head", [("序号", "项目", "填写内容", "填写说明"), ("序号", "项目", "内容", "备注"), ("", "", "", "")])
def test_a_column_of_advice_is_no_second_account(head):
    pairs = [("账号名称", "衡东发布"), ("账号", "hdfb"), ("服务类型", "微信公众号"), ("注册日期", "2018-03-05"), ("管理员姓名", "罗小芳")]
    table = _rows(head, *((str(number), *pair, "请如实填写") for number, pair in enumerate(pairs, 1)))
    (form,) = read_forms(Document("docx", (table,)), SURVEY)
    assert form.value("name") == "衡东发布" and form.value("registered_on") == "2018-03-05"


@pytest.mark.parametrize(("label", "written", "value"), [
    ("address", "地址\uff1a衡东县洣水镇迎宾路1号", "衡东县洣水镇迎宾路1号"), ("unit_name", "(盖章)衡东县第一中学", "衡东县第一中学"),
    ("unit_name", "衡东县第一中学 章", "衡东县第一中学"), ("unit_name", "衡东县第一中学\uff08加盖公章\uff09", "衡东县第一中学"),
    ("handle", "“hdfb”", "hdfb"), ("handle", "(微信号)hdfb", "hdfb"), ("registered_on", "2018·3·5", "2018-03-05"),
    ("registered_on", "2018\u201303\u201305", "2018-03-05"), ("service_type", "微信公众号\uff0c", "微信公众号"),
    ("admin_phone", "138 - 0734 - 0001", "13807340001"),
    ("name", "洣水之声\uff08账号名称是新媒体的中文名称。如\uff1a衡东发布、衡东头条等。\uff09", "洣水之声")])  # fmt: skip
def test_what_people_write_around_a_value_is_left_out(label, written, value):
    words = {"address": "地址", "unit_name": "单位", "handle": "账号", "registered_on": "注册日期", "service_type": "服务类型",
             "admin_phone": "手机号码", "name": "账号名称"}  # fmt: skip
    texts = {"账号名称": "衡东发布", "账号": "hdfb", "服务类型": "微信公众号", "注册日期": "2018-03-05", "管理员姓名": "罗小芳", "手机号码": "13807340001",
             "单位": "衡东县第一中学", "地址": "衡东县", words[label]: written}  # fmt: skip
    (form,) = read_forms(Document("docx", (_rows(*texts.items()),)), SURVEY)
    assert form.value(label) == value


def test_options_on_lines_with_empty_ones_between_are_one_list():
    """As web pages and mails come out that had a paragraph for each."""
    lines = ("账号名称\uff1a衡东健康", "", "账号\uff1ahdjk", "", "服务类型\uff1a微信公众号", "", "业务范围\uff1a政策法规", "", "专业技术", "", "微社区", "",
             "形式\uff1a☑文字", "", "□图片 ☑语音", "", "管理员姓名\uff1a罗小芳", "", "工作单位\uff1a衡东县第一中学", "", "特此报告")  # fmt: skip
    (form,) = read_forms(Document("text", tuple(map(Paragraph, lines))), SURVEY)
    assert form.value("scope") == ("政策法规", "专业技术", "微社区") and form.value("formats") == ("文字", "语音")
    assert form.value("admin_name") == "罗小芳"
