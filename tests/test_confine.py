"""Confined readers: whatever a child does, the next call is fine and nothing leaks."""

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path

import confine_jobs as jobs
import pytest
from build_forms import typed_form, unit_fields
from build_mails import mail, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.config import ReadLimits
from intake.confined import confine, wire
from intake.confined.confine import ReaderDied, ReaderPool, ReaderTimeout
from intake.confined.sandbox import sandbox
from rules.errors import PermanentError, TransientError

ROOT = Path(__file__).parent.parent
SURVEY = ROOT / "rules" / "survey.yaml"
HERE = (str(Path(__file__).parent),)
LIMITS = ReadLimits(processes=1, seconds=1, memory_mb=1024)


@pytest.fixture(scope="module", params=["bubblewrap", "limits"])
def pool(request):
    """One warm pool for the module, with bubblewrap where it works and without."""
    if request.param == "bubblewrap" and sandbox() is None:
        pytest.skip("bubblewrap is missing or not allowed here")
    with ReaderPool(SURVEY, LIMITS, import_paths=HERE, confine_files=request.param == "bubblewrap") as readers:
        assert readers.confinement == request.param
        yield readers


@pytest.fixture
def limits_pool():
    """A fresh pool without bubblewrap."""
    with ReaderPool(SURVEY, LIMITS, import_paths=HERE, confine_files=False) as readers:
        yield readers


def children() -> set[int]:
    """Processes whose parent we are, zombies among them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


@pytest.mark.parametrize(
    ("job", "error"),
    [
        (jobs.loop, ReaderTimeout), (jobs.sleep, ReaderTimeout), (jobs.devour, ReaderDied), (jobs.crash, ReaderDied),
        (jobs.overflow, PermanentError), (jobs.spawn, ReaderTimeout), (jobs.flood, PermanentError),
        (jobs.foreign, PermanentError), (jobs.wrong_types, PermanentError),
    ],
    ids=lambda value: value.__name__,
)  # fmt: skip
def test_a_child_that_misbehaves_costs_its_time_and_the_next_call_is_fine(pool, job, error):
    """Endless loops, 3 GB, segmentation faults, stack overflow, forged and huge answers."""
    start = time.monotonic()
    with pytest.raises(error):
        pool.submit(job).result(timeout=30)
    assert time.monotonic() - start < 2 * LIMITS.seconds + 4
    assert pool.submit(jobs.answer, ("你好", 1)).result(timeout=30) == ("你好", 1)


def test_no_zombie_and_no_grandchild_is_left(tmp_path):
    """After deaths, and after the end; the folder in the command line tells these children from others."""
    before = children()
    readers = ReaderPool(SURVEY, LIMITS, import_paths=(*HERE, str(tmp_path)), confine_files=False)
    for job in (jobs.crash, jobs.spawn):
        with pytest.raises(PermanentError):
            readers.submit(job).result(timeout=30)
    readers.submit(jobs.answer, 1).result(timeout=30)
    assert len(children() - before) == 1 == len(commands_with(tmp_path))
    readers.close()
    assert children() <= before and not commands_with(tmp_path)


def commands_with(folder: Path) -> list[bytes]:
    """Command lines of running processes that name this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return [command for command in found if str(folder).encode() in command]


def test_a_child_knows_no_secret_and_little_else(pool, monkeypatch):
    """Empty environment, bounded memory, no core dumps, no libraries that it does not need yet."""
    monkeypatch.setenv("INTAKE_PASSWORD", "geheim")
    with pytest.raises(ReaderDied):
        pool.submit(jobs.crash).result(timeout=30)  # so that the next one is started now
    child = pool.submit(jobs.about_itself).result(timeout=30)
    assert set(child["environment"]) <= {"PATH", "LANG", "PWD", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                                         "MKL_NUM_THREADS", "OPENCV_NUM_THREADS", "LC_CTYPE"}  # fmt: skip
    assert child["limits"]["Max core file size"] == ["0"] and child["limits"]["Max file size"] == ["0"]
    assert child["limits"]["Max address space"] == [str(LIMITS.memory_mb * 1024**2)]
    assert child["loaded"] == []
    if pool.confinement == "bubblewrap":
        assert "home" not in child["root"] and "var" not in child["root"]


def test_a_child_writes_no_file_and_reaches_no_network(pool, tmp_path):
    """The mail comes in as an open file, the answer goes out through the socket: nothing else is needed."""
    with pytest.raises(TransientError):
        pool.submit(jobs.write, str(tmp_path / "x")).result(timeout=30)
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0
    with pytest.raises(TransientError) as refused:
        pool.submit(jobs.connect).result(timeout=30)
    # 101 network unreachable, 99 no address, 111 refused (an own, empty loopback)
    assert any(str(number) in str(refused.value) for number in (99, 101, 111))


def test_errors_come_over_as_what_they_are_and_bugs_without_their_values(pool):
    """What was raised on purpose keeps its words; a bug's text may be somebody's data."""
    with pytest.raises(PermanentError, match="给人看的话"):
        pool.submit(jobs.refuse, True).result(timeout=30)
    with pytest.raises(TransientError, match="稍后再试"):
        pool.submit(jobs.refuse, False).result(timeout=30)
    with pytest.raises(ReaderDied) as died:
        pool.submit(jobs.bug).result(timeout=30)
    assert "KeyError" in str(died.value) and "confine_jobs.py" in str(died.value) and "4304" not in str(died.value)


