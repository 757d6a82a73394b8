"""Where the time goes: the functions at the borders of the stages are given clocks for one run."""

import importlib
import time
from collections.abc import Callable

#: stage → the functions in which its time is spent; what an inner stage takes is not counted for the outer one
STAGES = {
    "fetch": ("intake.imap:Connection.uids", "intake.imap:Connection.facts", "intake.imap:Connection.fetch",
              "intake.watch:connect"),
    "keep (fsync)": ("intake.collect:keep_all",),
    "ledger": ("intake.collect:enter", "store.processing:begin_attempts", "store.processing:pending"),
    "parse": ("intake.parse:parse",),
    "unpack": ("intake.unpack:unpack",),
    "docx": ("intake.readers.word:read",),
    "forms": ("rules.form:read_forms",),
    "papers": ("rules.identity:read_papers",),
    "body forms": ("intake.read_files:Reader.body_forms",),
    "record reading": ("store.processing:record_reading",),
    "kind": ("intake.settle:kind_of",),
    "group": ("intake.settle:claims",),
    "match": ("store.matching:candidates", "intake.settle:choose", "store.matching:submissions_of_sender",
              "intake.settle:account_keys"),
    "judge": ("intake.settle:judge",),
    "store submission": ("intake.settle:_add", "store.submissions:load_facts", "store.submissions:save_judgement",
                         "store.submissions:save_account", "intake.settle:merge_accounts"),
    "decide and word the answer": ("intake.answering:compose_answer", "intake.answering:guard",
                                   "intake.answering:_facts"),
    "compose": ("intake.answering:compose",),
    "queue reply": ("store.replies:add_reply",),
    "commit": (),
    "the rest": ("intake.watch:watch_once", "intake.pipeline:process_pending"),
}


class Stopwatch:
    """A context in which every stage's own time is summed."""

    def __init__(self):
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._stack: list[list] = []
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> "Stopwatch":
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
        self._stack.append([stage, time.perf_counter(), 0.0])

    def leave(self) -> None:
        stage, began, inner = self._stack.pop()
        spent = time.perf_counter() - began
        self.seconds[stage] += spent - inner
        if self._stack:
            self._stack[-1][2] += spent
