"""Tick boxes: which of the offered words a person chose.

Two steps. `normalise` (used by the readers) writes every kind of box and tick as ☑ □ ▣. `parse_options` and
`parse_yes_no` then tell which words are chosen, whether the boxes stand before or behind them, or were deleted with
the words not meant.
"""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rules.document import EMPTY, TICKED, UNSURE
from rules.survey import Choice, bare
from rules.tick_signs import HOLLOW, SOLID, normalise, symbol

__all__ = ["Chosen", "has_boxes", "normalise", "options_left", "parse_options", "parse_yes_no", "symbol"]

#: what stands beside options and may say of each whether it is meant
_ANSWERS = re.compile(r"(?<!\w)[是否对错有无不YNyn01](?!\s*[\w、.)])|[→←*＊<>^#~]")
#: every option, in a word
_ALL = re.compile(r"(?<![不非未])(?:全选|全部(?!没|不|无|未)|全都?有|以上(?:各项|几项|所有)?(?:全|都|均|皆)(?!没|不|无|未)|(?<![\w])(?:都|均|皆)(?:有|是|选))")
#: before an option it says that it is not meant: 「文字、图片(无视频)」
_DENIED = re.compile(r"(?:无|没有|没|不含|不包括|不涉及|未开通|未开设)\s*$")
#: a longer text is no list of options
_LONGEST = 3_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen among offered words."""

    #: names of the chosen options, True/False for yes/no, text as written where it fits none, None for nothing
    value: tuple[str, ...] | bool | str | None
    valid: bool = True
    #: plain Chinese half-sentence, None when valid and sure
    complaint: str | None = None
    confidence: float = 1.0


def has_boxes(text: str) -> bool:
    """Whether the text contains any tick box."""
    return any(box in normalise(text) for box in (TICKED, EMPTY, UNSURE))


def parse_options(raw: str, choices: Sequence[Choice]) -> Chosen:
    """Which of `choices` are chosen: ticked, or, where there are no boxes at all, left standing.

    Value: tuple of names in the order of `choices`; None where nothing is chosen; where nothing fits, what is written.
    """
    tokens = _tokens(raw, choices)
    marks = [token for token in tokens if token.mark]
    names = [token.text for token in tokens if token.option]
    if not marks:
        return _words_left(raw, tokens, names, choices)
    states, sure = _assign(tokens)
    if not sure and all(token.text == TICKED for token in marks):
        return Chosen(None, False, "看不出勾选了哪几项", 0.3)
    if (found := _all_of(tokens, [state for _, state in states], choices)) is not None:
        return found
    chosen = [name for name, state in states if state == TICKED]
    unsure = [name for name, state in states if state == UNSURE]
    if not names:
        rest = re.sub(f"[{TICKED}{EMPTY}{UNSURE}]", "", normalise(raw)).strip()
        return Chosen(rest or None, not rest, "不在表列选项之内" if rest else None, 0.7)
    if unsure:
        return Chosen(_ordered(chosen, choices) or None, False, f"看不清是否勾选「{'、'.join(dict.fromkeys(unsure))}」", 0.4)
    return Chosen(_ordered(chosen, choices) or None, True, None, 1.0 if sure else 0.6)


def _denied(tokens: list["_Token"]) -> set[str]:
    """The options that are said not to be meant; 「无语音、视频」 denies both."""
    found: set[str] = set()
    chain = False
    for token in tokens:
        if not token.option:
            chain = bool(_DENIED.search(token.text)) or (chain and not token.text.strip(" 、/和及与或"))
        elif chain:
            found.add(token.text)
    return found


def options_left(raw: str, choices: Sequence[Choice]) -> tuple[str, ...]:
    """The options that were left standing, none of them ticked, where the others were struck out or deleted; else ()."""
    tokens = _tokens(raw, choices)
    names = [token.text for token in tokens if token.option]
    empty = all(token.text == EMPTY for token in tokens if token.mark)
    return _ordered(names, choices) if empty and len(set(names)) < len(choices) else ()


def _all_of(tokens: list["_Token"], states: list[str], choices: Sequence[Choice]) -> Chosen | None:
    """Every option, where a word beside the options says so (全选, 以上都有); unsure where the ticks say otherwise."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.mark or token.option or not (found := _ALL.search(token.text)):
            continue
        box = before.text if before and before.mark and not token.text[: found.start()].strip() else None
        if box == EMPTY:
            continue  # 「□全选」 is an option that nobody ticked
        told = box == TICKED or set(states) in ({EMPTY}, {TICKED}, set())
        return Chosen(_ordered([choice.name for choice in choices], choices), True, None, 0.9 if told else 0.5)
    return None


