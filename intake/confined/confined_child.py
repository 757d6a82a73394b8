"""The confined child: takes away what it does not need, then reads mail after mail until its parent closes the socket.

Started by `intake.confined.confine` with an empty environment. Whatever is raised by mistake ends the process; the parent learns
where it happened, but never a value, as values are people's data.
"""

import ctypes
import importlib
import inspect
import os
import pickle
import resource
import signal
import socket
import sys
import traceback

from intake.confined.wire import KILLS, KNOWN, MAX_NOTE_BYTES, MAX_REPLY_BYTES, receive_frame, send_frame
from intake.reading.kept import MAX_ENTRY_BYTES
from intake.reading.scratch import reserve
from rules.errors import IntakeError, PermanentError, TransientError

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_OPEN_FILES = 128


def main(channel_number: int, memory_mb: int) -> None:
    """Serve jobs on the inherited socket."""
    channel = socket.socket(fileno=channel_number)
    sys.excepthook = lambda *error: _report_bug(channel, *error)
    for module in ("intake.reading.read", "intake.reading.read_files", "intake.reading.html_text"):
        importlib.import_module(module)  # while compiled modules can still be written
    reserve()
    give_up_rights(memory_mb)
    send_frame(channel, b"H", b"ready")
    while (job := receive_frame(channel)) is not None:
        _serve(channel, *job)


def give_up_rights(memory_mb: int) -> None:
    """Limits that no library and no exploit of one can raise again: memory, files, core dumps, new privileges."""
    libc = ctypes.CDLL(None, use_errno=True)
    # no network, also where bubblewrap is missing; refused on some systems (then without)
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWNET)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() > 1:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # no file can be written
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, memory_mb * 1024 * 1024),
    ):
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def _serve(channel: socket.socket, payload: bytes, descriptors: list[int]) -> None:
    module, name, arguments, keywords, cpu_seconds = pickle.loads(payload)  # from the parent, which we trust
    function = getattr(importlib.import_module(module), name)
    if descriptors:
        arguments = (f"/proc/self/fd/{descriptors[0]}", *arguments[1:])
    known = inspect.signature(function).parameters
    if "progress" in known:
        keywords["progress"] = lambda sha256: send_frame(channel, b"P", sha256.encode("ascii"))
    if keywords.pop("keeps", False) and "kept" in known:
        keywords["kept"] = _Asking(channel)
    _limit_cpu(cpu_seconds)
    try:
        result = function(*arguments, **keywords)
    except (IntakeError, OSError) as error:
        _send_error(channel, error)
        return
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    reply = pickle.dumps(result, protocol=5)
    if len(reply) > MAX_REPLY_BYTES:
        send_frame(channel, b"E", "permanent\n读取结果过大".encode())
    else:
        send_frame(channel, b"R", reply)


class _Asking:
    """The readings of other mails, asked for through the socket (`intake.reading.kept.Kept`)."""

    def __init__(self, channel: socket.socket):
        self._channel = channel

    def find(self, key: str) -> bytes | None:
        """An entry comes as an open file, so that it is read by whom it is for."""
        send_frame(self._channel, b"Q", key.encode("ascii"))
        answer, descriptors = receive_frame(self._channel) or (b"", [])
        if answer != KNOWN or not descriptors:
            return b"" if answer == KILLS else None
        with open(descriptors[0], "rb") as file:
            return file.read(MAX_ENTRY_BYTES) or None

    def keep(self, key: str, entry: bytes) -> None:
        """Hand it to the parent, who has a disk."""
        send_frame(self._channel, b"K", key.encode("ascii") + b"\n" + entry)


def _limit_cpu(seconds: int) -> None:
    """A back-stop behind the parent's clock: processor time is counted from the start of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _send_error(channel: socket.socket, error: Exception) -> None:
    if isinstance(error, PermanentError):
        note = f"permanent\n{error}"
    elif isinstance(error, TransientError):
        note = f"transient\n{error}"
    else:
        note = f"transient\n文件读取失败({type(error).__name__} {getattr(error, 'errno', '')})"
    send_frame(channel, b"E", note.encode("utf-8", "replace")[:MAX_NOTE_BYTES])


def _report_bug(channel: socket.socket, kind, error, trace) -> None:
    """Where it happened, without what was being read."""
    frames = traceback.extract_tb(trace)[-4:] if trace else []
    places = " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    try:
        send_frame(channel, b"B", f"{kind.__name__} at {places}".encode("utf-8", "replace")[:MAX_NOTE_BYTES])
    except OSError:  # the parent is gone
        pass
