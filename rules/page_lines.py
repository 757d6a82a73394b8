"""The lines of each page with their places, whether they were recognised from pixels or typed.

Typed text has no coordinates; it is laid out here as it reads, 20 units a line and 12 a character, so that the rules
for "right of the label" and "below it" hold for it too.
"""

import functools
import re
from collections.abc import Iterator, Sequence

from rules.document import Document, Line, Paragraph, Table

#: methods whose typed text may be an electronic certificate; a certificate typed into a .docx proves nothing
ELECTRONIC = ("pdf", "ofd")
#: a page of more lines is a book's or a table's and is left out: a certificate has fifty, and the rules compare pairs
MOST_LINES = 300
_LINE, _CHARACTER, _COLUMN = 20.0, 12.0, 220.0


def pages(document: Document) -> dict[int, tuple[Line, ...]]:
    """Page number → its lines in reading order; typed text stands in for a page without recognised lines."""
    found: dict[int, list[Line]] = {}
    for line in document.lines:
        found.setdefault(line.page, []).append(line)
    if document.method in ELECTRONIC:
        recognised = set(found)
        used: dict[int, float] = {}
        for block in document.blocks:
            if block.page not in recognised:
                top = used.get(block.page, 0.0)
                lay_out = _paragraph if isinstance(block, Paragraph) else _table
                lines, used[block.page] = lay_out(block, top)
                found.setdefault(block.page, []).extend(lines)
    return _joined(found)


def recognised_pages(document: Document) -> dict[int, tuple[Line, ...]]:
    """Page number → the lines recognised from pixels only."""
    found: dict[int, list[Line]] = {}
    for line in document.lines:
        found.setdefault(line.page, []).append(line)
    return _joined(found)


def _joined(found: dict[int, list[Line]]) -> dict[int, tuple[Line, ...]]:
    return {page: joined_letters(lines) for page, lines in sorted(found.items()) if len(lines) <= MOST_LINES}


#: brackets and colons in one form; the traditional forms that recognition sometimes gives for printed simplified ones
_ONE_FORM = str.maketrans(
    "（）：﹕【】［］別漢號碼證國華稱類機構統會業執單個體營歲發關區縣鄉鎮東陽長衛書記處間經圍範註冊資質務團織組",
    "()::[][]别汉号码证国华称类机构统会业执单个体营岁发关区县乡镇东阳长卫书记处间经围范注册资质务团织组",
)


@functools.lru_cache(maxsize=4096)  # the rules ask for the same lines over and over
def bare(text: str) -> str:
    """`text` without white space, brackets and colons half-width, stray traditional characters simplified."""
    return re.sub(r"\s+", "", text).translate(_ONE_FORM)


def height(line: Line) -> float:
    """Height of the line's box."""
    return line.box[3] - line.box[1]


def middle(line: Line) -> tuple[float, float]:
    """Centre of the line's box."""
    return (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2


def same_row(one: Line, other: Line) -> bool:
    """Whether two lines stand at one height."""
    return abs(middle(one)[1] - middle(other)[1]) < 0.55 * min(height(one), height(other)) + 1


def right_of(line: Line, lines: Sequence[Line]) -> list[Line]:
    """Lines of the same row that begin right of `line`'s middle, from left to right."""
    found = [other for other in lines if other is not line and same_row(line, other) and other.box[0] > middle(line)[0]]
    return sorted(found, key=lambda other: other.box[0])


def joined_letters(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Single characters set wide apart (营 业 执 照, 名 称) become one line again; order stays top to bottom."""
    rest = sorted(lines, key=lambda line: (line.box[1] + line.box[3], line.box[0]))
    singles = [line for line in rest if len(bare(line.text)) == 1 and not line.text.isascii()]
    joined: list[Line] = []
    used: set[int] = set()
    for line in sorted(singles, key=lambda line: line.box[0]):
        if id(line) in used:
            continue
        chain = [line]
        for other in right_of(line, singles):
            gap = other.box[0] - chain[-1].box[2]
            if id(other) not in used and gap < 3.2 * height(line) and 0.6 < height(other) / height(line) < 1.7:
                chain.append(other)
        if len(chain) > 1:
            used.update(id(part) for part in chain)
            joined.append(merged(chain))
    kept = [line for line in rest if id(line) not in used]
    return tuple(sorted([*kept, *joined], key=lambda line: (line.box[1] + line.box[3], line.box[0])))


def merged(parts: Sequence[Line], glue: str = "") -> Line:
    """One line of several, as sure as the least sure of them."""
    lefts, tops, rights, bottoms = zip(*(part.box for part in parts))
    box = (min(lefts), min(tops), max(rights), max(bottoms))
    return Line(glue.join(part.text for part in parts), box, min(part.confidence for part in parts), parts[0].page)


def _paragraph(block: Paragraph, top: float) -> tuple[list[Line], float]:
    lines = []
    for text in block.text.split("\n"):
        for start, piece in _pieces(text):
            lines.append(_typed(piece, start * _CHARACTER, top, block.page))
        top += _LINE
    return lines, top + _LINE / 2


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Columns of one typed line, which two spaces or a tab part."""
    for match in re.finditer(r"\S+(?:[ 　]\S+)*", text.replace("\u3000", " ")):
        yield match.start(), match[0]


def _table(block: Table, top: float) -> tuple[list[Line], float]:
    lines = []
    rows = sorted({cell.row for cell in block.cells})
    for row in rows:
        cells = [cell for cell in block.cells if cell.row == row]
        for cell in cells:
            for number, text in enumerate(cell.text.split("\n")):
                if text.strip():
                    lines.append(_typed(text.strip(), cell.column * _COLUMN, top + number * _LINE, block.page))
        top += _LINE * max((cell.text.count("\n") + 1 for cell in cells), default=1)
    return lines, top + _LINE / 2


def _typed(text: str, left: float, top: float, page: int) -> Line:
    return Line(text, (left, top, left + len(text) * _CHARACTER, top + 0.8 * _LINE), 1.0, page)
