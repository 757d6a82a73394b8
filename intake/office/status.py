"""One screen: is the service alive, and does anything wait for a person?

Exit codes: 0 healthy, 1 needs a person, 2 dead (no heartbeat for some minutes, or the database cannot be read).
"""

import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime

from intake.config import Config, Mailbox
from intake.office import accounting, attention, deadlines, digest_page, words
from intake.office.accounting import minutes_since, read_map
from intake.office.deadlines import Deadlines
from rules.errors import IntakeError
from store import digests, overview
from store.database import Database, connect

HEALTHY, NEEDS_A_PERSON, DEAD = 0, 1, 2
#: the daemon's clock beats every 20 seconds; after so many minutes without a beat it is dead
DEAD_MINUTES = 5
#: a mailbox that was not looked at for so many polls (and at least so many minutes) needs a person
LATE_POLLS, LATE_MINUTES = 5, 15
#: submissions of one sort that are written out
_MOST_LINES = 5
_NAMES = {HEALTHY: "运行正常", NEEDS_A_PERSON: "运行中，有事项需要人工处理", DEAD: "服务没有在运行"}


@dataclass(frozen=True, slots=True)
class Status:
    """What `intake status` prints."""

    #: 0, 1 or 2
    exit_code: int
    #: the screen, in Chinese
    text: str
    #: the same for scripts (`--json`)
    facts: dict


def read_status(config: Config, now: datetime) -> Status:
    """The status of the service, opening the database itself: where it is missing or unreadable, dead, not an error."""
    if not config.database.exists():
        return _unreadable(f"数据库不存在：{config.database}。请先运行 intake run。")
    try:
        return status(config, connect(config.database), now)
    except (sqlite3.Error, OSError, IntakeError) as error:
        return _unreadable(f"数据库无法读取：{config.database}（{error}）。请运行 intake doctor。")


def status(config: Config, database: Database, now: datetime) -> Status:
    """The status of the service as the tables tell it; writes nothing."""
    health = {row["name"]: row for row in overview.health(database)}
    beat = minutes_since(health.get("heartbeat", {}).get("at"), now)
    alive = beat is not None and beat <= DEAD_MINUTES
    late = [box.address for box in config.mailboxes if alive and _is_late(health, box, now)]
    tasks = attention.gather(database, attention.View(now, _MOST_LINES))
    due = deadlines.gather(config, None, database, now)
    code = DEAD if not alive else NEEDS_A_PERSON if tasks or late else HEALTHY
    sizes = overview.queue_sizes(database)
    facts = {
        "state": ("healthy", "needs_a_person", "dead")[code], "exit_code": code,
        "at": now.isoformat(timespec="seconds"),
        "heartbeat_minutes": None if beat is None else round(beat, 1),
        "polls": {box.address: _polled(health, box) for box in config.mailboxes}, "late_mailboxes": late,
        "queues": sizes, "ledger": digests.ledger_size(database),
        "oldest_waiting": overview.oldest_waiting(database),
        "folders": [asdict(folder) for folder in accounting.folders(database)],
        "attention": {task.code: task.count for task in tasks},
        "deadlines": due.counts, "last_digest": (digests.last_digest(database) or {}).get("day"),
    }
    return Status(code, "\n".join(_screen(config, facts, tasks, accounting.folders(database), due)) + "\n", facts)


def _unreadable(sentence: str) -> Status:
    return Status(DEAD, f"● {_NAMES[DEAD]}\n{sentence}\n",
                  {"state": "dead", "exit_code": DEAD, "error": sentence})


def _polled(health: dict, box: Mailbox) -> str | None:
    return health.get(f"last_poll:{box.address}", {}).get("at")


def _is_late(health: dict, box: Mailbox, now: datetime) -> bool:
    minutes = minutes_since(_polled(health, box), now)
    failing = read_map(health.get(f"mailbox_error:{box.address}", {}).get("value"))
    # a failing mailbox stands among the tasks already
    return not failing and minutes is not None and minutes > max(LATE_MINUTES, LATE_POLLS * box.poll_seconds / 60)


def _screen(config: Config, facts: dict, tasks, folders, due: Deadlines) -> list[str]:
    mark = "○" if facts["exit_code"] == DEAD else "●"
    lines = [f"{mark} {_NAMES[facts['exit_code']]}（{facts['at'][:16].replace('T', ' ')}）", *_pulse(config, facts), ""]
    lines += ["来信  " + _tally(words.MESSAGE_STATES, facts["queues"]["messages"], facts["ledger"], "封"),
              "登记  " + _tally(words.STATUSES, facts["queues"]["submissions"], None, "件"),
              "回信  " + _tally(words.REPLY_STATES, facts["queues"]["replies"], None, "封"),
              f"日报  最近一期：{facts['last_digest'] or '尚无'}", "", "邮箱与台账"]
    lines += [f"  {digest_page.folder_name(folder)}：{digest_page.folder_sentence(folder)}"
              for folder in folders] or ["  尚未查看过邮箱。"]
    lines += _deadlines(due)
    lines += ["", "需要人工处理"]
    lines += [f"  {task.title}：{task.count} 项。{task.advice}" for task in tasks]
    lines += [f"  {address}：已较长时间没有成功查看邮箱，请运行 intake doctor。" for address in facts["late_mailboxes"]]
    return lines if tasks or facts["late_mailboxes"] else [*lines, "  没有。"]


def _deadlines(due: Deadlines) -> list[str]:
    """The most urgent submissions that still lack something."""
    lines = ["", f"补正期限  已逾期 {len(due.overdue)} 份；即将到期 {len(due.soon)} 份；期限未到 {due.later} 份"]
    for title, found in (("已逾期", due.overdue), ("即将到期", due.soon)):
        lines += [f"  {title}  {line}" for line in found[:_MOST_LINES]]
        more = len(found) - _MOST_LINES
        lines += [f"  {title}  另有 {more} 份，见日报或 intake reminders。"] if more > 0 else []
    return lines


def _pulse(config: Config, facts: dict) -> list[str]:
    beat = facts["heartbeat_minutes"]
    if beat is None:
        lines = ["守护进程从未在此数据文件夹运行过。请运行 intake run。"]
    elif facts["exit_code"] == DEAD:
        lines = [f"守护进程最近一次报到在 {_duration(beat)}前。请检查服务并重新启动。"]
    else:
        lines = [f"守护进程 {_duration(beat)}前报到。"]
    return lines + [f"{address}：最近一次查看 {at[:16].replace('T', ' ') if at else '尚无记录'}"
                    for address, at in facts["polls"].items()]


def _duration(minutes: float) -> str:
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 120:
        return f"{minutes:.0f} 分钟"
    return f"{minutes / 60:.0f} 小时" if minutes < 48 * 60 else f"{minutes / 1440:.0f} 天"


def _tally(labels: dict[str, str], counts: dict[str, int], total: int | None, unit: str) -> str:
    parts = [f"{label} {counts[code]}" for code, label in labels.items() if counts.get(code)]
    return f"共 {sum(counts.values()) if total is None else total} {unit}" + ("：" + "；".join(parts) if parts else "")
