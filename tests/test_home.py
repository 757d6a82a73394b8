"""The admin site's first page: the state of the collection, live, and nothing personal in it."""

import json

import pytest
from build_admin import SECRETS, assert_no_number, fill, serving
from build_store import (
    PHONE,
    add,
    add_account,
    add_message,
    add_submission,
    at,
    configuration,
    empty_store,
    shipped_survey,
    stamp,
)

from intake.office import home, lists

NOW = at("2019-08-02 09:30")


@pytest.fixture
def store(tmp_path):
    """An empty database."""
    database = empty_store(tmp_path)
    yield database
    database.close()


@pytest.fixture
def told(store, tmp_path):
    """The page's values at a fixed time."""
    return lambda: home.gather(configuration(tmp_path), shipped_survey(), store, NOW)


def test_the_figures_are_those_of_the_tables(store, told):
    """All, by status, today and yesterday in the office's time zone."""
    for number, (status, opened) in enumerate([("complete", "2019-08-02 00:00"), ("incomplete", "2019-08-01 23:59"),
                                               ("review", "2019-07-25 10:00"), ("registered", "2019-07-25 11:00")]):
        add_account(store, add_submission(store, add_message(store, opened), opened, status=status, town="石湾镇",
                                          number=f"HD2019-{number + 1:04d}"))
    figures = {figure.code: figure for figure in told().figures}
    assert {code: figure.value for code, figure in figures.items()} == {
        "submissions": 4, "accounts": 4, "incomplete": 1, "review": 1, "complete": 1, "registered": 1, "today": 1,
        "opened": 1, "answers": 0}
    assert figures["today"].note == "昨日 1，累计 4" and "石湾镇 4" in told().charts[3]


def test_what_waits_for_a_person_leads_to_its_submission(store, told):
    """The line begins with the number, which becomes a link; no telephone stands in full."""
    submission = add_submission(store, add_message(store), number="HD2019-0042", status="review", review_reasons=["请核对。"])
    add_account(store, submission)
    (task,) = told().tasks
    (line, number), = task.lines
    assert (task.code, task.count, number) == ("review", 1, "HD2019-0042") and line.startswith("HD2019-0042 ")
    assert PHONE not in line and "联系人 谭晓明 139" in line


def test_more_work_than_fits_is_counted(store, told):
    """Three lines of each sort, and how many there are."""
    for _ in range(5):
        add_submission(store, add_message(store), status="review", review_reasons=["请核对。"])
    (task,) = told().tasks
    assert (len(task.lines), task.count, told().waiting) == (3, 5, 5)


def test_deadlines_are_counted_by_the_day_of_the_office(store, told):
    """Today is not overdue; day 7 is near, day 8 is not."""
    for deadline in ("2019-08-01", "2019-08-02", "2019-08-09", "2019-08-10", None):
        add_submission(store, add_message(store), status="incomplete", missing=["id_card"], deadline=deadline)
    assert told().deadlines == {"overdue": 1, "soon": 2, "later": 2}


def test_a_daemon_that_does_not_beat_is_seen(store, told):
    """Five minutes without a beat."""
    assert not told().alive and "尚未运行过" in told().alive_note
    add(store, "health", name="heartbeat", at=stamp("2019-08-02 09:29"))
    assert told().alive
    store["health"].update("heartbeat", {"at": stamp("2019-08-02 09:20")})
    assert not told().alive


def test_the_page_is_counted_again_when_the_database_changes(tmp_path):
    """And not otherwise; it loads its style and its script from the site alone."""
    database = empty_store(tmp_path)
    with serving(tmp_path, "view") as client:
        assert ">0</a>" in client.get("/").text
        add_submission(database, add_message(database), status="review", review_reasons=["<script>alert(1)</script>"])
        page = client.get("/").text
        assert "需要您处理 1 项" in page and "&lt;script&gt;" in page and "<script>" not in page
        assert page.count("<svg") == 4 and 'aria-current="page">首页' in page
        assert "connect-src 'self'" in client.get("/").headers["content-security-policy"]
        assert client.get("/assets/home.js").status_code == 200
    database.close()


