"""Text → the words by which it is found: pairs of Chinese characters, and whole Latin words and numbers.

A Chinese text has no spaces, and most of its words have two characters: with pairs, 乡镇 is found in 各乡镇政府, whatever a
dictionary would make of it. A single character is found as the beginning of a pair; therefore the last one of a run is a
word too. Personal numbers are masked before, so that none of them can be found.
"""

import re
import unicodedata

from rules.masking import mask_personal

_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_RUN = re.compile(rf"[{_CHINESE}]+|[^\W_]+?(?=[{_CHINESE}]|[\W_]|$)")
#: forms are filled with spaces between characters
_SPACED = re.compile(rf"(?<=[{_CHINESE}])[ \u3000]+(?=[{_CHINESE}])")


def readable(text: str) -> str:
    """The text as it is indexed and shown: one width, no spaces inside Chinese, personal numbers masked."""
    return mask_personal(_SPACED.sub("", unicodedata.normalize("NFKC", text)))


def words_of(text: str) -> set[str]:
    """Every word of a `readable` text."""
    found: set[str] = set()
    for run in _RUN.findall(text.lower()):
        if _is_chinese(run):
            found.update(run[n:n + 2] for n in range(len(run)))
        else:
            found.add(run)
    return found


def asked(text: str) -> tuple[str, ...]:
    """The runs of a query, each of which a hit must contain: `衡东 hdfb` → 衡东, hdfb."""
    return tuple(dict.fromkeys(run for part in text.split() for run in _RUN.findall(readable(part).lower())))


def wanted(run: str) -> list[tuple[str, bool]]:
    """The words that hold what contains the run, each with whether it is only the beginning of one."""
    if not _is_chinese(run) or len(run) == 1:
        return [(run, True)]
    return [(run[n:n + 2], False) for n in range(len(run) - 1)]


def _is_chinese(run: str) -> bool:
    return re.match(f"[{_CHINESE}]", run) is not None
