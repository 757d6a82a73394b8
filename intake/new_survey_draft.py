"""Blank forms → the text of a survey.yaml in which 待核对 marks everything that a person must decide."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from intake.new_survey_blank import Blank, tidy
from intake.new_survey_fields import Drafted, draft_fields, is_column, registrant_of
from rules.survey import Survey, bare

MARK = "待核对"
_PLACE = re.compile(r"^(?:[一-鿿]{2,8}?(?:省|自治区))?(?:[一-鿿]{2,6}?(?:市|州|盟))?(?:[一-鿿]{2,6}?(?:县|区|旗|镇|乡))")
_DUTIES = re.compile(r"(?:调查|摸底|实名|信息|基本|情况|登记|申报|备案|申请|统计|报送|普查|核查|汇总)|(?:表|书|单)$")
_BRACKETS = re.compile(r"[(\uff08]([^()\uff08\uff09]{1,16})[)\uff09]\s*$")
_PERSONS = re.compile(r"个人|本人|居民|村民|自然人|家庭")
#: words that YAML would take for something else, or that need quotes for their signs
_PLAIN = re.compile(r"[^\W\d_][\w\uff08\uff09《》·、-]*")
_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")


@dataclass(frozen=True, slots=True)
class Source:
    """A blank form with the path under which the survey names it."""

    blank: Blank
    path: str


def draft(sources: Sequence[Source], known: Survey, today: date) -> str:
    """The whole file; it loads as it is."""
    blanks = [source.blank for source in sources]
    fields = draft_fields(blanks, known)
    titles = [source.blank.title or f"登记表{number}" for number, source in enumerate(sources, 1)]
    categories = _categories(titles, fields)
    for category in categories:
        holder = category.registrant
        holder.mandatory = sorted({*holder.mandatory, category.number})
    title = tidy(_BRACKETS.sub("", titles[0]))
    collection = re.sub("(?:申报|登记|申请|备案)?[表书单]$", lambda m: m[0][:-1], title) or title
    parts = [_HEAD.format(mark=MARK), _collection(collection, today), _item(collection, fields),
             "replies: replies   # 只放要改写的回信文字;没有的用程序自带的\n", _category_section(categories, sources, titles, fields),
             _field_section(fields, categories), _words(collection, title)]
    return "\n".join(parts)


_HEAD = """\
# 由 intake new-survey 从空白表格起草。凡注明“{mark}”的地方,请逐一核对、改好,再把注释删去;
# 各项怎样写,可对照随程序附带的 rules/survey.yaml。改完运行 intake -c 配置文件 doctor 检查。
"""


def _collection(collection: str, today: date) -> str:
    return f"""\
title: {_q(collection)}   # {MARK}:这次登记叫什么,写进每封回信
notice: {_q(f"关于开展{collection}工作的通知")}   # {MARK}:通知的全称

window:   # {MARK}:受理期,首日与末日都算在内
  opens: {today.isoformat()}
  closes: {(today + timedelta(days=30)).isoformat()}
  time_zone: Asia/Shanghai
  clause: 《通知》   # {MARK}:依据通知哪一条

# {MARK}:受理期结束后新增的,多少天内申报仍算按时;没有这条规定的,把下面三行删去
grace:
  days: 30
  clause: 《通知》

numbering: DJ{today.year}-{{:04d}}   # {MARK}:登记编号的样子

office:   # {MARK}:收件单位,写进每封回信
  name: 收件单位
  address: 办公地址
  telephone: "0000-0000000"
  contact: 联系人
  email: office@example.cn
"""


def _item(collection: str, fields: Sequence[Drafted]) -> str:
    noun = _noun(collection)
    identity = [code for code in ("handle", "name") if any(one.code == code for one in fields)]
    words = [one.label for one in fields if not one.of_registrant and len(bare(one.label)) >= 3]
    return f"""\
# {MARK}:登记的是什么:noun 叫什么,measure 量词,begins 得到它叫做什么(「开通30天内」);
# identity 哪一栏相同就是同一个(handle 号码、name 名称);words 登记表上说到它的栏目
item:
  noun: {_q(noun)}
  measure: 个
  begins: 开通
  identity: [{", ".join(identity)}]
  words: {_list([noun, *words])}
  called: [{_q(noun)}]
