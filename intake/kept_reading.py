"""A mail's reading as bytes: kept beside its row, so that all that follows from it can be judged anew without reading."""

import pickle
import zlib
from dataclasses import replace

from intake.confined.wire import Forged, load_reply
from rules.reading import Reading


def pack(reading: Reading) -> bytes:
    """The reading without the HTML body, of which nothing is asked once it is read."""
    bare = replace(reading, message=replace(reading.message, html=""))
    return zlib.compress(pickle.dumps(bare, pickle.HIGHEST_PROTOCOL), 1)


def unpack(data: bytes | None) -> Reading | None:
    """The reading; None where there is none, or an older version of the program kept what this one does not know."""
    if data is None:
        return None
    try:
        found = load_reply(zlib.decompress(data))
    except (Forged, zlib.error):
        return None
    return found if isinstance(found, Reading) else None
