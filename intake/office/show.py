"""The whole story of one submission or one mail as a plain screen of text; ID and phone numbers are masked."""

import json

from intake.office import words
from intake.office.words import word
from rules.decisions import Decision
from rules.survey import Survey
from rules.values import mask_id, mask_personal
from store import overview
from store.database import Database
from store.decisions import decisions_of, family_of


def show_submission(database: Database, number: str, survey: Survey | None = None) -> str | None:
    """Everything about the submission of that 登记编号 (any case); None where there is none."""
    found = overview.submission(database, number)
    if found is None:
        return None
    mails = overview.messages_of(database, found["id"])
    sections = [_head(database, found, survey), _mails(database, mails), _accounts(database, found, survey),
                _materials(database, found), _doubts(overview.doubts_of(database, found["id"])),
                _decisions(database, found, survey),
                _replies(_replies_about(database, found), mails), _history(database, found, survey),
                _events(overview.events_of(database, found["id"], [mail["id"] for mail in mails]))]
    return "\n\n".join(section for section in sections if section) + "\n"


def show_message(database: Database, message_id: int) -> str | None:
    """Everything about one mail; None where there is none."""
    mail = overview.message(database, message_id)
    if mail is None:
        return None
    opened = [f"  {row['number']} {_text(row['registrant'])}（{word(words.STATUSES, row['status'])}）："
              f"{_text(word(words.WHY, row['why']))}"
              for row in overview.submissions_of(database, message_id)]
    sections = ["\n".join(_mail(database, mail)),
                _section("涉及的登记", opened or ["  没有。"]),
                _doubts(overview.doubts_of(database, None, message_id)),
                _replies(overview.replies_of(database, None, message_id), [mail]),
                _section("正文", ["  " + line for line in _text(mail["text"]).splitlines()[:60]] if mail["text"] else []),
                _events(overview.events_of(database, None, [message_id]))]
    return "\n\n".join(section for section in sections if section) + "\n"


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"── {title} ──", *lines]) if lines else ""


def _text(value) -> str:
    return "" if value is None else mask_personal(str(value))


def _time(value: str | None) -> str:
    return value[:16].replace("T", " ") if value else "—"


def masked_field(name: str, value) -> str:
    """A value of the column `name` as it may stand on a screen."""
    if value is None or value == "":
        return "（空）"
    # the survey names its fields so (rules.survey_file)
    if name.endswith("id_number"):
        return mask_id(str(value))
    text = _worded(name, mask_personal(str(value)))
    if name.endswith("_phone") and text == str(value) and len(text) >= 7:
        # not a number that mask_personal knows: one digit too many or too few
        return f"{text[:3]}****{text[-2:]}"
    return text


def _worded(name: str, value: str) -> str:
    if name == "news_license":
        return words.YES_NO.get({"0": 0, "1": 1}.get(value), value)
    return "、".join(str(one) for one in _list(value)) if name in ("scope", "formats") else value


def _actor(actor: str) -> str:
    return "系统" if actor == "daemon" else _text(actor)


def _labels(survey: Survey | None) -> dict[str, str]:
    return ({rule.name: rule.label for rule in survey.fields} if survey else {}) | {"platform": "平台"}


def _head(database: Database, row: dict, survey: Survey | None) -> str:
    timely = words.TIMELINESS[{1: "on_time", 0: "late"}.get(row["on_time"], "unknown")]
    lines = [f"登记编号  {row['number']}", f"申报人    {_text(row['registrant']) or '未能判定'}",
             f"类别      {word(words.CATEGORIES, row['category'])}{_because(row['category_evidence'])}",
             f"状态      {word(words.STATUSES, row['status'])}",
             f"信用代码  {row['uscc'] or '—'}    身份证号  {mask_id(row['id_number']) if row['id_number'] else '—'}",
             f"时限      {timely}（截止 {row['deadline'] or '未定'}）",
             f"联系地址  {_text(row['contact_address']) or '—'}",
             f"开立      {_time(row['opened_at'])}    更新  {_time(row['updated_at'])}",
             f"纸质件    {_time(row['paper_received_at'])}"]
    if row["merged_into"] is not None:
        lines.append(f"并入      {overview.number_of(database, row['merged_into'])}")
    missing = [f"  · {words.missing_word(survey, code) if survey else code}" for code in _list(row["missing"])]
    review = [f"  · {_text(reason)}" for reason in _list(row["review_reasons"])]
    parts = ["\n".join(lines), _section("缺少材料", missing), _section("待核验的原因", review)]
    return "\n\n".join(part for part in parts if part)


