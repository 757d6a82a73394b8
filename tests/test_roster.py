"""The list of expected units: how it is read, what is held against it, and the letters to liaisons."""

import json
import shutil
from dataclasses import replace
from datetime import date
from email import message_from_bytes

import pytest
from build_conversation import Play
from build_facts import SURVEY, UNIT
from build_store import add, add_message, add_submission, at, configuration, empty_store
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from smtp_fixtures import PASSWORD, make_smtp

from intake.config_file import load_config
from intake.office import digest, ledger, roster, roster_letters
from intake.office.roster_file import load_roster
from intake.sending.deliver import deliver_once
from rules.errors import ConfigError, RuleError
from rules.reply_check import check_templates
from rules.roster import ExpectedUnit, HandedIn, compare, keys_of
from rules.urging import compose_urging
from store import outbox
from store.database import rows

TABLE = """衡东县新媒体账号报送名单,,,,,,
序号,单位名称,简称,所属乡镇,联络员,联系电话,电子邮箱
1,衡东县青石镇中心小学,青石小学、青石中心校,青石镇,李干事,0734-5550001,qingshi@example.cn
2,青石镇卫生院,,青石镇,李干事,07345550001,qingshi@example.cn

3,白桥乡人民政府,,白桥乡,王干事,,
"""
FILES = {
    "utf-8.csv": TABLE.encode("utf-8-sig"), "gbk.csv": TABLE.encode("gbk"),
    "tabs.tsv": TABLE.replace(",", "\t").encode("utf-8"),
    "list.yaml": """
- {name: 衡东县青石镇中心小学, aliases: [青石小学, 青石中心校], town: 青石镇, liaison: 李干事,
   telephone: 0734-5550001, email: qingshi@example.cn}
- {name: 青石镇卫生院, town: 青石镇, liaison: 李干事, telephone: 07345550001, email: qingshi@example.cn}
- {name: 白桥乡人民政府, town: 白桥乡, liaison: 王干事}
""".encode(),
}  # fmt: skip


def written(folder, name: str = "list.csv", content: bytes | str = TABLE):
    """A list in a file."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8-sig"))
    return path


def sheet(folder, lines: list[list]):
    """The same as a workbook, behind an empty sheet."""
    book = Workbook()
    made = book.create_sheet("名单")
    for line in lines:
        made.append(line)
    book.save(folder / "list.xlsx")
    return folder / "list.xlsx"


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_the_same_list_is_read_from_every_format(tmp_path, name):
    """With a title above the head, an empty row, and columns that do not matter."""
    units = load_roster(written(tmp_path, name, FILES[name]))
    assert [replace(unit, row=0) for unit in units] == [
        ExpectedUnit("衡东县青石镇中心小学", ("青石小学", "青石中心校"), "青石镇", "李干事", "0734-5550001", "qingshi@example.cn"),
        ExpectedUnit("青石镇卫生院", (), "青石镇", "李干事", "07345550001", "qingshi@example.cn"),
        ExpectedUnit("白桥乡人民政府", (), "白桥乡", "王干事")]
    if not name.endswith("yaml"):
        assert [unit.row for unit in units] == [3, 4, 6]


def test_a_workbook_is_read_with_numbers_that_are_telephone_numbers(tmp_path):
    """Excel stores a mobile number as a float."""
    path = sheet(tmp_path, [["报送名单"], ["名称", "联系方式", "邮箱"], ["青石镇卫生院", 13907340001.0, "a@example.cn"], [None]])
    assert load_roster(path) == (ExpectedUnit("青石镇卫生院", telephone="13907340001", email="a@example.cn", row=3),)


@pytest.mark.parametrize(("name", "content", "line", "words"), [
    ("a.csv", "单位名称,邮箱\n甲小学,a@example.cn\n乙小学,不是邮箱\n", 3, "邮箱写法不对"),
    ("a.csv", "单位名称,电话\n甲小学,无\n", 2, "联系电话写法不对"),
    ("a.csv", "单位名称,乡镇\n甲小学,青石镇\n甲小学,青石镇\n", 3, "与第 2 行重复"),
    ("a.csv", "单位名称,乡镇\n,青石镇\n", 2, "没有单位名称"),
    ("a.csv", "单位名称,名称\n甲小学,乙\n", 1, "意思相同"),
    ("a.csv", "序号,乡镇\n1,青石镇\n", None, "没有表头"),
    ("a.csv", "单位名称\n", None, "名单是空的"),
    ("a.csv", b"\xff\xfe\x00\x81\xff", None, "不是 UTF-8 或 GBK"),
    ("a.doc", "单位名称\n", None, "名单应为"),
    ("a.xlsx", b"PK no zip", None, "不是能打开的 .xlsx"),
    ("a.yaml", "- {name: 甲小学}\n- {nam: 乙小学}\n", 2, "不认识的键"),
    ("a.yaml", "- {name: 甲小学, email: x}\n", 1, "邮箱写法不对"),
    ("a.yaml", "[]\n", 1, "至少要有 1 项"),
])  # fmt: skip
def test_a_fault_is_named_with_its_row(tmp_path, name, content, line, words):
    """File, row, and a plain sentence without anybody's number or address."""
    with pytest.raises(ConfigError, match=words) as caught:
        load_roster(written(tmp_path, name, content))
    assert caught.value.line == line and caught.value.path.endswith(name)


