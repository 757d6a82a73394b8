"""Lines of one page → the resident ID cards (居民身份证) that it shows: fronts and backs, put together."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rules.document import Line
from rules.id_card_back import find_backs
from rules.id_card_front import find_fronts
from rules.id_card_side import TEMPORARY, TITLE, Side
from rules.page_lines import bare
from rules.reading import Paper

#: a picture of an ID card that nobody holds
_SPECIMEN = re.compile("样本|样证|样张|示例|示意图|范例|仅供参考|SPECIMEN|SAMPLE")
_BIRTH = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?")
_PERIOD = re.compile(
    r"((?:19|20)\d\d)[.,·年-]?(\d\d)[.,·月-]?(\d\d)日?[-—–~一至到]{1,3}(?:((?:19|20)\d\d)[.,·年-]?(\d\d)[.,·月-]?(\d\d)|长期)"
)
#: characters of running text beside a card from which a person had better look
_MUCH_TEXT = 120
#: words of news pages and advertisements; a card shown between them is nobody's copy
_PRESS = re.compile("记者|本报讯|本网讯|来源:|编辑:|责编|阅读原文|阅读量|发布时间|图为|网友|民警|失主|报道|摄$|办证|刻章|贷款|热线|扫码关注|优惠")


def read_id_cards(lines: Sequence[Line]) -> tuple[Paper, ...]:
    """The cards on one page: fronts with their backs (`both`), then fronts or backs alone."""
    fronts = find_fronts(lines)
    used = {id(line) for front in fronts for line in front.lines}
    backs = find_backs([line for line in lines if id(line) not in used])
    papers = _paired(fronts, backs)
    used.update(id(line) for back in backs for line in back.lines)
    around = [line for line in lines if id(line) not in used]
    return () if _is_press(around) else tuple(_with_surroundings(paper, around) for paper in papers)


def beside_cards(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of a page that belong to no front of a card."""
    used = {id(line) for front in find_fronts(lines) for line in front.lines}
    return tuple(line for line in lines if id(line) not in used)


def _paired(fronts: list[Side], backs: list[Side]) -> list[Paper]:
    """Each front takes the nearest back that is left."""
    papers, left = [], list(backs)
    for front in fronts:
        if not left:
            papers.append(front.paper)
            continue
        back = min(left, key=lambda side: abs(side.place[0] - front.place[0]) + abs(side.place[1] - front.place[1]))
        left.remove(back)
        papers.append(_both(front.paper, back.paper))
    return papers + [back.paper for back in left]


def _both(front: Paper, back: Paper) -> Paper:
    return replace(
        front,
        side="both",
        title=TEMPORARY if TEMPORARY in (front.title, back.title) else TITLE,
        valid_until=front.valid_until or back.valid_until,
        evidence=front.evidence + back.evidence,
        doubts=tuple(dict.fromkeys(front.doubts + back.doubts)),
    )


def _is_press(around: list[Line]) -> bool:
    """Whether the lines around a card are a news page or an advertisement: long lines, and its typical words."""
    prose = [text for line in around if len(text := bare(line.text)) >= 15]
    words = {word for line in around for word in _PRESS.findall(bare(line.text))}
    return len(prose) >= 3 and len(words) >= 2


def _with_surroundings(paper: Paper, around: list[Line]) -> Paper:
    text = "".join(bare(line.text) for line in around)
    doubts = list(paper.doubts)
    if len(re.findall("[㐀-鿿]", text)) > _MUCH_TEXT and "营业执照" not in text and "证书" not in text:
        doubts.append("图片中除身份证外还有大量其他文字,请核对是否为身份证的复印件或扫描件")
    if _SPECIMEN.search(text.upper()):
        doubts.append("图片上有“样本”一类字样,请核对是否为本人证件")
    return replace(paper, doubts=tuple(doubts))
