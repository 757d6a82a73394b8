"""The whole loop on real servers: mailbox → rows → answer → digest, by the daemon as it is started in production."""

import email
import email.policy
import json
import sqlite3
import stat
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from build_forms import individual_fields, invented_id, typed_form
from build_mails import mail
from build_samples import CORPUS, DEMO
from build_service import Service, stop
from servers import BEIJING

from intake.demo.smtp_sink import SmtpSink


@pytest.fixture
def service(netease, tmp_path):
    """A service on a fresh mailbox, its SMTP server beside it."""
    user = netease.new_user()
    with SmtpSink(user=user.name, password=user.password, certificate=netease.dovecot.certificate) as sink:
        yield Service(tmp_path, user, sink, digest={"to": ["office@example.cn"]})


def sample(folder, name: str, user) -> bytes:
    """A committed mail, sent to this user."""
    return next(folder.glob(f"{name}*.eml")).read_bytes().replace(b"hdwxb2019@126.com", user.name.encode())


def run_until(service: Service, mails: int) -> None:
    """Run the daemon until so many mails are processed and everything is sent."""
    daemon = service.start_and_look()
    service.wait_for(lambda: service.is_settled(mails))
    assert stop(daemon) == 0, service.log()


def sent(service: Service) -> list[email.message.EmailMessage]:
    """The mails that the SMTP server took."""
    return [email.message_from_bytes(each.content, policy=email.policy.default) for each in service.sink.mails]


def test_a_complete_unit_becomes_rows_and_is_acknowledged(service):
    """One real mail with a form, a certificate and an ID card: every table of the contract says so."""
    service.user.seed([sample(DEMO, "01", service.user)])
    run_until(service, 1)
    (message,) = service.rows("SELECT * FROM messages")
    assert (message["kind"], message["state"], message["folder"]) == ("registration", "processed", "INBOX")
    assert message["received_at"] == "2019-08-01T09:30:00+08:00"
    (submission,) = service.rows("SELECT * FROM submissions")
    assert (submission["number"], submission["category"], submission["status"]) == ("HD2019-0001", "unit", "complete")
    assert json.loads(submission["missing"]) == [] and submission["on_time"] == 1
    assert len(submission["uscc"]) == 18 and submission["deadline"] == "2019-08-13"
    (account,) = service.rows("SELECT * FROM accounts")
    assert (account["handle"], account["platform"], account["followers"]) == ("xialiufabu", "微信公众号", 12000)
    assert json.loads(account["scope"]) == ["新闻发布", "政策法规"]
    kinds = {row["kind"] for row in service.rows("SELECT * FROM materials WHERE accepted")}
    assert kinds == {"unit_form", "org_certificate", "principal_id_card"}
    fields = service.rows("SELECT * FROM fields WHERE name = 'registered_on'")
    assert [(row["value"], row["valid"], bool(row["location"])) for row in fields] == [("2018-03-05", 1, True)]


def test_the_acknowledgement_is_a_well_formed_answer_to_that_mail(service):
    """Threading, the mark of a machine, both twins, and none of the person's numbers."""
    raw = sample(DEMO, "01", service.user)
    service.user.seed([raw])
    run_until(service, 1)
    (answer,) = sent(service)
    original = email.message_from_bytes(raw)
    assert answer["In-Reply-To"] == original["Message-ID"] in answer["References"]
    assert answer["Auto-Submitted"] == "auto-replied"
    assert answer["To"].addresses[0].addr_spec == "xialiu@foxmail.example"
    text = answer.get_body(("plain",)).get_content()
    page = answer.get_body(("html",)).get_content()
    for said in (text, page):
        assert "HD2019-0001" in said and "0734-5226196" in said and "霞流发布" in said
        assert "13807340001" not in said and invented_id(45, "19710203") not in said
    (reply,) = service.rows("SELECT * FROM replies")
    assert (reply["kind"], reply["state"], reply["attempts"]) == ("acknowledgement", "sent", 1)
    assert "queued as" in reply["server_answer"]


def test_a_mail_is_answered_once_whatever_becomes_of_the_mailbox(service):
    """Moved to another folder, delivered twice, its UID changed, the daemon started again: one answer."""
    raw = mail(sender="周水生 <zhou@example.cn>", to=service.user.name, body=typed_form(individual_fields(), "individual_form"))
    service.user.seed([raw])
    run_until(service, 1)
    service.user.deliver(raw, "垃圾邮件")
    service.user.deliver(raw)
    run_until(service, 3)
    for listing in service.user.folder("INBOX").glob("dovecot*"):
        listing.unlink()
    run_until(service, 3)
    assert len(service.sink.mails) == 1
    assert len(service.rows("SELECT * FROM submissions")) == 1
    assert {row["kind"] for row in service.rows("SELECT kind FROM messages")} == {"registration"}
    silences = [row["silence"] for row in service.rows("SELECT silence FROM messages")]
    assert silences.count(None) == 1 and set(silences) == {None, "duplicate"}


def test_nobody_who_is_a_machine_gets_a_mail(service):
    """Newsletter, out-of-office, bounce, receipt, a robot's form: taken in, never answered."""
    names = [(DEMO, "09"), (DEMO, "10"), (DEMO, "11"), (CORPUS, "26"), (CORPUS, "31"), (DEMO, "08")]
    service.user.seed([sample(folder, name, service.user) for folder, name in names])
    run_until(service, len(names))
    assert service.sink.mails == []
    assert all(row["silence"] for row in service.rows("SELECT silence FROM messages"))
    assert len(service.rows("SELECT * FROM submissions")) == 1


