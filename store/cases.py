"""What waits for a person's decision, in the order in which it is worked through: the review queue."""

import json
from dataclasses import dataclass

from store import overview
from store.database import Database, rows


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to decide."""

    #: `submission` or `message`
    about: str
    #: 登记编号, or the mail's id
    key: str
    #: registrant or subject, as written (numbers not masked); None where unknown
    title: str | None
    #: when it came, ISO 8601
    since: str
    #: JSON list of sentences, as written; thousands of cases are listed, few are read
    said: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it waits, each sentence once."""
        return tuple(dict.fromkeys(json.loads(self.said)))


def waiting(database: Database) -> list[Case]:
    """Submissions in review (first those in which nothing else is missing), mails that belong nowhere yet, mails that
    could not be processed; each the oldest first.
    """
    found = rows(database, "SELECT number, registrant, opened_at, review_reasons FROM submissions WHERE status <> 'withdrawn' "
                 "AND merged_into IS NULL AND (status = 'review' OR review_reasons <> '[]') ORDER BY status <> 'review', "
                 "opened_at, id")
    cases = [Case("submission", row["number"], row["registrant"], row["opened_at"], row["review_reasons"]) for row in found]
    found = rows(database, "SELECT m.id, m.subject, m.received_at, json_group_array(d.sentence) AS sentences FROM doubts d "
                 "JOIN messages m ON m.id = d.message_id WHERE d.submission_id IS NULL AND d.resolved_at IS NULL GROUP BY "
                 "m.id ORDER BY m.received_at, m.id")
    cases += [Case("message", str(row["id"]), row["subject"], row["received_at"], row["sentences"]) for row in found]
    return cases + [Case("message", str(row["id"]), row["subject"], row["received_at"],
                         json.dumps([row["error"] or "未能处理"])) for row in overview.failed_messages(database)]


def neighbours(cases: list[Case], about: str, key: str) -> tuple[int, Case | None, Case | None] | None:
    """(place from 1 on, the one before, the one after) of one of the cases, or None where it waits no longer."""
    place = next((n for n, case in enumerate(cases) if (case.about, case.key) == (about, key)), None)
    if place is None:
        return None
    return (place + 1, cases[place - 1] if place else None, cases[place + 1] if place + 1 < len(cases) else None)


def following(database: Database, cases: list[Case], about: str, key: str) -> Case | None:
    """The case to take up after one that is decided: the next of its sort that came after it, else the first."""
    done = overview.submission(database, key) if about == "submission" else overview.message(database, int(key))
    came = done and done["opened_at" if about == "submission" else "received_at"]
    later = (case for case in cases if case.about == about and came and case.since > came)
    return next(later, cases[0] if cases else None)
