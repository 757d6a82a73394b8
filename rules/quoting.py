"""Tell a person's own words from the mail that they quote below or around them.

Every search is linear in the text: it is a stranger's, up to a million characters.
"""

import re

#: a line that begins the quoted mail, as the common mail programs write it; all after it is another mail's text
_QUOTE_STARTS = re.compile(
    r"^[ \t>|]{0,40}(?:"
    # QQ, NetEase, Foxmail, Outlook, Gmail: a line of dashes with words between
    r"-{2,60}[ \t]*(?:原始?邮件(?:信息)?|回复的原邮件|原邮件|原文|转发邮件信息|转发的邮件|已转发的邮件|Original(?: Message)?"
    r"|Forwarded [Mm]essage|Reply to.{0,80})[ \t]*-{2,60}"
    r"|_{20,}"  # Outlook
    r"|(?:发件人|寄件者|寄件人|From)[ \t]*[:\uff1a|].{3,}"
    r"|(?:在|于)[ \t]*\d{4}[ \t]*[-年/].{0,200}(?:写道|写到|wrote)[ \t]*[:\uff1a]?"
    r"|(?:At|On)[ \t].{6,250}\s(?:wrote|写道)[ \t]*[:\uff1a]?"
    r"|\d{4}年\d{1,2}月\d{1,2}日.{0,200}(?:写道|写到)[ \t]*[:\uff1a]?"
    r"|.{0,120}<[^<>@\s]{1,100}@[^<>\s]{1,200}>.{0,80}(?:写道|wrote)[ \t]*[:\uff1a]"
    r"|.{0,120}&lt;.{3,80}&gt;.{0,80}(?:写道|wrote)[ \t]*[:\uff1a]"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
#: a line that begins a mail which is handed on rather than answered
_FORWARDED = re.compile(
    r"^[ \t>]{0,40}-{2,60}[ \t]*(?:转发邮件信息|转发的邮件|已转发的邮件|Forwarded [Mm]essage)[ \t]*-{2,60}",
    re.MULTILINE,
)
#: what a telephone or a mail program adds by itself
_SIGNATURES = re.compile(
    r"^[ \t]*(?:发自我的.{0,30}|从我的.{0,20}发送|来自.{1,20}(?:邮箱|手机|客户端|iPhone|iPad)|发送自.{1,40}"
    r"|Sent from .{1,40}|获取[ \t]*Outlook.{0,30}|(?:网易|QQ)邮箱(?:手机版|大师)?.{0,10}|签名由.{0,20}定制)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARD = re.compile(
    r"^\s{0,20}[\[【(\uff08]?(?:fw|fwd|转发|转寄|轉寄|轉發)[\]】)\uff09]?\s{0,5}[:\uff1a]", re.IGNORECASE
)


def own_words(text: str) -> str:
    """What the sender of a mail wrote: without the quoted mail and without what the mail program adds.

    A mail that begins with the quotation (an answer written below it) keeps the lines that are not marked with `>`.
    """
    start = _QUOTE_STARTS.search(text)
    own = _unmarked(text[: start.start()] if start else text)
    if own or not start:
        return own
    rest = text[start.end() :]
    return _unmarked(rest) if ">" in rest else ""


def _unmarked(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith((">", "\uff1e"))]
    return _SIGNATURES.sub("", "\n".join(lines)).strip()


def is_forward(subject: str | None) -> bool:
    """Whether the subject says that the mail forwards another one."""
    return bool(_FORWARD.match(subject or ""))


def words_for_forms(subject: str | None, text: str) -> tuple[str, ...]:
    """The texts in which a form may be typed, in the order in which they are to be tried.

    The sender's own words; then, if subject or text say that this mail forwards another, all of it (a liaison hands on
    what an account's owner wrote). A quoted mail under an answer is not tried: it was read when it came.
    """
    forwards = is_forward(subject) or _FORWARDED.search(text)
    return tuple(dict.fromkeys(filter(None, (own_words(text), _without_marks(text) if forwards else ""))))


def _without_marks(text: str) -> str:
    """Lines without the `>` of quotation, line by line, so that the number of a line stays what it was."""
    return "\n".join(re.sub(r"^[ \t]{0,8}(?:>[ \t]?){1,20}", "", line) for line in text.split("\n"))
