"""How far a value that was recognised from pixels can be trusted, beyond what recognition itself says.

Recognition is sure of itself at times when it is wrong: where a list of boxes is incomplete, and where characters look
alike and nothing else tells them apart (l, 1, I; O, 0).
"""

import re
import unicodedata

from rules.document import EMPTY, TICKED, UNSURE
from rules.labels import Lexicon
from rules.survey import FieldRule, bare
from rules.ticks import normalise

#: l, I, 1, O, o, 0 beside characters that do not tell which of them it is
_EITHER = re.compile(r"[lI](?=\d)|(?<=\d)[lIoO]|(?<=[A-Za-z])[01](?!\d)|(?<=[a-z])I|[Oo](?=\d)|I(?=[a-z])")
#: what a value is worth that a person must look at
DOUBTFUL = 0.5
#: the same of a value whose check character is right
PROVEN = 0.9
#: the same of one that breaks a rule: it may have been misread, and is not surely wrong (rules.mandatory)
MISREAD = 0.9


def recognised_confidence(rule: FieldRule, raw: str, value: object, sure: float) -> float:
    """How sure a value of this field is, 0..1, of which recognition says `sure`; `value` is None where it is not valid.

    A check character (ID number) or a short list of known words (platform, kind of unit) proves more than recognition.
    """
    if rule.kind in ("options", "yes_no"):
        return sure if _is_whole_list(rule, raw) else min(sure, DOUBTFUL)
    if "\t" in raw and rule.kind in ("text", "person", "handle", "email"):
        return min(sure, DOUBTFUL)  # two lines that stood side by side: perhaps two fields
    if rule.kind in ("handle", "email"):
        return min(sure, DOUBTFUL) if _is_ambiguous(_handle_in(raw)) else sure
    if value is None and rule.kind in ("phone", "id_number", "email", "date"):
        return min(sure, MISREAD)
    proven = rule.kind == "id_number" or (rule.kind == "choice" and any(value == choice.name for choice in rule.choices))
    return max(sure, PROVEN) if value is not None and proven else sure


def is_torn(raws: list[str], words: Lexicon) -> bool:
    """Whether labels stand among the values: rules of the table were overlooked, and cells ran into each other."""
    parts = (part.strip() for raw in raws for part in re.split(r"[\n\t]| {2,}", raw) if raw)
    return any(len(part) > 2 and "".join(part.lower().split()) not in words.platform_words and words.rules_of(part)
               for part in parts)  # fmt: skip


def _handle_in(raw: str) -> str:
    """The handle, or the part of a mail address before the @, as it was read; a label before it is left out."""
    text = re.split("[:\uff1a]", unicodedata.normalize("NFKC", raw))[-1].strip()
    return text.partition("@")[0]


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
    return re.sub(r"(?i)\bgh[_ .]{1,3}([0-9a-fliodq]{12})\b", lambda found: "gh_" + _hexadecimal(found[1]), raw)


def _hexadecimal(text: str) -> str:
    return text.lower().translate(str.maketrans("lioq", "1100"))


def _is_ambiguous(text: str) -> bool:
    """Whether it has a gap, or letters whose size alone tells what they are; l I 1 and O 0 are told apart by their shapes."""
    if re.search(r"[A-Za-z0-9_\-]\s+[A-Za-z0-9_\-]", text):
        return True
    if len(text) > 2 and re.fullmatch(r"(?=.*[A-Za-z])[cosuvwxzCOSUVWXZ\d_\-]+", text):
        return True  # large and small letters of one shape
    # such identifiers have twelve hexadecimal digits
    return bool(re.match(r"gh[_ ]", text)) and not re.fullmatch(r"gh_[0-9a-f]{12}", text)


def ambiguous_places(text: str) -> frozenset[int]:
    """Places of characters that look like another which may stand there as well: l I 1 and O 0 between letters and digits."""
    return frozenset(match.start() for match in _EITHER.finditer(text))
