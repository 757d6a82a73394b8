"""Rows of printed tables without ruled lines: columns by their left edges."""

from dataclasses import dataclass, field

from rules.document import Paragraph
from rules.ticks import has_boxes, normalise

#: lines that begin this near (heights of a letter) below each other stand in one column
NEAR = 0.6
#: a line of a value may begin so many heights right of the one above it
INDENT = 2.5


@dataclass(slots=True)
class Column:
    """A piece of a line, then of a row: what stands below one left edge."""

    text: str
    left: float
    #: right end of its last line
    right: float
    confidence: float = 1.0


@dataclass(slots=True)
class Row:
    """Columns of one or several lines; `top` is that of the last."""

    top: float
    size: float
    columns: list[Column]
    lines: list[Paragraph] = field(default_factory=list)

    def below(self, column: Column) -> Column | None:
        """The column under whose left edge another one begins, or in which it is indented."""
        near = [own for own in self.columns if abs(own.left - column.left) <= NEAR * self.size]
        if near:
            return min(near, key=lambda own: abs(own.left - column.left))
        left = [own for own in self.columns if own.left < column.left]
        indented = left and (column.left - left[-1].left < INDENT * self.size or is_marked(column.text))
        return left[-1] if indented and is_marked(left[-1].text) == is_marked(column.text) else None


def is_marked(text: str) -> bool:
    """Whether the text has boxes, also such as are boxes beside others only: ● ○ ■."""
    return has_boxes(normalise(f"□{text}")[1:])
