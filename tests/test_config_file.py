"""service.yaml: every key has its default, and every mistake is named with file, line and dotted key."""

from dataclasses import MISSING, fields
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from intake.config import AdminPolicy, Config, DigestPolicy, Mailbox, ReadLimits, ReplyPolicy, Secret, Server, Smtp
from intake.config_file import SHIPPED_SURVEY, load_config
from rules.errors import ConfigError
from rules.yaml_lines import load

SHIPPED = Path(__file__).parents[1] / "service.yaml"
MAILBOX = """\
mailboxes:
  - address: a@126.com
    imap: {host: imap.126.com}
    password_env: INTAKE_PASSWORD
"""
#: what an office writes about itself: no default
OWN = {"address", "imap", "user", "password_env", "since", "host", "sender"}


@pytest.fixture
def write(tmp_path):
    """Write a service.yaml and load it."""

    def load_text(text: str) -> Config:
        path = tmp_path / "service.yaml"
        path.write_text(text, "utf-8")
        return load_config(path)

    return load_text


@pytest.fixture
def wrong(write, tmp_path):
    """Write a faulty service.yaml and return its error."""

    def error_of(text: str) -> ConfigError:
        with pytest.raises(ConfigError) as raised:
            write(text)
        assert raised.value.path == str(tmp_path / "service.yaml")
        return raised.value

    return error_of


def test_the_smallest_configuration_has_every_default(write, tmp_path):
    """Only the mailbox is written."""
    config = write(MAILBOX)
    (mailbox,) = config.mailboxes
    assert mailbox == Mailbox("a@126.com", Server("imap.126.com", 993), "a@126.com", Secret("env", "INTAKE_PASSWORD"))
    assert config == Config(
        tmp_path / "service.yaml", tmp_path / "data", SHIPPED_SURVEY, (mailbox,), None,
        ZoneInfo("Asia/Shanghai"), ReplyPolicy(), DigestPolicy(), ReadLimits(), AdminPolicy(),
    )  # fmt: skip
    assert SHIPPED_SURVEY.is_absolute() and config.own_addresses == {"a@126.com"}


def test_the_shipped_file_says_the_true_default_of_every_key():
    """Nothing is missing from it, and nothing in it is out of date."""
    config = load_config(SHIPPED)
    root = load(SHIPPED).mapping(optional=None)
    (mailbox,) = root["mailboxes"].items()
    secrets = {"password"}
    assert set(root) == {field.name for field in fields(Config)} - {"path"}
    assert keys(mailbox) == names(Mailbox) - secrets | {"password_env"}
    assert keys(mailbox.mapping(optional=None)["imap"]) == names(Server)
    assert keys(root["smtp"]) == names(Server) | names(Smtp) - secrets - {"server"} | {"password_env"}
    for section in ("reply", "digest", "read", "admin"):
        assert keys(root[section]) == names(type(getattr(config, section)))
    assert config.reply == ReplyPolicy() and config.digest == DigestPolicy()
    assert config.read == ReadLimits() and config.admin == AdminPolicy()
    assert config.survey == SHIPPED_SURVEY and config.time_zone == ZoneInfo("Asia/Shanghai")
    assert config.data == SHIPPED.parent / "data"
    for value in (config.mailboxes[0], config.mailboxes[0].imap, config.smtp, config.smtp.server):
        for field in fields(value):
            if field.default is not MISSING and field.name not in OWN:
                assert getattr(value, field.name) == field.default, field.name


def keys(node) -> set[str]:
    """The keys of a mapping."""
    return set(node.mapping(optional=None))


def names(into: type) -> set[str]:
    """The fields of a dataclass."""
    return {field.name for field in fields(into)}


def test_the_shipped_file_explains_the_password_and_every_section_in_chinese():
    """Comments are for the office."""
    text = SHIPPED.read_text("utf-8")
    assert "授权码" in text and "password_file" in text and "password_credential" in text


def leaves():
    """Every scalar and list of the shipped file: (line, dotted key)."""
    return [(node.line, node.key) for node in load(SHIPPED).walk()
            if node.kind != "mapping" and not node.key.endswith("]") and node.key != "mailboxes"]


@pytest.mark.parametrize(("line", "key"), leaves())
def test_a_value_of_the_wrong_type_is_named_with_line_and_key(wrong, line, key):
    """Every key of the shipped file in turn."""
    lines = SHIPPED.read_text("utf-8").splitlines()
    head = lines[line - 1].split(":")[0]
    lines[line - 1] = f"{head}: {{nonsense: 1}}"
    error = wrong("\n".join(lines))
    assert (error.line, error.key) == (line, key)


