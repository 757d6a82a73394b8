"""Word documents written as XML, so that they hold what real ones hold and no library would write: see HANDS."""

import re

from build_ooxml import cell, field, package, paragraph, row, run, text_box

__all__ = ["HANDS", "form", "individual_labels", "package", "paragraphs_form", "table", "unit_labels"]

_SCOPE = ("便民服务", "会员服务", "征婚交友", "新闻发布", "广告业务", "政策法规", "社会资讯", "专业技术", "微社区", "其他")
_FORMATS = ("文字", "图片", "语音", "视频")
_RULED = "<w:tblPr><w:tblBorders>" + "".join(
    f"<w:{side} w:val='single' w:sz='4'/>" for side in ("top", "left", "bottom", "right", "insideH", "insideV")
) + "</w:tblBorders></w:tblPr>"
_TITLES = {"unit_form": "衡东县新媒体账号调查摸底登记表(单位)", "individual_form": "衡东县新媒体账号调查摸底登记表(个人)"}
_COMMON = (
    ("name", "账号名称"), ("handle", "账  号"), ("service_type", "服务类型"), ("scope", "业务范围"), ("formats", "形    式"),
    ("introduction", "功能介绍"), ("registered_on", "注册日期"), ("news_license", "是否取得互联网\n新闻信息服务资质"),
    ("followers", "关注量"), ("admin_name", "管理员姓名"), ("admin_phone", "手机号码"), ("admin_email", "Email"),
    ("admin_wechat", "微信号"),
)  # fmt: skip
_HINTS = {
    "name": "账号名称是新媒体的中文名称。如:衡东发布、衡东头条等。(本行填写时删除。)",
    "handle": "填写注册新媒体时所用的账号,如微信号:hdfb、手机号码、邮箱等。(本行填写时删除。)",
    "service_type": "“服务类型”是指新媒体的具体表现形式,如:微信公众号、新浪微博、今日头条号、一点资讯号等。(本行填写时删除。)",
}
#: the office whose way of filling in is imitated: what is special about it
HANDS = {
    "official": "our own blank form: four columns, merged cells, ☑ typed over □",
    "two_columns": "as in the notice: two columns, labels with spaces and line breaks, hints left beside the values",
    "after": "ticks behind the options: 是√ 否, date with Chinese numerals, 1.2万",
    "symbols": "ticks as w:sym of Wingdings and Wingdings 2",
    "controls": "w14:checkbox content controls; values, cells and rows wrapped in w:sdt",
    "legacy": "legacy check boxes (ffData) and FORMTEXT fields",
    "tracked": "every value inserted with tracking over a deleted one, a deleted row",
    "text_boxes": "the form in a text box, in mc:Choice and again in mc:Fallback",
    "wps": "runs of one character, smart tags, Wingdings 2 by font (R and £)",
    "strict": "the namespaces of ISO 29500 strict",
    "untitled": "no title; label and value in one cell, parted by a colon",
    "above": "labels above their values, in rows of four",
    "paragraphs": "no table: lines with colons and tabs",
    "nested": "the form's table inside a cell of a layout table",
    "words": "only the chosen words are left of the options",
    "variants": "other words for the labels, rows of the form's own, doubled labels",
}


def unit_labels() -> list[tuple[str, str]]:
    """(column, label) of the unit's form in its order."""
    return [*_COMMON, ("unit_name", "单    位\n(章)"), ("unit_type", "单位类型"), ("legal_representative", "法人代表"),
            ("address", "地    址")]  # fmt: skip


def individual_labels() -> list[tuple[str, str]]:
    """(column, label) of the individual's form in its order."""
    return [*_COMMON, ("owner_name", "负责人姓名"), ("owner_id_number", "身份证号"), ("owner_phone", "手机号码"),
            ("owner_wechat", "微信号"), ("employer", "工作单位")]  # fmt: skip


def form(kind: str, fields: dict, hand: str) -> str:
    """The form as elements of a body."""
    labels = unit_labels() if kind == "unit_form" else individual_labels()
    return _Hand(hand, kind).body([(name, label, fields.get(name)) for name, label in labels])


def paragraphs_form(name: str, value) -> str:
    """A value as people type it: options with boxes, dates and amounts in words."""
    return _Words("☑", "□").text(name, value)


