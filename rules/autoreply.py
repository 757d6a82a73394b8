"""Whether a mail may be answered at all: the whole policy is the table GUARDS, read from top to bottom.

Sources: RFC 3834 section 2 (when not to respond), RFC 5230 section 4.5 and 4.6 (vacation), the order of Pigeonhole's
vacation action, MS-OXCMAIL (X-Auto-Response-Suppress), and what Chinese providers send without any standard header.
A guard suppresses the reply, never the intake. `rules.kind` asks the same table whether a sender is a robot.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rules.message import Message
from rules.robot_words import is_automatic_text

#: what a guard says of the sender: certainly a machine, or only perhaps
FIRM, SOFT = "firm", "soft"


class Policy(Protocol):
    """The switches of `service.yaml` that bear on answering (`intake.config.ReplyPolicy` has them)."""

    mode: str
    max_age_days: int
    per_address_per_day: int
    require_recipient: bool


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What the store knows about the mail, its sender, and the answer that would be given."""

    #: both aware
    now: datetime
    received_at: datetime
    #: the same bytes, or the same Message-ID of the same sender, were taken in before
    duplicate: bool = False
    #: a bounce told that the answer address takes no mail
    dead_address: bool = False
    #: answers queued or sent to this address in the 24 hours before `now`
    answers_today: int = 0
    #: the mail only thanks or confirms (`rules.kind`)
    courtesy: bool = False
    #: the content keys of the answer that would be given: one for each submission, or the one of a guidance
    keys: tuple[str, ...] = ()
    #: for each of `keys`, in their order, that of the last answer about the same submission (None: there was none)
    last_keys: tuple[str | None, ...] = ()
    #: content keys of every guidance given to this address
    guidance_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Silence:
    """The decision not to answer."""

    #: stable code, stored in `messages.silence`
    reason: str
    #: the same for people
    sentence: str


@dataclass(frozen=True, slots=True)
class Case:
    """All that a guard may look at; robots are told by `message` and `own` alone."""

    message: Message
    own: frozenset[str]
    kind: str = ""
    facts: AnswerFacts | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """One reason for silence."""

    code: str
    sentence: str
    check: Callable[[Case], bool]
    #: FIRM, SOFT, or '' when it says nothing about the sender
    robot: str = ""


def guard(message: Message, kind: str, own_addresses: frozenset[str], facts: AnswerFacts, policy: Policy,
          ) -> Silence | None:
    """The first guard that forbids an answer, or None when one may be given."""
    return _first(Case(message, own_addresses, kind, facts, policy), GUARDS)


def _first(case: Case, guards: Iterable[Guard]) -> Silence | None:
    found = next((row for row in guards if row.check(case)), None)
    return Silence(found.code, found.sentence) if found else None


def guard_decision(address: str, own_addresses: frozenset[str], facts: AnswerFacts, policy: Policy) -> Silence | None:
    """The first guard that forbids a mail to `address` which a decision of the office makes due.

    There is no mail that could bear robots' headers; address, caps and content are judged as ever.
    """
    nobody = Message(
        sha256="", size=0, message_id=None, in_reply_to=None, references=(), from_address=address.lower(),
        from_name=None, reply_to=None, recipients=(), subject=None, sent_at=None, received_at=None,
        headers=(), media_type="text/plain", text="", html="", defects=())
    return _first(Case(nobody, own_addresses, "supplement", facts, policy),
                  (row for row in GUARDS if row.code != "not-addressed"))


#: reasons to be silent that hold for the sender for good
ABOUT_THE_SENDER = ("own-address",)


def is_about_the_sender(code: str | None) -> bool:
    """Whether a stored silence says that nobody reads what we would write there."""
    return code is not None and any(row.code == code and (row.robot or code in ABOUT_THE_SENDER) for row in GUARDS)


def robot_evidence(message: Message, own_addresses: frozenset[str] = frozenset()) -> Guard | None:
    """The strongest sign that a machine sent this mail, or None."""
    case = Case(message, own_addresses)
    found = [row for row in GUARDS if row.robot and row.check(case)]
    return next((row for row in found if row.robot == FIRM), found[0] if found else None)


# --- what the checks look at ---------------------------------------------------------------------------------------

_COMMENT = re.compile(r"\([^()]*\)")
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff.-]{0,251}"
                      r"[a-z0-9\u00a1-\uffff])?", re.IGNORECASE)
