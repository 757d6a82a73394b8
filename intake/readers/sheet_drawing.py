"""What floats over the cells of a sheet: shapes with text, check boxes and option buttons of every make.

The same box is told of in three places: the drawing (ECMA-376 part 1, 20.5), the old VML drawing (part 4, 19.4), and
the part that keeps its state (ctrlProps, 18.18; an ActiveX part, [MS-OFORMS] 2.2.5). VML names and places every form
control; the state that the newer part tells goes before.
"""

import re
import struct

from lxml import etree

from intake.readers import Unreadable
from intake.readers.package import Package, Relationship, parse_xml
from intake.readers.sheet_grid import Floating, Grid
from intake.readers.word_text import local
from rules.document import EMPTY, TICKED, UNSURE
from rules.ticks import normalise

#: shapes of one sheet that are looked at
MAX_SHAPES = 2_000
_EMU_POINT, _EMU_CHARACTER = 12_700, 66_675
_ON = {"checked": TICKED, "1": TICKED, "mixed": UNSURE, "2": UNSURE}
_BOXES = ("checkbox", "radio", "option")
#: class identifiers of the ActiveX check box, option button and toggle button
_ACTIVE = ("8bd21d40-ec42-11ce-9e0d-00aa006002f3", "8bd21d50-ec42-11ce-9e0d-00aa006002f3",
           "8bd21d60-ec42-11ce-9e0d-00aa006002f3")  # fmt: skip
#: sizes of a MorphData control's properties in the order of their bits; None: a bit without data
_MORPH = (4, 4, 4, 4, 1, 1, 1, 1, 8, 2, 4, 2, 2, 2, 2, 2, 1, 1, 1, None, 1, 1, 4, 4)
_VALUE, _CAPTION = 22, 23
_WHOLE = re.compile(r"-?[0-9]{1,11}")
_SHAPE_NUMBER = re.compile(r"_s(\d+)$")
_REFERENCE = re.compile(r"(?:.*!)?\$?([A-Z]{1,3})\$?(\d{1,7})$", re.IGNORECASE)


def take_floating(package: Package, part: str, links: dict[str, Relationship], grid: Grid, controls) -> None:
    """Put everything that floats over the sheet `part` into `grid`; `controls`: its `control` elements."""
    shapes = _Shapes(grid)
    for link in links.values():
        if link.kind == "drawing" and not link.external and (root := package.xml(link.target)) is not None:
            shapes.drawing(root)
    states = _control_states(package, links, controls)
    for link in links.values():
        if link.kind == "vmlDrawing" and not link.external and (root := _vml(package, link.target)) is not None:
            shapes.vml(root, states)
    shapes.left_over(states)


def cell_of(reference: str) -> tuple[int, int] | None:
    """(row, column), zero-based, of a reference such as `$B$3` or `Sheet1!B3`."""
    found = _REFERENCE.match(reference.strip())
    if not found:
        return None
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def linked_id(element: etree._Element) -> str:
    """The relationship that an element names (`r:id`), '' where there is none."""
    return next((item for key, item in element.attrib.items() if key.startswith("{") and key.endswith("}id")), "")


def _vml(package: Package, name: str) -> etree._Element | None:
    """VML is often no XML: `<br>` is not closed."""
    data = package.read(name, 4 * 1024 * 1024)
    if data is None:
        return None
    try:
        return parse_xml(re.sub(rb"<br\s*/?>", b"<br/>", data))
    except Unreadable:
        return None


class _State:
    """What a control's own part says."""

    def __init__(self, box: str, words: str, place: tuple[float, float] | None, linked: str | None):
        self.box, self.words, self.place, self.linked = box, words, place, linked


def _control_states(package: Package, links: dict[str, Relationship], controls) -> dict[str, _State]:
    """Controls by the number of their shape."""
    found: dict[str, _State] = {}
    for control in controls[:MAX_SHAPES]:
        shape = control.get("shapeId") or ""
        link = links.get(linked_id(control))
        if link is None or link.external or shape in found:
            continue
        anchor = next(control.iter("{*}from"), None)
        state = _form_control(package, link) if link.kind == "ctrlProp" else _active_x(package, link)
        if state is not None:
            state.place = None if anchor is None else _corner(anchor)
            if state.linked is None:
                state.linked = next((item.get("linkedCell") for item in control.iter("{*}controlPr")), None)
            found[shape] = state
    return found


