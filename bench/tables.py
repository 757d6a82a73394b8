"""Tables on the screen, and the few numbers that they hold."""

import statistics
import unicodedata
from collections.abc import Sequence


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]], notes: Sequence[str] = ()) -> None:
    """Print one table; numbers stand right, words left."""
    cells = [[_text(cell) for cell in row] for row in [head, *rows]]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    numeric = [all(isinstance(row[column], int | float) for row in rows) for column in range(len(head))]
    print(f"\n{title}\n{'-' * _width(title)}")
    for row in cells:
        padded = [_pad(cell, width, right) for cell, width, right in zip(row, widths, numeric, strict=True)]
        print("  ".join(padded).rstrip())
    for note in notes:
        print(f"  {note}")
    print(flush=True)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def verdict(value: float, target: float, *, at_least: bool) -> str:
    """`met` or `MISSED`, in words."""
    good = value >= target if at_least else value <= target
    return "met" if good else "MISSED"


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"
    return str(cell)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
