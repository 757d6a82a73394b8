"""Conversations as scripts: mails and clerk's actions played on a real store, and what must have come of each step.

The scripts (tests/conversations/*.yaml) are Chinese, for the office to read. What a mail holds is built as a reading, so
that nothing has to be recognised; everything after reading is the real program, the clerk's actions are its command line.

    来信: {发件人, 主题, 正文, 附件: {文件名: 种类 或 {种类, …}}, 表在正文: {种类, …}, 答复: true, 自动: true}
    重发: 第几封来信再发一遍      办理: intake 的一条命令
    结果: {种类, 回信: [种类…], 份数, 待归入: 字句, 登记编号: {状态, 类别, 缺, 账号, 申报人, 待核验, 栏目: {…}}}
"""

import hashlib
import json
import shlex
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from build_facts import (
    HEAD,
    OWNER,
    SURVEY,
    UNIT,
    card,
    certificate,
    credit_code,
    field,
    file,
    id_number,
    individual_form,
    message,
    organisation_code,
    unit_form,
    without,
)

from intake import cli, pipeline
from intake.config_file import load_config
from intake.confined import confine
from intake.office import words
from rules.message import Message
from rules.reading import FileReading, Form, Reading
from store.database import Database, connect, one, rows
from store.files import keep_raw
from store.messages import enter_import

FOLDER = Path(__file__).parent / "conversations"
_START = datetime.fromisoformat("2019-08-01T09:00:00+08:00")
_CONFIGURATION = """\
data: ./data
mailboxes:
  - address: office@example.cn
    imap: {host: 127.0.0.1, port: 9, tls: none}
    password_env: UNSET
reply: {max_age_days: 0, per_address_per_day: 100, confirm_paper: true}
read: {processes: 0}
"""
_PROBLEMS = {"加密": "encrypted", "损坏": "corrupt", "格式不支持": "unsupported", "看不清": "unreadable", "云附件": "remote"}
_FORMS = {"单位表": unit_form, "个人表": individual_form}


class Readings:
    """Stands in the readers' place: mails whose reading is known beforehand, by their bytes."""

    def __init__(self):
        self.known: dict[str, Reading] = {}

    def submit(self, function, path, sha256, *rest, **how) -> Future:
        future: Future = Future()
        future.set_result(self.known[sha256])
        return future

    def read(self, path, sha256) -> Future:
        return self.submit(None, path, sha256)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


class Play:
    """One conversation in one folder."""

    def __init__(self, folder: Path, monkeypatch=None, capsys=None):
        self.path = folder / "service.yaml"
        self.path.write_text(_CONFIGURATION, encoding="utf-8")
        self.config, self.capsys = load_config(self.path), capsys
        self.database: Database = connect(self.config.database)
        self.readings, self.mails = Readings(), []
        #: the clock, an hour after the last mail
        self.now = _START
        if monkeypatch:
            monkeypatch.setattr(confine, "ReaderPool", lambda *_, **__: self.readings)
            monkeypatch.setattr(cli.commands, "start_logging", lambda verbose: None)
            monkeypatch.setattr(cli.commands, "load_survey", lambda path: SURVEY)

    def mail(self, script: dict) -> None:
        """A mail comes and is processed."""
        self.mails.append(script)
        self._take_in(script)

    def again(self, number: int) -> None:
        """The same mail, sent once more."""
        self._take_in(self.mails[number - 1])

    def _take_in(self, script: dict) -> None:
        serial = len(self.readings.known) + 1
        raw = f"mail {serial} {script!r}".encode()
        sha256, size = keep_raw(self.config.data, [raw])
        received = _START + timedelta(hours=serial)
        self.readings.known[sha256] = reading_of(script, serial, sha256, received, self._answered(script))
        enter_import(self.database, f"{serial}.eml", sha256, size, received.isoformat(), received)
        pipeline.process_pending(self.config, SURVEY, self.database, self.readings,
                                 lambda: received + timedelta(minutes=1), patient=True)
        self.now = received + timedelta(hours=1)

    def _answered(self, script: dict) -> str | None:
        if not script.get("答复"):
            return None
        found = one(self.database, "SELECT smtp_message_id AS id FROM replies WHERE to_address = ? ORDER BY id DESC",
                    [script.get("答复给", script["发件人"])])
        return found["id"]

    def clerk(self, command: str) -> tuple[int, str]:
        """A command of the office; its exit code and what it printed."""
        self.database.conn.execute("PRAGMA wal_checkpoint")
        for serial in range(1, 100):
            command = command.replace(f"<身份证{serial}>", id_number(serial))
        name, *rest = shlex.split(command)
        code = cli.main([name, "-c", str(self.path), *rest])
        said = self.capsys.readouterr() if self.capsys else None
        return code, said.out + said.err if said else ""

    def replies(self, after: int = 0) -> list[dict]:
        """Our mails that were written since."""
        return rows(self.database, "SELECT * FROM replies WHERE id > ? ORDER BY id", [after])

    def last(self, table: str) -> int:
        return one(self.database, f"SELECT coalesce(max(id), 0) AS id FROM {table}")["id"]


