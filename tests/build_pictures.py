"""Draws identity papers of invented people and units, in the proportions and with the words of the real ones.

Every number passes its check; nobody of these names and numbers is meant. What is *not* an identity paper for us
(driving licence, invoice, landscape …) is drawn in `build_other_pictures`, what phones do to pictures in
`picture_effects`; both are offered here too, so that one import serves.
"""

import functools
import math
import random
from pathlib import Path

import pytest
from picture_effects import (  # noqa: F401
    as_jpeg,
    as_png,
    bitonal,
    blur,
    dark,
    glare,
    grey,
    jpeg,
    low_resolution,
    noise,
    on_table,
    perspective,
    rotate,
    shadow,
    skew,
    watermark,
)
from PIL import Image, ImageDraw, ImageFont

from rules.numbers import credit_check, id_check, organisation_check

_FACES = {
    "sans": ("NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc", "SourceHanSansCN-Regular.otf", "DroidSansFallbackFull.ttf"),
    "bold": ("NotoSansCJK-Bold.ttc", "wqy-zenhei.ttc", "SourceHanSansCN-Bold.otf", "DroidSansFallbackFull.ttf"),
    "serif": ("NotoSerifCJK-Regular.ttc", "uming.ttc", "simsun.ttc", "NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc"),
    "serif-bold": ("NotoSerifCJK-Bold.ttc", "uming.ttc", "simsun.ttc", "NotoSansCJK-Bold.ttc", "wqy-zenhei.ttc"),
}
#: in the .ttc files of Noto CJK the third font is the simplified Chinese one
_SIMPLIFIED = 2
INK, FAINT, RED = (25, 25, 25), (60, 110, 160), (205, 35, 35)


class NoFont(pytest.skip.Exception):
    """No Chinese font is installed (apt-get install fonts-noto-cjk): whatever needs a picture is skipped and counted."""

    def __init__(self):
        super().__init__("no Chinese font (fonts-noto-cjk)", allow_module_level=True)


@functools.cache
def font(size: int, face: str = "sans") -> ImageFont.FreeTypeFont:
    """A Chinese font of that size in pixels; raises NoFont."""
    for name in _FACES[face]:
        for folder in ("/usr/share/fonts", "/usr/local/share/fonts", str(Path.home() / ".fonts")):
            for path in sorted(Path(folder).rglob(name)):
                return ImageFont.truetype(str(path), size, index=_SIMPLIFIED if name.startswith("Noto") else 0)
    raise NoFont()


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def invented_id(region: str = "430424", birth: str = "19850312", seq: int = 21) -> str:
    """An ID number that passes GB 11643; an odd `seq` is a man's."""
    first17 = f"{region}{birth}{seq:03d}"
    return first17 + id_check(first17)


def invented_organisation_code(seed: int = 1, first: str = "MA") -> str:
    """An organisation code that passes GB 11714, written `XXXXXXXX-X`."""
    rng = random.Random(seed)
    digits = "".join(str(rng.randrange(10)) for _ in range(8 - len(first)))
    return f"{first}{digits}-{organisation_check(first + digits)}"


def invented_credit_code(seed: int = 1, kind: str = "11", region: str = "430424", first: str = "MA") -> str:
    """A credit code that passes GB 32100; `kind`: 11 authority, 12 public institution, 51 association, 91 company …"""
    first17 = kind + region + invented_organisation_code(seed, first).replace("-", "")
    return first17 + credit_check(first17)


# ── ID cards ─────────────────────────────────────────────────────────────────────────────────────────────────────


