"""A blank form → its title and what it asks: labels, options, hints, as far as its tables tell."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rules.document import Cell, Document, Paragraph, Table
from rules.survey import bare

#: kinds of survey fields with the words in a label that tell of them, the first that fits
_KINDS = (
    ("id_number", r"身份证|公民身份|证件号"),
    ("yes_no", r"^(?:是否|有无|可否|能否)"),
    ("date", r"日期|时间|年月|出生|^(?:何时|有效期)"),
    ("email", r"e-?mail|邮箱|邮件|信箱"),
    ("phone", r"电话|手机|传真|联系方式|座机"),
    ("count", r"人数|数量|面积|金额|重量|总数|件数|个数|数$|量$|资金|\((?:人|元|万元|克|千克|平方米|㎡|个|台|间|名)\)$"),
    ("text", r"(?<!姓)名称(?:$|\()|型号$|规格$|地址$|地点$"),
    ("handle", r"编号|号码|序列号|帐号|账号|微信|qq|代码|网址|证号|单号|^账号|号$"),
    ("person", r"姓名|法人代表|法定代表人|负责人|联系人|管理员|经办人|会长|理事长|校长|园长|主任|操控员|机主|联络员|签名$|举办者$"),
)
#: labels that ask for one of several
_ONE_OF = re.compile(r"类型|类别|性质|级别|等级|性别|层次|种类$|方式$")
_BOX = re.compile(r"[□☐▢○◯◻]|\[ *\]|\( +\)")
_HINT = re.compile(r"填写|删除|例如|比如|如:|如有|请|须|应|注:|没有的|,|。|;|“")
_PRINTED = re.compile(r"[\s_年月日号时分至人个元名:/.—\-]*")
_NOTE = re.compile(r"[“「]?([^:;。,\s“”「」]{2,14}?)[”」]?(?:一栏|栏)?(?:请|应|须)?(?:填写|选填|填)[::]?([^。;]{3,120})")
_LISTED = re.compile(r"[、/,;|]+")
#: no label is longer
_LONG = 24


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a blank form."""

    #: without line breaks and the spaces that set it wide
    label: str
    #: a kind of `rules.survey_fields.FIELD_KINDS`
    kind: str
    options: tuple[str, ...] = ()
    #: what is printed into the empty field
    hint: str = ""
    #: the person named last before it, where there is one
    person: str = ""
    #: heading of its part of the form
    part: str = ""


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank form."""

    title: str
    fields: tuple[Asked, ...]


def read_blank(document: Document) -> Blank:
    """What the form asks; its `fields` are empty where no table of labels was found."""
    found: list[Asked] = []
    person = ""
    for part, label, value in _pairs(document):
        kind, options, hint = _what(label, value)
        if kind == "person":
            person = label
        found.append(Asked(label, kind, options, hint, "" if kind == "person" else person, part))
    return Blank(_title(document), tuple(_with_notes(found, document)))


def tidy(text: str) -> str:
    """A label or title as one line: no spaces between Chinese characters, brackets as they are."""
    line = re.sub(r"\s+", " ", text.replace("\u3000", " ")).strip(" :\uff1a*")
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", line)


# ── labels and what stands beside them ───────────────────────────────────────────────────────────────────────────


def _pairs(document: Document) -> Iterator[tuple[str, str, str]]:
    """(part of the form, label, text of the empty field) in reading order."""
    for block in document.blocks:
        if isinstance(block, Table):
            yield from _of_table(block)
    if not any(isinstance(block, Table) for block in document.blocks):
        for block in document.blocks:
            for line in block.text.split("\n") if isinstance(block, Paragraph) else ():
                for match in re.finditer(r"([^\s:\uff1a_]{2,20})\s*[:\uff1a]\s*(_{3,}|\s{4,}|(?=[□☐○])[^:\uff1a]*|$)", line):
                    yield "", tidy(match[1]), match[2]


def _of_table(table: Table) -> Iterator[tuple[str, str, str]]:
    rows = {number: _whole_row(number, table) for number in sorted({cell.row for cell in table.cells})}
    sides: list[Cell] = []
    heading = ""
    for number, cells in rows.items():
        sides += [cell for cell in cells if _is_side(cell, cells)]
        part = next((tidy(s.text).replace(" ", "") for s in reversed(sides) if s.row <= number < s.row + s.row_span), heading)
        cells = [cell for cell in cells if cell not in sides]
        if len(cells) == 1 and _is_label(cells[0].text):
            heading = tidy(cells[0].text)
            continue
        below = rows.get(number + 1, [])
        if len(cells) > 1 and all(_is_label(c.text) for c in cells) and below and not any(c.text.strip() for c in below):
            yield from ((part, tidy(cell.text), "") for cell in cells)
            continue
        yield from ((part, label, text) for label, text in _of_row(cells))


def _whole_row(number: int, table: Table) -> list[Cell]:
    """The row's cells; a workbook says nothing of empty cells, so that one stands here for each gap."""
    cells = sorted((c for c in table.cells if c.row == number), key=lambda c: c.column)
    covered = {column for c in table.cells if c.row <= number < c.row + c.row_span
               for column in range(c.column, c.column + c.column_span)}
    gaps = [column for column in range(max(c.column + c.column_span for c in table.cells)) if column not in covered]
    empty = [Cell(number, column, "") for column in gaps if column - 1 not in gaps]
    return sorted((*cells, *empty), key=lambda c: c.column)


