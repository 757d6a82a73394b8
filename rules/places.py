"""Names of places that a picture's recognition got wrong, put right from the survey's list."""

import functools
import re

#: characters that are taken for each other in print, by what was really written
_LOOKALIKES = {"洣": "泮涞沭洙淶沫渊洡浓冰咪迷米洋"}


def mend(text: str, places: tuple[str, ...]) -> str:
    """`text` with the survey's places spelt right where one rare character was misread (泮水镇 → 洣水镇).

    Only characters outside the 3,755 commonest (GB 2312 level 1) are ever put in: they are the ones that recognition
    misses, while 石滩 and 石湾, both common, may both be meant. A name of the list is never changed into another.
    """
    for pattern, place in _patterns(places):
        text = pattern.sub(lambda match, place=place: match[0] if match[0] in places else place, text)
    return text


def misread_stems(text: str, places: tuple[str, ...]) -> list[tuple[int, str]]:
    """(place in `text`, stem as it should read) where the stem of a place's name may have been misread (涞水 for 洣水).

    Two characters are little to go by, and 涞水 is a county elsewhere: what is put right there stays in doubt.
    """
    return [(match.start(), stem) for pattern, stem in _patterns(stems(places)) for match in pattern.finditer(text)
            if match[0] != stem]


def stems(places: tuple[str, ...]) -> tuple[str, ...]:
    """Names of places without their last word: 洣水 of 洣水镇."""
    return tuple(dict.fromkeys(name[:-1] for name in places if len(name) > 2 and name[-1] in "镇乡县市村"))


@functools.lru_cache(maxsize=8)
def _patterns(places: tuple[str, ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    found = []
    for place in sorted(places, key=len, reverse=True):
        for index, character in enumerate(place):
            if _is_rare(character) and len(place) >= 2:
                # Three characters leave enough context to replace anything; two only what looks alike.
                others = "[^\\W\\da-zA-Z_]" if len(place) >= 3 else f"[{_LOOKALIKES.get(character, character)}]"
                found.append((re.compile(re.escape(place[:index]) + others + re.escape(place[index + 1 :])), place))
    return tuple(found)


def _is_rare(character: str) -> bool:
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return True
    return lead >= 0xD8
