"""argparse in Chinese: headings, `-h`, usage errors (exit code 2), and how our own arguments are read."""

import argparse
import re
from collections.abc import Callable
from datetime import date

#: argparse's English (CPython 3.11 to 3.14) → ours; whatever is not listed is shown as it is
_SENTENCES = (
    (r"the following arguments are required: (.*)", r"缺少参数：\1"),
    (r"unrecognized arguments: (.*)", r"不认识的参数：\1"),
    (r"argument (\S+): (.*)", r"参数 \1：\2"),
    (r"invalid choice: '?(.*?)'? \(choose from (.*)\)", r"没有“\1”；可以写：\2"),
    (r"expected one argument", "后面要写一个值"),
    (r"expected at least one argument", "后面至少要写一个值"),
    (r"ignored explicit argument (.*)", r"后面不能写值（\1）"),
    (r"not allowed with argument (.*)", r"不能与 \1 同时使用"),
)
_HEADINGS = {"positional arguments": "参数", "options": "选项"}
#: SQLite holds whole numbers up to 2**63 - 1
_DIGITS = 18


class _Help(argparse.HelpFormatter):
    def start_section(self, heading: str | None) -> None:
        super().start_section(_HEADINGS.get(heading or "", heading))

    def add_usage(self, usage, actions, groups, prefix=None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser for Chinese readers; options are never abbreviated, so that a new one breaks no script."""

    def __init__(self, *, add_help: bool = True, **settings):
        super().__init__(**{"formatter_class": _Help, "allow_abbrev": False, **settings}, add_help=False)
        if add_help:
            self.add_argument("-h", "--help", action="help", help="显示本说明")

    def error(self, message: str):
        """One line that says what is wrong, and the usage; exit code 2."""
        self.exit(2, f"用法有误：{in_chinese(message)}\n{self.format_usage()}")


def in_chinese(message: str) -> str:
    """What argparse complains of, in Chinese as far as it is known."""
    for pattern, sentence in _SENTENCES:
        message = re.sub(f"^(.*：)?{pattern}$", lambda found, s=sentence: (found[1] or "") + _filled(found, s), message,
                         flags=re.DOTALL)
    return message


def _filled(found: re.Match, sentence: str) -> str:
    return re.sub(r"\\(\d)", lambda mark: found[int(mark[1]) + 1] or "", sentence)


def _reader(what: str, pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = text.strip().lower()
        if not re.fullmatch(pattern, found, flags=re.ASCII):
            raise argparse.ArgumentTypeError(f"{what}，而不是“{text}”")
        return found
    return read


def identifier(text: str) -> int:
    """A row's id: a whole number."""
    return int(_reader("应为来信ID（数字）", rf"\d{{1,{_DIGITS}}}")(text))


#: the id of a mail to be processed again, or `all`
identifier_or_all = _reader("应为来信ID（数字）或 all", rf"\d{{1,{_DIGITS}}}|all")
#: the id of a mail in the outbox, as `intake outbox` lists it: `12` a reply, `d3` a digest; or `all`
label_or_all = _reader("应为邮件ID（如 12、d3）或 all", rf"d?\d{{1,{_DIGITS}}}|all")


def day(text: str) -> date:
    """A day, `2019-08-01`."""
    try:
        return date.fromisoformat(_reader("日期应写作 2019-08-01 的样子", r"\d{4}-\d{2}-\d{2}")(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"没有“{text}”这一天") from None
