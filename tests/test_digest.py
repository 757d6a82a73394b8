"""The daily report: figures, sums, what waits for a person, and nothing personal."""

import base64
import io
import json
import re
import time
from dataclasses import replace
from datetime import date

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
    at,
    configuration,
    empty_store,
    multiply,
    shipped_survey,
    stamp,
)
from PIL import Image

from intake.office import digest

DAY = date(2019, 8, 1)
MORNING = at("2019-08-02 08:30")


@pytest.fixture
def store(tmp_path):
    """An empty database."""
    database = empty_store(tmp_path)
    yield database
    database.close()


@pytest.fixture
def make(store, tmp_path):
    """The digest of a day as it would be made the morning after."""
    config = configuration(tmp_path)

    def made(day=DAY, now=MORNING):
        return digest.make(config, shipped_survey(), store, day, now)

    return made


def test_a_mail_of_midnight_belongs_to_the_new_day(store, make):
    """[00:00, 24:00) in Shanghai."""
    for received in ("2019-07-31 23:59:59", "2019-08-01 00:00:00", "2019-08-01 23:59:59", "2019-08-02 00:00:00"):
        add_message(store, received)
    assert make().counts["day"]["mails"] == 2
    assert make().counts["total"]["mails"] == 3


def test_a_day_is_measured_in_shanghai_whatever_the_offset_of_the_stored_time(store, make):
    """16:00 UTC is midnight in Shanghai."""
    add_message(store, received_at="2019-07-31T15:59:59+00:00")
    add_message(store, received_at="2019-07-31T16:00:00+00:00")
    add_message(store, received_at="2019-08-01T15:59:59.900000+00:00")
    add_message(store, received_at="2019-08-01T16:00:00+00:00")
    assert make().counts["day"]["mails"] == 2


def test_every_mail_is_counted_under_exactly_one_kind(store, make):
    """The sum of the kinds is the number of rows, whatever their state."""
    first = add_message(store)
    add_message(store, kind="supplement")
    add_message(store, kind="registration", duplicate_of=first, silence="duplicate")
    add_message(store, kind=None, silence="before-since")
    add_message(store, kind=None, state="received")
    add_message(store, kind=None, state="failed")
    counts = make().counts
    assert counts["ledger"]["mails"] == sum(counts["ledger"]["kinds"].values()) == 6
    assert counts["ledger"]["difference"] == 0
    assert counts["day"]["mail"] == {
        "registration": 1,
        "supplement": 1,
        "duplicate": 1,
        "left_alone": 1,
        "received": 1,
        "failed": 1,
    }


def test_figures_by_category_status_platform_and_punctuality_add_up(store, make):
    """Each table's rows sum to the number of submissions or accounts."""
    for category, status, on_time in (
        ("unit", "complete", 1),
        ("individual", "incomplete", 0),
        ("unknown", "review", None),
    ):
        submission = add_submission(store, add_message(store), category=category, status=status, on_time=on_time)
        add_account(store, submission)
        add_account(store, submission, platform="抖音号")
    add_submission(store, opened="2019-08-02 10:00")
    day, total = make().counts["day"], make().counts["total"]
    assert day == total | {"mail": day["mail"]}
    assert day["submissions"] == 3 and day["accounts"] == 6
    assert day["on_time"] == {"on_time": 1, "late": 1, "unknown": 1}
    assert day["platform"] == {"微信公众号": 3, "抖音号": 3}


def test_what_needs_a_person_comes_first_with_its_reason(store, make):
    """Reviews, inquiries, failed mails and replies, cloud attachments, doubts, dead addresses, mailboxes."""
    mail = add_message(store)
    submission = add_submission(store, mail, status="review", review_reasons=["法人代表与证书上的负责人不同。"])
    add_reply(store, mail, submission, state="uncertain", sent_at=None)
    add_message(store, kind="inquiry", silence="too-old", subject="怎么登记")
    add_message(store, kind=None, state="failed", error="读取超时")
    add_attachment(store, mail, role="other", problem="remote", filename="材料.zip", sha256=None)
    add(store, "doubts", message_id=mail, sentence="似与另一登记为同一单位。", created_at=stamp("2019-08-01 10:00"))
    add(store, "dead_addresses", address="gone@example.net", at=stamp("2019-08-01 10:00"))
    add(
        store,
        "health",
        name="mailbox_error:office@example.cn",
        at=stamp("2019-08-02 08:00"),
        value={"error": "授权码可能已过期。", "since": stamp("2019-08-02 07:00")},
    )
    made = make()
    assert made.counts["attention"] == {
        "mailbox": 1,
        "mail_uncertain": 1,
        "message_failed": 1,
        "review": 1,
        "inquiry": 1,
        "doubt": 1,
        "remote": 1,
        "dead_address": 1,
    }
    assert "8项待处理" in made.subject
    for page in (made.text, made.html):
        for words in (
            "法人代表与证书上的负责人不同",
            "怎么登记",
            "读取超时",
            "材料.zip",
            "似与另一登记",
            "go***@example.net",
            "授权码可能已过期",
        ):
            assert words in page
        assert page.index("需要您处理") < page.index("登记情况") < page.index("来信核对")


