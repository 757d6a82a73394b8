"""Values as people write them, and what is kept of them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.survey import load_survey
from rules.ticks import normalise
from rules.values import (
    mask_id,
    mask_personal,
    normal_label,
    normal_person_name,
    normal_unit_name,
    parse_count,
    parse_date,
    parse_email,
    parse_handle,
    parse_options,
    parse_phone,
    parse_platform,
    parse_yes_no,
    platforms_named,
)

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
FORMATS = SURVEY.field("formats").choices
SCOPE = SURVEY.field("scope").choices


@pytest.mark.parametrize(("raw", "day"), [
    ("2018年3月5日", "2018-03-05"), ("2018.3.5", "2018-03-05"), ("2018/03/05", "2018-03-05"), ("2018-3-5", "2018-03-05"),
    ("20180305", "2018-03-05"), ("二〇一八年三月五日", "2018-03-05"), ("二零一八年十二月三十一日", "2018-12-31"),
    ("２０１８年３月５号", "2018-03-05"), ("2018 年 3 月 5 日", "2018-03-05"), ("18年3月5日", "2018-03-05"),
    ("2018-03-05 10:20:30", "2018-03-05"), ("2018、3、5", "2018-03-05"), ("2018年3月5日注册", "2018-03-05"),
    ("2018年3月", "2018-03"), ("2018-3", "2018-03"), ("201803", "2018-03"), ("2018.11", "2018-11"),
    ("2018年3月初", "2018-03"), ("18.3.5", "2018-03-05"), ("18-03-05", "2018-03-05"), ("3月5日 2018", "2018-03-05"),
])  # fmt: skip
def test_a_date_is_read_however_it_is_written(raw, day):
    """Full days, months where only the month is known, in digits and in Chinese numerals."""
    assert parse_date(raw) == day


@pytest.mark.parametrize("raw", [
    "", "43164", "2018", "2018年", "2018年13月1日", "2018-02-30", "20180230", "去年", "1889.1.1", "13812345678",
    "2017年5月1日,2018年6月1日", "5.3.18", "12.5.18", "18.3/5", "18.13.5",
])  # fmt: skip
def test_what_is_no_day_is_not_guessed(raw):
    """Impossible days, spreadsheet serials, years alone, two days: None."""
    assert parse_date(raw) is None


@given(st.dates(min_value=__import__("datetime").date(1990, 1, 1), max_value=__import__("datetime").date(2099, 12, 31)),
       st.sampled_from(["{0}年{1}月{2}日", "{0}.{1}.{2}", "{0}/{1:02d}/{2:02d}", "{0}-{1}-{2}", "{0}{1:02d}{2:02d}"]))
@settings(max_examples=100, deadline=None)
def test_every_day_survives_every_way_of_writing(day, way):
    """Property: write any day in any of the common ways, and it is read back."""
    assert parse_date(way.format(day.year, day.month, day.day)) == day.isoformat()


@pytest.mark.parametrize(("raw", "amount"), [
    ("1.2万", 12000), ("约3000人", 3000), ("3万余", 30000), ("3,456", 3456), ("3千多", 3000), ("一百二十", 120), ("无", 0),
    ("1.2w", 12000), ("3k", 3000), ("十万+", 100000), ("10W+", 100000), ("1万2千", 12000), ("1万2", 12000), ("两千", 2000),
    ("0", 0), ("暂无", 0), ("截至2019年7月31日3000人", 3000), ("１２３", 123), ("一万零二", 10002), ("3 456", 3456),
    ("1.5万人次", 15000), ("500人左右", 500), ("2亿", 200000000), ("三千五", 3500), ("百余人", 100),
])  # fmt: skip
def test_an_amount_is_read_however_it_is_written(raw, amount):
    """Digits, units, Chinese numerals, remarks around them."""
    assert parse_count(raw) == amount


@pytest.mark.parametrize("raw", [
    "12.345", "3200.5人", "\U00011136","", "不详", "几百", "五六百", "3000-5000", "微信3000,微博500", "很多"])
def test_an_amount_that_is_none_is_not_guessed(raw):
    """Ranges, two amounts and words: None."""
    assert parse_count(raw) is None


@given(st.integers(0, 9_999_999))
@settings(max_examples=100, deadline=None)
def test_every_amount_survives_digits_separators_and_units(amount):
    """Property: plain digits, thousands separators and 万 give the same amount back."""
    assert parse_count(str(amount)) == parse_count(f"{amount:,}人") == amount
    assert parse_count(f"{amount / 10000:.4f}万") == amount


@pytest.mark.parametrize(("raw", "digits"), [
    ("13812345678", "13812345678"), ("138 1234 5678", "13812345678"), ("138-1234-5678", "13812345678"),
    ("+86 13812345678", "13812345678"), ("0086-13812345678", "13812345678"), ("8613812345678", "13812345678"),
    ("１３８１２３４５６７８", "13812345678"), ("0734-5226196", "07345226196"), ("(0734)5226196", "07345226196"),
    ("0734-5226196转803", "07345226196"), ("13812345678/13987654321", "13812345678"),
    ("0734-5226196 13812345678", "13812345678"), ("手机:13812345678(微信同号)", "13812345678"),
    ("400-800-1234", "4008001234"),
])  # fmt: skip
def test_a_telephone_number_is_digits_only(raw, digits):
    """Mobiles before landlines, prefixes and extensions off."""
    assert parse_phone(raw) == digits


@pytest.mark.parametrize("raw", ["", "5226196", "1381234567", "138123456789", "12345678901", "430424198503120217", "无"])
def test_an_incomplete_number_is_no_telephone_number(raw):
    """Too short, too long, unknown prefix, an ID number: None."""
    assert parse_phone(raw) is None


def test_a_mail_address_is_found_among_words():
    """Full-width signs, remarks and a Chinese full stop are tolerated."""
    assert parse_email("HDFB＠126.com(常用)") == "hdfb@126.com"
    assert parse_email("hdfb@126。com") == "hdfb@126.com"
    assert parse_email("123456789") is None
    assert parse_email("hdfb@126") is None


@pytest.mark.parametrize(("raw", "handle"), [
    ("微信号:hdfb", "hdfb"), ("微信号：hdfb", "hdfb"), ("hdfb", "hdfb"), ("账号:13812345678", "13812345678"),
    ("网址:https://www.x.cn/a", "https://www.x.cn/a"), ("http://www.hdfb.com", "http://www.hdfb.com"),
    ("gh_0123abcd", "gh_0123abcd"), ("原始ID:gh_0123abcd", "gh_0123abcd"), ("微信号hdfb", "hdfb"), ("微信号 hdfb", "hdfb"),
    ("hdfb(微信号)", "hdfb"), ("微信号:hdfb、手机号码:13812345678", "hdfb"), ("邮箱:a@b.com", "a@b.com"),
    ("衡东发布", "衡东发布"), ("@衡东发布", "@衡东发布"), ("微信号:", None), ("", None),
])  # fmt: skip
def test_a_handle_is_kept_without_its_label(raw, handle):
    """Labels before and behind go; numbers, addresses and identifiers stay."""
    assert parse_handle(raw) == handle


@pytest.mark.parametrize(("raw", "platform"), [
    ("微信公众号", "微信公众号"), ("订阅号", "微信公众号"), ("公众账号", "微信公众号"), ("服 务 号", "微信公众号"), ("微博", "新浪微博"),
    ("今日头条", "今日头条号"), ("微信小程序", "小程序"), ("手机app", "APP"), ("抖音", "抖音号"), ("腾讯微博", "其他"), ("火星号", "其他"),
    ("□微信公众号 ☑新浪微博", "新浪微博"), ("", None), ("□微信公众号 □新浪微博", None),
])  # fmt: skip
def test_a_platform_is_one_of_the_surveys(raw, platform):
    """Aliases map to it, boxes are respected, what is unknown is 其他."""
    assert parse_platform(raw, SURVEY) == platform


def test_of_several_platforms_all_are_told_and_the_first_counts():
    """The form describes one account."""
    assert platforms_named("微信公众号、今日头条号", SURVEY) == ("微信公众号", "今日头条号")
    assert parse_platform("微信公众号、今日头条号", SURVEY) == "微信公众号"


@pytest.mark.parametrize(("raw", "chosen"), [
    ("☑文字 □图片 ☑语音 □视频", ("文字", "语音")), ("文字☑ 图片□ 语音□ 视频☑", ("文字", "视频")), ("文字、图片", ("文字", "图片")),
    ("文字√ 图片 语音√ 视频", ("文字", "语音")), ("文字 √图片 语音 √视频", ("图片", "视频")), ("□文字√ □图片 □语音 □视频√", ("文字", "视频")),
    ("■文字 ■图片 □语音 □视频", ("文字", "图片")), ("■文字 ■图片", ("文字", "图片")), ("●文字 ○图片 ○语音 ○视频", ("文字",)),
    ("(√)文字 ( )图片 ( )语音 (√)视频", ("文字", "视频")), ("文字(√) 图片( ) 语音( ) 视频( )", ("文字",)),
    ("[x]文字 [ ]图片 [ ] 语音 [X] 视频", ("文字", "视频")), ("口文字 口图片 √语音 口视频", ("语音",)), ("R文字 £图片", ("文字",)),
    ("□√文字 □图片", ("文字",)), ("文字、图片、语音、视频", ("文字", "图片", "语音", "视频")), ("□文字 □图片 □语音 □视频", None),
    ("文字  图片  语音  视频", None), ("", None), ("☑文 字 □图 片", ("文字",)), ("☒文字☐图片", ("文字",)),
    ("□文字 □图片 □语音 □视频(全选)", ("文字", "图片", "语音", "视频")), ("□文字□图片□语音□视频 以上都有", ("文字", "图片", "语音", "视频")),
    ("全选", ("文字", "图片", "语音", "视频")), ("□文字 □图片 □语音 □视频 □全选", None), ("□文字 □图片 □语音 □视频 以上均无", None),
    ("文字、图片(无视频)", ("文字", "图片")), ("文字、图片,没有语音", ("文字", "图片")),
    ("文字、图片,暂无语音、视频", ("文字", "图片")), ("无视频,有文字、图片", ("文字", "图片")),
])  # fmt: skip
def test_options_are_chosen_by_ticks_before_or_behind_or_by_what_is_left(raw, chosen):
    """Every way of ticking that people use."""
    found = parse_options(raw, FORMATS)
    assert (found.value, found.valid) == (chosen, True)


def test_what_is_left_when_others_are_taken_away_is_asked_about():
    """「除语音外都有」 names what is not meant."""
    assert not parse_options("除语音外都有", FORMATS).valid


def test_an_unsure_box_is_not_chosen_and_says_so():
    """▣ asks a person; ticks that could belong to either side do too."""
    assert parse_options("▣文字 ☑图片", FORMATS).complaint == "看不清是否勾选「文字」"
    assert not parse_options("文字√图片√语音 视频", FORMATS).valid
    assert not parse_yes_no("▣是 □否").valid


def test_a_list_of_the_notice_whose_first_box_is_lost_is_still_understood():
    """As it stands on the office's web page: no box before the first option of each line."""
    raw = "   便民服务□会员服务□征婚交友☑新闻发布□广告业务\n   政策法规□社会资讯□专业技术□微社区  □其他"
    found = parse_options(raw, SCOPE)
    assert found.value == ("新闻发布",) and found.confidence < 1


