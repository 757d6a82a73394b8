"""Which papers are recognised, what is read from them, and what is never taken for one.

The lines are those that recognition gives, hand-placed: text, left, top, height; a character is about as wide as high.
"""

from types import SimpleNamespace

import pytest
from build_pictures import invented_credit_code, invented_id, invented_organisation_code
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.document import Cell, Document, Line, Paragraph, Table
from rules.identity import read_papers
from rules.numbers import credit_check, id_check
from rules.places import mend, misread_stems

SURVEY = SimpleNamespace(categories=(), papers=(), places=("洣水镇", "三樟镇", "三樟乡", "石滩乡", "洣江"))
NUMBER = invented_id()
UNIT, CODE = "衡东县洣水镇融媒体服务中心", invented_credit_code(7, "12")


def line(text: str, left: float, top: float, tall: float = 36, confidence: float = 0.98, page: int = 1) -> Line:
    """A recognised line; Latin characters are half as wide."""
    wide = sum(0.58 if character.isascii() else 1.0 for character in text) * tall
    return Line(text, (left, top, left + wide, top + tall), confidence, page)


def front(name: str = "欧阳明山", number: str = NUMBER, x: float = 0, y: float = 0, **changed: str) -> list[Line]:
    """The front of a card 856 × 540 at (x, y); `changed` replaces or, with '', drops a line."""
    born = f"{number[6:10]}年{int(number[10:12])}月{int(number[12:14])}日"
    sex = "男" if int(number[16]) % 2 else "女"
    texts = {
        "name": (f"姓名{name}", 65, 62), "sex": (f"性别{sex}民族汉", 65, 131), "born": (f"出生{born}", 65, 205),
        "address": ("住址湖南省衡东县洣水镇文明", 65, 273), "address2": ("西路一百零八号", 160, 319), "label": ("公民身份号码", 68, 453),
    }  # fmt: skip
    lines = [
        line(changed.get(key, text), x + left, y + top)
        for key, (text, left, top) in texts.items()
        if changed.get(key) != ""
    ]
    return [*lines, Line(number, (x + 288, y + 454, x + 768, y + 495), 1.0)]


def back(x: float = 0, y: float = 0, title: str = "居民身份证") -> list[Line]:
    """The back of a card at (x, y)."""
    return [
        line("中华人民共和国", x + 246, y + 61, 60),
        line(title, x + 228, y + 151, 84),
        line("签发机关", x + 187, y + 384),
        line("衡东县公安局", x + 341, y + 384),
        line("有效期限 2012.06.08-2032.06.08", x + 187, y + 459),
    ]


def certificate(title: str = "事业单位法人证书", code: str = CODE, unit: str = UNIT, **more: str) -> list[Line]:
    """A certificate, labels left and values right, a title of twice their height."""
    rows = {
        "统一社会信用代码": code,
        "名称": unit,
        "法定代表人": "谭志远",
        "住所": "湖南省衡东县洣水镇衡岳路9号",
        "经费来源": "财政补助",
        **more,
    }
    lines = [line(title, 320, 170, 84)]
    for number, (label, value) in enumerate(rows.items()):
        lines += [line(label, 126, 410 + number * 72), line(value, 426, 412 + number * 72)]
    return lines


def papers(lines, method: str = "ocr"):
    """What is recognised in one picture of these lines."""
    return read_papers(Document(method, lines=tuple(lines)), SURVEY)


# ── ID cards ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_front_of_a_card_gives_name_and_number():
    """All labels read, each joined to its value as recognition likes to do."""
    (paper,) = papers(front())
    assert (paper.kind, paper.side, paper.title) == ("id_card", "front", "居民身份证")
    assert (paper.holder, paper.number, paper.doubts, paper.location) == ("欧阳明山", NUMBER, (), "第1页")


def test_the_order_of_the_lines_does_not_matter():
    """Recognition sorts by height, and a slant upsets it."""
    assert papers(reversed(front())) == papers(front())


