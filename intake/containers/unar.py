"""unar (Debian package of that name), where it is installed: the only program here that opens every kind of rar.

It is started in the confined child, so it has neither network nor files, and writes nothing: the archive lies in memory
(`intake.reading.scratch`), the members come through a pipe, and it is killed when enough has come. Measured: 40 ms for a start.
"""

import functools
import platform
import resource
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from intake.reading.scratch import in_memory

_MEMORY = 1024 * 1024 * 1024
#: Debian's GNUstep asks dpkg-architecture for this when it is not told. That warns where there is no compiler, into a
#: file, which may not be written here: then it aborts, and every archive would seem broken.
_MULTIARCH = sysconfig.get_config_var("MULTIARCH") or f"{platform.machine()}-linux-gnu"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
                "GNUSTEP_TZ": "UTC", "TZ": "UTC", "DEB_HOST_MULTIARCH": _MULTIARCH}  # fmt: skip


@functools.cache
def program() -> str | None:
    """Where it is installed, or None."""
    return shutil.which("unar", path="/usr/local/bin:/usr/bin:/bin")


@contextmanager
def output(archive: bytes, indexes: Sequence[int], password: str | None) -> Iterator[subprocess.Popen]:
    """The program; from its `stdout` come the members at these places in the archive, without anything between.

    What could not be unpacked is left out of the stream: whoever reads it checks sums. Raises OSError.
    """
    with in_memory(archive) as number:
        command = [program() or "unar", "-quiet", "-no-recursion", "-forks", "skip", "-output-directory", "-",
                   "-password", password or "", "-indexes", f"/proc/self/fd/{number}", *map(str, indexes)]  # fmt: skip
        process = subprocess.Popen(command, env=_ENVIRONMENT, pass_fds=(number,), stdin=subprocess.DEVNULL, cwd="/",
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            _limit(process.pid)
            yield process
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def is_broken(process: subprocess.Popen) -> bool:
    """Whether the program, whose output has ended, was killed by a signal: then nothing is said about the archive."""
    try:
        return process.wait(timeout=2) < 0
    except subprocess.TimeoutExpired:
        return False


def _limit(pid: int) -> None:
    """Less memory than the reader has itself; what it may not do otherwise, it inherits."""
    try:
        hard = resource.prlimit(pid, resource.RLIMIT_AS)[1]
        size = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
        resource.prlimit(pid, resource.RLIMIT_AS, (size, size))
    except (ProcessLookupError, PermissionError, ValueError):
        pass