class _Words:
    """How values are written in words."""

    def __init__(self, tick: str, box: str, style: str = "plain"):
        self.tick, self.box, self.style = tick, box, style

    def text(self, name: str, value) -> str:
        if isinstance(value, str) and name in ("scope", "formats", "news_license", "followers"):
            return value
        if name in ("scope", "formats"):
            return self._options(_SCOPE if name == "scope" else _FORMATS, value or ())
        if name == "news_license":
            return self._options(("是", "否"), () if value is None else ("是" if value else "否",))
        if value is None:
            return ""
        if name == "followers":
            return f"{value / 10000:g}万" if self.style != "plain" and value >= 10000 else str(value)
        if name == "registered_on":
            return self._date(value)
        if name == "handle" and self.style != "plain":
            return f"微信号:{value}"
        return str(value)

    def _options(self, options, chosen) -> str:
        if self.style == "words":
            return "、".join(chosen)
        if self.style == "after":
            return "  ".join(f"{option}{self.tick}" if option in chosen else option for option in options)
        marked = [f"{self.tick if option in chosen else self.box}{option}" for option in options]
        return " ".join(marked) if len(options) < 6 else " ".join(marked[:5]) + "\n" + " ".join(marked[5:])

    def _date(self, value: str) -> str:
        found = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", value)
        if not found:
            return value
        year, month, day = found[1], int(found[2]), found[3] and int(found[3])
        if self.style == "after":
            digits = "〇一二三四五六七八九"
            year = "".join(digits[int(digit)] for digit in year)
            return f"{year}年{_chinese(month)}月" + (f"{_chinese(day)}日" if day else "")
        if self.style == "plain":
            return f"{year}年{month}月" + (f"{day}日" if day else "")
        return f"{year}.{month}" + (f".{day}" if day else "")


def _chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + (digits[ones] if ones else "")


