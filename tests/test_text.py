"""Plain text as a document: lines, and columns where there are some."""

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.readers import text
from rules.document import Paragraph, Table


def test_every_line_is_a_paragraph_so_that_its_number_can_be_told():
    """Empty lines too."""
    document = text.read("一\r\n\r\n二\n")
    assert document.method == "text" and document.blocks == (Paragraph("一"), Paragraph(""), Paragraph("二"),
        Paragraph(""))


def test_columns_of_equal_width_are_a_table():
    """Parted by tabs, bars or wide gaps; two columns stay lines."""
    for gap in ("\t", "   ", " | "):
        (table,) = text.read(gap.join("甲乙丙") + "\n" + gap.join("子丑寅")).blocks
        assert isinstance(table, Table)
        assert [(cell.row, cell.column, cell.text) for cell in table.cells][3] == (1, 0, "子")
    assert all(isinstance(block, Paragraph) for block in text.read("甲\t乙\n子\t丑").blocks)


def test_ticks_are_boxes():
    """Whatever was typed."""
    assert text.read("√是 □否").blocks == (Paragraph("☑是 □否"),)


def test_endless_text_is_cut_and_says_so():
    """A bound on lines."""
    document = text.read("行\n" * 10_000)
    assert len(document.blocks) == text.MAX_LINES and document.notes == ("too-many-lines",)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_letter_is_lost(words):
    """Property: every letter and digit of the text is in the document."""
    def letters(value: str) -> list[str]:
        return sorted(char for char in value if char.isalnum() and char not in "〇◯")

    assert letters(text.read(words).text) == letters(words)
