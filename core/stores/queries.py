"""Reading stores."""

from dataclasses import dataclass
from uuid import UUID

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_stores, reaches_store
from core.stores.errors import StoreNotFound
from core.stores.models import Store
from infra import database


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFilter:
    """Which stores: of a channel, open or closed ones, `text` is part of the name."""

    channel_id: UUID | None = None
    is_open: bool | None = None
    text: str | None = None


async def page(by: Colleague, wanted: StoreFilter, after: UUID | None, limit: int) -> list[Store]:
    """Stores in reach in the order they were added."""
    values = Values()
    parts = [of_stores(by, values.put, "id")]
    if after is not None:
        parts.append(f"id > {values.put(after)}")
    if wanted.channel_id is not None:
        parts.append(f"channel_id = {values.put(wanted.channel_id)}")
    if wanted.is_open is not None:
        parts.append("closed_at IS NULL" if wanted.is_open else "closed_at IS NOT NULL")
    if wanted.text is not None:
        parts.append(f"strpos(lower(name), {values.put(wanted.text.lower())}) > 0")
    rows = await database.fetch(
        f"SELECT id FROM store WHERE {' AND '.join(parts)} ORDER BY id LIMIT {values.put(limit)}", *values
    )
    return await Store.filter(id__in=[row["id"] for row in rows]).order_by("id")


async def store(by: Colleague, store_id: UUID) -> Store:
    """One store in reach. Raises StoreNotFound."""
    found = await Store.get_or_none(id=store_id) if await reaches_store(by, store_id) else None
    if found is None:
        raise StoreNotFound
    return found
