"""Use cases around guides."""

from uuid import UUID

from core.guides.events import GuideAdded
from core.organisation import service as organisation
from core.organisation.passwords import hash_password
from core.organisation.queries import Colleague
from core.permissions.rules import READY_MADE, RoleKey
from core.stores import queries as stores
from core.stores.errors import StoreNotFound
from infra.database import transaction
from infra.outbox import publish


async def add_guide(
    *, name: str, username: str, password: str, store_id: UUID, department_id: UUID, post_id: UUID
) -> Colleague:
    """A new guide of an open store. Raises StoreNotFound, DepartmentNotFound, PostNotFound, UsernameTaken."""
    password_hash = await hash_password(password)
    async with transaction():
        if not await stores.exists(store_id):
            raise StoreNotFound
        guide = await organisation.create_staff(
            name=name,
            username=username,
            password_hash=password_hash,
            role_id=READY_MADE[RoleKey.GUIDE].id,
            department_id=department_id,
            post_id=post_id,
            store_id=store_id,
            is_guide=True,
        )
        await publish(GuideAdded(guide_id=guide.id))
    return guide
