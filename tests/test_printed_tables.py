"""Forms printed without ruled lines, in PDF and OFD: read by the places of their lines."""

import random

import pytest
from build_forms import differences, form_pdf, invented_id, unit_fields
from build_habits import filled
from build_ofd import lines_page, ofd_form
from build_people import truth
from build_sheets import laid_out

from intake.config import ReadLimits
from intake.readers import ofd, pdf
from rules.document import Document, Paragraph, Placed
from rules.form import read_forms
from rules.labels import lexicon
from rules.printed_tables import with_tables
from rules.survey import load_survey
from rules.wrapping import glue

SURVEY = load_survey("rules/survey.yaml")
LIMITS = ReadLimits()


def _lines(*rows: tuple[float, list[tuple[float, str]]]) -> Document:
    """A page of lines: (top, (left, text) of each column); characters are 10 points wide, Latin ones 5."""
    blocks = []
    for top, columns in rows:
        text, places, end = "", [], None
        for left, word in columns:
            if end is not None:
                text += "\t"
                places.append((end, left))
            for char in word:
                end = left + (10 if ord(char) > 0x2000 else 5)
                text += char
                places.append((left, end))
                left = end
        blocks.append(Paragraph(text, 1, Placed(top, 10, tuple(places))))
    return Document("pdf", tuple(blocks))


def _only(document: Document):
    (form,) = read_forms(document, SURVEY)
    return form


@pytest.mark.parametrize("seed", range(12))
def test_an_unruled_pdf_is_read_whole_with_wrapped_values(seed):
    kind, fields = truth(seed)
    form = _only(pdf.read(form_pdf(fields, kind, ruled=False), LIMITS))
    assert not differences(form, fields)
    assert min(found.confidence for found in form.fields) >= 0.8


@pytest.mark.parametrize("seed", range(12))
def test_a_borderless_ofd_is_read_whole_also_where_a_value_touches_the_next_label(seed):
    kind, fields = truth(seed)
    form = _only(ofd.read(ofd_form(laid_out(fields, kind, "four_columns"), "borderless"), LIMITS))
    assert not differences(form, fields)


def test_values_wrapped_below_a_row_of_labels_go_to_their_column():
    document = _lines(
        (100, [(50, "账号名称"), (150, "账号"), (250, "服务类型"), (350, "业务范围")]),
        (125, [(50, "洣水河畔生活"), (150, "mishui"), (250, "微信公众号"), (350, "□便民服务 ☑会")]),
        (139, [(350, "员服务 □新闻发布")]),
        (165, [(50, "管理员姓名"), (150, "手机号码"), (250, "负责人姓名"), (350, "身份证号")]),
        (190, [(50, "向文"), (150, "13907340002"), (250, "向文军"), (350, invented_id())]),
    )
    form = _only(document)
    assert form.value("scope") == ("会员服务",) and form.value("owner_name") == "向文军"
    assert form.value("handle") == "mishui"


def test_accounts_listed_as_printed_rows_stay_rows():
    """Lines of a list lie as near to each other as lines of one value do."""
    document = _lines(
        (100, [(50, "账号名称"), (150, "账号"), (250, "服务类型"), (350, "注册日期"), (450, "管理员姓名")]),
        (115, [(50, "衡东发布"), (150, "hdfb"), (250, "微信公众号"), (350, "2018-03-05"), (450, "罗小芳")]),
        (130, [(50, "衡东头条"), (150, "hdtt"), (250, "今日头条号"), (350, "2018-04-05"), (450, "罗小芳")]),
    )
    assert [form.value("handle") for form in read_forms(document, SURVEY)] == ["hdfb", "hdtt"]


def test_a_label_broken_over_two_lines_beside_its_value_is_whole():
    document = _lines(
        (100, [(50, "账号名称"), (150, "衡东发布"), (300, "账号"), (400, "hdfb")]),
        (125, [(50, "服务类型"), (150, "微信公众号"), (300, "关注量"), (400, "120")]),
        (150, [(50, "是否取得互联网"), (150, "□是 ☑否"), (300, "管理员姓名"), (400, "罗小芳")]),
        (164, [(50, "新闻信息服务资质")]),
        (190, [(50, "单  位"), (150, "衡东县洣水镇文化旅"), (300, "法人代表"), (400, "谭志强")]),
        (204, [(50, "(章)"), (150, "游站")]),
    )
    form = _only(document)
    assert form.value("news_license") is False and form.value("unit_name") == "衡东县洣水镇文化旅游站"
    assert form.get("unit_name").confidence == 1.0 and form.value("admin_name") == "罗小芳"


def test_a_label_centred_beside_two_lines_of_its_value_takes_both():
    document = _lines(
        (100, [(50, "账号名称"), (150, "衡东发布")]), (125, [(50, "账号"), (150, "hdfb")]), (150, [(50, "服务类型"), (150, "微信公众号")]),
        (175, [(50, "管理员姓名"), (150, "罗小芳")]),
        (200, [(150, "衡东县洣水镇迎宾大道一百一十九号办公楼三楼三零五")]), (207, [(50, "地址")]), (214, [(150, "室")]),
        (240, [(50, "法人代表"), (150, "谭志强")]),
    )
    form = _only(document)
    assert form.value("address") == "衡东县洣水镇迎宾大道一百一十九号办公楼三楼三零五室"
    assert form.value("admin_name") == "罗小芳"


def test_a_loose_line_close_below_values_makes_them_doubtful():
    document = _lines(
        (100, [(50, "账号名称"), (150, "衡东发布")]), (125, [(50, "账号"), (150, "hdfb")]), (150, [(50, "服务类型"), (150, "微信公众号")]),
        (175, [(50, "管理员姓名"), (150, "罗小芳")]), (200, [(50, "地址"), (150, "衡东县洣水镇")]), (212, [(80, "办公楼三楼")]),
        (240, [(50, "法人代表"), (150, "谭志强")]),
    )
    form = _only(document)
    assert form.get("address").confidence < 0.8 and form.get("legal_representative").confidence == 1.0


