"""The office's commands on a real small store: what they write down, print and answer."""

import email
import email.policy
import json
import re
import sqlite3
from contextlib import closing
from datetime import datetime

import pytest
from build_conversation import Play
from build_facts import id_number
from build_forms import individual_docx, individual_fields
from build_mails import mail
from build_samples import docx
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from intake import cli
from rules.decisions import Decision
from store.database import connect, one, rows
from store.decisions import add_decision, decisions_of
from store.migrations import m001_initial

UNIT_IN_PART = {"发件人": "a@example.net", "主题": "青石小学登记", "附件": {"登记表.docx": "单位表", "证书.jpg": "单位证书"}}
PERSON = {"发件人": "b@example.net", "附件": {"登记表.docx": "个人表", "证.jpg": {"种类": "身份证", "姓名": "谭晓禾"}}}


@pytest.fixture
def stage(tmp_path, monkeypatch, capsys):
    """An empty office."""
    return Play(tmp_path, monkeypatch, capsys)


def test_a_decision_says_who_when_and_why_for_good(stage):
    """In `decisions` and in `events`; neither can be changed."""
    stage.mail(PERSON)
    code, said = stage.clerk("correct HD2019-0001 admin_phone=13907345555 --as 康敏祎 --why 电话核实")
    assert code == 0 and "HD2019-0001：电子材料齐全" in said
    (decision,) = rows(stage.database, "SELECT * FROM decisions")
    assert (decision["actor"], decision["kind"], decision["name"], decision["why"]) == (
        "康敏祎", "correct", "admin_phone", "电话核实")
    event = one(stage.database, "SELECT * FROM events WHERE action = 'corrected'")
    assert event["actor"] == "康敏祎" and json.loads(event["detail"])["why"] == "电话核实"
    assert "13907345555" not in event["detail"]
    history = one(stage.database, "SELECT * FROM account_history")
    assert (history["old_value"], history["new_value"], history["actor"]) == ("13907340001", "13907345555", "康敏祎")
    for statement in ("UPDATE decisions SET why = ''", "DELETE FROM decisions"):
        with pytest.raises(sqlite3.IntegrityError):
            stage.database.conn.execute(statement)


def test_a_number_in_the_reason_is_masked_in_the_audit_trail(stage):
    """`events` can be read by whoever reads Datasette."""
    stage.mail(PERSON)
    stage.clerk("note HD2019-0001 x --why 电话13907345555")
    stage.clerk("withdraw HD2019-0001 --why 本人13907345555来电")
    assert all("13907345555" not in (row["detail"] or "") for row in rows(stage.database, "SELECT detail FROM events"))


def test_a_database_of_the_first_version_learns_to_keep_decisions(tmp_path):
    """What is in it stays; the first decision can be written."""
    path = tmp_path / "intake.db"
    first = Migrations("intake")
    first()(m001_initial.m001_initial)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        old = Database(connection)
        first.apply(old)
        old["submissions"].insert({"number": "HD2019-0001", "category": "unit", "status": "review",
                                   "opened_at": "2019-08-01T09:00:00+08:00", "updated_at": "2019-08-01T09:00:00+08:00"})
    with closing(connect(path)) as database:
        assert one(database, "SELECT merged_into FROM submissions WHERE number = 'HD2019-0001'") == {"merged_into": None}
        add_decision(database, Decision("note", datetime.now().astimezone(), "康敏祎"), submission_id=1)
        assert [each.kind for each in decisions_of(database, 1)] == ["note"]


def test_the_corrected_value_stands_in_the_fields_as_a_persons(stage):
    """Method `human`, confidence 1."""
    stage.mail(PERSON)
    stage.clerk("correct HD2019-0001 followers=1.5万")
    row = one(stage.database, "SELECT * FROM fields WHERE name = 'followers'")
    assert (row["value"], row["method"], row["confidence"], row["valid"]) == ("15000", "human", 1.0, 1)
    assert one(stage.database, "SELECT followers FROM accounts")["followers"] == 15000


def test_who_decides_is_the_user_unless_it_is_said(stage, monkeypatch):
    """The operating system's user."""
    stage.mail(PERSON)
    monkeypatch.setenv("SUDO_USER", "kangmy")
    stage.clerk("note HD2019-0001 已电话联系")
    assert one(stage.database, "SELECT actor FROM decisions")["actor"] == "kangmy"


