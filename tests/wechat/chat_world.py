"""Fans who talk to an account, what is answered, and the thread that comes of it."""

from app.contexts import registry
from infra.ids import new_id
from tests import factories as make
from wechat.conversations import queries
from wechat.conversations.schemas import MessageFilters
from wechat.pushes.messages import Click, Subscribe, Text
from wechat.pushes.responders import Responder
from wechat.pushes.service import Receiver


async def hear(fan, *all_fields, answer=None, answers=(Text, Subscribe, Click)):
    """Pushes through the endpoint with a responder that says this, and what follows from them; the replies."""

    async def respond(_view):
        return answer

    door = Receiver((Responder("answer", answers, respond),))
    replies = []
    for fields in all_fields:
        sealed = fan.sealed(fields)
        replies.append(await door.receive(fan.account.app_id, sealed.query, sealed.body, None))
    await door.close()
    await make.settle(registry())
    return replies


async def conversation():
    [row] = await make.rows("SELECT * FROM conversation")
    return row


async def thread(**filters):
    return await queries.thread((await conversation())["id"], MessageFilters(**filters), new_id())
