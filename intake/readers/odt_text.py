"""The running text of an OpenDocument text: spans, spaces, symbols, check boxes (part 3, chapters 6, 7 and 13)."""

import re

from lxml import etree

from intake.readers.word_text import local
from rules.document import EMPTY, TICKED, UNSURE
from rules.ticks import normalise, symbol

__all__ = ["OdtText", "Styles", "attribute", "local", "number"]

_SYMBOL_FONTS = ("wingdings", "webdings", "symbol", "marlett", "zapfdingbats", "zapf dingbats")
#: elements whose content is no text of the document
_DROPPED = frozenset((
    "note", "annotation", "annotation-end", "tracked-changes", "bookmark", "bookmark-start", "bookmark-end",
    "reference-mark", "change", "change-start", "change-end", "ruby-text", "title", "desc", "forms", "hidden-text",
    "hidden-paragraph", "script", "event-listeners", "enhanced-geometry", "image", "object", "object-ole",
    "meta-field-code",
))  # fmt: skip
#: drawings whose paragraphs are text boxes
_SHAPES = frozenset(("text-box", "custom-shape", "rect", "ellipse", "polygon", "caption"))
_DEEPEST = 60
_BREAKS = re.compile(r"[ \t\r]*[\n\t][ \t\r\n]*")


def attribute(element: etree._Element, name: str) -> str | None:
    """An attribute of whatever namespace."""
    for key, found in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return found
    return None


def number(element: etree._Element, name: str) -> int:
    """A count, at least 1."""
    found = attribute(element, name) or ""
    return max(int(found), 1) if found.isascii() and found.isdigit() and len(found) < 8 else 1


class Styles:
    """What styles say about their text, and the states of form controls."""

    def __init__(self, *roots: etree._Element):
        self._parents: dict[str, str] = {}
        self._gone: dict[str, bool] = {}
        self._fonts: dict[str, str] = {}
        self._faces: dict[str, str] = {}
        self.controls: dict[str, str] = {}
        for root in roots:
            for face in root.iter("{*}font-face"):
                self._faces[attribute(face, "name") or ""] = _font(attribute(face, "font-family"))
            for style in root.iter("{*}style"):
                self._learn(style)

    def _learn(self, style: etree._Element) -> None:
        name = attribute(style, "name") or ""
        parent = attribute(style, "parent-style-name")
        if parent:
            self._parents[name] = parent
        for properties in style:
            if local(properties) != "text-properties":
                continue
            struck = (
                attribute(properties, "text-line-through-style")
                or attribute(properties, "text-line-through-type")
                or "none"
            )
            hidden = attribute(properties, "display") == "none"
            if struck != "none" or hidden:
                self._gone[name] = True
            elif attribute(properties, "text-line-through-style") == "none":
                self._gone[name] = False
            face = attribute(properties, "font-name")
            family = _font(attribute(properties, "font-family")) or self._faces.get(face or "", _font(face))
            if family:
                self._fonts[name] = family

    def learn_controls(self, text: etree._Element) -> None:
        """Form controls that are check boxes or buttons of choice, by their identifier (13.5.17)."""
        for control in text.iter("{*}checkbox", "{*}radio"):
            states = [attribute(control, key) for key in ("current-state", "current-selected", "state", "selected")]
            state = next((found for found in states if found), "unchecked")
            box = TICKED if state in ("checked", "true") else UNSURE if state == "unknown" else EMPTY
            label = attribute(control, "label") or ""
            for key in ("id", "control-id"):
                identifier = attribute(control, key)
                if identifier:
                    self.controls[identifier] = box + label

    def gone(self, name: str | None) -> bool | None:
        """Whether text of a style is struck out or hidden; None where the style does not say."""
        return next((self._gone[style] for style in self._line(name) if style in self._gone), None)

    def font(self, name: str | None) -> str | None:
        """The symbol font of a style, '' for other fonts; None where the style does not say."""
        found = next((self._fonts[style] for style in self._line(name) if style in self._fonts), None)
        return found if found is None or found.startswith(_SYMBOL_FONTS) else ""

    def is_hidden(self, section: etree._Element) -> bool:
        """Whether a section is hidden (5.4)."""
        return local(section) == "section" and attribute(section, "display") == "none"

    def _line(self, name: str | None):
        for _ in range(20):
            if not name:
                return
            yield name
            name = self._parents.get(name)


