"""Styles and shared strings of an Office Open XML workbook (ECMA-376 part 1, 18.8 and 18.4)."""

import re
from dataclasses import dataclass

from lxml import etree

from intake.readers.number_format import BUILT_IN
from intake.readers.word_text import is_on, local, value
from rules.ticks import symbol

_SYMBOLS = ("wingdings", "webdings", "symbol", "marlett", "zapfdingbats", "zapf dingbats")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: strings and styles of one workbook that are kept
_MOST = 500_000


@dataclass(frozen=True, slots=True)
class Font:
    """What a font does to its text."""

    #: name of a symbol font, lower case, else ''
    symbols: str = ""
    struck: bool = False

    def shown(self, text: str) -> str:
        """The text as it is seen: boxes of symbol fonts as ☑ and □, nothing where it is struck out."""
        if self.struck:
            return ""
        return in_symbols(text, self.symbols) if self.symbols else text


@dataclass(frozen=True, slots=True)
class Style:
    """What a cell's format does to its value."""

    format: str = "General"
    font: Font = Font()
    framed: bool = False


def in_symbols(text: str, font: str) -> str:
    """Characters of a symbol font as boxes: `R` in Wingdings 2 is a ticked one."""
    return "".join(symbol(font, ord(char)) or char for char in text)


def font_of(name: str | None, struck: bool) -> Font:
    """A font by its name."""
    lowered = (name or "").strip().lower()
    return Font(lowered if lowered.startswith(_SYMBOLS) else "", struck)


def read_styles(root: etree._Element | None) -> list[Style]:
    """The cell formats (cellXfs), in their order."""
    formats, fonts, frames, styles = dict(BUILT_IN), [], [], []
    for part in root if root is not None else ():
        name = local(part)
        if name == "numFmts":
            formats.update((_number(item.get("numFmtId")), item.get("formatCode") or "General") for item in part)
        elif name == "fonts":
            fonts = [_font(item) for item in part]
        elif name == "borders":
            frames = [any(side.get("style", "none") != "none" for side in item) for item in part]
        elif name == "cellXfs":
            for item in part[:_MOST]:
                font = _of(fonts, _number(item.get("fontId")), Font())
                frame = _of(frames, _number(item.get("borderId")), False)
                styles.append(Style(formats.get(_number(item.get("numFmtId")), "General"), font, frame))
    return styles


def read_strings(root: etree._Element | None) -> list[list[tuple[Font | None, str]]]:
    """The shared strings, each as runs of one font; None: the cell's own font."""
    return [runs_of(item) for item in root[:_MOST]] if root is not None else []


def runs_of(item: etree._Element) -> list[tuple[Font | None, str]]:
    """Runs of a string item (`si` or `is`); phonetic guides are left out."""
    runs: list[tuple[Font | None, str]] = []
    for child in item:
        name = local(child)
        if name == "t":
            runs.append((None, unescaped(child.text or "")))
        elif name == "r":
            font, text = None, ""
            for part in child:
                if local(part) == "rPr":
                    font = _font(part)
                elif local(part) == "t":
                    text += unescaped(part.text or "")
            runs.append((font, text))
    return runs


def unescaped(text: str) -> str:
    """`_x000D_` as the character it stands for (22.4.2.4)."""
    return _ESCAPED.sub(lambda match: _character(int(match[1], 16)), text) if "_x" in text else text


def _character(code: int) -> str:
    return chr(code) if 0x20 <= code < 0xD800 or code > 0xDFFF else "\n" if code == 10 else ""


def _font(item: etree._Element) -> Font:
    name, struck = None, False
    for part in item:
        kind = local(part)
        if kind in ("name", "rFont"):
            name = value(part)
        elif kind == "strike":
            struck = is_on(part)
    return font_of(name, struck)


def _of(items: list, index: int, default):
    return items[index] if 0 <= index < len(items) else default


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0
