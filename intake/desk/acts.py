"""What a clerk does on the site's pages: one function for each button, the same decisions as the commands.

Every act is done in ONE transaction, together with the look whether the page was still true.
"""

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from intake.confined.confine import ReaderPool
from intake.desk import correct as fields
from intake.desk import decide, rearrange
from intake.desk.clerk import lines_of
from intake.desk.decision import Office, Refused, Result
from intake.office.roster import withdraw_untrue
from intake.outbox_command import CHANGES, why_not
from intake.usage import day
from rules.errors import IntakeError
from rules.masking import mask_personal
from store import outbox, pacing, processing
from store.admin.desk import Action, Outcome
from store.database import Database, one, writing

Form = Mapping[str, str]
#: events that change nothing of what a page about a submission or a mail shows as to be decided
_ASIDE = ("queued", "sending", "sent", "deferred", "failed", "uncertain", "suppressed", "postponed", "approved", "held",
          "released", "confirmed", "paused", "resumed", "given-up", "bounced", "noted", "original-viewed",
          "original-downloaded", "revealed")  # fmt: skip
#: written by a clerk to say that a field is empty; an input left alone changes nothing
EMPTY = "空"
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class _Done:
    """What an act came to."""

    sentences: tuple[str, ...]
    number: str | None = None


def stamp_of_submission(database: Database, submission_id: int) -> str:
    """Changes whenever something happens to a submission that a clerk who decides should have seen."""
    marks = ", ".join("?" * len(_ASIDE))
    row = one(database, f"SELECT s.updated_at || '.' || s.status || '.' || coalesce((SELECT max(e.id) FROM events e WHERE "
              f"e.submission_id = s.id AND e.action NOT IN ({marks})), 0) || '.' || (SELECT count(*) FROM "
              "submission_messages l WHERE l.submission_id = s.id) AS stamp FROM submissions s WHERE s.id = ?",
              [*_ASIDE, submission_id])
    return row["stamp"] if row else ""


def stamp_of_message(database: Database, message_id: int) -> str:
    """The same of a mail."""
    marks = ", ".join("?" * len(_ASIDE[1:]))
    row = one(database, f"SELECT m.state || '.' || coalesce(m.kind, '') || '.' || coalesce((SELECT max(e.id) FROM events e "
              f"WHERE e.message_id = m.id AND e.action NOT IN ({marks})), 0) AS stamp FROM messages m WHERE m.id = ?",
              [*_ASIDE[1:], message_id])
    return row["stamp"] if row else ""


def act(office: Office, pool: ReaderPool, action: str, target: str, form: Form) -> Outcome:
    """Do it, or say in a sentence why not."""
    deed = _ACTS[action]
    try:
        # a mail is read before the transaction: nobody shall wait for that
        reading = rearrange.read_again(office, int(target), pool) if action == "assign" else None
        with writing(office.database):
            if (stale := _stale(office, deed.about, target, form)) is not None:
                return stale
            done = deed.run(office, target, {**form, "reading": reading} if reading else form)
    except IntakeError as problem:
        return Outcome(False, (mask_personal(str(problem)),))
    return Outcome(True, tuple(mask_personal(sentence.strip()) for sentence in done.sentences), done.number)


def actions() -> dict[str, Action]:
    """Every act with its label, its right, and the warning that is shown before."""
    return {code: Action(deed.about, deed.label, deed.right, deed.warning) for code, deed in _ACTS.items()}


def _stale(office: Office, about: str, target: str, form: Form) -> Outcome | None:
    if about == "outbox":
        return None
    if about == "submission":
        row = one(office.database, "SELECT id FROM submissions WHERE number = ?", [target])
        now = stamp_of_submission(office.database, row["id"]) if row else ""
    else:
        now = stamp_of_message(office.database, int(target))
    if not now:
        return Outcome(False, ("没有这个编号，可能已经变动。",))
    if form.get("stamp") == now:
        return None
    return Outcome(False, ("您打开这一页以后，情况已有变化（可能来了新邮件，或别人已经处理）。没有改动任何内容，请看过现在的情况再办。",), stale=True)


