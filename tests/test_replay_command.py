"""The real command with real readers on real mails: looked at, killed while it reads, run again, and run by other rules."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store.database import connect, rows

ROOT = Path(__file__).parent.parent
_MAILS = ("intake/demo/mails/03-no-id-card.eml", "intake/demo/mails/07-question.eml", "tests/corpus/25-blank-form-only.eml")
_CONFIGURATION = """\
data: ./data
survey: ./rules/survey.yaml
mailboxes:
  - address: office@example.cn
    imap: {host: 127.0.0.1, port: 9, tls: none}
    password_env: UNSET
reply: {max_age_days: 0}
read: {processes: 1}
"""
_CONCLUSIONS = ("messages", "attachments", "submissions", "submission_messages", "accounts", "fields", "papers", "materials", "doubts",
                "replies", "decisions", "events")  # fmt: skip


def intake(folder: Path, name: str, *rest: str) -> str:
    """A command as the office types it; what it printed."""
    ended = subprocess.run([sys.executable, "-m", "intake.cli", name, "-c", "service.yaml", *rest], cwd=folder, text=True, check=False,
                           capture_output=True, timeout=120, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def dump(folder: Path) -> dict:
    """Every conclusion."""
    database = connect(folder / "data" / "intake.db")
    try:
        return {table: rows(database, f"SELECT * FROM {table} ORDER BY rowid") for table in _CONCLUSIONS}
    finally:
        database.close()


def readers(folder: Path) -> list[str]:
    """Processes that have to do with the replay of that folder, those that nobody has buried yet aside."""
    shown = subprocess.run(["ps", "-ww", "-eo", "ppid=,pid=,stat=,args="], capture_output=True, text=True, check=True).stdout.split("\n")
    lines = [line.split(None, 3) for line in shown if line.strip()]
    return [pid for _, pid, state, *_ in lines if not state.startswith("Z") and _belongs(pid, folder, lines)]


def _belongs(pid: str, folder: Path, lines: list[list[str]]) -> bool:
    parents, arguments = {line[1]: line[0] for line in lines}, {line[1]: line[-1] for line in lines}
    while pid in parents:
        if str(folder) in arguments[pid]:
            return True
        pid = parents[pid]
    return False


@pytest.fixture
def office(tmp_path) -> Path:
    """A folder in which the mails were taken in and a clerk has decided something."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "service.yaml").write_text(_CONFIGURATION, encoding="utf-8")
    intake(tmp_path, "import", *(str(ROOT / mail) for mail in _MAILS))
    intake(tmp_path, "correct", "HD2019-0001", "admin_wechat=")
    intake(tmp_path, "accept", "HD2019-0001", "principal_id_card", "--why", "当面核验")
    return tmp_path


def test_a_replay_is_looked_at_killed_while_it_reads_run_again_and_run_by_other_rules(office):
    """The rows are as they were; nothing is left of the one that was killed, and nobody's lock."""
    before = dump(office)
    assert "完全一致" in intake(office, "replay", "--dry-run") and dump(office) == before
    shutil.rmtree(office / "data" / "readings")
    config = str(office / "service.yaml")
    killed = subprocess.Popen([sys.executable, "-m", "intake.cli", "replay", "-c", config], cwd=ROOT, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    until, children = time.monotonic() + 30, set()
    # one file is read, others are not
    while not (children and (office / "data" / "readings").exists()) and time.monotonic() < until:
        children = set(readers(office)) - {str(killed.pid)}
    killed.send_signal(signal.SIGKILL)
    assert children and killed.wait() == -signal.SIGKILL
    until = time.monotonic() + 10
    while children & _alive() and time.monotonic() < until:
        time.sleep(0.02)
    assert not children & _alive()
    assert not list((office / "data").glob("replay*"))
    assert "完全一致" in intake(office, "replay") and dump(office) == before
    one_more_mandatory_field(office, before)


def _alive() -> set[str]:
    shown = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True).stdout.split("\n")
    return {pid for pid, state in (line.split() for line in shown if line.strip()) if not state.startswith("Z")}


def one_more_mandatory_field(office: Path, before: dict) -> None:
    """The survey on the disk is changed, as the office would change it: shown first, then written."""
    survey = office / "rules" / "survey.yaml"
    text = survey.read_text(encoding="utf-8")
    start = text.index("  - name: admin_wechat")
    place = text.index("forms: [unit_form, individual_form]\n", start)
    end = text.index("\n", place) + 1
    survey.write_text(text[:end] + "    mandatory: [unit_form, individual_form]\n" + text[end:], encoding="utf-8")
    (row,) = before["submissions"]
    assert row["status"] == "complete"
    said = intake(office, "replay", "--dry-run")
    assert "电子材料齐全，待纸质件 → 待补正" in said and "没有作任何改动" in said and dump(office) == before
    assert "没有发出任何邮件" in intake(office, "replay")
    (row,) = dump(office)["submissions"]
    assert (row["status"], json.loads(row["missing"])) == ("incomplete", ["field:admin_wechat"])
