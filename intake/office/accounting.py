"""Every mail accounted for: what each folder of the mailbox holds against what the ledger holds.

`intake.mailbox.watch` leaves in `health`, after each turn, a row `mailbox:<address>:<folder>` (a `collect.FolderReport`) and,
while something is wrong, a row `mailbox_error:<address>`.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from store import overview
from store.database import Database


@dataclass(frozen=True, slots=True)
class Folder:
    """One watched folder."""

    mailbox: str
    folder: str
    #: mails that the server listed; None where it was never listed (imported mail has no server)
    server: int | None
    #: listed mails that stand in the ledger; of mail without a server, all of them
    ledger: int
    #: ledger rows of mails that are no longer in the folder (moved or deleted there)
    gone: int
    #: server - ledger; None where the server's number is not known
    difference: int | None
    #: when it was last listed, ISO 8601
    at: str | None = None
    #: why it could not be looked at
    error: str | None = None
    #: mails that the server lists and does not hand out
    holes: int = 0
    #: the server has no such folder
    missing: bool = False


def folders(database: Database) -> list[Folder]:
    """Every folder that was ever listed or that has mails in the ledger, by mailbox and name."""
    totals = {(row["mailbox"], row["folder"]): row["n"] for row in overview.folders(database)}
    reports = _reports(database)
    return [_folder(place, totals.get(place, 0), *reports.get(place, (None, None)))
            for place in sorted({*totals, *reports})]


def _folder(place: tuple[str, str], total: int, report: dict | None, at: str | None) -> Folder:
    if report is None:
        return Folder(*place, server=None, ledger=total, gone=0, difference=None)
    if report.get("missing") or report.get("error"):
        return Folder(*place, server=None, ledger=total, gone=0, difference=None, at=at, error=report.get("error"),
                      missing=bool(report.get("missing")))
    server, known = report.get("mails", 0), report.get("ledger", 0)
    return Folder(*place, server=server, ledger=known, gone=max(total - known, 0), difference=server - known, at=at,
                  holes=len(report.get("holes") or ()))


def _reports(database: Database) -> dict[tuple[str, str], tuple[dict, str]]:
    found = {}
    for row in overview.health(database):
        if row["name"].startswith("mailbox:"):
            address, _, folder = row["name"].removeprefix("mailbox:").partition(":")
            found[address, folder] = (read_map(row["value"]), row["at"])
    return found


def read_map(text: str | None) -> dict:
    """A JSON map, or an empty one for anything else."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def minutes_since(at: str | None, now: datetime) -> float | None:
    """Minutes from an ISO 8601 time to `now`; None where there is none."""
    return (now - datetime.fromisoformat(at)).total_seconds() / 60 if at else None


def troubles(database: Database) -> list[str]:
    """What is wrong with mailboxes and folders, one plain line each."""
    lines = []
    for row in overview.health(database):
        if row["name"].startswith("mailbox_error:"):
            said = read_map(row["value"])
            since = (said.get("since") or row["at"])[:16].replace("T", " ")
            lines.append(f"{row['name'].removeprefix('mailbox_error:')}（自 {since} 起）：{said.get('error') or '原因未记录'}")
    for folder in folders(database):
        place = f"{folder.mailbox} {folder.folder}"
        if folder.error:
            lines.append(f"{place}:{folder.error}")
        if folder.holes:
            lines.append(f"{place}：有 {folder.holes} 封邮件服务器列出而取不下来，系统会继续重试")
        elif folder.difference:
            lines.append(f"{place}：邮箱中有 {folder.server} 封，台账中有 {folder.ledger} 封，相差 {folder.difference} 封")
    return lines
