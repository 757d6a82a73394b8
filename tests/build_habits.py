"""Forms as people really fill them in: each seed is one office's layout and one person's habits, for every kind of file.

`filled` makes a `build_sheets.Sheet` (cells and merges), which the writers of workbooks, OFD and web pages take as it is;
`sheet_docx` makes a Word document of it, and from that LibreOffice makes .doc, .rtf, .odt and PDF.
"""

import random
import re

from build_docx import _FORMATS, _RULED, _SCOPE, _TITLES, individual_labels, unit_labels
from build_ooxml import cell, package, paragraph, row
from build_sheets import Sheet, _covered

#: ways of marking what was chosen among printed options
TICKS = ("over", "wingdings", "brackets", "square brackets", "solid", "dots", "crossed", "beside the box", "only the chosen keep a box",
         "only words, by comma", "only words, by space", "only words, by slash", "only words, by line", "behind", "behind in brackets",
         "boxes behind", "box gone, tick put", "numbered words")  # fmt: skip
LAYOUTS = ("two columns", "four columns", "six columns", "above", "grouped at the left", "colons in cells", "hints kept")
_MARKS = {"over": ("☑", "□"), "wingdings": ("\ue003", "\ue002"), "brackets": ("(√)", "( )"), "square brackets": ("[√]", "[  ]"),
          "solid": ("■", "□"), "dots": ("●", "○"), "crossed": ("☒", "☐"), "beside the box": ("□√", "□"), "box gone, tick put": ("√", "□")}
_DIGITS = "〇一二三四五六七八九"
_NO = ("否", "无", "未取得", "没有", "暂未取得", "否。")
_YES = ("是", "有", "已取得", "是。")
_NOTES = {"admin_phone": "(微信同号)", "unit_name": "(盖章)", "legal_representative": "(签字)",
          "followers": "(截至2019年7月)", "owner_phone": "(24小时开机)"}
_HINTS = {"name": "账号名称是新媒体的中文名称。如:衡东发布、衡东头条等。(本行填写时删除。)",
          "handle": "填写注册新媒体时所用的账号,如微信号:hdfb、手机号码、邮箱等。(本行填写时删除。)",
          "service_type": "“服务类型”是指新媒体的具体表现形式,如:微信公众号、新浪微博、今日头条号、一点资讯号等。(本行填写时删除。)"}
_OTHER_LABELS = {
    "name": ("新媒体名称", "账号名称(全称)", "*账号名称"), "handle": ("帐号", "账号ID", "注册账号"), "service_type": ("平台类型", "服务类别", "所属平台"),
    "scope": ("业务范围(可多选)", "业务范围"), "formats": ("形式(可多选)", "形 式"), "introduction": ("功能简介", "账号简介", "功能介绍"),
    "registered_on": ("注册时间", "开通时间", "注册日期"), "followers": ("粉丝数", "关注人数", "粉丝量"), "admin_name": ("管理员", "管理员 姓名", "管理员姓名"),
    "admin_phone": ("手机", "联系电话", "手机号"), "admin_email": ("电子邮箱", "邮箱", "E-mail"), "admin_wechat": ("微信", "微信号", "微 信 号"),
    "unit_name": ("单位名称", "单位(章)", "单位名称(盖章)"), "legal_representative": ("法定代表人", "法人代表", "法人"), "address": ("单位地址", "地  址", "详细地址"),
    "owner_name": ("负责人", "负责人姓名"), "owner_id_number": ("身份证号码", "身份证号"), "owner_phone": ("手机", "手机号", "联系电话"),
    "owner_wechat": ("微信", "微信号"), "employer": ("工作单位", "所在单位"),
}  # fmt: skip
_WIDE = ("name", "handle", "service_type", "scope", "formats", "introduction", "news_license", "employer")


def filled(fields: dict, kind: str, seed: int) -> Sheet:
    """The form of this truth by the office and person of a seed."""
    return _Person(seed).sheet(fields, kind)


def described(seed: int) -> str:
    """The layout and the ticks of a seed, for a line of the benchmark."""
    person = _Person(seed)
    return f"{person.layout}; {person.ticks}"


def sheet_docx(sheet: Sheet, before: tuple[str, ...] = (), after: tuple[str, ...] = (), header: str = "") -> bytes:
    """The sheet as a table of a Word document, with paragraphs before and after it."""
    merged = {(top, left): (bottom, right) for top, left, bottom, right in sheet.merges}
    covered = _covered(sheet)
    above = {(line, left): (top, right) for (top, left), (bottom, right) in merged.items() for line in range(top + 1, bottom + 1)}
    width = max(max(column for _, column in sheet.cells), *(right for _, _, _, right in sheet.merges), 0) + 1
    rows = []
    for number in range(max(line for line, _ in sheet.cells) + 1):
        cells, column = [], 0
        while column < width:
            if (number, column) in above:
                right = above[number, column][1]
                cells.append(cell(paragraph(""), right - column + 1, "continue"))
            elif (number, column) not in covered:
                bottom, right = merged.get((number, column), (number, column))
                content = "".join(map(paragraph, str(sheet.cells.get((number, column), "")).split("\n")))
                cells.append(cell(content, right - column + 1, "restart" if bottom > number else None))
            else:
                right = column
            column = right + 1
        rows.append(row(*cells))
    # without widths LibreOffice makes columns of no width out of those in which no cell begins
    columns = "".join(f"<w:gridCol w:w='{9000 // width}'/>" for _ in range(width))
    table = f"<w:tbl>{_RULED}<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    return package("".join(map(paragraph, before)) + table + "".join(map(paragraph, after)) + paragraph(""))


