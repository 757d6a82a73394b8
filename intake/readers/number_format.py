"""Numbers of a spreadsheet as people see them (ECMA-376 part 1, 18.8.30 and 18.8.31; [MS-XLS] 2.4.126 alike).

A number never becomes digits that nobody typed: beyond 15 digits a spreadsheet keeps no more, so an ID number typed as
a number is shown as 4.30424199008171E+17 and fails every check. A day is shown by its format where that names year,
month and day in this order, else as YYYY-MM-DD: 3/5/2018 would be two days.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite

_DAY, _MONTH = 'yyyy"年"m"月"d"日"', 'yyyy"年"m"月"'
_MONTH_DAY, _NOON = 'm"月"d"日"', 'AM/PMh"时"mm"分"'
#: formats that a file names by number only, as Chinese programs show them
BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: '"¥"#,##0', 6: '"¥"#,##0', 7: '"¥"#,##0.00',
    8: '"¥"#,##0.00', 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "General", 13: "General", 14: "yyyy/m/d",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy/m/d h:mm", 27: _MONTH, 28: _MONTH_DAY, 29: _MONTH_DAY, 30: "yyyy/m/d", 31: _DAY, 32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"', 34: _NOON, 35: _NOON, 36: _MONTH, 37: "#,##0", 38: "#,##0", 39: "#,##0.00",
    40: "#,##0.00", 41: "#,##0", 42: '"¥"#,##0', 43: "#,##0.00", 44: '"¥"#,##0.00', 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss", 48: "##0.0E+0", 49: "@", 50: _MONTH, 51: _MONTH_DAY, 52: _MONTH, 53: _MONTH_DAY, 54: _MONTH_DAY,
    55: _NOON, 56: _NOON, 57: _MONTH, 58: _MONTH_DAY,
}  # fmt: skip
#: numbers of more digits have lost some of them
_EXACT = 10**15
#: formats longer than this are no formats
_LONGEST = 255
_LAST_DAY = 2_958_466
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.)|[_*](?P<padding>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/通用格式|@?常规)|(?P<noon>AM/PM|A/P|上午/下午)|(?P<exponent>E[+-])"
    r"|(?P<date>y+|m+|d+|h+|s+|a{3,4}|e+|[gb]+\d?)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)"
    r"|(?P<text>@)|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)$")
_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True)
class _Section:
    """One of the parts of a format that semicolons divide."""

    #: (name of the group in _TOKEN, what stands there)
    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None = None
    #: Chinese numerals
    chinese: bool = False
    system_date: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind, _ in self.tokens)


def general(value: float) -> str:
    """A number without a format: whole digits as long as all of them are known, else 4.30424199008171E+17."""
    if not isfinite(value):
        return ""
    if value == int(value) and abs(value) < _EXACT:
        return str(int(value))
    if abs(value) >= _EXACT or abs(value) < 1e-9:
        return f"{value:.14E}".replace("E-0", "E-")
    return format(Decimal(f"{value:.12g}" if abs(value) < 1e9 else f"{value:.15g}").normalize(), "f")


def digits_as_written(text: str) -> str | None:
    """A whole number of more than 15 digits that a program wrote out exactly; None where it was rounded."""
    if not re.fullmatch(r"\d{16,20}", text):
        return None
    near = float(text)
    rounded = {int(near), int(Decimal(repr(near))), int(Decimal(f"{near:.14e}")), int(Decimal(f"{near:.15e}"))}
    return None if int(text) in rounded else text


def formatted(value: float, code: str, *, from_1904: bool = False) -> str:
    """The number as a cell with this format shows it; never raises."""
    value = float(value)
    if not isfinite(value):
        return ""
    section, negative = _chosen(_sections(code[:_LONGEST]), value)
    if section is None:
        return general(value)
    if "date" in section.kinds or section.system_date:
        shown = _day(value, section, from_1904)
        if shown is not None:
            return shown
        return general(value)
    if section.kinds & {"general", "text"}:
        words = (general(abs(value) if negative else value) if kind in ("general", "text") else text
                 for kind, text in section.tokens if kind in ("general", "text", "literal"))  # fmt: skip
        return "".join(words)
    if "digit" not in section.kinds:
        return "".join(text for kind, text in section.tokens if kind == "literal")
    return _number(abs(value) if negative else value, section)


def shown_text(text: str, code: str) -> str:
    """A text as a cell with this format shows it: `"微信号:"@`."""
    if "@" not in code or code == "@" or len(code) > _LONGEST:
        return text
    section = next((section for section in reversed(_sections(code)) if "text" in section.kinds), None)
    if section is None or section.kinds <= {"text"}:
        return text
    return "".join(text if kind == "text" else part for kind, part in section.tokens if kind in ("text", "literal"))


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    parts, start, at = [], 0, 0
    for token in _TOKEN.finditer(code):
        at = token.end()
        if token["literal"] == ";":
            parts.append(code[start : token.start()])
            start = at
    return tuple(_section(part) for part in [*parts, code[start:]][:4])


def _section(code: str) -> _Section:
    tokens: list[tuple[str, str]] = []
    condition, chinese, system = None, False, False
    for token in _TOKEN.finditer(code):
        kind = token.lastgroup or "literal"
        text = token[kind] or ""
        if kind == "bracket":
            lowered = text.lower()
            if found := _CONDITION.match(text):
                condition = (found[1], float(found[2]))
            elif lowered.startswith("dbnum"):
                chinese = True
            elif lowered in ("$-f800", "$-x-sysdate"):
                system = True
            elif re.fullmatch(r"h+|m+|s+", lowered):
                tokens.append(("date", f"[{lowered}]"))
            elif text.startswith("$") and text[1:].partition("-")[0]:
                tokens.append(("literal", text[1:].partition("-")[0]))
        elif kind in ("quoted", "escaped", "literal"):
            tokens.append(("literal", text))
        elif kind != "padding":
            tokens.append((kind, text.lower() if kind == "date" else text))
    if "exponent" not in {kind for kind, _ in tokens} and "digit" in {kind for kind, _ in tokens}:
        tokens = [("literal", text) if kind == "date" and text[0] in "eg" else (kind, text) for kind, text in tokens]
    return _Section(tuple(tokens), condition, chinese, system)


def _chosen(sections: tuple[_Section, ...], value: float) -> tuple[_Section | None, bool]:
    """The part of the format that this number takes, and whether that part stands for its sign too."""
    tests = {"<": value.__lt__, ">": value.__gt__, "=": value.__eq__, "<=": value.__le__, ">=": value.__ge__,
             "<>": value.__ne__}  # fmt: skip
    numeric = [section for section in sections[:3] if len(sections) == 1 or section.kinds != {"text"}] or [*sections]
    if any(section.condition for section in numeric):
        for section in numeric:
            if section.condition is None or tests[section.condition[0]](section.condition[1]):
                return section, False
        return None, False
    if value < 0 and len(numeric) > 1:
        return numeric[1], True
    if value == 0 and len(numeric) > 2:
        return numeric[2], False
    return (numeric[0], False) if numeric else (None, False)


def _number(value: float, section: _Section) -> str:
    if abs(value) >= _EXACT and "exponent" not in section.kinds:
        return general(value)
    tokens = list(section.tokens)
    kinds = [kind for kind, _ in tokens]
    point = kinds.index("point") if "point" in kinds else len(kinds)
    places = [index for index, kind in enumerate(kinds) if kind == "digit"]
    whole, rest = [at for at in places if at < point], [at for at in places if at > point]
    if "exponent" in kinds:
        decimals = sum(1 for at in rest if at < kinds.index("exponent"))
        return f"{value:.{min(decimals, 14)}E}"
    last = max(whole, default=-1)
    scale = 2 * kinds.count("percent") - 3 * sum(kind == "comma" for kind in kinds[last + 1 :])
    grouped = any(kind == "comma" for kind in kinds[min(whole, default=0) : last])
    try:
        exact = Decimal(f"{value:.15g}").scaleb(scale)
        exact = exact.quantize(Decimal(1).scaleb(-len(rest)), ROUND_HALF_UP)
    except InvalidOperation:
        return general(value)
    left, _, right = format(abs(exact), "f").partition(".")
    sign = "-" if exact < 0 else ""
    pieces = _whole(tokens[:point], left.lstrip("0"), grouped) + _fraction(tokens[point:], right)
    return sign + "".join(pieces).strip()


def _whole(tokens: list[tuple[str, str]], digits: str, grouped: bool) -> list[str]:
    """Digits in their places from the right; what is left over goes to the first place."""
    count = sum(kind == "digit" for kind, _ in tokens)
    padded = digits.rjust(count, "\0")
    extra, fill = padded[: len(padded) - count], list(padded[len(padded) - count :])
    if grouped:
        needed = sum(text == "0" for kind, text in tokens if kind == "digit")
        fill, extra = [f"{int(digits or 0):,}" if digits or needed else ""] + [""] * (count - 1), ""
    pieces: list[str] = []
    for kind, text in tokens:
        if kind == "digit" and fill:
            char = fill.pop(0)
            pieces += [extra, ("0" if text == "0" else "") if char == "\0" else char]
            extra = ""
        elif kind in ("literal", "percent"):
            pieces.append(text)
    return pieces


def _fraction(tokens: list[tuple[str, str]], digits: str) -> list[str]:
    pieces: list[str] = []
    fill = list(digits)
    optional = [text != "0" for kind, text in tokens if kind == "digit"]
    while fill and optional and optional[-1] and fill[-1] == "0":
        fill.pop()
        optional.pop()
    for kind, text in tokens:
        if kind == "point" and fill:
            pieces.append(".")
        elif kind == "digit" and fill:
            pieces.append(fill.pop(0))
        elif kind in ("literal", "percent"):
            pieces.append(text)
    return pieces


def _day(value: float, section: _Section, from_1904: bool) -> str | None:
    """A serial number as a day or a time; None where it is none."""
    if not 0 <= value < _LAST_DAY:
        return None
    seconds = round(value * 86400)
    days, seconds = divmod(seconds, 86400)
    # 1900 counts as a leap year in this calendar, so that days before March of 1900 are one off
    start = date(1904, 1, 1) if from_1904 else date(1899, 12, 31) if days < 60 else date(1899, 12, 30)
    day = start + timedelta(days)
    parts = _parts(section)
    order = "".join(part[0] for part in parts if part[0] in "ymde" and not part.startswith("dd" * 2) and len(part) < 3
                    or part[0] in "ye")  # fmt: skip
    named = any(re.fullmatch(r"mmm+", part) for part in parts)
    if section.system_date:
        return f"{day.year}年{day.month}月{day.day}日"
    letters = {part[0] for part in parts if not re.fullmatch("dddd?|aaaa?", part)}
    if {"y", "m", "d"} <= {"y" if letter == "e" else letter for letter in letters}:
        if named or order.replace("e", "y") != "ymd":
            return day.isoformat()
    elif {"y", "m"} <= letters and (named or order != "ym"):
        return f"{day:%Y-%m}"
    elif {"m", "d"} <= letters and named:
        return f"{day.month}月{day.day}日"
    return "".join(_spelled(section, parts, day, days, seconds)).strip()


def _parts(section: _Section) -> list[str]:
    """The codes of date and time in their order; minutes as `n`, so that they are not taken for months."""
    parts = [text for kind, text in section.tokens if kind == "date"]
    for index, part in enumerate(parts):
        if part[0] == "m" and len(part) < 3:
            before = parts[index - 1] if index else ""
            after = parts[index + 1] if index + 1 < len(parts) else ""
            if before[:1] == "h" or before.startswith("[h") or after[:1] == "s":
                parts[index] = part.replace("m", "n")
    return parts


def _spelled(section: _Section, parts: list[str], day: date, days: int, seconds: int):
    codes = iter(parts)
    noon = "noon" in section.kinds
    in_words = _chinese if section.chinese else lambda number, width: f"{number:0{width}d}"
    hour = seconds // 3600
    for kind, text in section.tokens:
        if kind == "noon":
            yield "下午" if hour >= 12 else "上午"
        elif kind == "date":
            code = next(codes)
            width = len(code)
            if code[0] in "ye":
                yield "".join(_DIGITS[int(digit)] for digit in str(day.year)) if section.chinese else str(day.year)
            elif code[0] == "m":
                yield in_words(day.month, min(width, 2) if width < 3 else 1) + ("月" if width > 2 else "")
            elif re.fullmatch("dddd?|aaaa?", code):
                yield ("星期" if width > 3 else "周" if code[0] == "d" else "") + "一二三四五六日"[day.weekday()]
            elif code[0] == "d":
                yield in_words(day.day, width)
            elif code[0] == "h":
                yield in_words((hour - 1) % 12 + 1 if noon else hour, width)
            elif code[0] == "n":
                yield in_words(seconds // 60 % 60, width)
            elif code[0] == "s":
                yield in_words(seconds % 60, width)
            elif code[0] == "[":
                total = days * 86400 + seconds
                yield str({"h": total // 3600, "m": total // 60, "s": total}[code[1]])
        elif kind in ("literal", "point", "comma"):
            yield text


def _chinese(number: int, _width: int) -> str:
    tens, ones = divmod(number, 10)
    if number > 99:
        return str(number)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones or not tens else "")
