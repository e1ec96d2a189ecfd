"""Reading stores."""

from uuid import UUID

from core.stores.models import Store


async def page(
    after: UUID | None, limit: int, *, channel_id: UUID | None = None, is_open: bool | None = None
) -> list[Store]:
    """Stores (of a channel; open or closed ones) in the order they were added."""
    found = Store.all() if after is None else Store.filter(id__gt=after)
    if channel_id is not None:
        found = found.filter(channel_id=channel_id)
    if is_open is not None:
        found = found.filter(closed_at__isnull=is_open)
    return await found.order_by("id").limit(limit)


async def exists(store_id: UUID) -> bool:
    """Whether there is such a store that has not closed."""
    return await Store.exists(id=store_id, closed_at=None)
