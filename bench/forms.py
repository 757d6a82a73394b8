"""Digital forms: mails in Dovecot → committed rows and a queued reply, in one process, against the floor.

The floor is what no program could do without: imapclient's FETCH, the standard library's parser (compat32), one pass
over document.xml with lxml, and one transaction (WAL, synchronous=FULL) of as many rows as ours writes for a mail.
"""

import email
import email.policy
import io
import sqlite3
import ssl
import time
import zipfile
from contextlib import closing
from pathlib import Path

import imapclient
from lxml import etree
from mails import form_mails
from service import dovecot, folder, now, settings
from servers import PASSWORD, User
from stages import Stopwatch
from tables import median, show, verdict

from intake.confine import ReaderPool
from intake.pipeline import process_pending
from intake.watch import watch_once
from rules.survey import load_survey
from store.database import connect, one

#: ours is at least this share of the floor's rate
TARGET = 0.5
_FETCH = 50
_TABLES = ("messages", "attachments", "submissions", "submission_messages", "accounts", "fields", "papers", "materials",
           "doubts", "unread_files", "replies", "reply_submissions", "events")


def run(count: int, runs: int) -> None:
    """Measure and print."""
    sets = [form_mails(count, seed) for seed in range(runs)]
    form_mails(1)
    ours, floors, rows_per_mail, stages = [], [], 0.0, Stopwatch()
    with dovecot() as server:
        for mails in [sets[0][: min(60, count)], *sets]:  # the first warms both up and is not counted
            user, again = server.new_user(), server.new_user()
            user.seed(mails)
            again.seed(mails)
            seconds, rows_per_mail = _ours(user, len(mails))
            floor = _floor(again, len(mails), round(rows_per_mail))
            ours.append(len(mails) / seconds)
            floors.append(len(mails) / floor)
        user = server.new_user()
        user.seed(form_mails(count, runs))
        with stages:
            _ours(user, count)
    ours, floors = ours[1:], floors[1:]
    ratios = [mine / floor for mine, floor in zip(ours, floors, strict=True)]
    size = sum(map(len, sets[0])) / count / 1024
    show(f"1. Digital forms, one process ({count} mails of {size:.0f} KB, {runs} runs, side by side)",
         ("", "mails/s", "lowest", "highest"),
         [("intake: mailbox → rows and queued reply", median(ours), min(ours), max(ours)),
          (f"floor: fetch, parse, XML, one transaction of {rows_per_mail:.0f} rows", median(floors), min(floors),
           max(floors))],
         [f"ratio {median(ratios):.2f} (target {TARGET}): {verdict(median(ratios), TARGET, at_least=True)}"])
    show("   Where a mail's time goes (one more run, with clocks in it)", ("stage", "ms/mail", "share %"),
         stages.table(count))


def _ours(user: User, count: int) -> tuple[float, float]:
    """Seconds for all, and rows written for each mail."""
    with folder("ours") as place:
        config = settings(place, user)
        survey, database = load_survey(config.survey), connect(config.database)
        with ReaderPool(config.survey, config.read) as pool:
            began = time.perf_counter()
            watch_once(config, config.mailboxes[0], PASSWORD, database, now)
            process_pending(config, survey, database, pool, now)
            seconds = time.perf_counter() - began
        queued = one(database, "SELECT count(*) AS n FROM replies WHERE state = 'queued'")["n"]
        if queued != count:
            print(f"!!! {queued} replies are queued for {count} mails: {_states(database)}")
        written = sum(one(database, f"SELECT count(*) AS n FROM {table}")["n"] for table in _TABLES)
        database.close()
    return seconds, written / count


def _states(database) -> list[dict]:
    return list(database.query("SELECT kind, state, silence, count(*) AS n FROM messages GROUP BY 1, 2, 3"))


def _floor(user: User, count: int, rows: int) -> float:
    """Seconds for the least that must be done."""
    with folder("floor") as place, closing(_database(place)) as database:
        began = time.perf_counter()
        context = ssl.create_default_context(cafile=user.server.ca_file)
        client = imapclient.IMAPClient(user.server.host, user.server.port, ssl_context=context)
        client.login(user.name, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        uids, done = client.search("ALL"), 0
        for start in range(0, len(uids), _FETCH):
            for items in client.fetch(uids[start : start + _FETCH], ["BODY.PEEK[]"]).values():
                done += _least(database, items[b"BODY[]"], rows)
        seconds = time.perf_counter() - began
        client.logout()
    if done != count:
        print(f"!!! the floor saw {done} of {count} forms")
    return seconds


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
            texts += [element.text for element in root.iter("{*}t") if element.text]
    written = [(message["Message-ID"], number, texts[number % len(texts)]) for number in range(rows)]
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO cells (mail, number, text) VALUES (?, ?, ?)", written)
    database.execute("COMMIT")
    return forms
