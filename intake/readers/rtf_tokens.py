"""RTF as a row of tokens (Rich Text Format specification 1.9.1): groups, control words, bytes."""

import re
from collections.abc import Iterator

#: a token: `{`, `}`, `word`, `symbol`, `bytes`, `hex`, `binary`; its word or bytes; its number
Token = tuple[str, str, int | None]

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\'|"
    r"\\([^a-zA-Z])|([{}])|([\r\n\x00]+)|([^\\{}\r\n\x00]+)",
    re.DOTALL,
)
_SKIPPED = re.compile(r"\\bin([0-9]{1,10})[ ]?|\\.|([{}])", re.DOTALL)


class Tokens:
    """The tokens of a file whose bytes were decoded as Latin 1; a trailing backslash is dropped.

    Bytes come as `bytes` (runs of plain ones) or `hex` (one, as two digits), so that a run can be decoded as one.
    """

    def __init__(self, text: str):
        self._text, self._at = text, 0

    def __iter__(self) -> Iterator[Token]:
        text, match = self._text, _TOKEN.match
        while (found := match(text, self._at)) is not None:
            self._at = found.end()
            kind = found.lastindex
            if kind in (1, 2):
                number = int(found[2]) if found[2] else None
                if found[1] == "bin" and number and number > 0:
                    start, self._at = self._at, self._at + number
                    yield "binary", text[start : self._at], number
                else:
                    yield "word", found[1], number
            elif kind == 7:
                yield "bytes", found[7], None
            elif kind == 5:
                yield found[5], "", None
            elif kind == 3:
                yield "hex", chr(int(found[3], 16)), None
            elif kind == 4:
                yield "symbol", found[4], None

    def skip_group(self) -> None:
        """Go on at the brace that ends the group; at the end of the file where there is none."""
        depth = 0
        while (found := _SKIPPED.search(self._text, self._at)) is not None:
            self._at = found.end()
            if found[1]:
                self._at += int(found[1])
            elif found[2] == "{":
                depth += 1
            elif found[2] == "}":
                if not depth:
                    self._at -= 1
                    return
                depth -= 1
        self._at = len(self._text)
