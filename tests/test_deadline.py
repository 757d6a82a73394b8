"""On time or late."""

from datetime import date, datetime

import pytest
from build_facts import SURVEY
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadline import deadline, on_time


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("opened", "registered", "expected"),
    [
        ("2019-07-24T00:00:00+08:00", ["2015-01-01"], True),
        ("2019-08-13T23:59:59+08:00", ["2015-01-01"], True),
        ("2019-08-14T00:00:00+08:00", ["2015-01-01"], False),
        ("2019-08-13T15:59:59+00:00", [None], True),
        ("2019-08-13T16:00:00+00:00", ["2015-01-01"], False),
        ("2019-07-23T23:59:59+08:00", ["2019-07-20"], False),
        ("2019-07-23T16:00:00+00:00", [], True),
        ("2019-09-19T12:00:00+08:00", ["2019-08-20"], True),
        ("2019-09-20T00:00:00+08:00", ["2019-08-20"], False),
        ("2019-09-19T23:30:00+08:00", ["2019-08-20", "2019-09-01"], True),
        ("2019-09-19T23:30:00+08:00", ["2019-08-19", "2019-09-01"], False),
        ("2019-09-10T12:00:00+08:00", ["2019-09-01", None], None),
        ("2019-09-10T12:00:00+08:00", ["2015-01-01", None], False),
        ("2019-09-10T12:00:00+08:00", [], None),
        ("2019-08-31T12:00:00+08:00", ["2019-08"], True),
        ("2019-09-10T12:00:00+08:00", ["2019-08"], None),
        ("2019-10-10T12:00:00+08:00", ["2019-08"], False),
        ("2019-09-10T12:00:00+08:00", ["2019-09"], True),
        ("2019-09-10T12:00:00+08:00", ["2019-12-01"], None),
        ("2019-09-10T12:00:00+08:00", ["去年"], None),
    ],
)
def test_on_time_is_told_by_the_day_in_the_offices_time_zone(opened, registered, expected):
    """Window, its edges in UTC too, day 30 and day 31, and what is not known."""
    assert on_time(at(opened), registered, SURVEY) is expected


def test_a_naive_time_is_refused():
    """A time without its zone has no day."""
    with pytest.raises(ValueError, match="aware"):
        on_time(datetime(2019, 8, 1), [], SURVEY)


def test_nothing_is_said_before_the_mail_is_known():
    """No time of receipt, no answer."""
    assert on_time(None, ["2019-08-01"], SURVEY) is None


@pytest.mark.parametrize(
    ("registered", "expected"),
    [
        ([], date(2019, 8, 13)),
        (["2018-01-01"], date(2019, 8, 13)),
        (["2019-07-14"], date(2019, 8, 13)),
        (["2019-07-15"], date(2019, 8, 14)),
        (["2019-07-15", "2019-08-20", "2016-01-01"], date(2019, 9, 19)),
        (["2019-08"], date(2019, 8, 31)),
        ([None, "某年某月"], date(2019, 8, 13)),
    ],
)
def test_the_deadline_is_the_later_of_window_and_newest_account(registered, expected):
    """Day + 30, or the window's last day."""
    assert deadline(registered, SURVEY) == expected


def test_a_registration_day_after_the_mail_does_not_move_the_deadline():
    """It cannot be right."""
    assert deadline(["2029-01-01"], SURVEY, at("2019-08-01T00:00:00+08:00")) == date(2019, 8, 13)


@settings(max_examples=100)
@given(opened=st.dates(date(2019, 8, 14), date(2021, 1, 1)), registered=st.dates(date(2019, 1, 1), date(2021, 1, 1)))
def test_after_the_window_on_time_means_not_after_the_deadline(opened, registered):
    """The two answers never disagree for a known day."""
    moment = datetime(opened.year, opened.month, opened.day, 12, tzinfo=SURVEY.time_zone)
    answer = on_time(moment, [registered.isoformat()], SURVEY)
    if registered > opened:
        assert answer is None
    else:
        assert answer is (opened <= deadline([registered.isoformat()], SURVEY, moment))


@settings(max_examples=60)
@given(text=st.text(max_size=12))
def test_no_text_breaks_the_rule(text):
    """Whatever stands in the field, there is an answer."""
    assert on_time(at("2019-09-10T12:00:00+08:00"), [text], SURVEY) in (True, False, None)
    assert deadline([text], SURVEY) >= SURVEY.closes
