"""What kind of mail it is: tables of invented but realistic mails."""

from pathlib import Path

import pytest
from build_outcomes import OURS, OWN, a_file, a_form, a_form_file, a_reading, an_id_card_file

from rules.kind import kind_of, substantive_files
from rules.reading import Paper
from rules.survey import load_survey

SURVEY = load_survey(Path(__file__).parents[1] / "rules" / "survey.yaml")


#: people type full-width punctuation, and mail programs write 发件人 and 自动回复 with a full-width colon
_WIDE = str.maketrans({mark: chr(ord(mark) + 0xFEE0) for mark in ",:;!?()"})


def widened(mail, wide):
    """The mail with its subject and its text in full-width punctuation."""
    return {**mail, **{key: mail[key].translate(_WIDE) for key in ("subject", "text") if wide and key in mail}}


def decide(*files, known=False, thread=False, **mail):
    """The decision on a mail with these files."""
    return kind_of(a_reading(*files, **mail), SURVEY, OWN, known, thread)


QUESTIONS = [
    ("咨询", "请问我们单位的微信公众号需要登记吗?"),
    ("请问登记表怎么填", ""),
    ("", "你好,手机号码那一栏是填管理员的还是法人的?"),
    ("关于新媒体摸底", "我镇有三个公众号,是填一张表还是三张表?"),
    ("网信办领导您好", "村里的抖音号要不要报?"),
    ("你好", "我在网上看到摸底登记的通知,登记表在哪里下载"),
    ("个人号登记", "我个人办了一个头条号,平时发点家乡的照片,也要登记么?需要交什么材料"),
    ("漏报了怎么办", "上次只报了公众号,微博没有登记,现在补报可以吗"),
    ("Fwd: 关于开展全县新媒体账号调查摸底工作的通知", "请问这个什么时候截止?"),
    ("请示", "衡东县委网信办:我单位没有单位公章,登记表盖党支部的章行不行"),
    ("咨询一下", "学校的公众号已经停用了,还用填登记表吗"),
    ("零报告", "我局没有开设任何新媒体账号,是否需要报送登记表?"),
    ("请教", "表格里的业务范围可以多选吗?新媒体账号的关注量填哪天的"),
]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("subject", "text"), QUESTIONS)
def test_a_question_about_the_collection_is_an_inquiry(subject, text, wide):
    """A stranger who asks about forms, deadlines or duties is answered."""
    assert decide(**widened({"subject": subject, "text": text}, wide)).kind == "inquiry"


ADVERTISEMENTS = [
    ("公众号代运营,专业团队", "我们是专业的新媒体代运营公司,提供公众号涨粉、引流推广服务,优惠套餐低至999元/月,欢迎咨询。"),
    ("短信群发平台", "106短信群发,5分钱一条,政府机关企业均可办理,加微信13900000000"),
    ("发票", "本公司可代开各类增值税发票,税点优惠,联系人李经理"),
    ("网站建设", "专业网站建设、小程序开发,免费咨询热线400-800-8888,网站备案登记代办"),
    ("新媒体运营培训班报名通知", "各单位:定于8月举办新媒体运营培训班,收费标准1980元/人,请填写报名回执表报送会务组。"),
    ("微信公众号注册认证代办", "公众号注册、认证、登记一站式代办,无需营业执照,价格优惠"),
    ("求职", "您好,我是应届毕业生,有公众号运营经验,简历见附件,请查收。"),
    ("中标信息", "尊敬的客户:您关注的采购项目已更新,点击链接查看详情。"),
    ("抖音蓝V认证", "抖音企业号认证,涨粉买赞,加V信"),
    ("贷款", "凭营业执照可贷30万,当天放款"),
    ("邀请函", "诚邀贵单位参加第八届新媒体峰会,名额有限,会务费2800元"),
    ("合作", "我司专注政务新媒体托管服务多年,希望与贵单位合作共赢,附件为报价单。"),
    ("公众号内容供应", "我们提供公众号原创文章代写,50元/篇,每天更新"),
    ("舆情监测系统", "舆情监测软件试用,覆盖微博、公众号、抖音,免费试用一个月"),
]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("subject", "text"), ADVERTISEMENTS)
def test_an_advertisement_is_unrelated_even_when_it_speaks_of_accounts(subject, text, wide):
    """Advertisements say 公众号 and 新媒体 too; they are never answered."""
    assert decide(**widened({"subject": subject, "text": text}, wide)).kind == "unrelated"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("subject", "text"), [
    ("交表", "表交了,请查收"), ("", "附件为我镇登记表"), ("填好的表", "填好了,麻烦看一下"), ("登记", "已填好"), ("账号登记", "您好"),
    ("身份证", "身份证照片已发"), ("Fw:", "转发:登记表"), ("杨林镇中心小学登记表", "请查收"),
])  # fmt: skip
def test_who_forgot_to_attach_what_he_hands_in_is_told(subject, text, wide):
    """A few words that hand something over, without any file."""
    assert decide(**widened({"subject": subject, "text": text}, wide)).kind == "inquiry"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("subject", "text"), [
    ("不动产登记", "不动产登记资料见附件"), ("党员登记表", "党员登记表已填好,请查收"), ("结婚登记", "预约已发送"),
    ("会议材料", "会议材料已报送,请查收"), ("Fw: 车辆登记表", "转发:车辆登记表,请查收"), ("发票", "发票已开,请查收"), ("", "见附件"),
])  # fmt: skip
def test_what_is_handed_over_for_another_matter_is_unrelated(subject, text, wide):
    assert decide(**widened({"subject": subject, "text": text}, wide)).kind == "unrelated"


