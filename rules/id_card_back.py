"""Lines of one page → the backs of the ID cards that it shows: title, issuing authority, period."""

import re
from collections.abc import Sequence

from rules.document import Line
from rules.id_card_side import PERIOD, TEMPORARY, TITLE, Side, valid_until
from rules.page_lines import bare, height, middle
from rules.reading import Paper

#: evidence of a back whose title was read
_BACK_SIGNS = ("有“居民身份证”字样、签发机关和有效期限",)


def find_backs(lines: Sequence[Line]) -> list[Side]:
    """Every back on the page; one whose title was lost counts only where no other is."""
    sides = []
    for line in lines:
        text = bare(line.text)
        if not re.fullmatch("(中华人民共和国)?(临时)?居民身份[证正証]|中华人民共和国", text):
            continue
        wide, tall = line.box[2] - line.box[0], height(line)
        below = [
            other
            for other in lines
            if middle(other)[1] > middle(line)[1] - 3 * tall
            and middle(other)[1] < middle(line)[1] + 7.5 * tall
            and line.box[0] - wide < middle(other)[0] < line.box[2] + wide
        ]
        if side := _back(text, line, below):
            sides.append(side)
    titled = [side for side in sides if side.paper.evidence == _BACK_SIGNS]
    return titled or sides[:1]


def _back(text: str, title: Line, lines: list[Line]) -> Side | None:
    words = "\n".join(bare(line.text) for line in lines)
    authority = bool(re.search("签发机关|公安局|公安分局", words))
    period = bool(re.search("有效期", words)) or bool(PERIOD.search(words))
    if not (authority and period) or re.search("居住证|通行证|护照|驾驶|行驶|登记证", words):
        return None
    titled = "身份" in text
    # The title is printed large and is seldom lost; without it both labels and the printed period must be there.
    if not titled and not ("签发机关" in words and "公安" in words and PERIOD.search(words)):
        return None
    temporary = "临时" in text
    paper = Paper(
        kind="id_card",
        side="back",
        title=TEMPORARY if temporary else TITLE,
        holder=None,
        number=None,
        valid_until=valid_until(lines),
        confidence=title.confidence,
        evidence=_BACK_SIGNS if titled else ("有“中华人民共和国”字样、签发机关和有效期限",),
        doubts=("临时居民身份证,请核对是否可以采用",) if temporary else (),
    )
    return Side(paper, middle(title), tuple(lines))
