"""Tell a person's own words from the mail that they quote below or around them."""

import re

#: a line that begins the quoted mail, as the common mail programs write it; all after it is another mail's text
_QUOTE_STARTS = re.compile(
    r"^[ \t>]*(?:"
    r"-{2,}\s*(?:原始?邮件(?:信息)?|回复的原邮件|原文|转发邮件信息|转发的邮件|Original(?: Message)?|"
    r"Original message|Forwarded message)\s*-{2,}"  # QQ, NetEase, Foxmail, Outlook
    r"|_{20,}"  # Outlook
    r"|(?:发件人|From)\s*[:\uff1a].{3,}"
    r"|(?:在|于)\s*\d{4}\s*[-年/].{0,200}(?:写道|写到|wrote)\s*[:\uff1a]?"
    r"|(?:At|On)\s.{6,250}\s(?:wrote|写道)\s*[:\uff1a]?"
    r"|\d{4}年\d{1,2}月\d{1,2}日.{0,200}(?:写道|写到)\s*[:\uff1a]?"
    r"|.{0,120}(?:<[^<>@\s]+@[^<>\s]+>|&lt;.{3,80}&gt;).{0,40}(?:于.{4,60})?(?:写道|wrote)\s*[:\uff1a]"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
#: what a telephone or a mail program adds by itself
_SIGNATURES = re.compile(
    r"^\s*(?:发自我的.{0,30}|从我的.{0,20}发送|来自.{1,20}(?:邮箱|手机|客户端|iPhone|iPad)|发送自.{1,40}|"
    r"Sent from .{1,40}|获取\s*Outlook.{0,30}|(?:网易|QQ)邮箱(?:手机版|大师)?.{0,10}|签名由.{0,20}定制)\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARD = re.compile(r"^\s*(?:fw|fwd|转发|轉寄|转寄)\s*[:\uff1a]", re.IGNORECASE)


def own_words(text: str) -> str:
    """What the sender of a mail wrote: without the quoted mail and without what the mail program adds.

    A mail that begins with the quotation (an answer written below it) keeps the lines that are not marked with `>`.
    """
    start = _QUOTE_STARTS.search(text)
    head = text[: start.start()] if start else text
    lines = [line for line in head.splitlines() if not line.lstrip().startswith((">", "\uff1e"))]
    own = _SIGNATURES.sub("", "\n".join(lines)).strip()
    if own or not start:
        return own
    rest = text[start.end():]
    if ">" not in rest:
        return ""
    below = [line for line in rest.splitlines() if line.strip() and not line.lstrip().startswith((">", "\uff1e"))]
    return _SIGNATURES.sub("", "\n".join(below)).strip()


def is_forward(subject: str | None) -> bool:
    """Whether the subject says that the mail forwards another one."""
    return bool(_FORWARD.match(subject or ""))


def words_for_forms(subject: str | None, text: str) -> tuple[str, ...]:
    """The texts in which a form may be typed, in the order in which they are to be tried.

    The sender's own words; then, if the subject says that this mail forwards another, all of it (an office's liaison
    forwards what an account's owner wrote). A quoted mail under an answer is not tried: it was read when it came.
    """
    own = own_words(text)
    return tuple(dict.fromkeys(filter(None, (own, text if is_forward(subject) else ""))))
