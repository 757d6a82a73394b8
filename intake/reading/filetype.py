"""What a file is, by its content; its name only decides where the content leaves a choice."""

import re
import struct

#: kinds that are opened and whose files become files of their own
CONTAINERS = frozenset(("zip", "rar", "7z", "tar", "gz", "bz2", "xz", "eml", "mbox", "msg", "tnef"))
#: kinds that never carry a material: kept, without any complaint
HARMLESS = frozenset(("calendar", "vcard", "signature", "delivery-status", "css", "font", "empty"))

_MAGIC = (
    (b"%PDF-", "pdf"), (b"{\\rtf", "rtf"), (b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF87a", "gif"),
    (b"GIF89a", "gif"), (b"II*\x00", "tiff"), (b"MM\x00*", "tiff"), (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf'\x1c", "7z"), (b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"),
    (b"\x78\x9f\x3e\x22", "tnef"), (b"\xdb\xa5\x2d\0", "oldword"), (b"\x31\xbe\0\0", "oldword"), (b"\xd7\xcd\xc6\x9a", "wmf"), (b"wOFF", "font"),
    (b"wOF2", "font"), (b"\x00\x01\x00\x00\x00", "font"), (b"OTTO", "font"), (b"MZ", "exe"), (b"\x7fELF", "exe"),
    (b"ID3", "audio"), (b"OggS", "audio"), (b"#!AMR", "audio"), (b"\x1aE\xdf\xa3", "video"), (b"FLV\x01", "video"),
)  # fmt: skip
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_BY_EXTENSION = {
    "txt": "txt", "text": "txt", "csv": "csv", "tsv": "csv", "log": "txt", "md": "txt", "json": "txt",
    "htm": "html", "html": "html",
    "mht": "eml", "mhtml": "eml", "eml": "eml", "ics": "calendar", "vcf": "vcard", "p7s": "signature",
    "asc": "signature", "sig": "signature", "css": "css", "xml": "xml", "svg": "svg",
}  # fmt: skip
_BY_TYPE = {
    "message/rfc822": "eml", "message/global": "eml", "text/calendar": "calendar", "application/ics": "calendar",
    "text/vcard": "vcard", "text/x-vcard": "vcard", "application/pkcs7-signature": "signature", "text/css": "css",
    "application/x-pkcs7-signature": "signature", "application/pgp-signature": "signature",
    "message/delivery-status": "delivery-status", "text/rfc822-headers": "delivery-status",
    "message/disposition-notification": "delivery-status", "text/html": "html",
}  # fmt: skip
_ZIP_FAMILIES = frozenset(("docx", "docm", "xlsx", "pptx", "odt", "ods", "odp", "ofd"))
#: extensions that promise a format which would have been recognised by its content
PROMISES = frozenset(
    [
        "doc",
        "docx",
        "docm",
        "wps",
        "xls",
        "xlsx",
        "et",
        "ppt",
        "pptx",
        "pdf",
        "rtf",
        "odt",
        "ofd",
        "jpg",
        "jpeg",
        "png",
        "gif",
        "bmp",
        "tif",
        "tiff",
        "webp",
        "heic",
        "zip",
        "rar",
        "7z",
        "msg",
    ]
)
_MIME = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "docm": "application/vnd.ms-word.document.macroEnabled.12",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "ofd": "application/ofd", "doc": "application/msword",
    "wordml": "application/msword", "wps": "application/vnd.ms-works",
    "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint", "msg": "application/vnd.ms-outlook",
    "pdf": "application/pdf", "rtf": "application/rtf", "jpg": "image/jpeg", "png": "image/png", "gif": "image/gif",
    "bmp": "image/bmp", "tiff": "image/tiff", "webp": "image/webp", "heic": "image/heic", "zip": "application/zip",
    "rar": "application/vnd.rar", "7z": "application/x-7z-compressed", "gz": "application/gzip",
    "tar": "application/x-tar", "bz2": "application/x-bzip2", "xz": "application/x-xz", "mbox": "application/mbox",
    "eml": "message/rfc822", "html": "text/html", "txt": "text/plain",
    "csv": "text/csv", "xmlss": "application/vnd.ms-excel",
    "emf": "image/emf", "wmf": "image/wmf", "tnef": "application/ms-tnef", "calendar": "text/calendar", "vcard": "text/vcard", "xml": "application/xml",
}  # fmt: skip
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,60}:[ \t]?\S")
_MAIL_FIELDS = re.compile(
    rb"^(?:received|from|to|subject|date|message-id|mime-version|return-path|content-type|delivered-to|x-[a-z-]+):",
    re.IGNORECASE | re.MULTILINE,
)
_MBOX = re.compile(rb"From [^\r\n]{3,300}\r?\n(?:>?From [^\r\n]{0,300}\r?\n)?[!-9;-~]{1,60}:")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|meta|table|div|p|font|span)[\s>/]", re.IGNORECASE)
#: Word 2003 XML, and a .docx in one XML file
_WORD_XML = re.compile(rb"office/word/2003/wordml|progid=.Word\.Document.")
#: names of OLE streams, in the order in which they decide: a mail may hold a document, a document a sheet
_OLE = (
    ("__substg1.0_", "msg"), ("EncryptedPackage", "encrypted"), ("WordDocument", "doc"), ("Workbook", "xls"),
    ("Book", "xls"), ("PowerPoint Document", "ppt"),
)  # fmt: skip


