"""The admin's site from outside, by HTTP: Chinese, read-only, live, and no number of a person anywhere on it."""

import html
import json
import re
import socket
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest
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
    configuration,
    empty_store,
    multiply,
    shipped_survey,
    stamp,
)

from intake.admin import check_loopback, site_for
from intake.config import AdminPolicy
from rules.errors import ConfigError
from store.admin.gate import private_column
from store.admin.policy import hidden_columns, queries, tables
from store.admin.site import application
from store.database import connect

#: what must never be seen: the number, its birthday, and the mobile
SECRETS = (ID_NUMBER, ID_NUMBER[6:14], PHONE, PHONE[3:])


@contextmanager
def serving(folder):
    """The site on a real socket; gives a client for it."""
    site = site_for(configuration(folder), shipped_survey())
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(site), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        site.executor.shutdown()
        for database in site.databases.values():
            database.close()


def fill(database) -> None:
    """One row at least in every table, and the invented numbers in every column that is not a plain code."""
    mail = add_message(database)
    file = add_attachment(database, mail)
    submission = add_submission(database, mail, status="review")
    account = add_account(database, submission, attachment_id=file, message_id=mail)
    reply = add_reply(database, mail, submission)
    add(database, "reply_submissions", reply_id=reply, submission_id=submission)
    add(database, "unread_files", submission_id=submission, attachment_id=file)
    number = dict(submission_id=submission, attachment_id=file, kind="id_card", holder="谭晓明", number=ID_NUMBER)
    add(database, "papers", **number, title="居民身份证", confidence=0.9)
    add(database, "materials", **number, accepted=1)
    for name in ("owner_id_number", "admin_phone", "introduction"):
        add(database, "fields", account_id=account, name=name, valid=1, method="docx")
        add(database, "account_history", account_id=account, submission_id=submission, name=name, actor="谭", at=stamp("2019-08-01 10:00"))
    add(database, "doubts", message_id=mail, submission_id=submission, sentence="请核实", created_at=stamp("2019-08-01 10:00"))
    add(database, "dead_addresses", address="gone@example.net", at=stamp("2019-08-01 10:00"))
    add(database, "health", name="heartbeat", at=stamp("2019-08-01 10:00"))
    add(database, "digests", day="2019-08-01", counts={}, html="x", text="x", state="made", created_at=stamp("2019-08-02 08:30"))
    add(database, "digest_mails", digest_id=1, to_address="x@example.cn", subject="日报", smtp_message_id="<d@example.cn>",
        state="sent", created_at=stamp("2019-08-02 08:30"), mime=b"x")
    for table in tables().values():
        if table.name != "events":
            _write_numbers(database, table)
    add(database, "events", at=stamp("2019-08-01 10:00"), actor="谭", action="note", detail={"said": f"{ID_NUMBER} {PHONE}"})