def test_an_inquiry_that_a_clerk_answered_by_hand_waits_no_longer(store, make):
    """A mail of our own in answer to it is enough."""
    add_message(store, kind="inquiry", message_id="<q@example.net>", silence="too-old")
    assert make().counts["attention"] == {"inquiry": 1}
    add_message(store, kind="own", in_reply_to="<q@example.net>")
    assert make().counts["attention"] == {}


def test_no_number_of_a_person_stands_in_a_digest(store, make):
    """Not in subjects, reasons, addresses, file names or errors."""
    mail = add_message(
        store, from_address=f"{PHONE}@139.com", subject=f"我的电话{PHONE}", kind="inquiry", silence="too-old"
    )
    submission = add_submission(
        store,
        mail,
        status="review",
        review_reasons=[f"身份证号{ID_NUMBER}与证件不同。"],
        registrant=f"谭晓明{PHONE}",
        contact_address=f"{PHONE}@139.com",
    )
    add_reply(store, mail, submission, state="failed", to_address=f"{PHONE}@139.com", last_error=f"550 {PHONE}")
    add_attachment(store, mail, problem="remote", filename=f"{ID_NUMBER}.zip", problem_detail=PHONE)
    add(store, "dead_addresses", address=f"{PHONE}@139.com", reason=PHONE, at=stamp("2019-08-01 10:00"))
    add(store, "doubts", message_id=mail, sentence=f"{ID_NUMBER} {PHONE}", created_at=stamp("2019-08-01 10:00"))
    made = make()
    for page in (made.text, made.html, made.subject, json.dumps(made.counts, ensure_ascii=False)):
        assert ID_NUMBER not in page and ID_NUMBER[6:14] not in page and PHONE not in page


@pytest.mark.parametrize(
    ("expires", "left"),
    [("2019年8月30日 10:10", "剩余28天"), ("2019-08-02", "剩余0天"), ("2019/8/1", "链接已过期"), ("无限期", "无限期"), (None, "下载链接")],
)
def test_cloud_files_are_listed_with_the_days_left_and_their_link(store, make, expires, left):
    """Counted from the day on which the digest is made; the link stays whole, also where it holds long numbers."""
    link = "http://mail.qq.com/cgi-bin/ftnExs_download?k=13812345678&code=5a1"
    mail = add_message(store, kind="inquiry", silence="too-old")
    detail = "信中只有下载链接，没有文件本身" + (f"；链接有效期：{expires}" if expires else "") + f"；链接：{link}"
    add_attachment(store, mail, problem="remote", filename="执照.zip", sha256=None, problem_detail=detail)
    text = make().text
    line = next(line for line in text.split("\n") if "执照.zip" in line)
    assert left in line and line.endswith(link)


def test_markup_in_a_subject_stays_text(store, make):
    """Names and subjects are written by strangers."""
    add_message(store, kind="inquiry", silence="too-old", subject="<script>alert(1)</script>")
    assert "<script" not in make().html
    assert "&lt;script&gt;" in make().html


def test_the_page_is_made_of_tables_and_inline_styles_only(store, make):
    """Web mail drops style sheets, and nothing may be loaded from elsewhere."""
    add_submission(store, add_message(store))
    html = make().html
    for word in ("<style", "<script", "<link", "http:", "https:", "url("):
        assert word not in html
    assert all(source.startswith("cid:") for source in re.findall(r'src="([^"]*)"', html))


def test_mail_in_the_mailbox_is_held_against_the_ledger(store, make):
    """Folder by folder; a difference is shown and needs a person."""
    add_message(store)
    add_message(store)
    report = {
        "folder": "INBOX",
        "missing": False,
        "error": None,
        "uidvalidity": 1,
        "mails": 2,
        "ledger": 2,
        "holes": [],
    }
    add(store, "health", name="mailbox:office@example.cn:INBOX", value=report, at=stamp("2019-08-02 08:29"))
    made = make()
    assert "邮箱 2 封，台账 2 封，相差 0 封" in made.text
    assert made.counts["attention"] == {}
    store["health"].update("mailbox:office@example.cn:INBOX", {"value": json.dumps(report | {"mails": 3})})
    made = make()
    assert made.counts["folders"][0]["difference"] == 1
    assert made.counts["attention"] == {"mailbox": 1}


