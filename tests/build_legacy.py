"""Word 97–2003 documents written byte by byte ([MS-DOC], [MS-CFB]), with what LibreOffice does not write.

`LegacyDoc` collects runs and marks and lays them out: `packed` text in 8-bit pieces where it can be,
`scattered` pieces in reverse order as a fast save leaves them, modifiers in the Data stream (`huge`) as Word
does with long rows.
"""

import struct

_PAGE = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: dict) -> bytes:
    """An OLE compound file with these streams (bytes) and storages (dicts of the same kind).

    Each stream is filled up to 4,096 bytes, so that no mini stream is needed.
    """
    sectors: list[bytes] = []
    chains: list[tuple[int, int]] = []
    entries = [b""]
    entries[0] = _entry("Root Entry", 5, child=_storage(streams, entries, sectors, chains))
    entries += [bytes(128)] * (-len(entries) % 4)
    first = len(sectors)
    _store(b"".join(entries), sectors, chains)
    return _with_table(sectors, chains, first)


def _storage(members: dict, entries: list[bytes], sectors: list[bytes], chains: list[tuple[int, int]]) -> int:
    """Add the entries of a storage's members, each the right neighbour of the one before; returns the first's number."""
    names = sorted(members, key=lambda name: (len(name), name.upper()))
    first = len(entries)
    entries += [b""] * len(names)
    for number, name in enumerate(names, first):
        right = number + 1 if number + 1 < first + len(names) else _FREE
        if isinstance(members[name], dict):
            child = _storage(members[name], entries, sectors, chains)
            entries[number] = _entry(name, 1, right=right, child=child)
        else:
            body = members[name].ljust(4096, b"\0")
            entries[number] = _entry(name, 2, right=right, start=len(sectors), size=len(body))
            _store(body, sectors, chains)
    return first if names else _FREE


def _store(body: bytes, sectors: list[bytes], chains: list[tuple[int, int]]) -> None:
    first = len(sectors)
    body += bytes(-len(body) % _PAGE)
    sectors += [body[at : at + _PAGE] for at in range(0, len(body), _PAGE)]
    chains.append((first, len(sectors)))


def _entry(name: str, kind: int, *, right: int = _FREE, child: int = _FREE, start: int = _END, size: int = 0) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sI8s8sIQ", text, len(text) + 2, kind, 1, _FREE, right, child, b"", 0, b"", b"", start, size
    )


def _with_table(sectors: list[bytes], chains: list[tuple[int, int]], directory: int) -> bytes:
    count = next(number for number in range(1, 110) if number * 128 >= len(sectors) + number)
    table = [_FREE] * (count * 128)
    for first, behind in chains:
        for sector in range(first, behind):
            table[sector] = sector + 1 if sector + 1 < behind else _END
    places = list(range(len(sectors), len(sectors) + count))
    for place in places:
        table[place] = _FAT
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack("<16sHHHHH6sIIIIIIIII", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, count,
                                                             directory, 0, 4096, _END, 0, _END, 0)  # fmt: skip
    head += struct.pack("<109I", *places, *[_FREE] * (109 - count))
    return head + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def sprm(code: int, operand: int | bytes) -> bytes:
    """One modifier; a number becomes as many bytes as its code says."""
    if isinstance(operand, int):
        operand = operand.to_bytes({0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}[code >> 13], "little", signed=operand < 0)
    return struct.pack("<H", code) + operand


IN_TABLE = sprm(0x2416, 1)
ROW_END = IN_TABLE + sprm(0x2417, 1)
DELETED = sprm(0x0800, 1)
INSERTED = sprm(0x0801, 1)
STRUCK = sprm(0x0837, 1)
HIDDEN = sprm(0x083C, 1)
SPECIAL = sprm(0x0855, 1)


def font(number: int) -> bytes:
    """Characters of a font for Latin text and other text."""
    return sprm(0x4A4F, number) + sprm(0x4A51, number)


def row_shape(edges: list[int], flags: list[int] | None = None) -> bytes:
    """sprmTDefTable: edges of the cells in twips, and of each cell its merge flags."""
    count = len(edges) - 1
    cells = b"".join(struct.pack("<H18x", flag) for flag in flags or [0] * count)
    body = bytes((count,)) + struct.pack(f"<{count + 1}h", *edges) + cells
    return struct.pack("<HH", 0xD608, len(body) + 1) + body


