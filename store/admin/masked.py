"""A Datasette database whose SQL, whoever wrote it, reaches masked views only.

How it holds:
- `main` is an empty database in memory with tables of the same names and columns: Datasette finds its schema there, and
  `main.submissions` is an empty table.
- The live file is attached, read-only, under a random name. SQL cannot compute an identifier, so whoever wants to read
  the live tables must spell that name, and a statement that spells it is refused before SQLite sees it.
- TEMP views bear the tables' names. SQLite looks in `temp` first, so `submissions` is the view. The views call
  functions of ours that mask numbers; columns and tables that tables.yaml does not name are in no view.
- The authorizer (sqlite3_set_authorizer) allows SELECT and nothing else, and the reading of a live column only from
  inside something called like its table. That alone would not do: a common table expression may bear any name.

What it does not hide: anything but numbers. Names, addresses and texts can be read by whoever reaches the site.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from datasette.database import Database
from datasette.utils import detect_primary_keys, get_all_foreign_keys, get_outbound_foreign_keys
from datasette.utils import table_column_details as column_details

from rules.values import mask_id, mask_personal
from store.admin.policy import Table, tables

#: pragmas that say nothing but the shape of tables
_PRAGMAS = frozenset({"table_info", "table_xinfo", "foreign_key_list", "index_list", "index_info", "index_xinfo"})
#: tables of SQLite's own that may be read in `main`
_OWN_TABLES = frozenset({"sqlite_master", "sqlite_schema", "json_each", "json_tree",
                         *(f"pragma_{name}" for name in _PRAGMAS)})
_EXPLAIN = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*explain\b", re.IGNORECASE | re.DOTALL)
#: a date of birth as it is printed on an ID card; \d takes full-width digits too
_BIRTH = re.compile(r"(出\s*生[^\d]{0,12})\d{4}\s*[年.\-/]?\s*\d{1,2}\s*[月.\-/]?\s*\d{1,2}\s*日?")
_FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_log"})


def hide_text(value):
    """Free text without the numbers in it."""
    return mask_personal(value) if isinstance(value, str) else value


def hide_id(value):
    """An ID number, also one that somebody wrote wrongly."""
    return None if value is None else mask_id(str(value))


def hide_phone(value):
    """A telephone number, also one with a digit too many or too few."""
    if value is None:
        return None
    text, masked = str(value), mask_personal(str(value))
    return f"{text[:3]}****{text[-2:]}" if masked == text and sum(char.isdigit() for char in text) >= 5 else masked


def hide_field(name, value):
    """A value of the form's field `name`."""
    # the survey names its fields so (rules.survey_file)
    if str(name).endswith("id_number"):
        return hide_id(value)
    return hide_phone(value) if str(name).endswith("_phone") else hide_text(value)


def hide_extra(value):
    """The fields beside the columns, a JSON map: each as a field of its name."""
    try:
        told = json.loads(value)
    except (TypeError, ValueError):
        return hide_text(value)
    return json.dumps({name: hide_field(name, one) if isinstance(one, str) else one for name, one in told.items()},
                      ensure_ascii=False)


def hide_paper(kind, value):
    """A number read from an ID card; that of a certificate is public."""
    return value if kind == "org_certificate" else hide_id(value) if "id_card" in str(kind) else hide_text(value)


def hide_file(role, value):
    """What was read from a file.

    Of an ID card nothing: its date of birth stands beside the number and would fill the gap in it. In other files (a
    scan of form and card on one page) the date after 出生 is hidden.
    """
    if role == "id_card" and value:
        return "（身份证上的文字不显示）"
    return _BIRTH.sub(r"\1****年**月**日", hide_text(value)) if isinstance(value, str) else value


_FUNCTIONS: dict[str, tuple[int, Callable]] = {
    "hide_text": (1, hide_text), "hide_id": (1, hide_id), "hide_phone": (1, hide_phone),
    "hide_field": (2, hide_field), "hide_paper": (2, hide_paper),
    "hide_file": (2, hide_file), "hide_extra": (1, hide_extra),
}
_EXPRESSIONS = {"plain": '"{0}"', "text": 'hide_text("{0}")', "id": 'hide_id("{0}")', "phone": 'hide_phone("{0}")',
                "field": 'hide_field("name", "{0}")', "paper": 'hide_paper("kind", "{0}")',
                "file": 'hide_file("role", "{0}")', "extra": 'hide_extra("{0}")'}


