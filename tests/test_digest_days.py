"""Which days are due, what is made up for after down-time, and that nobody gets a digest twice."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes

import pytest
from build_store import (
    add_message,
    add_submission,
    at,
    configuration,
    empty_store,
    shipped_survey,
    stamp,
)

from intake.office import digest
from store.digests import settle

DAY = date(2019, 8, 1)
MORNING = at("2019-08-02 08:30")


@pytest.fixture
def store(tmp_path):
    """An empty database."""
    database = empty_store(tmp_path)
    yield database
    database.close()


@pytest.fixture
def make(store, tmp_path):
    """The digest of a day as it would be made the morning after."""
    config = configuration(tmp_path)

    def made(day=DAY, now=MORNING):
        return digest.make(config, shipped_survey(), store, day, now)

    return made


def test_a_day_is_due_at_the_set_hour_of_the_next(store, tmp_path):
    """08:30 by default, not a minute earlier."""
    config = configuration(tmp_path)
    add_message(store)
    assert digest.due_days(store, config, at("2019-08-02 08:29")) == []
    assert digest.due_days(store, config, at("2019-08-02 08:30")) == [DAY]


def test_no_day_is_due_before_the_first_mail_was_entered(store, tmp_path):
    """Old mail in the mailbox does not make digests of years ago."""
    config = configuration(tmp_path)
    assert digest.due_days(store, config, MORNING) == []
    add_message(store, "2015-03-01 10:00", entered="2019-08-01 09:00")
    assert digest.due_days(store, config, MORNING) == [DAY]


def test_after_down_time_every_day_has_its_row_and_the_office_one_mail(store, tmp_path):
    """Four days missed: four rows, one mail that lists them."""
    config = configuration(tmp_path)
    for day in ("2019-08-01", "2019-08-03", "2019-08-04"):
        add_submission(store, add_message(store, f"{day} 10:00", entered="2019-08-01 09:00"), opened=f"{day} 10:00")
    made = digest.run_due(config, shipped_survey(), store, at("2019-08-05 09:00"))
    assert [one.day.day for one in made] == [1, 2, 3, 4]
    assert [row["day"] for row in store.query("SELECT day FROM digests ORDER BY day")] == [
        "2019-08-01",
        "2019-08-02",
        "2019-08-03",
        "2019-08-04",
    ]
    mails = list(store.query("SELECT * FROM digest_mails"))
    assert [mail["to_address"] for mail in mails] == ["office@example.org"]
    assert "以下 4 天" in made[-1].text and "2019-08-01  来信 1 封" in made[-1].text
    assert made[-1].counts["period"]["submissions"] == 3 and made[-1].counts["day"]["submissions"] == 1
    assert digest.run_due(config, shipped_survey(), store, at("2019-08-05 09:01")) == []
    assert store["digest_mails"].count == 1


def test_a_long_gap_is_caught_up_by_a_month_and_nothing_is_lost(store, tmp_path):
    """What came before that month is counted in its first digest as 补登."""
    config = configuration(tmp_path)
    add_message(store, "2019-08-01 10:00")
    digest.run_due(config, shipped_survey(), store, MORNING)
    add_message(store, "2019-08-20 10:00", entered="2019-12-01 07:00")
    made = digest.run_due(config, shipped_survey(), store, at("2019-12-01 09:00"))
    assert len(made) == digest.MOST_DAYS
    assert made[0].counts["late_entries"] == {"registration": 1}
    assert "补登 1 封" in made[-1].text


def test_a_mail_entered_after_its_digest_is_in_the_next_one_exactly_once(store, tmp_path):
    """Also when both are written within the same second."""
    config, survey = configuration(tmp_path), shipped_survey()
    add_message(store, "2019-08-01 10:00")
    first = digest.run_due(config, survey, store, MORNING)[0]
    add_message(store, "2019-08-01 23:50", entered=MORNING.isoformat(timespec="seconds"), kind="inquiry")
    second = digest.run_due(config, survey, store, MORNING + timedelta(days=1))[0]
    third = digest.run_due(config, survey, store, MORNING + timedelta(days=2))[0]
    assert first.counts["day"]["mails"] == 1 and first.counts["late_entries"] == {}
    assert second.counts["day"]["mails"] == 0 and second.counts["late_entries"] == {"inquiry": 1}
    assert third.counts["late_entries"] == {}


def test_mail_that_waited_in_the_mailbox_at_the_first_start_is_counted_in_the_first_digest(store, make):
    """Received before the service was there: 补登."""
    add_message(store, "2019-07-25 10:00", entered="2019-08-01 09:00")
    add_message(store, "2019-08-01 10:00")
    assert make().counts["late_entries"] == {"registration": 1}


def test_the_report_of_a_day_long_past_counts_no_late_mail(store, make):
    """Mails imported years later: each day's figures are its own."""
    add_message(store, "2019-07-30 10:00", entered="2026-11-24 09:00")
    add_message(store, "2019-08-01 10:00", entered="2026-11-24 09:00")
    counts = make(now=at("2026-11-24 10:00")).counts
    assert counts["day"]["mails"] == 1 and counts["late_entries"] == {}


