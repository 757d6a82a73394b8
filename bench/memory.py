"""Memory of the real daemon, `intake run`, and of its readers: at rest, with the OCR engine, under a mail of 50 MB."""

import time

from build_service import Service, stop
from mails import form_mails, large_mail, picture_mails
from processes import Process, Watcher, resident, tree
from service import dovecot, folder
from tables import show, verdict

from intake.demo.smtp_sink import SmtpSink

REST, READER, LARGE = 150, 1024, 200
LARGE_BYTES = 50_000_000


def run() -> None:
    """Measure and print."""
    with dovecot() as server, folder("memory") as place:
        user = server.new_user()
        with SmtpSink(user=user.name, password=user.password, certificate=server.certificate) as sink:
            service = Service(place, user, sink, read={"processes": 2})
            daemon = service.start()
            try:
                rows = _measure(service, daemon.pid)
            finally:
                stop(daemon)
    show("3. Memory (resident, MB)", ("", "MB", "at most", ""), rows)


def _measure(service: Service, pid: int) -> list[tuple]:
    _process(service, form_mails(6), 6)
    rest = tree(pid)[0].resident
    cold, _ = _large(service, pid, 7)
    _process(service, [raw for raw, _ in picture_mails(6)], 13)
    readers = _readers(pid)
    warm, peak = _large(service, pid, 14)
    daemon, large = tree(pid)[0], f"what a mail of {LARGE_BYTES / 1e6:.0f} MB adds to all processes together"
    return [
        _row("daemon at rest, readers apart", rest, REST),
        _row("daemon at rest after all that follows", daemon.resident, REST),
        ("daemon at its peak", daemon.peak, "", ""),
        _row(large, cold, LARGE),
        _row("the same once the readers have their OCR engines", warm, LARGE),
        *(_row(f"reader {number} with the OCR engine, at its peak", reader.peak, READER)
          for number, reader in enumerate(readers, 1)),
        ("all processes together at the peak", peak, "", ""),
    ]


def _large(service: Service, pid: int, number: int) -> tuple[float, float]:
    """What the large mail added at its worst moment, and all memory then; it is the `number`-th mail."""
    before = resident(pid)
    with Watcher(pid) as watcher:
        _process(service, [large_mail(LARGE_BYTES, number)], number)
    return watcher.peak - before, watcher.peak


def _readers(pid: int) -> list[Process]:
    """The readers themselves, without the sandbox's small process before each."""
    return [process for process in tree(pid)[1:] if process.resident > 20]


def _row(what: str, value: float, target: float) -> tuple:
    return what, value, str(target), verdict(value, target, at_least=False)


def _process(service: Service, mails: list[bytes], done: int) -> None:
    _deliver(service, mails)
    service.wait_for(lambda: service.is_settled(done), 300)
    time.sleep(1)


def _deliver(service: Service, mails: list[bytes]) -> None:
    for raw in mails:
        service.user.deliver(raw.replace(b"hdwxb2019@126.com", service.user.name.encode(), 1))