def test_what_is_missing_is_told_and_the_supplement_completes_it(service):
    """Three mails of one person: form, the same form again, the card; two answers, the second an acknowledgement."""
    truth = individual_fields(owner_name="周水生", owner_id_number=invented_id(12, "19880101"))
    first = mail(sender="周 <z@example.cn>", to=service.user.name, body=typed_form(truth, "individual_form"))
    again = mail(sender="周 <z@example.cn>", to=service.user.name, subject="再发一遍", date="2019-08-02T10:00:00+08:00",
                 body=typed_form(truth, "individual_form"))
    service.user.seed([first, again])
    run_until(service, 2)
    assert [row["kind"] for row in service.rows("SELECT kind FROM replies")] == ["missing_materials"]
    assert "身份证复印件" in sent(service)[0].get_body(("plain",)).get_content()
    card = email.message_from_bytes(sample(DEMO, "12", service.user), policy=email.policy.default)
    picture = next(part for part in card.iter_attachments())
    service.user.deliver(mail(
        sender="周 <z@example.cn>", to=service.user.name, subject="回复:登记", date="2019-08-03T10:00:00+08:00",
        body="身份证补上", headers=[("In-Reply-To", sent(service)[0]["Message-ID"])],
        attachments=[("身份证.jpg", picture.get_content(), "image/jpeg")]))
    run_until(service, 3)
    assert [row["kind"] for row in service.rows("SELECT kind FROM replies ORDER BY id")] == [
        "missing_materials", "acknowledgement"]
    assert [row["kind"] for row in service.rows("SELECT kind FROM messages ORDER BY id")] == [
        "registration", "supplement", "supplement"]
    assert service.rows("SELECT silence FROM messages ORDER BY id")[1]["silence"] == "unchanged"


def test_held_answers_go_out_when_a_person_approves_them(netease, tmp_path):
    """reply.mode approve: nothing leaves before `intake outbox approve`."""
    user = netease.new_user()
    user.seed([sample(DEMO, "07", user)])
    with SmtpSink(user=user.name, password=user.password, certificate=netease.dovecot.certificate) as sink:
        service = Service(tmp_path, user, sink, reply={"mode": "approve"})
        run_until(service, 1)
        assert sink.mails == [] and [row["state"] for row in service.rows("SELECT state FROM replies")] == ["held"]
        assert service.run("outbox", "approve", "all").returncode == 0
        assert service.run("deliver").returncode == 0
        assert len(sink.mails) == 1


def test_old_mail_of_the_first_start_is_left_alone(netease, tmp_path):
    """Mail before the since-day is counted, not fetched, not answered."""
    user = netease.new_user()
    old = datetime(2019, 7, 1, tzinfo=BEIJING)
    user.seed([sample(DEMO, "07", user)], at=old)
    with SmtpSink(user=user.name, password=user.password, certificate=netease.dovecot.certificate) as sink:
        service = Service(tmp_path, user, sink)
        settings = service.config.read_text("utf-8").replace("  folders:", "  since: 2019-07-24\n  folders:")
        service.config.write_text(settings, "utf-8")
        run_until(service, 1)
        assert sink.mails == []
    (row,) = service.rows("SELECT silence, sha256 FROM messages")
    assert (row["silence"], row["sha256"]) == ("before-since", None)


def test_the_digest_of_yesterday_reaches_the_office(service):
    """Mail of yesterday, the daemon started today after the hour: one digest, sent once, every mail accounted for."""
    yesterday = datetime.now(BEIJING) - timedelta(days=1)
    service.user.seed([sample(DEMO, "07", service.user)], at=yesterday)
    settings = service.config.read_text("utf-8").replace("digest:\n", "digest:\n  at: '00:00'\n")
    service.config.write_text(settings, "utf-8")
    run_until(service, 1)
    # as if the service had been installed the day before
    with closing(sqlite3.connect(service.folder / "data" / "intake.db")) as connection, connection:
        connection.execute("UPDATE messages SET entered_at = ?", [yesterday.isoformat(timespec="seconds")])
    for _ in range(2):
        daemon = service.start_and_look()
        service.wait_for(lambda: service.rows("SELECT 1 FROM digest_mails WHERE state = 'sent'"))
        assert stop(daemon) == 0
    reports = [each for each in sent(service) if each["To"].addresses[0].addr_spec == "office@example.cn"]
    assert len(reports) == 1 and reports[0]["Auto-Submitted"] == "auto-generated"
    assert "咨询来信" in reports[0].get_body(("plain",)).get_content()
    assert [row["day"] for row in service.rows("SELECT day FROM digests")] == [f"{yesterday:%Y-%m-%d}"]


def test_no_file_of_the_data_folder_is_open_to_others(service):
    """0600 and 0700 throughout, raw mails and database alike; and no ID number in the log."""
    service.user.seed([sample(DEMO, "02", service.user)])
    run_until(service, 1)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (service.folder / "data").rglob("*")}
    assert modes and all(mode & 0o077 == 0 for mode in modes.values()), modes
    assert individual_fields()["owner_id_number"] not in service.log()
