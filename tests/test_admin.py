"""The admin's site from outside, by HTTP: Chinese, read-only, live, loading nothing from elsewhere."""

import json
import re
import threading
import time
from contextlib import closing
from dataclasses import replace
from urllib.parse import quote

import pytest
from build_admin import fill, serving, sql
from build_store import (
    add_account,
    add_message,
    add_reply,
    add_submission,
    configuration,
    empty_store,
    multiply,
    stamp,
)

from intake.admin import check_loopback
from intake.config import AdminPolicy
from rules.errors import ConfigError
from store.admin.gate import private_column
from store.admin.policy import queries, tables, worded_tables
from store.database import connect


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


def test_every_table_and_column_has_a_chinese_name_and_tables_a_description():
    """Nobody has to guess what `uid` is."""
    for table in worded_tables("账号", {}).values():
        assert re.search("[一-鿿]", table.title) and re.search("[一-鿿]", table.description)
        for column in table.columns:
            assert re.search("[一-鿿]", column.label) or column.name in (
                "uid",
                "uidvalidity",
                "message_id",
                "smtp_message_id",
            )


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
    assert '<a href="/-/submission/HD2019-0007">HD2019-0007</a>' in listed


def test_pages_load_nothing_from_elsewhere_and_run_no_script(client):
    """The machine may have no internet, and a registrant's text must not reach out."""
    for address in (
        "/",
        "/intake",
        "/intake/submissions",
        "/intake/submissions/1",
        "/intake/review",
        "/intake/nothing",
    ):
        response = client.get(address)
        assert all(tag.startswith(' src="/assets/') for tag in re.findall(r"<script([^>]*)>", response.text))
        own = str(client.base_url).rstrip("/")
        assert not re.search(r'(?:src|href)="(?:https?:)?//', response.text.replace(f'="{own}', '="'))
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert response.headers["cache-control"] == "no-store"
    style = client.get("/assets/admin.css")
    assert style.status_code == 200 and "url(" not in style.text and "@import" not in style.text


def test_a_web_address_in_a_form_is_no_link(tmp_path):
    """A click on a stranger's text must not leave the site."""
    with closing(empty_store(tmp_path)) as database:
        add_account(
            database, add_submission(database), handle="https://evil.example/x", introduction="http://evil.example"
        )
    with serving(tmp_path) as client:
        page = client.get("/intake/accounts").text + client.get("/intake/accounts/1").text
    assert "https://evil.example/x" in page and 'href="https://evil' not in page and 'href="http://evil' not in page


def test_other_columns_can_be_filtered_sorted_and_counted(client):
    """What the admin needs day by day still works."""
    for address in (
        "/intake/submissions?status=review",
        "/intake/messages?_facet=kind&_sort_desc=received_at",
        "/intake/submissions?registrant__contains=x",
        ("/intake/submissions?_filter_column=status&_filter_op=exact&_filter_value=review"),
    ):
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
        for address in (
            "/intake/submissions",
            "/intake/submissions?_sort=registrant&status=complete",
            "/intake/accounts",
            "/intake/by_platform",
            "/intake/by_status",
        ):
            assert client.get(address).status_code == 200
        assert time.perf_counter() - begun < 10
        lines = client.get("/intake/accounts.csv?_stream=on").text.splitlines()
    assert len(lines) == 10_001


def test_lists_are_written_line_by_line_and_times_without_seconds(tmp_path):
    """For people; JSON keeps the raw values."""
    with closing(empty_store(tmp_path)) as database:
        add_submission(database, status="review", review_reasons=["第一条。", "第二条。"], opened="2019-08-01 09:30")
    with serving(tmp_path) as client:
        page = client.get("/intake/submissions/1").text
        row = client.get("/intake/submissions/1.json?_shape=objects").json()["rows"][0]
    assert "第一条。<br>第二条。" in page and "2019-08-01 09:30</time>" in page
    assert json.loads(row["review_reasons"]) == ["第一条。", "第二条。"] and row["opened_at"] == stamp(
        "2019-08-01 09:30"
    )


def test_a_quoted_path_is_opened(tmp_path):
    """Folders are named by people: spaces, Chinese, per cent signs, question marks."""
    folder = tmp_path / "数据 100%?#"
    folder.mkdir()
    with closing(empty_store(folder)) as database:
        add_submission(database)
    with serving(folder) as client:
        assert client.get(f"/intake.json?sql={quote('select count(*) as n from submissions')}&_shape=objects").json()[
            "rows"
        ] == [{"n": 1}]
