"""Lines of one page → the organisation's certificate that it shows: title, unit, code, responsible person.

A certificate is taken for one on positive evidence only: its title standing alone as a heading above its fixed labels,
or, where the ornamental title was not read, most of the labels and a valid code (then with a doubt). Since 2016 the
certificates with an 18-character code have replaced the 组织机构代码证 (GB 32100; FIELD.md section 10).
"""

import re
from collections.abc import Sequence
from datetime import date

from rules.document import Line
from rules.labelled import clean, label_of, value_of
from rules.numbers import find_credit_codes, find_organisation_codes
from rules.page_lines import bare, height, middle
from rules.places import mend
from rules.reading import Paper

#: what Paper.title is → how the document's heading may read
TITLES: dict[str, tuple[str, ...]] = {
    "统一社会信用代码证书": ("统一社会信用代码证书", "特别法人统一社会信用代码证书",
                     "基层群众性自治组织特别法人统一社会信用代码证书", "统一社会信用代码登记证书", "统一社会信用代码证"),
    "组织机构代码证": ("组织机构代码证", "组织机构代码证书"),
    "营业执照": ("营业执照", "企业法人营业执照", "个体工商户营业执照", "个人独资企业营业执照", "合伙企业营业执照", "农民专业合作社法人营业执照"),
    "事业单位法人证书": ("事业单位法人证书",),
    "社会团体法人登记证书": ("社会团体法人登记证书", "社会团体登记证书", "社会团体分支机构登记证书"),
    "民办非企业单位登记证书": ("民办非企业单位登记证书", "民办非企业单位法人登记证书", "民办非企业单位(法人)登记证书",
                               "民办非企业单位(合伙)登记证书", "民办非企业单位(个体)登记证书", "民办非企业单位登记证书(法人)"),
    "社会服务机构登记证书": ("社会服务机构登记证书", "社会服务机构法人登记证书"),
    "基金会法人登记证书": ("基金会法人登记证书", "基金会登记证书"),
    "农村集体经济组织登记证": ("农村集体经济组织登记证", "农村集体经济组织登记证书"),
    "工会法人资格证书": ("工会法人资格证书", "基层工会组织法人资格证书", "工会法人资格证"),
    "机关法人证书": ("机关法人证书",),
    "宗教活动场所登记证": ("宗教活动场所登记证", "宗教活动场所法人登记证书"),
    "律师事务所执业许可证": ("律师事务所执业许可证", "律师事务所分所执业许可证"),
    "基层法律服务所执业证": ("基层法律服务所执业证", "基层法律服务所执业证书"),
}  # fmt: skip
#: first characters of the credit code → the certificate that such bodies hold (GB 32100 table 1)
_BY_CODE = {"9": "营业执照", "12": "事业单位法人证书", "51": "社会团体法人登记证书", "52": "民办非企业单位登记证书",
            "53": "基金会法人登记证书", "N": "农村集体经济组织登记证", "81": "工会法人资格证书", "1": "统一社会信用代码证书"}  # fmt: skip
#: certificates whose holders' codes begin with certain characters; any other code is a contradiction
_PREFIXES = {"营业执照": "9", "事业单位法人证书": "1", "社会团体法人登记证书": "5", "民办非企业单位登记证书": "5",
             "基金会法人登记证书": "5", "农村集体经济组织登记证": "N", "工会法人资格证书": "8"}  # fmt: skip
NAMES = ("名称", "机构名称", "单位名称", "法人名称", "企业名称", "组织名称", "字号名称", "工会名称", "场所名称", "学校名称", "执业机构",
         "律师事务所名称", "团体名称", "基金会名称", "社团名称", "企业(机构)名称", "机构(单位)名称")  # fmt: skip
PRINCIPALS = ("法定代表人", "法定代表人(负责人)", "法定代表人(单位负责人)", "法定代表人或负责人", "法定代表人/负责人", "法人代表", "负责人",
              "主要负责人", "单位负责人", "经营者", "经营者姓名", "投资人", "执行事务合伙人", "法人姓名", "法定代表人姓名",
              "负责人姓名", "工会主席", "投资人姓名")  # fmt: skip
