"""The value that stands after a label on a page of placed lines: in its line, right of it, and wrapped below."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rules.document import Line
from rules.page_lines import bare, height, merged, middle, right_of, same_row

#: a value is at most so many of its line heights away from its label
_FAR = 14


def label_of(text: str, labels: Sequence[str]) -> str | None:
    """The longest of `labels` with which `text` (already `bare`) begins; one wrong character in five is forgiven."""
    found = None
    for label in labels:
        if (found is None or len(label) > len(found)) and _begins(text[: len(label)], label):
            found = label
    return found


def _begins(start: str, label: str) -> bool:
    """Whether `start` is the label; asked thousands of times for a page, so most is settled by its first character."""
    if start == label:
        return True
    if len(label) < 5 or len(start) < len(label) - 1:
        return False
    if start[0] != label[0]:
        return start[1:] == label[1:]
    return sum(a != b for a, b in zip(start, label)) + len(label) - len(start) <= 1


def value_of(names: Sequence[str], lines: Sequence[Line], labels: Sequence[str]) -> Line | None:
    """The value of the first label of `names` that has one; `labels`: all labels of the page, where values end.

    The box is that of the value's first line; the confidence that of its weakest piece.
    """
    for line in lines:
        text = bare(line.text)
        label = label_of(text, labels)
        if label not in names:
            continue
        rest = text[len(label) :].lstrip(":;.,")
        if rest:
            if not _begins_value(rest):
                continue
            start = _within(line, text, rest)
        else:
            start = _beside(line, lines, labels)
        if start:
            return _wrapped(start, [other for other in lines if other is not line], labels)
    return None


def clean(text: str) -> str:
    """A value without the white space and stray marks of recognition; brackets in their Chinese form."""
    return bare(text).strip(".。,，、:;'‘’“”\"-_*|").replace("(", "（").replace(")", "）")


def _begins_value(rest: str) -> bool:
    """法定代表人签字 is another label, and 名称预先核准 is a sentence."""
    return not re.match("签字|签名|签章|盖章|预先|变更|[及或和、]", rest)


def _within(line: Line, text: str, rest: str) -> Line:
    """The part of a line that is the value; its left edge by its share of the characters."""
    left = line.box[2] - (line.box[2] - line.box[0]) * len(rest) / len(text)
    return replace(line, text=rest, box=(left, *line.box[1:]))


def _beside(label: Line, lines: Sequence[Line], labels: Sequence[str]) -> Line | None:
    pieces: list[Line] = []
    for other in right_of(label, lines):
        edge = pieces[-1].box[2] if pieces else label.box[2]
        near = 3 if pieces else _FAR
        if label_of(bare(other.text), labels) or other.box[0] - edge > near * height(label):
            break
        pieces.append(other)
    return merged(pieces) if pieces else None


def _wrapped(start: Line, lines: Sequence[Line], labels: Sequence[str]) -> Line:
    """`start` with the lines that continue it: under it, at its left edge, no longer than it, not of another label."""
    value, last = start, start
    while True:
        below = [
            line
            for line in lines
            if 0.5 * height(last) < middle(line)[1] - middle(last)[1] < 1.5 * height(last)
            and abs(line.box[0] - start.box[0]) < 1.2 * height(start)
            and line.box[2] < start.box[2] + height(start)
            and not label_of(bare(line.text), labels)
            and not any(_labels_row(other, line, labels) for other in lines)
        ]
        if not below:
            return value
        last = min(below, key=lambda line: middle(line)[1])
        value = replace(merged([value, last]), box=start.box)


def _labels_row(other: Line, line: Line, labels: Sequence[str]) -> bool:
    """Whether `other` is a label to the left in the row of `line`."""
    return same_row(other, line) and other.box[2] < line.box[2] and label_of(bare(other.text), labels) is not None
