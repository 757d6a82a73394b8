"""Draws what people also attach and what is no identity paper here, with invented people and units throughout.

Many of these bear a valid ID number or credit code, a name, and labels like those of the real papers: that is the point.
"""

import random

from build_pictures import (
    FAINT,
    INK,
    RED,
    _card_ground,
    _portrait,
    _qr_code,
    _rows,
    _seal,
    certificate,
    font,
    id_card_front,
    invented_credit_code,
    invented_id,
)
from PIL import Image, ImageDraw, ImageFilter

_ADDRESS = "湖南省衡东县洣水镇迎宾大道88号"


def driving_licence(name: str = "欧阳明山", number: str | None = None) -> Image.Image:
    """中华人民共和国机动车驾驶证: its number is the ID number."""
    image = _card_ground((1000, 700), (236, 240, 236))
    draw = ImageDraw.Draw(image)
    _centred(draw, 1000, 40, "中华人民共和国机动车驾驶证", 44)
    draw.text((250, 96), "Driving License of the People's Republic of China", font=font(24), fill=INK)
    rows = [("证号", number or invented_id()), ("姓名", name), ("性别", "男"), ("国籍", "中国"), ("住址", _ADDRESS),
            ("出生日期", "1985-03-12"), ("初次领证日期", "2008-06-10"), ("准驾车型", "C1"), ("有效期限", "2014-06-10至2024-06-10")]  # fmt: skip
    _rows(draw, rows, 60, 150, 290, 520, font(27), font(30), 56)
    _portrait(draw, (790, 330, 950, 560))
    _seal(image, "湖南省衡阳市公安局交通警察支队", (200, 600), 80)
    return image


def vehicle_licence(owner: str = "衡东县洣水镇融媒体服务中心") -> Image.Image:
    """中华人民共和国机动车行驶证."""
    rows = [("号牌号码", "湘D12345"), ("车辆类型", "小型轿车"), ("所有人", owner), ("住址", _ADDRESS), ("使用性质", "非营运"),
            ("品牌型号", "大众牌SVW71511"), ("车辆识别代号", "LSVAM4187C2184841"), ("注册日期", "2014-05-06"), ("发证日期", "2014-05-06")]  # fmt: skip
    return _card("中华人民共和国机动车行驶证", rows)


def bank_card() -> Image.Image:
    """A debit card: sixteen digits."""
    image = _card_ground((856, 540), (40, 90, 150))
    draw = ImageDraw.Draw(image)
    draw.text((60, 50), "中国某某银行", font=font(52, "bold"), fill="white")
    draw.text((60, 300), "6222 0219 0412 3456 789", font=font(54), fill="white")
    draw.text((60, 420), "有效期至 08/28   ATM 银联", font=font(30), fill="white")
    return image


def social_card(name: str = "欧阳明山", number: str | None = None) -> Image.Image:
    """中华人民共和国社会保障卡: its 社会保障号码 is the ID number."""
    image = _card_ground((856, 540), (220, 232, 240))
    draw = ImageDraw.Draw(image)
    draw.text((60, 40), "中华人民共和国社会保障卡", font=font(46, "bold"), fill=INK)
    rows = [
        ("姓名", name),
        ("社会保障号码", number or invented_id()),
        ("卡号", "D12345678"),
        ("发卡日期", "2015年03月"),
    ]
    _rows(draw, rows, 330, 190, 530, 330, font(26), font(29), 68)
    _portrait(draw, (70, 160, 270, 430))
    return image


def household_page(name: str = "欧阳明山", number: str | None = None) -> Image.Image:
    """常住人口登记卡 of a household register."""
    number = number or invented_id()
    rows = [("姓名", name), ("户主或与户主关系", "户主"), ("曾用名", ""), ("性别", "男"), ("出生地", "湖南省衡东县"), ("民族", "汉"),
            ("籍贯", "湖南省衡东县"), ("出生日期", f"{number[6:10]}年{int(number[10:12])}月{int(number[12:14])}日"),
            ("公民身份证件编号", number), ("身高", "172"), ("血型", "O"), ("文化程度", "大学本科"), ("婚姻状况", "已婚"),
            ("兵役状况", "未服兵役"), ("服务处所", "衡东县第二中学"), ("职业", "教师")]  # fmt: skip
    return _sheet("常住人口登记卡", rows)


def student_card(name: str = "林小溪", number: str | None = None) -> Image.Image:
    """学生证 with an ID number."""
    rows = [("姓名", name), ("性别", "女"), ("民族", "汉"), ("出生", "2003年4月5日"), ("学校", "衡东县第一中学"), ("班级", "高二(3)班"),
            ("身份证号", number or invented_id(birth="20030405", seq=28))]  # fmt: skip
    return _card("学 生 证", rows)


