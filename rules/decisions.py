"""What people of the office have decided, laid over what was read: the facts that `rules.complete.judge` is given.

A decision is a fact of its own: it is kept beside what the mails brought and applied each time anew, so that no later
mail, no better reader and no replay can overrule it. A mail that says otherwise is named to a person (`contradictions`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from rules.accounts import HUMAN, account_name_key, handle_key, is_human, place_of
from rules.category import account_title, is_filled
from rules.reading import FieldValue, Paper
from rules.submission import Account, Facts, HeldPaper, UnreadFile, Verdict
from rules.survey import Survey

#: `decisions.kind`
KINDS = ("account", "correct", "accept", "reject", "category", "clear", "assign", "split", "merge", "paper", "withdraw",
         "note")
_NOTHING: Mapping = MappingProxyType({})
#: by what an account is known again
_IDENTITY = ("name", "handle", "service_type", "platform")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of one person."""

    kind: str
    at: datetime
    actor: str
    #: column of `accounts`, or code of a material
    name: str | None = None
    #: see `store.decisions`
    value: Mapping = field(default_factory=lambda: _NOTHING)
    why: str | None = None
    account_id: int | None = None
    attachment_id: int | None = None
    #: how the account or file is known again when its row is another: `name`, `handle`, `platform` (lists of what it
    #: bore before and after); `sha256`, `filename`
    anchor: Mapping = field(default_factory=lambda: _NOTHING)
    id: int | None = None


def apply(facts: Facts, decisions: Sequence[Decision]) -> Facts:
    """The facts as the office sees them; `decisions` in the order in which they were made."""
    verdicts = [decision for decision in decisions if decision.kind in ("accept", "reject")]
    categories = [decision.value.get("category") for decision in decisions if decision.kind == "category"]
    cleared = [text for decision in decisions if decision.kind == "clear" for text in decision.value.get("sentences", ())]
    return replace(
        facts,
        accounts=tuple(_corrected(account, decisions) for account in facts.accounts),
        papers=(*(_judged(held, verdicts) for held in facts.papers), *_added(facts.papers, verdicts)),
        unread=tuple(_looked_at(file, decisions) for file in facts.unread),
        category=categories[-1] if categories else facts.category,
        cleared=tuple(dict.fromkeys((*facts.cleared, *cleared))),
    )


def human_field(name: str, value: Mapping) -> FieldValue:
    """The field as a person has written or confirmed it."""
    written = value.get("value")
    return FieldValue(
        name=name, value=tuple(written) if isinstance(written, list) else written, raw=value.get("raw") or "",
        valid=value.get("valid", True), complaint=value.get("complaint"), location="工作人员核定", method=HUMAN)


def contradictions(stored: Sequence[Account], incoming: Iterable[Account], decisions: Sequence[Decision],
                   survey: Survey) -> tuple[str, ...]:
    """A sentence for each value of newer forms that speaks against a person's word.

    The value that the person has overruled is no news when it comes again.
    """
    labels = {rule.name: rule.label for rule in survey.fields}
    found = []
    for newer in incoming:
        place = place_of(stored, newer, survey)
        if place is None:
            continue
        differing = [labels[mine.name] for mine in stored[place].fields
                     if is_human(mine) and mine.name in labels and _speaks_against(mine, newer, stored[place], decisions)]
        if differing:
            found.append(f"来信中{account_title(stored[place], survey)}的{'、'.join(f'“{label}”' for label in differing)}"
                         "与工作人员核定的不一致,现仍以核定的为准,请核实。")
    return tuple(dict.fromkeys(found))


def recognised(stored: Sequence[Account], incoming: Iterable[Account], decisions: Sequence[Decision],
               survey: Survey) -> tuple[Account, ...]:
    """Newer forms, those that bear the name or handle which a person has corrected under the corrected ones.

    Otherwise the same form, sent again, would be one more account.
    """
    former = [_as_read(account, decisions) for account in stored]
    found = []
    for newer in incoming:
        place = place_of(former, newer, survey) if place_of(stored, newer, survey) is None else None
        found.append(newer if place is None else _renamed(newer, stored[place]))
    return tuple(found)


# --- accounts --------------------------------------------------------------------------------------------------------


