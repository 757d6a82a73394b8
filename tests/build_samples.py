"""Sample mails with what must come of them: the demonstration's mails and the corpus are written from here.

`python tests/build_samples.py` writes `intake/demo/mails/` and `tests/corpus/` anew (it needs the CJK fonts; the mails are
committed because the demonstration must run where there are none). Everybody in them is invented.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import build_other_pictures as other
from build_forms import (
    form_pdf,
    individual_docx,
    individual_fields,
    invented_id,
    typed_form,
    unit_docx,
    unit_fields,
)
from build_mails import entity, mail, multipart, text_part, zipped
from build_pictures import (
    certificate,
    id_card_back,
    id_card_front,
    id_card_page,
    invented_credit_code,
)
from picture_effects import as_jpeg, as_png, grey, rotate, shadow

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DEMO = ROOT / "intake" / "demo" / "mails"
CORPUS = ROOT / "tests" / "corpus"


@dataclass(frozen=True)
class Sample:
    """One mail, the folder that it lies in, and what must come of it."""

    name: str
    raw: bytes
    #: messages.kind
    kind: str
    #: replies.kind, or None where there must be none
    reply: str | None = None
    #: of each submission of the mail: category, status, missing, registrant, accounts (values that must be so)
    submissions: list = field(default_factory=list)
    #: role and problem of attachments, by file name
    files: dict = field(default_factory=dict)
    folder: str = "INBOX"
    received: str = "2019-08-01T09:30:00+08:00"
    #: what the demonstration calls it
    title: str = ""

    def expected(self) -> dict:
        """The JSON that lies beside the mail."""
        keys = ("kind", "reply", "submissions", "files", "folder", "received", "title")
        return {key: getattr(self, key) for key in keys}


def docx(name: str, data: bytes) -> tuple:
    return (name, data, DOCX)


def jpeg(name: str, image, quality: int = 80) -> tuple:
    return (name, as_jpeg(image, quality), "image/jpeg")


UNIT, CODE, HEAD = "衡东县霞流镇人民政府", invented_credit_code(31), "旷远航"
UNIT_TRUTH = unit_fields(name="霞流发布", handle="xialiufabu", unit_name=UNIT, legal_representative=HEAD,
                         address="衡东县霞流镇正街18号")
PERSON, PERSON_ID = "向文军", invented_id(27, "19900817")
PERSON_TRUTH = individual_fields()


def unit_certificate(unit: str = UNIT, code: str = CODE, head: str = HEAD, **how):
    return certificate("authority", unit, code, head, **how)


def head_card():
    return id_card_front(HEAD, invented_id(45, "19710203"))


def accepted(number: str = "unit", **more) -> dict:
    return {"category": number, "status": "complete", "missing": [], **more}


def demo_samples() -> list[Sample]:
    """The demonstration: a dozen and a half mails as they come in the first week."""
    photo = jpeg("IMG_20190801_102233.jpg", shadow(head_card()))
    card_page = jpeg("身份证正反面.jpg", id_card_page(PERSON, PERSON_ID, note="仅供新媒体账号登记使用"), 70)
    shop_code = invented_credit_code(77, "91")
    return [
        Sample("01-complete-unit", mail(
            "霞流镇人民政府新媒体账号登记材料", "霞流镇党政办 <xialiu@foxmail.example>", hand="foxmail",
            date="2019-07-26T09:12:00+08:00",
            body="县委网信办:\n  现将我镇新媒体账号登记表及所需材料报上,请查收。\n\n霞流镇人民政府",
            attachments=[docx("附件1霞流镇登记表.docx", unit_docx(UNIT_TRUTH, "two_columns")),
                         jpeg("统一社会信用代码证书.jpg", unit_certificate()), photo]),
            "registration", "acknowledgement", [accepted(registrant=UNIT, accounts=[{"handle": "xialiufabu"}])],
            received="2019-07-26T09:12:30+08:00", title="单位,材料齐全"),
        Sample("02-complete-individual", mail(
            "个人公众号登记", "向文军 <xiangwj@qq.example>", hand="qq", date="2019-07-28T20:45:00+08:00",
            body="你好,我的公众号登记表和身份证在附件里,谢谢!",
            attachments=[docx("登记表-向文军.docx", individual_docx(PERSON_TRUTH, "official")), card_page]),
            "registration", "acknowledgement", [accepted("individual", registrant=PERSON)],
            received="2019-07-28T20:45:20+08:00", title="个人,材料齐全"),
        Sample("03-no-id-card", mail(
            "大浦镇中心小学新媒体登记", "大浦中小 <dpzx@163.example>", hand="netease", date="2019-07-29T10:05:00+08:00",
            body="登记表和法人证书见附件。",
            attachments=[docx("大浦镇中心小学.docx", unit_docx(unit_fields(
                name="大浦镇中心小学", handle="dpzxxx", unit_name="衡东县大浦镇中心小学", unit_type="其他组织",
                legal_representative="文启明"), "after")),
                jpeg("事业单位法人证书.jpg", certificate("institution", "衡东县大浦镇中心小学",
                                                   invented_credit_code(52, "12"), "文启明"))]),
            "registration", "missing_materials",
            [{"category": "unit", "registrant": "衡东县大浦镇中心小学"}],
            received="2019-07-29T10:05:40+08:00", title="单位,缺负责人身份证"),
        Sample("04-no-certificate", mail(
            "新媒体账号登记表(石湾卫生院)", "石湾镇中心卫生院 <swwsy@126.example>", hand="outlook",
            date="2019-07-30T15:30:00+08:00", body="请查收。",
            attachments=[docx("石湾卫生院登记表.docx", unit_docx(unit_fields(
                name="石湾卫生院", handle="swzxwsy", unit_name="衡东县石湾镇中心卫生院", legal_representative="罗建平",
                unit_type="其他组织"), "symbols")),
                jpeg("院长身份证.jpg", id_card_front("罗建平", invented_id(61, "19680921")))]),
            "registration", "missing_materials",
            [{"category": "unit", "status": "incomplete", "missing": ["org_certificate"]}],
            received="2019-07-30T15:31:00+08:00", title="单位,缺组织机构代码证"),
        Sample("05-half-empty", mail(
            "登记表", "刘小月 <lxy@sina.example>", date="2019-07-31T21:00:00+08:00", body="填好了,请查收",
            attachments=[docx("附件2.docx", individual_docx(individual_fields(
                name="草市烟火", handle=None, registered_on=None, admin_phone="1390734", owner_name="刘小月",
                owner_id_number=invented_id(88, "19951112"), owner_phone=None, employer=None, followers=None),
                "two_columns")),
                jpeg("1.jpg", id_card_front("刘小月", invented_id(88, "19951112")))]),
            "registration", "missing_materials",
            [{"category": "individual", "status": "incomplete",
              "missing": ["field:handle", "field:registered_on", "field:admin_phone", "field:owner_phone"]}],
            received="2019-07-31T21:00:10+08:00", title="个人,表格只填了一半"),
        Sample("06-three-accounts", mail(
            "衡东县文旅广体局三个账号", "文旅局办公室 <hdwl@126.example>", hand="netease", date="2019-08-01T11:20:00+08:00",
            body="我局三个账号的登记表、代码证、负责人身份证一并报送。",
            attachments=[docx(f"登记表{number}.docx", unit_docx(unit_fields(
                name=name, handle=handle, service_type=service, unit_name="衡东县文化旅游广电体育局",
                legal_representative="颜如玉"), hand)) for number, (name, handle, service, hand) in enumerate((
                    ("衡东文旅", "hdwenlv", "微信公众号", "official"), ("衡东文旅微博", "衡东文旅", "新浪微博", "controls"),
                    ("文旅衡东", "hdwl_douyin", "抖音", "words")), 1)]
            + [jpeg("代码证.jpg", unit_certificate("衡东县文化旅游广电体育局", invented_credit_code(93), "颜如玉")),
               jpeg("身份证.jpg", id_card_front("颜如玉", invented_id(94, "19740506")))]),
            "registration", "acknowledgement", [accepted(registrant="衡东县文化旅游广电体育局", accounts=[
                {"platform": "微信公众号"}, {"platform": "新浪微博"}, {"platform": "抖音号"}])],
            received="2019-08-01T11:20:15+08:00", title="单位,一封信三个账号"),
        Sample("07-question", mail(
            "请问登记的事", "康乐 <kangle@qq.example>", hand="iphone", date="2019-08-01T12:02:00+08:00",
            body="您好,请问我自己开的微信公众号,只有几百个粉丝,也要填登记表吗?表格在哪里下载?"),
            "inquiry", "guidance", received="2019-08-01T12:02:20+08:00", title="咨询"),
        Sample("08-advertisement", mail(
            "公众号涨粉 代运营 特价", "王经理 <vip@promo.example>", date="2019-08-01T13:00:00+08:00",
            body="尊敬的客户:本公司专业代运营新媒体、公众号涨粉、短信群发、代开发票,量大从优,加微信详谈。"),
            "unrelated", None, folder="垃圾邮件", received="2019-08-01T13:00:05+08:00", title="广告"),
        Sample("09-newsletter", mail(
            "新媒体观察 第128期", "新媒体观察 <news@letter.example>", date="2019-08-01T14:00:00+08:00",
            headers=[("List-Id", "<news.letter.example>"), ("List-Unsubscribe", "<mailto:u@letter.example>"),
                     ("Precedence", "bulk")], body="本期导读:县级融媒体中心建设……", hand="plain"),
            "automatic", None, folder="订阅邮件", received="2019-08-01T14:00:05+08:00", title="订阅邮件"),
        Sample("10-out-of-office", mail(
            "自动回复:回复:登记材料", "李主任 <lizr@qq.example>", date="2019-08-01T15:00:00+08:00",
            body="这是来自QQ邮箱的假期自动回复邮件。\n您好,我正在休假,8月10日回来后处理您的邮件。", hand="qq"),
            "automatic", None, received="2019-08-01T15:00:05+08:00", title="外出自动回复"),
        Sample("11-bounce", mail(
            "系统退信", "Postmaster@126.com", date="2019-08-01T16:00:00+08:00", headers=[("Return-Path", "<>")],
            body="很抱歉,您发送的邮件被退回。\n收件人:nobody@nowhere.example\n退信原因:该收件人不存在(550 User unknown)。"),
            "bounce", None, received="2019-08-01T16:00:05+08:00", title="退信"),
        Sample("12-typed-in-junk", mail(
            "新媒体登记", "周水生 <zss@139.example>", hand="foxmail", date="2019-08-02T08:10:00+08:00",
            body="领导好,我没有电脑,表格就写在信里了:\n" + typed_form(individual_fields(
                name="蓬源山里人", handle="pysl1988", service_type="今日头条", owner_name="周水生",
                owner_id_number=invented_id(12, "19880101"), admin_name="周水生", employer="务农"), "individual_form").replace("☑", "√"),
            attachments=[jpeg("mmexport1564704.jpg", rotate(id_card_front("周水生", invented_id(12, "19880101")), 90))]),
            "registration", "acknowledgement", [accepted("individual", accounts=[{"platform": "今日头条号"}])],
            folder="垃圾邮件", received="2019-08-02T08:10:20+08:00", title="个人,表格写在信里,落入垃圾箱"),
        Sample("13-pdf-in-zip", mail(
            "报送材料", "吴集商会 <wjsh@126.example>", hand="foxmail", date="2019-08-02T10:00:00+08:00", body="见压缩包",
            attachments=[("吴集商会新媒体登记.zip", zipped([
                ("吴集商会/登记表.pdf", form_pdf(unit_fields(
                    name="吴集商会", handle="wjsh2017", unit_name="衡东县吴集镇商会", unit_type="群众团体",
                    legal_representative="颜开明"), "unit_form")),
                ("吴集商会/登记证书.jpg", as_jpeg(certificate(
                    "association", "衡东县吴集镇商会", invented_credit_code(63, "51"), "颜开明"), 80)),
                ("吴集商会/会长身份证.jpg", as_jpeg(grey(id_card_front("颜开明", invented_id(64, "19661010"))), 80)),
            ], names="gbk"), "application/zip")]),
            "registration", "acknowledgement", [accepted(registrant="衡东县吴集镇商会")],
            files={"吴集商会新媒体登记.zip": ["container", None], "登记表.pdf": ["unit_form", None]},
            received="2019-08-02T10:00:30+08:00", title="单位,PDF 表格,压缩包"),
        Sample("14-locked-zip", mail(
            "登记表和身份证", "陈阿姨 <chenay@qq.example>", hand="qq", date="2019-08-02T11:00:00+08:00",
            body="网信办你好,登记表在压缩包里。", attachments=[("材料.zip", _locked_zip(), "application/zip")]),
            "inquiry", "guidance", files={"材料.zip": ["container", "encrypted"]},
            received="2019-08-02T11:00:30+08:00", title="压缩包有密码"),
        Sample("15-other-name", mail(
            "补报:高湖镇便民服务", "高湖镇 <gaohu@126.example>", hand="netease", date="2019-08-02T16:20:00+08:00",
            body="高湖镇登记材料",
            attachments=[docx("高湖镇.docx", unit_docx(unit_fields(
                name="高湖便民", handle="ghbm", unit_name="衡东县高湖镇人民政府", legal_representative="单小明"), "wps")),
                jpeg("营业执照.jpg", certificate("licence", "衡东县高湖商贸有限公司", shop_code, "单小明")),
                jpeg("身份证.jpg", id_card_front("单小明", invented_id(70, "19790808")))]),
            "registration", "receipt", [{"category": "unit", "status": "review", "missing": []}],
            received="2019-08-02T16:20:30+08:00", title="证书上的单位与表格不符"),
        Sample("16-supplement", mail(
            "回复:大浦镇中心小学新媒体登记", "大浦中小 <dpzx@163.example>", hand="netease", date="2019-08-03T09:00:00+08:00",
            body="校长身份证补上。\n\n------------------ 原始邮件 ------------------\n发件人: hdwxb2019@126.com\n材料还不齐全……",
            attachments=[jpeg("校长身份证.jpg", id_card_page("文启明", invented_id(71, "19690315")))]),
            "supplement", "acknowledgement", [accepted(registrant="衡东县大浦镇中心小学")],
            received="2019-08-03T09:00:20+08:00", title="补交身份证"),
    ]


def _locked_zip() -> bytes:
    """A zip whose file is marked as encrypted (general purpose bit 0), as WinRAR makes it."""
    data = bytearray(zipped([("登记表.docx", unit_docx(unit_fields()))]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        data[place + offset] |= 1
    return bytes(data)


def corpus_samples() -> list[Sample]:
    """Ugly mails, one trap each."""
    signature = ("logo.png", as_png(other.logo(size=(110, 110))), "image/png", "logo@sign")
    card = jpeg("身份证.jpg", id_card_front(PERSON, PERSON_ID), 70)
    return [
        Sample("20-signature-logo-is-no-material", mail(
            "登记表", "向文军 <x1@example.cn>", body="登记表见附件", html="<p>登记表见附件</p><img src='cid:logo@sign'>",
            inline=[signature], attachments=[docx("表.docx", individual_docx(PERSON_TRUTH, "untitled"))]),
            "registration", "missing_materials",
            [{"category": "individual", "status": "incomplete", "missing": ["id_card"]}]),
        Sample("21-card-pasted-into-the-form", mail(
            "登记", "向文军 <x2@example.cn>", body="见附件",
            attachments=[docx("登记表.docx", individual_docx(PERSON_TRUTH, "official", [card[1]]))]),
            "registration", "acknowledgement", [accepted("individual")]),
        Sample("22-back-of-the-card-only", mail(
            "登记", "向文军 <x3@example.cn>", body="见附件", attachments=[
                docx("登记表.docx", individual_docx(PERSON_TRUTH, "tracked")), jpeg("反面.jpg", id_card_back(), 70)]),
            "registration", "missing_materials",
            [{"category": "individual", "status": "incomplete", "missing": ["id_card"]}]),
        Sample("23-driving-licence-is-no-id-card", mail(
            "登记", "向文军 <x4@example.cn>", body="见附件", attachments=[
                docx("登记表.docx", individual_docx(PERSON_TRUTH, "nested")),
                jpeg("驾照.jpg", other.driving_licence(PERSON, PERSON_ID), 70)]),
            "registration", None, [{"category": "individual", "accepted_cards": 0}]),
        Sample("24-unsupported-form", mail(
            "新媒体账号登记表", "某单位 <x5@example.cn>", body="登记表和证书见附件", attachments=[
                ("登记表.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "application/vnd.ms-excel"),
                jpeg("证书.jpg", unit_certificate(), 70)]),
            "registration", None, [{"category": "unit", "status": "review", "missing": []}]),
        Sample("25-blank-form-only", mail(
            "登记表", "某人 <x6@example.cn>", body="请查收附件的登记表", attachments=[
                docx("附件1.docx", (ROOT / "rules/forms/unit_form.docx").read_bytes())]),
            "inquiry", "guidance", files={"附件1.docx": ["blank_form", None]}),
        Sample("26-robot-with-a-form", mail(
            "登记表", "自动投递 <x7@example.cn>", headers=[("Auto-Submitted", "auto-generated")], body="见附件",
            attachments=[docx("登记表.docx", individual_docx(PERSON_TRUTH, "paragraphs"))]),
            "registration", "suppressed", [{"category": "individual", "missing": ["id_card"]}]),
        Sample("27-raw-gbk-everywhere", mail(
            "新媒体账号登记表", "向文军 <x8@example.cn>", hand="raw8bit", body="登记表见附件,谢谢",
            attachments=[docx("登记表(向文军).docx", individual_docx(PERSON_TRUTH, "above"))]),
            "registration", "missing_materials", [{"category": "individual", "missing": ["id_card"]}],
            files={"登记表(向文军).docx": ["individual_form", None]}),
        Sample("28-cloud-attachment", mail(
            "登记材料", "小周 <x9@qq.example>", body=None, html=(
                "<div>登记表和身份证见附件</div><div>从QQ邮箱发来的超大附件</div><div id='QQMailBigAttach'>"
                "<a href='http://mail.qq.com/cgi-bin/ftnExs_download?k=abc&t=exs_ftn_download&code=1'>登记材料.zip</a>"
                " (68.52M, 2019年08月31日 09:00 到期)</div>")),
            "inquiry", "guidance", files={"登记材料.zip": ["other", "remote"]}),
        Sample("29-quotation-from-a-stranger", mail(
            "办公用品报价单", "李经理 <x10@shop.example>", body="您好,附件是我司最新报价单,欢迎选购打印机、复印纸。",
            attachments=[("报价单.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "application/msword")]),
            "unrelated", None),
        Sample("30-forwarded-as-attachment", b"".join([
            (b"From: liaison@example.cn\r\nTo: hdwxb2019@126.com\r\nSubject: Fwd: =?utf-8?B?55m76K6w6KGo?=\r\n"
            b"Date: Thu, 01 Aug 2019 09:30:00 +0800\r\nMessage-ID: <fwd30@example.cn>\r\nMIME-Version: 1.0\r\n"),
            multipart("mixed", [text_part("转发,请处理"), entity("message/rfc822", mail(
                "登记表", "向文军 <x11@example.cn>", body="见附件",
                attachments=[docx("登记表.docx", individual_docx(PERSON_TRUTH, "variants"))]), "7bit")])]),
            "registration", "missing_materials", [{"category": "individual", "missing": ["id_card"]}]),
        Sample("31-read-receipt", mail(
            "已读:回复:登记材料", "李主任 <x12@qq.example>", body="您的邮件已被阅读。", headers=[
                ("Auto-Submitted", "auto-replied")]), "automatic", None),
        Sample("32-corrupt-document", mail(
            "新媒体登记表", "小李 <x13@example.cn>", body="登记表见附件", attachments=[
                docx("登记表.docx", unit_docx(unit_fields())[:1500])]),
            "inquiry", "guidance", files={"登记表.docx": ["other", "corrupt"]}),
        Sample("34-ticks-that-the-charset-lost", mail(
            "登记表", "向文军 <x15@example.cn>", hand="foxmail", body=typed_form(PERSON_TRUTH, "individual_form").replace("☑", "?"),
            attachments=[card]), "registration", "receipt", [{"category": "individual", "status": "review", "missing": []}]),
        Sample("33-two-people-in-one-mail", mail(
            "两人的登记表", "联络员 <x14@example.cn>", body="见附件", attachments=[
                docx("向文军.docx", individual_docx(PERSON_TRUTH, "official")),
                docx("刘小月.docx", individual_docx(individual_fields(
                    name="草市烟火", handle="csyh", owner_name="刘小月", owner_id_number=invented_id(88, "19951112")),
                    "legacy")), card]),
            "registration", "missing_materials",
            [accepted("individual", registrant=PERSON),
             {"category": "individual", "registrant": "刘小月", "missing": ["id_card"]}]),
    ]


def write(folder: Path, samples: list[Sample]) -> None:
    """The mails and beside each what must come of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.*"):
        old.unlink()
    for sample in samples:
        (folder / f"{sample.name}.eml").write_bytes(sample.raw)
        text = json.dumps(sample.expected(), ensure_ascii=False, indent=1)
        (folder / f"{sample.name}.json").write_text(text + "\n", encoding="utf-8")


def main(make: Callable[[Path, list[Sample]], None] = write) -> None:
    make(DEMO, demo_samples())
    make(CORPUS, corpus_samples())


if __name__ == "__main__":
    main()