def test_a_digest_of_an_empty_database_can_be_read(make):
    """The first morning of a service that has had no mail."""
    made = make()
    assert "无待处理事项" in made.subject
    assert made.counts["ledger"] == {"kinds": {}, "mails": 0, "difference": 0}


def test_the_files_hold_the_two_twins(make, tmp_path):
    """`intake digest --out`."""
    page, text = digest.write_files(make(), tmp_path / "out", shipped_survey())
    assert page.name == "digest-2019-08-01.html" and page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert text.read_text("utf-8") == make().text


def test_the_day_stands_beside_the_day_before_and_all_days(store, make):
    """Two today, one yesterday, one before."""
    for opened in ("2019-08-01 10:00", "2019-08-01 11:00", "2019-07-31 10:00", "2019-07-26 10:00"):
        add_submission(store, add_message(store, opened), opened=opened)
    made = make()
    assert [made.counts[column]["submissions"] for column in ("day", "previous", "total")] == [2, 1, 4]
    assert "新登记（件）：2 / 1 / 4" in made.text and "当日 / 前一日 / 累计" in made.text
    assert "7月31日 1，8月1日 2" in made.text


def test_the_charts_are_in_the_mail_itself_and_told_in_words(store, make, tmp_path):
    """Every picture that the page names is a part of the mail; whoever does not see it reads what it shows."""
    add_account(store, add_submission(store, add_message(store), town="石湾镇"))
    made = make()
    named = re.findall(r'<img src="cid:([^"]+)"[^>]* alt="([^"]+)"', made.html)
    pictures = digest.inline_pictures(made, shipped_survey())
    assert [name for name, _ in named] == [one.content_id for one in pictures] and len(named) == 4
    assert "石湾镇 1" in named[3][1] and "微信公众号 1" in named[2][1]
    for one in pictures:
        picture = Image.open(io.BytesIO(one.data))
        assert picture.width == 680 and len(picture.getcolors(1 << 20)) > 2
    page, _ = digest.write_files(made, tmp_path / "out", shipped_survey())
    shown = re.findall(r'<img src="data:image/png;base64,([^"]+)"', page.read_text("utf-8"))
    assert [base64.b64decode(data) for data in shown] == [one.data for one in pictures]


def test_a_case_to_call_about_names_whom_and_the_telephone(store, tmp_path):
    """Hidden in the middle, unless the office wants to dial from the mail."""
    submission = add_submission(store, add_message(store), status="review", review_reasons=["请核对。"])
    add_account(store, submission, admin_name="谭晓明", admin_phone=PHONE)
    config = configuration(tmp_path)
    masked = digest.make(config, shipped_survey(), store, DAY, MORNING)
    assert PHONE not in masked.text + masked.html and f"联系人 谭晓明 {PHONE[:3]}" in masked.text
    config = replace(config, digest=replace(config.digest, telephones="full"))
    full = digest.make(config, shipped_survey(), store, DAY, MORNING)
    assert f"联系人 谭晓明 {PHONE}" in full.text and PHONE in full.html and "手机号码" not in full.text[-200:]


def test_the_state_of_the_service_is_told(store, make):
    """Queues, the last look into the mailbox, the disk."""
    add(store, "health", name="last_poll:office@example.cn", value=None, at=stamp("2019-08-02 08:29"))
    add_message(store, state="received", kind=None)
    add_reply(store, None, state="queued", sent_at=None)
    text = make().text
    for line in ("最近一次成功查看 office@example.cn：2019-08-02 08:29", "尚待处理的来信：1 封", "待发送 1 封", "数据所在磁盘：剩余 "):
        assert line in text


def test_ten_thousand_mails_make_a_digest_within_seconds(store, make):
    """A province's worth of mail must not hold up the clock loop."""
    mail = add_message(store)
    submission = add_submission(store, mail, status="review", review_reasons=["请核对。"])
    multiply(store, "messages", mail, 9_999, uid="100000 + n")
    multiply(store, "submissions", submission, 9_999, number="'HD2020-' || n")
    begun = time.perf_counter()
    assert make().counts["day"]["mails"] == 10_000
    assert time.perf_counter() - begun < 5
