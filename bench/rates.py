"""Import from files, draining the outbox, and how long one mail takes on an idle daemon."""

import time
from dataclasses import replace

from build_config import configuration
from build_service import Service, stop
from mails import form_mails
from servers import NetEase
from service import dovecot, folder, now
from tables import median, percentile, show

from intake.config import ReadLimits, ReplyPolicy, Secret, Server, Smtp
from intake.demo.smtp_sink import SmtpSink
from intake.mailbox.importing import import_paths
from intake.sending.deliver import deliver_once
from rules.survey import load_survey
from store.database import connect

_PASSWORD = "letmein-authorisation-code"


def run(count: int, runs: int, singles: int) -> None:
    """Measure and print."""
    imported, sent = [], []
    with dovecot() as server:
        for seed in range(runs):
            mails_a_second, replies_a_second = _import_and_send(server, form_mails(count, seed + 50))
            imported.append(mails_a_second)
            sent.append(replies_a_second)
        latencies = _latencies(server, form_mails(singles, 90))
    show(f"5. Files in, replies out ({count} mails, {runs} runs)", ("", "a second", "lowest", "highest"),
         [("intake import, 2 reader processes", median(imported), min(imported), max(imported)),
          ("outbox → SMTP over TLS, pacing off", median(sent), min(sent), max(sent))])
    show(f"6. One mail on an idle daemon ({singles} mails, one by one; polls every 0.1 s)",
         ("from the mailbox to", "p50, s", "p99, s"),
         [(what, percentile(values, 0.5), percentile(values, 0.99)) for what, values in latencies.items()])


def _import_and_send(server, mails: list[bytes]) -> tuple[float, float]:
    user = "hdwxb2019@126.com"
    with folder("import") as place, SmtpSink(user=user, password=_PASSWORD, certificate=server.certificate) as sink:
        letters = place / "letters"
        letters.mkdir()
        for number, raw in enumerate(mails):
            (letters / f"{number:05d}.eml").write_bytes(raw)
        smtp = Smtp(Server(sink.host, sink.port, ca_file=server.certificate[0]), user, Secret("env", "UNUSED"), user)
        policy = ReplyPolicy(max_age_days=0, require_recipient=False, seconds_between=0, per_day=10**6)
        config = replace(configuration(place, read=ReadLimits(processes=2)), smtp=smtp, reply=policy)
        database = connect(config.database)
        began = time.perf_counter()
        report = import_paths(config, load_survey(config.survey), database, [letters], now)
        imported = time.perf_counter() - began
        began = time.perf_counter()
        delivered = deliver_once(config, database, now, _PASSWORD)
        sent = time.perf_counter() - began
        database.close()
    if report.processed != len(mails) or delivered.sent != len(mails):
        print(f"!!! {report.processed} processed and {delivered.sent} sent of {len(mails)}")
    return len(mails) / imported, len(mails) / sent


def _latencies(server, mails: list[bytes]) -> dict[str, list[float]]:
    """Seconds from a mail's arrival to its committed rows and queued reply, and to the SMTP server's acceptance."""
    with NetEase(server) as proxy, folder("latency") as place:
        user = proxy.new_user()
        with SmtpSink(user=user.name, password=user.password, certificate=server.certificate) as sink:
            service = Service(place, user, sink)
            service.config.write_text(service.config.read_text("utf-8").replace("poll_seconds: 0.3", "poll_seconds: 0.1"),
                                      "utf-8")
            daemon = service.start()
            try:
                _one(service, sink, mails[0], 1)  # the reader is started by the first one
                found = [_one(service, sink, raw, number) for number, raw in enumerate(mails[1:], 2)]
            finally:
                stop(daemon)
    return {"the queued reply": [queued for queued, _ in found], "the sent reply": [sent for _, sent in found]}


def _one(service: Service, sink: SmtpSink, raw: bytes, number: int) -> tuple[float, float]:
    began = time.monotonic()
    service.user.deliver(raw.replace(b"hdwxb2019@126.com", service.user.name.encode(), 1))
    service.wait_for(lambda: service.rows("SELECT count(*) FROM replies")[0][0] >= number, 60)
    queued = time.monotonic() - began
    while len(sink.mails) < number and time.monotonic() < began + 60:
        time.sleep(0.005)
    return queued, time.monotonic() - began
