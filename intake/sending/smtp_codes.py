"""What a refusal by the SMTP server means for the mail in hand and for the account: one table, read from top to bottom.

The codes are NetEase's (126.com, 163.com; its help pages list them, numeric limits are not published); the rows without
a code of theirs are RFC 5321's classes. Stages: `connect` `ehlo` `auth` `mail` `rcpt` `data` (the command) `dot` (after
the mail). A refusal at `connect` … `mail` says nothing about the recipient: it stops the account, not the mail.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

#: NetEase counts its days in Beijing
BEIJING = ZoneInfo("Asia/Shanghai")
#: 4xx: wait so long before each further attempt; the last for all after it
RETRY_MINUTES = (2, 5, 15, 60, 240)
#: the account: wait so long after each failure in a row
PAUSE_MINUTES = (5, 15, 60, 240)

_QUARTER, _HOUR = timedelta(minutes=15), timedelta(hours=1)
_MIDNIGHT = "midnight"
_ACCOUNT, _MAIL = "connect ehlo auth mail", "rcpt data dot"
_CODE = "授权码不对、已过期或发信服务已被关闭：请登录网页邮箱重新开启 SMTP 服务并生成授权码"
_LOGIN = "服务器要求先登录：请检查 smtp.user 与授权码"
_FROM = "发件地址与登录账号不一致：请把 smtp.sender 与 smtp.user 改成同一个邮箱"
_NOBODY = "收件地址不存在或已停用"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after a refusal."""

    #: `retry` (this mail, later) · `pause` (the account; the mail waits) · `hold` (this mail, for a person) · `failed`
    action: str
    #: plain Chinese
    reason: str
    #: the server's words, masked
    answer: str = ""
    #: wait at least so long
    wait: timedelta | None = None
    #: wait until after midnight in Beijing
    until_midnight: bool = False
    #: whether the connection is of no more use
    reconnect: bool = False
    #: whether it was a log-in that failed
    login: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table; it applies when stage, code and words all fit."""

    action: str
    #: regular expression over the three digits
    codes: str
    #: regular expression over the server's words, any case; '' fits all
    words: str
    reason: str
    wait: timedelta | str | None = None
    stages: str = "connect ehlo auth mail rcpt data dot"
    reconnect: bool = False


TABLE = (
    # -- log-in
    Rule("pause", "[45]..", r"too much fail auth|auth error limit", "登录失败过多，被临时禁止登录。" + _CODE, _HOUR),
    Rule("pause", "4..", "", "登录暂时未成功", stages="auth"),
    Rule("pause", "5..", "", _CODE, stages="auth"),
    Rule("pause", "5..", r"RP:FRL|relay|authentication (is )?required|auth\w* first", _LOGIN),
    # -- From and log-in
    Rule("pause", "5..", r"DT:SUM|mail from must|same as auth|authorized user|not owned by|null sender", _FROM, _HOUR),
    Rule("pause", "5..", r"sender.*(mismatch|denied)", _FROM, _HOUR),
    Rule("pause", "5..", r"MI:(SPF|DMA|IMF|NHD|SPB)|HL:IPB", "服务器不许本账号或本机发信，请联系邮箱服务商", _HOUR),
    # -- quotas: the whole account rests
    Rule("pause", "421", r"HL:(REP|ICC|IFC|MEP)", "本机发信过多或异常，被临时禁止连接", _HOUR, reconnect=True),
    Rule("pause", "451", r"MI:SFQ", "15 分钟内发信数量超过限制", _QUARTER),
    Rule("pause", "451", r"RP:QRC", "短期内收件人数量超过限制，被临时禁止发信", _HOUR),
    Rule("pause", "5..", r"MI:STC", "当天发信数量超过限制，零点后再发", _MIDNIGHT),
    Rule("pause", "5..", r"RP:TRC", "当天收件人数量超过限制，零点后再发", _MIDNIGHT),
    Rule("pause", "[45]..", r"HL:(ITC|IHU)", "本机因异常连接或疑似垃圾邮件被暂时挂起", _HOUR, reconnect=True),
    Rule("pause", "[45]..", r"DT:RBL|WM:BL[IU]|IP (in blacklist|is rejected)", "本机地址在服务器的拒收名单中", _HOUR),
    # -- this connection has carried enough
    Rule("retry", "45.", r"(MI|RP):(DMC|DRC|CEL|CCL)", "本次连接发信已达上限，换一个连接再发", reconnect=True),
    # -- this mail
    Rule("retry", "4..", r"DT:SPM", "内容疑似垃圾邮件，稍后重试", timedelta(minutes=2)),
    Rule("hold", "5..", r"DT:SPM", "服务器认为内容像垃圾邮件，须由人处理"),
    Rule("hold", "5..", r"RP:RCL|too much recipient|user in blacklist", "服务器不让本账号给此收件人发信，须由人处理"),
    Rule("hold", "5..", r"illegal attachment|virus|spam|junk", "服务器不接收此附件或内容，须由人处理", stages=_MAIL),
    Rule("hold", "5..", r"mail ?size|too (large|big)|message size", "邮件过大，须由人处理"),
    Rule("failed", "5..", r"(invalid|unknown|no such) user|user (unknown|not found|suspended)", _NOBODY, stages=_MAIL),
    Rule("failed", "5..", r"mailbox.*(not|unavailable)|not exist|\b5\.1\.[0-3]\b", _NOBODY, stages=_MAIL),
    # -- RFC 5321 section 4.2.1: what the first digit says
    Rule("pause", "421", "", "服务器暂停服务", stages=_ACCOUNT, reconnect=True),
    Rule("retry", "421", "", "服务器暂停服务，稍后再试", reconnect=True),
    Rule("pause", "[45]..", "", "服务器不让本账号发信", stages=_ACCOUNT),
    Rule("retry", "4..", "", "服务器暂时不收，稍后再试"),
    Rule("failed", "5..", "", "服务器拒收"),
)

#: ID numbers of 18 and 15 characters, mobile numbers
_PERSONAL = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|1\d{10})(?!\d)")
_LONGEST_ANSWER = 300


def judge(stage: str, code: int, words: str) -> Verdict:
    """The first row that fits; an answer that is no answer at all (code outside 400 … 599) is `retry`."""
    for rule in TABLE:
        if stage in rule.stages.split() and re.fullmatch(rule.codes, str(code)) and _fits(rule.words, words):
            until_midnight = rule.wait == _MIDNIGHT
            wait = None if until_midnight else rule.wait
            answer = masked(f"{code} {words}")
            return Verdict(rule.action, rule.reason, answer, wait, until_midnight, rule.reconnect, stage == "auth")
    action = "pause" if stage in _ACCOUNT.split() else "retry"
    return Verdict(action, "服务器的应答看不懂", masked(f"{code} {words}"), reconnect=True)


def retry_at(verdict: Verdict, attempts: int, now: datetime, random: float) -> datetime:
    """When to try this mail again after its `attempts`-th attempt (1 …); ± 20 %, `random` is 0..1."""
    minutes = RETRY_MINUTES[min(max(attempts, 1), len(RETRY_MINUTES)) - 1]
    return now + max(timedelta(minutes=minutes) * (0.8 + 0.4 * random), verdict.wait or timedelta())


def resume_at(verdict: Verdict, count: int, now: datetime, random: float) -> datetime:
    """When the account may send again after the `count`-th failure in a row (1 …); never earlier than the rule says."""
    if verdict.until_midnight:
        tomorrow = now.astimezone(BEIJING).date() + timedelta(days=1)
        return (datetime.combine(tomorrow, time(0, 5), BEIJING) + timedelta(minutes=10) * random).astimezone(now.tzinfo)
    minutes = timedelta(minutes=PAUSE_MINUTES[min(max(count, 1), len(PAUSE_MINUTES)) - 1])
    return now + max(verdict.wait or minutes, minutes) * (1 + 0.2 * random)


def masked(text: str) -> str:
    """A server's words on one line, shortened, with whatever looks like an ID or telephone number starred out."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _PERSONAL.sub(lambda found: "*" * len(found[0]), plain)[:_LONGEST_ANSWER]


def _fits(pattern: str, words: str) -> bool:
    return re.search(pattern, words, re.IGNORECASE) is not None
