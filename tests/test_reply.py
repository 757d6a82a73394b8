"""Which reply, what it says, and what it must never say."""

import re
import shutil
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from build_outcomes import (
    ID_NUMBER,
    LANDLINE,
    NOW,
    PHONE,
    SHANGHAI,
    a_file,
    a_form,
    a_form_file,
    a_judgement,
    a_mail,
    a_missing,
    an_account,
    an_id_card_file,
    an_outcome,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.answer import FileOutcome, MailFacts, body_outcome, file_outcomes, submission_key
from rules.errors import RuleError
from rules.reading import PROBLEMS, FieldValue
from rules.reply import compose_answer, kind_of_reply
from rules.reply_check import check_templates
from rules.reply_text import render
from rules.reply_values import Quoting, chinese_day
from rules.submission import Account
from rules.survey import load_survey
from rules.typography import typeset

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")
OFFICE = SURVEY.office
FORM = ("individual_form", "登记表(个人)", "尚未收到登记表。")


def answer(*outcomes, mail=None, files=(), inquiry=False):
    """The answer to a mail with these outcomes."""
    return compose_answer(SURVEY, mail or a_mail(), outcomes, files, inquiry=inquiry)


class _Words(HTMLParser):
    """The words of an HTML page, as people see them."""

    def __init__(self, page: str):
        super().__init__()
        self.words, self._in_title = [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._in_title = tag == "title"

    def handle_data(self, data):
        if not self._in_title:
            self.words.append(data)


def seen(html: str) -> str:
    """The visible words of an HTML page without white space."""
    return re.sub(r"\s+", "", "".join(_Words(html).words))


# --- which reply -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("statuses", "kind"), [
    (("complete",), "acknowledgement"), (("complete", "complete"), "acknowledgement"),
    (("complete", "registered"), "acknowledgement"), (("review",), "receipt"), (("complete", "review"), "receipt"),
    (("withdrawn",), "receipt"), (("incomplete", "complete"), "missing_materials"),
    (("incomplete", "review"), "missing_materials"),
])
def test_the_reply_kind_follows_the_weakest_submission(statuses, kind):
    """One reply for all: missing before review before complete."""
    outcomes = [an_outcome(s, *([a_missing()] if s == "incomplete" else [])) for s in statuses]
    assert answer(*outcomes).kind == kind


def test_nobody_is_told_complete_while_something_is_missing():
    """Whatever the status says: a judgement that contradicts itself never becomes an acknowledgement."""
    for status in ("complete", "registered", "review", "withdrawn", "incomplete"):
        reply = answer(an_outcome(status, a_missing()))
        assert reply.kind != "acknowledgement"
        assert "齐全。" not in reply.text.replace("不齐全", "")


def test_without_a_submission_the_reply_is_guidance():
    """Also when the sender of a question has submissions."""
    assert answer().kind == "guidance"
    assert answer(an_outcome(), inquiry=True).kind == "guidance"


# --- what it says ----------------------------------------------------------------------------------------------------


def test_an_acknowledgement_tells_what_came_and_what_remains():
    """Number, files, accounts, paper form, address, contact, telephone; in both twins."""
    reply = answer(an_outcome())
    for body in (reply.text, seen(reply.html)):
        for fact in ("HD2019-0007", "张三", "个人登记表.docx", "身份证.jpg", "示例发布", "shilifabu", "2018年5月1日",
                     "纸质登记表", "本人签名", OFFICE.address, OFFICE.telephone, OFFICE.contact, "新媒体登记材料"):
            assert fact in body
    assert reply.attach_blank_forms == ()


def test_a_unit_is_told_to_stamp_the_paper_form():
    """The paper rule is the category's."""
    reply = answer(an_outcome(judgement=a_judgement(category="unit", registrant="示范镇人民政府")))
    assert "加盖单位公章" in reply.text and "尊敬的示范镇人民政府" in reply.text


