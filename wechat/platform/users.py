"""Users of an official account, their tags and the blacklist (wechat-platform §5). Sizes of lists are the caller's."""

from collections.abc import Sequence
from typing import Any

from wechat.accounts.queries import Credentials
from wechat.platform.client import call


async def user_infos(account: Credentials, openids: Sequence[str]) -> list[dict[str, Any]]:
    """What is known of at most 100 people.

    `subscribe` 0 or 1; when 1: subscribe_time, unionid?, remark, tagid_list, subscribe_scene, qr_scene(_str).
    """
    body = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in openids]}
    answer = await call(account, "/cgi-bin/user/info/batchget", body, fields=("user_info_list",))
    found: list[dict[str, Any]] = answer["user_info_list"]
    return found


async def followers(account: Credentials, after: str) -> tuple[list[str], str]:
    """A page of followers after an openid ("" for the first): (openids, the next page's `after` or "")."""
    return _page(await call(account, "/cgi-bin/user/get", params={"next_openid": after}, fields=("total", "count")))


async def tags(account: Credentials) -> list[dict[str, Any]]:
    """All tags: id, name, count."""
    found: list[dict[str, Any]] = (await call(account, "/cgi-bin/tags/get", fields=("tags",)))["tags"]
    return found


async def create_tag(account: Credentials, name: str) -> int:
    """The new tag's number. Not repeatable: a second one of the same name is refused (45157)."""
    answer = await call(account, "/cgi-bin/tags/create", {"tag": {"name": name}}, fields=("tag",), writes=True)
    number: int = answer["tag"]["id"]
    return number


async def rename_tag(account: Credentials, number: int, name: str) -> None:
    """Give a tag another name."""
    body = {"tag": {"id": number, "name": name}}
    await call(account, "/cgi-bin/tags/update", body, writes=True, repeatable=True)


async def delete_tag(account: Credentials, number: int) -> None:
    """Delete a tag and take it from everybody."""
    await call(account, "/cgi-bin/tags/delete", {"tag": {"id": number}}, writes=True, repeatable=True)


async def tag(account: Credentials, number: int, openids: Sequence[str]) -> None:
    """Give a tag to at most 50 followers."""
    body = {"tagid": number, "openid_list": list(openids)}
    await call(account, "/cgi-bin/tags/members/batchtagging", body, writes=True, repeatable=True)


async def untag(account: Credentials, number: int, openids: Sequence[str]) -> None:
    """Take a tag from at most 50 followers."""
    body = {"tagid": number, "openid_list": list(openids)}
    await call(account, "/cgi-bin/tags/members/batchuntagging", body, writes=True, repeatable=True)


async def tagged(account: Credentials, number: int, after: str) -> tuple[list[str], str]:
    """A page of the followers who carry a tag, after an openid: (openids, the next page's `after` or "")."""
    answer = await call(account, "/cgi-bin/user/tag/get", {"tagid": number, "next_openid": after}, fields=("count",))
    return _page(answer)


async def blacklist(account: Credentials, after: str) -> tuple[list[str], str]:
    """A page of the blacklist, after an openid: (openids, the next page's `after` or "")."""
    path = "/cgi-bin/tags/members/getblacklist"
    answer = await call(account, path, {"begin_openid": after}, fields=("count",), repeatable=True)
    return _page(answer)


async def block(account: Credentials, openids: Sequence[str]) -> None:
    """Put at most 20 followers on the blacklist."""
    body = {"openid_list": list(openids)}
    await call(account, "/cgi-bin/tags/members/batchblacklist", body, writes=True, repeatable=True)


async def unblock(account: Credentials, openids: Sequence[str]) -> None:
    """Take at most 20 from the blacklist."""
    body = {"openid_list": list(openids)}
    await call(account, "/cgi-bin/tags/members/batchunblacklist", body, writes=True, repeatable=True)


def _page(answer: dict[str, Any]) -> tuple[list[str], str]:
    openids = answer["data"]["openid"] if answer["count"] else []
    return openids, answer.get("next_openid", "") if openids else ""
