"""Originals: the page of one file, and its parts as pictures that were drawn anew.

Nothing of a stranger's file reaches the browser as it is: pages are JPEG pictures made from pixels by the confined
reader, words are escaped text. Pictures cannot hide numbers, so they need the right `handle`, and who looked is written
to the audit trail. A file is named by its id alone. The file itself is handed out as a download, never to be shown.
"""

import re
import time
from collections import OrderedDict
from urllib.parse import quote

from datasette import NotFound, Response

from store.admin import actions, pages
from store.admin.access import may, need
from store.admin.desk import quickly, slowly

#: pixels of the widest page that is drawn, and of a thumbnail
WIDTH, THUMBNAIL = 1400, 420
#: for what is not a page of ours: it may do nothing at all, whatever it is taken for
_SHUT = {"content-security-policy": "sandbox; default-src 'none'", "x-content-type-options": "nosniff",
         "cache-control": "no-store", "cross-origin-resource-policy": "same-origin"}
#: looking again at the same file within so many seconds is one viewing
_ONE_VIEWING = 600
_MOST_REMEMBERED = 10_000
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|;\u202a-\u202e\u2066-\u2069]+')


def routes(id_pattern: str) -> list:
    """(address, view) of each."""
    return [
        (rf"^/-/file/{id_pattern}$", file_page),
        (rf"^/-/file/{id_pattern}/page/(?P<page>\d{{1,4}})$", file_picture),
        (rf"^/-/file/{id_pattern}/small$", file_thumbnail),
        (rf"^/-/file/{id_pattern}/download$", download),
        (rf"^/-/crop/{id_pattern}$", crop),
    ]


async def file_page(datasette, request) -> Response:
    """One original."""
    need(request, "view")
    told = await slowly(datasette, datasette.intake_desk.original, int(request.url_vars["id"]), False)
    if told is None:
        raise NotFound("没有这个附件。")
    return await pages.render(datasette, request, "file.html", {
        "file": told, "may_handle": may(request.actor, "handle"), "may_download": _may_download(request)})


async def file_picture(datasette, request) -> Response:
    """A page of it."""
    return await _picture(datasette, request, int(request.url_vars["page"]), WIDTH)


async def file_thumbnail(datasette, request) -> Response:
    """Its first page, small."""
    return await _picture(datasette, request, 1, THUMBNAIL)


async def _picture(datasette, request, page: int, width: int) -> Response:
    need(request, "handle")
    identifier = int(request.url_vars["id"])
    picture = await slowly(datasette, datasette.intake_desk.original_page, identifier, page, width)
    return await _jpeg(datasette, request, identifier, picture)


async def crop(datasette, request) -> Response:
    """The piece from which one field was read."""
    need(request, "handle")
    field = int(request.url_vars["id"])
    identifier = await quickly(datasette, datasette.intake_desk.attachment_of, field)
    picture = await slowly(datasette, datasette.intake_desk.crop, field) if identifier is not None else None
    return await _jpeg(datasette, request, identifier, picture)


async def _jpeg(datasette, request, identifier: int | None, picture: bytes | None) -> Response:
    if picture is None:
        return Response("没有这幅图。", status=404, headers=dict(_SHUT), content_type="text/plain; charset=utf-8")
    await _note(datasette, request.actor["id"], identifier)
    return Response(picture, headers=dict(_SHUT), content_type="image/jpeg")


async def _note(datasette, actor: str, identifier: int) -> None:
    """Who looked at which original, once for each viewing."""
    seen = datasette.__dict__.setdefault("intake_viewings", OrderedDict())
    key, now = (actor, identifier), time.monotonic()
    if now - seen.get(key, -_ONE_VIEWING) < _ONE_VIEWING:
        return
    seen[key] = now
    seen.move_to_end(key)
    while len(seen) > _MOST_REMEMBERED:
        seen.popitem(last=False)
    await quickly(datasette, datasette.intake_desk.looked, actor, "original-viewed", attachment_id=identifier)


async def download(datasette, request) -> Response:
    """The file's own bytes, asked for by a form, as something to be saved and not to be shown."""
    if request.method != "POST":
        raise NotFound("没有这一页。")
    await actions.posted_form(request)
    if not _may_download(request):
        need(request, "manage")
    identifier = int(request.url_vars["id"])
    found = await slowly(datasette, datasette.intake_desk.content, identifier)
    if found is None:
        raise NotFound("没有这个附件的内容。")
    name, data = found
    await quickly(datasette, datasette.intake_desk.looked, request.actor["id"], "original-downloaded", attachment_id=identifier)
    return Response(data, headers=dict(_SHUT) | {"content-disposition": _as_attachment(name, identifier)},
                    content_type="application/octet-stream")


def _may_download(request) -> bool:
    return may(request.actor, "manage") or (may(request.actor, "handle") and may(request.actor, "full"))


def _as_attachment(name: str, identifier: int) -> str:
    """RFC 6266; a name without anything that a file system or a header could take for more."""
    safe = _UNSAFE.sub("_", name).strip(" .")[-120:] or f"original-{identifier}"
    return f"attachment; filename=\"original-{identifier}\"; filename*=UTF-8''{quote(safe, safe='')}"