@pytest.mark.parametrize(("line", "key"), leaves())
def test_a_misspelt_key_is_named_with_line_and_key(wrong, line, key):
    """Every key of the shipped file in turn; the right one is suggested."""
    lines = SHIPPED.read_text("utf-8").splitlines()
    name = key.split(".")[-1]
    lines[line - 1] = lines[line - 1].replace(f"{name}:", f"{name}x:", 1)
    error = wrong("\n".join(lines))
    assert (error.line, error.key) == (line, key + "x")
    assert f"是否想写 {name}？" in str(error)


@pytest.mark.parametrize(("text", "key"), [
    ("data: 2019", "data"),
    ("survey: none.yaml", "survey"),
    ("roster: none.xlsx", "roster"),
    ("reminder: {days: [1, one]}", "reminder.days[1]"),
    ("reminder: {days: [1, 1]}", "reminder.days[1]"),
    ("reminder: {days: [400]}", "reminder.days[0]"),
    ("reminder: {days: []}", "reminder.days"),
    ("reminder: {at_most: 0}", "reminder.at_most"),
    ("time_zone: 北京", "time_zone"),
    ("time_zone: ../../etc/passwd", "time_zone"),
    ("mailboxes: {}", "mailboxes"),
    ("reply: {mode: maybe}", "reply.mode"),
    ("reply: {mode: no}", "reply.mode"),
    ("reply: {max_age_days: -1}", "reply.max_age_days"),
    ("reply: {seconds_between: -1}", "reply.seconds_between"),
    ("reply: {per_day: 0}", "reply.per_day"),
    ("reply: {per_address_per_day: '10'}", "reply.per_address_per_day"),
    ("reply: {require_recipient: 1}", "reply.require_recipient"),
    ("digest: {to: office@example.cn}", "digest.to"),
    ("digest: {to: [office]}", "digest.to[0]"),
    ("digest: {to: [a@b.cn, a@b.cn]}", "digest.to[1]"),
    ("digest: {to: [a@b.cn, '张三 <a@b.cn>']}", "digest.to[1]"),
    ("digest: {at: 25:00}", "digest.at"),
    ("digest: {at: 8}", "digest.at"),
    ("digest: {days: weekdays}", "digest.days"),
    ("digest: {holidays: [2019-10-32]}", "digest.holidays[0]"),
    ("digest: {holidays: [2019-10-07…2019-10-01]}", "digest.holidays[0]"),
    ("digest: {holidays: [2019-10-01…2021-10-01]}", "digest.holidays[0]"),
    ("digest: {workdays: 2019-09-29}", "digest.workdays"),
    ("digest: {ledger: ./ledgers}", "digest.ledger"),
    ("digest: {ledger_mb: 0}", "digest.ledger_mb"),
    ("read: {processes: -1}", "read.processes"),
    ("read: {processes: 1.5}", "read.processes"),
    ("read: {max_mail_bytes: 100MB}", "read.max_mail_bytes"),
    ("read: {seconds: 0}", "read.seconds"),
    ("read: {memory_mb: 16}", "read.memory_mb"),
    ("admin: {port: 65536}", "admin.port"),
    ("admin: {host: 'http://x'}", "admin.host"),
    ("smtp: {port: 465}", "smtp.host"),
    ("smtp: {host: smtp.126.com, tls: none}", "smtp.tls"),
    ("smtp: {host: smtp.126.com, tls: ssl}", "smtp.tls"),
    ("smtp: {host: 'smtp.126.com:465'}", "smtp.host"),
    ("smtp: {host: smtp.126.com, user: a@126.com}", "smtp.user"),
    ("smtp: {host: smtp.126.com, password_env: X}", "smtp"),
    ("smtp: {host: smtp.126.com, password: ABCD}", "smtp.password"),
    ("smtp: {host: smtp.126.com, user: a, password_env: X, password_file: y}", "smtp.password_file"),
    ("smtp: {host: smtp.126.com, user: a, password_env: 'my code'}", "smtp.password_env"),
    ("smtp: {host: smtp.126.com, ca_file: none.pem}", "smtp.ca_file"),
    ("smtp: {host: smtp.126.com, sender_name: \"a\\nBcc: b@c.cn\"}", "smtp.sender_name"),
    ("smtp: {host: smtp.126.com, ehlo_name: 'a b'}", "smtp.ehlo_name"),
    ("smtp: {host: smtp.126.com, timeout_seconds: 0}", "smtp.timeout_seconds"),
    ("nonsense: 1", "nonsense"),
])  # fmt: skip
def test_an_impossible_value_is_named_with_line_and_key(wrong, text, key):
    """On the fifth line, beneath the mailbox (or in its place)."""
    others = "" if text.startswith("mailboxes") else MAILBOX
    error = wrong(others + text + "\n")
    assert error.key == key
    assert error.line == others.count("\n") + 1


