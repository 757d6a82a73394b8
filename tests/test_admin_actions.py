"""What clerks do on the pages: by HTTP, on a real store that the pipeline filled, with every way to get it wrong."""

import html
import re
from contextlib import contextmanager

import pytest
from build_admin import PASSWORDS, log_in, serving, submit
from build_conversation import SURVEY, Play

from intake.office import originals
from store.database import one, rows

UNIT = {"发件人": "a@example.net", "附件": {"登记表.docx": "单位表", "证书.jpg": "单位证书"}}
CARD = {"发件人": "a@example.net", "正文": "补校长的身份证。", "附件": {"身份证.jpg": "身份证"}}
#: what a stranger may write where a name is asked for
SCRIPT = "<script>alert(1)</script>"


class Office(Play):
    """A conversation whose clerk sits before the browser."""

    def page(self, address: str) -> str:
        self.last_page = self.client.get(address)
        return self.last_page.text

    def press(self, address: str, button: str, page: str | None = None, **fields):
        """Send the form of a page, with the page's stamp."""
        page = page or self.page(address)
        stamp = html.unescape(re.search(r'name="stamp" value="([^"]*)"', page)[1])
        return submit(self.client, f"{address}/do/{button}", stamp=stamp, **fields)

    def told(self, response) -> str:
        """What the page says after an act was done."""
        assert response.status_code == 303, response.text
        return notice(self.client.get(response.headers["location"]).text)

    def submission(self, number: str = "HD2019-0001") -> dict:
        return one(self.database, "SELECT * FROM submissions WHERE number = ?", [number])

    def event(self, action: str) -> dict | None:
        return one(self.database, "SELECT * FROM events WHERE action = ? ORDER BY id DESC", [action])


def notice(page: str) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", "".join(re.findall(r'<div class="notice".*?</div>', page, re.DOTALL))))


@contextmanager
def _office(folder, monkeypatch, role="handle"):
    stage = Office(folder)
    stage.readings.survey, stage.readings.close = SURVEY, lambda: None
    monkeypatch.setattr(originals, "ReaderPool", lambda *_, **__: stage.readings)
    with serving(folder, role, stage.config) as client:
        stage.client = client
        yield stage


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A unit's form and certificate have come; its head's card is missing. The browser is a clerk's."""
    with _office(tmp_path, monkeypatch) as stage:
        stage.mail(UNIT)
        yield stage


HERE = "/-/submission/HD2019-0001"


def test_a_corrected_field_stands_under_the_clerks_name(office):
    """The page says how the submission stands, the field says who wrote it, the trail says why."""
    account = one(office.database, "SELECT id FROM accounts")["id"]
    told = office.told(office.press(HERE, "correct", account=account, why="电话核对", **{"value:admin_name": "罗小芳"}))
    assert "HD2019-0001" in told and "尚缺" in told
    page = office.page(HERE)
    assert "罗小芳" in page and "李办" in page and "电话核对" in page
    event = office.event("corrected")
    assert event["actor"] == PASSWORDS["handle"][0] and "电话核对" in event["detail"]


def test_what_is_left_blank_stays_and_an_empty_form_is_refused(office):
    """Only the inputs that were filled in are decisions."""
    before = one(office.database, "SELECT * FROM accounts")
    answer = office.press(HERE, "correct", account=before["id"], **{"value:name": " "})
    assert answer.status_code == 400 and "没有填写" in answer.text
    office.told(office.press(HERE, "correct", account=before["id"], **{"value:name": "", "value:followers": "空"}))
    after = one(office.database, "SELECT * FROM accounts")
    assert after["followers"] is None and after | {"followers": 0} == before | {"followers": 0}


def test_a_value_that_cannot_be_is_refused_in_a_sentence_and_what_was_typed_is_shown(office):
    """And what was typed is text, whatever it is."""
    answer = office.press(HERE, "correct", account=one(office.database, "SELECT id FROM accounts")["id"], why=SCRIPT,
                          **{"value:registered_on": "2019-02-31"})
    assert answer.status_code == 400 and "注册日期" in answer.text and "2019-02-31" in answer.text
    assert SCRIPT not in answer.text and html.escape(SCRIPT) in answer.text


def test_a_page_that_is_no_longer_true_changes_nothing(office):
    """A mail has come meanwhile: the clerk is told, and does not overwrite what he has not seen."""
    old = office.page(HERE)
    office.mail(CARD)
    answer = office.press(HERE, "withdraw", old, sure="1")
    assert answer.status_code == 409 and "已有变化" in answer.text and HERE in answer.text
    assert office.submission()["status"] == "complete" and office.event("withdrawn") is None


def test_a_form_sent_twice_is_done_once(office):
    """A double click, or the back button."""
    page = office.page(HERE)
    assert office.press(HERE, "paper", page, day="2019-08-03").status_code == 303
    assert office.press(HERE, "paper", page, day="2019-08-03").status_code == 409
    assert len(rows(office.database, "SELECT 1 FROM decisions WHERE kind = 'paper'")) == 1


