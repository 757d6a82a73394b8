"""Which readers these are: a word that changes whenever the same bytes might be read differently."""

import hashlib
import platform
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import intake
import rules
from intake.config import ReadLimits

_ROOTS = {"intake": Path(intake.__file__).parent, "rules": Path(rules.__file__).parent}
#: what makes a Document of bytes; the modules that these import count too
_READERS = ("readers/*.py", "ocr*.py", "reading/documents.py")
#: bounds that never change what a file says, only whether there is an answer
_PATIENCE = ("processes", "seconds", "memory_mb", "attempts", "readings_mb")
#: programs that readers call: one that is installed later reads what could not be read before
_PROGRAMS = ("unar", "soffice", "libreoffice")
_OURS = rb"((?:intake|rules)(?:\.\w+)*)"
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+" + _OURS + rb"[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+" + _OURS + rb")", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ReaderVersion:
    """Sixteen hexadecimal digits each."""

    #: of what makes Documents of bytes: the readers with all that they import, their libraries, programs and bounds
    documents: str
    #: of everything that runs in a reader: all code, the survey, time and memory too
    whole: str


def reader_version(survey_path: Path | str, limits: ReadLimits) -> ReaderVersion:
    """The version of the readers as they lie on the disk now; about 20 ms."""
    surroundings = [platform.python_version(), *_libraries(), *_programs()]
    patient = [f"{field.name}={getattr(limits, field.name)}" for field in fields(limits)]
    bounds = [item for item in patient if item.partition("=")[0] not in _PATIENCE]
    everything = [path for root in _ROOTS.values() for path in root.rglob("*.py")]
    whole = [item for item in patient if not item.startswith(("processes=", "attempts=", "readings_mb="))]
    survey = hashlib.sha256(Path(survey_path).read_bytes()).hexdigest()
    return ReaderVersion(_digest(_closure(), [*surroundings, *bounds]), _digest(everything, [*surroundings, *whole, survey]))


def _digest(paths: Iterable[Path], words: Iterable[str]) -> str:
    digest = hashlib.sha256("\n".join(words).encode())
    for path in sorted(paths):
        digest.update(b"\0%s\0" % path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _closure() -> set[Path]:
    """The readers' modules and every module of ours that they import, directly or not."""
    waiting = [path for pattern in _READERS for path in _ROOTS["intake"].glob(pattern)]
    found = set(waiting)
    while waiting:
        for path in _imported(waiting.pop().read_bytes()) - found:
            found.add(path)
            waiting.append(path)
    return found


def _imported(source: bytes) -> set[Path]:
    paths = set()
    for package, names, module in _IMPORT.findall(source):
        name = (package or module).decode()
        for candidate in (name, *(f"{name}.{item}" for item in re.findall(r"\w+", names.decode()))):
            top, *rest = candidate.split(".")
            path = _ROOTS[top].joinpath(*rest)
            paths.update(place for place in (path.with_suffix(".py"), path / "__init__.py") if place.is_file())
    return paths


def _libraries() -> list[str]:
    """Every installed distribution by its folder's name, which holds its version."""
    return sorted({path.name for place in sys.path if place for path in Path(place).glob("*.dist-info")})


def _programs() -> list[str]:
    places = [Path(found).resolve() for name in _PROGRAMS if (found := shutil.which(name, path="/usr/local/bin:/usr/bin:/bin"))]
    return [f"{place} {place.stat().st_size} {place.stat().st_mtime_ns}" for place in places]
