"""Raw bytes to Message and parts: charsets of Chinese mail, shapes of real mail, and hostile bytes within time."""

import base64
import hashlib
from datetime import datetime

import pytest
from build_mails import CHINA, HANDS, entity, file_part, mail, multipart, text_part

from intake.reading.parse import parse

HEAD = b"From: a@example.cn\r\nTo: b@example.cn\r\nSubject: x\r\n"
#: 镕 and 堃 are not in GB 2312, though mails that hold them are labelled gb2312
SUBJECT = "关于「衡东镕城」「堃记土菜」等三个新媒体账号登记表及证明材料的报送函,请查收"
FILENAME = "衡东县新媒体账号调查摸底登记表(单位)镕.docx"
BODY = "康老师:\n您好!登记表见附件,法人代表欧阳镕。"


@pytest.mark.parametrize("hand", HANDS)
def test_every_hand_is_read_without_a_wrong_character(hand):
    """Subject, sender, body and file name come out as they were written, whatever the program."""
    raw = mail(SUBJECT, "欧阳洣水 <Ouyang@Example.CN>", body=BODY, hand=hand,
               attachments=[(FILENAME, b"\x00\x01\xff", "application/octet-stream")])  # fmt: skip
    parsed = parse(raw)
    assert parsed.message.subject == SUBJECT
    assert (parsed.message.from_name, parsed.message.from_address) == ("欧阳洣水", "ouyang@example.cn")
    assert parsed.message.text == BODY
    assert [(part.filename, part.data) for part in parsed.parts] == [(FILENAME, b"\x00\x01\xff")]
    assert parsed.message.sha256 == hashlib.sha256(raw).hexdigest() and parsed.message.size == len(raw)


@pytest.mark.parametrize(
    "label", ["gb2312", "GB_2312-80", "x-gbk", "cp936", "euc-cn", "utf-8", "iso-8859-1", "us-ascii", ""]
)
def test_gbk_text_is_read_whatever_the_label_says(label):
    """31 of 15,230 real mails are labelled utf-8 and are GB; others say iso-8859-1 or nothing."""
    charset = f"; charset={label}" if label else ""
    raw = HEAD + entity(f"text/plain{charset}", BODY.encode("gbk"), "8bit")
    assert parse(raw).message.text == BODY


def test_utf8_labelled_gb2312_is_read_and_noted():
    """Strict UTF-8 is tried before the label."""
    message = parse(HEAD + entity("text/plain; charset=gb2312", BODY.encode(), "base64")).message
    assert message.text == BODY and "charset-mislabelled" in message.defects


def test_declared_foreign_charsets_are_believed_when_gb_is_implausible():
    """Big5 and Latin-1 text happens to decode as GB, into characters that nobody writes."""
    traditional = "您好,附件是登記表,請查收。謝謝您的幫助與指導!"
    assert parse(HEAD + entity("text/plain; charset=big5", traditional.encode("big5"))).message.text == traditional
    latin = "Créer un café à Orléans, déjà vu"
    assert parse(HEAD + entity("text/plain; charset=iso-8859-1", latin.encode("latin-1"))).message.text == latin


def test_a_character_lost_at_the_end_does_not_turn_utf8_into_nonsense():
    """UTF-8 cut in the middle of a character stays UTF-8."""
    message = parse(HEAD + entity("text/plain; charset=utf-8", BODY.encode()[:-1])).message
    assert message.text.startswith(BODY[:-1]) and "charset-undecodable" in message.defects


def test_hz_and_utf7_are_not_guessed():
    """ASCII stays ASCII unless the label says otherwise."""
    assert parse(HEAD + entity("text/plain", b"~{VPND~} +ZeVnLIqe-", "7bit")).message.text == "~{VPND~} +ZeVnLIqe-"
    assert parse(HEAD + entity("text/plain; charset=hz-gb-2312", b"~{VPND~}", "7bit")).message.text == "中文"