@pytest.mark.parametrize(("raw", "answer"), [
    ("☑是 □否", True), ("□是 ☑否", False), ("是☑ 否□", True), ("是□ 否☑", False), ("是√ 否", True), ("是 √否", False), ("是", True),
    ("否", False), ("无", False), ("未取得", False), ("已取得", True), ("□是☑否", False), ("是(√)否( )", True), ("●是 ○否", True),
    ("□有 ☑无", False), ("口是 √否", False), ("是√否×", True), ("□是 □否", None), ("是  否", None), ("", None), ("/", None),
])  # fmt: skip
def test_yes_or_no_is_read_from_ticks_or_words(raw, answer):
    """Nothing ticked is None, and valid."""
    assert (parse_yes_no(raw).value, parse_yes_no(raw).valid) == (answer, True)


def test_yes_and_no_together_are_invalid():
    """Both ticked: a person has to ask."""
    assert parse_yes_no("☑是 ☑否").complaint == "「是」与「否」都勾选了"


def test_bullets_of_an_introduction_stay_as_they_are():
    """Only shapes beside other boxes are boxes."""
    assert normalise("●发布信息\n●服务群众") == "●发布信息\n●服务群众"
    assert normalise("●是 ○否") == "☑是 □否"


@given(st.sets(st.sampled_from([choice.name for choice in SCOPE])), st.sampled_from(["before", "behind"]),
       st.sampled_from([("☑", "□"), ("■", "□"), ("√", "□"), ("●", "○"), ("☒", "☐"), ("[x]", "[ ]"), ("(√)", "(  )")]),
       st.sampled_from(["", " ", "   ", "\n"]))  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_any_choice_with_any_marks_on_any_side_is_read(chosen, side, marks, gap):
    """Property: the list with boxes on one side gives exactly the ticked options."""
    tick, box = marks
    marked = [(tick if choice.name in chosen else box, choice.name) for choice in SCOPE]
    raw = gap.join(mark + name if side == "before" else name + mark for mark, name in marked)
    expected = tuple(choice.name for choice in SCOPE if choice.name in chosen) or None
    assert parse_options(raw, SCOPE).value == expected


