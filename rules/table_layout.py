"""A table's labels with their values: beside, below or in the same cell; several accounts as rows or as columns."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from rules.document import EMPTY, TICKED, Cell
from rules.grid import Grid, Slot
from rules.labels import Lexicon
from rules.survey import FieldRule, bare
from rules.ticks import has_boxes

#: rows of a table with a head row that are taken for accounts
MAX_ACCOUNTS = 200
_EXAMPLE = re.compile(r"\s*[(（【]?(?:例|示例|样例|范例|举例|填写示例)")
_DATE_PIECE = re.compile(r"\s*(?:\d{1,4}|[年月日号./-]|\d{1,4}\s*[年月日号])\s*")

_TICK = re.compile(rf"[√✓✔{TICKED}{EMPTY}]")
#: columns of a form that say how it is to be filled in
_ADVICE = re.compile("说明|备注|要求|示例|样例|提示")

#: a Slot, a title's text, or None where the next account begins
TableEvent = Slot | str | None


def read_table(grid: Grid, words: Lexicon) -> Iterator[TableEvent]:
    """Everything the table says, in reading order, account by account."""
    columns = _account_columns(grid)
    if len(columns) > 1:
        yield from _by_column(grid, columns, words)
        return
    used: set[tuple[int, int]] = set(grid.titles)
    heads = _heads(grid)
    for head in heads:
        used |= _storeys_above(grid, head)
    for row in grid.rows:
        if row in heads:
            yield from _accounts_below(grid, row, heads, used)
            continue
        for cell in grid.row(row):
            if (cell.row, cell.column) not in used:
                yield from _cell(grid, cell, used, words)


def _cell(grid: Grid, cell: Cell, used: set[tuple[int, int]], words: Lexicon) -> Iterator[TableEvent]:
    if not grid.is_label(cell):
        found = words.split(cell.text)
        if words.title_of(cell.text) and (not found or found[0].start > 8):
            yield cell.text
        yield from (Slot(item.rules, item.label, item.value, cell, cell, cell.confidence) for item in found)
        first, _, rest = cell.text.partition("\n")
        if not found and rest.strip() and (rules := words.rules_of(first)):
            yield Slot(rules, first, rest.strip(), cell, cell, cell.confidence)
        return
    rules = grid.rules(cell)
    values = _values(grid, cell)
    used.update((value.row, value.column) for value in values)
    place = next((value for value in values if value.text.strip()), values[0] if values else cell)
    raw = _joined([value.text for value in values])
    slot = Slot(rules, cell.text, raw, cell, place, min([place.confidence, cell.confidence]))
    inner = words.split(raw) if slot.rules[0].kind == "person" else []
    if inner:
        # 「管理员 | 姓名:张三 手机:138…」: the cell beside a person's label holds labels of its own
        own = raw[: inner[0].start].strip()
        if own or inner[0].rules[0].kind != "person":
            yield replace(slot, raw=own)
        for item in inner:
            meant = slot.rules if item.rules[0].kind == "person" else item.rules
            yield Slot(meant, item.label, item.value, cell, place, slot.confidence)
    else:
        yield slot


def _values(grid: Grid, label: Cell) -> list[Cell]:
    """The cells that hold a label's value: right of it, else below it."""
    right = grid.right(label)
    if right is not None and right.row <= label.row and not grid.is_label(right) and not _labelled_itself(grid, label, right):
        if not right.text.strip() and (below := _under_a_short_row(grid, label)):
            return [below]
        beneath = _options_below(grid, label, right) or _beneath(grid, label, right)
        return [right, *_further(grid, label, right), *beneath]
    if right is not None and grid.is_label(right) and _ends_row(grid, right) and right.row == label.row:
        below = grid.below(label)
        if below is None or grid.is_label(below):
            grid.demote(right)  # 「管理员姓名 | 小编」: a label's word as a value
            return [right]
    below = grid.below(label)
    if below is not None and not grid.is_label(below) and (right is None or grid.is_label(right)):
        own = below.column == label.column
        return [below] if own and not _labelled_from_left(grid, below) and not grid.opens_label(below) else []
    return []


def _under_a_short_row(grid: Grid, label: Cell) -> Cell | None:
    """The value below a label that stands alone in the last row of labels, where the rows before it hold values below them."""
    below, rest = grid.below(label), [cell for cell in grid.row(label.row) if cell is not label and cell.text.strip()]
    head = next((row for row in reversed(grid.rows) if row < label.row and any(map(grid.is_label, grid.row(row)))), None)
    alone = below is not None and below.text.strip() and not grid.is_label(below) and not grid.opens_label(below)
    return below if alone and not rest and head is not None and _is_head(grid, head) else None


