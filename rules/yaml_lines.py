"""YAML whose every value knows its line and dotted key, with a small typed reader on top.

    root = load(path)                                    # ConfigError: file, line, dotted key, a Chinese sentence
    keys = root.mapping(required=("title",), optional=("opens", "fields"))
    title = keys["title"].text()
    opens = keys["opens"].date() if "opens" in keys else None
    names = [item.text() for item in keys["fields"].items()]

Scalars are judged by how they are written, not by what YAML 1.1 makes of them: there `off` is False, `8:30` is the
number 510 and `010` is 8. So `choice(("send", "off"))` takes a bare `off`, `time()` a bare `8:30`, and `integer()`
refuses `010` and `"993"` with an explanation. Duplicate keys, merge keys (`<<`) and several documents are errors.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import yaml

from rules.errors import ConfigError

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*(_[0-9]+)*)")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*(_[0-9]+)*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_TAG = "tag:yaml.org,2002:"
_WHAT = {"mapping": "一组“键: 值”", "sequence": "一个列表", "scalar": "单个值"}
_COLON_HINT = "（请检查缩进；冒号须为英文半角，其后空一格；缩进只能用空格，不能用制表符）"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a YAML file: a mapping, a sequence or a scalar."""

    #: the file, as given to `load`
    path: str
    #: one-based
    line: int
    #: dotted key, e.g. `mailboxes[0].imap.port`; '' for the whole file
    key: str
    #: `mapping`, `sequence` or `scalar`
    kind: str
    #: a scalar as written, without its quotes
    raw: str = ""
    #: whether the scalar stood in quotes (or in a `|` or `>` block)
    quoted: bool = False
    #: what YAML 1.1 takes the scalar for: `str` `int` `float` `bool` `null` `timestamp`
    tag: str = "str"
    #: children of a mapping, in their order: (key, value)
    pairs: tuple[tuple[str, "Node"], ...] = ()
    #: children of a sequence
    children: tuple["Node", ...] = ()
    #: class of the error that `fail` raises
    error: type[ConfigError] = ConfigError

    def fail(self, message: str) -> NoReturn:
        """Raise the error of this place: file, line, dotted key, and the Chinese `message`."""
        raise self.error(message, path=self.path, line=self.line, key=self.key or None)

    @property
    def is_null(self) -> bool:
        """Whether nothing stands there: `key:`, `key: ~` or `key: null`."""
        return self.kind == "scalar" and self.tag == "null"

    def mapping(self, required: Collection[str] = (), optional: Collection[str] | None = ()) -> dict[str, "Node"]:
        """The children by key; an unknown key and a missing one are errors. `optional=None` allows any key."""
        self._expect("mapping")
        known = [*required, *(optional or ())]
        for name, child in self.pairs:
            if optional is not None and name not in known:
                child.fail("不认识的键" + (_suggestion(name, known) or f"（可用的键：{'、'.join(known)}）"))
        found = dict(self.pairs)
        for name in required:
            if name not in found:
                self._child_key(name).fail("缺少这一项，必须填写")
        return found

    def items(self, least: int = 0) -> tuple["Node", ...]:
        """The children of a sequence; fewer than `least` is an error."""
        self._expect("sequence")
        if len(self.children) < least:
            self.fail(f"至少要有 {least} 项")
        return self.children

    def text(self, empty: bool = False) -> str:
        """A text, stripped; '' only where `empty`. A bare number, date, yes or off must be put in quotes."""
        self._expect("scalar")
        if not self.quoted and self.tag == "null":
            self.fail("没有值，应为文字" + ("（留空请写 \"\"）" if empty else ""))
        if not self.quoted and self.tag != "str":
            self.fail(f"应为文字，但 YAML 会把 {self.raw} 当作{_taken_for(self.tag)}，请加上引号：\"{self.raw}\"")
        if not self.raw.strip() and not empty:
            self.fail("不能为空")
        return self.raw.strip()

    def texts(self, least: int = 0) -> tuple[str, ...]:
        """A list of texts without repetitions."""
        found = []
        for item in self.items(least):
            if item.text() in found:
                item.fail(f"重复的一项：{item.raw}")
            found.append(item.text())
        return tuple(found)

    def choice(self, options: Collection[str]) -> str:
        """One of `options`, bare or quoted."""
        self._expect("scalar")
        if self.raw not in options:
            self.fail(f"不能是 {self._shown()}，只能是：{'、'.join(options)}" + _suggestion(self.raw, list(options)))
        return self.raw

    def integer(self, least: int | None = None, most: int | None = None) -> int:
        """A whole decimal number within the bounds, both included."""
        self._expect_bare("整数")
        if re.fullmatch(r"[-+]?0[0-9]+", self.raw):
            self.fail(f"应为整数，{self.raw} 不能以 0 开头（YAML 会当作八进制）")
        if not _INTEGER.fullmatch(self.raw):
            self.fail(f"应为整数，不能是 {self._shown()}")
        return self._bounded(int(self.raw), least, most)

    def number(self, least: float | None = None, most: float | None = None) -> float:
        """A decimal number within the bounds, both included; an int where it is written as one."""
        self._expect_bare("数字")
        if not _NUMBER.fullmatch(self.raw):
            self.fail(f"应为数字，不能是 {self._shown()}")
        value = int(self.raw) if _INTEGER.fullmatch(self.raw) else float(self.raw)
        return self._bounded(value, least, most)

    def boolean(self) -> bool:
        """true or false (YAML 1.1: also yes, no, on, off), bare."""
        self._expect_bare("true 或 false")
        if self.raw.lower() not in _BOOLEANS:
            self.fail(f"应为 true 或 false，不能是 {self._shown()}")
        return _BOOLEANS[self.raw.lower()]

    def date(self) -> date:
        """A day `YYYY-MM-DD`, bare or quoted."""
        self._expect("scalar")
        if not _DATE.fullmatch(self.raw):
            self.fail(f"应为日期，写作 2019-07-24 的样子（月、日各两位），不能是 {self._shown()}")
        try:
            return date.fromisoformat(self.raw)
        except ValueError:
            self.fail(f"没有这一天：{self.raw}")

    def time(self) -> time:
        """A time of day `HH:MM`, bare or quoted."""
        self._expect("scalar")
        if not _TIME.fullmatch(self.raw):
            self.fail(f"应为时刻，写作 \"08:30\" 的样子（24 小时制），不能是 {self._shown()}")
        hour, minute = map(int, self.raw.split(":"))
        if hour > 23 or minute > 59:
            self.fail(f"没有这个时刻：{self.raw}")
        return time(hour, minute)

    def plain(self) -> object:
        """The value as Python dicts, lists and scalars (numbers and booleans as this module understands them)."""
        if self.kind == "mapping":
            return {name: child.plain() for name, child in self.pairs}
        if self.kind == "sequence":
            return [child.plain() for child in self.children]
        readers = {"null": lambda: None, "bool": self.boolean, "int": self.integer, "float": self.number}
        return readers.get("str" if self.quoted else self.tag, lambda: self.raw)()

    def walk(self) -> Iterator["Node"]:
        """This node and all below it, depth first."""
        yield self
        for child in (*(child for _, child in self.pairs), *self.children):
            yield from child.walk()

    def _child_key(self, name: str) -> "Node":
        return Node(self.path, self.line, _dotted(self.key, name), "scalar", error=self.error)

    def _shown(self) -> str:
        return f"“{self.raw}”" if self.raw else "空值"

    def _expect(self, kind: str) -> None:
        if self.kind != kind:
            hint = _COLON_HINT if kind == "mapping" else ""
            self.fail(f"这里应为{_WHAT[kind]}，却是{'空的' if self.is_null else _WHAT[self.kind]}{hint}")

    def _expect_bare(self, what: str) -> None:
        self._expect("scalar")
        if self.quoted:
            self.fail(f"应为{what}，不要加引号")

    def _bounded(self, value, least, most):
        if least is not None and value < least:
            self.fail(f"不能小于 {least}")
        if most is not None and value > most:
            self.fail(f"不能大于 {most}")
        return value


