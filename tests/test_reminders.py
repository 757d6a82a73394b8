"""Weeks of a service with a clock of the test's: who is reminded when, by mails that really go out, and who never is."""

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from build_conversation import Play
from build_facts import SURVEY, id_number
from build_outcomes import a_missing, an_outcome
from build_store import add_message, add_reply, add_submission, configuration, empty_store, multiply
from smtp_fixtures import PASSWORD, make_smtp

from intake import clock
from intake.config import DigestPolicy, ReminderPolicy
from intake.office import deadlines, digest, reminders
from intake.sending.deliver import deliver_once
from rules.answer import MailFacts
from rules.masking import mask_personal
from rules.reply import compose_answer
from store import health
from store import reminders as store
from store.database import insert, one, rows

SENDER = "zhou@example.net"
FORM_ONLY = {"发件人": SENDER, "附件": {"登记表.docx": "单位表"}}
REST = {"发件人": SENDER, "答复": True, "附件": {"证书.jpg": "单位证书", "身份证.jpg": "身份证"}}


def at(text: str) -> datetime:
    """`08-10 09:30` of 2019 in Shanghai."""
    return datetime.fromisoformat(f"2019-{text}:00+08:00")


class Weeks:
    """A service that took mail in on 1 August 2019 and whose clock is moved by the test."""

    def __init__(self, folder, sink, monkeypatch=None, capsys=None, **reply):
        self.stage = Play(folder, monkeypatch, capsys)
        self.database, self.sink = self.stage.database, sink
        self.config = replace(
            self.stage.config, smtp=make_smtp(sink), reminder=ReminderPolicy(enabled=True), digest=DigestPolicy(),
            reply=replace(self.stage.config.reply, seconds_between=0, max_age_days=30, **reply))
        self.stage.config = self.config

    def mail(self, script: dict) -> None:
        self.stage.mail(script)

    def deliver(self, now: datetime) -> None:
        deliver_once(self.config, self.database, lambda: now, password=PASSWORD, sleep=lambda seconds: None)

    def run(self, begin: str, end: str, hours: float = 6) -> None:
        """The daemon's clock and deliverer, from one moment to the other."""
        now = at(begin)
        while now <= at(end):
            clock.turn(self.config, SURVEY, self.database, now)
            self.deliver(now)
            now += timedelta(hours=hours)

    def reminders(self) -> list[dict]:
        return rows(self.database, "SELECT r.*, m.step, m.day FROM replies r JOIN reminders m ON m.reply_id = r.id ORDER BY r.id")

    def days(self) -> list[tuple[int, str]]:
        """Step and day of those that went out."""
        return [(row["step"], row["day"]) for row in self.reminders() if row["state"] == "sent"]


@pytest.fixture
def weeks(tmp_path, smtp_sink):
    """One unit has sent its form alone, and was told what is missing."""
    made = Weeks(tmp_path, smtp_sink)
    made.mail(FORM_ONLY)
    made.deliver(at("08-01 11:00"))
    assert len(smtp_sink.mails) == 1
    yield made
    made.database.close()


def text_of(row: dict) -> str:
    """The plain text of a mail as it was composed."""
    return next(part.get_payload(decode=True).decode() for part in message_from_bytes(row["mime"]).walk()
                if part.get_content_type() == "text/plain")


def test_three_reminders_in_six_weeks_each_on_its_day(weeks):
    """Three days before, one and seven days after; the clock turns a hundred and sixty times."""
    weeks.run("08-01 12:00", "09-15 00:00")
    assert weeks.days() == [(-3, "2019-08-10"), (1, "2019-08-14"), (7, "2019-08-20")]
    assert len(weeks.sink.mails) == 4


