"""YAML whose every value knows its place, and the traps of YAML 1.1."""

from datetime import date, time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import ConfigError, RuleError
from rules.yaml_lines import Node, load, parse


def value(text: str) -> Node:
    """The value of `key` in a file with just that."""
    return parse(f"key: {text}\n", "t.yaml").mapping(("key",))["key"]


def complaint(read) -> ConfigError:
    """The error that a reading raises."""
    with pytest.raises(ConfigError) as raised:
        read()
    return raised.value


def test_every_value_knows_its_line_and_its_dotted_key():
    """In block and in flow style."""
    root = parse("a: 1\nb:\n  - x: p\n    y:\n      z: q\n  - [r,\n     s]\n", "t.yaml")
    places = {node.key: node.line for node in root.walk()}
    assert places == {"": 1, "a": 1, "b": 2, "b[0]": 3, "b[0].x": 3, "b[0].y": 4, "b[0].y.z": 5, "b[1]": 6,
                      "b[1][0]": 6, "b[1][1]": 7}  # fmt: skip


@pytest.mark.parametrize(("text", "read", "expected"), [
    ("off", lambda node: node.choice(("send", "off")), "off"),
    ("'off'", lambda node: node.choice(("send", "off")), "off"),
    ("08:30", Node.time, time(8, 30)),
    ("8:30", Node.time, time(8, 30)),
    ('"08:30"', Node.time, time(8, 30)),
    ("2019-07-24", Node.date, date(2019, 7, 24)),
    ('"2019-07-24"', Node.date, date(2019, 7, 24)),
    ("1_000", Node.integer, 1000),
    ("-3", Node.integer, -3),
    ("0", Node.integer, 0),
    ("2.5", Node.number, 2.5),
    ("1e3", Node.number, 1000.0),
    ("7", Node.number, 7),
    ("yes", Node.boolean, True),
    ("false", Node.boolean, False),
    ("0734-5226196", Node.text, "0734-5226196"),
    ('"2019"', Node.text, "2019"),
    ("[a, b]", Node.texts, ("a", "b")),
    ("{a: 1, b: [off, '1', 1.5, null, x]}", Node.plain, {"a": 1, "b": [False, "1", 1.5, None, "x"]}),
])  # fmt: skip
def test_values_are_read_as_they_are_written(text, read, expected):
    """A bare 8:30 is a time and not 510; a bare off is a word where a word is wanted."""
    assert read(value(text)) == expected


@pytest.mark.parametrize(("text", "read", "words"), [
    ("010", Node.integer, "八进制"),
    ("'7'", Node.integer, "引号"),
    ("7.0", Node.integer, "整数"),
    ("8:30", Node.integer, "整数"),
    ("3", lambda node: node.integer(4), "小于 4"),
    ("3", lambda node: node.integer(0, 2), "大于 2"),
    (".nan", Node.number, "数字"),
    ("no", Node.text, "引号"),
    ("2019", Node.text, "引号"),
    ("2019-07-24", Node.text, "引号"),
    ("", Node.text, "没有值"),
    ("'  '", Node.text, "不能为空"),
    ("[a]", Node.text, "列表"),
    ("2019-7-24", Node.date, "2019-07-24"),
    ("2019-02-30", Node.date, "没有这一天"),
    ("24:00", Node.time, "没有这个时刻"),
    ("0830", Node.time, "08:30"),
    ("maybe", Node.boolean, "true"),
    ("'true'", Node.boolean, "引号"),
    ("sned", lambda node: node.choice(("send", "off")), "是否想写 send"),
    ("[a, a]", Node.texts, "重复"),
    ("[]", lambda node: node.texts(1), "至少"),
    ("a", Node.mapping, "一组"),
    ("a", Node.items, "列表"),
])  # fmt: skip
def test_a_value_of_the_wrong_kind_is_explained_with_its_place(text, read, words):
    """File, line, dotted key, and a sentence in Chinese."""
    error = complaint(lambda: read(value(text)))
    assert (error.path, error.line, (error.key or "").split("[")[0]) == ("t.yaml", 1, "key")
    assert words in str(error) and "t.yaml:1" in str(error)


def test_unknown_and_missing_keys_are_named():
    """With the nearest known one."""
    error = complaint(lambda: parse("a:\n  prot: 1\n", "t").mapping(("a",))["a"].mapping((), ("port",)))
    assert (error.line, error.key) == (2, "a.prot") and "port" in str(error)
    error = complaint(lambda: parse("x: 1\ny: 2\n", "t").mapping(("z",), ("x", "y")))
    assert error.key == "z" and "缺少" in str(error)


@pytest.mark.parametrize(("text", "line", "words"), [
    ("a: 1\nb: 2\na: 3\n", 3, "写了两次"),
    ("a: {b: 1, b: 2}\n", 1, "写了两次"),
    ("a: 1\nb:2\nc: 3\n", 3, "冒号"),
    ("a:\n\tb: 1\n", 2, "制表符"),
    ("a: [1\n", 2, "语法"),
    ("a: &x [*x]\n", 1, "圈"),
    ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "<<"),
    ("a: 1\n---\nb: 2\n", 2, "语法"),
    ("? [a]\n: 1\n", 1, "键"),
    ("a: \x07\n", 1, "U+0007"),
    ("", 1, "空"),
    ("# nothing\n", 1, "空"),
])  # fmt: skip
def test_a_file_that_is_no_good_yaml_is_an_error_with_its_line(text, line, words):
    """Duplicate keys, which YAML libraries swallow, among them."""
    error = complaint(lambda: parse(text, "t.yaml"))
    assert error.line == line and words in str(error)


def test_files_that_windows_wrote_are_read_or_explained(tmp_path):
    """A BOM is fine; GBK is named with its line; a missing file is an error of the same kind."""
    path = tmp_path / "a.yaml"
    path.write_bytes("﻿标题: 登记\r\n".encode())
    assert load(path).mapping(("标题",))["标题"].text() == "登记"
    path.write_bytes("a: 1\n标题: 登记\n".encode("gbk"))
    error = complaint(lambda: load(path))
    assert error.line == 2 and "UTF-8" in str(error)
    assert complaint(lambda: load(tmp_path / "none.yaml")).path.endswith("none.yaml")


def test_errors_are_of_the_class_that_was_asked_for():
    """The survey's are RuleErrors."""
    with pytest.raises(RuleError):
        parse("a: 1\n", "t", RuleError).mapping(("a",))["a"].text()
    with pytest.raises(RuleError):
        parse("a: [", "t", RuleError)


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
_TREES = st.recursive(
    _WORDS | st.integers(-(10**9), 10**9) | st.booleans(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_WORDS, below, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_WORDS, _TREES, min_size=1, max_size=4))
def test_what_yaml_writes_is_read_back(tree):
    """Any tree of texts, numbers and booleans."""
    text = yaml.safe_dump(tree, allow_unicode=True)
    assert parse(text, "t").plain() == tree


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@`#?,\n\t \\<~0é中\x00\x85"), max_size=40))
def test_any_text_gives_a_tree_or_our_own_error(text):
    """Never a traceback of the YAML library."""
    try:
        parse(text, "t")
    except ConfigError as error:
        assert error.path == "t"