def test_pairs_side_by_side_are_whole_again_each_with_its_wrapped_lines():
    document = _lines(
        (100, [(50, "账号名称\uff1a衡东县农家乐"), (300, "账  号\uff1ahdnjl")]), (125, [(50, "服务类型\uff1a微信公众号"), (300, "关注量\uff1a120")]),
        (150, [(50, "是否取得互联网"), (300, "管理员姓名\uff1a罗小芳")]), (164, [(50, "新闻信息服务资质\uff1a否")]),
        (190, [(50, "微信号\uff1ahd-oslpecim"), (300, "单  位")]), (204, [(300, "(章)\uff1a衡东县石滩乡人民政府")]),
        (230, [(50, "法人代表\uff1a谭志强"), (300, "地址\uff1a衡东县洣水镇迎宾路一百九十八号办公楼三")]), (244, [(300, "楼")]),
        (270, [(50, "功能介绍\uff1a发布本地政务信息,宣传党的方针政策,服务群众生产生活,介绍衡")]), (284, [(50, "东风土人情")]),
    )  # fmt: skip
    form = _only(document)
    read = {name: form.value(name) for name in ("handle", "news_license", "admin_name", "admin_wechat", "unit_name", "legal_representative", "address")}
    assert read == {"handle": "hdnjl", "news_license": False, "admin_name": "罗小芳", "admin_wechat": "hd-oslpecim",
                    "unit_name": "衡东县石滩乡人民政府", "legal_representative": "谭志强", "address": "衡东县洣水镇迎宾路一百九十八号办公楼三楼"}  # fmt: skip
    assert min(found.confidence for found in form.fields) >= 0.8


def test_a_letter_is_no_table():
    document = _lines(*((100 + 15 * line, [(50, "尊敬的领导:兹送上材料,请查收。联系电话见附件")]) for line in range(5)))
    assert with_tables(document, lexicon(SURVEY)) == document


def test_any_printed_lines_are_taken_without_error():
    """Random columns at random places: total, and no line is lost."""
    rng = random.Random(7)
    words = ["账号名称", "账号", "手机号码", "是否取得互联网", "新闻信息服务资质", "☑是", "hdfb", "衡东县洣水镇", "(章)", "单  位", "管理员姓名",
             "手机号码:138", "Email:hd@qq.com", "单  位(章)\uff1a衡东县", "账  号\uff1a"]
    for _ in range(200):
        rows = [(rng.uniform(0, 400), sorted({rng.choice((50, 150, 250, 350)): rng.choice(words) for _ in range(rng.randint(1, 4))}.items()))
                for _ in range(rng.randint(3, 25))]  # fmt: skip
        document = _lines(*sorted(rows))
        made = with_tables(document, lexicon(SURVEY))
        assert sorted("".join(made.text.split())) == sorted("".join(document.text.split()))
        read_forms(document, SURVEY)


@pytest.mark.parametrize(("before", "after", "room", "between"), [
    ("衡东县洣水镇迎宾路19", "8号", 4, ""), ("gh_0d0909c9", "cbe6c@qq.com", 3, ""), ("2013-07-22", "10:20:30", 30, " "),
    ("普及法律知", "识。", 18, ""), ("第一行", "第二行", 90, "\n"), ("☑便民服务", "□新闻发布", 5, " "), ("138-9969-", "3061", 15, ""),
    ("Hengdong", "Release", 30, " "), ("", "", 0, "")])  # fmt: skip
def test_what_stood_between_two_lines_of_a_cell(before, after, room, between):
    assert glue(before, after, room, 10) == between


def test_ticks_of_a_font_that_was_missing_are_told_by_their_text():
    """LibreOffice without Wingdings draws every box as the same crossed one; the text knows which was ticked."""
    with open("tests/files/pdf/no_symbol_font.pdf", "rb") as file:
        form = _only(pdf.read(file.read(), LIMITS))
    assert form.value("scope") == ("广告业务", "其他") and form.value("formats") == ("图片", "视频")
    assert form.value("news_license") is False


@pytest.mark.parametrize("hand", ["cells", "borderless"])
@pytest.mark.parametrize("seed", range(40, 70, 3))
def test_people_fill_in_printed_forms_in_many_ways(seed, hand):
    kind, fields = truth(seed)
    sheet = filled(fields, kind, seed)
    sheet.cells = {place: str(value).replace("\ue003", "☑").replace("\ue002", "□") for place, value in sheet.cells.items()}
    form = _only(ofd.read(ofd_form(sheet, hand), LIMITS))
    wrong = [name for name, value in fields.items() if (found := form.get(name)) is None or found.value != value]
    assert all(form.get(name) is None or not form.get(name).valid or form.get(name).confidence < 0.8 or name == "introduction" for name in wrong)


def test_a_page_with_more_text_than_a_form_keeps_no_places():
    page = [(20, 10 + 1.2 * line, "发布本地政务信息" * 3) for line in range(200)]
    assert all(block.placed is None for block in ofd.read(lines_page(page), LIMITS).blocks)


def test_lines_without_places_stay_as_they_are():
    document = Document("pdf", tuple(map(Paragraph, ("账号名称\t衡东发布", "账号\thdfb", "服务类型\t微信公众号"))))
    assert with_tables(document, lexicon(SURVEY)) == document
    assert pdf.read(form_pdf(unit_fields(), ruled=False), LIMITS).blocks[1].placed is not None
    assert ofd.read(lines_page([(20, 20, "账号名称")]), LIMITS).blocks[0].placed is not None
