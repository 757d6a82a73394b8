"""Whether words speak of this collection, of an advertisement, or only say thanks.

The survey's own words (its title, forms, office, `topic_words`, platforms) carry the subject. The words in this module
are ordinary Chinese of offices and of advertisements, the same for any collection. An advertisement for running
accounts also says 公众号: only a word of duty beside it (登记, 填报, 怎么填 …) makes it a question about the collection.
"""

import re
import unicodedata
from functools import lru_cache

from rules.survey import Survey

#: what people say who must hand something in
_DUTY = re.compile(r"登记|摸底|报送|填报|填表|申报|上报|备案|补报|补交|漏报|要报|报不报|该报|需要报|还报|报吗|网信|调查|统计表|报表|表格")
#: what people say who ask or who send
_ASKING = re.compile(r"\?|请问|咨询|怎么|怎样|如何|哪里|哪儿|哪些|什么|是否|要不要|需不需要|需要吗|能不能|可以吗|可否|行吗|吗|"
                     r"填写|填好|填完|下载|提交|递交|查收|发给|报来|材料|附件|截止|期限|联系人")
_FORM_WORK = re.compile(r"(?:填|写).{0,12}(?:栏|表|项|格)|(?:栏|表|项|格).{0,12}(?:怎么|怎样|如何|填|写)|登记表")
_SELLING = re.compile(
    r"代运营|代运维|代办|代开|代写|代理商|涨粉|增粉|加粉|买粉|吸粉|引流|推广|营销|群发|优惠|折扣|特价|促销|套餐|报价|价格|"
    r"低至|仅需|只需\d+元|免费(?:试用|领取|咨询|体验|赠送)|限时|名额|抢购|秒杀|立减|返现|发票|开票|税点|贷款|信用卡|理财|"
    r"招商|加盟|代理|诚聘|招聘|求职|简历|应聘|培训班|培训费|讲师|报名|会务费|收费标准|元/[人年月次条]|"
    r"网站建设|建站|小程序开发|软件开发|定制开发|SEO|百度排名|关键词排名|域名|服务器|云主机|短信平台|"
    r"专业团队|一站式|全方位|我们(?:公司)?(?:是|专业|专注|提供)|我司|本公司(?:专业|长期|提供)|合作共赢|洽谈|"
    r"加(?:微信|QQ|V信|薇信)|(?:客服|咨询|服务|免费)热线|400[-\d]{7,}|退订|unsubscribe|点击(?:这里|链接|领取|查看详情)|"
    r"澳门|博彩|彩票|中奖|六合", re.IGNORECASE)
#: what may stand in a mail of thanks; nothing else may
_COURTESY = re.compile(
    r"(?:好的?|嗯+|哦|噢|行|可以|明白了?|知道了|了解了?|清楚了|没问题|OK|okay|收到(?:了|啦)?|已收到|已收悉|收悉|已阅|已知悉|知悉|"
    r"谢谢(?:您|你|你们|大家|老师|领导|回复|告知|提醒|支持)*(?:了|啦)?|多谢|感谢(?:您|你|贵办|你们|领导|老师|回复|告知|提醒|支持|的)*|非常感谢|"
    r"辛苦(?:了|您|你|你们|啦)*|麻烦(?:了|您|你|你们|啦)*|不客气|邮件|来信|回复|您的|你的|贵办的?|thanks|thankyou|thx|您好|你好|领导|老师|同志|"
    r"祝(?:您|你)?(?:工作|生活|身体|一切)?(?:顺利|愉快|健康|好)|祝好|此致|敬礼|此复|特此回复|非常|了|啊|哈|哦|呀|的|!|。|,|、|\.|~|;|:)*",
    re.IGNORECASE)
_OUR_NAMES = ("其他", "其它")


def plain(*texts: str | None) -> str:
    """Texts as they are compared: NFKC, no white space."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", "\n".join(text or "" for text in texts)))


def speaks_of(survey: Survey, subject: str | None, body: str, filenames: tuple[str, ...]) -> str | None:
    """What in these words speaks of the collection (a short quotation), or None.

    One sure word (title, notice, form, a submission's number) is enough unless the text sells something; a topic word
    or the name of a medium needs a word of duty and a question or a sending beside it.
    """
    words = plain(subject, body[:4000], *filenames)
    sure, topics, media = _vocabulary(survey)
    selling = len(set(_SELLING.findall(words)))
    number = number_pattern(survey).search(words)
    certain = number.group() if number else next((word for word in sure if word in words), None)
    if certain:
        return certain if selling < 3 else None
    topic = [word for word in topics if word in words]
    medium = next((word for word in media if word in words), None)
    duty = _DUTY.search(words)
    asking = _ASKING.search(words)
    form_work = _FORM_WORK.search(words)
    label = form_work and asking and next((word for word in _labels(survey) if word in words), None)
    score = 2 * min(len(topic), 2) + bool(medium) + bool(duty) + bool(asking) + bool(form_work) + bool(label) - 2 * selling
    if topic and score >= 3 or duty and medium and score >= 3 or form_work and asking and score >= 3:
        return topic[0] if topic else (form_work or duty).group()
    return None


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


@lru_cache(maxsize=8)
def _vocabulary(survey: Survey) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    titles = [survey.title, survey.notice, *(title for c in survey.categories for title in (*c.form_titles, c.form_label))]
    sure = {plain(title).strip("《》") for title in titles if len(plain(title)) >= 9}
    media = {plain(name) for choice in survey.platforms for name in (choice.name, *choice.aliases)
             if choice.name not in _OUR_NAMES and len(plain(name)) >= 2}
    noun = _noun(survey)
    media |= {noun, noun.removesuffix("账号")} - {""}
    topics = {plain(word) for word in survey.topic_words} | {plain(survey.office.name)}
    return tuple(sorted(sure)), tuple(sorted(topics, key=len, reverse=True)), tuple(sorted(media, key=len, reverse=True))


@lru_cache(maxsize=8)
def _labels(survey: Survey) -> tuple[str, ...]:
    """Names of the form's fields: they speak of it only in a question about filling something in."""
    return tuple(sorted({plain(rule.label) for rule in survey.fields if len(plain(rule.label)) >= 2}))


def _noun(survey: Survey) -> str:
    """What is collected: the survey's title without place names and words of duty, e.g. 新媒体账号."""
    noun = plain(survey.title)
    for place in survey.region or survey.places:
        noun = noun.replace(place, "")
    return _DUTY.sub("", noun)