def id_card_front(
    name: str = "欧阳明山",
    number: str | None = None,
    *,
    nation: str = "汉",
    address: str = "湖南省衡东县洣水镇文明西路一百零八号三单元五零二室",
    face: str = "sans",
    labels: bool = True,
    size=(856, 540),
) -> Image.Image:
    """The side with the portrait (GA 461: 85.6 × 54 mm)."""
    number = number or invented_id()
    image = _card_ground((856, 540), (225, 232, 238))
    draw = ImageDraw.Draw(image)
    born, male = number[6:14], int(number[16]) % 2 == 1
    label, value = font(27), font(34, face)
    if labels:
        for x, y, text in (
            (70, 62, "姓 名"),
            (70, 132, "性 别"),
            (248, 132, "民 族"),
            (70, 202, "出 生"),
            (70, 272, "住 址"),
        ):
            draw.text((x, y), text, font=label, fill=FAINT)
        draw.text((70, 448), "公民身份号码", font=font(29), fill=FAINT)
        for x, text in ((258, "年"), (338, "月"), (420, "日")):
            draw.text((x, 204), text, font=label, fill=FAINT)
    draw.text((162, 56), name, font=font(40, face), fill=INK)
    draw.text((162, 128), "男" if male else "女", font=value, fill=INK)
    draw.text((345, 128), nation, font=value, fill=INK)
    for x, text in ((162, born[:4]), (300, str(int(born[4:6]))), (380, str(int(born[6:])))):
        draw.text((x, 198), text, font=value, fill=INK)
    for row in range(math.ceil(len(address) / 11)):
        draw.text((162, 266 + row * 46), address[row * 11 : row * 11 + 11], font=value, fill=INK)
    _spread(draw, 292, 442, number, font(42, "bold" if face == "sans" else "serif-bold"), 26.5)
    _portrait(draw, (560, 60, 790, 400))
    return image.resize(size, Image.Resampling.LANCZOS) if size != (856, 540) else image


def id_card_back(
    authority: str = "衡东县公安局", valid: str = "2012.06.08-2032.06.08", *, face: str = "sans", size=(856, 540)
) -> Image.Image:
    """The side with the emblem."""
    image = _card_ground((856, 540), (226, 234, 228))
    draw = ImageDraw.Draw(image)
    _emblem(draw, 120, 120, 70)
    draw.text((250, 50), "中华人民共和国", font=font(54, "serif"), fill=INK)
    draw.text((235, 140), "居 民 身 份 证", font=font(68, "serif-bold"), fill=INK)
    draw.text((190, 380), "签发机关", font=font(30), fill=INK)
    draw.text((345, 376), authority, font=font(33, face), fill=INK)
    draw.text((190, 455), "有效期限", font=font(30), fill=INK)
    draw.text((345, 451), valid, font=font(33, face), fill=INK)
    return image.resize(size, Image.Resampling.LANCZOS) if size != (856, 540) else image


def id_card_page(
    name: str = "欧阳明山", number: str | None = None, *, note: str = "", valid: str = "2012.06.08-2032.06.08", **front
) -> Image.Image:
    """Both sides on one A4 page at 150 dpi, as copiers make it."""
    return page_of(id_card_front(name, number, **front), id_card_back(valid=valid), note=note)


