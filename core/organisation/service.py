"""Use cases around staff."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from core.organisation import administrators, places, queries
from core.organisation.account.ending import shut
from core.organisation.account.new_passwords import hash_new
from core.organisation.errors import (
    DepartmentNotFound,
    PostNotFound,
    RoleNotFound,
    StaffNotFound,
    StoreNeeded,
    UsernameTaken,
    WorkplaceNotFound,
)
from core.organisation.events import StaffBecameGuide, StaffLeft
from core.organisation.models import Department, Post, Staff
from core.organisation.queries import Colleague
from core.permissions.rules import Scope
from infra import audit, clock
from infra.database import constraint_errors, transaction
from infra.ids import new_id
from infra.outbox import publish

CONSTRAINTS = {
    "staff_username_key": UsernameTaken,
    "staff_role_id_fkey": RoleNotFound,
    "staff_department_id_fkey": DepartmentNotFound,
    "staff_post_id_fkey": PostNotFound,
    "staff_post_of_department": PostNotFound,
    "staff_store_id_fkey": WorkplaceNotFound,
    "staff_guide_has_store": StoreNeeded,
}


async def add_staff(*, password: str, **values: Any) -> Colleague:
    """A new colleague; `values` are those of `create_staff`, which raises the same."""
    return await create_staff(password_hash=await hash_new(password, values["username"]), **values)


async def create_staff(
    *,
    name: str,
    username: str,
    password_hash: str,
    role_id: UUID,
    department_id: UUID,
    post_id: UUID,
    store_id: UUID | None = None,
    is_guide: bool = False,
    phone: str = "",
    email: str = "",
    scope: Scope | None = None,
    special_rights: Collection[str] = (),
) -> Colleague:
    """The same with a password hashed before, for use inside a transaction; a guide's code follows by the event.

    Raises UsernameTaken, RoleNotFound, DepartmentNotFound, PostNotFound, WorkplaceNotFound, StoreNeeded.
    """
    with constraint_errors(CONSTRAINTS):
        async with transaction() as connection:
            await places.hold_department(connection, department_id)
            await places.hold_post(connection, post_id, department_id)
            if store_id is not None:
                await places.hold_store(connection, store_id)
            await places.hold_role(connection, role_id)
            staff = await Staff.create(
                id=new_id(),
                name=name,
                username=username,
                password_hash=password_hash,
                role_id=role_id,
                department_id=department_id,
                post_id=post_id,
                store_id=store_id,
                is_guide=is_guide,
                phone=phone,
                email=email,
                scope=scope,
                special_rights=list(special_rights),
                created_at=clock.now(),
            )
            if is_guide:
                await publish(StaffBecameGuide(staff_id=staff.id))
            await audit.note("staff.added", "staff", staff.id, {"name": name, "role_id": role_id, "post_id": post_id})
            added = await queries.colleague(staff.id)
    if added is None:
        raise StaffNotFound
    return added


async def first_post(department_name: str, post_name: str) -> Post:
    """The post that the first administrator gets: the department and the post are made if there are none yet."""
    async with transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('the first department'))")
        department = await Department.filter(deleted_at=None).order_by("created_at", "id").first()
        if department is None:
            department = await Department.create(id=new_id(), name=department_name, position=1, created_at=clock.now())
        post = await Post.filter(department_id=department.id, name=post_name, deleted_at=None).first()
        if post is None:
            post = await Post.create(id=new_id(), department_id=department.id, name=post_name, created_at=clock.now())
    return post


async def leave(staff_id: UUID) -> Colleague:
    """A colleague leaves: no log-in any more, every session ends, the data stays. Leaving twice changes nothing.

    Raises StaffNotFound, LastAdministrator.
    """
    async with transaction(), administrators.keeping_one():
        staff = await Staff.select_for_update(no_key=True).get_or_none(id=staff_id)
        if staff is None:
            raise StaffNotFound
        if staff.left_at is None:
            staff.left_at = clock.now()
            await staff.save(update_fields=["left_at"])
            await Department.filter(head_id=staff_id).update(head_id=None)
            await shut(staff_id)
            await publish(StaffLeft(staff_id=staff_id))
            await audit.note("staff.left", "staff", staff_id)
        left = await queries.colleague(staff_id)
    if left is None:
        raise StaffNotFound
    return left
