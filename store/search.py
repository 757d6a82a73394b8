"""Search in Chinese over names, accounts, mails and the texts of attachments (`rules.words`); and by a number in full."""

from dataclasses import dataclass

from rules.words import asked, readable, wanted, words_of
from store.database import Database, one, rows, writing
from store.migrations.m007_search import SOURCES

#: rows brought up to date in one transaction
_BATCH = 500
#: characters of one row that are indexed and looked through
_LONGEST = 200_000
#: hits of one kind that are shown
MOST_HITS = 40
_ROLE_WITHOUT_TEXT = "id_card"


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that holds everything that was asked for."""

    #: `submission`, `account`, `message` or `attachment`
    kind: str
    id: int
    #: what is shown: the row's texts, masked
    text: str
    #: for a link: the submission's number (or numbers), and the mail
    numbers: tuple[str, ...]
    message_id: int | None
    #: the row's name: registrant, account, subject or file name; masked
    name: str


def waiting(database: Database) -> int:
    """How many rows have changed since they were indexed."""
    return one(database, "SELECT count(*) AS n FROM search_changes")["n"]


def refresh(database: Database, most: int | None = None) -> int:
    """Bring the index up to date, in small transactions; at most so many rows. Returns how many rows it was."""
    done = 0
    while most is None or done < most:
        with writing(database):
            changed = rows(database, "SELECT kind, ref FROM search_changes LIMIT ?", [_BATCH])
            for row in changed:
                _index(database, row["kind"], row["ref"])
            database.conn.executemany("DELETE FROM search_changes WHERE kind = ? AND ref = ?",
                                      [(row["kind"], row["ref"]) for row in changed])
        done += len(changed)
        if len(changed) < _BATCH:
            break
    return done


def rebuild(database: Database) -> int:
    """Make the whole index anew; returns the number of rows."""
    with writing(database):
        database.conn.execute("INSERT INTO search (search) VALUES ('delete-all')")
        database.conn.execute("DELETE FROM search_rows")
        for kind, (table, _) in SOURCES.items():
            database.conn.execute(f"INSERT OR IGNORE INTO search_changes (kind, ref) SELECT ?, id FROM {table}", [kind])
    done = refresh(database)
    with writing(database):
        database.conn.execute("INSERT INTO search (search) VALUES ('optimize')")
    return done


def find(database: Database, query: str, most: int = MOST_HITS) -> dict[str, list[Hit]]:
    """The newest hits of each kind; a hit contains every word of the query. Nothing for a query without words."""
    runs = asked(query)
    if not runs:
        return {kind: [] for kind in SOURCES}
    terms = " ".join(f'"{word}"{"*" if begins else ""}' for run in runs for word, begins in wanted(run))
    found = {}
    for kind in SOURCES:
        matched = rows(database, "SELECT r.ref FROM search s JOIN search_rows r ON r.id = s.rowid WHERE search MATCH ? "
                       "ORDER BY s.rowid DESC LIMIT ?", [f'"kind{kind}" {terms}', most * 2])
        hits = (_hit(database, kind, row["ref"]) for row in matched)
        found[kind] = [hit for hit in hits if hit and _holds(hit.text, runs)][:most]
    return found


def find_number(database: Database, number: str) -> list[str]:
    """The 登记编号 of submissions that hold exactly this ID or telephone number: of the registrant, on a form or a card."""
    return [row["number"] for row in rows(
        database, "SELECT number FROM submissions WHERE id_number = ?1 UNION "
        "SELECT s.number FROM accounts a JOIN submissions s ON s.id = a.submission_id "
        "WHERE a.owner_id_number = ?1 OR a.admin_phone = ?1 OR a.owner_phone = ?1 UNION "
        "SELECT s.number FROM papers p JOIN submissions s ON s.id = p.submission_id WHERE p.number = ?1 ORDER BY 1",
        [number])]


def _holds(text: str, runs: tuple[str, ...]) -> bool:
    """Whether every run stands in the text as a whole: pairs of it may stand there apart."""
    lower = text.lower()
    return all(run in lower for run in runs)


def _index(database: Database, kind: str, ref: int) -> None:
    database.conn.execute("DELETE FROM search_rows WHERE kind = ? AND ref = ?", [kind, ref])
    text = _text(database, kind, ref)
    if not text:
        return
    # a number that was once given out is never given out again: its old words are still in the index
    row = database.conn.execute("INSERT INTO search_rows (kind, ref) VALUES (?, ?)", [kind, ref])
    words = " ".join(sorted(words_of(text)))
    database.conn.execute("INSERT INTO search (rowid, words) VALUES (?, ?)", [row.lastrowid, f"kind{kind} {words}"])


def _text(database: Database, kind: str, ref: int) -> str:
    """The texts of a row as they are indexed and shown."""
    table, columns = SOURCES[kind]
    row = one(database, f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?", [ref])
    if row is None:
        return ""
    if row.get("role") == _ROLE_WITHOUT_TEXT:
        # the birthday on a card stands beside the number and would fill the gap in it
        row["text"] = None
    texts = [row[column] for column in columns if column not in ("role", "merged_into", "submission_id")]
    return readable("\n".join(str(text) for text in texts if text)[:_LONGEST])


def _hit(database: Database, kind: str, ref: int) -> Hit | None:
    text = _text(database, kind, ref)
    place = one(database, _PLACES[kind], [ref]) if text else None
    if place is None:
        return None
    return Hit(kind, ref, text, tuple((place["numbers"] or "").split()), place["message_id"], readable(place["name"] or ""))


_NUMBERS = ("(SELECT group_concat(s.number, ' ') FROM submission_messages l JOIN submissions s ON s.id = l.submission_id "
            "WHERE l.message_id = {}) AS numbers")
_PLACES = {
    "submission": "SELECT registrant AS name, number AS numbers, NULL AS message_id FROM submissions WHERE id = ?",
    "account": "SELECT a.name, s.number AS numbers, NULL AS message_id FROM accounts a JOIN submissions s "
               "ON s.id = a.submission_id WHERE a.id = ?",
    "message": f"SELECT m.subject AS name, m.id AS message_id, {_NUMBERS.format('m.id')} FROM messages m WHERE m.id = ?",
    "attachment": f"SELECT a.filename AS name, a.message_id, {_NUMBERS.format('a.message_id')} FROM attachments a WHERE a.id = ?",
}