class _Hand:
    """One office's way of filling in the form."""

    def __init__(self, hand: str, kind: str):
        self.hand, self.kind = hand, kind
        style = {"after": "after", "words": "words", "symbols": "dots", "wps": "dots", "strict": "dots"}.get(hand,
        "plain")
        tick, box = {"after": ("√", ""), "symbols": ("\ue001", "\ue000"), "wps": ("\ue003", "\ue002"),
                     "controls": ("\ue005", "\ue004"), "legacy": ("\ue007", "\ue006"), "nested": ("■", "□"),
                     "above": ("●", "○"), "tracked": ("☒", "☐"), "untitled": ("[x]", "[ ]"),
                     "variants": ("(√)", "(  )")}.get(hand, ("☑", "□"))  # fmt: skip
        self.words = _Words(tick, box, style)

    def body(self, rows) -> str:
        title = "" if self.hand in ("untitled", "above") else paragraph(_TITLES[self.kind])
        if self.hand == "paragraphs":
            return title + "".join(paragraph(self._line(index, *row)) for index, row in enumerate(rows))
        if self.hand == "text_boxes":
            inside = self._table(rows)
            return paragraph(" ") + title + text_box(inside)
        if self.hand == "nested":
            return title + f"<w:tbl><w:tr>{cell(self._table(rows))}</w:tr></w:tbl>" + paragraph("")
        return title + self._table(rows) + paragraph("")

    def _line(self, index: int, name: str, label: str, value) -> str:
        text = self.words.text(name, value).replace("\n", " ")
        gap = ":" if index % 3 else "\t"
        return label.replace("\n", "") + gap + text

    def _table(self, rows) -> str:
        made = getattr(self, f"_{self.hand}", self._plain_rows)(rows)
        return f"<w:tbl>{_RULED}{made}</w:tbl>"

    def _plain_rows(self, rows) -> str:
        return "".join(row(cell(paragraph(label)), self._value(name, value)) for name, label, value in rows)

    def _value(self, name: str, value) -> str:
        return cell(paragraph(self.words.text(name, value)))

    def _official(self, rows) -> str:
        """Two fields in a row where our blank form has them so, else a value over three columns."""
        made, pair = [], None
        wide = {"name", "handle", "service_type", "scope", "formats", "introduction", "followers", "employer"}
        for name, label, value in rows:
            cells = [cell(paragraph(label)), cell(paragraph(self.words.text(name, value)), 3 if name in wide else 1)]
            if name in wide:
                made.append(row(*cells))
            elif pair:
                made.append(row(*pair, *cells))
                pair = None
            else:
                pair = cells
        return "".join([*made, row(*pair)] if pair else made)

    def _two_columns(self, rows) -> str:
        made = []
        for name, label, value in rows:
            text = self.words.text(name, value)
            hint = _HINTS.get(name)
            content = "".join(map(paragraph, [text, hint] if hint and text else [hint or text]))
            made.append(row(cell(paragraph(label)), cell(content)))
        return "".join(made)

    def _controls(self, rows) -> str:
        made = []
        for index, (name, label, value) in enumerate(rows):
            text = paragraph(self.words.text(name, value))
            content = cell(text)
            if index % 3 == 0:
                content = f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"
            elif index % 3 == 1:
                content = cell(f"<w:sdt><w:sdtPr/><w:sdtContent>{text}</w:sdtContent></w:sdt>")
            line = row(cell(paragraph(label)), content)
            made.append(f"<w:sdt><w:sdtPr/><w:sdtContent>{line}</w:sdtContent></w:sdt>" if index % 4 == 2 else line)
        return "".join(made)

    def _legacy(self, rows) -> str:
        made = []
        for name, label, value in rows:
            text = self.words.text(name, value)
            content = paragraph(text) if name in ("scope", "formats", "news_license") else f"<w:p>{field(text)}</w:p>"
            made.append(row(cell(paragraph(label)), cell(content)))
        return "".join(made)

    def _tracked(self, rows) -> str:
        gone = cell(paragraph("关注量")) + cell(paragraph("1"))
        made = [f"<w:tr><w:trPr><w:del w:id='9' w:author='x'/></w:trPr>{gone}</w:tr>"]
        for name, label, value in rows:
            text = self.words.text(name, value)
            old = "<w:del w:id='1' w:author='x'><w:r><w:delText>旧的</w:delText></w:r></w:del>"
            new = "".join(f"<w:ins w:id='2' w:author='x'>{run(line)}</w:ins><w:r><w:br/></w:r>"
            for line in text.split("\n"))
            made.append(row(cell(paragraph(label)), cell(f"<w:p>{old}{new}</w:p>")))
        return "".join(made)

    def _wps(self, rows) -> str:
        made = []
        for name, label, value in rows:
            text = self.words.text(name, value)
            runs = "".join(run(char) for char in text) if "\n" not in text else run(text)
            made.append(row(cell(paragraph(label)), cell(f"<w:p><w:smartTag w:element='x'>{runs}</w:smartTag></w:p>")))
        return "".join(made)

    def _untitled(self, rows) -> str:
        made = [row(cell(paragraph("新媒体账号基本情况"), 2))]
        for name, label, value in rows:
            made.append(row(cell(paragraph(f"{label}:{self.words.text(name, value)}"), 2)))
        return "".join(made)

    def _above(self, rows) -> str:
        made = []
        for start in range(0, len(rows), 4):
            part = rows[start : start + 4]
            made.append(row(*(cell(paragraph(label)) for _, label, _ in part)))
            made.append(row(*(self._value(name, value) for name, _, value in part)))
        return "".join(made)

    def _variants(self, rows) -> str:
        other = {"name": "*新媒体名称", "handle": "帐号(ID)", "service_type": "所属平台", "registered_on": "开通时间(年月日)",
                 "followers": "粉丝数(人)", "admin_name": "管理员", "admin_phone": "手机号", "admin_email": "电子邮箱",
                 "unit_name": "单位名称(盖章)", "legal_representative": "法定代表人", "address": "详细地址",
                 "owner_name": "负责人", "owner_id_number": "身份证号码(18位)", "introduction": "功能简介"}  # fmt: skip
        made = [row(cell(paragraph("一、基本情况"), 4)), row(cell(paragraph("是否认证")), cell(paragraph("是"), 3))]
        for index, (name, label, value) in enumerate(rows):
            side = [cell(paragraph(""), 2, merge="restart" if index == 0 else "continue")]
            made.append(row(cell(paragraph(other.get(name, label))), self._value(name, value), *side))
        made.append(row(cell(paragraph("备注")), cell(paragraph("无"), 3)))
        return "".join(made)


def table(accounts: list[dict], kind: str, by: str) -> str:
    """One table with several accounts, as rows under a head row or as columns."""
    labels = unit_labels() if kind == "unit_form" else individual_labels()
    words = _Words("☑", "□")
    columns = [[label, *(words.text(name, account.get(name)) for account in accounts)] for name, label in labels]
    lines = list(zip(*columns, strict=True)) if by == "rows" else columns
    if by == "rows":
        lines = [("序号", *lines[0]), *((str(number), *line) for number, line in enumerate(lines[1:], 1))]
    made = "".join(row(*(cell(paragraph(text)) for text in line)) for line in lines)
    return paragraph(_TITLES[kind]) + f"<w:tbl>{_RULED}{made}</w:tbl>"
