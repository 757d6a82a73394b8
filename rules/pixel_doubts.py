"""How far a value that was recognised from pixels can be trusted, beyond what recognition itself says.

Recognition is sure of itself at times when it is wrong: where a list of boxes is incomplete, and where characters look
alike and nothing else tells them apart (l, 1, I; O, 0).
"""

import re
import unicodedata

from rules.document import EMPTY, TICKED, UNSURE
from rules.survey import FieldRule, bare
from rules.ticks import normalise

#: what a value is worth that a person must look at
DOUBTFUL = 0.5


def recognised_confidence(rule: FieldRule, raw: str, value: object) -> float:
    """The most that a value of this field deserves, 0..1; 1 where nothing speaks against it."""
    if rule.kind in ("options", "yes_no"):
        return 1.0 if _is_whole_list(rule, raw) else DOUBTFUL
    if "\t" in raw and rule.kind in ("text", "person", "handle", "email"):
        return DOUBTFUL  # two lines that stood side by side: perhaps two fields
    if rule.kind == "handle" and isinstance(value, str):
        return DOUBTFUL if _is_ambiguous(value) else 1.0
    return 1.0


def _is_whole_list(rule: FieldRule, raw: str) -> bool:
    """Whether every offered word was read, each with its box; or the words were written without any box."""
    text = normalise(raw)
    boxes = sum(text.count(sign) for sign in (TICKED, EMPTY, UNSURE))
    names = [(choice.name, *choice.aliases) for choice in rule.choices] or [("是",), ("否",)]
    seen = sum(any(bare(word) in bare(text) for word in words) for words in names)
    if not boxes:
        return seen < 2 or bool(re.search(r"[\u3001,\uff0c;\uff1b/\n]", text)) and seen < len(names)
    return boxes == len(names) and seen == len(names)


def mended(rule: FieldRule, raw: str) -> str:
    """The text with look-alikes put right where the kind of value allows only one of them: gh_ and 12 hexadecimal digits."""
    if rule.kind != "handle":
        return raw
    return re.sub(r"(?i)\bgh[_ ]\.?([0-9a-fliodq]{12})\b", lambda found: "gh_" + _hexadecimal(found[1]), raw)


def _hexadecimal(text: str) -> str:
    return text.lower().translate(str.maketrans("lioq", "1100"))


def _is_ambiguous(value: str) -> bool:
    """Whether a handle has characters that look alike in print and stand where either may stand: l I 1, O 0."""
    text = unicodedata.normalize("NFKC", value)
    if not text.isascii() or "@" in text or re.fullmatch(r"\d+|gh_[0-9a-f]{12}", text):
        return False
    return bool(re.search(r"[lI](?=\d)|(?<=\d)[lIoO]|(?<=[A-Za-z])[01](?!\d)|(?<=[a-z])I|[Oo](?=\d)|I(?=[a-z])", text))
