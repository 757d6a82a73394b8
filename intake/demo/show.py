"""`intake demo`: servers on loopback that behave like 126.com, sample mails, the real daemon, and what came of it all."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from tqdm import tqdm

from intake.config import Config
from intake.config_file import load_config
from intake.demo import imap_server, netease
from intake.demo.certificate import self_signed
from intake.demo.columns import table
from intake.demo.smtp_sink import SmtpSink
from intake.office import digest, words
from rules.errors import ConfigError
from rules.survey import load_survey
from rules.typography import typeset
from store.database import Database, connect, one, rows
from store.users import add_user

ADDRESS, PASSWORD = "hdwxb2019@126.com", "DEMO-SHOUQUANMA"
MAILS = Path(__file__).parent / "mails"
#: role → name and password for the admin pages; known to everybody, and on this machine only
USERS = {"view": ("查看", "yanshi-chakan"), "handle": ("办理", "yanshi-banli"), "manage": ("管理", "yanshi-guanli")}
#: the day whose digest is shown: on it most of the samples came
DIGEST_DAY = date(2019, 8, 1)
#: a file that marks a folder as ours, so that nobody's data is deleted
_MARK = ".intake-demo"
_WAIT_SECONDS = 300


def run_demo(folder: Path, serve: bool = True) -> int:
    """Show the whole loop in `folder`; returns 0 when every mail came to what was promised, else 1."""
    folder = _fresh(folder.absolute())
    samples = [(path, json.loads(path.with_suffix(".json").read_text("utf-8"))) for path in sorted(MAILS.glob("*.eml"))]
    print(f"演示数据都放在 {folder}")
    with _servers(folder) as (mailbox, sink):
        config = load_config(_configuration(folder, mailbox.port, sink.port))
        print(f"收信服务器 127.0.0.1:{mailbox.port}，发信服务器 127.0.0.1:{sink.port}（都只在本机，模仿 126 邮箱）")
        _run_daemon(config, len(samples))
    database = connect(config.database)
    for role, (name, password) in USERS.items():
        add_user(database, name, role, password, datetime.now(config.time_zone), "demo")
    wrong = _print_outcomes(database, samples)
    _print_reply(database, "acknowledgement", "一封“材料齐全”的答复")
    _print_reply(database, "missing_materials", "一封“请补材料”的答复")
    _print_digest(config, database, folder)
    print(f"\n全部数据都在 {folder}:data/intake.db 是数据库，sent/ 是发出的邮件，digest-{DIGEST_DAY}.html 是日报。")
    print("说明：样例来信的日期在 2019 年，其中人物、单位、证件号码均属虚构。")
    if serve:
        from intake.admin import serve as serve_admin

        _print_users()
        serve_admin(config)
    return 1 if wrong else 0


def _print_users() -> None:
    print("\n管理页面的演示用户（密码是公开的，正式使用请用 intake user add 另设）：")
    print(table(("用户名", "密码", "可以做什么"), [(*USERS[role], words) for role, words in (
        ("view", "只看"), ("handle", "还可办理"), ("manage", "还可自写查询、看完整号码"))]))


def _fresh(folder: Path) -> Path:
    if folder.exists():
        if any(folder.iterdir()) and not (folder / _MARK).exists():
            raise ConfigError(f"文件夹 {folder} 里有别的东西，请用 --folder 另选一个", key="--folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    (folder / _MARK).touch()
    return folder


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[netease.Proxy, SmtpSink]]:
    """The mailbox, filled, behind the personality of 126.com; and a server that takes our mail."""
    certificate = self_signed(folder / "tls")
    seeds = []
    for path in sorted(MAILS.glob("*.eml")):
        about = json.loads(path.with_suffix(".json").read_text("utf-8"))
        seeds.append(imap_server.SeedMail(path.read_bytes(), datetime.fromisoformat(about["received"]), about["folder"]))
    with (
        imap_server.start(seeds, ADDRESS, PASSWORD) as server,
        netease.serve(server.host, server.port, certificate=certificate) as proxy,
        SmtpSink(user=ADDRESS, password=PASSWORD, certificate=certificate, folder=folder / "sent") as sink,
    ):
        yield proxy, sink


def _configuration(folder: Path, imap_port: int, smtp_port: int) -> Path:
    """The demonstration's service.yaml; an office's would differ in addresses and pacing only."""
    path, password = folder / "service.yaml", folder / "password"
    password.touch(0o600)
    password.write_text(PASSWORD)
    path.write_text(f"""# 演示用的配置
