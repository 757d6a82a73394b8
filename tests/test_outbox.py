"""The queue of replies and digest mails: who may change what, and that nothing is done twice."""

import json
import threading
from datetime import timedelta

import pytest
from smtp_fixtures import NOON, add_digest_mail, add_reply

from store import outbox, pacing
from store.database import connect

LATER = NOON + timedelta(minutes=30)


def state(db, table: str, id: int) -> str:
    """The state of one row."""
    return next(db.query(f"SELECT state FROM {table} WHERE id = ?", [id]))["state"]


def actions(db) -> list[str]:
    """Every event's action, in order."""
    return [row["action"] for row in db["events"].rows]


def only(db, table="replies"):
    """The one mail of that table."""
    (mail,) = outbox.list_items(db, ("held", "queued", "deferred", "sending", "uncertain", "failed", "sent"))
    assert mail.table == table
    return mail


def test_due_are_the_queued_and_the_deferred_whose_time_has_come(db):
    """Held, sent and later ones are not."""
    add_reply(db, 1, created_at=(NOON + timedelta(minutes=1)).isoformat())
    add_reply(db, 2, created_at="2019-08-01T04:00:00+00:00")  # noon in Beijing: older than the first
    add_reply(db, 3, state="held")
    add_reply(db, 4, state="deferred", not_before=LATER.isoformat())
    add_reply(db, 5, state="sent")
    add_digest_mail(db)
    assert [mail.label for mail in outbox.due(db, NOON)] == ["d1", "2", "1"]
    assert [mail.label for mail in outbox.due(db, LATER)] == ["d1", "2", "1", "4"]
    assert [mail.label for mail in outbox.due(db, LATER, 2)] == ["d1", "2"]
    assert outbox.waiting(db) == 4


def test_times_are_compared_as_instants_whatever_their_offset(db):
    """04:30 UTC is half past noon in Beijing."""
    add_reply(db, 1, state="deferred", not_before="2019-08-01T04:30:00+00:00")
    assert outbox.due(db, NOON) == []
    assert len(outbox.due(db, LATER)) == 1


def test_a_mail_is_claimed_once(db):
    """The second claim of the same mail fails, and the attempt is counted once."""
    add_reply(db)
    mail = only(db)
    assert outbox.claim(db, mail, NOON) is True
    assert outbox.claim(db, mail, NOON) is False
    assert only(db).attempts == 1 and only(db).state == "sending"
    assert actions(db) == ["sending"]