class LegacyDoc:
    """A document that is being written."""

    def __init__(self, *, packed: bool = False, scattered: bool = False, huge: bool = False):
        self.packed, self.scattered, self.huge = packed, scattered, huge
        self._runs: list[tuple[str, bytes, bytes]] = []
        self._data = bytearray(16)
        self._fonts: list[str] = ["宋体"]
        self._objects: dict[str, dict] = {}

    def run(self, text: str, properties: bytes = b"") -> None:
        """Text with character properties."""
        if text:
            self._runs.append((text, properties, b""))

    def mark(self, char: str = "\r", properties: bytes = b"", characters: bytes = b"") -> None:
        """The end of a paragraph, cell or row with its paragraph properties."""
        if self.huge and len(properties) > 40:
            properties = sprm(0x6646, self.keep(struct.pack("<H", len(properties)) + properties))
        self._runs.append((char, characters, properties))

    def paragraph(self, text: str, properties: bytes = b"") -> None:
        """One paragraph."""
        self.run(text, properties)
        self.mark()

    def cell(self, text: str | None = None) -> None:
        """The end of a cell of a table, `text` before it."""
        self.run(text or "")
        self.mark("\x07", IN_TABLE)

    def row(self, edges: list[int], flags: list[int] | None = None, characters: bytes = b"") -> None:
        """The end of a row."""
        self.mark("\x07", ROW_END + row_shape(edges, flags), characters)

    def table(self, rows: list[list[str]], edges: list[int]) -> None:
        """A plain table."""
        for texts in rows:
            for text in texts:
                self.cell(text)
            self.row(edges)

    def keep(self, data: bytes) -> int:
        """Put bytes into the Data stream; returns their place."""
        place = len(self._data)
        self._data += data
        return place

    def font(self, name: str) -> int:
        """The number of a font."""
        if name not in self._fonts:
            self._fonts.append(name)
        return self._fonts.index(name)

    def symbol(self, name: str, code: int, properties: bytes = b"") -> None:
        """A symbol as Word's dialog inserts it; Word itself leaves SPECIAL out, others put it into `properties`."""
        self.run("(", properties + sprm(0x6A09, struct.pack("<HH", self.font(name), code)))

    def field(self, code: str, result: str | None = None, data: int | None = None) -> None:
        """A field with its instructions and its result."""
        self.run("\x13", SPECIAL)
        self.run(code)
        if data is not None:
            self.run("\x01", sprm(0x0806, 1) + sprm(0x6A03, data) + SPECIAL)
        if result is not None:
            self.run("\x14", SPECIAL)
            self.run(result)
        self.run("\x15", SPECIAL)

    def check_box(self, checked: bool, *, by_default: bool = False) -> None:
        """A check box of a form (FFData); `by_default`: its state is its default's."""
        state = 25 if by_default else int(checked)
        self.field(
            " FORMCHECKBOX ", None, self._form_field(1 | state << 2, struct.pack("<H", int(checked)) + bytes(10))
        )

    def drop_down(self, entries: list[str], chosen: int) -> None:
        """A drop-down list of a form."""
        table = struct.pack("<HHH", 0xFFFF, len(entries), 0)
        table += b"".join(struct.pack("<H", len(entry)) + entry.encode("utf-16-le") for entry in entries)
        self.field(" FORMDROPDOWN ", None, self._form_field(2 | chosen << 2, bytes(2) + bytes(20) + table))

    def _form_field(self, bits: int, rest: bytes) -> int:
        name = "复选框".encode("utf-16-le")
        body = b"\xff\xff\xff\xff" + struct.pack("<HHH", bits, 0, 20) + struct.pack("<H", 3) + name + bytes(2) + rest
        return self.keep(struct.pack("<IH62x", 68 + len(body), 68) + body)

    def picture(self, picture: bytes) -> None:
        """A picture in the line: PNG or JPEG."""
        kind, instance = (0xF01E, 0x6E0) if picture.startswith(b"\x89PNG") else (0xF01D, 0x46A)
        blip = struct.pack("<HHI", instance << 4, kind, 17 + len(picture)) + bytes(16) + b"\xff" + picture
        entry = struct.pack("<HHI", 0x62, 0xF007, 36 + len(blip)) + bytes(36) + blip
        shape = struct.pack("<HHI", 0x0F, 0xF004, 8) + struct.pack("<HHI", 0, 0xF00A, 0)
        body = shape + entry
        place = self.keep(struct.pack("<IHH60x", 68 + len(body), 68, 0x64) + body)
        self.run("\x01", sprm(0x6A03, place) + SPECIAL)

    def package(self, name: str, content: bytes) -> None:
        """A file dropped into the document, shown by an icon."""
        label = name.encode("gbk") + b"\0"
        body = b"\x02\x00" + label + b"C:\\" + label + bytes(4) + struct.pack("<I", len(label)) + label
        body += struct.pack("<I", len(content)) + content
        self._objects[f"_{len(self._objects) + 1}"] = {
            "\x01Ole10Native": struct.pack("<I", len(body)) + body,
            "\x03ObjInfo": b"\0",
        }
        metafile = struct.pack("<HHI", 0x3D40, 0xF01A, 0)
        icon = self.keep(struct.pack("<IHH60x", 68 + len(metafile), 68, 0x64) + metafile)
        self.run("\x13", SPECIAL)
        self.run(" EMBED Package ")
        self.run("\x14", SPECIAL)
        self.run("\x01", sprm(0x6A03, icon) + SPECIAL)
        self.run("\x15", SPECIAL)

    def build(self, *, flags: int = 0, magic: int = 0xA5EC, version: int = 0xC1, stream: str = "WordDocument") -> bytes:
        """The file; `flags`, `magic` and `version` of its head may be made wrong."""
        text, pieces, places = self._laid_out()
        document = bytearray(2048) + text
        document += bytes(-len(document) % _PAGE)
        characters = _pages(document, [(first, last, run[1]) for first, last, run in places], False)
        paragraphs = _pages(document, [(first, last, run[2]) for first, last, run in places], True)
        parts = {12: characters, 13: paragraphs, 15: self._font_table(), 33: pieces}
        table = bytearray(16)
        pairs = [(0, 0)] * 93
        for index, part in parts.items():
            pairs[index] = (len(table), len(part))
            table += part
        length = sum(len(_units(run[0])) // 2 for run in self._runs)
        head = struct.pack("<HHHHHHH", magic, version, 0, 0x0804, 0, 0x1200 | flags, 0xBF).ljust(32, b"\0")
        head += struct.pack("<H28xH", 14, 22) + struct.pack("<22I", len(document), 0, 0, length, *[0] * 18)
        head += struct.pack("<H", 93) + b"".join(struct.pack("<II", *pair) for pair in pairs)
        document[: len(head)] = head
        objects = {"ObjectPool": self._objects} if self._objects else {}
        return compound({stream: bytes(document), "1Table": bytes(table), "Data": bytes(self._data), **objects})

    def _laid_out(self) -> tuple[bytes, bytes, list]:
        """(text as it lies in the file, the piece table, where each run lies)."""
        parts, at = [], 0
        for run in _with_marks(self._runs):
            small = self.packed and all(ord(char) < 0x80 or char in "£¨" for char in run[0])
            body = run[0].encode("cp1252") if small else _units(run[0])
            parts.append((at, len(body) if small else len(body) // 2, small, body, run))
            at += parts[-1][1]
        lying = {}
        text = b""
        for start, count, small, body, run in reversed(parts) if self.scattered else parts:
            text += bytes(len(text) % 2)
            lying[start] = (2048 + len(text), 2048 + len(text) + len(body), run)
            text += body
        bounds = struct.pack(f"<{len(parts) + 1}I", *[part[0] for part in parts], at)
        body = bounds + b"".join(_piece(lying[part[0]][0], part[2]) for part in parts)
        return text, b"\x02" + struct.pack("<I", len(body)) + body, sorted(lying.values(), key=lambda item: item[0])

    def _font_table(self) -> bytes:
        table = struct.pack("<HH", len(self._fonts), 0)
        for name in self._fonts:
            text = name.encode("utf-16-le") + b"\0\0"
            table += bytes((39 + len(text),)) + bytes(39) + text
        return table


def _with_marks(runs: list[tuple[str, bytes, bytes]]) -> list[tuple[str, bytes, bytes]]:
    """The properties of a paragraph belong to all of its characters, not to its mark alone."""
    found, properties = [], b""
    for text, characters, own in reversed(runs):
        properties = own if text in ("\r", "\x07", "\x0c") else properties
        found.append((text, characters, properties))
    return found[::-1]


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _piece(place: int, small: bool) -> bytes:
    return struct.pack("<HIH", 0, 2 * place | 0x40000000 if small else place, 0)


def _pages(document: bytearray, entries: list[tuple[int, int, bytes]], paragraphs: bool) -> bytes:
    """Append pages of properties to the document; returns the list of pages."""
    ends, numbers = [entries[0][0]], []
    while entries:
        count, room = 0, 5
        for _, _, properties in entries:
            room += (17 if paragraphs else 5) + len(properties) + 5
            if room > _PAGE or count == 60:
                break
            count += 1
        page, entries = entries[:count], entries[count:]
        numbers.append(len(document) // _PAGE)
        document += _page(page, paragraphs)
        ends.append(page[-1][1])
    return struct.pack(f"<{len(ends)}I{len(numbers)}I", *ends, *numbers)


def _page(entries: list[tuple[int, int, bytes]], paragraphs: bool) -> bytes:
    page = bytearray(_PAGE)
    struct.pack_into(f"<{len(entries) + 1}I", page, 0, *[entry[0] for entry in entries], entries[-1][1])
    at, end = 4 * (len(entries) + 1), _PAGE - 1
    for _, _, properties in entries:
        body = _modifiers(properties, paragraphs)
        end -= len(body) + (end - len(body)) % 2
        page[end : end + len(body)] = body
        page[at] = end // 2
        at += 13 if paragraphs else 1
    page[-1] = len(entries)
    return bytes(page)


def _modifiers(properties: bytes, paragraphs: bool) -> bytes:
    if not paragraphs:
        return bytes((len(properties),)) + properties
    body = b"\0\0" + properties
    if len(body) % 2:
        return bytes(((len(body) + 1) // 2,)) + body
    return bytes((0, len(body) // 2)) + body
