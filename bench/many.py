"""A large office: pages of the admin site, search, the digest and the workbook with 100,000 submissions."""

import tempfile
import time
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from statistics import median

import many_rows
import tables
from build_admin import serving
from build_store import configuration, shipped_survey

from intake.office import digest, ledger
from store import search
from store.database import connect

#: address → how fast it must be, in milliseconds; `{number}` is a submission in the middle
PAGES = {
    "/": 200, "/-/submission/{number}": 100, "/-/queue": 200, "/intake/submissions": 200,
    "/intake/submissions?status=review": 200, "/intake/messages": 200, "/intake/accounts": 200, "/intake/incomplete": 200,
    "/intake/review": 200, "/intake/overdue": 200, "/intake/by_town": 200, "/intake/by_platform": 200,
    "/intake/by_status": 200, "/intake/duplicate_accounts": 200, "/-/search?q=石湾": 200, "/-/search?q=谭": 200,
    "/-/search?q=卫生院 石湾": 200, "/-/search?q=查无此词": 200,
}  # fmt: skip
NOW = datetime(2019, 9, 2, 8, 30, tzinfo=many_rows.ZONE)


def run(count: int, runs: int) -> None:
    """Fill a database, and measure."""
    survey = shipped_survey()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with closing(connect(folder / "intake.db")) as database:
            filled = _seconds(lambda: many_rows.fill(database, count, survey))
            indexed = _seconds(lambda: search.refresh(database))
            reports = _reports(database, folder, survey)
        size = (folder / "intake.db").stat().st_size / 1024**2
        tables.show(f"{count:,} submissions: pages", ("page", "first, ms", "median, ms", "at most", ""), _pages(folder, count, runs))
    tables.show(f"{count:,} submissions: reports", ("what", "seconds"), reports,
                (f"database {size:.0f} MB, filled in {filled:.0f} s, indexed for search in {indexed:.0f} s",))


def _pages(folder: Path, count: int, runs: int) -> list[tuple]:
    number, rows = shipped_survey().numbering.format(count // 2), []
    with serving(folder) as client:
        for address, target in PAGES.items():
            took = [_page(client, address.format(number=number)) for _ in range(runs + 1)]
            rows.append((address, took[0], median(took[1:]), float(target),
                         tables.verdict(median(took[1:]), target, at_least=False)))
    return rows


def _page(client, address: str) -> float:
    begun = time.perf_counter()
    response = client.get(address)
    took = (time.perf_counter() - begun) * 1000
    if response.status_code != 200:
        raise RuntimeError(f"{address}: {response.status_code}")
    return took


def _reports(database, folder: Path, survey) -> list[tuple]:
    config = configuration(folder)
    return [
        ("digest of one day", _seconds(lambda: digest.make(config, survey, database, date(2019, 9, 1), NOW))),
        ("workbook", _seconds(lambda: ledger.write(database, folder / "ledger.xlsx", survey, NOW))),
    ]


def _seconds(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
