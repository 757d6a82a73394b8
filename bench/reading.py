"""The reading benchmark: filled forms and papers drawn from a seed, with the truth beside them.

    make bench-reading                                   the unseen part: seeds that nobody tuned against
    make bench-reading ARGS="scan photo --count 56"      some formats; more documents of each
    make bench-reading ARGS="--part seen --show"         the part that was tuned against, with every difference

For each format and each degradation it prints: fields exact, ticks exact and ticks wrong (undecided is neither), kinds of
form right, values that are wrong and yet called sure, documents with a doubt, seconds a document; and the memory.
"""

import argparse
import resource
import sys
import time
import unicodedata
from dataclasses import dataclass, field, fields
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests"), str(HERE.parent)]

from reading_documents import FORMATS, Sample, samples
from tables import show

from intake.config import ReadLimits
from intake.reading.read_files import Reader
from intake.reading.unpack import File
from rules.survey import Survey, load_survey

#: below this a field is looked at by a person (rules.mandatory)
SURE = 0.8
_TICKS = ("scope", "formats", "news_license")
#: first seed of each part; what is tuned looks at `seen` only
PARTS = {"seen": 0, "unseen": 900_000}


@dataclass
class Tally:
    """What came of the documents of one kind."""

    documents: int = 0
    fields: int = 0
    exact: int = 0
    ticks: int = 0
    ticks_exact: int = 0
    ticks_wrong: int = 0
    roles: int = 0
    #: values that are not what was written, called sure
    wrong: int = 0
    doubted: int = 0
    #: documents accepted for what they are not
    accepted: int = 0
    seconds: list[float] = field(default_factory=list)


def main(words: list[str]) -> int:
    """Read the samples and print what came of them."""
    parser = argparse.ArgumentParser(prog="make bench-reading", description=__doc__.splitlines()[0])
    parser.add_argument("formats", nargs="*", metavar="format", help=f"of {', '.join(FORMATS)}; all when none is named")
    parser.add_argument("--count", type=int, default=28, help="documents of each format")
    parser.add_argument("--part", choices=PARTS, default="unseen")
    parser.add_argument("--first", type=int, help="first seed, instead of the part's")
    parser.add_argument("--show", action="store_true", help="print every difference (never tune against the unseen part)")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.formats) - set(FORMATS):
        parser.error(f"no such format: {', '.join(sorted(unknown))}")
    first = PARTS[arguments.part] if arguments.first is None else arguments.first
    survey = load_survey(HERE.parent / "rules" / "survey.yaml")
    tallies: dict[tuple[str, str], Tally] = {}
    for name in arguments.formats or FORMATS:
        for sample in samples(name, range(first, first + arguments.count)):
            _count(sample, survey, tallies.setdefault((name, sample.trouble), Tally()), arguments.show)
    _print(tallies, arguments.part if arguments.first is None else f"from {first}")
    return 0


def _count(sample: Sample, survey: Survey, tally: Tally, verbose: bool) -> None:
    reader = Reader(survey, ReadLimits(), frozenset(), lambda sha256: None)
    file = File(f"file.{sample.kind}", "", sample.data, sample.kind, size=len(sample.data))
    began = time.perf_counter()
    readings = reader.read_all((file,))
    tally.seconds.append(time.perf_counter() - began)
    tally.documents += 1
    roles = {reading.role for reading in readings} - {"other", "container"}
    papers = [paper for reading in readings for paper in reading.papers]
    forms = [form for reading in readings for form in reading.forms]
    tally.roles += roles == ({sample.role} if sample.role != "other" else set())
    accepted = {paper.kind for paper in papers if not paper.doubts} | ({"form"} if forms else set())
    tally.accepted += bool(accepted - {sample.role if sample.truth is None else "form"})
    if verbose and roles != ({sample.role} if sample.role != "other" else set()):
        print(sample.name, "role", roles, "instead of", sample.role)
    if sample.truth is None:
        _compare_paper(sample, papers, tally, verbose)
        return
    form = max(forms, key=lambda form: sum(found.value is not None for found in form.fields), default=None)
    before = tally.doubted
    for name, value in sample.truth.items():
        _compare(sample, name, value, form.get(name) if form else None, tally, verbose)
    tally.doubted = before + (tally.doubted > before)


def _compare(sample: Sample, name: str, value, found, tally: Tally, verbose: bool) -> None:
    exact = found is not None and _plain(found.value) == _plain(value)
    sure = found is not None and found.valid and found.confidence >= SURE
    if name in _TICKS:
        tally.ticks += 1
        tally.ticks_exact += exact and sure
        tally.ticks_wrong += sure and not exact
    else:
        tally.fields += 1
        tally.exact += exact
        tally.wrong += sure and not exact
    tally.doubted += not sure
    if verbose and not (exact and sure):
        print(sample.name, name, "exact" if exact else "WRONG", "sure" if sure else "doubted",
              (found.value, found.raw, found.confidence) if found else None, "written:", value)  # fmt: skip


def _compare_paper(sample: Sample, papers: list, tally: Tally, verbose: bool) -> None:
    if not sample.holder:
        return
    found = [paper for paper in papers if paper.kind == sample.role and not paper.doubts]
    for seen, written in (({paper.holder for paper in found}, sample.holder), ({paper.number for paper in found}, sample.number)):
        tally.fields += 1
        tally.exact += written in seen
        tally.wrong += bool(seen - {written, None})
        if verbose and written not in seen:
            print(sample.name, sample.role, seen, "written:", written)
    tally.doubted += not found


def _plain(value):
    return unicodedata.normalize("NFKC", value).replace("\u3002", ".") if isinstance(value, str) else value


def _print(tallies: dict[tuple[str, str], Tally], part: str) -> None:
    names = list(dict.fromkeys(name for name, _ in tallies))
    for name in names:
        tallies[name, "all"] = _sum([tally for (other, _), tally in tallies.items() if other == name])
    rows = [(name, trouble, tally.documents, tally.fields, _share(tally.exact, tally.fields), f"{tally.ticks_exact}/{tally.ticks}",
             tally.ticks_wrong, _share(tally.roles, tally.documents), tally.accepted, tally.wrong, tally.doubted,
             f"{sum(tally.seconds) / len(tally.seconds):.3f}")
            for (name, trouble), tally in sorted(tallies.items(), key=lambda item: (names.index(item[0][0]), item[0][1] == "all"))]  # fmt: skip
    head = ("format", "trouble", "documents", "fields", "fields exact", "ticks exact", "ticks wrong", "roles", "accepted wrongly",
            "wrong and sure", "with a doubt", "seconds")  # fmt: skip
    notes = [f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"]
    show(f"Reading benchmark, seeds of the part: {part}", head, rows, notes)


def _sum(tallies: list[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        for item in fields(Tally):
            setattr(total, item.name, getattr(total, item.name) + getattr(tally, item.name))
    return total


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
