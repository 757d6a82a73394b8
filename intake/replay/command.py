"""`intake replay`: with the daemon stopped it writes, with `--dry-run` it only says what it would write."""

import sys
from argparse import Namespace
from contextlib import ExitStack

from intake import commands
from intake.confined import confine
from intake.lock import exclusive
from intake.replay.report import as_text
from intake.replay.run import replay as run
from intake.replay.walk import Wanted
from intake.usage import day, identifier


def add_commands(add) -> None:
    """The parser of this command; `add(name, help, call)` makes one."""
    one = add("replay", "用现在的规则重新读取全部来信、重新判断；编号、人工决定和已发邮件不变，不发信", replay)
    one.add_argument("--since", metavar="日期", type=day, help="只重新读取这一天（含）以后收到的来信，此前的沿用以前读取的结果")
    one.add_argument("--message", metavar="来信ID", type=identifier, action="append",
                     help="只重新读取这一封来信（可写多次），其中以前打不开的文件也再打开一次")
    one.add_argument("--dry-run", action="store_true", help="只列出将有哪些变化，不作改动（服务运行时也可使用）")


def replay(arguments: Namespace) -> int:
    """Everything again, by the present rules."""
    with commands.opened(arguments) as (config, survey, database), ExitStack() as stack:
        now = commands.clock_of(config)()
        if not arguments.dry_run:
            locks = [stack.enter_context(exclusive(config.data / name)) for name in ("daemon.lock", "process.lock", "deliver.lock")]
            if not all(locks):
                print("服务正在运行，不能重新读取；请先停止服务（systemctl stop intake），或者用 --dry-run 只看将有哪些变化。",
                      file=sys.stderr)
                return 1
        wanted = Wanted(arguments.since, frozenset(arguments.message or ()))
        with confine.ReaderPool(config.survey, config.read, data=config.data) as pool:
            found, drafted = run(config, survey, database, pool, now, wanted, dry_run=arguments.dry_run)
    print(as_text(found, survey, drafted), end="")
    return 0
