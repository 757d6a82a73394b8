"""Text whose tables came from HTML or a spreadsheet (cells parted by tabs) → Document."""

from itertools import groupby

from rules.document import Cell, Document, Paragraph, Table


def table_document(text: str) -> Document:
    """Runs of lines that hold tabs become tables, the other lines paragraphs.

    `intake.readers.text` makes tables of three columns and more; here two columns are one too, as a tab is no accident.
    """
    blocks: list[Paragraph | Table] = []
    for tabbed, run in groupby(text.split("\n"), key=lambda line: "\t" in line):
        lines = list(run)
        blocks += [_table(lines)] if tabbed else map(Paragraph, lines)
    return Document("text", blocks=tuple(blocks))


def _table(lines: list[str]) -> Table:
    return Table(
        tuple(
            Cell(row, column, content.strip())
            for row, line in enumerate(lines)
            for column, content in enumerate(line.split("\t"))
        )
    )
