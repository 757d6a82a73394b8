"""Read mails in confined child processes: hostile files can hang, crash or bloat a child, never the daemon.

A pool of warm children behind `concurrent.futures.Executor`, so that a cluster's executor can stand in its place. Each
child has an empty environment (no password can leak), bounded memory and time, and with bubblewrap no network and no
files but the libraries; the mail to be read is handed over as an open file. It is killed when one file takes longer
than `limits.seconds`, and when it dies over a file the mail is read again without that file, so that one bad attachment
does not hide the good ones; with a folder to keep readings in, a file is read once in however many mails it comes, and
one that killed its reader is not opened again until the readers have changed. Measured here (2 cores): start 0.12 s with bubblewrap and
without, round trip 0.1 to 0.2 ms.
"""

import inspect
import queue
import threading
import time
from concurrent.futures import Executor, Future, InvalidStateError
from dataclasses import dataclass
from pathlib import Path

from intake.config import ReadLimits
from intake.confined.child import Child, ChildDied, Outcome
from intake.confined.sandbox import sandbox
from intake.confined.shared import SharedReadings, SharedWith
from intake.confined.wire import Forged
from intake.reading.read import know_survey, read_mail_job
from intake.reading.version import ReaderVersion, reader_version
from rules.errors import IntakeError, PermanentError
from rules.reading import Reading
from rules.survey import Survey, load_survey
from store.readings import ReadingFiles

#: an idle child is ended after so long: the OCR engine keeps half a gigabyte
IDLE_SECONDS = 180
#: a mail may take so many times `limits.seconds` (which is for one file), retries included
TOTAL_FACTOR = 5
#: files of one mail that may kill their reader before the mail is given up
MAX_DEATHS = 5
#: a child is replaced after so many mails, as libraries leak
MAX_JOBS = 500


class ReaderTimeout(PermanentError):
    """Reading the mail took longer than allowed."""


class ReaderDied(PermanentError):
    """The process that read the mail died of it."""


@dataclass(slots=True)
class _Job:
    future: Future
    function: object
    arguments: tuple
    keywords: dict


