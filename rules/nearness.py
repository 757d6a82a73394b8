"""Which registrant's files a file lies nearest to: in the same file, folder or archive, or bearing the same name."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Protocol

from rules.reading import FileReading
from rules.survey import Survey, bare


class Gathering(Protocol):
    """What `rules.group_forms.Group` offers."""

    @property
    def files(self) -> set[int]: ...
    def units(self, survey: Survey) -> set[str]: ...
    def people(self, survey: Survey) -> set[str]: ...


def nearest(index: int, groups: Sequence[Gathering], files: Sequence[FileReading], survey: Survey):
    """The one group that the file lies nearest to; None where none is near or several are equally near."""
    scores = [(_score(index, group, files, survey), group) for group in groups]
    best = max((score for score, _ in scores), default=0)
    winners = [group for score, group in scores if score == best]
    return winners[0] if best > 0 and len(winners) == 1 else None


def _score(index: int, group: Gathering, files: Sequence[FileReading], survey: Survey) -> int:
    """4: the same file or one inside the other; 3: its name bears the registrant's; 2: the same folder or archive."""
    if any(_nested(index, other, files) for other in group.files):
        return 4
    name = bare(files[index].filename or "")
    if any(len(key) >= 2 and bare(key) in name for key in (*group.units(survey), *group.people(survey))):
        return 3
    return 2 if any(_beside(files[index], files[other]) for other in group.files) else 0


def _nested(a: int, b: int, files: Sequence[FileReading]) -> bool:
    return a == b or b in _ancestors(a, files) or a in _ancestors(b, files)


def _ancestors(index: int, files: Sequence[FileReading]) -> list[int]:
    found: list[int] = []
    parent = files[index].parent
    while parent is not None and parent not in found:
        found.append(parent)
        parent = files[parent].parent
    return found


def _beside(a: FileReading, b: FileReading) -> bool:
    if a.parent != b.parent:
        return False
    folders = _folder(a), _folder(b)
    if any(folders):
        return folders[0] == folders[1]
    return a.parent is not None or (bool(_stem(a)) and _stem(a) == _stem(b))


def _folder(file: FileReading) -> str:
    return str(PurePosixPath((file.filename or "").replace("\\", "/")).parent).strip(".")


def _stem(file: FileReading) -> str:
    """The file's name without extension and counters: 登记表(1).docx and 登记表.pdf have the same."""
    stem = PurePosixPath((file.filename or "").replace("\\", "/")).stem
    return bare(re.sub(r"[\s_-]*[(\uff08\[]?\d{1,2}[)\uff09\]]?$", "", stem))
