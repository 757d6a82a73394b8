"""Archives, Outlook files and mailboxes, written byte by byte where no free program writes them.

`packed(kind, files, password)` is what most tests want. rar is only ever stored here (packing is a secret of its
makers): `PACKED_RAR4` and `PACKED_RAR5` are two tiny archives that WinRAR packed, from the tests of rarfile (ISC
licence).
"""

import base64
import bz2
import gzip
import hashlib
import hmac
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence

import py7zr
import pytest
from build_legacy import compound
from build_mails import zipped
from Cryptodome.Cipher import AES
from Cryptodome.Util import Counter

from intake.containers import unar

Files = Sequence[tuple[str, bytes]]
#: stest1.txt and stest2.txt, solid, 2,048 bytes each
PACKED_RAR4 = base64.b64decode(
    "UmFyIRoHADvQcwgADQAAAAAAAAArNHSAkCwAXAAAAAAIAAADoua3xbBmzD4dMwoApIEAAHN0ZXN0MS50eHQAwBEMzP6MnrD+MYGr"
    "rLG7QHeoCmTWSzeDwQe8AeCFku77th0ACCAACIjpeAzSDAdhOkF4S7Nun1IK2sonQLrnC2SKYnH7uACRnlAv2FX/+sZY6+vE14h+"
    "VJaHH03s2RZ0kJAsAA4AAAAACAAAA6Lmt8WwZsw+HTMKAKSBAABzdGVzdDIudHh0AMCxIACIB+vyCmn6/JTe0MQ9ewBABwA="
)
PACKED_RAR5 = base64.b64decode(
    "UmFyIRoHAQAJ78hvCwEFBwQGAQGAgIAA3vVwchwCAroABIAQtoMCoua3xYAbAQpzdGVzdDEudHh0waw3REQj+iP2l/1iU1G+TJGB"
    "QQKMwQN5XL9Ho6otoDaT3aBYAEACANRQBHb2xH8y6p8ypcTM14PfABDoLYkcAgKNAASAELaDAqLmt8XAGwEKc3Rlc3QyLnR4dEUV"
    "CmABAAgD37f79vwdd1ZRAwUEAA=="
)
PACKED_NAMES = ["stest1.txt", "stest2.txt"]
_KDF = 4


def packed(kind: str, files: Files, password: str | None = None) -> bytes:
    """An archive: zip, zip-aes, rar4, rar5, rar5-names, 7z, 7z-names, tar, tar.gz, tar.bz2, tar.xz.

    rar4 and the tars cannot be locked.
    """
    if kind == "zip":
        return locked_zip(files, password) if password else zipped(files)
    if kind == "zip-aes":
        return aes_zip(files, password or "")
    if kind == "rar4":
        return rar4(files)
    if kind.startswith("rar5"):
        return rar5(files, password, hidden=kind == "rar5-names")
    if kind.startswith("7z"):
        return seven_zip(files, password, hidden=kind == "7z-names")
    return {"tar": bytes, "tar.gz": lambda data: gzip.compress(data, mtime=0), "tar.bz2": bz2.compress,
            "tar.xz": lzma.compress}[kind](tar(files))  # fmt: skip


def tar(files: Files, charset: str = "utf-8", form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar; old Chinese programs write names in GBK."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=form, encoding=charset) as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def seven_zip(files: Files, password: str | None = None, hidden: bool = False) -> bytes:
    """A 7z; `hidden`: the names are encrypted too."""
    sink = io.BytesIO()
    with py7zr.SevenZipFile(sink, "w", password=password, header_encryption=hidden) as archive:
        for name, data in files:
            archive.writestr(data, name)
    return sink.getvalue()


def rar4(files: Files, charset: str = "gbk", flags: int = 0) -> bytes:
    """A rar of version 4, stored; names without Unicode, as the Chinese WinRAR of old wrote them.

    `flags` 2: a part of several.
    """
    pieces = [b"Rar!\x1a\x07\x00", _block4(0x73, 0, bytes(6))]
    for name, data in files:
        raw = name.encode(charset)
        head = struct.pack("<IIBIIBBHI", len(data), len(data), 2, zlib.crc32(data), 0x4F014BC0, 20, 0x30, len(raw), 32)
        pieces += [_block4(0x74, 0x8000 | flags, head + raw), data]
    return b"".join([*pieces, _block4(0x7B, 0x4000, b"")])


def _block4(kind: int, flags: int, body: bytes) -> bytes:
    rest = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(rest) & 0xFFFF) + rest


