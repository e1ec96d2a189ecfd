"""Reading channels."""

from uuid import UUID

from core.channels.models import Channel


async def page(after: UUID | None, limit: int) -> list[Channel]:
    """Channels in the order they were added."""
    found = Channel.all() if after is None else Channel.filter(id__gt=after)
    return await found.order_by("id").limit(limit)


async def exists(channel_id: UUID) -> bool:
    """Whether there is such a channel."""
    return await Channel.exists(id=channel_id)
