"""How one value stands on a page: codes in the office's words, short times, lists line by line, no outside link."""

import json
import re
from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

from store.admin.policy import tables

#: code → word, or a function that finds the word
Words = Mapping[str, Mapping | Callable]
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:[+-]\d\d:\d\d|Z)?")
#: columns of canned queries that hold the id of something with a page of its own
_PAGES = {"来信": "/-/message/", "附件": "/-/file/", "回信": "/-/outbox/"}
#: characters of a web address that are shown
_LONGEST = 400


class Cells:
    """The wording of values; `words` maps the names of code tables in tables.yaml to the words themselves."""

    def __init__(self, words: Words):
        self._words = words

    def word(self, table: str | None, column: str, value) -> str | None:
        """The office's word for a code, or None where the column holds no codes or the code has no word."""
        if value is None or value == "":
            return None
        found = tables()[table].column(column) if table in tables() else None
        return self.named(found.codes, value) if found and found.codes else None

    def named(self, codes: str, value) -> str | None:
        """The word for a code of the table of words `codes`; in SQL `word('STATUSES', status)`."""
        table = self._words.get(codes, {})
        return table(value) if callable(table) else table.get(value)

    def render(self, table: str | None, column: str, value) -> Markup | None:
        """The value as HTML; None leaves it to Datasette (plain text, numbers, references, nothing)."""
        word = self.word(table, column, value)
        if word is not None:
            return Markup('<span title="{}">{}</span>').format(value, word)
        if column in _PAGES and isinstance(value, int):
            return Markup('<a href="{}{}">{}</a>').format(_PAGES[column], value, value)
        if not isinstance(value, str) or not value:
            return None
        if (table == "submissions" and column == "number") or column in ("登记编号", "另一登记"):
            return _numbers(value)
        if match := _TIME.fullmatch(value):
            return Markup('<time datetime="{}" title="{}">{} {}</time>').format(value, value, match[1], match[2])
        if value.startswith("[") and (lines := _list(value)) is not None:
            named = [self._listed(column, line) for line in lines]
            return Markup("<br>").join(escape(line) for line in named) if named else Markup("—")
        if column == "extra" and table == "accounts":
            return self._named_fields(value)
        if column == "sha256":
            return Markup('<span title="{}">{}…</span>').format(value, value[:10])
        # an address that a registrant wrote is text, not a link; Datasette shortens what is long where it should
        return Markup("{}").format(value[:_LONGEST]) if value.strip().startswith(("http://", "https://")) else None

    def _named_fields(self, value: str) -> Markup | None:
        """A JSON map of fields, line by line under their labels."""
        try:
            told = json.loads(value)
        except ValueError:
            return None
        lines = [f"{self.named('FIELDS', name) or name}\uff1a{_plain(one)}" for name, one in told.items()]
        return Markup("<br>").join(escape(line) for line in lines) if lines else Markup("—")

    def _listed(self, column: str, line: str) -> str:
        return self.named("MISSING", line) or line if column in ("missing", "缺少材料") else line


def _plain(value) -> str:
    """A value of a JSON map in words."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _list(value: str) -> list[str] | None:
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return [str(one) for one in found] if isinstance(found, list) else None


def _numbers(value: str) -> Markup:
    """登记编号 as links to their story."""
    link = Markup('<a href="/-/submission/{}">{}</a>')
    return Markup("、").join(link.format(number, number) for number in value.split("、"))
