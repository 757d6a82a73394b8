"""What a replay would change, or has changed, for people: plain Chinese, numbers of persons masked."""

from collections.abc import Iterator

from intake.office import words
from intake.office.story import masked_field
from intake.replay.apply import Findings
from intake.replay.compare import Change, Content
from intake.replay.told import BEGINNING
from rules.survey import Survey
from rules.typography import typeset
from rules.values import mask_personal

#: changes of one submission that are written out; more are counted
_MOST = 12


def as_text(found: Findings, survey: Survey, drafted: int | None) -> str:
    """The whole report; `drafted`: None while nothing was written down."""
    lines = [f"重新读取来信{len(found.walked) - len(found.unreadable)}封,重新执行工作人员的决定{found.decisions}项。"]
    if found.unreadable:
        lines.append(f"来信{'、'.join(map(str, found.unreadable))}不能重新读取,沿用以前读取的结果。")
    for change in (each for each in found.submissions if _is_told(each, found, survey)):
        lines += _submission(change, found, survey)
    for mail in found.mails:
        lines += _mail(mail)
    lines += _summary(found, drafted, survey)
    return "\n".join(typeset(line) for line in lines) + "\n"


def _summary(found: Findings, drafted: int | None, survey: Survey) -> Iterator[str]:
    if not (found.submissions or found.mails):
        yield "结论与现有的完全一致,没有需要改动的。"
        return
    would = "将" if drafted is None else "已"
    if slight := sum(not _is_told(change, found, survey) for change in found.submissions):
        yield f"有{slight}份登记只是识别把握等细节{would}更新,状态和内容不变,不逐份列出。"
    yield f"登记{would}改动{len(found.submissions)}份,来信{would}改动{len(found.mails)}封。"
    if found.untrue:
        yield f"待发的答复中有{len(found.untrue)}封不再适用,{would}作废(编号{'、'.join(map(str, found.untrue))})。"
    if drafted:
        yield f"另拟答复{drafted}封,等待批准(intake outbox)。"
    if found.untold:
        yield f"与已告知申报人的不同、须由工作人员告知的有{len(found.untold)}份,已列入人工核验(intake review)。" if drafted is not None \
            else f"与已告知申报人的不同、须由工作人员告知的有{len(found.untold)}份。"  # fmt: skip
    yield "本次只是预演,没有作任何改动,也没有发出任何邮件。" if drafted is None else "没有发出任何邮件。"


def _is_told(change: Change, found: Findings, survey: Survey) -> bool:
    """Whether there is anything to say of it; that a value is surer now than before is nothing."""
    return change.before is None or change.id in {*found.left, *found.untold} or any(_details(change.before, change.after, survey))


def _submission(change: Change, found: Findings, survey: Survey) -> Iterator[str]:
    after, before = change.after, change.before
    name = mask_personal(after.row["registrant"] or (before.row["registrant"] if before else None) or "(申报人未能判定)")
    mark = "新立" if before is None else "材料已不单独成为登记,编号保留" if change.id in found.left else ""
    yield f"{change.number} {name}{f'({mark})' if mark else ''}"
    details = list(_details(before, after, survey))
    for line in details[:_MOST]:
        yield f"  · {line}"
    if len(details) > _MOST:
        yield f"  · 另有{len(details) - _MOST}处"
    if change.id in found.untold:
        yield from (f"  ! {mask_personal(sentence)}" for _, sentence in after.doubts if sentence.startswith(BEGINNING))


def _details(before: Content | None, after: Content, survey: Survey) -> Iterator[str]:
    old = before.row if before else {}
    if before is None or old["status"] != after.row["status"]:
        was = f"{words.word(words.STATUSES, old['status'])} → " if before else ""
        yield f"状态:{was}{words.word(words.STATUSES, after.row['status'])}"
    if (before.missing if before else ()) != after.missing:
        yield f"尚缺:{_missing(before.missing, survey) + ' → ' if before else ''}{_missing(after.missing, survey)}"
    for column, label, table in (("category", "类别", words.categories(survey)), ("registrant", "申报人", {}), ("deadline", "期限", {})):
        if before and old[column] != after.row[column]:
            yield f"{label}:{_value(column, old[column], table)} → {_value(column, after.row[column], table)}"
    yield from _accounts(before, after, survey)
    yield from _papers(before, after, survey)
    yield from _mails(before, after)
    known = {sentence for _, sentence in before.doubts} if before else set()
    for _, sentence in after.doubts:
        if sentence not in known and not sentence.startswith(BEGINNING):
            yield f"待核验:{mask_personal(sentence)}"


def _missing(codes: tuple[str, ...], survey: Survey) -> str:
    return "、".join(words.missing_word(survey, code) for code in codes) or "无"


def _accounts(before: Content | None, after: Content, survey: Survey) -> Iterator[str]:
    labels = {rule.name: rule.label for rule in survey.fields} | {"platform": "平台"}
    held = before.fields if before else {}
    for account, fields in after.fields.items():
        named = f"账号{account}"
        if account not in held:
            yield f"{named}:新增 {dict(each[:2] for each in fields).get('name') or '未写名称'}" if before else \
                f"{named}:{dict(each[:2] for each in fields).get('name') or '未写名称'}"  # fmt: skip
            continue
        old, new = ({each[0]: each for each in side} for side in (held[account], fields))
        for name in labels:
            was, now = old.get(name), new.get(name)
            if (was and was[1:5:2]) != (now and now[1:5:2]):
                yield f"{named} {labels[name]}:{_value(name, was and was[1], {})} → {_value(name, now and now[1], {})}"
    for account in held:
        if account not in after.fields:
            yield f"账号{account}:不再在本登记中"


def _papers(before: Content | None, after: Content, survey: Survey) -> Iterator[str]:
    if before is None:
        return
    roles = words.roles(survey)
    # the reason's wording, or which of two same files it is, is no news
    was, now = ({material[1:5]: material for material in side.materials} for side in (before, after))
    for key in sorted(now.keys() - was.keys(), key=str):
        kind, accepted, reason = now[key][1], now[key][4], now[key][5]
        yield f"材料:{words.word(roles, kind)} {'采纳' if accepted else '不采纳'}({mask_personal(reason or '')})"
    kinds = {key[0] for key in now}
    yield from (f"材料:{words.word(roles, key[0])} 不再在本登记中" for key in sorted(was.keys() - now.keys(), key=str)
                if key[0] not in kinds)


def _mails(before: Content | None, after: Content) -> Iterator[str]:
    was, now = ({mail for mail, _ in side.mails} if side else set() for side in (before, after))
    if now - was:
        yield f"归入来信:{'、'.join(map(str, sorted(now - was)))}"
    if was - now:
        yield f"不再归入来信:{'、'.join(map(str, sorted(was - now)))}"


def _value(column: str, value, table: dict) -> str:
    if value in (None, ""):
        return "空"
    return table.get(value) or masked_field(column, str(value))


def _mail(mail) -> Iterator[str]:
    if mail.before != mail.after:
        yield f"来信{mail.id}:{words.word(words.MAIL_KINDS, mail.before)} → {words.word(words.MAIL_KINDS, mail.after)}"
    yield from (f"来信{mail.id} 待归入:{mask_personal(sentence)}" for sentence in mail.doubts_after
                if sentence not in mail.doubts_before)
    if mail.doubts_before and not mail.doubts_after:
        yield f"来信{mail.id} 不再待归入"
