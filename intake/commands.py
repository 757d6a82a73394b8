"""What each command of `intake` does; every function takes the parsed arguments and returns the exit code."""

import json
import logging
import socket
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from intake.config import Config
from intake.config_file import load_config
from intake.outbox_command import ACTIONS as OUTBOX_ACTIONS
from intake.outbox_command import outbox_command
from rules.errors import ConfigError, IntakeError
from rules.survey import Survey, load_survey
from store import overview, processing
from store.database import Database, connect

__all__ = ["OUTBOX_ACTIONS"]
#: marks of `intake doctor`
_MARKS = {"ok": "正常", "warn": "注意", "bad": "错误"}


def start_logging(verbose: bool) -> None:
    """Log to standard error; systemd keeps it. Lines bear a stable `action=` name and no personal data."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, stream=sys.stderr,
                        format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("imapclient", "RapidOCR", "pdfminer", "mailparser"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def now() -> datetime:
    """The clock, asked here and nowhere deeper."""
    return datetime.now(UTC).astimezone()


def _config(arguments: Namespace) -> Config:
    return load_config(_path(arguments))


def _path(arguments: Namespace) -> Path:
    path = Path(arguments.config)
    if not path.exists():
        raise ConfigError("没有这个配置文件，请用 -c 指明（样本是程序文件夹里的 service.yaml）", path=str(path))
    if path.is_dir():
        raise ConfigError("这是文件夹，-c 后面应写配置文件", path=str(path))
    return path


@contextmanager
def opened(arguments: Namespace) -> Iterator[tuple[Config, Survey, Database]]:
    """Configuration, survey and database of a command; the database is closed at its end."""
    config = _config(arguments)
    survey = load_survey(config.survey)
    database = connect(config.database)
    try:
        yield config, survey, database
    finally:
        database.close()


def clock_of(config: Config) -> Callable[[], datetime]:
    """The clock in the configured time zone."""
    return lambda: datetime.now(config.time_zone)


def actor() -> str:
    """Who runs the command, for the audit trail."""
    from intake.secrets import environment

    return environment("SUDO_USER") or environment("USER") or "admin"


def _need_mailbox(config: Config) -> None:
    if not config.mailboxes:
        raise ConfigError("没有配置邮箱，请在 mailboxes 下填写", path=str(config.path), key="mailboxes")


def run(arguments: Namespace) -> int:
    """The daemon."""
    from intake import daemon
    from intake.secrets import read_secret
    from rules.reply_check import check_templates

    # whatever can be known to be wrong is said now, in one line, and not by loops that fail again and again
    with opened(arguments) as (config, survey, _):
        _need_mailbox(config)
        check_templates(survey)
        for secret in [box.password for box in config.mailboxes] + [config.smtp.password] * bool(config.smtp):
            if secret:
                read_secret(secret)
    code = daemon.run(config, survey, clock_of(config))
    if code:
        print(f"已有一个服务在使用数据文件夹 {config.data}，不能再启动一个。", file=sys.stderr)
    return code


def once(arguments: Namespace) -> int:
    """One turn of each loop, then exit."""
    from intake import clock, pipeline
    from intake.confined.confine import ReaderPool
    from intake.lock import exclusive
    from intake.mailbox import watch
    from intake.secrets import read_secret
    from intake.sending.deliver import deliver_once as deliver

    with opened(arguments) as (config, survey, database):
        _need_mailbox(config)
        clock_now = clock_of(config)
        passwords = [read_secret(box.password) for box in config.mailboxes]
        new, failures = 0, []
        for box, password in zip(config.mailboxes, passwords, strict=True):
            try:
                new += watch.watch_once(config, box, password, database, clock_now).new
            except IntakeError as error:  # what came in is processed and answered all the same
                failures.append(f"{box.address}：{error}")
        with exclusive(config.data / "process.lock") as held, ReaderPool(config.survey, config.read, data=config.data) as pool:
            processed = pipeline.process_pending(config, survey, database, pool, clock_now) if held else 0
        digests = clock.turn(config, survey, database, clock_now())
        sent = deliver(config, database, clock_now)
    print(f"新来信 {new} 封，处理 {processed} 封，日报 {digests} 份，发出 {sent.sent} 封，待发 {sent.waiting} 封。")
    for failure in failures:
        print(f"未能收信：{failure}", file=sys.stderr)
    return 1 if failures else 0


def import_mails(arguments: Namespace) -> int:
    """Take mails from files through the same pipeline."""
    from intake.mailbox.importing import import_paths

    with opened(arguments) as (config, survey, database):
        report = import_paths(config, survey, database, arguments.paths, clock_of(config))
    if arguments.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        for name, problem in report.problems:
            print(f"跳过 {name}：{problem}", file=sys.stderr)
        print(f"导入 {report.entered} 封，已有 {report.known} 封，处理 {report.processed} 封，未能处理 {report.failed} 封，"
              f"跳过 {len(report.problems)} 个文件。")
    return 1 if report.failed or report.problems else 0


def deliver_once(arguments: Namespace) -> int:
    """Drain the outbox once."""
    from intake.sending.deliver import deliver_once as deliver

    with opened(arguments) as (config, _, database):
        report = deliver(config, database, clock_of(config))
    if report.unconfigured:
        raise ConfigError("没有配置发信服务器，请填写 smtp", path=str(config.path), key="smtp")
    if report.busy:
        print("服务正在发信，不必重复运行。")
        return 0
    print(f"发出 {report.sent} 封，推迟 {report.deferred} 封，失败 {report.failed} 封，不确定 {report.uncertain} 封，"
          f"待发 {report.waiting} 封。")
    if report.pause_reason:
        print(f"发信暂停：{report.pause_reason}")
    return 1 if report.failed or report.held or report.uncertain or report.recovered or report.pause_reason else 0


def digest(arguments: Namespace) -> int:
    """The day's report."""
    from intake.office import digest as report

    with opened(arguments) as (config, survey, database):
        moment = clock_of(config)()
        day = arguments.day or moment.date() - timedelta(days=1)
        if arguments.send and not config.digest.to:
            raise ConfigError("没有填写接收日报的地址", path=str(config.path), key="digest.to")
        kept = report.stored(database, day)
        workbook = report.workbook_for(config, survey, database, kept, moment) if arguments.send else None
        made = kept or report.make(config, survey, database, day, moment, workbook=workbook)
        if arguments.out:
            page, text = report.write_files(made, arguments.out, survey)
            print(f"已存为 {page} 和 {text}。", file=sys.stderr)
        if arguments.send:
            queued = report.store_and_queue(database, made, config, survey, moment, workbook)
            if workbook and workbook.outcome != "attached":
                print(workbook.sentence, file=sys.stderr)
            print(f"已放入待发邮件 {queued} 封。" if queued else "这一天的日报已经放入待发邮件，不重复发送。", file=sys.stderr)
    if arguments.show or not (arguments.out or arguments.send):
        print(made.text)
    return 0


