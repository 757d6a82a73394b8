"""Draws filled registration forms as a scanner or a phone sees them: ruled tables in several hands, ticks of several
kinds, stamps; the truth is the dict of `build_forms`. What phones do to them stands in `picture_effects`.

    HANDS   how the form is laid out: columns, type, line weight, label spacing
    TICKS   how people tick: see `_tick`
"""

import random
from dataclasses import dataclass

from build_docx import _FORMATS, _SCOPE, _TITLES, _Words, individual_labels, unit_labels
from build_pictures import INK, _seal, font
from PIL import Image, ImageDraw

#: pixels of an A4 page at 150 dpi
PAGE = (1240, 1754)
_OPTIONS = {"scope": _SCOPE, "formats": _FORMATS, "news_license": ("是", "否")}
_WIDE = {"name", "handle", "service_type", "scope", "formats", "introduction"}
TICKS = ("check", "fill", "cross", "scribble", "glyph", "replaced")


@dataclass(frozen=True, slots=True)
class _Look:
    """How one office's form looks."""

    #: what is special about it
    note: str
    face: str = "sans"
    size: int = 26
    line: int = 2
    colour: tuple[int, int, int] = (0, 0, 0)
    #: 4 columns or 2
    columns: int = 4
    #: text is set in the middle of cells
    centred: bool = False
    #: labels as on the notice: spaces and line breaks inside
    spaced: bool = True
    title: bool = True
    #: `table`, `lines` (label: value, no rules) or `above` (labels over values)
    layout: str = "table"
    outer: int = 0
    #: share of the page's width
    width: float = 0.84
    box: float = 0.86
    gap: float = 1.0


HANDS = {
    "official": _Look("four columns, serif, thin black lines", "serif"),
    "notice": _Look("two columns, sans", columns=2),
    "thick": _Look("heavy lines, bold labels, centred", "bold", 28, 5, centred=True),
    "hairline": _Look("hair lines in grey, small type", "sans", 23, 1, (120, 120, 120), spaced=False),
    "double": _Look("a heavy outer frame, no title", "serif-bold", 26, 2, outer=7, title=False, box=1.0),
    "narrow": _Look("two columns, a narrow table, crowded options", "serif", 24, 2, columns=2, width=0.7, gap=0.45),
    "above": _Look("labels above their values", "sans", 24, 2, layout="above", spaced=False),
    "lines": _Look("no rules at all: label and value with a colon", "sans", 27, 0, layout="lines", spaced=False),
}


def scanned_form(
    fields: dict, kind: str = "unit_form", hand: str = "official", ticks: str = "check", *, seed: int = 1,
    stamp: str = "", blank: bool = False, height: int | None = None,
) -> Image.Image:
    """The form on a white A4 page at 150 dpi (or as high as its contents with `height` given as 0).

    `stamp`: the unit's name on a red seal over the lower right cells. `blank`: an empty form, whatever `fields` say.
    """
    look = HANDS[hand]
    labels = unit_labels() if kind == "unit_form" else individual_labels()
    rows = [(name, label if look.spaced else "".join(label.split()), None if blank else fields.get(name))
            for name, label in labels]  # fmt: skip
    page = Image.new("RGB", PAGE, "white")
    pen = _Pen(page, look, ticks, random.Random(seed))
    top = 120
    if look.title:
        title = _TITLES[kind]
        face = font(40, "serif-bold")
        pen.draw.text(((PAGE[0] - face.getlength(title)) / 2, top), title, font=face, fill=INK)
        top += 110
    bottom = {"table": pen.table, "above": pen.above, "lines": pen.lines}[look.layout](rows, top)
    if stamp:
        _seal(page, stamp, (int(PAGE[0] * 0.42), int(bottom - 120)), 150)
    return page.crop((0, 0, PAGE[0], bottom + 60)) if height == 0 else page


