"""Pictures inside a document, larger than an icon, as files of their own."""

import io
import posixpath
import re
from collections.abc import Iterable

from lxml import etree

from intake.config import ReadLimits
from intake.readers.ole_package import object_file
from intake.readers.package import Package, Relationship
from rules.document import Embedded

#: smaller ones are bullets, logos and lines: no readable scan of a document
SMALLEST_SIDE = 120
SMALLEST_BYTES = 2_000
#: pixels beyond which Pillow refuses a picture; the reader of pictures has the last word
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".bmp": "image/bmp", ".gif": "image/gif",
          ".tif": "image/tiff", ".tiff": "image/tiff", ".webp": "image/webp", ".heic": "image/heic",
          ".jfif": "image/jpeg",
          ".wdp": "image/vnd.ms-photo", ".emf": "image/x-emf", ".wmf": "image/x-wmf"}  # fmt: skip
_FILES = {".pdf": "application/pdf", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
          ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".doc": "application/msword",
          ".xls": "application/vnd.ms-excel"}  # fmt: skip


class Pictures:
    """Collects the pictures (and packaged files) that a part refers to, each once."""

    def __init__(self, package: Package, limits: ReadLimits):
        self._package, self._limits = package, limits
        self.found: list[Embedded] = []
        self.notes: tuple[str, ...] = ()

    def take(self, root: etree._Element, links: dict[str, Relationship]) -> None:
        """Take every picture that `root` shows; what was deleted with tracking is not shown."""
        if not any(link.kind in ("image", "package", "oleObject") for link in links.values()):
            return
        seen: set[str] = set()
        shown: set[str] = set()  # what an object only shows of itself, while its file was taken
        for identifier, owner in _references(root):
            link = links.get(identifier)
            if link is None or link.target in seen or link.target in shown or len(self.found) >= self._limits.max_files:
                continue
            seen.add(link.target)
            if link.external:
                self._note("linked-picture")
            elif link.kind == "image":
                self._picture(link.target)
            elif link.kind in ("package", "oleObject") and self._file(link.target):
                shown.update(links[item].target for item in _shown_by(owner) if item in links)

    def _picture(self, target: str) -> None:
        suffix = posixpath.splitext(target)[1].lower()
        data = self._package.read(target)
        if suffix in (".emf", ".wmf", ".emz", ".wmz"):
            from intake.readers.metafile import pictures

            inside = pictures(data or b"", self._limits)
            self.found += inside
            if not inside:
                self._note("metafile")
        elif data and is_picture(data):
            media_type = _TYPES.get(suffix, "application/octet-stream")
            self.found.append(Embedded(posixpath.basename(target), data, media_type))

    def _file(self, target: str) -> bool:
        """Whether the object is a file that can be taken out."""
        suffix = posixpath.splitext(target)[1].lower()
        data = self._package.read(target)
        if data and suffix in _FILES:
            self.found.append(Embedded(posixpath.basename(target), data, _FILES[suffix]))
        elif data and (found := object_file(data, self._limits)):
            self.found.append(found)
        else:
            self._note("embedded-object")
            return False
        return True

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes = (*self.notes, note)


def is_picture(data: bytes) -> bool:
    """Whether the bytes are a picture large enough to hold a document; True where only another reader can tell."""
    if len(data) < SMALLEST_BYTES:
        return False
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            return min(picture.size) >= SMALLEST_SIDE
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True


def _references(root: etree._Element) -> Iterable[tuple[str, etree._Element]]:
    """Identifiers of relationships with the element that names each: o:OLEObject r:id, a:blip r:embed, v:imagedata r:id.

    In reading order, but objects first: the picture beside one is its icon, or its first page.
    """
    for tags in (("{*}OLEObject",), ("{*}blip", "{*}imagedata")):
        for element in root.iter(*tags):
            if any(re.search(r"\}(?:del|moveFrom)$", ancestor.tag) for ancestor in element.iterancestors()
                   if isinstance(ancestor.tag, str)):  # fmt: skip
                continue
            yield from ((value, element) for value in _identifiers(element))


def _identifiers(element: etree._Element) -> list[str]:
    return [value for key, value in element.attrib.items() if key.rpartition("}")[2] in ("embed", "id", "link") and key.startswith("{")]


def _shown_by(owner: etree._Element) -> list[str]:
    """Identifiers of the pictures in the same w:object as an object."""
    place = owner.getparent()
    return [] if place is None else [item for found in place.iter("{*}blip", "{*}imagedata") for item in _identifiers(found)]
