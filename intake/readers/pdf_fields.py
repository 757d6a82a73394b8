"""Form fields (AcroForm, ISO 32000-1, 12.7) and typed annotations of a PDF page: what they show, and where.

A field's own state counts, not its picture: programs that fill forms in often leave the old appearance in place.
"""

from collections.abc import Iterator

from pdfminer.pdftypes import resolve1

from intake.reading.charset import decode_text
from rules.document import EMPTY, TICKED

#: annotations of one page that are looked at; fields in fields
_MOST, _DEEPEST = 2_000, 10
_HIDDEN = 1 << 1 | 1 << 5
_PUSH_BUTTON = 1 << 16
#: entries that a field inherits from the one above it (12.7.3)
_INHERITED = ("FT", "V", "Ff", "Opt")


def shown_fields(annotations: list[dict]) -> Iterator[tuple[str, dict]]:
    """(what it shows, the annotation) of each field with a value, each text typed onto the page; boxes as ☑ and □."""
    for annotation in annotations[:_MOST]:
        data = annotation.get("data") or {}
        flags = resolve1(data.get("F"))
        if isinstance(flags, int) and flags & _HIDDEN:
            continue
        kind = _name(data.get("Subtype"))
        if kind == "Widget":
            text = _value(_with_inherited(data), data)
        elif kind == "FreeText":  # the typewriter of PDF editors
            text = _decoded(resolve1(data.get("Contents")))
        else:
            continue
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        if text:
            yield text, annotation


def _with_inherited(data: dict) -> dict:
    found: dict = {}
    field: object = data
    for _ in range(_DEEPEST):
        if not isinstance(field, dict):
            break
        for key in _INHERITED:
            if key not in found and (item := resolve1(field.get(key))) is not None:
                found[key] = item
        field = resolve1(field.get("Parent"))
    return found


def _value(field: dict, widget: dict) -> str:
    kind = _name(field.get("FT"))
    flags = field.get("Ff")
    flags = flags if isinstance(flags, int) else 0
    if kind == "Btn":
        return "" if flags & _PUSH_BUTTON else TICKED if _is_on(field, widget) else EMPTY
    if kind == "Tx":
        return _decoded(field.get("V"))
    if kind == "Ch":
        return _choice(field)
    return ""


def _is_on(field: dict, widget: dict) -> bool:
    """By the widget's state; where it has none, by whether the field's value is the state it has a picture for."""
    state = _name(widget.get("AS"))
    if state:
        return state != "Off"
    value = _name(field.get("V"))
    appearance = resolve1(widget.get("AP"))
    pictures = resolve1(appearance.get("N")) if isinstance(appearance, dict) else None
    own = {str(name) for name in pictures if str(name) != "Off"} if isinstance(pictures, dict) else set()
    return value not in ("", "Off") and (not own or value in own)


def _choice(field: dict) -> str:
    """What a list shows for its value: a pair in Opt is (value, words)."""
    options: dict[str, str] = {}
    for item in field.get("Opt") if isinstance(field.get("Opt"), list) else ():
        pair = resolve1(item)
        if isinstance(pair, list) and len(pair) == 2:
            options[_decoded(resolve1(pair[0]))] = _decoded(resolve1(pair[1]))
    value = field.get("V")
    chosen = [_decoded(resolve1(item)) for item in value] if isinstance(value, list) else [_decoded(value)]
    return " ".join(options.get(item, item) for item in chosen)


def _name(item) -> str:
    item = resolve1(item)
    name = getattr(item, "name", item)
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name if isinstance(name, str) else ""


def _decoded(item) -> str:
    """A text string (7.9.2.2): UTF-16 or UTF-8 by its mark; without one, GBK is likelier here than PDFDocEncoding."""
    item = resolve1(item)
    if isinstance(item, bytes):
        if item.startswith((b"\xfe\xff", b"\xff\xfe")):
            return item.decode("utf-16", "replace")
        return decode_text(item.removeprefix(b"\xef\xbb\xbf"))[0]
    return item if isinstance(item, str) else _name(item)