class MaskedDatabase(Database):
    """Datasette's view of intake.db; `word` finds the office's word for a code (`word('STATUSES', status)` in SQL)."""

    def __init__(self, site, path: Path, word: Callable):
        super().__init__(site, path=str(path), is_mutable=True)
        self._word = word
        self._live = f"live_{secrets.token_hex(16)}"
        live = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            self._script = "".join(_create_table(live, table) for table in tables().values())
        finally:
            live.close()
        # Datasette asks for keys and types here: of a view it would find none
        self._schema = sqlite3.connect(":memory:", check_same_thread=False)
        self._schema.row_factory = sqlite3.Row
        self._schema.executescript(self._script)

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """A connection that can only read, and only through the masked views."""
        if write:
            raise sqlite3.OperationalError("intake.db is read-only here")
        connection = sqlite3.connect(":memory:", uri=True, check_same_thread=False)
        connection.executescript(self._script)
        connection.execute(f"ATTACH 'file:{quote(self.path)}?mode=ro' AS {self._live}")
        for name, (arguments, function) in _FUNCTIONS.items():
            connection.create_function(name, arguments, function, deterministic=True)
        connection.create_function("word", 2, self._named)
        for table in tables().values():
            connection.execute(_create_view(table, self._live))
        connection.execute("PRAGMA query_only=1")
        connection.set_authorizer(_authorizer(self._live))
        self._all_file_connections.append(connection)
        return connection

    def _named(self, codes, code):
        return code if code is None else self._word(codes, code) or code

    async def table_columns(self, table: str) -> list[str]:
        return [column.name for column in column_details(self._schema, table)]

    async def table_column_details(self, table: str):
        return column_details(self._schema, table)

    async def primary_keys(self, table: str) -> list[str]:
        return detect_primary_keys(self._schema, table)

    async def foreign_keys_for_table(self, table: str) -> list[dict]:
        return get_outbound_foreign_keys(self._schema, table)

    async def get_all_foreign_keys(self) -> dict:
        return get_all_foreign_keys(self._schema)

    async def attached_databases(self) -> list:
        return []

    async def execute(self, sql: str, params=None, **options):
        """As Datasette's, for statements that name only what the site shows; errors are not logged (they hold SQL)."""
        if sql == "PRAGMA schema_version":
            # the schema in `main` never changes
            sql = "SELECT 1"
        # EXPLAIN QUERY PLAN would tell the name
        if self._live in sql.lower() or _EXPLAIN.match(sql):
            raise sqlite3.OperationalError("not authorized")
        try:
            return await super().execute(sql, params, **{**options, "log_sql_errors": False})
        except sqlite3.Error as error:
            raise type(error)(str(error).replace(f"{self._live}.", "")) from None


def _create_table(live: sqlite3.Connection, table: Table) -> str:
    """The table as the site shows it: only the columns of the policy, in its order, with types and references."""
    written = {row[1]: row for row in live.execute(f"PRAGMA table_info({table.name})")}
    missing = [column.name for column in table.columns if column.name not in written]
    if missing:
        raise ValueError(f"tables.yaml names columns that {table.name} does not have: {', '.join(missing)}")
    references = {row[3]: f" REFERENCES {row[2]}(id)" for row in live.execute(f"PRAGMA foreign_key_list({table.name})")}
    columns, keys = [], []
    for name in (column.name for column in table.columns):
        _, _, kind, required, _, key = written[name]
        columns.append(f'    "{name}" {kind}{" NOT NULL" if required else ""}{references.get(name, "")}')
        keys += [(key, name)] if key else []
    primary = ", ".join(f'"{name}"' for _, name in sorted(keys))
    lines = ",\n".join([*columns, f"    PRIMARY KEY ({primary})"])
    return f"CREATE TABLE {table.name} (\n{lines}\n);\n"


def _create_view(table: Table, live: str) -> str:
    columns = ", ".join(f'{_EXPRESSIONS[column.mask].format(column.name)} AS "{column.name}"'
                        for column in table.columns)
    return f"CREATE TEMP VIEW {table.name} AS SELECT {columns} FROM {live}.{table.name}"


def _authorizer(live: str) -> Callable:
    names = frozenset(tables())

    def authorize(action: int, first: str | None, second: str | None, schema: str | None, source: str | None) -> int:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            return _allowed((second or "").lower() not in _FORBIDDEN_FUNCTIONS)
        if action == sqlite3.SQLITE_PRAGMA:
            return _allowed((first or "").lower() in _PRAGMAS)
        if action == sqlite3.SQLITE_READ:
            if schema is None or second == "":
                # a subquery or a common table expression, or a table of which no column is used: count(*)
                return sqlite3.SQLITE_OK
            if schema == live:
                return _allowed(first in names and source == first)
            return _allowed(first in names or (schema == "main" and first in _OWN_TABLES))
        return sqlite3.SQLITE_DENY

    return authorize


def _allowed(condition: bool) -> int:
    return sqlite3.SQLITE_OK if condition else sqlite3.SQLITE_DENY