@pytest.mark.parametrize("name", ["李四", "阿依古丽·买买提", "阿依古丽・买买提", "欧阳明山", "康敏祎"])
def test_names_of_every_length_are_read(name):
    """Two characters to a transliteration with its dot, whichever dot recognition saw."""
    (paper,) = papers(front(name))
    assert paper.holder == name.replace("・", "·")


def test_pale_labels_may_be_lost():
    """What remains is the name alone at the top, the day of birth and the number, which agree."""
    lines = front(name="", sex="男汉", born="1985年3月12日", address="湖南省衡东县洣水镇文明", label="")
    lines.append(line("欧阳明山", 160, 62))
    (paper,) = papers(lines)
    assert (paper.holder, paper.number, paper.doubts) == ("欧阳明山", NUMBER, ())


def test_a_number_in_two_pieces_is_put_together():
    """A hologram or a thumb parts it."""
    lines = front()[:-1] + [Line(NUMBER[:9], (288, 454, 520, 495), 0.9), Line(NUMBER[9:], (530, 455, 768, 494), 0.9)]
    assert papers(lines)[0].number == NUMBER


def test_a_misread_number_is_a_doubt_and_is_not_repeated():
    """The check fails: no number, and a sentence without it."""
    wrong = NUMBER[:16] + str((int(NUMBER[16]) + 1) % 10) + NUMBER[17]
    (paper,) = papers(front(number=wrong))
    assert paper.number is None
    assert any("校验" in doubt for doubt in paper.doubts)
    assert all(wrong not in doubt and NUMBER not in doubt for doubt in paper.doubts)


def test_a_birth_day_that_contradicts_the_number_is_a_doubt():
    """Either it was misread or the card is not genuine: a person looks."""
    (paper,) = papers(front(born="出生1984年3月12日"))
    assert any("出生日期" in doubt for doubt in paper.doubts)


def test_the_back_alone_has_no_holder():
    """It names nobody."""
    (paper,) = papers(back())
    assert (paper.side, paper.holder, paper.number, paper.valid_until) == ("back", None, None, "2032-06-08")


def test_both_sides_on_one_page_are_one_card():
    """As copiers make it, with the usual note below."""
    lines = [*front(), *back(y=700), line("此件与原件一致,仅供新媒体账号登记使用", 100, 1400)]
    (paper,) = papers(lines)
    assert (paper.side, paper.holder, paper.valid_until, paper.doubts) == ("both", "欧阳明山", "2032-06-08", ())


def test_two_people_in_one_picture_are_two_cards():
    """Side by side, each with its own back."""
    other = invented_id(birth="19900808", seq=124)
    lines = [*front(), *front("刘春燕", other, x=1000), *back(y=700), *back(x=1000, y=700)]
    assert [(paper.holder, paper.number, paper.side) for paper in papers(lines)] == [
        ("欧阳明山", NUMBER, "both"),
        ("刘春燕", other, "both"),
    ]


def test_a_temporary_card_goes_to_a_person():
    """临时居民身份证 is valid for three months only."""
    (paper,) = papers([*front(), *back(y=700, title="临时居民身份证")])
    assert paper.title == "临时居民身份证" and paper.doubts


@pytest.mark.parametrize(
    "label", ["身份证号", "身份证号码", "证号", "社会保障号码", "公民身份证件编号", "证件号码", "身份证件号"]
)
def test_another_name_for_the_number_is_another_paper(label):
    """Driving licences, insurance cards, registers, forms."""
    assert papers(front(label=label)) == ()


@pytest.mark.parametrize("word", ["准驾车型 C1", "国籍 中国", "户主", "籍贯 湖南", "婚姻状况 已婚"])
def test_words_of_other_papers_inside_the_frame_veto(word):
    """Even where everything else is as on a card."""
    assert papers([*front(), line(word, 480, 200)]) == ()


@pytest.mark.parametrize("title", ["湖南省居住证", "港澳居民居住证", "新媒体账号登记表", "常住人口登记卡户口专用"])
def test_the_heading_of_another_paper_vetoes(title):
    """A residence permit looks like an ID card but for its heading."""
    assert papers([line(title, 150, -90, 54), *front()]) == ()


