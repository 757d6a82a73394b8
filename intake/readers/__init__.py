"""Readers: one module per format, each `read(data, limits) -> Document`; nothing heavy is imported here.

A reader either returns a Document or raises Unreadable; it never returns half a document silently: what was left out
stands in `Document.notes`.
"""

from rules.errors import PermanentError
from rules.reading import PROBLEMS


class Unreadable(PermanentError):
    """The file cannot be read, and will not become readable by trying again.

    `problem` is one of `rules.reading.PROBLEMS`; `detail` is plain Chinese for the person who sent the file, without
    personal data.
    """

    def __init__(self, problem: str, detail: str):
        if problem not in PROBLEMS:
            raise ValueError(f"unknown problem {problem!r}")
        super().__init__(problem, detail)  # both in args, so that it survives pickling between processes
        self.problem, self.detail = problem, detail

    def __str__(self) -> str:
        return f"{self.problem}: {self.detail}"
