"""Fans in a chat: people of the simulator whom we know, with a conversation, and what they do told to both sides."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.customers.rules import Contact, ContactKind
from core.customers.service import record_contacts
from infra import clock, database
from infra.ids import new_id
from tests.factories import rows
from wechat.accounts.queries import Credentials
from wechat.outbound import saying, windows
from wechat.outbound.contents import TextContent
from wechat.outbound.saying import Saying
from wechat.outbound.windows import Action, Closing, Opening

SEND = "/cgi-bin/message/custom/send"

_numbers = itertools.count(1)


@dataclass
class Fan:
    """A follower whose conversation there is; the platform's first window has passed when it is told of nothing."""

    account: Credentials
    fan_id: str
    openid: str
    digest: bytes
    conversation_id: UUID


def now() -> datetime:
    """WeChat tells whole seconds."""
    moment = clock.now()
    return moment.replace(microsecond=0)


async def fan(platform, account) -> Fan:
    """A follower, known to both sides; the follow itself was told to the platform only."""
    number = next(_numbers)
    fan_id = (await platform.ok("/sim/fans", {"name": f"顾客{number}"}))["fans"][0]["fan_id"]
    openid = (await platform.ok(f"/sim/fans/{fan_id}/follow", {"app_id": account.app_id, "wait": False}))["openid"]
    return await known(account, openid, fan_id)


async def known(account, openid, fan_id="") -> Fan:
    """Somebody we know, whom a test without the platform may have made up."""
    number = next(_numbers)
    digest = b"fan-%012d" % number
    async with database.transaction() as connection:
        await record_contacts(connection, [_contact(account, openid, digest, ContactKind.FOLLOW)])
    conversation_id = new_id()
    await database.execute(
        """INSERT INTO conversation (id, account_id, identity_id, last_number, last_at, version, created_at)
        SELECT $1, $2, id, 0, $4, 1, $4 FROM identity WHERE digest = $3""",
        conversation_id,
        account.id,
        digest,
        clock.now(),
    )
    return Fan(account, fan_id, openid, digest, conversation_id)


def _contact(account, openid, digest, kind):
    return Contact(source=new_id(), app_id=account.app_id, openid=openid, identity=digest, kind=kind, occurred_at=now())


async def opened(fan, action=Action.MESSAGE, at=None):
    """We hear of something the fan did."""
    async with database.transaction() as connection:
        await windows.open_many(connection, [Opening(fan.digest, fan.account.id, action, at or now())])


async def closed(fan, at=None):
    """We hear that the fan left."""
    async with database.transaction() as connection:
        await windows.close_many(connection, [Closing(fan.digest, fan.account.id, at or now())])


async def writes(platform, fan):
    """The fan writes, and we hear of it."""
    await platform.ok(f"/sim/fans/{fan.fan_id}/send", {"app_id": fan.account.app_id, "text": "在吗", "wait": False})
    await opened(fan)


async def talker(platform, account) -> Fan:
    """A fan who has just written."""
    one = await fan(platform, account)
    await writes(platform, one)
    return one


def words(fan, text="您好", **more) -> Saying:
    return Saying(
        **{
            "account_id": fan.account.id,
            "conversation_id": fan.conversation_id,
            "digest": fan.digest,
            "openid": fan.openid,
            "content": TextContent(text=text),
            "key": f"said:{next(_numbers)}",
        }
        | more
    )


async def say(fan, text="您好", **more) -> UUID:
    """A person's message, up to the ledger."""
    async with database.transaction() as connection:
        return await saying.say(connection, words(fan, text, **more))


async def allowance(fan):
    async with database.connection() as connection:
        return (await windows.read_many(connection, [fan.digest]))[fan.digest]


async def left(fan) -> int:
    return (await allowance(fan)).left


async def states():
    return [(row["state"], row["error"]) for row in await rows("SELECT * FROM outbound_message ORDER BY id")]


async def shown(platform, fan):
    """What the phone shows of our customer messages, the oldest first."""
    bubbles = await platform.ok(f"/sim/fans/{fan.fan_id}/phone?app_id={fan.account.app_id}")
    return [bubble["text"] for bubble in bubbles if bubble["channel"] == "custom"]


async def stats(platform, account):
    return await platform.ok(f"/sim/stats?app_id={account.app_id}")


async def calls(platform, account) -> int:
    return (await stats(platform, account))["calls"].get("message_custom_send", 0)


async def tried_outside(platform, account) -> int:
    """Messages that came to the platform outside every window, or too many of them."""
    return (await stats(platform, account))["refused_outside_window"]
