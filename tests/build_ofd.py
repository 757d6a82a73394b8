"""OFD documents (GB/T 33190) written by hand: forms from a Sheet in many producers' ways (HANDS), certificates, hostile ones."""

from html import escape

from build_sheets import Sheet, _covered, _shown, zipped

_SPACE = "http://www.ofdspec.org/2016"
_SIZE = 3.7
#: what is special about the producer
HANDS = {
    "cells": "each cell a stroked rectangle, DeltaX for each character",
    "lines": "long ruled lines, DeltaX in runs (g n v)",
    "filled": "rules as thin filled rectangles, text without DeltaX",
    "matrix": "text of size 1 scaled by a CTM, each character an object of its own",
    "template": "labels and rules in a template page, values on the page",
    "annotated": "empty boxes on the page, ticks as annotations",
    "drawn": "boxes and ticks drawn as paths",
    "blocks": "page blocks and a composite unit",
    "borderless": "no rules at all",
}


def ofd_form(sheet: Sheet, hand: str = "cells", pictures: tuple[bytes, ...] = ()) -> bytes:
    """The sheet as an OFD file in one of HANDS."""
    drawing = _Drawing(sheet, hand)
    drawing.draw()
    text, annotations = drawing.text, drawing.annotations
    template = ""
    if hand == "template":
        template, text = drawing.rules + drawing.labels, drawing.values
    elif hand == "blocks":
        text = (f'<ofd:PageBlock ID="900">{drawing.labels}<ofd:PageBlock ID="901">{drawing.values}</ofd:PageBlock></ofd:PageBlock>'
                '<ofd:CompositeObject ID="902" ResourceID="70" Boundary="0 0 210 297"/>')  # fmt: skip
        return package(text, pictures=pictures, unit=drawing.rules)
    else:
        text = drawing.rules + text
    return package(text, pictures=pictures, template=template, annotations=annotations)


def lines_page(lines: list[tuple[float, float, str]]) -> bytes:
    """A page of lines: (millimetres from the left, from the top, text) each."""
    return package("".join(text_object(left, top, text) for left, top, text in lines))


def text_object(left: float, top: float, text: str, deltas: str | None = "each", size: float = _SIZE, more: str = "") -> str:
    """One text object; `deltas`: each, runs, or None."""
    steps = [_wide(char, size) for char in text[:-1]]
    written = ""
    if deltas == "each" and steps:
        written = f' DeltaX="{" ".join(f"{step:g}" for step in steps)}"'
    elif deltas == "runs" and steps:
        written = f' DeltaX="{_runs(steps)}"'
    return (f'<ofd:TextObject ID="1" Boundary="{left:g} {top:g} 120 {size * 1.3:g}" Font="10" Size="{size:g}"{more}>'
            f'<ofd:TextCode X="0" Y="{size:g}"{written}>{escape(text)}</ofd:TextCode></ofd:TextObject>')  # fmt: skip


def _wide(char: str, size: float) -> float:
    """Chinese characters and signs are as wide as high, others half as wide."""
    return size if ord(char) > 0x2000 else size / 2


def _runs(steps: list[float]) -> str:
    found, at = [], 0
    while at < len(steps):
        end = at
        while end < len(steps) and steps[end] == steps[at]:
            end += 1
        found.append(f"g {end - at} {steps[at]:g}" if end - at > 1 else f"{steps[at]:g}")
        at = end
    return " ".join(found)


