"""The one responder for all that a fan does: welcomes, commands and rules, as `asking` orders them."""

import asyncio
from contextlib import aclosing

from wechat.autoreplies.acts import ANSWERED, act_of
from wechat.autoreplies.asking import ask
from wechat.autoreplies.book import book, fresh
from wechat.pushes.responders import Responder, Response, View


async def _reply(view: View) -> Response | None:
    rules = fresh()
    if rules is not None:
        act = await act_of(view)
    else:
        # Side by side: each may wait for a moment when PostgreSQL is slow, and there is little time.
        act, rules = await asyncio.gather(act_of(view), book())
    async with aclosing(ask(act, rules, everybody=False)) as outcomes:
        async for outcome in outcomes:
            if outcome.response is not None:
                return outcome.response
    return None


RESPONDERS = (Responder("auto_replies", ANSWERED, _reply),)
