"""What a newcomer finds on the phone page: posters with words, and notices to subscribe to."""

from typing import Any

from app.demo.story import Story

_TEMPLATES: dict[str, tuple[str, dict[str, str]]] = {
    "demo-new-arrival": ("新品上市提醒", {"thing1": "商品名称", "time2": "上市时间", "thing3": "温馨提示"}),
    "demo-shipped": ("订单发货通知", {"character_string1": "订单编号", "thing2": "商品名称", "time3": "发货时间"}),
}
_ORDER = {"guide": 0, "store": 1, "channel": 2}


async def hang_captions(story: Story, app_id: str) -> None:
    """Tell the phone page whose each poster is: guides first, then stores and channels, those of a season last."""
    codes = await story.issued_codes(app_id)
    stores = {store["id"]: store["name"] for store in (await story.staff("GET", "/stores?limit=200"))["items"]}
    guides = (await story.staff("GET", "/guides?limit=200"))["items"]
    store_of = {guide["id"]: stores[guide["store_id"]] for guide in guides}
    ordered = sorted(codes, key=lambda code: (not code["standing"], _ORDER[code["kind"]], code["target"]))
    captions = {code["ticket"]: _caption(code, store_of) for code in ordered}
    await story.wechat("/sim/codes/captions", {"app_id": app_id, "captions": captions}, method="PUT")


def _caption(code: dict[str, Any], store_of: dict[str, str]) -> str:
    kind = {"store": "门店", "channel": "渠道"}.get(code["kind"]) or store_of[code["target_id"]]
    return f"{code['target']} · {code['name'] or kind}"


async def offer_notices(story: Story, app_id: str) -> None:
    """Give the account the templates its dialog of subscription notices asks about."""
    for template_id, (title, keys) in _TEMPLATES.items():
        template = {"app_id": app_id, "template_id": template_id, "kind": "subscribe", "title": title, "keys": keys}
        await story.wechat("/sim/templates", template, method="PUT")
