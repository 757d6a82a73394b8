"""Names of files made harmless: they come from strangers and are shown to people."""

import re
import unicodedata

MAX_NAME = 150
#: characters that turn the direction of writing, or cannot be seen: with U+202E `表fdp.exe` shows as `表exe.pdf`
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
_NAMES = {
    "jpg": "jpg", "png": "png", "gif": "gif", "bmp": "bmp", "tiff": "tif", "webp": "webp", "heic": "heic", "pdf": "pdf",
    "docx": "docx", "docm": "docm", "xlsx": "xlsx", "pptx": "pptx", "doc": "doc", "wps": "wps", "xls": "xls",
    "rtf": "rtf",
    "odt": "odt", "ofd": "ofd", "zip": "zip", "rar": "rar", "7z": "7z", "eml": "eml", "html": "html", "txt": "txt",
    "calendar": "ics", "vcard": "vcf", "signature": "p7s", "tnef": "dat", "msg": "msg", "gz": "gz", "tar": "tar",
    "xml": "xml",
}  # fmt: skip


def safe_name(name: str | None) -> str | None:
    """The last component of a name without control and invisible characters, at most MAX_NAME long, or None."""
    if not name:
        return None
    name = _UNSEEN.sub("", name)
    name = re.split(r"[/\\]", name.rstrip("/\\ "))[-1]
    name = "".join(" " if unicodedata.category(char) in ("Zl", "Zp", "Zs") else char for char in name)
    name = "".join(char for char in name if unicodedata.category(char) not in ("Cc", "Cn", "Co"))
    name = re.sub(r"\s+", " ", name).strip().strip('"').strip()
    if not name.strip(". "):
        return None
    if len(name) <= MAX_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= 10:
        return f"{stem[: MAX_NAME - len(extension) - 1]}.{extension}"
    return name[:MAX_NAME]


def unnamed(kind: str, media_type: str, counts: dict[str, int]) -> str:
    """A readable name for a file that came without one, the same at each reading: `未命名附件1.jpg`.

    `counts` is kept by the caller over one mail.
    """
    counts[""] = counts.get("", 0) + 1
    if kind == "eml" or media_type == "message/rfc822":
        return f"转来的邮件{counts['']}.eml"
    extension = _NAMES.get(kind)
    return f"未命名附件{counts['']}" + (f".{extension}" if extension else "")
