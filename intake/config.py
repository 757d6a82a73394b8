"""service.yaml as frozen values; the loader that checks it line by line is `load_config`."""

from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password is to be found; the password itself is never kept, printed or logged."""

    #: one of `env`, `file`, `credential` (systemd)
    source: str
    #: name of the variable, path of the file, or name of the credential
    name: str


@dataclass(frozen=True, slots=True)
class Server:
    """A host to connect to."""

    host: str
    port: int
    #: `implicit`, `starttls` or `none` (loopback only)
    tls: str = "implicit"
    #: PEM file of a private CA
    ca_file: Path | None = None
    timeout_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox to watch."""

    address: str
    imap: Server
    user: str
    password: Secret
    folders: tuple[str, ...] = ("INBOX", "垃圾邮件", "广告邮件", "订阅邮件")
    #: mail received before this day is entered in the ledger and left alone
    since: date | None = None
    poll_seconds: float = 60
    #: bytes fetched in one batch
    batch_bytes: int = 8 * 1024 * 1024
    #: a mail larger than this is fetched in parts of this size
    part_bytes: int = 1024 * 1024
    #: log-ins per quarter of an hour
    logins_per_15_minutes: int = 3
    #: further addresses under which we send or receive
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Smtp:
    """How our mail goes out."""

    server: Server
    #: the log-in; MAIL FROM must equal it at NetEase
    user: str | None
    password: Secret | None
    #: address in From; default: the first mailbox's address
    sender: str
    sender_name: str = ""
    #: what we call ourselves in EHLO: an address literal that gives no private host name away
    ehlo_name: str = "[127.0.0.1]"


@dataclass(frozen=True, slots=True)
class ReplyPolicy:
    """When and how fast we answer."""

    #: `send`, `approve` or `off`
    mode: str = "send"
    #: no automatic answer to mail received longer ago; 0: no limit
    max_age_days: int = 30
    seconds_between: float = 20
    per_address_per_day: int = 10
    per_day: int = 100
    #: answer only mail that names one of our addresses in To or Cc
    require_recipient: bool = True
    #: give a deferred mail up after this many hours
    give_up_hours: float = 48
    #: confirm by mail that the paper form has come (`intake paper`)
    confirm_paper: bool = False


@dataclass(frozen=True, slots=True)
class DigestPolicy:
    """The daily report."""

    to: tuple[str, ...] = ()
    at: time = time(8, 30)
    #: mornings on which it is sent: `daily`, or `workdays` (Monday to Friday, less `holidays`, and `workdays`)
    days: str = "daily"
    #: public holidays
    holidays: frozenset[date] = frozenset()
    #: Saturdays and Sundays that are worked for a holiday
    workdays: frozenset[date] = frozenset()
    #: `send` or `skip` when nothing came, nothing was done and nothing waits
    quiet_days: str = "send"
    #: how telephone numbers stand in it: `masked`, or `full` so that the clerk can dial at once
    telephones: str = "masked"
    #: the workbook of the day: `none`, `attach` (to its mail, masked as the digest is), or `folder` (as `intake ledger`)
    ledger: str = "none"
    #: where it is written, with `folder` or when it is too large to attach; None: `ledgers` in the data folder
    ledger_folder: Path | None = None
    #: a larger workbook is not attached
    ledger_mb: int = 10


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When registrants who still lack something are reminded; by default never."""

    enabled: bool = False
    #: days from the deadline, ascending; negative: before it
    days: tuple[int, ...] = (-3, 1, 7)
    #: reminders for one submission
    at_most: int = 3
    #: none within so many days after the registrant was last told what is missing
    quiet_days: int = 3
    at: time = time(9, 30)


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on reading one mail; one set for all formats and containers."""

    #: confined reader processes; 0: read inside the daemon itself (benchmarks and tests only)
    processes: int = 2
    max_mail_bytes: int = 100 * 1024 * 1024
    max_file_bytes: int = 50 * 1024 * 1024
    #: all files unpacked from one mail together
    max_total_bytes: int = 200 * 1024 * 1024
    max_files: int = 200
    #: MIME parts of one mail
    max_parts: int = 1000
    #: archives in archives, mails in mails
    max_depth: int = 4
    #: unpacked bytes per packed byte
    max_ratio: int = 200
    max_pages: int = 30
    #: wall-clock seconds for one mail, before its reader is killed
    seconds: float = 120
    #: address space of one reader
    memory_mb: int = 2048
    #: what readers made of files is kept in so many megabytes on the disk; 0: nothing is kept
    readings_mb: int = 1024
    #: tries before a mail is given up
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """Datasette."""

    host: str = "127.0.0.1"
    port: int = 8019
    #: further host names under which a reverse proxy on this machine passes requests on
    names: tuple[str, ...] = ()
    #: a session ends after so long without a request, and in any case after so many hours
    idle_minutes: int = 60
    session_hours: int = 12


@dataclass(frozen=True, slots=True)
class Config:
    """All of service.yaml, with every default filled in and every path absolute."""

    #: the file itself
    path: Path
    data: Path
    #: the survey's YAML file
    survey: Path
    mailboxes: tuple[Mailbox, ...]
    smtp: Smtp | None
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    reply: ReplyPolicy = ReplyPolicy()
    digest: DigestPolicy = DigestPolicy()
    read: ReadLimits = ReadLimits()
    admin: AdminPolicy = AdminPolicy()
    reminder: ReminderPolicy = ReminderPolicy()
    #: list of the units that are expected to hand in, or None
    roster: Path | None = None

    @property
    def database(self) -> Path:
        return self.data / "intake.db"

    @property
    def ledger_folder(self) -> Path:
        """Where the workbooks of the days are kept."""
        return self.digest.ledger_folder or self.data / "ledgers"

    @property
    def own_addresses(self) -> frozenset[str]:
        """Every address under which we send or receive, lower case."""
        boxes = [address for box in self.mailboxes for address in (box.address, box.user, *box.aliases)]
        sending = [self.smtp.sender, self.smtp.user or ""] if self.smtp else []
        return frozenset(address.lower() for address in [*boxes, *sending] if "@" in address)
