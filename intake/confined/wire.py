"""What parent and confined child say to each other: frames on a socket, values checked before they are trusted.

The parent never unpickles freely what a child sends, since the child has read hostile files: only the project's values,
dates and builtins are admitted, frames are bounded, and a Reading is checked against its declared types.
"""

import functools
import io
import pickle
import socket
import struct
import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, timezone

from rules import message, reading
from rules.errors import PermanentError

#: largest answer of a child
MAX_REPLY_BYTES = 64 * 1024 * 1024
MAX_NOTE_BYTES = 4096
#: values in one answer: tuples that hold one another many times over would explode when walked
MAX_VALUES = 500_000

#: child → parent: `H` ready, `P` about to open this file, `R` result, `E` error raised on purpose, `B` bug,
#: `Q` is there a reading with this key? `K` key, newline, a reading to be kept;
#: parent → child: `J` job, `A` answer to `Q` (one of the words below; the entry comes beside it as an open file)
_BOUNDS = {b"P": 128, b"R": MAX_REPLY_BYTES, b"E": MAX_NOTE_BYTES, b"B": MAX_NOTE_BYTES, b"H": 16, b"Q": 128,
           b"K": 33 * 1024 * 1024}  # fmt: skip
_HEAD = struct.Struct(">cI")
NOT_KNOWN, KNOWN, KILLS = b"-", b"+", b"!"


def admitted(*classes: type) -> dict[tuple[str, str], type]:
    """What `load_values` may be told to admit."""
    return {(cls.__module__, cls.__qualname__): cls for cls in classes}


_ADMITTED = admitted(
    message.Message, reading.FieldValue, reading.Form, reading.Paper, reading.FileReading, reading.Reading,
    datetime, date, timedelta, timezone,
)  # fmt: skip


class Forged(PermanentError):
    """What a child sent is not what a child sends."""


def send_frame(channel: socket.socket, tag: bytes, payload: bytes, descriptors: tuple[int, ...] = ()) -> None:
    """Send one frame, open files beside it."""
    head = _HEAD.pack(tag, len(payload))
    if descriptors:
        socket.send_fds(channel, [head], descriptors)
    else:
        channel.sendall(head)
    channel.sendall(payload)


def parse_head(head: bytes) -> tuple[bytes, int]:
    """Tag and length of a frame from a child; raises Forged on an unknown tag or a length out of bounds."""
    tag, length = _HEAD.unpack(head)
    if length > _BOUNDS.get(tag, -1):
        raise Forged("读取进程发来无法辨认的数据")
    return tag, length


HEAD_BYTES = _HEAD.size


def receive_frame(channel: socket.socket) -> tuple[bytes, list[int]] | None:
    """The next frame from the parent and the open files that came with it; None when the parent has closed."""
    head, descriptors, _, _ = socket.recv_fds(channel, HEAD_BYTES, 4)
    while head and len(head) < HEAD_BYTES:
        head += channel.recv(HEAD_BYTES - len(head))
    if not head:
        return None
    _, length = _HEAD.unpack(head)
    return receive_exactly(channel, length), descriptors


def receive_exactly(channel: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        chunk = channel.recv(min(1 << 20, length - len(data)))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)


class _Admitting(pickle.Unpickler):
    def __init__(self, data: bytes, classes: dict[tuple[str, str], type]):
        super().__init__(io.BytesIO(data))
        self._classes = classes

    def find_class(self, module, name):
        try:
            return self._classes[module, name]
        except KeyError:
            raise Forged("读取进程发来不允许的数据类型") from None


def load_reply(data: bytes):
    """The value that a child sent; raises Forged when it is anything but plain values and the project's own."""
    return load_values(data, _ADMITTED)


def load_values(data: bytes, classes: dict[tuple[str, str], type]):
    """The pickled value of plain values and these classes; raises Forged when it is anything else."""
    try:
        value = _Admitting(data, classes).load()
        _check(value, [MAX_VALUES])
    except (pickle.UnpicklingError, ValueError, TypeError, AttributeError, IndexError, KeyError, EOFError, MemoryError,
            OverflowError, UnicodeError, RecursionError, struct.error):  # fmt: skip
        raise Forged("读取结果无法还原") from None
    return value


def _check(value, budget: list[int]) -> None:
    """Walk a value: every field of a dataclass must have its declared type."""
    budget[0] -= 1
    if budget[0] < 0:
        raise ValueError("too many values")
    if is_dataclass(value):
        for name, fits in _tests(type(value)):
            content = getattr(value, name)
            if not fits(content):
                raise TypeError(f"{type(value).__name__}.{name}")
            if type(content) not in _ATOMS:
                _check(content, budget)
            else:
                budget[0] -= 1
    elif isinstance(value, (tuple, list, set, frozenset)):
        for item in value:
            _check(item, budget)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, budget)
            _check(item, budget)


_ATOMS = frozenset((str, int, float, bool, bytes, type(None)))


@functools.cache
def _tests(cls: type) -> tuple[tuple[str, Callable[[object], bool]], ...]:
    """Each field of a dataclass with the test of its content."""
    hints = typing.get_type_hints(cls)
    return tuple((field.name, _test(hints[field.name])) for field in fields(cls))


@functools.cache
def _test(hint) -> Callable[[object], bool]:
    """Whether a value has the annotated type, as far as rules.reading and rules.message use annotations."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        tests = tuple(map(_test, arguments))
        return lambda value: any(test(value) for test in tests)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        each = _test(arguments[0])
        return lambda value: type(value) is tuple and all(map(each, value))
    if origin is tuple:
        tests = tuple(map(_test, arguments))
        return lambda value: (type(value) is tuple and len(value) == len(tests)
                              and all(test(item) for test, item in zip(tests, value, strict=True)))
    if hint is float:
        return lambda value: type(value) in (int, float)
    return lambda value: type(value) is hint
