"""Property modifiers of the Word binary format ([MS-DOC] 2.2.5, 2.6): what they say that matters for a form's text."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from intake.readers.flow import CellShape

#: operand bytes by the three high bits of a modifier; 6 is of variable length
_OPERAND = (1, 1, 2, 4, 2, 2, 0, 3)
_P_CHG_TABS, _T_DEF_TABLE, _T_DEF_TABLE_10 = 0xC615, 0xD608, 0xD606
_P_HUGE_PAPX = (0x6645, 0x6646)
#: cells of one row: Word allows 63
MAX_CELLS = 128
#: modifiers that a piece holds as one byte ([MS-DOC] 2.9.215 Prm0), those that are read
_SHORT = {0x18: 0x2416, 0x19: 0x2417, 0x41: 0x0800, 0x42: 0x0801, 0x43: 0x0802, 0x57: 0x0837, 0x5C: 0x083C}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Paragraph properties that make tables."""

    #: depth in tables
    level: int = 0
    #: the mark ends a row, and of an inner table
    ends_row: bool = False
    inner_cell: bool = False
    inner_row: bool = False
    shape: tuple[CellShape, ...] = ()


@dataclass(frozen=True, slots=True)
class Character:
    """Character properties that decide what is read."""

    #: deleted with tracking, struck out or hidden
    deleted: bool = False
    struck: bool = False
    hidden: bool = False
    #: the picture is data of a form field, or an OLE object
    is_data: bool = False
    is_object: bool = False
    #: offset in the Data stream
    location: int | None = None
    #: (font number, code)
    symbol: tuple[int, int] | None = None
    #: font number of Latin text and of other text
    fonts: tuple[int, int] = (-1, -1)

    @property
    def gone(self) -> bool:
        """Whether a reader of the paper would not see it."""
        return self.deleted or self.struck or self.hidden


