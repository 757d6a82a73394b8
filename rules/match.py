"""Which submission a claim belongs to: strong keys only, weak ones go to a person (DATA.md, "Same registrant").

The order of the keys, each used only where nothing contradicts it:

    id_number   the same valid ID number
    code        the same credit or organisation code
    name        the same registrant's name
    renumbered  the same name and the same account, under another number: a person looks
    thread      an answer to our mail, when the claim names no other registrant
    quoted      a 登记编号 in the mail, from an address that belongs to that submission
    account     a form without registrant for an account that this sender has handed in before
    correction  from this sender, the form of the very account that he has handed in, with another registrant: a person looks
    person      from this sender, a card of the person whom exactly one of his submissions names
    sender      from this sender, who has exactly one submission, when the claim names no other registrant

What contradicts: a different valid code or ID number, a unit against an individual. Papers alone (no form) that answer
our mail go where they were asked for, even when they name somebody else: the judgement then says what does not agree.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rules.accounts import Change, merge_accounts, same_account
from rules.candidate import Candidate, account_keys, quoted_numbers
from rules.group import Claim
from rules.registrant import registrant_key

#: keys that say by themselves whose it is
STRONG = ("id_number", "code", "name", "account", "person")

#: how the sentence begins that names numbers as a mail quoted them, whether they exist or not
QUOTED = "来信写有登记编号"

__all__ = ["QUOTED", "STRONG", "Candidate", "Change", "Match", "account_keys", "choose", "merge_accounts", "quoted_numbers",
           "registrant_key", "same_account"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """Where a claim goes."""

    #: None: open a new submission
    submission_id: int | None
    #: the key that decided (see the module), or `new`
    why: str
    #: plain Chinese sentences for a person
    doubts: tuple[str, ...] = ()


def choose(
    claim: Claim,
    candidates: Sequence[Candidate],
    thread: Collection[int] = (),
    sender: str | None = None,
    quoted: Collection[str] = (),
    accounts: frozenset[str] = frozenset(),
) -> Match:
    """The submission that the claim belongs to.

    `thread`: submissions whose mail this one answers. `sender`: the address of From, lower case. `quoted`: 登记编号 in
    subject and own words (`quoted_numbers`). `accounts`: `account_keys` of the claim. Withdrawn submissions are never
    chosen.
    """
    living = sorted((each for each in candidates if each.status != "withdrawn"), key=lambda each: each.id)
    mail = _Mail(frozenset(thread), (sender or "").lower(), frozenset(quoted), accounts)
    if asked := _asked_for(claim, living, mail):
        return Match(asked.id, "thread")
    for why, same in _STRONG:
        found = [each for each in living if same(claim, each) and not _contradicts(claim, each)]
        if found:
            return _strong(claim, found, why, mail)
    doubts = _namesakes(claim, living)
    for why, find in _BY_MAIL:
        if found := find(claim, living, mail):
            if why == "correction":
                doubts += (f"本次来信与{found.number}登记的相同,但填写的申报人名称不同,已按更正处理,请核实。",)
            return Match(found.id, why, doubts)
    return Match(None, "new", (*doubts, *_suspects(claim, living, mail), *_withdrawn(claim, candidates)))


def fits(claim: Claim, candidate: Candidate) -> bool:
    """Whether they share a strong key and nothing contradicts."""
    return candidate.status != "withdrawn" and any(same(claim, candidate) for _, same in _STRONG) and not _contradicts(
        claim, candidate)


@dataclass(frozen=True, slots=True)
class _Mail:
    """How the claim came."""

    thread: frozenset[int]
    sender: str
    quoted: frozenset[str]
    accounts: frozenset[str]

    def is_from(self, candidate: Candidate) -> bool:
        return bool(self.sender) and self.sender in {address.lower() for address in candidate.contacts}


def _same_number(claim: Claim, candidate: Candidate) -> bool:
    return candidate.has_id_number(claim.keys.id_numbers)


def _same_code(claim: Claim, candidate: Candidate) -> bool:
    return candidate.has_code(claim.keys.codes)


def _same_name(claim: Claim, candidate: Candidate) -> bool:
    keys = claim.keys
    names = keys.form_names or keys.paper_names or _card_names(claim)
    return candidate.has_name(names)


def _card_names(claim: Claim) -> frozenset[str]:
    """Persons whom a mail of cards alone names: an individual's submission may be theirs."""
    alone = not claim.accounts and not claim.keys.codes and not claim.keys.paper_names
    return frozenset(f"person:{name}" for name in claim.keys.people) if alone else frozenset()


