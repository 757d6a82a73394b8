"""Printed forms whose cells hold `label:value` side by side, without ruled lines: each becomes a line of its own again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rules.document import Paragraph
from rules.labels import Lexicon
from rules.printed_rows import NEAR, is_marked
from rules.wrapping import glue

#: pairs that must begin at an edge before it is one
_FEWEST = 2
#: lines of one cell are at most so many heights apart
_PITCH = 1.7
_COLONS = (":", "\uff1a")


@dataclass(slots=True)
class _Pair:
    """A cell: its text so far, where its last line ends, and the top of that line."""

    text: str
    right: float
    top: float


def with_pairs(lines: Sequence[Paragraph], words: Lexicon) -> list[Paragraph] | None:
    """The lines with each pair as one; None where pairs do not stand side by side."""
    edges = _edges(lines, words)
    if len(edges) < 2:
        return None
    found: list[_Pair | Paragraph] = []
    open_pairs: dict[int, _Pair] = {}
    for line in lines:
        pieces = _pieces(line, edges, open_pairs, words)
        if not pieces or all(place not in open_pairs and not _opens(text, words) for place, text, _ in pieces):
            found.append(line)
            continue
        if _opens(pieces[0][1], words):
            open_pairs = {}  # the next row
        for place, text, right in pieces:
            before = open_pairs.get(place)
            if before is not None and _goes_on(before, text, line, words):
                before.text += _between(before, text, line, edges, place, words) + text
                before.right, before.top = right, line.placed.top
            else:
                open_pairs[place] = _Pair(text, right, line.placed.top)
                found.append(open_pairs[place])
    page = lines[0].page
    return [Paragraph(item.text, page) if isinstance(item, _Pair) else replace(item) for item in found]


def _edges(lines: Sequence[Paragraph], words: Lexicon) -> list[float]:
    """Left edges at which pairs begin, each of several."""
    lefts = [line.placed.places[item.start][0] for line in lines if len(line.placed.places) == len(line.text)
             for item in words.split(line.text) if item.label.rstrip()[-1:] in _COLONS]  # fmt: skip
    near = NEAR * lines[0].placed.size
    kept: list[float] = []
    for left in sorted(lefts):
        if (not kept or left - kept[-1] > near) and sum(abs(left - other) <= near for other in lefts) >= _FEWEST:
            kept.append(left)
    return kept


def _pieces(line: Paragraph, edges: Sequence[float], open_pairs: dict[int, _Pair], words: Lexicon) -> list[tuple[int, str, float]]:
    """(edge, text, right end) of each part of a line; it is parted where a pair begins, or goes on beside another."""
    places, text = line.placed.places, line.text
    if len(places) != len(text) or not text.strip():
        return []
    near = NEAR * line.placed.size
    starts: list[tuple[int, int]] = []
    for number, edge in enumerate(edges):
        start = next((index for index, place in enumerate(places) if abs(place[0] - edge) <= near and not text[index].isspace()), None)
        if start is None or (not starts and text[:start].strip()):
            continue
        apart = start == 0 or text[start - 1].isspace()
        if not starts or _opens(text[start:], words) or (apart and number in open_pairs and len(open_pairs) > 1):
            starts.append((number, start))
    ends = [*(start for _, start in starts[1:]), len(text)] if starts else []
    return [(number, text[start:end].strip(), places[end - 1][1]) for (number, start), end in zip(starts, ends, strict=True)
            if text[start:end].strip()]


def _opens(text: str, words: Lexicon) -> bool:
    """Whether a text begins with a label: with its colon, or as the beginning of one that is broken over two lines."""
    found = words.split(text)
    if found and found[0].start == 0:
        return True
    head = text[: next((start for start, _ in words.columns(text)[1:2]), len(text))] if text else ""
    return bool(words.rules_of(text) or words.rules_of(head) or words.begins_label(text))


def _goes_on(pair: _Pair, text: str, line: Paragraph, words: Lexicon) -> bool:
    """Whether a text is the rest of the pair above it."""
    if not 0 < line.placed.top - pair.top <= _PITCH * line.placed.size:
        return False
    return _is_broken_label(pair, text, words) or not _opens(text, words)


def _is_broken_label(pair: _Pair, text: str, words: Lexicon) -> bool:
    """Whether the pair is so far the beginning of a label that the text ends: 「单 位 / (章):衡东县…」."""
    if any(colon in pair.text for colon in _COLONS):
        return False
    whole = words.split(f"{pair.text}{text}")
    return bool(whole) and whole[0].start == 0


def _between(pair: _Pair, text: str, line: Paragraph, edges: Sequence[float], place: int, words: Lexicon) -> str:
    if _is_broken_label(pair, text, words):
        return ""
    room = min((edge - pair.right for edge in edges[place + 1 :] if edge > pair.right), default=0.0)
    between = glue(pair.text, text, room, line.placed.size)
    return "" if between == "\n" and not is_marked(text) and not pair.text[-1:].isascii() else between.replace("\n", " ")
