"""Pages about one submission, one mail, and the mails of ours that wait; the site's hook for all pages of its own.

    /-/submission/HD2019-0001    what is known, beside what it was read from, and what can be done
    /-/message/12                one mail
    /-/outbox, /-/outbox/12      mails of ours that wait, and the whole text of one
"""

from datasette import NotFound, Response, hookimpl

from store.admin import actions, originals, queue
from store.admin.access import may, need
from store.admin.desk import quickly

#: an id of a row in an address
ID = r"(?P<id>\d{1,18})"


@hookimpl
def register_routes(datasette):
    """The pages of the office, where a desk stands behind the site."""
    if getattr(datasette, "intake_desk", None) is None:
        return []
    return [
        (r"^/-/submission/(?P<number>[^/]+)$", submission_page),
        (r"^/-/submission/(?P<number>[^/]+)/reveal$", reveal_submission),
        (rf"^/-/message/{ID}$", message_page),
        (r"^/-/outbox$", outbox_page),
        (r"^/-/outbox/(?P<label>[dD]?\d{1,18})$", reply_page),
        *originals.routes(ID), *actions.routes(ID), *queue.routes(),
    ]


async def submission_page(datasette, request) -> Response:
    """Everything about one submission."""
    need(request, "view")
    return await _submission(datasette, request, full=False)


async def reveal_submission(datasette, request) -> Response:
    """The same with full numbers: asked for by a form, so that no address leads there, and written to the trail."""
    if request.method != "POST":
        raise NotFound("没有这一页。")
    await actions.posted_form(request)
    need(request, "full")
    number = request.url_vars["number"]
    await quickly(datasette, datasette.intake_desk.looked, request.actor["id"], "revealed", number=number)
    return await _submission(datasette, request, full=True)


async def _submission(datasette, request, full: bool) -> Response:
    desk = datasette.intake_desk
    found = await quickly(datasette, desk.submission, request.url_vars["number"], full)
    if found is None:
        raise NotFound("没有这个登记编号。")
    story, stamp = found
    return await render(datasette, request, "submission.html", context_of(datasette, request, story, stamp, full))


def context_of(datasette, request, story, stamp: str, full: bool = False) -> dict:
    """What the parts of a submission's page need (`_fields.html`, `_originals.html`, `_actions.html`, `_timeline.html`)."""
    desk = datasette.intake_desk
    handles = may(request.actor, "handle")
    return {
        "story": story, "stamp": stamp, "full": full, "may_handle": handles,
        "may_decide": handles and story.merged_into is None and story.status != "withdrawn", "may_full": may(request.actor, "full"),
        "may_manage": may(request.actor, "manage"), "actions": desk.actions(), "all_fields": desk.fields(),
        "categories": desk.categories(), "materials": desk.materials(), "timeline": timeline(story),
        "values": {account.id: {field.name: field.value for field in account.fields if field.value != "（空）"}
                   for account in story.accounts},
        "cuts": handles, "noun": desk.noun(), "open_doubts": [doubt for doubt in story.doubts if not doubt.settled],
    }


def timeline(story) -> list[tuple[str, str, object]]:
    """Mails, decisions, answers and changed values in the order of time: (time, sort, what)."""
    told = [(mail.received_at, "mail", mail) for mail in story.mails]
    told += [(one.at, "decision", one) for one in story.decisions]
    told += [(reply.at, "reply", reply) for reply in story.replies]
    told += [(one.at, "change", one) for one in story.changes if one.actor == "系统"]
    rank = {"mail": 0, "change": 1, "decision": 2, "reply": 3}
    return sorted(told, key=lambda entry: (entry[0], rank[entry[1]]))


async def message_page(datasette, request) -> Response:
    """Everything about one mail."""
    need(request, "view")
    return await message(datasette, request, int(request.url_vars["id"]), {})


async def message(datasette, request, identifier: int, steps: dict) -> Response:
    """The page of a mail; `steps`: its place in the review queue, where one comes from there."""
    found = await quickly(datasette, datasette.intake_desk.message, identifier, False)
    if found is None:
        raise NotFound("没有这封来信。")
    story, stamp = found
    return await render(datasette, request, "message.html", {
        "story": story, "stamp": stamp, "may_handle": may(request.actor, "handle"), "actions": datasette.intake_desk.actions(),
        "open_doubts": [doubt for doubt in story.doubts if not doubt.settled], **steps})


async def outbox_page(datasette, request) -> Response:
    """Mails of ours that wait."""
    need(request, "view")
    told = await quickly(datasette, datasette.intake_desk.outbox, False)
    return await render(datasette, request, "outbox.html", told | {
        "may_handle": may(request.actor, "handle"), "may_manage": may(request.actor, "manage"),
        "actions": datasette.intake_desk.actions(), "buttons": BUTTONS})


#: what can be done with a mail of ours in each state
BUTTONS = {"held": ("approve",), "queued": ("hold",), "deferred": ("release", "hold"), "failed": ("release",),
           "uncertain": ("confirm", "release")}


async def reply_page(datasette, request) -> Response:
    """The whole text of one mail of ours, and what can be done with it."""
    need(request, "view")
    found = await quickly(datasette, datasette.intake_desk.reply, request.url_vars["label"], False)
    if found is None:
        raise NotFound("没有这封回信。")
    return await render(datasette, request, "reply.html", found | {
        "may_handle": may(request.actor, "handle"), "actions": datasette.intake_desk.actions(), "buttons": BUTTONS})


async def render(datasette, request, template: str, context: dict, status: int = 200) -> Response:
    """A page of ours."""
    page = await datasette.render_template(template, context, request=request)
    return Response.html(page, status=status)