def _write_numbers(database, table) -> None:
    numbers = {"text": f"谭晓明 {ID_NUMBER}，电话 {PHONE}", "id": ID_NUMBER, "phone": PHONE}
    written = {column.name: numbers[column.mask] for column in table.columns if column.mask in numbers}
    written |= {column.name: f"{ID_NUMBER} {PHONE}" for column in table.columns if column.mask == "field"}
    written |= {name: (ID_NUMBER.encode() if name == "mime" else ID_NUMBER) for where, name in hidden_columns()
                if where == table.name}
    if written:
        changes = ", ".join(f"{name} = ?" for name in written)
        database.conn.execute(f"UPDATE {table.name} SET {changes}", list(written.values()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder with a full database."""
    folder = tmp_path_factory.mktemp("admin")
    with closing(empty_store(folder)) as database:
        fill(database)
    return folder


@pytest.fixture(scope="module")
def client(folder):
    """A client of the site on that folder."""
    with serving(folder) as client:
        yield client


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


def test_no_page_that_can_be_reached_shows_a_number_of_a_person(client):
    """Every link, from the first page on: tables, rows, facets, orders, queries, JSON, CSV."""
    pages = crawl(client, "/", 150)
    assert len(pages) == 150
    assert [(address, page.text) for address, page in pages.items() if page.status_code != 200] == []
    assert any(".csv" in address for address in pages) and any(".json" in address for address in pages)
    for page in pages.values():
        assert_no_number(page)


@pytest.mark.parametrize("table", tables())
def test_no_form_of_a_table_shows_a_number_of_a_person(client, table):
    """HTML, JSON in its shapes, CSV, streamed CSV, with labels, rows and blobs."""
    addresses = ["", ".json", ".json?_shape=objects&_labels=on", ".json?_shape=array&_nl=on", ".json?_shape=arrayfirst",
                 ".csv", ".csv?_stream=on&_labels=on&_size=max", "?_size=max", "?_extra=query"]
    for address in addresses:
        assert_no_number(client.get(f"/intake/{table}{address}"))
    rows = client.get(f"/intake/{table}.json?_shape=objects").json()["rows"]
    assert rows, f"the fixture has no row in {table}"
    for column in rows[0]:
        assert_no_number(client.get(f"/intake/{table}/1.blob?_blob_column={column}"))
        assert_no_number(client.get(f"/intake/{table}/1.json?_extras=foreign_key_tables"))


@pytest.mark.parametrize("statement", [
    "select id_number from submissions", "select owner_id_number, owner_phone, admin_phone from accounts",
    "select * from submissions as s join accounts as a on a.submission_id = s.id",
    "select text, filename from attachments", "select value, raw from fields", "select number, holder from papers",
    "select number from materials", "select body, subject, to_address from replies", "select text from messages",
    "select detail from events", "select old_value, new_value from account_history",
    "select substr(id_number, 1, 1) || substr(id_number, 2) from submissions",
    "select group_concat(id_number, '') from submissions", "select json_group_array(text) from attachments",
    "with x as (select * from submissions) select id_number from x", "select (select text from attachments)",
    "select id_number from temp.submissions", "select * from main.submissions", "select max(text) from messages",
    "select s.id_number from submissions s where s.id_number like '%'", "select quote(id_number) from submissions",
    "with submissions as (select id_number from main.submissions) select * from submissions",
    "select hide_text(text) from attachments", "select word('STATUSES', id_number) from submissions",
    "select replace(id_number, '*', '') from submissions", "select count(*), id_number from submissions group by 2",
    "select id_number from (values (1)) left join submissions",
])
def test_no_statement_of_the_readers_own_shows_a_number(client, statement):
    """As JSON, CSV and page."""
    for address in ("/intake.json", "/intake.csv", "/intake"):
        response = client.get(address, params={"sql": statement})
        assert response.status_code == 200, response.text
        assert_no_number(response)


@pytest.mark.parametrize("statement", [
    "select sql from sqlite_temp_master", "select * from temp.sqlite_master", "select * from sqlite_temp_schema",
    "select * from pragma_database_list", "select file from pragma_database_list()", "pragma database_list",
    "attach 'x.db' as x", "select load_extension('x')", "select * from _sqlite_migrations", "select * from dbstat",
    "select data from sqlite_dbpage", "select sql from sqlite_stmt", "select mime from replies",
    "select registrant_key, answered_key from submissions", "select content_key from replies", "select html from digests",
    "pragma writable_schema=1", "insert into submissions (id) values (9)", "delete from main.submissions",
    "with submissions as (select * from _sqlite_migrations) select * from submissions", "update messages set text = ''",
    "create temp table x (a)", "drop view submissions", "vacuum into 'x.db'", "select * from pragma_table_list",
    "select * from pragma_function_list", "select 1; select id_number from submissions",
    "explain query plan select * from submissions", "-- x\n explain select * from submissions",
])
def test_the_way_round_the_views_is_closed(client, statement):
    """Nothing that would name the live file, change anything, or show what is in no view."""
    response = sql(client, statement)
    assert response.status_code == 400 or response.json()["ok"] is False
    assert_no_number(response)


def test_the_live_tables_cannot_be_read_even_by_their_secret_name(folder):
    """Whoever learned it (here: from the object itself) is refused, quoted, in capitals, or behind a borrowed name."""
    site = site_for(configuration(folder), shipped_survey())
    database = site.databases["intake"]
    live = database._live

    async def rows(statement):
        return [tuple(row) for row in (await database.execute(statement)).rows]

    import asyncio
    import sqlite3

    for name in (live, live.upper(), f'"{live}"', f"[{live}]"):
        for statement in (f"select id_number from {name}.submissions",
                          f"with submissions as (select id_number from {name}.submissions) select * from submissions",
                          f"select * from {name}.sqlite_master"):
            with pytest.raises(sqlite3.Error):
                asyncio.run(rows(statement))
    assert asyncio.run(rows("select count(*) from submissions")) == [(1,)]
    site.executor.shutdown()
    database.close()


def test_an_error_does_not_tell_the_secret_name(client):
    """SQLite's own sentence would."""
    for statement in ("select * from _sqlite_migrations", "explain query plan select * from submissions"):
        assert not re.search("live_[0-9a-f]{8}", sql(client, statement).text)


def test_every_column_of_the_database_has_a_place_in_the_policy(tmp_path):
    """A new column is not shown until somebody decides how; this test asks for that decision."""
    with closing(empty_store(tmp_path)) as database:
        written = {(table, column) for table in database.table_names() if not table.startswith(("_", "sqlite_"))
                   for column in database[table].columns_dict}
    known = {(table.name, column.name) for table in tables().values() for column in table.columns} | hidden_columns()
    assert written == known


def test_every_table_and_column_has_a_chinese_name_and_tables_a_description():
    """Nobody has to guess what `uid` is."""
    for table in tables().values():
        assert re.search("[一-鿿]", table.title) and re.search("[一-鿿]", table.description)
        for column in table.columns:
            assert re.search("[一-鿿]", column.label) or column.name in ("uid", "uidvalidity", "message_id", "smtp_message_id")


@pytest.mark.parametrize("name", queries())
def test_every_query_runs_and_has_chinese_columns(client, name):
    """On a full database, as page and as JSON."""
    page = client.get(f"/intake/{name}", params={"number": "HD2019-0001"})
    answer = client.get(f"/intake/{name}.json", params={"number": "hd2019-0001"}).json()
    assert page.status_code == 200 and "查询没有成功" not in page.text
    assert answer["ok"] and all(re.search("[一-鿿]", column) for column in answer["columns"])


def test_an_empty_database_has_a_site_too(tmp_path):
    """The first look after installation."""
    with serving(tmp_path) as client:
        for address in ("/", "/intake", *(f"/intake/{name}" for name in (*tables(), *queries()))):
            assert client.get(address).status_code == 200, address


def test_the_story_of_one_submission_is_found_by_its_number(tmp_path):
    """Any case; codes in the office's words."""
    with closing(empty_store(tmp_path)) as database:
        mail = add_message(database, subject="我们的登记表")
        submission = add_submission(database, mail, number="HD2019-0007", status="incomplete", missing=["id_card"])
        add_reply(database, mail, submission, kind="missing_materials")
    with serving(tmp_path) as client:
        page = client.get("/intake/one_submission?number=hd2019-0007").text
        listed = client.get("/intake/incomplete").text
    for words in ("待补正", "居民身份证", "我们的登记表", "补正通知 已发送"):
        assert words in page
    assert '<a href="/intake/one_submission?number=HD2019-0007">HD2019-0007</a>' in listed


def test_pages_load_nothing_from_elsewhere_and_run_no_script(client):
    """The machine may have no internet, and a registrant's text must not reach out."""
    for address in ("/", "/intake", "/intake/submissions", "/intake/submissions/1", "/intake/review", "/intake/nothing"):
        response = client.get(address)
        assert "<script" not in response.text
        own = str(client.base_url).rstrip("/")
        assert not re.search(r'(?:src|href)="(?:https?:)?//', response.text.replace(f'="{own}', '="'))
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert response.headers["cache-control"] == "no-store"
    style = client.get("/assets/admin.css")
    assert style.status_code == 200 and "url(" not in style.text and "@import" not in style.text


def test_a_web_address_in_a_form_is_no_link(tmp_path):
    """A click on a stranger's text must not leave the site."""
    with closing(empty_store(tmp_path)) as database:
        add_account(database, add_submission(database), handle="https://evil.example/x", introduction="http://evil.example")
    with serving(tmp_path) as client:
        page = client.get("/intake/accounts").text + client.get("/intake/accounts/1").text
    assert "https://evil.example/x" in page and 'href="https://evil' not in page and 'href="http://evil' not in page


@pytest.mark.parametrize("address", [
    "/intake/submissions?id_number=1", "/intake/submissions?id_number__contains=4304", "/intake/accounts?_facet=admin_phone",
    "/intake/accounts?_sort=owner_id_number", "/intake/accounts?_sort_desc=owner_phone", "/intake/fields.json?raw__startswith=4",
    "/intake/fields.csv?_facet=value", "/intake/submissions?_filter_column=id_number&_filter_op=exact&_filter_value=4",
    "/intake/papers?number=4", "/intake/messages?_facet=from_address", "/intake/attachments?text__contains=4304",
    '/intake/submissions?_through={"table":"accounts","column":"owner_id_number","value":"4"}',
])
def test_a_number_of_a_person_cannot_be_put_into_an_address(client, address):
    """No filter, facet or order by a column that holds one."""
    response = client.get(address)
    assert response.status_code == 400
    assert "个人信息" in response.text


def test_other_columns_can_be_filtered_sorted_and_counted(client):
    """What the admin needs day by day still works."""
    for address in ("/intake/submissions?status=review", "/intake/messages?_facet=kind&_sort_desc=received_at",
                    "/intake/submissions?registrant__contains=x", "/intake/submissions?_filter_column=status&_filter_op=exact"
                    "&_filter_value=review"):
        assert client.get(address, follow_redirects=True).status_code == 200
    assert private_column("/intake/submissions", "status=review") is None
    assert private_column("/intake/submissions.json", "id_number=1") == "身份证号"


def test_only_names_of_this_machine_are_answered(client):
    """A foreign page cannot reach the site through a name of its own (DNS rebinding)."""
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        assert client.get("/", headers={"host": host}).status_code == 403
    for host in ("localhost", "127.0.0.1:8019", "[::1]:8019"):
        assert client.get("/", headers={"host": host}).status_code == 200


def test_the_site_cannot_be_written_to_or_downloaded(client):
    """No method but GET, no file, no other database."""
    assert client.post("/intake/incomplete", data={}).status_code == 405
    assert client.get("/intake.db").status_code in (403, 404)
    assert client.get("/_memory").status_code == 404
    assert client.get("/_internal", params={"sql": "select 1"}).status_code in (403, 404)


def test_it_listens_on_this_machine_only(tmp_path):
    """There is no log-in."""
    check_loopback(configuration(tmp_path, admin=AdminPolicy(host="::1")))
    for host in ("0.0.0.0", "192.168.1.5", "example.cn"):
        with pytest.raises(ConfigError, match="admin.host"):
            check_loopback(replace(configuration(tmp_path), admin=AdminPolicy(host=host)))


def test_it_shows_what_the_daemon_writes_while_it_writes(tmp_path):
    """On the live file: the newest row is seen, and neither waits for the other."""
    with closing(empty_store(tmp_path)) as database:
        add_message(database)
    stop, written, failed = threading.Event(), [], []

    def write():
        with closing(connect(tmp_path / "intake.db")) as database:
            while not stop.is_set():
                begun = time.perf_counter()
                written.append(add_message(database))
                failed.extend([1] if time.perf_counter() - begun > 5 else [])

    with serving(tmp_path) as client:
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(15):
                before = len(written)
                rows = sql(client, "select count(*) from messages").json()["rows"]
                assert rows[0][0] >= before + 1
                assert client.get("/intake/messages").status_code == 200
        finally:
            stop.set()
            writer.join()
        assert sql(client, "select count(*) from messages").json()["rows"] == [[len(written) + 1]]
    assert len(written) > 20 and not failed


def test_ten_thousand_submissions_are_listed_within_seconds(tmp_path):
    """Also ordered and filtered, and with the accounts."""
    with closing(empty_store(tmp_path)) as database:
        submission = add_submission(database)
        account = add_account(database, submission)
        multiply(database, "submissions", submission, 9_999, number="'HD2020-' || n")
        multiply(database, "accounts", account, 9_999, submission_id="n + 1")
    with serving(tmp_path) as client:
        client.get("/")
        begun = time.perf_counter()
        for address in ("/intake/submissions", "/intake/submissions?_sort=registrant&status=complete", "/intake/accounts",
                        "/intake/by_platform", "/intake/by_status"):
            assert client.get(address).status_code == 200
        assert time.perf_counter() - begun < 10
        lines = client.get("/intake/accounts.csv?_stream=on").text.splitlines()
    assert len(lines) == 10_001


def test_a_reader_who_mistypes_gets_a_sentence_and_the_log_no_number(client, caplog, capfd):
    """Datasette's own handler would print every local variable."""
    response = client.get("/intake", params={"sql": f"selec {ID_NUMBER}"})
    assert response.status_code == 400 and "只能使用 SELECT" in response.text
    client.get("/intake", params={"sql": f"select x from nowhere where y = '{ID_NUMBER}'"})
    assert ID_NUMBER not in caplog.text + "".join(capfd.readouterr())


def test_lists_are_written_line_by_line_and_times_without_seconds(tmp_path):
    """For people; JSON keeps the raw values."""
    with closing(empty_store(tmp_path)) as database:
        add_submission(database, status="review", review_reasons=["第一条。", "第二条。"], opened="2019-08-01 09:30")
    with serving(tmp_path) as client:
        page = client.get("/intake/submissions/1").text
        row = client.get("/intake/submissions/1.json?_shape=objects").json()["rows"][0]
    assert "第一条。<br>第二条。" in page and "2019-08-01 09:30</time>" in page
    assert json.loads(row["review_reasons"]) == ["第一条。", "第二条。"] and row["opened_at"] == stamp("2019-08-01 09:30")


def test_a_quoted_path_is_opened(tmp_path):
    """Folders are named by people: spaces, Chinese, per cent signs, question marks."""
    folder = tmp_path / "数据 100%?#"
    folder.mkdir()
    with closing(empty_store(folder)) as database:
        add_submission(database)
    with serving(folder) as client:
        assert client.get(f"/intake.json?sql={quote('select count(*) as n from submissions')}&_shape=objects").json()["rows"] \
            == [{"n": 1}]