#: further fixed words of certificates
OTHERS = ("类型", "类别", "主体类型", "住所", "地址", "场所", "注册资本", "注册资金", "成立日期", "营业期限", "经营范围", "登记机关",
          "发证机关", "颁发单位", "登记号", "有效期", "有效期限", "证书有效期", "有效期至", "机构类型", "机构性质", "机构地址", "赋码机关",
          "组成形式", "注册日期", "经营场所", "主要经营场所", "营业场所", "宗旨和", "宗旨和业务范围", "业务范围", "经费来源", "开办资金",
          "举办单位", "登记管理机关", "业务主管单位", "业务主管部门", "活动地域", "原始基金数额", "代码", "统一社会信用代码", "注册号",
          "组织机构代码", "组织形式", "主管机关", "发证日期", "颁发日期", "核准日期", "登记日期", "出资额", "成员出资总额", "资产总额",
          "上级主管单位", "机构类别", "经营期限", "证书编号", "单位性质", "赋码日期", "登记管理部门", "社会信用代码", "法人类型")  # fmt: skip
LABELS = (*NAMES, *PRINCIPALS, *OTHERS)
_LETTERS = "[0-9A-Z]"
_DECORATION = re.compile(r"中华人民共和国|[正副]本|\([正副\d/\s-]+\)|[()\[\]<>《》:,.\-—_*·]|No|NO|编号|\d+")
#: headings of papers that bear the same labels
_OTHER_HEADINGS = re.compile(
    "(登记表|申请表|申报表|信息表|备案表|审批表|情况表|一览表|合同|协议书?|委托书|承诺书|发票|证明|介绍信|通知书|公示|报告书?|申请书|名片"
    "|税务登记证|开户许可证|基本存款账户信息|信用信息公示系统|营业执照信息|企业信息|工商信息|企查查|天眼查|爱企查|启信宝|许可证|备案凭证|回执"
    "|收据|行程单|存款人|开票资料|开票信息)$"
)
#: names of places and nothing else
_PLACE = re.compile("(?:[^省]{2,3}省)?(?:[^市]{2,3}(?<!超)市)?(?:[^县]{2,3}[县区])?(?:[^镇乡]{2,3}[镇乡])?")
_SPECIMEN = re.compile("样本|样张|示例|示意图|范例|仅供参考|SPECIMEN|SAMPLE")
_DATE = r"((?:19|20)\d\d)(?:年(\d{1,2})月(\d{1,2})日|[.\-/](\d{1,2})[.\-/](\d{1,2})(?!\d))"
_FOREVER = "长期|永久|永续|无固定期限"
_PERIOD = re.compile(rf"自?{_DATE}起?(?:至|到|[-—–~一]{{1,2}})(?:{_DATE}|({_FOREVER}))")
_UNTIL = re.compile(rf"(?:至|到|^):?(?:{_DATE}|({_FOREVER}))")
VALIDITY = ("有效期", "有效期限", "证书有效期", "营业期限", "有效期至", "经营期限")


def read_certificate(lines: Sequence[Line], places: tuple[str, ...], more_titles: Sequence[str] = ()) -> Paper | None:
    """The certificate on one page, or None. `more_titles`: further headings that the survey accepts."""
    title, heading = _title(lines, more_titles, places)
    if _another(lines, heading):
        return None
    labels = _labels(lines)
    codes = _codes(lines, title)
    holder = value_of(NAMES, lines, LABELS)
    if heading is None:
        if len(labels) < 5 or not codes or not labels & set(NAMES) or len(codes) > 1:
            return None
        title = _by_code(codes[0][0])
    elif len(labels) < (2 if codes else 3):
        return None
    principal = value_of(PRINCIPALS, lines, LABELS)
    name = mend(clean(holder.text), places) if holder else None
    # a place alone is the beginning of a name whose rest is covered
    name = name if name and len(re.findall("[㐀-鿿]", name)) >= 2 and not _PLACE.fullmatch(name) else None
    number, sureness = codes[0] if codes else (None, 0.0)
    text = "\n".join(bare(line.text) for line in lines)
    return Paper(
        kind="org_certificate",
        side=None,
        title=title,
        holder=name,
        number=number,
        principal=_person(principal.text) if principal else None,
        valid_until=_valid_until(lines),
        confidence=round(min(sureness, holder.confidence if holder else 0.0), 4),
        evidence=_evidence(title, heading, number, labels),
        doubts=_doubts(title, heading, name, codes, text),
    )


