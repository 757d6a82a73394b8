"""Cloud attachments: files that a mail only links to (超大附件, 云附件). They are recorded, never downloaded.

QQ, Tencent Exmail, NetEase and Foxmail put no MIME part into the mail, only a block of HTML with a link and an expiry
(FIELD.md section 1). The sentence 「从…邮箱发来的超大附件」 is in nearly all of them; the bare id `divNeteaseBigAttach` is
no proof, as it also stands in unrelated style sheets. Every search here is linear: the text is a stranger's.
"""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import unquote

_MAX_SOURCE, _MAX_LINES, _MAX_LINE, _MAX_ITEMS = 500_000, 400, 400, 50
#: the sentence above the block
_SENTENCE = re.compile(r"从[^\n<>]{1,30}?邮箱发来的\s{0,5}(?:超大附件|云附件|大附件)")
_LINK = re.compile(r"https?://[^\s\"'<>]{1,2000}", re.IGNORECASE)
#: where the links lead: the mail services' own stores, and the net disks that people paste
_STORE = re.compile(
    r"ftnexs_download|mail\.qq\.com/(?:cgi-bin/)?ftn|qqmail-bigattach|large-?attachment|bigattach|cloudattach|filehub"
    r"|//fs\.163\.com/fs/|//u\.163\.com/|//pan\.baidu\.com/s(?:hare)?/|//yun\.baidu\.com/s/|//share\.weiyun\.com/"
    r"|//www\.ali(?:yundrive|pan)\.com/s/|cowtransfer\.com/s/|wenshushu\.cn/[fk]/|//cloud\.189\.cn/|//pan\.quark\.cn/s/"
    r"|//(?:[a-z0-9-]+\.)?lanzou[a-z]?\.com/",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-z/!][^<>]{0,4000}>?", re.IGNORECASE)
