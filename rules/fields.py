"""What a person wrote in one field → a FieldValue: normalised where possible, else as written with a complaint."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from rules.document import EMPTY, TICKED, UNSURE
from rules.numbers import id_number
from rules.pixel_doubts import mended, recognised_confidence
from rules.reading import FieldValue
from rules.remnants import is_remnant
from rules.survey import FieldRule, Survey, bare
from rules.ticks import has_boxes, normalise, options_left
from rules.values import (
    is_surname,
    parse_count,
    parse_date,
    parse_email,
    parse_handle,
    parse_options,
    parse_phone,
    parse_platform,
    parse_yes_no,
    plain,
    platforms_named,
    without_post,
)

_NOTHING = re.compile(
    r"^(?:无|没有|暂无|尚无|暂时没有|不详|未知|未填|空|空白|略|待定|待补|待补充|待填|暂缺|暂未开通|没|否|none|null|nil|n/?a|tbd|"
    r"不(?:清楚|知道|记得|明)|(?:见|详见|附)(?:附件|附图|二维码|下图|图片?|截图|附表|下表|后页?)|(?:没有?|未|尚未|暂未)(?:设置|设定|开通|注册|申请|填写)|忘记?了?|保密|待(?:核实|确认|查)|(?:同|见|如)(?:上|前|左)|〃|[(\[【]\s*(?:无|空|略)?\s*[)\]】]|[?？]+|"
    r"[x×*某?？]{2,}|[/\\|_\-—–―－、。.…~～\s]+)$",
    re.IGNORECASE,
)


#: 衡东县××中学: an example
_CROSSED = re.compile(r"[×*]{2,}|(?<![A-Za-z])[Xx]{2,}(?![A-Za-z])|某某")
#: a name that was copied from an example, or made unreadable
_MASKED = re.compile(r"[x×*]{2,}|某某|[*×]", re.IGNORECASE)
_HAN = re.compile("[\u3400-\u9fff]")
#: no forms of address alone, nor what the form prints
_NO_NAME = re.compile(r"(?:先生|女士|小姐|同志|老师|主任|局长|镇长|校长|院长|本人|签名|签字|盖章|姓名)+")
_STAMPED = re.compile(r"(?:\s*[(\[【]?(?:单位)?(?:加?盖)?[公印签]?章[)\]】:]*)?(?:[\s\d_]*年[\s\d_]*月[\s\d_]*日|\s+(?:19|20)\d\d([./-])\d{1,2}\1\d{1,2})$"
                      r"|\s*[(\[【](?:单位)?(?:加?盖)?[公印签]章[)\]】]:?$|\s*(?:加?盖公?|[印签])章\s*:?$|\s+公?章$")  # fmt: skip
#: a department, or a word for somebody who is named elsewhere
_NO_PERSON = re.compile(r"[\u4e00-\u9fff]{0,12}(?:办公室|委员会|学校|中学|小学|公司|政府|[党校院政信委]办)|同[法管负上下左右前一][\u4e00-\u9fff]{0,6}|"
                        r"(?:宣传|组织|统战|综合|信息|新闻|教务|政教|人事|技术|编辑|运营|后勤|保卫|政工|外宣)[部科股处室组]|信息中心|管理员|负责人|联系人|法人(?:代表)?")  # fmt: skip
#: longer than Chinese names are, or an address for a colleague (小张)
_HARDLY_NAME = re.compile("[\u4e00-\u9fff]{5,6}|[小老][\u4e00-\u9fff]")
#: a unit that is not named
_NO_UNIT = re.compile(r"(?:本|我|该)(?:单位|校|局|院|镇|乡|公司|部门|村|社区|中心|所|站|办|委)|同[\u4e00-\u9fff]{1,6}|机关|企业|事业单位|群众团体|社会团体|媒体|其他组织|个人")
#: who has left and who came
_SUCCEEDED = re.compile(r"调离|调走|离职|离任|退休|变更|更换|现(?:为|任|由|改)")
_DUTY = re.compile(r"(?:办公室|部|科|股|处|室|站|所|中心|主任|书记|局长|校长|院长|镇长|乡长|所长|站长|科长|股长|部长|队长|组长|园长|经理|主席|主编|编辑|干事|秘书|委员|专干|老师|教师)$")
_DUTY_BEFORE = re.compile(r"[\u4e00-\u9fff]{2,8}(?:主任|书记|局长|校长|院长|镇长|乡长|所长|站长|科长|股长|部长|队长|园长|干事|专干)([\u4e00-\u9fff]{2,3})$")
#: what some forms print into the empty field
_PRINTED = {
    "date": re.compile(r"[\s_年月日号./:-]*"),
    "count": re.compile(r"[\s_人个名位万约]*"),
    "email": re.compile(r"[\s_@.]*"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a field and where: hint texts are already gone."""

    raw: str
    location: str
    method: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class _Read:
    value: object
    complaint: str | None = None
    confidence: float = 1.0


def is_placeholder(raw: str) -> bool:
    """Whether the text only says that there is nothing: 无, /, ——, XXX, 待定."""
    return bool(_NOTHING.match(plain(raw)))


