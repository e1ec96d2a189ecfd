"""Use cases around people: what an administrator changes, within the own reach and rights.

Whoever changes rights holds them, before and after; whoever moves a person sees the new place. Rows are locked in one
order everywhere: people, departments, posts, stores, roles.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from core.organisation import administrators, places, service
from core.organisation.account.ending import shut
from core.organisation.account.errors import ProfileChanged, StaffGone
from core.organisation.account.new_passwords import hash_new
from core.organisation.errors import DepartmentNotFound, StaffNotFound
from core.organisation.events import StaffBecameGuide
from core.organisation.models import Department, DepartmentGrant, Staff
from core.organisation.people.rules import RIGHTS, details_of
from core.organisation.queries import Colleague
from core.organisation.scopes import expect_no_more, reached
from infra import audit, clock
from infra.database import Connection, constraint_errors, retry_on_conflict, transaction
from infra.errors import Forbidden
from infra.ids import new_id
from infra.outbox import publish


async def add(by: Colleague, *, password: str, **values: Any) -> Colleague:
    """A new colleague; `values` are those of `service.create_staff`.

    Raises PasswordTooWeak, RightNotYours and what `create_staff` raises, for a place beyond reach too.
    """
    return await create(by, password_hash=await hash_new(password, values["username"]), **values)


async def create(by: Colleague, *, password_hash: str, **values: Any) -> Colleague:
    """The same with a password hashed before."""
    async with transaction():
        added = await service.create_staff(password_hash=password_hash, **values)
        await places.check(by, added.department_id, added.store_id)
        await expect_no_more(by, added)
    return added


@retry_on_conflict
async def change(by: Colleague, staff_id: UUID, version: int, values: Mapping[str, Any]) -> None:
    """Change data, place or rights, whichever are given.

    Raises StaffNotFound, StaffGone, ProfileChanged with the present version, Forbidden (rights need `roles:write`),
    RightNotYours, LastAdministrator, and the not-found error of a place.
    """
    rights = values.keys() & RIGHTS
    with constraint_errors(service.CONSTRAINTS):
        async with transaction() as connection, administrators.keeping_one() if rights else nullcontext():
            staff, before = await _hold(by, staff_id)
            if staff.version != version:
                raise ProfileChanged({"version": staff.version})
            former = {name: getattr(staff, name) for name in values if name != "granted_departments"}
            former["granted_departments"] = sorted(before.granted_departments)
            changed = {name: value for name, value in _in_order(values).items() if former[name] != value}
            if not changed:
                return
            if not by.may("roles:write") and changed.keys() & RIGHTS:
                raise Forbidden({"permission": "roles:write"})
            await _write(connection, staff, changed)
            if changed.get("is_guide"):
                await publish(StaffBecameGuide(staff_id=staff_id))
            await _check_place(by, staff, changed)
            if changed.keys() & RIGHTS:
                await expect_no_more(by, before)
                await expect_no_more(by, await reached(by, staff_id))
            await audit.note("staff.changed", "staff", staff_id, details_of(former, changed))


@retry_on_conflict
async def disable(by: Colleague, staff_id: UUID) -> None:
    """No log-in any more, every session ends; data and codes stay. Again changes nothing.

    Raises StaffNotFound, StaffGone, LastAdministrator.
    """
    async with transaction(), administrators.keeping_one():
        staff, _ = await _hold(by, staff_id)
        if staff.disabled_at is None:
            await Staff.filter(id=staff_id).update(disabled_at=clock.now(), version=staff.version + 1)
            await shut(staff_id)
            await audit.note("staff.disabled", "staff", staff_id)


@retry_on_conflict
async def enable(by: Colleague, staff_id: UUID) -> None:
    """Log-in again, with the rights of before: whoever opens the account holds them.

    Raises StaffNotFound, StaffGone, RightNotYours.
    """
    async with transaction():
        staff, before = await _hold(by, staff_id)
        if staff.disabled_at is not None:
            await expect_no_more(by, before)
            await Staff.filter(id=staff_id).update(disabled_at=None, version=staff.version + 1)
            await audit.note("staff.enabled", "staff", staff_id)


async def _hold(by: Colleague, staff_id: UUID) -> tuple[Staff, Colleague]:
    """Somebody in reach who hasn't left, locked; and the rights of now."""
    staff = await Staff.select_for_update(no_key=True).get_or_none(id=staff_id)
    if staff is None:
        raise StaffNotFound
    found = await reached(by, staff_id)
    if staff.left_at is not None:
        raise StaffGone
    return staff, found


def _in_order(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the form they are stored in, so that they can be compared."""
    lists = {name: sorted(set(values[name])) for name in ("special_rights", "granted_departments") if name in values}
    return {**values, **lists}


async def _write(connection: Connection, staff: Staff, changed: Mapping[str, Any]) -> None:
    columns = {name: value for name, value in changed.items() if name != "granted_departments"}
    if "post_id" in changed:
        columns["department_id"] = await places.department_of(connection, changed["post_id"])
        await places.hold_department(connection, columns["department_id"])
        await places.hold_post(connection, changed["post_id"], columns["department_id"])
        if columns["department_id"] != staff.department_id:
            await Department.filter(head_id=staff.id).update(head_id=None)
    if changed.get("store_id") is not None:
        await places.hold_store(connection, changed["store_id"])
    if "role_id" in changed:
        await places.hold_role(connection, changed["role_id"])
    if "granted_departments" in changed:
        await _grant(connection, staff.id, changed["granted_departments"])
    staff.update_from_dict({**columns, "version": staff.version + 1})
    await staff.save(update_fields=[*columns, "version"])


async def _grant(connection: Connection, staff_id: UUID, department_ids: list[UUID]) -> None:
    await DepartmentGrant.filter(staff_id=staff_id).exclude(department_id__in=department_ids).delete()
    present = set(await DepartmentGrant.filter(staff_id=staff_id).values_list("department_id", flat=True))
    for department_id in department_ids:
        if department_id not in present:
            await places.hold_department(connection, department_id)
            await DepartmentGrant.create(id=new_id(), staff_id=staff_id, department_id=department_id)


async def _check_place(by: Colleague, staff: Staff, changed: Mapping[str, Any]) -> None:
    if changed.keys() & {"post_id", "store_id"}:
        await places.check(by, staff.department_id, staff.store_id)
    for department_id in changed.get("granted_departments", ()):
        if not await places.department_in_reach(by, department_id):
            raise DepartmentNotFound
