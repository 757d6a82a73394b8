"""Look at everything the service needs and say, in Chinese, what is wrong and what to do.

Nothing is changed and nothing is sent. The findings name hosts, folders, files and the office's own addresses, and no
person. `ok`: fine · `warn`: works, but look at it · `bad`: will not work.
"""

import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from intake import secrets
from intake.config import Config, Mailbox, Secret
from intake.config_file import load_config
from intake.sending import smtp
from rules.errors import ConfigError

_MIB, _GIB = 1024**2, 1024**3
#: free space below which mail may soon be refused, and below which it is worth a word
_SCARCE_BYTES, _LITTLE_BYTES = _GIB, 5 * _GIB
#: a write-ahead log larger than this says that some reader never lets go
_LARGE_WAL_BYTES = 64 * _MIB
#: a clock before this was never set
_OLDEST_DAY = date(2019, 1, 1)
#: programs that are used where they are installed: (program, Debian package, what is lost without)
_PROGRAMS = (
    ("unar", "unar", "多数 rar 压缩包打不开，须由人查看"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    #: stable word for scripts, e.g. `mailbox`
    name: str
    #: `ok`, `warn` or `bad`
    state: str
    #: what was found, plain Chinese
    sentence: str
    #: what to do about it, plain Chinese; '' where nothing is to be done
    advice: str = ""


def examine(path: Path | str, now: datetime, network: bool = True) -> tuple[Finding, ...]:
    """Everything, in the order in which it should be mended; without `network` no mailbox and no SMTP server."""
    try:
        config = load_config(path)
    except ConfigError as problem:
        return (Finding("config", "bad", f"配置文件有错：{problem}", "请按提示修改后再运行。"),)
    found = [Finding("config", "ok", f"配置文件 {config.path} 没有错误。")]
    for look in (_survey, _roster, _modes, _space, _database, _secrets, _clock, _readers):
        found += look(config, now)
    if network:
        found += [*_mailboxes(config), *_smtp(config)]
    found += [*_sending(config, now), *_users(config)]
    return tuple(found)


def _survey(config: Config, now: datetime) -> Iterator[Finding]:
    from rules.reply_check import check_templates
    from rules.survey import load_survey

    try:
        survey = load_survey(config.survey)
        check_templates(survey)
    except ConfigError as problem:
        yield Finding("survey", "bad", f"调查规则有错：{problem}", "请按提示修改规则文件、回复文本或空白表格。")
    else:
        yield Finding("survey", "ok", f"调查规则“{survey.title}”没有错误。")


def _roster(config: Config, now: datetime) -> Iterator[Finding]:
    from intake.office.roster_file import load_roster

    if config.roster is None:
        return
    try:
        units = load_roster(config.roster)
    except ConfigError as problem:
        yield Finding("roster", "bad", f"报送名单有错：{problem}", "请按提示修改名单文件。")
    else:
        yield Finding("roster", "ok", f"报送名单 {config.roster} 没有错误，共 {len(units)} 个单位。")


def _modes(config: Config, now: datetime) -> Iterator[Finding]:
    wide = [p for p in _private_paths(config) if p.exists() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    for path in wide:
        wanted = "700" if path.is_dir() else "600"
        yield Finding("modes", "warn", f"{path} 的权限过宽，本机其他用户也能读。", f"请运行：chmod {wanted} {path}")
    if not wide:
        yield Finding("modes", "ok", "数据和密码文件只有服务用户能读。")


def _private_paths(config: Config) -> list[Path]:
    passwords = [secrets.file_of(secret) for secret in _all_secrets(config) if secret.source == "file"]
    kept = [config.data / name for name in ("intake.db", "intake.db-wal", "raw")]
    return [config.data, *kept, *(path for path in passwords if path)]


def _space(config: Config, now: datetime) -> Iterator[Finding]:
    folder = next(p for p in (config.data, *config.data.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    sentence = f"数据所在磁盘还剩 {free / _GIB:.1f} GB。"
    advice = "邮件原件和附件都存于此，请及早清理或扩容；写满后新邮件会留在邮箱里，不会丢失，但也不会处理。"
    if free < _LITTLE_BYTES:
        yield Finding("disk", "bad" if free < _SCARCE_BYTES else "warn", sentence, advice)
    else:
        yield Finding("disk", "ok", sentence)


def _database(config: Config, now: datetime) -> Iterator[Finding]:
    if not config.database.exists():
        yield Finding("database", "ok", f"数据库 {config.database} 尚未建立，首次运行时自动建立。")
        return
    try:
        answer = _ask(config, "PRAGMA quick_check(1)")[0][0]
    except sqlite3.Error as problem:
        answer = str(problem)
    if answer == "ok":
        yield Finding("database", "ok", f"数据库 {config.database} 完好。")
    else:
        yield Finding("database", "bad", f"数据库 {config.database} 已损坏或打不开：{answer}",
                      "请停止服务，从备份恢复；原始邮件在 raw 文件夹中，可重新导入。")  # fmt: skip
    log = config.database.with_name("intake.db-wal")
    if log.exists() and log.stat().st_size > _LARGE_WAL_BYTES:
        size = log.stat().st_size / _MIB
        yield Finding("wal", "warn", f"数据库日志已有 {size:.0f} MB。", "有程序一直占着数据库，请重启管理页面和服务。")


def _ask(config: Config, sql: str) -> list[tuple]:
    """Read only, without migrating: looking must not change anything."""
    connection = sqlite3.connect(f"{config.database.as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def _secrets(config: Config, now: datetime) -> Iterator[Finding]:
    if not config.mailboxes:
        yield Finding("mailbox", "warn", "没有配置邮箱：只能用 intake import 导入邮件。", "请填写 mailboxes。")
    for secret in _all_secrets(config):
        try:
            secrets.read_secret(secret)
        except ConfigError as problem:
            yield Finding("secret", "bad", f"{problem}。", "请把授权码放到配置所说的地方（systemd 见服务单元）。")
        else:
            yield Finding("secret", "ok", f"密码（授权码）已就绪（{secret.source}:{secret.name}）。")


def _all_secrets(config: Config) -> list[Secret]:
    found = [mailbox.password for mailbox in config.mailboxes]
    if config.smtp and config.smtp.password:
        found.append(config.smtp.password)
    return list(dict.fromkeys(found))


def _clock(config: Config, now: datetime) -> Iterator[Finding]:
    local = now.astimezone(config.time_zone)
    sentence = f"现在是 {local:%Y-%m-%d %H:%M}（{config.time_zone.key}）。"
    if local.date() < _OLDEST_DAY or _newest_mail(config) > now + timedelta(days=1):
        yield Finding("clock", "bad", sentence + "系统时钟慢了。", "请校准系统时间（如安装 chrony），否则期限会算错。")
    else:
        yield Finding("clock", "ok", sentence)


def _newest_mail(config: Config) -> datetime:
    """When we last entered a mail, by our own clock of that time."""
    long_ago = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    if not config.database.exists():
        return long_ago
    try:
        newest = _ask(config, "SELECT max(entered_at) FROM messages")[0][0]
        return datetime.fromisoformat(newest) if newest else long_ago
    except sqlite3.Error:
        return long_ago  # `_database` has said so already


def _readers(config: Config, now: datetime) -> Iterator[Finding]:
    from intake import ocr

    try:
        ocr.probe()
    except ImportError as problem:
        yield Finding("ocr", "bad", f"文字识别不可用：缺少 {problem.name}。", "请重新安装程序（make setup）。")
    else:
        yield Finding("ocr", "ok", "文字识别可用。")
    yield _sandbox()
    for program, package, lost in _PROGRAMS:
        if shutil.which(program):
            yield Finding(program, "ok", f"已安装 {program}。")
        else:
            yield Finding(program, "warn", f"没有安装 {program}（可选）：{lost}。", f"可运行：apt install {package}")


def _sandbox() -> Finding:
    from intake.confined.sandbox import sandbox

    if sandbox() is not None:
        return Finding("bwrap", "ok", "读取附件的进程与网络、文件隔离（bubblewrap）。")
    weaker = "读取附件的进程没有与网络、文件隔离（仍有内存、时间限制）："
    if shutil.which("bwrap"):
        return Finding("bwrap", "warn", weaker + "本机不许用 bubblewrap。", "请允许非特权用户命名空间，或不作处理。")
    return Finding("bwrap", "warn", weaker + "没有安装 bubblewrap（可选）。", "可运行：apt install bubblewrap")


def _mailboxes(config: Config) -> Iterator[Finding]:
    for mailbox in config.mailboxes:
        yield from _mailbox(mailbox)


def _mailbox(mailbox: Mailbox) -> Iterator[Finding]:
    from intake.mailbox import imap

    try:
        password = secrets.read_secret(mailbox.password)
    except ConfigError:
        yield Finding("mailbox", "bad", f"邮箱 {mailbox.address}：没有密码，未能检查。", "请先解决上面的密码问题。")
        return
    results = imap.check(mailbox, password)
    # log-in and listing come first; a folder that is not there does no harm as long as another can be opened
    opened = any(good for good, _ in results[2:])
    for good, sentence in results:
        state = "ok" if good else "warn" if opened else "bad"
        yield Finding("mailbox", state, f"邮箱 {mailbox.address}:{sentence}", "" if good else _MAILBOX_ADVICE)


_MAILBOX_ADVICE = "请核对 imap 各项、授权码和 folders;126 邮箱须在网页“设置”里开启 IMAP 服务。"


def _smtp(config: Config) -> Iterator[Finding]:
    if config.smtp is None:
        yield Finding("smtp", "warn", "没有配置发信服务器：回复和日报只入队，不发出。", "需要发信时请填写 smtp。")
        return
    if config.smtp.user and config.smtp.user.lower() != config.smtp.sender.lower():
        yield Finding("smtp-sender", "warn", "smtp.sender 与 smtp.user 不同，网易邮箱会拒收。", "请改成同一个邮箱。")
    try:
        password = secrets.read_secret(config.smtp.password) if config.smtp.password else None
    except ConfigError:
        yield Finding("smtp", "bad", "没有发信密码，未能检查发信服务器。", "请先解决上面的密码问题。")
        return
    for found in smtp.check(config.smtp, password):
        yield Finding(found.name, "ok" if found.ok else "bad", found.sentence, found.advice)


def _sending(config: Config, now: datetime) -> Iterator[Finding]:
    """What the outbox says: a pause that stands, mails of which nobody knows whether they went out."""
    if not config.database.exists():
        return
    try:
        paused = _ask(config, "SELECT value FROM health WHERE name = 'smtp_pause'")
        doubtful = _ask(config, "SELECT (SELECT count(*) FROM replies WHERE state = 'uncertain') + "
                                "(SELECT count(*) FROM digest_mails WHERE state = 'uncertain')")[0][0]  # fmt: skip
    except sqlite3.Error:
        return  # `_database` has said so already
    for pause in (json.loads(value) for (value,) in paused):
        until = datetime.fromisoformat(pause["until"])
        if until > now:
            sentence = f"发信暂停至 {until.astimezone(config.time_zone):%m-%d %H:%M}:{pause['reason']}"
            yield Finding("pause", "warn", sentence, "到时会自动重试；原因若在授权码或配置，改正后重启服务即重试。")
    if doubtful:
        advice = "请在邮箱“已发送”中核对，再用 intake outbox 处理。"
        yield Finding("outbox", "warn", f"有 {doubtful} 封信不能确定是否已发出。", advice)


def _users(config: Config) -> Iterator[Finding]:
    """Whether anybody can log in to the admin pages."""
    if not config.database.exists():
        return
    try:
        count = _ask(config, "SELECT count(*) FROM users WHERE disabled_at IS NULL")[0][0]
    except sqlite3.Error:
        return  # an older schema, which the next command migrates; or `_database` has said so already
    if count:
        yield Finding("users", "ok", f"管理页面有 {count} 个可以登录的用户。")
    else:
        yield Finding("users", "warn", "管理页面还没有可以登录的用户。", "请运行：intake user add 姓名 --role 管理")
