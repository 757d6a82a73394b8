"""An Office Open XML package (ECMA-376 part 2): a zip whose parts are read one by one, bounded, and parsed safely."""

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass

from lxml import etree

from intake.config import ReadLimits
from intake.readers import Unreadable

#: one XML part is never larger than this, whatever the limits allow: a tree takes ten times its text
MAX_XML_BYTES = 32 * 1024 * 1024
#: below this size the ratio of compression says nothing
_RATIO_FLOOR = 1024 * 1024
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, KeyError,
               IndexError, UnicodeDecodeError)  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RELATIONSHIPS = "_rels/.rels"


@dataclass(frozen=True, slots=True)
class Relationship:
    """A part's link to another part, or to the outside."""

    #: last word of the type, e.g. `officeDocument`, `header`, `image`
    kind: str
    #: name of the target part
    target: str
    external: bool


class Package:
    """The parts of one file; counts what it has unpacked and stops at the limits."""

    def __init__(self, data: bytes, limits: ReadLimits):
        _check_magic(data, limits)
        self._limits = limits
        self._left = limits.max_total_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            entries = self._zip.infolist()
        except _ZIP_ERRORS as error:
            raise Unreadable("corrupt", "文件已损坏,无法打开") from error
        if len(entries) > max(2_000, limits.max_files * 10):
            raise Unreadable("too_large", "文件内部的部件过多")
        self.names = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in reversed(entries)}
        if any(entry.flag_bits & 1 for entry in entries):
            raise Unreadable("encrypted", "文件设有密码")

    def read(self, name: str, most: int | None = None) -> bytes | None:
        """Bytes of a part, or None where there is none; raises Unreadable where it is damaged or bursts the limits."""
        entry = self.names.get(name.lower())
        if entry is None:
            return None
        limit = min(most or self._limits.max_file_bytes, self._left,
                    max(_RATIO_FLOOR, entry.compress_size * self._limits.max_ratio))  # fmt: skip
        try:
            with self._zip.open(entry) as part:
                data = part.read(limit + 1)
        except RuntimeError as error:  # zipfile's way to say that a password is needed
            raise Unreadable("encrypted", "文件设有密码") from error
        except _ZIP_ERRORS as error:
            raise Unreadable("corrupt", "文件已损坏,无法打开") from error
        if len(data) > limit:
            raise Unreadable("too_large", "文件解压后过大")
        self._left -= len(data)
        return data

    def xml(self, name: str) -> etree._Element | None:
        """Root element of an XML part, or None where there is none."""
        data = self.read(name, MAX_XML_BYTES)
        return None if data is None else parse_xml(data)

    def relationships(self, name: str = "") -> dict[str, Relationship]:
        """Relationships of a part (of the package itself without a name), by id."""
        folder, file = posixpath.split(name)
        path = posixpath.join(folder, "_rels", f"{file}.rels") if name else _RELATIONSHIPS
        root = self.xml(path)
        found = {}
        for item in root if root is not None else ():
            target = (item.get("Target") or "").replace("\\", "/")
            external = item.get("TargetMode") == "External"
            full = target if external else posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[item.get("Id")] = Relationship((item.get("Type") or "").rpartition("/")[2], full, external)
        return found


def _check_magic(data: bytes, limits: ReadLimits) -> None:
    if not data:
        raise Unreadable("empty", "文件是空的,没有任何内容")
    if len(data) > limits.max_file_bytes:
        raise Unreadable("too_large", "文件过大")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unreadable("encrypted", "文件设有密码")
        raise Unreadable("unsupported", "扩展名与文件的实际格式不符")


def parse_xml(data: bytes) -> etree._Element:
    """The root element; no entity is expanded, nothing is fetched, depth and size stay within libxml2's bounds."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
                             huge_tree=False, remove_comments=True, remove_pis=True)  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("corrupt", "文件内容已损坏,无法读取") from error
    if root.getroottree().docinfo.internalDTD is not None:  # ECMA-376 part 2, 8.1.4: no document type declarations
        raise Unreadable("corrupt", "文件内容不合规范,无法读取")
    return root
