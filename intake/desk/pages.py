"""The desk behind the site (`store.admin.desk.Desk`): stories, originals and acts on one configuration's database."""

import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from intake.config import Config
from intake.desk import acts
from intake.desk.decision import Office
from intake.office import words
from intake.office.originals import Originals, attachment_of
from intake.office.story import clock, masked_text, tell_message, tell_reply, tell_submission
from rules.survey import Survey
from store import overview, pacing, processing
from store.admin.desk import Action, Original, Outcome
from store.database import Database, connect, one, rows

#: mails of ours that are listed at once
MOST_LISTED = 200
_WAITING = ("uncertain", "failed", "held", "deferred", "queued", "sending")


class Pages:
    """Safe for threads: each call has a connection of its own, and those that are free are used again."""

    def __init__(self, config: Config, survey: Survey, now: Callable[[], datetime]):
        self._config, self._survey, self._now = config, survey, now
        self._originals = Originals(config)
        self._free: queue.LifoQueue[Database] = queue.LifoQueue()

    def close(self) -> None:
        """End the reader and close what is open; nothing may be asked any more."""
        self._originals.close()
        while not self._free.empty():
            self._free.get_nowait().close()

    @contextmanager
    def _database(self) -> Iterator[Database]:
        try:
            database = self._free.get_nowait()
        except queue.Empty:
            database = connect(self._config.database)
        try:
            yield database
        except BaseException:
            database.close()
            raise
        self._free.put(database)

    def submission(self, number: str, full: bool):
        """(story, stamp) of a submission, or None."""
        with self._database() as database:
            # the stamp first: what comes between the two makes the page stale, and never the other way
            found = overview.submission(database, number)
            stamp = acts.stamp_of_submission(database, found["id"]) if found else ""
            story = tell_submission(database, found["number"], self._survey, full) if found else None
            return (story, stamp) if story else None

    def message(self, message_id: int, full: bool):
        """(story, stamp) of a mail, or None."""
        with self._database() as database:
            stamp = acts.stamp_of_message(database, message_id)
            story = tell_message(database, message_id, self._survey, full)
            return (story, stamp) if story else None

    def reply(self, label: str, full: bool):
        """One mail of ours: {label, digest, told} or None."""
        text = label.lower()
        with self._database() as database:
            if text.startswith("d"):
                row = one(database, "SELECT m.*, d.text AS body, NULL AS message_id, NULL AS kind FROM digest_mails m JOIN "
                          "digests d ON d.id = m.digest_id WHERE m.id = ?", [int(text[1:])])
            else:
                row = one(database, "SELECT * FROM replies WHERE id = ?", [int(text)])
            if row is None:
                return None
            numbers = rows(database, "SELECT number FROM submissions WHERE id = ?1 OR id IN (SELECT submission_id FROM "
                           "reply_submissions WHERE reply_id = ?2) ORDER BY id",
                           [row.get("submission_id"), None if text.startswith("d") else row["id"]])
            return {"label": text, "digest": text.startswith("d"), "told": tell_reply(row, full),
                    "numbers": [found["number"] for found in numbers]}

    def outbox(self, full: bool) -> dict:
        """What waits, first what needs a person: {items, count, pause}."""
        order = " ".join(f"WHEN '{state}' THEN {place}" for place, state in enumerate(_WAITING))
        marks = ", ".join(f"'{state}'" for state in _WAITING)
        columns = "state, to_address, subject, attempts, coalesce(last_error, reason) AS why, created_at, not_before"
        both = (f"SELECT CAST(id AS TEXT) AS label, kind, message_id, {columns} FROM replies WHERE state IN ({marks}) UNION "
                f"ALL SELECT 'd' || id, NULL, NULL, {columns} FROM digest_mails WHERE state IN ({marks})")
        text = str if full else masked_text
        with self._database() as database:
            count = one(database, f"SELECT count(*) AS n FROM ({both})")["n"]
            found = rows(database, f"SELECT * FROM ({both}) ORDER BY CASE state {order} END, created_at LIMIT ?", [MOST_LISTED])
            pause = pacing.last_pause(database)
        items = [row | {"kind": words.word(words.REPLY_KINDS, row["kind"]) if row["kind"] else "日报",
                        "state_word": words.word(words.REPLY_STATES, row["state"]), "to": text(row["to_address"]),
                        "subject": text(row["subject"] or ""), "why": text(row["why"] or ""), "at": clock(row["created_at"])}
                 for row in found]
        told = f"{pause.until.astimezone(self._now().tzinfo):%m-%d %H:%M}" if pause and pause.until > self._now() else None
        return {"items": items, "count": count, "pause": (told, pause.reason) if told else None}

    def original(self, attachment_id: int, full: bool) -> Original | None:
        """A file of a mail."""
        with self._database() as database:
            return self._originals.describe(database, attachment_id, full)

    def original_page(self, attachment_id: int, page: int, width: int) -> bytes | None:
        """One page of it as JPEG."""
        with self._database() as database:
            return self._originals.page(database, attachment_id, page, width)

    def crop(self, field_id: int) -> bytes | None:
        """The piece that a field was read from, as JPEG."""
        with self._database() as database:
            return self._originals.crop(database, field_id)

    def attachment_of(self, field_id: int) -> int | None:
        """The file from which a field was read."""
        with self._database() as database:
            return attachment_of(database, field_id)

    def content(self, attachment_id: int) -> tuple[str, bytes] | None:
        """A file's name and its bytes."""
        with self._database() as database:
            return self._originals.content(database, attachment_id)

    def looked(self, actor: str, action: str, *, attachment_id: int | None = None, number: str | None = None) -> None:
        """Somebody has seen full numbers."""
        with self._database() as database:
            file = one(database, "SELECT message_id FROM attachments WHERE id = ?", [attachment_id])
            about = overview.submission(database, number) if number else None
            processing.add_event(database, self._now(), action, actor=actor, message_id=file["message_id"] if file else None,
                                 submission_id=about["id"] if about else None,
                                 detail={"attachment": attachment_id} if attachment_id is not None else None)

    def act(self, actor: str, action: str, target: str, form: Mapping[str, str]) -> Outcome:
        """Do what a clerk decided."""
        why = form.get("why", "").strip()[:500] or None
        with self._database() as database:
            office = Office(self._config, self._survey, database, actor, self._now(), why)
            return acts.act(office, self._originals.pool, action, target, form)

    def actions(self) -> Mapping[str, Action]:
        """Everything that can be done."""
        return acts.actions()

    def fields(self) -> list[tuple[str, str]]:
        """(column, label) of every field of the forms."""
        own = [(rule.name, rule.label) for rule in self._survey.fields]
        return own + ([("platform", "平台")] if self._survey.platforms else [])

    def categories(self) -> list[tuple[str, str]]:
        """(code, word) of each category."""
        return [(one_of.name, one_of.label) for one_of in self._survey.categories]

    def materials(self) -> list[tuple[str, str]]:
        """(code, word) of each document that can be judged."""
        demands = [demand for category in self._survey.categories for demand in category.demands]
        return list({demand.code: (demand.code, demand.short) for demand in demands}.values())

    def noun(self) -> str:
        """What a form describes, in a word: 账号."""
        return self._survey.item.noun
