"""Passwords that a mail names for its locked files: 「解压密码:1234」, 「密码是 hd2019」, 「材料(密码123).zip」.

They are only tried, never stored, shown or logged. Digits, letters and Chinese; full-width signs as well as ASCII ones.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

#: candidates that are tried at most: each may cost a key derivation
MAX_CANDIDATES = 10
_MAX_TEXT = 100_000
#: what a password may consist of; the brackets and signs that enclose or end it are none of it
_ENDS = (
    "\\s\\uff0c,\u3002\uff1b;\u3001()\uff08\uff09<>\u300a\u300b\"'\u201c\u201d\u2018\u2019"
    "\u300c\u300d\u3010\u3011\\[\\]|"
)
_WORD = re.compile(
    r"(?:(?:解压|压缩包?|附件|文件|打开|文档|提取)?的?(?:密\s?码|口\s?令)"
    r"|(?<![a-z])(?:password|passwd|pass\s?word|pwd|psw|pw)(?![a-z]))"
    r"(?P<link>[\s:\uff1a=\uff1d]*(?:统一|都|均|分别)?(?:设置|设|改)?(?:是|为|见下|如下|is)?[\s:\uff1a=\uff1d\-\u2014>]*)"
    r"(?P<open>[\"'\u201c\u2018\u300c\u3010\u300a\[(\uff08]{0,2})\s{0,3}"
    r"(?P<word>[^" + _ENDS + r"]{1,64})",
    re.IGNORECASE,
)
#: the plain part of what runs on in Chinese: `hd2019请查收`
_PLAIN = re.compile(r"[!-~]+")
_TRAILING = ".!?\u3002\uff01\uff1f~\u2026:\uff1a"
#: a Chinese sentence about passwords, not one
_TALK = re.compile(
    r"^(?:保护|错误|不对|忘记|已|请|发|另|见|在|将|稍后|单独|重置|找回|登录|修改|或|和|及|的|是|吗|呢|后续|通过)"
)
_SUFFIX = re.compile(r"\.(?:zip|rar|7z|docx?|xlsx?|pdf|tar|gz|wps|et|ofd|eml|msg)$", re.IGNORECASE)


def candidates(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Passwords named in these texts (subject, own words, names of files), likeliest first, at most MAX_CANDIDATES."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _in_text(_SUFFIX.sub("", (text or "")[:_MAX_TEXT])):
            if len(found) >= MAX_CANDIDATES:
                return tuple(found)
            found.setdefault(word)
    return tuple(found)


def _in_text(text: str) -> Iterator[str]:
    """Full-width forms are read as ASCII first, then as they stand."""
    plain = unicodedata.normalize("NFKC", text)
    for source in dict.fromkeys((plain, text)):
        for match in _WORD.finditer(source):
            yield from _readings(match["word"], bool(match["link"] or match["open"]))


def _readings(word: str, linked: bool) -> list[str]:
    """What a found word may stand for: its plain beginning where Chinese runs on, the whole, and that without its stop.

    Without a link (「密码登录」) only what begins plainly is one.
    """
    plain = _PLAIN.match(word)
    if _TALK.match(word) or not (plain or linked):
        return []
    begun = [plain[0].rstrip(_TRAILING), plain[0]] if plain and plain[0] != word else []
    return [reading for reading in (*begun, word, word.rstrip(_TRAILING)) if reading]