class _Person:
    """One office's form in one person's hands."""

    def __init__(self, seed: int):
        self.rng = random.Random(f"habits {seed}")
        self.layout, self.ticks = self.rng.choice(LAYOUTS), self.rng.choice(TICKS)
        self.yes_no = self.rng.choice(("as the others", "word", "as the others", "behind"))
        self.date, self.amount = self.rng.randrange(11), self.rng.randrange(8)
        self.labels = self.rng.choice(("official", "official", "others", "spaced", "colons", "numbered"))
        self.notes, self.extras = self.rng.random() < 0.3, self.rng.random() < 0.5
        self.phone, self.handle, self.person, self.card = (self.rng.randrange(5) for _ in range(4))

    def sheet(self, fields: dict, kind: str) -> Sheet:
        """The whole form."""
        labels = unit_labels() if kind == "unit_form" else individual_labels()
        rows = [(name, self._label(number, name, label), self.text(name, fields.get(name))) for number, (name, label) in enumerate(labels, 1)]
        sheet = Sheet()
        top = 1 if self.layout == "above" or self.rng.random() < 0.8 else 0
        {"four columns": self._four, "six columns": self._six, "above": self._above, "grouped at the left": self._grouped,
         "colons in cells": self._in_cells}.get(self.layout, self._two)(sheet, rows, top)
        if top:
            sheet.put(0, 0, _TITLES[kind], max(column for _, column in sheet.cells) + 1)
        if self.extras and self.layout != "above":
            last = max(line for line, _ in sheet.cells) + 1
            sheet.put(last, 0, "备注")
            sheet.put(last, 1, self.rng.choice(("", "无", "以上内容属实")), max(max(column for _, column in sheet.cells), 1))
        return sheet

    def _two(self, sheet: Sheet, rows, top: int) -> None:
        for number, (name, label, text) in enumerate(rows, top):
            sheet.put(number, 0, label)
            hint = _HINTS.get(name) if self.layout == "hints kept" else None
            sheet.put(number, 1, f"{hint}\n{text}" if hint and text and self.rng.random() < 0.5 else "\n".join(filter(None, (text, hint))))

    def _paired(self, sheet: Sheet, rows, top: int, left: int = 0) -> None:
        line, pair = top, False
        for name, label, text in rows:
            if name in _WIDE:
                line += pair
                sheet.put(line, left, label)
                sheet.put(line, left + 1, text, 3)
                line, pair = line + 1, False
            else:
                sheet.put(line, left + 2 * pair, label)
                sheet.put(line, left + 2 * pair + 1, text)
                line, pair = line + pair, not pair

    def _four(self, sheet: Sheet, rows, top: int) -> None:
        self._paired(sheet, rows, top)

    def _six(self, sheet: Sheet, rows, top: int) -> None:
        """Three fields in a row; what is long takes a row of its own."""
        line, column = top, 0
        for name, label, text in rows:
            wide = name in ("scope", "introduction", "address", "employer")
            if column and (wide or column == 6):
                line, column = line + 1, 0
            sheet.put(line, column, label)
            sheet.put(line, column + 1, text, 5 if wide else 1)
            column = 6 if wide else column + 2

    def _above(self, sheet: Sheet, rows, top: int) -> None:
        wide = self.rng.choice((3, 4, 5))
        for number, (_, label, text) in enumerate(rows):
            sheet.put(top + 2 * (number // wide), number % wide, label)
            sheet.put(top + 2 * (number // wide) + 1, number % wide, text)

    def _grouped(self, sheet: Sheet, rows, top: int) -> None:
        """A merged cell at the left names what the rows are about."""
        people = next(number for number, item in enumerate(rows) if item[0] == "admin_name")
        rest = people + 4
        line = top
        for title, part in (("账号\n信息", rows[:people]), ("管理员\n信息", rows[people:rest]), ("单位\n信息" if rows[-1][0] == "address" else "个人\n信息", rows[rest:])):
            before = line
            for _, label, text in part:
                sheet.put(line, 1, label)
                sheet.put(line, 2, text)
                line += 1
            sheet.put(before, 0, title, 1, line - before)

    def _in_cells(self, sheet: Sheet, rows, top: int) -> None:
        line, pair = top, 0
        for name, label, text in rows:
            wide = name in _WIDE
            line += bool(wide and pair)
            pair = 0 if wide else pair
            sheet.put(line, pair, label.rstrip(":\uff1a") + "\uff1a" + text, 2 if wide else 1)
            line, pair = (line + 1, 0) if wide or pair else (line, 1)

    def _label(self, number: int, name: str, label: str) -> str:
        if self.labels == "others":
            return self.rng.choice((label, *_OTHER_LABELS.get(name, ())))
        if self.labels == "spaced" and len(bare := re.sub(r"\s", "", label)) in (2, 3):
            return self.rng.choice(("  ", "\u3000", " ")).join(bare)
        if self.labels == "colons":
            return label + "\uff1a"
        return f"{number}.{label}" if self.labels == "numbered" else label

    def text(self, name: str, value) -> str:
        """A value as this person writes it."""
        if value is None:
            return ""
        if name in ("scope", "formats"):
            return self._options(_SCOPE if name == "scope" else _FORMATS, value)
        if name == "news_license":
            return self._license(value)
        made = {"registered_on": self._date, "followers": self._amount}.get(name)
        text = made(value) if made else str(value)
        if name.endswith("_phone"):
            text = self._phone(text)
        elif name == "handle":
            text = ("{}", "{}", "微信号:{}", "微信号\uff1a{}", "ID:{}")[self.handle].format(text)
        elif name in ("admin_name", "owner_name", "legal_representative") and len(text) == 2:
            text = ("", "", " ", "  ", "\u3000")[self.person].join(text)
        elif name == "owner_id_number":
            text = (text, text, f"{text[:6]} {text[6:14]} {text[14:]}", text.lower(), " ".join(text))[self.card]
        elif name == "introduction":
            text = text.replace(",", "\uff0c")
        return text + (_NOTES.get(name, "") if self.notes and made is not self._date else "")

    def _license(self, value: bool) -> str:
        if self.yes_no == "word" or self.ticks.startswith(("only words", "numbered")):
            return self.rng.choice(_YES if value else _NO)
        if self.yes_no == "behind" or self.ticks == "only the chosen keep a box":
            return ("是(√)  否( )", "是( )  否(√)")[not value]
        return self._options(("是", "否"), ("是" if value else "否",))

    def _options(self, options: tuple[str, ...], chosen) -> str:
        chosen = [option for option in options if option in chosen]
        gap = self.rng.choice((" ", "  ", "\u3000", ""))
        if self.ticks in _MARKS:
            tick, box = _MARKS[self.ticks]
            return self._wrapped([f"{tick if option in chosen else box}{option}" for option in options], gap or " ")
        if self.ticks == "only the chosen keep a box":
            return " ".join(f"☑{option}" for option in chosen)
        if self.ticks.startswith("only words"):
            between = {"comma": "、", "space": "  ", "slash": "/", "line": "\n"}[self.ticks.rpartition(" ")[2]]
            return between.join(chosen)
        if self.ticks == "numbered words":
            return " ".join(f"{number}.{option}" for number, option in enumerate(chosen, 1))
        tick, box = {"behind": ("√", ""), "behind in brackets": ("(√)", "( )")}.get(self.ticks, ("☑", "□"))
        return self._wrapped([f"{option}{tick if option in chosen else box}" for option in options], gap or "  ")

    @staticmethod
    def _wrapped(marked: list[str], gap: str) -> str:
        return gap.join(marked) if len(marked) < 6 else gap.join(marked[:5]) + "\n" + gap.join(marked[5:])

    def _date(self, value: str) -> str:
        year, month, day = value.split("-")
        m, d = int(month), int(day)
        chinese = "".join(_DIGITS[int(digit)] for digit in year)
        return (f"{year}年{m}月{d}日", f"{year}-{month}-{day}", f"{year}/{m}/{d}", f"{year}.{month}.{day}", f"{year}{month}{day}",
                f"{chinese}年{_chinese(m)}月{_chinese(d)}日", f"{chinese.replace('〇', '零')}年{_chinese(m)}月{_chinese(d)}日", f"{year} 年 {m} 月 {d} 日",
                f"{year}年{month}月{day}号", f"{year}、{m}、{d}", f"{year}-{month}-{day} 10:20:30")[self.date]  # fmt: skip

    def _amount(self, value: int) -> str:
        return (f"{value}", f"{value}人", f"约{value}人", f"{value:,}", f"{value}余人", f"{value / 10000:g}万" if value % 100 == 0 else f"{value}",
                f"{value} 人", f"粉丝{value}")[self.amount]  # fmt: skip

    def _phone(self, value: str) -> str:
        return (value, value, f"{value[:3]} {value[3:7]} {value[7:]}", f"{value[:3]}-{value[3:7]}-{value[7:]}", f"+86 {value}")[self.phone]


def _chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + (digits[ones] if ones else "")
