"""Builders of filled registration forms, in the hands of many different offices, from one plain dict of truth.

A truth is a dict from column (DATA.md, `accounts`) to value: text, a count, True/False, `YYYY-MM-DD`, a tuple of
options. Text where a number, date or tuple is usual is written as it is. A column that is left out is a label left
empty. All people are invented; their ID numbers carry the right check character.
"""

from build_docx import HANDS, individual_labels, paragraphs_form, unit_labels
from build_docx import form as docx_form
from build_docx import table as docx_table
from build_ooxml import package

from rules.numbers import id_check
from rules.reading import Form

__all__ = [
    "HANDS", "accounts_docx", "differences", "form_pdf", "individual_docx", "individual_fields", "invented_id",
    "several_docx", "typed_form", "unit_docx", "unit_fields",
]  # fmt: skip


def invented_id(serial: int = 1, born: str = "19850312", region: str = "430424") -> str:
    """An ID number of nobody, with the right check character."""
    first17 = f"{region}{born}{serial % 1000:03d}"
    return first17 + id_check(first17)


def _account(**changes) -> dict:
    return {
        "name": "衡东发布", "handle": "hdfb2019", "service_type": "微信公众号", "scope": ("新闻发布", "政策法规"),
        "formats": ("文字", "图片"), "introduction": "发布本地政务信息,服务群众", "registered_on": "2018-03-05",
        "news_license": False, "followers": 12000, "admin_name": "罗小芳", "admin_phone": "13807340001",
        "admin_email": "luoxf@example.cn", "admin_wechat": "luoxf_hd", **changes,
    }  # fmt: skip


def unit_fields(**changes) -> dict:
    """The truth of a complete unit's form, with changes; None leaves a field empty."""
    return _account(**{"unit_name": "衡东县洣水镇人民政府", "unit_type": "机关", "legal_representative": "谭志强",
                       "address": "衡东县洣水镇迎宾路1号", **changes})  # fmt: skip


def individual_fields(**changes) -> dict:
    """The truth of a complete individual's form, with changes; None leaves a field empty."""
    own = {"name": "洣水河畔", "handle": "mishuihepan", "admin_name": "向文", "admin_phone": "13907340002",
           "admin_email": "xiangwen@example.cn", "admin_wechat": "xw_1990", "owner_name": "向文军",
           "owner_id_number": invented_id(27, "19900817"), "owner_phone": "13607340003", "owner_wechat": "xwj_hd",
           "employer": "衡东县第一中学"}  # fmt: skip
    return _account(**{**own, **changes})


def unit_docx(fields: dict, hand: str = "official", pictures=()) -> bytes:
    """A unit's form as a .docx file in one of HANDS; `pictures` (PNG or JPEG bytes) are pasted in below it."""
    return package(docx_form("unit_form", fields, hand), pictures, strict=hand == "strict")


def individual_docx(fields: dict, hand: str = "official", pictures=()) -> bytes:
    """An individual's form as a .docx file in one of HANDS; `pictures` (PNG or JPEG bytes) are pasted in below it."""
    return package(docx_form("individual_form", fields, hand), pictures, strict=hand == "strict")


def several_docx(forms: list[tuple[str, dict]], hand: str = "official") -> bytes:
    """Several forms one after the other in one file: (`unit_form` or `individual_form`, truth) each."""
    return package("".join(docx_form(kind, fields, hand) for kind, fields in forms))


def accounts_docx(accounts: list[dict], kind: str = "unit_form", by: str = "rows") -> bytes:
    """One table with several accounts: each a row under a head row (`rows`), or each a column (`columns`)."""
    return package(docx_table(accounts, kind, by))


def typed_form(fields: dict, kind: str = "unit_form", style: str = "colons") -> str:
    """The form typed into a mail: `colons`, `numbered`, `lines` (value under its label), `tabs`, `crowded` (two on a
    line)."""
    labels = unit_labels() if kind == "unit_form" else individual_labels()
    pairs = [(label.replace("\n", ""), paragraphs_form(name, fields.get(name))) for name, label in labels]
    if style == "numbered":
        return "\n".join(f"{number}、{label}:{text}" for number, (label, text) in enumerate(pairs, 1))
    if style == "lines":
        return "\n".join(f"{label}\n{text}" for label, text in pairs)
    if style == "tabs":
        return "\n".join(f"{label}\t{text}" for label, text in pairs)
    if style == "crowded":
        lines = [f"{label}:{text}" for label, text in pairs]
        return "\n".join("  ".join(lines[start : start + 2]) for start in range(0, len(lines), 2))
    return "\n".join(f"{label}:{text}" for label, text in pairs)


def form_pdf(fields: dict, kind: str = "unit_form", **how) -> bytes:
    """The form as a PDF with text (see `build_pdf.form_pdf` for `how`)."""
    from build_pdf import form_pdf as made

    return made(fields, kind, **how)


def differences(form: Form, fields: dict) -> list[str]:
    """What the form says other than the truth, as `column: read instead of written`; empty when all was read."""
    found = []
    for name, value in fields.items():
        read = form.get(name)
        if (read.value if read else None) != value:
            found.append(f"{name}: {read.value if read else '(no such label)'!r} instead of {value!r}")
    return found
