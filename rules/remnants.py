"""What a cell holds though nobody filled it in: pieces of the printed explanation, its examples, names of labels."""

import re
import unicodedata
from functools import lru_cache

from rules.survey import FieldRule, bare

#: fields into whose cells forms print an explanation with examples
_EXPLAINED = ("text", "handle", "platform")
_LEADS = re.compile(r"[(\[【]?\s*(?:(?:例如|比如|如)\s*:|如(?:微信号|手机号)|请?填写(?:注册|账号|单位|新媒体))")
_EXAMPLES = re.compile(r"[^、]+(?:、[^、]+)+等[。.]?$")
#: kinds of number, none of them a number
_KINDS = re.compile(r"(?:(?:微信号?|手机号?码?|电话号?码?|邮箱|账号|帐号|公众号|微博|QQ号?|原始ID|ID)(?:码|等|[、,/或和及\s]|$)+)+", re.IGNORECASE)


def is_remnant(raw: str, rule: FieldRule) -> bool:
    """Whether the text is only a piece of what the blank form prints there: 如:衡东发布、衡东头条等.

    One of the form's examples by itself is no remnant: it may be what somebody means.
    """
    if rule.kind not in _EXPLAINED or rule.name == "introduction":
        return False
    text = unicodedata.normalize("NFKC", raw).strip()
    if _LEADS.match(text) or (rule.kind == "handle" and (_KINDS.fullmatch(text) or _EXAMPLES.match(text))):
        return True
    piece = bare(text)
    return len(piece) >= 4 and any(piece in whole and not _chosen(piece, examples) for whole, examples in map(_parts, rule.hints))


def _chosen(piece: str, examples: tuple[str, ...]) -> bool:
    """Whether the text is one of the examples, a part of one (今日头条), or some of them, but not all."""
    if any(piece in example for example in examples):
        return True
    rest, found = piece, 0
    for example in sorted(examples, key=len, reverse=True):
        found += example in rest
        rest = rest.replace(example, "")
    return rest in ("", "等") and found < len(examples)


@lru_cache(maxsize=64)
def _parts(hint: str) -> tuple[str, tuple[str, ...]]:
    """(the hint, its examples) as they are compared."""
    text = unicodedata.normalize("NFKC", hint)
    _, _, listed = text.partition("如")
    parts = re.split(r"[、,。]|等", listed.split("(")[0])
    return bare(text), tuple(dict.fromkeys(example for part in parts if (example := bare(part))))