def test_no_number_of_a_person_is_on_the_page_or_in_the_lists(tmp_path):
    """On a database with numbers in every text."""
    database = empty_store(tmp_path)
    fill(database)
    with serving(tmp_path, "view") as client:
        for address in ("/", "/intake/duplicate_accounts", "/intake/unreachable", "/intake/absent", "/intake/overdue"):
            response = client.get(address)
            assert response.status_code == 200, address
            assert_no_number(response)
    database.close()


def test_accounts_of_two_submissions_are_found_by_name_or_handle(store, tmp_path):
    """In any letter case, on the same platform only; the same account twice in one submission is no pair."""
    first, second, third = (add_submission(store, add_message(store), number=f"HD2019-000{n}") for n in (1, 2, 3))
    add_account(store, first, name="衡东发布", handle="HDFB")
    add_account(store, first, name="衡东发布", handle="other")
    add_account(store, second, name="另一个", handle="hdfb")
    add_account(store, third, name="衡东发布", handle="x", platform="新浪微博")
    found = json.loads(lists.sources(configuration(tmp_path), shipped_survey(), lambda: NOW)["LIST"]("duplicates"))
    assert [(row["number"], row["other"]) for row in found] == [("HD2019-0001", "HD2019-0002")]


def test_units_of_the_roster_that_have_not_handed_in_are_listed(store, tmp_path):
    """With their liaison; the telephone without its middle."""
    roster = tmp_path / "roster.csv"
    roster.write_text("单位名称,乡镇,联络员,联系电话\n衡东县第一中学,洣水镇,罗建国,13907345678\n石湾镇中心小学,石湾镇,谭晓明,13907345679\n", "utf-8")
    add_submission(store, add_message(store), registrant="衡东县第一中学")
    config = configuration(tmp_path, roster=roster)
    (row,) = json.loads(lists.sources(config, shipped_survey(), lambda: NOW)["LIST"]("absent"))
    assert (row["unit"], row["town"], row["liaison"], row["state"]) == ("石湾镇中心小学", "石湾镇", "谭晓明", "未报")
    assert not any(secret in json.dumps(row) for secret in (*SECRETS, "13907345679"))


def test_mail_that_came_from_files_is_called_so(store, told):
    """It has no mailbox and no folder."""
    add_message(store, mailbox="import", folder="import")
    add_message(store, mailbox="office@example.cn", folder="INBOX")
    names = [what for what, _ in told().health]
    assert "\u4ece\u6587\u4ef6\u5bfc\u5165" in names and "office@example.cn \u6536\u4ef6\u7bb1" in names


def test_submissions_are_counted_by_town_and_state_without_the_withdrawn(store, tmp_path):
    """As a page that anybody may open; people, whose town nothing tells, stand last with the rest."""
    for number, (town, status) in enumerate([("\u77f3\u6e7e\u9547", "complete"), ("\u77f3\u6e7e\u9547", "complete"),
                                             ("\u77f3\u6e7e\u9547", "incomplete"), ("\u77f3\u6e7e\u9547", "withdrawn"), (None, "review"),
                                             (None, "registered"), (None, "review"), (None, "review"), ("\u5927\u6d66\u9547", "review")]):
        add_submission(store, add_message(store), number=f"HD2019-{number + 1:04d}", registrant=f"{town or '某'}单位", status=status,
                       category="individual" if number == 1 else "unit")
    with serving(tmp_path, "view") as client:
        rows = client.get("/intake/by_town.json?_shape=arrays").json()["rows"]
    assert [row[1:] for row in rows] == [[1, 0, 1, 0, 2], [0, 1, 0, 0, 1], [0, 3, 1, 1, 5]]
    assert [row[0][:2] for row in rows] == ["\u77f3\u6e7e", "\u5927\u6d66", "\u5176\u4ed6"]
