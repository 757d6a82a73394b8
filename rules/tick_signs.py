"""The signs that people and programs use as tick boxes, written as one of three: ☑ □ ▣."""

import re

from rules.document import EMPTY, TICKED, UNSURE

_ALWAYS_TICKED = "☑☒✓✔✅🗹🗸√⌧⍌❎☓🗷🗵⊠⍁ꪜ"
_ALWAYS_EMPTY = "☐□▢◻⬜❏❐❑❒▫◽⬚🞎🞏"
#: bullets in running text, boxes beside options
SOLID = "■●◼▪⬛◾◉◎⦿🔘◆★⊙☻▇█"
HOLLOW = "○◯◦〇⭕⚪◇☆"
_CROSSES = "×✗✘✕✖╳❌"
_TABLE = str.maketrans({**dict.fromkeys(_ALWAYS_TICKED, TICKED), **dict.fromkeys(_ALWAYS_EMPTY, EMPTY)})
_BRACKET_TICK = re.compile(rf"[(（\[【［〔{{]\s*(?:{TICKED}|[xXvV✕✗✘■●])\s*[)）\]】］〕}}]")
#: no tick but beside empty ones of its kind
_BRACKET_LETTER = re.compile(r"[(（]\s*[xXvV]\s*[)）]")
_BRACKET_OTHER = re.compile(r"[(（\[【［〔{]\s*[^\w\s]\s*[)）\]】］〕}]")
_BRACKET_EMPTY = re.compile(r"[(（\[【［〔{][\s_]*[)）\]】］〕}]")
_DOUBLE = re.compile(rf"{EMPTY}{TICKED}|{EMPTY} {TICKED}(?=\S)|{TICKED}{{2,9}}")
_CROSSED_BOX = re.compile(rf"{EMPTY}[{_CROSSES}]")
#: code points of symbol fonts, without the 0xF000 that Word adds
_FONTS = {
    "wingdings": {0xFE: TICKED, 0xFD: TICKED, 0xFC: TICKED, 0xFB: TICKED, 0x6E: TICKED, 0xA7: TICKED, 0x6C: TICKED,
                  0xA4: TICKED, 0xA8: EMPTY, 0x6F: EMPTY, 0x70: EMPTY, 0x71: EMPTY, 0x72: EMPTY, 0xA1: EMPTY,
                  0xA6: EMPTY, 0xA3: EMPTY, 0x78: TICKED},
    "wingdings 2": {0x50: TICKED, 0x52: TICKED, 0x53: TICKED, 0x54: TICKED, 0x4F: TICKED, 0x51: TICKED, 0x55: TICKED,
                    0x56: TICKED, 0x98: TICKED, 0xA2: TICKED, 0xA1: TICKED, 0xA0: TICKED, 0xA3: EMPTY, 0x2A: EMPTY,
                    0x35: EMPTY, 0x81: EMPTY, 0x99: EMPTY},
    "wingdings 3": {},
    "webdings": {0x61: TICKED, 0x72: TICKED, 0x67: TICKED, 0x63: EMPTY, 0x31: EMPTY},
    "zapfdingbats": {0x33: TICKED, 0x34: TICKED, 0x35: TICKED, 0x36: TICKED, 0x38: TICKED, 0x6E: TICKED, 0x6F: EMPTY,
                     0x70: EMPTY, 0x71: EMPTY, 0x72: EMPTY},
    "marlett": {0x61: TICKED, 0x62: TICKED},
    "symbol": {0xD6: TICKED},
}  # fmt: skip
#: private-use characters whose font is not known: as Wingdings 2 (0x4F..0x56, 0xA3), else as Wingdings
_PRIVATE = {0xF000 + code: box for code, box in {**_FONTS["wingdings"], **{
    code: _FONTS["wingdings 2"][code] for code in (0x50, 0x51, 0x52, 0x53, 0x54, 0xA3)}}.items()
    if code not in (0x6C, 0xA7, 0x78, 0xA4)}  # fmt: skip
_PRIVATE_TABLE = str.maketrans({chr(code): box for code, box in _PRIVATE.items()})
#: a text without any of these holds no box: nearly all texts, told in a microsecond
_SIGN = re.compile("[" + re.escape("".join(map(chr, _PRIVATE)) + _ALWAYS_TICKED + _ALWAYS_EMPTY + SOLID + HOLLOW + "(（[【［〔{") + "]")


def symbol(font: str, code: int) -> str | None:
    """What a character of a symbol font means as a tick box (☑ or □), or None; `code` with or without 0xF000."""
    return _FONTS.get(font.strip().lower(), {}).get(code & 0xFF if code >= 0xF000 else code)


def normalise(text: str) -> str:
    """The text with every tick box as ☑, □ or ▣.

    Shapes that are also bullets (■ ● ○ ◆, × and `[x]`) count as boxes only in a text that has another kind of box, or
    both solid and hollow ones: bullets of an introduction stay as they are.
    """
    if (text.isascii() and "[" not in text) or not _SIGN.search(text):
        return text
    text = text.translate(_PRIVATE_TABLE).translate(_TABLE).replace("\ufe0e", "").replace("\ufe0f", "")
    text = _BRACKET_TICK.sub(lambda match: TICKED if _is_tick(match) else match[0], text)
    if any(box in text for box in (TICKED, EMPTY)) or (_has(text, SOLID) and _has(text, HOLLOW)) or _BRACKET_EMPTY.search(text):
        text = _shapes(text)
    return _DOUBLE.sub(TICKED, text)


def _shapes(text: str) -> str:
    """The text with the signs that are boxes because others stand beside them; what may be a tick or not is ▣."""
    if _BRACKET_EMPTY.search(text) and (EMPTY in text or TICKED in text or _BRACKET_LETTER.search(text) or _BRACKET_OTHER.search(text)):
        text = _BRACKET_EMPTY.sub(EMPTY, _BRACKET_OTHER.sub(_other, _BRACKET_LETTER.sub(TICKED, text)))
    hollow = EMPTY in text or _has(text, HOLLOW)
    # ■ beside ☑ and no empty box: nobody knows whether it is one
    solid = TICKED if hollow else UNSURE
    # × beside √ says no; beside empty boxes it may be a tick
    cross = EMPTY if TICKED in text or (hollow and _has(text, SOLID)) else UNSURE
    if cross == UNSURE:
        text = _CROSSED_BOX.sub(UNSURE, text)
    return text.translate(str.maketrans({**dict.fromkeys(SOLID, solid), **dict.fromkeys(HOLLOW, EMPTY), **dict.fromkeys(_CROSSES, cross)}))


def _other(match: re.Match) -> str:
    """A sign in brackets that is no tick: a cross as it is, anything else is unsure."""
    inside = match[0][1:-1].strip()
    return inside if inside in f"{TICKED}{EMPTY}{UNSURE}{_CROSSES}{SOLID}{HOLLOW}" else UNSURE


def _is_tick(match: re.Match) -> bool:
    # (x) and (v) in a word would be a remark; a tick of letters stands at a word's edge, in square brackets or alone
    return TICKED in match[0] or match[0][0] in "[【［" or match[0].strip("()（） ") in "■●"


def _has(text: str, shapes: str) -> bool:
    return any(shape in text for shape in shapes)
