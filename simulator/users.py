"""Openids, unionids and what the platform tells an account about its followers."""

import base64
import hashlib
from typing import Any

from simulator.errors import DATA_FORMAT, INVALID_OPENID, INVALID_OPENID_LIST, PlatformError
from simulator.records import Account, Follow
from simulator.state import State

ID_CHARACTERS = 27
LANGUAGES = ("zh_CN", "zh_TW", "en")


def openid_of(app_id: str, fan_id: str) -> str:
    """Return "o" and 27 characters that this person always has at this account."""
    return _identifier("openid", app_id, fan_id)


def unionid_of(open_platform: str, fan_id: str) -> str:
    """Return "o" and 27 characters that this person has at every account of this open platform."""
    return _identifier("unionid", open_platform, fan_id)


def info(state: State, account: Account, openid: str, lang: str) -> dict[str, Any]:
    """Answer `/cgi-bin/user/info`: no nickname, no picture; 40003 for whoever never followed the account."""
    follow = state.follows_by_openid.get((account.app_id, openid))
    if follow is None:
        raise PlatformError(INVALID_OPENID)
    if not follow.following:
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
    start = 0
    if next_openid:
        if (account.app_id, next_openid) not in state.follows_by_openid:
            raise PlatformError(INVALID_OPENID)
        start = [follow.openid for follow in everyone].index(next_openid) + 1
    total = sum(follow.following for follow in everyone)
    openids = [follow.openid for follow in everyone[start:] if follow.following]
    openids = openids[: account.limits.user_get_page]
    if not openids:
        return {"total": total, "count": 0, "next_openid": ""}
    return {"total": total, "count": len(openids), "data": {"openid": openids}, "next_openid": openids[-1]}


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
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": follow.subscribe_scene,
        "qr_scene": follow.qr_scene,
        "qr_scene_str": follow.qr_scene_str,
    }
    if account.open_platform is not None:
        result["unionid"] = unionid_of(account.open_platform, follow.fan_id)
    return result


def _identifier(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:ID_CHARACTERS]
