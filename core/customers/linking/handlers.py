"""Reactions of linking to merges."""

from core.customers.events import CustomersMerged
from core.customers.linking import deciding
from infra.events import Delivered, Handler


async def _weigh(delivered: Delivered[CustomersMerged]) -> None:
    await deciding.weigh_numbers_of(delivered.event.target_id)


HANDLERS = (Handler(name="customers.linking.weigh", events=(CustomersMerged,), handle=_weigh),)
