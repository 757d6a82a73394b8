"""Ticks as people put them, in every combination of sign, side and spacing: never sure and wrong."""

import random

import pytest

from rules.fields import Written, read_field
from rules.survey import load_survey
from rules.ticks import parse_yes_no

SURVEY = load_survey("rules/survey.yaml")
RULES = {rule.name: rule for rule in SURVEY.fields}
OPTIONS = {"formats": ("文字", "图片", "语音", "视频"), "news_license": ("是", "否"),
           "scope": ("便民服务", "会员服务", "征婚交友", "新闻发布", "广告业务", "政策法规", "社会资讯", "专业技术", "微社区", "其他")}  # fmt: skip
#: what stands for chosen and for not chosen, where both are plain
PLAIN = [("☑", "□"), ("√", "□"), ("□√", "□"), ("(√)", "( )"), ("[√]", "[ ]"), ("■", "□"), ("●", "○"), ("☒", "☐"), ("[x]", "[ ]"), ("(x)", "()"),
         ("(V)", "( )"), ("V", "□"), ("◎", "○"), ("★", "☆"), ("√", "×"), ("✓", "✗"), ("R", "£"), ("√√", "□"), ("☑\ufe0f", "□"), ("{√}", "{ }")]
#: what may mean either
DOUBTFUL = [("×", "□"), ("□×", "□"), ("[*]", "[ ]"), ("■", "●"), ("☑", "■"), ("1", "0"), ("对", "错"), ("→", ""), ("*", "")]


def _written(name: str, pair: tuple[str, str], rng: random.Random, side: str, inner: str, outer: str) -> tuple[str, object]:
    options = OPTIONS[name]
    chosen = [rng.choice(options)] if name == "news_license" else [option for option in options if rng.random() < 0.4] or [options[0]]
    texts = []
    for option in options:
        mark = pair[option not in chosen]
        texts.append({"before": f"{mark}{inner}{option}", "after": f"{option}{inner}{mark}", "colon": f"{option}\uff1a{inner}{mark}"}[side])
    return outer.join(texts), (chosen == ["是"] if name == "news_license" else tuple(chosen))


@pytest.mark.parametrize("pair", PLAIN, ids=lambda pair: "".join(pair))
def test_plain_ticks_are_read_whatever_the_side_and_the_spaces(pair):
    rng = random.Random(repr(pair))
    doubted = count = 0
    for _ in range(300):
        name, side = rng.choice(list(OPTIONS)), rng.choice(("before", "after", "colon"))
        text, chosen = _written(name, pair, rng, side, rng.choice(("", " ")), rng.choice(("  ", "\u3000", "\n", "\uff0c", "、", "\uff1b", " \n")))
        found = read_field(RULES[name], Written(text, "", "docx"), SURVEY)[0]
        sure = found.valid and found.confidence >= 0.8
        assert not sure or found.value == chosen, text
        doubted, count = doubted + (not sure), count + 1
    assert doubted <= 0.02 * count


@pytest.mark.parametrize("pair", DOUBTFUL, ids=lambda pair: "".join(pair))
def test_signs_that_may_mean_either_are_never_sure_and_wrong(pair):
    rng = random.Random(repr(pair))
    for _ in range(300):
        name, side = rng.choice(list(OPTIONS)), rng.choice(("before", "after", "colon"))
        text, chosen = _written(name, pair, rng, side, rng.choice(("", " ")), rng.choice(("  ", "\u3000", "\n", "\uff0c", "、")))
        found = read_field(RULES[name], Written(text, "", "docx"), SURVEY)[0]
        assert found.value == chosen or not found.valid or found.confidence < 0.8, text


@pytest.mark.parametrize(("written", "meant"), [
    ("□是 √□否", False), ("√□是 □否", True), ("是□√ 否□", True), ("□是√ □否", True), ("是: √ 否:", True), ("是/否√", False), ("□是 √□ 否", False),
    ("是 否", None), ("是/否", None), ("是( )否( )", None), ("□是 □否", None)])  # fmt: skip
def test_ticks_beside_their_boxes(written, meant):
    found = parse_yes_no(written)
    assert found.value is meant and found.valid and found.confidence >= 0.8


@pytest.mark.parametrize("written", ["是 否→", "是1 否0", "×是 □否", "□× 是 □否", "是* 否", "☑是 ■否", "是是 否否"])
def test_an_answer_that_nobody_understands_is_doubted(written):
    found = parse_yes_no(written)
    assert not found.valid or found.confidence < 0.8
