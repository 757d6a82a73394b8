"""Jobs that misbehave, for tests/test_confine.py: imported by the confined child."""

import ctypes
import os
import socket
import sys
import time

from rules.errors import PermanentError, TransientError
from rules.reading import FileReading


def answer(value):
    """Give it back."""
    return value


def about_itself() -> dict:
    """What the child can see."""
    limits = {}
    with open("/proc/self/limits", encoding="ascii") as lines:
        for line in lines:
            limits[line[:26].strip()] = line[26:].split()[:1]
    libraries = ["cv2", "onnxruntime", "rapidocr", "pdfplumber", "docx", "PIL", "numpy"]
    return {"environment": dict(os.environ), "pid": os.getpid(), "limits": limits,
            "loaded": [name for name in libraries if name in sys.modules], "root": sorted(os.listdir("/"))}  # fmt: skip


def loop():
    """Never end."""
    while True:
        pass


def sleep():
    """Never end, and use no processor."""
    time.sleep(3600)


def devour():
    """3 GB."""
    return len(bytearray(3 * 1024**3))


def crash():
    """A segmentation fault."""
    ctypes.string_at(0)


def overflow():
    """The C stack."""
    sys.setrecursionlimit(10**9)
    nest = []
    for _ in range(10**5):
        nest = [nest]
    return repr(nest)


def bug():
    """An exception whose text is somebody's data."""
    raise KeyError("430424198503120213")


def refuse(permanent: bool):
    """An error raised on purpose."""
    raise PermanentError("给人看的话") if permanent else TransientError("稍后再试")


def connect():
    """Call home."""
    with socket.create_connection(("127.0.0.1", 9), 2):
        pass


def write(path: str):
    """Leave a file."""
    with open(path, "w", encoding="ascii") as file:
        file.write("x" * 100)
        file.flush()


def flood():
    """An answer of 100 MB."""
    return "x" * (100 * 1024 * 1024)


def foreign():
    """A value that would run a command when unpickled freely."""
    return os.system


def wrong_types():
    """One of our values with a foreign content."""
    return FileReading(filename=7, media_type="x", size=0, sha256=None)


def spawn():
    """A grandchild that outlives its parent."""
    number = os.fork()
    if number == 0:
        time.sleep(3600)
    loop()


def poison(raw_path: str, sha256: str, survey_path: str, limits, skip=frozenset(), progress=None):
    """Stands in for read_mail_job: the file `bad` kills, `slow` hangs, the others are fine."""
    names = []
    with open(raw_path, encoding="ascii") as file:
        for name in file.read().split():
            progress(name)
            if name not in skip and name.startswith("bad"):
                crash()
            if name not in skip and name.startswith("slow"):
                loop()
            names.append(f"{name} skipped" if name in skip else name)
    return tuple(names)