_DAEMON = re.compile(r"(?:mail(?:er)?[-_.]?daemon|postmaster|majordomo|listserv|mail[-_]?system)(?:[-_.+].*)?")
_NO_REPLY = re.compile(r"(?:.*[-_.+])?(?:no|not|never|do[-_.]?not|dont)[-_.]?(?:reply|response|respond)(?:[-_.+\d].*)?"
                       r"|.*noreply.*|.*donotreply.*")
_LIST_ROLE = re.compile(r"owner-.+|.+-(?:request|owner|bounces?|subscribe|unsubscribe|confirm)"
                        r"|bounces?(?:[-_.+=\d].*)?")
_NOTIFIER = re.compile(r"(?:.*[-_.])?(?:notifications?|notify|notifier|auto(?:mailer|responder|reply|mail)"
                       r"|newsletters?|mailing|edm|robot|alerts?|system[-_.]?(?:notice|message))(?:[-_.+\d].*)?")
_AUTOREPLY_HEADERS = ("x-autoreply", "x-auto-reply", "x-autorespond", "x-auto-respond", "x-mail-autoreply",
                      "x-autogenerated", "x-vacation", "x-fc-machinegenerated", "x-cron-env")
_CAMPAIGN_HEADERS = ("feedback-id", "x-campaign", "x-mailing", "x-bulkmail")


def addresses(message: Message) -> tuple[str, ...]:
    """Every address that says who sent it or where an answer would go: From, Reply-To, Sender; lower case."""
    sender = _ADDRESS.search(message.header("sender") or "")
    named = (message.from_address, message.reply_to, sender.group().lower() if sender else None)
    return tuple(dict.fromkeys(address for address in named if address))


def _locals(case: Case) -> list[str]:
    path = _ADDRESS.search(message_path) if (message_path := case.message.header("return-path")) else None
    named = [*addresses(case.message), *([path.group().lower()] if path else [])]
    return [address.rpartition("@")[0].lower() for address in named]


def _values(message: Message, name: str) -> list[str]:
    return [value.strip() for key, value in message.headers if key == name]


def _null_return_path(case: Case) -> bool:
    return any(re.sub(r"\s", "", value) in ("<>", "") for value in _values(case.message, "return-path")[:1])


def _auto_submitted(case: Case) -> bool:
    # RFC 3834 section 5: the keyword may be followed by parameters and surrounded by comments
    values = [_COMMENT.sub("", value).split(";")[0].strip(' "\t').lower()
              for value in _values(case.message, "auto-submitted")]
    return any(value != "no" for value in values)


def _precedence(case: Case) -> bool:
    return any(_COMMENT.sub("", value).strip().lower() in ("bulk", "junk", "list", "auto_reply")
               for name in ("precedence", "preference", "x-precedence") for value in _values(case.message, name))


def _response_suppressed(case: Case) -> bool:
    # MS-OXCMAIL: DR, NDR, RN and NRN ask for no receipts only
    words = {word.strip().lower() for value in _values(case.message, "x-auto-response-suppress")
             for word in re.split(r"[,;\s]+", value)}
    return bool(words - {"dr", "ndr", "rn", "nrn", "none", ""})


def _autoreply_header(case: Case) -> bool:
    return any(key.startswith(_AUTOREPLY_HEADERS) and value.strip().lower() not in ("no", "false", "0")
               for key, value in case.message.headers)


def _report(case: Case) -> bool:
    return case.message.media_type in ("multipart/report", "message/delivery-status",
                                       "message/disposition-notification")


def _calendar(case: Case) -> bool:
    return case.message.media_type == "text/calendar" or case.message.has_header("x-ms-exchange-calendar") or (
        (case.message.header("content-class") or "").lower().endswith("calendarmessage"))


def _not_addressed(case: Case) -> bool:
    # without any address of ours (mails imported from files, no mailbox configured) nobody can tell
    return bool(case.policy.require_recipient and case.own) and not (case.own & set(case.message.recipients))


def _copied_only(case: Case) -> bool:
    to = {found.lower() for found in _ADDRESS.findall(case.message.header("to") or "")}
    return case.kind == "inquiry" and bool(to and case.own) and not to & case.own


def _too_old(case: Case) -> bool:
    days = case.policy.max_age_days
    return days > 0 and case.facts.now - case.facts.received_at > timedelta(days=days)


