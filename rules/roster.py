"""Who was expected to hand in, and who has: a list of units against the submissions, by names as they are compared.

    已报 reported      one submission, electronic materials complete or registered
    待补 incomplete    one submission that lacks something
    待核验 review      one submission that a person must look at
    未报 absent        none (one that was withdrawn does not count)
    待认定 ambiguous   several submissions bear the name, or the submission's name is also another unit's: a person decides

Nothing is guessed: a name that is merely similar is shown beside the unit and counts for nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.registrant import unit_key
from rules.survey import Survey

#: in the order in which an office asks
STATES = ("reported", "incomplete", "review", "ambiguous", "absent")
_STATE_OF = {"complete": "reported", "registered": "reported", "incomplete": "incomplete", "review": "review"}
#: a similar name is shown when the shorter one has at least so many characters
_SIMILAR = 4


@dataclass(frozen=True, slots=True)
class ExpectedUnit:
    """One unit of the list."""

    name: str
    aliases: tuple[str, ...] = ()
    town: str | None = None
    #: the town's or the unit's liaison with the office
    liaison: str | None = None
    telephone: str | None = None
    email: str | None = None
    #: where it stands in the file: line of YAML, row of a table
    row: int = 0


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What the roster needs to know of one submission."""

    id: int
    #: 登记编号
    number: str
    category: str
    registrant: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit and how it stands."""

    unit: ExpectedUnit
    #: one of STATES
    state: str
    #: the submission, or every one that may be meant
    submissions: tuple[HandedIn, ...] = ()
    #: submissions of no unit on the list whose name is similar; also withdrawn ones of this unit
    similar: tuple[HandedIn, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """The whole list."""

    entries: tuple[Entry, ...]
    #: submissions of units that are not on the list
    others: tuple[HandedIn, ...]

    def counts(self, town: str | None = None) -> dict[str, int]:
        """How many units stand how; of one town only where it is given ('' for units without one)."""
        chosen = [entry.state for entry in self.entries if town is None or (entry.unit.town or "") == town]
        found = Counter(chosen)
        return {state: found[state] for state in STATES}

    @property
    def towns(self) -> tuple[str, ...]:
        """The towns in the order of the list; '' last, where some unit has none."""
        found = dict.fromkeys(entry.unit.town or "" for entry in self.entries)
        return tuple(sorted(found, key=lambda town: not town))


def keys_of(unit: ExpectedUnit, survey: Survey) -> frozenset[str]:
    """Every name of the unit as it is compared, also with its town before it: 中心小学 of 吴集镇 is 吴集镇中心小学."""
    names = [unit.name, *unit.aliases]
    if unit.town:
        names += [f"{unit.town}{name}" for name in names if unit.town not in name]
    return frozenset(key for name in names if (key := unit_key(name, survey)))


def compare(units: Sequence[ExpectedUnit], submissions: Iterable[HandedIn], survey: Survey) -> Roster:
    """The list with the state of every unit."""
    submissions = [one for one in submissions if not survey.is_person(one.category)]
    keys = [keys_of(unit, survey) for unit in units]
    bearers = Counter(key for found in keys for key in found)
    by_key: dict[str, list[HandedIn]] = {}
    for one in submissions:
        if key := unit_key(one.registrant, survey):
            by_key.setdefault(key, []).append(one)
    others = tuple(one for key, found in by_key.items() if key not in bearers for one in found
                   if one.status != "withdrawn" and survey.is_unit(one.category))
    entries = tuple(_entry(unit, found, by_key, bearers, others, survey)
                    for unit, found in zip(units, keys, strict=True))
    return Roster(entries, others)


def _entry(unit: ExpectedUnit, keys: frozenset[str], by_key: dict[str, list[HandedIn]], bearers: Counter,
           others: tuple[HandedIn, ...], survey: Survey) -> Entry:
    named = [one for key in sorted(keys) for one in by_key.get(key, ())]
    living = tuple(sorted((one for one in named if one.status != "withdrawn"), key=lambda one: one.id))
    if not living:
        withdrawn = tuple(one for one in named if one.status == "withdrawn")
        return Entry(unit, "absent", (), (*withdrawn, *_similar(keys, others, survey)))
    sure = [one for one in living if bearers[unit_key(one.registrant, survey)] == 1]
    if len(living) > 1 or not sure:
        return Entry(unit, "ambiguous", living)
    return Entry(unit, _STATE_OF[living[0].status], living)


def _similar(keys: frozenset[str], others: tuple[HandedIn, ...], survey: Survey) -> tuple[HandedIn, ...]:
    """Submissions one of whose names contains the other: for a person to look at."""
    found = []
    for one in others:
        name = unit_key(one.registrant, survey) or ""
        if any(min(len(key), len(name)) >= _SIMILAR and (key in name or name in key) for key in keys):
            found.append(one)
    return tuple(found)
