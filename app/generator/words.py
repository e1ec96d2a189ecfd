"""Names, places and sentences that look like China's, put together by chance: nobody in particular is meant."""

from itertools import accumulate
from random import Random

# Surnames by how common they are, roughly in tenths of a percent.
_SURNAMES = (
    (72, "王"),
    (71, "李"),
    (68, "张"),
    (54, "刘"),
    (46, "陈"),
    (31, "杨"),
    (22, "赵 黄"),
    (21, "周 吴"),
    (17, "徐"),
    (15, "孙"),
    (13, "胡 朱"),
    (12, "高 林"),
    (11, "何 郭"),
    (10, "马"),
    (9, "罗"),
    (8, "梁 宋 郑"),
    (7, "谢 韩 唐"),
    (6, "冯 于 董 萧 程 曹"),
    (5, "袁 邓 许 傅 沈 曾 彭"),
    (4, "吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余"),
    (3, "潘 杜 戴 夏 钟 汪 田 任 姜 范 方 石 姚 谭 廖 邹"),
    (2, "熊 金 陆 郝 孔 白 崔 康 毛 邱 秦 江 史 顾 侯 邵 孟 龙 万 段 雷"),
    (1, "钱 汤 尹 黎 易 常 武 乔 贺 赖 龚 文 欧阳 司马 上官"),
)
_GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲宇欣佳浩然子轩梓涵雨晨思琪嘉怡俊豪雅婷建国志强晓红春梅海燕"
    "丹宁凯悦博瑞诗涵语桐一诺可馨若溪泽楷亦辰沐阳景行知远书瑶清妍云帆立群成林永康玉兰彩凤金凤庆华国庆振东卫民爱华"
)
_CITIES = {
    "上海": ("上海",),
    "北京": ("北京",),
    "广东": ("广州", "深圳", "佛山", "东莞", "珠海"),
    "江苏": ("南京", "苏州", "无锡", "常州", "南通"),
    "浙江": ("杭州", "宁波", "温州", "绍兴", "嘉兴"),
    "四川": ("成都", "绵阳", "德阳"),
    "湖北": ("武汉", "宜昌", "襄阳"),
    "山东": ("济南", "青岛", "烟台"),
    "福建": ("厦门", "福州", "泉州"),
    "陕西": ("西安", "咸阳"),
    "西藏": ("拉萨",),
}
_PROVINCES = tuple(_CITIES)
_PROVINCE_WEIGHTS = (18, 12, 20, 13, 12, 7, 6, 6, 4, 2, 0.02)
_BRANDS = "华瑞恒信鼎盛宏达同泰利丰新源永昌联众博远嘉禾金泽安顺德美天成中诚东升"
_TRADES = ("茶叶", "餐饮", "酒店", "商贸", "文化", "科技", "礼品", "物流", "食品", "酒店管理", "进出口", "物业")
_FORMS = ("有限公司", "有限公司", "股份有限公司", "中心", "经营部")
_STREETS = ("解放", "人民", "中山", "建设", "和平", "长江", "黄河", "南京", "延安", "文化")
INDUSTRIES = ("餐饮", "酒店", "零售", "制造", "物流", "教育", "医疗", "地产", "金融", "文旅")
_NOTES = (
    "电话沟通，对方说月底再定",
    "加了微信，发了产品册",
    "上门拜访，样品已留下",
    "谈了价格，希望再优惠一点",
    "已报价，等采购审批",
    "节日问候，反馈不错",
    "介绍了新品，约下周品鉴",
    "对方暂时没有需求，一个月后再联系",
)
_FAMILIES = tuple(family for _, families in _SURNAMES for family in families.split())
_FAMILY_SUMS = tuple(accumulate(weight for weight, families in _SURNAMES for _ in families.split()))
_PROVINCE_SUMS = tuple(accumulate(_PROVINCE_WEIGHTS))
_GIVEN_SUMS = tuple(accumulate(1 / (rank + 8) for rank in range(len(_GIVEN))))


def person(random: Random) -> str:
    """A name of two or three characters, rarely four."""
    [family] = random.choices(_FAMILIES, cum_weights=_FAMILY_SUMS)
    given = random.choices(_GIVEN, cum_weights=_GIVEN_SUMS, k=random.choice((1, 2, 2, 2)))
    return family + "".join(given)


def place(random: Random) -> tuple[str, str]:
    """Province and city; one province is very rare."""
    [province] = random.choices(_PROVINCES, cum_weights=_PROVINCE_SUMS)
    return province, random.choice(_CITIES[province])


def business(random: Random) -> str:
    """A firm, named for a city."""
    _, city = place(random)
    brand = random.choice(_BRANDS) + random.choice(_BRANDS)
    return f"{city}{brand}{random.choice(_TRADES)}{random.choice(_FORMS)}"


def address(random: Random, city: str) -> str:
    """A street and number."""
    return f"{city}市{random.choice(_STREETS)}路{random.randrange(1, 1500)}号"


def note(random: Random) -> str:
    """What somebody writes down after a call."""
    return random.choice(_NOTES)
