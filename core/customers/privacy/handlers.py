"""Reactions of privacy: who leaves is to be forgotten, who comes back is not."""

from collections.abc import Sequence

from core.customers.events import FollowingChanged
from core.customers.privacy import erasing
from infra.database import connection
from infra.events import Delivered, Handler


async def _following_changed(deliveries: Sequence[Delivered[FollowingChanged]]) -> None:
    async with connection() as current:
        changed = {one for delivered in deliveries for one in delivered.event.customer_ids}
        await erasing.following_changed(current, changed)


HANDLERS = (
    Handler(name="customers.privacy.following_changed", events=(FollowingChanged,), handle_many=_following_changed),
)
