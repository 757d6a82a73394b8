"""The review queue: one case after the other, original left, fields right, with the keyboard or without any script.

    /-/queue                 everything that waits
    /-/queue/HD2019-0001     a submission; decided, the next case follows
    /-/queue/mail/12         a mail that belongs nowhere yet, or could not be processed
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
        (r"^/-/queue/mail/(?P<id>\d{1,18})$", mail_page),
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


async def mail_page(datasette, request) -> Response:
    """One mail of the queue."""
    need(request, "view")
    identifier = request.url_vars["id"]
    steps = await _steps(datasette, "message", identifier)
    if isinstance(steps, Response):
        return steps
    return await pages.message(datasette, request, int(identifier), steps)


async def _steps(datasette, about: str, key: str) -> dict | Response:
    """Where the case stands in the queue, for the templates; or the way to the next one where it waits no longer."""
    waiting = await datasette.intake_access.run(cases.waiting)
    place = cases.neighbours(waiting, about, key)
    if place is None:
        after = await datasette.intake_access.run(cases.following, waiting, about, key)
        return Response("", status=303, headers={"location": address_of(after) if after else "/-/queue"})
    position, before, after = place
    return {"back": "queue", "position": position, "count": len(waiting),
            "before": address_of(before) if before else None, "after": address_of(after or waiting[0])}


async def _case(datasette, request, full: bool) -> Response:
    number = request.url_vars["number"]
    steps = await _steps(datasette, "submission", number)
    if isinstance(steps, Response):
        return steps
    found = await quickly(datasette, datasette.intake_desk.submission, number, full)
    if found is None:
        raise NotFound("没有这个登记编号。")
    story, stamp = found
    files = _files(story)
    chosen = next((file for file in files if str(file[0]) == request.args.get("file")), files[0] if files else None)
    original = await slowly(datasette, datasette.intake_desk.original, chosen[0], full) if chosen else None
    return await pages.render(datasette, request, "case.html", pages.context_of(datasette, request, story, stamp, full) | steps | {
        "file": original, "files": files, "telephones": _telephones(story)})


def address_of(case: cases.Case) -> str:
    """Where a case is decided."""
    return f"/-/queue/{quote(case.key)}" if case.about == "submission" else f"/-/queue/mail/{case.key}"


def _files(story) -> list[tuple[int, str]]:
    """(id, name) of the files that matter: forms, papers, then what else could be looked at; containers not."""
    found: dict[int, str] = {}
    for one in (*story.accounts, *story.materials, *story.papers):
        if one.attachment_id:
            found.setdefault(one.attachment_id, one.filename)
    for file in (file for mail in story.mails for file in mail.files if file.has_bytes and file.role != "container"):
        found.setdefault(file.id, file.filename)
    return list(found.items())


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