def _because(evidence: str | None) -> str:
    found = _list(evidence)
    return f"（{_text('；'.join(str(one).rstrip('。；') for one in found))}）" if found else ""


def _list(text: str | None) -> list:
    try:
        value = json.loads(text or "[]")
    except ValueError:
        return [text]
    return value if isinstance(value, list) else [value]


def _mails(database: Database, mails: list[dict]) -> str:
    blocks = []
    for mail in mails:
        lines = [*_mail(database, mail), f"归入原因：{_text(word(words.WHY, mail['why']))}"]
        blocks.append("\n".join("  " + line for line in lines))
    return _section("来信", ["\n\n".join(blocks)] if blocks else [])


def _mail(database: Database, mail: dict) -> list[str]:
    answered = overview.replies_of(database, None, mail["id"])
    sender = f"{_text(mail['from_name'])} <{_text(mail['from_address'])}>".strip()
    lines = [f"来信 {mail['id']}：{_text(mail['subject']) or '（无主题）'}",
             f"  收到 {_time(mail['received_at'])}    发件人 {sender}",
             f"  种类 {word(words.MAIL_KINDS, mail['kind'])}    状态 {word(words.MESSAGE_STATES, mail['state'])}"
             + (f"（尝试 {mail['attempts']} 次：{_text(mail['error'])}）" if mail["error"] else "")]
    if mail["duplicate_of"]:
        lines.append(f"  与来信 {mail['duplicate_of']} 内容相同，不另处理")
    if all(reply["state"] == "suppressed" for reply in answered):
        lines.append(f"  没有回信：{word(words.SILENCES, mail['silence']) if mail['silence'] else '未记录原因'}")
    files = overview.files_of(database, mail["id"])
    depth = {None: 0}
    for file in files:
        depth[file["id"]] = depth.get(file["parent_id"], 0) + 1
        lines.append("  " * depth[file["id"]] + "  " + _file(file))
    return lines


def _file(file: dict) -> str:
    facts = [word(words.ROLES, file["role"])]
    if file["problem"]:
        detail = f"：{_text(file['problem_detail'])}" if file["problem_detail"] else ""
        facts.append(word(words.PROBLEMS, file["problem"]) + detail)
    if file["method"]:
        facts.append(f"读法 {file['method']}" + (f"，{file['pages']} 页" if file["pages"] else ""))
    if file["size"] is not None:
        facts.append(f"{max(file['size'] / 1024, 0.1):.1f} KB")
    return f"附件 {file['id']} {_text(file['filename']) or '（无文件名）'}：{'；'.join(facts)}"


def _accounts(database: Database, found: dict, survey: Survey | None) -> str:
    labels, lines = _labels(survey), []
    for account in overview.accounts_of(database, found["id"]):
        lines.append(f"  账号 {account['id']}：{_text(account['name']) or '（未填名称）'}"
                     f"（{_text(account['platform']) or '平台未能判定'}，"
                     f"出自 {_text(account['filename']) or '邮件正文'}）")
        for field in overview.fields_of(database, account["id"]):
            lines.append("    " + _field(field, labels))
    return _section("账号", lines)


def _field(field: dict, labels: dict[str, str]) -> str:
    label = labels.get(field["name"], field["name"])
    value, raw = masked_field(field["name"], field["value"]), masked_field(field["name"], field["raw"])
    written = f"（原文 {raw}）" if raw != value and field["raw"] else ""
    wrong = "" if field["valid"] else f"  【无效：{_text(field['complaint']) or '不合要求'}】"
    sure = f"，把握 {field['confidence']:.0%}" if field["confidence"] is not None else ""
    return f"{label}：{value}{written}{wrong}  ← {_text(field['location']) or '位置未记录'}（{field['method'] or '—'}{sure}）"


