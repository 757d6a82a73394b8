"""Who is who: names, codes and numbers of registrants as they are compared (DATA.md, "Same registrant")."""

from rules.numbers import organisation_code_of
from rules.submission import Account, Facts, Judgement
from rules.survey import Survey, bare
from rules.values import normal_person_name, normal_unit_name

#: words that offices shorten in their own names: 中国共产党某县委员会 is 某县委, 某镇人民政府 is 某镇政府
_SHORT = (("委员会", "委"), ("人民政府", "政府"))


def unit_key(name: str | None, survey: Survey) -> str | None:
    """A unit's name as it is compared, or None for an empty one."""
    key = normal_unit_name(name, survey.region) if isinstance(name, str) else ""
    for long, short in _SHORT:
        key = key.replace(long, short)
    return key or None


def person_key(name: str | None) -> str | None:
    """A person's name as it is compared, or None for an empty one."""
    key = bare(normal_person_name(name)) if isinstance(name, str) and name.strip() else ""
    return key or None


def code_key(code: str | None) -> str | None:
    """The organisation code inside a valid credit or organisation code, so that both can be compared; None without."""
    core = organisation_code_of(code) if code and len(code) == 18 else code
    return bare(core).upper() if core else None


def registrant_key(judgement: Judgement, survey: Survey) -> str | None:
    """The registrant's name for the store's index: `unit:<name>` or `person:<name>`; None while nobody is named.

    While the category is unknown nothing says whether the name is a unit's or a person's: None.
    """
    return name_key(judgement.category, judgement.registrant, survey)


def name_key(category: str | None, name: str | None, survey: Survey) -> str | None:
    """The same for a category and a name."""
    if survey.is_unit(category):
        return unit_name_key(name, survey)
    key = person_key(name) if survey.is_person(category) else None
    return f"person:{key}" if key else None


def unit_name_key(name: str | None, survey: Survey) -> str | None:
    """`unit:<name>` of an organisation, whatever its category; None for an empty name."""
    key = unit_key(name, survey)
    return f"unit:{key}" if key else None


def written_unit(form: Account, survey: Survey) -> str | None:
    """The organisation that a form names as registrant."""
    return next((name for field in survey.unit_fields if (name := form.value(field))), None)


def written_person(form: Account, survey: Survey) -> str | None:
    """The person whom a form names as registrant."""
    return next((name for field in survey.person_fields if (name := form.value(field))), None)


def written_id_number(form: Account, survey: Survey) -> str | None:
    """The valid ID number of that person on a form."""
    return next((number for field in survey.id_number_fields if (number := form.value(field))), None)


def registrant_name(facts: Facts, category: str, survey: Survey) -> str | None:
    """The registrant as the newest form names it; without a form, as the papers do."""
    rule = survey.category(category)
    fields = [rule.registrant_field] if rule else [c.registrant_field for c in survey.categories]
    for field in fields:
        if names := [name for account in facts.accounts if (name := account.value(field))]:
            return names[-1]
    kinds = ["org_certificate", "id_card"]
    if rule:
        kinds = ["id_card"] if rule.is_person else ["org_certificate"]
    for kind in kinds:
        holders = {held.paper.holder for held in facts.papers if held.paper.kind == kind and held.paper.holder
                   and held.counts}
        if len(holders) == 1:
            return holders.pop()
    return None


def registrant_code(facts: Facts, category: str, survey: Survey) -> str | None:
    """The unit's credit code, else its organisation code, from certificates that do not name another unit."""
    if survey.is_person(category):
        return None
    names = {unit_key(written_unit(account, survey), survey) for account in facts.accounts} - {None}
    codes = [
        held.paper.number
        for held in facts.papers
        if held.paper.kind == "org_certificate"
        and held.paper.number
        and held.counts
        and (held.verdict or not names or not held.paper.holder or unit_key(held.paper.holder, survey) in names)
    ]
    if len({code_key(code) for code in codes}) != 1:
        return None
    return max(codes, key=lambda code: (len(code), code))


def registrant_id_number(facts: Facts, category: str, survey: Survey) -> str | None:
    """The individual's ID number, from the form and the card where they do not disagree; None for a unit."""
    if survey.is_unit(category):
        return None
    names = {person_key(written_person(account, survey)) for account in facts.accounts} - {None}
    written = {number for account in facts.accounts if (number := written_id_number(account, survey))}
    cards = {
        held.paper.number
        for held in facts.papers
        if held.paper.kind == "id_card" and held.paper.number and held.counts and (not names or person_key(held.paper.holder) in names)
    }
    if len(written) == 1:
        return None if cards and not written & cards else next(iter(written))
    certified = any(held.paper.kind == "org_certificate" and held.counts for held in facts.papers)
    return next(iter(cards)) if not written and len(cards) == 1 and not certified else None
