"""In what portions mail is fetched, and when one that was not handed out is asked for again: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.mailbox.imap import Facts

#: mails in one FETCH and one transaction, however small they are
BATCH_MAILS = 50


@dataclass(frozen=True, slots=True)
class Hole:
    """A mail that the server lists and has not handed out."""

    uid: int
    #: ISO 8601
    first_seen: str
    last_tried: str
    tries: int = 1
    #: how often the connection died over it
    losses: int = 0

    def is_due(self, now: datetime) -> bool:
        """Each turn; but one that keeps killing the connection waits 8 minutes, 16, … up to six hours."""
        if self.losses <= 2:
            return True
        return now >= datetime.fromisoformat(self.last_tried) + min(
            timedelta(minutes=2 ** min(self.losses, 12)), timedelta(hours=6)
        )


def plan_batches(facts: dict[int, Facts], batch_bytes: int, part_bytes: int) -> list[list[int]]:
    """Ascending UIDs in batches of at most `batch_bytes` and BATCH_MAILS.

    A mail larger than `part_bytes`, or of unknown size, stands alone.
    """
    batches: list[list[int]] = []
    room = 0
    for uid, fact in sorted(facts.items()):
        alone = is_large(fact, part_bytes)
        if alone or not batches or room < (fact.size or 0) or len(batches[-1]) >= BATCH_MAILS:
            batches.append([])
            room = batch_bytes
        batches[-1].append(uid)
        room = 0 if alone else room - fact.size
        if alone:
            batches.append([])
            room = batch_bytes
    return [batch for batch in batches if batch]


def is_large(fact: Facts, part_bytes: int) -> bool:
    """Whether a mail is to be fetched in parts; one of unknown size is."""
    return fact.size is None or fact.size > part_bytes
