"""Lines of one page → the fronts of the ID cards that it shows.

A front is found by its number: the card's proportions (GA 461: 85.6 × 54 mm, the number at the foot) tell from the
number's place and width where the rest of the card must be, so that two cards on a page are two, and words beside the
card are not of it. What stands in front of the number decides: on an ID card 公民身份号码 or, where the pale print was
lost, nothing; every other paper that bears the number calls it otherwise (证号, 身份证号, 社会保障号码 …).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rules.document import Line
from rules.id_card_side import TEMPORARY, TITLE, Side, valid_until
from rules.numbers import birth_date, id_number
from rules.page_lines import bare, merged, middle, right_of, same_row
from rules.reading import Paper

_NUMBER_LABEL = "公民身份号码"
_ASPECT = 54 / 85.6
#: words of papers that resemble an ID card; inside the frame or as a heading above it they veto
_OTHERS = re.compile(
    "驾驶证|准驾|初次领证|行驶证|国籍|护照|PASSPORT|居住证|通行证|社会保障|社保卡|医疗保险|学生证|记者证|工作证|军官证|士兵证|警官证"
    "|残疾|结婚|离婚|户口|户主|常住人口|曾用名|籍贯|血型|婚姻|文化程度|持证人|准考证|资格证|毕业证|健康证|永久居留|台湾居民|港澳居民"
    "|登记表|申请表|报名表|申报表|简历|DRIVINGLICENSE|IDENTITYCARD"
)
_BIRTH = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?")
_PERIOD = re.compile(
    r"((?:19|20)\d\d)[.,·年-]?(\d\d)[.,·月-]?(\d\d)日?[-—–~一至到]{1,3}(?:((?:19|20)\d\d)[.,·年-]?(\d\d)[.,·月-]?(\d\d)|长期)"
)
_NAME = re.compile("[㐀-鿿\U00020000-\U000323af〇]{1,15}(?:·[㐀-鿿\U00020000-\U000323af〇]{1,15}){0,4}")
#: letters that are digits when they stand in a number
_DIGITS = str.maketrans("OoDQIl|iZzSsBb", "00001111225588")


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the card lies: left, top, width and height in the page's pixels."""

    left: float
    top: float
    width: float
    height: float

    def place(self, line: Line) -> tuple[float, float]:
        """The line's middle in parts of the card's width and height."""
        x, y = middle(line)
        return (x - self.left) / self.width, (y - self.top) / self.height

    def holds(self, line: Line, slack: float = 0.08) -> bool:
        x, y = self.place(line)
        return -slack < x < 1 + slack and -slack < y < 1 + slack


@dataclass(frozen=True, slots=True)
class _Number:
    """An ID number, or what looks like one, with the label before it."""

    #: None where the check fails
    value: str | None
    line: Line
    #: what stands before it, '' where nothing does
    label: str
    frame: _Frame


def find_fronts(lines: Sequence[Line]) -> list[Side]:
    """Every front on the page, each number once, the best recognised one."""
    best: dict[str, tuple[int, Side]] = {}
    for number in _numbers(lines):
        weight, side = _front(number, lines)
        key = number.value or f"unread at {middle(number.line)}"
        if side and (key not in best or best[key][0] < weight):
            best[key] = (weight, side)
    return [side for _, side in best.values()]


def _numbers(lines: Sequence[Line]) -> list[_Number]:
    """Everything that may be the number of a card, also in two pieces."""
    found = []
    for line in lines:
        parts = [line]
        follower = next((other for other in right_of(line, lines) if re.search(r"\d", other.text)), None)
        if follower and 4 <= len(re.sub(r"\D", "", line.text)) < 17 and re.fullmatch(r"[\dXx\s]+", follower.text):
            parts.append(follower)
        joined = merged(parts)
        match = re.fullmatch(r"(.*?)[:]?([0-9XxOoDQIl|iZzSsBb×]{16,20})", bare(joined.text))
        if match and sum(character.isdigit() for character in match[2]) >= 13:
            found.append(_number(match[1], match[2], joined, parts, lines))
    return found


def _number(before: str, run: str, line: Line, parts: list[Line], lines: Sequence[Line]) -> _Number:
    value = id_number(run) or (id_number(run.translate(_DIGITS)) if len(run) == 18 else None)
    label = before or "".join(
        bare(other.text)
        for other in lines
        if other not in parts
        and same_row(other, line)
        and middle(other)[0] < line.box[0]
        and line.box[0] - other.box[2] < 0.5 * (line.box[2] - line.box[0])
    )
    return _Number(value, line, label, _frame_of(line, bool(before)))


def _frame_of(line: Line, with_label: bool) -> _Frame:
    """The card around its number: the digits take 0.56 of its width, with their label 0.83; they end at 0.9 of it."""
    width = (line.box[2] - line.box[0]) / (0.83 if with_label else 0.57)
    card_height = width * _ASPECT
    return _Frame(line.box[2] - 0.905 * width, middle(line)[1] - 0.865 * card_height, width, card_height)


def _front(number: _Number, lines: Sequence[Line]) -> tuple[int, Side | None]:
    labelled = _resembles(number.label, _NUMBER_LABEL)
    if number.label and not labelled:
        return 0, None
    inside = [line for line in lines if number.frame.holds(line)]
    text = [bare(line.text) for line in inside]
    if any(_OTHERS.search(part.upper()) for part in text) or _heading_of_another(number.frame, lines):
        return 0, None
    if sum(bool(re.match("(姓名|性别|民族|出生|住址)[:]", part)) for part in text) >= 2:
        return 0, None  # typed by somebody: a card has no colons
    signs = _signs(text, number.value)
    if number.value and _born_row(number.frame, inside) == birth_date(number.value).timetuple()[:3]:
        signs.add("birth")
    if any(re.search("[省市县区乡镇村]", bare(line.text)) and 0.4 < number.frame.place(line)[1] < 0.8 for line in inside):
        signs.add("住址")
    weight = 2 * labelled + 2 * ("birth" in signs) + len(signs - {"birth"})
    if weight < 4 or (number.value is None and not labelled):
        return 0, None
    return weight, Side(_front_paper(number, inside, signs), middle(number.line), tuple(inside))


