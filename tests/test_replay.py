"""A replay rebuilds everything from the mails: by the same rules it finds the same, and nobody is told anything."""

import itertools
import json
import os
import signal
from concurrent.futures import Future
from dataclasses import replace
from datetime import date

import pytest
from build_conversation import Play, Readings, load, scripts
from build_facts import SURVEY, card

from intake import cli
from intake.config_file import load_config
from intake.confined import confine
from intake.lock import exclusive
from intake.replay import apply, walk
from intake.replay.run import replay
from rules.survey import ACCOUNT_COLUMNS
from store import outbox
from store.database import connect, rows

_TABLES = ("messages", "attachments", "submissions", "submission_messages", "accounts", "fields", "papers", "unread_files",
           "materials", "doubts", "replies", "reply_submissions", "decisions", "events", "account_history", "readings",
           "reminders", "dead_addresses", "former_keys")  # fmt: skip


def dump(stage: Play) -> dict:
    """Every row of every table."""
    return {table: rows(stage.database, f"SELECT * FROM {table} ORDER BY rowid") for table in _TABLES}


def folder(parent, name):
    """A folder for one of several stages."""
    (parent / name).mkdir()
    return parent / name


def steps(script: dict, stage: Play, codes: list | None = None):
    """Play a script step by step; `codes` takes the exit codes of the clerk's commands."""
    for number, step in enumerate(script["经过"], 1):
        if "来信" in step:
            stage.mail(step["来信"])
        elif "重发" in step:
            stage.again(step["重发"])
        else:
            code, _ = stage.clerk(step["办理"])
            codes is None or codes.append(code)
        yield number


def again(stage: Play, **how):
    """One replay."""
    return replay(stage.config, SURVEY, stage.database, stage.readings, stage.now, **how)


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.stem)
def test_a_replay_after_any_prefix_of_a_conversation_changes_nothing(path, tmp_path, monkeypatch, capsys):
    """The same submissions, accounts, materials, status, missing, numbers, replies: to the last row."""
    stage = Play(tmp_path, monkeypatch, capsys)
    for number in steps(load(path), stage):
        before = dump(stage)
        found, drafted = again(stage)
        assert (found.submissions, found.mails, found.untrue, drafted) == ((), (), (), 0), f"step {number}"
        assert dump(stage) == before, f"step {number}"


# --- other readers, other rules ------------------------------------------------------------------------------------------


def lost_day(reading):
    """As by a reader that does not find the day of registration."""
    return _forms(reading, lambda fields: tuple(f for f in fields if f.name != "registered_on"))


def misread_names(reading):
    """As by a reader that takes a character of every name for another."""
    return _forms(reading, lambda fields: tuple(
        replace(f, value=f"{f.value[:-1]}口", raw=f.raw) if f.name in ("name", "unit_name") and f.value else f for f in fields))


def blind_to_papers(reading):
    """As by a reader that recognises no certificate and no card."""
    return replace(reading, files=tuple(replace(file, papers=(), role="other" if file.papers and not file.forms else file.role)
                                        for file in reading.files))


def blind_to_forms(reading):
    """As by a reader that can open nothing."""
    return replace(reading, body_forms=(), files=tuple(
        replace(file, papers=(), forms=(), role="other", problem=file.problem or "unreadable") for file in reading.files))


def _forms(reading, change):
    def renewed(form):
        return replace(form, fields=change(form.fields))
    return replace(reading, body_forms=tuple(map(renewed, reading.body_forms)), files=tuple(
        replace(file, forms=tuple(map(renewed, file.forms))) for file in reading.files))


_READERS = (lost_day, misread_names, blind_to_papers, blind_to_forms)


class Older(Readings):
    """Readings by an older reader."""

    def __init__(self, reader):
        super().__init__()
        self.reader = reader

    def submit(self, function, path, sha256, *rest, **how):
        future: Future = Future()
        future.set_result(self.reader(self.known[sha256]))
        return future


