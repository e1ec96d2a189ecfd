"""Calls counted per account and endpoint against the platform's quotas (wechat-platform §1.3, §4.2, §5).

Counts lie in Redis and may be lost: the platform's own count is the one that holds, and its 45009 and 45011 are
remembered until the day (of the platform, business time) or the minute is over.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra import clock, redis
from infra.logging import logger
from infra.parameters import Parameter
from wechat.platform.errors import QuotaSpent

_DAY_SECONDS = 2 * 86_400  # so that Redis forgets; what counts is the day in the name
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls a day and a minute; without one of them the platform names none."""

    daily: Parameter[int] | None = None
    minute: Parameter[int] | None = None


def _daily(name: str, default: int, words: str, english: str) -> Parameter[int]:
    return Parameter(
        name=f"wechat.daily.{name}",
        default=default,
        least=0,
        most=100_000_000,
        help=f"接口每日调用上限：{words}（以公众平台“接口权限”页为准）",
        english=f"The most calls a day: {english} (the platform's page of rights says how many)",
    )


def _minute(name: str, default: int, words: str, english: str) -> Parameter[int]:
    return Parameter(
        name=f"wechat.minute.{name}",
        default=default,
        least=1,
        most=10_000_000,
        help=f"接口每分钟调用上限：{words}",
        english=f"The most calls a minute: {english}",
    )


_TAGS = _daily("tags", 100_000, "标签管理（官方未公布）", "labels (no official number)")

QUOTAS = {
    "/cgi-bin/stable_token": Quota(
        _daily("stable_token", 500_000, "获取稳定版令牌", "stable token"),
        _minute("stable_token", 10_000, "获取稳定版令牌", "stable token"),
    ),
    "/cgi-bin/ticket/getticket": Quota(
        _daily("ticket", 1_000, "获取 JS-SDK 票据（官方未公布）", "JS-SDK ticket (no official number)")
    ),
    "/cgi-bin/qrcode/create": Quota(_daily("qrcode_create", 100_000, "生成带参数二维码", "codes with a scene")),
    "/wxa/getwxacodeunlimit": Quota(minute=_minute("wxacode", 5_000, "生成小程序码", "mini-program codes")),
    "/cgi-bin/message/template/send": Quota(_daily("template_send", 100_000, "发送模板消息", "template messages")),
    "/cgi-bin/message/custom/send": Quota(_daily("message_custom_send", 500_000, "发送客服消息", "customer messages")),
    "/cgi-bin/media/upload": Quota(_daily("media_upload", 100_000, "上传临时素材", "upload of temporary media")),
    "/cgi-bin/media/uploadimg": Quota(
        _daily(
            "media_uploadimg",
            100_000,
            "上传图文消息内的图片（官方未公布）",
            "upload of pictures for articles (no official number)",
        )
    ),
    "/cgi-bin/media/get": Quota(_daily("media_get", 200_000, "获取临时素材", "fetching temporary media")),
    "/sns/oauth2/access_token": Quota(
        minute=_minute("oauth", 50_000, "网页授权换取身份", "who somebody is, by web log-in")
    ),
    "/cgi-bin/user/get": Quota(_daily("user_get", 500, "获取关注者列表", "list of followers")),
    "/cgi-bin/user/info/batchget": Quota(_daily("user_info", 5_000_000, "获取用户信息", "followers' profiles")),
    "/cgi-bin/get_current_selfmenu_info": Quota(
        _daily("selfmenu", 10_000, "查询自定义菜单配置", "the menu's settings")
    ),
    "/cgi-bin/menu/create": Quota(_daily("menu_create", 1_000, "创建自定义菜单", "making a menu")),
    "/cgi-bin/menu/get": Quota(_daily("menu_get", 10_000, "查询自定义菜单", "reading a menu")),
    "/cgi-bin/menu/delete": Quota(_daily("menu_delete", 1_000, "删除自定义菜单", "deleting a menu")),
    "/cgi-bin/menu/addconditional": Quota(
        _daily("menu_addconditional", 2_000, "新增个性化菜单", "making a personal menu")
    ),
    "/cgi-bin/menu/delconditional": Quota(
        _daily("menu_delconditional", 2_000, "删除个性化菜单", "deleting a personal menu")
    ),
    "/cgi-bin/tags/get": Quota(_TAGS),
    "/cgi-bin/tags/create": Quota(_TAGS),
    "/cgi-bin/tags/update": Quota(_TAGS),
    "/cgi-bin/tags/delete": Quota(_TAGS),
    "/cgi-bin/tags/members/batchtagging": Quota(_TAGS),
    "/cgi-bin/tags/members/batchuntagging": Quota(_TAGS),
    "/cgi-bin/user/tag/get": Quota(_TAGS),
    "/cgi-bin/tags/members/getblacklist": Quota(_TAGS),
    "/cgi-bin/tags/members/batchblacklist": Quota(_TAGS),
    "/cgi-bin/tags/members/batchunblacklist": Quota(_TAGS),
}
_NONE = Quota()