def test_missing_materials_are_listed_one_by_one_with_why_and_clause():
    """In both twins, in the judgement's order."""
    reply = answer(an_outcome("incomplete", a_missing(), a_missing("field:name", "账号名称", "登记表没有填写。", None)))
    for body in (reply.text, seen(reply.html)):
        plain = re.sub(r"\s+", "", body)
        assert plain.index("身份证复印件或扫描件") < plain.index("账号名称原因") if "账号名称原因" in plain else True
        for fact in ("尚未收到。", "《通知》第三条第2项", "登记表没有填写。", "2019年8月13日", "直接回复本邮件", "不必重发"):
            assert fact in plain
    assert "。。" not in reply.text


@pytest.mark.parametrize("problem", PROBLEMS)
def test_an_unreadable_file_is_named_with_why_and_how_to_send_it_again(problem):
    """Each problem has its own advice, in a guidance and in a missing-materials reply."""
    advice = {"encrypted": "去掉密码", "remote": "普通附件", "too_large": "分成几封", "corrupt": "重新保存",
              "unsupported": "Word", "unreadable": "重新拍照", "empty": "确认有内容"}[problem]
    file = FileOutcome("材料.zip", problem=problem)
    for reply in (answer(files=(file,)), answer(an_outcome("incomplete", a_missing(), unread=(file,)))):
        for body in (reply.text, seen(reply.html)):
            assert "材料.zip" in body and advice in body


def test_the_missing_form_is_attached_blank():
    """The right one; both while nobody knows the category; none when no form is missing."""
    unit, individual = (category.blank for category in SURVEY.categories)
    missing = [a_missing(code) for code in ("unit_form", "individual_form", "form", "id_card")]
    attached = [answer(an_outcome("incomplete", one)).attach_blank_forms for one in missing]
    assert attached == [(unit,), (individual,), (unit, individual), ()]
    named = answer(an_outcome("incomplete", a_missing("form"))).blank_form_names
    assert named == ("衡东县新媒体账号调查摸底登记表（单位）.docx", "衡东县新媒体账号调查摸底登记表（个人）.docx")


def test_guidance_tells_how_to_register_and_attaches_both_forms():
    """Materials of both categories, address, time; a known sender is told about the own submission instead."""
    reply = answer(mail=a_mail("请问怎么登记", None))
    for category in SURVEY.categories:
        for label in (category.form_label, *(demand.label for demand in category.demands)):
            assert typeset(label) in reply.text
    assert OFFICE.email in reply.text and "2019年8月13日" in reply.text and "尊敬的来信人" in reply.text
    assert reply.attach_blank_forms == tuple(category.blank for category in SURVEY.categories)
    known = answer(an_outcome("incomplete", a_missing()), inquiry=True)
    assert "HD2019-0007" in known.text and "身份证复印件或扫描件" in known.text and known.attach_blank_forms == ()


def test_a_receipt_claims_nothing():
    """Neither complete nor missing, and nothing about what the files are."""
    reply = answer(an_outcome("review"))
    assert "HD2019-0007" in reply.text and "核对" in reply.text
    assert not re.search("齐全|缺|人像面|合格|通过", reply.text + seen(reply.html))
    assert "张三（个人）" not in seen(reply.html)


def test_a_receipt_asks_for_nothing_twice_and_contradicts_itself_nowhere():
    """A file that could not be opened may be sent again; all else need not."""
    plain = answer(an_outcome("review"))
    broken = answer(an_outcome("review", unread=(FileOutcome("a.zip", problem="encrypted"),)))
    assert "除上面所列文件以外" in broken.text and "除上面所列文件以外" in seen(broken.html)
    assert "除上面所列文件以外" not in plain.text + seen(plain.html)


@pytest.mark.parametrize(("received", "on_time", "said"), [
    (NOW, True, "请在2019年8月13日（含当日）以前补齐"),
    (datetime(2019, 8, 13, 23, 59, tzinfo=SHANGHAI), True, "请在2019年8月13日"),
    (datetime(2019, 8, 13, 16, 0, tzinfo=SHANGHAI.__class__("UTC")), True, "已过，仍予受理"),
    (datetime(2019, 8, 20, 9, 0, tzinfo=SHANGHAI), False, "规定期限（2019年8月13日）已过，仍予受理"),
])
def test_late_is_accepted_and_the_deadline_is_told(received, on_time, said):
    """By the day in the survey's time zone; nobody is refused."""
    judgement = a_judgement("incomplete", missing=(a_missing(),), on_time=on_time)
    reply = answer(an_outcome(judgement=judgement), mail=a_mail(received_at=received))
    assert said in reply.text and said in seen(reply.html) and "拒" not in reply.text