def test_a_typed_list_is_no_card():
    """Labels with colons were typed by somebody."""
    lines = front(
        name="姓名:欧阳明山", sex="性别:男", born="出生:1985年3月12日", address="住址:衡东县", label="公民身份号码:"
    )
    assert papers(lines) == ()


def test_typed_text_shows_no_card():
    """Whoever writes name and number into a document has shown no card."""
    text = "\n".join(each.text for each in [*front(), *back()])
    for method in ("docx", "pdf", "text"):
        assert read_papers(Document(method, blocks=(Paragraph(text),)), SURVEY) == ()


def test_a_card_in_a_news_page_is_nobodys_copy():
    """Long lines and the words of the press around it."""
    story = ["本报讯八月三日上午家住衡东县洣水镇的市民刘先生捡到一张身份证", "民警通过户籍系统查到了失主的联系方式当天下午失主就领回了证件",
             "图为刘先生捡到的身份证记者谭志远摄警方提醒市民要保管好证件"]  # fmt: skip
    assert papers([*front(), *(line(text, 0, 700 + 60 * row) for row, text in enumerate(story))]) == ()


def test_much_other_text_around_a_card_is_a_doubt():
    """Perhaps a form with the card glued on it: a person looks."""
    (paper,) = papers(
        [*front(), *(line("本单位承诺所提供的材料真实有效并愿意承担责任" * 2, 0, 700 + 60 * row) for row in range(4))]
    )
    assert paper.doubts and paper.number == NUMBER


def test_a_specimen_is_a_doubt():
    """An advertisement's or an instruction's card."""
    assert papers([*front(), line("样本", 300, 600)])[0].doubts


@given(st.permutations(range(7)), st.integers(0, 6), st.floats(-6, 6), st.floats(-6, 6))
@settings(max_examples=80, deadline=None)
def test_a_card_that_lost_a_line_is_never_read_wrong(order, lost, dx, dy):
    """Any line may be missing, in any order, slightly displaced: what is read is right, or it is not read."""
    lines = [front()[index] for index in order if index != lost]
    moved = [
        Line(each.text, tuple(side + (dx, dy)[place % 2] * (index % 2) for place, side in enumerate(each.box)), 0.9)
        for index, each in enumerate(lines)
    ]
    for paper in papers(moved):
        assert paper.number in (NUMBER, None) and paper.holder in ("欧阳明山", None)
        assert paper.doubts or (paper.number and paper.holder)


@given(st.lists(st.tuples(st.text("姓名性别男女民族汉出生住址公身份号码证书统一社会信用代0123456789X年月日 :·", max_size=20),
                          st.integers(0, 900), st.integers(0, 600)), max_size=12))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_lines_give_papers_with_valid_numbers_only(rows):
    """Total: no line of any kind makes it fail."""
    for paper in papers([line(text, x, y) for text, x, y in rows]):
        assert paper.number is None or len(paper.number) in (10, 18)


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_certificate_gives_unit_code_and_person():
    """Title, labels, a valid code."""
    (paper,) = papers(certificate(有效期="自2018年04月02日至2023年04月02日"))
    assert (paper.kind, paper.side, paper.title) == ("org_certificate", None, "事业单位法人证书")
    assert (paper.holder, paper.number, paper.principal) == (UNIT, CODE, "谭志远")
    assert (paper.valid_until, paper.doubts) == ("2023-04-02", ())


@pytest.mark.parametrize(
    ("title", "kind"),
    [("统一社会信用代码证书", "11"), ("营业执照", "91"), ("营 业 执 照 (副 本)", "92"), ("社会团体法人登记证书", "51"),
     ("民办非企业单位登记证书", "52"), ("民办非企业单位(法人)登记证书", "52"), ("基金会法人登记证书", "53"), ("农村集体经济组织登记证", "N2"),
     ("事业单位法人证书(正本)", "12"), ("工会法人资格证书", "81"), ("中华人民共和国组织机构代码证", "11")],
)  # fmt: skip
def test_every_kind_of_certificate_is_known_by_its_title(title, kind):
    """正本 and 副本 alike."""
    code = invented_credit_code(5, kind)
    (paper,) = papers(certificate(title, code))
    assert (paper.number, paper.doubts) == (code, ())
    assert paper.title in title.replace(" ", "") or "民办非企业单位" in title


