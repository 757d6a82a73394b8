"""What processes cost, read from /proc (Linux)."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Process:
    """One process; memory in MB."""

    pid: int
    name: str
    resident: float
    #: the most that was ever resident
    peak: float


def tree(pid: int) -> list[Process]:
    """The process and all that descend from it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop(0)
        waiting += _children(one)
        process = _read(one)
        if process:
            found.append(process)
    return found


def _children(pid: int) -> list[int]:
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, thread.read_text("ascii").split())
        except OSError:  # it has ended
            continue
    return found


def resident(pid: int) -> float:
    """Resident memory of the process and all its descendants together, in MB; shared pages count each time."""
    return sum(process.resident for process in tree(pid))


class Watcher:
    """A context that samples a process tree; `peak` is the most that was seen at one moment, in MB."""

    def __init__(self, pid: int, seconds: float = 0.005):
        self.peak = 0.0
        self._pid, self._seconds = pid, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.peak = max(self.peak, resident(self._pid))
            self._stop.wait(self._seconds)


def _read(pid: int) -> Process | None:
    try:
        lines = (Path("/proc") / str(pid) / "status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    if "VmRSS" not in facts:
        return None
    return Process(pid, facts["Name"].strip(), _megabytes(facts["VmRSS"]), _megabytes(facts["VmHWM"]))


def _megabytes(text: str) -> float:
    return int(text.split()[0]) / 1024
