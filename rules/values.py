"""Values as people write them → values as the database keeps them; None where a text is not such a value.

Every function takes text of any origin (full-width characters, spaces, labels and remarks around it) and never raises.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rules.masking import mask_id, mask_personal
from rules.numerals import arabic, parse_count
from rules.survey import Choice, Survey, bare
from rules.ticks import Chosen, has_boxes, parse_options, parse_yes_no

__all__ = [
    "Chosen", "mask_id", "mask_personal", "normal_label", "normal_person_name", "normal_unit_name", "parse_count",
    "parse_date", "parse_email", "parse_handle", "parse_options", "parse_phone", "parse_platform", "parse_yes_no",
    "plain", "platforms_named",
]  # fmt: skip

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]")
_SPACE = re.compile(r"\s+")
_DAY = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d|\d\d(?=\s*年))\s*[年.\-–—/\\·・、。,_ ]\s*(?P<month>\d{1,2})(?!\d)"
    r"(?:\s*[月.\-–—/\\·・、。,_ ]\s*(?P<day>\d{1,2})(?![\d:])\s*[日号]?|\s*月)?"
)
_COMPACT = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)?(?!\d)")
#: 18.3.5: the year stands first in Chinese dates; below 13 nobody knows
_SHORT = re.compile(r"(?P<year>1[3-9]|[2-9]\d)(?P<sign>[./\-])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})")
#: 3-4月, 3月或4月
_MONTHS = re.compile(r"年\s*\d{1,2}\s*月?\s*[-~—–至到或、]\s*\d{1,2}\s*月")
_YEAR_LAST = re.compile(r"(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]\s*,?\s*(?P<year>20\d\d)年?")
_GAP = r"[\s.\-—–·]{0,3}"
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)?86{_GAP}|0(?=1))?(1[3-9](?:{_GAP}\d){{9}})(?!\d)")
_LANDLINE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)86{_GAP}\(?0?|\(?0)(10|2\d|[3-9]\d\d)\)?[\s\-—–_]{{0,3}}([2-9]\d{{2,3}}{_GAP}\d{{4}})(?!\d)"
)
_SERVICE = re.compile(r"(?<!\d)([48]00)[\s\-—–]?(?:(\d{3})[\s\-—–]?(\d{4})|(\d{4})[\s\-—–]?(\d{3}))(?!\d)")
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})\.){1,8}[A-Za-z]{2,24}")
#: what may stand before a handle as its label, beside the survey's own words
_HANDLE_LABELS = ("账户", "帐户", "微信号码", "微信号", "微信", "手机号码", "手机号", "手机", "电话号码", "电话", "邮箱", "电子邮件", "QQ号",
                  "网址", "域名", "地址", "号码", "昵称", "号", "ID")  # fmt: skip
_POST = (r"(?:(?:党委|党组|党总支|党支部|支部|常务|校|院|局|镇|乡|村|团委)?(?:第一|副)?(?:书记|主任|主席|局长|校长|院长|镇长|乡长|县长|所长|站长|"
         r"科长|股长|处长|部长|会长|队长|组长|馆长|园长|社长|台长|董事长|总经理|经理|总编辑|总编|主编|编辑|记者|干事|秘书|委员|专干|老师|医生|律师)|"
         r"先生|女士|小姐|同志)")  # fmt: skip
_POST_BEHIND = re.compile(rf"\s*[,、/\-]?\s*{_POST}$")
_POST_BEFORE = re.compile(rf"^{_POST}\s*:?\s*")
_SURNAME = re.compile("[\u4e00-\u9fff]|欧阳|上官|司马|诸葛|司徒|皇甫|尉迟|夏侯|公孙|慕容|令狐|东方")
_HAN_NAME = re.compile(rf"(?!(?:{_SURNAME.pattern})$)[\u3400-\u9fff·]{{2,20}}")
_NUMBERING = re.compile(
    r"^\s*(?:[(\[【]\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[)\]】]\s*[、.,:]?|(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[、.,:)]"
    r"|[①-⑳]|[•·▪◆◇★☆▲►※*\-]+)\s*"
)


def plain(text: str) -> str:
    """NFKC with white space made single spaces and stripped, zero-width characters gone."""
    text = unicodedata.normalize("NFKC", text)
    return text if text.isalnum() else _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()


def normal_label(text: str) -> str:
    """A label as it is compared: NFKC, lower case, without numbering, spaces, line breaks, brackets and punctuation."""
    # the same few labels stand on every form; a long text is no label and need not be remembered
    return _known_label(text) if len(text) <= 40 else _normal_label(text)


def _normal_label(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return bare(_NUMBERING.sub("", text, count=1)) or bare(text)


_known_label = lru_cache(maxsize=2000)(_normal_label)


def parse_date(raw: str) -> str | None:
    """`YYYY-MM-DD`, or `YYYY-MM` where no day is named; None for impossible days, years alone, or two different days.

    Understands 2018年3月5日, 2018.3.5, 2018/03/05, 2018-3, 20180305, 二〇一八年三月五日, 18年3月5日, 18.3.5, with words and a time of day
    around them. A bare number such as 43164 (a spreadsheet's serial) is not guessed at.
    """
    # before NFKC, which turns 〇 lookalikes and ideographic digits into other characters
    text = arabic(plain(raw))
    if _MONTHS.search(text):
        return None
    alone = _SHORT.fullmatch(text) or _YEAR_LAST.fullmatch(text)
    matches = [alone] if alone else list(_DAY.finditer(text)) or list(_COMPACT.finditer(text))
    days = {_calendar_day(match) for match in matches}
    return days.pop() if len(days) == 1 else None


def _calendar_day(match: re.Match) -> str | None:
    year, month = int(match["year"]), int(match["month"])
    year += 2000 if year < 100 else 0
    try:
        day = date(year, month, int(match["day"] or 1))
    except ValueError:
        return None
    return day.isoformat() if match["day"] else f"{day:%Y-%m}"


def parse_phone(raw: str) -> str | None:
    """Digits of the first mobile number in the text, else of the first landline with area code or 400/800 number.

    +86, 0086, spaces, hyphens and brackets are dropped; an extension is left out. None where there is none.
    """
    text = plain(raw)
    if found := _MOBILE.search(text):
        return re.sub(r"\D", "", found[1])
    for found in _LANDLINE.finditer(text):
        area, number = found[1], re.sub(r"\D", "", found[2])
        if len(number) == 8 or len(area) == 3:
            return f"0{area}{number}"
    if found := _SERVICE.search(text):
        return "".join(group for group in found.groups() if group)
    return None


def parse_email(raw: str) -> str | None:
    """The first mail address in the text, lower case; None where there is none."""
    text = re.sub(r"\s*@\s*", "@", plain(raw)).replace("。", ".")
    found = _EMAIL.search(text)
    return found[0].lower() if found and ".." not in found[0] else None


@dataclass(frozen=True, slots=True)
class _Labels:
    """Where a label stands beside a handle."""

    before: re.Pattern
    alone: re.Pattern
    glued: re.Pattern
    next: re.Pattern
    behind: re.Pattern


@lru_cache(maxsize=8)
def _handle_labels(own: tuple[str, ...]) -> _Labels:
    words = sorted((*map(re.escape, own), *_HANDLE_LABELS), key=len, reverse=True)
    label = rf"(?:[一-鿿]{{0,8}}(?:{'|'.join(words)})|原始\s*ID|QQ号?|ID号?|E-?mail)"
    return _Labels(
        re.compile(rf"^{label}\s*(?:\({label}\))?\s*(?::|为|是|\s(?=\S))\s*", re.IGNORECASE),
        re.compile(rf"^{label}\s*:\s*$", re.IGNORECASE),
        # without a colon, letters behind QQ or ID are the handle's own: qqaj_3tz
        re.compile(rf"^(?=[^A-Za-z]|QQ号?\d|ID号?\d)(?:{label}(?=[A-Za-z0-9_@+])|\({label}\)\s*)", re.IGNORECASE),
        re.compile(rf"[\s,;、/]+{label}\s*:.*$", re.IGNORECASE | re.DOTALL),
        re.compile(rf"\s*\((?:{label}|同微信号?|微信同号)\)\s*$", re.IGNORECASE))


def parse_handle(raw: str, own: tuple[str, ...] = ()) -> str | None:
    """A handle without the label before or behind it: `微信号:hdfb` → `hdfb`; `own`: the survey's words for its label.

    Telephone numbers, mail addresses, web addresses and `gh_` identifiers are handles and stay. Where several labelled
    handles stand in one cell the first is taken. None where nothing is left.
    """
    text, labels = plain(raw), _handle_labels(own)
    if labels.alone.match(text):
        return None
    for _ in range(3):
        shorter = labels.behind.sub("", labels.before.sub("", text, count=1))
        if shorter == text or not shorter:
            break
        text = shorter
    text = labels.next.sub("", labels.glued.sub("", text, count=1))
    return text.strip(" ,;、。:“”\"'") or None


def parse_platform(raw: str, survey: Survey) -> str | None:
    """The survey's platform that the text names: the first where it names several, the last one where it names none.

    Boxes are respected: of a list with boxes only the ticked ones count. None for an empty text.
    """
    named = platforms_named(raw, survey)
    return named[0] if named else (survey.platforms[-1].name if plain(raw) and not has_boxes(raw) else None)


def platforms_named(raw: str, survey: Survey) -> tuple[str, ...]:
    """Every platform of the survey named in the text, each once, in order of appearance; the longest alias wins."""
    if has_boxes(raw):
        chosen = parse_options(raw, survey.platforms).value
        return chosen if isinstance(chosen, tuple) else ()
    text = unicodedata.normalize("NFKC", raw).lower()
    text = re.sub(r"(?<![a-z0-9])\s+|\s+(?![a-z0-9])", "", text)
    pattern, names = _platform_words(survey.platforms)
    return tuple(dict.fromkeys(names[match[0]] for match in pattern.finditer(text)))


@lru_cache(maxsize=8)
def _platform_words(platforms: tuple[Choice, ...]) -> tuple[re.Pattern, dict[str, str]]:
    """(pattern of every name and alias, longest first, their platform)."""
    names = {bare(word): choice.name for choice in platforms for word in (choice.name, *choice.aliases) if bare(word)}
    return re.compile("|".join(_whole_word(word) for word in sorted(names, key=len, reverse=True)) or r"(?!)"), names


def _whole_word(word: str) -> str:
    return rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word)


def normal_unit_name(name: str, places: Iterable[str]) -> str:
    """A unit's name as it is compared: NFKC, without spaces, punctuation and the region's own prefixes.

    `places`: the region and what it lies in, largest first (`Survey.region`); only those ending in 省市州区县 are prefixes.
    甲省乙县第一中学, 乙县第一中学 and 第一中学 are one unit. A name that stops at a higher level keeps it (甲市公安局 is not
    乙县公安局), and so does one of which nothing else would be left.
    """
    whole = rest = bare(re.sub(r"[(\[【〔]\s*(?:加盖|盖)?(?:单位)?公?章\s*[)\]】〕]", "", unicodedata.normalize("NFKC", name)))
    for party in ("中国共产党", "中共"):
        rest = rest.removeprefix(party) or rest
    region = [bare(place) for place in places if place.endswith(("省", "市", "州", "区", "县"))]
    level = None
    for place in region:
        shorter = rest.removeprefix(place)
        if shorter != rest and len(shorter) >= 2 and not shorter.startswith("委"):
            rest, level = shorter, place
    if level and level != region[-1]:
        return level + rest
    return rest or whole


def without_post(name: str) -> str:
    """A person's name without the post or form of address before or behind it: 张三局长, 校长:李四.

    '' where nothing but a surname would be left: 王校长 is no full name.
    """
    for post in (_POST_BEFORE, _POST_BEHIND):
        rest = post.sub("", name)
        if rest != name and _HAN_NAME.fullmatch(rest):
            return rest
        if rest != name and _SURNAME.fullmatch(rest):
            return ""
    return name


def is_surname(text: str) -> bool:
    """Whether the text is one character, which no full name is, or a surname of two (欧阳)."""
    return bool(_SURNAME.fullmatch(text))


def normal_person_name(name: str) -> str:
    """A person's name as it is compared: NFKC, without spaces, remarks in brackets and forms of address."""
    text = re.sub(r"[(\[【][^()\[\]【】]*[)\]】]", "", plain(name[:200]))
    text = re.sub("[·•・‧∙.]", "·", re.sub(r"\s", "", text))
    return without_post(text).strip("·,;:、。") or plain(name)
