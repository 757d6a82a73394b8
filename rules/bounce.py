"""Recognise a mail that says that a mail of ours did not arrive, and read from it which, to whom, and why.

RFC 3464 (delivery-status fields), RFC 3463 (status codes), and the plain Chinese 系统退信 of NetEase, QQ, Sina, Aliyun
and Coremail, which bear no machine-readable part. A person who forwards a bounce is no bounce: the sender must be a
mail system.
"""

import re
import unicodedata
from dataclasses import dataclass

from rules.message import Message
from rules.reading import Reading
from rules.survey import Survey
from rules.topic import number_pattern

_SYSTEM_SENDER = re.compile(r"(?:mail(?:er)?[-_.]?daemon|postmaster|mail[-_]?system|bounces?|mailadmin|mail-?delivery)"
                            r"(?:[-_.+].*)?")
_SUBJECT = re.compile(
    r"系统退信|退信|投递(?:失败|状态|报告|延迟|不成功)|(?:无法|未能|不能)(?:送达|投递|传递)|传递(?:失败|状态|延迟)|发送失败|邮件被退回"
    r"|undeliver(?:ed|able)|deliver(?:y|ed)?.{0,20}(?:fail|status|delay|problem|incomplete)"
    r"|fail(?:ed|ure)?.{0,12}deliver"
    r"|return(?:ed|ing) (?:mail|message|to sender)|mail (?:delivery )?(?:system|failure|error)"
    r"|(?:delivery|failure) noti"
    r"|could not send message|warning: could not|bounce", re.IGNORECASE)
_BODY = re.compile(
    r"系统退信|退信原因|(?:无法|未能|不能)(?:送达|投递|发送到)|(?:投递|发送)失败|被(?:对方|收件).{0,12}(?:拒绝|退回|拒收)|收件人.{0,16}不存在"
    r"|could ?n[o']t be delivered|could not be delivered|undeliver|delivery (?:has )?failed"
    r"|permanent(?:ly)? (?:error|fail)"
    r"|delivery to the following|returned (?:mail|to sender)|unknown user"
    r"|user (?:unknown|not found)|mailbox (?:full|unavail)",
    re.IGNORECASE)
_FIELD = re.compile(r"^[ \t>]*(Final-Recipient|Original-Recipient|Action|Status|Diagnostic-Code|Original-Envelope-Id|"
                    r"X-Failed-Recipients)[ \t]*:[ \t]*(.{0,998}(?:\r?\n[ \t]+\S.{0,998}){0,8})",
                    re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>@\s]{1,250}@[^<>@\s]{1,250}>")