def play(script: dict, stage: Play) -> list[str]:
    """Every step; returns what came otherwise than was written."""
    wrong = []
    for number, step in enumerate(script["经过"], 1):
        before, said, code = stage.last("replies"), "", 0
        if "来信" in step:
            stage.mail(step["来信"])
        elif "重发" in step:
            stage.again(step["重发"])
        else:
            code, said = stage.clerk(step["办理"])
        wrong += [f"第{number}步 {text}" for text in differences(step.get("结果", {}), stage, before, code, said)]
    return wrong


def differences(expected: dict, stage: Play, before: int, code: int, said: str) -> Iterable[str]:
    """What is not as a step's 结果 says."""
    yield from _unless("退出码", expected.get("退出码", 0), code, said)
    if "回信" in expected:
        yield from _unless("回信", expected["回信"], [_reply(row) for row in stage.replies(before)])
    if "种类" in expected:
        kind = one(stage.database, "SELECT kind FROM messages ORDER BY id DESC")["kind"]
        yield from _unless("种类", expected["种类"], words.MAIL_KINDS[kind])
    if "份数" in expected:
        living = rows(stage.database, "SELECT number FROM submissions WHERE status <> 'withdrawn'")
        yield from _unless("份数", expected["份数"], len(living))
    if "待归入" in expected:
        open_doubts = [row["sentence"] for row in rows(
            stage.database, "SELECT sentence FROM doubts WHERE submission_id IS NULL AND resolved_at IS NULL")]
        yield from _contains("待归入", expected["待归入"], open_doubts)
    if "说" in expected:
        yield from _contains("说", expected["说"], [said])
    if "回信不提" in expected:
        written = "".join(row["subject"] + row["body"] for row in stage.replies(before))
        for word in expected["回信不提"]:
            if word in written:
                yield f"回信提到了{word}"
    for number, wanted in expected.items():
        if number.startswith("HD2019-"):
            yield from _submission(number, wanted, stage)


def _submission(number: str, wanted: dict, stage: Play) -> Iterable[str]:
    row = one(stage.database, "SELECT * FROM submissions WHERE number = ?", [number])
    if row is None:
        yield f"没有{number}"
        return
    accounts = rows(stage.database, "SELECT * FROM accounts WHERE submission_id = ? ORDER BY id", [row["id"]])
    found = {"状态": words.STATUSES[row["status"]].split("，")[0], "类别": words.categories(SURVEY)[row["category"]],
             "缺": json.loads(row["missing"]), "账号": [account["name"] for account in accounts],
             "申报人": row["registrant"], "联系": row["contact_address"]}
    for key, value in wanted.items():
        if key == "待核验":
            yield from _contains(f"{number} 待核验", value, json.loads(row["review_reasons"]))
        elif key == "栏目":
            for name, text in value.items():
                yield from _unless(f"{number} {name}", text, accounts[0][name])
        else:
            yield from _unless(f"{number} {key}", value, found[key], row["review_reasons"])


