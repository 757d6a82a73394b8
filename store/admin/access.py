"""Who may do what on the site: rights, log-in and log-out, a new password.

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

from rules.errors import PermanentError
from store import passwords, sessions, users
from store.database import Database, connect
from store.sessions import Lifetime

log = logging.getLogger(__name__)

#: each includes those before it, as the roles of the same names do
RIGHTS = users.ROLES
#: roles in the office's words
ROLE_WORDS = {"view": "查看", "handle": "办理", "manage": "管理"}
COOKIE = "intake_session"
LOG_IN, LOG_OUT, PASSWORD = "/-/login", "/-/logout", "/-/password"
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

    async def new_password(self, actor: dict, old: str, new: str) -> str | timedelta | None:
        """Change the person's own password; None when done, why not (Chinese), or how long to wait."""
        token = await self.log_in(actor["id"], old)
        if token is None or isinstance(token, timedelta):
            return token or "现在的密码不正确。"
        try:
            # ends every session of the person, this one too
            await self.run(users.set_password, actor["id"], new, self._now(), actor["id"])
        except PermanentError as problem:
            await self.log_out(token)
            return str(problem)
        return None

    async def log_out(self, token: str) -> None:
        """End the session."""
        await self.run(sessions.end, token, self._now())

    async def anybody(self) -> bool:
        """Whether anybody can log in at all."""
        return await self.run(users.anybody)


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
        return await _form(datasette, request, target, name, _wait(token), 429,
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


async def password_page(request, datasette):
    """GET shows the form, POST sets one's own password; one must log in again with it."""
    error, status = None, 200
    if request.method == "POST":
        given = await request.post_vars()
        error, status = "两次输入的新密码不一样。", 400
        if given.get("new", "") == given.get("again"):
            error = await datasette.intake_access.new_password(request.actor, given.get("old", ""), given["again"])
        if error is None:
            return _moved(LOG_IN)
        if isinstance(error, timedelta):
            error, status = _wait(error), 429
    page = await datasette.render_template("password.html", {"error": error, "shortest": users.SHORTEST}, request=request)
    return Response.html(page, status=status)


ROUTES = ((rf"^{LOG_IN}$", log_in_page), (rf"^{LOG_OUT}$", log_out_page), (rf"^{PASSWORD}$", password_page))


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


def _wait(time: timedelta) -> str:
    return f"输错密码次数过多，请在 {ceil(time.total_seconds() / 60)} 分钟后再试。"


def _target(text: str | None) -> str:
    """Where to go after log-in: a path of this site, or the first page."""
    # `//host` and `/\host` lead elsewhere
    if not text or not text.startswith("/") or text.startswith(("//", "/\\", LOG_IN, LOG_OUT)):
        return "/"
    return text if text.isascii() and text.isprintable() else "/"


def _moved(path: str) -> Response:
    # 303: the browser asks with GET, whatever it sent
    return Response.redirect(path, status=303)