_MARK = re.compile(
    r"\bid\s*=\s*[\"']?(?:divNeteaseBigAttach|divNeteaseSiriusCloudAttach|QQMailBigAttach)\b|qqmailbgattach"
    r"|foxmail_hugeattachment",
    re.IGNORECASE,
)
_SILENT = re.compile(r"<(style|script|head)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE_NAME = re.compile(r"\b(?:filename|download|title|data-name)\s*=\s*[\"']([^\"'<>/\\]{1,150}\.\w{1,6})[\"']")
_SIZE = re.compile(r"(?<![\w.])(\d{1,6}(?:\.\d{1,3})?)\s*([KMGT])i?B?\b", re.IGNORECASE)
#: a file's name at the end of what stands before its size, brackets and separators between them
_NAME_BEFORE = re.compile(r"([^<>\"|/\\]{1,150}\.[A-Za-z0-9]{1,6})[\s(\uff08\[|,\uff0c·-]*$")
_NAME_ALONE = re.compile(r"^[^<>\"|/\\]{1,150}\.[A-Za-z0-9]{1,6}$")
_EXPIRY = re.compile(
    r"\d{4}\s?[-年/.]\s?\d{1,2}\s?[-月/.]\s?\d{1,2}\s?日?(?:\s{0,3}\d{1,2}[:\uff1a]\d{2}(?:[:\uff1a]\d{2})?)?"
    r"|无限期|永久有效|长期有效"
)
_DAY = re.compile(r"(\d{4})\s?[-年/.]\s?(\d{1,2})\s?[-月/.]\s?(\d{1,2})")
_UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
#: how far around a link or a mark its file's name is looked for
_BEFORE, _AFTER = 600, 1200


@dataclass(frozen=True, slots=True)
class CloudFile:
    """A file that was not sent, only linked to."""

    #: as the block names it; `云附件` where it does not
    filename: str
    #: bytes, as far as the block says
    size: int | None
    #: as written, e.g. `2019年8月30日 10:10`; None where the block does not say
    expires: str | None
    #: where it can be had, for the office only; None where it cannot be told which link is this file's
    link: str | None = None


def cloud_files(text: str, html: str) -> tuple[CloudFile, ...]:
    """The cloud attachments of a mail, from its readable text and its HTML, each once.

    At least one where there is a block that names no file.
    """
    plain = text[:_MAX_SOURCE]
    markup = _SILENT.sub(" ", html[:_MAX_SOURCE])
    found: dict[str, CloudFile] = {}
    sentence = False
    for source in (plain, _readable(markup)):
        start = _SENTENCE.search(source)
        if start:
            sentence = True
            found |= _items(source[start.end() :])
    places = list(_places(plain, markup))
    for source, start, end in places if not found else ():
        around = source[max(0, start - _BEFORE) : end + _AFTER]
        named = {_plain(name): CloudFile(_plain(name), None, None) for name in _ATTRIBUTE_NAME.findall(around)}
        found |= {**named, **_items(_readable(around))}
    if not found and (sentence or places):
        found = {"": CloudFile("云附件", None, None)}
    readable = entities.unescape(markup)
    return tuple(replace(item, link=_link_of(item.filename, plain, readable)) for item in found.values())[:_MAX_ITEMS]


def last_day(expires: str | None) -> date | None:
    """The last day of a link by its expiry as written; None where there is none (无限期) or it cannot be read."""
    match = _DAY.search(expires or "")
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _link_of(name: str, plain: str, markup: str) -> str | None:
    """The link around or behind a file's name, else the only one there is."""
    for tag in _TAG.finditer(markup) if name != "云附件" else ():
        link = _LINK.search(tag[0]) if tag[0][:2].lower() == "<a" else None
        if link and name in tag[0] + markup[tag.end() : tag.end() + 300].split("</a")[0]:
            return link[0]
    for source in (plain, markup):
        start = source.find(name)
        link = _LINK.search(source, start, start + _AFTER) if start >= 0 else None
        if link and _STORE.search(link[0]):
            return link[0]
    links = {link[0] for source in (plain, markup) for link in _LINK.finditer(source) if _STORE.search(link[0])}
    return links.pop() if len(links) == 1 else None


def _places(plain: str, markup: str) -> Iterator[tuple[str, int, int]]:
    """Where links to stores, and elements that hold such a block, stand."""
    count = 0
    for source in (markup, plain):
        for link in _LINK.finditer(source):
            if count < _MAX_ITEMS and _STORE.search(link[0]):
                count += 1
                yield source, link.start(), link.end()
    for tag in _TAG.finditer(markup):
        # an empty element stays behind when the file was taken out again: only one with a link counts
        if count < _MAX_ITEMS and _MARK.search(tag[0]) and "href" in markup[tag.start() : tag.end() + 4000].lower():
            count += 1
            yield markup, tag.start(), tag.end()


def _readable(markup: str) -> str:
    return entities.unescape(_TAG.sub("\n", markup)).replace("\u00a0", " ")


def _items(block: str) -> dict[str, CloudFile]:
    """Files with a size: `资料.zip (51.2M, 2019年8月30日 10:10 到期)` on one line or on several."""
    lines = [line.strip()[:_MAX_LINE] for line in block[:40_000].split("\n") if line.strip()][:_MAX_LINES]
    found: dict[str, CloudFile] = {}
    for number, line in enumerate(lines):
        size = _SIZE.search(line)
        if size is None:
            continue
        before = _NAME_BEFORE.search(line[: size.start()])
        above = _name_above(lines[max(0, number - 3) : number]) if before is None else None
        name = _plain(before[1]) if before else above
        if name and len(found) < _MAX_ITEMS:
            found[name] = CloudFile(
                name, int(float(size[1]) * _UNITS[size[2].lower()]), _expiry(lines, number, size.end())
            )
    return found


def _name_above(lines: list[str]) -> str | None:
    return next((_plain(line) for line in reversed(lines) if _NAME_ALONE.match(line)), None)


def _expiry(lines: list[str], number: int, start: int) -> str | None:
    rest = " ".join([lines[number][start:], *lines[number + 1 : number + 3]])
    match = _EXPIRY.search(rest)
    return re.sub(r"\s+", " ", match[0]).strip() if match else None


def _plain(name: str) -> str:
    return re.sub(r"^[\s(\uff08【\[:\uff1a,\uff0c、]+", "", unquote(entities.unescape(name))).strip() or "云附件"
