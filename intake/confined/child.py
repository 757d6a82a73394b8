"""The parent's side of one confined child: start it, give it a job, wait for so long, kill it."""

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import intake
from intake.config import ReadLimits
from intake.confined.shared import LETHAL, SharedWith
from intake.confined.wire import HEAD_BYTES, KILLS, KNOWN, NOT_KNOWN, Forged, load_reply, parse_head, send_frame
from intake.reading.version import ReaderVersion
from rules.errors import PermanentError, TransientError

_START_SECONDS = 60
#: the office's machine is shut down, memory runs out, somebody ends processes: no file is to blame
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_ROOT = str(Path(intake.__file__).resolve().parent.parent)
#: all that a child knows of the world: one thread per library, as children run side by side
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1", "OPENCV_NUM_THREADS": "1",
}  # fmt: skip


class ChildDied(Exception):
    """The child died, or was killed, while it worked."""

    def __init__(self, message: str, file: str | None, timed_out: bool, by_itself: bool = True):
        super().__init__(message)
        #: SHA-256 of the file that it was about to open, or None
        self.file, self.timed_out = file, timed_out
        #: False where it was killed from outside, so that nothing speaks against the file
        self.by_itself = by_itself


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job returned."""

    value: Any


class Child:
    """A warm child process."""

    def __init__(
        self, prefix: tuple[str, ...] | None, import_paths: tuple[str, ...], limits: ReadLimits, survey: tuple
    ):
        self.limits, self.jobs = limits, 0
        #: of the code that it runs, where readings are kept
        self.version: ReaderVersion | None = None
        self._channel, theirs = socket.socketpair()
        paths = [_ROOT, *import_paths]
        code = (
            f"import sys; sys.path[:0] = {paths!r}; from intake.confined.confined_child import main; "
            f"main({theirs.fileno()}, {limits.memory_mb})"
        )
        with theirs:
            self._process = subprocess.Popen(
                [*(prefix or ()), sys.executable, "-I", "-c", code], env=_ENVIRONMENT, pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                cwd="/",
            )  # fmt: skip
        try:
            self._answer(time.monotonic() + _START_SECONDS, None, b"H")
            self._job("intake.reading.read", "know_survey", survey, {})
            self._answer(time.monotonic() + _START_SECONDS, None, b"R")
        except (ChildDied, OSError) as error:
            self.end()
            raise TransientError(f"读取进程未能启动：{error}") from None

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(
        self, function, arguments: tuple, keywords: dict, deadline: float, raw: IO[bytes] | None = None,
        shared: SharedWith | None = None,
    ) -> Outcome:  # fmt: skip
        """Run `function` in the child; with `raw`, that open file takes the place of the first argument.

        `shared`: where the child finds readings of files, and leaves its own.

        Raises ChildDied; PermanentError or TransientError as the function raised them.
        """
        self.jobs += 1
        descriptors = (raw.fileno(),) if raw else ()
        try:
            self._job(function.__module__, function.__qualname__, arguments, {**keywords, "keeps": shared is not None},
                      descriptors)  # fmt: skip
        except OSError:  # it died since its last job
            raise ChildDied("读取进程已退出", None, False) from None
        return Outcome(load_reply(self._answer(deadline, self.limits.seconds, b"R", shared)))

    def kill(self) -> None:
        """Kill it with all that it started; whoever waits for its answer gets ChildDied."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def end(self) -> None:
        """Kill it and bury it."""
        if self._process.returncode is None:  # else its number may be another's by now
            self.kill()
        self._channel.close()
        self._process.wait()

    def _job(self, module: str, name: str, arguments: tuple, keywords: dict, descriptors: tuple[int, ...] = ()) -> None:
        seconds = int(self.limits.seconds * 5)
        payload = pickle.dumps((module, name, arguments, keywords, seconds), protocol=5)
        send_frame(self._channel, b"J", payload, descriptors)

    def _answer(self, deadline: float, step_seconds: float | None, wanted: bytes, shared: SharedWith | None = None) -> bytes:
        """The payload of the wanted frame; each report of progress starts the clock of one file anew."""
        file = None
        limit = self._limit(deadline, step_seconds)
        while True:
            tag, length = parse_head(self._receive(HEAD_BYTES, limit, file))
            payload = self._receive(length, limit, file)
            if tag == b"P":
                file, limit = payload.decode("ascii", "replace"), self._limit(deadline, step_seconds)
            elif tag == wanted:
                return payload
            elif shared and tag in (b"Q", b"K"):
                self._share(shared, tag, payload, file)
                limit = self._limit(deadline, step_seconds)
            else:
                self._raise(tag, payload.decode("utf-8", "replace"), file)

    def _share(self, shared: SharedWith, tag: bytes, payload: bytes, file: str | None) -> None:
        """Answer a child's question for a reading, or keep one."""
        key, _, entry = payload.partition(b"\n")
        try:
            if tag == b"K":
                shared.keep(key.decode("ascii"), entry)
                return
            found = shared.open(key.decode("ascii"))
        except ValueError:  # no such key can be
            raise Forged("读取进程发来无法辨认的数据") from None
        try:
            if found is None or found is LETHAL:
                send_frame(self._channel, b"A", NOT_KNOWN if found is None else KILLS)
            else:
                with found:
                    send_frame(self._channel, b"A", KNOWN, (found.fileno(),))
        except OSError:
            raise ChildDied("读取进程已退出", file, False) from None

    @staticmethod
    def _limit(deadline: float, step_seconds: float | None) -> float:
        return deadline if step_seconds is None else min(deadline, time.monotonic() + step_seconds)

    def _raise(self, tag: bytes, note: str, file: str | None) -> None:
        kind, _, words = note.partition("\n")
        if tag == b"E":
            raise TransientError(words) if kind == "transient" else PermanentError(words)
        raise ChildDied(f"读取时程序出错（{note}）", file, False)

    def _receive(self, length: int, limit: float, file: str | None) -> bytes:
        data, waiting = bytearray(), select.poll()
        waiting.register(self._channel, select.POLLIN)
        while len(data) < length:
            if not waiting.poll(max(0.0, limit - time.monotonic()) * 1000):
                raise ChildDied(f"读取超过{self.limits.seconds:g}秒，已中止", file, True)
            try:
                chunk = self._channel.recv(min(1 << 20, length - len(data)))
            except ConnectionError:
                chunk = b""
            if not chunk:
                how, number = self._how()
                raise ChildDied(f"读取进程异常退出（{how}）", file, number == signal.SIGXCPU, number not in _FROM_OUTSIDE)
            data += chunk
        return bytes(data)

    def _how(self) -> tuple[str, int | None]:
        """How it ended, in words, and the signal that ended it; bubblewrap tells a signal as 128 and its number."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "connection closed", None
        number = -code if code < 0 else code - 128
        if 0 < number < signal.NSIG:
            return f"signal {signal.Signals(number).name}", number
        return f"exit {code}", None
