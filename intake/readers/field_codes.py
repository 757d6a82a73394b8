"""Complex fields of Word and RTF (ECMA-376 part 1, 17.16.18): the result is read, the instructions are not.

Two kinds of field show what stands in their instructions: SYMBOL, and EQ \\o, by which Word writes 「带圈字符」, a
character drawn over another one. People tick boxes so: `eq \\o\\ac(□,√)`.
"""

import re

from rules.document import EMPTY, TICKED, UNSURE
from rules.ticks import normalise, symbol

#: longest instructions that are looked at
_MOST = 2_000
_SYMBOL = re.compile(r"""^\s*SYMBOL\s+(0x[0-9a-f]+|\d+)(?:.*?\\f\s*["“”]?([^"“”\\]+))?""", re.IGNORECASE | re.DOTALL)
_OVER = re.compile(r"^\s*EQ\s.*?\\o(?:\\a[a-z])?\s*\((.*)\)\s*$", re.IGNORECASE | re.DOTALL)
#: a part raised above the line: the reading of a character (拼音指南), not the character
_RAISED = re.compile(r"\\s\s*\\(?:up|do)\s*\d*\s*\(")


class Fields:
    """The fields that are open at one place of a text."""

    def __init__(self):
        #: per open field: whether its result has begun, its instructions, whether it showed anything
        self._open: list[list] = []

    @property
    def hidden(self) -> bool:
        """Whether what stands here is instructions."""
        return any(not item[0] for item in self._open)

    @property
    def is_object(self) -> bool:
        """Whether the innermost field shows an object: what stands here is its icon or its first page."""
        return bool(self._open) and "".join(self._open[-1][1]).split(maxsplit=1)[:1] in (["EMBED"], ["LINK"])

    def begin(self) -> None:
        """A field begins with its instructions."""
        if len(self._open) < 200:
            self._open.append([False, [], False])

    def separate(self) -> None:
        """The innermost field's result begins."""
        if self._open:
            self._open[-1][0] = True

    def end(self) -> str:
        """The innermost field ends; returns what it shows beside its result."""
        if not self._open:
            return ""
        _, code, shown = self._open.pop()
        drawn = drawn_by("".join(code)) if not shown else ""
        if drawn and self.hidden:
            self.instruct(drawn)
            return ""
        return drawn

    def instruct(self, text: str) -> None:
        """Text met while `hidden`."""
        if self._open and sum(map(len, self._open[-1][1])) < _MOST:
            self._open[-1][1].append(text)

    def show(self, text: str) -> None:
        """Text met while not `hidden`."""
        if self._open and text.strip():
            self._open[-1][2] = True


def drawn_by(code: str) -> str:
    """What a field without a result draws by its instructions; '' for most.

    SYMBOL, EQ \\o, and a form's check box whose state was lost: some programs write none.
    """
    if code.strip().upper().startswith("FORMCHECKBOX"):
        return UNSURE
    found = _SYMBOL.match(code)
    if found:
        number = int(found[1], 0 if found[1].lower().startswith("0x") else 10)
        box = symbol((found[2] or "").strip(), number)
        return box or (chr(number) if 0x20 <= number < 0xD800 else "")
    found = _OVER.match(code)
    return _over(found[1]) if found else ""


def _over(arguments: str) -> str:
    """Characters drawn over each other: a tick over a box is a ticked box; else the one that is no ring."""
    parts = [part.strip() for part in re.split("[,;，、]", arguments)]
    level = [part for part in parts if not _RAISED.search(part)] or [_RAISED.sub("", part) for part in parts]
    written = normalise("".join(level)).translate({ord(char): None for char in "()\\"})
    if EMPTY not in written and "○" not in written and "口" not in written:
        return written
    rest = written.translate({ord(char): None for char in f"{EMPTY}○口 "})
    if not rest:
        return EMPTY
    return TICKED if rest[0] in f"{TICKED}√×xXvV✓✔✗✘" else rest
