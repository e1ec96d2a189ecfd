"""Reading welcomes."""

from uuid import UUID

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff, of_stores, reaches, reaches_store
from infra import database
from wechat.welcomes.errors import TargetNotFound
from wechat.welcomes.models import Welcome
from wechat.welcomes.schemas import WelcomeOut


async def page(by: Colleague, after: UUID | None, limit: int) -> list[WelcomeOut]:
    """The welcomes of guides and stores in reach of `by`, of channels and of everybody, in the order they were made."""
    values = Values(after, limit)
    guides, stores = of_staff(by, values.put, "guide_id"), of_stores(by, values.put, "store_id")
    rows = await database.fetch(
        f"""SELECT * FROM welcome WHERE ($1::uuid IS NULL OR id > $1)
        AND ({guides} OR {stores} OR (guide_id IS NULL AND store_id IS NULL)) ORDER BY id LIMIT $2""",
        *values,
    )
    return [WelcomeOut(**row) for row in rows]


async def expect_in_reach(by: Colleague, guide_id: UUID | None, store_id: UUID | None) -> None:
    """Raises TargetNotFound for a guide or a store beyond the reach of `by`."""
    guide = guide_id is None or await reaches(by, guide_id)
    store = store_id is None or await reaches_store(by, store_id)
    if not (guide and store):
        raise TargetNotFound


async def by_target() -> dict[UUID | None, Welcome]:
    """All welcomes by the id of their guide, store or channel; None is everybody's."""
    return {w.guide_id or w.store_id or w.channel_id: w for w in await Welcome.all()}
