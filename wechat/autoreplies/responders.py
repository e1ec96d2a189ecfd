"""The one responder for all that a fan does: welcomes, commands and rules, as `asking` orders them."""

from contextlib import aclosing

from wechat.autoreplies.acts import ANSWERED, act_of
from wechat.autoreplies.asking import ask
from wechat.autoreplies.book import book
from wechat.pushes.responders import Responder, Response, View


async def _reply(view: View) -> Response | None:
    async with aclosing(ask(await act_of(view), await book(), everybody=False)) as outcomes:
        async for outcome in outcomes:
            if outcome.response is not None:
                return outcome.response
    return None


RESPONDERS = (Responder("auto_replies", ANSWERED, _reply),)
