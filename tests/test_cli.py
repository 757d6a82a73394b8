"""The command line: whatever is typed and whatever is broken, people get one clear Chinese line and a defined exit code."""

import errno
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from build_mails import mail
from build_office import CONFIGURATION, Office

from intake import cli, commands, system_errors, usage
from store import database as store_database

ROOT = Path(__file__).parent.parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: a call of every command that reads the configuration
CALLS = [
    ("run",), ("once",), ("import", "nothing.eml"), ("deliver",), ("digest",), ("ledger", "/nonexistent/book.xlsx"),
    ("status",), ("doctor",), ("show", "HD2019-0001"), ("show", "--message", "1"), ("outbox",), ("outbox", "approve", "1"),
    ("outbox", "resume"), ("retry", "1"), ("admin",), ("user",), ("review",), ("correct", "HD2019-0001", "name=x"),
    ("accept", "HD2019-0001", "id_card"), ("reject", "HD2019-0001", "id_card"), ("category", "HD2019-0001", "unit"),
    ("clear", "HD2019-0001"), ("assign", "1", "new"), ("split", "HD2019-0001", "--message", "1"),
    ("merge", "HD2019-0001", "HD2019-0002"), ("paper", "HD2019-0001"), ("withdraw", "HD2019-0001"),
    ("note", "HD2019-0001", "x"),
]  # fmt: skip
#: those that open the database (the rest says what is wrong in its own way)
OPENING = [call for call in CALLS if call[0] not in ("status", "doctor")]


@pytest.fixture
def office(tmp_path, capsys):
    """An office without any data yet."""
    return Office(tmp_path, capsys)


def is_one_chinese_line(text: str) -> bool:
    """Whether it is a single line, in Chinese, and no traceback."""
    return text.count("\n") == 1 and bool(CHINESE.search(text)) and "Traceback" not in text


@pytest.mark.parametrize("arguments", [
    (), ("frob",), ("show", "--message"), ("show", "--message", "x"), ("show", "--message", "-1"), ("show", "a", "b"),
    ("show", "--mess", "1"), ("retry",), ("retry", "x"), ("retry", "9" * 19), ("outbox", "send"),
    ("outbox", "approve", "x1"), ("outbox", "approve", "9" * 40), ("digest", "--day", "heute"),
    ("digest", "--day", "2019-02-30"), ("digest", "--day", "20190801"), ("digest", "--day"), ("ledger",), ("import",),
    ("status", "--json=1"), ("status", "--xml"),
])  # fmt: skip
def test_wrong_usage_is_said_in_chinese_with_exit_code_2(arguments, office):
    """Before anything is opened; argparse's own English is gone."""
    ended = office.run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("用法有误：") and "\n用法：intake" in ended.err
    assert not re.search(r"error:|usage:|argument |invalid|expected|required", ended.err), ended.err
    assert not office.data.exists()


@pytest.mark.parametrize("command", ["", *(call[0] for call in CALLS), "demo"])
def test_every_command_explains_itself_in_chinese(command, capsys):
    """`-h` ends with 0."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*([command] if command else []), "-h"])
    text = capsys.readouterr().out
    assert ended.value.code == 0 and text.startswith("用法：") and "显示本说明" in text
    assert not re.search(r"usage|positional|options:|show this", text)


def test_the_version_is_told(capsys):
    """For reports of faults."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out.startswith("intake")


@pytest.mark.parametrize(("english", "chinese"), [
    ("the following arguments are required: 路径", "缺少参数：路径"),
    ("argument --message: expected one argument", "参数 --message：后面要写一个值"),
    ("argument 命令: invalid choice: 'x' (choose from 'run', 'once')", "参数 命令：没有“x”；可以写：'run', 'once'"),
    ("argument 命令: invalid choice: 'x' (choose from run, once)", "参数 命令：没有“x”；可以写：run, once"),
    ("something new", "something new"),
])  # fmt: skip
def test_argparse_is_translated_in_all_its_versions(english, chinese):
    """3.11 quotes the choices, later ones do not; what is unknown stays readable."""
    assert usage.in_chinese(english) == chinese