def rar5(files: Files, password: str | None = None, hidden: bool = False) -> bytes:
    """A rar of version 5, stored; with a password AES-256, `hidden`: the names too."""
    salt, key = bytes(range(16)), b""
    start = b"Rar!\x1a\x07\x01\x00"
    if password is not None:
        key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1 << _KDF)
    if hidden:
        start += _block5(4, _number(0) + _number(1) + bytes([_KDF]) + salt + _check(password or "", salt))
    seal = key if hidden else b""
    pieces = [start, _sealed(_block5(1, _number(0)), seal)]
    for name, data in files:
        pieces += _file5(name, data, key, salt, password, seal)
    return b"".join([*pieces, _sealed(_block5(5, _number(0)), seal)])


def _file5(name: str, data: bytes, key: bytes, salt: bytes, password: str | None, seal: bytes) -> list[bytes]:
    raw = name.encode()
    extra, body = b"", data
    if key:
        vector = hashlib.sha256(raw).digest()[:16]
        record = _number(1) + _number(0) + _number(1) + bytes([_KDF]) + salt + vector + _check(password or "", salt)
        extra = _number(len(record)) + record
        body = AES.new(key, AES.MODE_CBC, vector).encrypt(data + bytes(-len(data) % 16))
    told = _number(4) + _number(len(data)) + _number(32) + struct.pack("<I", zlib.crc32(data))
    told += _number(0) + _number(0) + _number(len(raw)) + raw
    return [_sealed(_block5(2, told, extra, len(body)), seal), body]


def _block5(kind: int, body: bytes, extra: bytes = b"", data: int | None = None) -> bytes:
    flags = bool(extra) | (data is not None) << 1
    rest = _number(kind) + _number(flags) + (_number(len(extra)) if extra else b"")
    rest += (_number(data) if data is not None else b"") + body + extra
    rest = _number(len(rest)) + rest
    return struct.pack("<I", zlib.crc32(rest)) + rest


def _sealed(block: bytes, key: bytes) -> bytes:
    """A header under archive encryption: its vector, then the padded block."""
    if not key:
        return block
    vector = hashlib.sha256(block).digest()[:16]
    return vector + AES.new(key, AES.MODE_CBC, vector).encrypt(block + bytes(-len(block) % 16))


def _check(password: str, salt: bytes) -> bytes:
    long = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, (1 << _KDF) + 32)
    value = bytearray(8)
    for place, code in enumerate(long):
        value[place % 8] ^= code
    return bytes(value) + hashlib.sha256(value).digest()[:4]


def _number(value: int) -> bytes:
    """RAR5's vint: seven bits a byte, lowest first."""
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def locked_zip(files: Files, password: str | bytes) -> bytes:
    """A zip under ZipCrypto (APPNOTE 6.1), stored."""
    key = password if isinstance(password, bytes) else password.encode()
    return _raw_zip([(name, _zip_crypto(data, key), data, 0, 0x1, b"") for name, data in files])


def _zip_crypto(data: bytes, password: bytes) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def step(value: int, code: int) -> int:
        return _CRC[(value ^ code) & 0xFF] ^ value >> 8

    def update(code: int) -> None:
        keys[0] = step(keys[0], code)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = step(keys[2], keys[1] >> 24)

    for code in password:
        update(code)
    made = bytearray()
    for code in bytes(11) + struct.pack("<I", zlib.crc32(data))[3:] + data:
        mask = keys[2] | 2
        made.append(code ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
        update(code)
    return bytes(made)


def _crc_table() -> list[int]:
    table = []
    for code in range(256):
        for _ in range(8):
            code = code >> 1 ^ (0xEDB88320 if code & 1 else 0)
        table.append(code)
    return table


_CRC = _crc_table()


def aes_zip(files: Files, password: str, strength: int = 3) -> bytes:
    """A zip with WinZip's AES (AE-2), deflated."""
    members = []
    for name, data in files:
        salt = hashlib.sha256(name.encode()).digest()[: 4 + 4 * strength]
        size = 8 + 8 * strength
        made = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 1000, 2 * size + 2)
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        counter = Counter.new(128, initial_value=1, little_endian=True)
        body = AES.new(made[:size], AES.MODE_CTR, counter=counter).encrypt(deflate.compress(data) + deflate.flush())
        seal = hmac.digest(made[size : 2 * size], body, "sha1")[:10]
        extra = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", strength, 8)
        members.append((name, salt + made[-2:] + body + seal, data, 99, 0x1, extra))
    return _raw_zip(members)


