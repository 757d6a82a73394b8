"""The whole story of one submission or one mail as a plain screen of text; ID and phone numbers are masked."""

from intake.office.story import (
    AccountTold,
    FieldTold,
    FileTold,
    MailTold,
    PaperTold,
    ReplyTold,
    Story,
    Told,
    tell_message,
    tell_submission,
)
from rules.survey import Survey
from store.database import Database


def show_submission(database: Database, number: str, survey: Survey | None = None) -> str | None:
    """Everything about the submission of that 登记编号 (any case); None where there is none."""
    story = tell_submission(database, number, survey)
    if story is None:
        return None
    sections = [
        "\n".join(_head(story)), _section("缺少材料", [f"  · {one}" for one in story.missing]),
        _section("待核验的原因", [f"  · {one}" for one in story.reasons]), _mails(story.mails), _accounts(story.accounts, survey),
        _materials(story), _doubts(story.doubts), _decisions(story.decisions), _replies(story.replies, bool(story.mails)),
        _changes(story.changes), _events(story.events)]
    return "\n\n".join(section for section in sections if section) + "\n"


def show_message(database: Database, message_id: int, survey: Survey | None = None) -> str | None:
    """Everything about one mail; None where there is none."""
    story = tell_message(database, message_id, survey)
    if story is None:
        return None
    opened = [f"  {number} {registrant}（{status}）：{why}" for number, registrant, status, why in story.submissions]
    sections = ["\n".join(_mail(story.mail)), _section("涉及的登记", opened or ["  没有。"]), _doubts(story.doubts),
                _replies(story.replies, True),
                _section("正文", ["  " + line for line in story.mail.text.splitlines()[:60]]), _events(story.events)]
    return "\n\n".join(section for section in sections if section) + "\n"


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"── {title} ──", *lines]) if lines else ""


def _head(story: Story) -> list[str]:
    because = f"（{'；'.join(story.because)}）" if story.because else ""
    lines = [f"登记编号  {story.number}", f"申报人    {story.registrant or '未能判定'}",
             f"类别      {story.category_word}{because}", f"状态      {story.status_word}",
             f"信用代码  {story.uscc or '—'}    身份证号  {story.id_number or '—'}",
             f"时限      {story.timely}（截止 {story.deadline or '未定'}）", f"联系地址  {story.contact or '—'}",
             f"开立      {story.opened_at}    更新  {story.updated_at}", f"纸质件    {story.paper_at}"]
    return [*lines, f"并入      {story.merged_into}"] if story.merged_into else lines


def _mails(mails: tuple[MailTold, ...]) -> str:
    blocks = ["\n".join("  " + line for line in [*_mail(mail), f"归入原因：{mail.why or '未填'}"]) for mail in mails]
    return _section("来信", ["\n\n".join(blocks)] if blocks else [])


def _mail(mail: MailTold) -> list[str]:
    lines = [f"来信 {mail.id}：{mail.subject or '（无主题）'}", f"  收到 {mail.received_at}    发件人 {mail.sender}",
             f"  种类 {mail.kind}    状态 {mail.state}"
             + (f"（尝试 {mail.attempts} 次：{mail.error}）" if mail.error else "")]
    if mail.duplicate_of:
        lines.append(f"  与来信 {mail.duplicate_of} 内容相同，不另处理")
    if mail.silence:
        lines.append(f"  没有回信：{mail.silence}")
    return lines + ["  " * (file.depth + 1) + "  " + _file(file) for file in mail.files]


def _file(file: FileTold) -> str:
    facts = [file.role_word]
    if file.problem:
        facts.append(file.problem + (f"：{file.problem_detail}" if file.problem_detail else ""))
    if file.method:
        facts.append(f"读法 {file.method}" + (f"，{file.pages} 页" if file.pages else ""))
    if file.size is not None:
        facts.append(f"{max(file.size / 1024, 0.1):.1f} KB")
    return f"附件 {file.id} {file.filename or '（无文件名）'}：{'；'.join(facts)}"


def _accounts(accounts: tuple[AccountTold, ...], survey: Survey | None) -> str:
    lines, noun = [], survey.item.noun if survey else "账号"
    for account in accounts:
        platform = f"{account.platform or '平台未能判定'}，" if not survey or survey.platforms else ""
        lines.append(f"  {noun} {account.id}：{account.name or '（未填名称）'}（{platform}出自 {account.filename or '邮件正文'}）")
        lines += ["    " + _field(field) for field in account.fields]
    return _section(noun, lines)


def _field(field: FieldTold) -> str:
    written = f"（原文 {field.raw}）" if field.raw else ""
    wrong = "" if field.valid else f"  【无效：{field.complaint or '不合要求'}】"
    sure = f"，把握 {field.confidence:.0%}" if field.confidence is not None else ""
    return (f"{field.label}：{field.value}{written}{wrong}  ← {field.location or '位置未记录'}"
            f"（{field.method or '—'}{sure}）")


def _materials(story: Story) -> str:
    lines = []
    for one in story.materials:
        verdict, number = "采纳" if one.accepted else "未采纳", f"，号码 {one.number}" if one.number else ""
        lines.append(f"  {one.title}：{verdict}（{one.filename or '邮件正文'}，{one.holder or '姓名或名称未读出'}{number}）"
                     f"{one.reason}")
    return _section("材料", lines + [_paper(one) for one in story.papers])


def _paper(one: PaperTold) -> str:
    doubts = f"；疑点：{'；'.join(one.doubts)}" if one.doubts else ""
    return (f"  读到证件：{one.title}（{one.filename}，{one.holder or '—'}，{one.number}，把握 {one.confidence:.0%}）"
            f"依据：{'；'.join(one.evidence) or '—'}{doubts}")


def _doubts(doubts: tuple[Told, ...]) -> str:
    return _section("待核实事项", [
        f"  · {one.said}" + (f"（{one.settled[0]} 由{one.settled[1]}核实）" if one.settled else "（未核实）")
        for one in doubts])


def _decisions(decisions: tuple[Told, ...]) -> str:
    lines = []
    for one in decisions:
        told = "；".join(filter(None, (one.said, one.why and f"原因：{one.why}")))
        lines.append(f"  {one.at} {one.actor} {one.what}" + (f"：{told}" if told else ""))
    return _section("工作人员的决定", lines)


def _replies(replies: tuple[ReplyTold, ...], asked: bool) -> str:
    lines = [f"  回信 {one.id} {one.kind}，{one.state}{f'：{one.why}' if one.why else ''}"
             f"（致 {one.to}，{one.at}，「{one.subject}」）" for one in replies]
    return _section("回信", lines or (["  没有。"] if asked else []))


def _changes(changes: tuple[Told, ...]) -> str:
    return _section("改动", [
        f"  {one.at} {one.what}：{one.said}（{one.actor}{f'，来信 {one.message_id}' if one.message_id else ''}）"
        for one in changes])


def _events(events: tuple[Told, ...]) -> str:
    return _section("经过", [
        f"  {one.at} {one.actor} {one.what}" + (f" 来信 {one.message_id}" if one.message_id else "")
        + (f" {one.said}" if one.said else "") for one in events])