def test_a_reminder_stands_in_the_thread_and_says_what_is_missing_until_when_and_how(weeks):
    """In reply to our own last mail; sent by a program; no number of a person."""
    weeks.run("08-10 09:00", "08-10 10:00", 0.5)
    (row,) = weeks.reminders()
    told = one(weeks.database, "SELECT smtp_message_id AS id FROM replies WHERE kind = 'missing_materials'")["id"]
    mail, text = message_from_bytes(row["mime"]), text_of(row)
    assert mail["In-Reply-To"] == told and mail["References"].split()[-1] == told
    assert mail["Auto-Submitted"] == "auto-generated" and mail["X-Auto-Response-Suppress"] == "All"
    assert str(make_header(decode_header(mail["Subject"]))) == "补报提醒：新媒体账号登记【登记编号 HD2019-0001】"
    for words in ("HD2019-0001", "衡东县青石镇中心小学", "单位主要负责人身份证", "《通知》第三条第1项第（2）目", "《通知》第二条",
                  "2019年8月13日（含当日）以前补齐。截至2019年8月10日，还有3天", "直接回复本邮件", SURVEY.office.telephone):
        assert words in text, words
    others = text.replace(SURVEY.office.telephone, "")
    assert mask_personal(others) == others and "13907340001" not in text


def test_after_the_deadline_nothing_is_demanded_of_the_past(weeks):
    """Overdue by a week: how long, and that it is still accepted."""
    weeks.run("08-20 09:00", "08-20 12:00", 1)
    text = text_of(weeks.reminders()[-1])
    assert "补报期限（2019年8月13日）已过，截至2019年8月20日已逾期7天。逾期仍予受理，请尽快补齐。" in text and "以前补齐" not in text


def test_a_mail_that_is_answered_long_after_it_came_is_told_that_the_day_has_passed(tmp_path):
    """The service stood still over the last day: the answer goes by the day on which it is written."""
    mail = MailFacts("登记", "周晓兰", at("08-01 09:30"), at("08-20 09:30"))
    text = compose_answer(SURVEY, mail, (an_outcome("incomplete", a_missing()),)).text
    assert "补报期限（2019年8月13日）已过，仍予受理，请尽快补齐。" in text and "以前补齐" not in text
    early = compose_answer(SURVEY, replace(mail, answered_at=at("07-30 09:30")), (an_outcome("incomplete", a_missing()),))
    assert "请在2019年8月13日（含当日）以前补齐。" in early.text


def test_down_time_makes_one_reminder_and_no_burst(weeks):
    """The service stands still from the 5th to the 25th: the newest step alone."""
    weeks.run("08-01 12:00", "08-05 00:00")
    weeks.run("08-25 00:00", "09-20 00:00")
    assert weeks.days() == [(7, "2019-08-25")]


def test_a_turn_that_is_run_again_adds_nothing(weeks):
    """The note of the day is lost with a crash; the steps are not."""
    weeks.run("08-10 09:30", "08-10 09:30")
    health.forget(weeks.database, "reminders_day")
    weeks.run("08-10 09:31", "08-10 23:00", 1)
    assert weeks.days() == [(-3, "2019-08-10")] and len(weeks.sink.mails) == 2


def test_a_step_cannot_be_written_twice_nor_its_mail(weeks):
    """The schema's own word: the key of the step, and the Message-ID, which is always the same."""
    weeks.run("08-10 09:30", "08-10 09:30")
    (row,) = weeks.reminders()
    with pytest.raises(sqlite3.IntegrityError):
        store.note(weeks.database, 1, -3, date(2019, 8, 13), date(2019, 8, 11), 1)
    made = reminders._message_id(weeks.config, SURVEY, one(weeks.database, "SELECT * FROM submissions"), -3)
    assert made == row["smtp_message_id"]


def test_nobody_is_reminded_before_the_hour(weeks):
    """09:30 by default."""
    weeks.run("08-10 00:00", "08-10 09:29", 0.25)
    assert weeks.days() == []


def test_nobody_is_reminded_unless_the_office_has_turned_it_on(weeks):
    """The default."""
    weeks.config = replace(weeks.config, reminder=ReminderPolicy())
    weeks.run("08-01 12:00", "09-15 00:00")
    assert weeks.reminders() == [] and len(weeks.sink.mails) == 1


def test_who_completes_is_reminded_no_more(weeks):
    """After the first reminder, by answering it."""
    weeks.run("08-01 12:00", "08-11 00:00")
    weeks.mail(REST)
    weeks.run("08-11 06:00", "09-15 00:00")
    assert one(weeks.database, "SELECT status FROM submissions")["status"] == "complete"
    assert weeks.days() == [(-3, "2019-08-10")]


def test_a_dead_address_is_never_written_to(weeks):
    """A bounce has told so."""
    insert(weeks.database, "dead_addresses", {"address": SENDER, "at": at("08-02 09:00").isoformat()})
    weeks.run("08-01 12:00", "09-15 00:00")
    assert weeks.reminders() == [] and len(weeks.sink.mails) == 1


