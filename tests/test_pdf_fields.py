"""Form fields of PDF files (AcroForm): values and states in the cells where their widgets lie."""

import io
from pathlib import Path

import pytest
from build_docx import _FORMATS, _SCOPE, _TITLES, individual_labels, unit_labels
from build_forms import differences, individual_fields, unit_fields
from build_sheets import laid_out
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFString
from reportlab.pdfgen.canvas import Canvas

from intake.config import ReadLimits
from intake.readers import pdf
from intake.readers.pdf_fields import shown_fields
from rules.form import read_forms
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
LIMITS = ReadLimits()
_FONT, _HEIGHT = "STSong-Light", 26


class _Filled:
    """A ruled form of two columns whose values are widgets; nothing of them is drawn on the page."""

    def __init__(self, kind: str, fields: dict, printed_boxes: bool):
        pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, A4, invariant=1)
        self.canvas.setFont(_FONT, 11)
        self.canvas.drawString(150, 800, _TITLES[kind])
        self.y, self.printed = 780, printed_boxes
        labels = unit_labels() if kind == "unit_form" else individual_labels()
        sheet = laid_out(fields, kind, "two_columns")
        for row, (name, label) in enumerate(labels, 1):
            self.row(label.replace("\n", ""), name, fields.get(name), sheet.cells.get((row, 1), ""))
        self.canvas.showPage()
        self.canvas.save()

    def row(self, label: str, name: str, value, text: str) -> None:
        self.y -= _HEIGHT
        self.canvas.rect(40, self.y, 170, _HEIGHT)
        self.canvas.rect(210, self.y, 345, _HEIGHT)
        self.canvas.setFont(_FONT, 11)
        self.canvas.drawString(44, self.y + 9, label)
        options = {"scope": _SCOPE, "formats": _FORMATS, "news_license": ("是", "否")}.get(name)
        if options is None:
            if name == "unit_type":
                self.widget(214, 330, FT=PDFName("Ch"), V=PDFString("1"), Opt=PDFArray([PDFArray([PDFString("1"), PDFString(text)])]))
            else:
                self.widget(214, 330, FT=PDFName("Tx"), V=PDFString(text))
            return
        chosen = value if isinstance(value, tuple) else {True: ("是",), False: ("否",)}.get(value, ())
        step = 340 / len(options)
        for number, option in enumerate(options):
            left = 212 + number * step
            if self.printed:
                self.canvas.setFont(_FONT, 7)
                self.canvas.drawString(left + 0.5, self.y + 9, "□")
            self.widget(left, 8, FT=PDFName("Btn"), AS=PDFName("Yes" if option in chosen else "Off"))
            self.canvas.setFont(_FONT, 6)
            self.canvas.drawString(left + 9, self.y + 9, option)

    def widget(self, left: float, width: float, **entries) -> None:
        low = self.y + (8 if width < 20 else 3)
        rectangle = PDFArray([left, low, left + width, low + (8 if width < 20 else _HEIGHT - 6)])
        self.canvas._addAnnotation(PDFDictionary({"Type": PDFName("Annot"), "Subtype": PDFName("Widget"), "Rect": rectangle, **entries}))


@pytest.mark.parametrize("printed", [False, True])
@pytest.mark.parametrize(("kind", "truth"), [
    ("unit_form", unit_fields()), ("individual_form", individual_fields()),
    ("unit_form", unit_fields(introduction=None, admin_email=None, news_license=True)),
])  # fmt: skip
def test_fields_stand_in_the_cells_where_they_lie(kind, truth, printed):
    """Chinese text, a list's words for its value, check boxes without appearance, also over boxes that are printed."""
    (form,) = read_forms(pdf.read(_Filled(kind, truth, printed).buffer.getvalue(), LIMITS), SURVEY)
    assert (form.kind, differences(form, truth)) == (kind, [])


@pytest.mark.parametrize(("data", "shown"), [
    ({"FT": "Tx", "V": b"\xfe\xff\x4e\x2d"}, "中"), ({"FT": "Tx", "V": b"\xff\xfe\x2d\x4e"}, "中"), ({"FT": "Tx", "V": "中".encode("gbk")}, "中"),
    ({"FT": "Tx", "V": b"\xef\xbb\xbf" + "中".encode()}, "中"), ({"FT": "Tx", "V": b"a\rb"}, "a\nb"), ({"FT": "Tx"}, None),
    ({"FT": "Btn", "AS": "On"}, "☑"), ({"FT": "Btn", "AS": "Off"}, "□"), ({"FT": "Btn"}, "□"), ({"FT": "Btn", "V": "Yes"}, "☑"),
    ({"FT": "Btn", "V": "2", "AP": {"N": {"1": 0, "Off": 0}}}, "□"), ({"FT": "Btn", "V": "1", "AP": {"N": {"1": 0, "Off": 0}}}, "☑"),
    ({"FT": "Btn", "Ff": 1 << 16}, None), ({"Parent": {"Parent": {"FT": "Tx", "V": b"x"}}}, "x"),
    ({"FT": "Ch", "V": [b"1", b"2"], "Opt": [[b"1", "甲".encode("gbk")], [b"2", b"B"]]}, "甲 B"), ({"FT": "Sig", "V": b"x"}, None),
    ({"FT": "Tx", "V": b"x", "F": 2}, None), ({"Subtype": "FreeText", "Contents": b"typed"}, "typed"), ({"Subtype": "Link", "V": b"x"}, None),
])  # fmt: skip
def test_what_a_field_shows(data, shown):
    """Encodings, states, inherited entries, hidden fields, push buttons, text typed onto the page."""
    found = [text for text, _ in shown_fields([{"data": {"Subtype": "Widget", **data}}])]
    assert found == ([] if shown is None else [shown])


def test_a_field_above_itself_is_no_endless_loop():
    """A parent that is its own parent."""
    field = {"Subtype": "Widget"}
    field["Parent"] = field
    assert list(shown_fields([{"data": field}])) == []
