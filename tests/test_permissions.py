"""What the pages refuse, tried from outside by HTTP: no session, a wrong role, forged forms, crooked paths."""

import http.client
from contextlib import closing

import httpx
import pytest
from build_admin import log_in, serving, submit
from build_office_day import office_configuration
from build_store import empty_store

from intake.desk.acts import actions
from store.database import one

#: of each sort of page: what it is about
TARGETS = {"submission": "HD2019-0003", "message": "3", "outbox": "4"}
READ = ("/-/queue", "/-/queue/HD2019-0003", "/-/submission/HD2019-0003", "/-/message/3", "/-/outbox", "/-/outbox/4", "/-/file/6")
PICTURES = ("/-/file/6/page/1", "/-/file/6/small", "/-/crop/1")
REVEALING = ("/-/submission/HD2019-0003/reveal", "/-/queue/HD2019-0003/reveal")


@pytest.fixture(scope="module")
def site(day):
    """The running site's address."""
    with serving(day, role=None, config=office_configuration(day)) as client:
        yield client.base_url


@pytest.fixture
def visitor(site):
    """A client; `log_in` gives it a role."""
    with httpx.Client(base_url=site, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def unchanged(day):
    """Fails where anything was decided, sent or shown in full meanwhile."""

    def state() -> dict:
        with closing(empty_store(day)) as database:
            return one(database, "SELECT (SELECT count(*) FROM decisions) AS decisions, (SELECT group_concat(state) FROM "
                       "replies) AS replies, (SELECT count(*) FROM events WHERE action NOT LIKE 'log%') AS events, "
                       "(SELECT group_concat(status || updated_at) FROM submissions) AS submissions")
    before = state()
    yield
    assert state() == before


def _address(code: str) -> str:
    about = actions()[code].about
    return f"/-/{about}/{TARGETS[about]}/do/{code}"


def test_a_stranger_is_led_to_the_log_in_whatever_is_asked(visitor, unchanged):
    """Pages, pictures, and every button."""
    for address in (*READ, *PICTURES):
        assert visitor.get(address).headers.get("location", "").startswith("/-/login"), address
    for address in (*map(_address, actions()), *REVEALING, "/-/file/6/download"):
        assert submit(visitor, address, why="x").headers.get("location") == "/-/login", address


def test_who_may_only_look_can_press_nothing(visitor, unchanged):
    """Every button, pictures of originals, downloads, full numbers; the page shows no button."""
    log_in(visitor, "view")
    for address in READ:
        page = visitor.get(address)
        assert page.status_code == 200 and "/do/" not in page.text and "reveal" not in page.text, address
    for address in PICTURES:
        assert visitor.get(address).status_code == 403, address
    for address in (*map(_address, actions()), *REVEALING, "/-/file/6/download"):
        answer = submit(visitor, address, stamp="x", why="x", sure="1")
        assert answer.status_code == 403 and "权限" in answer.text, address


def test_a_clerk_without_the_right_sees_no_full_number_and_administers_nothing(visitor, unchanged):
    """`full` and `manage` are more than `handle`."""
    log_in(visitor, "handle")
    reserved = [code for code, action in actions().items() if action.right == "manage"]
    assert reserved
    for address in (*map(_address, reserved), *REVEALING, "/-/file/6/download"):
        assert submit(visitor, address, stamp="x", sure="1").status_code == 403, address


@pytest.mark.parametrize("code", actions())
def test_a_forged_form_presses_no_button(visitor, unchanged, code):
    """Without the token, with a foreign one, from a foreign page."""
    log_in(visitor, "manage")
    form = {"stamp": "x", "sure": "1", "why": "x", "number": "HD2019-0001", "values": "x"}
    forged = [({}, {}), ({"csrftoken": "x"}, {}),
              ({"csrftoken": visitor.cookies["ds_csrftoken"]}, {"origin": "http://evil.example"}),
              ({"csrftoken": visitor.cookies["ds_csrftoken"]}, {"sec-fetch-site": "same-site"})]
    for token, headers in forged:
        answer = visitor.post(_address(code), data=form | token, headers=headers)
        assert answer.status_code == 403 and "没有保存" in answer.text


def test_no_link_presses_a_button(visitor, unchanged):
    """GET changes nothing and shows no full number."""
    log_in(visitor, "manage")
    for address in (*map(_address, actions()), *REVEALING, "/-/file/6/download"):
        assert visitor.get(address).status_code == 404, address


@pytest.mark.parametrize("path", [
    "/-/file/../../../etc/passwd", "/-/file/..%2f..%2f..%2fetc%2fpasswd", "/-/file/1%2f..%2f2", "/-/file/0", "/-/file/-1",
    "/-/file/999999", "/-/file/9999999999999999999999", "/-/file/1/page/0", "/-/file/1/page/../../2", "/-/file/1/page/9999",
    "/-/file/6/..%2f..%2fintake.db", "/-/file/raw", "/-/file/1e0", "/-/file/%31%00", "/-/crop/999999", "/-/crop/..%2f1",
    "/-/queue/..%2f..%2fetc", "/-/queue/%00", "/-/queue/'%20OR%201=1%20--", "/-/submission/..%2fintake", "/-/outbox/d999",
    "/-/file/%EF%BC%96", "/../../etc/passwd", "/assets/../tables.yaml", "/-/message/99999999999999999999"])
def test_crooked_paths_lead_nowhere(visitor, path):
    """Originals are named by their ids; no file of the machine comes out. Sent as written: httpx would straighten them.

    Datasette answers an escaped path that it does not know with a redirect to its own way of escaping.
    """
    log_in(visitor, "manage")
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    with closing(http.client.HTTPConnection(visitor.base_url.host, visitor.base_url.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"cookie": cookies})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    assert answer.status in ((303,) if path.startswith("/-/queue/") else (302, 400, 403, 404)), answer.status
    assert "root:" not in text and "SQLite format" not in text and "submissions:" not in text
