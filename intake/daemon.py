"""The daemon: four loops side by side that share the database and a wake-up signal, and nothing else.

watch (one per mailbox) → process → deliver → clock. Each can die and is started again alone; each can be run once from
the command line. SIGTERM and SIGINT end the daemon after the step in hand.
"""

import logging
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from intake import clock, pipeline
from intake.config import Config, Mailbox
from intake.confined.confine import ReaderPool
from intake.lock import exclusive
from intake.mailbox import watch
from intake.secrets import read_secret
from intake.sending import deliver
from rules.errors import IntakeError
from rules.survey import Survey
from store.database import Database, connect
from store.health import forget, note

log = logging.getLogger(__name__)

#: how often the process loop looks for work when nobody wakes it, in seconds
_IDLE_SECONDS = 5
#: longest pause after a loop's turn failed again and again, in seconds
_LONGEST_PAUSE = 300


@dataclass(frozen=True)
class Signals:
    """What the loops share beside the database."""

    stop: threading.Event
    #: new mail stands in the ledger
    arrived: threading.Event
    #: a reply or digest stands in the outbox
    composed: threading.Event


def run(config: Config, survey: Survey, now: Callable[[], datetime]) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code (0 after a clean stop, 1 when another daemon holds the data)."""
    with exclusive(config.data / "daemon.lock") as held:
        if not held:
            log.error("action=refused reason=another-daemon-runs data=%s", config.data)
            return 1
        signals = Signals(threading.Event(), threading.Event(), threading.Event())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: _stop(signals))
        run_loops(config, survey, now, signals)
    return 0


def run_loops(config: Config, survey: Survey, now: Callable[[], datetime], signals: Signals) -> None:
    """Start every loop in a thread of its own and wait until `signals.stop` is set and all have ended."""
    # made here, once, so that no two loops migrate or create at the same time
    connect(config.database).close()
    loops = {f"watch {box.address}": _watching(config, box, signals, now) for box in config.mailboxes}
    loops["process"] = _processing(config, survey, signals, now)
    loops["clock"] = _ticking(config, survey, signals, now)
    if config.smtp:
        loops["deliver"] = _delivering(config, signals, now)
    threads = [threading.Thread(target=_keep_alive, args=(name, loop, config, signals), name=name, daemon=True)
               for name, loop in loops.items()]
    for thread in threads:
        thread.start()
    log.info("action=started loops=%d data=%s", len(threads), config.data)
    while not signals.stop.wait(1):
        pass
    for thread in threads:
        thread.join(timeout=90)
    log.info("action=stopped")


def _stop(signals: Signals) -> None:
    signals.stop.set()
    # whoever waits for work must see that there will be none
    signals.arrived.set()
    signals.composed.set()


def _keep_alive(name: str, loop: Callable[[Database], None], config: Config, signals: Signals) -> None:
    """Run one loop for the life of the daemon: whatever it dies of is logged, and it is started again after a pause."""
    failures = 0
    while not signals.stop.is_set():
        database = connect(config.database)
        try:
            loop(database)
            failures = 0
        except IntakeError as error:
            failures += 1
            log.warning("action=loop-failed loop=%r error=%s", name, error)
        except Exception:  # a bug in one turn must not end the daemon
            failures += 1
            log.exception("action=loop-died loop=%r", name)
        finally:
            database.close()
        if failures:
            signals.stop.wait(min(2 ** failures, _LONGEST_PAUSE) * random.uniform(0.8, 1.2))


def _watching(config: Config, mailbox: Mailbox, signals: Signals, now) -> Callable[[Database], None]:
    def loop(database: Database) -> None:
        watch.watch(config, mailbox, read_secret(mailbox.password), database, signals.stop, signals.arrived.set, now)
    return loop


def _processing(config: Config, survey: Survey, signals: Signals, now) -> Callable[[Database], None]:
    def loop(database: Database) -> None:
        with ReaderPool(config.survey, config.read, data=config.data) as pool:
            while not signals.stop.is_set():
                signals.arrived.clear()
                with exclusive(config.data / "process.lock") as held:
                    done = pipeline.process_pending(config, survey, database, pool, now, signals.stop) if held else 0
                if done:
                    signals.composed.set()
                else:
                    signals.arrived.wait(_IDLE_SECONDS)
    return loop


def _delivering(config: Config, signals: Signals, now) -> Callable[[Database], None]:
    def loop(database: Database) -> None:
        deliver.deliver_loop(config, database, signals.stop, signals.composed, now)
    return loop


def _ticking(config: Config, survey: Survey, signals: Signals, now) -> Callable[[Database], None]:
    def loop(database: Database) -> None:
        while not signals.stop.is_set():
            note(database, "heartbeat", None, now())
            if clock.turn(config, survey, database, now()):
                signals.composed.set()
            signals.stop.wait(clock.TICK_SECONDS)
        # stopped on purpose: `intake status` need not wait for the beat to grow old
        forget(database, "heartbeat")
    return loop
