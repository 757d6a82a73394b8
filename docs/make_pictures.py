"""Make the pictures of the READMEs from the demonstration, whose people are invented: docs/pictures/*.png.

    PYTHONPATH=. .venv/bin/python docs/make_pictures.py        needs Chromium and LibreOffice Calc
"""

import asyncio
import io
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pypdfium2
import uvicorn
from PIL import Image

from intake.admin import site_for
from intake.config import Config
from intake.config_file import load_config
from intake.demo.show import DIGEST_DAY, USERS
from intake.office import ledger
from rules.survey import load_survey
from store.admin.access import COOKIE
from store.admin.site import application
from store.database import connect, one
from store.health import note

OUT = Path(__file__).parent / "pictures"
#: name → page, width and height of the window
PAGES = {"home": ("/", 1280, 1180), "queue": ("/-/queue/{number}", 1280, 900), "submission": ("/-/submission/{number}", 1280, 1180)}


def main() -> None:
    """Run the demonstration and photograph it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or sys.exit("Chromium is not installed.")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "demo"
        subprocess.run([sys.executable, "-m", "intake.cli", "demo", "--no-serve", "--folder", folder], check=True)
        config = load_config(next(folder.glob("*.yaml")))
        OUT.mkdir(exist_ok=True)
        with closing(connect(config.database)) as database:
            number = one(database, "SELECT number FROM submissions WHERE status = 'review' ORDER BY id")["number"]
            _workbook(config, database, Path(place))
            note(database, "heartbeat", None, datetime.now(config.time_zone))
        with _serving(config) as address:
            for name, (page, width, height) in PAGES.items():
                _photograph(chromium, address + page.format(number=number), name, width, height)
        _photograph(chromium, (folder / f"digest-{DIGEST_DAY}.html").as_uri(), "digest", 780, 1240)


@contextmanager
def _serving(config: Config) -> Iterator[str]:
    """The admin site for somebody who is logged in already; gives its address."""
    site = site_for(config, load_survey(config.survey))
    token = asyncio.run(site.intake_access.log_in(*USERS["handle"]))
    inner = application(site)

    async def logged_in(scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"cookie", f"{COOKIE}={token}".encode())]}
        await inner(scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(logged_in, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def _photograph(chromium: str, address: str, name: str, width: int, height: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        shot = Path(place) / "shot.png"
        subprocess.run([chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                        f"--user-data-dir={place}/profile", f"--window-size={width},{height}", "--virtual-time-budget=6000",
                        f"--screenshot={shot}", address], check=True, capture_output=True, timeout=120)
        _keep(Image.open(shot), name)


def _workbook(config: Config, database, place: Path) -> None:
    """The first sheet as LibreOffice prints it."""
    book = place / "ledger.xlsx"
    ledger.write(database, book, load_survey(config.survey), datetime.now(config.time_zone))
    subprocess.run(["soffice", "--headless", f"-env:UserInstallation={(place / 'office').as_uri()}", "--convert-to", "pdf",
                    "--outdir", place, book], check=True, capture_output=True, timeout=180)
    with closing(pypdfium2.PdfDocument(book.with_suffix(".pdf"))) as document:
        _keep(document[0].render(scale=1.6).to_pil(), "workbook")


def _keep(image: Image.Image, name: str) -> None:
    """Few colours: the pictures are of text and lines."""
    out = io.BytesIO()
    image.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    (OUT / f"{name}.png").write_bytes(out.getvalue())
    print(f"{name}.png {image.width}×{image.height} {len(out.getvalue()) // 1024} kB")


if __name__ == "__main__":
    main()
