"""Reading stores."""

from uuid import UUID

from core.stores.models import Store


async def page(after: UUID | None, limit: int) -> list[Store]:
    """Stores in the order they were added."""
    found = Store.all() if after is None else Store.filter(id__gt=after)
    return await found.order_by("id").limit(limit)


async def exists(store_id: UUID) -> bool:
    """Whether there is such a store that has not closed."""
    return await Store.exists(id=store_id, closed_at=None)
