"""Cloud attachments: blocks of QQ, NetEase and Foxmail, net-disk links, and what only looks like one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cloud import CloudFile, cloud_files, last_day

QQ_TEXT = """材料见附件

从QQ邮箱发来的超大附件

营业执照扫描件.zip (51.2M, 2019年8月30日 10:10 到期)
进入下载页面:http://mail.qq.com/cgi-bin/ftnExs_download?k=6a3&t=exs_ftn_download&code=5a1
身份证(正反面).rar (1.5G, 无限期)
进入下载页面:http://mail.qq.com/cgi-bin/ftnExs_download?k=7b4&t=exs_ftn_download&code=6b2
"""
QQ_HTML = """<div>材料见附件</div><div id="QQMailBigAttach" style="padding:5px"><div><b>从腾讯企业邮箱发来的超大附件</b></div>
<div class="bigatt_bt"><a target="_blank" href="http://exmail.qq.com/cgi-bin/ftnExs_download?k=1">
<span>登记表与执照.zip</span></a>
<span>&nbsp;(23.08MB,&nbsp;2019年09月01日 09:30&nbsp;到期)</span></div></div>"""
NETEASE_HTML = """<p>您好</p><div id="divNeteaseBigAttach" style="border:1px"><div>从网易126邮箱发来的云附件</div>
<div><a href="http://mail.163.com/large-attachment-download/index.html?p=X" download="材料.rar">材料.rar</a>
<span style="color:#bbb">60.66M, 2019年8月16日 17:12 到期</span></div></div>"""
FOXMAIL_HTML = """<div class="foxmail_hugeattachment"><a href="https://wx.mail.qq.com/ftn/download?func=3&key=1"
title="证照.7z">证照.7z</a>
| 102.4 MB | 过期时间:2019-08-20</div>"""
WEB_QQ = """<a href="https://wx.mail.qq.com/ftn/download?func=4&k=1" qqmailbgattach="" downloadlink="x"
expiretime="1567">x.pdf</a>"""


@pytest.mark.parametrize(
    ("text", "html", "found"),
    [
        (QQ_TEXT, "", [("营业执照扫描件.zip", int(51.2 * 1024**2), "2019年8月30日 10:10"),
                       ("身份证(正反面).rar", int(1.5 * 1024**3), "无限期")]),
        ("", QQ_HTML, [("登记表与执照.zip", int(23.08 * 1024**2), "2019年09月01日 09:30")]),
        ("您好", NETEASE_HTML, [("材料.rar", int(60.66 * 1024**2), "2019年8月16日 17:12")]),
        ("", FOXMAIL_HTML, [("证照.7z", int(102.4 * 1024**2), "2019-08-20")]),
        ("", WEB_QQ, [("云附件", None, None)]),
        ("从QQ邮箱发来的超大附件\n资料.zip \uff0851.2K\uff0c2019年8月30日 10\uff1a10 到期\uff09", "",
         [("资料.zip", int(51.2 * 1024), "2019年8月30日 10\uff1a10")]),
        ("链接:https://pan.baidu.com/s/1abcdefg 提取码:ab12", "", [("云附件", None, None)]),
        ("从网易163邮箱发来的超大附件", "", [("云附件", None, None)]),
    ],
)  # fmt: skip
def test_blocks_of_each_service_give_name_size_and_expiry(text, html, found):
    """As far as the block says them; at least one file where it says nothing."""
    assert [(item.filename, item.size, item.expires) for item in cloud_files(text, html)] == found


@pytest.mark.parametrize(
    ("text", "html", "links"),
    [
        (QQ_TEXT, "", ["http://mail.qq.com/cgi-bin/ftnExs_download?k=6a3&t=exs_ftn_download&code=5a1",
                       "http://mail.qq.com/cgi-bin/ftnExs_download?k=7b4&t=exs_ftn_download&code=6b2"]),
        ("", QQ_HTML, ["http://exmail.qq.com/cgi-bin/ftnExs_download?k=1"]),
        ("您好", NETEASE_HTML, ["http://mail.163.com/large-attachment-download/index.html?p=X"]),
        ("", FOXMAIL_HTML.replace("&key", "&amp;key"), ["https://wx.mail.qq.com/ftn/download?func=3&key=1"]),
        ("链接:https://pan.baidu.com/s/1abcdefg 提取码:ab12", "", ["https://pan.baidu.com/s/1abcdefg"]),
        ("从网易163邮箱发来的超大附件", "", [None]),
    ],
)  # fmt: skip
def test_each_file_keeps_its_own_link(text, html, links):
    """The office may fetch it by hand before it expires."""
    assert [item.link for item in cloud_files(text, html)] == links


@pytest.mark.parametrize(
    ("expires", "day"),
    [("2019年8月30日 10:10", "2019-08-30"), ("2019年09月01日", "2019-09-01"), ("2019-08-20", "2019-08-20"), ("无限期", None),
     ("2019年13月45日", None), (None, None)],
)  # fmt: skip
def test_the_last_day_of_a_link_is_read(expires, day):
    """For the days that are left."""
    found = last_day(expires)
    assert (found and found.isoformat()) == day


def test_the_same_file_in_text_and_html_counts_once():
    """multipart/alternative brings both."""
    assert len(cloud_files(QQ_TEXT, QQ_TEXT.replace("\n", "<br>"))) == 2


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("您好,登记表.docx (23K) 见附件。", ""),
        ("", "<style>#divNeteaseBigAttach{color:red}</style><p>您好</p>"),
        ("", '<div id="divNeteaseBigAttach" style="display:none"></div><p>您好</p>'),
        ("能用超大附件发吗?", "<p>能用超大附件或云附件发吗?</p>"),
        ("见 http://www.hengdong.gov.cn/a.zip (1M)", ""),
        ("", ""),
    ],
)
def test_what_only_looks_like_one_is_none(text, html):
    """Style sheets, empty blocks, ordinary attachments, questions about them."""
    assert cloud_files(text, html) == ()


def test_hostile_blocks_take_no_time():
    """Long lines without an end."""
    start = time.perf_counter()
    for filling in (
        "a" * 400_000,
        "<a " * 130_000,
        ".a (1" * 80_000,
        "从" * 400_000,
        "http://" * 60_000,
        "<div id=" * 60_000,
    ):
        cloud_files("从QQ邮箱发来的超大附件\n" + filling, "从QQ邮箱发来的超大附件" + filling)
    assert time.perf_counter() - start < 5


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_gives_files(text, html):
    """Total."""
    assert all(isinstance(item, CloudFile) and item.filename for item in cloud_files(text, html))
