"""Tags of an official account's followers, and the account's blacklist."""

from typing import Any

from simulator.platform import users
from simulator.world.errors import (
    DATA_FORMAT,
    TAG_HAS_MANY_FANS,
    TAG_INVALID,
    TAG_NAME_INVALID,
    TAG_NAME_TOO_LONG,
    TAG_RESERVED,
    TAGS_USED_UP,
    USER_TAGS_USED_UP,
    PlatformError,
)
from simulator.world.records import Account, Follow, Record
from simulator.world.state import State

# 0 ungrouped, 1 blacklist and 2 starred were there before there were tags; only the last is listed.
RESERVED = (0, 1, 2)
STARRED = {"id": 2, "name": "星标组", "count": 0}
FIRST_ID = 100


class Tag(Record):
    """A tag; a deleted one leaves its id unused."""

    app_id: str
    tag_id: int
    name: str
    deleted: bool = False

    def key(self) -> str:
        return f"{self.app_id}|{self.tag_id}"


def create(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/tags/create`; errcode 45157 name, 45158 too long, 45056 too many tags."""
    name = _name(state, account, _given(body))
    if len(_tags(state, account)) >= account.limits.tags:
        raise PlatformError(TAGS_USED_UP)
    ever = sum(tag.app_id == account.app_id for tag in state.every(Tag).values())
    tag = Tag(app_id=account.app_id, tag_id=FIRST_ID + ever, name=name)
    state.save(tag)
    return {"tag": {"id": tag.tag_id, "name": tag.name}}


def every(state: State, account: Account) -> dict[str, Any]:
    """Answer `/cgi-bin/tags/get`: every tag with how many followers carry it."""
    tags = [
        {"id": tag.tag_id, "name": tag.name, "count": sum(bearer.following for bearer in _bearers(state, account, tag))}
        for tag in _tags(state, account)
    ]
    return {"tags": [STARRED, *tags]}


def rename(state: State, account: Account, body: dict[str, Any]) -> None:
    """Carry out `/cgi-bin/tags/update`; errcode 45058 reserved, 45159 unknown, 45157 or 45158 name."""
    given = _given(body)
    tag = _changeable(state, account, given)
    tag.name = _name(state, account, given, but=tag)
    state.save(tag)


def delete(state: State, account: Account, body: dict[str, Any]) -> None:
    """Carry out `/cgi-bin/tags/delete`, also at all who carry it; errcode 45058, 45159, 45057 too many of them."""
    tag = _changeable(state, account, _given(body))
    bearers = _bearers(state, account, tag)
    if len(bearers) > account.limits.tag_fans_to_delete:
        raise PlatformError(TAG_HAS_MANY_FANS)
    tag.deleted = True
    with state.atomic():
        state.save(tag)
        _untag(state, tag, bearers)


def bearers_page(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/user/tag/get`: the followers with a tag, a page at a time."""
    tag = living(state, account, body.get("tagid"))
    everyone = list(state.follows[account.app_id].values())
    bearers = [follow for follow in _bearers(state, account, tag) if follow.following]
    openids = users.page_after(everyone, bearers, str(body.get("next_openid", "")))
    return users.listed(openids[: account.limits.user_get_page])


def put_on(state: State, account: Account, body: dict[str, Any]) -> None:
    """Carry out `batchtagging` for all or for none; errcode 40032, 45159, 40003, 50005, 45059 too many on one."""
    openids = users.openid_list(body, account.limits.tagging_size)
    tag = living(state, account, body.get("tagid"))
    follows = [users.follower(state, account, openid) for openid in openids]
    fresh = [follow for follow in follows if tag.tag_id not in follow.tags]
    if any(len(follow.tags) >= account.limits.tags_per_user for follow in fresh):
        raise PlatformError(USER_TAGS_USED_UP)
    with state.atomic():
        for follow in fresh:
            follow.tags.append(tag.tag_id)
            state.save(follow)


def take_off(state: State, account: Account, body: dict[str, Any]) -> None:
    """Carry out `batchuntagging`; errcode 40032, 45159, 40003."""
    openids = users.openid_list(body, account.limits.tagging_size)
    tag = living(state, account, body.get("tagid"))
    follows = [users.known(state, account, openid) for openid in openids]
    with state.atomic():
        _untag(state, tag, [follow for follow in follows if tag.tag_id in follow.tags])


def blacklist_page(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `getblacklist`: who is on it, after `begin_openid`, a page at a time."""
    everyone = list(state.follows[account.app_id].values())
    banned = [follow for follow in everyone if follow.blacklisted]
    openids = users.page_after(everyone, banned, str(body.get("begin_openid", "")))
    return {"total": len(banned)} | users.listed(openids[: account.limits.user_get_page])


def blacklist(state: State, account: Account, body: dict[str, Any], *, banned: bool) -> None:
    """Carry out `batchblacklist` and its opposite for all or for none; errcode 40032, 40003."""
    openids = users.openid_list(body, account.limits.blacklist_size)
    follows = [users.known(state, account, openid) for openid in openids]
    with state.atomic():
        for follow in follows:
            follow.blacklisted = banned
            state.save(follow)


def _given(body: dict[str, Any]) -> dict[str, Any]:
    given = body.get("tag")
    if not isinstance(given, dict):
        raise PlatformError(DATA_FORMAT)
    return given


def _name(state: State, account: Account, given: dict[str, Any], *, but: Tag | None = None) -> str:
    name = given.get("name")
    taken = {tag.name for tag in _tags(state, account) if tag is not but} | {STARRED["name"]}
    if not isinstance(name, str) or not name.strip() or name in taken:
        raise PlatformError(TAG_NAME_INVALID)
    if len(name.encode()) > account.limits.tag_name_bytes:
        raise PlatformError(TAG_NAME_TOO_LONG)
    return name


def _changeable(state: State, account: Account, given: dict[str, Any]) -> Tag:
    if given.get("id") in RESERVED:
        raise PlatformError(TAG_RESERVED)
    return living(state, account, given.get("id"))


def living(state: State, account: Account, tag_id: object) -> Tag:
    """Return a tag that is there; errcode 45159."""
    tag = state.every(Tag).get(f"{account.app_id}|{tag_id}")
    if tag is None or tag.deleted:
        raise PlatformError(TAG_INVALID)
    return tag


def _tags(state: State, account: Account) -> list[Tag]:
    return [tag for tag in state.every(Tag).values() if tag.app_id == account.app_id and not tag.deleted]


def _bearers(state: State, account: Account, tag: Tag) -> list[Follow]:
    return [follow for follow in state.follows[account.app_id].values() if tag.tag_id in follow.tags]


def _untag(state: State, tag: Tag, follows: list[Follow]) -> None:
    for follow in follows:
        follow.tags.remove(tag.tag_id)
        state.save(follow)
