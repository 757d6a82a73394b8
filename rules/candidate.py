"""What the store knows of a submission that a mail might belong to, and by what accounts and numbers are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.accounts import account_name_key, handle_key, platform_of
from rules.registrant import code_key
from rules.submission import Account
from rules.survey import Survey
from rules.topic import number_pattern, plain


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the store knows of a submission that a claim might belong to."""

    id: int
    #: 登记编号
    number: str
    #: code of a category, or `unknown`
    category: str
    registrant: str | None = None
    #: `rules.registrant.registrant_key`
    registrant_key: str | None = None
    uscc: str | None = None
    id_number: str | None = None
    #: every address that has written for it, lower case
    contacts: tuple[str, ...] = ()
    status: str = "incomplete"
    #: `account_keys` of its accounts
    accounts: frozenset[str] = frozenset()
    #: names of its owners and heads as compared (`rules.registrant.person_key`)
    people: frozenset[str] = frozenset()
    #: False when a person has closed it (registered): weak keys do not reach it any more
    open: bool = True
    #: keys under which it was known before a person corrected it or joined it with another: `unit:…`, `person:…`,
    #: `code:…`, `id:…`, `number:…`
    former: frozenset[str] = frozenset()
    #: whether a person has decided the category: then a form of the other one is no contradiction
    decided: bool = False

    @property
    def is_person(self) -> bool:
        """Whether the registrant is known to be a person."""
        return (self.registrant_key or "").startswith("person:")

    def has_id_number(self, numbers: frozenset[str]) -> bool:
        return self.id_number in numbers or any(f"id:{number}" in self.former for number in numbers)

    def has_code(self, codes: frozenset[str]) -> bool:
        return (self.uscc is not None and code_key(self.uscc) in codes) or any(f"code:{c}" in self.former for c in codes)

    def has_name(self, names: frozenset[str]) -> bool:
        return self.registrant_key in names or bool(self.former & names)

    def is_quoted(self, numbers: frozenset[str]) -> bool:
        return self.number in numbers or any(f"number:{number}" in self.former for number in numbers)


def account_keys(accounts: Sequence[Account], survey: Survey) -> frozenset[str]:
    """Accounts as they are compared across submissions: platform with handle, platform with name."""
    keys = set()
    for account in accounts:
        platform = platform_of(account, survey) if survey.platforms else "-"
        for kind, key in (("handle", handle_key(account)), ("name", account_name_key(account))):
            if platform and key and kind in survey.item.identity:
                keys.add(f"{platform}/{kind}/{key}")
    return frozenset(keys)


def quoted_numbers(survey: Survey, *texts: str | None) -> tuple[str, ...]:
    """Every 登记编号 in the texts, each once."""
    return tuple(dict.fromkeys(number_pattern(survey).findall(plain(*texts))))
