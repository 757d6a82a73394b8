"""Tick boxes in a picture: found beside the words of known options, and decided by the ink in them.

Recognition drops ticks, or reads a box as some character. So every line that names an option is looked at again from
near: a box counts only directly beside an option's word, and what recognition made of it is taken out of the text.

    empty     at most EMPTY_INK of the inner area is ink
    ticked    at least TICKED_INK of it is
    between   UNSURE: a person is asked
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from intake.ocr_steps import Row
from intake.readers.marks import BOX_LIKE, Mark
from intake.readers.row_geometry import pitch, usual_pitch, width
from intake.readers.tick_strip import Offer, Strip
from rules.document import EMPTY, TICKED, UNSURE

#: how far size, distance from the word, and height of a box lie from the page's usual, in characters
_SPREAD = (0.26, 0.68, 0.24)
#: ink of empty boxes on a clean page, and of a thin tick on it
_CLEAN, _THIN = 0.05, 0.17


def find(picture: np.ndarray, rows: Sequence[Row], options: Sequence[str]) -> list[Mark]:
    """The boxes beside the words of `options`, each once."""
    words = [word for word in options if word]
    em = usual_pitch(rows)
    offers: list[list[Offer]] = []
    for row in rows:
        if places := list(_places(row, words)):
            offers += Strip(picture, row, em).offers(places)
    found: list[Mark] = []
    for mark in _likeliest(offers):
        size = np.linalg.norm(mark.corners[0] - mark.corners[1])
        if all(np.linalg.norm(mark.middle - other.middle) > 0.6 * size for other in found):
            found.append(mark)
    return _told_apart([mark for mark in found if _is_in_company(mark, found)])


def _told_apart(marks: list[Mark]) -> list[Mark]:
    """Where the page's empty boxes are quite clean, a thin tick is a tick."""
    empty = [mark.ink for mark in marks if mark.state == EMPTY]
    if len(empty) < 2 or max(empty) > _CLEAN:
        return marks
    return [replace(mark, state=TICKED) if mark.state == UNSURE and mark.firm and mark.ink >= _THIN else mark for mark in marks]


def _likeliest(offers: list[list[Offer]]) -> list[Mark]:
    """Of the offers for one side of a word the one that is like the page's other boxes: all were printed alike."""
    chosen = []
    for left in (True, False):
        groups = [[offer for offer in group if offer.left == left] for group in offers]
        drawn = [offer for group in groups for offer in group if offer.drawn]
        sole = [group[0] for group in groups if len(group) == 1 and group[0].drawn]
        usual = _usual(sole if len(sole) > 2 else drawn)
        for group in filter(None, groups):
            best = min(group, key=lambda offer: _unlike(offer, usual))
            strangeness = _unlike(best, usual)
            if strangeness < (2.0 if best.drawn else 4.0):
                doubtful = strangeness > (1 if best.drawn else 2)
                chosen.append(replace(best.mark, state=UNSURE, firm=False) if doubtful else best.mark)
    return chosen


def _usual(offers: list[Offer]) -> tuple[float, float, float]:
    """Size, distance and height of the page's boxes."""
    if not offers:
        return 0.8, 0.6, 0.0
    places = [(offer.size, offer.away, offer.down) for offer in offers]
    return tuple(float(value) for value in np.median(np.asarray(places), axis=0))


def _unlike(offer: Offer, usual: tuple[float, float, float]) -> float:
    """How unlike the usual box a box is; 1 is the most that was seen of boxes (where a word begins is known roughly)."""
    return max(abs(value - normal) / most for value, normal, most in
               zip((offer.size, offer.away, offer.down), usual, _SPREAD, strict=True))  # fmt: skip


def _is_in_company(mark: Mark, marks: list[Mark]) -> bool:
    """Whether another box stands in the same list: one box alone is part of a character or of a rule."""
    size = float(np.linalg.norm(mark.corners[0] - mark.corners[1]))
    away = [np.abs(other.middle - mark.middle) / size for other in marks if other is not mark]
    return any(x < 25 and y < 4 for x, y in away)


def _places(row: Row, words: Sequence[str]) -> list[tuple[int, int]]:
    """(first, last) glyph of every option's word in the row, the longest word first, none over another."""
    text = "".join(glyph.char for glyph in row.glyphs)
    taken = [False] * len(text)
    found = []
    for word in sorted(set(words), key=len, reverse=True):
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if not any(taken[start:end]):
                taken[start:end] = [True] * len(word)
                if len(word) > 1 or _stands_alone(row, start):
                    found.append((start, end - 1))
            start = text.find(word, end)
    return sorted(found)


def _stands_alone(row: Row, index: int) -> bool:
    """Whether a character is no part of a longer word: 是 in 是否取得… is no option."""
    near = 1.3 * pitch(row) / max(width(row), 1.0)
    beside = (row.glyphs[i] for i in (index - 1, index + 1) if 0 <= i < len(row.glyphs))
    own = row.glyphs[index]
    return not any(abs(other.at - own.at) < near and other.char not in BOX_LIKE for other in beside)
