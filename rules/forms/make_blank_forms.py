"""Make the two blank registration forms of the notice as Word documents: `python -m rules.forms.make_blank_forms`.

The result is the same byte for byte at every run (fixed times, fixed order), so that a change in git is a change of the
form. Titles, rows, options, hints and the note are those of attachments 1 and 2 of the notice.
"""

import io
import sys
import zipfile
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

#: label, 账号名称 … of the rows whose value fills the width, with the hint or the options in it
_HINTS = {
    "账号名称": "账号名称是新媒体的中文名称。如：衡东发布、衡东头条等。（本行填写时删除。）",
    "账    号": "填写注册新媒体时所用的账号，如微信号：hdfb、手机号码、邮箱等。（本行填写时删除。）",
    "服务类型": "“服务类型”是指新媒体的具体表现形式，如：微信公众号、新浪微博、今日头条号、一点资讯号等。（本行填写时删除。）",
}
_SCOPE = "□便民服务  □会员服务  □征婚交友  □新闻发布  □广告业务\n□政策法规  □社会资讯  □专业技术  □微社区    □其他"
_FORMATS = "□文字    □图片    □语音    □视频"
_LICENSE = "是否取得互联网\n新闻信息服务资质"
_COMMON = (
    *((label, hint) for label, hint in _HINTS.items()),
    ("业务范围", _SCOPE),
    ("形    式", _FORMATS),
    ("功能介绍", ""),
    ("注册日期", "", _LICENSE, "□是    □否"),
    ("关 注 量", ""),
    ("管理员姓名", "", "手机号码", ""),
    ("Email", "", "微信号", ""),
)
#: form → (title, rows, note); a row is label and value, or twice that
FORMS = {
    "unit_form.docx": (
        "衡东县新媒体账号调查摸底登记表（单位）",
        (*_COMMON, ("单    位\n（章）", "", "单位类型", ""), ("法人代表", "", "地    址", "")),
        "注：单位类型一栏填写机关、企业、群众团体、媒体、其他组织。",
    ),
    "individual_form.docx": (
        "衡东县新媒体账号调查摸底登记表（个人）",
        (*_COMMON, ("负责人姓名", "", "身份证号", ""), ("手机号码", "", "微信号", ""), ("工作单位", "")),
        "",
    ),
}
_ATTACHMENT = {"unit_form.docx": "附件1", "individual_form.docx": "附件2"}
_WIDTHS = (Cm(3.2), Cm(5.2), Cm(3.5), Cm(4.3))
_TALL = {"功能介绍": Cm(3), "业务范围": Cm(1.8), "单    位\n（章）": Cm(2)}
_MADE = datetime(2019, 7, 24)


def blank_form(name: str) -> bytes:
    """The blank form `name` (a key of FORMS) as the bytes of a .docx file."""
    title, rows, note = FORMS[name]
    document = _page()
    _paragraph(document, _ATTACHMENT[name], "黑体", 14, after=4)
    _paragraph(document, title, "方正小标宋简体", 20, bold=True, center=True, before=6, after=10)
    _table(document, rows)
    if note:
        _paragraph(document, note, "仿宋", 12, before=6)
    return _frozen(document, title)


def _page():
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(1.8)
    normal = document.styles["Normal"]
    normal.font.size = Pt(12)
    _font(normal, "仿宋")
    return document


def _font(owner, name: str) -> None:
    """Latin and Chinese font of a run or style; 宋体 comes in where the named one is not installed."""
    owner.font.name = name if name in ("宋体", "仿宋", "黑体") else "宋体"
    owner.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), name)


def _paragraph(document, text, font, size, *, bold=False, center=False, before=0, after=0) -> None:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    _font(run, font)
    run.font.size, run.font.bold = Pt(size), bold
    form = paragraph.paragraph_format
    form.space_before, form.space_after = Pt(before), Pt(after)
    form.alignment = WD_ALIGN_PARAGRAPH.CENTER if center else WD_ALIGN_PARAGRAPH.LEFT


def _table(document, rows) -> None:
    table = document.add_table(len(rows), 4)
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.width = width
    for number, texts in enumerate(rows):
        row = table.rows[number]
        row.height, row.height_rule = _TALL.get(texts[0], Cm(1.4)), WD_ROW_HEIGHT_RULE.AT_LEAST
        cells = list(row.cells)
        for cell, width in zip(cells, _WIDTHS, strict=True):
            cell.width = width
        if len(texts) == 2:
            cells = [cells[0], cells[1].merge(cells[3])]
        for place, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            _fill(cell, text, label=place % 2 == 0)


def _fill(cell, text: str, *, label: bool) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    hint = text in _HINTS.values()
    for number, line in enumerate(text.split("\n")):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if label else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(line)
        _font(run, "宋体" if label else "仿宋")
        run.font.size = Pt(10.5 if hint or (label and len(text) > 12) else 12)
        if hint:
            run.font.color.rgb = RGBColor(0x80, 0x80, 0x80)
    if not label and not text:
        _remember_font(cell.paragraphs[0])


def _remember_font(paragraph) -> None:
    """What is typed into an empty cell gets the form's font (17.3.1.29)."""
    properties = OxmlElement("w:rPr")
    fonts = OxmlElement("w:rFonts")
    for place in ("ascii", "hAnsi", "eastAsia"):
        fonts.set(qn(f"w:{place}"), "仿宋")
    properties.append(fonts)
    paragraph._p.get_or_add_pPr().append(properties)


def _frozen(document, title: str) -> bytes:
    """The file with fixed properties, fixed times and fixed order of parts."""
    properties = document.core_properties
    properties.title, properties.author, properties.comments, properties.last_modified_by = title, "", "", ""
    properties.created = properties.modified = _MADE
    properties.revision = 1
    draft, frozen = io.BytesIO(), io.BytesIO()
    document.save(draft)
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(frozen, "w", zipfile.ZIP_DEFLATED) as target:
        names = sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name))
        for name in names:
            if not name.endswith("thumbnail.jpeg"):
                entry = zipfile.ZipInfo(name, (2019, 7, 24, 0, 0, 0))
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                target.writestr(entry, _without_thumbnail(name, source.read(name)))
    return frozen.getvalue()


def _without_thumbnail(name: str, data: bytes) -> bytes:
    """The template's preview picture shows another document: out with it and with the link to it."""
    if name != "_rels/.rels":
        return data
    start = data.find(b"thumbnail.jpeg")
    begin, end = data.rfind(b"<Relationship ", 0, start), data.find(b"/>", start) + 2
    return data if start < 0 else data[:begin] + data[end:]


def main(folder: Path) -> None:
    """Write both forms into the folder."""
    for name in FORMS:
        (folder / name).write_bytes(blank_form(name))
        print(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
