"""How the service itself does: when it last looked into each mailbox, what is in its queues, and the room on its disk."""

import shutil
from dataclasses import dataclass
from datetime import datetime

from intake.config import Config
from intake.office.attention import Attention
from intake.office.words import REPLY_STATES
from store import overview
from store.database import Database

_GIB = 1024**3
#: with less room than this a person must act today
SCARCE_BYTES = _GIB
#: answers and digests in one of these have not come to rest
_RESTING = ("held", "queued", "sending", "deferred", "failed", "uncertain")


@dataclass(frozen=True, slots=True)
class State:
    """What the report and the home page say of the service."""

    #: (address, when it was last looked at with success: ISO 8601 or None)
    polls: tuple[tuple[str, str | None], ...]
    #: when the daemon last beat; ISO 8601 or None
    heartbeat: str | None
    #: mails that are still to be read, and when the oldest of them was entered
    unread: int
    oldest: str | None
    #: mails of ours that have not come to rest, by state
    outbox: dict[str, int]
    free_bytes: int
    database_bytes: int


def gather(config: Config, database: Database, now: datetime) -> State:
    """The state as the tables and the disk tell it."""
    notes = {row["name"]: row["at"] for row in overview.health(database)}
    waiting = overview.resting_mail(database)
    folder = next(path for path in (config.data, *config.data.parents) if path.exists())
    return State(
        polls=tuple((box.address, notes.get(f"last_poll:{box.address}")) for box in config.mailboxes),
        heartbeat=notes.get("heartbeat"), unread=overview.unread(database), oldest=overview.oldest_waiting(database),
        outbox={state: waiting[state] for state in _RESTING if waiting.get(state)},
        free_bytes=shutil.disk_usage(folder).free,
        database_bytes=config.database.stat().st_size if config.database.exists() else 0)


def rows(state: State) -> tuple[tuple[str, str], ...]:
    """(what, how it stands), in Chinese."""
    polls = [(f"最近一次成功查看 {address}", at[:16].replace("T", " ") if at else "尚无记录") for address, at in state.polls]
    oldest = f"，最早一封 {state.oldest[:16].replace('T', ' ')} 收下" if state.oldest else ""
    outbox = "，".join(f"{REPLY_STATES[code]} {n} 封" for code, n in state.outbox.items()) or "没有积压"
    return (*polls, ("尚待处理的来信", f"{state.unread} 封{oldest}"), ("待发的回信和日报", outbox),
            ("数据所在磁盘", f"剩余 {size(state.free_bytes)}，数据库 {size(state.database_bytes)}"))


def tasks(state: State) -> tuple[Attention, ...]:
    """The disk, when it is nearly full."""
    if state.free_bytes >= SCARCE_BYTES:
        return ()
    line = f"数据所在磁盘只剩 {size(state.free_bytes)}"
    return (Attention("disk", "磁盘将满", "请立即清理或扩容；写满后新邮件会留在邮箱里，不会丢失，但也不会处理。", (line,), 1),)


def size(octets: int) -> str:
    """`1.5 GB`, `12.3 MB`."""
    return f"{octets / _GIB:.1f} GB" if octets >= _GIB else f"{octets / 1024**2:.1f} MB"