# ── the heading ──────────────────────────────────────────────────────────────────────────────────────────────────


def _title(lines: Sequence[Line], more: Sequence[str], places: Sequence[str]) -> tuple[str, Line | None]:
    """The heading's canonical title and its line; ('', None) where there is none."""
    wanted = [(form, title) for title, forms in TITLES.items() for form in forms]
    wanted += [(form, form) for form in more if not any(form in known for known, _ in wanted)]
    wanted.sort(key=lambda pair: -len(pair[0]))
    best: tuple[float, str, Line] | None = None
    for line, text, whole in _headings(lines):
        for form, title in wanted:
            if _is_heading(text, form, places, forgiving=whole) and (best is None or height(line) > best[0]):
                best = (height(line), title, line)
                break
    if best is None:
        return "", None
    return best[1], best[2]


def _headings(lines: Sequence[Line]) -> list[tuple[Line, str, bool]]:
    """Every line, and every line with the one under it, when that one is about as tall; whether it is one line."""
    found = [(line, bare(line.text), True) for line in lines]
    for line in lines:
        for other in lines:
            gap = middle(other)[1] - middle(line)[1]
            alike = 0.6 < height(other) / max(height(line), 1) < 1.6
            if other is not line and alike and 0.6 * height(line) < gap < 2.5 * height(line) and _overlap(line, other):
                found.append((line, bare(line.text) + bare(other.text), False))
    return found


def _overlap(one: Line, other: Line) -> bool:
    return min(one.box[2], other.box[2]) > max(one.box[0], other.box[0])


def _is_heading(text: str, form: str, places: Sequence[str], forgiving: bool) -> bool:
    """Whether `text` is that title and next to nothing else; one wrong character may be forgiven."""
    if len(text) > len(form) + 20 or form[-1] not in text:
        return False
    for start in range(len(text) - len(form) + 1):
        window = text[start : start + len(form)]
        wrong = sum(a != b for a, b in zip(window, form, strict=True))
        if wrong <= (1 if forgiving and len(form) >= 7 and window[-1] == form[-1] else 0):
            before = text[:start]
            for place in places:
                before = before.removeprefix(place)
            return len(_DECORATION.sub("", before + "\n" + text[start + len(form) :]).replace("\n", "")) <= 2
    return False


def _another(lines: Sequence[Line], heading: Line | None) -> bool:
    """Whether the page is headed as something else: a form, a contract, a print-out of the companies' register."""
    for line in lines:
        text = bare(line.text).rstrip(":")
        if len(text) <= 24 and _OTHER_HEADINGS.search(text) and label_of(text, LABELS) is None:
            own = any(text.endswith(form) for forms in TITLES.values() for form in forms)
            if own:
                continue
            if heading is None or (height(line) > 0.9 * height(heading) and line.box[1] <= heading.box[1]):
                return True
    return False


# ── the code ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _labels(lines: Sequence[Line]) -> set[str]:
    return {label for line in lines if (label := label_of(bare(line.text), LABELS))}


