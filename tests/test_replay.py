"""A replay rebuilds everything from the mails: by the same rules it finds the same, and nobody is told anything."""

import json
from concurrent.futures import Future
from dataclasses import replace

import pytest
from build_conversation import Play, Readings, load, scripts
from build_facts import SURVEY

from intake.confined import confine
from intake.replay.run import replay
from rules.survey import ACCOUNT_COLUMNS
from store.database import rows

_TABLES = ("messages", "attachments", "submissions", "submission_messages", "accounts", "fields", "papers", "unread_files",
           "materials", "doubts", "replies", "reply_submissions", "decisions", "events", "account_history", "readings",
           "reminders", "dead_addresses")  # fmt: skip


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

    def submit(self, function, path, sha256, *rest):
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
