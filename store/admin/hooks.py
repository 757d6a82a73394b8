"""Datasette's plugin hooks: the wording of cells, and what the templates need. They leave other Datasettes alone."""

import logging

from datasette import Response, hookimpl
from datasette.utils.asgi import Base400
from datasette.views.base import DatasetteError

from store.admin import access, front, search_page
from store.admin.access import ROLE_WORDS, may

#: Datasette's commonest complaints
_SENTENCES = {
    "Statement must be a SELECT": "只能使用 SELECT 语句。", "Table not found": "没有这张表。",
    "Record not found": "没有这条记录。", "Database not found": "没有这个数据库。",
}

log = logging.getLogger(__name__)

#: of the database on the site
NAME = "intake"
#: what every page leads to
MAIN_PAGES = (("首页", "/"), ("待办", "/-/queue"), ("登记", "/intake/submissions"), ("来信", "/intake/messages"), ("查询", "/intake"), ("搜索", "/-/search"))
#: tables that only who administers may open
_FOR_MANAGERS = ("users", "sessions", "login_attempts")
#: how a filter compares, in the order of use
LOOKUPS = (
    ("exact", "等于"), ("contains", "包含"), ("not", "不等于"), ("startswith", "开头是"), ("endswith", "结尾是"),
    ("gt", "大于"), ("gte", "不小于"), ("lt", "小于"), ("lte", "不大于"), ("in", "是其中之一（逗号分隔）"),
    ("isblank__1", "为空"), ("notblank__1", "不为空"),
)


@hookimpl
def render_cell(value, column, table, database, datasette):
    """A value as HTML (`Cells.render`)."""
    cells = getattr(datasette, "intake_cells", None)
    return cells.render(table, column, value) if cells and database == NAME else None


@hookimpl
def extra_template_vars(datasette):
    """What the Chinese templates use beside Datasette's own variables."""
    cells = getattr(datasette, "intake_cells", None)
    if cells is None:
        return {}
    shown = datasette.intake_tables
    return {"tables_shown": [table for table in shown.values() if not table.hidden], "policy": shown,
            "queries_shown": datasette.intake_queries, "lookups": LOOKUPS, "word": cells.word, "site_name": NAME,
            "main_pages": MAIN_PAGES,
            "may": may, "role_words": ROLE_WORDS, "link_to": lambda number: cells.render("submissions", "number", number)}


@hookimpl
def register_routes(datasette):
    """Pages of our own."""
    return (*access.ROUTES, *front.ROUTES, *search_page.ROUTES) if hasattr(datasette, "intake_access") else ()


@hookimpl
def actor_from_request(datasette, request):
    """Whom the gate found to be logged in."""
    request.scope.get("intake_reached", []).append(True)
    return request.scope.get("intake_actor")


@hookimpl
def permission_allowed(datasette, actor, action, resource):
    """Everybody who is logged in sees the masked tables; SQL of one's own is for who administers."""
    if not hasattr(datasette, "intake_access"):
        return None
    database = resource[0] if isinstance(resource, tuple) else resource
    if action != "view-instance" and database != NAME:
        return False
    if action == "execute-sql" or (action == "view-table" and resource[1] in _FOR_MANAGERS):
        return may(actor, "manage")
    return action in ("view-instance", "view-database", "view-table", "view-query") and may(actor, "view")


@hookimpl(tryfirst=True)
def forbidden(datasette, request, message):
    """A right is missing."""
    return _answer(datasette, request, 403, message) if hasattr(datasette, "intake_access") else None


@hookimpl(wrapper=True)
def handle_exception(datasette, request, exception):
    """Answer a failed request in place of Datasette's own handler, which prints every local variable."""
    # the other handlers only return functions that are still to be called
    others = yield
    return [_failed(datasette, request, exception)] if getattr(datasette, "intake_cells", None) else others


async def _failed(datasette, request, exception) -> Response:
    if isinstance(exception, DatasetteError | Base400):
        status, message = exception.status, str(getattr(exception, "message", None) or exception.args[0])
    else:
        status, message = 500, "管理页面出错，请查看服务日志。"
        # not its text, which may hold what somebody typed
        log.error("action=admin-error kind=%s", type(exception).__name__)
    return await _answer(datasette, request, status, _SENTENCES.get(message, message))


async def _answer(datasette, request, status: int, message: str) -> Response:
    if request.path.partition("?")[0].endswith(".json"):
        return Response.json({"ok": False, "error": message, "status": status, "title": None}, status=status)
    page = await datasette.render_template("error.html", {"status": status, "error": message}, request=request)
    return Response.html(page, status=status)