def _unchanged(case: Case) -> bool:
    facts = case.facts
    if case.kind == "inquiry":
        return False
    return bool(facts.keys) and facts.keys == facts.last_keys


def _guided(case: Case) -> bool:
    return bool(case.facts.keys) and case.kind == "inquiry" and set(case.facts.keys) <= case.facts.guidance_keys


def _is_own(case: Case) -> bool:
    return case.kind == "own" or any(address in case.own for address in addresses(case.message))


def _local(pattern: re.Pattern) -> Callable[[Case], bool]:
    return lambda case: any(pattern.fullmatch(local) for local in _locals(case))


def _kind(*kinds: str) -> Callable[[Case], bool]:
    return lambda case: case.kind in kinds


GUARDS: tuple[Guard, ...] = (
    # who sent it
    Guard("null-return-path", "信封发件人为空（<>），是系统通知，不能回复。", _null_return_path, FIRM),
    Guard("own-address", "发件人或回复地址就是本邮箱。", _is_own),
    Guard("auto-submitted", "邮件标明由程序自动发出（Auto-Submitted）。", _auto_submitted, FIRM),
    Guard("precedence", "邮件标明是群发或自动邮件（Precedence）。", _precedence, FIRM),
    Guard("mailing-list", "邮件来自邮件列表或订阅（List-*）。", lambda case: case.message.has_header("list-"), FIRM),
    Guard("response-suppressed", "邮件要求不要自动答复（X-Auto-Response-Suppress）。", _response_suppressed, SOFT),
    Guard("autoreply-header", "邮件标明是自动答复（X-Autoreply 等）。", _autoreply_header, FIRM),
    Guard("campaign", "邮件由群发平台投递（Feedback-ID 等）。",
          lambda case: any(case.message.has_header(name) for name in _CAMPAIGN_HEADERS), SOFT),
    Guard("mailer-daemon", "发件人是邮件系统（mailer-daemon、postmaster）。", _local(_DAEMON), FIRM),
    Guard("no-reply", "发件地址写明不接收回复（no-reply）。", _local(_NO_REPLY), FIRM),
    Guard("list-address", "发件地址是邮件列表或退信专用地址（owner-、-request、bounce）。", _local(_LIST_ROLE), FIRM),
    Guard("notification-address", "发件地址是通知或群发专用地址。", _local(_NOTIFIER), FIRM),
    # what it is
    Guard("report", "邮件是投递报告或回执（multipart/report）。", _report, FIRM),
    Guard("calendar", "邮件是日程或会议邀请。", _calendar, FIRM),
    Guard("not-addressed", "收件人和抄送人中没有本邮箱。", _not_addressed),
    Guard("auto-reply-words", "主题或正文表明是自动回复、回执或系统通知。",
          lambda case: is_automatic_text(case.message.subject or "", case.message.text), FIRM),
    Guard("bounce", "邮件是退信或投递通知。", _kind("bounce")),
    Guard("automatic", "邮件由程序自动发出。", _kind("automatic")),
    Guard("unrelated", "邮件与本次登记无关。", _kind("unrelated")),
    Guard("courtesy", "来信只是致谢或表示收到，不需要回复。", lambda case: case.facts.courtesy),
    Guard("copied-only", "来信写给别人，只是抄送本邮箱。", _copied_only),
    # where an answer would go
    Guard("no-address", "来信没有可用的回复地址。",
          lambda case: not _ADDRESS.fullmatch(case.message.answer_address or "")),
    Guard("dead-address", "此前发往该地址的邮件被退回，该地址不能收信。", lambda case: case.facts.dead_address),
    # whether it is due
    Guard("duplicate", "同一封邮件已经处理过。", lambda case: case.facts.duplicate),
    Guard("too-old", "来信时间太早，不再自动回复。", _too_old),
    Guard("unchanged", "材料和结论与上次回复时相同，不重复回复。", _unchanged),
    Guard("guidance-given", "已向该地址发过内容相同的办理说明，不重复发送。", _guided),
    Guard("address-cap", "一天内发往该地址的自动回复已达上限。",
          lambda case: case.facts.answers_today >= case.policy.per_address_per_day),
    Guard("replies-off", "配置中已关闭自动回复。", lambda case: case.policy.mode == "off"),
)
