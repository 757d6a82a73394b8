"""RTF as a row of tokens (Rich Text Format specification 1.9.1): groups, control words, bytes."""

import re
from collections.abc import Iterator

#: a token: `{`, `}`, `word`, `symbol`, `bytes`, `binary`; its word or bytes; its number
Token = tuple[str, str, int | None]

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\'|\\([^a-zA-Z])|([{}])|([\r\n\x00]+)|([^\\{}\r\n\x00]+)",
    re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """Tokens of a file whose bytes were decoded as Latin 1; a trailing backslash is dropped.

    Bytes come as `bytes` (runs of plain ones) or `hex` (one, written as two digits), so that a run can be decoded as one.
    """
    at, match = 0, _TOKEN.match
    while (found := match(text, at)) is not None:
        at = found.end()
        kind = found.lastindex
        if kind in (1, 2):
            number = int(found[2]) if found[2] else None
            if found[1] == "bin" and number and number > 0:
                yield "binary", text[at : at + number], number
                at += number
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
