"""A person has a message sent again, knowing that it may arrive twice.

A file of its own: of what failed for good only a person may decide this; nothing else sends a message anew.
"""

from datetime import timedelta
from uuid import UUID

from infra import audit, clock
from infra.database import Connection, transaction
from infra.parameters import Parameter
from wechat.outbound import windows
from wechat.outbound.errors import MessageNotFound, MessageNotRetriable
from wechat.outbound.models import OutboundMessage
from wechat.outbound.rules import SHUT, Channel, Places
from wechat.outbound.saying import refusal

REMEMBERED_SECONDS = Parameter(
    name="wechat.template_memory_seconds",
    default=660,
    least=0,
    most=86_400,
    help="平台报告发送失败的模板消息，首次发送多少秒后才由人工重新发送（此前平台会当作同一条而不再发送）",
    english=(
        "A template message that WeChat reports as failed may be sent again by hand so many seconds "
        "after it was first sent (until then WeChat takes it for the same)"
    ),
)

# What has a number the platform would only answer with that number again, and send nothing.
_RETRY = """
UPDATE outbound_message SET state = 'pending', attempts = 0, error = NULL, leased_until = NULL,
    message_until = NULL, short_until = NULL,
    due_at = CASE WHEN platform_id IS NULL THEN $2 ELSE GREATEST($2, tried_at + $3::interval) END,
    tried_at = NULL, platform_id = NULL, settled_at = NULL, result = NULL, reports = NULL
WHERE id = $1 AND state IN ('failed', 'unknown') AND openid IS NOT NULL
"""


async def retry(message_id: UUID) -> OutboundMessage:
    """Send it again; a customer message takes a place in the window anew.

    Raises MessageNotFound, MessageNotRetriable, and what `saying.say` raises.
    """
    remembered = timedelta(seconds=await REMEMBERED_SECONDS.get())
    async with transaction() as connection:
        message = await OutboundMessage.get_or_none(id=message_id)
        if message is None:
            raise MessageNotFound
        if message.channel is Channel.CUSTOMER:
            await windows.lock(connection, [message.digest])
        written = await connection.execute(_RETRY, message_id, clock.now(), remembered)
        message = await OutboundMessage.get(id=message_id)
        if written == "UPDATE 0":
            raise MessageNotRetriable({"state": message.state})
        if message.channel is Channel.CUSTOMER:
            await _take_place(connection, message)
        await audit.note("outbound.retried", "outbound_message", message_id)
    return message


async def _take_place(connection: Connection, message: OutboundMessage) -> None:
    fan = (await windows.standing(connection, [message.digest])).get(message.digest)
    now = await windows.usable_from()
    allowance = fan.allowance(now) if fan else SHUT
    if fan is None or allowance.why_not is not None:
        raise refusal(allowance)
    places: Places = fan.places(0, now)
    await windows.spend(connection, {message.digest: [places]})
    await connection.execute(
        "UPDATE outbound_message SET message_until = $2, short_until = $3 WHERE id = $1", message.id, *places
    )
