"""Every push of an account that forwards is written down to be handed on."""

from collections.abc import Sequence

from infra.events import Delivered, Handler
from wechat.forwards import service
from wechat.pushes.events import PushForwardable


async def _add(deliveries: Sequence[Delivered[PushForwardable]]) -> None:
    await service.add_many([delivered.event for delivered in sorted(deliveries, key=lambda delivered: delivered.id)])


HANDLERS = (Handler(name="wechat.forwards.add", events=(PushForwardable,), handle_many=_add, ordered=True),)
