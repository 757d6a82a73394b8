r"""RTF as Word (`\loch\hich\dbch`, `\u` with fallback bytes), WPS (GBK bytes) and WordPad (no tables) write it."""

_FONTS = (
    r"{\fonttbl{\f0\froman\fcharset0\fprq2 Times New Roman;}{\f13\fnil\fcharset134\fprq2{\*\panose 02010600030101010101}"
    r"\'cb\'ce\'cc\'e5{\*\falt SimSun};}{\f5\fnil\fcharset2\fprq2 Wingdings;}{\f6\fnil\fcharset2\fprq2 Wingdings 2;}}"
)
_HEAD = (r"{\colortbl;\red0\green0\blue0;}{\stylesheet{\ql \snext0 \sqformat Normal;}{\*\cs10 \additive \'c4\'ac\'c8\'cf;}}"
         r"{\*\generator Microsoft Word 11.0.0000;}{\info{\title \'b1\'ea\'cc\'e2}{\author x}}")  # fmt: skip
#: programs that are imitated
PROGRAMS = ("word", "wps", "wordpad", "unicode")


def rtf(body: str, head: str = _HEAD, page: int = 936) -> bytes:
    """A whole file."""
    return (rf"{{\rtf1\ansi\ansicpg{page}\uc2\deff0{_FONTS}{head}" + body + "}").encode("ascii")


def escaped(text: str, program: str = "word") -> str:
    """Text as a program writes it; `wps` and `wordpad` write what GBK has as bytes, `unicode` everything by number."""
    return "".join(_char(char, program) for char in text)


def _char(char: str, program: str) -> str:
    if char in "\\{}":
        return "\\" + char
    if char in "\n\t":
        return {"\n": "\\line ", "\t": "\\tab "}[char]
    if ord(char) < 0x80:
        return char
    try:
        raw = "".join(f"\\'{byte:02x}" for byte in char.encode("gbk"))
    except UnicodeEncodeError:
        raw = ""
    if raw and program in ("wps", "wordpad"):
        return raw
    units = char.encode("utf-16-le")
    numbers = [int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2)]
    if program == "word" and raw:
        return f"\\u{numbers[0]}{raw}"
    return "{\\uc1" + "".join(f"\\u{number}?" for number in numbers) + "}"


def run(text: str, program: str = "word", extra: str = "") -> str:
    """A run of text with character properties."""
    fonts = {"word": r"\loch\af0\hich\af0\dbch\af13 ", "wps": r"\f13 ", "wordpad": r"\f13\fs24 "}.get(program, r"\f13 ")
    return "{" + extra + fonts + escaped(text, program) + "}"


def paragraph(text: str, program: str = "word") -> str:
    """One paragraph."""
    return r"\pard\plain \ltrpar\ql " + run(text, program) + "\\par\r\n"


def table(rows: list[list[str]], edges: list[int], program: str = "word", flags: list[list[str]] | None = None) -> str:
    """A table; `flags`: words that stand before the edge of each cell, as `\\clvmgf`.

    Word says what a row is like before and behind it, WPS before it; some leave `\\intbl` out (`unicode`).
    """
    made = []
    for number, texts in enumerate(rows):
        words = flags[number] if flags else [""] * len(texts)
        shape = r"\trowd \trgaph108\trleft-108" + "".join(
            rf"{word}\clbrdrt\brdrs\brdrw10 \cltxlrtb\clftsWidth3\cellx{edge}"
            for word, edge in zip(words, edges[1:], strict=False)
        )
        inside = "" if program == "unicode" else r"\intbl"
        cells = "".join(rf"\pard\plain {inside} {run(text, program)}\cell " for text in texts)
        made.append(shape + cells + (r"\pard" + inside + "{" + shape + r"\row }" if program == "word" else r"\row "))
    return "\r\n".join(made) + "\r\n"


def nested_table(rows: list[list[str]], edges: list[int], program: str = "word") -> str:
    """A table inside the only cell of a table, as Word writes it."""
    shape = r"\trowd \trleft0" + "".join(rf"\cellx{edge}" for edge in edges[1:])
    made = []
    for texts in rows:
        cells = "".join(
            rf"\pard\plain \intbl\itap2 {run(text, program)}\nestcell{{\nonesttables\par }}" for text in texts
        )
        made.append(cells + rf"\pard\plain \intbl\itap2 {{\*\nesttableprops{shape}\nestrow}}{{\nonesttables\par }}")
    outer = r"\trowd \trleft-108\cellx9000"
    return outer + "".join(made) + rf"\pard \intbl\itap1 \cell {{{outer}\row }}"


def form(kind: str, pairs: list[tuple[str, str]], program: str) -> bytes:
    """A filled form of (label, value) pairs."""
    title = {
        "unit_form": "衡东县新媒体账号调查摸底登记表(单位)",
        "individual_form": "衡东县新媒体账号调查摸底登记表(个人)",
    }[kind]
    if program == "wordpad":
        body = "".join(
            paragraph(label.replace("\n", "") + "\t" + value.replace("\n", " "), program) for label, value in pairs
        )
    else:
        body = table([[label, value] for label, value in pairs], [-108, 2200, 9000], program)
    return rtf(paragraph(title, program) + body + paragraph("", program))


def picture(data: bytes, binary: bool = False) -> bytes:
    """A file with a picture, and with it the metafile that programs add for older readers."""
    kind = r"\pngblip" if data.startswith(b"\x89PNG") else r"\jpegblip"
    digits = (
        b"\\bin%d " % len(data) + data
        if binary
        else b"\r\n".join(data.hex().encode()[at : at + 128] for at in range(0, 2 * len(data), 128))
    )
    start = (
        rf"{{\rtf1\ansi\ansicpg936{_FONTS}"
        + r"\pard {\*\shppict{\pict{\*\picprop\shplid1025{\sp{\sn shapeType}{\sv 75}}}"
    )
    middle = rf"\picw300\pich300{kind}" + "\r\n"
    end = r"}}{\nonshppict{\pict\wmetafile8 010009000003}}\par}"
    return start.encode() + middle.encode() + digits + end.encode()