def test_queueing_twice_sends_once(store, tmp_path):
    """One mail for each address, however often it is asked for; an address added later gets its own."""
    config = configuration(tmp_path)
    made = digest.make(config, shipped_survey(), store, DAY, MORNING)
    assert digest.store_and_queue(store, made, config, shipped_survey(), MORNING) == 1
    assert digest.store_and_queue(store, made, config, shipped_survey(), MORNING) == 0
    both = replace(config, digest=replace(config.digest, to=("office@example.org", "second@example.org")))
    assert digest.store_and_queue(store, made, both, shipped_survey(), MORNING) == 1
    assert len({row["smtp_message_id"] for row in store.query("SELECT smtp_message_id FROM digest_mails")}) == 2


def test_the_mail_bears_both_twins_and_says_that_a_machine_wrote_it(store, tmp_path):
    """As queued, byte for byte."""
    config = configuration(tmp_path)
    add_submission(store, add_message(store))
    made = digest.run_due(config, shipped_survey(), store, MORNING)[-1]
    mail = message_from_bytes(next(store.query("SELECT mime FROM digest_mails"))["mime"])
    twins = {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    }
    shape = [part.get_content_type() for part in mail.walk()]
    assert shape[:4] == ["multipart/alternative", "text/plain", "multipart/related", "text/html"]
    shown = {part["Content-ID"][1:-1] for part in mail.walk() if part.get_content_type() == "image/png"}
    assert shown == set(re.findall(r'"cid:([^"]+)"', twins["text/html"])) and len(shown) == 4
    assert max(map(len, next(store.query("SELECT mime FROM digest_mails"))["mime"].split(b"\r\n"))) <= 998
    assert mail["Auto-Submitted"] == "auto-generated" and mail["To"] == "office@example.org"
    assert "需要您处理" in twins["text/plain"] and "<table" in twins["text/html"]
    assert made.text.splitlines() == twins["text/plain"].splitlines()


def test_a_digest_is_sent_when_all_its_mails_are(store, tmp_path):
    """`digests.state` and `sent_at` follow the mails."""
    config = configuration(tmp_path)
    add_message(store)
    digest.run_due(config, shipped_survey(), store, MORNING)
    settle(store)
    assert next(store.query("SELECT state FROM digests"))["state"] == "queued"
    store.conn.execute("UPDATE digest_mails SET state = 'sent', sent_at = ?", [stamp("2019-08-02 08:31")])
    settle(store)
    assert next(store.query("SELECT state, sent_at FROM digests")) == {
        "state": "sent",
        "sent_at": stamp("2019-08-02 08:31"),
    }


def test_without_smtp_the_digest_is_kept_and_nothing_is_queued(store, tmp_path):
    """Imports and trials have no server to send by."""
    config = replace(configuration(tmp_path), smtp=None)
    add_message(store)
    assert len(digest.run_due(config, shipped_survey(), store, MORNING)) == 1
    assert store["digests"].count == 1 and store["digest_mails"].count == 0


def test_the_stored_digest_is_given_back_as_it_was_made(store, tmp_path):
    """What the office was told does not change afterwards."""
    config = configuration(tmp_path)
    add_message(store)
    made = digest.run_due(config, shipped_survey(), store, MORNING)[-1]
    add_message(store, "2019-08-01 12:00", entered="2019-08-02 09:00")
    assert digest.stored(store, DAY) == made
    assert digest.stored(store, date(2019, 8, 2)) is None


