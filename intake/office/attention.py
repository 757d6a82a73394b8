"""What needs a person, as short lines: the first part of the digest and of `intake status`.

Every line is masked: no ID number, no phone number, and of an e-mail address only its first letters and its domain. Only
the telephone to call may be written out, where the office's configuration says so.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from intake.office import accounting
from intake.office.words import REPLY_KINDS, REPLY_STATES, categories, word
from rules.cloud import last_day
from rules.survey import Survey
from rules.values import mask_personal
from store import overview, pacing
from store.database import Database


@dataclass(frozen=True, slots=True)
class Attention:
    """One sort of work that waits for a person."""

    #: stable word for scripts, e.g. `review`
    code: str
    #: what it is, in Chinese
    title: str
    #: what to do about it
    advice: str
    #: one masked line each; the first ones, where only these were asked for
    lines: tuple[str, ...]
    #: how many there are
    count: int


@dataclass(frozen=True, slots=True)
class View:
    """How the lines are written."""

    #: in the office's time zone: what the days left of cloud attachments are counted from; without it none are
    now: datetime | None = None
    #: so many lines of each sort are written; None: all
    most: int | None = None
    #: the telephone to call stands in full
    full_telephones: bool = False
    #: names the categories
    survey: Survey | None = None


def gather(database: Database, view: View = View()) -> tuple[Attention, ...]:
    """Everything that waits for a person, most urgent first; sorts of work of which there is none are left out."""
    troubled = overview.troubled_mails(database)
    found = (_mailboxes(database, view), _pause(database, view), _mails(troubled, "uncertain", view),
             _mails(troubled, "failed", view), _failed(database, view), _mails(troubled, "held", view),
             _reviews(database, view), _inquiries(database, view), _doubts(database, view), _remote(database, view),
             _dead(database, view))
    return tuple(one for one in found if one.count)


def _listed(code: str, title: str, advice: str, found: Sequence, line: Callable[..., str], view: View) -> Attention:
    """The rows as lines, no more of them than are asked for: a line takes longer than its row."""
    return Attention(code, title, advice, tuple(line(row) for row in found[:view.most]), len(found))


def masked_address(address: str | None) -> str:
    """An e-mail address of which only the first letters and the domain can be read: `ta***@example.net`."""
    if not address:
        return "（地址不详）"
    local, at, domain = address.partition("@")
    return f"{local[:2]}***{at}{mask_personal(domain)}"


def masked_telephone(number: str | None) -> str:
    """A telephone number without its middle, also one with a digit too many or too few."""
    masked = mask_personal(number or "")
    return f"{masked[:3]}****{masked[-2:]}" if masked == number else masked


def short(text: str | None, length: int = 80) -> str:
    """One masked line of at most `length` characters."""
    line = mask_personal(" ".join((text or "").split()))
    return line if len(line) <= length else line[:length - 1] + "…"


def when(at: str | None) -> str:
    """`8月1日 09:30` for an ISO 8601 time."""
    if not at:
        return "时间不详"
    moment = datetime.fromisoformat(at)
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"


def _telephone(row: dict, view: View) -> str:
    """Whom to call: `，联系人 谭晓明 139****5678`; '' where no form names a number."""
    number = row["telephone"]
    if not number:
        return ""
    name = short(row["contact"], 20)
    return f"，联系人 {name + ' ' if name else ''}{number if view.full_telephones else masked_telephone(number)}"


def _sentences(text: str | None) -> list[str]:
    """A JSON list of sentences; whatever else somebody has written there is one sentence: a report is due all the same."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        found = [text]
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]


def _reviews(database: Database, view: View) -> Attention:
    def line(row: dict) -> str:
        reason = short("；".join(reason.rstrip("。；") for reason in _sentences(row["review_reasons"])) or "未写明原因", 160)
        return (f"{row['number']} {short(row['registrant'], 30) or '（申报人未能判定）'}"
                f"（{word(categories(view.survey), row['category'])}，{masked_address(row['contact_address'])}{_telephone(row, view)}）：{reason}")

    return _listed("review", "待人工核验的登记", "请逐件核对原件，必要时联系申报人。", overview.reviews(database), line, view)


