"""Make the three blank forms of this example: `python examples/drones/make_forms.py`.

Deliberately unlike the forms of the collection that the program ships with: a column of side headings, six cells in a
row, options to tick in two places, another order, other words.
"""

import sys
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

#: (side heading, rows); a row is label, value, label, value, …
_DRONE = ("无人机", (
    ("品牌型号", "如：大疆 Mavic 2 Pro", "生产厂家", ""),
    ("产品序列号", "机身或电池仓内的 SN 码", "购机日期", "    年  月  日"),
    ("机型类别", "□微型  □轻型  □小型  □中型"),
    ("最大起飞重量（克）", "", "是否夜间飞行", "□是  □否"),
    ("主要用途", "□航拍摄影  □农林植保  □测绘巡检\n□教学培训  □应急救援  □个人娱乐  □其他"),
    ("平时存放地点", ""),
))
_PILOT = ("操控人员", (("操控员", "", "操控员电话", ""), ("操控员执照编号", "没有的写“无”", "电子信箱", "")))
#: file → (title, blocks, how the paper form is handed in)
FORMS = {
    "company_form.docx": ("青禾县民用无人机实名登记申报表（企事业单位）", (
        _DRONE,
        ("登记单位", (("单位全称", "", "单位负责人", ""), ("住所地", "", "责任险保单号", ""))),
        _PILOT), "填表单位（公章）："),
    "club_form.docx": ("青禾县民用无人机实名登记申报表（社会团体）", (
        _DRONE,
        ("登记团体", (("团体全称", "", "会长（理事长）", ""), ("住所地", "", "会员人数", ""))),
        _PILOT), "登记团体（公章）："),
    "person_form.docx": ("青禾县民用无人机实名登记申报表（个人）", (
        _DRONE,
        ("机主", (("机主姓名", "", "机主身份证号码", ""), ("机主电话", "", "紧急联系人", ""))),
        _PILOT), "机主（签名）："),
}


def blank(name: str):
    """The blank form as a python-docx document."""
    title, blocks, signature = FORMS[name]
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    _font(document.styles["Normal"], 11)
    heading = document.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = heading.add_run(title)
    run.font.bold, run.font.size = True, Pt(17)
    rows = [(side, row) for side, rows in blocks for row in rows]
    table = document.add_table(len(rows), 5)
    table.style = "Table Grid"
    for number, (_, texts) in enumerate(rows):
        cells = table.rows[number].cells
        cells = [cells[1], cells[2].merge(cells[4])] if len(texts) == 2 else list(cells[1:])
        for cell, text in zip(cells, texts, strict=True):
            cell.text = text
    _side_headings(table, blocks)
    document.add_paragraph(f"{signature}                          年    月    日")
    document.core_properties.title = title
    return document


def _side_headings(table, blocks) -> None:
    top = 0
    for side, rows in blocks:
        cell = table.cell(top, 0).merge(table.cell(top + len(rows) - 1, 0))
        cell.text = "\n".join(side)
        top += len(rows)


def _font(style, size: int) -> None:
    style.font.size = Pt(size)
    style.font.name = "宋体"
    style.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), "宋体")


def main(folder: Path) -> None:
    """Write all forms into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FORMS:
        blank(name).save(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "forms")
