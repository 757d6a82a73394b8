"""What each command of `intake` does; every function takes the parsed arguments and returns the exit code."""

import json
import logging
import sys
from argparse import Namespace
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from intake.config import Config
from intake.config_file import load_config
from rules.errors import ConfigError, IntakeError
from rules.survey import Survey, load_survey
from store import outbox as outbox_store
from store import processing
from store.database import Database, connect


def start_logging(verbose: bool) -> None:
    """Log to standard error; systemd keeps it. Lines bear a stable `action=` name and no personal data."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, stream=sys.stderr,
                        format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("imapclient", "RapidOCR", "pdfminer", "mailparser"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def now() -> datetime:
    """The clock, asked here and nowhere deeper."""
    return datetime.now(UTC).astimezone()


def _open(arguments: Namespace) -> tuple[Config, Survey, Database]:
    config = load_config(arguments.config)
    survey = load_survey(config.survey)
    return config, survey, connect(config.database)


def _clock(config: Config):
    return lambda: datetime.now(config.time_zone)


def _actor() -> str:
    from intake.secrets import environment

    return environment("SUDO_USER") or environment("USER") or "admin"


def _need_mailbox(config: Config) -> None:
    if not config.mailboxes:
        raise ConfigError("没有配置邮箱,请在 mailboxes 下填写", path=str(config.path), key="mailboxes")


def run(arguments: Namespace) -> int:
    """The daemon."""
    from intake import daemon
    from rules.reply_check import check_templates

    config = load_config(arguments.config)
    survey = load_survey(config.survey)
    _need_mailbox(config)
    check_templates(survey)
    return daemon.run(config, survey, _clock(config))


def once(arguments: Namespace) -> int:
    """One turn of each loop, then exit."""
    from intake import clock, pipeline, watch
    from intake.confine import ReaderPool
    from intake.deliver import deliver_once as deliver
    from intake.lock import exclusive
    from intake.secrets import read_secret

    config, survey, database = _open(arguments)
    _need_mailbox(config)
    clock_now = _clock(config)
    new, failures = 0, []
    for box in config.mailboxes:
        try:
            new += watch.watch_once(config, box, read_secret(box.password), database, clock_now).new
        except IntakeError as error:  # what came in is processed and answered all the same
            failures.append(f"{box.address}:{error}")
    with exclusive(config.data / "process.lock") as held, ReaderPool(config.survey, config.read) as pool:
        processed = pipeline.process_pending(config, survey, database, pool, clock_now) if held else 0
    digests = clock.turn(config, survey, database, clock_now())
    sent = deliver(config, database, clock_now)
    print(f"新来信 {new} 封,处理 {processed} 封,日报 {digests} 份,"
          f"发出 {sent.sent} 封,待发 {sent.waiting} 封。")
    for failure in failures:
        print(f"未能收信:{failure}", file=sys.stderr)
    return 1 if failures else 0


def import_mails(arguments: Namespace) -> int:
    """Take mails from files through the same pipeline."""
    from intake.importing import import_paths

    config, survey, database = _open(arguments)
    report = import_paths(config, survey, database, arguments.paths, _clock(config))
    if arguments.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        for name, problem in report.problems:
            print(f"跳过 {name}:{problem}", file=sys.stderr)
        print(f"导入 {report.entered} 封,已有 {report.known} 封,处理 {report.processed} 封,未能处理 {report.failed} 封,"
              f"无法读取 {len(report.problems)} 个文件。")
    return 1 if report.failed or report.problems else 0


def deliver_once(arguments: Namespace) -> int:
    """Drain the outbox once."""
    from intake.deliver import deliver_once as deliver

    config, _, database = _open(arguments)
    report = deliver(config, database, _clock(config))
    if report.unconfigured:
        raise ConfigError("没有配置发信服务器,请填写 smtp", path=str(config.path), key="smtp")
    if report.busy:
        print("服务正在发信,不必重复运行。")
        return 0
    print(f"发出 {report.sent} 封,推迟 {report.deferred} 封,失败 {report.failed} 封,不确定 {report.uncertain} 封,"
          f"待发 {report.waiting} 封。")
    if report.pause_reason:
        print(f"发信暂停:{report.pause_reason}")
    return 1 if report.failed or report.uncertain or report.pause_reason else 0


def digest(arguments: Namespace) -> int:
    """The day's report."""
    from intake import digest as report

    config, survey, database = _open(arguments)
    moment = _clock(config)()
    day = _day(arguments.day) if arguments.day else moment.date() - timedelta(days=1)
    made = report.stored(database, day) or report.make(config, survey, database, day, moment)
    if arguments.out:
        page, text = report.write_files(made, arguments.out)
        print(f"已存为 {page} 和 {text}。", file=sys.stderr)
    if arguments.send:
        if not config.digest.to:
            raise ConfigError("没有填写接收日报的地址", path=str(config.path), key="digest.to")
        queued = report.store_and_queue(database, made, config, moment)
        print(f"已放入待发邮件 {queued} 封。" if queued else "这一天的日报已经放入待发邮件,不重复发送。", file=sys.stderr)
    if arguments.show or not (arguments.out or arguments.send):
        print(made.text)
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"日期应写作 2019-08-01 的样子,而不是“{text}”", key="--day") from None