def standing(stage: Play) -> list:
    """What the office sees of every submission, up to its number; numbers that nothing is left of stand aside."""
    found = []
    for row in rows(stage.database, "SELECT * FROM submissions WHERE merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM events "
                    "e WHERE e.submission_id = submissions.id AND e.action = 'number-left')"):
        accounts = [json.loads(json.dumps({name: value for name, value in account.items() if name in ACCOUNT_COLUMNS}))
                    for account in rows(stage.database, "SELECT * FROM accounts WHERE submission_id = ?", [row["id"]])]
        materials = rows(stage.database, "SELECT kind, holder, number, accepted FROM materials WHERE submission_id = ?",
                         [row["id"]])
        found.append((row["status"], row["missing"], row["category"], row["registrant"], row["contact_address"],
                      sorted(map(repr, accounts)), sorted(map(repr, materials))))
    return sorted(found, key=repr)


@pytest.mark.parametrize("reader", _READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("path", [path for path in scripts() if all("办理" not in step for step in load(path)["经过"])],
                         ids=lambda path: path.stem)
def test_with_a_better_reader_a_replay_comes_to_what_it_would_have_found_at_once(path, reader, tmp_path, monkeypatch, capsys):
    """Whatever an older reader made of the mails."""
    straight = Play(folder(tmp_path, "straight"), monkeypatch, capsys)
    for _ in steps(load(path), straight):
        pass
    stage = Play(folder(tmp_path, "older"), monkeypatch, capsys)
    true, stage.readings = stage.readings, Older(reader)
    for _ in steps(load(path), stage):
        pass
    numbers = {row["number"] for row in rows(stage.database, "SELECT number FROM submissions")}
    true.known, stage.readings = stage.readings.known, true
    again(stage)
    assert numbers <= {row["number"] for row in rows(stage.database, "SELECT number FROM submissions")}
    assert standing(stage) == standing(straight)
    assert rows(stage.database, "PRAGMA foreign_key_check") == []
    after = dump(stage)
    assert again(stage)[0].submissions == ()
    assert dump(stage) == after


@pytest.mark.parametrize("reader", [lost_day, misread_names, blind_to_papers], ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("path", [path for path in scripts() if any("办理" in step for step in load(path)["经过"])],
                         ids=lambda path: path.stem)
def test_what_people_decided_on_an_older_reading_stands_on_the_newer_one(path, reader, tmp_path, monkeypatch, capsys):
    """No number is lost, no reference hangs, the decisions are as they were, and a second replay finds nothing to do."""
    straight, codes = Play(folder(tmp_path, "straight"), monkeypatch, capsys), []
    for _ in steps(load(path), straight, codes):
        pass
    stage, others = Play(folder(tmp_path, "older"), monkeypatch, capsys), []
    true, stage.readings = stage.readings, Older(reader)
    monkeypatch.setattr(confine, "ReaderPool", lambda *_, **__: stage.readings)
    for _ in steps(load(path), stage, others):
        pass
    before = dump(stage)
    true.known, stage.readings = stage.readings.known, true
    again(stage)
    after = dump(stage)
    assert after["decisions"] == before["decisions"]
    assert after["events"][:len(before["events"])] == before["events"]
    assert after["account_history"][:len(before["account_history"])] == before["account_history"]
    assert {row["number"] for row in before["submissions"]} <= {row["number"] for row in after["submissions"]}
    assert rows(stage.database, "PRAGMA foreign_key_check") == []
    assert again(stage)[0].submissions == ()
    assert dump(stage) == after
    # where the clerk could do the same, and no identity was misread that a person then corrected, all is as at once
    if codes == others and reader is blind_to_papers:
        assert standing(stage) == standing(straight)


# --- answers -----------------------------------------------------------------------------------------------------------

_UNIT = {"登记表.docx": "单位表", "证书.jpg": "单位证书", "身份证.jpg": "身份证"}
#: the survey, but a unit must also name its type
_STRICTER = replace(SURVEY, fields=tuple(
    replace(rule, mandatory=(*rule.mandatory, "unit_form")) if rule.name == "unit_type" else rule for rule in SURVEY.fields))


def deliver(stage: Play) -> None:
    """Whatever waits goes out."""
    for mail in outbox.due(stage.database, stage.now):
        assert outbox.claim(stage.database, mail, stage.now)
        assert outbox.mark_sent(stage.database, outbox.item(stage.database, mail.table, mail.id), "250", stage.now)


def by_survey(stage: Play, survey, **how):
    """A replay by other rules."""
    return replay(stage.config, survey, stage.database, stage.readings, stage.now, **how)


def state(stage: Play, number: str = "HD2019-0001") -> tuple:
    (row,) = rows(stage.database, "SELECT status, missing FROM submissions WHERE number = ?", [number])
    return row["status"], json.loads(row["missing"])


@pytest.fixture
def stage(tmp_path, monkeypatch, capsys) -> Play:
    return Play(tmp_path, monkeypatch, capsys)


def test_one_more_mandatory_field_is_shown_and_applied(stage, monkeypatch):
    """The dry run says which submission, which status, what is missing, and writes nothing."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    monkeypatch.setattr(cli.commands, "load_survey", lambda path: _STRICTER)
    before = dump(stage)
    code, said = stage.clerk("replay --dry-run")
    assert code == 0 and dump(stage) == before
    for words in ("HD2019-0001", "电子材料齐全", "待补正", "单位类型", "没有作任何改动"):
        assert words in said
    code, said = stage.clerk("replay")
    assert code == 0 and "没有发出任何邮件" in said
    assert state(stage) == ("incomplete", ["field:unit_type"])


def test_who_was_told_otherwise_goes_to_a_person_and_is_not_written_to(stage):
    """Complete, he was told; now something is missing: the office is told, and only the office."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    deliver(stage)
    before = rows(stage.database, "SELECT * FROM replies")
    found, drafted = by_survey(stage, _STRICTER)
    assert (found.untold, found.untrue, drafted) == ((1,), (), 0)
    assert rows(stage.database, "SELECT * FROM replies") == before
    (row,) = rows(stage.database, "SELECT review_reasons FROM submissions")
    assert "曾告知材料齐全" in row["review_reasons"] and "单位类型" in row["review_reasons"]
    assert "曾告知材料齐全" in stage.clerk("review")[1]
    # the rules are mended: what he was told is true again, and nobody need look
    found, drafted = by_survey(stage, SURVEY)
    assert (state(stage), found.untold, drafted) == (("complete", []), (), 0)
    assert rows(stage.database, "SELECT 1 FROM doubts WHERE resolved_at IS NULL") == []
    assert rows(stage.database, "SELECT * FROM replies") == before


def test_what_a_person_has_seen_of_it_is_not_said_again(stage, monkeypatch):
    """Cleared once, cleared for every replay."""
    monkeypatch.setattr(cli.commands, "load_survey", lambda path: _STRICTER)
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    deliver(stage)
    by_survey(stage, _STRICTER)
    assert state(stage) == ("incomplete", ["field:unit_type"])
    stage.clerk("clear HD2019-0001 --why 已电话告知")
    before = dump(stage)
    found, _ = by_survey(stage, _STRICTER)
    assert found.submissions == () and dump(stage) == before


def test_complete_after_all_waits_for_a_person_before_it_is_said(stage):
    """He was told that something is missing; the clerk clears it, and only then the acknowledgement is written, once."""
    stage.config = replace(stage.config)
    without = {name: what for name, what in _UNIT.items() if name != "身份证.jpg"}
    stage.mail({"发件人": "a@example.net", "附件": without | {"罗.jpg": "无关文件"}})
    deliver(stage)
    (sha256,) = stage.readings.known
    known = stage.readings.known[sha256]
    stage.readings.known[sha256] = replace(known, files=tuple(
        replace(file, role="id_card", papers=(card(),)) if file.filename == "罗.jpg" else file for file in known.files))
    found, drafted = again(stage)
    assert (found.untold, drafted, state(stage)) == ((1,), 0, ("review", []))
    assert len(stage.replies()) == 1
    stage.clerk("clear HD2019-0001")
    assert state(stage) == ("complete", [])
    assert [row["kind"] for row in stage.replies(1)] == ["acknowledgement"]
    found, drafted = again(stage)
    assert (found.submissions, drafted, len(stage.replies())) == ((), 0, 2)


@pytest.mark.parametrize("resting", ["queued", "held", "deferred"])
def test_an_answer_that_waits_and_is_not_true_any_more_is_withdrawn_and_another_one_held(stage, resting):
    """Never sent by itself, whatever the configuration says."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    stage.database.conn.execute("UPDATE replies SET state = ?", [resting])
    found, drafted = by_survey(stage, _STRICTER)
    assert (found.untrue, found.untold, drafted) == ((1,), (), 1)
    first, second = stage.replies()
    assert (first["state"], first["reason"]) == ("suppressed", "重新读取来信后结论有变，原拟的答复不再适用。")
    assert (second["kind"], second["state"]) == ("missing_materials", "held")
    assert "单位类型" in second["body"]
    assert outbox.due(stage.database, stage.now) == []
    before = dump(stage)
    by_survey(stage, _STRICTER)
    assert dump(stage) == before


def test_a_mail_that_nobody_had_answered_gets_a_draft_and_one_that_was_answered_gets_none(stage):
    """A form that an older reader could not see: the mail was taken for something else."""
    blind = stage.readings = Older(lambda reading: replace(reading, files=(), message=replace(
        reading.message, subject="发票", text="请查收本月发票。")) if reading.message.from_address[0] == "a" else blind_to_forms(reading))
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    stage.mail({"发件人": "b@example.net", "附件": {"登记表.docx": "个人表", "证.jpg": {"种类": "身份证", "姓名": "谭晓禾"}}})
    deliver(stage)
    assert [row["kind"] for row in stage.database["messages"].rows] == ["unrelated", "inquiry"]
    assert [row["message_id"] for row in stage.replies()] == [2]
    blind.reader = lambda reading: reading
    again(stage)
    assert [(row["to_address"], row["kind"], row["state"]) for row in stage.replies(1)] == [
        ("a@example.net", "acknowledgement", "held")]
    assert outbox.due(stage.database, stage.now) == []
    # with whoever was told how to register, a person speaks first
    (told,) = rows(stage.database, "SELECT * FROM submissions WHERE contact_address = 'b@example.net'")
    assert told["status"] == "review" and "曾告知如何登记" in told["review_reasons"]
    before = dump(stage)
    again(stage)
    assert dump(stage) == before


def test_a_robot_gets_no_draft(stage):
    """What a machine sent is taken in and stays unanswered."""
    blind = stage.readings = Older(blind_to_forms)
    stage.mail({"发件人": "a@example.net", "附件": _UNIT, "自动": True})
    blind.reader = lambda reading: reading
    again(stage)
    assert not [row for row in stage.replies() if row["state"] != "suppressed"]


def test_the_same_mail_once_more_after_a_replay_is_not_acknowledged_again(stage):
    """He has his acknowledgement; that another column is read better now is no news to him."""
    blind = stage.readings = Older(lambda reading: _forms(reading, lambda fields: tuple(
        f for f in fields if f.name != "followers")))
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    deliver(stage)
    blind.reader = lambda reading: reading
    found, _ = again(stage)
    assert len(found.submissions) == 1 and found.untold == ()
    stage.again(1)
    assert len(stage.replies()) == 1


# --- what else is about it ---------------------------------------------------------------------------------------------


def test_a_dry_run_leaves_the_file_as_it_is_to_the_last_byte(stage):
    """And leaves nothing beside it."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    stage.database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before, names = stage.config.database.read_bytes(), sorted(path.name for path in stage.config.data.iterdir())
    by_survey(stage, _STRICTER, dry_run=True)
    assert stage.config.database.read_bytes() == before
    assert sorted(path.name for path in stage.config.data.iterdir()) == names


def test_mails_before_the_day_keep_their_readings(stage):
    """The reader is asked for the later ones only."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    for _ in range(23):
        stage.mail({"发件人": "b@example.net", "正文": "您好"})
    stage.mail({"发件人": "c@example.net", "附件": {"登记表.docx": "个人表"}})
    first, *_, last = stage.readings.known
    asked: list[str] = []
    real = stage.readings.submit
    stage.readings.submit = lambda function, path, sha256, *rest, **how: (asked.append(sha256), real(function, path, sha256))[1]
    found, _ = again(stage, wanted=walk.Wanted(since=date(2019, 8, 2)))
    assert last in asked and first not in asked and found.submissions == ()


def test_a_mail_that_cannot_be_read_any_more_stands_as_it_was_read(stage):
    """And where that was not kept, nothing is done at all."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})

    def lost(*_, **__):
        future: Future = Future()
        future.set_exception(FileNotFoundError("raw"))
        return future

    stage.readings.submit = lost
    found, _ = again(stage)
    assert (found.unreadable, found.submissions) == ((1,), ())
    stage.database.conn.execute("DELETE FROM readings")
    before = dump(stage)
    with pytest.raises(walk.NotReadable, match="没有作任何改动"):
        again(stage)
    assert dump(stage) == before


def test_with_the_daemon_running_only_the_dry_run_is_done(stage):
    """One process at a time writes conclusions."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    with exclusive(stage.config.data / "daemon.lock"):
        code, said = stage.clerk("replay")
        assert code == 1 and "--dry-run" in said
        assert stage.clerk("replay --dry-run")[0] == 0
    assert stage.clerk("replay")[0] == 0


def test_what_happens_meanwhile_is_not_overwritten(stage, monkeypatch):
    """A clerk decides while the mails are being read: the replay gives way."""
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    real = walk.walk

    def and_meanwhile(*arguments):
        stage.clerk("note HD2019-0001 稍等")
        return real(*arguments)

    monkeypatch.setattr(walk, "walk", and_meanwhile)
    before = rows(stage.database, "SELECT * FROM submissions")
    with pytest.raises(apply.Meanwhile):
        by_survey(stage, _STRICTER)
    assert rows(stage.database, "SELECT * FROM submissions") == before


def test_a_reminder_that_is_still_true_waits_on_and_one_that_is_not_is_withdrawn(stage):
    """The database withdraws what ceases to be true, and only that."""
    stage.mail({"发件人": "a@example.net", "附件": {"登记表.docx": "单位表", "证书.jpg": "单位证书"}})
    stage.mail({"发件人": "b@example.net", "附件": {"登记表.docx": "个人表"}})
    deliver(stage)
    for submission in (1, 2):
        stage.database.conn.execute(
            "INSERT INTO replies (kind, to_address, subject, body, smtp_message_id, state, created_at, mime, submission_id) "
            "VALUES ('reminder', 'x@example.net', '', '', ?, 'queued', '2019-08-02T09:00:00+08:00', x'', ?)",
            [f"<r{submission}>", submission])
        reply = stage.last("replies")
        stage.database.conn.execute("INSERT INTO reminders VALUES (?, -3, '2019-08-13', '2019-08-10', ?)", [submission, reply])
    again(stage)
    assert [row["state"] for row in stage.replies(2)] == ["queued", "queued"]
    by_survey(stage, _STRICTER)
    assert [row["state"] for row in stage.replies(2)] == ["suppressed", "queued"]


def _replay_and_die(path, readings, now, survey, at: int) -> int:
    """In a process of its own: dies before the statement of that number; the exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        config = load_config(path)
        database, count = connect(config.database), itertools.count(1)
        database.conn.set_trace_callback(lambda sql: os.kill(os.getpid(), signal.SIGKILL) if next(count) == at else None)
        replay(config, survey, database, readings, now)
        code = 0
    finally:
        os._exit(code)


def test_killed_at_any_point_it_has_changed_nothing_or_everything(tmp_path):
    """kill -9 before every seventh statement; the next replay comes to the same."""
    stage = Play(tmp_path)
    stage.mail({"发件人": "a@example.net", "附件": _UNIT})
    stage.mail({"发件人": "b@example.net", "附件": {"登记表.docx": "个人表"}})
    before = dump(stage)
    stage.database.close()
    deaths = 0
    for at in itertools.count(1, 7):
        code = _replay_and_die(stage.path, stage.readings, stage.now, _STRICTER, at)
        stage.database = connect(stage.config.database)
        after = dump(stage)
        if code == 0:
            break
        deaths += 1
        assert code == -signal.SIGKILL and after == before, f"statement {at}"
        stage.database.close()
    assert deaths > 10 and state(stage) == ("incomplete", ["field:unit_type"])
    assert by_survey(stage, _STRICTER)[0].submissions == ()
    assert not list(stage.config.data.glob("replay*"))


def test_a_name_that_is_read_better_and_was_corrected_by_a_person_is_still_known(stage):
    """What comes later under the name on the old form, from wherever, opens no second submission."""
    form = {"登记表.docx": {"种类": "单位表", "unit_name": "青石中心完小"}, "身份证.jpg": "身份证"}
    older = stage.readings = Older(misread_names)
    stage.mail({"发件人": "a@example.net", "附件": form})
    assert stage.clerk("correct HD2019-0001 unit_name=衡东县青石镇中心小学")[0] == 0
    older.reader = lambda reading: reading
    again(stage)
    stage.mail({"发件人": "other@example.net", "附件": form})
    (row,) = rows(stage.database, "SELECT registrant FROM submissions")
    assert row["registrant"] == "衡东县青石镇中心小学"
    before = dump(stage)
    assert again(stage)[0].submissions == () and dump(stage) == before


def test_accounts_without_handle_and_name_keep_their_ids(stage):
    """They are known by the form that they stand on; a name that is read later does not make another of one."""
    nameless = {"种类": "单位表", "空着": ["name", "handle"]}
    older = stage.readings = Older(lambda reading: _forms(reading, lambda fields: tuple(
        f for f in fields if f.name not in ("name", "handle"))))
    stage.mail({"发件人": "a@example.net", "附件": {"一.docx": nameless, "二.docx": {"种类": "个人表"}}})
    stage.mail({"发件人": "b@example.net", "表在正文": nameless | {"unit_name": "白莲小学"}})
    before = dump(stage)
    assert again(stage)[0].submissions == () and dump(stage) == before
    older.reader = lambda reading: reading
    again(stage)
    assert [row["id"] for row in rows(stage.database, "SELECT id FROM accounts ORDER BY id")] == [
        row["id"] for row in before["accounts"]]


def test_an_account_that_was_folded_into_another_leaves_its_id_to_nobody(stage):
    """Two submissions of one account are joined; the next account keeps its id through every replay."""
    for sender, name in (("c@example.net", "青石完小"), ("a@example.net", "衡东县青石镇中心小学")):
        stage.mail({"发件人": sender, "附件": {"登记表.docx": {"种类": "单位表", "unit_name": name}}})
    assert stage.clerk("merge HD2019-0002 HD2019-0001")[0] == 0
    stage.mail({"发件人": "b@example.net", "附件": {"登记表.docx": "个人表"}})
    stage.mail({"发件人": "d@example.net", "附件": {"登记表.docx": {"种类": "单位表", "unit_name": "白莲小学", "name": "白莲"}}})
    before = dump(stage)
    assert again(stage)[0].submissions == () and dump(stage) == before
