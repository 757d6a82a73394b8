"""AES-encrypted members of zip archives (WinZip AE-1 and AE-2; APPNOTE 7.2 leaves them to WinZip's own paper).

The key is PBKDF2-HMAC-SHA1 with 1,000 rounds; CTR mode counts little-endian from 1, which `cryptography` does not, so
the key stream is made from counter blocks. Ten bytes of HMAC-SHA1 over the packed bytes tell a wrong password from a
right one.
"""

import hashlib
import hmac
import struct
import zlib
from zipfile import ZipInfo

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from intake.containers import BROKEN_MEMBER, TOO_LARGE_MEMBER
from intake.readers import Unreadable

#: `compress_type` of every AES member; the real method stands in extra field 0x9901
AES_METHOD = 99
_TAG = 0x9901
_KEY_BYTES = {1: 16, 2: 24, 3: 32}
_ROUNDS, _MAC_BYTES, _CHUNK = 1000, 10, 256 * 1024


class WrongPassword(Exception):
    """The password does not open the member."""


def read_aes(source, info: ZipInfo, key: bytes | None, bound: int) -> bytes:
    """The bytes of an AES member; raises WrongPassword, Unreadable (unsupported, too_large, corrupt), OSError."""
    strength, method = _parameters(info.extra)
    if key is None:
        raise WrongPassword
    if info.compress_size > bound + 1024 * 1024:
        raise Unreadable("too_large", TOO_LARGE_MEMBER)
    salt, check, packed, mac = _sealed(source, info, _KEY_BYTES[strength] // 2)
    size = _KEY_BYTES[strength]
    made = hashlib.pbkdf2_hmac("sha1", key, salt, _ROUNDS, 2 * size + 2)
    if made[-2:] != check:
        raise WrongPassword
    if not hmac.compare_digest(hmac.digest(made[size:-2], packed, "sha1")[:_MAC_BYTES], mac):
        raise WrongPassword  # one in 65,536 passes the check before; or the member was changed
    plain = _decrypted(packed, made[:size])
    return _inflated(plain, method, bound)


def _parameters(extra: bytes) -> tuple[int, int]:
    """Strength and compression method."""
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if tag == _TAG and len(field) >= 7 and field[4] in _KEY_BYTES:
            return field[4], struct.unpack_from("<H", field, 5)[0]
    raise Unreadable("unsupported", "压缩包的加密方式暂不支持")


def _sealed(source, info: ZipInfo, salt_size: int) -> tuple[bytes, bytes, bytes, bytes]:
    source.seek(info.header_offset)
    head = source.read(30)
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise Unreadable("corrupt", BROKEN_MEMBER)
    name, extra = struct.unpack_from("<HH", head, 26)
    source.seek(info.header_offset + 30 + name + extra)
    data = source.read(info.compress_size)
    if len(data) < info.compress_size or len(data) < salt_size + 2 + _MAC_BYTES:
        raise Unreadable("corrupt", BROKEN_MEMBER)
    return data[:salt_size], data[salt_size : salt_size + 2], data[salt_size + 2 : -_MAC_BYTES], data[-_MAC_BYTES:]


def _decrypted(packed: bytes, key: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    plain = bytearray()
    for start in range(0, len(packed), _CHUNK):
        piece = packed[start : start + _CHUNK]
        first = start // 16 + 1
        blocks = range(first, first + -(-len(piece) // 16))
        stream = encryptor.update(b"".join(number.to_bytes(16, "little") for number in blocks))[: len(piece)]
        mixed = int.from_bytes(piece, "little") ^ int.from_bytes(stream, "little")
        plain += mixed.to_bytes(len(piece), "little")
    return bytes(plain)


def _inflated(plain: bytes, method: int, bound: int) -> bytes:
    if method == 0:
        data = plain
    elif method == 8:
        try:
            data = zlib.decompressobj(-15).decompress(plain, bound + 1)
        except zlib.error:
            raise Unreadable("corrupt", BROKEN_MEMBER) from None
    else:
        raise Unreadable("unsupported", "压缩方式暂不支持")
    if len(data) > bound:
        raise Unreadable("too_large", TOO_LARGE_MEMBER)
    return data
