"""What the sending account may do now, kept in `health` so that it survives a restart: its pause and its last mail."""

from dataclasses import asdict, dataclass
from datetime import datetime

from store import health
from store.database import Database, writing
from store.processing import add_event

_PAUSE, _LAST_MAIL = "smtp_pause", "smtp_last_mail"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing goes out through the account until then."""

    until: datetime
    #: plain Chinese
    reason: str
    #: pauses in a row, to wait longer each time
    count: int = 1
    #: a person can end it by mending the code or the configuration and starting the service again
    mendable: bool = False


def pause(database: Database, wanted: Pause, now: datetime) -> None:
    """Stop the whole account until `wanted.until`; survives a restart."""
    value = {**asdict(wanted), "until": wanted.until.isoformat(timespec="seconds")}
    with writing(database):
        health.note(database, _PAUSE, value, now)
        add_event(database, now, "paused", detail=value)


def last_pause(database: Database) -> Pause | None:
    """The pause that stands, or that stood last and was not ended by a success."""
    value = health.noted(database, _PAUSE)
    return value and Pause(**{**value, "until": datetime.fromisoformat(value["until"])})


def unpause(database: Database, actor: str, now: datetime) -> bool:
    """End the pause; True if there was one."""
    with writing(database):
        stood = last_pause(database) is not None
        if stood:
            health.forget(database, _PAUSE)
            add_event(database, now, "resumed", actor=actor)
    return stood


def note_mail(database: Database, now: datetime) -> None:
    """Remember when a transaction for a mail was begun."""
    health.note(database, _LAST_MAIL, now.isoformat(timespec="milliseconds"), now)


def last_mail_at(database: Database) -> datetime | None:
    """When the last mail was begun, for pacing across restarts."""
    found = health.noted(database, _LAST_MAIL)
    return datetime.fromisoformat(found) if found else None