def press_card(name: str = "谭志远") -> Image.Image:
    """新闻记者证."""
    rows = [("姓名", name), ("性别", "男"), ("单位", "衡东县融媒体中心"), ("证号", "B43042400000012"), ("身份证号", invented_id()),
            ("发证机关", "国家新闻出版署"), ("有效期限", "2019年1月1日至2024年12月31日")]  # fmt: skip
    return _card("中华人民共和国新闻记者证", rows)


def passport(name: str = "欧阳明山") -> Image.Image:
    """The personal page of a 护照."""
    rows = [("类型 Type", "P"), ("护照号 Passport No.", "E12345678"), ("姓名 Name", name), ("性别 Sex", "男/M"), ("国籍 Nationality", "中国"),
            ("出生日期 Date of birth", "12 MAR 1985"), ("有效期至 Date of expiry", "07 JUN 2028"), ("签发机关 Authority", "公安部出入境管理局")]  # fmt: skip
    return _card("中华人民共和国 护照 PASSPORT", rows, value_left=420)


def residence_permit(name: str = "欧阳明山", number: str | None = None) -> Image.Image:
    """居住证: drawn like an ID card, with its own title."""
    image = id_card_front(name, number or invented_id(region="360102"))
    page = Image.new("RGB", (856, 640), (225, 232, 238))
    page.paste(image, (0, 100))
    _centred(ImageDraw.Draw(page), 856, 20, "湖 南 省 居 住 证", 54)
    return page


def marriage_certificate() -> Image.Image:
    """结婚证: two people, two ID numbers."""
    rows = [("持证人", "欧阳明山"), ("登记日期", "2012年05月20日"), ("结婚证字号", "J430424-2012-001234"), ("姓名", "欧阳明山"), ("性别", "男"),
            ("国籍", "中国"), ("出生日期", "1985年03月12日"), ("身份证件号", invented_id()), ("姓名", "刘春燕"), ("性别", "女"),
            ("国籍", "中国"), ("出生日期", "1987年08月09日"), ("身份证件号", invented_id(birth="19870809", seq=22))]  # fmt: skip
    return _sheet("结 婚 证", rows)


def invoice(buyer: str = "衡东县洣水镇融媒体服务中心") -> Image.Image:
    """增值税普通发票: names and codes of two companies."""
    image = Image.new("RGB", (1654, 1000), (253, 252, 246))
    draw = ImageDraw.Draw(image)
    _centred(draw, 1654, 40, "湖南增值税电子普通发票", 56, (150, 60, 40))
    rows = [
        ("名称:", buyer),
        ("纳税人识别号:", invented_credit_code(3, "12")),
        ("地址、电话:", _ADDRESS),
        ("开户行及账号:", "某某银行衡东支行 6222"),
    ]
    _rows(draw, rows, 120, 160, 380, 900, font(28), font(30), 54)
    draw.text((120, 430), "*信息服务*网站维护费   1   2,000.00   6%   120.00", font=font(32), fill=INK)
    draw.text((120, 540), "价税合计(大写) 贰仟壹佰贰拾元整 (小写) ¥2120.00", font=font(32), fill=INK)
    rows = [
        ("名称:", "衡东县某某网络科技有限公司"),
        ("纳税人识别号:", invented_credit_code(4, "91")),
        ("地址、电话:", _ADDRESS),
    ]
    _rows(draw, rows, 120, 640, 380, 900, font(28), font(30), 54)
    _seal(image, "衡东县某某网络科技有限公司", (1350, 780), 120)
    return image


def contract() -> Image.Image:
    """A contract's first page, with names, codes and ID numbers in prose."""
    text = [f"甲方:衡东县洣水镇融媒体服务中心(统一社会信用代码:{invented_credit_code(7, '12')})", "法定代表人:谭志远", "住所:" + _ADDRESS,
            "乙方:欧阳明山", f"公民身份号码:{invented_id()}", "根据《中华人民共和国合同法》及有关法律法规,甲乙双方就新媒体账号", "运营服务事宜,经平等协商,订立本合同:",
            "一、乙方应提供营业执照、居民身份证复印件一份。", "二、服务期限自2019年08月01日至2020年07月31日。", "三、服务费用每月人民币叁仟元整。"]  # fmt: skip
    return _prose("新媒体账号运营服务合同", text)


def filled_form(name: str = "欧阳明山") -> Image.Image:
    """The registration form of an individual, typed, printed and scanned."""
    rows = [("账号名称", "衡东生活圈"), ("账号", "hdshq2019"), ("服务类型", "微信公众号"), ("注册日期", "2018年5月1日"), ("管理员姓名", name),
            ("手机号码", "13800000000"), ("负责人姓名", name), ("身份证号", invented_id()), ("手机号码", "13800000000"), ("工作单位", "衡东县第二中学")]  # fmt: skip
    return _sheet("衡东县新媒体账号调查摸底登记表(个人)", rows)


