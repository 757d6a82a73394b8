"""Where the time goes: the functions at the borders of the stages are given clocks for one run."""

import importlib
import threading
import time
from collections.abc import Callable
from typing import Self

#: stage → the functions in which its time is spent; what an inner stage takes is not counted for the outer one, so the
#: last lines are what is left between
STAGES = {
    "log in, list, fetch": ("intake.mailbox.watch:connect", "intake.mailbox.imap:Connection.select", "intake.mailbox.imap:Connection.uids",
                            "intake.mailbox.imap:Connection.facts", "intake.mailbox.imap:Connection.fetch"),
    "keep raw bytes (fsync)": ("intake.mailbox.collect:keep_all",),
    "ledger": ("intake.mailbox.watch:watch_once",),
    "parse": ("intake.reading.parse:parse",),
    "unpack": ("intake.reading.unpack:unpack",),
    "docx": ("intake.readers.word:read",),
    "forms": ("rules.form:read_forms",),
    "rest of reading": ("intake.pipeline:read_mail_job",),
    "record what was read": ("store.processing:record_reading",),
    "kind of mail": ("intake.settle:kind_of",),
    "group": ("intake.settle:claims", "intake.settle:numbered"),
    "match": ("store.matching:candidates", "store.matching:submissions_of_sender", "intake.settle:choose"),
    "judge": ("intake.settle:judge",),
    "load and store the submission": ("intake.settle:_take_in",),
    "decide: the guards": ("intake.answering:guard",),
    "word the answer": ("intake.answering:compose_answer",),
    "compose the mail": ("intake.answering:compose",),
    "queue the reply": ("store.replies:add_reply",),
    "rest of the transaction": ("intake.settle:settle",),
    "commit, attempts, hand out": ("intake.pipeline:process_pending",),
}


class Stopwatch:
    """A context in which every stage's own time is summed."""

    def __init__(self):
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._local = threading.local()
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        for stage, places in STAGES.items():
            for place in places:
                self._plant(stage, place)
        return self

    def __exit__(self, *error) -> None:
        for undo in reversed(self._undo):
            undo()

    def table(self, mails: int) -> list[tuple[str, float, float]]:
        """Rows of (stage, milliseconds a mail, per cent)."""
        total = sum(self.seconds.values()) or 1.0
        return [(stage, seconds * 1000 / mails, 100 * seconds / total) for stage, seconds in self.seconds.items()]

    def _plant(self, stage: str, place: str) -> None:
        module_name, _, path = place.partition(":")
        owner = importlib.import_module(module_name)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        real = getattr(owner, name)
        setattr(owner, name, self._timed(stage, real))
        self._undo.append(lambda: setattr(owner, name, real))

    def _timed(self, stage: str, real: Callable) -> Callable:
        def timed(*arguments, **named):
            self.enter(stage)
            try:
                return real(*arguments, **named)
            finally:
                self.leave()
        return timed

    def enter(self, stage: str) -> None:
        self._stack().append([stage, time.perf_counter(), 0.0])

    def leave(self) -> None:
        stack = self._stack()
        stage, began, inner = stack.pop()
        spent = time.perf_counter() - began
        self.seconds[stage] += spent - inner
        if stack:
            stack[-1][2] += spent

    def _stack(self) -> list[list]:
        """Stages that are under way in this thread: name, begin, seconds of inner ones."""
        if not hasattr(self._local, "stack"):
            self._local.stack = []
        return self._local.stack
