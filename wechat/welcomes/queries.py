"""Reading welcomes."""

from uuid import UUID

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff, of_stores, reaches, reaches_store
from infra import database
from wechat.welcomes.errors import TargetNotFound
from wechat.welcomes.models import Welcome
from wechat.welcomes.schemas import ListedWelcomeOut, Whose

_OF = {
    Whose.EVERYBODY: "w.guide_id IS NULL AND w.store_id IS NULL AND w.channel_id IS NULL",
    Whose.CHANNEL: "w.channel_id IS NOT NULL",
    Whose.STORE: "w.store_id IS NOT NULL",
    Whose.GUIDE: "w.guide_id IS NOT NULL",
}


async def page(by: Colleague, whose: Whose | None, after: UUID | None, limit: int) -> list[ListedWelcomeOut]:
    """The welcomes of guides and stores in reach of `by`, of channels and of everybody, in the order they were made."""
    values = Values(after, limit)
    guides, stores = of_staff(by, values.put, "w.guide_id"), of_stores(by, values.put, "w.store_id")
    rows = await database.fetch(
        f"""SELECT w.*, COALESCE(g.name, s.name, c.name) AS target FROM welcome w
        LEFT JOIN staff g ON g.id = w.guide_id LEFT JOIN store s ON s.id = w.store_id
        LEFT JOIN channel c ON c.id = w.channel_id
        WHERE ($1::uuid IS NULL OR w.id > $1) AND ({guides} OR {stores} OR (w.guide_id IS NULL AND w.store_id IS NULL))
        AND {_OF[whose] if whose else "true"} ORDER BY w.id LIMIT $2""",
        *values,
    )
    return [ListedWelcomeOut(**row) for row in rows]


async def expect_in_reach(by: Colleague, guide_id: UUID | None, store_id: UUID | None) -> None:
    """Raises TargetNotFound for a guide or a store beyond the reach of `by`."""
    guide = guide_id is None or await reaches(by, guide_id)
    store = store_id is None or await reaches_store(by, store_id)
    if not (guide and store):
        raise TargetNotFound


async def by_target() -> dict[UUID | None, Welcome]:
    """All welcomes by the id of their guide, store or channel; None is everybody's."""
    return {w.guide_id or w.store_id or w.channel_id: w for w in await Welcome.all()}
