"""Message templates of an account, and the public ones they are picked from."""

from typing import Any, Literal

from simulator.messaging import media
from simulator.world.errors import (
    INVALID_KEYWORDS,
    INVALID_TEMPLATE_ID,
    INVALID_TEMPLATE_TITLE,
    TEMPLATES_USED_UP,
    ControlError,
    PlatformError,
)
from simulator.world.limits import Limits
from simulator.world.records import Account, Record
from simulator.world.state import State

TemplateKind = Literal["template", "subscribe"]

# The public library: a title with its key words, of which an account picks some by number or by name.
LIBRARY: dict[str, tuple[str, dict[int, tuple[str, str]]]] = {
    "1001": (
        "预约成功通知",
        {1: ("thing", "预约项目"), 2: ("time", "预约时间"), 3: ("thing", "门店"), 4: ("thing", "备注")},
    ),
    "1002": (
        "订单状态通知",
        {1: ("character_string", "订单号"), 2: ("phrase", "订单状态"), 3: ("amount", "金额"), 4: ("date", "下单日期")},
    ),
    "1003": ("积分变动通知", {1: ("thing", "变动原因"), 2: ("number", "变动积分"), 3: ("number", "剩余积分")}),
    "1004": ("活动开始提醒", {1: ("thing", "活动名称"), 2: ("time", "开始时间"), 3: ("thing", "温馨提示")}),
}
CATEGORIES = [{"id": 307, "name": "食品"}, {"id": 616, "name": "线下超市/便利店"}]


class Template(Record):
    """A template with its typed keys and their names; `status` is what a send reports later."""

    app_id: str
    template_id: str
    kind: TemplateKind
    title: str
    keys: dict[str, str]
    marketing: bool = False
    status: str = "success"

    def key(self) -> str:
        return f"{self.app_id}|{self.template_id}"

    @property
    def content(self) -> str:
        """The text with the places of its values."""
        return "\n".join(f"{name}:{{{{{key}.DATA}}}}" for key, name in self.keys.items())


def find(state: State, account: Account, template_id: object, kind: TemplateKind) -> Template:
    """Return the account's template of that kind; errcode 40037."""
    template = state.every(Template).get(f"{account.app_id}|{template_id}")
    if template is None or template.kind != kind:
        raise PlatformError(INVALID_TEMPLATE_ID)
    return template


def of_account(state: State, app_id: str, kind: TemplateKind | None = None) -> list[Template]:
    """Return an account's templates, oldest first."""
    everything = state.every(Template).values()
    return [each for each in everything if each.app_id == app_id and kind in (None, each.kind)]


def subscription(state: State, account: Account, template_id: str) -> Template:
    """Return a subscription template; 404 template_unknown."""
    try:
        return find(state, account, template_id, "subscribe")
    except PlatformError as error:
        raise ControlError(404, "template_unknown", "this account has no such subscription template") from error


def add(state: State, account: Account, kind: TemplateKind, title_id: object, keywords: object) -> Template:
    """Pick a public template with some of its key words, by number or name.

    Errcode 200012 no such title, 200014 key words, 45026 too many templates.
    """
    title, known = LIBRARY.get(str(title_id), ("", {}))
    if not title:
        raise PlatformError(INVALID_TEMPLATE_TITLE)
    if len(of_account(state, account.app_id, kind)) >= account.limits.templates:
        raise PlatformError(TEMPLATES_USED_UP)
    template = Template(
        app_id=account.app_id,
        template_id=media.new_id()[:43],
        kind=kind,
        title=title,
        keys=_keys(account.limits, known, keywords),
    )
    state.save(template)
    return template


def delete(state: State, account: Account, template_id: object, kind: TemplateKind) -> None:
    """Delete a template; errcode 40037."""
    state.drop(find(state, account, template_id, kind))


def _keys(limits: Limits, known: dict[int, tuple[str, str]], keywords: object) -> dict[str, str]:
    given = keywords if isinstance(keywords, list) else []
    picked = [number for each in given for number in known if each in (number, known[number][1])]
    right = len(picked) == len(given) == len(set(picked))
    if not right or not limits.template_keywords_least <= len(picked) <= limits.template_keywords_most:
        raise PlatformError(INVALID_KEYWORDS)
    return {f"{known[number][0]}{number}": known[number][1] for number in picked}


def listed(template: Template) -> dict[str, Any]:
    """Return a template as `get_all_private_template` lists it."""
    return {
        "template_id": template.template_id,
        "title": template.title,
        "primary_industry": "消费品",
        "deputy_industry": "消费品",
        "content": template.content,
        "example": "",
    }


def listed_subscription(template: Template) -> dict[str, Any]:
    """Return a template as `newtmpl/gettemplate` lists it; type 2 allows one message each time."""
    return {
        "priTmplId": template.template_id,
        "title": template.title,
        "content": template.content,
        "example": "",
        "type": 2,
    }