def register_printout(unit: str = "衡东县某某文化传媒有限公司") -> Image.Image:
    """A print-out of the companies' register: every label of the licence, and no licence."""
    rows = [("统一社会信用代码:", invented_credit_code(9, "91")), ("企业名称:", unit), ("类型:", "有限责任公司"), ("法定代表人:", "谭志远"),
            ("注册资本:", "300万人民币"), ("成立日期:", "2015年06月18日"), ("登记机关:", "衡东县市场监督管理局"), ("住所:", _ADDRESS),
            ("经营范围:", "广告设计、制作、发布。")]  # fmt: skip
    return _sheet("营业执照信息", rows)


def account_permit() -> Image.Image:
    """开户许可证."""
    rows = [("核准号", "J5540001234501"), ("编号", "5510-01234567"), ("存款人名称", "衡东县洣水镇融媒体服务中心"), ("法定代表人(单位负责人)", "谭志远"),
            ("开户银行", "某某银行衡东支行"), ("账号", "43001234567890123456")]  # fmt: skip
    return _sheet("开 户 许 可 证", rows, value_left=560)


def food_permit() -> Image.Image:
    """食品经营许可证: code, name and responsible person of a shop."""
    rows = [("经营者名称", "衡东县大浦镇好再来餐馆"), ("社会信用代码", invented_credit_code(5, "92")), ("法定代表人(负责人)", "谭志远"), ("住所", _ADDRESS),
            ("经营场所", _ADDRESS), ("主体业态", "餐饮服务经营者"), ("许可证编号", "JY24304240012345"), ("发证机关", "衡东县市场监督管理局"),
            ("有效期至", "2023年05月01日")]  # fmt: skip
    return _sheet("食 品 经 营 许 可 证", rows, value_left=520)


def authorisation() -> Image.Image:
    """授权委托书."""
    text = ["委托单位:衡东县洣水镇融媒体服务中心", f"统一社会信用代码:{invented_credit_code(7, '12')}", "法定代表人:谭志远", "受委托人:欧阳明山",
            f"身份证号码:{invented_id()}", "现委托上列受委托人办理我单位新媒体账号登记事宜。", "附:事业单位法人证书复印件、身份证复印件"]  # fmt: skip
    return _prose("授 权 委 托 书", text)


def article() -> Image.Image:
    """A news page that shows somebody's ID card between its paragraphs."""
    page = _prose("男子捡到身份证苦寻失主 热心民警帮忙", [
        "本报讯 八月三日上午,家住衡东县洣水镇的市民刘先生在汽车站候车时,捡到一张身份证。",
        "刘先生在原地等了半个多小时,始终没有等到失主,于是把身份证交到了附近的派出所。",
        "民警通过户籍系统查到了失主的联系方式,当天下午,失主就赶到派出所领回了证件。",
        "失主说,自己第二天就要去外地务工,要是没有身份证就买不了车票,真是太感谢了。"])  # fmt: skip
    card = id_card_front("欧阳明山").resize((600, 378))
    page.paste(card, (320, 900))
    ImageDraw.Draw(page).text((180, 1330), "图为刘先生捡到的身份证。记者 谭志远 摄", font=font(32), fill=INK)
    for row, text in enumerate(
        ("警方提醒,市民外出时要保管好随身证件,一旦遗失应及时到派出所挂失补领,", "以免被不法分子冒用,造成不必要的损失。")
    ):
        ImageDraw.Draw(page).text((140, 1420 + row * 56), text, font=font(32, "serif"), fill=INK)
    return page


def landscape(seed: int = 3, size=(1200, 800)) -> Image.Image:
    """Hills, a river and a sky."""
    rng = random.Random(seed)
    image = Image.new("RGB", size, (140, 190, 235))
    draw = ImageDraw.Draw(image)
    for hill in range(6):
        base = size[1] * (0.4 + hill * 0.1)
        points = [(x, base + rng.uniform(-60, 60)) for x in range(0, size[0] + 120, 120)]
        draw.polygon([(0, size[1]), *points, (size[0], size[1])], fill=(40 + hill * 14, 90 + hill * 12, 50 + hill * 6))
    draw.polygon([(500, 800), (560, 500), (640, 500), (800, 800)], fill=(120, 160, 190))
    return image.filter(ImageFilter.GaussianBlur(2))