"""


def _noun(collection: str) -> str:
    return _DUTIES.sub("", _DUTIES.sub("", _PLACE.sub("", collection))) or "对象"


@dataclass(frozen=True, slots=True)
class _Category:
    number: int
    name: str
    label: str
    form: str
    registrant: Drafted

    @property
    def is_person(self) -> bool:
        return self.registrant.kind == "person"


def _categories(titles: Sequence[str], fields: Sequence[Drafted]) -> list[_Category]:
    found: list[_Category] = []
    for number, title in enumerate(titles):
        bracket = _BRACKETS.search(title)
        registrant = registrant_of(number, fields, bool(_PERSONS.search(title)))
        label = tidy(bracket[1]) if bracket else "申报人" if len(titles) == 1 else f"第{number + 1}类"
        label = re.sub(r"(?:填写|用表?|版|类)$", "", label) or label
        name = "individual" if _PERSONS.search(label) or registrant.kind == "person" else "unit"
        if any(one.name == name for one in found):
            name = f"{name}_{number + 1}"
        if any(one.label == label for one in found):
            label = f"{label}{number + 1}"
        found.append(_Category(number, name, label, f"{name}_form", registrant))
    return found


def _category_section(categories: Sequence[_Category], sources: Sequence[Source], titles: Sequence[str],
                      fields: Sequence[Drafted]) -> str:
    lines = [f"# {MARK}:每张表一类申报人。name、form 是代码;registrant 是登记表上写明申报人的一栏",
             "categories:"]
    used: set[str] = set()
    for category, source, title in zip(categories, sources, titles, strict=True):
        shorter = tidy(_PLACE.sub("", title))
        forms = [one for one in dict.fromkeys((title, shorter)) if len(bare(one)) >= 4 and bare(one) not in used]
        if not forms:
            forms = [f"{title}{category.label}"]
        used |= {bare(one) for one in forms}
        lines += [
            f"  - name: {category.name}   # {MARK}", f"    label: {_q(category.label)}   # {MARK}",
            f"    form: {category.form}", f"    form_label: {_q(f'《{title}》')}", f"    clause: 《通知》   # {MARK}",
            "    titles:", *(f"      - {_q(one)}" for one in forms), f"    blank: {_q(source.path)}",
            f"    registrant: {category.registrant.code}   # {MARK}:{category.registrant.label}",
            f"    paper_rule: {'由本人签名' if category.is_person else '加盖公章'}   # {MARK}:纸质表格怎样签章",
            *_demands(category, fields)]
    return "\n".join(lines) + "\n"


def _demands(category: _Category, fields: Sequence[Drafted]) -> list[str]:
    """A guess: a person's ID card, an organisation's certificate."""
    lines = [f"    demands:   # {MARK}:除登记表外还要交什么;别的证件先在 papers 里写明怎样认(见 examples/drones/survey.yaml)"]
    on_form = [one for one in fields if category.number in one.forms]
    if category.is_person:
        number = next((one for one in on_form if one.kind == "id_number"), None)
        lines += ["      - code: id_card", "        paper: id_card", "        label: 身份证复印件或扫描件",
                  "        short: 居民身份证", f"        clause: 《通知》   # {MARK}", f"        holder: {category.registrant.code}"]
        return lines + ([f"        number: {number.code}"] if number else [])
    head = next((one for one in on_form if one.kind == "person" and re.search("法人|法定代表|负责人|校长|会长", one.label)), None)
    lines += ["      - code: org_certificate", "        paper: org_certificate",
              "        label: 营业执照、法人证书或组织机构代码证复印件或扫描件", "        short: 单位证书",
              f"        clause: 《通知》   # {MARK}", f"        holder: {category.registrant.code}"]
    return lines + ([f"        principal: {head.code}"] if head else [])


def _field_section(fields: Sequence[Drafted], categories: Sequence[_Category]) -> str:
    forms = {category.number: category.form for category in categories}
    lines = [f"# {MARK}:登记表各栏。kind 怎样读:text 文字、handle 号码、options 多选、choice 单选、yes_no 是否、date 日期、count 数量、",
             "# person 姓名、phone 电话、email 邮箱、id_number 身份证号;mandatory 哪些表上必填;variants 别的写法,请多写几种;",
             "# hints 空白表格印在格子里的说明。name 为 column_N 的,请换成有意义的英文代码(phone、id_number 的结尾保留)。", "fields:"]
    for one in fields:
        lines += [f"  - name: {one.code}" + ("" if is_column(one.code) else f"   # {MARK}:代码可改"),
                  f"    label: {_q(one.label)}", f"    kind: {one.kind}   # {MARK}",
                  f"    forms: [{', '.join(forms[number] for number in one.forms)}]"]
        if one.mandatory:
            lines.append(f"    mandatory: [{', '.join(forms[number] for number in one.mandatory)}]   # {MARK}")
        if one.after:
            lines.append(f"    after: {one.after}")
        if one.of_registrant and not is_column(one.code):
            lines.append(f"    about: registrant   # {MARK}:说的是申报人,不是所登记的对象")
        lines += [f"    variants: {_list(one.variants)}"] if one.variants else []
        lines += [f"    hints: {_list(one.hints)}"] if one.hints else []
        if one.options:
            lines += ["    choices:", *(f"      {_q(option)}: []" for option in one.options)]
    return "\n".join(lines) + "\n"


def _words(collection: str, title: str) -> str:
    short, noun = tidy(_PLACE.sub("", collection)), _noun(collection)
    words = dict.fromkeys(word for word in (collection, short, tidy(_PLACE.sub("", title)), f"{noun}登记", "登记表", "登记编号",
                                            "怎么登记", "如何登记", "需要登记吗", "要不要登记") if len(word) >= 2)
    return "\n".join([f"# {MARK}:来信中至少出现其中一词,才算与本次登记有关;宁可写得具体些", "topic_words:",
                      *(f"  - {_q(word)}" for word in words),
                      "", f"# {MARK}:本地区各级名称,由大到小,例如 region: [某省, 某市, 某县];单位名称省写这些地名的视为同一单位",
                      "region: []", ""])


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(_q(text) for text in dict.fromkeys(texts))}]"


def _q(text: str) -> str:
    """A YAML scalar: bare where nothing in it has a meaning."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
