"""Whatever a replay makes anew keeps the number that it had: submissions by the mail that opened them and the registrant,
accounts by handle, name and platform.

Where nothing tells that it is the same, it is another one and gets a number of its own: a number that was once told to a
registrant never comes to stand for somebody else.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from rules.accounts import account_name_key, handle_key
from rules.decisions import anchor_of
from rules.reading import FieldValue
from rules.submission import Account
from rules.survey import bare
from store import shadow as store
from store.database import Database, insert, one, rows
from store.decisions import keys_of_row
from store.submissions import load_accounts


class Identity:
    """What stood in the database, and what of it stands in the shadow again."""

    def __init__(self, old: Database, shadow: Database):
        self.shadow = shadow
        self.submissions = {row["id"]: row for row in rows(old, "SELECT * FROM submissions ORDER BY id")}
        self.by_number = {row["number"]: row["id"] for row in self.submissions.values()}
        self._answers = _grouped(rows(old, "SELECT * FROM reply_submissions"), "submission_id")
        self._opened = _opened(old)
        self._mails = _grouped(rows(old, "SELECT * FROM submission_messages"), "message_id")
        self._keys = _registrants(old, self.submissions)
        self._accounts = _accounts(old)
        self._by_label: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._by_place: dict[tuple[int | None, int | None], set[int]] = defaultdict(set)
        for account, (_, attachment, mail, bore) in self._accounts.items():
            self._by_place[attachment, mail].add(account)
            for kind in ("handle", "name"):
                for key in bore[kind]:
                    self._by_label[kind, key].add(account)
        self._went = _went(old)
        #: mails that were taken in
        self._done: set[int] = set()
        #: submissions and accounts of the database that stand in the shadow
        self.standing: set[int] = set()
        self._standing_accounts: set[int] = set()
        #: submissions whose hour has come, but that were not opened
        self.lost: set[int] = set()
        self._highest = max(self.submissions, default=0)
        self._highest_account = one(shadow, "SELECT max(account_id) AS id FROM account_history")["id"]
        #: the last doubt of earlier steps
        self._doubts = 0
        #: made here and known to have been nowhere before
        self._new: set[int] = set()
        self._new_accounts: set[int] = set()

    def is_new(self, submission_id: int) -> bool:
        """Whether the database knows of no such submission."""
        return submission_id not in self.submissions

    def keep(self, message_id: int, last: bool = True) -> list[int]:
        """After a mail was taken in: what it opened gets its number back; returns the submissions whose doubts now read
        otherwise. `last`: nothing more comes of this mail, what was opened by it and is not again is lost."""
        fresh = [row["id"] for row in rows(
            self.shadow, "SELECT id FROM submissions WHERE id > ? ORDER BY id", [self._highest])]
        fresh = [identifier for identifier in fresh if identifier not in self._new]
        touched: list[int] = []
        pairs = self._pairs(message_id, fresh)
        for given, kept in pairs:
            touched += self.take(given, kept)
        # one may have been touched under the number that it had for a moment
        touched = [dict(pairs).get(one_of, one_of) for one_of in touched]
        self._new |= {given for given in fresh if store.is_there(self.shadow, given)}
        self.keep_accounts()
        if last:
            self._done.add(message_id)
            self.lost |= set(self._opened[message_id]) - self.standing
            self.step_done()
        return touched

    def step_done(self) -> None:
        """No number that was given for a moment is spoken of any more."""
        self._doubts = one(self.shadow, "SELECT coalesce(max(id), 0) AS id FROM doubts")["id"]

    def take(self, given: int, kept: int) -> list[int]:
        """The submission that was opened as `given` is `kept`; returns those whose doubts now read otherwise."""
        number = one(self.shadow, "SELECT number FROM submissions WHERE id = ?", [given])["number"]
        said = rows(self.shadow, "SELECT DISTINCT submission_id AS id FROM doubts WHERE id > ? AND instr(sentence, ?) AND "
                    "submission_id IS NOT NULL", [self._doubts, number])
        store.rename_submission(self.shadow, given, kept, self.submissions[kept]["number"], self._doubts)
        self._new.discard(given)
        self._stand(kept)
        return [kept if row["id"] == given else row["id"] for row in said]

    def forget(self, given: int) -> None:
        """What was opened for a moment is gone; its number may be given again."""
        self._new.discard(given)

    def put(self, submission_id: int) -> None:
        """The bare row of a submission that nothing in the mails opens any more."""
        old = self.submissions[submission_id]
        store.lift_fence(self.shadow, submission_id)
        insert(self.shadow, "submissions", {
            "id": submission_id, "number": old["number"], "category": "unknown", "status": "review",
            "opened_at": old["opened_at"], "updated_at": old["updated_at"]})
        self._stand(submission_id)

    def _stand(self, submission_id: int) -> None:
        self.standing.add(submission_id)
        self.lost.discard(submission_id)
        for answer in self._answers.get(submission_id, ()):
            insert(self.shadow, "reply_submissions", answer, ignore=True)

    # -- submissions ---------------------------------------------------------------------------------------------------

    def _pairs(self, message_id: int, fresh: Sequence[int]) -> list[tuple[int, int]]:
        """(opened now, what it was): by the registrant first; what is left of one mail, one to one, is the same too."""
        mine = {given: self._keys_of(given) for given in fresh}
        here = [kept for kept in self._opened[message_id] if kept not in self.standing]
        linked = {row["submission_id"] for row in self._mails.get(message_id, ())}
        # as many as it opened then: most likely the same, in the same order, whatever people have made of them since
        places = dict(zip(fresh, here, strict=True)) if len(fresh) == len(here) else {}
        found = dict(_best(mine, {kept: self._keys[kept] for kept in here}, places))
        rest = [given for given in fresh if given not in found]
        left = [kept for kept in here if kept not in found.values()]
        if len(rest) == len(left) == 1:
            found[rest[0]] = left[0]
        rest = {given: mine[given] for given in fresh if given not in found}
        lost = {kept: self._keys[kept] | ({"mail"} if kept in linked else set()) for kept in sorted(self.lost)}
        found |= dict(_best(rest, lost))
        return list(found.items())

    def _keys_of(self, submission_id: int) -> frozenset[str]:
        row = one(self.shadow, "SELECT * FROM submissions WHERE id = ?", [submission_id])
        return frozenset(keys_of_row(row) | _labels(load_accounts(self.shadow, submission_id)))

    # -- accounts ------------------------------------------------------------------------------------------------------

    def keep_accounts(self) -> None:
        """Accounts that were made since get the ids back that they had."""
        fresh = [row for row in rows(self.shadow, "SELECT id, submission_id, message_id FROM accounts WHERE id > ? ORDER BY "
                                     "id", [self._highest_account]) if row["id"] not in self._new_accounts]
        if not fresh:
            return
        scored = []
        for row in fresh:
            (account,) = [one_of for one_of in load_accounts(self.shadow, row["submission_id"]) if one_of.id == row["id"]]
            scored += [(-score, row["id"], kept)
                       for kept in self._called(account, row["message_id"]) - self._standing_accounts
                       if (score := self._likeness(account, row["submission_id"], kept))]
        taken: dict[int, int] = {}
        for _, given, kept in sorted(scored):
            if given not in taken and kept not in taken.values():
                taken[given] = kept
        for given, kept in taken.items():
            store.rename_account(self.shadow, given, kept)
            self.hold_account(kept)
        others = {row["id"] for row in fresh} - set(taken)
        self._new_accounts |= others
        if others:
            # should it be folded into another, its id must not look like one that was seen
            store.raise_fence(self.shadow, max(others))

    def _called(self, account: Account, mail: int | None) -> set[int]:
        """Accounts that have ever borne the handle or the name; where neither is written, those of the same form."""
        mine = anchor_of(account)
        called = {kept for kind in ("handle", "name") for kept in self._by_label.get((kind, mine[kind]), ())}
        here = self._by_place.get((account.attachment_id, mail), ())
        return called | {kept for kept in here if not (mine["handle"] or mine["name"]) or self._is_nameless(kept)}

    def _is_nameless(self, kept: int) -> bool:
        bore = self._accounts[kept][-1]
        return not (bore["handle"] or bore["name"])

    def hold_account(self, account_id: int) -> None:
        """The id is in use again."""
        self._standing_accounts.add(account_id)

    def _likeness(self, account: Account, submission_id: int, kept: int) -> int:
        """How surely this is the account of that id; 0: it is not."""
        where, attachment, mail, bore = self._accounts[kept]
        mine = anchor_of(account)
        same = [kind for kind in ("handle", "name") if mine[kind] and mine[kind] in bore[kind]]
        nameless = not (mine["handle"] or mine["name"]) or self._is_nameless(kept)
        if not (same or nameless) or (mine["platform"] and bore["platform"] and mine["platform"] not in bore["platform"]):
            return 0
        at_home = (where == submission_id) + (submission_id in self._went[mail])
        same_file = attachment is not None and attachment == account.attachment_id
        # whose own mail has come and has not made it again may be another mail's
        lost = mail in self._done and len(same) == 2
        return len(same) + 2 * at_home + 3 * same_file if at_home or same_file or lost else 0


def _best(mine: dict[int, Iterable[str]], theirs: dict[int, Iterable[str]], places: Mapping[int, int] = MappingProxyType({}),
          ) -> list[tuple[int, int]]:
    """Pairs that share something that tells whose it is, those that share most first; `places`: pairs that stand alike."""
    scored = sorted((-len(shared) - 4 * (places.get(given) == kept), given, kept)
                    for given, keys in mine.items() for kept, others in theirs.items() if (shared := set(keys) & set(others)))
    pairs: dict[int, int] = {}
    for _, given, kept in scored:
        if given not in pairs and kept not in pairs.values():
            pairs[given] = kept
    return list(pairs.items())


def _grouped(found: list[dict], column: str) -> dict[int, list[dict]]:
    groups: dict[int, list[dict]] = defaultdict(list)
    for row in found:
        groups[row[column]].append(row)
    return groups


def _opened(old: Database) -> dict[int, list[int]]:
    """Mail → the submissions that it opened, whether by itself or because a person said so."""
    groups: dict[int, list[int]] = defaultdict(list)
    for row in rows(old, "SELECT message_id, submission_id FROM events WHERE action = 'opened' ORDER BY id"):
        groups[row["message_id"]].append(row["submission_id"])
    return groups


def _labels(accounts: Iterable[Account]) -> set[str]:
    return {f"account:{platform}/{key}" for account in accounts for platform in [account.value("platform") or ""]
            for key in (handle_key(account), account_name_key(account)) if key}


def _registrants(old: Database, submissions: dict[int, dict]) -> dict[int, set[str]]:
    """By what the registrant of each submission is, or was, known."""
    keys = {identifier: keys_of_row(row) for identifier, row in submissions.items()}
    for row in rows(old, "SELECT submission_id, former_key FROM decisions WHERE former_key IS NOT NULL AND submission_id "
                    "IS NOT NULL"):
        keys[row["submission_id"]].add(row["former_key"])
    for row in rows(old, "SELECT id, submission_id, platform, name, handle FROM accounts"):
        keys[row["submission_id"]] |= _labels([_stored(row)])
    return keys


def _went(old: Database) -> dict[int | None, set[int]]:
    """Mail → the submissions that it went to at first, wherever people have moved things since."""
    groups: dict[int | None, set[int]] = defaultdict(set)
    for row in rows(old, "SELECT message_id, submission_id FROM events WHERE action IN ('opened', 'added') AND message_id IS "
                    "NOT NULL"):
        groups[row["message_id"]].add(row["submission_id"])
    return groups


def _stored(row: dict) -> Account:
    return Account(None, tuple(FieldValue(name, row[name], row[name]) for name in ("platform", "name", "handle") if row[name]))


def _accounts(old: Database) -> dict[int, tuple[int, int | None, int | None, dict[str, set]]]:
    """Account → its submission, its file and mail, and every handle, name and platform that it has borne."""
    found: dict[int, tuple[int, int | None, int | None, dict[str, set]]] = {}
    for row in rows(old, "SELECT id, submission_id, attachment_id, message_id, platform, name, handle FROM accounts ORDER BY id"):
        bore = {kind: {key} - {None} for kind, key in anchor_of(_stored(row)).items()}
        found[row["id"]] = row["submission_id"], row["attachment_id"], row["message_id"], bore
    for row in rows(old, "SELECT account_id, name, old_value, new_value FROM account_history WHERE name IN ('name', "
                    "'handle', 'platform')"):
        for value in filter(None, (row["old_value"], row["new_value"])):
            if row["account_id"] in found:
                found[row["account_id"]][3][row["name"]].add(value if row["name"] == "platform" else bare(value))
    for row in rows(old, "SELECT account_id, anchor FROM decisions WHERE account_id IS NOT NULL AND anchor IS NOT NULL"):
        for kind, keys in json.loads(row["anchor"]).items():
            if row["account_id"] in found and kind in ("name", "handle", "platform"):
                found[row["account_id"]][3][kind] |= set(keys) - {None}
    return found