def _signs(text: list[str], number: str | None) -> set[str]:
    """Which of the card's fixed words are there; `birth` when the printed day is the number's."""
    whole = "\n".join(text)
    signs = {word for word in ("姓名", "性别", "民族", "住址", "出生") if word in whole}
    if re.search("民[族旅]|族[汉漢]", whole):
        signs.add("民族")
    if re.search("(?m)^(性别)?[男女]|性别.?[男女]", whole):
        signs.add("性别")
    printed = _BIRTH.search(whole)
    if printed and number and birth_date(number).timetuple()[:3] == tuple(int(part) for part in printed.groups()):
        signs.add("birth")
    return signs


def _born_row(frame: _Frame, inside: list[Line]) -> tuple[int, ...]:
    """The numbers printed where the day of birth stands, also where 年, 月 and 日 were too pale to be read."""
    row = sorted((line for line in inside if 0.3 < frame.place(line)[1] < 0.5), key=lambda line: line.box[0])
    return tuple(int(digits) for digits in re.findall(r"\d+", " ".join(line.text for line in row)))


def _front_paper(number: _Number, inside: list[Line], signs: set[str]) -> Paper:
    named = _name(number.frame, inside)
    temporary = any("临时" in bare(line.text) for line in inside)
    doubts = []
    if number.value is None:
        doubts.append("身份证号码识别不清或校验不符")
    if named is None:
        doubts.append("身份证上的姓名未能识别")
    if temporary:
        doubts.append("临时居民身份证,请核对是否可以采用")
    doubts += _contradictions(number.value, inside)
    return Paper(
        kind="id_card",
        side="front",
        title=TEMPORARY if temporary else TITLE,
        holder=named.text if named else None,
        number=number.value,
        valid_until=valid_until(inside) if temporary else None,
        confidence=round(min(number.line.confidence, named.confidence if named else 0.0), 4),
        evidence=_evidence(number, signs),
        doubts=tuple(doubts),
    )


def _contradictions(number: str | None, inside: list[Line]) -> list[str]:
    if number is None:
        return []
    text = "\n".join(bare(line.text) for line in inside)
    doubts = []
    printed = _BIRTH.search(text)
    if printed and birth_date(number).timetuple()[:3] != tuple(int(part) for part in printed.groups()):
        doubts.append("身份证上的出生日期与号码中的不一致")
    return doubts


def _evidence(number: _Number, signs: set[str]) -> tuple[str, ...]:
    found = []
    if number.value:
        found.append("有校验正确的公民身份号码")
    if _resembles(number.label, _NUMBER_LABEL):
        found.append("有“公民身份号码”字样")
    words = [word for word in ("姓名", "性别", "民族", "出生", "住址") if word in signs]
    if words:
        found.append(f"有{'、'.join(words)}栏")
    if "birth" in signs:
        found.append("出生日期与号码一致")
    return tuple(found)


def _name(frame: _Frame, inside: list[Line]) -> Line | None:
    """The name, with the confidence of its line: after its label, right of it, or alone at the top."""
    for line in inside:
        match = re.match("[姓性牲娃胜][名各召](.*)", bare(line.text))
        if not match or frame.place(line)[1] > 0.42:
            continue
        pieces = [line, *right_of(line, inside)] if len(match[1]) < 2 else [line]
        text = match[1] + "".join(bare(piece.text) for piece in pieces[1:])
        if name := _as_name(text):
            return replace(merged(pieces), text=name)
    top = [line for line in inside if frame.place(line)[1] < 0.3 and frame.place(line)[0] < 0.62]
    for line in sorted(top, key=lambda line: abs(frame.place(line)[1] - 0.145)):
        text = re.sub("^[姓名]{1,2}", "", bare(line.text)) if len(bare(line.text)) > 3 else bare(line.text)
        if not re.match("姓名|性别|民族|出生|中华|居民", text) and (name := _as_name(text)):
            return replace(line, text=name)
    return None


def _as_name(text: str) -> str | None:
    text = re.split("性别|民族|出生|住址", text)[0].strip(".。,，、:;'‘’“”\"-_*|")
    text = re.sub("[•・‧∙⋅･．.]", "·", text)
    match = _NAME.fullmatch(text)
    return text if match and len(text) >= 2 and not text.endswith("族") else None


def _heading_of_another(frame: _Frame, lines: Sequence[Line]) -> bool:
    """Whether another paper's name stands as a heading close above the frame, as on a household page or a form."""
    for line in lines:
        x, y = frame.place(line)
        if -0.9 < y <= 0 and -0.5 < x < 1.5 and len(bare(line.text)) <= 16 and _OTHERS.search(bare(line.text).upper()):
            return True
    return False


def _resembles(text: str, wanted: str) -> bool:
    """Whether most characters of `wanted` are there, in order, and little else; 证 is in none of the card's labels."""
    text = text.strip(":.")
    if not text or "证" in text or len(text) > len(wanted) + 2:
        return False
    place = hits = 0
    for character in wanted:
        if (found := text.find(character, place)) >= 0:
            hits, place = hits + 1, found + 1
    return hits >= len(wanted) - 2