@pytest.mark.parametrize(("subject", "text"), ADVERTISEMENTS)
@pytest.mark.parametrize("name", ["报价单.doc", "产品介绍.rar", "宣传图.jpg"])
def test_an_advertisement_with_a_file_is_unrelated(subject, text, name):
    """A file does not make an advertisement a registration, whether it can be read or not."""
    for problem in (None, "unsupported", "encrypted", "unreadable"):
        assert decide(a_file(name, problem=problem), subject=subject, text=text).kind == "unrelated"


UNRELATED = [
    ("周末聚餐", "老王,周末一起吃饭,地方你定。"),
    ("关于报送7月份党建工作总结的通知", "请各支部于7月30日前报送党建工作总结。"),
    ("工资条", "7月工资条见附件"),
    ("test", "test"),
    ("", ""),
    ("会议通知", "定于明天上午9点在三楼会议室开会,请准时参加。"),
]


@pytest.mark.parametrize(("subject", "text"), UNRELATED)
def test_mail_about_something_else_is_unrelated(subject, text):
    """Nothing speaks of the collection, so nobody is answered."""
    assert decide(subject=subject, text=text).kind == "unrelated"


@pytest.mark.parametrize("file", [a_form_file(), a_form_file(kind="individual_form"), an_id_card_file()])
@pytest.mark.parametrize("headers", [(), (("auto-submitted", "auto-generated"),), (("list-id", "<x.example>"),),
                                     (("precedence", "bulk"),), (("return-path", "<>"),)])
def test_a_filled_form_or_a_document_is_usable_whatever_the_headers(file, headers):
    """Robots' headers suppress the answer, never the intake; nor does an empty mail from a stranger."""
    assert decide(file, subject="", text="", headers=headers).kind == "usable"


def test_a_form_typed_into_the_mail_is_usable():
    """The body alone may hold the form."""
    assert kind_of(a_reading(body_forms=(a_form(),)), SURVEY, OWN).reason == "filled-form"


def test_a_form_whose_kind_is_unknown_is_usable():
    """The role is `other` where the form does not tell its kind, but the form is there."""
    assert decide(a_file(forms=(a_form(None),))).kind == "usable"


FIRM = [
    {"headers": (("auto-submitted", "auto-replied"),), "subject": "Re: 回复:登记表", "text": "请问登记表怎么填"},
    {"headers": (("list-unsubscribe", "<mailto:u@example.com>"),), "subject": "新媒体周报", "text": "本期公众号排行榜"},
    {"headers": (("precedence", "bulk"),), "subject": "订阅邮件", "text": "您订阅的内容"},
    {"subject": "自动回复:回复:新媒体登记材料", "text": "您好,我正在休假。"},
    {"subject": "[自动回复] 登记编号 HD2019-0001", "text": "已收到"},
    {"subject": "Re:登记材料", "text": "这是来自QQ邮箱的假期自动回复邮件。 您好,我最近正在休假中,无法亲自回复您的邮件。"},
    {"subject": "回复:新媒体登记", "text": "您好!您的来信已经收到,我会尽快给您回复。谢谢!"},
    {"subject": "Automatic reply: 登记", "text": "I am out of the office until Monday."},
    {"subject": "已读: 回复:新媒体登记材料", "media_type": "multipart/report",
     "headers": (("content-type", "multipart/report; report-type=disposition-notification"),)},
    {"subject": "会议邀请:新媒体工作会", "media_type": "text/calendar"},
    {"headers": (("x-autoreply", "yes"),), "subject": "Re: x", "text": "已收到"},
    {"subject": "系统通知", "text": "此邮件由系统自动发送,请勿回复。您的发票已开具。"},
]