def test_an_error_shows_no_number_and_no_address(tmp_path):
    """The list is personal."""
    with pytest.raises(ConfigError) as caught:
        load_roster(written(tmp_path, content="单位名称,电话,邮箱\n甲小学,13907340001,li gan shi@example.cn\n"))
    assert "139" not in str(caught.value) and "example" not in str(caught.value)


def test_the_configuration_names_the_list_and_misses_it_where_it_is_not(tmp_path):
    """Relative to service.yaml."""
    (tmp_path / "service.yaml").write_text("mailboxes: []\nroster: list.csv\n", "utf-8")
    with pytest.raises(ConfigError, match="没有这个文件"):
        load_config(tmp_path / "service.yaml")
    assert load_config_with(tmp_path).roster == tmp_path / "list.csv"


def load_config_with(folder):
    written(folder)
    return load_config(folder / "service.yaml")


@given(st.binary(max_size=300), st.sampled_from([".csv", ".xlsx", ".yaml"]))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_a_list_or_a_fault(tmp_path_factory, content, suffix):
    """Never anything else."""
    path = tmp_path_factory.mktemp("roster") / f"list{suffix}"
    path.write_bytes(content)
    try:
        assert load_roster(path)
    except ConfigError:
        pass


# --- comparing -------------------------------------------------------------------------------------------------------


def handed(number: int, registrant: str | None, status: str = "complete", category: str = "unit") -> HandedIn:
    return HandedIn(number, f"HD2019-{number:04d}", category, registrant, status)


def states(units, *submissions) -> list[str]:
    return [entry.state for entry in compare(units, submissions, SURVEY).entries]


@pytest.mark.parametrize(("status", "state"), [
    ("complete", "reported"), ("registered", "reported"), ("incomplete", "incomplete"), ("review", "review"),
    ("withdrawn", "absent")])
def test_a_unit_stands_as_its_submission_does(status, state):
    """By whichever way the name is written."""
    unit = ExpectedUnit("衡东县青石镇中心小学", ("青石小学",))
    for name in ("湖南省衡东县青石镇中心小学", "青石镇中心小学(章)", "青石小学"):
        assert states([unit], handed(1, name, status)) == [state]
    assert states([unit]) == ["absent"]


def test_two_submissions_for_one_unit_are_shown_and_not_guessed():
    """A person joins them, or says which it is."""
    unit = ExpectedUnit("青石镇中心小学", ("青石小学",))
    (entry,) = compare([unit], [handed(1, "青石镇中心小学"), handed(2, "青石小学", "incomplete")], SURVEY).entries
    assert entry.state == "ambiguous" and [one.number for one in entry.submissions] == ["HD2019-0001", "HD2019-0002"]
    assert states([unit], handed(1, "青石镇中心小学"), handed(2, "青石小学", "withdrawn")) == ["reported"]


