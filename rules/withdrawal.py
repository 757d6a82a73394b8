"""Whether a mail asks to withdraw a registration: that is never done by itself, a person of the office decides."""

import re
from functools import lru_cache

from rules.quoting import own_words
from rules.reading import Reading
from rules.survey import Survey
from rules.topic import plain

#: what people write who give up an account or take back what they have handed in
_WITHDRAWAL = re.compile(
    r"注销|销号"
    r"|(?:不再|停止|终止|已停止?|已经停止?)(?:运营|运行|使用|更新|维护|开办|登记)|停运|停更|停办"
    r"|不(?:想|用|需要?|必)?(?:再)?登记了")
#: the same where no form comes with it: beside a form 「前一份作废」 announces a correction
_TAKING_BACK = re.compile(r"撤回(?!.{0,4}(?:一封|邮件|消息))|撤销|撤消|作废"
                          r"|取消.{0,10}(?:登记|申报|备案|报送)|(?:登记|申报|备案).{0,6}取消")
#: 「注销后重新开通的」「以前的号已注销,现登记新号」 beside a form says something of the account, not of the registration
_ASKS = re.compile(r"申请|请|要求|希望|麻烦|予以|恳请|现将|特此|撤|取消|不登记|作废|不再|停")


@lru_cache(maxsize=8)
def _given_up(called: tuple[str, ...]) -> re.Pattern:
    """The thing by one of its names, and behind it that it is no more."""
    names = "|".join(map(re.escape, called)) or r"(?!)"
    return re.compile(rf"(?:{names}).{{0,8}}(?:关停|关闭|停用|不用了|不做了|不办了|没有了)")


def asks_withdrawal(reading: Reading, survey: Survey) -> bool:
    """Whether the sender's own words ask for it; a form typed in the body is not searched (its fields may say 停用)."""
    if reading.body_forms:
        return False
    words = plain(reading.message.subject, own_words(reading.message.text)[:2000])
    found = _WITHDRAWAL.search(words) or _given_up(survey.item.called).search(words) or (not any(file.forms for file in reading.files) and _TAKING_BACK.search(words))
    return bool(found and _ASKS.search(words))
