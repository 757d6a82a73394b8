"""Which of the survey's towns a submission comes from: by the unit's name, its address or the employer's name."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rules.submission import Account
from rules.survey import Choice

#: fields that may name the town, the surest first; never a person's name, which may sound like one (杨林)
FIELDS = ("unit_name", "address", "employer")
_KIND = re.compile(r"(?:镇|乡|街道|街道办事处)$")


def town_of_accounts(accounts: Iterable[Account], registrant: str | None, towns: tuple[Choice, ...],
                     unit: bool = True) -> str | None:
    """The town of a registrant's accounts; `unit`: `registrant` is the name of a unit, not of a person."""
    held = list(accounts)
    values = [account.value(field) for field in FIELDS for account in held]
    return town_of([registrant if unit else None, *values], towns)


def town_of(texts: Iterable[object], towns: tuple[Choice, ...]) -> str | None:
    """The town that the first of `texts` names, or None.

    A whole name or a former one (石湾镇, 城关镇) in any of them counts before a short one (石湾中学) in any of them.
    """
    found = [_plain(text) for text in texts if isinstance(text, str) and text]
    for pattern, names in _patterns(towns):
        for text in found:
            if match := pattern.search(text):
                return names[match[0]]
    return None


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


@lru_cache(maxsize=8)
def _patterns(towns: tuple[Choice, ...]) -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    whole = {_plain(word): town.name for town in towns for word in (town.name, *town.aliases)}
    short = {stem: name for word, name in whole.items() if len(stem := _KIND.sub("", word)) >= 2 and stem not in whole}
    return tuple((_any_of(words), words) for words in (whole, short) if words)


def _any_of(words: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))
