"""Which step of a submission was reminded of by which mail, and which units a letter to a liaison names.

A reminder that has not gone out is withdrawn by the database itself, in the very transaction in which it ceases to be
true: what is missing, where the answer goes or the deadline has changed, or a unit that it names has handed in.
"""

from sqlite_utils import Database

from store.migrations.steps import migrations

_WAITING = "('held', 'queued', 'deferred')"
_EVENT = ("INSERT INTO events (at, actor, action, submission_id, detail) SELECT new.updated_at, 'daemon', 'suppressed', "
          "submission_id, json_object('table', 'replies', 'id', id, 'reason', '{0}') FROM replies WHERE {1};")
_ABOUT_IT = (f"kind = 'reminder' AND state IN {_WAITING} AND id IN (SELECT reply_id FROM reminders WHERE "
             "submission_id = new.id)")
_NAMES_IT = (f"kind = 'reminder' AND state IN {_WAITING} AND id IN (SELECT reply_id FROM roster_reminders WHERE "
             "registrant_key = new.registrant_key)")
_CHANGED, _REPORTED = "登记情况已有变化，提醒不再发送。", "所列单位已经报送，催报不再发送。"
_M004 = (
    """CREATE TABLE reminders (
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    step INTEGER NOT NULL,
    deadline TEXT NOT NULL,
    day TEXT NOT NULL,
    reply_id INTEGER NOT NULL UNIQUE REFERENCES replies(id),
    PRIMARY KEY (submission_id, step)
) STRICT""",
    """CREATE TABLE roster_reminders (
    reply_id INTEGER NOT NULL REFERENCES replies(id),
    registrant_key TEXT NOT NULL,
    PRIMARY KEY (reply_id, registrant_key)
) STRICT""",
    "CREATE INDEX roster_reminders_registrant ON roster_reminders(registrant_key)",
    "CREATE INDEX reply_submissions_submission ON reply_submissions(submission_id)",
    "CREATE TRIGGER reminders_must_be_true AFTER UPDATE OF status, missing, deadline, contact_address, merged_into ON "
    "submissions WHEN new.status <> 'incomplete' OR new.missing IS NOT old.missing OR new.deadline IS NOT old.deadline OR "
    "new.contact_address IS NOT old.contact_address OR new.merged_into IS NOT old.merged_into BEGIN "
    + _EVENT.format(_CHANGED, _ABOUT_IT)
    + f" UPDATE replies SET state = 'suppressed', reason = '{_CHANGED}' WHERE {_ABOUT_IT}; END",
    "CREATE TRIGGER roster_reminders_must_be_true AFTER UPDATE OF registrant_key ON submissions WHEN new.registrant_key "
    "IS NOT NULL AND new.registrant_key IS NOT old.registrant_key BEGIN "
    + _EVENT.format(_REPORTED, _NAMES_IT)
    + f" UPDATE replies SET state = 'suppressed', reason = '{_REPORTED}' WHERE {_NAMES_IT}; END",
)


@migrations()
def m004_reminders(database: Database) -> None:
    """Reminders, and the triggers that withdraw them."""
    # a trigger's own statements end in ";\n" too
    for statement in _M004:
        database.conn.execute(statement)
