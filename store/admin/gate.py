"""What stands before the site: who may ask, what may stand in an address, and what a page may load.

Nobody gets past without a session, whatever the page and whoever registered it: only the log-in page and the style
sheets are open. The site listens on loopback. A page of a foreign site, opened in the same browser, could still reach
it under a name of its own that resolves to 127.0.0.1 (DNS rebinding), so only the site's own names are answered.
Addresses are kept in histories and logs, so a request that filters, sorts or groups by a column of personal data is
refused.

A POST carries a form with the token of Datasette's CSRF protection (asgi-csrf). That lets pass what has no cookie at
all, or an `Authorization` header, because neither is sent by a browser without being asked; here both are refused too.
"""

import json
import re
from collections.abc import Iterable
from http.cookies import CookieError
from urllib.parse import parse_qsl, urlsplit

from datasette.utils import tilde_decode

from store.admin.access import LOG_IN, Access, log_in_address, token_of
from store.admin.policy import Table, tables

#: no script but our own files, nothing from elsewhere, no foreign frame
_POLICY = ("default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; "
           "script-src {origin}/assets/; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
_HEADERS = (
    # with `no-referrer` browsers would send `Origin: null` with our own forms
    (b"referrer-policy", b"same-origin"), (b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"),
)
#: arguments whose value names a column
_COLUMN_ARGUMENTS = ("_sort", "_sort_desc", "_facet", "_facet_array", "_facet_date", "_filter_column")
#: what needs no session
_OPEN = ("/assets/", "/-/static/")
#: Datasette's own pages about itself, and its other ways to log in and out
_BUILT_IN = re.compile(r"/-/(?:metadata|versions|plugins|settings|config|threads|databases|actor|auth-token|permissions"
                       r"|messages|allow-debug|patterns)(?:\.|/|$)")
_FORM = b"application/x-www-form-urlencoded"
#: bytes of a form
_LONGEST_FORM = 512 * 1024
_HOST = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?", re.IGNORECASE | re.ASCII)


class Gate:
    """ASGI middleware."""

    def __init__(self, app, hosts: Iterable[str], access: Access):
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._access = access

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = _path(scope)
        refusal = self._refusal(scope, path)
        if refusal:
            await _refuse(scope, send, *refusal)
            return
        actor = None if path.startswith(_OPEN) else await self._access.actor(token_of(scope["headers"]))
        if actor is None and path != LOG_IN and not path.startswith(_OPEN):
            await _ask_to_log_in(scope, send, path)
            return
        refusal = _form_refusal(scope)
        if refusal:
            await _refuse(scope, send, *refusal)
            return
        await self._pass(scope, receive, send, actor)

    async def _pass(self, scope, receive, send, actor: dict | None) -> None:
        #: filled by `hooks.actor_from_request`: the request got as far as the site
        reached: list[bool] = []
        answered: list[int] = []
        scope = {**scope, "intake_actor": actor, "intake_reached": reached, "headers": [
            (name, value) for name, value in scope["headers"] if name not in (b"authorization", b"x-csrftoken")]}

        async def send_guarded(event):
            if event["type"] == "http.response.start":
                answered.append(event["status"])
                event = {**event, "headers": _guarded(scope, event.get("headers", []))}
                if not reached and event["status"] == 403:
                    await _refuse(scope, send, 403, _STALE)
                    return
            elif not reached and answered == [403]:
                return  # the English sentence of asgi-csrf
            await send(event)

        try:
            await self._app(scope, receive, send_guarded)
        except (UnicodeError, CookieError, TypeError):
            # asgi-csrf stumbles over cookies and forms that are no text; whatever fails further in is caught there
            if reached or answered:
                raise
            await _refuse(scope, send, 400, "请求不完整，请返回后再试。")

    def _refusal(self, scope, path: str) -> tuple[int, str] | None:
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if not _HOST.fullmatch(host) or (urlsplit(f"//{host}").hostname or "") not in self._hosts:
            return 403, "请用本机地址打开管理页面。"
        if scope["method"] not in ("GET", "HEAD") and (scope["method"] != "POST" or not path.startswith("/-/")):
            return 405, "这个地址只能查看。"
        if path.endswith(".blob") or _BUILT_IN.match(path):
            # no column of bytes is shown, and Datasette stumbles over others
            return 404, "没有这一页。"
        column = private_column(path, scope["query_string"].decode("latin-1"))
        if column:
            return 400, f"“{column}”一栏含有个人信息，不能用来筛选、排序或分组。"
        return None


_STALE = "页面已过期（打开太久，或管理页面重启过），没有保存。请返回上一页，刷新后再提交。"


def _path(scope) -> str:
    """The path as Datasette will route it."""
    raw = scope.get("raw_path")
    return (raw.decode("latin-1") if raw else scope["path"]).partition("?")[0]


def _form_refusal(scope) -> tuple[int, str] | None:
    if scope["method"] != "POST":
        return None
    headers = dict(scope["headers"])
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != _FORM:
        return 415, "只接受网页表单。"
    if not headers.get(b"content-length", b"").isdigit() or int(headers[b"content-length"]) > _LONGEST_FORM:
        return 413, "填写的内容太长。"
    return None if b"cookie" in headers and _same_origin(headers) else (403, _STALE)


def _same_origin(headers: dict[bytes, bytes]) -> bool:
    """Whether a page of ours sent the form, as far as the browser tells."""
    if site := headers.get(b"sec-fetch-site"):
        return site == b"same-origin"
    origin = headers.get(b"origin")
    return origin is None or _netloc(origin.decode("latin-1")) == headers.get(b"host", b"").decode("latin-1").lower()


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _guarded(scope, headers) -> list[tuple[bytes, bytes]]:
    """The answer's headers with ours in place of its own; a page may narrow what it loads by a policy of its own."""
    own = {name for name, _ in _HEADERS}
    kept = [(name, value) for name, value in headers if name.lower() not in own]
    if not any(name.lower() == b"content-security-policy" for name, _ in kept):
        kept.append(_policy(scope))
    return [*kept, *_HEADERS]


def _policy(scope) -> tuple[bytes, bytes]:
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    origin = f"{scope.get('scheme', 'http')}://{host}" if _HOST.fullmatch(host) else "'none'"
    return b"content-security-policy", _POLICY.format(origin=origin).encode()


def private_column(path: str, query: str) -> str | None:
    """The Chinese name of a private column by which the request would filter, sort or group, or None."""
    segments = path.partition("?")[0].strip("/").split("/")
    table = tables().get(tilde_decode(segments[1]).rsplit(".", 1)[0]) if len(segments) == 2 else None
    if table is None:
        return None
    for key, value in parse_qsl(query, keep_blank_values=True):
        name = _column_named(key, value, table)
        if name:
            column = table.column(name)
            return column.label if column else name
    return None


def _column_named(key: str, value: str, table: Table) -> str | None:
    if key == "_through":
        return "关联表"
    if key in _COLUMN_ARGUMENTS or key.startswith("_filter_column_"):
        return value if value in table.private else None
    name = key.rsplit("__", 1)[0]
    return next((found for found in (key, name) if found in table.private), None)


def _wants_data(scope, path: str) -> bool:
    accepted = dict(scope["headers"]).get(b"accept", b"")
    return path.endswith((".json", ".jsono", ".csv")) or (b"application/json" in accepted and b"html" not in accepted)


async def _ask_to_log_in(scope, send, path: str) -> None:
    if _wants_data(scope, path):
        await _answer_data(scope, send, 401, "请先登录。")
        return
    query = scope["query_string"].decode("latin-1")
    address = log_in_address(f"{path}?{query}" if query else path) if scope["method"] != "POST" else LOG_IN
    await _answer(scope, send, 303, b"", b"text/html; charset=utf-8", (b"location", address.encode("latin-1")))


async def _answer_data(scope, send, status: int, sentence: str) -> None:
    body = json.dumps({"ok": False, "error": sentence, "status": status, "title": None}, ensure_ascii=False).encode()
    await _answer(scope, send, status, body, b"application/json; charset=utf-8")


async def _refuse(scope, send, status: int, sentence: str) -> None:
    if _wants_data(scope, _path(scope)):
        await _answer_data(scope, send, status, sentence)
        return
    body = (f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>不能打开</title></head>'
            f'<body style="font-family:sans-serif;max-width:40em;margin:3em auto;padding:0 1em;line-height:1.7">'
            f'<main><h1 style="font-size:1.3em">不能打开</h1><p>{sentence}</p><p><a href="/">返回首页</a></p></main>'
            f'</body></html>').encode()
    await _answer(scope, send, status, body, b"text/html; charset=utf-8")


async def _answer(scope, send, status: int, body: bytes, media_type: bytes, *headers: tuple[bytes, bytes]) -> None:
    start = [(b"content-type", media_type), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": _guarded(scope, start)})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})
