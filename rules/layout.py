"""Document → labels with what stands beside, below or behind them, in reading order.

Knows tables (label left of its value, above it, or in the same cell; accounts as rows or as columns) and running lines
(`label:value`, label and value on successive lines). Knows nothing of kinds of form: `rules.form` makes forms of this.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from rules.document import Document, Line, Paragraph, Table
from rules.grid import Grid, Slot
from rules.labels import Lexicon
from rules.printed_tables import with_tables
from rules.survey import FieldRule, bare
from rules.table_layout import read_table
from rules.ticks import has_boxes

#: a line like this ends a letter: what follows is no part of a value
_CLOSING = re.compile(
    r"^\s*(?:注\s*[:：]|备注|[:：]|-{2,}|—{2,}|_{3,}|={3,}|此致|敬礼|祝[:：好您]|顺祝|谢谢|特此|附件|发自我的|来自我的|Sent from|签名|原始邮件|"
    r"[-－]+\s*(?:原始|转发|Original|Forwarded))", re.IGNORECASE
)  # fmt: skip
_COLONS = ":\uff1a"
#: the most that a value is worth that only stands beside its label on a picture without ruled lines: it may be cut short
_BESIDE = 0.7
#: methods of readers whose lines lie where somebody printed them: a value may be wrapped within its column
_PRINTED = ("pdf", "ofd")
#: fields that take the lines behind them anyway
_GOES_ON = ("introduction", "scope", "formats")
_IN_BRACKETS = re.compile(r"\s*[(\uff08][^()\uff08\uff09]{1,12}[)\uff09]\s*")
#: kinds of field whose value may go on over several lines
_LONG_KINDS = ("text", "options")


@dataclass(frozen=True, slots=True)
class Entry:
    """A label and what is written for it."""

    rules: tuple[FieldRule, ...]
    label: str
    raw: str
    location: str
    #: index of the block it stands in
    block: int
    confidence: float = 1.0
    #: place of the label in its table
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Title:
    """A form's title."""

    text: str
    #: `unit_form`, `individual_form` or None
    kind: str | None


@dataclass(frozen=True, slots=True)
class NextAccount:
    """Here another account of the same table begins."""


Event = Entry | Title | NextAccount


def events(document: Document, words: Lexicon) -> Iterator[Event]:
    """All titles, labels and values of the document, in reading order."""
    if document.method in _PRINTED:
        document = with_tables(document, words)
    cut = _perhaps_cut(document, words) if document.method in _PRINTED else frozenset()
    for event in _events(document, words):
        if isinstance(event, Entry) and event.raw and event.location in cut and event.rules[0].name not in _GOES_ON:
            event = replace(event, confidence=min(event.confidence, _BESIDE))
        yield event


def _perhaps_cut(document: Document, words: Lexicon) -> frozenset[str]:
    """Places of printed lines with labels that a line without any follows: it may be the rest of one of their values.

    Whose it is only its place on the page tells, which is not known here: a person looks at the values of that line.
    """
    lines, cut = [block for block in document.blocks if isinstance(block, Paragraph)], set()
    for number, (line, after) in enumerate(pairwise(lines), 1):
        labelled = bool(words.split(line.text))
        loose = after.text.strip() and not (words.split(after.text) or words.rules_of(after.text) or words.title_of(after.text)
                                            or words.begins_label(after.text)
                                            or has_boxes(after.text) or _CLOSING.match(after.text)
                                            or _IN_BRACKETS.fullmatch(after.text)
                                            or _joined_label(line.text, after.text.strip(), words))
        if labelled and loose:
            cut.add(_paragraph_place(document, line, number))
    return frozenset(cut)


def _events(document: Document, words: Lexicon) -> Iterator[Event]:
    table_number = 0
    lines: list[tuple[str, str]] = []
    line_number = 0
    last: Event | None = None
    for index, block in enumerate(document.blocks):
        if isinstance(block, Paragraph):
            line_number += 1
            lines.append((block.text, _paragraph_place(document, block, line_number)))
            continue
        yield from _after_table(last, lines, index - 1, words)
        lines = []
        table_number += 1
        line_number += len({cell.row for cell in block.cells})
        *before, last = list(_table_events(document, block, table_number, index, words)) or [None]
        yield from before
    yield from _after_table(last, lines, len(document.blocks), words)
    if not any(isinstance(block, Table) for block in document.blocks):
        yield from _events_of_pixels(document.lines, len(document.blocks) + 1, words)


