"""Automatic replies as marketers write them, and fans who ask."""

from typing import Any

import httpx

from core.organisation.queries import Colleague
from core.permissions.rules import RoleKey
from tests import factories as make
from tests.pushes import Pushes
from wechat.accounts.queries import Credentials
from wechat.autoreplies import book, queries, service
from wechat.autoreplies.schemas import AutoReplyIn, AutoReplyOut

PATH = "/staff/v1/auto-replies"


def text(words: str) -> dict[str, Any]:
    return {"kind": "text", "text": words}


def body(says: str | None = "答", **changes: Any) -> dict[str, Any]:
    """A rule as it is sent: one text upon the exact words 问, unless told otherwise."""
    kept = {"name": "规则", "trigger": "keyword", "contents": [] if says is None else [text(says)]}
    if changes.get("trigger", "keyword") == "keyword":
        kept |= {"match": "exact", "words": ["问"]}
    elif changes["trigger"] == "default":
        kept |= {"hand_over": True}
    return kept | changes


async def marketer() -> Colleague:
    return await make.colleague(RoleKey.MARKETER)


async def rule(by: Colleague, says: str | None = "答", **changes: Any) -> AutoReplyOut:
    rule_id = await service.add(by, AutoReplyIn.model_validate(body(says, **changes)))
    book.forget()
    return await queries.rule(rule_id, by.id)


async def said(http: httpx.AsyncClient, fan: Pushes, fields: dict[str, Any] | str) -> str | None:
    """What a fan reads at once upon an act, or a text."""
    pushed = fan.text(fields) if isinstance(fields, str) else fields
    return fan.opened(await fan.sealed(pushed).send(http)).get("Content")


def fan_of(account: Credentials) -> Pushes:
    return Pushes(account, make.openid())
