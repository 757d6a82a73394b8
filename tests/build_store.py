"""Builders that fill a database through plain inserts; every person in them is invented."""

import itertools
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from intake.config import Config, DigestPolicy, Mailbox, Secret, Server, Smtp
from rules.survey import Survey, load_survey
from store.database import Database, connect

SURVEY = Path(__file__).parent.parent / "rules" / "survey.yaml"

ZONE = ZoneInfo("Asia/Shanghai")
#: an invented number with a right checksum, and an invented mobile number
ID_NUMBER = "430424198807150419"
PHONE = "13907345678"

_serial = itertools.count(1)


def at(text: str) -> datetime:
    """`2019-08-01 09:30` in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def stamp(text: str) -> str:
    """`2019-08-01 09:30` as the database writes it."""
    return at(text).isoformat(timespec="seconds")


def empty_store(folder) -> Database:
    """A migrated, empty intake.db in `folder`."""
    return connect(folder / "intake.db")


def add(database: Database, table: str, **row) -> int:
    """One row, lists and maps as JSON; its id."""
    plain = {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
        for key, value in row.items()
    }
    return database[table].insert(plain).last_rowid


def add_message(database: Database, received: str = "2019-08-01 09:30", **changes) -> int:
    """A processed registration mail."""
    n = next(_serial)
    entered = changes.pop("entered", received)
    row = {
        "mailbox": "office@example.cn",
        "folder": "INBOX",
        "uidvalidity": 1,
        "uid": n,
        "sha256": f"{n:064x}",
        "size": 28_000,
        "message_id": f"<{n}@example.net>",
        "from_address": f"person{n}@example.net",
        "from_name": "谭晓明",
        "subject": "新媒体账号登记",
        "sent_at": stamp(received),
        "received_at": stamp(received),
        "entered_at": entered if "T" in entered else stamp(entered),
        "kind": "registration",
        "state": "processed",
        "text": "您好，附件是登记表。",
    }
    return add(database, "messages", **(row | changes))


def add_attachment(database: Database, message_id: int, **changes) -> int:
    """A filled unit form in a .docx."""
    row = {
        "message_id": message_id,
        "filename": "登记表.docx",
        "media_type": "application/octet-stream",
        "size": 20_000,
        "sha256": f"{next(_serial):064x}",
        "role": "unit_form",
        "method": "docx",
        "pages": 1,
        "text": "账号名称\t衡东发布",
    }
    return add(database, "attachments", **(row | changes))


def add_submission(
    database: Database, message_id: int | None = None, opened: str = "2019-08-01 09:30", **changes
) -> int:
    """A complete, timely submission of a unit; linked to `message_id` where given."""
    n = next(_serial)
    row = {
        "number": f"HD2019-{n:04d}",
        "category": "unit",
        "registrant": f"衡东县第{n}中学",
        "uscc": "12430424MB1234567X",
        "status": "complete",
        "missing": [],
        "review_reasons": [],
        "contact_address": f"person{n}@example.net",
        "on_time": 1,
        "deadline": "2019-08-13",
        "opened_at": stamp(opened),
        "updated_at": stamp(opened),
    }
    identifier = add(database, "submissions", **(row | changes))
    if message_id:
        add(database, "submission_messages", submission_id=identifier, message_id=message_id, why="本信开立")
    return identifier


def add_account(database: Database, submission_id: int, **changes) -> int:
    """A 微信公众号 of a unit."""
    row = {
        "submission_id": submission_id,
        "form_kind": "unit_form",
        "name": "衡东发布",
        "handle": "hdfb",
        "service_type": "微信公众号(订阅号)",
        "platform": "微信公众号",
        "scope": ["便民服务", "新闻发布"],
        "formats": ["文字", "图片"],
        "introduction": "发布本地消息",
        "registered_on": "2018-05-01",
        "news_license": 0,
        "followers": 12000,
        "admin_name": "谭晓明",
        "admin_phone": PHONE,
        "admin_email": "tan@example.net",
        "admin_wechat": "tanxm",
        "unit_name": "衡东县第一中学",
        "unit_type": "事业单位",
        "legal_representative": "罗建国",
        "address": "衡东县洣水镇",
    }
    return add(database, "accounts", **(row | changes))


def add_reply(database: Database, message_id: int | None, submission_id: int | None = None, **changes) -> int:
    """An acknowledgement that went out."""
    n = next(_serial)
    row = {
        "message_id": message_id,
        "submission_id": submission_id,
        "kind": "acknowledgement",
        "to_address": "tan@example.net",
        "subject": "回复:新媒体账号登记",
        "body": "您好:材料已收到。",
        "smtp_message_id": f"<reply{n}@example.cn>",
        "state": "sent",
        "attempts": 1,
        "created_at": stamp("2019-08-01 09:31"),
        "sent_at": stamp("2019-08-01 09:32"),
        "mime": b"mime",
    }
    return add(database, "replies", **(row | changes))


def configuration(folder, **changes) -> Config:
    """A configuration on `folder` with one mailbox, SMTP, and one address for the digest."""
    nowhere = Secret("env", "UNSET")
    plain = {
        "path": folder / "service.yaml",
        "data": folder,
        "survey": SURVEY,
        "mailboxes": (Mailbox("office@example.cn", Server("127.0.0.1", 993), "office@example.cn", nowhere),),
        "smtp": Smtp(Server("127.0.0.1", 465), None, None, "office@example.cn"),
        "digest": DigestPolicy(to=("office@example.org",)),
    }
    return Config(**(plain | changes))


@cache
def shipped_survey() -> Survey:
    """The survey that is shipped."""
    return load_survey(SURVEY)


def multiply(database: Database, table: str, identifier: int, times: int, **different: str) -> None:
    """Copies of a row, as fast as SQLite makes them; `different` gives SQL for columns, with `n` from 1 to `times`."""
    columns = [name for name in database[table].columns_dict if name != "id"]
    values = ", ".join(different.get(name, name) for name in columns)
    database.conn.execute(
        f"WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ?) "
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}, counter WHERE {table}.id = ?",
        [times, identifier],
    )