@pytest.mark.parametrize("call", CALLS)
def test_an_unknown_configuration_key_is_one_line_and_78(call, office):
    """File, line and key are named, whatever the command."""
    office.configure(CONFIGURATION + "repyl: {}\n")
    ended = office.run(*call)
    told = ended.err or ended.out
    assert ended.code == 78 and "repyl" in told and f"{office.config}:{CONFIGURATION.count(chr(10)) + 1}" in told
    assert call == ("doctor",) or is_one_chinese_line(told)  # the doctor adds what to do


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_configuration_is_one_line_and_78(call, office):
    """It says how to name another."""
    office.config.unlink()
    ended = office.run(*call)
    assert (ended.code, ended.out) == (78, "") and is_one_chinese_line(ended.err) and "-c" in ended.err


@pytest.mark.parametrize(("break_it", "word"), [
    (lambda path: path.mkdir(), "文件夹"), (lambda path: path.write_bytes(b"\xff\xfe\x00"), "UTF-8"),
    (lambda path: path.write_text(""), "空"), (lambda path: path.write_text("a: [1"), "YAML"),
    (lambda path: path.write_text("survey: nowhere.yaml\n"), "nowhere.yaml"),
    (lambda path: path.write_text("survey: .\n"), "没有这个文件"),
])  # fmt: skip
def test_whatever_else_stands_in_the_configurations_place_is_one_line_and_78(break_it, word, office):
    """A folder, no text, nothing, no YAML, a survey that is not there."""
    office.config.unlink()
    break_it(office.config)
    ended = office.run("outbox")
    assert ended.code == 78 and is_one_chinese_line(ended.err) and word in ended.err


@pytest.mark.parametrize("call", OPENING)
def test_a_data_folder_that_is_a_file_is_one_line(call, office):
    """`data` points to the wrong place."""
    office.data.write_text("no folder")
    ended = office.run(*call)
    assert (ended.code, ended.out) == (1, "") and is_one_chinese_line(ended.err) and str(office.data) in ended.err


