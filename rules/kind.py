"""What kind of mail it is (DATA.md's messages.kind), decided from what was read in it and who sent it.

In this order: our own mail · a bounce · something usable · a machine's mail · a person's mail about the collection ·
anything else. A filled form or an identity document is taken in whatever headers the mail bears: robots' headers
suppress the answer, never the intake. Only a bounce is stronger, because it returns somebody's original mail.
"""

import re
from dataclasses import dataclass

from rules.autoreply import FIRM, robot_evidence
from rules.bounce import bounce_of
from rules.message import Message
from rules.quoting import is_forward, own_words
from rules.reading import FileReading, Reading
from rules.survey import Survey
from rules.topic import is_courtesy, plain, sells, speaks_of

#: files that a mail program or another machine adds; they are nobody's material
_MACHINE_TYPES = ("text/calendar", "application/ics", "text/vcard", "text/x-vcard", "application/pgp-signature",
                  "application/pkcs7-signature", "application/x-pkcs7-signature", "message/delivery-status",
                  "message/disposition-notification", "text/rfc822-headers")
#: names of files that cannot hold a form, whoever sends them
_PROGRAMS = (".exe", ".scr", ".js", ".vbs", ".bat", ".cmd", ".com", ".msi", ".lnk", ".jar", ".ics", ".vcf",
             ".html", ".htm")


#: words of somebody who hands in, whatever the collection is
_HANDING = re.compile(r"材料|查收|报送|上报|登记|身份证|营业执照|证件|扫描件|复印件")


#: nobody of the county writes without a Chinese character; those who send invoices to all the world do
_HAN = re.compile("[\u3400-\u9fff]")
#: the same without the names of documents, which sellers enclose too
_HANDS_IN = re.compile(r"材料|查收|报送|上报|登记|补[交报齐正]|身份证")


@dataclass(frozen=True, slots=True)
class KindDecision:
    """What kind of mail it is, and why."""

    #: `usable` (the caller makes it `registration` or `supplement`), else DATA.md's code: `inquiry` `unrelated`
    #: `automatic` `bounce` `own`
    kind: str
    #: stable English code, e.g. `filled-form`, `thanks-only`, `advertisement`
    reason: str
    #: what spoke for it, plain Chinese, for events and Datasette
    evidence: str = ""


def kind_of(reading: Reading, survey: Survey, own_addresses: frozenset[str], known_sender: bool = False,
            answers_our_mail: bool = False) -> KindDecision:
    """Decide the kind of one mail.

    `own_addresses` are lower case. `known_sender`: the sender is the contact of a submission; `answers_our_mail`:
    In-Reply-To, References or a submission's number lead to a mail of ours.
    """
    message = reading.message
    ours = _own(message, own_addresses)
    if ours and (ours.kind == "own" and _is_our_reply(message) or not _holds_material(reading, survey)):
        return ours
    if bounce_of(reading, survey):
        return KindDecision("bounce", "delivery-report", "退信或投递通知")
    foreign = not (known_sender or answers_our_mail) and (_offers(reading, survey) or _is_of_something_else(reading, survey))
    if (material := _holds_material(reading, survey)) and not foreign:
        return KindDecision("usable", *material)
    robot = robot_evidence(message, own_addresses)
    if robot and robot.robot == FIRM:
        return KindDecision("automatic", robot.code, robot.sentence)
    thread = known_sender or answers_our_mail
    topic = _topic(reading, survey, personal=not robot)
    if robot and not (thread or topic):
        return KindDecision("automatic", robot.code, robot.sentence)
    return _person(reading, thread, topic)


def _offers(reading: Reading, survey: Survey) -> bool:
    """Whether somebody sells and encloses his own licence: no form, no ID card, not a word of handing in."""
    message = reading.message
    papers = {paper.kind for file in reading.files for paper in file.papers}
    if reading.body_forms or any(file.forms for file in reading.files) or not papers or "id_card" in papers:
        return False
    return sells(message.subject, message.text) and not _hands_in(reading, survey) and not _topic(reading, survey, False)


def _is_of_something_else(reading: Reading, survey: Survey) -> bool:
    """Whether only an invoice, a policy or the like came, such as everybody sends, and not a word of handing in."""
    papers = {paper.kind for file in reading.files for paper in file.papers}
    if reading.body_forms or any(file.forms for file in reading.files) or not papers or papers & {"id_card", "org_certificate"}:
        return False
    return not _hands_in(reading, survey) and not _topic(reading, survey, False)