data: ./data
mailboxes:
  - address: {ADDRESS}
    imap: {{host: 127.0.0.1, port: {imap_port}, tls: implicit, ca_file: tls/certificate.pem}}
    user: {ADDRESS}
    password_file: password
    since: 2019-07-24
    poll_seconds: 2
smtp: {{host: 127.0.0.1, port: {smtp_port}, tls: implicit, ca_file: tls/certificate.pem, user: {ADDRESS},
       password_file: password}}
reply:
  max_age_days: 0        # 样例来信是 2019 年的
  seconds_between: 0.2
digest: {{to: [office@example.cn]}}
""", encoding="utf-8")
    return path


def _run_daemon(config: Config, expected: int) -> None:
    """Start `intake run` as in production, watch its database until nothing is left to do, and stop it."""
    log = config.path.parent / "daemon.log"
    with log.open("wb") as sink:
        daemon = subprocess.Popen([sys.executable, "-m", "intake.cli", "run", "-c", str(config.path)], stdout=sink,
                                  stderr=sink)
    try:
        _watch(config, expected, daemon)
    finally:
        daemon.terminate()
        daemon.wait(120)
    print(f"服务已停止（日志：{log}）")


def _watch(config: Config, expected: int, daemon: subprocess.Popen) -> None:
    ends = time.monotonic() + _WAIT_SECONDS
    with tqdm(total=expected, desc="处理来信", unit="封", disable=None) as bar:
        while time.monotonic() < ends:
            if daemon.poll() is not None:
                raise ConfigError(f"演示服务意外退出(代码 {daemon.returncode}),请看 {config.path.parent / 'daemon.log'}")
            done, waiting = _progress(config)
            bar.n = done
            bar.refresh()
            if done >= expected and not waiting:
                return
            time.sleep(0.2)
    print("等待超时，以下是目前的结果。")


def _progress(config: Config) -> tuple[int, int]:
    if not config.database.exists():
        return 0, 0
    database = connect(config.database)
    try:
        done = one(database, "SELECT count(*) AS n FROM messages WHERE state <> 'received'")["n"]
        waiting = one(database, "SELECT count(*) AS n FROM replies WHERE state IN ('queued', 'sending', 'deferred')")["n"]
        return done, waiting
    finally:
        database.close()


def _print_outcomes(database: Database, samples: list[tuple[Path, dict]]) -> int:
    """One line for each mail; returns how many came to something else than was promised."""
    lines, wrong = [], 0
    for path, promise in samples:
        found = one(database, "SELECT * FROM messages WHERE received_at = ? AND folder = ?",
                    [promise["received"], promise["folder"]])
        if found is None:
            lines.append((path.stem[:2], typeset(promise["title"]), "没有收到", "", "", ""))
            wrong += 1
            continue
        reply = one(database, "SELECT kind, state FROM replies WHERE message_id = ?", [found["id"]])
        as_promised = (found["kind"], reply["kind"] if reply else None) == (promise["kind"], promise["reply"])
        wrong += not as_promised
        lines.append((path.stem[:2], typeset(promise["title"]), words.word(words.MAIL_KINDS, found["kind"]),
                      _submissions(database, found["id"]), _answer(found, reply), "" if as_promised else "与预期不符"))
    print("\n" + table(("来信", "内容", "判为", "登记", "答复", ""), lines))
    return wrong


def _submissions(database: Database, message_id: int) -> str:
    found = rows(database, "SELECT s.number, s.status FROM submissions s JOIN submission_messages l ON "
                 "l.submission_id = s.id WHERE l.message_id = ? ORDER BY s.id", [message_id])
    return "、".join(f"{row['number']} {words.word(words.STATUSES, row['status'])}" for row in found) or "—"


def _answer(message: dict, reply: dict | None) -> str:
    if reply is None:
        return f"不答复：{words.word(words.SILENCES, message['silence'])}"
    return typeset(f"{words.word(words.REPLY_KINDS, reply['kind'])}({words.word(words.REPLY_STATES, reply['state'])})")


def _print_reply(database: Database, kind: str, title: str) -> None:
    reply = one(database, "SELECT * FROM replies WHERE kind = ? ORDER BY id", [kind])
    if reply:
        print(f"\n──── {title} ────\n收件人：{reply['to_address']}\n主题：{reply['subject']}\n\n{reply['body']}")


def _print_digest(config: Config, database: Database, folder: Path) -> None:
    survey = load_survey(config.survey)
    made = digest.make(config, survey, database, DIGEST_DAY, datetime.now(config.time_zone))
    digest.write_files(made, folder, survey)
    print(f"\n──── {DIGEST_DAY} 的日报 ────\n主题：{made.subject}\n\n{made.text}")
