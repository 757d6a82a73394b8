"""The section `fields` of survey.yaml: columns of the contract and fields of the survey's own, their labels and choices."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rules.survey import ACCOUNT_COLUMNS, ITEM_COLUMNS, Choice, FieldRule, bare
from rules.yaml_lines import Node

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
#: columns that can hold one kind of value only
_KIND_OF = {"service_type": ("platform", "text", "choice"), "scope": ("options",), "formats": ("options",),
            "news_license": ("yes_no",), "followers": ("count",), "registered_on": ("date",),
            "owner_id_number": ("id_number",)}  # fmt: skip
#: how the names of fields with personal numbers end: by that they are masked wherever they are shown
_ENDINGS = {"id_number": "id_number", "phone": "_phone"}
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def code(node: Node, taken: Collection[str] = ()) -> str:
    """A name of the survey's own that stands in the database: small letters, digits and _."""
    name = node.text()
    if not _CODE.fullmatch(name) or len(name) > 40:
        node.fail(f"代码只能用小写英文字母、数字和下划线,以字母开头:{name}")
    if name in taken:
        node.fail(f"{name} 是系统保留的代码,请另取一个")
    return name


def read_fields(node: Node, forms: tuple[str, ...]) -> tuple[FieldRule, ...]:
    """All fields, in DATA.md's order of columns; where the survey has fields of its own, in the order of the file."""
    found: list[FieldRule] = []
    for item in node.items(least=1):
        rule = _field(item, forms)
        if any(rule.name == other.name for other in found):
            item.fail(f"{rule.name} 这一栏写了两次")
        found.append(rule)
    if not any(rule.name == "name" for rule in found):
        node.fail("须有名为 name 的一栏:所登记的对象叫什么")
    _check_after(node, found)
    _check_labels(node, found)
    if any(rule.name not in ACCOUNT_COLUMNS for rule in found):
        return tuple(found)
    return tuple(sorted(found, key=lambda rule: ACCOUNT_COLUMNS.index(rule.name)))


def _field(node: Node, all_forms: tuple[str, ...]) -> FieldRule:
    keys = node.mapping(
        required=("name", "label", "kind", "forms"), optional=("variants", "mandatory", "choices", "after", "about", "hints")
    )
    forms = _chosen(keys["forms"], all_forms)
    if not forms:
        keys["forms"].fail("至少要在一种表上")
    kind = keys["kind"].choice(FIELD_KINDS)
    if (kind in ("options", "choice")) != ("choices" in keys):
        (keys["choices"] if "choices" in keys else keys["kind"]).fail("options、choice 须写出 choices,其余种类不写")
    name = code(keys["name"], ("platform", "id", "submission_id", "attachment_id", "message_id", "form_kind", "extra"))
    _check_kind(keys["kind"], name, kind)
    about = keys["about"].choice(("item", "registrant")) if "about" in keys else None
    if about and name in ACCOUNT_COLUMNS:
        keys["about"].fail("about 只用于自定的栏目,数据表原有的栏目已有归属")
    return FieldRule(
        name=name,
        label=keys["label"].text(),
        variants=keys["variants"].texts() if "variants" in keys else (),
        kind=kind,
        forms=forms,
        mandatory=_chosen(keys["mandatory"], forms) if "mandatory" in keys else (),
        choices=read_choices(keys["choices"]) if "choices" in keys else (),
        after=keys["after"].text() if "after" in keys else None,
        hints=keys["hints"].texts() if "hints" in keys else (),
        of_item=name in ITEM_COLUMNS if name in ACCOUNT_COLUMNS else about != "registrant",
    )


def _check_kind(node: Node, name: str, kind: str) -> None:
    """A column takes what it can hold, and a personal number is named so that it is masked."""
    if name in ACCOUNT_COLUMNS and (allowed := _KIND_OF.get(name)) and kind not in allowed:
        node.fail(f"{name} 这一栏的种类只能是:{'、'.join(allowed)}")
    if name in ACCOUNT_COLUMNS and name not in _KIND_OF and kind in ("options", "yes_no", "count", "platform"):
        node.fail(f"{name} 是文字栏,种类不能是 {kind};请给这一栏另取一个名字")
    if kind == "platform" and name != "service_type":
        node.fail("种类 platform 只能用于 service_type 这一栏")
    if not name.endswith(_ENDINGS.get(kind, "")):
        node.fail(f"种类为 {kind} 的栏目,名字须以 {_ENDINGS[kind]} 结尾(凭此隐藏号码),例如 "
                  f"{name.removesuffix('_')}_{_ENDINGS[kind].removeprefix('_')}")


def field_on(node: Node, fields: tuple[FieldRule, ...], form: str) -> str:
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


def read_choices(node: Node) -> tuple[Choice, ...]:
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
