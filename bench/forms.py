"""Digital forms: mails in Dovecot → committed rows and a queued reply, in one process, against the floor.

The floor is what no program could do without: imapclient's FETCH, the standard library's parser (compat32), one pass
over document.xml with lxml (the text of each cell), and one transaction (WAL, synchronous=FULL) of as many rows as ours
writes for a mail, into one table without an index. A second floor also brings the raw mail safely to disk first, which
the first promise ("no mail is ever lost") does not leave to choice.
"""

import email
import email.policy
import io
import sqlite3
import ssl
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import imapclient
from lxml import etree
from mails import form_mails
from servers import PASSWORD, User
from service import dovecot, folder, now, quiet_disk, settings
from stages import Stopwatch
from tables import median, show, verdict

from intake import pipeline
from intake.config import Config
from intake.confined.confine import ReaderPool
from intake.mailbox import watch
from rules.survey import Survey, load_survey
from store.database import Database, connect, one
from store.files import keep_all, raw_path

#: ours is at least this share of the floor's rate
TARGET = 0.5
_FETCH = 50
_TABLES = ("messages", "attachments", "submissions", "submission_messages", "accounts", "fields", "papers", "materials",
           "doubts", "unread_files", "replies", "reply_submissions", "events")


def run(count: int, runs: int) -> None:
    """Measure and print."""
    sets = [form_mails(count, seed) for seed in range(runs)]
    ours, shipped, floors, kept, rows_per_mail, stages = [], [], [], [], 0.0, Stopwatch()
    # the folders of all runs go at the end: a disk that is busy forgetting one would slow the next
    with dovecot() as server, folder("forms") as place:
        for mails in [sets[0][: min(60, count)], *sets]:  # the first warms all up and is not counted
            users = [server.new_user() for _ in range(4)]
            for user in users:
                user.seed(mails)
            seconds, rows_per_mail = _ours(place, users[0], len(mails))
            ours.append(len(mails) / seconds)
            floors.append(len(mails) / _floor(place, users[1], len(mails), round(rows_per_mail), keep=False))
            kept.append(len(mails) / _floor(place, users[2], len(mails), round(rows_per_mail), keep=True))
            shipped.append(len(mails) / _ours(place, users[3], len(mails), processes=2)[0])
        user = server.new_user()
        user.seed(form_mails(count, runs))
        with stages:
            _ours(place, user, count, take_in=_one_after_the_other)
    ours, shipped, floors, kept = ours[1:], shipped[1:], floors[1:], kept[1:]
    ratio = _ratio(ours, floors)
    size = sum(map(len, sets[0])) / count / 1024
    show(f"1. Digital forms, one process ({count} mails of {size:.0f} KB, {runs} runs, side by side)",
         ("", "mails/s", "lowest", "highest"),
         [("intake: mailbox → rows and queued reply", median(ours), min(ours), max(ours)),
          (f"floor: fetch, parse, XML, one transaction of {rows_per_mail:.0f} rows", median(floors), min(floors),
           max(floors)),
          ("floor that also makes the raw mail durable", median(kept), min(kept), max(kept)),
          ("intake as shipped, with 2 confined readers", median(shipped), min(shipped), max(shipped))],
         [f"ratio to the floor {ratio:.2f} (target {TARGET}): {verdict(ratio, TARGET, at_least=True)}",
          f"ratio to the durable floor {_ratio(ours, kept):.2f}; as shipped, to the floor {_ratio(shipped, floors):.2f}"])
    show("   Where a mail's time goes (one more run, with clocks in it)", ("stage", "ms/mail", "share %"),
         stages.table(count))


def _ours(place: Path, user: User, count: int, processes: int = 0, take_in: Callable | None = None,
          ) -> tuple[float, float]:
    """Seconds for all, and rows written for each mail."""
    config = settings(place / f"ours-{user.name}", user, processes=processes)
    survey, database = load_survey(config.survey), connect(config.database)
    with ReaderPool(config.survey, config.read, data=config.data) as pool:
        _warm(pool, place / "warm", processes)
        quiet_disk()
        began = time.perf_counter()
        (take_in or _side_by_side)(config, survey, database, pool)
        seconds = time.perf_counter() - began
    queued = one(database, "SELECT count(*) AS n FROM replies WHERE state = 'queued'")["n"]
    if queued != count:
        print(f"!!! {queued} replies are queued for {count} mails: {_states(database)}")
    written = sum(one(database, f"SELECT count(*) AS n FROM {table}")["n"] for table in _TABLES)
    database.close()
    return seconds, written / count


