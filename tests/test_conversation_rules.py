"""What holds for every conversation, whatever comes in whatever order."""

import json
import tempfile
from pathlib import Path

import pytest
from build_conversation import Play
from build_facts import SURVEY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.complete import judge
from store.database import rows
from store.submissions import load_facts

SECOND = {"unit_name": "衡东县霞流中学", "legal_representative": "单志强", "name": "霞流之声", "handle": "xlzs"}
#: mails of two units and one person, each from one address: whole, in parts, twice, corrected
MAILS = {
    "unit form": {"发件人": "a@example.net", "附件": {"登记表.docx": "单位表"}},
    "unit certificate": {"发件人": "a@example.net", "附件": {"证书.jpg": "单位证书"}},
    "unit card": {"发件人": "a@example.net", "附件": {"身份证.jpg": "身份证"}},
    "unit second account": {"发件人": "a@example.net", "附件": {"二.docx": {
        "种类": "单位表", "name": "青石视频", "handle": "qssp", "platform": "抖音号", "service_type": "抖音号"}}},
    "other unit": {"发件人": "b@example.net", "附件": {
        "表.docx": {"种类": "单位表", **SECOND}, "证书.jpg": {"种类": "单位证书", "名称": "衡东县霞流中学", "号": 2}}},
    "other unit card": {"发件人": "b@example.net", "附件": {"证.jpg": {"种类": "身份证", "姓名": "单志强", "号": 8}}},
    "person form": {"发件人": "c@example.net", "附件": {"表.docx": "个人表"}},
    "person card": {"发件人": "c@example.net", "附件": {"证.jpg": {"种类": "身份证", "姓名": "谭晓禾"}}},
    "person incomplete form": {"发件人": "c@example.net", "附件": {"表1.docx": {"种类": "个人表", "空着": ["owner_phone"]}}},
    "unreadable": {"发件人": "a@example.net", "附件": {"扫描.jpg": "看不清"}},
    "thanks": {"发件人": "a@example.net", "主题": "谢谢", "正文": "谢谢"},
    "question": {"发件人": "d@example.net", "主题": "请问新媒体账号登记表在哪里下载", "正文": "请问登记表怎么填?"},
    "stranger": {"发件人": "e@example.org", "主题": "补 HD2019-0001", "附件": {"x.jpg": {"种类": "身份证", "姓名": "王二", "号": 77}}},
}
#: mails whose order is not told by what they say: no corrections, nothing weak
SETTLED = [name for name in MAILS if name not in ("unreadable", "thanks", "question", "stranger")]
#: a town's liaison hands in two units piece by piece, from one address
LIAISON = {
    "form 1": "单位表", "certificate 1": "单位证书", "card 1": "身份证", "form 2": {"种类": "单位表", **SECOND},
    "certificate 2": {"种类": "单位证书", "名称": "衡东县霞流中学", "号": 2}, "card 2": {"种类": "身份证", "姓名": "单志强", "号": 8}}
ACTIONS = ("correct {n} admin_phone=13907340077", "correct {n} admin_name=", "accept {n} principal_id_card --why 当面核验",
           "reject {n} org_certificate", "reject {n} id_card", "category {n} unit", "category {n} individual", "clear {n}",
           "merge {n} {m}", "split {n} --account 1", "paper {n}", "withdraw {n}", "withdraw --undo {n}", "assign 1 {n}",
           "assign 2 {n}", "assign 2 new", "note {n} 备注")
_FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told(stage: Play) -> list[tuple]:
    """The submissions without numbers and history: who, how they stand, their accounts and accepted materials."""
    found = []
    for row in rows(stage.database, "SELECT * FROM submissions WHERE status <> 'withdrawn'"):
        accounts = rows(stage.database, "SELECT name, handle, platform, admin_phone, owner_phone, unit_name FROM accounts "
                        "WHERE submission_id = ?", [row["id"]])
        materials = rows(stage.database, "SELECT DISTINCT kind, holder, number FROM materials WHERE submission_id = ? AND "
                         "accepted = 1", [row["id"]])
        found.append((row["registrant"], row["category"], row["status"], row["missing"], row["uscc"] or "",
                      row["id_number"] or "", sorted(map(repr, accounts)), sorted(map(repr, materials))))
    return sorted(found, key=repr)


