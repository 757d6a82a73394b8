"""Log-in, sessions and rights of the admin pages, tried from outside by HTTP."""

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from build_admin import PASSWORDS, fill, log_in, serving, sql, submit
from build_store import ID_NUMBER, at, empty_store
from datasette import Forbidden

from rules.errors import PermanentError
from store import passwords, sessions, users
from store.admin.access import COOKIE, may, need
from store.database import rows
from store.sessions import Lifetime

NOW = at("2019-08-01 09:00")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder with a full database."""
    folder = tmp_path_factory.mktemp("access")
    with closing(empty_store(folder)) as database:
        fill(database)
    return folder


@pytest.fixture(scope="module")
def site(folder):
    """A running site; gives its address."""
    with serving(folder, role=None) as client:
        yield client.base_url


@pytest.fixture
def stranger(site):
    """Somebody who is not logged in."""
    with httpx.Client(base_url=site, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def database(tmp_path):
    """An empty database with one user, 李办."""
    with closing(empty_store(tmp_path)) as database:
        users.add_user(database, "李办", "handle", "ban-2019-xx", NOW, "谭")
        yield database


def actions(database) -> list[tuple]:
    """(actor, action) of every event about log-in, in their order."""
    return [(row["actor"], row["action"]) for row in rows(database, "SELECT actor, action FROM events ORDER BY id")
            if row["action"].startswith(("log", "user"))]


# -- rights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "rights"), [
    ("view", {"view"}), ("handle", {"view", "handle"}), ("manage", {"view", "handle", "manage"}), ("root", set())])
def test_each_role_includes_those_before_it(role, rights):
    """And none gives `full` by itself."""
    actor = {"id": "x", "role": role, "full": False}
    assert {right for right in ("view", "handle", "manage", "full") if may(actor, right)} == rights
    assert may({**actor, "full": True}, "full") is (role != "root")


def test_nobody_may_do_nothing_and_an_unknown_right_is_a_bug():
    """A misspelt right must not pass for one that is lacking."""
    assert not any(may(nobody, right) for nobody in (None, {}) for right in ("view", "full"))
    with pytest.raises(ValueError, match="admin"):
        may({"id": "x", "role": "manage", "full": True}, "admin")
    with pytest.raises(Forbidden, match="办理"):
        need(SimpleNamespace(actor={"id": "x", "role": "view", "full": False}), "handle")


# -- without a session -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [
    "/", "/intake", "/intake/submissions", "/intake/submissions/1", "/intake?sql=select+1", "/-/nothing", "/nothing",
    "/-/login/", "/-/Login", "//-/login", "/assets", "/%2d/login", "/-/login.json", "/-/logout"])
def test_without_a_session_every_page_leads_to_the_log_in(stranger, address):
    """Also one that does not exist: a stranger learns nothing."""
    answer = stranger.get(address)
    wanted = 401 if address.endswith(".json") else 303
    assert answer.status_code == wanted
    if wanted == 303:
        assert answer.headers["location"].startswith("/-/login")
        assert "登录" in stranger.get(address, follow_redirects=True).text


def test_without_a_session_data_is_refused(stranger):
    """JSON and CSV, by name or by what the client accepts."""
    for address in ("/intake/submissions.json", "/intake/submissions.csv", "/intake.json?sql=select+1", "/.json"):
        answer = stranger.get(address)
        assert answer.status_code == 401 and answer.json()["error"] == "请先登录。"
    assert stranger.get("/intake/submissions", headers={"accept": "application/json"}).status_code == 401


def test_style_sheets_need_no_session_and_nothing_lies_behind_them(stranger):
    """Path traversal does not lead out of the folder."""
    assert stranger.get("/assets/admin.css").status_code == 200
    for path in ("../tables.yaml", "..%2ftables.yaml", "%2e%2e/tables.yaml", "....//tables.yaml", "%2fetc%2fpasswd",
                 "..%5ctables.yaml", ""):
        answer = stranger.get(httpx.URL(str(stranger.base_url).rstrip("/") + "/assets/" + path))
        assert answer.status_code in (303, 400, 403, 404), path
        assert "submissions:" not in answer.text and "root:" not in answer.text


def test_a_made_up_cookie_is_no_session(stranger):
    """Nor one of Datasette's own kind."""
    for cookie in (f"{COOKIE}=x", f"{COOKIE}=", "ds_actor=x", f"{COOKIE}=\xff", "=;;=", f"{COOKIE}=' OR 1=1"):
        answer = stranger.get("/", headers={"cookie": cookie.encode("latin-1")})
        assert answer.status_code == 303, cookie