@pytest.mark.parametrize(("written", "label"), [
    ("账 号", "账号"), ("是否取得互联网\n新闻信息服务资质", "是否取得互联网新闻信息服务资质"), ("1、账号名称:", "账号名称"), ("（一）账号名称", "账号名称"),
    ("*手机号码", "手机号码"), ("E-mail", "email"), ("单    位\n(章)", "单位章"), ("Ｅｍａｉｌ：", "email"),
])  # fmt: skip
def test_a_label_is_compared_without_its_dress(written, label):
    """Spaces, line breaks, numbering, stars, brackets and colons do not matter."""
    assert normal_label(written) == label


def test_one_units_name_is_one_whether_the_region_is_written_or_not():
    """The county may be left out; a higher or a lower level stays another unit."""
    same = {normal_unit_name(name, SURVEY.region) for name in ("湖南省衡东县第一中学", "衡东县第一中学", "第一中学", "衡东县 第一中学（盖章）")}
    assert len(same) == 1
    governments = ["衡东县人民政府", "衡东县洣水镇人民政府", "衡阳市人民政府"]
    assert len({normal_unit_name(name, SURVEY.region) for name in governments}) == 3
    assert normal_unit_name("衡东县", SURVEY.region) == "衡东县"
    assert normal_unit_name("中共衡东县委宣传部", SURVEY.region) == normal_unit_name("衡东县委宣传部", SURVEY.region)


