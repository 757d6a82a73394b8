"""A second, empty database beside the real one, in which a replay makes everything anew; it is thrown away at the end.

It holds what is no conclusion: the mails (none of them processed yet), their files, our answers. Numbers that are given
out in it go on from those of the real one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rules.match import QUOTED
from store.database import Database, insert, one, scratch, writing

#: number of the row that keeps the next 登记编号 above all that were given out
_FENCE = "-"
_BATCH = 1000


@contextmanager
def shadow_of(database: Database, path: Path, walked: set[int]) -> Iterator[Database]:
    """The shadow of `database` in a file that is made at `path` and loses its name at once, so that nothing is left of it
    however this process ends; `walked`: the mails that will be processed in it."""
    path.unlink(missing_ok=True)
    # an append-only table is one in the real database; here rows are renamed until they bear the numbers they had
    made = scratch(path, database)
    path.unlink()
    try:
        with writing(made):
            made.conn.execute("CREATE INDEX shadow_history ON account_history(submission_id)")
            _copy(database, made, "messages")
            _copy(database, made, "attachments")
            _copy(database, made, "replies", {"mime": b""})
            for message_id in walked:
                made.conn.execute("UPDATE messages SET state = 'received', kind = NULL WHERE id = ?", [message_id])
            _fence(database, made)
        yield made
    finally:
        made.close()


def _copy(source: Database, target: Database, table: str, instead: dict | None = None) -> None:
    columns = [column for column in source[table].columns_dict if column not in (instead or {})]
    names = ", ".join([*columns, *(instead or {})])
    marks = ", ".join("?" * (len(columns) + len(instead or {})))
    cursor = source.conn.execute(f"SELECT {', '.join(columns)} FROM {table}")
    while batch := cursor.fetchmany(_BATCH):
        target.conn.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})",
                                [(*row, *(instead or {}).values()) for row in batch])


def _fence(source: Database, target: Database) -> None:
    """Whatever is opened here gets a number that nobody has; so does every account."""
    highest = one(source, "SELECT max(id) AS id FROM submissions")["id"]
    if highest is not None:
        insert(target, "submissions", {
            "id": highest, "number": _FENCE, "category": "unknown", "status": "withdrawn", "opened_at": "1970-01-01T00:00:00Z",
            "updated_at": "1970-01-01T00:00:00Z"})
    account = one(source, "SELECT max((SELECT coalesce(max(id), 0) FROM accounts), (SELECT coalesce(max(account_id), 0) FROM "
                  "account_history), (SELECT coalesce(max(account_id), 0) FROM decisions)) AS id")["id"]
    insert(target, "account_history", {"account_id": account, "submission_id": 0, "name": _FENCE, "actor": _FENCE, "at": ""})


def raise_fence(database: Database, account_id: int) -> None:
    """Accounts made from now on get ids above this one."""
    database.conn.execute("UPDATE account_history SET account_id = ?1 WHERE name = ?2 AND account_id < ?1", [account_id, _FENCE])


def lift_fence(database: Database, submission_id: int | None = None) -> None:
    """The number itself is wanted (None: all is done)."""
    database.conn.execute("DELETE FROM submissions WHERE number = ? AND (?2 IS NULL OR id = ?2)", [_FENCE, submission_id])
    if submission_id is None:
        database.conn.execute("DELETE FROM account_history WHERE name = ?", [_FENCE])


def is_there(database: Database, submission_id: int) -> bool:
    """Whether the submission has been opened."""
    return one(database, "SELECT 1 FROM submissions WHERE id = ? AND number <> ?", [submission_id, _FENCE]) is not None


def rename_submission(database: Database, given: int, kept: int, number: str, since: int) -> None:
    """A submission that was opened anew is the one that bore `number`; doubts after the id `since` say so too."""
    was = one(database, "SELECT number FROM submissions WHERE id = ?", [given])["number"]
    lift_fence(database, kept)
    database.conn.execute("UPDATE submissions SET id = ?, number = ? WHERE id = ?", [kept, number, given])
    for table in ("submission_messages", "accounts", "account_history", "papers", "unread_files", "materials", "doubts",
                  "decisions", "former_keys", "events"):
        database.conn.execute(f"UPDATE {table} SET submission_id = ? WHERE submission_id = ?", [kept, given])
    database.conn.execute("UPDATE submissions SET merged_into = ? WHERE merged_into = ?", [kept, given])
    database.conn.execute("UPDATE doubts SET sentence = replace(sentence, ?1, ?2) WHERE id > ?3 AND instr(sentence, ?1) "
                          "AND substr(sentence, 1, length(?4)) <> ?4", [was, number, since, QUOTED])


def rename_account(database: Database, given: int, kept: int) -> None:
    """An account that was made anew is the one of that id."""
    database.conn.execute("UPDATE accounts SET id = ? WHERE id = ?", [kept, given])
    for table in ("fields", "account_history"):
        database.conn.execute(f"UPDATE {table} SET account_id = ? WHERE account_id = ?", [kept, given])
