"""The second survey's papers and mails: `python tests/build_drones.py` writes `examples/drones/mails/` anew.

Everybody and everything in them is invented.
"""

import importlib.util
import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from build_forms import invented_id
from build_mails import mail as _mail
from build_pictures import certificate, id_card_front, id_card_page, invented_credit_code
from build_samples import docx, jpeg
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

EXAMPLE = ROOT / "examples" / "drones"
_spec = importlib.util.spec_from_file_location("make_forms", EXAMPLE / "make_forms.py")
make_forms = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_forms)

DRONE = {"品牌型号": "大疆 Mavic 2 Pro", "生产厂家": "深圳市大疆创新科技有限公司", "产品序列号": "163CG7A0010427",
         "购机日期": "2020年11月11日", "机型类别": ["轻型"], "最大起飞重量（克）": "907", "是否夜间飞行": ["否"],
         "主要用途": ["航拍摄影", "教学培训"], "平时存放地点": "青禾县城关镇永安路22号"}
PILOT = {"操控员": "岑小舟", "操控员电话": "138 0079 1102", "操控员执照编号": "无", "电子信箱": "cxz@example.cn"}
COMPANY = {"单位全称": "青禾县禾光影视文化有限公司", "单位负责人": "岑大川", "住所地": "青禾县城关镇永安路22号",
           "责任险保单号": "PDZA20213601000088"}
CODE = invented_credit_code(41, "91")
PERSON = {"机主姓名": "岑小舟", "机主身份证号码": invented_id(18, "19920417"), "机主电话": "13800791102", "紧急联系人": "岑大川13900792203"}
CLUB = {"团体全称": "青禾县航空模型运动协会", "会长（理事长）": "温长空", "住所地": "青禾县体育馆101室", "会员人数": "46人"}


def mail(subject: str, sender: str, **how) -> bytes:
    """A mail to the example's office."""
    return _mail(subject, sender, to="青禾县无人机登记 <qhwrj2021@example.cn>", **how)


def filled(form: str, values: dict) -> bytes:
    """The example's blank form, filled in: texts beside their labels, a list ticks its options."""
    document = make_forms.blank(form)
    cells = [cell for row in document.tables[0].rows for cell in _once(row.cells)]
    for label, value in values.items():
        place = next(number for number, cell in enumerate(cells) if cell.text == label)
        target = cells[place + 1]
        if isinstance(value, list):
            text = target.text
            for option in value:
                text = text.replace(f"□{option}", f"☑{option}")
            target.text = text
        else:
            target.text = value or ""
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _once(cells):
    seen = []
    for cell in cells:
        if cell._tc not in [one._tc for one in seen]:
            seen.append(cell)
    return seen


def page(title: str, lines: list[str], note: str = "") -> bytes:
    """An electronic document as an office or a seller makes it: a heading and lines under it, as a PDF."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    canvas.setFont("STSong-Light", 20)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 80, title)
    canvas.setFont("STSong-Light", 11)
    for number, line in enumerate(lines):
        canvas.drawString(70, A4[1] - 130 - 24 * number, line)
    canvas.drawString(70, 90, note)
    canvas.save()
    return stream.getvalue()


def invoice(serial: str, buyer: str, title: str = "江源增值税电子普通发票", model: str = "Mavic 2 Pro") -> tuple:
    """An e-invoice that names the drone's serial number in its remark."""
    return (f"发票_{serial}.pdf", page(title, [
        "发票代码：036002000111", "发票号码：41180932", "开票日期：2020年11月11日", f"购买方：{buyer}",
        f"规格型号：{model}    数量：1    税率：13%", "价税合计：玖仟捌佰捌拾捌圆整", "销售方：云川市天翼数码有限公司",
        f"产品序列号：{serial}", "开票人：沈一"]), "application/pdf")


def policy(number: str, insured: str) -> tuple:
    """A liability policy."""
    return ("保单.pdf", page("民用无人机第三者责任保险单", [
        f"保险单号：{number}", f"被保险人：{insured}", "保险期间：2021年1月1日至2021年12月31日", "保险金额：1000000元",
        "保险费：680元", "特别约定：无", "签单日期：2020年12月28日", "保险人：江源财产保险股份有限公司"]), "application/pdf")


def licence(name: str, number: str = "UAS-3601-7788") -> tuple:
    """A pilot's licence."""
    return ("执照.pdf", page("民用无人机操控员执照", [
        f"姓名：{name}", f"执照编号：{number}", "类别等级：多旋翼 视距内", "签发日期：2020年6月1日",
        "有效期：2022年5月31日", "中国民用航空局"]), "application/pdf")


