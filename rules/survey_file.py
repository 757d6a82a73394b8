"""survey.yaml → `Survey`, checked so that a mistake is named by file, line and key before any mail is judged by it."""

import string
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.errors import RuleError
from rules.survey import ACCOUNT_COLUMNS, Category, Choice, Demand, FieldRule, Office, Survey, bare
from rules.yaml_lines import Node, load

FIELD_KINDS = (
    "text",
    "handle",
    "platform",
    "options",
    "choice",
    "yes_no",
    "date",
    "count",
    "person",
    "phone",
    "email",
    "id_number",
)
FORMS = {"unit": "unit_form", "individual": "individual_form"}
#: materials beside the form, in DATA.md's order
DEMANDS = ("org_certificate", "principal_id_card", "id_card")
PAPERS = ("org_certificate", "id_card")
_KEYS = (
    "title",
    "notice",
    "window",
    "grace",
    "numbering",
    "office",
    "replies",
    "categories",
    "fields",
    "platforms",
    "places",
    "topic_words",
)


def read(path: Path) -> Survey:
    """Read and check the file; raises `RuleError`."""
    root = load(path, RuleError)
    keys = root.mapping(required=_KEYS, optional=("region", "towns"))
    fields = _fields(keys["fields"])
    opens, closes, time_zone, window_clause = _window(keys["window"])
    days, clause = _grace(keys["grace"])
    region = keys["region"].texts() if "region" in keys else ()
    return Survey(
        path=path.resolve(),
        title=keys["title"].text(),
        notice=keys["notice"].text(),
        office=_office(keys["office"]),
        opens=opens,
        closes=closes,
        time_zone=time_zone,
        grace_days=days,
        grace_clause=clause,
        numbering=_numbering(keys["numbering"]),
        categories=_categories(keys["categories"], fields, path.resolve().parent),
        fields=fields,
        platforms=_choices(keys["platforms"]),
        places=tuple(dict.fromkeys((*region, *keys["places"].texts()))),
        topic_words=keys["topic_words"].texts(least=1),
        replies=_inside(keys["replies"], path.resolve().parent, wanted="folder"),
        region=region,
        window_clause=window_clause,
        towns=_choices(keys["towns"]) if "towns" in keys else (),
    )


def _window(node: Node):
    keys = node.mapping(required=("opens", "closes", "time_zone"), optional=("clause",))
    opens, closes = keys["opens"].date(), keys["closes"].date()
    if closes < opens:
        keys["closes"].fail(f"末日 {closes} 早于首日 {opens}")
    try:
        zone = ZoneInfo(keys["time_zone"].text())
        return opens, closes, zone, keys["clause"].text() if "clause" in keys else ""
    except (ZoneInfoNotFoundError, ValueError):
        keys["time_zone"].fail(f"没有这个时区:{keys['time_zone'].raw}(例如 Asia/Shanghai)")


def _grace(node: Node) -> tuple[int, str]:
    keys = node.mapping(required=("days", "clause"))
    return keys["days"].integer(least=0, most=3660), keys["clause"].text()


def _office(node: Node) -> Office:
    keys = node.mapping(required=("name", "address", "telephone", "contact", "email"))
    email = keys["email"].text()
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@") or any(map(str.isspace, email)):
        keys["email"].fail(f"不是邮箱地址:{email}")
    return Office(keys["name"].text(), keys["address"].text(), keys["telephone"].text(), keys["contact"].text(), email)


def _numbering(node: Node) -> str:
    """A format string with exactly one whole number in it, so that two submissions never get the same 登记编号."""
    pattern = node.text()
    try:
        holes = [(name, spec) for _, name, spec, _ in string.Formatter().parse(pattern) if name is not None]
        numbers = {pattern.format(number) for number in (1, 9, 10, 9999, 10000)}
    except (ValueError, IndexError, KeyError, AttributeError):
        node.fail("花括号里的写法不对,应写作 HD2019-{:04d} 的样子")
    if len(holes) != 1:
        node.fail("须有且只有一处花括号,编号才不会重复,例如 HD2019-{:04d}")
    if not holes[0][1].endswith("d") and holes[0][1]:
        node.fail("花括号里应为整数的写法,例如 {:04d}")
    if len(numbers) != 5 or any(map(str.isspace, pattern)):
        node.fail("编号会重复,或者含有空格")
    return pattern


