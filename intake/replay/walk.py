"""Every step once more, in the shadow: mails are read and taken in, decisions are redone; nobody is answered."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime

from intake import pending, settle
from intake.kept_reading import pack, unpack
from intake.reading.read import read_mail_job
from intake.replay.redo import redo
from intake.replay.stage import Stage
from intake.replay.steps import Step
from rules.autoreply import robot_evidence
from rules.errors import IntakeError, PermanentError
from rules.reading import Reading
from store import processing
from store.database import one, rows, update, writing
from store.files import raw_path
from store.messages import copy_kind_to_duplicates
from store.shadow import lift_fence

log = logging.getLogger(__name__)

#: mails handed to the readers ahead of the one that is being taken in, for each reader
_AHEAD = 4


class NotReadable(PermanentError):
    """A mail cannot be read any more, and what was read once is not kept."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which mails are read again; the others keep their readings."""

    #: those received on that day or later
    since: date | None = None
    #: none but these, each of their files anew, also one that once killed its reader; empty: all
    messages: frozenset[int] = frozenset()

    def leaves(self, message: dict, received: date) -> bool:
        """Whether the mail stands as it was read before."""
        return bool(self.messages and message["id"] not in self.messages) or (self.since is not None and received < self.since)


#: every mail
ALL = Wanted()


def walk(stage: Stage, happened: Sequence[Step], pool, wanted: Wanted) -> list[int]:
    """Take every step; returns the mails that could not be read anew and stand as they were read before."""
    if strange := wanted.messages - walked_mails(happened):
        raise NotReadable(f"没有处理过的来信{'、'.join(map(str, sorted(strange)))}，没有作任何改动；"
                          "未能处理的来信用 intake retry 重新处理，重复的来信请写原来那一封的编号。")
    unreadable: list[int] = []
    readings = _readings(stage, happened, pool, wanted, unreadable)
    for step in happened:
        if step.decision is not None:
            with writing(stage.shadow):
                redo(stage, step)
        elif step.left is not None:
            with writing(stage.shadow):
                if not stage.is_there(step.left):
                    stage.leave(step.left, step.at)
        else:
            _mail(stage, step, next(readings))
    return unreadable


def finish(stage: Stage, now: datetime) -> None:
    """After the last step: what nothing stands for any more keeps its number, and a person must look."""
    with writing(stage.shadow):
        for submission_id in stage.identity.submissions:
            if not stage.is_there(submission_id):
                stage.leave(submission_id, now)
        lift_fence(stage.shadow)


def _mail(stage: Stage, step: Step, reading: Reading) -> None:
    message = one(stage.shadow, "SELECT * FROM messages WHERE id = ?", [step.message_id])
    with writing(stage.shadow):
        files = processing.renew_reading(stage.shadow, message["id"], reading, stage.decided_files)
        kept = processing.kept_reading(stage.old, message["id"])
        processing.keep_reading(stage.shadow, message["id"], kept if unpack(kept) == reading else pack(reading))
        found = settle.understand(stage.config, stage.survey, stage.shadow, message, reading, files, step.at)
        update(stage.shadow, "messages", message["id"], {"kind": found.kind, "state": "processed"} | _silence(
            stage, message["id"], found.kind, reading))
        copy_kind_to_duplicates(stage.shadow, message["id"])
        _keep(stage, step, last=False)
    pending.look_again(stage.config, stage.survey, stage.shadow, _Kept(stage), message["id"], lambda: step.at, _to_nobody)
    with writing(stage.shadow):
        _keep(stage, step, last=True)


def _keep(stage: Stage, step: Step, *, last: bool) -> None:
    for submission_id in stage.identity.keep(step.message_id, last):
        settle.judge_again(stage.survey, stage.shadow, submission_id, step.at)


def _silence(stage: Stage, message_id: int, kind: str, reading: Reading) -> dict:
    """Why it got no answer, where it is now taken for something else: that it comes from a machine, or nothing."""
    before = one(stage.old, "SELECT kind FROM messages WHERE id = ?", [message_id])
    if before["kind"] == kind:
        return {}
    robot = robot_evidence(reading.message, stage.config.own_addresses)
    return {"silence": robot.code if robot else None}


def _to_nobody(*_) -> None:
    """A replay answers nobody."""


class _Kept:
    """Stands in the readers' place for mails that this replay has read already."""

    def __init__(self, stage: Stage):
        self._stage = stage

    def submit(self, function, path, sha256: str, *rest, **how) -> Future:
        message = one(self._stage.shadow, "SELECT id FROM messages WHERE sha256 = ? AND duplicate_of IS NULL", [sha256])
        future: Future = Future()
        future.set_result(self._stage.reading(message))
        return future


# --- reading -----------------------------------------------------------------------------------------------------------


def _readings(stage: Stage, happened: Sequence[Step], pool, wanted: Wanted, unreadable: list[int]) -> Iterator[Reading]:
    """The readings of the mails in their order; several are being read at a time."""
    waiting = deque(step.message_id for step in happened if step.decision is None and step.left is None)
    handed: deque[tuple[dict, Future | None]] = deque()
    ahead = max(stage.config.read.processes, 1) * _AHEAD
    while waiting or handed:
        while waiting and len(handed) < ahead:
            handed.append(_hand_out(stage, waiting.popleft(), pool, wanted))
        message, future = handed.popleft()
        yield _result(stage, message, future, unreadable)


def _hand_out(stage: Stage, message_id: int, pool, wanted: Wanted) -> tuple[dict, Future | None]:
    message = one(stage.old, "SELECT * FROM messages WHERE id = ?", [message_id])
    received = datetime.fromisoformat(message["received_at"]).astimezone(stage.config.time_zone).date()
    if wanted.leaves(message, received) and unpack(processing.kept_reading(stage.old, message_id)) is not None:
        return message, None
    path = raw_path(stage.config.data, message["sha256"])
    return message, pool.submit(read_mail_job, str(path), message["sha256"], str(stage.config.survey), stage.config.read,
                                anew=bool(wanted.messages))


def _result(stage: Stage, message: dict, future: Future | None, unreadable: list[int]) -> Reading:
    if future is not None:
        try:
            return future.result()
        except (IntakeError, OSError) as error:
            log.warning("action=not-read-again message=%d error=%s", message["id"], error)
            unreadable.append(message["id"])
            problem = str(error)
    kept = unpack(processing.kept_reading(stage.old, message["id"]))
    if kept is None:
        raise NotReadable(f"来信 {message['id']} 不能重新读取（{problem}），以前读取的结果也没有保存；没有作任何改动。")
    return kept


def walked_mails(happened: Sequence[Step]) -> set[int]:
    """The mails among the steps."""
    return {step.message_id for step in happened if step.decision is None and step.left is None}


def bounces(stage: Stage) -> list[dict]:
    """Mails that are now known to be bounces and were not before."""
    before = {row["id"]: row["kind"] for row in rows(stage.old, "SELECT id, kind FROM messages")}
    return [row for row in rows(stage.shadow, "SELECT * FROM messages WHERE kind = 'bounce' AND duplicate_of IS NULL")
            if before.get(row["id"]) != "bounce"]