SOFT = [
    {"from_address": "no-reply@service.example.com", "subject": "登录提醒", "text": "您的账号在新设备登录"},
    {"from_address": "notification@example.com", "subject": "您有一条新消息", "text": "点击查看"},
    {"headers": (("x-auto-response-suppress", "All"),), "subject": "通知", "text": "系统升级"},
    {"headers": (("feedback-id", "1:2:3:esp"),), "subject": "夏日特惠", "text": "全场五折"},
]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("mail", FIRM)
@pytest.mark.parametrize("thread", [False, True])
def test_what_a_machine_sends_is_automatic(mail, thread, wide):
    """Automatic answers, lists, receipts, invitations and notices, also in our own threads."""
    assert decide(thread=thread, **widened(mail, wide)).kind == "automatic"


@pytest.mark.parametrize("mail", SOFT)
def test_a_soft_sign_makes_a_strangers_mail_automatic(mail):
    """Unless it speaks of the collection or answers us."""
    assert decide(**mail).kind == "automatic"


def test_a_person_behind_a_soft_sign_is_heard_by_the_office():
    """Exchange sets X-Auto-Response-Suppress on people's mail: the question counts, only the answer is withheld."""
    decision = decide(subject="请问登记表怎么填", headers=(("x-auto-response-suppress", "OOF"),))
    assert decision.kind == "inquiry"


BOUNCES = [
    {"media_type": "multipart/report", "from_address": "mailer-daemon@mx.example.com",
     "headers": (("content-type", "multipart/report; report-type=delivery-status"),)},
    {"from_address": "postmaster@126.com", "subject": "系统退信", "text": "您的邮件无法投递到 a@example.com"},
    {"from_address": "postmaster@qq.com", "subject": "来自qq.com的退信", "text": "很抱歉您发送的邮件被退回"},
    {"from_address": "mailer-daemon@mx.example.com", "subject": "Undelivered Mail Returned to Sender"},
    {"from_address": "postmaster@example.cn", "subject": "", "text": "退信原因:收件人不存在"},
    {"headers": (("return-path", "<>"),), "from_address": "system@example.cn",
     "subject": "Delivery Status Notification (Failure)"},
    {"from_address": "postmaster@163.com", "subject": "邮件投递延迟", "text": "将继续尝试投递"},
]


@pytest.mark.parametrize("mail", BOUNCES)
@pytest.mark.parametrize("files", [(), (a_form_file(),), (a_file("空白表.docx", role="blank_form"),),
                                   (an_id_card_file(),)])
def test_a_bounce_is_a_bounce_whatever_it_returns(mail, files):
    """It returns our blank form, or somebody's original mail with a filled one."""
    assert decide(*files, **mail).kind == "bounce"


@pytest.mark.parametrize("colon", [":", "\uff1a"])
def test_what_is_forwarded_counts_as_said(colon):
    """A liaison hands on the question of an account's owner."""
    text = f"------ 转发邮件信息 ------\n发件人{colon} 某人\n\n请问我的公众号要不要登记,登记表在哪下载"
    assert decide(subject=f"转发{colon}咨询", text=text).kind == "inquiry"
    assert decide(subject=f"回复{colon}咨询", text=text).kind == "unrelated"


def test_a_person_who_forwards_a_bounce_with_the_form_is_no_bounce():
    """The subject alone does not make it one."""
    assert decide(a_form_file(), subject="转发:系统退信", text="昨天发的被退信了,重发一次").kind == "usable"


def test_our_own_mail_is_our_own():
    """A copy of our reply in a watched folder, with the blank form that we attached."""
    decision = decide(a_file("空白表.docx", role="blank_form"), from_address=OURS,
                      headers=(("auto-submitted", "auto-replied"),))
    assert decision.kind == "own"


def test_our_own_automatic_reply_is_own_even_with_a_filled_form():
    """Nothing that this program sent is ever taken in."""
    assert decide(a_form_file(), from_address=OURS, headers=(("auto-submitted", "auto-replied"),)).kind == "own"


def test_a_form_that_the_office_sends_to_itself_is_taken_in():
    """A clerk passes on what came by another way; the guard keeps it from being answered."""
    assert decide(a_form_file(), from_address=OURS).kind == "usable"


