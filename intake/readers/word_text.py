"""The running text of WordprocessingML (ECMA-376 part 1, 17): runs, symbols, boxes, fields, tracked changes."""

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from intake.readers.field_codes import Fields, drawn_by
from rules.document import EMPTY, TICKED, UNSURE
from rules.ticks import normalise, symbol

#: elements that only wrap others of the same kind
CONTAINERS = frozenset((
    "sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "hyperlink", "fldSimple", "dir", "bdo",
    "AlternateContent", "Choice", "Fallback", "txbxContent", "ruby", "rubyBase",
))  # fmt: skip
DROPPED = frozenset(("del", "moveFrom"))
_FALSE = frozenset(("0", "false", "off", "none"))
_SYMBOL_FONTS = ("wingdings", "webdings", "symbol", "marlett", "zapfdingbats", "zapf dingbats")
_MOST_NAMES = 5_000


class _LocalNames(dict):
    """Tag → its local name, worked out when first met: a form has five hundred elements and thirty tags."""

    def __missing__(self, tag) -> str:
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""  # a comment's tag is a function
        if len(self) < _MOST_NAMES:
            self[tag] = name
        return name


_LOCAL = _LocalNames()


def local(element: etree._Element) -> str:
    """Name of an element without its namespace (transitional, strict and WPS files read alike); '' for others."""
    return _LOCAL[element.tag]


def value(element: etree._Element) -> str | None:
    """The `val` attribute of whatever namespace."""
    for key, found in element.attrib.items():
        if key.rpartition("}")[2] == "val":
            return found
    return None


def is_on(element: etree._Element) -> bool:
    """Whether an on/off property is on: it is, unless its value says otherwise (17.17.4)."""
    return (value(element) or "1").lower() not in _FALSE


class WordText:
    """Collects the text of paragraphs; text boxes met on the way are kept in `boxes` for whoever places them."""

    def __init__(self):
        self._parts: list[str] = []
        self.boxes: list[etree._Element] = []
        self._lines = 0
        self._fields = Fields()

    def line(self, text: str) -> None:
        """Begin a new line with this text."""
        if self._lines:
            self._parts.append("\n")
        self._lines += 1
        self._parts.append(text)

    def paragraph(self, paragraph: etree._Element) -> None:
        """Add a paragraph as a new line."""
        self.line("")
        self._inline(paragraph)

    def finished(self) -> str:
        """All text, boxes and ticks as ☑ and □, without blank lines around it."""
        return normalise("".join(self._parts).strip("\n")).strip(" \t\n\u3000")

    def _inline(self, parent: etree._Element) -> None:
        for child in parent:
            name = local(child)
            if name == "r":
                self._run(child)
            elif name in ("sdt",):
                self._control(child)
            elif name == "AlternateContent":
                self._inline_choice(child)
            elif name == "fldSimple":
                self._simple_field(child)
            elif name in CONTAINERS:
                self._inline(child)
            elif name in ("oMath", "oMathPara"):
                self._parts.append("".join(child.itertext()))

    def _inline_choice(self, alternate: etree._Element) -> None:
        """The first alternative that yields something: each holds the same text box."""
        before = (len(self._parts), len(self.boxes))
        for child in alternate:
            if local(child) in ("Choice", "Fallback"):
                self._run_children(child)
                if (len(self._parts), len(self.boxes)) != before:
                    return

    def _control(self, control: etree._Element) -> None:
        """A content control: a check box as its state, a placeholder («单击此处输入文字») as nothing."""
        box, content, placeholder = None, None, False
        for child in control:
            name = local(child)
            if name == "sdtContent":
                content = child
            elif name == "sdtPr":
                for item in child:
                    kind = local(item)
                    if kind == "checkbox":
                        states = (state for state in item if local(state) == "checked")
                        box = next((TICKED if is_on(state) else EMPTY for state in states), EMPTY)
                    elif kind == "showingPlcHdr":
                        placeholder = is_on(item)
        if box:
            self._parts.append(box)
        elif content is not None and not placeholder:
            self._inline(content)

    def _run(self, run: etree._Element) -> None:
        font = None
        for child in run:
            if local(child) == "rPr":
                font = _Font(child)
                if font.gone:
                    return
                break
        self._run_children(run, font)

    def _run_children(self, run: etree._Element, font: "_Font | None" = None) -> None:
        for child in run:
            name = local(child)
            if name == "fldChar":
                self._field(child)
            elif name == "instrText":
                self._fields.instruct(child.text or "")
            elif name == "t" and child.text:
                self._shown(font.translated(child.text) if font and font.symbols else child.text)
            elif name == "sym":
                self._shown(_symbol(child))
            elif name in _PLAIN:
                self._shown(_PLAIN[name])
            elif name in ("drawing", "pict", "object"):
                self._drawing(child)
            elif name == "AlternateContent":
                self._inline_choice(child)
            elif name == "r":
                self._run(child)
            elif name == "ruby":
                for base in child:
                    if local(base) == "rubyBase":
                        self._inline(base)

    def _field(self, char: etree._Element) -> None:
        """A complex field (17.16.18): its code is dropped, its result kept; form fields may be boxes or lists."""
        kind = next((found for key, found in char.attrib.items() if key.rpartition("}")[2] == "fldCharType"), "")
        if kind == "begin":
            state = "".join(text for data in char if local(data) == "ffData" for text in _form_field(data))
            self._shown(state)
            self._fields.begin()
            self._fields.show(state)
        elif kind == "separate":
            self._fields.separate()
        elif kind == "end":
            self._shown(self._fields.end())

    def _simple_field(self, field: etree._Element) -> None:
        """A field in one element (17.16.19): its result, else what its instructions draw."""
        before = len(self._parts)
        self._inline(field)
        if len(self._parts) == before:
            self._shown(drawn_by(next((found for key, found in field.attrib.items() if key.rpartition("}")[2] == "instr"), "")))

    def _shown(self, text: str) -> None:
        """Text that is seen, unless a field's instructions are being read."""
        if not text:
            return
        if self._fields.hidden:
            self._fields.instruct(text)
        else:
            self._fields.show(text)
            self._parts.append(text)

    def _drawing(self, drawing: etree._Element) -> None:
        for box in _text_boxes(drawing):
            self.boxes.append(box)
        if local(drawing) == "object":
            for control in drawing.iter("{*}control"):
                name = next((found for key, found in control.attrib.items() if key.rpartition("}")[2] == "name"), "")
                if name.lower().startswith(("checkbox", "optionbutton")):
                    self._parts.append(UNSURE)  # ActiveX: its state lies in a binary part