def test_an_answer_on_its_way_out_does_not_make_a_page_old(office):
    """The daemon sends what waits while the clerk reads."""
    page = office.page(HERE)
    submit(office.client, "/-/outbox/1/do/hold")
    assert office.press(HERE, "note", page, text="已电话告知").status_code == 303
    assert "已电话告知" in office.page(HERE)


def test_the_page_says_whether_an_answer_goes_out(office):
    """As the command does."""
    told = office.told(office.press(HERE, "accept", material="principal_id_card", why="当面核验"))
    assert "齐全回执" in told and "已放入待发邮件" in told
    assert office.submission()["status"] == "complete"


def test_a_refused_document_is_missing_and_the_reason_is_told(office):
    """The reason stands in the letter."""
    office.mail(CARD)
    file = one(office.database, "SELECT id FROM attachments WHERE role = 'id_card'")["id"]
    told = office.told(office.press(HERE, "reject", material="principal_id_card", file=file, why="照片不清楚"))
    assert "尚缺" in told and office.submission()["status"] == "incomplete"
    assert "照片不清楚" in one(office.database, "SELECT body FROM replies ORDER BY id DESC")["body"]


def test_category_doubts_and_paper_are_decided_by_a_button_each(office):
    """Individual, and back; looked at; registered on that day."""
    office.told(office.press(HERE, "category", category="individual"))
    assert office.submission()["category"] == "individual"
    office.told(office.press(HERE, "category", category="unit"))
    office.told(office.press(HERE, "clear", why="已看"))
    assert office.event("cleared")["actor"] == PASSWORDS["handle"][0]
    office.told(office.press(HERE, "paper", day="2019-08-03", anyway="1"))
    assert office.submission()["status"] == "registered" and office.submission()["paper_received_at"][:10] == "2019-08-03"
    assert office.press(HERE, "category", category="drone").status_code == 400
    assert office.press(HERE, "paper", day="昨天").status_code == 400


def test_who_joins_two_sees_first_whose_they_are(office):
    """A number is easily mistyped."""
    office.mail({"发件人": "c@example.net", "附件": {"表.docx": {"种类": "单位表", "unit_name": "白莲完小", "name": "白莲视频"}}})
    asked = office.press(HERE, "merge", other="hd2019-0002").text
    assert "青石" in asked and "白莲完小" in asked
    assert "没有这个登记编号" in office.press(HERE, "merge", other="HD2019-0099").text


@pytest.mark.parametrize("button", ["withdraw", "merge", "split"])
def test_what_cannot_easily_be_taken_back_is_asked_first(office, button):
    """One page says what will happen; nothing has happened yet."""
    answer = office.press(HERE, button, other="HD2019-0002", why=SCRIPT)
    assert answer.status_code == 200 and "请确认" in answer.text and 'name="sure"' in answer.text
    assert SCRIPT not in answer.text and not rows(office.database, "SELECT 1 FROM decisions")


def test_a_withdrawn_registration_can_be_restored(office):
    """Its number stays, and the buttons that remain are those that make sense."""
    office.told(office.press(HERE, "withdraw", sure="1", why="来函"))
    page = office.page(HERE)
    assert "已撤回" in page and "/do/paper" not in page and "/do/reopen" in page
    assert office.press(HERE, "clear", page).status_code == 400
    office.told(office.press(HERE, "reopen", sure="1"))
    assert office.submission()["status"] == "incomplete"


def test_two_are_joined_and_one_is_parted(office):
    """The joined one leads to the other; a parted account has a number of its own."""
    office.mail({"发件人": "c@example.net", "附件": {"表.docx": {"种类": "单位表", "unit_name": "青石完小", "name": "青石视频",
                                                      "handle": "qssp", "platform": "抖音号", "service_type": "抖音号"}}})
    told = office.told(office.press(HERE, "merge", other="hd2019-0002", sure="1"))
    assert "HD2019-0001" in told
    joined = office.page("/-/submission/HD2019-0002")
    assert "已并入" in joined and "/do/" not in joined
    account = one(office.database, "SELECT id FROM accounts WHERE name = '青石视频'")["id"]
    told = office.told(office.press(HERE, "split", sure="1", **{f"account:{account}": "1"}))
    assert "HD2019-0003" in told
    assert office.press(HERE, "split", sure="1").status_code == 400


def test_a_mail_that_nobody_could_place_is_assigned_on_its_page(office):
    """It is read again for that; the clerk goes on at the submission."""
    office.mail({"发件人": "stranger@example.org", "主题": "补 HD2019-0001 的材料", "附件": {"扫描.jpg": "身份证"}})
    mail = office.last("messages")
    assert "疑似" in office.page(f"/-/message/{mail}")
    answer = office.press(f"/-/message/{mail}", "assign", number=" hd2019-0001 ")
    assert answer.headers["location"] == HERE
    assert "齐全回执" in office.told(answer) and office.submission()["status"] == "complete"
    assert office.press(f"/-/message/{mail}", "assign", number="").status_code == 400


