"""Days of the year as the office writes them in service.yaml: one day, or a span such as `2019-10-01…2019-10-07`."""

import re
from datetime import date, timedelta

from rules.yaml_lines import Node

#: what stands between the first and the last day of a span
_BETWEEN = re.compile(r"\s*(?:…+|\.{2,3}|~|\uff5e|—+|\u81f3|\u5230|\s-\s)\s*")
#: a longer span is a slip of the pen
_MOST_DAYS = 366


def calendar_days(node: Node) -> frozenset[date]:
    """Every day of the list; a day that is written twice, or lies in two spans, counts once."""
    return frozenset(day for item in node.items() for day in _span(item))


def _span(item: Node) -> list[date]:
    written = item.raw.strip() if item.kind == "scalar" and item.tag == "timestamp" else item.text()
    ends = _BETWEEN.split(written)
    if len(ends) > 2:
        item.fail(f"应为一天或起止两天，如 2019-10-01…2019-10-07，不能是“{written}”")
    first, last = _day(item, ends[0]), _day(item, ends[-1])
    if not 0 <= (last - first).days < _MOST_DAYS:
        item.fail(f"末日早于首日，或者超过一年：{written}")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _day(item: Node, written: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    item.fail(f"应为日期，写作 2019-10-01 的样子，不能是“{written}”")