def read_field(rule: FieldRule, written: Written, survey: Survey) -> list[FieldValue]:
    """The field's value; for a field of kind `platform` the derived `platform` stands beside it.

    An empty field has raw '' and value None and is valid (completeness is judged elsewhere). 「无」 and its like count as
    empty where the form does not demand the field, and as invalid where it does.
    """
    raw = written.raw.strip() if written.method != "ocr" else mended(rule, written.raw.strip())
    if raw and (printed := _PRINTED.get(rule.kind)) and printed.fullmatch(raw):
        raw = ""
    if not raw:
        found = _Read(None)
    elif is_placeholder(raw) and rule.kind not in ("count", "yes_no", "options"):
        found = _Read(raw, f"填的是「{plain(raw)[:10]}」,没有实际内容") if rule.mandatory else _Read(None)
    elif is_remnant(raw, rule):
        found = _Read(raw, "是表上印的填写说明,没有实际内容") if rule.mandatory else _Read(None)
    else:
        found = _READERS[rule.kind](raw, rule, survey)
    if found.value is None and found.complaint is None and (not raw or has_boxes(raw)):
        raw = ""
    value = raw if found.value is None and found.complaint and raw else found.value
    sure = round(written.confidence * found.confidence, 3)
    if written.method == "ocr":
        sure = recognised_confidence(rule, raw or written.raw, None if found.complaint else value, sure)
        if found.complaint and rule.kind in ("text", "person"):
            sure = min(sure, 0.6)  # a name that is none was taken from the cell beside
    field = FieldValue(rule.name, value, raw, found.complaint is None, found.complaint, written.location,
                       written.method, sure)  # fmt: skip
    return [field, *_platform(field, survey)] if rule.kind == "platform" else [field]


def _platform(service: FieldValue, survey: Survey) -> list[FieldValue]:
    if service.value is None or not service.valid:
        return []
    named = platforms_named(service.raw, survey)
    sure = 1.0 if len(named) == 1 else 0.5
    return [FieldValue("platform", parse_platform(service.raw, survey), service.raw, True, None, service.location,
                       service.method, round(service.confidence * sure, 3))]  # fmt: skip


