"""What `make bench` runs: speed and memory, side by side with the least that could be done, one table for each part.

    make bench                                  all parts, a few minutes on two cores
    make bench ARGS="forms --mails 1000"        one part; more mails

Nothing fails here: what misses its target says MISSED. Medians over several runs; ratios are of runs that took turns.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests"), str(HERE.parent)]
# as in the readers: one thread for each process, in ours and in the bare engine
for library in ("OMP", "OPENBLAS", "MKL", "OPENCV"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

PARTS = ("forms", "pictures", "memory", "mailbox", "rates", "own", "many")


def main(words: list[str]) -> int:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all when none is named")
    parser.add_argument("--mails", type=int, default=300, help="mails with a digital form in one run")
    parser.add_argument("--pictures", type=int, default=4, help="mails with pictures in one run, for each process")
    parser.add_argument("--known", type=int, default=10_000, help="known mails in the mailbox")
    parser.add_argument("--singles", type=int, default=40, help="mails sent one by one for the latency")
    parser.add_argument("--submissions", type=int, default=100_000, help="submissions of the large office")
    parser.add_argument("--runs", type=int, default=5, help="runs whose median counts")
    arguments = parser.parse_args(words)
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    for part in arguments.parts or PARTS:
        _run(part, arguments)
    return 0


def _run(part: str, arguments: argparse.Namespace) -> None:
    # each part is imported when it is run: the memory of one must not depend on another's libraries
    if part == "forms":
        import forms

        forms.run(arguments.mails, arguments.runs)
    elif part == "pictures":
        import pictures

        pictures.run(arguments.pictures, min(arguments.runs, 3), (1, 2))
    elif part == "memory":
        import memory

        memory.run()
    elif part == "own":
        import own_work

        own_work.run(arguments.runs)
    elif part == "mailbox":
        import mailbox

        mailbox.run(arguments.known)
    elif part == "many":
        import many

        many.run(arguments.submissions, arguments.runs)
    else:
        import rates

        rates.run(arguments.mails, min(arguments.runs, 3), arguments.singles)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