def _raw_zip(members: list[tuple[str, bytes, bytes, int, int, bytes]]) -> bytes:
    """A zip of (name, packed bytes, plain bytes, method, flags, extra field)."""
    made, directory = bytearray(), bytearray()
    for name, body, data, method, flags, extra in members:
        raw = name.encode()
        common = struct.pack(
            "<HHHHHIIIHH",
            51,
            flags | 0x800,
            method,
            0x4BC0,
            0x4F01,
            0 if method == 99 else zlib.crc32(data),
            len(body),
            len(data),
            len(raw),
            len(extra),
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 51) + common + struct.pack("<HHHII", 0, 0, 0, 32, len(made))
        directory += raw + extra
        made += b"PK\x03\x04" + common + raw + extra + body
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(members), len(members), len(directory), len(made), 0)
    return bytes(made + directory) + end


def zip_bomb(megabytes: int) -> bytes:
    """Zeros."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("零.bin", "w") as stream:
        for _ in range(megabytes):
            stream.write(bytes(1024 * 1024))
    return sink.getvalue()


def overlapping_zip(members: int, megabytes: int = 1) -> bytes:
    """Many directory entries for the same packed bytes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = os.urandom(1000) * (1024 * megabytes)
    body = deflate.compress(data) + deflate.flush()
    local = (
        struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, zlib.crc32(data), len(body), len(data), 1, 0) + b"a"
    )
    entry = (
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            20,
            20,
            0,
            8,
            0,
            0,
            zlib.crc32(data),
            len(body),
            len(data),
            1,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        + b"a"
    )
    directory = entry * members
    return local + body + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, members, members, len(directory),
                                                  len(local) + len(body), 0)  # fmt: skip


def lying_zip64() -> bytes:
    """A member that says it has 2⁶² bytes, in a zip64 field."""
    data = b"small"
    extra = struct.pack("<HHQQ", 1, 16, 1 << 62, 1 << 62)
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\x03\x04", 45, 0, 0, 0, 0, zlib.crc32(data), 0xFFFFFFFF, 0xFFFFFFFF, 1, len(extra)
    )
    entry = (
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            45,
            45,
            0,
            0,
            0,
            0,
            zlib.crc32(data),
            0xFFFFFFFF,
            0xFFFFFFFF,
            1,
            len(extra),
            0,
            0,
            0,
            0,
            0,
        )
        + b"a"
        + extra
    )
    body = local + b"a" + extra + data
    return body + entry + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(body), 0)


def sparse_tar(gigabytes: int) -> bytes:
    """A GNU sparse member of so many gigabytes of nothing in 1.5 KB, then an honest one."""
    info = tarfile.TarInfo("稀疏.bin")
    info.size = 512
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    size = gigabytes * 1024**3
    head[156:157] = b"S"
    struct.pack_into("12s12s", head, 386, b"%011o\0" % (size - 512), b"%011o\0" % 512)
    head[483:495] = b"\x80" + size.to_bytes(11, "big")
    head[386:398] = b"\x80" + (size - 512).to_bytes(11, "big")
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + 256 + sum(head[156:512]))
    return bytes(head) + b"x" * 512 + tar([("好.txt", b"good")])


def msg(
    text: str = "",
    subject: str = "",
    attachments: Sequence = (),
    sender: tuple[str, str] = ("", ""),
    html: bytes = b"",
    headers: str = "",
    rtf: bytes = b"",
    charset: str | None = None,
) -> bytes:
    """An Outlook `.msg`; `attachments`: (name, bytes), or (name, streams of another mail: `msg_streams`).

    With a `charset` texts are PT_STRING8 in it, as Outlook 2000 writes them.
    """
    return compound(msg_streams(text, subject, attachments, sender, html, headers, rtf, charset, 32))