def test_the_answer_to_a_decision_is_a_mail_of_its_own_in_the_same_thread(stage):
    """It answers no mail in the table, and its Message-ID is never another's."""
    stage.mail(UNIT_IN_PART)
    stage.clerk("accept HD2019-0001 principal_id_card --why 当面核验")
    stage.clerk("reject HD2019-0001 principal_id_card")
    stage.clerk("accept HD2019-0001 principal_id_card --why 当面核验")
    replies = stage.replies()
    assert [row["kind"] for row in replies] == ["missing_materials", "acknowledgement", "missing_materials",
                                                "acknowledgement"]
    assert [row["message_id"] for row in replies] == [1, None, None, None]
    assert len({row["smtp_message_id"] for row in replies}) == 4
    last = email.message_from_bytes(replies[-1]["mime"], policy=email.policy.default)
    assert last["to"] == "a@example.net" and last["in-reply-to"] == "<1@example.net>"
    assert "青石小学登记" in last["subject"] and "HD2019-0001" in last["subject"]
    assert one(stage.database, "SELECT count(*) AS n FROM reply_submissions")["n"] == 4


def test_an_answer_to_our_decision_mail_finds_its_submission(stage):
    """The thread leads there, from whatever address."""
    stage.mail(UNIT_IN_PART)
    stage.clerk("reject HD2019-0001 org_certificate --why 不是本单位的")
    stage.mail({"发件人": "z@example.org", "答复": True, "答复给": "a@example.net", "附件": {"证.jpg": "身份证"}})
    assert one(stage.database, "SELECT missing FROM submissions")["missing"] == '["org_certificate"]'


def test_in_approve_mode_the_answer_waits(stage):
    """As every answer does."""
    stage.path.write_text(stage.path.read_text("utf-8").replace("confirm_paper", "mode: approve, confirm_paper"))
    stage.mail(UNIT_IN_PART)
    stage.clerk("accept HD2019-0001 principal_id_card --why 当面核验")
    assert [row["state"] for row in stage.replies()] == ["queued", "held"]


def test_a_dead_address_and_the_cap_hold_for_decisions_too(stage):
    """The reply is there, suppressed, with its reason."""
    stage.mail(UNIT_IN_PART)
    stage.database["dead_addresses"].insert({"address": "a@example.net", "at": "2019-08-01T00:00:00+08:00"})
    code, said = stage.clerk("accept HD2019-0001 principal_id_card --why 当面核验")
    assert code == 0 and "不发送" in said
    assert stage.replies()[-1]["state"] == "suppressed" and "退回" in stage.replies()[-1]["reason"]


def test_the_paper_form_is_confirmed_only_where_the_office_wants_it(stage):
    """`reply.confirm_paper`."""
    for number, wanted in ((1, "true"), (2, "false")):
        stage.path.write_text(re.sub("confirm_paper: [a-z]+", f"confirm_paper: {wanted}", stage.path.read_text("utf-8")))
        stage.mail({"发件人": f"{number}@example.net", "附件": {
            "表.docx": {"种类": "个人表", "号": number, "owner_name": f"谭晓{number}", "name": f"号{number}", "handle": f"h{number}"},
            "证.jpg": {"种类": "身份证", "姓名": f"谭晓{number}", "号": number}}})
        before = stage.last("replies")
        assert stage.clerk(f"paper HD2019-000{number} --day 2019-08-05")[0] == 0
        assert [row["kind"] for row in stage.replies(before)] == ["confirmation"] * (wanted == "true")
    assert one(stage.database, "SELECT paper_received_at AS at FROM submissions")["at"] == "2019-08-05T00:00:00+08:00"


def test_papers_for_several_numbers_are_done_as_far_as_they_can_be(stage):
    """Exit code 1 where one was not."""
    stage.mail(PERSON)
    code, said = stage.clerk("paper HD2019-0009 HD2019-0001")
    assert code == 1 and "没有登记编号HD2019-0009" in said
    assert one(stage.database, "SELECT status FROM submissions")["status"] == "registered"


