"""Cloud attachments: files that a mail only links to (超大附件, 云附件). They are recorded, never downloaded.

QQ, Tencent Exmail, NetEase and Foxmail put no MIME part into the mail, only a block of HTML with a link and an expiry
(FIELD.md section 1). The sentence 「从…邮箱发来的超大附件」 is in all of them; the bare id `divNeteaseBigAttach` is not
proof, as it also stands in unrelated style sheets.
"""

import html as entities
import re
from dataclasses import dataclass
from urllib.parse import unquote

#: the sentence above the block
_SENTENCE = re.compile(r"从[^\n<>]{1,30}?邮箱发来的\s*(?:超大附件|云附件|大附件)")
#: where the links lead: the mail services' own stores, and the net disks that people paste
_STORES = re.compile(
    r"https?://[^\s\"'<>]*?(?:mail\.qq\.com/cgi-bin/(?:ftnExs_|ftn)download|wx\.mail\.qq\.com/ftn/|exmail\.qq\.com/[^\s\"'<>]*ftn"
    r"|ftnExs_download|qqmail-bigattach|mail\.(?:163|126|yeah)\.(?:com|net)/large-attachment|(?:163|126|yeah|netease)\.[^\s\"'<>]*?"
    r"(?:bigattach|large-?attach|cloudattach|filehub)|fs\.163\.com/fs/|u\.163\.com/|foxmail_hugeattachment"
    r"|pan\.baidu\.com/(?:s/|share/)|yun\.baidu\.com/s/|share\.weiyun\.com/|aliyundrive\.com/s/|alipan\.com/s/"
    r"|cowtransfer\.com/s/|wenshushu\.cn/[fk]/|cloud\.189\.cn/t/|pan\.quark\.cn/s/|lanzou[a-z]?\.com/)[^\s\"'<>]*",
    re.IGNORECASE,
)  # fmt: skip
_MARKED = re.compile(
    r"<[a-z]+\b[^>]{0,2000}?(?:\bid\s*=\s*[\"']?(?:divNeteaseBigAttach|divNeteaseSiriusCloudAttach|QQMailBigAttach)"
    r"|qqmailbgattach|class\s*=\s*[\"'][^\"'>]{0,200}?(?:foxmail_hugeattachment|qqmailbgattach|QQMailBigAttach))",
    re.IGNORECASE,
)
_EXPIRY = (
    r"(?:\d{4}\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}\s*日?(?:\s*\d{1,2}\s*[::]\s*\d{2}(?:[::]\d{2})?)?"
    r"|无限期|永久(?:有效)?|长期有效)"
)
_NAME = r"(?P<name>[^\s<>\"|/\\::]{0,3}[^\n\t<>\"|/\\]{0,150}?\.[A-Za-z0-9]{1,6})"
_SIZE = r"(?P<size>\d+(?:\.\d+)?\s*(?:[KMGT]i?B?|字节|B(?:ytes)?))"
#: `资料.zip (51.2M, 2019年8月30日 10:10 到期)`, with any brackets and separators
_ITEM = re.compile(
    rf"{_NAME}\s*[((\[\s|,,]*\s*{_SIZE}\b[\s,,;;|)))]*(?:(?:过期|到期|有效)(?:时间|期)?(?:至|到|为|:|:|\s)*)?"
    rf"(?P<expires>{_EXPIRY})?",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{0,4000}>")
_SILENT = re.compile(r"<(style|script|head)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE_NAME = re.compile(r"\b(?:filename|download|title|data-name)\s*=\s*[\"']([^\"'<>/\\]{1,150}\.[A-Za-z0-9]{1,6})[\"']")
_MAX_ITEMS = 50
_UNITS = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4, "字": 1}


@dataclass(frozen=True, slots=True)
class CloudFile:
    """A file that was not sent, only linked to."""

    #: as the block names it; `云附件` where it does not
    filename: str
    #: bytes, as far as the block says
    size: int | None
    #: as written, e.g. `2019年8月30日 10:10`; None where the block does not say
    expires: str | None


def cloud_files(text: str, html: str) -> tuple[CloudFile, ...]:
    """The cloud attachments of a mail, from its readable text and its HTML, each once.

    At least one where a block is there but names no file.
    """
    markup = _SILENT.sub(" ", html[:500_000])
    plain = text[:500_000]
    readable = entities.unescape(_TAG.sub("\n", markup)).replace("\u00a0", " ")
    found: dict[str, CloudFile] = {}
    for source in (plain, readable):
        sentence = _SENTENCE.search(source)
        if sentence:
            _collect(source[sentence.end() :], found)
    links = [*_STORES.finditer(plain), *_STORES.finditer(markup)]
    marked = _MARKED.search(markup)
    if not found and (links or marked):
        for place in [marked] if marked else links:
            source = markup if place.string is markup else plain
            around = source[max(0, place.start() - 600) : place.end() + 1200]
            for name in _ATTRIBUTE_NAME.findall(around):
                found.setdefault(_plain(name), CloudFile(_plain(name), None, None))
            _collect(entities.unescape(_TAG.sub("\n", around)), found)
    if not found and (links or _sentence(plain, readable) or (marked and _names_a_file(markup, marked))):
        return (CloudFile("云附件", None, None),)
    return tuple(found.values())[:_MAX_ITEMS]


def _sentence(*sources: str) -> bool:
    return any(_SENTENCE.search(source) for source in sources)


def _names_a_file(markup: str, marked: re.Match) -> bool:
    """An empty block stays behind when the attachment was removed again."""
    return "href" in markup[marked.start() : marked.start() + 4000].lower()


def _collect(block: str, found: dict[str, CloudFile]) -> None:
    for item in _ITEM.finditer(re.sub(r"\s*\n\s*", "\n", block[:20_000]).replace("\n", " \n ")):
        name = _plain(item["name"])
        if len(found) < _MAX_ITEMS:
            found[name] = CloudFile(name, _bytes(item["size"]), _tidy(item["expires"]))


def _plain(name: str) -> str:
    return unquote(entities.unescape(name)).strip().strip("((【[::,,、").strip()


def _tidy(expiry: str | None) -> str | None:
    return re.sub(r"\s+", " ", expiry).strip() if expiry else None


def _bytes(size: str) -> int | None:
    match = re.match(r"(\d+(?:\.\d+)?)\s*([a-zA-Z字])", size)
    return int(float(match[1]) * _UNITS.get(match[2].lower(), 1)) if match else None
