"""What templates are picked from: the public titles with their key words, categories, and an account's industries."""

from dataclasses import dataclass
from typing import Any

from simulator.world.errors import INVALID_ARGUMENTS, INVALID_RANGE, INVALID_TEMPLATE_TITLE, PlatformError
from simulator.world.records import Account, Record
from simulator.world.state import State

Keywords = dict[int, tuple[str, str]]
FOOD, SHOPS = 307, 616
CATEGORIES = [{"id": FOOD, "name": "食品"}, {"id": SHOPS, "name": "线下超市/便利店"}]
PAGE_MOST = 30


@dataclass(frozen=True, slots=True)
class PublicTitle:
    """A title with its key words (type and name by number), of which an account picks some."""

    title: str
    category: int
    keywords: Keywords


TITLES = {
    "1001": PublicTitle(
        "预约成功通知",
        SHOPS,
        {1: ("thing", "预约项目"), 2: ("time", "预约时间"), 3: ("thing", "门店"), 4: ("thing", "备注")},
    ),
    "1002": PublicTitle(
        "订单状态通知",
        FOOD,
        {1: ("character_string", "订单号"), 2: ("phrase", "订单状态"), 3: ("amount", "金额"), 4: ("date", "下单日期")},
    ),
    "1003": PublicTitle(
        "积分变动通知", FOOD, {1: ("thing", "变动原因"), 2: ("number", "变动积分"), 3: ("number", "剩余积分")}
    ),
    "1004": PublicTitle(
        "活动开始提醒", SHOPS, {1: ("thing", "活动名称"), 2: ("time", "开始时间"), 3: ("thing", "温馨提示")}
    ),
}


@dataclass(frozen=True, slots=True)
class Industry:
    """A line of business as the platform names it."""

    first_class: str
    second_class: str


INDUSTRIES = {
    "1": Industry("IT科技", "互联网/电子商务"),
    "10": Industry("餐饮", "餐饮"),
    "41": Industry("其它", "其它"),
}


class Industries(Record):
    """The two lines of business that an account chose."""

    app_id: str
    primary: str
    secondary: str

    def key(self) -> str:
        return self.app_id


def title(title_id: object) -> PublicTitle:
    """Return a public title; errcode 200012."""
    found = TITLES.get(str(title_id))
    if found is None:
        raise PlatformError(INVALID_TEMPLATE_TITLE)
    return found


def titles(ids: str, start: str, limit: str) -> dict[str, Any]:
    """Answer `getpubtemplatetitles`: those of the categories; errcode 200016 start or limit."""
    if not (start.isdecimal() and limit.isdecimal()) or not 1 <= int(limit) <= PAGE_MOST:
        raise PlatformError(INVALID_RANGE)
    wanted = ids.split(",")
    found = [(tid, each) for tid, each in TITLES.items() if str(each.category) in wanted]
    page = found[int(start) : int(start) + int(limit)]
    data = [{"tid": int(tid), "title": each.title, "type": 2, "categoryId": str(each.category)} for tid, each in page]
    return {"errcode": 0, "errmsg": "ok", "count": len(found), "data": data}


def keywords(title_id: str) -> dict[str, Any]:
    """Answer `getpubtemplatekeywords`; errcode 200012."""
    found = title(title_id).keywords
    data = [{"kid": kid, "name": name, "example": "", "rule": rule} for kid, (rule, name) in found.items()]
    return {"errcode": 0, "errmsg": "ok", "count": len(data), "data": data}


def industries(state: State, account: Account) -> tuple[Industry, Industry]:
    """Return the account's two lines of business."""
    chosen = state.every(Industries).get(account.app_id, Industries(app_id=account.app_id, primary="1", secondary="10"))
    return INDUSTRIES[chosen.primary], INDUSTRIES[chosen.secondary]


def set_industries(state: State, account: Account, body: dict[str, Any]) -> None:
    """Carry out `api_set_industry`; errcode 40097 unknown or twice the same."""
    primary, secondary = (str(body.get(name)) for name in ("industry_id1", "industry_id2"))
    if primary == secondary or not {primary, secondary} <= set(INDUSTRIES):
        raise PlatformError(INVALID_ARGUMENTS)
    state.save(Industries(app_id=account.app_id, primary=primary, secondary=secondary))