def test_review_lists_reasons_evidence_and_mails_that_belong_nowhere(stage):
    """For people, and the same as JSON; no number of a person, no whole address."""
    stage.mail({**PERSON, "附件": {"表.jpg": {"种类": "个人表", "看不清的栏": ["owner_id_number"]},
                                  "证.jpg": {"种类": "身份证", "姓名": "谭晓禾", "把握": 0.4}, "扫描.et": "格式不支持"}})
    stage.mail({"发件人": "stranger@example.org", "主题": "补 HD2019-0001", "附件": {"x.jpg": {"种类": "身份证", "姓名": "王二", "号": 77}}})
    code, said = stage.clerk("review")
    assert code == 0
    for part in ("HD2019-0001 谭晓禾", "把握不大", "识别", "证.jpg", "把握 40%", "扫描.et", "格式暂不支持", "b***@example.net",
                 "来信 2", "疑似", "可能属于：HD2019-0001", "intake assign 2", "x.jpg"):
        assert part in said, part
    assert id_number(1) not in said and id_number(77) not in said and "stranger@" not in said
    found = json.loads(stage.clerk("review --json")[1])
    assert [each["number"] for each in found["submissions"]] == ["HD2019-0001"]
    assert found["messages"][0]["candidates"] == ["HD2019-0001"] and found["failed"] == []
    assert {each["sort"] for each in found["submissions"][0]["evidence"]} == {"field", "paper", "file"}
    assert id_number(1) not in json.dumps(found)


def test_review_names_mails_that_could_not_be_processed(stage):
    """With the command that tries them again."""
    stage.mail(PERSON)
    stage.database.conn.execute("UPDATE messages SET state = 'failed', error = '读取超时'")
    said = stage.clerk("review")[1]
    assert "读取超时" in said and "intake retry 1" in said


def test_a_mail_that_belongs_nowhere_can_be_put_aside(stage):
    """By who and why; a second time there is nothing to put aside."""
    stage.mail(UNIT_IN_PART)
    stage.mail({"发件人": "stranger@example.org", "主题": "补 HD2019-0001", "附件": {"x.jpg": {"种类": "身份证", "姓名": "王二", "号": 77}}})
    assert "clear --message 2" in stage.clerk("review")[1]
    assert stage.clerk("clear --message 2 --as 康敏祎 --why 与本次登记无关")[0] == 0
    assert "来信 2" not in stage.clerk("review")[1]
    event = one(stage.database, "SELECT * FROM events WHERE action = 'cleared'")
    assert (event["message_id"], event["actor"]) == (2, "康敏祎")
    assert stage.clerk("clear --message 2")[0] == 1 and stage.clerk("clear")[0] == 2


def test_nothing_to_review_is_said(stage):
    """In an empty office."""
    assert stage.clerk("review")[1] == "没有需要人工核验的事项。\n"


def test_show_tells_the_decisions(stage):
    """Who, what, why; numbers of persons masked."""
    stage.mail(PERSON)
    stage.clerk("correct HD2019-0001 admin_phone=13907345555 --as 康敏祎 --why 电话核实")
    stage.clerk("reject HD2019-0001 id_card --as 康敏祎 --why 过期")
    stage.clerk("note HD2019-0001 本人来电 --as 老李")
    said = stage.clerk("show HD2019-0001")[1]
    assert "工作人员的决定" in said and "核定栏目：管理员手机号码 139****0001 → 139****5555；原因：电话核实" in said
    assert "不采纳证件：居民身份证（证.jpg）；原因：过期" in said and "老李 备注：本人来电" in said
    assert "13907345555" not in said


def test_results_can_be_read_by_scripts(stage):
    """`--json`: number, status, missing, reasons, reply."""
    stage.mail(UNIT_IN_PART)
    (found,) = json.loads(stage.clerk("accept HD2019-0001 principal_id_card --why 当面 --json")[1])
    assert found == {"number": "HD2019-0001", "status": "complete", "missing": [], "review_reasons": [],
                     "reply": "acknowledgement", "silence": None}


