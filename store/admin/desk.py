"""What the site asks of the shell: stories to draw, originals as pictures, and the decisions of clerks.

`store` may not import `intake`, so `intake.admin` hands the site a value of this shape. Every method may wait for the
database or for a confined reader, and is called outside the event loop, from several threads.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

#: threads in which the database is asked, and in which a reader is waited for
_QUICK, _SLOW = 4, 24


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action."""

    done: bool
    #: plain Chinese, what happened and whether an answer goes out, or why it cannot be done
    sentences: tuple[str, ...]
    #: 登记编号 to show next, where it is another than that of the page
    number: str | None = None
    #: the page was older than what it was about
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Original:
    """One file of a mail, as it can be looked at."""

    id: int
    message_id: int
    filename: str
    role: str
    role_word: str
    problem: str | None
    problem_detail: str
    size: int | None
    method: str | None
    #: (登记编号, registrant) of the submissions that its mail belongs to
    numbers: tuple[tuple[str, str], ...]
    #: ids and names of the files in it, and of the one that holds it
    children: tuple[tuple[int, str], ...]
    parent: tuple[int, str] | None
    #: `picture`, `pdf`, `words`, or None where there is nothing to show
    kind: str | None
    pages: int = 0
    #: ("text", page, text) or ("table", page, rows of (text, row span, column span)); numbers masked
    blocks: tuple = ()
    #: the kept text, numbers masked, where it is shown as pictures; '' for ID cards
    text: str = ""
    #: why it cannot be shown
    trouble: str | None = None


class Desk(Protocol):
    """The office's desk behind the site."""

    def submission(self, number: str, full: bool):
        """(story, stamp of the page) or None: `intake.office.story.Story`."""

    def message(self, message_id: int, full: bool):
        """(story, stamp) or None: `intake.office.story.MailStory`."""

    def reply(self, label: str, full: bool):
        """One mail of ours by its label, or None."""

    def outbox(self, full: bool):
        """Mails of ours that wait for a person or for their turn: {items, count, pause}."""

    def original(self, attachment_id: int, full: bool) -> Original | None:
        """A file of a mail."""

    def original_page(self, attachment_id: int, page: int, width: int) -> bytes | None:
        """One page of it as JPEG, or None."""

    def crop(self, field_id: int) -> bytes | None:
        """The piece of the original that a field was read from, as JPEG, or None."""

    def attachment_of(self, field_id: int) -> int | None:
        """The file from which a field was read."""

    def content(self, attachment_id: int) -> tuple[str, bytes] | None:
        """A file's name and its own bytes, or None."""

    def looked(self, actor: str, action: str, *, attachment_id: int | None = None, number: str | None = None) -> None:
        """Write to the audit trail that a person has seen full numbers."""

    def act(self, actor: str, action: str, target: str, form: Mapping[str, str]) -> Outcome:
        """Do what a clerk decided; `target`: 登记编号, id of a mail, or label of a mail of ours."""

    def actions(self) -> Mapping[str, "Action"]:
        """Everything that can be done, by its code."""

    def fields(self) -> list[tuple[str, str]]:
        """(column, label) of every field of the forms."""

    def categories(self) -> list[tuple[str, str]]:
        """(code, word) of each category."""

    def materials(self) -> list[tuple[str, str]]:
        """(code, word) of each document that can be judged."""

    def noun(self) -> str:
        """What a form describes, in a word: 账号."""

    def close(self) -> None:
        """Nothing will be asked any more."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a clerk can do."""

    #: `submission`, `message` or `outbox`: what it is about
    about: str
    #: on the button
    label: str
    #: right that it needs
    right: str
    #: what will happen, asked before it is done; None where it is done at once
    warning: str | None = None


class Threads:
    """Where the desk's calls run: those that wait for a reader never keep out those that only ask the database."""

    def __init__(self):
        self.quick = ThreadPoolExecutor(_QUICK, thread_name_prefix="desk")
        self.slow = ThreadPoolExecutor(_SLOW, thread_name_prefix="originals")

    def close(self) -> None:
        """Let what runs end."""
        self.quick.shutdown()
        self.slow.shutdown()


async def quickly(datasette, call: Callable, *arguments, **keywords):
    """`call` in a thread for short questions."""
    return await asyncio.get_running_loop().run_in_executor(datasette.intake_threads.quick,
                                                            lambda: call(*arguments, **keywords))


async def slowly(datasette, call: Callable, *arguments):
    """`call` in a thread that may wait for seconds."""
    return await asyncio.get_running_loop().run_in_executor(datasette.intake_threads.slow, call, *arguments)