def test_spam_under_our_own_address_is_unrelated():
    """The envelope shows that somebody else sent it."""
    decision = decide(from_address=OURS, subject="您的邮箱已被入侵", headers=(("return-path", "<x@spam.example>"),))
    assert (decision.kind, decision.reason) == ("unrelated", "forged-own-address")


PROBLEMS = ["empty", "encrypted", "corrupt", "too_large", "remote", "unreadable"]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(("subject", "name"), [("新媒体登记材料", "1.zip"), ("", "新媒体账号登记表.zip"), ("", "IMG_0001.jpg")])
def test_a_stranger_whose_files_are_useless_is_guided(problem, subject, name):
    """Somebody tried to hand in: the guidance names the file; no submission is opened."""
    assert decide(a_file(name, problem=problem), subject=subject, text="").kind == "inquiry"


@pytest.mark.parametrize("problem", [*PROBLEMS, "unsupported", None])
@pytest.mark.parametrize("how", [{"known": True}, {"thread": True}])
def test_a_file_from_somebody_we_know_is_a_supplement(problem, how):
    """Whatever a known sender sends belongs to the submission, readable or not."""
    assert decide(a_file("补充.zip", problem=problem), subject="", text="", **how).kind == "usable"


def test_an_unsupported_file_about_the_collection_is_usable():
    """It may be the form: a person opens it."""
    assert decide(a_file("登记表.wps", problem="unsupported"), subject="报送", text="").kind == "usable"
    assert decide(a_file("a.doc", problem="unsupported"), subject="新媒体账号登记", text="").kind == "usable"


@pytest.mark.parametrize(("subject", "text", "name"), [
    ("应聘", "个人简历,请查收", "简历.doc"), ("报价", "产品报价单见附件", "报价.rar"), ("照片", "这是上次聚会拍的照片,发给你留个纪念,大家都说拍得不错,下次再约", "聚会.jpg")])
def test_a_strangers_file_about_something_else_is_unrelated(subject, text, name):
    """A résumé, a quotation, a holiday picture."""
    for problem in ("unsupported", "unreadable", None):
        assert decide(a_file(name, problem=problem), subject=subject, text=text).kind == "unrelated"


def test_only_a_blank_form_is_an_inquiry_from_a_stranger_and_a_supplement_from_others():
    """The form came back empty."""
    blank = a_file("登记表.docx", role="blank_form")
    assert decide(blank, subject="", text="").kind == "inquiry"
    assert decide(blank, subject="", text="", thread=True).kind == "usable"


@pytest.mark.parametrize("text", ["收到,谢谢!", "好的", "谢谢您的回复,辛苦了", "已收到。", "OK", "收到\n\n发自我的iPhone",
                                  "好的,谢谢。\n\n------------------ 原始邮件 ------------------\n发件人: 网信办\n还缺身份证"])
@pytest.mark.parametrize("wide", [False, True])
def test_thanks_in_our_thread_need_no_answer(text, wide):
    """The reason says so; the kind stays within the contract."""
    decision = decide(**widened({"subject": "回复:新媒体登记", "text": text}, wide), thread=True)
    assert (decision.kind, decision.reason) == ("inquiry", "thanks-only")


@pytest.mark.parametrize("text", ["收到,请问纸质表交到哪里?", "好的,我明天补身份证", "谢谢,另外我还有一个微博要登记吗"])
def test_thanks_with_a_question_are_a_question(text):
    """Only pure thanks are left unanswered."""
    assert decide(subject="回复:登记", text=text, thread=True).reason == "about-the-collection"


def test_a_known_senders_mail_counts_as_about_the_collection():
    """It needs no word of the collection."""
    assert decide(subject="在吗", text="什么时候能办好", known=True).kind == "inquiry"


@pytest.mark.parametrize("wide", [False, True])
def test_words_that_are_only_quoted_do_not_count(wide):
    """A stranger's advertisement above our quoted notice stays one."""
    text = "需要服务请联系我们,专业推广。\n\n发件人: 某人\n主题: 新媒体账号调查摸底登记表(单位)怎么填"
    assert decide(**widened({"subject": "你好", "text": text}, wide)).kind == "unrelated"


def test_signature_pictures_and_calendar_entries_are_nobodys_material():
    """They neither make a mail a supplement nor appear in a reply."""
    reading = a_reading(a_file("image001.png", inline=True), a_file("invite.ics", media_type="text/calendar"),
                        a_file("材料.zip", role="container"), a_file("表.docx"))
    assert [file.filename for file in substantive_files(reading)] == ["表.docx"]