def kind_of(data: bytes, filename: str | None = None, media_type: str | None = None) -> str:
    """A short word for what the bytes are: `docx` `pdf` `jpg` `zip` `eml` `txt` …, `empty`, or `unknown`.

    An office file that is encrypted (an OLE file with an EncryptedPackage) is `encrypted`.
    """
    if not data:
        return "empty"
    extension = extension_of(filename)
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return _zip_kind(data, extension)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(data, extension)
    return _boxed_kind(data) or _text_kind(data, extension, media_type)


def media_type_of(kind: str, declared: str) -> str:
    """The media type by content where it is known, else as declared."""
    return _MIME.get(kind, declared)


def extension_of(filename: str | None) -> str:
    """The extension of a name, lower case, without its dot; '' where there is none."""
    return (filename or "").rpartition(".")[2].strip().lower() if "." in (filename or "") else ""


def _boxed_kind(data: bytes) -> str | None:
    """Formats whose mark does not stand at the very beginning."""
    if data[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "video", b"WAVE": "audio"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return "heic" if data[8:12] in _HEIF_BRANDS else "video"
    if data[:2] == b"BM" and len(data) > 26 and struct.unpack_from("<I", data, 14)[0] in (12, 40, 52, 56, 108, 124):
        return "bmp"
    if is_tar(data[:512]):
        return "tar"
    if data[:4] == b"\x01\0\0\0" and data[40:44] == b" EMF":
        return "emf"
    # some scanners put a few bytes before the mark (the PDF reference allows 1,024)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    return None


def _text_kind(data: bytes, extension: str, media_type: str | None) -> str:
    head = data[:8192]
    if media_type in _BY_TYPE and media_type != "text/html":
        return _BY_TYPE[media_type]
    if not _is_text(head):
        return "unknown"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if is_mbox(start, f".{extension}"):
        return "mbox"
    if b"<Workbook" in head and b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        return "xmlss"
    if start[:15].upper() == b"BEGIN:VCALENDAR":
        return "calendar"
    if start[:11].upper() == b"BEGIN:VCARD":
        return "vcard"
    if extension in ("eml", "mht", "mhtml") or (extension not in _BY_EXTENSION and _is_mail(start)):
        return "eml" if _HEADER_LINE.match(start) or _MBOX.match(start) else "txt"
    if start.startswith(b"{\\rtf"):
        return "rtf"
    if start.startswith(b"<") and _WORD_XML.search(start[:4096]):
        return "wordml"
    if start.startswith(b"<") and b"opendocument.text" in start[:4096]:
        return "odt"  # the single-file form, .fodt
    if start.startswith(b"<") and b"opendocument.spreadsheet" in start[:4096]:
        return "ods"
    if extension == "xml" or (start[:5] == b"<?xml" and not _HTML.search(start[:2048])):
        return "svg" if b"<svg" in start[:2048] else "xml"
    if extension in _BY_EXTENSION and extension not in ("txt", "html", "htm", "text"):
        return _BY_EXTENSION[extension]
    if extension in ("html", "htm") or media_type == "text/html" or _HTML.match(start):
        return "html"
    if _HTML.search(start) and extension in ("doc", "xls", "xlsx", "wps", "et"):
        return "html"  # web exports that are named .doc
    return "csv" if extension in ("xls", "xlsx", "xlsm", "et") else "txt"


def is_mbox(data: bytes, filename: str) -> bool:
    """Whether a file is an mbox (RFC 4155): its first line begins `From ` and a header follows; a saved mail may, too."""
    if extension_of(filename) in ("eml", "mht", "mhtml", "txt", "htm", "html"):
        return False
    return bool(_MBOX.match(data[:4096]))


def is_tar(head: bytes) -> bool:
    """Whether a file begins with a tar header: its checksum tells, as old archives bear no `ustar` (POSIX pax, ustar)."""
    field = head[148:156].strip(b" \0")
    if len(head) < 512 or not 0 < len(field) <= 7 or field.strip(b"01234567") or not head[0]:
        return False
    return sum(head[:148]) + 8 * 32 + sum(head[156:512]) == int(field, 8)


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    odd = sum(head.count(bytes((code,))) for code in (*range(7), *range(14, 27), *range(28, 32), 127))
    return odd * 100 <= len(head) and head.count(b"\x00") == 0


def _is_mail(start: bytes) -> bool:
    head = start.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return bool(_HEADER_LINE.match(start)) and len({name.lower() for name in _MAIL_FIELDS.findall(head)}) >= 3


def _zip_kind(data: bytes, extension: str) -> str:
    """Zip families told apart by their members (their names in the central directory, at the end of the file)."""
    directory = _central_directory(data)
    if extension in _ZIP_FAMILIES and b"PK\x05\x06" not in directory:
        return extension  # cut off: its reader will say so
    if b"[Content_Types].xml" in directory:
        if b"word/" in directory and not (b"xl/workbook" in directory or b"ppt/presentation" in directory):
            return "docm" if b"word/vbaProject.bin" in directory else "docx"
        if b"xl/" in directory:
            return "xlsx"
        if b"ppt/" in directory:
            return "pptx"
    if b"OFD.xml" in directory and b"Doc_" in directory or (b"OFD.xml" in directory and extension == "ofd"):
        return "ofd"
    if data[30:38] == b"mimetype" or b"META-INF/manifest.xml" in directory and b"content.xml" in directory:
        return _open_document(data[38:150], extension)
    if b"META-INF/MANIFEST.MF" in directory and extension in ("jar", "apk"):
        return "exe"
    return "zip"


def _central_directory(data: bytes) -> bytes:
    """The names of the members and what belongs to them; of a damaged file its beginning and its end.

    Not the whole tail: an archive often stores a .docx without packing it, whose own directory stands there too.
    """
    end = data.rfind(b"PK\x05\x06")
    if 0 <= end <= len(data) - 22:
        size = struct.unpack_from("<I", data, end + 12)[0]
        if 0 < size <= end and data[end - size : end - size + 4] == b"PK\x01\x02":
            return data[end - size : end + 22]
    return data[:4096] + data[-2 * 1024 * 1024 :]


def _open_document(head: bytes, extension: str) -> str:
    """OpenDocument (part 3, section 3.3) tells its kind in its first member, uncompressed; some programs do not."""
    for name, kind in (
        (b"opendocument.text", "odt"),
        (b"opendocument.spreadsheet", "ods"),
        (b"opendocument.pres", "odp"),
    ):
        if name in head:
            return kind
    if b"epub" in head:
        return "epub"
    return extension if extension in ("odt", "ods", "odp") else "odt"


def _ole_kind(data: bytes, extension: str) -> str:
    names = _ole_names(data)
    if extension in ("xls", "et") and names & {"Workbook", "Book"} and "EncryptedPackage" not in names:
        return "xls"
    for start, kind in _OLE:
        if any(name.startswith(start) if kind == "msg" else name == start for name in names):
            return "wps" if kind == "doc" and extension == "wps" else kind
    return "ole"


def _ole_names(data: bytes) -> set[str]:
    """Names in the directory of an OLE compound file ([MS-CFB] sections 2.2 and 2.6); each entry has 128 bytes.

    Entries are found by their shape rather than by the sector chain, so that a damaged file is recognised too.
    """
    size = 1 << min(struct.unpack_from("<H", data, 30)[0], 12) if len(data) >= 512 else 512
    names = set()
    for offset in range(size if size == 4096 else 512, min(len(data), 64 * 1024 * 1024) - 127, 128):
        length, kind = data[offset + 64] | data[offset + 65] << 8, data[offset + 66]
        likely = 4 <= length <= 64 and length % 2 == 0 and kind in (1, 2, 5) and data[offset + 1] == 0
        if likely and data[offset + length - 2 : offset + length] == b"\x00\x00":
            names.add(data[offset : offset + length - 2].decode("utf-16-le", "replace"))
    return names