def test_a_title_in_single_characters_or_two_lines_is_read():
    """营 业 执 照 set wide, and the republic's name above the certificate's."""
    spread = [line(character, 300 + 180 * place, 170, 84) for place, character in enumerate("营业执照")]
    assert papers([*spread, *certificate(code=invented_credit_code(3, "91"))[1:]])[0].title == "营业执照"
    stacked = [line("民办非企业单位", 320, 100, 70), line("登记证书", 380, 190, 70)]
    assert papers([*stacked, *certificate(code=invented_credit_code(3, "52"))[1:]])[0].title == "民办非企业单位登记证书"


def test_an_old_organisation_code_certificate_bears_an_organisation_code():
    """GB 11714, with or without its hyphen."""
    code = invented_organisation_code(4, "00")
    for written in (code, code.replace("-", "")):
        lines = [line("组织机构代码证", 320, 170, 84), line("代码:" + written, 126, 400), line("机构名称", 126, 470), line(UNIT, 426, 470),
                 line("法定代表人 谭志远", 126, 540), line("地址", 126, 610), line("衡东县洣水镇", 426, 610)]  # fmt: skip
        (paper,) = papers(lines)
        assert (paper.number, paper.holder, paper.principal) == (code, UNIT, "谭志远")


def test_a_unit_name_that_wraps_is_joined():
    """Two lines under each other, then the next label."""
    lines = certificate(unit="衡东县荣桓镇南湾村股份")
    lines.append(line("经济合作社", 426, 412 + 72 + 44))
    assert papers(lines)[0].holder == "衡东县荣桓镇南湾村股份经济合作社"


def test_a_code_in_two_lines_is_joined():
    """Narrow columns break it."""
    lines = [each for each in certificate() if each.text != CODE]
    lines += [line(CODE[:10], 426, 400, 30), line(CODE[10:], 426, 436, 30)]
    assert papers(lines)[0].number == CODE


def test_a_misread_code_is_a_doubt_and_is_not_repeated():
    """The check fails: no number, and a sentence without it."""
    wrong = CODE[:17] + "0123456789ABCDEFGHJKLMNPQRTUWXY"[("0123456789ABCDEFGHJKLMNPQRTUWXY".index(CODE[17]) + 1) % 31]
    (paper,) = papers(certificate(code=wrong))
    assert paper.number is None and paper.holder == UNIT
    assert any("校验" in doubt for doubt in paper.doubts) and all(wrong not in doubt for doubt in paper.doubts)


def test_a_code_that_does_not_fit_the_title_is_a_doubt():
    """A company's licence bears no public institution's code."""
    assert any("不符" in doubt for doubt in papers(certificate("营业执照"))[0].doubts)


def test_a_lost_title_is_a_doubt():
    """Most labels and a valid code are there: surely a certificate, but which?"""
    (paper,) = papers(certificate(开办资金="¥120万元", 登记管理机关="衡东县事业单位登记管理局")[1:])
    assert paper.number == CODE and any("标题" in doubt for doubt in paper.doubts)


@pytest.mark.parametrize("rest", ["衡东县", "衡东县洣水镇"])
def test_a_name_of_which_only_the_place_can_be_read_is_a_doubt(rest):
    """A finger or a seal lies over the rest."""
    (paper,) = papers(certificate(unit=rest))
    assert paper.holder is None and any("名称" in doubt for doubt in paper.doubts)


def test_a_misread_place_is_mended():
    """The town's first character is rare."""
    for wrong in "泮涞沭":
        assert papers(certificate(unit=f"衡东县{wrong}水镇融媒体服务中心"))[0].holder == UNIT