def test_a_name_that_two_units_bear_belongs_to_neither_until_a_person_says_so():
    """中心小学 of two towns; with the town before it, each is known."""
    units = [ExpectedUnit("中心小学", town="青石镇"), ExpectedUnit("中心小学", town="白桥乡")]
    assert states(units, handed(1, "中心小学")) == ["ambiguous", "ambiguous"]
    assert states(units, handed(1, "衡东县白桥乡中心小学")) == ["absent", "reported"]


def test_a_similar_name_is_shown_and_counts_for_nothing():
    """Nor does an individual of that name, nor one of no name."""
    (entry,) = compare([ExpectedUnit("青石镇中心小学")], [
        handed(1, "青石镇中心小学附属幼儿园"), handed(2, "青石镇中心小学", category="individual"), handed(3, None)], SURVEY).entries
    assert entry.state == "absent" and [one.number for one in entry.similar] == ["HD2019-0001"]


names = st.sampled_from(["青石镇中心小学", "青石小学", "白桥乡卫生院", "卫生院", "衡东县卫生院"])
given_units = st.lists(st.builds(ExpectedUnit, names, st.lists(names, max_size=2).map(tuple),
                                 st.sampled_from([None, "青石镇", "白桥乡"])), min_size=1, max_size=5)
given_submissions = st.lists(st.tuples(names, st.sampled_from(["complete", "incomplete", "review", "withdrawn"])), max_size=5)


@given(given_units, given_submissions)
@settings(max_examples=150, deadline=None)
def test_whatever_the_list_nobody_is_said_to_have_handed_in_who_did_not(units, submissions):
    """已报 only with one complete submission of a name of the unit's and of no other; every unit counted once."""
    made = [handed(number, *one) for number, one in enumerate(submissions, 1)]
    found = compare(units, made, SURVEY)
    assert sum(found.counts().values()) == len(units) == sum(sum(found.counts(town).values()) for town in found.towns)
    for entry in found.entries:
        if entry.state == "reported":
            (one,) = entry.submissions
            assert one.status == "complete" and keys_of(entry.unit, SURVEY) & keys_of(ExpectedUnit(one.registrant), SURVEY)
        if entry.state == "absent":
            assert not entry.submissions


# --- reports and letters ---------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path):
    """青石小学 lacks something, the 卫生院 has handed in nothing; a unit that is not on the list has."""
    database = empty_store(tmp_path)
    add_submission(database, add_message(database), registrant=UNIT, registrant_key="unit:青石镇中心小学",
                   number="HD2019-0001", status="incomplete", missing=["org_certificate"], contact_address="a@example.net")
    add_submission(database, add_message(database), registrant="衡东县第七中学", number="HD2019-0002")
    config = configuration(tmp_path, roster=written(tmp_path))
    yield config, database
    database.close()


def draft(config, database, now="2019-08-10 10:00", to=()):
    """The units that are absent, as the command drafts letters about them."""
    found = roster.read_roster(config, SURVEY, database)
    units = [entry.unit for entry in found.entries if entry.state == "absent"]
    return roster_letters.draft(config, SURVEY, database, units, "谭", at(now), at(now).replace(day=at(now).day - 3))


def test_the_digest_shows_coverage_by_town_and_who_is_absent(office):
    """Names of units and liaisons, no telephone number and no address."""
    config, database = office
    made = digest.make(config, SURVEY, database, date(2019, 8, 9), at("2019-08-10 08:30"))
    assert "青石镇：应报 2，已报 0，待补 1，待核验 0，未报 1" in made.text
    assert "未报 青石镇卫生院　联络员 李干事" in made.text and made.counts["roster"]["absent"] == 2
    for page in (made.text, made.html):
        assert "四、报送名单" in page and "五、来信核对" in page and "5550001" not in page and "qingshi@" not in page


