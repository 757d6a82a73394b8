"""Lines of one printed cell: whether the program broke them, and what stood between them."""

import re

from rules.ticks import has_boxes

#: what no program breaks: a word of Latin letters and digits, or one character, with the punctuation that may not begin a line
_UNIT = re.compile(r"(?:[A-Za-z0-9_@.:+%&=?~#]+[-/]?|.)[,.;:!?)\]}\uff0c\u3002\uff1b\uff1a\uff01\uff1f\uff09\u3011\u300b\u3001\u201d\u2019%]{0,3}", re.DOTALL)
#: a mail or web address at the end of a line
_ADDRESS = re.compile(r"[A-Za-z0-9_.+\-]+@[A-Za-z0-9.\-]*$|(?:https?:|www\.)\S*$", re.IGNORECASE)
_DAY, _TIME = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}$"), re.compile(r"\d{1,2}:\d\d")
#: characters at the end of a line that are looked at
_NEAR_END = 300
#: width of a Latin letter, in heights
_LATIN = 0.55


def glue(before: str, after: str, room: float, size: float) -> str:
    """What goes between two lines of a cell: a newline where the writer broke them, else a space or nothing.

    `room`: from the end of `before` to the edge of its cell; `size`: the height of the letters, in the same unit. The
    program broke a line where the next word had no room.
    """
    before, spare = before[-_NEAR_END:], 0.8 * size + 2
    needed = sum(size if ord(char) > 0x2000 else _LATIN * size for char in _UNIT.match(after)[0]) if after else size
    if room >= max(needed, size) + spare:
        return "\n"
    if has_boxes(before) or has_boxes(after):
        return " "  # an option's word may be parted, but not the tick of one option be given to the next
    joint = before[-1:] + after[:1]
    if not (len(joint) == 2 and joint.isascii() and joint.isalnum()):
        return ""
    if _ADDRESS.search(f"{before}{after.split(maxsplit=1)[0]}"):
        return ""
    if _DAY.search(before) and _TIME.match(after):
        return " "
    at_a_space = room > _LATIN * size + spare or (joint.isalpha() and " " in before)
    return " " if at_a_space else ""