def _words_left(raw: str, tokens: list["_Token"], names: list[str], choices: Sequence[Choice]) -> Chosen:
    if (found := _all_of(tokens, [], choices)) is not None and (not names or len(set(names)) == len(choices)):
        return found
    if re.search(r"除[^,;。]*外", unicodedata.normalize("NFKC", raw)):
        return Chosen(None, False, "看不出选的是哪几项", 0.4)
    if denied := _denied(tokens):
        kept = _ordered([name for name in names if name not in denied], choices)
        return Chosen(kept or None, True, None, 0.9)
    if not names:
        rest = unicodedata.normalize("NFKC", raw).strip(" \n\t,;、。/-—_")
        parts = tuple(part for part in re.split(r"[\s,;、,;/]+", rest) if part)
        return Chosen(parts or None, not parts, "不在表列选项之内" if parts else None, 0.8 if parts else 1.0)
    if _ANSWERS.search(" ".join(token.text for token in tokens if not token.option)):
        return Chosen(None, False, "看不出勾选了哪几项", 0.4)
    listed = any(re.search(r"[、,，;；/和及与]", token.text) for token in tokens if not token.option)
    if len(choices) > 2 and len(set(names)) == len(choices) and not listed:
        return Chosen(None, confidence=0.3)  # the printed list, untouched, or its ticks were lost in reading
    return Chosen(_ordered(names, choices), True, None, 0.95)


def parse_yes_no(raw: str) -> Chosen:
    """True, False or None (nothing chosen); not valid where both are ticked or the tick cannot be made out."""
    tokens = _tokens(_unlabelled(raw), _YES_NO)
    names = [token.text for token in tokens if token.option]
    if any(token.mark for token in tokens) and names:
        states, sure = _assign(tokens)
        lone_tick = not sure and len(names) > 1 and all(token.text == TICKED for token in tokens if token.mark)
        if lone_tick or UNSURE in {state for _, state in states}:
            return Chosen(raw, False, "看不清勾选的是哪一项", 0.4)
        names, confidence = [name for name, state in states if state == TICKED], 1.0 if sure else 0.6
        if len(set(names)) == 2:
            return Chosen(raw, False, "「是」与「否」都勾选了", 0.9)
        if not names and len({name for name, _ in states}) == 1 and not sure:
            return Chosen(None)
        return Chosen(names[0] == "是" if names else None, confidence=confidence)
    if len(set(names)) == 2:
        rest = "".join(token.text for token in tokens if not token.option)
        plainly = len(names) == 2 and not re.search(r"[^\s/、,;|()_.\-]", rest)
        return Chosen(None) if plainly else Chosen(raw, False, "看不出选的是「是」还是「否」", 0.4)
    if names:
        return Chosen(names[0] == "是", confidence=0.95)
    lone = normalise(raw).strip()
    if lone in ("", EMPTY) or re.fullmatch(r"[\s/\-—_、。.]*", lone):
        return Chosen(None)
    if lone in (TICKED, "Y", "y", "yes", "YES", "Yes"):
        return Chosen(True, confidence=0.8)
    if lone in ("N", "n", "no", "NO", "No", "×", "✗"):
        return Chosen(False, confidence=0.8)
    return Chosen(raw, False, "看不出是「是」还是「否」", 0.5)


_YES_NO = (
    Choice("是", ("已取得", "取得", "已有", "具有", "具备", "有")),
    Choice("否", ("没有取得", "没有", "未取得", "不具备", "不具有", "尚未取得", "暂未取得", "暂无", "不是", "未", "无", "没", "不")),
)


def _unlabelled(raw: str) -> str:
    """The answer without the question: 「是否取得…资质」 would be read as both."""
    return re.sub(r"是否|有无|有没有", "", raw)


@dataclass(frozen=True, slots=True)
class _Token:
    """A mark, an option's word, or what stands between them."""

    text: str
    mark: bool = False
    option: bool = False


@dataclass(frozen=True, slots=True)
class _Patterns:
    """What the words of some choices are recognised by."""

    #: a mark or a word
    token: re.Pattern
    #: compared word → name of its choice
    names: dict[str, str]
    #: shapes that are boxes only because a word stands right beside them: 「■文字」, 「口是」; the signs without which
    #: there is none, the pattern, what it means
    shapes: tuple[tuple[re.Pattern, re.Pattern, str], ...]
    #: the same for signs that need another box in the text: 「是√ 否×」, 「V是」
    weak_shapes: tuple[tuple[re.Pattern, re.Pattern, str], ...]


