"""What a replay found, into the database in ONE transaction: all of it or nothing, and only if nothing happened meanwhile.

Nobody is answered. What waits to be sent and is not true any more is withdrawn; where an answer is due in its place, or to
a mail that never had one, it is drafted and held for a person.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from intake import settle
from intake.desk.answer_decision import answer_decision, last_mail
from intake.replay.compare import Change, MailChange
from intake.replay.stage import Stage
from intake.replay.steps import NUMBER_LEFT
from intake.replay.told import is_so
from intake.replay.walk import bounces
from rules.answer import submission_key
from rules.bounce import bounce_of
from rules.errors import PermanentError
from store import rebuilding, replies
from store.database import Database, one, rows, writing
from store.processing import add_event

#: why an answer that waited is not sent
NOT_TRUE = "重新读取来信后结论有变，原拟的答复不再适用。"
_WAITING = "('held', 'queued', 'deferred')"
_ANSWERS = "kind NOT IN ('reminder')"


class Meanwhile(PermanentError):
    """Something happened while the replay went on."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a replay found."""

    submissions: tuple[Change, ...]
    mails: tuple[MailChange, ...]
    #: submissions that stand otherwise than was told
    untold: tuple[int, ...]
    #: submissions of which nothing is left, found only now
    left: tuple[int, ...]
    #: mails that were walked
    walked: frozenset[int]
    #: mails that could not be read anew
    unreadable: tuple[int, ...]
    #: decisions that were redone
    decisions: int
    #: waiting replies that are not true any more
    untrue: tuple[int, ...]


def untrue_replies(stage: Stage, changed: tuple[Change, ...], mails: tuple[MailChange, ...]) -> tuple[int, ...]:
    """Replies that wait and say of a submission, or of a mail, what does not hold any more."""
    about = {one_of.id for one_of in changed if one_of.before is None or one_of.before.telling != one_of.after.telling}
    said = [row for row in rows(stage.old, f"SELECT r.id, r.message_id, l.submission_id FROM replies r LEFT JOIN "
                                f"reply_submissions l ON l.reply_id = r.id WHERE r.state IN {_WAITING} AND {_ANSWERS} "
                                "ORDER BY r.id")]
    # a receipt or guidance that names no submission answers a mail that is something else now, or has found its place
    placed = {mail for one_of in changed for mail, _ in _mails_of(one_of.after) - _mails_of(one_of.before)}
    other = {mail.id for mail in mails if mail.before != mail.after} | placed
    return tuple(dict.fromkeys(row["id"] for row in said if row["submission_id"] in about or (
        row["submission_id"] is None and row["message_id"] in other)))


def _mails_of(content) -> set[tuple]:
    return {(mail, None) for mail, _ in content.mails} if content else set()


def apply(stage: Stage, database: Database, found: Findings, seen: int, now: datetime) -> int:
    """Write it down; returns how many answers were drafted. `seen`: the last event that the replay knew of."""
    at = now.isoformat(timespec="seconds")
    ids = [one_of.id for one_of in found.submissions]
    with writing(database):
        if rebuilding.has_happened(database, seen):
            raise Meanwhile("重新读取期间又有来信处理完毕或者有人办理了事项，这一次的结果没有采用，请再运行一次。")
        database.conn.execute("PRAGMA defer_foreign_keys=ON")
        rebuilding.write_files(stage.shadow, database, found.walked)
        rebuilding.open_submissions(stage.shadow, database, [one_of.id for one_of in found.submissions if not one_of.before], at)
        rebuilding.write_accounts(stage.shadow, database, ids)
        for one_of in found.submissions:
            _write(stage, database, one_of, at)
        rebuilding.write_former_keys(stage.shadow, database)
        for mail in found.mails:
            rebuilding.write_kind(stage.shadow, database, mail.id)
            rebuilding.write_doubts(stage.shadow, database, "submission_id IS NULL AND message_id = ?", mail.id)
        rebuilding.drop_files(stage.shadow, database, found.walked)
        _note_bounces(stage, database, now)
        _record(stage, database, found, now)
        for reply in found.untrue:
            _suppress(database, reply, now)
        for one_of in found.submissions:
            _count_as_told(stage, database, one_of, now)
        return sum(_draft(stage, database, one_of, found, now) for one_of in found.submissions)


def _write(stage: Stage, database: Database, change: Change, at: str) -> None:
    rebuilding.write_parts(stage.shadow, database, change.id)
    before = one(database, "SELECT * FROM submissions WHERE id = ?", [change.id])
    rebuilding.write_submission(database, change.id, before, change.after.row, at)