def test_a_late_acknowledgement_says_so():
    """Complete, but after the last day."""
    assert "仍予受理" in answer(an_outcome(judgement=a_judgement(on_time=False))).text


def test_several_submissions_stand_in_one_reply_each_with_its_own_state():
    """The kind is the weakest's, but the complete one is not called incomplete."""
    reply = answer(an_outcome("incomplete", a_missing()), an_outcome(number="HD2019-0008"))
    assert "HD2019-0007" in reply.text and "HD2019-0008" in reply.text and "这份登记的电子材料已经齐全" in reply.text
    assert "HD2019-0007、HD2019-0008" in reply.subject
    assert [number for number, _ in reply.submission_keys] == ["HD2019-0007", "HD2019-0008"]


@pytest.mark.parametrize(("subject", "expected"), [
    ("材料", "回复：材料"), ("Re: 材料", "回复：材料"), ("回复：Re: FW:回复:材料", "回复：材料"),
    ("Re[2]: 材料", "回复：材料"), ("回复：材料【登记编号 HD2019-0001】", "回复：材料"),
    (None, f"回复：您关于{SURVEY.title}的来信"), ("  \t ", f"回复：您关于{SURVEY.title}的来信"),
    ("材料\r\nBcc: x@example.com", "回复：材料 Bcc: x@example.com"),
])
def test_the_subject_is_the_persons_own_with_one_prefix(subject, expected):
    """So that threads hold together and no two replies look alike."""
    assert answer(mail=a_mail(subject)).subject == expected


def test_the_number_stands_in_the_subject_once():
    """Also after a reply to a reply."""
    first = answer(an_outcome()).subject
    assert first == "回复：新媒体登记材料【登记编号 HD2019-0007】"
    assert answer(an_outcome(), mail=a_mail("Re: " + first)).subject == first


@pytest.mark.parametrize(("name", "greeted"), [
    ("李四", "李四"), ("13800138000", "来信人"), ("a@example.com", "来信人"), ("<script>", "来信人"), (None, "来信人"),
    ("点我 http://x.example", "点我"), ("名" * 60, "来信人"), ("衡东融媒(小王)", "衡东融媒(小王)"),
])
def test_whom_the_letter_greets(name, greeted):
    """A display name only where it looks like a name."""
    assert answer(mail=a_mail(name=name)).text.startswith(f"尊敬的{greeted}：")


# --- what it must never say ------------------------------------------------------------------------------------------

SPACES = st.sampled_from(["", " ", "-", " - "[1:], "\u3000"])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([ID_NUMBER, PHONE, LANDLINE, "5551234", "1380013800", "43042419900101123", "430424900101123"]),
       SPACES, st.booleans(), st.sampled_from(["complete", "incomplete", "review", "inquiry"]))
def test_no_personal_number_is_ever_in_a_reply(number, gap, wide, status):
    """Wherever a person has put it: subject, name, file name, account, handle, a reason; spaced or full width."""
    digits = number.replace("-", "")
    written = gap.join([number[:3], number[3:6], number[6:]])
    if wide:
        written = "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in written)
    fields = (*an_account(name=f"号{written}", handle=written).fields,
              FieldValue("owner_phone", number, number), FieldValue("owner_id_number", number, number, valid=False))
    outcome = an_outcome(
        "complete" if status == "inquiry" else status,
        *([a_missing(why=f"填写的{written}有误。")] if status == "incomplete" else []),
        accounts=(Account("individual_form", fields),),
        files=(FileOutcome(f"{written}.jpg", "id_card", titles=(f"证{written}",), accounts=(f"号{written}",)),),
        unread=(FileOutcome(f"{written}.zip", problem="encrypted"),))
    reply = answer(outcome, mail=a_mail(f"材料 {written}", f"张三{written}"), inquiry=status == "inquiry")
    for told in (reply.subject, reply.text, seen(reply.html)):
        told = told.replace(OFFICE.telephone, "")
        narrow = "".join(chr(ord(char) - 0xFEE0) if "\uff10" <= char <= "\uff19" else char for char in told)
        assert digits not in re.sub(r"[\s\u3000.-]", "", narrow)


