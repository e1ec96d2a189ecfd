"""Use cases around channels."""

from core.channels.errors import ChannelNameTaken
from core.channels.events import ChannelAdded
from core.channels.models import Channel
from infra import audit, clock
from infra.database import constraint_errors, transaction
from infra.ids import new_id
from infra.outbox import publish


async def add_channel(*, name: str) -> Channel:
    """A new channel. Raises ChannelNameTaken."""
    with constraint_errors({"channel_name_key": ChannelNameTaken}):
        async with transaction():
            channel = await Channel.create(id=new_id(), name=name, created_at=clock.now())
            await publish(ChannelAdded(channel_id=channel.id))
            await audit.note("channel.added", "channel", channel.id, {"name": name})
    return channel