# -- one submission --------------------------------------------------------------------------------------------------


def _correct(office: Office, number: str, form: Form) -> _Done:
    values = _values(form)
    if not values:
        raise Refused("没有填写要更正的内容。")
    return _told(office, fields.correct(office, number, values, _id(form, "account")))


def _account(office: Office, number: str, form: Form) -> _Done:
    values = [(name, text) for name, text in _values(form) if text]
    if not values:
        raise Refused("请至少填写一栏。")
    return _told(office, fields.add_account(office, number, values, _id(form, "file")))


def _values(form: Form) -> list[tuple[str, str]]:
    """The fields that were written in; `空` empties one."""
    typed = [(name.removeprefix("value:"), text.strip()[:_LONGEST]) for name, text in form.items()
             if name.startswith("value:") and text.strip()]
    return [(name, "" if text == EMPTY else text) for name, text in typed]


def _accept(office: Office, number: str, form: Form) -> _Done:
    return _told(office, fields.judge_paper(office, number, form.get("material", ""), True, _id(form, "file")))


def _reject(office: Office, number: str, form: Form) -> _Done:
    return _told(office, fields.judge_paper(office, number, form.get("material", ""), False, _id(form, "file")))


def _category(office: Office, number: str, form: Form) -> _Done:
    wanted = form.get("category", "")
    if wanted not in [category.name for category in office.survey.categories]:
        raise Refused("请选择类别。")
    return _told(office, decide.decide_category(office, number, wanted))


def _clear(office: Office, number: str, form: Form) -> _Done:
    result = decide.clear(office, number)
    rest = ("以上各项须逐件决定：证件请采纳或不采纳，类别请核定，栏目请更正。",) if result.review_reasons else ()
    return _Done((*_told(office, result).sentences, *rest))


def _paper(office: Office, number: str, form: Form) -> _Done:
    written = form.get("day", "").strip()
    try:
        received = day(written) if written else None
    except ArgumentTypeError as problem:
        raise Refused(str(problem)) from None
    return _told(office, decide.receive_paper(office, number, received, form.get("anyway") == "1"))


def _withdraw(office: Office, number: str, form: Form) -> _Done:
    return _told(office, decide.withdraw(office, number))


def _reopen(office: Office, number: str, form: Form) -> _Done:
    return _told(office, decide.reopen(office, number))


def _note(office: Office, number: str, form: Form) -> _Done:
    text = form.get("text", "").strip()[:_LONGEST]
    if not text:
        raise Refused("请写备注的内容。")
    decide.note(office, number, text)
    return _Done(("已加备注。",))


def _merge(office: Office, number: str, form: Form) -> _Done:
    other = form.get("other", "").strip()
    if not other:
        raise Refused("请写被并入的登记编号。")
    return _told(office, rearrange.merge(office, number, other))


def _split(office: Office, number: str, form: Form) -> _Done:
    chosen = {sort: [int(name.partition(":")[2]) for name in form if name.startswith(f"{sort}:")
                     and _is_id(name.partition(":")[2])] for sort in ("account", "message")}
    if bool(chosen["account"]) == bool(chosen["message"]):
        raise Refused("请勾选要分出的项目，或者勾选要分出的来信，只选其中一种。")
    return _told(office, *rearrange.split(office, number, chosen["account"], chosen["message"]))


# -- one mail --------------------------------------------------------------------------------------------------------


def _assign(office: Office, message_id: str, form: Form) -> _Done:
    wanted = form.get("number", "").strip()
    if not wanted and form.get("new") != "1":
        raise Refused("请写登记编号，或勾选另立一份新的登记。")
    results = rearrange.assign(office, int(message_id), None if form.get("new") == "1" else wanted, form["reading"])
    done = _told(office, *results)
    return replace(done, number=results[0].number)


def _clear_message(office: Office, message_id: str, form: Form) -> _Done:
    decide.clear_message(office, int(message_id))
    return _Done((f"来信 {message_id} 已看过。",))