# -- logging in and out ----------------------------------------------------------------------------------------------


def test_log_in_leads_back_to_where_one_came_from(stranger):
    """The cookie is out of reach of scripts and foreign pages."""
    stranger.get("/intake/submissions?status=review")
    page = stranger.get("/-/login?next=/intake/submissions%3Fstatus%3Dreview").text
    assert 'name="next" value="/intake/submissions?status=review"' in page
    name, password = PASSWORDS["view"]
    answer = submit(stranger, "/-/login", name=name, password=password, next="/intake/submissions?status=review")
    assert answer.status_code == 303 and answer.headers["location"] == "/intake/submissions?status=review"
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE)).lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie and "max-age" not in cookie
    assert stranger.get("/intake/submissions").status_code == 200
    assert f"{name}（查看）" in stranger.get("/").text


def test_behind_https_the_cookie_is_for_https_only(stranger):
    """The reverse proxy says so."""
    stranger.headers["x-forwarded-proto"] = "https"
    answer = log_in(stranger)
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
    assert "Secure" in cookie


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)",
                                    "/-/logout", "\r\nx: y", "/\r\nx: y", ""])
def test_log_in_leads_to_no_other_site(stranger, target):
    """Whatever `next` says."""
    name, password = PASSWORDS["view"]
    answer = submit(stranger, "/-/login", name=name, password=password, next=target)
    assert answer.status_code == 303 and answer.headers["location"] == "/"


def test_log_out_ends_the_session_on_the_server(stranger):
    """A copied cookie is worth nothing afterwards; a mere link logs nobody out."""
    log_in(stranger)
    token = stranger.cookies[COOKIE]
    assert stranger.get("/-/logout").headers["location"] == "/" and stranger.get("/").status_code == 200
    assert submit(stranger, "/-/logout").headers["location"] == "/-/login"
    assert COOKIE not in stranger.cookies
    assert stranger.get("/", headers={"cookie": f"{COOKIE}={token}"}).status_code == 303


def test_a_wrong_password_and_a_wrong_name_are_told_alike(stranger):
    """Nothing that was typed comes back but the name."""
    pages = []
    for name, password in ((PASSWORDS["view"][0], "falsch-falsch"), ("谁也不是<b>", "falsch-falsch")):
        answer = submit(stranger, "/-/login", name=name, password=password)
        assert answer.status_code == 403 and "用户名或密码不正确" in answer.text and "falsch" not in answer.text
        pages.append(re.sub(r'value="[^"]*"|autofocus', "", answer.text))
    assert pages[0] == pages[1] and "<b>" not in pages[1]
    assert COOKIE not in stranger.cookies


@pytest.mark.parametrize("forge", [
    lambda c, f: c.post("/-/logout", data=f),
    lambda c, f: c.post("/-/logout", data={**f, "csrftoken": "x"}),
    lambda c, f: c.post("/-/logout", data={**f, "csrftoken": "中文"}),
    lambda c, f: c.post("/-/logout", data={"csrftoken": ""}),
    lambda c, f: c.post("/-/logout", headers={"authorization": "Bearer x"}, data=f),
    lambda c, f: c.post("/-/logout", headers={"x-csrftoken": c.cookies["ds_csrftoken"]}, data=f),
    lambda c, f: c.post("/-/logout", headers={"origin": "http://evil.example"}, data=_with_token(c)),
    lambda c, f: c.post("/-/logout", headers={"origin": "null"}, data=_with_token(c)),
    lambda c, f: c.post("/-/logout", headers={"sec-fetch-site": "cross-site"}, data=_with_token(c)),
    lambda c, f: c.post("/-/logout", json=_with_token(c)),
    lambda c, f: c.post("/-/logout", files={"csrftoken": (None, c.cookies["ds_csrftoken"])}),
    lambda c, f: c.post("/-/logout", content=b"\xff\xfe=\xff",
                        headers={"content-type": "application/x-www-form-urlencoded"}),
    lambda c, f: c.post("/-/logout", content=iter([b"csrftoken=x"]),
                        headers={"content-type": "application/x-www-form-urlencoded"}),
    lambda c, f: c.post("/-/logout", data={**_with_token(c), "x": "x" * 600_000}),
])
def test_a_forged_form_changes_nothing(stranger, forge):
    """Without the token, with a wrong one, from a foreign page, in another shape; the answer is Chinese."""
    log_in(stranger)
    answer = forge(stranger, {"x": "y"})
    assert answer.status_code in (400, 403, 413, 415) and re.search("[一-鿿]", answer.text)
    assert stranger.get("/").status_code == 200


