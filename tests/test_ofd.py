"""OFD documents: forms of many producers, electronic certificates, annotations, pictures, and hostile files."""

import io
import time
from pathlib import Path

import pytest
from build_forms import differences, individual_fields, unit_fields
from build_ofd import HANDS, lines_page, ofd_form, package, path_object, text_object
from build_pictures import invented_credit_code
from build_sheets import laid_out, zipped
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.config import ReadLimits
from intake.readers import Unreadable, ofd
from intake.reading.filetype import kind_of
from rules.document import Paragraph, Table
from rules.form import read_forms
from rules.identity import read_papers
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
LIMITS = ReadLimits()
UNIT, PERSON = unit_fields(), individual_fields()


def read(content: str, **how):
    return ofd.read(package(content, **how), LIMITS)


def problem(data: bytes, limits=LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        ofd.read(data, limits)
    return caught.value.problem


def picture(width: int = 400, height: int = 300) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("layout", ["two_columns", "four_columns", "above", "after", "words"])
@pytest.mark.parametrize("hand", [hand for hand in HANDS if hand != "borderless"])
def test_a_form_gives_the_same_fields_as_in_any_format(hand, layout):
    """Each producer's way with each layout, full and with empty fields."""
    for kind, truth in (
        ("unit_form", UNIT), ("individual_form", individual_fields(employer="衡东县第一中学")),
        ("unit_form", unit_fields(introduction=None, admin_email=None, address=None, news_license=True)),
    ):  # fmt: skip
        if layout == "above" and kind == "individual_form":
            continue  # a ruled row of labels that ends short of the table: told apart by the rules, not by the reader
        data = ofd_form(laid_out(truth, kind, layout), hand)
        (form,) = read_forms(ofd.read(data, LIMITS), SURVEY)
        assert (form.kind, differences(form, truth), kind_of(data, "x")) == (kind, [], "ofd")


@pytest.mark.parametrize("layout", ["two_columns", "after", "words"])
def test_a_form_without_rules_is_read_by_its_lines(layout):
    """Label and value on one line."""
    for kind, truth in (("unit_form", UNIT), ("individual_form", PERSON)):
        (form,) = read_forms(ofd.read(ofd_form(laid_out(truth, kind, layout), "borderless"), LIMITS), SURVEY)
        assert (form.kind, differences(form, truth)) == (kind, [])


def test_an_electronic_certificate_reaches_the_rules():
    """电子证照: labels and values by their places."""
    code = invented_credit_code(3, "91")
    document = ofd.read(lines_page([
        (80, 20, "营 业 执 照"), (30, 35, "统一社会信用代码"), (70, 35, code), (30, 60, "名    称"), (60, 60, "衡东县洣水文化传播有限公司"),
        (30, 70, "类    型"), (60, 70, "有限责任公司"), (30, 80, "法定代表人"), (60, 80, "谭志强"), (30, 90, "住    所"),
        (60, 90, "衡东县洣水镇迎宾路1号"), (120, 200, "登记机关"), (120, 210, "衡东县市场监督管理局"),
    ]), LIMITS)  # fmt: skip
    (paper,) = read_papers(document, SURVEY)
    assert (paper.kind, paper.number, paper.holder) == ("org_certificate", code, "衡东县洣水文化传播有限公司")


def test_characters_stand_where_their_deltas_put_them():
    """`g n v` runs, missing deltas, several codes in one object; aslant text is a watermark."""
    runs = '<ofd:TextObject Boundary="10 10 90 5" Font="10" Size="4"><ofd:TextCode X="0" Y="4" DeltaX="g 2 4 30 4">衡东县洣水</ofd:TextCode></ofd:TextObject>'
    bare = '<ofd:TextObject Boundary="10 30 90 5" Font="10" Size="4"><ofd:TextCode X="0" Y="4">无间距</ofd:TextCode><ofd:TextCode X="12" Y="4">续</ofd:TextCode></ofd:TextObject>'
    aslant = text_object(10, 60, "内部资料", more=' CTM="0.7 0.7 -0.7 0.7 0 0"')
    hidden = text_object(10, 90, "看不见", more=' Visible="false"')
    assert [block.text for block in read(runs + bare + aslant + hidden).blocks] == ["衡东县\t洣水", "无间距续"]


@pytest.mark.parametrize(("drawn", "shown"), [
    (path_object(10, 10, 3, 3, "M 0 0 L 3 0 L 3 3 L 0 3 C"), "□是"),
    (path_object(10, 10, 3, 3, "M 0 0 L 3 0 L 3 3 L 0 3 C") + path_object(10, 10, 3, 3, "M 0.4 1.5 L 1.2 2.6 L 2.8 0.3"), "☑是"),
    (path_object(10, 10, 3, 3, "M 0 1.5 B 0 0 3 0 3 1.5 B 3 3 0 3 0 1.5 C"), "□是"),
    (path_object(10, 10, 3, 3, "M 0 1.5 A 1.5 1.5 0 0 1 3 1.5 A 1.5 1.5 0 0 1 0 1.5 C"), "□是"),
    (text_object(10, 9.5, "□") + text_object(10.4, 9.5, "√"), "☑是"),
    (text_object(10, 9.5, "□") + path_object(10.3, 10, 2.5, 2.5, "M 0 1 L 1 2 L 2.5 0"), "☑是"),
    (path_object(10, 10, 3, 3, "M 0 0 L 3 0 L 3 3 L 0 3 C") + text_object(10.4, 9.5, "x", size=3), "☑是"),
])  # fmt: skip
def test_boxes_and_ticks_however_they_are_drawn(drawn, shown):
    """Squares and circles as paths, ticks as paths or characters over them."""
    assert [block.text.replace(" ", "") for block in read(drawn + text_object(14.2, 9.5, "是")).blocks] == [shown]


def test_ticks_of_symbol_fonts():
    """R and £ in Wingdings 2."""
    fonts = '<ofd:Font ID="10" FontName="Wingdings 2"/>'
    assert [block.text for block in read(text_object(10, 10, "R"), fonts=fonts).blocks] == ["☑"]


def test_pictures_are_files_of_their_own_and_stamps_are_not():
    """From the resources; a compressed bilevel scan that nothing opens is noted, a small stamp is not."""
    document = read(text_object(10, 10, "身份证"), pictures=(picture(), picture(60, 60)))
    assert [(item.filename, item.media_type) for item in document.embedded] == [("image_0.png", "image/png")]
    scan = read(text_object(10, 10, "身份证"), pictures=(picture(),), parts={
        "Doc_0/DocumentRes.xml": '<Res BaseLoc="Res"><MultiMedia ID="50" Format="GBIG2"><MediaFile>a.jb2</MediaFile></MultiMedia></Res>',
        "Doc_0/Res/a.jb2": b"x" * 5000})  # fmt: skip
    assert scan.notes == ("embedded-object",)


def test_pages_are_numbered_and_missing_ones_noted():
    """A page whose part is missing."""
    document = package(text_object(10, 10, "甲"), parts={"Doc_0/Document.xml": (
        '<Document><CommonData/><Pages><Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/><Page ID="2" BaseLoc="Pages/Page_9/Content.xml"/>'
        '<Page ID="3" BaseLoc="/Doc_0/Pages/Page_0/Content.xml"/></Pages></Document>')})  # fmt: skip
    found = ofd.read(document, LIMITS)
    assert (found.pages, [block.page for block in found.blocks], found.notes) == (3, [1, 3], ("broken-page",))


def test_a_table_is_a_table_and_the_rest_lines():
    """A title above the ruled lines."""
    document = ofd.read(ofd_form(laid_out(UNIT, "unit_form", "four_columns"), "cells"), LIMITS)
    (table,) = document.blocks
    assert isinstance(table, Table) and table.cells[0].column_span == 4
    assert isinstance(read(text_object(10, 10, "标题")).blocks[0], Paragraph)


def test_damaged_locked_and_foreign_files_are_told_apart():
    """Each with the problem that the person must hear of."""
    good = package(text_object(10, 10, "甲"))
    assert problem(b"") == "empty" and problem(good[:-150]) == "corrupt" and problem(zipped({"a": "x"})) == "corrupt"
    assert problem(good, ReadLimits(max_file_bytes=99)) == "too_large"
    assert problem(package("", parts={"Encryptions.xml": "<x/>"})) == "encrypted"
    assert problem(package("", parts={"Doc_0/Document.xml": "<Document/>"})) == "corrupt"
    assert problem(package(path_object(0, 0, 50, 50, "M 0 0 L 50 0"))) == "unreadable"


def test_hostile_files_cost_seconds_at_most():
    """Entities, bombs, deltas without end, units in themselves, a million lines, text without end."""
    started = time.monotonic()
    laughs = '<!DOCTYPE w [<!ENTITY a "ha">]><OFD><DocBody><DocRoot>&a;</DocRoot></DocBody></OFD>'
    assert problem(package("", parts={"OFD.xml": laughs})) == "corrupt"
    assert problem(package("", parts={"Doc_0/Document.xml": "<a>" + " " * (60 << 20) + "</a>"})) == "too_large"
    wide = ReadLimits(max_ratio=100_000)
    deltas = '<ofd:TextObject Size="3"><ofd:TextCode X="0" Y="0" DeltaX="' + "g 99999999 1 " * 10_000 + '">x</ofd:TextCode></ofd:TextObject>'
    assert ofd.read(package(deltas), wide).text == "x"
    loop = '<ofd:CompositeObject ResourceID="70" Boundary="0 0 1 1"/>' * 3
    assert ofd.read(package(loop + text_object(10, 10, "甲"), unit=loop), wide).pages == 1
    lines = "".join(path_object(0, n * 0.3, 200, 0.1, "M 0 0 L 200 0") + path_object(n * 0.3, 0, 0.1, 290, "M 0 0 L 0 290") for n in range(4000))
    ofd.read(package(lines + text_object(3, 3, "x")), wide)
    assert "cut-short" in ofd.read(package(text_object(3, 3, "文" * 1000) * 300), wide).notes
    assert time.monotonic() - started < 20


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(["0", "-1", "1e308", "99999999999", "x", ""])), max_size=6))
@settings(max_examples=80, deadline=None)
def test_forged_numbers_are_survived(changes):
    """Any number of the page replaced by any other: a Document or Unreadable."""
    import re

    content = text_object(10, 10, "甲乙") + path_object(10, 20, 30, 30, "M 0 0 L 30 0 L 30 30 B 1 2 3 4 5 6 C")
    for place, number in changes:
        spots = [match.span() for match in re.finditer(r"\d+(?:\.\d+)?", content)]
        start, end = spots[place % len(spots)]
        content = content[:start] + number + content[end:]
    try:
        ofd.read(package(content), LIMITS)
    except Unreadable:
        pass
