"""Reading welcomes."""

from uuid import UUID

from wechat.welcomes.models import Welcome


async def page(after: UUID | None, limit: int) -> list[Welcome]:
    """Welcomes in the order they were made."""
    found = Welcome.all() if after is None else Welcome.filter(id__gt=after)
    return await found.order_by("id").limit(limit)


async def by_target() -> dict[UUID | None, Welcome]:
    """All welcomes by the id of their guide, store or channel; None is everybody's."""
    return {w.guide_id or w.store_id or w.channel_id: w for w in await Welcome.all()}