def test_the_time_in_a_cameras_file_name_is_no_personal_number():
    """People know their pictures by it."""
    quoting = Quoting()
    for name in ("IMG_20190801_093012.jpg", "mmexport1564623012345.jpg", "微信图片_20190801093012.jpg"):
        assert quoting.filename(name) == name
    assert "199001011232" not in quoting.filename("430424199001011232.jpg")
    assert PHONE not in quoting.filename(f"IMG_20190801_093012_{PHONE}.jpg")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=60), st.text(min_size=1, max_size=120))
def test_words_from_outside_stay_words(subject, name, filename):
    """No markup, no line break, no link survives; both twins still say the essential."""
    evil = '<img src=x onerror="alert(1)">{{ office }}{% raw %}\r\nhttp://evil.example/x'
    outcome = an_outcome("incomplete", a_missing(why=evil), accounts=(an_account(name=evil + name),),
                         files=(FileOutcome(filename + evil, "other"),))
    plain = answer(an_outcome("incomplete", a_missing(), files=(FileOutcome("a", "other"),)))
    reply = answer(outcome, mail=MailFacts(evil + subject, name, NOW))
    assert "<img" not in reply.html and "evil.example" not in reply.html + reply.text + reply.subject
    assert reply.html.count("<td") == plain.html.count("<td") and len(reply.text) < 6000
    assert "\n" not in reply.subject and "\r" not in reply.subject + reply.text
    assert len(reply.text.splitlines()) == len(plain.text.splitlines()) and "HD2019-0007" in reply.text


def test_a_long_file_name_keeps_its_ending():
    """So that people recognise it."""
    name = Quoting().filename("很长的名字" * 40 + ".docx")
    assert len(name) == 60 and name.endswith(".docx") and "…" in name


# --- the content key -------------------------------------------------------------------------------------------------


def test_the_same_content_has_the_same_key_whenever_it_comes():
    """Neither time, subject nor names of files count."""
    first = an_outcome(opened=True)
    second = an_outcome(files=(FileOutcome("换个名字.docx", "individual_form"),), opened=False)
    later = a_mail("另一个主题", "别人", datetime(2019, 9, 1, tzinfo=SHANGHAI))
    assert answer(first).content_key == answer(second, mail=later).content_key
    assert submission_key(first) == submission_key(second)


@pytest.mark.parametrize("change", [
    {"judgement": a_judgement("incomplete", missing=(a_missing(),))}, {"judgement": a_judgement("review")},
    {"judgement": a_judgement(materials=())}, {"judgement": a_judgement(on_time=False)},
    {"accounts": (an_account(handle="another"),)}, {"accounts": (an_account(), an_account(name="第二个"))},
    {"unread": (FileOutcome("a.zip", problem="encrypted"),)}, {"number": "HD2019-0008"},
])
def test_whatever_changes_the_content_changes_the_key(change):
    """Then a new answer is due."""
    assert submission_key(an_outcome(**change)) != submission_key(an_outcome())
    assert answer(an_outcome(**change)).content_key != answer(an_outcome()).content_key


def test_what_is_still_missing_for_another_reason_is_news():
    """The person sent the wrong side of the card: the answer must say so."""
    keys = {submission_key(an_outcome("incomplete", a_missing(why=why))) for why in ("尚未收到。", "只有国徽面。")}
    assert len(keys) == 2


# --- files, texts, templates -----------------------------------------------------------------------------------------


