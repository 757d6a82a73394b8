"""What was unclear is looked at again: doubtful lines are recognised a second time, from a slightly different cut-out.

Two readings that agree make a character surer; where they differ it stays doubtful. Names of places of the survey are
put right and are then sure: their rare characters (洣) are the very ones that recognition doubts.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from intake import ocr
from intake.ocr_steps import Glyph, Row, Seen
from intake.readers.row_geometry import usual_pitch
from intake.readers.survey_words import Words
from rules import places

#: a line with a character that is less sure than this is read again
_CLEAR = 0.9
#: lines of one page that are read again
_MOST = 40
#: confidence of a character on which two readings differ
_DIFFERENT = 0.4
#: width of characters in pixels below which recognition guesses by the context, and is sure of its guess
_TINY, _GUESSED = 13, 0.75
#: what recognition makes of boxes
_BOXES = "\u25a1\u2610\u2611\u25a0\u25cf\u25cb\u221a\u2713\u2714口"
#: punctuation
MARKS = ",.;:、。·'\"“”‘’!?"


def second_look(seen: Seen, words: Words) -> list[Row]:
    """The rows, the doubtful ones read twice, places put right."""
    rows = [_mended(row, words) for row in seen.rows]
    doubtful = [index for index, row in enumerate(rows) if _is_doubtful(row)][:_MOST]
    again = ocr.again([cut_out(seen.picture, rows[index]) for index in doubtful]) if doubtful else []
    for index, (text, score, glyphs) in zip(doubtful, again):
        rows[index] = _mended(_compared(rows[index], Row(rows[index].corners, text, score, glyphs)), words)
    return [_dimmed(row) for row in rows] if rows and usual_pitch(rows) < _TINY else rows


def _dimmed(row: Row) -> Row:
    return replace(row, glyphs=tuple(replace(glyph, sure=min(glyph.sure, _GUESSED)) for glyph in row.glyphs))


def _is_doubtful(row: Row) -> bool:
    """Whether a letter or digit is unclear; boxes are looked at by themselves (`tick_boxes`)."""
    return any(glyph.sure < _CLEAR and glyph.char not in MARKS and glyph.char not in _BOXES for glyph in row.glyphs)


def weakest(row: Row) -> float:
    """Confidence of the row's least sure character; marks of punctuation change no value."""
    letters = [glyph.sure for glyph in row.glyphs if glyph.char not in MARKS]
    return min(letters or [glyph.sure for glyph in row.glyphs], default=row.score)


def cut_out(picture: np.ndarray, row: Row) -> np.ndarray:
    """The row from the picture, 48 pixels high, with a little more room than at first."""
    corners = row.corners.astype(np.float32)
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    along = (corners[1] - corners[0]) / max(float(np.linalg.norm(corners[1] - corners[0])), 1e-6)
    reach = 0.25 * float(np.linalg.norm(down))
    grown = corners + np.asarray(
        [-0.06 * down - along * reach, -0.06 * down + along * reach, 0.06 * down + along * reach, 0.06 * down - along * reach]
    )
    height = 48
    width = max(16, round(height * float(np.linalg.norm(grown[1] - grown[0])) / max(float(np.linalg.norm(down)) * 1.12, 1.0)))
    target = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(grown.astype(np.float32), target)
    return cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _compared(first: Row, second: Row) -> Row:
    """The better of two readings, each character as sure as both together make it."""
    if not second.glyphs:
        return first
    if len(first.glyphs) == len(second.glyphs) and all(_same(a.char, b.char) for a, b in zip(first.glyphs, second.glyphs)):
        glyphs = tuple(replace(a, sure=_agreed(a.sure, b.sure)) for a, b in zip(first.glyphs, second.glyphs))
        return replace(first, glyphs=glyphs, score=float(np.mean([glyph.sure for glyph in glyphs])))
    better = second if second.score > first.score + 0.02 else first
    other = first if better is second else second
    if len(first.glyphs) == len(second.glyphs):
        glyphs = tuple(
            replace(a, sure=a.sure if _same(a.char, b.char) else min(a.sure, _DIFFERENT))
            for a, b in zip(better.glyphs, other.glyphs)
        )
    else:
        glyphs = tuple(_unless_in(glyph, other.glyphs) for glyph in better.glyphs)
    return replace(better, glyphs=glyphs)


def _agreed(one: float, other: float) -> float:
    """Two readings of the same pixels err together at times: agreement takes away less than half of the doubt."""
    best = max(one, other)
    return best + (1 - best) * 0.4


def _unless_in(glyph: Glyph, others: Sequence[Glyph]) -> Glyph:
    """The character, doubtful where the other reading has no such one near."""
    if any(_same(other.char, glyph.char) and abs(other.at - glyph.at) < 0.08 for other in others):
        return glyph
    return replace(glyph, sure=min(glyph.sure, _DIFFERENT))


def _letters(row: Row) -> str:
    return "".join(glyph.char for glyph in row.glyphs)


def _same(one: str, other: str) -> bool:
    """Whether two characters are one, full width or half; which mark of punctuation it is does not matter."""
    one, other = (unicodedata.normalize("NFKC", char) for char in (one, other))
    return one == other or (one in MARKS and other in MARKS)


def _mended(row: Row, words: Words) -> Row:
    """The row with places spelt right and sure."""
    letters = _letters(row)
    whole = places.mend(letters, words.places)
    if len(whole) != len(letters):
        return row
    glyphs = list(row.glyphs)
    for place in words.places:
        start = whole.find(place)
        while start >= 0 and len(place) >= 2:
            for index in range(start, start + len(place)):
                glyphs[index] = Glyph(whole[index], glyphs[index].at, max(glyphs[index].sure, 0.98))
            start = whole.find(place, start + 1)
    for stem in places.stems(words.places):  # 洣水 in a name: read so, it is so, though recognition doubts the rare character
        start = whole.find(stem)
        if start >= 0:
            for index in range(start, start + len(stem)):
                glyphs[index] = replace(glyphs[index], sure=max(glyphs[index].sure, 0.95))
    for start, stem in places.misread_stems(whole, words.places):
        for index, char in enumerate(stem, start):
            glyphs[index] = Glyph(char, glyphs[index].at, min(glyphs[index].sure, _DIFFERENT))
    kept = iter(glyphs)
    text = "".join(char if char.isspace() else next(kept, Glyph(char, 0, 0)).char for char in row.text)
    return replace(row, text=text, glyphs=tuple(glyphs))