def concerns(decision: Decision, account: Account) -> bool:
    """Whether a decision is about this account: by its row, else by the name or handle that it bore."""
    if account.id is not None and decision.account_id == account.id:
        return True
    anchor, mine = decision.anchor, anchor_of(account)
    # forms on which neither is written are not all the same
    if "name" not in anchor or not (mine["name"] or mine["handle"]):
        return False
    return all(key in anchor[kind] for kind, key in mine.items())


def anchor_of(account: Account) -> dict:
    """By what an account is known again: its name, handle and platform as they are compared."""
    return {"name": account_name_key(account), "handle": handle_key(account), "platform": account.value("platform")}


def _corrected(account: Account, decisions: Sequence[Decision]) -> Account:
    for decision in decisions:
        if decision.kind == "correct" and decision.name and concerns(decision, account):
            account = with_field(account, human_field(decision.name, decision.value))
    return account


def with_field(account: Account, new: FieldValue) -> Account:
    """The account with one field replaced, or added."""
    if account.get(new.name) is None:
        return replace(account, fields=(*account.fields, new))
    return replace(account, fields=tuple(new if old.name == new.name else old for old in account.fields))


def _was(account: Account, name: str, decisions: Sequence[Decision]) -> list:
    """The values that people have overruled there."""
    found = [decision.value.get("was") for decision in decisions
             if decision.kind == "correct" and decision.name == name and concerns(decision, account)]
    return [tuple(value) if isinstance(value, list) else value for value in found]


def _speaks_against(mine: FieldValue, newer: Account, account: Account, decisions: Sequence[Decision]) -> bool:
    theirs = newer.get(mine.name)
    return is_filled(theirs) and theirs.value != mine.value and theirs.value not in _was(account, mine.name, decisions)


def _as_read(account: Account, decisions: Sequence[Decision]) -> Account:
    fields = []
    for each in account.fields:
        was = [value for value in _was(account, each.name, decisions) if value] if each.name in _IDENTITY else []
        fields.append(replace(each, value=was[0], valid=True) if was else each)
    return replace(account, fields=tuple(fields))


def _renamed(newer: Account, account: Account) -> Account:
    own = {name: account.get(name) for name in _IDENTITY}
    return replace(newer, fields=tuple(own.get(each.name) or each for each in newer.fields))


# --- papers and files ------------------------------------------------------------------------------------------------


def _same_file(decision: Decision, attachment_id: int | None, sha256: str | None) -> bool:
    """By its bytes, so that the same file in a later mail is decided already."""
    known = decision.anchor.get("sha256")
    if known and sha256:
        return known == sha256
    return decision.attachment_id is not None and decision.attachment_id == attachment_id


def _judged(held: HeldPaper, verdicts: Sequence[Decision]) -> HeldPaper:
    found = [decision for decision in verdicts if decision.value.get("paper") == held.paper.kind
             and _same_file(decision, held.attachment_id, held.sha256)]
    return replace(held, verdict=_verdict(found[-1])) if found else held


def _verdict(decision: Decision) -> Verdict:
    return Verdict(decision.kind == "accept", decision.actor, decision.why)


def _added(papers: Sequence[HeldPaper], verdicts: Sequence[Decision]) -> list[HeldPaper]:
    """Documents that only the person has seen: in a file that was not recognised, or at the counter."""
    last: dict[tuple, Decision] = {}
    for decision in verdicts:
        kind = decision.value.get("paper")
        if not any(held.paper.kind == kind and _same_file(decision, held.attachment_id, held.sha256) for held in papers):
            last[kind, decision.anchor.get("sha256") or decision.attachment_id] = decision
    return [_seen(decision) for decision in last.values() if decision.kind == "accept"]


def _seen(decision: Decision) -> HeldPaper:
    kind = decision.value.get("paper")
    paper = Paper(kind, "front" if kind == "id_card" else None, decision.value.get("title") or "", None, None,
                  evidence=("由工作人员辨认。",))
    return HeldPaper(paper, decision.attachment_id, decision.anchor.get("filename") or "",
                     decision.anchor.get("sha256"), _verdict(decision))


def _looked_at(file: UnreadFile, decisions: Sequence[Decision]) -> UnreadFile:
    seen = any(decision.kind in ("accept", "reject", "account") and _same_file(decision, file.attachment_id, file.sha256)
               for decision in decisions)
    seen = seen or any(file.attachment_id in decision.value.get("attachments", ()) or
                       (file.sha256 and file.sha256 in decision.value.get("files", ()))
                       for decision in decisions if decision.kind == "clear")
    return replace(file, open=False) if seen else file
