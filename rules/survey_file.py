"""survey.yaml → `Survey`, checked so that a mistake is named by file, line and key before any mail is judged by it."""

import string
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.errors import RuleError
from rules.survey import Category, FieldRule, Office, PaperRule, Survey, bare
from rules.survey_fields import code, field_on, read_choices, read_fields
from rules.survey_papers import RESERVED, id_number_of, read_demands, read_item, read_papers
from rules.yaml_lines import Node, load

_KEYS = (
    "title",
    "notice",
    "window",
    "numbering",
    "office",
    "item",
    "replies",
    "categories",
    "fields",
    "topic_words",
)
_OPTIONAL = ("region", "places", "platforms", "grace", "papers", "towns")


def read(path: Path) -> Survey:
    """Read and check the file; raises `RuleError`."""
    root = load(path, RuleError)
    keys = root.mapping(required=_KEYS, optional=_OPTIONAL)
    papers = read_papers(keys.get("papers"))
    fields = read_fields(keys["fields"], _form_codes(keys["categories"], papers))
    opens, closes, time_zone, window_clause = _window(keys["window"])
    days, clause = _grace(keys["grace"]) if "grace" in keys else (0, "")
    region = keys["region"].texts() if "region" in keys else ()
    places = keys["places"].texts() if "places" in keys else ()
    platforms = read_choices(keys["platforms"]) if "platforms" in keys else ()
    if not platforms and any(rule.kind == "platform" for rule in fields):
        keys["fields"].fail("有种类为 platform 的栏目,须写出 platforms")
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
        categories=_categories(keys["categories"], fields, papers, path.resolve().parent),
        fields=fields,
        platforms=platforms,
        places=tuple(dict.fromkeys((*region, *places))),
        topic_words=keys["topic_words"].texts(least=1),
        replies=_inside(keys["replies"], path.resolve().parent, wanted="folder"),
        region=region,
        window_clause=window_clause,
        towns=read_choices(keys["towns"]) if "towns" in keys else (),
        item=read_item(keys["item"], fields),
        papers=papers,
    )


def _form_codes(node: Node, papers: tuple[PaperRule, ...]) -> tuple[str, ...]:
    """The code of every kind of form, one for each category."""
    taken = [*RESERVED, "id_card", "org_certificate", "principal_id_card", *(rule.name for rule in papers)]
    found: list[str] = []
    for item in node.items(least=1):
        keys = item.mapping(optional=None)
        if "form" in keys:
            found.append(code(keys["form"], [*taken, *found]))
    return tuple(found)


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
    keys = node.mapping(required=("name", "address", "telephone", "contact", "email"), optional=("short",))
    email = keys["email"].text()
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@") or any(map(str.isspace, email)):
        keys["email"].fail(f"不是邮箱地址:{email}")
    return Office(keys["name"].text(), keys["address"].text(), keys["telephone"].text(), keys["contact"].text(), email,
                  keys["short"].texts() if "short" in keys else ())


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


def _categories(node: Node, fields: tuple[FieldRule, ...], papers: tuple[PaperRule, ...], folder: Path,
                ) -> tuple[Category, ...]:
    found: list[Category] = []
    for item in node.items(least=1):
        category = _category(item, fields, papers, folder)
        if any(category.name == other.name for other in found):
            item.fail(f"类别 {category.name} 写了两次")
        found.append(category)
    titles: dict[str, str] = {}
    for item, category in zip(node.items(), found, strict=True):
        for title in category.form_titles:
            if titles.setdefault(bare(title), category.name) != category.name:
                item.fail(f"标题“{title}”同时属于两类,无法区分")
    return tuple(found)


def _category(node: Node, fields: tuple[FieldRule, ...], papers: tuple[PaperRule, ...], folder: Path) -> Category:
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
    form = keys["form"].text()
    registrant = field_on(keys["registrant"], fields, form)
    found = Category(
        name=code(keys["name"], ("unknown",)),
        label=keys["label"].text(),
        form=form,
        form_label=keys["form_label"].text(),
        form_clause=keys["clause"].text(),
        form_titles=keys["titles"].texts(least=1),
        blank=_inside(keys["blank"], folder, wanted="file"),
        demands=read_demands(keys["demands"], fields, papers, form),
        registrant_field=registrant,
        paper_rule=keys["paper_rule"].text(),
        is_person=next(rule.kind for rule in fields if rule.name == registrant) == "person",
    )
    return replace(found, id_number_field=id_number_of(found, fields))


def _inside(node: Node, folder: Path, wanted: str) -> Path:
    """A path relative to the survey's folder; `wanted`: `file` or `folder`."""
    path = folder / node.text()
    if wanted == "folder" and not path.is_dir():
        node.fail(f"没有这个文件夹:{path}")
    if wanted == "file" and not path.is_file():
        node.fail(f"没有这个文件:{path}")
    return path