def _note_bounces(stage: Stage, database: Database, now: datetime) -> None:
    for message in bounces(stage):
        bounce = bounce_of(stage.reading(message), stage.survey)
        if bounce and bounce.action in ("failed", "delayed"):
            replies.note_bounce(database, bounce.message_ids, bounce.numbers, bounce.recipients, reason=bounce.reason,
                                failed=bounce.action == "failed", dead=bounce.dead, message_id=message["id"], now=now)


def _record(stage: Stage, database: Database, found: Findings, now: datetime) -> None:
    """What changed, in the audit trail."""
    for opened in _opened(stage.shadow) - _opened(database):
        add_event(database, now, "opened", message_id=opened[0], submission_id=opened[1], detail={"why": "replayed"})
    for one_of in found.submissions:
        before = one_of.before
        add_event(database, now, "replayed", submission_id=one_of.id, detail={
            "status": [before.row["status"] if before else None, one_of.after.row["status"]],
            "missing": [list(before.missing) if before else None, list(one_of.after.missing)]})
    for mail in found.mails:
        if mail.before != mail.after:
            add_event(database, now, "replayed", message_id=mail.id, detail={"kind": [mail.before, mail.after]})
    for identifier in found.left:
        add_event(database, now, NUMBER_LEFT, submission_id=identifier)


def _opened(database: Database) -> set[tuple[int, int]]:
    """(mail, submission that it opened)."""
    return {(row["message_id"], row["submission_id"]) for row in rows(
        database, "SELECT message_id, submission_id FROM events WHERE action = 'opened' AND submission_id IN (SELECT id FROM "
        "submissions)")}


def _suppress(database: Database, reply_id: int, now: datetime) -> None:
    row = one(database, "SELECT message_id, submission_id FROM replies WHERE id = ?", [reply_id])
    database.conn.execute(f"UPDATE replies SET state = 'suppressed', reason = ? WHERE id = ? AND state IN {_WAITING}",
                          [NOT_TRUE, reply_id])
    # it was never told
    database.conn.execute("UPDATE submissions SET answered_key = NULL WHERE id IN (SELECT submission_id FROM "
                          "reply_submissions WHERE reply_id = ?)", [reply_id])
    add_event(database, now, "suppressed", message_id=row["message_id"], submission_id=row["submission_id"],
              detail={"table": "replies", "id": reply_id, "reason": NOT_TRUE})


def _count_as_told(stage: Stage, database: Database, change: Change, now: datetime) -> None:
    """Who was told how it stands is not told again because something else of it is read better."""
    if is_so(database, change.id, stage.survey):
        outcome = settle.judge_again(stage.survey, database, change.id, now)
        replies.count_as_told(database, change.id, submission_key(outcome))


def _draft(stage: Stage, database: Database, change: Change, found: Findings, now: datetime) -> bool:
    """An answer that is due and that nobody has had yet, held for a person; True when one was written."""
    row = one(database, "SELECT * FROM submissions WHERE id = ?", [change.id])
    if row["merged_into"] is not None or not _is_due(database, change, found) or _is_too_old(stage, database, row, now):
        return False
    config = replace(stage.config, reply=replace(stage.config.reply, mode="approve")) if stage.config.reply.mode == "send" \
        else stage.config  # fmt: skip
    outcome = settle.judge_again(stage.survey, database, change.id, now)
    return answer_decision(config, stage.survey, database, None, outcome, f"replay {row['number']}", now).kind is not None


def _is_due(database: Database, change: Change, found: Findings) -> bool:
    """Something about it waited to be sent and is withdrawn, or it is new and none of its mails was ever answered."""
    if found.untrue and one(database, f"SELECT 1 FROM replies r LEFT JOIN reply_submissions l ON l.reply_id = r.id WHERE r.id "
                            f"IN ({', '.join(map(str, found.untrue))}) AND (l.submission_id = ?1 OR r.message_id IN (SELECT "
                            "message_id FROM submission_messages WHERE submission_id = ?1))", [change.id]):
        return True
    return change.before is None and one(
        database, "SELECT 1 FROM replies WHERE state <> 'suppressed' AND message_id IN (SELECT message_id FROM "
        "submission_messages WHERE submission_id = ?)", [change.id]) is None


def _is_too_old(stage: Stage, database: Database, row: dict, now: datetime) -> bool:
    last = last_mail(database, row["id"], row["contact_address"] or "")
    days = stage.config.reply.max_age_days
    return last is None or (days > 0 and now - datetime.fromisoformat(last["received_at"]) > timedelta(days=days))


