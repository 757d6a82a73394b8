"""Plain text in columns where a Chinese character is two columns wide (Unicode Standard Annex 11)."""

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns that a terminal needs for the text."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """The lines under their heads, left-aligned, two blanks between columns."""
    widths = [max(width(line[place]) for line in (head, *lines)) for place in range(len(head))]
    shown = [head, ["-" * wide for wide in widths], *lines]
    return "\n".join(_line(line, widths) for line in shown)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True)).rstrip()