def test_a_form_of_our_own_is_taken_as_browsers_send_it(stranger):
    """With `Origin` and `Sec-Fetch-Site`."""
    log_in(stranger)
    stranger.headers.update({"origin": str(stranger.base_url).rstrip("/"), "sec-fetch-site": "same-origin"})
    assert submit(stranger, "/-/logout").headers["location"] == "/-/login"


def _with_token(client) -> dict:
    return {"csrftoken": client.cookies["ds_csrftoken"]}


def test_a_log_in_cannot_be_forged_either(stranger):
    """Without any cookie asgi-csrf would let it pass."""
    name, password = PASSWORDS["view"]
    answer = stranger.post("/-/login", data={"name": name, "password": password})
    assert answer.status_code == 403 and COOKIE not in stranger.cookies


def test_without_any_user_the_page_says_how_to_make_one(tmp_path):
    """The first look after installation."""
    with serving(tmp_path, role=None) as client:
        with closing(empty_store(tmp_path)) as database:
            for name, _ in PASSWORDS.values():
                users.disable(database, name, NOW, "谭")
        page = client.get("/-/login").text
    assert "intake user add" in page and 'type="password"' not in page


# -- Datasette's own powers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["view", "handle"])
def test_sql_of_ones_own_is_for_who_administers(stranger, role):
    """Also in its hidden forms; the canned queries are for everybody."""
    log_in(stranger, role)
    for address in ("/intake?sql=select+1", "/intake.json?sql=select+1", "/intake.csv?sql=select+1",
                    "/intake/submissions?_where=1=1", "/intake/users", "/intake/sessions.json", "/intake/login_attempts"):
        assert stranger.get(address).status_code == 403, address
    assert stranger.get("/intake/review").status_code == 200 and "textarea" not in stranger.get("/intake").text


def test_who_administers_reads_masked_views_only(stranger):
    """No password, no token, no number."""
    log_in(stranger, "manage")
    assert sql(stranger, "select name, role from users order by name").status_code == 200
    for statement in ("select password from users", "select token from sessions", "delete from users",
                      "update users set role = 'manage'", "select * from main.sqlite_master where sql like '%scrypt%'"):
        answer = sql(stranger, statement)
        assert answer.status_code == 400 or answer.json()["rows"] == []
        assert "scrypt$" not in answer.text
    assert ID_NUMBER not in sql(stranger, "select id_number, registrant from submissions").text


@pytest.mark.parametrize("name", [
    "metadata", "versions.json", "plugins", "settings", "config", "config.json", "threads", "databases", "actor.json",
    "permissions", "messages", "allow-debug", "patterns", "auth-token?token=x"])
def test_datasettes_pages_about_itself_are_shut(stranger, name):
    """For everybody."""
    log_in(stranger, "manage")
    assert stranger.get(f"/-/{name}").status_code == 404


def test_another_database_of_datasette_is_shut(stranger):
    """`_internal` lists schemas."""
    log_in(stranger, "manage")
    for address in ("/_internal", "/_internal/databases", "/_internal.json?sql=select+1", "/_memory"):
        assert stranger.get(address).status_code in (403, 404)


# -- sessions and throttling -----------------------------------------------------------------------------------------


