"""The command line. Output for people is Chinese; exit codes: 0 done, 1 needs a person, 2 dead or wrong usage, 78 configuration."""

import argparse
import logging
import os
import sqlite3
import sys
from importlib import metadata
from pathlib import Path

from intake import commands, new_survey, system_errors, user_command
from intake.desk import clerk
from intake.office import reminders, roster
from intake.replay import command as replaying
from intake.usage import Parser, day, identifier, identifier_or_all, label_or_all
from rules.errors import ConfigError, IntakeError

log = logging.getLogger(__name__)

#: the command could not do its work, and a person must look; the service, or what it stands on, is dead
EXIT_PERSON, EXIT_DEAD = 1, 2
#: EX_CONFIG of sysexits.h
EXIT_CONFIG = 78
#: what shells use for a command that was interrupted
_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The commands and options of `intake`, as DATA.md lists them."""
    common = Parser(add_help=False)
    common.add_argument("-c", "--config", metavar="文件", default=argparse.SUPPRESS, help="配置文件（默认 service.yaml）")
    common.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help="日志写得更详细")
    top = Parser(prog="intake", parents=[common], description="收取登记邮件、整理入库、自动答复、每日报告。",
                 epilog="退出码：0 正常；1 需要人工处理；2 服务未运行、数据不能使用或用法有误；78 配置有误。")
    top.add_argument("--version", action="version", version=_version(), help="显示版本")
    adder = top.add_subparsers(dest="command", required=True, metavar="命令", title="命令")

    def add(name: str, help: str, call) -> argparse.ArgumentParser:
        made = adder.add_parser(name, parents=[common], help=help, description=help)
        made.set_defaults(call=call)
        return made

    add("run", "启动服务（收信、处理、发信、报告）", commands.run)
    add("once", "收信、处理、发信、报告各做一遍后退出", commands.once)
    add("deliver", "把待发的邮件发送一遍", commands.deliver_once)
    _add_reports(add)
    _add_looking(add)
    _add_work(add)
    clerk.add_commands(add)
    one = add("reminders", "今天该提醒谁补正、为什么不提醒其余的（只看不发）", reminders.reminders)
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    roster.add_commands(add)
    replaying.add_commands(add)
    return top


def _add_reports(add) -> None:
    one = add("digest", "生成日报", commands.digest)
    one.add_argument("--day", metavar="日期", type=day, help="哪一天，如 2019-08-01（默认昨天）")
    one.add_argument("--print", action="store_true", dest="show", help="在屏幕上显示（不写 --out、--send 时即显示）")
    one.add_argument("--send", action="store_true", help="放入待发邮件，发给办公室；同一天只发一次")
    one.add_argument("--out", metavar="文件夹", type=Path, help="存为 HTML 和文本文件")
    one = add("ledger", "导出登记台账（xlsx）", commands.ledger)
    one.add_argument("out", metavar="文件.xlsx", type=Path)


def _add_looking(add) -> None:
    one = add("status", "查看运行情况", commands.status)
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    one = add("doctor", "检查配置、邮箱、发信、数据库、磁盘等", commands.doctor)
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    one = add("show", "查看一个登记编号或一封来信的全部经过", commands.show)
    one.add_argument("number", nargs="?", metavar="登记编号")
    one.add_argument("--message", type=identifier, metavar="来信ID")
    add("admin", "启动管理页面（Datasette）", commands.admin)
    user_command.add_arguments(add("user", "管理页面的用户：list 列出、add 添加、passwd 改密码、change 改权限、disable 停用、enable 恢复",
                                   commands.user))


def _add_work(add) -> None:
    one = add("import", "从 .eml、mbox、Maildir 或文件夹导入邮件（不发信）", commands.import_mails)
    one.add_argument("paths", nargs="+", metavar="路径", type=Path)
    one.add_argument("--json", action="store_true", help="以 JSON 输出结果")
    one = add("outbox", "待发邮件：list 查看、approve 批准、hold 暂缓、release 重发、confirm 确认已送达、resume 结束发信暂停",
              commands.outbox)
    one.add_argument("action", nargs="?", default="list", choices=commands.OUTBOX_ACTIONS,
                     metavar="|".join(commands.OUTBOX_ACTIONS))
    one.add_argument("ids", nargs="*", metavar="ID|all", type=label_or_all)
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    one = add("retry", "重新处理未能处理的来信", commands.retry)
    one.add_argument("messages", nargs="+", type=identifier_or_all, metavar="来信ID|all")
    new_survey.add_arguments(add("new-survey", "从空白登记表起草另一次登记的 survey.yaml", new_survey.new_survey))
    one = add("demo", "演示：内置邮箱和样例来信", commands.demo)
    one.add_argument("--no-serve", action="store_true", help="演示完即退出，不启动管理页面")
    one.add_argument("--folder", type=Path, default=Path("demo-data"), metavar="文件夹", help="演示数据放在哪里")


def _version() -> str:
    try:
        return f"intake {metadata.version('intake')}"
    except metadata.PackageNotFoundError:
        return "intake（未安装，直接从源代码运行）"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code. What goes wrong is one clear line, never a traceback (`-v` logs it)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a character shows `?` instead of ending the command
            stream.reconfigure(errors="replace")
    try:
        return _run(arguments)
    except BrokenPipeError:
        # whoever read our output wants no more (`intake show … | head`); nor shall the interpreter try at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PERSON


def _run(arguments: list[str] | None) -> int:
    # not set_defaults(): the option is shared by all parsers, and a default would overwrite what stood before the command
    chosen = parser().parse_args(arguments, argparse.Namespace(config="service.yaml", verbose=False))
    commands.start_logging(chosen.verbose)
    try:
        code = chosen.call(chosen)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        raise
    except ConfigError as error:
        return _failed(error, f"配置有误：{error}", EXIT_CONFIG)
    except IntakeError as error:
        return _failed(error, f"未能完成：{error}", EXIT_PERSON)
    except sqlite3.Error as error:
        return _failed(error, f"未能完成：{system_errors.of_sqlite(error)}", EXIT_DEAD)
    except OSError as error:
        return _failed(error, f"未能完成：{system_errors.of_system(error)}", EXIT_PERSON)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _failed(error: Exception, line: str, code: int) -> int:
    log.debug("action=command-failed", exc_info=error)
    print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