@dataclass(frozen=True)
class Case:
    """One mail and what must come of it."""

    name: str
    raw: bytes
    kind: str
    reply: str | None
    submissions: list = field(default_factory=list)
    files: dict = field(default_factory=dict)
    received: str = "2021-03-10T09:30:00+08:00"
    title: str = ""

    def expected(self) -> dict:
        """The JSON that lies beside the mail."""
        return {key: getattr(self, key) for key in ("kind", "reply", "submissions", "files", "received", "title")}


def cases() -> list[Case]:
    """The first days of the collection."""
    seller = COMPANY["单位全称"]
    company = docx("禾光影视-申报表.docx", filled("company_form.docx", DRONE | PILOT | COMPANY))
    licence_of_company = jpeg("营业执照.jpg", certificate("licence", seller, CODE, "岑大川"))
    mini = DRONE | {"品牌型号": "大疆 Mini 2", "产品序列号": "3Q4CJ9R0037AB2", "机型类别": ["微型"], "最大起飞重量（克）": "249克",
                    "主要用途": ["个人娱乐"]}
    person = docx("申报表(岑小舟).docx", filled("person_form.docx", mini | PILOT | PERSON))
    card = jpeg("身份证.jpg", id_card_page("岑小舟", PERSON["机主身份证号码"]), 70)
    club = docx("协会申报表.docx", filled("club_form.docx", DRONE | {"产品序列号": "0AXDD3C0012345"} | PILOT | CLUB))
    other = DRONE | {"产品序列号": "0AXDF8D0098712"}
    return [
        Case("01-company-complete", mail(
            "无人机登记材料", "禾光影视 <heguang@163.example>", hand="netease", date="2021-03-10T09:30:00+08:00",
            body="申报表、营业执照、发票和保单见附件。",
            attachments=[company, licence_of_company, invoice(DRONE["产品序列号"], seller),
                         policy(COMPANY["责任险保单号"], seller)]),
            "registration", "acknowledgement",
            [{"category": "company", "status": "complete", "missing": [], "registrant": seller, "number": "QHWJ-2021-001",
              "accounts": [{"handle": "163CG7A0010427", "registered_on": "2020-11-11", "service_type": "轻型",
                            "extra": {"takeoff_weight": 907, "night_flight": False, "uses": ["航拍摄影", "教学培训"]}}]}],
            files={"保单.pdf": ["liability_policy", None], "发票_163CG7A0010427.pdf": ["purchase_invoice", None],
                   "禾光影视-申报表.docx": ["company_form", None]}, title="单位,材料齐全"),
        Case("02-person-without-invoice", mail(
            "航拍机登记", "小舟 <cxz@qq.example>", hand="qq", date="2021-03-11T20:00:00+08:00",
            body="你好,我自己的一架小飞机,申报表和身份证发来了。", attachments=[person, card]),
            "registration", "missing_materials",
            [{"category": "person", "status": "incomplete", "missing": ["purchase_invoice"], "registrant": "岑小舟",
              "accounts": [{"handle": "3Q4CJ9R0037AB2", "extra": {"takeoff_weight": 249, "emergency_contact":
                                                                 "岑大川13900792203"}}]}],
            received="2021-03-11T20:00:20+08:00", title="个人,缺购机发票"),
        Case("03-club-with-a-wrong-invoice", mail(
            "协会无人机申报", "航模协会 <hmxh@126.example>", hand="foxmail", date="2021-03-12T10:00:00+08:00", body="请查收",
            attachments=[club, jpeg("登记证书.jpg", certificate("association", CLUB["团体全称"], invented_credit_code(42, "51"),
                                                        "温长空")),
                         invoice("0AXDD3C0099999", CLUB["团体全称"]), licence("岑小舟")]),
            "registration", "receipt", [{"category": "club", "status": "review", "missing": []}],
            files={"执照.pdf": ["pilot_licence", None]}, received="2021-03-12T10:00:30+08:00", title="协会,发票与序列号不符"),
        Case("04-question", mail(
            "请问", "王先生 <wang@qq.example>", hand="iphone", date="2021-03-12T12:00:00+08:00",
            body="您好,孩子玩的无人机不到250克,也要登记吗?去哪里办?"),
            "inquiry", "guidance", received="2021-03-12T12:00:20+08:00", title="咨询"),
        Case("05-advertisement", mail(
            "无人机航拍培训 招生优惠", "招生办 <vip@promo.example>", date="2021-03-12T13:00:00+08:00",
            body="尊敬的客户:本公司专业无人机培训,包教包会,限时优惠,加微信详谈,可开发票。"),
            "unrelated", None, received="2021-03-12T13:00:05+08:00", title="广告"),
        Case("06-two-drones-one-invoice", mail(
            "两架无人机", "青禾县农业技术推广站 <nj@126.example>", hand="outlook", date="2021-03-13T09:00:00+08:00",
            body="两架植保机的申报表",
            attachments=[docx(f"申报表{number}.docx", filled("company_form.docx", drone | PILOT | {
                "单位全称": "青禾县农业技术推广站", "单位负责人": "贺有田", "责任险保单号": "PDZA20213601000101"}))
                for number, drone in enumerate((DRONE | {"产品序列号": "0AXDH5E0011223"}, other), 1)]
            + [jpeg("法人证书.jpg", certificate("institution", "青禾县农业技术推广站", invented_credit_code(43, "12"), "贺有田")),
               policy("PDZA20213601000101", "青禾县农业技术推广站"), invoice("0AXDH5E0011223", "青禾县农业技术推广站")]),
            "registration", "missing_materials",
            [{"category": "company", "status": "incomplete", "missing": ["purchase_invoice"], "accounts": [
                {"handle": "0AXDH5E0011223"}, {"handle": "0AXDF8D0098712"}]}],
            received="2021-03-13T09:00:30+08:00", title="单位,两架无人机只有一张发票"),
        Case("07-half-empty", mail(
            "登记表", "李四 <ls@sina.example>", date="2021-03-14T09:00:00+08:00", body="填好了",
            attachments=[docx("申报表.docx", filled("person_form.docx", DRONE | PILOT | PERSON | {
                "产品序列号": "", "最大起飞重量（克）": "", "主要用途": [], "操控员电话": "1380079",
                "机主姓名": "李思源", "机主身份证号码": invented_id(19, "19950505"), "机主电话": ""})),
                jpeg("1.jpg", id_card_front("李思源", invented_id(19, "19950505")))]),
            "registration", "missing_materials",
            [{"category": "person", "status": "incomplete", "missing": [
                "purchase_invoice", "field:handle", "field:takeoff_weight", "field:uses", "field:owner_phone",
                "field:admin_phone"]}],
            received="2021-03-14T09:00:20+08:00", title="个人,表格只填了一半"),
        Case("08-supplement", mail(
            "回复:航拍机登记", "小舟 <cxz@qq.example>", hand="qq", date="2021-03-15T20:00:00+08:00", body="发票补上。",
            attachments=[invoice("3Q4CJ9R0037AB2", "岑小舟", model="Mini 2")]),
            "supplement", "acknowledgement",
            [{"category": "person", "status": "complete", "missing": [], "number": "QHWJ-2021-002"}],
            received="2021-03-15T20:00:20+08:00", title="补交发票"),
        Case("09-driving-licence", mail(
            "无人机登记", "赵五 <zw@139.example>", hand="qq", date="2021-03-16T08:00:00+08:00", body="材料齐了",
            attachments=[docx("赵五.docx", filled("person_form.docx", DRONE | PILOT | PERSON | {
                "产品序列号": "1WNBH7X00300A1", "机主姓名": "赵五行", "机主身份证号码": invented_id(20, "19880808")})),
                jpeg("证件.jpg", _driving_licence(), 75), invoice("1WNBH7X00300A1", "赵五行")]),
            "registration", "missing_materials",
            [{"category": "person", "status": "incomplete", "missing": ["id_card"]}],
            received="2021-03-16T08:00:20+08:00", title="个人,把驾驶证当身份证寄来"),
        Case("10-sold", mail(
            "飞机卖了", "禾光影视 <heguang@163.example>", hand="netease", date="2021-03-18T09:00:00+08:00",
            body="我公司登记的无人机已经卖掉,不用了,申请注销登记。"),
            "inquiry", "receipt", [{"category": "company", "status": "review"}],
            received="2021-03-18T09:00:20+08:00", title="要求注销"),
        Case("11-late-but-fresh", mail(
            "新购无人机登记", "孙六 <sl@139.example>", hand="qq", date="2021-05-10T08:00:00+08:00", body="五月一日买的,来登记",
            attachments=[docx("孙六.docx", filled("person_form.docx", DRONE | PILOT | PERSON | {
                "产品序列号": "1WNBH7X00300B2", "购机日期": "2021-05-01", "机主姓名": "孙六顺",
                "机主身份证号码": invented_id(21, "19900909")})),
                jpeg("证件.jpg", id_card_front("孙六顺", invented_id(21, "19900909"))), invoice("1WNBH7X00300B2", "孙六顺")]),
            "registration", "acknowledgement",
            [{"category": "person", "status": "complete", "missing": [], "on_time": 1}],
            received="2021-05-10T08:00:20+08:00", title="登记期后新购,15天内申报"),
    ]


def _driving_licence():
    import build_other_pictures

    return build_other_pictures.driving_licence("赵五行", invented_id(20, "19880808"))


def main(folder: Path = EXAMPLE / "mails") -> None:
    """The mails and beside each what must come of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.*"):
        old.unlink()
    for case in cases():
        (folder / f"{case.name}.eml").write_bytes(case.raw)
        text = json.dumps(case.expected(), ensure_ascii=False, indent=1)
        (folder / f"{case.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