def ledger(arguments: Namespace) -> int:
    """The workbook."""
    from intake.office import ledger as book
    from intake.office.roster import read_roster

    with opened(arguments) as (config, survey, database):
        count = book.write(database, arguments.out, survey, clock_of(config)(),
                           roster=read_roster(config, survey, database))
    print(f"已导出 {count} 份登记到 {arguments.out}。")
    return 0


def status(arguments: Namespace) -> int:
    """One screen."""
    from intake.office.status import read_status

    config = _config(arguments)
    found = read_status(config, clock_of(config)())
    print(json.dumps(found.facts, ensure_ascii=False) if arguments.json else found.text, end="\n" if arguments.json else "")
    return found.exit_code


def doctor(arguments: Namespace) -> int:
    """Check everything and say what to do."""
    from intake.doctor import examine

    findings = examine(_path(arguments), now())
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"[{_MARKS[finding.state]}] {finding.sentence}")
            if finding.advice:
                print(f"       → {finding.advice}")
    if (findings[0].name, findings[0].state) == ("config", "bad"):
        return 78
    return 1 if any(finding.state == "bad" for finding in findings) else 0


def show(arguments: Namespace) -> int:
    """The whole story of one submission or mail."""
    from intake.office.show import show_message, show_submission

    if (arguments.message is None) == (arguments.number is None):
        print("请写一个登记编号，或用 --message 指明一封来信。", file=sys.stderr)
        return 2
    with opened(arguments) as (_, survey, database):
        if arguments.message is not None:
            text, what = show_message(database, arguments.message, survey), f"来信 {arguments.message}"
        else:
            # bytes of the command line that are no text come as surrogates, which SQLite refuses
            number = arguments.number.strip().encode("utf-8", "replace").decode("utf-8")
            text, what = show_submission(database, number, survey), f"登记编号 {number}"
    if text is None:
        print(f"没有{what}。", file=sys.stderr)
        return 1
    print(text, end="")
    return 0


def outbox(arguments: Namespace) -> int:
    """Mails that wait, and the account's pause: see `intake.outbox_command`."""
    from intake.office.roster import withdraw_untrue

    with opened(arguments) as (config, survey, database):
        now = clock_of(config)()
        # nobody shall be asked to approve what is no longer true
        withdraw_untrue(config, survey, database, now)
        return outbox_command(database, arguments, actor(), now)


def retry(arguments: Namespace) -> int:
    """Try messages again that were given up."""
    with opened(arguments) as (config, _, database):
        given_up = [row["id"] for row in overview.failed_messages(database)]
        wanted = given_up if "all" in arguments.messages else [int(number) for number in arguments.messages]
        done = processing.retry(database, wanted, actor(), clock_of(config)())
        skipped = [number for number in dict.fromkeys(wanted) if number not in done]
        processed = [number for number in skipped if (overview.message(database, number) or {}).get("state") == "processed"]
    if done:
        print(f"将重新处理：{'、'.join(map(str, done))}。服务运行时随即处理；否则请运行 intake once。")
    elif not skipped:
        print("没有未能处理的来信。")
    if skipped:
        print(f"不是未能处理的来信，未改动：{'、'.join(map(str, skipped))}。", file=sys.stderr)
    if processed:
        print(f"已处理的来信要重新读取一遍，请停止服务后运行 intake replay --message {processed[0]}。", file=sys.stderr)
    return 1 if skipped else 0


def demo(arguments: Namespace) -> int:
    """The embedded demonstration."""
    from intake.demo.show import run_demo

    return run_demo(arguments.folder, serve=not arguments.no_serve)


def user(arguments: Namespace) -> int:
    """Who may log in to the admin pages: see `intake.user_command`."""
    from intake.user_command import user_command

    with opened(arguments) as (config, _, database):
        return user_command(database, arguments, actor(), clock_of(config)())


def admin(arguments: Namespace) -> int:
    """Datasette."""
    from intake.admin import check_loopback, serve

    with opened(arguments) as (config, _, _):
        check_loopback(config)
    family = socket.AF_INET6 if ":" in config.admin.host else socket.AF_INET
    with socket.socket(family) as probe:  # uvicorn would end the process with a line of English
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.admin.host, config.admin.port))
        except OSError as error:
            error.filename = f"{config.admin.host}:{config.admin.port}"
            raise
    return serve(config) or 0
