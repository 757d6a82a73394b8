"""Labels, titles and hints of the forms: how they are recognised in a cell or a line, whatever the spacing."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rules.survey import FieldRule, Survey, bare
from rules.values import normal_label

#: a label longer than this (compared form) is a sentence
_LONGEST = 32
#: what stands further behind on a line is no form
_LONGEST_LINE = 4_000
_BRACKETED = re.compile(r"[(（\[【〔][^()（）\[\]【】〔〕]*[)）\]】〕]")
_DRESSING = re.compile(r"^(?:请填写|请输入|请填|填写|必填)|(?:必填项?|选填|可多选|多选|单选|请打勾|请勾选|打勾|如下|信息|情况|资料)$")
_IN_BRACKETS = re.compile("[【〖［]([^】〗］\\n]{1,24})[】〗］][:：﹕∶︰]?")
_COLON = re.compile("[:：﹕∶︰]")
#: behind one of these a label may begin in the middle of a line
_BOUNDARY = re.compile(r"[\s\u3000;；,，。|｜/)）】]")
#: what parts columns of running text
_GAP = re.compile(r"[ \u3000]*\t[ \u3000]*|[ \u3000]{2,}|\u3000")
#: where the stamp or the signature goes: no value
_SEAL = re.compile(r"^\s*[(（]\s*(?:单位)?(?:加?盖)公?章\s*处?[)）]|^\s*[(（]?\s*(?:单位)?(?:加?盖)?公?章\s*(?:处)?[)）]?\s*$|[(（]\s*(?:(?:单位)?(?:加?盖)?公?章\s*处?|签名|签字|签章)\s*[)）]\s*$",
                   re.MULTILINE)  # fmt: skip
#: a label of something else on the same line: of the paper itself, or after a wide gap whatever it is
_FOREIGN = re.compile(r"\s*(?:填报|填表|填写|报送|上报|制表|报表)\s*(?:时间|日期|人)\s*[:\uff1a]"
                      r"|(?:[ \u3000]{2,}|\t)[\u4e00-\u9fff]{2,8}[:\uff1a]")
#: what people put between a label and its value instead of a colon
_POINTER = re.compile(r"^(?:[-\u2013\u2014=]{1,3}>?|[\u2192>])\s+(?=\S)")
_HINT_SIGN = re.compile("[删如章签]")
_MARKER = r"[(（]?[^()（）\n]{0,6}本?行?填写时[^()（）\n]{0,4}删除[。.]?\s*[)）]?"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label found inside a line, with what follows it up to the next label."""

    rules: tuple[FieldRule, ...]
    label: str
    value: str
    #: offset of the label in the text
    start: int


