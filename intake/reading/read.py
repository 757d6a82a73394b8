"""One mail → what it says: the pure function that confined children run (step 2 of the way of a mail).

    raw bytes ─parse─▶ Message + parts ─unpack─▶ files ─readers─▶ Documents ─rules─▶ forms, papers ─▶ Reading

Readers and their libraries are imported when the first file of their kind comes: a process that never sees a picture
never loads the OCR engine.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from intake.config import ReadLimits
from intake.reading.kept import Kept
from rules.errors import PermanentError
from rules.reading import FileReading, Reading
from rules.survey import Survey, load_survey

Progress = Callable[[str], None]


def read_mail(
    raw_path: str,
    sha256: str,
    survey: Survey,
    limits: ReadLimits,
    skip: frozenset[str] = frozenset(),
    progress: Progress = lambda sha256: None,
    kept: Kept | None = None,
    anew: bool = False,
) -> Reading:
    """Read the mail that lies at `raw_path`.

    `sha256` is that of its bytes and goes into `Message.sha256` unchanged. `progress` is told the SHA-256 of each file
    just before it is opened; files whose SHA-256 is in `skip` are not opened, as a reader died of them.
    What `kept` holds of a file is taken for read, unless `anew`.
    Raises PermanentError when the mail itself is too large; OSError when it cannot be read from disk.
    """
    from intake.reading.parse import parse
    from intake.reading.read_files import Reader, without_repeats
    from intake.reading.unpack import passwords_of, unpack

    if Path(raw_path).stat().st_size > limits.max_mail_bytes:
        raise PermanentError(f"邮件超过{limits.max_mail_bytes // 1048576}MB,未予读取")
    parsed = parse(Path(raw_path), limits)
    files = unpack(parsed, limits, skip, progress)
    reader = Reader(survey, limits, skip, progress, passwords_of(parsed.message, files), kept, anew)
    readings = reader.read_all(files)
    body_forms = without_repeats(reader.body_forms(parsed.message), readings)
    message = replace(parsed.message, sha256=sha256)
    return Reading(message, (*readings, *_remote(parsed.message)), body_forms)


def read_mail_job(
    raw_path: str,
    sha256: str,
    survey_path: str,
    limits: ReadLimits,
    skip: frozenset[str] = frozenset(),
    progress: Progress = lambda sha256: None,
    kept: Kept | None = None,
    anew: bool = False,
) -> Reading:
    """`read_mail` for any `concurrent.futures.Executor`: all arguments are small and can be pickled."""
    return read_mail(raw_path, sha256, known_survey(survey_path), limits, skip, progress, kept, anew)


#: surveys of this process by path: loading one takes longer than reading a mail
_surveys: dict[str, Survey] = {}


def known_survey(survey_path: str) -> Survey:
    """The survey that this process was given, or the one of that file."""
    return _surveys.get(survey_path) or _surveys.setdefault(survey_path, load_survey(survey_path))


def know_survey(survey_path: str, survey: Survey) -> None:
    """Give this process a survey, so that it need not read the file (a confined child cannot)."""
    _surveys[survey_path] = survey


def _remote(message) -> tuple[FileReading, ...]:
    """Cloud attachments, of which we hold no bytes."""
    from rules.cloud import cloud_files

    found = cloud_files(message.text, message.html)
    return tuple(
        FileReading(item.filename, "application/octet-stream", item.size or 0, None, problem="remote",
                    problem_detail=_where(item.expires, item.link))
        for item in found
    )  # fmt: skip


def _where(expires: str | None, link: str | None) -> str:
    """For the office: how long the link is good, and the link; the digest counts the days that are left by it."""
    told = "信中只有下载链接，没有文件本身"
    told += f"；链接有效期：{expires}" if expires else ""
    return told + (f"；链接：{link}" if link else "")