@pytest.mark.parametrize(("line", "text", "key"), [
    (2, "  - address: 张三@126.com", "mailboxes[0].address"),
    (2, "  - adress: a@126.com", "mailboxes[0].adress"),
    (3, "    imap: {}", "mailboxes[0].imap.host"),
    (3, "    imap: {host: imap.126.com, tls: none}", "mailboxes[0].imap.tls"),
    (3, "    imap: {host: imap.126.com, port: '993'}", "mailboxes[0].imap.port"),
    (4, "    password: ABCDEFGH", "mailboxes[0].password"),
    (4, "    授权码: ABCDEFGH", "mailboxes[0].授权码"),
    (4, "    password_env: 'ABCD EFGH'", "mailboxes[0].password_env"),
    (4, "    password_credential: ../code", "mailboxes[0].password_credential"),
    (5, "    folders: []", "mailboxes[0].folders"),
    (5, "    folders: [INBOX, INBOX]", "mailboxes[0].folders[1]"),
    (5, "    since: 2019-7-24", "mailboxes[0].since"),
    (5, "    since: 2019-02-29", "mailboxes[0].since"),
    (5, "    poll_seconds: 0", "mailboxes[0].poll_seconds"),
    (5, "    aliases: [x]", "mailboxes[0].aliases[0]"),
])
def test_a_mistake_in_a_mailbox_is_named_with_line_and_key(wrong, line, text, key):
    """Its place in the list is part of the key."""
    lines = MAILBOX.splitlines()
    lines[line - 1 : line] = [text]
    error = wrong("\n".join(lines))
    assert (error.line, error.key) == (line, key)


def test_a_password_in_the_file_is_refused_and_not_repeated(wrong):
    """Whatever the message, it may end up in a log."""
    for text in ("password: QWERTYUIOP", "password_env: 'QWERTY UIOP'"):
        error = wrong(MAILBOX + f"smtp: {{host: x.cn, user: a, {text}}}\n")
        assert "QWERTY" not in str(error)


def test_a_mailbox_without_a_source_for_its_password_is_an_error(wrong):
    """The three ways are named."""
    error = wrong(MAILBOX.replace("    password_env: INTAKE_PASSWORD\n", ""))
    assert error.key == "mailboxes[0]" and "password_credential" in str(error)


def test_the_same_mailbox_twice_is_an_error(wrong):
    """It would be watched twice."""
    error = wrong(MAILBOX + MAILBOX.removeprefix("mailboxes:\n"))
    assert (error.line, error.key) == (5, "mailboxes[1]")


@pytest.mark.parametrize(("text", "mode", "at"), [
    ("reply: {mode: off}\ndigest: {at: 8:30}", "off", time(8, 30)),
    ("reply: {mode: 'off'}\ndigest: {at: 08:05}", "off", time(8, 5)),
    ("reply: {mode: approve}\ndigest: {at: '18:00'}", "approve", time(18)),
    ("reply:\ndigest:\n", "send", time(8, 30)),
])
def test_the_traps_of_yaml_do_no_harm(write, text, mode, at):
    """A bare off is not False, a bare 8:30 is not 510, an empty section is its defaults."""
    config = write(MAILBOX + text)
    assert (config.reply.mode, config.digest.at) == (mode, at)


def test_a_day_may_stand_bare_or_in_quotes_or_be_left_empty(write):
    """`since`."""
    for text, expected in (("2019-07-24", date(2019, 7, 24)), ("'2019-07-24'", date(2019, 7, 24)), ("", None)):
        assert write(MAILBOX + f"    since: {text}\n").mailboxes[0].since == expected


def test_no_mailbox_is_enough_for_importing(write):
    """`intake import` needs none."""
    for text in ("mailboxes: []\n", "data: ./x\n", "mailboxes:\ndata: ./x\n"):
        assert write(text).mailboxes == ()


def test_sending_without_any_mailbox_needs_a_sender(write, wrong):
    """There is no first mailbox to take it from."""
    assert wrong("smtp: {host: x.cn}\n").key == "smtp"
    assert write("smtp: {host: x.cn, sender: a@x.cn}\n").smtp.sender == "a@x.cn"


def test_the_sender_is_the_first_mailbox_unless_written(write):
    """And ports follow the encryption."""
    smtp = write(MAILBOX + "smtp: {host: smtp.126.com}\n").smtp
    assert smtp == Smtp(Server("smtp.126.com", 465), None, None, "a@126.com")
    for text, port in (("tls: starttls", 587), ("tls: implicit", 465), ("tls: starttls, port: 25", 25)):
        assert write(MAILBOX + f"smtp: {{host: smtp.126.com, {text}}}\n").smtp.server.port == port


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "'::1'"])
def test_no_encryption_is_possible_on_this_machine_only(write, host):
    """For demonstrations and tests."""
    assert write(MAILBOX + f"smtp: {{host: {host}, tls: none}}\n").smtp.server.tls == "none"