def _codes(lines: Sequence[Line], title: str) -> list[tuple[str, float]]:
    """Valid codes with the confidence of their line; a credit code before an organisation code."""
    found: dict[str, float] = {}
    ordered = sorted(lines, key=lambda line: line.box[1])
    groups = [(line.text, line.confidence) for line in ordered]
    groups += [(f"{one.text} {two.text}", min(one.confidence, two.confidence)) for one, two in _neighbours(ordered)]
    for find in (find_credit_codes, find_organisation_codes):
        for text, confidence in groups:
            for code in find(text):
                found.setdefault(code, confidence)
        if find is find_credit_codes and found:
            break
    if title == "组织机构代码证" and not found:
        found = _unhyphened(groups)
    return list(found.items())


def _unhyphened(groups: list[tuple[str, float]]) -> dict[str, float]:
    """An organisation code alone on its line without its hyphen: enough on an organisation code certificate."""
    for text, confidence in groups:
        match = re.fullmatch(r"(?:代码:?)?([0-9A-Z]{8})[^0-9A-Z]{0,2}([0-9X])", bare(text).upper())
        if match and (codes := find_organisation_codes(f"{match[1]}-{match[2]}")):
            return {codes[0]: confidence}
    return {}


def _neighbours(lines: list[Line]) -> list[tuple[Line, Line]]:
    """Pieces of one row, and lines directly under each other: a long code is broken in either way."""
    pieces = [line for line in lines if re.search(_LETTERS + "{3}", line.text.upper())]
    return [
        (one, two)
        for one in pieces
        for two in pieces
        if one is not two
        and (
            (abs(middle(one)[1] - middle(two)[1]) < height(one) / 2 and 0 < two.box[0] - one.box[0])
            or (0 < middle(two)[1] - middle(one)[1] < 2 * height(one) and _overlap(one, two))
        )
    ]


def _by_code(code: str) -> str:
    return next((title for start, title in _BY_CODE.items() if code.startswith(start)), "统一社会信用代码证书")


# ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────


def _person(text: str) -> str | None:
    name = re.sub(r"[^㐀-鿿\U00020000-\U000323af·•A-Za-z]", "", text).replace("•", "·")
    return name if 2 <= len(name) <= 30 else None


def _valid_until(lines: Sequence[Line]) -> str | None:
    """Last day of validity: the end of the period after its label, else of the first period on the page."""
    value = value_of(VALIDITY, lines, LABELS)
    match = value and (_PERIOD.search(bare(value.text)) or _UNTIL.search(bare(value.text)))
    match = match or _PERIOD.search("\n".join(bare(line.text) for line in lines))
    if not match:
        return None
    *numbers, forever = match.groups()[-6:]
    if forever:
        return "长期"
    year, month, day = (int(number) for number in numbers if number)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _evidence(title: str, heading: Line | None, number: str | None, labels: set[str]) -> tuple[str, ...]:
    found = [f"有“{title}”标题"] if heading else []
    if number:
        found.append("有校验正确的" + ("组织机构代码" if "-" in number else "统一社会信用代码"))
    shown = [label for label in LABELS if label in labels][:4]
    return (*found, f"有{'、'.join(shown)}栏") if shown else tuple(found)


def _doubts(title: str, heading: Line | None, name: str | None, codes: list, text: str) -> tuple[str, ...]:
    doubts = []
    if heading is None:
        doubts.append("证书标题未能识别,请核对是何种证书")
    if not codes:
        doubts.append(_no_code(text))
    elif len({code for code, _ in codes}) > 1:
        doubts.append("图片中有多个不同的代码,请核对以哪一个为准")
    elif "-" not in codes[0][0] and not codes[0][0].startswith(_PREFIXES.get(title, "")):
        doubts.append(f"统一社会信用代码的类别与{title}不符")
    if name is None:
        doubts.append("证书上的单位名称未能识别")
    if _SPECIMEN.search(text.upper()):
        doubts.append("图片上有“样本”一类字样,请核对是否为本单位证书")
    return tuple(doubts)


def _no_code(text: str) -> str:
    if re.search(_LETTERS + r"{14,20}", text.upper()) or re.search(_LETTERS + r"{8}-?" + _LETTERS, text.upper()):
        return "证书上的代码识别不清或校验不符"
    return "证书上未能读出统一社会信用代码或组织机构代码"
