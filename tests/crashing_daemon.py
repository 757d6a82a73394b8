"""The daemon, but it dies as by `kill -9` when it comes by a named point: CRASH_AT=module:function:before|after#N.

Started by the tests in place of `intake`; the N-th call of the function ends the process, before it runs or after.
"""

import importlib
import os
import sys
import threading


def plant(point: str) -> None:
    """Replace the function so that its N-th call ends the process."""
    place, _, number = point.partition("#")
    module_name, path, moment = place.split(":")
    owner = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real, calls, lock = getattr(owner, name), [0], threading.Lock()

    def deadly(*arguments, **named):
        with lock:
            calls[0] += 1
            now = calls[0] == int(number or 1)
        if now and moment == "before":
            os._exit(137)
        result = real(*arguments, **named)
        if now:
            os._exit(137)
        return result

    setattr(owner, name, deadly)


if __name__ == "__main__":
    plant(os.environ["CRASH_AT"])
    from intake.cli import main

    sys.exit(main(sys.argv[1:]))
