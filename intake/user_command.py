"""`intake user`: who may log in to the admin pages. A password is typed at the terminal or comes on standard input."""

import getpass
import json
import sys
from argparse import Namespace
from dataclasses import asdict
from datetime import datetime

from intake.demo.columns import table
from rules.errors import IntakeError
from store import users
from store.admin.access import ROLE_WORDS
from store.database import Database

ACTIONS = ("list", "add", "passwd", "change", "disable", "enable")
#: what may be written after --role
ROLES = {word: code for code, word in ROLE_WORDS.items()} | {code: code for code in ROLE_WORDS}


def add_arguments(parser) -> None:
    """The arguments of `intake user`."""
    parser.add_argument("action", nargs="?", default="list", choices=ACTIONS, metavar="|".join(ACTIONS))
    parser.add_argument("name", nargs="?", metavar="姓名")
    parser.add_argument("--role", choices=tuple(ROLES), metavar="查看|办理|管理", help="角色：只看；还可办理；还可管理、自写查询")
    full = parser.add_mutually_exclusive_group()
    full.add_argument("--full", action="store_true", default=None, help="可以查看完整的身份证号、手机号码（每次都记录）")
    full.add_argument("--no-full", action="store_false", dest="full", help="不可查看完整号码（默认只有“管理”可以）")
    parser.add_argument("--password-stdin", action="store_true", help="从标准输入读一行作为密码（供脚本使用）")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出用户列表")


def user_command(database: Database, arguments: Namespace, actor: str, now: datetime) -> int:
    """One action; 0 when done, 2 where something is missing on the command line. Raises IntakeError."""
    if arguments.action == "list":
        return _list(database, arguments.json)
    lacking = _lacking(arguments)
    if lacking:
        print(lacking, file=sys.stderr)
        return 2
    print(_done(database, arguments, actor, now))
    return 0


def _lacking(arguments: Namespace) -> str | None:
    if not arguments.name:
        return f"请写明姓名，如：intake user {arguments.action} 张三"
    if arguments.action == "add" and not arguments.role:
        return "请用 --role 写明角色：查看、办理或管理。"
    if arguments.action == "change" and arguments.role is None and arguments.full is None:
        return "请写明改什么：--role、--full 或 --no-full。"
    return None


def _done(database: Database, arguments: Namespace, actor: str, now: datetime) -> str:
    name, role = users.normal(arguments.name), ROLES.get(arguments.role)
    if arguments.action == "add":
        users.check_new(database, name)
        users.add_user(database, name, role, _password(arguments), now, actor, arguments.full)
        return f"已添加用户“{name}”（{ROLE_WORDS[role]}）。"
    if arguments.action == "passwd":
        users.check_known(database, name)
        users.set_password(database, name, _password(arguments), now, actor)
        return f"已更改“{name}”的密码，须重新登录。"
    if arguments.action == "change":
        users.change_user(database, name, now, actor, role, arguments.full)
        return f"已更改“{name}”的权限。"
    users.disable(database, name, now, actor, undo=arguments.action == "enable")
    return f"已恢复用户“{name}”。" if arguments.action == "enable" else f"已停用用户“{name}”，不能再登录。"


def _password(arguments: Namespace) -> str:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        first, second = getpass.getpass("密码（输入时不显示）："), getpass.getpass("再输一遍：")
    except EOFError:
        raise IntakeError("没有输入密码；脚本中请用 --password-stdin。") from None
    if first != second:
        raise IntakeError("两次输入的密码不一样，没有改动。")
    return first


def _list(database: Database, as_json: bool) -> int:
    found = users.all_users(database)
    if as_json:
        print(json.dumps([asdict(user) for user in found], ensure_ascii=False))
    elif found:
        print(table(("姓名", "角色", "完整号码", "状态"),
                    [(user.name, ROLE_WORDS[user.role], "可看" if user.full else "不可看",
                      "已停用" if user.disabled_at else "可登录") for user in found]))
    else:
        print("还没有用户。添加：intake user add 姓名 --role 管理")
    return 0
