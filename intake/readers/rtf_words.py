"""The words of RTF that are known here, and what they set (specification 1.9.1)."""

import re
from dataclasses import dataclass, field

from intake.readers.flow import CellShape
from intake.readers.office_art import bitmap
from rules.document import EMPTY, TICKED

CHARACTERS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "emspace": "\u2003", "enspace": "\u2002",
    "qmspace": "\u2005", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}  # fmt: skip
#: destinations without a star whose content is not part of the text
SKIPPED = frozenset((
    "colortbl", "stylesheet", "info", "listtext", "pntext", "footnote", "annotation", "nonshppict", "shprslt",
    "nonesttables", "objdata", "objclass", "objname", "filetbl", "xe", "tc", "rxe", "txe", "bkmkstart", "bkmkend",
    "blipuid", "private", "revtbl", "listtable", "template", "atnid", "atnauthor", "atrfstart", "atrfend", "ftnsep",
    "ftnsepc", "aftnsep",
))  # fmt: skip
#: destinations with a star that are looked into
STARRED = frozenset((
    "shppict", "fldinst", "formfield", "nesttableprops", "shpinst", "shptxt", "ffl", "ffdata", "picprop",
    "hlinkbase", "do", "dptxbxtext", "docvar", "flddirty", "moveto", "falt", "ud", "upr",
))  # fmt: skip
HEADERS = frozenset(("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"))
#: destinations whose text is no text of the document, but in which pictures and text boxes may stand
MUTED = frozenset(("shpinst", "sp", "sn", "sv", "picprop", "do", "docvar", "falt", "upr"))


#: cells of one row
MAX_CELLS = 200
#: kinds of pictures that can be kept
PICTURES = {"pngblip": ("png", "image/png"), "jpegblip": ("jpg", "image/jpeg"), "dibitmap": ("bmp", "image/bmp")}
METAFILES = frozenset(("emfblip", "wmetafile", "macpict", "pmmetafile", "wbitmap"))
#: destinations that set the state in a way of their own
DESTINATIONS = SKIPPED | MUTED | HEADERS | frozenset((
    "shptxt", "dptxbxtext", "fonttbl", "field", "ud", "fldinst", "fldrslt", "formfield", "ffl", "pict",
    "nesttableprops",
))  # fmt: skip
#: control words that are acted on; the hundreds of others only shape how a page looks
ACTED_ON = DESTINATIONS | CHARACTERS.keys() | PICTURES.keys() | METAFILES | frozenset((
    "plain", "dbch", "loch", "hich", "f", "af", "v", "strike", "striked", "deleted", "uc", "trleft", "clmrg",
    "clhmrg", "clvmrg", "cldel", "cellx", "trowd", "cell", "row", "nestcell", "nestrow", "par", "sect", "page",
    "pard", "intbl", "itap", "ansicpg", "deff", "mac", "fcharset", "fftype", "ffres", "ffdefres",
))  # fmt: skip


@dataclass(slots=True)
class State:
    """What holds until the group ends."""

    #: `text`, `skip`, `mute`, `fonts`, `code` (instructions of a field), `form`, `choice`, `picture`
    place: str = "text"
    font: int = 0
    #: font of East Asian text, and whether the next font word names it
    east_asian: int = -1
    names_east_asian: bool = False
    hidden: bool = False
    struck: bool = False
    deleted: bool = False
    #: characters that stand behind `\\u` for readers without Unicode
    fallback: int = 1
    in_table: bool = False
    level: int = 0
    #: what is to be done when the group ends
    end: str = ""

    def set(self, word: str, value: int | None) -> bool:
        """Whether the word is a character property; then it holds from here."""
        on, number = value != 0, value or 0
        if word == "dbch":
            self.names_east_asian = True
            return True
        if word == "f" or (word == "af" and self.names_east_asian):
            if self.names_east_asian:
                self.east_asian = number
            else:
                self.font = number
        elif word == "v":
            self.hidden = on
        elif word in ("strike", "striked"):
            self.struck = on
        elif word == "deleted":
            self.deleted = on
        elif word == "uc":
            self.fallback = min(max(number, 0), 16)
        elif word not in ("loch", "hich"):
            return False
        self.names_east_asian = False
        return True

    def plain(self, font: int) -> None:
        """Character properties are what they were at the beginning."""
        self.hidden = self.struck = self.deleted = self.names_east_asian = False
        self.font = font

    @property
    def gone(self) -> bool:
        """Whether a reader of the paper would not see the text."""
        return self.hidden or self.struck or self.deleted


@dataclass(slots=True)
class Row:
    """The shape of the row that is being defined."""

    left: int = 0
    cells: list[CellShape] = field(default_factory=list)
    joins_left: bool = False
    joins_above: bool = False
    deleted: bool = False
    deleted_cells: int = 0

    def set(self, word: str, value: int | None) -> bool:
        """Whether the word tells of a row's shape; then it is part of it."""
        if word == "trleft":
            self.left = value or 0
        elif word in ("clmrg", "clhmrg"):
            self.joins_left = True
        elif word == "clvmrg":
            self.joins_above = True
        elif word == "cldel":
            self.deleted = True
        elif word == "cellx":
            left = self.cells[-1].right if self.cells else self.left
            if len(self.cells) < MAX_CELLS:
                self.cells.append(CellShape(left, value or 0, self.joins_left, self.joins_above))
                self.deleted_cells += self.deleted
            self.joins_left = self.joins_above = self.deleted = False
        else:
            return False
        return True

    @property
    def is_deleted(self) -> bool:
        """Whether every cell was deleted with tracking."""
        return 0 < len(self.cells) == self.deleted_cells


@dataclass(slots=True)
class Picture:
    """A picture while its digits are collected."""

    kind: str = ""
    digits: list[str] = field(default_factory=list)
    binary: str = ""

    def set(self, word: str) -> None:
        """Take in which kind of picture it is."""
        if word in PICTURES or word in METAFILES:
            self.kind = word

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.digits and not self.binary

    @property
    def format(self) -> tuple[str, str] | None:
        """(suffix, media type), None for metafiles."""
        return PICTURES.get(self.kind)

    def content(self) -> bytes:
        """Its bytes as a file."""
        if self.binary:
            data = self.binary.encode("latin-1")
        else:
            digits = re.sub(r"[^0-9a-fA-F]", "", "".join(self.digits))
            data = bytes.fromhex(digits[: len(digits) & ~1])
        return bitmap(data) if self.kind == "dibitmap" else data


@dataclass(slots=True)
class Form:
    """A form field of a check box or a list."""

    kind: int = 0
    result: int = 25
    default: int = 0
    entries: list[str] = field(default_factory=list)

    def set(self, word: str, value: int | None) -> None:
        """Take in the kind, the result or the default."""
        name = {"fftype": "kind", "ffres": "result", "ffdefres": "default"}.get(word)
        if name and value is not None:
            setattr(self, name, value)

    def shown(self) -> str:
        """A check box as its state, a list as its chosen entry."""
        chosen = self.default if self.result == 25 else self.result
        if self.kind == 1:
            return TICKED if chosen == 1 else EMPTY
        return self.entries[chosen] if self.kind == 2 and 0 <= chosen < len(self.entries) else ""
