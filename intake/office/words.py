"""The office's words for the codes of the data contract: one word for one thing on every page, sheet and screen."""

from rules.autoreply import GUARDS
from rules.survey import Survey

MAIL_KINDS = {
    "registration": "登记来信", "supplement": "补正来信", "inquiry": "咨询来信", "unrelated": "无关来信",
    "automatic": "自动来信", "bounce": "退信", "own": "本单位发出", "duplicate": "重复信件",
    "left_alone": "起始日前旧信", "received": "尚待处理", "failed": "处理失败",
}
STATUSES = {
    "incomplete": "待补正", "review": "待人工核验", "complete": "电子材料齐全，待纸质件", "registered": "纸质件已收，已登记",
    "withdrawn": "已撤回",
}
TIMELINESS = {"on_time": "按时", "late": "逾期", "unknown": "未能判定"}
#: how an expected unit stands (`rules.roster`)
ROSTER_STATES = {"reported": "已报", "incomplete": "待补", "review": "待核验", "ambiguous": "待认定", "absent": "未报"}
REPLY_KINDS = {
    "acknowledgement": "齐全回执", "missing_materials": "补正通知", "receipt": "收件回执", "guidance": "登记指引",
    "reminder": "催办提醒", "confirmation": "登记确认",
}
REPLY_STATES = {
    "held": "待审批", "queued": "待发送", "sending": "正在发送", "sent": "已发送", "deferred": "暂缓重试",
    "failed": "发送失败", "uncertain": "不确定是否发出", "suppressed": "不发送",
}
MESSAGE_STATES = {"received": "尚待处理", "processed": "已处理", "failed": "处理失败"}
_ROLES = {
    "blank_form": "空白登记表", "id_card": "居民身份证", "org_certificate": "单位证书", "form": "登记表",
    "container": "压缩包等容器", "other": "其他",
}
PROBLEMS = {
    "empty": "空文件", "encrypted": "已加密", "corrupt": "文件损坏", "too_large": "文件过大", "unsupported": "格式暂不支持",
    "unreadable": "无法辨认", "remote": "云附件（信中只有链接）",
}
SILENCES = {guard.code: guard.sentence.rstrip("。") for guard in GUARDS} | {
    "before-since": "起始日以前的旧信，只登记、不处理",
}
#: why a mail belongs to a submission (`rules.match`)
WHY = {
    "new": "本信开立", "id_number": "身份证号相同", "code": "统一社会信用代码或组织机构代码相同", "name": "申报人名称相同",
    "thread": "是对本单位回信的答复", "quoted": "信中写有登记编号", "account": "登记的对象相同", "person": "证件上的人与登记表相符",
    "sender": "同一发件人", "assigned": "由工作人员归入", "split": "由工作人员分出", "withdrawal": "来信要求注销或撤回",
}
#: `decisions.kind`
DECISIONS = {
    "account": "录入登记表", "correct": "核定栏目", "accept": "采纳证件", "reject": "不采纳证件", "category": "核定类别",
    "clear": "已看过存疑之处", "assign": "归入来信", "split": "分出登记", "merge": "并入登记", "paper": "纸质件收到",
    "withdraw": "撤回登记", "note": "备注",
}
#: `events.action`
ACTIONS = REPLY_STATES | {f"reply-{state}": f"回信：{word}" for state, word in REPLY_STATES.items()} | {
    "received": "入台账", "relocated": "邮箱重新编号，已对上", "opened": "开立登记", "added": "归入登记",
    "processed": "处理完成", "attempt-failed": "未成，稍后重试", "failed": "失败，不再自动重试", "retried": "重新处理",
    "doubt": "提出待核实事项", "bounced": "被退信", "paused": "暂停发信", "resumed": "恢复发信", "given-up": "放弃发送",
    "postponed": "推迟发送", "approved": "批准发送", "released": "放行",
    "adopted": "移入先到的证件", "taken-in-later": "待归入的来信已能归入", "corrected": "更正栏目", "confirmed": "确认栏目", "account-added": "录入登记表", "accepted": "采纳证件",
    "rejected": "不采纳证件", "category-decided": "核定类别", "cleared": "看过存疑之处", "assigned": "归入来信",
    "split": "分出登记", "split-off": "由别的登记分出", "merged": "并入别的登记", "merged-away": "被并入", "noted": "加备注",
    "urging-drafted": "起草催报信",
    "login": "登录管理页面", "login-failed": "登录失败", "login-blocked": "登录失败过多，暂停登录", "logout": "退出登录",
    "user-added": "添加用户", "user-changed": "更改用户权限", "user-password": "更改密码",
    "user-disabled": "停用用户", "user-enabled": "恢复用户",
    "number-searched": "按完整号码查找",
    "paper-received": "收到纸质件", "withdrawn": "撤回", "reopened": "恢复",
    "original-viewed": "查看原件", "original-downloaded": "下载原件",
    "replayed": "重新读取后有变", "number-left": "重新读取后编号保留",
}
YES_NO = {1: "是", 0: "否"}
SIDES = {"front": "人像面", "back": "国徽面", "both": "两面"}


def word(table: dict, code) -> str:
    """The Chinese word for a code; the code itself where it has none, and 未填 for nothing."""
    return "未填" if code is None or code == "" else table.get(code, str(code))


def categories(survey: Survey | None) -> dict[str, str]:
    """The survey's categories by code, `unknown` last."""
    return {one.name: one.label for one in (survey.categories if survey else ())} | {"unknown": "未能判定"}


def roles(survey: Survey | None) -> dict[str, str]:
    """What a file or a material is, by code: the survey's forms and documents among them."""
    if survey is None:
        return _ROLES
    forms = {one.form: f"登记表（{one.label}）" for one in survey.categories}
    papers = {rule.name: rule.label for rule in survey.papers}
    demands = {demand.code: demand.short for one in survey.categories for demand in one.demands}
    return demands | forms | _ROLES | papers


def missing_word(survey: Survey, code: str) -> str:
    """What is missing in a few words, e.g. `手机号码` for `field:admin_phone`."""
    if code.startswith("field:"):
        name = code.removeprefix("field:")
        labels = {rule.name: rule.label for rule in survey.fields}
        return f"登记表「{labels.get(name, name)}」一栏"
    return roles(survey).get(code, code)