@pytest.mark.parametrize(("command", "part"), [
    ("accept HD2019-0001 unit_form", "intake correct"), ("accept HD2019-0001 id_card", "principal_id_card"),
    ("accept HD2019-0001 org_certificate --file 99", "没有附件99"), ("reject HD2019-0001 principal_id_card", "没有收到"),
    ("correct HD2019-0001 name=甲 --account 9", "没有账号9"), ("merge HD2019-0001 HD2019-0001", "同一份"),
    ("split HD2019-0001", "--account"), ("split HD2019-0001 --message 1", "至少要留下一个"),
    ("withdraw --undo HD2019-0001", "不必恢复"), ("assign 9 HD2019-0001", "没有来信9"),
    ("assign 1 HD2019-0009", "没有登记编号"), ("assign 1 new", "只有来信1"), ("clear HD2019-0404", "没有登记编号"),
    ("category HD2019-0001 firma", "unit（单位）、individual（个人）"),
])  # fmt: skip
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(stage, command, part):
    """Exit code 1."""
    stage.mail(UNIT_IN_PART)
    before = "\n".join(stage.database.conn.iterdump())
    code, said = stage.clerk(command)
    assert code == 1 and part in said and said.count("\n") <= 1, said
    assert "\n".join(stage.database.conn.iterdump()) == before


@pytest.mark.parametrize("command", ["correct HD2019-0001 name", "correct HD2019-0001",
                                     "paper", "paper HD2019-0001 --day gestern", "assign x new"])
def test_wrong_usage_ends_with_2(stage, command):
    """Before anything is opened."""
    with pytest.raises(SystemExit) as ended:
        stage.clerk(command)
    assert ended.value.code == 2


def test_several_accounts_and_papers_must_be_told_apart(stage):
    """The choices are named."""
    stage.mail({**UNIT_IN_PART, "附件": {
        **UNIT_IN_PART["附件"], "二.docx": {"种类": "单位表", "name": "青石视频", "handle": "qssp", "platform": "抖音号"},
        "证1.jpg": "身份证", "证2.jpg": {"种类": "身份证", "姓名": "王二", "号": 5}}})
    assert "1 青石小学之声" in stage.clerk("correct HD2019-0001 name=甲")[1]
    code, said = stage.clerk("reject HD2019-0001 principal_id_card")
    assert code == 1 and "证1.jpg" in said and "--file" in said
    assert stage.clerk("correct HD2019-0001 name=甲 --account 2")[0] == 0
    assert one(stage.database, "SELECT name FROM accounts WHERE id = 2")["name"] == "甲"


def test_paper_and_withdrawal_can_be_taken_back(stage):
    """And the decisions all stay."""
    stage.mail(PERSON)
    for command, status in (("paper HD2019-0001", "registered"), ("paper --undo HD2019-0001", "complete"),
                            ("withdraw HD2019-0001", "withdrawn"), ("withdraw --undo HD2019-0001", "complete")):
        assert stage.clerk(command)[0] == 0
        row = one(stage.database, "SELECT status, paper_received_at FROM submissions")
        assert row["status"] == status and (row["paper_received_at"] is not None) == (status == "registered")
    assert [row["kind"] for row in rows(stage.database, "SELECT kind FROM decisions")] == [
        "paper", "paper", "withdraw", "withdraw"]


def test_assigning_reads_the_mail_anew(tmp_path, capsys):
    """Real mails and real readers: a question becomes part of the submission that a person names; again: no change."""
    stage = Play(tmp_path, None, capsys)
    folder = tmp_path / "mails"
    folder.mkdir()
    form = docx("登记表.docx", individual_docx(individual_fields(), "official"))
    for name, raw in (
        ("1", mail("登记", "x@example.cn", to="office@example.cn", body="见附件", attachments=[form])),
        ("2", mail("新媒体账号登记表", "y@example.cn", to="office@example.cn", body="请问我妻子报的登记表收到没有?"))):
        (folder / f"{name}.eml").write_bytes(raw)
    assert cli.main(["import", "-c", str(stage.path), str(folder)]) == 0
    assert [row["kind"] for row in rows(stage.database, "SELECT kind FROM messages ORDER BY id")] == ["registration", "inquiry"]
    capsys.readouterr()
    for _ in range(2):
        code, said = stage.clerk("assign 2 HD2019-0001 --as 康敏祎")
        assert code == 0, said
    assert [row["kind"] for row in rows(stage.database, "SELECT kind FROM messages ORDER BY id")] == ["registration", "supplement"]
    assert one(stage.database, "SELECT count(*) AS n FROM decisions")["n"] == 1
    assert [row["why"] for row in rows(stage.database, "SELECT why FROM submission_messages")] == ["new", "assigned"]