def test_paths_are_relative_to_the_file(write, tmp_path, monkeypatch):
    """Wherever the program is started."""
    monkeypatch.chdir("/")
    (tmp_path / "ca.pem").write_text("x")
    (tmp_path / "my.yaml").write_text("x")
    config = write(
        "data: ../d\nsurvey: my.yaml\n" + MAILBOX.replace("password_env: INTAKE_PASSWORD", "password_file: code")
        + "smtp: {host: x.cn, ca_file: ca.pem}\n")  # fmt: skip
    assert config.data == tmp_path / "../d" and config.survey == tmp_path / "my.yaml"
    assert config.mailboxes[0].password == Secret("file", str(tmp_path / "code"))
    assert config.smtp.server.ca_file == tmp_path / "ca.pem"


def test_the_shipped_survey_is_meant_where_the_file_has_none_beside_it(write, tmp_path):
    """`survey: rules/survey.yaml` works in a copy of service.yaml anywhere."""
    assert write(MAILBOX + "survey: rules/survey.yaml\n").survey == SHIPPED_SURVEY
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "survey.yaml").write_text("x")
    assert write(MAILBOX + "survey: rules/survey.yaml\n").survey == tmp_path / "rules" / "survey.yaml"


def test_the_example_of_the_data_contract_loads(write, tmp_path):
    """Word for word, with a private CA beside it."""
    config = write(DATA_CONTRACT)
    assert config.mailboxes[0].folders == ("INBOX", "垃圾邮件", "广告邮件", "订阅邮件")
    assert config.mailboxes[0].since == date(2019, 7, 24) and config.smtp.user == "hdwxb2019@126.com"
    assert config.digest == DigestPolicy(("office@example.cn",), time(8, 30)) and config.survey == SHIPPED_SURVEY


DATA_CONTRACT = """\
data: ./data                      # everything the daemon keeps: intake.db, raw mails, files
survey: rules/survey.yaml         # which collection this is (default: the one shipped)
time_zone: Asia/Shanghai
mailboxes:
  - address: hdwxb2019@126.com
    imap: {host: imap.126.com, port: 993, tls: implicit}     # tls: implicit | starttls | none
    user: hdwxb2019@126.com
    password_env: INTAKE_PASSWORD                            # or password_file, or password_credential (systemd)
    folders: [INBOX, 垃圾邮件, 广告邮件, 订阅邮件]              # folders that do not exist are reported, not fatal
    since: 2019-07-24             # older mail is entered in the ledger and left alone
    poll_seconds: 60
smtp: {host: smtp.126.com, port: 465, tls: implicit, user: hdwxb2019@126.com, password_env: INTAKE_PASSWORD}
reply:
  mode: send                      # send | approve | off
  max_age_days: 30                # no automatic answer to older mail; 0: no limit
  seconds_between: 20             # pacing; and caps: per_address_per_day, per_day, …
digest: {to: [office@example.cn], at: "08:30"}
read: {processes: 2}              # and limits: bytes, files, depth, seconds, memory
"""


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    """Not a traceback."""
    with pytest.raises(ConfigError, match="none.yaml"):
        load_config(tmp_path / "none.yaml")


def test_holidays_are_written_as_days_or_spans(tmp_path):
    """However the span is written; a day that is written twice counts once."""
    written = "digest: {holidays: [2019-09-13, 2019-10-01…2019-10-03, 2019-10-03..2019-10-04, '2019-12-31 至 2020-01-01']}"
    path = tmp_path / "service.yaml"
    path.write_text(written + "\nmailboxes: []\n", "utf-8")
    days = sorted(day.isoformat() for day in load_config(path).digest.holidays)
    assert days == ["2019-09-13", "2019-10-01", "2019-10-02", "2019-10-03", "2019-10-04", "2019-12-31", "2020-01-01"]


def test_the_workbooks_of_the_days_lie_in_the_data_folder_or_where_the_file_says(write, tmp_path):
    """Relative to the file, like every path."""
    assert write(f"{MAILBOX}digest: {{ledger: folder, ledger_folder: }}").ledger_folder == tmp_path / "data" / "ledgers"
    config = write(f"{MAILBOX}digest: {{ledger: attach, ledger_folder: \u53f0\u8d26, ledger_mb: 3}}")
    assert (config.digest.ledger, config.ledger_folder, config.digest.ledger_mb) == ("attach", tmp_path / "\u53f0\u8d26", 3)
