"""One side of a resident ID card as it was recognised, and the words that both sides share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rules.document import Line
from rules.page_lines import bare
from rules.reading import Paper

TITLE, TEMPORARY = "居民身份证", "临时居民身份证"
PERIOD = re.compile(
    r"((?:19|20)\d\d)[.,·年-]?(\d\d)[.,·月-]?(\d\d)日?[-—–~一至到]{1,3}(?:((?:19|20)\d\d)[.,·年-]?(\d\d)[.,·月-]?(\d\d)|长期)"
)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a card that was recognised."""

    paper: Paper
    #: middle of the side on the page
    place: tuple[float, float]
    #: lines that belong to it
    lines: tuple[Line, ...]


def valid_until(lines: Sequence[Line]) -> str | None:
    """Last day of the printed period, `长期`, or None."""
    rows = [line.text for line in lines]
    match = PERIOD.search(bare("\n".join(rows)).replace("\n", "")) or PERIOD.search(bare("".join(rows)))
    if not match:
        return None
    return "-".join(match.groups()[3:]) if match[4] else "长期"
