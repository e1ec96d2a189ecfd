"""Handing a guide's codes over: what is printed leads to the receiver from that moment on."""

from uuid import UUID

from infra import database
from infra.context import Belonging
from wechat.codes import service


async def held(staff_id: UUID) -> int:
    """How many codes lead to a guide, the standing and the stopped ones included."""
    row = await database.fetch_one("SELECT count(*) AS n FROM wechat_code WHERE guide_id = $1", staff_id)
    return row["n"] if row else 0


async def hand_over(connection: database.Connection, source: UUID, target: UUID, _hand_over_id: UUID) -> int:
    """Point all of them at the receiver, in the caller's transaction. Raises ReceiverNoGuide."""
    return await service.aim_all(connection, source, target)


BELONGING = Belonging(name="codes", title="二维码", held=held, hand_over=hand_over)