def _unless(what: str, wanted, found, more: str = "") -> Iterable[str]:
    if wanted != found:
        yield f"{what}:{found!r},应为{wanted!r} {more}"


def _contains(what: str, wanted: str | None, sentences: list[str]) -> Iterable[str]:
    if wanted in (None, "无"):
        yield from _unless(what, [], sentences)
    elif not any(wanted in sentence for sentence in sentences):
        yield f"{what}:{sentences!r}中没有“{wanted}”"


def _reply(row: dict) -> str:
    word = words.REPLY_KINDS[row["kind"]]
    return f"{word}(不发送)" if row["state"] == "suppressed" else word


# --- what a mail holds -----------------------------------------------------------------------------------------------


def reading_of(script: dict, serial: int, sha256: str, received: datetime, answered: str | None) -> Reading:
    """The reading of a mail of the script."""
    headers = (("auto-submitted", "auto-generated"),) if script.get("自动") else ()
    text = script.get("正文", "您好,材料见附件,请查收。")
    mail: Message = replace(
        message(text, script.get("主题", "新媒体账号登记"), script["发件人"]), sha256=sha256,
        message_id=f"<{serial}@example.net>", in_reply_to=answered, received_at=received, headers=headers)
    files = tuple(_file(name, what) for name, what in script.get("附件", {}).items())
    typed = script.get("表在正文")
    return Reading(mail, files, (_form(typed, "邮件正文"),) if typed else ())


def _file(name: str, what: str | dict | list) -> FileReading:
    content = [what] if isinstance(what, (str, dict)) else what
    parts = [{"种类": one} if isinstance(one, str) else one for one in content]
    first = parts[0]["种类"]
    sha256 = hashlib.sha256(repr((name, parts)).encode()).hexdigest()
    if first in _PROBLEMS:
        return file(name, sha256=sha256, problem=_PROBLEMS[first])
    if first in ("空白表", "无关文件"):
        return file(name, sha256=sha256, role="blank_form" if first == "空白表" else "other")
    return file(name, *(_content(part, name) for part in parts), sha256=sha256)


def _content(part: dict, name: str):
    if part["种类"] in _FORMS:
        return _form(part, name)
    if part["种类"] == "单位证书":
        number = organisation_code(part.get("号", 1)) if part.get("代码证") else credit_code(part.get("号", 1))
        return certificate(part.get("名称", UNIT), number, **_how(part))
    if part["种类"] == "国徽面":
        return card(side="back")
    holder, serial = part.get("姓名", HEAD), part.get("号")
    return card(holder, id_number(serial or (1 if holder == OWNER else 9)), **_how(part))


def _how(part: dict) -> dict:
    return {"confidence": part["把握"]} if "把握" in part else {}


def _form(part: dict, name: str) -> Form:
    options = {key: value for key, value in part.items() if key.isascii()}
    if "号" in part:
        options["owner_id_number"] = id_number(part["号"])
    made = _FORMS[part["种类"]](**options)
    dim = part.get("看不清的栏", [])
    made = replace(made, fields=tuple(
        replace(one_field, confidence=0.5, method="ocr") if one_field.name in dim else one_field
        for one_field in made.fields))
    empty = part.get("空着", [])
    made = replace(made, fields=tuple(field(f.name, None) if f.name in empty else f for f in made.fields))
    return without(made, *part.get("没有的栏", []))


def scripts() -> list[Path]:
    """Every conversation."""
    return sorted(FOLDER.glob("*.yaml"))


def load(path: Path) -> dict:
    """One conversation."""
    return yaml.safe_load(path.read_text("utf-8"))