def row_boundary(page: Image.Image, share: float) -> int:
    """The ruled line nearest to a share of the picture's height: where a table may be cut into two pages."""
    grey = page.convert("L")
    dark = [y for y in range(grey.height) if sum(value < 128 for value in grey.crop((0, y, grey.width, y + 1)).tobytes()) > grey.width // 2]
    return min(dark, key=lambda y: abs(y - share * grey.height))


def on_page(part: Image.Image, top: int = 120) -> Image.Image:
    """A part of a form at the top of a white page."""
    page = Image.new("RGB", PAGE, "white")
    page.paste(part, (0, top))
    return page


def price_list(seed: int = 1, rows: int = 9) -> Image.Image:
    """A ruled table that is no form."""
    rng = random.Random(seed)
    page = Image.new("RGB", PAGE, "white")
    pen = _Pen(page, HANDS["notice"], "check", rng)
    pen.draw.text((420, 120), "办公用品采购报价单", font=font(40, "bold"), fill=INK)
    heads, goods = ("序号", "名称", "数量", "单价", "备注"), ("打印纸", "签字笔", "文件夹", "订书机", "硒鼓", "档案盒", "胶水")
    lines = [heads, *((str(n), rng.choice(goods), str(rng.randint(1, 90)), f"{rng.randint(2, 400)}.00", "") for n in range(1, rows))]
    top = 240
    for line in lines:
        pen.row([(120 + 200 * index, 200, text, None, None) for index, text in enumerate(line)], top, 64)
        top += 64
    return page


class _Pen:
    """Writes and rules on one page."""

    def __init__(self, page: Image.Image, look: _Look, ticks: str, rng: random.Random):
        self.page, self.look, self.ticks, self.rng = page, look, ticks, rng
        self.draw = ImageDraw.Draw(page)
        self.face = font(look.size, "sans" if look.face == "bold" else look.face)
        self.label_face = font(look.size, look.face)
        self.left = int(PAGE[0] * (1 - look.width) / 2)
        self.width = int(PAGE[0] * look.width)

    def table(self, rows, top: int) -> int:
        start, waiting = top, []
        label = int(self.width * (0.2 if self.look.columns == 4 else 0.27))
        half = self.width // 2
        for name, text, value in rows:
            if self.look.columns == 2 or name in _WIDE:
                top = self.row([(self.left, label, text, None, None),
                                (self.left + label, self.width - label, None, name, value)], top)  # fmt: skip
                continue
            waiting.append((name, text, value))
            if len(waiting) == 2:
                top, waiting = self._pair(waiting, half, label, top), []
        if waiting:
            top = self._pair(waiting, half, label, top)
        if self.look.outer:
            self.draw.rectangle((self.left, start, self.left + self.width, top), outline=INK, width=self.look.outer)
        return top

    def _pair(self, pair, half: int, label: int, top: int) -> int:
        cells = []
        for index, (name, text, value) in enumerate(pair):
            left = self.left + index * half
            cells += [(left, label, text, None, None), (left + label, half - label, None, name, value)]
        if len(pair) == 1:
            cells[-1] = (cells[-1][0], self.width - label, *cells[-1][2:])
        return self.row(cells, top)

    def above(self, rows, top: int) -> int:
        narrow = [row for row in rows if row[0] not in _OPTIONS and row[0] != "introduction"]
        for start in range(0, len(narrow), 4):
            part = narrow[start : start + 4]
            step = self.width // len(part)
            top = self.row([(self.left + n * step, step, label, None, None) for n, (_, label, _) in enumerate(part)], top)
            top = self.row([(self.left + n * step, step, None, name, value) for n, (name, _, value) in enumerate(part)], top)
        for name, label, value in (row for row in rows if row not in narrow):
            top = self.row([(self.left, 240, label, None, None), (self.left + 240, self.width - 240, None, name, value)], top)
        return top

    def lines(self, rows, top: int) -> int:
        for name, label, value in rows:
            x = self.left
            self.draw.text((x, top), label + "\uff1a", font=self.face, fill=INK)
            x += int(self.face.getlength(label + "\uff1a")) + 8
            count = self._value(name, value, x, top, self.width - (x - self.left))
            top += int(self.look.size * 1.9) + (count - 1) * int(self.look.size * 1.4)
        return top

    def row(self, cells, top: int, height: int | None = None) -> int:
        """(left, width, label text | None, field | None, value) each; the bottom of the row."""
        step = int(self.look.size * 1.4)
        if height is None:
            cells = [(left, width, self._fitted(text, width), *rest) for left, width, text, *rest in cells]
            count = max(self._count(*cell[1:]) for cell in cells)
            height = count * step + int(self.look.size * 1.0)
        for left, width, text, name, value in cells:
            if self.look.line:
                self.draw.rectangle((left, top, left + width, top + height), outline=self.look.colour, width=self.look.line)
            lines = text.split("\n") if text is not None else None
            used = len(lines) if lines else self._count(width, text, name, value)
            y = top + (height - used * step) // 2 + 2
            if lines:  # a label
                for number, line in enumerate(lines):
                    x = left + 12
                    if self.look.centred:
                        x = left + (width - self.label_face.getlength(line)) / 2
                    self.draw.text((x, y + number * step), line, font=self.label_face, fill=INK)
            else:
                self._value(name, value, left + 12, y, width - 24)
        return top + height

    def _fitted(self, label: str | None, width: float) -> str | None:
        """A label broken where it would run over its cell."""
        if label is None or self.label_face.getlength(label.split("\n")[-1]) <= width - 20:
            return label
        found = [""]
        for char in label.replace("\n", ""):
            if self.label_face.getlength(found[-1] + char) > width - 20:
                found.append("")
            found[-1] += char
        return "\n".join(found)

    def _count(self, width: int, text, name, value) -> int:
        if text is not None:
            return text.count("\n") + 1
        if name in _OPTIONS:
            return len(self._option_lines(name, width - 24))
        return max(1, len(self._wrapped(name, value, width - 24)))

    def _wrapped(self, name: str, value, width: float) -> list[str]:
        text = _Words("", "").text(name, value) if value is not None else ""
        found, line = [], ""
        for char in text:
            if char == "\n" or self.face.getlength(line + char) > width:
                found.append(line)
                line = "" if char == "\n" else char
            else:
                line += char
        return [*found, line] if line else found

    def _value(self, name: str, value, x: float, y: float, width: float) -> int:
        step = int(self.look.size * 1.4)
        if name in _OPTIONS:
            chosen = value if isinstance(value, tuple) else () if value is None else ("是",) if value else ("否",)
            lines = self._option_lines(name, width)
            for number, line in enumerate(lines):
                at = x
                for option in line:
                    at = self._option(option, option in chosen, at, y + number * step)
            return len(lines)
        lines = self._wrapped(name, value, width)
        for number, line in enumerate(lines):
            at = x + (width - self.face.getlength(line)) / 2 if self.look.centred else x
            self.draw.text((at, y + number * step), line, font=self.face, fill=INK)
        return max(1, len(lines))

    def _option_width(self, option: str) -> float:
        size = self.look.size
        return size * (1.0 + self.look.gap) + self.face.getlength(option)

    def _option_lines(self, name: str, width: float) -> list[list[str]]:
        found, used = [[]], 0.0
        for option in _OPTIONS[name]:
            if found[-1] and used + self._option_width(option) > width:
                found.append([])
                used = 0.0
            found[-1].append(option)
            used += self._option_width(option)
        return found

    def _option(self, option: str, ticked: bool, x: float, y: float) -> float:
        size = self.look.size
        side = size * self.look.box * 0.86
        box = (x + 2, y + size * 0.24, x + 2 + side, y + size * 0.24 + side)
        if self.ticks == "replaced" and ticked:
            self._tick(box)
        else:
            self.draw.rectangle(box, outline=INK, width=2 if self.look.face != "bold" else 3)
            if ticked:
                self._tick(box)
        self.draw.text((x + size * 1.0, y), option, font=self.face, fill=INK)
        return x + self._option_width(option)

    def _tick(self, box) -> None:
        left, top, right, bottom = box
        width, height = right - left, bottom - top

        def at(x: float, y: float, wobble: float = 0.0) -> tuple[float, float]:
            return (left + width * (x + self.rng.uniform(-wobble, wobble)), top + height * (y + self.rng.uniform(-wobble, wobble)))

        ink = (20, 30, 120) if self.ticks == "scribble" else INK
        if self.ticks == "fill":
            self.draw.rectangle(box, fill=INK)
        elif self.ticks == "cross":
            self.draw.line([at(0.15, 0.15), at(0.85, 0.85)], fill=ink, width=3)
            self.draw.line([at(0.85, 0.15), at(0.15, 0.85)], fill=ink, width=3)
        elif self.ticks == "scribble":
            self.draw.line([at(0.0, 0.35, 0.12), at(0.4, 0.95, 0.1), at(1.35, -0.4, 0.2)], fill=ink, width=4, joint="curve")
        elif self.ticks == "glyph":
            self.draw.line([at(0.2, 0.5), at(0.42, 0.75), at(0.82, 0.22)], fill=ink, width=3)
        else:
            self.draw.line([at(0.1, 0.5), at(0.4, 0.9), at(1.05, 0.0)], fill=ink, width=3)
