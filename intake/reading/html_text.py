"""HTML to the text that a person would read: table rows as `cell<TAB>cell` lines, quoted mail behind `> `."""

import re

from lxml import etree

#: characters of HTML that are read, and of text that is made
MAX_HTML = 2_000_000
MAX_TEXT = 1_000_000
#: a cell longer than this is layout, not data: its lines stay lines
_LAYOUT_CELL = 500
#: tables in tables that are told apart; deeper ones are read as plain lines (each level costs a pass over the text)
_MAX_FRAMES = 60

_SILENT = frozenset(("script", "style", "head", "title", "noscript", "template", "object", "svg"))
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "ul",
    ]
)
_BLANKS = re.compile(r"[ \t\r\n\f\v\u00a0\u2002\u2003\u2009]+")
#: a short label is broken where the column ends: 「账号/名称」 is one word
_WRAPPED = re.compile(r"(?<=^[\u4e00-\u9fff]{2})\s*\n\s*(?=[\u4e00-\u9fff]{2}$)")
_SURROGATES = re.compile("[\ud800-\udfff\x00]")


def html_to_text(html: str) -> str:
    """The text of an HTML document or fragment; never raises.

    Scripts, styles and the head are left out; checkboxes become ☑ and □; `blockquote`s that cite another mail get `> `
    before each line, as in plain text.
    """
    html = _SURROGATES.sub("\ufffd", html[:MAX_HTML])
    if not html.strip():
        return ""
    builder = _Builder()
    parser = etree.HTMLParser(target=builder, encoding="utf-8", huge_tree=True, no_network=True, recover=True)
    try:
        parser.feed(html.encode("utf-8"))
        parser.close()
    except (etree.LxmlError, AssertionError, ValueError):  # an empty document, or one that lxml gives up on
        pass
    return builder.text()[:MAX_TEXT]


class _Frame:
    """An open element that collects text of its own: the document, a row, a cell, or a citation."""

    __slots__ = ("cells", "pieces", "rows", "tag")

    def __init__(self, tag: str):
        self.tag = tag
        self.pieces: list[str] = []
        self.cells: list[str] = []
        #: whether table rows were closed inside
        self.rows = False


class _Builder:
    """lxml's parser target: called for each tag and text, builds no tree."""

    def __init__(self):
        self._frames = [_Frame("document")]
        self._silent = 0
        self._preserved = 0
        #: open rows, cells and citations beyond _MAX_FRAMES
        self._beyond = 0

    def start(self, tag, attributes):
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._put("\n")
        elif tag == "input":
            self._put(_box(attributes))
        elif tag in ("tr", "td", "th") or (tag == "blockquote" and _cites(attributes)):
            self._open({"th": "td", "blockquote": "cite"}.get(tag, tag))
        elif tag in _BLOCKS:
            self._break()
            self._preserved += tag == "pre"

    def end(self, tag):
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th"):
            self._close("td")
        elif tag == "tr":
            self._close("tr")
        elif tag == "blockquote" and (self._beyond or self._frames[-1].tag == "cite"):
            self._close("cite")
        elif tag in _BLOCKS:
            self._break()
            self._preserved -= tag == "pre" and self._preserved > 0

    def data(self, data):
        if not self._silent and data:
            self._put(data.replace("\u00a0", " ") if self._preserved else _BLANKS.sub(" ", data))

    def comment(self, text):
        """Comments (Word's conditional ones among them) are not text."""

    def close(self):
        self._beyond = 0
        while len(self._frames) > 1:
            self._close(self._frames[-1].tag)

    def text(self) -> str:
        self.close()
        return _tidy("".join(self._frames[0].pieces))

    def _put(self, text: str):
        self._frames[-1].pieces.append(text)

    def _break(self):
        pieces = self._frames[-1].pieces
        if pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")

    def _open(self, tag: str):
        if tag != "td":
            self._break()
        if len(self._frames) > _MAX_FRAMES:
            self._beyond += 1
            self._break()
        else:
            self._frames.append(_Frame(tag))

    def _close(self, tag: str):
        if self._beyond:
            self._beyond -= 1
            self._break()
            return
        if len(self._frames) == 1 or self._frames[-1].tag != tag:
            return
        frame = self._frames.pop()
        outer = self._frames[-1]
        if tag == "td":
            content = _tidy("".join(frame.pieces))
            outer.rows = outer.rows or frame.rows
            (outer.cells if outer.tag == "tr" else outer.pieces).append(content)
            return
        lines = _row(frame) if tag == "tr" else _cited("".join(frame.pieces))
        outer.rows = True
        self._break()
        outer.pieces.append(lines + "\n")


def _row(frame: _Frame) -> str:
    """One line for a row of data; a row of layout (one cell, nested tables, long text) keeps its cells' lines."""
    stray = _tidy("".join(frame.pieces))
    if len(frame.cells) == 1 or frame.rows or any(len(cell) > _LAYOUT_CELL for cell in frame.cells):
        return "\n".join(filter(None, [stray, *frame.cells]))
    row = "\t".join(" ".join(_WRAPPED.sub("", cell).split()) for cell in frame.cells).rstrip()
    return "\n".join(filter(None, [stray, row]))


def _cited(text: str) -> str:
    return "\n".join(f"> {line}" for line in _tidy(text).splitlines())


def _cites(attributes) -> bool:
    """Whether a blockquote is another mail; Chinese clients also use it for plain indentation."""
    marks = " ".join((attributes.get("type") or "", attributes.get("class") or "", attributes.get("id") or "")).lower()
    return any(word in marks for word in ("cite", "quote", "isreplycontent"))


def _box(attributes) -> str:
    if (attributes.get("type") or "").lower() in ("checkbox", "radio"):
        return "☑" if "checked" in attributes else "□"
    if (attributes.get("type") or "text").lower() == "text":
        return attributes.get("value") or ""
    return ""


def _tidy(text: str) -> str:
    """No blanks at the ends of lines, at most one empty line in a row."""
    lines, empty = [], True
    for line in text.split("\n"):
        line = line.strip(" \r\f\v")
        if line or not empty:
            lines.append(line)
        empty = not line
    return "\n".join(lines).strip("\n ")
