"""Use cases around staff."""

from collections.abc import Iterable
from uuid import UUID

from core.organisation.errors import AlreadyBound, StaffNotFound, UsernameTaken, WrongPassword
from core.organisation.events import StaffLeft, StaffWechatBound
from core.organisation.models import Staff, StaffWechat
from core.organisation.passwords import hash_password, verify
from core.organisation.queries import Colleague
from core.permissions.rules import Role
from core.sessions import service as sessions
from infra import clock, crypto
from infra.database import Connection, constraint_errors, transaction
from infra.ids import new_id
from infra.outbox import publish


async def add_staff(*, name: str, username: str, password: str, role: Role) -> Colleague:
    """A new colleague. Raises UsernameTaken."""
    return await create_staff(name=name, username=username, password_hash=await hash_password(password), role=role)


async def create_staff(
    *, name: str, username: str, password_hash: str, role: Role, store_id: UUID | None = None
) -> Colleague:
    """The same with a password hashed before, for use inside a transaction. Raises UsernameTaken."""
    with constraint_errors({"staff_username_key": UsernameTaken}):
        staff = await Staff.create(
            id=new_id(),
            name=name,
            username=username,
            password_hash=password_hash,
            role=role,
            store_id=store_id,
            created_at=clock.now(),
        )
    return Colleague.of(staff)


async def log_in(username: str, password: str, source: str) -> tuple[sessions.Opened, Colleague]:
    """A session for the right password. Raises TooManyAttempts or WrongPassword (also for one who left)."""
    username = username.strip().lower()
    await sessions.count_attempt(username, source)
    staff = await Staff.get_or_none(username=username, left_at=None)
    if not await verify(staff.password_hash if staff else None, password) or staff is None:
        raise WrongPassword
    await sessions.forgive_attempt(username, source)
    return await sessions.open_session("staff", staff.id), Colleague.of(staff)


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
    return Colleague.of(staff)


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
            """INSERT INTO staff_wechat (id, staff_id, digest, bound_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (digest) DO NOTHING""",
            new_id(),
            staff_id,
            digest,
            clock.now(),
        )
        if written == "INSERT 0 1":
            await publish(StaffWechatBound(staff_id=staff_id, identity=digest.hex()))
        elif not await StaffWechat.exists(staff_id=staff_id, digest=digest):
            raise AlreadyBound
