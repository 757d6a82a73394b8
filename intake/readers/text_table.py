"""Tables as plain text (.csv, .tsv, and text that a program named .xls): fields between commas, tabs, semicolons."""

import csv
import io

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.sheet_grid import Grid
from intake.reading.charset import decode_text
from rules.document import Document

#: characters that are read
MAX_TEXT = 4_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 300
#: lines by which the separator is told
_SAMPLE = 200
#: parts nothing: a single column
_NONE = "\x1f"


def read(data: bytes, limits: ReadLimits) -> Document:
    """One Table; raises Unreadable: empty, too_large."""
    if not data.strip():
        raise Unreadable("empty", "文件是空的,没有任何内容")
    if len(data) > limits.max_file_bytes:
        raise Unreadable("too_large", "文件过大")
    text = decode_text(data)[0].replace("\x00", "").removeprefix("\ufeff")
    grid = Grid()
    if len(text) > MAX_TEXT:
        grid.notes.add("cut-short")
    text = text[:MAX_TEXT]
    rows = _rows(text, _separator(text))
    for number, fields in enumerate(rows):
        for column, field in enumerate(fields[:MAX_COLUMNS]):
            grid.put(number, column, _unquoted(field))
        if number >= MAX_ROWS or grid.full:
            grid.notes.add("cut-short")
            break
    return Document("csv", tuple(grid.blocks(1)), notes=tuple(sorted(grid.notes)))


def _rows(text: str, separator: str):
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error:  # a field of more than 131,072 characters: a quotation mark that nothing closes
        for line in text.splitlines():
            yield line.split(separator)


def _separator(text: str) -> str:
    """What parts most lines into equally many fields; a tab where there is one, because nobody types it by accident."""
    lines = [line for line in text.splitlines()[:_SAMPLE] if line.strip()]
    for separator in ("\t", ",", ";", "|"):
        if sum(separator in line for line in lines) * 2 > len(lines):
            return separator
    return "\t" if "\t" in text else _NONE


def _unquoted(field: str) -> str:
    """Without what keeps Excel from taking digits for a number: `="430424…"`, a leading apostrophe, a trailing tab."""
    field = field.strip(" \t")
    if field.startswith('="') and field.endswith('"'):
        return field[2:-1]
    return field[1:] if field.startswith("'") and field[1:2].isdigit() else field