_STRONG: tuple[tuple[str, Callable[[Claim, Candidate], bool]], ...] = (
    ("id_number", _same_number), ("code", _same_code), ("name", _same_name),
)  # fmt: skip


def _contradicts(claim: Claim, candidate: Candidate) -> bool:
    """Different valid codes or ID numbers, or a unit against an individual."""
    keys = claim.keys
    if keys.codes and candidate.uscc and not candidate.has_code(keys.codes):
        return True
    if keys.id_numbers and candidate.id_number and not candidate.has_id_number(keys.id_numbers):
        return True
    return not candidate.decided and _of_another_kind(claim, candidate)


def _of_another_kind(claim: Claim, candidate: Candidate) -> bool:
    """Whether both categories are known and differ: a unit against an individual."""
    return claim.category is not None and candidate.category not in ("unknown", claim.category)


def _strong(claim: Claim, found: list[Candidate], why: str, mail: _Mail) -> Match:
    """The best of those with the same key: the one that has the same account, else answered, else of this sender, else
    the first; several are a doubt, unless the account tells."""
    own = [each for each in found if mail.accounts & each.accounts]
    ranked = sorted(own if len(own) == 1 else found,
                    key=lambda each: (each.id not in mail.thread, not mail.is_from(each), each.id))
    doubts = []
    if len(found) > 1 and len(own) != 1:
        doubts.append(f"与本次来信相符的登记不止一份({_numbers(found)}),已归入{ranked[0].number},请核实。")
    elif why == "name" and _is_weak_name(claim, ranked[0], mail):
        doubts.append(
            f"本次来信与{ranked[0].number}只有姓名相同,发件邮箱不同,也没有身份证号可以核对,请核实是否同一人。"
        )
    return Match(ranked[0].id, why, tuple(doubts))


def _is_weak_name(claim: Claim, candidate: Candidate, mail: _Mail) -> bool:
    """A person's name alone, from elsewhere: namesakes exist. A unit's name is its own."""
    return candidate.is_person and candidate.id not in mail.thread and not mail.is_from(candidate) \
        and not mail.accounts & candidate.accounts  # fmt: skip


def _names_other(claim: Claim, candidate: Candidate) -> bool:
    """Whether the claim's forms name a registrant that is not the candidate's."""
    names = claim.keys.form_names
    return bool(names and candidate.registrant_key and not candidate.has_name(names))


def _papers_name_other(claim: Claim, candidate: Candidate) -> bool:
    keys = claim.keys
    if keys.paper_names and candidate.registrant_key and not candidate.has_name(keys.paper_names):
        return True
    known = candidate.people if candidate.is_person else frozenset()
    return bool(known and not claim.accounts and keys.people and not keys.people & known)