def opened(database, now=NOW) -> str:
    """A session of 李办."""
    return sessions.begin(database, sessions.user_named(database, "李办"), now, Lifetime())


def test_a_session_ends_when_it_is_not_used_and_in_any_case_after_hours(database):
    """60 minutes idle, 12 hours at most."""
    token = opened(database)
    def still(minutes):
        return sessions.actor_of(database, token, NOW + timedelta(minutes=minutes), Lifetime()) is not None
    assert still(59) and still(110) and not still(180)
    token = opened(database)
    assert all(still(minutes) for minutes in range(0, 720, 50)) and still(719) and not still(721)


def test_a_new_password_and_a_shut_out_person_end_sessions_at_once(database):
    """And rights that were taken count from the next request on."""
    token = opened(database)
    users.change_user(database, "李办", NOW, "谭", role="view")
    assert sessions.actor_of(database, token, NOW, Lifetime()) == {"id": "李办", "role": "view", "full": False}
    users.set_password(database, "李办", "neu-2019-xx", NOW, "谭")
    assert sessions.actor_of(database, token, NOW, Lifetime()) is None
    token = opened(database)
    users.disable(database, "李办", NOW, "谭")
    assert sessions.actor_of(database, token, NOW, Lifetime()) is None and sessions.user_named(database, "李办") is None
    users.disable(database, "李办", NOW, "谭", undo=True)
    assert sessions.actor_of(database, token, NOW, Lifetime()) is None and sessions.user_named(database, "李办")


def test_a_password_that_changes_during_log_in_opens_no_session(database):
    """The old one was right when it was looked at."""
    user = sessions.user_named(database, "李办")
    users.set_password(database, "李办", "neu-2019-xx", NOW, "谭")
    assert sessions.begin(database, user, NOW, Lifetime()) is None


def everything(database) -> str:
    """All that lies in the file (a dump would stumble over the search's own table)."""
    database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(database.conn.execute("PRAGMA database_list").fetchone()[2]).read_bytes().decode("utf-8", "replace")


def test_no_token_and_no_password_stand_in_the_database(database):
    """Only their hashes."""
    token = opened(database)
    assert "李办" in everything(database)
    assert token not in everything(database) and "ban-2019-xx" not in everything(database)


def test_failures_hold_up_a_name_also_after_a_restart(tmp_path):
    """Five for nothing, then ever longer; a name that nobody bears is held up alike, and nothing typed is kept."""
    with closing(empty_store(tmp_path)) as database:
        for name in ("李办", "mein-passwort"):
            waits = [sessions.begin_attempt(database, name, NOW) for _ in range(6)]
            assert waits[:5] == [None] * 5 and timedelta(0) < waits[5] <= timedelta(minutes=1)
        assert "mein-passwort" not in everything(database)
    with closing(empty_store(tmp_path)) as database:
        assert sessions.begin_attempt(database, " 李办 ", NOW + timedelta(seconds=30))
        assert sessions.begin_attempt(database, "李办", NOW + timedelta(minutes=2)) is None
        assert sessions.begin_attempt(database, "李办", NOW + timedelta(minutes=3)) > timedelta(seconds=30)
        assert sessions.begin_attempt(database, "王看", NOW) is None


def test_success_forgets_the_failures_of_a_name(database):
    """Whoever mistyped four times a day is never held up."""
    for _ in range(20):
        for _ in range(4):
            assert sessions.begin_attempt(database, "李办", NOW) is None
        opened(database)


def test_failures_under_many_names_hold_everybody_up(database):
    """For a quarter of an hour, and it is in the audit trail."""
    tried = [sessions.begin_attempt(database, f"name{n}", NOW) for n in range(61)]
    assert tried[:60] == [None] * 60 and tried[60]
    assert sessions.begin_attempt(database, "李办", NOW + timedelta(minutes=14))
    assert sessions.begin_attempt(database, "李办", NOW + timedelta(minutes=16)) is None
    assert ("anonymous", "login-blocked") in actions(database)


