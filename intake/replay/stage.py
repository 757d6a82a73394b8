"""What every step of a replay works on: the shadow, and what is known of the database that it shadows."""

from dataclasses import dataclass, field
from datetime import datetime

from intake import settle
from intake.config import Config
from intake.kept_reading import unpack
from intake.office.words import DECISIONS
from intake.replay.identity import Identity
from rules.reading import Reading
from rules.survey import Survey
from rules.typography import typeset
from store import processing, shadow, submissions
from store.database import Database, one, rows

_NOTHING_LEFT = "重新读取来信后，原属本编号的材料已不再单独成为一份登记"


@dataclass(frozen=True, slots=True)
class Stage:
    """Read from `old`, write into `shadow`."""

    config: Config
    survey: Survey
    old: Database
    shadow: Database
    identity: Identity
    #: mails that stand in some submission of the database
    placed: frozenset[int]
    #: attachments that a person has decided about
    decided_files: frozenset[int]
    #: submissions that no mail opens any more, in the order in which that was found
    left: list[int] = field(default_factory=list)
    words: dict = field(default_factory=lambda: DECISIONS)

    def is_there(self, submission_id: int) -> bool:
        """Whether the submission has been opened again."""
        return shadow.is_there(self.shadow, submission_id)

    def leave(self, submission_id: int, now: datetime) -> None:
        """Nothing of it is left; its number stays, and a person must say what becomes of it."""
        self.identity.put(submission_id)
        self.left.append(submission_id)
        old = self.identity.submissions[submission_id]
        # an earlier replay has said it, when it was still known whose it was
        noted = one(self.old, "SELECT sentence FROM doubts WHERE submission_id = ? AND instr(sentence, ?) ORDER BY id",
                    [submission_id, _NOTHING_LEFT])
        sentence = noted["sentence"] if noted else typeset(
            f"{_NOTHING_LEFT}(原申报人:{old['registrant'] or '未能判定'}),请核实应并入哪一份登记,或者予以撤回。")
        submissions.add_doubt(self.shadow, sentence, now, submission_id=submission_id)
        settle.judge_again(self.survey, self.shadow, submission_id, now)

    def reading(self, message: dict) -> Reading:
        """The reading of a mail that has been walked."""
        return unpack(processing.kept_reading(self.shadow, message["id"]))


def stage_of(config: Config, survey: Survey, old: Database, made: Database) -> Stage:
    """The stage of a replay, before its first step."""
    return Stage(config, survey, old, made, Identity(old, made),
                 frozenset(row["message_id"] for row in rows(old, "SELECT DISTINCT message_id FROM submission_messages")),
                 frozenset(row["id"] for row in rows(old, "SELECT DISTINCT attachment_id AS id FROM decisions WHERE "
                                                     "attachment_id IS NOT NULL")))
