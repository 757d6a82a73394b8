"""Archives in several volumes: what one of them holds cannot be read without the others, which came elsewhere or not."""

import re
import struct

#: 材料.7z.001, 材料.zip.002, 材料.z01, 材料.r00, 材料.part2.rar
_NAME = re.compile(r"\.(?:(?:7z|zip|rar|tar|tgz|gz)\.\d{2,3}|z\d{2}|r\d{2}|part\d{1,3}\.(?:rar|exe|zip|7z))$", re.IGNORECASE)
_SPANNED = b"PK\x07\x08"


def is_volume(data: bytes, name: str) -> bool:
    """Whether a file is one of several volumes, by its name, or as the last of a zip that was split (APPNOTE 4.4.19).

    Where its bytes are those of a whole archive, its name says nothing: what was to be split was small. rar tells
    by itself (`intake.containers.rar_archive`).
    """
    if data.startswith(b"Rar!"):
        return False
    if data.startswith(_SPANNED):
        return True
    found = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if 0 <= found <= len(data) - 22 and 0 < struct.unpack_from("<H", data, found + 4)[0] < 0xFFFF:
        return True
    return bool(_NAME.search(name.strip())) and not (_is_whole_zip(data, found) or _is_whole_7z(data))


def _is_whole_zip(data: bytes, end: int) -> bool:
    if end < 0 or end > len(data) - 22 or not data.startswith(b"PK\x03\x04"):
        return False
    size, start = struct.unpack_from("<II", data, end + 12)
    return start + size == end


def _is_whole_7z(data: bytes) -> bool:
    """The head tells where the directory ends (7zFormat.txt: start header)."""
    if len(data) < 32 or not data.startswith(b"7z\xbc\xaf'\x1c"):
        return False
    offset, size = struct.unpack_from("<QQ", data, 12)
    return 32 + offset + size == len(data)
