"""Lines of one page → a document of a kind that the survey declares (an invoice, a policy, a licence).

Taken for one on positive evidence only: one of its titles standing as a heading, and enough of the words that are
printed on every such document. A heading without these words is no proof and no stranger either: a person looks.
"""

import re
from collections.abc import Sequence

from rules.document import Line
from rules.labelled import clean, value_of
from rules.page_lines import bare
from rules.places import mend
from rules.reading import Paper
from rules.survey import PaperRule

#: letters that may stand beside the title in its line: the place that issues it, 正本, a number
_BESIDE = 10
_SPECIMEN = re.compile("样本|样张|示例|示意图|范例|仅供参考|SPECIMEN|SAMPLE")
_NUMBER = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z]|[-/_.](?=[0-9A-Za-z])){3,}")


def read_own_paper(lines: Sequence[Line], rule: PaperRule, places: tuple[str, ...]) -> Paper | None:
    """The document of that kind on one page, or None."""
    heading = next(((line, title) for line in lines for title in rule.titles if _heads(bare(line.text), bare(title))), None)
    if heading is None:
        return None
    text = "\n".join(bare(line.text) for line in lines)
    found = [word for word in rule.words if bare(word) in text]
    labels = tuple(dict.fromkeys(bare(word) for word in (*rule.words, *rule.holder, *rule.number)))
    holder = value_of([bare(name) for name in rule.holder], lines, labels)
    number = value_of([bare(name) for name in rule.number], lines, labels)
    name = mend(clean(holder.text), places) if holder else None
    code = _NUMBER.search(bare(number.text)) if number else None
    return Paper(
        kind=rule.name,
        side=None,
        title=rule.label,
        holder=name if name and len(re.findall("[㐀-鿿]", name)) >= 2 else None,
        number=code[0] if code else None,
        confidence=round(min([heading[0].confidence, *(line.confidence for line in (holder, number) if line)]), 4),
        evidence=(f"有“{heading[1]}”标题", *([f"有{'、'.join(found[:4])}字样"] if found else [])),
        doubts=_doubts(rule, found, text),
    )


def _heads(text: str, title: str) -> bool:
    """Whether the line is that title and next to nothing else; one wrong character in six is forgiven."""
    if not len(title) <= len(text) + 1 or len(text) > len(title) + _BESIDE:
        return False
    if title in text:
        return True
    windows = (text[start : start + len(title)] for start in range(len(text) - len(title) + 1))
    return len(title) >= 6 and any(sum(a != b for a, b in zip(window, title, strict=True)) <= 1 for window in windows)


def _doubts(rule: PaperRule, found: Sequence[str], text: str) -> tuple[str, ...]:
    doubts = []
    if len(found) < rule.least:
        doubts.append(f"标题像是{rule.label},但应有的字样没有读全,请核对")
    if _SPECIMEN.search(text.upper()):
        doubts.append(f"上面有“样本”一类字样,请核对是否为真实的{rule.label}")
    return tuple(doubts)
