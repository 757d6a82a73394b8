"""The review queue: one case after the other, original left, fields right, with the keyboard or without any script.

    /-/queue                 everything that waits
    /-/queue/HD2019-0001     one case; decided, the next one follows

A mail that belongs nowhere yet is decided on its own page.
"""

from urllib.parse import quote

from datasette import NotFound, Response

from rules.masking import mask_personal
from store import cases
from store.admin import pages
from store.admin.access import need
from store.admin.desk import quickly, slowly

#: cases that are listed at once
MOST_LISTED = 200
#: columns of a form that hold a telephone number, each with the column of the name beside it
_TELEPHONES = {"admin_phone": "admin_name", "owner_phone": "owner_name"}


def routes() -> list:
    """(address, view) of each."""
    return [
        (r"^/-/queue$", queue_page),
        (r"^/-/queue/(?P<number>[^/]+)$", case_page),
        (r"^/-/queue/(?P<number>[^/]+)/reveal$", reveal_case),
    ]


async def queue_page(datasette, request) -> Response:
    """Everything that waits."""
    need(request, "view")
    waiting = await datasette.intake_access.run(cases.waiting)
    shown = [{"about": case.about, "key": case.key, "title": mask_personal(case.title or ""), "since": case.since,
              "reasons": [mask_personal(reason) for reason in case.reasons], "address": address_of(case)}
             for case in waiting[:MOST_LISTED]]
    return await pages.render(datasette, request, "queue.html", {"cases": shown, "count": len(waiting)})


async def case_page(datasette, request) -> Response:
    """One submission of the queue; what no longer waits leads to the next."""
    need(request, "view")
    return await _case(datasette, request, full=False)


async def reveal_case(datasette, request) -> Response:
    """The same with full numbers, to telephone: a form of its own, and written to the audit trail."""
    if request.method != "POST":
        raise NotFound("没有这一页。")
    need(request, "full")
    number = request.url_vars["number"]
    await quickly(datasette, datasette.intake_desk.looked, request.actor["id"], "numbers-revealed", number=number)
    return await _case(datasette, request, full=True)


async def _case(datasette, request, full: bool) -> Response:
    number = request.url_vars["number"]
    waiting = await datasette.intake_access.run(cases.waiting)
    place = cases.neighbours(waiting, number)
    if place is None:
        after = await datasette.intake_access.run(cases.following, waiting, number)
        return Response("", status=303, headers={"location": address_of(after) if after else "/-/queue"})
    found = await quickly(datasette, datasette.intake_desk.submission, number, full)
    if found is None:
        raise NotFound("没有这个登记编号。")
    story, stamp = found
    position, before, after = place
    files = _files(story)
    chosen = next((file for file in files if str(file[0]) == request.args.get("file")), files[0] if files else None)
    original = await slowly(datasette, datasette.intake_desk.original, chosen[0], full) if chosen else None
    return await pages.render(datasette, request, "case.html", pages.context_of(datasette, request, story, stamp, full) | {
        "back": "queue", "position": position, "count": len(waiting), "file": original, "files": files,
        "before": address_of(before) if before else None, "after": address_of(after or waiting[0]),
        "telephones": _telephones(story)})


def address_of(case: cases.Case) -> str:
    """Where a case is decided."""
    return f"/-/queue/{quote(case.key)}" if case.about == "submission" else f"/-/message/{case.key}"


def _files(story) -> list[tuple[int, str]]:
    """(id, name) of the files that matter: forms, papers, then what else could be looked at; containers not."""
    found = [(account.attachment_id, account.filename) for account in story.accounts]
    found += [(paper.attachment_id, paper.filename) for paper in (*story.materials, *story.papers)]
    found += [(file.id, file.filename) for mail in story.mails for file in mail.files
              if file.has_bytes and file.role != "container"]
    return list({identifier: (identifier, name) for identifier, name in reversed(found) if identifier}.values())[::-1]


def _telephones(story) -> list[tuple[str, str]]:
    """(name, number) of whom one can call, each number once."""
    found = {}
    for account in story.accounts:
        values = {field.name: field.value for field in account.fields}
        for telephone, name in _TELEPHONES.items():
            number = values.get(telephone, "")
            if any(char.isdigit() for char in number):
                found.setdefault(number, values.get(name, ""))
    return [(name, number) for number, name in found.items()]
