"""The site's first page: the state of the collection, counted anew when the database has changed; a thread for search too."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from datasette import Response

from store.admin.access import need
from store.database import Database, connect

#: what is a little older than this is counted again, also when the database stayed as it was: days pass, disks fill up
_FRESH = timedelta(minutes=1)


class Front:
    """The figures of the first page, on a connection and in a thread of their own.

    `gather` tells the state of the database at a time; what it returns is printed by index.html.
    """

    def __init__(self, path: Path, now: Callable[[], datetime], gather: Callable[[Database, datetime], object]):
        self._path, self._now, self._gather = path, now, gather
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake-front")
        self._database: Database | None = None
        self._seen: tuple[int, datetime, object] | None = None

    def now(self) -> datetime:
        """The clock of the site."""
        return self._now()

    async def page(self) -> object:
        """The state, at most a minute old and never older than the last change."""
        return await self.run(self._told)

    async def run(self, work: Callable, *arguments):
        """`work(database, *arguments)` in the thread that owns the connection."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work, arguments)

    def _work(self, work: Callable, arguments: tuple):
        if self._database is None:
            self._database = connect(self._path)
        return work(self._database, *arguments)

    def _told(self, database: Database) -> object:
        version, now = database.conn.execute("PRAGMA data_version").fetchone()[0], self._now()
        if self._seen is None or self._seen[0] != version or not timedelta() <= now - self._seen[1] < _FRESH:
            self._seen = version, now, self._gather(database, now)
        return self._seen[2]

    def close(self) -> None:
        """Close the connection and end the thread."""
        self._thread.submit(lambda: self._database and self._database.close()).result()
        self._thread.shutdown()


async def home_page(request, datasette) -> Response:
    """`/`."""
    need(request, "view")
    home = await datasette.intake_front.page()
    return Response.html(await datasette.render_template("index.html", {"home": home}, request=request))


ROUTES = ((r"^/$", home_page),)