def load(path: Path | str, error: type[ConfigError] = ConfigError) -> Node:
    """Read a YAML file (UTF-8, with or without BOM) as a tree of nodes; raises `error` with file and line."""
    try:
        data = Path(path).read_bytes()
    except OSError as problem:
        raise error(f"文件打不开：{problem.strerror}", path=str(path)) from problem
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error("文件不是 UTF-8 编码，请另存为 UTF-8", path=str(path), line=line) from problem
    return parse(text, str(path), error)


def parse(text: str, path: str, error: type[ConfigError] = ConfigError) -> Node:
    """The same for a text; `path` is only named in errors."""
    try:
        composed = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else None
        raise error(f"YAML 语法错误：{problem.problem}{_COLON_HINT}", path=path, line=line) from problem
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise error(f"YAML 语法错误：不允许的字符 U+{problem.character:04X}", path=path, line=line) from problem
    if composed is None:
        raise error("文件是空的", path=path, line=1)
    return _convert(composed, Node(path, 1, "", "mapping", error=error), ())


def _convert(found: yaml.Node, place: Node, above: tuple[int, ...]) -> Node:
    """The node at `place` (path, line and key); `above` are the nodes around it, to refuse endless aliases."""
    if id(found) in above:
        place.fail("引用（*）绕成了圈")
    above = (*above, id(found))
    if isinstance(found, yaml.ScalarNode):
        line = found.start_mark.line + 1
        tag = found.tag.removeprefix(_TAG)
        return _at(place, line, place.key, "scalar", raw=found.value, quoted=found.style is not None, tag=tag)
    if isinstance(found, yaml.SequenceNode):
        children = tuple(
            _convert(child, _at(place, child.start_mark.line + 1, f"{place.key}[{index}]", "scalar"), above)
            for index, child in enumerate(found.value)
        )
        return _at(place, place.line, place.key, "sequence", children=children)
    return _at(place, place.line, place.key, "mapping", pairs=_pairs(found, place, above))


def _pairs(found: yaml.MappingNode, place: Node, above: tuple[int, ...]) -> tuple[tuple[str, Node], ...]:
    pairs: dict[str, Node] = {}
    for key, value in found.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            _at(place, line, place.key, "scalar").fail("键只能是单个词")
        name = key.value
        here = _at(place, line, _dotted(place.key, name), "scalar")
        if key.tag == _TAG + "merge":
            here.fail("不支持合并键 <<，请逐项写出")
        if name in pairs:
            here.fail(f"同一个键写了两次（前一次在第 {pairs[name].line} 行）")
        pairs[name] = _convert(value, here, above)
    return tuple(pairs.items())


def _at(place: Node, line: int, key: str, kind: str, **values) -> Node:
    return Node(place.path, line, key, kind, error=place.error, **values)


def _dotted(parent: str, name: str) -> str:
    return f"{parent}.{name}" if parent else name


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"（是否想写 {close[0]}？）" if close else ""


def _taken_for(tag: str) -> str:
    return {"int": "数字", "float": "数字", "bool": "“是/否”", "timestamp": "日期"}.get(tag, "别的类型")
