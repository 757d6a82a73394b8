"""What the commands do with real data: what they print, what they change, and with which code they end."""

import io
import json
import re
import socket
from datetime import datetime, timedelta

import openpyxl
import pytest
from build_mails import mail
from build_office import CONFIGURATION, Office
from build_store import ZONE, add_message, add_reply

from intake.lock import exclusive
from store import pacing

WITHOUT_BOXES = "mailboxes: []\n"


@pytest.fixture
def office(tmp_path, capsys):
    """An office with data."""
    return Office(tmp_path, capsys).fill()


# -- looking ---------------------------------------------------------------------------------------------------------


def test_status_is_2_when_the_daemon_does_not_report(office):
    """Never, or too long ago."""
    assert office.run("status").code == 2
    office.beat(minutes_ago=10)
    ended = office.run("status")
    assert ended.code == 2 and "没有在运行" in ended.out and not ended.out.endswith("\n\n")


def test_status_is_1_with_work_for_a_person_and_0_without(tmp_path, capsys):
    """In words and as JSON."""
    office = Office(tmp_path, capsys)
    office.beat()
    assert office.run("status").code == 0 and office.json("status")["state"] == "healthy"
    office.fill()
    facts = office.json("status")
    assert office.run("status").code == facts["exit_code"] == 1 and facts["attention"]["mail_uncertain"] == 1


def test_status_without_any_data_is_2_and_creates_none(tmp_path, capsys):
    """Looking must not change anything."""
    office = Office(tmp_path, capsys)
    ended = office.run("status")
    assert ended.code == 2 and "intake run" in ended.out and not office.data.exists()


def test_doctor_says_what_is_wrong_and_what_to_do(office):
    """Nothing listens on port 9; the same as JSON."""
    ended = office.run("doctor")
    assert ended.code == 1 and "[错误]" in ended.out and "→" in ended.out and ended.err == ""
    found = office.json("doctor")
    assert {one["state"] for one in found} >= {"ok", "bad"} and all(one["sentence"] for one in found)


def test_doctor_ends_with_78_when_the_configuration_is_wrong(office):
    """As JSON too."""
    office.configure("data: 5: 6\n")
    ended = office.run("doctor", "--json")
    assert ended.code == 78 and json.loads(ended.out)[0]["name"] == "config"


def test_show_tells_a_submission_in_any_case_and_a_mail(office):
    """Blanks around the number do no harm."""
    for number in ("HD2019-0001", " hd2019-0001 "):
        ended = office.run("show", number)
        assert ended.code == 0 and "衡东县第一中学" in ended.out and ended.err == ""
    assert "坏信" in office.run("show", "--message", "2").out


@pytest.mark.parametrize("arguments", [("HD2019-9999",), ("",), ("x\udcff",), ("--message", "999"), ("--message", "9" * 18)])
def test_show_of_what_is_not_there_is_one_line_and_1(arguments, office):
    """Also for bytes that are no text, and for large numbers."""
    ended = office.run("show", *arguments)
    assert (ended.code, ended.out) == (1, "") and ended.err.startswith("没有") and ended.err.count("\n") == 1


def test_show_wants_one_thing(office):
    """Neither nothing nor both."""
    assert office.run("show").code == office.run("show", "HD2019-0001", "--message", "1").code == 2


# -- the outbox ------------------------------------------------------------------------------------------------------


def test_the_outbox_lists_what_waits(office):
    """With labels, states and addresses; what is sent is not listed."""
    ended = office.run("outbox")
    assert ended.code == 0 and "待审批" in ended.out and "不确定是否发出" in ended.out and "sent@" not in ended.out
    listed = office.json("outbox")
    assert [one["label"] for one in listed if one["state"] == "held"] in (["1", "d1"], ["d1", "1"])
    assert office.run("outbox").out == office.run("outbox", "list").out


def test_an_empty_outbox_says_so(tmp_path, capsys):
    """And `[]` as JSON."""
    office = Office(tmp_path, capsys)
    assert office.run("outbox").out == "没有待发的邮件。\n" and office.json("outbox") == []


@pytest.mark.parametrize(("action", "before", "after"), [
    ("approve", {"held"}, "queued"), ("hold", {"queued", "deferred"}, "held"),
    ("release", {"held", "failed", "deferred"}, "queued"), ("confirm", {"uncertain"}, "sent"),
])  # fmt: skip
def test_all_means_the_mails_for_which_the_action_is_meant(action, before, after, office):
    """Above all: `release all` does not send again what may have arrived."""
    was = office.states()
    ended = office.run("outbox", action, "all")
    assert ended.code == 0 and ended.err == ""
    assert office.states() == {label: after if state in before else state for label, state in was.items()}
    assert office.run("outbox", action, "all").code == 0 or action == "hold"


