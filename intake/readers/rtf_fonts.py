"""Fonts of an RTF file, and what bytes mean in them."""

import re
from dataclasses import dataclass, field

from rules.ticks import symbol

_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950",
    161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_PAGES = {932: "cp932", 936: "gb18030", 949: "cp949", 950: "cp950", 54936: "gb18030",
          65001: "utf-8", 10000: "mac_roman",
          10008: "gb18030", 1200: "cp1252"}  # fmt: skip
_WIDE = ("cp932", "gb18030", "cp949", "cp950", "johab", "utf-8")
#: nothing but ASCII and at least two characters of GB 2312
_PAIRS = re.compile(rb"(?:[\x00-\x7f]*[\xa1-\xf7][\xa1-\xfe]){2,}[\x00-\x7f]*")
_SYMBOL_FONTS = ("wingdings", "webdings", "symbol", "marlett", "zapfdingbats", "zapf dingbats")


@dataclass
class Fonts:
    """The font table, and the code page of the whole file."""

    names: dict[int, str] = field(default_factory=dict)
    charsets: dict[int, int] = field(default_factory=dict)
    page: str = "cp1252"

    def set_page(self, number: int) -> None:
        """`\\ansicpg`."""
        self.page = _codec(number)

    def symbols(self, font: int) -> str:
        """Name of a font of symbols, lower case; '' for other fonts."""
        name = self.names.get(font, "").strip().lower()
        return name if name.startswith(_SYMBOL_FONTS) else ""

    def decoded(self, data: str, font: int, east_asian: int) -> str:
        """Bytes (as Latin 1) in a font; `east_asian`: the font named for East Asian text, -1 for none."""
        symbols = self.symbols(font)
        if symbols:
            return "".join(symbol(symbols, ord(char)) or char for char in data)
        if data.isascii():
            return data
        raw = data.encode("latin-1")
        wanted = [_CHARSETS.get(self.charsets.get(number, 0), "") for number in (font, east_asian)]
        if not wanted[0] and self.page not in _WIDE and _PAIRS.fullmatch(raw):
            wanted.append("gb18030")  # programs that name no code page at all
        wide = [codec for codec in (*wanted, self.page) if codec in _WIDE]
        single = [codec for codec in (*wanted, self.page) if codec and codec not in _WIDE]
        for codec in dict.fromkeys([*([wanted[0]] if wanted[0] else []), *wide, *single]):
            try:
                return raw.decode(codec)
            except (UnicodeDecodeError, LookupError):
                continue
        return _guessed(raw, wide)


def _guessed(raw: bytes, wide: list[str]) -> str:
    """Bytes that fit no code page that was named, with marks for what is broken."""
    return raw.decode(wide[0] if wide else "cp1252", "replace")


def _codec(number: int) -> str:
    if number in _PAGES:
        return _PAGES[number]
    name = f"cp{number}"
    try:
        b"".decode(name)
    except LookupError:
        return "cp1252"
    return name