def _after_table(last: Event | None, lines: list[tuple[str, str]], index: int, words: Lexicon) -> Iterator[Event]:
    """The last event of a table and those of the lines behind it; boxes that a list of options had no room for are its own.

    Typed text with tabs is such a table, and a second line of options, which has no tab, ends it.
    """
    rest = list(lines)
    if isinstance(last, Entry) and last.rules[0].kind == "options":
        while rest and has_boxes(rest[0][0]) and not words.split(rest[0][0]):
            last = replace(last, raw=f"{last.raw} {rest.pop(0)[0].strip()}".strip())
    if last is not None:
        yield last
    yield from _line_events(rest, index, words)


def _paragraph_place(document: Document, block: Paragraph, number: int) -> str:
    place = f"正文第{number}行" if document.method == "text" else f"第{number}段"
    return f"第{block.page}页 {place}" if document.pages > 1 else place


def _table_events(document: Document, table: Table, number: int, index: int, words: Lexicon) -> Iterator[Event]:
    page = f"第{table.page}页 " if document.pages > 1 else ""
    for slot in read_table(Grid(table, words), words):
        if isinstance(slot, Slot):
            place = f"{page}表{number} 第{slot.place.row + 1}行 第{slot.place.column + 1}列"
            label = slot.label_cell
            yield Entry(slot.rules, slot.label, slot.raw, place, index, slot.confidence, label.row, label.column)
        elif isinstance(slot, str):
            kind = words.title_of(slot)
            yield Title(slot, kind[0] if kind else None)
        else:
            yield NextAccount()


def _events_of_pixels(lines: tuple[Line, ...], index: int, words: Lexicon) -> Iterator[Event]:
    """Events of lines that were recognised in a picture, each as sure as the least sure character in its row."""
    rows = _rows(lines)
    places = [f"第{row[0].page}页 第{number}行" for number, row in enumerate(rows, 1)]
    seen = [("\t".join(line.text for line in row), place) for row, place in zip(rows, places, strict=True)]
    labelled = [bool(words.split(text)[:1]) or bool(words.rules_of(text)) or bool(words.title_of(text)) for text, _ in seen]
    alone = {place for number, (_, place) in enumerate(seen) if all(labelled[max(number - 1, 0) : number + 2])}
    sure = {place: min(line.weakest for line in row) for row, place in zip(rows, places, strict=True)}
    for event in _line_events(seen, index, words):
        if isinstance(event, Entry):
            # options are known words, and a list that was not read whole is doubted anyway
            least = 0.97 if has_boxes(event.raw) else sure.get(event.location, 1.0)
            if event.location not in alone and not any(colon in event.label for colon in _COLONS):
                least = min(least, _BESIDE)
            event = replace(event, confidence=min(event.confidence, least))
        yield event


def _rows(lines: tuple[Line, ...]) -> list[list[Line]]:
    """Lines read from pixels, those of equal height together, left to right."""
    rows: list[list[Line]] = []
    for line in lines:
        last = rows[-1][-1] if rows else None
        middle = (line.box[1] + line.box[3]) / 2
        if last and last.page == line.page and last.box[1] < middle < last.box[3]:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.box[0]) for row in rows]


def _line_events(lines: list[tuple[str, str]], index: int, words: Lexicon) -> Iterator[Event]:
    """Events of running lines: values go on to the next lines where their kind allows it."""
    pending: Entry | None = None
    heads: list[str] = []
    for text, place in _unwrapped(lines, words):
        columns = _columns(text, words)
        if heads and len(columns) == len(heads):
            for label, value in zip(heads, columns, strict=True):
                yield Entry(words.rules_of(label), label, value, place, index)
            heads = []
            continue
        if len(columns) >= 3 and all(words.rules_of(column) for column in columns):
            if pending:
                yield pending
            pending, heads = None, columns
            continue
        heads = heads if not text.strip() else []
        if text.lstrip().startswith((">", "＞")):
            continue  # quoted from an earlier mail
        found = words.split(text)
        if title := words.title_of(text) if not found or found[0].start > 8 else None:
            if pending:
                yield pending
            pending = None
            yield Title(text.strip(), title[0])
        elif found or (words.rules_of(text) and not _is_platform(text, pending, words)):
            if pending:
                yield pending
            *whole, pending = _entries(text, place, index, words)
            yield from whole
        elif pending:
            pending, done = _continued(pending, text, place)
            if done:
                yield pending
                pending = None
    if pending:
        yield pending