def test_a_mail_that_belongs_nowhere_is_put_aside_and_a_failed_one_is_tried_again(office):
    """Each on its own page."""
    office.mail({"发件人": "stranger@example.org", "主题": "补 HD2019-0001 的材料", "附件": {"扫描.jpg": "身份证"}})
    mail = office.last("messages")
    assert "已看过" in office.told(office.press(f"/-/message/{mail}", "clear-message"))
    assert office.press(f"/-/message/{mail}", "clear-message").status_code == 400
    assert office.press(f"/-/message/{mail}", "retry").status_code == 400
    office.database.conn.execute("UPDATE messages SET state = 'failed', error = 'x' WHERE id = ?", [mail])
    assert "将重新处理" in office.told(office.press(f"/-/message/{mail}", "retry"))
    assert one(office.database, "SELECT state FROM messages WHERE id = ?", [mail])["state"] == "received"


def test_a_held_answer_is_read_in_full_and_approved(office):
    """And what cannot be done with it is said."""
    office.database.conn.execute("UPDATE replies SET state = 'held', reason = '等待批准后发送。'")
    listed, letter = office.page("/-/outbox"), office.page("/-/outbox/1")
    body = one(office.database, "SELECT body FROM replies")["body"]
    assert "/-/outbox/1/do/approve" in listed and html.escape(body.strip().splitlines()[0]) in letter
    answer = submit(office.client, "/-/outbox/1/do/approve", back="outbox")
    assert answer.headers["location"] == "/-/outbox" and "已批准" in office.told(answer)
    assert one(office.database, "SELECT state FROM replies")["state"] == "queued"
    assert office.event("approved")["actor"] == PASSWORDS["handle"][0]
    again = submit(office.client, "/-/outbox/1/do/approve")
    assert again.status_code == 400 and "待发送" in again.text


def test_what_may_have_arrived_is_sent_again_only_after_a_question(office):
    """Nobody gets a mail twice by a slip of the mouse."""
    office.database.conn.execute("UPDATE replies SET state = 'uncertain'")
    asked = submit(office.client, "/-/outbox/1/do/release")
    assert "请确认" in asked.text and one(office.database, "SELECT state FROM replies")["state"] == "uncertain"
    office.told(submit(office.client, "/-/outbox/1/do/confirm"))
    assert one(office.database, "SELECT state FROM replies")["state"] == "sent"


def test_who_may_only_look_can_change_nothing(office):
    """No button is shown, and none works."""
    stamp = re.search(r'name="stamp" value="([^"]*)"', office.page(HERE))[1]
    office.client.cookies.clear()
    log_in(office.client, "view")
    assert "/do/" not in office.page(HERE) and "/do/" not in office.page("/-/outbox")
    for address in (f"{HERE}/do/paper", "/-/message/1/do/retry", "/-/outbox/1/do/hold", f"{HERE}/reveal", "/-/file/1/download"):
        assert submit(office.client, address, stamp=stamp, sure="1").status_code == 403, address
    assert not rows(office.database, "SELECT 1 FROM decisions")
    assert submit(office.client, "/-/outbox/all/do/resume").status_code == 403


@pytest.mark.parametrize("forged", [{}, {"csrftoken": "wrong"}, {"csrftoken": ""}])
def test_a_form_without_the_browsers_token_changes_nothing(office, forged):
    """Another site's page may post, but cannot know the token."""
    stamp = re.search(r'name="stamp" value="([^"]*)"', office.page(HERE))[1]
    answer = office.client.post(f"{HERE}/do/paper", data={"stamp": stamp, **forged})
    assert answer.status_code == 403 and not rows(office.database, "SELECT 1 FROM decisions")


def test_nothing_is_done_by_an_address_alone(office):
    """GET shows; what is unknown is not found."""
    for address in (f"{HERE}/do/paper", f"{HERE}/reveal", "/-/outbox/1/do/hold"):
        assert office.client.get(address).status_code == 404, address
    for address in (f"{HERE}/do/nothing", f"{HERE}/do/approve", "/-/outbox/1/do/paper", "/-/message/1/do/paper"):
        assert submit(office.client, address, sure="1").status_code == 404, address
    assert office.press(HERE, "accept", material="principal_id_card", file="1; DROP").status_code == 400
    assert submit(office.client, "/-/submission/HD2019-0999/do/note", text="x").status_code == 400


def test_full_numbers_are_shown_to_whom_may_see_them_and_that_is_written_down(tmp_path, monkeypatch):
    """Never by an address, and each time in the trail."""
    with _office(tmp_path, monkeypatch, "manage") as office:
        office.mail({"发件人": "p@example.net", "附件": {"表.docx": {"种类": "个人表", "号": 1}}})
        number = one(office.database, "SELECT owner_id_number AS n FROM accounts")["n"]
        assert number and number not in office.page(HERE)
        office.client.cookies.clear()
        log_in(office.client, "handle")
        assert submit(office.client, f"{HERE}/reveal").status_code == 403 and office.event("revealed") is None
        office.client.cookies.clear()
        log_in(office.client, "manage")
        answer = submit(office.client, f"{HERE}/reveal")
        assert answer.status_code == 200 and number in answer.text and "记录在案" in answer.text
        event = office.event("revealed")
        assert event["actor"] == PASSWORDS["manage"][0] and event["submission_id"] == 1
        assert number not in office.page(HERE)
