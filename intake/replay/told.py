"""What was told and is not so any more: a replay tells nobody, a person must.

Compared are the status and what is missing, as the last mail of ours that went out (or may have) said it.
"""

import json
from dataclasses import dataclass

from intake import settle
from intake.office.words import missing_word
from intake.replay.compare import content_of
from intake.replay.stage import Stage
from rules.survey import Survey
from rules.typography import typeset
from store import submissions
from store.database import Database, one, rows, update

#: how every sentence begins that says it
BEGINNING = "重新读取来信后，结论与已告知申报人的不同"
#: replies that say how a submission stands, and states in which they are out, or may be
_SAYING = "('acknowledgement', 'missing_materials', 'reminder', 'confirmation', 'receipt')"
_OUT = "('sending', 'sent', 'uncertain', 'failed')"
#: of these the registrant expects nothing from us, or a person tells him in any case
_SETTLED = ("complete", "incomplete")
#: replies that claim nothing, and those that say that all is there
_VAGUE = {"receipt": "材料已收到、正在核对", "guidance": "如何登记"}
_FIRM = {"acknowledgement": "材料齐全", "confirmation": "登记办完"}


@dataclass(frozen=True, slots=True)
class Told:
    """What the last mail said."""

    #: `replies.kind`
    kind: str
    #: `submissions.status` at that time
    status: str | None
    #: codes in their order; None where that was not kept
    missing: tuple[str, ...] | None


def told(database: Database, submission_id: int) -> Told | None:
    """What the registrant was told last; None: nothing."""
    row = one(database, "SELECT r.kind, l.status, l.missing FROM reply_submissions l JOIN replies r ON r.id = l.reply_id WHERE "
              f"l.submission_id = ? AND r.state IN {_OUT} AND r.kind IN {_SAYING} ORDER BY r.id DESC LIMIT 1",
              [submission_id])
    if row is None:
        return _told_otherwise(database, submission_id)
    missing = tuple(json.loads(row["missing"])) if row["missing"] is not None else None
    return Told(row["kind"], row["status"], () if row["kind"] == "acknowledgement" else missing)


def _told_otherwise(database: Database, submission_id: int) -> Told | None:
    """What one of its mails was answered while nobody knew that it was about this."""
    row = one(database, "SELECT kind FROM replies WHERE submission_id IS NULL AND message_id IN (SELECT message_id FROM "
              f"submission_messages WHERE submission_id = ?) AND state IN {_OUT} AND kind IN ('guidance', 'receipt') AND NOT "
              "EXISTS (SELECT 1 FROM reply_submissions l WHERE l.reply_id = replies.id) ORDER BY id DESC LIMIT 1",
              [submission_id])
    return Told(row["kind"], None, None) if row else None


def is_so(database: Database, submission_id: int, survey: Survey) -> bool:
    """Whether the registrant was told just how the submission stands."""
    said = told(database, submission_id)
    row = one(database, "SELECT status, missing FROM submissions WHERE id = ?", [submission_id])
    if said is None or said.kind in _VAGUE or row["status"] not in _SETTLED:
        return False
    return _sentence(said, row["status"], json.loads(row["missing"]), survey) is None


def note_differences(stage: Stage, now) -> list[int]:
    """In the shadow: a doubt for every submission that stands otherwise than it was told; returns them."""
    found = []
    for row in rows(stage.shadow, "SELECT id, number, status, missing FROM submissions ORDER BY id"):
        said = told(stage.shadow, row["id"])
        if said is None or row["status"] not in _SETTLED:
            continue
        sentence = _sentence(said, row["status"], json.loads(row["missing"]), stage.survey)
        noted = one(stage.old, "SELECT * FROM doubts WHERE submission_id = ? AND sentence = ?", [row["id"], sentence])
        if sentence and (noted or _changed(stage, row)):
            _note(stage, row["id"], sentence, noted, now)
            found.append(row["id"])
    return found


def _changed(stage: Stage, row: dict) -> bool:
    before = content_of(stage.old, row["id"])
    return before is None or (before.row["status"], set(before.missing)) != (row["status"], set(json.loads(row["missing"])))


def _note(stage: Stage, submission_id: int, sentence: str, noted: dict | None, now) -> None:
    submissions.add_doubt(stage.shadow, sentence, now, submission_id=submission_id)
    if noted and noted["resolved_at"]:
        made = one(stage.shadow, "SELECT max(id) AS id FROM doubts")["id"]
        update(stage.shadow, "doubts", made, {"resolved_at": noted["resolved_at"], "resolved_by": noted["resolved_by"]})
    settle.judge_again(stage.survey, stage.shadow, submission_id, now)


def _sentence(said: Told, status: str, missing: list[str], survey: Survey) -> str | None:
    """What a person must know; None where what was told is so."""
    was = _VAGUE.get(said.kind) or _FIRM.get(said.kind) or (
        f"尚缺{_in_words(said.missing, survey)}" if said.missing else "材料不齐")
    if status == "complete":
        if said.kind in _FIRM:
            return None
        return typeset(f"{BEGINNING}:曾告知{was},现材料齐全,核实后清除此项,系统即按规定答复。")
    # of an answer of an older version's time it is not known what it named
    if said.kind not in (*_VAGUE, *_FIRM) and (said.missing is None or set(said.missing) == set(missing)):
        return None
    return typeset(f"{BEGINNING}:曾告知{was},现尚缺{_in_words(missing, survey)},请核实后告知申报人。")


def _in_words(codes, survey: Survey) -> str:
    return "、".join(missing_word(survey, code) for code in codes or ())