_PLAIN = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


class _Font:
    """What a run's properties say about its text."""

    def __init__(self, properties: etree._Element):
        self.gone, self.symbols = False, ""
        for item in properties:
            name = local(item)
            if name in ("strike", "dstrike", "vanish"):
                self.gone = self.gone or is_on(item)
            elif name in DROPPED:
                self.gone = True
            elif name == "rFonts":
                self.symbols = _symbol_font(tuple(item.items()))

    def translated(self, text: str) -> str:
        """Characters of a symbol font as boxes: `R` in Wingdings 2 is a ticked one."""
        return "".join(symbol(self.symbols, ord(char)) or char for char in text)


@lru_cache(maxsize=500)
def _symbol_font(attributes: tuple[tuple[str, str], ...]) -> str:
    """The symbol font that a run's fonts name, or ''."""
    fonts = {key.rpartition("}")[2]: found.lower() for key, found in attributes}
    font = fonts.get("ascii") or fonts.get("hAnsi") or ""
    return font if font.startswith(_SYMBOL_FONTS) else ""


def _symbol(element: etree._Element) -> str:
    found = {key.rpartition("}")[2]: item for key, item in element.attrib.items()}
    try:
        code = int(found.get("char", ""), 16)
    except ValueError:
        return ""
    box = symbol(found.get("font", ""), code)
    if box:
        return box
    return chr(code) if 0x20 <= code < 0xD800 or 0xE000 <= code < 0x10000 else ""


def _form_field(data: etree._Element) -> Iterator[str]:
    """A legacy check box as its state, a drop-down list as its chosen entry (17.16.7, 17.16.9)."""
    for item in data:
        if local(item) == "checkBox":
            states = {local(state): is_on(state) for state in item}
            yield TICKED if states.get("checked", states.get("default", False)) else EMPTY
        elif local(item) == "ddList":
            entries = [value(entry) or "" for entry in item if local(entry) == "listEntry"]
            chosen = {local(entry): value(entry) or "" for entry in item}
            index = chosen.get("result", chosen.get("default", "0"))
            if entries and index.isdigit() and int(index) < len(entries):
                yield entries[int(index)]


def _text_boxes(drawing: etree._Element) -> Iterator[etree._Element]:
    """Outermost text box contents inside a drawing, of an alternative only the first."""
    stack = [drawing]
    while stack:
        element = stack.pop(0)
        for child in element:
            name = local(child)
            if name == "txbxContent":
                yield child
            elif name == "AlternateContent":
                choices = [choice for choice in child if local(choice) in ("Choice", "Fallback")]
                stack += choices[:1]
            elif name:
                stack.append(child)