class ReaderPool(Executor):
    """`limits.processes` confined children, started when there is work. Safe to use from several threads.

    With `processes: 0` everything runs inside this process (benchmarks and tests): a hostile file is not survived.
    """

    def __init__(
        self, survey_path: Path | str, limits: ReadLimits, *, idle_seconds: float = IDLE_SECONDS,
        import_paths: tuple[str, ...] = (), confine_files: bool = True, data: Path | None = None,
    ):  # fmt: skip
        """`data`: the folder in which readings are kept; None: every file of every mail is read."""
        self.limits = limits
        kept = ReadingFiles(data, limits.readings_mb * 1024 * 1024) if data and limits.readings_mb else None
        self.shared = SharedReadings(kept) if kept else None
        self.survey_path = str(survey_path)
        self.survey: Survey = load_survey(survey_path)
        if not limits.processes:
            know_survey(self.survey_path, self.survey)
        self._idle_seconds = idle_seconds
        self._import_paths = import_paths
        self._sandbox = sandbox(import_paths) if confine_files and limits.processes else None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = self._aborted = False
        self._workers: list[threading.Thread] = []
        self._children: set[Child] = set()

    @property
    def confinement(self) -> str:
        """`bubblewrap`, `limits` or `none`: how well children are confined on this machine."""
        return "none" if not self.limits.processes else "bubblewrap" if self._sandbox else "limits"

    def read(self, raw_path: Path | str, sha256: str, anew: bool = False) -> Future[Reading]:
        """Read the mail at `raw_path`. The future raises ReaderTimeout, ReaderDied, or what `read_mail` raises.

        `anew`: read its files again, also those that were read before and those that killed their reader.
        """
        return self.submit(read_mail_job, str(raw_path), sha256, self.survey_path, self.limits, anew=anew)

    def submit(self, fn, /, *args, **kwargs) -> Future:
        """Run `fn` in a child: a function of a module that a child can import, with arguments that can be pickled."""
        future: Future = Future()
        if not self.limits.processes:
            return _run_here(future, fn, args, kwargs, self.shared_with(self.version()) if fn is read_mail_job else None)
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if len(self._workers) < self.limits.processes:
                worker = threading.Thread(target=self._work, name=f"reader-{len(self._workers)}", daemon=True)
                self._workers.append(worker)
                worker.start()
            self._jobs.put(_Job(future, fn, args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the children; what is being read is finished first."""
        with self._lock:
            self._closed = True
            if cancel_futures:
                self._cancel_waiting()
            for _ in self._workers:
                self._jobs.put(None)
        if wait:
            for worker in self._workers:
                worker.join()

    def close(self) -> None:
        """Give up what waits and what is being read, and end the children at once."""
        with self._lock:
            self._aborted = True
            for child in self._children:
                child.kill()
        if self.shared:
            self.shared.close()
        self.shutdown(wait=True, cancel_futures=True)

    def __exit__(self, *error) -> bool:
        self.close()
        return False

    def _cancel_waiting(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is not None:
                job.future.cancel()

    def _work(self) -> None:
        """One worker thread: it alone talks to its child."""
        child: Child | None = None
        while True:
            try:
                job = self._jobs.get(timeout=self._idle_seconds if child else None)
            except queue.Empty:
                child = self.end_child(child)
                continue
            if job is None:
                self.end_child(child)
                return
            if job.future.set_running_or_notify_cancel():
                child = self._run(job, child)

    def _run(self, job: _Job, child: Child | None) -> Child | None:
        """Do a job, hand its result over, and return the child that is left."""
        attempt = _Attempt(self, job, child)
        try:
            outcome = attempt.result()
        except (IntakeError, OSError) as error:
            if isinstance(error, Forged):  # it is not ours any more
                attempt.child = self.end_child(attempt.child)
            _settle(job.future, error=error)
        else:
            _settle(job.future, outcome=outcome)
        finally:
            if not job.future.done():  # a bug on this side: nobody may wait for ever
                _settle(job.future, error=ReaderDied("读取进程的调度程序出错"))
        child = attempt.child
        return self.end_child(child) if child and child.jobs >= MAX_JOBS else child

    def version(self) -> ReaderVersion | None:
        """That of a reader that is started now; None where no readings are kept."""
        return reader_version(self.survey_path, self.limits) if self.shared else None

    def shared_with(self, version: ReaderVersion | None) -> SharedWith | None:
        """The readings of that version, for one job."""
        return SharedWith(self.shared, version, self.limits.seconds) if version else None

    @property
    def is_closing(self) -> bool:
        """Whether children are being killed that did nothing wrong."""
        return self._aborted

    def start_child(self) -> Child:
        """A fresh confined child that knows the survey; raises ReaderDied when the pool is being closed."""
        version = self.version()  # before it starts: what it imports is this or newer, and then known by a newer name
        child = Child(self._sandbox, self._import_paths, self.limits, (self.survey_path, self.survey))
        child.version = version
        with self._lock:
            self._children.add(child)
            aborted = self._aborted
        if aborted:
            self.end_child(child)
            raise ReaderDied("服务正在停止")
        return child

    def end_child(self, child: Child | None) -> None:
        """Kill a child and bury it."""
        if child:
            with self._lock:
                self._children.discard(child)
            child.end()


class _Attempt:
    """One job with its retries."""

    def __init__(self, pool: ReaderPool, job: _Job, child: Child | None):
        self.pool, self.job, self.child = pool, job, child
        self.deadline = time.monotonic() + TOTAL_FACTOR * pool.limits.seconds
        self.reads = job.function is read_mail_job
        self.skip: frozenset[str] = frozenset(job.keywords.get("skip", ()))
        self.shared: SharedWith | None = None

    def result(self):
        """The function's value; raises ReaderTimeout or ReaderDied when it cannot be had."""
        deaths, blameless = 0, False
        while True:
            used = self.child is not None and self.child.jobs > 0
            self.child = self.child or self.pool.start_child()
            try:
                return self._once().value
            except ChildDied as death:
                self.child = self.pool.end_child(self.child)
                deaths += 1
                if used and not death.timed_out and deaths <= MAX_DEATHS:
                    continue  # perhaps it died of earlier mails' leavings: once more in a fresh one
                if not death.by_itself and not blameless and not self.pool.is_closing:
                    blameless = True
                    continue  # killed from outside: once more
                if not self._learn(death) or deaths > MAX_DEATHS or time.monotonic() >= self.deadline:
                    raise _final(death) from None
            finally:
                if self.shared:
                    self.shared.leave()

    def _once(self) -> Outcome:
        if not _takes_mail(self.job.function):
            return self.child.call(self.job.function, self.job.arguments, self.job.keywords, self.deadline)
        if not self.reads:
            with open(self.job.arguments[0], "rb") as raw:
                return self.child.call(self.job.function, self.job.arguments, self.job.keywords, self.deadline, raw)
        self.shared = self.pool.shared_with(self.child.version)
        deaths = self.shared.deaths() if self.shared and not self.job.keywords.get("anew") else frozenset()
        keywords = {**self.job.keywords, "skip": self.skip | deaths}
        with open(self.job.arguments[0], "rb") as raw:
            outcome = self.child.call(self.job.function, self.job.arguments, keywords, self.deadline, raw, self.shared)
        if self.shared and self.job.keywords.get("anew") and isinstance(outcome.value, Reading):
            self.shared.survived({file.sha256 for file in outcome.value.files} - self.skip)
        return outcome

    def _learn(self, death: ChildDied) -> bool:
        """Whether the next attempt will differ: it leaves out the file over which the child died."""
        if death.file is None or death.file in self.skip or not self.reads:
            return False
        if self.shared and death.by_itself and not self.pool.is_closing:
            self.shared.note_death(death.file)
        self.skip |= {death.file}
        return True


def _takes_mail(function) -> bool:
    """Whether a job's first argument is the path of a mail: the child is handed that file open, for it sees no other."""
    return next(iter(inspect.signature(function).parameters), None) == "raw_path"


def _final(death: ChildDied) -> PermanentError:
    return ReaderTimeout(str(death)) if death.timed_out else ReaderDied(str(death))


def _run_here(future: Future, fn, args: tuple, kwargs: dict, shared: SharedWith | None) -> Future:
    try:
        future.set_result(fn(*args, **kwargs, **({"kept": shared} if shared else {})))
    except Exception as error:  # noqa: BLE001  the reading of one message, as every executor reports it
        future.set_exception(error)
    finally:
        if shared:
            shared.leave()
    return future


def _settle(future: Future, outcome=None, error: BaseException | None = None) -> None:
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(outcome)
    except InvalidStateError:  # somebody else settled it
        pass