def _form_control(package: Package, link: Relationship) -> _State | None:
    root = package.xml(link.target)
    if root is None:
        return None
    kind = (root.get("objectType") or "").lower()
    box = _ON.get((root.get("checked") or "").lower(), EMPTY) if kind in _BOXES else ""
    return _State(box, "", None, root.get("fmlaLink") if box else None)


def _active_x(package: Package, link: Relationship) -> _State | None:
    root = package.xml(link.target)
    attributes = {} if root is None else {key.rpartition("}")[2]: item for key, item in root.attrib.items()}
    if attributes.get("classid", "").strip("{}").lower() not in _ACTIVE:
        return None
    properties = {item[0]: item[1] for child in root for item in [_pair(child)]}
    if "Value" in properties or "Caption" in properties:
        return _State(_ON.get(properties.get("Value", "0"), EMPTY), properties.get("Caption", ""), None, None)
    binaries = (item.target for item in package.relationships(link.target).values() if not item.external)
    data = next((package.read(target, 1 << 20) for target in binaries), None)
    value, caption = morph_data(data[16:]) if data and len(data) > 16 else (None, "")
    return _State(UNSURE if value is None else _ON.get(value, EMPTY), caption, None, None)


def _pair(element: etree._Element) -> tuple[str, str]:
    found = {key.rpartition("}")[2]: item for key, item in element.attrib.items()}
    return found.get("name", ""), found.get("value", "")


def morph_data(data: bytes) -> tuple[str | None, str]:
    """(value, caption) of a MorphData control ([MS-OFORMS] 2.2.5); (None, '') where it cannot be read."""
    if len(data) < 12 or data[:2] != b"\x00\x02":
        return None, ""
    (mask,) = struct.unpack_from("<Q", data, 4)
    at, sizes = 12, {}
    for bit, size in enumerate(_MORPH):
        if size is None or not mask >> bit & 1 or bit == 8:  # the control's size lies behind, in the extra data
            continue
        at += -at % size
        if bit in (_VALUE, _CAPTION) and at + 4 <= len(data):
            (sizes[bit],) = struct.unpack_from("<I", data, at)
        at += size
    for bit, size in ((24, 4), (25, 4), (26, 4), (27, 2), (28, 2), (29, 2), (32, 4)):
        if mask >> bit & 1:
            at += -at % size + size
    at += -at % 4 + (8 if mask >> 8 & 1 else 0)
    texts = {}
    for bit, size in sizes.items():
        length = size & 0x7FFFFFFF
        codec = "latin-1" if size >> 31 else "utf-16-le"
        texts[bit] = data[at : at + length].decode(codec, "replace")
        at += length + -length % 4
    return texts.get(_VALUE, "0"), texts.get(_CAPTION, "")