@pytest.fixture
def stage(monkeypatch, capsys):
    """A maker of fresh stages; each in a folder of its own."""
    with tempfile.TemporaryDirectory() as root:
        yield lambda: Play(Path(tempfile.mkdtemp(dir=root)), monkeypatch, capsys)


@_FEW
@given(order=st.permutations(SETTLED))
def test_any_order_of_the_same_mails_ends_in_the_same_submissions(stage, order):
    """Up to numbering and history."""
    straight, shuffled = stage(), stage()
    for name in SETTLED:
        straight.mail(MAILS[name])
    for name in order:
        shuffled.mail(MAILS[name])
    assert told(shuffled) == told(straight)


@_FEW
@given(order=st.permutations(list(LIAISON)))
def test_two_units_of_one_liaison_piece_by_piece_end_complete(stage, order):
    """Whatever comes first: documents find the form that they belong to, also those that were left to a person."""
    play = stage()
    for name in order:
        play.mail({"发件人": "town@example.net", "附件": {f"{name}.x": LIAISON[name]}})
    assert [(row[0], row[2]) for row in told(play)] == [("衡东县霞流中学", "complete"), ("衡东县青石镇中心小学", "complete")]
    assert rows(play.database, "SELECT 1 FROM doubts WHERE resolved_at IS NULL") == []


@_FEW
@given(names=st.lists(st.sampled_from([name for name in MAILS if name != "unreadable"]), min_size=1, max_size=6))
def test_the_same_mails_once_more_change_nothing_and_get_no_answer(stage, names):
    """Everything sent a second time, with new headers. (A picture that nobody can read says something only once it is
    known who sends it.)"""
    play = stage()
    for name in names:
        play.mail(MAILS[name])
    before, replies = told(play), play.last("replies")
    for number in range(1, len(names) + 1):
        play.again(number)
    assert told(play) == before
    again = [row["kind"] for row in play.replies(replies)]
    assert [kind for kind in again if kind != "guidance"] == []


@_FEW
@given(steps=st.lists(st.one_of(st.sampled_from(list(MAILS)), st.tuples(
    st.sampled_from(ACTIONS), st.integers(1, 3), st.integers(1, 3))), min_size=3, max_size=14))
def test_no_sequence_leads_to_complete_with_anything_missing(stage, steps):
    """Mails and actions at random: whoever is told complete lacks nothing, and rows say what the rules say."""
    play = stage()
    for step in steps:
        if isinstance(step, str):
            play.mail(MAILS[step])
        else:
            action, n, m = step
            play.clerk(action.format(n=f"HD2019-{n:04d}", m=f"HD2019-{m:04d}"))
        check(play)
    assert rows(play.database, "PRAGMA foreign_key_check") == []
    assert [row for row in rows(play.database, "SELECT state FROM messages") if row["state"] != "processed"] == []


def check(play: Play) -> None:
    """What must hold after every step."""
    for row in rows(play.database, "SELECT * FROM submissions"):
        missing, reasons = json.loads(row["missing"]), json.loads(row["review_reasons"])
        if row["status"] == "complete":
            assert missing == [] and reasons == []
            kinds = {one["kind"] for one in rows(
                play.database, "SELECT kind FROM materials WHERE submission_id = ? AND accepted = 1", [row["id"]])}
            demanded = {demand.code for demand in SURVEY.category(row["category"]).demands}
            assert demanded <= kinds and kinds & {"unit_form", "individual_form"}
        if row["merged_into"] is None:
            again = judge(load_facts(play.database, row["id"]), SURVEY)
            assert (again.status, [one.code for one in again.missing]) == (row["status"], missing)
    twice = rows(play.database, "SELECT smtp_message_id FROM replies GROUP BY 1 HAVING count(*) > 1")
    assert twice == []