def test_a_persons_name_is_compared_without_spaces_and_titles():
    """Remarks in brackets and forms of address go."""
    assert normal_person_name("张 三(局长)") == normal_person_name("张三同志") == "张三"
    assert normal_person_name("阿依古丽•买买提") == "阿依古丽·买买提"
    for written in ("张三局长", "张三 副局长", "张三党支部书记", "主任:张三", "校长 张三", "张三、主任"):
        assert normal_person_name(written) == "张三", written


@pytest.mark.parametrize(("text", "masked"), [
    ("身份证430424198503120217,手机13812345678", "身份证430424********0217,手机138****5678"),
    ("４３０４２４１９８５０３１２０２１７", "430424********0217"), ("430424 19850312 021X", "430424********021X"),
    ("430424850312021", "430424*****2021"), ("138-1234-5678", "138****5678"), ("+86 13812345678", "138****5678"),
    ("13812345678 13987654321", "138****5678 139****4321"), ("0734-5226196", "0734****6196"),
    ("6222021234567890123", "622202*********0123"), ("430424198503120217 13812345678",
        "430424********0217 138****5678"),
    ("登记编号HD2019-0001,2019-07-24 10:20", "登记编号HD2019-0001,2019-07-24 10:20"),
])  # fmt: skip
def test_personal_numbers_are_masked_in_any_dress(text, masked):
    """Spaces, hyphens and full-width digits do not save a number; dates and 登记编号 stay."""
    assert mask_personal(text) == masked


def test_a_masked_number_keeps_region_and_end():
    """So that two people can be told apart."""
    assert mask_id("430424198503120217") == "430424********0217"
    assert mask_id("1234") == "12**"


@given(st.from_regex(r"[1-9][0-9]{5}(19|20)[0-9]{9}[0-9X]", fullmatch=True),
       st.sampled_from(["", " ", "-", "\u3000"]), st.text(alphabet="张三李四,。:(", max_size=5))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_id_number_survives_masking(number, gap, around):
    """Property: whatever stands between and around, the birthday is gone."""
    written = gap.join((number[:6], number[6:14], number[14:]))
    masked = mask_personal(f"{around}{written}{around}")
    assert number[6:14] not in masked and "********" in masked


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_a_parser_fail(text):
    """Property: every parser is total."""
    for parse in (parse_date, parse_count, parse_phone, parse_email, parse_handle, parse_yes_no, mask_personal,
        normalise,
                  normal_label, normal_person_name):  # fmt: skip
        parse(text)
    parse_options(text, SCOPE)
    parse_platform(text, SURVEY)
    normal_unit_name(text, SURVEY.region)


@pytest.mark.parametrize("raw", ["□便民服务 ?新闻发布", "□便民服务 \uff1f新闻发布", "?便民服务 ?新闻发布", "□便民服务 \ufffd新闻发布"])
def test_a_box_that_the_charset_lost_is_asked_about(raw):
    """GBK has no ☑: mail programs send a question mark for it."""
    chosen = parse_options(raw, SURVEY.field("scope").choices)
    assert not chosen.valid and "看不清" in chosen.complaint
