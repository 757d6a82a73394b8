"""Documents with a password: opened with the passwords that the mail names, else left locked.

PDF by PDFium; Office files of 2007 and later (an encrypted package in an OLE file) and Word and Excel 97-2003 by
msoffcrypto. Excel opens files that are locked with `VelvetSweatshop` without asking; so does this.
"""

import io
import struct
from collections.abc import Sequence

#: kinds that msoffcrypto opens; `encrypted` is the package of [MS-OFFCRYPTO]
_OFFICE = ("encrypted", "doc", "wps", "xls")
_DEFAULT = "VelvetSweatshop"


def unlocked(data: bytes, kind: str, passwords: Sequence[str]) -> bytes | None:
    """The same document without its lock, or None where no password opens it."""
    if kind == "pdf":
        return _first(_unlocked_pdf, data, passwords)
    if kind in _OFFICE:
        return _first(_unlocked_office, data, (*passwords, _DEFAULT))
    return None


def _first(unlock, data: bytes, passwords: Sequence[str]) -> bytes | None:
    return next((plain for plain in (unlock(data, password) for password in passwords) if plain), None)


def _unlocked_pdf(data: bytes, password: str) -> bytes | None:
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    try:
        file = pdfium.PdfDocument(data, password=password)
    except (pdfium.PdfiumError, ValueError, UnicodeError):
        return None
    sink = io.BytesIO()
    try:
        file.save(sink, flags=pdfium_c.FPDF_REMOVE_SECURITY)
    except pdfium.PdfiumError:
        return None
    finally:
        file.close()
    return sink.getvalue()


def _unlocked_office(data: bytes, password: str) -> bytes | None:
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    sink = io.BytesIO()
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        if not file.is_encrypted():
            return None
        file.load_key(password=password)
        file.decrypt(sink)
    except (DecryptionError, FileFormatError, InvalidKeyError, ParseError, OSError, ValueError, TypeError, KeyError,
            IndexError, AttributeError, AssertionError, struct.error, OverflowError, NotImplementedError):  # fmt: skip
        return None
    return sink.getvalue()