def test_the_files_of_a_mail_as_the_reply_names_them():
    """Opened containers and pictures in the text are left out; cards and forms say what they are."""
    files = (a_file("包.zip", role="container"), a_form_file("表.docx"), an_id_card_file("证.jpg"),
             a_file("logo.png", inline=True), a_file("锁.zip", role="container", problem="encrypted"), a_file("说明.txt"))
    named = file_outcomes(files)
    assert [file.filename for file in named] == ["表.docx", "证.jpg", "锁.zip", "说明.txt"]
    assert named[0].accounts == ("示例发布",) and named[1].titles == ("居民身份证（人像面）",)


def test_a_form_in_the_body_is_named_as_such():
    """It has no file name."""
    outcome = an_outcome(files=body_outcome([a_form("individual_form")]))
    assert "邮件正文：登记表（个人），账号「示例发布」" in answer(outcome).text


def test_days_are_written_as_people_write_them():
    """Months alone where the day is not known."""
    assert [chinese_day(day) for day in ("2018-05-01", "2018-05", NOW.date(), None, "")] == [
        "2018年5月1日", "2018年5月", "2019年8月1日", None, None]


def test_punctuation_is_full_width_where_it_touches_chinese():
    """Whatever the survey's author typed."""
    assert typeset("证书(或执照)复印件,第(1)目:见Word(.docx) a,b") == "证书（或执照）复印件，第（1）目：见Word(.docx) a,b"


def edited(tmp_path, name, old, new):
    """The survey with one reply text edited by an office."""
    folder = shutil.copytree(SURVEY.replies, tmp_path / "replies")
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return replace(SURVEY, replies=folder)


def test_the_shipped_texts_pass_the_check():
    """In every turn that they can take."""
    check_templates(SURVEY)


@pytest.mark.parametrize(("name", "old", "new", "line"), [
    ("acknowledgement.txt.j2", "{% endfor %}", "{% endfro %}", True),
    ("receipt.txt.j2", "{{ s.number }}", "{{ s.nummer }}", True),
    ("guidance.html.j2", "{{ office.email }}", "{{ office.email.nothing.at_all }}", True),
    ("wording.j2", "'encrypted'", "'encripted'", True),
    ("missing_materials.html.j2", "{% for item in s.missing %}", "{% for item in s.missing[:1] %}", False),
    ("missing_materials.txt.j2", "{{ item.label }}", "材料", False),
    ("layout.txt.j2", "{{ office.telephone }}", "", False),
    ("_received.html.j2", "{{ file.name or '邮件正文' }}", "{{ file.name | safe }}", False),
    ("layout.html.j2", "{{ mail.received }}", "{{ mail.__class__.__mro__ }}", True),
    ("layout.html.j2", "{{ mail.received }}", "{{ 1 // 0 }}", True),
])
def test_a_broken_text_is_told_with_its_file(tmp_path, name, old, new, line):
    """At start-up: syntax, unknown names, forgotten facts, switched-off escaping, attempts to reach into Python."""
    with pytest.raises(RuleError) as caught:
        check_templates(edited(tmp_path, name, old, new))
    stem = name.split(".")[0]
    assert Path(caught.value.path).name == name or stem.startswith(("_", "layout", "wording"))
    assert (caught.value.line is not None) == line


def test_a_missing_text_is_told(tmp_path):
    """The folder lacks a file."""
    with pytest.raises(RuleError, match="nothing"):
        render(tmp_path, "nothing", {})


def test_every_kind_of_reply_differs_from_person_to_person():
    """NetEase takes identical texts for spam (DT:SPM): subject, name, number and time make them differ."""
    texts = {answer(an_outcome(number=number), mail=a_mail(subject, name, received)).text
             for number, subject, name, received in [
                 ("HD2019-0001", "材料", "甲", NOW), ("HD2019-0002", "材料", "甲", NOW), ("HD2019-0001", "报送", "甲", NOW),
                 ("HD2019-0001", "材料", "甲", NOW.replace(minute=31))]}
    assert len(texts) == 4


def test_the_order_of_reply_kinds_is_total():
    """Any mixture of states has a reply kind."""
    assert kind_of_reply((an_outcome("registered", a_missing()),)) == "receipt"
