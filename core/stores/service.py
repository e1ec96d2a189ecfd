"""Use cases around stores."""

from typing import Any
from uuid import UUID

from core.channels.errors import ChannelNotFound
from core.stores.errors import StoreNameTaken, StoreNotFound
from core.stores.events import StoreAdded
from core.stores.models import Store
from infra import clock
from infra.database import constraint_errors, transaction
from infra.ids import new_id
from infra.outbox import publish

_CONSTRAINTS = {"store_name_key": StoreNameTaken, "store_channel_id_fkey": ChannelNotFound}


async def add_store(
    *,
    name: str,
    address: str = "",
    hours: str = "",
    phone: str = "",
    picture_url: str | None = None,
    channel_id: UUID | None = None,
) -> Store:
    """A new store. Raises StoreNameTaken, ChannelNotFound."""
    with constraint_errors(_CONSTRAINTS):
        async with transaction():
            store = await Store.create(
                id=new_id(),
                name=name,
                address=address,
                hours=hours,
                phone=phone,
                picture_url=picture_url,
                channel_id=channel_id,
                created_at=clock.now(),
            )
            await publish(StoreAdded(store_id=store.id))
    return store


async def change_store(store_id: UUID, values: dict[str, Any]) -> Store:
    """Change the fields given, of a closed store too. Raises StoreNotFound, StoreNameTaken, ChannelNotFound."""
    with constraint_errors(_CONSTRAINTS):
        async with transaction():
            store = await Store.select_for_update().get_or_none(id=store_id)
            if store is None:
                raise StoreNotFound
            if values:
                await store.update_from_dict(values).save(update_fields=list(values))
    return store


async def close_store(store_id: UUID) -> Store:
    """The store closes for good; closing twice changes nothing. Raises StoreNotFound."""
    async with transaction():
        store = await Store.select_for_update().get_or_none(id=store_id)
        if store is None:
            raise StoreNotFound
        if store.closed_at is None:
            store.closed_at = clock.now()
            await store.save(update_fields=["closed_at"])
    return store
