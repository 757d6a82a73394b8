"""A large office: a database with many submissions of invented people, made by plain inserts from a seed."""

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from rules.numbers import id_check
from rules.registrant import name_key
from rules.survey import Survey
from rules.towns import town_of
from store.database import Database, writing

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2019, 7, 24)
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜谭罗"
GIVEN = "晓明建国文华丽娟志强海燕春梅玉兰正平光荣立新思源雨桐子涵嘉怡俊杰若溪佳慧浩然"
KINDS = ("中心小学", "中学", "卫生院", "人民政府", "供销社", "文化站", "农业合作社", "传媒有限公司", "幼儿园", "村民委员会")
SUBJECTS = ("新媒体账号登记", "登记表和证件", "关于报送新媒体账号的函", "补充材料", "调查摸底登记表")
WORDS = ("本单位公众号主要发布通知公告", "便民服务", "农产品推广", "校园新闻", "健康科普", "本地资讯", "政策解读", "招生信息")
STATUSES, WEIGHTS = ("incomplete", "review", "complete", "registered", "withdrawn"), (20, 4, 45, 30, 1)
_BATCH = 5_000
_COLUMNS = {
    "messages": ("id", "mailbox", "folder", "uidvalidity", "uid", "sha256", "size", "message_id", "from_address", "from_name",
                 "subject", "sent_at", "received_at", "kind", "state", "attempts", "processed_at", "entered_at", "silence",
                 "text"),
    "attachments": ("id", "message_id", "filename", "media_type", "size", "sha256", "role", "problem", "text", "method",
                    "pages"),
    "submissions": ("id", "number", "category", "registrant", "registrant_key", "id_number", "status", "missing",
                    "review_reasons", "contact_address", "on_time", "deadline", "opened_at", "updated_at", "town"),
    "submission_messages": ("submission_id", "message_id", "why"),
    "accounts": ("id", "submission_id", "attachment_id", "message_id", "form_kind", "name", "handle", "service_type",
                 "platform", "introduction", "registered_on", "followers", "admin_name", "admin_phone", "unit_name",
                 "address", "owner_name", "owner_id_number"),
    "fields": ("account_id", "name", "value", "raw", "valid", "attachment_id", "location", "method", "confidence"),
    "materials": ("submission_id", "attachment_id", "kind", "accepted", "reason"),
    "replies": ("id", "message_id", "submission_id", "kind", "to_address", "subject", "body", "smtp_message_id", "state",
                "created_at", "sent_at", "mime"),
    "reply_submissions": ("reply_id", "submission_id", "status", "missing"),
    "events": ("at", "actor", "action", "message_id", "submission_id"),
}


def fill(database: Database, count: int, survey: Survey, seed: int = 1) -> None:
    """`count` submissions, each with its mail, two files, an account, its fields and an answer."""
    made = _submissions(count, survey, seed)
    while batch := list(islice(made, _BATCH)):
        with writing(database):
            for table, names in _COLUMNS.items():
                sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
                database.conn.executemany(sql, (row for one in batch for row in one[table]))


def _submissions(count: int, survey: Survey, seed: int) -> Iterator[dict[str, list[tuple]]]:
    chance = random.Random(seed)
    towns, platforms = [town.name for town in survey.towns], [choice.name for choice in survey.platforms]
    for n in range(1, count + 1):
        yield _submission(n, count, chance, towns, platforms, survey)


def _person(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, chance.choice((1, 2, 2))))


def _submission(n: int, count: int, chance: random.Random, towns, platforms, survey: Survey) -> dict[str, list[tuple]]:
    unit = chance.random() < 0.7
    town, person = chance.choice(towns), _person(chance)
    name = f"衡东县{town}第{n % 997}{chance.choice(KINDS)}" if unit else person
    half = f"430424{chance.randint(1950, 2000)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}{n % 1000:03}"
    number, phone = half + id_check(half), f"139{chance.randint(0, 99_999_999):08}"
    at = (datetime.combine(FIRST, datetime.min.time(), ZONE)
          + timedelta(seconds=int(chance.triangular(0, 86_400 * 120, 86_400 * 12)))).isoformat()
    status = chance.choices(STATUSES, WEIGHTS)[0]
    missing = json.dumps([chance.choice(("org_certificate", "principal_id_card"))]) if status == "incomplete" else "[]"
    reasons = json.dumps(["登记表上的单位名称与证书上的名称不一致，请核对原件。"], ensure_ascii=False) if status == "review" else "[]"
    platform, form = chance.choice(platforms), "unit_form" if unit else "individual_form"
    account = f"{town[:2]}{chance.choice(WORDS)[:4]}{n}"
    text = f"账号名称\t{account}\n单位名称\t{name}\n功能介绍\t{'，'.join(chance.sample(WORDS, 4))}\n管理员\t{person}\n手机号码\t{phone}"
    address = f"person{n}@example.net"
    values = {"name": account, "handle": f"zh{n}", "service_type": platform, "registered_on": "2018-03-05",
              "admin_name": person, "admin_phone": phone, "unit_name": name if unit else None,
              "address": f"衡东县{town}", "owner_name": None if unit else person,
              "owner_id_number": None if unit else number}
    return {
        "messages": [(n, "office@example.cn", "INBOX", 1, n, f"{n:064x}", 28_000, f"<{n}@example.net>", address, person,
                      f"{chance.choice(SUBJECTS)} {name}", at, at, "registration", "processed", 1, at, at, None,
                      f"您好，附件是{name}的登记表，请查收。联系人{person}。")],
        "attachments": [(2 * n - 1, n, f"{name}登记表.docx", "application/octet-stream", 20_000, f"{2 * n:064x}", form, None,
                         text, "docx", 1),
                        (2 * n, n, "扫描件.jpg", "image/jpeg", 400_000, f"{2 * n + 1:064x}", "id_card",
                         "unreadable" if n % 200 == 0 else None, f"姓名 {person} 公民身份号码 {number}", "ocr", 1)],
        "submissions": [(n, survey.numbering.format(n), "unit" if unit else "individual", name,
                         name_key("unit" if unit else "individual", name, survey), None if unit else number, status,
                         missing, reasons, address, int(at[:10] <= "2019-08-13"), "2019-08-13", at, at,
                         town_of([name, f"衡东县{town}"], survey.towns))],
        "submission_messages": [(n, n, "new")],
        "accounts": [(n, n, 2 * n - 1, n, form, account, f"zh{n}", platform, platform, "，".join(chance.sample(WORDS, 2)),
                      "2018-03-05", n % 5000, person, phone, values["unit_name"], values["address"], values["owner_name"],
                      values["owner_id_number"])],
        "fields": [(n, field, value, value, 1, 2 * n - 1, "表 1 行 2 列 2", "docx", 1.0)
                   for field, value in values.items() if value],
        "materials": [(n, 2 * n - 1, form, 1, "登记表已填"), (n, 2 * n, "principal_id_card" if unit else "id_card", 1, "号码正确")],
        "replies": [(n, n, n, "missing_materials" if status == "incomplete" else "acknowledgement", address, "回复：登记",
                     "您好：材料已收到。", f"<reply{n}@example.cn>", "held" if n > count - 20 else "sent", at, at, b"mime")],
        "reply_submissions": [(n, n, status, missing)],
        "events": [(at, "daemon", "processed", n, n)],
    }
