"""A file in memory for programs that insist on a path, in a process that may write no file (`intake.confined.confined_child`).

RLIMIT_FSIZE 0 forbids every write and every growth, also of a memfd; it does not forbid storing through a mapping. So
a large, empty memfd is made before the limit (it costs nothing until it is used), and programs open it as
/proc/self/fd/N.
"""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager

#: larger than any file that is read
_RESERVED_BYTES = 1024 * 1024 * 1024

_reserved: list[int] = []


def reserve() -> None:
    """Make the file that `in_memory` will use after the limit; without it, where the system refuses, that raises."""
    if _reserved:
        return
    number = os.memfd_create("intake", os.MFD_CLOEXEC)
    try:
        os.ftruncate(number, _RESERVED_BYTES)
    except OSError:  # a limit on file sizes holds already
        os.close(number)
    else:
        _reserved.append(number)


@contextmanager
def in_memory(data: bytes) -> Iterator[int]:
    """The number of an open file that begins with `data`; zeros may follow. To be used by one at a time.

    Raises OSError where memory is short.
    """
    if not data:
        raise OSError("nothing to hold")
    number, ours = (_reserved[0], False) if _reserved else (os.memfd_create("intake", os.MFD_CLOEXEC), True)
    try:
        if ours:
            os.ftruncate(number, len(data))
        with mmap.mmap(number, len(data)) as mapped:
            mapped[:] = data
            try:
                yield number
            finally:
                mapped.madvise(mmap.MADV_REMOVE)  # give the memory back
    finally:
        if ours:
            os.close(number)
