"""Another office, another collection: `examples/drones` is run by the same program; only its survey says what it is."""

import json
import re
import shutil
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from build_admin import serving
from build_config import configuration
from build_drones import EXAMPLE, cases, make_forms
from build_service import Service, stop
from openpyxl import load_workbook

from intake import cli, pipeline
from intake.confined.confine import ReaderPool
from intake.demo.smtp_sink import SmtpSink
from intake.office import digest, ledger
from intake.office.show import show_message, show_submission
from rules.survey import load_survey
from store.database import connect, rows
from store.files import keep_raw
from store.messages import enter_import

SURVEY = EXAMPLE / "survey.yaml"
NOW = datetime(2021, 5, 11, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
NAMES = [path.stem for path in sorted((EXAMPLE / "mails").glob("*.eml"))]


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """(configuration, survey, database, ids by name) after all sample mails, in one store, in their order."""
    config = configuration(tmp_path_factory.mktemp("drones"), survey=SURVEY)
    database, survey, ids = connect(config.database), load_survey(SURVEY), {}
    with ReaderPool(config.survey, config.read) as pool:
        for name in NAMES:
            sha256, size = keep_raw(config.data, [(EXAMPLE / "mails" / f"{name}.eml").read_bytes()])
            ids[name] = enter_import(database, name, sha256, size, promised(name)["received"], NOW)
        pipeline.process_pending(config, survey, database, pool, lambda: NOW, patient=True)
    return config, survey, database, ids


def promised(name: str) -> dict:
    """What is written beside the mail."""
    return json.loads((EXAMPLE / "mails" / f"{name}.json").read_text("utf-8"))


def test_there_are_mails_and_the_builder_still_promises_the_same():
    """A test over no files proves nothing."""
    assert len(NAMES) >= 11
    assert {case.name: json.loads(json.dumps(case.expected())) for case in cases()} == {n: promised(n) for n in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_mail_comes_to_what_is_written_beside_it(name, taken_in):
    """Kind, answer, files, and every submission with its things and their fields, also those beyond the columns."""
    _, _, database, ids = taken_in
    wanted, message = promised(name), rows(database, "SELECT * FROM messages WHERE id = ?", [ids[name]])[0]
    assert (message["state"], message["kind"]) == ("processed", wanted["kind"]), message["error"]
    replies = [row["kind"] for row in rows(database, "SELECT kind FROM replies WHERE message_id = ?", [message["id"]])]
    assert replies == ([wanted["reply"]] if wanted["reply"] else [])
    files = {row["filename"]: [row["role"], row["problem"]] for row in rows(
        database, "SELECT * FROM attachments WHERE message_id = ?", [message["id"]])}
    assert {name: files.get(name) for name in wanted["files"]} == wanted["files"]
    found = rows(database, "SELECT s.* FROM submissions s JOIN submission_messages l ON l.submission_id = s.id WHERE "
                 "l.message_id = ? ORDER BY s.id", [message["id"]])
    assert len(found) == len(wanted["submissions"])
    for promise, submission in zip(wanted["submissions"], found, strict=True):
        check(database, promise, submission, latest=_is_latest(database, message["id"], submission["id"]))


def _is_latest(database, message_id: int, submission_id: int) -> bool:
    last = rows(database, "SELECT max(message_id) AS id FROM submission_messages WHERE submission_id = ?", [submission_id])
    return last[0]["id"] == message_id


def check(database, promise: dict, submission: dict, latest: bool) -> None:
    """What a later mail has changed is checked with that mail."""
    for key in ("category", "registrant", "number", "on_time", *(("status",) if latest else ())):
        assert promise.get(key, submission[key]) == submission[key], (key, submission["review_reasons"])
    if latest and "missing" in promise:
        assert json.loads(submission["missing"]) == promise["missing"]
    accounts = rows(database, "SELECT * FROM accounts WHERE submission_id = ? ORDER BY id", [submission["id"]])
    for wanted, account in zip(promise.get("accounts", []), accounts, strict=False):
        extra = json.loads(account["extra"])
        assert {key: extra.get(key) for key in wanted.get("extra", {})} == wanted.get("extra", {})
        assert {key: account[key] for key in wanted if key != "extra"} == {k: v for k, v in wanted.items() if k != "extra"}


def test_the_daemon_runs_it_from_mailbox_to_answer(netease, tmp_path):
    """The loop on real servers: the incomplete mail is answered, the supplement finds its submission."""
    user = netease.new_user()
    with SmtpSink(user=user.name, password=user.password, certificate=netease.dovecot.certificate) as sink:
        service = Service(tmp_path, user, sink, survey=str(SURVEY))
        names = ("02-person-without-invoice", "08-supplement")
        user.seed([(EXAMPLE / "mails" / f"{name}.eml").read_bytes().replace(b"qhwrj2021@example.cn", user.name.encode())
                   for name in names], at=[datetime.fromisoformat(promised(name)["received"]) for name in names])
        daemon = service.start_and_look()
        service.wait_for(lambda: service.is_settled(2))
        assert stop(daemon) == 0, service.log()
        (submission,) = service.rows("SELECT * FROM submissions")
        assert (submission["number"], submission["category"], submission["status"]) == ("QHWJ-2021-001", "person", "complete")
        assert [row["kind"] for row in service.rows("SELECT kind FROM replies ORDER BY id")] == [
            "missing_materials", "acknowledgement"]
        assert len(sink.mails) == 2


def test_no_answer_and_no_report_speaks_of_the_other_collection(taken_in):
    """Not a word of accounts, new media or the other county."""
    config, survey, database, _ = taken_in
    bodies = [row["subject"] + row["body"] for row in rows(database, "SELECT subject, body FROM replies")]
    report = digest.make(config, survey, database, date(2021, 3, 12), NOW)
    told = [show_submission(database, row["number"], survey) for row in rows(database, "SELECT number FROM submissions")]
    told += [show_message(database, row["id"], survey) for row in rows(database, "SELECT id FROM messages")]
    assert len(bodies) >= 9
    for text in (*bodies, report.html, report.text, *told):
        assert not [word for word in ("衡东", "新媒体", "账号", "公众号", "网信", "平台") if word in text], text
    assert any("无人机" in text for text in bodies) and "无人机" in report.text


def test_an_answer_names_what_this_survey_demands(taken_in):
    """With the drone, the clause, the office and the blank form of the category."""
    _, _, database, ids = taken_in
    (reply,) = rows(database, "SELECT * FROM replies WHERE message_id = ?", [ids["02-person-without-invoice"]])
    for part in ("QHWJ-2021-002", "购机发票扫描件", "《通告》第五条第2项", "大疆 Mini 2", "产品序列号", "青禾县公安局治安管理大队"):
        assert part in reply["body"], part
    (reply,) = rows(database, "SELECT * FROM replies WHERE message_id = ?", [ids["06-two-drones-one-invoice"]])
    told = reply["body"].partition("【补报期限】")[0]
    assert "无人机“大疆 Mavic 2 Pro 0AXDF8D0098712”的尚未收到" in told and "0AXDH5E0011223" not in told
    kept = reply["body"].partition("不必重发的材料】")[2]
    assert "营业执照或事业单位法人证书扫描件" in kept and "购机发票" not in kept and "社会团体" not in kept
    assert "《通告》，指《关于开展全县民用无人驾驶航空器实名登记的通告》" in kept and "《通知》" not in reply["body"]
    (reply,) = rows(database, "SELECT * FROM replies WHERE message_id = ?", [ids["04-question"]])
    for part in ("每架无人机填写一份", "此后新购买的无人机，请在购买15天以内", "操控员执照", "机主身份证"):
        assert part in reply["body"], part


def test_show_tells_the_fields_that_have_no_column(taken_in):
    """In words, with where they were read."""
    _, survey, database, _ = taken_in
    told = show_submission(database, "QHWJ-2021-001", survey)
    for part in ("企事业单位", "无人机 1：大疆 Mavic 2 Pro", "最大起飞重量(克)：907", "主要用途：航拍摄影、教学培训", "是否夜间飞行：否",
                 "第三者责任险保单：采纳", "购机发票：采纳"):
        assert part in told, told


def test_the_workbook_has_a_sheet_for_each_category_and_a_column_for_each_field(taken_in, tmp_path):
    """Numbers are numbers, lists are words."""
    _, survey, database, _ = taken_in
    ledger.write(database, tmp_path / "台账.xlsx", survey)
    book = load_workbook(tmp_path / "台账.xlsx")
    assert book.sheetnames == ["企事业单位", "社会团体", "个人", "缺少材料", "统计"]
    lines = [list(line) for line in book["企事业单位"].iter_rows(values_only=True)]
    head = next(line for line in lines if "登记编号" in line)
    row = dict(zip(head, next(line for line in lines if line[0] == "QHWJ-2021-001"), strict=True))
    assert (row["最大起飞重量(克)"], row["主要用途"], row["是否夜间飞行"]) == (907, "航拍摄影、教学培训", "否")
    assert "平台" not in head and row["责任险保单号"] == "PDZA20213601000088"


def test_the_admin_pages_speak_of_this_collection(taken_in):
    """Home, tables, queries, a submission and its place in the queue."""
    config, _, database, _ = taken_in
    with serving(config.data.parent, config=config) as client:
        addresses = ["/", "/intake", "/intake/accounts", "/intake/accounts/1", "/intake/submissions", "/intake/duplicate_accounts",
                     "/-/queue", "/-/submission/QHWJ-2021-001",
                     *(f"/-/submission/{row['number']}" for row in rows(database, "SELECT number FROM submissions"))]
        pages = {address: client.get(address) for address in addresses}
        assert {address: page.status_code for address, page in pages.items()} == dict.fromkeys(addresses, 200)
        for address, page in pages.items():
            text = re.sub(r"<style.*?</style>|<script.*?</script>|您的账号", "", page.text, flags=re.DOTALL)
            assert not re.search("新媒体|衡东|公众号|网信|平台统计|登记的账号|账号名称", text), address
        told = pages["/intake/accounts/1"].text
        for part in ("品牌型号", "产品序列号", "最大起飞重量(克)：907", "主要用途：航拍摄影、教学培训", "是否夜间飞行：否"):
            assert part in told.replace("\uff08", "(").replace("\uff09", ")"), part
        assert "重复无人机" in pages["/intake"].text and "企事业单位" in pages["/-/submission/QHWJ-2021-001"].text
        assert client.get("/intake/by_platform").status_code == 404


def test_a_clerk_corrects_a_field_without_a_column_and_decides_by_the_surveys_codes(tmp_path, monkeypatch, capsys):
    """`correct`, `accept`, `category` through the command line."""
    (tmp_path / "service.yaml").write_text(
        "data: ./data\nsurvey: " + str(SURVEY) + "\nmailboxes:\n  - address: a@example.cn\n    imap: {host: 127.0.0.1, "
        "port: 9, tls: none}\n    password_env: UNSET\nreply: {max_age_days: 0}\nread: {processes: 1}\n", "utf-8")
    call = ["-c", str(tmp_path / "service.yaml")]
    assert cli.main([*call, "import", str(EXAMPLE / "mails" / "07-half-empty.eml")]) == 0
    database = connect(tmp_path / "data" / "intake.db")

    def missing() -> list:
        return json.loads(rows(database, "SELECT missing FROM submissions")[0]["missing"])

    assert "field:takeoff_weight" in missing() and "field:uses" in missing()
    assert cli.main([*call, "correct", "QHWJ-2021-001", "takeoff_weight=1.2万", "主要用途=农林植保", "handle=序列号：X9-1",
                     "owner_phone=13800791199", "admin_phone=13800791102"]) == 0
    assert missing() == ["purchase_invoice"]
    (account,) = rows(database, "SELECT * FROM accounts")
    assert account["handle"] == "X9-1"
    assert {**json.loads(account["extra"])}.items() >= {"takeoff_weight": 12000, "uses": ["农林植保"]}.items()
    assert cli.main([*call, "accept", "QHWJ-2021-001", "purchase_invoice", "--why", "当面核验"]) == 0
    assert missing() == []
    capsys.readouterr()
    assert cli.main([*call, "category", "QHWJ-2021-001", "unit"]) == 1
    assert "company（企事业单位）、club（社会团体）、person（个人）" in capsys.readouterr().err


def test_the_forms_in_the_folder_are_those_that_the_script_makes(tmp_path):
    """By their text: the bytes hold times."""
    from docx import Document

    make_forms.main(tmp_path)
    for path in sorted(tmp_path.glob("*.docx")):
        ours, theirs = (Document(str(one)) for one in (path, EXAMPLE / "forms" / path.name))
        assert [p.text for p in ours.paragraphs] == [p.text for p in theirs.paragraphs]
        assert [c.text for c in ours.tables[0]._cells] == [c.text for c in theirs.tables[0]._cells]


def test_the_example_is_a_whole_office(tmp_path):
    """`doctor` finds nothing wrong with its survey, its forms and its texts."""
    shutil.copytree(EXAMPLE, tmp_path / "drones")
    from intake.config_file import load_config
    from rules.reply_check import check_templates

    config = load_config(tmp_path / "drones" / "service.yaml")
    check_templates(load_survey(config.survey))