def ledger(arguments: Namespace) -> int:
    """The workbook."""
    from intake import ledger as book

    config, survey, database = _open(arguments)
    count = book.write(database, arguments.out, survey, _clock(config)())
    print(f"已导出 {count} 份登记到 {arguments.out}。")
    return 0


def status(arguments: Namespace) -> int:
    """One screen."""
    from intake.status import read_status

    config = load_config(arguments.config)
    found = read_status(config, _clock(config)())
    print(json.dumps(found.facts, ensure_ascii=False) if arguments.json else found.text)
    return found.exit_code


def doctor(arguments: Namespace) -> int:
    """Check everything and say what to do."""
    from intake.doctor import examine

    marks = {"ok": "正常", "warn": "注意", "bad": "错误"}
    findings = examine(arguments.config, now())
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"[{marks[finding.state]}] {finding.name}:{finding.sentence}")
            if finding.advice:
                print(f"       {finding.advice}")
    return 1 if any(finding.state == "bad" for finding in findings) else 0


def show(arguments: Namespace) -> int:
    """The whole story of one submission or mail."""
    from intake.show import show_message, show_submission

    _, survey, database = _open(arguments)
    if (arguments.message is None) == (arguments.number is None):
        print("请写一个登记编号,或用 --message 指明一封来信。", file=sys.stderr)
        return 2
    if arguments.message is not None:
        text, what = show_message(database, arguments.message), f"来信 {arguments.message}"
    else:
        text, what = show_submission(database, arguments.number, survey), f"登记编号 {arguments.number}"
    print(text if text else f"没有{what}。", end="" if text else "\n")
    return 0 if text else 1


def outbox(arguments: Namespace) -> int:
    """Mails that wait: list, approve, hold, release."""
    config, _, database = _open(arguments)
    items = outbox_store.list_items(database)
    if arguments.action == "list":
        _list_outbox(items, arguments.json)
        return 0
    if not arguments.ids:
        print("请写明邮件ID,或写 all。", file=sys.stderr)
        return 2
    wanted = {"approve": ("held",), "hold": ("queued", "deferred"), "release": ("held", "failed", "uncertain")}
    ids = arguments.ids
    if ids == ["all"]:
        ids = [item.label for item in items if item.state in wanted[arguments.action]
               and not (arguments.action == "release" and item.state == "uncertain")]
    change = {"approve": outbox_store.approve, "hold": outbox_store.hold, "release": outbox_store.release}
    done = change[arguments.action](database, ids, _actor(), _clock(config)())
    print(f"已处理 {len(done)} 封:{'、'.join(done)}。" if done else "没有可以处理的邮件。")
    return 0 if len(done) == len(ids) else 1


def _list_outbox(items, as_json: bool) -> None:
    from intake import words

    if as_json:
        keys = ("label", "table", "state", "to_address", "subject", "attempts", "reason", "last_error", "created_at",
                "not_before")
        print(json.dumps([{key: getattr(item, key) for key in keys} for item in items], ensure_ascii=False))
        return
    for item in items:
        state = words.word(words.REPLY_STATES, item.state)
        print(f"{item.label:>6}  {state}  {item.to_address}  {item.subject}")
        for note in (item.reason, item.last_error):
            if note:
                print(f"        {note}")
    if not items:
        print("没有待发的邮件。")


def retry(arguments: Namespace) -> int:
    """Try messages again that were given up."""
    config, _, database = _open(arguments)
    done = processing.retry(database, arguments.messages, _actor(), _clock(config)())
    skipped = [number for number in arguments.messages if number not in done]
    if done:
        print(f"将重新处理:{'、'.join(map(str, done))}。服务运行时随即处理;否则请运行 intake once。")
    if skipped:
        print(f"不是未能处理的来信,未改动:{'、'.join(map(str, skipped))}。", file=sys.stderr)
    return 1 if skipped else 0


def demo(arguments: Namespace) -> int:
    """The embedded demonstration."""
    from intake.demo.show import run_demo

    return run_demo(arguments.folder, serve=not arguments.no_serve)


def admin(arguments: Namespace) -> int:
    """Datasette."""
    from intake.admin import serve

    return serve(load_config(arguments.config)) or 0
