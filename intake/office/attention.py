"""What needs a person, as short lines: the first part of the digest and of `intake status`.

Every line is masked: no ID number, no phone number, and of an e-mail address only its first letters and its domain.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from intake.office import accounting
from intake.office.words import CATEGORIES, REPLY_KINDS, REPLY_STATES, word
from rules.cloud import last_day
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
    #: one masked line each
    lines: tuple[str, ...]


def gather(database: Database, now: datetime | None = None) -> tuple[Attention, ...]:
    """Everything that waits for a person, most urgent first; sorts of work of which there is none are left out.

    `now`, in the office's time zone, is what the days left of cloud attachments are counted from; without it none are.
    """
    found = (_mailboxes(database), _pause(database, now), _mails(database, "uncertain"), _mails(database, "failed"), _failed(database),
             _mails(database, "held"), _reviews(database), _inquiries(database), _doubts(database), _remote(database, now),
             _dead(database))
    return tuple(one for one in found if one.lines)


def masked_address(address: str | None) -> str:
    """An e-mail address of which only the first letters and the domain can be read: `ta***@example.net`."""
    if not address:
        return "（地址不详）"
    local, at, domain = address.partition("@")
    return f"{local[:2]}***{at}{mask_personal(domain)}"


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


def _reviews(database: Database) -> Attention:
    lines = []
    for row in overview.reviews(database):
        reasons = json.loads(row["review_reasons"] or "[]")
        reason = short("；".join(str(reason).rstrip("。；") for reason in reasons) or "未写明原因", 160)
        lines.append(f"{row['number']} {short(row['registrant'], 30) or '（申报人未能判定）'}"
                     f"（{word(CATEGORIES, row['category'])}，{masked_address(row['contact_address'])}）：{reason}")
    return Attention("review", "待人工核验的登记", "请逐件核对原件，必要时联系申报人。", tuple(lines))


def _inquiries(database: Database) -> Attention:
    lines = tuple(f"来信{row['id']}（{when(row['received_at'])}，{masked_address(row['from_address'])}）："
                  f"{short(row['subject'], 60) or '（无主题）'}" for row in overview.unanswered_inquiries(database))
    return Attention("inquiry", "尚未答复的咨询", "系统没有自动答复，请人工回信。", lines)


def _mails(database: Database, state: str) -> Attention:
    title, advice = {
        "held": ("等待审批的回信", "请用 intake outbox 查看，批准或扣留。"),
        "failed": ("发送失败的邮件", "请核对收件地址，另行通知对方。"),
        "uncertain": ("不确定是否发出的邮件", "请到邮箱「已发送」核对；系统不会自行重发。"),
    }[state]
    lines = []
    for row in overview.troubled_mails(database):
        if row["state"] == state:
            kind = "日报" if row["source"] == "digest" else word(REPLY_KINDS, row["kind"])
            why = f"：{short(row['reason'], 100)}" if row["reason"] else ""
            lines.append(f"{kind}（{'日报邮件d' if row['source'] == 'digest' else '回信'}{row['id']}，"
                         f"{masked_address(row['to_address'])}，{word(REPLY_STATES, state)}）{why}")
    return Attention(f"mail_{state}", title, advice, tuple(lines))


def _failed(database: Database) -> Attention:
    lines = tuple(f"来信{row['id']}（{when(row['received_at'])}，{masked_address(row['from_address'])}）："
                  f"{short(row['subject'], 60) or '（主题不详）'}" + (f"，{short(row['error'], 80)}" if row["error"] else "")
                  for row in overview.failed_messages(database))
    return Attention("message_failed", "未能处理的来信", "原信已保存，请人工查看；可用 intake retry 重试。", lines)


def _doubts(database: Database) -> Attention:
    lines = tuple(f"{row['number'] or '来信' + str(row['message_id'] or '不详')} {short(row['sentence'], 140)}"
                  for row in overview.open_doubts(database))
    return Attention("doubt", "其他待核实事项", "请核实后处理。", lines)


def _remote(database: Database, now: datetime | None) -> Attention:
    lines = tuple(f"{row['number'] or '来信' + str(row['message_id'])} {short(row['filename'], 60) or '（未写文件名）'}"
                  f"（{masked_address(row['from_address'])}）" + _cloud_note(row["problem_detail"] or "", now)
                  for row in overview.remote_files(database))
    return Attention("remote", "云附件（信中只有链接）", "系统不下载链接；请对方改用普通附件，或在过期前人工下载。", lines)


def _cloud_note(detail: str, now: datetime | None) -> str:
    """How long the link is still good, and the link itself, which must stay whole to be of use."""
    told, _, link = detail.partition("；链接：")
    last = last_day(told.partition("有效期：")[2])
    left = (last - now.date()).days if last and now else None
    notes = [short(told, 60)] if told else []
    if left is not None:
        notes.append(f"剩余{left}天" if left >= 0 else "链接已过期")
    return f"：{'；'.join([*notes, *([link] if link else [])])}" if notes or link else ""


def _pause(database: Database, now: datetime | None) -> Attention:
    stands = pacing.last_pause(database)
    lines = ()
    if stands and (now is None or stands.until > now):
        lines = (f"{short(stands.reason, 120)}，暂停至{when(stands.until.isoformat())}",)
    return Attention("pause", "发信已暂停", "到时自动恢复；问题已解决的，可用 intake outbox resume 立即恢复。", lines)


def _dead(database: Database) -> Attention:
    lines = tuple(f"{masked_address(row['address'])}（{when(row['at'])}）"
                  + (f"，涉及 {row['number']}" if row["number"] else "")
                  + (f"：{short(row['reason'], 80)}" if row["reason"] else "")
                  for row in overview.dead_addresses(database))
    return Attention("dead_address", "已失效的收件地址", "请用电话等其他方式联系申报人。", lines)


def _mailboxes(database: Database) -> Attention:
    return Attention("mailbox", "邮箱或文件夹异常", "请运行 intake doctor 查明原因。",
                     tuple(accounting.troubles(database)))
