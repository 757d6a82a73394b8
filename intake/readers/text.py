"""Plain text (a .txt file, a mail's body) → Document: one Paragraph for each line, columns of equal width as tables."""

import re

from rules.document import Cell, Document, Paragraph, Table
from rules.ticks import normalise

#: lines beyond this are not read
MAX_LINES = 5_000
MAX_COLUMNS = 60
_COLUMN = re.compile(r"\t|[ \u3000]{3,}|\u3000{2,}|\s*[|｜]\s*")


def read(text: str) -> Document:
    """The text as a Document of method `text`; never raises.

    Every line is a Paragraph, empty ones too, so that the number of a line can be told; runs of at least two lines
    with the same number (three or more) of columns parted by tabs, bars or wide gaps become a Table.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [normalise(line.rstrip()) for line in plain.split("\n")[:MAX_LINES]]
    blocks: list[Paragraph | Table] = []
    number = 0
    while number < len(lines):
        end = _table_end(lines, number)
        if end - number >= 2:
            blocks.append(_table(lines[number:end]))
            number = end
        else:
            blocks.append(Paragraph(lines[number]))
            number += 1
    notes = ("too-many-lines",) if len(lines) == MAX_LINES else ()
    return Document("text", tuple(blocks), notes=notes)


def _columns(line: str) -> list[str]:
    return [part.strip() for part in _COLUMN.split(line.strip("|｜"))]


def _table_end(lines: list[str], start: int) -> int:
    width = len(_columns(lines[start]))
    end = start
    while 3 <= width <= MAX_COLUMNS and end < len(lines) and len(_columns(lines[end])) == width:
        end += 1
    return end


def _table(lines: list[str]) -> Table:
    rows = [_columns(line) for line in lines]
    return Table(tuple(Cell(row, column, text) for row, texts in enumerate(rows) for column, text in enumerate(texts)))
