"""The one responder for all that a fan does: welcomes, commands and rules, as `asking` orders them."""

import asyncio
from contextlib import aclosing

from wechat.autoreplies.acts import ANSWERED, Act, act_of
from wechat.autoreplies.asking import ask
from wechat.autoreplies.book import Book, book, fresh
from wechat.pushes.responders import Responder, Response, View


async def _reply(view: View) -> Response | None:
    act, rules = await _what_is_known(view)
    async with aclosing(ask(act, rules, everybody=False)) as outcomes:
        async for outcome in outcomes:
            if outcome.response is not None:
                return outcome.response
    return None


async def _what_is_known(view: View) -> tuple[Act, Book]:
    rules = fresh()
    if rules is not None:
        return await act_of(view), rules
    # Side by side: each may wait for a moment when PostgreSQL is slow, and there is little time.
    return await asyncio.gather(act_of(view), book())


RESPONDERS = (Responder("auto_replies", ANSWERED, _reply),)
