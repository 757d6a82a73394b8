"""The command line. Output for people is Chinese; exit codes: 0 done, 1 needs a person, 2 dead or wrong usage, 78 configuration."""

import argparse
import sys
from pathlib import Path

from intake import commands
from rules.errors import ConfigError, IntakeError

#: EX_CONFIG of sysexits.h
EXIT_CONFIG = 78


def parser() -> argparse.ArgumentParser:
    """The commands and options of `intake`, as DATA.md lists them."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-c", "--config", metavar="文件", default=argparse.SUPPRESS, help="配置文件(默认 service.yaml)")
    common.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help="日志写得更详细")
    top = argparse.ArgumentParser(prog="intake", parents=[common], description="收取登记邮件、整理入库、自动答复、每日报告。",
                                  epilog="退出码:0 正常;1 需要人工处理;2 服务未运行或用法有误;78 配置有误。")
    top.set_defaults(config="service.yaml", verbose=False)
    adder = top.add_subparsers(dest="command", required=True, metavar="命令")

    def add(name: str, help: str, call) -> argparse.ArgumentParser:
        made = adder.add_parser(name, parents=[common], help=help, description=help)
        made.set_defaults(call=call)
        return made

    add("run", "启动服务(收信、处理、发信、报告)", commands.run)
    add("once", "收信、处理、发信、报告各做一遍后退出", commands.once)
    one = add("import", "从 .eml、mbox、Maildir 或文件夹导入邮件(不发信)", commands.import_mails)
    one.add_argument("paths", nargs="+", metavar="路径", type=Path)
    one.add_argument("--json", action="store_true", help="以 JSON 输出结果")
    add("deliver", "把待发的邮件发送一遍", commands.deliver_once)
    one = add("digest", "生成日报", commands.digest)
    one.add_argument("--day", metavar="日期", help="哪一天,如 2019-08-01(默认昨天)")
    one.add_argument("--print", action="store_true", dest="show", help="在屏幕上显示")
    one.add_argument("--send", action="store_true", help="放入待发邮件,发给办公室")
    one.add_argument("--out", metavar="文件夹", type=Path, help="存为 HTML 和文本文件")
    one = add("ledger", "导出登记台账(xlsx)", commands.ledger)
    one.add_argument("out", metavar="文件.xlsx", type=Path)
    one = add("status", "查看运行情况", commands.status)
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    one = add("doctor", "检查配置、邮箱、发信、数据库、磁盘等", commands.doctor)
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    one = add("show", "查看一个登记编号或一封来信的全部经过", commands.show)
    one.add_argument("number", nargs="?", metavar="登记编号")
    one.add_argument("--message", type=int, metavar="来信ID")
    one = add("outbox", "待发邮件:查看、批准、暂缓、放行", commands.outbox)
    one.add_argument("action", nargs="?", default="list", choices=("list", "approve", "hold", "release"),
                     metavar="list|approve|hold|release")
    one.add_argument("ids", nargs="*", metavar="ID|all")
    one.add_argument("--json", action="store_true", help="以 JSON 输出")
    one = add("retry", "重新处理未能处理的来信", commands.retry)
    one.add_argument("messages", nargs="+", type=int, metavar="来信ID")
    one = add("demo", "演示:内置邮箱和样例来信", commands.demo)
    one.add_argument("--no-serve", action="store_true", help="演示完即退出,不启动管理页面")
    one.add_argument("--folder", type=Path, default=Path("demo-data"), metavar="文件夹", help="演示数据放在哪里")
    add("admin", "启动管理页面(Datasette)", commands.admin)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code. Errors of ours are one clear line, never a traceback."""
    chosen = parser().parse_args(arguments)
    commands.start_logging(chosen.verbose)
    try:
        return chosen.call(chosen)
    except ConfigError as error:
        print(f"配置有误:{error}", file=sys.stderr)
        return EXIT_CONFIG
    except IntakeError as error:
        print(f"未能完成:{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())