def test_one_bad_file_does_not_hide_the_good_ones(limits_pool, monkeypatch, tmp_path):
    """The mail is read again without the file over which the child died; each bad file costs its time once."""
    monkeypatch.setattr(confine, "read_mail_job", jobs.poison)
    path = tmp_path / "mail"
    path.write_text("good1 bad1 good2 slow1 good3", "ascii")
    start = time.monotonic()
    names = limits_pool.submit(jobs.poison, str(path), "0", "x", LIMITS).result(timeout=60)
    assert names == ("good1", "bad1 skipped", "good2", "slow1 skipped", "good3")
    assert LIMITS.seconds <= time.monotonic() - start < 2 * LIMITS.seconds + 2


def test_a_mail_full_of_bad_files_is_given_up(limits_pool, monkeypatch, tmp_path):
    """Bounded by the number of deaths."""
    monkeypatch.setattr(confine, "read_mail_job", jobs.poison)
    path = tmp_path / "mail"
    path.write_text(" ".join(f"bad{number}" for number in range(20)), "ascii")
    with pytest.raises(ReaderDied):
        limits_pool.submit(jobs.poison, str(path), "0", "x", LIMITS).result(timeout=60)


def test_a_mail_is_read_in_a_child_as_it_would_be_here(pool, tmp_path):
    """The same Reading, field by field, through the pipe."""
    raw = mail(
        "登记",
        body=typed_form(unit_fields()),
        hand="foxmail",
        attachments=[("资料.zip", zipped([("x.rar", b"Rar!\x1a\x07"), ("空.txt", b"")], "gbk"), "application/zip")],
    )
    path = tmp_path / "x.eml"
    path.write_bytes(raw)
    sha256 = hashlib.sha256(raw).hexdigest()
    reading = pool.read(path, sha256).result(timeout=30)
    with ReaderPool(SURVEY, ReadLimits(processes=0)) as here:
        assert here.confinement == "none"
        assert here.read(path, sha256).result() == reading
    assert reading.message.sha256 == sha256 and len(reading.files) == 3 and len(reading.body_forms) == 1


def test_an_idle_child_is_ended_and_started_again():
    """The OCR engine's memory is given back."""
    with ReaderPool(SURVEY, LIMITS, import_paths=HERE, confine_files=False, idle_seconds=0.2) as readers:
        before = children()
        assert readers.submit(jobs.answer, 1).result(timeout=30) == 1
        deadline = time.monotonic() + 10
        while children() - before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not children() - before
        assert readers.submit(jobs.answer, 2).result(timeout=30) == 2


def test_a_child_killed_from_outside_is_replaced(limits_pool):
    """The kernel's out-of-memory killer takes idle ones too."""
    os.killpg(os.getpgid(limits_pool.submit(jobs.about_itself).result(timeout=30)["pid"]), 9)
    assert limits_pool.submit(jobs.answer, 1).result(timeout=30) == 1


def test_closing_ends_what_is_being_read_at_once():
    """The daemon stops within seconds, not after the time limit."""
    readers = ReaderPool(SURVEY, ReadLimits(processes=1, seconds=60), import_paths=HERE, confine_files=False)
    running, waiting = readers.submit(jobs.loop), readers.submit(jobs.answer, 1)
    time.sleep(0.5)
    start = time.monotonic()
    readers.close()
    assert time.monotonic() - start < 5
    with pytest.raises(ReaderDied):
        running.result(timeout=1)
    with pytest.raises(CancelledError):
        waiting.result(timeout=1)
    with pytest.raises(RuntimeError):
        readers.submit(jobs.answer, 1)


def test_several_children_work_side_by_side():
    """Two processes, two sleeps, the time of one."""
    with ReaderPool(SURVEY, ReadLimits(processes=2, seconds=1), import_paths=HERE, confine_files=False) as readers:
        start = time.monotonic()
        for future in [readers.submit(jobs.sleep) for _ in range(2)]:
            with pytest.raises(ReaderTimeout):
                future.result(timeout=30)
        assert time.monotonic() - start < 1.9


def test_the_parent_stays_small():
    """Importing the pool loads no reader."""
    program = (
        "import sys, intake.confined.confine\n"
        "heavy = 'cv2 onnxruntime rapidocr pdfplumber mailparser lxml PIL numpy docx'\n"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x80\x05", b"\x80\x05cos\nsystem\n", b"crules.reading\nReading\n"])
)
def test_any_bytes_from_a_child_are_a_value_or_forged(data, start):
    """The restricted unpickler never runs anything and never raises anything else."""
    try:
        wire.load_reply(start + data)
    except wire.Forged:
        pass


def test_values_nested_to_explode_are_forged():
    """Tuples of tuples of the same tuple: a kilobyte that unfolds into terabytes."""
    import pickle

    value = ("x",)
    for _ in range(60):
        value = (value, value)
    with pytest.raises(wire.Forged):
        wire.load_reply(pickle.dumps(value, protocol=5))