def _labelled_itself(grid: Grid, label: Cell, cell: Cell) -> bool:
    """Whether the cell beside a label that nobody filled in holds the next label with its value: 「手机: | 微信:abc」."""
    return grid.rules(label)[0].kind in ("phone", "email", "date", "count", "id_number") and grid.opens_label(cell)


def _beneath(grid: Grid, label: Cell, right: Cell) -> list[Cell]:
    """Further rows of a value whose label spans them: a hint in the one, the value in the other."""
    found: list[Cell] = []
    for row in range(label.row + 1, label.row + min(label.row_span, 6)):
        cell = grid.at(row, right.column)
        if cell is not None and cell.row == row and not grid.is_label(cell):
            found.append(cell)
    return found


def _options_below(grid: Grid, label: Cell, right: Cell) -> list[Cell]:
    """All cells of the rows below a list of options that hold nothing but further boxes: a list too long for one row."""
    found: list[Cell] = []
    if grid.rules(label)[0].kind != "options":
        return found
    for row in range(right.row + right.row_span, label.row + label.row_span + 4):
        cells = [cell for cell in grid.covering(row) if cell.text.strip() and cell is not label]
        if not cells or any(cell.row != row or cell.column < right.column or not has_boxes(cell.text)
                            or grid.is_label(cell) or grid.opens_label(cell) for cell in cells):
            break
        found += cells
    return found


def _ends_row(grid: Grid, cell: Cell) -> bool:
    return grid.right(cell) is None


def _labelled_from_left(grid: Grid, cell: Cell) -> bool:
    left = grid.at(cell.row, cell.column - 1)
    return grid.is_label(left)


def _further(grid: Grid, label: Cell, first: Cell) -> list[Cell]:
    """Further cells of a value that was spread over several: boxes for single characters, options, 年 月 日."""
    found, cell = [], grid.right(first)
    rule = grid.rules(label)[0]
    chosen = rule.kind in ("options", "yes_no", "choice") and _is_option(first.text, rule)
    while cell is not None and cell.row == label.row and not grid.is_label(cell) and len(found) < 40:
        text = cell.text.strip()
        spread = len(text) <= 1 and len(first.text.strip()) <= 1 and text
        dated = rule.kind == "date" and _DATE_PIECE.fullmatch(text)
        option = chosen and _is_option(text, rule)
        if not (spread or dated or option or (has_boxes(text) and (has_boxes(first.text) or not first.text.strip()))):
            break
        found.append(cell)
        cell = grid.right(cell)
    return found


def _is_option(text: str, rule: FieldRule) -> bool:
    """Whether a cell holds an option's word, a tick, or nothing, where each has a cell of its own."""
    words = {bare(word) for choice in rule.choices for word in (choice.name, *choice.aliases)} or {"是", "否"}
    return not text.strip() or _TICK.fullmatch(text.strip()) is not None or bare(text) in words


def _joined(texts: list[str]) -> str:
    kept = [text.strip() for text in texts if text.strip()]
    if any(_TICK.fullmatch(text) for text in kept) and len(kept) > 1:
        # ticks in cells of their own: before the options where the first cell is for one, else behind
        behind = bool(texts[0].strip()) and not _TICK.fullmatch(texts[0].strip())
        kept = [text if bool(_TICK.fullmatch(text)) == behind else f" {text}" for text in kept]
        return "".join(kept).strip()
    single = len(kept) > 3 and all(len(text) <= 1 for text in kept)
    return ("" if single else "\n" if "删除" in "".join(kept) else " ").join(kept)


def _heads(grid: Grid) -> set[int]:
    """Rows of labels over rows of values; of a head in two storeys (管理员 over 姓名, 手机) the lower."""
    found: set[int] = set()
    for row in grid.rows:
        if _is_head(grid, row) or (found and _is_short_head(grid, row)):
            found.add(row)
    return {row for row in found if not (row + 1 in found and any(cell.row_span > 1 for cell in grid.row(row)))}


def _storeys_above(grid: Grid, head: int) -> set[tuple[int, int]]:
    """The cells over a head row that belong to the head: 管理员 over 姓名 and 手机."""
    top = min((cell.row for cell in grid.covering(head) if grid.is_label(cell)), default=head)
    return {(cell.row, cell.column) for row in range(top, head) for cell in grid.row(row)}


