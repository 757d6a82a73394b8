"""What may be seen of every table and column, and under which name: tables.yaml as frozen values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

HERE = Path(__file__).parent
#: how a column is shown
MASKS = ("plain", "text", "id", "phone", "field", "paper", "file", "extra", "hidden")
#: masks of columns that hold a person's number
_NUMBERS = ("id", "phone", "field", "paper", "file", "extra")


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the site shows it."""

    name: str
    #: one of MASKS
    mask: str
    #: Chinese name
    label: str
    description: str = ""
    #: name of the table of words for its codes, e.g. `STATUSES`
    codes: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table as the site shows it."""

    name: str
    title: str
    description: str
    #: without those that are hidden
    columns: tuple[Column, ...]
    #: columns that never stand in an address: no filter, facet or order by them
    private: frozenset[str]
    facets: tuple[str, ...] = ()
    sort: str | None = None
    sort_desc: str | None = None
    #: column by which a row is named where another table refers to it
    label: str | None = None
    hidden: bool = False

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@cache
def tables() -> dict[str, Table]:
    """Every table that the site shows, in the order of the file; `{noun}` in its words is what a form describes."""
    written = yaml.safe_load((HERE / "tables.yaml").read_text("utf-8"))
    return {name: _table(name, keys) for name, keys in written.items()}


@cache
def queries() -> dict[str, dict]:
    """The canned queries, as Datasette wants them, but for the words of the collection (`worded_queries`)."""
    return yaml.safe_load((HERE / "queries.yaml").read_text("utf-8"))


def worded_tables(noun: str, labels: Mapping[str, str]) -> dict[str, Table]:
    """The tables as one collection speaks of them: `noun` is what a form describes, `labels` those of its fields."""
    return {name: replace(
        table, title=table.title.format(noun=noun), description=table.description.format(noun=noun),
        columns=tuple(replace(column, label=labels.get(column.name, column.label) if name == "accounts"
                              else column.label.format(noun=noun)) for column in table.columns))
            for name, table in tables().items()}


def worded_queries(noun: str, categories: Mapping[str, str], left_out: Collection[str] = ()) -> dict[str, dict]:
    """The canned queries as one collection speaks of them, but for those that count what its forms do not ask."""
    sums = ", ".join(f"sum(s.category = '{code}') AS {_quoted(label)}" for code, label in categories.items()
                     if code != "unknown")
    words = {"{noun}": noun.replace("'", "").replace('"', ""), "{categories}": sums}
    found = {name: {key: _worded(text, words) for key, text in query.items()} for name, query in queries().items()}
    return {name: query for name, query in found.items() if name not in left_out}


def _worded(text, words: Mapping[str, str]):
    for mark, word in words.items() if isinstance(text, str) else ():
        text = text.replace(mark, word)
    return text


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def hidden_columns() -> set[tuple[str, str]]:
    """(table, column) of everything that is known and kept from the site."""
    written = yaml.safe_load((HERE / "tables.yaml").read_text("utf-8"))
    return {(table, name) for table, keys in written.items() for name, column in keys["columns"].items()
            if column[0] == "hidden"}


def _table(name: str, keys: dict) -> Table:
    columns = tuple(_column(column, value) for column, value in keys["columns"].items() if value[0] != "hidden")
    private = frozenset(column.name for column in columns if column.mask in _NUMBERS) | set(keys.get("private", ()))
    return Table(name, keys["title"], keys["description"], columns, private, tuple(keys.get("facets", ())),
                 keys.get("sort"), keys.get("sort_desc"), keys.get("label"), bool(keys.get("hidden")))


def _column(name: str, value: list) -> Column:
    mask, label, description, codes = [*value, *("", "", "", None)[len(value):]]
    if mask not in MASKS:
        raise ValueError(f"tables.yaml: {name}: unknown mask {mask}")
    return Column(name, mask, label, description, codes)
