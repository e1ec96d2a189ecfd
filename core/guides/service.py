"""Use cases around guides."""

from uuid import UUID

from core.organisation.people import service as people
from core.organisation.queries import Colleague
from core.permissions.rules import READY_MADE, RoleKey


async def add_guide(
    by: Colleague, *, name: str, username: str, password: str, store_id: UUID, department_id: UUID, post_id: UUID
) -> Colleague:
    """A new guide of an open store; the code follows by the event.

    Raises PasswordTooWeak, WorkplaceNotFound, DepartmentNotFound, PostNotFound (beyond the reach of `by` too),
    UsernameTaken.
    """
    return await people.add(
        by,
        name=name,
        username=username,
        password=password,
        role_id=READY_MADE[RoleKey.GUIDE].id,
        department_id=department_id,
        post_id=post_id,
        store_id=store_id,
        is_guide=True,
    )