def joined(text: str) -> str:
    """Lines of one value as one line: without a space between Chinese characters, with one between Latin words."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(?<=[^\x00-\x7f])\s*\n\s*|\s*\n\s*(?=[^\x00-\x7f])", "", text)
    return plain(text)


def _text(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if rule.name == "introduction":
        return _Read("\n".join(line.strip() for line in raw.split("\n") if line.strip()).rstrip(",;、\uff0c\uff1b "))
    value = _without_label(joined(raw), rule).strip("“”\"「」『』'").rstrip("。;,、 ")
    if rule.name in survey.unit_fields:
        value = _STAMPED.sub("", value)  # where the stamp goes, and its day
    if rule.name in survey.unit_fields and _MASKED.search(value):
        return _Read(raw, "不是完整的名称")
    if rule.name == "name" and _CROSSED.search(value):
        return _Read(raw, "不是完整的名称")
    if rule.name in survey.unit_fields and _NO_UNIT.fullmatch(value):
        return _Read(raw, "没有写明单位的全称")
    if rule.name in survey.unit_fields and (parse_email(value) or parse_phone(value) or not _HAN.search(value)):
        return _Read(raw, "不是单位名称")
    return _Read(value) if any(char.isalnum() for char in value) else _Read(raw, "没有可用的文字")


def _without_label(text: str, rule: FieldRule) -> str:
    """The value without its own label before it, as people write again what stands to the left: 「地址:衡东县…」."""
    head, colon, rest = text.partition(":")
    return rest.strip() if colon and bare(head) in map(bare, (rule.label, *rule.variants)) and rest.strip() else text


def _person(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    remark = _SUCCEEDED.search(raw)
    text = re.sub(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]", " ", plain(raw))
    text = re.split(r"(?:联系|手机|电话|微信|身份证|[Ee]-?mail|邮箱)[^,;]*?[:号]|\d", text, maxsplit=1)[0]
    text = _without_duties(re.sub(r"\s[男女]$", "", text.strip(" ,;、。:/-")))
    two = _two_names(text)
    text = re.sub(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])", "", text).strip(" ,;、。:/-")
    text = re.sub("(?:签名|签字|盖章)$", "", text)
    if text and not _NO_NAME.fullmatch(text) and not (text := without_post(text)):
        return _Read(raw, "只写了姓和称呼,不是完整的姓名")
    text, several = re.subn(r"等$", "", text)
    if is_placeholder(text) or _NO_PERSON.fullmatch(text) or not re.search(r"[^\W\d_]", text) or _NO_NAME.fullmatch(text):
        return _Read(raw, "不是姓名")
    if _MASKED.search(text) or "某" in text:
        return _Read(raw, "不是完整的姓名")
    if len(text) > 40:
        return _Read(raw, "不像姓名", 0.6)
    return _Read(text, None, 0.6 if two or several or remark or _HARDLY_NAME.fullmatch(text) else 1.0)


def _without_duties(text: str) -> str:
    """The name without the department and post beside it: 张三,办公室主任; 党办主任张三."""
    first, *others = re.split(r"[\s,、/:-]+", text)
    if len(first) > 1 and others and all(len(other) > 1 and _DUTY.search(other) for other in others):
        return first
    if len(others) == 1 and len(first) > 2 and _DUTY.search(first):
        return others[0]
    found = _DUTY_BEFORE.match(text)
    return found[1] if found else text


def _two_names(text: str) -> bool:
    """Whether two names stand side by side: 张三 李四; a name written with gaps (欧阳 明华, 王 小 明) is one."""
    parts = text.split(" ")
    return len(parts) > 1 and all(re.fullmatch("[\u4e00-\u9fff]{2,4}", part) for part in parts) and not is_surname(parts[0])


def _phone(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if number := parse_phone(raw):
        return _Read(number)
    digits = sum(char.isdigit() for char in raw)
    return _Read(raw, f"号码有{digits}位数字,不是完整的手机号码或带区号的电话号码" if digits else "不是电话号码")


def _email(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    address = parse_email(raw.replace("\n", ""))
    return _Read(address) if address else _Read(raw, "不是有效的邮箱地址")


def _id_number(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if number := id_number(raw):
        return _Read(number)
    text = re.sub(r"[^0-9A-Z]", "", plain(raw).upper())
    if found := re.search(r"(?<!\d)\d(?:\s?\d){16}\s?[\dXx](?!\d)", plain(raw)):
        if number := id_number(found[0]):
            return _Read(number)
        text = re.sub(r"\s", "", found[0]).upper()
    if len(text) != 18:
        return _Read(text or raw, f"身份证号应为18位,现为{len(text)}位")
    return _Read(text, "身份证号校验不符,请核对是否有误")


def _date(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if day := parse_date(raw):
        return _Read(day) if rule.name != "registered_on" or day >= str(survey.item.earliest) else _Read(raw, "年份过早,请核对")
    if re.fullmatch(r"(?:19|20)\d\d\s*年?", plain(raw)):
        return _Read(raw, "只写了年份,请写明年、月、日")
    return _Read(raw, "不是可以辨认的日期,请写明年、月、日")


def _count(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if not re.sub(r"[/\\_\-—–\s、。.]", "", raw):
        return _Read(None)
    amount = parse_count(raw)
    return _Read(amount) if amount is not None else _Read(raw, "不是可以辨认的数量")


def _handle(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    handle = parse_handle(raw if has_boxes(raw) else joined_handle(raw), survey.item.number_labels)
    return _Read(handle) if handle and not is_placeholder(handle) and "扫码" not in handle else _Read(raw, f"没有写明{rule.label}")


def joined_handle(raw: str) -> str:
    """A handle on several lines: a long web address is wrapped, anything else stands on lines of its own."""
    return re.sub(r"\s*\n\s*", "" if re.match(r"\s*(?:\S+[:：])?\s*(?:https?|www)", raw) else " ", raw)


def _options(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if is_placeholder(raw):
        return _Read(None)
    chosen = parse_options(raw, rule.choices)
    if chosen.value is None and chosen.valid and has_boxes(raw) and (left := options_left(raw, rule.choices)):
        return _Read(left, None, 0.5)  # a person looks whether these were meant
    return _Read(chosen.value, chosen.complaint, chosen.confidence)


def _choice(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if has_boxes(raw):
        chosen = parse_options(raw, rule.choices)
        if isinstance(chosen.value, tuple) and len(chosen.value) > 1:
            return _Read(raw, "只能选一项", chosen.confidence)
        return _Read(chosen.value[0] if chosen.value else None, chosen.complaint, chosen.confidence)
    text = bare(raw)
    for fits in (text.__eq__, text.__contains__):
        names = [(choice.name, word) for choice in rule.choices for word in map(bare, (choice.name, *choice.aliases))]
        found = [(name, word) for name, word in names if fits(word)]
        if found:
            return _Read(max(found, key=lambda item: len(item[1]))[0])
    return _Read(joined(raw), None, 0.8)


def _yes_no(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    chosen = parse_yes_no(raw)
    return _Read(chosen.value, chosen.complaint, chosen.confidence)


def _service(raw: str, rule: FieldRule, survey: Survey) -> _Read:
    if not has_boxes(raw):
        return _Read(joined(raw).rstrip(",;、。 ") or None)
    chosen = platforms_named(raw, survey)
    others = re.findall(rf"{TICKED}\s*([^{TICKED}{EMPTY}\s]+)", normalise(raw))
    # a box that cannot be told beside a lone word may be no box at all
    return _Read("、".join(chosen or others) or None, None, 0.4 if UNSURE in normalise(raw) else 1.0)


_READERS: dict[str, Callable[[str, FieldRule, Survey], _Read]] = {
    "text": _text, "handle": _handle, "platform": _service, "options": _options, "choice": _choice, "yes_no": _yes_no,
    "date": _date, "count": _count, "person": _person, "phone": _phone, "email": _email, "id_number": _id_number,
}  # fmt: skip