def _font(family: str | None) -> str:
    return (family or "").strip(" '\"").lower()


class OdtText:
    """Collects the text of paragraphs; text boxes met on the way are kept in `boxes` for whoever places them."""

    def __init__(self, styles: Styles):
        self._styles = styles
        self._parts: list[str] = []
        self._lines = 0
        self.boxes: list[etree._Element] = []

    def line(self, text: str) -> None:
        """Begin a new line with this text."""
        if self._lines:
            self._parts.append("\n")
        self._lines += 1
        self._parts.append(text)

    def paragraph(self, paragraph: etree._Element) -> None:
        """Add a paragraph as a new line."""
        self.line("")
        style = attribute(paragraph, "style-name")
        self._inline(paragraph, bool(self._styles.gone(style)), self._styles.font(style) or "", 0)

    def finished(self) -> str:
        """All text, boxes and ticks as ☑ and □, without blank lines around it."""
        return normalise("".join(self._parts).strip("\n")).strip(" \t\n\u3000")

    def _inline(self, parent: etree._Element, gone: bool, font: str, depth: int) -> None:
        self._text(parent.text, gone, font)
        for child in parent:
            if depth < _DEEPEST:
                self._child(child, gone, font, depth)
            self._text(child.tail, gone, font)

    def _text(self, text: str | None, gone: bool, font: str) -> None:
        if not text or gone:
            return
        if "\n" in text or "\t" in text:  # breaks of the file are no breaks of the text (6.1.2)
            text = _BREAKS.sub(" ", text)
        self._parts.append("".join(symbol(font, ord(char)) or char for char in text) if font else text)

    def _write(self, text: str, gone: bool) -> None:
        if not gone:
            self._parts.append(text)

    def _child(self, child: etree._Element, gone: bool, font: str, depth: int) -> None:
        name = local(child)
        if name == "span":
            style = attribute(child, "style-name")
            own_gone, own_font = self._styles.gone(style), self._styles.font(style)
            self._inline(
                child, gone if own_gone is None else own_gone, font if own_font is None else own_font, depth + 1
            )
        elif name == "s":
            self._text(" " * min(number(child, "c"), 1000), gone, "")
        elif name == "tab":
            self._write("\t", gone)
        elif name == "line-break":
            self._write("\n", gone)
        elif name.startswith("fieldmark"):
            self._mark(child, name, gone)
        elif name == "content-control":
            self._control(child, gone, font, depth)
        elif name == "control":
            self._text(self._styles.controls.get(attribute(child, "control") or "", ""), gone, "")
        elif name in _SHAPES:
            self.boxes.append(child)
        elif name not in _DROPPED:
            self._inline(child, gone, font, depth + 1)

    def _mark(self, mark: etree._Element, name: str, gone: bool) -> None:
        """A field mark, as LibreOffice writes Word's form fields; check boxes and lists have no text of their own."""
        if name in ("fieldmark-end", "fieldmark-separator"):
            return
        kind = (attribute(mark, "type") or "").rpartition(".")[2]
        values = {attribute(item, "name"): attribute(item, "value") or "" for item in mark if local(item) == "param"}
        if kind == "FORMCHECKBOX":
            on = next((value for key, value in values.items() if key and key.endswith("Checked")), "false")
            self._text(TICKED if on in ("true", "1", "on") else EMPTY, gone, "")
        elif kind == "FORMDROPDOWN":
            self._text(_entry(mark, values), gone, "")

    def _control(self, control: etree._Element, gone: bool, font: str, depth: int) -> None:
        """A content control: a check box as its state, a placeholder as nothing."""
        if attribute(control, "checkbox") == "true":
            self._text(TICKED if attribute(control, "checked") == "true" else EMPTY, gone, "")
        elif attribute(control, "showing-place-holder") != "true":
            self._inline(control, gone, font, depth + 1)


def _entry(mark: etree._Element, values: dict) -> str:
    """The chosen entry of a drop-down list."""
    entries = [attribute(item, "value") or "" for item in mark
               if local(item) == "param" and (attribute(item, "name") or "").endswith("ListEntry")]  # fmt: skip
    chosen = next((value for key, value in values.items() if key and key.endswith("Result")), "")
    return entries[int(chosen)] if chosen.isascii() and chosen.isdigit() and int(chosen) < len(entries) else ""