def path_object(left: float, top: float, width: float, height: float, data: str, more: str = "") -> str:
    """One path object; `data` within its boundary, in millimetres."""
    return (f'<ofd:PathObject ID="2" Boundary="{left:g} {top:g} {width:g} {height:g}" LineWidth="0.25"{more}>'
            f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>")  # fmt: skip


class _Drawing:
    """Draws a sheet on a page of A4: columns of equal width, each row as high as its lines need."""

    def __init__(self, sheet: Sheet, hand: str):
        self._sheet, self._hand = sheet, hand
        self.rules = self.labels = self.values = self.annotations = ""
        self._columns = max(column for _, column in sheet.cells) + 1
        self._width = 180 / self._columns

    @property
    def text(self) -> str:
        return self.labels + self.values

    def draw(self) -> None:
        merged = {(t, le): (b, r) for t, le, b, r in self._sheet.merges}
        covered, top = _covered(self._sheet), 20.0
        rows = max(row for row, _ in self._sheet.cells) + 1
        heights = [self._height(row, merged) for row in range(rows)]
        tops = [top + sum(heights[:row]) for row in range(rows + 1)]
        for row in range(rows):
            for column in range(self._columns):
                if (row, column) in covered:
                    continue
                bottom, right = merged.get((row, column), (row, column))
                left, width = 15 + column * self._width, (right - column + 1) * self._width
                self._frame(left, tops[row], width, tops[bottom + 1] - tops[row])
                value = _shown(self._sheet.cells.get((row, column), ""))
                self._text(left + 1, tops[row] + 1, width - 2, value, column % 2 == 0)

    def _height(self, row: int, merged: dict) -> float:
        most = 1
        for column in range(self._columns):
            _, right = merged.get((row, column), (row, column))
            lines = self._lines(_shown(self._sheet.cells.get((row, column), "")), (right - column + 1) * self._width - 2)
            most = max(most, len(lines))
        return 3 + most * _SIZE * 1.4

    def _lines(self, text: str, width: float) -> list[str]:
        lines = []
        for line in text.split("\n"):
            current, used = "", 0.0
            for char in line:
                step = _wide(char, _SIZE)
                if used + step > width:
                    lines.append(current)
                    current, used = "", 0.0
                current, used = current + char, used + step
            lines.append(current)
        return lines

    def _frame(self, left: float, top: float, width: float, height: float) -> None:
        if self._hand == "borderless":
            return
        if self._hand == "filled":
            for x, y, w, h in ((left, top, width, 0.2), (left, top + height, width, 0.2), (left, top, 0.2, height), (left + width, top, 0.2, height)):
                self.rules += path_object(x, y, w, h, f"M 0 0 L {w:g} 0 L {w:g} {h:g} L 0 {h:g} C", ' Fill="true" Stroke="false"')
        elif self._hand == "lines":
            self.rules += path_object(left, top, width, height, f"M 0 0 L {width:g} 0 M 0 {height:g} L {width:g} {height:g}")
            self.rules += path_object(left, top, width, height, f"S 0 0 L 0 {height:g} M {width:g} 0 L {width:g} {height:g}")
        else:
            self.rules += path_object(left, top, width, height, f"M 0 0 L {width:g} 0 L {width:g} {height:g} L 0 {height:g} C")

    def _text(self, left: float, top: float, width: float, text: str, label: bool) -> None:
        made = ""
        for number, line in enumerate(self._lines(text, width)):
            made += self._line(left, top + number * _SIZE * 1.4, line)
        if label:
            self.labels += made
        else:
            self.values += made

    def _line(self, left: float, top: float, line: str) -> str:
        if not line:
            return ""
        if self._hand == "annotated":
            self._annotate(left, top, line)
            line = line.replace("☑", "□")
        elif self._hand == "drawn":
            return self._drawn(left, top, line)
        if self._hand == "matrix":
            return self._singly(left, top, line)
        deltas = {"lines": "runs", "filled": None}.get(self._hand, "each")
        return text_object(left, top, line, deltas)

    def _singly(self, left: float, top: float, line: str) -> str:
        made, at = "", left
        for char in line:
            made += (f'<ofd:TextObject ID="1" Boundary="{at:g} {top:g} 8 8" CTM="{_SIZE:g} 0 0 {_SIZE:g} 0 0" Font="10" Size="1">'
                     f'<ofd:TextCode X="0" Y="1">{escape(char)}</ofd:TextCode></ofd:TextObject>') if char.strip() else ""
            at += _wide(char, _SIZE)
        return made

    def _places(self, left: float, line: str):
        for char in line:
            yield char, left
            left += _wide(char, _SIZE)

    def _annotate(self, left: float, top: float, line: str) -> None:
        at = left
        for char in line:
            if char == "☑":
                self.annotations += (f'<ofd:Annot Type="Path" ID="5"><ofd:Appearance Boundary="{at:g} {top:g} 5 5">'
                                     + path_object(0.2, 0.8, 2, 3, "M 0 1.5 L 0.7 2.8 L 2 0.2") + "</ofd:Appearance></ofd:Annot>")
            at += _wide(char, _SIZE)

    def _drawn(self, left: float, top: float, line: str) -> str:
        made = ""
        for char, at in self._places(left, line):
            if char in "☑□":
                made += path_object(at, top + 0.6, 3, 3, "M 0 0 L 3 0 L 3 3 L 0 3 C")
                if char == "☑":
                    made += path_object(at, top + 0.6, 3, 3, "M 0.4 1.5 L 1.2 2.6 L 2.8 0.3")
            elif char.strip():
                made += text_object(at, top, char)
        return made


def package(
    content: str, *, pictures: tuple[bytes, ...] = (), template: str = "", annotations: str = "", unit: str = "",
    parts: dict[str, bytes | str] | None = None, fonts: str = '<ofd:Font ID="10" FontName="宋体"/>',
) -> bytes:
    """An OFD file of one page with this content; `parts` are put in as they are and replace what is there."""
    media = "".join(f'<ofd:MultiMedia ID="{50 + n}" Type="Image" Format="PNG"><ofd:MediaFile>image_{n}.png</ofd:MediaFile></ofd:MultiMedia>'
                    for n in range(len(pictures)))  # fmt: skip
    images = "".join(f'<ofd:ImageObject ID="{80 + n}" ResourceID="{50 + n}" Boundary="20 200 90 56" CTM="90 0 0 56 0 0"/>'
                     for n in range(len(pictures)))  # fmt: skip
    used = '<ofd:Template TemplateID="60" ZOrder="Background"/>' if template else ""
    files: dict[str, bytes | str] = {
        "OFD.xml": _xml("OFD", '<ofd:DocBody><ofd:DocInfo/><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>'),
        "Doc_0/Document.xml": _xml("Document", (
            "<ofd:CommonData><ofd:MaxUnitID>999</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
            "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes><ofd:DocumentRes>/Doc_0/DocumentRes.xml</ofd:DocumentRes>"
            + ('<ofd:TemplatePage ID="60" BaseLoc="Tpls/Tpl_0/Content.xml"/>' if template else "") + "</ofd:CommonData>"
            '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
            + ("<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>" if annotations else ""))),
        "Doc_0/PublicRes.xml": _xml("Res", f"<ofd:Fonts>{fonts}</ofd:Fonts>"),
        "Doc_0/DocumentRes.xml": _xml("Res", (
            f"<ofd:MultiMedias>{media}</ofd:MultiMedias><ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID='70' Width='210' Height='297'>"
            f"<ofd:Content>{unit}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"), ' BaseLoc="Res"'),
        "Doc_0/Pages/Page_0/Content.xml": _xml("Page", f'{used}<ofd:Content><ofd:Layer ID="3">{content}{images}</ofd:Layer></ofd:Content>'),
    }  # fmt: skip
    if template:
        files["Doc_0/Tpls/Tpl_0/Content.xml"] = _xml("Page", f'<ofd:Content><ofd:Layer ID="4">{template}</ofd:Layer></ofd:Content>')
    if annotations:
        files["Doc_0/Annots/Annotations.xml"] = _xml("Annotations", '<ofd:Page PageID="1"><ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc></ofd:Page>')
        files["Doc_0/Annots/Page_0/Annotation.xml"] = _xml("PageAnnot", annotations)
    files.update({f"Doc_0/Res/image_{n}.png": data for n, data in enumerate(pictures)})
    return zipped({**files, **(parts or {})})


def _xml(root: str, content: str, more: str = "") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><ofd:{root} xmlns:ofd="{_SPACE}"{more}>{content}</ofd:{root}>'
