"""Names in archives: their bytes, whose charset nobody tells."""

from intake.reading.charset import decode_text


def decode_name(raw: bytes) -> str:
    """UTF-8 where it is that, else GB 18030.

    Short GBK words are valid UTF-8 at times: 一 is D2 BB, which is also U+04BB. Chinese in UTF-8 has three bytes a
    character, so a name without any such character is taken for GBK where it makes Chinese.
    """
    try:
        as_utf8 = raw.decode("utf-8")
        as_gbk = raw.decode("gb18030")
    except UnicodeDecodeError:
        return decode_text(raw, "gb18030")[0]
    foreign = [char for char in as_utf8 if char > "\x7f"]
    chinese = [char for char in as_gbk if char > "\x7f"]
    if (
        foreign
        and max(foreign) < "\u0800"
        and all("\u3000" <= char <= "\u9fff" or "\uff00" <= char for char in chinese)
    ):
        return as_gbk
    return as_utf8
