"""Whether words speak of this collection, of an advertisement, or only say thanks.

The survey's own words (its title, forms, office, `topic_words`, platforms) carry the subject. The words in this module
are ordinary Chinese of offices and of advertisements, the same for any collection. An advertisement for running
accounts, say, also says 公众号: only a word of duty beside it (登记, 填报, 怎么填 …) makes it a question about the collection.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rules.survey import Survey

#: what people say who must hand something in
_DUTY = re.compile(r"登记|摸底|报送|填报|填表|申报|上报|备案|补报|补交|漏报|重报|要报|报不报|该报|还报|报吗|统计表|报表|表格")
#: what people say who ask or who send
_ASKING = re.compile(r"\?|请问|咨询|请教|想问|怎么|怎样|如何|哪里|哪儿|哪些|什么|是否|要不要|需不需要|能不能|可否|行吗|行不行|吗|么|"
                     r"可以不|对不对|要紧|麻烦|"
                     r"填写|填好|填完|下载|提交|递交|查收|发给|报来|附件|截止|期限|联系人")
#: a question or a request about handing in itself
_ASKING_DUTY = re.compile(
    r"(?:还用|还要|还能|还得|要不要|用不用|需不需要|是否|可以|能不能|能否|怎么|怎样|如何|哪里|是不是|重新).{0,10}"
    r"(?:交|报|填|登记|寄|盖|勾|重发|发一|发我|办理)|(?:填|写).{0,12}(?:栏|表|项|格)|(?:栏|表|项|格).{0,12}(?:怎么|怎样|如何|填|写)"
    r"|(?:要|得|还).{0,6}(?:交|报|填|登记|盖).{0,6}(?:吗|么|\?|不$)|发我一份|发一份|(?:重新|再)发一?下"
    r"|(?:撤销|取消|注销|更正|修改|变更).{0,6}登记|登记.{0,8}(?:撤销|取消|注销|更正|修改|变更)")
#: the things that are handed in
_THINGS = re.compile(r"纸质|公章|盖章|签名|扫描件|复印件|身份证|营业执照|代码证|法人证书|电子版|[这那哪]一?栏|报送材料|"
                     r"登记材料|通知.{0,10}附件|附件.{0,6}(?:表|打不开)")
#: a short mail with one of these was written by somebody who wants to know or to have something
_QUESTION = re.compile(r"\?|请问|咨询|请教|想问|问一下|怎么|怎样|如何|哪|什么|是否|要不要|需不需要|能不能|可否|吗|么|"
                       r"求|索取|(?:请|麻烦|能|把).{0,14}发(?:给?我|一份|过来)|没有?收到|收到没")
#: what handing in is spoken of by people who know what they mean
_HANDING = re.compile(r"材料|登记|报送|补报|补交|填[了的写报好完哪什在]|怎么填|[个的位人张份把哪什么]表|表格|"
                      r"[的新]号[怎要还算能也是]|附件.{0,4}上传|上传|身份证|复印件|扫描件|代码证")
#: material of something else
_OTHER_MATTER = re.compile(r"(?:党建|会议|体检|整治|扶贫|总结|考核|宣传|迎检|招标|资格|职称|培训|学习|综治|财务|报销|工作|社保|医保)(?:的)?材料")
#: beside a platform's name: whether one has to do something about it
_CONCERNED = re.compile(r"(?:要|用|得|还|该).{0,6}(?:弄|搞|报|登|填|交|备案)|算不算|属不属于|归.{0,8}管")
#: a notice to many is no question, whatever words it has
_NOTICE = re.compile(r"各(?:单位|乡镇|支部|部门|股室|科室|村|社区|学校|企业|位)[^。|]{0,12}:|的通知(?:\||$)|特此通知")
#: the same in English, each of another sort
_ENGLISH = (re.compile(r"regist(?:er|ration)|submit", re.IGNORECASE),
            re.compile(r"\bforms?\b|deadline|\bid card|do (?:i|we) (?:need|have)|how (?:do|can|to)|where (?:do|can|is)",
                       re.IGNORECASE))
#: a few words with which somebody hands over what he believes to be attached
_HANDED = re.compile(r"附件|查收|已发|发给您|发到|转发|交了|已交|请审|填[好完]|已填|填写(?:好|完)|报上|呈报|发送|传给|发来")
#: what is handed over there: not somebody's 不动产登记, 婚姻登记, 报名登记
_HANDED_OVER = re.compile(r"(?<![产婚权车辆员口名访约商税])登记|身份证|代码证|填(?:好|完|写)|交表|表(?:交|填|报)[了好完]")
#: longer than this, a mail says itself what it is about
_SHORT = 120
_SELLING = re.compile(
    r"代运营|代运维|代办|代开|代写|代理商|涨粉|增粉|加粉|买粉|吸粉|引流|推广|营销|群发|优惠|折扣|特价|促销|套餐|报价|价格|"
    r"低至|仅需|只需\d+元|免费(?:试用|领取|咨询|体验|赠送)|限时|名额|抢购|秒杀|立减|返现|发票|开票|税点|贷款|信用卡|理财|"
    r"招商|加盟|代理|诚聘|招聘|求职|简历|应聘|培训班|培训费|讲师|报名|会务费|收费标准|元/[人年月次条]|"
    r"网站建设|建站|小程序开发|软件开发|定制开发|SEO|百度排名|关键词排名|域名|服务器|云主机|短信平台|"
    r"专业团队|一站式|全方位|我们(?:公司)?(?:是|专业|专注|提供)|我司|本公司(?:专业|长期|提供)|合作共赢|洽谈|"
    r"加(?:微信(?!.{0,3}群)|QQ(?!.{0,3}群)|V信|薇信)|"
    r"(?:客服|咨询|服务|免费)热线|400[-\d]{7,}|退订|unsubscribe|点击(?:这里|链接|领取|查看详情)|"
    r"澳门|博彩|彩票|中奖|六合|参会|诚挚|诚邀|大会|峰会|回传|品鉴|问卷|研究生|论文|密码|升级|异常|承接|单价|服务商|"
    r"解决方案|(?:认证|年审|安全|续费)提醒|逾期.{0,6}(?:限制|停止|关闭|冻结|封停)|(?:限制|停止|暂停)(?:发文|结算|提现)|"
    r"测评|征订|汇款|认证到期|商标|代为办理|我公司具备|拍摄制作", re.IGNORECASE)
#: what may stand in a mail of thanks; nothing else may
_COURTESY = re.compile(
    r"(?>(?:好的?|嗯+|哦|噢|行|可以|明白了?|知道了|了解了?|清楚了|没问题|OK|okay|收到(?:了|啦)?|已收到|已收悉|收悉|已阅|已知悉|知悉|"
    r"谢谢(?:您|你|你们|大家|老师|领导|回复|告知|提醒|支持)*(?:了|啦)?|多谢|"
    r"感谢(?:您|你|贵办|你们|领导|老师|回复|告知|提醒|支持|的)*|非常感谢|"
    r"辛苦(?:了|您|你|你们|啦)*|麻烦(?:了|您|你|你们|啦)*|不客气|邮件|来信|回复|您的|你的|贵办的?|"
    r"thanks|thankyou|thx|您好|你好|领导|老师|同志|"
    r"祝(?:您|你)?(?:工作|生活|身体|一切)?(?:顺利|愉快|健康|好)|祝好|此致|敬礼|此复|特此回复|非常|了|啊|哈|哦|呀|的|!|。|,|、|\.|~|;|:)*)",
    re.IGNORECASE)
#: 登记表 of something else: 党员登记表, 车辆登记表
_OTHER_FORM = re.compile(r"[\u4e00-\u9fff](?<![的填写载张份个这该把交报发件白质子位人号体表看问办着到过好了求要找缺无没有镇乡村局校院办委站所队室科部厂店馆府司团])(?<![小中大]学)登记表")
_OUR_NAMES = ("其他", "其它")
#: a topic word made of these alone says nothing of this collection in particular
_GENERAL = re.compile(r"登记|材料|表格?|编号|补[交正报]|要不要|需要|是否|怎么|怎样|如何|吗|填报?|申报|报送|备案")


def plain(*texts: str | None) -> str:
    """Texts as they are compared: NFKC, no white space."""
    return "|".join(re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)) for text in texts if text)


def speaks_of(survey: Survey, subject: str | None, body: str, filenames: tuple[str, ...], personal: bool = True,
              ) -> str | None:
    """What in these words speaks of the collection (a short quotation), or None.

    One certain word (title, notice, form, a submission's number) is enough unless the text sells something. Else three
    signs of different sorts must meet, and every sort of selling takes two away. A short question of a person
    (`personal`: nothing says that a machine wrote it) needs to name what is handed in only: people ask 「那个表发我」.
    """
    words = plain(subject, body[:4000], *filenames)
    vocabulary = _vocabulary(survey)
    selling = len(set(_SELLING.findall(words)))
    number = number_pattern(survey).search(words)
    certain = number.group() if number else _first(vocabulary.certain, words)
    if certain:
        return certain if selling < 3 else None
    named = _OTHER_FORM.sub("", words)
    special, general = _first(vocabulary.special, words), _first(vocabulary.general, named)
    rest = named.replace(general, "") if general else named
    signs = [special, general, _first(vocabulary.media, words), _first(vocabulary.labels, words),
             _first(vocabulary.general + vocabulary.special, _OTHER_FORM.sub("", plain(*filenames))),
             *(found.group() for pattern in (_ASKING, _ASKING_DUTY, _THINGS) if (found := pattern.search(named))),
             *(found.group() for found in [_DUTY.search(rest) or vocabulary.office.search(rest)] if found)]
    score = bool(special) + sum(bool(sign) for sign in signs) - 2 * selling
    if score >= 3 and (any(signs[:5]) or not _NOTICE.search(words)):
        return next(sign for sign in signs if sign)
    if not personal or selling:
        return None
    return _short_question(named, signs[2], subject, body, vocabulary) or (
        _handed_over(named, special or general) if named == words else None)


def _short_question(words: str, media: str | None, subject: str | None, body: str, vocabulary: "_Vocabulary",
                    ) -> str | None:
    if len(words) <= _SHORT and _QUESTION.search(words) and not ("://" in words or _NOTICE.search(words)):
        said = _OTHER_MATTER.sub("", words)
        found = _HANDING.search(said) or vocabulary.asked.search(said) or media and _CONCERNED.search(words)
        if found:
            return media or found.group()
    english = [pattern.search(f"{subject or ''} {body[:4000]}") for pattern in (vocabulary.english, *_ENGLISH)]
    return english[0].group() if all(english) and len(words) <= 4 * _SHORT else None


def _handed_over(words: str, topic: str | None) -> str | None:
    """Few words that hand something over (附件为我镇登记表), or hardly more than the collection's name: people forget the
    attachment, and want to be told."""
    if len(words) > _SHORT // 2 or "://" in words or _NOTICE.search(words):
        return None
    found = _HANDED_OVER.search(_OTHER_MATTER.sub("", words))
    return found.group() if found and _HANDED.search(words) else topic if len(words) <= _SHORT // 5 else None


def _first(wanted: tuple[str, ...], words: str) -> str | None:
    return next((word for word in wanted if word in words), None)


def sells(subject: str | None, body: str) -> bool:
    """Whether the words read like an advertisement, an application or an offer."""
    return len(set(_SELLING.findall(plain(subject, body[:4000])))) >= 1


def is_courtesy(words: str) -> bool:
    """Whether a person's own words only thank or confirm: 收到, 谢谢, 好的."""
    text = plain(words)
    return 0 < len(text) <= 60 and bool(_COURTESY.fullmatch(text))


def number_pattern(survey: Survey) -> re.Pattern:
    """How a submission's number looks in running text, from the survey's numbering (`HD2019-{:04d}`)."""
    head, _, tail = survey.numbering.partition("{")
    return re.compile(re.escape(head) + r"\d{1,9}" + re.escape(tail.partition("}")[2]))


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The survey's words, longest first, by what each proves."""

    #: titles: enough by themselves
    certain: tuple[str, ...]
    #: topic words that name the collection or the office: 调查摸底, 公众号登记
    special: tuple[str, ...]
    #: topic words that any collection has: 登记表, 怎么登记
    general: tuple[str, ...]
    #: what is collected: platforms and their aliases
    media: tuple[str, ...]
    #: fields of the form, the office's contact, the last day
    labels: tuple[str, ...]
    #: the office by its short name, the thing as people call it who ask, and in English
    office: re.Pattern
    asked: re.Pattern
    english: re.Pattern


@lru_cache(maxsize=8)
def _vocabulary(survey: Survey) -> _Vocabulary:
    titles = [survey.title, survey.notice]
    titles += [title for category in survey.categories for title in (*category.form_titles, category.form_label)]
    certain = {plain(title).strip("《》") for title in titles if len(plain(title)) >= 9}
    media = {plain(name) for choice in survey.platforms for name in (choice.name, *choice.aliases)
             if choice.name not in _OUR_NAMES}
    noun = _noun(survey)
    media |= {noun, noun.removesuffix(survey.item.noun), survey.item.noun if not survey.platforms else ""}
    topics = {plain(word) for word in survey.topic_words} | {plain(survey.office.name)}
    common = re.compile("|".join((_GENERAL.pattern, *map(re.escape, survey.item.common))))
    general = {word for word in topics if not common.sub("", word)}
    labels = {plain(name) for rule in survey.fields for name in rule.variants if len(plain(name)) >= 7}
    labels |= {plain(rule.label) for rule in survey.fields if rule.kind == "handle" or len(plain(rule.label)) >= 3}
    labels |= {f"{survey.closes.month}月{survey.closes.day}", f"{survey.office.contact[:1]}老师", survey.office.contact}
    item = survey.item
    return _Vocabulary(*(_longest(words) for words in (certain, topics - general, general, media, labels)),
                       _any_of(survey.office.short), _any_of(item.asked), _any_of(item.english))


def _any_of(words: tuple[str, ...]) -> re.Pattern:
    return re.compile("|".join(map(re.escape, words)) or r"(?!)", re.IGNORECASE)


def _longest(words: set[str]) -> tuple[str, ...]:
    return tuple(sorted((word for word in words if len(word) >= 2), key=lambda word: (-len(word), word)))


def _noun(survey: Survey) -> str:
    """What is collected: the survey's title without place names and words of duty, e.g. 民用无人机."""
    noun = plain(survey.title)
    for place in survey.region or survey.places:
        noun = noun.replace(place, "")
    for word in survey.office.short:
        noun = noun.replace(word, "")
    return _DUTY.sub("", noun)