def modifiers(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(modifier, operand) one after the other, as far as they are whole."""
    end = len(data) if end is None else min(end, len(data))
    while start + 2 < end:
        code = data[start] | data[start + 1] << 8
        start += 2
        size = _OPERAND[code >> 13] or _variable(code, data, start)
        if start + size > end:
            return
        yield code, data[start : start + size]
        start += size


def _variable(code: int, data: bytes, start: int) -> int:
    """Bytes of an operand of variable length, its own length included."""
    if code in (_T_DEF_TABLE, _T_DEF_TABLE_10):
        return (data[start] | data[start + 1] << 8) + 1 if start + 1 < len(data) else 2
    count = data[start]
    if code == _P_CHG_TABS and count == 255:  # 2.6.2: the length is to be computed
        deleted = data[start + 1] if start + 1 < len(data) else 0
        at = start + 2 + 4 * deleted
        added = data[at] if at < len(data) else 0
        return 3 + 4 * deleted + 3 * added
    return count + 1


def short_modifier(number: int, value: int) -> bytes:
    """A one-byte modifier of a piece as a usual one; b'' for those that are not read."""
    code = _SHORT.get(number)
    return b"" if code is None else bytes((code & 0xFF, code >> 8, value))


def paragraph(properties: bytes, data_stream: bytes, base: Paragraph | None = None) -> Paragraph:
    """Paragraph properties; modifiers kept in the Data stream are followed (2.6.2 sprmPHugePapx)."""
    found = {"level": base.level, "ends_row": base.ends_row, "shape": base.shape} if base else {}
    in_table, depth = (bool(base.level), base.level) if base else (False, None)
    for code, operand in _with_huge(properties, data_stream):
        if code == 0x2416:
            in_table = operand[0] == 1
        elif code == 0x2417:
            found["ends_row"] = operand[0] == 1
        elif code == 0x6649:
            depth = struct.unpack("<i", operand)[0]
        elif code == 0x664A:
            depth = (depth or 0) + struct.unpack("<i", operand)[0]
        elif code == 0x244B:
            found["inner_cell"] = operand[0] == 1
        elif code == 0x244C:
            found["inner_row"] = operand[0] == 1
        elif code in _TABLE:
            found["shape"] = _TABLE[code](operand, found.get("shape", ()))
    level = depth if depth is not None and depth > 0 else int(in_table)
    return Paragraph(**{**found, "level": min(max(level, 0), 100)})


def _with_huge(properties: bytes, data_stream: bytes) -> Iterator[tuple[int, bytes]]:
    for code, operand in modifiers(properties):
        if code in _P_HUGE_PAPX:
            (offset,) = struct.unpack("<I", operand)
            if offset + 2 <= len(data_stream):  # PrcData; what stands there cannot refer further
                size = data_stream[offset] | data_stream[offset + 1] << 8
                yield from modifiers(data_stream, offset + 2, offset + 2 + size)
        else:
            yield code, operand


def character(properties: bytes, base: Character) -> Character:
    """Character properties."""
    found: dict = {}
    for code, operand in modifiers(properties):
        name = _FLAGS.get(code)
        if name:
            found[name] = operand[0] in (1, 0x81)
        elif code in (0x6A03, 0x680E):
            found["location"] = struct.unpack("<I", operand)[0]
        elif code == 0x6A09:
            found["symbol"] = struct.unpack("<HH", operand)
        elif code in (0x4A4F, 0x4A3D):
            found["fonts"] = (operand[0] | operand[1] << 8, found.get("fonts", base.fonts)[1])
        elif code == 0x4A51:
            found["fonts"] = (found.get("fonts", base.fonts)[0], operand[0] | operand[1] << 8)
    return replace(base, **found) if found else base


_FLAGS = {0x0800: "deleted", 0x0837: "struck", 0x2A53: "struck", 0x083C: "hidden", 0x0806: "is_data",
          0x080A: "is_object", 0x0856: "is_object"}  # fmt: skip


def _define(operand: bytes, _: tuple[CellShape, ...]) -> tuple[CellShape, ...]:
    """sprmTDefTable (2.9.318): edges, then 20 bytes for each cell, of which the first two tell how it is merged."""
    count = min(operand[2] if len(operand) > 2 else 0, MAX_CELLS)
    if len(operand) < 3 + 2 * (count + 1):
        return ()
    edges = struct.unpack_from(f"<{count + 1}h", operand, 3)
    start = 3 + 2 * (operand[2] + 1)
    size = 20 if len(operand) - start >= 20 * count else 10
    flags = [
        operand[at] | operand[at + 1] << 8 if at + 1 < len(operand) else 0
        for at in range(start, start + size * count, size)
    ]
    joins = _joined([flag & 3 for flag in flags])
    above = [bool(flag & 0x20) and not flag & 0x40 for flag in flags]
    return tuple(CellShape(*cell) for cell in zip(edges, edges[1:], joins, above, strict=False))


def _joined(flags: list[int]) -> list[bool]:
    """Which cells go on from the one before them.

    Of a set of merged cells all bear one of two flags, the first another than the rest; descriptions of the format
    differ in which is which, so that the first of a set is known by its place.
    """
    found, opening = [], 0
    for flag in flags:
        if not flag:
            opening = 0
        elif not opening:
            opening = flag
            flag = 0
        elif flag == opening:
            flag = 0
        found.append(bool(flag))
    return found


def _merge(operand: bytes, shape: tuple[CellShape, ...]) -> tuple[CellShape, ...]:
    first, behind = operand[0], operand[1]
    return tuple(replace(cell, joins_left=True) if first < index < behind else cell for index, cell in enumerate(shape))


def _split(operand: bytes, shape: tuple[CellShape, ...]) -> tuple[CellShape, ...]:
    first, behind = operand[0], operand[1]
    return tuple(
        replace(cell, joins_left=False) if first <= index < behind else cell for index, cell in enumerate(shape)
    )


def _merge_vertically(operand: bytes, shape: tuple[CellShape, ...]) -> tuple[CellShape, ...]:
    if len(operand) < 3:
        return shape
    return tuple(replace(cell, joins_above=operand[2] == 1) if index == operand[1] else cell
                 for index, cell in enumerate(shape))  # fmt: skip


def _insert(operand: bytes, shape: tuple[CellShape, ...]) -> tuple[CellShape, ...]:
    first, count, width = struct.unpack("<BBh", operand)
    if first > len(shape) or len(shape) + count > MAX_CELLS or width < 0:
        return shape
    left = shape[first - 1].right if first else (shape[0].left if shape else 0)
    new = tuple(CellShape(left + width * number, left + width * (number + 1)) for number in range(count))
    moved = tuple(
        replace(cell, left=cell.left + width * count, right=cell.right + width * count) for cell in shape[first:]
    )
    return (*shape[:first], *new, *moved)


def _delete(operand: bytes, shape: tuple[CellShape, ...]) -> tuple[CellShape, ...]:
    first, behind = operand[0], operand[1]
    return (*shape[:first], *shape[max(first, behind) :])


_TABLE = {_T_DEF_TABLE: _define, _T_DEF_TABLE_10: _define, 0x5624: _merge, 0x5625: _split, 0xD62B: _merge_vertically,
          0x7621: _insert, 0x5622: _delete}  # fmt: skip