def _of_row(cells: list[Cell]) -> Iterator[tuple[str, str]]:
    texts = [cell.text for cell in cells]
    if len(texts) % 2 == 0 and all(_is_label(text) for text in texts[::2]):
        yield from ((tidy(label), value) for label, value in zip(texts[::2], texts[1::2], strict=True))
        return
    for place, text in enumerate(texts):
        after = texts[place + 1] if place + 1 < len(texts) else None
        if _is_label(text) and after is not None and not _is_label(after):
            yield tidy(text), after


def _is_side(cell: Cell, row: list[Cell]) -> bool:
    """Whether it heads several rows of labels at its right."""
    beside = [other for other in row if other.column > cell.column]
    return cell.row_span > 1 and bool(beside) and _is_label(beside[0].text) and _is_label(cell.text)


def _is_label(text: str) -> bool:
    plain = tidy(text)
    letters = bare(plain)
    return (0 < len(letters) <= _LONG and not _BOX.search(text) and bool(re.search(r"[^\W\d_]", plain))
            and not _PRINTED.fullmatch(text) and not _is_hint(text))


def _is_hint(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", tidy(text))
    return len(bare(plain)) > _LONG or bool(_HINT.search(plain)) and len(plain) > 6


# ── what a field holds ───────────────────────────────────────────────────────────────────────────────────────────


def _what(label: str, value: str) -> tuple[str, tuple[str, ...], str]:
    """(kind, options, hint)."""
    options, hint = _options(value), ""
    plain = unicodedata.normalize("NFKC", label).lower()
    if not options and not _PRINTED.fullmatch(value):
        hint = tidy(value)
        listed = tuple(tidy(one) for one in _LISTED.split(hint) if tidy(one))
        if len(listed) >= 3 and all(len(bare(one)) <= 6 for one in listed):
            options, hint = listed, ""
    if options and {bare(one) for one in options} in ({"是", "否"}, {"有", "无"}, {"有", "没有"}):
        return "yes_no", (), hint
    if options:
        return ("choice" if _ONE_OF.search(label) else "options"), options, hint
    if re.search("年.*月", value) and _PRINTED.fullmatch(value):
        return "date", (), ""
    return next((kind for kind, words in _KINDS if re.search(words, plain)), "text"), (), hint


def _options(value: str) -> tuple[str, ...]:
    if not _BOX.search(value):
        return ()
    found = [tidy(re.sub(r"[_\uff3f]+|\(\s*\)|\uff08\s*\uff09", "", piece)) for piece in _BOX.split(value)]
    return tuple(dict.fromkeys(one for one in found if one and len(bare(one)) <= _LONG and bare(one)))


def _with_notes(found: list[Asked], document: Document) -> Iterator[Asked]:
    """Options that a note under the table lists: 注:单位类型一栏填写机关、企业、其他组织。"""
    notes = {bare(match[1]): tuple(tidy(one) for one in _LISTED.split(match[2]) if tidy(one))
             for block in document.blocks if isinstance(block, Paragraph)
             for match in _NOTE.finditer(re.sub(r"^\s*注\s*[::\uff1a]", "", unicodedata.normalize("NFKC", block.text)))}
    for asked in found:
        listed = notes.get(bare(asked.label), ())
        if len(listed) >= 2 and asked.kind in ("text", "person") and all(len(bare(one)) <= 12 for one in listed):
            yield Asked(asked.label, "choice", listed, asked.hint, asked.person, asked.part)
        else:
            yield asked


def _title(document: Document) -> str:
    """The first line that reads like a form's title, above the table or in its first row."""
    texts = [line for block in document.blocks if isinstance(block, Paragraph) for line in block.text.split("\n")]
    texts += [cell.text for block in document.blocks if isinstance(block, Table) for cell in block.cells if cell.row == 0]
    for text in map(tidy, texts):
        if 4 <= len(bare(text)) <= 60 and re.search(r"[表书单](?:$|[(\uff08])", text) and not text.startswith("注"):
            return text
    return ""
