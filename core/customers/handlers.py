"""Reactions of customers to other parts' events."""

from core.customers import service
from core.organisation.events import StaffWechatBound, StaffWechatUnbound
from infra.database import connection
from infra.events import Delivered, Handler


async def _mark_staff(delivered: Delivered[StaffWechatBound]) -> None:
    async with connection() as current:
        await service.mark_staff(current, bytes.fromhex(delivered.event.identity))


HANDLERS = (Handler(name="customers.mark_staff", events=(StaffWechatBound, StaffWechatUnbound), handle=_mark_staff),)
