"""What the platform tells an account about its followers."""

from typing import Any

from simulator.world.errors import (
    DATA_FORMAT,
    INVALID_ARGUMENT,
    INVALID_OPENID,
    INVALID_OPENID_LIST,
    NOT_FOLLOWING,
    PlatformError,
)
from simulator.world.identities import unionid_of
from simulator.world.records import Account, Follow, Visit
from simulator.world.state import State

LANGUAGES = ("zh_CN", "zh_TW", "en")


def info(state: State, account: Account, openid: str, lang: str) -> dict[str, Any]:
    """Answer `/cgi-bin/user/info`: no nickname, no picture; 40003 for whoever was never at the account."""
    visitor = f"{account.app_id}|{openid}" in state.every(Visit)
    follow = state.follows_by_openid.get((account.app_id, openid)) if visitor else known(state, account, openid)
    if follow is None or not follow.following:
        return {"subscribe": 0, "openid": openid}
    return _follower(account, follow, lang)


def batch(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/user/info/batchget`: 47001 shape, 40032 none or too many, 40003 a foreign openid."""
    users = body.get("user_list")
    if not isinstance(users, list):
        raise PlatformError(DATA_FORMAT)
    if not 1 <= len(users) <= account.limits.user_info_batchget_size:
        raise PlatformError(INVALID_OPENID_LIST)
    return {"user_info_list": [_asked(state, account, user) for user in users]}


def page(state: State, account: Account, next_openid: str) -> dict[str, Any]:
    """Answer `/cgi-bin/user/get`: followers in the order of their first follow, after `next_openid`."""
    everyone = list(state.follows[account.app_id].values())
    followers = [follow for follow in everyone if follow.following]
    openids = page_after(everyone, followers, next_openid)
    return {"total": len(followers)} | listed(openids[: account.limits.user_get_page])


def page_after(everyone: list[Follow], chosen: list[Follow], openid: str) -> list[str]:
    """Return the openids of the chosen that stand behind somebody in the list of everyone, or all of them."""
    if not openid:
        return [follow.openid for follow in chosen]
    places = {follow.openid: place for place, follow in enumerate(everyone)}
    if openid not in places:
        raise PlatformError(INVALID_OPENID)
    return [follow.openid for follow in chosen if places[follow.openid] > places[openid]]


def listed(openids: list[str]) -> dict[str, Any]:
    """Return a page of openids in the platform's shape; an empty one has no data."""
    if not openids:
        return {"count": 0, "next_openid": ""}
    return {"count": len(openids), "data": {"openid": openids}, "next_openid": openids[-1]}


def update_remark(state: State, account: Account, body: dict[str, Any]) -> None:
    """Carry out `/cgi-bin/user/info/updateremark`; errcode 40035 for what is no text or too long."""
    remark = body.get("remark")
    if not isinstance(remark, str) or len(remark.encode()) > account.limits.remark_bytes:
        raise PlatformError(INVALID_ARGUMENT)
    follow = follower(state, account, body.get("openid"))
    follow.remark = remark
    state.save(follow)


def known(state: State, account: Account, openid: object) -> Follow:
    """Return who follows the account or once did; errcode 40003."""
    follow = state.follows_by_openid.get((account.app_id, str(openid)))
    if follow is None:
        raise PlatformError(INVALID_OPENID)
    return follow


def follower(state: State, account: Account, openid: object) -> Follow:
    """Return who follows the account now; errcode 40003 nobody, 50005 not any more."""
    follow = known(state, account, openid)
    if not follow.following:
        raise PlatformError(NOT_FOLLOWING)
    return follow


def openid_list(body: dict[str, Any], most: int) -> list[str]:
    """Return the body's `openid_list`; errcode 47001 shape, 40032 none or too many."""
    openids = body.get("openid_list")
    if not isinstance(openids, list):
        raise PlatformError(DATA_FORMAT)
    if not 1 <= len(openids) <= most:
        raise PlatformError(INVALID_OPENID_LIST)
    return list(dict.fromkeys(map(str, openids)))


def _asked(state: State, account: Account, user: object) -> dict[str, Any]:
    if not isinstance(user, dict):
        raise PlatformError(DATA_FORMAT)
    return info(state, account, str(user.get("openid", "")), str(user.get("lang", "")))


def _follower(account: Account, follow: Follow, lang: str) -> dict[str, Any]:
    result = {
        "subscribe": 1,
        "openid": follow.openid,
        "language": lang if lang in LANGUAGES else LANGUAGES[0],
        "subscribe_time": follow.subscribe_time,
        "remark": follow.remark,
        "groupid": follow.tags[0] if follow.tags else 0,
        "tagid_list": follow.tags,
        "subscribe_scene": follow.subscribe_scene,
        "qr_scene": follow.qr_scene,
        "qr_scene_str": follow.qr_scene_str,
    }
    if account.open_platform is not None:
        result["unionid"] = unionid_of(account.open_platform, follow.fan_id)
    return result
