"""What the tests of the inbox share: fans who write without a platform, colleagues, what became of conversations."""

import asyncio
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.customers.rules import ContactKind, Credit
from core.customers.service import record_contacts
from core.organisation.queries import Colleague
from core.permissions.rules import RoleKey
from infra import clock, crypto, database, parameters
from infra.errors import DomainError
from infra.ids import new_id
from tests import factories as make
from wechat.conversations.rules import MessageKind
from wechat.conversations.service import Answer, Heard
from wechat.inbox import presence, receiving, replying
from wechat.inbox.schemas import ReplyIn
from wechat.outbound import windows
from wechat.outbound.contents import TextContent
from wechat.outbound.windows import Action, Closing, Opening


@dataclass
class Fan:
    """A person in an account."""

    account: Any
    openid: str

    @property
    def digest(self) -> bytes:
        return crypto.digest(self.account.app_id, self.openid)


async def agent(name: str | None = None) -> Colleague:
    return await make.colleague(RoleKey.SERVICE, name)


async def follower(
    account: Any, guide: Colleague | None = None, store: Any = None, *, openid: str | None = None
) -> Fan:
    """Somebody who follows, through the code of a guide or of a store."""
    fan = Fan(account, openid or make.openid())
    store_id = store.id if store else guide and guide.store_id
    credit = Credit(guide_id=guide and guide.id, store_id=store_id)
    contact = make.contact(ContactKind.FOLLOW, clock.now(), person=fan.openid, credit=credit, app_id=account.app_id)
    await make.record(contact)
    return fan


async def says(fan: Fan, text: str = "在吗", *, answer: Answer | None = None, at: datetime | None = None) -> None:
    """A message as the handler of pushes writes it down; `answer` is what a rule said."""
    await hear(fan, MessageKind.TEXT, ContactKind.MESSAGE, text=text, answer=answer, at=at)


async def leaves(fan: Fan) -> None:
    await hear(fan, MessageKind.EVENT, ContactKind.UNFOLLOW, content={"event": "unsubscribe"}, left=True)


async def taps(fan: Fan, answer: Answer | None = None) -> None:
    await hear(fan, MessageKind.EVENT, None, content={"event": "click", "key": "menu"}, answer=answer)


async def hear(fan: Fan, kind: MessageKind, contact: ContactKind | None, *, at=None, **more: Any) -> None:
    at = at or clock.now()
    heard = Heard(push_id=new_id(), digest=fan.digest, openid=fan.openid, said_at=at, kind=kind, **more)
    async with database.transaction() as connection:
        if contact is not None:
            made = make.contact(contact, at, person=fan.openid, app_id=fan.account.app_id)
            await record_contacts(connection, [made])
        if contact is ContactKind.MESSAGE:
            await windows.open_many(connection, [Opening(fan.digest, fan.account.id, Action.MESSAGE, at)])
        elif contact is ContactKind.UNFOLLOW:
            await windows.close_many(connection, [Closing(fan.digest, fan.account.id, at)])
        await receiving.receive_many(connection, [heard])


def answered(text: str = "营业时间 9 点到 21 点", *, hand_over: bool = False) -> Answer:
    """What a rule says."""
    return Answer(contents=(TextContent(text=text),), passive=True, hand_over=hand_over)


HANDED_OVER = answered("已为您转接", hand_over=True)


async def conversation(fan: Fan) -> dict[str, Any]:
    [found] = await make.rows(
        "SELECT k.* FROM conversation k JOIN identity i ON i.id = k.identity_id WHERE i.digest = $1", fan.digest
    )
    return found


async def id_of(fan: Fan) -> UUID:
    return UUID(int=(await conversation(fan))["id"].int)


async def cases(fan: Fan) -> list[dict[str, Any]]:
    """All cases of a fan, the first one first."""
    return await make.rows("SELECT * FROM service_case WHERE conversation_id = $1 ORDER BY id", await id_of(fan))


async def holder(fan: Fan) -> tuple[UUID | None, UUID | None]:
    """Who has it, and of which store; the case says the same."""
    row = await conversation(fan)
    [case] = [one for one in await cases(fan) if one["closed_at"] is None]
    assert (case["staff_id"], case["store_id"], case["id"]) == (row["staff_id"], row["store_id"], row["case_id"])
    return row["staff_id"], row["store_id"]


async def here(*staff: Colleague, away: bool = False) -> None:
    for one in staff:
        await presence.be_there(one, away=away)


async def rung(staff: Colleague) -> list[dict[str, Any]]:
    """The notices of somebody about fans who wait."""
    return await make.rows("SELECT * FROM notice WHERE staff_id = $1 AND kind = 'chat.waiting' ORDER BY id", staff.id)


async def live(staff: Colleague) -> list[tuple[str, int]]:
    """(reason, number) of the chat events on somebody's stream."""
    return [
        (row["reason"], row["number"])
        for row in await make.rows(
            """SELECT payload ->> 'reason' AS reason, (payload ->> 'number')::int AS number FROM live_event
            WHERE topic = $1 AND kind = 'chat' ORDER BY seq""",
            f"staff:{staff.id}",
        )
    ]


async def thread(fan: Fan) -> list[tuple[int, str, str | None]]:
    """(number, author, text) of all messages."""
    return [
        (row["number"], row["author"], row["text"])
        for row in await make.rows(
            "SELECT number, author, text FROM chat_message WHERE conversation_id = $1 ORDER BY number", await id_of(fan)
        )
    ]


async def sent(fan: Fan) -> list[str]:
    """The texts in the ledger that will go out, in order."""
    return [
        row["text"]
        for row in await make.rows(
            """SELECT payload ->> 'text' AS text FROM outbound_message
            WHERE conversation_id = $1 AND state <> 'skipped' ORDER BY id""",
            await id_of(fan),
        )
    ]


async def answers(by: Colleague, fan: Fan, text: str = "在的", *, seen: int | None = None, anyway: bool = False) -> int:
    """A reply; by default of somebody who has seen everything."""
    number = (await conversation(fan))["last_number"] if seen is None else seen
    body = ReplyIn(content=TextContent(text=text), seen=number, anyway=anyway)
    return await replying.reply(by, await id_of(fan), body)


async def version(fan: Fan) -> int:
    return (await conversation(fan))["version"]


async def set_parameter(name: str, value: object) -> None:
    await parameters.change(name, value, expected_version=0, by="test")


async def at_once(*works):
    """Results or errors, each on connections of its own."""
    tasks = [asyncio.create_task(work, context=Context()) for work in works]
    found = await asyncio.gather(*tasks, return_exceptions=True)
    for one in found:
        if isinstance(one, Exception) and not isinstance(one, DomainError):
            raise one
    return found


def codes(found) -> list[str]:
    """Named outcomes, `done` for what succeeded."""
    return sorted(one.code if isinstance(one, DomainError) else "done" for one in found)