def test_one_mail_is_changed_and_the_others_are_not(office):
    """A reply and a digest's mail, by their labels; upper case too."""
    assert office.run("outbox", "approve", "1", "D1").out == "已处理 2 封：1、d1。\n"
    assert office.states() | {"1": "queued", "d1": "queued"} == office.states()


def test_an_uncertain_mail_is_sent_again_only_by_its_own_id(office):
    """A person has looked and it did not arrive."""
    assert office.run("outbox", "release", "5").code == 0 and office.states()["5"] == "queued"


def test_what_cannot_be_changed_is_named_with_its_state(office):
    """Exit code 1, the rest is done; as JSON too."""
    ended = office.run("outbox", "confirm", "1", "5", "77")
    assert ended.code == 1 and "已处理 1 封：5" in ended.out
    assert "未改动 1：现为“待审批”" in ended.err and "未改动 77：" in ended.err
    told = office.json("outbox", "approve", "1", "77")
    assert told["changed"] == ["1"] and list(told["unchanged"]) == ["77"]


def test_an_action_without_ids_is_wrong_usage(office):
    """Nothing is changed."""
    was = office.states()
    assert office.run("outbox", "approve").code == 2 and office.states() == was


def test_a_pause_is_shown_and_can_be_ended(office):
    """`resume`, once; the event names who did it."""
    until = datetime.now(ZONE) + timedelta(hours=2)
    with office.database() as database:
        pacing.pause(database, pacing.Pause(until, "当天发信数量超过限制"), until - timedelta(hours=3))
    assert "当天发信数量超过限制" in office.run("outbox").out
    assert "已结束" in office.run("outbox", "resume").out and "没有暂停" in office.run("outbox", "resume").out
    assert "当天发信数量超过限制" not in office.run("outbox").out
    with office.database() as database:
        assert pacing.last_pause(database) is None
        assert [row["actor"] for row in database.query("SELECT actor FROM events WHERE action = 'resumed'")] != ["daemon"]


# -- work ------------------------------------------------------------------------------------------------------------


def test_a_mail_that_was_given_up_is_tried_again(office):
    """By its id, once; others are left alone."""
    ended = office.run("retry", "2")
    assert ended.code == 0 and "将重新处理：2" in ended.out
    again = office.run("retry", "1", "2", "999")
    assert again.code == 1 and "1、2、999" in again.err and "intake replay --message 1" in again.err


def test_retry_all_takes_every_mail_that_was_given_up(office):
    """And says when there is none."""
    with office.database() as database:
        add_message(database, state="failed", kind=None)
    assert "2、3" in office.run("retry", "all").out
    assert office.run("retry", "all") == (0, "没有未能处理的来信。\n", "")


def test_a_digest_is_printed_for_yesterday_or_for_a_day(office):
    """Nothing is stored by looking."""
    assert "2019年8月1日" in office.run("digest", "--day", "2019-08-01").out
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    assert f"{yesterday.year}年{yesterday.month}月{yesterday.day}日" in office.run("digest").out
    with office.database() as database:
        assert database["digests"].count == 1


def test_a_digest_is_written_to_a_folder(office):
    """HTML and text; printed too when asked for."""
    ended = office.run("digest", "--day", "2019-08-03", "--out", str(office.folder / "reports"))
    assert ended.code == 0 and ended.out == "" and len(list((office.folder / "reports").iterdir())) == 2
    assert "2019年8月3日" in office.run("digest", "--day", "2019-08-03", "--out", str(office.folder), "--print").out


def test_a_digest_is_queued_once(office):
    """And refused, with 78, where nobody is to get it."""
    for word in ("已放入待发邮件 1 封", "不重复发送"):
        ended = office.run("digest", "--day", "2019-08-03", "--send")
        assert ended.code == 0 and word in ended.err
    office.configure(CONFIGURATION.replace("[head@example.org]", "[]"))
    ended = office.run("digest", "--day", "2019-08-04", "--send")
    assert ended.code == 78 and "digest.to" in ended.err


def test_the_workbook_is_written(office):
    """And can be opened."""
    ended = office.run("ledger", str(office.folder / "out" / "台账.xlsx"))
    assert ended.code == 0 and "1 份登记" in ended.out
    assert openpyxl.load_workbook(office.folder / "out" / "台账.xlsx").sheetnames


def test_mails_are_imported_once_and_nothing_is_sent(tmp_path, capsys):
    """What is no mail is named and passed over with exit code 1."""
    office = Office(tmp_path, capsys)
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "1.eml").write_bytes(mail(subject="如何登记", to="office@example.cn", body="请问新媒体账号如何登记？"))
    found = office.json("import", str(mails))
    assert (found["entered"], found["processed"], found["failed"], found["problems"]) == (1, 1, 0, [])
    assert set(office.states().values()) <= {"held", "queued", "suppressed"}
    (mails / "2.txt").write_text("kein Brief")
    ended = office.run("import", str(mails), str(tmp_path / "none.eml"))
    assert ended.code == 1 and "已有 1 封" in ended.out and ended.err.count("跳过 ") == 2


