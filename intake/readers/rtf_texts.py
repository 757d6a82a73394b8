"""The texts of an RTF file: its body, and headers, footers and text boxes within it."""

from dataclasses import dataclass, field

from intake.readers.field_codes import Fields
from intake.readers.flow import Flow
from intake.readers.rtf_words import HEADERS, Row, State
from rules.document import Paragraph, Table

#: texts within texts
MAX_DEPTH = 20


@dataclass
class _Text:
    """One text while it is written."""

    kind: str = "body"
    flow: Flow = field(default_factory=Flow)
    fields: Fields = field(default_factory=Fields)
    row: Row = field(default_factory=Row)
    #: whether a row has begun and not yet ended
    in_row: bool = False
    #: rows that wait while the shape of an inner table's row is told
    outer_rows: list[Row] = field(default_factory=list)


class Texts:
    """The text that is being written, and those around it."""

    def __init__(self):
        self._open = [_Text()]
        self._headers: list[Paragraph | Table] = []
        self._footers: list[Paragraph | Table] = []

    @property
    def current(self) -> _Text:
        """The innermost text."""
        return self._open[-1]

    def begin(self, word: str) -> bool:
        """Begin a header, footer or text box; False where texts are nested too deeply."""
        kind = "header" if word.startswith("header") else "footer" if word in HEADERS else "box"
        if len(self._open) <= MAX_DEPTH:
            self._open.append(_Text(kind))
            return True
        return False

    def end(self) -> None:
        """The innermost text ends: a box belongs to the paragraph around it, headers and footers are kept once."""
        text = self._open.pop()
        blocks = text.flow.blocks()
        if text.kind == "box":
            self.current.flow.box(blocks)
            return
        kept = self._headers if text.kind == "header" else self._footers
        filled = [block for block in blocks if isinstance(block, Table) or block.text]
        kept += [block for block in filled if block not in kept]

    def write(self, text: str) -> None:
        """Text of the innermost text, or instructions of one of its fields."""
        fields = self.current.fields
        if fields.hidden:
            fields.instruct(text)
        else:
            fields.show(text)
            self.current.flow.text(text)

    def draw(self, text: str) -> None:
        """What a form field shows; it stands among the field's instructions."""
        self.current.fields.show(text)
        self.current.flow.text(text)

    def word(self, word: str, state: State) -> bool:
        """Whether the word ends a cell or row, or begins a row's shape."""
        text = self.current
        row, flow = text.row, text.flow
        if word == "trowd":
            text.row, text.in_row = Row(), True
        elif word == "cell":
            flow.cell(1)
        elif word == "row":
            flow.row(1, tuple(row.cells), deleted=state.deleted or row.is_deleted)
            text.in_row = False
        elif word == "nestcell":
            flow.cell(max(state.level, 2))
        elif word == "nestrow":
            flow.row(max(state.level, 2), tuple(row.cells), deleted=state.deleted or row.is_deleted)
        else:
            return False
        return True

    def begin_inner_row(self) -> None:
        """The shape of an inner table's row follows."""
        self.current.outer_rows.append(self.current.row)
        self.current.row = Row()

    def end_inner_row(self) -> None:
        """Back to the row around the inner table."""
        if self.current.outer_rows:
            self.current.row = self.current.outer_rows.pop()

    def paragraph(self, state: State) -> None:
        """The paragraph ends; some programs leave `\\intbl` out between a row's beginning and its end."""
        self.current.flow.paragraph(max(state.level, int(state.in_table or self.current.in_row)))

    def blocks(self) -> list[Paragraph | Table]:
        """Headers, body, footers."""
        return [*self._headers, *self._open[0].flow.blocks(), *self._footers]
