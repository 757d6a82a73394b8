"""Rows of recognised text in pixels: their size, the width of their characters, and parts of them."""

from collections.abc import Sequence

import numpy as np

from intake.ocr_steps import Glyph, Row


def width(row: Row) -> float:
    """Width of a row in pixels."""
    return float(np.linalg.norm(row.corners[1] - row.corners[0]))


def height(row: Row) -> float:
    """Height of a row in pixels."""
    return float(np.linalg.norm(row.corners[3] - row.corners[0]))


def usual_pitch(rows: Sequence[Row]) -> float:
    """Width of a Chinese character on most of the page's lines."""
    found = [pitch(row) for row in rows if len(row.glyphs) >= 4 and all(ord(glyph.char) > 0x2E80 for glyph in row.glyphs)]
    return float(np.median(found)) if found else float(np.median([height(row) / 1.4 for row in rows]))


def pitch(row: Row, usual: float | None = None) -> float:
    """Width of a Chinese character of the row in pixels; `usual` where ticks make the line look higher than it is."""
    steps = [
        (b.at - a.at) * width(row)
        for a, b in zip(row.glyphs, row.glyphs[1:])
        if ord(a.char) > 0x2E80 and ord(b.char) > 0x2E80
    ]
    guess = height(row) / 1.4 if usual is None else min(height(row) / 1.4, 1.2 * usual)
    near = [step for step in steps if 0.6 * guess < step < 1.45 * guess]
    return float(np.median(near)) if near else guess


def part_of(row: Row, low: float, high: float) -> Row | None:
    """The glyphs of a row whose middle lies between two shares of its width, as a row of its own."""
    part = [(glyph, text) for glyph, text in spaced(row) if low <= glyph.at < high]
    return piece_of(row, part) if part else None


def spaced(row: Row) -> list[tuple[Glyph, str]]:
    """Each glyph with its character and the white space behind it."""
    texts, position = [], 0
    for char in row.text:
        if char.isspace():
            if texts:
                texts[-1] += " "
        else:
            texts.append(char)
            position += 1
    return list(zip(row.glyphs, texts))


def piece_of(row: Row, part: Sequence[tuple[Glyph, str]]) -> Row:
    """Some of a row's glyphs, with their text, as a row of its own."""
    step = pitch(row) / max(width(row), 1.0)
    left = max(0.0, part[0][0].at - 0.55 * step)
    right = min(1.0, part[-1][0].at + 0.55 * step)
    top_left, top_right, bottom_right, bottom_left = row.corners
    corners = np.asarray([
        top_left + (top_right - top_left) * left, top_left + (top_right - top_left) * right,
        bottom_left + (bottom_right - bottom_left) * right, bottom_left + (bottom_right - bottom_left) * left,
    ], np.float32)  # fmt: skip
    span = max(right - left, 1e-6)
    glyphs = tuple(Glyph(g.char, (g.at - left) / span, g.sure) for g, _ in part)
    score = float(np.mean([g.sure for g in glyphs]))
    return Row(corners, "".join(text for _, text in part).strip(), score, glyphs)