def _categories(node: Node, fields: tuple[FieldRule, ...], folder: Path) -> tuple[Category, ...]:
    found: list[Category] = []
    for item in node.items(least=1):
        category = _category(item, fields, folder)
        if any(category.name == other.name for other in found):
            item.fail(f"类别 {category.name} 写了两次")
        found.append(category)
    titles: dict[str, str] = {}
    for item, category in zip(node.items(), found, strict=True):
        for title in category.form_titles:
            if titles.setdefault(bare(title), category.name) != category.name:
                item.fail(f"标题“{title}”同时属于两类,无法区分")
    return tuple(found)


def _category(node: Node, fields: tuple[FieldRule, ...], folder: Path) -> Category:
    keys = node.mapping(
        required=(
            "name",
            "label",
            "form",
            "form_label",
            "clause",
            "titles",
            "blank",
            "registrant",
            "paper_rule",
            "demands",
        )
    )
    name = keys["name"].choice(tuple(FORMS))
    form = keys["form"].choice((FORMS[name],))
    return Category(
        name=name,
        label=keys["label"].text(),
        form=form,
        form_label=keys["form_label"].text(),
        form_clause=keys["clause"].text(),
        form_titles=keys["titles"].texts(least=1),
        blank=_inside(keys["blank"], folder, wanted="file"),
        demands=_demands(keys["demands"], fields, form),
        registrant_field=_field_on(keys["registrant"], fields, form),
        paper_rule=keys["paper_rule"].text(),
    )


def _demands(node: Node, fields: tuple[FieldRule, ...], form: str) -> tuple[Demand, ...]:
    found: list[Demand] = []
    for item in node.items():
        demand = _demand(item, fields, form)
        if any(demand.code == other.code for other in found):
            item.fail(f"材料 {demand.code} 写了两次")
        found.append(demand)
    return tuple(sorted(found, key=lambda demand: DEMANDS.index(demand.code)))


def _demand(node: Node, fields: tuple[FieldRule, ...], form: str) -> Demand:
    keys = node.mapping(
        required=("code", "paper", "label", "clause"), optional=("accepts", "holder", "number", "principal")
    )
    code, paper = keys["code"].choice(DEMANDS), keys["paper"].choice(PAPERS)
    if (code == "org_certificate") != (paper == "org_certificate"):
        keys["paper"].fail(f"材料 {code} 不能用 {paper} 来证明")
    return Demand(
        code=code,
        paper=paper,
        label=keys["label"].text(),
        clause=keys["clause"].text(),
        accepts=keys["accepts"].texts(least=1) if "accepts" in keys else (),
        holder_field=_field_on(keys["holder"], fields, form) if "holder" in keys else None,
        number_field=_field_on(keys["number"], fields, form) if "number" in keys else None,
        principal_field=_field_on(keys["principal"], fields, form) if "principal" in keys else None,
    )


def _field_on(node: Node, fields: tuple[FieldRule, ...], form: str) -> str:
    """A field of the form that must be filled in there: an empty one would leave nothing to compare with."""
    name = node.text()
    rule = next((rule for rule in fields if rule.name == name), None)
    if rule is None:
        node.fail(f"fields 里没有 {name} 这一栏")
    if form not in rule.forms:
        node.fail(f"{name} 这一栏不在 {form} 上")
    if form not in rule.mandatory:
        node.fail(f"{name} 用来写明申报人或核对证件,须列为必填(mandatory)")
    return name


