"""A `Picture` as PNG, for a mail: drawn with the font that is shipped, so that it looks the same on every machine."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from intake.office.charts.layout import Box, Picture, Words

#: pixels of one canvas unit: sharp on a telephone
SCALE = 2
FONT = Path(__file__).parent.parent / "fonts" / "NotoSansSC-GB2312.otf"
#: where a machine may have fonts with rarer characters
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
_NAMES = ("*NotoSansCJK-Regular*", "*SourceHanSans*Regular*", "*wqy-*", "*DroidSansFallback*", "*uming*", "*NotoSerifCJK-Regular*")
#: stands for a character that no font has
_UNKNOWN = "〓"
#: a character that no font draws
_NOBODYS = "\uffff"
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def png(picture: Picture) -> bytes:
    """The picture at twice its size; few colours, some kilobytes."""
    image = Image.new("RGB", (round(picture.width * SCALE), round(picture.height * SCALE)), "#ffffff")
    draw = ImageDraw.Draw(image)
    for shape in picture.shapes:
        if isinstance(shape, Box):
            _draw_box(draw, shape)
        else:
            _draw_words(draw, shape)
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw_box(draw: ImageDraw.ImageDraw, box: Box) -> None:
    right, lower = round((box.x + box.width) * SCALE), round((box.y + box.height) * SCALE)
    left, upper = round(box.x * SCALE), round(box.y * SCALE)
    if right > left and lower > upper:
        draw.rectangle((left, upper, right - 1, lower - 1), fill=box.color)


def _draw_words(draw: ImageDraw.ImageDraw, words: Words) -> None:
    place, size = (words.x * SCALE, words.y * SCALE), words.size * SCALE
    path = _font_for(words.text)
    text = words.text if path else "".join(char if _has(FONT, char) else _UNKNOWN for char in words.text)
    draw.text(place, text, fill=words.color, font=_font(path or FONT, size), anchor=_ANCHORS[words.anchor])


def _font_for(text: str) -> Path | None:
    """The shipped font, or one of the machine's where only that has every character; None where none has."""
    wanted = [char for char in dict.fromkeys(text) if not _has(FONT, char)]
    if not wanted:
        return FONT
    return next((path for path in _system_fonts() if all(_has(path, char) for char in text)), None)


@lru_cache(maxsize=4096)
def _has(path: Path, char: str) -> bool:
    if char.isspace():
        return True
    font = _font(path, 24)
    return bytes(font.getmask(char)) != bytes(font.getmask(_NOBODYS))


@lru_cache(maxsize=16)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[Path, ...]:
    folders = [Path(folder) for folder in _FOLDERS]
    found = [path for name in _NAMES for folder in folders for path in sorted(folder.rglob(name))]
    return tuple(path for path in found if path.suffix.lower() in (".ttf", ".ttc", ".otf") and _opens(path))


def _opens(path: Path) -> bool:
    try:
        return bool(_font(path, 24))
    except OSError:
        return False