#: the week of National Day 2019: Sunday 29 September and Saturday 12 October were worked
CALENDAR = {
    "days": "workdays",
    "holidays": frozenset(date(2019, 10, day) for day in range(1, 8)),
    "workdays": frozenset({date(2019, 9, 29), date(2019, 10, 12)}),
}


def mornings(store, config, first, last):
    """Turn the clock at 08:31 of each day from `first` to `last`; day of each mail → the days that it covers."""
    day = first
    while day <= last:
        digest.run_due(config, shipped_survey(), store, at(f"{day} 08:31"))
        day += timedelta(days=1)
    sql = "SELECT d.day, d.counts FROM digests d JOIN digest_mails m ON m.digest_id = d.id ORDER BY d.day"
    return {row["day"]: [one["day"][5:] for one in json.loads(row["counts"])["covers"]] for row in store.query(sql)}


def with_digest(tmp_path, **changes):
    """A configuration whose digest has these keys."""
    config = configuration(tmp_path)
    return replace(config, digest=replace(config.digest, **changes))


def test_a_weekend_and_a_holiday_are_told_on_the_next_workday_each_day_once(store, tmp_path):
    """Monday tells of Friday to Sunday; the first morning after the holiday of all of it; a worked Sunday has its own."""
    add_message(store, "2019-09-19 10:00")
    mails = mornings(store, with_digest(tmp_path, **CALENDAR), date(2019, 9, 20), date(2019, 10, 12))
    assert mails["2019-09-19"] == ["09-19"]
    assert mails["2019-09-22"] == ["09-20", "09-21", "09-22"]
    assert mails["2019-09-28"] == ["09-27", "09-28"]
    assert mails["2019-10-07"] == ["09-30", *[f"10-0{day}" for day in range(1, 8)]]
    assert mails["2019-10-11"] == ["10-11"]
    told = [day for covers in mails.values() for day in covers]
    assert told == sorted(set(told)) and len(told) == 23
    assert store["digests"].count == 23


def test_every_day_has_its_row_on_its_own_morning_also_when_nothing_is_mailed(store, tmp_path):
    """So that `intake digest --day` gives what it was that day."""
    add_message(store, "2019-09-20 10:00")
    mornings(store, with_digest(tmp_path, **CALENDAR), date(2019, 9, 21), date(2019, 9, 22))
    made = {row["day"]: row["created_at"] for row in store.query("SELECT day, created_at FROM digests")}
    assert made == {"2019-09-20": stamp("2019-09-21 08:31"), "2019-09-21": stamp("2019-09-22 08:31")}
    assert store["digest_mails"].count == 0


def test_a_mail_that_down_time_swallowed_goes_out_when_the_service_is_back(store, tmp_path):
    """Down on Monday morning, back on a holiday: Friday to Sunday are told at once, Monday on the next workday."""
    config = with_digest(tmp_path, days="workdays", holidays=frozenset({date(2019, 9, 24)}))
    add_message(store, "2019-09-20 10:00")
    assert mornings(store, config, date(2019, 9, 24), date(2019, 9, 24)) == {"2019-09-22": ["09-20", "09-21", "09-22"]}
    assert mornings(store, config, date(2019, 9, 25), date(2019, 9, 25))["2019-09-24"] == ["09-23", "09-24"]


def test_quiet_days_may_be_passed_over_and_are_told_in_the_next_mail(store, tmp_path):
    """Nothing came, nothing went out, nothing waits: no mail, but a row."""
    config = with_digest(tmp_path, quiet_days="skip")
    add_message(store, "2019-08-01 10:00")
    add_message(store, "2019-08-04 10:00", entered="2019-08-04 10:00")
    mails = mornings(store, config, date(2019, 8, 2), date(2019, 8, 5))
    assert mails == {"2019-08-01": ["08-01"], "2019-08-04": ["08-02", "08-03", "08-04"]}
    assert store["digests"].count == 4


def test_a_quiet_day_with_work_left_is_no_quiet_day(store, tmp_path):
    """What waits for a person is told every morning."""
    add_submission(store, add_message(store, "2019-08-01 10:00"), status="review", review_reasons=["请核对。"])
    mails = mornings(store, with_digest(tmp_path, quiet_days="skip"), date(2019, 8, 2), date(2019, 8, 4))
    assert list(mails) == ["2019-08-01", "2019-08-02", "2019-08-03"]
