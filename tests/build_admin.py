"""The admin's site on a real socket, on a database full of invented numbers."""

import html
import json
import re
import socket
import threading
from contextlib import closing, contextmanager
from urllib.parse import urljoin, urlsplit

import httpx
import uvicorn
from build_store import (
    ID_NUMBER,
    PHONE,
    add,
    add_account,
    add_attachment,
    add_message,
    add_reply,
    add_submission,
    at,
    configuration,
    stamp,
)

from intake.admin import site_for
from rules.survey import load_survey
from store.admin.policy import hidden_columns, tables
from store.admin.site import application
from store.database import connect
from store.users import add_user, all_users

#: what must never be seen: the number, its birthday, and the mobile
SECRETS = (ID_NUMBER, ID_NUMBER[6:14], PHONE, PHONE[3:])


#: an invented user for each role
PASSWORDS = {"view": ("王看", "kan-2019-xx"), "handle": ("李办", "ban-2019-xx"), "manage": ("赵管", "guan-2019-xx")}


def log_in(client: httpx.Client, role: str = "manage") -> httpx.Response:
    """Log the client in as the user of that role; the answer to the form."""
    name, password = PASSWORDS[role]
    return submit(client, "/-/login", name=name, password=password)


def submit(client: httpx.Client, address: str, **fields: str) -> httpx.Response:
    """A form as the browser would send it, with the token of the CSRF protection."""
    if "ds_csrftoken" not in client.cookies:
        client.get("/-/login")
    return client.post(address, data={"csrftoken": client.cookies["ds_csrftoken"], **fields})


@contextmanager
def serving(folder, role: str | None = "manage", config=None):
    """The site on a real socket, with a user for each role; gives a client that is logged in (None: that is not).

    `config`: of another installation than the one in `folder`.
    """
    config = config or configuration(folder)
    with closing(connect(config.database)) as database:
        known = {user.name for user in all_users(database)}
        for code, (name, password) in PASSWORDS.items():
            if name not in known:
                add_user(database, name, code, password, at("2019-08-01 08:00"), "谭")
    site = site_for(config, load_survey(config.survey))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(site), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            if role:
                assert log_in(client, role).status_code == 303
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        site.executor.shutdown()
        site.intake_access.close()
        site.intake_threads.close()
        site.intake_desk.close()
        site.intake_front.close()
        for database in site.databases.values():
            database.close()


def fill(database) -> None:
    """One row at least in every table, and the invented numbers in every column that is not a plain code."""
    mail = add_message(database)
    file = add_attachment(database, mail)
    add(database, "readings", message_id=mail, reading=ID_NUMBER.encode())
    submission = add_submission(database, mail, status="review")
    account = add_account(database, submission, attachment_id=file, message_id=mail)
    reply = add_reply(database, mail, submission)
    add(database, "reply_submissions", reply_id=reply, submission_id=submission)
    add(database, "former_keys", submission_id=submission, key=f"id:{ID_NUMBER}")
    add(database, "unread_files", submission_id=submission, attachment_id=file)
    number = {
        "submission_id": submission,
        "attachment_id": file,
        "kind": "id_card",
        "holder": "谭晓明",
        "number": ID_NUMBER,
    }
    add(database, "papers", **number, title="居民身份证", confidence=0.9)
    add(database, "materials", **number, accepted=1)
    for name in ("owner_id_number", "admin_phone", "introduction"):
        add(database, "fields", account_id=account, name=name, valid=1, method="docx")
        add(
            database,
            "account_history",
            account_id=account,
            submission_id=submission,
            name=name,
            actor="谭",
            at=stamp("2019-08-01 10:00"),
        )
    add(
        database,
        "doubts",
        message_id=mail,
        submission_id=submission,
        sentence="请核实",
        created_at=stamp("2019-08-01 10:00"),
    )
    reminder = add_reply(database, None, submission, kind="reminder", state="held")
    add(database, "reminders", submission_id=submission, step=-3, deadline="2019-08-13", day="2019-08-10", reply_id=reminder)
    add(database, "roster_reminders", reply_id=reminder, registrant_key="unit:青石镇中心小学")
    add(database, "dead_addresses", address="gone@example.net", at=stamp("2019-08-01 10:00"))
    add(database, "health", name="heartbeat", at=stamp("2019-08-01 10:00"))
    add(
        database,
        "digests",
        day="2019-08-01",
        counts={},
        html="x",
        text="x",
        state="made",
        created_at=stamp("2019-08-02 08:30"),
    )
    add(
        database,
        "digest_mails",
        digest_id=1,
        to_address="x@example.cn",
        subject="日报",
        smtp_message_id="<d@example.cn>",
        state="sent",
        created_at=stamp("2019-08-02 08:30"),
        mime=b"x",
    )
    for table in tables().values():
        if table.name not in ("events", "decisions"):
            _write_numbers(database, table)
    add(
        database,
        "events",
        at=stamp("2019-08-01 10:00"),
        actor="谭",
        action="note",
        detail={"said": f"{ID_NUMBER} {PHONE}"},
    )
    add(
        database,
        "decisions",
        at=stamp("2019-08-01 10:00"),
        actor=f"谭 {PHONE}",
        kind="correct",
        submission_id=submission,
        account_id=account,
        name="owner_id_number",
        value={"value": ID_NUMBER, "was": PHONE},
        anchor={"name": [ID_NUMBER]},
        former_key=f"id:{ID_NUMBER}",
        why=f"{ID_NUMBER} {PHONE}",
    )


def _write_numbers(database, table) -> None:
    numbers = {
        "file": f"出生 {ID_NUMBER[6:10]} 年 7 月 15日\n公民身份号码 {ID_NUMBER} {PHONE}",
        "text": f"谭晓明 {ID_NUMBER}，电话 {PHONE}",
        "id": ID_NUMBER,
        "phone": PHONE,
    }
    written = {column.name: numbers[column.mask] for column in table.columns if column.mask in numbers}
    written |= {column.name: f"{ID_NUMBER} {PHONE}" for column in table.columns if column.mask == "field"}
    written |= {
        name: (ID_NUMBER.encode() if name in ("mime", "reading") else ID_NUMBER)
        for where, name in hidden_columns()
        if where == table.name
    }
    if "review_reasons" in written:
        written["review_reasons"] = json.dumps([written["review_reasons"]], ensure_ascii=False)
    if written:
        changes = ", ".join(f"{name} = ?" for name in written)
        database.conn.execute(f"UPDATE {table.name} SET {changes}", list(written.values()))


def sql(client, statement: str) -> httpx.Response:
    """A statement of the reader's own, as JSON rows."""
    return client.get("/intake.json", params={"sql": statement, "_shape": "arrays"})


def assert_no_number(response: httpx.Response) -> None:
    """No secret stands in a page, nor in its address."""
    for secret in SECRETS:
        assert secret not in response.text, response.url
        assert secret not in str(response.url)


def crawl(client, start: str, limit: int) -> dict[str, httpx.Response]:
    """Every page that can be reached by links, up to `limit`."""
    waiting, seen = [start], {}
    while waiting and len(seen) < limit:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen[address] = response = client.get(address, follow_redirects=True)
        if response.headers["content-type"].startswith("text/html"):
            for link in re.findall(r'(?:href|src|action)="([^"]*)"', response.text):
                target = urlsplit(urljoin(str(response.url), html.unescape(link)))
                ours = target.netloc == client.base_url.netloc.decode() and target.scheme == "http"
                if ours and target.query.count("&") < 2:
                    waiting.append(target._replace(scheme="", netloc="", fragment="").geturl())
    return seen