def msg_streams(
    text="", subject="", attachments=(), sender=("", ""), html=b"", headers="", rtf=b"", charset=None, head=24
) -> dict:
    """The streams and storages of one mail."""
    texts = {0x0037: subject, 0x1000: text, 0x0C1A: sender[0], 0x5D01: sender[1], 0x007D: headers}
    page = {"gbk": 936, "utf-8": 65001}.get(charset or "", 0)
    streams = _text_streams(texts, charset)
    streams |= {f"__substg1.0_{number:04X}0102": data for number, data in ((0x1013, html), (0x1009, rtf)) if data}
    fixed = struct.pack("<HHII4x", 3, 0x3FFD, 6, page) if page else b""
    sent = 116_444_736_000_000_000 + 1_564_623_000 * 10_000_000  # 2019-08-01 09:30 in China
    fixed += struct.pack("<HHIQ", 0x40, 0x0039, 6, sent)
    streams["__properties_version1.0"] = bytes(head) + fixed
    for number, (name, content) in enumerate(attachments):
        inside = _text_streams({0x3707: name}, charset)
        inside["__properties_version1.0"] = bytes(8) + struct.pack(
            "<HHII4x", 3, 0x3705, 6, 5 if isinstance(content, dict) else 1
        )
        if isinstance(content, dict):
            inside["__substg1.0_3701000D"] = content
        else:
            inside["__substg1.0_37010102"] = content
        streams[f"__attach_version1.0_#{number:08X}"] = inside
    return streams


def _text_streams(texts: dict[int, str], charset: str | None) -> dict:
    if charset:
        return {f"__substg1.0_{number:04X}001E": text.encode(charset) for number, text in texts.items() if text}
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le") for number, text in texts.items() if text}


def tnef(attachments: Sequence = (), rtf: bytes = b"", subject: str = "", body: str = "", page: int = 936) -> bytes:
    """A winmail.dat; `attachments`: (name, bytes) or (name, another tnef as bytes, "mail")."""
    made = b"\x78\x9f\x3e\x22\x01\x00" + _attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    made += _attribute(1, 0x00069007, struct.pack("<II", page, 0))
    charset = "utf-8" if page == 65001 else f"cp{page}"
    made += _attribute(1, 0x00018004, subject.encode(charset) + b"\0") if subject else b""
    made += _attribute(1, 0x0002800C, body.encode(charset) + b"\0") if body else b""
    if rtf:
        made += _attribute(1, 0x00069003, _properties([(0x0102, 0x1009, rtf)]))
    for name, content, *kind in attachments:
        made += _attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0))
        made += _attribute(2, 0x00018010, name.encode(charset, "replace")[:12] + b"\0")
        properties = [(0x001F, 0x3707, (name + "\0").encode("utf-16-le"))]
        if kind:
            properties.append((0x000D, 0x3701, bytes(16) + content))
        else:
            made += _attribute(2, 0x0006800F, content)
        made += _attribute(2, 0x00069005, _properties(properties))
    return made


def _attribute(level: int, identifier: int, content: bytes) -> bytes:
    return struct.pack("<BII", level, identifier, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def _properties(values: list[tuple[int, int, bytes]]) -> bytes:
    """A list of MAPI properties, a named one first that has to be passed over."""
    named = struct.pack("<HH16sIIi", 0x0003, 0x8001, b"GUID" * 4, 0, 0x8554, 7)
    made = struct.pack("<I", len(values) + 1) + named
    for kind, number, data in values:
        made += struct.pack("<HHII", kind, number, 1, len(data)) + data + bytes(-len(data) % 4)
    return made


def compressed_rtf(text: bytes, packed: bool = True) -> bytes:
    """PidTagRtfCompressed, of literals only ([MS-OXRTFCP] allows it), or uncompressed."""
    if not packed:
        return struct.pack("<II4sI", len(text) + 12, len(text), b"MELA", 0) + text
    body = b"".join(b"\x00" + text[start : start + 8] for start in range(0, len(text), 8))
    return struct.pack("<II4sI", len(body) + 12, len(text), b"LZFu", zlib.crc32(body)) + body


def mbox(mails: Sequence[bytes]) -> bytes:
    """An mbox of mails, `From ` in their text quoted."""
    made = b""
    for raw in mails:
        lines = raw.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
        made += b"From someone@example.cn Thu Aug  1 09:30:00 2019\n" + lines.rstrip(b"\n") + b"\n\n"
    return made


#: for what only the Debian program can open
needs_unar = pytest.mark.skipif(unar.program() is None, reason="no unar (unar)")
