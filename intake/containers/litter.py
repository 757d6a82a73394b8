"""What operating systems leave behind in archives: no file of the person who packed it."""

import re

_LITTER = re.compile(r"(?:^|/)(?:__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$", re.IGNORECASE)


def is_litter(path: str) -> bool:
    """Whether a member of this path is none of the files that were meant to be packed."""
    return bool(_LITTER.search(path.replace("\\", "/")))