def _is_head(grid: Grid, row: int) -> bool:
    labels = [cell for cell in grid.covering(row) if grid.is_label(cell) and cell.row + cell.row_span <= row + 1]
    if len(labels) < 2:
        return False
    beside = [cell for cell in labels if (right := grid.right(cell)) and not grid.is_label(right)]
    if len(beside) > max(1, len(labels) // 3) or (len(labels) == 2 and beside):
        return False
    below = [grid.below(cell) for cell in labels]
    under = [cell for cell in below if cell is not None]
    if all(grid.is_label(cell) or grid.opens_label(cell) for cell in under):
        return False  # 「管理员: | 手机:」, both left empty, over cells with labels of their own
    return bool(under) and 3 * sum(grid.is_label(cell) for cell in under) <= len(under)


def _is_short_head(grid: Grid, row: int) -> bool:
    """Whether it is the last row of labels over values, for which there were not labels enough: the cells behind them are empty."""
    cells = [cell for cell in grid.row(row) if cell.text.strip()]
    below = [grid.below(cell) for cell in cells]
    side_by_side = all(grid.right(one) is other for one, other in pairwise(cells))
    return (len(cells) > 1 and side_by_side and all(map(grid.is_label, cells)) and any(cell and cell.text.strip() for cell in below)
            and not any(cell and (grid.is_label(cell) or grid.opens_label(cell)) for cell in below))  # fmt: skip


def _accounts_below(grid: Grid, head: int, heads: set[int], used: set[tuple[int, int]]) -> Iterator[TableEvent]:
    labels = [cell for cell in grid.covering(head) if grid.is_label(cell) and cell.row + cell.row_span <= head + 1]
    bottom = max(cell.row + cell.row_span for cell in labels)
    found: list[list[Slot]] = []
    for row in (row for row in grid.rows if row >= bottom):
        under = [grid.at(row, label.column) for label in labels]
        if row in heads or len(found) >= MAX_ACCOUNTS or _stops(grid, row, under):
            break
        used.update((cell.row, cell.column) for cell in grid.row(row))
        if _EXAMPLE.match(next((cell.text for cell in grid.row(row) if cell.text.strip()), "")):
            continue
        found.append([
            Slot(grid.rules(label), label.text, cell.text, label, cell, cell.confidence)
            for label, cell in zip(labels, under, strict=True) if cell is not None
        ])  # fmt: skip
    filled = [slots for slots in found if sum(bool(slot.raw.strip()) for slot in slots) >= min(2, len(slots))]
    for number, slots in enumerate(filled or found[:1]):
        if number:
            yield None
        # the head's place tells to which person a doubled label belongs: all in one row
        yield from slots


def _stops(grid: Grid, row: int, under: list[Cell | None]) -> bool:
    """Whether the accounts end before this row: it is one wide note, or a row of `label | value` again."""
    cells = {(cell.row, cell.column) for cell in under if cell is not None}
    first = next((cell for cell in grid.row(row) if cell.text.strip()), None)
    labels = [cell for cell in grid.row(row) if grid.is_label(cell)]
    return len(cells) < 2 or (first is not None and grid.is_label(first)) or len(labels) > len(under) // 2


def _account_columns(grid: Grid) -> list[int]:
    """Grid columns that each hold one account, where the labels stand once at the left; else an empty list."""
    wide: dict[str, list[Cell]] = {}
    for row in grid.rows:
        cells = grid.row(row)
        first = next((cell for cell in cells if grid.is_label(cell)), None)
        if first is None or any(grid.is_label(cell) for cell in cells if cell.column > first.column):
            continue
        values = [cell for cell in cells if cell.column > first.column]
        for rule in grid.rules(first):
            wide.setdefault(rule.name, values)
    telling = [wide.get(name, []) for name in ("name", "handle", "service_type", "registered_on")]
    several = [cells for cells in telling if sum(bool(cell.text.strip()) for cell in cells) > 1]
    if len(several) < 2:
        return []
    widest = max(several, key=len)
    return [cell.column for cell in widest if _holds_account(cell.column, telling) and not _advises(grid, cell.column)]


def _holds_account(column: int, telling: list[list[Cell]]) -> bool:
    """Whether something is written in a column of the rows that tell accounts apart, and not the same in each of them."""
    texts = [cell.text.strip() for cells in telling for cell in cells if cell.column == column and cell.text.strip()]
    return bool(texts) and (len(texts) < 3 or len(set(texts)) > 1)


def _advises(grid: Grid, column: int) -> bool:
    """Whether the head of a column says that it is about filling in: 填写说明, 备注."""
    heads = [cell for row in grid.rows[:3] if (cell := grid.at(row, column)) is not None]
    return any(len(cell.text) <= 8 and _ADVICE.search(cell.text) for cell in heads)


def _by_column(grid: Grid, columns: list[int], words: Lexicon) -> Iterator[TableEvent]:
    for row in grid.rows:
        for cell in grid.row(row):
            if cell.row < 2 and not grid.is_label(cell) and words.title_of(cell.text):
                yield cell.text
    for number, column in enumerate(columns):
        if number:
            yield None
        for row in grid.rows:
            label = next((cell for cell in grid.row(row) if grid.is_label(cell)), None)
            if label is not None and (value := grid.at(row, column)) is not None and value is not label:
                yield Slot(grid.rules(label), label.text, value.text, label, value, value.confidence)