@dataclass(frozen=True)
class Lexicon:
    """A survey's labels and titles, prepared for look-up."""

    by_label: dict[str, tuple[FieldRule, ...]]
    #: compared title → form kind, longest first
    titles: tuple[tuple[str, str], ...]
    #: compared title without its category, e.g. 衡东县新媒体账号调查摸底登记表
    stems: tuple[str, ...]
    #: labels that are also names of platforms (公众号, 微信): behind 服务类型 they are its value
    platform_words: frozenset[str]

    def rules_of(self, text: str) -> tuple[FieldRule, ...]:
        """The fields whose label the whole text is; empty where it is no label."""
        if not text or len(text) > 80:
            return ()
        normal = normal_label(text)
        if not normal or len(normal) > _LONGEST:
            return ()
        if found := self.by_label.get(normal):
            return found
        shorter = normal_label(_BRACKETED.sub("", text))
        return self.by_label.get(shorter) or self.by_label.get(_DRESSING.sub("", shorter)) or ()

    def begins_label(self, text: str) -> bool:
        """Whether the text is a good part of a label, from its beginning: a long label is broken over several lines."""
        normal = normal_label(text) if len(text) <= _LONGEST else ""
        return len(normal) >= 6 and any(label.startswith(normal) for label in self.by_label)

    def title_of(self, text: str) -> tuple[str | None] | None:
        """(form kind,) if the text is a form's title ((None,) where it names no category), else None."""
        if len(text) > 120:
            return None
        lines = [normal_label(line) for line in text.split("\n")] + [normal_label(text)]
        for line in lines:
            line = re.sub(r"^附件?表?[一二三四\d]*", "", line)
            if len(line) > 40:
                continue
            for title, kind in self.titles:
                if title in line:
                    return (kind,)
        return (None,) if any(line.endswith(stem) for line in lines for stem in self.stems if len(line) <= 40) else None

    def split(self, text: str) -> list[Labelled]:
        """Every `label:value` in the text, in order, several on one line too, and columns of `label` and `value`."""
        text = text[:_LONGEST_LINE]
        found = [*self._in_brackets(text), *self._before_colons(text), *self._before_gaps(text)]
        starts = sorted(found, key=lambda one: one[0])
        kept: list[tuple[int, int, tuple[FieldRule, ...]]] = []
        for start, end, rules in starts:
            if kept and start < kept[-1][1]:
                continue
            if kept and not text[kept[-1][1] : start].strip(" \u3000") and kept[-1][2][0].kind == "handle":
                continue  # 「账号:微信号:hdfb」: the second label is part of the value
            kept.append((start, end, rules))
        ends = [*(start for start, _, _ in kept[1:]), len(text)][: len(kept)]
        return [
            Labelled(rules, text[start:after], _own_value(text[after:end], rules), start)
            for (start, after, rules), end in zip(kept, ends, strict=True)
        ]

    def _in_brackets(self, text: str) -> Iterator[tuple[int, int, tuple[FieldRule, ...]]]:
        """「【账号名称】衡东发布」: what stands in such brackets needs no colon."""
        for found in _IN_BRACKETS.finditer(text):
            if rules := self.rules_of(found[1]):
                yield found.start(), found.end(), rules

    def _before_colons(self, text: str) -> Iterator[tuple[int, int, tuple[FieldRule, ...]]]:
        floor = 0
        for colon in _COLON.finditer(text):
            low = max(floor, colon.start() - 40)
            low = max(low, text.rfind("\t", low, colon.start()) + 1)  # no label goes on in the next column
            line = max(low, text.rfind("\n", low, colon.start()) + 1)
            own = self._label_before(text, line, colon.start())
            # a label may itself be broken over two lines: 「是否取得互联网/新闻信息服务资质:」, 「单位/(章):」
            whole = self._label_before(text, low, line, colon.start()) if line > low else None
            if whole and (own is None or text[floor : whole[0]].strip() or floor == 0):
                own = whole
            if own:
                yield own[0], colon.end(), own[1]
            floor = colon.end()

    def _label_before(self, text: str, low: int, high: int, end: int | None = None):
        """(start, fields) of the longest label that starts between `low` and `high` and ends at `end` (or `high`)."""
        end = high if end is None else end
        for start in (low, *(match.end() for match in _BOUNDARY.finditer(text, low, high))):
            if start < end and (rules := self.rules_of(text[start:end])):
                return start, rules
        return None

    def columns(self, line: str) -> list[tuple[int, int]]:
        """(start, end) of each column of a line, parted by tabs or wide gaps; a spaced-out label is one column."""
        gaps = list(_GAP.finditer(line))[:60]
        starts = [0, *(gap.end() for gap in gaps)]
        ends = [*(gap.start() for gap in gaps), len(line)]
        found, index = [], 0
        while index < len(starts):
            last = index
            for further in range(min(index + 4, len(starts)) - 1, index, -1):
                pieces = [line[start:end] for start, end in zip(starts[index : further + 1], ends[index : further + 1])]
                joined = line[starts[index] : ends[further]]
                short = max(map(len, pieces[:-1])) <= 2 and len(pieces[-1]) <= 8
                if short and "\t" not in joined and self.rules_of(joined):
                    last = further
                    break
            found.append((starts[index], ends[last]))
            index = last + 1
        return found

    def _before_gaps(self, text: str) -> Iterator[tuple[int, int, tuple[FieldRule, ...]]]:
        for line in re.finditer(r"[^\n]+", text):
            columns = self.columns(line[0])
            after_label = empty = False
            for (start, end), following in zip(columns, [*columns[1:], (None, None)], strict=True):
                if after_label and not line[0][start:end].strip():
                    empty = True  # 「管理员<TAB><TAB>手机号码<TAB>139…」: a cell that nobody filled in
                    continue
                # a label's word right behind a label is its value: 「服务类型  公众号」
                word = line[0][start:end]
                value = after_label and not (empty and (following[0] is not None or bare(word) not in self.platform_words))
                rules = () if value else self.rules_of(word)
                if rules and (following[0] is not None or empty):
                    yield line.start() + start, line.start() + (following[0] or len(line[0])), rules
                after_label, empty = bool(rules), False
            first = re.match(r"(\S{2,}) (?=\S)", line[0])
            if first and (rules := self.rules_of(first[1])):
                yield line.start(), line.start() + first.end(), rules