def test_encoded_words_split_inside_a_character_are_joined_first():
    """Two words, one character between them."""
    data = "登记表".encode("gbk")
    words = b" ".join(b"=?gb2312?B?" + base64.b64encode(piece) + b"?=" for piece in (data[:3], data[3:]))
    assert parse(b"Subject: " + words + b"\r\n\r\n").message.subject == "登记表"


def test_words_in_quotes_without_spaces_and_with_unknown_charsets_are_read():
    """What RFC 2047 forbids and people send."""
    gbk = base64.b64encode("张三".encode("gbk"))
    raw = (
        b'From: "=?x-unknown?B?'
        + gbk
        + b'?="<z@example.cn>\r\nSubject: A=?GBK?B?'
        + gbk
        + b"?=B =?gbk?b?broken\r\n\r\n"
    )
    message = parse(raw).message
    assert (message.from_name, message.from_address) == ("张三", "z@example.cn")
    assert message.subject == "A张三B =?gbk?b?broken"


@pytest.mark.parametrize(
    "field",
    [
        b"filename*=GBK''%D5%C5%C8%FD.doc",
        b"filename*=utf-8'zh-CN'%E5%BC%A0%E4%B8%89.doc",
        b"filename*0*=gb2312''%D5%C5;\r\n filename*1*=%C8%FD;\r\n filename*2=.doc",
        b'filename="=?GB2312?B?1cXI/Q==?=.doc"',
        b'filename="=?utf-8?Q?=E5=BC=A0?=\r\n =?utf-8?Q?=E4=B8=89?=.doc"',
        b'filename="\xd5\xc5\xc8\xfd.doc"',
        b"filename=\xe5\xbc\xa0\xe4\xb8\x89.doc",
        b"filename=\"x.doc\"; filename*=utf-8''%E5%BC%A0%E4%B8%89.doc",
    ],
)
def test_file_names_are_read_in_every_way_in_which_they_are_written(field):
    """RFC 2231 with GBK, continued, RFC 2047 inside quotes, raw bytes; the extended form goes first."""
    raw = HEAD + b"Content-Type: application/msword\r\nContent-Disposition: attachment; " + field + b"\r\n\r\nx"
    assert parse(raw).parts[0].filename == "张三.doc"


def test_an_unquoted_name_with_spaces_and_a_windows_path_survive():
    """Old programs quote nothing and escape nothing."""
    for written, name in (
        (b"filename=my file 1.doc", "my file 1.doc"),
        (b'filename="C:\\Users\\a.doc"', r"C:\Users\a.doc"),
    ):
        raw = HEAD + b"Content-Type: application/msword\r\nContent-Disposition: attachment; " + written + b"\r\n\r\nx"
        assert parse(raw).parts[0].filename == name


@pytest.mark.parametrize(
    ("field", "name", "address"),
    [
        ('"a <b@example.cn>" <c@example.cn>', "a <b@example.cn>", "c@example.cn"),
        ("c@example.cn (张三)", "张三", "c@example.cn"),
        ("张三 c@example.cn", None, "c@example.cn"),
        ("<c@example.cn>", None, "c@example.cn"),
        ("=?utf-8?B?" + base64.b64encode("张三 <c@example.cn>".encode()).decode() + "?=", "张三", "c@example.cn"),
        ("=?utf-8?B?" + base64.b64encode("张,三 <x@example.cn>".encode()).decode() + "?= <c@example.cn>",
         "张,三 <x@example.cn>", "c@example.cn"),
        ("", None, None),
        ("nobody", None, None),
    ],
)  # fmt: skip
def test_the_sender_is_found_and_not_forged_by_a_display_name(field, name, address):
    """The structure of the field counts; what is encoded is never structure while there is any."""
    message = parse(f"From: {field}\r\n\r\n".encode()).message
    assert (message.from_name, message.from_address) == (name, address)


def test_recipients_are_those_of_to_and_cc_once_each():
    """Repeated fields, groups, names with commas."""
    raw = b'To: "Li, Si" <A@x.cn>, b@x.cn\r\nTo: b@x.cn\r\nCc: =?gbk?B?1cXI/Q==?= <c@x.cn>;\r\nReply-To: R@x.cn\r\n\r\n'
    message = parse(raw).message
    assert message.recipients == ("a@x.cn", "b@x.cn", "c@x.cn") and message.reply_to == "r@x.cn"


