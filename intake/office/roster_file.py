"""The list of units that are expected to hand in, from YAML, CSV (UTF-8 or GBK) or .xlsx; every fault with its line or row.

    - name: 吴集镇中心小学          # 单位名称
      aliases: [吴集中心小学]       # 别名、简称
      town: 吴集镇                  # 乡镇
      liaison: 李干事               # 联络员
      telephone: 0734-5550001       # 联系电话
      email: wuji@example.cn        # 邮箱

A table has a head row with these words (or others that people use, see `_HEADS`); rows above it and columns of other names
(序号, 备注) are left alone. Values are the office's own; error texts show neither telephone numbers nor addresses.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from rules.errors import ConfigError
from rules.roster import ExpectedUnit
from rules.survey import bare
from rules.yaml_lines import Node, load

_HEADS = {
    "name": ("单位名称", "单位全称", "单位", "名称", "应报单位", "报送单位", "机构名称", "name"),
    "aliases": ("别名", "简称", "单位简称", "其他名称", "曾用名", "aliases"),
    "town": ("乡镇", "所属乡镇", "所在乡镇", "乡镇街道", "片区", "系统", "town"),
    "liaison": ("联络员", "联络员姓名", "工作联络员", "工作联络人", "联络人", "联系人", "联系人姓名", "liaison"),
    "telephone": ("联系电话", "电话", "电话号码", "手机", "手机号", "手机号码", "联络员电话", "联系方式", "telephone"),
    "email": ("邮箱", "电子邮箱", "邮箱地址", "电子邮件", "联系邮箱", "email"),
}
_FIELD_OF = {bare(word): field for field, words in _HEADS.items() for word in words}
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
_PARTED = re.compile(r"[、,;/|\n\uff0c\uff1b]+")
#: the head row stands among the first rows
_HEAD_ROWS = 10
_MOST_ROWS, _MOST_BYTES = 20_000, 20 * 1024 * 1024


def load_roster(path: Path) -> tuple[ExpectedUnit, ...]:
    """Read and check the list; raises ConfigError with file and line (or row)."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            _fail(path, None, "文件太大，不像报送名单")
        suffix = path.suffix.lower()
        if suffix in (".yaml", ".yml"):
            units = tuple(_from_yaml(path))
        elif suffix in (".csv", ".tsv", ".txt"):
            units = _from_table(path, _csv_rows(path))
        elif suffix in (".xlsx", ".xlsm"):
            units = _from_table(path, _xlsx_rows(path))
        else:
            _fail(path, None, "名单应为 .yaml、.csv 或 .xlsx 文件（旧版 .xls 请另存为 .xlsx）")
    except OSError as problem:
        _fail(path, None, f"文件打不开：{problem.strerror}")
    if not units:
        _fail(path, None, "名单是空的")
    _refuse_twice(path, units)
    return units


def _fail(path: Path, row: int | None, sentence: str) -> NoReturn:
    raise ConfigError(sentence, path=str(path), line=row)


def _refuse_twice(path: Path, units: Sequence[ExpectedUnit]) -> None:
    known: dict[tuple[str, str], int] = {}
    for unit in units:
        first = known.setdefault((bare(unit.name), bare(unit.town or "")), unit.row)
        if first != unit.row:
            _fail(path, unit.row, f"“{unit.name}”与第 {first} 行重复")


# --- YAML ------------------------------------------------------------------------------------------------------------


def _from_yaml(path: Path) -> Iterator[ExpectedUnit]:
    for item in load(path).items(least=1):
        keys = item.mapping(required=("name",), optional=("aliases", "town", "liaison", "telephone", "email"))
        keys = {name: child for name, child in keys.items() if name == "name" or not child.is_null}
        values = {name: _yaml_text(child) for name, child in keys.items() if name != "aliases"}
        aliases = keys["aliases"].texts() if "aliases" in keys else ()
        yield _unit(path, item.line, aliases=aliases, **values)


def _yaml_text(node: Node) -> str:
    # a telephone number without quotes is a number to YAML, and an octal one where it begins with 0
    return node.raw.strip() if node.kind == "scalar" and node.key.endswith(".telephone") else node.text()


# --- tables ----------------------------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    for charset in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(charset)
            break
        except UnicodeDecodeError:
            continue
    else:
        _fail(path, None, "不是 UTF-8 或 GBK 编码的文本，请另存为 CSV UTF-8")
    head = "\n".join(text.splitlines()[:_HEAD_ROWS])
    delimiter = max(",\t;\uff0c", key=head.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as problem:
        raise ConfigError("不是正确的 CSV 文件", path=str(path)) from problem


def _xlsx_rows(path: Path) -> list[list[str]]:
    """The first sheet that is not empty."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that do not matter here
            book = load_workbook(path, read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    found = [[_cell(value) for value in row]
                             for row in sheet.iter_rows(max_row=_MOST_ROWS + 1, max_col=50, values_only=True)]
                    if any(map(any, found)):
                        return found
            finally:
                book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as problem:
        raise ConfigError("不是能打开的 .xlsx 文件（有密码的请先去掉密码）", path=str(path)) from problem
    return []


def _cell(value: object) -> str:
    """A cell as people see it: a telephone number that was typed as a number has no decimals."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _from_table(path: Path, rows: Sequence[Sequence[str]]) -> tuple[ExpectedUnit, ...]:
    if len(rows) > _MOST_ROWS:
        _fail(path, None, f"名单超过 {_MOST_ROWS} 行")
    number, columns = _head(path, rows)
    units = []
    for row_number, row in enumerate(rows[number:], number + 1):
        values = {field: row[column].strip() for field, column in columns.items()
                  if column < len(row) and row[column].strip()}
        if not values:
            continue
        if "name" not in values:
            _fail(path, row_number, "这一行没有单位名称")
        aliases = tuple(dict.fromkeys(filter(None, map(str.strip, _PARTED.split(values.pop("aliases", ""))))))
        units.append(_unit(path, row_number, aliases=aliases, **values))
    return tuple(units)


def _head(path: Path, rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """How many rows end with the head row, and the column of each field."""
    for number, row in enumerate(rows[:_HEAD_ROWS], 1):
        found = [(field, column) for column, word in enumerate(row) if (field := _field_of(bare(word)))]
        columns = dict(found)
        if "name" not in columns:
            continue
        if len(columns) != len(found):
            _fail(path, number, "表头中有两栏的意思相同，请只留一栏")
        return number, columns
    _fail(path, None, f"前 {_HEAD_ROWS} 行里没有表头：须有“单位名称”一栏，另可有别名、乡镇、联络员、联系电话、邮箱")


def _field_of(word: str) -> str | None:
    """The field of a heading; an office writes its own name before 工作联络员."""
    return _FIELD_OF.get(word) or next((_FIELD_OF[end] for end in ("工作联络员", "工作联络人") if word.endswith(end)), None)


def _unit(path: Path, row: int, *, name: str, aliases: Iterable[str] = (), **values: str) -> ExpectedUnit:
    if not bare(name):
        _fail(path, row, "单位名称只有标点，没有文字")
    if "email" in values and not _EMAIL.fullmatch(values["email"]):
        _fail(path, row, "邮箱写法不对，应为一个邮箱地址")
    if "telephone" in values and not 3 <= len(re.sub(r"\D", "", values["telephone"])) <= 40:
        _fail(path, row, "联系电话写法不对")
    return ExpectedUnit(name, tuple(aliases), row=row, **values)
