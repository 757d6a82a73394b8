"""Truths of filled forms drawn from a seed: invented units, people and accounts as they are really written.

Nobody of these names and numbers is meant. The same seed gives the same truth for ever.
"""

import random

from build_forms import individual_fields, invented_id, unit_fields

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华文志建国海燕玲红梅鹏飞宇浩轩梓涵子墨雨欣怡嘉琪思远博晨曦佳慧颖雪莹俊峰晓东春生桃李松柏龙凤鸣天成立新民和顺福寿康宁琳珊瑶璐璇"
_TOWNS = ("洣水镇", "石湾镇", "新塘镇", "大浦镇", "吴集镇", "甘溪镇", "杨林镇", "草市镇", "杨桥镇", "霞流镇", "荣桓镇", "高湖镇", "白莲镇",
          "三樟镇", "蓬源镇", "南湾乡", "石滩乡")
_OFFICES = ("教育局", "公安局", "卫生健康局", "农业农村局", "司法局", "文化旅游广电体育局", "交通运输局", "自然资源局", "第一中学", "人民医院",
            "融媒体中心", "图书馆", "妇女联合会", "总工会", "供销合作社", "税务局", "消防救援大队", "气象局", "档案馆", "实验小学")
_FIRMS = ("文化传媒有限公司", "农业科技发展有限公司", "广告装饰有限公司", "网络科技有限公司", "生态旅游开发有限公司")
_BRANDS = ("洣江", "湘衡", "罗荣桓故里", "金觉峰", "锡岩", "晓霞", "天马", "星辰", "楚韵", "稻香", "乐农", "同城", "百事通")
_STREETS = ("文明西路", "迎宾大道", "衡岳路", "兴衡路", "学府路", "青山路", "沿江路", "建设街", "解放路", "交通巷")
_PLATFORMS = (("微信公众号", "微信公众号"), ("微信订阅号", "微信公众号"), ("新浪微博", "新浪微博"), ("今日头条号", "今日头条号"), ("企鹅号", "企鹅号"),
              ("百家号", "百家号"), ("一点资讯号", "一点资讯号"), ("抖音号", "抖音号"), ("网站", "网站"), ("微信小程序", "小程序"))
_SCOPE = ("便民服务", "会员服务", "征婚交友", "新闻发布", "广告业务", "政策法规", "社会资讯", "专业技术", "微社区", "其他")
_FORMATS = ("文字", "图片", "语音", "视频")
_DOMAINS = ("qq.com", "163.com", "126.com", "sina.com", "139.com", "hengdong.gov.cn", "foxmail.com")
_TASKS = ("发布本地政务信息", "宣传党的方针政策", "服务群众生产生活", "介绍衡东风土人情", "推广本地农副产品", "解读惠民惠农政策", "发布招聘求职信息",
          "通报县内重要工作动态", "展示校园文化", "普及法律知识", "提供预约挂号服务", "发布天气预报和灾害预警")


def person(rng: random.Random) -> str:
    """A name of two to four characters."""
    return rng.choice(_SURNAMES) + "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2, 2, 2))))


def phone(rng: random.Random) -> str:
    """A mobile number."""
    return rng.choice(("138", "139", "150", "159", "173", "180", "186", "198")) + "".join(rng.choices("0123456789", k=8))


def handle(rng: random.Random) -> str:
    """A handle as people choose them: letters, digits, underscores."""
    word = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 8)))
    kind = rng.randrange(5)
    if kind == 0:
        return f"{word}{rng.randint(1, 2019)}"
    if kind == 1:
        return f"{word}_{''.join(rng.choices('abcdefghijklmnopqrstuvwxyz0123456789', k=3))}"
    if kind == 2:
        return "gh_" + "".join(rng.choices("0123456789abcdef", k=12))
    return word.capitalize() if kind == 3 else f"hd-{word}"


def truth(seed: int) -> tuple[str, dict]:
    """(kind of form, truth as in `build_forms`) of one form, complete, for a seed."""
    rng = random.Random(f"truth {seed}")
    common = {
        "name": rng.choice(("衡东", "洣水", "衡东县", "我爱", "")) + rng.choice(("发布", "头条", "教育", "生活圈", "微讯", "文旅", "健康", "同城网", "普法", "农家乐")),
        "handle": handle(rng), "service_type": rng.choice(_PLATFORMS)[0],
        "scope": tuple(option for option in _SCOPE if rng.random() < 0.3) or ("新闻发布",),
        "formats": tuple(option for option in _FORMATS if rng.random() < 0.5) or ("文字",),
        "introduction": ",".join(rng.sample(_TASKS, rng.choice((1, 2, 3)))) + rng.choice(("", "。")),
        "registered_on": f"{rng.randint(2012, 2019)}-{rng.randint(1, 7):02d}-{rng.randint(1, 28):02d}",
        "news_license": rng.random() < 0.3, "followers": rng.choice((rng.randint(20, 999), rng.randint(1000, 99999), 12000)),
        "admin_name": person(rng), "admin_phone": phone(rng), "admin_wechat": handle(rng),
        "admin_email": f"{handle(rng).lower()}@{rng.choice(_DOMAINS)}",
    }  # fmt: skip
    if len(common["name"]) < 3:
        common["name"] = "衡东" + common["name"]
    if rng.random() < 0.6:
        unit, kind_of_unit = _unit(rng)
        return "unit_form", unit_fields(**common, unit_name=unit, unit_type=kind_of_unit, legal_representative=person(rng),
                                        address=_address(rng))  # fmt: skip
    born = f"{rng.randint(1958, 2000)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    return "individual_form", individual_fields(
        **common, owner_name=person(rng), owner_id_number=invented_id(rng.randrange(1000), born), owner_phone=phone(rng),
        owner_wechat=handle(rng), employer=_unit(rng)[0],
    )  # fmt: skip


def _unit(rng: random.Random) -> tuple[str, str]:
    kind = rng.randrange(3)
    if kind == 0:
        return f"衡东县{rng.choice(_TOWNS)}人民政府", "机关"
    if kind == 1:
        office = rng.choice(_OFFICES)
        return f"衡东县{office}", "机关" if office.endswith("局") else "事业单位"
    return f"衡东县{rng.choice(_BRANDS)}{rng.choice(_FIRMS)}", "企业"


def _address(rng: random.Random) -> str:
    return f"衡东县{rng.choice(_TOWNS)}{rng.choice(_STREETS)}{rng.randint(1, 288)}号" + rng.choice(("", f"{rng.randint(2, 9)}楼", "办公楼三楼"))