@pytest.mark.parametrize(
    ("written", "day", "defect"),
    [
        ("Thu, 1 Aug 2019 09:30:00 +0800 (CST)", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), None),
        ("Thu, 1 Aug 2019 01:30:00 GMT", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), None),
        ("1 Aug 2019 09:30", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), "date-without-zone"),
        ("Thu, 1 Aug 2019 09:30:00 CST", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), "date-zone-ambiguous"),
        ("2019-08-01 09:30:00", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), "date-without-zone"),
        ("2019-08-01T01:30:00Z", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), None),
        ("2019年8月1日 9:30", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), "date-without-zone"),
        ("2019年8月1日 9\uff1a30", datetime(2019, 8, 1, 9, 30, tzinfo=CHINA), "date-without-zone"),
        ("Thu, 32 Foo 2019", None, "date-unparsable"),
        ("Thu, 1 Aug 2019 25:61:61 +9999", None, "date-unparsable"),
    ],
)
def test_dates_are_aware_or_absent(written, day, defect):
    """A missing zone is China's, and is noted."""
    older = "Received: by y; Mon, 1 Jan 2018 00:00:00 +0800"
    message = parse(f"Date: {written}\r\nReceived: by x; {written}\r\n{older}\r\n\r\n".encode()).message  # fmt: skip
    assert message.sent_at == day and message.received_at == day
    assert defect is None or defect in message.defects


def test_folded_authentication_results_are_joined_without_a_gap():
    """NetEase folds in the middle of a token."""
    raw = b"Authentication-Results: mx; spf=pa\r\n\tss smtp.mail=a@x\r\n\t.cn; dkim=none\r\n\tx; a;\r\n b=c\r\n\r\n"
    assert (
        parse(raw)
        .message.header("authentication-results")
        .startswith("mx; spf=pass smtp.mail=a@x.cn; dkim=nonex; a; b=c")
    )


def test_plain_text_goes_before_html_unless_it_only_points_to_it():
    """multipart/alternative."""
    html = text_part("<p>您好<br>登记</p>", subtype="html")
    for plain, text in (("您好,登记", "您好,登记"), ("", "您好\n登记"), ("请使用支持HTML的客户端查看", "您好\n登记")):
        assert parse(HEAD + multipart("alternative", [text_part(plain), html])).message.text == text


def test_html_becomes_text_with_table_rows_as_tabbed_lines():
    """Scripts and styles go, entities and blanks are read, ticks of web forms become boxes."""
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><script>x()</script><p>您&nbsp;好&lt;</p>"
        "<table><tr><td>账号<br>名称</td><td> 衡东发布 </td></tr><tr><th>形式</th><td><input type=checkbox checked>文字"
        "<input type=checkbox>图片</td></tr></table><blockquote type=cite>旧信</blockquote></body></html>"
    )
    message = parse(HEAD + text_part(html, subtype="html")).message
    assert message.text == "您 好<\n账号名称\t衡东发布\n形式\t☑文字□图片\n> 旧信"
    assert message.html == html


def test_layout_tables_keep_their_lines():
    """A mail that is one big table cell is not one long line."""
    html = (
        "<table><tr><td><p>一</p><p>二</p><table><tr><td>甲</td><td>乙</td></tr></table></td><td>旁</td></tr></table>"
    )
    assert parse(HEAD + text_part(html, subtype="html")).message.text == "一\n二\n甲\t乙\n旁"


def test_flowed_text_is_put_together():
    """RFC 3676, with DelSp as Chinese needs it."""
    flowed = entity(
        "text/plain; charset=utf-8; format=flowed; delsp=yes", "第一 \r\n行\r\n> 引 \r\n> 文".encode(), "8bit"
    )
    assert parse(HEAD + flowed).message.text == "第一行\n> 引文"