@pytest.mark.parametrize("state", ["held", "failed", "uncertain"])
def test_while_the_last_answer_is_open_nobody_is_reminded(weeks, state):
    """A person decides about that one first."""
    weeks.database.conn.execute("UPDATE replies SET state = ?", [state])
    weeks.run("08-01 12:00", "09-15 00:00")
    assert weeks.reminders() == []


def test_with_answers_turned_off_nobody_is_reminded(weeks):
    """`reply.mode: off`."""
    weeks.config = replace(weeks.config, reply=replace(weeks.config.reply, mode="off"))
    weeks.run("08-01 12:00", "09-15 00:00")
    assert weeks.reminders() == []


def test_the_cap_of_an_address_holds_for_reminders_too(weeks):
    """One mail a day and address: the answer of the same day counts."""
    weeks.config = replace(weeks.config, reminder=replace(weeks.config.reminder, days=(-12,), quiet_days=1),
                           reply=replace(weeks.config.reply, per_address_per_day=1))
    weeks.database.conn.execute("UPDATE replies SET created_at = ?", [at("08-02 09:00").isoformat()])
    weeks.run("08-02 10:00", "08-02 23:00", 1)
    assert weeks.reminders() == []


def test_in_approve_mode_a_reminder_waits_and_is_withdrawn_when_the_rest_comes(weeks):
    """In the very transaction of the mail; the office cannot approve what is no longer true."""
    weeks.config = weeks.stage.config = replace(weeks.config, reply=replace(weeks.config.reply, mode="approve"))
    weeks.run("08-10 09:30", "08-10 12:00", 1)
    assert [row["state"] for row in weeks.reminders()] == ["held"]
    weeks.mail(REST)
    (row,) = weeks.reminders()
    assert (row["state"], row["reason"]) == ("suppressed", "登记情况已有变化，提醒不再发送。")
    event = one(weeks.database, "SELECT * FROM events WHERE action = 'suppressed'")
    assert event["submission_id"] == 1 and json.loads(event["detail"])["id"] == row["id"]


def test_a_reminder_of_a_coming_deadline_is_withdrawn_when_it_has_passed(weeks):
    """It waited for approval for too long; the next step is not hindered by it."""
    weeks.config = replace(weeks.config, reply=replace(weeks.config.reply, mode="approve"))
    weeks.run("08-10 09:30", "08-13 23:59")
    assert [row["state"] for row in weeks.reminders()] == ["held"]
    weeks.run("08-14 00:00", "08-14 12:00")
    assert [(row["step"], row["state"]) for row in weeks.reminders()] == [(-3, "suppressed"), (1, "held")]


def test_what_the_office_has_closed_is_not_reminded_of(tmp_path, smtp_sink, monkeypatch, capsys):
    """A clerk withdraws the registration; and one who joins two keeps their count together."""
    weeks = Weeks(tmp_path, smtp_sink, monkeypatch, capsys)
    weeks.mail(FORM_ONLY)
    weeks.deliver(at("08-01 11:00"))
    weeks.run("08-10 09:30", "08-10 09:30")
    assert weeks.stage.clerk("withdraw HD2019-0001 --why 报错了")[0] == 0
    weeks.run("08-11 00:00", "09-15 00:00")
    assert weeks.days() == [(-3, "2019-08-10")]
    weeks.database.close()


def test_reminders_of_joined_registrations_count_together(weeks):
    """Nobody gets three for each of two."""
    weeks.run("08-10 09:30", "08-10 09:30")
    weeks.mail({"发件人": "li@example.org", "附件": {"表.docx": {"种类": "单位表", "unit_name": "衡东县白桥乡卫生院"}}})
    weeks.database.conn.execute("UPDATE submissions SET merged_into = 2, status = 'withdrawn' WHERE id = 1")
    row = one(weeks.database, "SELECT * FROM submissions WHERE id = 2")
    (facts,) = store.reminded(weeks.database, [row], weeks.config.time_zone)
    assert facts.count == 1 and facts.steps == {-3}