async def spend(app_id: str, path: str) -> None:
    """Count a call that is about to be made. Raises QuotaSpent when the day's or minute's calls are used up."""
    quota = QUOTAS.get(path, _NONE)
    day, minute = _names(app_id, path)
    try:
        pipeline = redis.client().pipeline(transaction=False)
        pipeline.mget(f"{day}:spent", f"{minute}:spent")
        for name, seconds in ((day, _DAY_SECONDS), (minute, 2 * _MINUTE)):
            pipeline.incr(name)
            pipeline.expire(name, seconds)
        (day_spent, minute_spent), today, _, this_minute, _ = await pipeline.execute()
        if day_spent or (quota.daily and today > await quota.daily.get()):
            until = _midnight()
        elif minute_spent or (quota.minute and this_minute > await quota.minute.get()):
            until = _next_minute()
        else:
            return
        await redis.client().decr(day)
    except redis.RedisError as error:
        logger().warning("not_counted", path=path, error=type(error).__name__)
        return
    raise QuotaSpent(path, until)


async def note_day_spent(app_id: str, path: str) -> datetime:
    """The platform says the day is used up (45009); returns when it will be asked again (midnight).

    An endpoint with a quota of the minute alone says it of the minute (wechat-platform §4.2).
    """
    quota = QUOTAS.get(path, _NONE)
    if quota.minute and not quota.daily:
        return await note_minute_spent(app_id, path)
    await _remember(_names(app_id, path)[0], _DAY_SECONDS)
    return _midnight()


async def note_minute_spent(app_id: str, path: str) -> datetime:
    """The platform says the minute is used up; returns when it will be asked again."""
    await _remember(_names(app_id, path)[1], 2 * _MINUTE)
    return _next_minute()


async def today(app_id: str) -> dict[str, tuple[int, int | None]]:
    """Today's calls by endpoint: (calls made, allowed calls or None)."""
    names = {path: _names(app_id, path)[0] for path in QUOTAS}
    counts = await redis.client().mget(list(names.values()))
    return {
        path: (int(count or 0), await quota.daily.get() if quota.daily else None)
        for (path, quota), count in zip(QUOTAS.items(), counts, strict=True)
    }


async def forget(app_id: str) -> None:
    """The platform has cleared its counters (`clear_quota`): so do we."""
    names = [name for path in QUOTAS for name in _names(app_id, path)]
    await redis.client().delete(*names, *(f"{name}:spent" for name in names))


def _names(app_id: str, path: str) -> tuple[str, str]:
    stem = f"wechat:calls:{app_id}:{path}"
    return f"{stem}:{clock.business_day().isoformat()}", f"{stem}:{int(clock.timestamp() // _MINUTE)}"


async def _remember(name: str, seconds: int) -> None:
    try:
        await redis.client().set(f"{name}:spent", 1, ex=seconds)
    except redis.RedisError as error:
        logger().warning("not_counted", error=type(error).__name__)


def _midnight() -> datetime:
    return clock.start_of_day(clock.business_day() + timedelta(days=1))


def _next_minute() -> datetime:
    return datetime.fromtimestamp((clock.timestamp() // _MINUTE + 1) * _MINUTE, UTC)
