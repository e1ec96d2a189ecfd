"""Responders answer a push at once: first come, first served, within a time limit, reading only."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import InitVar, dataclass
from uuid import UUID

from core.customers import queries as customers
from core.customers.queries import Fan
from infra import crypto, database
from infra.logging import logger
from infra.parameters import Parameter
from wechat.conversations import queries as conversations
from wechat.conversations.queries import ChatView
from wechat.outbound.contents import Content, TextContent
from wechat.pushes.messages import Body, Push

RESPONDER_MS = Parameter(
    name="wechat.responder_ms",
    default=150,
    least=10,
    most=3000,
    help="自动回复的时限（毫秒），超过则不回复",
    english="How many milliseconds an automatic reply may take; after that nothing is said",
)


@dataclass(frozen=True, slots=True)
class View:
    """What a responder may look at; the fan's row and the conversation are read only when asked for."""

    app_id: str
    account: str
    push: Push

    async def fan(self) -> Fan | None:
        """The fan as known before this push, or None for a newcomer."""
        return await customers.fan(crypto.digest(self.app_id, self.push.openid))

    async def chat(self) -> ChatView | None:
        """The conversation as it was before this push, or None when there is none yet."""
        return await conversations.chat(crypto.digest(self.app_id, self.push.openid))


@dataclass(frozen=True, slots=True)
class Response:
    """What is said, in order, and by which rule; `text` stands for one text. Nothing to say is silence.

    The first is the passive reply where it can be one, all others follow as customer messages. `hand_over`: a person
    is wanted as well.
    """

    contents: tuple[Content, ...] = ()
    rule_id: UUID | None = None
    hand_over: bool = False
    text: InitVar[str | None] = None

    def __post_init__(self, text: str | None) -> None:
        if text:
            # Our own words, filled in: as long as they are, the platform's limit is kept where they go out.
            object.__setattr__(self, "contents", (TextContent.model_construct(text=text),))


SILENCE = Response()


@dataclass(frozen=True, slots=True)
class Responder:
    """Asked for pushes whose body is one of `answers`; None leaves the push to the next responder."""

    name: str
    answers: tuple[type[Body], ...]
    respond: Callable[[View], Awaitable[Response | None]]


async def respond(responders: Iterable[Responder], view: View) -> Response:
    """The first response, or silence. One that is late or broken is cut off and silence is the answer.

    Raises Unavailable when PostgreSQL is away: the push is refused then, and the platform sends it again.
    """
    asked = [responder for responder in responders if isinstance(view.push.body, responder.answers)]
    if not asked:
        return SILENCE
    name = ""
    try:
        async with asyncio.timeout(await RESPONDER_MS.get() / 1000):
            for responder in asked:
                name = responder.name
                response = await responder.respond(view)
                if response is not None:
                    return response
    except TimeoutError:
        logger().warning("responder_late", responder=name)
    except Exception as error:
        if database.is_outage(error):
            raise
        logger().exception("responder_broken", responder=name)
    return SILENCE