def _own_value(text: str, rules: tuple[FieldRule, ...]) -> str:
    """What follows a label, up to a label that belongs to no field: 「填报单位:        填报时间:2019年8月2日」."""
    if rules[0].kind not in ("handle", "platform") and rules[0].name != "introduction":
        text = text[: found.start()] if (found := _FOREIGN.search(text)) else text
    return _POINTER.sub("", text.strip(" \t\u3000;；|｜"))


@lru_cache(maxsize=4)
def lexicon(survey: Survey) -> Lexicon:
    """The survey's lexicon (made once for each survey)."""
    by_label: dict[str, list[FieldRule]] = {}
    for rule in survey.fields:
        for label in (rule.label, *rule.variants):
            rules = by_label.setdefault(normal_label(label), [])
            if rule not in rules:
                rules.append(rule)
    titles = {bare(title): category.form for category in survey.categories for title in category.form_titles}
    stems = {_stem(title, category.label) for category in survey.categories for title in category.form_titles}
    platforms = {bare(word) for choice in survey.platforms for word in (choice.name, *choice.aliases)}
    return Lexicon(
        {label: tuple(rules) for label, rules in by_label.items()},
        tuple(sorted(titles.items(), key=lambda item: -len(item[0]))),
        tuple(stem for stem in sorted(stems, key=len, reverse=True) if len(stem) >= 6),
        frozenset(platforms & by_label.keys()),
    )


def _stem(title: str, category: str) -> str:
    return bare(title).removesuffix(bare(category)).removeprefix(bare(category))


def without_hints(text: str, labels: tuple[str, ...]) -> str:
    """The text without what the form itself says in the cell: 「账号名称是……等。(本行填写时删除。)」.

    What a person wrote before or behind the hint stays. A hint is known by its marker 「填写时删除」; one whose marker was
    deleted by its wording: it begins with the label or 填写 and gives examples (如…等).
    """
    text = text.strip(" _\uff3f\u3000\t")
    if not _HINT_SIGN.search(text):
        return text
    names = "|".join(r"\s*".join(map(re.escape, bare(label))) for label in labels if label)
    opening = rf"[“\"「『]?(?:{names})[”\"」』]?\s*(?:是|是指|指|应)|请?填写" if names else "请?填写"
    plain = _SEAL.sub("", unicodedata.normalize("NFC", text))
    if "删除" in plain or "删\n除" in plain:
        plain = re.sub(rf"(?:[(（]\s*)?(?:{opening})[^□☑▣]*?{_MARKER}", "", plain, flags=re.DOTALL | re.IGNORECASE)
        plain = re.sub(rf"[^\n]*?{_MARKER}", "", plain)
    examples = rf"[(（]?(?:{opening})[^\n□☑▣]{{2,60}}?[,，。;；]?\s*(?:如|例如|比如)[:：,，]?[^\n]{{2,60}}?等[。.]?\s*[)）]?\s*$"
    return re.sub(examples, "", plain, flags=re.MULTILINE | re.IGNORECASE).strip()


def without_printed(raw: str, hints: tuple[str, ...]) -> str:
    """The text without what the survey says that its blank form prints there, whatever its spaces and width."""
    if not hints or not raw:
        return raw
    found, text = _printed(hints), unicodedata.normalize("NFKC", raw)
    return found.sub("", text).strip() if found.search(text) else raw


@lru_cache(maxsize=64)
def _printed(hints: tuple[str, ...]) -> re.Pattern[str]:
    texts = sorted(("".join(unicodedata.normalize("NFKC", hint).split()) for hint in hints), key=len, reverse=True)
    return re.compile("|".join(r"\s*".join(map(re.escape, text)) for text in texts if text) or r"(?!)")
