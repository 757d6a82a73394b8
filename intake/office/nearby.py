"""Where in the words of an original a field stands: its line, and the lines before and after it."""

from collections import Counter
from collections.abc import Iterable

#: (whether it is the field's own line, the line)
Lines = tuple[tuple[bool, str], ...]


def nearby(text: str, fields: Iterable[tuple[str, str | None]]) -> list[Lines]:
    """The lines around each field; () where it is not found.

    `fields`: (label, text as written) of one form, in the form's order. The same words may stand in several lines (one
    person is administrator and owner, with one telephone): the line that bears the label is taken, and no line twice.
    """
    lines = text.splitlines()
    cells = [tuple(map(_plain, line.split("\t"))) for line in lines]
    taken: Counter[tuple[int, str]] = Counter()
    found = []
    for label, raw in fields:
        wanted = _plain(raw or "")
        at = _line_of(wanted, _plain(label), cells, taken) if wanted else None
        if at is not None:
            taken[at, wanted] += 1
        found.append(() if at is None else _around(lines, at))
    return found


def _line_of(wanted: str, label: str, cells: list[tuple[str, ...]], taken: Counter) -> int | None:
    within = [at for at, line in enumerate(cells) if wanted in "\t".join(line)]
    alone = [at for at in within if wanted in cells[at]]
    return min(alone or within, key=lambda at: (label not in "".join(cells[at]), taken[at, wanted], at), default=None)


def _around(lines: list[str], at: int) -> Lines:
    near = range(max(at - 1, 0), min(at + 2, len(lines)))
    return tuple((index == at, lines[index].strip()) for index in near if lines[index].strip())


def _plain(text: str) -> str:
    return "".join(text.split())
