"""LibreOffice as a converter for what no reader here opens: optional, and only for what looks like a document.

It writes files, wants some 700 MB of address space and 0.3 s (the first time 1.2 s). The confined children that
read mail may write none (`intake.confined.confined_child`): there `can_run` is False, the file stays `unsupported`, and
a person converts it. In the office's own process (`processes: 0`, commands, tests) it runs in a process group
of its own, which is killed when time is up.
"""

import atexit
import functools
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from intake.config import ReadLimits
from intake.readers import Unreadable

#: address space without which it dies at once
_MEMORY = 700 * 1024 * 1024
#: seconds for one file, whatever the limits allow
_SECONDS = 60
_MAGIC = {"doc": (b"\xd0\xcf\x11\xe0", b"\xdb\xa5", b"\x31\xbe"), "rtf": (b"{\\rtf",), "odt": (b"PK\x03\x04",)}


def can_run() -> bool:
    """Whether it is installed and this process may write files and use enough memory."""
    size, memory = (resource.getrlimit(limit)[0] for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_AS))
    writes = size == resource.RLIM_INFINITY or size > 10 * 1024 * 1024
    return writes and (memory == resource.RLIM_INFINITY or memory > _MEMORY) and _program() is not None


def to_docx(data: bytes, suffix: str, limits: ReadLimits) -> bytes:
    """The document as a .docx file; `suffix` is one of doc, rtf, odt.

    Raises Unreadable: unsupported (not installed, not allowed here, no such document), corrupt (it cannot be opened).
    """
    if not can_run() or not data.startswith(_MAGIC[suffix]):
        raise Unreadable("unsupported", "文件格式较旧,暂不能自动读取")
    with tempfile.TemporaryDirectory(prefix="intake-office-") as folder:
        source = Path(folder) / f"file.{suffix}"
        source.write_bytes(data)
        _convert(source, min(_SECONDS, limits.seconds / 2))
        made = source.with_suffix(".docx")  # it reports success and writes nothing at times
        if not made.is_file() or not 0 < made.stat().st_size <= limits.max_file_bytes:
            raise Unreadable("corrupt", "文件已损坏,无法打开")
        return made.read_bytes()


def _convert(source: Path, seconds: float) -> None:
    command = [_program(), f"-env:UserInstallation={_profile().as_uri()}", "--headless", "--norestore", "--nolockcheck",
               "--convert-to", "docx", "--outdir", str(source.parent), str(source)]  # fmt: skip
    environment = {"PATH": os.defpath, "HOME": str(source.parent), "TMPDIR": str(source.parent), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:  # fmt: skip
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Unreadable("corrupt", "文件无法在限定时间内打开") from None
        finally:
            _kill_group(process.pid)


def _kill_group(group: int) -> None:
    """End the program and whatever it has started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


@functools.cache
def _program() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice")


@functools.cache
def _profile() -> Path:
    """A profile of this process: two programs with one profile wait for each other for ever."""
    folder = tempfile.mkdtemp(prefix="intake-office-profile-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