def _columns(text: str, words: Lexicon) -> list[str]:
    return [text[start:end].strip() for start, end in words.columns(text)] if text.strip() else []


def _is_platform(text: str, pending: Entry | None, words: Lexicon) -> bool:
    """Whether a label's word is the value that the label before it waits for: 「服务类型 / 公众号」."""
    waits = pending is not None and not pending.raw and pending.rules[0].kind == "platform"
    return waits and "".join(text.lower().split()) in words.platform_words


def _unwrapped(lines: list[tuple[str, str]], words: Lexicon) -> Iterator[tuple[str, str]]:
    """The lines, with labels that were broken over two lines whole again: 「是否取得互联网  □是 ☑否 / 新闻信息服务资质」."""
    skip = -1
    for index, (text, place) in enumerate(lines):
        if index == skip:
            continue
        near = range(index + 1, min(index + 3, len(lines)))
        following = next((number for number in near if lines[number][0].strip()), -1)
        if following > 0 and (whole := _joined_label(text, lines[following][0].strip(), words)):
            text, skip = whole, following
        yield text, place


def _joined_label(text: str, tail: str, words: Lexicon) -> str | None:
    """The line with the label in its first column made whole by `tail`, or None where they are no label together."""
    start, end = words.columns(text)[0]
    head, rest = text[start:end].strip(), text[end:].strip()
    if not (2 <= len(head) <= 24 and 0 < len(tail) <= 16):
        return None
    rules = words.rules_of(f"{head}{tail}")
    if not rules or (words.rules_of(head) and tail[0] not in "(（") or words.rules_of(tail) not in ((), rules):
        return None
    return f"{head}{tail}\t{rest}" if rest else f"{head}{tail}"


def _entries(text: str, place: str, index: int, words: Lexicon) -> list[Entry]:
    found = words.split(text)
    if not found:
        return [Entry(words.rules_of(text), text.strip(), "", place, index)]
    entries = [Entry(item.rules, item.label, item.value, place, index) for item in found]
    last = entries[-1]
    # 「账号名称  账号  服务类型」: the last word of a line of labels is a label too
    if (rules := words.rules_of(last.raw)) and len(entries) > 1 and not any(entry.raw for entry in entries[:-1]):
        entries[-1:] = [replace(last, raw=""), Entry(rules, last.raw, "", place, index)]
    return entries


def _are_options(text: str, rule: FieldRule) -> bool:
    """Whether a line holds nothing but options of a field, with boxes or without."""
    words = {bare(word) for choice in rule.choices for word in (choice.name, *choice.aliases)}
    pieces = [bare(piece) for piece in re.split("[\\s、,\uff0c;\uff1b/]+", text)]
    return has_boxes(text) or all(piece in words for piece in pieces if piece)


def _continued(entry: Entry, text: str, place: str) -> tuple[Entry, bool]:
    """The entry with a further line, and whether it is finished."""
    listed = bool(entry.raw) and entry.rules[0].kind == "options"
    if not text.strip():
        return (replace(entry, raw=f"{entry.raw}\n"), False) if listed else (entry, bool(entry.raw))
    if listed and entry.raw.endswith("\n"):  # behind an empty line only further options belong to a list
        more = _are_options(text, entry.rules[0])
        return (replace(entry, raw=f"{entry.raw}{text.strip()}") if more else entry), not more
    if _CLOSING.match(text) or text.rstrip().endswith((":", "：")):
        return entry, True
    if not entry.raw:
        return replace(entry, raw=text.strip(), location=place), False
    if entry.rules[0].kind in _LONG_KINDS and entry.rules[0].name in _GOES_ON:
        return replace(entry, raw=f"{entry.raw}\n{text.strip()}"), len(entry.raw) > 5_000
    return entry, True
