"""Notices follow to the phones of those they are for."""

from core.notices import queries as notices
from core.notices.events import NoticesRaised
from core.notices.queries import ToSend
from core.organisation import bindings
from core.organisation.bindings import Address
from infra.database import connection
from infra.events import Delivered, Handler
from wechat.colleagues import templates
from wechat.colleagues.rules import Lengths
from wechat.colleagues.templates import Carrier
from wechat.outbound import service as outbound
from wechat.outbound.rules import Channel, NewMessage, Why


async def _send(delivered: Delivered[NoticesRaised]) -> None:
    async with connection() as current:
        carriers = await templates.carriers(current)
        if not carriers:
            return
        found = await notices.to_send(current, delivered.event.notice_ids)
        unread = [notice for notice in found if notice.read_at is None]
        addresses = await bindings.addresses(current, {notice.staff_id for notice in unread})
        most = await templates.lengths()
        messages = [
            _message(notice, *way, most)
            for notice in unread
            if (way := _way(addresses.get(notice.staff_id, []), carriers)) is not None
        ]
        if messages:
            await outbound.put_many(current, messages)


def _way(addresses: list[Address], carriers: dict[str, Carrier]) -> tuple[Carrier, Address] | None:
    """One account for each person: the first with a template, those that send before the silent ones."""
    newest = dict[str, Address]()
    for address in addresses:
        newest.setdefault(address.app_id, address)
    ways = [(carrier, newest[app_id]) for app_id, carrier in carriers.items() if app_id in newest]
    return min(ways, key=lambda way: way[0].silent, default=None)


def _message(notice: ToSend, carrier: Carrier, address: Address, most: Lengths) -> NewMessage:
    why = Why.MUTED if notice.muted else Why.ACCOUNT_SILENT if carrier.silent else None
    return NewMessage(
        account_id=carrier.account_id,
        channel=Channel.TEMPLATE,
        key=f"notice:{notice.id}",
        digest=address.digest,
        openid=address.openid,
        payload=templates.payload(carrier, notice, most),
        due_at=notice.send_after or notice.created_at,
        staff_id=notice.staff_id,
        source_id=notice.id,
        why=why,
    )


HANDLERS = (Handler(name="wechat.colleagues.notify", events=(NoticesRaised,), handle=_send),)