def _one_after_the_other(config: Config, survey: Survey, database: Database, pool: ReaderPool) -> None:
    """For the clocks of the stages: while one thread waits for another, theirs would run on."""
    watch.watch_once(config, config.mailboxes[0], PASSWORD, database, now)
    pipeline.process_pending(config, survey, database, pool, now)


def _side_by_side(config: Config, survey: Survey, database: Database, pool: ReaderPool) -> None:
    """One turn over the mailbox in one thread, processing in another: as in the daemon, in one process."""
    arrived, over = threading.Event(), threading.Event()
    watching = threading.Thread(target=_watch, args=(config, arrived, over))
    watching.start()
    while True:
        arrived.clear()
        last = over.is_set()
        done = pipeline.process_pending(config, survey, database, pool, now)
        if last and not done:
            break
        if not done:
            arrived.wait()
    watching.join()


def _watch(config: Config, arrived: threading.Event, over: threading.Event) -> None:
    with closing(connect(config.database)) as database:
        try:
            watch.watch_once(config, config.mailboxes[0], PASSWORD, database, now, wake=arrived.set)
        finally:
            over.set()
            arrived.set()


def _warm(pool: ReaderPool, place: Path, processes: int) -> None:
    """Readers that are running: they are started once in the daemon's life, not for each three hundred mails."""
    ((sha256, _),) = keep_all(place, [form_mails(1, 99)])
    for future in [pool.read(raw_path(place, sha256), sha256) for _ in range(2 * processes)]:
        future.result()


def _states(database) -> list[dict]:
    return list(database.query("SELECT kind, state, silence, count(*) AS n FROM messages GROUP BY 1, 2, 3"))


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return median([mine / other for mine, other in zip(ours, theirs, strict=True)])


def _floor(place: Path, user: User, count: int, rows: int, *, keep: bool) -> float:
    """Seconds for the least that must be done."""
    place = place / f"floor-{user.name}"
    place.mkdir()
    with closing(_database(place)) as database:
        quiet_disk()
        began = time.perf_counter()
        context = ssl.create_default_context(cafile=user.server.ca_file)
        client = imapclient.IMAPClient(user.server.host, user.server.port, ssl_context=context)
        client.login(user.name, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        uids, done = client.search("ALL"), 0
        for start in range(0, len(uids), _FETCH):
            fetched = client.fetch(uids[start : start + _FETCH], ["BODY.PEEK[]"])
            bodies = [items[b"BODY[]"] for items in fetched.values()]
            if keep:
                keep_all(place, ([body] for body in bodies))
            for body in bodies:
                done += _least(database, body, rows)
        seconds = time.perf_counter() - began
        client.logout()
    if done != count:
        print(f"!!! the floor saw {done} of {count} forms")
    return seconds


def _cells(root: etree._Element) -> list[str]:
    """The text of every cell and paragraph: one pass over all elements."""
    texts = [""]
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name in ("tc", "p"):
            texts.append("")
        elif name == "t":
            texts[-1] += element.text or ""
    return texts


def _database(place: Path) -> sqlite3.Connection:
    database = sqlite3.connect(place / "floor.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE cells (id INTEGER PRIMARY KEY, mail TEXT, number INTEGER, text TEXT)")
    return database


def _least(database: sqlite3.Connection, raw: bytes, rows: int) -> int:
    """One mail of the floor; how many forms it held."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    texts: list[str] = []
    forms = 0
    for part in message.walk():
        if part.get_content_maintype() == "multipart":
            continue
        data = part.get_payload(decode=True)
        if data.startswith(b"PK"):
            forms += 1
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                root = etree.fromstring(archive.read("word/document.xml"))
            texts += _cells(root)
    written = [(message["Message-ID"], number, texts[number % len(texts)]) for number in range(rows)]
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO cells (mail, number, text) VALUES (?, ?, ?)", written)
    database.execute("COMMIT")
    return forms