@lru_cache(maxsize=32)
def _patterns(choices: tuple[Choice, ...]) -> _Patterns:
    words = {word: choice.name for choice in choices for word in (choice.name, *choice.aliases)}
    options = "|".join(_spaced(word) for word in sorted(words, key=len, reverse=True))
    solid, hollow = re.escape(SOLID), re.escape(HOLLOW)

    def compiled(*rules: tuple[str, str, str]) -> tuple[tuple[re.Pattern, re.Pattern, str], ...]:
        return tuple((re.compile(f"[{signs}]", re.IGNORECASE), re.compile(pattern, re.IGNORECASE), meaning)
                     for signs, pattern, meaning in rules)

    return _Patterns(
        re.compile(rf"[{TICKED}{EMPTY}{UNSURE}]|{options}", re.IGNORECASE),
        {bare(word): name for word, name in words.items()},
        compiled(
            (solid, rf"[{solid}](?=\s*(?:{options}))", TICKED),
            (solid, rf"((?:{options})\s?:?\s?)[{solid}]", rf"\1{TICKED}"),
            (rf"{hollow}口(\[", rf"(?:[{hollow}口]|[(\[]\s*[)\]])(?=\s*(?:{options}))", EMPTY),
            (r"(\[", rf"((?:{options})\s*)[(\[]\s*[)\]]", rf"\1{EMPTY}"),
            # a box that the sender's charset did not have: GBK knows □ and √, not ☑
            ("?\ufffd", rf"[?\ufffd](?=\s?(?:{options}))", UNSURE),
        ),
        compiled(
            ("×✗✘", rf"((?:{options})\s*)[×✗✘](?!\d)", rf"\1{EMPTY}"),
            ("RþVv", rf"(?<![A-Za-z])[RþVv](?=\s?(?:{options}))", TICKED),
            ("Vv", rf"((?:{options})\s?:?\s?)[Vv](?![A-Za-z])", rf"\1{TICKED}"),
        ),
    )


def _tokens(raw: str, choices: Sequence[Choice]) -> list[_Token]:
    patterns = _patterns(tuple(choices))
    raw = raw[:_LONGEST]
    text = _lone_shapes(normalise(unicodedata.normalize("NFKC", normalise(raw))), patterns)
    tokens, end = [], 0
    for match in patterns.token.finditer(text):
        if match.start() > end:
            tokens.append(_Token(text[end : match.start()]))
        mark = match[0] in (TICKED, EMPTY, UNSURE)
        tokens.append(_Token(match[0] if mark else patterns.names[bare(match[0])], mark, not mark))
        end = match.end()
    return _without_repeats([*tokens, _Token(text[end:])] if end < len(text) else tokens)


def _spaced(word: str) -> str:
    """A pattern of the word that tolerates spaces between its characters, as in `文 字`."""
    pattern = r"\s{0,9}".join(re.escape(char) for char in word)
    return rf"(?<![A-Za-z]){pattern}(?![A-Za-z])" if word.isascii() else pattern


def _lone_shapes(text: str, patterns: _Patterns) -> str:
    if EMPTY not in text and len({char for char in text if char in SOLID}) > 1:
        text = re.sub(f"[{re.escape(SOLID)}]", UNSURE, text)  # ■ and ●: the one or the other says that it is chosen
    for signs, pattern, meaning in patterns.shapes:
        text = pattern.sub(meaning, text) if signs.search(text) else text
    if TICKED in text or EMPTY in text:
        for signs, pattern, meaning in patterns.weak_shapes:
            text = pattern.sub(meaning, text) if signs.search(text) else text
    # Wingdings and Wingdings 2 whose font was lost: 「R是 £否」, 「þ是 ¨否」
    if "£" in text:
        text = re.sub(r"(?<![A-Za-z])R(?![A-Za-z])", TICKED, text).replace("£", EMPTY)
    if "¨" in text or "þ" in text:
        text = text.replace("þ", TICKED).replace("¨", EMPTY)
    return text


def _without_repeats(tokens: list[_Token]) -> list[_Token]:
    """Without aliases that only repeat the option before them, as in 「微社区(社区)」."""
    def repeats(index: int) -> bool:
        before = tokens[max(index - 2, 0) : index]
        same = tokens[index].option and len(before) == 2 and before[0] == tokens[index]
        return same and before[1].text.strip() in "(（"

    return [token for index, token in enumerate(tokens) if not repeats(index)]


