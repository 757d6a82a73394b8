"""Chinese punctuation as Chinese type has it: full width, whatever the keyboard was set to."""

import re

_CJK = r"\u3400-\u9fff《》「」【】、。\uff08\uff09"
_MARK = re.compile(rf"(?<=[{_CJK}])[,:;!?]|[,:;!?](?=[{_CJK}])")
_BRACKETS = re.compile(rf"(?<=[{_CJK}])\(([^()]{{0,200}})\)|\(([^()]{{0,200}}[{_CJK}][^()]{{0,200}})\)")
_WIDE = {ord(mark): ord(mark) + 0xFEE0 for mark in ",:;!?"}


def typeset(text: str) -> str:
    """The same words with full-width commas, colons, brackets … wherever they touch Chinese characters."""
    wide = _BRACKETS.sub(lambda match: f"\uff08{match[1] if match[1] is not None else match[2]}\uff09", text)
    return _MARK.sub(lambda match: match[0].translate(_WIDE), wide)