class _Shapes:
    """Collects floating texts; each shape once, though three parts tell of it."""

    def __init__(self, grid: Grid):
        self._grid, self._count = grid, 0
        self._seen: set[str] = set()

    def drawing(self, root: etree._Element) -> None:
        """Shapes with text of a drawing part; form controls among them are left to the VML drawing."""
        for child in root:
            inner = [item for choice in child for item in choice] if local(child) == "AlternateContent" else [child]
            anchor = inner[0] if inner else child
            start = next((child for child in anchor if local(child) == "from"), None)
            end = next((child for child in anchor if local(child) == "to"), None)
            if start is None or self._is_control(anchor):
                continue
            text = "\n".join(filter(str.strip, (_body(body) for body in anchor.iter("{*}txBody"))))
            if text.strip():
                top, left = self._place(start)
                bottom, right = self._place(end) if end is not None else (top, left)
                self._add((top + bottom) / 2, (left + right) / 2, normalise(text))

    def vml(self, root: etree._Element, states: dict[str, _State]) -> None:
        """Form controls of a VML drawing (and its text boxes, where no newer drawing has them)."""
        for shape in root.iter("{*}shape"):
            data = next((child for child in shape if local(child) == "ClientData"), None)
            if data is None:
                continue
            kind = (data.get("ObjectType") or "").lower()
            names = [item for key, item in shape.attrib.items() if key.endswith("spid") or key == "id"]
            number = next((found[1] for name in reversed(names) if (found := _SHAPE_NUMBER.search(name))), "")
            state = states.get(number)
            facts = {local(child): (child.text or "").strip() for child in data}
            place = _vml_place(facts.get("Anchor", ""))
            if kind not in _BOXES and not (state and state.box):
                continue
            words = " ".join("".join(box.itertext()) for box in shape.iter("{*}textbox")).split()
            box = state.box if state and state.box else _ON.get(facts.get("Checked", ""), EMPTY)
            caption = " ".join(words) or (state.words if state else "")
            self._link((state and state.linked) or facts.get("FmlaLink"))
            self._seen.add(number)
            if place:
                self._add(*place, box + caption)

    def left_over(self, states: dict[str, _State]) -> None:
        """Controls that no VML drawing placed."""
        for number, state in states.items():
            if number not in self._seen and state.box and state.place:
                self._link(state.linked)
                self._add(state.place[0] + 0.4, state.place[1] + 0.1, state.box + state.words)

    def _link(self, reference: str | None) -> None:
        """The cell that keeps a box's state shows TRUE or FALSE to nobody who fills in a form."""
        if reference and (place := cell_of(reference)):
            self._grid.linked.add(place)

    def _add(self, row: float, column: float, text: str) -> None:
        self._count += 1
        if self._count <= MAX_SHAPES:
            self._grid.floating.append(Floating(row, column, text))

    def _place(self, corner: etree._Element) -> tuple[float, float]:
        facts = {local(child): child.text or "0" for child in corner}
        row, column = _whole(facts.get("row")), _whole(facts.get("col"))
        height = self._grid.heights.get(row, 15.0) * _EMU_POINT
        width = self._grid.widths.get(column, 9.0) * _EMU_CHARACTER
        return (row + min(_whole(facts.get("rowOff")) / max(height, 1), 0.99),
                column + min(_whole(facts.get("colOff")) / max(width, 1), 0.99))  # fmt: skip

    @staticmethod
    def _is_control(anchor: etree._Element) -> bool:
        """Whether a shape only stands for a control: a14:compatExt names a VML shape; LibreOffice gives no place."""
        corners = ["".join(child.itertext()).strip() for child in anchor if local(child) in ("from", "to")]
        return next(anchor.iter("{*}compatExt"), None) is not None or corners == ["0000", "0000"]


def _body(body: etree._Element) -> str:
    lines = []
    for paragraph in body:
        if local(paragraph) == "p":
            lines.append("".join(text.text or "" for text in paragraph.iter("{*}t")))
    return "\n".join(lines)


def _corner(start: etree._Element) -> tuple[float, float]:
    facts = {local(child): child.text or "0" for child in start}
    return float(_whole(facts.get("row"))), float(_whole(facts.get("col")))


def _vml_place(anchor: str) -> tuple[float, float] | None:
    """Middle row and left column of `left, offset, top, offset, right, offset, bottom, offset` (cells, pixels)."""
    numbers = [_whole(part) for part in anchor.split(",")]
    if len(numbers) != 8:
        return None
    left, left_by, top, top_by, _, _, bottom, bottom_by = numbers
    # offsets are pixels; a usual row has 20, a column 72
    middle = (top + min(top_by / 20, 0.95) + bottom + min(bottom_by / 20, 0.95)) / 2
    return middle, left + min((left_by + 4) / 72, 0.99)


def _whole(text: str | None) -> int:
    found = _WHOLE.fullmatch((text or "").strip())
    return max(min(int(found[0]), 100_000_000), -1_000) if found else 0