def _materials(database: Database, found: dict) -> str:
    lines = []
    for row in overview.materials_of(database, found["id"]):
        verdict = "采纳" if row["accepted"] else "未采纳"
        number = f"，号码 {_number(row['kind'], row['number'])}" if row["number"] else ""
        lines.append(f"  {word(words.ROLES, row['kind'])}：{verdict}（{_text(row['filename']) or '邮件正文'}"
                     f"，{_text(row['holder']) or '姓名或名称未读出'}{number}）{_text(row['reason'])}")
    for row in overview.papers_of(database, found["id"]):
        evidence = "；".join(_text(one) for one in _list(row["evidence"])) or "—"
        doubts = "；".join(_text(doubt) for doubt in _list(row["doubts"]))
        lines.append(f"  读到证件：{_text(row['title'])}（{_text(row['filename'])}，{_text(row['holder']) or '—'}，"
                     f"{_number(row['kind'], row['number'])}，把握 {row['confidence']:.0%}）"
                     f"依据：{evidence}" + (f"；疑点：{doubts}" if doubts else ""))
    return _section("材料", lines)


def _number(kind: str, number: str | None) -> str:
    if not number:
        return "号码未读出"
    return mask_id(number) if "id_card" in kind else number


def _doubts(doubts: list[dict]) -> str:
    return _section("待核实事项", [
        f"  · {_text(row['sentence'])}" + (f"（{_time(row['resolved_at'])} 由{_text(row['resolved_by'])}核实）"
                                          if row["resolved_at"] else "（未核实）") for row in doubts])


def _decisions(database: Database, found: dict, survey: Survey | None) -> str:
    labels, lines = _labels(survey), []
    for one in decisions_of(database, found["id"]):
        facts = [_decided(one, labels)] if one.name or one.value else []
        facts += [f"原因：{_text(one.why)}"] if one.why else []
        told = f"：{'；'.join(fact for fact in facts if fact)}" if any(facts) else ""
        lines.append(f"  {_time(one.at.isoformat())} {_actor(one.actor)} {word(words.DECISIONS, one.kind)}{told}")
    return _section("工作人员的决定", lines)


def _decided(one: Decision, labels: dict[str, str]) -> str:
    """What was decided, in a few words."""
    value = one.value
    if one.kind == "correct":
        old, new = (masked_field(one.name, _flat(value.get(key))) for key in ("was", "value"))
        return f"{labels.get(one.name, one.name)} {old} → {new}" if old != new else f"{labels.get(one.name, one.name)} {new}"
    if one.kind in ("accept", "reject"):
        return f"{word(words.ROLES, one.name)}（{_text(one.anchor.get('filename')) or '当面核验'}）"
    if value.get("undone"):
        return "撤销"
    said = value.get("text") or value.get("number") or value.get("day") or word(words.CATEGORIES, value.get("category"))
    return "" if one.kind in ("clear", "account") else _text(said)


def _flat(value):
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else int(value) if isinstance(value, bool) \
        else value  # fmt: skip


def _replies_about(database: Database, found: dict) -> list[dict]:
    """Also those about submissions that were joined with this one."""
    replies = {row["id"]: row for one in family_of(database, found["id"]) for row in overview.replies_of(database, one)}
    return [replies[key] for key in sorted(replies)]


def _replies(replies: list[dict], mails: list[dict]) -> str:
    lines = []
    for row in replies:
        why = f"：{_text(row['last_error'] or row['reason'])}" if row["last_error"] or row["reason"] else ""
        kind, state = word(words.REPLY_KINDS, row["kind"]), word(words.REPLY_STATES, row["state"])
        at = _time(row["sent_at"] or row["created_at"])
        lines.append(f"  回信 {row['id']} {kind}，{state}{why}"
                     f"（致 {_text(row['to_address'])}，{at}，「{_text(row['subject'])}」）")
    return _section("回信", lines or (["  没有。"] if mails else []))


def _history(database: Database, found: dict, survey: Survey | None) -> str:
    labels = _labels(survey)
    return _section("改动", [
        f"  {_time(row['at'])} {_text(row['account'])} {labels.get(row['name'], row['name'])}："
        f"{masked_field(row['name'], row['old_value'])} → {masked_field(row['name'], row['new_value'])}"
        f"（{_actor(row['actor'])}{'，来信 ' + str(row['message_id']) if row['message_id'] else ''}）"
        for row in overview.history_of(database, found["id"])])


def _events(events: list[dict]) -> str:
    return _section("经过", [f"  {_time(row['at'])} {_actor(row['actor'])} {word(words.ACTIONS, row['action'])}"
                           + (f" 来信 {row['message_id']}" if row["message_id"] else "")
                           + (f" {_text(row['detail'])}" if row["detail"] else "") for row in events])