def _inquiries(database: Database, view: View) -> Attention:
    def line(row: dict) -> str:
        return (f"来信{row['id']}（{when(row['received_at'])}，{masked_address(row['from_address'])}）："
                f"{short(row['subject'], 60) or '（无主题）'}")

    return _listed("inquiry", "尚未答复的咨询", "系统没有自动答复，请人工回信。", overview.unanswered_inquiries(database), line,
                   view)


def _mails(troubled: list[dict], state: str, view: View) -> Attention:
    title, advice = {
        "held": ("等待审批的回信", "请用 intake outbox 查看，批准或扣留。"),
        "failed": ("发送失败的邮件", "请核对收件地址，另行通知对方。"),
        "uncertain": ("不确定是否发出的邮件", "请到邮箱「已发送」核对；系统不会自行重发。"),
    }[state]

    def line(row: dict) -> str:
        kind = "日报" if row["source"] == "digest" else word(REPLY_KINDS, row["kind"])
        why = f"：{short(row['reason'], 100)}" if row["reason"] else ""
        return (f"{kind}（{'日报邮件d' if row['source'] == 'digest' else '回信'}{row['id']}，"
                f"{masked_address(row['to_address'])}，{word(REPLY_STATES, state)}）{why}")

    return _listed(f"mail_{state}", title, advice, [row for row in troubled if row["state"] == state], line, view)


def _failed(database: Database, view: View) -> Attention:
    def line(row: dict) -> str:
        return (f"来信{row['id']}（{when(row['received_at'])}，{masked_address(row['from_address'])}）："
                f"{short(row['subject'], 60) or '（主题不详）'}" + (f"，{short(row['error'], 80)}" if row["error"] else ""))

    return _listed("message_failed", "未能处理的来信", "原信已保存，请人工查看；可用 intake retry 重试。",
                   overview.failed_messages(database), line, view)


def _doubts(database: Database, view: View) -> Attention:
    def line(row: dict) -> str:
        return f"{row['number'] or '来信' + str(row['message_id'] or '不详')} {short(row['sentence'], 140)}"

    return _listed("doubt", "其他待核实事项", "请核实后处理。", overview.open_doubts(database), line, view)


def _remote(database: Database, view: View) -> Attention:
    def line(row: dict) -> str:
        return (f"{row['number'] or '来信' + str(row['message_id'])} {short(row['filename'], 60) or '（未写文件名）'}"
                f"（{masked_address(row['from_address'])}）" + _cloud_note(row["problem_detail"] or "", view.now))

    found = sorted(overview.remote_files(database), key=lambda row: _cloud_end(row["problem_detail"]) or date.max)
    return _listed("remote", "云附件（信中只有链接）", "系统不下载链接；请对方改用普通附件，或在过期前人工下载。", found, line, view)


def _cloud_end(detail: str | None) -> date | None:
    """The last day of the link."""
    return last_day((detail or "").partition("；链接：")[0].partition("有效期：")[2])


def _cloud_note(detail: str, now: datetime | None) -> str:
    """How long the link is still good, and the link itself, which must stay whole to be of use."""
    told, _, link = detail.partition("；链接：")
    last = _cloud_end(detail)
    left = (last - now.date()).days if last and now else None
    notes = [short(told, 60)] if told else []
    if left is not None:
        notes.append(f"剩余{left}天" if left >= 0 else "链接已过期")
    return f"：{'；'.join([*notes, *([link] if link else [])])}" if notes or link else ""


def _pause(database: Database, view: View) -> Attention:
    stands = pacing.last_pause(database)
    open_still = [stands] if stands and (view.now is None or stands.until > view.now) else []
    return _listed("pause", "发信已暂停", "到时自动恢复；问题已解决的，可用 intake outbox resume 立即恢复。", open_still,
                   lambda pause: f"{short(pause.reason, 120)}，暂停至{when(pause.until.isoformat())}", view)


def _dead(database: Database, view: View) -> Attention:
    def line(row: dict) -> str:
        return (f"{masked_address(row['address'])}（{when(row['at'])}）"
                + (f"，涉及 {row['number']}{_telephone(row, view)}" if row["number"] else "")
                + (f"：{short(row['reason'], 80)}" if row["reason"] else ""))

    return _listed("dead_address", "已失效的收件地址", "请用电话等其他方式联系申报人。", overview.dead_addresses(database), line,
                   view)


def _mailboxes(database: Database, view: View) -> Attention:
    return _listed("mailbox", "邮箱或文件夹异常", "请运行 intake doctor 查明原因。", accounting.troubles(database), str, view)
