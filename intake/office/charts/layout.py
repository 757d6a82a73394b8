"""Figures → `Picture`: bars, lines and words at their places on a canvas as wide as a telephone; pure.

A mail shows pictures at their own width or at that of the screen, never larger, so that what is legible on a telephone
is legible everywhere; a wide window has two side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 340
INK, QUIET, RULE, WASH = "#1d2025", "#4a4f57", "#c9ced6", "#e8eef6"
BLUE, AMBER = "#23406b", "#9a5b00"
_TITLE, _LABEL = 14, 12
#: days without any submission that are drawn after the last one
_SILENCE = 30
#: more bars than this do not fit; the last one stands for the rest
MOST_BARS = 24


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle, in canvas units from the upper left corner."""

    x: float
    y: float
    width: float
    height: float
    color: str


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text; (x, y) is on its base line."""

    x: float
    y: float
    text: str
    size: int = _LABEL
    color: str = QUIET
    #: `start`, `middle` or `end`: where x is
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart."""

    #: stable word, e.g. `daily`
    name: str
    title: str
    #: what it shows, in a sentence or two, for whoever does not see it
    description: str
    height: float
    shapes: tuple[Box | Words, ...]
    width: float = WIDTH


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a bar chart."""

    label: str
    value: int
    color: str = BLUE


def width_of(text: str, size: int = _LABEL) -> float:
    """About how wide a text is: Chinese characters are square, Latin ones a little over half of that."""
    return size * sum(1 if ord(char) > 0x2E7F else 0.58 for char in text)


def shortened(text: str, room: float, size: int = _LABEL) -> str:
    """As much of the text as fits."""
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def bars(name: str, title: str, rows: Sequence[Bar], rest: str = "其他") -> Picture:
    """Horizontal bars, one a row, each with its label and its number."""
    shown = _gathered(rows, rest)
    left = min(max((width_of(bar.label) for bar in shown), default=0), 118) + 8
    right = max((width_of(str(bar.value)) for bar in shown), default=0) + 8
    room, most = WIDTH - left - right, max((bar.value for bar in shown), default=0) or 1
    shapes: list[Box | Words] = [Words(0, 16, title, _TITLE, INK)]
    y = 28
    for bar in shown:
        length = max(room * bar.value / most, 1.5 if bar.value else 0)
        shapes += [Words(left - 8, y + 13, shortened(bar.label, left - 8), color=INK, anchor="end"),
                   Box(left, y + 2, length, 14, bar.color),
                   Words(left + length + 5, y + 13, str(bar.value), color=INK)]
        y += 21
    if not shown:
        shapes.append(Words(0, y + 13, "尚无数据"))
        y += 21
    told = "、".join(f"{bar.label} {bar.value}" for bar in shown) or "尚无数据"
    return Picture(name, title, f"{title}：{told}。", y + 6, tuple(shapes))


def _gathered(rows: Sequence[Bar], rest: str) -> list[Bar]:
    """The rows that fit; the smallest ones together where there are too many. Their order is kept."""
    if len(rows) <= MOST_BARS:
        return list(rows)
    small = {id(bar) for bar in sorted(rows, key=lambda bar: bar.value)[:len(rows) - MOST_BARS + 1]}
    kept = [bar for bar in rows if id(bar) not in small and bar.label != rest]
    value = sum(bar.value for bar in rows) - sum(bar.value for bar in kept)
    return [*kept, Bar(rest, value)]


@dataclass(frozen=True, slots=True)
class Span:
    """So many days that share a bar."""

    first: date
    last: date
    value: int


def spans(by_day: dict[date, int], first: date, last: date) -> list[Span]:
    """The days from `first` to `last`: one by one, or by weeks or months of four weeks where there are very many."""
    total = (last - first).days + 1
    step = 1 if total <= 45 else 7 if total <= 45 * 7 else 28
    found = []
    while first <= last:
        end = min(first + timedelta(days=step - 1), last)
        value = sum(by_day.get(first + timedelta(days=n), 0) for n in range((end - first).days + 1))
        found.append(Span(first, end, value))
        first = end + timedelta(days=1)
    return found


def daily(title: str, by_day: dict[date, int], opens: date, closes: date, today: date) -> Picture:
    """Upright bars for the days, the window of the collection shaded; days after `today` stay empty."""
    before = [day for day in by_day if day <= today]
    # a collection that ended years ago is not drawn as one bar at the left edge
    last = max(closes, min(today, max([opens, *before]) + timedelta(days=_SILENCE)))
    found = spans(by_day, min([opens, today, *before]), last)
    top, bottom, left = 56, 146, 28
    step, most = (WIDTH - left) / len(found), max(span.value for span in found)
    scale = (bottom - top) / max(_ceiling(most), 1)
    title += "" if found[0].first == found[0].last else "，按周" if (found[0].last - found[0].first).days < 7 else "，每 28 天"
    late = any(span.value and not (span.last >= opens and span.first <= closes) for span in found)
    shapes: list[Box | Words] = [Words(0, 16, title, _TITLE, INK), *(_legend() if late else ()), *_window(found, opens, closes, left, step, top, bottom)]
    shapes += _scale(_ceiling(most), left, top, bottom)
    peak = next((span for span in found if span.value == most and most), None)
    for index, span in enumerate(found):
        x, height = left + index * step, span.value * scale
        inside = span.last >= opens and span.first <= closes
        if span.value:
            shapes.append(Box(x + step * 0.12, bottom - height, step * 0.76, height, BLUE if inside else AMBER))
        if span.value and (span is peak or span.first <= today <= span.last):
            shapes.append(Words(min(max(x + step / 2, left + 6), WIDTH - 6), bottom - height - 4, str(span.value), color=INK,
                                anchor="middle"))
    shapes += [Box(left, bottom, WIDTH - left, 1, RULE), *_days(found, left, step, bottom + 15)]
    return Picture("daily", title, _told(title, found, opens, closes, today, by_day), bottom + 24, tuple(shapes))


def _legend() -> list[Box | Words]:
    words = "受理期外"
    x = WIDTH - width_of(words)
    return [Box(x - 14, 6, 10, 10, AMBER), Words(x, 16, words)]


def _ceiling(most: int) -> int:
    """The round number at the top of the scale."""
    if most <= 4:
        return max(most, 1)
    power = 10 ** (len(str(most)) - 1)
    return next(int(power * factor) for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if power * factor >= most)


def _scale(ceiling: int, left: float, top: float, bottom: float) -> list[Box | Words]:
    marks = [ceiling] if ceiling == 1 else [ceiling / 2, ceiling] if ceiling % 2 == 0 else [ceiling]
    shapes: list[Box | Words] = [Words(left - 5, bottom + 4, "0", anchor="end")]
    for mark in marks:
        y = bottom - (bottom - top) * mark / ceiling
        shapes += [Box(left, y, WIDTH - left, 1, RULE), Words(left - 5, y + 4, f"{mark:g}", anchor="end")]
    return shapes


def _window(found: list[Span], opens: date, closes: date, left: float, step: float, top: float, bottom: float):
    """The shade behind the days of the window, and what it means."""
    inside = [index for index, span in enumerate(found) if span.last >= opens and span.first <= closes]
    if not inside:
        return []
    x, width = left + inside[0] * step, (inside[-1] - inside[0] + 1) * step
    words = f"受理期 {opens.month}月{opens.day}日—{closes.month}月{closes.day}日"
    middle = min(max(x + width / 2, left + width_of(words) / 2), WIDTH - width_of(words) / 2)
    # the number over the highest bar stands between
    return [Box(x, top - 18, width, bottom - top + 18, WASH), Words(middle, top - 22, words, anchor="middle")]


def _days(found: list[Span], left: float, step: float, y: float) -> list[Words]:
    """A few dates under the bars, so far apart that they do not touch."""
    room = width_of("12.31") + 10
    every = max(1, -(-int(room) // max(int(step), 1)))
    return [Words(left + (index + 0.5) * step, y, f"{span.first.month}.{span.first.day}", anchor="middle")
            for index, span in enumerate(found) if index % every == 0 and left + (index + 0.5) * step < WIDTH - room / 3]


def _told(title: str, found: list[Span], opens: date, closes: date, today: date, by_day: dict[date, int]) -> str:
    total = sum(span.value for span in found)
    inside = sum(value for day, value in by_day.items() if opens <= day <= closes)
    peak = max(found, key=lambda span: span.value)
    parts = [f"共 {total} 件，其中受理期（{opens.month}月{opens.day}日至{closes.month}月{closes.day}日）内 {inside} 件",
             f"{today.month}月{today.day}日 {by_day.get(today, 0)} 件"]
    if peak.value:
        until = f"至{peak.last.month}月{peak.last.day}日" if peak.last > peak.first else ""
        parts.append(f"最多是{peak.first.month}月{peak.first.day}日{until} {peak.value} 件")
    return f"{title}：{'；'.join(parts)}。"
