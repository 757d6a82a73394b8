"""The workbook that goes with a digest: in its mail, or in a folder of the office's own.

It holds the register as it stands when the digest is made, and bears the date of that day: written once more by a turn that
was cut short, it takes its own place. Nothing of it may keep the office from its report: what cannot be written is told there.
"""

import contextlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intake.config import Config
from intake.office import ledger
from intake.office.ledger_masking import MAILED, MAILED_WITH_TELEPHONES, ON_DISK
from intake.office.roster import listed
from intake.sending.compose import Attachment
from intake.system_errors import of_system
from rules.survey import Survey
from store.database import Database

log = logging.getLogger(__name__)

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAME = "登记台账{day}.xlsx"
#: seconds after which an unfinished file is left over from a crash
_STALE = 3600


@dataclass(frozen=True, slots=True)
class DailyLedger:
    """One day's workbook, and what became of it."""

    #: `attached`, `kept` (in the folder), `large` (too large for a mail, so in the folder) or `failed` (nowhere)
    outcome: str
    #: what the digest says of it
    sentence: str
    attachments: tuple[Attachment, ...] = ()

    @property
    def facts(self) -> dict:
        """What is kept of it with the digest."""
        return {"outcome": self.outcome, "sentence": self.sentence}


def prepare(config: Config, survey: Survey, database: Database, now: datetime) -> DailyLedger | None:
    """The workbook as the configuration wants it, written where it belongs on disk; None where none is wanted.

    To be called outside of a transaction: a large register takes a minute, and nobody else could write meanwhile.
    """
    policy = config.digest
    if policy.ledger == "none" or policy.ledger == "attach" and not (config.smtp and policy.to):
        return None
    try:
        return _prepared(config, survey, database, now)
    except OSError as error:
        return _failed(error, of_system(error))
    except Exception as error:  # noqa: BLE001  the office has its report all the same; a message may quote a registrant
        return _failed(error, f"（{type(error).__name__}）")


def _failed(error: Exception, why: str) -> DailyLedger:
    log.error("action=ledger-not-written error=%s", type(error).__name__)
    return DailyLedger("failed", f"登记台账未能制作，请告知运维人员。{why}")


def _prepared(config: Config, survey: Survey, database: Database, now: datetime) -> DailyLedger:
    policy = config.digest
    attach = policy.ledger == "attach"
    masking = (MAILED_WITH_TELEPHONES if policy.telephones == "full" else MAILED) if attach else ON_DISK
    # a list that cannot be read is told of in the digest itself
    units = listed(config, survey, database)
    octets, _ = ledger.build(database, survey, now, masking, units.roster if units else None)
    name = _NAME.format(day=now.astimezone(config.time_zone).date().isoformat())
    limit = policy.ledger_mb * 1024 * 1024
    if attach and len(octets) <= limit:
        hidden = "证件号码、手机号码和邮箱地址" if masking.telephones else "证件号码和邮箱地址"
        return DailyLedger("attached", f"登记台账见附件，其中{hidden}已作隐藏。", (Attachment(name, octets, _XLSX),))
    return _kept(config.ledger_folder / name, octets, _too_large(len(octets), policy.ledger_mb) if attach else "")


def _too_large(size: int, limit_mb: int) -> str:
    return f"（{size / 1024 / 1024:.1f} MB，超过附件上限 {limit_mb} MB）"


def _kept(path: Path, octets: bytes, why: str) -> DailyLedger:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger.keep(octets, path)
    _sweep(path.parent)
    return DailyLedger("large" if why else "kept", f"登记台账{why}已存为 {path}。")


def _sweep(folder: Path) -> None:
    """Remove what a crash left half written: it holds telephone numbers, and nobody would look for it."""
    for scrap in folder.glob("." + _NAME.format(day="*") + ".*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - scrap.stat().st_mtime > _STALE:
                scrap.unlink()