def test_a_report_asks_a_few_questions_however_many_registrations_there_are(tmp_path):
    """A digest of thousands of incomplete registrations, each with its answers, is made in a moment."""
    with closing(empty_store(tmp_path)) as database:
        submission = add_submission(database, add_message(database), status="incomplete", missing=["org_certificate"])
        reply = add_reply(database, None, submission, kind="missing_materials")
        multiply(database, "submissions", submission, 2_999, number="'HD2020-' || n")
        multiply(database, "replies", reply, 2_999, submission_id="n + 1", smtp_message_id="'<' || n || '@x>'")
        database.conn.execute("INSERT OR IGNORE INTO reply_submissions (reply_id, submission_id) SELECT id, id FROM submissions")
        asked, begun = [], time.perf_counter()
        database.conn.set_trace_callback(asked.append)
        plans = reminders.plans(configuration(tmp_path), database, at("08-10 09:30"))
        database.conn.set_trace_callback(None)
        assert len(plans) == 3_000 and len(asked) < 10 and time.perf_counter() - begun < 2
        assert {(plan.facts.last_state, plan.facts.told_on is None) for plan in plans} == {("sent", False)}


def test_the_command_says_who_is_due_and_why_others_are_not(tmp_path, smtp_sink, monkeypatch, capsys):
    """Before it is turned on: what would happen."""
    weeks = Weeks(tmp_path, smtp_sink, monkeypatch, capsys)
    weeks.mail(FORM_ONLY)
    monkeypatch.setattr(reminders.commands, "clock_of", lambda config: lambda: at("08-10 12:00"))
    code, said = weeks.stage.clerk("reminders")
    assert code == 0 and "没有开启" in said and "上一封回信还没有发出" in said
    weeks.deliver(at("08-01 11:00"))
    code, said = weeks.stage.clerk("reminders")
    assert "HD2019-0001" in said and "还有3天" in said and "今天提醒（期限前3天）" in said
    found = json.loads(weeks.stage.clerk("reminders --json")[1])
    assert found["enabled"] is False and found["submissions"][0]["due_step"] == -3
    assert weeks.reminders() == []
    weeks.database.close()


def test_the_digest_lists_by_deadline_and_counts_reminders(weeks):
    """Before and after the last day, with the clause of the notice; nothing of a person's numbers."""
    before = digest.make(weeks.config, SURVEY, weeks.database, date(2019, 8, 8), at("08-09 08:30"))
    assert "即将到期 1 份" in before.text and "8月13日，还有4天；缺" in before.text and "〔已逾期〕" not in before.text
    weeks.run("08-10 09:30", "08-14 12:00")
    after = digest.make(weeks.config, SURVEY, weeks.database, date(2019, 8, 14), at("08-15 08:30"))
    assert "已逾期 1 份" in after.text and "已逾期2天，已提醒2次" in after.text and "《通知》第二条" in after.text
    assert "累计 2 封。自动提醒已开启：期限前3天、逾期1天、逾期7天" in after.text
    assert after.counts["deadlines"] == {"overdue": 1, "soon": 0, "later": 0}
    for page in (before, after):
        assert mask_personal(page.text) == page.text and SENDER not in page.text + page.html


def test_the_status_screen_shows_the_most_urgent(weeks):
    """Overdue ones first; for scripts as numbers."""
    from intake.office.status import status

    found = status(weeks.config, weeks.database, at("08-20 12:00"))
    assert "已逾期 1 份；即将到期 0 份" in found.text and "HD2019-0001" in found.text
    assert found.facts["deadlines"] == {"overdue": 1, "soon": 0, "later": 0}
    assert deadlines.gather(weeks.config, SURVEY, weeks.database, at("08-05 12:00")).counts["later"] == 1


def test_id_numbers_of_the_registrant_never_stand_in_a_reminder(tmp_path, smtp_sink):
    """An individual whose form holds one."""
    weeks = Weeks(tmp_path, smtp_sink)
    weeks.mail({"发件人": "tan@example.net", "附件": {"登记表.docx": "个人表"}})
    weeks.deliver(at("08-01 11:00"))
    weeks.run("08-10 09:30", "08-10 09:30")
    (row,) = weeks.reminders()
    whole = " ".join(part.get_payload(decode=True).decode() for part in message_from_bytes(row["mime"]).walk()
                     if part.get_content_maintype() == "text")
    assert id_number(1) not in whole and "13907340002" not in whole and "身份证复印件" in whole
    weeks.database.close()