def test_a_list_that_cannot_be_read_does_not_stop_the_digest(office):
    """It says so."""
    config, database = office
    config.roster.write_text("序号\n", "utf-8")
    made = digest.make(config, SURVEY, database, date(2019, 8, 9), at("2019-08-10 08:30"))
    assert "名单无法读取" in made.text and "没有表头" in made.html


def test_the_workbook_has_a_sheet_of_the_list(office, tmp_path):
    """And what is not on it."""
    config, database = office
    ledger.write(database, tmp_path / "out.xlsx", SURVEY, roster=roster.read_roster(config, SURVEY, database))
    lines = list(load_workbook(tmp_path / "out.xlsx")["报送名单"].iter_rows(values_only=True))
    assert lines[0][:4] == ("单位名称", "状态", "乡镇", "登记编号")
    assert [line[:2] for line in lines[1:]] == [("衡东县青石镇中心小学", "待补"), ("青石镇卫生院", "未报"), ("白桥乡人民政府", "未报"),
                                                ("衡东县第七中学", "名单以外")]


def test_a_letter_names_all_absent_units_of_a_liaison_and_waits(office):
    """Held whatever the reply mode is; who has no address is named."""
    config, database = office
    made = draft(config, database)
    (letter,) = rows(database, "SELECT * FROM replies")
    assert made.drafted == (letter["id"],) and dict(made.left) == {"白桥乡人民政府": "名单上没有邮箱，请电话联系。"}
    assert (letter["state"], letter["kind"], letter["message_id"], letter["submission_id"]) == ("held", "reminder", None, None)
    assert letter["to_address"] == "qingshi@example.cn" and "尊敬的李干事" in letter["body"]
    assert "青石镇卫生院" in letter["body"] and "中心小学" not in letter["body"] and "还有3天" in letter["body"]
    assert message_from_bytes(letter["mime"])["Auto-Submitted"] == "auto-generated"
    assert outbox.due(database, at("2019-08-30 10:00"), tables=("replies",)) == []


def test_a_unit_stands_in_one_waiting_letter_only_and_in_none_soon_after(office, smtp_sink):
    """The sink gets it once; after the quiet days a person may write again."""
    config, database = office
    config = replace(config, smtp=make_smtp(smtp_sink), reply=replace(config.reply, seconds_between=0))
    draft(config, database)
    assert draft(config, database).drafted == () and "尚未发出" in dict(draft(config, database).left)["青石镇卫生院"]
    outbox.approve(database, [1], "谭", at("2019-08-10 11:00"))
    for _ in range(2):
        deliver_once(config, database, lambda: at("2019-08-10 11:01"), password=PASSWORD)
    assert [mail.recipients for mail in smtp_sink.mails] == [("qingshi@example.cn",)]
    assert "近日已催过" in dict(draft(config, database, "2019-08-12 10:00").left)["青石镇卫生院"]
    assert len(draft(config, database, "2019-08-20 10:00").drafted) == 1


def test_a_waiting_letter_is_withdrawn_when_a_unit_that_it_names_hands_in(tmp_path, smtp_sink, monkeypatch, capsys):
    """In the transaction of its mail: nobody is told that nothing has come from him when it has."""
    stage = Play(tmp_path, monkeypatch, capsys)
    config = replace(stage.config, roster=written(tmp_path))
    assert draft(config, stage.database).drafted == (1,)
    stage.mail({"发件人": "zhou@example.net", "附件": {"登记表.docx": "单位表"}})
    (letter,) = rows(stage.database, "SELECT * FROM replies WHERE id = 1")
    assert (letter["state"], letter["reason"]) == ("suppressed", "所列单位已经报送，催报不再发送。")
    assert outbox.approve(stage.database, [1], "谭", at("2019-08-11 09:00")) == ()
    stage.database.close()


