"""Chinese punctuation as Chinese type has it: full width, whatever the keyboard was set to."""

import re
from functools import lru_cache

_CJK = r"\u3400-\u9fff《》「」【】、。\uff08\uff09"
_MARK = re.compile(rf"(?<=[{_CJK}])[,:;!?]|[,:;!?](?=[{_CJK}])")
_BRACKETS = re.compile(rf"(?<=[{_CJK}])\(([^()]{{0,200}})\)|\(([^()]{{0,200}}[{_CJK}][^()]{{0,200}})\)")
_QUOTED = re.compile("《[^《》]*》|“[^“”]*”")
_WIDE = {ord(mark): ord(mark) + 0xFEE0 for mark in ",:;!?"}


@lru_cache(maxsize=1000)
def typeset(text: str) -> str:
    """The same words with full-width commas, colons, brackets … wherever they touch Chinese characters."""
    wide = _BRACKETS.sub(lambda match: f"\uff08{match[1] if match[1] is not None else match[2]}\uff09", text)
    return _MARK.sub(lambda match: match[0].translate(_WIDE), wide)


def typeset_sentence(text: str) -> str:
    """`typeset`, but what stands in “” (somebody's own words) and a file's name in 《》 stay as they were written."""
    wide = typeset(text)
    for found in _QUOTED.finditer(text):
        if found[0][0] == "“" or "." in found[0]:
            # every mark is exchanged for one mark: places are the same in both
            wide = wide[: found.start() + 1] + found[0][1:-1] + wide[found.end() - 1 :]
    return wide