def _hands_in(reading: Reading, survey: Survey) -> bool:
    words = plain(reading.message.subject, own_words(reading.message.text))
    return bool(_HANDS_IN.search(words)) or any(word in words for word in survey.office.short)


def _person(reading: Reading, thread: bool, topic: str | None) -> KindDecision:
    """A mail that a person wrote and that holds neither a filled form nor a recognised document."""
    files = substantive_files(reading)
    message = reading.message
    if files and thread:
        return KindDecision("usable", "file-from-known-sender", "已登记的申报人补来的文件")
    if any(file.problem == "unsupported" for file in files) and topic:
        return KindDecision("usable", "file-not-readable-yet", f"来信谈及「{topic}」\uff0c所附文件须由工作人员打开")
    if files and (topic or _hands_in_silently(reading, files)):
        return KindDecision("inquiry", "no-usable-file", "想要报送，但所附文件都不能用")
    words = own_words(message.text)
    if thread and is_courtesy(words or message.subject or ""):
        return KindDecision("inquiry", "thanks-only", "只是致谢或表示收到")
    if topic or thread:
        return KindDecision("inquiry", "about-the-collection", f"来信谈及「{topic}」" if topic else "回复本邮箱的来信")
    if sells(message.subject, message.text):
        return KindDecision("unrelated", "advertisement", "广告、推销或求职")
    return KindDecision("unrelated", "off-topic", "没有谈及本次登记")


def substantive_files(reading: Reading) -> tuple[FileReading, ...]:
    """The files that somebody chose to send: no signature pictures, no calendar entries, no opened containers."""
    return tuple(file for file in reading.files if _substantive(file))


def _substantive(file: FileReading) -> bool:
    if file.media_type.lower() in _MACHINE_TYPES or file.filename.lower().endswith(_PROGRAMS):
        return False
    if file.role == "container" and not file.problem:
        return False
    return not (file.inline and file.role == "other" and file.problem in (None, "unreadable", "empty"))


def _holds_material(reading: Reading, survey: Survey) -> tuple[str, str] | None:
    """(reason, evidence) when the mail holds a filled form or an identity document."""
    if reading.body_forms:
        return "filled-form", "邮件正文中有填好的登记表"
    for file in reading.files:
        if survey.category_of_form(file.role) or file.forms and file.role != "blank_form":
            return "filled-form", "有填好的登记表"
    if found := [file for file in reading.files if file.papers or file.role in ("id_card", "org_certificate")]:
        own = survey.paper(found[0].role)
        return "identity-document", f"有{own.label}" if own else "有身份证或单位证书"
    return None


def _topic(reading: Reading, survey: Survey, personal: bool) -> str | None:
    message = reading.message
    names = tuple(file.filename for file in substantive_files(reading))
    if any(file.role == "blank_form" for file in reading.files):
        return survey.title
    # what is forwarded counts as said; what is quoted in an answer does not
    body = message.text if is_forward(message.subject) else own_words(message.text)
    return speaks_of(survey, message.subject, body, names, personal)


def _hands_in_silently(reading: Reading, files: tuple[FileReading, ...]) -> bool:
    """Files that could not be used, and hardly a word beside them: somebody who hands in, not somebody who sells."""
    message = reading.message
    words = plain(own_words(message.text))
    said = plain(message.subject, words, *(file.filename for file in files))
    if plain(message.subject, words) and not _HAN.search(said):
        return False
    if len(words) > (200 if _HANDING.search(words) else 30) or sells(message.subject, message.text) or "://" in words:
        return False
    return any(file.problem for file in files)


def _own(message: Message, own_addresses: frozenset[str]) -> KindDecision | None:
    if message.from_address not in own_addresses:
        return None
    if _is_forged(message, own_addresses):
        return KindDecision("unrelated", "forged-own-address", "冒用本邮箱地址发来的邮件")
    return KindDecision("own", "own-address", "本邮箱自己发出的邮件")


def _is_our_reply(message: Message) -> bool:
    """Whether this program wrote it: no person sets Auto-Submitted."""
    return (message.header("auto-submitted") or "").lower().startswith(("auto-replied", "auto-generated"))


def _is_forged(message: Message, own_addresses: frozenset[str]) -> bool:
    path = (message.header("return-path") or "").strip("<> \t").lower()
    verdict = "".join((message.header("authentication-results") or "").lower().split())
    return bool("@" in path and path not in own_addresses) or "spf=fail" in verdict or "spf=softfail" in verdict