def _fields(node: Node) -> tuple[FieldRule, ...]:
    found: list[FieldRule] = []
    for item in node.items(least=1):
        rule = _field(item)
        if any(rule.name == other.name for other in found):
            item.fail(f"{rule.name} 这一栏写了两次")
        found.append(rule)
    _check_after(node, found)
    _check_labels(node, found)
    return tuple(sorted(found, key=lambda rule: ACCOUNT_COLUMNS.index(rule.name)))


def _field(node: Node) -> FieldRule:
    keys = node.mapping(
        required=("name", "label", "kind", "forms"), optional=("variants", "mandatory", "choices", "after")
    )
    forms = _chosen(keys["forms"], tuple(FORMS.values()))
    if not forms:
        keys["forms"].fail("至少要在一种表上")
    kind = keys["kind"].choice(FIELD_KINDS)
    if (kind in ("options", "choice")) != ("choices" in keys):
        (keys["choices"] if "choices" in keys else keys["kind"]).fail("options、choice 须写出 choices,其余种类不写")
    return FieldRule(
        name=keys["name"].choice(tuple(name for name in ACCOUNT_COLUMNS if name != "platform")),
        label=keys["label"].text(),
        variants=keys["variants"].texts() if "variants" in keys else (),
        kind=kind,
        forms=forms,
        mandatory=_chosen(keys["mandatory"], forms) if "mandatory" in keys else (),
        choices=_choices(keys["choices"]) if "choices" in keys else (),
        after=keys["after"].text() if "after" in keys else None,
    )


def _chosen(node: Node, options: tuple[str, ...]) -> tuple[str, ...]:
    node.texts()
    return tuple(item.choice(options) for item in node.items())


def _check_after(node: Node, fields: Iterable[FieldRule]) -> None:
    names = {rule.name for rule in fields}
    for item, rule in zip(node.items(), fields, strict=True):
        if rule.after is not None and (rule.after not in names or rule.after == rule.name):
            item.mapping(optional=None)["after"].fail(f"fields 里没有 {rule.after} 这一栏,或者指向了自己")


@dataclass(frozen=True, slots=True)
class _Owner:
    """Who has claimed a label on one kind of form."""

    name: str
    after: str | None


def _check_labels(node: Node, fields: Iterable[FieldRule]) -> None:
    """The same label may stand for two fields of a form only where `after` tells them apart."""
    owners: dict[tuple[str, str], list[_Owner]] = {}
    for item, rule in zip(node.items(), fields, strict=True):
        for label in dict.fromkeys(bare(text) for text in (rule.label, *rule.variants)):
            if not label:
                item.fail("有一种写法只有标点,没有文字")
            for form in rule.forms:
                others = owners.setdefault((form, label), [])
                for other in others:
                    if other.after == rule.after:
                        item.fail(f"“{label}”这种写法同时属于 {other.name} 和 {rule.name},请用 after 区分")
                others.append(_Owner(rule.name, rule.after))


def _choices(node: Node) -> tuple[Choice, ...]:
    """A mapping `name: [alias, …]`; no word may stand for two names."""
    keys = node.mapping(optional=None)
    if not keys:
        node.fail("至少要有一项")
    owners: dict[str, str] = {}
    found = []
    for name, aliases in keys.items():
        choice = Choice(name, () if aliases.is_null else aliases.texts())
        for word in dict.fromkeys(bare(word) for word in (name, *choice.aliases)):
            if not word or owners.setdefault(word, name) != name:
                aliases.fail(f"“{word}”同时属于 {owners.get(word)} 和 {name}" if word else "有一项只有标点,没有文字")
        found.append(choice)
    return tuple(found)


def _inside(node: Node, folder: Path, wanted: str) -> Path:
    """A path relative to the survey's folder; `wanted`: `file` or `folder`."""
    path = folder / node.text()
    if wanted == "folder" and not path.is_dir():
        node.fail(f"没有这个文件夹:{path}")
    if wanted == "file" and not path.is_file():
        node.fail(f"没有这个文件:{path}")
    return path
