"""Words by which automatic answers, receipts and system notices give themselves away, where no header does."""

import re
import unicodedata

from rules.quoting import own_words

#: what mail programs put before the subject of an automatic answer, a receipt or a reply to an invitation
_SUBJECT = re.compile(
    r"^[\W_]*(?:(?:re|回复|答复)\s*:\s*)?[\W_]*(?:"
    r"(?:假期|外出|休假|离岗|系统)?(?:自动(?:回复|答复|应答|回覆|回信)|自動(?:回覆|回復|答覆))"
    r"|automatic reply|auto[- ]?(?:reply|response)|out of (?:the )?office|vacation (?:reply|response)"
    r"|不在办公室|外出(?:通知|提示)"
    r"|已读(?:回执)?\s*:|未读\s*:|(?:已读|阅读|送达)回执|邮件已读|read\s*:|read receipt|not read\s*:"
    r"|(?:已?接受|已?拒绝|暂定|accepted|declined|tentative)\s*:.*(?:会议|邀请|meeting|invitation)"
    r"|(?:会议|日程)邀请|invitation\s*:)",
    re.IGNORECASE,
)
#: sentences that no person writes; tried on text without white space, and on English as it stands
_SENTENCE = re.compile(
    r"这是来自.{0,20}(?:邮箱|邮件).{0,8}自动回复|(?:假期|外出|休假|度假)自动(?:回复|答复)"
    r"|(?:这|此|本)(?:是|为)?(?:一?封)?(?:邮件|信件|邮箱|来信|回复)(?:是|为|由|系)?.{0,8}自动(?:发送|发出|回复|生成|产生|答复)"
    r"|系统自动(?:发送|发出|回复|生成|产生).{0,30}(?:请勿|请不要|勿)(?:直接)?(?:回复|答复)"
    r"|(?:请勿|请不要)(?:直接)?(?:回复|答复)(?:此|本|该)(?:邮件|信|邮箱)"
    r"|(?:此|本|该)(?:邮件|信|邮箱).{0,16}(?:请勿|请不要|勿)(?:直接)?(?:回复|答复)"
    r"|(?:此|本|该)(?:邮件|信)(?:由|为|是|系).{0,12}系统.{0,6}(?:发出|发送|生成|产生)"
    r"|您发给.{0,40}的(?:邮件|信件).{0,30}已(?:被)?(?:阅读|打开)"
    r"|this is an? auto(?:matic(?:ally)?|mated)?[- ]?(?:generated )?(?:reply|response|message|e-?mail)"
    r"|i am (?:currently )?out of (?:the )?office|do not reply to this (?:e-?mail|message)",
    re.IGNORECASE,
)
_AWAY = re.compile(r"(?:正在|现在|目前|本人|我).{0,8}(?:休假|度假|年假|产假|外出|出差|不在(?:办公室|单位|岗))")
_LATER = re.compile(r"(?:稍后|尽快|及时|尽早|第一时间|(?:回来|返回|上班|休假结束)后).{0,14}(?:回复|答复|处理|联系|阅读|查看|查阅)"
                    r"|(?:紧急|急事|要事).{0,16}(?:电话|联系|拨打|致电)")
_RECEIVED = re.compile(r"(?:邮件|来信|来函|信件|e?mail).{0,6}(?:已|已经)?(?:收到|收悉)"
                       r"|(?:收到|收悉)(?:了)?(?:您|你|贵).{0,6}(?:邮件|来信|来函|信件)", re.IGNORECASE)
#: words of somebody who writes about a matter of his own
_BUSINESS = re.compile(r"\?|附件|请查收|补(?:交|报|充|齐|发)|登记|表格|材料|身份证|如何|怎么|怎样|请问|是否")
#: an automatic answer that bears no header says little; a longer text was written by a person
_SHORT = 160


def is_automatic_text(subject: str, text: str) -> bool:
    """Whether subject or body says that no person wrote this mail: automatic answer, receipt, invitation, notice."""
    if _SUBJECT.match(unicodedata.normalize("NFKC", subject)):
        return True
    words = unicodedata.normalize("NFKC", own_words(text)[:600])
    bare = re.sub(r"\s+", "", words)
    if _SENTENCE.search(bare) or _SENTENCE.search(re.sub(r"\s+", " ", words)):
        return True
    away = _AWAY.search(bare) and (_LATER.search(bare) or _RECEIVED.search(bare))
    noted = _RECEIVED.search(bare) and _LATER.search(bare)
    return bool(len(bare) <= _SHORT and (away or noted) and not _BUSINESS.search(bare))
