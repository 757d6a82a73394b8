"""What stands before the site: who may ask, what may stand in an address, and what a page may load.

The site has no log-in; it listens on loopback. A page of a foreign site, opened in the same browser, could still reach
it under a name of its own that resolves to 127.0.0.1 (DNS rebinding), so only the site's own names are answered.
Addresses are kept in histories and logs, so a request that filters, sorts or groups by a column of personal data is
refused.
"""

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from datasette.utils import tilde_decode

from store.admin.policy import Table, tables

#: no script, nothing from elsewhere, no frame
_POLICY = (b"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
           b"base-uri 'none'; frame-ancestors 'none'")
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"),
)
#: arguments whose value names a column
_COLUMN_ARGUMENTS = ("_sort", "_sort_desc", "_facet", "_facet_array", "_facet_date", "_filter_column")


class Gate:
    """ASGI middleware."""

    def __init__(self, app, hosts: Iterable[str]):
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal:
            await _refuse(send, *refusal)
            return

        async def send_guarded(event):
            if event["type"] == "http.response.start":
                own = {name for name, _ in _HEADERS}
                kept = [(name, value) for name, value in event.get("headers", []) if name.lower() not in own]
                event = {**event, "headers": [*kept, *_HEADERS]}
            await send(event)

        await self._app(scope, receive, send_guarded)

    def _refusal(self, scope) -> tuple[int, str] | None:
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if (urlsplit(f"//{host}").hostname or "") not in self._hosts:
            return 403, "请用本机地址打开管理页面。"
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "管理页面只能查看。"
        if scope["path"].endswith(".blob"):
            # no column of bytes is shown, and Datasette stumbles over others
            return 404, "没有这一页。"
        column = private_column(scope.get("raw_path", scope["path"].encode()).decode("latin-1"),
                                scope["query_string"].decode("latin-1"))
        if column:
            return 400, f"“{column}”一栏含有个人信息，不能用来筛选、排序或分组。"
        return None


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


async def _refuse(send, status: int, sentence: str) -> None:
    body = (f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>不能打开</title>'
            f'<body style="font-family:sans-serif;max-width:40em;margin:3em auto;line-height:1.7"><p>{sentence}</p>'
            f'<p><a href="/">返回首页</a></p></body></html>').encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode()), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