def test_interleaved_texts_make_one_body_and_attached_texts_are_files():
    """Apple Mail puts texts around attachments; a .txt with a name is a file."""
    attached = file_part("登记表.txt", "账号名称:x".encode("gbk"), "text/plain")
    page = file_part("登记表.html", b"<p>x</p>", "text/html")
    parsed = parse(HEAD + multipart("mixed", [text_part("前"), attached, text_part("后"), page]))
    assert parsed.message.text == "前\n\n后"
    assert [part.filename for part in parsed.parts] == ["登记表.txt", "登记表.html"]


def test_a_nested_mail_is_one_part_with_its_exact_bytes():
    """Not descended into, also when it is base64 (which RFC 2046 forbids)."""
    inner = mail("内层", attachments=[("inner.bin", b"1", "application/octet-stream")])
    for encoding in ("8bit", "base64"):
        parsed = parse(HEAD + multipart("mixed", [text_part("外层"), entity("message/rfc822", inner, encoding)]))
        assert parsed.message.text == "外层"
        assert [(part.media_type, part.data) for part in parsed.parts] == [("message/rfc822", inner)]


def test_inline_pictures_are_told_from_attachments():
    """A cid shown by the HTML, a picture pasted as data:, an attachment beside them."""
    picture = b"\x89PNG\r\n\x1a\n" + bytes(200)
    pasted = base64.b64encode(picture).decode()
    parsed = parse(mail(html=f'<img src="cid:logo@x"><img src="data:image/png;base64,{pasted}">',
                        inline=[("logo.png", picture, "image/png", "logo@x")],
                        attachments=[("身份证.png", picture, "image/png")]))  # fmt: skip
    assert [(part.filename, part.inline, part.data == picture) for part in parsed.parts] == [
        ("logo.png", True, True), ("身份证.png", False, True), (None, True, True)]  # fmt: skip


def test_binary_survives_quoted_printable_and_truncated_base64_keeps_what_there_is():
    """mail-parser destroys the one and raises on the other."""
    data = bytes(range(256))
    assert parse(HEAD + entity("image/jpeg", data, "quoted-printable")).parts[0].data.rstrip(b"\r\n") == data
    parsed = parse(HEAD + entity("image/jpeg", base64.b64encode(data)[:-7], "7bit").replace(b"7bit", b"base64"))
    assert parsed.parts[0].data == data[: len(parsed.parts[0].data)] and len(parsed.parts[0].data) >= 250
    assert parsed.parts[0].truncated and "base64-truncated" in parsed.message.defects


def test_a_wrong_boundary_is_guessed_and_a_missing_end_is_tolerated():
    """The parts are there; only the label is wrong."""
    parts = [text_part("正文"), file_part("a.bin", b"123", "application/octet-stream")]
    raw = HEAD + multipart("mixed", parts, boundary="----=_right")
    wrong = raw.replace(b'boundary="----=_right"', b'boundary="other"')
    for broken in (wrong, raw.replace(b'; boundary="----=_right"', b""), raw.removesuffix(b"------=_right--\r\n")):
        parsed = parse(broken)
        assert parsed.message.text == "正文" and parsed.parts[0].data.startswith(b"123")
        assert any(defect.startswith("boundary-") for defect in parsed.message.defects)


def test_a_boundary_that_begins_another_is_not_mistaken_for_it():
    """`--a` does not end where `--ab` stands."""
    inner = multipart("alternative", [text_part("内")], boundary="ab")
    parsed = parse(
        HEAD + multipart("mixed", [inner, file_part("x.bin", b"1", "application/octet-stream")], boundary="a")
    )
    assert parsed.message.text == "内" and [part.data for part in parsed.parts] == [b"1"]


def test_a_saved_mail_may_begin_with_a_mark_or_blank_lines_or_lack_its_separator():
    """.eml files that passed through editors."""
    for start in (b"\xef\xbb\xbf", b"\r\n\r\n", b"From a@example.cn Thu Aug  1 09:30:00 2019\r\n"):
        assert parse(start + b"Subject: s\r\n\r\nbody").message.subject == "s"
    message = parse(b"Subject: s\r\nthis is no header\r\nbody").message
    assert (
        message.subject == "s" and message.text == "this is no header\nbody" and "header-malformed" in message.defects
    )