def test_places_are_mended_only_where_one_rare_character_differs():
    """A common character may be meant; another place of the list is meant."""
    assert mend("泮水镇人民政府", SURVEY.places) == "洣水镇人民政府"
    assert mend("三樟乡、石湾乡、东水镇", SURVEY.places) == "三樟乡、石湾乡、洣水镇"
    assert mend("衡东县泮江小学", SURVEY.places) == "衡东县洣江小学"
    assert mend("长江小学", SURVEY.places) == "长江小学"


def test_the_stem_of_a_place_that_may_be_misread_is_pointed_out():
    """涞水文旅 is 洣水文旅 here, most likely; what is right, or a place of the list, is left alone."""
    assert misread_stems("微信涞水文旅", SURVEY.places) == [(2, "洣水")]
    assert misread_stems("渊水农家乐与米水普法", SURVEY.places) == [(0, "洣水"), (6, "洣水")]
    assert misread_stems("洣水文旅、白水文旅、石弯生活", SURVEY.places) == []


def test_an_electronic_certificate_is_read_from_its_text():
    """A PDF of the licensing system: paragraphs, or a table; typed into a Word file it proves nothing."""
    paragraphs = f"营业执照\n(副本)\n统一社会信用代码  {invented_credit_code(3, '91')}\n名    称  衡东县某某文化传媒有限公司\n" \
                 "法定代表人  谭志远\n类    型  有限责任公司\n成立日期  2015年06月18日"  # fmt: skip
    (paper,) = read_papers(Document("pdf", blocks=(Paragraph(paragraphs),)), SURVEY)
    assert (paper.title, paper.holder, paper.principal) == ("营业执照", "衡东县某某文化传媒有限公司", "谭志远")
    assert read_papers(Document("docx", blocks=(Paragraph(paragraphs),)), SURVEY) == ()
    rows = [("统一社会信用代码", CODE), ("名称", UNIT), ("法定代表人", "谭志远"), ("住所", "衡东县洣水镇")]
    cells = [Cell(row, column, text) for row, pair in enumerate(rows) for column, text in enumerate(pair)]
    document = Document("pdf", blocks=(Paragraph("事业单位法人证书"), Table(tuple(cells))))
    assert read_papers(document, SURVEY)[0].holder == UNIT


@pytest.mark.parametrize(
    "heading", ["营业执照信息", "新媒体账号登记表", "授权委托书", "食品经营许可证", "增值税普通发票", "开户许可证"]
)
def test_the_heading_of_another_paper_is_no_certificate(heading):
    """Print-outs of the register, forms, permits and invoices bear the same labels and codes."""
    assert papers(certificate(heading)) == ()


def test_titles_in_prose_and_lists_are_no_certificate():
    """A list of what to bring, a contract that names a licence."""
    assert papers([line(text, 100, 100 + 60 * row) for row, text in enumerate(
        ["登记所需材料", "1. 营业执照", "2. 居民身份证", "3. 事业单位法人证书", "名称:", "法定代表人:"])]) == ()  # fmt: skip
    assert (
        papers(
            [line(f"乙方应提供营业执照、身份证复印件,统一社会信用代码{CODE}", 100, 100), line("名称 " + UNIT, 100, 160)]
        )
        == ()
    )


def test_card_and_certificate_on_one_page_are_both_found():
    """Small units copy everything on one sheet."""
    assert [paper.kind for paper in papers([*certificate(), *front(y=1000)])] == ["id_card", "org_certificate"]


def test_the_same_paper_twice_counts_once():
    """A colour copy and a black-and-white one, on two pages."""
    twice = [*front(), *(Line(each.text, each.box, 0.8, page=2) for each in front())]
    assert [paper.location for paper in papers(twice)] == ["第1页"]


def test_invented_numbers_pass_their_checks():
    """The builders' own promise."""
    assert id_check(NUMBER[:17]) == NUMBER[17] and credit_check(CODE[:17]) == CODE[17]