def logo(text: str = "衡东发布", size=(320, 320)) -> Image.Image:
    """An account's avatar."""
    image = Image.new("RGB", size, (200, 30, 40))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, size[0] - 20, size[1] - 20), outline="white", width=10)
    face = font(size[0] // 6, "bold")
    draw.text(((size[0] - face.getlength(text)) / 2, size[1] * 0.42), text, font=face, fill="white")
    return image


def qr_code(side: int = 430) -> Image.Image:
    """What looks like an account's QR code."""
    image = Image.new("RGB", (side, side), "white")
    _qr_code(image, (int(side * 0.08), int(side * 0.08)), int(side * 0.84), seed=5)
    return image


def chat_screenshot() -> Image.Image:
    """Somebody types name and ID number into a chat."""
    image = Image.new("RGB", (1080, 1920), (237, 237, 237))
    draw = ImageDraw.Draw(image)
    draw.text((60, 30), "9:41", font=font(40), fill=INK)
    draw.text((380, 110), "衡东县网信工作联络群", font=font(44), fill=INK)
    talk = [
        "康主任您好",
        "我们单位的公众号需要登记吗",
        "需要的,把资料发到邮箱",
        "姓名:欧阳明山",
        f"身份证号:{invented_id()}",
        "地址:" + _ADDRESS,
        "好的收到",
    ]
    for number, text in enumerate(talk):
        mine = number % 2 == 1
        width = font(40).getlength(text) + 60
        left = 1000 - width if mine else 80
        draw.rounded_rectangle(
            (left, 260 + number * 190, left + width, 360 + number * 190), 16, fill=(149, 236, 105) if mine else "white"
        )
        draw.text((left + 30, 284 + number * 190), text, font=font(40), fill=INK)
    return image


def stamp_page() -> Image.Image:
    """A page with nothing on it but a stamp."""
    image = Image.new("RGB", (1240, 1754), "white")
    _seal(image, "衡东县洣水镇融媒体服务中心", (700, 900), 200)
    return image


def checklist() -> Image.Image:
    """What an applicant must bring: every title, no paper."""
    return _prose(
        "登记所需材料",
        [
            "1. 营业执照",
            "2. 居民身份证",
            "3. 事业单位法人证书",
            "4. 统一社会信用代码证书",
            "5. 名称:",
            "6. 法定代表人:",
            "有效期限内",
        ],
    )


def degree() -> Image.Image:
    """教师资格证书."""
    rows = [("姓名", "刘春燕"), ("性别", "女"), ("出生年月", "1987年8月9日"), ("民族", "汉"), ("身份证号码", invented_id(birth="19870809", seq=22)),
            ("资格种类", "初级中学教师资格"), ("任教学科", "语文"), ("证书号码", "20114304232001234"), ("认定机构", "衡东县教育局")]  # fmt: skip
    return _sheet("教 师 资 格 证 书", rows)


#: name → picture, everything that must never be taken for an identity paper
NOT_PAPERS = {
    make.__name__: make
    for make in (
        driving_licence, vehicle_licence, bank_card, social_card, household_page, student_card, press_card, passport, residence_permit,
        marriage_certificate, invoice, contract, filled_form, register_printout, account_permit, food_permit, authorisation, landscape,
        logo, qr_code, chat_screenshot, stamp_page, checklist, degree,
    )
}  # fmt: skip


def poster_with_licence() -> Image.Image:
    """A licence hanging on a wall, photographed small; still a licence."""
    wall = Image.new("RGB", (1600, 1200), (200, 196, 188))
    wall.paste(certificate("licence", layout="landscape").resize((1160, 820)), (220, 180))
    return wall


def _centred(draw, width: int, top: int, text: str, size: int, fill=INK) -> None:
    face = font(size, "serif-bold")
    draw.text(((width - face.getlength(text)) / 2, top), text, font=face, fill=fill)


def _card(title: str, rows, value_left: int = 290) -> Image.Image:
    image = _card_ground((1000, 700), (238, 236, 228))
    draw = ImageDraw.Draw(image)
    _centred(draw, 1000, 40, title, 46, RED)
    _rows(draw, rows, 60, 140, value_left, 480, font(28), font(30), 62)
    _portrait(draw, (790, 330, 950, 560))
    return image


def _sheet(title: str, rows, value_left: int = 460) -> Image.Image:
    image = Image.new("RGB", (1240, 1754), (252, 251, 246))
    draw = ImageDraw.Draw(image)
    _centred(draw, 1240, 110, title, 56)
    draw.rectangle((90, 220, 1150, 260 + len(rows) * 84), outline=FAINT, width=3)
    _rows(draw, rows, 130, 250, value_left, 640, font(34), font(36, "serif"), 84)
    return image


def _prose(title: str, lines) -> Image.Image:
    image = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(image)
    _centred(draw, 1240, 130, title, 52)
    for number, text in enumerate(lines):
        for part in range(0, len(text), 29):
            draw.text(
                (140, 270 + number * 108 + part // 29 * 50), text[part : part + 29], font=font(32, "serif"), fill=INK
            )
    return image