def _assign(tokens: list[_Token]) -> tuple[list[tuple[str, str]], bool]:
    """Each option with the state of its mark, and whether it is sure on which side the marks stand."""
    places = [index for index, token in enumerate(tokens) if token.option]
    if not places:
        return [], True
    gaps = _gaps(tokens, places)
    before, sure = _style(gaps)
    if before and sure:
        gaps = [gaps[0], *map(_without_strangers, gaps[1:])]
    states = [[] for _ in places]
    doubled = before and len([token for token in gaps[0] if token.mark]) > 1
    for place, gap in enumerate(gaps):
        for side, state in _share(gap, before, first=place == 0, last=place == len(places), doubled=doubled):
            states[place + side].append(state)
    return [(tokens[index].text, _sum(found)) for index, found in zip(places, states, strict=True)], sure


def _without_strangers(gap: list[_Token]) -> list[_Token]:
    """Without marks that stand before a word which is no option: they say nothing of the option before them."""
    def strange(index: int) -> bool:
        after = gap[index + 1 : index + 2]
        return gap[index].mark and bool(after) and not after[0].mark and bool(re.match(r"\s*[\u4e00-\u9fff]", after[0].text))

    return [token for index, token in enumerate(gap) if not strange(index)]


def _gaps(tokens: list[_Token], places: list[int]) -> list[list[_Token]]:
    """What stands before the first option, between each two, and behind the last."""
    edges = [-1, *places, len(tokens)]
    return [tokens[left + 1 : right] for left, right in itertools.pairwise(edges)]


def _share(gap: list[_Token], before: bool, *, first: bool, last: bool, doubled: bool) -> list[tuple[int, str]]:
    """Marks of one gap as (-1 for the option before the gap, 0 for the one behind it, state).

    Of several marks those are one that stand nearer to each other than to the options; `doubled`: people put their tick
    before the box, as the first option shows. What stands as near to the one as to the other is unsure.
    """
    marks = [token.text for token in gap if token.mark]
    if first:
        return [(0, mark) for mark in marks]
    if last:
        return [(-1, mark) for mark in marks]
    if len(marks) < 2:
        return [(0 if before else -1, mark) for mark in marks]
    if doubled:
        return [(0, mark) for mark in marks]
    spaces = _spaces(gap)
    place = (0 if before else -1)
    near, far = (spaces[0], spaces[1:-1]) if before else (spaces[-1], spaces[1:-1])
    if len(marks) > 2 or near == far[0]:
        return [(0, UNSURE), (-1, UNSURE)] if set(marks) != {EMPTY} else [(place, EMPTY)]
    if near < far[0]:  # one of the two belongs to the option on the other side
        return [(-1, marks[0]), (0, marks[1])]
    return [(place, mark) for mark in marks]


def _spaces(gap: list[_Token]) -> list[int]:
    """Lengths of what stands before, between and behind the marks of a gap."""
    found = [0]
    for token in gap:
        if token.mark:
            found.append(0)
        else:
            found[-1] += len(token.text)
    return found


def _style(gaps: list[list[_Token]]) -> tuple[bool, bool]:
    """(marks stand before their options, that is sure)."""
    head, tail = (any(token.mark for token in gap) for gap in (gaps[0], gaps[-1]))
    if head or tail:
        return head, True
    votes = [_vote(gap) for gap in gaps[1:-1] if any(token.mark for token in gap)]
    balance = sum(votes)
    return balance >= 0, bool(balance) and abs(balance) == len(votes)


def _vote(gap: list[_Token]) -> int:
    """To which side the only mark of a gap leans: 1 to the option behind it, -1 to the one before it."""
    marks = [index for index, token in enumerate(gap) if token.mark]
    if len(marks) != 1:
        return 0
    left = "".join(token.text for token in gap[: marks[0]])
    if left.rstrip(" (<{[").endswith(":"):
        return -1  # 「文字: √」
    right = "".join(token.text for token in gap[marks[0] + 1 :])
    return (len(left) > len(right)) - (len(left) < len(right))


def _sum(found: list[str]) -> str:
    return next((state for state in (UNSURE, TICKED) if state in found), EMPTY)


def _ordered(names: Sequence[str], choices: Sequence[Choice]) -> tuple[str, ...]:
    return tuple(choice.name for choice in choices if choice.name in names)