def _by_thread(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    answered = [each for each in candidates if each.id in mail.thread]
    fitting = [each for each in answered if not _names_other(claim, each) and not _mixes(claim, each)]
    if len(fitting) > 1:
        fitting = [each for each in fitting if claim.keys.people & each.people or mail.accounts & each.accounts]
    return fitting[0] if len(fitting) == 1 else None


def _asked_for(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    """The answered submission that waits for just this person's card, whoever else he may be registered as."""
    if claim.accounts or claim.keys.paper_names:
        return None
    found = [each for each in candidates if each.id in mail.thread and claim.keys.people & each.people]
    return found[0] if len(found) == 1 else None


def _mixes(claim: Claim, candidate: Candidate) -> bool:
    """A contradiction that forms make; papers alone that answer our mail are judged where they were asked for."""
    return bool(claim.accounts) and _contradicts(claim, candidate)


def _by_quotation(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    found = [
        each
        for each in candidates
        if each.is_quoted(mail.quoted)
        and mail.is_from(each)
        and not _names_other(claim, each)
        and not _mixes(claim, each)
    ]
    return found[0] if len(found) == 1 else None


def _of_sender(claim: Claim, candidates: list[Candidate], mail: _Mail) -> list[Candidate]:
    return [each for each in candidates if mail.is_from(each) and each.open]


def _by_account(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    found = [
        each
        for each in _of_sender(claim, candidates, mail)
        if mail.accounts & each.accounts and not _names_other(claim, each) and not _contradicts(claim, each)
    ]
    return found[0] if len(found) == 1 else None


def _by_account_and_name(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    """The same registrant's name and the same account, under another number: one of the two numbers is wrong."""
    found = [each for each in candidates if _same_name(claim, each) and mail.accounts & each.accounts
             and not _of_another_kind(claim, each)]
    return found[0] if len(found) == 1 else None


def _by_correction(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    """The same account by handle and by name, of a registrant who has no other: his name was mistyped, then or now."""
    kinds = {key.split("/")[1] for key in mail.accounts}
    found = [
        each
        for each in _of_sender(claim, candidates, mail)
        if mail.accounts == each.accounts and kinds == {"handle", "name"} and not _contradicts(claim, each)
    ]
    return found[0] if len(found) == 1 else None


def _by_person(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    if claim.accounts or claim.keys.paper_names:
        return None
    found = [
        each
        for each in _of_sender(claim, candidates, mail)
        if claim.keys.people & each.people and not _contradicts(claim, each)
    ]
    return found[0] if len(found) == 1 else None


def _by_sender(claim: Claim, candidates: list[Candidate], mail: _Mail) -> Candidate | None:
    found = _of_sender(claim, candidates, mail)
    if len(found) != 1 or _names_other(claim, found[0]) or _papers_name_other(claim, found[0]):
        return None
    return None if _contradicts(claim, found[0]) else found[0]


_BY_MAIL: tuple[tuple[str, Callable[[Claim, list[Candidate], _Mail], Candidate | None]], ...] = (
    ("renumbered", _by_account_and_name), ("thread", _by_thread), ("quoted", _by_quotation), ("account", _by_account), ("correction", _by_correction),
    ("person", _by_person),
    ("sender", _by_sender),
)  # fmt: skip


def _namesakes(claim: Claim, candidates: list[Candidate]) -> tuple[str, ...]:
    """Submissions of the same name that something contradicts: another registrant, or a wrong number."""
    found = [each for each in candidates if _same_name(claim, each) and _contradicts(claim, each)]
    return (f"与{_numbers(found)}的申报人名称相同,但证件号码不同,请核实是否同一申报人。",) if found else ()


def _suspects(claim: Claim, candidates: list[Candidate], mail: _Mail) -> tuple[str, ...]:
    """Submissions that the claim may belong to, though nothing says so surely; a claim that names its own registrant
    in a form is no supplement."""
    if claim.keys.form_names and not mail.quoted and not any(each.id in mail.thread for each in candidates):
        return ()
    found = [
        each
        for each in candidates
        if each.id in mail.thread or each.is_quoted(mail.quoted) or (mail.is_from(each) and each.open)
    ]
    if found:
        return (f"疑似{_numbers(found)}的补件,但不能确定,请核实应归入哪一份登记。",)
    # a stranger who quotes numbers must not learn from our answer which of them exist: any is for a person
    quoted = "、".join(sorted(mail.quoted))
    return (f"{QUOTED}{quoted},但没有这份登记,或者与来信不符,请核实。",) if quoted else ()


def _withdrawn(claim: Claim, candidates: Sequence[Candidate]) -> tuple[str, ...]:
    found = [
        each
        for each in candidates
        if each.status == "withdrawn"
        and not _contradicts(claim, each)
        and (_same_number(claim, each) or _same_code(claim, each) or _same_name(claim, each))
    ]
    return (f"该申报人此前的登记{_numbers(found)}已撤销,请核实本次来信是否为重新申报。",) if found else ()


def _numbers(candidates: Sequence[Candidate]) -> str:
    return "、".join(sorted(each.number for each in candidates))
