"""Use cases around stores."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.channels.errors import ChannelNotFound
from core.organisation import places
from core.organisation.errors import DepartmentNotFound
from core.organisation.queries import Colleague
from core.organisation.scopes import reaches_store
from core.permissions.rules import Scope
from core.stores.errors import StoreNameTaken, StoreNotFound
from core.stores.events import StoreAdded
from core.stores.models import Store
from infra import audit, clock
from infra.database import constraint_errors, retry_on_conflict, transaction
from infra.geo import Position
from infra.ids import new_id
from infra.outbox import publish

CONSTRAINTS = {"store_name_key": StoreNameTaken, "store_channel_id_fkey": ChannelNotFound}
# Of these the audit says only that they changed.
_UNTOLD = {"phone"}


async def add(by: Colleague, *, department_id: UUID | None, **values: Any) -> Store:
    """A new store where the colleague sees it: in the own department when none is given, except by who sees everything.

    Raises DepartmentNotFound and what `add_store` raises.
    """
    if department_id is None and by.scope is not Scope.ALL:
        department_id = by.department_id
    async with transaction():
        if department_id is not None and not await places.department_in_reach(by, department_id):
            raise DepartmentNotFound
        return await add_store(department_id=department_id, **values)


async def add_store(
    *,
    name: str,
    address: str = "",
    hours: str = "",
    phone: str = "",
    picture_url: str | None = None,
    channel_id: UUID | None = None,
    department_id: UUID | None = None,
    position: Position | None = None,
) -> Store:
    """A new store. Raises StoreNameTaken, ChannelNotFound, DepartmentNotFound."""
    with constraint_errors(CONSTRAINTS):
        async with transaction() as connection:
            if department_id is not None:
                await places.hold_department(connection, department_id)
            store = await Store.create(
                id=new_id(),
                name=name,
                address=address,
                hours=hours,
                phone=phone,
                picture_url=picture_url,
                channel_id=channel_id,
                department_id=department_id,
                **columns_of(position),
                created_at=clock.now(),
            )
            await publish(StoreAdded(store_id=store.id))
            await audit.note("store.added", "store", store.id, {"name": name, "department_id": department_id})
    return store


@retry_on_conflict
async def change_store(by: Colleague, store_id: UUID, values: Mapping[str, Any]) -> Store:
    """Change the fields given, of a closed store too.

    Raises StoreNotFound, StoreNameTaken, ChannelNotFound, DepartmentNotFound.
    """
    with constraint_errors(CONSTRAINTS):
        async with transaction() as connection:
            # Before the store, as everybody who needs both.
            if (department_id := values.get("department_id")) is not None:
                await places.hold_department(connection, department_id)
            store = await _hold(by, store_id)
            changed = {name: value for name, value in values.items() if getattr(store, name) != value}
            if not changed:
                return store
            if "department_id" in changed:
                await _check_department(by, changed["department_id"])
            details = {
                name: "changed" if name in _UNTOLD else [getattr(store, name), value] for name, value in changed.items()
            }
            columns = {name: value for name, value in changed.items() if name != "position"}
            if "position" in changed:
                columns |= columns_of(changed["position"])
            await store.update_from_dict(columns).save(update_fields=list(columns))
            await audit.note("store.changed", "store", store_id, details)
    return store


async def close_store(by: Colleague, store_id: UUID) -> Store:
    """The store closes for good; closing twice changes nothing. Raises StoreNotFound."""
    async with transaction():
        store = await _hold(by, store_id)
        if store.closed_at is None:
            store.closed_at = clock.now()
            await store.save(update_fields=["closed_at"])
            await audit.note("store.closed", "store", store_id)
    return store


def columns_of(position: Position | None) -> dict[str, Any]:
    """How a position is stored."""
    if position is None:
        return {"latitude": None, "longitude": None, "datum": None}
    return {
        "latitude": position.wgs84_latitude,
        "longitude": position.wgs84_longitude,
        "datum": position.datum.value,
    }


async def _hold(by: Colleague, store_id: UUID) -> Store:
    store = await Store.select_for_update().get_or_none(id=store_id)
    if store is None or not await reaches_store(by, store_id):
        raise StoreNotFound
    return store


async def _check_department(by: Colleague, department_id: UUID | None) -> None:
    """A store is taken out of all departments by who sees everything; others would lose it from sight."""
    if department_id is None and by.scope is Scope.ALL:
        return
    if department_id is None or not await places.department_in_reach(by, department_id):
        raise DepartmentNotFound
