"""One replay from its first step to its last; see the package for the way."""

from datetime import datetime

from intake.config import Config
from intake.replay import told, walk
from intake.replay.apply import Findings, apply, untrue_replies
from intake.replay.compare import changes, mail_changes
from intake.replay.stage import Stage, stage_of
from intake.replay.steps import steps
from rules.survey import Survey
from store.database import Database, connect
from store.rebuilding import last_event
from store.shadow import shadow_of


def replay(config: Config, survey: Survey, database: Database, pool, now: datetime, wanted: walk.Wanted = walk.ALL,
           *, dry_run: bool = False) -> tuple[Findings, int | None]:
    """Rebuild everything; returns what was found, and how many answers were drafted (None: `dry_run`, nothing was written).

    `database` is read from another connection in one transaction, so that what others write meanwhile does not mix in.
    """
    old = connect(config.database)
    try:
        old.conn.execute("BEGIN")
        seen, happened = last_event(old), steps(old)
        with shadow_of(old, config.data / ("replay-dry.db" if dry_run else "replay.db"), walk.walked_mails(happened)) as shadow:
            stage = stage_of(config, survey, old, shadow)
            unreadable = walk.walk(stage, happened, pool, wanted)
            found = _findings(stage, happened, unreadable, now)
            if dry_run:
                return found, None
            return found, apply(stage, database, found, seen, now)
    finally:
        if old.conn.in_transaction:
            old.conn.execute("ROLLBACK")
        old.close()


def _findings(stage: Stage, happened, unreadable: list[int], now: datetime) -> Findings:
    known = set(stage.left)
    walk.finish(stage, now)
    untold = told.note_differences(stage, now)
    changed = tuple(changes(stage.old, stage.shadow))
    mails = tuple(mail_changes(stage.old, stage.shadow))
    return Findings(
        changed, mails, tuple(one for one in untold if one in {change.id for change in changed}),
        tuple(one for one in stage.left if one not in known), frozenset(walk.walked_mails(happened)), tuple(unreadable),
        sum(step.decision is not None and step.noted for step in happened), untrue_replies(stage, changed, mails))