def test_a_waiting_letter_is_withdrawn_when_the_clock_sees_that_it_holds_no_longer(office):
    """A submission whose category nobody knows yet bears the name; and, for another, the last day has passed."""
    config, database = office
    draft(config, database)
    assert roster.withdraw_untrue(config, SURVEY, database, at("2019-08-13 23:59")) == 0
    add_submission(database, registrant="青石镇卫生院", category="unknown", status="review", number="HD2019-0003")
    assert roster.withdraw_untrue(config, SURVEY, database, at("2019-08-11 10:00")) == 1
    assert rows(database, "SELECT reason FROM replies") == [{"reason": "所列单位已不是都未报，请重新起草。"}]
    database.conn.execute("UPDATE submissions SET status = 'withdrawn' WHERE number = 'HD2019-0003'")
    assert len(draft(config, database).drafted) == 1
    assert roster.withdraw_untrue(config, SURVEY, database, at("2019-08-14 00:01")) == 1


def test_a_dead_address_gets_no_letter(office):
    """Nor does our own."""
    config, database = office
    add(database, "dead_addresses", address="QINGSHI@example.cn", at=at("2019-08-01 09:00").isoformat())
    assert draft(config, database).drafted == ()


def test_the_letter_of_a_closed_window_demands_nothing_of_the_past():
    """Nothing is refused for being late."""
    text = compose_urging(SURVEY, (ExpectedUnit("青石镇卫生院"),), date(2019, 9, 1)).text
    assert "集中登记时间（2019年7月24日至2019年8月13日）已过，逾期仍予受理，请尽快报送" in text and "以前报送" not in text


def test_an_offices_own_texts_that_lack_the_letters_are_made_up_for_by_the_shipped_ones(tmp_path):
    """A folder of texts from before there were reminders still passes the check at start-up."""
    folder = tmp_path / "replies"
    shutil.copytree(SURVEY.replies, folder, ignore=shutil.ignore_patterns("reminder.*", "urging.*"))
    survey = replace(SURVEY, replies=folder)
    check_templates(survey)
    assert "青石镇卫生院" in compose_urging(survey, (ExpectedUnit("青石镇卫生院"),), date(2019, 9, 1)).text
    edited = tmp_path / "edited"
    shutil.copytree(folder, edited)
    (edited / "urging.txt.j2").write_text("{{ office.name }}", "utf-8")
    with pytest.raises(RuleError, match="漏写") as caught:
        check_templates(replace(SURVEY, replies=edited))
    assert caught.value.path == str(edited / "urging.txt.j2")


def test_the_command_lists_drafts_and_says_what_it_left(tmp_path, monkeypatch, capsys):
    """`intake roster`, `--only`, `--json`, `remind --to`."""
    stage = Play(tmp_path, monkeypatch, capsys)
    stage.path.write_text(stage.path.read_text("utf-8") + "roster: list.csv\n", "utf-8")
    written(tmp_path)
    code, said = stage.clerk("roster")
    assert code == 0 and "应报 3 个单位：未报 3（报齐 0%）" in said and "白桥乡：未报 1" in said and "0734-5550001" in said
    stage.mail({"发件人": "zhou@example.net", "附件": {"登记表.docx": "单位表"}})
    assert "青石镇卫生院" not in stage.clerk("roster --only 待补")[1]
    found = json.loads(stage.clerk("roster --json --only 待补")[1])
    assert found["counts"]["absent"] == 2 and [unit["numbers"] for unit in found["units"]] == [["HD2019-0001"]]
    code, said = stage.clerk("roster remind --to 青石镇 没有的单位")
    assert code == 1 and "已起草催报信 1 封" in said and "没有“没有的单位”" in said
    assert "催报信草稿，等待批准后发送。" in stage.clerk("outbox")[1]
    assert stage.clerk("roster remind --to 青石镇卫生院")[0] == 1
    stage.database.close()


def test_without_a_list_the_command_says_where_to_name_one(tmp_path, monkeypatch, capsys):
    """Exit code 78."""
    stage = Play(tmp_path, monkeypatch, capsys)
    code, said = stage.clerk("roster")
    assert code == 78 and "roster" in said
    stage.database.close()
