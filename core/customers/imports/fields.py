"""What a column of an import can be: every field, its title, and what people call it in their tables.

A file of its own: the form, the mapping and the conversion all read this one list.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.customers.imports import converting
from core.customers.imports.converting import (
    GENDERS,
    NATURES,
    PARTIES,
    STAGES,
    STATUSES,
)
from core.customers.linking.rules import PhoneLabel
from infra import names

CUSTOM = "custom:"


@dataclass(frozen=True, slots=True)
class Field:
    """What a column can be; `synonyms` are words without white space.

    `convert` turns a cell that holds something into a value, or raises converting.Unreadable.
    """

    key: str
    title: str
    synonyms: str
    convert: Callable[[str], Any]


def _line(most: int) -> Callable[[str], str]:
    return partial(converting.line, most=most)


def _choice(words: Mapping[str, Any]) -> Callable[[str], Any]:
    return partial(converting.choice, words=words)


FIELDS: Sequence[Field] = (
    Field("name", "名称", "姓名 客户姓名 客户名称 客户名 公司名称 单位名称 name customer customername", _line(100)),
    Field("mobile", "手机", "手机号 手机号码 联系手机 移动电话 mobile cell cellphone mobilephone", converting.mobiles),
    Field("nature", "客户性质", "性质 个人/企业 nature", _choice(NATURES)),
    Field("party", "客户类型", "类型 类别 type party customertype", _choice(PARTIES)),
    Field("status", "客户状态", "状态 status", _choice(STATUSES)),
    Field("stage", "生命周期阶段", "阶段 生命周期 stage", _choice(STAGES)),
    Field("level", "客户级别", "级别 等级 客户等级 level grade", _line(30)),
    Field("gender", "性别", "gender sex", _choice(GENDERS)),
    Field("birthday", "生日", "出生日期 出生年月日 birthday birthdate dateofbirth", converting.birthday),
    Field("mnemonic", "助记码", "拼音码 简码 mnemonic mnemoniccode", _line(50)),
    Field(
        "external_number",
        "外部编号",
        "客户编号 编号 会员号 会员编号 原系统编号 客户编码 externalnumber customernumber code id",
        _line(100),
    ),
    Field("industry", "行业", "所属行业 industry", _line(50)),
    Field("province", "省份", "省 所在省 province state", _line(30)),
    Field("city", "城市", "市 所在城市 city", _line(30)),
    Field("address", "地址", "办公地址 联系地址 详细地址 通讯地址 address officeaddress", _line(200)),
    Field("postcode", "邮编", "邮政编码 postcode zip postalcode", converting.postcode),
    Field(
        "main_phone",
        "电话",
        "主要电话 联系电话 固定电话 座机 公司电话 phone telephone tel mainphone",
        converting.phone_texts,
    ),
    Field("finance_phone", "财务电话", "财务联系电话 financephone", converting.phone_texts),
    Field("office_phone", "办公电话", "单位电话 officephone", converting.phone_texts),
    Field("home_phone", "家庭电话", "宅电 家庭固话 homephone", converting.phone_texts),
    Field("fax", "传真", "传真号码 fax", converting.phone_texts),
    Field("email", "邮箱", "电子邮箱 电子邮件 邮件 email e-mail mail", converting.email),
    Field("home_page", "网址", "主页 网站 公司网站 homepage website url", _line(200)),
    Field("credit_grade", "信用等级", "信用级别 creditgrade", _line(10)),
    Field("credit_limit", "信用额度", "授信额度 creditlimit", converting.money),
    Field("parent", "上级单位", "上级公司 母公司 所属集团 parent parentunit", _line(100)),
    Field(
        "registered_at",
        "登记时间",
        "注册时间 建档日期 建档时间 登记日期 注册日期 registered registeredat",
        converting.moment,
    ),
    Field("remark", "备注", "说明 备注信息 remark remarks note notes comment", converting.text),
    Field("owner", "负责人", "负责人登录名 所属员工 业务员 导购 跟进人 归属人 owner sales", _line(50)),
    Field("tags", "标签", "客户标签 分组 tags tag labels", converting.several),
)
BY_KEY: Mapping[str, Field] = {field.key: field for field in FIELDS}

# What takes a right of its own.
CREDIT = frozenset({"credit_grade", "credit_limit"})

# Which label the numbers of a field get.
PHONES: Mapping[str, PhoneLabel] = {
    "mobile": PhoneLabel.MOBILE,
    "main_phone": PhoneLabel.MAIN,
    "finance_phone": PhoneLabel.FINANCE,
    "office_phone": PhoneLabel.OFFICE,
    "home_phone": PhoneLabel.HOME,
    "fax": PhoneLabel.FAX,
}


def suggested(headers: Iterable[str], custom: Iterable[tuple[str, str]]) -> list[str | None]:
    """Which field each column probably is, by what people call it; a field once. `custom`: (key, title)."""
    called = {
        names.key(word): field.key for field in FIELDS for word in (field.key, *field.synonyms.split(), field.title)
    }
    called |= {names.key(title): key for key, title in custom if names.key(title) not in called}
    found = list[str | None]()
    for header in headers:
        key = called.get(names.key(header).rstrip("*＊:：").replace("_", ""), called.get(names.key(header)))
        found.append(None if key in found else key)
    return found
