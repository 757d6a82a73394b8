"""What clerks do on the pages: forms that are posted, checked, done at the desk, and answered with a plain sentence.

A form bears Datasette's CSRF token (see `gate`) and the stamp of its page: whoever decides on a page that is no longer
true is told so, and nothing is changed.
"""

from urllib.parse import quote

from datasette import NotFound, Response

from store.admin import pages
from store.admin.access import need
from store.admin.desk import quickly, slowly


def routes(id_pattern: str) -> list:
    """(address, view) of each."""
    return [
        (r"^/-/submission/(?P<target>[^/]+)/do/(?P<action>[a-z-]{1,30})$", act),
        (rf"^/-/message/{id_pattern.replace('<id>', '<target>')}/do/(?P<action>[a-z-]{{1,30}})$", act),
        (r"^/-/outbox/(?P<target>[dD]?\d{1,18}|all)/do/(?P<action>[a-z-]{1,30})$", act),
    ]


async def act(datasette, request) -> Response:
    """Do one thing; a dangerous one is asked about first. Redirects back (303) when it is done."""
    desk, code = datasette.intake_desk, request.url_vars["action"]
    about = request.path.split("/")[2]
    action = desk.actions().get(code)
    if request.method != "POST" or action is None or action.about != about:
        raise NotFound("没有这一页。")
    form = await posted_form(request)
    need(request, action.right)
    target = request.url_vars["target"]
    target = target.lower() if about == "outbox" else target
    back = f"/-/{about}/{quote(target)}" if target != "all" else "/-/outbox"
    if action.warning and form.get("sure") != "1":
        return await pages.render(datasette, request, "sure.html", {
            "action": action, "target": target, "form": _shown(form), "back": back,
            "about": [await _known(datasette, number) for number in _numbers(about, target, form)]})
    outcome = await slowly(datasette, desk.act, request.actor["id"], code, target, form)
    if not outcome.done:
        typed = {name: text for name, text in _shown(form).items() if name not in ("stamp", "sure")}
        return await pages.render(datasette, request, "refused.html", {
            "action": action, "target": target, "outcome": outcome, "back": back, "typed": typed},
            status=409 if outcome.stale else 400)
    datasette.add_message(request, "\n".join(outcome.sentences)[:1500], datasette.INFO)
    where = f"/-/submission/{quote(outcome.number)}" if outcome.number else back
    # the queue goes on with the next case where this one is decided
    led = {"outbox": "/-/outbox", "queue": f"/-/queue/{'mail/' if about == 'message' else ''}{quote(target)}"}
    return Response("", status=303, headers={"location": led.get(form.get("back"), where)})


async def posted_form(request) -> dict[str, str]:
    """The posted form; its token was checked before anything got here (`gate`)."""
    form = await request.post_vars()
    form.pop("csrftoken", None)
    return form


def _numbers(about: str, target: str, form: dict[str, str]) -> list[str]:
    """登记编号 of the submissions that an act is about: who is asked shall see whose they are."""
    return [number for number in (target, form.get("other", "").strip()) if number] if about == "submission" else []


async def _known(datasette, number: str) -> tuple[str, str, str]:
    """(登记编号, registrant, status) of a submission."""
    found = await quickly(datasette, datasette.intake_desk.submission, number, False)
    if found is None:
        return number, "没有这个登记编号", ""
    story = found[0]
    return story.number, story.registrant or "申报人未能判定", story.status_word


def _shown(form: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in form.items() if text}
