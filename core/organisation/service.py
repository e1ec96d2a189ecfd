"""Use cases around staff."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from core.organisation import queries
from core.organisation.errors import (
    AlreadyBound,
    DepartmentNotFound,
    PostNotFound,
    RoleNotFound,
    StaffNotFound,
    StoreNeeded,
    UsernameTaken,
    WorkplaceNotFound,
    WrongPassword,
)
from core.organisation.events import StaffLeft, StaffWechatBound
from core.organisation.models import Department, Post, Staff, StaffWechat
from core.organisation.passwords import hash_password, verify
from core.organisation.queries import Colleague
from core.sessions import service as sessions
from infra import clock, crypto
from infra.database import Connection, constraint_errors, transaction
from infra.ids import new_id
from infra.outbox import publish

_CONSTRAINTS = {
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
    return await create_staff(password_hash=await hash_password(password), **values)


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
) -> Colleague:
    """The same with a password hashed before, for use inside a transaction.

    Raises UsernameTaken, RoleNotFound, DepartmentNotFound, PostNotFound, WorkplaceNotFound, StoreNeeded.
    """
    with constraint_errors(_CONSTRAINTS):
        async with transaction():
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
                special_rights=[],
                created_at=clock.now(),
            )
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


async def log_in(username: str, password: str, source: str) -> tuple[sessions.Opened, Colleague]:
    """A session for the right password. Raises TooManyAttempts or WrongPassword (also for one who left)."""
    username = username.strip().lower()
    await sessions.count_attempt(username, source)
    found = await Staff.get_or_none(username=username, left_at=None, disabled_at=None)
    right = await verify(found.password_hash if found else None, password)
    staff = await queries.at_work(found.id) if found and right else None
    if staff is None:
        raise WrongPassword
    await sessions.forgive_attempt(username, source)
    return await sessions.open_session("staff", staff.id), staff


async def log_out(token: str) -> None:
    await sessions.end_session(token)


async def leave(staff_id: UUID) -> Colleague:
    """A colleague leaves: no log-in any more, every session ends, the data stays. Leaving twice changes nothing.

    Raises StaffNotFound.
    """
    async with transaction():
        staff = await Staff.select_for_update().get_or_none(id=staff_id)
        if staff is None:
            raise StaffNotFound
        if staff.left_at is None:
            staff.left_at = clock.now()
            await staff.save(update_fields=["left_at"])
            await sessions.end_all("staff", staff_id)
            await publish(StaffLeft(staff_id=staff_id))
        left = await queries.colleague(staff_id)
    if left is None:
        raise StaffNotFound
    return left


async def hold_bindings(connection: Connection, identities: Iterable[bytes]) -> None:
    """Until the caller's transaction ends, nobody is bound to these identities (keyed digests).

    Whoever makes a customer of a new identity and whoever binds it take turns, so that the binding finds the customer
    or the other finds the binding.
    """
    keys = sorted(int.from_bytes(identity[:8], "big", signed=True) for identity in identities)
    await connection.execute("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", keys)


async def bind_wechat(staff_id: UUID, app_id: str, openid: str) -> None:
    """From now on this openid is a colleague, no fan; again changes nothing. Raises StaffNotFound, AlreadyBound."""
    digest = crypto.digest(app_id, openid)
    async with transaction() as connection:
        if not await Staff.exists(id=staff_id):
            raise StaffNotFound
        await hold_bindings(connection, [digest])
        written = await connection.execute(
            """INSERT INTO staff_wechat (id, staff_id, app_id, openid, digest, bound_at) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (digest) DO NOTHING""",
            new_id(),
            staff_id,
            app_id,
            openid,
            digest,
            clock.now(),
        )
        if written == "INSERT 0 1":
            await publish(StaffWechatBound(staff_id=staff_id, identity=digest.hex()))
        elif not await StaffWechat.exists(staff_id=staff_id, digest=digest):
            raise AlreadyBound
