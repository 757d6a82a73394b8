"""Files of mails for a person to look at: drawn by the confined reader, kept in memory for a while.

The bytes come out of the raw mail each time; nothing is written to disk, and a client names a file only by its row in
`attachments`.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from intake.config import Config
from intake.confined.confine import ReaderPool
from intake.office import words
from intake.office.story import masked_text
from intake.reading import original
from rules.errors import IntakeError, PermanentError
from store import overview
from store.admin.desk import Original
from store.database import Database, one, rows
from store.files import raw_path

#: bytes of drawn pages that are kept
CACHE_BYTES = 48 * 1024 * 1024
#: a person waits no longer than so many seconds for a page
SECONDS = 60
#: what a description without pictures is counted for
_SMALL = 4096


class Originals:
    """One confined reader, started when the first file is asked for and ended when it has been idle."""

    def __init__(self, config: Config):
        limits = replace(config.read, processes=min(1, config.read.processes), seconds=min(SECONDS, config.read.seconds))
        self._config, self._limits = config, limits
        self.pool = ReaderPool(config.survey, limits, data=config.data)
        self._kept = Kept(CACHE_BYTES)

    def close(self) -> None:
        """End the reader."""
        self.pool.close()

    def describe(self, database: Database, attachment_id: int, full: bool = False) -> Original | None:
        """What the file is and how it can be shown; its words masked unless `full`. None: no such file."""
        row = one(database, "SELECT * FROM attachments WHERE id = ?", [attachment_id])
        if row is None:
            return None
        told = self._head(database, row)
        if not _has_bytes(row):
            return told
        text = (lambda value: value) if full else masked_text
        kept = "" if row["role"] == "id_card" else text(row["text"] or "")
        try:
            seen = self._ask(database, row, ("describe",), original.describe)
        except (IntakeError, OSError) as error:
            return replace(told, text=kept, trouble=None if kept or row["role"] == "container" else _sentence(error))
        return replace(told, kind=seen["kind"], pages=seen.get("pages", 0), text="" if seen["kind"] == "words" else kept,
                       blocks=tuple(_block(block, text) for block in seen.get("blocks", ())))

    def page(self, database: Database, attachment_id: int, page: int, width: int) -> bytes | None:
        """A page as JPEG; None where there is none."""
        return self._bytes(database, attachment_id, ("page", page, width), original.draw_page, page, width)

    def content(self, database: Database, attachment_id: int) -> tuple[str, bytes] | None:
        """Name and bytes of the file itself."""
        data = self._bytes(database, attachment_id, None, original.contents)
        row = one(database, "SELECT filename FROM attachments WHERE id = ?", [attachment_id])
        return None if data is None else (row["filename"] or f"附件{attachment_id}", data)

    def crop(self, database: Database, field_id: int) -> bytes | None:
        """The piece that a field was read from; those of one file are all cut out at once."""
        attachment_id = attachment_of(database, field_id)
        if attachment_id is None:
            return None
        found = rows(database, "SELECT f.id, f.name, f.raw, f.location FROM fields f JOIN accounts a ON a.id = f.account_id "
                     "WHERE coalesce(f.attachment_id, a.attachment_id) = ? AND f.location IS NOT NULL ORDER BY f.id",
                     [attachment_id])
        labels = {rule.name: rule.label for rule in self.pool.survey.fields}
        places = tuple((row["id"], row["location"], row["raw"] or "", labels.get(row["name"], "")) for row in found)
        pieces = self._bytes(database, attachment_id, ("crops", places), original.cut_out, places)
        return (pieces or {}).get(field_id)

    def _bytes(self, database: Database, attachment_id: int, key: tuple | None, job: Callable, *more):
        row = one(database, "SELECT * FROM attachments WHERE id = ?", [attachment_id])
        if row is None or not _has_bytes(row):
            return None
        try:
            return self._ask(database, row, key, job, *more)
        except (IntakeError, OSError):
            return None

    def _ask(self, database: Database, row: dict, key: tuple | None, job: Callable, *more):
        chain = _chain(database, row)
        mail = one(database, "SELECT sha256 FROM messages WHERE id = ?", [row["message_id"]])["sha256"]

        def read() -> Future:
            return self.pool.submit(job, str(raw_path(self._config.data, mail)), chain, self.pool.survey_path,
                                    self._limits, *more)

        return read().result() if key is None else self._kept.get((mail, chain, *key), read)

    def _head(self, database: Database, row: dict) -> Original:
        inside = rows(database, "SELECT id, filename FROM attachments WHERE message_id = ? AND parent_id = ? ORDER BY id",
                      [row["message_id"], row["id"]])
        parent = one(database, "SELECT id, filename FROM attachments WHERE id = ?", [row["parent_id"]])
        return Original(
            row["id"], row["message_id"], masked_text(row["filename"]) or "（无文件名）", row["role"],
            words.word(words.roles(self.pool.survey), row["role"]), words.word(words.PROBLEMS, row["problem"]) if row["problem"] else None,
            masked_text(row["problem_detail"]), row["size"], row["method"],
            tuple((found["number"], masked_text(found["registrant"])) for found in
                  overview.submissions_of(database, row["message_id"])),
            tuple((found["id"], masked_text(found["filename"]) or "（无文件名）") for found in inside),
            (parent["id"], masked_text(parent["filename"]) or "（无文件名）") if parent else None, None)


def attachment_of(database: Database, field_id: int) -> int | None:
    """The file from which a field was read."""
    found = one(database, "SELECT coalesce(f.attachment_id, a.attachment_id) AS id FROM fields f JOIN accounts a ON a.id = "
                "f.account_id WHERE f.id = ?", [field_id])
    return found["id"] if found else None


def _has_bytes(row: dict) -> bool:
    return row["sha256"] is not None and row["problem"] not in ("remote", "empty", "too_large")


def _chain(database: Database, row: dict) -> tuple[str, ...]:
    """SHA-256 of the file and of those that hold it, innermost first."""
    found = rows(database, "WITH RECURSIVE up(id, parent_id, sha256, depth) AS (SELECT id, parent_id, sha256, 0 FROM "
                 "attachments WHERE id = ? UNION ALL SELECT a.id, a.parent_id, a.sha256, depth + 1 FROM attachments a JOIN "
                 "up ON a.id = up.parent_id WHERE depth < 20) SELECT sha256 FROM up WHERE sha256 IS NOT NULL ORDER BY depth",
                 [row["id"]])
    return tuple(one_of["sha256"] for one_of in found)


def _sentence(error: Exception) -> str:
    return getattr(error, "detail", None) or "暂时无法显示这个文件，请稍后再试"


def _block(block: tuple, text: Callable[[str], str]) -> tuple:
    """A table as rows of (text, row span, column span)."""
    sort, page, content = block
    if sort == "text":
        return sort, page, text(content)
    lines: dict[int, list] = {}
    for row, column, row_span, column_span, words_of in sorted(content):
        lines.setdefault(row, []).append((text(words_of), row_span, column_span))
    return sort, page, tuple(tuple(line) for _, line in sorted(lines.items()))


class Kept:
    """Results by key, the least recently used thrown out first; two who ask at once wait for one answer."""

    def __init__(self, most: int):
        self._most, self._size, self._lock = most, 0, threading.Lock()
        self._kept: OrderedDict[tuple, tuple[Future, int]] = OrderedDict()

    def get(self, key: tuple, make: Callable[[], Future]):
        """The value; raises what making it raises.

        A file that cannot be drawn, or that killed the reader, is not tried again each time somebody looks; what may
        pass is.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            else:
                self._kept[key] = (make(), 0)
            future = self._kept[key][0]
        try:
            value = future.result()
        except PermanentError:
            self._count(key, future, _SMALL)
            raise
        except BaseException:
            self._drop(key, future)
            raise
        self._count(key, future, _size(value))
        return value

    def _drop(self, key: tuple, future: Future) -> None:
        with self._lock:
            if self._kept.get(key, (None, 0))[0] is future:
                self._size -= self._kept.pop(key)[1]

    def _count(self, key: tuple, future: Future, size: int) -> None:
        with self._lock:
            held = self._kept.get(key)
            if held and held[0] is future and held[1] == 0:
                self._kept[key] = (future, size)
                self._size += size
            while self._size > self._most and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1][1]


def _size(value) -> int:
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, dict):
        return _SMALL + sum(len(one_of) for one_of in value.values() if isinstance(one_of, bytes | tuple))
    return _SMALL
