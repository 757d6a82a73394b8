"""The office's hand: the commands by which people decide, each with who (`--as`) and why (`--why`)."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from intake import commands
from intake.desk import correct as fields
from intake.desk import decide
from intake.desk.decision import Office, Refused, Result
from intake.office import words
from intake.usage import day, identifier
from rules.survey import Survey
from rules.typography import typeset
from rules.values import mask_personal


def add_commands(add) -> None:
    """The parsers of these commands; `add(name, help, call)` makes one."""
    one = add("review", "列出需要人工核验的登记和来信，附原因和依据", review)
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    one = _number(add("correct", "更正登记表的栏目（以后的来信不再改动）", correct))
    one.add_argument("values", nargs="+", metavar="栏目=内容", type=_assignment, help="如 admin_phone=13907340001")
    one.add_argument("--account", metavar="ID|new", type=_account, help="哪一个登记对象（如账号）；new：录入系统读不出的登记表")
    one.add_argument("--file", metavar="附件ID", type=identifier, help="与 --account new 同用：登记表在哪个附件里")
    _add_documents(add)
    _add_moving(add)
    _add_closing(add)


def _add_documents(add) -> None:
    for name, help, call in (("accept", "采纳一份证件", accept), ("reject", "不采纳一份证件（--why 会写进给申报人的回信）", reject)):
        one = _number(add(name, help, call))
        one.add_argument("material", metavar="材料", help="survey.yaml 里的材料代码，如 org_certificate、principal_id_card、id_card")
        one.add_argument("--file", metavar="附件ID", type=identifier, help="哪一个附件")
    one = _number(add("category", "核定申报人的类别", category))
    one.add_argument("category", metavar="类别", help="survey.yaml 里的类别代码或叫法，如 unit（单位）、individual（个人）")
    one = _who(add("clear", "已看过存疑之处：读出的内容无误，读不出的文件中没有所缺材料", clear))
    one.add_argument("number", nargs="?", metavar="登记编号")
    one.add_argument("--message", metavar="来信ID", type=identifier, help="或者：一封待归入的来信，已看过，不归入任何登记")


def _add_moving(add) -> None:
    one = _who(add("assign", "把一封来信归入一份登记，或另立一份（new）", assign))
    one.add_argument("message", metavar="来信ID", type=identifier)
    one.add_argument("number", metavar="登记编号|new")
    one = _number(add("split", "把部分登记对象（如账号）或来信分出，另立一份登记", split))
    one.add_argument("--account", metavar="ID", type=identifier, nargs="+", default=[], dest="accounts")
    one.add_argument("--message", metavar="来信ID", type=identifier, nargs="+", default=[], dest="messages")
    one = _number(add("merge", "把后一份登记并入前一份", merge))
    one.add_argument("other", metavar="被并入的登记编号")


def _add_closing(add) -> None:
    one = _who(add("paper", "登记纸质件已收到（材料尚未齐全的，齐全后自动转为已登记）", paper))
    one.add_argument("numbers", nargs="+", metavar="登记编号")
    one.add_argument("--day", metavar="日期", type=day, help="哪一天收到，如 2019-08-01（默认今天）")
    one.add_argument("--anyway", action="store_true", help="电子材料不齐也算登记办完")
    one.add_argument("--undo", action="store_true", help="误记，撤销")
    one = _number(add("withdraw", "撤回登记（编号保留）", withdraw))
    one.add_argument("--undo", action="store_true", help="误办，恢复登记")
    one = _number(add("note", "给登记加一条备注", note))
    one.add_argument("text", metavar="备注")


def _number(parser):
    parser.add_argument("number", metavar="登记编号")
    return _who(parser)


def _who(parser):
    parser.add_argument("--as", metavar="姓名", dest="actor", help="经办人（默认当前用户）")
    parser.add_argument("--why", metavar="原因", help="为什么这样办")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出结果")
    return parser


def _assignment(text: str) -> tuple[str, str]:
    import argparse

    name, sign, value = text.replace("\uff1d", "=", 1).partition("=")
    if not sign or not name.strip():
        raise argparse.ArgumentTypeError(f"应写作 栏目=内容，而不是“{text}”")
    return name.strip(), value


def _account(text: str) -> int | str:
    return "new" if text.strip().lower() == "new" else identifier(text)


@contextmanager
def _office(arguments: Namespace) -> Iterator[Office]:
    with commands.opened(arguments) as (config, survey, database):
        who = (arguments.actor or "").strip() or commands.actor()
        yield Office(config, survey, database, who, commands.clock_of(config)(), (arguments.why or "").strip() or None)


def review(arguments: Namespace) -> int:
    """Everything that waits for a person."""
    from intake.desk.review import as_text, gather

    with commands.opened(arguments) as (_, survey, database):
        found = gather(database, survey)
    print(json.dumps(found.as_json(), ensure_ascii=False) if arguments.json else as_text(found, survey),
          end="\n" if arguments.json else "")
    return 0


def correct(arguments: Namespace) -> int:
    """Fields as a person says they are, or a whole form that only a person can read."""
    with _office(arguments) as office:
        if arguments.account == "new":
            result = fields.add_account(office, _text(arguments.number), arguments.values, arguments.file)
        else:
            result = fields.correct(office, _text(arguments.number), arguments.values, arguments.account)
        return _tell(arguments, office.survey, result)


def accept(arguments: Namespace) -> int:
    """A document is good."""
    with _office(arguments) as office:
        return _tell(arguments, office.survey, fields.judge_paper(
            office, _text(arguments.number), arguments.material, True, arguments.file))


def reject(arguments: Namespace) -> int:
    """A document is not good."""
    with _office(arguments) as office:
        return _tell(arguments, office.survey, fields.judge_paper(
            office, _text(arguments.number), arguments.material, False, arguments.file))


def category(arguments: Namespace) -> int:
    """Which category the registrant is of."""
    with _office(arguments) as office:
        return _tell(arguments, office.survey, decide.decide_category(
            office, _text(arguments.number), arguments.category))


def clear(arguments: Namespace) -> int:
    """A person has looked; 1 while something is left that this cannot decide."""
    if (arguments.message is None) == (arguments.number is None):
        print("请写一个登记编号，或用 --message 指明一封来信。", file=sys.stderr)
        return 2
    with _office(arguments) as office:
        if arguments.message is not None:
            decide.clear_message(office, arguments.message)
            print(json.dumps([]) if arguments.json else f"来信 {arguments.message} 已看过。")
            return 0
        result = decide.clear(office, _text(arguments.number))
        _tell(arguments, office.survey, result)
    if result.review_reasons and not arguments.json:
        print("以上各项须逐件决定：证件用 intake accept 或 reject，类别用 intake category，栏目用 intake correct。",
              file=sys.stderr)
    return 1 if result.review_reasons else 0


def assign(arguments: Namespace) -> int:
    """Where a mail belongs."""
    from intake.confined.confine import ReaderPool
    from intake.desk.rearrange import assign as put
    from intake.desk.rearrange import read_again

    with _office(arguments) as office:
        with ReaderPool(office.config.survey, office.config.read, data=office.config.data) as pool:
            reading = read_again(office, arguments.message, pool)
        number = _text(arguments.number)
        results = put(office, arguments.message, None if number.lower() == "new" else number, reading)
        return _tell(arguments, office.survey, *results)


def split(arguments: Namespace) -> int:
    """One submission into two."""
    from intake.desk.rearrange import split as part

    with _office(arguments) as office:
        return _tell(arguments, office.survey,
                     *part(office, _text(arguments.number), arguments.accounts, arguments.messages))


def merge(arguments: Namespace) -> int:
    """Two submissions into one."""
    from intake.desk.rearrange import merge as join

    with _office(arguments) as office:
        return _tell(arguments, office.survey, join(office, _text(arguments.number), _text(arguments.other)))


def paper(arguments: Namespace) -> int:
    """Paper forms that have come; 1 when one of the numbers could not be done, the others are."""
    refused, results = [], []
    with _office(arguments) as office:
        for number in dict.fromkeys(map(_text, arguments.numbers)):
            try:
                results.append(decide.reopen(office, number) if arguments.undo else decide.receive_paper(
                    office, number, arguments.day, arguments.anyway))
            except Refused as problem:
                refused.append(str(problem))
        _tell(arguments, office.survey, *results)
    for problem in refused:
        print(typeset(problem), file=sys.stderr)
    return 1 if refused else 0


def withdraw(arguments: Namespace) -> int:
    """A registration that no longer holds."""
    with _office(arguments) as office:
        number = _text(arguments.number)
        return _tell(arguments, office.survey, decide.reopen(office, number) if arguments.undo else decide.withdraw(
            office, number))


def note(arguments: Namespace) -> int:
    """A remark."""
    with _office(arguments) as office:
        decide.note(office, _text(arguments.number), _text(arguments.text))
    print(json.dumps([]) if arguments.json else "已加备注。")
    return 0


def _text(argument: str) -> str:
    # bytes of the command line that are no text come as surrogates, which SQLite refuses
    return argument.strip().encode("utf-8", "replace").decode("utf-8")


def _tell(arguments: Namespace, survey: Survey, *results: Result) -> int:
    if arguments.json:
        print(json.dumps([{
            "number": one.number, "status": one.status, "missing": one.missing, "review_reasons": [
                mask_personal(reason) for reason in one.review_reasons],
            "reply": one.written.kind, "silence": one.written.silence} for one in results], ensure_ascii=False))
        return 0
    for one in results:
        for line in lines_of(one, survey):
            print(line)
    return 0


def lines_of(one: Result, survey: Survey) -> list[str]:
    """How a submission stands after a decision, and whether an answer goes out."""
    lines = [f"{one.number}:{words.word(words.STATUSES, one.status)}。"]
    if one.missing:
        lines.append(f"  尚缺：{'、'.join(words.missing_word(survey, code) for code in one.missing)}。")
    lines += [f"  待核验：{mask_personal(reason)}" for reason in one.review_reasons]
    if one.written.kind:
        kind = words.word(words.REPLY_KINDS, one.written.kind)
        lines.append(f"  {kind}不发送：{one.written.silence}" if one.written.silence else f"  {kind}已放入待发邮件。")
    elif one.written.silence:
        lines.append(f"  应当答复，但{one.written.silence}")
    return [typeset(line) for line in lines]