@pytest.mark.parametrize("call", OPENING)
def test_a_data_folder_that_may_not_be_entered_is_one_line(call, office, monkeypatch):
    """Somebody forgot `sudo -u intake`."""
    def refuse(path, *_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    monkeypatch.setattr(store_database.os, "open", refuse)
    ended = office.run(*call)
    assert ended.code == 1 and is_one_chinese_line(ended.err) and "权限" in ended.err


@pytest.mark.parametrize("call", OPENING)
def test_a_file_that_is_no_database_is_one_line_and_2(call, office):
    """It says that the raw mails are still there."""
    office.data.mkdir()
    (office.data / "intake.db").write_bytes(b"no database at all" * 300)
    ended = office.run(*call)
    assert (ended.code, ended.out) == (2, "") and is_one_chinese_line(ended.err) and "raw" in ended.err


@pytest.mark.parametrize("call", OPENING)
def test_a_database_of_a_newer_version_is_refused_in_one_line(call, office):
    """An older program must not write into it."""
    with office.database() as database:
        database["_sqlite_migrations"].insert({"migration_set": "intake", "name": "m999_future", "applied_at": "2030"})
    ended = office.run(*call)
    assert (ended.code, ended.out) == (1, "") and is_one_chinese_line(ended.err) and "m999_future" in ended.err


def test_a_locked_database_is_one_line_and_2(office, monkeypatch):
    """Another program holds it for too long."""
    office.fill()
    monkeypatch.setattr(store_database, "BUSY_SECONDS", 0.05)
    with office.database() as other:
        other.conn.execute("BEGIN IMMEDIATE")
        ended = office.run("outbox", "hold", "all")
        other.conn.execute("ROLLBACK")
    assert ended.code == 2 and is_one_chinese_line(ended.err) and "占用" in ended.err


def test_a_full_disk_under_the_database_is_one_line_and_2(office, monkeypatch):
    """SQLite's own refusal: it may not grow by one page."""
    office.fill()

    def cramped(path):
        database = store_database.connect(path)
        pages = database.conn.execute("PRAGMA page_count").fetchone()[0]
        database.conn.execute(f"PRAGMA max_page_count = {pages}")
        return database
    monkeypatch.setattr(commands, "connect", cramped)
    (office.folder / "mails").mkdir()
    for number in range(60):
        (office.folder / "mails" / f"{number}.eml").write_bytes(mail(subject=f"登记 {number}"))
    ended = office.run("import", str(office.folder / "mails"))
    assert ended.code == 2 and is_one_chinese_line(ended.err) and "磁盘已满" in ended.err


def test_a_full_disk_under_the_raw_files_is_one_line_and_1(office, monkeypatch):
    """Nothing of the mail enters the ledger, and no scrap is left behind."""
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    (office.folder / "a.eml").write_bytes(mail(subject="登记"))
    monkeypatch.setattr("store.files.os.fsync", full)
    ended = office.run("import", str(office.folder / "a.eml"))
    assert ended.code == 1 and is_one_chinese_line(ended.err) and "磁盘已满" in ended.err
    assert [path for path in (office.data / "raw").rglob("*") if path.is_file()] == []
    with office.database() as database:
        assert database["messages"].count == 0


def test_an_output_that_cannot_be_written_is_one_line_and_1(office):
    """The workbook's place is a folder; the digest's folder is a file."""
    (office.folder / "book.xlsx").mkdir()
    (office.folder / "reports").write_text("no folder")
    for call in (("ledger", str(office.folder / "book.xlsx")), ("digest", "--out", str(office.folder / "reports"))):
        ended = office.run(*call)
        assert ended.code == 1 and is_one_chinese_line(ended.err), ended


@pytest.mark.parametrize("error", [
    sqlite3.OperationalError("disk I/O error"), sqlite3.DatabaseError("database disk image is malformed"),
    sqlite3.IntegrityError("UNIQUE constraint failed: x.y"),
])  # fmt: skip
def test_whatever_sqlite_refuses_is_a_chinese_sentence(error):
    """Known ones are translated, others quoted with advice."""
    sentence = system_errors.of_sqlite(error)
    assert CHINESE.search(sentence) and sentence.endswith("。")


def test_errors_of_the_system_name_the_file():
    """Both known and unknown ones."""
    assert system_errors.of_system(OSError(errno.EROFS, "x", "/data/a")) == "/data/a：文件系统是只读的。"
    assert system_errors.of_system(OSError(errno.EXDEV, "Invalid cross-device link", "/a")).startswith("/a：Invalid")
    assert system_errors.of_system(TimeoutError()) == "TimeoutError。"


def test_a_bug_is_not_hidden(office, monkeypatch):
    """What nobody foresaw keeps its traceback."""
    monkeypatch.setattr(commands, "overview", None)
    office.fill()
    with pytest.raises(AttributeError):
        office.run("retry", "1")


def test_an_interrupted_command_ends_as_shells_expect(office, monkeypatch):
    """130, without a traceback."""
    def interrupted(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(commands, "connect", interrupted)
    assert office.run("outbox") == (130, "", "")


def test_a_reader_that_leaves_early_is_no_error(office):
    """`intake show … | head -1`: nothing on standard error, also not from the interpreter's end."""
    office.fill()
    for call in (("show", "HD2019-0001"), ("digest", "--day", "2019-08-01"), ("status", "--json")):
        process = subprocess.Popen([sys.executable, "-m", "intake.cli", *call, "-c", str(office.config)], cwd=ROOT,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        _, complaints = process.communicate(timeout=60)
        assert complaints.decode() == "" and process.returncode in (0, 1, 2)


def test_a_terminal_without_chinese_gets_question_marks_and_no_traceback(office):
    """Old consoles and cron; the exit code is kept."""
    office.fill()
    done = subprocess.run([sys.executable, "-m", "intake.cli", "show", "HD2019-0001", "-c", str(office.config)], cwd=ROOT,
                          capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, timeout=60, check=False)
    assert done.returncode == 0 and b"HD2019-0001" in done.stdout and b"Traceback" not in done.stderr
