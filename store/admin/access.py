"""Who may do what on the site: log-in, rights, and the way to a number in full.

`request.actor` is None or `{"id": name, "role": code, "full": bool}`. `gate.Gate` lets nobody past without a session, so
a page has only to ask for more than looking: `need(request, "handle")`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from math import ceil
from pathlib import Path
from urllib.parse import quote

from datasette import Forbidden, Response

from store import passwords, sessions, users
from store.admin.policy import tables
from store.database import Database, connect, one, writing
from store.processing import add_event
from store.sessions import Lifetime

log = logging.getLogger(__name__)

#: each includes those before it, as the roles of the same names do
RIGHTS = users.ROLES
#: roles in the office's words
ROLE_WORDS = {"view": "查看", "handle": "办理", "manage": "管理"}
COOKIE = "intake_session"
LOG_IN, LOG_OUT = "/-/login", "/-/logout"
_RIGHT_WORDS = ROLE_WORDS | {"full": "查看完整号码"}


def may(actor: dict | None, right: str) -> bool:
    """Whether the actor has the right: `view`, `handle`, `manage`, or `full` (to see numbers in full)."""
    if right != "full" and right not in RIGHTS:
        raise ValueError(f"unknown right: {right}")
    if not actor or actor.get("role") not in RIGHTS:
        return False
    return actor.get("full") is True if right == "full" else RIGHTS.index(actor["role"]) >= RIGHTS.index(right)


def need(request, right: str) -> None:
    """Raise Forbidden (a page with status 403) where the person of the request lacks the right."""
    if not may(request.actor, right):
        raise Forbidden(f"您没有“{_RIGHT_WORDS[right]}”的权限；需要时请找管理员开通。")


class Access:
    """Sessions and users of one database, for the site: its own connection, in a thread of its own."""

    def __init__(self, path: Path, now: Callable[[], datetime], lifetime: Lifetime):
        self._path, self._now, self._lifetime = path, now, lifetime
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake-access")
        self._database: Database | None = None
        #: one guess at a time: each takes 32 MiB and a tenth of a second of a processor
        self._guessing = asyncio.Lock()

    async def run(self, work: Callable, *arguments):
        """`work(database, *arguments)` in the thread that owns the connection; it may write."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work, arguments)

    def _work(self, work: Callable, arguments: tuple):
        if self._database is None:
            self._database = connect(self._path)
        return work(self._database, *arguments)

    def close(self) -> None:
        """Close the connection and end the thread."""
        self._thread.submit(lambda: self._database and self._database.close()).result()
        self._thread.shutdown()

    async def actor(self, token: str | None) -> dict | None:
        """Who is logged in under this token."""
        return await self.run(sessions.actor_of, token, self._now(), self._lifetime) if token else None

    async def log_in(self, name: str, password: str) -> str | timedelta | None:
        """The token of a new session; how long to wait after too many failures; None for a wrong name or password."""
        wait = await self.run(sessions.begin_attempt, name, self._now())
        if wait:
            return wait
        user = await self.run(sessions.user_named, name)
        async with self._guessing:
            fits = await asyncio.to_thread(passwords.fits, password[:users.LONGEST], user and user["password"])
        token = await self.run(sessions.begin, user, self._now(), self._lifetime) if fits else None
        if token is None:
            await self.run(sessions.failed, user, self._now())
        return token

    async def log_out(self, token: str) -> None:
        """End the session."""
        await self.run(sessions.end, token, self._now())

    async def anybody(self) -> bool:
        """Whether anybody can log in at all."""
        return await self.run(users.anybody)

    async def numbers(self, actor: dict, places: list[tuple[str, int, str]], submission_id: int | None) -> dict:
        """The unmasked values at the places, in the transaction that writes down who saw them."""
        return await self.run(_numbers, actor["id"], places, submission_id, self._now())


async def reveal(datasette, request, places: Iterable[tuple[str, int, str]], submission_id: int | None = None) -> dict:
    """Values in full, as `{(table, id, column): value}`; rows that are not there are left out.

    Call it for a deliberate POST only. Needs the right `full`, else raises Forbidden. Writes one event `revealed` that
    names the person and the places (never a number), before anything is returned. Raises KeyError for a column that
    the site does not show.
    """
    need(request, "full")
    wanted = list(places)
    for table, _, column in wanted:
        if tables()[table].column(column) is None:
            raise KeyError(f"{table}.{column}")
    return await datasette.intake_access.numbers(request.actor, wanted, submission_id)


def _numbers(database: Database, actor: str, places: list, submission_id: int | None, now: datetime) -> dict:
    found = {}
    with writing(database):
        for table, row_id, column in places:
            row = one(database, f'SELECT "{column}" AS value FROM "{table}" WHERE id = ?', [row_id])
            if row:
                found[table, row_id, column] = row["value"]
        if found:
            add_event(database, now, "revealed", actor=actor, submission_id=submission_id,
                      detail={"places": [f"{table}.{column} {row_id}" for table, row_id, column in found]})
    return found


def token_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The session's token in the cookies of a request, or None."""
    for name, value in headers:
        if name == b"cookie":
            cookies = SimpleCookie()
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                continue
            if COOKIE in cookies:
                return cookies[COOKIE].value
    return None


async def log_in_page(request, datasette):
    """GET shows the form, POST opens a session."""
    target = _target(request.args.get("next"))
    if request.actor:
        return _moved(target)
    if request.method != "POST":
        return await _form(datasette, request, target)
    given = await request.post_vars()
    target = _target(given.get("next"))
    name = given.get("name", "")
    token = await datasette.intake_access.log_in(name, given.get("password", ""))
    if isinstance(token, timedelta):
        minutes = ceil(token.total_seconds() / 60)
        return await _form(datasette, request, target, name, f"登录失败次数过多，请在 {minutes} 分钟后再试。", 429,
                           {"retry-after": str(ceil(token.total_seconds()))})
    if token is None:
        return await _form(datasette, request, target, name, "用户名或密码不正确。", 403)
    response = _moved(target)
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.scheme == "https")
    return response


async def log_out_page(request, datasette):
    """POST ends the session; GET leads to the first page (no link may log anybody out)."""
    if request.method != "POST":
        return _moved("/")
    token = token_of(request.scope["headers"])
    if token:
        await datasette.intake_access.log_out(token)
    response = _moved(LOG_IN)
    response.set_cookie(COOKIE, "", max_age=0, httponly=True, samesite="strict", secure=request.scheme == "https")
    return response


ROUTES = ((rf"^{LOG_IN}$", log_in_page), (rf"^{LOG_OUT}$", log_out_page))


def log_in_address(path: str) -> str:
    """The log-in page, from which one comes back to `path`."""
    return LOG_IN if path == "/" else f"{LOG_IN}?next={quote(path, safe='/')}"


async def _form(datasette, request, target: str, name: str = "", error: str | None = None, status: int = 200,
                headers: dict | None = None) -> Response:
    page = await datasette.render_template("login.html", {
        "site_title": datasette.metadata("title"), "target": target, "name": name, "error": error,
        "nobody": not await datasette.intake_access.anybody(),
    }, request=request)
    return Response.html(page, status=status, headers=headers)


def _target(text: str | None) -> str:
    """Where to go after log-in: a path of this site, or the first page."""
    # `//host` and `/\host` lead elsewhere
    if not text or not text.startswith("/") or text.startswith(("//", "/\\", LOG_IN, LOG_OUT)):
        return "/"
    return text if text.isascii() and text.isprintable() else "/"


def _moved(path: str) -> Response:
    # 303: the browser asks with GET, whatever it sent
    return Response.redirect(path, status=303)
