"""Chinese numerals and approximate amounts: what people write where a form asks for a number."""

import re
import unicodedata

_DIGITS = {char: value for value, chars in enumerate(
    ("零〇○", "一壹幺", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for char in chars}  # fmt: skip
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000}
_LARGE = {"万": 10**4, "萬": 10**4, "w": 10**4, "亿": 10**8, "億": 10**8}
_NUMERAL = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|[零〇○一壹二贰两三叁四肆五伍六陆七柒八捌九玖十拾百佰千仟万萬亿億kw])+", re.IGNORECASE)
_NOTHING = re.compile(r"^(?:无|没有|暂无|暂没有|零|尚无|未有|无关注|无粉丝|nil|none|no)?(?:人|个|位|名)?$")
#: days and times are written beside an amount: 「截至2019年7月31日3000人」
_DATES = re.compile(
    r"\d{4}年(?:\d{1,2}月)?(?:\d{1,2}[日号])?|\d{4}([./-])\d{1,2}(?:\1\d{1,2})?(?!\d)|\d{1,2}月(?:\d{1,2}[日号])?"
)
#: the largest amount that is believed
_LONGEST = 200
_MOST = 10**11


def parse_count(raw: str) -> int | None:
    """An amount of people as a whole number; None where it names none, or more than one.

    `1.2万` 12000, `约3000人` 3000, `3万余` 30000, `3,456` 3456, `3千多` 3000, `一百二十` 120, `10w+` 100000, `无` 0.
    """
    text = unicodedata.normalize("NFKC", raw[:_LONGEST]).lower().strip()
    text = re.sub(r"(?<=\d)[,，'](?=\d{3}(?!\d))", "", re.sub(r"\s+", " ", text))
    if text and _NOTHING.match(text.strip("。.、-/ ")):
        return 0 if text.strip("。.、-/ ") else None
    text = re.sub(r"(?<=\d) (?=[\d万千百亿wk])", "", _DATES.sub(" ", text))
    text = re.sub(r"[多余几来](?=[万亿])", "", text)
    found = [value for piece in _pieces(text) if (value := _amount(piece)) is not None]
    if re.search(r"(?<![\d.])\d+\.\d+(?!\s*[万萬亿億千kw\d.])", text):
        return None  # half a person: a separator or a lost unit
    return found[0] if len(found) == 1 and found[0] <= _MOST else None


def _pieces(text: str) -> list[str]:
    if re.search(r"\d\s*[-~—–至到]\s*\d", text):
        return []  # a range
    pieces = []
    for match in _NUMERAL.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        latin = re.search(r"[a-z]$", before) or re.match(r"[a-z]", after)
        if match[0][0] in "万萬亿億kw" and not after.startswith(("余", "多")):
            continue
        if latin or len(match[0]) > 24 or before.endswith(("几", "数", "第")):
            continue
        pieces.append(match[0])
    return pieces


def _amount(piece: str) -> int | None:
    """The value of one numeral in digits, Chinese numerals, or both (`1万2千`, `1.2万`); None where it is malformed."""
    total, section, number, last_unit = 0.0, 0.0, None, 1
    for token in re.findall(r"\d+(?:\.\d+)?|.", piece):
        if token[0].isdigit() and token[0].isascii():
            if number is not None:
                return None
            number = float(token)
        elif token in _DIGITS:
            if number:
                return None  # 「五六百」 is a guess between two
            number = _DIGITS[token]
        elif token in _SMALL:
            section += (1 if number is None else number) * _SMALL[token]
            number, last_unit = None, _SMALL[token]
        else:
            bare_unit = number is None and not section and not total  # 「万余」
            total = (1 if bare_unit else total + section + (number or 0)) * _LARGE[token]
            section, number, last_unit = 0.0, None, _LARGE[token]
    if number is not None:
        # 「1万2」 is 12,000, but 「一万零二」 is 10,002
        brief = last_unit >= 100 and number < 10 and not re.search("[零〇○]", piece)
        section += number * (last_unit // 10 if brief else 1)
    return round(total + section)


def arabic(text: str) -> str:
    """The Chinese numerals of a date as digits: `二〇一八年十二月三十一日` becomes `2018年12月31日`."""
    text = re.sub(
        r"[零〇○0-9Oo一二三四五六七八九壹贰叁肆伍陆柒捌玖]{4}(?=\s*年)",
        lambda match: "".join(_digit(char) for char in match[0]),
        text,
    )
    return re.sub(r"[零一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾]{1,4}(?=\s*[月日号])", lambda match: str(_amount(match[0])), text)


def _digit(char: str) -> str:
    return "0" if char in "Oo" else str(_DIGITS.get(char, char))
