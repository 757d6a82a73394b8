"""The site itself: titles, descriptions, queries and Chinese pages, put together for Datasette 0.65."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from datasette.app import Datasette
from datasette.plugins import pm

from store.admin import hooks, pages
from store.admin.access import Access
from store.admin.cells import Cells, Words
from store.admin.desk import Desk, Threads
from store.admin.front import Front
from store.admin.gate import Gate
from store.admin.masked import MaskedDatabase
from store.admin.policy import HERE, Table, worded_queries, worded_tables
from store.database import Database
from store.sessions import Lifetime

#: of the database on the site
NAME = hooks.NAME
_SETTINGS = {
    "allow_download": False, "suggest_facets": False, "default_page_size": 50, "max_returned_rows": 1000,
    "sql_time_limit_ms": 3000, "default_cache_ttl": 0, "truncate_cells_html": 160, "facet_time_limit_ms": 1000,
    "default_facet_size": 15,
}


def build(path: Path, title: str, words: Words, now: Callable[[], datetime], lifetime: Lifetime, desk: Desk,
          home: Callable[[Database, datetime], object]) -> Datasette:
    """A Datasette on the live database at `path`; shows masked views, loads nothing from elsewhere.

    `words` gives the office's words for the code tables named in tables.yaml, and under `MISSING` a function for the
    codes of `submissions.missing`; sessions last for `lifetime`. `desk` tells stories and does what clerks decide, `home`
    tells the state of the collection for the first page.
    """
    shown = worded_tables(desk.noun(), words["FIELDS"])
    asked = {"by_platform": words["PLATFORMS"], "by_unit_type": "unit_type" in words["FIELDS"], "by_town": words["TOWNS"]}
    queries = worded_queries(desk.noun(), words["CATEGORIES"], [name for name, there in asked.items() if not there])
    site = Datasette([], memory=False, metadata=_metadata(title, shown, queries), settings=_SETTINGS,
                     template_dir=str(HERE / "templates"), static_mounts=[("assets", str(HERE / "static"))])
    # Datasette adds an empty database of its own where it is given no file
    site.remove_database("_memory")
    site.intake_cells, site.intake_desk, site.intake_threads = Cells(words), desk, Threads()
    site.intake_tables, site.intake_queries = shown, queries
    site.intake_access = Access(path, now, lifetime)
    site.intake_front = Front(path, now, home)
    site.add_database(MaskedDatabase(site, path, site.intake_cells.named), name=NAME)
    for plugin in (hooks, pages):
        if not pm.is_registered(plugin):
            pm.register(plugin)
    return site


def application(site: Datasette, hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")):
    """The ASGI application: the site behind its gate, for the given host names."""
    return Gate(site.app(), hosts, site.intake_access)


def _metadata(title: str, tables: dict[str, Table], queries: dict[str, dict]) -> dict:
    return {"title": title, "databases": {NAME: {
        "title": title,
        "tables": {name: _table_metadata(table) for name, table in tables.items()},
        "queries": queries,
    }}}


def _table_metadata(table: Table) -> dict:
    names = [column.name for column in table.columns]
    keys = {
        "title": table.title, "description": table.description, "facets": list(table.facets), "hidden": table.hidden,
        "columns": {column.name: f"{column.label}：{column.description}" if column.description else column.label
                    for column in table.columns},
        "sortable_columns": [name for name in names if name not in table.private],
    }
    optional = {"sort": table.sort, "sort_desc": table.sort_desc, "label_column": table.label}
    return keys | {key: value for key, value in optional.items() if value}
