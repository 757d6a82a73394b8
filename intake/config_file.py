"""service.yaml → `intake.config.Config`, checked key by key: every error names file, line and dotted key, in Chinese.

The dataclasses of `intake.config` hold the defaults; this module only says how each key is read and what is possible.
A section or key that is left empty where "nothing" is a sensible value (`smtp:`, `since:`) counts as absent.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import fields as fields_of
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import rules
from intake.config import (
    AdminPolicy,
    Config,
    DigestPolicy,
    Mailbox,
    ReadLimits,
    ReminderPolicy,
    ReplyPolicy,
    Secret,
    Server,
    Smtp,
)
from intake.config_days import calendar_days
from rules.yaml_lines import Node, load

#: the survey that comes with the program
SHIPPED_SURVEY = Path(rules.__path__[0]).resolve() / "survey.yaml"

_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_EHLO = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[A-Za-z0-9.:]+\]")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SECRETS = ("password_env", "password_file", "password_credential")
_PORTS = {"imap": {"implicit": 993, "starttls": 143, "none": 143},
          "smtp": {"implicit": 465, "starttls": 587, "none": 25}}  # fmt: skip
_GIB = 1024**3

Reader = Callable[[Node], object]

_REPLY: dict[str, Reader] = {
    "mode": lambda node: node.choice(("send", "approve", "off")),
    "max_age_days": lambda node: node.integer(0, 36500),
    "seconds_between": lambda node: node.number(0, 86400),
    "per_address_per_day": lambda node: node.integer(1, 1_000_000),
    "per_day": lambda node: node.integer(1, 1_000_000),
    "require_recipient": lambda node: node.boolean(),
    "give_up_hours": lambda node: node.number(0, 8760),
    "confirm_paper": lambda node: node.boolean(),
}
_DIGEST: dict[str, Reader] = {
    "to": lambda node: tuple(_address(item) for item in _unique(node)),
    "at": lambda node: node.time(),
    "days": lambda node: node.choice(("daily", "workdays")),
    "holidays": lambda node: calendar_days(node),
    "workdays": lambda node: calendar_days(node),
    "quiet_days": lambda node: node.choice(("send", "skip")),
    "telephones": lambda node: node.choice(("masked", "full")),
    "ledger": lambda node: node.choice(("none", "attach", "folder")),
    "ledger_folder": lambda node: _path(node),
    "ledger_mb": lambda node: node.integer(1, 100),
}
_REMINDER: dict[str, Reader] = {
    "enabled": lambda node: node.boolean(),
    "days": lambda node: _days(node),
    "at_most": lambda node: node.integer(1, 20),
    "quiet_days": lambda node: node.integer(1, 365),
    "at": lambda node: node.time(),
}
_READ: dict[str, Reader] = {
    "processes": lambda node: node.integer(0, 256),
    "max_mail_bytes": lambda node: node.integer(1024, 2 * _GIB),
    "max_file_bytes": lambda node: node.integer(1024, 2 * _GIB),
    "max_total_bytes": lambda node: node.integer(1024, 16 * _GIB),
    "max_files": lambda node: node.integer(1, 100_000),
    "max_parts": lambda node: node.integer(1, 100_000),
    "max_depth": lambda node: node.integer(0, 50),
    "max_ratio": lambda node: node.integer(1, 100_000),
    "max_pages": lambda node: node.integer(1, 10_000),
    "seconds": lambda node: node.number(1, 86400),
    "memory_mb": lambda node: node.integer(256, 1024 * 1024),
    "readings_mb": lambda node: node.integer(0, 1024 * 1024),
    "attempts": lambda node: node.integer(1, 100),
}
_ADMIN: dict[str, Reader] = {
    "host": lambda node: _host(node),
    "port": lambda node: node.integer(0, 65535),
    "names": lambda node: tuple(_host(item) for item in _unique(node)),
    "idle_minutes": lambda node: node.integer(1, 1440),
    "session_hours": lambda node: node.integer(1, 168),
}
_MAILBOX: dict[str, Reader] = {
    "address": lambda node: _address(node),
    "imap": lambda node: _server(node, "imap"),
    "user": lambda node: node.text(),
    "folders": lambda node: node.texts(least=1),
    "since": lambda node: node.date(),
    "poll_seconds": lambda node: node.number(0.1, 86400),
    "batch_bytes": lambda node: node.integer(1024, _GIB),
    "part_bytes": lambda node: node.integer(1024, _GIB),
    "logins_per_15_minutes": lambda node: node.integer(1, 1000),
    "aliases": lambda node: tuple(_address(item) for item in _unique(node)),
}
_SMTP: dict[str, Reader] = {
    "user": lambda node: node.text(),
    "sender": lambda node: _address(node),
    "sender_name": lambda node: _header_text(node),
    "ehlo_name": lambda node: _ehlo_name(node),
}
_SERVER: dict[str, Reader] = {
    "host": lambda node: _host(node),
    "port": lambda node: node.integer(1, 65535),
    "tls": lambda node: node.choice(("implicit", "starttls", "none")),
    "ca_file": lambda node: _existing(node),
    "timeout_seconds": lambda node: node.number(1, 3600),
}
#: keys for which an empty value means "not set"
_MAY_BE_NULL = frozenset({"since", "ca_file", "user", "sender", "survey", "smtp", "roster", "ledger_folder", *_SECRETS})


def load_config(path: Path | str) -> Config:
    """Read and check service.yaml; every default filled in, every path absolute. Raises ConfigError (exit 78)."""
    path = Path(path).absolute()
    root = load(path)
    keys = _keys(root, optional=tuple(field.name for field in fields_of(Config) if field.name != "path"))
    mailboxes = _mailboxes(keys.get("mailboxes"))
    sections = {
        name: _section(keys.get(name), readers, into)
        for name, readers, into in (
            ("reply", _REPLY, ReplyPolicy),
            ("digest", _DIGEST, DigestPolicy),
            ("reminder", _REMINDER, ReminderPolicy),
            ("read", _READ, ReadLimits),
            ("admin", _ADMIN, AdminPolicy),
        )
    }
    if "time_zone" in keys:
        sections["time_zone"] = _time_zone(keys["time_zone"])
    return Config(
        path=path,
        data=_path(keys["data"]) if "data" in keys else path.parent / "data",
        survey=_survey(keys.get("survey")),
        roster=_existing(keys["roster"]) if "roster" in keys else None,
        mailboxes=mailboxes,
        smtp=_smtp(keys["smtp"], mailboxes) if "smtp" in keys else None,
        **sections,
    )


def _keys(node: Node, required=(), optional=()) -> dict[str, Node]:
    """The children by key, without those that are left empty where that means "not set"."""
    found = node.mapping(required, optional)
    return {name: child for name, child in found.items() if not (child.is_null and name in _MAY_BE_NULL)}


def _values(keys: dict[str, Node], readers: dict[str, Reader]) -> dict[str, object]:
    return {name: readers[name](child) for name, child in keys.items() if name in readers}


def _section(node: Node | None, readers: dict[str, Reader], into: type):
    if node is None or node.is_null:
        return into()
    return into(**_values(_keys(node, optional=tuple(readers)), readers))


def _mailboxes(node: Node | None) -> tuple[Mailbox, ...]:
    found: dict[tuple, Mailbox] = {}
    for item in node.items() if node is not None and not node.is_null else ():
        mailbox = _mailbox(item)
        identity = (mailbox.address.lower(), mailbox.imap.host, mailbox.imap.port)
        if identity in found:
            item.fail("同一个邮箱写了两次")
        found[identity] = mailbox
    return tuple(found.values())


def _mailbox(node: Node) -> Mailbox:
    _refuse_plain_password(node)
    keys = _keys(node, ("address", "imap"), (*_MAILBOX, *_SECRETS))
    secret = _secret(node, keys)
    if secret is None:
        node.fail(f"缺少密码（授权码）的来源，请写 {'、'.join(_SECRETS)} 之一")
    values = _values(keys, _MAILBOX)
    return Mailbox(**{"user": values["address"], **values}, password=secret)


def _smtp(node: Node, mailboxes: tuple[Mailbox, ...]) -> Smtp:
    _refuse_plain_password(node)
    keys = _keys(node, ("host",), (*_SERVER, *_SMTP, *_SECRETS))
    values, secret = _values(keys, _SMTP), _secret(node, keys)
    user = values.get("user")
    if user and secret is None:
        keys["user"].fail(f"写了 user 就须写明密码（授权码）的来源：{'、'.join(_SECRETS)} 之一")
    if secret and not user:
        node.fail("写了密码（授权码）的来源，却没有写 user（登录名）")
    sender = values.get("sender") or (mailboxes[0].address if mailboxes else None)
    if sender is None:
        node.fail("没有任何邮箱（mailboxes），须写明发件地址 sender")
    return Smtp(**{**values, "user": user, "sender": sender}, server=_endpoint(keys, "smtp"), password=secret)


def _server(node: Node, protocol: str) -> Server:
    return _endpoint(_keys(node, ("host",), tuple(_SERVER)), protocol)


def _endpoint(keys: dict[str, Node], protocol: str) -> Server:
    values = _values(keys, _SERVER)
    tls = values.get("tls", "implicit")
    if tls == "none" and not is_loopback(values["host"]):
        keys["tls"].fail("不加密（none）只许用于本机回环地址；请改为 implicit 或 starttls")
    return Server(**{"port": _PORTS[protocol][tls], **values})


def _secret(node: Node, keys: dict[str, Node]) -> Secret | None:
    given = [name for name in _SECRETS if name in keys]
    if len(given) > 1:
        keys[given[1]].fail(f"{'、'.join(given)} 只能写一个")
    if not given:
        return None
    value, source = keys[given[0]], given[0].removeprefix("password_")
    if source == "file":
        return Secret(source, str(_path(value)))
    if not _NAME.fullmatch(value.text()):
        # the value is not shown: whoever pastes the password here must not find it in the log
        value.fail("这里写的应是名称（字母、数字、下划线），不是密码（授权码）本身")
    return Secret(source, value.text())


def _refuse_plain_password(node: Node) -> None:
    for name, child in node.pairs if node.kind == "mapping" else ():
        if name in ("password", "passwd", "pass", "授权码", "密码"):
            child.fail(
                "密码（授权码）不得写在配置文件里：请改写 password_env（环境变量名）、password_file（文件路径）"
                "或 password_credential(systemd 凭据名）"
            )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine itself: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host(node: Node) -> str:
    host = node.text()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not _HOST.fullmatch(host):
            node.fail(f"应为主机名或 IP 地址（不带协议和端口），不能是“{host}”")
    return host


def _address(node: Node) -> str:
    address = node.text()
    if not address.isascii() or not _ADDRESS.fullmatch(address):
        node.fail(f"应为邮箱地址，不能是“{address}”")
    return address


def _header_text(node: Node) -> str:
    text = node.text(empty=True)
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        node.fail("不能含换行或控制字符")
    return text


def _ehlo_name(node: Node) -> str:
    if not _EHLO.fullmatch(node.text()):
        node.fail("应为域名，或方括号中的 IP 地址，如 \"[127.0.0.1]\"")
    return node.text()


def _unique(node: Node) -> tuple[Node, ...]:
    node.texts()
    return node.items()


def _days(node: Node) -> tuple[int, ...]:
    """Days from the deadline, each once."""
    found: list[int] = []
    for item in node.items(least=1):
        if item.integer(-365, 365) in found:
            item.fail(f"重复的一项：{item.raw}")
        found.append(item.integer())
    return tuple(sorted(found))


def _time_zone(node: Node) -> ZoneInfo:
    try:
        return ZoneInfo(node.text())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        node.fail(f"没有“{node.raw}”这个时区，应为 Asia/Shanghai 的样子")


def _path(node: Node) -> Path:
    """Relative to the configuration file; `~` is the home folder."""
    return Path(node.path).parent / Path(node.text()).expanduser()


def _existing(node: Node) -> Path:
    path = _path(node)
    if not path.is_file():
        node.fail(f"没有这个文件：{path}")
    return path


def _survey(node: Node | None) -> Path:
    """The file named; `rules/survey.yaml` where there is none beside the configuration is the shipped one."""
    if node is None:
        return SHIPPED_SURVEY
    if not _path(node).exists() and node.text().removeprefix("./") == "rules/survey.yaml":
        return SHIPPED_SURVEY
    return _existing(node)
