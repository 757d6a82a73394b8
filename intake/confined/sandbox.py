"""Bubblewrap around a reader, where it is installed and works: no network, and of the files only the libraries."""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import intake
import rules

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
)
_PROBE_SECONDS = 20
#: stands in for /etc/passwd: unar ends at once where its user is not listed
_USERS = Path(__file__).with_name("sandbox_users")
_NOBODY = "65534"


def sandbox(import_paths: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """The command that is put before a child's own, or None where bubblewrap is missing or not allowed here."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    command = (program, *_arguments(import_paths))
    return command if _works(command) else None


def _arguments(import_paths: tuple[str, ...]) -> list[str]:
    ours = [str(Path(package.__file__).resolve().parent) for package in (intake, rules)]
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(sys.executable).resolve().parent)]
    shown = [path for path in dict.fromkeys((*_SYSTEM, *python, *ours, *import_paths)) if Path(path).exists()]
    binds = [part for path in shown for part in _bind(path)]
    return [
        "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev",
        "--tmpfs", "/tmp", *binds, "--ro-bind", str(_USERS), "/etc/passwd", "--uid", _NOBODY, "--gid", _NOBODY,
        "--chdir", "/",
    ]  # fmt: skip


def _bind(path: str) -> list[str]:
    link = Path(path)
    if link.is_symlink() and len(link.parts) == 2:  # merged /usr: /lib → usr/lib
        return ["--symlink", str(link.readlink()), path]
    return ["--ro-bind", path, path]


@functools.cache
def _works(command: tuple[str, ...]) -> bool:
    try:
        done = subprocess.run(
            [*command, sys.executable, "-I", "-c", "pass"], env={}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=_PROBE_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
