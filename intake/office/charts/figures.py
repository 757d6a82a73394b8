"""What the charts show, from the counts of a report."""

from datetime import date

from intake.office import words
from intake.office.charts.layout import AMBER, BLUE, Bar, Picture, bars, daily
from rules.survey import Survey

_STATUS_COLORS = {"incomplete": AMBER, "review": "#a8321d", "complete": "#2f6b4f", "registered": BLUE, "withdrawn": "#6b7078"}
#: shorter than on the tables
_STATUSES = {**words.STATUSES, "complete": "齐全，待纸质件", "registered": "已登记"}
NO_TOWN = "其他、未注明"


def charts(counts: dict, survey: Survey, day: date) -> tuple[Picture, ...]:
    """The charts of a report whose `counts` are those of `intake.office.digest`; () for one that was made before there
    were charts."""
    if "by_day" not in counts:
        return ()
    total = counts["total"]
    by_day = {date.fromisoformat(text): n for text, n in counts["by_day"].items()}
    found = [
        daily("每日新登记（件）", by_day, survey.opens, survey.closes, day),
        bars("status", "登记状态（件）", [Bar(_STATUSES[code], total["status"][code], _STATUS_COLORS[code])
                                   for code in _STATUSES if total["status"].get(code)]),
    ]
    if survey.platforms:
        item = survey.item
        found.append(bars("platform", f"{item.noun}（按平台，{item.measure}）", platform_bars(total)))
    if survey.towns:
        found.append(bars("town", "登记（按乡镇，件）", town_bars(total, survey), NO_TOWN))
    return tuple(found)


def platform_bars(total: dict) -> list[Bar]:
    """Platforms with accounts, the largest first."""
    counted = sorted(total["platform"].items(), key=lambda item: -item[1])
    return [Bar(name or "未能判定", n) for name, n in counted if n]


def town_bars(total: dict, survey: Survey) -> list[Bar]:
    """Every town in the survey's order, those without submissions too, and the rest."""
    counted = total.get("town", {})
    names = [town.name for town in survey.towns]
    rest = sum(n for name, n in counted.items() if name not in names)
    return [Bar(name, counted.get(name, 0)) for name in names] + ([Bar(NO_TOWN, rest)] if rest else [])
