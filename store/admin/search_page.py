"""Search: `/-/search?q=…` for words; a number of a person is asked for by POST alone, so that it stands in no address."""

import re
from datetime import datetime
from urllib.parse import urlencode

from datasette import Response
from markupsafe import Markup, escape

from rules.values import mask_personal
from rules.words import asked
from store import search
from store.admin.access import may, need
from store.admin.masked import hide_file
from store.database import Database, one, writing
from store.processing import add_event

_PATH = "/-/search"
_TITLES = {"submission": "登记", "account": "账号", "message": "来信", "attachment": "附件"}
#: so many changed rows are indexed before an answer; the daemon does the rest
_MOST_CHANGES = 2_000
#: characters on each side of a hit
_AROUND = 28
_LONGEST = 100


async def search_page(request, datasette) -> Response:
    """The form, and what was found."""
    need(request, "view")
    if request.method == "POST":
        query = (await request.post_vars()).get("q", "").strip()[:_LONGEST]
        if not is_number(query):
            return Response.redirect(f"{_PATH}?{urlencode({'q': query})}", status=303)
        return await _numbers(request, datasette, query)
    query = (request.args.get("q") or "").strip()[:_LONGEST]
    if is_number(query):
        return await _page(request, datasette, {"error": "身份证号、手机号码请在本页的搜索框里输入后查找，不要写在网址里。"}, 400)
    number = await datasette.intake_front.run(_number_of, query) if query else None
    if number:
        return Response.redirect(f"/-/submission/{number}", status=303)
    hits, waiting = await datasette.intake_front.run(_found, query) if query else ({}, 0)
    runs = asked(query)
    groups = [(_TITLES[kind], [(hit, snippet(_shown(hit), runs)) for hit in found]) for kind, found in hits.items() if found]
    return await _page(request, datasette, {"query": query, "groups": groups, "waiting": waiting, "most": search.MOST_HITS})


def is_number(query: str) -> bool:
    """Whether the query holds a number that no address may bear."""
    return mask_personal(query) != query


async def _numbers(request, datasette, query: str) -> Response:
    """Submissions that hold the number; needs the right to see it, and is written down without it."""
    if not may(request.actor, "full"):
        return await _page(request, datasette, {"error": "按完整号码查找，需要“查看完整号码”的权限。"}, 403)
    digits = re.sub(r"[\s\-]", "", query).upper()
    numbers = await datasette.intake_front.run(_written_down, request.actor["id"], digits, datasette.intake_front.now())
    return await _page(request, datasette, {"numbers": numbers, "masked": mask_personal(query)})


async def _page(request, datasette, values: dict, status: int = 200) -> Response:
    nothing = {"query": "", "groups": [], "waiting": 0, "most": 0, "error": None, "numbers": None, "masked": ""}
    return Response.html(await datasette.render_template("search.html", nothing | values, request=request), status=status)


def _found(database: Database, query: str) -> tuple[dict, int]:
    search.refresh(database, _MOST_CHANGES)
    return search.find(database, query), search.waiting(database)


def _number_of(database: Database, query: str) -> str | None:
    """The 登记编号 that the query is."""
    row = one(database, "SELECT number FROM submissions WHERE number = ?", [query.upper()])
    return row["number"] if row else None


def _written_down(database: Database, actor: str, digits: str, now: datetime) -> list[str]:
    with writing(database):
        found = search.find_number(database, digits)
        add_event(database, now, "number-searched", actor=actor, detail={"found": len(found)})
    return found


def _shown(hit: search.Hit) -> str:
    return hide_file(None, hit.text)


def snippet(text: str, runs: tuple[str, ...]) -> Markup:
    """The text around the first place of the first run, with every run in it marked."""
    at = min((place for run in runs if (place := text.lower().find(run)) >= 0), default=0)
    begin, end = max(at - _AROUND, 0), at + _AROUND * 3
    part = " ".join(text[begin:end].split())
    marked, last = Markup(), 0
    pattern = re.compile("|".join(re.escape(run) for run in sorted(runs, key=len, reverse=True)), re.IGNORECASE)
    for match in pattern.finditer(part):
        marked += escape(part[last:match.start()]) + Markup("<mark>{}</mark>").format(match[0])
        last = match.end()
    marked += escape(part[last:])
    return Markup("{}{}{}").format("…" if begin else "", marked, "…" if end < len(text) else "")


ROUTES = ((rf"^{_PATH}$", search_page),)
