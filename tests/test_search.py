"""Search in Chinese: two characters suffice, nothing personal is found or shown, and what was written is found at once."""

import pytest
from build_admin import SECRETS, assert_no_number, fill, log_in, serving, submit
from build_store import ID_NUMBER, PHONE, add_account, add_attachment, add_message, add_submission, empty_store
from hypothesis import given
from hypothesis import strategies as st

from rules.words import asked, readable, wanted, words_of
from store import search
from store.admin.search_page import snippet
from store.database import writing


@pytest.fixture
def store(tmp_path):
    """An empty database."""
    database = empty_store(tmp_path)
    yield database
    database.close()


def found(database, query) -> dict[str, list[int]]:
    """The ids that a query finds, by kind; kinds without any are left out."""
    search.refresh(database)
    return {kind: [hit.id for hit in hits] for kind, hits in search.find(database, query).items() if hits}


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("石湾", {"submission", "account", "message", "attachment"}),
        ("镇中", {"submission", "attachment"}),
        ("湾", {"submission", "account", "message", "attachment"}),
        ("小学", {"submission", "attachment"}),
        ("学", {"submission", "attachment"}),
        ("石湾镇中心小学", {"submission", "attachment"}),
        ("石湾 公众号", {"account"}),
        ("ＳＷＴＶ", {"account"}),
        ("swtv2019", {"account"}),
        ("登记 材料", {"message"}),
        ("湾石", set()),
        ("中学", set()),
        ("，。！", set()),
        ("", set()),
    ],
)
def test_words_are_found_wherever_they_stand(store, query, kinds):
    """In names, accounts, mails and files; each word of the query must be there, as it was typed."""
    mail = add_message(store, subject="石湾的登记", text="附上材料，请查收。")
    submission = add_submission(store, mail, registrant="衡东县石湾镇中心小学")
    add_account(store, submission, name="石湾之声公众号", handle="swtv2019", unit_name=None, address=None, introduction=None)
    add_attachment(store, mail, filename="扫描.pdf", text="单位名称 石 湾 镇 中 心 小 学")
    assert set(found(store, query)) == kinds


@given(st.text(alphabet="衡东县石湾镇洣水", min_size=1, max_size=12), st.data())
def test_every_part_of_a_chinese_text_is_found(text, data):
    """Whatever its length: all words of the query are words of the text, or begin one."""
    begin = data.draw(st.integers(0, len(text) - 1))
    part = text[begin:data.draw(st.integers(begin + 1, len(text)))]
    words = words_of(readable(text))
    for run in asked(part):
        assert all(word in words or (begins and any(one.startswith(word) for one in words)) for word, begins in wanted(run))


def test_what_changes_is_found_anew_and_what_goes_is_not_found(store):
    """Whoever writes: the row is noted in the transaction that changes it."""
    mail = add_message(store, subject="石湾")
    assert found(store, "石湾") == {"message": [mail]}
    store.conn.execute("UPDATE messages SET subject = '草市' WHERE id = ?", [mail])
    assert found(store, "石湾") == {} and found(store, "草市") == {"message": [mail]}
    with pytest.raises(RuntimeError), writing(store):
        store.conn.execute("UPDATE messages SET subject = '大浦' WHERE id = ?", [mail])
        raise RuntimeError
    assert search.waiting(store) == 0 and found(store, "大浦") == {}
    store.conn.execute("DELETE FROM messages WHERE id = ?", [mail])
    assert found(store, "草市") == {}


def test_a_rebuilt_index_finds_the_same(store):
    """From the rows alone."""
    mail = add_message(store, subject="石湾")
    for name in ("草市", "石湾"):
        store.conn.execute("UPDATE messages SET subject = ? WHERE id = ?", [name, mail])
        search.refresh(store)
    assert search.rebuild(store) == 1 and found(store, "石湾") == {"message": [mail]}


def test_a_number_of_a_person_is_not_in_the_index(store):
    """Nor the text of an ID card."""
    mail = add_message(store, text=f"身份证 {ID_NUMBER} 电话 {PHONE}")
    add_attachment(store, mail, role="id_card", filename="证件.jpg", text=f"姓名 谭晓明 {ID_NUMBER}")
    search.refresh(store)
    words = [word for hits in search.find(store, "证").values() for hit in hits for word in words_of(hit.text)]
    assert words and not {ID_NUMBER, PHONE, ID_NUMBER[6:14]} & set(words)
    assert "attachment" not in found(store, "谭晓明")


def test_a_hit_is_marked_and_markup_stays_text():
    """Around the place where it stands."""
    text = "一" * 50 + "<b>石湾镇</b>的学校" + "二" * 200
    shown = str(snippet(text, ("石湾",)))
    assert "&lt;b&gt;<mark>石湾</mark>镇" in shown and shown.startswith("…") and shown.endswith("…")


def test_the_page_links_to_what_it_found(store, tmp_path):
    """GET for words, so that a search can be kept; a 登记编号 leads to its page."""
    mail = add_message(store, subject="石湾的登记")
    add_submission(store, mail, number="HD2019-0042", registrant="石湾镇政府")
    with serving(tmp_path, "view") as client:
        page = client.get("/-/search", params={"q": "石湾"}).text
        assert f'href="/-/message/{mail}"' in page and "HD2019-0042" in page and "<mark>石湾</mark>" in page
        posted = submit(client, "/-/search", q="石湾")
        assert posted.status_code == 303 and posted.headers["location"].startswith("/-/search?q=")
        assert client.get("/-/search", params={"q": "hd2019-0042"}).headers["location"] == "/-/submission/HD2019-0042"
        assert "没有找到" in client.get("/-/search", params={"q": "查无此词"}).text


def test_a_number_is_searched_by_post_with_the_right_only_and_is_written_down(store, tmp_path):
    """It stands in no address, no page and no event."""
    submission = add_submission(store, add_message(store), number="HD2019-0042", category="individual", id_number=ID_NUMBER)
    add_account(store, submission, admin_phone=PHONE)
    with serving(tmp_path, "view") as client:
        assert client.get("/-/search", params={"q": ID_NUMBER}).status_code == 400
        assert submit(client, "/-/search", q=ID_NUMBER).status_code == 403
    with serving(tmp_path) as client:
        assert log_in(client, "manage").status_code == 303
        for number in (ID_NUMBER, PHONE, f"{ID_NUMBER[:6]} {ID_NUMBER[6:]}"):
            response = submit(client, "/-/search", q=number)
            assert response.status_code == 200 and "HD2019-0042" in response.text
            assert_no_number(response)
    events = [row["detail"] for row in store.query("SELECT detail FROM events WHERE action = 'number-searched'")]
    assert events == ['{"found": 1}'] * 3


def test_no_search_shows_a_number(store, tmp_path):
    """On a database with numbers in every text."""
    fill(store)
    with serving(tmp_path) as client:
        for query in ("谭", "谭晓明", "电话", "4304", "139", "号码", "出生"):
            response = client.get("/-/search", params={"q": query})
            assert response.status_code == 200
            for secret in SECRETS:
                assert secret not in response.text
