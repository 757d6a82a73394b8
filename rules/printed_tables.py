"""Tables without ruled lines on printed pages (PDF, OFD): their columns are known by where the labels stand.

Printed lines know their places. Lines whose columns stand below columns of the line before, and name no label of their
own, go on with those: so a wrapped address or a label broken over two lines is whole again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from rules.document import Cell, Document, Paragraph, Table
from rules.labels import Lexicon
from rules.printed_pairs import with_pairs
from rules.printed_rows import NEAR, Column, Row, is_marked
from rules.ticks import has_boxes, normalise
from rules.wrapping import glue

#: rows of label and value below which some lines are no table
_FEWEST_ROWS = 3
#: lines of one cell are at most so many heights apart, those of a label and a value that is centred beside it
_PITCH, _TIGHT = 2.2, 1.7
#: what a value is worth whose lines were perhaps two values
_DOUBTED = 0.7
_MOST_LINES = 400
_COLONS = (":", "\uff1a")
#: what stands over a part of the form
_HEADING = re.compile(r"\s*(?:[(\uff08]?[一二三四五六七八九十\d]{1,2}[)\uff09]?\s*[、.\uff0e]|注\s*[:\uff1a]|备注|说明|填表|填报|[-—_=]{3}|第\s*\d+\s*页)")


def with_tables(document: Document, words: Lexicon) -> Document:
    """The document with what is printed in columns as tables; unchanged where nothing is."""
    blocks: list[Paragraph | Table] = []
    for key, group in groupby(document.blocks, key=lambda block: (block.page, isinstance(block, Paragraph) and block.placed is not None)):
        lines = list(group)
        blocks += _Region(lines, words).blocks() if key[1] and _FEWEST_ROWS <= len(lines) <= _MOST_LINES else lines
    return replace(document, blocks=tuple(blocks))


class _Region:
    """Printed lines of one page that follow each other."""

    def __init__(self, lines: Sequence[Paragraph], words: Lexicon):
        self._lines, self._words = lines, words
        #: where columns begin, and the right end of all lines
        self._bounds: Sequence[float] = ()
        self._edge = max((line.placed.places[-1][1] for line in lines if line.placed.places), default=0.0)

    def blocks(self) -> list[Paragraph | Table]:
        """The lines, those that are a table as one."""
        rows = [Row(line.placed.top, line.placed.size, columns, [line]) for line in self._lines if (columns := self._columns(line))]
        anchors = self._bounds = self._anchors(rows)
        if not anchors:
            return with_pairs(self._lines, self._words) or list(self._lines)
        rows = self._joined([replace(row, columns=self._split(row, anchors)) for row in rows], anchors)
        labelled = [number for number, row in enumerate(rows) if self._labels(row)]
        colons = sum(bool(self._words.split(column.text)) for row in rows for column in row.columns if not self._words.rules_of(column.text))
        if (worth := sum(self._worth(row) for row in rows)) < _FEWEST_ROWS or worth < colons:
            return with_pairs(self._lines, self._words) or list(self._lines)
        self._doubt_cut(rows)
        first, last = labelled[0], labelled[-1] + 1
        head = rows[last - 1]
        while len(self._labels(head)) == len(head.columns) > 1 and last < len(rows) and len(rows[last].columns) > 1:
            last += 1  # values below a last row of labels
        before, behind = ([line for row in part for line in row.lines] for part in (rows[:first], rows[last:]))
        return [*before, self._table(rows[first:last]), *behind]

    def _columns(self, line: Paragraph) -> list[Column]:
        text, places = line.text, line.placed.places
        if not text.strip() or len(places) != len(text):
            return []
        spans: list[tuple[int, int]] = []
        colons = [(item.start, item.start + len(item.label)) for item in self._words.split(text) if item.label.rstrip()[-1:] in _COLONS]
        for start, end in self._words.columns(text):
            if spans and any(spans[-1][0] == first < start < last for first, last in colons):  # 「账  号:hdfb」: its label is wide, its value near
                spans[-1] = (spans[-1][0], end)
            elif text[start:end].strip():
                spans.append((start, end))
        return [Column(text[start:end].strip(), places[start][0], places[end - 1][1]) for start, end in spans]

    def _anchors(self, rows: Sequence[Row]) -> list[float]:
        """Left edges at which labels, and columns right of a label, begin; each of several rows."""
        lefts: list[float] = []
        for row in rows:
            labels = self._labels(row)
            if len(labels) == len(row.columns) > 2:
                lefts += 2 * [column.left for column in labels]  # a row of labels needs no other to bear it out
            for column, after in pairwise([*row.columns, None]):
                if column in labels:
                    lefts += [column.left, *([after.left] if after else [])]
        if not rows:
            return []
        near = NEAR * rows[0].size
        kept: list[float] = []
        for left in sorted(lefts):
            if (not kept or left - kept[-1] > near) and sum(abs(left - other) <= near for other in lefts) > 1:
                kept.append(left)
        return kept

    def _split(self, row: Row, anchors: Sequence[float]) -> list[Column]:
        """The columns, parted also where a label or value begins at an anchor right behind a text that fills its column.

        What begins at no anchor and behind no label is a further piece of the value before it, as an option after a gap.
        """
        (line,) = row.lines
        parted: list[Column] = []
        for column in row.columns:
            parted += self._parted(column, line, anchors, first=not parted)
        whole: list[Column] = []
        for column in self._merged(row, parted, anchors):
            whole += self._parted(column, line, anchors, first=not whole)
        return whole

    def _merged(self, row: Row, parted: Sequence[Column], anchors: Sequence[float]) -> list[Column]:
        """The columns, those joined that begin at no anchor and behind no label."""
        found = list(parted[:1])
        for column in parted[1:]:
            last = found[-1]
            free = not any(abs(column.left - anchor) <= NEAR * row.size for anchor in anchors)
            if free and not self._words.rules_of(column.text) and not self._words.rules_of(last.text):
                found[-1] = Column(f"{last.text}  {column.text}", last.left, column.right)
            else:
                found.append(column)
        return found

    def _cut(self, row: Row, head: Row) -> list[Column]:
        """The columns of a line of values below a row of labels: what lies below which label."""
        (line,) = row.lines
        lefts = [column.left - NEAR * row.size for column in head.columns]
        found: list[Column] = []
        for left, right in pairwise([*lefts, float("inf")]):
            inside = [index for index, place in enumerate(line.placed.places) if left <= place[0] < right]
            if inside and (text := line.text[inside[0] : inside[-1] + 1].strip()):
                found.append(Column(text, left + NEAR * row.size, line.placed.places[inside[-1]][1]))
        return found

    def _parted(self, column: Column, line: Paragraph, anchors: Sequence[float], *, first: bool) -> list[Column]:
        text, places = line.text, line.placed.places
        start = next(index for index, place in enumerate(places) if place[0] >= column.left - 0.01 and not text[index].isspace())
        end = max(index for index, place in enumerate(places) if place[1] <= column.right + 0.01) + 1
        for index in range(start + 1, end):
            left = places[index][0]
            if text[index].isspace() or not any(abs(left - anchor) <= 0.2 * line.placed.size + 0.5 for anchor in anchors if anchor > column.left):
                continue
            head, tail = text[start:index].strip(), text[index:end].strip()
            apart = left - places[index - 1][1] > 0.15 * line.placed.size or text[index - 1].isspace()
            starts_label = bool(self._words.rules_of(tail)) or self._words.begins_label(tail)
            ends_label = apart and (bool(self._words.rules_of(head)) or (first and 4 <= len(head) <= 16 and column.left < min(anchors) + 1
                                                                         and not has_boxes(head) and not self._words.split(column.text)))  # fmt: skip
            if head and tail and (starts_label or ends_label):
                rest = Column(tail, left, column.right)
                return [Column(head, column.left, places[index - 1][1]), *self._parted(rest, line, anchors, first=False)]
        return [column]

    def _joined(self, rows: Sequence[Row], anchors: Sequence[float]) -> list[Row]:
        """The rows, each with the lines that go on with it."""
        found: list[Row] = []
        head: Row | None = None
        for number, row in enumerate(rows):
            after = rows[number + 1] if number + 1 < len(rows) else None
            if head is not None and not self._labels(row) and row.lines[0].placed.places[0][0] >= head.columns[0].left - row.size:
                row = replace(row, columns=self._cut(row, head))
            if found and self._goes_on(found[-1], row, anchors) and not self._belongs_below(found[-1], row, after):
                self._add(found[-1], row)
            else:
                found.append(row)
            if labels := self._labels(found[-1]):
                head = found[-1] if len(labels) == len(found[-1].columns) > 1 else None
        return found

    def _goes_on(self, row: Row, line: Row, anchors: Sequence[float]) -> bool:
        if not 0 < line.top - row.top <= _PITCH * row.size:
            return False
        rests = [(above, column) for column in line.columns if (above := row.below(column)) is not None]
        if len(rests) == len(line.columns) and all(self._whole(above, column) for above, column in rests):
            return True
        if not self._labels(row) and self._labels(line):
            return line.top - row.top <= _TIGHT * row.size and self._is_beside(row, line)
        valued = 0
        for column in line.columns:
            above = row.below(column)
            if above is None:
                late = self._waits(row) and any(abs(anchor - column.left) <= NEAR * row.size for anchor in anchors)
                if not late or line.top - row.top > _TIGHT * row.size:
                    return False
            elif self._whole(above, column):
                continue
            elif self._is_another(row, line, above, column):
                return False
            valued += 1
        if self._labels(row) or not valued:
            return True
        return line.top - row.top <= _TIGHT * row.size and all(
            self._is_full(row, above, column) or (is_marked(above.text) and is_marked(column.text)) for above, column in rests)

    def _doubt_cut(self, rows: Sequence[Row]) -> None:
        """A line without a label close below values, and in none of their columns, may be the rest of one of them."""
        for row, after in pairwise(rows):
            first = after.columns[0].text
            loose = not any(self._is_new(column.text) or has_boxes(column.text) for column in after.columns) and not _HEADING.match(first)
            if self._labels(row) and loose and len(row.columns) > len(self._labels(row)) and after.top - row.top <= _TIGHT * row.size:
                for column in row.columns:
                    column.confidence = min(column.confidence, _DOUBTED)

    def _is_another(self, row: Row, line: Row, above: Column, column: Column) -> bool:
        """Whether what stands below a column is no part of its value: a value below a label, or a label with its value."""
        if self._words.rules_of(above.text) or self._words.rules_of(column.text):
            return True
        return self._is_new(column.text) and line.top - row.top > _TIGHT * row.size and not self._is_full(row, above, column)

    def _waits(self, row: Row) -> bool:
        """Whether the row so far is one label, or the beginning of one."""
        return len(row.columns) == 1

    def _is_beside(self, row: Row, line: Row) -> bool:
        """Whether a line with a label goes between the lines of its value: it begins left of them."""
        first = line.columns[0]
        rest = [column for column in line.columns[1:] if row.below(column) is None]
        return bool(self._words.rules_of(first.text)) and not rest and all(first.right < column.left for column in row.columns)

    def _belongs_below(self, row: Row, line: Row, after: Row | None) -> bool:
        """Whether a line without a label is the first of a value whose label is centred beside its lines."""
        if after is None or self._labels(line) or not self._labels(after):
            return False
        return self._is_beside(line, after) and after.top - line.top < 0.85 * (line.top - row.top)

    def _whole(self, above: Column, column: Column) -> bool:
        """Whether both are one label that was broken over two lines."""
        known, own = self._words.rules_of(above.text), self._words.rules_of(column.text)
        rules = self._words.rules_of(above.text + column.text)
        if len(column.text) > 16 or own not in ((), rules):
            return False
        if not rules:
            return not known and self._words.begins_label(above.text + column.text)
        return not known or known == rules or column.text[0] in "(\uff08"

    def _is_new(self, text: str) -> bool:
        return bool(self._words.rules_of(text) or self._words.split(text) or self._words.title_of(text))

    def _is_full(self, row: Row, column: Column, after: Column) -> bool:
        """Whether a line of a column reaches the next column, or the page's edge: it was broken there by the program."""
        return any(glue(column.text, after.text, room, row.size) != "\n" for room in self._room(row, column))

    def _room(self, row: Row, column: Column) -> list[float]:
        """From the end of a column's last line to each edge where columns begin, in this row or others."""
        bounds = [self._edge, *self._bounds, *(other.left for other in row.columns if other.left > column.left + 1)]
        return [bound - column.right for bound in bounds if bound - column.right > -0.5 * row.size]

    def _add(self, row: Row, line: Row) -> None:
        for column in line.columns:
            above = row.below(column)
            if above is None:
                row.columns.append(column)
            elif self._whole(above, column):
                above.text += column.text
            else:
                glue, sure = self._glue(row, above, column)
                above.text, above.right = f"{above.text}{glue}{column.text}", column.right
                above.confidence = min(above.confidence, sure)
        row.columns.sort(key=lambda column: column.left)
        row.top = line.top
        row.lines += line.lines

    def _glue(self, row: Row, above: Column, column: Column) -> tuple[str, float]:
        """What goes between two lines of a value, and how sure that is."""
        between = glue(above.text, column.text, min(self._room(row, above), default=0.0), row.size)
        joint = above.text[-1:] + column.text[:1]
        return between, _DOUBTED if between == "\n" and joint.isascii() and joint.isalnum() else 1.0

    def _labels(self, row: Row) -> list[Column]:
        return [column for column in row.columns if self._words.rules_of(column.text)]

    def _worth(self, row: Row) -> int:
        labels = len(self._labels(row))
        return labels if labels > 2 else int(labels > 0 and len(row.columns) > labels)

    def _table(self, rows: Sequence[Row]) -> Table:
        near = NEAR * rows[0].size
        edges: list[float] = []
        for left in sorted(column.left for row in rows for column in row.columns):
            if not edges or left - edges[-1] > near:
                edges.append(left)
        cells: list[Cell] = []
        for number, row in enumerate(rows):
            cells += self._cells(number, row, edges)
        return Table(tuple(cells), rows[0].lines[0].page)

    @staticmethod
    def _cells(number: int, row: Row, edges: Sequence[float]) -> Iterator[Cell]:
        places = [max(index for index, edge in enumerate(edges) if edge <= column.left + 0.01) for column in row.columns]
        for column, place, after in zip(row.columns, places, [*places[1:], len(edges)], strict=True):
            yield Cell(number, place, normalise(column.text), 1, max(after - place, 1), column.confidence)