def test_delivering_without_a_server_in_the_configuration_is_78(office):
    """It says which key."""
    office.configure(WITHOUT_BOXES)
    ended = office.run("deliver")
    assert ended.code == 78 and "smtp" in ended.err


def test_delivering_to_a_server_that_is_down_is_1_and_loses_nothing(office):
    """The account rests; the mails wait."""
    with office.database() as database:
        add_reply(database, None, state="queued")
    ended = office.run("deliver")
    assert ended.code == 1 and "发信暂停" in ended.out and "Traceback" not in ended.err
    assert "sent" not in {state for label, state in office.states().items() if label == "7"}


def test_delivering_beside_the_daemon_is_left_to_the_daemon(office):
    """One deliverer at a time."""
    with exclusive(office.data / "deliver.lock"):
        ended = office.run("deliver")
    assert (ended.code, ended.err) == (0, "") and "不必重复运行" in ended.out


def test_the_daemon_wants_a_mailbox_a_password_and_the_data_for_itself(office):
    """Wrong configuration is 78 at once, so that systemd does not try for ever; a second daemon is 1."""
    (office.folder / "code").unlink()
    assert office.run("run").code == 78
    (office.folder / "code").write_text("AUTHCODE")
    with exclusive(office.data / "daemon.lock"):
        ended = office.run("run")
    assert ended.code == 1 and "已有一个服务" in ended.err
    office.configure(WITHOUT_BOXES)
    assert "mailboxes" in office.run("run").err and office.run("once").code == 78


def test_one_turn_with_a_mailbox_that_is_down_does_the_rest_and_is_1(office):
    """What lay in the ledger is processed."""
    office.run("retry", "2")
    ended = office.run("once")
    assert ended.code == 1 and "未能收信：office@example.cn" in ended.err and "新来信 0 封" in ended.out


def test_one_turn_without_the_password_is_78(office):
    """It is the configuration that is wrong."""
    (office.folder / "code").write_text("")
    ended = office.run("once")
    assert ended.code == 78 and "空" in ended.err


def test_a_port_that_is_taken_is_one_line(office):
    """Also when another admin runs already."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        office.configure(f"{CONFIGURATION}admin: {{port: {taken.getsockname()[1]}}}\n")
        ended = office.run("admin")
    assert ended.code == 1 and "占用" in ended.err and ended.err.count("\n") == 1


def test_the_admin_pages_are_for_this_machine_only(office):
    """Any other address is refused: there is no log-in."""
    office.configure(f"{CONFIGURATION}admin: {{host: 0.0.0.0}}\n")
    ended = office.run("admin")
    assert ended.code == 78 and "admin.host" in ended.err


def test_the_demonstration_deletes_nobodys_files(office):
    """A folder with other things in it is refused."""
    ended = office.run("demo", "--no-serve", "--folder", str(office.folder))
    assert ended.code == 78 and "--folder" in ended.err and office.config.exists()


# -- users of the admin pages ----------------------------------------------------------------------------------------


def test_users_are_added_changed_and_shut_out(office, monkeypatch):
    """The password comes on standard input or is typed twice; never in the arguments."""
    monkeypatch.setattr("sys.stdin", io.StringIO("ban-2019-xx\n"))
    assert office.run("user", "add", "李办", "--role", "办理", "--password-stdin").code == 0
    typed = iter(["kan-2019-xx", "kan-2019-xx", "eins-2019-x", "zwei-2019-x"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    assert office.run("user", "add", "王看", "--role", "view", "--full").code == 0
    ended = office.run("user", "passwd", "王看")
    assert ended.code == 1 and "不一样" in ended.err
    assert office.run("user", "change", "王看", "--no-full").code == office.run("user", "disable", "李办").code == 0
    listed = office.run("user").out
    assert re.search("李办 +办理 +不可看 +已停用", listed) and re.search("王看 +查看 +不可看 +可登录", listed)
    assert [one["name"] for one in office.json("user")] == ["李办", "王看"]
    assert office.run("user", "enable", "李办").code == 0


def test_what_is_wrong_with_a_user_is_said_before_a_password_is_asked_for(office, monkeypatch):
    """Usage is 2, a name that is not there 1."""
    monkeypatch.setattr("getpass.getpass", lambda prompt: pytest.fail("asked"))
    assert "还没有用户" in office.run("user").out
    for arguments in (("add",), ("add", "李办"), ("change", "李办"), ("add", "李办", "--role", "x")):
        assert office.run("user", *arguments).code == 2
    for arguments in (("passwd", "李办"), ("disable", "李办"), ("add", "李 办", "--role", "办理")):
        ended = office.run("user", *arguments)
        assert ended.code == 1 and ended.err.count("\n") == 1
