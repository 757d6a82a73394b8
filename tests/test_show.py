"""The whole story of a submission and of a mail, without a number of a person."""

import pytest
from build_store import (
    ID_NUMBER,
    PHONE,
    add,
    add_account,
    add_attachment,
    add_message,
    add_reply,
    add_submission,
    empty_store,
    shipped_survey,
    stamp,
)

from intake.office.show import show_message, show_submission
from intake.office.story import masked_field


@pytest.fixture
def store(tmp_path):
    """A submission of two mails with everything that can be told of it."""
    database = empty_store(tmp_path)
    first = add_message(database, subject=f"登记 {PHONE}", from_address=f"{PHONE}@139.com")
    second = add_message(database, "2019-08-02 09:00", kind="supplement", silence="unchanged")
    folder = add_attachment(database, first, filename="材料.zip", role="container", method=None)
    form = add_attachment(database, first, filename=f"{ID_NUMBER}.docx", parent_id=folder, role="individual_form")
    add_attachment(database, second, filename="扫描.rar", role="other", problem="encrypted", problem_detail="需要密码")
    submission = add_submission(
        database,
        first,
        number="HD2019-0001",
        category="individual",
        status="review",
        id_number=ID_NUMBER,
        missing=["id_card", "field:owner_phone"],
        review_reasons=[f"号码{ID_NUMBER}与证件不同。"],
    )
    add(database, "submission_messages", submission_id=submission, message_id=second, why="同一身份证号")
    account = add_account(database, submission, attachment_id=form, owner_id_number=ID_NUMBER)
    add(
        database,
        "fields",
        account_id=account,
        name="owner_id_number",
        value=ID_NUMBER,
        raw="4304 2419 8807 1504 19",
        valid=1,
        attachment_id=form,
        location="第1页 表1 第12行 第2列",
        method="docx",
        confidence=1.0,
    )
    add(
        database,
        "fields",
        account_id=account,
        name="owner_phone",
        value="1390734567",
        raw="139-0734-567",
        valid=0,
        complaint="手机号码应为 11 位",
        location="表1 第13行",
        method="ocr",
        confidence=0.83,
    )
    add(
        database,
        "papers",
        submission_id=submission,
        attachment_id=form,
        kind="id_card",
        title="居民身份证",
        holder="谭晓明",
        number=ID_NUMBER,
        confidence=0.91,
        evidence=["有「公民身份号码」字样"],
        doubts=["号码不一致"],
    )
    add(
        database,
        "materials",
        submission_id=submission,
        attachment_id=form,
        kind="id_card",
        holder="谭晓明",
        number=ID_NUMBER,
        accepted=0,
        reason="号码与登记表不同",
    )
    add(
        database,
        "account_history",
        account_id=account,
        submission_id=submission,
        name="owner_id_number",
        old_value=ID_NUMBER,
        new_value=ID_NUMBER,
        message_id=second,
        actor="daemon",
        at=stamp("2019-08-02 09:01"),
    )
    add(
        database,
        "doubts",
        submission_id=submission,
        sentence="请核实是否同一人。",
        created_at=stamp("2019-08-02 09:01"),
    )
    add_reply(database, first, submission, kind="receipt", state="uncertain", last_error="连接中断")
    add(
        database,
        "events",
        at=stamp("2019-08-01 09:31"),
        actor="daemon",
        action="opened",
        submission_id=submission,
        message_id=first,
        detail={"note": ID_NUMBER},
    )
    yield database
    database.close()


def test_a_submission_is_told_from_the_first_mail_to_the_last_event(store):
    """Mails, files and why, fields and where, missing, reasons, replies and why none, history, events."""
    text = show_submission(store, "hd2019-0001", shipped_survey())
    for words in (
        "HD2019-0001",
        "待人工核验",
        "材料.zip",
        "压缩包等容器",
        "已加密：需要密码",
        "同一身份证号",
        "第1页 表1 第12行",
        "把握 83%",
        "手机号码应为 11 位",
        "登记表「负责人手机号码」一栏",
        "居民身份证：未采纳",
        "号码与登记表不同",
        "有「公民身份号码」字样",
        "请核实是否同一人",
        "收件回执，不确定是否发出：连接中断",
        "没有回信：",
        "开立登记",
    ):
        assert words in text, words
    order = [
        text.index(f"── {title} ──")
        for title in ("缺少材料", "待核验的原因", "来信", "账号", "材料", "待核实事项", "回信", "改动", "经过")
    ]
    assert order == sorted(order)


def test_no_number_of_a_person_stands_on_the_screen(store):
    """Neither of the submission nor of its mails."""
    for text in (
        show_submission(store, "HD2019-0001", shipped_survey()),
        show_message(store, 1),
        show_message(store, 2),
    ):
        for secret in (ID_NUMBER, ID_NUMBER[6:14], PHONE, "8807 1504", "1390734567", "0734-567"):
            assert secret not in text
    assert "430424********0419" in show_submission(store, "HD2019-0001")


def test_a_mail_is_told_with_its_files_and_why_it_got_no_answer(store):
    """`intake show --message`."""
    text = show_message(store, 2)
    assert "补正来信" in text and "扫描.rar" in text and "没有回信" in text and "HD2019-0001" in text


def test_what_is_not_there_is_none(store):
    """The command says so and exits 1."""
    assert show_submission(store, "HD2019-9999") is None
    assert show_message(store, 999) is None


@pytest.mark.parametrize(
    "name, value, shown",
    [
        ("owner_id_number", ID_NUMBER, "430424********0419"),
        ("owner_id_number", "12345", "12***"),
        ("admin_phone", PHONE, "139****5678"),
        ("admin_phone", "139073456", "139****56"),
        ("name", f"我的{PHONE}号", "我的139****5678号"),
        ("name", None, "（空）"),
        ("name", "", "（空）"),
    ],
)
def test_numbers_are_masked_also_where_they_are_wrong(name, value, shown):
    """A digit too few does not save a number."""
    assert masked_field(name, value) == shown


def test_a_mail_that_was_never_read_can_be_shown(tmp_path):
    """State received, nothing known but where it lies."""
    database = empty_store(tmp_path)
    mail = add_message(
        database, kind=None, state="received", subject=None, from_address=None, from_name=None, text=None
    )
    text = show_message(database, mail)
    assert "（无主题）" in text and "尚待处理" in text
    database.close()
