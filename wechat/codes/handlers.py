"""A new guide, store, channel or account gets its codes."""

from core.channels.events import ChannelAdded
from core.organisation.events import StaffBecameGuide
from core.stores.events import StoreAdded
from infra.events import Delivered, Handler
from wechat.accounts.events import AccountAdded
from wechat.codes import service


async def _add_codes(delivered: Delivered[StaffBecameGuide | StoreAdded | ChannelAdded | AccountAdded]) -> None:
    match delivered.event:
        case StaffBecameGuide(staff_id=target) | StoreAdded(store_id=target) | ChannelAdded(channel_id=target):
            await service.add_missing(target_id=target)
        case AccountAdded(account_id=account):
            await service.add_missing(account_id=account)


HANDLERS = (
    Handler(
        name="wechat.codes.add", events=(StaffBecameGuide, StoreAdded, ChannelAdded, AccountAdded), handle=_add_codes
    ),
)