def test_of_many_who_claim_at_once_one_gets_the_mail(db, tmp_path):
    """Each on a connection of its own, as processes would."""
    for number in range(20):
        add_reply(db, number + 1)
    mails = outbox.due(db, NOON)
    got: list[str] = []

    def grab():
        mine = connect(tmp_path / "intake.db")
        got.extend(mail.label for mail in mails if outbox.claim(mine, mail, NOON))
        mine.conn.close()

    threads = [threading.Thread(target=grab) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(mail.label for mail in mails)


def test_what_the_server_said_of_a_sent_mail_is_kept(db):
    """With the time, and an event that names the row."""
    add_reply(db)
    mail = only(db)
    outbox.claim(db, mail, NOON)
    assert outbox.mark_sent(db, mail, "250 Mail OK queued as smtp1,x", LATER)
    row = next(db["replies"].rows)
    assert (row["state"], row["server_answer"], row["sent_at"]) == (
        "sent", "250 Mail OK queued as smtp1,x", LATER.isoformat())  # fmt: skip
    detail = json.loads(list(db["events"].rows)[-1]["detail"])
    assert (detail["table"], detail["id"], detail["to"]) == ("replies", mail.id, "zhang@example.cn")


def test_a_mail_that_was_not_claimed_cannot_be_marked_sent(db):
    """No state is skipped."""
    add_reply(db)
    assert outbox.mark_sent(db, only(db), "250", NOON) is False
    assert outbox.mark_uncertain(db, only(db), "x", NOON) is False
    assert only(db).state == "queued" and actions(db) == []


def test_a_refusal_before_the_claim_counts_as_an_attempt_and_after_it_is_not_counted_twice(db):
    """`attempts` is the number of transactions begun."""
    add_reply(db)
    outbox.mark_deferred(db, only(db), LATER, "稍后再试", "450 x", NOON)
    assert (only(db).attempts, only(db).state, only(db).last_error) == (1, "deferred", "450 x")
    mail = outbox.due(db, LATER)[0]
    outbox.claim(db, mail, LATER)
    outbox.mark_deferred(db, mail, LATER, "稍后再试", "450 x", LATER)
    assert only(db).attempts == 2


def test_a_digest_is_sent_when_all_of_its_mails_are(db):
    """Its own row says so."""
    add_digest_mail(db)
    mail = only(db, "digest_mails")
    outbox.claim(db, mail, NOON)
    assert next(db["digests"].rows)["state"] == "queued"
    outbox.mark_sent(db, mail, "250 OK", LATER)
    digest = next(db["digests"].rows)
    assert (digest["state"], digest["sent_at"]) == ("sent", LATER.isoformat())


def test_rows_found_in_sending_become_uncertain_and_are_not_due(db):
    """Death between the commit and the server's answer."""
    add_reply(db, 1)
    add_digest_mail(db)
    for mail in outbox.due(db, NOON):
        outbox.claim(db, mail, NOON)
    assert outbox.recover(db, LATER) == 2
    assert outbox.due(db, LATER + timedelta(days=9)) == []
    assert {mail.label for mail in outbox.list_items(db, ("uncertain",))} == {"1", "d1"}
    assert outbox.recover(db, LATER) == 0


def test_an_uncertain_mail_found_in_the_sent_folder_is_settled(db):
    """By its Message-ID, with or without angle brackets, in any case."""
    for number in (1, 2):
        add_reply(db, number)
    for mail in outbox.due(db, NOON):
        outbox.claim(db, mail, NOON)
    outbox.recover(db, NOON)
    assert outbox.settle_uncertain(db, ["Reply-1@126.com", "<other@126.com>"], LATER) == ("1",)
    assert (state(db, "replies", 1), state(db, "replies", 2)) == ("sent", "uncertain")


def test_a_person_approves_holds_and_releases(db):
    """Each with the person's name in the audit trail; labels name the rows."""
    add_reply(db, 1, state="held")
    add_reply(db, 2)
    add_digest_mail(db)
    assert outbox.approve(db, [1, "2", "99", "x"], "康", NOON) == ("1",)
    assert outbox.hold(db, ["2", "d1"], "康", NOON) == ("2", "d1")
    assert [mail.label for mail in outbox.due(db, NOON)] == ["1"]
    assert outbox.release(db, ["2", "D1"], "康", NOON) == ("2", "d1")
    assert len(outbox.due(db, NOON)) == 3
    assert {row["actor"] for row in db["events"].rows} == {"康"}
    assert actions(db) == ["approved", "held", "held", "released", "released"]


@pytest.mark.parametrize("resting", ["sent", "suppressed", "sending"])
def test_nobody_can_release_what_was_sent_or_must_not_be_sent(db, resting):
    """A person's slip must not send twice."""
    add_reply(db, state=resting)
    for change in (outbox.approve, outbox.hold, outbox.release):
        assert change(db, [1], "康", NOON) == ()
    assert state(db, "replies", 1) == resting


def test_an_uncertain_mail_goes_again_only_when_a_person_releases_it(db):
    """And a person may say instead that it arrived."""
    for number in (1, 2):
        add_reply(db, number, state="uncertain")
    assert outbox.approve(db, [1, 2], "康", NOON) == ()
    assert outbox.release(db, [1], "康", NOON) == ("1",)
    assert outbox.confirm_sent(db, [2], "康", NOON) == ("2",)
    assert (state(db, "replies", 1), state(db, "replies", 2)) == ("queued", "sent")


def test_what_went_out_today_is_counted_by_address_with_uncertain_mails(db):
    """Addresses in any case are the same; other days and the digests' addresses do not count against a person."""
    midnight = NOON.replace(hour=0)
    add_reply(db, 1, "Li@Example.cn", state="sent", sent_at=midnight.isoformat())
    add_reply(db, 2, "li@example.cn", state="sent", sent_at=(midnight - timedelta(seconds=1)).isoformat())
    add_reply(db, 3, "li@example.cn")
    add_digest_mail(db, to="li@example.cn", state="sent")
    db.execute("UPDATE digest_mails SET sent_at = ?", [NOON.isoformat()])
    (mail,) = outbox.due(db, NOON)
    outbox.claim(db, mail, NOON)
    outbox.recover(db, NOON)
    counts = outbox.sent_counts(db, midnight, midnight + timedelta(days=1))
    assert (counts.total, counts.replies_by_address) == (3, {"li@example.cn": 2})


def test_a_pause_survives_and_ends(db, tmp_path):
    """Kept in the database, with its reason."""
    wanted = pacing.Pause(LATER, "当天发信数量超过限制", 2)
    pacing.pause(db, wanted, NOON)
    again = connect(tmp_path / "intake.db")
    assert pacing.last_pause(again) == wanted
    assert pacing.unpause(again, "康", NOON) is True
    assert pacing.unpause(again, "康", NOON) is False
    assert pacing.last_pause(db) is None
    again.conn.close()


def test_when_the_last_mail_was_begun_is_known_after_a_restart(db):
    """For pacing."""
    assert pacing.last_mail_at(db) is None
    pacing.note_mail(db, NOON)
    assert pacing.last_mail_at(db) == NOON