def _retry(office: Office, message_id: str, form: Form) -> _Done:
    if not processing.retry(office.database, [int(message_id)], office.actor, office.now):
        raise Refused(f"来信{message_id}不是未能处理的来信,未改动。")
    return _Done((f"将重新处理来信 {message_id}，服务运行时随即处理。",))


# -- mails of ours ---------------------------------------------------------------------------------------------------


def _post(action: str) -> Callable[[Office, str, Form], _Done]:
    def change(office: Office, label: str, form: Form) -> _Done:
        # nobody shall approve what is no longer true
        withdraw_untrue(office.config, office.survey, office.database, office.now)
        items = [item for item in outbox.list_items(office.database) if item.label == label]
        if not CHANGES[action][1](office.database, [label], office.actor, office.now):
            raise Refused(f"邮件{label}未改动:{why_not(label, items)}。")
        return _Done((_POSTED[action].format(label),))

    return change


_POSTED = {
    "approve": "邮件 {} 已批准，服务运行时随即发送。", "hold": "邮件 {} 已暂缓，不会自动发送。",
    "release": "邮件 {} 已放行，服务运行时随即发送。", "confirm": "邮件 {} 记为已送达，不再发送。",
}


def _resume(office: Office, label: str, form: Form) -> _Done:
    stood = pacing.unpause(office.database, office.actor, office.now)
    return _Done(("发信暂停已结束，服务运行时随即续发。" if stood else "发信没有暂停。",))


# -- beneath ---------------------------------------------------------------------------------------------------------


def _told(office: Office, *results: Result) -> _Done:
    """As the commands print it."""
    return _Done(tuple(line for result in results for line in lines_of(result, office.survey)))


def _id(form: Form, name: str) -> int | None:
    text = form.get(name, "").strip()
    if text and not _is_id(text):
        raise Refused(f"编号“{text[:20]}”不是数字。")
    return int(text) if text else None


def _is_id(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= 18


@dataclass(frozen=True, slots=True)
class _Act:
    about: str
    label: str
    right: str
    run: Callable[[Office, str, Form], _Done]
    warning: str | None = None


_ACTS = {
    "correct": _Act("submission", "保存更正", "handle", _correct),
    "account": _Act("submission", "录入", "handle", _account),
    "accept": _Act("submission", "采纳", "handle", _accept),
    "reject": _Act("submission", "不采纳", "handle", _reject),
    "category": _Act("submission", "核定类别", "handle", _category),
    "clear": _Act("submission", "已看过，存疑之处无误", "handle", _clear),
    "paper": _Act("submission", "收到纸质件", "handle", _paper),
    "note": _Act("submission", "加备注", "handle", _note),
    "reopen": _Act("submission", "恢复登记", "handle", _reopen,
                   "将撤销“撤回”或“收到纸质件”的记录，并重新核对这份登记。"),
    "withdraw": _Act("submission", "撤回登记", "handle", _withdraw, "这份登记将不再有效，编号保留，以后可以恢复。"),
    "merge": _Act("submission", "合并", "handle", _merge,
                  "另一份登记的来信、登记表、证件和经过都将并入本登记，它的编号从此指向本登记。合并不能自动拆回。"),
    "split": _Act("submission", "分出", "handle", _split, "所选的各项将另立一份登记，取得新的登记编号。"),
    "assign": _Act("message", "归入登记", "handle", _assign),
    "clear-message": _Act("message", "已看过，不归入任何登记", "handle", _clear_message),
    "retry": _Act("message", "重新处理", "handle", _retry),
    "approve": _Act("outbox", "批准发送", "handle", _post("approve")),
    "hold": _Act("outbox", "暂缓", "handle", _post("hold")),
    "release": _Act("outbox", "放行", "handle", _post("release"),
                    "如果对方其实已经收到，放行会使对方收到两封。请先到邮箱的“已发送”中核对。"),
    "confirm": _Act("outbox", "已送达", "handle", _post("confirm")),
    "resume": _Act("outbox", "结束暂停", "manage", _resume),
}
