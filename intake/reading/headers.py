"""Header fields to text: raw 8-bit bytes, encoded-words, parameters (RFC 2047, RFC 2231, and what people send instead).

Every function is linear in its input and never raises. The stdlib's `get_param` is quadratic on hostile values, and its
`decode_header` decodes each encoded-word alone, so that a character split between two of them is lost.
"""

import binascii
import re
from urllib.parse import unquote_to_bytes

from intake.reading.charset import codec_name, decode_text

#: longest value of one header field that is kept, in characters
MAX_VALUE = 65_536

_ENCODED_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?([^?]*)\?=")
_FOLD = re.compile(r"\r\n?(?=[ \t])|\n(?=[ \t])")
_BREAKS = re.compile(r"[\r\n]+")
#: attribute=value, value quoted or bare; a bare one may hold spaces (unquoted file names are common)
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,80})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.DOTALL)
_CONTINUED = re.compile(r"^([^*]+)(?:\*(\d{1,3}))?(\*)?$")


def raw_text(value: str, defects: set[str]) -> str:
    """The value of a compat32 header with its raw 8-bit bytes decoded; encoded-words stay as they are."""
    if value.isascii():
        return value
    data = value.encode("utf-8", "surrogateescape")
    text, defect = decode_text(data)
    defects.add("header-raw-8bit")
    if defect:
        defects.add(defect)
    return text


def unfolded(value: str) -> str:
    """RFC 5322 section 2.2.3: the line breaks of folding removed (other line breaks become a space)."""
    return _BREAKS.sub(" ", _FOLD.sub("", value)).strip()


def decode_value(value: str, defects: set[str]) -> str:
    """An unfolded header value with its encoded-words decoded (also inside quotes, where RFC 2047 forbids them)."""
    if "=?" not in value:
        return value
    pieces, position, run = [], 0, []
    for match in _ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        if run and between.strip() == "":
            run.append(match)
        else:
            pieces += [_decode_run(run, defects), between]
            run = [match]
        position = match.end()
    pieces += [_decode_run(run, defects), value[position:]]
    return "".join(pieces)


def _decode_run(run: list[re.Match], defects: set[str]) -> str:
    """Adjacent encoded-words; those of one charset are joined first, as a character may be split between them."""
    texts, pending, charset = [], [], None
    for word in run:
        label = word[1].split("*")[0]
        codec = codec_name(label) or label.lower()
        if pending and codec != charset:
            texts.append(_decode_bytes(b"".join(pending), charset, defects))
            pending = []
        charset = codec
        pending.append(_word_bytes(word[2], word[3], defects))
    if pending:
        texts.append(_decode_bytes(b"".join(pending), charset, defects))
    return "".join(texts)


def _decode_bytes(data: bytes, charset: str | None, defects: set[str]) -> str:
    text, defect = decode_text(data, charset)
    if defect:
        defects.add(defect)
    return text


def _word_bytes(encoding: str, payload: str, defects: set[str]) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(data.replace(b"_", b"=20"))
    decoded, whole = decode_base64(data)
    if not whole:
        defects.add("encoded-word-truncated")
    return decoded


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def decode_base64(data) -> tuple[bytes, bool]:
    """Whatever can be decoded of base64 (RFC 2045 section 6.8), and whether it was whole."""
    try:
        return binascii.a2b_base64(data), True
    except binascii.Error:
        letters = bytes(data).translate(None, _NOT_BASE64).split(b"=", 1)[0]
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)), False


def parameters(value: str, defects: set[str]) -> dict[str, str]:
    """The parameters of Content-Type or Content-Disposition, names in lower case, values decoded.

    Takes the raw (unfolded, 8-bit decoded) value. RFC 2231 continuations and charsets, RFC 2047 words inside quotes,
    bare values with spaces. Of a parameter given twice the first counts; `name*` goes before `name` (RFC 6266
    section 4.3).
    """
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAMETER.finditer(";" + value.partition(";")[2]):
        form = _CONTINUED.match(match[1].lower())
        content = _unquoted(match[2]) if match[2] is not None else match[3].strip()
        if form is None:
            continue
        if form[2] is None and form[3] is None:
            plain.setdefault(form[1], content)
        else:
            pieces.setdefault(form[1], []).append((int(form[2] or 0), bool(form[3]), content))
    found = {name: decode_value(content, defects) for name, content in plain.items()}
    found.update({name: _joined(parts, defects) for name, parts in pieces.items()})
    return {name: content for name, content in found.items() if content}


def _unquoted(quoted: str) -> str:
    # only \" and \\ are undone: `C:\Users\表.docx` comes unescaped from old clients
    return re.sub(r'\\(["\\])', r"\1", quoted)


def _joined(parts: list[tuple[int, bool, str]], defects: set[str]) -> str:
    """RFC 2231 sections 3 and 4: the pieces in order; percent-encoded ones are bytes in the first one's charset."""
    ordered = sorted({number: (encoded, text) for number, encoded, text in reversed(parts)}.items())
    if not any(encoded for _, (encoded, _) in ordered):
        return decode_value("".join(text for _, (_, text) in ordered), defects)
    charset, data = None, b""
    for index, (_, (encoded, text)) in enumerate(ordered):
        if encoded and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if encoded else text.encode("utf-8", "surrogateescape")
    return decode_value(_decode_bytes(data, charset, defects), defects)
