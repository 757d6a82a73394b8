"""Answers as rows: one for each mail, remembered for each submission, and what a bounce does to them."""

import sqlite3

import pytest
from build_config import now
from build_store import add_message, add_submission, empty_store

from store import replies
from store.database import one, rows, writing

ADDRESS = "zhou@example.cn"


def a_reply(message_id: int, state: str = "queued", submissions=(), **changes) -> replies.NewReply:
    """An acknowledgement of that mail."""
    values = {"message_id": message_id, "kind": "acknowledgement", "to_address": ADDRESS, "subject": "回复", "body": "您好",
              "smtp_message_id": f"<{message_id}@126.com>", "mime": b"mail", "state": state, "reason": None,
              "content_key": "k", "submissions": submissions}
    return replies.NewReply(**(values | changes))


def test_a_mail_gets_one_answer_whatever_is_tried(tmp_path):
    """The schema refuses a second answer to the same mail, also under another Message-ID."""
    database = empty_store(tmp_path)
    message = add_message(database)
    replies.add_reply(database, a_reply(message), now())
    with pytest.raises(sqlite3.IntegrityError), writing(database):
        replies.add_reply(database, a_reply(message, smtp_message_id="<other@126.com>"), now())
    assert one(database, "SELECT count(*) AS n FROM replies")["n"] == 1


def test_an_answer_that_will_not_go_out_does_not_count_as_given(tmp_path):
    """Only then is the next mail with the same content answered."""
    database = empty_store(tmp_path)
    message = add_message(database)
    submission = add_submission(database, message)
    replies.add_reply(database, a_reply(message, "suppressed", ((submission, "key"),)), now())
    assert replies.last_key(database, submission) is None
    replies.add_reply(database, a_reply(add_message(database), "held", ((submission, "key"),)), now())
    assert replies.last_key(database, submission) == "key"


def test_an_answer_about_several_submissions_names_none_of_them_alone(tmp_path):
    """DATA.md: `submission_id` is then NULL and `reply_submissions` lists them."""
    database = empty_store(tmp_path)
    message = add_message(database)
    both = (add_submission(database, message), add_submission(database, message))
    replies.add_reply(database, a_reply(message, submissions=tuple((each, "key") for each in both)), now())
    assert one(database, "SELECT submission_id AS id FROM replies")["id"] is None
    assert tuple(row["submission_id"] for row in rows(database, "SELECT * FROM reply_submissions")) == both


@pytest.mark.parametrize(("identifiers", "numbers", "recipients", "believed"), [
    (("<1@126.com>",), (), (), True), (("<unknown@x>",), (), (ADDRESS,), False), ((), (), (ADDRESS,), False),
    ((), ("HD2019-9999",), (ADDRESS,), True), ((), ("HD2019-9999",), ("else@example.cn",), False)])
def test_a_bounce_is_believed_only_when_it_knows_our_mail(tmp_path, identifiers, numbers, recipients, believed):
    """Anybody can write a bounce: our Message-ID, or our number with the right address, must stand in it."""
    database = empty_store(tmp_path)
    submission = add_submission(database, add_message(database), number="HD2019-9999")
    message = add_message(database)
    replies.add_reply(database, a_reply(message, submissions=((submission, "key"),), smtp_message_id="<1@126.com>"), now())
    database.execute("UPDATE replies SET state = 'sent'")
    bounce = add_message(database)
    replies.note_bounce(database, identifiers, numbers, recipients, reason="550 no such user", failed=True, dead=True,
                        message_id=bounce, now=now())
    assert one(database, "SELECT state FROM replies")["state"] == ("failed" if believed else "sent")
    assert bool(rows(database, "SELECT * FROM dead_addresses")) is believed


def test_guidance_and_answers_are_counted_by_address(tmp_path):
    """What caps and the guard against a second guidance look at."""
    database = empty_store(tmp_path)
    for state in ("sent", "suppressed", "failed"):
        message = add_message(database)
        replies.add_reply(database, a_reply(message, state, kind="guidance", content_key=state), now())
    assert replies.given_keys(database, ADDRESS, "guidance") == {"sent"}
    assert replies.answers_since(database, ADDRESS, now()) == 1
    assert replies.answers_since(database, "else@example.cn", now()) == 0
