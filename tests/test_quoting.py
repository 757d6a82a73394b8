"""Own words and quoted words, as Chinese mail programs mark them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.quoting import is_forward, own_words, words_for_forms

OWN = "康老师:\n\n登记表已补充,请查收。"
OLD = "旧信第一行\n账号名称:旧账号"


@pytest.mark.parametrize(
    "start",
    [
        "-----原始邮件-----\n发件人: a@example.cn\n发送时间: 2019年8月1日",
        '------------------ 原始邮件 ------------------\n发件人: "网信办"<a@example.cn>;',
        "发件人: 网信办\n发送时间: 2019-08-01 09:30\n收件人: x\n主题: y",
        '在 2019-08-01 09:30:00,"网信办" <a@example.cn> 写道:',
        "在2019年08月01日 09:30,网信办 写道:",
        "On Thu, Aug 1, 2019 at 9:30 AM 网信办 <a@example.cn> wrote:",
        "On Thu, Aug 1, 2019 at 9:30 AM 网信办 <a@example.cn>\nwrote:",
        'At 2019-08-01 09:30:00, "网信办" <a@example.cn> wrote:',
        "网信办 <a@example.cn> 于2019年8月1日周四 上午9:30写道:",
        "---- 回复的原邮件 ----\n| 发件人 | a@example.cn |",
        "发件人\uff1a 网信办\n发送时间\uff1a 2019-08-01",
        "在2019年8月1日 09:30\uff0c网信办 写道\uff1a",
        "---------- Forwarded message ----------\nFrom: a",
        "________________________________\nFrom: a",
    ],
)
def test_the_quoted_mail_is_cut_off_however_it_begins(start):
    """Each as one program writes it."""
    assert own_words(f"{OWN}\n\n{start}\n\n{OLD}") == OWN


def test_marked_lines_and_signatures_go_and_answers_below_stay():
    """`>` and 发自我的iPhone; people who answer under the quotation."""
    assert own_words(f"> 旧\n{OWN}\n>> 更旧\n发自我的iPhone") == OWN
    assert own_words(f"在 2019-08-01,网信办 写道:\n> 旧\n> 更旧\n\n{OWN}") == OWN


def test_a_mail_that_quotes_nothing_is_kept_whole():
    """Also with dashes, dates and brackets in it."""
    text = "——请查收——\n2019年8月1日开通\n账号<hdfb>\n----\n完"
    assert own_words(text) == text


def test_a_form_is_looked_for_in_the_quotation_only_when_the_mail_is_forwarded():
    """By its subject, or by the line that the program puts in."""
    answer = f"{OWN}\n\n-----原始邮件-----\n{OLD}"
    assert words_for_forms("Re: 登记", answer) == (OWN,)
    assert words_for_forms("转发:登记", answer) == (OWN, answer)
    handed_on = f"---------- 转发的邮件 ----------\n> {OLD}"
    assert words_for_forms("登记", handed_on)[-1].splitlines()[1] == "旧信第一行"


@pytest.mark.parametrize(("subject", "forward"), [("Fw: x", True), ("FWD:x", True), ("转发:x", True), ("转发\uff1ax", True), ("[转发]: x", True),
                                                  ("转发量登记", False), ("Re: Fw: x", False), (None, False)])  # fmt: skip
def test_forwarding_is_told_by_the_subject(subject, forward):
    """Only at its beginning."""
    assert is_forward(subject) is forward


def test_hostile_text_takes_no_time():
    """A megabyte of anything."""
    start = time.perf_counter()
    for filling in ("\n", "a\n", " \n", "<a@", "-", "--\n", "> ", "On a ", "在2019年", "_" * 19 + "\n", "&lt;", "\t"):
        words_for_forms("fw: x", filling * (1_000_000 // len(filling)) + "x")
    assert time.perf_counter() - start < 10


@given(st.text(max_size=300))
def test_own_words_are_part_of_the_text(text):
    """Nothing is invented."""
    assert all(line in text for line in own_words(text).splitlines())