_IDENTIFIER_FIELD = re.compile(r"^[ \t>]*(?:Message-ID|In-Reply-To|References)[ \t]*:.*$", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP_CODE = re.compile(r"(?<!\d)([45]\d\d)[ -](?=\D|\d\.\d)")
_DELAYED = re.compile(r"delay|延迟|暂时|稍后(?:重试|再试)|will (?:retry|be retried)|still trying|temporar|正在重试|继续尝试",
                      re.IGNORECASE)
#: reasons that say nothing about the address: our mail or our account was refused, or the mailbox is full for now
_NOT_THE_ADDRESS = re.compile(r"spam|垃圾邮件|频率|过于频繁|内容|黑名单|blocked|blacklist|reputation|frequen|too many|quota|"
                              r"full|空间(?:不足|已满)|已满|容量|too (?:big|large)|size", re.IGNORECASE)
_REASON_LINE = re.compile(r"(?:退信原因|失败原因|原因|错误(?:信息|描述)?|详细信息|reason|error|said|diagnostic)[^\n:]{0,12}:\s*(.{3,300})",
                          re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a bounce says."""

    #: `failed` (it will not arrive), `delayed` (still being tried), `delivered` or `relayed` (a success report)
    action: str
    #: addresses that did not get our mail, lower case
    recipients: tuple[str, ...]
    #: RFC 3463 code, e.g. `5.1.1`, or a bare SMTP code, or None
    status: str | None
    #: the reason in the server's own words, bounded, or None
    reason: str | None
    #: identifiers that may be of the mail of ours, in order of likelihood
    message_ids: tuple[str, ...]
    #: 登记编号 named in it
    numbers: tuple[str, ...]
    #: whether the address itself takes no mail, so that nothing more must be sent to it
    dead: bool


def bounce_of(reading: Reading, survey: Survey) -> Bounce | None:
    """What the bounce says, or None when the mail is none."""
    message = reading.message
    if not is_bounce(message):
        return None
    said = "\n".join([message.text, *(file.text for file in reading.files)])[:200_000]
    said = unicodedata.normalize("NFKC", said)
    fields = [(name.lower(), " ".join(value.split())) for name, value in _FIELD.findall(said)]
    action = _action(message, fields, said)
    status, reason = _status(fields, said), _reason(fields, said)
    recipients = _recipients(message, fields, said)
    ids = tuple(found for found in _message_ids(message, said) if found.strip("<>").lower() not in recipients)
    numbers = tuple(dict.fromkeys(number_pattern(survey).findall(said)))
    return Bounce(action, recipients, status, reason, ids, numbers, _dead(action, status, reason, recipients))


def is_bounce(message: Message) -> bool:
    """Whether a mail system wrote this mail to say what became of another one."""
    content_type = (message.header("content-type") or "").lower()
    if message.media_type == "multipart/report" and "disposition-notification" not in content_type:
        return True
    if message.media_type == "message/delivery-status" or message.has_header("x-failed-recipients"):
        return True
    local = (message.from_address or "").partition("@")[0].lower()
    null_path = (message.header("return-path") or "x").strip() in ("<>", "")
    if not (null_path or _SYSTEM_SENDER.fullmatch(local)):
        return False
    subject = message.subject or ""
    return bool(_SUBJECT.search(subject) or _SYSTEM_SENDER.fullmatch(local) and _BODY.search(message.text[:4000]))


def _values(fields: list[tuple[str, str]], *names: str) -> list[str]:
    return [value for name, value in fields if name in names]


def _action(message: Message, fields: list[tuple[str, str]], said: str) -> str:
    named = {value.split(";")[0].split()[0].lower() for value in _values(fields, "action") if value.split()}
    for action in ("failed", "delayed"):
        if action in named:
            return action
    for action in ("delivered", "relayed", "expanded"):
        if action in named:
            return "relayed" if action == "expanded" else action
    if _STATUS.search(said) and all(code.startswith("4") for code in _STATUS.findall(said)):
        return "delayed"
    subject = message.subject or ""
    return "delayed" if _DELAYED.search(subject) and not re.search(r"fail|失败|退信", subject, re.IGNORECASE) else "failed"


def _status(fields: list[tuple[str, str]], said: str) -> str | None:
    for text in (*_values(fields, "status"), *_values(fields, "diagnostic-code"), said[:20_000]):
        if found := _STATUS.search(text):
            return found.group(1)
    found = _SMTP_CODE.search(said[:20_000])
    return found.group(1) if found else None


def _reason(fields: list[tuple[str, str]], said: str) -> str | None:
    diagnostic = next(iter(_values(fields, "diagnostic-code")), None)
    if diagnostic:
        return diagnostic[:300]
    found = _REASON_LINE.search(said)
    return " ".join(found.group(1).split())[:300] if found else None


def _recipients(message: Message, fields: list[tuple[str, str]], said: str) -> tuple[str, ...]:
    named = [address for value in (*_values(fields, "final-recipient", "original-recipient", "x-failed-recipients"),
                                   message.header("x-failed-recipients") or "") for address in _ADDRESS.findall(value)]
    if not named:
        # a plain text: the addresses beside a word of the recipient, else every one that is not ours or the system's
        said = _IDENTIFIER_FIELD.sub("", said)
        near = re.findall(r"(?:收件人|收信人|recipient|地址|to|发往|发送到|投递到|发给)[^\n@]{0,40}?" + f"({_ADDRESS.pattern})",
                          said[:20_000], re.IGNORECASE)
        named = near or _ADDRESS.findall(said[:4000])
    system = {message.from_address, *message.recipients}
    found = (address.lower().rstrip(".") for address in named)
    return tuple(dict.fromkeys(address for address in found if address not in system
                               and not _SYSTEM_SENDER.fullmatch(address.partition("@")[0])))


def _message_ids(message: Message, said: str) -> tuple[str, ...]:
    named = [message.in_reply_to, *reversed(message.references), *_MESSAGE_ID.findall(said)]
    return tuple(dict.fromkeys(found for found in named if found and found != message.message_id))[:50]


def _dead(action: str, status: str | None, reason: str | None, recipients: tuple[str, ...]) -> bool:
    if action != "failed" or not recipients:
        return False
    if status and re.fullmatch(r"5\.1\.(?:1|2|3|6|10)|5\.2\.1", status):
        return True
    if _NOT_THE_ADDRESS.search(reason or "") or status and re.match(r"4|5\.[24567]\.", status):
        return False
    unknown = re.search(r"不存在|unknown|no such|not (?:found|exist)|invalid (?:recipient|mailbox|user)|disabled|停用|注销",
                        reason or "", re.IGNORECASE)
    return bool(unknown)