def page_of(*pictures: Image.Image, note: str = "", width: int = 640) -> Image.Image:
    """Pictures below each other on a white A4 page at 150 dpi, with a line of handwriting or stamp text below."""
    page = Image.new("RGB", (1240, 1754), "white")
    top = 130
    for picture in pictures:
        scaled = picture.resize((width, int(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        page.paste(scaled, ((1240 - width) // 2, top))
        top += scaled.height + 90
    if note:
        ImageDraw.Draw(page).text((200, min(top, 1640)), note, font=font(34, "serif"), fill=INK)
    return page


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────

#: kind → title, first characters of the code, label of the name, of the responsible person, further lines
_KINDS: dict[str, tuple[str, str, str, str, tuple[tuple[str, str], ...]]] = {
    "organisation_code": ("中华人民共和国\n组织机构代码证", "11", "机构名称", "法定代表人",
        (("机构类型", "机关法人"), ("地 址", "湖南省衡东县洣水镇文明西路12号"), ("有 效 期", "自2014年05月12日至2018年05月12日"),
         ("颁发单位", "衡东县质量技术监督局"), ("登 记 号", "组代管430424-003871"))),
    "authority": ("统一社会信用代码证书", "11", "机构名称", "负责人",
        (("机构性质", "机关"), ("机构地址", "湖南省衡东县洣水镇文明西路12号"), ("赋码机关", "中共衡东县委机构编制委员会办公室"))),
    "licence": ("营 业 执 照", "91", "名 称", "法定代表人",
        (("类 型", "有限责任公司(自然人投资或控股)"), ("住 所", "湖南省衡东县洣水镇迎宾大道88号"), ("注册资本", "叁佰万元整"),
         ("成立日期", "2015年06月18日"), ("营业期限", "2015年06月18日至2045年06月17日"),
         ("经营范围", "设计、制作、发布国内各类广告;网站建设;文化艺术交流活动策划;农产品网上销售。"), ("登记机关", "衡东县市场监督管理局"))),
    "sole_trader": ("营 业 执 照", "92", "名 称", "经营者",
        (("类 型", "个体工商户"), ("经营场所", "湖南省衡东县大浦镇青山路16号"), ("组成形式", "个人经营"), ("注册日期", "2017年03月02日"),
         ("经营范围", "图文设计、打字复印、摄影服务。"), ("登记机关", "衡东县市场监督管理局"))),
    "institution": ("事业单位法人证书", "12", "名 称", "法定代表人",
        (("宗 旨 和\n业务范围", "为全县人民提供广播电视服务。"), ("住 所", "湖南省衡东县洣水镇衡岳路9号"), ("经费来源", "财政补助"),
         ("开办资金", "¥120万元"), ("举办单位", "衡东县人民政府"), ("登记管理机关", "衡东县事业单位登记管理局"),
         ("有效期", "自2018年04月02日至2023年04月02日"))),
    "association": ("社会团体法人登记证书", "51", "名 称", "法定代表人",
        (("业务范围", "书画交流、展览、培训。"), ("住 所", "湖南省衡东县洣水镇兴衡路3号"), ("注册资金", "叁万元"),
         ("业务主管单位", "衡东县文学艺术界联合会"), ("登记机关", "衡东县民政局"), ("有效期限", "自2017年01月05日至2022年01月04日"))),
    "private_body": ("民办非企业单位登记证书", "52", "名 称", "法定代表人",
        (("业务范围", "学前教育。"), ("住 所", "湖南省衡东县吴集镇学府路2号"), ("开办资金", "伍拾万元"),
         ("业务主管单位", "衡东县教育局"), ("登记机关", "衡东县民政局"), ("有效期限", "2016年09月01日至2020年08月31日"))),
    "foundation": ("基金会法人登记证书", "53", "名 称", "法定代表人",
        (("类 型", "非公募"), ("业务范围", "资助贫困学生。"), ("住 所", "湖南省衡东县洣水镇学海路1号"), ("原始基金数额", "贰佰万元"),
         ("业务主管单位", "衡东县民政局"), ("发证机关", "湖南省民政厅"), ("有效期限", "2016年09月01日至2021年08月31日"))),
    "collective": ("农村集体经济组织登记证", "N2", "名 称", "法定代表人",
        (("类 型", "农村集体经济组织"), ("住 所", "湖南省衡东县荣桓镇南湾村"), ("业务范围", "集体资产经营与管理。"),
         ("登记机关", "衡东县农业农村局"), ("成立日期", "2018年12月20日"))),
}  # fmt: skip

#: the kinds that `certificate` draws
CERTIFICATES = tuple(_KINDS)


def certificate(
    kind: str,
    unit: str = "衡东县洣水镇融媒体服务中心",
    code: str | None = None,
    principal: str = "谭志远",
    *,
    seal: bool = True,
    copy: bool = False,
    layout: str = "portrait",
    face: str = "sans",
) -> Image.Image:
    """An organisation's certificate; `layout`: `portrait`, `landscape` (two columns) or `plain` (no frame, serif).

    `copy` marks it 副本. `organisation_code` bears an organisation code, every other kind a credit code.
    """
    title, code_kind, name_label, principal_label, further = _KINDS[kind]
    if kind == "organisation_code":
        code, code_label = code or invented_organisation_code(7, "00"), "代 码"
    else:
        code, code_label = code or invented_credit_code(7, code_kind), "统一社会信用代码"
    rows = [(name_label, unit), (principal_label, principal), *further]
    draw_layout = {"portrait": _portrait_page, "landscape": _landscape_page, "plain": _plain_page}[layout]
    image = draw_layout(title, code_label, code, rows, face, copy)
    if seal:
        authority = next((value for label, value in rows if "机关" in label or "颁发" in label), "衡东县民政局")
        _seal(image, authority, (int(image.width * 0.76), int(image.height * 0.84)), int(image.width * 0.1))
    return image


def _portrait_page(title, code_label, code, rows, face, copy) -> Image.Image:
    image = Image.new("RGB", (1240, 1754), (252, 250, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 50, 1190, 1704), outline=(180, 140, 60), width=8)
    _emblem(draw, 620, 180, 75)
    top = _title(draw, title, 280, 1240, 84, copy)
    draw.text(
        (150, top), f"{code_label}:{code}" if len(code_label) > 4 else f"{code_label} {code}", font=font(38), fill=INK
    )
    _rows(draw, rows, 150, top + 90, 330, 780, font(36, face), font(36, face), 74)
    return image


def _landscape_page(title, code_label, code, rows, face, copy) -> Image.Image:
    image = Image.new("RGB", (1754, 1240), (250, 251, 246))
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, 1714, 1200), outline=(60, 120, 160), width=6)
    draw.rectangle((56, 56, 1698, 1184), outline=(60, 120, 160), width=2)
    _emblem(draw, 877, 140, 62)
    top = _title(draw, title, 215, 1754, 88, copy)
    draw.text((130, 120), code_label, font=font(26), fill=INK)
    draw.text((130, 158), code, font=font(32, "bold"), fill=INK)
    half = math.ceil(len(rows) / 2)
    _rows(draw, rows[:half], 130, top + 20, 320, 530, font(32, face), font(32, face), 80)
    _rows(draw, rows[half:], 920, top + 20, 1130, 520, font(32, face), font(32, face), 80)
    _qr_code(image, (1480, 90), 150, seed=len(code))
    return image


def _plain_page(title, code_label, code, rows, face, copy) -> Image.Image:
    image = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(image)
    top = _title(draw, title, 160, 1240, 76, copy)
    everything = [(code_label, code), *rows]
    _rows(draw, everything, 130, top + 60, 430, 680, font(35, "bold"), font(35, "serif"), 70, colon=":")
    return image


def _title(draw, title: str, top: int, width: int, size: int, copy: bool) -> int:
    for line in title.split("\n"):
        face = font(size, "serif-bold")
        draw.text(((width - face.getlength(line)) / 2, top), line, font=face, fill=(150, 30, 30))
        top += int(size * 1.45)
    if copy:
        draw.text(((width - 4 * 40) / 2, top), "(副 本)", font=font(40, "serif"), fill=INK)
    return top + 70


def _rows(draw, rows, left, top, value_left, value_width, label_font, value_font, step, colon="") -> None:
    for label, value in rows:
        for number, part in enumerate(label.split("\n")):
            draw.text((left, top + number * 44), part + colon, font=label_font, fill=(70, 60, 50))
        per_line = max(1, int(value_width // value_font.size))
        parts = [value[start : start + per_line] for start in range(0, len(value), per_line)]
        for number, part in enumerate(parts):
            draw.text((value_left, top + number * 50), part, font=value_font, fill=INK)
        top += step + (max(len(parts), label.count("\n") + 1) - 1) * 50


# ── strokes ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _card_ground(size, colour) -> Image.Image:
    image = Image.new("RGB", size, colour)
    draw = ImageDraw.Draw(image)
    for y in range(-200, size[1] + 200, 22):  # the guilloche
        points = [(x, y + 14 * math.sin(x / 60 + y / 90)) for x in range(0, size[0], 12)]
        draw.line(points, fill=tuple(min(255, part + 10) for part in colour), width=2)
    draw.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=(150, 150, 150), width=2)
    return image


def _spread(draw, left: float, top: float, text: str, face, step: float) -> None:
    for number, character in enumerate(text):
        draw.text((left + number * step, top), character, font=face, fill=INK)


def _portrait(draw, box) -> None:
    left, top, right, bottom = box
    middle, width = (left + right) / 2, right - left
    draw.rectangle(box, fill=(242, 243, 245))
    draw.ellipse((middle - width * 0.24, top + 50, middle + width * 0.24, top + 190), fill=(214, 178, 152))
    draw.pieslice((middle - width * 0.27, top + 30, middle + width * 0.27, top + 190), 180, 360, fill=(40, 34, 30))
    draw.pieslice((left + 14, bottom - 150, right - 14, bottom + 150), 180, 360, fill=(56, 62, 84))


def _emblem(draw, x: int, y: int, radius: int) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(200, 40, 40), outline=(225, 180, 60), width=8)
    for number in range(5):
        angle = math.radians(-150 + number * 30)
        far = radius * 0.55
        star_x, star_y, star = (
            x + far * math.cos(angle),
            y + far * math.sin(angle),
            radius * (0.18 if number == 2 else 0.1),
        )
        draw.ellipse((star_x - star, star_y - star, star_x + star, star_y + star), fill=(235, 200, 70))
    draw.rectangle((x - radius * 0.5, y + radius * 0.2, x + radius * 0.5, y + radius * 0.4), fill=(235, 200, 70))


def _seal(image: Image.Image, text: str, middle: tuple[int, int], radius: int) -> None:
    """A round red stamp, its words on the arc, a star in the middle."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    x, y = middle
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=(*RED, 190), width=max(3, radius // 22))
    points = []
    for number in range(10):
        far, angle = radius * (0.32 if number % 2 == 0 else 0.13), math.radians(-90 + number * 36)
        points.append((x + far * math.cos(angle), y + far * math.sin(angle)))
    draw.polygon(points, fill=(*RED, 190))
    face = font(max(12, radius // 5), "serif-bold")
    for number, character in enumerate(text):
        angle = -200 + (number + 0.5) * 220 / len(text)
        stamp = Image.new("RGBA", (face.size * 2, face.size * 2), (0, 0, 0, 0))
        ImageDraw.Draw(stamp).text((face.size / 2, face.size / 3), character, font=face, fill=(*RED, 190))
        stamp = stamp.rotate(-(angle + 90), resample=Image.Resampling.BICUBIC)
        far = radius * 0.78
        place = (x + far * math.cos(math.radians(angle)), y + far * math.sin(math.radians(angle)))
        layer.alpha_composite(stamp, (max(0, int(place[0] - face.size)), max(0, int(place[1] - face.size))))
    image.paste(Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB"))


def _qr_code(image: Image.Image, place: tuple[int, int], side: int, seed: int = 1) -> None:
    """Squares that look like a QR code: three finders and random modules."""
    rng, cells = random.Random(seed), 29
    step = side / cells
    draw = ImageDraw.Draw(image)
    draw.rectangle(
        (place[0] - step * 2, place[1] - step * 2, place[0] + side + step * 2, place[1] + side + step * 2), fill="white"
    )
    for row in range(cells):
        for column in range(cells):
            if rng.random() < 0.5:
                _cell(draw, place, step, column, row, 1, "black")
    for column, row in ((0, 0), (cells - 7, 0), (0, cells - 7)):
        _cell(draw, place, step, column - 1, row - 1, 9, "white")
        _cell(draw, place, step, column, row, 7, "black")
        _cell(draw, place, step, column + 1, row + 1, 5, "white")
        _cell(draw, place, step, column + 2, row + 2, 3, "black")


def _cell(draw, place, step, column, row, size, fill) -> None:
    left, top = place[0] + column * step, place[1] + row * step
    draw.rectangle((left, top, left + size * step - 1, top + size * step - 1), fill=fill)