SHORT_QUESTIONS = [
    ("收到没有", "我昨天发的材料收到了吗?怎么没有回复"), ("登记进度查询", "您好!材料已发,请问登记好了吗?"), ("要表", "请把单位的那个表发给我,谢谢"),
    ("求登记表", "求登记表"), (None, "个人号和单位号填的表一样吗"), ("确认", "报送邮箱是这个吗?"), ("登记", "附件怎么上传啊"),
    ("哪个表", "我的公众号主体是公司,但是我个人在运营,填哪个表"), ("新号", "8月13号之后新开的号怎么办"), ("你好", "麻烦把表发我一份,谢谢"),
    ("", "身份证要正反面吗"), ("注销", "我的公众号已经注销了,请把登记撤销。"), ("", "你好 我们村有个抖音 要弄这个吗"),
    ("Registration", "Hello, I run an English WeChat account about Hengdong. Do I need to register? Where is the form?"),
]  # fmt: skip


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("subject", "text"), SHORT_QUESTIONS)
def test_a_short_question_need_not_name_the_collection(subject, text, wide):
    """People who know what they mean name only what they hand in; the mailbox serves nothing else."""
    mail = {"subject": subject, "text": text} if subject is not None else {"text": text, "subject": ""}
    assert decide(**widened(mail, wide)).kind == "inquiry"


NO_QUESTIONS = [
    ("公众号阅读量", "还在为公众号没有阅读量发愁吗?扫码了解"), ("公众号粉丝", "请问是否需要公众号粉丝?一元一百个"),
    ("网络安全检查通知", "各单位:关于做好2019年度网络安全检查工作的通知,请填写附件自查表,于8月10日前报县公安局网安大队。"),
    ("头条号实名认证提醒", "今日头条号登记实名认证提醒:请在头条号后台补充身份证信息,逾期将限制发文。"),
    ("关于报送党员信息登记表的通知", "各支部:请于本周五前报送党员信息登记表。组织部"), ("聚会", "老同学,周末来我家吃饭怎么样?"),
    ("党建材料", "请把上半年党建工作总结发我邮箱,谢谢。王主任"),
    ("报送材料通知", "各乡镇:请将农村人居环境整治材料于8月3日前报县农业农村局邮箱。"), ("合作咨询", "您好,请问贵单位有新媒体代运营的需求吗?"),
]  # fmt: skip


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("subject", "text"), NO_QUESTIONS)
def test_a_notice_to_many_and_an_offer_are_no_short_questions(subject, text, wide):
    """Other offices' circulars, and advertisements that begin with a question."""
    assert decide(**widened({"subject": subject, "text": text}, wide)).kind == "unrelated"


def test_a_machine_asks_no_short_question():
    """From an address that takes no answer three signs are needed, as ever."""
    assert decide(subject="登记", text="附件怎么上传啊", from_address="noreply@example.net").kind == "automatic"


def test_a_seller_who_encloses_his_licence_hands_nothing_in():
    """An offer with the company's own licence; the same licence with a word of handing in is material."""
    licence = a_file("营业执照.jpg", role="org_certificate", papers=(
        Paper("org_certificate", None, "营业执照", "长沙某科技有限公司", None),))
    offer = {"subject": "合作方案", "text": "我司专业提供舆情监测服务,附件为营业执照和方案,期待合作。"}
    assert decide(licence, **offer).kind == "unrelated"
    assert decide(licence, known=True, **offer).kind == "usable"
    assert decide(licence, subject="登记材料", text="我司是餐饮推广公司,现报送营业执照").kind == "usable"
    assert decide(licence, subject="", text="").kind == "usable"


@pytest.mark.parametrize("problem", ["corrupt", "unsupported", "encrypted"])
def test_a_broken_file_without_a_chinese_word_is_nobody_who_hands_in(problem):
    """Malware comes as "Invoice"; a file without any words may be somebody's form."""
    assert decide(a_file("invoice.doc", problem=problem), subject="Invoice", text="Please find attached.").kind == "unrelated"
    assert decide(a_file("form.doc", problem=problem), subject="", text="").kind == "inquiry"
    assert decide(a_file("登记表.doc", problem=problem), subject="form", text="").kind != "unrelated"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("text", [
    "您的公众号登记信息有变更,请登录查看。本邮件由系统发出,请勿回复。", "请尽快登记账号。(此邮件为系统邮件,请勿直接回复)", "公众号登记提醒:本信由平台系统自动生成"])
def test_a_notice_that_wants_no_answer_is_a_machine_s(text, wide):
    """Platforms speak of accounts and registration all day."""
    assert decide(**widened({"subject": "通知", "text": text}, wide)).kind == "automatic"
