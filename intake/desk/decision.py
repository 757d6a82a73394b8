"""What every decision of a person does, in ONE transaction: written down, applied, judged again, answered.

    decision row (for good) → event (who, what, why) → rows brought up to date → judged again → answer, if one is due

Nothing here is ever undone by a mail; a person takes a decision back by deciding again.
"""

from dataclasses import dataclass
from datetime import datetime

from intake import settle
from intake.config import Config
from intake.desk.answer_decision import Standing, Written, answer_decision, standing_of
from rules.answer import SubmissionOutcome
from rules.decisions import Decision
from rules.errors import PermanentError
from rules.masking import mask_personal
from rules.survey import Survey
from rules.typography import typeset
from store import decisions, overview, processing, submissions
from store.database import Database


class Refused(PermanentError):
    """What was asked for cannot be done; the sentence says why and what can."""

    def __init__(self, sentence: str):
        super().__init__(typeset(sentence))


@dataclass(frozen=True, slots=True)
class Office:
    """Who decides, when and why, and on what."""

    config: Config
    survey: Survey
    database: Database
    actor: str
    now: datetime
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a submission stands after a decision."""

    number: str
    status: str
    missing: tuple[str, ...]
    review_reasons: tuple[str, ...]
    #: the answer that went to the outbox
    written: Written


def find(office: Office, number: str, *, withdrawn: bool = False) -> dict:
    """The submission's row; raises `Refused` where there is none or where nothing can be decided about it any more."""
    row = overview.submission(office.database, number)
    if row is None:
        raise Refused(f"没有登记编号{number}。")
    if row["merged_into"] is not None:
        now_at = submissions.number_of(office.database, decisions.survivor_of(office.database, row["id"]))
        raise Refused(f"{row['number']}已并入{now_at},请改用{now_at}。")
    if row["status"] == "withdrawn" and not withdrawn:
        raise Refused(f"{row['number']}已撤回;如系误办,请先恢复(命令 intake withdraw --undo {row['number']})。")
    return row | {"standing": standing_of(office.database, office.survey, row["id"])}


def standing(row: dict) -> Standing:
    """How a submission stood when `find` found it."""
    return row["standing"]


def conclude(office: Office, row: dict, decision: Decision, action: str, detail: dict | None = None,
             former_key: str | None = None) -> Result:
    """Write the decision down, judge the submission again, and answer if that is due."""
    identifier = record(office, row["id"], decision, action, detail, former_key)
    return judge_and_answer(office, row["id"], standing(row), identifier)


def record(office: Office, submission_id: int | None, decision: Decision, action: str, detail: dict | None = None,
           former_key: str | None = None, message_id: int | None = None) -> int:
    """The decision and its event; returns the decision's id."""
    identifier = decisions.add_decision(office.database, decision, submission_id=submission_id, message_id=message_id,
                                        former_key=former_key)
    processing.add_event(office.database, office.now, action, actor=office.actor, submission_id=submission_id,
                         message_id=message_id, detail={"decision": identifier, **(detail or {}),
                                                        **({"why": mask_personal(office.why)} if office.why else {})})
    return identifier


def judge_and_answer(office: Office, submission_id: int, before: Standing | None, decision_id: int,
                     contact: str | None = None) -> Result:
    """Judge a submission after a decision, and write the answer that is due."""
    outcome = settle.judge_again(office.survey, office.database, submission_id, office.now, contact=contact)
    written = answer_decision(office.config, office.survey, office.database, before, outcome, decision_id, office.now)
    return result_of(outcome, written)


def result_of(outcome: SubmissionOutcome, written: Written) -> Result:
    """The outcome as the command shows it."""
    judgement = outcome.judgement
    return Result(outcome.number, judgement.status, tuple(missing.code for missing in judgement.missing),
                  judgement.review_reasons, written)


def resolve_doubts(office: Office, submission_id: int) -> None:
    """A person has looked at everything that was in doubt about it."""
    office.database.conn.execute(
        "UPDATE doubts SET resolved_at = ?, resolved_by = ? WHERE submission_id = ? AND resolved_at IS NULL",
        [office.now.isoformat(timespec="seconds"), office.actor, submission_id])