def test_too_many_failures_are_told_on_the_page(tmp_path):
    """With how long to wait; also the right password must wait."""
    with serving(tmp_path, role=None) as client:
        for _ in range(5):
            assert submit(client, "/-/login", name="王看", password="falsch-falsch").status_code == 403
        answer = log_in(client, "view")
        assert answer.status_code == 429 and "分钟后再试" in answer.text and int(answer.headers["retry-after"]) <= 60
    with closing(empty_store(tmp_path)) as database:
        assert actions(database)[-5:] == [("王看", "login-failed")] * 5


# -- the audit trail, one's own password ------------------------------------------------------------------------------


def test_log_in_and_out_are_in_the_audit_trail(tmp_path):
    """With the person; a name that nobody bears is `anonymous`."""
    with serving(tmp_path, role=None) as client:
        submit(client, "/-/login", name="niemand", password="falsch-falsch")
        submit(client, "/-/login", name="王看", password="falsch-falsch")
        log_in(client, "view")
        submit(client, "/-/logout")
    with closing(empty_store(tmp_path)) as database:
        assert actions(database)[3:] == [("anonymous", "login-failed"), ("王看", "login-failed"), ("王看", "login"),
                                         ("王看", "logout")]
        assert "falsch" not in everything(database)


def test_a_new_password_of_ones_own_ends_every_session(tmp_path):
    """The old one must be known; the new ones must be the same and good."""
    name, old = PASSWORDS["view"]
    with serving(tmp_path, role="view") as client:
        for form, complaint in (({"old": "falsch-x", "new": "neu-2019-xx", "again": "neu-2019-xx"}, "现在的密码不正确"),
                                ({"old": old, "new": "neu-2019-xx", "again": "neu-2019-yy"}, "不一样"),
                                ({"old": old, "new": "kurz", "again": "kurz"}, "8 至 200"),
                                ({"old": old}, "不一样")):
            assert complaint in submit(client, "/-/password", **form).text
        assert client.get("/").status_code == 200
        done = submit(client, "/-/password", old=old, new="neu-2019-xx", again="neu-2019-xx")
        assert done.headers["location"] == "/-/login" and client.get("/").status_code == 303
        assert log_in(client, "view").status_code == 403
        assert submit(client, "/-/login", name=name, password="neu-2019-xx").status_code == 303


# -- users -----------------------------------------------------------------------------------------------------------


def test_passwords_are_kept_as_scrypt_and_fit_only_themselves():
    """A salt each; without a user it takes as long and never fits."""
    kept = passwords.hashed("ban-2019-xx")
    assert kept.startswith("scrypt$32768$8$1$") and kept != passwords.hashed("ban-2019-xx")
    assert passwords.fits("ban-2019-xx", kept) and not passwords.fits("ban-2019-xX", kept)
    assert not passwords.fits("", kept) and not passwords.fits("ban-2019-xx", None)


@pytest.mark.parametrize(("name", "password", "complaint"), [
    ("李办", "gut-2019-xx", "已有"), ("ab", "kurz", "8 至 200"), ("ab", "x" * 201, "8 至 200"), ("ab", "aaaaaaaaa", "猜到"),
    ("LangerName", "langername", "猜到"), ("", "gut-2019-xx", "用户名"), ("a b", "gut-2019-xx", "空格"),
    ("x" * 33, "gut-2019-xx", "用户名"), ("a\nb", "gut-2019-xx", "用户名"), ("daemon", "gut-2019-xx", "系统"),
])
def test_names_and_passwords_that_will_not_do_are_refused(database, name, password, complaint):
    """In Chinese, and nothing is entered."""
    with pytest.raises(PermanentError, match=complaint):
        users.add_user(database, name, "view", password, NOW, "谭")
    assert [user.name for user in users.all_users(database)] == ["李办"]


def test_full_numbers_are_for_who_administers_unless_said_otherwise(database):
    """--full and --no-full."""
    users.add_user(database, "赵管", "manage", "guan-2019-xx", NOW, "谭")
    users.add_user(database, "钱管", "manage", "guan-2019-xx", NOW, "谭", full=False)
    users.add_user(database, "孙看", "view", "kan-2019-xx", NOW, "谭", full=True)
    assert {user.name: user.full for user in users.all_users(database)} == {
        "李办": False, "赵管": True, "钱管": False, "孙看": True}
