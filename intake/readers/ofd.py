"""OFD documents (GB/T 33190-2016): a zip of XML, China's own page format; electronic certificates come as OFD.

Text is put together from the places of its characters, tables from their ruled lines; templates, annotations (ticks may
be annotations) and composite units are part of their page. Pictures are `embedded`. Signatures are not judged.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable
from intake.readers.ofd_page import PageObjects
from intake.readers.package import Package
from intake.readers.pictures import is_picture
from intake.readers.ruled import blocks_of
from intake.readers.word_text import local
from rules.document import Document, Embedded, Paragraph, Table

#: documents in one file, attached files of one document
MAX_DOCUMENTS, MAX_ATTACHED = 10, 20
_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".bmp": "image/bmp", ".gif": "image/gif",
          ".tif": "image/tiff", ".tiff": "image/tiff"}  # fmt: skip
_FILES = (".pdf", ".ofd", ".docx", ".doc", ".xlsx", ".xls", ".wps", *_TYPES)
#: a picture smaller than this on the page (points) is a stamp, logo or code: no loss where it cannot be opened
_STAMP = (170.0, 110.0)
_SYMBOLS = ("wingdings", "webdings", "zapfdingbats", "marlett")


def read(data: bytes, limits: ReadLimits) -> Document:
    """Paragraphs and tables page by page, and the pictures as `embedded`.

    Raises Unreadable: empty, too_large (packed too), encrypted, corrupt, unreadable (only drawings).
    """
    package = Package(data, limits)
    root = package.xml("OFD.xml")
    if root is None:
        raise Unreadable("corrupt", "不是OFD文件,或文件已损坏")
    if package.names.keys() & {"encryptions.xml", "decryptseed.dat"}:
        raise Unreadable("encrypted", "文件设有密码")
    reading = _Reading(package, limits)
    for body in [child for child in root if local(child) == "DocBody"][:MAX_DOCUMENTS]:
        place = next((child.text or "" for child in body if local(child) == "DocRoot"), "")
        reading.document(reading.resolved("OFD.xml", place))
    if reading.number == 0:
        raise Unreadable("corrupt", "OFD文件中没有页面,可能已损坏")
    if reading.drawn and not reading.blocks and not reading.embedded:
        raise Unreadable("unreadable", "OFD文件中没有可以识别的文字,请另存为PDF或图片")
    return Document("ofd", tuple(reading.blocks), pages=reading.number, embedded=tuple(reading.embedded.values()),
                    notes=tuple(sorted(reading.notes)))  # fmt: skip


@dataclass
class _Resources:
    """What the pages of one document refer to by number."""

    fonts: dict[str, str] = field(default_factory=dict)
    #: name of the part and format
    media: dict[str, tuple[str, str]] = field(default_factory=dict)
    units: dict[str, etree._Element] = field(default_factory=dict)
    templates: dict[str, etree._Element] = field(default_factory=dict)


@dataclass
class _Reading:
    """What was read so far of one file."""

    package: Package
    limits: ReadLimits
    blocks: list[Paragraph | Table] = field(default_factory=list)
    embedded: dict[str, Embedded] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    number: int = 0
    drawn: bool = False

    def resolved(self, base: str, place: str) -> str:
        """Name of a part that `base` refers to: from the root, from its own folder, or (seen in practice) either."""
        place = place.strip().replace("\\", "/")
        beside = posixpath.normpath(posixpath.join("/", posixpath.dirname(base), place)).lstrip("/")
        whole = posixpath.normpath(posixpath.join("/", place)).lstrip("/")
        return whole if beside.lower() not in self.package.names and whole.lower() in self.package.names else beside

    def document(self, name: str) -> None:
        """One document of the file."""
        root = self.package.xml(name)
        if root is None:
            raise Unreadable("corrupt", "OFD文件不完整,缺少正文")
        resources = self._resources(root, name)
        annotations = self._annotations(root, name)
        pages = [page for pages in root if local(pages) == "Pages" for page in pages if local(page) == "Page"]
        for page in pages:
            if self.number >= self.limits.max_pages:
                self.notes.add("too-many-pages")
                break
            self.number += 1
            place = self.resolved(name, page.get("BaseLoc") or "")
            content = self.package.xml(place) if place.lower() in self.package.names else None
            if content is None:
                self.notes.add("broken-page")
                continue
            self._page(content, place, resources, annotations.get(page.get("ID") or "", []))
        self._attached(root, name)

    def _resources(self, root: etree._Element, name: str) -> _Resources:
        found = _Resources()
        for common in (child for child in root if local(child) == "CommonData"):
            for item in common:
                if local(item) in ("PublicRes", "DocumentRes"):
                    self._resource_file(self.resolved(name, item.text or ""), found)
                elif local(item) == "TemplatePage":
                    template = self.package.xml(self.resolved(name, item.get("BaseLoc") or ""))
                    if template is not None:
                        found.templates[item.get("ID") or ""] = template
        return found

    def _resource_file(self, name: str, found: _Resources) -> None:
        root = self.package.xml(name)
        base = posixpath.join(posixpath.dirname(name), (root.get("BaseLoc") or "") if root is not None else "", "x")
        for item in root.iter("{*}Font", "{*}MultiMedia", "{*}CompositeGraphicUnit") if root is not None else ():
            number = item.get("ID") or ""
            if local(item) == "Font":
                font = (item.get("FontName") or item.get("FamilyName") or "").lower()
                found.fonts[number] = font if font.startswith(_SYMBOLS) else ""
            elif local(item) == "MultiMedia":
                place = next((child.text or "" for child in item if local(child) == "MediaFile"), "")
                found.media[number] = (self.resolved(base, place), (item.get("Format") or "").lower())
            else:
                found.units[number] = item

    def _annotations(self, root: etree._Element, name: str) -> dict[str, list[etree._Element]]:
        """Appearances of the annotations by page (10)."""
        found: dict[str, list[etree._Element]] = {}
        place = next((child.text or "" for child in root if local(child) == "Annotations"), "")
        index = self.resolved(name, place) if place else ""
        listed = self.package.xml(index) if index else None
        for page in listed if listed is not None else ():
            file = next((child.text or "" for child in page if local(child) == "FileLoc"), "")
            part = self.package.xml(self.resolved(index, file)) if file else None
            if part is not None:
                found.setdefault(page.get("PageID") or "", []).extend(
                    shown for shown in part.iter("{*}Appearance") if _is_visible(shown.getparent()))  # fmt: skip
        return found

    def _page(self, content: etree._Element, place: str, resources: _Resources, shown: list[etree._Element]) -> None:
        objects = PageObjects(resources.fonts, resources.units)
        for item in content:
            if local(item) == "Template":
                self._content(objects, resources.templates.get(item.get("TemplateID") or "", ()))
            elif local(item) == "PageRes":
                self._resource_file(self.resolved(place, item.text or ""), resources)
        self._content(objects, content)
        for appearance in shown:
            objects.appearance(appearance)
        found = objects.found
        if found.cut_short:
            self.notes.add("cut-short")
        self.drawn = self.drawn or bool(found.edges or found.strokes or found.boxes)
        self.blocks += blocks_of(found.text(), found.edges, self.number)
        for number, width, height in found.images:
            self._image(resources.media.get(number), width, height)

    @staticmethod
    def _content(objects: PageObjects, page: Iterable[etree._Element]) -> None:
        for item in page:
            if local(item) == "Content":
                objects.take(item)

    def _image(self, media: tuple[str, str] | None, width: float, height: float) -> None:
        if media is None or media[0] in self.embedded or len(self.embedded) >= self.limits.max_files:
            return
        name, form = media
        suffix = posixpath.splitext(name)[1].lower()
        data = self.package.read(name)
        if data is None:
            return
        if suffix in (".jb2", ".gbig2") or form in ("gbig2", "jb2"):
            if abs(width) >= _STAMP[0] and abs(height) >= _STAMP[1]:
                self.notes.add("embedded-object")
        elif is_picture(data):
            self._embed(name, data)

    def _attached(self, root: etree._Element, name: str) -> None:
        """Files attached to the document (12)."""
        place = next((child.text or "" for child in root if local(child) == "Attachments"), "")
        index = self.resolved(name, place) if place else ""
        listed = self.package.xml(index) if index else None
        for item in (listed if listed is not None else [])[:MAX_ATTACHED]:
            file = next((child.text or "" for child in item if local(child) == "FileLoc"), "")
            part = self.resolved(index, file)
            known = posixpath.splitext(part)[1].lower() in _FILES and part not in self.embedded
            if known and (data := self.package.read(part)):
                self._embed(part, data)

    def _embed(self, name: str, data: bytes) -> None:
        kind = _TYPES.get(posixpath.splitext(name)[1].lower(), "application/octet-stream")
        self.embedded[name] = Embedded(posixpath.basename(name), data, kind)


def _is_visible(annotation: etree._Element | None) -> bool:
    return annotation is None or (annotation.get("Visible") or "true").lower() != "false"
